/* Scatter plots of points of several classes, with one mark a class.
 *
 * In braille a point is one dot in the colour of its class; a cell has the colour of the class that most of
 * its points are of. Where there is no braille, or no colour, every cell shows that class's letter instead.
 * Both axes have one scale, so distances are true, unless the plot is stretched; what is beyond the window is
 * left out. */
#ifndef UI_SCATTER_H
#define UI_SCATTER_H

#include "chart.h"

/* A line from one point to another, with a letter at its end (0: none). Drawn behind the points. */
typedef struct UiStroke {
    double x0, y0, x1, y1;
    uint32_t letter;
} UiStroke;

/* A letter over the points, in the ink of its class: a centroid. klass -1: what is looked at. */
typedef struct UiTag {
    double x, y; /* NaN: not drawn */
    int klass;
    uint32_t letter;
} UiTag;

typedef struct UiScatter {
    double x0, x1, y0, y1; /* the window, at least; y grows upwards */
    bool stretch;          /* to the whole area: for one too low to show anything otherwise */
    const UiDot *dot;      /* all borrowed. klass < 0: by value, from - over · to + without colour */
    size_t dots;
    const uint32_t *letter; /* [letters] of the classes; NULL: ui_glyph_class */
    int letters;
    const UiTag *tag;
    int tags;
    const UiStroke *stroke;
    int strokes;
} UiScatter;

void ui_scatter_draw(UiGrid *grid, UiRect area, const UiScatter *scatter);
/* The letter that stands for a class. */
uint32_t ui_scatter_letter(const UiGrid *grid, const UiScatter *scatter, int klass);

#endif
