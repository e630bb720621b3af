/* Neuron: the formula card of one unit. */
#include "inside.h"

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    inside_head(context, grid, &area);
}

static const UiBinding bindings[] = {INSIDE_BINDINGS, {0}};

const View view_neuron = {.name = "neuron",
                          .inside = 'N',
                          .question = "What does this unit compute?",
                          .title = "Neuron",
                          .help =
                              "one unit: its inputs times its weights, the sum, the output, and how it fires",
                          .bindings = bindings,
                          .draw = draw};
