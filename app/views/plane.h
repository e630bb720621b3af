/* Playground's picture: the points of a 2-D set with the network's output behind them. Part of the data view.
 */
#ifndef APP_VIEWS_PLANE_H
#define APP_VIEWS_PLANE_H

#include "data/dataset.h"
#include "inspect/inspection.h"

#include "grid.h"

/* Kept between frames; zeroed at first. */
typedef struct Plane {
    const StDataset *dataset; /* that the points are of */
    uint64_t revision;
    struct UiDot *dot; /* training points first, then the others */
    size_t dots, train;
    double x0, x1, y0, y1; /* what is shown: all points, with a margin */
    double y_low, y_high;  /* of the target, where it is a number */
    int columns, rows;     /* of output that the last drawing could show */
    float *value;          /* [room] */
    unsigned char *klass;  /* [room] */
    size_t room;
} Plane;

void plane_free(Plane *plane);
/* Takes the points of a plane set; does nothing where it has them. False: no memory. */
bool plane_points(Plane *plane, const StDataset *dataset, uint64_t revision);
/* What the inspection shall make for the next frame. */
void plane_want(const Plane *plane, StWant *want);
/* look may be NULL or without a map: points alone. Returns whether there is a map behind them. */
bool plane_draw(UiGrid *grid, UiRect area, Plane *plane, const StLook *look, bool test, bool discrete);

#endif
