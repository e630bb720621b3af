#include "layers/depthwise.h"

#include "math/scalar.h"

typedef enum What { APPLY, TURN_BACK, GRADIENT } What;

/* One tap at one position, channels [0, n): x and w of the first of them, y of its outputs. */
static inline __attribute__((always_inline)) void tap(const What what, Real *x, Real *w, Real *y, int64_t n,
                                                      int64_t multiplier) {
    if (multiplier == 1) {
        ST_LOOP
        for (int64_t c = 0; c < n; c++) {
            if (what == APPLY) y[c] = st_fma(x[c], w[c], y[c]);
            if (what == TURN_BACK) x[c] = st_fma(y[c], w[c], x[c]);
            if (what == GRADIENT) w[c] = st_fma(x[c], y[c], w[c]);
        }
        return;
    }
    for (int64_t c = 0; c < n; c++, w += multiplier, y += multiplier) {
        for (int64_t m = 0; m < multiplier; m++) {
            if (what == APPLY) y[m] = st_fma(x[c], w[m], y[m]);
            if (what == TURN_BACK) x[c] = st_fma(y[m], w[m], x[c]);
            if (what == GRADIENT) w[m] = st_fma(x[c], y[m], w[m]);
        }
    }
}

/* Every tap that lies inside, of every position. */
static inline __attribute__((always_inline)) void walk(const What what, const StDepthwise *d, Real *image,
                                                       Real *kernel, Real *matrix) {
    const StWindow *w = &d->window;
    const int64_t n = d->to - d->from, kernel_row = w->channels * d->multiplier;
    for (int64_t p = 0; p < d->count; p++) {
        int64_t position = d->first + p, line = position / w->out[1], row = line / w->out[0];
        int64_t top = line % w->out[0] * w->stride[0] - w->before[0];
        int64_t left = position % w->out[1] * w->stride[1] - w->before[1];
        for (int64_t r = 0; r < w->kernel[0]; r++) {
            int64_t i = top + r * w->dilation[0];
            if (i < 0 || i >= w->size[0]) continue;
            Real *line_at = image + (row * w->size[0] + i) * w->size[1] * w->channels + d->from;
            for (int64_t t = 0; t < w->kernel[1]; t++) {
                int64_t j = left + t * w->dilation[1];
                if (j < 0 || j >= w->size[1]) continue;
                tap(what, line_at + j * w->channels,
                    kernel + (r * w->kernel[1] + t) * kernel_row + d->from * d->multiplier,
                    matrix + p * d->width, n, d->multiplier);
            }
        }
    }
}

/* What is only read loses its const on the way through walk(). */
ST_CLONES void st_depthwise_apply(const StDepthwise *d, const Real *image, const Real *kernel, Real *matrix) {
    walk(APPLY, d, (Real *)image, (Real *)kernel, matrix);
}

ST_CLONES void st_depthwise_turn_back(const StDepthwise *d, const Real *matrix, const Real *kernel,
                                      Real *image) {
    walk(TURN_BACK, d, image, (Real *)kernel, (Real *)matrix);
}

ST_CLONES void st_depthwise_gradient(const StDepthwise *d, const Real *image, const Real *matrix,
                                     Real *gradient) {
    walk(GRADIENT, d, (Real *)image, gradient, (Real *)matrix);
}
