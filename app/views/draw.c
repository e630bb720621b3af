/* Draw, and what if: an example is drawn or changed cell by cell, and the answer follows. What is made by
 * hand is the gaze's, so that every other view of the inside looks at it too. */
#include "draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is drawn on ---- */

Sheet draw_sheet(ViewContext *context, StError *error) {
    Sheet sheet = {.context = context, .state = context->state, .dataset = inside_dataset(context)};
    if (!sheet.dataset) {
        st_fail(error, ST_ERR_STATE, "there is no data to take an example from");
        return sheet;
    }
    sheet.ready = what_if_take(&sheet.state->what, context->gaze, sheet.dataset, error);
    sheet.picture = canvas_of(sheet.dataset, &sheet.canvas);
    DrawState *state = sheet.state;
    bool outside = state->row >= sheet.canvas.height || state->column >= sheet.canvas.width;
    if (sheet.picture && (!state->placed || outside)) {
        state->row = sheet.canvas.height / 2, state->column = sheet.canvas.width / 2;
        state->placed = true;
    }
    if (context->found) sheet.found = &context->found->finding;
    sheet.by_hand = context->gaze->input != NULL;
    return sheet;
}

static bool put(Sheet *sheet, StError *error) {
    sheet->by_hand = true;
    return what_if_put(&sheet->state->what, sheet->context->gaze, error);
}

/* ---- the pen ---- */

static void stroke(Sheet *sheet, double row, double column, bool erase) {
    DrawState *state = sheet->state;
    if (!state->stroking) state->last_row = row, state->last_column = column;
    canvas_stroke(&sheet->canvas, state->what.raw, state->last_row, state->last_column, row, column, erase);
    state->last_row = row, state->last_column = column;
    state->stroking = true;
    put(sheet, NULL);
}

static void dot(Sheet *sheet, double row, double column, bool erase) {
    what_if_remember(&sheet->state->what);
    sheet->state->stroking = false;
    stroke(sheet, row, column, erase);
}

static void move(Sheet *sheet, int down, int right) {
    DrawState *state = sheet->state;
    int row = state->row + down, column = state->column + right;
    if (row < 0 || row >= sheet->canvas.height || column < 0 || column >= sheet->canvas.width) return;
    state->row = row, state->column = column;
    if (state->pen) stroke(sheet, row, column, false);
}

static bool press_picture(Sheet *sheet, UiKey key) {
    DrawState *state = sheet->state;
    switch (key) {
    case UI_KEY_UP:
        return move(sheet, -1, 0), true;
    case UI_KEY_DOWN:
        return move(sheet, 1, 0), true;
    case UI_KEY_LEFT:
        return move(sheet, 0, -1), true;
    case UI_KEY_RIGHT:
        return move(sheet, 0, 1), true;
    case UI_KEY_ENTER:
        state->pen = !state->pen;
        if (state->pen) dot(sheet, state->row, state->column, false);
        return true;
    case UI_KEY_BACKSPACE:
    case UI_KEY_DELETE:
        dot(sheet, state->row, state->column, true);
        state->stroking = false;
        return true;
    case UI_KEY_ESCAPE:
        if (!state->pen) return false;
        return state->pen = false, true;
    default:
        return false;
    }
}

/* The middle of what lies under a cell of the screen, in pixels: where a cell shows several, between them. */
static bool place_at(const DrawState *state, int x, int y, double *row, double *column) {
    const UiHeatView *view = &state->canvas;
    int at_row, at_column;
    if (!ui_heat_at(view, x, y, &at_row, &at_column)) return false;
    *row = at_row, *column = at_column;
    if (view->rows > view->inner.h) *row = (y - view->inner.y + 0.5) * view->rows / view->inner.h - 0.5;
    if (view->columns > view->inner.w)
        *column = (x - view->inner.x + 0.5) * view->columns / view->inner.w - 0.5;
    return true;
}

static bool mouse_picture(Sheet *sheet, const UiEvent *event) {
    DrawState *state = sheet->state;
    double row = 0, column = 0;
    bool over = place_at(state, event->x, event->y, &row, &column);
    bool draws = event->mouse == UI_MOUSE_PRESS || event->mouse == UI_MOUSE_RIGHT ||
                 (event->mouse == UI_MOUSE_DRAG && state->held);
    if (event->mouse == UI_MOUSE_RELEASE || !over) {
        state->stroking = false; /* a stroke that leaves the picture begins anew where it comes back */
        if (event->mouse == UI_MOUSE_RELEASE) state->held = false;
        return over;
    }
    if (!draws) return false;
    state->row = (int)row, state->column = (int)column;
    state->pen = false;
    if (event->mouse == UI_MOUSE_DRAG) return stroke(sheet, row, column, false), true;
    dot(sheet, row, column, event->mouse == UI_MOUSE_RIGHT);
    state->held = event->mouse == UI_MOUSE_PRESS;
    state->stroking = state->held;
    return true;
}

/* ---- the table of features ---- */

static void set_cell(Sheet *sheet, int64_t cell, float value) {
    WhatIf *what = &sheet->state->what;
    if (what->raw[cell] == value) return;
    what_if_remember(what);
    what->raw[cell] = value;
    put(sheet, NULL);
}

/* The prompt with the name typed in, quoted where it has to be. */
static void type_value(Sheet *sheet, int64_t cell) {
    char name[80], line[120];
    draw_cell_name(sheet, cell, name);
    bool plain = *name && !strpbrk(name, " \t'\"#=");
    snprintf(line, sizeof line, plain ? ":what_if %s " : ":what_if '%s' ", name);
    sheet->context->run(sheet->context->bench, line);
}

/* The next value to the left or right; words are whole numbers. */
static float step(const Sheet *sheet, int64_t cell, float now, int steps) {
    const StStack *stack = &session_recipe(sheet->context->session)->stack;
    const StColumnInfo *column = what_if_column(sheet->dataset, cell);
    bool words = stack->count > 0 && st_layer_takes_words(&stack->layers[0]);
    float next = what_if_step(sheet->dataset, cell, now, steps);
    if (!words || column->categorical || next == now) return next;
    return steps > 0 ? fmaxf(floorf(next), now + 1) : fminf(ceilf(next), now - 1);
}

static bool press_table(Sheet *sheet, UiKey key) {
    DrawState *state = sheet->state;
    UiTable table = draw_table_of(sheet);
    int64_t cell = state->table.selected;
    bool names = key >= UI_KEY_NAMED; /* its letters are other keys here */
    if (names && ui_table_key(&table, &state->table, key)) return true;
    if (cell < 0 || cell >= state->what.cells) return false;
    float now = state->what.raw[cell];
    if (key == UI_KEY_LEFT || key == UI_KEY_RIGHT)
        return set_cell(sheet, cell, step(sheet, cell, now, key == UI_KEY_LEFT ? -1 : 1)), true;
    if (key == UI_KEY_BACKSPACE || key == UI_KEY_DELETE)
        return set_cell(sheet, cell, state->what.row[cell]), true;
    if (key == UI_KEY_ENTER) return type_value(sheet, cell), true;
    return false;
}

/* A click on a feature's scale sets it. */
static bool mouse_table(Sheet *sheet, const UiEvent *event) {
    DrawState *state = sheet->state;
    UiTable table = draw_table_of(sheet);
    bool used = ui_table_mouse(&table, &state->table, event);
    int x = event->x - state->table.body.x - state->table.x[DRAW_SCALE], w = state->table.w[DRAW_SCALE];
    int64_t cell = state->table.selected;
    bool click = event->mouse == UI_MOUSE_PRESS || event->mouse == UI_MOUSE_DRAG;
    if (!used || !click || !ui_rect_has(state->table.body, event->x, event->y) || w < 2 || x < 0 || x >= w)
        return used;
    const StColumnInfo *column = what_if_column(sheet->dataset, cell);
    double share = (double)x / (w - 1);
    if (column->categorical)
        set_cell(sheet, cell, (float)floor(share * (column->categories - 1) + 0.5));
    else if (column->max > column->min)
        set_cell(sheet, cell, (float)(column->min + share * (column->max - column->min)));
    return true;
}

/* ---- the view ---- */

static bool press(ViewContext *context, UiKey key) {
    StError error = {0};
    Sheet sheet = draw_sheet(context, &error);
    if (!sheet.ready) return false;
    bool used = sheet.picture ? press_picture(&sheet, key) : press_table(&sheet, key);
    sheet.state->touched = sheet.state->touched || used;
    return used;
}

static bool mouse(ViewContext *context, const UiEvent *event) {
    StError error = {0};
    Sheet sheet = draw_sheet(context, &error);
    if (!sheet.ready) return false;
    bool used = sheet.picture ? mouse_picture(&sheet, event) : mouse_table(&sheet, event);
    sheet.state->touched = sheet.state->touched || used;
    return used;
}

static bool to_row(Sheet *sheet) {
    what_if_remember(&sheet->state->what);
    sheet->state->pen = sheet->state->stroking = false;
    return gaze_make(sheet->context->gaze, NULL, 0);
}

static bool command_word(Sheet *sheet, const char *word, StError *error) {
    DrawState *state = sheet->state;
    state->stroking = false;
    if (!strcmp(word, "undo")) return what_if_undo(&state->what, sheet->context->gaze, error);
    if (!strcmp(word, "row") || (!strcmp(word, "clear") && !sheet->picture)) return to_row(sheet);
    if (!strcmp(word, "clear")) {
        what_if_remember(&state->what);
        state->pen = false;
        canvas_clear(&sheet->canvas, state->what.raw);
        return put(sheet, error);
    }
    if (strcmp(word, "pen"))
        return st_fail(error, ST_ERR_VALUE,
                       "what_if: '%.40s': wanted COLUMN VALUE, ROW,COLUMN VALUE, clear, row, undo or pen",
                       word);
    if (!sheet->picture) return st_fail(error, ST_ERR_STATE, "what_if pen: the rows are no pictures");
    return press_picture(sheet, UI_KEY_ENTER);
}

static bool command(ViewContext *context, const StWord *words, int count, StError *error) {
    if (!session_dataset(context->session, error)) return false;
    Sheet sheet = draw_sheet(context, error);
    if (!sheet.ready) return false;
    if (count == 1) return command_word(&sheet, words[0].text, error);
    if (count != 2)
        return st_fail(error, ST_ERR_VALUE,
                       "what_if: wanted COLUMN VALUE, ROW,COLUMN VALUE, clear, row, undo or pen");
    int cells;
    float value;
    char was[48], is[48];
    WhatIf *what = &sheet.state->what;
    int64_t cell = what_if_cell(sheet.dataset, words[0].text, &cells, error);
    if (cell < 0 || !what_if_value(sheet.dataset, cell, words[1].text, &value, error)) return false;
    session_say(context->session, "%s: %s → %s; what_if undo takes it back", words[0].text,
                what_if_text(sheet.dataset, cell, what->raw[cell], was),
                what_if_text(sheet.dataset, cell, value, is));
    what_if_remember(what);
    for (int k = 0; k < cells; k++)
        what->raw[cell + k] = value;
    return put(&sheet, error);
}

static void explain(ViewContext *context, StText *out) {
    StError error = {0};
    Sheet sheet = draw_sheet(context, &error);
    char name[80], value[48], was[48];
    if (!sheet.ready) return;
    DrawState *state = sheet.state;
    int64_t cell = sheet.picture
                       ? ((int64_t)state->row * sheet.canvas.width + state->column) * sheet.canvas.channels
                       : state->table.selected;
    if (cell >= state->what.cells) return;
    st_text_format(out, "%s is %s; in the row it is %s.", draw_cell_name(&sheet, cell, name),
                   what_if_text(sheet.dataset, cell, state->what.raw[cell], value),
                   what_if_text(sheet.dataset, cell, state->what.row[cell], was));
    int64_t size;
    const double *saliency = sheet.found ? st_finding_values(sheet.found, "saliency", &size) : NULL;
    if (saliency && size == state->what.cells)
        st_text_format(out,
                       " The answer's score changes by %.3g for each unit of it, as the network takes it.",
                       saliency[cell]);
}

static void close(void *of) {
    DrawState *state = of;
    what_if_free(&state->what);
    free(state->pixels);
}

static int rows(const ViewContext *context) {
    (void)context;
    return 24;
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "press enter", "pen, value",
     "On a picture: the pen down or up; in a table: types a value"},
    {'c', "what_if clear", "clear", "An empty canvas; of a table: the row as the data has it"},
    {'x', "what_if row", "the row", "Back to the row as the data has it"},
    {'z', "what_if undo", "undo", "Takes the last stroke or change back"},
    {UI_KEY_LEFT, "press left", NULL,
     "Moves the cursor, drawing where the pen is down; or makes a value less"},
    {UI_KEY_RIGHT, "press right", NULL, "The same to the right; or makes a value greater"},
    {UI_KEY_UP, "press up", NULL, "The same upwards; or the feature above"},
    {UI_KEY_DOWN, "press down", NULL, "The same downwards; or the feature below"},
    {UI_KEY_DELETE, "press del", NULL, "Erases what is under the cursor; or puts the row's value back"},
    {UI_KEY_BACKSPACE, "press backspace", NULL, "The same as del"},
    INSIDE_MOVES,
    {0}};

const View view_draw = {.name = "draw",
                        .inside = 'D',
                        .question = "What does it make of what I draw or change?",
                        .title = "Draw",
                        .help = "An example to draw or to change, and the answer that follows",
                        .bindings = bindings,
                        .state_size = sizeof(DrawState),
                        .draw = draw_view,
                        .press = press,
                        .mouse = mouse,
                        .explain = explain,
                        .rows = rows,
                        .command = command,
                        .close = close};
