/* Optimizers against fixtures (tests/oracle/optimizers.py): ten steps of two tensors with a rate that
 * changes, every option that matters, cut anywhere.
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
static const double tolerance = 1e-12;
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

static double sum_of_squares(const Real *values, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    return sum;
}

/* What a learner finds out before an update: the factor that this tensor's gradient is clipped by. */
static double clip_of(const StOptimizerCommon *common, const Real *gradients, int from, int count) {
    if (common->clipnorm > 0)
        return st_optimizer_clip(sqrt(sum_of_squares(gradients + from, count)), common->clipnorm);
    if (common->global_clipnorm > 0)
        return st_optimizer_clip(sqrt(sum_of_squares(gradients, COUNT)), common->global_clipnorm);
    return 1;
}

typedef struct Kept {
    Real weights[COUNT], slot[ST_SLOTS_MAX][COUNT];
    int slots;
} Kept;

/* One tensor's part of a step, in ranges of `cut` weights. */
static void update_tensor(const StCompile *compile, StUpdate update, Kept *kept, const Real *gradients,
                          int from, int count, int cut) {
    const StOptimizer *optimizer = st_optimizer_at(compile->optimizer.kind);
    double clip = clip_of((const void *)compile->optimizer.options, gradients, from, count);
    update.scale = (Real)clip;
    update.plain = update.plain && clip == 1;
    for (int at = from; at < from + count; at += cut) {
        Real *slot[ST_SLOTS_MAX] = {NULL};
        for (int s = 0; s < kept->slots; s++)
            slot[s] = kept->slot[s] + at;
        st_optimizer_apply(optimizer, &update, kept->weights + at, gradients + at, slot,
                           from + count - at < cut ? from + count - at : cut);
    }
}

/* All steps, the last of them at half the rate. */
static void run(const StCompile *compile, int cut, Kept *kept) {
    const StOptimizer *optimizer = st_optimizer_at(compile->optimizer.kind);
    double rate = st_compile_learning_rate(compile);
    *kept = (Kept){.slots = st_optimizer_slots(optimizer, compile->optimizer.options)};
    assert_true(kept->slots <= ST_SLOTS_MAX);
    for (int s = 0; s < kept->slots; s++)
        st_optimizer_start(optimizer, compile->optimizer.options, s, kept->slot[s], COUNT);
    for (int i = 0; i < COUNT; i++)
        kept->weights[i] = (Real)optimizer_start[i];
    for (int step = 1; step <= OPTIMIZER_STEPS; step++) {
        Real gradients[COUNT];
        StUpdate update;
        for (int i = 0; i < COUNT; i++)
            gradients[i] = (Real)optimizer_gradients[step - 1][i];
        st_optimizer_prepare(optimizer, compile->optimizer.options, step <= 5 ? rate : rate / 2, step,
                             &update);
        update_tensor(compile, update, kept, gradients, 0, OPTIMIZER_FIRST, cut);
        update_tensor(compile, update, kept, gradients, OPTIMIZER_FIRST, COUNT - OPTIMIZER_FIRST, cut);
    }
}

static void close_to(const char *words, const char *what, const Real *got, const double *wanted) {
    for (int i = 0; i < COUNT; i++)
        if (!(fabs((double)got[i] - wanted[i]) <= tolerance * (fabs(wanted[i]) + 0.1)))
            fail_msg("%s: %s %d is %.17g, wanted %.17g", words, what, i, (double)got[i], wanted[i]);
}

static void test_ten_steps(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        StCompile compile;
        Kept kept;
        read_spec(optimizer_cases[c].words, &compile);
        run(&compile, COUNT, &kept);
        close_to(optimizer_cases[c].words, "weight", kept.weights, optimizer_cases[c].after);
        const StOptimizerCommon *common = (const void *)compile.optimizer.options;
        if (common->use_ema)
            close_to(optimizer_cases[c].words, "average", kept.slot[kept.slots - 1],
                     optimizer_cases[c].average);
    }
}

static void test_cuts_change_no_bit(void **state) {
    (void)state;
    const int cuts[] = {1, 3, 16, 20};
    for (int c = 0; c < CASES; c++) {
        StCompile compile;
        Kept whole, cut;
        read_spec(optimizer_cases[c].words, &compile);
        run(&compile, COUNT, &whole);
        for (int k = 0; k < 4; k++) {
            run(&compile, cuts[k], &cut);
            assert_memory_equal(&whole, &cut, sizeof whole);
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

/* What all optimizers share is read without knowing the kind. */
static void test_every_optimizer_has_the_common_options(void **state) {
    (void)state;
    static const StOption common[] = {ST_OPTIMIZER_RATE("0", ""), ST_OPTIMIZER_DECAY("none", true),
                                      ST_OPTIMIZER_COMMON};
    for (int i = 0; st_optimizer_at(i); i++) {
        const StKind *kind = &st_optimizer_at(i)->kind;
        assert_string_equal(kind->options[0].name, "learning_rate");
        for (const StOption *row = common; row->name; row++) {
            const StOption *own = st_option_find(kind->options, row->name);
            if (!own || own->offset != row->offset || own->type != row->type)
                fail_msg("%s: %s is not the common option", kind->name, row->name);
        }
    }
}

/* However far a run has come, a step goes downhill and is finite (nadam works its momenta out anew). */
static void test_far_steps(void **state) {
    (void)state;
    for (int i = 0; st_optimizer_at(i); i++) {
        const StOptimizer *optimizer = st_optimizer_at(i);
        _Alignas(16) unsigned char options[ST_SPEC_OPTIONS_MAX] = {0};
        st_options_default(optimizer->kind.options, options);
        for (int64_t step = 1; step < 1000000000000; step *= 100) {
            StUpdate update;
            Real weight = 1, gradient = (Real)0.5, values[ST_SLOTS_MAX] = {0}, *slot[ST_SLOTS_MAX];
            for (int s = 0; s < ST_SLOTS_MAX; s++) {
                slot[s] = &values[s];
                st_optimizer_start(optimizer, options, s, slot[s], 1);
            }
            st_optimizer_prepare(optimizer, options, 0.01, step, &update);
            st_optimizer_apply(optimizer, &update, &weight, &gradient, slot, 1);
            if (!(weight > 0 && weight < 1))
                fail_msg("%s: %g after step %lld", optimizer->kind.name, (double)weight, (long long)step);
        }
    }
}

/* nadam's product of momenta follows from the number of the step: against Keras' running product, 2000 steps.
 */
static void test_nadam_keeps_no_product(void **state) {
    (void)state;
    StCompile compile;
    read_spec("optimizer=nadam loss=mse beta_1=0.99 learning_rate=0.01", &compile);
    const StOptimizer *optimizer = st_optimizer_at(compile.optimizer.kind);
    double w = 1, m = 0, v = 0, product = 1;
    Real weight = 1, values[2] = {0}, *slot[ST_SLOTS_MAX] = {&values[0], &values[1]};
    for (int step = 1; step <= 2000; step++) {
        double g = sin(step) + 0.25, u = 0.99 * (1 - 0.5 * pow(0.96, step));
        double next = 0.99 * (1 - 0.5 * pow(0.96, step + 1));
        product *= u;
        m += (g - m) * (1 - 0.99);
        v += (g * g - v) * (1 - 0.999);
        double hat = next * m / (1 - product * next) + (1 - u) * g / (1 - product);
        w -= 0.01 * hat / (sqrt(v / (1 - pow(0.999, step))) + 1e-7);
        StUpdate update;
        Real gradient = (Real)g;
        st_optimizer_prepare(optimizer, compile.optimizer.options, 0.01, step, &update);
        st_optimizer_apply(optimizer, &update, &weight, &gradient, slot, 1);
    }
    assert_true(fabs((double)weight - w) <= 10 * tolerance * fabs(w));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_steps),
        cmocka_unit_test(test_cuts_change_no_bit),
        cmocka_unit_test(test_every_optimizer_has_a_fixture),
        cmocka_unit_test(test_every_optimizer_has_the_common_options),
        cmocka_unit_test(test_far_steps),
        cmocka_unit_test(test_nadam_keeps_no_product),
    };
    return cmocka_run_group_tests_name("optimizer in " ST_REAL_NAME, tests, NULL, NULL);
}
