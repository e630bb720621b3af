/* The same bits: every layer kind of the registry, in small stacks around the cases of
 * tests/oracle/layer_cases, trained for 50 steps with dropout and shuffling, on 1, 2, 3, 4 and 8 threads and
 * twice on one, for batches that divide and batches that do not; and on every kernel of OpenBLAS that this
 * processor runs. */
#include "math/gemm.h"
#include "math/product.h"
#include "train/learner.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "unit/allocations.h"

enum { SAMPLES = 300, STEPS = 50, CASES_MAX = 4096, A_KIND = 3, POOLS = 5 };
static const int threads_of[POOLS] = {1, 2, 3, 4, 8};
static const int64_t batches[] = {1, 7, 31, 32, 33, 100, 257};

/* ---- the cases ---- */

typedef struct Case {
    char line[400], kind[ST_LAYER_NAME_MAX];
    StShape input;
    int words;         /* 0: any numbers will do */
    const char *layer; /* into line */
} Case;

static Case cases[CASES_MAX];
static int case_count;

/* rows, mode, shape, [words=N], the layer; wrappers stand before what they wrap, and the first word is the
 * kind.
 */
static void read_line(char *line) {
    Case *c = &cases[case_count];
    char rows[16], mode[64], shape[64];
    int at = 0;
    line[strcspn(line, "\n")] = '\0';
    if (*line == '#' || sscanf(line, "%15s %63s %63s %n", rows, mode, shape, &at) < 3) return;
    snprintf(c->line, sizeof c->line, "%s", line);
    c->layer = c->line + at;
    c->words = 0;
    if (sscanf(c->layer, "words=%d %n", &c->words, &at) == 1) c->layer += at;
    assert_true(st_shape_parse(shape, &c->input, NULL));
    sscanf(c->layer, "%63s", c->kind);
    case_count++;
    assert_in_range(case_count, 1, CASES_MAX - 1);
}

static int read_cases(void **state) {
    (void)state;
    glob_t files;
    assert_int_equal(glob("tests/oracle/layer_cases/*.txt", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char line[400];
        FILE *f = fopen(files.gl_pathv[i], "r");
        assert_non_null(f);
        while (fgets(line, sizeof line, f))
            read_line(line);
        fclose(f);
    }
    globfree(&files);
    return 0;
}

/* Some cases of a kind, from all over its list. */
static int choose(const char *kind, const Case *chosen[A_KIND]) {
    const Case *all[CASES_MAX];
    int count = 0, some;
    for (int i = 0; i < case_count; i++)
        if (strcmp(cases[i].kind, kind) == 0) all[count++] = &cases[i];
    some = count < A_KIND ? count : A_KIND;
    for (int i = 0; i < some; i++)
        chosen[i] = all[some == 1 ? 0 : i * (count - 1) / (some - 1)];
    return some;
}

/* ---- one run ---- */

typedef struct Rig {
    StStack stack;
    StCompile compile;
    StDataset *dataset; /* NULL where the network wants words */
    int64_t size;       /* of a row */
    int words;
} Rig;

static bool add_layer(Rig *rig, const char *line, StError *error) {
    StWords words;
    StLayer layer;
    return st_words_split(line, &words, error) && st_layer_parse(&layer, words.word, words.count, error) &&
           st_stack_insert(&rig->stack, rig->stack.count, &layer, error);
}

/* A dense layer that keeps the shape (so that the gradient goes through the kind), the kind, dropout, and
 * classes.
 */
static void rig_layers(Rig *rig, const Case *c) {
    StError error = {0};
    char dense[64], about[96];
    bool done = true;
    st_stack_init(&rig->stack);
    rig->stack.input = c->input;
    rig->words = c->words;
    rig->size = st_shape_size(&c->input);
    snprintf(dense, sizeof dense, "dense %d tanh", (int)c->input.dim[c->input.rank - 1]);
    if (!c->words) done = add_layer(rig, dense, &error);
    done = done && add_layer(rig, c->layer, &error) && add_layer(rig, "dropout 0.25", &error) &&
           add_layer(rig, "flatten", &error) && add_layer(rig, "dense 3 softmax", &error);
    snprintf(about, sizeof about, "%.90s", c->line);
    if (!done) fail_msg("%s: %s", about, error.message);
}

static void rig_up(Rig *rig, const Case *c) {
    StError error = {0};
    StWords words;
    StDataSpec spec;
    char data[96];
    *rig = (Rig){0};
    rig_layers(rig, c);
    assert_true(
        st_words_split("adam sparse_categorical_crossentropy accuracy learning_rate=0.01", &words, NULL));
    assert_true(st_compile_parse(&rig->compile, words.word, words.count, &error));
    if (rig->words) return;
    snprintf(data, sizeof data, "synthetic random samples=%d features=%d classes=3", SAMPLES, (int)rig->size);
    assert_true(st_words_split(data, &words, NULL));
    assert_true(st_data_parse(&spec, words.word, words.count, &error));
    rig->dataset = st_dataset_load(&spec, NULL, NULL, NULL, NULL, 3, &error);
    if (!rig->dataset) fail_msg("%s: %s", c->line, error.message);
}

static void rig_down(Rig *rig) {
    st_dataset_destroy(rig->dataset);
    st_stack_free(&rig->stack);
}

/* Rows of words, from the seed and the step. */
static void fill_words(const Rig *rig, StLearner *learner, int64_t rows, uint64_t step) {
    StRng rng = st_rng(11, ST_STREAM_PROBE, step, 0);
    float *x = st_network_input(st_learner_network(learner));
    for (int64_t i = 0; i < rows * rig->size; i++)
        x[i] = (float)st_rng_below(&rng, (uint64_t)rig->words);
    for (int64_t i = 0; i < rows; i++)
        st_learner_labels(learner)[i] = (int32_t)st_rng_below(&rng, 3);
}

/* The weights after STEPS steps, for the caller to free, and their number. */
static float *train(const Rig *rig, const char *about, int64_t rows, StPool *pool, int64_t *total) {
    StError error = {0};
    StLearnerPlan plan = {.stack = &rig->stack,
                          .compile = &rig->compile,
                          .dataset = rig->dataset,
                          .input = &rig->stack.input,
                          .rows = rows,
                          .pool = pool};
    StLearner *learner = st_learner_create(&plan, &error);
    if (!learner) fail_msg("%s: %s", about, error.message);
    assert_true(st_network_initialize(st_learner_network(learner), 5));
    if (rig->dataset) st_learner_adapt(learner);
    int64_t index[SAMPLES], at = SAMPLES;
    for (uint64_t step = 0, epoch = 0; step < STEPS; step++) {
        StScores scores;
        if (at >= SAMPLES) {
            for (int64_t i = 0; i < SAMPLES; i++)
                index[i] = i;
            StRng rng = st_rng(9, ST_STREAM_SHUFFLE, epoch++, 0);
            st_rng_shuffle(&rng, index, SAMPLES);
            at = 0;
        }
        StBatch batch = {.index = rig->dataset ? index + at : NULL,
                         .rows = SAMPLES - at < rows ? SAMPLES - at : rows,
                         .seed = 9,
                         .step = step};
        if (!rig->dataset) fill_words(rig, learner, batch.rows, step);
        long before = atomic_load(&allocations);
        bool done = st_learner_step(learner, &batch, &scores, NULL);
        /* OpenBLAS gives a thread its buffer at its first product. */
        bool own = st_product_kind() != ST_PRODUCT_NONE;
        if (own && atomic_load(&allocations) != before) fail_msg("%s: a step allocates", about);
        if (!done) fail_msg("%s: step %d of batch %d is not finite", about, (int)step, (int)rows);
        at += rows;
    }
    const float *weights = st_network_weights(st_learner_network(learner), total);
    float *kept = malloc((size_t)*total * sizeof *kept);
    assert_non_null(kept);
    memcpy(kept, weights, (size_t)*total * sizeof *kept);
    st_learner_destroy(learner);
    return kept;
}

/* ---- threads ---- */

static StPool *pools[POOLS];

static void compare(const Rig *rig, const char *about, int64_t rows) {
    int64_t total, other_total;
    float *one = train(rig, about, rows, pools[0], &total);
    for (int p = 0; p < POOLS; p++) { /* the first: again */
        float *other = train(rig, about, rows, pools[p], &other_total);
        assert_int_equal(total, other_total);
        if (memcmp(one, other, (size_t)total * sizeof *one) != 0)
            fail_msg("%s: batch %d: other weights on %d threads", about, (int)rows, threads_of[p]);
        free(other);
    }
    free(one);
}

/* The first case of a kind sees every batch size, the others two each, in turns. */
static void every_kind_on_any_threads(void **state) {
    (void)state;
    int turn = 0, sizes = (int)(sizeof batches / sizeof *batches);
    for (int p = 0; p < POOLS; p++)
        assert_non_null(pools[p] = st_pool_create(threads_of[p], NULL));
    for (int k = 0; st_layer_kinds[k]; k++) {
        const Case *chosen[A_KIND];
        int count = choose(st_layer_kinds[k]->name, chosen);
        if (count == 0) fail_msg("%s has no case", st_layer_kinds[k]->name);
        for (int i = 0; i < count; i++) {
            Rig rig;
            rig_up(&rig, chosen[i]);
            for (int b = 0; b < (i == 0 ? sizes : 2); b++)
                compare(&rig, chosen[i]->line, batches[i == 0 ? b : turn++ % sizes]);
            rig_down(&rig);
        }
    }
    for (int p = 0; p < POOLS; p++)
        st_pool_destroy(pools[p]);
}

/* ---- kernels ---- */

/* What a child of this program does: `train THREADS` writes the name of its BLAS in a line, then the weights
 * of the first case of every kind. */
static int child(int threads) {
    char blas[256];
    read_cases(NULL);
    StPool *pool = st_pool_create(threads, NULL);
    printf("%s\n", st_math_blas(blas, sizeof blas));
    for (int k = 0; st_layer_kinds[k]; k++) {
        const Case *chosen[A_KIND];
        Rig rig;
        int64_t total;
        if (choose(st_layer_kinds[k]->name, chosen) == 0) continue;
        rig_up(&rig, chosen[0]);
        float *weights = train(&rig, chosen[0]->line, 33, pool, &total);
        fwrite(weights, sizeof *weights, (size_t)total, stdout);
        free(weights);
        rig_down(&rig);
    }
    st_pool_destroy(pool);
    return 0;
}

/* All that a child writes, for the caller to free. */
static char *run_child(const char *kernel, int threads, size_t *size) {
    char command[400], self[256];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(length > 0);
    self[length] = '\0';
    snprintf(command, sizeof command, "STRATA_PRODUCT=openblas OPENBLAS_CORETYPE=%s '%s' train %d", kernel,
             self, threads);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t room = 1 << 20;
    char *out = malloc(room);
    assert_non_null(out);
    *size = 0;
    for (size_t got; (got = fread(out + *size, 1, room - *size - 1, f)) > 0;) {
        *size += got;
        if (room - *size > 1 << 16) continue;
        out = realloc(out, room *= 2);
        assert_non_null(out);
    }
    out[*size] = '\0';
    assert_int_equal(pclose(f), 0);
    return out;
}

typedef struct Kernel {
    const char *name;
    bool runs; /* on this processor */
} Kernel;

/* One and three threads on every kernel. One that this library was not built with falls back to another, and
 * says so. */
static void every_kernel_of_blas(void **state) {
    (void)state;
#if defined(__x86_64__) && !defined(ST_PLAIN_BLAS)
    bool avx = __builtin_cpu_supports("avx"), avx2 = __builtin_cpu_supports("avx2");
    bool fma = avx2 && __builtin_cpu_supports("fma"), avx512 = __builtin_cpu_supports("avx512vl");
    const Kernel kernels[] = {
        {"Prescott", true},
        {"Nehalem", __builtin_cpu_supports("sse4.2")},
        {"Sandybridge", avx},
        {"Haswell", fma},
        {"Zen", fma},
        {"SkylakeX", avx512 && __builtin_cpu_supports("avx512dq")},
        {"Cooperlake", avx512 && __builtin_cpu_supports("avx512bf16")},
    };
    int proven = 0;
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (!kernels[i].runs) continue;
        size_t size, other_size;
        char *one = run_child(kernels[i].name, 1, &size), *other = run_child(kernels[i].name, 3, &other_size);
        one[strcspn(one, "\n")] = '\0';
        proven += strcasestr(one, kernels[i].name) != NULL;
        if (!strcasestr(one, kernels[i].name)) print_message("%s is not there: %s\n", kernels[i].name, one);
        one[strlen(one)] = '\n';
        assert_true(size > 10000);
        if (size != other_size || memcmp(one, other, size) != 0)
            fail_msg("%s: other weights on 3 threads", kernels[i].name);
        free(one);
        free(other);
    }
    assert_true(proven > 0);
#endif
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "train") == 0) return child(atoi(argv[2]));
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind_on_any_threads),
                                       cmocka_unit_test(every_kernel_of_blas)};
    return cmocka_run_group_tests_name("the same bits", tests, read_cases, NULL);
}
