/* Studies of activations and gradients against PyTorch and NumPy (tests/oracle/inside_flow.py), and what they
 * say where something is wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inspect/lens.h"
#include "inspect/studies.h"
#include "oracle/inside_flow.h"
#include "trainer_setup.h"

#include <math.h>

/* A lens, and weights that the test fills in. */
typedef struct Bench {
    Setup setup;
    StLens *lens;
    StSnapshot snapshot;
    float *weights;
} Bench;

static void bench_begin(Bench *bench, const char *text) {
    StError error = {0};
    setup_begin(&bench->setup, text);
    StLensPlan plan = {.stack = &bench->setup.stack,
                       .compile = &bench->setup.compile,
                       .dataset = bench->setup.dataset,
                       .seed = bench->setup.seed};
    bench->lens = st_lens_create(&plan, &error);
    if (!bench->lens) fail_msg("%s", error.message);
    bench->snapshot = (StSnapshot){.step = 3};
    if (!st_lens_start(bench->lens, &bench->snapshot.weights, &error)) fail_msg("%s", error.message);
    size_t bytes = (size_t)bench->snapshot.weights.total * sizeof(float);
    bench->weights = malloc(bytes);
    memcpy(bench->weights, bench->snapshot.weights.values, bytes);
    bench->snapshot.weights.values = bench->weights;
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

/* tests/oracle/fixture.py's numbers. */
static double noise(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / 16777216.0 - 0.5;
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
