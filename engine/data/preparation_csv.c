/* Rows of a csv file for a network that is trained already. */
#include "data/csv.h"
#include "data/fit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct Reading {
    const StPreparation *p;
    StCsv csv;
    StField answer;      /* the target column of classes, with the classes as its categories */
    StCsvColumn *column; /* [width + targets] */
    int columns, width, targets;
    float *row; /* [width + targets] */
} Reading;

void st_rows_free(StRows *rows) {
    free(rows->x);
    free(rows->labels);
    free(rows->y);
    *rows = (StRows){0};
}

/* True where an input comes from the column: a dropped one need not be in the file. */
static bool is_used(const StPreparation *p, int field) {
    if (p->inputs && p->input[0].kind == ST_INPUT_FEATURE) return true;
    return !p->field[field].categorical || p->field[field].encode != ST_ENCODE_DROP;
}

static int cell_of(const StCsv *csv, const char *name) {
    size_t length = strlen(name);
    for (int i = 0; i < csv->cells; i++)
        if (csv->cell[i].length == length && memcmp(csv->cell[i].text, name, length) == 0) return i;
    return -1;
}

static const StField *wanted_field(const Reading *r, int i) {
    const StPreparation *p = r->p;
    if (i < r->width) return &p->field[i % p->fields];
    return p->classes ? &r->answer : &p->target[i - r->width];
}

static bool all_named(const Reading *r) {
    for (int i = 0; i < r->width + r->targets; i++)
        if ((i >= r->width || is_used(r->p, i)) && cell_of(&r->csv, wanted_field(r, i)->name) < 0)
            return false;
    return true;
}

static void use(Reading *r, int wanted, int at) {
    const StField *field = wanted_field(r, wanted);
    bool fills = wanted < r->width && !isnan(r->p->fill[wanted % r->p->fields]);
    r->column[r->columns++] = (StCsvColumn){.field = field, .at = at, .fills = fills};
}

static bool match_names(Reading *r, StError *error) {
    for (int i = 0; i < r->width + r->targets; i++) {
        const char *name = wanted_field(r, i)->name;
        int at = cell_of(&r->csv, name);
        if (at >= 0 || (i < r->width && !is_used(r->p, i)))
            use(r, i, at);
        else
            return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": column '%.60s' is missing", r->csv.name,
                           r->csv.record_line, name);
    }
    return true;
}

/* Without names: the file as the model's own data had it, or the inputs alone in their order. */
static bool match_places(Reading *r, StError *error) {
    int last = r->width;
    for (int i = 0; r->p->raw_shape.rank == 1 && i < r->width + r->targets; i++)
        if (wanted_field(r, i)->number > last) last = wanted_field(r, i)->number;
    bool alone = !r->targets && r->csv.wanted == r->width;
    if (!alone && r->csv.wanted < last)
        return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": %d column%s, wanted %d", r->csv.name,
                       r->csv.record_line, r->csv.wanted, r->csv.wanted == 1 ? "" : "s", last);
    for (int i = 0; i < r->width + r->targets; i++)
        use(r, i, alone || r->p->raw_shape.rank > 1 ? i : wanted_field(r, i)->number - 1);
    return true;
}

static bool settle_columns(Reading *r, StError *error) {
    bool end;
    if (!st_csv_next(&r->csv, &end, error))
        return end ? st_fail(error, ST_ERR_FORMAT, "%s: there is nothing but empty lines", r->csv.name)
                   : false;
    r->csv.wanted = r->csv.cells;
    if (r->p->raw_shape.rank == 1 && (r->p->header || all_named(r))) return match_names(r, error);
    double value;
    bool names = r->p->raw_shape.rank > 1 && st_cell_read(r->csv.cell[0], &value) == ST_CELL_WORD;
    if (!names) st_csv_rewind(&r->csv);
    return match_places(r, error);
}

/* Classes that are numbers are compared by value: "1.0" is class 1. */
static bool numbered_class(Reading *r, float *value, StError *error) {
    const StPreparation *p = r->p;
    for (int c = 0; c < p->classes; c++) {
        double number;
        if (!st_number(p->class_name[c], &number) || (float)number != *value) continue;
        *value = (float)c;
        return true;
    }
    return st_csv_fail(&r->csv, r->answer.name, error, "class %g is unknown to the model", (double)*value);
}

static bool read_record(Reading *r, StError *error) {
    int missing;
    for (int i = 0; i < r->columns; i++) /* columns that no input needs */
        if (r->column[i].at < 0) r->row[i] = 0;
    if (!st_csv_values(&r->csv, r->column, r->columns, r->row, &missing, error)) return false;
    return !r->targets || !r->p->classes_numbers || numbered_class(r, &r->row[r->width], error);
}

static bool allocate_rows(Reading *r, int64_t count, StRows *rows, StError *error) {
    int64_t x = st_times(count, st_shape_size(&r->p->x_shape));
    rows->targets = r->p->classes ? 0 : r->targets;
    rows->x = st_data_allocate(x, sizeof(float), "the rows of the csv file", error);
    if (!rows->x) return false;
    if (!r->targets) return true;
    if (r->p->classes)
        rows->labels = st_data_allocate(count, sizeof(int32_t), "the classes", error);
    else
        rows->y = st_data_allocate(st_times(count, r->targets), sizeof(float), "the targets", error);
    return rows->labels || rows->y;
}

static bool read_rows(Reading *r, StRows *rows, StError *error) {
    size_t at = r->csv.at;
    int64_t line = r->csv.line, count = 0, width = st_shape_size(&r->p->x_shape);
    bool end = false;
    while (st_csv_next(&r->csv, &end, error))
        count++;
    if (!end) return false;
    if (count == 0) return st_fail(error, ST_ERR_FORMAT, "%s: a header and no rows", r->csv.name);
    if (!allocate_rows(r, count, rows, error)) return false;
    r->csv.at = at;
    r->csv.line = line;
    for (; st_csv_next(&r->csv, &end, error); rows->rows++) {
        if (!read_record(r, error)) return false;
        st_preparation_apply(r->p, r->row, 1, rows->x + rows->rows * width);
        if (rows->labels) rows->labels[rows->rows] = (int32_t)r->row[r->width];
        if (rows->y)
            memcpy(rows->y + rows->rows * r->targets, r->row + r->width, (size_t)r->targets * sizeof(float));
    }
    return end;
}

static bool start(Reading *r, const char *path, bool targets, StError *error) {
    const StPreparation *p = r->p;
    int64_t width = st_shape_size(&p->raw_shape);
    if (targets && p->targets == 0)
        return st_fail(error, ST_ERR_STATE, "%s: the model's data has no target column of a csv file", path);
    r->width = (int)width;
    r->targets = targets ? p->targets : 0;
    if (p->classes && p->targets) {
        r->answer = p->target[0];
        r->answer.categorical = !p->classes_numbers;
        r->answer.category = p->class_name;
        r->answer.categories = p->classes;
    }
    r->csv.hint = " and the model has no filling for it";
    r->column = st_data_allocate(width + r->targets, sizeof *r->column, "columns", error);
    r->row = st_data_allocate(width + r->targets, sizeof *r->row, "columns", error);
    return r->column && r->row;
}

bool st_preparation_read_csv(const StPreparation *preparation, const char *path, bool targets, StRows *rows,
                             StError *error) {
    Reading r = {.p = preparation};
    StText text = {0};
    *rows = (StRows){0};
    bool done = st_file_read(path, 0, &text, error) &&
                st_csv_open(&r.csv, path, st_text_string(&text), text.length, 0, error) &&
                start(&r, path, targets, error) && settle_columns(&r, error) && read_rows(&r, rows, error);
    if (!done) st_rows_free(rows);
    st_csv_close(&r.csv);
    free(r.column);
    free(r.row);
    st_text_free(&text);
    return done;
}

bool st_preparation_apply_csv(const StPreparation *preparation, const char *path, float **x, int64_t *rows,
                              StError *error) {
    StRows read;
    bool done = st_preparation_read_csv(preparation, path, false, &read, error);
    *x = read.x;
    *rows = read.rows;
    return done;
}
