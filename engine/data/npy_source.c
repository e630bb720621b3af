/* `data npy X Y`: rows are the first axis. Integers in Y are labels (one a row, or one a step), numbers are
 * taken as they are. */
#include "data/npy.h"
#include "data/npy_source.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The shape of one row; a plain [rows] array has rows of one number. */
static StShape row_shape(const StNpy *array) {
    StShape shape = {.rank = array->rank > 1 ? array->rank - 1 : 1, .dim = {1}};
    for (int i = 1; i < array->rank; i++)
        shape.dim[i - 1] = array->dim[i];
    return shape;
}

static bool check_rows(const char *name, const StNpy *array, StError *error) {
    if (array->rank == 0) return st_fail(error, ST_ERR_SHAPE, "%s: a single number, wanted rows", name);
    if (array->dim[0] == 0) return st_fail(error, ST_ERR_SHAPE, "%s: no rows", name);
    for (int i = 1; i < array->rank; i++)
        if (array->dim[i] == 0) return st_fail(error, ST_ERR_SHAPE, "%s: rows of no numbers", name);
    return true;
}

/* Weights are one a row, or one for each position: what Y has, floats without their last axis. */
static bool check_weights(const StNpyPair *pair, const StTable *table, StError *error) {
    const StNpy *w = &pair->weights;
    if (!w->data) return true;
    StShape one = row_shape(w), positions = table->y_shape;
    int64_t each = st_shape_size(&one);
    if (table->y && positions.rank > 1) positions.rank--;
    char got[ST_SHAPE_TEXT], want[ST_SHAPE_TEXT];
    if (!check_rows(pair->weights_name, w, error)) return false;
    if (w->dim[0] != pair->x.dim[0])
        return st_fail(error, ST_ERR_SHAPE, "%s has %" PRId64 " rows, %s has %" PRId64, pair->weights_name,
                       w->dim[0], pair->x_name, pair->x.dim[0]);
    if (each != 1 && (table->y_shape.rank < (table->y ? 2 : 1) || !st_shape_equal(&one, &positions)))
        return st_fail(error, ST_ERR_SHAPE, "%s: rows of %s weights, wanted 1 or, a weight a position, %s",
                       pair->weights_name, st_shape_print(&one, got), st_shape_print(&positions, want));
    return true;
}

/* Y belongs to X; test arrays have the shape and kind of the training ones. */
static bool check_pair(const StNpyPair *pair, const StNpyPair *train, StError *error) {
    if (!check_rows(pair->x_name, &pair->x, error) || !check_rows(pair->y_name, &pair->y, error))
        return false;
    if (pair->x.dim[0] != pair->y.dim[0])
        return st_fail(error, ST_ERR_SHAPE, "%s has %" PRId64 " rows, %s has %" PRId64, pair->x_name,
                       pair->x.dim[0], pair->y_name, pair->y.dim[0]);
    if (!train) return true;
    StShape a = row_shape(&pair->x), b = row_shape(&train->x), c = row_shape(&pair->y),
            d = row_shape(&train->y);
    char got[ST_SHAPE_TEXT], want[ST_SHAPE_TEXT];
    if (!st_shape_equal(&a, &b))
        return st_fail(error, ST_ERR_SHAPE, "%s: rows of shape %s, wanted %s as in %s", pair->x_name,
                       st_shape_print(&a, got), st_shape_print(&b, want), train->x_name);
    if (!st_shape_equal(&c, &d))
        return st_fail(error, ST_ERR_SHAPE, "%s: rows of shape %s, wanted %s as in %s", pair->y_name,
                       st_shape_print(&c, got), st_shape_print(&d, want), train->y_name);
    if ((pair->y.type <= ST_NPY_F8) != (train->y.type <= ST_NPY_F8))
        return st_fail(error, ST_ERR_FORMAT, "%s: type %s, wanted %s as in %s", pair->y_name,
                       st_npy_type_name(pair->y.type), st_npy_type_name(train->y.type), train->y_name);
    return true;
}

static bool take_labels(StTable *table, const StNpyPair *pair, int64_t at, StError *error) {
    for (int64_t i = 0; i < pair->y.count; i++) {
        double value = st_npy_value(&pair->y, i);
        if (value < -1 || value >= ST_LABELS_MAX)
            return st_fail(error, ST_ERR_VALUE,
                           "%s: element %" PRId64
                           " is %.0f, wanted labels from 0 below %d, or -1 for what has none",
                           pair->y_name, i, value, ST_LABELS_MAX);
        table->unlabelled = table->unlabelled || value < 0;
        table->labels[at + i] = (int32_t)value;
        if (table->classes <= (int)value) table->classes = (int)value + 1;
    }
    return true;
}

static bool take_x(StTable *table, const StNpyPair *pair, int64_t at, StError *error) {
    if (!table->bytes) return st_npy_floats(&pair->x, pair->x_name, table->x + at, error);
    memcpy(table->bytes + at, pair->x.data, (size_t)pair->x.count);
    return true;
}

static bool take_y(StTable *table, const StNpyPair *pair, int64_t at, StError *error) {
    return table->labels ? take_labels(table, pair, at, error)
                         : st_npy_floats(&pair->y, pair->y_name, table->y + at, error);
}

/* The test part's rows weigh 1 where they are given no weights. */
static bool take_weights(StTable *table, const StNpyPair *train, const StNpyPair *test, StError *error) {
    if (!train->weights.data) return true;
    int64_t own = table->own_test, all = table->rows;
    table->weights_each = train->weights.count / (all - own);
    int64_t first = (all - own) * table->weights_each, count = all * table->weights_each;
    table->weights = st_data_allocate(count, sizeof(float), train->weights_name, error);
    if (!table->weights || !st_npy_floats(&train->weights, train->weights_name, table->weights, error))
        return false;
    for (int64_t i = first; i < count; i++)
        table->weights[i] = 1;
    if (test && test->weights.data) {
        if (test->weights.count != count - first)
            return st_fail(error, ST_ERR_SHAPE, "%s: %" PRId64 " weights a row, wanted %" PRId64 " as in %s",
                           test->weights_name, test->weights.count / own, table->weights_each,
                           train->weights_name);
        if (!st_npy_floats(&test->weights, test->weights_name, table->weights + first, error)) return false;
    }
    for (int64_t i = 0; i < count; i++)
        if (table->weights[i] < 0)
            return st_fail(error, ST_ERR_VALUE, "%s: weight %g of row %" PRId64 ", wanted weights from 0 up",
                           i < first ? train->weights_name : test->weights_name, (double)table->weights[i],
                           (i < first ? i : i - first) / table->weights_each + 1);
    return true;
}

static bool allocate(StTable *table, const StNpyPair *train, bool bytes, StError *error) {
    int64_t x = st_times(table->rows, st_shape_size(&table->shape));
    int64_t y = st_times(table->rows, st_shape_size(&table->y_shape));
    if (bytes)
        table->bytes = st_data_allocate(x, 1, train->x_name, error);
    else
        table->x = st_data_allocate(x, sizeof(float), train->x_name, error);
    if (!table->x && !table->bytes) return false;
    if (train->y.type > ST_NPY_F8)
        table->labels = st_data_allocate(y, sizeof(int32_t), train->y_name, error);
    else
        table->y = st_data_allocate(y, sizeof(float), train->y_name, error);
    return table->labels || table->y;
}

bool st_npy_table(const StNpyPair *train, const StNpyPair *test, StTable *table, StError *error) {
    if (!check_pair(train, NULL, error) || (test && !check_pair(test, train, error))) return false;
    table->own_test = test ? test->x.dim[0] : 0;
    table->rows = train->x.dim[0] + table->own_test;
    table->shape = row_shape(&train->x);
    table->y_shape = row_shape(&train->y);
    int64_t last = table->shape.dim[table->shape.rank - 1];
    if (last > ST_FIELDS_MAX)
        return st_fail(error, ST_ERR_SHAPE, "%s: rows of %" PRId64 " numbers, wanted at most %d",
                       train->x_name, last, ST_FIELDS_MAX);
    table->fields = (int)last;
    bool bytes = train->x.type == ST_NPY_U1 && (!test || test->x.type == ST_NPY_U1);
    if (!st_table_name_fields(table, table->shape.rank > 1 ? "channel" : "x", error) ||
        !allocate(table, train, bytes, error) || !take_x(table, train, 0, error) ||
        !take_y(table, train, 0, error))
        return false;
    int known = table->classes;
    if (test && (!take_x(table, test, train->x.count, error) || !take_y(table, test, train->y.count, error)))
        return false;
    if (!check_weights(train, table, error) || (test && !check_weights(test, table, error)) ||
        !take_weights(table, train, test, error))
        return false;
    if (test && table->classes > known)
        return st_fail(error, ST_ERR_VALUE, "%s: class %d is not in %s", test->y_name, table->classes - 1,
                       train->y_name);
    table->task = table->labels ? ST_CLASSIFICATION : ST_REGRESSION;
    return !table->labels ||
           (st_table_check_classes(table, train->y_name, error) && st_table_number_classes(table, error));
}

static bool read_pair(StNpyPair *pair, const char *x, const char *y, const char *weights,
                      const char *base_file, StError *error) {
    return st_path_join(base_file, x, pair->x_name, sizeof pair->x_name, error) &&
           st_path_join(base_file, y, pair->y_name, sizeof pair->y_name, error) &&
           st_npy_read(pair->x_name, &pair->x, error) && st_npy_read(pair->y_name, &pair->y, error) &&
           (!*weights ||
            (st_path_join(base_file, weights, pair->weights_name, sizeof pair->weights_name, error) &&
             st_npy_read(pair->weights_name, &pair->weights, error)));
}

static void free_pair(StNpyPair *pair) {
    st_npy_free(&pair->x), st_npy_free(&pair->y), st_npy_free(&pair->weights);
}

static bool load(const void *values, const char *base_file, uint64_t seed, StTable *table, StError *error) {
    (void)seed;
    const StNpyOptions *o = values;
    StNpyPair train = {0}, test = {0};
    bool with_test = *o->test_x;
    if (with_test != (*o->test_y != 0))
        return st_fail(error, ST_ERR_VALUE, "data npy: %s is given and %s is not",
                       with_test ? "test_x" : "test_y", with_test ? "test_y" : "test_x");
    if (*o->test_weights && (!with_test || !*o->weights))
        return st_fail(error, ST_ERR_VALUE, "data npy: test_weights is given and %s is not",
                       with_test ? "weights" : "test_x");
    bool done = read_pair(&train, o->x, o->y, o->weights, base_file, error) &&
                (!with_test || read_pair(&test, o->test_x, o->test_y, o->test_weights, base_file, error)) &&
                st_npy_table(&train, with_test ? &test : NULL, table, error);
    free_pair(&train);
    free_pair(&test);
    return done;
}

static const StOption options[] = {
    ST_OPTION(StNpyOptions, x, ST_TEXT, NULL, .place = true, .help = "the inputs, [rows, …]"),
    ST_OPTION(StNpyOptions, y, ST_TEXT, NULL, .place = true,
              .help = "the targets: integers for sparse losses, else floats shaped as the output"),
    ST_OPTION(StNpyOptions, test_x, ST_TEXT, "", .help = "the inputs of the test part"),
    ST_OPTION(StNpyOptions, test_y, ST_TEXT, "", .help = "the targets of the test part"),
    ST_OPTION(StNpyOptions, weights, ST_TEXT, "",
              .help = "what rows, or positions of them, weigh in the loss; [rows] or as Y"),
    ST_OPTION(StNpyOptions, test_weights, ST_TEXT, "", .help = "the weights of the test part"),
    {0},
};

const StSourceKind st_source_npy = {
    .name = "npy",
    .help = "NumPy arrays of inputs and targets",
    .options = options,
    .options_size = sizeof(StNpyOptions),
    .load = load,
};
