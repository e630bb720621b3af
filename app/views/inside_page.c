/* The page Inside: every question that can be asked of the network, each with the key of the view that
 * answers it. */
#include "inside.h"

#include "table.h"

#include <stdio.h>
#include <string.h>

static const View *question_at(int index) {
    for (int i = 0; views[i]; i++)
        if (views[i]->inside && index-- == 0) return views[i];
    return NULL;
}

static int questions(void) {
    int count = 0;
    while (question_at(count))
        count++;
    return count;
}

static void cell(void *context, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    (void)context;
    const View *view = question_at(row);
    text[0] = '\0';
    if (column == 0) snprintf(text, UI_CELL_TEXT, "%c", (int)view->inside), *ink = UI_KEY;
    if (column == 1) snprintf(text, UI_CELL_TEXT, "%s", view->question ? view->question : view->title);
    if (column == 2) snprintf(text, UI_CELL_TEXT, "%s", view->title), *ink = UI_DIM;
}

static const UiColumn columns[] = {
    {"", 1, .priority = 0}, {"question", 20, .stretch = true, .priority = 0}, {"view", 12, .priority = 1}};

static UiTable table_of(void) {
    return (UiTable){.column = columns, .columns = 3, .rows = questions(), .cell = cell};
}

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    UiTableState *state = context->state;
    UiTable table = table_of();
    state->sort_column = -1;
    if (area.h >= questions() + 4) {
        UiRect head = ui_cut_top(&area, 2);
        ui_text(grid, head, 1, 0, UI_TITLE, "LOOK INSIDE");
        ui_text_in(grid, head, 14, 0, head.w - 15, UI_DIM,
                   "while it trains or at rest; capitals go from one to another");
    }
    bool roomy = area.h >= questions() + 4;
    UiRect about = roomy ? ui_cut_bottom(&area, area.h - questions() - 1) : (UiRect){0};
    ui_table_draw(grid, ui_inset(area, 1, 0), &table, state, context->live);
    const View *view = question_at(state->selected);
    if (!about.h || !view) return;
    ui_cut_top(&about, 1);
    ui_rule(grid, about, 0, view->title);
    ui_cut_top(&about, 1);
    ui_paragraph(grid, ui_inset(about, 1, 0), UI_DIM, 0, view->help);
}

static bool open_selected(ViewContext *context) {
    const UiTableState *state = context->state;
    const View *view = question_at(state->selected);
    char line[64];
    if (!view) return true;
    snprintf(line, sizeof line, "view %s", view->name);
    return context->run(context->bench, line), true;
}

static bool press(ViewContext *context, UiKey key) {
    UiTable table = table_of();
    if (key == UI_KEY_ENTER) return open_selected(context);
    bool moves =
        key == UI_KEY_UP || key == UI_KEY_DOWN || key == UI_KEY_PGUP || key == UI_KEY_PGDN || key == 'j';
    return moves && ui_table_key(&table, context->state, key);
}

static bool mouse(ViewContext *context, const UiEvent *event) {
    UiTable table = table_of();
    UiTableState *state = context->state;
    int before = state->selected;
    if (!ui_table_mouse(&table, state, event)) return false;
    return event->mouse == UI_MOUSE_PRESS && state->selected == before ? open_selected(context) : true;
}

static int rows(const ViewContext *context) {
    (void)context;
    return questions() + 3;
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "press enter", "open", "Opens the question under the cursor"},
    {UI_KEY_DOWN, "press down", "choose", "The next question"},
    {UI_KEY_UP, "press up", "choose", "The previous question"},
    {0}};

const View view_inside = {.name = "inside",
                          .key = '6',
                          .title = "Inside",
                          .help = "Every question that can be asked of the network",
                          .bindings = bindings,
                          .state_size = sizeof(UiTableState),
                          .draw = draw,
                          .press = press,
                          .mouse = mouse,
                          .rows = rows};
