/* The gradient check: right gradients pass, kinks are left out and counted, and a wrong gradient is found. */
#include "train/check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static StWords words;

static void read_stack(StStack *stack, const char *layers) {
    char copy[400], *rest = copy;
    st_stack_init(stack);
    snprintf(copy, sizeof copy, "%s", layers);
    for (char *line; (line = strsep(&rest, ";"));) {
        StLayer layer;
        assert_true(st_words_split(line, &words, NULL));
        if (strcmp(words.word[0].text, "input") == 0) {
            assert_true(st_shape_parse(words.word[1].text, &stack->input, NULL));
            continue;
        }
        assert_true(st_layer_parse(&layer, words.word, words.count, NULL));
        assert_true(st_stack_insert(stack, stack->count, &layer, NULL));
    }
}

static void read_compile(StCompile *compile, const char *line) {
    st_compile_default(compile);
    assert_true(st_words_split(line, &words, NULL));
    assert_true(st_compile_parse(compile, words.word, words.count, NULL));
}

static bool check(const char *layers, const char *compile, const StDataset *dataset, StCheckReport *report,
                  StError *error) {
    StStack stack;
    StCompile spec;
    read_stack(&stack, layers);
    read_compile(&spec, compile);
    StCheckPlan plan = {.stack = &stack, .compile = &spec, .dataset = dataset, .seed = 4};
    bool done = st_check(&plan, report, error);
    st_stack_free(&stack);
    return done;
}

/* All rows hold, and at most a tenth of the entries lies at a kink. */
static void holds(const char *layers, const char *compile, const StDataset *dataset) {
    StCheckReport report;
    StError error = {0};
    if (!check(layers, compile, dataset, &report, &error)) fail_msg("%s: %s", layers, error.message);
    for (int i = 0; i < report.count; i++) {
        const StCheckRow *row = &report.rows[i];
        if (!(row->worst < 1e-6))
            fail_msg("%s, %s: %s is off by %g at %s[%d]: %.12g, wanted %.12g", layers, compile, row->name,
                     row->worst, row->where, (int)row->entry, row->gradient, row->difference);
        assert_true(row->kinks <= row->entries / 10);
    }
    st_check_free(&report);
}

static void test_every_loss(void **state) {
    (void)state;
    const char *targets[] = {"sparse_categorical_crossentropy", "categorical_crossentropy"};
    for (int i = 0; i < 2; i++) {
        char line[200];
        snprintf(line, sizeof line, "adam %s", targets[i]);
        holds("input 6;dense 5 tanh;dense 4 softmax", line, NULL);
        holds("input 3x6;dense 5 tanh;dense 4 softmax", line, NULL);
        holds("input 6;dense 5 tanh;dense 4 sigmoid", line, NULL); /* probabilities that are no softmax */
        snprintf(line, sizeof line, "adam %s from_logits=yes", targets[i]);
        holds("input 6;dense 5 tanh;dense 4", line, NULL);
        holds("input 6;dense 5 tanh;dense 4 softmax", line, NULL);
    }
    holds("input 6;dense 5 tanh;dense 4 softmax", "adam categorical_crossentropy label_smoothing=0.2", NULL);
    holds("input 6;dense 5 tanh;dense 3 sigmoid", "adam binary_crossentropy label_smoothing=0.2", NULL);
    holds("input 6;dense 5 tanh;dense 3 softmax", "adam binary_crossentropy", NULL);
    holds("input 6;dense 5 tanh;dense 3", "adam binary_crossentropy from_logits=yes", NULL);
    holds("input 6;dense 5 tanh;dense 3", "adam mse", NULL);
    holds("input 6;dense 5 tanh;dense 3", "adam mae", NULL);
}

static void test_layers_and_regularizers(void **state) {
    (void)state;
    const char *activations[] = {"linear", "relu", "leaky_relu", "elu",      "selu",   "gelu",
                                 "silu",   "tanh", "sigmoid",    "softplus", "softmax"};
    for (int i = 0; i < 11; i++) {
        char layers[200];
        snprintf(layers, sizeof layers, "input 6;dense 9 %s;dense 3", activations[i]);
        holds(layers, "adam mse", NULL);
        snprintf(layers, sizeof layers, "input 6;dense 9;activation %s;dropout 0.4;dense 3", activations[i]);
        holds(layers, "adam mse", NULL);
    }
    holds("input 2x3;flatten;dense 7 tanh kernel_regularizer=l1_l2:0.02:0.03;"
          "dense 3 kernel_regularizer=l2 bias_regularizer=l2:0.5",
          "adam mse", NULL);
}

static void test_data(void **state) {
    (void)state;
    const char *lines[][3] = {
        {"synthetic circle", "dense 5 tanh;dense 1 sigmoid", "adam binary_crossentropy"},
        {"synthetic random features=8 classes=5", "dense 5 softmax", "adam sparse_categorical_crossentropy"},
        {"synthetic random features=8 classes=5", "dense 5 softmax", "adam categorical_crossentropy"},
        {"synthetic plane", "dense 5 tanh;dense 1", "adam mse"},
    };
    for (int i = 0; i < 4; i++) {
        StDataSpec spec;
        assert_true(st_words_split(lines[i][0], &words, NULL));
        assert_true(st_data_parse(&spec, words.word, words.count, NULL));
        StDataset *dataset = st_dataset_load(&spec, NULL, NULL, NULL, NULL, 1, NULL);
        assert_non_null(dataset);
        holds(lines[i][1], lines[i][2], dataset);
        st_dataset_destroy(dataset);
    }
}

/* A relu whose inputs are all exactly 0 stands on its kink with every weight. */
static void test_kinks_are_counted(void **state) {
    (void)state;
    StCheckReport report;
    assert_true(
        check("input 3;dense 4 relu kernel_initializer=zeros;dense 2", "adam mse", NULL, &report, NULL));
    assert_int_equal(report.count, 3);
    assert_string_equal(report.rows[0].name, "dense");
    assert_string_equal(report.rows[1].name, "dense_1");
    assert_string_equal(report.rows[2].name, "input");
    assert_int_equal(report.rows[2].layer, -1);
    assert_int_equal(report.rows[0].entries, 16);
    assert_int_equal(report.rows[0].kinks, 16);
    assert_true(isnan(report.rows[0].worst));
    assert_int_equal(report.rows[1].kinks, 0);
    assert_true(report.rows[1].worst < 1e-6);
    st_check_free(&report);
}

static void test_large_tensors_are_sampled(void **state) {
    (void)state;
    StCheckReport report;
    assert_true(check("input 30;dense 20 tanh;dense 2", "adam mse", NULL, &report, NULL));
    assert_int_equal(report.rows[0].entries, 620);
    assert_int_equal(report.rows[0].checked, 120);
    st_check_free(&report);
}

static void test_refusals(void **state) {
    (void)state;
    StCheckReport report;
    StError error = {0};
    assert_false(check("input 3;dense 1", "adam sparse_categorical_crossentropy", NULL, &report, &error));
    assert_null(report.rows);
    assert_int_equal(error.code, ST_ERR_SHAPE);
}

/* ---- the comparison by itself ---- */

enum { COUNT = 6 };

/* Smooth in the first four, |x| in the last two: the fifth stands on its kink, the sixth just beside it. */
static double curve(void *context) {
    const double *x = context;
    return sin(x[0]) + exp(3 * x[1]) + x[2] * x[3] * x[3] + 0.7 * fabs(x[4]) + 0.7 * fabs(x[5]);
}

static StCheckRow compare(double wrong) {
    double x[COUNT] = {0.3, 0.5, -1, 2, 0, 4e-6};
    double gradient[COUNT] = {cos(0.3), 3 * exp(1.5) * wrong, 4, -4, 0.7, 0.7}, before[COUNT];
    memcpy(before, x, sizeof x);
    StCheckFunction function = {.name = "curve",
                                .value = curve,
                                .context = x,
                                .x = x,
                                .gradient = gradient,
                                .size = COUNT,
                                .samples = COUNT,
                                .seed = 1};
    StCheckRow row = {.worst = NAN};
    st_check_function(&function, &row);
    assert_memory_equal(x, before, sizeof x);
    return row;
}

static void test_a_wrong_gradient_is_found(void **state) {
    (void)state;
    StCheckRow right = compare(1), wrong = compare(1.0001);
    assert_true(right.worst < 1e-7);
    assert_int_equal(right.checked, 4);
    assert_int_equal(right.kinks, 2);
    assert_true(wrong.worst > 0.9e-4 && wrong.worst < 1.1e-4);
    assert_int_equal(wrong.checked, 4);
    assert_int_equal(wrong.entry, 1);
    assert_string_equal(wrong.where, "curve");
    assert_true(fabs(wrong.difference - 3 * exp(1.5)) < 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_loss),
        cmocka_unit_test(test_layers_and_regularizers),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_kinks_are_counted),
        cmocka_unit_test(test_large_tensors_are_sampled),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_a_wrong_gradient_is_found),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
