/* A lens: a network of its own, in double precision, on which the weights of any snapshot can be laid and any
 * rows looked at: outputs of every layer, scores (logits), gradients by the input, by any layer's output, by
 * the weights. It belongs to one thread. Rows go through it dropout off, at most ST_LENS_ROWS at a time.
 *
 * Compiled in double alone, as everything that includes it (Real is double there); the plan and creation are
 * for others too. */
#ifndef ST_INSPECT_LENS_H
#define ST_INSPECT_LENS_H

#include "data/dataset.h"
#include "model/stack.h"
#include "train/compile.h"
#include "train/snapshot.h"

enum { ST_LENS_ROWS = 256 };

typedef struct StLens StLens;
typedef struct StLensPlan {
    const StStack *stack; /* all borrowed: must outlive the lens */
    const StCompile *compile;
    const StDataset *dataset;
    uint64_t seed; /* of the recipe: draws samples and the weights of the start */
} StLensPlan;
StLens *st_lens_create(const StLensPlan *plan, StError *error);
void st_lens_destroy(StLens *lens);
/* Lays weights on it; they must be of the same network. Copied. */
bool st_lens_look(StLens *lens, const StWeightSet *weights, StError *error);

/* The weights that a run of this recipe starts from: made once, the lens's memory. */
bool st_lens_start(StLens *lens, StWeightSet *start, StError *error);

/* Rows of a part, `count` of them at most, drawn without repetition and in ascending order by the seed; all
 * of them where there are no more. index [count]. Returns how many. The same set every time. */
int64_t st_lens_sample(const StLens *lens, StPart part, int64_t count, int64_t *index);
/* As st_probe_part. */
StPart st_lens_part(const StLens *lens, int part);

#ifdef ST_DOUBLE
#include "train/learner.h"

struct StLens {
    StLensPlan plan;
    StNetwork *network; /* the learner's */
    StLearner *learner;
    StPool *pool;       /* of this thread alone */
    StLayerInfo *layer; /* [layers] names, shapes, weights */
    int layers;
    const StTensor *tensor; /* [tensors] */
    int tensors;
    double *weights; /* [total] the network's; a study may change them and must lay the snapshot's again */
    int64_t total;
    int64_t in_size, out_size; /* a row */
    /* How many answers a row has to choose from: the output's last extent where the targets are classes (2
     * where one output says yes or no), else 0: a regression. */
    int classes;
    bool logits;      /* the last layer ends in softmax or sigmoid, so that scores are what goes into it */
    double threshold; /* of one output that says yes or no */
    float *stage;     /* [ST_LENS_ROWS × the wider of input and targets] */
    float *start;     /* [total] the first weights, once they were asked for */
    float *random;    /* [total] the weights last drawn by st_lens_random, of random_seed; or NULL */
    uint64_t random_seed;
    double *seed; /* [ST_LENS_ROWS × out_size] */
};

/* Rows of a part to the input and the targets: index[first + i], or first + i where index is NULL. */
void st_lens_gather(StLens *lens, StPart part, const int64_t *index, int64_t first, int64_t rows);
/* The example of an ask as row 0: the one made by hand, or a row of the data (whose target it gets). Says in
 * the finding which it was: part, row, and its class where it has one ("label"). False: there is no such row.
 */
struct StJob;
bool st_lens_example(struct StJob *job, StError *error);

static inline double *st_lens_input(StLens *lens) { /* [ST_LENS_ROWS][in_size] */
    return st_network_input(lens->network);
}
/* Forward. scores: the last layer leaves a softmax or sigmoid out (where lens->logits; otherwise the outputs
 * are the scores). Returns the outputs [rows][out_size]; those of layer i are st_lens_layer(lens, i)->y. */
const double *st_lens_forward(StLens *lens, int64_t rows, bool scores);
/* Which of a row's outputs is that of a class: of its last position, where it has several. */
int64_t st_lens_output_of(const StLens *lens, int klass);
static inline const StStep *st_lens_layer(const StLens *lens, int layer) {
    return st_network_step(lens->network, layer);
}
/* After st_lens_forward(…, true): the gradient of Σ_row Σ_k seed[row][k] × score[row][k] by the output of
 * `layer` (-1: by the input); seed [rows][out_size] is copied. Returns [rows][size]: the lens's memory, valid
 * until the next call. */
const double *st_lens_backward(StLens *lens, int64_t rows, const double *seed, int layer);
/* The two together, for the score of one output a row: klass[rows]. Score values go to score[rows] (may be
 * NULL). */
const double *st_lens_score_gradient(StLens *lens, int64_t rows, const int *klass, double *score);
/* The answer of row `row` of the last forward: the greatest output, or for one sigmoid output 0 or 1. -1: a
 * regression. */
int st_lens_answer(const StLens *lens, int64_t row);
/* The class of a row's target; -1: it is no class (or none is known). */
int st_lens_label(const StLens *lens, StPart part, int64_t row);
/* Loss of the gathered rows as compiled, regularisers included, dropout off; with its gradient by every
 * weight (st_network_gradients(lens->network)). Both run forward themselves. */
double st_lens_loss(StLens *lens, int64_t rows);
double st_lens_loss_gradient(StLens *lens, int64_t rows);
/* Weights drawn anew from a seed: the untrained network. Weights that layers take from the data stay. */
bool st_lens_random(StLens *lens, uint64_t seed, StError *error);
#endif

#endif
