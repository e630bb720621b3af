/* A map of the loss over a plane, with the path of the run on it. Part of the view of the surface. */
#ifndef APP_VIEWS_SURFACE_MAP_H
#define APP_VIEWS_SURFACE_MAP_H

#include "inspect/finding.h"

#include "grid.h"

/* The numbers of a plane, as the finding has them. */
typedef struct SurfaceMap {
    int columns, rows;     /* of loss; row 0 at the least b */
    const double *a, *b;   /* [columns], [rows] */
    const double *loss;    /* [rows][columns]; NaN where it is not made yet */
    int points;            /* of the path; 0: there is none */
    const double *path[2]; /* [points] along a, along b */
    int looked;            /* which point of it is of the moment that is looked at; -1: none */
    double low, high;      /* of the losses that there are; NaN: none */
    bool logarithmic;      /* how losses are drawn: their logarithm, where all are above 0 */
    bool whole;            /* it is made: NaN is a loss that is not finite */
    bool has_cursor;
    int cursor_row, cursor_column;
} SurfaceMap;

/* False: the finding has no plane (yet). */
bool surface_map_read(const StFinding *finding, bool whole, SurfaceMap *map);
/* Draws it over the whole area, b upwards, with axes where there is room. Returns where the picture is. */
UiRect surface_map_draw(UiGrid *grid, UiRect area, const SurfaceMap *map);
/* The row and column of the plane nearest to a cell of the grid within the picture. */
void surface_map_at(const SurfaceMap *map, UiRect picture, int x, int y, int *row, int *column);
/* The same marks for a legend: a path's first point, those between, now, what is looked at. */
enum { SURFACE_START, SURFACE_BETWEEN, SURFACE_NOW, SURFACE_LOOKED };
const char *surface_mark(const UiGrid *grid, int mark);
/* How losses become colours or densities: "0.051 ░▒▓█ 3.4 log" in w columns of row y. */
void surface_map_scale(UiGrid *grid, UiRect area, int y, int w, const SurfaceMap *map);

#endif
