/* Activation functions: Keras' names and formulas, one row each (activation.c).
 *
 * A derivative is taken from the output y wherever it can be, so that Z need not be kept. */
#ifndef ST_LAYERS_ACTIVATION_H
#define ST_LAYERS_ACTIVATION_H

#include "layers/layer.h"

/* For ST_CALL options; StCall.kind is an index into it; kind 0 is linear. */
#define st_activations ST_R(st_activations)
extern const StChoice st_activations[];

#define st_activation_formula  ST_R(st_activation_formula)
#define st_activation_needs_z  ST_R(st_activation_needs_z)
#define st_activation_forward  ST_R(st_activation_forward)
#define st_activation_backward ST_R(st_activation_backward)

const char *st_activation_formula(int kind);
bool st_activation_needs_z(int kind); /* backward reads z (else z may be NULL) */

/* y = f(z) over rows of `width` (softmax, log_softmax and sparsemax are over a row, all others go by
 * element). y may be z. */
void st_activation_forward(const StCall *call, Real *y, const Real *z, int64_t rows, int64_t width);

/* dz = dy · f'(z); dz may be dy. */
void st_activation_backward(const StCall *call, Real *dz, const Real *dy, const Real *y, const Real *z,
                            int64_t rows, int64_t width);

#endif
