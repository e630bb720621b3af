/* Map: the stack drawn as layers of units. */
#include "inside.h"

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    inside_head(context, grid, &area);
}

static const UiBinding bindings[] = {INSIDE_BINDINGS, {0}};

const View view_map = {.name = "map",
                       .inside = 'M',
                       .question = "What flows through the network?",
                       .title = "Map",
                       .help =
                           "the stack as layers of units, the weights between them, and one example in it",
                       .bindings = bindings,
                       .draw = draw};
