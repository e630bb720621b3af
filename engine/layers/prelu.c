/* Relu whose slope below 0 is learnt, one for every input; along shared axes one for all (He and others
 * 2015). */
#include "layers/options.h"
#include "layers/walk.h"

#include <math.h>
#include <string.h>

typedef struct Prelu {
    StCall alpha_initializer, alpha_regularizer, alpha_constraint;
    StNumbers shared_axes;
} Prelu;

static const StOption options[] = {
    ST_INITIALIZER_OPTION(Prelu, alpha_initializer, "zeros", "the slope"),
    ST_REGULARIZER_OPTION(Prelu, alpha_regularizer, "the slope"),
    ST_CONSTRAINT_OPTION(Prelu, alpha_constraint, "the slope"),
    ST_OPTION(
        Prelu, shared_axes, ST_NUMBERS, "none", .optional = true, .low = 1, .high = ST_RANK_MAX,
        .help = "Axes of a row, from 1, along which one slope is shared: 1,2 for one a channel of an image"),
    {0},
};

static bool prelu_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const StNumbers *shared = &((const Prelu *)values)->shared_axes;
    if (!st_shape_as_input(values, in, out, error)) return false;
    for (int i = 0; i < shared->count; i++)
        if (shared->n[i] != floor(shared->n[i]) || shared->n[i] > in->rank)
            return st_fail(error, ST_ERR_SHAPE, "shared_axes %g: wanted 1 to %d", shared->n[i], in->rank);
    return true;
}

static int prelu_weights(const void *values, const StShape *in, StWeight *weights) {
    const Prelu *prelu = values;
    StShape shape = *in;
    for (int i = 0; i < prelu->shared_axes.count; i++)
        shape.dim[(int)prelu->shared_axes.n[i] - 1] = 1;
    *weights = (StWeight){.name = "alpha",
                          .shape = shape,
                          .initializer = prelu->alpha_initializer,
                          .regularizer = prelu->alpha_regularizer,
                          .constraint = prelu->alpha_constraint,
                          .trainable = true};
    st_initializer_fans(&shape, &weights->fan_in, &weights->fan_out);
    return 1;
}

/* One row's lines along its last axis, and where each line's slopes are. */
typedef struct Lines {
    StWalk row, alpha;           /* alpha: strides 0 along shared axes */
    int64_t count, length, next; /* next: from slope to slope along a line, 0 where it is shared */
} Lines;

static Lines lines_of(const StStep *step) {
    StWeight weight;
    prelu_weights(step->options, &step->in, &weight);
    const bool none[ST_RANK_MAX] = {false};
    Lines lines = {.row = st_walk(&step->in, none), .alpha = st_walk(&weight.shape, none)};
    for (int i = 0; i < ST_RANK_MAX; i++)
        if (lines.alpha.extent[i] == 1) lines.alpha.stride[i] = 0;
    lines.length = lines.row.extent[ST_AXIS_LAST];
    lines.count = step->in_size / lines.length;
    lines.next = lines.alpha.stride[ST_AXIS_LAST];
    return lines;
}

/* The first slope of line `at` of a row. */
static int64_t slope_at(const Lines *lines, int64_t at) {
    int64_t slope = 0;
    for (int i = ST_AXIS_LAST - 1; i >= 0; i--) {
        slope += at % lines->row.extent[i] * lines->alpha.stride[i];
        at /= lines->row.extent[i];
    }
    return slope;
}

static void prelu_forward(const StStep *step, const StPass *pass) {
    Lines lines = lines_of(step);
    for (int64_t line = 0; line < lines.count; line++) {
        const Real *alpha = step->weight[0] + slope_at(&lines, line);
        for (int64_t r = pass->first; r < pass->first + pass->rows; r++) {
            const Real *x = step->x + r * step->in_size + line * lines.length;
            Real *y = step->y + (x - step->x);
            for (int64_t i = 0; i < lines.length; i++)
                y[i] = x[i] < 0 ? alpha[i * lines.next] * x[i] : x[i];
        }
    }
}

static void prelu_backward(const StStep *step, const StPass *pass) {
    Lines lines = lines_of(step);
    for (int64_t line = 0; step->dx && line < lines.count; line++) {
        const Real *alpha = step->weight[0] + slope_at(&lines, line);
        for (int64_t r = pass->first; r < pass->first + pass->rows; r++) {
            int64_t at = r * step->in_size + line * lines.length;
            for (int64_t i = 0; i < lines.length; i++) {
                Real x = step->x[at + i], slope = x > 0 ? 1 : x < 0 ? alpha[i * lines.next] : 0;
                step->dx[at + i] = slope * step->dy[at + i];
            }
        }
    }
}

/* A band of slopes; each adds up the rows in their order, and within a row the lines in theirs. */
static void prelu_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    Lines lines = lines_of(step);
    int64_t count = 1;
    for (int i = 0; i < ST_RANK_MAX; i++)
        count *= lines.alpha.extent[i];
    int64_t from = count * part / parts, to = count * (part + 1) / parts;
    (void)scratch;
    memset(step->gradient[0] + from, 0, (size_t)(to - from) * sizeof(Real));
    for (int64_t line = 0; line < lines.count; line++) {
        int64_t first = slope_at(&lines, line), low = 0, high = lines.length;
        if (lines.next) {
            low = from > first ? from - first : 0;
            high = to - first < lines.length ? to - first : lines.length;
        } else if (first < from || first >= to) {
            continue;
        }
        for (int64_t r = 0; r < rows; r++) {
            int64_t at = r * step->in_size + line * lines.length;
            for (int64_t i = low; i < high; i++)
                if (step->x[at + i] < 0)
                    step->gradient[0][first + i * lines.next] += step->x[at + i] * step->dy[at + i];
        }
    }
}

const StLayerKind st_kind_prelu = {
    .name = "prelu",
    .help = "Relu whose slope below 0 is learnt",
    .formula = "y = x where x > 0, else α·x",
    .options = options,
    .options_size = sizeof(Prelu),
    .shape = prelu_shape,
    .weights = prelu_weights,
    .mask = st_mask_passes,
    .forward = prelu_forward,
    .backward = prelu_backward,
    .gradient = prelu_gradient,
};
