/* The learner: whole runs against PyTorch (tests/oracle/runs.py), the same bits on any number of threads,
 * the stop at what is not finite, steps without allocation, and what it refuses.
 * Built in float, and in double by test_learner_f64.c. */
#include "train/learner.h"

#include "oracle/runs.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "unit/allocations.h"

/* ---- a session of few lines ---- */

static StWords words;

static const StWord *split(const char *line, int *count) {
    assert_true(st_words_split(line, &words, NULL));
    *count = words.count;
    return words.word;
}

typedef struct Setting {
    StStack stack;
    StCompile compile;
    StDataset *dataset;
    StPool *pool;
    StLearner *learner;
    StError error;
} Setting;

/* layers: lines apart by ";". data NULL: none. False where the learner is refused. */
static bool set_up(Setting *s, const char *layers, const char *compile, const char *data, int64_t rows,
                   int threads) {
    int count;
    memset(s, 0, sizeof *s);
    st_stack_init(&s->stack);
    char copy[400], *rest = copy;
    snprintf(copy, sizeof copy, "%s", layers);
    for (char *line; (line = strsep(&rest, ";"));) {
        StLayer layer;
        const StWord *word = split(line, &count);
        if (count == 0) continue;
        if (strcmp(word[0].text, "input") == 0) {
            assert_true(st_shape_parse(word[1].text, &s->stack.input, NULL));
            continue;
        }
        assert_true(st_layer_parse(&layer, word, count, NULL));
        assert_true(st_stack_insert(&s->stack, s->stack.count, &layer, NULL));
    }
    const StWord *word = split(compile, &count);
    assert_true(st_compile_parse(&s->compile, word, count, NULL));
    if (data) {
        StDataSpec spec;
        word = split(data, &count);
        assert_true(st_data_parse(&spec, word, count, NULL));
        s->dataset = st_dataset_load(&spec, NULL, NULL, NULL, NULL, 3, &s->error);
        assert_non_null(s->dataset);
    }
    s->pool = st_pool_create(threads, NULL);
    StLearnerPlan plan = {
        .stack = &s->stack, .compile = &s->compile, .dataset = s->dataset, .rows = rows, .pool = s->pool};
    s->learner = st_learner_create(&plan, &s->error);
    if (s->learner) st_network_initialize(st_learner_network(s->learner), 5);
    return s->learner != NULL;
}

static void tear_down(Setting *s) {
    st_learner_destroy(s->learner);
    st_pool_destroy(s->pool);
    st_dataset_destroy(s->dataset);
    st_stack_free(&s->stack);
}

static Real *weights_of(Setting *s, int64_t *total) {
    int64_t count;
    return st_network_weights(st_learner_network(s->learner), total ? total : &count);
}

static Real *weight(Setting *s, int index) {
    int count;
    const StTensor *tensor = st_network_tensors(st_learner_network(s->learner), &count);
    assert_true(index < count);
    return weights_of(s, NULL) + tensor[index].offset;
}

/* ---- whole runs ---- */

static uint32_t noise_state;

static double noise(void) {
    noise_state = noise_state * 1664525u + 1013904223u;
    return (double)(noise_state >> 8) / 16777216 - 0.5;
}

static void fill(Real *values, int64_t count, double scale) {
    for (int64_t i = 0; i < count; i++)
        values[i] = (Real)(noise() * scale);
}

static void fill_weights(Setting *s) {
    int count;
    const StTensor *tensor = st_network_tensors(st_learner_network(s->learner), &count);
    noise_state = 41;
    for (int i = 0; i < count; i++) {
        const StShape *shape = &tensor[i].shape;
        bool factor = strstr(tensor[i].name, "/gamma") || strstr(tensor[i].name, "/moving_variance");
        double extents = 1;
        if (shape->rank > 1) extents = (double)(shape->dim[shape->rank - 2] + shape->dim[shape->rank - 1]);
        for (int d = 0; d < shape->rank - 2; d++)
            extents *= (double)shape->dim[d];
        fill(weight(s, i), tensor[i].size, shape->rank > 1 ? 2 * sqrt(6 / extents) : 0.125);
        for (int64_t w = 0; factor && w < tensor[i].size; w++)
            weight(s, i)[w] += 1;
    }
}

static void near(const char *what, int index, double got, double wanted) {
    double tolerance = sizeof(Real) == sizeof(double) ? 1e-9 : 1e-4;
    if (!(fabs(got - wanted) <= tolerance * fabs(wanted) + tolerance / 100))
        fail_msg("%s %d is %.17g, wanted %.17g", what, index, got, wanted);
}

static void test_article(void **state) {
    (void)state;
    Setting s;
    assert_true(set_up(&s, "input 100;dense 64 relu;dense 64 relu;dense 10 softmax",
                       "adam sparse_categorical_crossentropy accuracy", NULL, 32, 2));
    fill_weights(&s);
    for (int step = 0; step < 50; step++) {
        StScores scores;
        fill(st_network_input(st_learner_network(s.learner)), 32 * 100, 4);
        for (int i = 0; i < 32; i++)
            st_learner_labels(s.learner)[i] = (int32_t)((noise() + 0.5) * 10);
        assert_true(st_learner_step(s.learner, &(StBatch){.rows = 32}, &scores, NULL));
        near("loss", step, scores.loss, article_losses[step]);
    }
    for (int i = 0; i < 10; i++)
        near("bias", i, (double)weight(&s, 5)[i], article_bias[i]);
    tear_down(&s);
}

typedef struct Run {
    const char *layers, *optimizer;
    const double *losses, *bias;
    int64_t inputs;
    int classes, bias_at;
} Run;

/* Each of 50 steps of 34 rows: lanes of 17. */
static const Run runs[] = {
    {"input 12x14x2;conv2d 6 3 activation=relu;max_pooling2d;conv2d 8 3 padding=same activation=relu;"
     "max_pooling2d;flatten;dense 16 relu;dense 4 softmax",
     "adam", conv_losses, conv_bias, 12 * 14 * 2, 4, 7},
    {"input 9x5;lstm 8 return_sequences=yes;lstm 6;dense 4 softmax", "rmsprop learning_rate=0.01",
     lstm_losses, lstm_bias, 9 * 5, 4, 7},
    {"input 7;dense 12;batch_normalization;activation tanh;reshape 4x3;dense 9;layer_normalization;flatten;"
     "dense 5 softmax",
     "sgd learning_rate=0.1 momentum=0.9", norm_losses, norm_bias, 7, 5, 11},
};

static void test_runs(void **state) {
    (void)state;
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        const Run *run = &runs[r];
        Setting s;
        char compile[100];
        snprintf(compile, sizeof compile, "loss=sparse_categorical_crossentropy optimizer=%s",
                 run->optimizer);
        assert_true(set_up(&s, run->layers, compile, NULL, 34, 2));
        fill_weights(&s);
        for (int step = 0; step < 50; step++) {
            StScores scores;
            fill(st_network_input(st_learner_network(s.learner)), 34 * run->inputs, 4);
            for (int i = 0; i < 34; i++)
                st_learner_labels(s.learner)[i] = (int32_t)((noise() + 0.5) * run->classes);
            assert_true(st_learner_step(s.learner, &(StBatch){.rows = 34}, &scores, NULL));
            near(run->layers, step, scores.loss, run->losses[step]);
        }
        for (int i = 0; i < run->classes; i++)
            near("bias", i, (double)weight(&s, run->bias_at)[i], run->bias[i]);
        tear_down(&s);
    }
}

static void test_regularised_run(void **state) {
    (void)state;
    Setting s;
    assert_true(set_up(&s,
                       "input 5;dense 7 tanh kernel_regularizer=l1_l2:0.01:0.02;"
                       "dense 2 bias_regularizer=l2:0.03",
                       "sgd mse learning_rate=0.05 momentum=0.9", NULL, 9, 3));
    fill_weights(&s);
    for (int step = 0; step < 30; step++) {
        StScores scores;
        fill(st_network_input(st_learner_network(s.learner)), 9 * 5, 4);
        fill(st_learner_targets(s.learner), 9 * 2, 2);
        assert_true(st_learner_step(s.learner, &(StBatch){.rows = 9}, &scores, NULL));
        near("loss", step, scores.loss, small_losses[step]);
    }
    for (int i = 0; i < 14; i++)
        near("kernel", i, (double)weight(&s, 2)[i], small_kernel[i]);
    tear_down(&s);
}

/* Regularizers of whole weights and of outputs, and constraints. */
static void test_held_run(void **state) {
    (void)state;
    Setting s;
    assert_true(set_up(&s,
                       "input 40;dense 37 tanh kernel_regularizer=orthogonal_regularizer:0.5 "
                       "activity_regularizer=l1_l2:0.02:0.03 kernel_constraint=max_norm:1.5;"
                       "dense 3 kernel_regularizer=orthogonal:0.2:columns bias_constraint=non_neg "
                       "kernel_constraint=min_max_norm:0.5:0.9:0.7:1",
                       "sgd mse learning_rate=0.05 momentum=0.5", NULL, 9, 3));
    fill_weights(&s);
    for (int step = 0; step < 30; step++) {
        StScores scores;
        fill(st_network_input(st_learner_network(s.learner)), 9 * 40, 4);
        fill(st_learner_targets(s.learner), 9 * 3, 2);
        double alone = st_learner_loss(s.learner, 9, false, 0);
        assert_true(st_learner_step(s.learner, &(StBatch){.rows = 9}, &scores, NULL));
        near("loss", step, scores.loss, held_losses[step]);
        near("loss alone", step, alone, scores.loss);
    }
    for (int i = 0; i < 111; i++)
        near("kernel", i, (double)weight(&s, 2)[i], held_kernel[i]);
    for (int i = 0; i < 3; i++)
        near("bias", i, (double)weight(&s, 3)[i], held_bias[i]);
    tear_down(&s);
}

/* Softmax as a layer of its own is fused with the loss as dense's own is. */
static void test_softmax_layer(void **state) {
    (void)state;
    Setting s[2];
    const char *const layers[] = {"input 20;dense 9 relu;dense 4 softmax",
                                  "input 20;dense 9;relu;dense 4;softmax"};
    for (int i = 0; i < 2; i++) {
        assert_true(set_up(&s[i], layers[i], "adam sparse_categorical_crossentropy accuracy", NULL, 32, 2));
        fill_weights(&s[i]);
        for (int step = 0; step < 5; step++) {
            StScores scores;
            fill(st_network_input(st_learner_network(s[i].learner)), 32 * 20, 4);
            for (int r = 0; r < 32; r++)
                st_learner_labels(s[i].learner)[r] = (int32_t)((noise() + 0.5) * 4);
            assert_true(st_learner_step(s[i].learner, &(StBatch){.rows = 32}, &scores, NULL));
        }
    }
    int64_t total;
    Real *one = weights_of(&s[0], &total);
    assert_memory_equal(one, weights_of(&s[1], NULL), (size_t)total * sizeof(Real));
    tear_down(&s[0]);
    tear_down(&s[1]);
}

/* ---- the same bits ---- */

enum { SAMPLES = 600 };
static const char *const bits_layers =
    "dense 64 relu kernel_regularizer=l2:0.001 kernel_constraint=max_norm;dropout 0.3;"
    "dense 48 tanh;dense 5 softmax";

/* 50 steps of `rows` shuffled rows; the last batch of an epoch is what is left. */
static StScores train(Setting *s, int64_t rows, StTally *tally) {
    StScores scores = {0};
    int64_t index[SAMPLES], at = SAMPLES;
    for (uint64_t step = 0, epoch = 0; step < 50; step++) {
        if (at >= SAMPLES) {
            for (int64_t i = 0; i < SAMPLES; i++)
                index[i] = i;
            StRng rng = st_rng(9, ST_STREAM_SHUFFLE, epoch++, 0);
            st_rng_shuffle(&rng, index, SAMPLES);
            at = 0;
        }
        StBatch batch = {
            .index = index + at, .rows = SAMPLES - at < rows ? SAMPLES - at : rows, .seed = 9, .step = step};
        assert_true(st_learner_step(s->learner, &batch, &scores, tally));
        at += rows;
    }
    return scores;
}

static void compare_threads(int64_t rows, const char *optimizer) {
    Setting one, other;
    char compile[200];
    snprintf(compile, sizeof compile, "loss=sparse_categorical_crossentropy metrics=accuracy %s", optimizer);
    const char *data = "synthetic random samples=600 features=40 classes=5";
    assert_true(set_up(&one, bits_layers, compile, data, rows, 1));
    StTally tally = {0};
    StScores scores = train(&one, rows, &tally), now, other_now;
    assert_true(st_learner_evaluate(one.learner, ST_TRAIN, NULL, &now));
    int64_t total, slots, other_slots;
    Real *weights = weights_of(&one, &total), *kept = st_learner_state(one.learner, &slots, NULL);
    for (int threads = 2; threads <= 4; threads++) {
        assert_true(set_up(&other, bits_layers, compile, data, rows, threads));
        StTally other_tally = {0};
        StScores other_scores = train(&other, rows, &other_tally);
        assert_true(st_learner_evaluate(other.learner, ST_TRAIN, NULL, &other_now));
        assert_memory_equal(weights, weights_of(&other, NULL), (size_t)total * sizeof(Real));
        assert_memory_equal(kept, st_learner_state(other.learner, &other_slots, NULL),
                            (size_t)slots * sizeof(Real));
        assert_int_equal(slots, other_slots);
        assert_memory_equal(&scores, &other_scores, sizeof scores);
        assert_memory_equal(&now, &other_now, sizeof now);
        assert_memory_equal(&tally, &other_tally, sizeof tally);
        tear_down(&other);
    }
    tear_down(&one);
}

static void test_threads_change_no_bit(void **state) {
    (void)state;
    const int64_t sizes[] = {1, 7, 31, 32, 33, 100, 257};
    for (int i = 0; i < 7; i++)
        compare_threads(sizes[i], "optimizer=adam learning_rate=0.01");
    compare_threads(100,
                    "optimizer=adam ignore_class=2 label_smoothing=0.1"); /* counted before the first row */
}

/* A norm is a sum over ranges, an average a slot of its own: neither knows of threads. */
static void test_threads_change_no_bit_of_an_update(void **state) {
    (void)state;
    const char *const optimizers[] = {
        "optimizer=adam amsgrad=yes clipnorm=0.05",
        "optimizer=sgd global_clipnorm=0.1 use_ema=yes ema_overwrite_frequency=20 schedule=cosine_decay "
        "decay_steps=40",
        "optimizer=ftrl clipvalue=0.001 use_ema=yes learning_rate_power=-0.6",
    };
    for (int i = 0; i < 3; i++)
        compare_threads(33, optimizers[i]);
}

/* What clipping leaves of the gradients that plain descent at rate 1 takes off the weights. */
static void clipped_step(const char *clip, double *longest, double *all) {
    Setting s;
    StScores scores;
    int count;
    int64_t total;
    char compile[100];
    snprintf(compile, sizeof compile, "sgd sparse_categorical_crossentropy learning_rate=1 %s", clip);
    assert_true(set_up(&s, "dense 70 trainable=no;dense 60 tanh;dense 50;dense 3 softmax", compile,
                       "synthetic random samples=40 features=50 classes=3", 40, 2));
    Real *now = weights_of(&s, &total), *before = malloc((size_t)total * sizeof *before);
    memcpy(before, now, (size_t)total * sizeof *before);
    int64_t index[40];
    for (int i = 0; i < 40; i++)
        index[i] = i;
    assert_true(st_learner_step(s.learner, &(StBatch){.index = index, .rows = 40}, &scores, NULL));
    const StTensor *tensor = st_network_tensors(st_learner_network(s.learner), &count);
    *longest = *all = 0;
    for (int t = 0; t < count; t++) {
        double squares = 0;
        for (int64_t i = tensor[t].offset; i < tensor[t].offset + tensor[t].size; i++)
            squares += ((double)now[i] - (double)before[i]) * ((double)now[i] - (double)before[i]);
        if (!tensor[t].trainable) assert_true(squares == 0);
        *longest = fmax(*longest, sqrt(squares));
        *all += squares;
    }
    *all = sqrt(*all);
    free(before);
    tear_down(&s);
}

static void test_clipping(void **state) {
    (void)state;
    double longest, all, clipped, clipped_all;
    clipped_step("", &longest, &all);
    assert_true(longest > 0.2 && all > longest);
    clipped_step("clipnorm=0.1", &clipped, &clipped_all);
    assert_true(fabs(clipped - 0.1) < 1e-6);
    assert_true(clipped_all > clipped);
    clipped_step("global_clipnorm=0.1", &clipped, &clipped_all);
    assert_true(fabs(clipped_all - 0.1) < 1e-6);
    assert_true(fabs(clipped / clipped_all - longest / all) < 1e-5);
    clipped_step("global_clipnorm=1e6", &clipped, &clipped_all);
    assert_true(fabs(clipped_all - all) < 1e-6 * all);
}

/* The average of all steps' weights, the first one's counted whole; frozen weights stay what they are. */
static void test_average(void **state) {
    (void)state;
    Setting s;
    StScores scores;
    int64_t total, index[40];
    assert_true(set_up(&s, "dense 7 trainable=no;dense 5 tanh;dense 3 softmax",
                       "sgd sparse_categorical_crossentropy learning_rate=0.1 use_ema=yes ema_momentum=0.9",
                       "synthetic random samples=40 features=9 classes=3", 40, 2));
    Real *now = weights_of(&s, &total);
    double *average = malloc((size_t)total * sizeof *average);
    assert_false(st_learner_average(s.learner)); /* of nothing yet */
    for (int i = 0; i < 40; i++)
        index[i] = i;
    for (int step = 0; step < 12; step++) {
        assert_true(st_learner_step(s.learner, &(StBatch){.index = index, .rows = 40}, &scores, NULL));
        for (int64_t i = 0; i < total; i++)
            average[i] = step == 0 ? (double)now[i] : 0.9 * average[i] + 0.1 * (double)now[i];
    }
    double apart = 0;
    for (int64_t i = 0; i < total; i++)
        apart = fmax(apart, fabs((double)now[i] - average[i]));
    assert_true(apart > 1e-3);
    assert_true(st_learner_average(s.learner));
    for (int64_t i = 0; i < total; i++)
        assert_true(fabs((double)now[i] - average[i]) < 1e-6);
    free(average);
    tear_down(&s);
}

static void test_it_learns(void **state) {
    (void)state;
    Setting s;
    StScores before, after;
    assert_true(set_up(&s, bits_layers, "adam sparse_categorical_crossentropy accuracy learning_rate=0.01",
                       "synthetic random samples=600 features=40 classes=5", 60, 2));
    assert_true(st_learner_evaluate(s.learner, ST_TRAIN, NULL, &before));
    train(&s, 60, NULL);
    assert_true(st_learner_evaluate(s.learner, ST_TRAIN, NULL, &after));
    assert_true(after.loss < 0.7 * before.loss);
    assert_true(after.metric[0] > before.metric[0] + 0.3);
    tear_down(&s);
}

/* ---- figures ---- */

/* While nothing moves and nothing is dropped, an epoch's tally is the evaluation, in any batches. */
static void test_tally_is_evaluation(void **state) {
    (void)state;
    const char *const compile[] = {
        "sgd sparse_categorical_crossentropy accuracy learning_rate=0",
        /* means over what counts in each batch */
        "sgd sparse_categorical_crossentropy accuracy learning_rate=0 ignore_class=2",
    };
    for (int64_t rows = 50, i = 0; rows <= 350; rows += 75 * (i % 2), i++) {
        Setting s;
        StScores now, sum;
        StTally tally = {0};
        int64_t index[SAMPLES];
        assert_true(set_up(&s, "dense 8 relu kernel_regularizer=l2:0.01;dense 5 softmax", compile[i % 2],
                           "synthetic random samples=600 features=40 classes=5", rows, 2));
        for (int64_t r = 0; r < SAMPLES; r++)
            index[r] = r;
        for (int64_t at = 0; at < SAMPLES; at += rows) {
            StBatch batch = {.index = index + at, .rows = SAMPLES - at < rows ? SAMPLES - at : rows};
            assert_true(st_learner_step(s.learner, &batch, &sum, &tally));
        }
        assert_true(st_learner_evaluate(s.learner, ST_TRAIN, NULL, &now));
        st_learner_scores(s.learner, &tally, &sum);
        assert_true(fabs(now.loss - sum.loss) < 1e-6);
        assert_true(now.metric[0] == sum.metric[0]);
        tear_down(&s);
    }
}

static void test_an_empty_tally_has_no_figure(void **state) {
    (void)state;
    Setting s;
    StTally tally = {0};
    StScores scores;
    assert_true(set_up(&s, "input 3;dense 2", "sgd mse mae", NULL, 4, 1));
    st_learner_scores(s.learner, &tally, &scores);
    assert_true(isnan(scores.loss) && isnan(scores.metric[0]));
    tear_down(&s);
}

static void test_cancel(void **state) {
    (void)state;
    Setting s;
    StScores scores;
    atomic_bool cancel = true;
    assert_true(set_up(&s, "dense 5 softmax", "sgd sparse_categorical_crossentropy",
                       "synthetic random samples=600 features=40 classes=5", 32, 1));
    assert_false(st_learner_evaluate(s.learner, ST_TRAIN, &cancel, &scores));
    tear_down(&s);
}

/* The fused loss has the gradient of the loss from logits, and leaves probabilities as outputs. */
static void test_fused_is_from_logits(void **state) {
    (void)state;
    const char *stacks[][2] = {
        {"input 6;dense 5 tanh;dense 4 softmax", "sgd sparse_categorical_crossentropy"},
        {"input 6;dense 5 tanh;dense 4;activation softmax", "sgd sparse_categorical_crossentropy"},
        {"input 6;dense 5 tanh;dense 4", "sgd sparse_categorical_crossentropy from_logits=yes"},
    };
    Real reference[6 * 5 + 5];
    double loss = 0;
    for (int i = 0; i < 3; i++) {
        Setting s;
        assert_true(set_up(&s, stacks[i][0], stacks[i][1], NULL, 40, 2));
        fill_weights(&s);
        fill(st_network_input(st_learner_network(s.learner)), 40 * 6, 200); /* steep */
        for (int r = 0; r < 40; r++)
            st_learner_labels(s.learner)[r] = r % 4;
        double value = st_learner_gradients(s.learner, 40, true, 1);
        const Real *gradient = st_network_gradients(st_learner_network(s.learner));
        if (i == 0) {
            loss = value;
            memcpy(reference, gradient, sizeof reference);
        }
        assert_true(value == loss);
        assert_true(value == st_learner_loss(s.learner, 40, true, 1));
        assert_memory_equal(reference, gradient, 30 * sizeof(Real));
        if (i < 2) {
            const Real *y = st_network_output(st_learner_network(s.learner));
            assert_true(fabs((double)(y[0] + y[1] + y[2] + y[3]) - 1) < 1e-5);
        }
        tear_down(&s);
    }
}

/* ---- the stop ---- */

static void expect_stop(Setting *s, int64_t rows, const char *culprit) {
    int64_t total, slots, states, *iterations;
    Real *weights = weights_of(s, &total), *kept = st_learner_state(s->learner, &slots, &iterations);
    const Real *carried = st_network_state(st_learner_network(s->learner), &states);
    Real *before = malloc((size_t)(total + slots + states) * sizeof(Real));
    int64_t made = *iterations;
    memcpy(before, weights, (size_t)total * sizeof(Real));
    memcpy(before + total, kept, (size_t)slots * sizeof(Real));
    if (carried) memcpy(before + total + slots, carried, (size_t)states * sizeof(Real));
    StScores scores;
    StTally tally = {0};
    StText text = {0};
    assert_false(st_learner_step(s->learner, &(StBatch){.rows = rows}, &scores, &tally));
    assert_memory_equal(weights, before, (size_t)total * sizeof(Real));
    assert_memory_equal(kept, before + total, (size_t)slots * sizeof(Real));
    if (carried) assert_memory_equal(carried, before + total + slots, (size_t)states * sizeof(Real));
    assert_true(*iterations == made && tally.samples == 0);
    st_learner_culprit(s->learner, &text);
    assert_string_equal(st_text_string(&text), culprit);
    st_text_free(&text);
    free(before);
}

static void test_stops_before_it_spreads(void **state) {
    (void)state;
    Setting s;
    StScores scores;
    assert_true(set_up(&s, "input 3;dense 4 relu;dense 2", "adam mse mae", NULL, 5, 2));
    fill_weights(&s);
    Real *x = st_network_input(st_learner_network(s.learner));
    fill(x, 15, 1);
    assert_true(st_learner_step(s.learner, &(StBatch){.rows = 5}, &scores, NULL)); /* slots are not zeros */
    x[4] = (Real)NAN;
    expect_stop(&s, 5, "input has 1 of 15 values not finite");
    x[4] = 0;
    Real kept = weight(&s, 2)[3];
    weight(&s, 2)[3] = (Real)INFINITY;
    expect_stop(&s, 5, "weight dense_1/kernel has 1 of 8 values not finite");
    weight(&s, 2)[3] = kept;
    kept = weight(&s, 1)[0];
    weight(&s, 1)[0] = -(Real)INFINITY; /* relu makes 0 of it: loss and gradients are finite */
    expect_stop(&s, 5, "weight dense/bias has 1 of 4 values not finite");
    weight(&s, 1)[0] = kept;
    st_learner_targets(s.learner)[1] = (Real)INFINITY;
    expect_stop(&s, 5, "loss is not finite");
    st_learner_targets(s.learner)[1] = 0;
    assert_true(st_learner_step(s.learner, &(StBatch){.rows = 5}, &scores, NULL));
    tear_down(&s);
}

/* Moving statistics and what sequences carry stay as they were too. */
static void test_stops_before_it_is_kept(void **state) {
    (void)state;
    Setting s;
    StScores scores;
    assert_true(set_up(&s,
                       "input 3x2;lstm 4 stateful=yes return_sequences=yes;batch_normalization momentum=0.5;"
                       "bidirectional gru 2 stateful=yes;dense 1",
                       "adam mse use_ema=yes clipnorm=1", NULL, 5, 2));
    Real *x = st_network_input(st_learner_network(s.learner));
    fill(x, 30, 1);
    int64_t states;
    const Real *carried = st_network_state(st_learner_network(s.learner), &states);
    assert_true(st_learner_step(s.learner, &(StBatch){.rows = 5}, &scores, NULL));
    assert_true(states > 0 && carried[0] != 0);
    st_learner_targets(s.learner)[1] = (Real)INFINITY;
    expect_stop(&s, 5, "loss is not finite");
    st_learner_targets(s.learner)[1] = 0;
    x[29] = (Real)NAN;
    expect_stop(&s, 5, "input has 1 of 30 values not finite");
    tear_down(&s);
}

static void test_names_outputs_and_gradients(void **state) {
    (void)state;
    bool wide = sizeof(Real) == sizeof(double);
    Setting s;
    assert_true(set_up(&s, "input 1;dense 1;dense 2", "sgd mse", NULL, 4, 1));
    Real *x = st_network_input(st_learner_network(s.learner));
    for (int i = 0; i < 4; i++)
        x[i] = 1;
    weight(&s, 0)[0] = (Real)(wide ? 1e300 : 1e38);
    weight(&s, 2)[0] = (Real)1e10;
    expect_stop(&s, 4, "output of layer 2 dense_1 has 4 of 8 values not finite");
    tear_down(&s);

    assert_true(set_up(&s, "input 1;dense 1 name=only", "sgd mse", NULL, 1, 1));
    st_network_input(st_learner_network(s.learner))[0] = (Real)(wide ? 2e155 : 1e20);
    weight(&s, 0)[0] = (Real)(wide ? 0.005 : 0.1);
    expect_stop(&s, 1, "gradient of only/kernel has 1 of 1 value not finite");
    tear_down(&s);
}

/* ---- memory ---- */

/* Weights and gradients alone would fit, the optimizer's state beside them does not. */
static void test_the_state_must_fit_too(void **state) {
    (void)state;
    Setting s;
    char layer[40];
    snprintf(layer, sizeof layer, "input 1000;dense %.0f",
             0.3 * (double)st_memory_total() / sizeof(Real) / 1000);
    assert_false(set_up(&s, layer, "adam mse", NULL, 1, 1));
    assert_int_equal(s.error.code, ST_ERR_MEMORY);
    tear_down(&s);
}

static void test_a_step_allocates_nothing(void **state) {
    (void)state;
    Setting s;
    StScores scores;
    StTally tally = {0};
    int64_t index[100];
    for (int i = 0; i < 100; i++)
        index[i] = 99 - i;
    assert_true(set_up(&s, bits_layers, "adamw sparse_categorical_crossentropy accuracy",
                       "synthetic random samples=600 features=40 classes=5", 100, 2));
    StBatch batch = {.index = index, .rows = 100};
    assert_true(st_learner_step(s.learner, &batch, &scores, &tally)); /* BLAS takes its buffers at first */
    assert_true(st_learner_evaluate(s.learner, ST_TRAIN, NULL, &scores));
    long before = atomic_load(&allocations);
    for (int i = 0; i < 10; i++)
        assert_true(st_learner_step(s.learner, &batch, &scores, &tally));
    assert_true(st_learner_evaluate(s.learner, ST_TRAIN, NULL, &scores));
    st_learner_scores(s.learner, &tally, &scores);
    assert_int_equal(atomic_load(&allocations), before);
    tear_down(&s);
}

/* ---- what does not fit ---- */

static void refused(const char *layers, const char *compile, const char *data, const char *message) {
    Setting s;
    if (set_up(&s, layers, compile, data, 32, 1)) fail_msg("%s; %s was taken", layers, compile);
    assert_string_equal(s.error.message, message);
    tear_down(&s);
}

static void accepted(const char *layers, const char *compile, const char *data) {
    Setting s;
    StScores scores;
    int64_t index[32];
    for (int i = 0; i < 32; i++)
        index[i] = i;
    if (!set_up(&s, layers, compile, data, 32, 1)) fail_msg("%s; %s: %s", layers, compile, s.error.message);
    assert_true(st_learner_step(s.learner, &(StBatch){.index = index, .rows = 32}, &scores, NULL));
    tear_down(&s);
}

static void test_refusals(void **state) {
    (void)state;
    const char *five = "synthetic random features=8 classes=5", *two = "synthetic circle";
    const char *numbers = "synthetic plane";
    refused("dense 1", "sgd sparse_categorical_crossentropy", five,
            "sparse_categorical_crossentropy wants 5 outputs (the classes of the data), got 1; end the stack "
            "in 'dense 5 softmax'");
    refused("dense 3 softmax", "sgd categorical_crossentropy", five,
            "categorical_crossentropy wants 5 outputs (the classes of the data), got 3; end the stack in "
            "'dense 5 softmax'");
    refused("dense 1 sigmoid", "sgd binary_crossentropy", five,
            "binary_crossentropy with 1 output wants 2 classes, the data has 5; end the stack in 'dense 5 "
            "softmax' and compile with loss=sparse_categorical_crossentropy");
    refused("dense 1 softmax", "sgd categorical_crossentropy", two,
            "categorical_crossentropy wants an output for every class, at least 2, got 1; end the stack in "
            "'dense 2 softmax', or in 'dense 1 sigmoid' and compile with loss=binary_crossentropy");
    refused("dense 3", "sgd mse", numbers,
            "mse wants 1 output (the target of the data), got 3; end the stack in 'dense 1'");
    refused("dense 3 softmax", "sgd sparse_categorical_crossentropy", numbers,
            "sparse_categorical_crossentropy wants classes, the data has numbers as targets (regression); "
            "compile with loss=mean_squared_error");
    refused("dense 1", "sgd mse accuracy", numbers,
            "metrics: accuracy counts right classes, the data has numbers as targets (regression); use "
            "mean_absolute_error or r2_score");
    refused("dense 5 softmax", "sgd sparse_categorical_crossentropy mse", five,
            "metrics: mse wants targets shaped as the output, sparse_categorical_crossentropy is given "
            "labels; use accuracy");
    refused("dense 5 softmax", "sgd categorical_crossentropy sparse_categorical_accuracy", five,
            "metrics: sparse_categorical_accuracy wants labels, categorical_crossentropy is given targets "
            "shaped as the output; use categorical_accuracy");
    refused("dense 65", "sgd mse r2_score", NULL,
            "the shape of the input is not known; say it with input (input 4), or load data");
    refused("input 2;dense 1024", "sgd mse r2_score", NULL,
            "metrics: r2_score keeps 4097 sums for 1024 outputs, wanted at most 4096 for all metrics");
    refused("input 2;dense 3", "sgd binary_crossentropy precision:top_k=4", NULL,
            "metrics: precision:top_k=4: top_k=4: wanted at most 3, the outputs");
    refused("input 9;dense 5 softmax", "sgd sparse_categorical_crossentropy", five,
            "input is 9, the data has rows of 8");
    refused("", "sgd mse", NULL, "the stack has no layers");
}

static void test_targets_of_every_kind(void **state) {
    (void)state;
    const char *five = "synthetic random features=8 classes=5", *two = "synthetic circle";
    accepted("dense 5 softmax", "sgd sparse_categorical_crossentropy accuracy", five);
    accepted("dense 7 softmax", "sgd sparse_categorical_crossentropy accuracy", five);
    accepted("dense 5 softmax", "sgd categorical_crossentropy accuracy,mse,r2_score", five);
    accepted("dense 5 sigmoid", "sgd binary_crossentropy accuracy,binary_accuracy", five);
    accepted("dense 5", "sgd mse accuracy", five);
    accepted("dense 1 sigmoid", "sgd binary_crossentropy accuracy", two);
    accepted("dense 1 tanh", "sgd mse accuracy,mae", two);
    accepted("dense 2 softmax", "sgd sparse_categorical_crossentropy acc", two);
    accepted("dense 1", "sgd mae mse,r2_score", "synthetic plane");
    accepted("input 4x2;flatten;dense 5 softmax", "sgd sparse_categorical_crossentropy", five);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_article),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_regularised_run),
        cmocka_unit_test(test_held_run),
        cmocka_unit_test(test_softmax_layer),
        cmocka_unit_test(test_threads_change_no_bit),
        cmocka_unit_test(test_threads_change_no_bit_of_an_update),
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_average),
        cmocka_unit_test(test_it_learns),
        cmocka_unit_test(test_tally_is_evaluation),
        cmocka_unit_test(test_an_empty_tally_has_no_figure),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_fused_is_from_logits),
        cmocka_unit_test(test_stops_before_it_spreads),
        cmocka_unit_test(test_stops_before_it_is_kept),
        cmocka_unit_test(test_names_outputs_and_gradients),
        cmocka_unit_test(test_the_state_must_fit_too),
        cmocka_unit_test(test_a_step_allocates_nothing),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_targets_of_every_kind),
    };
    return cmocka_run_group_tests_name("learner in " ST_REAL_NAME, tests, NULL, NULL);
}
