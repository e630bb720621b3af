/* The view of the surface in a terminal: every method at several sizes, in colour, mono and ASCII; made when
 * asked for; the cursor; a line that begins at another moment. */
#include "screen/views_place.h"

static const char recipe[] = "seed 3\n"
                             "data synthetic circle samples=200 noise=0.05\n"
                             "dense 8 tanh\n"
                             "dense 1 sigmoid\n"
                             "compile optimizer=sgd learning_rate=0.5 momentum=0.5 loss=binary_crossentropy\n"
                             "fit epochs=20 batch_size=20\n";

static int make(void **state) {
    return place_make_with(state, recipe);
}

/* A run that is over, and the view with nothing made yet. */
static Vt *begin(void *place, int w, int h, bool ascii) {
    Vt *vt = place_start(place, w, h, NULL, false, ascii);
    vt_key(vt, "5");
    for (int i = 1; i <= 4; i++) { /* step by step, so that each is among the moments */
        char at[40];
        snprintf(at, sizeof at, "WEIGHTS at step %d", i);
        vt_key(vt, "s");
        VT_WANT(vt, vt_shows(vt, at));
    }
    vt_key(vt, "space");
    VT_WANT(vt, vt_shows(vt, w >= 80 ? "done" : "20/20"));
    vt_key(vt, "6");
    vt_key(vt, "S");
    VT_WANT(vt, vt_shows(vt, "enter makes it: 31 F"));
    return vt;
}

/* What each method shows once it is made, at 80 columns and at 40. */
static const struct {
    const char *wide, *narrow;
} shown[] = {{"distance", "start"},
             {"in this plane", "least"},
             {"variance of the path", "least"},
             {"edge, with momentum", "largest eigenvalue"},
             {"of the edge", "of the edge"},
             {"batch_size 20", "noise scale"}};
enum { METHODS = sizeof shown / sizeof *shown };

static void every_method(void **state, int w, int h, bool ascii) {
    Vt *vt = begin(*state, w, h, ascii);
    for (int i = 0; i < METHODS; i++) {
        if (i > 0) vt_key(vt, "v");
        VT_WANT(vt, vt_shows(vt, "enter makes it"));
        vt_key(vt, "enter");
        VT_WANT(vt, vt_shows(vt, w >= 80 ? shown[i].wide : shown[i].narrow));
        VT_WANT(vt, vt_hides(vt, "enter makes it"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        for (int y = 0; y < h; y++) /* nothing is written over the edge */
            assert_true(vt_cell(vt, w - 1, y).ch != 0);
    }
    vt_key(vt, "v"); /* round: what was made is there */
    VT_WANT(vt, vt_shows(vt, shown[0].narrow));
    vt_end(vt);
}

static void at_80x24(void **state) {
    every_method(state, 80, 24, false);
}

static void at_40x10(void **state) {
    every_method(state, 40, 10, false);
}

static void in_ascii(void **state) {
    every_method(state, 80, 24, true);
    every_method(state, 40, 10, true);
}

static void the_map_is_coloured(void **state) {
    Vt *vt = begin(*state, 80, 24, false);
    vt_key(vt, "v");
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "in this plane"));
    int x, y, colours = 0;
    VT_WANT(vt, vt_find(vt, "◆", &x, &y));
    for (int i = 8; i < 40; i++) /* the row through the weights climbs to both sides */
        colours += vt_cell(vt, i, y).bg != vt_cell(vt, i + 1, y).bg;
    assert_true(colours >= 4);
    vt_end(vt);
}

static void the_cursor_reads(void **state) {
    Vt *vt = begin(*state, 80, 24, false);
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "distance"));
    vt_key(vt, "c");
    VT_WANT(vt, vt_shows(vt, "a = 1.00"));
    vt_key(vt, "left");
    VT_WANT(vt, vt_shows(vt, "a = 0.95"));
    vt_key(vt, "v");
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "at a 0, b 0"));
    vt_key(vt, "right");
    vt_key(vt, "up");
    VT_WANT(vt, vt_shows(vt, "at a 0.05, b 0.1"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_hides(vt, "at a 0.05"));
    VT_WANT(vt, vt_shows(vt, "Surface"));
    vt_end(vt);
}

static void a_line_from_another_moment(void **state) {
    Vt *vt = begin(*state, 80, 24, false);
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "○ start"));
    place_line(vt, "surface from");
    VT_WANT(vt, vt_shows(vt, "the next line begins at step 200"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "both ends are the same weights"));
    vt_key(vt, "F");
    VT_WANT(vt, vt_shows(vt, "the next line begins at the start"));
    place_line(vt, "surface nowhere");
    VT_WANT(vt, vt_shows(vt, "wanted log, from or from start"));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_80x24, make, place_remove),
        cmocka_unit_test_setup_teardown(at_40x10, make, place_remove),
        cmocka_unit_test_setup_teardown(in_ascii, make, place_remove),
        cmocka_unit_test_setup_teardown(the_map_is_coloured, make, place_remove),
        cmocka_unit_test_setup_teardown(the_cursor_reads, make, place_remove),
        cmocka_unit_test_setup_teardown(a_line_from_another_moment, make, place_remove)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
