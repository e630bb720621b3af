/* The studies of mistakes against fixtures (tests/oracle/inside_mistakes.py), and where there is nothing to
 * divide by: parts of one class, classes that are never answered, rows without a class. */
#include "trainer_setup.h"
#include "study_case.h"

#include "oracle/inside_mistakes.h"
#include <unistd.h>

typedef struct Case {
    Setup setup;
    StLens *lens;
    float *weights;
    StFinding finding;
    StError error;
    char path[2][64];
} Case;

/* weights: one tensor behind the other; NULL: all 0. */
static void lay_weights(Case *c, const double *weights) {
    StWeightSet set;
    c->weights = weights_of(c->lens, &set);
    memset(c->weights, 0, (size_t)set.total * sizeof *c->weights);
    if (weights) lay_out(&set, c->weights, weights);
    assert_true(st_lens_look(c->lens, &set, &c->error));
}

static void open_lens(Case *c, const char *text, const double *weights) {
    setup_begin(&c->setup, text);
    c->lens = lens_of(&c->setup, 7);
    lay_weights(c, weights);
}

/* Rows in a file of their own, or two, the second of the test part; NULL: there is none. */
static Case *open_case(const char *source, const char *rest, const char *train, const char *test,
                       const double *weights) {
    Case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    char text[1024];
    const char *const content[2] = {train, test};
    for (int i = 0; i < 2; i++) {
        snprintf(c->path[i], sizeof c->path[i], "/tmp/strata-mistakes-%d-%d.csv", (int)getpid(), i);
        FILE *out = content[i] ? fopen(c->path[i], "w") : NULL;
        if (out) fputs(content[i], out), fclose(out);
    }
    snprintf(text, sizeof text, "data csv %s %s%s %s\n%s", c->path[0], test ? "test=" : "",
             test ? c->path[1] : "", source, rest);
    open_lens(c, text, weights);
    return c;
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
    how.study = st_study_find("mistakes", method);
    assert_true(how.study >= 0);
    st_finding_clear(&c->finding);
    c->error = (StError){0};
    StSnapshot snapshot = {.step = -1, .epoch = -1};
    StJob job = {.lens = c->lens, .ask = &how, .snapshot = &snapshot, .finding = &c->finding};
    return st_study_run(&job, &c->error);
}

static void found(Case *c, const char *method, StAsk how) {
    if (!ask(c, method, how)) fail_msg("%s: %s", method, c->error.message);
}

static void is_whole(const Case *c, const char *name, const int *wanted, int64_t count) {
    const double *values = array_of(&c->finding, name, count);
    for (int64_t i = 0; i < count; i++)
        near(name, i, values[i], wanted[i]);
}

/* ---- against the fixtures ---- */

#define MANY "dense 5 tanh\ndense 6 softmax\ncompile sgd sparse_categorical_crossentropy\n"
#define TWO  "dense 2 relu\ndense 1 sigmoid\ncompile sgd binary_crossentropy\n"

static Case *fixture(const char *rest, const double *x, int inputs, const int *label, const double *target,
                     int rows, const double *weights) {
    Case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    char text[1024];
    snprintf(c->path[0], sizeof c->path[0], "/tmp/strata-mistakes-%d.csv", (int)getpid());
    write_rows(c->path[0], x, inputs, label, target, rows);
    snprintf(text, sizeof text, "data csv %s task=%s\n%s", c->path[0],
             label ? "classification" : "regression", rest);
    open_lens(c, text, weights);
    return c;
}

static Case *many_case(void) {
    return fixture(MANY, many_x, 4, many_labels, NULL, MANY_ROWS, many_weights);
}

static Case *two_case(void) {
    return fixture(TWO, two_x, 3, two_labels, NULL, TWO_ROWS, two_weights);
}

#define CHECK_CONFUSION(c, name, classes)                                                                    \
    do {                                                                                                     \
        found(c, "confusion", st_ask(0));                                                                    \
        is_whole(c, "confusion", name##_confusion, (classes) * (classes));                                   \
        is_array(&c->finding, "precision", name##_precision, classes);                                       \
        is_array(&c->finding, "recall", name##_recall, classes);                                             \
        is_array(&c->finding, "f1", name##_f1, classes);                                                     \
        is_fact(&c->finding, "macro_precision", name##_macro[0]);                                            \
        is_fact(&c->finding, "macro_recall", name##_macro[1]);                                               \
        is_fact(&c->finding, "macro_f1", name##_macro[2]);                                                   \
        is_fact(&c->finding, "worst_true", name##_worst[0]);                                                 \
        is_fact(&c->finding, "worst_predicted", name##_worst[1]);                                            \
        is_fact(&c->finding, "worst_count",                                                                  \
                name##_confusion[name##_worst[0] * (classes) + name##_worst[1]]);                            \
    } while (0)

static void test_confusion(void **state) {
    (void)state;
    Case *c = many_case();
    CHECK_CONFUSION(c, many, MANY_CLASSES);
    is_fact(&c->finding, "rows", MANY_ROWS);
    is_fact(&c->finding, "wrong", (double)(sizeof many_row / sizeof *many_row));
    is_fact(&c->finding, "accuracy", 1 - (double)(sizeof many_row / sizeof *many_row) / MANY_ROWS);
    assert_string_equal(st_finding_text(&c->finding, "part"), "train");
    assert_int_equal(st_finding_names(&c->finding, "classes"), 6);
    assert_string_equal(st_finding_name_at(&c->finding, "classes", 5), "5");
    is_note(&c->finding, "verdict", "2 is taken for 0 most often: 10 times; 2 is missed most: 27 of 27");
    close_case(c);
    c = two_case();
    CHECK_CONFUSION(c, two, TWO_CLASSES);
    close_case(c);
}

#define CHECK_EXAMPLES(c, name)                                                                              \
    do {                                                                                                     \
        int64_t listed = sizeof name##_row / sizeof *name##_row;                                             \
        found(c, "examples", st_ask(0));                                                                     \
        is_fact(&c->finding, "count", (double)listed);                                                       \
        is_whole(c, "row", name##_row, listed);                                                              \
        is_array(&c->finding, "confidence", name##_confidence, listed);                                      \
        is_array(&c->finding, "true_probability", name##_true_probability, listed);                          \
        is_array(&c->finding, "loss", name##_loss, listed);                                                  \
        StAsk how = st_ask(0);                                                                               \
        how.klass = name##_worst[0], how.unit = name##_worst[1];                                             \
        found(c, "examples", how);                                                                           \
        is_whole(c, "row", name##_cell, sizeof name##_cell / sizeof *name##_cell);                           \
    } while (0)

static void test_examples(void **state) {
    (void)state;
    Case *c = many_case();
    CHECK_EXAMPLES(c, many);
    is_note(&c->finding, "cell", "true 2, answered 0");
    found(c, "examples", st_ask(0));
    const double *tops =
        array_of(&c->finding, "top_class", 6 * (int64_t)(sizeof many_row / sizeof *many_row));
    for (int k = 0; k < 6; k++)
        near("top_class", k, tops[k], many_tops[k]);
    const double *p = st_finding_values(&c->finding, "probabilities", NULL);
    for (int k = 0; k < 6; k++)
        near("probabilities", k, p[many_tops[k]], many_top_probability[k]);
    is_fact(&c->finding, "chosen_row", many_row[0]);
    close_case(c);
    c = two_case();
    CHECK_EXAMPLES(c, two);
    close_case(c);
}

/* What is asked for by number and by row; a cell of right answers begins with those that it is least sure of.
 */
static void test_examples_asked(void **state) {
    (void)state;
    Case *c = many_case();
    StAsk how = st_ask(0);
    how.count = 3, how.row = 7;
    found(c, "examples", how);
    is_whole(c, "row", many_row, 3);
    is_fact(&c->finding, "count", (double)(sizeof many_row / sizeof *many_row));
    is_fact(&c->finding, "chosen_row", 7);
    is_fact(&c->finding, "chosen_true", many_labels[7]);
    how.row = MANY_ROWS;
    assert_false(ask(c, "examples", how));
    assert_string_equal(c->error.message, "row 90: the train part has 90 rows, counted from 0");
    how = st_ask(0);
    how.klass = how.unit = 5;
    found(c, "examples", how);
    assert_true(st_finding_shape(&c->finding, "row")->dim[0] == 0);
    how.klass = how.unit = 0;
    found(c, "examples", how);
    const double *confidence = array_of(&c->finding, "confidence", 7);
    for (int i = 1; i < 7; i++)
        assert_true(confidence[i - 1] <= confidence[i]);
    how.klass = 6;
    assert_false(ask(c, "examples", how));
    assert_string_equal(c->error.message, "class 6: there are 6, counted from 0");
    close_case(c);
}

#define CHECK_CURVE(c, name)                                                                                 \
    do {                                                                                                     \
        StAsk how = st_ask(0);                                                                               \
        how.klass = 1;                                                                                       \
        found(c, "curve", how);                                                                              \
        is_fact(&c->finding, "auc", name##_curve[0]);                                                        \
        is_fact(&c->finding, "average_precision", name##_curve[1]);                                          \
        int64_t cuts = sizeof name##_points / sizeof *name##_points / 4;                                     \
        const double *threshold = array_of(&c->finding, "thresholds", cuts + 1),                             \
                     *tpr = array_of(&c->finding, "tpr", cuts + 1),                                          \
                     *fpr = array_of(&c->finding, "fpr", cuts + 1),                                          \
                     *precision = array_of(&c->finding, "precision", cuts + 1);                              \
        for (int64_t i = 0; i < cuts; i++) {                                                                 \
            near("threshold", i, threshold[i + 1], name##_points[4 * i]);                                    \
            near("tpr", i, tpr[i + 1], name##_points[4 * i + 1]);                                            \
            near("fpr", i, fpr[i + 1], name##_points[4 * i + 2]);                                            \
            near("precision", i, precision[i + 1], name##_points[4 * i + 3]);                                \
        }                                                                                                    \
        assert_true(tpr[0] == 0 && fpr[0] == 0 && isnan(precision[0]));                                      \
        assert_true(tpr[cuts] == 1 && fpr[cuts] == 1);                                                       \
    } while (0)

static void test_curve(void **state) {
    (void)state;
    Case *c = many_case();
    CHECK_CURVE(c, many);
    double sum = 0;
    for (int k = 0; k < 5; k++)
        sum += many_auc_by_class[k];
    is_array(&c->finding, "auc_by_class", many_auc_by_class, 6);
    is_fact(&c->finding, "macro_auc", sum / 5);
    close_case(c);
    c = two_case();
    CHECK_CURVE(c, two);
    /* At the threshold that answers are made with it says what the matrix says. */
    is_fact(&c->finding, "threshold", 0.5);
    is_fact(&c->finding, "tn", two_confusion[0]);
    is_fact(&c->finding, "fp", two_confusion[1]);
    is_fact(&c->finding, "fn", two_confusion[2]);
    is_fact(&c->finding, "tp", two_confusion[3]);
    is_fact(&c->finding, "precision_at_threshold", two_precision[1]);
    is_fact(&c->finding, "recall_at_threshold", two_recall[1]);
    is_fact(&c->finding, "f1_at_threshold", two_f1[1]);
    StAsk how = st_ask(0);
    how.value = 2;
    found(c, "curve", how);
    is_fact(&c->finding, "class", 1);
    is_fact(&c->finding, "tp", 0);
    is_fact(&c->finding, "precision_at_threshold", NAN);
    close_case(c);
}

static void test_calibration(void **state) {
    (void)state;
    Case *c = many_case();
    found(c, "calibration", st_ask(0));
    is_array(&c->finding, "bin_count", many_bin_count, 10);
    is_array(&c->finding, "bin_confidence", many_bin_confidence, 10);
    is_array(&c->finding, "bin_accuracy", many_bin_accuracy, 10);
    is_fact(&c->finding, "ece", many_calibration[0]);
    is_fact(&c->finding, "mce", many_calibration[1]);
    is_note(&c->finding, "verdict", "overconfident");
    close_case(c);
    c = two_case();
    found(c, "calibration", st_ask(0));
    is_array(&c->finding, "bin_count", two_bin_count, 10);
    is_fact(&c->finding, "ece", two_calibration[0]);
    is_fact(&c->finding, "mce", two_calibration[1]);
    close_case(c);
}

static void test_residuals(void **state) {
    (void)state;
    Case *c = fixture("dense 3 tanh\ndense 1\ncompile sgd mean_squared_error\n", numbers_x, 2, NULL,
                      numbers_target, NUMBERS_ROWS, numbers_weights);
    found(c, "residuals", st_ask(0));
    is_array(&c->finding, "prediction", numbers_prediction, NUMBERS_ROWS);
    is_array(&c->finding, "target", numbers_target, NUMBERS_ROWS);
    is_array(&c->finding, "residual", numbers_residual, NUMBERS_ROWS);
    static const char *const names[] = {"mean", "deviation", "rmse", "mae", "r2"};
    for (int i = 0; i < 5; i++)
        is_fact(&c->finding, names[i], numbers_figures[i]);
    is_whole(c, "largest_row", numbers_largest, 20);
    is_whole(c, "bin_count", numbers_bin_count, 32);
    is_note(&c->finding, "target_name", "y");
    assert_false(ask(c, "confusion", st_ask(0)));
    assert_non_null(strstr(c->error.message, "the targets are numbers, not classes"));
    assert_false(ask(c, "calibration", st_ask(0)));
    assert_false(ask(c, "curve", st_ask(0)));
    assert_false(ask(c, "examples", st_ask(0)));
    close_case(c);
}

/* ---- nothing to divide by ---- */

static const char both[] = "x1,y\n-1,a\n1,b\n2,b\n", ones[] = "x1,y\n1,b\n2,b\n3,b\n";

static void test_one_class(void **state) {
    (void)state;
    static const double weights[] = {1, 0}; /* p = sigmoid(x) */
    Case *c = open_case("", "dense 1 sigmoid\ncompile sgd binary_crossentropy\n", both, ones, weights);
    found(c, "confusion", st_ask(0));
    assert_string_equal(st_finding_text(&c->finding, "part"), "test");
    is_array(&c->finding, "precision", (double[]){NAN, 1}, 2);
    is_array(&c->finding, "recall", (double[]){NAN, 1}, 2);
    is_array(&c->finding, "f1", (double[]){NAN, 1}, 2);
    is_fact(&c->finding, "macro_f1", 1);
    is_fact(&c->finding, "wrong", 0);
    is_fact(&c->finding, "worst_true", NAN);
    is_fact(&c->finding, "worst_count", 0);
    is_note(&c->finding, "verdict", "nothing is answered wrongly");
    assert_string_equal(st_finding_name_at(&c->finding, "classes", 1), "b");
    found(c, "curve", st_ask(0));
    is_fact(&c->finding, "auc", NAN);
    is_fact(&c->finding, "average_precision", 1);
    is_note(&c->finding, "verdict", "every row is b: there is nothing to tell apart");
    is_array(&c->finding, "fpr", (double[]){NAN, NAN, NAN, NAN}, 4);
    StAsk how = st_ask(0);
    how.klass = 0;
    found(c, "curve", how);
    is_fact(&c->finding, "auc", NAN);
    is_fact(&c->finding, "average_precision", NAN);
    found(c, "examples", st_ask(0));
    is_fact(&c->finding, "count", 0);
    array_of(&c->finding, "row", 0);
    assert_null(st_finding_find(&c->finding, "chosen_row"));
    found(c, "calibration", st_ask(0));
    assert_true(isfinite(fact(&c->finding, "ece")));
    how = st_ask(0);
    how.part = ST_VALIDATION;
    assert_false(ask(c, "confusion", how));
    assert_string_equal(c->error.message, "the validation part has no rows");
    close_case(c);
}

/* All scores the same: half of the pairs. All probabilities on an edge of a bin: in the lower one. */
static void test_all_the_same(void **state) {
    (void)state;
    Case *c =
        open_case("", "dense 2 softmax\ncompile sgd sparse_categorical_crossentropy\n", both, NULL, NULL);
    found(c, "curve", st_ask(0));
    is_fact(&c->finding, "auc", 0.5);
    is_fact(&c->finding, "average_precision", 2.0 / 3);
    found(c, "calibration", st_ask(0));
    is_array(&c->finding, "bin_count", (double[]){0, 0, 0, 0, 3, 0, 0, 0, 0, 0}, 10);
    is_fact(&c->finding, "ece", 0.5 - 1.0 / 3);
    found(c, "confusion", st_ask(0));
    is_array(&c->finding, "precision", (double[]){1.0 / 3, NAN}, 2);
    is_array(&c->finding, "f1", (double[]){0.5, NAN}, 2);
    close_case(c);
}

/* Logits are put through the loss's own softmax; outputs that are no probabilities are taken as they are. */
static void test_logits_and_scores(void **state) {
    (void)state;
    static const double weights[] = {0, 2, 0, -1}; /* logits 0 and 2x - 1 */
    Case *c = open_case("", "dense 2\ncompile sgd sparse_categorical_crossentropy from_logits=yes\n", both,
                        NULL, weights);
    StAsk how = st_ask(0);
    how.klass = how.unit = 1;
    found(c, "examples", how);
    is_array(&c->finding, "confidence", (double[]){1 / (1 + exp(-1)), 1 / (1 + exp(-3))}, 2);
    is_array(&c->finding, "loss", (double[]){log1p(exp(-1)), log1p(exp(-3))}, 2);
    found(c, "calibration", st_ask(0));
    close_case(c);
    c = open_case("", "dense 2\ncompile sgd mean_squared_error\n", both, NULL, weights);
    found(c, "confusion", st_ask(0));
    is_fact(&c->finding, "wrong", 0);
    found(c, "curve", st_ask(0));
    is_fact(&c->finding, "auc", 1);
    is_note(&c->finding, "score", "no probability");
    found(c, "examples", how);
    is_array(&c->finding, "confidence", (double[]){1, 3}, 2);
    assert_false(ask(c, "calibration", st_ask(0)));
    assert_non_null(strstr(c->error.message, "no probabilities"));
    assert_false(ask(c, "residuals", st_ask(0)));
    close_case(c);
}

static void test_not_finite(void **state) {
    (void)state;
    static const double weights[] = {NAN, 0, 0, 0};
    Case *c =
        open_case("", "dense 2 softmax\ncompile sgd sparse_categorical_crossentropy\n", both, NULL, weights);
    assert_false(ask(c, "confusion", st_ask(0)));
    assert_int_equal(c->error.code, ST_ERR_NONFINITE);
    assert_string_equal(c->error.message, "the network's output for row 0 of train is not a number");
    close_case(c);
}

/* ---- several answers a row ---- */

static void write_npy(const char *path, const char *type, const char *shape, const void *data, size_t bytes) {
    char head[128];
    int length =
        snprintf(head, sizeof head, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, out);
    fprintf(out, "%s%*s\n", head, 117 - length, "");
    fwrite(data, 1, bytes, out);
    fclose(out);
}

/* Every step of a sequence is an answer; the class that the loss ignores is none. One output says yes or no.
 */
static void test_positions(void **state) {
    (void)state;
    static const float x[6] = {1, -1, 2, -3, -1, 4}, yes[6] = {1, 0, 0, 0, 1, 1};
    static const int32_t labels[6] = {1, 0, 0, -1, 1, 1};
    for (int one = 0; one < 2; one++) {
        Case *c = calloc(1, sizeof *c);
        assert_non_null(c);
        char text[512];
        for (int i = 0; i < 2; i++)
            snprintf(c->path[i], sizeof c->path[i], "/tmp/strata-mistakes-%d-%d.npy", (int)getpid(), i);
        write_npy(c->path[0], "<f4", "(3, 2, 1)", x, sizeof x);
        if (one)
            write_npy(c->path[1], "<f4", "(3, 2, 1)", yes, sizeof yes);
        else
            write_npy(c->path[1], "<i4", "(3, 2)", labels, sizeof labels);
        snprintf(text, sizeof text, "data npy %s %s\n%s", c->path[0], c->path[1],
                 one ? "dense 1 sigmoid\ncompile sgd binary_crossentropy\n"
                     : "dense 2 softmax\ncompile sgd sparse_categorical_crossentropy ignore_class=-1\n");
        open_lens(c, text, one ? (double[]){1, 0} : (double[]){0, 1, 0, 0}); /* yes where x > 0 */
        found(c, "confusion", st_ask(0));
        is_fact(&c->finding, "rows", 3);
        is_fact(&c->finding, "positions", 2);
        is_whole(c, "confusion", one ? (int[]){2, 1, 1, 2} : (int[]){1, 1, 1, 2}, 4);
        if (!one) is_fact(&c->finding, "unlabelled", 1);
        found(c, "examples", st_ask(0));
        is_whole(c, "row", (int[]){1, 2}, 2);
        is_whole(c, "position", (int[]){0, 0}, 2);
        is_array(&c->finding, "confidence", (double[]){1 / (1 + exp(-2)), 1 / (1 + exp(-1))}, 2);
        is_array(&c->finding, "loss", (double[]){log1p(exp(2)), log1p(exp(1))}, 2);
        is_fact(&c->finding, "chosen_position", 0);
        found(c, "curve", (StAsk){.part = -1, .row = -1, .klass = 1, .value = NAN});
        is_fact(&c->finding, "auc", one ? 6.5 / 9 : 3.5 / 6);
        found(c, "calibration", st_ask(0));
        is_fact(&c->finding, "accuracy", one ? 4.0 / 6 : 3.0 / 5);
        close_case(c);
    }
}

/* ---- on the way ---- */

typedef struct Way {
    int calls, stop_at;
    double done;
} Way;

static bool go_on(StJob *job, double done, StError *error) {
    Way *way = job->context;
    assert_true(done >= way->done && done <= 1);
    assert_true(isfinite(st_finding_value(job->finding, "rows")));
    way->done = done;
    if (++way->calls == way->stop_at) return st_fail(error, ST_ERR_STOPPED, "cancelled");
    return true;
}

/* Chunks are of ST_LENS_ROWS: more rows than that are shown as they come, and can be cancelled. */
static void test_fills_in(void **state) {
    (void)state;
    Case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    open_lens(c, "data synthetic spiral samples=1000\n" TWO, NULL);
    static const char *const methods[] = {"confusion", "examples", "curve", "calibration"};
    for (int i = 0; i < 4; i++)
        for (int stop = 0; stop < 2; stop++) {
            StAsk how = st_ask(st_study_find("mistakes", methods[i]));
            Way way = {.stop_at = stop ? 2 : 0};
            StJob job = {
                .lens = c->lens, .ask = &how, .finding = &c->finding, .go_on = go_on, .context = &way};
            st_finding_clear(&c->finding);
            bool done = st_study_run(&job, &c->error);
            assert_true(done == !stop);
            if (stop) assert_int_equal(way.calls, 2);
            if (stop) assert_true(st_finding_value(&c->finding, "rows") == 2 * ST_LENS_ROWS);
            if (!stop) assert_true(way.calls >= 4 && way.done == 1);
        }
    close_case(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confusion),         cmocka_unit_test(test_examples),
        cmocka_unit_test(test_examples_asked),    cmocka_unit_test(test_curve),
        cmocka_unit_test(test_calibration),       cmocka_unit_test(test_residuals),
        cmocka_unit_test(test_one_class),         cmocka_unit_test(test_all_the_same),
        cmocka_unit_test(test_logits_and_scores), cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_positions),         cmocka_unit_test(test_fills_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
