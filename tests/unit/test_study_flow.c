/* Studies of activations and gradients against PyTorch and NumPy (tests/oracle/inside_flow.py), and what they
 * say where something is wrong. */

#include "inspect/percentiles.h"
#include "inspect/studies.h"
#include "oracle/inside_flow.h"
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

static const StTensor *tensor_named(const Bench *bench, const char *name) {
    for (int i = 0; i < bench->snapshot.weights.count; i++)
        if (strcmp(bench->snapshot.weights.tensor[i].name, name) == 0)
            return &bench->snapshot.weights.tensor[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void draw_weights(Bench *bench, const FlowCase *of) {
    uint32_t state = of->seed;
    for (int i = 0; i < of->skip; i++)
        noise(&state);
    for (int t = 0; of->weights[t]; t++) {
        const StTensor *tensor = tensor_named(bench, of->weights[t]);
        for (int64_t i = 0; i < tensor->size; i++)
            bench->weights[tensor->offset + i] = (float)(noise(&state) * of->scale);
    }
}

static StFound *make(Bench *bench, const char *group, const char *method, int layer, int row,
                     StError *error) {
    int study = st_study_find(group, method);
    assert_true(study >= 0);
    StAsk ask = st_ask(study);
    ask.layer = layer;
    ask.row = row;
    return st_found_make(bench->lens, &ask, &bench->snapshot, error);
}

static StFound *must_make(Bench *bench, const char *group, const char *method, int layer, int row) {
    StError error = {0};
    StFound *found = make(bench, group, method, layer, row, &error);
    if (!found) fail_msg("%s %s: %s", group, method, error.message);
    return found;
}

static void same_values(const StFinding *finding, const FlowWant *want, const char *what) {
    int64_t size = 1;
    double fact = st_finding_value(finding, want->name);
    const double *got = st_finding_values(finding, want->name, &size);
    if (!st_finding_find(finding, want->name)) fail_msg("%s: there is no %s", what, want->name);
    if (!got) got = &fact, size = 1;
    if (size != want->count)
        fail_msg("%s %s: %d values, wanted %d", what, want->name, (int)size, want->count);
    for (int i = 0; i < want->count; i++) {
        double a = got[i], b = want->values[i];
        if (isnan(a) && isnan(b)) continue;
        if (!(fabs(a - b) <= 1e-9 * fabs(b) + 1e-12))
            fail_msg("%s %s[%d]: %.17g, wanted %.17g", what, want->name, i, a, b);
    }
}

static void test_oracle(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof flow_asks / sizeof *flow_asks; i++) {
        const FlowAsk *ask = &flow_asks[i];
        const FlowCase *of = &flow_cases[ask->at];
        Bench bench;
        bench_begin(&bench, of->text);
        draw_weights(&bench, of);
        StFound *found = must_make(&bench, ask->group, ask->method, ask->layer, ask->row);
        char what[96];
        snprintf(what, sizeof what, "%s %s %s", of->name, ask->group, ask->method);
        for (const FlowWant *want = ask->want; want->name; want++)
            same_values(&found->finding, want, what);
        st_found_free(found);
        bench_end(&bench);
    }
}

/* ---- percentiles against sorting ---- */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_percentiles(void **unused) {
    (void)unused;
    enum { MOST = 3000 };
    static const double percent[] = {0, 0.1, 25, 50, 50, 99.9, 100};
    static double v[MOST], sorted[MOST];
    double out[7];
    uint32_t state = 5;
    for (int kind = 0; kind < 5; kind++)
        for (int count = 1; count <= MOST; count = count * 3 + 1) {
            for (int i = 0; i < count; i++) {
                double x = noise(&state);
                v[i] = kind == 0   ? x
                       : kind == 1 ? (x > 0 ? x : 0)             /* relu */
                       : kind == 2 ? exp(60 * x)                 /* nearly all in one bucket */
                       : kind == 3 ? 2                           /* all alike */
                                   : floor(8 * x) * 1e300 * 1.5; /* a range that overflows */
            }
            memcpy(sorted, v, sizeof v);
            qsort(sorted, (size_t)count, sizeof *sorted, ascending);
            assert_true(st_percentiles(v, count, percent, 7, out, NULL));
            for (int p = 0; p < 7; p++) {
                double at = percent[p] / 100 * (count - 1), t = at - floor(at);
                double a = sorted[(int)at], b = sorted[(int)at < count - 1 ? (int)at + 1 : (int)at];
                if (isfinite(b - a))
                    assert_true(fabs(out[p] - (a + (b - a) * t)) <= 1e-12 * (fabs(a) + fabs(b)));
            }
        }
    v[0] = NAN, v[1] = INFINITY, v[2] = 7, v[3] = -INFINITY;
    assert_true(st_percentiles(v, 4, percent, 7, out, NULL) && out[0] == 7 && out[6] == 7);
    assert_true(st_percentiles(v, 2, percent, 7, out, NULL) && isnan(out[3]));
}

/* ---- what is said ---- */

static void deep(char *text, size_t size, const char *hidden) {
    int at = snprintf(text, size, "data synthetic xor samples=200\n");
    for (int i = 0; i < 7; i++)
        at += snprintf(text + at, size - (size_t)at, "dense 16 %s\n", hidden);
    snprintf(text + at, size - (size_t)at, "dense 1 sigmoid\ncompile loss=binary_crossentropy\n");
}

static void says(const char *text, const char *verdict, const char *word, const char *of_first) {
    Bench bench;
    bench_begin(&bench, text);
    StFound *found = must_make(&bench, "gradients", "flow", -1, -1);
    const char *got = st_finding_text(&found->finding, "verdict");
    if (strncmp(got, verdict, strlen(verdict)) || !strstr(got, word))
        fail_msg("'%s', wanted '%s' with '%s'", got, verdict, word);
    assert_string_equal(st_finding_name_at(&found->finding, "verdicts", 0), of_first);
    st_found_free(found);
    bench_end(&bench);
}

static void test_verdicts(void **unused) {
    (void)unused;
    char text[1024];
    deep(text, sizeof text, "sigmoid");
    says(text, "vanishing: the gradient of layer 1 is 10^-", "7 sigmoid layers each shrink it by 0.",
         "vanishing");
    deep(text, sizeof text, "tanh");
    says(text, "healthy", "within a factor of", "healthy");
    deep(text, sizeof text, "relu kernel_initializer=he_normal");
    says(text, "healthy", "within a factor of", "healthy");
    /* a ratio near 1, and yet: all norms are nothing */
    deep(text, sizeof text, "relu kernel_initializer=random_normal:0:0.01");
    says(text, "learns nothing", "too small", "tiny");
    deep(text, sizeof text, "relu kernel_initializer=random_normal:0:3");
    says(text, "exploding", "smaller rate", "exploding");
    deep(text, sizeof text, "relu bias_initializer=constant:-1000");
    says(text, "no gradient reaches layer", "no relu unit of 1 dense fires", "zero");
    says("data synthetic xor samples=50\ndense 1\ncompile loss=mean_squared_error\n", "healthy",
         "the gradient's norm is", "healthy");
}

static void test_not_finite(void **unused) {
    (void)unused;
    Bench bench;
    bench_begin(&bench,
                "data synthetic xor samples=50\ndense 4 tanh\ndense 1\ncompile loss=mean_squared_error\n");
    bench.weights[tensor_named(&bench, "dense_1/kernel")->offset] = INFINITY;
    StFound *found = must_make(&bench, "gradients", "flow", -1, -1);
    assert_non_null(strstr(st_finding_text(&found->finding, "verdict"), "not finite"));
    st_found_free(found);
    found = must_make(&bench, "activations", "layers", -1, -1);
    assert_true(st_finding_values(&found->finding, "nonfinite", NULL)[1] > 0);
    assert_true(isfinite(st_finding_values(&found->finding, "mean", NULL)[0]));
    st_found_free(found);
    found = must_make(&bench, "gradients", "histogram", -1, -1);
    assert_true(st_finding_values(&found->finding, "nonfinite", NULL)[0] > 0);
    st_found_free(found);
    bench_end(&bench);
}

/* The gradient of the step itself, where the snapshot has one; of one example, its own. */
static void test_step_and_example(void **unused) {
    (void)unused;
    Bench bench;
    bench_begin(&bench,
                "data synthetic xor samples=50\ndense 4 tanh\ndense 1\ncompile loss=mean_squared_error\n");
    float *gradients = calloc((size_t)bench.snapshot.weights.total, sizeof *gradients);
    gradients[tensor_named(&bench, "dense/kernel")->offset + 1] = 3;
    gradients[tensor_named(&bench, "dense/bias")->offset] = 4;
    StFound *found = must_make(&bench, "gradients", "flow", -1, -1);
    assert_true(isnan(st_finding_value(&found->finding, "step_global_norm")));
    assert_non_null(st_finding_values(&found->finding, "row_index", NULL));
    st_found_free(found);
    bench.snapshot.gradients = gradients;
    found = must_make(&bench, "gradients", "flow", -1, 7);
    assert_true(st_finding_values(&found->finding, "step_norm", NULL)[0] == 3);
    assert_true(st_finding_values(&found->finding, "step_norm", NULL)[1] == 0);
    assert_true(st_finding_value(&found->finding, "step_global_norm") == 5);
    assert_true(st_finding_value(&found->finding, "rows") == 1 &&
                st_finding_value(&found->finding, "row") == 7);
    st_found_free(found);
    free(gradients);
    bench_end(&bench);
}

static void refuses(Bench *bench, const char *method, int layer, const char *wanted) {
    StError error = {0};
    StFound *found = make(bench, "activations", method, layer, -1, &error);
    assert_null(found);
    if (!strstr(error.message, wanted)) fail_msg("'%s' is not in '%s'", wanted, error.message);
}

static void test_refusals(void **unused) {
    (void)unused;
    Bench bench;
    bench_begin(&bench, flow_cases[1].text);
    refuses(&bench, "maps", 2, "3 flatten has no feature maps; 1 conv2d has");
    refuses(&bench, "filters", 3, "4 dense has no filters; 1 conv2d has");
    refuses(&bench, "states", -1, "no recurrent layer");
    refuses(&bench, "units", 9, "layer 10: the stack has 4");
    bench_end(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),     cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_not_finite), cmocka_unit_test(test_step_and_example),
        cmocka_unit_test(test_refusals),   cmocka_unit_test(test_percentiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
