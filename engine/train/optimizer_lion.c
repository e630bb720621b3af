/* Lion (Chen et al. 2023): every weight moves by the learning rate itself, along the sign of a momentum. */
#include "train/optimizer.h"

typedef struct LionOptions {
    StOptimizerCommon common;
    double beta_1, beta_2;
} LionOptions;

static const StOption options[] = {
    ST_OPTIMIZER_RATE("0.001", "how far every weight moves in a step; a third to a tenth of adamw's"),
    ST_OPTION(LionOptions, beta_1, ST_NUMBER, "0.9", .low = 0, .high = 1, .open_low = true,
              .help = "how much of the momentum, against the gradient, decides the sign of the step"),
    ST_OPTION(LionOptions, beta_2, ST_NUMBER, "0.99", .low = 0, .high = 1,
              .help = "how much of the old momentum is kept at every step"),
    ST_OPTIMIZER_DECAY("none", true),
    ST_OPTIMIZER_COMMON,
};

static int slots(const void *values) {
    (void)values;
    return 1;
}

static void prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    (void)step;
    const LionOptions *o = values;
    update->rate = (Real)rate;
    update->keep_1 = (Real)o->beta_1;
    update->new_1 = (Real)(1 - o->beta_1);
    update->keep_2 = (Real)o->beta_2;
    update->new_2 = (Real)(1 - o->beta_2);
}

ST_CLONES static void apply(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slot,
                            int64_t count) {
    const StUpdate u = *update;
    Real *restrict w = weights, *restrict m = slot[0];
    for (int64_t i = 0; i < count; i++) {
        Real g = st_clipped(&u, gradients[i]);
        Real aim = m[i] * u.keep_1 + g * u.new_1;
        Real step = aim > 0 ? u.rate : aim < 0 ? -u.rate : 0;
        m[i] = m[i] * u.keep_2 + g * u.new_2;
        w[i] = st_decayed(&u, w[i]) - step;
    }
}

const StOptimizer st_optimizer_lion = {
    .kind = {.name = "lion",
             .help = "moves every weight by the same amount, along the sign of its momentum",
             .formula = "w -= rate sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2) g",
             .options = options,
             .options_size = sizeof(LionOptions)},
    .slots = slots,
    .prepare = prepare,
    .apply = apply,
};
