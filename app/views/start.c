/* The start page: samples with a line each, recent files, and a new recipe. */
#include "places.h"
#include "view.h"

#include "table.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { START_MAX = 64, START_LINE = 160, START_ABOUT = 800, ABOUT_ROWS = 5 };

typedef enum StartKind { START_SAMPLE, START_RECENT, START_NEW } StartKind;

typedef struct StartEntry {
    StartKind kind;
    char path[PLACE_PATH];
    char text[START_LINE];   /* the recipe's first comment line */
    char about[START_ABOUT]; /* all of them, as one text */
} StartEntry;

typedef struct StartState {
    struct timespec read; /* when the list of recent files was changed that was read; 0: never */
    int count;
    StartEntry *entry; /* [START_MAX] */
    UiTableState table;
} StartState;

/* The leading comment lines of a recipe, without their marks: the first, and all of them. */
static void read_about(const char *path, StartEntry *entry) {
    char line[START_ABOUT];
    size_t length = 0;
    FILE *file = fopen(path, "r");
    if (!file) return;
    while (fgets(line, sizeof line, file) && line[0] == '#') {
        char *from = line + strspn(line, "# \t");
        from[strcspn(from, "\r\n")] = '\0';
        if (!*entry->text) snprintf(entry->text, START_LINE, "%.*s", START_LINE - 1, from);
        length +=
            (size_t)snprintf(entry->about + length, START_ABOUT - length, "%s%s", length ? "\n" : "", from);
        if (length >= START_ABOUT) break;
    }
    fclose(file);
}

static StartEntry *add(StartState *state, StartKind kind, const char *path) {
    if (state->count == START_MAX) return NULL;
    StartEntry *entry = &state->entry[state->count++];
    *entry = (StartEntry){.kind = kind};
    snprintf(entry->path, sizeof entry->path, "%.*s", PLACE_PATH - 1, path);
    if (*path) read_about(path, entry);
    return entry;
}

static void add_samples(StartState *state) {
    char folder[PLACE_PATH - 16], pattern[PLACE_PATH];
    glob_t found;
    if (!place_samples(folder, sizeof folder)) return;
    snprintf(pattern, sizeof pattern, "%s/*.strata", folder);
    if (glob(pattern, 0, NULL, &found)) return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (strlen(found.gl_pathv[i]) < PLACE_PATH) add(state, START_SAMPLE, found.gl_pathv[i]);
    }
    globfree(&found);
}

static void read_entries(StartState *state) {
    char recent[RECENT_MAX][PLACE_PATH];
    if (!state->entry) state->entry = calloc(START_MAX, sizeof *state->entry);
    if (!state->entry) return;
    state->count = state->table.selected = state->table.top = 0;
    int recents = place_recent(recent, RECENT_MAX);
    for (int i = 0; i < recents && i < 5; i++)
        add(state, START_RECENT, recent[i]);
    add_samples(state);
    StartEntry *entry = add(state, START_NEW, "");
    if (entry) snprintf(entry->text, sizeof entry->text, "an empty recipe");
}

static const UiColumn columns[] = {
    {"", 6, .priority = 2}, {"", 20, .priority = 0}, {"", 20, .stretch = true, .priority = 1}};

static void cell(void *of, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    static const char *const kinds[] = {"sample", "recent", "new"};
    const StartState *state = of;
    const StartEntry *entry = &state->entry[row];
    const char *slash = strrchr(entry->path, '/');
    bool first = row == 0 || state->entry[row - 1].kind != entry->kind;
    text[0] = '\0';
    if (column == 0 && first) {
        snprintf(text, UI_CELL_TEXT, "%s", kinds[entry->kind]);
        *ink = UI_TITLE;
    } else if (column == 1) {
        const char *name = entry->kind == START_NEW ? "untitled" : slash ? slash + 1 : entry->path;
        snprintf(text, UI_CELL_TEXT, "%.*s", UI_CELL_TEXT - 1, name);
    } else if (column == 2) {
        bool folder = entry->kind == START_RECENT && slash; /* names may be alike: where it stands */
        if (folder)
            snprintf(text, UI_CELL_TEXT, "%.*s", (int)(slash - entry->path + 1), entry->path);
        else
            snprintf(text, UI_CELL_TEXT, "%.*s", UI_CELL_TEXT - 1, *entry->text ? entry->text : entry->path);
        *ink = UI_DIM;
    }
}

static UiTable start_table(StartState *state) {
    return (UiTable){.column = columns,
                     .columns = 3,
                     .rows = state->count,
                     .context = state,
                     .cell = cell,
                     .empty = "no samples were found: o opens a recipe, n begins one"};
}

/* The list is read anew where a file was opened or saved since. */
static void refresh(StartState *state) {
    char list[PLACE_PATH];
    struct stat about;
    struct timespec changed = {.tv_nsec = 1};
    if (place_state("recent", list, sizeof list) && stat(list, &about) == 0) changed = about.st_mtim;
    if (changed.tv_sec == state->read.tv_sec && changed.tv_nsec == state->read.tv_nsec) return;
    state->read = changed;
    read_entries(state);
}

static void start_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    StartState *state = context->state;
    refresh(state);
    bool roomy = area.h >= 14 && area.w >= 50;
    UiTable table = start_table(state);
    if (roomy) {
        UiRect head = ui_cut_top(&area, 2);
        ui_text(grid, head, 2, 0, UI_TITLE, "Strata");
        ui_text(grid, head, 10, 0, UI_DIM, "stack layers, train, and watch until it makes sense");
    }
    state->table.sort_column = -1;
    UiRect list = ui_inset(area, roomy ? 2 : 0, 0), about = {0};
    if (roomy && area.h >= 15) about = ui_cut_bottom(&list, ABOUT_ROWS);
    list.h = list.h < state->count + 1 ? list.h : state->count + 1;
    ui_table_draw(grid, list, &table, &state->table, context->live);
    int at = state->table.selected;
    if (about.h && at >= 0 && at < state->count) {
        ui_rule(grid, about, 0, NULL);
        ui_cut_top(&about, 1);
        ui_paragraph(grid, about, UI_TEXT, 0, state->entry[at].about);
    }
}

static bool open_selected(ViewContext *context) {
    StartState *state = context->state;
    if (state->table.selected < 0 || state->table.selected >= state->count) return true;
    const StartEntry *entry = &state->entry[state->table.selected];
    StText line = {0};
    if (entry->kind == START_NEW) {
        context->run(context->bench, "new");
        return true;
    }
    st_text_add(&line, "open ");
    st_text_word(&line, entry->path);
    context->run(context->bench, st_text_string(&line));
    st_text_free(&line);
    return true;
}

static bool start_press(ViewContext *context, UiKey key) {
    StartState *state = context->state;
    UiTable table = start_table(state);
    if (!context->run) return false;
    if (key == UI_KEY_ENTER || key == ' ') return open_selected(context);
    return key != 'g' && ui_table_key(&table, &state->table, key);
}

static bool start_mouse(ViewContext *context, const UiEvent *event) {
    StartState *state = context->state;
    UiTable table = start_table(state);
    int before = state->table.selected;
    if (!ui_table_mouse(&table, &state->table, event)) return false;
    bool again = event->mouse == UI_MOUSE_PRESS && state->table.selected == before;
    return again ? open_selected(context) : true;
}

static void start_explain(ViewContext *context, StText *out) {
    (void)context;
    st_text_add(out,
                "A recipe (*.strata) is a whole experiment on one page: data, layers, optimizer, how long "
                "to train. Enter opens the one under the cursor; nothing trains until you press space.\n");
}

static void start_close(void *of) {
    free(((StartState *)of)->entry);
}

static const UiBinding bindings[] = {{UI_KEY_ENTER, "press enter", "open", "opens what is under the cursor"},
                                     {0}};

const View view_start = {.name = "start",
                         .title = "Start",
                         .help = "samples, recent files, and a new recipe",
                         .bindings = bindings,
                         .state_size = sizeof(StartState),
                         .draw = start_draw,
                         .press = start_press,
                         .mouse = start_mouse,
                         .explain = start_explain,
                         .close = start_close};
