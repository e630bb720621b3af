/* Optimizers. One row a kind, registered in optimizer.c. Compiled in float and in double.
 *
 * Formulas are Keras 3's to the letter (keras/src/optimizers), with what all of them share
 * (base_optimizer.py): gradients are clipped, then weights shrink by decoupled weight decay,
 * w -= w * weight_decay * learning_rate, then the kind's own step is made, then the moving average of the
 * weights follows. All of that is one sweep over the data. An update is elementwise, so it may be cut
 * anywhere without changing a bit; a norm that it is clipped by is the caller's to say. */
#ifndef ST_TRAIN_OPTIMIZER_H
#define ST_TRAIN_OPTIMIZER_H

#include "base/real.h"
#include "train/compile.h"

#include <math.h>

enum { ST_SLOTS_MAX = 4 }; /* three of a kind, and the average */

/* The options that every optimizer has. They stand first in the options of every kind, so that one reads
 * them without knowing the kind. None is not a number (ST_NO_INT), and 0 means the same. */
typedef struct StOptimizerCommon {
    double learning_rate, weight_decay;
    double clipnorm, clipvalue, global_clipnorm;
    double ema_momentum;
    int ema_overwrite_frequency;
    bool use_ema;
} StOptimizerCommon;

/* Their rows, for the tables of the kinds. Keras' order: learning_rate, the kind's own, weight_decay (in
 * adamw before the kind's own), the others. */
#define ST_OPTIMIZER_RATE(standard, sentence)                                                                \
    ST_OPTION(StOptimizerCommon, learning_rate, ST_NUMBER, standard, .low = 0, .high = INFINITY,             \
              .help = sentence)
#define ST_OPTIMIZER_DECAY(standard, may_lack)                                                               \
    ST_OPTION(StOptimizerCommon, weight_decay, ST_NUMBER, standard, .optional = may_lack, .low = 0,          \
              .high = INFINITY,                                                                              \
              .help = "share (times the learning rate) that every weight shrinks by in a step")
/* clang-format off */
#define ST_OPTIMIZER_COMMON                                                                                  \
    ST_OPTION(StOptimizerCommon, clipnorm, ST_NUMBER, "none", .optional = true, .low = 0, .high = INFINITY,                       \
              .help = "longest gradient (root of the sum of squares) of a weight tensor: a longer one is "   \
                      "scaled down to it"),                                                       \
    ST_OPTION(StOptimizerCommon, clipvalue, ST_NUMBER, "none", .optional = true, .low = 0, .high = INFINITY,                      \
              .help = "largest entry of a gradient: entries beyond it, or below it with a minus, become it"),                                                                      \
    ST_OPTION(StOptimizerCommon, global_clipnorm, ST_NUMBER, "none", .optional = true, .low = 0, .high = INFINITY,                \
              .help = "longest gradient of all weights together: a longer one is scaled down to it"),                                                                               \
    ST_OPTION(StOptimizerCommon, use_ema, ST_SWITCH, "no",                                                   \
              .help = "keep a moving average of the weights, which they become when training ends"),         \
    ST_OPTION(StOptimizerCommon, ema_momentum, ST_NUMBER, "0.99", .low = 0, .high = 1,                       \
              .help = "how much of the old average is kept at every step, with use_ema"),                    \
    ST_OPTION(StOptimizerCommon, ema_overwrite_frequency, ST_INT, "none", .optional = true, .low = 0, .high = INT_MAX,         \
              .help = "steps after which the weights become their average, again and again, with use_ema"),                                                       \
    { .name = NULL }
/* clang-format on */

/* One step's constants, worked out once in double so that no power stands in the element loop. */
#define StUpdate ST_R(StUpdate)
typedef struct StUpdate {
    /* What all share. */
    Real decay;        /* weight_decay * learning_rate */
    Real scale, limit; /* of gradients: scaled first (by a clipped norm; else 1), then held within ± limit */
    bool plain;        /* none of the three does anything */
    int own;           /* slots of the kind; the average's is the one behind them */
    bool average, overwrite;
    Real average_keep, average_new;
    /* The kind's own. */
    Real rate;          /* Adam: its bias corrections folded in */
    Real keep_1, new_1; /* momentum or beta_1, and what goes with it (1 - beta_1) */
    Real keep_2, new_2; /* rho or beta_2, 1 - that */
    Real epsilon;
    bool nesterov, centered, amsgrad;
    Real ahead, unbias;           /* nadam: the gradient's own share; 1 / (1 - beta_2^t) */
    Real power, l1, l2, l2_shift; /* ftrl */
} StUpdate;

#define StOptimizer ST_R(StOptimizer)
typedef struct StOptimizer {
    StKind kind;                                    /* its options begin with StOptimizerCommon */
    int (*slots)(const void *options);              /* numbers kept a weight */
    double (*start)(const void *options, int slot); /* what they start as; NULL: zeros */
    /* Sets its own fields, all zeros before. step counts from 1. */
    void (*prepare)(const void *options, double rate, int64_t step, StUpdate *update);
    /* weights, gradients and every slot: [count]. */
    void (*apply)(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slots,
                  int64_t count);
} StOptimizer;

#define st_optimizer_at ST_R(st_optimizer_at)
const StOptimizer *st_optimizer_at(int index); /* NULL before the first and behind the last */

#define st_optimizer_slots   ST_R(st_optimizer_slots)
#define st_optimizer_start   ST_R(st_optimizer_start)
#define st_optimizer_prepare ST_R(st_optimizer_prepare)
#define st_optimizer_apply   ST_R(st_optimizer_apply)
/* Numbers kept a weight: the kind's own, then the average where use_ema asks for it. */
int st_optimizer_slots(const StOptimizer *optimizer, const void *options);
/* Fills [count] of a slot with what it starts as. */
void st_optimizer_start(const StOptimizer *optimizer, const void *options, int slot, Real *values,
                        int64_t count);
/* The constants of step number `step` (from 1) at a learning rate. scale is 1: whoever clips by a norm
 * sets it (and takes plain back). */
void st_optimizer_prepare(const StOptimizer *optimizer, const void *options, double rate, int64_t step,
                          StUpdate *update);
/* The whole update of [count] weights: the kind's own, then the average's. */
void st_optimizer_apply(const StOptimizer *optimizer, const StUpdate *update, Real *weights,
                        const Real *gradients, Real *const *slots, int64_t count);
/* What a gradient of this norm is multiplied by so that it is no longer than `limit`. */
#define st_optimizer_clip ST_R(st_optimizer_clip)
double st_optimizer_clip(double norm, double limit);

/* For the kinds: a gradient's entry as it is clipped, a weight as it has decayed. They change nothing where
 * neither is asked for, and vectorise. */
static inline Real st_clipped(const StUpdate *u, Real g) {
    g *= u->scale;
    g = g < u->limit ? g : u->limit;
    return g > -u->limit ? g : -u->limit;
}

static inline Real st_decayed(const StUpdate *u, Real w) {
    return w - w * u->decay;
}

/* The kinds' rows, for the registry. */
#define st_optimizer_sgd      ST_R(st_optimizer_sgd)
#define st_optimizer_rmsprop  ST_R(st_optimizer_rmsprop)
#define st_optimizer_adagrad  ST_R(st_optimizer_adagrad)
#define st_optimizer_adadelta ST_R(st_optimizer_adadelta)
#define st_optimizer_adam     ST_R(st_optimizer_adam)
#define st_optimizer_adamw    ST_R(st_optimizer_adamw)
#define st_optimizer_adamax   ST_R(st_optimizer_adamax)
#define st_optimizer_nadam    ST_R(st_optimizer_nadam)
#define st_optimizer_lion     ST_R(st_optimizer_lion)
#define st_optimizer_ftrl     ST_R(st_optimizer_ftrl)
extern const StOptimizer st_optimizer_sgd, st_optimizer_rmsprop, st_optimizer_adagrad, st_optimizer_adadelta,
    st_optimizer_adam, st_optimizer_adamw, st_optimizer_adamax, st_optimizer_nadam, st_optimizer_lion,
    st_optimizer_ftrl;

#endif
