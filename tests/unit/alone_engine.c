/* The engine links and runs without the toolkit: a stack is described, costed and printed. */
#include "model/stack.h"

#include <stdio.h>

int main(void) {
    StStack stack;
    StWords words;
    StLayer layer;
    StStackInfo info;
    StLayerInfo layers[1];
    StError error = {0};
    StShape input = st_shape(1, 100);
    st_stack_init(&stack);
    bool done = st_words_split("dense 64 relu", &words, &error) &&
                st_layer_parse(&layer, words.word, words.count, &error) &&
                st_stack_insert(&stack, 0, &layer, &error) &&
                st_stack_infer(&stack, &input, layers, &info, &error) && info.parameters == 6464;
    if (!done) fprintf(stderr, "%s\n", error.message);
    st_stack_free(&stack);
    return done ? 0 : 1;
}
