/* A network: a stack compiled to flat arrays. Everything lives in one arena made at creation; running
 * allocates nothing. Compiled in float and in double.
 *
 * The network knows rows and layers, not threads: callers run lanes (row ranges) and gradient parts on
 * whatever threads they like. A sweep over the layers has as many stages as there are layers whose rows must
 * know of each other, and one more; every lane's stage is done before any lane's next one begins.
 * st_network_run does it on a pool for plain forward. */
#ifndef ST_MODEL_NETWORK_H
#define ST_MODEL_NETWORK_H

#include "base/arena.h"
#include "base/pool.h"
#include "model/stack.h"

#define StNetwork ST_R(StNetwork)
typedef struct StNetwork StNetwork;

/* One weight of the network: "dense/kernel". Values and gradients lie in two flat arrays in this order. */
typedef struct StTensor {
    char name[ST_LAYER_NAME_MAX + ST_WEIGHT_NAME_MAX]; /* LAYER/WEIGHT */
    int layer, weight;                                 /* index of the layer, and of the weight within it */
    StShape shape;
    int64_t size, offset; /* in elements, into the flat arrays */
    bool trainable;
    StCall initializer, regularizer, constraint;
    int64_t fan_in, fan_out;
    int64_t ones_from, ones_to; /* elements that begin at 1 */
} StTensor;

#define st_network_create         ST_R(st_network_create)
#define st_network_destroy        ST_R(st_network_destroy)
#define st_network_layers         ST_R(st_network_layers)
#define st_network_info           ST_R(st_network_info)
#define st_network_step           ST_R(st_network_step)
#define st_network_tensors        ST_R(st_network_tensors)
#define st_network_weights        ST_R(st_network_weights)
#define st_network_gradients      ST_R(st_network_gradients)
#define st_network_initialize     ST_R(st_network_initialize)
#define st_network_input          ST_R(st_network_input)
#define st_network_output         ST_R(st_network_output)
#define st_network_words          ST_R(st_network_words)
#define st_network_input_fits     ST_R(st_network_input_fits)
#define st_network_input_gradient ST_R(st_network_input_gradient)
#define st_network_forward        ST_R(st_network_forward)
#define st_network_backward       ST_R(st_network_backward)
#define st_network_forward_stage  ST_R(st_network_forward_stage)
#define st_network_backward_stage ST_R(st_network_backward_stage)
#define st_network_stages         ST_R(st_network_stages)
#define st_network_stages_back    ST_R(st_network_stages_back)
#define st_network_lanes          ST_R(st_network_lanes)
#define st_network_lane           ST_R(st_network_lane)
#define st_network_update         ST_R(st_network_update)
#define st_network_adapts         ST_R(st_network_adapts)
#define st_network_mask           ST_R(st_network_mask)
#define st_network_state          ST_R(st_network_state)
#define st_network_forget         ST_R(st_network_forget)
#define st_network_until          ST_R(st_network_until)
#define st_network_back_until     ST_R(st_network_back_until)
#define st_network_back           ST_R(st_network_back)
#define st_network_gradient       ST_R(st_network_gradient)
#define st_network_parts          ST_R(st_network_parts)
#define st_network_run            ST_R(st_network_run)
#define st_network_rows           ST_R(st_network_rows)

/* Memory is that of `rows` rows. An empty stack, or one larger than the machine's memory, is refused.
 * input NULL: the stack's own. rows: the most rows of one batch. batch: the usual rows of a step, which the
 * parts of the gradients are cut for; 0: rows. learns: backward and gradients are wanted;
 * input_gradient: also dx of the first layer. The stack may be freed afterwards. */
typedef struct StNetworkPlan {
    const StShape *input;
    int64_t rows, batch;
    int workers; /* threads that will run it at once; 0: one */
    bool learns, input_gradient;
    int64_t
        copies; /* of the weights that the caller will keep (optimizer, snapshots): must fit in memory too */
} StNetworkPlan;
StNetwork *st_network_create(const StStack *stack, const StNetworkPlan *plan, StError *error);
void st_network_destroy(StNetwork *network);

int st_network_layers(const StNetwork *network);
int64_t st_network_rows(const StNetwork *network);
const StStackInfo *st_network_info(const StNetwork *network);
const StStep *st_network_step(const StNetwork *network, int layer); /* its y is the layer's output */

enum { ST_TENSOR_ALIGNED = 16 };

/* The table of weights, and the flat arrays [total] that they lie in. Tensors begin at multiples of
 * ST_TENSOR_ALIGNED elements (a cache line of floats), in float and in double alike; the gaps between them
 * are 0 in both arrays and stay so under any elementwise update, so the arrays can be swept whole. */
const StTensor *st_network_tensors(const StNetwork *network, int *count);
Real *st_network_weights(StNetwork *network, int64_t *total);
Real *st_network_gradients(StNetwork *network); /* NULL where it does not learn */

/* Draws every weight from (seed, INIT, layer, weight): the same bits in any order of layers' creation. False
 * where memory is short (orthogonal works on a copy in double). */
bool st_network_initialize(StNetwork *network, uint64_t seed);

Real *st_network_input(StNetwork *network);          /* [rows, input size]: fill, then forward */
Real *st_network_output(StNetwork *network);         /* [rows, output size] */
Real *st_network_input_gradient(StNetwork *network); /* [rows, input size] or NULL */

/* The inputs have to be numbers of so many words, 0 to one below it; 0: any numbers will do. input_fits says
 * of the first `rows` rows of the input buffer which value is none: "row 4 holds 12: …". base: rows before
 * them. */
int64_t st_network_words(const StNetwork *network);
bool st_network_input_fits(const StNetwork *network, int64_t base, int64_t rows, StError *error);

/* Lanes: a batch of so many rows is cut in so many, equally, the first ones a row longer. */
enum { ST_LANES_MAX = 4 };
int st_network_lanes(int64_t rows);
int64_t st_network_lane(int64_t rows, int lanes, int lane); /* first row of a lane; of lane `lanes`: rows */

/* One lane (pass: its rows, lane and lanes) through one stage. Outside training there is one stage. backward
 * expects the last step's dy for its rows; last_is_logits: dy is by the input of the last activation (the
 * loss was fused with softmax or sigmoid), so that the activation's own derivative is skipped. */
int st_network_stages(const StNetwork *network, bool training);
int st_network_stages_back(const StNetwork *network, bool training);
void st_network_forward_stage(StNetwork *network, const StPass *pass, int stage);
void st_network_backward_stage(StNetwork *network, const StPass *pass, int stage, bool last_is_logits);
/* All stages: for a pass that is the whole batch, or a network without layers that share. */
void st_network_forward(StNetwork *network, const StPass *pass);
void st_network_backward(StNetwork *network, const StPass *pass, bool last_is_logits);

/* After a step whose values are all finite: what layers keep of the batch (moving means). */
void st_network_update(StNetwork *network, const StPass *pass);

/* Layers whose weights come from the data before training begins: the first such layer from `from` on, or -1;
 * and a forward pass of the layers before it. */
int st_network_adapts(const StNetwork *network, int from);
void st_network_until(StNetwork *network, const StPass *pass, int layer);
/* Backward of a score (any function of the outputs, so without what regularizers add to the loss), outside
 * training, through the layers behind `layer` alone, whose step then has dy: the gradient by its output. -1:
 * through all, to the input's gradient. The network was made with input_gradient. */
void st_network_back_until(StNetwork *network, const StPass *pass, int layer, bool last_is_logits);
/* Backward of the loss, outside training, through one layer alone, whose step has dy: its dx is then the
 * gradient by its input. */
void st_network_back(StNetwork *network, const StPass *pass, int layer, bool last_is_logits);

/* The mask of the output [rows, positions], or NULL: everything counts. */
const Real *st_network_mask(const StNetwork *network, int64_t *positions);

/* What stateful layers carry from batch to batch in training [count], part of an exact continuation; NULL
 * where there is none. forget sets the one of training or the other to zeros. */
Real *st_network_state(StNetwork *network, int64_t *count);
void st_network_forget(StNetwork *network, bool training);

/* Weight gradients in fixed parts (by the stack and the batch size alone), in an order of which every half
 * and quarter is about equally much work. Any thread may compute any part once every row's backward is done.
 * Regularizers are not in them. */
int st_network_parts(const StNetwork *network);
void st_network_gradient(StNetwork *network, int64_t rows, int part, int worker);

/* Forward over `rows` rows of the input buffer, cut in fixed lanes over the pool (NULL: this thread; at most
 * plan.workers threads); pass->first and pass->rows are not looked at. */
void st_network_run(StNetwork *network, int64_t rows, const StPass *pass, StPool *pool);

#endif
