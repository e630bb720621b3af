/* Adagrad (Duchi et al. 2011) and Adadelta (Zeiler 2012): every weight's step is divided by the root of the
 * sum, or the moving mean, of its squared gradients. epsilon stands inside the root, as in Keras. */
#include "train/optimizer.h"

#include "math/scalar.h"

typedef struct AdagradOptions {
    StOptimizerCommon common;
    double initial_accumulator_value, epsilon;
} AdagradOptions;

typedef struct AdadeltaOptions {
    StOptimizerCommon common;
    double rho, epsilon;
} AdadeltaOptions;

static const StOption adagrad_options[] = {
    ST_OPTIMIZER_RATE("0.001", "how far a step goes; the paper's is 1"),
    ST_OPTION(AdagradOptions, initial_accumulator_value, ST_NUMBER, "0.1", .low = 0, .high = INFINITY,
              .help = "what the sum of squares begins as"),
    ST_OPTION(AdagradOptions, epsilon, ST_NUMBER, "1e-7", .low = 0, .high = INFINITY,
              .help = "added to the sum so that nothing is divided by zero"),
    ST_OPTIMIZER_DECAY("none", true),
    ST_OPTIMIZER_COMMON,
};

static const StOption adadelta_options[] = {
    ST_OPTIMIZER_RATE("0.001", "what the step, which finds its own size, is multiplied by; the paper's is 1"),
    ST_OPTION(AdadeltaOptions, rho, ST_NUMBER, "0.95", .low = 0, .high = 1,
              .help = "how much of the old mean squares is kept at every step"),
    ST_OPTION(AdadeltaOptions, epsilon, ST_NUMBER, "1e-7", .low = 0, .high = INFINITY,
              .help = "added to the mean squares; it also gets the first step going"),
    ST_OPTIMIZER_DECAY("none", true),
    ST_OPTIMIZER_COMMON,
};

/* ---- adagrad ---- */

static int adagrad_slots(const void *values) {
    (void)values;
    return 1;
}

static double adagrad_start(const void *values, int slot) {
    (void)slot;
    return ((const AdagradOptions *)values)->initial_accumulator_value;
}

static void adagrad_prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    (void)step;
    update->rate = (Real)rate;
    update->epsilon = (Real)((const AdagradOptions *)values)->epsilon;
}

ST_CLONES static void adagrad_apply(const StUpdate *update, Real *weights, const Real *gradients,
                                    Real *const *slot, int64_t count) {
    const StUpdate u = *update;
    Real *restrict w = weights, *restrict sum = slot[0];
    for (int64_t i = 0; i < count; i++) {
        Real g = st_clipped(&u, gradients[i]);
        Real squares = sum[i] += g * g;
        w[i] = st_decayed(&u, w[i]) - u.rate * g / st_sqrt(squares + u.epsilon);
    }
}

const StOptimizer st_optimizer_adagrad = {
    .kind = {.name = "adagrad",
             .help = "divides every step by the root of the sum of all squared gradients so far",
             .formula = "a += g^2; w -= rate g / sqrt(a + epsilon)",
             .options = adagrad_options,
             .options_size = sizeof(AdagradOptions)},
    .slots = adagrad_slots,
    .start = adagrad_start,
    .prepare = adagrad_prepare,
    .apply = adagrad_apply,
};

/* ---- adadelta ---- */

static int adadelta_slots(const void *values) {
    (void)values;
    return 2;
}

static void adadelta_prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    (void)step;
    const AdadeltaOptions *o = values;
    update->rate = (Real)rate;
    update->keep_2 = (Real)o->rho;
    update->new_2 = (Real)(1 - o->rho);
    update->epsilon = (Real)o->epsilon;
}

ST_CLONES static void adadelta_apply(const StUpdate *update, Real *weights, const Real *gradients,
                                     Real *const *slot, int64_t count) {
    const StUpdate u = *update;
    Real *restrict w = weights, *restrict square = slot[0], *restrict moved = slot[1];
    for (int64_t i = 0; i < count; i++) {
        Real g = st_clipped(&u, gradients[i]);
        Real squares = square[i] = u.keep_2 * square[i] + u.new_2 * (g * g);
        Real delta = st_sqrt(moved[i] + u.epsilon) * g / st_sqrt(squares + u.epsilon);
        moved[i] = u.keep_2 * moved[i] + u.new_2 * (delta * delta);
        w[i] = st_decayed(&u, w[i]) - u.rate * delta;
    }
}

const StOptimizer st_optimizer_adadelta = {
    .kind = {.name = "adadelta",
             .help = "steps as large as the last ones were, divided by the moving size of the gradient",
             .formula = "a = rho a + (1 - rho) g^2; d = g sqrt(b + epsilon)/sqrt(a + epsilon); "
                        "b = rho b + (1 - rho) d^2; w -= rate d",
             .options = adadelta_options,
             .options_size = sizeof(AdadeltaOptions)},
    .slots = adadelta_slots,
    .prepare = adadelta_prepare,
    .apply = adadelta_apply,
};
