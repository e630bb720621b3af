/* Percentile ribbons: nine percentiles of something over the steps of a run, or from layer to layer, as bands
 * that are the stronger the nearer to the median, which is a line. */
#ifndef APP_VIEWS_RIBBONS_H
#define APP_VIEWS_RIBBONS_H

#include "views/course.h"

#include "plot.h"

enum { RIBBONS = 9 };

typedef struct Ribbons {
    int count;
    double x[COURSE_MOST];
    const double *percentile[COURSE_MOST]; /* [RIBBONS] each, ascending; borrowed */
    const char *x_name;
    double cursor; /* the x that is looked at, or NaN */
    bool blocks;   /* each stands for itself: columns of equal width, apart, */
    const char *(*name)(const void *context, int index); /* with this under it, or its x */
    const void *context;
} Ribbons;

void ribbons_draw(UiGrid *grid, UiRect area, const Ribbons *ribbons);

#endif
