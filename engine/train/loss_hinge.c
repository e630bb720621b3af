/* Hinge losses: what lies on the right side by more than the margin counts no more. */
#include "train/loss_each.h"

/* Targets of 0 and 1 become -1 and 1: t becomes keep * t + add. */
static StSmoothing signs_of(const StLossRows *rows) {
    return rows->binary ? (StSmoothing){2, -1} : (StSmoothing){1, 0};
}

/* What is missing from the margin: 1 - t y, not below 0. NaN is to be seen. */
static inline Real missing(Real y, Real t) {
    Real rest = 1 - t * y;
    return rest < 0 ? 0 : rest;
}

static inline Real hinge_value(Real y, Real t, StSmoothing o) {
    return missing(y, o.keep * t + o.add);
}
static inline Real hinge_slope(Real y, Real t, StSmoothing o) {
    Real sign = o.keep * t + o.add;
    return missing(y, sign) > 0 ? -sign : 0;
}

static inline Real squared_value(Real y, Real t, StSmoothing o) {
    Real rest = missing(y, o.keep * t + o.add);
    return rest * rest;
}
static inline Real squared_slope(Real y, Real t, StSmoothing o) {
    Real sign = o.keep * t + o.add;
    return -2 * sign * missing(y, sign);
}

ST_LOSS_EACH(hinge, StSmoothing, signs_of, hinge_value, hinge_slope)
ST_LOSS_EACH(squared_hinge, StSmoothing, signs_of, squared_value, squared_slope)

/* The largest of the others, max((1 - t) y), and how many share that place: they share its gradient too. */
static Real rival(const Real *y, const Real *t, int64_t width, int64_t *shared) {
    Real most = -(Real)INFINITY;
    *shared = 0;
    for (int64_t j = 0; j < width; j++) {
        Real other = (1 - t[j]) * y[j];
        if (other > most) *shared = 0;
        if (other > most) most = other;
        *shared += other == most;
    }
    return most;
}

static double categorical_hinge(const StLossRows *rows) {
    int64_t width = rows->width, count = rows->rows * rows->positions, shared;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const Real *y = rows->y + i * width, *t = rows->targets + i * width;
        Real *dy = rows->dy + i * width, most = rival(y, t, width, &shared);
        double value = (double)most - st_vector_dot(t, y, width) + 1;
        Real slope = value > 0 ? (Real)rows->scale : 0;
        sum += value < 0 ? 0 : value;
        for (int64_t j = 0; j < width; j++)
            dy[j] = slope * (((1 - t[j]) * y[j] == most ? (1 - t[j]) / (Real)shared : 0) - t[j]);
    }
    return sum;
}

const StLoss st_loss_hinges[ST_LOSS_HINGES] = {
    {
        .kind = {.name = "hinge",
                 .help = "how far outputs are from the margin at 1 on the side of their target, -1 or 1",
                 .formula = "mean(max(1 - t y, 0))"},
        .classifies = true,
        .signs = true,
        .run = hinge,
    },
    {
        .kind = {.name = "squared_hinge",
                 .help = "the square of how far outputs are from the margin on their target's side, -1 or 1",
                 .formula = "mean(max(1 - t y, 0)^2)"},
        .classifies = true,
        .signs = true,
        .run = squared_hinge,
    },
    {
        .kind = {.name = "categorical_hinge",
                 .help = "how far the right class's output is from being 1 above the best of the others",
                 .formula = "max(max((1 - t) y) - sum(t y) + 1, 0)"},
        .exclusive = true,
        .classifies = true,
        .run = categorical_hinge,
    },
};
