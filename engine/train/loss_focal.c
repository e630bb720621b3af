/* Focal cross-entropies (Lin et al. 2017, arxiv.org/abs/1708.02002): what is easily told right counts little.
 * They are Keras' functions of probabilities, clipped, also where the outputs are logits. */
#include "train/loss_each.h"

typedef struct CategoricalOptions {
    StNumbers alpha;
    double gamma;
    bool from_logits;
    double label_smoothing;
    int axis;
} CategoricalOptions;

typedef struct BinaryOptions {
    bool apply_class_balancing;
    double alpha, gamma;
    bool from_logits;
    double label_smoothing;
    int axis;
} BinaryOptions;

#define GAMMA(Struct)                                                                                        \
    ST_OPTION(Struct, gamma, ST_NUMBER, "2", .low = 0, .high = INFINITY,                                     \
              .help = "how little counts what is told right; 0: as without")

static const StOption categorical_options[] = {
    ST_OPTION(CategoricalOptions, alpha, ST_NUMBERS, "0.25", .low = 0, .high = INFINITY,
              .help = "weight of all classes, or of each"),
    GAMMA(CategoricalOptions),
    ST_LOSS_FROM_LOGITS(CategoricalOptions),
    ST_LOSS_SMOOTHING(CategoricalOptions, "share of every target that is spread evenly over all classes"),
    ST_LOSS_AXIS(CategoricalOptions),
    {.name = NULL},
};
static const StOption binary_options[] = {
    ST_OPTION(BinaryOptions, apply_class_balancing, ST_SWITCH, "no",
              .help = "weighs class 1 with alpha and class 0 with 1 - alpha"),
    ST_OPTION(BinaryOptions, alpha, ST_NUMBER, "0.25", .low = 0, .high = 1,
              .help = "weight of class 1, where classes are balanced"),
    GAMMA(BinaryOptions),
    ST_LOSS_FROM_LOGITS(BinaryOptions),
    ST_LOSS_SMOOTHING(BinaryOptions, "how far targets are drawn from 0 and 1 towards a half"),
    ST_LOSS_AXIS(BinaryOptions),
    {.name = NULL},
};

/* [1e-7, 1 - 1e-7], whose upper end a float cannot hold; NaN is to be seen. */
static double clipped(double p) {
    return p < 1e-7 ? 1e-7 : p > 1 - 1e-7 ? 1 - 1e-7 : p;
}

static double power(double x, double exponent) {
    return exponent == 2 ? x * x : exponent == 1 ? x : exponent == 0 ? 1 : pow(x, exponent);
}

/* Of x to the exponent, by x. */
static double power_slope(double x, double exponent) {
    return exponent == 0 ? 0 : exponent * power(x, exponent - 1);
}

/* ---- categorical ---- */

static bool fits(const void *options, int64_t width, StError *error) {
    int given = ((const CategoricalOptions *)options)->alpha.count;
    return given == 1 || given == width ||
           st_fail(error, ST_ERR_VALUE,
                   "alpha: got %d numbers, wanted one for all or one for each of %lld outputs", given,
                   (long long)width);
}

/* One position. o: y / sum(y), or the softmax of logits, and q: o clipped. The value is
 * sum(alpha (1 - q)^gamma (-t log q)); leaves its gradient g by o in dy, and adds up g·o. */
static double focus(const CategoricalOptions *options, const Real *o, Real *dy, const Real *t, int64_t width,
                    double *back) {
    StSmoothing s = st_loss_smoothing(options->label_smoothing, 1 / (double)width);
    double sum = 0, gamma = options->gamma;
    *back = 0;
    for (int64_t j = 0; j < width; j++) {
        double p = (double)o[j], q = clipped(p), rest = 1 - q, surprise = -log(q);
        double part = options->alpha.n[options->alpha.count > 1 ? j : 0] * (double)(s.keep * t[j] + s.add);
        double g = -part * (power_slope(rest, gamma) * surprise + power(rest, gamma) / q);
        sum += part * power(rest, gamma) * surprise;
        dy[j] = q == p ? (Real)g : 0;
        *back += (double)dy[j] * p;
    }
    return sum;
}

/* With the gradient g by o, that by logits is o (g - g·o). */
static double categorical_from_logits(const StLossRows *rows) {
    int64_t width = rows->width, count = rows->rows * rows->positions;
    double sum = 0, back;
    Real *softmax = rows->dy;
    st_rows_softmax(softmax, rows->y, count, width);
    for (int64_t i = 0; i < count; i++) {
        Real *dy = rows->dy + i * width;
        const Real *z = rows->y + i * width;
        double most = (double)st_vector_max(z, width), all = 0;
        for (int64_t j = 0; j < width; j++)
            all += exp((double)z[j] - most);
        sum += focus(rows->options, softmax + i * width, dy, rows->targets + i * width, width, &back);
        for (int64_t j = 0; j < width; j++)
            dy[j] = (Real)(exp((double)z[j] - most) / all * ((double)dy[j] - back) * rows->scale);
    }
    return sum;
}

/* That by outputs which add up to a total is (g - g·o) / total. */
static double categorical_from_probabilities(const StLossRows *rows) {
    int64_t width = rows->width, count = rows->rows * rows->positions;
    double sum = 0, back;
    for (int64_t i = 0; i < count; i++) {
        const Real *y = rows->y + i * width;
        Real *dy = rows->dy + i * width;
        double total = st_vector_sum(y, width);
        for (int64_t j = 0; j < width; j++)
            dy[j] = (Real)((double)y[j] / total);
        sum += focus(rows->options, dy, dy, rows->targets + i * width, width, &back);
        for (int64_t j = 0; j < width; j++)
            dy[j] = (Real)(((double)dy[j] - back) / total * rows->scale);
    }
    return sum;
}

static double categorical(const StLossRows *rows) {
    bool logits = rows->form != ST_LOSS_OUTPUTS;
    return logits ? categorical_from_logits(rows) : categorical_from_probabilities(rows);
}

/* ---- binary ---- */

/* One output of probability p; *slope is by p. Only the logarithms clip it. */
static double focus_binary(const BinaryOptions *options, double p, double t, double *slope) {
    double q = clipped(p), weight = 1;
    double surprise = -(t * log(q) + (1 - t) * log(1 - q));
    double rest = 1 - (t * p + (1 - t) * (1 - p));
    double steep = q == p ? (q - t) / (q * (1 - q)) : 0;
    if (options->apply_class_balancing) weight = t * options->alpha + (1 - t) * (1 - options->alpha);
    *slope = weight * (power_slope(rest, options->gamma) * (1 - 2 * t) * surprise +
                       power(rest, options->gamma) * steep);
    return weight * power(rest, options->gamma) * surprise;
}

static double binary(const StLossRows *rows) {
    const BinaryOptions *options = rows->options;
    int64_t count = rows->rows * rows->positions * rows->width;
    StSmoothing s = st_loss_smoothing(options->label_smoothing, 0.5);
    bool logits = rows->form != ST_LOSS_OUTPUTS;
    double sum = 0, scale = rows->scale / (double)rows->width;
    for (int64_t i = 0; i < count; i++) {
        double p = (double)rows->y[i], slope, chain = 1;
        if (logits) {
            double e = exp(-fabs(p));
            chain = e / ((1 + e) * (1 + e));
            p = (p < 0 ? e : 1) / (1 + e);
        }
        sum += focus_binary(options, p, (double)(s.keep * rows->targets[i] + s.add), &slope);
        rows->dy[i] = (Real)(scale * slope * chain);
    }
    return sum / (double)rows->width;
}

const StLoss st_loss_focals[ST_LOSS_FOCALS] = {
    {
        .kind = {.name = "categorical_focal_crossentropy",
                 .help = "as categorical_crossentropy, but classes told right already count little",
                 .formula = "-sum(alpha (1 - y)^gamma t log y)",
                 .options = categorical_options,
                 .options_size = sizeof(CategoricalOptions)},
        .exclusive = true,
        .classifies = true,
        .fits = fits,
        .run = categorical,
    },
    {
        .kind = {.name = "binary_focal_crossentropy",
                 .help = "as binary_crossentropy, but what is told right already counts little",
                 .formula = "-mean(t (1 - y)^gamma log y + (1 - t) y^gamma log(1 - y))",
                 .options = binary_options,
                 .options_size = sizeof(BinaryOptions)},
        .classifies = true,
        .run = binary,
    },
};
