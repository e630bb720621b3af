/* What ends a run early. Keras 3's EarlyStopping to the letter (callbacks/early_stopping.py), with one word
 * more: restore_best holds however training ends, where it diverged too. */
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

bool st_early_init(StEarly *early, const StCallbacks *callbacks, const StCompile *compile, StError *error) {
    if (!callbacks->early_stopping[0]) return true;
    if (!st_monitor_find(compile, callbacks->early_stopping, &early->validation, &early->metric))
        return st_fail(error, ST_ERR_NAME, "early_stopping: nothing is measured as '%s'",
                       callbacks->early_stopping);
    early->on = true;
    early->higher = st_monitor_higher_is_better(compile, early->metric);
    st_early_begin(early);
    return true;
}

bool st_stop_when_init(StStopWhen *stop, const StCallbacks *callbacks, const StCompile *compile,
                       StError *error) {
    if (!callbacks->stop_when[0]) return true;
    if (!st_condition_parse(callbacks->stop_when, &stop->condition, error)) return false;
    if (!st_monitor_find(compile, stop->condition.name, &stop->validation, &stop->metric))
        return st_fail(error, ST_ERR_NAME, "stop_when: nothing is measured as '%s'", stop->condition.name);
    stop->on = true;
    return true;
}

void st_early_begin(StEarly *early) {
    early->best = early->higher ? -INFINITY : INFINITY;
    early->wait = early->epochs = 0;
    early->best_epoch = 0;
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
    if (!early->on) return false;
    double now = measured(record, early->validation, early->metric), delta = callbacks->min_delta;
    if (early->best_epoch == 0)
        keep_best(trainer, record->epoch); /* the first is the best so far, even NaN */
    early->wait++;
    early->epochs++;
    if (early->higher ? now - delta > early->best : now + delta < early->best) {
        early->best = now;
        early->wait = 0;
        keep_best(trainer, record->epoch);
        return false;
    }
    if (early->wait < callbacks->patience || early->epochs == 1) return false;
    snprintf(
        reason, size, "early stopping: %s did not get better than %.4g (epoch %" PRId64 ") for %d epoch%s",
        callbacks->early_stopping, early->best, early->best_epoch, early->wait, early->wait == 1 ? "" : "s");
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
