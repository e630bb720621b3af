/* Adamax (Kingma and Ba 2015, section 7.1): Adam with the largest gradient of late in place of the root mean
 * square. */
#include "train/optimizer.h"

#include "math/scalar.h"

typedef struct AdamaxOptions {
    StOptimizerCommon common;
    double beta_1, beta_2, epsilon;
} AdamaxOptions;

static const StOption options[] = {
    ST_OPTIMIZER_RATE("0.001", "about how far a weight moves in a step"),
    ST_OPTION(AdamaxOptions, beta_1, ST_NUMBER, "0.9", .low = 0, .high = 1, .open_high = true,
              .help = "how much of the old mean of the gradient is kept at every step"),
    ST_OPTION(AdamaxOptions, beta_2, ST_NUMBER, "0.999", .low = 0, .high = 1,
              .help = "how much of the largest gradient is left after every step"),
    ST_OPTION(AdamaxOptions, epsilon, ST_NUMBER, "1e-7", .low = 0, .high = INFINITY,
              .help = "added to the largest gradient so that nothing is divided by zero"),
    ST_OPTIMIZER_DECAY("none", true),
    ST_OPTIMIZER_COMMON,
};

static int slots(const void *values) {
    (void)values;
    return 2;
}

static void prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    const AdamaxOptions *o = values;
    update->rate = (Real)(rate / (1 - pow(o->beta_1, (double)step)));
    update->new_1 = (Real)(1 - o->beta_1);
    update->keep_2 = (Real)o->beta_2;
    update->epsilon = (Real)o->epsilon;
}

ST_CLONES static void apply(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slot,
                            int64_t count) {
    const StUpdate u = *update;
    Real *restrict w = weights, *restrict m = slot[0], *restrict most = slot[1];
    for (int64_t i = 0; i < count; i++) {
        Real g = st_clipped(&u, gradients[i]);
        Real mean = m[i] += (g - m[i]) * u.new_1;
        Real left = u.keep_2 * most[i], size = st_abs(g);
        most[i] = left > size ? left : size;
        w[i] = st_decayed(&u, w[i]) - u.rate * mean / (most[i] + u.epsilon);
    }
}

const StOptimizer st_optimizer_adamax = {
    .kind = {.name = "adamax",
             .help = "Adam that divides by the largest gradient of late instead of a mean",
             .formula = "m += (g - m)(1 - beta_1); u = max(beta_2 u, |g|); "
                        "w -= rate m / ((1 - beta_1^t)(u + epsilon))",
             .options = options,
             .options_size = sizeof(AdamaxOptions)},
    .slots = slots,
    .prepare = prepare,
    .apply = apply,
};
