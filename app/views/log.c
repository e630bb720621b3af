/* The log: what was said, and what anybody wrote to standard error. */
#include "workbench_inside.h"

typedef struct LogState {
    int scroll; /* lines back from the newest */
} LogState;

static void log_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    LogState *state = context->state;
    const Bench *bench = context->bench;
    if (!bench || bench->log.count == 0) {
        ui_print_center(grid, area, area.h / 2, UI_DIM, "nothing was said yet");
        return;
    }
    if (area.h >= 6) {
        UiRect head = ui_cut_top(&area, 1);
        ui_text(grid, head, 1, 0, UI_TITLE, "LOG");
        ui_text(grid, head, 6, 0, UI_DIM, "messages, and what was written to standard error");
    }
    if (state->scroll > bench->log.count - 1) state->scroll = bench->log.count - 1;
    ui_log_draw(grid, ui_inset(area, 1, 0), &bench->log, state->scroll);
}

static bool log_scroll(LogState *state, int by) {
    state->scroll = state->scroll + by < 0 ? 0 : state->scroll + by;
    return true;
}

static bool log_press(ViewContext *context, UiKey key) {
    LogState *state = context->state;
    switch (key) {
    case UI_KEY_UP:
        return log_scroll(state, 1);
    case UI_KEY_DOWN:
        return log_scroll(state, -1);
    case UI_KEY_PGUP:
        return log_scroll(state, 10);
    case UI_KEY_PGDN:
        return log_scroll(state, -10);
    case UI_KEY_END:
        return log_scroll(state, -UI_LOG_LINES);
    case UI_KEY_HOME:
        return log_scroll(state, UI_LOG_LINES);
    default:
        return false;
    }
}

static bool log_mouse(ViewContext *context, const UiEvent *event) {
    if (event->mouse == UI_MOUSE_WHEEL_UP) return log_scroll(context->state, 3);
    if (event->mouse == UI_MOUSE_WHEEL_DOWN) return log_scroll(context->state, -3);
    return false;
}

static void log_explain(ViewContext *context, StText *out) {
    (void)context;
    st_text_add(out, "Everything that libraries write to standard error is caught here, so that it can't "
                     "spoil the screen; and every message of the workbench, with its time.\n");
}

static const UiBinding bindings[] = {{UI_KEY_UP, "press up", "scroll", "goes back"},
                                     {UI_KEY_DOWN, "press down", "scroll", "goes forward"},
                                     {UI_KEY_ESCAPE, "view overview", "back", "goes to the overview"},
                                     {0}};

const View view_log = {.name = "log",
                       .title = "Log",
                       .help = "what was said, and what was written to standard error",
                       .bindings = bindings,
                       .state_size = sizeof(LogState),
                       .draw = log_draw,
                       .press = log_press,
                       .mouse = log_mouse,
                       .explain = log_explain};
