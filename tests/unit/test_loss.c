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
    Real y[MOST], dy[MOST], targets[MOST], weights[16], mask[16];
    int32_t labels[MOST];
    StLossRows rows;
} Batch;

/* What the learner does before the first lane: the scale, and whether targets are 0 and 1. */
static void survey(Batch *b, const StLoss *loss) {
    StLossSurvey whole = {.binary = true};
    st_loss_survey(loss, &b->rows, &whole);
    b->rows.scale = whole.count ? 1 / (double)whole.count : 0;
    b->rows.binary = whole.binary;
    int64_t all = b->rows.rows * b->rows.positions;
    assert_true(whole.count == all || b->rows.mask || st_loss_surveys(loss, b->rows.options));
}

static void lay_out(const LossCase *c, StLossForm form, const StCompile *compile, Batch *b) {
    memset(b, 0, sizeof *b);
    for (int i = 0; i < MOST; i++) {
        b->y[i] = (Real)c->y[i];
        b->targets[i] = (Real)c->targets[i];
        b->dy[i] = (Real)NAN; /* whatever was there is overwritten */
    }
    for (int i = 0; i < 16; i++) {
        b->labels[i] = c->labels[i];
        b->weights[i] = (Real)c->weights[i];
        b->mask[i] = (Real)c->mask[i];
    }
    b->rows = (StLossRows){.form = form,
                           .y = b->y,
                           .dy = b->dy,
                           .labels = b->labels,
                           .targets = b->targets,
                           .rows = c->rows,
                           .positions = c->positions,
                           .width = c->width,
                           .options = compile->loss.options};
    survey(b, st_loss_at(compile->loss.kind));
}

static void check_gradient(const LossCase *c, const Batch *b, const double *wanted) {
    for (int i = 0; i < c->rows * c->positions * c->width; i++) {
        bool fused = b->rows.form == ST_LOSS_FUSED;
        near("gradient", c->words, i, (double)b->dy[i], wanted[i]);
        near("output", c->words, i, (double)b->y[i], fused ? c->p[i] : (double)(Real)c->y[i]);
    }
}

static void check_case(const LossCase *c, StLossForm form) {
    StCompile compile;
    Batch b;
    read_spec(c->words, &compile);
    const StLoss *loss = st_loss_at(compile.loss.kind);
    lay_out(c, form, &compile, &b);
    double value = st_loss_run(loss, &b.rows) * b.rows.scale;
    bool clipped = form == ST_LOSS_OUTPUTS && c->clips; /* a float's 1 - 1e-7 is 1 - 1.2e-7 */
    if (sizeof(Real) == sizeof(double) || !clipped) near("value", c->words, 0, value, c->value);
    if (clipped) assert_true(fabs(value - c->value) < 0.05);
    check_gradient(c, &b, c->dy);
    lay_out(c, form, &compile, &b);
    b.rows.weights = b.weights;
    b.rows.mask = b.mask;
    survey(&b, loss);
    value = st_loss_run(loss, &b.rows) * b.rows.scale;
    if (sizeof(Real) == sizeof(double) || !clipped) near("weighted value", c->words, 0, value, c->weighted);
    check_gradient(c, &b, c->weighted_dy);
}

static void test_values_and_gradients(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        StCompile compile;
        read_spec(loss_cases[i].words, &compile);
        check_case(&loss_cases[i], loss_cases[i].logits ? ST_LOSS_LOGITS : ST_LOSS_OUTPUTS);
        if (loss_cases[i].logits && st_loss_at(compile.loss.kind)->fuses)
            check_case(&loss_cases[i], ST_LOSS_FUSED);
    }
}

/* Every loss has a fixture, its aliases being the same function, and so has every option of it. */
static bool has_fixture(const StLoss *loss, const char *option) {
    char named[64];
    snprintf(named, sizeof named, " %s=", option ? option : "");
    for (int c = 0; c < CASES; c++) {
        StCompile compile;
        read_spec(loss_cases[c].words, &compile);
        if (st_loss_at(compile.loss.kind)->run != loss->run) continue;
        if (!option || strstr(loss_cases[c].words, named)) return true;
        if (strcmp(option, "from_logits") == 0 && loss_cases[c].logits) return true;
    }
    return false;
}

static void test_every_loss_has_a_fixture(void **state) {
    (void)state;
    for (int i = 0; st_loss_at(i); i++) {
        const StLoss *loss = st_loss_at(i);
        if (!has_fixture(loss, NULL)) fail_msg("%s has no fixture", loss->kind.name);
        for (const StOption *row = loss->kind.options; row && row->name; row++)
            if (strcmp(row->name, "axis") != 0 && !has_fixture(loss, row->name))
                fail_msg("%s has no fixture for %s", loss->kind.name, row->name);
    }
}

#ifdef ST_DOUBLE
/* The loss of a batch whose output i is moved by h. */
static double moved(const LossCase *c, const StCompile *compile, int i, double h) {
    Batch b;
    lay_out(c, c->logits ? ST_LOSS_LOGITS : ST_LOSS_OUTPUTS, compile, &b);
    b.rows.weights = b.weights;
    b.rows.mask = b.mask;
    survey(&b, st_loss_at(compile->loss.kind));
    b.y[i] += h;
    return st_loss_run(st_loss_at(compile->loss.kind), &b.rows) * b.rows.scale;
}

/* Entries whose step crosses a kink (of a clip, a sign, a max) are left out, which few may be. */
static bool kinked(const LossCase *c, const StCompile *compile, int i, double h) {
    double now = moved(c, compile, i, 0), noise = 1e-13 * (1 + fabs(now)) / h;
    double right = (moved(c, compile, i, h) - now) / h, left = (now - moved(c, compile, i, -h)) / h;
    double narrow = (moved(c, compile, i, h / 16) - 2 * now + moved(c, compile, i, -h / 16)) / (h / 16);
    return !(fabs((right - left) / 16 - narrow) <= 0.5 * fabs(right - left) / 16 + 16 * noise);
}

static void test_central_differences(void **state) {
    (void)state;
    int kinks = 0, entries = 0;
    for (int n = 0; n < CASES; n++) {
        const LossCase *c = &loss_cases[n];
        StCompile compile;
        Batch b;
        read_spec(c->words, &compile);
        lay_out(c, c->logits ? ST_LOSS_LOGITS : ST_LOSS_OUTPUTS, &compile, &b);
        b.rows.weights = b.weights;
        b.rows.mask = b.mask;
        survey(&b, st_loss_at(compile.loss.kind));
        double value = st_loss_run(st_loss_at(compile.loss.kind), &b.rows) * b.rows.scale, largest = 0;
        for (int i = 0; i < c->rows * c->positions * c->width; i++)
            largest = fmax(largest, fabs(b.dy[i]));
        for (int i = 0; i < c->rows * c->positions * c->width; i++, entries++) {
            double h = 1e-5 * fmin(1, fmax(1e-3, fabs(c->y[i])));
            double slope = (moved(c, &compile, i, h) - moved(c, &compile, i, -h)) / (2 * h);
            double allowed = 1e-6 * largest + 1e-14 * (1 + fabs(value)) / h;
            if (fabs(slope - b.dy[i]) <= allowed) continue;
            if (!kinked(c, &compile, i, h))
                fail_msg("%s: gradient %d is %.12g, differences say %.12g", c->words, i, b.dy[i], slope);
            kinks++;
        }
    }
    assert_in_range(kinks, 1, entries / 20); /* some cases stand at the edge of a clip on purpose */
}
#endif

/* Two cuts have the gradients of the whole to the bit, and values that add up to it. */
static void test_cuts(void **state) {
    (void)state;
    for (int i = 0; i < CASES; i++) {
        const LossCase *c = &loss_cases[i];
        StCompile compile;
        Batch whole, cut;
        read_spec(c->words, &compile);
        const StLoss *loss = st_loss_at(compile.loss.kind);
        StLossForm form = !c->logits ? ST_LOSS_OUTPUTS : loss->fuses ? ST_LOSS_FUSED : ST_LOSS_LOGITS;
        lay_out(c, form, &compile, &whole);
        lay_out(c, form, &compile, &cut);
        whole.rows.weights = whole.weights;
        cut.rows.weights = cut.weights;
        double value = st_loss_run(loss, &whole.rows);
        int at = c->positions, size = c->positions * c->width;
        StLossRows rest = cut.rows;
        cut.rows.rows = 1;
        rest.rows -= 1;
        rest.y += size, rest.dy += size, rest.targets += size, rest.labels += at, rest.weights += at;
        double parts = st_loss_run(loss, &cut.rows) + st_loss_run(loss, &rest);
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
        bool counted = !loss->ignored || b.labels[0] != loss->ignored(compile.loss.options);
        if (counted && isfinite(st_loss_run(loss, &b.rows))) fail_msg("%s hides NaN", c->words);
        if (!loss->sparse || !counted) continue;
        lay_out(c, c->logits ? ST_LOSS_LOGITS : ST_LOSS_OUTPUTS, &compile, &b);
        b.labels[0] = c->width;
        assert_true(isnan(st_loss_run(loss, &b.rows)));
        b.labels[0] = -2;
        assert_true(isnan(st_loss_run(loss, &b.rows)));
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

/* By hand: two values of 1 and 3 with weights 2 and 0.5; then the second is masked, then both. */
static void test_what_does_not_count(void **state) {
    (void)state;
    StCompile compile;
    read_spec("mae", &compile);
    const StLoss *loss = st_loss_at(compile.loss.kind);
    Batch b = {.y = {1, 2, 3, 6}, .targets = {0, 1, 0, 3}, .weights = {2, 0.5}, .mask = {1, 0}};
    b.y[2] = 3;
    b.rows = (StLossRows){.y = b.y, .dy = b.dy, .targets = b.targets, .rows = 2, .positions = 1, .width = 2};
    b.rows.options = compile.loss.options;
    b.rows.weights = b.weights;
    survey(&b, loss);
    assert_true(st_loss_run(loss, &b.rows) * b.rows.scale == (2 * 1 + 0.5 * 3) / 2); /* not / 2.5 */
    assert_true(b.dy[0] == 2 * 0.25 && b.dy[3] == (Real)0.5 * (Real)0.25);
    b.rows.mask = b.mask;
    b.y[2] = (Real)NAN; /* nobody looks there */
    survey(&b, loss);
    assert_true(st_loss_run(loss, &b.rows) * b.rows.scale == 2);
    assert_true(b.dy[1] == 1 && b.dy[2] == 0 && b.dy[3] == 0);
    b.mask[0] = 0;
    survey(&b, loss);
    assert_true(b.rows.scale == 0 && st_loss_run(loss, &b.rows) * b.rows.scale == 0);
    assert_true(b.dy[0] == 0 && b.dy[1] == 0);
}

/* Whether 0 and 1 stand for -1 and 1 is asked of the whole batch, over any cut. */
static void test_hinge_targets(void **state) {
    (void)state;
    StCompile compile;
    read_spec("hinge", &compile);
    const StLoss *loss = st_loss_at(compile.loss.kind);
    Real targets[] = {0, 1, 1, 0, 1, -1};
    StLossRows rows = {.targets = targets, .rows = 2, .positions = 1, .width = 2};
    StLossSurvey whole = {.binary = true};
    assert_true(st_loss_surveys(loss, compile.loss.options));
    st_loss_survey(loss, &rows, &whole);
    assert_true(whole.binary && whole.count == 2);
    rows.targets += 4, rows.rows = 1;
    st_loss_survey(loss, &rows, &whole);
    assert_true(!whole.binary && whole.count == 3);
    rows.targets = targets;
    st_loss_survey(loss, &rows, &whole);
    assert_false(whole.binary);
    read_spec("mse", &compile);
    assert_false(st_loss_surveys(st_loss_at(compile.loss.kind), compile.loss.options));
}

static void refused(const char *words, const char *says) {
    static StWords split;
    StCompile compile;
    StError error = {0};
    st_compile_default(&compile);
    assert_true(st_words_split(words, &split, NULL));
    assert_false(st_compile_parse(&compile, split.word, split.count, &error));
    assert_string_equal(error.message, says);
}

static void test_options(void **state) {
    (void)state;
    StCompile compile;
    StError error = {0};
    read_spec("categorical_focal_crossentropy alpha=0.1,0.2,0.3", &compile);
    const StLoss *loss = st_loss_at(compile.loss.kind);
    assert_true(loss->fits(compile.loss.options, 3, &error));
    assert_false(loss->fits(compile.loss.options, 4, &error));
    assert_string_equal(error.message,
                        "alpha: got 3 numbers, wanted one for all or one for each of 4 outputs");
    refused("adam huber delta=0", "compile: delta=0: wanted a number above 0");
    refused("adam cosine_similarity axis=1", "compile: axis=1: wanted -1");
    refused("adam binary_crossentropy label_smoothing=1.5", "compile: label_smoothing=1.5: wanted 0 to 1");
    refused("adam binary_focal_crossentropy alpha=2", "compile: alpha=2: wanted 0 to 1");
    refused("adam categorical_focal_crossentropy gamma=-1", "compile: gamma=-1: wanted a number from 0 up");
    refused("adam categorical_focal_crossentropy alpha=0.1,x",
            "compile: alpha=0.1,x: wanted a number from 0 up, or several with commas");
    refused("adam sparse_categorical_crossentropy ignore_class=x",
            "compile: ignore_class=x: wanted a whole number, or none");
    refused("adam mse delta=2", "compile: delta is an option of huber, not of mse");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_and_gradients),
        cmocka_unit_test(test_every_loss_has_a_fixture),
#ifdef ST_DOUBLE
        cmocka_unit_test(test_central_differences),
#endif
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_what_does_not_count),
        cmocka_unit_test(test_hinge_targets),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_nothing_bad_is_hidden),
        cmocka_unit_test(test_from_logits),
    };
    return cmocka_run_group_tests_name("loss in " ST_REAL_NAME, tests, NULL, NULL);
}
