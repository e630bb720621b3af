#include "layers/activation.h"

#include "math/scalar.h"
#include "math/vector.h"

/* One sweep over n = rows · width elements, p: the call's parameters. */
typedef struct Sweep {
    int64_t rows, width, n;
    Real p;
} Sweep;

static const Real selu_scale = (Real)1.05070098735548049342;
static const Real selu_alpha = (Real)1.67326324235437728482;

/* Softmax's own loops; the product of its Jacobian with dy is y·(dy - Σ dy·y). */
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

/* By element: name, needs z, help, formula, f of z, f' of y (or of z), parameters. */
#define ELEMENTWISE(ROW)                                                                                     \
    ROW(relu, false, "0 below 0; the usual choice inside a network", "max(0, z)", z > 0 ? z : 0,             \
        y > 0 ? 1 : 0, {0})                                                                                  \
    ROW(leaky_relu, false, "relu that leaks a little below 0, so no unit dies",                              \
        "z where z > 0, else negative_slope·z", z > 0 ? z : p * z, y > 0 ? 1 : p,                            \
        {"negative_slope", "0.2", 0, INFINITY})                                                              \
    ROW(elu, false, "smooth below 0, down to -alpha", "z where z > 0, else alpha·(exp(z) - 1)",              \
        z > 0 ? z : p * st_expm1(z), y > 0 ? 1 : y + p, {"alpha", "1", 0, INFINITY})                         \
    ROW(selu, false, "elu scaled to keep mean 0 and variance 1 from layer to layer (with lecun_normal)",     \
        "1.0507·z where z > 0, else 1.7581·(exp(z) - 1)",                                                    \
        selu_scale *(z > 0 ? z : selu_alpha * st_expm1(z)),                                                  \
        y > 0 ? selu_scale : y + selu_scale * selu_alpha, {0})                                               \
    ROW(gelu, true, "z weighted by the share of a normal distribution below it", "z·Φ(z)",                   \
        z *st_normal_cdf(z), st_normal_cdf(z) + z * st_normal_pdf(z), {0})                                   \
    ROW(silu, true, "z weighted by its own sigmoid (swish)", "z / (1 + exp(-z))", z *st_sigmoid(z),          \
        st_silu_slope(z), {0})                                                                               \
    ROW(tanh, false, "between -1 and 1", "tanh(z)", st_tanh(z), (1 - y) * (1 + y), {0})                      \
    ROW(sigmoid, false, "between 0 and 1: a probability of yes or no", "1 / (1 + exp(-z))", st_sigmoid(z),   \
        y *(1 - y), {0})                                                                                     \
    ROW(softplus, false, "a smooth relu, always above 0", "log(1 + exp(z))", st_softplus(z), -st_expm1(-y),  \
        {0})

static inline Real st_silu_slope(Real z) {
    Real s = st_sigmoid(z);
    return s + z * s * (1 - s);
}

#define LOOPS(id, needs, text, formula, f, slope, ...)                                                       \
    ST_CLONES static void id##_forward(const Sweep *s, Real *out, const Real *in) {                          \
        const Real p = s->p;                                                                                 \
        (void)p;                                                                                             \
        ST_LOOP                                                                                              \
        for (int64_t i = 0; i < s->n; i++) {                                                                 \
            const Real z = in[i];                                                                            \
            out[i] = f;                                                                                      \
        }                                                                                                    \
    }                                                                                                        \
    ST_CLONES static void id##_backward(const Sweep *s, Real *dz, const Real *dy, const Real *ys,            \
                                        const Real *zs) {                                                    \
        const Real p = s->p, *from = needs ? zs : ys;                                                        \
        (void)p;                                                                                             \
        ST_LOOP                                                                                              \
        for (int64_t i = 0; i < s->n; i++) {                                                                 \
            const Real y = from[i], z = y;                                                                   \
            (void)z;                                                                                         \
            dz[i] = dy[i] * (slope);                                                                         \
        }                                                                                                    \
    }
ELEMENTWISE(LOOPS)

/* Linear has no loops: what is there already is the result. */
#define linear_forward  NULL
#define linear_backward NULL
#define ACTIVATIONS(ROW)                                                                                     \
    ROW(linear, false, "leaves everything as it is", "z", , , {0})                                           \
    ELEMENTWISE(ROW)                                                                                         \
    ROW(softmax, false, "positive and 1 in sum: probabilities of classes", "exp(zᵢ) / Σⱼ exp(zⱼ)", , , {0})

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

void st_activation_forward(const StCall *call, Real *y, const Real *z, int64_t rows, int64_t width) {
    const Activation *activation = &activations[call->kind];
    Sweep sweep = {rows, width, rows * width, (Real)call->parameter[0]};
    if (activation->forward)
        activation->forward(&sweep, y, z);
    else if (y != z)
        memcpy(y, z, (size_t)sweep.n * sizeof *y);
}

void st_activation_backward(const StCall *call, Real *dz, const Real *dy, const Real *y, const Real *z,
                            int64_t rows, int64_t width) {
    const Activation *activation = &activations[call->kind];
    Sweep sweep = {rows, width, rows * width, (Real)call->parameter[0]};
    if (activation->backward)
        activation->backward(&sweep, dz, dy, y, z);
    else if (dz != dy)
        memcpy(dz, dy, (size_t)sweep.n * sizeof *dz);
}
