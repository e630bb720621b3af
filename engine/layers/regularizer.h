/* What a weight's size adds to the loss: Keras' regularizers, λ₁·Σ|w| + λ₂·Σw². The gradient is
 * λ₁·sign(w) + 2λ₂·w. Works on any range of a weight, so that whoever owns a part adds its own. */
#ifndef ST_LAYERS_REGULARIZER_H
#define ST_LAYERS_REGULARIZER_H

#include "layers/layer.h"

/* For ST_CALL options; StCall.kind is an index into it; kind 0 is none. */
#define st_regularizers ST_R(st_regularizers)
extern const StChoice st_regularizers[];

#define st_regularizer_value        ST_R(st_regularizer_value)
#define st_regularizer_add_gradient ST_R(st_regularizer_add_gradient)
double st_regularizer_value(const StCall *call, const Real *w, int64_t n);
void st_regularizer_add_gradient(const StCall *call, Real *gradient, const Real *w, int64_t n);

#endif
