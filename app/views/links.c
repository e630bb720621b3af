#include "links.h"

#include <math.h>
#include <stdlib.h>

enum { ON = 5, OFF = 3 }; /* dots of a dash */

/* Dots of a braille cell by row and column. */
static const unsigned char bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

typedef struct Canvas {
    UiGrid *grid;
    UiRect area;
    bool braille;
    unsigned char *dots; /* [area.h][area.w] */
} Canvas;

static int by_weight(const void *a, const void *b) {
    const Link *x = a, *y = b;
    if (x->focus != y->focus) return x->focus - y->focus;
    double p = fabs(x->weight), q = fabs(y->weight);
    return p < q ? -1 : p > q;
}

/* The colours of the signed ramp: orange above zero, blue below. */
static UiInk ink_of(const Link *link) {
    double size = fabs(link->weight);
    UiInk ink = link->weight < 0 ? UI_TRAINING : UI_VALIDATION;
    return link->focus ? ink | UI_BOLD : size < 0.3 ? ink | UI_FAINT : ink;
}

static void dot(const Canvas *canvas, int x, int y, UiInk ink) {
    int column = x / 2, row = y / 4;
    if (x < 0 || y < 0 || column >= canvas->area.w || row >= canvas->area.h) return;
    unsigned char *cell = &canvas->dots[row * canvas->area.w + column];
    *cell |= bits[y % 4][x % 2];
    ui_put_ink(canvas->grid, canvas->area, column, row, 0x2800u + *cell, ink);
}

/* Step by step along the longer side. */
static void line(const Canvas *canvas, const Link *link) {
    int across = canvas->braille ? 2 : 1, down = canvas->braille ? 4 : 1;
    double x0 = (link->x0 - canvas->area.x) * across, y0 = (link->y0 - canvas->area.y) * down;
    double x1 = (link->x1 - canvas->area.x) * across, y1 = (link->y1 - canvas->area.y) * down;
    int steps = (int)ceil(fmax(fabs(x1 - x0), fabs(y1 - y0)));
    bool thick = fabs(link->weight) > 0.7, steep = fabs(y1 - y0) > fabs(x1 - x0);
    UiInk ink = ink_of(link);
    for (int i = 0; i <= steps; i++) {
        double t = steps ? (double)i / steps : 0;
        int x = (int)floor(x0 + t * (x1 - x0)), y = (int)floor(y0 + t * (y1 - y0));
        if (!canvas->braille) {
            uint32_t mark = link->weight < 0 ? (thick ? '=' : '-') : thick ? '#' : '+';
            ui_put_ink(canvas->grid, canvas->area, x, y, mark, ink);
            continue;
        }
        if (link->weight < 0 && i % (ON + OFF) >= ON) continue;
        dot(canvas, x, y, ink);
        if (thick) dot(canvas, steep ? x + 1 : x, steep ? y : y + 1, ink);
    }
}

void links_draw(UiGrid *grid, UiRect area, Link *link, int count) {
    area = ui_rect_clip(area, ui_grid_rect(grid));
    if (area.w < 1 || area.h < 1 || count < 1) return;
    Canvas canvas = {.grid = grid, .area = area, .braille = grid->look.ladder == UI_BRAILLE};
    canvas.dots = calloc((size_t)area.w * (size_t)area.h, 1);
    if (!canvas.dots) return;
    qsort(link, (size_t)count, sizeof *link, by_weight);
    for (int i = 0; i < count; i++)
        if (isfinite(link[i].weight)) line(&canvas, &link[i]);
    free(canvas.dots);
}

int links_legend(UiGrid *grid, UiRect row, int x, int w) {
    bool braille = grid->look.ladder == UI_BRAILLE;
    const char *plus = braille ? "⣀⣀⣀ w > 0" : "++ w > 0", *minus = braille ? "⣀⡀⢀ w < 0" : "-- w < 0",
               *size = "thick: large";
    if (ui_text_width(plus) + ui_text_width(minus) + ui_text_width(size) + 4 > w) return 0;
    int at = x + ui_text(grid, row, x, 0, UI_VALIDATION, plus) + 2;
    at += ui_text(grid, row, at, 0, UI_TRAINING, minus) + 2;
    at += ui_text(grid, row, at, 0, UI_DIM, size);
    return at - x;
}
