/* The views of activations and gradients in a terminal: at every size, from the page Inside into a layer, its
 * units and back, and over the steps as it trains. */
#include "screen/views_place.h"

static const char recipe[] = "seed 3\n"
                             "data synthetic circle samples=200 noise=0.05\n"
                             "split train=0.8 test=0.2\n"
                             "dense 12 relu\n"
                             "dense 6 tanh\n"
                             "dense 1 sigmoid\n"
                             "compile optimizer=adam loss=binary_crossentropy\n"
                             "fit epochs=10\n";

static int make(void **state) {
    return place_make_with(state, recipe);
}

static void test_sizes(void **state) {
    static const struct { int w, h; } sizes[] = {{80, 24}, {40, 10}, {120, 40}};
    for (int i = 0; i < 6; i++) {
        bool ascii = i >= 3, small = sizes[i % 3].w < 80;
        Vt *vt = place_start(*state, sizes[i % 3].w, sizes[i % 3].h, NULL, false, ascii);
        vt_key(vt, "s");
        place_line(vt, "view activations");
        VT_WANT(vt, vt_shows(vt, "2 dense_1"));
        if (!small) VT_WANT(vt, vt_shows(vt, "bad: units that never fire"));
        if (!small) VT_WANT(vt, vt_shows(vt, "percentiles"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        place_line(vt, "view gradients");
        VT_WANT(vt, vt_shows(vt, "healthy"));
        VT_WANT(vt, vt_shows(vt, "1 dense"));
        if (!small) VT_WANT(vt, vt_shows(vt, "/weight"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_end(vt);
    }
}

/* From the page to a unit and back with nothing but enter, arrows and esc. */
static void test_deeper(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    vt_key(vt, "s");
    vt_key(vt, "6");
    VT_WANT(vt, vt_shows(vt, "What do the layers put out?"));
    vt_key(vt, "A");
    VT_WANT(vt, vt_shows(vt, "40 rows of test"));
    vt_key(vt, "down");
    VT_WANT(vt, vt_shows(vt, "now, 2 dense_1"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "2 dense_1: 6 units"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "percentiles"));
    vt_key(vt, "up");
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "1 dense: 12 units"));
    vt_key(vt, "v"); /* there are no maps here: it says so */
    VT_WANT(vt, vt_shows(vt, "no layer here puts out an image"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "percentiles"));
    vt_key(vt, "G");
    VT_WANT(vt, vt_shows(vt, "/ last layer's"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "log10 |g|"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "/ last layer's"));
    vt_key(vt, "esc"); /* to where it came from, and then to the page */
    VT_WANT(vt, vt_shows(vt, "percentiles"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "What do the layers put out?"));
    vt_end(vt);
}

/* What was found of each step becomes ribbons and curves. */
static void test_over_steps(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    vt_key(vt, "s");
    place_line(vt, "view activations");
    VT_WANT(vt, vt_shows(vt, "percentiles, layer by layer"));
    vt_key(vt, "e");
    VT_WANT(vt, vt_shows(vt, "1 dense: percentiles over the steps"));
    vt_key(vt, ".");
    VT_WANT(vt, vt_shows(vt, "x: of all rows"));
    vt_key(vt, "x");
    VT_WANT(vt, vt_shows(vt, "40 rows of test"));
    vt_key(vt, "G");
    VT_WANT(vt, vt_shows(vt, "signal: the gradient"));
    vt_key(vt, "e");
    VT_WANT(vt, vt_shows(vt, "dense_2"));
    VT_WANT(vt, vt_shows(vt, "norm"));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_sizes, make, place_remove),
                                       cmocka_unit_test_setup_teardown(test_deeper, make, place_remove),
                                       cmocka_unit_test_setup_teardown(test_over_steps, make, place_remove)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
