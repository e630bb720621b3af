/* For tests: a network of a stack written as lines of the language. */
#ifndef TESTS_STACKS_H
#define TESTS_STACKS_H

#include "model/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* input "28x28x1"; layers "dense 64 relu; dropout 0.2". To be freed. */
static StStack stack_of(const char *input, const char *layers) {
    StStack stack;
    StError error = {0};
    char lines[1024], *save = lines, *line;
    st_stack_init(&stack);
    assert_true(strlen(layers) < sizeof lines);
    strcpy(lines, layers);
    if (*input && !st_shape_parse(input, &stack.input, &error)) fail_msg("%s", error.message);
    while (*layers && (line = strsep(&save, ";"))) {
        StWords words;
        StLayer layer;
        if (!st_words_split(line, &words, &error) ||
            !st_layer_parse(&layer, words.word, words.count, &error) ||
            !st_stack_insert(&stack, stack.count, &layer, &error))
            fail_msg("%s: %s", line, error.message);
    }
    return stack;
}

static StNetwork *network_of(const char *input, const char *layers, StNetworkPlan plan) {
    StError error = {0};
    StStack stack = stack_of(input, layers);
    StNetwork *network = st_network_create(&stack, &plan, &error);
    if (!network) fail_msg("%s", error.message);
    st_stack_free(&stack);
    return network;
}

#endif
