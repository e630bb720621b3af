/* Drawn and headless: the workbench, looked around in, paused, stepped and resized while it trains, saves the
 * same weights as `strata train` does without a screen, byte for byte. */
#include "screen/vt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static const char recipe[] = "seed 5\n"
                             "data synthetic spiral samples=330 noise=0.1\n"
                             "split train=0.8 validation=0.2\n"
                             "normalization\n"
                             "dense 24 relu\n"
                             "batch_normalization\n"
                             "dropout 0.2\n"
                             "dense 16 tanh\n"
                             "dense 2 softmax\n"
                             "compile optimizer=adam learning_rate=0.01 "
                             "loss=sparse_categorical_crossentropy metrics=accuracy\n"
                             "fit epochs=60 batch_size=33\n";

typedef struct Place {
    char folder[64], recipe[96], drawn[96], headless[96], env[112];
} Place;

static int place_make(void **state) {
    static Place place;
    strcpy(place.folder, "/tmp/strata-screen-XXXXXX");
    if (!mkdtemp(place.folder)) return -1;
    snprintf(place.recipe, sizeof place.recipe, "%s/bits.strata", place.folder);
    snprintf(place.drawn, sizeof place.drawn, "%s/drawn.safetensors", place.folder);
    snprintf(place.headless, sizeof place.headless, "%s/headless.safetensors", place.folder);
    snprintf(place.env, sizeof place.env, "STRATA_HOME=%s/home", place.folder);
    FILE *file = fopen(place.recipe, "w");
    if (!file) return -1;
    fputs(recipe, file);
    *state = &place;
    return fclose(file);
}

static int place_remove(void **state) {
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s'", ((Place *)*state)->folder);
    return system(command);
}

static const char *program(void) {
    const char *path = getenv("STRATA");
    return path ? path : "build/strata";
}

static char *contents(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s is not there", path);
    char *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void train_without_a_screen(const Place *place, int threads) {
    char command[500];
    snprintf(command, sizeof command, "'%s' train '%s' --quiet --threads %d --save '%s'", program(),
             place->recipe, threads, place->headless);
    assert_int_equal(system(command), 0);
}

/* Every view, keys in the midst of training, a pause and single steps, other sizes. */
static void train_on_the_screen(const Place *place) {
    static const char *const keys[] = {"4", "x", "5", "down", "2", "down", "3", "?", "esc", "1", "tab"};
    const char *argv[] = {program(), place->recipe, NULL};
    const char *env[] = {place->env, NULL};
    char line[140];
    Vt *vt = vt_start(80, 24, argv, env);
    assert_non_null(vt);
    VT_WANT(vt, vt_shows(vt, "STACK"));
    vt_key(vt, "s");
    VT_WANT(vt, vt_row_shows(vt, 0, "step 1/"));
    vt_key(vt, "s");
    VT_WANT(vt, vt_row_shows(vt, 0, "step 2/"));
    vt_type(vt, ":pace 400\r");
    vt_key(vt, "space");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        vt_key(vt, keys[i]);
        VT_WANT(vt, vt_frame_after(vt, vt_frame(vt)));
    }
    vt_resize(vt, 200, 60);
    VT_WANT(vt, vt_frame_after(vt, vt_frame(vt)));
    vt_resize(vt, 40, 10);
    VT_WANT(vt, vt_frame_after(vt, vt_frame(vt)));
    vt_resize(vt, 80, 24);
    vt_key(vt, "space");
    VT_WANT(vt, vt_row_shows(vt, 0, "paused"));
    vt_key(vt, "s");
    vt_type(vt, ":pace full\r");
    vt_key(vt, "space");
    VT_WANT(vt, vt_row_shows(vt, 0, "step 480/480"));
    snprintf(line, sizeof line, ":save %s\r", place->drawn);
    vt_type(vt, line);
    VT_WANT(vt, vt_row_shows(vt, 22, "drawn.safetensors"));
    vt_key(vt, "q");
    if (vt_shows(vt, "discard")) vt_key(vt, "d");
    int status = vt_exit(vt);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    vt_end(vt);
}

static void drawn_and_headless(void **state) {
    const Place *place = *state;
    size_t drawn_size, size;
    train_on_the_screen(place);
    char *drawn = contents(place->drawn, &drawn_size);
    for (int threads = 1; threads <= 3; threads++) {
        train_without_a_screen(place, threads);
        char *headless = contents(place->headless, &size);
        assert_int_equal(drawn_size, size);
        assert_memory_equal(drawn, headless, size);
        free(headless);
    }
    free(drawn);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(drawn_and_headless, place_make, place_remove)};
    return cmocka_run_group_tests_name("the same bits", tests, NULL, NULL);
}
