#include "layers/initializer.h"

#include <math.h>

typedef struct Fill {
    Real *w;
    int64_t n; /* elements */
    const StWeight *weight;
    const double *parameter; /* of the call */
    StRng *rng;
} Fill;

static void constant(const Fill *fill, double value) {
    for (int64_t i = 0; i < fill->n; i++)
        fill->w[i] = (Real)(float)value;
}

static void uniform(const Fill *fill, double low, double high) {
    for (int64_t i = 0; i < fill->n; i++)
        fill->w[i] = (Real)(float)(low + (high - low) * st_rng_uniform(fill->rng));
}

static void normal(const Fill *fill, double mean, double deviation) {
    for (int64_t i = 0; i < fill->n; i++)
        fill->w[i] = (Real)(float)(mean + deviation * st_rng_normal(fill->rng));
}

static void truncated(const Fill *fill, double mean, double deviation) {
    for (int64_t i = 0; i < fill->n; i++) {
        double z;
        do
            z = st_rng_normal(fill->rng);
        while (fabs(z) > 2);
        fill->w[i] = (Real)(float)(mean + deviation * z);
    }
}

/* Variance scale / fan. */
static void scaled_uniform(const Fill *fill, double scale, double fan) {
    double limit = sqrt(3 * scale / fmax(1, fan));
    uniform(fill, -limit, limit);
}

static void scaled_normal(const Fill *fill, double scale, double fan) {
    truncated(fill, 0, sqrt(scale / fmax(1, fan)) / 0.87962566103423978);
}

static double fan_in(const Fill *fill) {
    return (double)fill->weight->fan_in;
}

static double fan_mean(const Fill *fill) {
    return ((double)fill->weight->fan_in + (double)fill->weight->fan_out) / 2;
}

/* The weight as a matrix: the last axis are its columns. */
static int64_t matrix_columns(const Fill *fill) {
    const StShape *shape = &fill->weight->shape;
    return shape->rank ? shape->dim[shape->rank - 1] : 1;
}

static double strided_dot(const Real *a, const Real *b, int64_t n, int64_t stride) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i * stride] * (double)b[i * stride];
    return sum;
}

/* Normal numbers, then Gram and Schmidt over the shorter side, each vector twice ("twice is enough"): the Q
 * of a QR decomposition whose R has a positive diagonal, as Keras makes it. */
static void orthogonal(const Fill *fill) {
    int64_t columns = matrix_columns(fill), rows = fill->n / columns;
    int64_t vectors = rows < columns ? rows : columns, length = rows < columns ? columns : rows;
    int64_t next = rows < columns ? columns : 1, stride = rows < columns ? 1 : columns;
    double gain = fill->parameter[0];
    normal(fill, 0, 1);
    for (int64_t v = 0; v < vectors; v++) {
        Real *now = fill->w + v * next;
        for (int pass = 0; pass < 2; pass++) {
            for (int64_t u = 0; u < v; u++) {
                const Real *other = fill->w + u * next;
                double along = strided_dot(now, other, length, stride);
                for (int64_t i = 0; i < length; i++)
                    now[i * stride] =
                        (Real)(float)((double)now[i * stride] - along * (double)other[i * stride]);
            }
            double norm = sqrt(strided_dot(now, now, length, stride));
            for (int64_t i = 0; i < length && norm > 0; i++)
                now[i * stride] = (Real)(float)((double)now[i * stride] / norm);
        }
    }
    for (int64_t i = 0; i < fill->n; i++)
        fill->w[i] = (Real)(float)(gain * (double)fill->w[i]);
}

static void identity(const Fill *fill) {
    int64_t columns = matrix_columns(fill);
    for (int64_t i = 0; i < fill->n; i++)
        fill->w[i] = i / columns == i % columns ? (Real)(float)fill->parameter[0] : 0;
}

/* name, help, how it fills, its parameters */
#define INITIALIZERS(ROW)                                                                                    \
    ROW(zeros, "all 0", constant(fill, 0), {0})                                                              \
    ROW(ones, "all 1", constant(fill, 1), {0})                                                               \
    ROW(constant, "all the same value", constant(fill, fill->parameter[0]), {"value", "0", 0, 0})            \
    ROW(glorot_uniform, "uniform, variance 2 / (fan in + fan out): for tanh and softmax",                    \
        scaled_uniform(fill, 1, fan_mean(fill)), {0})                                                        \
    ROW(glorot_normal, "normal cut at 2σ, variance 2 / (fan in + fan out)",                                  \
        scaled_normal(fill, 1, fan_mean(fill)), {0})                                                         \
    ROW(he_uniform, "uniform, variance 2 / fan in: for relu", scaled_uniform(fill, 2, fan_in(fill)), {0})    \
    ROW(he_normal, "normal cut at 2σ, variance 2 / fan in: for relu", scaled_normal(fill, 2, fan_in(fill)),  \
        {0})                                                                                                 \
    ROW(lecun_uniform, "uniform, variance 1 / fan in", scaled_uniform(fill, 1, fan_in(fill)), {0})           \
    ROW(lecun_normal, "normal cut at 2σ, variance 1 / fan in: for selu",                                     \
        scaled_normal(fill, 1, fan_in(fill)), {0})                                                           \
    ROW(random_uniform, "uniform between two values", uniform(fill, fill->parameter[0], fill->parameter[1]), \
        {"minval", "-0.05", 0, 0}, {"maxval", "0.05", 0, 0})                                                 \
    ROW(random_normal, "normal", normal(fill, fill->parameter[0], fill->parameter[1]), {"mean", "0", 0, 0},  \
        {"stddev", "0.05", 0, INFINITY})                                                                     \
    ROW(truncated_normal, "normal, drawn again beyond 2σ",                                                   \
        truncated(fill, fill->parameter[0], fill->parameter[1]), {"mean", "0", 0, 0},                        \
        {"stddev", "0.05", 0, INFINITY})                                                                     \
    ROW(orthogonal, "columns (or rows) at right angles, of length gain", orthogonal(fill),                   \
        {"gain", "1", 0, 0})                                                                                 \
    ROW(identity, "gain on the diagonal, 0 beside it", identity(fill), {"gain", "1", 0, 0})

#define CHOICE(id, text, fill_it, ...) {.name = #id, .help = text, .parameter = {__VA_ARGS__}},
const StChoice st_initializers[] = {INITIALIZERS(CHOICE){0}};

#define FILLER(id, text, fill_it, ...)                                                                       \
    static void id##_fill(const Fill *fill) {                                                                \
        fill_it;                                                                                             \
    }
INITIALIZERS(FILLER)

#define FILLER_NAME(id, text, fill_it, ...) id##_fill,
static void (*const fillers[])(const Fill *) = {INITIALIZERS(FILLER_NAME)};

void st_initializer_draw(const StWeight *weight, Real *w, StRng *rng) {
    const StCall *call = &weight->initializer;
    Fill fill = {w, st_shape_size(&weight->shape), weight, call->parameter, rng};
    fillers[call->kind](&fill);
}
