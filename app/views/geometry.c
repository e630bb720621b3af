/* Geometry: what the layers make of the data as clouds of points, and the weights' spectrum. */
#include "inside.h"

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    inside_head(context, grid, &area);
}

static const UiBinding bindings[] = {INSIDE_BINDINGS, {0}};

const View view_geometry = {.name = "geometry",
                            .inside = 'P',
                            .question = "How do the layers see the data?",
                            .title = "Geometry",
                            .help = "activations as points, layers compared, linear probes, singular values",
                            .bindings = bindings,
                            .draw = draw};
