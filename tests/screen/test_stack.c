/* The stack view in a terminal: editing with keys and forms, and how mistakes look. */
#include "screen/views_place.h"

static const char recipe[] = "seed 3\n"
                             "data synthetic spiral samples=200 noise=0.1\n"
                             "split train=0.8 validation=0.2\n"
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
        Vt *vt = place_start(*state, sizes[i % 3].w, sizes[i % 3].h, NULL, false, ascii);
        vt_key(vt, "2");
        VT_WANT(vt, vt_shows(vt, "1  dense 8 relu"));
        VT_WANT(vt, vt_shows(vt, "STACK 2 layers"));
        if (sizes[i % 3].w >= 80) {
            VT_WANT(vt, vt_shows(vt, "42 parameters, 42 trainable"));
            VT_WANT(vt, vt_shows(vt, "O compile optimizer=adam"));
        }
        if (sizes[i % 3].w >= 200)
            VT_WANT(vt, vt_shows(vt, "kernel 2x8: 16 values, begin as glorot_uniform"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_end(vt);
    }
}

/* Add, change, remove, undo, with keys alone, while it trains. */
static void test_editing_while_training(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, true, false);
    vt_key(vt, "2");
    VT_WANT(vt, vt_shows(vt, "edits are safe while it trains"));
    vt_key(vt, "a");
    VT_WANT(vt, vt_shows(vt, "type to find"));
    vt_type(vt, "drop");
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "New dropout after 1 dense 8 relu"));
    vt_type(vt, "0.2");
    VT_WANT(vt, vt_shows(vt, ": insert 2 dropout 0.2"));
    VT_WANT(vt, vt_shows(vt, "stack changes: takes effect at the next start; r restarts"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "2  dropout 0.2      dropout"));
    VT_WANT(vt, vt_shows(vt, "STACK 3 layers"));
    VT_WANT(vt, vt_shows(vt, "stack changed: takes effect at the next start; r restarts"));
    vt_key(vt, "J");
    VT_WANT(vt, vt_shows(vt, "3  dropout 0.2"));
    vt_key(vt, "d");
    VT_WANT(vt, vt_shows(vt, "STACK 2 layers"));
    vt_key(vt, "u");
    VT_WANT(vt, vt_shows(vt, "STACK 3 layers"));
    VT_WANT(vt, vt_shows(vt, "training"));
    vt_end(vt);
}

/* While one types: the field's mistake in the colour of what is wrong, and in words. */
static void test_form_mistakes(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    int x, y;
    vt_key(vt, "2");
    VT_WANT(vt, vt_shows(vt, "STACK 2 layers"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "Layer 1 dense"));
    vt_key(vt, "backspace");
    vt_type(vt, "0");
    VT_WANT(vt, vt_shows(vt, "units=0: wanted a whole number from 1"));
    assert_true(vt_find(vt, "units=0: wanted", &x, &y));
    assert_int_equal(vt_cell(vt, x, y).fg, FG_BAD);
    vt_key(vt, "enter"); /* not accepted */
    VT_WANT(vt, vt_shows(vt, "Layer 1 dense"));
    vt_key(vt, "backspace");
    vt_type(vt, "9");
    VT_WANT(vt, vt_hides(vt, "wanted a whole number"));
    VT_WANT(vt, vt_shows(vt, ": set 1 units=9"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "1  dense 9 relu"));
    vt_end(vt);
}

/* A layer that does not fit says so under itself. */
static void test_bad_layer(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    int x, y;
    vt_key(vt, "2");
    place_line(vt, "set 2 units=1");
    VT_WANT(vt, vt_shows(vt, "the output does not fit"));
    assert_true(vt_find(vt, "sparse_categorical_crossentropy wants an output", &x, &y));
    assert_int_equal(vt_cell(vt, x, y).fg, FG_BAD);
    assert_true(vt_find(vt, "dense 1 softmax", &x, &y));
    assert_int_equal(vt_cell(vt, x, y).fg, FG_BAD);
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sizes, make, place_remove),
        cmocka_unit_test_setup_teardown(test_editing_while_training, make, place_remove),
        cmocka_unit_test_setup_teardown(test_form_mistakes, make, place_remove),
        cmocka_unit_test_setup_teardown(test_bad_layer, make, place_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
