/* Weights: the health of the whole network on one screen, and closer looks: a tensor as a heat map, its
 * histograms, any reading as curves over time. */
#include "view.h"
#include "views/parts.h"
#include "views/tensor.h"

#include "table.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const View view_weights; /* below */

typedef enum Mode { HEALTH, CURVES, HISTOGRAMS, MATRIX } Mode;

typedef struct State {
    Mode mode;
    UiTableState table;
    bool sorted; /* table.sort_column holds */
    int row;     /* selected: index into the readings' health */
    int tensor;  /* selected in the closer looks: index into the weight table */
    bool close;  /* tensor was chosen in a closer look */
    StReading reading;
    TensorValues values;
    TensorCursor cursor;
    int lines;  /* of the screen a row takes: 1 to 3 */
    int wider;  /* columns that every figure has to spare */
    bool plain; /* the screen is ASCII */
    int *order;
    int room;
} State;

/* ---- the table ------------------------------------------------------------------------------------------
 */

enum {
    LAYER,
    SHAPE,
    NORM,
    CHANGE,
    RMS,
    LARGEST,
    SIGMA,
    RANK,
    GRADIENT,
    RATIO,
    DEAD,
    SATURATED,
    TREND,
    VERDICT,
    REASON,
    COLUMNS
};

/* What each column shows; ST_READING_COUNT: no reading. */
static const StReading shows[COLUMNS] = {
    [LAYER] = ST_READING_COUNT,    [SHAPE] = ST_READING_COUNT,      [NORM] = ST_READING_NORM,
    [CHANGE] = ST_READING_CHANGE,  [RMS] = ST_READING_RMS,          [LARGEST] = ST_READING_LARGEST,
    [SIGMA] = ST_READING_SPECTRAL, [RANK] = ST_READING_STABLE_RANK, [GRADIENT] = ST_READING_GRADIENT,
    [RATIO] = ST_READING_RATIO,    [DEAD] = ST_READING_DEAD,        [SATURATED] = ST_READING_SATURATED,
    [TREND] = ST_READING_NORM,     [VERDICT] = ST_READING_COUNT,    [REASON] = ST_READING_COUNT,
};

enum { ONE_LINE = 110, STRIP = 10 }; /* from so many columns on a tensor takes one line; the strip's width */

/* One line a tensor: strip and sparkline are columns. */
static const UiColumn wide_columns[COLUMNS] = {
    [LAYER] = {"layer", 10, false, false, 0},   [SHAPE] = {"shape", 7, true, false, 12},
    [NORM] = {"norm", 5, true, false, 1},       [CHANGE] = {"start", 5, true, false, 2},
    [RMS] = {"rms", 5, true, false, 14},        [LARGEST] = {"max|w|", 6, true, false, 11},
    [SIGMA] = {"~σ₁", 5, true, false, 7},       [RANK] = {"~rank", 5, true, false, 9},
    [GRADIENT] = {"grad", 6, true, false, 5},   [RATIO] = {"step/weight", STRIP + 7, false, false, 3},
    [DEAD] = {"dead", 4, true, false, 6},       [SATURATED] = {"sat", 4, true, false, 10},
    [TREND] = {"history", 8, false, true, 4},   [VERDICT] = {"verdict", 9, false, false, 0},
    [REASON] = {"because", 24, false, true, 8},
};

/* Two lines a tensor, or three where a reason is long: strip, sparkline and reason stand under the figures.
 * Exactly 80 columns. */
static const struct {
    UiColumn column;
    int as; /* the column that it shows */
} two_lines[] = {
    {{"layer", 10, false, true, 0}, LAYER},   {{"shape", 6, true, false, 12}, SHAPE},
    {{"norm", 5, true, false, 1}, NORM},      {{"start", 5, true, false, 2}, CHANGE},
    {{"rms", 4, true, false, 11}, RMS},       {{"max w", 5, true, false, 8}, LARGEST},
    {{"~σ₁", 4, true, false, 7}, SIGMA},      {{"~rank", 5, true, false, 9}, RANK},
    {{"grad", 6, true, false, 5}, GRADIENT},  {{"dead", 4, true, false, 6}, DEAD},
    {{"sat", 4, true, false, 10}, SATURATED}, {{"verdict", 9, false, false, 0}, VERDICT},
};
enum { TWO_COLUMNS = sizeof two_lines / sizeof *two_lines };

typedef struct Shown {
    const ViewContext *context;
    const StReadings *readings;
    const State *state;
    UiColumn column[COLUMNS]; /* as the table has them */
    int columns;
} Shown;

/* Which of the columns above stands at a place of the table. */
static int column_at(const Shown *now, int place) {
    return now->state->lines > 1 ? two_lines[place].as : place;
}

static UiInk verdict_ink(StVerdict verdict) {
    switch (verdict) {
    case ST_HEALTHY:
        return UI_GOOD;
    case ST_VANISHING:
    case ST_EXPLODING:
        return UI_BAD;
    case ST_UNTRAINED:
    case ST_UNKNOWN:
        return UI_DIM;
    default:
        return UI_WARN;
    }
}

/* "2 dense" of "dense/kernel"; another weight than the kernel keeps its name. Where that is too long, the
 * layer's number will do: "3 recurrent_kernel", of a direction "2 → kernel". */
static void layer_text(const StHealth *health, int width, char text[UI_CELL_TEXT]) {
    size_t length = strlen(health->name);
    const char *slash = strchr(health->name, '/'), *weight = strrchr(health->name, '/');
    if (slash && strcmp(slash, "/kernel") == 0) length = (size_t)(slash - health->name);
    snprintf(text, UI_CELL_TEXT, "%d %.*s", health->layer + 1, (int)length, health->name);
    if (ui_text_width(text) <= width || !weight || length < strlen(health->name)) return;
    const char *side = strncmp(slash, "/forward_", 9) == 0     ? "→ "
                       : strncmp(slash, "/backward_", 10) == 0 ? "← "
                                                               : "";
    snprintf(text, UI_CELL_TEXT, "%d %s%s", health->layer + 1, side, weight + 1);
}

static bool is_share(StReading reading) {
    return reading == ST_READING_CHANGE || reading == ST_READING_DEAD || reading == ST_READING_SATURATED;
}

/* A reading in at most `width` columns: shares as per cent, the change with its sign. */
static void reading_text(StReading reading, double value, int width, char *text, size_t size) {
    char buffer[UI_NUMBER];
    if (is_share(reading) && isfinite(value) && fabs(value) < 9.995)
        snprintf(text, size, reading == ST_READING_CHANGE ? "%+.0f%%" : "%.0f%%", 100 * value + 0.0);
    else
        snprintf(text, size, "%s", ui_number(buffer, value, width, 3));
}

static void cell(void *memory, int row, int place, char text[UI_CELL_TEXT], UiInk *ink) {
    const Shown *now = memory;
    int column = column_at(now, place);
    if (row % now->state->lines != 0) return; /* the second line is drawn over the row */
    const StHealth *health = &now->readings->health[now->state->order[row / now->state->lines]];
    char shape[ST_SHAPE_TEXT];
    switch (column) {
    case LAYER:
        layer_text(health, now->column[place].width, text);
        return;
    case SHAPE:
        snprintf(text, UI_CELL_TEXT, "%s", st_shape_print(&health->shape, shape));
        *ink = UI_DIM;
        return;
    case VERDICT:
        snprintf(text, UI_CELL_TEXT, "%s", st_verdict_word(health->verdict));
        *ink = verdict_ink(health->verdict);
        return;
    case REASON:
        snprintf(text, UI_CELL_TEXT, "%s", health->reason);
        *ink = UI_DIM;
        return;
    default: {
        StReading reading = shows[column];
        double value = health->value[reading];
        reading_text(reading, value, now->column[place].width, text, UI_CELL_TEXT);
        if ((reading == ST_READING_DEAD || reading == ST_READING_SATURATED) && value > 0.5) *ink = UI_WARN;
        if (!isfinite(value)) *ink = isnan(value) ? UI_DIM : UI_BAD;
    }
    }
}

static void strip(UiGrid *grid, UiRect area, int x, int w, double ratio) {
    ui_dot_strip(grid, area, x, 0, w, UI_TEXT, ratio, -6, 0, -4, -2);
}

static void spark(const Shown *now, UiGrid *grid, UiRect area, int x, int w, int row) {
    float level[256];
    if (w > 256) w = 256;
    int count = trends_levels(now->context->trends, row, ST_READING_NORM, w, level);
    ui_sparkline(grid, area, x, 0, w, UI_TRAINING, level, count, 0, 0);
}

static bool draw_cell(void *memory, UiGrid *grid, UiRect area, int row, int column) {
    const Shown *now = memory;
    if (now->state->lines > 1 || (column != RATIO && column != TREND)) return false;
    int at = now->state->order[row];
    if (column == TREND) {
        spark(now, grid, area, 0, area.w, at);
        return true;
    }
    char number[UI_NUMBER];
    double ratio = now->readings->health[at].value[ST_READING_RATIO];
    strip(grid, area, 0, STRIP, ratio);
    ui_print_right(grid, area, area.w, 0, isnan(ratio) ? UI_DIM : UI_TEXT, "%s",
                   ui_number(number, ratio, area.w - STRIP - 1, 2));
    return true;
}

/* The lines under a tensor's figures: norm over time, step/weight on its strip and in figures, the reason;
 * that on a line of its own where there are three. */
enum { REASON_AT = 56 };

static void line_below(const Shown *now, UiGrid *grid, UiRect line, int row, int below) {
    const StHealth *health = &now->readings->health[row];
    if (below == 2) {
        ui_text(grid, line, 4, 0, UI_DIM, health->reason);
        return;
    }
    double ratio = health->value[ST_READING_RATIO];
    char number[UI_NUMBER];
    spark(now, grid, line, 4, 14, row);
    int x = 20 + ui_text(grid, line, 20, 0, UI_DIM, "step/w ");
    strip(grid, line, x, 19, ratio);
    ui_print(grid, line, x + 20, 0, UI_TEXT, "%s", ui_number(number, ratio, 7, 2));
    if (now->state->lines == 2) ui_text(grid, line, REASON_AT, 0, UI_DIM, health->reason);
}

/* How many lines of the screen a tensor takes: one where it is wide or there are many, three where a reason
 * needs it and the matrix below loses nothing by it. */
static int lines_of(const StReadings *readings, UiRect area) {
    int two = 2 * readings->count + 1, three = 3 * readings->count + 1, least = 5;
    bool lengthy = false;
    for (int i = 0; i < readings->count; i++)
        lengthy = lengthy || ui_text_width(readings->health[i].reason) > area.w - REASON_AT;
    if (area.w < 72 || area.w >= ONE_LINE || two > area.h) return 1;
    return lengthy && (three + least <= area.h || (two + least > area.h && three <= area.h)) ? 3 : 2;
}

typedef struct Key {
    double value;
    int row;
} Key;

static int by_value(const void *a, const void *b) {
    const Key *left = a, *right = b;
    if (isnan(left->value) || isnan(right->value)) return isnan(left->value) - isnan(right->value);
    if (left->value != right->value) return left->value < right->value ? -1 : 1;
    return left->row - right->row;
}

static double sort_value(const StHealth *health, int row, int column) {
    if (column == VERDICT || column == REASON) return health->verdict == ST_HEALTHY ? 100 : health->verdict;
    if (column == LAYER) return row;
    if (column == SHAPE) return (double)st_shape_size(&health->shape);
    return health->value[shows[column]];
}

/* Puts the rows in order; values that are not available stand last either way. */
static bool sort_rows(State *state, const StReadings *readings) {
    if (readings->count > state->room) {
        int *order = realloc(state->order, sizeof *order * (size_t)readings->count);
        if (!order) return false;
        state->order = order;
        state->room = readings->count;
    }
    if (!state->sorted) state->table.sort_column = -1;
    int column = state->table.sort_column;
    if (column >= 0 && state->lines > 1) column = column < TWO_COLUMNS ? two_lines[column].as : -1;
    Key *key = malloc(sizeof *key * (size_t)(readings->count + 1));
    for (int i = 0; i < readings->count; i++) {
        state->order[i] = i;
        if (!key || column < 0) continue;
        double value = sort_value(&readings->health[i], i, column);
        key[i] = (Key){state->table.descending ? -value : value, i};
    }
    if (key && column >= 0) {
        qsort(key, (size_t)readings->count, sizeof *key, by_value);
        for (int i = 0; i < readings->count; i++)
            state->order[i] = key[i].row;
    }
    free(key);
    return true;
}

/* A reading that no layer here has drops out before all others. */
static bool is_anywhere(const StReadings *readings, int column) {
    if (shows[column] == ST_READING_COUNT) return true;
    for (int i = 0; i < readings->count; i++)
        if (!isnan(readings->health[i].value[shows[column]])) return true;
    return false;
}

/* The columns that the longest name takes, where there is room for long ones. */
static int name_width(const StReadings *readings, int least, int most) {
    char text[UI_CELL_TEXT];
    for (int i = 0; i < readings->count; i++) {
        layer_text(&readings->health[i], UI_CELL_TEXT, text);
        int w = ui_text_width(text);
        if (w > least) least = w;
    }
    return least < most ? least : most;
}

/* The columns that the longest shape takes. */
static int shape_width(const StReadings *readings) {
    int width = 0;
    char shape[ST_SHAPE_TEXT];
    for (int i = 0; i < readings->count; i++) {
        int w = (int)strlen(st_shape_print(&readings->health[i].shape, shape));
        if (w > width) width = w;
    }
    return width;
}

static UiTable table_of(Shown *now) {
    bool below = now->state->lines > 1;
    int shape = shape_width(now->readings);
    now->columns = below ? TWO_COLUMNS : COLUMNS;
    for (int i = 0; i < now->columns; i++) {
        UiColumn *column = &now->column[i];
        *column = below ? two_lines[i].column : wide_columns[i];
        if (column->right) column->width += now->state->wider;
        if (!below && i == LAYER) column->width = name_width(now->readings, column->width, 26);
        if (column_at(now, i) == SHAPE && column->width < shape) { /* 3x3x32x64 pushes other columns out */
            column->width = shape;
            column->priority = 7;
        }
        if (!below && (i == DEAD || i == SATURATED) && !is_anywhere(now->readings, i))
            column->priority = COLUMNS;
    }
    return (UiTable){.column = now->column,
                     .columns = now->columns,
                     .rows = now->readings->count * now->state->lines,
                     .gap = 1,
                     .context = now,
                     .cell = cell,
                     .draw = draw_cell,
                     .empty = "No layer here has a weight matrix; dense layers have."};
}

/* The selected row keeps its tensor when the order changes. */
static void select_row(State *state, const StReadings *readings) {
    if (state->row >= readings->count) state->row = readings->count - 1;
    if (state->row < 0) state->row = 0;
    for (int i = 0; i < readings->count; i++)
        if (state->order[i] == state->row) state->table.selected = i * state->lines;
    if (!state->close && readings->count > 0) state->tensor = readings->health[state->row].tensor;
}

/* A click on any of its lines selects a tensor. */
static void row_selected(State *state, const StReadings *readings) {
    int at = state->table.selected < 0 ? 0 : state->table.selected / state->lines;
    if (readings->count > 0) state->row = state->order[at < readings->count ? at : readings->count - 1];
    state->close = false;
}

/* The reason of the selected row in full, where the table has it cut or not at all. */
static void draw_reason(const Shown *now, UiGrid *grid, UiRect area) {
    const StHealth *health = &now->readings->health[now->state->row];
    int room = now->state->lines == 3   ? area.w
               : now->state->lines == 2 ? area.w - REASON_AT
                                        : now->state->table.w[REASON];
    if (ui_text_width(health->reason) <= room) return;
    StText text = {0};
    st_text_format(&text, "%s: %s, %s", health->name, st_verdict_word(health->verdict), health->reason);
    ui_paragraph(grid, ui_inset(area, 1, 0), UI_DIM, 0, st_text_string(&text));
    st_text_free(&text);
}

static void draw_health(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    const StReadings *readings = &context->look->readings;
    if (!sort_rows(state, readings)) return;
    state->lines = lines_of(readings, area);
    state->wider = state->lines > 1 && area.w > 80 ? (area.w - 80) / 10 : area.w >= 160 ? 2 : 0;
    select_row(state, readings);
    Shown now = {.context = context, .readings = readings, .state = state};
    int rows = readings->count * state->lines + 1;
    UiRect below = ui_rect(0, 0, 0, 0), reason = below;
    bool roomy = readings->count > 0 && area.h - rows >= 5 && area.w >= 30;
    if (roomy) {
        below = ui_cut_bottom(&area, area.h - rows);
        reason = ui_cut_top(&below, area.w < 72 && below.h > 8 ? 3 : 1);
    } else if (readings->count > 0 && state->lines == 1 && area.h > 4) {
        reason = ui_cut_bottom(&area, area.h > 7 && area.w < 72 ? 2 : 1);
    }
    UiTable table = table_of(&now);
    ui_table_draw(grid, area, &table, &state->table, true);
    UiRect body = state->table.body;
    for (int y = 0; y < body.h && state->table.top + y < table.rows; y++)
        if ((state->table.top + y) % state->lines != 0)
            line_below(&now, grid, ui_rect(body.x, body.y + y, body.w, 1),
                       state->order[(state->table.top + y) / state->lines],
                       (state->table.top + y) % state->lines);
    if (reason.h > 0) draw_reason(&now, grid, reason);
    if (roomy)
        tensor_draw_matrix(context, grid, below, readings->health[state->row].tensor, TENSOR_WEIGHTS, NULL);
}

/* ---- drawing --------------------------------------------------------------------------------------------
 */

static const char *const mode_words[] = {"health", "curves", "histograms", "matrix"};

/* What the readings are of, in the longest words that fit. */
static void title_words(const ViewContext *context, int wording, StText *out) {
    const StReadings *readings = &context->look->readings;
    const SessionRun *run = session_run(context->session);
    uint64_t seed = run ? run->recipe->seed : session_recipe(context->session)->seed;
    static const char *const probe[] = {"probe set", "probe", "probe"};
    st_text_clear(out);
    if (readings->step == 0)
        st_text_add(out, wording < 2 ? "at step 0, not trained yet" : "at step 0");
    else if (readings->step > 0)
        st_text_format(out, "at step %lld", (long long)readings->step);
    else
        st_text_add(out, "of a file");
    if (wording > 2) return;
    if (readings->probe_rows > 0)
        st_text_format(out, " · %s: %lld rows of train, seed %llu", probe[wording],
                       (long long)readings->probe_rows, (unsigned long long)seed);
    else
        st_text_add(out, " · no probe set");
    st_text_add(out, wording < 2 ? " · measured, ~ estimated" : " · ~ estimated");
}

static void draw_title(ViewContext *context, UiGrid *grid, UiRect area) {
    const State *state = context->state;
    int x = 2 + ui_text(grid, area, 1, 0, UI_TITLE, "WEIGHTS"), end = area.w - 1;
    if (state->mode != HEALTH && area.w >= 100) {
        end -= 24;
        ui_print_right(grid, area, area.w - 1, 0, UI_DIM, "%s · esc goes back", mode_words[state->mode]);
    }
    StText words = {0};
    for (int wording = 0; wording < 4; wording++) {
        title_words(context, wording, &words);
        if (x + ui_text_width(st_text_string(&words)) <= end) break;
    }
    ui_text_in(grid, area, x, 0, end - x, UI_DIM, st_text_string(&words));
    st_text_free(&words);
}

static void draw_nothing(ViewContext *context, UiGrid *grid, UiRect area) {
    ui_text(grid, area, 1, 0, UI_TITLE, "WEIGHTS");
    UiRect rest = ui_inset(area, 1, 0);
    ui_cut_top(&rest, area.h > 3 ? 2 : 1);
    char trouble[ST_MESSAGE_MAX] = "";
    if (context->trouble) snprintf(trouble, sizeof trouble, "%s", context->trouble);
    if (context->inspection) st_inspection_trouble(context->inspection, trouble, sizeof trouble);
    if (trouble[0])
        ui_paragraph(grid, rest, UI_BAD, 0, trouble);
    else if (session_run(context->session))
        ui_paragraph(grid, rest, UI_DIM, 0, "The first look at the weights is being made.");
    else
        ui_paragraph(grid, rest, UI_DIM, 0,
                     "Nothing is trained yet. space trains the network; then every layer's norms, gradients "
                     "and steps stand here and move with it.");
}

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    state->plain = grid->look.ladder == UI_ASCII;
    if (!context->look || !context->look->snapshot) {
        draw_nothing(context, grid, area);
        return;
    }
    const StLook *look = context->look;
    if (context->select.layer && !state->close) { /* strata show weights --layer NAME */
        for (int i = 0; i < look->readings.count; i++) {
            size_t length = strcspn(look->readings.health[i].name, "/");
            if (strncmp(look->readings.health[i].name, context->select.layer, length) == 0 &&
                context->select.layer[length] == '\0')
                state->row = i;
        }
    }
    if (state->tensor >= look->snapshot->weights.count) state->tensor = 0;
    if (area.h > 2) draw_title(context, grid, ui_cut_top(&area, 1));
    switch (state->mode) {
    case HEALTH:
        draw_health(context, grid, area);
        return;
    case CURVES:
        tensor_draw_curves(context, grid, area, state->reading, state->row);
        return;
    case HISTOGRAMS:
        tensor_draw_histograms(context, grid, area, state->tensor);
        return;
    case MATRIX:
        tensor_draw_matrix(context, grid, area, state->tensor, state->values, &state->cursor);
        return;
    }
}

static void want(ViewContext *context, StWant *wanted) {
    const State *state = context->state;
    if (state->mode != HISTOGRAMS) return;
    wanted->tensor = state->tensor;
    wanted->bins = 32;
}

/* ---- keys -----------------------------------------------------------------------------------------------
 */

static void enter(State *state, Mode mode) {
    state->mode = state->mode == mode ? HEALTH : mode;
}

/* Another tensor in the closer looks; the row of the table follows where it has one. */
static void step_tensor(ViewContext *context, int by) {
    State *state = context->state;
    int count = context->look->snapshot->weights.count;
    if (count == 0) return;
    state->tensor = (state->tensor + by + count) % count;
    state->close = true;
    for (int i = 0; i < context->look->readings.count; i++)
        if (context->look->readings.health[i].tensor == state->tensor) state->row = i;
}

static int clamp_to(int value, int count) {
    return value >= count ? count - 1 : value < 0 ? 0 : value;
}

/* Pictures of filters: left and right choose one, up and down scroll where there are more than fit. */
static bool press_filters(State *state, int filters, UiKey key) {
    TensorCursor *cursor = &state->cursor;
    int by = 0;
    switch (key) {
    case UI_KEY_LEFT:
    case UI_KEY_RIGHT:
        by = key == UI_KEY_RIGHT ? 1 : -1;
        break;
    case UI_KEY_LEFT | UI_SHIFT:
    case UI_KEY_RIGHT | UI_SHIFT:
        by = key == (UI_KEY_RIGHT | UI_SHIFT) ? 10 : -10;
        break;
    case UI_KEY_HOME:
    case UI_KEY_END:
        by = key == UI_KEY_END ? filters : -filters;
        break;
    case UI_KEY_UP:
    case UI_KEY_DOWN:
        cursor->row += key == UI_KEY_DOWN ? 1 : -1;
        return true;
    default:
        return false;
    }
    cursor->filter = clamp_to(cursor->filter + by, filters);
    return true;
}

static bool press_matrix(ViewContext *context, UiKey key) {
    State *state = context->state;
    TensorCursor *cursor = &state->cursor;
    int filters = tensor_filters(context->look, state->tensor, cursor);
    if (key == 'f') {
        cursor->whole = !cursor->whole;
        cursor->row = cursor->column = 0;
        return true;
    }
    if (filters > 0) return press_filters(state, filters, key);
    TensorMatrix matrix;
    bool there = tensor_matrix(context->look, state->tensor, state->values, &matrix);
    free(matrix.own);
    int dx = 0, dy = 0;
    switch (key) {
    case UI_KEY_LEFT:
        dx = -1;
        break;
    case UI_KEY_RIGHT:
        dx = 1;
        break;
    case UI_KEY_UP:
        dy = -1;
        break;
    case UI_KEY_DOWN:
        dy = 1;
        break;
    case UI_KEY_LEFT | UI_SHIFT:
        dx = -10;
        break;
    case UI_KEY_RIGHT | UI_SHIFT:
        dx = 10;
        break;
    case UI_KEY_PGUP:
    case UI_KEY_UP | UI_SHIFT:
        dy = -10;
        break;
    case UI_KEY_PGDN:
    case UI_KEY_DOWN | UI_SHIFT:
        dy = 10;
        break;
    case UI_KEY_HOME:
        dx = -cursor->column;
        break;
    case UI_KEY_END:
        dx = 1 << 28;
        break;
    default:
        return false;
    }
    if (!there) return true;
    cursor->column = clamp_to(cursor->column + dx, matrix.columns);
    cursor->row = clamp_to(cursor->row + dy, matrix.rows);
    return true;
}

static bool press_curves(ViewContext *context, UiKey key) {
    State *state = context->state;
    int count = context->look->readings.count;
    switch (key) {
    case UI_KEY_LEFT:
    case UI_KEY_RIGHT:
        state->reading = (StReading)((state->reading + (key == UI_KEY_RIGHT ? 1 : ST_READING_COUNT - 1)) %
                                     ST_READING_COUNT);
        return true;
    case UI_KEY_UP:
    case UI_KEY_DOWN:
        if (count > 0) state->row = (state->row + (key == UI_KEY_DOWN ? 1 : count - 1)) % count;
        state->close = false;
        return true;
    default:
        return false;
    }
}

static bool press_health(ViewContext *context, UiKey key) {
    State *state = context->state;
    const StReadings *readings = &context->look->readings;
    if (state->lines < 1) state->lines = 1;
    if (!sort_rows(state, readings)) return false;
    Shown now = {.context = context, .readings = readings, .state = state};
    UiTable table = table_of(&now);
    if (key == '<' || key == '>') {
        if (!state->sorted) state->table.sort_column = key == '>' ? now.columns - 1 : 0;
        state->sorted = true;
        ui_table_sort_step(&table, &state->table, key == '>' ? 1 : -1);
        return true;
    }
    if (key == 'o') {
        state->table.descending = !state->table.descending;
        return true;
    }
    if (key == UI_KEY_UP || key == UI_KEY_DOWN || key == 'k' || key == 'j')
        state->table.selected += (state->lines - 1) * (key == UI_KEY_UP || key == 'k' ? -1 : 1);
    if (!ui_table_key(&table, &state->table, key)) return false;
    row_selected(state, readings);
    return true;
}

static bool press(ViewContext *context, UiKey key) {
    State *state = context->state;
    if (!context->look || !context->look->snapshot) /* its keys have nothing to act on yet */
        return ui_keymap_find(view_weights.bindings, key) != NULL;
    switch (key) {
    case 'h':
        state->mode = HEALTH;
        return true;
    case 'c':
        enter(state, CURVES);
        return true;
    case 'g':
        enter(state, HISTOGRAMS);
        return true;
    case 'v':
        state->values = (TensorValues)((state->values + 1) % TENSOR_KINDS);
        state->mode = MATRIX;
        return true;
    case 'w':
        enter(state, MATRIX);
        return true;
    case UI_KEY_ENTER:
        if (state->mode == MATRIX) return false;
        state->mode = MATRIX;
        return true;
    case UI_KEY_ESCAPE:
        if (state->mode == HEALTH) return false;
        state->mode = HEALTH;
        state->close = false;
        return true;
    case '[':
    case ']':
        step_tensor(context, key == ']' ? 1 : -1);
        return true;
    default:
        break;
    }
    switch (state->mode) {
    case MATRIX:
        return press_matrix(context, key);
    case CURVES:
        return press_curves(context, key);
    case HISTOGRAMS:
        if (key != UI_KEY_UP && key != UI_KEY_DOWN) return false;
        step_tensor(context, key == UI_KEY_DOWN ? 1 : -1);
        return true;
    case HEALTH:
        return press_health(context, key);
    }
    return false;
}

static bool mouse(ViewContext *context, const UiEvent *event) {
    State *state = context->state;
    if (!context->look || !context->look->snapshot) return false;
    if (state->mode == MATRIX) {
        if (event->mouse != UI_MOUSE_PRESS && event->mouse != UI_MOUSE_DRAG) return false;
        return ui_heat_at(&state->cursor.view, event->x, event->y, &state->cursor.row, &state->cursor.column);
    }
    if (state->mode != HEALTH || state->lines < 1) return false;
    const StReadings *readings = &context->look->readings;
    if (!sort_rows(state, readings)) return false;
    Shown now = {.context = context, .readings = readings, .state = state};
    UiTable table = table_of(&now);
    int column = state->table.sort_column;
    if (!ui_table_mouse(&table, &state->table, event)) return false;
    if (state->table.sort_column != column) state->sorted = true;
    row_selected(state, readings);
    return true;
}

/* What the keys do in the closer looks. */
static const UiBinding matrix_keys[] = {
    {UI_KEY_LEFT, "cursor to the left", "cursor", "Moves the cursor to the left, with shift by ten"},
    {UI_KEY_RIGHT, "cursor to the right", "cursor", "Moves the cursor to the right, with shift by ten"},
    {UI_KEY_UP, "cursor up", "cursor", "Moves the cursor up, with shift by ten"},
    {UI_KEY_DOWN, "cursor down", "cursor", "Moves the cursor down, with shift by ten"},
    {'[', "previous tensor", "tensor", "The previous weight tensor"},
    {']', "next tensor", "tensor", "The next weight tensor"},
    {'f', "filters or matrix", "filters", "A convolution's filters as pictures, or its kernel as one matrix"},
    {'v', "values", "values", "Weights, gradient, or change in the last step"},
    {UI_KEY_ESCAPE, "back", "back", "Back to the table"},
    {'c', "curves", "curves", "Curves over time"},
    {'g', "histograms", "histograms", "Histograms"},
    {0, NULL, NULL, NULL}};
static const UiBinding filter_keys[] = {
    {UI_KEY_LEFT, "previous filter", "filter", "The filter before, with shift ten before"},
    {UI_KEY_RIGHT, "next filter", "filter", "The next filter, with shift ten on"},
    {UI_KEY_UP, "scroll up", "scroll", "Pictures that are above"},
    {UI_KEY_DOWN, "scroll down", "scroll", "Pictures that there is no room for"},
    {'[', "previous tensor", "tensor", "The previous weight tensor"},
    {']', "next tensor", "tensor", "The next weight tensor"},
    {'f', "filters or matrix", "matrix", "A convolution's filters as pictures, or its kernel as one matrix"},
    {'v', "values", "values", "Weights, gradient, or change in the last step"},
    {UI_KEY_ESCAPE, "back", "back", "Back to the table"},
    {0, NULL, NULL, NULL}};
static const UiBinding curves_keys[] = {
    {UI_KEY_LEFT, "previous reading", "reading", "The previous reading"},
    {UI_KEY_RIGHT, "next reading", "reading", "The next reading"},
    {UI_KEY_UP, "previous layer", "layer", "Brings the previous layer to the front"},
    {UI_KEY_DOWN, "next layer", "layer", "Brings the next layer to the front"},
    {'w', "matrix", "matrix", "The matrix as a heat map"},
    {'g', "histograms", "histograms", "Histograms"},
    {UI_KEY_ESCAPE, "back", "back", "Back to the table"},
    {0, NULL, NULL, NULL}};
static const UiBinding histogram_keys[] = {
    {UI_KEY_UP, "previous tensor", "tensor", "The previous weight tensor"},
    {UI_KEY_DOWN, "next tensor", "tensor", "The next weight tensor"},
    {'w', "matrix", "matrix", "The matrix as a heat map"},
    {'c', "curves", "curves", "Curves over time"},
    {UI_KEY_ESCAPE, "back", "back", "Back to the table"},
    {0, NULL, NULL, NULL}};

static const UiBinding *hints(ViewContext *context) {
    static const UiBinding *const keys[] = {NULL, curves_keys, histogram_keys, matrix_keys};
    const State *state = context->state;
    if (!context->look || !context->look->snapshot) return NULL;
    if (state->mode == MATRIX && tensor_filters(context->look, state->tensor, &state->cursor) > 0)
        return filter_keys;
    return keys[state->mode];
}

/* ---- words and readings ---------------------------------------------------------------------------------
 */

static void explain_reading(const State *state, const StHealth *health, StReading reading, StText *out) {
    const StReadingKind *kind = &st_reading_kinds[reading];
    char value[64];
    reading_text(reading, health->value[reading], 9, value, sizeof value);
    st_text_format(out, "%s = %s = %s: %s. Bad: %s\n", kind->name, state->plain ? kind->plain : kind->formula,
                   value, kind->help, kind->bad);
}

static void explain(ViewContext *context, StText *out) {
    const State *state = context->state;
    if (!context->look || !context->look->snapshot) {
        st_text_add(out, "Readings appear when a network was made: space trains.\n");
        return;
    }
    const StReadings *readings = &context->look->readings;
    if (state->mode == MATRIX) {
        st_text_format(out, "%s of %s at step %lld\n", tensor_values_name(state->values),
                       context->look->snapshot->weights.tensor[state->tensor].name,
                       (long long)readings->step);
        tensor_read(context, state->tensor, state->values, &state->cursor, out);
        st_text_add(out, "\nRow i and unit j of a kernel: how much of input i goes into unit j.\n");
        return;
    }
    if (state->row < 0 || state->row >= readings->count) return;
    const StHealth *health = &readings->health[state->row];
    st_text_format(out, "%s at step %lld: %s, %s\n", health->name, (long long)readings->step,
                   st_verdict_word(health->verdict), health->reason);
    for (int i = 0; i < ST_READING_COUNT; i++)
        if (state->mode == HEALTH || (StReading)i == state->reading)
            explain_reading(state, health, (StReading)i, out);
}

/* The machine's names of the readings: norm, change, …, as JSON members. */
static void reading_id(int reading, char *out, size_t size) {
    static const char *const ids[] = {
#define READING_ID(id, ...) #id,
        ST_READINGS(READING_ID)
#undef READING_ID
    };
    snprintf(out, size, "%s", ids[reading]);
    for (char *c = out; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

static void json_row(const StHealth *health, StText *out) {
    char id[32];
    parts_json_key(out, NULL);
    st_text_add(out, "{");
    parts_json_text(out, "name", health->name);
    parts_json_whole(out, "layer", health->layer + 1);
    parts_json_shape(out, "shape", &health->shape);
    for (int i = 0; i < ST_READING_COUNT; i++) {
        reading_id(i, id, sizeof id);
        parts_json_number(out, id, health->value[i]);
    }
    parts_json_text(out, "verdict", st_verdict_word(health->verdict));
    parts_json_text(out, "reason", health->reason);
    st_text_add(out, "}");
}

static void json(ViewContext *context, StText *out) {
    st_text_add(out, "{");
    parts_json_text(out, "view", "weights");
    if (!context->look) {
        parts_json_text(out, "error",
                        context->trouble && *context->trouble ? context->trouble : "there are no readings");
        st_text_add(out, "}");
        return;
    }
    const StReadings *readings = &context->look->readings;
    parts_json_whole(out, "step", readings->step);
    parts_json_whole(out, "epoch", readings->epoch);
    parts_json_whole(out, "probe_rows", readings->probe_rows);
    parts_json_number(out, "probe_loss", readings->probe_loss);
    parts_json_number(out, "gradient_norm", readings->gradient_norm);
    parts_json_key(out, "tensors");
    st_text_add(out, "[");
    for (int i = 0; i < readings->count; i++)
        json_row(&readings->health[i], out);
    st_text_add(out, "]}");
}

static void close_view(void *memory) {
    free(((State *)memory)->order);
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "matrix", "matrix", "The selected weights as a heat map; arrows move the cursor in it"},
    {'c', "curves", "curves", "A reading of all layers over time; left and right choose the reading"},
    {'g', "histograms", "histograms", "Weights, gradient and step of the selected layer, and of all layers"},
    {'h', "health", "health", "The table of all layers"},
    {']', "next tensor", "tensor", "The next weight tensor, biases too, in matrix and histograms"},
    {'[', "previous tensor", NULL, "The previous weight tensor"},
    {'v', "values", "values", "In the matrix: weights, their gradient, or their change in the last step"},
    {'>', "sort by the next column", "sort", "Sorts the table by the next column"},
    {'<', "sort by the previous column", NULL, "Sorts the table by the previous column"},
    {'o', "the other way round", NULL, "Turns the order of the table round"},
    {'w', "matrix", NULL, "The selected weights as a heat map, as enter does"},
    {0, NULL, NULL, NULL}};

const View view_weights = {.name = "weights",
                           .key = '5',
                           .title = "Weights",
                           .help = "The health of every layer; matrices, histograms, curves",
                           .bindings = bindings,
                           .hints = hints,
                           .state_size = sizeof(State),
                           .draw = draw,
                           .want = want,
                           .press = press,
                           .mouse = mouse,
                           .explain = explain,
                           .json = json,
                           .close = close_view};
