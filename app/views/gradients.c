/* Gradients: how the loss's gradient comes back through the layers, absolute norms and ratios together. */
#include "views/course.h"
#include "views/inside.h"

#include "plot.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct State {
    Course course; /* norms of all layers */
    UiTableState table;
    double low, high; /* the decades that the bars are over, at the frame at hand */
} State;

/* Rows are layers that learn; the gaze knows places in the stack. */
static int chosen_row(const ViewContext *context) {
    const StFinding *finding = inside_finding(context);
    int rows = st_finding_names(finding, "layers"), best = 0;
    for (int i = 0; i < rows && context->gaze->layer >= 0; i++)
        if (st_finding_at(finding, "layer_numbers", i) <= context->gaze->layer + 1) best = i;
    return best;
}

static bool run(const ViewContext *context, const char *line) {
    return context->run(context->bench, line), true;
}

/* ---- the table ---- */

enum { LAYER, BAR, NORM, RELATIVE_BAR, RELATIVE, RATIO, SIGNAL, STEP, VERDICT, COLUMNS };
static const UiColumn columns[COLUMNS] = {
    [LAYER] = {"layer", 12, false, true, 0},
    [BAR] = {"norm, log", 12, false, true, 3},
    [NORM] = {"", 7, true, false, 1},
    [RELATIVE_BAR] = {"/ last layer's", 14, false, false, 5},
    [RELATIVE] = {"10^", 5, true, false, 2},
    [RATIO] = {"/weight", 7, true, false, 4},
    [SIGNAL] = {"signal", 7, true, false, 7},
    [STEP] = {"step's", 7, true, false, 6},
    [VERDICT] = {"verdict", 9, false, false, 0},
};

static UiInk verdict_ink(const char *word) {
    if (!strcmp(word, "healthy")) return UI_GOOD;
    return !strcmp(word, "tiny") ? UI_WARN : UI_BAD;
}

static void cell(void *memory, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    static const char *const names[COLUMNS] = {[NORM] = "norm", [RATIO] = "ratio", [STEP] = "step_norm"};
    const ViewContext *context = memory;
    const StFinding *finding = inside_finding(context);
    char number[UI_NUMBER];
    double value = NAN, place = st_finding_at(finding, "layer_numbers", row);
    if (column == LAYER) {
        snprintf(text, UI_CELL_TEXT, "%.0f %s", place, st_finding_name_at(finding, "layers", row));
        return;
    }
    if (column == VERDICT) {
        snprintf(text, UI_CELL_TEXT, "%s", st_finding_name_at(finding, "verdicts", row));
        *ink = verdict_ink(text);
        return;
    }
    if (names[column]) value = st_finding_at(finding, names[column], row);
    if (column == SIGNAL) value = st_finding_at(finding, "signal", (int64_t)place - 1);
    if (column == RELATIVE) value = log10(st_finding_at(finding, "relative", row));
    if (column == RELATIVE && isfinite(value))
        snprintf(text, UI_CELL_TEXT, "%+.1f", value + 0.0);
    else
        snprintf(text, UI_CELL_TEXT, "%s", ui_number(number, value, columns[column].width, 3));
    if (isnan(value)) *ink = UI_DIM;
}

/* 10^low … 10^high as a bar; anything above zero is seen. */
static void log_bar(UiGrid *grid, UiRect area, UiInk ink, double value, double low, double high) {
    double t = value > 0 ? (log10(value) - low) / (high - low) : 0;
    ui_bar(grid, area, 0, 0, area.w, ink, value > 0 && t < 0.01 ? 0.01 : t);
}

static bool draw_cell(void *memory, UiGrid *grid, UiRect area, int row, int column) {
    const ViewContext *context = memory;
    const State *state = context->state;
    const StFinding *finding = inside_finding(context);
    UiInk ink = verdict_ink(st_finding_name_at(finding, "verdicts", row));
    if (column == BAR)
        log_bar(grid, area, ink == UI_GOOD ? UI_TRAINING : ink, st_finding_at(finding, "norm", row),
                state->low, state->high);
    else if (column == RELATIVE_BAR)
        ui_dot_strip(grid, area, 0, 0, area.w, UI_TEXT, st_finding_at(finding, "relative", row), -6, 6, -3,
                     3);
    else
        return false;
    return true;
}

static UiTable table_of(ViewContext *context) {
    return (UiTable){.column = columns,
                     .columns = COLUMNS,
                     .rows = st_finding_names(inside_finding(context), "layers"),
                     .gap = 1,
                     .context = context,
                     .cell = cell,
                     .draw = draw_cell};
}

/* Whole decades around all norms and 1, six of them at least: bars do not jump as norms change a little. */
static void find_decades(State *state, const StFinding *finding) {
    int rows = st_finding_names(finding, "layers");
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < rows; i++) {
        double norm = st_finding_at(finding, "norm", i);
        if (!(norm > 0) || isinf(norm)) continue;
        low = fmin(low, floor(log10(norm))), high = fmax(high, ceil(log10(norm)));
    }
    if (!(low <= high)) low = -6, high = 0;
    state->high = fmax(high, 0); /* what is tiny everywhere is short everywhere */
    state->low = fmin(low - 1, state->high - 6);
}

/* ---- over the steps, or from layer to layer ---- */

enum { CURVES = 8 };

static void draw_norms(const ViewContext *context, UiGrid *grid, UiRect area, const Course *course) {
    const StFinding *finding = inside_finding(context);
    int rows = course->width, chosen = chosen_row(context),
        first = rows > CURVES ? chosen / CURVES * CURVES : 0;
    int lines = rows - first < CURVES ? rows - first : CURVES;
    UiPoint *point = malloc(sizeof *point * (size_t)course->count * (size_t)lines);
    UiSeries series[CURVES];
    for (int l = 0; point && l < lines; l++) {
        UiPoint *own = point + (ptrdiff_t)l * course->count;
        for (int i = 0; i < course->count; i++) {
            double y = course_at(course, i)[first + l];
            own[i] = (UiPoint){(double)course->step[i], y, y, y};
        }
        bool focus = first + l == chosen;
        series[l] = (UiSeries){.name = st_finding_name_at(finding, "layers", first + l),
                               .ink = ui_class_ink(l) | (focus ? UI_BOLD : 0),
                               .dash = (UiDash)(l % 3),
                               .point = own,
                               .count = (size_t)course->count,
                               .focus = focus};
    }
    UiPlot plot = {.title = "norm",
                   .x_name = "step",
                   .series = series,
                   .count = lines,
                   .log_y = true,
                   .has_cursor = context->gaze->moment >= 0,
                   .cursor = (double)context->found->step};
    if (point) ui_plot_draw(grid, area, &plot);
    free(point);
}

/* The gradient by each layer's output, the first layer on top: where on the way it is lost. */
static void draw_signal(const ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *finding = inside_finding(context);
    int64_t layers = 0;
    const double *signal = st_finding_values(finding, "signal", &layers);
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < layers; i++)
        if (signal[i] > 0 && isfinite(signal[i]))
            low = fmin(low, floor(log10(signal[i]))), high = fmax(high, ceil(log10(signal[i])));
    ui_text_in(grid, ui_cut_top(&area, 1), 1, 0, area.w - 2, UI_TEXT,
               "signal: the gradient by the output of each layer");
    if (!(low <= high)) return;
    int first = 0;
    if (layers > area.h) first = context->gaze->layer - area.h / 2;
    if (first > layers - area.h) first = (int)layers - area.h;
    if (first < 0) first = 0;
    for (int i = 0; i < area.h && first + i < layers; i++) {
        UiRect row = ui_rect(area.x, area.y + i, area.w, 1);
        char label[96], number[UI_NUMBER];
        ui_text_in(grid, row, 2, 0, 20, UI_DIM, inside_layer(context, first + i, label));
        ui_print_right(grid, row, 31, 0, UI_TEXT, "%s", ui_number(number, signal[first + i], 8, 3));
        UiRect bar = ui_rect(row.x + 33, row.y, row.w - 34, 1);
        log_bar(grid, bar, UI_TRAINING, signal[first + i], low - 1, high);
    }
}

/* As many rows as it takes, where the table keeps its own. */
static void draw_verdict(UiGrid *grid, UiRect *area, const char *verdict) {
    UiInk ink = !strncmp(verdict, "healthy", 7) ? UI_GOOD : UI_BAD;
    UiRect line = ui_rect(area->x + 1, area->y, area->w - 2, 0);
    int needed = ui_paragraph(grid, line, ink, 0, verdict), most = area->h >= 14 ? 3 : area->h >= 9 ? 2 : 1;
    if (area->h < 4) return;
    line.h = needed < most ? needed : most;
    ui_cut_top(area, line.h);
    if (line.h == 1)
        ui_text_in(grid, line, 0, 0, line.w, ink, verdict);
    else
        ui_paragraph(grid, line, ink, 0, verdict);
    if (needed > most && line.h > 1) ui_put_glyph(grid, line, line.w - 1, line.h - 1, UI_GLYPH_ELLIPSIS, ink);
}

static void draw_flow(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    const StFinding *finding = inside_finding(context);
    const char *verdict = st_finding_text(finding, "verdict");
    draw_verdict(grid, &area, verdict);
    find_decades(state, finding);
    UiTable table = table_of(context);
    int rows = table.rows + 1, most = area.h - 6;
    state->table.sort_column = -1;
    state->table.selected = chosen_row(context);
    if (rows > most && most >= 5) rows = most;
    ui_table_draw(grid, ui_cut_top(&area, rows), &table, &state->table, context->live);
    int signals = st_finding_names(finding, "signal_layers") + 1;
    if (area.h < 5 && area.h < signals + 1) return;
    ui_cut_top(&area, 1);
    bool over_time = state->course.count > 1, both = area.h >= signals + 9;
    if (!over_time || both) draw_signal(context, grid, over_time ? ui_cut_top(&area, signals) : area);
    if (!over_time) return;
    if (both) ui_cut_top(&area, 1);
    draw_norms(context, grid, ui_inset(area, 1, 0), &state->course);
}

/* ---- histograms ---- */

enum { LABEL_W = 16, ZEROS_W = 6 };

static void draw_bins(const ViewContext *context, UiGrid *grid, UiRect area, int at) {
    const StFinding *finding = inside_finding(context);
    const StShape *shape = st_finding_shape(finding, "histogram");
    const double *bins = st_finding_values(finding, "histogram", NULL);
    int64_t edges = 0;
    const double *exponent = st_finding_values(finding, "exponents", &edges);
    if (!shape || !bins || edges < 2) return;
    ui_histogram(grid, area, UI_TRAINING, bins + at * shape->dim[1], (int)shape->dim[1], exponent[0],
                 exponent[edges - 1]);
}

/* The share of a layer's gradients that are exactly zero. */
static double zeros_of(const StFinding *finding, int at) {
    const StShape *shape = st_finding_shape(finding, "histogram");
    const double *bins = st_finding_values(finding, "histogram", NULL);
    double all = st_finding_at(finding, "zeros", at) + st_finding_at(finding, "below", at) +
                 st_finding_at(finding, "above", at) + st_finding_at(finding, "nonfinite", at);
    for (int b = 0; shape && bins && b < shape->dim[1]; b++)
        all += bins[at * shape->dim[1] + b];
    return all > 0 ? st_finding_at(finding, "zeros", at) / all : NAN;
}

enum { NAME, ZEROS, BINS, HISTOGRAM_COLUMNS };
static const UiColumn histogram_columns[HISTOGRAM_COLUMNS] = {
    [NAME] = {"layer", 13, false, false, 0},
    [ZEROS] = {"zero", 4, true, false, 1},
    [BINS] = {"log10 |g|", 20, false, true, 0},
};

static void histogram_cell(void *memory, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const StFinding *finding = inside_finding(memory);
    double zeros = zeros_of(finding, row);
    if (column == NAME)
        snprintf(text, UI_CELL_TEXT, "%.0f %s", st_finding_at(finding, "layer_numbers", row),
                 st_finding_name_at(finding, "layers", row));
    if (column != ZEROS || isnan(zeros)) return;
    snprintf(text, UI_CELL_TEXT, "%.0f%%", 100 * zeros);
    *ink = zeros > 0.5 ? UI_WARN : UI_DIM;
}

static bool histogram_draw(void *memory, UiGrid *grid, UiRect area, int row, int column) {
    if (column == BINS) draw_bins(memory, grid, area, row);
    return column == BINS;
}

static void draw_histograms(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    const StFinding *finding = inside_finding(context);
    UiTable table = {.column = histogram_columns,
                     .columns = HISTOGRAM_COLUMNS,
                     .rows = st_finding_names(finding, "layers"),
                     .context = context,
                     .cell = histogram_cell,
                     .draw = histogram_draw};
    int rows = table.rows + 1, most = area.h - 5;
    state->table.sort_column = -1;
    state->table.selected = chosen_row(context);
    if (rows > most && most >= 4) rows = most;
    ui_table_draw(grid, ui_cut_top(&area, rows), &table, &state->table, context->live);
    if (area.h < 4) return;
    char title[120], label[96];
    double layer = st_finding_at(finding, "layer_numbers", chosen_row(context));
    ui_cut_top(&area, 1);
    snprintf(title, sizeof title, "%s: log10 |g|", inside_layer(context, (int)layer - 1, label));
    ui_text_in(grid, ui_cut_top(&area, 1), 1, 0, area.w - 2, UI_TEXT, title);
    draw_bins(context, grid, ui_inset(area, 1, 0), chosen_row(context));
}

/* ---- the view ---- */

static bool is_flow(const ViewContext *context) {
    const StStudy *study = inside_study(context);
    return !study || !strcmp(study->name, "flow");
}

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    if (!inside_head(context, grid, &area)) return;
    if (!is_flow(context)) {
        draw_histograms(context, grid, area);
        return;
    }
    int64_t size = 0;
    const double *norm = st_finding_values(inside_finding(context), "norm", &size);
    if (norm && context->found->done >= 1) course_add(&state->course, context->found, norm, (int)size);
    draw_flow(context, grid, area);
}

static bool choose(const ViewContext *context, int row) {
    char line[64];
    snprintf(line, sizeof line, "look layer=%.0f",
             st_finding_at(inside_finding(context), "layer_numbers", row));
    return run(context, line);
}

static bool press(ViewContext *context, UiKey key) {
    State *state = context->state;
    if (key == UI_KEY_ESCAPE && !is_flow(context)) return run(context, "look method=flow");
    if (!context->found || *context->found->trouble || context->found->finding.count == 0) return false;
    if (key == UI_KEY_ENTER) return is_flow(context) ? run(context, "look method=histogram") : false;
    bool moves = key == UI_KEY_UP || key == UI_KEY_DOWN || key == UI_KEY_PGUP || key == UI_KEY_PGDN ||
                 key == UI_KEY_HOME || key == UI_KEY_END;
    UiTable table = table_of(context);
    state->table.selected = chosen_row(context);
    return moves && ui_table_key(&table, &state->table, key) && choose(context, state->table.selected);
}

static bool mouse(ViewContext *context, const UiEvent *event) {
    State *state = context->state;
    if (!context->found || *context->found->trouble || context->found->finding.count == 0) return false;
    UiTable table = table_of(context);
    return ui_table_mouse(&table, &state->table, event) && choose(context, state->table.selected);
}

static void explain(ViewContext *context, StText *out) {
    const StStudy *study = inside_study(context);
    if (!study) return;
    st_text_format(out, "%s: %s. Bad: %s.\n%s\n", study->title, study->what, study->bad, study->formula);
    if (is_flow(context))
        st_text_add(
            out,
            "Of each layer's matrices (kernels), regularisers included, at the probe set. Norm alone or "
            "ratio alone mislead: relu layers that begin too small have ratios near 1 and norms of nearly "
            "nothing, and learn nothing. 10^: decades above or below the last layer's norm; below -3 it "
            "vanishes, above 3 it explodes. /weight: norm over the norm of the weights. step's: of the "
            "step's own batch. Signal: the gradient by the layer's output.\n");
}

static int rows(const ViewContext *context) {
    return context->found && !*context->found->trouble
               ? 2 * st_finding_names(inside_finding(context), "layers") +
                     st_finding_names(inside_finding(context), "signal_layers") + 10
               : 30;
}

static void close(void *memory) {
    course_free(&((State *)memory)->course);
}

/* Of the probe set: an example that was chosen elsewhere has a gradient, but not the layers' health. */
static void ask(ViewContext *context, StAsk *wanted) {
    if (!context->live) return;
    wanted->row = -1;
    wanted->input = NULL;
    wanted->made = 0;
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "press enter", "closer", "The layers' single gradients as histograms"},
    {UI_KEY_DOWN, "press down", "choose", "The next layer that learns"},
    {UI_KEY_UP, "press up", "choose", "The previous layer that learns"},
    {'v', "look method=next", "method", "The next way to look"},
    {'V', "look method=previous", NULL, "The previous way to look"},
    {']', "look layer=next", "layer", "The next layer"},
    {'[', "look layer=previous", "layer", "The previous layer"},
    {UI_KEY_ESCAPE, "view back", "back", "Where you came from, then all questions that can be asked"},
    {0}};

const View view_gradients = {.name = "gradients",
                             .inside = 'G',
                             .question = "Which layer learns, which does not?",
                             .title = "Gradients",
                             .help = "norm and ratio of the gradient layer by layer; vanishing and exploding",
                             .bindings = bindings,
                             .ask = ask,
                             .state_size = sizeof(State),
                             .draw = draw,
                             .press = press,
                             .mouse = mouse,
                             .explain = explain,
                             .rows = rows,
                             .close = close};
