#include "what_if.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the example ---- */

static void forget_past(WhatIf *what) {
    for (int i = 0; i < what->pasts; i++)
        free(what->past[i]);
    what->pasts = 0;
}

void what_if_free(WhatIf *what) {
    forget_past(what);
    free(what->raw);
    free(what->row);
    free(what->x);
    *what = (WhatIf){0};
}

static bool make_room(WhatIf *what, const StDataset *dataset, StError *error) {
    StShape raw = st_dataset_raw_shape(dataset), x = st_dataset_x_shape(dataset);
    int64_t cells = st_shape_size(&raw), inputs = st_shape_size(&x);
    if (what->of == dataset && what->cells == cells && what->inputs == inputs) return true;
    what_if_free(what);
    what->raw = malloc((size_t)cells * sizeof *what->raw);
    what->row = malloc((size_t)cells * sizeof *what->row);
    what->x = malloc((size_t)inputs * sizeof *what->x);
    if (!what->raw || !what->row || !what->x) {
        what_if_free(what);
        return st_fail_memory(error, "the example", (size_t)(2 * cells + inputs) * sizeof *what->raw);
    }
    what->cells = cells, what->inputs = inputs;
    what->of = dataset;
    what->made = -1;
    return true;
}

bool what_if_take(WhatIf *what, const Gaze *gaze, const StDataset *dataset, StError *error) {
    StPart part = gaze_part(gaze, dataset);
    int64_t row = gaze->row < 0 ? 0 : gaze->row, rows = st_dataset_rows(dataset, part);
    if (!make_room(what, dataset, error)) return false;
    if (row >= rows)
        return st_fail(error, ST_ERR_VALUE, "row %lld: the %s part has %lld rows", (long long)row,
                       st_part_name(part), (long long)rows);
    st_dataset_raw(dataset, part, row, what->row);
    if (gaze->input && gaze->made == what->made) return true;
    memcpy(what->raw, what->row, (size_t)what->cells * sizeof *what->raw);
    if (gaze->input && gaze->inputs == what->inputs) /* another's hand: as far as its inputs say */
        for (int64_t i = st_dataset_unprepare(dataset, gaze->input, what->raw) ? what->cells : 0; i-- > 0;)
            if (isnan(what->raw[i])) what->raw[i] = what->row[i];
    what->made = gaze->made;
    return true;
}

void what_if_remember(WhatIf *what) {
    size_t bytes = (size_t)what->cells * sizeof *what->raw;
    float *copy = malloc(bytes);
    if (!copy) return; /* one step less to come back by */
    memcpy(copy, what->raw, bytes);
    if (what->pasts == WHAT_IF_PAST) {
        free(what->past[0]);
        memmove(what->past, what->past + 1, sizeof *what->past * (WHAT_IF_PAST - 1));
        what->pasts--;
    }
    what->past[what->pasts++] = copy;
}

bool what_if_put(WhatIf *what, Gaze *gaze, StError *error) {
    st_dataset_prepare(what->of, what->raw, what->x);
    if (!gaze_make(gaze, what->x, what->inputs))
        return st_fail_memory(error, "the example", (size_t)what->inputs * sizeof *what->x);
    what->made = gaze->made;
    return true;
}

bool what_if_undo(WhatIf *what, Gaze *gaze, StError *error) {
    if (what->pasts == 0) return st_fail(error, ST_ERR_STATE, "what_if: there is nothing to undo");
    float *before = what->past[--what->pasts];
    memcpy(what->raw, before, (size_t)what->cells * sizeof *what->raw);
    free(before);
    return what_if_put(what, gaze, error);
}

bool what_if_changed(const WhatIf *what, int64_t cell) {
    float a = what->raw[cell], b = what->row[cell];
    return a != b && !(isnan(a) && isnan(b));
}

/* ---- cells by words ---- */

const StColumnInfo *what_if_column(const StDataset *dataset, int64_t cell) {
    StShape shape = st_dataset_raw_shape(dataset);
    return st_dataset_column(dataset, (int)(cell % shape.dim[shape.rank - 1]));
}

/* Numbers with commas between them; how many there are, or 0. */
static int indices_of(const char *word, int64_t index[ST_RANK_MAX]) {
    int count = 0;
    while (count < ST_RANK_MAX) {
        size_t digits = strspn(word, "0123456789");
        if (digits == 0 || digits > 9) return 0;
        index[count++] = strtoll(word, NULL, 10);
        word += digits;
        if (*word == '\0') return count;
        if (*word++ != ',') return 0;
    }
    return 0;
}

static const char *column_name_at(const void *dataset, int index) {
    StShape shape = st_dataset_raw_shape(dataset);
    return index < shape.dim[shape.rank - 1] ? st_dataset_column(dataset, index)->name : NULL;
}

static int64_t cell_by_name(const StDataset *dataset, const char *word, StError *error) {
    int columns = (int)st_dataset_raw_shape(dataset).dim[0];
    double number;
    for (int i = 0; i < columns; i++)
        if (!strcmp(st_dataset_column(dataset, i)->name, word)) return i;
    for (int i = 0; st_number(word, &number) && i < columns; i++)
        if (st_dataset_column(dataset, i)->number == number) return i;
    st_fail_unknown(error, "column", word, column_name_at, dataset);
    st_fail_at(error, "what_if");
    return -1;
}

int64_t what_if_cell(const StDataset *dataset, const char *word, int *count, StError *error) {
    Canvas canvas;
    StShape shape = st_dataset_raw_shape(dataset);
    char text[ST_SHAPE_TEXT];
    int64_t index[ST_RANK_MAX], at = 0;
    int given = indices_of(word, index);
    *count = 1;
    if (shape.rank == 1 && given < 2) return cell_by_name(dataset, word, error);
    if (shape.rank == 1 && canvas_of(dataset, &canvas)) /* pixels in a table */
        shape = (StShape){.rank = 2, .dim = {canvas.height, canvas.width}};
    bool all = given == shape.rank - 1 && shape.rank == 3; /* channels */
    bool within = given == shape.rank || all;
    for (int axis = 0; within && axis < given; axis++) {
        within = index[axis] < shape.dim[axis];
        at = at * shape.dim[axis] + index[axis];
    }
    if (!within) {
        st_fail(error, ST_ERR_VALUE, "what_if: '%.40s': wanted %s, as a row is %s", word,
                shape.rank == 1 ? "a column" : "ROW,COLUMN from 0", st_shape_print(&shape, text));
        return -1;
    }
    if (all) *count = (int)shape.dim[2];
    return at * *count;
}

static const char *category_at(const void *column, int index) {
    const StColumnInfo *of = column;
    return index < of->categories ? of->category[index] : NULL;
}

bool what_if_value(const StDataset *dataset, int64_t cell, const char *word, float *value, StError *error) {
    const StColumnInfo *column = what_if_column(dataset, cell);
    double number;
    for (int i = 0; i < column->categories; i++)
        if (!strcmp(column->category[i], word)) return *value = (float)i, true;
    if (column->categorical) {
        st_fail_unknown(error, "category", word, category_at, column);
        return st_fail_at(error, "what_if: %.60s", column->name);
    }
    if (!st_number(word, &number) || !isfinite((float)number))
        return st_fail(error, ST_ERR_VALUE, "what_if: '%.40s': wanted a number for %.60s", word,
                       column->name);
    *value = (float)number;
    return true;
}

const char *what_if_text(const StDataset *dataset, int64_t cell, float value, char buffer[48]) {
    const StColumnInfo *column = what_if_column(dataset, cell);
    if (isnan(value))
        snprintf(buffer, 48, "–");
    else if (column->categorical && value >= 0 && value < (float)column->categories)
        snprintf(buffer, 48, "%s", column->category[(int)value]);
    else
        snprintf(buffer, 48, "%.6g", (double)value);
    return buffer;
}

float what_if_step(const StDataset *dataset, int64_t cell, float value, int steps) {
    const StColumnInfo *column = what_if_column(dataset, cell);
    if (column->categorical) {
        int now = isnan(value) ? 0 : (int)value + (steps > 0) - (steps < 0);
        return (float)(now < 0 ? 0 : now >= column->categories ? column->categories - 1 : now);
    }
    double range = column->max - column->min, now = isnan(value) ? column->mean : (double)value;
    if (!(range > 0)) return (float)now;
    double next = now + range * steps / 20;
    /* a value typed beyond the range is not drawn back into it by a step farther out */
    if (steps > 0) return (float)fmax(now, fmin(next, column->max));
    return (float)fmin(now, fmax(next, column->min));
}

/* ---- drawing ---- */

bool canvas_of(const StDataset *dataset, Canvas *canvas) {
    if (!st_dataset_picture(dataset, &canvas->height, &canvas->width, &canvas->channels)) return false;
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < st_dataset_columns(dataset) && !st_dataset_column(dataset, i)->target; i++) {
        low = fmin(low, st_dataset_column(dataset, i)->min);
        high = fmax(high, st_dataset_column(dataset, i)->max);
    }
    canvas->blank = (float)low;
    canvas->ink = (float)high;
    return isfinite(low) && isfinite(high);
}

/* From a place to the nearest one of a stroke. */
static double distance(double row, double column, double row0, double column0, double row1, double column1) {
    double dr = row1 - row0, dc = column1 - column0, length = dr * dr + dc * dc;
    double t = length > 0 ? ((row - row0) * dr + (column - column0) * dc) / length : 0;
    t = fmin(fmax(t, 0), 1);
    return hypot(row - row0 - t * dr, column - column0 - t * dc);
}

void canvas_stroke(const Canvas *canvas, float *raw, double row0, double column0, double row1, double column1,
                   bool erase) {
    double size = fmin(canvas->height, canvas->width) / 28.0;
    double reach = fmax(1, 1.6 * size), soft = fmax(0.6, size); /* at 28: full to 0.6, nothing from 1.6 on */
    for (int r = 0; r < canvas->height; r++)
        for (int c = 0; c < canvas->width; c++) {
            double away = distance(r, c, row0, column0, row1, column1);
            double share = fmin((reach - away) / soft, 1);
            if (share <= 0) continue;
            float *cell = raw + ((int64_t)r * canvas->width + c) * canvas->channels;
            double full = (double)canvas->blank + share * ((double)canvas->ink - (double)canvas->blank);
            for (int k = 0; k < canvas->channels; k++)
                cell[k] = erase ? (float)((double)cell[k] + share * ((double)canvas->blank - (double)cell[k]))
                                : fmaxf(cell[k], (float)full);
        }
}

void canvas_clear(const Canvas *canvas, float *raw) {
    int64_t cells = (int64_t)canvas->height * canvas->width * canvas->channels;
    for (int64_t i = 0; i < cells; i++)
        raw[i] = canvas->blank;
}
