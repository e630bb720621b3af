/* Layers that treat every element by itself, without weights: relu, leaky_relu, elu; rescaling;
 * activity_regularization. */
#include "layers/activation.h"
#include "layers/regularizer.h"

#include <math.h>

/* ---- activations as layers with options of their own ---- */

typedef struct Relu {
    double max_value, negative_slope, threshold;
} Relu;

static const StOption relu_options[] = {
    ST_OPTION(Relu, max_value, ST_NUMBER, "none", .optional = true, .low = 0, .high = INFINITY,
              .help = "The largest output; none: no bound"),
    ST_OPTION(Relu, negative_slope, ST_NUMBER, "0", .low = 0, .high = INFINITY,
              .help = "Slope below the threshold"),
    ST_OPTION(Relu, threshold, ST_NUMBER, "0", .low = 0, .high = INFINITY,
              .help = "Where an input begins to count"),
    {0},
};

static StCall relu_call(const void *options) {
    const Relu *relu = options;
    return (StCall){st_choice_find(st_activations, "relu"),
                    {relu->negative_slope, relu->max_value, relu->threshold}};
}

typedef struct LeakyRelu {
    double negative_slope;
} LeakyRelu;

static const StOption leaky_relu_options[] = {
    ST_OPTION(LeakyRelu, negative_slope, ST_NUMBER, "0.3", .low = 0, .high = INFINITY, .place = true,
              .help = "Slope below 0"),
    {0},
};

static StCall leaky_relu_call(const void *options) {
    return (StCall){st_choice_find(st_activations, "leaky_relu"),
                    {((const LeakyRelu *)options)->negative_slope}};
}

typedef struct Elu {
    double alpha;
} Elu;

static const StOption elu_options[] = {
    ST_OPTION(Elu, alpha, ST_NUMBER, "1", .low = 0, .high = INFINITY, .place = true,
              .help = "What the output nears below 0 is -alpha"),
    {0},
};

static StCall elu_call(const void *options) {
    return (StCall){st_choice_find(st_activations, "elu"), {((const Elu *)options)->alpha}};
}

static void activate(const StCall *call, const StStep *step, const StPass *pass) {
    int64_t at = pass->first * step->in_size;
    st_activation_forward(call, step->y + at, step->x + at, pass->rows, step->in_size);
}

static void differentiate(const StCall *call, const StStep *step, const StPass *pass) {
    int64_t at = pass->first * step->in_size;
    if (step->dx)
        st_activation_backward(call, step->dx + at, step->dy + at, step->y + at, step->x + at, pass->rows,
                               step->in_size);
}

/* id, text of its formula, help */
#define ACTIVATION_LAYERS(ROW)                                                                               \
    ROW(relu, Relu, "y = min(x, max_value) where x > threshold, else negative_slope·(x - threshold)",        \
        "0 below a threshold, straight above it, up to max_value")                                           \
    ROW(leaky_relu, LeakyRelu, "y = x where x > 0, else negative_slope·x",                                   \
        "Relu that leaks a little below 0, so no unit dies")                                                 \
    ROW(elu, Elu, "y = x where x > 0, else alpha·(exp(x) - 1)", "Smooth below 0, down to -alpha")

#define KIND(id, Struct, text, about)                                                                        \
    static const char *id##_name(const void *options) {                                                      \
        (void)options;                                                                                       \
        return #id;                                                                                          \
    }                                                                                                        \
    static void id##_forward(const StStep *step, const StPass *pass) {                                       \
        StCall call = id##_call(step->options);                                                              \
        activate(&call, step, pass);                                                                         \
    }                                                                                                        \
    static void id##_backward(const StStep *step, const StPass *pass) {                                      \
        StCall call = id##_call(step->options);                                                              \
        differentiate(&call, step, pass);                                                                    \
    }                                                                                                        \
    const StLayerKind st_kind_##id = {                                                                       \
        .name = #id,                                                                                         \
        .help = about,                                                                                       \
        .formula = text,                                                                                     \
        .options = id##_options,                                                                             \
        .options_size = sizeof(Struct),                                                                      \
        .shape = st_shape_as_input,                                                                          \
        .mask = st_mask_passes,                                                                              \
        .activation = id##_name,                                                                             \
        .forward = id##_forward,                                                                             \
        .backward = id##_backward,                                                                           \
    };
ACTIVATION_LAYERS(KIND)

/* ---- rescaling ---- */

typedef struct Rescaling {
    StNumbers scale, offset;
} Rescaling;

static const StOption rescaling_options[] = {
    ST_OPTION(Rescaling, scale, ST_NUMBERS, NULL, .place = true,
              .help = "What every input is multiplied by; a list: by channel"),
    ST_OPTION(Rescaling, offset, ST_NUMBERS, "0", .place = true,
              .help = "What is added to it; a list: by channel"),
    {0},
};

static bool rescaling_shape(const void *options, const StShape *in, StShape *out, StError *error) {
    const Rescaling *rescaling = options;
    const StNumbers *lists[] = {&rescaling->scale, &rescaling->offset};
    if (!st_shape_as_input(options, in, out, error)) return false;
    int64_t channels = in->dim[in->rank - 1];
    for (int i = 0; i < 2; i++)
        if (lists[i]->count != 1 && lists[i]->count != channels)
            return st_fail(error, ST_ERR_SHAPE, "%s has %d numbers, wanted 1 or %lld, as many as channels",
                           rescaling_options[i].name, lists[i]->count, (long long)channels);
    return true;
}

/* to = from·scale + offset, or, of gradients, from·scale. */
static void rescale(const StStep *step, const StPass *pass, const Real *from, Real *to, bool offset) {
    const Rescaling *rescaling = step->options;
    int64_t channels = step->in.dim[step->in.rank - 1], at = pass->first * step->in_size;
    int64_t end = at + pass->rows * step->in_size;
    bool many = rescaling->scale.count > 1 || rescaling->offset.count > 1;
    Real scale[ST_NUMBERS_MAX], plus[ST_NUMBERS_MAX];
    int64_t width = many ? channels : 1;
    for (int64_t c = 0; c < width; c++) {
        scale[c] = (Real)rescaling->scale.n[rescaling->scale.count > 1 ? c : 0];
        plus[c] = offset ? (Real)rescaling->offset.n[rescaling->offset.count > 1 ? c : 0] : 0;
    }
    for (; many && at < end; at += width)
        for (int64_t c = 0; c < width; c++)
            to[at + c] = from[at + c] * scale[c] + plus[c];
    for (; at < end; at++)
        to[at] = from[at] * scale[0] + plus[0];
}

static void rescaling_forward(const StStep *step, const StPass *pass) {
    rescale(step, pass, step->x, step->y, true);
}

static void rescaling_backward(const StStep *step, const StPass *pass) {
    if (step->dx) rescale(step, pass, step->dy, step->dx, false);
}

const StLayerKind st_kind_rescaling = {
    .name = "rescaling",
    .help = "Brings inputs to another scale: pixels of 0 to 255 to 0 to 1 by 0.00392156862745098",
    .formula = "y = scale·x + offset",
    .options = rescaling_options,
    .options_size = sizeof(Rescaling),
    .shape = rescaling_shape,
    .mask = st_mask_passes,
    .forward = rescaling_forward,
    .backward = rescaling_backward,
};

/* ---- activity_regularization: adds to the loss, and leaves what passes through as it is ---- */

typedef struct Activity {
    double l1, l2;
} Activity;

static const StOption activity_options[] = {
    ST_OPTION(Activity, l1, ST_NUMBER, "0", .low = 0, .high = INFINITY, .place = true,
              .help = "What Σ|x| is multiplied by"),
    ST_OPTION(Activity, l2, ST_NUMBER, "0", .low = 0, .high = INFINITY, .place = true,
              .help = "What Σx² is multiplied by"),
    {0},
};

static StCall activity_call(const StStep *step, double share) {
    const Activity *activity = step->options;
    return (StCall){st_choice_find(st_regularizers, "l1_l2"), {activity->l1 * share, activity->l2 * share}};
}

static void activity_forward(const StStep *step, const StPass *pass) {
    int64_t at = pass->first * step->in_size;
    StCall call = activity_call(step, 1);
    if (pass->penalty)
        *pass->penalty += st_regularizer_value(&call, step->y + at, pass->rows * step->in_size);
}

static void activity_backward(const StStep *step, const StPass *pass) {
    int64_t at = pass->first * step->in_size;
    StCall call = activity_call(step, 1 / (double)pass->batch);
    st_regularizer_add_gradient(&call, step->dy + at, step->y + at, pass->rows * step->in_size);
}

const StLayerKind st_kind_activity_regularization = {
    .name = "activity_regularization",
    .help = "Adds the size of what passes through to the loss, over the rows of the batch",
    .formula = "y = x; adds (l1·Σ|x| + l2·Σx²) / rows to the loss",
    .options = activity_options,
    .options_size = sizeof(Activity),
    .in_place = true,
    .shape = st_shape_as_input,
    .mask = st_mask_passes,
    .forward = activity_forward,
    .backward = activity_backward,
};
