/* The view of the surface: what it says of each study, at every size, half made, and of what is not finite.
 */
#include "unit/views_rig.h"

#include "inspect/lens.h"

extern const View view_surface;

static const char recipe[] = "seed 3\n"
                             "data synthetic circle samples=60\n"
                             "dense 4 tanh\n"
                             "dense 1 sigmoid\n"
                             "compile sgd binary_crossentropy learning_rate=0.5\n"
                             "fit epochs=2 batch_size=10\n";

typedef struct Looking {
    Rig *rig;
    Gaze gaze;
    int method;
    int64_t turn[STUDIES_MAX];
    StFound *found;
} Looking;

static Looking *look(void) {
    Looking *looking = calloc(1, sizeof *looking);
    assert_non_null(looking);
    looking->rig = rig_open(&view_surface, recipe);
    looking->gaze = gaze_nothing;
    looking->method = -1;
    ViewContext *context = &looking->rig->context;
    context->view = &view_surface;
    context->gaze = &looking->gaze;
    context->method = &looking->method;
    context->turn = looking->turn;
    context->trouble = "";
    rig_train(looking->rig, 3);
    rig_look_again(looking->rig);
    return looking;
}

static void drop(Looking *looking) {
    if (looking->found) st_found_free(looking->found);
    looking->found = NULL;
    looking->rig->context.found = NULL;
}

static void find(Looking *looking, const char *method) {
    StAsk ask;
    StError error = {0};
    ViewContext *context = &looking->rig->context;
    const SessionRun *run = session_run(looking->rig->session);
    StLensPlan plan = {&run->recipe->stack, &run->recipe->compile, run->dataset, run->recipe->seed};
    StLens *lens = st_lens_create(&plan, &error);
    drop(looking);
    looking->method = st_study_find("surface", method);
    assert_true(lens && view_ask(context, &view_surface, &ask));
    assert_int_equal(ask.part, -1);
    looking->found = st_found_make(lens, &ask, looking->rig->snapshot, &error);
    st_lens_destroy(lens);
    if (!looking->found) fail_msg("%s", error.message);
    context->found = looking->found;
}

static void close_look(Looking *looking) {
    drop(looking);
    rig_close(looking->rig);
    free(looking);
}

static void before_anything(void **state) {
    (void)state;
    Looking *looking = look();
    StAsk ask;
    assert_true(view_ask(&looking->rig->context, &view_surface, &ask));
    assert_int_equal(ask.study, st_study_find("surface", "line"));
    looking->rig->context.inspection = (StInspection *)looking; /* there is a run */
    rig_shows(looking->rig, 80, 20, "enter makes it: 31 F");
    looking->rig->context.inspection = NULL;
    rig_all_sizes(looking->rig, 90, 30);
    close_look(looking);
}

static void every_method(void **state) {
    (void)state;
    static const struct {
        const char *method, *wanted[3];
    } shown[] = {{"line", {"distance", "○ start", "◆ now"}},
                 {"plane", {"here", "in this plane", "start ○"}},
                 {"hessian", {"largest eigenvalue", "edge 2/rate 4", "steepest along"}},
                 {"sharpening", {"largest eigenvalue", "edge", "at first"}},
                 {"noise", {"batch_size 10", "batches 8", "of rows 7"}}};
    Looking *looking = look();
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        find(looking, shown[i].method);
        for (int k = 0; k < 3; k++)
            rig_shows(looking->rig, 80, 20, shown[i].wanted[k]);
        rig_shows(looking->rig, 40, 8, " rows of tra");
        rig_all_sizes(looking->rig, 150, 50);
        rig_keys(looking->rig, "c"); /* with the cursor */
        rig_all_sizes(looking->rig, 90, 30);
        rig_keys(looking->rig, "c");
    }
    close_look(looking);
}

/* Arrows go through time until the cursor is asked for; it stays on the line and on the map. */
static void the_cursor(void **state) {
    (void)state;
    Looking *looking = look();
    Rig *rig = looking->rig;
    find(looking, "line");
    assert_false(view_surface.press(&rig->context, UI_KEY_LEFT));
    rig_keys(rig, "c left left");
    rig_shows(rig, 80, 20, "a = 0.90");
    for (int i = 0; i < 40; i++)
        rig_keys(rig, "right");
    rig_shows(rig, 80, 20, "a = 1.25");
    find(looking, "plane");
    rig_shows(rig, 80, 20, "at a 0, b 0");
    for (int i = 0; i < 50; i++)
        rig_keys(rig, "right down");
    rig_shows(rig, 80, 20, "at a 1, b -1");
    rig_keys(rig, "esc");
    assert_false(view_surface.press(&rig->context, UI_KEY_LEFT));
    assert_false(view_surface.press(&rig->context, UI_KEY_ESCAPE));
    UiEvent click = {.kind = UI_EVENT_MOUSE, .mouse = UI_MOUSE_PRESS, .x = 7, .y = 4};
    rig_shows(rig, 80, 20, "b");
    assert_true(view_surface.mouse(&rig->context, &click)); /* the upper left corner */
    rig_shows(rig, 80, 20, "at a -1, b 1");
    click.y = 0;
    assert_false(view_surface.mouse(&rig->context, &click));
    close_look(looking);
}

/* A plane half made, with a path that leaves it, places that are not finite, and none that is. */
static void half_made(void **state) {
    (void)state;
    Looking *looking = look();
    find(looking, "plane");
    StFinding *finding = &looking->found->finding;
    double *loss = st_finding_matrix(finding, "loss", 21, 41);
    for (int i = 0; i < 21 * 41; i++)
        loss[i] = i % 41 < 20 ? NAN : i == 500 ? INFINITY : i;
    double *a = st_finding_vector(finding, "path_a", 4), *b = st_finding_vector(finding, "path_b", 4);
    static const double way[] = {-9, 0.5, NAN, 0};
    for (int i = 0; i < 4; i++)
        a[i] = way[i], b[i] = -way[i];
    looking->found->done = 0.5;
    rig_all_sizes(looking->rig, 150, 50);
    loss[500] = -3; /* no logarithm */
    looking->found->done = 1;
    rig_all_sizes(looking->rig, 90, 30);
    for (int i = 0; i < 21 * 41; i++)
        loss[i] = NAN;
    rig_all_sizes(looking->rig, 90, 30);
    close_look(looking);
}

static void from_another_moment(void **state) {
    (void)state;
    Looking *looking = look();
    Rig *rig = looking->rig;
    StError error = {0};
    StWords words;
    StAsk ask;
    find(looking, "line");
    assert_true(st_words_split("from", &words, &error));
    assert_true(view_surface.command(&rig->context, words.word, words.count, &error));
    rig_shows(rig, 80, 20, "the next line begins at step 3: enter makes it");
    looking->gaze.moment = 1;
    assert_true(view_surface.command(&rig->context, words.word, words.count, &error));
    assert_true(view_ask(&rig->context, &view_surface, &ask));
    assert_int_equal(ask.other, 1);
    assert_true(st_words_split("from start", &words, &error));
    assert_true(view_surface.command(&rig->context, words.word, words.count, &error));
    rig_shows(rig, 80, 20, "this is of step 3: enter makes it of step 1");
    find(looking, "plane"); /* its path: from the start to step 3 */
    rig_shows(rig, 80, 20, "near step 0 ◉");
    looking->gaze.moment = 3;
    rig_shows(rig, 80, 20, "near step 3 ◉");
    assert_true(st_words_split("from here", &words, &error));
    assert_false(view_surface.command(&rig->context, words.word, words.count, &error));
    close_look(looking);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(before_anything), cmocka_unit_test(every_method),
                                       cmocka_unit_test(the_cursor), cmocka_unit_test(half_made),
                                       cmocka_unit_test(from_another_moment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
