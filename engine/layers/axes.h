/* Axes of rows, as Keras numbers them: 0 is the batch, 1 the first extent of a row, -1 the last. And rows
 * with their axes in another order. */
#ifndef ST_LAYERS_AXES_H
#define ST_LAYERS_AXES_H

#include "base/option.h"
#include "base/real.h"

/* Which extents of a row (from 0) the axes name. Errors name the axis that no row of this shape has, that is
 * the batch's, or that is named twice. */
#define st_axes_read ST_R(st_axes_read)
bool st_axes_read(const StNumbers *axes, const StShape *in, bool chosen[ST_RANK_MAX], StError *error);
/* The same for one axis that an option row holds as an int. */
#define st_axis_read ST_R(st_axis_read)
bool st_axis_read(int axis, const StShape *in, int *chosen, StError *error);

/* Rows of one shape with their axes in another order: axis i of the new row is axis order[i] of the old. */
#define StOrder ST_R(StOrder)
typedef struct StOrder {
    bool same; /* nothing moves */
    int64_t size;
    int64_t extent[ST_RANK_MAX], stride[ST_RANK_MAX]; /* of the new row; its strides in the old */
} StOrder;

#define st_order         ST_R(st_order)
#define st_order_chosen  ST_R(st_order_chosen)
#define st_order_forward ST_R(st_order_forward)
#define st_order_back    ST_R(st_order_back)
StOrder st_order(const StShape *in, const int order[ST_RANK_MAX]);
/* The chosen extents last (or first), either kind in its old order. */
StOrder st_order_chosen(const StShape *in, const bool chosen[ST_RANK_MAX], bool last);
void st_order_forward(const StOrder *order, Real *to, const Real *from); /* one row; to is not from */
void st_order_back(const StOrder *order, Real *to, const Real *from);

#endif
