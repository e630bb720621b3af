/* Stochastic gradient descent (Robbins and Monro 1951) with Keras' momentum: the learning rate goes into
 * the momentum, so a changed rate acts on new gradients alone. */
#include "train/optimizer.h"

#include <math.h>

typedef struct SgdOptions {
    double learning_rate, momentum;
    bool nesterov;
    double weight_decay;
} SgdOptions;

static const StOption options[] = {
    ST_OPTION(SgdOptions, learning_rate, ST_NUMBER, "0.01", .low = 0, .high = INFINITY,
              .help = "how far a step goes along the gradient"),
    ST_OPTION(SgdOptions, momentum, ST_NUMBER, "0", .low = 0, .high = 1,
              .help = "how much of the previous step a step keeps; 0.9 smooths and speeds up"),
    ST_OPTION(SgdOptions, nesterov, ST_SWITCH, "no",
              .help = "look ahead: take the gradient's step once more with the new momentum"),
    ST_OPTION(SgdOptions, weight_decay, ST_NUMBER, "0", .low = 0, .high = INFINITY,
              .help = "share (times the learning rate) that every weight shrinks by in a step"),
    {.name = NULL},
};

static int slots(const void *values) {
    return ((const SgdOptions *)values)->momentum > 0 ? 1 : 0;
}

static void prepare(const void *values, double rate, int64_t step, StUpdate *update) {
    (void)step;
    const SgdOptions *o = values;
    *update = (StUpdate){.rate = (Real)rate,
                         .keep_1 = (Real)o->momentum,
                         .decay = (Real)(o->weight_decay * rate),
                         .nesterov = o->nesterov};
}

ST_CLONES static void apply(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slot,
                            int64_t count) {
    st_optimizer_decay(update, weights, count);
    Real rate = update->rate, momentum = update->keep_1;
    Real *restrict w = weights;
    const Real *restrict g = gradients;
    if (momentum == 0) {
        for (int64_t i = 0; i < count; i++)
            w[i] -= rate * g[i];
        return;
    }
    Real *restrict m = slot[0];
    if (update->nesterov) {
        for (int64_t i = 0; i < count; i++) {
            m[i] = momentum * m[i] - rate * g[i];
            w[i] += momentum * m[i] - rate * g[i];
        }
    } else {
        for (int64_t i = 0; i < count; i++) {
            m[i] = momentum * m[i] - rate * g[i];
            w[i] += m[i];
        }
    }
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
