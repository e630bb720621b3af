/* What a weight's size adds to the loss: Keras' regularizers.
 *
 * l1, l2 and l1_l2 add λ₁·Σ|w| + λ₂·Σw², gradient λ₁·sign(w) + 2λ₂·w: they work on any range of a weight, so
 * that whoever owns a part adds its own, and on a layer's output.
 *
 * orthogonal_regularizer looks at a whole matrix (st_regularizer_is_whole): factor times the mean over all
 * pairs of its rows (or columns) of |cos| of the angle between the two. */
#ifndef ST_LAYERS_REGULARIZER_H
#define ST_LAYERS_REGULARIZER_H

#include "layers/layer.h"

/* For ST_CALL options; StCall.kind is an index into it; kind 0 is none. */
#define st_regularizers ST_R(st_regularizers)
extern const StChoice st_regularizers[];

#define st_regularizer_is_whole           ST_R(st_regularizer_is_whole)
#define st_regularizer_fits               ST_R(st_regularizer_fits)
#define st_regularizer_value              ST_R(st_regularizer_value)
#define st_regularizer_add_gradient       ST_R(st_regularizer_add_gradient)
#define st_regularizer_whole_value        ST_R(st_regularizer_whole_value)
#define st_regularizer_whole_add_gradient ST_R(st_regularizer_whole_add_gradient)

/* Wants the whole weight at once. */
bool st_regularizer_is_whole(const StCall *call);
/* False where it cannot be of a weight of this shape; NULL: of a layer's output. */
bool st_regularizer_fits(const StCall *call, const StShape *shape, StError *error);

/* By element, over any range of n. A whole one adds nothing here. */
double st_regularizer_value(const StCall *call, const Real *w, int64_t n);
void st_regularizer_add_gradient(const StCall *call, Real *gradient, const Real *w, int64_t n);

/* Over the whole weight w [shape]; one that works by element does that over all of it. Allocate nothing (16
 * kB of the stack); the bits depend on the values alone. */
double st_regularizer_whole_value(const StCall *call, const StShape *shape, const Real *w);
void st_regularizer_whole_add_gradient(const StCall *call, const StShape *shape, Real *gradient,
                                       const Real *w);

#endif
