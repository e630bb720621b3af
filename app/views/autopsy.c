/* Autopsy: where a value became infinite or not a number, the steps before it, the layers, and what to try,
 * with one key to go back. Without trouble: the recent steps, and that nothing is wrong. */
#include "autopsy.h"

#include "inside.h"
#include "parts.h"

#include "plot.h"
#include "table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct AutopsyState {
    Autopsy autopsy;
    double scale; /* of the inputs of this run */
    uint64_t run;
    UiTableState table;
    int64_t newest; /* row that the table was last scrolled to: it follows */
    UiPoint point[2][AUTOPSY_STEPS];
} AutopsyState;

static void read_all(const ViewContext *context, AutopsyState *state) {
    const SessionRun *run = session_run(context->session);
    uint64_t number = run ? run->number : 0;
    if (state->run != number || !number) state->scale = autopsy_input_scale(context);
    state->run = number;
    autopsy_read(context, state->scale, &state->autopsy);
}

/* ---- the table of steps ---- */

static const UiColumn columns[] = {{"step", 7, .right = true, .priority = 0},
                                   {"loss", 9, .right = true, .priority = 0},
                                   {"max |w|", 9, .right = true, .priority = 2},
                                   {"step/weight", 11, .right = true, .priority = 1},
                                   {"of", 6, .stretch = true, .priority = 3}};
enum { STEP, LOSS, LARGEST, RATIO, TENSOR };

static void cell(void *context, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const Autopsy *autopsy = context;
    const StAutopsyStep *step = &autopsy->row[row];
    char number[UI_NUMBER];
    double value[] = {[LOSS] = step->loss, [LARGEST] = step->largest_weight, [RATIO] = step->update_ratio};
    if (column == STEP)
        snprintf(text, UI_CELL_TEXT, "%" PRId64, step->step);
    else if (column == TENSOR)
        snprintf(text, UI_CELL_TEXT, "%s",
                 step->ratio_tensor >= 0 ? autopsy->tensor[step->ratio_tensor].name : "");
    else
        snprintf(text, UI_CELL_TEXT, "%s", ui_number(number, value[column], 9, 4));
    if (column == TENSOR) *ink = UI_DIM;
    if (column == RATIO && step->update_ratio > 1e-2) *ink = UI_WARN;
    if (column == LOSS && !isfinite(step->loss)) *ink = UI_BAD;
}

static UiTable table_of(AutopsyState *state) {
    return (UiTable){.column = columns,
                     .columns = 5,
                     .gap = 1,
                     .rows = state->autopsy.steps,
                     .context = &state->autopsy,
                     .cell = cell,
                     .empty = "no step could be made again"};
}

static void draw_steps(const ViewContext *context, AutopsyState *state, UiGrid *grid, UiRect area) {
    UiTable table = table_of(state);
    int64_t newest = state->autopsy.steps ? state->autopsy.row[state->autopsy.steps - 1].step : -1;
    if (newest != state->newest) state->table.selected = state->autopsy.steps - 1;
    state->newest = newest;
    state->table.sort_column = -1;
    ui_table_draw(grid, ui_inset(area, 1, 0), &table, &state->table, context->live);
}

static void draw_curve(AutopsyState *state, int which, const char *title, UiGrid *grid, UiRect area) {
    const Autopsy *autopsy = &state->autopsy;
    UiPoint *point = state->point[which];
    for (int i = 0; i < autopsy->steps; i++) {
        double y = which ? autopsy->row[i].largest_weight : autopsy->row[i].loss;
        point[i] = (UiPoint){(double)autopsy->row[i].step, y, y, y};
    }
    UiSeries series = {
        .name = NULL, .ink = UI_TRAINING, .point = point, .count = (size_t)autopsy->steps, .focus = true};
    UiPlot plot = {
        .title = title, .x_name = "step", .series = &series, .count = 1, .log_y = true, .label_w = 6};
    ui_plot_draw(grid, area, &plot);
}

/* ---- the layers ---- */

static UiInk verdict_ink(StVerdict verdict) {
    if (verdict == ST_HEALTHY) return UI_GOOD;
    return verdict >= ST_UNTRAINED ? UI_DIM : UI_WARN;
}

static void draw_layers(const ViewContext *context, const Autopsy *autopsy, UiGrid *grid, UiRect area) {
    const StReadings *readings = &context->look->readings;
    UiRect head = ui_cut_top(&area, 1);
    char number[UI_NUMBER], text[160];
    snprintf(text, sizeof text, "LAYERS at step %" PRId64, readings->step);
    ui_text_in(grid, head, 1, 0, 24, UI_TITLE, text);
    static const struct {
        StReading reading;
        const char *name;
        int end;
    } shown[] = {{ST_READING_LARGEST, "max |w|", 35},
                 {ST_READING_GRADIENT, "gradient", 45},
                 {ST_READING_RATIO, "step/weight", 57},
                 {ST_READING_DEAD, "dead", 63},
                 {ST_READING_SATURATED, "saturated", 74}};
    int count = sizeof shown / sizeof *shown, first = 0;
    for (int k = 0; k < count; k++)
        if (shown[k].end < area.w) ui_print_right(grid, head, shown[k].end, 0, UI_DIM, "%s", shown[k].name);
    for (int i = 0; i < readings->count; i++) /* the culprit's layer is among those that are shown */
        if (readings->health[i].layer == autopsy->layer && i >= area.h) first = i - area.h + 1;
    for (int i = first; i < readings->count && i - first < area.h; i++) {
        const StHealth *health = &readings->health[i];
        bool culprit = autopsy->diverged && !strcmp(health->name, autopsy->culprit);
        UiInk ink = culprit ? UI_BAD : UI_TEXT;
        if (culprit) ui_put_glyph(grid, area, 1, i - first, UI_GLYPH_GAP, UI_BAD);
        snprintf(text, sizeof text, "%d %s", health->layer + 1, health->name);
        ui_text_in(grid, area, 3, i - first, 23, ink, text);
        for (int k = 0; k < count; k++)
            if (shown[k].end < area.w)
                ui_print_right(grid, area, shown[k].end, i - first, UI_TEXT, "%s",
                               ui_number(number, health->value[shown[k].reading], 8, 3));
        if (area.w > 88)
            ui_text_in(grid, area, 76, i - first, area.w - 77, verdict_ink(health->verdict),
                       st_verdict_word(health->verdict));
    }
}

/* ---- the words ---- */

static void draw_title(const ViewContext *context, const Autopsy *autopsy, UiGrid *grid, UiRect *area) {
    char text[700];
    UiRect row = ui_cut_top(area, 1);
    ui_text(grid, row, 1, 0, UI_TITLE, "AUTOPSY");
    if (!autopsy->diverged) {
        ui_text_in(grid, row, 10, 0, row.w - 11, UI_DIM,
                   "the recent steps; bad: a loss or weights that grow from step to step");
        char verdict[256];
        autopsy_verdict(context, autopsy, verdict);
        UiRect words = ui_inset(*area, 1, 0);
        int rows = ui_paragraph(grid, (UiRect){0, 0, words.w, 0}, UI_TEXT, 0, verdict);
        if (rows > 2) rows = 2;
        UiRect said = ui_cut_top(area, rows);
        ui_paragraph(grid, ui_inset(said, 1, 0), strncmp(verdict, "nothing", 7) ? UI_WARN : UI_GOOD, 0,
                     verdict);
        return;
    }
    ui_text_in(grid, row, 10, 0, row.w - 11, UI_DIM, "where it began, the steps before it, and what to try");
    snprintf(text, sizeof text, "%s", autopsy->reason);
    int rows = ui_paragraph(grid, (UiRect){0, 0, area->w - 2, 0}, UI_BAD, 0, text);
    if (rows > 3) rows = 3;
    UiRect said = ui_cut_top(area, rows);
    ui_paragraph(grid, ui_inset(said, 1, 0), UI_BAD, 0, text);
}

/* "enter rewinds to step 800, the newest moment with a loss (0.21) of at most twice the least (0.19)" */
static void rewind_text(const Autopsy *autopsy, bool live, char text[240]) {
    if (autopsy->good < 0) {
        snprintf(text, 240,
                 live ? "no moments are kept to rewind to: try, then r starts anew"
                      : "what to try; in the workbench one key rewinds to the last good moment");
        return;
    }
    int length =
        snprintf(text, 240, "rewinds to step %" PRId64 ", rate %.3g: ", autopsy->good, autopsy->rate / 3);
    if (isfinite(autopsy->good_loss))
        snprintf(text + length, 240 - (size_t)length, "loss %.2g, under twice the least before it",
                 autopsy->good_loss);
    else
        snprintf(text + length, 240 - (size_t)length, "the first one, as none had a finite loss");
}

static void draw_advice(const Autopsy *autopsy, bool live, UiGrid *grid, UiRect area) {
    char text[240];
    UiRect row = ui_cut_top(&area, 1);
    rewind_text(autopsy, live, text);
    bool can = live && autopsy->good >= 0;
    int x = 1;
    if (can) x += ui_text(grid, row, x, 0, UI_KEY, "enter") + 1;
    ui_text_in(grid, row, x, 0, row.w - x - 1, UI_TEXT, text);
    for (int i = 0; i < autopsy->advices && i < area.h; i++) {
        x = 1 + ui_print(grid, area, 1, i, UI_DIM, "%d ", i + 1);
        x += ui_text(grid, area, x, i, UI_TITLE, autopsy->advice[i].what) + 2;
        ui_text_in(grid, area, x, i, area.w - x - 1, UI_DIM, autopsy->advice[i].why);
    }
}

static void autopsy_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    AutopsyState *state = context->state;
    const Autopsy *autopsy = &state->autopsy;
    read_all(context, state);
    if (!autopsy->trained) {
        const char *text = context->live ? "no step was made yet: space trains"
                                         : "nothing was trained here: an autopsy is of a run (a script's, or "
                                           "the workbench's)";
        ui_paragraph(grid, ui_inset(area, 1, area.h > 2 ? area.h / 2 - 1 : 0), UI_DIM, 0, text);
        return;
    }
    draw_title(context, autopsy, grid, &area);
    if (autopsy->diverged || autopsy->good >= 0) {
        int rows = 1 + autopsy->advices;
        if (rows > area.h / 2) rows = area.h / 2;
        draw_advice(autopsy, context->live, grid, ui_cut_top(&area, rows));
    }
    int layers = context->look ? context->look->readings.count + 1 : 0;
    if (layers > area.h / 2) layers = area.h / 2;
    if (layers > 1) draw_layers(context, autopsy, grid, ui_cut_bottom(&area, layers));
    if (area.w >= 76 && area.h >= 5 && autopsy->steps > 1) {
        UiRect curves = ui_cut_right(&area, area.w - 48 > 60 ? 60 : area.w - 48);
        bool two = curves.h >= 10;
        UiRect upper = two ? ui_cut_top(&curves, curves.h / 2) : curves;
        draw_curve(state, 0, "LOSS", grid, upper);
        if (two) draw_curve(state, 1, "LARGEST WEIGHT", grid, curves);
    }
    draw_steps(context, state, grid, area);
}

/* ---- keys ---- */

static bool autopsy_press(ViewContext *context, UiKey key) {
    AutopsyState *state = context->state;
    UiTable table = table_of(state);
    bool moves = key == UI_KEY_UP || key == UI_KEY_DOWN || key == UI_KEY_PGUP || key == UI_KEY_PGDN;
    return moves && ui_table_key(&table, &state->table, key);
}

static bool autopsy_mouse(ViewContext *context, const UiEvent *event) {
    AutopsyState *state = context->state;
    UiTable table = table_of(state);
    return ui_table_mouse(&table, &state->table, event);
}

/* ---- as text ---- */

static void autopsy_explain(ViewContext *context, StText *out) {
    (void)context;
    st_text_add(
        out,
        "When a value becomes infinite or not a number, training stops before a weight is spoilt, and the "
        "last "
        "steps are made again from a checkpoint to see what happened: each step's loss, the largest weight, "
        "and "
        "the longest update of a tensor relative to its norm (healthy: 0.0001 to 0.01). Rewinding goes back "
        "to "
        "the newest moment before the trouble whose probe loss is finite and at most twice the least until "
        "then, else to the first one, with a third of the learning rate, which u takes back; a branch begins "
        "there, and the curve that diverged stays behind it.\n");
}

static int autopsy_rows(const ViewContext *context) {
    AutopsyState *state = context->state;
    read_all(context, state);
    int layers = context->look ? context->look->readings.count + 1 : 0;
    if (!state->autopsy.trained) return 2;
    int steps = state->autopsy.steps + 1 > layers ? state->autopsy.steps + 1 : layers;
    return 4 + 1 + state->autopsy.advices + layers + steps;
}

static void json_steps(const Autopsy *autopsy, StText *out) {
    st_text_add(out, ",\"steps\":[");
    for (int i = 0; i < autopsy->steps; i++) {
        const StAutopsyStep *step = &autopsy->row[i];
        parts_json_key(out, NULL);
        st_text_add(out, "{");
        parts_json_whole(out, "step", step->step);
        parts_json_number(out, "loss", step->loss);
        parts_json_number(out, "largest_weight", step->largest_weight);
        parts_json_number(out, "update_ratio", step->update_ratio);
        if (step->ratio_tensor >= 0) parts_json_text(out, "tensor", autopsy->tensor[step->ratio_tensor].name);
        st_text_add(out, "}");
    }
    st_text_add(out, "]");
}

static void json_layers(const ViewContext *context, StText *out) {
    const StReadings *readings = context->look ? &context->look->readings : NULL;
    st_text_add(out, ",\"layers\":[");
    for (int i = 0; readings && i < readings->count; i++) {
        const StHealth *health = &readings->health[i];
        parts_json_key(out, NULL);
        st_text_add(out, "{");
        parts_json_text(out, "name", health->name);
        parts_json_number(out, "largest_weight", health->value[ST_READING_LARGEST]);
        parts_json_number(out, "gradient", health->value[ST_READING_GRADIENT]);
        parts_json_number(out, "update_ratio", health->value[ST_READING_RATIO]);
        parts_json_number(out, "dead", health->value[ST_READING_DEAD]);
        parts_json_number(out, "saturated", health->value[ST_READING_SATURATED]);
        parts_json_text(out, "verdict", st_verdict_word(health->verdict));
        st_text_add(out, "}");
    }
    st_text_add(out, "]");
}

static void json_advice(const Autopsy *autopsy, StText *out) {
    st_text_add(out, ",\"advice\":[");
    for (int i = 0; i < autopsy->advices; i++) {
        parts_json_key(out, NULL);
        st_text_add(out, "{");
        parts_json_text(out, "try", autopsy->advice[i].what);
        parts_json_text(out, "why", autopsy->advice[i].why);
        st_text_add(out, "}");
    }
    st_text_add(out, "]");
    if (autopsy->good < 0) return;
    st_text_add(out, ",\"rewind\":{");
    parts_json_whole(out, "step", autopsy->good);
    parts_json_number(out, "loss", autopsy->good_loss);
    parts_json_number(out, "least", autopsy->good_least);
    parts_json_number(out, "rate", autopsy->rate / 3);
    st_text_add(out, "}");
}

static void autopsy_json(ViewContext *context, StText *out) {
    AutopsyState *state = context->state;
    const Autopsy *autopsy = &state->autopsy;
    char verdict[256] = "";
    read_all(context, state);
    st_text_format(out, "{\"view\":\"autopsy\",\"trained\":%s,\"diverged\":%s",
                   autopsy->trained ? "true" : "false", autopsy->diverged ? "true" : "false");
    if (!autopsy->trained) snprintf(verdict, sizeof verdict, "nothing was trained: an autopsy is of a run");
    if (autopsy->trained && !autopsy->diverged) autopsy_verdict(context, autopsy, verdict);
    parts_json_whole(out, "step", autopsy->trained ? autopsy->step : -1);
    if (*autopsy->culprit)
        parts_json_text(out, "culprit", autopsy->culprit);
    else
        st_text_add(out, ",\"culprit\":null");
    parts_json_whole(out, "layer", autopsy->layer < 0 ? -1 : autopsy->layer + 1);
    parts_json_text(out, "reason", autopsy->diverged ? autopsy->reason : verdict);
    json_steps(autopsy, out);
    json_layers(context, out);
    json_advice(autopsy, out);
    st_text_add(out, "}");
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "rewind", "rewind",
     "Where the loss is infinite or far above its least: to the last good moment, a third of the rate"},
    {UI_KEY_UP, "press up", "steps", "Up through the steps"},
    {UI_KEY_DOWN, "press down", "steps", "Down through the steps"},
    {'T', "view time", "time", "The timeline of the run"},
    {UI_KEY_ESCAPE, "view back", "back", "Where you came from, then all questions that can be asked"},
    {0}};

/* Of a run that goes on: nothing to rewind, but a way back. */
static const UiBinding going_hints[] = {
    {' ', "play", "train", "Trains, or pauses"},
    {UI_KEY_LEFT, "moment back", "back in time", "To the moments of the run before"},
    {'B', "branch", "branch", "Goes on from the moment that is looked at"},
    {UI_KEY_UP, "press up", "steps", "Up through the steps"},
    {UI_KEY_DOWN, "press down", "steps", "Down through the steps"},
    {'T', "view time", "time", "The timeline of the run"},
    {UI_KEY_ESCAPE, "view back", "back", "Where you came from, then all questions that can be asked"},
    {0}};

static const UiBinding *autopsy_hints(ViewContext *context) {
    const AutopsyState *state = context->state;
    return state->autopsy.diverged || state->autopsy.good >= 0 ? NULL : going_hints;
}

const View view_autopsy = {.name = "autopsy",
                           .inside = 'X',
                           .question = "What went wrong?",
                           .title = "Autopsy",
                           .help = "Where a run broke, the steps before, and what to try; one key rewinds",
                           .bindings = bindings,
                           .state_size = sizeof(AutopsyState),
                           .draw = autopsy_draw,
                           .press = autopsy_press,
                           .mouse = autopsy_mouse,
                           .explain = autopsy_explain,
                           .rows = autopsy_rows,
                           .json = autopsy_json,
                           .hints = autopsy_hints};
