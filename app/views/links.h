/* Lines between places of the grid that tell weights: by colour and pattern their sign, by thickness their
 * size. In braille four rows and two columns of dots a cell; else a character a cell: + # above zero, - =
 * below. */
#ifndef APP_VIEWS_LINKS_H
#define APP_VIEWS_LINKS_H

#include "grid.h"

typedef struct Link {
    double x0, y0, x1, y1; /* in cells of the grid; the middle of a cell is at .5 */
    double weight;         /* -1 … 1: its share of the largest of all */
    bool focus;            /* drawn last */
} Link;

/* Draws them within the area, the weak first; sorts them. What is not a link's stays as it is. */
void links_draw(UiGrid *grid, UiRect area, Link *link, int count);
/* What the lines mean, in at most w columns. Returns the columns taken. */
int links_legend(UiGrid *grid, UiRect row, int x, int w);

#endif
