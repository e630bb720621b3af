/* What others see of the trainer: making it, orders into its mailbox, news out of it. */
#include "train/optimizer.h"
#include "train/trainer_engine.h"

#include "base/thread.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Records in the ring, of which the last are for ends of epochs alone. */
enum { RECORDS = 1 << 13, RECORDS_FOR_EPOCHS = 1 << 9 };

const char *st_trainer_state_word(StTrainerState state) {
    static const char *const words[] = {
#define ST_STATE_WORD(id, word, help) word,
        ST_TRAINER_STATES(ST_STATE_WORD)
#undef ST_STATE_WORD
    };
    return (size_t)state < sizeof words / sizeof *words ? words[state] : "unknown";
}

/* ---- weights by name ---- */

static const StTensor *find_tensor(const StWeightSet *set, const char *name) {
    for (int i = 0; i < set->count; i++)
        if (strcmp(set->tensor[i].name, name) == 0) return &set->tensor[i];
    return NULL;
}

bool st_trainer_take_weights(const StWeightSet *shape, const StWeightSet *set, bool all, float *values,
                             StError *error) {
    for (int i = 0; all && i < shape->count; i++) {
        const StTensor *to = &shape->tensor[i], *from = find_tensor(set, to->name);
        char got[ST_SHAPE_TEXT], wanted[ST_SHAPE_TEXT];
        if (!from) return st_fail(error, ST_ERR_NAME, "tensor %s is missing", to->name);
        if (!st_shape_equal(&from->shape, &to->shape))
            return st_fail(error, ST_ERR_SHAPE, "tensor %s has shape %s, wanted %s", to->name,
                           st_shape_print(&from->shape, got), st_shape_print(&to->shape, wanted));
    }
    for (int i = 0; i < shape->count; i++) {
        const StTensor *to = &shape->tensor[i], *from = find_tensor(set, to->name);
        if (from && st_shape_equal(&from->shape, &to->shape))
            memcpy(values + to->offset, set->values + from->offset, (size_t)to->size * sizeof(float));
    }
    return true;
}

/* ---- making one ---- */

static void lay_out(StTrainer *t, StArena *arena) {
    t->order = st_arena_take(arena, t->rows, sizeof *t->order);
    StRecord *records = st_arena_take(arena, RECORDS, sizeof *records);
    st_ring_init(&t->ring, records, RECORDS, RECORDS_FOR_EPOCHS);
    if (t->early.monitor.on && t->callbacks.restore_best)
        t->early.weights = st_arena_take(arena, t->shape.total, sizeof(float));
    st_replay_init(t, arena);
}

/* ---- going on from a moment ---- */

static bool has_state(const StTrainerPlan *plan) {
    return plan->from->whole && !plan->from_anew;
}

static bool take_state(StTrainer *t, const StSnapshot *from, StError *error) {
    if (from->state_count != t->state_count || from->carried_count != t->carried_count)
        return st_fail(
            error, ST_ERR_SHAPE,
            "the moment has %lld numbers of the optimizer and %lld of stateful layers, wanted %lld "
            "and %lld: another optimizer, batch size or stack",
            (long long)from->state_count, (long long)from->carried_count, (long long)t->state_count,
            (long long)t->carried_count);
    if (t->state_count) memcpy(t->state, from->state, (size_t)t->state_count * sizeof(float));
    if (t->carried_count) memcpy(t->carried, from->carried, (size_t)t->carried_count * sizeof(float));
    *t->iterations = from->iterations;
    return true;
}

/* Everything but the rate, which the callbacks may look at, goes over before the engine thread begins. */
static bool take_moment(StTrainer *t, const StTrainerPlan *plan, StError *error) {
    const StSnapshot *from = plan->from;
    if (!st_trainer_take_weights(&t->shape, &from->weights, true, t->weights, error)) return false;
    if (has_state(plan) && !take_state(t, from, error)) return false;
    t->step = t->epoch_from = from->step;
    t->epoch = from->step / t->steps_per_epoch;
    t->samples = from->samples;
    t->rate = plan->from_rate > 0 ? plan->from_rate : from->base_rate > 0 ? from->base_rate : t->rate;
    st_learner_set_rate(t->learner, t->rate);
    t->step_rate = from->rate;
    t->gradients_valid = from->gradients && from->weights.total == t->shape.total;
    if (t->gradients_valid) memcpy(t->gradients, from->gradients, (size_t)t->shape.total * sizeof(float));
    StTrainerStatus *status = &t->status;
    if (t->step > 0) status->state = t->epoch >= t->epochs ? ST_STATE_DONE : ST_STATE_PAUSED;
    status->step = t->step;
    status->epoch = t->epoch;
    status->samples = t->speed[0].samples = t->speed[1].samples = t->samples;
    status->base_rate = t->rate;
    status->rate = st_learner_rate(t->learner);
    return true;
}

static bool make_learner(StTrainer *t, const StTrainerPlan *plan, StError *error) {
    t->pool = st_pool_create(plan->threads, error);
    if (!t->pool) return false;
    const StOptimizer *optimizer = st_optimizer_at(plan->compile->optimizer.kind);
    int copies = 3 + (optimizer ? st_optimizer_slots(optimizer, plan->compile->optimizer.options) : 0);
    StLearnerPlan learner = {.stack = plan->stack,
                             .compile = plan->compile,
                             .dataset = plan->dataset,
                             .rows = t->fit.batch_size,
                             .class_weight = t->fit.class_weight,
                             .copies = t->callbacks.restore_best + (t->snapshots ? 2 * copies : 0),
                             .pool = t->pool};
    t->learner = st_learner_create(&learner, error);
    if (!t->learner) return false;
    t->network = st_learner_network(t->learner);
    t->shape.tensor = st_network_tensors(t->network, &t->shape.count);
    t->weights = st_network_weights(t->network, &t->shape.total);
    t->shape.values = t->weights;
    t->gradients = st_network_gradients(t->network);
    t->state = st_learner_state(t->learner, &t->state_count, &t->iterations);
    t->carried = st_network_state(t->network, &t->carried_count);
    if (!st_network_initialize(t->network, t->seed))
        return st_fail(error, ST_ERR_MEMORY, "out of memory for the first weights");
    st_learner_adapt(t->learner);
    t->slots.mould =
        (StSnapshot){.weights = t->shape, .state_count = t->state_count, .carried_count = t->carried_count};
    return (!plan->weights || st_trainer_take_weights(&t->shape, plan->weights, false, t->weights, error)) &&
           (!plan->from || take_moment(t, plan, error));
}

static bool check_plan(const StTrainerPlan *plan, StError *error) {
    if (!plan->dataset)
        return st_fail(error, ST_ERR_STATE, "there is no data to train on; begin with 'data …'");
    if (st_dataset_rows(plan->dataset, ST_TRAIN) == 0)
        return st_fail(error, ST_ERR_STATE, "the training part of the data has no rows");
    if (plan->fit->epochs < 1 || plan->fit->batch_size < 1)
        return st_fail(error, ST_ERR_VALUE, "fit of %d epochs in batches of %d, wanted at least 1 of each",
                       plan->fit->epochs, plan->fit->batch_size);
    return !plan->callbacks || st_callbacks_check(plan->callbacks, plan->compile,
                                                  st_dataset_rows(plan->dataset, ST_VALIDATION) > 0, error);
}

static bool start_thread(StTrainer *t, StError *error) {
    int why = pthread_create(&t->thread, NULL, st_trainer_engine, t);
    if (why != 0) return st_fail(error, ST_ERR_STATE, "the engine thread did not start: %s", strerror(why));
    pthread_setname_np(t->thread, "strata-train");
    return t->started = true;
}

static void fill_plan(StTrainer *t, const StTrainerPlan *plan) {
    t->fit = *plan->fit;
    if (plan->callbacks) t->callbacks = *plan->callbacks;
    t->dataset = plan->dataset;
    t->seed = plan->seed;
    t->run = plan->run;
    t->lossless = plan->lossless;
    t->keeper = plan->keeper;
    t->snapshots = plan->snapshots;
    t->threads = plan->threads;
    t->wake_fd = plan->wake_fd;
    t->notify_fd = -1;
    t->rows = st_dataset_rows(t->dataset, ST_TRAIN);
    if (t->fit.batch_size > t->rows) t->fit.batch_size = (int)t->rows;
    t->steps_per_epoch = (t->rows + t->fit.batch_size - 1) / t->fit.batch_size;
    t->validates = st_dataset_rows(t->dataset, ST_VALIDATION) > 0;
    t->epochs = t->fit.epochs;
    t->limit = INT64_MAX;
    t->order_epoch = -1;
    t->rate = st_compile_learning_rate(plan->compile);
    t->step_rate = st_compile_rate_at(plan->compile, t->rate, 0);
    t->scheduled = plan->compile->schedule.kind > 0;
    t->status = (StTrainerStatus){.steps = t->epochs * t->steps_per_epoch,
                                  .epochs = t->epochs,
                                  .steps_per_epoch = t->steps_per_epoch,
                                  .rate = t->step_rate,
                                  .base_rate = t->rate,
                                  .threads = t->threads,
                                  .culprit = -1};
    if (!plan->paused) t->mail = (StMail){.posted = true, .order = ST_PLAY};
}

static bool build(StTrainer *t, const StTrainerPlan *plan, StError *error) {
    if (!make_learner(t, plan, error) || !st_callbacks_init(t, plan->compile, error)) return false;
    lay_out(t, &t->arena);
    if (!st_arena_allocate(&t->arena, "the trainer", error)) return false;
    lay_out(t, &t->arena);
    if (t->snapshots && !st_slots_grow(&t->slots, ST_SLOTS_ENOUGH))
        return st_fail_memory(error, "a snapshot", st_slots_bytes(&t->slots));
    if (t->snapshots && plan->from) /* the moment is all there to look at */
        st_trainer_publish(t, t->gradients_valid ? plan->from->before : NULL);
    return start_thread(t, error);
}

/* Signals are the business of the thread that owns the trainer: its threads are made with all of them
 * blocked but those that a fault of their own raises. */
static sigset_t block_signals(void) {
    sigset_t all, old;
    sigfillset(&all);
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    return old;
}

StTrainer *st_trainer_create(const StTrainerPlan *plan, StError *error) {
    if (!check_plan(plan, error)) return NULL;
    StTrainer *t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);
    if (!t) {
        st_fail_memory(error, "the trainer", sizeof *t);
        return NULL;
    }
    memset(t, 0, sizeof *t);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->orders, &clock);
    pthread_cond_init(&t->answers, &clock);
    pthread_condattr_destroy(&clock);
    fill_plan(t, plan);
    sigset_t old = block_signals();
    bool built = build(t, plan, error);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (built) return t;
    st_trainer_destroy(t);
    return NULL;
}

/* ---- orders ---- */

/* Between post_begin and post_end the mail may be written to. */
static StMail *post_begin(StTrainer *t) {
    pthread_mutex_lock(&t->lock);
    t->mail.posted = true;
    return &t->mail;
}

static void post_end(StTrainer *t) {
    pthread_cond_signal(&t->orders);
    pthread_mutex_unlock(&t->lock);
}

/* Steps and epochs asked for again and again add up; of all other orders the last one counts. */
static void post_order(StTrainer *t, StOrder order) {
    StMail *mail = post_begin(t);
    mail->count = mail->order == order ? mail->count + 1 : 1;
    mail->order = order;
    if (order == ST_PAUSE || order == ST_STOP || order == ST_QUIT) atomic_store(&t->cancel, true);
    post_end(t);
}

void st_trainer_destroy(StTrainer *t) {
    if (!t) return;
    if (t->started) {
        post_order(t, ST_QUIT);
        pthread_join(t->thread, NULL);
    }
    free(t->mail.weights);
    st_slots_free(&t->slots);
    st_learner_destroy(t->learner);
    st_pool_destroy(t->pool);
    st_arena_free(&t->arena);
    pthread_cond_destroy(&t->answers);
    pthread_cond_destroy(&t->orders);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

void st_trainer_play(StTrainer *t) {
    post_order(t, ST_PLAY);
}

void st_trainer_pause(StTrainer *t) {
    post_order(t, ST_PAUSE);
}

void st_trainer_one_step(StTrainer *t) {
    post_order(t, ST_STEP);
}

void st_trainer_one_epoch(StTrainer *t) {
    post_order(t, ST_EPOCH);
}

void st_trainer_stop(StTrainer *t) {
    post_order(t, ST_STOP);
}

void st_trainer_set_rate(StTrainer *t, double rate) {
    StMail *mail = post_begin(t);
    mail->rate = true;
    mail->new_rate = t->status.base_rate = rate;
    if (!t->scheduled) t->status.rate = rate;
    post_end(t);
}

void st_trainer_set_pace(StTrainer *t, double per_second, bool per_epoch) {
    pthread_mutex_lock(&t->lock);
    t->status.pace = per_second > 0 ? per_second : 0;
    t->status.pace_per_epoch = per_epoch;
    post_end(t);
}

/* Under the lock: until every order is carried out. */
static void wait_orders(StTrainer *t) {
    while (t->mail.posted || t->busy)
        pthread_cond_wait(&t->answers, &t->lock);
}

bool st_trainer_set_weights(StTrainer *t, const StWeightSet *weights, StError *error) {
    size_t bytes = (size_t)t->shape.total * sizeof(float);
    float *values = calloc(1, bytes ? bytes : 1);
    if (!values) return st_fail_memory(error, "the new weights", bytes);
    if (!st_trainer_take_weights(&t->shape, weights, true, values, error)) {
        free(values);
        return false;
    }
    StMail *mail = post_begin(t);
    free(mail->weights);
    mail->weights = values;
    pthread_cond_signal(&t->orders);
    wait_orders(t);
    pthread_mutex_unlock(&t->lock);
    return true;
}

float st_trainer_set_weight(StTrainer *t, int tensor, int64_t at, float value) {
    pthread_mutex_lock(&t->lock);
    wait_orders(t);
    t->mail.posted = t->mail.one = true;
    t->mail.one_at = t->shape.tensor[tensor].offset + at;
    t->mail.one_value = value;
    pthread_cond_signal(&t->orders);
    wait_orders(t);
    float before = t->one_before;
    pthread_mutex_unlock(&t->lock);
    return before;
}

void st_trainer_wait(StTrainer *t) {
    pthread_mutex_lock(&t->lock);
    /* Only when it rests has it put all its records where they can be read. */
    while ((t->mail.posted || t->busy || t->status.state == ST_STATE_TRAINING || !t->resting) && !t->blocked)
        pthread_cond_wait(&t->answers, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

bool st_trainer_evaluate(StTrainer *t, StPart part, StScores *scores, StError *error) {
    if (st_dataset_rows(t->dataset, part) == 0)
        return st_fail(error, ST_ERR_STATE, "the data has no %s part; add 'split …'", st_part_name(part));
    pthread_mutex_lock(&t->lock);
    wait_orders(t);
    bool trains = t->status.state == ST_STATE_TRAINING, done = false;
    if (!trains) {
        t->mail.posted = t->mail.evaluate = true;
        t->mail.part = part;
        pthread_cond_signal(&t->orders);
        wait_orders(t);
        done = t->evaluation_done;
        if (done) *scores = t->evaluated;
    }
    pthread_mutex_unlock(&t->lock);
    if (trains) return st_fail(error, ST_ERR_STATE, "it is training; pause it first");
    return done || st_fail(error, ST_ERR_STOPPED, "stopped on request");
}

/* ---- news ---- */

void st_trainer_wake(StTrainer *t) {
    if (t->wake_fd < 0 || atomic_exchange(&t->pending, true)) return;
    st_bell_ring(t->wake_fd);
}

int st_trainer_read(StTrainer *t, StRecord *records, int max) {
    atomic_exchange(&t->pending, false); /* before reading: what comes from now on wakes again */
    int count = st_ring_take(&t->ring, records, max);
    pthread_mutex_lock(&t->lock);
    if (t->holding) { /* the engine sleeps: its end of the ring is ours for the moment */
        if (st_ring_flush(&t->ring) && t->blocked) {
            t->blocked = false;
            pthread_cond_signal(&t->orders);
        }
        count += st_ring_take(&t->ring, records + count, max - count);
    }
    pthread_mutex_unlock(&t->lock);
    return count;
}

void st_trainer_status(StTrainer *t, StTrainerStatus *status) {
    pthread_mutex_lock(&t->lock);
    *status = t->status;
    double ends = t->epoch_cost * (double)(status->epochs - status->epoch);
    pthread_mutex_unlock(&t->lock);
    double left = (double)(status->steps - status->step), step = 0;
    if (status->step > 0 && status->samples_per_s > 0)
        step = (double)status->samples / (double)status->step / status->samples_per_s;
    double pace = status->pace * (status->pace_per_epoch ? (double)status->steps_per_epoch : 1);
    if (pace > 0 && 1 / pace > step) step = 1 / pace;
    status->seconds_left = step > 0 ? left * step + ends : -1;
}

const StSnapshot *st_trainer_snapshot(StTrainer *t, bool want) {
    pthread_mutex_lock(&t->lock);
    const StSnapshot *snapshot = st_slots_hold_newest(&t->slots);
    if (want || t->snapshots) st_slots_grow(&t->slots, ST_SLOTS_ENOUGH);
    if (want) {
        t->wanted = true;
        if (t->status.state != ST_STATE_TRAINING) pthread_cond_signal(&t->orders);
    }
    pthread_mutex_unlock(&t->lock);
    return snapshot;
}

void st_trainer_release(StTrainer *t, const StSnapshot *snapshot) {
    if (!snapshot) return;
    pthread_mutex_lock(&t->lock);
    st_slots_release(&t->slots, snapshot);
    if (t->wanted && t->status.state != ST_STATE_TRAINING) pthread_cond_signal(&t->orders);
    pthread_mutex_unlock(&t->lock);
}

const StSnapshot *st_trainer_snapshot_now(StTrainer *t) {
    pthread_mutex_lock(&t->lock);
    wait_orders(t);
    bool have = true;
    t->served = false;
    while (have && !t->served) { /* an observed step may take the slot that was free: then once more */
        have = st_slots_grow(&t->slots, ST_SLOTS_MOST);
        if (!have) break;
        t->mail.posted = t->mail.now = true;
        pthread_cond_signal(&t->orders);
        wait_orders(t);
    }
    const StSnapshot *snapshot = have ? st_slots_hold_newest(&t->slots) : NULL;
    if (t->snapshots) st_slots_grow(&t->slots, ST_SLOTS_MOST);
    pthread_mutex_unlock(&t->lock);
    return snapshot;
}

void st_trainer_notify(StTrainer *t, int fd) {
    pthread_mutex_lock(&t->lock);
    t->notify_fd = fd;
    pthread_mutex_unlock(&t->lock);
}

int st_trainer_autopsy(StTrainer *t, StAutopsyStep *steps, int max) {
    pthread_mutex_lock(&t->lock);
    int count = t->autopsy_steps < max ? t->autopsy_steps : max;
    for (int i = 0; i < count; i++)
        steps[i] = t->autopsy[t->autopsy_steps - count + i];
    pthread_mutex_unlock(&t->lock);
    return count;
}

const StTensor *st_trainer_tensors(const StTrainer *t, int *count) {
    if (count) *count = t->shape.count;
    return t->shape.tensor;
}
