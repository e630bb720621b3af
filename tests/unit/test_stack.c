/* The stack: edits, names, inference, and what each says where it cannot be done. */
#include "model/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static StStack stack;
static StError error;

static int begin(void **state) {
    (void)state;
    st_stack_init(&stack);
    error = (StError){0};
    return 0;
}

static int end(void **state) {
    (void)state;
    st_stack_free(&stack);
    return 0;
}

static bool parse(StLayer *layer, const char *line) {
    StWords words;
    return st_words_split(line, &words, &error) && st_layer_parse(layer, words.word, words.count, &error);
}

static void add(const char *line) {
    StLayer layer;
    assert_true(parse(&layer, line));
    assert_true(st_stack_insert(&stack, stack.count, &layer, &error));
}

static void refused(bool done, const char *message) {
    assert_false(done);
    assert_string_equal(error.message, message);
}

static void printed(const char *text) {
    StText out = {0};
    st_stack_print(&stack, &out);
    assert_string_equal(st_text_string(&out), text);
    st_text_free(&out);
}

static void test_print(void **state) {
    (void)state;
    stack.input = st_shape(1, 4);
    add("dense units=64 activation=relu use_bias=yes name=hidden");
    add("dropout 0.2");
    add("dense 3 softmax kernel_regularizer=l2:0.5");
    printed("input 4\ndense 64 relu name=hidden\ndropout 0.2\n"
            "dense 3 softmax kernel_regularizer=l2:0.5\n");
}

static void test_names(void **state) {
    (void)state;
    const char *lines[] = {"dense 1", "dropout 0.1",          "dense 1 name=x",
                           "dense 1", "dense 1 name=dense_2", "dense 1"};
    const char *wanted[] = {"dense", "dropout", "x", "dense_1", "dense_2", "dense_3"};
    char names[6][ST_LAYER_NAME_MAX];
    for (int i = 0; i < 6; i++)
        add(lines[i]);
    st_stack_names(&stack, names);
    for (int i = 0; i < 6; i++)
        assert_string_equal(names[i], wanted[i]);
    assert_int_equal(st_stack_find(&stack, "dense_3", &error), 5);
    assert_int_equal(st_stack_find(&stack, "2", &error), 1);
    refused(st_stack_find(&stack, "0", &error) >= 0, "layer 0: wanted 1 to 6, or a name");
    refused(st_stack_find(&stack, "99999999999", &error) >= 0, "layer 99999999999: wanted 1 to 6, or a name");
    refused(st_stack_find(&stack, "dens_1", &error) >= 0, "unknown layer 'dens_1'; did you mean 'dense_1'?");
}

static void test_edits(void **state) {
    (void)state;
    add("dense 1");
    add("dense 2");
    add("dense 3");
    assert_true(st_stack_move(&stack, 0, 2, &error));
    printed("dense 2\ndense 3\ndense 1\n");
    assert_true(st_stack_move(&stack, 2, 0, &error));
    printed("dense 1\ndense 2\ndense 3\n");
    assert_true(st_stack_insert(&stack, 0, &stack.layers[2], &error)); /* a layer of its own array */
    printed("dense 3\ndense 1\ndense 2\ndense 3\n");
    assert_true(st_stack_remove(&stack, 1, &error));
    printed("dense 3\ndense 2\ndense 3\n");
    refused(st_stack_remove(&stack, 3, &error), "layer 4: wanted 1 to 3");
    refused(st_stack_move(&stack, 0, -1, &error), "layer 0: wanted 1 to 3");
}

static void test_failed_edit_changes_nothing(void **state) {
    (void)state;
    StWords words;
    StLayer layer;
    add("dense 8 relu name=a");
    add("dense 4");
    assert_true(st_words_split("units=5 activation=rlu", &words, &error));
    refused(st_stack_set(&stack, 1, words.word, words.count, &error),
            "dense: unknown activation 'rlu'; did you mean 'relu'?");
    assert_true(st_words_split("units=5 name=a", &words, &error));
    refused(st_stack_set(&stack, 1, words.word, words.count, &error), "dense: name=a is taken by layer 1");
    assert_true(parse(&layer, "dense 1 name=a"));
    refused(st_stack_insert(&stack, 2, &layer, &error), "dense: name=a is taken by layer 1");
    printed("dense 8 relu name=a\ndense 4\n");
    assert_true(st_words_split("units=5 name=b", &words, &error));
    assert_true(st_stack_set(&stack, 1, words.word, words.count, &error));
    printed("dense 8 relu name=a\ndense 5 name=b\n");
    assert_true(st_words_split("name=", &words, &error)); /* automatic again */
    assert_true(st_stack_set(&stack, 1, words.word, words.count, &error));
    printed("dense 8 relu name=a\ndense 5\n");
}

static void test_infer(void **state) {
    (void)state;
    StLayerInfo layers[3];
    StStackInfo info;
    stack.input = st_shape(2, 28, 28);
    add("flatten");
    add("dense 10 relu");
    add("dense 5");
    assert_true(st_stack_infer(&stack, NULL, layers, &info, &error));
    assert_int_equal(layers[1].parameters, 7850);
    assert_int_equal(layers[2].flops, 100 + 0);
    assert_int_equal(info.parameters, 7850 + 55);
    assert_int_equal(info.output.dim[0], 5);
    assert_int_equal(info.bytes, 4 * (784 + 10 + 5));
    StShape other = st_shape(1, 3);
    assert_true(st_stack_infer(&stack, &other, layers, &info, &error));
    assert_int_equal(layers[1].parameters, 40);
}

static void test_infer_without_input(void **state) {
    (void)state;
    StLayerInfo layers[1];
    StStackInfo info;
    add("dense 10");
    refused(st_stack_infer(&stack, NULL, layers, &info, &error),
            "the shape of the input is not known; say it with input (input 4), or load data");
    assert_string_equal(layers[0].name, "dense");
    assert_int_equal(layers[0].out.rank, 0);
    assert_int_equal(info.first_bad, -1);
}

/* More weights than int64_t counts: said as -1, never wrapped. */
static void test_overflow(void **state) {
    (void)state;
    StLayerInfo layers[12];
    StStackInfo info;
    stack.input = st_shape(1, 1000000000);
    for (int i = 0; i < 12; i++)
        add("dense 1000000000");
    assert_true(st_stack_infer(&stack, NULL, layers, &info, &error));
    assert_true(layers[0].parameters > 0);
    assert_int_equal(info.parameters, -1);
}

static void test_too_many(void **state) {
    (void)state;
    StLayer layer;
    for (int i = 0; i < ST_LAYERS_MAX; i++)
        add("flatten");
    assert_true(parse(&layer, "flatten"));
    refused(st_stack_insert(&stack, 0, &layer, &error), "more than 1000 layers");
}

static void test_copy(void **state) {
    (void)state;
    StStack copy;
    add("dense 8");
    assert_true(st_stack_copy(&copy, &stack, &error));
    assert_true(st_stack_remove(&stack, 0, &error));
    assert_int_equal(copy.count, 1);
    st_stack_free(&copy);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {TEST(test_print),    TEST(test_names),
                                       TEST(test_edits),    TEST(test_failed_edit_changes_nothing),
                                       TEST(test_infer),    TEST(test_infer_without_input),
                                       TEST(test_overflow), TEST(test_too_many),
                                       TEST(test_copy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
