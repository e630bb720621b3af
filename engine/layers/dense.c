/* Every output sees every input. Acts on the last axis, as Keras' Dense does: rows of a larger rank are
 * as many rows of that axis. */
#include "layers/options.h"
#include "math/gemm.h"
#include "math/vector.h"

#include <string.h>

typedef struct Dense {
    int units;
    StCall activation;
    bool use_bias;
    ST_KERNEL_FIELDS;
} Dense;

static const StOption options[] = {
    ST_OPTION(Dense, units, ST_INT, NULL, .low = 1, .high = INT32_MAX, .help = "Number of outputs"),
    ST_ACTIVATION_OPTION(Dense, activation, "linear", "Function applied to every output"),
    ST_USE_BIAS_OPTION(Dense),
    ST_KERNEL_OPTIONS(Dense, "glorot_uniform"),
    {0},
};

enum { KERNEL, BIAS };

static int64_t last_extent(const StShape *shape) {
    return shape->dim[shape->rank - 1];
}

static bool dense_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const Dense *dense = values;
    if (in->rank < 1) return st_fail(error, ST_ERR_SHAPE, "wanted rows of at least 1 extent, got none");
    *out = *in;
    out->dim[in->rank - 1] = dense->units;
    return true;
}

static int dense_weights(const void *values, const StShape *in, StWeight *weights) {
    const Dense *dense = values;
    int64_t inputs = last_extent(in), units = dense->units;
    weights[KERNEL] = (StWeight){.name = "kernel",
                                 .shape = {2, {inputs, units}},
                                 .initializer = dense->kernel_initializer,
                                 .regularizer = dense->kernel_regularizer,
                                 .constraint = dense->kernel_constraint,
                                 .fan_in = inputs,
                                 .fan_out = units,
                                 .trainable = true};
    if (!dense->use_bias) return 1;
    weights[BIAS] = (StWeight){.name = "bias",
                               .shape = {1, {units}},
                               .initializer = dense->bias_initializer,
                               .regularizer = dense->bias_regularizer,
                               .constraint = dense->bias_constraint,
                               .fan_in = units,
                               .fan_out = units,
                               .trainable = true};
    return 2;
}

/* With a bias: inputs multiplies, inputs - 1 adds, and its own. */
static int64_t dense_flops(const void *values, const StShape *in, const StShape *out) {
    (void)values;
    return st_times(2, st_times(last_extent(in), st_shape_size(out)));
}

static int64_t dense_kept(const void *values, const StShape *in, const StShape *out) {
    (void)in;
    return st_activation_needs_z(((const Dense *)values)->activation.kind) ? st_shape_size(out) : 0;
}

static const char *dense_activation(const void *values) {
    return st_activations[((const Dense *)values)->activation.kind].name;
}

static const StCall *dense_activity(const void *values) {
    return &((const Dense *)values)->activity_regularizer;
}

/* Rows of the batch as rows of the last axis: the matrices of the products. */
typedef struct Matrices {
    int64_t rows, inputs, units;
    int64_t x, y; /* where they begin in x and dx, and in y, dy and kept */
} Matrices;

static Matrices matrices(const StStep *step, int64_t first, int64_t rows) {
    int64_t inputs = last_extent(&step->in);
    return (Matrices){.rows = rows * (step->in_size / inputs),
                      .inputs = inputs,
                      .units = last_extent(&step->out),
                      .x = first * step->in_size,
                      .y = first * step->out_size};
}

/* The bias is laid into y first and the product added to it, which costs no more than clearing y. */
static void dense_forward(const StStep *step, const StPass *pass) {
    const Dense *dense = step->options;
    Matrices m = matrices(step, pass->first, pass->rows);
    Real *y = step->y + m.y, *z = y;
    if (dense->use_bias) st_rows_fill(y, step->weight[BIAS], m.rows, m.units);
    st_gemm(false, false, m.rows, m.units, m.inputs, 1, step->x + m.x, m.inputs, step->weight[KERNEL],
            m.units, dense->use_bias, y, m.units);
    if (pass->z) return;
    if (step->kept && step->kept_size) {
        z = step->kept + m.y;
        memcpy(z, y, (size_t)(m.rows * m.units) * sizeof *z);
    }
    st_activation_forward(&dense->activation, y, z, m.rows, m.units);
}

static void dense_backward(const StStep *step, const StPass *pass) {
    const Dense *dense = step->options;
    Matrices m = matrices(step, pass->first, pass->rows);
    Real *dz = step->dy + m.y;
    if (!pass->dz)
        st_activation_backward(&dense->activation, dz, dz, step->y + m.y,
                               step->kept ? step->kept + m.y : NULL, m.rows, m.units);
    if (step->dx)
        st_gemm(false, true, m.rows, m.inputs, m.units, 1, dz, m.units, step->weight[KERNEL], m.units, 0,
                step->dx + m.x, m.inputs);
}

/* The kernel's gradient in bands of rows (of inputs), the bias' in bands of units. */
static void dense_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    (void)scratch;
    const Dense *dense = step->options;
    Matrices m = matrices(step, 0, rows);
    int64_t from = m.inputs * part / parts, to = m.inputs * (part + 1) / parts;
    st_gemm(true, false, to - from, m.units, m.rows, 1, step->x + from, m.inputs, step->dy, m.units, 0,
            step->gradient[KERNEL] + from * m.units, m.units);
    if (!dense->use_bias) return;
    from = m.units * part / parts, to = m.units * (part + 1) / parts;
    st_columns_sum(step->gradient[BIAS] + from, step->dy, m.rows, m.units, from, to - from);
}

const StLayerKind st_kind_dense = {
    .name = "dense",
    .help = "Every output is a weighted sum of all inputs, and then the activation of it",
    .formula = "y = f(x·W + b)",
    .options = options,
    .options_size = sizeof(Dense),
    .shape = dense_shape,
    .weights = dense_weights,
    .flops = dense_flops,
    .whole = true,
    .kept = dense_kept,
    .mask = st_mask_passes,
    .activation = dense_activation,
    .activity = dense_activity,
    .forward = dense_forward,
    .backward = dense_backward,
    .gradient = dense_gradient,
};
