/* Activations: how the outputs of all layers are spread, now and over the steps, and closer looks at one. */
#include "views/activations.h"
#include "views/ribbons.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct State {
    Course course; /* percentiles of all layers, [layers][RIBBONS] */
    UiTableState table;
    Closer closer;
} State;

static int chosen_layer(const ViewContext *context) {
    int layers = st_finding_names(inside_finding(context), "layers"), layer = context->gaze->layer;
    return layer < 0 ? 0 : layer < layers ? layer : layers - 1;
}

/* ---- the table of layers ---- */

enum { LAYER, SHAPE, ENDS, MEAN, DEVIATION, LOW, HIGH, ZERO, DEAD, FLAT, PARTS, SPREAD, COLUMNS };
static const UiColumn columns[COLUMNS] = {
    [LAYER] = {"layer", 12, false, true, 0},  [SHAPE] = {"outputs", 8, true, false, 7},
    [ENDS] = {"ends in", 7, false, false, 9}, [MEAN] = {"mean", 6, true, false, 2},
    [DEVIATION] = {"sd", 5, true, false, 1},  [LOW] = {"least", 6, true, false, 10},
    [HIGH] = {"most", 6, true, false, 11},    [ZERO] = {"zero", 4, true, false, 6},
    [DEAD] = {"dead", 4, true, false, 3},     [FLAT] = {"flat", 4, true, false, 4},
    [PARTS] = {"ends", 8, false, false, 8},   [SPREAD] = {"spread", 14, false, false, 5},
};
static const char *const shown_as[COLUMNS] = {
    [MEAN] = "mean",       [DEVIATION] = "deviation",  [LOW] = "low", [HIGH] = "high", [ZERO] = "zero_share",
    [DEAD] = "dead_share", [FLAT] = "saturated_share",
};
static const double MUCH = 0.5; /* of the units dead, of the outputs flat */

static void cell(void *memory, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const ViewContext *context = memory;
    const StFinding *finding = inside_finding(context);
    if (column == LAYER) {
        snprintf(text, UI_CELL_TEXT, "%d %s", row + 1, st_finding_name_at(finding, "layers", row));
    } else if (column == SHAPE || column == ENDS) {
        const char *names = column == SHAPE ? "shapes" : "activations";
        snprintf(text, UI_CELL_TEXT, "%s", st_finding_name_at(finding, names, row));
        *ink = UI_DIM;
    } else if (shown_as[column]) {
        double value = st_finding_at(finding, shown_as[column], row);
        char number[UI_NUMBER];
        bool bad = column == DEAD || column == FLAT, share = bad || column == ZERO;
        if (share && isfinite(value))
            snprintf(text, UI_CELL_TEXT, "%.0f%%", 100 * value);
        else
            snprintf(text, UI_CELL_TEXT, "%s", ui_number(number, value, columns[column].width, 3));
        *ink = bad && value > MUCH ? UI_WARN : isnan(value) ? UI_DIM : UI_TEXT;
    }
}

/* Flat below, free between, flat above: the three as shares of the width. */
static void draw_parts(UiGrid *grid, UiRect area, double low, double high) {
    if (isnan(low) || isnan(high)) return;
    int under = (int)lround(low * area.w), over = (int)lround(high * area.w);
    if (low > 0 && under == 0) under = 1;
    if (high > 0 && over == 0) over = 1;
    for (int x = 0; x < area.w; x++) {
        if (x < under || x >= area.w - over)
            ui_put_ink(grid, area, x, 0, ui_glyph_shade(grid->look.ladder, x < under ? 2 : 4),
                       low + high > MUCH ? UI_WARN : UI_TRAINING);
        else
            ui_put_glyph(grid, area, x, 0, UI_GLYPH_LINE_DOTTED, UI_RULE);
    }
}

enum { BINS_MOST = 64 };

/* A layer's values as a histogram, without those that are exactly 0: relu's zeros would hide the rest. */
static void draw_bins(UiGrid *grid, UiRect area, const StFinding *finding, int layer) {
    const StShape *shape = st_finding_shape(finding, "histogram");
    const double *bins = st_finding_values(finding, "histogram", NULL);
    double low = st_finding_at(finding, "low", layer), high = st_finding_at(finding, "high", layer),
           own[BINS_MOST], all = 0;
    int count = shape && bins ? (int)shape->dim[1] : 0;
    if (count < 1 || count > BINS_MOST || !isfinite(low)) return;
    for (int b = 0; b < count; b++) {
        own[b] = bins[(int64_t)layer * count + b];
        all += own[b];
    }
    if (low <= 0 && high > 0) {
        int zero = (int)(-low / (high - low) * count);
        own[zero] -= all * st_finding_at(finding, "zero_share", layer);
        if (own[zero] < 0.5) own[zero] = 0;
    }
    ui_histogram(grid, area, UI_TRAINING, own, count, low, high);
}

static bool draw_cell(void *memory, UiGrid *grid, UiRect area, int row, int column) {
    const ViewContext *context = memory;
    const StFinding *finding = inside_finding(context);
    if (column == PARTS) {
        draw_parts(grid, area, st_finding_at(finding, "saturation_low", row),
                   st_finding_at(finding, "saturation_high", row));
        return true;
    }
    if (column != SPREAD) return false;
    draw_bins(grid, area, finding, row);
    return true;
}

/* The columns for this stack: what no layer has drops out before all others. `own` [COLUMNS]. */
static UiTable table_of(ViewContext *context, UiColumn *own) {
    const StFinding *finding = inside_finding(context);
    int rows = st_finding_names(finding, "layers");
    bool dead = false, flat = false;
    for (int i = 0; i < rows; i++) {
        dead = dead || isfinite(st_finding_at(finding, "dead_share", i));
        flat = flat || isfinite(st_finding_at(finding, "saturated_share", i));
    }
    memcpy(own, columns, sizeof columns);
    if (!dead) own[DEAD].priority = COLUMNS + 1;
    if (flat)
        own[PARTS].priority = 6, own[ENDS].priority = 9, own[ZERO].priority = 8;
    else
        own[FLAT].priority = own[PARTS].priority = COLUMNS + 1;
    return (UiTable){.column = own,
                     .columns = COLUMNS,
                     .rows = rows,
                     .gap = 1,
                     .context = context,
                     .cell = cell,
                     .draw = draw_cell};
}

/* ---- ribbons ---- */

static const char *layer_name(const void *finding, int layer) {
    return st_finding_name_at(finding, "layers", layer);
}

/* Over the steps where there are several, else from layer to layer. */
static void draw_ribbons(const ViewContext *context, UiGrid *grid, UiRect area, const Course *course) {
    static _Thread_local Ribbons ribbons;
    int layer = chosen_layer(context), layers = st_finding_names(inside_finding(context), "layers");
    const double *now = st_finding_values(inside_finding(context), "percentiles", NULL);
    bool over_time = course->count > 1;
    ribbons =
        (Ribbons){.x_name = over_time ? "step" : "layer",
                  .blocks = !over_time,
                  .cursor = over_time && context->gaze->moment >= 0 ? (double)context->found->step : NAN,
                  .name = layer_name,
                  .context = inside_finding(context)};
    for (int i = 0; over_time && i < course->count; i++) {
        ribbons.x[ribbons.count] = (double)course->step[i];
        ribbons.percentile[ribbons.count++] = course_at(course, i) + layer * RIBBONS;
    }
    for (int i = 0; !over_time && now && i < layers && i < COURSE_MOST; i++) {
        ribbons.x[ribbons.count] = i + 1;
        ribbons.percentile[ribbons.count++] = now + i * RIBBONS;
    }
    ribbons_draw(grid, area, &ribbons);
}

enum { HISTOGRAM_W = 24, PANEL_LEAST = 6 };

/* The chosen layer: its percentiles over the steps, its values now. */
static void draw_panel(const ViewContext *context, UiGrid *grid, UiRect area, const Course *course) {
    char title[200], label[96];
    UiRect head = ui_cut_top(&area, 1);
    if (course->count > 1)
        snprintf(title, sizeof title, "%s: percentiles over the steps",
                 inside_layer(context, chosen_layer(context), label));
    else
        snprintf(title, sizeof title, "percentiles, layer by layer");
    if (isfinite(st_finding_value(inside_finding(context), "row")) && context->live)
        snprintf(title + strlen(title), 24, " (x: of all rows)");
    ui_rule(grid, head, 0, NULL);
    UiRect side = ui_rect(0, 0, 0, 0);
    if (area.w >= 66) side = ui_cut_right(&area, HISTOGRAM_W + 2);
    ui_text_in(grid, head, 1, 0, area.w - 2, UI_TEXT, title);
    draw_ribbons(context, grid, area, course);
    if (side.w == 0) return;
    ui_cut_left(&side, 1), ui_cut_right(&side, 1);
    double zero = st_finding_at(inside_finding(context), "zero_share", chosen_layer(context));
    snprintf(title, sizeof title, "now, %s", inside_layer(context, chosen_layer(context), label));
    if (zero > 0) snprintf(title, sizeof title, "now, without %.0f%% zeros", 100 * zero);
    ui_text_in(grid, ui_rect(side.x, head.y, side.w, 1), 0, 0, side.w, UI_TEXT, title);
    draw_bins(grid, side, inside_finding(context), chosen_layer(context));
}

static void draw_layers(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    UiColumn own[COLUMNS];
    UiTable table = table_of(context, own);
    int rows = table.rows + 1, most = area.h - PANEL_LEAST;
    state->table.sort_column = -1;
    state->table.selected = chosen_layer(context);
    if (rows > most && most >= 4) rows = most; /* both have room */
    ui_table_draw(grid, ui_cut_top(&area, rows), &table, &state->table, context->live);
    if (area.h >= 4) draw_panel(context, grid, area, &state->course);
}

/* ---- the view ---- */

typedef struct Method {
    const char *name;
    void (*draw)(ViewContext *context, UiGrid *grid, UiRect area, Closer *closer); /* NULL: the layers */
} Method;
static const Method methods[] = {{"layers", NULL},
                                 {"units", closer_draw_units},
                                 {"maps", closer_draw_maps},
                                 {"filters", closer_draw_filters},
                                 {"states", closer_draw_states}};

static const Method *method_of(const ViewContext *context) {
    const StStudy *study = inside_study(context);
    for (size_t i = 0; study && i < sizeof methods / sizeof *methods; i++)
        if (!strcmp(methods[i].name, study->name)) return &methods[i];
    return &methods[0];
}

static void remember(State *state, const StFound *found) {
    int64_t size;
    const double *values = st_finding_values(&found->finding, "percentiles", &size);
    if (values && found->done >= 1 && size <= INT32_MAX) course_add(&state->course, found, values, (int)size);
}

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    if (!inside_head(context, grid, &area)) return;
    const Method *method = method_of(context);
    if (method->draw) {
        method->draw(context, grid, area, &state->closer);
        return;
    }
    remember(state, context->found);
    draw_layers(context, grid, area);
}

static bool run(const ViewContext *context, const char *line) {
    return context->run(context->bench, line), true;
}

/* From a layer to what there is to see of it. */
static bool go_deeper(const ViewContext *context) {
    int layer = chosen_layer(context);
    char line[96];
    snprintf(line, sizeof line, "look layer=%d method=%.40s", layer + 1,
             st_finding_name_at(inside_finding(context), "closer", layer));
    return run(context, line);
}

static bool press_layers(ViewContext *context, UiKey key) {
    State *state = context->state;
    UiColumn own[COLUMNS];
    UiTable table = table_of(context, own);
    char line[64];
    if (key == UI_KEY_ENTER) return go_deeper(context);
    bool moves = key == UI_KEY_UP || key == UI_KEY_DOWN || key == UI_KEY_PGUP || key == UI_KEY_PGDN ||
                 key == UI_KEY_HOME || key == UI_KEY_END;
    state->table.selected = chosen_layer(context);
    if (!moves || !ui_table_key(&table, &state->table, key)) return false;
    snprintf(line, sizeof line, "look layer=%d", state->table.selected + 1);
    return run(context, line);
}

/* The next unit or filter, and back to the layers. */
static bool press_closer(ViewContext *context, UiKey key) {
    char line[64];
    int units = closer_units(inside_finding(context)), unit = closer_unit(context);
    State *state = context->state;
    int page = state->closer.table.body.h > 1 ? state->closer.table.body.h - 1 : 8;
    int step = key == UI_KEY_UP     ? -1
               : key == UI_KEY_DOWN ? 1
               : key == UI_KEY_PGUP ? -page
               : key == UI_KEY_PGDN ? page
               : key == UI_KEY_HOME ? -units
               : key == UI_KEY_END  ? units
                                    : 0;
    if (key == UI_KEY_ENTER && units > 0) {
        double layer = st_finding_value(inside_finding(context), "layer");
        snprintf(line, sizeof line, "look layer=%.0f unit=%d", layer, unit);
        return run(context, line) && run(context, "view neuron");
    }
    if (!step || units == 0) return false;
    unit += step;
    unit = unit < 0 ? 0 : unit >= units ? units - 1 : unit;
    snprintf(line, sizeof line, "look unit=%d", unit);
    return run(context, line);
}

static bool press(ViewContext *context, UiKey key) {
    bool closer = method_of(context)->draw != NULL;
    if (key == UI_KEY_ESCAPE && closer) return run(context, "look method=layers");
    if (!context->found || *context->found->trouble || context->found->finding.count == 0) return false;
    return closer ? press_closer(context, key) : press_layers(context, key);
}

static bool mouse(ViewContext *context, const UiEvent *event) {
    State *state = context->state;
    char line[64];
    if (!context->found || method_of(context)->draw) return false;
    UiColumn own[COLUMNS];
    UiTable table = table_of(context, own);
    int before = state->table.selected;
    if (!ui_table_mouse(&table, &state->table, event)) return false;
    if (event->mouse == UI_MOUSE_PRESS && state->table.selected == before) return go_deeper(context);
    snprintf(line, sizeof line, "look layer=%d", state->table.selected + 1);
    return run(context, line);
}

static void explain(ViewContext *context, StText *out) {
    const StStudy *study = inside_study(context);
    if (!study) return;
    st_text_format(out, "%s: %s. Bad: %s.\n%s\n", study->title, study->what, study->bad, study->formula);
    if (!strcmp(study->name, "layers"))
        st_text_add(
            out,
            "Of the probe set (at most 256 rows, the same at every step), or of one example where one is "
            "chosen (. and ,). The bands of the ribbons end at 0, 6.68, 15.87, 30.85, 50, 69.15, 84.13, "
            "93.32 and 100 % of the values: half standard deviations of a normal distribution, as "
            "TensorBoard draws them. Flat: sigmoid below 0.05 or above 0.95, tanh beyond 0.95; ends: flat "
            "below, free, flat above. Dead: relu units that give 0 for every row.\n");
}

static int rows(const ViewContext *context) {
    return context->found && !*context->found->trouble && !method_of(context)->draw
               ? st_finding_names(inside_finding(context), "layers") + 18
               : 30;
}

static void close(void *memory) {
    course_free(&((State *)memory)->course);
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "press enter", "closer", "The layer's units or maps; a unit's card"},
    {UI_KEY_DOWN, "press down", "choose", "The next layer; close up, the next unit or filter"},
    {UI_KEY_UP, "press up", "choose", "The previous layer; close up, the previous unit or filter"},
    INSIDE_MOVES,
    {'x', "look row=auto", "all rows", "Not one example, but the whole probe set again"},
    {0}};

const View view_activations = {.name = "activations",
                               .inside = 'A',
                               .question = "What do the layers put out?",
                               .title = "Activations",
                               .help = "spread, dead and saturated units, feature maps, filters, states",
                               .bindings = bindings,
                               .state_size = sizeof(State),
                               .draw = draw,
                               .press = press,
                               .mouse = mouse,
                               .explain = explain,
                               .rows = rows,
                               .close = close};
