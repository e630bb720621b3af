/* Stochastic gradient descent (Robbins and Monro 1951) with Keras' momentum: the learning rate goes into
 * the momentum, so a changed rate acts on new gradients alone. */
#include "train/optimizer.h"

typedef struct SgdOptions {
    StOptimizerCommon common;
    double momentum;
    bool nesterov;
} SgdOptions;

static const StOption options[] = {
    ST_OPTIMIZER_RATE("0.01", "how far a step goes along the gradient"),
    ST_OPTION(SgdOptions, momentum, ST_NUMBER, "0", .low = 0, .high = 1,
              .help = "how much of the previous step a step keeps; 0.9 smooths and speeds up"),
    ST_OPTION(SgdOptions, nesterov, ST_SWITCH, "no",
              .help = "look ahead: take the gradient's step once more with the new momentum"),
    ST_OPTIMIZER_DECAY("none", true),
    ST_OPTIMIZER_COMMON,
};

static int slots(const void *values) {
    return ((const SgdOptions *)values)->momentum > 0 ? 1 : 0;
}

static void prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    (void)step;
    const SgdOptions *o = values;
    update->rate = (Real)rate;
    update->keep_1 = (Real)o->momentum;
    update->nesterov = o->nesterov;
}

/* One element; momentum is NULL where unused, which inlining makes loops of their own of. */
static inline void element(const StUpdate *u, Real *weight, Real gradient, Real *momentum, bool nesterov,
                           bool plain) {
    Real step = u->rate * (plain ? gradient : st_clipped(u, gradient));
    Real w = plain ? *weight : st_decayed(u, *weight);
    if (!momentum) {
        *weight = w - step;
        return;
    }
    Real m = *momentum = u->keep_1 * *momentum - step;
    *weight = w + (nesterov ? u->keep_1 * m - step : m);
}

static inline void sweep(const StUpdate *u, Real *restrict w, const Real *restrict g, Real *restrict m,
                         int64_t count, bool plain) {
    if (!m) {
        for (int64_t i = 0; i < count; i++)
            element(u, &w[i], g[i], NULL, false, plain);
    } else if (u->nesterov) {
        for (int64_t i = 0; i < count; i++)
            element(u, &w[i], g[i], &m[i], true, plain);
    } else {
        for (int64_t i = 0; i < count; i++)
            element(u, &w[i], g[i], &m[i], false, plain);
    }
}

ST_CLONES static void apply(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slot,
                            int64_t count) {
    const StUpdate u = *update;
    Real *momentum = u.keep_1 > 0 ? slot[0] : NULL;
    if (u.plain)
        sweep(&u, weights, gradients, momentum, count, true);
    else
        sweep(&u, weights, gradients, momentum, count, false);
}

const StOptimizer st_optimizer_sgd = {
    .kind = {.name = "sgd",
             .help = "stochastic gradient descent, with momentum where wanted",
             .formula = "m = momentum m - rate g; w += m",
             .options = options,
             .options_size = sizeof(SgdOptions)},
    .slots = slots,
    .prepare = prepare,
    .apply = apply,
};
