/* Convolutions of sequences and of images (LeCun and others 1989): every filter is laid over the input at
 * each position and gives one number there. Kernels are Keras', [taps…, channels / groups, filters].
 *
 * The patches under the window times the kernel (layers/window.h), tile by tile; bias and activation while
 * the tile is hot. */
#include "layers/options.h"
#include "layers/window.h"
#include "math/vector.h"

#include <string.h>

/* Of conv1d, the first number of each size counts. */
typedef struct Conv {
    int filters;
    StSize kernel_size, strides;
    int padding;
    StSize dilation_rate;
    int groups;
    StCall activation;
    bool use_bias;
    ST_KERNEL_FIELDS;
} Conv;

#define FILTERS                                                                                              \
    ST_OPTION(Conv, filters, ST_INT, NULL, .low = 1, .high = INT32_MAX, .place = true,                       \
              .help = "Number of filters: channels of the output")
#define BEHIND_DILATION                                                                                      \
    ST_OPTION(Conv, groups, ST_INT, "1", .low = 1, .high = INT32_MAX,                                        \
              .help = "Cuts channels and filters into so many groups that do not see each other"),           \
        ST_ACTIVATION_OPTION(Conv, activation, "linear", "Function applied to every output"),                \
        ST_USE_BIAS_OPTION(Conv), ST_KERNEL_OPTIONS(Conv, "glorot_uniform"), {                               \
        0                                                                                                    \
    }
#define KERNEL_SIZE "Extent of the window"
#define STRIDES     "How far the window moves from position to position"
#define DILATION    "Distance of the window's taps; above 1 only with strides=1"

static const StOption options_1d[] = {
    FILTERS,
    ST_SIZE_1D(Conv, kernel_size, NULL, .place = true, .help = KERNEL_SIZE " in steps"),
    ST_SIZE_1D(Conv, strides, "1", .help = STRIDES),
    ST_OPTION(Conv, padding, ST_CHOICE, "valid", .choices = st_paddings_causal, .help = ST_PADDING_HELP),
    ST_SIZE_1D(Conv, dilation_rate, "1", .help = DILATION),
    BEHIND_DILATION,
};

static const StOption options_2d[] = {
    FILTERS,
    ST_SIZE_2D(Conv, kernel_size, NULL, .place = true, .help = KERNEL_SIZE ", rows x columns"),
    ST_SIZE_2D(Conv, strides, "1", .help = STRIDES),
    ST_OPTION(Conv, padding, ST_CHOICE, "valid", .choices = st_paddings, .help = ST_PADDING_HELP),
    ST_SIZE_2D(Conv, dilation_rate, "1", .help = DILATION),
    BEHIND_DILATION,
};

enum { KERNEL, BIAS };

static bool conv_window(const Conv *conv, const StShape *in, int rank, StWindow *window, StError *error) {
    if (!st_window_image(window, in, rank, error)) return false;
    st_window_set(window, in, conv->kernel_size, conv->strides, conv->dilation_rate);
    return st_window_fit(window, conv->padding, error);
}

static bool conv_shape(const Conv *conv, const StShape *in, int rank, StShape *out, StError *error) {
    StWindow window;
    if (!conv_window(conv, in, rank, &window, error) ||
        !st_window_dilates(in, conv->strides, conv->dilation_rate, error))
        return false;
    if (window.channels % conv->groups || conv->filters % conv->groups)
        return st_fail(error, ST_ERR_SHAPE,
                       "groups=%d: wanted a divisor of the %lld channels of the input and of filters=%d",
                       conv->groups, (long long)window.channels, conv->filters);
    *out = st_window_out(&window, in, conv->filters);
    return true;
}

static bool conv1d_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    return conv_shape(values, in, 1, out, error);
}

static bool conv2d_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    return conv_shape(values, in, 2, out, error);
}

/* Of options and a shape that fit. */
static StFilter filter_of(const void *values, const StShape *in) {
    const Conv *conv = values;
    StFilter filter = {.groups = conv->groups, .width = conv->filters};
    conv_window(conv, in, in->rank - 1, &filter.window, NULL);
    return filter;
}

static int conv_weights(const void *values, const StShape *in, StWeight *weights) {
    const Conv *conv = values;
    StFilter filter = filter_of(values, in);
    int64_t channels = filter.window.channels / filter.groups;
    weights[KERNEL] =
        st_window_weight("kernel", &filter.window, in, channels, filter.width, ST_WEIGHT_CALLS(conv, kernel));
    if (!conv->use_bias) return 1;
    weights[BIAS] = st_bias_weight(filter.width, ST_WEIGHT_CALLS(conv, bias));
    return 2;
}

static int64_t conv_flops(const void *values, const StShape *in, const StShape *out) {
    StFilter filter = filter_of(values, in);
    int64_t patch = st_window_patch(&filter.window, filter.window.channels / filter.groups);
    return st_times(2, st_times(patch, st_shape_size(out)));
}

static int64_t conv_kept(const void *values, const StShape *in, const StShape *out) {
    (void)in;
    return st_activation_needs_z(((const Conv *)values)->activation.kind) ? st_shape_size(out) : 0;
}

static int64_t conv_scratch(const void *values, const StShape *in, const StShape *out) {
    (void)out;
    StFilter filter = filter_of(values, in);
    return st_filter_scratch(&filter);
}

static const char *conv_activation(const void *values) {
    return st_activations[((const Conv *)values)->activation.kind].name;
}

static const StCall *conv_activity(const void *values) {
    return &((const Conv *)values)->activity_regularizer;
}

/* The bias is laid in first and the product added to it, which costs no more than clearing. */
static void conv_forward(const StStep *step, const StPass *pass) {
    const Conv *conv = step->options;
    StFilter filter = filter_of(conv, &step->in);
    int64_t positions = st_window_positions(&filter.window), width = filter.width;
    int64_t end = (pass->first + pass->rows) * positions;
    int64_t tile = st_filter_tile(&filter, pass->rows * positions);
    for (int64_t first = pass->first * positions; first < end; first += tile) {
        int64_t count = end - first < tile ? end - first : tile;
        Real *y = step->y + first * width, *z = y;
        if (conv->use_bias) st_rows_fill(y, step->weight[BIAS], count, width);
        st_filter_apply(&filter, first, count, step->x, step->weight[KERNEL], conv->use_bias, step->y,
                        pass->scratch);
        if (pass->z) continue;
        if (step->kept && step->kept_size) {
            z = step->kept + first * width;
            memcpy(z, y, (size_t)(count * width) * sizeof *z);
        }
        st_activation_forward(&conv->activation, y, z, count, width);
    }
}

static void conv_backward(const StStep *step, const StPass *pass) {
    const Conv *conv = step->options;
    StFilter filter = filter_of(conv, &step->in);
    int64_t at = pass->first * step->out_size;
    Real *dz = step->dy + at;
    if (!pass->dz)
        st_activation_backward(&conv->activation, dz, dz, step->y + at, step->kept ? step->kept + at : NULL,
                               pass->rows * st_window_positions(&filter.window), filter.width);
    if (step->dx)
        st_filter_turn_back(&filter, pass->first, pass->rows, step->dy, step->weight[KERNEL], false, step->dx,
                            pass->scratch);
}

/* In bands of the kernel's rows (taps and channels); the bias is a row more, of the last part. */
static void conv_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    const Conv *conv = step->options;
    StFilter filter = filter_of(conv, &step->in);
    int64_t patch = st_window_patch(&filter.window, filter.window.channels / filter.groups);
    Real *bias = conv->use_bias && part == parts - 1 ? step->gradient[BIAS] : NULL;
    st_filter_gradient(&filter, rows, patch * part / parts, patch * (part + 1) / parts, step->x, step->dy,
                       step->gradient[KERNEL], bias, scratch);
}

#define CONV                                                                                                 \
    .options_size = sizeof(Conv), .weights = conv_weights, .flops = conv_flops, .kept = conv_kept,           \
    .scratch = conv_scratch, .activation = conv_activation, .activity = conv_activity,                       \
    .forward = conv_forward, .backward = conv_backward, .gradient = conv_gradient

const StLayerKind st_kind_conv1d = {
    .name = "conv1d",
    .help =
        "Lays every filter over the steps of a sequence, at each position a weighted sum of what it covers",
    .formula = "y[t, f] = f(Σᵢ Σ_c x[t·s + i·d - p, c]·W[i, c, f] + b[f])",
    .options = options_1d,
    .shape = conv1d_shape,
    CONV,
};

const StLayerKind st_kind_conv2d = {
    .name = "conv2d",
    .help = "Lays every filter over the image, at each position a weighted sum of what it covers",
    .formula = "y[r, q, f] = f(Σᵢ Σⱼ Σ_c x[r·s + i·d - p, q·s + j·d - p, c]·W[i, j, c, f] + b[f])",
    .options = options_2d,
    .shape = conv2d_shape,
    CONV,
};
