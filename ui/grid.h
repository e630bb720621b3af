/* A grid of cells: what a view draws onto. Pure memory; the screen shows it, a
 * pipe or a test prints it as text.
 *
 * Every drawing function takes the area it may write to; x and y count from the
 * area's corner. Nothing wraps, nothing is written outside the area or the
 * grid; text that does not fit ends in '…'. Areas may be empty or negative in
 * size: then nothing is drawn, so no caller need check for small screens. */
#ifndef UI_GRID_H
#define UI_GRID_H

#include "theme.h"
#include <stdarg.h>

typedef struct UiRect {
    int x, y, w, h;
} UiRect;

typedef struct UiCell {
    uint32_t ch; /* a codepoint; 0: the right half of a wide one */
    UiStyle style;
} UiCell;

typedef struct UiGrid {
    int w, h;
    UiLook look;
    int cursor_x, cursor_y; /* where the terminal's cursor shall stand; -1: hidden */
    UiCell *cell;           /* [h][w] */
} UiGrid;

enum { UI_GRID_MAX_W = 1000, UI_GRID_MAX_H = 400 };

/* NULL where memory is short. Sizes are clamped to 1 … the maximum. Blank at first. */
UiGrid *ui_grid_create(int w, int h, UiLook look);
void ui_grid_free(UiGrid *grid);
/* Changes the size and blanks; false (and unchanged) where memory is short. */
bool ui_grid_resize(UiGrid *grid, int w, int h);
void ui_grid_clear(UiGrid *grid);
/* The whole of it as lines of UTF-8, trailing blanks trimmed. The caller frees it; NULL: no memory. */
char *ui_grid_string(const UiGrid *grid);
const UiCell *ui_grid_at(const UiGrid *grid, int x, int y); /* NULL outside */

/* Rectangles. The cuts take up to n rows or columns off *rest and return them. */
UiRect ui_rect(int x, int y, int w, int h);
UiRect ui_grid_rect(const UiGrid *grid);
UiRect ui_cut_top(UiRect *rest, int n);
UiRect ui_cut_bottom(UiRect *rest, int n);
UiRect ui_cut_left(UiRect *rest, int n);
UiRect ui_cut_right(UiRect *rest, int n);
UiRect ui_inset(UiRect rect, int dx, int dy);
UiRect ui_rect_clip(UiRect a, UiRect b);
bool ui_rect_has(UiRect rect, int x, int y); /* in the grid's coordinates */
/* Shares the columns (or rows) out among count parts by weight, gap cells between them. */
void ui_split_columns(UiRect rect, int count, const int *weights, int gap, UiRect *parts);
void ui_split_rows(UiRect rect, int count, const int *weights, int gap, UiRect *parts);

/* One cell. A codepoint that the look cannot show is translated. */
void ui_put(UiGrid *grid, UiRect area, int x, int y, uint32_t codepoint, UiStyle style);
void ui_put_ink(UiGrid *grid, UiRect area, int x, int y, uint32_t codepoint, UiInk ink);
void ui_put_glyph(UiGrid *grid, UiRect area, int x, int y, UiGlyph glyph, UiInk ink);

#define UI_PRINTF(at, first) __attribute__((format(printf, at, first)))

/* Text. Returns the columns that the whole text takes, so x + result is where to go on. A text keeps the
 * ground of the cells it is written on where its ink has none. */
int ui_text(UiGrid *grid, UiRect area, int x, int y, UiInk ink, const char *text);
/* In a field of w columns: cut with '…' where longer. */
int ui_text_in(UiGrid *grid, UiRect area, int x, int y, int w, UiInk ink, const char *text);
int ui_print(UiGrid *grid, UiRect area, int x, int y, UiInk ink, const char *format, ...) UI_PRINTF(6, 7);
/* Ends just before column `end`: for figures that line up. Returns the columns taken. */
int ui_print_right(UiGrid *grid, UiRect area, int end, int y, UiInk ink, const char *format, ...)
    UI_PRINTF(6, 7);
int ui_print_center(UiGrid *grid, UiRect area, int y, UiInk ink, const char *format, ...) UI_PRINTF(5, 6);
/* Text broken at blanks over the rows of the area, the first `skip` rows left out. Returns the rows that the
 * whole would take; '\n' begins a new row. */
int ui_paragraph(UiGrid *grid, UiRect area, UiInk ink, int skip, const char *text);

/* A horizontal rule over the area's row y, with a title in it where one is given. */
void ui_rule(UiGrid *grid, UiRect area, int y, const char *title);
/* Blanks in this ink; clears what was there. */
void ui_fill(UiGrid *grid, UiRect area, UiInk ink);
/* Changes the ink of what is there already (a selected row). Ground and flags only. */
void ui_tint(UiGrid *grid, UiRect area, UiInk ink);

/* Figures of a fixed width, so that a changing one does not shift its neighbours. Writes at most `width`
 * columns, with as many digits as fit up to `digits` significant ones: "0.2131", "1.2e-05", "412k" never
 * longer than width; NaN is "–" (not available), infinities "inf" and "-inf". Returns buffer. */
enum { UI_NUMBER = 40 };
char *ui_number(char buffer[UI_NUMBER], double value, int width, int digits);
/* The two ends of a range with as many places: "-0.0030" and "0.0035", "-1.0e-7" and "9.0e-7"; two digits of
 * the larger. */
void ui_number_ends(char low[UI_NUMBER], char high[UI_NUMBER], double a, double b);
/* Counts with k, M, G, T: "412k", "1.2M", "80". At most five columns. */
char *ui_count(char buffer[UI_NUMBER], double value);

#endif
