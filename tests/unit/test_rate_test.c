/* The learning-rate range test: its points against steps made by hand, what it advises, what it refuses. */
#include "trainer_setup.h"

#include "train/rate_test.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { STEPS = 40 };

static StRateTestPlan plan_of(const Setup *setup, int threads) {
    return (StRateTestPlan){.stack = &setup->stack,
                            .compile = &setup->compile,
                            .dataset = setup->dataset,
                            .seed = setup->seed,
                            .batch_size = 16,
                            .threads = threads,
                            .steps = STEPS,
                            .low = 1e-4,
                            .high = 10,
                            .wake_fd = -1};
}

static int run(const StRateTestPlan *plan, StRatePoint *points) {
    StError error = {0};
    bool over = false;
    StRateTest *test = st_rate_test_start(plan, &error);
    if (!test) fail_msg("%s", error.message);
    st_rate_test_wait(test);
    int count = st_rate_test_read(test, points, ST_RATE_TEST_MAX, &over);
    assert_true(over);
    st_rate_test_destroy(test);
    return count;
}

static const char *const text = "data synthetic moons samples=200 noise=0.1\ndense 8 tanh\ndense 1 sigmoid\n"
                                "compile sgd binary_crossentropy metrics=accuracy\n";

/* The first point whose smoothed loss is more than four times the least so far, or -1: written again. */
static int leaves_valley(const StRatePoint *points, int count) {
    double mean = 0, least = INFINITY;
    for (int i = 0; i < count; i++) {
        mean = 0.98 * mean + 0.02 * points[i].loss;
        double smooth = mean / (1 - pow(0.98, i + 1));
        if (smooth < least) least = smooth;
        if (smooth > 4 * least) return i;
    }
    return -1;
}

/* The points are the losses of single steps, each at its rate; what is shown is their mean around. */
static void points_are_steps(void **state) {
    (void)state;
    Setup setup;
    StError error = {0};
    StRatePoint points[ST_RATE_TEST_MAX];
    setup_begin(&setup, text);
    StRateTestPlan plan = plan_of(&setup, 1);
    int count = run(&plan, points);
    assert_int_equal(count, STEPS);
    StLearnerPlan learner_plan = {
        .stack = &setup.stack, .compile = &setup.compile, .dataset = setup.dataset, .rows = 16};
    StLearner *learner = st_learner_create(&learner_plan, &error);
    st_network_initialize(st_learner_network(learner), setup.seed);
    int64_t order[200];
    for (int64_t i = 0; i < 200; i++)
        order[i] = i;
    StRng rng = st_rng(setup.seed, ST_STREAM_SHUFFLE, 0, 0);
    st_rng_shuffle(&rng, order, 200);
    assert_int_equal(leaves_valley(points, count), -1);
    for (int i = 0, at = 0; i < count; i++) {
        StScores scores;
        int rows = 200 - at < 16 ? 200 - at : 16;
        StBatch batch = {.index = order + at, .rows = rows, .seed = setup.seed, .step = (uint64_t)i};
        double rate = 1e-4 * pow(1e5, i / (STEPS - 1.0));
        assert_true(fabs(points[i].rate - rate) < 1e-12 * rate);
        st_learner_set_rate(learner, rate);
        assert_true(st_learner_step(learner, &batch, &scores, NULL));
        at = (at + rows) % 200;
        assert_true(points[i].loss == scores.loss);
        double sum = 0; /* two of forty to either side */
        int low = i < 2 ? 0 : i - 2, high = i + 2 < count ? i + 2 : count - 1;
        for (int k = low; k <= high; k++)
            sum += points[k].loss;
        assert_true(fabs(st_rate_mean(points, count, i) - sum / (high - low + 1)) < 1e-12);
    }
    st_learner_destroy(learner);
    setup_end(&setup);
}

static void same_on_any_threads(void **state) {
    (void)state;
    Setup setup;
    StRatePoint one[ST_RATE_TEST_MAX], more[ST_RATE_TEST_MAX];
    setup_begin(&setup, text);
    setup.fit.batch_size = 64;
    StRateTestPlan plan = plan_of(&setup, 1);
    int count = run(&plan, one);
    plan.threads = 3;
    assert_int_equal(run(&plan, more), count);
    assert_memory_equal(one, more, (size_t)count * sizeof *one);
    setup_end(&setup);
}

/* Linear units explode where the rate is too large: it ends there. */
static void ends_where_it_explodes(void **state) {
    (void)state;
    Setup setup;
    StRatePoint points[ST_RATE_TEST_MAX];
    setup_begin(&setup, "data synthetic plane samples=200 noise=0.1\ndense 8\ndense 1\ncompile sgd mse\n");
    StRateTestPlan plan = plan_of(&setup, 1);
    plan.high = 1e6;
    int count = run(&plan, points);
    assert_in_range(count, 5, STEPS - 1);
    int left = leaves_valley(points, count);
    assert_true(left == -1 || left == count - 1); /* -1: a value was not finite first */
    StRateAdvice advice = st_rate_advice(points, count);
    assert_true(advice.steepest <= points[count - 1].rate);
    setup_end(&setup);
}

/* A logistic fall in log rate is steepest in its middle. */
static void advises_the_steepest(void **state) {
    (void)state;
    StRatePoint points[101];
    for (int i = 0; i < 101; i++) {
        double x = -5 + i * 0.05; /* log10 of the rate */
        double smooth = 1 / (1 + exp(4 * (x + 2))) + (x > -1 ? 3 * (x + 1) : 0);
        points[i] = (StRatePoint){pow(10, x), smooth};
    }
    StRateAdvice advice = st_rate_advice(points, 101);
    assert_true(fabs(log10(advice.steepest) + 2) < 1e-9);
    assert_true(fabs(log10(advice.lowest) + 1) < 0.3); /* a kink, in a mean */
    for (int i = 0; i < 101; i++)
        points[i].loss = i;
    assert_true(isnan(st_rate_advice(points, 101).steepest)); /* it never falls */
    assert_true(isnan(st_rate_advice(points, 4).lowest));
}

static void refuses(void **state) {
    (void)state;
    Setup setup;
    StError error = {0};
    setup_begin(&setup, text);
    StRateTestPlan plan = plan_of(&setup, 1);
    plan.low = 20;
    assert_null(st_rate_test_start(&plan, &error));
    assert_string_equal(error.message, "rates from 20 to 10, wanted 0 < low < high");
    plan = plan_of(&setup, 1);
    plan.steps = 1;
    assert_null(st_rate_test_start(&plan, &error));
    assert_string_equal(error.message, "1 steps, wanted 2 to 1000");
    plan = plan_of(&setup, 1);
    StRateTest *test = st_rate_test_start(&plan, &error); /* ended while it works */
    assert_non_null(test);
    st_rate_test_destroy(test);
    st_rate_test_destroy(NULL);
    setup_end(&setup);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(points_are_steps),
                                       cmocka_unit_test(same_on_any_threads),
                                       cmocka_unit_test(ends_where_it_explodes),
                                       cmocka_unit_test(advises_the_steepest), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
