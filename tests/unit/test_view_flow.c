/* What the views of activations and gradients keep over the steps, and how ribbons are drawn. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "views/ribbons.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add(Course *course, int64_t step, double value) {
    StFound found = {.ask = st_ask(0), .step = step, .run = 1};
    double values[2] = {value, -value};
    course_add(course, &found, values, 2);
}

static void test_course(void **unused) {
    (void)unused;
    Course course = {0};
    assert_int_equal(course_near(&course, 3), -1);
    add(&course, 10, 1);
    add(&course, 30, 3);
    add(&course, 20, 2); /* a moment of before, looked at later */
    add(&course, 30, 4); /* again: in its place */
    assert_int_equal(course.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(course.step[i], 10 * (i + 1));
    assert_true(course_at(&course, 1)[0] == 2 && course_at(&course, 2)[1] == -4);
    assert_int_equal(course_near(&course, 24), 1);
    add(&course, -1, 9); /* of a file: no step is known */
    assert_int_equal(course.count, 3);
    for (int i = 0; i < 5000; i++) /* bounded, and still in order */
        add(&course, 100 + i, i);
    assert_true(course.count <= COURSE_MOST && course.count >= COURSE_MOST / 2);
    for (int i = 1; i < course.count; i++)
        assert_true(course.step[i] > course.step[i - 1]);
    StFound other = {.ask = st_ask(0), .step = 7, .run = 2};
    course_add(&course, &other, (double[]){1, 2}, 2); /* another run */
    assert_int_equal(course.count, 1);
    other.ask.row = 4;
    course_add(&course, &other, (double[]){1, 2}, 2); /* another example */
    assert_int_equal(course.count, 1);
    course_add(&course, &other, (double[]){1, 2, 3}, 3); /* another stack */
    assert_true(course.count == 1 && course.width == 3);
    course_free(&course);
}

static int glyphs(const UiGrid *grid, uint32_t ch) {
    int count = 0;
    for (int i = 0; i < grid->w * grid->h; i++)
        count += grid->cell[i].ch == ch;
    return count;
}

static void draw(UiGrid *grid, bool blocks) {
    static const double low[RIBBONS] = {0, 1, 2, 3, 4, 5, 6, 7, 8},
                        high[RIBBONS] = {4, 5, 6, 7, 8, 9, 10, 11, 12};
    Ribbons ribbons = {.count = 2, .x = {1, 2}, .percentile = {low, high}, .x_name = "x", .blocks = blocks};
    ribbons.cursor = NAN;
    ribbons_draw(grid, ui_grid_rect(grid), &ribbons);
}

/* Without colours by shade: the strongest beside the median, and the median itself a line or strokes. */
static void test_ribbons(void **unused) {
    (void)unused;
    UiGrid *grid = ui_grid_create(40, 20, (UiLook){UI_BRAILLE, UI_MONO, false});
    for (int blocks = 0; blocks < 2; blocks++) {
        ui_grid_clear(grid);
        draw(grid, blocks);
        assert_true(glyphs(grid, 0x2588) > 20 && glyphs(grid, 0x2593) > 20 && glyphs(grid, 0x2591) > 20);
        char *text = ui_grid_string(grid);
        assert_null(strstr(text, "no points"));
        free(text);
    }
    ui_grid_free(grid);
    for (int h = 1; h < 12; h++) /* nothing crashes where there is no room */
        for (int w = 1; w < 40; w += 3) {
            grid =
                ui_grid_create(w, h, (UiLook){h % 2 ? UI_ASCII : UI_BLOCK, h % 3 ? UI_256 : UI_MONO, false});
            draw(grid, w % 2);
            ui_grid_free(grid);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_course), cmocka_unit_test(test_ribbons)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
