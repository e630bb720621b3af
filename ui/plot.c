#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Smoothing. */

UiSmooth ui_smooth(double weight) {
    return (UiSmooth){weight < 0 ? 0 : weight > 0.9999 ? 0.9999 : weight, 0, 1};
}

double ui_smooth_next(UiSmooth *state, double x) {
    if (!isfinite(x)) return x;
    state->sum = state->weight * state->sum + (1 - state->weight) * x;
    state->power *= state->weight;
    return state->sum / (1 - state->power);
}

/* A pass over a series that yields the smoothed values. A series that never changes is left as it is (its
 * average would differ in the last digits). */
typedef struct Walk {
    const UiSeries *series;
    UiSmooth state;
    bool smooth;
} Walk;

static bool is_constant(const UiSeries *series) {
    for (size_t i = 1; i < series->count; i++)
        if (series->point[i].y != series->point[0].y) return false;
    return true;
}

static Walk walk_begin(const UiSeries *series, bool smooth) {
    return (Walk){series, ui_smooth(series->smooth), smooth && series->smooth > 0 && !is_constant(series)};
}

static UiPoint walk_at(Walk *walk, size_t i) {
    UiPoint point = walk->series->point[i];
    if (walk->smooth) point.y = point.low = point.high = ui_smooth_next(&walk->state, point.y);
    if (!isfinite(point.low) || point.low > point.y) point.low = point.y;
    if (!isfinite(point.high) || point.high < point.y) point.high = point.y;
    return point;
}

/* Ticks. */

static double nice_step(double least) {
    double power = pow(10, floor(log10(least))), f = least / power;
    return power * (f <= 1.0000001 ? 1 : f <= 2.0000001 ? 2 : f <= 5.0000001 ? 5 : 10);
}

static UiTicks linear_ticks(double low, double high, int most) {
    UiTicks ticks = {.unit = 1};
    double step = nice_step((high - low) / (most > 1 ? most : 1));
    double first = ceil(low / step - 1e-9), last = floor(high / step + 1e-9);
    while (last - first + 1 > most && step < 1e300) {
        step = nice_step(step * 1.5);
        first = ceil(low / step - 1e-9), last = floor(high / step + 1e-9);
    }
    if (fabs(first) > 1e12 || fabs(last) > 1e12)
        return ticks; /* too fine for its place: no figures could tell */
    for (double k = first; k <= last && ticks.count < UI_TICKS_MAX; k++)
        ticks.tick[ticks.count++] = k * step;
    double largest = fmax(fabs(low), fabs(high));
    if (step >= 1e3 && largest >= 1e4) ticks.unit = step >= 1e6 ? 1e6 : 1e3;
    ticks.decimals = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
    if (ticks.decimals > 5 || largest / ticks.unit >= 1e6) ticks.decimals = -1;
    return ticks;
}

static UiTicks log_ticks(double low, double high, int most) {
    static const double part[3][3] = {{1, 2, 5}, {1, 3, 0}, {1, 0, 0}};
    int first = (int)floor(log10(low)), last = (int)ceil(log10(high));
    for (int thin = 0; thin < 12; thin++) {
        UiTicks ticks = {.decimals = -1, .unit = 1};
        int every = thin < 3 ? 1 : thin - 1;
        bool full = false;
        for (int e = first; e <= last; e++) {
            if (((e % every) + every) % every != 0) continue;
            for (int i = 0; i < 3 && part[thin < 3 ? thin : 2][i] > 0; i++) {
                double v = part[thin < 3 ? thin : 2][i] * pow(10, e);
                if (v < low * (1 - 1e-9) || v > high * (1 + 1e-9)) continue;
                if (ticks.count >= most || ticks.count >= UI_TICKS_MAX)
                    full = true;
                else
                    ticks.tick[ticks.count++] = v;
            }
        }
        if (!full) return ticks;
    }
    return (UiTicks){.decimals = -1, .unit = 1};
}

UiTicks ui_ticks(double low, double high, int most, bool logarithmic) {
    most = most < 0 ? 0 : most > UI_TICKS_MAX ? UI_TICKS_MAX : most;
    if (most == 0 || !isfinite(low) || !isfinite(high) || !(low < high) || !isfinite(high - low))
        return (UiTicks){.unit = 1};
    if (logarithmic && low > 0) {
        UiTicks ticks = log_ticks(low, high, most);
        if (ticks.count >= 2 || most < 2) return ticks;
    }
    return linear_ticks(low, high, most);
}

char *ui_tick_text(const UiTicks *ticks, double value, char buffer[UI_NUMBER]) {
    double v = value / ticks->unit;
    if (ticks->decimals >= 0 && fabs(v) < 1e15) {
        if (fabs(v) < 1e-12) v = 0; /* no "-0" */
        snprintf(buffer, UI_NUMBER, "%.*f%s", ticks->decimals, v,
                 v == 0 || ticks->unit == 1 ? ""
                 : ticks->unit == 1e3       ? "k"
                                            : "M");
        return buffer;
    }
    snprintf(buffer, UI_NUMBER, "%.4g", value == 0 ? 0 : value); /* no "-0" here either */
    char *e = strchr(buffer, 'e');                               /* 1e-05 is written 1e-5 */
    if (e != NULL) snprintf(e + 1, UI_NUMBER - (size_t)(e + 1 - buffer), "%d", atoi(e + 1));
    return buffer;
}

/* The view: ranges and places. */

/* Rooms are laid out from the area alone, so that the picture does not jump while values change. */
typedef struct Frame {
    UiRect area, inner;
    bool head, axis_x, axis_y;
    int label_w;
    UiTicks x, y;
} Frame;

bool ui_plot_extent(const UiPlot *plot, double *x0, double *x1) {
    *x0 = INFINITY, *x1 = -INFINITY;
    for (int s = 0; s < plot->count; s++)
        for (size_t i = 0; i < plot->series[s].count; i++) {
            double x = plot->series[s].point[i].x;
            if (!isfinite(x) || (plot->log_x && x <= 0)) continue;
            if (x < *x0) *x0 = x;
            if (x > *x1) *x1 = x;
        }
    return *x0 <= *x1;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Least and greatest y in the window; every value where robust is false, else the 1st and 99th percentile of
 * at most SAMPLE points taken evenly. */
enum { SAMPLE = 128 };
static bool y_extent(const UiPlot *plot, const UiPlotView *view, double *low, double *high) {
    double sample[2 * SAMPLE];
    size_t taken = 0, visible = 0, stride;
    *low = INFINITY, *high = -INFINITY;
    for (int s = 0; s < plot->count; s++)
        visible += plot->series[s].count;
    stride = visible / SAMPLE + 1;
    for (int s = 0; s < plot->count; s++) {
        Walk walk = walk_begin(&plot->series[s], false);
        for (size_t i = 0; i < plot->series[s].count; i++) {
            UiPoint p = walk_at(&walk, i);
            if (p.x < view->x0 || p.x > view->x1 || !isfinite(p.y)) continue;
            if (view->log_y && p.y <= 0) continue;
            double least = view->log_y && p.low <= 0 ? p.y : p.low;
            if (least < *low) *low = least;
            if (p.high > *high) *high = p.high;
            if (i % stride == 0 && taken + 2 <= 2 * SAMPLE) sample[taken++] = least, sample[taken++] = p.high;
        }
    }
    if (plot->ignore_outliers && taken >= 20) {
        qsort(sample, taken, sizeof *sample, by_value);
        *low = sample[taken / 100], *high = sample[taken - 1 - taken / 100];
    }
    return *low <= *high;
}

static void fit_y(const UiPlot *plot, UiPlotView *view) {
    if (plot->y0 < plot->y1 && (!view->log_y || plot->y0 > 0)) {
        view->y0 = plot->y0, view->y1 = plot->y1;
        return;
    }
    double low, high;
    if (!y_extent(plot, view, &low, &high)) {
        if (view->log_y) view->note = "nothing positive: linear y", view->log_y = false;
        if (!y_extent(plot, view, &low, &high)) low = 0, high = 1;
    }
    if (view->log_y) {
        double pad = fmax(pow(high / low, 0.03), high == low ? 2 : 1);
        view->y0 = low / pad, view->y1 = high * pad;
        return;
    }
    double pad = (high - low) * 0.03;
    if (!(high - low > 1e-12 * fmax(fabs(low), fabs(high)))) pad = low == 0 ? 1 : fabs(low) * 0.1;
    view->y0 = low >= 0 && low - pad < 0.1 * (high - low) ? 0 : low - pad; /* zero, where it is near */
    view->y1 = high <= 0 && high + pad > 0 && low < 0 ? 0 : high + pad;
    if (!isfinite(view->y1 - view->y0)) view->y0 = low / 4, view->y1 = high / 4; /* the ends of double */
}

static UiPlotView ranges(const UiPlot *plot) {
    UiPlotView view = {.log_x = plot->log_x, .log_y = plot->log_y};
    double x0, x1;
    if (!ui_plot_extent(plot, &x0, &x1)) {
        UiPlot linear = *plot;
        linear.log_x = view.log_x = false;
        if (!ui_plot_extent(&linear, &x0, &x1))
            x0 = 0, x1 = 1;
        else if (plot->log_x)
            view.note = "nothing positive: linear x";
    }
    if (plot->x0 < plot->x1 && isfinite(plot->x1 - plot->x0)) {
        x1 = plot->x1;
        x0 = view.log_x && plot->x0 <= 0 ? fmin(x0, x1 / 10) : plot->x0;
    }
    if (!(x0 < x1)) {
        if (view.log_x)
            x1 = x0 * 10;
        else
            x1 = x0 + fmax(1, fabs(x0) * 1e-9);
    }
    view.x0 = x0, view.x1 = x1;
    fit_y(plot, &view);
    return view;
}

static int dots_x(const UiGrid *grid) {
    return grid->look.ladder == UI_ASCII ? 1 : 2;
}

static int dots_y(const UiGrid *grid) {
    return grid->look.ladder == UI_ASCII ? 1 : grid->look.ladder == UI_BLOCK ? 2 : 4;
}

static double part_of(double v, double low, double high, bool logarithmic) {
    if (logarithmic) return v > 0 ? log10(v / low) / log10(high / low) : -1;
    return (v - low) / (high - low);
}

/* The cell's column of an x: the column of its dot. */
int ui_plot_column(const UiPlotView *view, double x) {
    double t = part_of(x, view->x0, view->x1, view->log_x) * (2 * view->inner.w - 1);
    if (!(t > -1e6)) t = -1e6;
    return view->inner.x + (int)floor((t > 1e6 ? 1e6 : t) / 2 + 0.25);
}

double ui_plot_x_at(const UiPlotView *view, int column) {
    double t = view->inner.w > 0 ? (2 * (column - view->inner.x) + 0.5) / (2 * view->inner.w - 1) : 0;
    if (view->log_x) return view->x0 * pow(view->x1 / view->x0, t);
    return view->x0 + (view->x1 - view->x0) * t;
}

/* Row of the picture (0 at the top) of a tick. */
static int tick_row(const Frame *frame, const UiPlotView *view, double y) {
    int rows = frame->inner.h;
    double t = part_of(y, view->y0, view->y1, view->log_y);
    return (int)floor((1 - t) * (rows * 4 - 1) / 4 + 0.125);
}

static void choose_x_ticks(Frame *frame, const UiPlotView *view) {
    char text[UI_NUMBER];
    for (int most = frame->inner.w / 5; most > 0; most--) {
        int widest = 0;
        frame->x = ui_ticks(view->x0, view->x1, most, view->log_x);
        for (int i = 0; i < frame->x.count; i++) {
            int width = ui_text_width(ui_tick_text(&frame->x, frame->x.tick[i], text));
            if (width > widest) widest = width;
        }
        bool room = true;
        for (int i = 1; i < frame->x.count; i++)
            if (ui_plot_column(view, frame->x.tick[i]) - ui_plot_column(view, frame->x.tick[i - 1]) <
                widest + 2)
                room = false;
        if (room) return;
    }
    frame->x.count = 0;
}

static Frame frame_of(UiRect area, const UiPlot *plot, UiPlotView *view) {
    Frame frame = {.area = area};
    UiRect rest = area;
    char text[UI_NUMBER];
    if (!plot->bare) {
        frame.head = area.h >= 4 && area.w >= 8;
        frame.axis_x = area.h >= 6;
        frame.axis_y = area.w >= 24 && area.h >= 3;
    }
    if (frame.head) ui_cut_top(&rest, 1);
    if (frame.axis_x) ui_cut_bottom(&rest, 2);
    if (frame.axis_y) {
        int most = rest.h <= 2 ? rest.h : rest.h / 2 + 1;
        frame.y = ui_ticks(view->y0, view->y1, most, view->log_y);
        if (frame.y.count < 3 && rest.h >= 4) frame.y = ui_ticks(view->y0, view->y1, rest.h, view->log_y);
        frame.label_w = plot->label_w > 0 ? plot->label_w : 4;
        for (int i = 0; i < frame.y.count; i++) {
            int width = ui_text_width(ui_tick_text(&frame.y, frame.y.tick[i], text));
            if (width > frame.label_w) frame.label_w = width;
        }
        ui_cut_left(&rest, frame.label_w + 2);
    }
    frame.inner = view->inner = rest;
    if (frame.axis_x) choose_x_ticks(&frame, view);
    return frame;
}

UiPlotView ui_plot_view(const UiGrid *grid, UiRect area, const UiPlot *plot) {
    (void)grid;
    UiPlotView view = ranges(plot);
    frame_of(area, plot, &view);
    return view;
}

/* Drawing the axes. */

static void draw_axis_y(UiGrid *grid, const Frame *frame, const UiPlotView *view) {
    UiRect left = {frame->area.x, frame->inner.y, frame->label_w + 2, frame->inner.h};
    char text[UI_NUMBER];
    for (int y = 0; y < left.h; y++)
        ui_put_glyph(grid, left, frame->label_w + 1, y, UI_GLYPH_UPRIGHT, UI_RULE);
    for (int i = 0, before = -1; i < frame->y.count; i++) {
        int row = tick_row(frame, view, frame->y.tick[i]);
        if (row == before) continue;
        before = row;
        ui_print_right(grid, left, frame->label_w, row, UI_DIM, "%s",
                       ui_tick_text(&frame->y, frame->y.tick[i], text));
        ui_put_glyph(grid, left, frame->label_w + 1, row, UI_GLYPH_AXIS_Y, UI_RULE);
    }
}

static void draw_axis_x(UiGrid *grid, const Frame *frame, const UiPlotView *view, const char *name) {
    UiRect in = frame->inner, axis = {in.x, in.y + in.h, in.w, 1};
    UiRect labels = {frame->area.x, axis.y + 1, frame->area.w, 1};
    int free_to = frame->area.w, used = -1;
    char text[UI_NUMBER];
    for (int x = 0; x < axis.w; x++)
        ui_put_glyph(grid, axis, x, 0, UI_GLYPH_RULE, UI_RULE);
    if (frame->axis_y)
        ui_put_glyph(grid, frame->area, frame->label_w + 1, axis.y - frame->area.y, UI_GLYPH_AXIS_CORNER,
                     UI_RULE);
    if (name != NULL && ui_text_width(name) + 8 < labels.w)
        free_to -= ui_print_right(grid, labels, labels.w, 0, UI_DIM, "%s", name) + 1;
    for (int i = 0; i < frame->x.count; i++) {
        int column = ui_plot_column(view, frame->x.tick[i]);
        int width = ui_text_width(ui_tick_text(&frame->x, frame->x.tick[i], text));
        int x = column - labels.x - (width - 1) / 2;
        if (x < 0) x = 0;
        if (x <= used || x + width > free_to) continue; /* no tick without its figure */
        ui_put_glyph(grid, axis, column - axis.x, 0, UI_GLYPH_AXIS_X, UI_RULE);
        ui_text(grid, labels, x, 0, UI_DIM, text);
        used = x + width;
    }
}

/* Drawing the series. */

/* A pen draws dots into the cells of the picture. */
typedef struct Pen {
    UiGrid *grid;
    UiRect inner;
    int w, h, sx, sy; /* dots in all; dots a cell */
    UiStyle style;
    UiDash dash;
    uint32_t mark; /* on the ASCII rung */
} Pen;

static const uint32_t QUADRANT[16] = {' ',    0x2598, 0x259D, 0x2580, 0x2596, 0x258C, 0x259E, 0x259B,
                                      0x2597, 0x259A, 0x2590, 0x259C, 0x2584, 0x2599, 0x259F, 0x2588};

static uint32_t with_dot(uint32_t old, int sy, int dx, int dy) {
    static const uint8_t braille[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (sy == 4) return (old >= 0x2800 && old < 0x2900 ? old : 0x2800) | braille[dy][dx];
    for (uint32_t mask = 0; mask < 16; mask++)
        if (QUADRANT[mask] == old) return QUADRANT[mask | 1u << (2 * dy + dx)];
    return QUADRANT[1u << (2 * dy + dx)];
}

/* along: dots since the column began, so that dashes follow steep parts too. */
static void pen_dot(const Pen *pen, int x, int y, int along) {
    static const struct {
        int period;
        unsigned on; /* a bit a dot */
    } pattern[] = {[UI_SOLID] = {1, 1},       [UI_DASHED] = {6, 0xF}, [UI_DOTTED] = {4, 1},
                   [UI_DASH_DOT] = {8, 0x4F}, [UI_PAIRS] = {8, 3},    [UI_FINE] = {2, 1}};
    if (x < 0 || y < 0 || x >= pen->w || y >= pen->h) return;
    if (pen->sx > 1 && !(pattern[pen->dash].on >> (x + along) % pattern[pen->dash].period & 1)) return;
    int cx = x / pen->sx, cy = y / pen->sy;
    const UiCell *cell = ui_grid_at(pen->grid, pen->inner.x + cx, pen->inner.y + cy);
    if (cell == NULL) return;
    uint32_t mark = pen->mark;
    if (pen->sx > 1) { /* what was drawn faintly gives way */
        bool faint = (cell->style.flags & UI_FAINT) && !(pen->style.flags & UI_FAINT);
        mark = with_dot(faint ? ' ' : cell->ch, pen->sy, x % pen->sx, y % pen->sy);
    }
    ui_put(pen->grid, pen->inner, cx, cy, mark, pen->style);
}

static void pen_upright(const Pen *pen, int x, int y0, int y1) {
    int step = y1 < y0 ? -1 : 1;
    for (int y = y0, n = 0;; y += step, n++) {
        pen_dot(pen, x, y, n);
        if (y == y1) break;
    }
}

/* Joins two columns: every column between gets the stretch of the line that lies in it. */
static void pen_join(const Pen *pen, int x0, int y0, int x1, int y1) {
    int before = y0;
    for (int x = x0 + 1; x <= x1; x++) {
        int y = y0 + (int)lround((double)(y1 - y0) * (x - x0) / (x1 - x0));
        if (y == before)
            pen_dot(pen, x, y, 0);
        else
            pen_upright(pen, x, before + (y > before ? 1 : -1), y);
        before = y;
    }
}

static int dot_row(const Pen *pen, const UiPlotView *view, double y) {
    double t = (1 - part_of(y, view->y0, view->y1, view->log_y)) * (pen->h - 1);
    return (int)lround(t < 0 ? 0 : t > pen->h - 1 ? pen->h - 1 : t);
}

/* One column of dots while its points are gathered. */
typedef struct Column {
    bool any, joined; /* joined: a line comes from the column before */
    int x, first, last, least, most;
} Column;

typedef struct Trace {
    Pen pen;
    const UiPlotView *view;
    Column now, before;

    bool gap;
    int columns;
} Trace;

static void trace_flush(Trace *trace) {
    Column *now = &trace->now;
    if (!now->any) return;
    if (now->joined) pen_join(&trace->pen, trace->before.x, trace->before.last, now->x, now->first);
    pen_upright(&trace->pen, now->x, now->least, now->most);
    trace->before = *now;
    trace->columns++;
    now->any = false;
}

static void trace_put(Trace *trace, int x, double y, double low, double high) {
    const Pen *pen = &trace->pen;
    int row = dot_row(pen, trace->view, y);
    if (trace->now.any && trace->now.x != x) trace_flush(trace);
    if (!trace->now.any) {
        bool joined = trace->columns > 0 && !trace->gap;
        trace->now = (Column){true, joined, x, row, row, row, row};
    }
    int least = low == y ? row : dot_row(pen, trace->view, low);
    int most = high == y ? row : dot_row(pen, trace->view, high);
    Column *now = &trace->now;
    now->last = row;
    if (least > now->most) now->most = least;
    if (most < now->least) now->least = most;
    trace->gap = false;
}

/* y where the line from a to b crosses the window's edge x. */
static double crossing(const UiPlotView *view, UiPoint a, UiPoint b, double x) {
    double from = part_of(a.x, view->x0, view->x1, view->log_x),
           to = part_of(b.x, view->x0, view->x1, view->log_x);
    double t = to > from ? (part_of(x, view->x0, view->x1, view->log_x) - from) / (to - from) : 0;
    if (view->log_y && a.y > 0 && b.y > 0) return a.y * pow(b.y / a.y, t);
    return a.y + (b.y - a.y) * t;
}

static void draw_trace(Trace *trace, const UiSeries *series, bool smooth) {
    const UiPlotView *view = trace->view;
    Walk walk = walk_begin(series, smooth);
    UiPoint last = {0};
    bool has_last = false;
    for (size_t i = 0; i < series->count; i++) {
        UiPoint p = walk_at(&walk, i);
        if (!isfinite(p.x) || (view->log_x && p.x <= 0)) continue;
        if (!isfinite(p.y) || (view->log_y && p.y <= 0)) {
            trace_flush(trace);
            trace->gap = true, has_last = false;
            if (p.x > view->x1) break;
            continue;
        }
        if (p.x >= view->x0 && has_last && last.x < view->x0) {
            double y = crossing(view, last, p, view->x0);
            trace_put(trace, 0, y, y, y);
        }
        if (p.x > view->x1) {
            if (has_last) {
                double y = crossing(view, last, p, view->x1);
                trace_put(trace, trace->pen.w - 1, y, y, y);
            }
            break;
        }
        if (p.x >= view->x0)
            trace_put(trace, (int)lround(part_of(p.x, view->x0, view->x1, view->log_x) * (trace->pen.w - 1)),
                      p.y, view->log_y && p.low <= 0 ? p.y : p.low, p.high);
        last = p, has_last = true;
    }
    trace_flush(trace);
}

/* A cloud of points. */
static void draw_apart(const Pen *pen, const UiPlotView *view, const UiSeries *series) {
    for (size_t i = 0; i < series->count; i++) {
        const UiPoint *p = &series->point[i];
        bool drawn = p->x >= view->x0 && p->x <= view->x1 && p->y >= view->y0 && p->y <= view->y1;
        if (!drawn || (view->log_x && p->x <= 0) || (view->log_y && p->y <= 0)) continue;
        double t = part_of(p->x, view->x0, view->x1, view->log_x);
        pen_dot(pen, (int)lround(t * (pen->w - 1)), dot_row(pen, view, p->y), 0);
    }
}

static const UiGlyph dash_mark[] = {
    [UI_SOLID] = UI_GLYPH_LINE_SOLID,   [UI_DASHED] = UI_GLYPH_LINE_DASHED,
    [UI_DOTTED] = UI_GLYPH_LINE_DOTTED, [UI_DASH_DOT] = UI_GLYPH_LINE_DASH_DOT,
    [UI_PAIRS] = UI_GLYPH_LINE_PAIRS,   [UI_FINE] = UI_GLYPH_LINE_FINE};

static void draw_series(UiGrid *grid, const UiPlotView *view, const UiSeries *series, bool raw) {
    int sx = dots_x(grid), sy = dots_y(grid);
    Trace trace = {.view = view};
    if (view->inner.w <= 0 || view->inner.h <= 0) return;
    UiDash dash = raw ? UI_FINE : series->dash;
    trace.pen = (Pen){.grid = grid,
                      .inner = view->inner,
                      .w = view->inner.w * sx,
                      .h = view->inner.h * sy,
                      .sx = sx,
                      .sy = sy,
                      .style = ui_style(&grid->look, raw ? series->ink | UI_FAINT : series->ink),
                      .dash = dash,
                      .mark = ui_glyph(UI_ASCII, dash_mark[dash])};
    if (series->apart) {
        draw_apart(&trace.pen, view, series);
        return;
    }
    draw_trace(&trace, series, !raw);
    if (trace.columns == 1 && !raw)
        ui_put(grid, view->inner, trace.before.x / sx, trace.before.last / sy,
               ui_glyph(grid->look.ladder, UI_GLYPH_DOT), trace.pen.style);
}

static void draw_gaps(UiGrid *grid, const Frame *frame, const UiPlotView *view, const UiSeries *series) {
    int row = frame->axis_x ? frame->inner.h : frame->inner.h - 1;
    for (size_t i = 0; i < series->count; i++) {
        const UiPoint *p = &series->point[i];
        if (isfinite(p->y) || !(p->x >= view->x0 && p->x <= view->x1)) continue;
        ui_put_glyph(grid, (UiRect){view->inner.x, view->inner.y, view->inner.w, view->inner.h + 1},
                     ui_plot_column(view, p->x) - view->inner.x, row, UI_GLYPH_GAP, UI_BAD);
    }
}

/* Title, legend, read-out. */

const UiPoint *ui_series_near(const UiSeries *series, double x) {
    size_t low = 0, high = series->count;
    while (low < high) { /* the first point not left of x */
        size_t middle = low + (high - low) / 2;
        if (series->point[middle].x < x)
            low = middle + 1;
        else
            high = middle;
    }
    if (series->count == 0) return NULL;
    if (low == series->count || (low > 0 && x - series->point[low - 1].x <= series->point[low].x - x)) low--;
    return &series->point[low];
}

const UiPoint *ui_series_here(const UiSeries *series, const UiPlotView *view, double x) {
    const UiPoint *near = ui_series_near(series, x);
    if (!near) return NULL;
    int column = ui_plot_column(view, x), at = ui_plot_column(view, near->x);
    if (at >= column - 1 && at <= column + 1) return near;
    size_t i = (size_t)(near - series->point), other = x < near->x ? i - 1 : i + 1;
    return other < series->count ? near : NULL; /* beyond the first and the last there is nothing to read */
}

/* Each series, and behind a smoothed one, "raw", what it is the mean of. */
static int legend_entry(UiGrid *grid, UiRect head, int x, const UiPlot *plot, const UiPlotView *view,
                        const UiSeries *series, bool draw) {
    bool raw = series->smooth > 0 && !plot->has_cursor;
    char number[UI_NUMBER] = "";
    int width = ui_text_width(series->name) + 2;
    if (plot->has_cursor) {
        const UiPoint *p = ui_series_here(series, view, plot->cursor);
        ui_number(number, p ? p->y : NAN, 7, 4);
        width += 7;
    }
    if (raw) width += 7;
    if (!draw) return width;
    UiStyle style = ui_style(&grid->look, series->ink);
    x += ui_text(grid, head, x, 0, series->ink, series->name) + 1;
    if (plot->has_cursor)
        ui_print(grid, head, x, 0, series->ink | UI_BOLD, "%*s",
                 ui_text_width(number) < 7 ? 7 - ui_text_width(number) + (int)strlen(number) : 7, number);
    else
        ui_put(grid, head, x, 0, ui_glyph(grid->look.ladder, dash_mark[series->dash]), style);
    if (raw) {
        x += 3 + ui_text(grid, head, x + 3, 0, UI_DIM, "raw") + 1;
        ui_put_glyph(grid, head, x, 0, UI_GLYPH_LINE_FINE, series->ink | UI_FAINT);
    }
    return width;
}

static void draw_head(UiGrid *grid, const Frame *frame, const UiPlot *plot, const UiPlotView *view) {
    UiRect head = {frame->area.x, frame->area.y, frame->area.w, 1};
    int x =
        plot->title
            ? ui_text(grid, head, 0, 0, plot->selected ? UI_TITLE | UI_REVERSE : UI_TITLE, plot->title) + 2
            : 0;
    if (plot->has_cursor && plot->cursor_text)
        x += ui_text(grid, head, x, 0, UI_CURSOR, plot->cursor_text) + 2;
    else if (plot->has_cursor)
        x += ui_print(grid, head, x, 0, UI_CURSOR, "%s %.6g", plot->x_name ? plot->x_name : "x",
                      plot->cursor) +
             2;
    int room = head.w - x, width = 0, shown = 0;
    while (shown < plot->count) { /* the first ones stay where it is narrow */
        int more = plot->series[shown].name
                       ? legend_entry(grid, head, 0, plot, view, &plot->series[shown], false) + 2
                       : 0;
        if (width + more - 2 > room) break;
        width += more, shown++;
    }
    x = head.w - (width > 2 ? width - 2 : 0);
    for (int s = 0; s < shown; s++)
        if (plot->series[s].name) x += legend_entry(grid, head, x, plot, view, &plot->series[s], true) + 2;
}

static void draw_cursor(UiGrid *grid, const UiPlotView *view, const UiPlot *plot) {
    int x = ui_plot_column(view, plot->cursor) - view->inner.x;
    if (!plot->has_cursor || x < 0 || x >= view->inner.w) return;
    for (int y = 0; y < view->inner.h; y++)
        ui_put_glyph(grid, view->inner, x, y, UI_GLYPH_UPRIGHT, UI_DIM);
}

static bool has_points(const UiPlot *plot) {
    for (int s = 0; s < plot->count; s++)
        if (plot->series[s].count > 0) return true;
    return false;
}

UiPlotView ui_plot_draw(UiGrid *grid, UiRect area, const UiPlot *plot) {
    UiPlotView view = ranges(plot);
    Frame frame = frame_of(area, plot, &view);
    if (frame.head) draw_head(grid, &frame, plot, &view);
    if (frame.axis_y) draw_axis_y(grid, &frame, &view);
    if (frame.axis_x) draw_axis_x(grid, &frame, &view, plot->x_name);
    draw_cursor(grid, &view, plot);
    if (!has_points(plot)) {
        ui_print_center(grid, view.inner, view.inner.h / 2, UI_DIM, "no points yet");
        return view;
    }
    for (int s = plot->count - 1; s >= 0; s--) /* the first series is the most important one */
        if (plot->series[s].smooth > 0) draw_series(grid, &view, &plot->series[s], true);
    for (int focus = 0; focus < 2; focus++)
        for (int s = plot->count - 1; s >= 0; s--)
            if (plot->series[s].focus == (focus == 1)) draw_series(grid, &view, &plot->series[s], false);
    for (int s = 0; s < plot->count; s++)
        draw_gaps(grid, &frame, &view, &plot->series[s]);
    if (view.note != NULL) ui_print_right(grid, view.inner, view.inner.w, 0, UI_WARN, "%s", view.note);
    return view;
}
