#include "keymap.h"

#include <stdio.h>
#include <string.h>

static const char *const NAME[] = {
#define KEY_ROW(id, name) name,
    UI_KEYS(KEY_ROW)
#undef KEY_ROW
};

enum { NAMES = sizeof NAME / sizeof *NAME };

char *ui_key_name(UiKey key, char out[UI_KEY_NAME]) {
    UiKey base = key & UI_KEY_MASK;
    int n = snprintf(out, UI_KEY_NAME, "%s%s%s", key & UI_CTRL ? "ctrl-" : "", key & UI_ALT ? "alt-" : "",
                     key & UI_SHIFT ? "shift-" : "");
    if (base == ' ')
        strcpy(out + n, "space");
    else if (base > UI_KEY_NAMED && base < UI_KEY_END_OF_NAMES)
        strcpy(out + n, NAME[base - UI_KEY_NAMED - 1]);
    else if (base > ' ' && base < UI_KEY_NAMED)
        ui_utf8_put(base, out + n);
    else
        strcpy(out + n, "?");
    return out;
}

UiKey ui_key_parse(const char *name) {
    static const struct {
        const char *prefix;
        UiKey flag;
    } part[] = {{"ctrl-", UI_CTRL}, {"alt-", UI_ALT}, {"shift-", UI_SHIFT}};
    UiKey flags = 0;
    for (size_t i = 0; i < 3; i++)
        if (strncmp(name, part[i].prefix, strlen(part[i].prefix)) == 0)
            flags |= part[i].flag, name += strlen(part[i].prefix);
    if (strcmp(name, "space") == 0) return flags | ' ';
    for (UiKey i = 0; i < NAMES; i++)
        if (strcmp(name, NAME[i]) == 0) return flags | (UI_KEY_NAMED + 1 + i);
    uint32_t c = ui_utf8_next(&name);
    return c > ' ' && c != 0xFFFD && *name == '\0' ? flags | c : 0;
}

const UiBinding *ui_keymap_find(const UiBinding *table, UiKey key) {
    for (; table != NULL && table->key != 0; table++)
        if (table->key == key) return table;
    return NULL;
}

int ui_keymap_fault(const UiBinding *table) {
    for (int i = 0; table[i].key != 0; i++)
        if (ui_keymap_find(table, table[i].key) != &table[i] || !table[i].command || !table[i].command[0] ||
            !table[i].help || !table[i].help[0])
            return i;
    return -1;
}

/* One hint: the rows from `row` that follow each other and share its word. Returns how many rows. */
static int hint_rows(const UiBinding *row, int *width) {
    char name[UI_KEY_NAME];
    int rows = 0;
    *width = ui_text_width(row->hint);
    while (row[rows].key != 0 && row[rows].hint != NULL && strcmp(row[rows].hint, row->hint) == 0)
        *width += ui_text_width(ui_key_name(row[rows++].key, name)) + 1;
    return rows;
}

static int hint_draw(UiGrid *grid, UiRect area, int x, int y, const UiBinding *row, int rows,
                     UiHints *hints) {
    char name[UI_KEY_NAME];
    for (int i = 0; i < rows; i++) {
        int x0 = x;
        x += ui_text(grid, area, x, y, UI_KEY, ui_key_name(row[i].key, name)) + 1;
        int end = i == rows - 1 ? x + ui_text_width(row->hint) : x; /* the word belongs to the last key */
        if (hints->count < UI_HINTS_MAX) {
            hints->at[hints->count].x0 = area.x + x0;
            hints->at[hints->count].x1 = area.x + end;
            hints->at[hints->count++].key = row[i].key;
        }
    }
    return x + ui_text(grid, area, x, y, UI_DIM, row->hint) + 3;
}

void ui_hints_draw(UiGrid *grid, UiRect area, int y, const UiBinding *first, const UiBinding *second,
                   UiHints *hints) {
    const UiBinding *table[] = {first, second};
    int x = 0, width;
    *hints = (UiHints){.y = area.y + y};
    if (y < 0 || y >= area.h) return;
    for (int t = 0; t < 2; t++)
        for (const UiBinding *row = table[t]; row != NULL && row->key != 0;) {
            if (row->hint == NULL) {
                row++;
                continue;
            }
            int rows = hint_rows(row, &width);
            bool shadowed = t == 1 && first != NULL && ui_keymap_find(first, row->key) != NULL;
            if (!shadowed && x + width <= area.w) x = hint_draw(grid, area, x, y, row, rows, hints);
            row += rows;
        }
}

UiKey ui_hints_at(const UiHints *hints, int x, int y) {
    for (int i = 0; i < hints->count && y == hints->y; i++)
        if (x >= hints->at[i].x0 && x < hints->at[i].x1) return hints->at[i].key;
    return 0;
}
