#include "layers/activation.h"

#include "math/scalar.h"
#include "math/vector.h"

/* One sweep over n = rows · width elements; p: the call's parameters, none as INFINITY. */
typedef struct Sweep {
    int64_t rows, width, n;
    Real p[ST_PARAMETERS_MAX];
} Sweep;

static const Real selu_scale = (Real)1.05070098735548049342;
static const Real selu_alpha = (Real)1.67326324235437728482;

/* ---- functions of a row ---- */

/* The product of softmax's Jacobian with dy is y·(dy - Σ dy·y). */
static void softmax_forward(const Sweep *s, Real *y, const Real *z) {
    st_rows_softmax(y, z, s->rows, s->width);
}

ST_CLONES static void softmax_backward(const Sweep *s, Real *dz, const Real *dy, const Real *y,
                                       const Real *z) {
    (void)z;
    for (int64_t r = 0; r < s->rows; r++) {
        int64_t at = r * s->width;
        Real mean = (Real)st_vector_dot(dy + at, y + at, s->width);
        ST_LOOP
        for (int64_t i = at; i < at + s->width; i++)
            dz[i] = y[i] * (dy[i] - mean);
    }
}

/* The largest is taken off first, so that what is left keeps its digits. */
ST_CLONES static void log_softmax_forward(const Sweep *s, Real *y, const Real *z) {
    for (int64_t r = 0; r < s->rows; r++) {
        int64_t at = r * s->width;
        Real most = st_vector_max(z + at, s->width), sum;
        ST_LOOP
        for (int64_t i = at; i < at + s->width; i++)
            y[i] = z[i] - most;
        st_rows_log_sum_exp(&sum, y + at, 1, s->width);
        ST_LOOP
        for (int64_t i = at; i < at + s->width; i++)
            y[i] -= sum;
    }
}

ST_CLONES static void log_softmax_backward(const Sweep *s, Real *dz, const Real *dy, const Real *y,
                                           const Real *z) {
    (void)z;
    for (int64_t r = 0; r < s->rows; r++) {
        int64_t at = r * s->width;
        Real sum = (Real)st_vector_sum(dy + at, s->width);
        ST_LOOP
        for (int64_t i = at; i < at + s->width; i++)
            dz[i] = dy[i] - st_exp(y[i]) * sum;
    }
}

/* The threshold that the projection on the simplex takes off (Michelot 1986): the mean excess of those that
 * are left, until nobody else drops out. most: the row's largest, for the digits. */
static double sparsemax_threshold(const Real *z, int64_t n, double most) {
    double threshold = -INFINITY;
    for (int64_t left = -1;;) {
        double sum = 0;
        int64_t count = 0;
        for (int64_t i = 0; i < n; i++) {
            double x = (double)z[i] - most;
            if (x <= threshold) continue;
            sum += x;
            count++;
        }
        if (count == left) return threshold;
        threshold = (sum - 1) / (double)count;
        left = count;
    }
}

static void sparsemax_forward(const Sweep *s, Real *y, const Real *z) {
    for (int64_t at = 0; at < s->n; at += s->width) {
        double most = (double)st_vector_max(z + at, s->width);
        double threshold = sparsemax_threshold(z + at, s->width, most);
        for (int64_t i = at; i < at + s->width; i++) {
            double x = (double)z[i] - most - threshold;
            y[i] = (Real)(0 > x ? 0 : x);
        }
    }
}

static void sparsemax_backward(const Sweep *s, Real *dz, const Real *dy, const Real *y, const Real *z) {
    (void)z;
    for (int64_t at = 0; at < s->n; at += s->width) {
        double sum = 0;
        int64_t count = 0;
        for (int64_t i = at; i < at + s->width; i++) {
            sum += y[i] > 0 ? (double)dy[i] : 0;
            count += y[i] > 0;
        }
        Real mean = (Real)(sum / (double)count);
        for (int64_t i = at; i < at + s->width; i++)
            dz[i] = y[i] > 0 ? dy[i] - mean : 0;
    }
}

/* ---- functions of an element ---- */

static inline Real clip(Real z, Real low, Real high) {
    return z < low ? low : z > high ? high : z;
}

static inline Real silu_slope(Real z) {
    Real s = st_sigmoid(z);
    return s + z * s * (1 - s);
}

/* 2·√(2/π)·(z + 0.044715·z³): gelu's tanh form is z·sigmoid of it. */
static inline Real gelu_tanh_inner(Real z) {
    return (Real)1.59576912160573071176 * z * (1 + (Real)0.044715 * z * z);
}

static inline Real gelu_tanh_slope(Real z) {
    Real s = st_sigmoid(gelu_tanh_inner(z)), flat = s * (1 - s);
    Real inner = (Real)1.59576912160573071176 * (1 + (Real)(3 * 0.044715) * z * z);
    return flat == 0 ? s : s + z * flat * inner; /* z² may be infinite there */
}

/* tanh(softplus(z)) and 1 minus it, from e = exp(-|z|), without taking like from like. */
static inline Real mish_gate(Real z) {
    Real e = st_exp(-st_abs(z));
    return z > 0 ? (1 + 2 * e) / (1 + 2 * e + 2 * e * e) : e * (e + 2) / (e * (e + 2) + 2);
}
static inline Real mish_slope(Real z) {
    Real e = st_exp(-st_abs(z)), gate = mish_gate(z);
    Real rest = z > 0 ? 2 * e * e / (1 + 2 * e + 2 * e * e) : 2 / (e * (e + 2) + 2);
    return gate + z * rest * (1 + gate) * st_sigmoid(z);
}

/* √(z² + b); squareplus is (z + √(z² + b)) / 2, and its slope that by the root. */
static inline Real squareplus_root(Real z, Real b) {
    Real square = z * z;
    return square < INFINITY ? st_sqrt(square + b) : st_abs(z);
}
static inline Real squareplus(Real z, Real b) {
    Real root = squareplus_root(z, b);
    return z < 0 ? b / (2 * (root - z)) : (z + root) / 2;
}
static inline Real squareplus_slope(Real z, Real b) {
    Real root = squareplus_root(z, b);
    return root > 0 ? squareplus(z, b) / root : (Real)0.5;
}

static inline Real softsign_slope(Real z) {
    Real one = 1 / (1 + st_abs(z));
    return one * one;
}

#define ALPHA                                                                                                \
    { "alpha", "1", 0, INFINITY }
#define SHRINK                                                                                               \
    { "threshold", "0.5", 0, INFINITY }

/* name, needs z, help, formula, f of z, f' of y (or of z), parameters p, q, r. NaN goes through all. */
#define ELEMENTWISE(ROW)                                                                                     \
    ROW(leaky_relu, false, "relu that leaks a little below 0, so no unit dies",                              \
        "z where z > 0, else negative_slope·z", z > 0 ? z : p * z, y > 0 ? 1 : p,                            \
        {"negative_slope", "0.2", 0, INFINITY})                                                              \
    ROW(relu6, false, "relu that stops at 6", "min(max(0, z), 6)", clip(z, 0, 6), y > 0 && y < 6 ? 1 : 0,    \
        {0})                                                                                                 \
    ROW(elu, false, "smooth below 0, down to -alpha", "z where z > 0, else alpha·(exp(z) - 1)",              \
        z > 0 ? z : p * st_expm1(z), y > 0 ? 1 : y + p, ALPHA)                                               \
    ROW(celu, false, "elu whose slope is 1 at 0 for every alpha",                                            \
        "z where z > 0, else alpha·(exp(z / alpha) - 1)", z > 0 ? z : p * st_expm1(z / p),                   \
        y > 0 ? 1 : y / p + 1, {"alpha", "1", 1e-6, INFINITY})                                               \
    ROW(selu, false, "elu scaled to keep mean 0 and variance 1 from layer to layer (with lecun_normal)",     \
        "1.0507·z where z > 0, else 1.7581·(exp(z) - 1)",                                                    \
        selu_scale *(z > 0 ? z : selu_alpha * st_expm1(z)),                                                  \
        y > 0 ? selu_scale : y + selu_scale * selu_alpha, {0})                                               \
    ROW(gelu, true, "z weighted by the share of a normal distribution below it", "z·Φ(z)",                   \
        z *st_normal_cdf(z), st_normal_cdf(z) + z * st_normal_pdf(z), {0})                                   \
    ROW(gelu_tanh, true, "gelu as tanh approximates it (Keras' gelu with approximate)",                      \
        "z·(1 + tanh(√(2/π)·(z + 0.044715·z³))) / 2", z *st_sigmoid(gelu_tanh_inner(z)), gelu_tanh_slope(z), \
        {0})                                                                                                 \
    ROW(silu, true, "z weighted by its own sigmoid (swish)", "z / (1 + exp(-z))", z *st_sigmoid(z),          \
        silu_slope(z), {0})                                                                                  \
    ROW(mish, true, "like silu, from softplus and tanh", "z·tanh(log(1 + exp(z)))", z *mish_gate(z),         \
        mish_slope(z), {0})                                                                                  \
    ROW(tanh, false, "between -1 and 1", "tanh(z)", st_tanh(z), (1 - y) * (1 + y), {0})                      \
    ROW(sigmoid, false, "between 0 and 1: a probability of yes or no", "1 / (1 + exp(-z))", st_sigmoid(z),   \
        y *(1 - y), {0})                                                                                     \
    ROW(softplus, false, "a smooth relu, always above 0", "log(1 + exp(z))", st_softplus(z), -st_expm1(-y),  \
        {0})                                                                                                 \
    ROW(softsign, true, "between -1 and 1, nearing them slowly", "z / (1 + |z|)", z / (1 + st_abs(z)),       \
        softsign_slope(z), {0})                                                                              \
    ROW(squareplus, true, "a smooth relu of a root", "(z + √(z² + b)) / 2", squareplus(z, p),                \
        squareplus_slope(z, p), {"b", "4", 0, INFINITY})                                                     \
    ROW(exponential, false, "always above 0, growing without bound", "exp(z)", st_exp(z), y, {0})            \
    ROW(log_sigmoid, false, "logarithm of sigmoid, always below 0", "-log(1 + exp(-z))", -st_softplus(-z),   \
        -st_expm1(y), {0})                                                                                   \
    ROW(hard_sigmoid, false, "sigmoid of three straight pieces", "clip(z / 6 + 0.5, 0, 1)",                  \
        clip(z / 6 + (Real)0.5, 0, 1), y > 0 && y < 1 ? (Real)(1.0 / 6) : 0, {0})                            \
    ROW(hard_silu, true, "silu with hard_sigmoid", "z·clip(z / 6 + 0.5, 0, 1)",                              \
        z *clip(z / 6 + (Real)0.5, 0, 1), z<-3 ? 0 : z> 3 ? 1 : z / 3 + (Real)0.5, {0})                      \
    ROW(hard_tanh, false, "tanh of three straight pieces", "clip(z, -1, 1)", clip(z, -1, 1),                 \
        y > -1 && y < 1 ? 1 : 0, {0})                                                                        \
    ROW(hard_shrink, false, "0 where z is small", "z where |z| > threshold, else 0", st_abs(z) <= p ? 0 : z, \
        y != 0 ? 1 : 0, SHRINK)                                                                              \
    ROW(soft_shrink, false, "0 where z is small, nearer to 0 by threshold elsewhere",                        \
        "z - threshold above threshold, z + threshold below -threshold, else 0", z - clip(z, -p, p),         \
        y != 0 ? 1 : 0, SHRINK)                                                                              \
    ROW(tanh_shrink, true, "what tanh takes off", "z - tanh(z)", z - st_tanh(z), st_tanh(z) * st_tanh(z),    \
        {0})                                                                                                 \
    ROW(threshold, true, "default_value up to a threshold", "z where z > threshold, else default_value",     \
        z <= p ? q : z, z > p ? 1 : 0, {"threshold", "0", 0, 0}, {"default_value", "0", 0, 0})               \
    ROW(sparse_plus, false, "a smooth relu that is 0 below -1 and z above 1",                                \
        "0 up to -1, (z + 1)² / 4 between, z from 1", z < 1 ? square(clip(z, -1, 1) + 1) / 4 : z,            \
        y < 1 ? st_sqrt(y) : 1, {0})                                                                         \
    ROW(sparse_sigmoid, false, "sigmoid of three straight pieces, from -1 to 1", "clip((z + 1) / 2, 0, 1)",  \
        clip((z + 1) / 2, 0, 1), y > 0 && y < 1 ? (Real)0.5 : 0, {0})

static inline Real square(Real z) {
    return z * z;
}

#define LOOPS(id, needs, text, formula, f, slope, ...)                                                       \
    ST_CLONES static void id##_forward(const Sweep *s, Real *out, const Real *in) {                          \
        const Real p = s->p[0], q = s->p[1], r = s->p[2];                                                    \
        (void)p, (void)q, (void)r;                                                                           \
        ST_LOOP                                                                                              \
        for (int64_t i = 0; i < s->n; i++) {                                                                 \
            const Real z = in[i];                                                                            \
            out[i] = f;                                                                                      \
        }                                                                                                    \
    }                                                                                                        \
    ST_CLONES static void id##_backward(const Sweep *s, Real *dz, const Real *dy, const Real *ys,            \
                                        const Real *zs) {                                                    \
        const Real p = s->p[0], q = s->p[1], r = s->p[2], *from = needs ? zs : ys;                           \
        (void)p, (void)q, (void)r;                                                                           \
        ST_LOOP                                                                                              \
        for (int64_t i = 0; i < s->n; i++) {                                                                 \
            const Real y = from[i], z = y;                                                                   \
            (void)z;                                                                                         \
            dz[i] = dy[i] * (slope);                                                                         \
        }                                                                                                    \
    }
ELEMENTWISE(LOOPS)

/* Relu without parameters is what networks spend their time in: it has loops of its own. */
LOOPS(plain_relu, false, , , 0 > z ? 0 : z, y > 0 ? 1 : 0)
LOOPS(bent_relu, false, , , z <= r ? p * (z - r) : z > q ? q : z, y >= q ? 0 : y > 0 ? 1 : p)

static bool is_plain(const Sweep *s) {
    return s->p[0] == 0 && s->p[1] == INFINITY && s->p[2] == 0;
}
static void relu_forward(const Sweep *s, Real *y, const Real *z) {
    (is_plain(s) ? plain_relu_forward : bent_relu_forward)(s, y, z);
}
static void relu_backward(const Sweep *s, Real *dz, const Real *dy, const Real *y, const Real *z) {
    (is_plain(s) ? plain_relu_backward : bent_relu_backward)(s, dz, dy, y, z);
}

/* Second names. */
#define swish_forward       silu_forward
#define swish_backward      silu_backward
#define hard_swish_forward  hard_silu_forward
#define hard_swish_backward hard_silu_backward

/* Linear has no loops: what is there already is the result. */
#define linear_forward  NULL
#define linear_backward NULL
#define ACTIVATIONS(ROW)                                                                                     \
    ROW(linear, false, "leaves everything as it is", "z", , , {0})                                           \
    ROW(relu, false, "0 below 0; the usual choice inside a network",                                         \
        "max(0, z); with parameters min(z, max_value) above threshold, else negative_slope·(z - threshold)", \
        , , {"negative_slope", "0", 0, INFINITY}, {"max_value", "none", 0, INFINITY},                        \
        {"threshold", "0", 0, INFINITY})                                                                     \
    ELEMENTWISE(ROW)                                                                                         \
    ROW(swish, true, "silu by its other name", "z / (1 + exp(-z))", , , {0})                                 \
    ROW(hard_swish, true, "hard_silu by its other name", "z·clip(z / 6 + 0.5, 0, 1)", , , {0})               \
    ROW(softmax, false, "positive and 1 in sum: probabilities of classes", "exp(zᵢ) / Σⱼ exp(zⱼ)", , , {0})  \
    ROW(log_softmax, false, "logarithms of softmax's probabilities", "zᵢ - log Σⱼ exp(zⱼ)", , , {0})         \
    ROW(sparsemax, false, "1 in sum like softmax, but many of them exactly 0",                               \
        "max(0, zᵢ - τ), τ such that they are 1 in sum", , , {0})

#define CHOICE(id, needs, text, formula, f, slope, ...)                                                      \
    {.name = #id, .help = text, .parameter = {__VA_ARGS__}},
const StChoice st_activations[] = {ACTIVATIONS(CHOICE){0}};

typedef struct Activation {
    bool needs_z;
    const char *formula;
    void (*forward)(const Sweep *s, Real *y, const Real *z);
    void (*backward)(const Sweep *s, Real *dz, const Real *dy, const Real *y, const Real *z);
} Activation;

#define ROW_OF(id, needs, text, formula, f, slope, ...) {needs, formula, id##_forward, id##_backward},
static const Activation activations[] = {ACTIVATIONS(ROW_OF)};

const char *st_activation_formula(int kind) {
    return activations[kind].formula;
}

bool st_activation_needs_z(int kind) {
    return activations[kind].needs_z;
}

static Sweep sweep_of(const StCall *call, int64_t rows, int64_t width) {
    Sweep sweep = {.rows = rows, .width = width, .n = rows * width};
    for (int i = 0; i < ST_PARAMETERS_MAX; i++)
        sweep.p[i] = st_is_none(call->parameter[i]) ? INFINITY : (Real)call->parameter[i];
    return sweep;
}

void st_activation_forward(const StCall *call, Real *y, const Real *z, int64_t rows, int64_t width) {
    const Activation *activation = &activations[call->kind];
    Sweep sweep = sweep_of(call, rows, width);
    if (activation->forward)
        activation->forward(&sweep, y, z);
    else if (y != z)
        memcpy(y, z, (size_t)sweep.n * sizeof *y);
}

void st_activation_backward(const StCall *call, Real *dz, const Real *dy, const Real *y, const Real *z,
                            int64_t rows, int64_t width) {
    const Activation *activation = &activations[call->kind];
    Sweep sweep = sweep_of(call, rows, width);
    if (activation->backward)
        activation->backward(&sweep, dz, dy, y, z);
    else if (dz != dy)
        memcpy(dz, dy, (size_t)sweep.n * sizeof *dz);
}
