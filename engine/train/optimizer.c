#include "train/optimizer.h"

/* Adding an optimizer: a row in a file of its own, and its line here. */
static const StOptimizer *const rows[] = {
    &st_optimizer_sgd,
    &st_optimizer_rmsprop,
    &st_optimizer_adam,
    &st_optimizer_adamw,
};

const StOptimizer *st_optimizer_at(int index) {
    return index >= 0 && index < (int)(sizeof rows / sizeof *rows) ? rows[index] : NULL;
}

ST_CLONES void st_optimizer_decay(const StUpdate *update, Real *weights, int64_t count) {
    Real decay = update->decay;
    if (decay == 0) return;
    for (int64_t i = 0; i < count; i++)
        weights[i] -= weights[i] * decay;
}
