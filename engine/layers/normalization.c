/* Keras' Normalization: shifts and scales by the mean and the variance of the data, which a new run takes
 * from the training part before it begins, or by numbers that are given. Its weights are not trained. (Keras
 * keeps a weight `count` beside them, for files of older versions; nothing is computed from it, and it is
 * left out.) */
#include "layers/axes.h"
#include "layers/initializer.h"
#include "math/scalar.h"

#include <string.h>

typedef struct Normalization {
    StNumbers axis, mean, variance;
    bool invert;
} Normalization;

static const StOption options[] = {
    ST_OPTION(Normalization, axis, ST_NUMBERS, "-1", .low = -ST_RANK_MAX, .high = ST_RANK_MAX,
              .optional = true,
              .help = "The axis or axes each index of which has a mean and a variance; none: one for all"),
    ST_OPTION(Normalization, mean, ST_NUMBERS, "none", .optional = true,
              .help = "The mean, where it is known: one number, or one an index of the last axis named"),
    ST_OPTION(Normalization, variance, ST_NUMBERS, "none", .low = 0, .high = INFINITY, .optional = true,
              .help = "The variance, where it is known"),
    ST_OPTION(Normalization, invert, ST_SWITCH, "no", .help = "Turns normalized rows back"),
    {0},
};

enum { MEAN, VARIANCE };

static bool is_given(const Normalization *layer) {
    return layer->mean.count > 0;
}

/* The extents that have statistics of their own; one number where there are none. */
static StShape own_extents(const Normalization *layer, const StShape *in) {
    bool chosen[ST_RANK_MAX];
    StShape extents = {0};
    st_axes_read(&layer->axis, in, chosen, NULL);
    for (int i = 0; i < in->rank; i++)
        if (chosen[i]) extents.dim[extents.rank++] = in->dim[i];
    return extents.rank ? extents : (StShape){1, {1}};
}

static bool own_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const Normalization *layer = values;
    bool chosen[ST_RANK_MAX];
    if (!st_shape_as_input(values, in, out, error) || !st_axes_read(&layer->axis, in, chosen, error))
        return false;
    if (layer->mean.count != layer->variance.count)
        return st_fail(error, ST_ERR_VALUE, "mean has %d numbers and variance %d, wanted as many of both",
                       layer->mean.count, layer->variance.count);
    StShape extents = own_extents(layer, in);
    int64_t last = extents.dim[extents.rank - 1];
    if (layer->mean.count > 1 && layer->mean.count != last)
        return st_fail(error, ST_ERR_SHAPE, "mean has %d numbers, wanted 1 or %lld", layer->mean.count,
                       (long long)last);
    return true;
}

static int own_weights(const void *values, const StShape *in, StWeight *weights) {
    const Normalization *layer = values;
    if (is_given(layer)) return 0;
    StShape shape = own_extents(layer, in);
    int64_t size = st_shape_size(&shape);
    const char *const names[] = {"mean", "variance"}, *const begin[] = {"zeros", "ones"};
    for (int w = MEAN; w <= VARIANCE; w++)
        weights[w] = (StWeight){.name = names[w],
                                .shape = shape,
                                .initializer = {.kind = st_choice_find(st_initializers, begin[w])},
                                .fan_in = size,
                                .fan_out = size};
    return 2;
}

static int64_t own_flops(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)in;
    return st_times(2, st_shape_size(out));
}

/* Mean and deviation of every element of a row. */
static int64_t own_scratch(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)out;
    return st_times(2, st_shape_size(in));
}

/* Which of the statistics an element of a row goes by, element after element. */
typedef struct Walk {
    int rank;
    int64_t extent[ST_RANK_MAX], stride[ST_RANK_MAX]; /* stride: in the statistics; 0: they do not differ */
    int64_t place[ST_RANK_MAX], at;
} Walk;

static Walk walk_begin(const Normalization *layer, const StShape *in) {
    bool chosen[ST_RANK_MAX];
    Walk walk = {.rank = in->rank};
    int64_t stride = 1;
    st_axes_read(&layer->axis, in, chosen, NULL);
    for (int i = in->rank - 1; i >= 0; i--) {
        walk.extent[i] = in->dim[i];
        if (!chosen[i]) continue;
        walk.stride[i] = stride;
        stride *= in->dim[i];
    }
    return walk;
}

/* After the last element it is at the first again. */
static void walk_on(Walk *walk) {
    for (int i = walk->rank - 1; i >= 0; i--) {
        walk->at += walk->stride[i];
        if (++walk->place[i] < walk->extent[i]) return;
        walk->at -= walk->stride[i] * walk->extent[i];
        walk->place[i] = 0;
    }
}

/* Statistic `at`; numbers that are given are of the last axis named. */
static double value_of(const StStep *step, int which, int64_t at) {
    const Normalization *layer = step->options;
    if (!is_given(layer)) return (double)step->weight[which][at];
    const StNumbers *numbers = which == MEAN ? &layer->mean : &layer->variance;
    return numbers->n[at % numbers->count];
}

/* Keras' epsilon keeps a variance of 0 from dividing. */
static void spread(const StStep *step, Real *mean, Real *deviation) {
    Walk walk = walk_begin(step->options, &step->in);
    for (int64_t i = 0; i < step->in_size; i++, walk_on(&walk)) {
        mean[i] = (Real)value_of(step, MEAN, walk.at);
        deviation[i] = (Real)fmax(sqrt(value_of(step, VARIANCE, walk.at)), 1e-7);
    }
}

static void forward(const StStep *step, const StPass *pass) {
    const Normalization *layer = step->options;
    int64_t size = step->in_size;
    Real *mean = pass->scratch, *deviation = mean + size;
    spread(step, mean, deviation);
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++) {
        const Real *x = step->x + row * size;
        Real *y = step->y + row * size;
        if (layer->invert)
            for (int64_t i = 0; i < size; i++)
                y[i] = mean[i] + x[i] * deviation[i];
        else
            for (int64_t i = 0; i < size; i++)
                y[i] = (x[i] - mean[i]) / deviation[i];
    }
}

static void backward(const StStep *step, const StPass *pass) {
    const Normalization *layer = step->options;
    int64_t size = step->in_size;
    Real *mean = pass->scratch, *deviation = mean + size;
    if (!step->dx) return;
    spread(step, mean, deviation);
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++) {
        const Real *dy = step->dy + row * size;
        Real *dx = step->dx + row * size;
        for (int64_t i = 0; i < size; i++)
            dx[i] = layer->invert ? dy[i] * deviation[i] : dy[i] / deviation[i];
    }
}

/* ---- from the data ---- */

/* count; mean and sum of squared deviations of all that was seen; the same of these rows. */
enum { SEEN_MEAN, SEEN_SQUARES, OWN_MEAN, OWN_SQUARES, SUMS };

static int64_t statistics_of(const Normalization *layer, const StShape *in) {
    StShape shape = own_extents(layer, in);
    return st_shape_size(&shape);
}

static int64_t adapt_sums(const void *values, const StShape *in) {
    return is_given(values) ? 0 : st_plus(1, st_times(SUMS, statistics_of(values, in)));
}

/* Two sweeps over these rows, which are then put to those before (Chan, Golub and LeVeque 1979). */
static void adapt_add(const StStep *step, int64_t rows, double *sums) {
    if (is_given(step->options)) return;
    int64_t n = statistics_of(step->options, &step->in), elements = rows * step->in_size;
    double *seen = sums + 1, count = (double)elements / (double)n, all = sums[0] + count;
    double *own_mean = seen + OWN_MEAN * n, *own_squares = seen + OWN_SQUARES * n;
    Walk walk = walk_begin(step->options, &step->in);
    memset(own_mean, 0, (size_t)(2 * n) * sizeof *own_mean);
    for (int64_t i = 0; i < elements; i++, walk_on(&walk))
        own_mean[walk.at] += (double)step->x[i] / count;
    for (int64_t i = 0; i < elements; i++, walk_on(&walk)) {
        double apart = (double)step->x[i] - own_mean[walk.at];
        own_squares[walk.at] += apart * apart;
    }
    for (int64_t i = 0; i < n; i++) {
        double apart = own_mean[i] - seen[SEEN_MEAN * n + i];
        seen[SEEN_MEAN * n + i] += apart * (count / all);
        seen[SEEN_SQUARES * n + i] += own_squares[i] + apart * apart * (sums[0] * count / all);
    }
    sums[0] = all;
}

static void adapt_set(const StStep *step, const double *sums) {
    if (is_given(step->options) || sums[0] == 0) return;
    int64_t n = statistics_of(step->options, &step->in);
    for (int64_t i = 0; i < n; i++) {
        step->weight[MEAN][i] = (Real)sums[1 + SEEN_MEAN * n + i];
        step->weight[VARIANCE][i] = (Real)(sums[1 + SEEN_SQUARES * n + i] / sums[0]);
    }
}

const StLayerKind st_kind_normalization = {
    .name = "normalization",
    .help = "Gives every feature mean 0 and variance 1, by the training data or by numbers that are given",
    .formula = "y = (x - mean) / max(√variance, 1e-7); inverted y = mean + x·max(√variance, 1e-7)",
    .options = options,
    .options_size = sizeof(Normalization),
    .shape = own_shape,
    .weights = own_weights,
    .flops = own_flops,
    .scratch = own_scratch,
    .mask = st_mask_passes,
    .forward = forward,
    .backward = backward,
    .adapt_sums = adapt_sums,
    .adapt_add = adapt_add,
    .adapt_set = adapt_set,
};
