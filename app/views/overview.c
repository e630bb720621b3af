/* Overview: the stack, the curves and the norms together. */
#include "curves.h"
#include "parts.h"

#include "chart.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct OverviewState {
    UiTableState table;
    UiRect stack, curves; /* where they were drawn last: a click goes to their views */
    bool plain;           /* the screen is ASCII */
} OverviewState;

enum { MANY_POINTS = 60, SMALL_W = 60, SMALL_H = 12, CHANGE_LEVELS = 7, STRIP = 12 };

/* ---- the stack ---- */

/* "dense relu", "dropout 0.2" */
static void layer_text(const StLayer *layer, StText *out) {
    const char *activation = layer->kind->activation ? layer->kind->activation(layer->options) : NULL;
    bool itself = activation && !strcmp(layer->kind->name, activation);
    if (!activation || itself || layer->kind->wraps || !strcmp(layer->kind->name, "activation")) {
        st_layer_print(layer, out);
        return;
    }
    st_text_add(out, layer->kind->name);
    if (strcmp(activation, "linear")) st_text_format(out, " %s", activation);
}

/* The columns that the widest output shape takes. */
static int shape_width(const StStack *stack, const StLayerInfo *layers, const StStackInfo *info) {
    char shape[ST_SHAPE_TEXT];
    int widest = ui_text_width(st_shape_print(&info->input, shape));
    for (int i = 0; i < stack->count; i++) {
        int width = ui_text_width(st_shape_print(&layers[i].out, shape));
        if (width > widest) widest = width;
    }
    return widest < 3 ? 3 : widest > 12 ? 12 : widest;
}

static void draw_layer(UiGrid *grid, UiRect area, int y, int number, const StLayer *layer,
                       const StLayerInfo *info, int shape_w) {
    char shape[ST_SHAPE_TEXT], count[UI_NUMBER];
    bool bad = info->error.code != ST_ERR_OK;
    StText text = {0};
    layer_text(layer, &text);
    ui_print_right(grid, area, 3, y, UI_DIM, "%d", number);
    ui_text_in(grid, area, 4, y, area.w - 12 - (bad ? 8 : shape_w), bad ? UI_BAD : UI_TEXT,
               st_text_string(&text));
    st_text_free(&text);
    if (bad) {
        ui_text_in(grid, area, area.w - 12, y, 12, UI_BAD, "does not fit");
        return;
    }
    ui_print_right(grid, area, area.w - 7, y, UI_TEXT, "%s", st_shape_print(&info->out, shape));
    if (info->parameters != 0)
        ui_print_right(grid, area, area.w - 1, y, UI_DIM, "%s", ui_count(count, (double)info->parameters));
}

static void draw_totals(UiGrid *grid, UiRect area, int y, const StStackInfo *info) {
    char count[UI_NUMBER], bytes[UI_NUMBER], flops[UI_NUMBER];
    double parameters = (double)info->parameters;
    ui_print(grid, area, 4, y, UI_DIM, "%s parameters, %s", ui_count(count, parameters),
             parts_bytes(bytes, st_times(info->parameters, 4)));
    ui_print(grid, area, 4, y + 1, UI_DIM, "%s FLOPs a sample", ui_count(flops, (double)info->flops));
}

/* What it is trained on, and how: where there are rows left under the stack. */
static void draw_training(ViewContext *context, UiGrid *grid, UiRect area) {
    const Recipe *recipe = session_recipe(context->session);
    const StDataset *dataset = session_dataset_loaded(context->session, NULL);
    const StKind *optimizer = st_optimizer_kind_at(recipe->compile.optimizer.kind);
    const StKind *loss = st_loss_kind_at(recipe->compile.loss.kind);
    int y = 0;
    if (dataset && area.h > y + 1) {
        ui_text(grid, area, 6, y, UI_DIM, "train / val / test");
        ui_text(grid, area, 1, y++, UI_TITLE, "DATA");
        ui_print(grid, area, 4, y++, UI_DIM, "%lld / %lld / %lld rows",
                 (long long)st_dataset_rows(dataset, ST_TRAIN),
                 (long long)st_dataset_rows(dataset, ST_VALIDATION),
                 (long long)st_dataset_rows(dataset, ST_TEST));
    }
    if (!recipe->compile.given || area.h < y + 2) return;
    ui_text(grid, area, 1, y++, UI_TITLE, "TRAINING");
    if (recipe->fit.given)
        ui_print(grid, area, 4, y++, UI_DIM, "%d epoch%s, batch %d, %s", recipe->fit.epochs,
                 recipe->fit.epochs == 1 ? "" : "s", recipe->fit.batch_size,
                 optimizer ? optimizer->name : "");
    else if (optimizer)
        ui_text(grid, area, 4, y++, UI_DIM, optimizer->name);
    if (loss && area.h > y) ui_text_in(grid, area, 4, y++, area.w - 5, UI_DIM, loss->name);
    if (recipe->compile.schedule.kind > 0 && area.h > y)
        ui_text_in(grid, area, 4, y, area.w - 5, UI_DIM,
                   st_schedule_name_at(NULL, recipe->compile.schedule.kind));
}

static void draw_stack(ViewContext *context, UiGrid *grid, UiRect area) {
    const StStack *stack = &session_recipe(context->session)->stack;
    const StLayerInfo *layers;
    StStackInfo info;
    StError error = {0};
    char shape[ST_SHAPE_TEXT];
    bool fits = session_stack(context->session, &layers, &info, &error);
    ui_text(grid, area, 1, 0, UI_TITLE, "STACK");
    ui_print_right(grid, area, area.w - 7, 0, UI_DIM, "out");
    ui_print_right(grid, area, area.w - 1, 0, UI_DIM, "param");
    if (stack->count == 0) {
        ui_text(grid, area, 4, 2, UI_DIM, "no layers yet: a adds one");
        return;
    }
    int shape_w = shape_width(stack, layers, &info);
    int rows = area.h - 4, shown = stack->count < rows ? stack->count : rows - 2;
    ui_text(grid, area, 4, 1, UI_DIM, "input");
    ui_print_right(grid, area, area.w - 7, 1, UI_TEXT, "%s", st_shape_print(&info.input, shape));
    for (int i = 0; i < shown; i++)
        draw_layer(grid, area, 2 + i, i + 1, &stack->layers[i], &layers[i], shape_w);
    int y = 2 + (shown > 0 ? shown : 0);
    if (shown < stack->count)
        ui_print(grid, area, 4, y++, UI_DIM, "… %d more: 2 Stack", stack->count - shown);
    UiRect rest = ui_rect(area.x + 1, area.y + y, area.w - 2, area.h - y);
    if (!fits) {
        ui_paragraph(grid, rest, UI_BAD, 0, error.message);
        return;
    }
    if (rest.h >= 2) draw_totals(grid, area, rest.h > 2 ? y + 1 : y, &info);
    ui_cut_top(&rest, 4);
    draw_training(context, grid, ui_rect(area.x, rest.y, area.w, rest.h));
}

/* ---- the curves ---- */

static void draw_curve(ViewContext *context, UiGrid *grid, UiRect area, int series, bool names_x, bool bare) {
    Curves curves;
    char title[80];
    curves_brief(context, series, HISTORY_EPOCH, &curves);
    const char *name = history_series(context->now) ? history_name(context->now, series) : "loss";
    size_t i = 0;
    for (; name[i] && i + 1 < sizeof title; i++)
        title[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i] == '_' ? ' ' : name[i]);
    title[i] = '\0';
    UiPlot plot = {.title = bare ? NULL : title,
                   .x_name = names_x ? "epoch" : NULL,
                   .series = curves.series,
                   .count = curves.count,
                   .label_w = 5,
                   /* The first steps of a long run would press the rest of it flat. */
                   .ignore_outliers = curves.count && curves.series[0].count > MANY_POINTS,
                   .bare = bare};
    if (!curves_empty(&curves)) {
        ui_plot_draw(grid, area, &plot);
        return;
    }
    if (!bare) ui_text(grid, area, 0, 0, UI_TITLE, title);
    const Recipe *recipe = session_recipe(context->session);
    const StError *failed = NULL;
    bool loaded = session_dataset_loaded(context->session, &failed) != NULL;
    const char *next = failed                     ? "the data cannot be read: 3 says why"
                       : !recipe->data.given      ? "3 chooses data"
                       : recipe->stack.count == 0 ? "a adds a layer"
                       : !recipe->compile.given   ? "2, then O, chooses optimizer and loss"
                       : !recipe->fit.given       ? "2, then F, says how many epochs"
                       : loaded && !session_ready(context->session, NULL) ? "2 shows what does not fit"
                       : context->live                                    ? "space starts training"
                                                                          : "not trained yet";
    if (series == 0) ui_print_center(grid, area, area.h / 2, UI_DIM, "%s", next);
}

/* Why the run ended where it diverged: above the curves for as long as it is so. */
static void draw_diverged(ViewContext *context, UiGrid *grid, UiRect *area) {
    StTrainerStatus status;
    const SessionRun *run = session_run(context->session);
    if (!run || !context->live) return;
    st_trainer_status(run->trainer, &status);
    if (status.state != ST_STATE_DIVERGED) return;
    int rows = ui_paragraph(grid, (UiRect){0, 0, area->w, 0}, UI_BAD, 0, status.reason);
    ui_paragraph(grid, ui_cut_top(area, rows > 3 ? 3 : rows), UI_BAD, 0, status.reason);
}

static void draw_curves(ViewContext *context, UiGrid *grid, UiRect area) {
    draw_diverged(context, grid, &area);
    int series = history_series(context->now);
    if (series < 1) series = 1;
    int columns = area.w >= 120 && series > 2 ? 2 : 1, most = area.h / 6;
    int down = (series + columns - 1) / columns;
    if (most < 1) most = 1;
    if (down > most) down = most;
    int weights[1 + ST_METRICS_MAX];
    UiRect row[1 + ST_METRICS_MAX], cell[2];
    for (int y = 0; y < down; y++)
        weights[y] = y == 0 && columns == 1 && area.h <= 30 ? 3 : 2;
    ui_split_rows(area, down, weights, 0, row);
    for (int y = 0, at = 0; y < down; y++) {
        ui_split_columns(row[y], columns, (int[]){1, 1}, 2, cell);
        for (int x = 0; x < columns && at < series; x++, at++)
            draw_curve(context, grid, cell[x], at, true, false);
    }
}

/* ---- the weights ---- */

enum { NAME, NORM, CHANGE, SIGMA, RMS, LARGEST, RANK, GRADIENT, RATIO, DEAD, VERDICT, COLUMNS };

static const UiColumn columns[COLUMNS] = {
    [NAME] = {"WEIGHTS", 15, .priority = 0},
    [NORM] = {"norm", 5, .right = true, .priority = 0},
    [CHANGE] = {"since start", 13, .priority = 3},
    [SIGMA] = {"~σ₁", 5, .right = true, .priority = 5},
    [RMS] = {"rms", 6, .right = true, .priority = 7},
    [LARGEST] = {"max |w|", 7, .right = true, .priority = 8},
    [RANK] = {"~st.rank", 8, .right = true, .priority = 9},
    [GRADIENT] = {"gradient", 8, .right = true, .priority = 6},
    [RATIO] = {"log₁₀ step/weight", STRIP + 6, .priority = 4},
    [DEAD] = {"dead", 4, .right = true, .priority = 2},
    [VERDICT] = {"verdict", 9, .stretch = true, .priority = 1},
};

static UiInk verdict_ink(StVerdict verdict) {
    switch (verdict) {
    case ST_HEALTHY:
        return UI_GOOD;
    case ST_UNTRAINED:
    case ST_UNKNOWN:
        return UI_DIM;
    case ST_EXPLODING:
    case ST_DEAD:
        return UI_BAD;
    default:
        return UI_WARN;
    }
}

static void percent(char text[UI_NUMBER], double share, bool sign) {
    if (!isfinite(share))
        snprintf(text, UI_NUMBER, "–");
    else if (fabs(share) < 9.995)
        snprintf(text, UI_NUMBER, sign ? "%+.0f%%" : "%.0f%%", share * 100);
    else
        snprintf(text, UI_NUMBER, "×%.3g", share + 1);
}

/* "dense_1": that it is the kernel goes without saying; other weights say what they are. */
static void tensor_name(const StHealth *health, char text[UI_NUMBER]) {
    const char *weight = strrchr(health->name, '/');
    bool kernel = weight && !strcmp(weight, "/kernel");
    int length = kernel ? (int)(weight - health->name) : UI_NUMBER - 1;
    snprintf(text, UI_NUMBER, "%.*s", length < UI_NUMBER ? length : UI_NUMBER - 1, health->name);
}

static void weights_cell(void *of, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    ViewContext *context = of;
    const StHealth *health = &context->look->readings.health[row];
    const double *value = health->value;
    static const StReading reading[COLUMNS] = {
        [NORM] = ST_READING_NORM,       [SIGMA] = ST_READING_SPECTRAL,   [RMS] = ST_READING_RMS,
        [LARGEST] = ST_READING_LARGEST, [RANK] = ST_READING_STABLE_RANK, [GRADIENT] = ST_READING_GRADIENT};
    char number[UI_NUMBER];
    text[0] = '\0';
    switch (column) {
    case NAME:
        tensor_name(health, number);
        snprintf(text, UI_CELL_TEXT, "%d %s", health->layer + 1, number);
        break;
    case DEAD:
        percent(number, value[ST_READING_DEAD], false);
        snprintf(text, UI_CELL_TEXT, "%s", number);
        if (value[ST_READING_DEAD] >= 0.5) *ink = UI_WARN;
        break;
    case VERDICT:
        snprintf(text, UI_CELL_TEXT, "%s%s%s", st_verdict_word(health->verdict),
                 *health->reason && context->select.unit == -2 ? ": " : "",
                 context->select.unit == -2 ? health->reason : "");
        *ink = verdict_ink(health->verdict);
        break;
    case CHANGE:
    case RATIO:
        break;
    default:
        snprintf(text, UI_CELL_TEXT, "%s",
                 ui_number(number, value[reading[column]], columns[column].width, 3));
    }
}

static bool weights_draw(void *of, UiGrid *grid, UiRect cell, int row, int column) {
    ViewContext *context = of;
    const StHealth *health = &context->look->readings.health[row];
    char text[UI_NUMBER];
    if (column == CHANGE) {
        float level[CHANGE_LEVELS];
        int count = trends_levels(context->trends, row, ST_READING_NORM, CHANGE_LEVELS, level);
        ui_sparkline(grid, cell, 0, 0, CHANGE_LEVELS, UI_TRAINING, level, count, 0, 0);
        percent(text, health->value[ST_READING_CHANGE], true);
        ui_print_right(grid, cell, cell.w, 0, UI_TEXT, "%s", text);
        return true;
    }
    if (column != RATIO) return false;
    double ratio = health->value[ST_READING_RATIO];
    int strip = cell.w - 6;
    UiInk ink = verdict_ink(ratio > 1e-2 || ratio < 1e-4 ? ST_FAST : ST_HEALTHY);
    ui_dot_strip(grid, cell, 0, 0, strip, ink, ratio, -6, 0, -4, -2);
    if (ratio > 0)
        ui_print_right(grid, cell, cell.w, 0, UI_TEXT, "%s%.1f", ratio < 1 ? "−" : "+", fabs(log10(ratio)));
    else
        ui_print_right(grid, cell, cell.w, 0, UI_DIM, "–");
    return true;
}

static UiTable weights_table(ViewContext *context) {
    return (UiTable){.column = columns,
                     .columns = COLUMNS,
                     .rows = context->look ? context->look->readings.count : 0,
                     .gap = 1,
                     .context = context,
                     .cell = weights_cell,
                     .draw = weights_draw,
                     .empty = "   the norms of every layer stand here once there is a run"};
}

static void draw_weights(ViewContext *context, UiGrid *grid, UiRect area) {
    OverviewState *state = context->state;
    UiTable table = weights_table(context);
    ViewContext wide = *context;
    if (area.w >= 110) table.gap = 2;
    if (area.w >= 140) wide.select.unit = -2, table.context = &wide; /* room for the reason */
    state->table.sort_column = -1;
    ui_table_draw(grid, area, &table, &state->table, context->live);
}

/* One row a layer where there is little room: "2 dense 2.31 +18% ok". */
static void draw_weights_small(ViewContext *context, UiGrid *grid, UiRect area) {
    const StReadings *readings = &context->look->readings;
    char norm[UI_NUMBER], change[UI_NUMBER];
    for (int i = 0; i < readings->count && i < area.h; i++) {
        const StHealth *health = &readings->health[i];
        int name = (int)strcspn(health->name, "/");
        percent(change, health->value[ST_READING_CHANGE], true);
        int x = ui_print(grid, area, 1, i, UI_TEXT, "%d %.*s", health->layer + 1, name > 14 ? 14 : name,
                         health->name) +
                2;
        x = x < 12 ? 12 : x;
        ui_text(grid, area, x, i, UI_TEXT, ui_number(norm, health->value[ST_READING_NORM], 5, 3));
        ui_print_right(grid, area, x + 12, i, UI_DIM, "%s", change);
        ui_text(grid, area, x + 13, i, verdict_ink(health->verdict), st_verdict_word(health->verdict));
    }
}

/* ---- the view ---- */

static void draw_small(ViewContext *context, UiGrid *grid, UiRect area) {
    int all = context->look ? context->look->readings.count : 0;
    int room = area.h >= 5 ? (area.h + 1) / 3 : 0, norms = all > room ? room : all;
    UiRect below = ui_cut_bottom(&area, norms);
    if (norms) draw_weights_small(context, grid, below);
    if (norms && norms < all) ui_put_glyph(grid, below, below.w - 1, below.h - 1, UI_GLYPH_DOWN, UI_KEY);
    if (area.h >= 4) draw_diverged(context, grid, &area);
    draw_curve(context, grid, area, 0, false, true);
}

static void overview_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    OverviewState *state = context->state;
    state->plain = grid->look.ladder == UI_ASCII;
    if (area.w < SMALL_W || area.h < SMALL_H) {
        state->stack = state->curves = (UiRect){0};
        draw_small(context, grid, area);
        return;
    }
    int rows = context->look ? context->look->readings.count : 1;
    int most = area.h / 2 - 4;
    UiRect weights = ui_cut_bottom(&area, 1 + (rows < most ? rows : most));
    ui_cut_bottom(&area, 1);
    int left = area.w * 3 / 8;
    UiRect stack = ui_cut_left(&area, left < 30 ? 30 : left > 46 ? 46 : left);
    ui_cut_left(&area, 1);
    ui_cut_right(&area, 1);
    state->stack = stack;
    state->curves = area;
    draw_stack(context, grid, stack);
    draw_curves(context, grid, area);
    draw_weights(context, grid, weights);
}

/* Without curves to draw it is as high as the stack beside them. */
static int overview_rows(const ViewContext *context) {
    if (history_series(context->now) > 0) return 30;
    int layers = session_recipe(context->session)->stack.count;
    int norms = context->look ? context->look->readings.count : 1;
    int rows = (layers + 6 > norms + 5 ? layers + 6 : norms + 5) + 1 + norms;
    return rows < SMALL_H ? SMALL_H : rows > 60 ? 60 : rows;
}

/* The weights view, at the row that is selected here. */
static bool inspect(ViewContext *context) {
    const OverviewState *state = context->state;
    int row = context->look ? state->table.selected : 0;
    context->run(context->bench, "view weights");
    context->run(context->bench, "press h home");
    for (; row > 0; row--)
        context->run(context->bench, "press down");
    return true;
}

static bool overview_press(ViewContext *context, UiKey key) {
    OverviewState *state = context->state;
    UiTable table = weights_table(context);
    if (key == UI_KEY_ENTER && context->run) return inspect(context);
    return key != 'g' && ui_table_key(&table, &state->table, key); /* g is every view's: glyphs */
}

static bool overview_mouse(ViewContext *context, const UiEvent *event) {
    OverviewState *state = context->state;
    UiTable table = weights_table(context);
    if (event->mouse == UI_MOUSE_PRESS && ui_rect_has(state->stack, event->x, event->y))
        return context->run(context->bench, "view stack");
    if (event->mouse == UI_MOUSE_PRESS && ui_rect_has(state->curves, event->x, event->y))
        return context->run(context->bench, "view train");
    return ui_table_mouse(&table, &state->table, event);
}

static void overview_explain(ViewContext *context, StText *out) {
    const OverviewState *state = context->state;
    if (!context->look || state->table.selected >= context->look->readings.count) {
        st_text_add(out, "Norms come from snapshots of a run: space starts one.\n");
        return;
    }
    const StReadings *readings = &context->look->readings;
    const StHealth *health = &readings->health[state->table.selected];
    char number[UI_NUMBER];
    st_text_format(out, "%s of layer %d, at step %lld\n", health->name, health->layer + 1,
                   (long long)readings->step);
    for (int i = 0; i < ST_READING_COUNT; i++) {
        const StReadingKind *kind = &st_reading_kinds[i];
        int pad = 12 - ui_text_width(kind->name);
        ui_number(number, health->value[i], 8, 4);
        st_text_format(out, "  %s%*s  %s%*s  %s = %s; %s\n", kind->name, pad > 0 ? pad : 0, "", number,
                       9 - ui_text_width(number), "", kind->help, state->plain ? kind->plain : kind->formula,
                       kind->bad);
    }
    st_text_format(out, "Verdict: %s. %s\n", st_verdict_word(health->verdict), health->reason);
    st_text_format(out, "Activations and loss are of the probe set: %lld fixed rows of train.\n",
                   (long long)readings->probe_rows);
}

/* What it is made of: the readings of the stack and of the weights. */
static void overview_json(ViewContext *context, StText *out) {
    static const char *const parts[] = {"stack", "weights"};
    st_text_add(out, "{");
    parts_json_text(out, "view", "overview");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const View *view = view_find(parts[i]);
        ViewContext part = *context;
        part.state = calloc(1, view->state_size ? view->state_size : 1);
        if (!part.state) out->failed = true;
        if (!part.state) break;
        parts_json_key(out, parts[i]);
        view->json(&part, out);
        if (view->close) view->close(part.state);
        free(part.state);
    }
    st_text_add(out, "}");
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "view weights", "inspect", "opens the weights view at the selected row"}, {0}};

const View view_overview = {.name = "overview",
                            .key = '1',
                            .title = "Overview",
                            .help = "the stack, the curves and the norms together",
                            .bindings = bindings,
                            .state_size = sizeof(OverviewState),
                            .draw = overview_draw,
                            .rows = overview_rows,
                            .press = overview_press,
                            .mouse = overview_mouse,
                            .explain = overview_explain,
                            .json = overview_json};
