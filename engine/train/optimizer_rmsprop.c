/* RMSprop (Hinton 2012): every weight's step is divided by the moving root mean square of its gradient.
 * epsilon stands inside the root, as in Keras. */
#include "train/optimizer.h"

#include "math/scalar.h"

typedef struct RmspropOptions {
    StOptimizerCommon common;
    double rho, momentum, epsilon;
    bool centered;
} RmspropOptions;

static const StOption options[] = {
    ST_OPTIMIZER_RATE("0.001", "how far a step goes, in units of the gradient's own size"),
    ST_OPTION(RmspropOptions, rho, ST_NUMBER, "0.9", .low = 0, .high = 1, .open_high = true,
              .help = "how much of the old mean square is kept at every step"),
    ST_OPTION(RmspropOptions, momentum, ST_NUMBER, "0", .low = 0, .high = 1,
              .help = "how much of the previous step a step keeps"),
    ST_OPTION(RmspropOptions, epsilon, ST_NUMBER, "1e-7", .low = 0, .high = INFINITY,
              .help = "added to the mean square so that nothing is divided by zero"),
    ST_OPTION(RmspropOptions, centered, ST_SWITCH, "no",
              .help = "divide by the gradient's deviation instead: its mean is taken off"),
    ST_OPTIMIZER_DECAY("none", true),
    ST_OPTIMIZER_COMMON,
};

/* Velocity first; momentum and average gradient where they are asked for. */
static int slots(const void *values) {
    const RmspropOptions *o = values;
    return 1 + (o->momentum > 0) + o->centered;
}

static void prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    (void)step;
    const RmspropOptions *o = values;
    update->rate = (Real)rate;
    update->keep_1 = (Real)o->momentum;
    update->keep_2 = (Real)o->rho;
    update->new_2 = (Real)(1 - o->rho);
    update->epsilon = (Real)o->epsilon;
    update->centered = o->centered;
}

/* One element; mean and momentum are NULL where unused, which inlining makes four loops of. */
static inline void element(const StUpdate *u, Real *w, Real gradient, Real *velocity, Real *mean,
                           Real *momentum) {
    Real g = st_clipped(u, gradient);
    Real v = u->keep_2 * *velocity + u->new_2 * (g * g);
    *velocity = v;
    if (mean) {
        *mean = u->keep_2 * *mean + u->new_2 * g;
        v -= *mean * *mean;
    }
    Real increment = u->rate * g / st_sqrt(v + u->epsilon);
    if (momentum) increment = *momentum = u->keep_1 * *momentum + increment;
    *w = st_decayed(u, *w) - increment;
}

ST_CLONES static void apply(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slot,
                            int64_t count) {
    const StUpdate u = *update;
    Real *restrict w = weights, *restrict v = slot[0];
    const Real *restrict g = gradients;
    Real *restrict momentum = u.keep_1 > 0 ? slot[1] : NULL;
    Real *restrict mean = u.centered ? slot[momentum ? 2 : 1] : NULL;
    if (momentum && mean) {
        for (int64_t i = 0; i < count; i++)
            element(&u, &w[i], g[i], &v[i], &mean[i], &momentum[i]);
    } else if (momentum) {
        for (int64_t i = 0; i < count; i++)
            element(&u, &w[i], g[i], &v[i], NULL, &momentum[i]);
    } else if (mean) {
        for (int64_t i = 0; i < count; i++)
            element(&u, &w[i], g[i], &v[i], &mean[i], NULL);
    } else {
        for (int64_t i = 0; i < count; i++)
            element(&u, &w[i], g[i], &v[i], NULL, NULL);
    }
}

const StOptimizer st_optimizer_rmsprop = {
    .kind = {.name = "rmsprop",
             .help = "divides every step by the moving root mean square of the gradient",
             .formula = "v = rho v + (1 - rho) g^2; w -= rate g / sqrt(v + epsilon)",
             .options = options,
             .options_size = sizeof(RmspropOptions)},
    .slots = slots,
    .prepare = prepare,
    .apply = apply,
};
