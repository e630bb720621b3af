/* The normalizations beyond their fixtures: what they refuse, weights made from the data, masks, frozen
 * layers, and moving averages that a step which is not finite leaves alone. */
#include "train/learner.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- descriptions ---- */

typedef struct Description {
    const char *input, *layer;
    const char *output; /* shape, or NULL: refused */
    int64_t parameters, trainable;
    const char *error;
} Description;

static const Description descriptions[] = {
    {"28x28x3", "batch_normalization", "28x28x3", 12, 6, NULL},
    {"28x28x3", "batch_normalization axis=1 scale=no", "28x28x3", 84, 28, NULL},
    {"5", "batch_normalization trainable=no", "5", 20, 0, NULL},
    {"5", "batch_normalization renorm=yes", "5", 35, 10, NULL},
    {"5", "batch_normalization 2", NULL, 0, 0, "no axis 2 in rows of 5, wanted 1 to 1 or -1 to -1"},
    {"5", "batch_normalization 0", NULL, 0, 0, "axis 0 is the batch, wanted axes of a row"},
    {"5", "batch_normalization momentum=1.5", NULL, 0, 0, "momentum=1.5: wanted 0 to 1"},
    {"5", "batch_normalization renorm=yes moving_variance_initializer=he_normal", NULL, 0, 0,
     "renorm wants moving_variance_initializer zeros, ones or constant, got he_normal"},
    {"5", "batch_normalization renorm=yes renorm_clipping=clip:1:2", NULL, 0, 0,
     "renorm_clipping has rmax 1 below rmin 2"},
    {"4x6", "layer_normalization", "4x6", 12, 12, NULL},
    {"4x6", "layer_normalization axis=1,2", "4x6", 48, 48, NULL},
    {"4x6", "layer_normalization rms_scaling=yes", "4x6", 6, 6, NULL},
    {"4x6", "layer_normalization axis=-1,2", NULL, 0, 0, "axis 2 is named twice"},
    {"4x6", "layer_normalization axis=3", NULL, 0, 0, "no axis 3 in rows of 4x6"},
    {"4x6", "layer_normalization axis=0.5", NULL, 0, 0, "no axis 0.5 in rows of 4x6"},
    {"8x8x64", "group_normalization", "8x8x64", 128, 128, NULL},
    {"8x8x6", "group_normalization", NULL, 0, 0, "6 channels do not make 32 groups"},
    {"8x8x6", "group_normalization 0", NULL, 0, 0, "groups=0: wanted a whole number from 1 up, or -1"},
    {"8x6", "rms_normalization", "8x6", 6, 6, NULL},
    {"8x6", "unit_normalization axis=1,2", "8x6", 0, 0, NULL},
    {"8x6", "normalization", "8x6", 12, 0, NULL},
    {"8x6", "normalization axis=none", "8x6", 2, 0, NULL},
    {"8x6", "normalization mean=1 variance=2", "8x6", 0, 0, NULL},
    {"8x6", "normalization mean=1", NULL, 0, 0, "mean has 1 numbers and variance 0, wanted as many of both"},
    {"8x6", "normalization mean=1,2 variance=1,2", NULL, 0, 0, "mean has 2 numbers, wanted 1 or 6"},
    {"8x6", "normalization mean=1 variance=-2", NULL, 0, 0, "variance=-2: wanted a number from 0 up"},
    {"12", "reshape 3x4", "3x4", 0, 0, NULL},
    {"12", "reshape 2x-1", "2x6", 0, 0, NULL},
    {"12", "reshape 5x-1", NULL, 0, 0, "rows of 12 have 12 elements, which does not make 5x-1"},
    {"12", "reshape 3x5", NULL, 0, 0, "rows of 12 have 12 elements, which does not make 3x5"},
    {"12", "reshape -1x-1", NULL, 0, 0, "shape '-1x-1' is not extents"},
    {"12", "reshape 0x12", NULL, 0, 0, "shape '0x12' is not extents"},
    {"2x3x4", "permute 3,1,2", "4x2x3", 0, 0, NULL},
    {"2x3x4", "permute 2,1", NULL, 0, 0, "dims has 2 axes, wanted every one of the 3 of 2x3x4 once"},
    {"2x3x4", "permute 1,2,2", NULL, 0, 0, "axis 2 is named twice"},
    {"2x3x4", "permute 1,2,4", NULL, 0, 0, "no axis 4 in rows of 2x3x4"},
    {"7", "repeat_vector 3", "3x7", 0, 0, NULL},
    {"7x2", "repeat_vector 3", NULL, 0, 0, "wanted rows of 1 extent, got 7x2"},
    {"7", "repeat_vector 0", NULL, 0, 0, "n=0: wanted a whole number from 1 up"},
};

static void describes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof descriptions / sizeof *descriptions; i++) {
        const Description *d = &descriptions[i];
        StError error = {0};
        StWords words;
        StLayer layer;
        StStack stack;
        StShape input;
        StLayerInfo info;
        char shape[ST_SHAPE_TEXT];
        st_stack_init(&stack);
        assert_true(st_shape_parse(d->input, &input, NULL));
        assert_true(st_words_split(d->layer, &words, NULL));
        bool done = st_layer_parse(&layer, words.word, words.count, &error) &&
                    st_stack_insert(&stack, 0, &layer, &error) &&
                    st_stack_infer(&stack, &input, &info, NULL, &error);
        if (done != (d->output != NULL)) fail_msg("%s on %s: %s", d->layer, d->input, error.message);
        if (!done && !strstr(error.message, d->error)) fail_msg("%s: %s", d->layer, error.message);
        if (done) {
            assert_string_equal(st_shape_print(&info.out, shape), d->output);
            assert_int_equal(info.parameters, d->parameters);
            assert_int_equal(info.trainable, d->trainable);
        }
        st_stack_free(&stack);
    }
}

/* ---- a learner of few lines ---- */

typedef struct Rig {
    StStack stack;
    StCompile compile;
    StDataset *dataset;
    StPool *pool;
    StLearner *learner;
} Rig;

/* layers: lines apart by ";". */
static void rig_up(Rig *rig, const char *layers, const char *compile, const char *data, int64_t rows) {
    StError error = {0};
    StWords words;
    StDataSpec spec;
    char copy[400], *rest = copy;
    memset(rig, 0, sizeof *rig);
    st_stack_init(&rig->stack);
    snprintf(copy, sizeof copy, "%s", layers);
    for (char *line; (line = strsep(&rest, ";"));) {
        StLayer layer;
        assert_true(st_words_split(line, &words, NULL));
        assert_true(st_layer_parse(&layer, words.word, words.count, &error));
        assert_true(st_stack_insert(&rig->stack, rig->stack.count, &layer, &error));
    }
    assert_true(st_words_split(compile, &words, NULL));
    assert_true(st_compile_parse(&rig->compile, words.word, words.count, &error));
    assert_true(st_words_split(data, &words, NULL));
    assert_true(st_data_parse(&spec, words.word, words.count, &error));
    rig->dataset = st_dataset_load(&spec, NULL, NULL, NULL, NULL, 3, &error);
    assert_non_null(rig->dataset);
    rig->pool = st_pool_create(2, NULL);
    StLearnerPlan plan = {.stack = &rig->stack,
                          .compile = &rig->compile,
                          .dataset = rig->dataset,
                          .rows = rows,
                          .pool = rig->pool};
    rig->learner = st_learner_create(&plan, &error);
    if (!rig->learner) fail_msg("%s", error.message);
    assert_true(st_network_initialize(st_learner_network(rig->learner), 5));
}

static void rig_down(Rig *rig) {
    st_learner_destroy(rig->learner);
    st_pool_destroy(rig->pool);
    st_dataset_destroy(rig->dataset);
    st_stack_free(&rig->stack);
}

static float *weight(Rig *rig, const char *name, int64_t *size) {
    int count;
    int64_t total;
    StNetwork *network = st_learner_network(rig->learner);
    const StTensor *tensor = st_network_tensors(network, &count);
    for (int i = 0; i < count; i++) {
        if (strcmp(tensor[i].name, name) != 0) continue;
        if (size) *size = tensor[i].size;
        return st_network_weights(network, &total) + tensor[i].offset;
    }
    fail_msg("no weight %s", name);
    return NULL;
}

/* ---- from the data ---- */

/* What a normalization sees of the whole training part comes out with mean 0 and variance 1, wherever it
 * stands, also with more rows than are looked at at once. */
static void adapted(const char *layers, int layer) {
    enum { ROWS = 700, WIDTH = 6 };
    Rig rig;
    double sum[WIDTH] = {0}, squares[WIDTH] = {0};
    rig_up(&rig, layers, "adam sparse_categorical_crossentropy",
           "synthetic random samples=700 features=5 classes=3", ROWS);
    st_learner_adapt(rig.learner);
    StNetwork *network = st_learner_network(rig.learner);
    st_dataset_gather_x(rig.dataset, ST_TRAIN, NULL, 0, ROWS, st_network_input(network));
    st_network_run(network, ROWS, &(StPass){0}, rig.pool);
    const StStep *step = st_network_step(network, layer);
    for (int64_t i = 0; i < ROWS * step->out_size; i++) {
        sum[i % step->out_size] += (double)step->y[i] / ROWS;
        squares[i % step->out_size] += (double)step->y[i] * (double)step->y[i] / ROWS;
    }
    for (int c = 0; c < step->out_size; c++) {
        assert_true(fabs(sum[c]) < 1e-5);
        assert_true(fabs(squares[c] - 1) < 1e-5);
    }
    rig_down(&rig);
}

static void adapts_to_the_data(void **state) {
    (void)state;
    adapted("normalization;dense 3 softmax", 0);
    adapted("dense 6 tanh bias_initializer=ones;normalization;dense 3 softmax", 1);
    adapted("dense 6 relu bias_initializer=ones;normalization;dense 4 sigmoid;normalization;dense 3 softmax",
            3);
}

static void given_numbers_are_not_adapted(void **state) {
    (void)state;
    Rig rig;
    rig_up(&rig, "normalization mean=2 variance=4;dense 3 softmax", "adam sparse_categorical_crossentropy",
           "synthetic random samples=40 features=5 classes=3", 40);
    st_learner_adapt(rig.learner);
    StNetwork *network = st_learner_network(rig.learner);
    for (int i = 0; i < 40 * 5; i++)
        st_network_input(network)[i] = 8;
    st_network_run(network, 40, &(StPass){0}, NULL);
    assert_true(st_network_step(network, 0)->y[7] == 3);
    rig_down(&rig);
}

/* ---- steps ---- */

static bool step(Rig *rig, int64_t rows, uint64_t number) {
    StScores scores;
    int64_t index[64];
    for (int i = 0; i < rows; i++)
        index[i] = i;
    return st_learner_step(rig->learner, &(StBatch){.index = index, .rows = rows, .step = number}, &scores,
                           NULL);
}

static void a_frozen_layer_works_as_outside_training(void **state) {
    (void)state;
    Rig rig;
    rig_up(&rig, "dense 4;batch_normalization trainable=no;dense 3 softmax",
           "adam sparse_categorical_crossentropy", "synthetic random samples=64 features=5 classes=3", 64);
    float *mean = weight(&rig, "batch_normalization/moving_mean", NULL);
    mean[1] = 7;
    StNetwork *network = st_learner_network(rig.learner);
    assert_int_equal(st_network_stages(network, true), 1);
    assert_true(step(&rig, 64, 0));
    assert_true(mean[0] == 0 && mean[1] == 7);
    const StStep *normal = st_network_step(network, 1);
    for (int i = 0; i < 4 * 64; i++) {
        double wanted = ((double)normal->x[i] - (double)mean[i % 4]) / sqrt(1.001);
        assert_true(fabs((double)normal->y[i] - wanted) < 1e-5);
    }
    rig_down(&rig);
}

static void averages_move_after_a_finite_step_alone(void **state) {
    (void)state;
    Rig rig;
    int64_t size;
    rig_up(&rig, "batch_normalization momentum=0.5;dense 3 softmax", "sgd sparse_categorical_crossentropy",
           "synthetic random samples=64 features=5 classes=3", 64);
    float *mean = weight(&rig, "batch_normalization/moving_mean", &size), held[5];
    assert_int_equal(size, 5);
    assert_true(step(&rig, 60, 0));
    for (int i = 0; i < 5; i++)
        assert_true(mean[i] != 0);
    memcpy(held, mean, sizeof held);
    weight(&rig, "dense/bias", NULL)[0] = INFINITY;
    assert_false(step(&rig, 60, 1));
    assert_memory_equal(held, mean, sizeof held);
    rig_down(&rig);
}

/* ---- masks ---- */

enum { ROWS = 5, STEPS = 3, CHANNELS = 2, ALL = ROWS * STEPS * CHANNELS };

typedef struct Masked {
    StNetwork *network;
    StStep step;
    float mask[ROWS * STEPS], dx[ALL];
} Masked;

/* One batch_normalization over rows of 3x2 whose second half of the steps is partly padding. */
static void masked_up(Masked *m) {
    StError error = {0};
    StWords words;
    StLayer layer;
    StStack stack;
    st_stack_init(&stack);
    stack.input = (StShape){2, {STEPS, CHANNELS}};
    assert_true(st_words_split("batch_normalization epsilon=0.1", &words, NULL));
    assert_true(st_layer_parse(&layer, words.word, words.count, &error));
    assert_true(st_stack_insert(&stack, 0, &layer, &error));
    StNetworkPlan plan = {.rows = ROWS, .learns = true, .input_gradient = true};
    m->network = st_network_create(&stack, &plan, &error);
    assert_non_null(m->network);
    assert_true(st_network_initialize(m->network, 1));
    st_stack_free(&stack);
    m->step = *st_network_step(m->network, 0);
    m->step.mask = m->mask;
    m->step.mask_size = STEPS;
    m->step.dx = m->dx;
    for (int i = 0; i < ROWS * STEPS; i++)
        m->mask[i] = i % STEPS <= i / STEPS % 3;
    for (int i = 0; i < ALL; i++)
        st_network_input(m->network)[i] = (float)sin(1.7 * i) * 2 + (i % CHANNELS ? 1 : -3);
}

/* One phase of every lane: rows 0 … 2 and 3 … 4. */
static void masked_phase(Masked *m, void (*phase)(const StStep *, const StPass *)) {
    float scratch[512];
    for (int lane = 0; lane < 2; lane++) {
        StPass pass = {.first = lane ? 3 : 0,
                       .rows = lane ? 2 : 3,
                       .batch = ROWS,
                       .lane = lane,
                       .lanes = 2,
                       .training = true,
                       .scratch = scratch};
        phase(&m->step, &pass);
    }
}

/* Σ y·w, as gradient wants it. */
static double masked_loss(Masked *m) {
    double sum = 0;
    masked_phase(m, m->step.kind->share);
    masked_phase(m, m->step.kind->forward);
    for (int i = 0; i < ALL; i++)
        sum += (double)m->step.y[i] * cos(0.9 * i);
    return sum;
}

/* Keras' mean and variance of what the mask leaves; all positions are normalized by them. */
static void masked_positions_do_not_count(void **state) {
    (void)state;
    Masked m;
    masked_up(&m);
    masked_loss(&m);
    for (int c = 0; c < CHANNELS; c++) {
        double count = 0, mean = 0, variance = 0;
        for (int i = c; i < ALL; i += CHANNELS)
            if (m.mask[i / CHANNELS] != 0) count++, mean += (double)m.step.x[i];
        mean /= count + 1e-7;
        for (int i = c; i < ALL; i += CHANNELS)
            if (m.mask[i / CHANNELS] != 0) variance += pow((double)m.step.x[i] - mean, 2);
        variance /= count + 1e-7;
        assert_true(count < ROWS * STEPS);
        for (int i = c; i < ALL; i += CHANNELS)
            assert_true(fabs((double)m.step.y[i] - ((double)m.step.x[i] - mean) / sqrt(variance + 0.1)) <
                        1e-5);
    }
    st_network_destroy(m.network);
}

static void masked_gradient(void **state) {
    (void)state;
    Masked m;
    masked_up(&m);
    masked_loss(&m);
    for (int i = 0; i < ALL; i++)
        m.step.dy[i] = (float)cos(0.9 * i);
    masked_phase(&m, m.step.kind->share_back);
    masked_phase(&m, m.step.kind->backward);
    float *x = st_network_input(m.network);
    for (int i = 0; i < ALL; i++) {
        float held = x[i];
        x[i] = held + 0.0625F;
        double above = masked_loss(&m);
        x[i] = held - 0.0625F;
        double below = masked_loss(&m);
        x[i] = held;
        assert_true(fabs((above - below) / 0.125 - (double)m.dx[i]) < 2e-3);
    }
    st_network_destroy(m.network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes),
        cmocka_unit_test(adapts_to_the_data),
        cmocka_unit_test(given_numbers_are_not_adapted),
        cmocka_unit_test(a_frozen_layer_works_as_outside_training),
        cmocka_unit_test(averages_move_after_a_finite_step_alone),
        cmocka_unit_test(masked_positions_do_not_count),
        cmocka_unit_test(masked_gradient),
    };
    return cmocka_run_group_tests_name("normalizations", tests, NULL, NULL);
}
