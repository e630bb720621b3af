/* Convolutions, poolings and what resizes: shapes, weights, costs, what is refused and how it is said; ties;
 * masks; tiles that do not divide. Their numbers are held against an oracle in test_layers. */
#include "model/network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static StLayer layer;
static StError error;

static bool parse(const char *line) {
    StWords words;
    return st_words_split(line, &words, &error) && st_layer_parse(&layer, words.word, words.count, &error);
}

static StShape shape_of(const char *text) {
    StShape shape;
    assert_true(st_shape_parse(text, &shape, &error));
    return shape;
}

/* "INPUT KIND…": the layer's description over that input. */
static StLayerInfo infer(const char *line) {
    char input[64];
    StStack stack;
    StLayerInfo info;
    int at = 0;
    assert_int_equal(sscanf(line, "%63s %n", input, &at), 1);
    st_stack_init(&stack);
    stack.input = shape_of(input);
    if (!parse(line + at)) fail_msg("%s: %s", line, error.message);
    assert_true(st_stack_insert(&stack, 0, &layer, &error));
    st_stack_infer(&stack, NULL, &info, NULL, &error);
    st_stack_free(&stack);
    return info;
}

typedef struct Described {
    const char *line, *out;
    int64_t parameters, flops;
} Described;

/* Keras' compute_output_shape, count_params by hand, and twice the multiplies. */
static void shapes_and_costs(void **state) {
    (void)state;
    const Described rows[] = {
        {"28x28x1 conv2d 32 3", "26x26x32", 320, 2 * 9 * 26 * 26 * 32},
        {"13x13x32 conv2d 64 3 use_bias=no", "11x11x64", 18432, 2 * 288 * 11 * 11 * 64},
        {"28x28x3 conv2d 8 5 2 same", "14x14x8", 608, 2 * 75 * 14 * 14 * 8},
        {"7x9x4 conv2d 6 3x2 1x3 groups=2", "5x3x6", 78, 2 * 12 * 15 * 6},
        {"9x9x1 conv2d 1 3 dilation_rate=4", "1x1x1", 10, 18},
        {"10x3 conv1d 4 3 padding=causal dilation_rate=2", "10x4", 40, 2 * 9 * 40},
        {"10x3 conv1d 4 3 4", "2x4", 40, 2 * 9 * 8},
        {"7x7x8 conv2d_transpose 4 3 2", "15x15x4", 292, 2 * 36 * 49 * 8},
        {"7x7x8 conv2d_transpose 4 3 2 same", "14x14x4", 292, 2 * 36 * 49 * 8},
        {"7x7x8 conv2d_transpose 4 2 2 valid 1", "15x15x4", 132, 2 * 16 * 49 * 8},
        {"4x2 conv1d_transpose 3 2 4 same", "16x3", 15, 2 * 6 * 8},
        {"8x8x3 depthwise_conv2d 3 depth_multiplier=2", "6x6x6", 60, 2 * 9 * 36 * 6},
        {"8x3 depthwise_conv1d 3 padding=same", "8x3", 12, 2 * 3 * 24},
        {"8x8x3 separable_conv2d 5 3 depth_multiplier=2", "6x6x5", 54 + 30 + 5, 2 * 36 * (9 * 6 + 30)},
        {"8x3 separable_conv1d 5 3", "6x5", 9 + 15 + 5, 2 * 6 * (9 + 15)},
        {"5x5x2 max_pooling2d", "2x2x2", 0, 0},
        {"5x5x2 max_pooling2d padding=same", "3x3x2", 0, 0},
        {"5x6x2 average_pooling2d 2x3 1", "4x4x2", 0, 0},
        {"7x2 max_pooling1d 3 2", "3x2", 0, 0},
        {"7x2 global_average_pooling1d", "2", 0, 0},
        {"7x3x2 global_max_pooling2d keepdims=yes", "1x1x2", 0, 0},
        {"7x2 global_max_pooling1d keepdims=yes", "1x2", 0, 0},
        {"4x2 zero_padding1d 1x2", "7x2", 0, 0},
        {"4x5x2 zero_padding2d 1,2,3,4", "7x12x2", 0, 0},
        {"4x5x2 cropping2d 1x2", "2x1x2", 0, 0},
        {"4x5x2 up_sampling2d 2x3 bilinear", "8x15x2", 0, 0},
        {"4x2 up_sampling1d 65536", "262144x2", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[ST_SHAPE_TEXT];
        StLayerInfo info = infer(rows[i].line);
        if (strcmp(st_shape_print(&info.out, text), rows[i].out))
            fail_msg("%s: %s %s, wanted %s", rows[i].line, text, info.error.message, rows[i].out);
        if (info.parameters != rows[i].parameters || info.flops != rows[i].flops)
            fail_msg("%s: %lld parameters, %lld flops", rows[i].line, (long long)info.parameters,
                     (long long)info.flops);
    }
}

static void weights_and_fans(void **state) {
    (void)state;
    StLayerInfo info = infer("9x8x4 conv2d 6 3x2 groups=2");
    StShape kernel = shape_of("3x2x2x6");
    assert_true(st_shape_equal(&info.weight[0].shape, &kernel));
    assert_true(info.weight[0].fan_in == 12 && info.weight[0].fan_out == 36);
    assert_true(info.weight[1].fan_in == 6 && strcmp(info.weight[1].name, "bias") == 0);
    info = infer("9x4 conv1d 6 3");
    kernel = shape_of("3x4x6");
    assert_true(st_shape_equal(&info.weight[0].shape, &kernel));
    assert_true(info.weight[0].fan_in == 12 && info.weight[0].fan_out == 18);
    info = infer("9x8x4 conv2d_transpose 6 3x2"); /* as Keras counts: outputs first */
    kernel = shape_of("3x2x6x4");
    assert_true(st_shape_equal(&info.weight[0].shape, &kernel));
    assert_true(info.weight[0].fan_in == 36 && info.weight[0].fan_out == 24);
    info = infer("9x8x4 separable_conv2d 6 3 depth_multiplier=2");
    kernel = shape_of("1x1x8x6");
    assert_true(info.weights == 3 && st_shape_equal(&info.weight[1].shape, &kernel));
    assert_string_equal(info.weight[0].name, "depthwise_kernel");
    assert_string_equal(info.weight[1].name, "pointwise_kernel");
    assert_true(info.weight[0].fan_in == 36 && info.weight[0].fan_out == 18);
    assert_true(info.weight[1].fan_in == 8 && info.weight[1].fan_out == 6);
    info = infer("9x8x4 depthwise_conv2d 3");
    assert_true(info.weights == 2 && strcmp(info.weight[0].name, "kernel") == 0);
}

typedef struct Refused {
    const char *line, *message;
} Refused;

static void refused_shapes(void **state) {
    (void)state;
    const Refused rows[] = {
        {"784 conv2d 8 3", "wanted 3 extents (rows x columns x channels), got 784; put reshape before it"},
        {"28x28 max_pooling2d",
         "wanted 3 extents (rows x columns x channels), got 28x28; put reshape before it"},
        {"5x5x1 conv1d 8 3", "wanted 2 extents (steps x channels), got 5x5x1; put reshape before it"},
        {"4x4x1 conv2d 8 5", "a window of 5 does not fit into 4; take a smaller one or padding=same"},
        {"4x4x1 conv2d 8 2 dilation_rate=4",
         "a window of 5 does not fit into 4; take a smaller one or padding=same"},
        {"4x1 max_pooling1d 5", "a window of 5 does not fit into 4; take a smaller one or padding=same"},
        {"8x8x4 conv2d 6 3 groups=4",
         "groups=4: wanted a divisor of the 4 channels of the input and of filters=6"},
        {"8x8x3 conv2d 6 3 groups=2",
         "groups=2: wanted a divisor of the 3 channels of the input and of filters=6"},
        {"8x8x3 conv2d 6 3 2 dilation_rate=2",
         "strides of 2 with dilation_rate of 2: wanted 1 for one of the two"},
        {"8x3 conv1d_transpose 6 3 2 dilation_rate=3",
         "strides of 2 with dilation_rate of 3: wanted 1 for one of the two"},
        {"8x3 conv1d_transpose 6 3 2 output_padding=2", "output_padding=2: wanted less than strides, 2"},
        {"1x3 conv1d_transpose 6 2 2 same 0", "nothing is left of the output; take padding=valid"},
        {"8x8x3 zero_padding2d 1,2,3",
         "padding=1,2,3: wanted 1 number, 2 (1x2) or 4 (1,2,0,3) of 0 to 65536"},
        {"8x3 zero_padding1d -1", "padding=-1: wanted 1 number or 2 (1x2) of 0 to 65536"},
        {"8x3 zero_padding1d 1,2,3,4", "padding=1,2,3,4: wanted 1 number or 2 (1x2) of 0 to 65536"},
        {"8x3 zero_padding1d 70000", "padding=70000: wanted 1 number or 2 (1x2) of 0 to 65536"},
        {"8x3 zero_padding1d 1x", "padding=1x: wanted 1 number or 2 (1x2) of 0 to 65536"},
        {"8x3 cropping1d 4", "cropping cuts off 8 of 8: nothing is left"},
        {"8x7x3 cropping2d 1x9", "cropping cuts off 18 of 7: nothing is left"},
        {"8x3 conv1d 4 3 kernel_constraint=max_norm:2:0,3", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        StLayerInfo info = infer(rows[i].line);
        if (!*info.error.message) fail_msg("%s: not refused", rows[i].line);
        if (rows[i].message && strcmp(info.error.message, rows[i].message))
            fail_msg("%s: '%s'", rows[i].line, info.error.message);
    }
}

static void refused_words(void **state) {
    (void)state;
    const char *const lines[] = {
        "conv2d",
        "conv2d 8",
        "conv2d 0 3",
        "conv2d 8 0",
        "conv2d 8 3x",
        "conv2d 8 3 0",
        "conv2d 8 3 none",
        "conv2d 8 3 padding=causal",
        "conv1d 8 3x3",
        "conv1d 8 3 padding=both",
        "conv2d 8 3 groups=0",
        "conv2d 8 3 dilation_rate=0",
        "max_pooling2d 0",
        "max_pooling2d 2 2 causal",
        "average_pooling2d",
        "average_pooling1d",
        "depthwise_conv2d 3 depth_multiplier=0",
        "depthwise_conv2d 3 kernel_initializer=zeros",
        "separable_conv2d 8 3 kernel_regularizer=l2",
        "conv2d_transpose 8 3 output_padding=-1",
        "up_sampling2d 0",
        "up_sampling2d 2 area",
        "up_sampling1d 2x2",
        "global_average_pooling1d keepdims=maybe",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (parse(lines[i])) fail_msg("%s: not refused", lines[i]);
    assert_true(parse("average_pooling2d 3"));
}

/* What is printed reads back as the same. */
static void printing(void **state) {
    (void)state;
    const char *const lines[] = {
        "conv2d 32 3",
        "conv2d 32 3x2 strides=2x1 padding=same activation=relu",
        "max_pooling2d",
        "max_pooling2d 3 strides=2x1",
        "zero_padding2d 1,2,0,3",
        "conv2d_transpose 8 3 strides=2 padding=same output_padding=1x0",
        "up_sampling2d 2x3 interpolation=bilinear",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        StStack stack;
        StText out = {0};
        char wanted[128];
        st_stack_init(&stack);
        assert_true(parse(lines[i]) && st_stack_insert(&stack, 0, &layer, &error));
        st_stack_print(&stack, &out);
        snprintf(wanted, sizeof wanted, "%s\n", lines[i]);
        assert_string_equal(st_text_string(&out), wanted);
        st_text_free(&out);
        st_stack_free(&stack);
    }
}

/* A network of lines, with its input, for so many rows. */
static StNetwork *build(const char *input, const char *const *lines, int64_t rows) {
    StStack stack;
    StNetworkPlan plan = {.rows = rows, .learns = true, .input_gradient = true};
    st_stack_init(&stack);
    stack.input = shape_of(input);
    for (; *lines; lines++)
        assert_true(parse(*lines) && st_stack_insert(&stack, stack.count, &layer, &error));
    StNetwork *network = st_network_create(&stack, &plan, &error);
    if (!network) fail_msg("%s", error.message);
    st_stack_free(&stack);
    return network;
}

/* dx of a network of one layer for dy = 1, 2, 3, … */
static const float *back(StNetwork *network, const float *x, int64_t n, int64_t rows) {
    StPass pass = {.rows = rows};
    memcpy(st_network_input(network), x, (size_t)n * sizeof *x);
    st_network_forward(network, &pass);
    const StStep *step = st_network_step(network, 0);
    for (int64_t i = 0; i < rows * step->out_size; i++)
        step->dy[i] = (float)(i + 1);
    st_network_backward(network, &pass, false);
    return st_network_input_gradient(network);
}

/* Equal numbers: the gradient goes to the first of the window; all windows that share one are added up. */
static void ties(void **state) {
    (void)state;
    const float flat[9] = {0}, first[9] = {1, 0, 2, 0, 0, 0, 3, 0, 4};
    StNetwork *network = build("3x3x1", (const char *const[]){"max_pooling2d 2 2 same", NULL}, 1);
    assert_memory_equal(back(network, flat, 9, 1), first, sizeof first);
    st_network_destroy(network);
    const float overlapping[9] = {1, 2, 0, 3, 4, 0, 0, 0, 0};
    network = build("3x3x1", (const char *const[]){"max_pooling2d 2 1", NULL}, 1);
    assert_memory_equal(back(network, flat, 9, 1), overlapping, sizeof overlapping);
    st_network_destroy(network);
    const float x[4] = {1, 3, 3, 2}, shared[4] = {0, 0.5f, 0.5f, 0}; /* of one number all share it */
    network = build("4x1", (const char *const[]){"global_max_pooling1d", NULL}, 1);
    assert_memory_equal(back(network, x, 4, 1), shared, sizeof shared);
    st_network_destroy(network);
}

/* Padding never is the largest, and never is in the mean. */
static void padding_takes_no_part(void **state) {
    (void)state;
    const float x[4] = {-1, -2, -3, -4};
    StNetwork *network = build("2x2x1", (const char *const[]){"max_pooling2d 3 1 same", NULL}, 1);
    back(network, x, 4, 1);
    for (int i = 0; i < 4; i++)
        assert_true(st_network_output(network)[i] == -1);
    st_network_destroy(network);
    network = build("2x2x1", (const char *const[]){"average_pooling2d 3 1 same", NULL}, 1);
    back(network, x, 4, 1);
    for (int i = 0; i < 4; i++)
        assert_true(st_network_output(network)[i] == -2.5f);
    st_network_destroy(network);
}

/* Steps that are masked do not count, whatever stands in them. */
static void average_of_a_mask(void **state) {
    (void)state;
    StNetwork *network = build("3x2", (const char *const[]){"global_average_pooling1d", NULL}, 2);
    StStep step = *st_network_step(network, 0);
    const float x[12] = {1, 2, 3, 4, NAN, 100, 5, 6, 7, 8, 9, 10}, mask[6] = {1, 1, 0, 0, 1, 1};
    const float want[4] = {2, 3, 8, 9}, dx[12] = {0.5f, 1, 0.5f, 1, 0, 0, 0, 0, 1.5f, 2, 1.5f, 2};
    float scratch[2];
    memcpy(st_network_input(network), x, sizeof x);
    step.mask = mask;
    step.mask_size = 3;
    StPass pass = {.rows = 2, .scratch = scratch};
    step.kind->forward(&step, &pass);
    assert_memory_equal(step.y, want, sizeof want);
    for (int i = 0; i < 4; i++)
        step.dy[i] = (float)(i + 1);
    step.kind->backward(&step, &pass);
    assert_memory_equal(step.dx, dx, sizeof dx);
    st_network_destroy(network);
}

/* A layer large enough for many tiles, and a patch for several bands, against sums written out. Whole
 * numbers: sums are exact in any order. */
enum { SIZE = 40, CHANNELS = 24, FILTERS = 7, TAPS = 5, ROWS = 3 };

static void whole_numbers(float *v, int64_t n, int64_t step, int most) {
    for (int64_t i = 0; i < n; i++)
        v[i] = (float)(i * step % (2 * most + 1)) - (float)most;
}

static int64_t pixel(int row, int r, int q) {
    return ((int64_t)row * SIZE + r) * SIZE + q;
}

/* Σ over taps, of channels (of x, with the kernel, for filter 4) or filters (of dy, for channel 9). */
static float sum_at(const float *v, const float *w, int row, int r, int q, bool back) {
    float sum = 0;
    for (int i = 0; i < TAPS; i++)
        for (int j = 0; j < TAPS; j++) {
            int y = back ? r - i + 2 : r + i - 2, z = back ? q - j + 2 : q + j - 2;
            if (y < 0 || z < 0 || y >= SIZE || z >= SIZE) continue;
            const float *tap = w + (i * TAPS + j) * CHANNELS * FILTERS;
            for (int c = 0; c < CHANNELS && !back; c++)
                sum += v[pixel(row, y, z) * CHANNELS + c] * tap[c * FILTERS + 4];
            for (int f = 0; f < FILTERS && back; f++)
                sum += v[pixel(row, y, z) * FILTERS + f] * tap[9 * FILTERS + f];
        }
    return sum;
}

/* Of tap (i, j), channel 9, filter 4. */
static float slope_of(const float *x, const float *dy, int i, int j) {
    float sum = 0;
    for (int row = 0; row < ROWS; row++)
        for (int r = 0; r < SIZE; r++)
            for (int q = 0; q < SIZE; q++) {
                int y = r + i - 2, z = q + j - 2;
                if (y < 0 || z < 0 || y >= SIZE || z >= SIZE) continue;
                sum += x[pixel(row, y, z) * CHANNELS + 9] * dy[pixel(row, r, q) * FILTERS + 4];
            }
    return sum;
}

static void many_tiles(void **state) {
    (void)state;
    StNetwork *network =
        build("40x40x24", (const char *const[]){"conv2d 7 5 padding=same use_bias=no", NULL}, ROWS);
    int64_t total;
    float *x = st_network_input(network), *w = st_network_weights(network, &total);
    const StStep *step = st_network_step(network, 0);
    StPass pass = {.rows = ROWS};
    whole_numbers(x, ROWS * step->in_size, 7919, 6);
    whole_numbers(w, (int64_t)TAPS * TAPS * CHANNELS * FILTERS, 104729, 3);
    st_network_forward(network, &pass);
    whole_numbers(step->dy, ROWS * step->out_size, 613, 2);
    st_network_backward(network, &pass, false);
    for (int p = 0; p < st_network_parts(network); p++)
        st_network_gradient(network, ROWS, p, 0);
    const float *dx = st_network_input_gradient(network), *dw = st_network_gradients(network);
    for (int row = 0; row < ROWS; row++)
        for (int r = 0; r < SIZE; r += 13)
            for (int q = 0; q < SIZE; q += 3) {
                assert_true(step->y[pixel(row, r, q) * FILTERS + 4] == sum_at(x, w, row, r, q, false));
                assert_true(dx[pixel(row, r, q) * CHANNELS + 9] == sum_at(step->dy, w, row, r, q, true));
            }
    for (int i = 0; i < TAPS; i++)
        for (int j = 0; j < TAPS; j++)
            assert_true(dw[((i * TAPS + j) * CHANNELS + 9) * FILTERS + 4] == slope_of(x, step->dy, i, j));
    st_network_destroy(network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_and_costs),
        cmocka_unit_test(weights_and_fans),
        cmocka_unit_test(refused_shapes),
        cmocka_unit_test(refused_words),
        cmocka_unit_test(printing),
        cmocka_unit_test(ties),
        cmocka_unit_test(padding_takes_no_part),
        cmocka_unit_test(average_of_a_mask),
        cmocka_unit_test(many_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
