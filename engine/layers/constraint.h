/* What a weight is held to after every update: Keras' constraints, on whole tensors.
 *
 * Those of a norm take the Euclidean norm over the axes named (0 by default: of a dense kernel, the weights
 * that go into each unit) and scale the weights: w · wanted / (1e-7 + norm). A convolution's kernel wants the
 * axes 0,1,2: max_norm:2:0,1,2. */
#ifndef ST_LAYERS_CONSTRAINT_H
#define ST_LAYERS_CONSTRAINT_H

#include "layers/layer.h"

/* For ST_CALL options; StCall.kind is an index into it; kind 0 is none. */
#define st_constraints ST_R(st_constraints)
extern const StChoice st_constraints[];

#define st_constraint_formula ST_R(st_constraint_formula)
#define st_constraint_fits    ST_R(st_constraint_fits)
#define st_constraint_apply   ST_R(st_constraint_apply)
const char *st_constraint_formula(int kind);
/* False where an axis lies outside the shape. */
bool st_constraint_fits(const StCall *call, const StShape *shape, StError *error);
/* w [shape], in place. Allocates nothing; its bits depend on the values alone. */
void st_constraint_apply(const StCall *call, const StShape *shape, Real *w);

#endif
