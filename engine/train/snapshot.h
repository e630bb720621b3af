/* A snapshot: a copy of the weights at one step, with the gradient and the actual change of that step, for
 * everybody who wants to look while the trainer goes on. Immutable and counted: take one, read it from any
 * thread, release it. */
#ifndef ST_TRAIN_SNAPSHOT_H
#define ST_TRAIN_SNAPSHOT_H

#include "model/network.h"

/* Weights by name: what files hold, what a run starts from, what a snapshot shows. */
typedef struct StWeightSet {
    const StTensor *tensor; /* [count]; offset and size are into values */
    int count;
    const float *values; /* [total] */
    int64_t total;
} StWeightSet;

typedef struct StSnapshot {
    StWeightSet weights;    /* after the step */
    const float *before;    /* [total] before it; NULL where no step was made yet (step 0, or just loaded) */
    const float *gradients; /* [total] of that step's batch; NULL likewise */
    int64_t step, epoch;    /* steps and whole epochs made */
    double rate;            /* the learning rate of that step */
    uint64_t run;           /* number of the run (a reset or a new plan begins another) */
    /* What the next step depends on beside the weights: a run can go on from here (StTrainerPlan.from). */
    bool whole;           /* it is all there; false: made elsewhere (a file, a test) */
    const float *state;   /* [state_count] the optimizer's slots; NULL: it has none */
    const float *carried; /* [carried_count] of stateful layers; NULL: there are none */
    int64_t state_count, carried_count;
    int64_t iterations; /* the optimizer's own counter of steps */
    int64_t samples;    /* seen in training so far */
    double base_rate;   /* learning_rate: what a schedule begins with; without one, the next step's rate */
} StSnapshot;

#endif
