/* Transposed convolutions of sequences and of images: a convolution turned round (Zeiler and others 2010), so
 * that stride 2 doubles the size. Every number of the input lays the kernel, weighted by it, over the output.
 *
 * The output is the image that a convolution's window slides over, the input the matrix of its positions
 * (layers/window.h): what is forward here is backward there. Kernels are Keras', [taps…, filters, channels].
 */
#include "layers/options.h"
#include "layers/window.h"
#include "math/vector.h"

#include <string.h>

/* Of conv1d_transpose, the first number of each size counts. */
typedef struct Transpose {
    int filters;
    StSize kernel_size, strides;
    int padding;
    StSize output_padding, dilation_rate;
    StCall activation;
    bool use_bias;
    ST_KERNEL_FIELDS;
} Transpose;

#define FILTERS                                                                                              \
    ST_OPTION(Transpose, filters, ST_INT, NULL, .low = 1, .high = INT32_MAX, .place = true,                  \
              .help = "Number of filters: channels of the output")
static const StChoice paddings[] = {
    {.name = "valid", .help = "all that the kernels cover"},
    {.name = "same", .help = "cut to the input's size times strides"},
    {0},
};
#define PADDING                                                                                              \
    ST_OPTION(Transpose, padding, ST_CHOICE, "valid", .choices = paddings,                                   \
              .help = "How much of the output is kept")
#define BEHIND_DILATION                                                                                      \
    ST_ACTIVATION_OPTION(Transpose, activation, "linear", "Function applied to every output"),               \
        ST_USE_BIAS_OPTION(Transpose), ST_KERNEL_OPTIONS(Transpose, "glorot_uniform")
#define KERNEL_SIZE    "Extent of the kernel"
#define STRIDES        "How far the kernel moves in the output from one input to the next"
#define OUTPUT_PADDING "Makes the output longer at its end, by less than strides; none: as padding says"
#define DILATION       "Distance of the kernel's taps; above 1 only with strides=1"

static const StOption options_1d[] = {
    FILTERS,
    ST_SIZE_1D(Transpose, kernel_size, NULL, .place = true, .help = KERNEL_SIZE " in steps"),
    ST_SIZE_1D(Transpose, strides, "1", .help = STRIDES),
    PADDING,
    {.name = "output_padding",
     .type = ST_INT,
     .offset = offsetof(Transpose, output_padding.n[0]),
     .size = sizeof(int),
     .fallback = "none",
     .optional = true,
     .high = ST_EXTENT_MAX,
     .help = OUTPUT_PADDING},
    ST_SIZE_1D(Transpose, dilation_rate, "1", .help = DILATION),
    BEHIND_DILATION,
    {0},
};

static const StOption options_2d[] = {
    FILTERS,
    ST_SIZE_2D(Transpose, kernel_size, NULL, .place = true, .help = KERNEL_SIZE ", rows x columns"),
    ST_SIZE_2D(Transpose, strides, "1", .help = STRIDES),
    PADDING,
    ST_OPTION(Transpose, output_padding, ST_SIZE, "none", .optional = true, .high = ST_EXTENT_MAX,
              .help = OUTPUT_PADDING),
    ST_SIZE_2D(Transpose, dilation_rate, "1", .help = DILATION),
    BEHIND_DILATION,
    {0},
};

enum { KERNEL, BIAS };

/* One axis of `inputs` positions: how long the output is, and how much of it lies before its first element
 * and is cut off. Keras' formulas (compute_conv_transpose_padding_args_for_jax). */
static bool fit_axis(StWindow *w, int axis, int padding, int output_padding, StError *error) {
    int64_t inputs = w->out[axis], stride = w->stride[axis], cut = 0;
    int64_t extent = (w->kernel[axis] - 1) * w->dilation[axis] + 1, size = (inputs - 1) * stride;
    bool none = output_padding == ST_NO_INT;
    if (!none && output_padding >= stride)
        return st_fail(error, ST_ERR_VALUE, "output_padding=%d: wanted less than strides, %lld",
                       output_padding, (long long)stride);
    if (padding == ST_PADDING_VALID) {
        size += none ? (extent > stride ? extent : stride) : extent + output_padding;
    } else if (none) {
        size += stride;
        cut = (extent - stride) / 2;
    } else {
        size += extent % 2 + output_padding;
        cut = (extent - extent % 2 - output_padding) / 2;
    }
    w->size[axis] = size;
    w->before[axis] = cut > 0 ? cut : 0;
    if (size < 1) return st_fail(error, ST_ERR_SHAPE, "nothing is left of the output; take padding=valid");
    return true;
}

static bool transpose_window(const Transpose *o, const StShape *in, int rank, StWindow *w, StError *error) {
    if (!st_window_image(w, in, rank, error)) return false;
    st_window_set(w, in, o->kernel_size, o->strides, o->dilation_rate);
    w->channels = o->filters;
    return (rank == 1 || fit_axis(w, 0, o->padding, o->output_padding.n[0], error)) &&
           fit_axis(w, 1, o->padding, o->output_padding.n[rank - 1], error);
}

static bool transpose_shape(const Transpose *o, const StShape *in, int rank, StShape *out, StError *error) {
    StWindow w;
    if (!transpose_window(o, in, rank, &w, error) ||
        !st_window_dilates(in, o->strides, o->dilation_rate, error))
        return false;
    StShape sequence = {2, {w.size[1], w.channels}}, image = {3, {w.size[0], w.size[1], w.channels}};
    *out = rank == 1 ? sequence : image;
    return true;
}

static bool shape_1d(const void *values, const StShape *in, StShape *out, StError *error) {
    return transpose_shape(values, in, 1, out, error);
}

static bool shape_2d(const void *values, const StShape *in, StShape *out, StError *error) {
    return transpose_shape(values, in, 2, out, error);
}

/* Of options and a shape that fit: the window over the output, and as many columns as the input has channels.
 */
static StFilter filter_of(const void *values, const StShape *in) {
    StFilter filter = {.groups = 1, .width = in->dim[in->rank - 1]};
    transpose_window(values, in, in->rank - 1, &filter.window, NULL);
    return filter;
}

static int transpose_weights(const void *values, const StShape *in, StWeight *weights) {
    const Transpose *o = values;
    StFilter filter = filter_of(values, in);
    weights[KERNEL] =
        st_window_weight("kernel", &filter.window, in, o->filters, filter.width, ST_WEIGHT_CALLS(o, kernel));
    if (!o->use_bias) return 1;
    weights[BIAS] = st_bias_weight(o->filters, ST_WEIGHT_CALLS(o, bias));
    return 2;
}

/* Every input times every tap of every filter, and added. */
static int64_t transpose_flops(const void *values, const StShape *in, const StShape *out) {
    (void)out;
    StFilter filter = filter_of(values, in);
    int64_t patch = st_window_patch(&filter.window, filter.window.channels);
    return st_times(2, st_times(patch, st_shape_size(in)));
}

static int64_t transpose_kept(const void *values, const StShape *in, const StShape *out) {
    (void)in;
    return st_activation_needs_z(((const Transpose *)values)->activation.kind) ? st_shape_size(out) : 0;
}

static int64_t transpose_scratch(const void *values, const StShape *in, const StShape *out) {
    (void)out;
    StFilter filter = filter_of(values, in);
    return st_filter_scratch(&filter);
}

static const char *transpose_activation(const void *values) {
    return st_activations[((const Transpose *)values)->activation.kind].name;
}

static const StCall *transpose_activity(const void *values) {
    return &((const Transpose *)values)->activity_regularizer;
}

static void transpose_forward(const StStep *step, const StPass *pass) {
    const Transpose *o = step->options;
    StFilter filter = filter_of(o, &step->in);
    int64_t at = pass->first * step->out_size, n = pass->rows * step->out_size;
    Real *y = step->y + at, *z = y;
    if (o->use_bias) st_rows_fill(y, step->weight[BIAS], n / o->filters, o->filters);
    st_filter_turn_back(&filter, pass->first, pass->rows, step->x, step->weight[KERNEL], o->use_bias, step->y,
                        pass->scratch);
    if (pass->z) return;
    if (step->kept && step->kept_size) {
        z = step->kept + at;
        memcpy(z, y, (size_t)n * sizeof *z);
    }
    st_activation_forward(&o->activation, y, z, n / o->filters, o->filters);
}

static void transpose_backward(const StStep *step, const StPass *pass) {
    const Transpose *o = step->options;
    StFilter filter = filter_of(o, &step->in);
    int64_t at = pass->first * step->out_size, n = pass->rows * step->out_size;
    Real *dz = step->dy + at;
    if (!pass->dz)
        st_activation_backward(&o->activation, dz, dz, step->y + at, step->kept ? step->kept + at : NULL,
                               n / o->filters, o->filters);
    if (!step->dx) return;
    int64_t positions = st_window_positions(&filter.window);
    int64_t tile = st_filter_tile(&filter, pass->rows * positions);
    int64_t end = (pass->first + pass->rows) * positions;
    for (int64_t first = pass->first * positions; first < end; first += tile)
        st_filter_apply(&filter, first, end - first < tile ? end - first : tile, step->dy,
                        step->weight[KERNEL], false, step->dx, pass->scratch);
}

/* The kernel's gradient in bands of its rows (taps and filters), the bias' in bands of filters. */
static void transpose_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    const Transpose *o = step->options;
    StFilter filter = filter_of(o, &step->in);
    int64_t patch = st_window_patch(&filter.window, filter.window.channels);
    st_filter_gradient(&filter, rows, patch * part / parts, patch * (part + 1) / parts, step->dy, step->x,
                       step->gradient[KERNEL], NULL, scratch);
    if (!o->use_bias) return;
    int64_t from = (int64_t)o->filters * part / parts, to = (int64_t)o->filters * (part + 1) / parts;
    st_columns_sum(step->gradient[BIAS] + from, step->dy, rows * step->out_size / o->filters, o->filters,
                   from, to - from);
}

#define TRANSPOSE                                                                                            \
    .options_size = sizeof(Transpose), .weights = transpose_weights, .flops = transpose_flops,               \
    .kept = transpose_kept, .scratch = transpose_scratch, .activation = transpose_activation,                \
    .activity = transpose_activity, .forward = transpose_forward, .backward = transpose_backward,            \
    .gradient = transpose_gradient

const StLayerKind st_kind_conv1d_transpose = {
    .name = "conv1d_transpose",
    .help = "A convolution turned round: every step lays the kernel, weighted, over a longer sequence",
    .formula = "y[t·s + i·d - p, f] += Σ_c x[t, c]·W[i, f, c]; f(y + b)",
    .options = options_1d,
    .shape = shape_1d,
    TRANSPOSE,
};

const StLayerKind st_kind_conv2d_transpose = {
    .name = "conv2d_transpose",
    .help = "A convolution turned round: every pixel lays the kernel, weighted, over a larger image",
    .formula = "y[r·s + i·d - p, q·s + j·d - p, f] += Σ_c x[r, q, c]·W[i, j, f, c]; f(y + b)",
    .options = options_2d,
    .shape = shape_2d,
    TRANSPOSE,
};
