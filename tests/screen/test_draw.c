/* The view Draw in a terminal: drawn on with keys and mouse, a table's features changed, at several sizes. */
#include "screen/views_place.h"

static const char flowers[] = "samples/iris.strata", digits[] = "samples/digits.strata";

static int make(void **state) {
    return place_make_with(state, "");
}

/* The view on a network that rests after one step. */
static Vt *start(void **state, const char *recipe, int w, int h, bool ascii) {
    Vt *vt = place_start(*state, w, h, recipe, false, ascii);
    vt_key(vt, "s");
    vt_key(vt, "6");
    vt_key(vt, "D");
    VT_WANT(vt, vt_shows(vt, w < 80 ? " %" : "answers "));
    return vt;
}

enum { LEFT = 1, TOP = 6 }; /* of the canvas at 80x24 */

static void test_keys(void **state) {
    Vt *vt = start(state, digits, 80, 24, false);
    VT_WANT(vt, vt_shows(vt, "row 0 of test"));
    VT_WANT(vt, vt_shows(vt, "saliency |∂S/∂x|"));
    VT_WANT(vt, vt_shows(vt, "fires  1 dense"));
    vt_key(vt, "c");
    VT_WANT(vt, vt_shows(vt, "made by hand"));
    VT_WANT(vt, vt_shows(vt, "the row: "));
    uint64_t blank = colours(vt, LEFT, TOP + 2, 24, 10);
    vt_key(vt, "right");
    vt_key(vt, "down");
    VT_WANT(vt, vt_shows(vt, "5,5: 0 "));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "5,5: 16 · pen down"));
    vt_key(vt, "down");
    vt_key(vt, "down");
    vt_key(vt, "right");
    VT_WANT(vt, vt_shows(vt, "7,6: 16 · pen down"));
    assert_true(colours(vt, LEFT, TOP + 2, 24, 10) != blank);
    vt_key(vt, "del");
    VT_WANT(vt, vt_shows(vt, "7,6: 0 "));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_hides(vt, "pen down"));
    vt_key(vt, "z");
    VT_WANT(vt, vt_shows(vt, "7,6: 16 "));
    vt_key(vt, "z");
    VT_WANT(vt, vt_shows(vt, "7,6: 0 "));
    vt_key(vt, "x");
    VT_WANT(vt, vt_shows(vt, "row 0 of test"));
    VT_WANT(vt, vt_hides(vt, "the row: "));
    vt_end(vt);
}

/* A cell of the screen to the middle of an image's 8x8 pixel, drawn three columns wide, three halves high. */
static int at_x(int column) {
    return LEFT + 3 * column + 1;
}

static int at_y(int row) {
    return TOP + (3 * row + 1) / 2;
}

static void test_mouse(void **state) {
    Vt *vt = start(state, digits, 80, 24, false);
    vt_key(vt, "c");
    VT_WANT(vt, vt_shows(vt, "made by hand"));
    vt_mouse(vt, at_x(2), at_y(1), 1, true);
    VT_WANT(vt, vt_shows(vt, "1,2: 16 "));
    vt_mouse(vt, at_x(2), at_y(6), 0, false);
    VT_WANT(vt, vt_shows(vt, "6,2: 16 "));
    vt_mouse(vt, at_x(2), at_y(6), 1, false);
    /* what lies between was drawn too, though no event was there */
    for (int row = 5; row > 1; row--) {
        char words[24];
        snprintf(words, sizeof words, "%d,2: 16 ", row);
        vt_key(vt, "up");
        VT_WANT(vt, vt_shows(vt, words));
    }
    vt_mouse(vt, at_x(2), at_y(4), 3, true);
    vt_mouse(vt, at_x(2), at_y(4), 3, false);
    VT_WANT(vt, vt_shows(vt, "4,2: 0 "));
    vt_end(vt);
}

/* 28x28: a cell of the screen is two pixels, and the pen is soft. */
static void test_mouse_on_halves(void **state) {
    Vt *vt = start(state, "samples/fashion.strata", 80, 24, false);
    VT_WANT(vt, vt_shows(vt, "mouse or enter draws"));
    vt_key(vt, "c");
    vt_mouse(vt, LEFT + 10, TOP + 5, 1, true);
    VT_WANT(vt, vt_shows(vt, "10,10: 255"));
    vt_mouse(vt, LEFT + 10, TOP + 9, 0, false);
    VT_WANT(vt, vt_shows(vt, "18,10: 255"));
    vt_mouse(vt, LEFT + 10, TOP + 9, 1, false);
    vt_key(vt, "up");
    VT_WANT(vt, vt_shows(vt, "17,10: 255"));
    vt_key(vt, "right");
    VT_WANT(vt, vt_shows(vt, "17,11: 153")); /* at the edge of the stroke: 1.6 - 1 of it */
    vt_key(vt, "right");
    VT_WANT(vt, vt_shows(vt, "17,12: 0 "));
    vt_end(vt);
}

/* What is drawn is what the other views look at, and it is there when one comes back. */
static void test_it_is_the_gaze(void **state) {
    Vt *vt = start(state, digits, 80, 24, false);
    place_line(vt, "what_if 3,5 7");
    VT_WANT(vt, vt_shows(vt, "→ 7; what_if undo takes it back"));
    VT_WANT(vt, vt_shows(vt, "DRAW · What if · made by hand"));
    vt_key(vt, "W");
    VT_WANT(vt, vt_shows(vt, "WHY · "));
    VT_WANT(vt, vt_shows(vt, "made by hand"));
    place_line(vt, "what_if 3,6 5");
    VT_WANT(vt, vt_shows(vt, "3,6: "));
    VT_WANT(vt, vt_shows(vt, "WHY · "));
    vt_key(vt, "D");
    VT_WANT(vt, vt_shows(vt, "DRAW · What if · made by hand"));
    place_line(vt, "what_if 9,9 1");
    VT_WANT(vt, vt_shows(vt, "'9,9': wanted"));
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "Nearest other · made by hand"));
    VT_WANT(vt, vt_shows(vt, "train row "));
    vt_key(vt, ".");
    VT_WANT(vt, vt_shows(vt, "row 1 of test"));
    vt_end(vt);
}

static void test_table(void **state) {
    Vt *vt = start(state, flowers, 80, 24, false);
    VT_WANT(vt, vt_shows(vt, "petal_length"));
    VT_WANT(vt, vt_shows(vt, "setosa"));
    place_line(vt, "what_if petal_length 4.2");
    VT_WANT(vt, vt_shows(vt, "→ 4.2; what_if undo takes it back"));
    VT_WANT(vt, vt_shows(vt, "made by hand"));
    vt_key(vt, "down");
    vt_key(vt, "down");
    vt_key(vt, "right");
    VT_WANT(vt, vt_shows(vt, "4.495")); /* a twentieth of 1 … 6.9 more */
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "what_if petal_length"));
    vt_type(vt, "2");
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "4.495 → 2; "));
    vt_key(vt, "backspace");
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "nearest"));
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "flips at"));
    VT_WANT(vt, vt_shows(vt, "of its range away"));
    place_line(vt, "what_if petal_lenght 3");
    VT_WANT(vt, vt_shows(vt, "did you mean 'petal_length'"));
    vt_end(vt);
}

static void test_sizes(void **state) {
    static const struct { int w, h; } sizes[] = {{80, 24}, {40, 10}};
    for (int i = 0; i < 4; i++) {
        Vt *vt = start(state, i % 2 ? digits : flowers, sizes[i / 2].w, sizes[i / 2].h, true);
        VT_WANT(vt, all_ascii(vt));
        VT_WANT(vt, vt_shows(vt, i % 2 ? "answers" : "sepal_wid"));
        vt_key(vt, "c");
        vt_key(vt, "right");
        VT_WANT(vt, vt_shows(vt, "made by hand"));
        VT_WANT(vt, all_ascii(vt));
        vt_key(vt, "v");
        VT_WANT(vt, vt_shows(vt, "Nearest other"));
        VT_WANT(vt, all_ascii(vt));
        vt_end(vt);
    }
    /* keys that come before there is anything to change */
    Vt *vt = place_start(*state, 40, 10, digits, false, false);
    vt_key(vt, "6");
    vt_key(vt, "D");
    vt_key(vt, "right");
    vt_key(vt, "enter");
    vt_key(vt, "del");
    VT_WANT(vt, vt_shows(vt, "no network to look into"));
    vt_end(vt);
    vt = start(state, digits, 40, 10, false);
    vt_click(vt, 4, 4);
    VT_WANT(vt, vt_shows(vt, "answers "));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys, make, place_remove),
        cmocka_unit_test_setup_teardown(test_mouse, make, place_remove),
        cmocka_unit_test_setup_teardown(test_mouse_on_halves, make, place_remove),
        cmocka_unit_test_setup_teardown(test_it_is_the_gaze, make, place_remove),
        cmocka_unit_test_setup_teardown(test_table, make, place_remove),
        cmocka_unit_test_setup_teardown(test_sizes, make, place_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
