#include "train/rate_test.h"

#include "train/trainer_engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct StRateTest {
    StCompile compile; /* without schedule and metrics */
    StPool *pool;
    StLearner *learner;
    int64_t *order; /* [rows] */
    int64_t rows;
    uint64_t seed;
    int batch_size, steps, wake_fd;
    double low, high;
    pthread_t thread;
    bool started;
    atomic_bool cancel;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t ended;
    StRatePoint *point; /* [steps] */
    int points;
    bool over;
};

static double rate_of(const StRateTest *test, int step) {
    return test->low * pow(test->high / test->low, step / (double)(test->steps - 1));
}

static void wake(const StRateTest *test) {
    uint64_t one = 1;
    if (test->wake_fd >= 0 && write(test->wake_fd, &one, sizeof one) < 0)
        return; /* full: it is awake already */
}

static void add(StRateTest *test, double loss) {
    pthread_mutex_lock(&test->lock);
    test->point[test->points] = (StRatePoint){rate_of(test, test->points), loss};
    test->points++;
    pthread_mutex_unlock(&test->lock);
    wake(test);
}

static void *work(void *context) {
    StRateTest *test = context;
    int64_t at = 0;
    double mean = 0, power = 1, least = INFINITY;
    for (int step = 0; step < test->steps && !atomic_load(&test->cancel); step++) {
        int64_t left = test->rows - at;
        StBatch batch = {.index = test->order + at,
                         .rows = left < test->batch_size ? left : test->batch_size,
                         .seed = test->seed,
                         .step = (uint64_t)step};
        StScores scores;
        st_learner_set_rate(test->learner, rate_of(test, step));
        if (!st_learner_step(test->learner, &batch, &scores, NULL)) break;
        at = (at + batch.rows) % test->rows;
        mean = 0.98 * mean + 0.02 * scores.loss;
        power *= 0.98;
        double smooth = mean / (1 - power);
        if (smooth < least) least = smooth;
        add(test, scores.loss);
        if (smooth > 4 * least) break; /* it has left its valley */
    }
    pthread_mutex_lock(&test->lock);
    test->over = true;
    pthread_cond_broadcast(&test->ended);
    pthread_mutex_unlock(&test->lock);
    wake(test);
    return NULL;
}

/* ---- making one ---- */

static bool sound(const StRateTestPlan *plan, StError *error) {
    if (!(plan->low > 0 && plan->low < plan->high && isfinite(plan->high)))
        return st_fail(error, ST_ERR_VALUE, "rates from %g to %g, wanted 0 < low < high", plan->low,
                       plan->high);
    if (plan->steps < 2 || plan->steps > ST_RATE_TEST_MAX)
        return st_fail(error, ST_ERR_VALUE, "%d steps, wanted 2 to %d", plan->steps, ST_RATE_TEST_MAX);
    if (!plan->dataset || st_dataset_rows(plan->dataset, ST_TRAIN) == 0)
        return st_fail(error, ST_ERR_STATE, "the training part of the data has no rows");
    return true;
}

static bool take_weights(StRateTest *test, const StWeightSet *weights, StError *error) {
    StNetwork *network = st_learner_network(test->learner);
    StWeightSet shape = {0};
    if (!st_network_initialize(network, test->seed))
        return st_fail(error, ST_ERR_MEMORY, "out of memory for the first weights");
    st_learner_adapt(test->learner);
    shape.tensor = st_network_tensors(network, &shape.count);
    float *values = st_network_weights(network, &shape.total);
    return !weights || st_trainer_take_weights(&shape, weights, false, values, error);
}

static bool allocate(StRateTest *test, const StRateTestPlan *plan, StError *error) {
    test->rows = st_dataset_rows(plan->dataset, ST_TRAIN);
    test->order = malloc((size_t)test->rows * sizeof *test->order);
    test->point = calloc((size_t)plan->steps, sizeof *test->point);
    if (!test->order || !test->point)
        return st_fail_memory(error, "the range test", (size_t)test->rows * sizeof *test->order);
    for (int64_t i = 0; i < test->rows; i++)
        test->order[i] = i;
    StRng rng = st_rng(plan->seed, ST_STREAM_SHUFFLE, 0, 0);
    st_rng_shuffle(&rng, test->order, test->rows);
    return true;
}

static bool build(StRateTest *test, const StRateTestPlan *plan, StError *error) {
    if (!sound(plan, error) || !allocate(test, plan, error)) return false;
    test->compile = *plan->compile;
    test->compile.metrics = 0;
    st_compile_choose_schedule(&test->compile, 0);
    test->pool = st_pool_create(plan->threads, error);
    if (!test->pool) return false;
    StLearnerPlan learner = {.stack = plan->stack,
                             .compile = &test->compile,
                             .dataset = plan->dataset,
                             .rows = plan->batch_size,
                             .pool = test->pool};
    test->learner = st_learner_create(&learner, error);
    if (!test->learner || !take_weights(test, plan->weights, error)) return false;
    int why = pthread_create(&test->thread, NULL, work, test);
    if (why) return st_fail(error, ST_ERR_STATE, "the range test did not start: %s", strerror(why));
    return test->started = true;
}

StRateTest *st_rate_test_start(const StRateTestPlan *plan, StError *error) {
    StRateTest *test = calloc(1, sizeof *test);
    if (!test) {
        st_fail_memory(error, "the range test", sizeof *test);
        return NULL;
    }
    test->seed = plan->seed;
    test->batch_size = plan->batch_size;
    test->steps = plan->steps;
    test->wake_fd = plan->wake_fd;
    test->low = plan->low;
    test->high = plan->high;
    pthread_mutex_init(&test->lock, NULL);
    pthread_cond_init(&test->ended, NULL);
    if (build(test, plan, error)) return test;
    st_rate_test_destroy(test);
    return NULL;
}

void st_rate_test_destroy(StRateTest *test) {
    if (!test) return;
    atomic_store(&test->cancel, true);
    if (test->started) pthread_join(test->thread, NULL);
    st_learner_destroy(test->learner);
    st_pool_destroy(test->pool);
    pthread_cond_destroy(&test->ended);
    pthread_mutex_destroy(&test->lock);
    free(test->order);
    free(test->point);
    free(test);
}

/* ---- what came out ---- */

void st_rate_test_wait(StRateTest *test) {
    pthread_mutex_lock(&test->lock);
    while (!test->over)
        pthread_cond_wait(&test->ended, &test->lock);
    pthread_mutex_unlock(&test->lock);
}

int st_rate_test_read(StRateTest *test, StRatePoint *points, int max, bool *over) {
    pthread_mutex_lock(&test->lock);
    int count = test->points < max ? test->points : max;
    memcpy(points, test->point, (size_t)count * sizeof *points);
    if (over) *over = test->over;
    pthread_mutex_unlock(&test->lock);
    return count;
}

double st_rate_mean(const StRatePoint *points, int count, int at) {
    int around = count / 20 < 1 ? 1 : count / 20;
    int from = at < around ? 0 : at - around, to = at + around < count ? at + around : count - 1;
    double sum = 0;
    for (int i = from; i <= to; i++)
        sum += points[i].loss;
    return sum / (to - from + 1);
}

StRateAdvice st_rate_advice(const StRatePoint *points, int count) {
    StRateAdvice advice = {NAN, NAN};
    double fall = 0, least = INFINITY;
    int lowest = 0;
    if (count < 5) return advice;
    for (int i = 0; i < count; i++)
        if (st_rate_mean(points, count, i) < least) least = st_rate_mean(points, count, lowest = i);
    advice.lowest = points[lowest].rate;
    for (int i = count / 10 + 1; i < lowest && i + 1 < count; i++) {
        double slope = (st_rate_mean(points, count, i + 1) - st_rate_mean(points, count, i - 1)) /
                       log(points[i + 1].rate / points[i - 1].rate);
        if (slope < fall) {
            fall = slope;
            advice.steepest = points[i].rate;
        }
    }
    return advice;
}
