/* What happened to a run, and runs that go on from a moment of another: marks, rates, optimizers. */
#include "inspect/moments.h"
#include "session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static Session *session;
static StMoments *moments;
static StError error;

static int begin(void **state) {
    (void)state;
    error = (StError){0};
    session = session_create(
        &(SessionPlan){.place = PLACE_WORKBENCH, .threads = 1, .snapshots = true, .wake_fd = -1}, &error);
    moments = st_moments_create(0, &error);
    return session && moments ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    session_destroy(session);
    st_moments_destroy(moments);
    return 0;
}

static void run(const char *line) {
    if (!session_run_line(session, line, (Source){0}, &error)) fail_msg("%s: %s", line, error.message);
}

static void net(void) {
    run("data synthetic moons samples=80");
    run("dense 6 tanh");
    run("dense 2 softmax");
    run("compile optimizer=adam learning_rate=0.1 loss=sparse_categorical_crossentropy");
    run("fit epochs=9 batch_size=16"); /* 5 steps an epoch */
}

static StTrainerStatus status(void) {
    StTrainerStatus now;
    st_trainer_status(session_run(session)->trainer, &now);
    return now;
}

/* So many steps, each of them a moment. */
static void steps(int count) {
    for (int i = 0; i <= count; i++) {
        if (i) run("step");
        if (!session_run(session)) continue;
        StTrainer *trainer = session_run(session)->trainer;
        st_trainer_wait(trainer);
        const StSnapshot *now = st_trainer_snapshot_now(trainer);
        st_moments_add(moments, now, NULL);
        st_trainer_release(trainer, now);
    }
}

static bool branch(int64_t step) {
    const StMoment *moment = st_moments_hold(moments, step);
    bool done = session_branch(session, &moment->snapshot, &error);
    st_moments_release(moments, moment);
    return done;
}

static void marks_are_in_order_and_bounded(void **state) {
    (void)state;
    static Marks marks;
    marks_add(&marks, 5, MARK_RATE, "rate %g", 0.1);
    marks_add(&marks, 9, MARK_WEIGHT, "w");
    marks_add(&marks, 7, MARK_BRANCH, "b");
    assert_int_equal(marks.count, 3);
    assert_string_equal(marks.mark[0].text, "rate 0.1");
    assert_int_equal(marks.mark[1].kind, MARK_BRANCH);
    marks_cut(&marks, 7);
    assert_int_equal(marks.count, 2);
    for (int i = 0; i < 3 * MARKS_MAX; i++)
        marks_add(&marks, 10 + i, MARK_WEIGHT, "w");
    assert_int_equal(marks.count, MARKS_MAX);
    assert_int_equal(marks.mark[MARKS_MAX - 1].step, 9 + 3 * MARKS_MAX);
    marks_cut(&marks, -1);
    assert_int_equal(marks.count, 0);
    assert_string_equal(mark_word(MARK_DIVERGED), "diverged");
    assert_int_equal(mark_letter(MARK_LAYERS), 'l');
}

static void a_branch_has_the_recipe_as_it_is(void **state) {
    (void)state;
    assert_false(session_branch(session, &(StSnapshot){0}, &error)); /* of no run */
    net();
    steps(7);
    run("rate 0.02");
    assert_int_equal(session_marks(session)->count, 1);
    assert_string_equal(session_marks(session)->mark[0].text, "rate 0.1 → 0.02");
    run("weight dense/bias 2 0.5");
    assert_int_equal(session_marks(session)->mark[1].kind, MARK_WEIGHT);
    assert_true(branch(3));
    assert_int_equal(status().step, 3);
    assert_int_equal(status().epoch, 0);
    assert_int_equal(status().state, ST_STATE_PAUSED);
    assert_true(status().base_rate == 0.02);
    assert_int_equal(session_next(session), NEXT_GO_ON);
    assert_int_equal(session_marks(session)->count, 1); /* what came later is of another run */
    assert_string_equal(session_marks(session)->mark[0].text, "branched from step 3 of run 1, rate 0.02");
    run("step");
    st_trainer_wait(session_run(session)->trainer);
    assert_int_equal(status().step, 4);
    run("reset");
    assert_int_equal(session_marks(session)->count, 0);
}

static void an_optimizer_of_another_kind_begins_anew(void **state) {
    (void)state;
    net();
    steps(6);
    run("compile optimizer=sgd momentum=0.9 learning_rate=0.3 loss=sparse_categorical_crossentropy");
    assert_true(branch(5));
    assert_int_equal(status().step, 5);
    assert_int_equal(status().epoch, 1);
    const StSnapshot *now = st_trainer_snapshot_now(session_run(session)->trainer);
    const StMoment *moment = st_moments_hold(moments, 5);
    assert_int_equal(now->iterations, 0);
    assert_memory_equal(now->weights.values, moment->snapshot.weights.values,
                        (size_t)now->weights.total * sizeof(float));
    st_moments_release(moments, moment);
    st_trainer_release(session_run(session)->trainer, now);
}

static void a_plateau_keeps_its_rate(void **state) {
    (void)state;
    net();
    run("callbacks reduce_on_plateau=loss factor=0.5 plateau_patience=1 plateau_min_delta=100 min_lr=0.001");
    steps(12); /* two ends of epochs, the second without getting better */
    assert_true(status().base_rate == 0.05);
    assert_true(branch(11));
    assert_true(status().base_rate == 0.05);
    assert_true(branch(3)); /* before it: the moment's own */
    assert_true(status().base_rate == 0.1);
}

static void another_stack_is_refused(void **state) {
    (void)state;
    net();
    steps(3);
    run("set 1 units=7");
    uint64_t number = session_run(session)->number;
    assert_false(branch(2));
    assert_non_null(
        strstr(error.message, "branch: the stack is not as it was (u undoes): tensor dense/kernel"));
    assert_int_equal(session_run(session)->number, number); /* the old run stays */
    run("undo");
    assert_true(branch(2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_in_order_and_bounded),
        cmocka_unit_test_setup_teardown(a_branch_has_the_recipe_as_it_is, begin, end),
        cmocka_unit_test_setup_teardown(an_optimizer_of_another_kind_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(a_plateau_keeps_its_rate, begin, end),
        cmocka_unit_test_setup_teardown(another_stack_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
