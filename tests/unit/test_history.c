/* The history of a run: bounded, with no spike and no gap lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "history.h"

#include <math.h>
#include <string.h>

static StRecord step_record(int64_t step, double loss) {
    return (StRecord){.first = step,
                      .step = step,
                      .epoch = (step + 9) / 10,
                      .seconds = (double)step * 0.5,
                      .rate = 0.1,
                      .train = {.loss = loss, .metric = {loss / 2}},
                      .loss_low = loss,
                      .loss_high = loss};
}

static History *begun(void) {
    History *history = history_create();
    assert_non_null(history);
    const char *names[] = {"accuracy"};
    history_begin(history, 3, 1, names, 10);
    return history;
}

static void test_axes(void **state) {
    (void)state;
    History *history = begun();
    for (int step = 1; step <= 20; step++) {
        StRecord record = step_record(step, 100 - step);
        history_add(history, &record, 1);
    }
    StRecord end = {.epoch_end = true,
                    .validated = true,
                    .step = 20,
                    .epoch = 2,
                    .seconds = 10,
                    .train = {.loss = 5},
                    .validation = {.loss = 6, .metric = {0.25}}};
    history_add(history, &end, 1);
    assert_int_equal(history_run(history), 3);
    assert_int_equal(history_series(history), 2);
    assert_string_equal(history_name(history, 1), "accuracy");
    assert_int_equal(history_find(history, "accuracy"), 1);
    assert_int_equal(history_find(history, "mse"), -1);
    size_t count;
    const UiPoint *point = history_points(history, 0, HISTORY_BATCH, HISTORY_STEP, &count);
    assert_int_equal(count, 20);
    assert_true(point[19].x == 20 && point[19].y == 80);
    point = history_points(history, 1, HISTORY_BATCH, HISTORY_EPOCH, &count);
    assert_true(point[4].x == 0.5 && point[4].y == 47.5);
    point = history_points(history, 0, HISTORY_BATCH, HISTORY_SECOND, &count);
    assert_true(point[4].x == 2.5);
    point = history_points(history, 0, HISTORY_FIT, HISTORY_EPOCH, &count);
    assert_int_equal(count, 1);
    assert_true(point[0].x == 2 && point[0].y == 5);
    point = history_points(history, 1, HISTORY_VALIDATION, HISTORY_STEP, &count);
    assert_int_equal(count, 1);
    assert_true(point[0].x == 20 && point[0].y == 0.25);
    assert_null(history_points(history, 2, HISTORY_FIT, HISTORY_STEP, &count));
    assert_int_equal(count, 0);
    history_free(history);
}

static void test_no_spike_is_lost(void **state) {
    (void)state;
    History *history = begun();
    enum { STEPS = 100000, SPIKE = 31337 };
    double sum = 0, weight = 0, previous = 0;
    for (int step = 1; step <= STEPS; step++) {
        StRecord record = step_record(step, step == SPIKE ? 50 : step % 2 ? 1 : 3);
        sum += record.train.loss;
        history_add(history, &record, 1);
    }
    size_t count;
    const UiPoint *point = history_points(history, 0, HISTORY_BATCH, HISTORY_STEP, &count);
    assert_in_range(count, 1000, 4096);
    double low = INFINITY, high = 0, high_at = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(point[i].x > previous);
        low = fmin(low, point[i].low);
        if (point[i].high > high) high = point[i].high, high_at = point[i].x;
        weight += point[i].y * (point[i].x - previous);
        previous = point[i].x;
    }
    assert_true(previous == STEPS);
    assert_true(low == 1 && high == 50);
    assert_true(high_at >= SPIKE && high_at < SPIKE + 64);
    assert_true(fabs(weight - sum) < 1e-6 * sum); /* means are weighted */
    history_free(history);
}

static void test_gap_stays(void **state) {
    (void)state;
    History *history = begun();
    for (int step = 1; step <= 10000; step++) {
        StRecord record = step_record(step, step == 777 ? NAN : 1);
        history_add(history, &record, 1);
    }
    size_t count, gaps = 0;
    const UiPoint *point = history_points(history, 0, HISTORY_BATCH, HISTORY_STEP, &count);
    for (size_t i = 0; i < count; i++)
        gaps += !isfinite(point[i].y);
    assert_int_equal(gaps, 1);
    history_free(history);
}

static void test_merged_records(void **state) {
    (void)state;
    History *history = begun();
    StRecord record = step_record(40, 2);
    record.first = 1, record.loss_low = 0.5, record.loss_high = 9;
    history_add(history, &record, 1);
    size_t count;
    const UiPoint *point = history_points(history, 0, HISTORY_BATCH, HISTORY_STEP, &count);
    assert_int_equal(count, 1);
    assert_true(point[0].x == 40 && point[0].low == 0.5 && point[0].high == 9);
    history_free(history);
}

static void test_rate_changes(void **state) {
    (void)state;
    History *history = begun();
    for (int step = 1; step <= 30; step++) {
        StRecord record = step_record(step, 1);
        record.rate = step < 11 ? 0.1 : step < 21 ? 0.2 : 0.1;
        history_add(history, &record, 1);
    }
    double x[8];
    assert_int_equal(history_rate_changes(history, HISTORY_STEP, x, 8), 2);
    assert_true(x[0] == 11 && x[1] == 21);
    assert_int_equal(history_rate_changes(history, HISTORY_EPOCH, x, 1), 1);
    assert_true(x[0] == 2.1);
    size_t count;
    const UiPoint *rate = history_rate(history, HISTORY_STEP, &count);
    assert_int_equal(count, 30);
    assert_true(rate[15].y == 0.2);
    history_begin(history, 4, 0, NULL, 10);
    assert_int_equal(history_rate_changes(history, HISTORY_STEP, x, 8), 0);
    assert_int_equal(history_series(history), 1);
    history_free(history);
}

/* Records come many at a time, and points are merged: neither is a change of the rate. */
static void test_rate_changes_in_batches(void **state) {
    (void)state;
    History *history = begun();
    StRecord record[50];
    for (int batch = 0; batch < 400; batch++) {
        for (int i = 0; i < 50; i++) {
            record[i] = step_record(batch * 50 + i + 1, 1);
            record[i].rate = batch < 300 ? 0.1 : 0.003;
        }
        history_add(history, record, 50);
    }
    double x[8];
    assert_int_equal(history_rate_changes(history, HISTORY_STEP, x, 8), 1);
    assert_true(x[0] == 15001);
    history_free(history);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axes),         cmocka_unit_test(test_no_spike_is_lost),
        cmocka_unit_test(test_gap_stays),    cmocka_unit_test(test_merged_records),
        cmocka_unit_test(test_rate_changes), cmocka_unit_test(test_rate_changes_in_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
