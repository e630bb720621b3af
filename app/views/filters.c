#include "views/filters.h"

#include <math.h>
#include <stdlib.h>

bool filters_of(const StTensor *tensor, Filters *filters) {
    const int64_t *dim = tensor->shape.dim;
    int rank = tensor->shape.rank;
    if ((rank != 3 && rank != 4) || tensor->size > INT32_MAX || dim[0] * dim[1] < 2) return false;
    if (rank == 3 && dim[0] < 2) return false;
    *filters = (Filters){.rows = (int)dim[0],
                         .columns = (int)dim[1],
                         .channels = rank == 4 ? (int)dim[2] : 1,
                         .filters = (int)dim[rank - 1]};
    return true;
}

static float value_at(const Filters *f, const float *value, int row, int column, int channel, int filter) {
    size_t place = ((size_t)row * (size_t)f->columns + (size_t)column) * (size_t)f->channels;
    return value[(place + (size_t)channel) * (size_t)f->filters + (size_t)filter];
}

/* All are drawn with the same ends of the ramp, so that they can be compared. */
static double largest_of(const Filters *f, const float *value) {
    double largest = 0;
    size_t count = (size_t)f->rows * (size_t)f->columns * (size_t)f->channels * (size_t)f->filters;
    for (size_t i = 0; i < count; i++)
        if (isfinite(value[i])) largest = fmax(largest, fabs((double)value[i]));
    return largest > 0 ? largest : 1;
}

void filters_range(const Filters *filters, const float *value, double *low, double *high) {
    *high = largest_of(filters, value);
    *low = filters->ramp == UI_RAMP_SIZE ? 0 : -*high;
}

/* Where pictures go: `across` of them in a row, each of w x h cells with a blank between. */
typedef struct Tiles {
    int w, h, across, down;
} Tiles;

/* Pictures of rows x columns places, two places of a column to a cell where there are colours. */
static Tiles tiles_of(UiRect area, int rows, int columns, bool halves) {
    Tiles tiles = {.w = columns * (halves ? 1 : 2), .h = halves ? (rows + 1) / 2 : rows};
    tiles.across = (area.w + 2) / (tiles.w + 2);
    tiles.down = (area.h + 1) / (tiles.h + 1);
    return tiles;
}

enum { SMALLEST_W = 6, SMALLEST_H = 3 }; /* cells that a picture is not reduced below */

/* The largest pictures that all have room, reduced ones where they are large; else the smallest. */
static Tiles lay_out(const UiGrid *grid, UiRect area, const Filters *f, int count) {
    bool halves = ui_look_has_ramp(&grid->look) && grid->look.ladder != UI_ASCII;
    Tiles tiles = {0};
    for (int scale = 6; scale >= 1; scale--) {
        tiles = tiles_of(area, f->rows * scale, f->columns * scale, halves);
        if (tiles.across * tiles.down >= count) break;
    }
    for (int shrink = 2; tiles.across * tiles.down < count; shrink++) {
        Tiles less =
            tiles_of(area, (f->rows + shrink - 1) / shrink, (f->columns + shrink - 1) / shrink, halves);
        if (less.w < SMALLEST_W || less.h < SMALLEST_H) break;
        tiles = less;
    }
    /* A picture that is larger than the area is reduced to it. */
    if (tiles.across < 1) tiles.across = 1;
    if (tiles.down < 1) tiles.down = 1;
    if (tiles.w > area.w) tiles.w = area.w;
    if (tiles.h > area.h) tiles.h = area.h;
    return tiles;
}

int filters_draw(UiGrid *grid, UiRect area, const Filters *f, const float *value, TensorCursor *cursor) {
    UiRect whole = area;
    ui_cut_left(&area, area.w > 20 ? 1 : 0); /* of the mark before the chosen one */
    bool all = f->channels == 1;             /* every filter is one picture */
    int count = all ? f->filters : f->channels;
    Tiles tiles = lay_out(grid, area, f, count);
    double low, high;
    filters_range(f, value, &low, &high);
    int rows = (count + tiles.across - 1) / tiles.across, chosen = cursor->filter / tiles.across;
    if (all && chosen < cursor->row) cursor->row = chosen;
    if (all && chosen >= cursor->row + tiles.down) cursor->row = chosen - tiles.down + 1;
    if (cursor->row > rows - tiles.down) cursor->row = rows - tiles.down;
    if (cursor->row < 0) cursor->row = 0;
    int first = cursor->row * tiles.across, shown = 0;
    for (int i = first; i < count && i < first + tiles.across * tiles.down; i++, shown++) {
        int at = i - first;
        UiRect tile = ui_rect(area.x + at % tiles.across * (tiles.w + 2),
                              area.y + at / tiles.across * (tiles.h + 1), tiles.w, tiles.h);
        UiHeat heat = {.value = value + (all ? i : i * f->filters + cursor->filter),
                       .rows = f->rows,
                       .columns = f->columns,
                       .row_step = (ptrdiff_t)f->columns * f->channels * f->filters,
                       .column_step = (ptrdiff_t)f->channels * f->filters,
                       .ramp = f->ramp,
                       .low = low,
                       .high = high,
                       .square = true};
        ui_heat_draw(grid, ui_rect_clip(tile, area), &heat);
        if (all && i == cursor->filter)
            ui_put_glyph(grid, whole, tile.x - whole.x - 1, tile.y - whole.y, UI_GLYPH_RIGHT, UI_KEY);
    }
    cursor->view = (UiHeatView){0};
    return count - shown;
}

void filters_read(const Filters *f, const float *value, int filter, StText *out) {
    double squares = 0, most = -1;
    int row = 0, column = 0, channel = 0;
    for (int r = 0; r < f->rows; r++)
        for (int c = 0; c < f->columns; c++)
            for (int k = 0; k < f->channels; k++) {
                double v = (double)value_at(f, value, r, c, k, filter);
                squares += v * v;
                if (!(fabs(v) > most)) continue;
                most = fabs(v);
                row = r, column = c, channel = k;
            }
    st_text_format(out, "filter %d of %d: norm %.3g, largest %.3g at row %d, column %d", filter + 1,
                   f->filters, sqrt(squares), (double)value_at(f, value, row, column, channel, filter),
                   row + 1, column + 1);
    if (f->channels > 1) st_text_format(out, " of channel %d of %d", channel + 1, f->channels);
}
