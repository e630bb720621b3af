/* The picture of the view draw: the example on the left, the answer beside it, what the method shows on the
 * right, the layers or the words of the method below. */
#include "draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double fact(const Sheet *sheet, const char *name) {
    return st_finding_value(sheet->found, name);
}

static int whole(const Sheet *sheet, const char *name) {
    double value = fact(sheet, name);
    return isfinite(value) ? (int)value : -1;
}

static const double *values(const Sheet *sheet, const char *name, int64_t *size) {
    int64_t any;
    return st_finding_values(sheet->found, name, size ? size : &any);
}

/* ---- the answer ---- */

/* What the bars show: probabilities where the outputs are some, else the outputs. */
typedef struct Bars {
    const double *value, *row; /* [count]; of the example, and of the unchanged row */
    int count, answer;
    double high; /* the end of a bar */
    bool classes;
} Bars;

static Bars bars_of(const Sheet *sheet) {
    int64_t count = 0;
    Bars bars = {.answer = whole(sheet, "answer"), .high = 1};
    bars.value = values(sheet, "probabilities", &count);
    bars.row = values(sheet, "row_probabilities", NULL);
    bars.classes = bars.value != NULL;
    if (!bars.value || isnan(bars.value[0])) {
        int64_t classes = count;
        bars.value = values(sheet, "outputs", &count);
        bars.row = values(sheet, "row_outputs", NULL);
        bars.classes = bars.classes && count == classes;
        bars.high = 0;
        for (int64_t k = 0; bars.value && k < count; k++)
            bars.high = fmax(bars.high, fmax(fabs(bars.value[k]), bars.row ? fabs(bars.row[k]) : 0));
    }
    bars.count = bars.value ? (int)(count < 10000 ? count : 10000) : 0;
    return bars;
}

static const char *bar_name(const Sheet *sheet, const Bars *bars, int k, char buffer[64]) {
    if (bars->classes) return inside_class(sheet->context, k, buffer);
    snprintf(buffer, 64, bars->count > 1 ? "output %d" : "output", k + 1);
    return buffer;
}

/* The bars that there is room for: all in their order, or the greatest ones. Returns how many. */
static int choose_bars(const Bars *bars, int room, int *chosen) {
    int shown = bars->count < room ? bars->count : room;
    for (int i = 0; i < shown; i++) {
        chosen[i] = i;
        if (bars->count <= room) continue;
        int best = -1;
        for (int k = 0; k < bars->count; k++) {
            bool taken = false;
            for (int j = 0; j < i; j++)
                taken = taken || chosen[j] == k;
            if (!taken && (best < 0 || bars->value[k] > bars->value[best])) best = k;
        }
        chosen[i] = best;
    }
    return shown;
}

/* Of outputs, how large they are: the sign is in the figure. */
static double share_of(const Bars *bars, double value) {
    return bars->high > 0 ? fabs(value) / bars->high : 0;
}

static void draw_bar(const Sheet *sheet, UiGrid *grid, UiRect row, const Bars *bars, int k, int label) {
    char name[64], number[UI_NUMBER];
    bool answer = bars->classes && k == bars->answer;
    ui_text_in(grid, row, 0, 0, label, answer ? UI_TITLE : UI_TEXT, bar_name(sheet, bars, k, name));
    int w = row.w - label - 8;
    if (w > 1) {
        ui_bar(grid, row, label + 1, 0, w, answer ? UI_TRAINING : UI_DIM, share_of(bars, bars->value[k]));
        double was = sheet->by_hand && bars->row ? share_of(bars, bars->row[k]) : NAN;
        if (was >= 0 && was <= 1 && fabs(was - share_of(bars, bars->value[k])) * w >= 0.5)
            ui_put_glyph(grid, row, label + 1 + (int)fmin(was * w, w - 1), 0, UI_GLYPH_UPRIGHT, UI_WARN);
    }
    ui_print_right(grid, row, row.w, 0, answer ? UI_TITLE : UI_TEXT, "%s",
                   ui_number(number, bars->value[k], 6, 4));
}

/* "answers 8  97.2 %", and what it was, or whether that is right. */
static void draw_answer(const Sheet *sheet, UiGrid *grid, UiRect *area, const Bars *bars) {
    char name[64], text[160];
    double confidence = fact(sheet, "confidence"), label = fact(sheet, "label");
    if (bars->answer < 0) return;
    inside_class(sheet->context, bars->answer, name);
    snprintf(text, sizeof text, isfinite(confidence) ? "answers %s  %.1f %%" : "answers %s", name,
             100 * confidence);
    const char *said = ui_text_width(text) > area->w ? text + strlen("answers ") : text;
    ui_text_in(grid, ui_cut_top(area, 1), 0, 0, area->w, UI_TITLE, said);
    if (area->h < 5) return;
    UiRect row = ui_cut_top(area, 1);
    int was = whole(sheet, "row_answer");
    if (sheet->by_hand) {
        UiGlyph mark = UI_GLYPH_UPRIGHT;
        inside_class(sheet->context, was, name);
        snprintf(text, sizeof text, "the row: %s", name);
        ui_put_glyph(grid, row, 0, 0, mark, UI_WARN);
        ui_text_in(grid, row, 2, 0, row.w - 2, was == bars->answer ? UI_DIM : UI_WARN, text);
    } else if (isfinite(label)) {
        bool right = (int)label == bars->answer;
        inside_class(sheet->context, (int)label, name);
        snprintf(text, sizeof text, right ? "and it is" : "is %s: wrong", name);
        ui_text_in(grid, row, 0, 0, row.w, right ? UI_GOOD : UI_BAD, text);
    }
}

/* Returns the rows taken. */
static int draw_bars(const Sheet *sheet, UiGrid *grid, UiRect area) {
    enum { MOST = 64 };
    char name[64];
    int chosen[MOST], label = 1;
    Bars bars = bars_of(sheet);
    int top = area.y;
    draw_answer(sheet, grid, &area, &bars);
    int shown = choose_bars(&bars, area.h < MOST ? area.h : MOST, chosen);
    for (int i = 0; i < shown; i++) {
        int w = ui_text_width(bar_name(sheet, &bars, chosen[i], name));
        if (w > label) label = w;
    }
    int most = area.w < 24 ? area.w - 8 : area.w / 2 - 4; /* where there is little room, no bars */
    if (label > most) label = most;
    for (int i = 0; i < shown; i++)
        draw_bar(sheet, grid, ui_cut_top(&area, 1), &bars, chosen[i], label);
    return area.y - top;
}

/* ---- pictures ---- */

static bool take_pixels(Sheet *sheet) {
    DrawState *state = sheet->state;
    if (state->pixels_size < state->what.cells) {
        double *more = realloc(state->pixels, (size_t)state->what.cells * sizeof *more);
        if (!more) return false;
        state->pixels = more;
        state->pixels_size = state->what.cells;
    }
    for (int64_t i = 0; i < state->what.cells; i++)
        state->pixels[i] = (double)state->what.raw[i];
    return true;
}

/* The picture that is drawn on, and under it where the cursor is. Returns the rows taken. */
static int draw_canvas(Sheet *sheet, UiGrid *grid, UiRect area, bool caption) {
    DrawState *state = sheet->state;
    const Canvas *canvas = &sheet->canvas;
    if (!take_pixels(sheet)) return 0;
    UiHeat heat = {.ramp = UI_RAMP_SIZE,
                   .low = (double)canvas->blank,
                   .high = (double)canvas->ink,
                   .has_cursor = sheet->context->live,
                   .cursor_row = state->row,
                   .cursor_column = state->column};
    UiRect picture = area;
    picture.h -= caption;
    state->canvas = inside_draw_image(grid, picture, state->pixels, canvas->height, canvas->width,
                                      canvas->channels, heat);
    if (!caption) return state->canvas.inner.h;
    char text[120];
    const float *cell =
        state->what.raw + ((int64_t)state->row * canvas->width + state->column) * canvas->channels;
    snprintf(text, sizeof text, "%d,%d: %.4g%s", state->row, state->column, (double)*cell,
             state->pen ? " · pen down" : "");
    if (!state->touched) snprintf(text, sizeof text, "mouse or enter draws");
    if (!sheet->context->live) snprintf(text, sizeof text, "the example");
    ui_text_in(grid, area, 0, state->canvas.inner.h, area.w, state->pen ? UI_KEY : UI_DIM, text);
    return state->canvas.inner.h + 1;
}

/* What the method shows beside: an array of the finding as a picture of the same size. */
typedef struct Beside {
    const char *array, *title;
    UiRamp ramp;
} Beside;

static void draw_beside(Sheet *sheet, UiGrid *grid, UiRect area, const Beside *beside) {
    const Canvas *canvas = &sheet->canvas;
    int64_t size = 0;
    const double *array = values(sheet, beside->array, &size);
    double *pixels = sheet->state->pixels;
    UiRect picture = area;
    picture.h--;
    if (!array || !pixels || size != sheet->state->what.cells) return;
    for (int64_t i = 0; i < size; i++)
        pixels[i] = isnan(array[i]) ? 0 : array[i];
    UiHeatView view = inside_draw_image(grid, picture, pixels, canvas->height, canvas->width,
                                        canvas->channels, (UiHeat){.ramp = beside->ramp});
    ui_text_in(grid, area, 0, view.inner.h, area.w, UI_DIM, beside->title);
}

static int besides_of(const Sheet *sheet, Beside beside[2]) {
    const char *name = inside_study(sheet->context) ? inside_study(sheet->context)->name : "";
    if (!strcmp(name, "nearest")) {
        beside[0] = (Beside){"nearest_input", "nearest other", UI_RAMP_SIZE};
        beside[1] = (Beside){"difference", "difference", UI_RAMP_SIGNED};
        return isfinite(fact(sheet, "nearest_row")) ? 2 : 0;
    }
    bool flips = !strcmp(name, "counterfactual");
    beside[0] = flips ? (Beside){"needed_change", "flips alone", UI_RAMP_SIGNED}
                      : (Beside){"saliency", "saliency |∂S/∂x|", UI_RAMP_SIZE};
    return !flips || isfinite(fact(sheet, "smallest_feature"));
}

/* The columns that a picture takes in so many rows. */
static int picture_width(const UiGrid *grid, const Canvas *canvas, int w, int h) {
    bool halves = ui_look_has_ramp(&grid->look) && grid->look.ladder != UI_ASCII;
    int wide = halves ? 1 : 2, down = halves ? 2 * h : h;
    int scale = down / canvas->height;
    if (scale > 12) scale = 12;
    while (scale > 1 && scale * canvas->width * wide > w)
        scale--;
    int width = scale ? scale * canvas->width * wide
                      : (int)ceil((double)down * canvas->width / canvas->height) * wide;
    return width < w ? width : w;
}

/* How the pictures stand: the canvas so many columns wide, `pictures` others of `beside` columns at the
 * right, one under the other or side by side, and the bars between. */
typedef struct Plan {
    int canvas, beside, pictures;
    bool stacked;
} Plan;

enum { BARS = 18, BARS_LEAST = 16, BARS_MOST = 44, GAP = 2 };

/* The widest pictures beside a canvas of this width; 0: there is no room. */
static int beside_width(const UiGrid *grid, const Canvas *canvas, UiRect area, const Plan *plan) {
    int rows = plan->stacked ? plan->pictures : 1, across = plan->stacked ? 1 : plan->pictures;
    int h = area.h / rows - 1, w = (area.w - plan->canvas - BARS - GAP * (across + 1)) / across;
    if (h < 4 || w < 8) return 0;
    int width = picture_width(grid, canvas, w, h);
    return width >= canvas->width || width >= 14 ? width : 0;
}

/* The largest canvas with what the method shows, none of them much smaller than another. */
static Plan plan_pictures(const UiGrid *grid, const Canvas *canvas, UiRect area, int several) {
    int most = picture_width(grid, canvas, area.w - BARS_LEAST - GAP, area.h - (area.h >= 9));
    Plan best = {.canvas = most};
    double score = 0;
    for (int n = area.h >= 9 ? several : 0; n > 0 && score == 0; n--)
        for (int limit = most; limit > 0; limit -= 4)
            for (int stacked = 0; stacked < 2; stacked++) {
                Plan plan = {.pictures = n, .stacked = stacked};
                plan.canvas = picture_width(grid, canvas, limit, area.h - 1);
                plan.beside = beside_width(grid, canvas, area, &plan);
                if (plan.beside > plan.canvas) plan.beside = plan.canvas;
                double its = fmin(plan.canvas, 1.5 * plan.beside);
                if (its > score) score = its, best = plan;
            }
    return best;
}

static int draw_picture(Sheet *sheet, UiGrid *grid, UiRect area) {
    Beside beside[2];
    Plan plan = plan_pictures(grid, &sheet->canvas, area, besides_of(sheet, beside));
    int used = draw_canvas(sheet, grid, ui_cut_left(&area, plan.canvas), area.h >= 9);
    ui_cut_left(&area, GAP);
    UiRect right = area;
    int across = plan.pictures == 0 ? 0 : plan.stacked ? 1 : plan.pictures;
    int taken = across * (plan.beside + GAP);
    ui_cut_right(&area, taken);
    if (area.w > BARS_MOST) area.w = BARS_MOST;
    ui_cut_left(&right, area.w + GAP);
    for (int i = 0; i < plan.pictures; i++) {
        UiRect place = plan.stacked ? ui_cut_top(&right, right.h / (plan.pictures - i))
                                    : ui_cut_left(&right, plan.beside);
        place.w = plan.beside;
        draw_beside(sheet, grid, place, &beside[i]);
        if (!plan.stacked) ui_cut_left(&right, GAP);
    }
    int bars = draw_bars(sheet, grid, area);
    if (plan.stacked && plan.pictures > 1) return area.h;
    return used > bars ? used : bars;
}

/* ---- the table of features ---- */

const char *draw_cell_name(const Sheet *sheet, int64_t cell, char buffer[80]) {
    StShape shape = st_dataset_raw_shape(sheet->dataset);
    if (sheet->picture) {
        int64_t place = cell / sheet->canvas.channels;
        snprintf(buffer, 80, "%lld,%lld", (long long)(place / sheet->canvas.width),
                 (long long)(place % sheet->canvas.width));
        return buffer;
    }
    if (shape.rank == 1) {
        snprintf(buffer, 80, "%s", what_if_column(sheet->dataset, cell)->name);
        return buffer;
    }
    int64_t index[ST_RANK_MAX + 1];
    for (int axis = shape.rank - 1; axis >= 0; axis--) {
        index[axis] = cell % shape.dim[axis];
        cell /= shape.dim[axis];
    }
    int length = 0;
    for (int axis = 0; axis < shape.rank && length < 60; axis++)
        length +=
            snprintf(buffer + length, 80 - (size_t)length, "%s%lld", axis ? "," : "", (long long)index[axis]);
    return buffer;
}

/* A value in seven columns at most. */
static void value_text(const Sheet *sheet, int64_t cell, double value, char text[UI_CELL_TEXT]) {
    char number[UI_NUMBER], name[48], shortest[32];
    if (what_if_column(sheet->dataset, cell)->categorical) {
        snprintf(text, UI_CELL_TEXT, "%s", what_if_text(sheet->dataset, cell, (float)value, name));
        return;
    }
    snprintf(shortest, sizeof shortest, "%.5g", value); /* 4.6 as it stands in the data, where it fits */
    bool fits = isfinite(value) && strlen(shortest) <= 7;
    snprintf(text, UI_CELL_TEXT, "%s", fits ? shortest : ui_number(number, value, 7, 5));
}

/* The last column, which is the method's: how far the score moves with a feature, what would flip the answer,
 * the nearest other row's value. */
static void more_cell(const Sheet *sheet, int64_t cell, char text[UI_CELL_TEXT]) {
    char number[UI_NUMBER];
    int64_t size = 0;
    const double *needed = values(sheet, "needed", &size);
    double other = fact(sheet, "nearest_row");
    text[0] = '\0';
    if (needed && cell < size) {
        value_text(sheet, cell, needed[cell], text);
    } else if (isfinite(other) && other < (double)st_dataset_rows(sheet->dataset, ST_TRAIN) &&
               sheet->state->pixels) {
        value_text(sheet, cell, sheet->state->pixels[cell], text); /* taken by take_nearest */
    } else {
        const double *slope = values(sheet, "saliency", &size);
        if (slope && size == sheet->state->what.cells)
            snprintf(text, UI_CELL_TEXT, "%s", ui_number(number, slope[cell], 7, 3));
    }
}

static void table_cell(void *of, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const Sheet *sheet = of;
    const WhatIf *what = &sheet->state->what;
    char name[80];
    bool changed = what_if_changed(what, row);
    text[0] = '\0';
    switch (column) {
    case DRAW_NAME:
        snprintf(text, UI_CELL_TEXT, "%s", draw_cell_name(sheet, row, name));
        break;
    case DRAW_VALUE:
        value_text(sheet, row, (double)what->raw[row], text);
        if (changed) *ink = UI_WARN;
        break;
    case DRAW_ROW:
        *ink = UI_DIM;
        if (changed) value_text(sheet, row, (double)what->row[row], text);
        break;
    case DRAW_MORE:
        more_cell(sheet, row, text);
    }
}

/* Where a value stands between the least and the greatest; a tick where it was. */
static bool table_draw(void *of, UiGrid *grid, UiRect area, int row, int column) {
    const Sheet *sheet = of;
    const WhatIf *what = &sheet->state->what;
    if (column != DRAW_SCALE) return false;
    const StColumnInfo *info = what_if_column(sheet->dataset, row);
    double low = info->categorical ? 0 : info->min;
    double high = info->categorical ? info->categories - 1 : info->max;
    for (int x = 0; x < area.w; x++)
        ui_put_glyph(grid, area, x, 0, UI_GLYPH_RULE, UI_RULE);
    const float at[2] = {what->row[row], what->raw[row]};
    for (int i = what_if_changed(what, row) ? 0 : 1; i < 2; i++) {
        double share = high > low ? ((double)at[i] - low) / (high - low) : 0.5;
        if (isnan(share)) continue;
        int x = (int)lround(fmin(fmax(share, 0), 1) * (area.w - 1));
        ui_put_glyph(grid, area, x, 0, i ? UI_GLYPH_DOT : UI_GLYPH_UPRIGHT, i ? UI_TRAINING : UI_DIM);
    }
    return true;
}

static const UiColumn answer_columns[] = {{"feature", 10, .stretch = true, .priority = 0},
                                          {"value", 7, .right = true, .priority = 0},
                                          {"range", 12, .priority = 1},
                                          {"row", 7, .right = true, .priority = 3},
                                          {"|∂S/∂x|", 7, .right = true, .priority = 2}};
static const UiColumn nearest_columns[] = {{"feature", 10, .stretch = true, .priority = 0},
                                           {"value", 7, .right = true, .priority = 0},
                                           {"range", 12, .priority = 2},
                                           {"row", 7, .right = true, .priority = 3},
                                           {"nearest", 8, .right = true, .priority = 1}};
static const UiColumn flip_columns[] = {{"feature", 10, .stretch = true, .priority = 0},
                                        {"value", 7, .right = true, .priority = 0},
                                        {"range", 12, .priority = 2},
                                        {"row", 7, .right = true, .priority = 3},
                                        {"flips at", 8, .right = true, .priority = 1}};

UiTable draw_table_of(Sheet *sheet) {
    const StStudy *study = inside_study(sheet->context);
    const char *name = study ? study->name : "";
    int64_t cells = sheet->state->what.cells;
    return (UiTable){.column = !strcmp(name, "nearest")          ? nearest_columns
                               : !strcmp(name, "counterfactual") ? flip_columns
                                                                 : answer_columns,
                     .columns = DRAW_COLUMNS,
                     .rows = cells < INT32_MAX ? (int)cells : INT32_MAX,
                     .context = sheet,
                     .cell = table_cell,
                     .draw = table_draw};
}

/* The raw cells of the nearest other row, to stand in the table. */
static void take_nearest(Sheet *sheet) {
    DrawState *state = sheet->state;
    double row = fact(sheet, "nearest_row");
    if (!take_pixels(sheet) || !isfinite(row)) return;
    if (row >= (double)st_dataset_rows(sheet->dataset, ST_TRAIN)) return;
    float *raw = malloc((size_t)state->what.cells * sizeof *raw);
    if (raw) st_dataset_raw(sheet->dataset, ST_TRAIN, (int64_t)row, raw);
    for (int64_t i = 0; raw && i < state->what.cells; i++)
        state->pixels[i] = (double)raw[i];
    free(raw);
}

static int draw_features(Sheet *sheet, UiGrid *grid, UiRect area) {
    enum { TABLE = 76 };
    int side = area.w < 50 ? BARS_LEAST + 1 : area.w < 70 ? 22 : 28;
    if (area.w - TABLE > side) side = area.w - TABLE < BARS_MOST ? area.w - TABLE : BARS_MOST;
    UiRect right = ui_cut_right(&area, side);
    ui_cut_right(&area, area.w > 40 ? 2 : 1);
    if (area.w > TABLE) area.w = TABLE;
    take_nearest(sheet);
    UiTable table = draw_table_of(sheet);
    table.gap = area.w < 30 ? 1 : 2;
    sheet->state->table.sort_column = -1;
    ui_table_draw(grid, area, &table, &sheet->state->table, sheet->context->live);
    int bars = draw_bars(sheet, grid, right), rows = 1 + (table.rows < area.h ? table.rows : area.h);
    return bars > rows ? bars : rows;
}

/* ---- below ---- */

/* Of every layer, the share of values above zero: "fires  1 dense 43 %". */
static void draw_layers(const Sheet *sheet, UiGrid *grid, UiRect row) {
    int64_t layers = 0;
    const double *firing = values(sheet, "firing", &layers);
    char name[96], text[160];
    int x = 1;
    if (!firing) return;
    x += ui_text(grid, row, x, 0, UI_DIM, "fires") + 2;
    for (int i = 0; i < layers; i++) {
        snprintf(text, sizeof text, "%s", inside_layer(sheet->context, i, name));
        int width = ui_text_width(text) + 1 + 6 + 7;
        if (x + width + (i + 1 < layers ? 2 : 0) > row.w) {
            ui_put_glyph(grid, row, x, 0, UI_GLYPH_ELLIPSIS, UI_DIM);
            return;
        }
        ui_text(grid, row, x, 0, UI_TEXT, text);
        ui_bar(grid, row, x + width - 13, 0, 6, UI_TRAINING, firing[i]);
        ui_print(grid, row, x + width - 6, 0, UI_DIM, "%3.0f %%", 100 * firing[i]);
        x += width;
    }
}

static void say_nearest(const Sheet *sheet, char text[240]) {
    char answer[64], label[64];
    inside_class(sheet->context, whole(sheet, "nearest_answer"), answer);
    inside_class(sheet->context, whole(sheet, "nearest_label"), label);
    if (isnan(fact(sheet, "nearest_row")))
        snprintf(text, 240, "%s", st_finding_text(sheet->found, "none"));
    else
        snprintf(text, 240,
                 "train row %.0f: answers %.40s, is %.40s, %.3g away · same answer: row %.0f, %.3g away",
                 fact(sheet, "nearest_row"), answer, label, fact(sheet, "nearest_distance"),
                 fact(sheet, "same_row"), fact(sheet, "same_distance"));
}

static void say_flip(const Sheet *sheet, char text[240]) {
    int feature = whole(sheet, "smallest_feature");
    const double *needed = values(sheet, "needed", NULL), *its = values(sheet, "needed_answer", NULL);
    char value[48], answer[64];
    snprintf(text, 240, "no feature alone changes the answer between its least and its greatest value");
    if (feature < 0 || !needed || !its) return;
    snprintf(text, 240, "%.60s at %.20s makes it answer %.60s: %.0f %% of its range away",
             st_finding_name_at(sheet->found, "features", feature),
             what_if_text(sheet->dataset, feature, (float)needed[feature], value),
             inside_class(sheet->context, (int)its[feature], answer), 100 * fact(sheet, "smallest_share"));
}

static void draw_below(const Sheet *sheet, UiGrid *grid, UiRect row) {
    const StStudy *study = inside_study(sheet->context);
    char text[240] = "";
    if (!strcmp(study->name, "nearest")) say_nearest(sheet, text);
    if (!strcmp(study->name, "counterfactual")) say_flip(sheet, text);
    if (*text)
        ui_text_in(grid, row, 1, 0, row.w - 2, UI_TEXT, text);
    else
        draw_layers(sheet, grid, row);
}

void draw_view(ViewContext *context, UiGrid *grid, UiRect area) {
    StError error = {0};
    if (!inside_head(context, grid, &area)) return;
    Sheet sheet = draw_sheet(context, &error);
    if (!sheet.ready) {
        ui_paragraph(grid, ui_inset(area, 1, 0), UI_WARN, 0, error.message);
        return;
    }
    UiRect body = ui_inset(area, area.w > 30 ? 1 : 0, 0);
    bool below = area.h >= 9;
    body.h -= below;
    int used = sheet.picture ? draw_picture(&sheet, grid, body) : draw_features(&sheet, grid, body);
    int line = used + 1 < area.h - 1 ? used + 1 : area.h - 1; /* near what it is about */
    if (below) draw_below(&sheet, grid, ui_rect(area.x, area.y + line, area.w, 1));
    if (!below || sheet.picture || !context->live || line + 2 >= area.h) return;
    ui_text_in(grid, ui_rect(area.x, area.y + line + 2, area.w, 1), 1, 0, area.w - 2, UI_DIM,
               "↑ ↓ choose, ← → change, enter types a value, del puts the row's back");
}
