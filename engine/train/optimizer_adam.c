/* Adam (Kingma and Ba 2015) in the form just before the paper's section 2.1, which Keras uses: the bias
 * corrections are folded into the rate, epsilon stands outside the root. amsgrad: Reddi et al. 2018. AdamW
 * (Loshchilov and Hutter 2019) is Adam with weight decay by default. */
#include "train/optimizer.h"

#include "math/scalar.h"

typedef struct AdamOptions {
    StOptimizerCommon common;
    double beta_1, beta_2, epsilon;
    bool amsgrad;
} AdamOptions;

#define RATE ST_OPTIMIZER_RATE("0.001", "about how far a weight moves in a step")
/* clang-format off */
#define OWN                                                                                                  \
    ST_OPTION(AdamOptions, beta_1, ST_NUMBER, "0.9", .low = 0, .high = 1, .open_high = true,                 \
              .help = "how much of the old mean of the gradient is kept at every step"),                     \
    ST_OPTION(AdamOptions, beta_2, ST_NUMBER, "0.999", .low = 0, .high = 1, .open_high = true,               \
              .help = "how much of the old mean of its square is kept at every step"),                       \
    ST_OPTION(AdamOptions, epsilon, ST_NUMBER, "1e-7", .low = 0, .high = INFINITY,                           \
              .help = "added to the root so that nothing is divided by zero"),                               \
    ST_OPTION(AdamOptions, amsgrad, ST_SWITCH, "no",                                                         \
              .help = "divide by the largest mean square so far: steps never grow again (v_hat)")
/* clang-format on */

static const StOption adam_options[] = {RATE, OWN, ST_OPTIMIZER_DECAY("none", true), ST_OPTIMIZER_COMMON};
static const StOption adamw_options[] = {RATE, ST_OPTIMIZER_DECAY("0.004", false), OWN, ST_OPTIMIZER_COMMON};

/* m, v, and the largest v where amsgrad asks for it. */
static int slots(const void *values) {
    return 2 + ((const AdamOptions *)values)->amsgrad;
}

static void prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    const AdamOptions *o = values;
    double alpha = rate * sqrt(1 - pow(o->beta_2, (double)step)) / (1 - pow(o->beta_1, (double)step));
    update->rate = (Real)alpha;
    update->new_1 = (Real)(1 - o->beta_1);
    update->new_2 = (Real)(1 - o->beta_2);
    update->epsilon = (Real)o->epsilon;
    update->amsgrad = o->amsgrad;
}

/* One element; most is NULL where unused, which inlining makes a loop of its own of. */
static inline void element(const StUpdate *u, Real *w, Real gradient, Real *m, Real *v, Real *most) {
    Real g = st_clipped(u, gradient);
    Real mean = *m += (g - *m) * u->new_1;
    Real square = *v += (g * g - *v) * u->new_2;
    if (most) square = *most = square > *most ? square : *most;
    *w = st_decayed(u, *w) - mean * u->rate / (st_sqrt(square) + u->epsilon);
}

ST_CLONES static void apply(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slot,
                            int64_t count) {
    const StUpdate u = *update;
    Real *restrict w = weights, *restrict m = slot[0], *restrict v = slot[1];
    Real *restrict most = u.amsgrad ? slot[2] : NULL;
    const Real *restrict g = gradients;
    if (most) {
        for (int64_t i = 0; i < count; i++)
            element(&u, &w[i], g[i], &m[i], &v[i], &most[i]);
    } else {
        for (int64_t i = 0; i < count; i++)
            element(&u, &w[i], g[i], &m[i], &v[i], NULL);
    }
}

#define ADAM(word, sentence, equation, table)                                                                \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .help = sentence,                                                                           \
                 .formula = equation,                                                                        \
                 .options = table,                                                                           \
                 .options_size = sizeof(AdamOptions)},                                                       \
        .slots = slots, .prepare = prepare, .apply = apply,                                                  \
    }

#define EQUATION                                                                                             \
    "m += (g - m)(1 - beta_1); v += (g^2 - v)(1 - beta_2); "                                                 \
    "w -= rate sqrt(1 - beta_2^t)/(1 - beta_1^t) m/(sqrt(v) + epsilon)"

const StOptimizer st_optimizer_adam =
    ADAM("adam", "moving means of the gradient and of its square give every weight a step of its own",
         EQUATION, adam_options);
const StOptimizer st_optimizer_adamw = ADAM("adamw", "Adam with weight decay apart from the gradient",
                                            "w -= w weight_decay rate; " EQUATION, adamw_options);
