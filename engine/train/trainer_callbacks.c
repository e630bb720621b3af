/* What watches a run at the end of every epoch. Keras 3's EarlyStopping, ReduceLROnPlateau and the choice of
 * ModelCheckpoint to the letter (callbacks/early_stopping.py, reduce_lr_on_plateau.py), with one word more:
 * restore_best holds however training ends, where it diverged too. */
#include "train/trainer_engine.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double measured(const StRecord *record, bool validation, int metric) {
    if (validation && !record->validated) return NAN;
    const StScores *scores = validation ? &record->validation : &record->train;
    return metric < 0 ? scores->loss : scores->metric[metric];
}

static void forget(StMonitor *monitor) {
    monitor->best = monitor->higher ? -INFINITY : INFINITY;
}

static bool watch(StMonitor *monitor, const char *what, const char *name, const StCompile *compile,
                  StError *error) {
    if (!*name) return true;
    if (!st_monitor_find(compile, name, &monitor->validation, &monitor->metric))
        return st_fail(error, ST_ERR_NAME, "%s: nothing is measured as '%s'", what, name);
    monitor->on = true;
    monitor->higher = st_monitor_higher_is_better(compile, monitor->metric);
    forget(monitor);
    return true;
}

static bool better(const StMonitor *monitor, double now, double than, double delta) {
    return monitor->higher ? now - delta > than : now + delta < than;
}

static bool stop_when_init(StStopWhen *stop, const char *text, const StCompile *compile, StError *error) {
    if (!*text) return true;
    if (!st_condition_parse(text, &stop->condition, error)) return false;
    if (!st_monitor_find(compile, stop->condition.name, &stop->validation, &stop->metric))
        return st_fail(error, ST_ERR_NAME, "stop_when: nothing is measured as '%s'", stop->condition.name);
    stop->on = true;
    return true;
}

bool st_callbacks_init(StTrainer *t, const StCompile *compile, StError *error) {
    const StCallbacks *callbacks = &t->callbacks;
    const char *checkpoint = callbacks->checkpoint_monitor;
    if (!*checkpoint) checkpoint = t->validates ? "val_loss" : "loss";
    if (st_callbacks_checkpoint_every(callbacks) >= 0) checkpoint = "";
    return watch(&t->early.monitor, "early_stopping", callbacks->early_stopping, compile, error) &&
           watch(&t->plateau.monitor, "reduce_on_plateau", callbacks->reduce_on_plateau, compile, error) &&
           watch(&t->checkpoint, "checkpoint", checkpoint, compile, error) &&
           stop_when_init(&t->stop_when, callbacks->stop_when, compile, error);
}

void st_callbacks_begin(StTrainer *t) {
    forget(&t->early.monitor);
    forget(&t->plateau.monitor);
    t->early.wait = t->plateau.wait = t->plateau.cooldown = 0;
    t->early.first = t->epoch;
    t->early.best_epoch = 0;
}

static void keep_best(StTrainer *trainer, int64_t epoch) {
    StEarly *early = &trainer->early;
    early->best_epoch = epoch;
    if (early->weights)
        memcpy(early->weights, trainer->weights, (size_t)trainer->shape.total * sizeof(float));
}

bool st_early_ends(StTrainer *trainer, const StRecord *record, char *reason, size_t size) {
    const StCallbacks *callbacks = &trainer->callbacks;
    StEarly *early = &trainer->early;
    StMonitor *monitor = &early->monitor;
    int64_t epoch = record->epoch - early->first;
    if (!monitor->on || epoch <= callbacks->start_from_epoch) return false;
    double now = measured(record, monitor->validation, monitor->metric), baseline = callbacks->baseline;
    if (early->best_epoch == 0)
        keep_best(trainer, record->epoch); /* the first is the best so far, even NaN */
    early->wait++;
    if (better(monitor, now, monitor->best, callbacks->min_delta)) {
        monitor->best = now;
        if (st_is_none(baseline) || better(monitor, now, baseline, callbacks->min_delta)) early->wait = 0;
        keep_best(trainer, record->epoch);
        return false;
    }
    if (early->wait < callbacks->patience || epoch == 1) return false;
    snprintf(reason, size,
             "early stopping: %s did not get better than %.4g (epoch %" PRId64 ") for %d epoch%s",
             callbacks->early_stopping, monitor->best, early->best_epoch, early->wait,
             early->wait == 1 ? "" : "s");
    return true;
}

double st_plateau_rate(StTrainer *trainer, const StRecord *record) {
    const StCallbacks *callbacks = &trainer->callbacks;
    StPlateau *plateau = &trainer->plateau;
    StMonitor *monitor = &plateau->monitor;
    if (!monitor->on) return trainer->rate;
    double now = measured(record, monitor->validation, monitor->metric);
    if (plateau->cooldown > 0) {
        plateau->cooldown--;
        plateau->wait = 0;
    }
    if (better(monitor, now, monitor->best, callbacks->plateau_min_delta)) {
        monitor->best = now;
        plateau->wait = 0;
        return trainer->rate;
    }
    if (plateau->cooldown > 0 || ++plateau->wait < callbacks->plateau_patience ||
        trainer->rate <= callbacks->min_lr)
        return trainer->rate;
    plateau->cooldown = callbacks->cooldown;
    plateau->wait = 0;
    return fmax(trainer->rate * callbacks->factor, callbacks->min_lr);
}

bool st_checkpoint_due(StTrainer *trainer, const StRecord *record) {
    StMonitor *monitor = &trainer->checkpoint;
    int every = st_callbacks_checkpoint_every(&trainer->callbacks);
    if (every > 0) return record->epoch % every == 0;
    if (!monitor->on) return false;
    double now = measured(record, monitor->validation, monitor->metric);
    if (!better(monitor, now, monitor->best, 0)) return false;
    monitor->best = now;
    return true;
}

bool st_stop_when_ends(const StStopWhen *stop, const StRecord *record, char *reason, size_t size) {
    if (!stop->on) return false;
    double now = measured(record, stop->validation, stop->metric);
    if (!st_condition_holds(&stop->condition, now)) return false;
    snprintf(reason, size, "stop_when %s%s%.9g: %s is %.9g after epoch %" PRId64, stop->condition.name,
             stop->condition.op, stop->condition.value, stop->condition.name, now, record->epoch);
    return true;
}

bool st_early_restore(StTrainer *trainer, char *reason, size_t size) {
    const StEarly *early = &trainer->early;
    size_t bytes = (size_t)trainer->shape.total * sizeof(float), length = strlen(reason);
    if (!early->weights || early->best_epoch == 0 || memcmp(early->weights, trainer->weights, bytes) == 0)
        return false;
    memcpy(trainer->weights, early->weights, bytes);
    snprintf(reason + length, size - length, "%sthe weights of epoch %" PRId64 " are back, the best",
             length ? "; " : "", early->best_epoch);
    return true;
}
