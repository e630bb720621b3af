/* The view of mistakes: the cursor's way from the worst cell to its rows, what the gaze then holds,
 * thresholds, and every way to look at every size. */
#include "views_rig.h"

#include "gaze.h"
#include "inspect/lens.h"

#include <stdio.h>

typedef struct Scene {
    Rig *rig;
    Gaze gaze;
    int method;
    int64_t turn[STUDIES_MAX];
    StLens *lens;
    StFound *found;
} Scene;

/* What was found out for what the view now asks for. */
static void find(Scene *scene) {
    StAsk ask;
    StError error = {0};
    const SessionRun *run = session_run(scene->rig->session);
    scene->rig->context.found = NULL;
    st_found_free(scene->found);
    assert_true(view_ask(&scene->rig->context, scene->rig->view, &ask));
    const StSnapshot *snapshot = st_trainer_snapshot_now(run->trainer);
    scene->found = st_found_make(scene->lens, &ask, snapshot, &error);
    st_trainer_release(run->trainer, snapshot);
    if (!scene->found) fail_msg("%s", error.message);
    scene->rig->context.found = scene->found;
}

/* `look` as the workbench has it, as far as the view says it. */
static bool run(void *bench, const char *line) {
    Scene *scene = bench;
    char method[32];
    long long row;
    snprintf(scene->rig->line, sizeof scene->rig->line, "%s", line);
    if (sscanf(line, "look method=%31s", method) == 1)
        scene->method = st_study_find("mistakes", method);
    else if (sscanf(line, "look row=%lld", &row) == 1)
        scene->gaze.row = row;
    return true;
}

static void open_scene(Scene *scene, const char *recipe, int steps) {
    StError error = {0};
    *scene = (Scene){.rig = rig_open(view_find("mistakes"), recipe), .gaze = gaze_nothing, .method = -1};
    ViewContext *context = &scene->rig->context;
    context->gaze = &scene->gaze, context->method = &scene->method, context->turn = scene->turn;
    context->trouble = "";
    context->view = scene->rig->view;
    context->run = run, context->bench = scene;
    rig_train(scene->rig, steps);
    const SessionRun *made = session_run(scene->rig->session);
    StLensPlan plan = {&made->recipe->stack, &made->recipe->compile, made->dataset, made->recipe->seed};
    scene->lens = st_lens_create(&plan, &error);
    if (!scene->lens) fail_msg("%s", error.message);
    find(scene);
}

static void close_scene(Scene *scene) {
    scene->rig->context.found = NULL;
    st_found_free(scene->found);
    st_lens_destroy(scene->lens);
    rig_close(scene->rig);
}

static const char digits[] =
    "seed 2\ndata csv samples/data/digits.csv.gz target=digit task=classification\n"
    "split train=0.8 test=0.2\nprepare scale=16\n"
    "dense 16 relu\ndense 10 softmax\n"
    "compile optimizer=adam loss=sparse_categorical_crossentropy learning_rate=0.01\n"
    "fit epochs=1 batch_size=32\n";

static double fact(const Scene *scene, const char *name) {
    return st_finding_value(&scene->found->finding, name);
}

static void shows(Scene *scene, int w, int h, const char *format, ...) ST_PRINTF(4, 5);
static void shows(Scene *scene, int w, int h, const char *format, ...) {
    char wanted[200];
    va_list list;
    va_start(list, format);
    vsnprintf(wanted, sizeof wanted, format, list);
    va_end(list);
    rig_shows(scene->rig, w, h, wanted);
}

/* From the matrix to a mistake in one key, and back. */
static void test_from_the_worst_cell(void **state) {
    (void)state;
    Scene scene;
    open_scene(&scene, digits, 40);
    double from = fact(&scene, "worst_true"), to = fact(&scene, "worst_predicted");
    double count = fact(&scene, "worst_count");
    assert_true(count >= 2);
    shows(&scene, 80, 19, "%.0f is taken for %.0f most often: %.0f times", from, to, count);
    shows(&scene, 80, 19, "true %.0f, answered %.0f: %.0f of ", from, to, count);
    shows(&scene, 80, 19, "%s", st_finding_text(&scene.found->finding, "verdict"));
    shows(&scene, 80, 19, "enter lists them");
    for (int k = 0; k < 10; k++)
        shows(&scene, 80, 19, "\n %d          ", k);
    shows(&scene, 80, 19, "precision");
    rig_keys(scene.rig, "enter");
    assert_string_equal(scene.rig->line, "look method=examples");
    find(&scene);
    assert_true(fact(&scene, "count") == count);
    shows(&scene, 80, 19, "true %.0f, answered %.0f: %.0f rows, the most confident first", from, to, count);
    const double *row = st_finding_values(&scene.found->finding, "row", NULL);
    shows(&scene, 80, 19, "row %.0f: it is %.0f, answered %.0f", row[0], from, to);
    shows(&scene, 80, 19, "what it looked at");
    /* Any key tells every view which example this is. */
    scene.rig->view->press(&scene.rig->context, 'W');
    assert_true(scene.gaze.row == (int64_t)row[0]);
    rig_keys(scene.rig, "down");
    assert_true(scene.gaze.row == (int64_t)row[1]);
    shows(&scene, 80, 19, "row %.0f: it is", row[1]);
    rig_keys(scene.rig, ",");
    assert_true(scene.gaze.row == (int64_t)row[0]);
    /* The gaze does not change what is asked for: moving costs nothing. */
    StAsk before = scene.found->ask, after;
    view_ask(&scene.rig->context, scene.rig->view, &after);
    assert_true(st_ask_same(&before, &after));
    rig_keys(scene.rig, "c");
    find(&scene);
    shows(&scene, 80, 19, "all mistakes: ");
    rig_keys(scene.rig, "esc");
    assert_string_equal(scene.rig->line, "look method=confusion");
    close_scene(&scene);
}

static void test_cursor(void **state) {
    (void)state;
    Scene scene;
    open_scene(&scene, digits, 40);
    free(rig_text(scene.rig, 80, 19));
    rig_keys(scene.rig, "up up up up up up up up up up left left left left left left left left left");
    shows(&scene, 80, 19, "true 0, answered so: ");
    rig_keys(scene.rig, "right");
    shows(&scene, 80, 19, "true 0, answered 1: ");
    rig_keys(scene.rig, "pgdn pgdn");
    shows(&scene, 80, 19, "true 9, answered 1: ");
    rig_keys(scene.rig, "home");
    shows(&scene, 80, 19, "true %.0f, answered %.0f: ", fact(&scene, "worst_true"),
          fact(&scene, "worst_predicted"));
    close_scene(&scene);
}

/* A hundred classes do not fit: what is shown is marked, and follows the cursor. */
static void test_many_classes(void **state) {
    (void)state;
    Scene scene;
    open_scene(&scene,
               "seed 3\ndata synthetic random samples=600 features=6 classes=100\n"
               "dense 100 softmax\ncompile sgd sparse_categorical_crossentropy\nfit epochs=1\n",
               3);
    free(rig_text(scene.rig, 80, 19));
    for (int i = 0; i < 30; i++)
        rig_keys(scene.rig, "pgup left left left left");
    shows(&scene, 80, 19, "true 0, answered so: ");
    shows(&scene, 80, 19, "classes 1–");
    shows(&scene, 80, 19, "of 100");
    shows(&scene, 80, 19, "▸");
    shows(&scene, 80, 19, "↓");
    for (int i = 0; i < 30; i++)
        rig_keys(scene.rig, "pgdn right right right right");
    shows(&scene, 80, 19, "–100 of 100");
    shows(&scene, 80, 19, "◂");
    shows(&scene, 80, 19, "↑");
    shows(&scene, 200, 60, "most confused pairs");
    close_scene(&scene);
}

static void test_threshold(void **state) {
    (void)state;
    Scene scene;
    open_scene(&scene,
               "seed 3\ndata synthetic circle samples=200 noise=0.3\ndense 4 relu\ndense 1 sigmoid\n"
               "compile adam binary_crossentropy\nfit epochs=1\n",
               10);
    run(&scene, "look method=curve");
    find(&scene);
    shows(&scene, 80, 19, "threshold 0.500: precision ");
    shows(&scene, 80, 19, "AUC");
    rig_keys(scene.rig, "right");
    shows(&scene, 80, 19, "threshold 0.510: precision ");
    rig_keys(scene.rig, "pgup pgup pgup pgup pgup pgup");
    shows(&scene, 80, 19, "threshold 1.000: precision –  recall 0.000 ");
    rig_keys(scene.rig, "pgdn pgdn pgdn pgdn pgdn pgdn pgdn pgdn pgdn pgdn left left");
    shows(&scene, 80, 19, "threshold 0.000: precision ");
    shows(&scene, 80, 19, " found, 0 missed");
    rig_keys(scene.rig, "home");
    shows(&scene, 80, 19, "threshold 0.500: ");
    rig_keys(scene.rig, "down");
    assert_string_equal(scene.rig->line, "look class=next");
    rig_keys(scene.rig, "esc");
    assert_string_equal(scene.rig->line, "look method=confusion");
    close_scene(&scene);
}

static const char numbers[] =
    "seed 1\ndata csv samples/data/concrete.csv\nsplit train=0.8 test=0.2\n"
    "prepare standardize\ndense 8 relu\ndense 1\n"
    "compile optimizer=adam loss=mean_squared_error learning_rate=0.01\nfit epochs=1\n";

/* A regression is shown by what can be had of it. */
static void test_numbers(void **state) {
    (void)state;
    Scene scene;
    open_scene(&scene, numbers, 20);
    assert_string_equal(st_studies[scene.found->ask.study]->name, "residuals");
    shows(&scene, 80, 19, "compressive_strength: R²");
    shows(&scene, 80, 19, "target − prediction");
    shows(&scene, 80, 19, "furthest off");
    shows(&scene, 80, 19, "in the target's own units");
    rig_all_sizes(scene.rig, 100, 40);
    close_scene(&scene);
}

static void test_sizes(void **state) {
    (void)state;
    static const char *const recipes[] = {
        digits, "seed 2\ndata csv samples/data/penguins.csv missing=drop target=species\ndense 3 softmax\n"
                "compile sgd sparse_categorical_crossentropy\nfit epochs=1\n"};
    static const char *const methods[] = {"confusion", "examples", "curve", "calibration"};
    for (int r = 0; r < 2; r++) {
        Scene scene;
        open_scene(&scene, recipes[r], 2);
        for (int i = 0; i < 4; i++) {
            char line[60];
            snprintf(line, sizeof line, "look method=%s", methods[i]);
            run(&scene, line);
            find(&scene);
            rig_all_sizes(scene.rig, 90, 32);
        }
        close_scene(&scene);
    }
}

/* Names that are too long end in a mark; columns of a row that is no picture stand by name. */
static void test_names(void **state) {
    (void)state;
    Scene scene;
    open_scene(&scene,
               "seed 2\ndata csv samples/data/penguins.csv missing=drop target=species\ndense 3 softmax\n"
               "compile sgd sparse_categorical_crossentropy\nfit epochs=1\n",
               2);
    shows(&scene, 80, 19, "Chinstrap");
    shows(&scene, 26, 10, "…");
    run(&scene, "look method=examples");
    find(&scene);
    shows(&scene, 80, 19, "bill_length_mm");
    shows(&scene, 80, 19, "answered");
    close_scene(&scene);
}

static void test_bindings(void **state) {
    (void)state;
    assert_int_equal(ui_keymap_fault(view_find("mistakes")->bindings), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_the_worst_cell),
        cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_many_classes),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bindings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
