/* The view Mistakes in a terminal: the newcomer's way from the page Inside to three mistakes and what the
 * network looked at, and every way to look at several sizes, in ASCII and without colour. */
#include "screen/views_place.h"

#include <unistd.h>

/* Trained for two epochs at once, so that there are some mistakes; then it rests. */
static int make(void **state) {
    char folder[512], text[1024];
    if (!getcwd(folder, sizeof folder)) return -1;
    snprintf(text, sizeof text,
             "seed 2\ndata csv %s/samples/data/digits.csv.gz target=digit task=classification\n"
             "split train=0.8 test=0.2\nprepare scale=16\ndense 12 relu\ndense 10 softmax\n"
             "compile optimizer=adam loss=sparse_categorical_crossentropy metrics=accuracy "
             "learning_rate=0.003\nfit epochs=2 batch_size=32\n",
             folder);
    return place_make_with(state, text);
}

static int make_numbers(void **state) {
    char folder[512], text[1024];
    if (!getcwd(folder, sizeof folder)) return -1;
    snprintf(text, sizeof text,
             "seed 1\ndata csv %s/samples/data/concrete.csv\nsplit train=0.8 test=0.2\n"
             "prepare standardize\ndense 8 relu\ndense 1\n"
             "compile optimizer=adam loss=mean_squared_error learning_rate=0.01\n"
             "fit epochs=2 batch_size=32\n",
             folder);
    return place_make_with(state, text);
}

static Vt *start(void **state, int w, int h, bool ascii) {
    Vt *vt = place_start(*state, w, h, NULL, true, ascii);
    VT_WANT(vt, vt_shows(vt, w < 80 ? "2/2" : "all epochs are done"));
    vt_key(vt, "6");
    VT_WANT(vt, vt_shows(vt, "What does it get wrong?"));
    vt_key(vt, "K");
    return vt;
}

/* The row that is chosen in the list of examples. */
static int chosen(Vt *vt) {
    int x, y, row = -1;
    VT_WANT(vt, vt_shows(vt, ": it is "));
    assert_true(vt_find(vt, ": it is ", &x, &y));
    const char *line = vt_row(vt, y), *at = strstr(line, ": it is ");
    assert_non_null(at);
    while (at > line && strncmp(at, "row ", 4) != 0)
        at--;
    assert_int_equal(sscanf(at, "row %d: it is", &row), 1);
    return row;
}

/* Another one, by a key. */
static int choose(Vt *vt, const char *key) {
    char before[40];
    snprintf(before, sizeof before, "row %d: it is", chosen(vt));
    vt_key(vt, key);
    VT_WANT(vt, vt_hides(vt, before));
    return chosen(vt);
}

/* 6 K enter down down: five keys to three mistakes, each with what the network looked at. */
static void test_newcomer(void **state) {
    Vt *vt = start(state, 80, 24, false);
    char wanted[60];
    int from, to, times;
    VT_WANT(vt, vt_shows(vt, "enter lists them"));
    int x, y;
    assert_true(vt_find(vt, "is taken for", &x, &y));
    assert_int_equal(sscanf(vt_row(vt, y), " %d is taken for %d most often: %d times", &from, &to, &times),
                     3);
    assert_true(times >= 3);
    snprintf(wanted, sizeof wanted, "true %d, answered %d: %d of ", from, to, times);
    VT_WANT(vt, vt_shows(vt, wanted));
    vt_key(vt, "enter");
    snprintf(wanted, sizeof wanted, "true %d, answered %d: %d rows, the most confident first", from, to,
             times);
    VT_WANT(vt, vt_shows(vt, wanted));
    VT_WANT(vt, vt_shows(vt, "what it looked at"));
    assert_true(vt_find(vt, "what it looked at", &x, &y));
    uint64_t before = colours(vt, 37, 7, 42, y - 7);
    for (int i = 0; i < 2; i++) {
        choose(vt, "down");
        uint64_t now = colours(vt, 37, 7, 42, y - 7);
        assert_true(now != before);
        before = now;
    }
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "enter lists them"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "What does it get wrong?"));
    vt_end(vt);
}

/* The chosen mistake is what the view Why explains. */
static void test_gaze(void **state) {
    Vt *vt = start(state, 80, 24, false);
    VT_WANT(vt, vt_shows(vt, "enter lists them"));
    vt_key(vt, "enter");
    char wanted[40];
    choose(vt, "down");
    snprintf(wanted, sizeof wanted, "row %d of test", choose(vt, "down"));
    vt_key(vt, "W");
    VT_WANT(vt, vt_shows(vt, wanted));
    vt_end(vt);
}

/* A list that has no rows at another step says so, and the way back. At the start no 0 is told as one. */
static void test_none_any_more(void **state) {
    Vt *vt = start(state, 80, 24, false);
    VT_WANT(vt, vt_shows(vt, "enter lists them"));
    for (int i = 0; i < 9; i++) {
        vt_key(vt, "up");
        vt_key(vt, "left");
    }
    VT_WANT(vt, vt_shows(vt, "true 0, answered so: "));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "as answered"));
    place_line(vt, "moment first");
    VT_WANT(vt, vt_shows(vt, "none at this step: left and right go to when there were"));
    vt_end(vt);
}

static void test_ways(void **state) {
    static const struct { int w, h; } sizes[] = {{80, 24}, {40, 10}, {120, 40}};
    for (int i = 0; i < 4; i++) {
        bool ascii = i == 3, small = sizes[i % 3].w < 80;
        Vt *vt = start(state, sizes[i % 3].w, sizes[i % 3].h, ascii);
        VT_WANT(vt, vt_shows(vt, "Confusion matrix"));
        VT_WANT(vt, vt_shows(vt, "answered"));
        if (!small) VT_WANT(vt, vt_shows(vt, "precision"));
        if (!small) VT_WANT(vt, vt_shows(vt, "recall"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_key(vt, "v");
        VT_WANT(vt, vt_shows(vt, "all mistakes: "));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_key(vt, "v");
        VT_WANT(vt, vt_shows(vt, "recall by false alarms, AUC"));
        VT_WANT(vt, vt_shows(vt, "threshold 0.500: "));
        vt_key(vt, "right");
        VT_WANT(vt, vt_shows(vt, "threshold 0.510: "));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_key(vt, "v");
        VT_WANT(vt, vt_shows(vt, "ECE 0."));
        if (!small) VT_WANT(vt, vt_shows(vt, "is right"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_key(vt, "v");
        VT_WANT(vt, vt_shows(vt, "the targets are classes"));
        vt_key(vt, "v");
        VT_WANT(vt, vt_shows(vt, "Confusion matrix"));
        vt_key(vt, "p");
        VT_WANT(vt, vt_shows(vt, small ? " 1438 row" : "1438 rows of train"));
        vt_end(vt);
    }
}

/* Without colour: the marks of right and wrong are words, the cursor is reversed. */
static void test_mono(void **state) {
    const char *program = getenv("STRATA") ? getenv("STRATA") : "build/strata";
    Place *place = *state;
    const char *const argv[] = {program, "--ascii", "--color=none", "--play", place->recipe, NULL};
    const char *const env[] = {place->env, NULL};
    Vt *vt = vt_start(80, 24, argv, env);
    assert_non_null(vt);
    VT_WANT(vt, vt_shows(vt, "all epochs are done"));
    vt_key(vt, "6");
    vt_key(vt, "K");
    VT_WANT(vt, vt_shows(vt, "enter lists them"));
    VT_WANT(vt, all_ascii(vt));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, " answered"));
    VT_WANT(vt, vt_shows(vt, " true"));
    VT_WANT(vt, all_ascii(vt));
    vt_end(vt);
}

static void test_numbers(void **state) {
    Vt *vt = start(state, 80, 24, false);
    VT_WANT(vt, vt_shows(vt, "compressive_strength: R"));
    VT_WANT(vt, vt_shows(vt, "furthest off"));
    VT_WANT(vt, vt_shows(vt, "Residuals"));
    vt_end(vt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_newcomer, make, place_remove),
        cmocka_unit_test_setup_teardown(test_gaze, make, place_remove),
        cmocka_unit_test_setup_teardown(test_none_any_more, make, place_remove),
        cmocka_unit_test_setup_teardown(test_ways, make, place_remove),
        cmocka_unit_test_setup_teardown(test_mono, make, place_remove),
        cmocka_unit_test_setup_teardown(test_numbers, make_numbers, place_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
