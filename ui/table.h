/* Tables: columns that drop out when it is narrow, rows through a callback, a
 * selection, scrolling and sorting. */
#ifndef UI_TABLE_H
#define UI_TABLE_H

#include "event.h"
#include "grid.h"

typedef struct UiColumn {
    const char *title;
    int width;    /* columns without the gap; at least the title is cut to it */
    bool right;   /* figures: aligned to the right */
    bool stretch; /* takes what is left over (shared by all such columns) */
    int priority; /* 0 stays longest; the highest number drops out first */
} UiColumn;

enum { UI_COLUMNS_MAX = 32, UI_CELL_TEXT = 128 };

typedef struct UiTable {
    const UiColumn *column;
    int columns, rows;
    int gap; /* blanks between columns; 0: 2 */
    void *context;
    /* The text of a cell and its ink (preset to UI_TEXT). */
    void (*cell)(void *context, int row, int column, char text[UI_CELL_TEXT], UiInk *ink);
    /* NULL, or draws a cell itself (a sparkline, a strip) and returns true. */
    bool (*draw)(void *context, UiGrid *grid, UiRect area, int row, int column);
    const char *empty; /* what is said where there is no row: how to fill it */
} UiTable;

/* Start with {0}, sort_column -1 or a column. The owner keeps it between frames. */
typedef struct UiTableState {
    int selected, top;
    int sort_column; /* drawn with an arrow; sorting itself is the owner's; -1: none */
    bool descending;
    UiRect body; /* of the last drawing, to map clicks; and the page size */
    UiRect head;
    int x[UI_COLUMNS_MAX], w[UI_COLUMNS_MAX]; /* w 0: dropped out */
} UiTableState;

/* Row 0 holds the titles (left out where the area has one row). focused: the selection is drawn as focus,
 * otherwise marked faintly. */
void ui_table_draw(UiGrid *grid, UiRect area, const UiTable *table, UiTableState *state, bool focused);
/* up down pgup pgdn home end, j k g G; true where the key was used. */
bool ui_table_key(const UiTable *table, UiTableState *state, UiKey key);
/* Wheel and click; returns true where it was used. A click selects; a click on a title sorts by it (again:
 * the other way round). */
bool ui_table_mouse(const UiTable *table, UiTableState *state, const UiEvent *event);
/* Steps the sort to the next (+1) or previous (-1) visible column. */
void ui_table_sort_step(const UiTable *table, UiTableState *state, int step);

#endif
