/* Studies of one unit and of the whole stack against NumPy and PyTorch (tests/oracle/inside_neuron.py); that
 * a unit's sum is the network's own for every kind of layer; and what is said where there is none. */
#define ST_DOUBLE

#include "inspect/studies.h"
#include "inspect/study_unit.h"
#include "oracle/inside_neuron.h"
#include "trainer_setup.h"
#include "study_case.h"

/* A lens, and weights that the test fills in. */
typedef struct Bench {
    Setup setup;
    StLens *lens;
    StSnapshot snapshot;
    float *weights;
} Bench;

static void bench_begin(Bench *bench, const char *text) {
    setup_begin(&bench->setup, text);
    bench->lens = lens_of(&bench->setup, bench->setup.seed);
    bench->snapshot = (StSnapshot){.step = 3};
    bench->weights = weights_of(bench->lens, &bench->snapshot.weights);
}

static void bench_end(Bench *bench) {
    st_lens_destroy(bench->lens);
    free(bench->weights);
    setup_end(&bench->setup);
}

static void draw_weights(Bench *bench, const NeuronCase *of) {
    uint32_t state = of->seed;
    const StWeightSet *set = &bench->snapshot.weights;
    for (int i = 0; i < of->skip; i++)
        noise(&state);
    for (int w = 0; of->weights[w]; w++) {
        int t = 0;
        while (t < set->count && strcmp(set->tensor[t].name, of->weights[w]) != 0)
            t++;
        if (t == set->count) fail_msg("no tensor %s", of->weights[w]);
        bool variance = strstr(of->weights[w], "variance") != NULL;
        for (int64_t i = 0; i < set->tensor[t].size; i++) {
            float value = (float)(noise(&state) * of->scale);
            bench->weights[set->tensor[t].offset + i] = variance ? (float)((double)value + 1) : value;
        }
    }
}

static StFound *make(Bench *bench, const char *group, int layer, int row, int unit, StError *error) {
    int study = st_study_find(group, NULL);
    assert_true(study >= 0);
    StAsk ask = st_ask(study);
    ask.layer = layer;
    ask.row = row;
    ask.unit = unit;
    return st_found_make(bench->lens, &ask, &bench->snapshot, error);
}

static void same_values(const StFinding *finding, const NeuronWant *want, const char *what) {
    int64_t size = 1;
    double fact = st_finding_value(finding, want->name);
    const double *got = st_finding_values(finding, want->name, &size);
    if (!st_finding_find(finding, want->name)) fail_msg("%s: there is no %s", what, want->name);
    if (!got) got = &fact, size = 1;
    if (size != want->count)
        fail_msg("%s %s: %d values, wanted %d", what, want->name, (int)size, want->count);
    for (int i = 0; i < want->count; i++) {
        double a = got[i], b = want->values[i];
        if (!(fabs(a - b) <= 1e-9 * fabs(b) + 1e-12))
            fail_msg("%s %s[%d]: %.17g, wanted %.17g", what, want->name, i, a, b);
    }
}

static void test_oracle(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof neuron_asks / sizeof *neuron_asks; i++) {
        const NeuronAsk *ask = &neuron_asks[i];
        StError error = {0};
        Bench bench;
        char what[96];
        snprintf(what, sizeof what, "ask %d: %s, case %d layer %d unit %d", (int)i, ask->group, ask->at,
                 ask->layer, ask->unit);
        bench_begin(&bench, neuron_cases[ask->at].text);
        draw_weights(&bench, &neuron_cases[ask->at]);
        StFound *found = make(&bench, ask->group, ask->layer, ask->row, ask->unit, &error);
        if (!found) fail_msg("%s: %s", what, error.message);
        for (const NeuronWant *want = ask->want; want->name; want++)
            same_values(&found->finding, want, what);
        st_found_free(found);
        bench_end(&bench);
    }
}

/* f(sum) is what the network puts out, of every unit of every layer that is a sum. Returns how many were. */
static int sums_hold(const char *text) {
    StError error = {0};
    Bench bench;
    int sums = 0;
    bench_begin(&bench, text);
    uint32_t state = 99;
    for (int64_t i = 0; i < bench.snapshot.weights.total; i++)
        bench.weights[i] += (float)noise(&state) * 0.5f + (bench.weights[i] == 1 ? 0.5f : 0);
    assert_true(st_lens_look(bench.lens, &bench.snapshot.weights, &error));
    for (int layer = 0; layer < bench.lens->layers; layer++)
        for (int64_t unit = 0; unit < st_unit_count(st_lens_layer(bench.lens, layer)); unit++) {
            StUnit u;
            double y;
            st_lens_gather(bench.lens, ST_TRAIN, NULL, layer, 1);
            st_lens_forward(bench.lens, 1, false);
            assert_true(st_unit_read(bench.lens, layer, unit, &u, &error));
            if (!u.why) {
                assert_true(st_unit_curve(bench.lens, &u, &u.sum, &y, 1));
                if (!(fabs(y - u.output) <= 1e-12 * (1 + fabs(u.output))))
                    fail_msg("%s unit %d: f(%.17g) = %.17g, the network says %.17g",
                             bench.lens->layer[layer].name, (int)unit, u.sum, y, u.output);
                sums++;
            }
            st_unit_free(&u);
        }
    bench_end(&bench);
    return sums;
}

static void test_sums(void **unused) {
    (void)unused;
    int rows = sums_hold("data synthetic random samples=40 features=6 classes=3\n"
                         "normalization\n"
                         "dense 7 leaky_relu:0.3\n"
                         "batch_normalization\n"
                         "activation gelu\n"
                         "dropout 0.5\n"
                         "dense 4 log_softmax\n"
                         "elu 0.7\n"
                         "relu max_value=2 threshold=0.1\n"
                         "dense 3 sparsemax use_bias=no\n"
                         "softmax\n"
                         "compile loss=sparse_categorical_crossentropy\n");
    assert_int_equal(rows, 6 + 7 + 7 + 7 + 4 + 4 + 4 + 3 + 3);
    int images = sums_hold("data npy tests/oracle/inside/neuron_images_x.npy "
                           "tests/oracle/inside/neuron_images_y.npy\n"
                           "rescaling 0.5 offset=1\n"
                           "conv2d 3 3 padding=same strides=2 activation=selu\n"
                           "separable_conv2d 4 2 padding=same activation=tanh\n"
                           "conv2d_transpose 3 3 strides=2 padding=same activation=swish\n"
                           "max_pooling2d 2\n"
                           "depthwise_conv2d 2 padding=same strides=1 activation=hard_sigmoid use_bias=no\n"
                           "global_average_pooling2d\n"
                           "dense 2\n"
                           "compile loss=mean_squared_error\n");
    assert_int_equal(images, 3 + 3 + 4 + 3 + 3 + 3 + 2);
}

static void test_no_sum(void **unused) {
    (void)unused;
    StError error = {0};
    Bench bench;
    bench_begin(&bench, neuron_cases[2].text);
    StFound *found = make(&bench, "neuron", 4, 1, 0, &error); /* lstm */
    assert_non_null(found);
    assert_non_null(strstr(st_finding_text(&found->finding, "no_sum"), "LSTM"));
    assert_null(st_finding_find(&found->finding, "sum"));
    assert_true(isfinite(st_finding_value(&found->finding, "output")));
    st_found_free(found);
    assert_null(make(&bench, "neuron", 0, 1, 3, &error));
    assert_string_equal(error.message, "unit 3: conv1d has 3, counted from 0");
    assert_null(make(&bench, "neuron", 9, 1, 0, &error));
    assert_null(make(&bench, "neuron", 0, 500, 0, &error));
    found = make(&bench, "neuron", -1, -1, -1, &error); /* its own choice */
    assert_non_null(found);
    assert_string_equal(st_finding_text(&found->finding, "layer"), "conv1d");
    st_found_free(found);
    bench_end(&bench);
}

/* Weights that are not finite are told, and end nothing. */
static void test_not_finite(void **unused) {
    (void)unused;
    StError error = {0};
    Bench bench;
    bench_begin(&bench, neuron_cases[0].text);
    bench.weights[0] = NAN;
    StFound *found = make(&bench, "neuron", 0, 0, 0, &error);
    assert_non_null(found);
    assert_true(isnan(st_finding_value(&found->finding, "sum")));
    assert_true(st_finding_values(&found->finding, "order", NULL)[0] == 0);
    assert_null(st_finding_find(&found->finding, "curve_x"));
    st_found_free(found);
    found = make(&bench, "map", -1, 0, -1, &error);
    assert_non_null(found);
    st_found_free(found);
    bench_end(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_oracle), cmocka_unit_test(test_sums),
                                       cmocka_unit_test(test_no_sum), cmocka_unit_test(test_not_finite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
