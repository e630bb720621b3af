#include "views/ribbons.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MEDIAN = RIBBONS / 2 };

/* How strong the strongest band is that meets [low, high]: 4 beside the median to 1 outside, 0 for none. */
static int band_in(const double p[RIBBONS], double low, double high) {
    int best = 0;
    for (int b = 0; b < RIBBONS - 1; b++) {
        int strength = b < MEDIAN ? b + 1 : RIBBONS - 1 - b;
        if (p[b] <= high && p[b + 1] >= low && strength > best) best = strength;
    }
    return best;
}

/* Which of them a column shows; -1: it is between two blocks. */
static int shown_at(const Ribbons *ribbons, const UiPlotView *view, int column) {
    if (ribbons->blocks) {
        int w = view->inner.w, i = column * ribbons->count / w;
        bool last = (column + 1) * ribbons->count / w != i;
        return last && w >= 3 * ribbons->count ? -1 : i;
    }
    double x = ui_plot_x_at(view, view->inner.x + column);
    int best = 0;
    for (int i = 1; i < ribbons->count; i++)
        if (fabs(ribbons->x[i] - x) <= fabs(ribbons->x[best] - x)) best = i;
    return best;
}

static UiColor color_of(const UiLook *look, int strength) {
    return strength ? ui_ramp(look, UI_RAMP_SIGNED, 0.5 - 0.12 * strength) : UI_DEFAULT;
}

/* Under each block what it is, and its median as a stroke: there is no line from block to block. */
static void label_blocks(UiGrid *grid, UiRect area, const UiPlotView *view, const Ribbons *ribbons) {
    int w = view->inner.w, bottom = area.y + area.h - 1;
    UiRect line = ui_rect(view->inner.x, bottom, w, 1), axis = ui_rect(view->inner.x, bottom - 1, w, 1);
    if (view->inner.y + view->inner.h > bottom - 1) return; /* no axis was drawn */
    ui_fill(grid, ui_rect(area.x, line.y, area.w, 1), UI_TEXT);
    for (int x = 0; x < w; x++)
        ui_put_glyph(grid, axis, x, 0, UI_GLYPH_RULE, UI_DIM);
    for (int i = 0; i < ribbons->count; i++) {
        int from = i * w / ribbons->count, to = (i + 1) * w / ribbons->count;
        char number[16];
        snprintf(number, sizeof number, "%.0f", ribbons->x[i]);
        const char *name = ribbons->name && to - from >= 8 ? ribbons->name(ribbons->context, i) : number;
        if (to - from >= (int)strlen(number) + 1 || i == 0)
            ui_text_in(grid, line, from, 0, to - from > 1 ? to - from - 1 : 1, UI_DIM, name);
    }
}

static void strike_medians(UiGrid *grid, const UiPlotView *view, const Ribbons *ribbons) {
    double each = (view->y1 - view->y0) / view->inner.h;
    for (int column = 0; column < view->inner.w; column++) {
        int i = shown_at(ribbons, view, column);
        double median = i < 0 ? NAN : ribbons->percentile[i][MEDIAN];
        if (isfinite(median))
            ui_put_glyph(grid, view->inner, column, (int)((view->y1 - median) / each), UI_GLYPH_RULE,
                         UI_TITLE | UI_BOLD);
    }
}

/* The bands under what the plot has drawn. In colours half a row each, else a row by its shade. */
static void draw_column(UiGrid *grid, const UiPlotView *view, int column, const double p[RIBBONS]) {
    bool halves = ui_look_has_ramp(&grid->look) && grid->look.ladder != UI_ASCII;
    UiRect inner = view->inner;
    double each = (view->y1 - view->y0) / inner.h;
    for (int row = 0; row < inner.h; row++) {
        double high = view->y1 - row * each, middle = high - each / 2, low = high - each;
        const UiCell *cell = ui_grid_at(grid, inner.x + column, inner.y + row);
        bool blank = !cell || cell->ch == ' ' || cell->ch == 0;
        int upper = band_in(p, middle, high), lower = band_in(p, low, middle);
        int both = upper > lower ? upper : lower;
        if (both == 0) continue;
        if (!halves) {
            if (blank)
                ui_put_ink(grid, inner, column, row, ui_glyph_shade(grid->look.ladder, both), UI_TRAINING);
            continue;
        }
        UiStyle style = {color_of(&grid->look, upper), color_of(&grid->look, lower), 0};
        uint32_t ch = 0x2580;
        if (!blank)
            style = (UiStyle){cell->style.fg, color_of(&grid->look, both), cell->style.flags}, ch = cell->ch;
        else if (!upper)
            style = (UiStyle){color_of(&grid->look, lower), UI_DEFAULT, 0}, ch = 0x2584;
        ui_put(grid, inner, column, row, ch, style);
    }
}

void ribbons_draw(UiGrid *grid, UiRect area, const Ribbons *ribbons) {
    UiPoint median[COURSE_MOST];
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < ribbons->count; i++) {
        const double *p = ribbons->percentile[i];
        median[i] = (UiPoint){ribbons->x[i], p[MEDIAN], p[MEDIAN], p[MEDIAN]};
        low = fmin(low, p[0]), high = fmax(high, p[RIBBONS - 1]);
    }
    if (!(low <= high) || ribbons->count == 0) return;
    double spare = high > low ? 0.02 * (high - low) : fabs(high) + 1;
    if (ribbons->blocks)
        median[0].x = ribbons->x[0] - 2; /* outside the window: no line from block to block */
    UiSeries series = {
        .ink = UI_TITLE, .point = median, .count = ribbons->blocks ? 1 : (size_t)ribbons->count};
    double half = ribbons->blocks ? 0.5 : 0;
    UiPlot plot = {.series = &series,
                   .count = 1,
                   .x_name = ribbons->x_name,
                   .x0 = ribbons->x[0] - half,
                   .x1 = ribbons->x[ribbons->count - 1] + half,
                   .y0 = low - spare,
                   .y1 = high + spare,
                   .label_w = 6,
                   .has_cursor = isfinite(ribbons->cursor),
                   .cursor = ribbons->cursor};
    UiPlotView view = ui_plot_draw(grid, area, &plot);
    if (view.inner.w <= 0 || view.inner.h <= 0) return;
    if (ribbons->blocks) {
        label_blocks(grid, area, &view, ribbons);
        strike_medians(grid, &view, ribbons);
    }
    for (int column = 0; column < view.inner.w; column++) {
        int at = shown_at(ribbons, &view, column);
        if (at >= 0 && isfinite(ribbons->percentile[at][0]))
            draw_column(grid, &view, column, ribbons->percentile[at]);
    }
}
