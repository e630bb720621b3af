#include "surface_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS = 12, LABEL_W = 6 };

bool surface_map_read(const StFinding *finding, bool whole, SurfaceMap *map) {
    const StShape *shape = st_finding_shape(finding, "loss");
    int64_t a = 0, b = 0, points = 0, other = 0;
    *map = (SurfaceMap){.low = NAN, .high = NAN, .whole = whole, .logarithmic = true, .looked = -1};
    if (!shape || shape->rank != 2) return false;
    map->rows = (int)shape->dim[0], map->columns = (int)shape->dim[1];
    map->loss = st_finding_values(finding, "loss", NULL);
    map->a = st_finding_values(finding, "a", &a);
    map->b = st_finding_values(finding, "b", &b);
    if (a != map->columns || b != map->rows || a < 2 || b < 2) return false;
    map->path[0] = st_finding_values(finding, "path_a", &points);
    map->path[1] = st_finding_values(finding, "path_b", &other);
    map->points = points == other ? (int)points : 0;
    for (int i = 0; i < map->rows * map->columns; i++) {
        double loss = map->loss[i];
        if (!isfinite(loss)) continue;
        if (!(loss >= map->low)) map->low = loss;
        if (!(loss <= map->high)) map->high = loss;
    }
    map->logarithmic = map->low > 0;
    return true;
}

/* Where a loss lies between the least and the greatest, 0 … 1, in bands: their edges are contours. */
static double height_of(const SurfaceMap *map, double loss) {
    double low = map->logarithmic ? log(map->low) : map->low;
    double high = map->logarithmic ? log(map->high) : map->high;
    double t = ((map->logarithmic ? log(loss) : loss) - low) / (high - low);
    if (!(high > low)) return 0;
    return fmin(floor(t * BANDS), BANDS - 1) / (BANDS - 1);
}

/* Between the four that were measured around (row, column), both counted in rows and columns of loss; where
 * one of them is missing, the nearest. */
static double loss_at(const SurfaceMap *map, double row, double column) {
    int r = (int)fmin(floor(row), map->rows - 2), c = (int)fmin(floor(column), map->columns - 2);
    double y = row - r, x = column - c;
    const double *at = map->loss + (size_t)r * (size_t)map->columns + c, *up = at + map->columns;
    double loss = (1 - y) * ((1 - x) * at[0] + x * at[1]) + y * ((1 - x) * up[0] + x * up[1]);
    return isfinite(loss) ? loss : (y < 0.5 ? at : up)[x >= 0.5];
}

static bool in_halves(const UiGrid *grid) {
    return ui_look_has_ramp(&grid->look) && grid->look.ladder != UI_ASCII;
}

/* One place of the picture, of `across` x `down` places, the first row on top. */
static double place(const SurfaceMap *map, int x, int y, int across, int down) {
    double row = (down > 1 ? 1 - (double)y / (down - 1) : 0.5) * (map->rows - 1);
    double column = (across > 1 ? (double)x / (across - 1) : 0.5) * (map->columns - 1);
    return loss_at(map, row, column);
}

static void draw_ground(UiGrid *grid, UiRect area, const SurfaceMap *map) {
    int halves = in_halves(grid) ? 2 : 1;
    for (int y = 0; y < area.h; y++)
        for (int x = 0; x < area.w; x++) {
            double upper = place(map, x, halves * y, area.w, halves * area.h);
            double lower = halves == 2 ? place(map, x, 2 * y + 1, area.w, 2 * area.h) : upper;
            if (!isfinite(upper) || !isfinite(lower)) {
                bool bad = map->whole || isinf(upper) || isinf(lower);
                ui_put_ink(grid, area, x, y, bad ? '?' : ' ', UI_BAD);
            } else if (halves == 2) {
                ui_put(grid, area, x, y, 0x2580,
                       (UiStyle){ui_ramp(&grid->look, UI_RAMP_SIZE, height_of(map, upper)),
                                 ui_ramp(&grid->look, UI_RAMP_SIZE, height_of(map, lower)), 0});
            } else {
                bool ascii = grid->look.ladder == UI_ASCII;
                int level = (int)lround(height_of(map, upper) * (ascii ? 8 : 4));
                uint32_t mark = ascii ? ui_glyph_level(UI_ASCII, level) : ui_glyph_shade(UI_BRAILLE, level);
                ui_put_ink(grid, area, x, y, mark, UI_DIM);
            }
        }
}

const char *surface_mark(const UiGrid *grid, int mark) {
    static const char *const marks[2][4] = {{"o", "+", "@", "0"}, {"○", "•", "◆", "◉"}};
    return marks[grid->look.ladder != UI_ASCII][mark];
}

/* The cell of a point of the plane; it may lie outside. */
static void cell_of(const SurfaceMap *map, UiRect area, double a, double b, int *x, int *y) {
    double across = (a - map->a[0]) / (map->a[map->columns - 1] - map->a[0]);
    double up = (b - map->b[0]) / (map->b[map->rows - 1] - map->b[0]);
    *x = (int)lround(fmax(-1, fmin(2, across)) * (area.w - 1));
    *y = (int)lround((1 - fmax(-1, fmin(2, up))) * (area.h - 1));
}

/* Dark on bright ground, bright on dark. */
static void draw_mark(UiGrid *grid, UiRect area, int x, int y, const char *mark) {
    const UiCell *cell = ui_grid_at(grid, area.x + x, area.y + y);
    if (x < 0 || y < 0 || x >= area.w || y >= area.h || !cell) return;
    UiStyle style = cell->style;
    bool bright = false;
    for (int i = BANDS / 2; in_halves(grid) && i < BANDS; i++)
        bright |= style.bg == ui_ramp(&grid->look, UI_RAMP_SIZE, (double)i / (BANDS - 1));
    if (!in_halves(grid) || style.bg == UI_DEFAULT)
        ui_text(grid, area, x, y, UI_TITLE, mark);
    else
        ui_put(grid, area, x, y, ui_utf8_next(&mark),
               (UiStyle){bright != grid->look.light ? 16 : 231, style.bg, UI_BOLD});
}

/* Between two points, dots. */
static void draw_step(UiGrid *grid, UiRect area, int x0, int y0, int x1, int y1) {
    int steps = abs(x1 - x0) > abs(y1 - y0) ? abs(x1 - x0) : abs(y1 - y0);
    for (int i = 1; i < steps; i++)
        draw_mark(grid, area, x0 + (int)lround((double)i * (x1 - x0) / steps),
                  y0 + (int)lround((double)i * (y1 - y0) / steps), grid->look.ladder == UI_ASCII ? "," : "·");
}

static void draw_path(UiGrid *grid, UiRect area, const SurfaceMap *map) {
    int x0 = 0, y0 = 0, x, y;
    for (int i = 0; i < map->points; i++, x0 = x, y0 = y) {
        cell_of(map, area, map->path[0][i], map->path[1][i], &x, &y);
        if (i) draw_step(grid, area, x0, y0, x, y);
    }
    for (int i = map->points - 1; i >= 0; i--) {
        cell_of(map, area, map->path[0][i], map->path[1][i], &x, &y);
        draw_mark(grid, area, x, y, surface_mark(grid, i ? SURFACE_BETWEEN : SURFACE_START));
    }
    cell_of(map, area, 0, 0, &x, &y);
    draw_mark(grid, area, x, y, surface_mark(grid, SURFACE_NOW));
    if (map->looked < 0) return;
    cell_of(map, area, map->path[0][map->looked], map->path[1][map->looked], &x, &y);
    draw_mark(grid, area, x, y, surface_mark(grid, SURFACE_LOOKED));
}

/* The ends of both axes; the plane's own numbers between them are read with the cursor. */
static void draw_axes(UiGrid *grid, UiRect *area, const SurfaceMap *map) {
    char low[UI_NUMBER], high[UI_NUMBER];
    if (area->w < 24 || area->h < 5) return;
    UiRect under = ui_cut_bottom(area, 1), left = ui_cut_left(area, LABEL_W);
    ui_number_ends(low, high, map->b[0], map->b[map->rows - 1]);
    ui_print_right(grid, left, LABEL_W - 1, 0, UI_DIM, "%s", high);
    ui_text(grid, left, LABEL_W - 2, left.h / 2, UI_DIM, "b");
    ui_print_right(grid, left, LABEL_W - 1, left.h - 1, UI_DIM, "%s", low);
    ui_cut_left(&under, LABEL_W);
    ui_number_ends(low, high, map->a[0], map->a[map->columns - 1]);
    ui_text(grid, under, 0, 0, UI_DIM, low);
    ui_text(grid, under, under.w / 2, 0, UI_DIM, "a");
    ui_print_right(grid, under, under.w, 0, UI_DIM, "%s", high);
}

UiRect surface_map_draw(UiGrid *grid, UiRect area, const SurfaceMap *map) {
    int x, y;
    draw_axes(grid, &area, map);
    draw_ground(grid, area, map);
    draw_path(grid, area, map);
    if (!map->has_cursor) return area;
    cell_of(map, area, map->a[map->cursor_column], map->b[map->cursor_row], &x, &y);
    ui_text(grid, area, x, y, UI_CURSOR | UI_REVERSE, grid->look.ladder == UI_ASCII ? "X" : "╋");
    return area;
}

void surface_map_at(const SurfaceMap *map, UiRect picture, int x, int y, int *row, int *column) {
    double across = picture.w > 1 ? (double)(x - picture.x) / (picture.w - 1) : 0.5;
    double up = picture.h > 1 ? 1 - (double)(y - picture.y) / (picture.h - 1) : 0.5;
    *column = (int)lround(across * (map->columns - 1));
    *row = (int)lround(up * (map->rows - 1));
}

void surface_map_scale(UiGrid *grid, UiRect area, int y, int w, const SurfaceMap *map) {
    char low[UI_NUMBER], high[UI_NUMBER];
    bool ascii = grid->look.ladder == UI_ASCII;
    int x = 0, bar = w - 18 > BANDS ? BANDS : w - 18;
    if (isnan(map->low) || bar < 3) return;
    x += ui_text(grid, area, x, y, UI_TEXT, ui_number(low, map->low, 6, 3)) + 1;
    for (int i = 0; i < bar; i++, x++) {
        double t = (double)i / (bar - 1);
        int level = (int)lround(t * (ascii ? 8 : 4));
        if (in_halves(grid))
            ui_put(grid, area, x, y, 0x2588, (UiStyle){ui_ramp(&grid->look, UI_RAMP_SIZE, t), UI_DEFAULT, 0});
        else
            ui_put_ink(grid, area, x, y,
                       ascii ? ui_glyph_level(UI_ASCII, level) : ui_glyph_shade(UI_BRAILLE, level), UI_DIM);
    }
    x += 1 + ui_text(grid, area, x + 1, y, UI_TEXT, ui_number(high, map->high, 6, 3));
    ui_text(grid, area, x + 1, y, UI_DIM, map->logarithmic ? "log" : "");
}
