/* The views Neuron and Map in a terminal: one unit's formula card, weights changed by hand, the way from the
 * map to the card. */
#include "screen/views_place.h"

static const char recipe[] = "seed 3\n"
                             "data synthetic circle samples=200\n"
                             "dense 4 tanh\n"
                             "dense 1 sigmoid\n"
                             "compile optimizer=adam learning_rate=0.01 loss=binary_crossentropy\n"
                             "fit epochs=100000 batch_size=50\n";

static int make(void **state) {
    return place_make_with(state, recipe);
}

/* At rest behind one step, so that nothing moves but by keys. */
static Vt *start(void **state, int w, int h, bool ascii) {
    Vt *vt = place_start(*state, w, h, NULL, false, ascii);
    vt_key(vt, "s");
    VT_WANT(vt, vt_shows(vt, "made step 1"));
    return vt;
}

static void test_sizes(void **state) {
    static const struct { int w, h; } sizes[] = {{80, 24}, {40, 10}, {200, 60}};
    for (int i = 0; i < 6; i++) {
        bool ascii = i >= 3;
        Vt *vt = start(state, sizes[i % 3].w, sizes[i % 3].h, ascii);
        place_line(vt, "view neuron");
        VT_WANT(vt, vt_shows(vt, "tanh("));
        VT_WANT(vt, vt_shows(vt, "x1"));
        if (sizes[i % 3].w >= 80) {
            VT_WANT(vt, vt_shows(vt, "unit 0 of 4"));
            VT_WANT(vt, vt_shows(vt, "output"));
            VT_WANT(vt, vt_shows(vt, "response"));
            VT_WANT(vt, vt_shows(vt, "bad: it never fires"));
        }
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_key(vt, "M");
        VT_WANT(vt, vt_shows(vt, "MAP"));
        VT_WANT(vt, vt_shows(vt, "1 dense unit 0: "));
        if (sizes[i % 3].w >= 80) {
            VT_WANT(vt, vt_shows(vt, "2 dense_1 sigmoid"));
            VT_WANT(vt, vt_shows(vt, "thick: large"));
        }
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_end(vt);
    }
}

/* From the map to a unit's card, with the arrows and enter; the unit stays chosen on the way back. */
static void test_from_map_to_card(void **state) {
    Vt *vt = start(state, 80, 24, false);
    vt_key(vt, "6");
    VT_WANT(vt, vt_shows(vt, "LOOK INSIDE"));
    vt_key(vt, "M");
    VT_WANT(vt, vt_shows(vt, "1 dense unit 0: "));
    vt_key(vt, "down");
    vt_key(vt, "down");
    VT_WANT(vt, vt_shows(vt, "1 dense unit 2: "));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "1 dense · unit 2 of 4"));
    vt_key(vt, "down");
    VT_WANT(vt, vt_shows(vt, "unit 3 of 4"));
    vt_key(vt, "M");
    VT_WANT(vt, vt_shows(vt, "1 dense unit 3: "));
    vt_key(vt, "p");
    VT_WANT(vt, vt_shows(vt, "pulse at 1 dense: "));
    vt_end(vt);
}

/* A weight is typed; the card, the loss and undo answer. */
static void test_by_hand(void **state) {
    Vt *vt = start(state, 80, 24, false);
    place_line(vt, "view neuron");
    VT_WANT(vt, vt_shows(vt, "unit 0 of 4"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "type it"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, ":weight dense/kernel "));
    vt_key(vt, "ctrl-u");
    vt_type(vt, "weight dense/bias 0 4.25");
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "4.25; loss "));
    VT_WANT(vt, vt_shows(vt, " + 4.250)"));
    vt_key(vt, "u");
    VT_WANT(vt, vt_shows(vt, "undone: dense/bias 0: 4.25"));
    VT_WANT(vt, vt_hides(vt, " + 4.250)"));
    vt_key(vt, "right");
    VT_WANT(vt, vt_shows(vt, "u undoes"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_hides(vt, "type it"));
    vt_end(vt);
}

/* Without colour the sign of a link and of a product is in the characters. */
static void test_mono(void **state) {
    const char *program = getenv("STRATA") ? getenv("STRATA") : "build/strata";
    Place *place = *state;
    const char *const argv[] = {program, "--ascii", "--color=none", "--play", place->recipe, NULL};
    const char *const env[] = {place->env, NULL};
    Vt *vt = vt_start(80, 24, argv, env);
    assert_non_null(vt);
    VT_WANT(vt, vt_frame_after(vt, 0));
    place_line(vt, "view map");
    VT_WANT(vt, vt_shows(vt, "1 dense unit 0: "));
    VT_WANT(vt, vt_shows(vt, "++ w > 0"));
    VT_WANT(vt, vt_shows(vt, "=="));
    place_line(vt, "view neuron");
    VT_WANT(vt, vt_shows(vt, "unit 0 of 4"));
    VT_WANT(vt, all_ascii(vt));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sizes, make, place_remove),
        cmocka_unit_test_setup_teardown(test_from_map_to_card, make, place_remove),
        cmocka_unit_test_setup_teardown(test_by_hand, make, place_remove),
        cmocka_unit_test_setup_teardown(test_mono, make, place_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
