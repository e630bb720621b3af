#include "layers/initializer.h"

#include <math.h>
#include <stdlib.h>

/* Fillers return false where memory is short. */
typedef struct Fill {
    Real *w;
    int64_t n; /* elements */
    const StWeight *weight;
    const double *parameter; /* of the call */
    StRng *rng;
} Fill;

static bool constant(const Fill *fill, double value) {
    for (int64_t i = 0; i < fill->n; i++)
        fill->w[i] = (Real)(float)value;
    return true;
}

static bool uniform(const Fill *fill, double low, double high) {
    for (int64_t i = 0; i < fill->n; i++)
        fill->w[i] = (Real)(float)(low + (high - low) * st_rng_uniform(fill->rng));
    return true;
}

static bool normal(const Fill *fill, double mean, double deviation) {
    for (int64_t i = 0; i < fill->n; i++)
        fill->w[i] = (Real)(float)(mean + deviation * st_rng_normal(fill->rng));
    return true;
}

static bool truncated(const Fill *fill, double mean, double deviation) {
    for (int64_t i = 0; i < fill->n; i++) {
        double z;
        do
            z = st_rng_normal(fill->rng);
        while (fabs(z) > 2);
        fill->w[i] = (Real)(float)(mean + deviation * z);
    }
    return true;
}

/* Variance scale / fan. */
static bool scaled_uniform(const Fill *fill, double scale, double fan) {
    double limit = sqrt(3 * scale / fmax(1, fan));
    return uniform(fill, -limit, limit);
}

static bool scaled_normal(const Fill *fill, double scale, double fan) {
    return truncated(fill, 0, sqrt(scale / fmax(1, fan)) / 0.87962566103423978);
}

static double fan_in(const Fill *fill) {
    return (double)fill->weight->fan_in;
}

static double fan_mean(const Fill *fill) {
    return ((double)fill->weight->fan_in + (double)fill->weight->fan_out) / 2;
}

enum { SCALE, MODE, DISTRIBUTION };

static bool variance_scaling(const Fill *fill) {
    const double fans[] = {(double)fill->weight->fan_in, (double)fill->weight->fan_out, fan_mean(fill)};
    double scale = fill->parameter[SCALE], fan = fans[(int)fill->parameter[MODE]];
    switch ((int)fill->parameter[DISTRIBUTION]) {
    case 1:
        return scaled_uniform(fill, scale, fan);
    case 2:
        return normal(fill, 0, sqrt(scale / fmax(1, fan)));
    default: /* truncated_normal and its short name */
        return scaled_normal(fill, scale, fan);
    }
}

/* The weight as a matrix: the last axis are its columns. */
static int64_t matrix_columns(const Fill *fill) {
    const StShape *shape = &fill->weight->shape;
    return shape->rank ? shape->dim[shape->rank - 1] : 1;
}

/* ---- orthogonal, in double ---- */

enum { LANES = 16, BLOCK = 8 };

ST_CLONES static double dot(const double *a, const double *b, int64_t n) {
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            lane[l] += a[i + l] * b[i + l];
    for (int l = 0; i + l < n; l++)
        lane[l] += a[i + l] * b[i + l];
    for (int half = LANES / 2; half; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

/* What of v lies along the unit vector u is taken off. */
ST_CLONES static void take_off(double *v, const double *u, int64_t n) {
    double along = dot(v, u, n);
    ST_LOOP
    for (int64_t i = 0; i < n; i++)
        v[i] -= along * u[i];
}

/* Brings v to length 1, against the `before` vectors at v0 again where little of it is left ("twice is
 * enough"). */
static void make_unit(double *v, const double *v0, int64_t before, int64_t n, double length) {
    double left = sqrt(dot(v, v, n));
    if (left < 1e-3 * length) {
        for (int64_t u = 0; u < before; u++)
            take_off(v, v0 + u * n, n);
        left = sqrt(dot(v, v, n));
    }
    for (int64_t i = 0; i < n && left > 0; i++)
        v[i] /= left;
}

/* Modified Gram and Schmidt over `count` vectors of n numbers: the Q of a QR decomposition whose R has a
 * positive diagonal, as Keras makes it. A block of vectors at a time meets each earlier one, so that these
 * are read from memory once a block. */
static void orthonormalize(double *v, int64_t count, int64_t n) {
    for (int64_t from = 0; from < count; from += BLOCK) {
        int64_t to = from + BLOCK < count ? from + BLOCK : count;
        double length[BLOCK];
        for (int64_t b = from; b < to; b++)
            length[b - from] = sqrt(dot(v + b * n, v + b * n, n));
        for (int64_t u = 0; u < from; u++)
            for (int64_t b = from; b < to; b++)
                take_off(v + b * n, v + u * n, n);
        for (int64_t b = from; b < to; b++) {
            for (int64_t u = from; u < b; u++)
                take_off(v + b * n, v + u * n, n);
            make_unit(v + b * n, v, b, n, length[b - from]);
        }
    }
}

/* Of normal numbers; the vectors are the columns of the weight as a matrix, or, if there are fewer, its rows.
 */
static bool orthogonal(const Fill *fill) {
    int64_t columns = matrix_columns(fill), rows = fill->n / columns;
    int64_t count = rows < columns ? rows : columns, length = rows < columns ? columns : rows;
    int64_t next = rows < columns ? columns : 1, stride = rows < columns ? 1 : columns;
    double *v = malloc((size_t)fill->n * sizeof *v);
    if (!v) return false;
    for (int64_t i = 0; i < fill->n; i++)
        v[i] = st_rng_normal(fill->rng);
    orthonormalize(v, count, length);
    for (int64_t a = 0; a < count; a++)
        for (int64_t i = 0; i < length; i++)
            fill->w[a * next + i * stride] = (Real)(float)(fill->parameter[0] * v[a * length + i]);
    free(v);
    return true;
}

static bool identity(const Fill *fill) {
    int64_t columns = matrix_columns(fill);
    for (int64_t i = 0; i < fill->n; i++)
        fill->w[i] = i / columns == i % columns ? (Real)(float)fill->parameter[0] : 0;
    return true;
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
    ROW(variance_scaling, "variance scale / fan, the family of those above", variance_scaling(fill),         \
        {"scale", "1", 1e-300, INFINITY}, {"mode", "fan_in|fan_out|fan_avg", 0, 0},                          \
        {"distribution", "truncated_normal|uniform|untruncated_normal|normal", 0, 0})                        \
    ROW(orthogonal, "columns (or rows) at right angles, of length gain", orthogonal(fill),                   \
        {"gain", "1", 0, 0})                                                                                 \
    ROW(identity, "gain on the diagonal, 0 beside it", identity(fill), {"gain", "1", 0, 0})                  \
    ROW(uniform, "another name of random_uniform", uniform(fill, fill->parameter[0], fill->parameter[1]),    \
        {"minval", "-0.05", 0, 0}, {"maxval", "0.05", 0, 0})                                                 \
    ROW(normal, "another name of random_normal", normal(fill, fill->parameter[0], fill->parameter[1]),       \
        {"mean", "0", 0, 0}, {"stddev", "0.05", 0, INFINITY})                                                \
    ROW(zero, "another name of zeros", constant(fill, 0), {0})                                               \
    ROW(one, "another name of ones", constant(fill, 1), {0})

#define CHOICE(id, text, fill_it, ...) {.name = #id, .help = text, .parameter = {__VA_ARGS__}},
const StChoice st_initializers[] = {INITIALIZERS(CHOICE){0}};

#define FILLER(id, text, fill_it, ...)                                                                       \
    static bool id##_fill(const Fill *fill) {                                                                \
        return fill_it;                                                                                      \
    }
INITIALIZERS(FILLER)

#define FILLER_NAME(id, text, fill_it, ...) id##_fill,
static bool (*const fillers[])(const Fill *) = {INITIALIZERS(FILLER_NAME)};

void st_initializer_fans(const StShape *shape, int64_t *fan_in, int64_t *fan_out) {
    int64_t field = 1, rank = shape->rank;
    for (int i = 0; i < rank - 2; i++)
        field = st_times(field, shape->dim[i]);
    *fan_in = st_times(field, shape->dim[rank > 1 ? rank - 2 : 0]);
    *fan_out = st_times(field, shape->dim[rank - 1]);
}

bool st_initializer_fits(const StCall *call, const StShape *shape, StError *error) {
    char text[ST_SHAPE_TEXT];
    bool turned = fillers[call->kind] == orthogonal_fill, square = fillers[call->kind] == identity_fill;
    if ((!turned || shape->rank >= 2) && (!square || shape->rank == 2)) return true;
    return st_fail(error, ST_ERR_VALUE, "%s: a weight of %s, wanted one of 2 extents%s",
                   st_initializers[call->kind].name, st_shape_print(shape, text), square ? "" : " or more");
}

bool st_initializer_draw(const StWeight *weight, Real *w, StRng *rng) {
    const StCall *call = &weight->initializer;
    Fill fill = {w, st_shape_size(&weight->shape), weight, call->parameter, rng};
    return fillers[call->kind](&fill);
}
