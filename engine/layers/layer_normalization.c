/* Normalizations of every row by itself: layer_normalization, rms_normalization, group_normalization and
 * unit_normalization. They share one kernel: a row, its axes put in an order in which the elements of a group
 * stand side by side, is so many groups, each brought to its own mean and length. */
#include "layers/axes.h"
#include "layers/options.h"
#include "math/scalar.h"
#include "math/vector.h"

#include <string.h>

/* What of a group becomes x̂. */
typedef enum Form {
    MOMENTS,  /* (x - mean) / √(variance + epsilon) */
    VARIANCE, /* x / √(variance + epsilon): Keras' rms_scaling */
    SQUARES,  /* x / √(mean of x² + epsilon) */
    LENGTH    /* x / max(‖x‖, epsilon) */
} Form;

/* A row as the kernel sees it. y = x̂·gamma + beta; a weight is of `run` neighbours; the weights of the groups
 * are the same, or (each) lie behind each other. */
typedef struct Plan {
    Form form;
    StOrder order;
    int64_t groups, width, run;
    bool each;
    double epsilon;
    int gamma, beta; /* among the layer's weights, or -1 */
} Plan;

/* What is kept of every group: x̂ = (x - center)·inverse + rest. */
enum { CENTER, INVERSE, REST, KEPT };

/* ---- the kernel ---- */

/* Σ (x - mean)², in 16 sums that are added as a tree, whatever the vectors' length. */
ST_CLONES static double sum_squares_from(const Real *x, double mean, int64_t n) {
    enum { LANES = 16 };
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            lane[l] += ((double)x[i + l] - mean) * ((double)x[i + l] - mean);
    for (int l = 0; i + l < n; l++)
        lane[l] += ((double)x[i + l] - mean) * ((double)x[i + l] - mean);
    for (int half = LANES / 2; half; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

static void measure(const Plan *plan, const Real *x, Real kept[KEPT]) {
    double n = (double)plan->width, mean = 0, squares;
    if (plan->form == MOMENTS || plan->form == VARIANCE) {
        mean = st_vector_sum(x, plan->width) / n;
        squares = sum_squares_from(x, mean, plan->width);
    } else {
        squares = st_vector_sum_squares(x, plan->width);
    }
    double inverse =
        plan->form == LENGTH ? 1 / fmax(sqrt(squares), plan->epsilon) : 1 / sqrt(squares / n + plan->epsilon);
    kept[CENTER] = (Real)mean;
    kept[INVERSE] = (Real)inverse;
    kept[REST] = (Real)(((double)kept[CENTER] - mean) * inverse);
}

ST_CLONES static void standardize(Real *y, const Real *x, const Real kept[KEPT], int64_t n) {
    Real center = kept[CENTER], inverse = kept[INVERSE], rest = kept[REST];
    ST_LOOP
    for (int64_t i = 0; i < n; i++)
        y[i] = st_fma(x[i] - center, inverse, rest);
}

/* What the weights are multiplied by. */
static void own_output(const Plan *plan, Real *y, const Real *x, const Real kept[KEPT]) {
    if (plan->form == VARIANCE)
        st_vector_scale(y, x, kept[INVERSE], plan->width);
    else
        standardize(y, x, kept, plan->width);
}

ST_CLONES static void add(Real *y, const Real *beta, int64_t n) {
    ST_LOOP
    for (int64_t i = 0; i < n; i++)
        y[i] += beta[i];
}

/* dx = inverse·(g - mean - x̂·slope), in place of g. */
ST_CLONES static void differentiate(Real *g, const Real *own, Real inverse, Real mean, Real slope,
                                    int64_t n) {
    ST_LOOP
    for (int64_t i = 0; i < n; i++)
        g[i] = inverse * (g[i] - mean - own[i] * slope);
}

/* g = dy·gamma becomes dx; own: room for a group. */
static void group_back(const Plan *plan, Real *g, const Real *x, const Real kept[KEPT], Real *own) {
    int64_t n = plan->width;
    double mean = plan->form == MOMENTS ? st_vector_sum(g, n) / (double)n : 0, slope;
    standardize(own, x, kept, n);
    slope =
        plan->form == VARIANCE ? st_vector_dot(g, x, n) * (double)kept[INVERSE] : st_vector_dot(g, own, n);
    if (plan->form != LENGTH)
        slope /= (double)n;
    else if (kept[INVERSE] >= (Real)(1 / plan->epsilon))
        slope = 0; /* its length is below epsilon: the divisor does not move */
    differentiate(g, own, kept[INVERSE], (Real)mean, (Real)slope, n);
}

/* The weights for every element of the groups that have their own, in scratch. */
static const Real *spread(const Plan *plan, const StStep *step, int weight, Real *scratch) {
    const Real *w = weight < 0 ? NULL : step->weight[weight];
    if (!w || plan->run == 1) return w;
    for (int64_t i = 0; i < plan->order.size; i++)
        scratch[i] = w[i / plan->run];
    return scratch;
}

/* Where things lie in scratch: rows of the row's size; for gradient behind two doubles an element. */
enum {
    X_ROW,
    Y_ROW,
    OWN_ROW,
    GAMMA_ROW,
    BETA_ROW,
    SCRATCH_ROWS,
    DOUBLES = 2 * sizeof(double) / sizeof(Real)
};

static void plan_forward(const Plan *plan, const StStep *step, const StPass *pass) {
    int64_t size = plan->order.size;
    Real *scratch = pass->scratch;
    const Real *gamma = spread(plan, step, plan->gamma, scratch + GAMMA_ROW * size);
    const Real *beta = spread(plan, step, plan->beta, scratch + BETA_ROW * size);
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++) {
        const Real *x = step->x + row * size;
        Real *y = step->y + row * size;
        if (!plan->order.same) {
            st_order_forward(&plan->order, scratch + X_ROW * size, x);
            x = scratch + X_ROW * size;
            y = scratch + Y_ROW * size;
        }
        for (int64_t k = 0, at = 0; k < plan->groups; k++, at += plan->width) {
            Real kept[KEPT];
            int64_t w = plan->each ? at : 0;
            measure(plan, x + at, kept);
            if (step->kept) memcpy(step->kept + row * step->kept_size + k * KEPT, kept, sizeof kept);
            own_output(plan, y + at, x + at, kept);
            if (gamma) st_vector_multiply(y + at, y + at, gamma + w, plan->width);
            if (beta) add(y + at, beta + w, plan->width);
        }
        if (!plan->order.same) st_order_back(&plan->order, step->y + row * size, y);
    }
}

static void plan_backward(const Plan *plan, const StStep *step, const StPass *pass) {
    int64_t size = plan->order.size;
    Real *scratch = pass->scratch;
    if (!step->dx) return;
    const Real *gamma = spread(plan, step, plan->gamma, scratch + GAMMA_ROW * size);
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++) {
        const Real *x = step->x + row * size, *kept = step->kept + row * step->kept_size;
        Real *g = plan->order.same ? step->dx + row * size : scratch + Y_ROW * size;
        st_order_forward(&plan->order, g, step->dy + row * size);
        if (!plan->order.same) {
            st_order_forward(&plan->order, scratch + X_ROW * size, x);
            x = scratch + X_ROW * size;
        }
        for (int64_t k = 0, at = 0; k < plan->groups; k++, at += plan->width) {
            if (gamma) st_vector_multiply(g + at, g + at, gamma + (plan->each ? at : 0), plan->width);
            group_back(plan, g + at, x + at, kept + k * KEPT, scratch + OWN_ROW * size);
        }
        if (!plan->order.same) st_order_back(&plan->order, step->dx + row * size, g);
    }
}

ST_CLONES static void add_products(double *sum, double *product, const Real *dy, const Real *own, int64_t n) {
    ST_LOOP
    for (int64_t i = 0; i < n; i++) {
        sum[i] += (double)dy[i];
        product[i] += (double)dy[i] * (double)own[i];
    }
}

/* Elements [from, to) of the weights of one row, where each has a sum. */
static void row_gradient(const Plan *plan, const Real *x, const Real *dy, const Real *kept, Real *own,
                         int64_t from, int64_t to, double *sum, double *product) {
    for (int64_t k = 0, at = 0; k < plan->groups; k++, at += plan->width) {
        int64_t w = plan->each ? at : 0, low = from > w ? from : w;
        int64_t high = to < w + plan->width ? to : w + plan->width;
        if (low >= high) continue;
        own_output(plan, own, x + at, kept + k * KEPT);
        add_products(sum + low, product + low, dy + at + low - w, own + low - w, high - low);
    }
}

/* Pieces are bands of weights. Sums in double, rows in their order. */
static void plan_gradient(const Plan *plan, const StStep *step, int64_t rows, int part, int parts,
                          Real *scratch) {
    int64_t size = plan->order.size, length = plan->each ? size : plan->width, weights = length / plan->run;
    int64_t from = weights * part / parts, to = weights * (part + 1) / parts;
    double *sum = (double *)scratch, *product = sum + length;
    scratch += DOUBLES * size;
    memset(sum, 0, (size_t)(2 * length) * sizeof *sum);
    for (int64_t row = 0; row < rows; row++) {
        const Real *x = step->x + row * size, *dy = step->dy + row * size;
        if (!plan->order.same) {
            st_order_forward(&plan->order, scratch + X_ROW * size, x);
            st_order_forward(&plan->order, scratch + Y_ROW * size, dy);
            x = scratch + X_ROW * size;
            dy = scratch + Y_ROW * size;
        }
        row_gradient(plan, x, dy, step->kept + row * step->kept_size, scratch + OWN_ROW * size,
                     from * plan->run, to * plan->run, sum, product);
    }
    for (int64_t w = from; w < to; w++) {
        double dy = 0, dyx = 0;
        for (int64_t i = w * plan->run; i < (w + 1) * plan->run; i++) {
            dy += sum[i];
            dyx += product[i];
        }
        if (plan->gamma >= 0) step->gradient[plan->gamma][w] = (Real)dyx;
        if (plan->beta >= 0) step->gradient[plan->beta][w] = (Real)dy;
    }
}

static int64_t plan_scratch(const Plan *plan) {
    return st_times(SCRATCH_ROWS + DOUBLES, plan->order.size);
}

static int64_t plan_kept(const Plan *plan) {
    return plan->groups * KEPT;
}

/* The functions of a kind that asks the kernel, by its plan of (options, shape). */
#define KERNELS(kind)                                                                                        \
    static int64_t kind##_scratch(const void *values, const StShape *in, const StShape *out) {               \
        Plan plan = kind##_plan(values, in);                                                                 \
        (void)out;                                                                                           \
        return plan_scratch(&plan);                                                                          \
    }                                                                                                        \
    static int64_t kind##_kept(const void *values, const StShape *in, const StShape *out) {                  \
        Plan plan = kind##_plan(values, in);                                                                 \
        (void)out;                                                                                           \
        return plan_kept(&plan);                                                                             \
    }                                                                                                        \
    static void kind##_forward(const StStep *step, const StPass *pass) {                                     \
        Plan plan = kind##_plan(step->options, &step->in);                                                   \
        plan_forward(&plan, step, pass);                                                                     \
    }                                                                                                        \
    static void kind##_backward(const StStep *step, const StPass *pass) {                                    \
        Plan plan = kind##_plan(step->options, &step->in);                                                   \
        plan_backward(&plan, step, pass);                                                                    \
    }
#define GRADIENT(kind)                                                                                       \
    static void kind##_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {      \
        Plan plan = kind##_plan(step->options, &step->in);                                                   \
        plan_gradient(&plan, step, rows, part, parts, scratch);                                              \
    }

/* ---- what several kinds share ---- */

#define AXES_OPTION(Struct)                                                                                  \
    ST_OPTION(Struct, axis, ST_NUMBERS, "-1", .low = -ST_RANK_MAX, .high = ST_RANK_MAX,                      \
              .help = "The axis or axes that are normalized together; 1 is a row's first, -1 its last")
#define EPSILON_OPTION(Struct, standard, what)                                                               \
    ST_OPTION(Struct, epsilon, ST_NUMBER, standard, .low = 0, .high = INFINITY, .help = "Added to " what)
#define AFFINE_FIELDS                                                                                        \
    bool center, scale;                                                                                      \
    StCall beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,        \
        gamma_constraint
#define AFFINE_OPTIONS(Struct)                                                                               \
    ST_OPTION(Struct, center, ST_SWITCH, "yes", .help = "Adds beta, which is learnt"),                       \
        ST_OPTION(Struct, scale, ST_SWITCH, "yes", .help = "Multiplies by gamma, which is learnt"),          \
        ST_INITIALIZER_OPTION(Struct, beta_initializer, "zeros", "beta"),                                    \
        ST_INITIALIZER_OPTION(Struct, gamma_initializer, "ones", "gamma"),                                   \
        ST_REGULARIZER_OPTION(Struct, beta_regularizer, "beta"),                                             \
        ST_REGULARIZER_OPTION(Struct, gamma_regularizer, "gamma"),                                           \
        ST_CONSTRAINT_OPTION(Struct, beta_constraint, "beta"),                                               \
        ST_CONSTRAINT_OPTION(Struct, gamma_constraint, "gamma")

static bool axes_shape(const StNumbers *axes, const StShape *in, StShape *out, StError *error) {
    bool chosen[ST_RANK_MAX];
    if (!st_shape_as_input(NULL, in, out, error)) return false;
    if (axes->count == 0) return st_fail(error, ST_ERR_VALUE, "axis names no axis, wanted at least 1");
    return st_axes_read(axes, in, chosen, error);
}

/* Groups of all elements that differ in the axes named alone. */
static Plan axes_plan(Form form, const StNumbers *axes, const StShape *in, double epsilon) {
    bool chosen[ST_RANK_MAX];
    Plan plan = {
        .form = form, .groups = 1, .width = 1, .run = 1, .epsilon = epsilon, .gamma = -1, .beta = -1};
    st_axes_read(axes, in, chosen, NULL);
    plan.order = st_order_chosen(in, chosen, true);
    for (int i = 0; i < in->rank; i++)
        *(chosen[i] ? &plan.width : &plan.groups) *= in->dim[i];
    return plan;
}

/* The extents of the axes named, in the order of the row's. */
static StShape axes_extents(const StNumbers *axes, const StShape *in) {
    bool chosen[ST_RANK_MAX];
    StShape extents = {0};
    st_axes_read(axes, in, chosen, NULL);
    for (int i = 0; i < in->rank; i++)
        if (chosen[i]) extents.dim[extents.rank++] = in->dim[i];
    return extents;
}

static void finish(StWeight *weight, StShape shape) {
    weight->shape = shape;
    weight->fan_in = weight->fan_out = st_shape_size(&shape);
    weight->trainable = true;
}

#define GAMMA_OF(layer)                                                                                      \
    {                                                                                                        \
        .name = "gamma", .initializer = (layer)->gamma_initializer,                                          \
        .regularizer = (layer)->gamma_regularizer, .constraint = (layer)->gamma_constraint                   \
    }
#define BETA_OF(layer)                                                                                       \
    {                                                                                                        \
        .name = "beta", .initializer = (layer)->beta_initializer, .regularizer = (layer)->beta_regularizer,  \
        .constraint = (layer)->beta_constraint                                                               \
    }

static int64_t flops_of(int each, const StShape *out) {
    return st_times(each, st_shape_size(out));
}

/* ---- layer_normalization ---- */

typedef struct LayerNormalization {
    StNumbers axis;
    double epsilon;
    AFFINE_FIELDS;
    bool rms_scaling;
} LayerNormalization;

static const StOption layer_options[] = {
    AXES_OPTION(LayerNormalization),
    EPSILON_OPTION(LayerNormalization, "0.001", "the variance"),
    AFFINE_OPTIONS(LayerNormalization),
    ST_OPTION(LayerNormalization, rms_scaling, ST_SWITCH, "no",
              .help =
                  "Leaves out the mean and beta (deprecated in Keras: rms_normalization is the real one)"),
    {0},
};

static bool layer_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    return axes_shape(&((const LayerNormalization *)values)->axis, in, out, error);
}

static Plan layer_plan(const void *values, const StShape *in) {
    const LayerNormalization *layer = values;
    Plan plan = axes_plan(layer->rms_scaling ? VARIANCE : MOMENTS, &layer->axis, in, layer->epsilon);
    int count = 0;
    if (layer->scale || layer->rms_scaling) plan.gamma = count++;
    if (layer->center && !layer->rms_scaling) plan.beta = count++;
    return plan;
}

static int layer_weights(const void *values, const StShape *in, StWeight *weights) {
    const LayerNormalization *layer = values;
    StShape shape = axes_extents(&layer->axis, in);
    int count = 0;
    if (layer->scale || layer->rms_scaling) weights[count++] = (StWeight)GAMMA_OF(layer);
    if (layer->center && !layer->rms_scaling) weights[count++] = (StWeight)BETA_OF(layer);
    for (int i = 0; i < count; i++)
        finish(&weights[i], shape);
    return count;
}

/* Mean, squared deviations, x̂, and weights. */
static int64_t layer_flops(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)in;
    return flops_of(8, out);
}

KERNELS(layer)
GRADIENT(layer)

const StLayerKind st_kind_layer_normalization = {
    .name = "layer_normalization",
    .help = "Gives every row mean 0 and variance 1 over its features, alike in training and outside it",
    .formula = "y = γ·(x - μ) / √(σ² + ε) + β, μ and σ² over the axes of one row",
    .options = layer_options,
    .options_size = sizeof(LayerNormalization),
    .shape = layer_shape,
    .weights = layer_weights,
    .flops = layer_flops,
    .kept = layer_kept,
    .scratch = layer_scratch,
    .mask = st_mask_passes,
    .forward = layer_forward,
    .backward = layer_backward,
    .gradient = layer_gradient,
};

/* ---- group_normalization ---- */

typedef struct GroupNormalization {
    int groups, axis;
    double epsilon;
    AFFINE_FIELDS;
} GroupNormalization;

static const StOption group_options[] = {
    ST_OPTION(GroupNormalization, groups, ST_INT, "32", .low = -1, .high = INT32_MAX,
              .help =
                  "How many groups the channels are cut into; -1: one a channel (instance normalization)"),
    ST_OPTION(GroupNormalization, axis, ST_INT, "-1", .low = -ST_RANK_MAX, .high = ST_RANK_MAX,
              .help = "The axis of the channels; 1 is a row's first, -1 its last"),
    EPSILON_OPTION(GroupNormalization, "0.001", "the variance"),
    AFFINE_OPTIONS(GroupNormalization),
    {0},
};

static bool group_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const GroupNormalization *layer = values;
    int axis;
    if (!st_shape_as_input(values, in, out, error) || !st_axis_read(layer->axis, in, &axis, error))
        return false;
    int64_t channels = in->dim[axis];
    if (layer->groups == 0)
        return st_fail(error, ST_ERR_VALUE, "groups=0: wanted a whole number from 1 up, or -1");
    if (layer->groups > 0 && channels % layer->groups != 0)
        return st_fail(error, ST_ERR_SHAPE,
                       "%lld channels do not make %d groups; set groups=", (long long)channels,
                       layer->groups);
    return true;
}

/* Channels first: then a group's elements, all positions of its channels, stand side by side. */
static Plan group_plan(const void *values, const StShape *in) {
    const GroupNormalization *layer = values;
    bool chosen[ST_RANK_MAX] = {false};
    int axis = 0, count = 0;
    st_axis_read(layer->axis, in, &axis, NULL);
    chosen[axis] = true;
    int64_t size = st_shape_size(in), groups = layer->groups < 0 ? in->dim[axis] : layer->groups;
    Plan plan = {.order = st_order_chosen(in, chosen, false),
                 .groups = groups,
                 .width = size / groups,
                 .run = size / in->dim[axis],
                 .each = true,
                 .epsilon = layer->epsilon};
    plan.gamma = layer->scale ? count++ : -1;
    plan.beta = layer->center ? count++ : -1;
    return plan;
}

static int group_weights(const void *values, const StShape *in, StWeight *weights) {
    const GroupNormalization *layer = values;
    int axis = 0, count = 0;
    st_axis_read(layer->axis, in, &axis, NULL);
    if (layer->scale) weights[count++] = (StWeight)GAMMA_OF(layer);
    if (layer->center) weights[count++] = (StWeight)BETA_OF(layer);
    for (int i = 0; i < count; i++)
        finish(&weights[i], (StShape){1, {in->dim[axis]}});
    return count;
}

KERNELS(group)
GRADIENT(group)

const StLayerKind st_kind_group_normalization = {
    .name = "group_normalization",
    .help = "Cuts the channels of every row into groups and gives each mean 0 and variance 1",
    .formula = "y = γ·(x - μ) / √(σ² + ε) + β, μ and σ² over one group of channels of one row",
    .options = group_options,
    .options_size = sizeof(GroupNormalization),
    .shape = group_shape,
    .weights = group_weights,
    .flops = layer_flops,
    .kept = group_kept,
    .scratch = group_scratch,
    .mask = st_mask_passes,
    .forward = group_forward,
    .backward = group_backward,
    .gradient = group_gradient,
};

/* ---- rms_normalization ---- */

typedef struct RmsNormalization {
    StNumbers axis;
    double epsilon;
} RmsNormalization;

static const StOption rms_options[] = {
    AXES_OPTION(RmsNormalization),
    EPSILON_OPTION(RmsNormalization, "1e-6", "the mean of the squares"),
    {0},
};

static bool rms_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    return axes_shape(&((const RmsNormalization *)values)->axis, in, out, error);
}

static Plan rms_plan(const void *values, const StShape *in) {
    const RmsNormalization *layer = values;
    Plan plan = axes_plan(SQUARES, &layer->axis, in, layer->epsilon);
    plan.gamma = 0;
    return plan;
}

static int rms_weights(const void *values, const StShape *in, StWeight *weights) {
    weights[0] = (StWeight){.name = "scale"};
    weights[0].initializer.kind = st_choice_find(st_initializers, "ones");
    finish(&weights[0], axes_extents(&((const RmsNormalization *)values)->axis, in));
    return 1;
}

static int64_t rms_flops(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)in;
    return flops_of(4, out);
}

KERNELS(rms)
GRADIENT(rms)

const StLayerKind st_kind_rms_normalization = {
    .name = "rms_normalization",
    .help = "Divides every row by the root of the mean of its squares",
    .formula = "y = scale·x / √(mean of x² + ε)",
    .options = rms_options,
    .options_size = sizeof(RmsNormalization),
    .shape = rms_shape,
    .weights = rms_weights,
    .flops = rms_flops,
    .kept = rms_kept,
    .scratch = rms_scratch,
    .mask = st_mask_passes,
    .forward = rms_forward,
    .backward = rms_backward,
    .gradient = rms_gradient,
};

/* ---- unit_normalization ---- */

typedef struct UnitNormalization {
    StNumbers axis;
} UnitNormalization;

static const StOption unit_options[] = {AXES_OPTION(UnitNormalization), {0}};

static bool unit_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    return axes_shape(&((const UnitNormalization *)values)->axis, in, out, error);
}

static Plan unit_plan(const void *values, const StShape *in) {
    return axes_plan(LENGTH, &((const UnitNormalization *)values)->axis, in, 1e-12);
}

static int64_t unit_flops(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)in;
    return flops_of(3, out);
}

KERNELS(unit)

const StLayerKind st_kind_unit_normalization = {
    .name = "unit_normalization",
    .help = "Gives every row the Euclidean length 1",
    .formula = "y = x / max(‖x‖, 1e-12)",
    .options = unit_options,
    .options_size = sizeof(UnitNormalization),
    .shape = unit_shape,
    .flops = unit_flops,
    .kept = unit_kept,
    .scratch = unit_scratch,
    .mask = st_mask_passes,
    .forward = unit_forward,
    .backward = unit_backward,
};
