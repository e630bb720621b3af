/* Losses between distributions, counts and directions. */
#include "train/loss_each.h"

typedef struct CosineOptions {
    int axis;
} CosineOptions;

static const StOption cosine_options[] = {ST_LOSS_AXIS(CosineOptions), {.name = NULL}};

/* ---- Kullback-Leibler ---- */

static inline Real within(Real p) { /* [1e-7, 1]; NaN is to be seen */
    return p < ST_LOSS_EPSILON ? ST_LOSS_EPSILON : p > 1 ? 1 : p;
}

static ST_CLONES double divergence(const StLossRows *rows) {
    int64_t count = rows->rows * rows->positions * rows->width;
    const Real *y = rows->y, *t = rows->targets;
    Real *dy = rows->dy, scale = (Real)rows->scale;
    ST_LOOP
    for (int64_t i = 0; i < count; i++)
        dy[i] = within(t[i]) * st_log(within(t[i]) / within(y[i]));
    double sum = st_vector_sum(dy, count);
    ST_LOOP
    for (int64_t i = 0; i < count; i++) {
        Real slope = -scale * within(t[i]) / within(y[i]);
        dy[i] = y[i] < ST_LOSS_EPSILON || y[i] > 1 ? 0 : slope;
    }
    return sum;
}

/* ---- Poisson ---- */

static Real epsilon(const StLossRows *rows) {
    (void)rows;
    return ST_LOSS_EPSILON;
}

static inline Real poisson_value(Real y, Real t, Real above) {
    return y - t * st_log(y + above);
}

static inline Real poisson_slope(Real y, Real t, Real above) {
    return 1 - t / (y + above);
}

ST_LOSS_EACH(poisson, Real, epsilon, poisson_value, poisson_slope)

/* ---- cosine ---- */

/* 1 / |x|, but |x| is not below epsilon; *flat is whether it was. */
static double inverse_norm(const Real *x, int64_t width, bool *flat) {
    double squares = st_vector_sum_squares(x, width);
    *flat = squares < 1e-14;
    return 1 / sqrt(*flat ? 1e-14 : squares);
}

/* -a·b with a = y / |y| and b = t / |t|; its gradient by y is (a (a·b) - b) / |y|. */
static double cosine_similarity(const StLossRows *rows) {
    int64_t width = rows->width, count = rows->rows * rows->positions;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const Real *y = rows->y + i * width, *t = rows->targets + i * width;
        bool flat, ignored;
        double of_y = inverse_norm(y, width, &flat), of_t = inverse_norm(t, width, &ignored);
        double cosine = st_vector_dot(y, t, width) * of_y * of_t, back = flat ? 0 : cosine * of_y;
        sum -= cosine;
        for (int64_t j = 0; j < width; j++)
            rows->dy[i * width + j] =
                (Real)(rows->scale * of_y * ((double)y[j] * back - (double)t[j] * of_t));
    }
    return sum;
}

#define DIVERGENCE(word, full)                                                                               \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help =                                                                                     \
                     "nats by which outputs differ from the targets' distribution; outputs end in softmax",  \
                 .formula = "sum(t log(t / y))"},                                                            \
        .classifies = true, .run = divergence,                                                               \
    }

const StLoss st_loss_divergences[ST_LOSS_DIVERGENCES] = {
    DIVERGENCE("kl_divergence", NULL),
    DIVERGENCE("kld", "kl_divergence"),
    DIVERGENCE("KLD", "kl_divergence"),
    DIVERGENCE("kullback_leibler_divergence", "kl_divergence"),
    {
        .kind = {.name = "poisson",
                 .help = "how unlikely counts are where outputs are the rates, which must be positive",
                 .formula = "mean(y - t log(y + 1e-7))"},
        .run = poisson,
    },
    {
        .kind = {.name = "cosine_similarity",
                 .help = "minus the cosine of the angle between outputs and targets: -1 where they agree",
                 .formula = "-sum(t/|t| * y/|y|)",
                 .options = cosine_options,
                 .options_size = sizeof(CosineOptions)},
        .run = cosine_similarity,
    },
};
