/* The view Why in a terminal: pictures beside their control, tables as bars, what is asked for made by enter.
 */
#include "screen/views_place.h"

#define MARKED "samples/watermark.strata"
#define TABLE  "samples/penguins.strata"

static int make(void **state) {
    return place_make_with(state, "dense 1\n");
}

static Vt *start(Place *place, const char *recipe, int w, int h, bool ascii) {
    Vt *vt = place_start(place, w, h, recipe, true, ascii);
    vt_key(vt, "6");
    VT_WANT(vt, vt_shows(vt, "Why this answer?"));
    vt_key(vt, "W");
    VT_WANT(vt, vt_shows(vt, "score of"));
    return vt;
}

static void test_pictures(void **state) {
    static const struct { int w, h; } sizes[] = {{80, 24}, {120, 40}};
    for (int i = 0; i < 4; i++) {
        bool ascii = i >= 2;
        Vt *vt = start(*state, MARKED, sizes[i % 2].w, sizes[i % 2].h, ascii);
        VT_WANT(vt, vt_shows(vt, "Why"));
        VT_WANT(vt, vt_shows(vt, "Saliency 0"));
        VT_WANT(vt, vt_shows(vt, "random weights (control)"));
        VT_WANT(vt, vt_shows(vt, "how much each input moves the score"));
        VT_WANT(vt, vt_shows(vt, "bad: the same picture from random weights"));
        VT_WANT(vt, vt_shows(vt, "like random weights (rank correlation"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_end(vt);
    }
}

/* What is not yet trained has learnt nothing, whatever the control says. */
static void test_untrained(void **state) {
    Vt *vt = place_start(*state, 80, 24, MARKED, true, false);
    vt_key(vt, "6");
    VT_WANT(vt, vt_shows(vt, "Why this answer?"));
    vt_key(vt, "W");
    VT_WANT(vt, vt_shows(vt, "like random weights (rank correlation"));
    place_line(vt, "pause");
    place_line(vt, "moment first");
    VT_WANT(vt, vt_shows(vt, "untrained: nothing was learnt yet"));
    vt_end(vt);
}

/* The one picture that counts, and the words that do. */
static void test_small(void **state) {
    for (int ascii = 0; ascii < 2; ascii++) {
        Vt *vt = start(*state, MARKED, 40, 10, ascii);
        VT_WANT(vt, vt_shows(vt, "Saliency"));
        VT_WANT(vt, vt_shows(vt, "v method"));
        VT_WANT(vt, vt_shows(vt, "like control"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_key(vt, "v");
        VT_WANT(vt, vt_shows(vt, ascii ? "gap d" : "gap δ"));
        vt_end(vt);
    }
}

enum {
    LEFT = 28,
    TOP = 8,
    BRIGHTEST = 227
}; /* of the attribution at 80x24: 12 x 12 pixels, two columns each */

/* Whether the brightest pixels of the attribution are there, and all of them in the mark. */
static bool points_at_mark(Vt *vt) {
    int seen = 0;
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 12; x++) {
            if (vt_cell(vt, LEFT + 2 * x, TOP + y).fg != BRIGHTEST) continue;
            if (y < 10 || x < 7) return false;
            seen++;
        }
    return seen > 0;
}

/* The planted mark is seen; another class is another picture, and c goes back to the one that is answered. */
static void test_class(void **state) {
    Vt *vt = place_start(*state, 80, 24, MARKED, false, false);
    place_line(vt, "pace full");
    place_line(vt, "play");
    VT_WANT(vt, vt_shows(vt, "done"));
    vt_key(vt, "6");
    vt_key(vt, "W");
    VT_WANT(vt, vt_shows(vt, "answers 9, and 9 it is"));
    VT_WANT(vt, vt_shows(vt, "step 540"));
    assert_true(points_at_mark(vt));
    uint64_t before = colours(vt, LEFT, TOP, 24, 12);
    vt_key(vt, "up");
    VT_WANT(vt, vt_shows(vt, "score of 8:"));
    assert_true(colours(vt, LEFT, TOP, 24, 12) != before);
    vt_key(vt, "c");
    VT_WANT(vt, vt_shows(vt, "score of 9:"));
    assert_true(colours(vt, LEFT, TOP, 24, 12) == before);
    vt_key(vt, ".");
    VT_WANT(vt, vt_shows(vt, "row 1 of test"));
    vt_end(vt);
}

static void test_asked(void **state) {
    Vt *vt = start(*state, MARKED, 80, 24, false);
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "gap δ"));
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "mean of 25 noisy copies"));
    VT_WANT(vt, vt_shows(vt, "estimated"));
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "enter makes it"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "patch 2, stride 1"));
    VT_WANT(vt, vt_shows(vt, "rank correlation"));
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "there is no convolution in the stack"));
    vt_end(vt);
}

static void test_table(void **state) {
    Vt *vt = start(*state, TABLE, 80, 24, false);
    VT_WANT(vt, vt_shows(vt, "bill_length_mm"));
    VT_WANT(vt, vt_shows(vt, "control"));
    vt_key(vt, "V"); /* from the first to the last */
    VT_WANT(vt, vt_shows(vt, "enter makes it"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "probability of"));
    VT_WANT(vt, vt_shows(vt, "moves the answer by"));
    VT_WANT(vt, vt_shows(vt, "least, most"));
    vt_key(vt, "V");
    VT_WANT(vt, vt_shows(vt, "enter makes it"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "1 - accuracy"));
    VT_WANT(vt, vt_shows(vt, "├")); /* whiskers */
    vt_end(vt);
}

static void test_table_in_ascii(void **state) {
    Vt *vt = start(*state, TABLE, 80, 24, true);
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "gap d"));
    VT_WANT(vt, vt_shows(vt, "##"));
    VT_WANT(vt, all_ascii(vt));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pictures, make, place_remove),
        cmocka_unit_test_setup_teardown(test_untrained, make, place_remove),
        cmocka_unit_test_setup_teardown(test_small, make, place_remove),
        cmocka_unit_test_setup_teardown(test_class, make, place_remove),
        cmocka_unit_test_setup_teardown(test_asked, make, place_remove),
        cmocka_unit_test_setup_teardown(test_table, make, place_remove),
        cmocka_unit_test_setup_teardown(test_table_in_ascii, make, place_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
