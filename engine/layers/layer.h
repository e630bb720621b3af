/* What a layer kind is: one file (families may share one), ending in its StLayerKind row; registry.c lists
 * the rows.
 *
 * A row has two halves. The description (shape, weights, flops, what it keeps) is pure: it works on options
 * and shapes alone, so a stack can be inferred and costed without allocating anything. The kernels (forward,
 * backward, gradient) work on a compiled StStep.
 *
 * How a training step is cut, for the same bits on any number of threads: phases of tasks (base/pool.h), each
 * begun when the one before is done, cut by the stack and the batch alone.
 *   1. rows:  each lane (a fixed cut of the batch's rows) runs every layer forward, the loss, and every layer
 *             backward down to the first weights. backward turns dy into dZ in place and writes dx.
 *             A kind whose rows must know of each other (batch_normalization) cuts this phase in two: every
 *             lane leaves its share of the sums, and goes on when all of them are there.
 *   2. parts: each weight gradient is computed in `parts` fixed pieces of the *output* (rows of the
 *             kernel), each over all rows of the batch: no lane needs a gradient buffer of its own and
 *             nothing is reduced between threads.
 *   3. ranges of the flat weights: regularizers, and a look whether everything is finite.
 *   4. ranges: where it is, the optimizer updates; then constraints, and what layers keep of the batch
 *             (moving means).
 *
 * This file is compiled in float and in double (base/real.h). */
#ifndef ST_LAYERS_LAYER_H
#define ST_LAYERS_LAYER_H

#include "base/option.h"
#include "base/real.h"
#include "base/rng.h"

enum {
    ST_WEIGHTS_MAX = 8, /* of one layer */
    ST_LAYER_OPTIONS_MAX = 1536,
    ST_LAYER_NAME_MAX = 64
};

/* One weight that a layer declares. */
typedef struct StWeight {
    const char *name;        /* Keras' name: "kernel", "bias" */
    StShape shape;           /* Keras' layout: dense/kernel [in, out] */
    StCall initializer;      /* index into st_initializers (layers/initializer.h) */
    StCall regularizer;      /* index into st_regularizers (layers/regularizer.h) */
    StCall constraint;       /* index into st_constraints (layers/constraint.h) */
    int64_t fan_in, fan_out; /* for variance scaling */
    bool trainable;
    const char *side, *owner;   /* of a wrapper's: "forward_" or "", "lstm"; NULL elsewhere */
    int64_t ones_from, ones_to; /* elements that begin at 1 all the same (the forget gate of lstm) */
} StWeight;

/* What becomes of a mask [rows, positions] (1: counts, 0: is padding) on its way through a layer. */
typedef enum StMaskRule {
    ST_MASK_STOPS,  /* the layers behind do not see it */
    ST_MASK_PASSES, /* they see the same one */
    ST_MASK_MAKES   /* forward writes a new one, of the output's positions (all but its last extent), to
                     * step->mask_out */
} StMaskRule;

/* One layer compiled. Buffers hold all rows of the batch; rows are contiguous. */
typedef struct StStep {
    const struct StLayerKind *kind;
    const void *options;
    int layer;      /* index in the stack, from 0 */
    int source;     /* index of the step whose y is x; -1: the network's input */
    bool trainable; /* trainable=yes; otherwise no weight changes, and batch_normalization works as outside
                     * training */
    StShape in, out;
    int64_t in_size, out_size;      /* elements a row */
    Real *weight[ST_WEIGHTS_MAX];   /* shapes as declared */
    Real *gradient[ST_WEIGHTS_MAX]; /* NULL where the weight is not trainable, or nothing learns */
    const Real *x;                  /* [rows, in_size] */
    Real *y;                        /* [rows, out_size]; may be x where the kind works in place */
    Real *dy;                       /* [rows, out_size]: gradient of the loss by y; backward leaves dZ here */
    Real *dx;                       /* [rows, in_size]; NULL where nobody needs it */
    Real *kept;        /* [rows, kept_size]: what backward needs beside x and y; NULL where nothing learns */
    int64_t kept_size; /* elements a row: kind->kept(…) */
    double *shared;    /* [lanes, shared_size] going forward; NULL where the layer is frozen */
    double *shared_back; /* [lanes, shared_size] coming back */
    int64_t shared_size; /* doubles a lane: kind->shared(…) */
    Real *state[2]; /* [rows, state_size]: what goes on to the next batch, [0] outside training, [1] in it */
    int64_t state_size;
    const Real *mask;  /* [rows, mask_size] of the input, or NULL: everything counts */
    Real *mask_out;    /* where the kind makes one */
    int64_t mask_size; /* positions a row of `mask` */
} StStep;

/* One sweep over rows [first, first + rows) of the batch. */
typedef struct StPass {
    int64_t first, rows;
    int64_t batch;       /* rows of the whole batch (0: these) */
    int lane, lanes;     /* which of the batch's lanes these rows are (0 lanes: the only one) */
    int worker;          /* whose scratch it is: below StNetworkPlan.workers */
    bool training;       /* dropout on, statistics of the batch */
    bool carry;          /* stateful kinds begin where the batch before ended, and leave their end */
    uint64_t seed, step; /* key dropout's masks: the stream (seed, DROPOUT, layer, step) */
    int64_t row0;        /* position of row 0 of the batch in the mask's stream (0 in training) */
    bool z;              /* forward: the last layer leaves its activation to the loss, y is Z */
    bool dz;             /* backward: dy is by Z already, the activation's derivative is to be left out */
    bool score;          /* backward: of a score, not of the loss: activity regularizers have no part in it */
    double *penalty;     /* forward: Σ of the activity regularizers is added here; may be NULL */
    Real *scratch; /* [kind->scratch(…)] this thread's own; nothing in it lasts (the network sets it) */
} StPass;

typedef struct StLayerKind StLayerKind;
struct StLayerKind {
    const char *name;    /* "dense" */
    const char *help;    /* one sentence */
    const char *formula; /* "y = f(Σ wᵢxᵢ + b)" */
    const StOption *options;
    size_t options_size; /* at most ST_LAYER_OPTIONS_MAX */
    bool in_place;       /* shape only: y is x, dx is dy */
    bool whole;          /* is much faster on many rows at once (a product with the rows as its rows); rows go
                          * through other kinds in blocks that fit the cache, several layers at a time */

    /* A wrapper (layers/wrapper.h): the kinds that may stand behind its name. NULL: no wrapper. */
    bool (*wraps)(const StLayerKind *kind);

    /* Description. shape fails with what was got and wanted ("wanted 1 extent, got 28x28x1; put flatten
     * before it"). weights fills at most ST_WEIGHTS_MAX rows and returns their number (NULL: none).
     * flops: forward, a row, a multiply and an add are two, activation functions are not counted (NULL:
     * none); -1 on overflow. */
    bool (*shape)(const void *options, const StShape *in, StShape *out, StError *error);
    int (*weights)(const void *options, const StShape *in, StWeight *weights);
    int64_t (*flops)(const void *options, const StShape *in, const StShape *out);
    /* Buffers; NULL: none. kept: elements a row. scratch: elements a thread, not of the rows' number.
     * shared: doubles a lane. state: elements a row. */
    int64_t (*kept)(const void *options, const StShape *in, const StShape *out);
    int64_t (*scratch)(const void *options, const StShape *in, const StShape *out);
    int64_t (*shared)(const void *options, const StShape *in, const StShape *out);
    int64_t (*state)(const void *options, const StShape *in, const StShape *out);
    StMaskRule (*mask)(const void *options); /* NULL: ST_MASK_STOPS */
    /* Name of the activation that the layer ends in ("relu", "softmax", "linear"), or NULL: not an
     * activation's output. Inspection asks for dead and saturated units by it; the loss fuses by it. */
    const char *(*activation)(const void *options);
    /* The regularizer of the layer's output (activity_regularizer), or NULL: has no such option. */
    const StCall *(*activity)(const void *options);

    /* The inputs are numbers of so many words, 0 to one below it (embedding), and have no gradient; NULL or
     * 0: any numbers will do. */
    int64_t (*words)(const void *options);

    /* Kernels. backward may be told dx == NULL. gradient computes piece `part` of `parts` of every trainable
     * weight's gradient (NULL: a kind without trainable weights); the pieces together write every element
     * once, and leave regularizers to the learner. scratch is as in StPass. */
    void (*forward)(const StStep *step, const StPass *pass);
    void (*backward)(const StStep *step, const StPass *pass);
    void (*gradient)(const StStep *step, int64_t rows, int part, int parts, Real *scratch);

    /* Kinds with `shared`, in training, not frozen: this lane's sums of x to step->shared[lane], before any
     * lane's forward; of dy to step->shared_back[lane], before any lane's backward. */
    void (*share)(const StStep *step, const StPass *pass);
    void (*share_back)(const StStep *step, const StPass *pass);
    /* After a training step, if everything was finite: changes weights that are not trained (moving means).
     * pass: the whole batch; its `lanes` say how many shares there are. */
    void (*update)(const StStep *step, const StPass *pass);

    /* Weights that come from the training data before a new run begins (normalization). adapt_add sees x of
     * rows [0, rows) and adds to sums, of which there are `adapt_sums(…)`; adapt_set makes weights of them.
     */
    int64_t (*adapt_sums)(const void *options, const StShape *in);
    void (*adapt_add)(const StStep *step, int64_t rows, double *sums);
    void (*adapt_set)(const StStep *step, const double *sums);
};

/* All kinds, ended by NULL, the kinds of a family one after the other. */
#define st_layer_kinds ST_R(st_layer_kinds)
extern const StLayerKind *const st_layer_kinds[];
/* "convolution", and its sentence where help is not NULL; NULL for a kind that is not registered. */
#define st_layer_family ST_R(st_layer_family)
const char *st_layer_family(const StLayerKind *kind, const char **help);
#define st_layer_kind_find ST_R(st_layer_kind_find)
const StLayerKind *st_layer_kind_find(const char *name); /* or NULL */
#define st_layer_kind_name_at ST_R(st_layer_kind_name_at)
const char *st_layer_kind_name_at(const void *unused, int index); /* for st_nearest */

/* A shape() that several kinds share: the output is shaped as the input. */
#define st_shape_as_input ST_R(st_shape_as_input)
bool st_shape_as_input(const void *options, const StShape *in, StShape *out, StError *error);

/* A mask() that several share: ST_MASK_PASSES. */
#define st_mask_passes ST_R(st_mask_passes)
StMaskRule st_mask_passes(const void *options);

/* "kernel", of a wrapper's "forward_lstm/kernel". */
enum { ST_WEIGHT_NAME_MAX = 48 };
#define st_weight_name ST_R(st_weight_name)
const char *st_weight_name(const StWeight *weight, char buffer[ST_WEIGHT_NAME_MAX]); /* buffer, filled */

/* One row a kind; its file defines it, registry.c lists it. */
#define st_kind_dense      ST_R(st_kind_dense)
#define st_kind_activation ST_R(st_kind_activation)
#define st_kind_dropout    ST_R(st_kind_dropout)
#define st_kind_flatten    ST_R(st_kind_flatten)
extern const StLayerKind st_kind_dense, st_kind_activation, st_kind_dropout, st_kind_flatten;

#define st_kind_conv1d                   ST_R(st_kind_conv1d)
#define st_kind_conv2d                   ST_R(st_kind_conv2d)
#define st_kind_conv1d_transpose         ST_R(st_kind_conv1d_transpose)
#define st_kind_conv2d_transpose         ST_R(st_kind_conv2d_transpose)
#define st_kind_depthwise_conv1d         ST_R(st_kind_depthwise_conv1d)
#define st_kind_depthwise_conv2d         ST_R(st_kind_depthwise_conv2d)
#define st_kind_separable_conv1d         ST_R(st_kind_separable_conv1d)
#define st_kind_separable_conv2d         ST_R(st_kind_separable_conv2d)
#define st_kind_max_pooling1d            ST_R(st_kind_max_pooling1d)
#define st_kind_max_pooling2d            ST_R(st_kind_max_pooling2d)
#define st_kind_average_pooling1d        ST_R(st_kind_average_pooling1d)
#define st_kind_average_pooling2d        ST_R(st_kind_average_pooling2d)
#define st_kind_global_max_pooling1d     ST_R(st_kind_global_max_pooling1d)
#define st_kind_global_max_pooling2d     ST_R(st_kind_global_max_pooling2d)
#define st_kind_global_average_pooling1d ST_R(st_kind_global_average_pooling1d)
#define st_kind_global_average_pooling2d ST_R(st_kind_global_average_pooling2d)
#define st_kind_zero_padding1d           ST_R(st_kind_zero_padding1d)
#define st_kind_zero_padding2d           ST_R(st_kind_zero_padding2d)
#define st_kind_cropping1d               ST_R(st_kind_cropping1d)
#define st_kind_cropping2d               ST_R(st_kind_cropping2d)
#define st_kind_up_sampling1d            ST_R(st_kind_up_sampling1d)
#define st_kind_up_sampling2d            ST_R(st_kind_up_sampling2d)
extern const StLayerKind st_kind_conv1d, st_kind_conv2d, st_kind_conv1d_transpose, st_kind_conv2d_transpose,
    st_kind_depthwise_conv1d, st_kind_depthwise_conv2d, st_kind_separable_conv1d, st_kind_separable_conv2d,
    st_kind_max_pooling1d, st_kind_max_pooling2d, st_kind_average_pooling1d, st_kind_average_pooling2d,
    st_kind_global_max_pooling1d, st_kind_global_max_pooling2d, st_kind_global_average_pooling1d,
    st_kind_global_average_pooling2d, st_kind_zero_padding1d, st_kind_zero_padding2d, st_kind_cropping1d,
    st_kind_cropping2d, st_kind_up_sampling1d, st_kind_up_sampling2d;

#define st_kind_reshape       ST_R(st_kind_reshape)
#define st_kind_permute       ST_R(st_kind_permute)
#define st_kind_repeat_vector ST_R(st_kind_repeat_vector)
extern const StLayerKind st_kind_reshape, st_kind_permute, st_kind_repeat_vector;

#define st_kind_batch_normalization ST_R(st_kind_batch_normalization)
#define st_kind_layer_normalization ST_R(st_kind_layer_normalization)
#define st_kind_group_normalization ST_R(st_kind_group_normalization)
#define st_kind_rms_normalization   ST_R(st_kind_rms_normalization)
#define st_kind_unit_normalization  ST_R(st_kind_unit_normalization)
#define st_kind_normalization       ST_R(st_kind_normalization)
extern const StLayerKind st_kind_batch_normalization, st_kind_layer_normalization,
    st_kind_group_normalization, st_kind_rms_normalization, st_kind_unit_normalization, st_kind_normalization;

#define st_kind_embedding  ST_R(st_kind_embedding)
#define st_kind_masking    ST_R(st_kind_masking)
#define st_kind_simple_rnn ST_R(st_kind_simple_rnn)
#define st_kind_lstm       ST_R(st_kind_lstm)
#define st_kind_gru        ST_R(st_kind_gru)
extern const StLayerKind st_kind_embedding, st_kind_masking, st_kind_simple_rnn, st_kind_lstm, st_kind_gru;

#define st_kind_bidirectional    ST_R(st_kind_bidirectional)
#define st_kind_time_distributed ST_R(st_kind_time_distributed)
extern const StLayerKind st_kind_bidirectional, st_kind_time_distributed;

#define st_kind_relu                    ST_R(st_kind_relu)
#define st_kind_leaky_relu              ST_R(st_kind_leaky_relu)
#define st_kind_prelu                   ST_R(st_kind_prelu)
#define st_kind_elu                     ST_R(st_kind_elu)
#define st_kind_softmax                 ST_R(st_kind_softmax)
#define st_kind_rescaling               ST_R(st_kind_rescaling)
#define st_kind_activity_regularization ST_R(st_kind_activity_regularization)
#define st_kind_gaussian_noise          ST_R(st_kind_gaussian_noise)
#define st_kind_gaussian_dropout        ST_R(st_kind_gaussian_dropout)
#define st_kind_spatial_dropout1d       ST_R(st_kind_spatial_dropout1d)
#define st_kind_spatial_dropout2d       ST_R(st_kind_spatial_dropout2d)
extern const StLayerKind st_kind_relu, st_kind_leaky_relu, st_kind_prelu, st_kind_elu, st_kind_softmax,
    st_kind_rescaling, st_kind_activity_regularization, st_kind_gaussian_noise, st_kind_gaussian_dropout,
    st_kind_spatial_dropout1d, st_kind_spatial_dropout2d;

#endif
