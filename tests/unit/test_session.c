/* The session: lines, history, files, data, and what an edit means for a run. */
#include "session.h"

#include "fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

static Session *session;
static StError error;
static char said[1024], folder[] = "/tmp/strata-session-XXXXXX";

static void say(void *context, const char *text) {
    (void)context;
    snprintf(said, sizeof said, "%s", text);
}

static int open_in(Place place) {
    error = (StError){0};
    session = session_create(&(SessionPlan){.place = place,
                                            .threads = 1,
                                            .quiet = true,
                                            .lossless = place != PLACE_WORKBENCH,
                                            .wake_fd = eventfd(0, EFD_NONBLOCK),
                                            .hooks = {.say = say}},
                             &error);
    return session ? 0 : -1;
}

static int begin(void **state) {
    (void)state;
    return open_in(PLACE_WORKBENCH);
}

static int begin_script(void **state) {
    (void)state;
    return open_in(PLACE_SCRIPT);
}

static int end(void **state) {
    (void)state;
    session_destroy(session);
    return 0;
}

static void run(const char *line) {
    if (!session_run_line(session, line, (Source){0}, &error)) fail_msg("%s: %s", line, error.message);
}

static void refused(const char *line, const char *message) {
    assert_false(session_run_line(session, line, (Source){0}, &error));
    assert_string_equal(error.message, message);
}

static void holds(const char *wanted) {
    StText text = {0};
    assert_true(recipe_print(session_recipe(session), RECIPE_ALL, NULL, &text, &error));
    assert_string_equal(st_text_string(&text), wanted);
    st_text_free(&text);
}

static void circle(void) {
    run("data synthetic circle samples=80");
    run("split train=0.5 test=0.5");
    run("dense 8 tanh");
    run("dense 1 sigmoid");
    run("compile adam binary_crossentropy metrics=accuracy learning_rate=0.02");
    run("fit epochs=2 batch_size=8");
}

static void test_history(void **state) {
    (void)state;
    run("dense 8 relu");
    assert_string_equal(said, "added 1 dense 8 relu; u undoes");
    run("dropout 0.2");
    run("set 1 units=4");
    refused("set 1 units=0", "set: dense: units=0: wanted a whole number from 1 up");
    holds("dense 4 relu\ndropout 0.2\n");
    assert_string_equal(session_undo_text(session), "set 1 units=4");
    run("undo");
    assert_string_equal(said, "undone: back to dense 8 relu");
    run("undo");
    holds("dense 8 relu\n");
    run("redo");
    run("redo");
    holds("dense 4 relu\ndropout 0.2\n");
    refused("redo", "there is no edit to redo");
    run("undo");
    run("seed 9"); /* another way on: what was undone is gone */
    refused("redo", "there is no edit to redo");
    holds("seed 9\ndense 8 relu\ndropout 0.2\n");
}

static void test_history_is_bounded(void **state) {
    (void)state;
    char line[32];
    for (int i = 0; i < SESSION_HISTORY + 50; i++) {
        snprintf(line, sizeof line, "seed %d", i);
        run(line);
    }
    for (int i = 0; i < SESSION_HISTORY; i++)
        run("undo");
    refused("undo", "there is no edit to undo");
    holds("seed 49\n");
}

static void test_files(void **state) {
    (void)state;
    char line[200];
    run("dense 8 relu");
    assert_true(session_dirty(session));
    refused("save", "the recipe has no file yet; name one: save FILE.strata");
    refused("save x.txt", "x.txt: wanted a name that ends in .strata or .safetensors");
    snprintf(line, sizeof line, "save %s/a.strata", folder);
    run(line);
    assert_false(session_dirty(session));
    assert_string_equal(session_name(session), "a.strata");
    run("dense 3");
    assert_true(session_dirty(session));
    run("undo");
    assert_false(session_dirty(session));
    run("dense 9");
    snprintf(line, sizeof line, "load %s/a.strata", folder);
    run(line);
    holds("dense 8 relu\n");
    assert_null(session_undo_text(session));
}

static void test_failed_open_changes_nothing(void **state) {
    (void)state;
    run("dense 8 relu");
    refused("load /no/such.strata", "/no/such.strata: No such file or directory");
    refused("load Makefile", "Makefile: wanted a name that ends in .strata or .safetensors");
    holds("dense 8 relu\n");
}

static void test_data_is_kept(void **state) {
    (void)state;
    circle();
    const StDataset *first = session_dataset(session, &error);
    assert_non_null(first);
    run("dense 3");
    assert_ptr_equal(session_dataset(session, &error), first);
    run("seed 5");
    assert_null(session_dataset_loaded(session, NULL));
    assert_non_null(session_dataset(session, &error));
    run("data csv none.csv");
    assert_null(session_dataset(session, &error));
    const StError *failed;
    assert_null(session_dataset_loaded(session, &failed));
    assert_string_equal(failed->message, "none.csv: No such file or directory");
}

static void test_stack_errors_are_told_at_the_layer(void **state) {
    (void)state;
    const StLayerInfo *layers;
    StStackInfo info;
    run("input 4");
    run("dense 8");
    assert_true(session_stack(session, &layers, &info, &error));
    assert_int_equal(layers[0].parameters, 40);
    run("input 5");
    assert_true(session_stack(session, &layers, &info, &error));
    assert_int_equal(info.parameters, 48);
    circle();
    assert_false(session_ready(session, &error));
    assert_string_equal(error.message, "input 5 holds 5 values a row, but the data's rows of 2 hold 2");
}

static void test_what_is_missing(void **state) {
    (void)state;
    assert_false(session_play(session, false, &error));
    assert_string_equal(error.message, "there is no data line; say where rows come from (data csv FILE)");
    run("data synthetic circle samples=20");
    assert_false(session_play(session, false, &error));
    assert_string_equal(error.message, "the stack has no layers; add one (dense 10 softmax)");
    assert_false(session_pause(session, &error));
    assert_string_equal(error.message, "pause: nothing is training");
}

static void finish(void) {
    StTrainerStatus status;
    StRecord records[64];
    StTrainer *trainer = session_run(session)->trainer;
    st_trainer_wait(trainer);
    while (st_trainer_read(trainer, records, 64) > 0)
        continue;
    st_trainer_status(trainer, &status);
    assert_int_not_equal(status.state, ST_STATE_TRAINING);
}

static float first_weight(const char *name) {
    StWeightSet set;
    assert_true(session_weights(session, &set, &error));
    for (int i = 0; i < set.count; i++)
        if (strcmp(set.tensor[i].name, name) == 0) return set.values[set.tensor[i].offset];
    fail_msg("no tensor %s", name);
    return 0;
}

static void test_edit_waits_for_the_next_start(void **state) {
    (void)state;
    circle();
    run("play");
    finish();
    uint64_t number = session_run(session)->number;
    float kept = first_weight("dense/kernel"), last = first_weight("dense_1/kernel");
    assert_false(session_pending(session, NULL));
    run("insert 1 dense 2");
    assert_string_equal(said, "added 1 dense 2; space keeps the weights of unchanged layers; u undoes");
    StText what = {0};
    assert_true(session_pending(session, &what));
    assert_string_equal(st_text_string(&what), "stack");
    st_text_free(&what);
    assert_int_equal(session_run(session)->recipe->stack.count, 2);
    run("step");
    finish();
    assert_true(session_run(session)->number > number);
    assert_int_equal(session_run(session)->kept, 2); /* dense 8 and dense 1 go on as dense_1 and dense_2 */
    assert_true(first_weight("dense_1/kernel") - kept < 0.05f &&
                kept - first_weight("dense_1/kernel") < 0.05f);
    assert_true(first_weight("dense_2/kernel") - last < 0.05f &&
                last - first_weight("dense_2/kernel") < 0.05f);
    run("undo");
    assert_true(session_pending(session, NULL));
}

/* A step that is asked for while it trains is one of the run that trains. */
static void test_step_while_it_trains(void **state) {
    (void)state;
    circle();
    run("fit epochs=1000000 batch_size=8");
    run("pace 1000");
    run("play");
    uint64_t number = session_run(session)->number;
    first_weight("dense/kernel"); /* asked for behind the order: now it trains */
    run("dropout 0.2");
    assert_int_equal(session_next(session), NEXT_TRAINS);
    run("step");
    finish();
    assert_int_equal(session_run(session)->number, number);
    run("step");
    finish();
    assert_true(session_run(session)->number > number);
}

static void test_rate_acts_at_once(void **state) {
    (void)state;
    circle();
    run("step");
    finish();
    run("rate 0.5");
    assert_string_equal(said, "rate 0.02 → 0.5");
    assert_false(session_pending(session, NULL));
    assert_true(st_compile_learning_rate(&session_recipe(session)->compile) == 0.5);
    run("rate down");
    assert_true(st_compile_learning_rate(&session_recipe(session)->compile) == 0.25);
    run("rate up"); /* one takes the other back, from any rate */
    assert_true(st_compile_learning_rate(&session_recipe(session)->compile) == 0.5);
    run("undo");
    assert_string_equal(said, "undone: rate back to 0.25");
    assert_false(session_pending(session, NULL));
    refused("rate -1", "rate: learning_rate=-1: wanted a number from 0 up");
    refused("rate fast", "rate: 'fast': wanted a number, up or down");
}

/* What space does after a change is said before it does it. */
static void test_what_space_does(void **state) {
    (void)state;
    assert_int_equal(session_next(session), NEXT_BEGIN);
    circle();
    run("play");
    finish();
    assert_int_equal(session_next(session), NEXT_MORE);
    float trained = first_weight("dense/kernel");
    run("fit epochs=3 batch_size=8");
    assert_int_equal(session_next(session), NEXT_KEEP);
    assert_string_equal(session_next_words(session), "space trains on with the weights there are");
    run("undo");
    assert_string_equal(said, "undone: back to fit epochs=2 batch_size=8");
    run("compile sgd binary_crossentropy metrics=accuracy learning_rate=0");
    assert_int_equal(session_next(session), NEXT_ANEW);
    run("play keep");
    assert_string_equal(said, "a new run: kept the weights of 2 of 2 layers");
    finish();
    assert_true(first_weight("dense/kernel") == trained);
    run("compile adam binary_crossentropy metrics=accuracy learning_rate=0");
    run("play");
    assert_string_equal(said, "started anew from seed 1");
    finish();
    assert_true(first_weight("dense/kernel") != trained);
    run("undo");
    run("undo");
    refused("play it", "play: 'it': wanted nothing or keep");
}

static void test_undo_says_what_is_so_again(void **state) {
    (void)state;
    run("dense 8 relu");
    run("dropout 0.2");
    run("dense 3");
    run("remove 2");
    run("undo");
    assert_string_equal(said, "undone: dropout 0.2 is back");
    run("undo");
    assert_string_equal(said, "undone: dense 3 is gone");
    run("seed 4");
    run("seed 5");
    run("undo");
    assert_string_equal(said, "undone: back to seed 4");
}

static void test_reset(void **state) {
    (void)state;
    circle();
    run("reset");
    float start = first_weight("dense/kernel");
    run("play");
    finish();
    assert_true(first_weight("dense/kernel") != start);
    run("reset");
    assert_true(first_weight("dense/kernel") == start);
    run("reset new");
    assert_true(first_weight("dense/kernel") != start);
    assert_int_equal(session_recipe(session)->seed, 2);
}

static void test_script(void **state) {
    (void)state;
    char text[600];
    circle();
    assert_non_null(session_run(session)); /* fit trained */
    StScores before, after;
    assert_true(session_evaluate(session, ST_TEST, &before, &error));
    snprintf(text, sizeof text, "save %s/w.safetensors\nfit epochs=1\nload %s/w.safetensors\n", folder,
             folder);
    if (!session_run_text(session, text, "t.script", &error)) fail_msg("%s", error.message);
    assert_true(session_evaluate(session, ST_TEST, &after, &error));
    assert_true(before.loss == after.loss);
    assert_false(session_run_text(session, "seed 4\n\n# none\ndense 0\n", "t.script", &error));
    assert_string_equal(error.message, "t.script:4: dense: units=0: wanted a whole number from 1 up");
}

static void with_file(const char *verb) {
    char line[200];
    snprintf(line, sizeof line, "%s %s/w.safetensors", verb, folder);
    run(line);
}

/* Weights that a live run took are trained on: the next run begins with what became of them. */
static void test_loaded_into_a_run(void **state) {
    (void)state;
    circle();
    run("play");
    finish();
    with_file("save");
    float saved = first_weight("dense/kernel");
    run("play");
    finish();
    with_file("load");
    assert_true(first_weight("dense/kernel") == saved);
    run("play");
    finish();
    float trained = first_weight("dense/kernel");
    assert_true(trained != saved);
    run("rate 0");
    run("fit epochs=3 batch_size=8");
    assert_int_equal(session_next(session), NEXT_KEEP);
    run("step");
    finish();
    assert_true(first_weight("dense/kernel") == trained);
    run("fit epochs=4 batch_size=8");
    run("insert 2 dropout 0.5");
    with_file("load"); /* for the next start: the recipe is another one */
    assert_string_equal(session_next_words(session), "space begins with the loaded weights");
    run("step");
    assert_string_equal(said, "a new run: begins with the loaded weights");
    assert_int_equal(session_run(session)->kept, 2);
    finish();
    assert_true(first_weight("dense/kernel") == saved);
}

/* A run that diverged goes on with weights that are loaded, once. */
static void test_loaded_after_divergence(void **state) {
    (void)state;
    circle();
    run("play");
    finish();
    with_file("save");
    run("compile sgd mse learning_rate=1e30");
    run("set 2 activation=linear");
    run("set 1 activation=linear");
    run("play keep");
    finish();
    assert_int_equal(session_next(session), NEXT_REFUSES);
    assert_false(session_play(session, false, &error));
    with_file("load");
    assert_int_equal(session_next(session), NEXT_GO_ON);
    run("play");
    finish();
    assert_int_equal(session_next(session), NEXT_REFUSES);
}

/* What a file of weights told of its rows is gone with its recipe. */
static void test_new_forgets_the_rows(void **state) {
    (void)state;
    const StLayerInfo *layers;
    circle();
    run("play");
    finish();
    with_file("save");
    session_new(session);
    with_file("load");
    assert_true(session_stack(session, NULL, NULL, &error));
    session_new(session);
    run("dense 3");
    assert_false(session_stack(session, &layers, NULL, &error));
}

/* evaluate is of the weights that there are, whatever the next start would do. */
static void test_evaluate_keeps_weights(void **state) {
    (void)state;
    StScores before, after;
    circle(); /* trains */
    assert_true(session_evaluate(session, ST_TEST, &before, &error));
    run("compile optimizer=sgd");
    assert_true(session_evaluate(session, ST_TEST, &after, &error));
    assert_true(before.loss == after.loss);
}

/* A second line changes what it names, and says what that was. */
static void test_lines_that_change(void **state) {
    (void)state;
    circle();
    run("compile optimizer=sgd");
    assert_string_equal(said, "optimizer adam → sgd, learning_rate 0.02 → 0.01; u undoes");
    run("fit batch_size=64");
    assert_string_equal(said, "batch_size 8 → 64; u undoes");
    run("callbacks stop_when=accuracy>0.9");
    assert_string_equal(said, "stop_when none → accuracy>0.9; u undoes");
    run("callbacks stop_when=accuracy>0.9");
    assert_string_equal(said, "callbacks: nothing changed; u undoes");
    holds("data synthetic circle samples=80\nsplit train=0.5 test=0.5\n"
          "dense 8 tanh\ndense 1 sigmoid\n"
          "compile optimizer=sgd loss=binary_crossentropy metrics=accuracy\n"
          "callbacks stop_when=accuracy>0.9\nfit epochs=2 batch_size=64\n");
}

/* A fit that cannot be done leaves no fit line behind. */
static void test_failed_fit(void **state) {
    (void)state;
    refused("fit epochs=3", "there is no data line; say where rows come from (data csv FILE)");
    holds("");
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    char path[100];
    snprintf(path, sizeof path, "%s/a.strata", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void) {
#define TEST(name)   cmocka_unit_test_setup_teardown(name, begin, end)
#define SCRIPT(name) cmocka_unit_test_setup_teardown(name, begin_script, end)
    const struct CMUnitTest tests[] = {TEST(test_history),
                                       TEST(test_history_is_bounded),
                                       TEST(test_files),
                                       TEST(test_failed_open_changes_nothing),
                                       TEST(test_data_is_kept),
                                       TEST(test_stack_errors_are_told_at_the_layer),
                                       TEST(test_what_is_missing),
                                       TEST(test_edit_waits_for_the_next_start),
                                       TEST(test_step_while_it_trains),
                                       TEST(test_rate_acts_at_once),
                                       TEST(test_what_space_does),
                                       TEST(test_undo_says_what_is_so_again),
                                       TEST(test_reset),
                                       SCRIPT(test_script),
                                       TEST(test_loaded_into_a_run),
                                       TEST(test_loaded_after_divergence),
                                       TEST(test_new_forgets_the_rows),
                                       SCRIPT(test_evaluate_keeps_weights),
                                       TEST(test_lines_that_change),
                                       SCRIPT(test_failed_fit)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
