/* The engine thread: between two steps it takes its mail, then it makes a step or ends an epoch. */
#include "train/trainer_engine.h"

#include "base/thread.h"

#include "math/vector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double LOOK_PART = 100; /* snapshots take at most one part in so many of the time */
static const double SHORT = 0.02;    /* seconds: what one more step may take when a pause is ordered */
static const double LAG = 0.05;      /* seconds that a pace may catch up */
static const double SLOW_PACE = 40;  /* steps a second up to which each one is worth a snapshot */

double st_trainer_clock(void) {
    return st_seconds(CLOCK_MONOTONIC);
}

static int64_t total_steps(const StTrainer *t) {
    return t->epochs * t->steps_per_epoch;
}

/* ---- the rows of a step ---- */

void st_trainer_shuffle(StTrainer *t, int64_t epoch) {
    for (int64_t i = 0; i < t->rows; i++)
        t->order[i] = i;
    if (t->fit.shuffle) {
        StRng rng = st_rng(t->seed, ST_STREAM_SHUFFLE, (uint64_t)epoch, 0);
        st_rng_shuffle(&rng, t->order, t->rows);
    }
    t->order_epoch = epoch;
}

StBatch st_trainer_batch(StTrainer *t, int64_t step) {
    int64_t epoch = step / t->steps_per_epoch, at = step % t->steps_per_epoch * t->fit.batch_size;
    if (t->order_epoch < 0 || (t->order_epoch != epoch && t->fit.shuffle)) st_trainer_shuffle(t, epoch);
    int64_t left = t->rows - at;
    return (StBatch){.index = t->order + at,
                     .rows = left < t->fit.batch_size ? left : t->fit.batch_size,
                     .seed = t->seed,
                     .step = (uint64_t)step};
}

/* ---- snapshots ---- */

static StSlot *hold_slot(StTrainer *t) {
    pthread_mutex_lock(&t->lock);
    StSlot *slot = st_slots_hold_free(&t->slots);
    if (!slot) t->wanted = true; /* as soon as one is given back */
    pthread_mutex_unlock(&t->lock);
    return slot;
}

static void copy(const StTrainer *t, float *to, const float *from) {
    memcpy(to, from, (size_t)t->shape.total * sizeof(float));
}

/* What a continuation needs beside the weights. */
static void copy_rest(const StTrainer *t, StSlot *slot) {
    if (t->state_count) memcpy(slot->state, t->state, (size_t)t->state_count * sizeof(float));
    if (t->carried_count) memcpy(slot->carried, t->carried, (size_t)t->carried_count * sizeof(float));
    slot->snapshot.whole = true;
    slot->snapshot.iterations = *t->iterations;
    slot->snapshot.samples = t->samples;
    slot->snapshot.base_rate = t->rate;
}

/* Fills in the present weights and publishes. The slot's own `before` is already filled where has_before. */
static void publish(StTrainer *t, StSlot *slot, bool has_before) {
    copy(t, slot->weights, t->weights);
    if (t->gradients_valid) copy(t, slot->gradients, t->gradients);
    copy_rest(t, slot);
    slot->version = t->version;
    slot->snapshot.before = has_before ? slot->before : NULL;
    slot->snapshot.gradients = t->gradients_valid ? slot->gradients : NULL;
    slot->snapshot.step = t->step;
    slot->snapshot.epoch = t->step / t->steps_per_epoch;
    slot->snapshot.rate = t->step_rate;
    slot->snapshot.run = t->run;
    pthread_mutex_lock(&t->lock);
    st_slots_publish(&t->slots, slot);
    t->wanted = false;
    int fd = t->notify_fd;
    pthread_mutex_unlock(&t->lock);
    if (fd >= 0) st_bell_ring(fd);
    st_trainer_wake(t);
}

void st_trainer_publish(StTrainer *t, const float *before) {
    pthread_mutex_lock(&t->lock);
    bool have = t->slots.newest && t->slots.newest->version == t->version;
    pthread_mutex_unlock(&t->lock);
    StSlot *slot = have ? NULL : hold_slot(t);
    if (!slot) return;
    if (before) copy(t, slot->before, before);
    publish(t, slot, before != NULL);
}

/* Is the next step to be made under observation? wanted: somebody asks. */
static bool observes(const StTrainer *t, bool wanted) {
    int64_t next = t->step + 1;
    if (t->snapshots && (next >= t->limit || next >= total_steps(t))) return true;
    if (t->mark < t->next_look) return false;
    bool ends_epoch = next % t->steps_per_epoch == 0, slow = t->pace > 0 && t->pace <= SLOW_PACE;
    return wanted || (t->snapshots && (ends_epoch || slow));
}

/* ---- states ---- */

static void set_state(StTrainer *t, StTrainerState state, const char *reason) {
    pthread_mutex_lock(&t->lock);
    t->status.state = state;
    t->status.epochs = t->epochs;
    t->status.steps = total_steps(t);
    t->status.step = t->step;
    snprintf(t->status.reason, sizeof t->status.reason, "%s", reason);
    pthread_cond_broadcast(&t->answers);
    pthread_mutex_unlock(&t->lock);
    st_trainer_wake(t);
}

/* The best weights back, where that was asked for and they are others than now. */
static bool restore_best(StTrainer *t, char *reason, size_t size) {
    if (!st_early_restore(t, reason, size)) return false;
    t->version++;
    t->gradients_valid = false;
    st_replay_forget(t);
    pthread_mutex_lock(&t->lock);
    t->status.restored = t->early.best_epoch;
    pthread_mutex_unlock(&t->lock);
    return true;
}

/* Weights that a moving average was kept of become it. */
static void average(StTrainer *t, char *reason, size_t size) {
    size_t length = strlen(reason);
    if (!st_learner_average(t->learner)) return;
    t->version++;
    t->gradients_valid = false;
    st_replay_forget(t);
    snprintf(reason + length, size - length, "%sthe weights are their moving averages now",
             length ? "; " : "");
}

/* Training is over, for now: averages in Keras' order before the best weights, a last snapshot. */
static void end(StTrainer *t, StTrainerState state, char *reason, size_t size) {
    average(t, reason, size);
    restore_best(t, reason, size);
    if (t->snapshots) st_trainer_publish(t, NULL);
    set_state(t, state, reason);
}

static void pause_now(StTrainer *t) {
    if (t->snapshots) st_trainer_publish(t, NULL);
    set_state(t, ST_STATE_PAUSED, "");
}

/* ---- a step ---- */

static void diverge(StTrainer *t) {
    char reason[sizeof t->status.reason];
    int64_t made = t->step;
    const float *before = st_replay_diverged(t, reason, sizeof reason);
    if (t->step != made) { /* a step was taken back */
        memset(&t->tally, 0, sizeof t->tally);
        t->epoch_due = false;
    }
    int64_t epoch = t->step / t->steps_per_epoch;
    if (epoch < t->epoch) t->epoch = epoch;
    if (t->epoch_from > t->step) t->epoch_from = t->epoch * t->steps_per_epoch;
    t->version++;
    t->gradients_valid = before != NULL;
    if (restore_best(t, reason, sizeof reason)) before = NULL; /* the step was not one of these weights */
    if (t->snapshots) st_trainer_publish(t, before);
    pthread_mutex_lock(&t->lock);
    t->autopsy_steps = t->replay.steps;
    t->status.culprit = t->replay.culprit;
    memcpy(t->autopsy, t->replay.step, sizeof t->autopsy);
    t->status.epoch = t->epoch;
    pthread_mutex_unlock(&t->lock);
    set_state(t, ST_STATE_DIVERGED, reason);
}

/* Status after a step; called under the lock. */
static void count_step(StTrainer *t, const StRecord *record) {
    StTrainerStatus *status = &t->status;
    status->step = t->step;
    status->samples = t->samples;
    status->seconds = t->seconds;
    status->last = record->train;
    status->has_last = true;
    if (!t->mail.rate) status->rate = record->rate; /* one that waits was shown already */
    if (t->seconds - t->speed[1].seconds > 0.5) {
        t->speed[0] = t->speed[1];
        t->speed[1] = (struct StSpeed){t->seconds, t->samples};
    }
    double seconds = t->seconds - t->speed[0].seconds;
    status->samples_per_s = seconds > 0 ? (double)(t->samples - t->speed[0].samples) / seconds : 0;
}

/* Time since the mark belongs to training. */
static void account(StTrainer *t) {
    double now = st_trainer_clock();
    t->step_seconds = now - t->mark;
    t->seconds += t->step_seconds;
    t->mark = now;
}

static void make_step(StTrainer *t, bool wanted) {
    st_replay_step(t);
    StBatch batch = st_trainer_batch(t, t->step);
    StSlot *slot = observes(t, wanted) ? hold_slot(t) : NULL;
    double begun = slot ? st_trainer_clock() : 0, copied = begun;
    if (slot) {
        copy(t, slot->before, t->weights);
        copied = st_trainer_clock();
    }
    t->step_rate = st_learner_rate(t->learner);
    StRecord record = {.epoch = t->epoch + 1, .rate = t->step_rate};
    if (!st_learner_step(t->learner, &batch, &record.train, &t->tally)) {
        pthread_mutex_lock(&t->lock);
        if (slot) slot->holders--;
        pthread_mutex_unlock(&t->lock);
        diverge(t);
        return;
    }
    record.first = record.step = ++t->step;
    t->samples += batch.rows;
    t->version++;
    t->gradients_valid = true;
    t->epoch_due = t->step % t->steps_per_epoch == 0;
    if (slot) {
        double made = st_trainer_clock();
        publish(t, slot, true);
        double done = st_trainer_clock();
        t->look_cost = copied - begun + done - made;
        t->next_look = done + LOOK_PART * t->look_cost;
    }
    account(t);
    record.seconds = t->seconds;
    record.loss_low = record.loss_high = record.train.loss;
    st_ring_put(&t->ring, &record);
    pthread_mutex_lock(&t->lock);
    count_step(t, &record);
    pthread_mutex_unlock(&t->lock);
    st_trainer_wake(t);
    if (!t->epoch_due && t->step >= t->limit) pause_now(t);
}

/* ---- the end of an epoch ---- */

static void change_rate(StTrainer *t, double rate) {
    st_replay_rate(t, rate);
    st_learner_set_rate(t->learner, rate);
    t->rate = rate;
    pthread_mutex_lock(&t->lock);
    if (!t->mail.rate) { /* one that waits was shown already */
        t->status.base_rate = rate;
        t->status.rate = st_learner_rate(t->learner);
    }
    pthread_mutex_unlock(&t->lock);
}

/* What files keep of the epoch. False ends the run: what was asked to be kept would be lost. */
static bool keep(StTrainer *t, const StRecord *record, char *reason, size_t size) {
    StError error = {0};
    bool due = st_checkpoint_due(t, record);
    if (!t->keeper.epoch || t->keeper.epoch(t->keeper.context, record, &t->shape, due, &error)) return true;
    snprintf(reason, size, "%.*s", (int)size - 1, error.message);
    pthread_mutex_lock(&t->lock);
    t->status.failed = true;
    pthread_mutex_unlock(&t->lock);
    return false;
}

static void finish_epoch(StTrainer *t) {
    if (!st_vector_finite(t->weights, t->shape.total)) { /* its last step spoilt them */
        diverge(t);
        return;
    }
    StRecord record = {.epoch_end = true,
                       .validated = t->validates,
                       .first = t->epoch_from + 1,
                       .step = t->step,
                       .epoch = t->epoch + 1,
                       .seconds = t->seconds,
                       .rate = t->step_rate};
    double begun = st_trainer_clock();
    bool done =
        !t->validates || st_learner_evaluate(t->learner, ST_VALIDATION, &t->cancel, &record.validation);
    t->mark = st_trainer_clock(); /* evaluation is not training */
    t->evaluation_seconds = t->mark - begun;
    if (!done) return; /* an order came: again when it goes on */
    st_learner_scores(t->learner, &t->tally, &record.train);
    record.loss_low = record.loss_high = record.train.loss;
    record.next_rate = record.rate;
    double base = st_plateau_rate(t, &record);
    if (base != t->rate) {
        change_rate(t, base);
        record.next_rate = st_learner_rate(t->learner);
    }
    memset(&t->tally, 0, sizeof t->tally);
    t->epoch++;
    t->epoch_from = t->step;
    t->epoch_due = false;
    st_ring_put(&t->ring, &record);
    pthread_mutex_lock(&t->lock);
    t->status.epoch = t->epoch;
    t->epoch_cost = t->evaluation_seconds;
    if (t->validates) {
        t->status.validation = record.validation;
        t->status.validation_epoch = t->epoch;
        t->status.has_validation = true;
    }
    pthread_mutex_unlock(&t->lock);
    st_trainer_wake(t);
    char reason[sizeof t->status.reason] = "";
    if (!keep(t, &record, reason, sizeof reason)) {
        end(t, ST_STATE_STOPPED, reason, sizeof reason);
        return;
    }
    if (st_early_ends(t, &record, reason, sizeof reason) ||
        st_stop_when_ends(&t->stop_when, &record, reason, sizeof reason) || t->epoch >= t->epochs)
        end(t, ST_STATE_DONE, reason, sizeof reason);
    else if (t->step >= t->limit)
        pause_now(t);
}

/* ---- orders ---- */

static void begin(StTrainer *t) {
    StTrainerState state = t->status.state;
    if (state == ST_STATE_DONE) { /* once more as many epochs as fit says */
        t->epochs = t->epoch + t->fit.epochs;
        st_callbacks_begin(t);
    }
    t->mark = st_trainer_clock();
    t->paced_at = 0; /* the first step at once */
    if (state == ST_STATE_TRAINING) return;
    pthread_mutex_lock(&t->lock);
    t->status.restored = 0;
    pthread_mutex_unlock(&t->lock);
    set_state(t, ST_STATE_TRAINING, "");
}

/* Up to which step `count` more steps or epochs go, counted from where earlier such orders end. */
static int64_t limit_after(const StTrainer *t, StOrder order, int64_t count) {
    bool limited = t->status.state == ST_STATE_TRAINING && t->limit != INT64_MAX;
    int64_t from = limited && t->limit > t->step ? t->limit : t->step;
    if (order == ST_STEP) return from + count;
    if (t->epoch_due && from == t->step) from--; /* the present epoch has its end yet to come */
    return (from / t->steps_per_epoch + count) * t->steps_per_epoch;
}

/* Pausing after one more step, observed, leaves a snapshot with the change of that step; only where a step is
 * short and nobody would notice. */
static bool one_more(const StTrainer *t) {
    if (!t->snapshots || t->epoch_due || t->pace > 0) return false;
    if (t->slots.newest && t->slots.newest->version == t->version) return false;
    return t->step > 0 && t->step_seconds + t->evaluation_seconds < SHORT;
}

static void obey_order(StTrainer *t, StOrder order, int64_t count) {
    StTrainerState state = t->status.state;
    char reason[sizeof t->status.reason] = "stopped on request";
    switch (order) {
    case ST_PLAY:
    case ST_STEP:
    case ST_EPOCH:
        t->limit = order == ST_PLAY ? INT64_MAX : limit_after(t, order, count);
        t->by_hand = order == ST_STEP;
        begin(t);
        break;
    case ST_PAUSE:
        if (state != ST_STATE_TRAINING) break;
        if (one_more(t))
            t->limit = t->step + 1;
        else
            pause_now(t);
        break;
    case ST_STOP:
        if (state != ST_STATE_DONE && state != ST_STATE_DIVERGED)
            end(t, ST_STATE_STOPPED, reason, sizeof reason);
        break;
    case ST_NO_ORDER:
    case ST_QUIT:
        break;
    }
}

/* Weights were changed by hand. */
static void weights_changed(StTrainer *t) {
    t->version++;
    t->gradients_valid = false;
    st_replay_forget(t);
    if (t->snapshots && t->status.state != ST_STATE_TRAINING) st_trainer_publish(t, NULL);
    if (t->status.state == ST_STATE_DIVERGED)
        set_state(t, ST_STATE_PAUSED, ""); /* others than those that did */
}

static void obey_weights(StTrainer *t, float *weights) {
    copy(t, t->weights, weights);
    free(weights);
    weights_changed(t);
}

static void obey_one(StTrainer *t, const StMail *mail) {
    t->one_before = t->weights[mail->one_at];
    t->weights[mail->one_at] = mail->one_value;
    weights_changed(t);
}

static void obey(StTrainer *t, const StMail *mail) {
    if (mail->rate) change_rate(t, mail->new_rate);
    if (mail->weights) obey_weights(t, mail->weights);
    if (mail->one) obey_one(t, mail);
    obey_order(t, mail->order, mail->count);
    if (mail->now) {
        st_trainer_publish(t, NULL);
        t->served = t->slots.newest && t->slots.newest->version == t->version;
    }
    if (mail->evaluate)
        t->evaluation_done = st_learner_evaluate(t->learner, mail->part, &t->cancel, &t->evaluated);
}

/* ---- waiting; all under the lock ---- */

static struct timespec when(double seconds) {
    return (struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
}

/* When the next step may begin; 0: now. */
static double pace_due(StTrainer *t) {
    t->pace = t->status.pace * (t->status.pace_per_epoch ? (double)t->steps_per_epoch : 1);
    if (t->pace <= 0 || t->by_hand || t->epoch_due) {
        t->paced_at = t->mark;
        return 0;
    }
    double due = t->paced_at + 1 / t->pace;
    if (due > t->mark) return due;
    t->paced_at = due > t->mark - LAG ? due : t->mark - LAG;
    return 0;
}

/* Sleeps until an order comes, records are read, a snapshot slot is given back, or `due`. */
static void sleep_until(StTrainer *t, double due) {
    struct timespec until = when(due);
    bool held = t->ring.held_steps || t->ring.held_epochs;
    t->holding = held && !st_ring_flush(&t->ring);
    if (held) st_trainer_wake(t);
    t->resting = true;
    pthread_cond_broadcast(&t->answers);
    if (due > 0)
        pthread_cond_timedwait(&t->orders, &t->lock, &until);
    else
        pthread_cond_wait(&t->orders, &t->lock);
    t->resting = t->holding = t->blocked = false;
    t->mark = st_trainer_clock();
}

/* Waits until there is a step to make; false: the trainer is to end. wanted: somebody asks for a snapshot. */
static bool take_mail(StTrainer *t, bool *wanted) {
    pthread_mutex_lock(&t->lock);
    for (;;) {
        StMail mail = t->mail;
        bool rests = t->status.state != ST_STATE_TRAINING, quit = mail.order == ST_QUIT;
        bool stale = t->wanted && (!t->slots.newest || t->slots.newest->version != t->version);
        StSlot *slot = rests && stale && !mail.posted ? st_slots_hold_free(&t->slots) : NULL;
        if (mail.posted || slot) {
            t->mail = (StMail){0};
            t->busy = true;
            if (mail.order) atomic_store(&t->cancel, quit);
            pthread_mutex_unlock(&t->lock);
            if (slot) publish(t, slot, false);
            if (mail.posted) obey(t, &mail);
            pthread_mutex_lock(&t->lock);
            t->busy = false;
            pthread_cond_broadcast(&t->answers);
            if (!quit) continue;
            pthread_mutex_unlock(&t->lock);
            return false;
        }
        t->blocked = !rests && t->lossless && !st_ring_flush(&t->ring);
        double due = rests || t->blocked ? 0 : pace_due(t);
        if (!rests && !t->blocked && due == 0) break;
        sleep_until(t, due);
    }
    *wanted = t->wanted;
    pthread_mutex_unlock(&t->lock);
    return true;
}

void *st_trainer_engine(void *context) {
    StTrainer *t = context;
    bool wanted;
    t->mark = st_trainer_clock();
    if (t->snapshots) st_trainer_publish(t, NULL);
    while (take_mail(t, &wanted)) {
        if (t->epoch_due)
            finish_epoch(t);
        else
            make_step(t, wanted);
    }
    return NULL;
}
