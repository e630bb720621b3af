/* The learning-rate range test in a terminal: its view at every size, and the key that takes the rate. */
#include "screen/views_place.h"

static const char recipe[] = "seed 3\n"
                             "data synthetic circle samples=200 noise=0.05\n"
                             "dense 8 tanh\n"
                             "dense 1 sigmoid\n"
                             "compile optimizer=adam learning_rate=0.5 loss=binary_crossentropy\n"
                             "fit epochs=10\n";

static int make(void **state) {
    return place_make_with(state, recipe);
}

static void test_sizes(void **state) {
    static const struct { int w, h; } sizes[] = {{80, 24}, {40, 10}, {120, 40}};
    for (int i = 0; i < 6; i++) {
        bool ascii = i >= 3;
        Vt *vt = place_start(*state, sizes[i % 3].w, sizes[i % 3].h, NULL, false, ascii);
        place_line(vt, "view rates");
        VT_WANT(vt, vt_shows(vt, "no range test yet"));
        vt_key(vt, "t");
        VT_WANT(vt, vt_shows(vt, "falls fastest at 0."));
        VT_WANT(vt, vt_shows(vt, "LEARNING RATE"));
        VT_WANT(vt, vt_shows(vt, "1e-6"));
        if (sizes[i % 3].w >= 80) VT_WANT(vt, vt_shows(vt, "bad where it rises"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_end(vt);
    }
}

static void test_takes_the_rate(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    VT_WANT(vt, vt_shows(vt, "rate 0.5"));
    place_line(vt, "range_test low=1e-5 high=1 steps=60");
    VT_WANT(vt, vt_shows(vt, "falls fastest at 0.56"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "rate 0.5 → 0.56"));
    vt_key(vt, "u");
    VT_WANT(vt, vt_shows(vt, "rate 0.5"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "outliers shown"));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sizes, make, place_remove),
        cmocka_unit_test_setup_teardown(test_takes_the_rate, make, place_remove)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
