#include "data/fit.h"

#include <math.h>
#include <string.h>

void st_preparation_destroy(StPreparation *p) {
    if (!p) return;
    for (int i = 0; p->field && i < p->fields; i++)
        st_field_free(&p->field[i]);
    for (int i = 0; p->target && i < p->targets; i++)
        st_field_free(&p->target[i]);
    free(p->field);
    free(p->target);
    free(p->fill);
    free(p->input);
    st_names_free(p->input_name, p->inputs);
    st_names_free(p->class_name, p->classes);
    free(p);
}

StShape st_preparation_x_shape(const StPreparation *p) {
    return p->x_shape;
}

StTask st_preparation_task(const StPreparation *p) {
    return p->task;
}

int st_preparation_classes(const StPreparation *p) {
    return p->classes;
}

const char *st_preparation_class_name(const StPreparation *p, int index) {
    return index >= 0 && index < p->classes ? p->class_name[index] : NULL;
}

int st_preparation_inputs(const StPreparation *p) {
    return p->inputs;
}

const char *st_preparation_input_name(const StPreparation *p, int index) {
    return index >= 0 && index < p->inputs ? p->input_name[index] : NULL;
}

bool st_preparation_origin(const StPreparation *p, int index, StInputOrigin *origin) {
    if (index < 0 || index >= p->inputs) return false;
    const StInput *input = &p->input[index];
    *origin = (StInputOrigin){.column = input->kind == ST_INPUT_FEATURE ? -1 : input->from,
                              .category = input->kind == ST_INPUT_CATEGORY ? input->category : -1,
                              .shift = input->shift,
                              .divisor = input->divisor};
    return true;
}

/* ---- applying ---- */

static double cell_value(const StPreparation *p, int field, const float *raw) {
    double value = (double)raw[field];
    return isnan(value) ? p->fill[field] : value;
}

static double raw_value(const StPreparation *p, const StInput *input, const float *raw) {
    if (input->kind == ST_INPUT_FEATURE)
        return st_feature_value(input->from, cell_value(p, 0, raw), cell_value(p, 1, raw));
    double value = cell_value(p, input->from, raw);
    return input->kind == ST_INPUT_CATEGORY ? value == input->category : value;
}

void st_preparation_apply(const StPreparation *p, const float *raw, int64_t rows, float *x) {
    int64_t width = st_shape_size(&p->raw_shape), positions = rows * (width / p->fields);
    for (int64_t at = 0; at < positions; at++, raw += p->fields, x += p->inputs)
        for (int i = 0; i < p->inputs; i++) {
            const StInput *input = &p->input[i];
            x[i] = (float)((raw_value(p, input, raw) - input->shift) / input->divisor);
        }
}

const float *st_table_row(const StTable *table, int64_t row, int64_t width, float *held) {
    if (table->x) return table->x + row * width;
    for (int64_t i = 0; i < width; i++)
        held[i] = table->bytes[row * width + i];
    return held;
}

/* ---- fitting: columns and inputs ---- */

static bool copy_field(const StField *from, StField *to, StError *error) {
    *to = *from;
    to->category = NULL;
    to->categories = 0;
    if (!(to->name = st_data_copy(from->name, strlen(from->name), error))) return false;
    if (!from->categories) return true;
    if (!(to->category = st_data_allocate(from->categories, sizeof(char *), "categories", error)))
        return false;
    for (int i = 0; i < from->categories; i++, to->categories++)
        if (!(to->category[i] = st_data_copy(from->category[i], strlen(from->category[i]), error)))
            return false;
    return true;
}

static bool copy_columns(StPreparation *p, const StTable *table, StError *error) {
    p->field = st_data_allocate((int64_t)table->fields + 1, sizeof *p->field, "columns", error);
    p->fill = st_data_allocate(table->fields, sizeof *p->fill, "columns", error);
    p->target = st_data_allocate((int64_t)table->targets + 1, sizeof *p->target, "columns", error);
    p->class_name = st_data_allocate(table->classes, sizeof(char *), "class names", error);
    if (!p->field || !p->fill || !p->target || !p->class_name) return false;
    for (int i = 0; i < table->fields; i++) {
        p->fill[i] = NAN;
        p->fields++;
        if (!copy_field(&table->field[i], &p->field[i], error)) return false;
    }
    for (int i = 0; i < table->targets; i++) {
        p->targets++;
        if (!copy_field(&table->target[i], &p->target[i], error)) return false;
    }
    for (int i = 0; i < table->classes; i++, p->classes++)
        if (!(p->class_name[i] = st_data_copy(table->class_name[i], strlen(table->class_name[i]), error)))
            return false;
    return true;
}

static bool list_features(StPreparation *p, const StFeaturesSpec *features, StError *error) {
    if (p->fields != 2 || p->raw_shape.rank != 1)
        return st_fail(error, ST_ERR_SHAPE, "features: the data has %d input column%s, wanted two", p->fields,
                       p->fields == 1 ? "" : "s");
    for (int i = 0; i < 2; i++)
        if (p->field[i].categorical)
            return st_fail(error, ST_ERR_SHAPE, "features: column '%.60s' holds categories, wanted numbers",
                           p->field[i].name);
    p->input = st_data_allocate(features->count, sizeof *p->input, "inputs", error);
    if (!p->input) return false;
    for (; p->inputs < features->count; p->inputs++)
        p->input[p->inputs] =
            (StInput){.kind = ST_INPUT_FEATURE, .from = features->feature[p->inputs], .divisor = 1};
    return true;
}

static int64_t inputs_of(const StField *field) {
    if (!field->categorical || field->encode == ST_ENCODE_ORDINAL) return 1;
    return field->encode == ST_ENCODE_DROP ? 0 : field->categories;
}

static bool list_inputs(StPreparation *p, StError *error) {
    int64_t inputs = 0;
    for (int i = 0; i < p->fields; i++)
        inputs += inputs_of(&p->field[i]);
    if (inputs == 0) return st_fail(error, ST_ERR_VALUE, "encode: every column is dropped, no input is left");
    if (inputs > INT32_MAX) return st_fail(error, ST_ERR_VALUE, "the data has too many inputs");
    if (!(p->input = st_data_allocate(inputs, sizeof *p->input, "inputs", error))) return false;
    for (int f = 0; f < p->fields; f++) {
        bool onehot = p->field[f].categorical && p->field[f].encode == ST_ENCODE_ONEHOT;
        for (int c = 0; c < inputs_of(&p->field[f]); c++)
            p->input[p->inputs++] = (StInput){
                .kind = onehot ? ST_INPUT_CATEGORY : ST_INPUT_COLUMN, .from = f, .category = c, .divisor = 1};
    }
    return true;
}

static bool name_input(const StPreparation *p, const StInput *input, char **name, StError *error) {
    StText text = {0};
    if (input->kind == ST_INPUT_FEATURE) {
        st_text_add(&text, st_feature_name(input->from));
    } else {
        const StField *field = &p->field[input->from];
        st_text_add(&text, field->name);
        if (input->kind == ST_INPUT_CATEGORY) st_text_format(&text, "=%s", field->category[input->category]);
        if (!text.data) st_text_add(&text, "");
    }
    *name = text.data;
    return !text.failed || st_fail_memory(error, "the names of inputs", text.length);
}

bool st_preparation_finish(StPreparation *p, StError *error) {
    p->plain = p->inputs == p->fields;
    for (int i = 0; p->plain && i < p->inputs; i++)
        p->plain = p->input[i].kind == ST_INPUT_COLUMN && p->input[i].from == i;
    p->x_shape = p->raw_shape;
    p->x_shape.dim[p->x_shape.rank - 1] = p->inputs;
    p->input_name = st_data_allocate(p->inputs, sizeof(char *), "the names of inputs", error);
    if (!p->input_name) return false;
    for (int i = 0; i < p->inputs; i++)
        if (!name_input(p, &p->input[i], &p->input_name[i], error)) return false;
    return true;
}

/* ---- fitting: fillings ---- */

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double most_frequent(const float *sorted, int64_t count) {
    int64_t best = 0, best_run = 0, run = 0;
    for (int64_t i = 0; i < count; i++) {
        run = i && sorted[i] == sorted[i - 1] ? run + 1 : 1;
        if (run > best_run) best = i, best_run = run;
    }
    return (double)sorted[best];
}

static double filling(StMissing missing, const StField *field, float *value, int64_t count) {
    qsort(value, (size_t)count, sizeof *value, by_value);
    if (missing == ST_MISSING_MODE || field->categorical) return most_frequent(value, count);
    if (missing == ST_MISSING_MEDIAN) return ((double)value[(count - 1) / 2] + (double)value[count / 2]) / 2;
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)value[i];
    return sum / (double)count;
}

static bool fit_fillings(StPreparation *p, const StTable *table, int64_t rows, StError *error) {
    if (table->missing < ST_MISSING_MEAN || !table->x) return true;
    float *value = st_data_allocate(rows, sizeof *value, "the fillings", error);
    bool done = value != NULL;
    for (int f = 0; done && f < p->fields; f++) {
        int64_t count = 0;
        for (int64_t row = 0; row < rows; row++) {
            float v = table->x[row * p->fields + f];
            if (!isnan(v)) value[count++] = v;
        }
        if (count == 0)
            done = st_fail(error, ST_ERR_VALUE,
                           "column '%.60s': every cell of the training part is missing, nothing to fill with",
                           p->field[f].name);
        else
            p->fill[f] = filling(table->missing, &p->field[f], value, count);
    }
    free(value);
    return done;
}

/* ---- fitting: shifts and divisors ---- */

typedef struct Moments {
    double min, max, mean, sd;
} Moments;

static void add_bytes(const StTable *table, int64_t cells, int fields, int64_t (*histogram)[256]) {
    for (int64_t i = 0; i < cells; i++)
        histogram[i % fields][table->bytes[i]]++;
}

/* Of every channel, from counts of the 256 values: exact, and one pass. */
static bool moments_of_bytes(const StPreparation *p, const StTable *table, int64_t rows, Moments *m,
                             StError *error) {
    int64_t width = st_shape_size(&p->raw_shape), positions = rows * (width / p->fields);
    int64_t(*histogram)[256] = st_data_allocate(p->fields, sizeof *histogram, "the preparation", error);
    if (!histogram) return false;
    add_bytes(table, rows * width, p->fields, histogram);
    for (int f = 0; f < p->fields; f++) {
        double sum = 0, square = 0;
        m[f] = (Moments){.min = 255, .max = 0};
        for (int v = 0; v < 256; v++) {
            if (!histogram[f][v]) continue;
            if (v < m[f].min) m[f].min = v;
            m[f].max = v;
            sum += (double)histogram[f][v] * v;
        }
        m[f].mean = sum / (double)positions;
        for (int v = 0; v < 256; v++)
            square += (double)histogram[f][v] * (v - m[f].mean) * (v - m[f].mean);
        m[f].sd = sqrt(square / (double)positions);
    }
    free(histogram);
    return true;
}

static void moments_of_floats(const StPreparation *p, const StTable *table, int64_t rows, Moments *m) {
    int64_t width = st_shape_size(&p->raw_shape), positions = rows * (width / p->fields);
    for (int i = 0; i < p->inputs; i++)
        m[i] = (Moments){.min = INFINITY, .max = -INFINITY};
    for (int64_t at = 0; at < positions; at++)
        for (int i = 0; i < p->inputs; i++) {
            double v = raw_value(p, &p->input[i], table->x + at * p->fields);
            m[i].min = v < m[i].min ? v : m[i].min;
            m[i].max = v > m[i].max ? v : m[i].max;
            m[i].mean += v;
        }
    for (int i = 0; i < p->inputs; i++)
        m[i].mean /= (double)positions;
    for (int64_t at = 0; at < positions; at++)
        for (int i = 0; i < p->inputs; i++) {
            double d = raw_value(p, &p->input[i], table->x + at * p->fields) - m[i].mean;
            m[i].sd += d * d;
        }
    for (int i = 0; i < p->inputs; i++)
        m[i].sd = sqrt(m[i].sd / (double)positions);
}

static void treat(StInput *input, const StPrepareEntry *entry, const Moments *m) {
    input->shift = 0;
    input->divisor = entry->scale;
    if (entry->method == ST_PREPARE_NONE) return;
    bool constant = m->min == m->max; /* asked of the values: a mean may miss them by a rounding */
    bool standardize = entry->method == ST_PREPARE_STANDARDIZE;
    input->shift = constant || !standardize ? m->min : m->mean;
    input->divisor = standardize ? m->sd : m->max - m->min;
    if (constant || !(input->divisor > 0)) input->divisor = 1;
}

/* Marks the inputs that an entry's columns name: features by their own names, else columns. */
static bool mark_inputs(const StPreparation *p, const StPrepareEntry *entry, bool *marked, StError *error) {
    const char *list = entry->columns;
    char word[256];
    memset(marked, !*list, (size_t)p->inputs);
    while (st_list_next(&list, word)) {
        bool found = false;
        for (int i = 0; i < p->inputs; i++)
            if (p->input[i].kind == ST_INPUT_FEATURE && strcmp(st_feature_name(p->input[i].from), word) == 0)
                found = marked[i] = true;
        if (found) continue;
        int place = st_field_find(p->field, p->fields, "prepare", word, error);
        if (place < 0) return false;
        for (int i = 0; i < p->inputs; i++) {
            if (p->input[i].kind == ST_INPUT_FEATURE || p->input[i].from != place) continue;
            if (p->input[i].kind == ST_INPUT_CATEGORY)
                return st_fail(error, ST_ERR_VALUE,
                               "prepare: column '%.60s' holds categories, wanted numbers",
                               p->field[place].name);
            marked[i] = found = true;
        }
        if (!found)
            return st_fail(error, ST_ERR_VALUE, "prepare: column '%.60s' is no input here",
                           p->field[place].name);
    }
    for (int i = 0; i < p->inputs; i++)
        marked[i] &= p->input[i].kind != ST_INPUT_CATEGORY;
    return true;
}

static bool measure(const StPreparation *p, const StTable *table, int64_t rows, const StPrepareSpec *prepare,
                    Moments *m, StError *error) {
    bool wanted = false;
    for (int i = 0; i < prepare->count; i++)
        wanted |= prepare->entry[i].method != ST_PREPARE_NONE;
    if (!wanted) return true;
    if (table->bytes) return moments_of_bytes(p, table, rows, m, error);
    moments_of_floats(p, table, rows, m);
    return true;
}

static bool fit_inputs(StPreparation *p, const StTable *table, int64_t rows, const StPrepareSpec *prepare,
                       StError *error) {
    Moments *m = st_data_allocate(p->inputs, sizeof *m, "the preparation", error);
    bool *marked = st_data_allocate(p->inputs, sizeof *marked, "the preparation", error);
    bool done = m && marked && measure(p, table, rows, prepare, m, error);
    for (int e = 0; done && e < prepare->count; e++) {
        const StPrepareEntry *entry = &prepare->entry[e];
        if (!st_prepare_rules_numbers(entry)) continue;
        done = mark_inputs(p, entry, marked, error);
        for (int i = 0; done && i < p->inputs; i++)
            if (marked[i]) treat(&p->input[i], entry, &m[i]);
    }
    free(m);
    free(marked);
    return done;
}

static bool fit(StPreparation *p, const StTable *table, int64_t rows, const StPrepareSpec *prepare,
                const StFeaturesSpec *features, StError *error) {
    static const StPrepareSpec nothing;
    if (!prepare) prepare = &nothing;
    p->raw_shape = table->shape;
    p->task = table->task;
    p->header = table->header;
    p->classes_numbers = table->classes_numbers;
    if (!copy_columns(p, table, error)) return false;
    for (int e = 0; e < prepare->count; e++)
        if (!st_fields_encode(p->field, p->fields, prepare->entry[e].encode, prepare->entry[e].columns,
                              error))
            return st_fail_at(error, "prepare");
    bool derived = features && features->count;
    return (derived ? list_features(p, features, error) : list_inputs(p, error)) &&
           fit_fillings(p, table, rows, error) && st_preparation_finish(p, error) &&
           fit_inputs(p, table, rows, prepare, error);
}

StPreparation *st_preparation_fit(const StTable *table, int64_t rows, const StPrepareSpec *prepare,
                                  const StFeaturesSpec *features, StError *error) {
    StPreparation *p = st_data_allocate(1, sizeof *p, "the preparation", error);
    if (p && !fit(p, table, rows, prepare, features, error)) {
        st_preparation_destroy(p);
        p = NULL;
    }
    return p;
}
