/* A learner: a network with its loss, metrics and optimizer — Keras' compiled model. It can make one
 * training step, evaluate, predict and give gradients. Compiled in float (trains) and double (checks).
 *
 * A step runs on the pool in the phases of layers/layer.h. Its bits depend on the stack, the batch
 * and the options alone, never on the number of threads. */
#ifndef ST_TRAIN_LEARNER_H
#define ST_TRAIN_LEARNER_H

#include "data/dataset.h"
#include "model/network.h"
#include "train/compile.h"
#include "train/metric.h"
#include <stdatomic.h>

#define StLearner ST_R(StLearner)
typedef struct StLearner StLearner;

#define st_learner_create         ST_R(st_learner_create)
#define st_learner_destroy        ST_R(st_learner_destroy)
#define st_learner_network        ST_R(st_learner_network)
#define st_learner_step           ST_R(st_learner_step)
#define st_learner_average        ST_R(st_learner_average)
#define st_learner_evaluate       ST_R(st_learner_evaluate)
#define st_learner_adapt          ST_R(st_learner_adapt)
#define st_learner_scores         ST_R(st_learner_scores)
#define st_learner_gradients      ST_R(st_learner_gradients)
#define st_learner_loss           ST_R(st_learner_loss)
#define st_learner_back           ST_R(st_learner_back)
#define st_learner_fused          ST_R(st_learner_fused)
#define st_learner_set_rate       ST_R(st_learner_set_rate)
#define st_learner_rate           ST_R(st_learner_rate)
#define st_learner_state          ST_R(st_learner_state)
#define st_learner_culprit        ST_R(st_learner_culprit)
#define st_learner_target_size    ST_R(st_learner_target_size)
#define st_learner_labels         ST_R(st_learner_labels)
#define st_learner_targets        ST_R(st_learner_targets)
#define st_learner_sparse         ST_R(st_learner_sparse)
#define st_learner_ignored        ST_R(st_learner_ignored)
#define st_learner_largest_weight ST_R(st_learner_largest_weight)

/* What a learner is to be. dataset may be NULL (gradients, check: the caller fills input and targets).
 * Checks that the loss fits the output shape and the targets, e.g. "sparse_categorical_crossentropy wants
 * an output of 3 classes, got 1 unit". rows: the batch size (evaluation runs in chunks of it, or of more rows
 * where that makes no difference). */
typedef struct StLearnerPlan {
    const StStack *stack;
    const StShape *input; /* NULL: the stack's, else the dataset's (of the same size where both say it) */
    const StCompile *compile;
    const StDataset *dataset;
    int64_t rows;
    bool all_rows; /* memory for so many also where the data has fewer: rows made by hand */
    bool input_gradient;
    const char *class_weight; /* as fit says it (train/class_weight.h): of training steps; NULL or "": none */
    int64_t copies;           /* of the weights that the caller will keep: memory for them must be there */
    StPool *pool;             /* borrowed; must outlive the learner */
} StLearnerPlan;

StLearner *st_learner_create(const StLearnerPlan *plan, StError *error);
void st_learner_destroy(StLearner *learner);
StNetwork *st_learner_network(StLearner *learner);

/* loss and metrics of one step or of one evaluation. */
typedef struct StScores {
    double loss;                   /* regularisers included */
    double metric[ST_METRICS_MAX]; /* as StCompile lists them */
} StScores;

/* Sums that make StScores when a pass is over: epochs add up their batches as Keras does (weighted by
 * samples). Zero-initialise; opaque to callers. */
typedef struct StTally {
    double samples, loss;       /* loss: Σ over samples (regularisers × samples) */
    double sum[ST_METRIC_SUMS]; /* each metric's own accumulators, one behind the other */
} StTally;

/* The batch of a step: rows of the training part by index, gathered on the way. */
typedef struct StBatch {
    const int64_t *index; /* [rows] within the part; NULL: they lie in the buffers already */
    int64_t rows;
    uint64_t seed, step; /* key of the dropout masks; step counts from 0 */
} StBatch;

/* One training step: gather, forward, loss, backward, gradients, and, if everything is finite, the update.
 * scores: of this batch before the update; tally (may be NULL) adds it. Returns false without having
 * touched a weight where the loss, a gradient or a weight is not finite; st_learner_culprit then names it. */
bool st_learner_step(StLearner *learner, const StBatch *batch, StScores *scores, StTally *tally);

/* What a tally has come to; NaN where nothing was added. */
void st_learner_scores(const StLearner *learner, const StTally *tally, StScores *scores);

/* After a failed step: the first tensor, in the order of computing, that is not finite, as a sentence:
 * "output of layer 3 dense_1 has 4 of 320 values not finite", "gradient of dense_1/kernel …", "loss". */
void st_learner_culprit(StLearner *learner, StText *out);

/* Training ends: with use_ema the weights become their moving averages, and it is true. They stay what they
 * are, as in Keras, where it goes on. */
bool st_learner_average(StLearner *learner);

/* Means over a whole part, now, dropout off. cancel (may be NULL) is looked at between chunks: when true the
 * call returns false. */
bool st_learner_evaluate(StLearner *learner, StPart part, const atomic_bool *cancel, StScores *scores);

/* Layers made from the data (normalization): sets their weights by the training part. For a new run, after
 * the weights were drawn. */
void st_learner_adapt(StLearner *learner);

/* For gradients and check: forward, loss and gradients for the first `rows` rows of the input and target
 * buffers, no update. Returns the loss. */
double st_learner_gradients(StLearner *learner, int64_t rows, bool training, uint64_t seed);
/* The loss alone, with the weights as they are now. */
double st_learner_loss(StLearner *learner, int64_t rows, bool training, uint64_t seed);
/* The gradient's way back, a layer at a time. st_learner_loss leaves the loss's gradient in the last step's
 * dy: by its output or, where the loss is fused with the last activation, by what goes into that. Each call
 * then goes back through one layer, from the last on: its step's dx is the gradient by its input (the network
 * was made with input_gradient). */
void st_learner_back(StLearner *learner, int64_t rows, int layer);
bool st_learner_fused(const StLearner *learner);
bool st_learner_sparse(const StLearner *learner);         /* targets are labels */
int st_learner_ignored(const StLearner *learner);         /* the label that does not count, or ST_NO_INT */
int64_t st_learner_target_size(const StLearner *learner); /* elements of targets a row */
int32_t *st_learner_labels(StLearner *learner);           /* [rows, target size] where sparse */
Real *st_learner_targets(StLearner *learner);             /* [rows, target size] where not */

/* The learning_rate that the schedule, if there is one, begins with. */
void st_learner_set_rate(StLearner *learner, double rate);
/* What the next step will be made with: that one by the schedule, at the optimizer's step counter. */
double st_learner_rate(const StLearner *learner);

/* Everything an exact continuation needs beside the weights: the optimizer's slots (flat, count elements)
 * and its step counter. */
Real *st_learner_state(StLearner *learner, int64_t *count, int64_t **iterations);

double st_learner_largest_weight(StLearner *learner); /* max |w| over all weights */

#endif
