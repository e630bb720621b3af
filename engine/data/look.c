/* What a person looks at: columns, class counts, cells, warnings. */
#include "data/inside.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- columns ---- */

/* Running figures of a column of numbers, first pass and second. */
static void first_pass(StColumnInfo *info, double v) {
    if (isnan(v)) {
        info->missing++;
        return;
    }
    if (v < info->min) info->min = v;
    if (v > info->max) info->max = v;
    info->mean += v;
}

static void second_pass(StColumnInfo *info, double v) {
    if (!isnan(v)) info->sd += (v - info->mean) * (v - info->mean);
}

static double raw_at(const StTable *t, int64_t i) {
    return t->x ? (double)t->x[i] : t->bytes[i];
}

static void settle_mean(StColumnInfo *info, int64_t cells) {
    int64_t seen = cells - info->missing;
    info->mean = seen ? info->mean / (double)seen : NAN;
}

static void settle_deviation(StColumnInfo *info, int64_t cells) {
    int64_t seen = cells - info->missing;
    info->sd = seen ? sqrt(info->sd / (double)seen) : NAN;
    if (!seen) info->min = info->max = NAN;
    if (info->min == info->max) info->sd = 0;
}

enum { CHANNELS_COUNTED = 4 };

/* Channels of bytes, from how often each of the 256 values stands there: one pass. */
static void measure_bytes(StDataset *d, int64_t positions) {
    const StTable *t = &d->table;
    int64_t histogram[CHANNELS_COUNTED][256] = {0};
    for (int64_t at = 0; at < positions; at++)
        for (int f = 0; f < t->fields; f++)
            histogram[f][t->bytes[at * t->fields + f]]++;
    for (int f = 0; f < t->fields; f++) {
        StColumnInfo *info = &d->column[f];
        for (int v = 0; v < 256; v++) {
            if (!histogram[f][v]) continue;
            if (v < info->min) info->min = v;
            if (v > info->max) info->max = v;
            info->mean += (double)histogram[f][v] * v;
        }
        settle_mean(info, positions);
        for (int v = 0; v < 256; v++)
            info->sd += (double)histogram[f][v] * (v - info->mean) * (v - info->mean);
        settle_deviation(info, positions);
    }
}

static void measure_inputs(StDataset *d) {
    const StTable *t = &d->table;
    int64_t positions = t->rows * (st_shape_size(&t->shape) / t->fields);
    int fields = t->fields;
    if (t->bytes && fields <= CHANNELS_COUNTED) {
        measure_bytes(d, positions);
        return;
    }
    for (int64_t at = 0; at < positions; at++)
        for (int f = 0; f < fields; f++)
            first_pass(&d->column[f], raw_at(t, at * fields + f));
    for (int f = 0; f < fields; f++)
        settle_mean(&d->column[f], positions);
    for (int64_t at = 0; at < positions; at++)
        for (int f = 0; f < fields; f++)
            second_pass(&d->column[f], raw_at(t, at * fields + f));
    for (int f = 0; f < fields; f++)
        settle_deviation(&d->column[f], positions);
}

/* Columns of float targets: one each where a row has one axis, else one for all values. */
static void measure_targets(StDataset *d) {
    const StTable *t = &d->table;
    int64_t cells = t->rows * d->label_count;
    int targets = d->columns - t->fields;
    StColumnInfo *info = d->column + t->fields;
    for (int64_t i = 0; i < cells; i++)
        first_pass(&info[i % targets], (double)t->y[i]);
    for (int c = 0; c < targets; c++)
        settle_mean(&info[c], cells / targets);
    for (int64_t i = 0; i < cells; i++)
        second_pass(&info[i % targets], (double)t->y[i]);
    for (int c = 0; c < targets; c++)
        settle_deviation(&info[c], cells / targets);
}

static void describe_field(StColumnInfo *info, const StField *field, bool target) {
    *info = (StColumnInfo){.name = field->name,
                           .target = target,
                           .categorical = field->categorical,
                           .number = field->number,
                           .min = INFINITY,
                           .max = -INFINITY,
                           .categories = field->categories,
                           .category = (const char *const *)field->category};
}

static void describe_targets(StDataset *d) {
    const StTable *t = &d->table;
    for (int i = 0; i < d->columns - t->fields; i++) {
        StColumnInfo *info = &d->column[t->fields + i];
        StField nameless = {.name = t->labels ? "class" : "y", .number = i + 1};
        describe_field(info, i < t->targets ? &t->target[i] : &nameless, true);
        if (!t->labels) continue;
        info->categorical = true;
        info->categories = t->classes;
        info->category = (const char *const *)t->class_name;
        info->min = info->max = info->mean = info->sd = NAN;
    }
}

/* Counts of categories stand one column after another in one block. */
static bool count_categories(StDataset *d, StError *error) {
    const StTable *t = &d->table;
    int64_t total = 0;
    for (int c = 0; c < d->columns; c++)
        total = st_plus(total, d->column[c].categories);
    if (!(d->category_count = st_data_allocate(total, sizeof(int64_t), "the categories", error)))
        return false;
    int64_t *count = d->category_count;
    for (int c = 0; c < d->columns; c++) {
        StColumnInfo *info = &d->column[c];
        info->count = count;
        for (int64_t row = 0; info->categorical && row < t->rows; row++) {
            float v = c < t->fields ? t->x[row * t->fields + c] : 0;
            if (c < t->fields && !isnan(v)) count[(int)v]++;
            for (int64_t l = 0; c >= t->fields && l < d->label_count; l++)
                if (t->labels[row * d->label_count + l] >= 0) count[t->labels[row * d->label_count + l]]++;
        }
        count += info->categories;
    }
    return true;
}

static bool count_classes(StDataset *d, StError *error) {
    const StTable *t = &d->table;
    for (int part = 0; t->labels && part < ST_PARTS; part++) {
        int64_t *count = d->class_count[part] =
            st_data_allocate(t->classes, sizeof *count, "the class counts", error);
        if (!count) return false;
        for (int64_t i = d->start[part] * d->label_count; i < d->start[part + 1] * d->label_count; i++)
            if (t->labels[i] >= 0) count[t->labels[i]]++;
    }
    return true;
}

static bool look_at_columns(StDataset *d, StError *error) {
    const StTable *t = &d->table;
    int64_t targets = t->labels || t->y_shape.rank > 1 ? 1 : t->y_shape.dim[0];
    if (targets > INT32_MAX - t->fields) return st_fail(error, ST_ERR_SHAPE, "the data has too many targets");
    d->columns = t->fields + (int)targets;
    d->column = st_data_allocate(d->columns, sizeof *d->column, "the columns", error);
    if (!d->column) return false;
    for (int f = 0; f < t->fields; f++)
        describe_field(&d->column[f], &t->field[f], false);
    describe_targets(d);
    measure_inputs(d);
    for (int f = 0; f < t->fields; f++)
        if (t->field[f].categorical)
            d->column[f].min = d->column[f].max = d->column[f].mean = d->column[f].sd = NAN;
    if (t->y) measure_targets(d);
    return count_categories(d, error) && count_classes(d, error);
}

/* ---- warnings ---- */

static bool warn_missing(StDataset *d, StError *error) {
    StTable *t = &d->table;
    static const char *const with[] = {[ST_MISSING_MEAN] = "mean",
                                       [ST_MISSING_MEDIAN] = "median",
                                       [ST_MISSING_MODE] = "most frequent value"};
    int64_t cells = 0;
    int columns = 0;
    for (int f = 0; f < t->fields; f++) {
        cells += d->column[f].missing;
        columns += d->column[f].missing > 0;
    }
    return !cells ||
           st_table_warn(t, error,
                         "%" PRId64 " missing cell%s in %d column%s filled with the %s of the training part",
                         cells, cells == 1 ? "" : "s", columns, columns == 1 ? "" : "s", with[t->missing]);
}

static bool never_changes(const StColumnInfo *info) {
    if (info->categorical) return !info->target && info->categories == 1;
    return info->min == info->max;
}

/* One column is told with its value, several by their names in one line. */
static bool warn_constant(StDataset *d, StError *error) {
    enum { NAMED = 5 };
    int count = 0;
    const StColumnInfo *last = NULL;
    StText names = {0};
    for (int c = 0; c < d->columns; c++) {
        if (!never_changes(&d->column[c])) continue;
        last = &d->column[c];
        if (count++ < NAMED) st_text_format(&names, "%s%.60s", count > 1 ? ", " : "", last->name);
    }
    bool done = true;
    if (count > 1)
        done = st_table_warn(&d->table, error, "%d columns are constant: %s%s", count, st_text_string(&names),
                             count > NAMED ? ", …" : "");
    else if (count == 1 && last->categorical)
        done = st_table_warn(&d->table, error, "column '%.60s' is always '%.60s'", last->name,
                             last->category[0]);
    else if (count == 1)
        done = st_table_warn(&d->table, error, "column '%.60s' is always %g", last->name, last->min);
    st_text_free(&names);
    return done;
}

static bool warn_classes(StDataset *d, StError *error) {
    StTable *t = &d->table;
    if (!t->labels) return true;
    const int64_t *count = d->column[t->fields].count;
    int most = 0, least = 0, tiny = 0, untrained = 0, last_tiny = 0, last_untrained = 0;
    int64_t total = 0;
    for (int c = 0; c < t->classes; c++) {
        if (count[c] > count[most]) most = c;
        if (count[c] < count[least]) least = c;
        if (count[c] < 5) tiny++, last_tiny = c;
        if (d->class_count[ST_TRAIN][c] == 0) untrained++, last_untrained = c;
        total += count[c];
    }
    if (tiny && !st_table_warn(t, error, "%d class%s with fewer than 5 rows ('%.60s': %" PRId64 ")", tiny,
                               tiny == 1 ? "" : "es", t->class_name[last_tiny], count[last_tiny]))
        return false;
    if (untrained && !st_table_warn(t, error, "%d class%s without a row to train on ('%.60s')", untrained,
                                    untrained == 1 ? "" : "es", t->class_name[last_untrained]))
        return false;
    if (count[most] < 5 * count[least] || t->classes > 1000) return true;
    return st_table_warn(t, error,
                         "classes are unbalanced: '%.60s' %" PRId64 ", '%.60s' %" PRId64
                         "; always saying '%.60s' is right for %.0f %%",
                         t->class_name[most], count[most], t->class_name[least], count[least],
                         t->class_name[most], 100.0 * (double)count[most] / (double)total);
}

/* Inputs that a network gets in very different sizes, or whole bytes. */
static bool warn_scale(StDataset *d, StError *error) {
    const StPreparation *p = d->preparation;
    int large = -1, small = -1;
    double most = 0, least = INFINITY;
    for (int i = 0; i < p->inputs; i++) {
        if (p->input[i].kind != ST_INPUT_COLUMN || p->field[p->input[i].from].categorical) continue;
        double sd = d->column[p->input[i].from].sd / p->input[i].divisor;
        if (!(sd > 0)) continue;
        if (sd > most) most = sd, large = i;
        if (sd < least) least = sd, small = i;
    }
    if (d->byte_divisor == 1 && d->column[0].max > 16)
        return st_table_warn(&d->table, error, "values go up to %g: prepare scale=255 brings them to 0 … 1",
                             d->column[0].max);
    if (large < 0 || most < 100 * least || d->table.shape.rank > 1) return true;
    return st_table_warn(
        &d->table, error,
        "inputs differ in size: '%.60s' spreads %.0f times as far as '%.60s'; prepare standardize "
        "helps",
        p->input_name[large], most / least, p->input_name[small]);
}

static bool warn_categories(StDataset *d, StError *error) {
    const StPreparation *p = d->preparation;
    for (int f = 0; f < p->fields; f++) {
        const StField *field = &p->field[f];
        if (!field->categorical || field->encode != ST_ENCODE_ONEHOT || field->categories <= 100) continue;
        if (!st_table_warn(&d->table, error,
                           "column '%.60s': %d categories become %d inputs; drop= leaves it out", field->name,
                           field->categories, field->categories))
            return false;
    }
    return true;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count) {
    const unsigned char *b = bytes;
    for (; count >= 8; count -= 8, b += 8) {
        uint64_t word;
        memcpy(&word, b, 8);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    for (; count; count--, b++)
        hash = (hash ^ *b) * 1099511628211u;
    return hash ^ hash >> 32;
}

static int by_hash(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Rows that are the same as an earlier one, target included (by hash). */
static bool warn_duplicates(StDataset *d, StError *error) {
    const StTable *t = &d->table;
    size_t width = (size_t)st_shape_size(&t->shape), each = (size_t)d->label_count;
    uint64_t *hash = st_data_allocate(t->rows, sizeof *hash, "the search for equal rows", error);
    if (!hash) return false;
    int64_t same = 0;
    for (int64_t row = 0; row < t->rows; row++) {
        size_t at = (size_t)row;
        hash[row] = t->x ? hash_bytes(1, t->x + at * width, width * sizeof(float))
                         : hash_bytes(1, t->bytes + at * width, width);
        hash[row] = t->labels ? hash_bytes(hash[row], t->labels + at * each, each * sizeof(int32_t))
                              : hash_bytes(hash[row], t->y + at * each, each * sizeof(float));
    }
    qsort(hash, (size_t)t->rows, sizeof *hash, by_hash);
    for (int64_t row = 1; row < t->rows; row++)
        same += hash[row] == hash[row - 1];
    free(hash);
    return !same ||
           st_table_warn(&d->table, error, "%" PRId64 " row%s the same as an earlier one, target included",
                         same, same == 1 ? " is" : "s are");
}

bool st_dataset_look(StDataset *d, StError *error) {
    return look_at_columns(d, error) && warn_missing(d, error) && warn_constant(d, error) &&
           warn_classes(d, error) && warn_scale(d, error) && warn_categories(d, error) &&
           warn_duplicates(d, error);
}

/* ---- readings ---- */

int st_dataset_columns(const StDataset *d) {
    return d->columns;
}

const StColumnInfo *st_dataset_column(const StDataset *d, int index) {
    return index >= 0 && index < d->columns ? &d->column[index] : NULL;
}

const int64_t *st_dataset_class_counts(const StDataset *d, StPart part) {
    return d->class_count[part];
}

int st_dataset_warnings(const StDataset *d) {
    return d->table.warnings;
}

const char *st_dataset_warning(const StDataset *d, int index) {
    return index >= 0 && index < d->table.warnings ? d->table.warning[index] : NULL;
}

void st_dataset_cell(const StDataset *d, StPart part, int64_t row, int column, StText *out) {
    const StTable *t = &d->table;
    const StColumnInfo *info = st_dataset_column(d, column);
    row += d->start[part];
    if (!info) return;
    if (column >= t->fields) {
        int64_t at = row * d->label_count + column - t->fields;
        if (t->labels && d->label_count == 1)
            st_text_add(out, t->labels[row] < 0 ? "-1" : t->class_name[t->labels[row]]);
        else if (t->y && t->y_shape.rank == 1)
            st_text_float(out, t->y[at]);
        return;
    }
    if (t->shape.rank > 1) return;
    float value = (float)raw_at(t, row * t->fields + column);
    if (isnan(value))
        st_text_add(out, "NA");
    else if (info->categorical)
        st_text_add(out, info->category[(int)value]);
    else
        st_text_float(out, value);
}

size_t st_dataset_bytes(const StDataset *d) {
    const StTable *t = &d->table;
    size_t rows = (size_t)t->rows, raw = rows * (size_t)st_shape_size(&t->shape);
    size_t bytes = t->x ? raw * sizeof(float) : raw;
    if (d->x && d->x != t->x) bytes += rows * (size_t)d->width * sizeof(float);
    bytes += rows * (size_t)d->label_count * sizeof(float);
    if (t->origin) bytes += rows * sizeof(int64_t);
    return bytes;
}
