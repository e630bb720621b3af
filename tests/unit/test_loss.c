/* Losses against fixtures (tests/oracle/losses.py): values, gradients, and what cuts of a batch add up to.
 * Built in float, and in double by test_loss_f64.c. */
#include "train/loss.h"

#include "oracle/losses.h"
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
static const double tolerance = 2e-6;
#endif

enum { CASES = sizeof loss_cases / sizeof *loss_cases, MOST = 80 };

static void near(const char *what, const char *words, int index, double got, double wanted) {
    double allowed = tolerance * (1 + fabs(wanted));
    if (!(fabs(got - wanted) <= allowed))
        fail_msg("%s: %s %d is %.17g, wanted %.17g", words, what, index, got, wanted);
}

static void read_spec(const char *words, StCompile *compile) {
    static StWords split;
    char line[200];
    snprintf(line, sizeof line, "optimizer=adam loss=%s", words);
    assert_true(st_words_split(line, &split, NULL));
    st_compile_default(compile); /* a second line would keep the options of the first */
    assert_true(st_compile_parse(compile, split.word, split.count, NULL));
}

typedef struct Batch {
    Real y[MOST], dy[MOST], targets[MOST];
    int32_t labels[MOST];
    StLossRows rows;
} Batch;

static void lay_out(const LossCase *c, StLossForm form, const StCompile *compile, Batch *b) {
    memset(b, 0, sizeof *b);
    for (int i = 0; i < MOST; i++) {
        b->y[i] = (Real)c->y[i];
        b->targets[i] = (Real)c->targets[i];
        b->dy[i] = (Real)NAN; /* whatever was there is overwritten */
    }
    for (int i = 0; i < 16; i++)
        b->labels[i] = c->labels[i];
    b->rows = (StLossRows){.form = form,
                           .y = b->y,
                           .dy = b->dy,
                           .labels = b->labels,
                           .targets = b->targets,
                           .rows = c->rows,
                           .positions = c->positions,
                           .width = c->width,
                           .scale = 1.0 / (c->rows * c->positions),
                           .options = compile->loss.options};
}

static void check_case(const LossCase *c, StLossForm form) {
    StCompile compile;
    Batch b;
    read_spec(c->words, &compile);
    lay_out(c, form, &compile, &b);
    double value = st_loss_at(compile.loss.kind)->run(&b.rows) * b.rows.scale;
    bool clipped = form == ST_LOSS_OUTPUTS && c->value > 8; /* a float's 1 - 1e-7 is 1 - 1.2e-7 */
    if (sizeof(Real) == sizeof(double) || !clipped) near("value", c->words, 0, value, c->value);
    if (clipped) assert_true(fabs(value - c->value) < 0.05);
    for (int i = 0; i < c->rows * c->positions * c->width; i++) {
        near("gradient", c->words, i, (double)b.dy[i], c->dy[i]);
        near("output", c->words, i, (double)b.y[i], form == ST_LOSS_FUSED ? c->p[i] : (double)(Real)c->y[i]);
    }
}

static void test_values_and_gradients(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        check_case(&loss_cases[i], loss_cases[i].logits ? ST_LOSS_LOGITS : ST_LOSS_OUTPUTS);
        if (loss_cases[i].logits) check_case(&loss_cases[i], ST_LOSS_FUSED);
    }
}

/* Every loss has a fixture, its aliases being the same function. */
static void test_every_loss_has_a_fixture(void **state) {
    (void)state;
    for (int i = 0; st_loss_at(i); i++) {
        bool found = false;
        for (int c = 0; c < CASES && !found; c++) {
            StCompile compile;
            read_spec(loss_cases[c].words, &compile);
            found = st_loss_at(compile.loss.kind)->run == st_loss_at(i)->run;
        }
        if (!found) fail_msg("%s has no fixture", st_loss_at(i)->kind.name);
    }
}

/* Two cuts have the gradients of the whole to the bit, and values that add up to it. */
static void test_cuts(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        const LossCase *c = &loss_cases[i];
        StLossForm form = c->logits ? ST_LOSS_FUSED : ST_LOSS_OUTPUTS;
        StCompile compile;
        Batch whole, cut;
        read_spec(c->words, &compile);
        const StLoss *loss = st_loss_at(compile.loss.kind);
        lay_out(c, form, &compile, &whole);
        lay_out(c, form, &compile, &cut);
        double value = loss->run(&whole.rows);
        int at = c->positions, size = c->positions * c->width;
        StLossRows rest = cut.rows;
        cut.rows.rows = 1;
        rest.rows -= 1;
        rest.y += size, rest.dy += size, rest.targets += size, rest.labels += at;
        double parts = loss->run(&cut.rows) + loss->run(&rest);
        near("sum of cuts", c->words, 0, parts, value);
        assert_memory_equal(whole.dy, cut.dy, (size_t)(c->rows * size) * sizeof(Real));
    }
}

/* What is not finite is seen in the value, and so is a label that there is not. */
static void test_nothing_bad_is_hidden(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        const LossCase *c = &loss_cases[i];
        StCompile compile;
        Batch b;
        read_spec(c->words, &compile);
        const StLoss *loss = st_loss_at(compile.loss.kind);
        lay_out(c, c->logits ? ST_LOSS_LOGITS : ST_LOSS_OUTPUTS, &compile, &b);
        for (int j = 0; j < c->width; j++)
            b.y[j] = (Real)NAN;
        assert_false(isfinite(loss->run(&b.rows)));
        if (!loss->sparse) continue;
        lay_out(c, c->logits ? ST_LOSS_LOGITS : ST_LOSS_OUTPUTS, &compile, &b);
        b.labels[0] = c->width;
        assert_true(isnan(loss->run(&b.rows)));
        b.labels[0] = -1;
        assert_true(isnan(loss->run(&b.rows)));
    }
}

static void test_from_logits(void **state) {
    (void)state;
    StCompile compile;
    read_spec("binary_crossentropy from_logits=yes", &compile);
    assert_true(st_loss_from_logits(&compile.loss));
    read_spec("sparse_categorical_crossentropy", &compile);
    assert_false(st_loss_from_logits(&compile.loss));
    read_spec("mse", &compile);
    assert_false(st_loss_from_logits(&compile.loss));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_and_gradients),
        cmocka_unit_test(test_every_loss_has_a_fixture),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_nothing_bad_is_hidden),
        cmocka_unit_test(test_from_logits),
    };
    return cmocka_run_group_tests_name("loss in " ST_REAL_NAME, tests, NULL, NULL);
}
