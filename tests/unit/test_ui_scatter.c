/* Scatter plots: where dots fall, whose colour and letter a cell has, marks, small areas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scatter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const UiLook colour = {UI_BRAILLE, UI_256, false}, mono = {UI_BRAILLE, UI_MONO, false},
                    ascii = {UI_ASCII, UI_256, false};

static UiGrid *drawn(int w, int h, UiLook look, const UiScatter *scatter) {
    UiGrid *grid = ui_grid_create(w, h, look);
    assert_non_null(grid);
    ui_scatter_draw(grid, ui_grid_rect(grid), scatter);
    return grid;
}

static uint32_t at(const UiGrid *grid, int x, int y) {
    return ui_grid_at(grid, x, y)->ch;
}

/* The corners of the window are the corners of the picture. */
static void test_corners(void **unused) {
    (void)unused;
    UiDot dots[] = {{0, 0, 0, 0, false}, {19, 0, 1, 0, false}, {0, 19, 2, 0, false}, {19, 19, 3, 0, false}};
    UiScatter scatter = {0, 19, 0, 19, .dot = dots, .dots = 4};
    UiGrid *grid = drawn(10, 5, colour, &scatter); /* 20 x 20 dots */
    assert_int_equal(at(grid, 0, 0), 0x2801);
    assert_int_equal(at(grid, 9, 0), 0x2808);
    assert_int_equal(at(grid, 9, 4), 0x2880);
    for (int k = 0; k < 2; k++)
        assert_true(ui_style_same(ui_grid_at(grid, 9 * k, 4)->style, ui_style(&colour, ui_class_ink(k))));
    ui_grid_free(grid);
}

/* One scale for both axes: a wide area does not stretch what is square. */
static void test_true_distances(void **unused) {
    (void)unused;
    UiDot dots[] = {{0, 0, 0, 0, false}, {19, 19, 0, 0, false}};
    UiScatter scatter = {0, 19, 0, 19, .dot = dots, .dots = 2};
    UiGrid *grid = drawn(30, 5, colour, &scatter);
    int left = -1, right = -1;
    for (int x = 0; x < 30; x++)
        for (int y = 0; y < 5; y++)
            if (at(grid, x, y) != ' ') left = left < 0 ? x : left, right = x;
    assert_int_equal(right - left, 9); /* ten columns are as wide as five rows are high */
    ui_grid_free(grid);
    scatter.stretch = true;
    grid = drawn(30, 5, colour, &scatter);
    assert_true(at(grid, 0, 4) != ' ' && at(grid, 29, 0) != ' ');
    ui_grid_free(grid);
}

/* Without colour, or without braille, a cell has the letter of the class that is most frequent there. */
static void test_letters(void **unused) {
    (void)unused;
    uint32_t letter[] = {'a', 'b'};
    UiDot dots[] = {{0, 0, 1, 0, false}, {0.1, 0, 0, 0, false}, {0, 0.1, 1, 0, false}, {9, 9, 0, 0, false}};
    UiScatter scatter = {0, 9, 0, 9, .dot = dots, .dots = 4, .letter = letter, .letters = 2};
    for (int i = 0; i < 2; i++) {
        UiGrid *grid = drawn(10, 5, i ? ascii : mono, &scatter);
        assert_int_equal(at(grid, 0, 4), 'b');
        assert_int_equal(at(grid, 9, 0), 'a');
        ui_grid_free(grid);
    }
}

static void test_values(void **unused) {
    (void)unused;
    UiDot dots[] = {{0, 0, -1, -1, false}, {5, 5, -1, 0, false}, {9, 9, -1, 1, false}};
    UiScatter scatter = {0, 9, 0, 9, .dot = dots, .dots = 3};
    UiGrid *grid = drawn(10, 5, ascii, &scatter);
    char *text = ui_grid_string(grid);
    assert_true(strchr(text, '-') && strchr(text, '+') && strchr(text, '.'));
    free(text);
    ui_grid_free(grid);
}

static void test_marks(void **unused) {
    (void)unused;
    UiTag tags[] = {{5, 5, 0, 'S'}, {NAN, 5, 1, 'T'}, {100, 5, 1, 'U'}};
    UiStroke stroke = {0, 0, 9, 9, 'x'};
    UiScatter scatter = {0, 9, 0, 9, .tag = tags, .tags = 3, .stroke = &stroke, .strokes = 1};
    UiGrid *grid = drawn(40, 20, mono, &scatter);
    char *text = ui_grid_string(grid);
    assert_non_null(strstr(text, "(S)"));
    assert_null(strchr(text, 'T')); /* has no place */
    assert_null(strchr(text, 'U')); /* beyond the window */
    assert_non_null(strchr(text, 'x'));
    free(text);
    ui_grid_free(grid);
}

static void test_small_areas(void **unused) {
    (void)unused;
    UiDot dots[] = {{1, 1, 0, 0, false}, {1, 1, 1, 0, true}};
    UiTag tag = {1, 1, -1, '*'};
    UiScatter scatter = {1, 1, 1, 1, .dot = dots, .dots = 2, .tag = &tag, .tags = 1};
    for (int w = 1; w <= 4; w++)
        for (int h = 1; h <= 3; h++) {
            UiGrid *grid = drawn(w, h, h % 2 ? colour : ascii, &scatter);
            ui_scatter_draw(grid, (UiRect){-2, -2, 1, 1}, &scatter);
            ui_scatter_draw(grid, (UiRect){0, 0, 0, 5}, &scatter);
            ui_grid_free(grid);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corners), cmocka_unit_test(test_true_distances),
                                       cmocka_unit_test(test_letters), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_marks),   cmocka_unit_test(test_small_areas)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
