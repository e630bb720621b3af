/* What layers of sequences do beyond one layer's numbers: masks, states carried from batch to batch, blocks
 * of rows where nothing is kept, wrapped options, words that there are none of. */
#include "unit/stacks.h"

#include "layers/wrapper.h"

#include <math.h>
#include <stdio.h>

enum { ROWS = 150 };

static void fill(Real *x, int64_t count, uint64_t seed) {
    StRng rng = st_rng(seed, ST_STREAM_PROBE, 0, 0);
    for (int64_t i = 0; i < count; i++)
        x[i] = (Real)st_rng_normal(&rng);
}

static void close_to(const Real *a, const Real *b, int64_t count, const char *what) {
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)(a[i] - b[i])) < 1e-5))
            fail_msg("%s: [%d] is %g, wanted %g", what, (int)i, (double)a[i], (double)b[i]);
}

static StNetwork *made(const char *input, const char *layers, int64_t rows, bool learns) {
    StNetwork *network = network_of(input, layers, (StNetworkPlan){.rows = rows, .learns = learns});
    st_network_initialize(network, 5);
    return network;
}

/* Where nothing learns, rows go through in blocks and steps are forgotten: the same outputs. */
static void without_learning_all_is_the_same(void **state) {
    (void)state;
    const char *const layers[] = {
        "lstm 5 return_sequences=yes",
        "lstm 5 dropout=0.3 recurrent_dropout=0.2 go_backwards=yes",
        "gru 4 return_sequences=yes; gru 3 reset_after=no",
        "simple_rnn 6 gelu",
        "masking; lstm 4 silu return_sequences=yes; masking; bidirectional gru 3 return_sequences=yes",
        "bidirectional lstm 4 merge_mode=mul",
        "time_distributed dense 4 relu; time_distributed flatten",
    };
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        StNetwork *learns = made("9x3", layers[i], ROWS, true), *plain = made("9x3", layers[i], ROWS, false);
        int64_t out = st_shape_size(&st_network_info(learns)->output);
        Real *x = st_network_input(learns);
        fill(x, ROWS * 27, 3);
        for (int r = 0; r < ROWS; r++) /* padding */
            memset(x + r * 27 + r % 10 * 3, 0, (size_t)(27 - r % 10 * 3) * sizeof *x);
        memcpy(st_network_input(plain), x, ROWS * 27 * sizeof *x);
        st_network_forward(learns, &(StPass){.rows = ROWS});
        st_network_run(plain, ROWS, &(StPass){0}, NULL);
        close_to(st_network_output(plain), st_network_output(learns), ROWS * out, layers[i]);
        st_network_destroy(learns);
        st_network_destroy(plain);
    }
}

/* A padded sequence ends in the state of the one without its padding, wherever that stands. */
static void masked_steps_change_nothing(void **state) {
    (void)state;
    const char *const kinds[] = {"lstm 4", "gru 4", "gru 4 reset_after=no", "simple_rnn 4",
                                 "bidirectional lstm 4"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        char layers[128];
        snprintf(layers, sizeof layers, "embedding 9 3 mask_zero=yes; %s", kinds[k]);
        StNetwork *longer = made("6", layers, 2, true), *shorter = made("3", layers, 1, true);
        const Real words[2][6] = {{0, 4, 0, 7, 2, 0}, {4, 7, 2, 0, 0, 0}};
        memcpy(st_network_input(longer), words, sizeof words);
        memcpy(st_network_input(shorter), words[1], 3 * sizeof(Real));
        st_network_forward(longer, &(StPass){.rows = 2});
        st_network_forward(shorter, &(StPass){.rows = 1});
        int64_t out = st_shape_size(&st_network_info(longer)->output);
        for (int row = 0; row < 2; row++)
            close_to(st_network_output(longer) + row * out, st_network_output(shorter), out, kinds[k]);
        st_network_destroy(longer);
        st_network_destroy(shorter);
    }
}

/* The output of a masked step is that of the step before, and zeros before the first that counts. */
static void masked_outputs(void **state) {
    (void)state;
    StNetwork *network = made("4", "embedding 5 2 mask_zero=yes; gru 3 return_sequences=yes", 1, false);
    const Real words[] = {0, 3, 0, 1}, zeros[3] = {0};
    memcpy(st_network_input(network), words, sizeof words);
    st_network_forward(network, &(StPass){.rows = 1});
    const Real *y = st_network_output(network);
    assert_memory_equal(y, zeros, sizeof zeros);
    assert_memory_equal(y + 6, y + 3, sizeof zeros);
    assert_memory_not_equal(y + 9, y + 6, sizeof zeros);
    st_network_destroy(network);
}

/* Where it survives, the mask of the output has its positions; recurrent layers and wrappers end it. */
static void masks_go_as_far_as_keras(void **state) {
    (void)state;
    const struct {
        const char *input, *layers;
        int64_t positions; /* 0: none */
    } cases[] = {
        {"4", "embedding 5 2 mask_zero=yes; dense 3; activation relu; dropout 0.1", 4},
        {"4", "embedding 5 2; dense 3", 0},
        {"4x2", "masking; dense 3", 4},
        {"4x2x3", "masking; dense 3", 8},
        {"4x2", "masking; flatten", 0},
        {"4x2", "masking; lstm 3 return_sequences=yes", 0},
        {"4x2", "masking; bidirectional lstm 3 return_sequences=yes", 0},
        {"4x2", "masking; time_distributed dense 3", 0},
        {"4x2", "masking; lstm 3; dense 2", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        StNetwork *network = made(cases[i].input, cases[i].layers, 2, true);
        int64_t positions;
        const Real *mask = st_network_mask(network, &positions);
        if ((mask != NULL) != (cases[i].positions > 0) || positions != cases[i].positions)
            fail_msg("%s: %d positions", cases[i].layers, (int)positions);
        st_network_destroy(network);
    }
}

/* Two halves of a sequence, one batch after the other, are the whole one. */
static void states_are_carried(void **state) {
    (void)state;
    const char *const kinds[] = {"lstm 4 stateful=yes", "gru 4 stateful=yes", "simple_rnn 4 stateful=yes",
                                 "lstm 4 stateful=yes return_sequences=yes; lstm 3 stateful=yes"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int learns = 0; learns < 2; learns++) {
            StNetwork *whole = made("6x2", kinds[k], 3, learns), *half = made("3x2", kinds[k], 3, learns);
            Real x[3][6][2];
            fill(&x[0][0][0], 36, 1);
            memcpy(st_network_input(whole), x, sizeof x);
            st_network_forward(whole, &(StPass){.rows = 3});
            Real first[16], *y = st_network_output(half);
            int64_t out = st_shape_size(&st_network_info(half)->output);
            for (int again = 0; again < 2; again++, st_network_forget(half, false)) {
                for (int part = 0; part < 2; part++) {
                    for (int r = 0; r < 3; r++)
                        memcpy(st_network_input(half) + r * 6, x[r][part * 3], 6 * sizeof(Real));
                    st_network_forward(half, &(StPass){.rows = 3, .carry = true});
                    if (part == 0 && again == 0) memcpy(first, y, (size_t)(3 * out) * sizeof *y);
                    if (part == 0) assert_memory_equal(first, y, (size_t)(3 * out) * sizeof *y);
                }
                close_to(y, st_network_output(whole), 3 * out, kinds[k]);
            }
            st_network_destroy(whole);
            st_network_destroy(half);
        }
}

/* A wrapped layer has its step's share of a mask. */
static void masks_reach_what_is_wrapped(void **state) {
    (void)state;
    StNetwork *network = made("2x3", "embedding 5 2 mask_zero=yes; time_distributed gru 3", 1, true);
    StNetwork *inner = made("3", "embedding 5 2 mask_zero=yes; gru 3", 2, true);
    const Real words[] = {0, 3, 0, 1, 2, 0};
    int64_t total;
    Real *weights = st_network_weights(inner, &total);
    memcpy(weights, st_network_weights(network, &total), (size_t)total * sizeof *weights);
    memcpy(st_network_input(network), words, sizeof words);
    memcpy(st_network_input(inner), words, sizeof words);
    st_network_forward(network, &(StPass){.rows = 1});
    st_network_forward(inner, &(StPass){.rows = 2});
    close_to(st_network_output(network), st_network_output(inner), 6, "gru");
    st_network_destroy(network);
    st_network_destroy(inner);
}

/* While training, statistics are of one step; also where nothing learns. */
static void normalized_step_by_step(void **state) {
    (void)state;
    for (int learns = 0; learns < 2; learns++) {
        StNetwork *network = made("2x1", "time_distributed batch_normalization epsilon=0", 2, learns);
        const Real x[] = {1, 10, 3, 40}, wanted[] = {-1, -1, 1, 1};
        memcpy(st_network_input(network), x, sizeof x);
        st_network_forward(network, &(StPass){.rows = 2, .training = true});
        close_to(st_network_output(network), wanted, 4, "batch_normalization");
        st_network_destroy(network);
    }
}

static void weights_begin_as_keras(void **state) {
    (void)state;
    StNetwork *network = made("4x2", "bidirectional lstm 3 bias_initializer=constant:0.25", 1, false);
    const char *const names[] = {"bidirectional/forward_lstm/kernel",
                                 "bidirectional/forward_lstm/recurrent_kernel",
                                 "bidirectional/forward_lstm/bias",
                                 "bidirectional/backward_lstm/kernel",
                                 "bidirectional/backward_lstm/recurrent_kernel",
                                 "bidirectional/backward_lstm/bias"};
    int count;
    int64_t total;
    const StTensor *tensor = st_network_tensors(network, &count);
    const Real *weights = st_network_weights(network, &total);
    assert_int_equal(count, 6);
    for (int t = 0; t < count; t++) {
        assert_string_equal(tensor[t].name, names[t]);
        const Real *w = weights + tensor[t].offset;
        for (int i = 0; t % 3 == 2 && i < 12; i++)
            assert_true(w[i] == (i / 3 == 1 ? 1 : (Real)0.25));
        for (int a = 0; t % 3 == 1 && a < 3; a++) /* orthogonal rows of the whole matrix */
            for (int b = 0; b < 3; b++) {
                double dot = 0;
                for (int i = 0; i < 12; i++)
                    dot += (double)w[a * 12 + i] * (double)w[b * 12 + i];
                assert_true(fabs(dot - (a == b)) < 1e-5);
            }
    }
    st_network_destroy(network);
}

static void words_that_there_are_none_of(void **state) {
    (void)state;
    StNetwork *network = made("3", "embedding 5 2", 2, true);
    const Real words[] = {0, 4, 1, 2, 5, 3};
    StError error = {0};
    memcpy(st_network_input(network), words, sizeof words);
    assert_int_equal(st_network_words(network), 5);
    assert_true(st_network_input_fits(network, 0, 1, &error));
    assert_false(st_network_input_fits(network, 10, 2, &error));
    assert_string_equal(error.message, "row 12 holds 5: layer 1 (embedding) wants words from 0 to 4");
    st_network_forward(network, &(StPass){.rows = 2}); /* not a number, but no crash */
    assert_true(st_network_output(network)[8] != st_network_output(network)[8]);
    assert_true(st_network_output(network)[10] == st_network_output(network)[10]);
    st_network_input(network)[4] = (Real)NAN;
    assert_false(st_network_input_fits(network, 0, 2, &error));
    st_network_destroy(network);
}

static void a_wrappers_options_are_set_and_printed(void **state) {
    (void)state;
    StStack stack = stack_of("4x3", "bidirectional merge_mode=sum lstm 8 name=b use_bias=no trainable=no");
    StError error = {0};
    StWords words;
    StText line = {0};
    assert_true(st_words_split("units=9 merge_mode=ave return_sequences=yes trainable=yes", &words, &error));
    assert_true(st_stack_set(&stack, 0, words.word, words.count, &error));
    st_layer_print(&stack.layers[0], &line);
    assert_string_equal(st_text_string(&line),
                        "bidirectional lstm 9 use_bias=no return_sequences=yes merge_mode=ave name=b");
    assert_true(st_words_split("uints=9", &words, &error));
    assert_false(st_stack_set(&stack, 0, words.word, words.count, &error));
    assert_string_equal(error.message, "unknown option of bidirectional lstm 'uints'; did you mean 'units'?");
    StLayerTable table;
    assert_ptr_equal(st_layer_wrapped(&stack.layers[0]), &st_kind_lstm);
    assert_non_null(st_layer_option(&stack.layers[0], "merge_mode", &table));
    assert_ptr_equal(table.kind, &st_kind_bidirectional);
    assert_non_null(st_layer_option(&stack.layers[0], "units", &table));
    assert_ptr_equal(table.kind, &st_kind_lstm);
    st_text_free(&line);
    st_stack_free(&stack);
}

/* A wrapped kind's options have to find room. */
static void options_find_room(void **state) {
    (void)state;
    for (int i = 0; st_layer_kinds[i]; i++)
        for (int n = 0; st_layer_kinds[i]->wraps && st_layer_wrappable(st_layer_kinds[i], n); n++) {
            const StLayerKind *wrapped = st_layer_wrappable(st_layer_kinds[i], n);
            assert_in_range(wrapped->options_size, 0, ST_WRAPPED_OPTIONS_MAX);
            StLayer layer;
            st_layer_default(&layer, st_layer_kinds[i], wrapped);
            assert_ptr_equal(st_layer_wrapped(&layer), wrapped);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_learning_all_is_the_same),
        cmocka_unit_test(masked_steps_change_nothing),
        cmocka_unit_test(masked_outputs),
        cmocka_unit_test(masks_go_as_far_as_keras),
        cmocka_unit_test(states_are_carried),
        cmocka_unit_test(masks_reach_what_is_wrapped),
        cmocka_unit_test(normalized_step_by_step),
        cmocka_unit_test(weights_begin_as_keras),
        cmocka_unit_test(words_that_there_are_none_of),
        cmocka_unit_test(a_wrappers_options_are_set_and_printed),
        cmocka_unit_test(options_find_room),
    };
    return cmocka_run_group_tests_name("recurrent", tests, NULL, NULL);
}
