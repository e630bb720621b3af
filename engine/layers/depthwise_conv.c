/* Convolutions in which every channel is filtered alone (depthwise), and the channels are then mixed by a
 * product at each position (separable; Sifre 2014, Chollet 2017), of sequences and of images. Kernels are
 * Keras': depthwise [taps…, channels, depth_multiplier], pointwise [1…, channels·depth_multiplier, filters].
 *
 * What lies between the two halves of a separable convolution is made tile by tile and never kept: backward
 * and the gradients make it again. */
#include "layers/depthwise.h"
#include "layers/options.h"
#include "math/gemm.h"
#include "math/vector.h"

#include <string.h>

/* The fields that both have; of a sequence, the first number of each size counts. */
typedef struct Depthwise {
    int filters; /* separable_conv alone */
    StSize kernel_size, strides, dilation_rate;
    int padding, depth_multiplier;
    StCall activation;
    bool use_bias;
    StCall depthwise_initializer, pointwise_initializer, bias_initializer;
    StCall depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer;
    StCall depthwise_constraint, pointwise_constraint, bias_constraint;
} Depthwise;

#define FILTERS                                                                                              \
    ST_OPTION(Depthwise, filters, ST_INT, NULL, .low = 1, .high = INT32_MAX, .place = true,                  \
              .help = "Number of filters: channels of the output")
#define SIZES(axes, unit)                                                                                    \
    ST_SIZE_##axes(Depthwise, kernel_size, NULL, .place = true, .help = "Extent of the window" unit),        \
        ST_SIZE_##axes(Depthwise, strides, "1",                                                              \
                       .help = "How far the window moves from position to position")
#define PADDING                                                                                              \
    ST_OPTION(Depthwise, padding, ST_CHOICE, "valid", .choices = st_paddings, .help = ST_PADDING_HELP)
#define DILATION(axes) ST_SIZE_##axes(Depthwise, dilation_rate, "1", .help = "Distance of the window's taps")
#define MULTIPLIER                                                                                           \
    ST_OPTION(Depthwise, depth_multiplier, ST_INT, "1", .low = 1, .high = ST_EXTENT_MAX,                     \
              .help = "Kernels of each channel of the input")
#define ACTIVATION                                                                                           \
    ST_ACTIVATION_OPTION(Depthwise, activation, "linear", "Function applied to every output"),               \
        ST_USE_BIAS_OPTION(Depthwise)
#define OF_DEPTHWISE                                                                                         \
    ACTIVATION, ST_INITIALIZER_OPTION(Depthwise, depthwise_initializer, "glorot_uniform", "the kernel"),     \
        ST_INITIALIZER_OPTION(Depthwise, bias_initializer, "zeros", "the bias"),                             \
        ST_REGULARIZER_OPTION(Depthwise, depthwise_regularizer, "the kernel"),                               \
        ST_REGULARIZER_OPTION(Depthwise, bias_regularizer, "the bias"), ST_ACTIVITY_OPTION(Depthwise),       \
        ST_CONSTRAINT_OPTION(Depthwise, depthwise_constraint, "the kernel"),                                 \
        ST_CONSTRAINT_OPTION(Depthwise, bias_constraint, "the bias")
#define EACH   "the kernels of each channel"
#define MIXING "the kernel that mixes channels"
#define OF_SEPARABLE                                                                                         \
    ACTIVATION, ST_INITIALIZER_OPTION(Depthwise, depthwise_initializer, "glorot_uniform", EACH),             \
        ST_INITIALIZER_OPTION(Depthwise, pointwise_initializer, "glorot_uniform", MIXING),                   \
        ST_INITIALIZER_OPTION(Depthwise, bias_initializer, "zeros", "the bias"),                             \
        ST_REGULARIZER_OPTION(Depthwise, depthwise_regularizer, EACH),                                       \
        ST_REGULARIZER_OPTION(Depthwise, pointwise_regularizer, MIXING),                                     \
        ST_REGULARIZER_OPTION(Depthwise, bias_regularizer, "the bias"), ST_ACTIVITY_OPTION(Depthwise),       \
        ST_CONSTRAINT_OPTION(Depthwise, depthwise_constraint, EACH),                                         \
        ST_CONSTRAINT_OPTION(Depthwise, pointwise_constraint, MIXING),                                       \
        ST_CONSTRAINT_OPTION(Depthwise, bias_constraint, "the bias")

/* In Keras' order, which differs between the two. */
static const StOption depthwise_options_1d[] = {SIZES(1D, " in steps"), PADDING,      MULTIPLIER,
                                                DILATION(1D),           OF_DEPTHWISE, {0}};
static const StOption depthwise_options_2d[] = {
    SIZES(2D, ", rows x columns"), PADDING, MULTIPLIER, DILATION(2D), OF_DEPTHWISE, {0}};
static const StOption separable_options_1d[] = {FILTERS,    SIZES(1D, " in steps"), PADDING, DILATION(1D),
                                                MULTIPLIER, OF_SEPARABLE,           {0}};
static const StOption separable_options_2d[] = {
    FILTERS, SIZES(2D, ", rows x columns"), PADDING, DILATION(2D), MULTIPLIER, OF_SEPARABLE, {0}};

/* ---- what both share ---- */

static bool window_of(const Depthwise *o, const StShape *in, int rank, StWindow *w, StError *error) {
    if (!st_window_image(w, in, rank, error)) return false;
    st_window_set(w, in, o->kernel_size, o->strides, o->dilation_rate);
    return st_window_fit(w, o->padding, error);
}

/* The depthwise half over all channels; of options and a shape that fit. */
static StDepthwise half_of(const void *values, const StShape *in) {
    const Depthwise *o = values;
    StDepthwise half = {.multiplier = o->depth_multiplier};
    window_of(o, in, in->rank - 1, &half.window, NULL);
    half.to = half.window.channels;
    half.width = st_times(half.to, half.multiplier);
    return half;
}

static int64_t kept(const void *values, const StShape *in, const StShape *out) {
    (void)in;
    return st_activation_needs_z(((const Depthwise *)values)->activation.kind) ? st_shape_size(out) : 0;
}

static const char *activation(const void *values) {
    return st_activations[((const Depthwise *)values)->activation.kind].name;
}

static const StCall *activity(const void *values) {
    return &((const Depthwise *)values)->activity_regularizer;
}

/* Ends a tile of `count` positions from `first` on, whose sums are there: width of the output. */
static void activate(const StStep *step, const StPass *pass, int64_t first, int64_t count, int64_t width) {
    const Depthwise *o = step->options;
    Real *y = step->y + first * width, *z = y;
    if (pass->z) return;
    if (step->kept && step->kept_size) {
        z = step->kept + first * width;
        memcpy(z, y, (size_t)(count * width) * sizeof *z);
    }
    st_activation_forward(&o->activation, y, z, count, width);
}

static void deactivate(const StStep *step, const StPass *pass, int64_t width) {
    const Depthwise *o = step->options;
    int64_t at = pass->first * step->out_size;
    Real *dz = step->dy + at;
    if (!pass->dz)
        st_activation_backward(&o->activation, dz, dz, step->y + at, step->kept ? step->kept + at : NULL,
                               pass->rows * step->out_size / width, width);
    if (step->dx)
        memset(step->dx + pass->first * step->in_size, 0,
               (size_t)(pass->rows * step->in_size) * sizeof *step->dx);
}

/* y = the bias, or zeros. */
static void begin(const Real *bias, Real *y, int64_t count, int64_t width) {
    if (bias)
        st_rows_fill(y, bias, count, width);
    else
        memset(y, 0, (size_t)(count * width) * sizeof *y);
}

/* The bias' gradient, in bands. */
static void bias_gradient(const StStep *step, int bias, int64_t rows, int64_t width, int part, int parts) {
    if (!((const Depthwise *)step->options)->use_bias) return;
    int64_t from = width * part / parts, to = width * (part + 1) / parts;
    st_columns_sum(step->gradient[bias] + from, step->dy, rows * step->out_size / width, width, from,
                   to - from);
}

/* A band of channels of the gradient of the depthwise kernel, to zeros. */
static void clear_band(const StDepthwise *half, Real *gradient) {
    const StWindow *w = &half->window;
    int64_t row = w->channels * half->multiplier;
    for (int64_t t = 0; t < w->kernel[0] * w->kernel[1]; t++)
        memset(gradient + t * row + half->from * half->multiplier, 0,
               (size_t)((half->to - half->from) * half->multiplier) * sizeof *gradient);
}

/* ---- depthwise ---- */

enum { KERNEL, BIAS };

static bool depthwise_shape(const void *values, const StShape *in, int rank, StShape *out, StError *error) {
    StWindow w;
    if (!window_of(values, in, rank, &w, error)) return false;
    *out = st_window_out(&w, in, st_times(w.channels, ((const Depthwise *)values)->depth_multiplier));
    return true;
}

static bool depthwise_shape_1d(const void *values, const StShape *in, StShape *out, StError *error) {
    return depthwise_shape(values, in, 1, out, error);
}

static bool depthwise_shape_2d(const void *values, const StShape *in, StShape *out, StError *error) {
    return depthwise_shape(values, in, 2, out, error);
}

static int depthwise_weights(const void *values, const StShape *in, StWeight *weights) {
    const Depthwise *o = values;
    StDepthwise half = half_of(values, in);
    weights[KERNEL] = st_window_weight("kernel", &half.window, in, half.window.channels, half.multiplier,
                                       ST_WEIGHT_CALLS(o, depthwise));
    if (!o->use_bias) return 1;
    weights[BIAS] = st_bias_weight(half.width, ST_WEIGHT_CALLS(o, bias));
    return 2;
}

static int64_t depthwise_flops(const void *values, const StShape *in, const StShape *out) {
    StDepthwise half = half_of(values, in);
    return st_times(2, st_times(st_window_patch(&half.window, 1), st_shape_size(out)));
}

static void depthwise_forward(const StStep *step, const StPass *pass) {
    const Depthwise *o = step->options;
    StDepthwise half = half_of(o, &step->in);
    int64_t positions = st_window_positions(&half.window);
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++) {
        half.first = row * positions;
        half.count = positions;
        Real *y = step->y + row * step->out_size;
        begin(o->use_bias ? step->weight[BIAS] : NULL, y, positions, half.width);
        st_depthwise_apply(&half, step->x, step->weight[KERNEL], y);
        activate(step, pass, half.first, positions, half.width);
    }
}

static void depthwise_backward(const StStep *step, const StPass *pass) {
    StDepthwise half = half_of(step->options, &step->in);
    int64_t positions = st_window_positions(&half.window);
    deactivate(step, pass, half.width);
    half.first = pass->first * positions;
    half.count = pass->rows * positions;
    if (step->dx)
        st_depthwise_turn_back(&half, step->dy + half.first * half.width, step->weight[KERNEL], step->dx);
}

/* In bands of the input's channels. */
static void depthwise_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    (void)scratch;
    StDepthwise half = half_of(step->options, &step->in);
    half.from = half.window.channels * part / parts;
    half.to = half.window.channels * (part + 1) / parts;
    half.count = rows * st_window_positions(&half.window);
    clear_band(&half, step->gradient[KERNEL]);
    st_depthwise_gradient(&half, step->x, step->dy + half.from * half.multiplier, step->gradient[KERNEL]);
    bias_gradient(step, BIAS, rows, half.width, part, parts);
}

/* ---- separable ---- */

enum { EACH_CHANNEL, POINTWISE, SEPARABLE_BIAS };
enum { TILE = 32 << 10 /* elements between the halves that are made at a time */ };

static bool separable_shape(const void *values, const StShape *in, int rank, StShape *out, StError *error) {
    StWindow w;
    if (!window_of(values, in, rank, &w, error)) return false;
    *out = st_window_out(&w, in, ((const Depthwise *)values)->filters);
    return true;
}

static bool separable_shape_1d(const void *values, const StShape *in, StShape *out, StError *error) {
    return separable_shape(values, in, 1, out, error);
}

static bool separable_shape_2d(const void *values, const StShape *in, StShape *out, StError *error) {
    return separable_shape(values, in, 2, out, error);
}

static int separable_weights(const void *values, const StShape *in, StWeight *weights) {
    const Depthwise *o = values;
    StDepthwise half = half_of(values, in);
    StWindow point = {.kernel = {1, 1}};
    weights[EACH_CHANNEL] = st_window_weight("depthwise_kernel", &half.window, in, half.window.channels,
                                             half.multiplier, ST_WEIGHT_CALLS(o, depthwise));
    weights[POINTWISE] = st_window_weight("pointwise_kernel", &point, in, half.width, o->filters,
                                          ST_WEIGHT_CALLS(o, pointwise));
    if (!o->use_bias) return 2;
    weights[SEPARABLE_BIAS] = st_bias_weight(o->filters, ST_WEIGHT_CALLS(o, bias));
    return 3;
}

static int64_t separable_flops(const void *values, const StShape *in, const StShape *out) {
    StDepthwise half = half_of(values, in);
    int64_t each = st_times(st_window_patch(&half.window, 1), half.width);
    int64_t mixed = st_times(half.width, ((const Depthwise *)values)->filters);
    (void)out;
    return st_times(2, st_times(st_window_positions(&half.window), st_plus(each, mixed)));
}

static int64_t separable_scratch(const void *values, const StShape *in, const StShape *out) {
    (void)out;
    StDepthwise half = half_of(values, in);
    return half.width < 0 ? -1 : half.width > TILE ? half.width : TILE;
}

static int64_t tile_of(int64_t width) {
    return width < TILE ? TILE / width : 1;
}

/* What lies between the halves, of the half's channels and positions, to the scratch. */
static void make_middle(const StStep *step, const StDepthwise *half, Real *middle) {
    memset(middle, 0, (size_t)(half->count * half->width) * sizeof *middle);
    st_depthwise_apply(half, step->x, step->weight[EACH_CHANNEL], middle);
}

static void separable_forward(const StStep *step, const StPass *pass) {
    const Depthwise *o = step->options;
    StDepthwise half = half_of(o, &step->in);
    int64_t positions = st_window_positions(&half.window), tile = tile_of(half.width), width = o->filters;
    int64_t end = (pass->first + pass->rows) * positions;
    for (half.first = pass->first * positions; half.first < end; half.first += tile) {
        half.count = end - half.first < tile ? end - half.first : tile;
        Real *y = step->y + half.first * width;
        make_middle(step, &half, pass->scratch);
        if (o->use_bias) st_rows_fill(y, step->weight[SEPARABLE_BIAS], half.count, width);
        st_gemm(false, false, half.count, width, half.width, 1, pass->scratch, half.width,
                step->weight[POINTWISE], width, o->use_bias, y, width);
        activate(step, pass, half.first, half.count, width);
    }
}

/* The middle's gradient, of the half's channels and positions, to the scratch. */
static void make_middle_gradient(const StStep *step, const StDepthwise *half, Real *middle) {
    int64_t width = ((const Depthwise *)step->options)->filters;
    st_gemm(false, true, half->count, half->width, width, 1, step->dy + half->first * width, width,
            step->weight[POINTWISE] + half->from * half->multiplier * width, width, 0, middle, half->width);
}

static void separable_backward(const StStep *step, const StPass *pass) {
    const Depthwise *o = step->options;
    StDepthwise half = half_of(o, &step->in);
    int64_t positions = st_window_positions(&half.window), tile = tile_of(half.width);
    int64_t end = (pass->first + pass->rows) * positions;
    deactivate(step, pass, o->filters);
    for (half.first = pass->first * positions; step->dx && half.first < end; half.first += tile) {
        half.count = end - half.first < tile ? end - half.first : tile;
        make_middle_gradient(step, &half, pass->scratch);
        st_depthwise_turn_back(&half, pass->scratch, step->weight[EACH_CHANNEL], step->dx);
    }
}

/* In bands of the input's channels, of both kernels. */
static void separable_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    const Depthwise *o = step->options;
    StDepthwise half = half_of(o, &step->in);
    half.from = half.window.channels * part / parts;
    half.to = half.window.channels * (part + 1) / parts;
    half.width = (half.to - half.from) * half.multiplier;
    int64_t width = o->filters, end = rows * st_window_positions(&half.window),
            tile = tile_of(half.width + 1);
    clear_band(&half, step->gradient[EACH_CHANNEL]);
    for (half.first = 0; half.width && half.first < end; half.first += tile) {
        half.count = end - half.first < tile ? end - half.first : tile;
        make_middle(step, &half, scratch);
        st_gemm(true, false, half.width, width, half.count, 1, scratch, half.width,
                step->dy + half.first * width, width, half.first > 0,
                step->gradient[POINTWISE] + half.from * half.multiplier * width, width);
        make_middle_gradient(step, &half, scratch);
        st_depthwise_gradient(&half, step->x, scratch, step->gradient[EACH_CHANNEL]);
    }
    bias_gradient(step, SEPARABLE_BIAS, rows, width, part, parts);
}

/* ---- the kinds ---- */

#define BOTH .options_size = sizeof(Depthwise), .kept = kept, .activation = activation, .activity = activity
#define DEPTHWISE                                                                                            \
    BOTH, .weights = depthwise_weights, .flops = depthwise_flops, .forward = depthwise_forward,              \
          .backward = depthwise_backward, .gradient = depthwise_gradient
#define SEPARABLE                                                                                            \
    BOTH, .weights = separable_weights, .flops = separable_flops, .scratch = separable_scratch,              \
          .forward = separable_forward, .backward = separable_backward, .gradient = separable_gradient

const StLayerKind st_kind_depthwise_conv1d = {
    .name = "depthwise_conv1d",
    .help = "Lays kernels of its own over each channel of a sequence, and mixes no channels",
    .formula = "y[t, c·M + m] = f(Σᵢ x[t·s + i·d - p, c]·W[i, c, m] + b)",
    .options = depthwise_options_1d,
    .shape = depthwise_shape_1d,
    DEPTHWISE,
};

const StLayerKind st_kind_depthwise_conv2d = {
    .name = "depthwise_conv2d",
    .help = "Lays kernels of its own over each channel of an image, and mixes no channels",
    .formula = "y[r, q, c·M + m] = f(Σᵢ Σⱼ x[r·s + i·d - p, q·s + j·d - p, c]·W[i, j, c, m] + b)",
    .options = depthwise_options_2d,
    .shape = depthwise_shape_2d,
    DEPTHWISE,
};

const StLayerKind st_kind_separable_conv1d = {
    .name = "separable_conv1d",
    .help = "A depthwise convolution of a sequence, and then a product that mixes the channels of each step",
    .formula = "y[t, f] = f(Σ_c Σₘ (Σᵢ x[t·s + i·d - p, c]·D[i, c, m])·P[c·M + m, f] + b[f])",
    .options = separable_options_1d,
    .shape = separable_shape_1d,
    SEPARABLE,
};

const StLayerKind st_kind_separable_conv2d = {
    .name = "separable_conv2d",
    .help = "A depthwise convolution of an image, and then a product that mixes the channels of each pixel",
    .formula = "y = f((x under D)·P + b), D of each channel as depthwise_conv2d, P over all of them",
    .options = separable_options_2d,
    .shape = separable_shape_2d,
    SEPARABLE,
};
