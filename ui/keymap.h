/* Tables of key bindings, and the line of hints made from them. */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include "event.h"
#include "grid.h"

/* One row a key: what it does is a line of the program's language. A table ends with a row whose key is 0. */
typedef struct UiBinding {
    UiKey key;
    const char *command; /* the line that it runs */
    const char *hint;    /* a word or two for the line of hints; NULL: not shown there */
    const char *help;    /* one sentence without a full stop */
} UiBinding;

const UiBinding *ui_keymap_find(const UiBinding *table, UiKey key);
/* Index of the first row whose key stands in an earlier row or that lacks command or help; -1: none. */
int ui_keymap_fault(const UiBinding *table);

enum { UI_HINTS_MAX = 32 };

/* Where each hint was drawn, so that a click gives its key. */
typedef struct UiHints {
    int count, y;
    struct {
        int x0, x1; /* x1 is one past the end */
        UiKey key;
    } at[UI_HINTS_MAX];
} UiHints;

/* Draws "key word   key word …" on row y of the area: the hints of the first table, then of the second
 * (either may be NULL), as many as fit whole; the earlier come first. A hint whose word stands already on the
 * line shares it: two rows "+" "rate" and "-" "rate" that follow each other are drawn "+ - rate". */
void ui_hints_draw(UiGrid *grid, UiRect area, int y, const UiBinding *first, const UiBinding *second,
                   UiHints *hints);
/* The key under a click, or 0. */
UiKey ui_hints_at(const UiHints *hints, int x, int y);

#endif
