#include "scatter.h"

#include <math.h>
#include <stdlib.h>

/* What lies in one cell. */
typedef struct Place {
    int bits;         /* of braille */
    int klass, votes; /* of the most frequent class, by majority vote */
    int points;
    double value; /* Σ, of points without a class */
    bool near;    /* one of them is not faint */
} Place;

typedef struct Frame {
    const UiScatter *scatter;
    UiRect area;
    double across, down, x, y; /* dots a unit; what stands in the middle */
    Place *place;              /* [area.h][area.w] */
    bool letters;
} Frame;

uint32_t ui_scatter_letter(const UiGrid *grid, const UiScatter *scatter, int klass) {
    if (scatter->letter && klass >= 0 && klass < scatter->letters) return scatter->letter[klass];
    return ui_glyph_class(grid->look.ladder, klass);
}

/* The dot of a point, 2 x 4 to a cell; false: outside. */
static bool dot_of(const Frame *frame, double x, double y, int *column, int *row) {
    double u = frame->area.w + (x - frame->x) * frame->across;
    double v = 2.0 * frame->area.h - (y - frame->y) * frame->down;
    if (!(u >= 0 && v >= 0 && u < 2.0 * frame->area.w && v < 4.0 * frame->area.h)) return false;
    *column = (int)u;
    *row = (int)v;
    return true;
}

static void add_dot(Frame *frame, const UiDot *dot) {
    static const unsigned char bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    int column, row;
    if (!dot_of(frame, dot->x, dot->y, &column, &row)) return;
    Place *place = &frame->place[row / 4 * frame->area.w + column / 2];
    place->bits |= bit[row % 4][column % 2];
    place->points++;
    place->near = place->near || !dot->faint;
    place->value += (double)dot->value;
    if (place->votes == 0) place->klass = dot->klass;
    place->votes += place->klass == dot->klass ? 1 : -1;
}

static UiStyle ink_of(const UiGrid *grid, const Place *place) {
    UiStyle style = ui_style(&grid->look, (place->klass >= 0 ? ui_class_ink(place->klass) : UI_TEXT) |
                                              (place->near ? 0 : UI_FAINT));
    if (place->klass < 0 && ui_look_has_ramp(&grid->look))
        style.fg = ui_ramp(&grid->look, UI_RAMP_SIGNED, 0.5 + 0.5 * place->value / place->points);
    return style;
}

static void draw_place(const Frame *frame, UiGrid *grid, int x, int y) {
    const Place *place = &frame->place[y * frame->area.w + x];
    if (!place->points) return;
    uint32_t glyph = 0x2800 | (uint32_t)place->bits;
    double value = place->value / place->points;
    if (frame->letters && place->klass >= 0) glyph = ui_scatter_letter(grid, frame->scatter, place->klass);
    if (frame->letters && place->klass < 0) glyph = value < -1.0 / 3 ? '-' : value > 1.0 / 3 ? '+' : 0xB7;
    ui_put(grid, frame->area, x, y, glyph, ink_of(grid, place));
}

/* Dots where they fit between the points' cells; so many that there are no gaps. */
static void draw_stroke(const Frame *frame, UiGrid *grid, const UiStroke *stroke) {
    double dx = stroke->x1 - stroke->x0, dy = stroke->y1 - stroke->y0;
    int steps = (int)fmin(2000, 1 + fmax(fabs(dx) * frame->across, fabs(dy) * frame->down)), column, row;
    for (int i = 0; i <= steps; i += 2)
        if (dot_of(frame, stroke->x0 + dx * i / steps, stroke->y0 + dy * i / steps, &column, &row))
            ui_put_ink(grid, frame->area, column / 2, row / 4, 0xB7, UI_RULE);
    if (stroke->letter && dot_of(frame, stroke->x1, stroke->y1, &column, &row))
        ui_put_ink(grid, frame->area, column / 2, row / 4, stroke->letter, UI_DIM);
}

enum { WIDE = 400 }; /* cells from which on there is room for brackets */

/* Brackets where letters stand all over. */
static void draw_tag(const Frame *frame, UiGrid *grid, const UiTag *tag) {
    int column, row;
    if (!dot_of(frame, tag->x, tag->y, &column, &row)) return;
    UiInk ink = (tag->klass < 0 ? (int)UI_CURSOR : ui_class_ink(tag->klass)) | UI_BOLD | UI_REVERSE;
    int x = column / 2, y = row / 4;
    if (frame->letters && frame->area.w * frame->area.h >= WIDE) {
        ui_put_ink(grid, frame->area, x - 1, y, '(', ink);
        ui_put_ink(grid, frame->area, x + 1, y, ')', ink);
    }
    ui_put_ink(grid, frame->area, x, y, tag->letter, ink);
}

static Frame frame_of(const UiGrid *grid, UiRect area, const UiScatter *scatter) {
    double wide = scatter->x1 - scatter->x0, high = scatter->y1 - scatter->y0;
    double across = (2.0 * area.w - 1) / (wide > 0 ? wide : 1),
           down = (4.0 * area.h - 1) / (high > 0 ? high : 1);
    if (!(wide > 0)) across = high > 0 ? down : 1;
    if (!(high > 0)) down = across;
    if (!scatter->stretch) across = down = across < down ? across : down;
    return (Frame){.scatter = scatter,
                   .area = area,
                   .across = across,
                   .down = down,
                   .x = (scatter->x0 + scatter->x1) / 2,
                   .y = (scatter->y0 + scatter->y1) / 2,
                   .letters = grid->look.ladder != UI_BRAILLE || grid->look.depth == UI_MONO};
}

void ui_scatter_draw(UiGrid *grid, UiRect area, const UiScatter *scatter) {
    area = ui_rect_clip(area, ui_grid_rect(grid));
    if (area.w <= 0 || area.h <= 0) return;
    Frame frame = frame_of(grid, area, scatter);
    frame.place = calloc((size_t)area.w * (size_t)area.h, sizeof *frame.place);
    if (!frame.place) return;
    for (size_t i = 0; i < scatter->dots; i++)
        add_dot(&frame, &scatter->dot[i]);
    for (int i = 0; i < scatter->strokes; i++)
        draw_stroke(&frame, grid, &scatter->stroke[i]);
    for (int y = 0; y < area.h; y++)
        for (int x = 0; x < area.w; x++)
            draw_place(&frame, grid, x, y);
    for (int i = 0; i < scatter->tags; i++)
        draw_tag(&frame, grid, &scatter->tag[i]);
    free(frame.place);
}
