#include "train/optimizer.h"

/* Adding an optimizer: a row in a file of its own, and its line here. */
static const StOptimizer *const rows[] = {
    &st_optimizer_sgd,  &st_optimizer_rmsprop, &st_optimizer_adagrad, &st_optimizer_adadelta,
    &st_optimizer_adam, &st_optimizer_adamw,   &st_optimizer_adamax,  &st_optimizer_nadam,
    &st_optimizer_lion, &st_optimizer_ftrl,
};

const StOptimizer *st_optimizer_at(int index) {
    return index >= 0 && index < (int)(sizeof rows / sizeof *rows) ? rows[index] : NULL;
}

int st_optimizer_slots(const StOptimizer *optimizer, const void *options) {
    const StOptimizerCommon *common = options;
    return optimizer->slots(options) + common->use_ema;
}

void st_optimizer_start(const StOptimizer *optimizer, const void *options, int slot, Real *values,
                        int64_t count) {
    bool own = slot < optimizer->slots(options);
    Real start = own && optimizer->start ? (Real)optimizer->start(options, slot) : 0;
    for (int64_t i = 0; i < count; i++)
        values[i] = start;
}

/* Keras' average begins as the weights after the first step. */
static void prepare_average(const StOptimizerCommon *common, int64_t step, StUpdate *update) {
    double keep = step > 1 ? common->ema_momentum : 0;
    update->average = common->use_ema;
    update->average_keep = (Real)keep;
    update->average_new = (Real)(1 - keep);
    update->overwrite = common->ema_overwrite_frequency > 0 && step % common->ema_overwrite_frequency == 0;
}

void st_optimizer_prepare(const StOptimizer *optimizer, const void *options, double rate, int64_t step,
                          StUpdate *update) {
    const StOptimizerCommon *common = options;
    double decay = common->weight_decay > 0 ? common->weight_decay : 0; /* none is no number */
    double limit = common->clipvalue > 0 ? common->clipvalue : (double)INFINITY;
    *update = (StUpdate){.decay = (Real)(decay * rate),
                         .scale = 1,
                         .limit = (Real)limit,
                         .plain = decay == 0 && isinf(limit),
                         .own = optimizer->slots(options)};
    prepare_average(common, step, update);
    optimizer->prepare(options, rate, step, update);
}

ST_CLONES static void average(const StUpdate *update, Real *restrict weights, Real *restrict mean,
                              int64_t count) {
    Real keep = update->average_keep, new = update->average_new;
    for (int64_t i = 0; i < count; i++)
        mean[i] = keep * mean[i] + new *weights[i];
    for (int64_t i = 0; update->overwrite && i < count; i++)
        weights[i] = mean[i];
}

/* With an average in blocks that stay in the cache from the one to the other. */
void st_optimizer_apply(const StOptimizer *optimizer, const StUpdate *update, Real *weights,
                        const Real *gradients, Real *const *slots, int64_t count) {
    enum { BLOCK = 2048 };
    if (!update->average) {
        optimizer->apply(update, weights, gradients, slots, count);
        return;
    }
    for (int64_t from = 0; from < count; from += BLOCK) {
        int64_t part = count - from < BLOCK ? count - from : BLOCK;
        Real *slot[ST_SLOTS_MAX];
        for (int s = 0; s < ST_SLOTS_MAX; s++)
            slot[s] = slots[s] ? slots[s] + from : NULL;
        optimizer->apply(update, weights + from, gradients + from, slot, part);
        average(update, weights + from, slot[update->own], part);
    }
}

double st_optimizer_clip(double norm, double limit) {
    return norm > limit ? limit / norm : 1;
}
