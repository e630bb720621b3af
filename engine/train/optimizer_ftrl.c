/* FTRL (McMahan et al. 2013, "Ad click prediction"): follow the regularised leader, whose l1 makes weights
 * exactly 0. Keras' form: beta comes in as l2 + beta / (2 rate), the shrinkage as a gradient. */
#include "train/optimizer.h"

#include "math/scalar.h"

typedef struct FtrlOptions {
    StOptimizerCommon common;
    double learning_rate_power, initial_accumulator_value;
    double l1_regularization_strength, l2_regularization_strength, l2_shrinkage_regularization_strength;
    double beta;
} FtrlOptions;

static const StOption options[] = {
    ST_OPTIMIZER_RATE("0.001", "how far a step goes at first"),
    ST_OPTION(FtrlOptions, learning_rate_power, ST_NUMBER, "-0.5", .low = -INFINITY, .high = 0,
              .help = "power of the sum of squares that steps get smaller by; 0 is a fixed learning rate"),
    ST_OPTION(FtrlOptions, initial_accumulator_value, ST_NUMBER, "0.1", .low = 0, .high = INFINITY,
              .help = "what the sum of squares begins as"),
    ST_OPTION(FtrlOptions, l1_regularization_strength, ST_NUMBER, "0", .low = 0, .high = INFINITY,
              .help = "pulls weights to 0 and holds small ones there"),
    ST_OPTION(FtrlOptions, l2_regularization_strength, ST_NUMBER, "0", .low = 0, .high = INFINITY,
              .help = "pulls weights to 0 in proportion, as a penalty on where they stand"),
    ST_OPTION(FtrlOptions, l2_shrinkage_regularization_strength, ST_NUMBER, "0", .low = 0, .high = INFINITY,
              .help = "the same as a penalty on the loss: 2 w times this is added to the gradient"),
    ST_OPTION(FtrlOptions, beta, ST_NUMBER, "0", .low = 0, .high = INFINITY,
              .help = "the paper's beta: makes the first steps smaller"),
    ST_OPTIMIZER_DECAY("none", true),
    ST_OPTIMIZER_COMMON,
};

/* The sum of squares and the linear term. */
static int slots(const void *values) {
    (void)values;
    return 2;
}

static double start(const void *values, int slot) {
    return slot == 0 ? ((const FtrlOptions *)values)->initial_accumulator_value : 0;
}

static void prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    (void)step;
    const FtrlOptions *o = values;
    update->rate = (Real)rate;
    update->power = (Real)-o->learning_rate_power;
    update->l1 = (Real)o->l1_regularization_strength;
    update->l2 = (Real)(2 * (o->l2_regularization_strength + o->beta / (2 * rate)));
    update->l2_shift = (Real)(2 * o->l2_shrinkage_regularization_strength);
}

/* One element, given the sum of squares to the power, before and after. */
static inline void element(const StUpdate *u, Real *weight, Real g, Real before, Real after, Real *linear) {
    Real w = st_decayed(u, *weight);
    Real z = *linear += g + u->l2_shift * w - (after - before) / u->rate * w;
    Real held = z > u->l1 ? u->l1 : z < -u->l1 ? -u->l1 : z;
    *weight = (held - z) / (after / u->rate + u->l2);
}

/* Where the rate is 0, a limit that the formulas divide by, nothing moves. */
ST_CLONES static void apply(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slot,
                            int64_t count) {
    const StUpdate u = *update;
    Real *restrict w = weights, *restrict sum = slot[0], *restrict linear = slot[1];
    if (u.rate == 0) return;
    if (u.power == (Real)0.5) {
        for (int64_t i = 0; i < count; i++) {
            Real g = st_clipped(&u, gradients[i]), squares = sum[i] + g * g;
            element(&u, &w[i], g, st_sqrt(sum[i]), st_sqrt(squares), &linear[i]);
            sum[i] = squares;
        }
    } else {
        for (int64_t i = 0; i < count; i++) {
            Real g = st_clipped(&u, gradients[i]), squares = sum[i] + g * g;
            Real before = (Real)pow((double)sum[i], (double)u.power);
            element(&u, &w[i], g, before, (Real)pow((double)squares, (double)u.power), &linear[i]);
            sum[i] = squares;
        }
    }
}

const StOptimizer st_optimizer_ftrl = {
    .kind = {.name = "ftrl",
             .help = "follows the regularised leader: good where inputs are wide and sparse",
             .formula = "n' = n + g^2; z += g + 2 l2_shrinkage w - (n'^p - n^p) w / rate; p = "
                        "-learning_rate_power; w = (clip(z, -l1, l1) - z) / (n'^p / rate + 2 l2 + beta/rate)",
             .options = options,
             .options_size = sizeof(FtrlOptions)},
    .slots = slots,
    .start = start,
    .prepare = prepare,
    .apply = apply,
};
