/* The lens: scores, gradients by the input and by every layer's output against central differences, answers,
 * labels and samples. */
#define ST_DOUBLE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inspect/lens.h"
#include "inspect/study.h"
#include "trainer_setup.h"

#include <math.h>

typedef struct Held {
    Setup setup;
    StLens *lens;
} Held;

static Held hold(const char *text) {
    Held held;
    StError error = {0};
    StWeightSet start;
    setup_begin(&held.setup, text);
    StLensPlan plan = {&held.setup.stack, &held.setup.compile, held.setup.dataset, held.setup.seed};
    held.lens = st_lens_create(&plan, &error);
    if (!held.lens) fail_msg("%s", error.message);
    assert_true(st_lens_start(held.lens, &start, &error));
    assert_true(st_lens_look(held.lens, &start, &error));
    return held;
}

static void let_go(Held *held) {
    st_lens_destroy(held->lens);
    setup_end(&held->setup);
}

#define CLASSES                                                                                              \
    "data synthetic random samples=300 features=6 classes=4\n"                                               \
    "split train=0.5 test=0.5\n"                                                                             \
    "dense 7 tanh\n"                                                                                         \
    "batch_normalization\n"                                                                                  \
    "dense 5 gelu\n"                                                                                         \
    "dense 4 softmax\n"                                                                                      \
    "compile optimizer=adam loss=sparse_categorical_crossentropy\n"
#define BINARY                                                                                               \
    "data synthetic gauss samples=100\n"                                                                     \
    "dense 3 tanh\n"                                                                                         \
    "dense 1 sigmoid\n"                                                                                      \
    "compile optimizer=sgd loss=binary_crossentropy\n"
#define NUMBERS                                                                                              \
    "data synthetic plane samples=100\n"                                                                     \
    "dense 3 tanh\n"                                                                                         \
    "dense 1\n"                                                                                              \
    "compile optimizer=sgd loss=mse\n"

static double score_of(StLens *lens, int klass) {
    return st_lens_forward(lens, 1, true)[st_lens_output_of(lens, klass)];
}

static void scores_are_what_softmax_takes(void **state) {
    (void)state;
    Held held = hold(CLASSES);
    double score[4], sum = 0;
    st_lens_gather(held.lens, ST_TEST, NULL, 3, 1);
    assert_true(held.lens->logits);
    assert_int_equal(held.lens->classes, 4);
    memcpy(score, st_lens_forward(held.lens, 1, true), sizeof score);
    const double *p = st_lens_forward(held.lens, 1, false);
    for (int k = 0; k < 4; k++)
        sum += exp(score[k]);
    for (int k = 0; k < 4; k++)
        assert_true(fabs(p[k] - exp(score[k]) / sum) < 1e-14);
    int best = st_lens_answer(held.lens, 0);
    for (int k = 0; k < 4; k++)
        assert_true(p[k] <= p[best]);
    let_go(&held);
}

static void the_gradient_by_the_input_is_the_slope(void **state) {
    (void)state;
    Held held = hold(CLASSES);
    const double h = 1e-5;
    double gradient[2 * 6], score[2];
    int klass[2] = {2, 0};
    st_lens_gather(held.lens, ST_TRAIN, NULL, 0, 2);
    memcpy(gradient, st_lens_score_gradient(held.lens, 2, klass, score), sizeof gradient);
    assert_true(score[0] == score_of(held.lens, 2));
    double *x = st_lens_input(held.lens);
    for (int i = 0; i < 6; i++) {
        double before = x[i];
        x[i] = before + h;
        double up = score_of(held.lens, 2);
        x[i] = before - h;
        double down = score_of(held.lens, 2);
        x[i] = before;
        assert_true(fabs((up - down) / (2 * h) - gradient[i]) < 1e-8);
    }
    let_go(&held);
}

/* By the output of the first layer: a change of its bias is a change of what goes into tanh; so the slope by
 * a bias is that by the output times 1 - y². */
static void the_gradient_by_a_layers_output_is_the_slope(void **state) {
    (void)state;
    Held held = hold(CLASSES);
    const double h = 1e-5;
    double seed[4] = {0, 0, 0, 1}, gradient[7], y[7];
    int bias = -1;
    for (int i = 0; i < held.lens->tensors; i++)
        if (!strcmp(held.lens->tensor[i].name, "dense/bias")) bias = i;
    assert_true(bias >= 0);
    st_lens_gather(held.lens, ST_TRAIN, NULL, 5, 1);
    st_lens_forward(held.lens, 1, true);
    memcpy(y, st_lens_layer(held.lens, 0)->y, sizeof y);
    memcpy(gradient, st_lens_backward(held.lens, 1, seed, 0), sizeof gradient);
    for (int j = 0; j < 7; j++) {
        double *b = held.lens->weights + held.lens->tensor[bias].offset + j, before = *b;
        *b = before + h;
        double up = score_of(held.lens, 3);
        *b = before - h;
        double down = score_of(held.lens, 3);
        *b = before;
        assert_true(fabs((up - down) / (2 * h) - gradient[j] * (1 - y[j] * y[j])) < 1e-8);
    }
    let_go(&held);
}

#define PENALISED                                                                                            \
    "data synthetic random samples=60 features=5 classes=3\n"                                                \
    "dense 4 tanh activity_regularizer=l2:0.7\n"                                                             \
    "dense 3 softmax activity_regularizer=l1:0.3\n"                                                          \
    "compile optimizer=sgd loss=sparse_categorical_crossentropy\n"

/* What an output's regularizer adds to the loss is no part of a score. */
static void a_score_has_no_penalty(void **state) {
    (void)state;
    Held held = hold(PENALISED);
    const double h = 1e-5;
    int klass = 1;
    double gradient[5];
    st_lens_gather(held.lens, ST_TRAIN, NULL, 4, 1);
    memcpy(gradient, st_lens_score_gradient(held.lens, 1, &klass, NULL), sizeof gradient);
    double *x = st_lens_input(held.lens);
    for (int i = 0; i < 5; i++) {
        double before = x[i];
        x[i] = before + h;
        double up = score_of(held.lens, klass);
        x[i] = before - h;
        double down = score_of(held.lens, klass);
        x[i] = before;
        if (fabs((up - down) / (2 * h) - gradient[i]) >= 1e-8)
            fail_msg("input %d: %.9g, wanted %.9g", i, gradient[i], (up - down) / (2 * h));
    }
    let_go(&held);
}

static void one_sigmoid_says_yes_or_no(void **state) {
    (void)state;
    Held held = hold(BINARY);
    int yes = 1, no = 0;
    double score, other;
    assert_int_equal(held.lens->classes, 2);
    for (int row = 0; row < 20; row++) {
        st_lens_gather(held.lens, ST_TRAIN, NULL, row, 1);
        double a = st_lens_score_gradient(held.lens, 1, &yes, &score)[0];
        double b = st_lens_score_gradient(held.lens, 1, &no, &other)[0];
        assert_true(a == -b && score == -other);
        double p = *st_lens_forward(held.lens, 1, false);
        assert_true(fabs(p - 1 / (1 + exp(-score))) < 1e-14);
        assert_int_equal(st_lens_answer(held.lens, 0), p > 0.5);
        int32_t label;
        st_dataset_gather_labels(held.setup.dataset, ST_TRAIN, NULL, row, 1, &label);
        assert_int_equal(st_lens_label(held.lens, ST_TRAIN, row), label);
    }
    let_go(&held);
}

static void a_regression_has_no_classes(void **state) {
    (void)state;
    Held held = hold(NUMBERS);
    int none = 0;
    double score;
    assert_int_equal(held.lens->classes, 0);
    assert_int_equal(st_lens_label(held.lens, ST_TRAIN, 0), -1);
    st_lens_gather(held.lens, ST_TRAIN, NULL, 0, 1);
    st_lens_score_gradient(held.lens, 1, &none, &score);
    assert_true(score == *st_lens_forward(held.lens, 1, false));
    assert_int_equal(st_lens_answer(held.lens, 0), -1);
    let_go(&held);
}

static void random_weights_are_others_and_those_of_the_seed_the_start(void **state) {
    (void)state;
    Held held = hold(CLASSES);
    StError error = {0};
    double first = held.lens->weights[0];
    assert_true(st_lens_random(held.lens, 99, &error));
    assert_true(held.lens->weights[0] != first);
    assert_true(st_lens_random(held.lens, held.setup.seed, &error));
    assert_true(held.lens->weights[0] == first);
    let_go(&held);
}

static void a_sample_is_the_same_ascending_and_without_repetition(void **state) {
    (void)state;
    Held held = hold(CLASSES);
    int64_t one[300], two[300];
    assert_int_equal(st_lens_sample(held.lens, ST_TRAIN, 40, one), 40);
    assert_int_equal(st_lens_sample(held.lens, ST_TRAIN, 40, two), 40);
    assert_memory_equal(one, two, 40 * sizeof *one);
    for (int i = 1; i < 40; i++)
        assert_true(one[i] > one[i - 1] && one[i] < 150);
    assert_true(one[39] > 60); /* from all over the part */
    assert_int_equal(st_lens_sample(held.lens, ST_TEST, 300, one), 150);
    for (int i = 0; i < 150; i++)
        assert_int_equal(one[i], i);
    assert_int_equal(st_lens_part(held.lens, -1), ST_TEST);
    assert_int_equal(st_lens_part(held.lens, ST_TRAIN), ST_TRAIN);
    let_go(&held);
}

static void an_example_is_a_row_or_what_was_made(void **state) {
    (void)state;
    Held held = hold(CLASSES);
    StError error = {0};
    StFinding finding = {0};
    StAsk ask = st_ask(0);
    StJob job = {.lens = held.lens, .ask = &ask, .finding = &finding};
    float x[6], made[6] = {1, 2, 3, 4, 5, 6};
    ask.row = 12;
    assert_true(st_lens_example(&job, &error));
    st_dataset_gather_x(held.setup.dataset, ST_TEST, NULL, 12, 1, x);
    for (int i = 0; i < 6; i++)
        assert_true(st_lens_input(held.lens)[i] == (double)x[i]);
    assert_string_equal(st_finding_text(&finding, "part"), "test");
    assert_true(st_finding_value(&finding, "row") == 12);
    ask.input = made, ask.inputs = 6;
    assert_true(st_lens_example(&job, &error));
    assert_true(st_lens_input(held.lens)[5] == 6);
    ask.inputs = 5;
    assert_false(st_lens_example(&job, &error));
    assert_string_equal(error.message, "an example of 5 numbers, wanted 6");
    ask.input = NULL, ask.row = 150;
    assert_false(st_lens_example(&job, &error));
    assert_string_equal(error.message, "row 150: the test part has 150 rows, counted from 0");
    st_finding_clear(&finding);
    let_go(&held);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_what_softmax_takes),
        cmocka_unit_test(the_gradient_by_the_input_is_the_slope),
        cmocka_unit_test(the_gradient_by_a_layers_output_is_the_slope),
        cmocka_unit_test(a_score_has_no_penalty),
        cmocka_unit_test(one_sigmoid_says_yes_or_no),
        cmocka_unit_test(a_regression_has_no_classes),
        cmocka_unit_test(random_weights_are_others_and_those_of_the_seed_the_start),
        cmocka_unit_test(a_sample_is_the_same_ascending_and_without_repetition),
        cmocka_unit_test(an_example_is_a_row_or_what_was_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
