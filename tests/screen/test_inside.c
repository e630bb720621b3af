/* The look inside in a terminal: the page of questions, the views behind it at every size, and what is common
 * to them: capitals, methods, examples, the way back. */
#include "screen/views_place.h"

static const char recipe[] = "seed 3\n"
                             "data synthetic gauss samples=200 noise=0.3\n"
                             "split train=0.7 test=0.3\n"
                             "dense 6 tanh\n"
                             "dense 3 relu\n"
                             "dense 2 softmax\n"
                             "compile optimizer=adam loss=sparse_categorical_crossentropy metrics=accuracy\n"
                             "fit epochs=3 batch_size=20\n";

typedef struct Question {
    const char *name, *key, *title;
} Question;
static const Question questions[] = {{"mistakes", "K", "Mistakes"},
                                     {"why", "W", "Why"},
                                     {"draw", "D", "Draw"},
                                     {"activations", "A", "Activations"},
                                     {"gradients", "G", "Gradients"},
                                     {"neuron", "N", "Neuron"},
                                     {"map", "M", "Map"},
                                     {"geometry", "P", "Geometry"},
                                     {"surface", "S", "Surface"},
                                     {"time", "T", "Time"},
                                     {"autopsy", "X", "Autopsy"}};
enum { QUESTIONS = sizeof questions / sizeof *questions };

static int make(void **state) {
    return place_make_with(state, recipe);
}

static Vt *trained(Place *place, int w, int h, bool ascii) {
    Vt *vt = place_start(place, w, h, NULL, true, ascii);
    VT_WANT(vt, vt_row_shows(vt, 0, w < 60 ? "3/3" : "done"));
    return vt;
}

static void from_the_page_to_a_question_and_back(void **state) {
    Vt *vt = trained(*state, 80, 24, false);
    vt_key(vt, "6");
    VT_WANT(vt, vt_shows(vt, "LOOK INSIDE"));
    for (int i = 0; i < QUESTIONS; i++)
        VT_WANT(vt, vt_shows(vt, questions[i].title));
    vt_key(vt, "down");
    VT_WANT(vt, vt_shows(vt, "── Why"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_row_shows(vt, 2, "6 Why"));
    VT_WANT(vt, vt_shows(vt, "Saliency"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "LOOK INSIDE"));
    vt_key(vt, "tab");
    VT_WANT(vt, vt_row_shows(vt, 2, "6 Mistakes"));
    vt_key(vt, "shift-tab");
    VT_WANT(vt, vt_row_shows(vt, 2, "6 Inside"));
    vt_end(vt);
}

static void capitals_go_from_one_to_another(void **state) {
    Vt *vt = trained(*state, 80, 24, false);
    vt_key(vt, "6");
    VT_WANT(vt, vt_shows(vt, "LOOK INSIDE"));
    for (int i = QUESTIONS - 1; i >= 0; i--) {
        char tab[40];
        vt_key(vt, questions[i].key);
        snprintf(tab, sizeof tab, "6 %s", questions[i].title);
        VT_WANT(vt, vt_row_shows(vt, 2, tab));
    }
    vt_end(vt);
}

static void what_is_looked_at_stays_from_view_to_view(void **state) {
    Vt *vt = trained(*state, 80, 24, false);
    place_line(vt, "view why");
    place_line(vt, "look row=7 part=train");
    VT_WANT(vt, vt_shows(vt, "row 7 of train"));
    vt_key(vt, ".");
    VT_WANT(vt, vt_shows(vt, "row 8 of train"));
    vt_key(vt, "N");
    VT_WANT(vt, vt_row_shows(vt, 2, "6 Neuron"));
    VT_WANT(vt, vt_shows(vt, "row 8 of train"));
    vt_key(vt, "G"); /* of the probe set all the same */
    VT_WANT(vt, vt_shows(vt, "140 rows of train"));
    vt_key(vt, "esc"); /* the way back is the way that one came */
    VT_WANT(vt, vt_row_shows(vt, 2, "6 Neuron"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_row_shows(vt, 2, "6 Why"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "LOOK INSIDE"));
    place_line(vt, "view why");
    vt_key(vt, "N");
    VT_WANT(vt, vt_shows(vt, "row 8 of train"));
    vt_key(vt, ",");
    VT_WANT(vt, vt_shows(vt, "row 7 of train"));
    place_line(vt, "look row=5000");
    VT_WANT(vt, vt_shows(vt, "look: row=5000: wanted 0 to 139"));
    place_line(vt, "look layer=dence_1");
    VT_WANT(vt, vt_shows(vt, "did you mean 'dense_1'"));
    place_line(vt, "look method=saliency");
    VT_WANT(vt, vt_shows(vt, "unknown method 'saliency'"));
    VT_WANT(vt, vt_shows(vt, "row 7 of train")); /* a line that fails changes nothing */
    vt_end(vt);
}

static void without_a_run_it_says_how_to_begin(void **state) {
    Vt *vt = place_start(*state, 80, 24, NULL, false, false);
    place_line(vt, "view why");
    VT_WANT(vt, vt_shows(vt, "there is no network to look into yet: space trains, s makes one step"));
    vt_key(vt, "s");
    VT_WANT(vt, vt_shows(vt, "Saliency · row 0 of test"));
    vt_end(vt);
}

static void what_costs_much_is_made_when_asked_for(void **state) {
    Vt *vt = trained(*state, 80, 24, false);
    place_line(vt, "view surface");
    VT_WANT(vt, vt_shows(vt, "enter makes it"));
    VT_WANT(vt, vt_shows(vt, "0.25 of a core"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "measured"));
    VT_WANT(vt, vt_hides(vt, "enter makes it"));
    place_line(vt, "share 2");
    VT_WANT(vt, vt_shows(vt, "share: '2': wanted 0.01 to 1"));
    place_line(vt, "share 0.5");
    VT_WANT(vt, vt_shows(vt, "takes 0.5 of a core"));
    vt_end(vt);
}

/* Every view at every size, and again as the window changes under it. */
static void at_every_size(void **state) {
    static const struct { int w, h; } sizes[] = {{40, 10}, {120, 40}, {200, 60}, {1, 1}, {23, 5}, {80, 24}};
    for (int ascii = 0; ascii < 2; ascii++) {
        Vt *vt = trained(*state, 80, 24, ascii);
        for (int i = 0; i < QUESTIONS; i++) {
            char line[64];
            snprintf(line, sizeof line, "view %s", questions[i].name);
            place_line(vt, line);
            VT_WANT(vt, vt_row_shows(vt, 2, questions[i].title));
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
                long frame = vt_frame(vt);
                vt_resize(vt, sizes[s].w, sizes[s].h);
                VT_WANT(vt, vt_frame_after(vt, frame));
                if (ascii) VT_WANT(vt, all_ascii(vt));
            }
            VT_WANT(vt, vt_row_shows(vt, 2, questions[i].title));
        }
        vt_end(vt);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(from_the_page_to_a_question_and_back, make, place_remove),
        cmocka_unit_test_setup_teardown(capitals_go_from_one_to_another, make, place_remove),
        cmocka_unit_test_setup_teardown(what_is_looked_at_stays_from_view_to_view, make, place_remove),
        cmocka_unit_test_setup_teardown(without_a_run_it_says_how_to_begin, make, place_remove),
        cmocka_unit_test_setup_teardown(what_costs_much_is_made_when_asked_for, make, place_remove),
        cmocka_unit_test_setup_teardown(at_every_size, make, place_remove)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
