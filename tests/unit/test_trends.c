/* Readings over time in bounded memory. */
#include "trends.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void add(Trends *trends, uint64_t run, int64_t step, double norm) {
    StHealth health[2] = {{.layer = 0}, {.layer = 1}};
    for (int i = 0; i < ST_READING_COUNT; i++)
        health[0].value[i] = health[1].value[i] = NAN;
    health[0].value[ST_READING_NORM] = norm;
    trends_add(trends, &(StReadings){.step = step, .run = run, .count = 2, .health = health});
}

static void test_keeps_every_spike(void **unused) {
    (void)unused;
    Trends *trends = trends_create();
    UiPoint point[TRENDS_POINTS];
    for (int i = 0; i < 10000; i++)
        add(trends, 1, i, i == 4321 ? 99 : 1);
    size_t n = trends_points(trends, 0, ST_READING_NORM, point);
    assert_in_range(n, TRENDS_POINTS / 2, TRENDS_POINTS);
    double high = 0;
    for (size_t i = 0; i < n; i++) {
        high = fmax(high, point[i].high);
        if (i) assert_true(point[i].x > point[i - 1].x);
        assert_true(point[i].low == 1);
    }
    assert_true(high == 99);
    assert_true(point[n - 1].x == 9999);
    assert_int_equal(trends_points(trends, 1, ST_READING_NORM, point), n);
    assert_true(isnan(point[0].y)); /* not available is not zero */
    assert_int_equal(trends_points(trends, 2, ST_READING_NORM, point), 0);
    trends_free(trends);
}

static void test_begins_anew(void **unused) {
    (void)unused;
    Trends *trends = trends_create();
    add(trends, 1, 1, 1);
    add(trends, 1, 2, 2);
    add(trends, 1, 2, 3); /* the same step again */
    assert_int_equal(trends_length(trends), 2);
    float level[4];
    assert_int_equal(trends_levels(trends, 0, ST_READING_NORM, 4, level), 2);
    assert_true(level[0] == 1 && level[1] == 3);
    add(trends, 2, 1, 5); /* another run */
    assert_int_equal(trends_length(trends), 1);
    add(trends, 2, 7, 6);
    add(trends, 2, 0, 7); /* back to an earlier step */
    assert_int_equal(trends_length(trends), 1);
    trends_clear(trends);
    assert_int_equal(trends_length(trends), 0);
    trends_free(trends);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keeps_every_spike),
                                       cmocka_unit_test(test_begins_anew)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
