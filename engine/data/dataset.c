#include "data/inside.h"
#include "data/split.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const part_names[] = {"train", "validation", "test", NULL};

const char *st_part_name(StPart part) {
    return part_names[part];
}

static const char *part_name_at(const void *table, int index) {
    return ((const char *const *)table)[index];
}

bool st_part_find(const char *name, StPart *part, StError *error) {
    for (int i = 0; i < ST_PARTS; i++) {
        if (strcmp(name, part_names[i]) != 0 && (i != ST_VALIDATION || strcmp(name, "val") != 0)) continue;
        *part = (StPart)i;
        return true;
    }
    return st_fail_unknown(error, "part", name, part_name_at, part_names);
}

/* ---- loading ---- */

/* A copy of rows in their new order; `each` bytes a row. Frees the old ones. */
static bool reorder(void **rows, size_t each, const int64_t *order, int64_t count, StError *error) {
    if (!*rows) return true;
    char *old = *rows, *copy = st_data_allocate(count, each, "the parts", error);
    if (!copy) return false;
    for (int64_t i = 0; i < count; i++)
        memcpy(copy + (size_t)i * each, old + (size_t)order[i] * each, each);
    free(old);
    *rows = copy;
    return true;
}

static bool reorder_table(StTable *t, const int64_t *order, int64_t count, StError *error) {
    size_t width = (size_t)st_shape_size(&t->shape), targets = (size_t)st_shape_size(&t->y_shape);
    bool same = count == t->rows;
    for (int64_t i = 0; same && i < count; i++)
        same = order[i] == i;
    if (same) return true;
    if (!t->origin) {
        t->origin = st_data_allocate(t->rows, sizeof *t->origin, "the parts", error);
        for (int64_t i = 0; t->origin && i < t->rows; i++)
            t->origin[i] = i + 1;
    }
    bool done = t->origin && reorder((void **)&t->x, width * sizeof(float), order, count, error) &&
                reorder((void **)&t->bytes, width, order, count, error) &&
                reorder((void **)&t->labels, targets * sizeof(int32_t), order, count, error) &&
                reorder((void **)&t->y, targets * sizeof(float), order, count, error) &&
                reorder((void **)&t->weights, (size_t)t->weights_each * sizeof(float), order, count, error) &&
                reorder((void **)&t->origin, sizeof(int64_t), order, count, error);
    if (done) t->rows = count;
    return done;
}

static bool settle_parts(StDataset *d, const StSplitSpec *split, uint64_t seed, StError *error) {
    StTable *t = &d->table;
    int64_t size[ST_PARTS] = {t->rows - t->own_test, 0, t->own_test}, rows = t->rows;
    if (split && split->given) {
        int64_t *order = st_data_allocate(t->rows, sizeof *order, "the parts", error);
        bool done = order && st_split_table(split, t, seed, order, size, error) &&
                    reorder_table(t, order, size[0] + size[1] + size[2], error);
        free(order);
        if (!done) return false;
        if (rows > t->rows && !st_table_warn(t, error, "%" PRId64 " row%s in no part of the split",
                                             rows - t->rows, rows - t->rows == 1 ? " is" : "s are"))
            return false;
    }
    for (int part = 0; part < ST_PARTS; part++)
        d->start[part + 1] = d->start[part] + size[part];
    return true;
}

static bool widen_bytes(StTable *t, StError *error) {
    int64_t cells = t->rows * st_shape_size(&t->shape);
    t->x = st_data_allocate(cells, sizeof(float), "the data as floats", error);
    for (int64_t i = 0; t->x && i < cells; i++)
        t->x[i] = t->bytes[i];
    if (!t->x) return false;
    free(t->bytes);
    t->bytes = NULL;
    return true;
}

static bool same_maps(const StPreparation *p) {
    for (int i = 1; i < p->inputs; i++)
        if (p->input[i].shift != p->input[0].shift || p->input[i].divisor != p->input[0].divisor)
            return false;
    return true;
}

/* Bytes stay bytes where one table, or one for each of up to four channels, says what they become. */
static bool keep_bytes(StDataset *d, StError *error) {
    const StPreparation *p = d->preparation;
    d->byte_tables = same_maps(p) ? 1 : p->inputs;
    d->byte_value = st_data_allocate(d->byte_tables, sizeof *d->byte_value, "the preparation", error);
    if (!d->byte_value) return false;
    for (int t = 0; t < d->byte_tables; t++)
        for (int v = 0; v < 256; v++)
            d->byte_value[t][v] = (float)(((double)v - p->input[t].shift) / p->input[t].divisor);
    /* A float quotient of two floats, rounded once, is the double quotient rounded to float. */
    double divisor = p->input[0].divisor;
    if (d->byte_tables == 1 && p->input[0].shift == 0 && (double)(float)divisor == divisor)
        d->byte_divisor = (float)divisor;
    return true;
}

static bool untouched(const StPreparation *p) {
    for (int i = 0; i < p->inputs; i++)
        if (p->input[i].shift != 0 || p->input[i].divisor != 1) return false;
    return p->plain;
}

static bool check_finite(const StDataset *d, StError *error) {
    int64_t cells = d->table.rows * d->width;
    for (int64_t i = 0; i < cells; i++)
        if (!isfinite(d->x[i]))
            return st_fail(error, ST_ERR_NONFINITE, "prepare: input '%.60s' of row %" PRId64 " becomes %g",
                           d->preparation->input_name[i % d->preparation->inputs], i / d->width + 1,
                           (double)d->x[i]);
    return true;
}

static bool prepare_rows(StDataset *d, StError *error) {
    const StPreparation *p = d->preparation;
    StTable *t = &d->table;
    d->width = st_shape_size(&p->x_shape);
    if (t->bytes && p->plain && (same_maps(p) || p->inputs <= 4)) return keep_bytes(d, error);
    if (t->bytes && !widen_bytes(t, error)) return false;
    if (untouched(p) && t->missing < ST_MISSING_MEAN) {
        d->x = t->x;
        return true;
    }
    d->x = st_data_allocate(st_times(t->rows, d->width), sizeof(float), "the prepared rows", error);
    if (!d->x) return false;
    st_preparation_apply(p, t->x, t->rows, d->x);
    return check_finite(d, error);
}

static bool load(StDataset *d, const StSplitSpec *split, const StPrepareSpec *prepare,
                 const StFeaturesSpec *features, const char *base_file, uint64_t seed, StError *error) {
    const StSourceKind *kind = st_data_kind(&d->spec);
    if (!kind) return st_fail(error, ST_ERR_STATE, "there is no data: wanted a data line");
    if (!kind->load(d->spec.options, base_file, seed, &d->table, error)) return false;
    StTable *t = &d->table;
    d->label_count = st_shape_size(&t->y_shape);
    if (features && features->count && t->bytes && !widen_bytes(t, error)) return false;
    if (!settle_parts(d, split, seed, error)) return false;
    d->preparation = st_preparation_fit(t, d->start[1], prepare, features, error);
    if (!d->preparation || !prepare_rows(d, error)) return false;
    d->plane =
        t->x && t->shape.rank == 1 && t->fields == 2 && !t->field[0].categorical && !t->field[1].categorical;
    return st_dataset_look(d, error);
}

StDataset *st_dataset_load(const StDataSpec *data, const StSplitSpec *split, const StPrepareSpec *prepare,
                           const StFeaturesSpec *features, const char *base_file, uint64_t seed,
                           StError *error) {
    StDataset *d = st_data_allocate(1, sizeof *d, "the data", error);
    if (!d) return NULL;
    d->spec = *data;
    if (load(d, split, prepare, features, base_file, seed, error)) return d;
    st_dataset_destroy(d);
    return NULL;
}

void st_dataset_destroy(StDataset *d) {
    if (!d) return;
    if (d->x != d->table.x) free(d->x);
    st_table_free(&d->table);
    st_preparation_destroy(d->preparation);
    free(d->byte_value);
    free(d->column);
    free(d->category_count);
    for (int part = 0; part < ST_PARTS; part++)
        free(d->class_count[part]);
    free(d);
}

/* ---- what a network needs to know ---- */

StShape st_dataset_x_shape(const StDataset *d) {
    return d->preparation->x_shape;
}

StTask st_dataset_task(const StDataset *d) {
    return d->table.task;
}

int64_t st_dataset_rows(const StDataset *d, StPart part) {
    return d->start[part + 1] - d->start[part];
}

int64_t st_dataset_rows_total(const StDataset *d) {
    return d->table.rows;
}

bool st_dataset_has_labels(const StDataset *d) {
    return d->table.labels != NULL;
}

StShape st_dataset_y_shape(const StDataset *d) {
    return d->table.y_shape;
}

int st_dataset_classes(const StDataset *d) {
    return d->table.classes;
}

const char *st_dataset_class_name(const StDataset *d, int index) {
    return st_preparation_class_name(d->preparation, index);
}

int st_dataset_inputs(const StDataset *d) {
    return d->preparation->inputs;
}

const char *st_dataset_input_name(const StDataset *d, int index) {
    return st_preparation_input_name(d->preparation, index);
}

const StPreparation *st_dataset_preparation(const StDataset *d) {
    return d->preparation;
}

int64_t st_dataset_weights_each(const StDataset *d) {
    return d->table.weights ? d->table.weights_each : 0;
}

/* True where the labels' shape is the output's without its last axis (one label: a row without axes). */
static bool labels_lead(const StDataset *d, const StShape *output) {
    StShape lead = *output;
    lead.rank--;
    return lead.rank == 0 ? d->label_count == 1 : st_shape_equal(&lead, &d->table.y_shape);
}

static bool accepts_labels(const StDataset *d, const StShape *output, bool sparse, int classes,
                           StError *error) {
    int64_t last = output->rank ? output->dim[output->rank - 1] : 0;
    char out[ST_SHAPE_TEXT], shape[ST_SHAPE_TEXT];
    st_shape_print(output, out);
    st_shape_print(&d->table.y_shape, shape);
    if (labels_lead(d, output) && last >= classes) return true;
    if (!sparse && classes == 2 && st_shape_equal(output, &d->table.y_shape)) return true;
    if (labels_lead(d, output))
        return st_fail(error, ST_ERR_SHAPE,
                       "the output has shape %s, the data %d classes: wanted %d outputs%s", out, classes,
                       classes, !sparse && classes == 2 ? ", or one" : "");
    return st_fail(error, ST_ERR_SHAPE, "the output has shape %s, the data labels of shape %s in %d classes",
                   out, shape, classes);
}

int st_dataset_classes_but(const StDataset *d, int left_out, StError *error) {
    const StTable *t = &d->table;
    if (t->unlabelled && left_out != -1) {
        st_fail(
            error, ST_ERR_VALUE,
            "the data has labels of -1, which ignore_class=-1 of sparse_categorical_crossentropy leaves out");
        return -1;
    }
    int classes = t->classes;
    if (left_out != classes - 1) return classes;
    while (--classes > 0) /* the classes below it that there are none of need no output either */
        for (int part = 0; part < ST_PARTS; part++)
            if (d->class_count[part][classes - 1]) return classes;
    return classes;
}

bool st_dataset_accepts(const StDataset *d, const StShape *output, bool sparse, int classes, StError *error) {
    if (d->table.labels) return accepts_labels(d, output, sparse, classes, error);
    char out[ST_SHAPE_TEXT], shape[ST_SHAPE_TEXT];
    st_shape_print(output, out);
    st_shape_print(&d->table.y_shape, shape);
    if (sparse)
        return st_fail(error, ST_ERR_SHAPE,
                       "the loss wants labels (whole numbers), the data has float targets of shape %s",
                       shape);
    return st_shape_equal(output, &d->table.y_shape) ||
           st_fail(error, ST_ERR_SHAPE, "the output has shape %s, the data targets of shape %s", out, shape);
}

/* ---- gathering ---- */

static void bytes_to_floats(const StDataset *d, const uint8_t *bytes, int64_t count, float *x) {
    if (d->byte_divisor != 0) {
        float divisor = d->byte_divisor;
        for (int64_t i = 0; i < count; i++)
            x[i] = (float)bytes[i] / divisor;
    } else if (d->byte_tables == 1) {
        for (int64_t i = 0; i < count; i++)
            x[i] = d->byte_value[0][bytes[i]];
    } else {
        int channels = d->byte_tables;
        for (int64_t i = 0; i < count; i += channels)
            for (int c = 0; c < channels; c++)
                x[i + c] = d->byte_value[c][bytes[i + c]];
    }
}

static void gather_floats(const float *x, const int64_t *rows, int64_t count, int64_t width, float *to) {
    for (int64_t i = 0; i < count; i++)
        memcpy(to + i * width, x + rows[i] * width, (size_t)width * sizeof *x);
}

static void gather_bytes(const StDataset *d, const uint8_t *bytes, const int64_t *rows, int64_t count,
                         int64_t width, float *to) {
    for (int64_t i = 0; i < count; i++)
        bytes_to_floats(d, bytes + rows[i] * width, width, to + i * width);
}

void st_dataset_gather_x(const StDataset *d, StPart part, const int64_t *rows, int64_t first, int64_t count,
                         float *x) {
    int64_t start = d->start[part], width = d->width;
    if (!rows && d->x) {
        memcpy(x, d->x + (start + first) * width, (size_t)(count * width) * sizeof *x);
    } else if (!rows) {
        bytes_to_floats(d, d->table.bytes + (start + first) * width, count * width, x);
    } else if (d->x) {
        gather_floats(d->x + start * width, rows + first, count, width, x);
    } else {
        gather_bytes(d, d->table.bytes + start * width, rows + first, count, width, x);
    }
}

static int64_t row_of(const StDataset *d, StPart part, const int64_t *rows, int64_t at) {
    return d->start[part] + (rows ? rows[at] : at);
}

void st_dataset_gather_weights(const StDataset *d, StPart part, const int64_t *rows, int64_t first,
                               int64_t count, float *weights) {
    int64_t each = d->table.weights_each;
    for (int64_t i = 0; i < count; i++)
        memcpy(weights + i * each, d->table.weights + row_of(d, part, rows, first + i) * each,
               (size_t)each * sizeof *weights);
}

void st_dataset_gather_labels(const StDataset *d, StPart part, const int64_t *rows, int64_t first,
                              int64_t count, int32_t *labels) {
    int64_t each = d->label_count;
    for (int64_t i = 0; i < count; i++) {
        const int32_t *from = d->table.labels + row_of(d, part, rows, first + i) * each;
        for (int64_t l = 0; l < each; l++)
            labels[i * each + l] = from[l];
    }
}

void st_dataset_gather_y(const StDataset *d, StPart part, const int64_t *rows, int64_t first, int64_t count,
                         int64_t width, float *y) {
    int64_t each = d->label_count, depth = width / each;
    if (d->table.labels && depth > 1) memset(y, 0, (size_t)(count * width) * sizeof *y);
    for (int64_t i = 0; i < count; i++, y += width) {
        int64_t row = row_of(d, part, rows, first + i);
        if (!d->table.labels) {
            memcpy(y, d->table.y + row * each, (size_t)width * sizeof *y);
            continue;
        }
        const int32_t *label = d->table.labels + row * each;
        for (int64_t l = 0; l < each; l++) {
            if (depth == 1)
                y[l] = (float)label[l];
            else if (label[l] >= 0)
                y[l * depth + label[l]] = 1;
        }
    }
}

/* ---- raw rows ---- */

StShape st_dataset_raw_shape(const StDataset *d) {
    return d->table.shape;
}

void st_dataset_raw(const StDataset *d, StPart part, int64_t row, float *raw) {
    int64_t width = st_shape_size(&d->table.shape);
    const float *from = st_table_row(&d->table, d->start[part] + row, width, raw);
    if (from != raw) memcpy(raw, from, (size_t)width * sizeof *raw);
}

int64_t st_dataset_origin(const StDataset *d, StPart part, int64_t row) {
    row += d->start[part];
    return d->table.origin ? d->table.origin[row] : row + 1;
}

bool st_dataset_is_plane(const StDataset *d) {
    return d->plane;
}

void st_dataset_plane(const StDataset *d, StPart part, int64_t row, double *x1, double *x2) {
    const float *raw = d->table.x + (d->start[part] + row) * 2;
    *x1 = (double)raw[0];
    *x2 = (double)raw[1];
}

void st_dataset_point(const StDataset *d, double x1, double x2, float *x) {
    const float raw[2] = {(float)x1, (float)x2};
    st_preparation_apply(d->preparation, raw, 1, x);
}
