/* Small drawings: what stands in a row of a table, heat maps, histograms, maps. */
#ifndef UI_CHART_H
#define UI_CHART_H

#include "grid.h"

/* One row of levels, the newest value at the right; the newest w values are shown. low >= high: fitted. NaN
 * is a blank. */
void ui_sparkline(UiGrid *grid, UiRect area, int x, int y, int w, UiInk ink, const float *v, int count,
                  double low, double high);
/* A horizontal bar: fraction 0 … 1 of w columns, the rest dotted faintly. */
void ui_bar(UiGrid *grid, UiRect area, int x, int y, int w, UiInk ink, double fraction);
/* log10(value) as a dot between 10^low and 10^high, the band band_low … band_high (exponents) shaded.
 * Values beyond the ends are arrows; zero, negative and NaN draw no dot. */
void ui_dot_strip(UiGrid *grid, UiRect area, int x, int y, int w, UiInk ink, double value, double low,
                  double high, double band_low, double band_high);

/* Vertical blocks over the whole area, the range under them where there are 2 rows or more. Bins are merged
 * or widened to the columns that there are. */
void ui_histogram(UiGrid *grid, UiRect area, UiInk ink, const double *count, int bins, double low,
                  double high);

/* A matrix of floats as colours (two rows a cell) or, without them, as densities (one row a cell), where each
 * sign has characters of its own: ░▒▓█ (in ASCII .+*#) above zero, -=%@ below.
 * A matrix larger than the area is reduced: each place shows the value of greatest magnitude, or the mean. */
typedef struct UiHeat {
    const float *value; /* borrowed; value[r * row_step + c * column_step] */
    int rows, columns;  /* of the matrix */
    ptrdiff_t row_step, column_step;
    UiRamp ramp;
    double low, high; /* the ends of the ramp; low >= high: fitted (symmetric for UI_RAMP_SIGNED) */
    bool mean;        /* reduce by mean */
    bool square;      /* an image: places keep their proportions */
    bool has_cursor;
    int cursor_row, cursor_column;
} UiHeat;

typedef struct UiHeatView {
    UiRect inner;       /* the cells drawn on */
    int across, down;   /* places drawn, each of 1 or more values */
    int cell_w, cell_h; /* columns a place; rows a place (0: half a row) */
    int rows, columns;
    double low, high;
    bool reduced;
} UiHeatView;

UiHeatView ui_heat_draw(UiGrid *grid, UiRect area, const UiHeat *heat);
/* The row and column of the matrix under a cell of the grid; false outside. */
bool ui_heat_at(const UiHeatView *view, int x, int y, int *row, int *column);
/* "-1.0 @%=- ░▒▓█ 1.0" in w columns: the ends, and between them what ui_heat_draw draws with. */
void ui_ramp_bar(UiGrid *grid, UiRect area, int x, int y, int w, UiRamp ramp, double low, double high);

/* A plane with a network's output on it and points over it. */
typedef struct UiDot {
    double x, y;
    int klass;   /* colour and glyph; < 0: by value */
    float value; /* UI_RAMP_SIGNED -1 … 1, where klass < 0 */
    bool faint;  /* of the other part; drawn first */
} UiDot;

typedef struct UiMap {
    double x0, x1, y0, y1; /* the plane; y grows upwards */
    int columns, rows;     /* of the output, row 0 at the top (y1) */
    const float *value;    /* [rows][columns]: -1 … 1 by the signed ramp; with klass: strength 0 … 1 */
    const unsigned char *klass; /* [rows][columns], or NULL */
    const UiDot *dot;
    size_t dots;
} UiMap;

/* How many columns and rows of output an area can show: what to compute. */
void ui_map_size(const UiGrid *grid, UiRect area, int *columns, int *rows);
/* value may be NULL: points alone. Any number of columns and rows is shown, stretched. */
void ui_map_draw(UiGrid *grid, UiRect area, const UiMap *map);

#endif
