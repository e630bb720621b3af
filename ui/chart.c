#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int clamp(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

static double unit(double t) {
    return t > 0 ? (t < 1 ? t : 1) : 0;
}

/* In a row. */

void ui_sparkline(UiGrid *grid, UiRect area, int x, int y, int w, UiInk ink, const float *v, int count,
                  double low, double high) {
    int first = count > w ? count - w : 0;
    if (!(low < high)) {
        low = INFINITY, high = -INFINITY;
        for (int i = first; i < count; i++) {
            if (!isfinite(v[i])) continue;
            low = fmin(low, v[i]), high = fmax(high, v[i]);
        }
    }
    for (int i = first; i < count; i++) {
        double t = high > low ? unit((v[i] - low) / (high - low)) : 0.4;
        int level = isfinite(v[i]) ? 1 + (int)lround(t * 7) : 0;
        ui_put_ink(grid, area, x + w - count + i, y, ui_glyph_level(grid->look.ladder, level), ink);
    }
}

void ui_bar(UiGrid *grid, UiRect area, int x, int y, int w, UiInk ink, double fraction) {
    int eighths = (int)lround(unit(fraction) * w * 8);
    if (fraction > 0 && eighths == 0) eighths = 1;
    for (int i = 0; i < w; i++) {
        int level = clamp(eighths - 8 * i, 0, 8);
        if (level == 0)
            ui_put_ink(grid, area, x + i, y, 0xB7, UI_RULE);
        else
            ui_put_ink(grid, area, x + i, y, ui_glyph_bar(grid->look.ladder, level), ink);
    }
}

void ui_dot_strip(UiGrid *grid, UiRect area, int x, int y, int w, UiInk ink, double value, double low,
                  double high, double band_low, double band_high) {
    UiLadder ladder = grid->look.ladder;
    double scale = (w - 1) / (high - low);
    for (int i = 0; i < w; i++) {
        double at = low + i / scale;
        bool band = at > band_low - 0.5 / scale && at < band_high + 0.5 / scale;
        uint32_t ground = ladder == UI_ASCII ? (band ? ':' : '-') : band ? 0x2592 : 0x2500;
        ui_put_ink(grid, area, x + i, y, ground, band ? UI_BAND : UI_RULE);
    }
    if (!(value > 0) || w <= 0) return;
    double at = (log10(value) - low) * scale;
    if (at < -0.5)
        ui_put_glyph(grid, area, x, y, UI_GLYPH_LEFT, ink);
    else if (at > w - 0.5)
        ui_put_glyph(grid, area, x + w - 1, y, UI_GLYPH_RIGHT, ink);
    else
        ui_put_glyph(grid, area, x + (int)lround(at), y, UI_GLYPH_DOT, ink);
}

/* Histograms. */

/* What of the bins lies over column i of w: bins are merged, or cut into parts. */
static double over_column(const double *count, int bins, int i, int w) {
    double from = (double)bins * i / w, to = (double)bins * (i + 1) / w, sum = 0;
    for (int b = (int)from; b < bins && b < to; b++) {
        double part = fmin(to, b + 1) - fmax(from, b);
        if (isfinite(count[b]) && part > 0) sum += part * count[b];
    }
    return sum;
}

static void range_labels(UiGrid *grid, UiRect area, int y, double low, double high) {
    char left[UI_NUMBER], right[UI_NUMBER];
    ui_number_ends(left, right, low, high);
    ui_text(grid, area, 0, y, UI_DIM, left);
    if (area.w < 16) return;
    if (low < 0 && high > 0) {
        int zero = (int)lround(-low / (high - low) * (area.w - 1));
        if (zero > 8 && zero < area.w - 8) ui_text(grid, area, zero, y, UI_DIM, "0");
    }
    ui_print_right(grid, area, area.w, y, UI_DIM, "%s", right);
}

void ui_histogram(UiGrid *grid, UiRect area, UiInk ink, const double *count, int bins, double low,
                  double high) {
    int rows = area.h >= 2 ? area.h - 1 : area.h;
    double most = 0;
    if (bins <= 0 || area.w <= 0 || rows <= 0) return;
    for (int x = 0; x < area.w; x++)
        most = fmax(most, over_column(count, bins, x, area.w));
    for (int x = 0; x < area.w && most > 0; x++) {
        double value = over_column(count, bins, x, area.w);
        int eighths = (int)lround(value / most * rows * 8);
        if (value > 0 && eighths == 0) eighths = 1; /* few is not none */
        for (int r = 0; r < rows; r++) {
            int level = clamp(eighths - 8 * r, 0, 8);
            if (level) ui_put_ink(grid, area, x, rows - 1 - r, ui_glyph_level(grid->look.ladder, level), ink);
        }
    }
    if (area.h >= 2) range_labels(grid, area, rows, low, high);
}

/* Heat maps. */

static float heat_value(const UiHeat *heat, int row, int column) {
    return heat->value[row * heat->row_step + column * heat->column_step];
}

static void heat_range(const UiHeat *heat, double *low, double *high) {
    *low = heat->low, *high = heat->high;
    if (*low < *high) return;
    *low = INFINITY, *high = -INFINITY;
    for (int r = 0; r < heat->rows; r++)
        for (int c = 0; c < heat->columns; c++) {
            double v = heat_value(heat, r, c);
            if (isfinite(v)) *low = fmin(*low, v), *high = fmax(*high, v);
        }
    if (!(*low <= *high)) *low = 0, *high = 1;
    if (heat->ramp == UI_RAMP_SIGNED) *high = fmax(fabs(*low), fabs(*high)), *low = -*high;
    if (!(*low < *high))
        *low = heat->ramp == UI_RAMP_SIGNED ? -1 : *low - 1, *high = *low + (*low == -1 ? 2 : 1);
}

static bool in_halves(const UiGrid *grid) {
    return ui_look_has_ramp(&grid->look) && grid->look.ladder != UI_ASCII;
}

/* Places and their sizes. In colour a place is cell_w columns and `tall` half rows; else whole rows. */
static UiHeatView heat_layout(const UiGrid *grid, UiRect area, const UiHeat *heat, int *tall) {
    UiHeatView view = {.rows = heat->rows, .columns = heat->columns};
    int halves = in_halves(grid) ? 2 : 1, across = area.w, down = area.h * halves;
    int wide = halves == 2 ? 1 : 2; /* columns of a square place */
    if (across <= 0 || down <= 0 || heat->rows <= 0 || heat->columns <= 0) return view;
    if (across < heat->columns * wide) wide = 1;
    across /= wide;
    int kx = across / heat->columns, ky = down / heat->rows;
    view.across = kx ? heat->columns : across, view.down = ky ? heat->rows : down;
    if (heat->square && (!kx || !ky)) {
        double shrink = fmax((double)heat->columns / across, (double)heat->rows / down);
        view.across = clamp((int)ceil(heat->columns / shrink - 1e-9), 1, across);
        view.down = clamp((int)ceil(heat->rows / shrink - 1e-9), 1, down);
        kx = ky = 1;
    }
    kx = clamp(kx, 1, 12), ky = clamp(ky, 1, 12);
    if (heat->square)
        kx = ky = kx < ky ? kx : ky;
    else
        kx = clamp(kx, 1, 3 * ky), ky = clamp(ky, 1, 2 * kx);
    view.cell_w = kx * wide, *tall = ky;
    view.cell_h = halves == 2 ? ky / 2 : ky;
    view.inner = (UiRect){area.x, area.y, view.across * view.cell_w, (view.down * ky + halves - 1) / halves};
    view.reduced = view.across < heat->columns || view.down < heat->rows;
    return view;
}

/* The value that a place shows: the one of greatest magnitude of those in it, or their mean. NaN wins. */
static double heat_place(const UiHeat *heat, const UiHeatView *view, int across, int down) {
    int r0 = (int)((int64_t)down * heat->rows / view->down);
    int r1 = (int)((int64_t)(down + 1) * heat->rows / view->down);
    int c0 = (int)((int64_t)across * heat->columns / view->across);
    int c1 = (int)((int64_t)(across + 1) * heat->columns / view->across);
    double best = heat_value(heat, r0, c0), sum = 0;
    for (int r = r0; r < r1; r++)
        for (int c = c0; c < c1; c++) {
            double v = heat_value(heat, r, c);
            if (isnan(v)) return v;
            if (fabs(v) > fabs(best)) best = v;
            sum += v;
        }
    return heat->mean ? sum / ((double)(r1 - r0) * (c1 - c0)) : best;
}

/* Without colours the sign is told by the characters: shades are above zero, strokes below. */
static uint32_t signed_shade(UiLadder ladder, double t) {
    int level = (int)lround(unit(fabs(2 * t - 1)) * 4);
    if (t < 0.5) return (uint32_t) " -=%@"[level];
    return ladder == UI_ASCII ? (uint32_t) " .+*#"[level] : ui_glyph_shade(ladder, level);
}

/* A place by density, with another set of characters for each sign. */
static void density(UiGrid *grid, UiRect area, int x, int y, int w, UiRamp ramp, double t) {
    UiLadder ladder = grid->look.ladder;
    UiInk ink = isnan(t) ? UI_BAD : ramp == UI_RAMP_SIGNED ? ui_class_ink(t < 0.5 ? 0 : 1) : UI_TEXT;
    uint32_t shade = isnan(t)                 ? '?'
                     : ramp == UI_RAMP_SIGNED ? signed_shade(ladder, t)
                                              : ui_glyph_shade(ladder, (int)lround(unit(t) * 4));
    for (int i = 0; i < w; i++)
        ui_put_ink(grid, area, x + i, y, shade, ink);
}

static void heat_in_halves(UiGrid *grid, const UiHeat *heat, const UiHeatView *view, int tall) {
    double scale = 1 / (view->high - view->low);
    for (int y = 0; y < view->inner.h; y++)
        for (int x = 0; x < view->inner.w; x++) {
            int upper = 2 * y / tall, lower = (2 * y + 1) / tall, across = x / view->cell_w;
            double a = heat_place(heat, view, across, upper);
            UiStyle style = {ui_ramp(&grid->look, heat->ramp, (a - view->low) * scale), UI_DEFAULT, 0};
            if (lower < view->down) {
                double b = heat_place(heat, view, across, lower);
                style.bg = ui_ramp(&grid->look, heat->ramp, (b - view->low) * scale);
                if (isnan(a) || isnan(b)) style = (UiStyle){ui_style(&grid->look, UI_BAD).fg, UI_DEFAULT, 0};
            }
            bool bad = isnan(a) || (lower < view->down && isnan(heat_place(heat, view, across, lower)));
            ui_put(grid, view->inner, x, y, bad ? '?' : 0x2580, style);
        }
}

static void heat_cursor(UiGrid *grid, const UiHeat *heat, const UiHeatView *view, int tall) {
    int across = (int)((int64_t)heat->cursor_column * view->across / heat->columns);
    int down = (int)((int64_t)heat->cursor_row * view->down / heat->rows);
    /* The place of a value is the one whose range holds it. */
    while ((int64_t)(across + 1) * heat->columns / view->across <= heat->cursor_column)
        across++;
    while ((int64_t)(down + 1) * heat->rows / view->down <= heat->cursor_row)
        down++;
    int halves = in_halves(grid) ? 2 : 1;
    int x = across * view->cell_w, y = down * tall / halves;
    if (halves == 1) {
        ui_tint(grid,
                ui_rect_clip(ui_rect(view->inner.x + x, view->inner.y + y, view->cell_w, tall), view->inner),
                UI_REVERSE | UI_BOLD);
        return;
    }
    double t = (heat_place(heat, view, across, down) - view->low) / (view->high - view->low);
    bool strong = heat->ramp == UI_RAMP_SIGNED ? fabs(2 * t - 1) > 0.6 : t > 0.5;
    UiStyle style = {strong != grid->look.light ? 16 : 231, ui_ramp(&grid->look, heat->ramp, t), UI_BOLD};
    ui_put(grid, view->inner, x + (view->cell_w - 1) / 2,
           y + (tall / halves - 1 > 0 ? (tall / halves - 1) / 2 : 0),
           ui_glyph(grid->look.ladder, UI_GLYPH_MARK), style);
}

UiHeatView ui_heat_draw(UiGrid *grid, UiRect area, const UiHeat *heat) {
    int tall = 1;
    UiHeatView view = heat_layout(grid, area, heat, &tall);
    if (view.across <= 0 || view.down <= 0) return view;
    heat_range(heat, &view.low, &view.high);
    if (in_halves(grid))
        heat_in_halves(grid, heat, &view, tall);
    else
        for (int y = 0; y < view.inner.h; y++)
            for (int a = 0; a < view.across; a++)
                density(grid, view.inner, a * view.cell_w, y, view.cell_w, heat->ramp,
                        (heat_place(heat, &view, a, y / tall) - view.low) / (view.high - view.low));
    if (heat->has_cursor && heat->cursor_row >= 0 && heat->cursor_row < heat->rows &&
        heat->cursor_column >= 0 && heat->cursor_column < heat->columns)
        heat_cursor(grid, heat, &view, tall);
    return view;
}

bool ui_heat_at(const UiHeatView *view, int x, int y, int *row, int *column) {
    if (!ui_rect_has(view->inner, x, y) || view->down <= 0) return false;
    int across = (x - view->inner.x) / view->cell_w;
    int down = (int)((int64_t)(y - view->inner.y) * view->down / view->inner.h);
    *row = (int)((int64_t)down * view->rows / view->down);
    *column = (int)((int64_t)across * view->columns / view->across);
    return true;
}

void ui_ramp_bar(UiGrid *grid, UiRect area, int x, int y, int w, UiRamp ramp, double low, double high) {
    char left[UI_NUMBER], right[UI_NUMBER];
    ui_number_ends(left, right, low, high);
    int lw = ui_text_width(left), bar = w - lw - ui_text_width(right) - 2;
    if (bar < 2) return;
    ui_text(grid, area, x, y, UI_DIM, left);
    for (int i = 0; i < bar; i++) {
        double t = bar > 1 ? (double)i / (bar - 1) : 0;
        if (!ui_look_has_ramp(&grid->look)) {
            density(grid, area, x + lw + 1 + i, y, 1, ramp, t);
            continue;
        }
        UiStyle style = {ui_ramp(&grid->look, ramp, t), UI_DEFAULT, 0};
        if (grid->look.ladder == UI_ASCII) style.bg = style.fg;
        ui_put(grid, area, x + lw + 1 + i, y, ui_glyph(grid->look.ladder, UI_GLYPH_FULL), style);
    }
    ui_text(grid, area, x + lw + 2 + bar, y, UI_DIM, right);
}

/* Maps of a plane. */

void ui_map_size(const UiGrid *grid, UiRect area, int *columns, int *rows) {
    *columns = area.w > 0 ? area.w : 0;
    *rows = area.h > 0 ? area.h * (in_halves(grid) ? 2 : 1) : 0;
}

static size_t map_index(const UiMap *map, int x, int w, int y, int h) {
    size_t column = (size_t)((int64_t)(2 * x + 1) * map->columns / (2 * w));
    size_t row = (size_t)((int64_t)(2 * y + 1) * map->rows / (2 * h));
    return row * (size_t)map->columns + column;
}

static UiColor map_color(const UiLook *look, const UiMap *map, size_t at) {
    if (map->klass) return ui_class_ground(look, map->klass[at], map->value ? map->value[at] : 1);
    return ui_ramp(look, UI_RAMP_SIGNED, 0.5 + 0.2 * map->value[at]); /* duller than the points on it */
}

static void map_cell(UiGrid *grid, UiRect area, const UiMap *map, int x, int y) {
    UiLadder ladder = grid->look.ladder;
    if (in_halves(grid)) {
        UiStyle style = {map_color(&grid->look, map, map_index(map, x, area.w, 2 * y, 2 * area.h)),
                         map_color(&grid->look, map, map_index(map, x, area.w, 2 * y + 1, 2 * area.h)), 0};
        ui_put(grid, area, x, y, 0x2580, style);
        return;
    }
    size_t at = map_index(map, x, area.w, y, area.h);
    if (map->klass) {
        int shade = map->klass[at] % 4;
        ui_put_ink(grid, area, x, y,
                   ladder == UI_ASCII ? (uint32_t) " .:-"[shade] : ui_glyph_shade(ladder, shade),
                   ui_class_ink(map->klass[at]) | UI_FAINT);
    } else {
        float v = map->value[at];
        uint32_t c = v > 0 ? ui_glyph_shade(ladder, v > 0.5f ? 2 : 1) : v < -0.5f ? '-' : ' ';
        ui_put_ink(grid, area, x, y, c, ui_class_ink(v < 0 ? 0 : 1) | UI_FAINT);
    }
}

static void map_dot(UiGrid *grid, UiRect area, const UiMap *map, const UiDot *dot) {
    double u = (dot->x - map->x0) / (map->x1 - map->x0), v = (map->y1 - dot->y) / (map->y1 - map->y0);
    if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1)) return;
    int x = clamp((int)(u * area.w), 0, area.w - 1), y = clamp((int)(v * area.h), 0, area.h - 1);
    int k = dot->klass >= 0 ? dot->klass : dot->value < 0 ? 0 : 1;
    UiStyle style = ui_style(&grid->look, ui_class_ink(k) | (dot->faint ? UI_FAINT : UI_BOLD));
    uint32_t glyph = ui_glyph_class(grid->look.ladder, k);
    if (dot->klass < 0) {
        if (ui_look_has_ramp(&grid->look))
            style.fg = ui_ramp(&grid->look, UI_RAMP_SIGNED, 0.5 + 0.5 * dot->value);
        else
            glyph = dot->value < 0 ? '-' : '+';
    }
    ui_put(grid, area, x, y, glyph, style);
}

void ui_map_draw(UiGrid *grid, UiRect area, const UiMap *map) {
    if (area.w <= 0 || area.h <= 0) return;
    if ((map->value || map->klass) && map->columns > 0 && map->rows > 0)
        for (int y = 0; y < area.h; y++)
            for (int x = 0; x < area.w; x++)
                map_cell(grid, area, map, x, y);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < map->dots; i++)
            if (map->dot[i].faint == (pass == 0)) map_dot(grid, area, map, &map->dot[i]);
}
