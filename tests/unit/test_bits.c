/* The same bits on any number of threads, and no allocation in a step, for every layer kind: every case of
 * tests/oracle/layer_cases, between two dense layers, trains a few steps of 1 to 257 rows on 1, 2, 3, 4 and 8
 * threads. */
#include "train/learner.h"

#include <glob.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/allocations.h"

typedef struct Case {
    char line[256], layer[224]; /* as its file has it; the layer alone */
    StShape input;
    int words; /* the input is whole numbers below this; 0: any numbers */
} Case;

static Case read_case(const char *line) {
    Case c = {0};
    char mode[64], shape[64];
    int rows, at = 0;
    snprintf(c.line, sizeof c.line, "%.*s", (int)strcspn(line, "\n"), line);
    assert_int_equal(sscanf(line, "%d %63s %63s %n", &rows, mode, shape, &at), 3);
    if (sscanf(line + at, "words=%d", &c.words) == 1) at += (int)strcspn(line + at, " ") + 1;
    snprintf(c.layer, sizeof c.layer, "%.*s", (int)strcspn(line + at, "\n"), line + at);
    assert_true(st_shape_parse(shape, &c.input, NULL));
    return c;
}

static void add(StStack *stack, const char *line) {
    StError error = {0};
    StWords words;
    StLayer layer;
    if (!st_words_split(line, &words, &error) || !st_layer_parse(&layer, words.word, words.count, &error) ||
        !st_stack_insert(stack, stack->count, &layer, &error))
        fail_msg("%s: %s", line, error.message);
}

/* What a run leaves. */
typedef struct Run {
    double loss;
    int64_t weights, values;
    Real *weight, *value; /* all weights, and the output of the last step */
} Run;

static Run run(const Case *c, int64_t rows, int threads) {
    enum { STEPS = 3 };
    StError error = {0};
    StStack stack;
    StCompile compile;
    StWords words;
    char line[64];
    st_stack_init(&stack);
    stack.input = c->input;
    snprintf(line, sizeof line, "dense %d name=before", (int)c->input.dim[c->input.rank - 1]);
    if (!c->words) add(&stack, line);
    add(&stack, c->layer);
    add(&stack, "dense 3 name=behind");
    st_compile_default(&compile);
    assert_true(st_words_split("adam mse learning_rate=0.01", &words, &error));
    assert_true(st_compile_parse(&compile, words.word, words.count, &error));
    StPool *pool = st_pool_create(threads, &error);
    StLearnerPlan plan = {.stack = &stack, .compile = &compile, .rows = rows, .pool = pool};
    StLearner *learner = st_learner_create(&plan, &error);
    if (!learner) fail_msg("%s: %s", c->line, error.message);
    StNetwork *network = st_learner_network(learner);
    assert_true(st_network_initialize(network, 5));
    Run result = {0};
    StRng rng = st_rng(3, ST_STREAM_DATA, 0, 0);
    for (uint64_t step = 0; step < STEPS; step++) {
        StScores scores;
        for (int64_t i = 0; i < rows * st_shape_size(&c->input); i++)
            st_network_input(network)[i] =
                c->words ? (Real)st_rng_below(&rng, (uint64_t)c->words) : (Real)st_rng_normal(&rng);
        for (int64_t i = 0; i < rows * st_learner_target_size(learner); i++)
            st_learner_targets(learner)[i] = (Real)st_rng_normal(&rng);
        long before = atomic_load(&allocations);
        if (!st_learner_step(learner, &(StBatch){.rows = rows, .seed = 9, .step = step}, &scores, NULL))
            fail_msg("%s, %d rows: a step failed", c->line, (int)rows);
        if (atomic_load(&allocations) != before) fail_msg("%s: a step allocates", c->line);
        result.loss = scores.loss;
    }
    const Real *weight = st_network_weights(network, &result.weights);
    const StStep *last = st_network_step(network, st_network_layers(network) - 1);
    result.values = rows * last->out_size;
    result.weight = malloc((size_t)result.weights * sizeof(Real) + 1);
    result.value = malloc((size_t)result.values * sizeof(Real) + 1);
    memcpy(result.weight, weight, (size_t)result.weights * sizeof(Real));
    memcpy(result.value, last->y, (size_t)result.values * sizeof(Real));
    st_learner_destroy(learner);
    st_pool_destroy(pool);
    st_stack_free(&stack);
    return result;
}

static void forget(Run *result) {
    free(result->weight);
    free(result->value);
}

static void compare(const Case *c, int64_t rows) {
    const int threads[] = {2, 3, 4, 8};
    Run one = run(c, rows, 1);
    for (int t = 0; t < 4; t++) {
        Run other = run(c, rows, threads[t]);
        bool same = memcmp(&one.loss, &other.loss, sizeof one.loss) == 0 &&
                    memcmp(one.weight, other.weight, (size_t)one.weights * sizeof(Real)) == 0 &&
                    memcmp(one.value, other.value, (size_t)one.values * sizeof(Real)) == 0;
        if (!same) fail_msg("%s: %d threads change the bits of %d rows", c->line, threads[t], (int)rows);
        forget(&other);
    }
    forget(&one);
}

static void every_kind_on_any_threads(void **state) {
    (void)state;
    const int64_t sizes[] = {33, 7, 257, 32, 1, 100, 31};
    glob_t files;
    int cases = 0;
    assert_int_equal(glob("tests/oracle/layer_cases/*.txt", 0, NULL, &files), 0);
    for (size_t f = 0; f < files.gl_pathc; f++) {
        StText text = {0};
        assert_true(st_file_read(files.gl_pathv[f], 0, &text, NULL));
        char *save = text.data, *line;
        while ((line = strsep(&save, "\n"))) {
            if (!*line || *line == '#') continue;
            Case c = read_case(line);
            compare(&c, sizes[cases++ % 7]);
        }
        st_text_free(&text);
    }
    globfree(&files);
    assert_true(cases > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind_on_any_threads)};
    return cmocka_run_group_tests_name("the same bits", tests, NULL, NULL);
}
