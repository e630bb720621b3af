/* What options of type ST_CALL name in layers: activations, regularizers, constraints, against
 * tests/oracle/calls.py. Included by test_calls.c (float) and test_calls_f64.c (double). */
#include "layers/activation.h"
#include "layers/constraint.h"
#include "layers/initializer.h"
#include "layers/regularizer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "oracle/calls.h"

#ifdef ST_DOUBLE
#define EPSILON 0x1p-52
#else
#define EPSILON 0x1p-23
#endif

static StCall call_of(const StChoice *choices, const char *text) {
    const StOption row = {.name = "call", .type = ST_CALL, .choices = choices};
    StError error = {0};
    StCall call;
    if (!st_option_set(&row, &call, text, &error)) fail_msg("%s", error.message);
    return call;
}

/* Numbers in [-1, 1), the ones of tests/oracle/fixture.py times `scale`. */
static uint32_t noise_state;
static double noise(double scale) {
    noise_state = noise_state * 1664525u + 1013904223u;
    return ((double)(noise_state >> 8) / 16777216 - 0.5) * scale;
}

/* ---- activations ---- */

enum { ACTIVATIONS = sizeof oracle_activations / sizeof *oracle_activations };

/* Within a few units in the last place of the value, or of 1 where it is small. */
static bool is_near(double got, double want) {
    if (isinf(want)) return got == want;
    return fabs(got - want) <= EPSILON * (8 * fabs(want) + 2);
}

/* y and dz of every point, at once. */
static void run_activation(const StCall *call, Real *y, Real *dz, const Real *z, int64_t n) {
    Real ones[ORACLE_POINTS];
    for (int64_t i = 0; i < n; i++)
        ones[i] = 1;
    st_activation_forward(call, y, z, 1, n);
    st_activation_backward(call, dz, ones, y, st_activation_needs_z(call->kind) ? z : NULL, 1, n);
}

static void activations_keep_their_digits(void **state) {
    (void)state;
    Real z[ORACLE_POINTS], y[ORACLE_POINTS], dz[ORACLE_POINTS];
    for (int i = 0; i < ORACLE_POINTS; i++)
        z[i] = (Real)oracle_points[i];
    for (int a = 0; a < ACTIVATIONS; a++) {
        StCall call = call_of(st_activations, oracle_activations[a].call);
        run_activation(&call, y, dz, z, ORACLE_POINTS);
        for (int i = 0; i < ORACLE_POINTS; i++)
            if (!is_near((double)y[i], oracle_activations[a].value[i]) ||
                !is_near((double)dz[i], oracle_activations[a].slope[i]))
                fail_msg("%s at %g: %.9g slope %.9g, wanted %.9g and %.9g", oracle_activations[a].call,
                         oracle_points[i], (double)y[i], (double)dz[i], oracle_activations[a].value[i],
                         oracle_activations[a].slope[i]);
    }
}

/* One by one or all at once, in place or not: the same bits. */
static void activations_repeat(void **state) {
    (void)state;
    Real z[ORACLE_POINTS], y[ORACLE_POINTS], dz[ORACLE_POINTS], one[2], ones[ORACLE_POINTS];
    for (int i = 0; i < ORACLE_POINTS; i++)
        z[i] = (Real)oracle_points[i], ones[i] = 1;
    for (int a = 0; a < ACTIVATIONS; a++) {
        StCall call = call_of(st_activations, oracle_activations[a].call);
        run_activation(&call, y, dz, z, ORACLE_POINTS);
        for (int i = 0; i < ORACLE_POINTS; i++) {
            run_activation(&call, &one[0], &one[1], &z[i], 1);
            if (memcmp(&one[0], &y[i], sizeof *y) != 0 || memcmp(&one[1], &dz[i], sizeof *dz) != 0)
                fail_msg("%s at %g depends on its place", oracle_activations[a].call, oracle_points[i]);
        }
        Real own[ORACLE_POINTS];
        memcpy(own, z, sizeof z);
        st_activation_forward(&call, own, own, 1, ORACLE_POINTS);
        assert_memory_equal(own, y, sizeof y);
        memcpy(own, ones, sizeof ones);
        st_activation_backward(&call, own, own, y, z, 1, ORACLE_POINTS);
        assert_memory_equal(own, dz, sizeof dz);
    }
}

/* NaN is not hidden by any of them. */
static void activations_pass_nan_on(void **state) {
    (void)state;
    for (int a = 0; st_activations[a].name; a++) {
        StCall call = call_of(st_activations, st_activations[a].name);
        Real z[3] = {1, (Real)NAN, -1}, y[3];
        st_activation_forward(&call, y, z, 1, 3);
        if (!isnan(y[1])) fail_msg("%s of NaN is %g", st_activations[a].name, (double)y[1]);
    }
}

/* ---- regularizers and constraints ---- */

enum { WHOLE = sizeof oracle_whole / sizeof *oracle_whole, WEIGHTS_MAX = 2000 };

static double tolerance(double want) {
    return (sizeof(Real) == 8 ? 1e-12 : 2e-5) * (1 + fabs(want));
}

static void whole_weights(void **state) {
    (void)state;
    for (int i = 0; i < WHOLE; i++) {
        Real w[WEIGHTS_MAX], result[WEIGHTS_MAX];
        StShape shape;
        assert_true(st_shape_parse(oracle_whole[i].shape, &shape, NULL));
        int64_t n = st_shape_size(&shape);
        assert_in_range(n, 1, WEIGHTS_MAX);
        noise_state = 7;
        for (int64_t j = 0; j < n; j++)
            w[j] = (Real)noise(2);
        const char *text = oracle_whole[i].call;
        double value = 0, sum = 0, squares = 0;
        StError error = {0};
        char name[64] = "";
        memcpy(name, text, strcspn(text, ":"));
        if (st_choice_find(st_regularizers, name) > 0) {
            StCall call = call_of(st_regularizers, text);
            assert_true(st_regularizer_fits(&call, &shape, &error));
            memset(result, 0, sizeof result);
            value = st_regularizer_whole_value(&call, &shape, w);
            st_regularizer_whole_add_gradient(&call, &shape, result, w);
        } else {
            StCall call = call_of(st_constraints, text);
            assert_true(st_constraint_fits(&call, &shape, &error));
            memcpy(result, w, sizeof result);
            st_constraint_apply(&call, &shape, result);
        }
        for (int64_t j = 0; j < n; j++) {
            sum += (double)result[j] * noise(1);
            squares += (double)result[j] * (double)result[j];
        }
        if (fabs(value - oracle_whole[i].value) > tolerance(oracle_whole[i].value) ||
            fabs(sum - oracle_whole[i].sum) > tolerance(oracle_whole[i].sum) ||
            fabs(squares - oracle_whole[i].squares) > tolerance(oracle_whole[i].squares))
            fail_msg("%s of %s: %.12g %.12g %.12g, wanted %.12g %.12g %.12g", text, oracle_whole[i].shape,
                     value, sum, squares, oracle_whole[i].value, oracle_whole[i].sum,
                     oracle_whole[i].squares);
    }
}

static void everything_is_tested(void **state) {
    (void)state;
    const StChoice *const lists[] = {st_regularizers, st_constraints};
    for (int l = 0; l < 2; l++)
        for (const StChoice *choice = lists[l]; choice->name; choice++) {
            bool tested = strcmp(choice->name, "none") == 0;
            for (int i = 0; i < WHOLE; i++)
                tested = tested || (strncmp(oracle_whole[i].call, choice->name, strlen(choice->name)) == 0 &&
                                    strchr(":", oracle_whole[i].call[strlen(choice->name)]));
            if (!tested) fail_msg("%s has no fixture in tests/oracle/calls.py", choice->name);
            assert_true(choice->help && *choice->help);
        }
    for (int c = 0; st_constraints[c].name; c++)
        assert_true(*st_constraint_formula(c));
}

/* ---- initializers ---- */

/* Products of the vectors of an orthogonal weight against those of unit vectors times gain². */
static void orthogonal_to_a_millionth(void **state) {
    (void)state;
    const StShape shapes[] = {{2, {128, 512}}, {2, {300, 70}}, {2, {64, 64}}, {4, {3, 3, 8, 32}}, {1, {9}}};
    static Real w[128 * 512];
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        StWeight weight = {.shape = shapes[s], .initializer = call_of(st_initializers, "orthogonal:0.5")};
        StRng rng = st_rng(17, ST_STREAM_INIT, s, 0);
        assert_true(st_initializer_draw(&weight, w, &rng));
        int64_t columns = shapes[s].dim[shapes[s].rank - 1], rows = st_shape_size(&shapes[s]) / columns;
        int64_t count = rows < columns ? rows : columns, length = rows < columns ? columns : rows;
        int64_t next = rows < columns ? columns : 1, stride = rows < columns ? 1 : columns;
        for (int64_t a = 0; a < count; a++)
            for (int64_t b = 0; b <= a; b++) {
                double dot = 0;
                for (int64_t i = 0; i < length; i++)
                    dot += (double)w[a * next + i * stride] * (double)w[b * next + i * stride];
                if (fabs(dot - (a == b ? 0.25 : 0)) > 1e-7)
                    fail_msg("shape %d: vectors %d and %d: %g", (int)s, (int)a, (int)b, dot);
            }
    }
}

static void fits(char kind, const char *text, const char *shape_text, const char *refusal) {
    StShape shape;
    StError error = {0};
    StCall call = call_of(kind == 'i' ? st_initializers : st_regularizers, text);
    assert_true(st_shape_parse(shape_text, &shape, NULL));
    bool done =
        kind == 'i' ? st_initializer_fits(&call, &shape, &error) : st_regularizer_fits(&call, &shape, &error);
    assert_int_equal(done, refusal == NULL);
    if (refusal) assert_string_equal(error.message, refusal);
}

static void what_fits_a_weight(void **state) {
    (void)state;
    StError error = {0};
    fits('i', "orthogonal", "3x3x4", NULL);
    fits('i', "orthogonal", "3", "orthogonal: a weight of 3, wanted one of 2 extents or more");
    fits('i', "identity", "3x4", NULL);
    fits('i', "identity", "3x3x4", "identity: a weight of 3x3x4, wanted one of 2 extents");
    fits('i', "he_normal", "3", NULL);
    fits('r', "l1_l2", "3x3x4", NULL);
    fits('r', "orthogonal_regularizer", "2x1", NULL);
    fits('r', "orthogonal_regularizer:1:columns", "2x1",
         "orthogonal_regularizer: a weight of 2x1, wanted 2 columns or more");
    fits('r', "orthogonal", "3", "orthogonal: a weight of 3, wanted one of 2 extents");
    StCall call = call_of(st_regularizers, "orthogonal");
    assert_false(st_regularizer_fits(&call, NULL, &error));
    call = call_of(st_regularizers, "l1");
    assert_true(st_regularizer_fits(&call, NULL, &error));
    StShape shape = {2, {3, 4}};
    call = call_of(st_constraints, "max_norm:1:-2,1");
    assert_true(st_constraint_fits(&call, &shape, &error));
    call = call_of(st_constraints, "unit_norm:2");
    assert_false(st_constraint_fits(&call, &shape, &error));
    assert_string_equal(error.message, "unit_norm's axis 2: wanted -2 to 1 for a weight of 2 axes");
}

static void fans_by_shape(void **state) {
    (void)state;
    const struct {
        StShape shape;
        int64_t in, out;
    } wanted[] = {
        {{1, {7}}, 7, 7}, {{2, {3, 5}}, 3, 5}, {{3, {4, 3, 5}}, 12, 20}, {{4, {2, 4, 3, 5}}, 24, 40}};
    for (int i = 0; i < 4; i++) {
        int64_t in, out;
        st_initializer_fans(&wanted[i].shape, &in, &out);
        assert_int_equal(in, wanted[i].in);
        assert_int_equal(out, wanted[i].out);
    }
}

/* Keras' defaults: of l1_l2 what is not given adds nothing. */
static void lambdas_that_are_not_given(void **state) {
    (void)state;
    StCall call = call_of(st_regularizers, "l1_l2:0.5");
    assert_true(call.parameter[0] == 0.5 && call.parameter[1] == 0);
    call = call_of(st_regularizers, "l1");
    assert_true(call.parameter[0] == 0.01);
    call = call_of(st_regularizers, "l2");
    assert_true(call.parameter[0] == 0.01);
}

#define CALL_TESTS                                                                                           \
    cmocka_unit_test(activations_keep_their_digits), cmocka_unit_test(activations_repeat),                   \
        cmocka_unit_test(activations_pass_nan_on), cmocka_unit_test(whole_weights),                          \
        cmocka_unit_test(everything_is_tested), cmocka_unit_test(orthogonal_to_a_millionth),                 \
        cmocka_unit_test(what_fits_a_weight), cmocka_unit_test(fans_by_shape),                               \
        cmocka_unit_test(lambdas_that_are_not_given)
