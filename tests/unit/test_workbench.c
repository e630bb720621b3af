/* The tables of the workbench, and every view at every size without a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "session_inner.h"
#include "workbench_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Session *session_of(const char *text) {
    StError error = {0};
    SessionPlan plan = {.place = PLACE_SCRIPT, .threads = 1, .wake_fd = -1};
    Session *session = session_create(&plan, &error);
    assert_non_null(session);
    if (!session_run_text(session, text, NULL, &error)) fail_msg("%s", error.message);
    return session;
}

static const char recipe[] = "seed 3\ndata synthetic spiral samples=60\nsplit train=0.8 validation=0.2\n"
                             "dense 8 relu\ndropout 0.1\ndense 2 softmax\n"
                             "compile loss=sparse_categorical_crossentropy metrics=accuracy\n";

static void assert_sound(const char *whose, const UiBinding *table) {
    int fault = table ? ui_keymap_fault(table) : -1;
    if (fault >= 0) fail_msg("%s: the binding of row %d is doubled or lacks its help", whose, fault);
}

static void test_tables(void **state) {
    (void)state;
    assert_sound("common", bench_bindings);
    for (int i = 0; views[i]; i++) {
        assert_true(i < BENCH_VIEWS);
        assert_sound(views[i]->name, views[i]->bindings);
        assert_true(views[i]->help && *views[i]->help && views[i]->title && views[i]->draw);
        assert_ptr_equal(view_find(views[i]->name), views[i]);
        if (views[i]->key) assert_non_null(ui_keymap_find(bench_bindings, views[i]->key));
    }
}

/* Every line that a common key runs begins with a verb that is known. */
static void test_keys_are_lines(void **state) {
    (void)state;
    Session *session = session_of(recipe);
    Bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->session = session;
    bench_add_commands(bench);
    for (const UiBinding *row = bench_bindings; row->key; row++) {
        char verb[40];
        const char *line = row->command + (row->command[0] == ':');
        snprintf(verb, sizeof verb, "%.*s", (int)strcspn(line, " "), line);
        if (*verb && !command_find(session, verb, NULL)) fail_msg("no command runs '%s'", row->command);
    }
    void *context;
    for (const Command *row = session_commands(session, &context); row->name; row++)
        assert_true(row->help && *row->help && row->usage && row->act);
    session_destroy(session);
    free(bench);
}

static void draw_all(Session *session) {
    static const int size[][2] = {{1, 1},    {1, 30},   {3, 2},   {80, 1},  {20, 5},
                                  {40, 10},  {59, 14},  {60, 13}, {60, 14}, {80, 24},
                                  {131, 33}, {200, 60}, {79, 9},  {12, 50}, {160, 12}};
    for (int i = 0; views[i]; i++) {
        for (size_t s = 0; s < sizeof size / sizeof *size; s++) {
            char *text = NULL;
            size_t length = 0;
            StError error = {0};
            FILE *out = open_memstream(&text, &length);
            assert_non_null(out);
            bool done = view_print(session, views[i]->name, size[s][0], size[s][1], NULL, out, &error);
            fclose(out);
            /* nothing to look into, said in a sentence */
            if (!done && views[i]->inside && !session_is_complete(session, false, NULL)) {
                assert_true(*error.message);
                free(text);
                continue;
            }
            if (!done) fail_msg("%s: %s", views[i]->name, error.message);
            for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                assert_true(ui_text_width(line) <= size[s][0]);
            free(text);
        }
    }
}

static void test_every_view_at_every_size(void **state) {
    (void)state;
    static const char *const texts[] = {"", "dense 3\n", "data csv nowhere.csv\ndense 3\n",
                                        "input 4\ndense 3\nflatten\ndense 2\n", recipe};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Session *session = session_of(texts[i]);
        draw_all(session);
        session_destroy(session);
    }
}

static void test_print(void **state) {
    (void)state;
    Session *session = session_of(recipe);
    StError error = {0};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_true(view_print(session, "overview", 80, 24, NULL, out, &error));
    fflush(out);
    assert_non_null(strstr(text, "dense relu"));
    assert_non_null(strstr(text, "norm"));
    for (const char *at = text; *at; at++)
        assert_true((unsigned char)*at < 128); /* the locale of this test is C */
    assert_true(view_print_json(session, "overview", NULL, out, &error));
    fflush(out);
    assert_non_null(strstr(text, "\"view\":\"weights\""));
    assert_false(view_print(session, "overveiw", 80, 24, NULL, out, &error));
    assert_non_null(strstr(error.message, "did you mean 'overview'?"));
    fclose(out);
    free(text);
    session_destroy(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_keys_are_lines),
        cmocka_unit_test(test_every_view_at_every_size),
        cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
