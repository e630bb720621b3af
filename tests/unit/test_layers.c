/* Every layer kind in float against the oracle; shapes, options, initializers, regularizers, dropout. */
#include "unit/layers_body.h"

/* ---- descriptions ---- */

typedef struct Description {
    const char *input, *layer;
    const char *output; /* shape, or NULL: refused */
    int64_t parameters, flops;
    const char *error;
} Description;

static const Description descriptions[] = {
    {"784", "dense 128 relu", "128", 784 * 128 + 128, 2 * 784 * 128, NULL},
    {"28x28x3", "dense 10", "28x28x10", 40, 2 * 3 * 28 * 28 * 10, NULL},
    {"4", "dense units=3 use_bias=no", "3", 12, 24, NULL},
    {"4", "dense 3 bias_initializer=ones activation=elu:0.5", "3", 15, 24, NULL},
    {"4", "dropout 0.2", "4", 0, 0, NULL},
    {"4x5", "activation softmax", "4x5", 0, 0, NULL},
    {"28x28x1", "flatten", "784", 0, 0, NULL},
    {"128x64", "lstm 128 return_sequences=yes", "128x128", 4 * 128 * (64 + 128 + 1),
     2 * 128 * 4 * 128 * (64 + 128), NULL},
    {"10x3", "lstm 5 use_bias=no go_backwards=yes stateful=yes", "5", 4 * 5 * 8, 2 * 10 * 20 * 8, NULL},
    {"10x3", "gru 5", "5", 3 * 5 * (8 + 2), 2 * 10 * 15 * 8, NULL},
    {"10x3", "gru 5 reset_after=no", "5", 3 * 5 * (8 + 1), 2 * 10 * 15 * 8, NULL},
    {"10x3", "simple_rnn 5 relu return_sequences=yes", "10x5", 5 * 9, 2 * 10 * 5 * 8, NULL},
    {"10x3", "bidirectional lstm 5 return_sequences=yes", "10x10", 2 * 4 * 5 * 9, 2 * 2 * 10 * 20 * 8, NULL},
    {"10x3", "bidirectional merge_mode=sum lstm 5", "5", 2 * 4 * 5 * 9, 2 * 2 * 10 * 20 * 8, NULL},
    {"10x3", "time_distributed dense 5", "10x5", 20, 10 * 2 * 3 * 5, NULL},
    {"10x4x3", "time_distributed flatten", "10x12", 0, 0, NULL},
    {"4", "embedding 10 3", "4x3", 30, 0, NULL},
    {"4x3", "masking -1", "4x3", 0, 0, NULL},
    {"10x3", "bidirectional", NULL, 0, 0,
     "bidirectional: the layer that it wraps is missing: bidirectional simple_rnn …"},
    {"10x3", "bidirectional dense 3", NULL, 0, 0,
     "bidirectional: dense cannot be wrapped; it wraps simple_rnn, lstm, gru"},
    {"10x3", "time_distributed bidirectional lstm 3", NULL, 0, 0,
     "time_distributed: bidirectional cannot be wrapped"},
    {"10x3", "time_distributed dens 3", NULL, 0, 0, "unknown layer kind 'dens'; did you mean 'dense'?"},
    {"10x3", "bidirectional lstm 3 merge_mode=none", NULL, 0, 0,
     "bidirectional: unknown merge_mode 'none'; known: concat, sum, mul, ave"},
    {"10x3", "lstm 5 dropout=1", NULL, 0, 0, "lstm: dropout=1: wanted 0 to below 1"},
    {"4", "dense", NULL, 0, 0, "dense: units is missing, wanted a whole number from 1 up"},
    {"4", "dense 0", NULL, 0, 0, "dense: units=0: wanted a whole number from 1 up"},
    {"4", "dense 3 rleu", NULL, 0, 0, "dense: unknown activation 'rleu'; did you mean 'relu'?"},
    {"4", "dense 3 leaky_relu:-1", NULL, 0, 0,
     "dense: activation=leaky_relu:-1: wanted a number from 0 up for leaky_relu's negative_slope"},
    {"4", "dense 3 kernel_regularizer=l2:-1", NULL, 0, 0,
     "dense: kernel_regularizer=l2:-1: wanted a number from 0 up for l2's l2"},
    {"4", "dropout 1", NULL, 0, 0, "dropout: rate=1: wanted 0 to below 1"},
    {"4", "dropout", NULL, 0, 0, "dropout: rate is missing, wanted 0 to below 1"},
    {"4", "dense 3 relu:0.1:6 kernel_constraint=max_norm:3 bias_constraint=non_neg", "3", 15, 24, NULL},
    {"6x5x4", "prelu shared_axes=1,2", "6x5x4", 4, 0, NULL},
    {"6x5x4", "prelu", "6x5x4", 120, 0, NULL},
    {"6x4", "spatial_dropout1d 0.5", "6x4", 0, 0, NULL},
    {"6x4", "dropout 0.5 none,1,4", "6x4", 0, 0, NULL},
    {"6x4", "softmax axis=1,-1", "6x4", 0, 0, NULL},
    {"6x4", "rescaling 1,2,3,4 offset=-1", "6x4", 0, 0, NULL},
    {"4", "relu -1", NULL, 0, 0, "relu: max_value=-1: wanted a number from 0 up, or none"},
    {"4", "leaky_relu -0.1", NULL, 0, 0, "leaky_relu: negative_slope=-0.1: wanted a number from 0 up"},
    {"4", "gaussian_noise 2", NULL, 0, 0, "gaussian_noise: stddev=2: wanted 0 to 1"},
    {"4", "gaussian_dropout 1", NULL, 0, 0, "gaussian_dropout: rate=1: wanted 0 to below 1"},
    {"4", "rescaling", NULL, 0, 0, "rescaling: scale is missing, wanted a number, or several with commas"},
    {"4", "dense 3 kernel_constraint=max_norm:2:x", NULL, 0, 0,
     "dense: kernel_constraint=max_norm:2:x: wanted axes from -4 to 3 with commas for max_norm's axis"},
    {"4", "dense 3 kernel_regularizer=orthogonal:1:diagonal", NULL, 0, 0,
     "dense: kernel_regularizer=orthogonal:1:diagonal: wanted rows or columns for orthogonal's mode"},
    {"4", "flatten 3", NULL, 0, 0, "flatten: '3' is one word too many, it takes none"},
};

static void describes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof descriptions / sizeof *descriptions; i++) {
        const Description *d = &descriptions[i];
        StError error = {0};
        StWords words;
        StLayer layer;
        assert_true(st_words_split(d->layer, &words, &error));
        bool parsed = st_layer_parse(&layer, words.word, words.count, &error);
        if (d->error) {
            assert_false(parsed);
            assert_string_equal(error.message, d->error);
            continue;
        }
        assert_true(parsed);
        StStack stack;
        StShape input;
        StLayerInfo info;
        char shape[ST_SHAPE_TEXT];
        st_stack_init(&stack);
        assert_true(st_shape_parse(d->input, &input, &error));
        assert_true(st_stack_insert(&stack, 0, &layer, &error));
        assert_true(st_stack_infer(&stack, &input, &info, NULL, &error));
        assert_string_equal(st_shape_print(&info.out, shape), d->output);
        assert_int_equal(info.parameters, d->parameters);
        assert_int_equal(info.trainable, d->parameters);
        assert_int_equal(info.flops, d->flops);
        st_stack_free(&stack);
    }
}

/* What options alone cannot tell. */
static void refuses_shapes(void **state) {
    (void)state;
    const struct {
        const char *input, *layer, *error;
    } wanted[] = {
        {"4", "dense 3 bias_initializer=orthogonal",
         "bias: orthogonal: a weight of 3, wanted one of 2 extents or more"},
        {"4", "dense 3 bias_regularizer=orthogonal",
         "bias: orthogonal: a weight of 3, wanted one of 2 extents"},
        {"4", "dense 3 kernel_constraint=unit_norm:2",
         "kernel: unit_norm's axis 2: wanted -2 to 1 for a weight of 2 axes"},
        {"4", "dense 3 activity_regularizer=orthogonal",
         "activity_regularizer: orthogonal is of weights, not of outputs; wanted l1, l2 or l1_l2"},
        {"4x5", "softmax 3", "no axis 3 in rows of 4x5, wanted 1 to 2 or -2 to -1"},
        {"4x5", "softmax 0", "axis 0 is the batch, wanted axes of a row"},
        {"4x5", "prelu shared_axes=3", "shared_axes 3: wanted 1 to 2"},
        {"4x5", "spatial_dropout2d 0.5", "wanted rows of 3 extents (HxWxCHANNELS), got 4x5"},
        {"4x5x6", "spatial_dropout1d 0.5", "wanted rows of 2 extents (STEPSxCHANNELS), got 4x5x6"},
        {"4x5", "dropout 0.5 none,4", "noise_shape=none,4: wanted 3 entries, the batch's first"},
        {"4x5", "dropout 0.5 none,3,1",
         "noise_shape=none,3,1: wanted none or 1 for the batch, then 2 of none, 1 or the extent"},
        {"4x5", "rescaling 1,2", "scale has 2 numbers, wanted 1 or 5, as many as channels"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        StError error = {0};
        StWords words;
        StLayer layer;
        StStack stack;
        StShape input;
        StLayerInfo info;
        st_stack_init(&stack);
        assert_true(st_words_split(wanted[i].layer, &words, &error));
        assert_true(st_layer_parse(&layer, words.word, words.count, &error));
        assert_true(st_shape_parse(wanted[i].input, &input, &error));
        assert_true(st_stack_insert(&stack, 0, &layer, &error));
        assert_false(st_stack_infer(&stack, &input, &info, NULL, &error));
        assert_string_equal(info.error.message, wanted[i].error);
        st_stack_free(&stack);
    }
}

static void a_layer_prints_as_it_reads(void **state) {
    (void)state;
    for (int i = 0; i < case_count; i++) {
        StError error = {0};
        StWords words;
        StLayer layer, again;
        StText first = {0}, second = {0};
        memset(&layer, 0, sizeof layer);
        memset(&again, 0, sizeof again);
        assert_true(st_words_split(cases[i].layer, &words, &error));
        assert_true(st_layer_parse(&layer, words.word, words.count, &error));
        st_layer_print(&layer, &first);
        assert_true(st_words_split(st_text_string(&first), &words, &error));
        assert_true(st_layer_parse(&again, words.word, words.count, &error));
        st_layer_print(&again, &second);
        assert_string_equal(first.data, second.data);
        assert_memory_equal(layer.options, again.options, layer.kind->options_size);
        st_text_free(&first);
        st_text_free(&second);
    }
}

static void what_costs_too_much_stays_countable(void **state) {
    (void)state;
    StShape in = {1, {1000000000}}, out = {1, {1000000000}};
    assert_int_equal(st_kind_dense.flops(NULL, &in, &out), INT64_C(2000000000000000000));
    out = (StShape){2, {1000000000, 1000000000}};
    assert_int_equal(st_kind_dense.flops(NULL, &in, &out), -1);
}

/* ---- initializers ---- */

enum { FAN_IN = 300, FAN_OUT = 200, DRAWN = FAN_IN * FAN_OUT };
static Real drawn[DRAWN];

typedef struct Moments {
    double mean, deviation, low, high;
} Moments;

static Moments moments(const char *call_text, uint64_t seed) {
    StWeight weight = {.shape = {2, {FAN_IN, FAN_OUT}}, .fan_in = FAN_IN, .fan_out = FAN_OUT};
    const StOption row = {.name = "initializer", .type = ST_CALL, .choices = st_initializers};
    StError error = {0};
    if (!st_option_set(&row, &weight.initializer, call_text, &error)) fail_msg("%s", error.message);
    StRng rng = st_rng(seed, ST_STREAM_INIT, 0, 0);
    st_initializer_draw(&weight, drawn, &rng);
    Moments m = {0, 0, INFINITY, -INFINITY};
    for (int i = 0; i < DRAWN; i++) {
        m.mean += (double)drawn[i] / DRAWN;
        m.low = fmin(m.low, (double)drawn[i]);
        m.high = fmax(m.high, (double)drawn[i]);
    }
    for (int i = 0; i < DRAWN; i++)
        m.deviation += ((double)drawn[i] - m.mean) * ((double)drawn[i] - m.mean) / DRAWN;
    m.deviation = sqrt(m.deviation);
    return m;
}

typedef struct Wanted {
    const char *call;
    double mean, deviation, low, high; /* low, high: the bounds, nearly reached */
} Wanted;

/* Keras' formulas: deviation √(scale / fan), uniform bounds √3 of it, cut normals' 2/0.87962566 of it. */
#define CUT (2 / 0.87962566103423978)
static const double glorot = 0.0632455532033675866 /* √(2/500) */, he = 0.0816496580927726 /* √(2/300) */,
                    lecun = 0.0577350269189625765 /* √(1/300) */, root3 = 1.73205080756887729;

static void initializers_have_their_moments(void **state) {
    (void)state;
    const Wanted wanted[] = {
        {"zeros", 0, 0, 0, 0},
        {"ones", 1, 0, 1, 1},
        {"constant:0.25", 0.25, 0, 0.25, 0.25},
        {"glorot_uniform", 0, glorot, -glorot * root3, glorot * root3},
        {"glorot_normal", 0, glorot, -glorot * CUT, glorot * CUT},
        {"he_uniform", 0, he, -he * root3, he * root3},
        {"he_normal", 0, he, -he * CUT, he * CUT},
        {"lecun_uniform", 0, lecun, -lecun * root3, lecun * root3},
        {"lecun_normal", 0, lecun, -lecun * CUT, lecun * CUT},
        {"random_uniform", 0, 0.1 / 2 / root3, -0.05, 0.05},
        {"random_uniform:1:3", 2, 1 / root3, 1, 3},
        {"variance_scaling", 0, lecun, -lecun * CUT, lecun * CUT},
        {"variance_scaling:2:fan_in:normal", 0, he, -he * CUT, he * CUT},
        {"variance_scaling:1:fan_avg:uniform", 0, glorot, -glorot * root3, glorot * root3},
        {"variance_scaling:0.5:fan_out:truncated_normal", 0, 0.05, -0.05 * CUT, 0.05 * CUT},
        {"truncated_normal:1:0.5", 1, 0.5 * 0.87962566103423978, 0, 2},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const Wanted *w = &wanted[i];
        Moments m = moments(w->call, 11);
        double slack = 0.01 * w->deviation + 1e-7;
        if (fabs(m.mean - w->mean) > 2 * slack || fabs(m.deviation - w->deviation) > slack ||
            m.low < w->low - 1e-6 || m.high > w->high + 1e-6 || m.low > w->low + slack * 2 ||
            m.high < w->high - slack * 2)
            fail_msg("%s: mean %g deviation %g in %g … %g", w->call, m.mean, m.deviation, m.low, m.high);
    }
    Moments m = moments("random_normal:-1:2", 11);
    assert_true(fabs(m.mean + 1) < 0.03 && fabs(m.deviation - 2) < 0.02 && m.high > 5 && m.low < -7);
    m = moments("variance_scaling:2:fan_in:untruncated_normal", 11);
    assert_true(fabs(m.mean) < 0.001 && fabs(m.deviation - he) < 0.01 * he && m.high > 3 * he);
}

static void initializers_follow_the_seed(void **state) {
    (void)state;
    static Real first[DRAWN];
    for (int i = 0; st_initializers[i].name; i++) {
        moments(st_initializers[i].name, 5);
        memcpy(first, drawn, sizeof first);
        moments(st_initializers[i].name, 5);
        assert_memory_equal(first, drawn, sizeof first);
        bool random = strstr(st_initializers[i].name, "uniform") ||
                      strstr(st_initializers[i].name, "normal") ||
                      strcmp(st_initializers[i].name, "variance_scaling") == 0;
        moments(st_initializers[i].name, 6);
        assert_int_equal(memcmp(first, drawn, sizeof first) != 0,
                         random || strcmp(st_initializers[i].name, "orthogonal") == 0);
    }
}

static void orthogonal_is_orthogonal(void **state) {
    (void)state;
    const StShape shapes[] = {{2, {40, 17}}, {2, {17, 40}}, {2, {8, 8}}, {1, {5}}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        StWeight weight = {.shape = shapes[s]};
        weight.initializer.kind = st_choice_find(st_initializers, "orthogonal");
        weight.initializer.parameter[0] = 2; /* gain */
        Real w[40 * 17];
        StRng rng = st_rng(3, ST_STREAM_INIT, 1, 0);
        st_initializer_draw(&weight, w, &rng);
        int columns = (int)shapes[s].dim[shapes[s].rank - 1], rows = (int)st_shape_size(&shapes[s]) / columns;
        int count = rows < columns ? rows : columns, length = rows < columns ? columns : rows;
        int next = rows < columns ? columns : 1, stride = rows < columns ? 1 : columns;
        for (int a = 0; a < count; a++)
            for (int b = 0; b <= a; b++) {
                double dot = 0;
                for (int i = 0; i < length; i++)
                    dot += (double)w[a * next + i * stride] * (double)w[b * next + i * stride];
                assert_true(fabs(dot - (a == b ? 4 : 0)) < 1e-5);
            }
    }
}

static void identity_is_the_identity(void **state) {
    (void)state;
    StWeight weight = {.shape = {2, {3, 5}}};
    weight.initializer.kind = st_choice_find(st_initializers, "identity");
    weight.initializer.parameter[0] = 0.5;
    Real w[15];
    StRng rng = st_rng(3, ST_STREAM_INIT, 1, 0);
    st_initializer_draw(&weight, w, &rng);
    for (int i = 0; i < 15; i++)
        assert_true(w[i] == (i == 0 || i == 6 || i == 12 ? (Real)0.5 : 0));
}

/* ---- regularizers ---- */

static void regularizers_by_keras_formulas(void **state) {
    (void)state;
    const Real w[] = {1, -2, 0, (Real)0.5};
    const struct {
        const char *call;
        double value, gradient[4];
    } wanted[] = {
        {"none", 0, {0, 0, 0, 0}},
        {"l1", 0.035, {0.01, -0.01, 0, 0.01}},
        {"l2:0.1", 0.525, {0.2, -0.4, 0, 0.1}},
        {"l1_l2:0.1:0.2", 0.35 + 1.05, {0.1 + 0.4, -0.1 - 0.8, 0, 0.1 + 0.2}},
    };
    const StOption row = {.name = "regularizer", .type = ST_CALL, .choices = st_regularizers};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        StCall call;
        Real g[4] = {1, 1, 1, 1};
        assert_true(st_option_set(&row, &call, wanted[i].call, NULL));
        assert_true(fabs(st_regularizer_value(&call, w, 4) - wanted[i].value) < 1e-6);
        st_regularizer_add_gradient(&call, g, w, 4);
        for (int j = 0; j < 4; j++)
            assert_true(fabs((double)g[j] - 1 - wanted[i].gradient[j]) < 1e-6);
    }
}

/* ---- dropout ---- */

/* The mask of a unit depends on seed, layer, step and position alone; its share of zeros is the rate. */
static void dropout_masks(void **state) {
    (void)state;
    enum { ROWS = 50, WIDTH = 37 };
    static Real x[ROWS * WIDTH], y[ROWS * WIDTH], z[ROWS * WIDTH];
    const double rate = 0.3;
    StLayer layer;
    StWords words;
    assert_true(st_words_split("dropout 0.3", &words, NULL));
    assert_true(st_layer_parse(&layer, words.word, words.count, NULL));
    StStep step = {.kind = &st_kind_dropout,
                   .options = layer.options,
                   .layer = 2,
                   .in = {1, {WIDTH}},
                   .in_size = WIDTH,
                   .out_size = WIDTH,
                   .x = x,
                   .y = y};
    StPass pass = {.rows = ROWS, .training = true, .seed = 9, .step = 4};
    int dropped = 0;
    for (int i = 0; i < ROWS * WIDTH; i++)
        x[i] = 1;
    step.kind->forward(&step, &pass);
    for (int i = 0; i < ROWS * WIDTH; i++) {
        if (y[i] == 0)
            dropped++;
        else
            assert_true(fabs((double)y[i] - 1 / 0.7) < 1e-6);
    }
    assert_true(fabs(dropped / (double)(ROWS * WIDTH) - rate) < 0.04);
    step.y = z;
    const int64_t cuts[] = {0, 1, 13, 14, 49, 50};
    for (int i = 4; i >= 0; i--) {
        pass.first = cuts[i], pass.rows = cuts[i + 1] - cuts[i];
        step.kind->forward(&step, &pass);
    }
    assert_memory_equal(y, z, sizeof y);
    /* Rows 10 … of the stream, in a buffer that begins there. */
    pass = (StPass){.rows = 5, .training = true, .seed = 9, .step = 4, .row0 = 10};
    step.kind->forward(&step, &pass);
    assert_memory_equal(y + 10 * WIDTH, z, 5 * WIDTH * sizeof *z);
    pass.step = 5;
    step.kind->forward(&step, &pass);
    assert_memory_not_equal(y + 10 * WIDTH, z, 5 * WIDTH * sizeof *z);
    pass.training = false;
    step.kind->forward(&step, &pass);
    assert_memory_equal(x, z, 5 * WIDTH * sizeof *z);
}

/* Noise has the moments it says, and is the same however the rows are cut. */
static void gaussian_noise_moments(void **state) {
    (void)state;
    enum { ROWS = 300, WIDTH = 101, ALL = ROWS * WIDTH };
    static Real x[ALL], y[ALL], again[ALL];
    const char *const lines[] = {"gaussian_noise 0.5", "gaussian_dropout 0.2"}; /* √(0.2 / 0.8) is 0.5, too */
    for (int k = 0; k < 2; k++) {
        StLayer layer;
        StWords words;
        assert_true(st_words_split(lines[k], &words, NULL));
        assert_true(st_layer_parse(&layer, words.word, words.count, NULL));
        StStep step = {.kind = layer.kind,
                       .options = layer.options,
                       .in = {1, {WIDTH}},
                       .in_size = WIDTH,
                       .out_size = WIDTH,
                       .x = x,
                       .y = y};
        StPass pass = {.rows = ROWS, .training = true, .seed = 5, .step = 2};
        for (int i = 0; i < ALL; i++)
            x[i] = 1;
        step.kind->forward(&step, &pass);
        double mean = 0, square = 0, fourth = 0, most = 0;
        for (int i = 0; i < ALL; i++) {
            double z = ((double)y[i] - 1) / 0.5;
            mean += z / ALL, square += z * z / ALL, fourth += z * z * z * z / ALL;
            most = fmax(most, fabs(z));
        }
        assert_true(fabs(mean) < 0.02 && fabs(square - 1) < 0.03 && fabs(fourth - 3) < 0.2 && most > 3.5);
        step.y = again;
        const int64_t cuts[] = {0, 1, 8, 299, ROWS};
        for (int i = 3; i >= 0; i--) {
            pass.first = cuts[i], pass.rows = cuts[i + 1] - cuts[i];
            step.kind->forward(&step, &pass);
        }
        assert_memory_equal(y, again, sizeof y);
    }
}

/* What backward is told not to do: the loss was fused with the activation. */
static void fused_loss_skips_the_derivative(void **state) {
    (void)state;
    const Case *c = NULL;
    for (int i = 0; i < case_count; i++)
        if (strstr(cases[i].layer, "dense 16 softmax")) c = &cases[i];
    assert_non_null(c);
    StNetwork *network = build(c);
    load(network, c);
    StPass pass = pass_of(c, 1, 0);
    const StStep *step = st_network_step(network, 0);
    st_network_forward(network, &pass);
    copy_in(step->dy, find(c, "dy"));
    st_network_backward(network, &pass, true);
    for (int64_t i = 0; i < find(c, "dy")->count; i++)
        assert_true(step->dy[i] == (Real)find(c, "dy")->value[i]);
    st_network_destroy(network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LAYER_TESTS,
        cmocka_unit_test(describes),
        cmocka_unit_test(refuses_shapes),
        cmocka_unit_test(a_layer_prints_as_it_reads),
        cmocka_unit_test(what_costs_too_much_stays_countable),
        cmocka_unit_test(initializers_have_their_moments),
        cmocka_unit_test(initializers_follow_the_seed),
        cmocka_unit_test(orthogonal_is_orthogonal),
        cmocka_unit_test(identity_is_the_identity),
        cmocka_unit_test(regularizers_by_keras_formulas),
        cmocka_unit_test(dropout_masks),
        cmocka_unit_test(gaussian_noise_moments),
        cmocka_unit_test(fused_loss_skips_the_derivative),
    };
    return cmocka_run_group_tests_name("layers in float", tests, read_fixtures, free_fixtures);
}
