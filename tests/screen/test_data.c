/* The data view in a terminal: figures, forms, and the picture that moves while it trains. */
#include "screen/views_place.h"

static const char circle[] = "seed 1\n"
                             "data synthetic circle samples=300 noise=0.05\n"
                             "split train=0.5 test=0.5\n"
                             "dense 4 tanh\n"
                             "dense 1 sigmoid\n"
                             "compile optimizer=adam loss=binary_crossentropy learning_rate=0.03\n"
                             "fit epochs=100000 batch_size=10\n"
                             "pace 120\n";

static int make(void **state) {
    return place_make_with(state, circle);
}

static void test_sizes(void **state) {
    static const struct { int w, h; } sizes[] = {{80, 24}, {40, 10}, {200, 60}};
    for (int i = 0; i < 6; i++) {
        bool ascii = i >= 3;
        Vt *vt = place_start(*state, sizes[i % 3].w, sizes[i % 3].h, NULL, false, ascii);
        vt_key(vt, "3");
        VT_WANT(vt, vt_shows(vt, "train 150"));
        VT_WANT(vt, vt_shows(vt, "test 150"));
        VT_WANT(vt, vt_shows(vt, "no output yet: space"));
        if (sizes[i % 3].w >= 80) VT_WANT(vt, vt_shows(vt, "2 classes"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_end(vt);
    }
}

typedef struct Picture {
    uint64_t hash;
} Picture;

static bool differs(Vt *vt, const void *context) {
    return colours(vt, 2, 8, 28, 13) != ((const Picture *)context)->hash;
}

/* Where the network answers "inside" and "outside" moves as it trains: two times over. */
static void test_picture_moves(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, true, false);
    vt_key(vt, "3");
    VT_WANT(vt, vt_shows(vt, "output at step"));
    vt_key(vt, "d"); /* decided: only the border moves */
    VT_WANT(vt, vt_shows(vt, "decided"));
    Picture first = {colours(vt, 2, 8, 28, 13)};
    VT_WANT(vt, vt_until(vt, differs, &first));
    Picture second = {colours(vt, 2, 8, 28, 13)};
    VT_WANT(vt, vt_until(vt, differs, &second));
    vt_end(vt);
}

static bool two_colours(Vt *vt, const void *context) {
    (void)context;
    VtCell middle = vt_cell(vt, 15, 14), corner = vt_cell(vt, 2, 21);
    return middle.bg >= 0 && corner.bg >= 0 && middle.bg != corner.bg;
}

/* The disc ends up in one colour, the ring in another. */
static void test_picture_is_learnt(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, true, false);
    vt_key(vt, "3");
    VT_WANT(vt, vt_shows(vt, "output at step"));
    place_line(vt, "pace full");
    vt_key(vt, "d");
    VT_WANT(vt, vt_until(vt, two_colours, NULL));
    vt_end(vt);
}

static void test_forms(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, true, false);
    vt_key(vt, "3");
    VT_WANT(vt, vt_shows(vt, "output at step"));
    vt_key(vt, "N");
    VT_WANT(vt, vt_shows(vt, ": data synthetic circle samples=300"));
    VT_WANT(vt, vt_shows(vt, "noise=0.05")); /* beside the picture a long line has two rows */
    vt_key(vt, "end");
    vt_type(vt, "x");
    VT_WANT(vt, vt_shows(vt, "noise=0.05x"));
    int x, y;
    assert_true(vt_find(vt, "noise=0.05x: ", &x, &y));
    assert_int_equal(vt_cell(vt, x, y).fg, FG_BAD);
    vt_key(vt, "backspace");
    vt_key(vt, "backspace");
    vt_type(vt, "1");
    VT_WANT(vt, vt_shows(vt, "data changes: takes effect at the next start"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "data changed: takes effect"));
    VT_WANT(vt, vt_shows(vt, "noise=0.01"));
    vt_key(vt, "X");
    VT_WANT(vt, vt_shows(vt, ": features x1 x2"));
    vt_key(vt, "esc");
    vt_key(vt, "S");
    VT_WANT(vt, vt_shows(vt, ": split train=0.5 test=0.5"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_hides(vt, ": split"));
    vt_end(vt);
}

static void test_table_of_iris(void **state) {
    Vt *vt = place_start(*state, 80, 24, "samples/iris.strata", false, false);
    vt_key(vt, "3");
    VT_WANT(vt, vt_shows(vt, "3 classes"));
    VT_WANT(vt, vt_shows(vt, "setosa"));
    VT_WANT(vt, vt_shows(vt, "petal_length"));
    VT_WANT(vt, vt_shows(vt, "→ mean"));
    vt_key(vt, "v");
    VT_WANT(vt, vt_hides(vt, "→ mean"));
    VT_WANT(vt, vt_shows(vt, "line  part"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "→ mean"));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sizes, make, place_remove),
        cmocka_unit_test_setup_teardown(test_picture_moves, make, place_remove),
        cmocka_unit_test_setup_teardown(test_picture_is_learnt, make, place_remove),
        cmocka_unit_test_setup_teardown(test_forms, make, place_remove),
        cmocka_unit_test_setup_teardown(test_table_of_iris, make, place_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
