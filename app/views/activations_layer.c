#include "views/activations.h"
#include "views/filters.h"

#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What there is one of for each unit, whatever is looked at. */
int closer_units(const StFinding *finding) {
    static const char *const names[] = {"states", "maps", "filters", "firing_rate"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const StShape *shape = st_finding_shape(finding, names[i]);
        if (shape && shape->rank > 0) return (int)shape->dim[shape->rank - 1];
    }
    return 0;
}

int closer_unit(const ViewContext *context) {
    int units = closer_units(inside_finding(context)), unit = context->gaze->unit;
    return unit < 0 || units == 0 ? 0 : unit < units ? unit : units - 1;
}

/* "2 conv2d" of the layer that was looked at, and words behind it. */
static void draw_title(const ViewContext *context, UiGrid *grid, UiRect row, const char *words) {
    const StFinding *finding = inside_finding(context);
    char title[240];
    snprintf(title, sizeof title, "%.0f %s%s%s", st_finding_value(finding, "layer"),
             st_finding_text(finding, "layer_name"), *words ? ": " : "", words);
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_TITLE, title);
}

/* ---- units ---- */

/* How much a unit says, 0 … 1: how often it fires; where units are no relus, how much it moves, beside the
 * one that moves most. 0: it says nothing. */
static double strength_of(const StFinding *finding, int unit, bool relu, double most) {
    if (relu)
        return st_finding_at(finding, "dead", unit) > 0 ? 0 : st_finding_at(finding, "firing_rate", unit);
    double deviation = st_finding_at(finding, "deviation", unit);
    return most > 0 ? deviation / most : 0;
}

static double largest_of(const StFinding *finding, const char *name, int units) {
    double most = 0;
    for (int i = 0; i < units; i++)
        most = fmax(most, st_finding_at(finding, name, i));
    return most;
}

static void draw_unit(UiGrid *grid, UiRect area, int x, int y, int w, double strength, bool chosen) {
    int level = strength > 0 ? 1 + (int)(strength * 4) : 0;
    uint32_t ch = level ? ui_glyph_shade(grid->look.ladder, level > 4 ? 4 : level) : 0xB7;
    UiInk ink = level ? UI_TRAINING : UI_WARN;
    for (int i = 0; i < w; i++)
        ui_put_ink(grid, area, x + i, y, i == 0 || level ? ch : ' ', ink);
    if (chosen)
        ui_tint(grid, ui_rect_clip(ui_rect(area.x + x, area.y + y, w, 1), area), UI_REVERSE | UI_BOLD);
}

enum { NUMBER_W = 6, TENS = 10 };

/* One cell a unit, tens in a row, the first one's number before them. Returns the rows taken. */
static int draw_cells(const ViewContext *context, UiGrid *grid, UiRect area, int units, bool relu) {
    const StFinding *finding = inside_finding(context);
    double most = largest_of(finding, "deviation", units);
    int room = area.w - NUMBER_W - 2, wide = units * 3 <= room * 2 ? 2 : 1, chosen = closer_unit(context);
    int each = room / (TENS * wide + 1) * TENS;
    if (each < TENS) each = room > 0 ? room : 1;
    int rows = (units + each - 1) / each, top = 0;
    if (rows > area.h) top = chosen / each - area.h / 2;
    if (top > rows - area.h) top = rows - area.h;
    if (top < 0) top = 0;
    for (int unit = top * each; unit < units && unit < (top + area.h) * each; unit++) {
        int column = unit % each, y = unit / each - top;
        if (column == 0) ui_print_right(grid, area, NUMBER_W, y, UI_DIM, "%d", unit);
        draw_unit(grid, area, NUMBER_W + 1 + column * wide + column / TENS, y, wide,
                  strength_of(finding, unit, relu, most), unit == chosen && context->live);
    }
    return rows < area.h ? rows : area.h;
}

enum { UNIT, RATE_BAR, RATE, UNIT_MEAN, UNIT_DEVIATION, UNIT_MIN, UNIT_MAX, STATE, UNIT_COLUMNS };
static const UiColumn unit_columns[UNIT_COLUMNS] = {
    [UNIT] = {"unit", 5, true, false, 0},
    [RATE_BAR] = {"fires (a > 0)", 20, false, true, 3},
    [RATE] = {"", 5, true, false, 1},
    [UNIT_MEAN] = {"mean", 7, true, false, 2},
    [UNIT_DEVIATION] = {"sd", 7, true, false, 4},
    [UNIT_MIN] = {"least", 7, true, false, 6},
    [UNIT_MAX] = {"most", 7, true, false, 5},
    [STATE] = {"", 5, false, false, 0},
};

static void unit_cell(void *memory, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    static const char *const names[UNIT_COLUMNS] = {
        [UNIT_MEAN] = "mean", [UNIT_DEVIATION] = "deviation", [UNIT_MIN] = "min", [UNIT_MAX] = "max"};
    const StFinding *finding = inside_finding(memory);
    char number[UI_NUMBER];
    if (column == UNIT) snprintf(text, UI_CELL_TEXT, "%d", row);
    if (column == RATE)
        snprintf(text, UI_CELL_TEXT, "%.0f%%", 100 * st_finding_at(finding, "firing_rate", row));
    if (names[column])
        snprintf(text, UI_CELL_TEXT, "%s",
                 ui_number(number, st_finding_at(finding, names[column], row), 7, 4));
    if (column != STATE) return;
    bool dead = st_finding_at(finding, "dead", row) > 0,
         still = st_finding_at(finding, "deviation", row) == 0;
    snprintf(text, UI_CELL_TEXT, "%s", dead ? "dead" : still ? "still" : "");
    *ink = UI_WARN;
}

static bool unit_draw(void *memory, UiGrid *grid, UiRect area, int row, int column) {
    if (column != RATE_BAR) return false;
    ui_bar(grid, area, 0, 0, area.w, UI_TRAINING, st_finding_at(inside_finding(memory), "firing_rate", row));
    return true;
}

void closer_draw_units(ViewContext *context, UiGrid *grid, UiRect area, Closer *closer) {
    const StFinding *finding = inside_finding(context);
    int units = closer_units(finding);
    bool relu = !strcmp(st_finding_text(finding, "activation"), "relu");
    char words[120];
    if (relu)
        snprintf(words, sizeof words, "%d units, %.0f of them dead (%.0f%%)", units,
                 st_finding_value(finding, "dead_units"), 100 * st_finding_value(finding, "dead_share"));
    else
        snprintf(words, sizeof words, "%d units, shaded by how much each moves (sd)", units);
    if (area.h >= 3) draw_title(context, grid, ui_cut_top(&area, 1), words);
    UiRect top = area;
    int spare = area.h >= 10 ? area.h / 2 : area.h;
    top.h = spare;
    int taken = draw_cells(context, grid, top, units, relu);
    ui_cut_top(&area, taken + 1);
    if (area.h < 3) return;
    UiTable table = {.column = unit_columns,
                     .columns = UNIT_COLUMNS,
                     .rows = units,
                     .gap = 1,
                     .context = context,
                     .cell = unit_cell,
                     .draw = unit_draw};
    closer->table.sort_column = -1;
    closer->table.selected = closer_unit(context);
    ui_table_draw(grid, area, &table, &closer->table, context->live);
}

/* ---- pictures ---- */

static float *floats_of(const double *values, int64_t count, double *least) {
    float *out = malloc((size_t)(count ? count : 1) * sizeof *out);
    for (int64_t i = 0; out && i < count; i++) {
        out[i] = (float)values[i];
        if (values[i] < *least) *least = values[i];
    }
    return out;
}

enum { BAR_W = 24, INPUT_MOST = 30 };

/* What the ramp's bar leaves of the title's row; there is none where it is short. */
enum { BAR_FROM = 60 };
static UiRect before_bar(UiRect head) {
    return ui_rect(head.x, head.y, head.w >= BAR_FROM ? head.w - BAR_W - 2 : head.w, head.h);
}

/* The input image of the example, on the left. */
static void draw_input(const ViewContext *context, UiGrid *grid, UiRect *area) {
    int height, width, channels;
    int64_t size = 0;
    const double *input = st_finding_values(inside_finding(context), "input", &size);
    if (!input || area->w < 50 || area->h < 4 || !inside_image(context, &height, &width, &channels)) return;
    if ((int64_t)height * width * channels != size) return;
    int room = area->w / (width > 16 ? 3 : 4); /* the maps are what is looked at */
    UiRect left = ui_cut_left(area, room < INPUT_MOST ? room : INPUT_MOST);
    char label[64];
    double klass = st_finding_value(inside_finding(context), "label"),
           answer = st_finding_value(inside_finding(context), "answer");
    ui_cut_left(&left, 1), ui_cut_right(&left, 1);
    UiRect foot = ui_cut_bottom(&left, 1);
    UiHeatView shown =
        inside_draw_image(grid, left, input, height, width, channels, (UiHeat){.ramp = UI_RAMP_SIZE});
    foot.y = shown.inner.y + shown.inner.h;
    if (isfinite(klass)) {
        int x = ui_text(grid, foot, 0, 0, UI_DIM, "is ");
        ui_text_in(grid, foot, x, 0, foot.w - x, UI_TEXT, inside_class(context, (int)klass, label));
    }
    if (isfinite(answer) && foot.y + 1 < left.y + left.h + 1) {
        foot.y++;
        int x = ui_text(grid, foot, 0, 0, UI_DIM, "answer ");
        ui_text_in(grid, foot, x, 0, foot.w - x, answer == klass ? UI_GOOD : UI_WARN,
                   inside_class(context, (int)answer, label));
    }
}

/* Pictures of `name` with the ends of their ramp in the title's row and words about the chosen one below. */
static void draw_wall(const ViewContext *context, UiGrid *grid, UiRect head, UiRect area,
                      const Filters *shape, const double *values, Closer *closer, const char *words) {
    Filters pictures = *shape;
    int64_t count = (int64_t)shape->rows * shape->columns * shape->channels * shape->filters;
    double least = 0, low, high;
    float *pixels = floats_of(values, count, &least);
    if (!pixels) return;
    if (least >= 0) pictures.ramp = UI_RAMP_SIZE;
    closer->wall.filter = closer_unit(context);
    UiRect foot = ui_cut_bottom(&area, area.h > 2 ? 1 : 0);
    int more = filters_draw(grid, area, &pictures, pixels, &closer->wall);
    filters_range(&pictures, pixels, &low, &high);
    if (head.w >= BAR_FROM) ui_ramp_bar(grid, head, head.w - BAR_W - 1, 0, BAR_W, pictures.ramp, low, high);
    char line[200];
    snprintf(line, sizeof line, "%s", words);
    if (more > 0) snprintf(line, sizeof line, "%s   (%d more)", words, more);
    if (foot.h) ui_text_in(grid, foot, 1, 0, foot.w - 2, UI_TEXT, line);
    free(pixels);
}

/* A sequence [steps][units]: time to the right, a row a unit. */
static UiHeatView draw_sequence(const ViewContext *context, UiGrid *grid, UiRect area, const StShape *shape,
                                const double *values) {
    double least = 0;
    float *pixels = floats_of(values, st_shape_size(shape), &least);
    if (!pixels) return (UiHeatView){0};
    UiHeat heat = {.value = pixels,
                   .rows = (int)shape->dim[1],
                   .columns = (int)shape->dim[0],
                   .row_step = 1,
                   .column_step = (ptrdiff_t)shape->dim[1],
                   .ramp = least < 0 ? UI_RAMP_SIGNED : UI_RAMP_SIZE};
    UiRect marks = area;
    ui_cut_left(&area, area.w > 20 ? 2 : 0);
    UiHeatView view = ui_heat_draw(grid, area, &heat);
    if (context->live && marks.w > 20 && view.down > 0) {
        int at = closer_unit(context) * view.inner.h / (int)shape->dim[1];
        ui_put_glyph(grid, marks, 0, at, UI_GLYPH_RIGHT, UI_KEY);
    }
    free(pixels);
    return view;
}

/* The chosen unit of [steps][units] over the steps. point [steps]. */
static UiSeries series_of(const char *name, UiInk ink, UiDash dash, const double *values,
                          const StShape *shape, int unit, UiPoint *point) {
    for (int64_t t = 0; t < shape->dim[0]; t++) {
        double y = values[t * shape->dim[1] + unit];
        point[t] = (UiPoint){(double)t + 1, y, y, y};
    }
    return (UiSeries){.name = name, .ink = ink, .dash = dash, .point = point, .count = (size_t)shape->dim[0]};
}

/* What the unit says and, of an lstm, what its cell remembers. */
static void draw_line(const ViewContext *context, UiGrid *grid, UiRect area, const StShape *shape,
                      const double *values) {
    int unit = closer_unit(context), count = 0;
    const double *cells = st_finding_values(inside_finding(context), "cells", NULL);
    UiPoint *point = malloc(sizeof *point * 2 * (size_t)shape->dim[0]);
    char title[48];
    if (!point) return;
    snprintf(title, sizeof title, "unit %d", unit);
    UiSeries series[2];
    series[count++] = series_of(cells ? "says" : NULL, UI_TRAINING, UI_SOLID, values, shape, unit, point);
    if (cells)
        series[count++] =
            series_of("remembers", UI_VALIDATION, UI_DASHED, cells, shape, unit, point + shape->dim[0]);
    UiPlot plot = {.title = title, .x_name = "time step", .series = series, .count = count};
    ui_plot_draw(grid, area, &plot);
    free(point);
}

static void draw_states(const ViewContext *context, UiGrid *grid, UiRect head, UiRect area,
                        const StShape *shape, const double *values) {
    UiRect line = ui_rect(0, 0, 0, 0);
    int wide =
        3 * (int)(shape->dim[0] < area.w ? shape->dim[0] : area.w) + 6; /* columns that it takes at most */
    if (area.w >= 60 && wide <= area.w / 2 && area.h >= 6)
        line = ui_cut_right(&area, area.w - wide);
    else if (area.h >= 12)
        line = ui_cut_bottom(&area, area.h / 2 < 9 ? area.h / 2 : 9);
    if (line.h && line.w == area.w) ui_cut_bottom(&area, 1);
    UiHeatView view = draw_sequence(context, grid, ui_inset(area, area.w > 20 ? 1 : 0, 0), shape, values);
    UiRamp ramp = view.low < 0 ? UI_RAMP_SIGNED : UI_RAMP_SIZE;
    if (head.w >= 60 && view.down > 0)
        ui_ramp_bar(grid, head, head.w - BAR_W - 1, 0, BAR_W, ramp, view.low, view.high);
    if (line.h) draw_line(context, grid, ui_inset(line, 1, 0), shape, values);
}

void closer_draw_maps(ViewContext *context, UiGrid *grid, UiRect area, Closer *closer) {
    const StFinding *finding = inside_finding(context);
    const StShape *shape = st_finding_shape(finding, "maps");
    const double *values = st_finding_values(finding, "maps", NULL);
    if (!shape || !values) return;
    UiRect head = ui_cut_top(&area, area.h >= 3 ? 1 : 0);
    char words[120], max[UI_NUMBER], mean[UI_NUMBER], text[ST_SHAPE_TEXT];
    snprintf(words, sizeof words, "%s", st_shape_print(shape, text));
    draw_title(context, grid, before_bar(head), words);
    draw_input(context, grid, &area);
    if (shape->rank == 2) {
        draw_states(context, grid, head, area, shape, values);
        return;
    }
    int unit = closer_unit(context);
    int64_t filters = shape->dim[shape->rank - 1], places = st_shape_size(shape) / filters;
    Filters wall = {(int)(places / shape->dim[shape->rank - 2]), (int)shape->dim[shape->rank - 2], 1,
                    (int)filters, UI_RAMP_SIGNED};
    snprintf(words, sizeof words, "filter %d of %lld, from 0: mean %s, most %s", unit, (long long)filters,
             ui_number(mean, st_finding_at(finding, "mean", unit), 8, 4),
             ui_number(max, st_finding_at(finding, "max", unit), 8, 4));
    draw_wall(context, grid, head, area, &wall, values, closer, words);
}

void closer_draw_filters(ViewContext *context, UiGrid *grid, UiRect area, Closer *closer) {
    const StFinding *finding = inside_finding(context);
    const StShape *shape = st_finding_shape(finding, "filters");
    const double *values = st_finding_values(finding, "filters", NULL);
    if (!shape || !values || shape->rank < 3) return;
    UiRect head = ui_cut_top(&area, area.h >= 3 ? 1 : 0);
    int unit = closer_unit(context), last = shape->rank - 1;
    Filters wall = {(int)shape->dim[0], (int)shape->dim[1], shape->rank == 4 ? (int)shape->dim[2] : 1,
                    (int)shape->dim[last], UI_RAMP_SIGNED};
    char words[160], norm[UI_NUMBER], text[ST_SHAPE_TEXT];
    snprintf(words, sizeof words, "%s %s%s", st_finding_text(finding, "weight"), st_shape_print(shape, text),
             wall.channels > 1 ? ", the channels of one filter" : "");
    draw_title(context, grid, before_bar(head), words);
    snprintf(words, sizeof words, "filter %d of %d, from 0: norm %s", unit, wall.filters,
             ui_number(norm, st_finding_at(finding, "norm", unit), 8, 4));
    draw_wall(context, grid, head, area, &wall, values, closer, words);
}

void closer_draw_states(ViewContext *context, UiGrid *grid, UiRect area, Closer *closer) {
    const StFinding *finding = inside_finding(context);
    const StShape *shape = st_finding_shape(finding, "states");
    const double *values = st_finding_values(finding, "states", NULL);
    (void)closer;
    if (!shape || !values) return;
    UiRect head = ui_cut_top(&area, area.h >= 3 ? 1 : 0);
    char words[120];
    snprintf(words, sizeof words, "%lld units over %lld steps, %s", (long long)shape->dim[1],
             (long long)shape->dim[0], st_finding_text(finding, "order"));
    draw_title(context, grid, before_bar(head), words);
    draw_states(context, grid, head, area, shape, values);
}
