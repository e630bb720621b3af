/* Optimizers against fixtures (tests/oracle/optimizers.py): ten steps with a rate that changes, cut anywhere.
 * Built in float, and in double by test_optimizer_f64.c. */
#include "train/optimizer.h"

#include "oracle/optimizers.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#ifdef ST_DOUBLE
static const double tolerance = 1e-10;
#else
static const double tolerance = 1e-5;
#endif

enum { CASES = sizeof optimizer_cases / sizeof *optimizer_cases, COUNT = OPTIMIZER_COUNT };

static void read_spec(const char *words, StCompile *compile) {
    static StWords split;
    StError error = {0};
    assert_true(st_words_split(words, &split, NULL));
    st_compile_default(compile);
    if (!st_compile_parse(compile, split.word, split.count, &error)) fail_msg("%s", error.message);
}

/* All steps, every one in ranges of `cut` weights. */
static void run(const StCompile *compile, int cut, Real *weights) {
    const StOptimizer *optimizer = st_optimizer_at(compile->optimizer.kind);
    int slots = optimizer->slots(compile->optimizer.options);
    double rate = st_compile_learning_rate(compile);
    Real state[ST_SLOTS_MAX][COUNT] = {{0}}, gradients[COUNT];
    assert_true(slots <= ST_SLOTS_MAX);
    for (int i = 0; i < COUNT; i++)
        weights[i] = (Real)optimizer_start[i];
    for (int step = 1; step <= OPTIMIZER_STEPS; step++) {
        StUpdate update;
        for (int i = 0; i < COUNT; i++)
            gradients[i] = (Real)optimizer_gradients[step - 1][i];
        optimizer->prepare(compile->optimizer.options, step <= 5 ? rate : rate / 2, step, &update);
        for (int from = 0; from < COUNT; from += cut) {
            Real *slot[ST_SLOTS_MAX] = {NULL};
            for (int s = 0; s < slots; s++)
                slot[s] = state[s] + from;
            optimizer->apply(&update, weights + from, gradients + from, slot,
                             COUNT - from < cut ? COUNT - from : cut);
        }
    }
}

static void test_ten_steps(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        StCompile compile;
        Real weights[COUNT];
        read_spec(optimizer_cases[c].words, &compile);
        run(&compile, COUNT, weights);
        for (int i = 0; i < COUNT; i++) {
            double wanted = optimizer_cases[c].after[i], got = (double)weights[i];
            if (!(fabs(got - wanted) <= tolerance * (fabs(wanted) + 0.1)))
                fail_msg("%s: weight %d is %.17g, wanted %.17g", optimizer_cases[c].words, i, got, wanted);
        }
    }
}

static void test_cuts_change_no_bit(void **state) {
    (void)state;
    const int cuts[] = {1, 3, 16, 20};
    for (int c = 0; c < CASES; c++) {
        StCompile compile;
        Real whole[COUNT], cut[COUNT];
        read_spec(optimizer_cases[c].words, &compile);
        run(&compile, COUNT, whole);
        for (int k = 0; k < 4; k++) {
            run(&compile, cuts[k], cut);
            assert_memory_equal(whole, cut, sizeof whole);
        }
    }
}

static void test_every_optimizer_has_a_fixture(void **state) {
    (void)state;
    for (int i = 0; st_optimizer_at(i); i++) {
        bool found = false;
        for (int c = 0; c < CASES && !found; c++) {
            StCompile compile;
            read_spec(optimizer_cases[c].words, &compile);
            found = compile.optimizer.kind == i;
        }
        if (!found) fail_msg("%s has no fixture", st_optimizer_at(i)->kind.name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_steps),
        cmocka_unit_test(test_cuts_change_no_bit),
        cmocka_unit_test(test_every_optimizer_has_a_fixture),
    };
    return cmocka_run_group_tests_name("optimizer in " ST_REAL_NAME, tests, NULL, NULL);
}
