/* Line plots: several series over one shared x axis.
 *
 * A plot is a description; drawing is a pure function of it. Points are reduced
 * to the least and greatest value per column of dots, so no spike is lost. */
#ifndef UI_PLOT_H
#define UI_PLOT_H

#include "grid.h"

/* One point: y, and the least and greatest of the values that it stands for (equal to y where it is a single
 * one). y NaN or infinite: a gap, marked on the axis. */
typedef struct UiPoint {
    double x, y, low, high;
} UiPoint;

/* Told apart without colour too: by pattern, on the ASCII rung by mark. UI_FINE is of raw traces. */
typedef enum UiDash { UI_SOLID, UI_DASHED, UI_DOTTED, UI_DASH_DOT, UI_PAIRS, UI_FINE } UiDash;

typedef struct UiSeries {
    const char *name; /* for legend and read-out; NULL: not in the legend */
    UiInk ink;
    UiDash dash;
    const UiPoint *point; /* x ascending; borrowed */
    size_t count;
    double smooth; /* 0: as it is; up to 0.999: EMA, with the raw trace dim and fine behind it */
    bool focus;    /* drawn last */
    bool apart;    /* points by themselves, not joined to a line; x in any order, no smoothing */
} UiSeries;

typedef struct UiPlot {
    const char *title;  /* above, on the left; NULL: none */
    const char *x_name; /* at the end of the x axis: "epoch"; NULL: none */
    const UiSeries *series;
    int count;
    double x0, x1;        /* the window; x0 >= x1: all there is */
    double y0, y1;        /* fixed range; y0 >= y1: fitted to what is visible */
    bool log_x, log_y;    /* fall back to linear, with a note, where nothing is positive */
    bool ignore_outliers; /* y is fitted to the 1st … 99th percentile */
    bool bare;            /* no axes, no legend: the picture alone */
    int label_w;          /* columns for the figures of y, at least (0: 4): lets plots line up */
    bool has_cursor;
    double cursor;           /* the read-out takes the place of the legend */
    const char *cursor_text; /* where the cursor is, in words; NULL: x_name and the figure */
    bool selected;           /* title drawn as what the keys act on */
} UiPlot;

/* What was drawn, to map between columns and values. */
typedef struct UiPlotView {
    UiRect inner; /* the picture without axes, in the grid's coordinates; w or h may be 0 */
    double x0, x1, y0, y1;
    bool log_x, log_y;
    const char *note; /* why something is not as asked for, or NULL */
} UiPlotView;

UiPlotView ui_plot_draw(UiGrid *grid, UiRect area, const UiPlot *plot);

/* The same numbers without drawing. */
UiPlotView ui_plot_view(const UiGrid *grid, UiRect area, const UiPlot *plot);
/* The x in the middle of a column of the grid, and the column of an x (it may lie outside the picture). */
double ui_plot_x_at(const UiPlotView *view, int column);
int ui_plot_column(const UiPlotView *view, double x);
/* The point of a series nearest to x, or NULL where it has none. */
const UiPoint *ui_series_near(const UiSeries *series, double x);
/* The same where it is of this place: within a column, or nearer than half way to the next point; else NULL.
 */
const UiPoint *ui_series_here(const UiSeries *series, const UiPlotView *view, double x);
/* The x of all points, least and greatest; false where there is no point. */
bool ui_plot_extent(const UiPlot *plot, double *x0, double *x1);

/* Debiased exponential moving average, as TensorBoard's: s ← w·s + (1−w)·x, shown as s / (1 − w^t); values
 * that are not finite are passed through and left out of the average; a constant series stays as it is. */
typedef struct UiSmooth {
    double weight, sum, power; /* power: w^t */
} UiSmooth;
UiSmooth ui_smooth(double weight);
double ui_smooth_next(UiSmooth *state, double x);

/* Nice ticks (1, 2, 5 times a power of ten) covering low … high with at most `most` of them; the values go
 * to tick; returns how many. Every tick of an axis is printed with the same digits by ui_tick_text. */
enum { UI_TICKS_MAX = 32 };
typedef struct UiTicks {
    int count, decimals; /* decimals < 0: each as short as it can be (1e-4) */
    double unit;         /* figures are divided by it; 1000: printed with a k */
    double tick[UI_TICKS_MAX];
} UiTicks;
UiTicks ui_ticks(double low, double high, int most, bool logarithmic);
char *ui_tick_text(const UiTicks *ticks, double value, char buffer[UI_NUMBER]);

#endif
