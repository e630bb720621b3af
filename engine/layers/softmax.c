/* Softmax as a layer of its own, over any axes of a row. Axes count as in Keras: 1 is the row's first, -1 its
 * last, 0 would be the batch. */
#include "layers/axes.h"
#include "layers/layer.h"
#include "layers/walk.h"
#include "math/scalar.h"
#include "math/vector.h"

#include <string.h>

typedef struct Softmax {
    StNumbers axis;
} Softmax;

static const StOption options[] = {
    ST_OPTION(Softmax, axis, ST_NUMBERS, "-1", .low = -ST_RANK_MAX, .high = ST_RANK_MAX, .place = true,
              .help = "The axes over which the outputs are 1 in sum; -1 is the last, 1 the first of a row"),
    {0},
};

enum { BLOCK = 64 };

static bool softmax_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    bool over[ST_RANK_MAX];
    return st_shape_as_input(values, in, out, error) &&
           st_axes_read(&((const Softmax *)values)->axis, in, over, error);
}

static StWalk walk_of(const StStep *step) {
    bool over[ST_RANK_MAX];
    st_axes_read(&((const Softmax *)step->options)->axis, &step->in, over, NULL); /* shape() read it, too */
    return st_walk(&step->in, over);
}

/* Where the axes are the last ones: how many neighbours a sum runs over. 0 elsewhere. */
static int64_t width_of(const StWalk *walk) {
    int64_t width = 1;
    int i = ST_AXIS_LAST;
    for (; i >= 0 && (walk->over[i] || walk->extent[i] == 1); i--)
        width *= walk->extent[i];
    for (; i >= 0; i--)
        if (walk->over[i] && walk->extent[i] > 1) return 0;
    return width;
}

/* Only this one is what the loss may be fused with. */
static const char *softmax_activation(const void *values) {
    const StNumbers *axis = &((const Softmax *)values)->axis;
    return axis->count == 1 && axis->n[0] == -1 ? "softmax" : NULL;
}

/* Up to BLOCK sums side by side on the last axis (count), or, where that is summed too, one. */
static void spread(const StWalk *walk, const Real *x, Real *y, int64_t count) {
    bool along = walk->over[ST_AXIS_LAST];
    int64_t n = along ? walk->extent[ST_AXIS_LAST] : count, place[ST_RANK_MAX] = {0};
    Real most[BLOCK], sum[BLOCK] = {0};
    for (int i = 0; i < BLOCK; i++)
        most[i] = -(Real)INFINITY;
    for (int64_t at = 0; at >= 0; at = st_walk_next(walk, true, place))
        for (int64_t i = 0; i < n; i++) {
            Real *top = &most[along ? 0 : i];
            if (x[at + i] > *top) *top = x[at + i];
        }
    for (int64_t at = 0; at >= 0; at = st_walk_next(walk, true, place))
        for (int64_t i = 0; i < n; i++) {
            y[at + i] = st_exp(x[at + i] - most[along ? 0 : i]);
            sum[along ? 0 : i] += y[at + i];
        }
    for (int64_t at = 0; at >= 0; at = st_walk_next(walk, true, place))
        for (int64_t i = 0; i < n; i++)
            y[at + i] /= sum[along ? 0 : i];
}

/* dx = y·(dy - Σ dy·y), likewise. */
static void gather(const StWalk *walk, const Real *y, const Real *dy, Real *dx, int64_t count) {
    bool along = walk->over[ST_AXIS_LAST];
    int64_t n = along ? walk->extent[ST_AXIS_LAST] : count, place[ST_RANK_MAX] = {0};
    double sum[BLOCK] = {0};
    for (int64_t at = 0; at >= 0; at = st_walk_next(walk, true, place))
        for (int64_t i = 0; i < n; i++)
            sum[along ? 0 : i] += (double)dy[at + i] * (double)y[at + i];
    for (int64_t at = 0; at >= 0; at = st_walk_next(walk, true, place))
        for (int64_t i = 0; i < n; i++)
            dx[at + i] = y[at + i] * (dy[at + i] - (Real)sum[along ? 0 : i]);
}

/* Every sum of one row: forward where x is given, else back. */
static void row(const StWalk *walk, const Real *x, Real *y, const Real *dy, Real *dx) {
    int64_t last = walk->over[ST_AXIS_LAST] ? 1 : walk->extent[ST_AXIS_LAST], place[ST_RANK_MAX] = {0};
    for (int64_t at = 0; at >= 0; at = st_walk_next(walk, false, place))
        for (int64_t from = at; from < at + last; from += BLOCK) {
            int64_t count = at + last - from < BLOCK ? at + last - from : BLOCK;
            if (x)
                spread(walk, x + from, y + from, count);
            else
                gather(walk, y + from, dy + from, dx + from, count);
        }
}

static void softmax_forward(const StStep *step, const StPass *pass) {
    StWalk walk = walk_of(step);
    int64_t width = width_of(&walk), size = step->in_size, at = pass->first * size, n = pass->rows * size;
    if (pass->z)
        memcpy(step->y + at, step->x + at, (size_t)n * sizeof(Real));
    else if (width)
        st_rows_softmax(step->y + at, step->x + at, n / width, width);
    else
        for (int64_t end = at + n; at < end; at += size)
            row(&walk, step->x + at, step->y + at, NULL, NULL);
}

static void softmax_backward(const StStep *step, const StPass *pass) {
    StWalk walk = walk_of(step);
    int64_t size = step->in_size, at = pass->first * size, n = pass->rows * size;
    if (!step->dx) return;
    if (pass->dz)
        memcpy(step->dx + at, step->dy + at, (size_t)n * sizeof(Real));
    else
        for (int64_t end = at + n; at < end; at += size)
            row(&walk, NULL, step->y + at, step->dy + at, step->dx + at);
}

const StLayerKind st_kind_softmax = {
    .name = "softmax",
    .help = "Positive and 1 in sum over an axis: probabilities of classes",
    .formula = "yᵢ = exp(xᵢ) / Σⱼ exp(xⱼ)",
    .options = options,
    .options_size = sizeof(Softmax),
    .shape = softmax_shape,
    .mask = st_mask_passes,
    .activation = softmax_activation,
    .forward = softmax_forward,
    .backward = softmax_backward,
};
