#include "table.h"

#include <string.h>

enum { MARKER = 2, MARKED_FROM = 16 };

static int gap_of(const UiTable *table) {
    return table->gap > 0 ? table->gap : 2;
}

/* Which columns are shown, where, and how wide: the highest priority number drops out first (of equal ones
 * the rightmost), the last one left is cut. */
static void lay_out(const UiTable *table, UiTableState *state, int from, int width) {
    int n = table->columns < UI_COLUMNS_MAX ? table->columns : UI_COLUMNS_MAX, left = n, stretch = 0;
    for (int i = 0; i < n; i++)
        state->w[i] = table->column[i].width > 0 ? table->column[i].width : 1;
    for (;;) {
        int all = -gap_of(table), worst = -1;
        for (int i = 0; i < n; i++) {
            if (state->w[i] == 0) continue;
            all += state->w[i] + gap_of(table);
            if (worst < 0 || table->column[i].priority >= table->column[worst].priority) worst = i;
        }
        if (all <= width || left <= 1) {
            if (left == 1 && worst >= 0 && all > width) state->w[worst] = width;
            width -= all;
            break;
        }
        state->w[worst] = 0, left--;
    }
    for (int i = 0; i < n; i++)
        stretch += state->w[i] > 0 && table->column[i].stretch;
    for (int i = 0, x = from; i < n; i++) {
        if (state->w[i] <= 0) continue;
        if (table->column[i].stretch && width > 0) {
            int more = width / stretch--;
            state->w[i] += more, width -= more;
        }
        state->x[i] = x;
        x += state->w[i] + gap_of(table);
    }
}

static void keep_visible(const UiTable *table, UiTableState *state) {
    int page = state->body.h > 0 ? state->body.h : 1;
    if (state->selected >= table->rows) state->selected = table->rows - 1;
    if (state->selected < 0) state->selected = 0;
    if (state->top > state->selected) state->top = state->selected;
    if (state->top < state->selected - page + 1) state->top = state->selected - page + 1;
    if (state->top > table->rows - page) state->top = table->rows - page;
    if (state->top < 0) state->top = 0;
}

static void draw_field(UiGrid *grid, UiRect cell, bool right, UiInk ink, const char *text) {
    if (right && ui_text_width(text) <= cell.w)
        ui_print_right(grid, cell, cell.w, 0, ink, "%s", text);
    else
        ui_text(grid, cell, 0, 0, ink, text);
}

static void draw_titles(UiGrid *grid, const UiTable *table, const UiTableState *state) {
    UiLadder ladder = grid->look.ladder;
    for (int i = 0; i < table->columns && i < UI_COLUMNS_MAX; i++) {
        if (state->w[i] <= 0) continue;
        UiRect cell = {state->head.x + state->x[i], state->head.y, state->w[i], 1};
        if (i != state->sort_column) {
            draw_field(grid, cell, table->column[i].right, UI_DIM, table->column[i].title);
            continue;
        }
        char title[UI_CELL_TEXT], arrow[5];
        ui_utf8_put(ui_glyph(ladder, state->descending ? UI_GLYPH_DOWN : UI_GLYPH_UP), arrow);
        size_t n = strlen(table->column[i].title), most = sizeof title - sizeof arrow;
        memcpy(title, table->column[i].title, n < most ? n : most);
        strcpy(title + (n < most ? n : most), arrow);
        draw_field(grid, cell, table->column[i].right, UI_TITLE, title);
    }
}

static void draw_row(UiGrid *grid, UiRect line, const UiTable *table, const UiTableState *state, int row) {
    for (int i = 0; i < table->columns && i < UI_COLUMNS_MAX; i++) {
        if (state->w[i] <= 0) continue;
        UiRect cell = ui_rect_clip((UiRect){line.x + state->x[i], line.y, state->w[i], 1}, line);
        if (table->draw != NULL && table->draw(table->context, grid, cell, row, i)) continue;
        char text[UI_CELL_TEXT] = "";
        UiInk ink = UI_TEXT;
        table->cell(table->context, row, i, text, &ink);
        draw_field(grid, cell, table->column[i].right, ink, text);
    }
}

void ui_table_draw(UiGrid *grid, UiRect area, const UiTable *table, UiTableState *state, bool focused) {
    int marker = area.w >= MARKED_FROM ? MARKER : 0;
    UiRect rest = area;
    state->head = ui_cut_top(&rest, area.h > 1 ? 1 : 0);
    state->body = rest;
    bool scrolls = table->rows > rest.h && area.w >= MARKED_FROM;
    lay_out(table, state, marker, area.w - marker - (scrolls ? 2 : 0));
    keep_visible(table, state);
    if (state->head.h > 0) draw_titles(grid, table, state);
    if (table->rows == 0 && table->empty != NULL)
        ui_paragraph(grid, ui_inset(rest, marker, 0), UI_DIM, 0, table->empty);
    for (int y = 0; y < rest.h && state->top + y < table->rows; y++) {
        int row = state->top + y;
        UiRect line = {rest.x, rest.y + y, rest.w, 1};
        if (row == state->selected && focused) ui_fill(grid, line, UI_FOCUS);
        if (row == state->selected && marker)
            ui_put_glyph(grid, line, 0, 0, UI_GLYPH_RIGHT, focused ? UI_FOCUS : UI_DIM);
        draw_row(grid, line, table, state, row);
    }
    if (!scrolls) return;
    if (state->top > 0) ui_put_glyph(grid, rest, rest.w - 1, 0, UI_GLYPH_UP, UI_DIM);
    if (state->top + rest.h < table->rows)
        ui_put_glyph(grid, rest, rest.w - 1, rest.h - 1, UI_GLYPH_DOWN, UI_DIM);
}

bool ui_table_key(const UiTable *table, UiTableState *state, UiKey key) {
    int page = state->body.h > 1 ? state->body.h - 1 : 1;
    switch (key) {
    case UI_KEY_UP:
    case 'k':
        state->selected--;
        break;
    case UI_KEY_DOWN:
    case 'j':
        state->selected++;
        break;
    case UI_KEY_PGUP:
        state->selected -= page;
        break;
    case UI_KEY_PGDN:
        state->selected += page;
        break;
    case UI_KEY_HOME:
    case 'g':
        state->selected = 0;
        break;
    case UI_KEY_END:
    case 'G':
        state->selected = table->rows - 1;
        break;
    default:
        return false;
    }
    keep_visible(table, state);
    return true;
}

static void sort_by(UiTableState *state, int column) {
    state->descending = state->sort_column == column && !state->descending;
    state->sort_column = column;
}

bool ui_table_mouse(const UiTable *table, UiTableState *state, const UiEvent *event) {
    bool over = ui_rect_has(state->body, event->x, event->y);
    if (event->mouse == UI_MOUSE_WHEEL_UP || event->mouse == UI_MOUSE_WHEEL_DOWN) {
        if (!over) return false;
        state->selected += event->mouse == UI_MOUSE_WHEEL_UP ? -3 : 3;
        keep_visible(table, state);
        return true;
    }
    if (event->mouse != UI_MOUSE_PRESS && !(event->mouse == UI_MOUSE_DRAG && over)) return false;
    if (over) {
        int row = state->top + event->y - state->body.y;
        if (row < table->rows) state->selected = row;
        return true;
    }
    if (!ui_rect_has(state->head, event->x, event->y)) return false;
    int x = event->x - state->head.x;
    for (int i = 0; i < table->columns && i < UI_COLUMNS_MAX; i++)
        if (state->w[i] > 0 && x >= state->x[i] && x < state->x[i] + state->w[i]) sort_by(state, i);
    return true;
}

void ui_table_sort_step(const UiTable *table, UiTableState *state, int step) {
    int n = table->columns < UI_COLUMNS_MAX ? table->columns : UI_COLUMNS_MAX, at = state->sort_column;
    for (int tries = 0; tries < n; tries++) {
        at = ((at < 0 && step < 0 ? 0 : at) + step + n) % n;
        if (state->w[at] <= 0) continue;
        state->sort_column = at;
        return;
    }
}
