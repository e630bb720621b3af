/* The view of geometry in a terminal: every method at several sizes, in colour, mono and ASCII; the cloud
 * turns, layers are gone through. */
#include "screen/views_place.h"

static const char recipe[] = "seed 3\n"
                             "data synthetic random samples=240 features=12 classes=4\n"
                             "dense 10 relu\n"
                             "dense 8 relu\n"
                             "dense 4 softmax\n"
                             "compile optimizer=adam loss=sparse_categorical_crossentropy\n"
                             "fit epochs=3 batch_size=20\n";

static int make(void **state) {
    return place_make_with(state, recipe);
}

/* A run that is over, and the view. */
static Vt *begin(void *place, int w, int h, bool ascii) {
    Vt *vt = place_start(place, w, h, NULL, false, ascii);
    vt_key(vt, "space");
    VT_WANT(vt, vt_shows(vt, w >= 80 ? "done" : "3/3"));
    vt_key(vt, "6");
    vt_key(vt, "P");
    VT_WANT(vt, vt_shows(vt, "PC1 "));
    return vt;
}

static const char *const shown[] = {"2 dense_1", "input", "least", "now against", "accuracy of 120 rows",
                                    "stable"};
enum { METHODS = sizeof shown / sizeof *shown };

static void every_method(void **state, int w, int h, bool ascii) {
    Vt *vt = begin(*state, w, h, ascii);
    for (int i = 0; i < METHODS; i++) {
        if (i > 0) vt_key(vt, "v");
        VT_WANT(vt, vt_shows(vt, shown[i]));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        if (w >= 80) VT_WANT(vt, vt_shows(vt, "bad: "));
        for (int y = 0; y < h; y++) /* nothing is written over the edge */
            assert_true(vt_cell(vt, w - 1, y).ch != 0);
    }
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
    every_method(state, 120, 40, true);
}

static void it_turns(void **state) {
    Vt *vt = begin(*state, 80, 24, false);
    vt_key(vt, "d");
    VT_WANT(vt, vt_shows(vt, "turned 30° tilted 15°"));
    vt_key(vt, "left");
    VT_WANT(vt, vt_shows(vt, "turned 15° tilted 15°"));
    vt_key(vt, "up");
    VT_WANT(vt, vt_shows(vt, "turned 15° tilted 30°"));
    vt_key(vt, "home");
    VT_WANT(vt, vt_shows(vt, "turned 0° tilted 0°"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "→ PC1"));
    vt_key(vt, "v");
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "changes least"));
    vt_key(vt, "d"); /* from any picture */
    VT_WANT(vt, vt_shows(vt, "turned 30° tilted 15°"));
    vt_end(vt);
}

/* Layers against a moment of one's choice. */
static void other_moments(void **state) {
    Vt *vt = begin(*state, 80, 24, false);
    vt_key(vt, "f");
    VT_WANT(vt, vt_shows(vt, "now against step 36"));
    VT_WANT(vt, vt_shows(vt, "1.00"));
    vt_key(vt, "s");
    VT_WANT(vt, vt_shows(vt, "step 37 · measured"));
    VT_WANT(vt, vt_shows(vt, "now against step 36"));
    vt_key(vt, "F");
    VT_WANT(vt, vt_shows(vt, "now against the start of the run"));
    vt_end(vt);
}

static void layers_and_examples(void **state) {
    Vt *vt = begin(*state, 80, 24, false);
    VT_WANT(vt, vt_shows(vt, "2 dense_1 · 8 wide"));
    vt_key(vt, "[");
    VT_WANT(vt, vt_shows(vt, "1 dense · 10 wide"));
    vt_key(vt, "]");
    vt_key(vt, "]");
    VT_WANT(vt, vt_shows(vt, "3 dense_2 · 4 wide"));
    VT_WANT(vt, vt_hides(vt, "◆"));
    vt_key(vt, "."); /* the example that is looked at is marked */
    VT_WANT(vt, vt_shows(vt, "◆ row 1: "));
    vt_key(vt, "V");
    VT_WANT(vt, vt_shows(vt, "3 dense_2 · dense_2/kernel as 8x4"));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_80x24, make, place_remove),
        cmocka_unit_test_setup_teardown(at_40x10, make, place_remove),
        cmocka_unit_test_setup_teardown(in_ascii, make, place_remove),
        cmocka_unit_test_setup_teardown(it_turns, make, place_remove),
        cmocka_unit_test_setup_teardown(other_moments, make, place_remove),
        cmocka_unit_test_setup_teardown(layers_and_examples, make, place_remove)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
