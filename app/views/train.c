/* Train: loss and every metric over one shared x axis, to zoom, smooth and read out; and what the next start
 * begins with. */
#include "curves.h"
#include "parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double smooth_levels[] = {0, 0.6, 0.9, 0.99};
enum { SMOOTH_LEVELS = 4, PLOT_H = 6, INFO_H = 6, LOW_H = 30 }; /* LOW_H: of a screen */

typedef struct TrainState {
    bool begun;
    HistoryAxis axis;
    bool log_x, log_y, outliers; /* outliers: are left out when y is fitted */
    double smooth;
    bool window, follow, frozen; /* window: x0 … x1 are shown, else all; follow: x1 is the newest */
    double x0, x1, y0, y1;       /* y0 < y1: frozen */
    bool has_cursor;
    double cursor;
    int focus;   /* the plot that the keys act on */
    bool single; /* it alone is shown */
    UiPlotView view;
    UiRect plot[1 + ST_METRICS_MAX]; /* where each was drawn last, for the mouse */
    double all0, all1;               /* the x of everything */
} TrainState;

static TrainState *state_of(const ViewContext *context) {
    TrainState *state = context->state;
    if (!state->begun) {
        state->begun = true;
        state->axis = HISTORY_EPOCH;
        state->smooth = 0.9;
    }
    return state;
}

static int series_of(const ViewContext *context) {
    int series = history_series(context->now);
    return series > 0 ? series : 1;
}

/* ---- drawing ---- */

static void extent(const ViewContext *context, TrainState *state) {
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < series_of(context); i++) {
        Curves curves;
        curves_full(context, i, state->axis, 0, &curves);
        double a, b;
        UiPlot plot = {.series = curves.series, .count = curves.count};
        if (!ui_plot_extent(&plot, &a, &b)) continue;
        low = fmin(low, a);
        high = fmax(high, b);
    }
    state->all0 = low < high ? fmin(low, state->axis == HISTORY_STEP ? low : 0) : 0;
    state->all1 = low < high ? high : 0;
    if (state->follow && state->window && !state->frozen) {
        double width = state->x1 - state->x0;
        state->x1 = state->all1;
        state->x0 = state->x1 - width;
    }
}

/* Names with the words that say what kind of number it is. */
static void title_of(const ViewContext *context, int series, char title[80]) {
    const char *name = history_series(context->now) ? history_name(context->now, series) : "loss";
    snprintf(title, 80, "%.60s", name);
}

/* Where the cursor is: "epoch 0.05, step 2". */
static void place_of(const ViewContext *context, const TrainState *state, char text[80]) {
    size_t count;
    UiSeries series = {.point = history_points(context->now, 0, HISTORY_BATCH, state->axis, &count)};
    series.count = count;
    const UiPoint *near = ui_series_near(&series, state->cursor);
    text[0] = '\0';
    if (!near) return;
    size_t at = (size_t)(near - series.point);
    double step = history_points(context->now, 0, HISTORY_BATCH, HISTORY_STEP, &count)[at].x;
    double epoch = history_points(context->now, 0, HISTORY_BATCH, HISTORY_EPOCH, &count)[at].x;
    if (state->axis == HISTORY_STEP)
        snprintf(text, 80, "step %.0f, epoch %.2f", step, epoch);
    else if (state->axis == HISTORY_EPOCH)
        snprintf(text, 80, "epoch %.2f, step %.0f", state->cursor, step);
    else
        snprintf(text, 80, "%.3g s, step %.0f", state->cursor, step);
}

static void draw_plot(ViewContext *context, UiGrid *grid, UiRect area, int series, bool bare) {
    TrainState *state = state_of(context);
    Curves curves;
    char title[80];
    char place[80];
    curves_full(context, series, state->axis, state->smooth, &curves);
    title_of(context, series, title);
    place_of(context, state, place);
    bool here = series == state->focus;
    state->plot[series] = area;
    UiPlot plot = {.title = bare ? NULL : title,
                   .x_name = history_axis_title(state->axis),
                   .series = curves.series,
                   .count = curves.count,
                   .x0 = state->window ? state->x0 : state->all0,
                   .x1 = state->window ? state->x1 : state->all1,
                   .y0 = here && state->frozen ? state->y0 : 0,
                   .y1 = here && state->frozen ? state->y1 : 0,
                   .log_x = state->log_x,
                   .log_y = state->log_y,
                   .ignore_outliers = state->outliers,
                   .label_w = 6,
                   .bare = bare,
                   .has_cursor = state->has_cursor && !curves_empty(&curves),
                   .cursor = state->cursor,
                   .cursor_text = place,
                   .selected = here && context->live && series_of(context) > 1};
    if (state->log_x && !state->window && state->axis == HISTORY_STEP && plot.x0 < 1) plot.x0 = 1;
    UiPlotView view = ui_plot_draw(grid, area, &plot);
    if (here) state->view = view;
    double change[HISTORY_CHANGES];
    size_t changes = history_rate_changes(context->now, state->axis, change, HISTORY_CHANGES);
    const SessionRun *run = session_run(context->session);
    if (run && run->recipe->compile.schedule.kind > 0) changes = 0; /* it changes all the time */
    for (size_t i = 0; i < changes && !bare; i++) { /* where the rate was changed, a mark on the axis */
        int x = ui_plot_column(&view, change[i]) - view.inner.x;
        if (change[i] < view.x0 || change[i] > view.x1) continue;
        ui_put_glyph(grid, view.inner, x, view.inner.h - 1, UI_GLYPH_UP, UI_WARN);
    }
}

static void draw_plots(ViewContext *context, UiGrid *grid, UiRect area) {
    TrainState *state = state_of(context);
    int series = series_of(context);
    if (state->focus >= series) state->focus = series - 1;
    memset(state->plot, 0, sizeof state->plot);
    if (state->single || area.h < 2 * PLOT_H || series == 1) {
        draw_plot(context, grid, area, state->focus, area.h < 5 || area.w < 24);
        return;
    }
    int across = area.w >= 130 && series > 1 ? 2 : 1, most = area.h / PLOT_H;
    int down = (series + across - 1) / across;
    if (down > most) down = most;
    int first = 0; /* the plots are scrolled so that the focus is among them */
    while (state->focus >= first + down * across)
        first += across;
    int weights[1 + ST_METRICS_MAX];
    UiRect row[1 + ST_METRICS_MAX], cell[2];
    for (int y = 0; y < down; y++)
        weights[y] = 1;
    ui_split_rows(area, down, weights, 0, row);
    for (int y = 0, at = first; y < down; y++) {
        ui_split_columns(row[y], across, (int[]){1, 1}, 2, cell);
        for (int x = 0; x < across && at < series; x++, at++)
            draw_plot(context, grid, cell[x], at, false);
    }
}

/* The point of a kind at the cursor, or the newest; NULL where there is none at this place. epoch: which it
 * is of. */
static const UiPoint *point_at(const ViewContext *context, const TrainState *state, HistoryKind kind,
                               double *epoch) {
    size_t count;
    const UiPoint *point = history_points(context->now, state->focus, kind, state->axis, &count);
    if (!count) return NULL;
    UiSeries series = {.point = point, .count = count};
    const UiPoint *at =
        state->has_cursor ? ui_series_here(&series, &state->view, state->cursor) : &point[count - 1];
    if (at && epoch)
        *epoch = history_points(context->now, state->focus, kind, HISTORY_EPOCH, &count)[at - point].x;
    return at;
}

static double value_at(const ViewContext *context, const TrainState *state, HistoryKind kind) {
    const UiPoint *point = point_at(context, state, kind, NULL);
    return point ? point->y : NAN;
}

/* What each line of the legend is a number of: fit and evaluated figures must not be taken for each other. */
static const struct {
    HistoryKind kind;
    UiInk ink;
    const char *name, *meaning, *brief;
} meanings[] = {
    {HISTORY_FIT, UI_TRAINING, "fit", "mean over the epoch, while weights moved, dropout on", "epoch's mean"},
    {HISTORY_VALIDATION, UI_VALIDATION, "val", "at the epoch's end, dropout off, rows that never train",
     "epoch's end"},
    {HISTORY_BATCH, UI_TRAINING | UI_FAINT, "batch", "of the rows of one step, before its update, dropout on",
     "one step"},
};
enum { MEANINGS = sizeof meanings / sizeof *meanings };

static void draw_meanings(ViewContext *context, UiGrid *grid, UiRect area) {
    TrainState *state = state_of(context);
    char number[UI_NUMBER], probe[80];
    for (int i = 0; i < MEANINGS; i++) {
        double epoch = 0;
        const UiPoint *point = point_at(context, state, meanings[i].kind, &epoch);
        ui_text(grid, area, 1, i, meanings[i].ink, meanings[i].name);
        ui_text(grid, area, 7, i, meanings[i].ink, ui_number(number, point ? point->y : NAN, 8, 5));
        int x = 17;
        if (point && i < 2) x += ui_print(grid, area, x, i, UI_TEXT, "epoch %.0f: ", epoch);
        ui_text(grid, area, x, i, UI_DIM, meanings[i].meaning);
    }
    if (!context->look || state->focus != 0) return;
    const StReadings *readings = &context->look->readings;
    snprintf(probe, sizeof probe, "now, dropout off, on %lld fixed rows of train (step %lld)",
             (long long)readings->probe_rows, (long long)readings->step);
    ui_text(grid, area, 1, MEANINGS, UI_TEXT, "now");
    ui_text(grid, area, 7, MEANINGS, UI_TEXT, ui_number(number, readings->probe_loss, 8, 5));
    ui_text(grid, area, 17, MEANINGS, UI_DIM, probe);
}

/* The same in one row: "fit 0.2131 epoch's mean   val 0.2507 epoch's end   now 0.24". */
static void draw_meanings_row(ViewContext *context, UiGrid *grid, UiRect row) {
    TrainState *state = state_of(context);
    char number[UI_NUMBER];
    int x = 1;
    for (int i = 0; i < MEANINGS; i++) {
        x += ui_text(grid, row, x, 0, meanings[i].ink, meanings[i].name) + 1;
        ui_text(grid, row, x, 0, meanings[i].ink,
                ui_number(number, value_at(context, state, meanings[i].kind), 6, 4));
        x += 7 + ui_text(grid, row, x + 7, 0, UI_DIM, meanings[i].brief) + 2;
    }
    if (!context->look || state->focus != 0 || x + 10 > row.w) return;
    ui_text(grid, row, x, 0, UI_TEXT, "now");
    ui_text(grid, row, x + 4, 0, UI_TEXT, ui_number(number, context->look->readings.probe_loss, 6, 4));
}

static int field(UiGrid *grid, UiRect area, int x, int y, const char *name, const char *value, int width) {
    x += ui_text(grid, area, x, y, UI_DIM, name) + 1;
    ui_text_in(grid, area, x, y, width, UI_TEXT, value);
    return x + width + 2;
}

/* How the curves are shown; and, below it where there is room, how training goes on. */
static void draw_fields(ViewContext *context, UiGrid *grid, UiRect area) {
    TrainState *state = state_of(context);
    const Recipe *recipe = session_recipe(context->session);
    const StKind *optimizer =
        recipe->compile.given ? st_optimizer_kind_at(recipe->compile.optimizer.kind) : NULL;
    char text[64], number[UI_NUMBER];
    int x = 1;
    snprintf(text, sizeof text, "%.2g", state->smooth);
    x = field(grid, area, x, 0, "x", history_axis_name(state->axis), 6);
    x = field(grid, area, x, 0, "scale",
              state->log_x   ? (state->log_y ? "log log" : "log x")
              : state->log_y ? "log y"
                             : "linear",
              7);
    x = field(grid, area, x, 0, "smooth", state->smooth > 0 ? text : "no", 4);
    x = field(grid, area, x, 0, "outliers", state->outliers ? "left out" : "shown", 8);
    field(grid, area, x, 0, "window",
          state->frozen                    ? "frozen"
          : state->follow && state->window ? "follows"
          : state->window                  ? "zoomed"
                                           : "all",
          7);
    x = 1;
    if (recipe->pace.per_second > 0)
        snprintf(text, sizeof text, "%.3g %s/s", recipe->pace.per_second,
                 recipe->pace.epochs ? "epochs" : "steps");
    else
        snprintf(text, sizeof text, "full");
    x = field(grid, area, x, 1, "pace", text, 12);
    double rate = session_rate(context->session);
    snprintf(number, sizeof number, isfinite(rate) ? "%.4g" : "–", rate);
    x = field(grid, area, x, 1, "rate", number, 7);
    snprintf(text, sizeof text, "%d", recipe->fit.batch_size);
    x = field(grid, area, x, 1, "batch", text, 5);
    x = field(grid, area, x, 1, "optimizer", optimizer ? optimizer->name : "none yet", 9);
    if (x < area.w - 24) ui_text(grid, area, x, 1, UI_DIM, "b, O: at the next start");
}

static void train_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    TrainState *state = state_of(context);
    extent(context, state);
    if (area.h >= INFO_H + 2 * PLOT_H - 1 && area.w >= 60 && grid->h > LOW_H) {
        UiRect info = ui_cut_bottom(&area, INFO_H);
        draw_meanings(context, grid, ui_cut_top(&info, 4));
        draw_fields(context, grid, info);
    } else if (area.h >= PLOT_H + 3 && area.w >= 60) {
        draw_fields(context, grid, ui_cut_bottom(&area, 1));
        draw_meanings_row(context, grid, ui_cut_bottom(&area, 1));
    }
    if (area.w >= 40) area = ui_inset(area, 1, 0);
    draw_plots(context, grid, area);
}

/* ---- changing what is seen ---- */

static void window_now(TrainState *state) {
    if (state->window) return;
    state->x0 = state->view.x0 < state->view.x1 ? state->view.x0 : state->all0;
    state->x1 = state->view.x0 < state->view.x1 ? state->view.x1 : state->all1;
    state->window = true;
}

/* factor below 1 zooms in; about the cursor, else the newest end where it follows, else the middle. */
static void zoom(TrainState *state, double factor) {
    window_now(state);
    double width = (state->x1 - state->x0) * factor, all = state->all1 - state->all0;
    double share = state->has_cursor ? (state->cursor - state->x0) / (state->x1 - state->x0)
                   : state->follow   ? 1
                                     : 0.5;
    double at = state->x0 + share * (state->x1 - state->x0);
    if (!(all > 0) || width < all * 1e-5) return;
    if (width >= all) {
        state->window = false;
        return;
    }
    state->x0 = at - share * width;
    state->x1 = state->x0 + width;
}

static void pan(TrainState *state, double share) {
    window_now(state);
    double by = (state->x1 - state->x0) * share;
    if (state->x0 + by < state->all0) by = state->all0 - state->x0;
    if (state->x1 + by > state->all1) by = state->all1 - state->x1;
    state->x0 += by;
    state->x1 += by;
    if (share < 0) state->follow = false;
}

static void freeze(TrainState *state) {
    state->frozen = !state->frozen;
    if (!state->frozen) return;
    window_now(state);
    state->y0 = state->view.y0;
    state->y1 = state->view.y1;
}

static void fit(TrainState *state) {
    state->window = state->follow = state->frozen = false;
}

static void follow(TrainState *state) {
    state->follow = !state->follow;
    state->frozen = false;
    if (!state->follow) return;
    if (!state->window) {
        window_now(state);
        double width = (state->x1 - state->x0) / 4;
        state->x0 = state->x1 - width;
    }
}

static void smooth_step(TrainState *state, int by) {
    int at = 0;
    while (at + 1 < SMOOTH_LEVELS && smooth_levels[at] < state->smooth - 1e-9)
        at++;
    at += by;
    state->smooth = smooth_levels[at < 0 ? 0 : at >= SMOOTH_LEVELS ? SMOOTH_LEVELS - 1 : at];
}

static bool set_axis(TrainState *state, const char *name, StError *error) {
    int axis = (int)state->axis;
    if (!name)
        axis = (axis + 1) % HISTORY_AXIS_COUNT;
    else
        for (axis = 0; axis < HISTORY_AXIS_COUNT && strcmp(name, history_axis_name((HistoryAxis)axis));
             axis++) {
        }
    if (axis == HISTORY_AXIS_COUNT)
        return st_fail(error, ST_ERR_VALUE, "train x=%.40s: wanted step, epoch or second", name);
    state->axis = (HistoryAxis)axis;
    fit(state);
    state->has_cursor = false;
    return true;
}

static bool set_smooth(TrainState *state, const char *value, StError *error) {
    double weight;
    if (!strcmp(value, "more")) return smooth_step(state, 1), true;
    if (!strcmp(value, "less")) return smooth_step(state, -1), true;
    if (!st_number(value, &weight) || weight < 0 || weight > 0.999)
        return st_fail(error, ST_ERR_VALUE, "train smooth=%.40s: wanted 0 to 0.999, more or less", value);
    state->smooth = weight;
    return true;
}

static const char *word_at(const void *unused, int index) {
    static const char *const words[] = {"x",   "log_y", "log_x", "smooth", "outliers", "follow", "freeze",
                                        "fit", "in",    "out",   "left",   "right",    NULL};
    (void)unused;
    return words[index];
}

static bool train_word(ViewContext *context, const StWord *word, StError *error) {
    TrainState *state = state_of(context);
    const char *name = word->name ? word->name : word->text, *value = word->name ? word->value : NULL;
    bool yes = value && !strcmp(value, "yes");
    if (!strcmp(name, "x")) return set_axis(state, value, error);
    if (!strcmp(name, "smooth")) return set_smooth(state, value ? value : "more", error);
    if (!strcmp(name, "log_y")) return state->log_y = value ? yes : !state->log_y, true;
    if (!strcmp(name, "log_x")) return state->log_x = value ? yes : !state->log_x, true;
    if (!strcmp(name, "outliers")) return state->outliers = value ? !yes : !state->outliers, true;
    if (!strcmp(name, "follow")) return follow(state), true;
    if (!strcmp(name, "freeze")) return freeze(state), true;
    if (!strcmp(name, "fit")) return fit(state), true;
    if (!strcmp(name, "in")) return zoom(state, 0.5), true;
    if (!strcmp(name, "out")) return zoom(state, 2), true;
    if (!strcmp(name, "left")) return pan(state, -0.25), true;
    if (!strcmp(name, "right")) return pan(state, 0.25), true;
    return st_fail_unknown(error, "word of train", name, word_at, NULL);
}

static bool train_command(ViewContext *context, const StWord *words, int count, StError *error) {
    for (int i = 0; i < count; i++) {
        if (!train_word(context, &words[i], error)) return false;
    }
    return true;
}

/* ---- keys ---- */

static bool cursor_move(TrainState *state, int by) {
    const UiPlotView *view = &state->view;
    if (view->inner.w <= 0 || !(view->x0 < view->x1)) return true;
    int column = state->has_cursor ? ui_plot_column(view, state->cursor) + by
                                   : view->inner.x + (by < 0 ? view->inner.w - 1 : 0);
    if (column < view->inner.x) {
        if (state->window) pan(state, -0.25);
        column = view->inner.x;
    }
    if (column >= view->inner.x + view->inner.w) {
        if (state->window) pan(state, 0.25);
        column = view->inner.x + view->inner.w - 1;
    }
    state->has_cursor = true;
    state->cursor = ui_plot_x_at(view, column);
    return true;
}

static bool focus_move(ViewContext *context, int by) {
    TrainState *state = state_of(context);
    int series = series_of(context);
    state->focus = (state->focus + by + series) % series;
    return true;
}

static bool escape(TrainState *state) {
    if (state->single)
        state->single = false;
    else if (state->has_cursor)
        state->has_cursor = false;
    else if (state->window || state->frozen)
        fit(state);
    else
        return false;
    return true;
}

static bool train_press(ViewContext *context, UiKey key) {
    TrainState *state = state_of(context);
    switch (key) {
    case UI_KEY_LEFT:
        return cursor_move(state, -1);
    case UI_KEY_RIGHT:
        return cursor_move(state, 1);
    case UI_KEY_LEFT | UI_SHIFT:
        return cursor_move(state, -10);
    case UI_KEY_RIGHT | UI_SHIFT:
        return cursor_move(state, 10);
    case UI_KEY_HOME:
        return cursor_move(state, -10000);
    case UI_KEY_END:
        return cursor_move(state, 10000);
    case UI_KEY_UP:
        return focus_move(context, -1);
    case UI_KEY_DOWN:
        return focus_move(context, 1);
    case UI_KEY_ENTER:
        state->single = !state->single;
        return true;
    case UI_KEY_ESCAPE:
        return escape(state);
    case '+': /* a plot that was entered zooms; otherwise these are the learning rate's */
    case '=':
        return state->single && (zoom(state, 0.5), true);
    case '-':
        return state->single && (zoom(state, 2), true);
    default:
        return false;
    }
}

static bool train_mouse(ViewContext *context, const UiEvent *event) {
    TrainState *state = state_of(context);
    bool inside = event->x >= state->view.inner.x && event->x < state->view.inner.x + state->view.inner.w;
    switch (event->mouse) {
    case UI_MOUSE_PRESS:
        for (int i = 0; i < series_of(context); i++) {
            if (ui_rect_has(state->plot[i], event->x, event->y)) state->focus = i;
        }
        /* fallthrough */
    case UI_MOUSE_DRAG:
        if (!inside) return false;
        state->has_cursor = true;
        state->cursor = ui_plot_x_at(&state->view, event->x);
        return true;
    case UI_MOUSE_WHEEL_UP:
        return zoom(state, 0.5), true;
    case UI_MOUSE_WHEEL_DOWN:
        return zoom(state, 2), true;
    case UI_MOUSE_RIGHT:
        return fit(state), state->has_cursor = false, true;
    default:
        return false;
    }
}

static void train_explain(ViewContext *context, StText *out) {
    TrainState *state = state_of(context);
    char title[80];
    size_t count;
    title_of(context, state->focus, title);
    st_text_format(out, "%s", title);
    char place[80];
    place_of(context, state, place);
    if (state->has_cursor) st_text_format(out, " at %s", place);
    static const char *const kinds[] = {
        [HISTORY_FIT] = "fit", [HISTORY_VALIDATION] = "validation", [HISTORY_BATCH] = "batch"};
    static const HistoryKind order[] = {HISTORY_FIT, HISTORY_VALIDATION, HISTORY_BATCH};
    for (int i = 0; i < 3; i++) {
        char number[UI_NUMBER];
        double value = value_at(context, state, order[i]);
        st_text_format(out, "%s %s %s", i ? "," : ":", kinds[order[i]],
                       isfinite(value) ? ui_number(number, value, 12, 6) : "–");
    }
    st_text_add(out, "\n");
    const Recipe *recipe = session_recipe(context->session);
    const StKind *kind = NULL;
    if (recipe->compile.given && state->focus == 0 && recipe->compile.loss.kind >= 0)
        kind = st_loss_kind_at(recipe->compile.loss.kind);
    else if (state->focus > 0 && state->focus <= recipe->compile.metrics)
        kind = st_metric_kind_at(recipe->compile.metric[state->focus - 1].kind);
    if (kind) st_text_format(out, "%s: %s. %s\n", kind->name, kind->help, kind->formula ? kind->formula : "");
    st_text_add(
        out, "fit is Keras' figure: the mean over an epoch's batches, each taken before its update and with "
             "dropout on, so it lags behind. val and now are evaluated with the weights of that moment.\n");
    st_text_format(out,
                   "Smoothing %.3g: s = w s + (1 - w) x, shown as s / (1 - w^t) so that the start is not "
                   "pulled to zero; the raw line stays dim behind it.\n",
                   state->smooth);
    history_points(context->now, state->focus, HISTORY_BATCH, HISTORY_STEP, &count);
    st_text_format(out, "%zu points stand for %s; each keeps its least and greatest value.\n", count,
                   "all steps");
}

/* "batch":[[step,value],…]: where points stand for several steps, their mean. */
static void json_points(const History *history, int series, HistoryKind kind, const char *key, StText *out) {
    size_t count;
    const UiPoint *point = history_points(history, series, kind, HISTORY_STEP, &count);
    parts_json_key(out, key);
    st_text_add(out, "[");
    for (size_t i = 0; i < count; i++) {
        parts_json_key(out, NULL);
        st_text_add(out, "[");
        parts_json_number(out, NULL, point[i].x);
        parts_json_number(out, NULL, point[i].y);
        st_text_add(out, "]");
    }
    st_text_add(out, "]");
}

static void train_json(ViewContext *context, StText *out) {
    const History *history = context->now;
    st_text_add(out, "{\"view\":\"train\",\"series\":[");
    for (int i = 0; i < history_series(history); i++) {
        parts_json_key(out, NULL);
        st_text_add(out, "{");
        parts_json_text(out, "name", history_name(history, i));
        json_points(history, i, HISTORY_BATCH, "batch", out);
        json_points(history, i, HISTORY_FIT, "fit", out);
        json_points(history, i, HISTORY_VALIDATION, "validation", out);
        st_text_add(out, "}");
    }
    st_text_add(out, "]}");
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "press enter", "alone", "shows one plot alone; + and - then zoom"},
    {UI_KEY_LEFT, "press left", "read", "moves the cursor that reads every series"},
    {UI_KEY_RIGHT, "press right", "read", "moves the cursor that reads every series"},
    {'x', "train x", "axis", "x counts steps, epochs or seconds"},
    {'y', "train log_y", "log", "logarithmic y"},
    {'X', "train log_x", NULL, "logarithmic x"},
    {'[', "train smooth=less", "smooth", "less smoothing"},
    {']', "train smooth=more", "smooth", "more smoothing"},
    {'z', "train in", "zoom", "zooms in"},
    {'Z', "train out", "zoom", "zooms out"},
    {'0', "train fit", "fit", "shows everything"},
    {'f', "train follow", "follow", "keeps the newest in sight"},
    {'F', "train freeze", NULL, "holds the picture still while training goes on"},
    {'i', "train outliers", NULL, "fits y to all but the outliers"},
    {UI_KEY_LEFT | UI_CTRL, "train left", NULL, "goes back in a zoomed window"},
    {UI_KEY_RIGHT | UI_CTRL, "train right", NULL, "goes forward in a zoomed window"},
    {UI_KEY_UP, "press up", NULL, "the plot above"},
    {UI_KEY_DOWN, "press down", NULL, "the plot below"},
    {'b', ":fit batch_size=", "batch", "the batch size of the next start"},
    {'O', ":compile optimizer=", NULL, "the optimizer of the next start"},
    {'.', ":rate ", NULL, "types a learning rate, at once"},
    {0}};

const View view_train = {.name = "train",
                         .key = '4',
                         .title = "Train",
                         .help = "every curve, to zoom and to read",
                         .bindings = bindings,
                         .state_size = sizeof(TrainState),
                         .draw = train_draw,
                         .press = train_press,
                         .mouse = train_mouse,
                         .explain = train_explain,
                         .json = train_json,
                         .command = train_command};
