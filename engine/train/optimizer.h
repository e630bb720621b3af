/* Optimizers. One row a kind, registered in optimizer.c. Compiled in float and in double.
 *
 * Formulas are Keras 3's to the letter (optimizers/sgd.py, rmsprop.py, adam.py, adamw.py), weight decay
 * included: it is decoupled, w -= w * weight_decay * learning_rate before the step. An update is
 * elementwise, so it may be cut anywhere without changing a bit. */
#ifndef ST_TRAIN_OPTIMIZER_H
#define ST_TRAIN_OPTIMIZER_H

#include "base/real.h"
#include "train/compile.h"

enum { ST_SLOTS_MAX = 3 };

/* One step's constants, worked out once in double so that no power stands in the element loop. */
#define StUpdate ST_R(StUpdate)
typedef struct StUpdate {
    Real rate;          /* Adam: its bias corrections folded in */
    Real keep_1, new_1; /* momentum or beta_1, and what goes with it (1 - beta_1) */
    Real keep_2, new_2; /* rho or beta_2, 1 - that */
    Real epsilon;
    Real decay; /* weight_decay * learning_rate */
    bool nesterov, centered;
} StUpdate;

#define StOptimizer ST_R(StOptimizer)
typedef struct StOptimizer {
    StKind kind;                       /* options include learning_rate, a double */
    int (*slots)(const void *options); /* numbers kept a weight; they start as zeros */
    /* step counts from 1. */
    void (*prepare)(const void *options, double rate, int64_t step, StUpdate *update);
    /* weights, gradients and every slot: [count]. */
    void (*apply)(const StUpdate *update, Real *weights, const Real *gradients, Real *const *slots,
                  int64_t count);
} StOptimizer;

#define st_optimizer_at ST_R(st_optimizer_at)
const StOptimizer *st_optimizer_at(int index); /* NULL before the first and behind the last */

/* For the kinds: decoupled weight decay; does nothing where it is 0. */
#define st_optimizer_decay ST_R(st_optimizer_decay)
void st_optimizer_decay(const StUpdate *update, Real *weights, int64_t count);

/* The kinds' rows, for the registry. */
#define st_optimizer_sgd     ST_R(st_optimizer_sgd)
#define st_optimizer_rmsprop ST_R(st_optimizer_rmsprop)
#define st_optimizer_adam    ST_R(st_optimizer_adam)
#define st_optimizer_adamw   ST_R(st_optimizer_adamw)
extern const StOptimizer st_optimizer_sgd, st_optimizer_rmsprop, st_optimizer_adam, st_optimizer_adamw;

#endif
