/* The pictures of the view geometry, one a study. Each draws the finding that the context has. */
#ifndef APP_VIEWS_GEOMETRY_H
#define APP_VIEWS_GEOMETRY_H

#include "inside.h"

typedef struct GeometryState {
    bool turned;    /* the scatter is in three dimensions, and the arrows turn it */
    int yaw, pitch; /* in steps of 15 degrees */
    int64_t from;   /* the moment that layers are compared with: its step + 1; 0: the start of the run */
} GeometryState;

void geometry_draw_scatter(const ViewContext *context, UiGrid *grid, UiRect area);
void geometry_draw_cka(const ViewContext *context, UiGrid *grid, UiRect area);
void geometry_draw_moments(const ViewContext *context, UiGrid *grid, UiRect area);
void geometry_draw_probe(const ViewContext *context, UiGrid *grid, UiRect area);
void geometry_draw_spectrum(const ViewContext *context, UiGrid *grid, UiRect area);

/* Whether the scatter that is shown has a third axis to turn. */
bool geometry_has_depth(const ViewContext *context);

#endif
