/* Help: lies over a view and shows the keys that work there, what is under its cursor, and the common keys;
 * all from the tables that the keys themselves run by. Typing searches. */
#include "help_topics.h"
#include "workbench_inside.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_FILTER = 40, HELP_ROWS = 512, KEY_W = 13, COMMAND_X = 45, LINE_W = 80, HEAD_W = 60 };

typedef enum HelpRow { ROW_HEADING, ROW_KEY, ROW_TEXT } HelpRow;

typedef struct HelpState {
    StText text; /* what the rows point into, by offset */
    int count;
    struct {
        HelpRow kind;
        size_t key, text, command; /* offsets; key and command of ROW_KEY alone */
    } row[HELP_ROWS];
    char filter[HELP_FILTER];
    int scroll, height; /* rows that the whole took when it was last drawn */
} HelpState;

static void help_clear(HelpState *state) {
    st_text_clear(&state->text);
    state->count = state->scroll = 0;
    state->filter[0] = '\0';
}

static size_t keep(HelpState *state, const char *string, size_t length) {
    size_t at = state->text.length;
    st_text_add_bytes(&state->text, string, length);
    st_text_add_bytes(&state->text, "", 1);
    return at;
}

static void add_row(HelpState *state, HelpRow kind, const char *key, const char *text, size_t length) {
    if (state->count == HELP_ROWS) return;
    size_t at_key = keep(state, key, strlen(key)), at_text = keep(state, text, length);
    if (state->text.failed) return;
    state->row[state->count].kind = kind;
    state->row[state->count].key = at_key;
    state->row[state->count++].text = at_text;
}

static void add_lines(HelpState *state, const char *text) {
    while (*text) {
        size_t length = strcspn(text, "\n");
        add_row(state, ROW_TEXT, "", text, length);
        text += length + (text[length] == '\n');
    }
}

/* The line that a key runs; what a view does by itself is typed as "press KEY". */
static void line_of(const Session *session, const UiBinding *row, char line[LINE_W]) {
    char verb[40], name[UI_KEY_NAME];
    snprintf(verb, sizeof verb, "%.*s", (int)strcspn(row->command, " "), row->command);
    if (*row->command == ':' || command_find(session, verb, NULL))
        snprintf(line, LINE_W, "%s", row->command + (*row->command == ':'));
    else
        snprintf(line, LINE_W, "press %s", ui_key_name(row->key, name));
}

/* Rows that follow each other and say the same share one line. */
static void add_keys(HelpState *state, const Session *session, const UiBinding *table,
                     const UiBinding *hidden_by) {
    char keys[80], name[UI_KEY_NAME], line[LINE_W];
    for (const UiBinding *row = table; row && row->key; row++) {
        if (hidden_by && ui_keymap_find(hidden_by, row->key)) continue;
        snprintf(keys, sizeof keys, "%s", ui_key_name(row->key, name));
        while (row[1].key && !strcmp(row[1].help, row->help)) {
            row++;
            size_t length = strlen(keys);
            snprintf(keys + length, sizeof keys - length, " %s", ui_key_name(row->key, name));
        }
        line_of(session, row, line);
        add_row(state, ROW_KEY, keys, row->help, strlen(row->help));
        if (state->count) state->row[state->count - 1].command = keep(state, line, strlen(line));
    }
}

void help_about(void *of, const View *view, const UiBinding *common, ViewContext *context) {
    HelpState *state = of;
    StText here = {0};
    char heading[240];
    help_clear(state);
    snprintf(heading, sizeof heading, "%s: %s", view->title, view->help);
    add_row(state, ROW_HEADING, "", heading, strlen(heading));
    add_keys(state, context->session, view->bindings, NULL);
    if (view->explain && context->state) view->explain(context, &here);
    if (context->found) help_studies(view->name, context->found->ask.study, &here);
    if (here.length) {
        add_row(state, ROW_HEADING, "", "Under the cursor", 16);
        add_lines(state, st_text_string(&here));
    }
    st_text_free(&here);
    add_row(state, ROW_HEADING, "", "Everywhere", 10);
    add_keys(state, context->session, common, view->bindings);
    add_row(state, ROW_HEADING, "", "More", 4);
    add_lines(
        state,
        "Every key runs a line of the language: it stands behind its help and can be typed after "
        "a colon. Loss and metrics in the header are means over the last batches, val is of the last "
        "epoch's end. :help TOPIC explains a layer kind, option, loss, optimizer, metric or command.\n");
}

void help_text(void *of, const char *title, const char *text) {
    HelpState *state = of;
    help_clear(state);
    add_row(state, ROW_HEADING, "", title, strlen(title));
    add_lines(state, text);
}

static bool matches(const HelpState *state, int i) {
    const char *data = state->text.data;
    return strcasestr(data + state->row[i].text, state->filter) ||
           (state->row[i].kind == ROW_KEY && strcasestr(data + state->row[i].command, state->filter)) ||
           strcasestr(data + state->row[i].key, state->filter);
}

/* A heading stands where something under it does. */
static bool shows(const HelpState *state, int i) {
    if (!*state->filter) return true;
    if (state->row[i].kind != ROW_HEADING) return matches(state, i);
    for (int j = i + 1; j < state->count && state->row[j].kind != ROW_HEADING; j++) {
        if (matches(state, j)) return true;
    }
    return false;
}

/* Where the last column of a text in columns begins (two blanks or more stand before it); 0: there are none.
 */
static size_t last_column(const char *text) {
    size_t column = 0;
    for (size_t i = 1; text[i] && i + 1 < HEAD_W; i++) {
        if (text[i] == ' ' && text[i - 1] == ' ' && text[i + 1] && text[i + 1] != ' ') column = i + 1;
    }
    return column;
}

/* Draws a row whose first line stands at y (it may be above the area); returns the lines that it takes. */
static int draw_row(const HelpState *state, UiGrid *grid, UiRect area, int y, int i) {
    const char *text = state->text.data + state->row[i].text, *key = state->text.data + state->row[i].key;
    HelpRow kind = state->row[i].kind;
    int left = kind == ROW_KEY ? KEY_W : kind == ROW_TEXT ? 2 : 0;
    UiInk ink = kind == ROW_HEADING ? UI_TITLE : UI_TEXT;
    int skip = y < 0 ? -y : 0, top = y < 0 ? 0 : y;
    UiRect to = ui_rect(area.x + left, area.y + top, area.w - left, area.h - top);
    if (kind == ROW_KEY && y >= 0 && y < area.h) ui_text_in(grid, area, 2, y, KEY_W - 3, UI_KEY, key);
    if (kind == ROW_KEY && y >= 0 && y < area.h && area.w >= 60 && ui_text_width(text) < COMMAND_X) {
        ui_text(grid, area, KEY_W + COMMAND_X, y, UI_DIM, ":");
        ui_text(grid, area, KEY_W + COMMAND_X + 1, y, UI_DIM, state->text.data + state->row[i].command);
    }
    /* Text in columns keeps them, the last one broken at blanks like all other text. */
    size_t column = kind == ROW_TEXT ? last_column(text) : 0;
    if (column) {
        char head[HEAD_W];
        snprintf(head, sizeof head, "%.*s", (int)column, text);
        int width = ui_text_width(head);
        if (y >= 0 && y < area.h) ui_text(grid, to, 0, 0, ink, head);
        to.x += width, to.w -= width;
        text += column;
    }
    int lines =
        to.w > 0 ? ui_paragraph(grid, to.h > 0 ? to : (UiRect){to.x, to.y, to.w, 0}, ink, skip, text) : 1;
    return lines > 0 ? lines : 1;
}

static void help_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    HelpState *state = context->state;
    if (state->count == 0) {
        if (!context->bench) add_keys(state, context->session, bench_bindings, NULL);
        if (state->count == 0) return;
    }
    if (*state->filter) {
        UiRect line = ui_cut_bottom(&area, 1);
        int x = 1 + ui_text(grid, line, 1, 0, UI_DIM, "search ");
        ui_text(grid, line, x, 0, UI_KEY, state->filter);
        grid->cursor_x = line.x + x + ui_text_width(state->filter);
        grid->cursor_y = line.y;
    }
    area = ui_inset(area, area.w >= 40 ? 1 : 0, 0);
    UiRect edge = ui_cut_right(&area, area.w >= 20 ? 2 : 0); /* of the arrows that say there is more */
    int most = state->height - area.h;
    if (state->scroll > most) state->scroll = most;
    if (state->scroll < 0) state->scroll = 0;
    int y = -state->scroll;
    for (int i = 0; i < state->count; i++) {
        if (!shows(state, i)) continue;
        if (state->row[i].kind == ROW_HEADING && y > -state->scroll) y++;
        y += draw_row(state, grid, area, y, i);
    }
    state->height = y + state->scroll;
    if (*state->filter && state->height == 0)
        ui_print(grid, area, 0, 0, UI_DIM, "nothing found for '%s'", state->filter);
    if (y > area.h) ui_put_glyph(grid, edge, 1, edge.h - 1, UI_GLYPH_DOWN, UI_KEY);
    if (state->scroll > 0) ui_put_glyph(grid, edge, 1, 0, UI_GLYPH_UP, UI_KEY);
}

static bool help_type(HelpState *state, UiKey key) {
    size_t length = strlen(state->filter);
    if (key == UI_KEY_BACKSPACE) {
        if (length == 0) return false;
        state->filter[length - 1] = '\0';
    } else if (key > ' ' && key < 127 && length + 1 < HELP_FILTER) {
        if (length == 0 && (key == '?' || key == 'q' || key == ':')) return false;
        if (length == 0 && key == '/') return true;
        state->filter[length] = (char)key;
        state->filter[length + 1] = '\0';
    } else if (key == ' ' && length > 0 && length + 1 < HELP_FILTER) {
        strcat(state->filter, " ");
    } else {
        return false;
    }
    state->scroll = 0;
    return true;
}

static bool help_press(ViewContext *context, UiKey key) {
    HelpState *state = context->state;
    switch (key) {
    case UI_KEY_UP:
        state->scroll--;
        return true;
    case UI_KEY_DOWN:
        state->scroll++;
        return true;
    case UI_KEY_PGUP:
        state->scroll -= 10;
        return true;
    case UI_KEY_PGDN:
    case ' ':
        if (key == ' ' && *state->filter) return help_type(state, key);
        state->scroll += 10;
        return true;
    case UI_KEY_HOME:
        state->scroll = 0;
        return true;
    case UI_KEY_END:
        state->scroll = 1 << 20;
        return true;
    case UI_KEY_ESCAPE:
        if (!*state->filter) return false;
        state->filter[0] = '\0';
        return true;
    default:
        return help_type(state, key);
    }
}

static bool help_mouse(ViewContext *context, const UiEvent *event) {
    HelpState *state = context->state;
    if (event->mouse == UI_MOUSE_WHEEL_UP) return state->scroll -= 3, true;
    if (event->mouse == UI_MOUSE_WHEEL_DOWN) return state->scroll += 3, true;
    return false;
}

static void help_close(void *of) {
    st_text_free(&((HelpState *)of)->text);
}

const View view_help = {.name = "help",
                        .title = "Help",
                        .help = "the keys, and what is under the cursor",
                        .state_size = sizeof(HelpState),
                        .draw = help_draw,
                        .press = help_press,
                        .mouse = help_mouse,
                        .close = help_close};
