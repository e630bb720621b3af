/* Data sets whole: synthetic ones, parts, preparations fitted on the training part, gathering, a trained
 * model's preparation on new files, and the sample files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_data.h"
#include "base/rng.h"

#include <jansson.h>
#include <math.h>

/* ---- synthetic ---- */

static void every_synthetic_set(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int inputs, classes;
        double reach; /* no input is farther out */
    } sets[] = {{"circle", 2, 2, 5},   {"xor", 2, 2, 5.3},  {"gauss", 2, 2, 8},    {"spiral", 2, 2, 5},
                {"moons", 2, 2, 5.01}, {"rings", 2, 3, 5},  {"plane", 2, 0, 6},    {"multi-gauss", 2, 0, 6},
                {"sine", 1, 0, 6},     {"linear", 1, 0, 5}, {"random", 100, 10, 1}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char line[64];
        snprintf(line, sizeof line, "data synthetic %s samples=600", sets[i].name);
        StDataset *set = load(line);
        assert_int_equal(st_dataset_rows(set, ST_TRAIN), 600);
        assert_int_equal(st_dataset_x_shape(set).dim[0], sets[i].inputs);
        assert_int_equal(st_dataset_classes(set), sets[i].classes);
        assert_int_equal(st_dataset_task(set), sets[i].classes ? ST_CLASSIFICATION : ST_REGRESSION);
        assert_int_equal(st_dataset_is_plane(set), sets[i].inputs == 2);
        for (int c = 0; c < sets[i].inputs; c++) {
            const StColumnInfo *info = st_dataset_column(set, c);
            assert_true(info->min >= -sets[i].reach && info->max <= sets[i].reach && info->sd > 0.5);
        }
        for (int c = 0; c < sets[i].classes; c++) /* no class has less than half its share */
            assert_true(st_dataset_class_counts(set, ST_TRAIN)[c] * 2 * sets[i].classes > 600);
        st_dataset_destroy(set);
    }
}

static void circle_without_noise_is_a_disc_in_a_ring(void **state) {
    (void)state;
    StDataset *set = load("data synthetic circle");
    for (int64_t row = 0; row < 500; row++) {
        double x1, x2;
        st_dataset_plane(set, ST_TRAIN, row, &x1, &x2);
        double radius = sqrt(x1 * x1 + x2 * x2);
        int label = label_of(set, ST_TRAIN, row);
        assert_true(label ? radius < 2.5 : radius > 3.49);
        assert_int_equal(label, row % 2);
    }
    st_dataset_destroy(set);
    set = load("data synthetic xor");
    for (int64_t row = 0; row < 500; row++) {
        const float *x = x_of(set, ST_TRAIN, row);
        assert_int_equal(label_of(set, ST_TRAIN, row), x[0] * x[1] >= 0);
    }
    st_dataset_destroy(set);
    set = load("data synthetic linear");
    for (int64_t row = 0; row < 500; row++)
        assert_float_equal(y_of(set, ST_TRAIN, row), 0.5f * x_of(set, ST_TRAIN, row)[0] + 1, 1e-6);
    st_dataset_destroy(set);
}

static void noise_moves_labels_or_points(void **state) {
    (void)state;
    StDataset *set = load("data synthetic circle noise=0.5");
    int wrong = 0;
    for (int64_t row = 0; row < 500; row++)
        wrong += label_of(set, ST_TRAIN, row) != row % 2;
    assert_true(wrong > 20 && wrong < 250);
    st_dataset_destroy(set);
    refuses("data synthetic circle features=3",
            "data synthetic circle: features= is an option of random only");
    refuses("data synthetic moons classes=3", "data synthetic moons: classes= is an option of random only");
}

/* All x of the training part; the caller frees. */
static float *all_x(const StDataset *set, StPart part, size_t *bytes) {
    StShape shape = st_dataset_x_shape(set);
    int64_t rows = st_dataset_rows(set, part);
    *bytes = (size_t)(rows * st_shape_size(&shape)) * sizeof(float);
    float *x = malloc(*bytes);
    assert_non_null(x);
    st_dataset_gather_x(set, part, NULL, 0, rows, x);
    return x;
}

static void same_seed_same_bits(void **state) {
    (void)state;
    static const char *const lines[] = {
        "data synthetic spiral noise=0.3\nsplit validation=0.2 test=0.1\nprepare standardize",
        "data synthetic random samples=200 features=20 classes=4\nsplit validation=0.25"};
    for (size_t i = 0; i < 2; i++) {
        StDataset *a = load_seed(lines[i], 7), *b = load_seed(lines[i], 7), *c = load_seed(lines[i], 8);
        size_t bytes, more;
        float *xa = all_x(a, ST_TRAIN, &bytes), *xb = all_x(b, ST_TRAIN, &more),
              *xc = all_x(c, ST_TRAIN, &more);
        assert_memory_equal(xa, xb, bytes);
        assert_true(memcmp(xa, xc, bytes) != 0);
        free(xa), free(xb), free(xc);
        st_dataset_destroy(a), st_dataset_destroy(b), st_dataset_destroy(c);
    }
}

/* The first numbers of seed 1: a change here changes every recipe's run. */
static void the_bits_of_seed_1(void **state) {
    (void)state;
    StDataset *set = load("data synthetic random samples=2 features=3 classes=2");
    StDataset *longer = load("data synthetic random samples=9 features=3 classes=2");
    assert_memory_equal(x_of(set, ST_TRAIN, 1), x_of(longer, ST_TRAIN, 1), 3 * sizeof(float));
    StRng rng = st_rng(1, ST_STREAM_DATA, 10, 0);
    for (int i = 0; i < 3; i++)
        assert_true(x_of(set, ST_TRAIN, 0)[i] == (float)(st_rng_next(&rng) >> 8) * 0x1p-23f - 1);
    st_dataset_destroy(set);
    st_dataset_destroy(longer);
}

static void too_large_is_refused(void **state) {
    (void)state;
    StError error = {0};
    assert_null(try_load("data synthetic random samples=100000000 features=1000000", 1, &error));
    assert_int_equal(error.code, ST_ERR_MEMORY);
    assert_non_null(strstr(error.message, "the synthetic rows would take 4e+05 GB, this machine has "));
}

/* ---- parts ---- */

static void sizes_of_parts(const char *split, int64_t train, int64_t validation, int64_t test) {
    char line[256];
    snprintf(line, sizeof line, "data synthetic rings samples=150\n%s", split);
    StDataset *set = load(line);
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), train);
    assert_int_equal(st_dataset_rows(set, ST_VALIDATION), validation);
    assert_int_equal(st_dataset_rows(set, ST_TEST), test);
    assert_int_equal(warns(set, "in no part of the split"), train + validation + test < 150);
    st_dataset_destroy(set);
}

static void parts_have_their_sizes(void **state) {
    (void)state;
    sizes_of_parts("split", 150, 0, 0);
    sizes_of_parts("split 0.8 0.1 0.1", 120, 15, 15);
    sizes_of_parts("split validation=0.33", 100, 50, 0); /* 49.5 rounds up */
    sizes_of_parts("split train=0.5", 75, 0, 0);
    sizes_of_parts("split train=0.1 validation=0.1 test=0.1", 15, 15, 15);
}

static void parts_that_would_be_empty(void **state) {
    (void)state;
    refuses("data synthetic xor samples=10\nsplit validation=0.04",
            "split: validation=0.04 of 10 rows is no row");
    refuses("data synthetic xor samples=10\nsplit test=0.01", "split: test=0.01 of 10 rows is no row");
    refuses("data synthetic xor samples=10\nsplit validation=0.49 test=0.5",
            "split: nothing is left to train (10 rows, validation 5, test 5)");
    refuses("data synthetic xor samples=10\nsplit train=0.01",
            "split: nothing is left to train (10 rows, validation 0, test 0)");
}

static void every_row_is_in_one_part(void **state) {
    (void)state;
    static const char *const splits[] = {"", " stratify=no", " shuffle=no"};
    for (int s = 0; s < 3; s++) {
        char line[128];
        int seen[150] = {0};
        snprintf(line, sizeof line, "data synthetic rings samples=150\nsplit 0.7 0.2 0.1%s", splits[s]);
        StDataset *set = load(line);
        for (int part = 0; part < ST_PARTS; part++)
            for (int64_t row = 0, last = 0; row < st_dataset_rows(set, (StPart)part); row++) {
                int64_t origin = st_dataset_origin(set, (StPart)part, row);
                assert_true(origin > last); /* in the order of the source */
                assert_int_equal(label_of(set, (StPart)part, row), (origin - 1) % 3);
                seen[origin - 1]++;
                last = origin;
            }
        for (int i = 0; i < 150; i++)
            assert_int_equal(seen[i], 1);
        for (int c = 0; s == 0 && c < 3; c++) { /* the classes' shares are kept */
            assert_int_equal(st_dataset_class_counts(set, ST_TRAIN)[c], 35);
            assert_int_equal(st_dataset_class_counts(set, ST_VALIDATION)[c], 10);
            assert_int_equal(st_dataset_class_counts(set, ST_TEST)[c], 5);
        }
        if (s == 2) assert_int_equal(st_dataset_origin(set, ST_VALIDATION, 0), 106);
        st_dataset_destroy(set);
    }
}

static void strata_of_uneven_classes(void **state) {
    (void)state;
    char text[4096] = "a,t\n";
    for (int i = 0; i < 97; i++)
        sprintf(text + strlen(text), "%d,%s\n", i, i < 60 ? "big" : i < 90 ? "mid" : "small");
    StDataset *set = load_csv(text, "\nsplit validation=0.2 test=0.3");
    const int64_t *v = st_dataset_class_counts(set, ST_VALIDATION),
                  *t = st_dataset_class_counts(set, ST_TEST);
    assert_true(v[0] == 12 && v[1] == 6 && v[2] == 1);
    assert_true(t[0] == 18 && t[1] == 9 && t[2] == 2);
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 49);
    st_dataset_destroy(set);
}

/* ---- preparation ---- */

static void fitted_on_the_training_part_only(void **state) {
    (void)state;
    const char *text = "a,b,c,t\n1,10,5,x\n2,30,5,y\n3,20,5,x\n1000,-70,9,y\n";
    StDataset *set = load_csv(text, "\nsplit validation=0.25 shuffle=no\nprepare standardize");
    double sd = sqrt(2.0 / 3);
    ROW(set, ST_TRAIN, 0, (float)(-1 / sd), (float)(-10 / (10 * sd)), 0); /* a constant is only shifted */
    ROW(set, ST_VALIDATION, 0, (float)(998 / sd), (float)(-90 / (10 * sd)), 4);
    st_dataset_destroy(set);
    set = load_csv(text, "\nsplit validation=0.25 shuffle=no\nprepare minmax");
    ROW(set, ST_TRAIN, 0, 0, 0, 0);
    ROW(set, ST_TRAIN, 2, 1, 0.5f, 0);
    ROW(set, ST_VALIDATION, 0, 499.5f, -4, 4);
    st_dataset_destroy(set);
    set = load_csv(text, "\nprepare scale=10\nprepare none columns=c\nprepare minmax columns=2");
    ROW(set, ST_TRAIN, 1, 0.2f, 1, 5);
    st_dataset_destroy(set);
    refuses("data csv a.csv\nprepare minmax columns=d", "prepare: unknown column 'd'; did you mean 'a'?");
    refuses_csv("k,a,t\nu,1,x\nv,2,y\n", "\nprepare minmax columns=k",
                "prepare: column 'k' holds categories, wanted numbers");
    refuses_csv("a,t\n3e38,x\n-3e38,y\n", "\nprepare scale=1e-9", "prepare: input 'a' of row 1 becomes inf");
}

static void extreme_and_constant_columns(void **state) {
    (void)state;
    StDataset *set = load_csv("a,b,t\n3e38,0.1,x\n-3e38,0.1,y\n3e38,0.1,x\n", "\nprepare standardize");
    for (int row = 0; row < 3; row++)
        for (int i = 0; i < 2; i++)
            assert_true(isfinite(x_of(set, ST_TRAIN, row)[i]));
    assert_true(x_of(set, ST_TRAIN, 0)[1] == 0);
    st_dataset_destroy(set);
}

static void derived_features(void **state) {
    (void)state;
    StDataset *set =
        load_csv("a,b,t\n1,2,x\n3,-4,y\n", "\nfeatures x2 x1^2 x1*x2 sin(x1)\nprepare scale=2 columns=x1^2");
    ROW(set, ST_TRAIN, 1, -4, 4.5f, -12, (float)sin(3));
    assert_string_equal(st_dataset_input_name(set, 2), "x1*x2");
    float x[4];
    st_dataset_point(set, 3, -4, x);
    assert_memory_equal(x, x_of(set, ST_TRAIN, 1), sizeof x);
    double x1, x2;
    st_dataset_plane(set, ST_TRAIN, 1, &x1, &x2);
    assert_true(x1 == 3 && x2 == -4);
    st_dataset_destroy(set);
    refuses_csv("a,b,c,t\n1,2,3,x\n4,5,6,y\n", "\nfeatures x1",
                "features: the data has 3 input columns, wanted two");
    refuses_csv("a,k,t\n1,u,x\n4,v,y\n", "\nfeatures x1",
                "features: column 'k' holds categories, wanted numbers");
}

/* ---- gathering ---- */

static void gathered_rows_are_the_right_ones(void **state) {
    (void)state;
    StDataset *set = load("data synthetic random samples=300 features=7 classes=5\nsplit validation=0.3");
    for (int part = ST_TRAIN; part <= ST_VALIDATION; part++) {
        int64_t rows = st_dataset_rows(set, (StPart)part), order[300];
        float x[64 * 7], y[64 * 5];
        int32_t labels[64];
        StRng rng = st_rng(3, ST_STREAM_SHUFFLE, (uint64_t)part, 0);
        for (int64_t i = 0; i < rows; i++)
            order[i] = i;
        st_rng_shuffle(&rng, order, rows);
        for (int64_t first = 0; first < rows; first += 64) {
            int64_t count = rows - first < 64 ? rows - first : 64;
            st_dataset_gather_x(set, (StPart)part, order, first, count, x);
            st_dataset_gather_labels(set, (StPart)part, order, first, count, labels);
            st_dataset_gather_y(set, (StPart)part, order, first, count, 5, y);
            for (int64_t i = 0; i < count; i++) {
                assert_memory_equal(x + i * 7, x_of(set, (StPart)part, order[first + i]), 7 * sizeof *x);
                assert_int_equal(labels[i], label_of(set, (StPart)part, order[first + i]));
                for (int c = 0; c < 5; c++)
                    assert_true(y[i * 5 + c] == (c == labels[i]));
            }
        }
    }
    st_dataset_destroy(set);
}

static void what_a_loss_may_ask_for(void **state) {
    (void)state;
    StError error = {0};
    StDataset *set = load("data synthetic xor samples=20");
    StShape one = st_shape(1, 1), two = st_shape(1, 2), five = st_shape(1, 5);
    assert_true(st_dataset_accepts(set, &one, false, st_dataset_classes(set), &error) &&
                !st_dataset_accepts(set, &one, true, st_dataset_classes(set), &error));
    assert_string_equal(error.message, "the output has shape 1, the data 2 classes: wanted 2 outputs");
    assert_true(st_dataset_accepts(set, &two, true, st_dataset_classes(set), &error) &&
                st_dataset_accepts(set, &five, true, st_dataset_classes(set), &error));
    float y[20];
    st_dataset_gather_y(set, ST_TRAIN, NULL, 0, 20, 1, y);
    for (int i = 0; i < 20; i++)
        assert_true(y[i] == (float)label_of(set, ST_TRAIN, i));
    st_dataset_destroy(set);
    set = load("data synthetic rings samples=20");
    assert_false(st_dataset_accepts(set, &one, false, st_dataset_classes(set), &error));
    assert_string_equal(error.message, "the output has shape 1, the data 3 classes: wanted 3 outputs");
    st_dataset_destroy(set);
}

/* ---- a trained model's preparation ---- */

static StPreparation *again(const StDataset *set) {
    StText text = {0}, same = {0};
    StError error = {0};
    st_preparation_print(st_dataset_preparation(set), &text);
    StPreparation *read = st_preparation_parse(text.data, &error);
    if (!read) fail_msg("%s", error.message);
    st_preparation_print(read, &same);
    assert_string_equal(text.data, same.data);
    st_text_free(&text);
    st_text_free(&same);
    return read;
}

static void refuses_rows(const StPreparation *p, const char *content, bool targets, const char *message) {
    StRows rows;
    StError error = {0};
    put("new.csv", content);
    assert_false(st_preparation_read_csv(p, path_of("new.csv"), targets, &rows, &error));
    assert_string_equal(plain(&error), message);
    assert_null(rows.x);
}

static void new_rows_for_a_model(void **state) {
    (void)state;
    StDataset *set = load_csv("k,a,b,t\nv,1,10,x\nu,2,20,y\nw,6,30,x\n", "drop=b\nprepare standardize");
    StPreparation *p = again(set);
    StRows rows;
    StError error = {0};
    assert_int_equal(st_preparation_classes(p), 2);
    assert_string_equal(st_preparation_class_name(p, 1), "y");
    assert_string_equal(st_preparation_input_name(p, 3), "a");
    put("new.csv", "note,t,a,k\nhello,y,6,w\n,x,1,v\n");
    assert_true(st_preparation_read_csv(p, path_of("new.csv"), true, &rows, &error));
    assert_int_equal(rows.rows, 2);
    assert_memory_equal(rows.x, x_of(set, ST_TRAIN, 2), 4 * sizeof(float));
    assert_memory_equal(rows.x + 4, x_of(set, ST_TRAIN, 0), 4 * sizeof(float));
    assert_true(rows.labels[0] == 1 && rows.labels[1] == 0 && !rows.y);
    st_rows_free(&rows);
    refuses_rows(p, "a,t\n1,x\n", false, "new.csv:1: column 'k' is missing");
    refuses_rows(p, "a,k\n1,u\n", true, "new.csv:1: column 't' is missing");
    refuses_rows(p, "a,k\n1,u\n2,zz\n", false,
                 "new.csv:3: column 'k': unknown category 'zz'; known: u, v, w");
    refuses_rows(p, "a,k\n,u\n", false,
                 "new.csv:2: column 'a': the cell is missing and the model has no filling for it");
    refuses_rows(p, "a,k\none,u\n", false, "new.csv:2: column 'a': 'one' is not a number");
    refuses_rows(p, "a,k\n", false, "new.csv: a header and no rows");
    refuses_rows(p, "a,k,t\n1,u,z\n", true, "new.csv:2: column 't': unknown category 'z'; did you mean 'x'?");
    st_preparation_destroy(p);
    st_dataset_destroy(set);
}

static void fillings_and_numbered_classes_of_a_model(void **state) {
    (void)state;
    StDataset *set = load_csv("a,b,t\n1,u,2\n3,v,10\nNA,u,2\n", "missing=mean");
    StPreparation *p = again(set);
    StRows rows;
    StError error = {0};
    put("new.csv", "t,b,a\n10.0,?,nan\n2,v,7\n");
    assert_true(st_preparation_read_csv(p, path_of("new.csv"), true, &rows, &error));
    assert_true(rows.x[0] == 2 && rows.x[1] == 1 && rows.x[2] == 0); /* the mean, and the most frequent */
    assert_true(rows.labels[0] == 1 && rows.labels[1] == 0);
    st_rows_free(&rows);
    refuses_rows(p, "t,b,a\n3,u,1\n", true, "new.csv:2: column 't': class 3 is unknown to the model");
    st_preparation_destroy(p);
    st_dataset_destroy(set);
}

static void models_of_nameless_columns(void **state) {
    (void)state;
    StRows rows;
    StError error = {0};
    float *x;
    int64_t count;
    StDataset *set = load_csv("1,5.5,2.5\n2,6.25,3.5\n", "target=2");
    StPreparation *p = again(set);
    put("new.csv", "7,8,9\n");
    if (!st_preparation_read_csv(p, path_of("new.csv"), true, &rows, &error)) fail_msg("%s", error.message);
    assert_true(rows.x[0] == 7 && rows.x[1] == 9);
    st_rows_free(&rows);
    put("new.csv", "7,9\n1,2\n");
    assert_true(st_preparation_apply_csv(p, path_of("new.csv"), &x, &count, &error));
    assert_true(count == 2 && x[1] == 9);
    free(x);
    refuses_rows(p, "7\n", false, "new.csv:1: 1 column, wanted 3");
    st_preparation_destroy(p);
    st_dataset_destroy(set);
    set = load("data synthetic circle\nfeatures x1 x1*x2");
    p = again(set);
    put("new.csv", "x2,x1\n3,2\n");
    assert_true(st_preparation_apply_csv(p, path_of("new.csv"), &x, &count, &error));
    assert_true(count == 1 && x[0] == 2 && x[1] == 6);
    free(x);
    refuses_rows(p, "1,2\n", true, "new.csv: the model's data has no target column of a csv file");
    st_preparation_destroy(p);
    st_dataset_destroy(set);
}

static void damaged_preparations(void **state) {
    (void)state;
    static const char *const wrong[][2] = {
        {"{", "it is not JSON"},
        {"{}", "its version"},
        {"{\"preparation\":1,\"raw\":[0]}", "a shape"},
        {"{\"preparation\":1,\"raw\":[2],\"columns\":3}", "columns"},
        {"{\"preparation\":1,\"raw\":[1],\"columns\":1,\"inputs\":[{\"column\":1}]}", "an input"},
        {"{\"preparation\":1,\"raw\":[1],\"columns\":1,\"inputs\":[{\"column\":0,\"divisor\":0}]}",
         "an input"},
        {"{\"preparation\":1,\"raw\":[1],\"columns\":1,\"inputs\":[{\"feature\":\"x1\"}]}", "a feature"},
        {"{\"preparation\":1,\"raw\":[1],\"columns\":1}", "targets"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char message[128];
        StError error = {0};
        assert_null(st_preparation_parse(wrong[i][0], &error));
        snprintf(message, sizeof message, "the preparation kept with the weights is damaged: %s",
                 wrong[i][1]);
        assert_string_equal(error.message, message);
    }
}

/* ---- the samples ---- */

static void sample(const char *line, int64_t rows, int64_t inputs, int classes) {
    StError error = {0};
    Lines *lines = calloc(1, sizeof *lines);
    assert_non_null(lines);
    assert_true(take_line(lines, line, &error));
    StDataset *set = st_dataset_load(&lines->data, NULL, NULL, NULL, NULL, 1, &error);
    if (!set) fail_msg("%s: %s", line, error.message);
    StShape shape = st_dataset_x_shape(set);
    assert_int_equal(st_dataset_rows_total(set), rows);
    assert_int_equal(st_shape_size(&shape), inputs);
    assert_int_equal(st_dataset_classes(set), classes);
    StText text = {0}, json = {0};
    st_dataset_describe(set, &text);
    st_dataset_describe_json(set, &json);
    assert_true(text.length > 100);
    json_t *parsed = json_loads(json.data, 0, NULL);
    assert_non_null(parsed);
    assert_int_equal(json_integer_value(json_object_get(parsed, "rows")), rows);
    json_decref(parsed);
    st_text_free(&text);
    st_text_free(&json);
    st_dataset_destroy(set);
    free(lines);
}

static void the_sample_files(void **state) {
    (void)state;
    sample("data csv samples/data/iris.csv", 150, 4, 3);
    sample("data csv samples/data/wine.csv", 178, 13, 3);
    sample("data csv samples/data/breast-cancer.csv", 569, 30, 2);
    sample("data csv samples/data/penguins.csv target=species missing=drop drop=island,sex,year", 342, 4, 3);
    sample("data csv samples/data/concrete.csv", 1030, 8, 0);
    sample("data csv samples/data/digits.csv.gz", 1797, 64, 10);
    sample("data idx samples/data/fashion-mnist-small/train-images-idx3-ubyte.gz "
           "samples/data/fashion-mnist-small/train-labels-idx1-ubyte.gz "
           "test_images=samples/data/fashion-mnist-small/t10k-images-idx3-ubyte.gz "
           "test_labels=samples/data/fashion-mnist-small/t10k-labels-idx1-ubyte.gz",
           2500, 784, 10);
}

static void a_description(void **state) {
    (void)state;
    StDataset *set = load_csv("k,a,t\nv,1,x\nu,2.5,y\nv,4,x\n", "");
    StText text = {0};
    st_dataset_describe(set, &text);
    assert_string_equal(text.data, "data csv a.csv\n"
                                   "3 rows: train 3\n"
                                   "input 3 (raw 2), classification in 2 classes, 0.1 kB in memory\n"
                                   "\n"
                                   "column  type              min         max        mean          sd\n"
                                   "k       category  2: u (1) v (2)\n"
                                   "a       number              1           4         2.5     1.22474\n"
                                   "t       target    2: x (2) y (1)\n"
                                   "\n"
                                   "class                         train\n"
                                   "x                                 2\n"
                                   "y                                 1\n"
                                   "\n"
                                   "warning: 2 classes with fewer than 5 rows ('y': 1)\n");
    st_text_free(&text);
    st_dataset_destroy(set);
}

static void parts_by_name(void **state) {
    (void)state;
    StPart part;
    StError error = {0};
    assert_true(st_part_find("val", &part, &error) && part == ST_VALIDATION);
    assert_true(st_part_find("test", &part, &error) && part == ST_TEST);
    assert_false(st_part_find("tset", &part, &error));
    assert_string_equal(error.message, "unknown part 'tset'; did you mean 'test'?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_synthetic_set),
        cmocka_unit_test(circle_without_noise_is_a_disc_in_a_ring),
        cmocka_unit_test(noise_moves_labels_or_points),
        cmocka_unit_test(same_seed_same_bits),
        cmocka_unit_test(the_bits_of_seed_1),
        cmocka_unit_test(too_large_is_refused),
        cmocka_unit_test(parts_have_their_sizes),
        cmocka_unit_test(parts_that_would_be_empty),
        cmocka_unit_test(every_row_is_in_one_part),
        cmocka_unit_test(strata_of_uneven_classes),
        cmocka_unit_test(fitted_on_the_training_part_only),
        cmocka_unit_test(extreme_and_constant_columns),
        cmocka_unit_test(derived_features),
        cmocka_unit_test(gathered_rows_are_the_right_ones),
        cmocka_unit_test(what_a_loss_may_ask_for),
        cmocka_unit_test(new_rows_for_a_model),
        cmocka_unit_test(fillings_and_numbered_classes_of_a_model),
        cmocka_unit_test(models_of_nameless_columns),
        cmocka_unit_test(damaged_preparations),
        cmocka_unit_test(the_sample_files),
        cmocka_unit_test(a_description),
        cmocka_unit_test(parts_by_name),
    };
    return cmocka_run_group_tests_name("data/dataset", tests, make_folder, remove_folder);
}
