/* The weights view in a terminal: the table of health while it trains, and the closer looks. */
#include "screen/views_place.h"

static const char recipe[] = "seed 3\n"
                             "data synthetic spiral samples=200 noise=0.1\n"
                             "dense 8 relu\n"
                             "dense 2 softmax\n"
                             "compile optimizer=adam learning_rate=0.01 "
                             "loss=sparse_categorical_crossentropy metrics=accuracy\n"
                             "fit epochs=100000 batch_size=32\n"
                             "pace 100\n";

static int make(void **state) {
    return place_make_with(state, recipe);
}

static void test_sizes(void **state) {
    static const struct { int w, h; } sizes[] = {{80, 24}, {40, 10}, {200, 60}};
    for (int i = 0; i < 6; i++) {
        bool ascii = i >= 3;
        Vt *vt = place_start(*state, sizes[i % 3].w, sizes[i % 3].h, NULL, true, ascii);
        vt_key(vt, "5");
        VT_WANT(vt, vt_shows(vt, "WEIGHTS at step"));
        VT_WANT(vt, vt_shows(vt, "2 dense_1"));
        VT_WANT(vt, vt_shows(vt, "verdict"));
        if (sizes[i % 3].w >= 80) {
            VT_WANT(vt, vt_shows(vt, "rows of train, seed 3"));
            VT_WANT(vt, vt_shows(vt, "dense/kernel 2x8"));
        }
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_end(vt);
    }
}

static void test_nothing_yet(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    vt_key(vt, "5");
    VT_WANT(vt, vt_shows(vt, "space trains the network"));
    vt_key(vt, "space");
    VT_WANT(vt, vt_shows(vt, "WEIGHTS at step"));
    vt_end(vt);
}

static bool other_step(Vt *vt, const void *context) {
    int x, y;
    return vt_find(vt, "WEIGHTS at step", &x, &y) && strcmp(vt_row(vt, y), context) != 0;
}

/* The readings move with the training, and stand still when it pauses. */
static void test_moves(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, true, false);
    vt_key(vt, "5");
    VT_WANT(vt, vt_shows(vt, "WEIGHTS at step"));
    int x, y;
    assert_true(vt_find(vt, "WEIGHTS at step", &x, &y));
    char before[400];
    snprintf(before, sizeof before, "%s", vt_row(vt, y));
    VT_WANT(vt, vt_until(vt, other_step, before));
    vt_end(vt);
}

/* How many different colours the cells of a part have. */
static int shades(Vt *vt, int x0, int y0, int w, int h) {
    int seen[64], count = 0;
    for (int y = y0; y < y0 + h; y++)
        for (int x = x0; x < x0 + w; x++) {
            int bg = vt_cell(vt, x, y).bg, i = 0;
            while (i < count && seen[i] != bg)
                i++;
            if (i == count && count < 64) seen[count++] = bg;
        }
    return count;
}

/* The matrix: 16 values as cells of the signed ramp, a cursor, and the value under it in words. */
static void test_matrix(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, true, false);
    vt_key(vt, "5");
    VT_WANT(vt, vt_shows(vt, "verdict"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "row 1 (x1) → unit 1: "));
    VT_WANT(vt, vt_hides(vt, "verdict"));
    assert_true(vt_cell(vt, 3, 8).ch == 0x2580 || vt_cell(vt, 3, 8).ch == 0x25C6);
    assert_in_range(vt_cell(vt, 20, 8).fg, 16, 255);
    assert_in_range(vt_cell(vt, 20, 8).bg, 16, 255);
    assert_in_range(shades(vt, 2, 5, 40, 12), 4, 20);
    vt_key(vt, "down");
    vt_key(vt, "right");
    vt_key(vt, "right");
    VT_WANT(vt, vt_shows(vt, "row 2 (x2) → unit 3: "));
    vt_key(vt, "v");
    VT_WANT(vt, vt_shows(vt, "dense/kernel 2x8: gradient"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "verdict"));
    vt_end(vt);
}

/* Without colour the sign is in the characters: .+*# above zero, -=%@ below. */
static void test_matrix_in_mono(void **state) {
    const char *program = getenv("STRATA") ? getenv("STRATA") : "build/strata";
    Place *place = *state;
    const char *const argv[] = {program, "--ascii", "--color=none", "--play", place->recipe, NULL};
    const char *const env[] = {place->env, NULL};
    Vt *vt = vt_start(80, 24, argv, env);
    assert_non_null(vt);
    VT_WANT(vt, vt_frame_after(vt, 0));
    vt_key(vt, "5");
    VT_WANT(vt, vt_shows(vt, "verdict"));
    vt_key(vt, "w");
    VT_WANT(vt, vt_shows(vt, "row 1 (x1) > unit 1: "));
    VT_WANT(vt, all_ascii(vt));
    bool plus = false, minus = false;
    for (int y = 4; y < 20; y++)
        for (int x = 1; x < 50; x++) {
            int ch = (int)vt_cell(vt, x, y).ch;
            plus = plus || (ch && strchr("+*#", ch));
            minus = minus || (ch && strchr("-=%@", ch));
        }
    assert_true(plus && minus);
    vt_end(vt);
}

static void test_curves_and_histograms(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, true, false);
    vt_key(vt, "5");
    VT_WANT(vt, vt_shows(vt, "verdict"));
    vt_key(vt, "c");
    VT_WANT(vt, vt_shows(vt, "norm √Σw²"));
    vt_key(vt, "right");
    VT_WANT(vt, vt_shows(vt, "since start ‖W‖/‖W₀‖ − 1"));
    vt_key(vt, "g");
    VT_WANT(vt, vt_shows(vt, "gradient  mean"));
    VT_WANT(vt, vt_shows(vt, "dense_1/bias"));
    vt_key(vt, "down");
    VT_WANT(vt, vt_shows(vt, "1 dense/bias 8"));
    vt_key(vt, "h");
    VT_WANT(vt, vt_shows(vt, "verdict"));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sizes, make, place_remove),
        cmocka_unit_test_setup_teardown(test_nothing_yet, make, place_remove),
        cmocka_unit_test_setup_teardown(test_moves, make, place_remove),
        cmocka_unit_test_setup_teardown(test_matrix, make, place_remove),
        cmocka_unit_test_setup_teardown(test_matrix_in_mono, make, place_remove),
        cmocka_unit_test_setup_teardown(test_curves_and_histograms, make, place_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
