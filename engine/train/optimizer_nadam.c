/* Nadam (Dozat 2015): Adam with Nesterov's look ahead, its momentum warmed up by 1 - 0.96^t / 2. */
#include "train/optimizer.h"

#include "math/scalar.h"

typedef struct NadamOptions {
    StOptimizerCommon common;
    double beta_1, beta_2, epsilon;
} NadamOptions;

static const StOption options[] = {
    ST_OPTIMIZER_RATE("0.001", "about how far a weight moves in a step"),
    ST_OPTION(NadamOptions, beta_1, ST_NUMBER, "0.9", .low = 0, .high = 1, .open_high = true,
              .help = "how much of the old mean of the gradient is kept at every step"),
    ST_OPTION(NadamOptions, beta_2, ST_NUMBER, "0.999", .low = 0, .high = 1, .open_high = true,
              .help = "how much of the old mean of its square is kept at every step"),
    ST_OPTION(NadamOptions, epsilon, ST_NUMBER, "1e-7", .low = 0, .high = INFINITY,
              .help = "added to the root so that nothing is divided by zero"),
    ST_OPTIMIZER_DECAY("none", true),
    ST_OPTIMIZER_COMMON,
};

static int slots(const void *values) {
    (void)values;
    return 2;
}

static double momentum_at(double beta_1, double step) {
    return beta_1 * (1 - 0.5 * pow(0.96, step));
}

/* The product of the momenta of all steps so far, from the number of the step alone, so that nothing has to
 * be kept: beta_1^t times factors that are 1 from about the thousandth on. */
static double momenta_product(double beta_1, int64_t step) {
    double product = pow(beta_1, (double)step), warm = 1;
    for (int64_t t = 1; t <= step && product > 1e-30 && warm > 1e-18; t++) {
        warm *= 0.96;
        product *= 1 - 0.5 * warm;
    }
    return product;
}

static void prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    const NadamOptions *o = values;
    double now = momentum_at(o->beta_1, (double)step), next = momentum_at(o->beta_1, (double)step + 1);
    double product = momenta_product(o->beta_1, step);
    update->rate = (Real)(rate * next / (1 - product * next));
    update->ahead = (Real)(rate * (1 - now) / (1 - product));
    update->unbias = (Real)(1 / (1 - pow(o->beta_2, (double)step)));
    update->new_1 = (Real)(1 - o->beta_1);
    update->new_2 = (Real)(1 - o->beta_2);
    update->epsilon = (Real)o->epsilon;
}

ST_CLONES static void apply(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slot,
                            int64_t count) {
    const StUpdate u = *update;
    Real *restrict w = weights, *restrict m = slot[0], *restrict v = slot[1];
    for (int64_t i = 0; i < count; i++) {
        Real g = st_clipped(&u, gradients[i]);
        Real mean = m[i] += (g - m[i]) * u.new_1;
        Real square = v[i] += (g * g - v[i]) * u.new_2;
        w[i] =
            st_decayed(&u, w[i]) - (u.rate * mean + u.ahead * g) / (st_sqrt(square * u.unbias) + u.epsilon);
    }
}

const StOptimizer st_optimizer_nadam = {
    .kind = {.name = "nadam",
             .help = "Adam with Nesterov's momentum, which looks a step ahead",
             .formula = "m += (g - m)(1 - beta_1); v += (g^2 - v)(1 - beta_2); u_t = beta_1 (1 - 0.96^t/2); "
                        "w -= rate (u_{t+1} m/(1 - u_1…u_{t+1}) + (1 - u_t) g/(1 - u_1…u_t)) / "
                        "(sqrt(v/(1 - beta_2^t)) + epsilon)",
             .options = options,
             .options_size = sizeof(NadamOptions)},
    .slots = slots,
    .prepare = prepare,
    .apply = apply,
};
