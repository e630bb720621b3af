/* Moments of a run in a terminal: going back and forth, branching, the timeline; the autopsy after a rate
 * that was too high, and the key that rewinds. */
#include "screen/views_place.h"

#define NET                                                                                                  \
    "seed 2\n"                                                                                               \
    "data synthetic plane samples=160\n"                                                                     \
    "split validation=0.2\n"                                                                                 \
    "dense 8 relu\n"                                                                                         \
    "dense 1\n"
static const char recipe[] = NET "compile optimizer=sgd learning_rate=0.05 loss=mean_squared_error\n"
                                 "fit epochs=50 batch_size=16\n"; /* 8 steps an epoch */

static int make(void **state) {
    return place_make_with(state, recipe);
}

/* Makes steps one by one, so that each of them is a moment. */
static void make_steps(Vt *vt, int from, int to) {
    char made[32];
    for (int step = from; step <= to; step++) {
        vt_key(vt, "s");
        snprintf(made, sizeof made, "made step %d:", step);
        VT_WANT(vt, vt_shows(vt, made));
    }
}

static void test_all_views_follow(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    make_steps(vt, 1, 4);
    vt_key(vt, "5");
    VT_WANT(vt, vt_shows(vt, "at step 4"));
    vt_key(vt, "1");
    vt_key(vt, "left");
    VT_WANT(vt, vt_shows(vt, "the past: step 3/4"));
    VT_WANT(vt, vt_shows(vt, "step 3 of 4: → forward, end: the present, B branches from here"));
    vt_key(vt, "left");
    VT_WANT(vt, vt_shows(vt, "the past: step 2/4"));
    vt_key(vt, "5"); /* another view, the same moment */
    VT_WANT(vt, vt_shows(vt, "at step 2"));
    vt_key(vt, "{"); /* which has its own use for the arrows */
    VT_WANT(vt, vt_shows(vt, "at step 1"));
    vt_key(vt, "}");
    VT_WANT(vt, vt_shows(vt, "at step 2"));
    vt_key(vt, "T");
    VT_WANT(vt, vt_shows(vt, "TIME  step 2 of 4"));
    vt_key(vt, "home");
    VT_WANT(vt, vt_shows(vt, "the past: step 0/4"));
    vt_key(vt, "left");
    VT_WANT(vt, vt_shows(vt, "this is the first moment"));
    place_line(vt, "moment 3");
    VT_WANT(vt, vt_shows(vt, "the past: step 3/4"));
    make_steps(vt, 5, 5); /* the run goes on; the past is still looked at */
    VT_WANT(vt, vt_shows(vt, "the past: step 3/5"));
    vt_key(vt, "end");
    VT_WANT(vt, vt_hides(vt, "the past"));
    VT_WANT(vt, vt_shows(vt, "step 5/400"));
    vt_key(vt, "right");
    VT_WANT(vt, vt_shows(vt, "this is the present"));
    place_line(vt, "moment sideways");
    VT_WANT(vt, vt_shows(vt, "moment: 'sideways': wanted the number of a step"));
    vt_end(vt);
}

static void test_branches(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    make_steps(vt, 1, 6);
    vt_key(vt, "B");
    VT_WANT(vt, vt_shows(vt, "branch: look at a moment first"));
    place_line(vt, "moment 3");
    VT_WANT(vt, vt_shows(vt, "the past: step 3/6"));
    place_line(vt, "rate 0.01");
    vt_key(vt, "B");
    VT_WANT(vt, vt_shows(vt, "branched from step 3, rate 0.01: space trains on"));
    VT_WANT(vt, vt_shows(vt, "step 3/400"));
    VT_WANT(vt, vt_shows(vt, "last")); /* the curves of before, behind */
    make_steps(vt, 4, 5);
    vt_key(vt, "T");
    VT_WANT(vt, vt_shows(vt, "branched from step 3 of run 1, rate 0.01"));
    VT_WANT(vt, vt_shows(vt, "6 moments of every step")); /* 0 to 3 of before, 4 and 5 */
    vt_key(vt, "up");
    VT_WANT(vt, vt_shows(vt, "the past: step 3/5"));
    place_line(vt, "history 1kB");
    VT_WANT(vt, vt_shows(vt, "take at most"));
    place_line(vt, "history much");
    VT_WANT(vt, vt_shows(vt, "history: 'much': wanted a size"));
    vt_end(vt);
}

/* As above: the branch with nothing changed comes to the same loss, to the last digit on the screen. */
static void test_branch_is_exact(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    char made[80];
    make_steps(vt, 1, 12);
    VT_WANT(vt, vt_find(vt, "made step 12: loss", &(int){0}, &(int){0}));
    int x, y;
    vt_find(vt, "made step 12: loss", &x, &y);
    snprintf(made, sizeof made, "%.30s", strstr(vt_row(vt, y), "made step 12"));
    place_line(vt, "branch 5"); /* within an epoch */
    VT_WANT(vt, vt_shows(vt, "branched from step 5, rate 0.05"));
    make_steps(vt, 6, 11);
    vt_key(vt, "s");
    VT_WANT(vt, vt_shows(vt, made));
    vt_end(vt);
}

/* Nothing is infinite, but the loss is far above what it was: that is gone back from too. */
static void test_rewinds_what_explodes(void **state) {
    Vt *vt = place_start(*state, 80, 24, "samples/circle.strata", false, false);
    place_line(vt, "pace full");
    make_steps(vt, 1, 3);
    place_line(vt, "rate 1000");
    make_steps(vt, 4, 8);
    vt_key(vt, "6");
    vt_key(vt, "X");
    VT_WANT(vt, vt_shows(vt, "enter rewinds to step 3, rate 333"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "rewound to step 3"));
    VT_WANT(vt, vt_hides(vt, "enter rewind"));
    vt_end(vt);
}

static void test_rewinds(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    make_steps(vt, 1, 4);
    vt_key(vt, "X"); /* from any view */
    VT_WANT(vt, vt_shows(vt, "no value is infinite, but 1 dense/kernel is fast"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_hides(vt, "enter rewind"));
    VT_WANT(vt, vt_shows(vt, "rewind: nothing is wrong; ← goes back, B branches from there"));
    vt_key(vt, "1");
    place_line(vt, "rate 300");
    vt_key(vt, " ");
    VT_WANT(vt, vt_shows(vt, "X: autopsy; enter there rewinds"));
    vt_key(vt, "X");
    VT_WANT(vt, vt_shows(vt, "enter rewinds to step"));
    VT_WANT(vt, vt_shows(vt, "1 rate 100  steps of up to"));
    VT_WANT(vt, vt_shows(vt, "LAYERS at step"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "rewound to step 4 (newest good, loss 0.0864): rate 300 → 100, space trains on"));
    VT_WANT(vt, vt_shows(vt, "step 4/400"));
    VT_WANT(vt, vt_shows(vt, "paused"));
    vt_key(vt, "1");
    VT_WANT(vt, vt_shows(vt, "last"));
    vt_key(vt, "u"); /* the rate alone is taken back: the branch stays */
    VT_WANT(vt, vt_shows(vt, "rate 300"));
    VT_WANT(vt, vt_shows(vt, "step 4/400"));
    place_line(vt, "rate 0.05");
    make_steps(vt, 5, 6);
    vt_end(vt);
}

static void test_sizes(void **state) {
    static const struct { int w, h; } sizes[] = {{80, 24}, {40, 10}, {120, 40}, {200, 60}};
    for (int i = 0; i < 8; i++) {
        bool ascii = i >= 4;
        int w = sizes[i % 4].w, h = sizes[i % 4].h;
        Vt *vt = place_start(*state, w, h, NULL, false, ascii);
        make_steps(vt, 1, 3);
        place_line(vt, "view time");
        VT_WANT(vt, vt_shows(vt, "TIME"));
        VT_WANT(vt, vt_shows(vt, "LOSS"));
        VT_WANT(vt, vt_shows(vt, "step 3 of 3"));
        vt_key(vt, "left");
        VT_WANT(vt, vt_shows(vt, "step 2 of 3"));
        VT_WANT(vt, vt_shows(vt, w < 60 ? "past:2" : "the past: step 2/3"));
        if (h >= 24) VT_WANT(vt, vt_shows(vt, "bad: a jump of the loss without a mark"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_key(vt, "end");
        place_line(vt, "view autopsy");
        VT_WANT(vt, vt_shows(vt, "no value is infinite"));
        place_line(vt, "rate 1e30");
        vt_key(vt, " ");
        VT_WANT(vt, vt_shows(vt, "diverged at step"));
        VT_WANT(vt, vt_shows(vt, "rewinds to step"));
        if (h >= 24) VT_WANT(vt, vt_shows(vt, "LAYERS at step"));
        if (ascii) VT_WANT(vt, all_ascii(vt));
        vt_resize(vt, 1, 1);
        vt_resize(vt, w, h);
        VT_WANT(vt, vt_shows(vt, "AUTOPSY"));
        vt_end(vt);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_views_follow, make, place_remove),
        cmocka_unit_test_setup_teardown(test_branches, make, place_remove),
        cmocka_unit_test_setup_teardown(test_branch_is_exact, make, place_remove),
        cmocka_unit_test_setup_teardown(test_rewinds, make, place_remove),
        cmocka_unit_test_setup_teardown(test_rewinds_what_explodes, make, place_remove),
        cmocka_unit_test_setup_teardown(test_sizes, make, place_remove)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
