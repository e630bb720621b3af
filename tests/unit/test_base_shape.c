/* Shapes and sizes that may be too large. */
#include "base/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void reads_and_prints(void **state) {
    (void)state;
    const char *const good[] = {"4", "28x28x1", "1x2x3x4", "2147483647x2147483647x2147483647x2147483647"};
    const char *const bad[] = {"",    "x",    "0",     "4x",        "x4",         "4x0",
                               "-1",  "4x-2", "4 x 4", "1x1x1x1x1", "2147483648", "99999999999999999999999",
                               "4.5", "4X4",  "+4"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        StShape shape;
        char text[ST_SHAPE_TEXT];
        assert_true(st_shape_parse(good[i], &shape, NULL));
        assert_string_equal(st_shape_print(&shape, text), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        StShape shape = {1, {77}};
        StError error = {0};
        assert_false(st_shape_parse(bad[i], &shape, &error));
        assert_int_equal(error.code, ST_ERR_SHAPE);
        assert_non_null(strstr(error.message, bad[i]));
        assert_int_equal(shape.dim[0], 77); /* untouched */
    }
    StShape unknown = {0};
    char text[ST_SHAPE_TEXT];
    assert_string_equal(st_shape_print(&unknown, text), "?");
}

static void one_extent_may_be_open(void **state) {
    (void)state;
    const char *const good[] = {"-1", "-1x7", "7x-1x2", "4"};
    const char *const bad[] = {"-1x-1", "-2", "0x-1", "-1x", "-17", "-"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        StShape shape;
        char text[ST_SHAPE_TEXT];
        assert_true(st_shape_parse_open(good[i], &shape, NULL));
        assert_string_equal(st_shape_print(&shape, text), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        StShape shape = {1, {77}};
        StError error = {0};
        assert_false(st_shape_parse_open(bad[i], &shape, &error));
        assert_int_equal(error.code, ST_ERR_SHAPE);
        assert_int_equal(shape.dim[0], 77);
    }
}

static void sizes(void **state) {
    (void)state;
    StShape a = st_shape(3, 28, 28, 3), b = st_shape(3, 28, 28, 3), c = st_shape(2, 28, 28);
    assert_int_equal(st_shape_size(&a), 28 * 28 * 3);
    assert_true(st_shape_equal(&a, &b));
    assert_false(st_shape_equal(&a, &c));
    b.dim[2] = 1;
    assert_false(st_shape_equal(&a, &b));
    StShape none = {0};
    assert_int_equal(st_shape_size(&none), 0);
    StShape huge = {4, {INT32_MAX, INT32_MAX, INT32_MAX, 1}};
    assert_int_equal(st_shape_size(&huge), -1);
}

static void too_large_stays_too_large(void **state) {
    (void)state;
    assert_int_equal(st_times(3, 4), 12);
    assert_int_equal(st_times(INT64_MAX, 1), INT64_MAX);
    assert_int_equal(st_times(INT64_MAX, 2), -1);
    assert_int_equal(st_times(-1, 0), -1);
    assert_int_equal(st_times(0, -1), -1);
    assert_int_equal(st_plus(INT64_MAX, 0), INT64_MAX);
    assert_int_equal(st_plus(INT64_MAX, 1), -1);
    assert_int_equal(st_plus(-1, 5), -1);
    assert_int_equal(st_plus(st_times(INT64_MAX, 2), 5), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_and_prints),
                                       cmocka_unit_test(one_extent_may_be_open), cmocka_unit_test(sizes),
                                       cmocka_unit_test(too_large_stays_too_large)};
    return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
