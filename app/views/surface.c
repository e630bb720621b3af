#include "views/inside.h"
static void surface_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    if (!inside_head(context, grid, &area)) return;
}
static const UiBinding bindings[] = {INSIDE_BINDINGS, {0}};
const View view_surface = {.name = "surface",
                           .inside = 'S',
                           .question = "What is the ground like around these weights?",
                           .title = "Surface",
                           .help = "the loss around the weights: along a line, over a plane; sharpness and noise",
                           .bindings = bindings,
                           .draw = surface_draw};
