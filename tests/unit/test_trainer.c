/* The trainer: orders, the same bits whatever is watched or interrupted, callbacks, divergence, records. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "trainer_setup.h"

#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SMALL                                                                                                \
    "data synthetic gauss samples=100 noise=0.2\n"                                                           \
    "split train=0.8 validation=0.2\n"                                                                       \
    "dense 8 tanh\n"                                                                                         \
    "dropout 0.2\n"                                                                                          \
    "dense 2 softmax\n"                                                                                      \
    "compile optimizer=adam loss=sparse_categorical_crossentropy metrics=accuracy\n"                         \
    "fit epochs=5 batch_size=16\n" /* 80 rows: 5 steps an epoch */

static StTrainerStatus status_of(StTrainer *trainer) {
    StTrainerStatus status;
    st_trainer_status(trainer, &status);
    return status;
}

/* ---- orders ---- */

static void orders_count_steps_and_epochs(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *trainer = setup_trainer(&plan);
    assert_int_equal(status_of(trainer).state, ST_STATE_IDLE);
    assert_int_equal(status_of(trainer).steps, 25);
    assert_true(status_of(trainer).seconds_left < 0);

    st_trainer_one_step(trainer);
    st_trainer_one_step(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).step, 2);
    assert_int_equal(status_of(trainer).state, ST_STATE_PAUSED);
    st_trainer_one_epoch(trainer); /* to the end of the present one */
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).step, 5);
    assert_int_equal(status_of(trainer).epoch, 1);
    assert_true(status_of(trainer).has_validation);
    st_trainer_one_epoch(trainer);
    st_trainer_one_epoch(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).step, 15);
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).step, 25);
    assert_int_equal(status_of(trainer).state, ST_STATE_DONE);
    assert_int_equal(status_of(trainer).samples, 400);
    st_trainer_pause(trainer); /* changes nothing any more */
    st_trainer_stop(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).state, ST_STATE_DONE);
    st_trainer_play(trainer); /* as many epochs again */
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).epochs, 10);
    assert_int_equal(status_of(trainer).step, 50);
    st_trainer_one_step(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).step, 51);
    assert_int_equal(status_of(trainer).epochs, 15);
    st_trainer_stop(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).state, ST_STATE_STOPPED);
    assert_string_equal(status_of(trainer).reason, "stopped on request");
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

/* A run without end, slowed to one step a thousand seconds: every order must break into the waiting. */
static void orders_break_into_a_slow_pace(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_set_pace(trainer, 0.001, false);
    st_trainer_play(trainer);
    const StSnapshot *snapshot = NULL;
    while (!snapshot || snapshot->step == 0) { /* the first step comes at once */
        st_trainer_release(trainer, snapshot);
        snapshot = st_trainer_snapshot_now(trainer);
        assert_non_null(snapshot);
    }
    st_trainer_release(trainer, snapshot);
    assert_int_equal(status_of(trainer).state, ST_STATE_TRAINING);
    assert_true(status_of(trainer).seconds_left > 10000);
    StScores scores;
    StError error = {0};
    assert_false(st_trainer_evaluate(trainer, ST_VALIDATION, &scores, &error));
    assert_string_equal(error.message, "it is training; pause it first");
    st_trainer_pause(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).state, ST_STATE_PAUSED);
    assert_int_equal(status_of(trainer).step, 1);
    st_trainer_one_step(trainer); /* by hand: no pace */
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).step, 2);
    st_trainer_play(trainer);
    st_trainer_set_pace(trainer, 0, false);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).state, ST_STATE_DONE);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

static void destroying_ends_a_run(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    setup.fit.epochs = 1000000;
    StTrainerPlan plan = setup_plan(&setup);
    plan.paused = false;
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_destroy(trainer);
    plan.paused = true;
    trainer = setup_trainer(&plan);
    st_trainer_play(trainer);
    st_trainer_pause(trainer);
    st_trainer_set_rate(trainer, 0.5);
    st_trainer_wait(trainer);
    assert_true(status_of(trainer).rate == 0.5);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

static void plans_that_cannot_be_are_refused(void **state) {
    (void)state;
    Setup setup;
    StError error = {0};
    setup_begin(&setup, "data synthetic gauss samples=20\ndense 2 softmax\n"
                        "compile optimizer=sgd loss=sparse_categorical_crossentropy\nfit epochs=1\n");
    StTrainerPlan plan = setup_plan(&setup);
    snprintf(setup.callbacks.early_stopping, sizeof setup.callbacks.early_stopping, "val_loss");
    assert_null(st_trainer_create(&plan, &error));
    assert_non_null(strstr(error.message, "val_loss"));
    setup.callbacks.early_stopping[0] = 0;
    plan.dataset = NULL;
    assert_null(st_trainer_create(&plan, &error));
    assert_string_equal(error.message, "there is no data to train on; begin with 'data …'");
    plan.dataset = setup.dataset;
    plan.threads = 0;
    assert_null(st_trainer_create(&plan, &error));
    assert_string_equal(error.message, "threads 0, wanted 1 to 64");
    setup_end(&setup);
}

/* ---- the same bits ---- */

/* Trains to the end; returns a copy of the weights. */
typedef void (*Disturb)(StTrainer *trainer);
static float *train(const StTrainerPlan *plan, Disturb disturb, int64_t *total, int64_t *steps) {
    StTrainer *trainer = setup_trainer(plan);
    if (disturb) disturb(trainer);
    if (status_of(trainer).state != ST_STATE_DONE) st_trainer_play(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).state, ST_STATE_DONE);
    const StSnapshot *snapshot = st_trainer_snapshot_now(trainer);
    assert_non_null(snapshot);
    *total = snapshot->weights.total;
    *steps = snapshot->step;
    float *copy = malloc((size_t)*total * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, snapshot->weights.values, (size_t)*total * sizeof *copy);
    st_trainer_release(trainer, snapshot);
    st_trainer_destroy(trainer);
    return copy;
}

static void by_steps_and_epochs(StTrainer *trainer) {
    for (int i = 0; i < 7; i++) {
        st_trainer_one_step(trainer);
        st_trainer_wait(trainer);
    }
    st_trainer_one_epoch(trainer);
    st_trainer_wait(trainer);
    StScores scores;
    StError error = {0};
    assert_true(st_trainer_evaluate(trainer, ST_VALIDATION, &scores, &error));
    assert_true(scores.loss > 0 && scores.metric[0] >= 0 && scores.metric[0] <= 1);
    assert_false(st_trainer_evaluate(trainer, ST_TEST, &scores, &error));
}

static void by_pauses(StTrainer *trainer) {
    for (int i = 0; i < 30; i++) {
        st_trainer_play(trainer);
        st_trainer_pause(trainer);
        if (i % 3 == 0) st_trainer_wait(trainer);
    }
}

static void by_snapshots(StTrainer *trainer) {
    st_trainer_play(trainer);
    while (status_of(trainer).state != ST_STATE_DONE)
        st_trainer_release(trainer, st_trainer_snapshot(trainer, true));
}

static void by_pace(StTrainer *trainer) {
    st_trainer_set_pace(trainer, 2000, false);
}

static void same_bits_whatever_happens(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    StTrainerPlan plan = setup_plan(&setup);
    int64_t total, other, steps;
    float *wanted = train(&plan, NULL, &total, &steps);
    assert_int_equal(steps, 25);
    static const Disturb disturbs[] = {by_steps_and_epochs, by_pauses, by_snapshots, by_pace, NULL};
    for (int i = 0; i < 8; i++) {
        plan.snapshots = i != 0;
        plan.threads = i < 5 ? 1 : i - 3; /* 2, 3, 4 too */
        setup.fit.epochs = 5;
        float *got = train(&plan, disturbs[i % 5], &other, &steps);
        assert_int_equal(other, total);
        assert_int_equal(steps % 25, 0);
        setup.fit.epochs = (int)(steps / 5); /* more than 5 where play was ordered when it was done */
        float *same = steps == 25 ? wanted : train(&plan, NULL, &other, &steps);
        assert_memory_equal(got, same, (size_t)total * sizeof *got);
        if (same != wanted) free(same);
        free(got);
    }
    setup.seed = 8;
    setup.fit.epochs = 5;
    plan = setup_plan(&setup);
    float *got = train(&plan, NULL, &other, &steps);
    assert_memory_not_equal(got, wanted, (size_t)total * sizeof *got);
    free(got);
    free(wanted);
    setup_end(&setup);
}

/* Without shuffling, rows come in the order of the file: a run by hand with the learner is the same. */
static void no_shuffle_takes_rows_in_order(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    setup.fit.shuffle = false;
    setup.fit.epochs = 2;
    setup.fit.batch_size = 30; /* 30, 30 and the 20 that are left */
    StTrainerPlan plan = setup_plan(&setup);
    int64_t total, steps;
    float *got = train(&plan, NULL, &total, &steps);

    StError error = {0};
    StPool *pool = st_pool_create(1, &error);
    StLearnerPlan learner_plan = {
        .stack = &setup.stack, .compile = &setup.compile, .dataset = setup.dataset, .rows = 30, .pool = pool};
    StLearner *learner = st_learner_create(&learner_plan, &error);
    assert_non_null(learner);
    StNetwork *network = st_learner_network(learner);
    st_network_initialize(network, setup.seed);
    int64_t index[80];
    for (int i = 0; i < 80; i++)
        index[i] = i;
    StScores scores;
    for (uint64_t step = 0; step < 6; step++) {
        int64_t first = (int64_t)(step % 3) * 30;
        StBatch batch = {index + first, first == 60 ? 20 : 30, setup.seed, step};
        assert_true(st_learner_step(learner, &batch, &scores, NULL));
    }
    assert_memory_equal(got, st_network_weights(network, &total), (size_t)total * sizeof *got);
    st_learner_destroy(learner);
    st_pool_destroy(pool);
    free(got);
    setup_end(&setup);
}

/* ---- snapshots and weights ---- */

static void snapshots_hold_one_step(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    StTrainerPlan plan = setup_plan(&setup);
    plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    const StSnapshot *first = st_trainer_snapshot_now(trainer);
    assert_non_null(first);
    assert_int_equal(first->step, 0);
    assert_null(first->before);
    assert_null(first->gradients);
    st_trainer_one_step(trainer);
    st_trainer_wait(trainer);
    const StSnapshot *second = st_trainer_snapshot(trainer, false);
    assert_int_equal(second->step, 1);
    assert_non_null(second->before); /* the last step before a pause is always observed */
    assert_non_null(second->gradients);
    size_t bytes = (size_t)first->weights.total * sizeof(float);
    assert_memory_equal(second->before, first->weights.values, bytes);
    assert_memory_not_equal(second->weights.values, first->weights.values, bytes);
    /* Adam's first step moves every weight by about the rate. */
    const StTensor *kernel = &second->weights.tensor[0];
    for (int64_t i = kernel->offset; i < kernel->offset + kernel->size; i++)
        assert_true(fabsf(second->weights.values[i] - second->before[i]) <= 0.0011f);

    StError error = {0};
    assert_true(st_trainer_set_weights(trainer, &first->weights, &error));
    const StSnapshot *third = st_trainer_snapshot_now(trainer);
    assert_memory_equal(third->weights.values, first->weights.values, bytes);
    assert_null(third->before);
    StWeightSet fewer = first->weights;
    fewer.count--;
    assert_false(st_trainer_set_weights(trainer, &fewer, &error));
    assert_string_equal(error.message, "tensor dense_1/bias is missing");
    st_trainer_release(trainer, third);
    st_trainer_release(trainer, second);
    st_trainer_release(trainer, first);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

/* Many snapshots held at once, and given back in any order, while it trains. */
/* One weight changed by hand at rest: that one alone, and the step goes on from it. */
static void one_weight_changes_alone(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *trainer = setup_trainer(&plan);
    const StSnapshot *first = st_trainer_snapshot_now(trainer);
    const StTensor *tensor = &first->weights.tensor[first->weights.count - 1];
    int64_t place = tensor->offset + 1;
    float was = first->weights.values[place];
    assert_true(st_trainer_set_weight(trainer, first->weights.count - 1, 1, 2.5f) == was);
    const StSnapshot *second = st_trainer_snapshot_now(trainer);
    for (int64_t i = 0; i < first->weights.total; i++)
        assert_true(second->weights.values[i] == (i == place ? 2.5f : first->weights.values[i]));
    assert_null(second->before);
    st_trainer_one_step(trainer);
    st_trainer_wait(trainer);
    const StSnapshot *third = st_trainer_snapshot_now(trainer);
    assert_true(fabsf(third->weights.values[place] - 2.5f) < 0.1f);
    st_trainer_release(trainer, third);
    st_trainer_release(trainer, second);
    st_trainer_release(trainer, first);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

static void held_snapshots_stay_as_they_are(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    StTrainerPlan plan = setup_plan(&setup);
    plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    const StSnapshot *held[8];
    for (int i = 0; i < 8; i++) {
        held[i] = st_trainer_snapshot_now(trainer);
        assert_non_null(held[i]);
        st_trainer_one_step(trainer);
    }
    st_trainer_wait(trainer);
    for (int i = 1; i < 8; i++)
        if (held[i] != held[i - 1]) assert_true(held[i]->step > held[i - 1]->step);
    for (int i = 7; i >= 0; i--)
        st_trainer_release(trainer, held[i]);
    const StSnapshot *last = st_trainer_snapshot_now(trainer);
    assert_int_equal(last->step, 8);
    st_trainer_release(trainer, last);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

static void a_run_may_begin_with_weights(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *trainer = setup_trainer(&plan);
    const StSnapshot *drawn = st_trainer_snapshot_now(trainer);
    float *mine = malloc((size_t)drawn->weights.total * sizeof *mine);
    assert_non_null(mine);
    for (int64_t i = 0; i < drawn->weights.total; i++)
        mine[i] = (float)i;
    StTensor tensors[2] = {drawn->weights.tensor[0], drawn->weights.tensor[1]};
    strcpy(tensors[1].name, "elsewhere/bias");
    StWeightSet set = {tensors, 2, mine, drawn->weights.total};
    plan.weights = &set;
    StTrainer *other = setup_trainer(&plan);
    const StSnapshot *taken = st_trainer_snapshot_now(other);
    const StTensor *kernel = &taken->weights.tensor[0], *last = &taken->weights.tensor[2];
    assert_memory_equal(taken->weights.values + kernel->offset, mine + kernel->offset,
                        (size_t)kernel->size * sizeof(float));
    assert_memory_equal(taken->weights.values + last->offset, drawn->weights.values + last->offset,
                        (size_t)last->size * sizeof(float));
    st_trainer_release(other, taken);
    st_trainer_release(trainer, drawn);
    st_trainer_destroy(other);
    st_trainer_destroy(trainer);
    free(mine);
    setup_end(&setup);
}

/* ---- callbacks ---- */

/* Reads everything of a lossless run to its end; returns how many records. */
static int run_lossless(StTrainer *trainer, StRecord *records, int max) {
    int count = 0;
    do {
        st_trainer_wait(trainer);
        int got;
        while ((got = st_trainer_read(trainer, records + count, max - count)) > 0)
            count += got;
        assert_true(count < max);
    } while (status_of(trainer).state == ST_STATE_TRAINING);
    return count;
}

/* What Keras' EarlyStopping says of these losses: the epoch (from 1) that training ends after, or 0. */
static int keras_stops(const double *losses, int count, int patience, double min_delta, int *best_epoch) {
    double best = INFINITY;
    int wait = 0;
    for (int epoch = 0; epoch < count; epoch++) {
        wait++;
        if (losses[epoch] + min_delta < best) {
            best = losses[epoch];
            *best_epoch = epoch + 1;
            wait = 0;
        } else if (wait >= patience && epoch > 0) {
            return epoch + 1;
        }
    }
    return 0;
}

static void early_stopping_is_keras_and_gives_the_best_back(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup,
                SMALL "callbacks early_stopping=val_loss patience=3 min_delta=0.001 restore_best=yes\n");
    setup.fit.epochs = 400;
    st_compile_set_learning_rate(&setup.compile, 0.05);
    StTrainerPlan plan = setup_plan(&setup);
    plan.lossless = true;
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_play(trainer);
    static StRecord records[4000];
    int count = run_lossless(trainer, records, 4000), epochs = 0, best_epoch = 0;
    double losses[400];
    for (int i = 0; i < count; i++)
        if (records[i].epoch_end) losses[epochs++] = records[i].validation.loss;
    int wanted = keras_stops(losses, epochs, 3, 0.001, &best_epoch);
    StTrainerStatus status = status_of(trainer);
    assert_int_equal(status.state, ST_STATE_DONE);
    assert_true(wanted > 0);
    assert_int_equal(epochs, wanted);
    assert_int_equal(status.epoch, wanted);
    assert_non_null(strstr(status.reason, "early stopping: val_loss did not get better than "));
    assert_non_null(strstr(status.reason, "are back, the best"));
    StScores now;
    StError error = {0};
    assert_true(st_trainer_evaluate(trainer, ST_VALIDATION, &now, &error));
    assert_true(now.loss == losses[best_epoch - 1]); /* the very weights */
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

static void stop_when_ends_a_run(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL "callbacks stop_when=accuracy>0.5\n");
    setup.fit.epochs = 1000;
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    StTrainerStatus status = status_of(trainer);
    assert_int_equal(status.state, ST_STATE_DONE);
    assert_true(status.epoch < 1000);
    assert_memory_equal(status.reason, "stop_when accuracy>0.5: accuracy is ", 36);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

/* ---- divergence ---- */

#define WILD                                                                                                 \
    "data synthetic linear samples=200 noise=0.1\n"                                                          \
    "dense 8\n"                                                                                              \
    "dense 1\n"                                                                                              \
    "compile optimizer=sgd loss=mse learning_rate=0.01\n"                                                    \
    "fit epochs=50 batch_size=20\n" /* 10 steps an epoch */

static bool finite_set(const StWeightSet *set) {
    for (int64_t i = 0; i < set->total; i++)
        if (!isfinite(set->values[i])) return false;
    return true;
}

static void divergence(const char *recipe) {
    Setup setup;
    setup_begin(&setup, recipe);
    StTrainerPlan plan = setup_plan(&setup);
    plan.lossless = plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    for (int i = 0; i < 7; i++)
        st_trainer_one_epoch(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).step, 70);
    st_trainer_set_rate(trainer, 0.011); /* a change that the replay must know */
    st_trainer_one_step(trainer);
    st_trainer_wait(trainer);
    st_trainer_set_rate(trainer, 1e4);
    st_trainer_play(trainer);
    static StRecord records[1000];
    int count = run_lossless(trainer, records, 1000);
    StTrainerStatus status = status_of(trainer);
    assert_int_equal(status.state, ST_STATE_DIVERGED);
    char begins[64];
    snprintf(begins, sizeof begins, "diverged at step %d in ", (int)status.step + 1);
    assert_memory_equal(status.reason, begins, strlen(begins));
    assert_non_null(strstr(status.reason, "dense"));
    assert_non_null(strstr(status.reason, "not finite"));

    const StSnapshot *snapshot = st_trainer_snapshot_now(trainer);
    assert_int_equal(snapshot->step, status.step);
    assert_true(finite_set(&snapshot->weights));
    assert_non_null(snapshot->before);

    StAutopsyStep autopsy[40];
    assert_int_equal(st_trainer_autopsy(trainer, autopsy, 40), 32);
    double losses[200] = {0};
    for (int i = 0; i < count; i++)
        if (!records[i].epoch_end) losses[records[i].step] = records[i].train.loss;
    for (int i = 0; i < 32; i++) {
        assert_int_equal(autopsy[i].step, status.step - 31 + i);
        assert_true(autopsy[i].loss == losses[autopsy[i].step]); /* replayed to the bit */
        assert_true(autopsy[i].largest_weight > 0);
    }
    assert_true(autopsy[31].update_ratio > 1);
    assert_true(autopsy[0].update_ratio < 1);
    assert_in_range(autopsy[31].ratio_tensor, 0, snapshot->weights.count - 1);

    /* The weights are those of a run that made exactly these steps. */
    plan.lossless = false;
    StTrainer *again = setup_trainer(&plan);
    for (int64_t i = 0; i < status.step; i++) {
        if (i == 70) st_trainer_set_rate(again, 0.011);
        if (i == 71) st_trainer_set_rate(again, 1e4);
        st_trainer_one_step(again);
        st_trainer_wait(again);
    }
    const StSnapshot *wanted = st_trainer_snapshot_now(again);
    size_t bytes = (size_t)wanted->weights.total * sizeof(float);
    assert_memory_equal(snapshot->weights.values, wanted->weights.values, bytes);
    assert_memory_equal(snapshot->before, wanted->before, bytes);
    assert_memory_equal(snapshot->gradients, wanted->gradients, bytes);
    st_trainer_release(again, wanted);
    st_trainer_destroy(again);

    /* With a sane rate it may go on from there. */
    st_trainer_release(trainer, snapshot);
    st_trainer_set_rate(trainer, 0);
    st_trainer_one_step(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).state, ST_STATE_DIVERGED);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

static void divergence_names_where_and_keeps_the_weights(void **state) {
    (void)state;
    divergence(WILD);
}

static void a_replay_knows_schedules_and_averages(void **state) {
    (void)state;
    divergence(WILD "compile momentum=0.5 use_ema=yes ema_overwrite_frequency=7 schedule=cosine_decay "
                    "decay_steps=100 alpha=0.5\n");
}

/* The rate of every step is in its record, and a changed one is what the schedule goes on from. */
static void schedules_say_the_rate_of_every_step(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, WILD "compile schedule=exponential_decay decay_steps=10 decay_rate=0.5\n");
    setup.fit.epochs = 3;
    StTrainerPlan plan = setup_plan(&setup);
    plan.lossless = true;
    StTrainer *trainer = setup_trainer(&plan);
    assert_true(status_of(trainer).rate == 0.01);
    for (int i = 0; i < 2; i++)
        st_trainer_one_epoch(trainer);
    st_trainer_wait(trainer);
    st_trainer_set_rate(trainer, 0.02);
    st_trainer_play(trainer);
    static StRecord records[100];
    int count = run_lossless(trainer, records, 100), steps = 0;
    for (int i = 0; i < count; i++) {
        double base = records[i].step <= 20 ? 0.01 : 0.02;
        double wanted = base * pow(0.5, (double)(records[i].step - 1) / 10);
        assert_true(records[i].rate == wanted);
        if (records[i].epoch_end) assert_true(records[i].next_rate == records[i].rate);
        steps += !records[i].epoch_end;
    }
    assert_int_equal(steps, 30);
    assert_true(status_of(trainer).rate == records[count - 1].rate);
    assert_true(status_of(trainer).base_rate == 0.02);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

/* An average that never forgets is the weights of the first step: what a whole run ends with. */
static void a_run_ends_with_its_averages(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, WILD "compile use_ema=yes ema_momentum=1\n");
    setup.fit.epochs = 2;
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *whole = setup_trainer(&plan), *first = setup_trainer(&plan);
    st_trainer_play(whole);
    st_trainer_wait(whole);
    st_trainer_one_step(first);
    st_trainer_wait(first);
    assert_int_equal(status_of(whole).state, ST_STATE_DONE);
    assert_string_equal(status_of(whole).reason, "the weights are their moving averages now");
    assert_string_equal(status_of(first).reason, "");
    const StSnapshot *a = st_trainer_snapshot_now(whole), *b = st_trainer_snapshot_now(first);
    assert_memory_equal(a->weights.values, b->weights.values, (size_t)a->weights.total * sizeof(float));
    st_trainer_release(whole, a);
    st_trainer_release(first, b);
    st_trainer_destroy(whole);
    st_trainer_destroy(first);
    setup_end(&setup);
}

/* A finite gradient times an enormous rate: the update itself spoils the weights, which is noticed one step
 * later and taken back. */
static void an_update_that_overflows_is_taken_back(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, WILD);
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_one_epoch(trainer);
    st_trainer_wait(trainer);
    st_trainer_set_rate(trainer, 1e300); /* infinite as a float */
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    StTrainerStatus status = status_of(trainer);
    assert_int_equal(status.state, ST_STATE_DIVERGED);
    assert_int_equal(status.step, 10);
    assert_memory_equal(status.reason, "diverged at step 11 in ", 23);
    assert_non_null(strstr(status.reason, "the step made its weights infinite or not a number"));
    const StSnapshot *snapshot = st_trainer_snapshot_now(trainer);
    assert_true(finite_set(&snapshot->weights));
    st_trainer_release(trainer, snapshot);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

/* With it what the optimizer keeps: the run that goes on is the one that never made that step. */
static void a_step_that_is_taken_back_leaves_nothing(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, WILD "compile momentum=0.9 use_ema=yes schedule=cosine_decay decay_steps=60\n");
    setup.fit.epochs = 3;
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *trainer[2] = {setup_trainer(&plan), setup_trainer(&plan)};
    for (int i = 0; i < 2; i++) {
        st_trainer_one_epoch(trainer[i]);
        st_trainer_wait(trainer[i]);
    }
    st_trainer_set_rate(trainer[0], 1e300);
    st_trainer_play(trainer[0]);
    st_trainer_wait(trainer[0]);
    assert_int_equal(status_of(trainer[0]).state, ST_STATE_DIVERGED);
    assert_int_equal(status_of(trainer[0]).step, 10);
    const StSnapshot *snapshot[2];
    for (int i = 0; i < 2; i++) {
        st_trainer_set_rate(trainer[i], 0.001);
        st_trainer_play(trainer[i]);
        st_trainer_wait(trainer[i]);
        assert_int_equal(status_of(trainer[i]).state, ST_STATE_DONE);
        snapshot[i] = st_trainer_snapshot_now(trainer[i]);
    }
    size_t bytes = (size_t)snapshot[0]->weights.total * sizeof(float);
    assert_true(finite_set(&snapshot[0]->weights));
    assert_memory_equal(snapshot[0]->weights.values, snapshot[1]->weights.values, bytes);
    for (int i = 0; i < 2; i++) {
        st_trainer_release(trainer[i], snapshot[i]);
        st_trainer_destroy(trainer[i]);
    }
    setup_end(&setup);
}

/* There is no step after the run's last one to notice it. */
static void a_last_update_that_overflows_is_taken_back(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, WILD);
    setup.fit.epochs = 1;
    st_compile_set_learning_rate(&setup.compile, 0);
    StTrainerPlan plan = setup_plan(&setup);
    plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    for (int i = 0; i < 9; i++)
        st_trainer_one_step(trainer);
    st_trainer_wait(trainer);
    st_trainer_set_rate(trainer, 1e300);
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    StTrainerStatus status = status_of(trainer);
    assert_int_equal(status.state, ST_STATE_DIVERGED);
    assert_int_equal(status.step, 9);
    assert_int_equal(status.epoch, 0);
    assert_memory_equal(status.reason, "diverged at step 10 in ", 23);
    const StSnapshot *snapshot = st_trainer_snapshot_now(trainer);
    assert_int_equal(snapshot->step, 9);
    assert_true(finite_set(&snapshot->weights));
    st_trainer_release(trainer, snapshot);
    st_trainer_set_rate(trainer, 0); /* and it goes on with its last step */
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).state, ST_STATE_DONE);
    assert_int_equal(status_of(trainer).step, 10);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

/* restore_best holds where training diverged, too. */
static void divergence_gives_the_best_back(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, WILD "split train=0.8 validation=0.2\n"
                             "callbacks early_stopping=val_loss patience=100 restore_best=yes\n");
    StTrainerPlan plan = setup_plan(&setup);
    plan.lossless = plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    for (int i = 0; i < 5; i++)
        st_trainer_one_epoch(trainer);
    st_trainer_wait(trainer);
    st_trainer_set_rate(trainer, 1e4);
    st_trainer_play(trainer);
    static StRecord records[1000];
    int count = run_lossless(trainer, records, 1000);
    double best = INFINITY;
    int64_t epoch = 0;
    for (int i = 0; i < count; i++)
        if (records[i].epoch_end && records[i].validation.loss < best) {
            best = records[i].validation.loss;
            epoch = records[i].epoch;
        }
    StTrainerStatus status = status_of(trainer);
    assert_int_equal(status.state, ST_STATE_DIVERGED);
    assert_in_range(epoch, 1, 5);
    assert_int_equal(status.restored, epoch);
    char words[80];
    snprintf(words, sizeof words, "; the weights of epoch %d are back, the best", (int)epoch);
    assert_memory_equal(status.reason, "diverged at step ", 17);
    assert_non_null(strstr(status.reason, words));
    StScores now;
    StError error = {0};
    assert_true(st_trainer_evaluate(trainer, ST_VALIDATION, &now, &error));
    assert_true(now.loss == best);
    const StSnapshot *snapshot = st_trainer_snapshot_now(trainer);
    assert_null(snapshot->before); /* the step that diverged was not one of these weights */
    assert_null(snapshot->gradients);
    st_trainer_release(trainer, snapshot);
    StAutopsyStep autopsy[40];
    assert_true(st_trainer_autopsy(trainer, autopsy, 40) > 0);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

static void early_divergence_has_a_shorter_autopsy(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, WILD);
    st_compile_set_learning_rate(&setup.compile, 1e4);
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    StAutopsyStep steps[32];
    assert_int_equal(status_of(trainer).state, ST_STATE_DIVERGED);
    assert_int_equal(st_trainer_autopsy(trainer, steps, 32), status_of(trainer).step);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

/* ---- records ---- */

static void lossless_records_are_all_there(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    setup.fit.epochs = 4000; /* 20,000 steps: more than the ring holds */
    StTrainerPlan plan = setup_plan(&setup);
    plan.lossless = true;
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_play(trainer);
    enum { MAX = 25000 };
    StRecord *records = malloc(MAX * sizeof *records);
    assert_non_null(records);
    int count = run_lossless(trainer, records, MAX);
    assert_int_equal(count, 24000);
    int64_t step = 0, epoch = 0;
    for (int i = 0; i < count; i++) {
        const StRecord *record = &records[i];
        if (record->epoch_end) {
            assert_int_equal(record->epoch, ++epoch);
            assert_int_equal(record->step, step);
            assert_int_equal(record->first, step - 4);
            assert_true(record->validated);
            double mean = 0; /* 5 equal batches */
            for (int k = 1; k <= 5; k++)
                mean += records[i - k].train.loss / 5;
            assert_true(fabs(mean - record->train.loss) < 1e-9);
        } else {
            assert_int_equal(record->step, ++step);
            assert_int_equal(record->first, step);
            assert_int_equal(record->epoch, epoch + 1);
            assert_true(record->loss_low == record->train.loss && record->loss_high == record->train.loss);
        }
    }
    free(records);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

/* Nobody reads: the last records are merged, no step and no extreme is lost. */
static void unread_records_are_merged(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    setup.fit.epochs = 4000;
    StTrainerPlan plan = setup_plan(&setup);
    plan.wake_fd = eventfd(0, EFD_NONBLOCK);
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    uint64_t woken = 0;
    assert_int_equal(read(plan.wake_fd, &woken, sizeof woken), sizeof woken);
    assert_int_equal(woken, 1); /* once, since nothing was read */
    StRecord records[512];
    int64_t next_step = 1, next_epoch = 1;
    int count, merged = 0;
    while ((count = st_trainer_read(trainer, records, 512)) > 0)
        for (int i = 0; i < count; i++) {
            if (records[i].epoch_end) {
                if (records[i].first != records[i].step - 4) merged++;
                assert_int_equal(records[i].first, next_epoch);
                next_epoch = records[i].step + 1;
                continue;
            }
            assert_int_equal(records[i].first, next_step);
            if (records[i].first != records[i].step) {
                merged++;
                assert_true(records[i].loss_low < records[i].train.loss);
                assert_true(records[i].loss_high > records[i].train.loss);
            }
            next_step = records[i].step + 1;
        }
    assert_int_equal(next_step, 20001);
    assert_int_equal(next_epoch, 20001);
    assert_true(merged > 0);
    st_trainer_destroy(trainer);
    close(plan.wake_fd);
    setup_end(&setup);
}

/* ---- memory ---- */

/* Training from step 5 to step 2,000 takes no memory. */
static void training_allocates_nothing(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, SMALL);
    setup.fit.epochs = 400;
    StTrainerPlan plan = setup_plan(&setup);
    plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_one_epoch(trainer);
    st_trainer_wait(trainer);
    struct mallinfo2 before = mallinfo2();
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(after.uordblks, before.uordblks);
    assert_int_equal(after.arena, before.arena);
    assert_int_equal(after.hblkhd, before.hblkhd);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_count_steps_and_epochs),
        cmocka_unit_test(orders_break_into_a_slow_pace),
        cmocka_unit_test(destroying_ends_a_run),
        cmocka_unit_test(plans_that_cannot_be_are_refused),
        cmocka_unit_test(same_bits_whatever_happens),
        cmocka_unit_test(no_shuffle_takes_rows_in_order),
        cmocka_unit_test(snapshots_hold_one_step),
        cmocka_unit_test(held_snapshots_stay_as_they_are),
        cmocka_unit_test(one_weight_changes_alone),
        cmocka_unit_test(a_run_may_begin_with_weights),
        cmocka_unit_test(early_stopping_is_keras_and_gives_the_best_back),
        cmocka_unit_test(stop_when_ends_a_run),
        cmocka_unit_test(divergence_names_where_and_keeps_the_weights),
        cmocka_unit_test(a_replay_knows_schedules_and_averages),
        cmocka_unit_test(schedules_say_the_rate_of_every_step),
        cmocka_unit_test(a_run_ends_with_its_averages),
        cmocka_unit_test(an_update_that_overflows_is_taken_back),
        cmocka_unit_test(a_step_that_is_taken_back_leaves_nothing),
        cmocka_unit_test(a_last_update_that_overflows_is_taken_back),
        cmocka_unit_test(divergence_gives_the_best_back),
        cmocka_unit_test(early_divergence_has_a_shorter_autopsy),
        cmocka_unit_test(lossless_records_are_all_there),
        cmocka_unit_test(unread_records_are_merged),
        cmocka_unit_test(training_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
