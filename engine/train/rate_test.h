/* The learning-rate range test (Smith 2015, "Cyclical learning rates", section 3.3; in the form of fastai's
 * lr_find): a copy of the network trains for some steps while the rate grows geometrically from low to high,
 * one batch a rate. Where the loss falls fastest is a good rate; where it rises again is too much.
 *
 * It ends early where the loss, smoothed as fastai does (s = 0.98 s + 0.02 loss, divided by 1 - 0.98^t), is
 * more than four times its least, or a value is not finite. That mean lags behind by about half the test, so
 * what is shown and advised is by a mean over the neighbours to both sides. Nothing of a run is touched.
 *
 * It works on a thread of its own; every function here is for one owning thread. */
#ifndef ST_TRAIN_RATE_TEST_H
#define ST_TRAIN_RATE_TEST_H

#include "train/trainer.h"

enum { ST_RATE_TEST_MAX = 1000 };

typedef struct StRateTestPlan {
    const StStack *stack; /* stack, compile and dataset must outlive the test; a schedule plays no part */
    const StCompile *compile;
    const StDataset *dataset;
    const StWeightSet *weights; /* to begin with, or NULL: drawn from the seed; looked at in start alone */
    uint64_t seed;
    int batch_size, threads, steps; /* steps: 2 to ST_RATE_TEST_MAX */
    double low, high;               /* 0 < low < high */
    int wake_fd;                    /* eventfd that is written to as points come, or -1 */
} StRateTestPlan;

typedef struct StRatePoint {
    double rate, loss;
} StRatePoint;

typedef struct StRateTest StRateTest;

StRateTest *st_rate_test_start(const StRateTestPlan *plan, StError *error);
void st_rate_test_destroy(StRateTest *test); /* ends it within one batch; may be NULL */
void st_rate_test_wait(StRateTest *test);

/* The points so far, ascending in rate: copies up to max, returns how many. over (may be NULL): no more come.
 */
int st_rate_test_read(StRateTest *test, StRatePoint *points, int max, bool *over);

/* The mean of the losses around a point: a twentieth of the points to either side, at least one. */
double st_rate_mean(const StRatePoint *points, int count, int at);

/* What the points say, by these means. lowest: the rate where they are least; steepest: before that, the rate
 * at which they fall fastest by the logarithm of the rate (central differences, the first tenth of the points
 * left out). NaN where there is none: fewer than five points, or the loss never falls. */
typedef struct StRateAdvice {
    double steepest, lowest;
} StRateAdvice;
StRateAdvice st_rate_advice(const StRatePoint *points, int count);

#endif
