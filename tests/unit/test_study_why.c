/* The studies of "why" against fixtures (tests/oracle/inside_why.py), their control against the weights that
 * it names, and what they say where something cannot be had. */
#define ST_DOUBLE /* as the lens is */
#include "trainer_setup.h"
#include "study_case.h"

#include "oracle/inside_why.h"
#include <unistd.h>

enum { SEED = 7 };

typedef struct Case {
    Setup setup;
    StLens *lens;
    float *weights;
    StWeightSet set; /* what a study looks at */
    StFinding finding;
    StError error;
    char path[2][64];
} Case;

static Case *new_case(void) {
    Case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    for (int i = 0; i < 2; i++)
        snprintf(c->path[i], sizeof c->path[i], "/tmp/strata-why-%d-%d.csv", (int)getpid(), i);
    return c;
}

/* weights: one tensor behind the other; NULL: those of the start. */
static void lay_weights(Case *c, const double *weights) {
    c->weights = weights_of(c->lens, &c->set);
    if (weights) lay_out(&c->set, c->weights, weights);
}

/* The rest of the recipe behind `data csv FILE`; input of rank 0: as the data has it. */
static void open_lens(Case *c, const char *options, const char *rest, StShape input, const double *weights) {
    char text[1024];
    snprintf(text, sizeof text, "data csv %s %s\n%s", c->path[0], options, rest);
    setup_begin(&c->setup, text);
    c->setup.stack.input = input;
    c->lens = lens_of(&c->setup, SEED);
    lay_weights(c, weights);
}

static void close_case(Case *c) {
    st_finding_clear(&c->finding);
    st_lens_destroy(c->lens);
    setup_end(&c->setup);
    free(c->weights);
    unlink(c->path[0]);
    unlink(c->path[1]);
    free(c);
}

static bool ask(Case *c, const char *method, StAsk how) {
    how.study = st_study_find("why", method);
    assert_true(how.study >= 0);
    st_finding_clear(&c->finding);
    c->error = (StError){0};
    StSnapshot snapshot = {.weights = c->set, .step = -1, .epoch = -1};
    StJob job = {.lens = c->lens, .ask = &how, .snapshot = &snapshot, .finding = &c->finding};
    return st_lens_look(c->lens, &c->set, &c->error) && st_study_run(&job, &c->error);
}

static void found(Case *c, const char *method, StAsk how) {
    if (!ask(c, method, how)) fail_msg("%s: %s", method, c->error.message);
}

/* ---- against the fixtures ---- */

typedef struct Wanted {
    int inputs, klass;
    const double *score, *gradient, *integrated, *path, *gap, *smooth, *noise;
} Wanted;

#define WANTED(NAME, name)                                                                                   \
    &(Wanted) {                                                                                              \
        NAME##_INPUTS, NAME##_CLASS, name##_score, name##_gradient, name##_integrated, name##_path,          \
            name##_gap, name##_smooth, name##_noise                                                          \
    }

static void check_gradients(Case *c, StAsk how, const Wanted *w) {
    found(c, "saliency", how);
    is_fact(&c->finding, "class", w->klass);
    is_fact(&c->finding, "score", w->score[0]);
    is_array(&c->finding, "gradient", w->gradient, w->inputs);
    const double *saliency = array_of(&c->finding, "saliency", w->inputs);
    const double *attribution = array_of(&c->finding, "attribution", w->inputs);
    for (int i = 0; i < w->inputs; i++) {
        near("saliency", i, saliency[i], fabs(w->gradient[i]));
        near("attribution", i, attribution[i], saliency[i]);
    }
    found(c, "integrated_gradients", how);
    is_array(&c->finding, "integrated_gradients", w->integrated, w->inputs);
    is_array(&c->finding, "attribution", w->integrated, w->inputs);
    is_fact(&c->finding, "score", w->path[0]);
    is_fact(&c->finding, "baseline_score", w->path[1]);
    double gap = st_finding_value(&c->finding, "completeness_gap");
    assert_true(fabs(gap - w->gap[0]) < 1e-11);
    is_note(&c->finding, "baseline", "zeros");
    found(c, "smoothgrad", how);
    is_array(&c->finding, "smoothgrad", w->smooth, w->inputs);
    is_fact(&c->finding, "noise", w->noise[0]);
    is_fact(&c->finding, "samples", 25);
}

/* The first rows train, the others are the test part. */
static Case *open_table(const double *x, int inputs, const int *label, const double *target, int train,
                        int rows, const char *rest, const double *weights) {
    Case *c = new_case();
    char options[96];
    write_rows(c->path[0], x, inputs, label, target, train);
    write_rows(c->path[1], x + train * inputs, inputs, label ? label + train : NULL,
               target ? target + train : NULL, rows - train);
    snprintf(options, sizeof options, "test=%s %s", c->path[1], label ? "task=classification" : "");
    open_lens(c, options, rest, (StShape){0}, weights);
    return c;
}

typedef struct Rows {
    int column, rows;
    const double *occlusion, *mean, *error, *repeats, *importance, *spread;
    const double *values, *middle, *low, *high;
} Rows;

#define ROWS(NAME, name)                                                                                     \
    &(Rows) {                                                                                                \
        NAME##_COLUMN, NAME##_ROWS - NAME##_TRAIN, name##_occlusion, name##_mean, name##_error,              \
            name##_repeats, name##_importance, name##_spread, name##_values, name##_middle, name##_low,      \
            name##_high                                                                                      \
    }

static void check_rows(Case *c, StAsk how, int inputs, const Rows *w) {
    found(c, "occlusion", how);
    is_array(&c->finding, "occlusion", w->occlusion, inputs);
    is_array(&c->finding, "baseline_input", w->mean, inputs);
    is_note(&c->finding, "baseline", "mean");
    found(c, "permutation_importance", how);
    is_fact(&c->finding, "rows", w->rows);
    is_fact(&c->finding, "error", w->error[0]);
    is_array(&c->finding, "repeats", w->repeats, inputs * 5);
    is_array(&c->finding, "importance", w->importance, inputs);
    is_array(&c->finding, "attribution", w->importance, inputs);
    is_array(&c->finding, "spread", w->spread, inputs);
    assert_string_equal(st_finding_name_at(&c->finding, "names", 1), "x2");
    found(c, "partial_dependence", how);
    is_fact(&c->finding, "column", w->column);
    is_array(&c->finding, "values", w->values, 10);
    is_array(&c->finding, "values_raw", w->values, 10);
    is_array(&c->finding, "mean", w->middle, 10);
    is_array(&c->finding, "partial_dependence", w->middle, 10);
    is_array(&c->finding, "low", w->low, 10);
    is_array(&c->finding, "high", w->high, 10);
    how.column = w->column;
    found(c, "partial_dependence", how);
    is_array(&c->finding, "mean", w->middle, 10);
}

static StAsk about(int64_t row, int klass) {
    StAsk how = st_ask(0);
    how.row = row;
    how.klass = klass;
    return how;
}

static void test_classes(void **state) {
    (void)state;
    Case *c = open_table(many_x, MANY_INPUTS, many_target, NULL, MANY_TRAIN, MANY_ROWS,
                         "dense 5 tanh\ndense 4 softmax\ncompile sgd sparse_categorical_crossentropy\n",
                         many_weights);
    StAsk how = about(MANY_ROW, MANY_CLASS);
    check_gradients(c, how, WANTED(MANY, many));
    check_rows(c, how, MANY_INPUTS, ROWS(MANY, many));
    is_note(&c->finding, "part", "test");
    is_fact(&c->finding, "row", MANY_ROW);
    is_fact(&c->finding, "label", many_target[MANY_TRAIN + MANY_ROW]);
    near("probability", 0, array_of(&c->finding, "probabilities", 4)[MANY_CLASS], many_answer[0]);
    found(c, "saliency", about(MANY_ROW, -1)); /* the one answered */
    const double *p = array_of(&c->finding, "probabilities", 4);
    int answer = 0;
    for (int k = 1; k < 4; k++)
        if (p[k] > p[answer]) answer = k;
    is_fact(&c->finding, "answer", answer);
    is_fact(&c->finding, "class", answer);
    is_array(&c->finding, "input", many_x + (MANY_TRAIN + MANY_ROW) * MANY_INPUTS, MANY_INPUTS);
    close_case(c);
}

#define BINARY "dense 4 relu\ndense 1 sigmoid\ncompile sgd binary_crossentropy\n"

static void test_yes_or_no(void **state) {
    (void)state;
    Case *c = open_table(no_x, NO_INPUTS, no_target, NULL, NO_TRAIN, NO_ROWS, BINARY, no_weights);
    check_gradients(c, about(NO_ROW, 0), WANTED(NO, no));
    check_rows(c, about(NO_ROW, 0), NO_INPUTS, ROWS(NO, no));
    check_gradients(c, about(YES_ROW, 1), WANTED(YES, yes));
    check_rows(c, about(YES_ROW, 1), YES_INPUTS, ROWS(YES, yes));
    is_array(&c->finding, "probabilities", yes_answer, 1);
    close_case(c);
}

static void test_regression(void **state) {
    (void)state;
    Case *c = open_table(numbers_x, NUMBERS_INPUTS, NULL, numbers_target, NUMBERS_TRAIN, NUMBERS_ROWS,
                         "dense 3 tanh\ndense 1\ncompile sgd mse\n", numbers_weights);
    check_gradients(c, about(NUMBERS_ROW, -1), WANTED(NUMBERS, numbers));
    check_rows(c, about(NUMBERS_ROW, -1), NUMBERS_INPUTS, ROWS(NUMBERS, numbers));
    is_array(&c->finding, "probabilities", numbers_answer, 1);
    is_fact(&c->finding, "answer", NAN);
    is_fact(&c->finding, "label", NAN);
    close_case(c);
}

static Case *open_picture(const double *x, int inputs, const int *target, int rows, const char *rest,
                          StShape input, const double *weights) {
    Case *c = new_case();
    write_rows(c->path[0], x, inputs, target, NULL, rows);
    open_lens(c, "task=classification", rest, input, weights);
    return c;
}

#define STRIDED                                                                                              \
    "conv2d 2 3 strides=2 activation=relu\nconv2d 3 3 padding=same "                                         \
    "activation=tanh\nmax_pooling2d\nflatten\n"                                                              \
    "dense 3 softmax\ncompile sgd sparse_categorical_crossentropy\n"

static void check_strided(Case *c) {
    StAsk how = about(STRIDED_ROW, STRIDED_CLASS);
    check_gradients(c, how, WANTED(STRIDED, strided));
    found(c, "occlusion", how);
    is_fact(&c->finding, "patch", STRIDED_PATCH);
    is_fact(&c->finding, "stride", STRIDED_STRIDE);
    is_array(&c->finding, "patches", strided_patches, STRIDED_DOWN * STRIDED_ACROSS);
    is_array(&c->finding, "occlusion", strided_occlusion, STRIDED_INPUTS);
    is_array(&c->finding, "probabilities", strided_outputs, 3);
    found(c, "grad_cam", how);
    is_array(&c->finding, "cam", strided_cam, 10 * 11);
    is_array(&c->finding, "weights", strided_channel, 3);
    is_array(&c->finding, "attribution", strided_large, STRIDED_INPUTS);
    is_array(&c->finding, "grad_cam", strided_large, STRIDED_INPUTS);
}

static void test_picture(void **state) {
    (void)state;
    Case *c = open_picture(strided_x, STRIDED_INPUTS, strided_target, STRIDED_ROWS, STRIDED,
                           st_shape(3, 22, 23, 1), strided_weights);
    check_strided(c);
    is_fact(&c->finding, "layer", 1);
    const double extent[3] = {22, 23, 1};
    is_array(&c->finding, "input_shape", extent, 3);
    StAsk how = about(STRIDED_ROW, STRIDED_CLASS);
    how.layer = 0;
    found(c, "grad_cam", how);
    array_of(&c->finding, "weights", 2);
    how.layer = 4;
    assert_false(ask(c, "grad_cam", how));
    assert_non_null(strstr(c->error.message, "no map"));
    assert_false(ask(c, "permutation_importance", about(0, -1)));
    assert_non_null(strstr(c->error.message, "256"));
    close_case(c);
}

/* Loose numbers that a layer makes a picture of are one. */
static void test_reshaped(void **state) {
    (void)state;
    Case *c = open_picture(strided_x, STRIDED_INPUTS, strided_target, STRIDED_ROWS,
                           "reshape 22x23x1\n" STRIDED, (StShape){0}, strided_weights);
    check_strided(c);
    const double extent[1] = {STRIDED_INPUTS};
    is_array(&c->finding, "input_shape", extent, 1);
    close_case(c);
}

static void test_channels(void **state) {
    (void)state;
    Case *c = open_picture(channels_x, CHANNELS_INPUTS, channels_target, CHANNELS_ROWS,
                           "conv2d 3 2 activation=relu\nglobal_average_pooling2d\ndense 3\n"
                           "compile sgd sparse_categorical_crossentropy from_logits=yes\n",
                           st_shape(3, 4, 5, 2), channels_weights);
    StAsk how = about(CHANNELS_ROW, CHANNELS_CLASS);
    check_gradients(c, how, WANTED(CHANNELS, channels));
    found(c, "occlusion", how);
    is_array(&c->finding, "occlusion", channels_occlusion, CHANNELS_INPUTS);
    is_array(&c->finding, "patches", channels_patches, CHANNELS_DOWN * CHANNELS_ACROSS);
    is_array(&c->finding, "probabilities", channels_outputs, 3); /* though the network puts out logits */
    found(c, "grad_cam", how);
    is_array(&c->finding, "cam", channels_cam, 3 * 4);
    const double *large = array_of(&c->finding, "attribution", CHANNELS_INPUTS);
    for (int i = 0; i < CHANNELS_INPUTS; i++)
        near("attribution", i, large[i], channels_large[i / 2]); /* both channels alike */
    found(c, "permutation_importance", how);
    assert_string_equal(st_finding_name_at(&c->finding, "names", 11), "x12");
    close_case(c);
}

/* ---- the control ---- */

static double correlation_of(const double *a, const double *b, int64_t count) {
    double rank[2][64], sum[3] = {0};
    const double *const v[2] = {a, b};
    for (int s = 0; s < 2; s++)
        for (int64_t i = 0; i < count; i++) {
            rank[s][i] = -(double)count / 2;
            for (int64_t k = 0; k < count; k++)
                rank[s][i] += v[s][k] < v[s][i] ? 1 : v[s][k] == v[s][i] ? 0.5 : 0;
        }
    for (int64_t i = 0; i < count; i++) {
        sum[0] += rank[0][i] * rank[1][i];
        sum[1] += rank[0][i] * rank[0][i];
        sum[2] += rank[1][i] * rank[1][i];
    }
    return sum[0] / sqrt(sum[1] * sum[2]);
}

/* With the random weights laid, each method's own result is what it gave as the control; and a study leaves
 * the snapshot's weights behind. */
static void test_control(void **state) {
    (void)state;
    static const char *const methods[] = {"saliency",  "integrated_gradients",   "smoothgrad",
                                          "occlusion", "permutation_importance", "partial_dependence"};
    Case *c = open_table(many_x, MANY_INPUTS, many_target, NULL, MANY_TRAIN, MANY_ROWS,
                         "dense 5 tanh\ndense 4 softmax\ncompile sgd sparse_categorical_crossentropy\n",
                         many_weights);
    assert_true(st_lens_random(c->lens, SEED + 1, &c->error));
    float *random = malloc((size_t)c->set.total * sizeof *random);
    assert_non_null(random);
    for (int64_t i = 0; i < c->set.total; i++)
        random[i] = (float)c->lens->weights[i];
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        const char *own = m == 5 ? "mean" : "attribution";
        int64_t size = m == 5 ? 10 : MANY_INPUTS;
        double control[16];
        StAsk how = about(MANY_ROW, MANY_CLASS);
        how.column = m == 5 ? 1 : -1;
        found(c, methods[m], how);
        memcpy(control, array_of(&c->finding, "control", size), (size_t)size * sizeof *control);
        is_fact(&c->finding, "control_correlation",
                correlation_of(array_of(&c->finding, own, size), control, size));
        for (int64_t i = 0; i < c->set.total; i++)
            assert_true(c->lens->weights[i] == (double)c->weights[i]);
        c->set.values = random;
        found(c, methods[m], how);
        is_array(&c->finding, own, control, size);
        is_fact(&c->finding, "control_correlation", 1);
        c->set.values = c->weights;
    }
    free(random);
    close_case(c);
}

static void test_ranks(void **state) {
    (void)state;
    near("correlation", 0, correlation_of(ranks_a, ranks_b, 40), ranks_correlation[0]);
}

/* ---- tables with categories ---- */

static void test_categories(void **state) {
    (void)state;
    Case *c = new_case();
    FILE *out = fopen(c->path[0], "w");
    assert_non_null(out);
    fprintf(out, "size,colour,weight,kind\n");
    static const char *const colour[] = {"red", "green", "blue"};
    for (int i = 0; i < 60; i++)
        fprintf(out, "%d,%s,%d,%s\n", i % 7, colour[i % 3], 10 * (i % 5), i % 3 == 2 ? "b" : "a");
    fclose(out);
    open_lens(c, "", "prepare standardize\ndense 2 softmax\ncompile sgd sparse_categorical_crossentropy\n",
              (StShape){0}, NULL);
    assert_int_equal(c->lens->in_size, 5);
    /* size, blue, green, red, weight: only blue says b */
    static const float kernel[5][2] = {{0, 0}, {0, 8}, {0, 0}, {4, 0}, {0, 0}};
    memcpy(c->weights, kernel, sizeof kernel);
    found(c, "permutation_importance", about(0, -1));
    static const char *const names[] = {"size", "colour", "weight"};
    assert_int_equal(st_finding_names(&c->finding, "names"), 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(st_finding_name_at(&c->finding, "names", i), names[i]);
    const double *importance = array_of(&c->finding, "importance", 3);
    assert_true(importance[0] == 0 && importance[2] == 0);
    assert_true(importance[1] > 0.2); /* two thirds of the blue ones and half of the others' third */
    StAsk how = about(0, 1);
    how.column = 4;
    found(c, "partial_dependence", how);
    is_note(&c->finding, "column_name", "weight");
    const double *raw = array_of(&c->finding, "values_raw", 10), *value = array_of(&c->finding, "values", 10);
    for (int v = 0; v < 10; v++)
        assert_true(fabs(raw[v] - 40.0 / 9 * v) < 1e-5 && fabs(value[v] - (raw[v] - 20) / sqrt(200)) < 1e-6);
    how.column = 5;
    assert_false(ask(c, "partial_dependence", how));
    assert_non_null(strstr(c->error.message, "5 inputs"));
    assert_false(ask(c, "saliency", about(0, 2)));
    assert_non_null(strstr(c->error.message, "2 classes"));
    assert_false(ask(c, "saliency", about(60, 0)));
    assert_non_null(strstr(c->error.message, "60 rows"));
    assert_false(ask(c, "grad_cam", about(0, 0)));
    assert_non_null(strstr(c->error.message, "no convolution"));
    close_case(c);
}

/* ---- filling in, and being stopped ---- */

typedef struct Watch {
    int calls, known; /* patches known at the fifth call */
    double last;
} Watch;

static bool watch(StJob *job, double done, StError *error) {
    Watch *w = job->context;
    int64_t size;
    const double *patches = st_finding_values(job->finding, "patches", &size);
    assert_true(done >= w->last && done <= 1);
    w->last = done;
    if (++w->calls < 5) return true;
    for (int64_t i = 0; i < size; i++)
        w->known += !isnan(patches[i]);
    return st_fail(error, ST_ERR_STOPPED, "stopped");
}

static void test_fills_in(void **state) {
    (void)state;
    Case *c = new_case();
    double x[2 * 784];
    for (int i = 0; i < 2 * 784; i++)
        x[i] = (i % 13) / 16.0;
    int target[2] = {0, 1};
    write_rows(c->path[0], x, 784, target, NULL, 2);
    open_lens(
        c, "task=classification",
        "conv2d 8 5 activation=relu\nflatten\ndense 2 softmax\ncompile sgd sparse_categorical_crossentropy\n",
        st_shape(3, 28, 28, 1), NULL);
    StAsk how = about(0, -1);
    how.study = st_study_find("why", "occlusion");
    Watch seen = {0};
    StSnapshot snapshot = {.weights = c->set};
    StJob job = {c->lens, &how, &snapshot, NULL, NULL, &c->finding, watch, &seen};
    assert_true(st_lens_look(c->lens, &c->set, &c->error));
    assert_false(st_study_run(&job, &c->error));
    assert_int_equal(seen.calls, 5);
    assert_true(seen.known > 0 && seen.known < 144);
    assert_true(seen.last > 0 && seen.last < 0.5); /* the control comes behind */
    found(c, "occlusion", about(0, -1));
    is_fact(&c->finding, "patch", 5);
    is_fact(&c->finding, "stride", 2);
    array_of(&c->finding, "patches", 144);
    const double *out = array_of(&c->finding, "occlusion", 784);
    assert_true(!isnan(out[26 * 28 + 26]) && isnan(out[27 * 28 + 27])); /* no patch reaches the last line */
    close_case(c);
}

/* Scores that are no probabilities: of the first of two classes its negative counts. */
static void test_signs(void **state) {
    (void)state;
    Case *c = open_table(no_x, NO_INPUTS, no_target, NULL, NO_TRAIN, NO_ROWS,
                         "dense 4 relu\ndense 1 tanh\ncompile sgd hinge\n", no_weights);
    for (int klass = 0; klass < 2; klass++) {
        found(c, "saliency", about(NO_ROW, klass));
        double y = tanh(yes_score[0]);
        is_fact(&c->finding, "score", klass ? y : -y);
        is_fact(&c->finding, "answer", y > 0);
        is_array(&c->finding, "probabilities", &y, 1);
        is_note(&c->finding, "outputs_are", "scores");
    }
    StAsk how = about(NO_ROW, 0);
    how.column = 0;
    found(c, "partial_dependence", how);
    double first[10];
    memcpy(first, array_of(&c->finding, "mean", 10), sizeof first);
    assert_non_null(array_of(&c->finding, "row_index", (int)st_finding_value(&c->finding, "rows")));
    how.klass = 1;
    found(c, "partial_dependence", how);
    for (int v = 0; v < 10; v++)
        near("mean", v, array_of(&c->finding, "mean", 10)[v], -first[v]);
    close_case(c);
}

/* Words have no gradient; they can be left out. */
static void test_words(void **state) {
    (void)state;
    Case *c = new_case();
    double x[6 * 4];
    int target[6];
    for (int i = 0; i < 24; i++)
        x[i] = (i * 7) % 5;
    for (int i = 0; i < 6; i++)
        target[i] = i % 2;
    write_rows(c->path[0], x, 4, target, NULL, 6);
    open_lens(c, "task=classification",
              "embedding 5 3\nflatten\ndense 2 softmax\ncompile sgd sparse_categorical_crossentropy\n",
              (StShape){0}, NULL);
    static const char *const without[] = {"saliency", "integrated_gradients", "smoothgrad",
                                          "partial_dependence"};
    for (int i = 0; i < 4; i++) {
        assert_false(ask(c, without[i], about(0, -1)));
        assert_non_null(strstr(c->error.message, "words"));
        assert_int_equal(strstr(c->error.message, "gradient") != NULL, i < 3);
    }
    found(c, "occlusion", about(0, -1));
    is_note(&c->finding, "baseline", "word 0");
    found(c, "permutation_importance", about(0, -1));
    close_case(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),  cmocka_unit_test(test_yes_or_no), cmocka_unit_test(test_regression),
        cmocka_unit_test(test_picture),  cmocka_unit_test(test_reshaped),  cmocka_unit_test(test_channels),
        cmocka_unit_test(test_control),  cmocka_unit_test(test_ranks),     cmocka_unit_test(test_categories),
        cmocka_unit_test(test_fills_in), cmocka_unit_test(test_words),     cmocka_unit_test(test_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
