/* Adam (Kingma and Ba 2015) in the form just before the paper's section 2.1, which Keras uses: the bias
 * corrections are folded into the rate, epsilon stands outside the root. AdamW (Loshchilov and Hutter 2019)
 * is Adam with weight decay by default. */
#include "train/optimizer.h"

#include "math/scalar.h"
#include <math.h>

typedef struct AdamOptions {
    double learning_rate, beta_1, beta_2, epsilon, weight_decay;
} AdamOptions;

#define OPTIONS(decay)                                                                                       \
    {                                                                                                        \
        ST_OPTION(AdamOptions, learning_rate, ST_NUMBER, "0.001", .low = 0, .high = INFINITY,                \
                  .help = "about how far a weight moves in a step"),                                         \
            ST_OPTION(AdamOptions, beta_1, ST_NUMBER, "0.9", .low = 0, .high = 1, .open_high = true,         \
                      .help = "how much of the old mean of the gradient is kept at every step"),             \
            ST_OPTION(AdamOptions, beta_2, ST_NUMBER, "0.999", .low = 0, .high = 1, .open_high = true,       \
                      .help = "how much of the old mean of its square is kept at every step"),               \
            ST_OPTION(AdamOptions, epsilon, ST_NUMBER, "1e-7", .low = 0, .high = INFINITY,                   \
                      .help = "added to the root so that nothing is divided by zero"),                       \
            ST_OPTION(AdamOptions, weight_decay, ST_NUMBER, decay, .low = 0, .high = INFINITY,               \
                      .help = "share (times the learning rate) that every weight shrinks by in a step"),     \
        {                                                                                                    \
            .name = NULL                                                                                     \
        }                                                                                                    \
    }

static const StOption adam_options[] = OPTIONS("0");
static const StOption adamw_options[] = OPTIONS("0.004");

static int slots(const void *values) {
    (void)values;
    return 2;
}

static void prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    const AdamOptions *o = values;
    double alpha = rate * sqrt(1 - pow(o->beta_2, (double)step)) / (1 - pow(o->beta_1, (double)step));
    *update = (StUpdate){.rate = (Real)alpha,
                         .new_1 = (Real)(1 - o->beta_1),
                         .new_2 = (Real)(1 - o->beta_2),
                         .epsilon = (Real)o->epsilon,
                         .decay = (Real)(o->weight_decay * rate)};
}

ST_CLONES static void apply(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slot,
                            int64_t count) {
    st_optimizer_decay(update, weights, count);
    const Real alpha = update->rate, new_1 = update->new_1, new_2 = update->new_2;
    const Real epsilon = update->epsilon;
    Real *restrict w = weights, *restrict m = slot[0], *restrict v = slot[1];
    const Real *restrict g = gradients;
    for (int64_t i = 0; i < count; i++) {
        m[i] += (g[i] - m[i]) * new_1;
        v[i] += (g[i] * g[i] - v[i]) * new_2;
        w[i] -= m[i] * alpha / (st_sqrt(v[i]) + epsilon);
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
