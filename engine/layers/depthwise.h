/* Depthwise convolution, which depthwise_conv and separable_conv share: every channel has kernels of its own,
 * `multiplier` of them, [taps…, channels, multiplier]. Output channel c·multiplier + m is of input channel c.
 *
 * Positions are counted as in layers/window.h; images, matrices and kernels are of row 0, position 0, tap 0.
 * Work is on input channels [from, to); a matrix is [positions, (to - from)·multiplier], and begins at the
 * first position that is worked on. */
#ifndef ST_LAYERS_DEPTHWISE_H
#define ST_LAYERS_DEPTHWISE_H

#include "layers/window.h"

typedef struct StDepthwise {
    StWindow window;
    int64_t multiplier;
    int64_t from, to;     /* channels of the input */
    int64_t first, count; /* positions */
    int64_t width;        /* elements from row to row of a matrix: at least (to - from)·multiplier */
} StDepthwise;

#define st_depthwise_apply     ST_R(st_depthwise_apply)
#define st_depthwise_turn_back ST_R(st_depthwise_turn_back)
#define st_depthwise_gradient  ST_R(st_depthwise_gradient)
/* matrix += the image under the kernels. */
void st_depthwise_apply(const StDepthwise *d, const Real *image, const Real *kernel, Real *matrix);
/* image += where the matrix came from. */
void st_depthwise_turn_back(const StDepthwise *d, const Real *matrix, const Real *kernel, Real *image);
/* gradient += image · matrix, of the channels alone. */
void st_depthwise_gradient(const StDepthwise *d, const Real *image, const Real *matrix, Real *gradient);

#endif
