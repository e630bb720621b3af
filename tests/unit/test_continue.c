/* A run goes on from a moment: to the bit as if it had never been left, on any number of threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inspect/moments.h"
#include "trainer_setup.h"

#include <math.h>

#define DENSE                                                                                                \
    "data synthetic moons samples=90 noise=0.2\n" /* 6 steps an epoch, the last one short */                 \
    "split train=0.9 validation=0.1\n"                                                                       \
    "dense 8 tanh\n"
#define CLASSES "loss=sparse_categorical_crossentropy metrics=accuracy\nfit epochs=10 batch_size=14\n"

static const char *const experiments[] = {
    DENSE "dense 2 softmax\ncompile optimizer=sgd learning_rate=0.1 momentum=0.9 " CLASSES,
    DENSE "dense 2 softmax\ncompile optimizer=sgd " CLASSES, /* without any state */
    DENSE "dropout 0.3\nbatch_normalization\ndense 2 softmax\ncompile optimizer=adam " CLASSES,
    DENSE "dense 2 softmax\ncompile optimizer=adam use_ema=yes ema_overwrite_frequency=7 "
          "schedule=cosine_decay decay_steps=50 " CLASSES,
    "data synthetic random samples=64 features=12 classes=3\n"
    "reshape 4x3\n"
    "lstm 5 stateful=yes\n"
    "dropout 0.2\n"
    "dense 3 softmax\n"
    "compile optimizer=rmsprop loss=sparse_categorical_crossentropy\n"
    "fit epochs=10 batch_size=16\n",
};

typedef struct Ended {
    float *weights, *state; /* malloc'd */
    StSnapshot snapshot;
} Ended;

static Ended end_of(StTrainer *trainer) {
    const StSnapshot *last = st_trainer_snapshot_now(trainer);
    size_t weights = (size_t)last->weights.total * sizeof(float);
    size_t state = (size_t)last->state_count * sizeof(float);
    Ended ended = {malloc(weights), malloc(state ? state : 1), *last};
    memcpy(ended.weights, last->weights.values, weights);
    if (state) memcpy(ended.state, last->state, state);
    st_trainer_release(trainer, last);
    return ended;
}

static void free_ended(Ended *ended) {
    free(ended->weights);
    free(ended->state);
}

static void same_end(const Ended *a, const Ended *b) {
    assert_int_equal(a->snapshot.step, b->snapshot.step);
    assert_int_equal(a->snapshot.epoch, b->snapshot.epoch);
    assert_int_equal(a->snapshot.samples, b->snapshot.samples);
    assert_int_equal(a->snapshot.iterations, b->snapshot.iterations);
    assert_true(a->snapshot.rate == b->snapshot.rate);
    assert_memory_equal(a->weights, b->weights, (size_t)a->snapshot.weights.total * sizeof(float));
    assert_memory_equal(a->state, b->state, (size_t)a->snapshot.state_count * sizeof(float));
}

static StTrainerStatus status_of(StTrainer *trainer) {
    StTrainerStatus status;
    st_trainer_status(trainer, &status);
    return status;
}

/* Goes through a run by steps, each of them a moment; then on to its end. */
static Ended run_with_moments(const Setup *setup, StMoments *moments, int steps) {
    StTrainerPlan plan = setup_plan(setup);
    plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    for (int i = 0; i <= steps; i++) {
        if (i > 0) st_trainer_one_step(trainer);
        st_trainer_wait(trainer);
        const StSnapshot *now = st_trainer_snapshot_now(trainer);
        assert_int_equal(now->step, i);
        st_moments_add(moments, now, NULL);
        st_trainer_release(trainer, now);
    }
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).state, ST_STATE_DONE);
    Ended ended = end_of(trainer);
    st_trainer_destroy(trainer);
    return ended;
}

static void ends_in_the_same_bits(void **unused) {
    (void)unused;
    static const int steps[] = {0, 1, 3, 6, 11, 13};
    for (size_t e = 0; e < sizeof experiments / sizeof *experiments; e++) {
        Setup setup;
        setup_begin(&setup, experiments[e]);
        StMoments *moments = st_moments_create(0, NULL);
        Ended straight = run_with_moments(&setup, moments, 13); /* which is gone when others go on from it */
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            const StMoment *moment = st_moments_hold(moments, steps[i]);
            StTrainerPlan plan = setup_plan(&setup);
            plan.from = &moment->snapshot;
            plan.threads = 1 + (int)i % 2;
            StTrainer *trainer = setup_trainer(&plan);
            st_moments_release(moments, moment);
            assert_int_equal(status_of(trainer).step, steps[i]);
            assert_int_equal(status_of(trainer).state, steps[i] ? ST_STATE_PAUSED : ST_STATE_IDLE);
            st_trainer_play(trainer);
            st_trainer_wait(trainer);
            assert_int_equal(status_of(trainer).state, ST_STATE_DONE);
            Ended ended = end_of(trainer);
            same_end(&straight, &ended);
            free_ended(&ended);
            st_trainer_destroy(trainer);
        }
        free_ended(&straight);
        st_moments_destroy(moments);
        setup_end(&setup);
    }
}

/* From what the trainer says while it is in full flight, and a rate that was changed on the way. */
static void any_snapshot_will_do(void **unused) {
    (void)unused;
    Setup setup;
    setup_begin(&setup, experiments[2]);
    setup.fit.epochs = 2000; /* far behind the moment at which it is looked at */
    StTrainerPlan plan = setup_plan(&setup);
    plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_one_epoch(trainer);
    st_trainer_wait(trainer);
    st_trainer_set_rate(trainer, 0.02);
    st_trainer_play(trainer);
    const StSnapshot *some = NULL;
    while (!some || some->step < 40) {
        st_trainer_release(trainer, some);
        some = st_trainer_snapshot(trainer, true);
    }
    plan.from = some;
    plan.threads = 2;
    StTrainer *other = setup_trainer(&plan);
    st_trainer_release(trainer, some);
    assert_true(status_of(other).base_rate == 0.02);
    st_trainer_wait(trainer);
    st_trainer_play(other);
    st_trainer_wait(other);
    Ended straight = end_of(trainer), ended = end_of(other);
    assert_int_equal(ended.snapshot.step, 2000 * 6);
    same_end(&straight, &ended);
    free_ended(&straight);
    free_ended(&ended);
    st_trainer_destroy(other);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

static void goes_on_behind_the_end(void **unused) {
    (void)unused;
    Setup setup;
    setup_begin(&setup, experiments[0]);
    StTrainerPlan plan = setup_plan(&setup);
    StTrainer *trainer = setup_trainer(&plan);
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    const StSnapshot *last = st_trainer_snapshot_now(trainer);
    plan.from = last;
    StTrainer *other = setup_trainer(&plan);
    st_trainer_release(trainer, last);
    assert_int_equal(status_of(other).state, ST_STATE_DONE);
    st_trainer_play(trainer);
    st_trainer_play(other);
    st_trainer_wait(trainer);
    st_trainer_wait(other);
    assert_int_equal(status_of(other).step, 120);
    Ended straight = end_of(trainer), ended = end_of(other);
    same_end(&straight, &ended);
    free_ended(&straight);
    free_ended(&ended);
    st_trainer_destroy(other);
    st_trainer_destroy(trainer);
    setup_end(&setup);
}

/* Another rate, records that begin where it goes on, and a divergence behind it. */
static void is_a_run_like_any_other(void **unused) {
    (void)unused;
    Setup setup;
    setup_begin(&setup, experiments[0]);
    StMoments *moments = st_moments_create(0, NULL);
    Ended straight = run_with_moments(&setup, moments, 10);
    const StMoment *moment = st_moments_hold(moments, 8);
    StTrainerPlan plan = setup_plan(&setup);
    plan.from = &moment->snapshot;
    plan.from_rate = 0.01;
    plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    const StSnapshot *first = st_trainer_snapshot_now(trainer);
    assert_int_equal(first->step, 8);
    assert_int_equal(first->epoch, 1);
    assert_int_equal(first->samples, moment->snapshot.samples);
    size_t bytes = (size_t)first->weights.total * sizeof(float);
    assert_memory_equal(first->before, moment->snapshot.before, bytes);
    assert_memory_equal(first->gradients, moment->snapshot.gradients, bytes);
    st_trainer_release(trainer, first);
    assert_true(status_of(trainer).rate == 0.01);
    st_trainer_one_epoch(trainer);
    st_trainer_wait(trainer);
    StRecord record[8];
    int count = st_trainer_read(trainer, record, 8);
    assert_int_equal(count, 5);
    assert_int_equal(record[0].step, 9);
    assert_true(record[0].rate == 0.01);
    assert_true(record[4].epoch_end && record[4].first == 9 && record[4].step == 12 && record[4].epoch == 2);
    Ended ended = end_of(trainer);
    assert_memory_not_equal(ended.weights, straight.weights, 4 * sizeof(float));
    free_ended(&ended);
    st_trainer_set_rate(trainer, 1e300);
    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    assert_int_equal(status_of(trainer).state, ST_STATE_DIVERGED);
    assert_true(status_of(trainer).step >= 12);
    StAutopsyStep step[32];
    assert_true(st_trainer_autopsy(trainer, step, 32) >= 4);
    st_trainer_destroy(trainer);
    st_moments_release(moments, moment);
    st_moments_destroy(moments);
    free_ended(&straight);
    setup_end(&setup);
}

static void says_what_does_not_fit(void **unused) {
    (void)unused;
    Setup setup, other;
    StError error = {0};
    setup_begin(&setup, experiments[0]);
    StMoments *moments = st_moments_create(0, NULL);
    Ended straight = run_with_moments(&setup, moments, 3);
    const StMoment *moment = st_moments_hold(moments, 3);
    StTrainerPlan plan = setup_plan(&setup);
    plan.from = &moment->snapshot;

    setup_begin(&other, DENSE "dense 2 softmax\ncompile optimizer=adam " CLASSES);
    plan.compile = &other.compile;
    assert_null(st_trainer_create(&plan, &error));
    assert_non_null(strstr(error.message, "another optimizer"));
    plan.from_anew = true;
    StTrainer *trainer = setup_trainer(&plan);
    assert_int_equal(status_of(trainer).step, 3);
    Ended anew = end_of(trainer);
    assert_memory_equal(anew.weights, moment->snapshot.weights.values, 4 * sizeof(float));
    assert_int_equal(anew.snapshot.iterations, 0);
    free_ended(&anew);
    st_trainer_destroy(trainer);
    setup_end(&other);

    setup_begin(&other, DENSE "dense 3 relu\ndense 2 softmax\ncompile optimizer=sgd " CLASSES);
    plan.stack = &other.stack;
    assert_null(st_trainer_create(&plan, &error));
    assert_non_null(strstr(error.message, "tensor dense_1/kernel has shape 8x2, wanted 8x3"));
    setup_end(&other);
    st_moments_release(moments, moment);
    st_moments_destroy(moments);
    free_ended(&straight);
    setup_end(&setup);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_in_the_same_bits),  cmocka_unit_test(any_snapshot_will_do),
        cmocka_unit_test(goes_on_behind_the_end), cmocka_unit_test(is_a_run_like_any_other),
        cmocka_unit_test(says_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
