/* Closer looks at what one layer puts out: its units, feature maps, filters, its states over time. Part of
 * the view of activations. */
#ifndef APP_VIEWS_ACTIVATIONS_H
#define APP_VIEWS_ACTIVATIONS_H

#include "views/inside.h"
#include "views/tensor.h"

#include "table.h"

typedef struct Closer {
    UiTableState table; /* of the units */
    TensorCursor wall;
} Closer;

/* How many units (filters) the finding of one layer has. */
int closer_units(const StFinding *finding);
/* The chosen one: the gaze's, or the first. */
int closer_unit(const ViewContext *context);

void closer_draw_units(ViewContext *context, UiGrid *grid, UiRect area, Closer *closer);
void closer_draw_maps(ViewContext *context, UiGrid *grid, UiRect area, Closer *closer);
void closer_draw_filters(ViewContext *context, UiGrid *grid, UiRect area, Closer *closer);
void closer_draw_states(ViewContext *context, UiGrid *grid, UiRect area, Closer *closer);

#endif
