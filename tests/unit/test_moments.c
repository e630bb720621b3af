/* Moments of a run: the bound, how they thin out, who holds them, from several threads at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inspect/moments.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TOTAL = 64, STATE = 32, EACH_AT_LEAST = (3 * TOTAL + STATE) * 4 };

/* A snapshot whose numbers say of which step it is. */
typedef struct Made {
    StTensor tensor;
    float weights[TOTAL], before[TOTAL], gradients[TOTAL], state[STATE];
    StSnapshot snapshot;
} Made;

static StSnapshot *make(Made *made, int64_t step) {
    memset(&made->tensor, 0, sizeof made->tensor);
    made->tensor = (StTensor){.name = "dense/kernel", .size = TOTAL, .trainable = true};
    for (int i = 0; i < TOTAL; i++) {
        made->weights[i] = (float)step;
        made->before[i] = (float)step - 1;
        made->gradients[i] = (float)step + 0.5f;
    }
    for (int i = 0; i < STATE; i++)
        made->state[i] = (float)(2 * step);
    made->snapshot = (StSnapshot){.weights = {&made->tensor, 1, made->weights, TOTAL},
                                  .before = step ? made->before : NULL,
                                  .gradients = step ? made->gradients : NULL,
                                  .step = step,
                                  .run = 1,
                                  .whole = true,
                                  .state = made->state,
                                  .state_count = STATE,
                                  .iterations = step};
    return &made->snapshot;
}

static void add(StMoments *moments, int64_t step, double loss) {
    Made made;
    StReadings readings = {.probe_loss = loss, .gradient_norm = 2};
    st_moments_add(moments, make(&made, step), &readings);
    memset(&made, 0x7f, sizeof made); /* what was added is a copy */
}

static void keeps_all_that_a_continuation_needs(void **unused) {
    (void)unused;
    StMoments *moments = st_moments_create(0, NULL);
    add(moments, 0, 3);
    add(moments, 5, 1.5);
    const StMoment *moment = st_moments_hold(moments, 5);
    assert_int_equal(moment->snapshot.step, 5);
    assert_string_equal(moment->snapshot.weights.tensor[0].name, "dense/kernel");
    assert_float_equal(moment->snapshot.weights.values[TOTAL - 1], 5, 0);
    assert_float_equal(moment->snapshot.before[0], 4, 0);
    assert_float_equal(moment->snapshot.gradients[TOTAL - 1], 5.5, 0);
    assert_float_equal(moment->snapshot.state[STATE - 1], 10, 0);
    assert_int_equal(moment->snapshot.iterations, 5);
    assert_true(moment->snapshot.whole);
    assert_true(moment->probe_loss == 1.5 && moment->gradient_norm == 2);
    st_moments_release(moments, moment);
    moment = st_moments_hold(moments, 0);
    assert_null(moment->snapshot.before);
    st_moments_release(moments, moment);
    st_moments_destroy(moments);
}

/* Gaps between neighbours, the one before the newest left out: the widest over the narrowest. */
static double unevenness(StMoments *moments) {
    int64_t step[4096], narrow = INT64_MAX, wide = 0;
    int count = st_moments_steps(moments, step, NULL, 4096);
    assert_int_equal(count, st_moments_count(moments));
    for (int i = 1; i < count - 1; i++) {
        int64_t gap = step[i] - step[i - 1];
        if (gap < narrow) narrow = gap;
        if (gap > wide) wide = gap;
    }
    return (double)wide / (double)narrow;
}

static void stays_within_its_bound_and_even(void **unused) {
    (void)unused;
    const size_t bound = 100 * EACH_AT_LEAST;
    StMoments *moments = st_moments_create(bound, NULL);
    size_t of;
    for (int64_t i = 0; i < 10000; i++) {
        add(moments, i, 1);
        assert_true(st_moments_bytes(moments, &of) <= bound && of == bound);
        int64_t first[1];
        st_moments_steps(moments, first, NULL, 1);
        const StMoment *oldest = st_moments_hold(moments, 0), *newest = st_moments_hold(moments, -1);
        assert_int_equal(oldest->snapshot.step, 0);
        assert_int_equal(newest->snapshot.step, i);
        st_moments_release(moments, oldest);
        st_moments_release(moments, newest);
    }
    assert_in_range(st_moments_count(moments), 30, 100);
    assert_true(unevenness(moments) <= 1);
    st_moments_destroy(moments);
}

/* A run that goes fast, then slowly, then by single steps: even in steps, not in looks. */
static void is_even_whatever_the_speed(void **unused) {
    (void)unused;
    StMoments *moments = st_moments_create(60 * EACH_AT_LEAST, NULL);
    int64_t step = 0;
    for (int i = 0; i < 3000; i++) {
        add(moments, step, 1);
        step += i < 1000 ? 37 : i < 2000 ? 3 : 1;
    }
    assert_in_range(st_moments_count(moments), 20, 60);
    assert_true(unevenness(moments) <= 1.5);
    int64_t spacing = st_moments_spacing(moments);
    assert_true(spacing >= step / 60 && spacing <= step / 10);
    st_moments_destroy(moments);
}

static void holders_keep_theirs(void **unused) {
    (void)unused;
    StMoments *moments = st_moments_create(8 * EACH_AT_LEAST, NULL);
    const StMoment *held[100];
    for (int i = 0; i < 100; i++) {
        add(moments, i, 1);
        held[i] = st_moments_hold(moments, i);
    }
    st_moments_clear(moments);
    assert_int_equal(st_moments_count(moments), 0);
    assert_int_equal(st_moments_bytes(moments, NULL), 0);
    assert_null(st_moments_hold(moments, 3));
    add(moments, 7, 1); /* a new table of weights: the old ones keep the old */
    for (int i = 0; i < 100; i++) {
        assert_float_equal(held[i]->snapshot.weights.values[0], (float)i, 0);
        assert_string_equal(held[i]->snapshot.weights.tensor[0].name, "dense/kernel");
        st_moments_release(moments, held[i]);
    }
    st_moments_destroy(moments);
}

static void finds_the_nearest_and_the_next(void **unused) {
    (void)unused;
    StMoments *moments = st_moments_create(0, NULL);
    assert_int_equal(st_moments_next(moments, 3, 1), -1);
    for (int i = 0; i <= 5; i++)
        add(moments, 10 * i, 6 - i);
    static const struct {
        int64_t at, nearest;
    } near[] = {{0, 0}, {4, 0}, {6, 10}, {10, 10}, {49, 50}, {1000, 50}, {-1, 50}};
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        const StMoment *moment = st_moments_hold(moments, near[i].at);
        assert_int_equal(moment->snapshot.step, near[i].nearest);
        st_moments_release(moments, moment);
    }
    static const struct {
        int64_t at, to;
        int by;
    } next[] = {{20, 30, 1}, {20, 10, -1}, {25, 30, 1},  {25, 20, -1}, {25, 10, -2},
                {50, 50, 1}, {0, 0, -1},   {-1, 40, -1}, {20, 50, 99}, {20, 0, -99}};
    for (size_t i = 0; i < sizeof next / sizeof *next; i++)
        assert_int_equal(st_moments_next(moments, next[i].at, next[i].by), next[i].to);
    int64_t step[3];
    double loss[3];
    assert_int_equal(st_moments_steps(moments, step, loss, 3), 3);
    assert_true(step[0] == 0 && step[1] == 20 && step[2] == 50 && loss[2] == 1);
    st_moments_destroy(moments);
}

static void follows_what_happens_to_the_run(void **unused) {
    (void)unused;
    Made made;
    StMoments *moments = st_moments_create(0, NULL);
    for (int i = 0; i <= 5; i++)
        add(moments, 10 * i, 1);
    add(moments, 50, 1); /* the same once more */
    assert_int_equal(st_moments_count(moments), 6);
    make(&made, 50)->weights.tensor = &made.tensor;
    made.weights[3] = 99; /* edited by hand */
    st_moments_add(moments, &made.snapshot, NULL);
    assert_int_equal(st_moments_count(moments), 6);
    const StMoment *newest = st_moments_hold(moments, -1);
    assert_float_equal(newest->snapshot.weights.values[3], 99, 0);
    assert_true(isnan(newest->probe_loss));
    st_moments_release(moments, newest);

    add(moments, 33, 1); /* late */
    assert_int_equal(st_moments_count(moments), 6);
    const StMoment *unread = st_moments_unread(moments), *still = st_moments_hold(moments, 50);
    assert_ptr_equal(unread, still); /* the edited one */
    size_t bytes = st_moments_bytes(moments, NULL);
    st_moments_read(moments, unread, 0.25);
    assert_null(st_moments_unread(moments));
    assert_int_equal(st_moments_bytes(moments, NULL), bytes);
    newest = st_moments_hold(moments, -1);
    assert_true(newest->probe_loss == 0.25 && isnan(still->probe_loss));
    assert_float_equal(newest->snapshot.weights.values[3], 99, 0);
    st_moments_release(moments, unread);
    st_moments_release(moments, still);
    st_moments_release(moments, newest);
    st_moments_branch(moments, 20, 2);
    assert_int_equal(st_moments_count(moments), 3);
    make(&made, 21)->run = 2;
    st_moments_add(moments, &made.snapshot, NULL);
    assert_int_equal(st_moments_count(moments), 4);
    make(&made, 0)->run = 3; /* another run, announced by nobody */
    st_moments_add(moments, &made.snapshot, NULL);
    assert_int_equal(st_moments_count(moments), 1);
    st_moments_destroy(moments);
}

static void knows_where_it_was_well(void **unused) {
    (void)unused;
    static const double losses[] = {2, 1.9, 1, 1.4, 1.9, 2.5, NAN, INFINITY};
    StMoments *moments = st_moments_create(0, NULL);
    double loss, least;
    assert_int_equal(st_moments_good(moments, 10, NULL, NULL), -1);
    for (int i = 0; i < 8; i++)
        add(moments, 10 * i, losses[i]);
    assert_int_equal(st_moments_good(moments, 80, &loss, &least), 40);
    assert_true(loss == 1.9 && least == 1);
    assert_int_equal(st_moments_good(moments, 40, &loss, &least), 30);
    assert_int_equal(st_moments_good(moments, 20, &loss, &least), 10);
    assert_int_equal(st_moments_good(moments, 0, &loss, &least), 0);
    assert_true(isnan(least));
    st_moments_clear(moments);
    add(moments, 0, NAN);
    add(moments, 1, NAN);
    assert_int_equal(st_moments_good(moments, 9, NULL, NULL), 0);
    st_moments_destroy(moments);
}

static void takes_any_bound(void **unused) {
    (void)unused;
    StMoments *moments = st_moments_create(1, NULL);
    add(moments, 0, 1);
    assert_int_equal(st_moments_count(moments), 0);
    assert_null(st_moments_hold(moments, -1));
    st_moments_set_bound(moments, 0);
    for (int i = 0; i < 1000; i++)
        add(moments, i, 1);
    assert_int_equal(st_moments_count(moments), 1000);
    for (size_t each = 900; each > 0; each /= 2) {
        st_moments_set_bound(moments, each * EACH_AT_LEAST);
        assert_true(st_moments_bytes(moments, NULL) <= each * EACH_AT_LEAST);
    }
    st_moments_destroy(moments);
}

static void *add_many(void *moments) {
    for (int i = 0; i < 2000; i++)
        add(moments, i, 1);
    return NULL;
}

static void *hold_many(void *moments) {
    for (int i = 0; i < 2000; i++) {
        const StMoment *moment = st_moments_hold(moments, i);
        if (!moment) continue;
        assert_float_equal(moment->snapshot.weights.values[0], (float)moment->snapshot.step, 0);
        st_moments_next(moments, i, -1);
        st_moments_release(moments, moment);
    }
    return NULL;
}

static void serves_threads_at_once(void **unused) {
    (void)unused;
    StMoments *moments = st_moments_create(20 * EACH_AT_LEAST, NULL);
    pthread_t thread[3];
    void *(*const work[])(void *) = {add_many, hold_many, hold_many};
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, work[i], moments), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    assert_true(st_moments_bytes(moments, NULL) <= 20 * EACH_AT_LEAST);
    st_moments_destroy(moments);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_all_that_a_continuation_needs),
        cmocka_unit_test(stays_within_its_bound_and_even),
        cmocka_unit_test(is_even_whatever_the_speed),
        cmocka_unit_test(holders_keep_theirs),
        cmocka_unit_test(finds_the_nearest_and_the_next),
        cmocka_unit_test(follows_what_happens_to_the_run),
        cmocka_unit_test(knows_where_it_was_well),
        cmocka_unit_test(takes_any_bound),
        cmocka_unit_test(serves_threads_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
