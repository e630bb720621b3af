/* Time: the moments of the run on one axis, with the loss of the probe set and the rate over them, marks
 * where things happened, and a cursor that all views follow. */
#include "inside.h"
#include "parts.h"

#include "plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 2048, EPOCHS = 256, EPOCHS_LISTED = 40, EVENTS = MARKS_MAX + HISTORY_CHANGES + EPOCHS + 1 };

typedef struct TimeState {
    int count;
    int64_t step[POINTS]; /* moments, evenly chosen where there are more */
    double loss[POINTS];
    UiPoint point[POINTS]; /* the same for the plot, those with a loss alone */
    size_t points;
    int events;
    Mark event[EVENTS]; /* in the order of steps */
    int64_t now, end;   /* the cursor's step; the run's newest */
    StTrainerStatus status;
    bool has_run;
    UiPlotView view; /* of the last drawing, for the mouse */
} TimeState;

/* ---- what there is ---- */

static void read_moments(const ViewContext *context, TimeState *state) {
    state->count = 0;
    if (context->moments) state->count = st_moments_steps(context->moments, state->step, state->loss, POINTS);
    if (state->count == 0 && context->look && !context->look->past) { /* `strata show`: the present alone */
        state->step[0] = context->look->readings.step;
        state->loss[0] = context->look->readings.probe_loss;
        state->count = state->step[0] >= 0;
    }
    state->points = 0;
    for (int i = 0; i < state->count; i++) {
        double loss = state->loss[i];
        if (isfinite(loss))
            state->point[state->points++] = (UiPoint){(double)state->step[i], loss, loss, loss};
    }
}

static void add_event(TimeState *state, int64_t step, MarkKind kind, const char *text) {
    if (state->events == EVENTS) return;
    Mark *mark = &state->event[state->events++];
    *mark = (Mark){.step = step, .kind = kind};
    snprintf(mark->text, sizeof mark->text, "%.*s", MARK_TEXT - 1, text);
}

/* What the session did to the run. */
static void add_marks(const ViewContext *context, TimeState *state) {
    const Marks *marks = session_marks(context->session);
    for (int i = 0; i < marks->count; i++)
        add_event(state, marks->mark[i].step, marks->mark[i].kind, marks->mark[i].text);
}

/* Rates that a plateau lowered. */
static void add_plateaus(const ViewContext *context, TimeState *state) {
    double at[HISTORY_CHANGES];
    const Recipe *recipe = session_run(context->session)->recipe;
    if (!*recipe->callbacks.reduce_on_plateau || recipe->compile.schedule.kind > 0) return;
    size_t count = history_rate_changes(context->now, HISTORY_STEP, at, HISTORY_CHANGES);
    int marks = state->events;
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (int k = 0; k < marks; k++)
            known |= state->event[k].kind == MARK_RATE && fabs((double)state->event[k].step - at[i]) < 2;
        if (!known) add_event(state, (int64_t)at[i] - 1, MARK_RATE, "rate lowered: reduce_on_plateau");
    }
}

static void add_epochs(TimeState *state) {
    int64_t epochs = state->status.epoch, each = (epochs + EPOCHS - 1) / EPOCHS;
    char text[MARK_TEXT];
    for (int64_t e = each; each > 0 && e <= epochs; e += each) {
        snprintf(text, sizeof text, "end of epoch %" PRId64, e);
        add_event(state, e * state->status.steps_per_epoch, MARK_EPOCH, text);
    }
}

static int by_step(const void *a, const void *b) {
    const Mark *x = a, *y = b;
    if (x->step != y->step) return x->step < y->step ? -1 : 1;
    return (int)y->kind - (int)x->kind; /* of one step, the weightiest last */
}

static void read_all(const ViewContext *context, TimeState *state) {
    const SessionRun *run = session_run(context->session);
    state->has_run = run != NULL;
    state->status = (StTrainerStatus){0};
    state->events = 0;
    read_moments(context, state);
    if (run) {
        st_trainer_status(run->trainer, &state->status);
        add_marks(context, state);
        add_plateaus(context, state);
        add_epochs(state);
        if (state->status.state == ST_STATE_DIVERGED)
            add_event(state, state->status.step, MARK_DIVERGED, state->status.reason);
        qsort(state->event, (size_t)state->events, sizeof *state->event, by_step);
    }
    state->end = state->count ? state->step[state->count - 1] : 0;
    if (state->status.step > state->end) state->end = state->status.step;
    const StLook *look = context->look;
    state->now = context->gaze->moment < 0 ? state->end
                 : look && look->past      ? look->readings.step
                                           : context->gaze->moment;
}

/* ---- drawing ---- */

static UiInk mark_ink(MarkKind kind) {
    return kind == MARK_DIVERGED ? UI_BAD : kind == MARK_EPOCH ? UI_DIM : UI_WARN;
}

/* "412 moments about 4 steps apart · 23.1 of 201 MB taken" */
static void draw_memory(const ViewContext *context, const TimeState *state, UiGrid *grid, UiRect row) {
    char bytes[UI_NUMBER], bound_text[UI_NUMBER], line[240];
    if (!context->moments) {
        snprintf(line, sizeof line, "the present alone: the workbench keeps the moments of a run");
    } else {
        size_t bound, taken = st_moments_bytes(context->moments, &bound);
        int count = st_moments_count(context->moments);
        double apart = count > 1 ? (double)(state->end - state->step[0]) / (count - 1) : 1;
        char gap[UI_NUMBER + 32] = "of every step", steps[UI_NUMBER];
        if (apart > 1.05) snprintf(gap, sizeof gap, "about %s steps apart", ui_number(steps, apart, 6, 3));
        snprintf(line, sizeof line, "%d moment%s %s · %s of %s taken", count, count == 1 ? "" : "s", gap,
                 parts_bytes(bytes, (int64_t)taken), parts_bytes(bound_text, (int64_t)bound));
        size_t length = strlen(line);
        const char *more = " (:history 256MB keeps more)";
        if ((int)length + 28 < row.w && taken > bound / 4)
            snprintf(line + length, sizeof line - length, "%s", more);
    }
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_TEXT, line);
}

static void draw_head(const ViewContext *context, const TimeState *state, UiGrid *grid, UiRect *area) {
    UiRect row = ui_cut_top(area, 1);
    ui_text(grid, row, 1, 0, UI_TITLE, "TIME");
    int x = 7;
    bool past = context->gaze->moment >= 0;
    x += ui_print(grid, row, x, 0, past ? UI_WARN | UI_BOLD : UI_TEXT, "step %" PRId64 " of %" PRId64,
                  state->now, state->end);
    if (state->status.steps_per_epoch > 0)
        x += ui_print(grid, row, x, 0, UI_TEXT, ", epoch %" PRId64,
                      (state->now + state->status.steps_per_epoch - 1) / state->status.steps_per_epoch);
    ui_text_in(grid, row, x, 0, row.w - x - 1, past ? UI_WARN : UI_DIM,
               past ? "  the past" : "  the present");
    if (area->h >= 8) draw_memory(context, state, grid, ui_cut_top(area, 1));
    if (area->h < 14) return;
    row = ui_cut_top(area, 1);
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_DIM,
               "every view is of the cursor's step; bad: a jump of the loss without a mark");
}

static void draw_loss(const ViewContext *context, TimeState *state, UiGrid *grid, UiRect area) {
    UiSeries series[3] = {{.name = "loss, probe set",
                           .ink = UI_TRAINING,
                           .dash = UI_SOLID,
                           .point = state->point,
                           .count = state->points,
                           .focus = true}};
    int count = 1;
    size_t batches, last;
    const UiPoint *batch = history_points(context->now, 0, HISTORY_BATCH, HISTORY_STEP, &batches);
    const UiPoint *before = history_points(context->last, 0, HISTORY_BATCH, HISTORY_STEP, &last);
    if (!context->moments && batches) /* a script's run has no moments, but curves */
        series[count++] = (UiSeries){
            .name = "loss of batches", .ink = UI_DIM, .dash = UI_FINE, .point = batch, .count = batches};
    if (last)
        series[count++] = (UiSeries){
            .name = "last", .ink = UI_LAST, .dash = UI_DOTTED, .point = before, .count = last, .smooth = 0.9};
    char at[64];
    snprintf(at, sizeof at, "step %" PRId64, state->now);
    UiPlot plot = {.title = "LOSS",
                   .x_name = "step",
                   .series = series,
                   .count = count,
                   .x1 = fmax((double)state->end, 10),
                   .label_w = 6,
                   .ignore_outliers = true,
                   .has_cursor = state->has_run,
                   .cursor = (double)state->now,
                   .cursor_text = at};
    state->view = ui_plot_draw(grid, area, &plot);
}

static void draw_rate(const ViewContext *context, const TimeState *state, UiGrid *grid, UiRect area) {
    size_t now, last;
    const UiPoint *rate = history_rate(context->now, HISTORY_STEP, &now);
    const UiPoint *before = history_rate(context->last, HISTORY_STEP, &last);
    UiSeries series[] = {{.name = "rate", .ink = UI_TEXT, .point = rate, .count = now, .focus = true},
                         {.name = "last", .ink = UI_LAST, .dash = UI_DOTTED, .point = before, .count = last}};
    UiPlot plot = {.title = "LEARNING RATE",
                   .series = series,
                   .count = last ? 2 : 1,
                   .x1 = fmax((double)state->end, 10),
                   .label_w = 6};
    ui_plot_draw(grid, area, &plot);
}

/* Letters where something happened, and a tick for every moment, under the plot's columns. */
static void draw_tracks(const TimeState *state, UiGrid *grid, UiRect area) {
    const UiPlotView *view = &state->view;
    if (view->inner.w < 1) return;
    UiRect track = ui_rect(view->inner.x, area.y, view->inner.w, area.h);
    bool crowded = state->status.epoch * 4 > view->inner.w; /* letters of epochs would hide the rest */
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < state->events; i++) {
            const Mark *mark = &state->event[i];
            bool epoch = mark->kind == MARK_EPOCH;
            if (epoch != (pass == 0)) continue;
            int x = ui_plot_column(view, (double)mark->step) - view->inner.x;
            ui_put_ink(grid, track, x, 0, epoch && crowded ? 0xb7 : (uint32_t)mark_letter(mark->kind),
                       mark_ink(mark->kind) | (epoch ? 0 : UI_BOLD));
        }
    if (area.h < 2) return;
    for (int i = 0; i < state->count; i++)
        ui_put_ink(grid, track, ui_plot_column(view, (double)state->step[i]) - view->inner.x, 1, 0x2502,
                   UI_DIM);
    ui_put_glyph(grid, track, ui_plot_column(view, (double)state->now) - view->inner.x, 1, UI_GLYPH_UP,
                 UI_CURSOR | UI_BOLD);
    ui_text_in(grid, area, 0, 0, view->inner.x - area.x - 1, UI_DIM, "marks");
    ui_text_in(grid, area, 0, 1, view->inner.x - area.x - 1, UI_DIM, "kept");
}

/* Ends of many epochs are drawn, and in the JSON, but neither listed nor stopped at. */
static bool is_listed(const TimeState *state, int i) {
    return state->event[i].kind != MARK_EPOCH || state->status.epoch <= EPOCHS_LISTED;
}

/* What happened around the cursor, one a line; the last one up to it is pointed at. */
static void draw_list(const TimeState *state, UiGrid *grid, UiRect area) {
    int listed[EVENTS], count = 0, here = -1;
    for (int i = 0; i < state->events; i++) {
        if (!is_listed(state, i)) continue;
        if (state->event[i].step <= state->now) here = count;
        listed[count++] = i;
    }
    int first = here - area.h / 2;
    if (first > count - area.h) first = count - area.h;
    if (first < 0) first = 0;
    if (count == 0)
        ui_text_in(grid, area, 1, 0, area.w - 2, UI_DIM,
                   "nothing was changed yet: rates, weights, branches leave marks here");
    for (int y = 0; y < area.h && first + y < count; y++) {
        const Mark *mark = &state->event[listed[first + y]];
        if (first + y == here) ui_put_glyph(grid, area, 1, y, UI_GLYPH_RIGHT, UI_KEY);
        ui_print(grid, area, 3, y, mark_ink(mark->kind), "%c", mark_letter(mark->kind));
        ui_print_right(grid, area, 15, y, UI_TEXT, "%" PRId64, mark->step);
        ui_text_in(grid, area, 17, y, area.w - 18, mark->kind == MARK_EPOCH ? UI_DIM : UI_TEXT, mark->text);
    }
}

static void time_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    TimeState *state = context->state;
    read_all(context, state);
    state->view = (UiPlotView){0};
    if (!state->has_run && !context->look) {
        ui_print_center(grid, area, area.h / 2, UI_DIM, "%s",
                        context->live ? "no run yet: space trains, and its moments are kept"
                                      : context->trouble);
        return;
    }
    draw_head(context, state, grid, &area);
    int list = area.h >= 22 ? 6 : area.h >= 15 ? 3 : area.h >= 11 ? 1 : 0;
    UiRect events = ui_cut_bottom(&area, list);
    UiRect tracks = ui_cut_bottom(&area, area.h >= 6 ? 2 : area.h >= 4);
    size_t rates;
    history_rate(context->now, HISTORY_STEP, &rates);
    UiRect rate = ui_cut_bottom(&area, rates == 0 || area.h < 11 ? 0 : area.h < 18 ? 4 : 5);
    draw_loss(context, state, grid, area);
    if (rate.h) draw_rate(context, state, grid, rate);
    if (tracks.h) draw_tracks(state, grid, tracks);
    draw_list(state, grid, events);
}

/* ---- keys ---- */

static bool go(const ViewContext *context, int64_t step) {
    char line[64];
    snprintf(line, sizeof line, "moment %" PRId64, step);
    return context->run(context->bench, line), true;
}

/* To the next mark that stands at another step. */
static bool jump(ViewContext *context, int by) {
    TimeState *state = context->state;
    read_all(context, state);
    int64_t to = -1;
    for (int i = 0; i < state->events; i++) {
        int64_t step = state->event[i].step;
        if (!is_listed(state, i)) continue;
        if (by > 0 ? step > state->now && to < 0 : step < state->now) to = step;
    }
    if (to < 0) return context->run(context->bench, by > 0 ? "moment last" : "moment first"), true;
    return go(context, to);
}

static bool time_press(ViewContext *context, UiKey key) {
    switch (key) {
    case UI_KEY_UP:
    case UI_KEY_LEFT | UI_CTRL:
        return jump(context, -1);
    case UI_KEY_DOWN:
    case UI_KEY_RIGHT | UI_CTRL:
        return jump(context, 1);
    case UI_KEY_PGUP:
    case UI_KEY_LEFT | UI_SHIFT:
        return context->run(context->bench, "moment back 10"), true;
    case UI_KEY_PGDN:
    case UI_KEY_RIGHT | UI_SHIFT:
        return context->run(context->bench, "moment forward 10"), true;
    default:
        return false;
    }
}

static bool time_mouse(ViewContext *context, const UiEvent *event) {
    const TimeState *state = context->state;
    bool pressed = event->mouse == UI_MOUSE_PRESS || event->mouse == UI_MOUSE_DRAG;
    bool within = event->x >= state->view.inner.x && event->x < state->view.inner.x + state->view.inner.w;
    if (!pressed || !within) return false;
    double step = round(ui_plot_x_at(&state->view, event->x));
    return go(context, step > 0 ? (int64_t)step : 0);
}

/* ---- as text ---- */

static void time_explain(ViewContext *context, StText *out) {
    (void)context;
    st_text_add(out, "Snapshots of the run are kept in bounded memory: at least so many steps apart, twice "
                     "as many whenever "
                     "it is full, so that they stay evenly spread; the first and the newest are always "
                     "there. The loss is that "
                     "of the probe set, rows of the training part drawn by the seed, with the weights of "
                     "each moment. Left and "
                     "right move the cursor, and every view with it; up and down go from mark to mark: e an "
                     "epoch's end, r a "
                     "rate changed, w a weight changed by hand, l layers changed, b branched, x diverged. B "
                     "begins a new run "
                     "from the moment under the cursor, with the recipe as it is now, and to the same bits "
                     "where that is the "
                     "same.\n");
}

static void time_json(ViewContext *context, StText *out) {
    TimeState *state = context->state;
    size_t bound = ST_MOMENTS_BYTES, bytes = 0;
    read_all(context, state);
    if (context->moments) bytes = st_moments_bytes(context->moments, &bound);
    st_text_add(out, "{\"view\":\"time\"");
    parts_json_whole(out, "step", state->now);
    parts_json_whole(out, "newest", state->end);
    st_text_add(out, ",\"moments\":{\"steps\":[");
    for (int i = 0; i < state->count; i++)
        parts_json_whole(out, NULL, state->step[i]);
    st_text_add(out, "],\"losses\":[");
    for (int i = 0; i < state->count; i++)
        parts_json_number(out, NULL, state->loss[i]);
    st_text_add(out, "]},\"marks\":[");
    for (int i = 0; i < state->events; i++) {
        parts_json_key(out, NULL);
        st_text_add(out, "{");
        parts_json_whole(out, "step", state->event[i].step);
        parts_json_text(out, "kind", mark_word(state->event[i].kind));
        parts_json_text(out, "text", state->event[i].text);
        st_text_add(out, "}");
    }
    st_text_add(out, "]");
    parts_json_whole(out, "spacing", context->moments ? st_moments_spacing(context->moments) : 1);
    parts_json_whole(out, "bytes", (int64_t)bytes);
    parts_json_whole(out, "bound", (int64_t)bound);
    st_text_add(out, "}");
}

static const UiBinding bindings[] = {
    {UI_KEY_LEFT, "moment back", "moment", "Back by a moment, with shift by ten"},
    {UI_KEY_RIGHT, "moment forward", "moment", "Forward by a moment, with shift by ten"},
    {UI_KEY_UP, "press up", "mark", "Back to the mark before"},
    {UI_KEY_DOWN, "press down", "mark", "Forward to the next mark"},
    {'B', "branch", "branch", "A new run that goes on from this moment, with the recipe as it now is"},
    {UI_KEY_END, "moment last", "present", "Back to the present"},
    {UI_KEY_HOME, "moment first", NULL, "The first moment"},
    {UI_KEY_PGUP, "press pgup", NULL, "Back by ten moments"},
    {UI_KEY_PGDN, "press pgdn", NULL, "Forward by ten moments"},
    {UI_KEY_ESCAPE, "view back", "back", "Where you came from, then all questions that can be asked"},
    {0}};

const View view_time = {.name = "time",
                        .inside = 'T',
                        .question = "How did it come to this?",
                        .title = "Time",
                        .help = "The moments of the run: go back, see, branch",
                        .bindings = bindings,
                        .state_size = sizeof(TimeState),
                        .draw = time_draw,
                        .press = time_press,
                        .mouse = time_mouse,
                        .explain = time_explain,
                        .json = time_json};
