/* Errors as values: messages, places put before them, the nearest right word. */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *name_at(const void *table, int index) {
    return ((const char *const *)table)[index];
}

static const char *const kinds[] = {"dense",   "dropout", "activation", "flatten",
                                    "conv2d",  "conv1d",  "lstm",       "batch_normalization",
                                    "softmax", "tanh",    NULL};

static void the_nearest_word(void **state) {
    (void)state;
    const struct {
        const char *word, *nearest;
    } wanted[] = {
        {"dens", "dense"},
        {"desne", "dense"},
        {"DENSE", "dense"},
        {"drop", "dropout"},
        {"batchnormalization", "batch_normalization"},
        {"batch", "batch_normalization"},
        {"sofmax", "softmax"},
        {"tnah", "tanh"},
        {"flaten", "flatten"},
        {"conv3d", "conv2d"},
        /* the first of equals */ {"zebra", NULL},
        {"", NULL},
        {"q", NULL},
        {"activatoin", "activation"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *got = st_nearest(wanted[i].word, name_at, kinds);
        if (!got != !wanted[i].nearest || (got && strcmp(got, wanted[i].nearest) != 0))
            fail_msg("'%s' gives %s, wanted %s", wanted[i].word, got ? got : "none",
                     wanted[i].nearest ? wanted[i].nearest : "none");
    }
    char endless[500];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(st_nearest(endless, name_at, kinds));
    const char *const none[] = {NULL};
    assert_null(st_nearest("dense", name_at, none));
}

static void an_unknown_word(void **state) {
    (void)state;
    StError error = {0};
    assert_false(st_fail_unknown(&error, "layer kind", "dens", name_at, kinds));
    assert_int_equal(error.code, ST_ERR_NAME);
    assert_string_equal(error.message, "unknown layer kind 'dens'; did you mean 'dense'?");
    assert_false(st_fail_unknown(&error, "layer kind", "zebra", name_at, kinds));
    assert_string_equal(error.message,
                        "unknown layer kind 'zebra'; known: dense, dropout, activation, flatten, conv2d, "
                        "conv1d, lstm, batch_normalization, softmax, tanh");
    assert_false(st_fail_unknown(NULL, "layer kind", "zebra", name_at, kinds));
}

/* A table too long for a message is cut between two names. */
static const char *many_at(const void *table, int index) {
    static const char *const long_name = "a_name_of_some_length";
    return index < *(const int *)table ? long_name : NULL;
}

static void a_long_table_is_cut(void **state) {
    (void)state;
    int count = 1000;
    StError error = {0};
    st_fail_unknown(&error, "thing", "zebra", many_at, &(int){0});
    assert_string_equal(error.message, "unknown thing 'zebra'; there is none");
    st_fail_unknown(&error, "thing", "zebra", many_at, &count);
    size_t length = strlen(error.message);
    assert_true(length < ST_MESSAGE_MAX);
    assert_string_equal(error.message + length - strlen("some_length, …"), "some_length, …");
}

static void messages(void **state) {
    (void)state;
    StError error = {0};
    assert_false(st_fail(&error, ST_ERR_SHAPE, "wanted %d, got %s", 3, "4x5"));
    assert_int_equal(error.code, ST_ERR_SHAPE);
    assert_string_equal(error.message, "wanted 3, got 4x5");
    assert_false(st_fail_at(&error, "layer %d (%s)", 2, "dense"));
    assert_string_equal(error.message, "layer 2 (dense): wanted 3, got 4x5");
    assert_int_equal(error.code, ST_ERR_SHAPE);
    assert_false(st_fail_memory(&error, "the batch", 12));
    assert_string_equal(error.message, "out of memory for the batch (12 bytes)");
    assert_int_equal(error.code, ST_ERR_MEMORY);
    assert_false(st_fail(NULL, ST_ERR_FILE, "nobody listens"));
    assert_false(st_fail_at(NULL, "nobody listens"));
    assert_false(st_fail_memory(NULL, "x", 1));
}

/* Nothing runs over, however long the parts are. */
static void long_messages_are_cut(void **state) {
    (void)state;
    StError error = {0};
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    st_fail(&error, ST_ERR_VALUE, "%s", text);
    assert_int_equal(strlen(error.message), ST_MESSAGE_MAX - 1);
    st_fail_at(&error, "%s", text);
    assert_true(strlen(error.message) < ST_MESSAGE_MAX);
    st_fail(&error, ST_ERR_VALUE, "short");
    st_fail_at(&error, "iris.strata:%d", 3);
    assert_string_equal(error.message, "iris.strata:3: short");
}

static void every_code_has_a_name(void **state) {
    (void)state;
    for (int code = 0; code < ST_ERR_COUNT; code++) {
        assert_true(*st_code_name((StCode)code));
        for (int other = 0; other < code; other++)
            assert_string_not_equal(st_code_name((StCode)code), st_code_name((StCode)other));
    }
    assert_string_equal(st_code_name(ST_ERR_SHAPE), "shape");
    assert_string_equal(st_code_name(ST_ERR_COUNT), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_word),      cmocka_unit_test(an_unknown_word),
        cmocka_unit_test(a_long_table_is_cut),   cmocka_unit_test(messages),
        cmocka_unit_test(long_messages_are_cut), cmocka_unit_test(every_code_has_a_name),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
