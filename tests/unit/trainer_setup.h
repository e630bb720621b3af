/* What the tests of the trainer and of the readings begin with: an experiment from lines of the language. */
#ifndef TESTS_UNIT_TRAINER_SETUP_H
#define TESTS_UNIT_TRAINER_SETUP_H

#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Setup {
    StStack stack;
    StCompile compile;
    StCallbacks callbacks;
    StFit fit;
    StDataSpec data;
    StSplitSpec split;
    StPrepareSpec prepare;
    StDataset *dataset;
    uint64_t seed;
} Setup;

static inline bool setup_line(Setup *setup, const char *line, StError *error) {
    static StWords words;
    StLayer layer;
    if (!st_words_split(line, &words, error)) return false;
    if (words.count == 0) return true;
    const char *first = words.word[0].text;
    const StWord *rest = words.word + 1;
    int count = words.count - 1;
    if (strcmp(first, "data") == 0) return st_data_parse(&setup->data, rest, count, error);
    if (strcmp(first, "split") == 0) return st_split_parse(&setup->split, rest, count, error);
    if (strcmp(first, "prepare") == 0) return st_prepare_parse(&setup->prepare, rest, count, error);
    if (strcmp(first, "compile") == 0) return st_compile_parse(&setup->compile, rest, count, error);
    if (strcmp(first, "callbacks") == 0) return st_callbacks_parse(&setup->callbacks, rest, count, error);
    if (strcmp(first, "fit") == 0) return st_fit_parse(&setup->fit, rest, count, error);
    return st_layer_parse(&layer, words.word, words.count, error) &&
           st_stack_insert(&setup->stack, setup->stack.count, &layer, error);
}

/* Ends the test where the text is wrong: it is the test's own. */
static inline void setup_begin(Setup *setup, const char *text) {
    StError error = {0};
    char line[256];
    memset(setup, 0, sizeof *setup);
    setup->seed = 7;
    st_stack_init(&setup->stack);
    st_compile_default(&setup->compile);
    st_callbacks_default(&setup->callbacks);
    st_fit_default(&setup->fit);
    bool good = true;
    for (const char *at = text; good && *at; at += strcspn(at, "\n"), at += *at == '\n') {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        good = setup_line(setup, line, &error);
    }
    if (good)
        setup->dataset =
            st_dataset_load(&setup->data, &setup->split, &setup->prepare, NULL, NULL, setup->seed, &error);
    if (!setup->dataset) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
}

static inline void setup_end(Setup *setup) {
    st_dataset_destroy(setup->dataset);
    st_stack_free(&setup->stack);
}

static inline StTrainerPlan setup_plan(const Setup *setup) {
    return (StTrainerPlan){.stack = &setup->stack,
                           .compile = &setup->compile,
                           .callbacks = &setup->callbacks,
                           .fit = &setup->fit,
                           .dataset = setup->dataset,
                           .seed = setup->seed,
                           .run = 1,
                           .threads = 1,
                           .paused = true,
                           .wake_fd = -1};
}

static inline StTrainer *setup_trainer(const StTrainerPlan *plan) {
    StError error = {0};
    StTrainer *trainer = st_trainer_create(plan, &error);
    if (!trainer) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    return trainer;
}

#endif
