/* Where the time of training steps goes: what `strata bench --profile` prints. While it is off, it costs
 * nothing but a look at a pointer; on, two looks at the clock a task and a product. */
#ifndef ST_TRAIN_LEARNER_PROFILE_H
#define ST_TRAIN_LEARNER_PROFILE_H

#include "train/learner.h"

/* Seconds of all threads together; the first five add up to threads times wall. */
typedef struct StProfile {
    double gemm;        /* matrix products */
    double elementwise; /* activations, biases, loss and metrics: the rest of the layers' work */
    double optimizer;   /* regularizers, the look for what is not finite, the update */
    double data;        /* gathering the batch */
    double waiting;     /* threads without a task */
    double wall;
    int64_t steps;
    int threads;
} StProfile;

#define st_learner_profile      ST_R(st_learner_profile)
#define st_learner_profile_read ST_R(st_learner_profile_read)

/* Begins to count anew, or stops counting. False: no memory. */
bool st_learner_profile(StLearner *learner, bool on);
/* What was counted since. */
StProfile st_learner_profile_read(const StLearner *learner);

/* ---- for the learner itself ---- */

#define StClock         ST_R(StClock)
#define st_clock_create ST_R(st_clock_create)
#define st_clock_free   ST_R(st_clock_free)
#define st_clock_run    ST_R(st_clock_run)
#define st_clock_data   ST_R(st_clock_data)
#define st_clock_read   ST_R(st_clock_read)
#define st_clock_now    ST_R(st_clock_now)
typedef struct StClock StClock;
StClock *st_clock_create(int phases); /* NULL: no memory */
void st_clock_free(StClock *clock);
/* As st_pool_run, timed; phases from `optimizer` on are the optimizer's. At most the phases of create. */
void st_clock_run(StClock *clock, StPool *pool, const StPhase *phases, int count, int optimizer,
                  void *context);
/* So many seconds of the task at hand were the batch's gathering. */
void st_clock_data(StClock *clock, int worker, double seconds);
StProfile st_clock_read(const StClock *clock);
double st_clock_now(void);

#endif
