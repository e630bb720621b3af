/* How a weight begins: Keras' initializers. The normals of the variance-scaling family are cut at two
 * standard deviations and widened by 1/0.87962566, so that what is left has the variance wanted.
 * Sources: Glorot and Bengio 2010; He and others 2015; LeCun and others 1998; Saxe and others 2013. */
#ifndef ST_LAYERS_INITIALIZER_H
#define ST_LAYERS_INITIALIZER_H

#include "layers/layer.h"

/* For ST_CALL options; StCall.kind is an index into it. */
#define st_initializers ST_R(st_initializers)
extern const StChoice st_initializers[];

#define st_initializer_fits ST_R(st_initializer_fits)
#define st_initializer_draw ST_R(st_initializer_draw)
#define st_initializer_fans ST_R(st_initializer_fans)
/* Keras' fans of a weight by its shape alone: of 2 extents these, of more the last two times the others, of 1
 * that one. */
void st_initializer_fans(const StShape *shape, int64_t *fan_in, int64_t *fan_out);

/* False where it cannot fill a weight of this shape: orthogonal wants 2 extents or more, identity just 2. */
bool st_initializer_fits(const StCall *call, const StShape *shape, StError *error);

/* Fills w, laid out as weight->shape says, from the stream: the same in float and double (drawn in double,
 * rounded to float). False where memory is short: orthogonal works on a copy in double. */
bool st_initializer_draw(const StWeight *weight, Real *w, StRng *rng);

#endif
