/* The workbench in a terminal: every view at several sizes, what keys do, and how it leaves. */
#include "screen/vt.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* The places of one test: a folder with a recipe, and the state of the program. */
typedef struct Place {
    char folder[64], recipe[96], home[96], env[112];
} Place;

static const char recipe_text[] = "# Two spirals for a test\n"
                                  "seed 3\n"
                                  "data synthetic spiral samples=200 noise=0.1\n"
                                  "split train=0.8 validation=0.2\n"
                                  "dense 8 relu\n"
                                  "dense 2 softmax\n"
                                  "compile optimizer=adam learning_rate=0.01 "
                                  "loss=sparse_categorical_crossentropy metrics=accuracy\n"
                                  "fit epochs=1000 batch_size=32\n"
                                  "pace 200\n";

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int place_make(void **state) {
    Place *place = calloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/strata-screen-XXXXXX");
    if (!place || !mkdtemp(place->folder)) return -1;
    snprintf(place->recipe, sizeof place->recipe, "%s/spiral.strata", place->folder);
    snprintf(place->home, sizeof place->home, "%s/home", place->folder);
    snprintf(place->env, sizeof place->env, "STRATA_HOME=%s", place->home);
    write_file(place->recipe, recipe_text);
    *state = place;
    return 0;
}

static int place_remove(void **state) {
    Place *place = *state;
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s'", place->folder);
    int status = system(command);
    free(place);
    return status;
}

static const char *program(void) {
    const char *path = getenv("STRATA");
    return path ? path : "build/strata";
}

/* env2 and arg2 may be NULL. */
static Vt *start(const Place *place, int w, int h, const char *env2, const char *arg2) {
    const char *argv[] = {program(), place->recipe, arg2, NULL};
    const char *env[] = {place->env, env2, NULL};
    Vt *vt = vt_start(w, h, argv, env);
    assert_non_null(vt);
    return vt;
}

/* Trained weights are asked about: they are given up. */
static void quit(Vt *vt) {
    vt_key(vt, "q");
    if (vt_shows(vt, "discard")) vt_key(vt, "d");
    int status = vt_exit(vt);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    const char *wrong = vt_not_restored(vt);
    if (wrong) fail_msg("%s", wrong);
    vt_end(vt);
}

static VtCell cell_of(Vt *vt, const char *text) {
    int x, y;
    if (!vt_find(vt, text, &x, &y)) {
        vt_dump(vt, text);
        fail_msg("not on the screen: %s", text);
    }
    return vt_cell(vt, x, y);
}

static int epoch_shown(Vt *vt) {
    int epoch = -1;
    const char *at = strstr(vt_row(vt, 0), "epoch ");
    return at && sscanf(at, "epoch %d/", &epoch) == 1 ? epoch : -1;
}

static bool is_later(Vt *vt, const void *epoch) {
    return epoch_shown(vt) > *(const int *)epoch;
}

/* Frames may skip an epoch: training does not wait for the screen. */
static bool trains_past(Vt *vt, int epoch) {
    return vt_until(vt, is_later, &epoch);
}

/* Waits for an epoch later than the one that the header shows. */
static bool goes_on(Vt *vt) {
    int epoch = epoch_shown(vt) + 1;
    return vt_until(vt, is_later, &epoch);
}

/* ---- views ---- */

static const struct {
    const char *key, *shows;
} view_rows[] = {{"1", "STACK"}, {"2", "dense 8 relu"}, {"3", "spiral"}, {"4", "fit"}, {"5", "dense"}};
enum { VIEWS = sizeof view_rows / sizeof *view_rows };

static void views_at(const Place *place, int w, int h, const char *env) {
    Vt *vt = start(place, w, h, env, "--play");
    VT_WANT(vt, vt_shows(vt, "/1000"));
    for (int i = 0; i < VIEWS; i++) {
        vt_key(vt, view_rows[i].key);
        bool small = w < 60 || h < 14;
        if (!small)
            VT_WANT(vt, vt_shows(vt, view_rows[i].shows));
        else
            VT_WANT(vt, vt_frame_after(vt, vt_frame(vt)));
    }
    vt_key(vt, "1");
    VT_WANT(vt, vt_shows(vt, "/1000"));
    quit(vt);
}

static void test_views_80x24(void **state) {
    views_at(*state, 80, 24, NULL);
    views_at(*state, 80, 24, "LC_ALL=C");
}

static void test_views_40x10(void **state) {
    views_at(*state, 40, 10, NULL);
    views_at(*state, 40, 10, "LC_ALL=C");
}

static void test_views_200x60(void **state) {
    views_at(*state, 200, 60, NULL);
    views_at(*state, 200, 60, "LC_ALL=C");
}

static void test_other_terminals(void **state) {
    static const char *const env[] = {"TERM=linux", "TERM=xterm", "TERM=vt100", "NO_COLOR=1"};
    for (size_t i = 0; i < sizeof env / sizeof *env; i++) {
        Vt *vt = start(*state, 80, 24, env[i], NULL);
        VT_WANT(vt, vt_shows(vt, "WEIGHTS"));
        if (i >= 2) assert_int_equal(cell_of(vt, "4 Train").fg, VT_DEFAULT);
        quit(vt);
    }
}

static void test_overview(void **state) {
    Vt *vt = start(*state, 80, 24, NULL, NULL);
    VT_WANT(vt, vt_row_shows(vt, 0, "idle"));
    VT_WANT(vt, vt_shows(vt, "1 dense relu"));
    VT_WANT(vt, vt_row_shows(vt, 2, "1 Overview  2 Stack  3 Data  4 Train  5 Weights"));
    VT_WANT(vt, vt_row_shows(vt, 23, "space play"));
    VT_WANT(vt, vt_row_shows(vt, 23, "q quit"));
    assert_true(cell_of(vt, "spiral.strata").bold);
    assert_int_equal(cell_of(vt, "Overview").bg, 24); /* where one is */
    assert_int_equal(cell_of(vt, "space play").fg, 222);
    vt_key(vt, "s"); /* one step: a run, at rest */
    VT_WANT(vt, vt_row_shows(vt, 0, "paused"));
    VT_WANT(vt, vt_row_shows(vt, 0, "step 1/5000"));
    VT_WANT(vt, vt_row_shows(vt, 22, "made step 1: loss "));
    assert_int_equal(cell_of(vt, "paused").fg, 220);
    VT_WANT(vt, vt_shows(vt, "step/weight"));
    VT_WANT(vt, vt_shows(vt, "1 dense "));
    vt_key(vt, "space");
    VT_WANT(vt, vt_row_shows(vt, 0, "training"));
    assert_int_equal(cell_of(vt, "training").fg, 79);
    VT_WANT(vt, vt_row_shows(vt, 23, "space pause"));
    VT_WANT(vt, vt_shows(vt, "train ─"));
    assert_int_equal(cell_of(vt, "train ─").fg, 75);
    assert_int_equal(cell_of(vt, "val ┄").fg, 215);
    quit(vt);
}

static void test_ascii(void **state) {
    Vt *vt = start(*state, 80, 24, "LC_ALL=C", "--play");
    VT_WANT(vt, trains_past(vt, 3));
    const char *text = vt_text(vt);
    for (const char *at = text; *at; at++)
        assert_true((unsigned char)*at < 128);
    assert_null(strstr(text, "?1")); /* every glyph has its stand-in */
    quit(vt);
}

/* ---- keys ---- */

static void test_rate_and_undo(void **state) {
    Vt *vt = start(*state, 80, 24, NULL, "--play");
    VT_WANT(vt, vt_row_shows(vt, 1, "rate 0.01 "));
    vt_key(vt, "+");
    VT_WANT(vt, vt_row_shows(vt, 1, "rate 0.02 "));
    VT_WANT(vt, vt_row_shows(vt, 0, "spiral.strata*"));
    VT_WANT(vt, vt_row_shows(vt, 0, "training"));
    vt_key(vt, "u");
    VT_WANT(vt, vt_row_shows(vt, 1, "rate 0.01 "));
    VT_WANT(vt, vt_row_shows(vt, 0, "spiral.strata "));
    VT_WANT(vt, vt_row_shows(vt, 22, "undone: rate back to 0.01"));
    VT_WANT(vt, vt_row_shows(vt, 0, "200 steps/s"));
    quit(vt);
}

static void test_prompt_while_training(void **state) {
    Vt *vt = start(*state, 80, 24, NULL, "--play");
    VT_WANT(vt, trains_past(vt, 2));
    vt_type(vt, ":dropou");
    vt_key(vt, "tab");
    VT_WANT(vt, vt_row_shows(vt, 22, ":dropout"));
    VT_WANT(vt, goes_on(vt)); /* while one types */
    vt_type(vt, "0.2");
    VT_WANT(vt, vt_row_shows(vt, 22, "0.2"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_row_shows(vt, 22, "added 3 dropout 0.2"));
    VT_WANT(vt, vt_shows(vt, "3 dropout 0.2"));
    vt_key(vt, "u");
    VT_WANT(vt, vt_hides(vt, "3 dropout 0.2"));
    vt_type(vt, ":dropuot 0.2\r");
    VT_WANT(vt, vt_row_shows(vt, 22, "did you mean 'dropout'?"));
    assert_int_equal(cell_of(vt, "did you mean").fg, 203);
    vt_type(vt, ":");
    VT_WANT(vt, vt_row_shows(vt, 23, "enter runs it"));
    vt_key(vt, "ctrl-c"); /* closes the prompt alone */
    VT_WANT(vt, vt_row_shows(vt, 23, "space pause"));
    VT_WANT(vt, vt_row_shows(vt, 0, "training"));
    quit(vt);
}

static void test_help(void **state) {
    Vt *vt = start(*state, 80, 24, NULL, NULL);
    VT_WANT(vt, vt_shows(vt, "STACK"));
    vt_key(vt, "4");
    vt_key(vt, "?");
    VT_WANT(vt, vt_shows(vt, "more smoothing"));
    VT_WANT(vt, vt_shows(vt, ":train smooth=more"));
    vt_type(vt, "redo");
    VT_WANT(vt, vt_hides(vt, "more smoothing"));
    VT_WANT(vt, vt_shows(vt, "ctrl-r"));
    vt_key(vt, "esc");
    vt_key(vt, "esc");
    VT_WANT(vt, vt_hides(vt, "ctrl-r"));
    vt_key(vt, "?");
    vt_type(vt, "zzz");
    VT_WANT(vt, vt_shows(vt, "nothing found for 'zzz'"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "more smoothing"));
    vt_type(vt, ":help dense\r"); /* the colon opens the prompt from here too */
    VT_WANT(vt, vt_shows(vt, "units"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "space play"));
    quit(vt);
}

/* Candidates have as many rows as they need; what a verb wants stands below it. */
static void test_completion(void **state) {
    Place *place = *state;
    char line[120], other[120];
    Vt *vt = start(place, 80, 24, NULL, NULL);
    VT_WANT(vt, vt_shows(vt, "STACK"));
    snprintf(other, sizeof other, "%s/notes.txt", place->folder);
    write_file(other, "not ours\n");
    vt_key(vt, ":");
    vt_key(vt, "tab");
    VT_WANT(vt, vt_shows(vt, "view "));
    VT_WANT(vt, vt_shows(vt, " more")); /* than the screen holds */
    vt_key(vt, "esc");
    vt_type(vt, ":fl");
    vt_key(vt, "tab");
    VT_WANT(vt, vt_shows(vt, ":flatten"));
    vt_key(vt, "esc");
    vt_type(vt, ":compile metrics=accuracy,auc:cur");
    vt_key(vt, "tab");
    VT_WANT(vt, vt_shows(vt, "accuracy,auc:curve="));
    vt_key(vt, "esc");
    snprintf(line, sizeof line, ":open %s/", place->folder);
    vt_type(vt, line);
    VT_WANT(vt, vt_row_shows(vt, 23, "open FILE"));
    vt_key(vt, "tab");
    VT_WANT(vt, vt_shows(vt, "/home/"));
    VT_WANT(vt, vt_hides(vt, "notes.txt"));
    vt_key(vt, "esc");
    quit(vt);
}

static void test_train_view(void **state) {
    Vt *vt = start(*state, 80, 24, NULL, "--play");
    VT_WANT(vt, trains_past(vt, 4));
    vt_key(vt, "4");
    VT_WANT(vt, vt_shows(vt, "epoch's mean"));
    VT_WANT(vt, vt_shows(vt, "epoch's end"));
    VT_WANT(vt, vt_shows(vt, "raw ░"));
    vt_key(vt, "space");
    VT_WANT(vt, vt_row_shows(vt, 0, "paused"));
    vt_key(vt, "x");
    VT_WANT(vt, vt_shows(vt, "x second"));
    VT_WANT(vt, vt_shows(vt, "seconds of computing"));
    vt_type(vt, ":train x=step log_y smooth=0.6\r");
    VT_WANT(vt, vt_shows(vt, "x step"));
    VT_WANT(vt, vt_shows(vt, "scale log y"));
    VT_WANT(vt, vt_shows(vt, "smooth 0.6"));
    vt_key(vt, "left");
    VT_WANT(vt, vt_shows(vt, "loss  step "));
    vt_key(vt, "z");
    VT_WANT(vt, vt_shows(vt, "window zoomed"));
    vt_key(vt, "0");
    VT_WANT(vt, vt_shows(vt, "window all"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_hides(vt, " accuracy  step"));
    vt_key(vt, "+"); /* zooms here; the rate stays */
    VT_WANT(vt, vt_shows(vt, "window zoomed"));
    VT_WANT(vt, vt_row_shows(vt, 1, "rate 0.01 "));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "accuracy  step"));
    quit(vt);
}

static void test_keys_while_training(void **state) {
    static const char *const keys[] = {"1",     "2",     "3",   "4", "5", "tab",   "down", "up",  "left",
                                       "right", "?",     "esc", "g", "m", "enter", "esc",  "esc", "l",
                                       "s",     "space", "<",   ">", "x", "z",     "f",    "0",   "pgdn"};
    Vt *vt = start(*state, 100, 30, NULL, "--play");
    VT_WANT(vt, trains_past(vt, 2));
    for (int round = 0; round < 8; round++) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            vt_key(vt, keys[(i * 7 + (size_t)round) % (sizeof keys / sizeof *keys)]);
    }
    vt_key(vt, "esc");
    vt_key(vt, "esc");
    vt_key(vt, "esc");
    vt_key(vt, "1");
    VT_WANT(vt, vt_shows(vt, "STACK"));
    vt_type(vt, ":dropout 0.2\r");
    VT_WANT(vt, vt_row_shows(vt, 0, "spiral.strata*"));
    vt_key(vt, "q");
    VT_WANT(vt, vt_shows(vt, "d discard"));
    vt_key(vt, "d");
    assert_int_equal(vt_exit(vt), 0);
    vt_end(vt);
}

static void test_mouse(void **state) {
    int x, y;
    Vt *vt = start(*state, 80, 24, NULL, NULL);
    VT_WANT(vt, vt_shows(vt, "5 Weights"));
    assert_true(vt_find(vt, "4 Train", &x, &y));
    vt_click(vt, x + 2, y);
    VT_WANT(vt, vt_shows(vt, "scale linear"));
    assert_true(vt_find(vt, "space play", &x, &y));
    vt_click(vt, x, y);
    VT_WANT(vt, vt_row_shows(vt, 0, "training"));
    vt_key(vt, "1");
    VT_WANT(vt, vt_shows(vt, "1 dense relu"));
    assert_true(vt_find(vt, "1 dense relu", &x, &y));
    vt_click(vt, x, y); /* the stack, where it is summed up, leads to its view */
    VT_WANT(vt, vt_shows(vt, "FLOPs"));
    quit(vt);
}

static void test_resize_storm(void **state) {
    static const int size[][2] = {{1, 1},   {2, 1},   {1, 9},    {5, 2},   {20, 5},  {40, 10}, {60, 14},
                                  {59, 13}, {80, 24}, {200, 60}, {13, 40}, {120, 7}, {80, 24}};
    Vt *vt = start(*state, 80, 24, NULL, "--play");
    VT_WANT(vt, trains_past(vt, 2));
    for (int view = 1; view <= 5; view++) {
        char key[2] = {(char)('0' + view), '\0'};
        vt_key(vt, key);
        for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
            vt_resize(vt, size[i][0], size[i][1]);
            if (i % 3 == 0) VT_WANT(vt, vt_frame_after(vt, vt_frame(vt)));
        }
    }
    vt_key(vt, "1");
    VT_WANT(vt, vt_shows(vt, "STACK"));
    vt_resize(vt, 20, 5);
    VT_WANT(vt, vt_row_shows(vt, 0, "/1000"));
    quit(vt);
}

/* What a library writes to standard error goes to the log, and the screen stays whole. */
static void test_standard_error(void **state) {
    static const char words[] = "OpenBLAS warning: something is odd\n";
    char path[64];
    Vt *vt = start(*state, 80, 24, NULL, NULL);
    VT_WANT(vt, vt_shows(vt, "STACK"));
    snprintf(path, sizeof path, "/proc/%d/fd/2", (int)vt_pid(vt));
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, words, sizeof words - 1), sizeof words - 1);
    close(fd);
    VT_WANT(vt, vt_row_shows(vt, 22, "1 new in the log: l"));
    assert_false(vt_find(vt, "something is odd", &(int){0}, &(int){0}));
    vt_key(vt, "l");
    VT_WANT(vt, vt_shows(vt, "OpenBLAS warning: something is odd"));
    vt_key(vt, "l");
    VT_WANT(vt, vt_shows(vt, "STACK"));
    VT_WANT(vt, vt_hides(vt, "new in the log"));
    quit(vt);
}

/* ---- files ---- */

static bool file_has(const char *path, const char *text) {
    char all[4096] = "";
    FILE *file = fopen(path, "r");
    if (!file) return false;
    size_t length = fread(all, 1, sizeof all - 1, file);
    fclose(file);
    return memmem(all, length, text, strlen(text)) != NULL;
}

static void test_save_and_quit_asks(void **state) {
    Place *place = *state;
    Vt *vt = start(place, 80, 24, NULL, NULL);
    VT_WANT(vt, vt_shows(vt, "STACK"));
    vt_type(vt, ":dropout 0.2\r");
    VT_WANT(vt, vt_row_shows(vt, 0, "spiral.strata*"));
    vt_key(vt, "q");
    VT_WANT(vt, vt_row_shows(vt, 22, "spiral.strata has unsaved changes"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_row_shows(vt, 23, "space play"));
    assert_false(file_has(place->recipe, "dropout 0.2"));
    vt_key(vt, "w");
    VT_WANT(vt, vt_row_shows(vt, 0, "spiral.strata "));
    assert_true(file_has(place->recipe, "dropout 0.2"));
    vt_type(vt, ":remove 3\r");
    VT_WANT(vt, vt_row_shows(vt, 0, "spiral.strata*"));
    vt_key(vt, "q");
    VT_WANT(vt, vt_shows(vt, "s save"));
    vt_key(vt, "s");
    assert_int_equal(vt_exit(vt), 0);
    assert_false(file_has(place->recipe, "dropout"));
    vt_end(vt);
}

static void test_start_page(void **state) {
    Place *place = *state;
    char line[200], path[160];
    const char *argv[] = {program(), NULL};
    const char *env[] = {place->env, NULL};
    Vt *vt = vt_start(80, 24, argv, env);
    assert_non_null(vt);
    VT_WANT(vt, vt_shows(vt, "Strata"));
    VT_WANT(vt, vt_row_shows(vt, 23, "n new"));
    VT_WANT(vt, vt_shows(vt, "a hidden linear teacher")); /* the whole of what the selected one says */
    vt_key(vt, "end");
    VT_WANT(vt, vt_shows(vt, "an empty recipe"));
    snprintf(line, sizeof line, ":open %s\r", place->recipe);
    vt_type(vt, line);
    VT_WANT(vt, vt_row_shows(vt, 0, "spiral.strata"));
    VT_WANT(vt, vt_shows(vt, "1 dense relu"));
    vt_type(vt, ":view start\r");
    VT_WANT(vt, vt_shows(vt, "recent"));
    VT_WANT(vt, vt_shows(vt, "Two spirals for a test"));
    vt_key(vt, "n");
    VT_WANT(vt, vt_row_shows(vt, 0, "untitled"));
    vt_type(vt, ":dense 3\r");
    VT_WANT(vt, vt_row_shows(vt, 0, "untitled*"));
    vt_key(vt, "w"); /* no name yet: asks for one */
    VT_WANT(vt, vt_row_shows(vt, 22, ":save"));
    vt_key(vt, "ctrl-c");
    VT_WANT(vt, vt_hides(vt, ":save"));
    vt_type(vt, ":new\r"); /* would lose the layer: asks */
    VT_WANT(vt, vt_row_shows(vt, 22, "untitled has unsaved changes"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_hides(vt, "unsaved"));
    VT_WANT(vt, vt_row_shows(vt, 0, "untitled*"));
    snprintf(path, sizeof path, "%s/mine.strata", place->folder);
    snprintf(line, sizeof line, ":save %s\r", path);
    vt_type(vt, line);
    VT_WANT(vt, vt_row_shows(vt, 0, "mine.strata "));
    assert_true(file_has(path, "dense 3"));
    vt_type(vt, ":dense 4\r");
    VT_WANT(vt, vt_row_shows(vt, 0, "mine.strata*"));
    vt_type(vt, ":new\r");
    VT_WANT(vt, vt_shows(vt, "d discard"));
    vt_key(vt, "d");
    VT_WANT(vt, vt_row_shows(vt, 0, "untitled "));
    assert_false(file_has(path, "dense 4"));
    quit(vt);
}

/* Another file is not written over without asking; the one that was written here is. */
static void test_save_asks_before_it_replaces(void **state) {
    Place *place = *state;
    char other[160], line[200];
    snprintf(other, sizeof other, "%s/other.strata", place->folder);
    snprintf(line, sizeof line, ":save %s\r", other);
    write_file(other, "dense 3\n");
    Vt *vt = start(place, 120, 24, NULL, NULL);
    VT_WANT(vt, vt_shows(vt, "STACK"));
    vt_type(vt, line);
    VT_WANT(vt, vt_row_shows(vt, 22, "other.strata exists: y replaces it, esc keeps it"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_hides(vt, "exists"));
    assert_false(file_has(other, "spiral"));
    vt_type(vt, line);
    VT_WANT(vt, vt_row_shows(vt, 22, "exists"));
    vt_key(vt, "y");
    VT_WANT(vt, vt_row_shows(vt, 22, "saved"));
    assert_true(file_has(other, "spiral"));
    vt_type(vt, line); /* it is the session's own now */
    VT_WANT(vt, vt_row_shows(vt, 22, "saved"));
    quit(vt);
}

/* Trained weights that no file holds are asked about once; w writes them beside the recipe. */
static void test_leaving_asks_for_weights(void **state) {
    Place *place = *state;
    char weights[160];
    snprintf(weights, sizeof weights, "%s/spiral.safetensors", place->folder);
    Vt *vt = start(place, 80, 24, NULL, "--play");
    VT_WANT(vt, trains_past(vt, 3));
    vt_key(vt, "q");
    VT_WANT(vt, vt_row_shows(vt, 22, "trained weights are not saved"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_hides(vt, "not saved"));
    vt_key(vt, "space");
    VT_WANT(vt, vt_row_shows(vt, 0, "paused"));
    vt_key(vt, "q");
    VT_WANT(vt, vt_row_shows(vt, 22, "w saves"));
    vt_key(vt, "w");
    assert_int_equal(vt_exit(vt), 0);
    assert_true(file_has(weights, "dense/kernel"));
    vt_end(vt);
}

static void test_open_fails(void **state) {
    Vt *vt = start(*state, 80, 24, NULL, NULL);
    VT_WANT(vt, vt_shows(vt, "STACK"));
    vt_type(vt, ":open nowhere.strata\r");
    VT_WANT(vt, vt_row_shows(vt, 22, "nowhere.strata"));
    VT_WANT(vt, vt_row_shows(vt, 0, "spiral.strata"));
    vt_type(vt, ":save /nowhere/at/all.strata\r");
    VT_WANT(vt, vt_row_shows(vt, 22, "/nowhere/at/all.strata"));
    assert_int_equal(cell_of(vt, "nowhere/at").fg, 203);
    quit(vt);
}

/* ---- leaving ---- */

static void assert_restored(Vt *vt) {
    const char *wrong = vt_not_restored(vt);
    if (wrong) fail_msg("%s", wrong);
    vt_end(vt);
}

static void test_interrupt(void **state) {
    Vt *vt = start(*state, 80, 24, NULL, "--play");
    VT_WANT(vt, vt_row_shows(vt, 0, "training"));
    vt_key(vt, "ctrl-c");
    VT_WANT(vt, vt_row_shows(vt, 0, "paused"));
    vt_key(vt, "ctrl-c");
    VT_WANT(vt, vt_row_shows(vt, 22, "y ends it"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_row_shows(vt, 23, "space play"));
    vt_key(vt, "ctrl-c");
    VT_WANT(vt, vt_row_shows(vt, 22, "y ends it"));
    vt_key(vt, "y");
    int status = vt_exit(vt);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_restored(vt);
}

static void leaves_after(const Place *place, int number) {
    Vt *vt = start(place, 80, 24, NULL, "--play");
    VT_WANT(vt, vt_row_shows(vt, 0, "training"));
    vt_signal(vt, number);
    int status = vt_exit(vt);
    bool crash = number == SIGSEGV || number == SIGABRT;
    assert_true(crash ? WIFSIGNALED(status) && WTERMSIG(status) == number
                      : WIFEXITED(status) && WEXITSTATUS(status) == 128 + number);
    assert_restored(vt);
}

static void test_signals(void **state) {
    leaves_after(*state, SIGTERM);
    leaves_after(*state, SIGHUP);
    leaves_after(*state, SIGSEGV);
    leaves_after(*state, SIGABRT);
}

/* ---- runs ---- */

static void test_done_and_again(void **state) {
    Place *place = *state;
    char text[sizeof recipe_text + 40];
    snprintf(text, sizeof text, "%.*sfit epochs=3\n", (int)(strstr(recipe_text, "fit ") - recipe_text),
             recipe_text);
    write_file(place->recipe, text);
    Vt *vt = start(place, 80, 24, NULL, "--play");
    VT_WANT(vt, vt_row_shows(vt, 0, "done"));
    VT_WANT(vt, vt_row_shows(vt, 0, "epoch 3/3"));
    VT_WANT(vt, vt_row_shows(vt, 22, "space trains on"));
    VT_WANT(vt, vt_row_shows(vt, 23, "space 3 more epochs"));
    vt_type(vt, ":compile optimizer=sgd\r");
    VT_WANT(vt, vt_row_shows(vt, 22, "space starts anew, k keeps the weights; u undoes"));
    VT_WANT(vt, vt_row_shows(vt, 23, "space start anew   k keep weights"));
    vt_key(vt, "u");
    VT_WANT(vt, vt_row_shows(vt, 23, "space 3 more epochs"));
    vt_key(vt, "space");
    VT_WANT(vt, vt_row_shows(vt, 0, "epoch 6/6"));
    vt_key(vt, "r");
    VT_WANT(vt, vt_row_shows(vt, 0, "epoch 0/3"));
    vt_type(vt, ":dropout 0.5\r");
    VT_WANT(vt, vt_row_shows(vt, 22, "added 3 dropout 0.5"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_row_shows(vt, 22, "stack changed: space keeps the weights of unchanged layers"));
    VT_WANT(vt, vt_row_shows(vt, 23, "space train on"));
    vt_key(vt, "q");
    vt_key(vt, "d");
    assert_int_equal(vt_exit(vt), 0);
    vt_end(vt);
}

/* Why training ended before its time stands until the next run, whatever key comes between. */
static void test_ended_early(void **state) {
    Place *place = *state;
    char text[sizeof recipe_text + 80];
    snprintf(text, sizeof text, "%.*scallbacks early_stopping=loss min_delta=1000\nfit epochs=9\n",
             (int)(strstr(recipe_text, "fit ") - recipe_text), recipe_text);
    write_file(place->recipe, text);
    Vt *vt = start(place, 80, 24, NULL, "--play");
    VT_WANT(vt, vt_row_shows(vt, 0, "done"));
    vt_key(vt, "4");
    VT_WANT(vt, vt_shows(vt, "x epoch"));
    VT_WANT(vt, vt_shows(vt, "early stopping: loss did not get better"));
    vt_key(vt, "r");
    VT_WANT(vt, vt_row_shows(vt, 0, "epoch 0/9"));
    VT_WANT(vt, !vt_shows(vt, "early stopping"));
    vt_key(vt, "q");
    vt_key(vt, "d");
    assert_int_equal(vt_exit(vt), 0);
    vt_end(vt);
}

static void test_diverges(void **state) {
    Place *place = *state;
    write_file(place->recipe, "seed 3\n"
                              "data synthetic plane samples=200\n"
                              "dense 8 relu\n"
                              "dense 1\n"
                              "compile optimizer=sgd learning_rate=1e9 loss=mse\n"
                              "fit epochs=50\n");
    Vt *vt = start(place, 100, 24, NULL, "--play");
    VT_WANT(vt, vt_row_shows(vt, 0, "diverged"));
    assert_int_equal(cell_of(vt, "diverged").fg, 203);
    VT_WANT(vt, vt_shows(vt, "diverged at step"));
    VT_WANT(vt, vt_shows(vt, ":rate 0.01"));
    VT_WANT(vt, vt_row_shows(vt, 23, "r reset"));
    VT_WANT(vt, vt_hides(vt, "space play"));
    VT_WANT(vt, vt_shows(vt, "rate 0.01 (sgd's default)"));
    vt_key(vt, "down"); /* the reason stays */
    VT_WANT(vt, vt_shows(vt, ":rate 0.01"));
    vt_key(vt, "l"); /* the autopsy */
    VT_WANT(vt, vt_shows(vt, "largest |step|/|weight|"));
    VT_WANT(vt, vt_shows(vt, "dense/kernel"));
    vt_key(vt, "n"); /* another recipe did not diverge */
    VT_WANT(vt, vt_shows(vt, "a new, empty recipe"));
    vt_key(vt, "down");
    VT_WANT(vt, vt_hides(vt, "a new, empty recipe"));
    assert_true(vt_hides(vt, ":rate 0.01"));
    quit(vt);
}

/* A run that ended with a dead layer does not look fine. */
static void test_done_but_dead(void **state) {
    Place *place = *state;
    write_file(place->recipe, "seed 3\n"
                              "data synthetic circle samples=200 noise=0.05\n"
                              "dense 8 relu\n"
                              "dense 4 relu\n"
                              "dense 1 sigmoid\n"
                              "compile optimizer=adam learning_rate=3 loss=binary_crossentropy\n"
                              "fit epochs=30\n");
    Vt *vt = start(place, 100, 24, NULL, "--play");
    VT_WANT(vt, vt_row_shows(vt, 0, "done"));
    VT_WANT(vt, vt_shows(vt, "done, but 2 dense_1/kernel is dead"));
    assert_int_equal(cell_of(vt, "done ").fg, 220);
    quit(vt);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_overview),
        TEST(test_ascii),
        TEST(test_views_80x24),
        TEST(test_views_40x10),
        TEST(test_views_200x60),
        TEST(test_other_terminals),
        TEST(test_rate_and_undo),
        TEST(test_prompt_while_training),
        TEST(test_help),
        TEST(test_completion),
        TEST(test_train_view),
        TEST(test_keys_while_training),
        TEST(test_mouse),
        TEST(test_resize_storm),
        TEST(test_standard_error),
        TEST(test_save_and_quit_asks),
        TEST(test_start_page),
        TEST(test_save_asks_before_it_replaces),
        TEST(test_leaving_asks_for_weights),
        TEST(test_open_fails),
        TEST(test_interrupt),
        TEST(test_signals),
        TEST(test_done_and_again),
        TEST(test_ended_early),
        TEST(test_diverges),
        TEST(test_done_but_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
