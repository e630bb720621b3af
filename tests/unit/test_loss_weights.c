/* What rows and classes weigh in the loss: from the language through the data and fit to the learner, against
 * sums by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_data.h"
#include "data/npy.h"
#include "train/class_weight.h"
#include "train/learner.h"

#include <math.h>

/* ---- the data ---- */

static void weigh(const StDataset *set, StPart part, int64_t first, int count, const float *wanted) {
    float got[16];
    int64_t each = st_dataset_weights_each(set);
    st_dataset_gather_weights(set, part, NULL, first, count / each, got);
    for (int i = 0; i < count; i++)
        assert_true(got[i] == wanted[i]);
}

#define WEIGH(set, part, first, ...)                                                                         \
    weigh(set, part, first, sizeof((float[]){__VA_ARGS__}) / sizeof(float), (float[]){__VA_ARGS__})

static const char table[] = "a,w,kind\n1,0.5,x\n2,3,y\n3,0,x\n4,1.25,z\n";

static void a_column_of_weights(void **state) {
    (void)state;
    StDataset *set = load_csv(table, "weight=w");
    assert_int_equal(st_dataset_weights_each(set), 1);
    assert_int_equal(st_dataset_inputs(set), 1); /* it is no feature */
    WEIGH(set, ST_TRAIN, 0, 0.5f, 3, 0, 1.25f);
    StText text = {0};
    st_dataset_describe(set, &text);
    assert_non_null(strstr(text.data, "rows weigh 0 to 3 in the loss\n"));
    st_text_clear(&text);
    st_dataset_describe_json(set, &text);
    assert_non_null(strstr(text.data, "\"weights\":[0,3]"));
    st_text_free(&text);
    st_dataset_destroy(set);
    set = load_csv(table, "weight=2 only=a"); /* by number; only= means inputs */
    WEIGH(set, ST_TRAIN, 3, 1.25f);
    st_dataset_destroy(set);
    set = load_csv(table, "");
    assert_int_equal(st_dataset_weights_each(set), 0);
    st_dataset_destroy(set);
}

static void weights_follow_their_rows(void **state) {
    (void)state;
    StDataset *set = load_csv(table, "weight=w\nsplit train=0.5 validation=0.5 shuffle=no");
    WEIGH(set, ST_TRAIN, 0, 0.5f, 3);
    WEIGH(set, ST_VALIDATION, 1, 1.25f);
    st_dataset_destroy(set);
    set = load_csv(table, "weight=w\nsplit train=0.5 validation=0.5 stratify=no");
    for (int i = 0; i < 2; i++) {
        static const float wanted[] = {0.5f, 3, 0, 1.25f};
        WEIGH(set, ST_TRAIN, i, wanted[(int)x_of(set, ST_TRAIN, i)[0] - 1]);
    }
    float one;
    st_dataset_gather_weights(set, ST_TRAIN, (const int64_t[]){1, 0}, 1, 1, &one);
    WEIGH(set, ST_TRAIN, 0, one);
    st_dataset_destroy(set);
    put("t.csv", "kind,w,a\ny,7,1\n");
    set = load_csv(table, "weight=w test=t.csv");
    WEIGH(set, ST_TEST, 0, 7);
    st_dataset_destroy(set);
    set = load_csv("a,w,kind\n1,,x\n2,3,y\n3,1,x\n", "weight=w missing=mean");
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 2);
    assert_true(warns(set, "1 row without a target or weight left out"));
    st_dataset_destroy(set);
}

static void columns_that_are_no_weights(void **state) {
    (void)state;
    refuses_csv(table, "weight=ww", "a.csv: weight: unknown column 'ww'; did you mean 'w'?");
    refuses_csv(table, "weight=kind",
                "a.csv: weight: column 'kind' is the target (the last column, where target= names none)");
    refuses_csv(table, "weight=w drop=w", "a.csv: drop: column 'w' is the weight");
    refuses_csv("a,w,t\n1,p,x\n2,q,y\n", "weight=w", "a.csv: weight: column 'w' holds words, wanted numbers");
    refuses_csv("a,w,t\n1,2,x\n2,-3,y\n", "weight=w", "a.csv:3: column 'w': weight -3, wanted from 0 up");
    refuses_csv(
        "a,w,t\n1,2,x\n2,,y\n", "weight=w",
        "a.csv:3: column 'w': the cell is missing (missing=drop, mean, median or mode says what to do)");
}

static void put_npy(const char *name, StNpyType type, int rank, const int64_t *dim, const void *data) {
    StError error = {0};
    put(name, "");
    if (!st_npy_write(path_of(name), type, rank, dim, data, &error)) fail_msg("%s", error.message);
}

#define DIM(...)                                                                                             \
    (const int64_t[]) {                                                                                      \
        __VA_ARGS__                                                                                          \
    }

static void put_arrays(void) {
    const float x[12] = {1, 2, 3, 4, 5, 6}, w[] = {0.5f, 1, 2, 3, -1, 4};
    const int32_t y[] = {0, 1, 1, 0, 2, 1};
    put_npy("x.npy", ST_NPY_F4, 2, DIM(3, 2), x);
    put_npy("y.npy", ST_NPY_I4, 1, DIM(3), y);
    put_npy("y2.npy", ST_NPY_I4, 2, DIM(3, 2), y);
    put_npy("f.npy", ST_NPY_F4, 3, DIM(3, 2, 1), x);
    put_npy("w.npy", ST_NPY_F4, 1, DIM(3), w);
    put_npy("w1.npy", ST_NPY_F4, 2, DIM(3, 1), w + 1);
    put_npy("w2.npy", ST_NPY_F4, 2, DIM(3, 2), (const float[]){1, 2, 3, 4, 5, 6});
    put_npy("four.npy", ST_NPY_F4, 1, DIM(4), w);
    put_npy("minus.npy", ST_NPY_F4, 1, DIM(3), w + 2);
}

static void an_array_of_weights(void **state) {
    (void)state;
    put_arrays();
    StDataset *set = load("data npy x.npy y.npy weights=w.npy");
    WEIGH(set, ST_TRAIN, 0, 0.5f, 1, 2);
    st_dataset_destroy(set);
    set = load("data npy x.npy f.npy weights=w2.npy"); /* a weight a position */
    assert_int_equal(st_dataset_weights_each(set), 2);
    WEIGH(set, ST_TRAIN, 1, 3, 4, 5, 6);
    st_dataset_destroy(set);
    set = load("data npy x.npy y2.npy weights=w2.npy");
    assert_int_equal(st_dataset_weights_each(set), 2);
    st_dataset_destroy(set);
    set = load("data npy x.npy y.npy test_x=x.npy test_y=y.npy weights=w.npy test_weights=w1.npy");
    WEIGH(set, ST_TEST, 0, 1, 2, 3);
    st_dataset_destroy(set);
    set = load("data npy x.npy y.npy test_x=x.npy test_y=y.npy weights=w.npy");
    WEIGH(set, ST_TEST, 0, 1, 1, 1);
    st_dataset_destroy(set);
    refuses("data npy x.npy y.npy weights=four.npy", "four.npy has 4 rows, x.npy has 3");
    refuses("data npy x.npy y.npy weights=w2.npy",
            "w2.npy: rows of 2 weights, wanted 1 or, a weight a position, 1");
    refuses("data npy x.npy y.npy weights=minus.npy",
            "minus.npy: weight -1 of row 3, wanted weights from 0 up");
    refuses("data npy x.npy y.npy test_weights=w.npy", "data npy: test_weights is given and test_x is not");
    refuses("data npy x.npy y.npy test_x=x.npy test_y=y.npy test_weights=w.npy",
            "data npy: test_weights is given and weights is not");
    refuses("data npy x.npy y2.npy test_x=x.npy test_y=y2.npy weights=w2.npy test_weights=w.npy",
            "w.npy: 1 weights a row, wanted 2 as in w2.npy");
}

/* ---- classes ---- */

static void says(const char *text, const StDataset *set, const char *message) {
    StError error = {0};
    double weight[3];
    assert_false(st_class_weight_read(text, set, 3, weight, &error));
    assert_string_equal(error.message, message);
}

static void weights_of_classes(void **state) {
    (void)state;
    StDataset *set = load_csv(table, "weight=w");
    double weight[3];
    assert_true(st_class_weight_read("2:5,0:0.25", set, 3, weight, NULL));
    assert_true(weight[0] == 0.25 && weight[1] == 1 && weight[2] == 5);
    assert_true(st_class_weight_read("y:7", set, 3, weight, NULL));
    assert_true(weight[0] == 1 && weight[1] == 7 && weight[2] == 1);
    assert_true(st_class_weight_read("balanced", set, 3, weight, NULL)); /* 4 rows: 2 of x */
    assert_true(weight[0] == 4 / (3.0 * 2) && weight[1] == 4 / 3.0 && weight[2] == 4 / 3.0);
    says("3:1", set, "class_weight: class 3, wanted 0 to 2");
    says("v:1", set, "class_weight: unknown class 'v'; did you mean 'x'?");
    says("0:1,x:1", set, "class_weight: class x is given twice");
    st_dataset_destroy(set);
    set = load_csv("a,t\n1,0.5\n2,0.25\n3,0.75\n", "");
    says("balanced", set, "class_weight=balanced wants classes, the data has numbers as targets");
    says("x:2", set, "class_weight: class x: the data's classes have no names, wanted 0 to 2");
    st_dataset_destroy(set);
    static const char *const bad[] = {"balance", "1", "1:", ":1", "1:-2", "1:x", "1:2,", ",1:2", "1:inf"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        StError error = {0};
        assert_false(st_class_weight_check(bad[i], &error));
        assert_non_null(strstr(error.message, "wanted balanced, or classes with weights from 0 up"));
    }
    assert_true(st_class_weight_check("", NULL) && st_class_weight_check("a:b:1,2:3", NULL));
}

/* ---- through the learner: one dense layer whose outputs are what its bias is ---- */

typedef struct Setting {
    StStack stack;
    StCompile compile;
    StPool *pool;
    StLearner *learner;
    StError error;
} Setting;

static bool set_up(Setting *s, const char *layer, const char *compile, const StDataset *set,
                   const char *class_weight) {
    static StWords words;
    StLayer dense;
    memset(s, 0, sizeof *s);
    st_stack_init(&s->stack);
    assert_true(st_words_split(layer, &words, NULL));
    assert_true(st_layer_parse(&dense, words.word, words.count, NULL));
    assert_true(st_stack_insert(&s->stack, 0, &dense, NULL));
    assert_true(st_words_split(compile, &words, NULL));
    assert_true(st_compile_parse(&s->compile, words.word, words.count, NULL));
    s->pool = st_pool_create(2, NULL);
    StLearnerPlan plan = {.stack = &s->stack,
                          .compile = &s->compile,
                          .dataset = set,
                          .class_weight = class_weight,
                          .rows = 4,
                          .pool = s->pool};
    s->learner = st_learner_create(&plan, &s->error);
    if (!s->learner) return false;
    int64_t total;
    float *weights = st_network_weights(st_learner_network(s->learner), &total);
    memset(weights, 0, (size_t)total * sizeof *weights);
    return true;
}

static void tear_down(Setting *s) {
    st_learner_destroy(s->learner);
    st_pool_destroy(s->pool);
    st_stack_free(&s->stack);
}

/* All rows in one step; the loss, the metric and the new bias. */
static double step(Setting *s, double *metric, float *bias, int outputs) {
    const int64_t index[] = {0, 1, 2, 3};
    StScores scores;
    int count;
    assert_true(st_learner_step(s->learner, &(StBatch){.index = index, .rows = 4, .seed = 1}, &scores, NULL));
    const StTensor *tensor = st_network_tensors(st_learner_network(s->learner), &count);
    int64_t total;
    const float *weights = st_network_weights(st_learner_network(s->learner), &total);
    assert_string_equal(tensor[1].name, "dense/bias");
    memcpy(bias, weights + tensor[1].offset, (size_t)outputs * sizeof *bias);
    if (metric) *metric = scores.metric[0];
    return scores.loss;
}

static void near(double got, double wanted) {
    if (!(fabs(got - wanted) < 1e-6)) fail_msg("%.9g, wanted %.9g", got, wanted);
}

/* Targets 1, 2, 3, 4 with weights 0.5, 3, 0, 1.25 and outputs of 0: the mean is by the number of rows. */
static void rows_weigh_in_a_step(void **state) {
    (void)state;
    StDataset *set = load_csv("a,w,t\n1,0.5,1\n1,3,2\n1,0,3\n1,1.25,4\n", "weight=w task=regression");
    Setting s;
    double metric;
    float bias;
    assert_true(set_up(&s, "dense 1", "sgd mse mse learning_rate=1", set, NULL));
    StScores scores;
    assert_true(st_learner_evaluate(s.learner, ST_TRAIN, NULL, &scores)); /* here too */
    near(scores.loss, (0.5 * 1 + 3 * 4 + 0 * 9 + 1.25 * 16) / 4);
    near(step(&s, &metric, &bias, 1), (0.5 * 1 + 3 * 4 + 0 * 9 + 1.25 * 16) / 4);
    near(metric, (1 + 4 + 9 + 16) / 4.0); /* metrics are not weighted */
    near((double)bias, 2 * (0.5 * 1 + 3 * 2 + 1.25 * 4) / 4);
    tear_down(&s);
    assert_false(set_up(&s, "dense 1", "sgd mse", set, "0:2"));
    assert_string_equal(s.error.message,
                        "class_weight=0:2 wants classes, the data has numbers as targets (regression)");
    tear_down(&s);
    st_dataset_destroy(set);
}

/* Classes x x y z; every probability is a third. Classes weigh in steps alone, and beside the rows' weights.
 */
static void classes_weigh_in_a_step(void **state) {
    (void)state;
    static const char *const losses[] = {"sgd sparse_categorical_crossentropy learning_rate=1",
                                         "sgd categorical_crossentropy learning_rate=1"};
    StDataset *plain = load_csv("a,kind\n1,x\n1,y\n1,x\n1,z\n", "");
    StDataset *both = load_csv("a,w,kind\n1,0.5,x\n1,3,y\n1,0,x\n1,1.25,z\n", "weight=w");
    for (int i = 0; i < 2; i++) {
        Setting s;
        StScores scores;
        float bias[3];
        assert_true(set_up(&s, "dense 3 softmax", losses[i], plain, "x:0.5,2:4"));
        assert_true(st_learner_evaluate(s.learner, ST_TRAIN, NULL, &scores));
        near(scores.loss, log(3));
        near(step(&s, NULL, bias, 3), log(3) * (0.5 + 1 + 0.5 + 4) / 4);
        near((double)bias[0], ((0.5 + 0.5) - (0.5 + 1 + 0.5 + 4) / 3) / 4);
        near((double)bias[2], (4 - (0.5 + 1 + 0.5 + 4) / 3) / 4);
        tear_down(&s);
        assert_true(set_up(&s, "dense 3 softmax", losses[i], both, "balanced"));
        near(step(&s, NULL, bias, 3), log(3) * (0.5 * 2 / 3 + 3 * 4 / 3.0 + 1.25 * 4 / 3) / 4);
        tear_down(&s);
        assert_false(set_up(&s, "dense 3 softmax", losses[i], plain, "3:4"));
        assert_string_equal(s.error.message, "class_weight: class 3, wanted 0 to 2");
        tear_down(&s);
    }
    st_dataset_destroy(plain);
    st_dataset_destroy(both);
}

/* Weights a position: rows of two steps, one output each; and one weight a row for both of its steps. */
static void positions_weigh(void **state) {
    (void)state;
    put_npy("x.npy", ST_NPY_F4, 3, DIM(2, 2, 1), (const float[]){0, 0, 0, 0});
    put_npy("f.npy", ST_NPY_F4, 3, DIM(2, 2, 1), (const float[]){1, 2, 3, 4});
    put_npy("w2.npy", ST_NPY_F4, 2, DIM(2, 2), (const float[]){1, 0.5f, 0, 2});
    put_npy("w.npy", ST_NPY_F4, 1, DIM(2), (const float[]){0.5f, 2});
    static const struct {
        const char *line;
        double wanted;
    } cases[] = {{"data npy x.npy f.npy weights=w2.npy", (1 + 0.5 * 2 + 2 * 4) / 4},
                 {"data npy x.npy f.npy weights=w.npy", (0.5 * (1 + 2) + 2 * (3 + 4)) / 4}};
    for (int i = 0; i < 2; i++) {
        StDataset *set = load(cases[i].line);
        Setting s;
        StScores scores;
        assert_true(set_up(&s, "dense 1", "sgd mae", set, NULL));
        assert_true(st_learner_evaluate(s.learner, ST_TRAIN, NULL, &scores));
        near(scores.loss, cases[i].wanted);
        tear_down(&s);
        st_dataset_destroy(set);
    }
}

/* Labels that do not count: -1, and a class above all others that no output is for. */
static void labels_without_a_class(void **state) {
    (void)state;
    static const char *const losses[] = {
        "sgd sparse_categorical_crossentropy sparse_categorical_accuracy learning_rate=1 ignore_class=-1",
        "sgd sparse_categorical_crossentropy sparse_categorical_accuracy learning_rate=1 ignore_class=255"};
    static const int32_t labels[][4] = {{1, -1, 0, 0}, {1, 255, 0, 0}};
    put_npy("x.npy", ST_NPY_F4, 2, DIM(4, 1), (const float[]){1, 2, 3, 4});
    for (int i = 0; i < 2; i++) {
        put_npy("y.npy", ST_NPY_I4, 1, DIM(4), labels[i]);
        StDataset *set = load("data npy x.npy y.npy\nsplit train=1 shuffle=no");
        Setting s;
        double metric;
        float bias[2];
        StText text = {0};
        assert_true(set_up(&s, "dense 2 softmax", losses[i], set, "0:3"));
        near(step(&s, &metric, bias, 2), log(2) * (3 + 3 + 1) / 3);
        near((double)bias[0], 0.5 * (3 + 3 - 1) / 3);
        near(metric, 0.5); /* Keras' accuracy knows of no class to be ignored */
        tear_down(&s);
        assert_false(set_up(&s, "dense 2 softmax", "sgd sparse_categorical_crossentropy", set, NULL));
        assert_string_equal(
            s.error.message,
            i ? "sparse_categorical_crossentropy wants 256 outputs (the classes of the data), got "
                "2; end the stack in 'dense 256 softmax'"
              : "the data has labels of -1, which ignore_class=-1 of "
                "sparse_categorical_crossentropy leaves out");
        tear_down(&s);
        st_dataset_cell(set, ST_TRAIN, 1, st_dataset_columns(set) - 1, &text);
        assert_string_equal(st_text_string(&text), i ? "255" : "-1");
        st_text_free(&text);
        assert_int_equal(st_dataset_class_counts(set, ST_TRAIN)[0], 2);
        st_dataset_destroy(set);
    }
    put_npy("y.npy", ST_NPY_I4, 1, DIM(4), labels[0]);
    StDataset *set = load("data npy x.npy y.npy\nsplit train=0.5 test=0.5"); /* not stratified */
    assert_int_equal(st_dataset_rows(set, ST_TEST), 2);
    st_dataset_destroy(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_of_weights),         cmocka_unit_test(weights_follow_their_rows),
        cmocka_unit_test(columns_that_are_no_weights), cmocka_unit_test(an_array_of_weights),
        cmocka_unit_test(weights_of_classes),          cmocka_unit_test(rows_weigh_in_a_step),
        cmocka_unit_test(classes_weigh_in_a_step),     cmocka_unit_test(positions_weigh),
        cmocka_unit_test(labels_without_a_class),
    };
    return cmocka_run_group_tests_name("weights in the loss", tests, make_folder, remove_folder);
}
