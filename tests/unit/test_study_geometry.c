/* The studies of geometry against fixtures (tests/oracle/inside_geometry.py), which draws the same rows and
 * weights; and what they say where there is nothing to be had. */
#define ST_DOUBLE
#include "inspect/study_geometry.h"
#include "trainer_setup.h"
#include "study_case.h"

#include "oracle/inside_geometry.h"
#include <unistd.h>

/* ---- the rows and weights of the fixtures ---- */

typedef struct Case {
    Setup setup;
    StLens *lens;
    float *now, *then;
    StFinding finding;
    StError error;
    int layer, turns, most; /* go_on says no after `most` turns, where most > 0 */
    uint32_t noise;
    char path[64];
} Case;

static void draw_rows(Case *c, int inputs, int rows, int classes) {
    FILE *out = fopen(c->path, "w");
    assert_non_null(out);
    for (int i = 0; i < inputs; i++)
        fprintf(out, "x%d,", i + 1);
    fprintf(out, "y\n");
    for (int r = 0; r < rows; r++) {
        double first = 0;
        for (int i = 0; i < inputs; i++) {
            double x = noise(&c->noise);
            if (i == 0) first = x;
            fprintf(out, "%.9g,", x);
        }
        double y = noise(&c->noise);
        if (classes)
            fprintf(out, "%d\n", (int)((first * 0.8 + y * 0.2 + 0.5) * classes));
        else
            fprintf(out, "%.9g\n", y);
    }
    fclose(out);
}

static void draw_weights(Case *c, const StWeightSet *set, float *to) {
    for (int i = 0; i < set->count; i++)
        for (int64_t k = 0; k < set->tensor[i].size; k++)
            to[set->tensor[i].offset + k] = (float)(2 * noise(&c->noise));
}

static Case *open_case(const char *name, int inputs, int rows, int classes, const char *rest) {
    Case *c = calloc(1, sizeof *c);
    char text[1024];
    StWeightSet start;
    assert_non_null(c);
    c->noise = (uint32_t)(strlen(name) * 1000 + (unsigned)rows);
    c->layer = -1;
    snprintf(c->path, sizeof c->path, "/tmp/strata-geometry-%d.csv", (int)getpid());
    draw_rows(c, inputs, rows, classes);
    snprintf(text, sizeof text, "data csv %s %s\n%s", c->path,
             classes ? "task=classification" : "task=regression", rest);
    setup_begin(&c->setup, text);
    c->lens = lens_of(&c->setup, 7);
    c->now = weights_of(c->lens, &start);
    c->then = weights_of(c->lens, &start);
    draw_weights(c, &start, c->now);
    draw_weights(c, &start, c->then);
    return c;
}

static void close_case(Case *c) {
    st_finding_clear(&c->finding);
    st_lens_destroy(c->lens);
    setup_end(&c->setup);
    free(c->now);
    free(c->then);
    unlink(c->path);
    free(c);
}

static bool go_on(StJob *job, double done, StError *error) {
    Case *c = job->context;
    assert_true(done >= 0 && done <= 1);
    return ++c->turns != c->most || st_fail(error, ST_ERR_STOPPED, "stopped");
}

static bool ask(Case *c, const char *method, const float *values) {
    StAsk how = st_ask(st_study_find("geometry", method));
    StWeightSet now = {c->lens->tensor, c->lens->tensors, values, c->lens->total}, then = now;
    then.values = c->then;
    StSnapshot snapshot = {.weights = now, .step = 100, .epoch = 3};
    assert_true(how.study >= 0);
    how.layer = c->layer;
    c->error = (StError){0};
    c->turns = 0;
    st_finding_clear(&c->finding);
    assert_true(st_lens_look(c->lens, &now, &c->error));
    StJob job = {.lens = c->lens,
                 .ask = &how,
                 .snapshot = &snapshot,
                 .other = &then,
                 .finding = &c->finding,
                 .go_on = go_on,
                 .context = c};
    bool done = st_study_run(&job, &c->error);
    for (int64_t i = 0; done && i < c->lens->total; i++) /* as they were laid on it */
        assert_true(c->lens->weights[i] == (double)values[i] || isnan(values[i]));
    return done;
}

static void found(Case *c, const char *method) {
    if (!ask(c, method, c->now)) fail_msg("%s: %s", method, c->error.message);
}

static void is_array_of(const Case *c, const char *name, const double *wanted, size_t bytes,
                        double tolerance) {
    is_array_within(&c->finding, name, wanted, (int64_t)(bytes / sizeof *wanted), tolerance);
}

/* ---- against the fixtures ---- */

typedef struct Wanted {
    const char *name, *stack;
    int inputs, rows, classes;
    int layer; /* that the components are of; -1: the study's own choice, which is `chosen` */
    int chosen, matrix;
    const double *scores, *components, *explained, *variance, *centroids, *cka, *moments, *probe, *log_loss;
    const double *chance, *singular, *facts;
    size_t bytes[12]; /* of the arrays, in this order */
} Wanted;

#define ARRAYS(net)                                                                                          \
    net##_scores, net##_components, net##_explained, net##_variance, CENTROIDS(net), net##_cka,              \
        net##_moments, net##_probe, net##_log_loss, net##_chance, net##_singular_values, net##_spectrum, {   \
        sizeof net##_scores, sizeof net##_components, sizeof net##_explained, sizeof net##_variance,         \
            sizeof CENTROIDS(net), sizeof net##_cka, sizeof net##_moments, sizeof net##_probe,               \
            sizeof net##_log_loss, sizeof net##_chance, sizeof net##_singular_values, sizeof net##_spectrum  \
    }
#define CENTROIDS(net) net##_centroids
#define SPARSE         "compile optimizer=sgd loss=sparse_categorical_crossentropy"

static const double lstm_centroids[1] = {0}; /* a regression has none */

static const Wanted nets[] = {
    {"dense", "dense 12 relu\ndense 9 tanh\ndense 4 softmax\n" SPARSE, 20, 90, 4, -1, 1, 0, ARRAYS(dense)},
    {"conv",
     "reshape 8x8x1\nconv2d 6 3 activation=relu\nmax_pooling2d 2\nflatten\ndense 5 relu\ndense 3 "
     "softmax\n" SPARSE,
     64, 60, 3, 1, 1, 1, ARRAYS(conv)},
    {"binary", "dense 60 relu\ndense 1 sigmoid\ncompile optimizer=sgd loss=binary_crossentropy", 70, 80, 2,
     -1, 0, 0, ARRAYS(binary)},
    {"lstm", "reshape 4x2\nlstm 3\ndense 1\ncompile optimizer=sgd loss=mse", 8, 50, 0, -1, 1, 1,
     ARRAYS(lstm)}};

static void check_pca(Case *c, const Wanted *net) {
    c->layer = net->layer;
    found(c, "pca");
    is_fact_within(&c->finding, "layer_index", net->chosen, 0);
    is_fact_within(&c->finding, "layer", net->chosen + 1, 0);
    is_fact_within(&c->finding, "rows", net->rows, 0);
    is_array_of(c, "scores", net->scores, net->bytes[0], 1e-10);
    is_array_of(c, "components", net->components, net->bytes[1], 1e-10);
    is_array_of(c, "explained", net->explained, net->bytes[2], 1e-10);
    is_fact_within(&c->finding, "total_variance", *net->variance, 1e-12);
    if (net->classes)
        is_array_of(c, "centroids", net->centroids, net->bytes[4], 1e-10);
    else
        assert_null(st_finding_find(&c->finding, "centroids"));
    if (!net->classes) assert_true(isfinite(array_of(&c->finding, "targets", net->rows)[0]));
}

static void check_spectrum(Case *c, const Wanted *net) {
    static const char *const facts[] = {"stable_rank", "effective_rank", "rank",      "mp_variance",
                                        "mp_q",        "mp_low",         "mp_high",   "above_band",
                                        "alpha",       "alpha_error",    "alpha_xmin"};
    c->layer = net->matrix;
    found(c, "spectrum");
    is_array_of(c, "singular_values", net->singular, net->bytes[10], 1e-11);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        is_fact_within(&c->finding, facts[i], net->facts[i], 1e-10);
    bool tail = !isnan(net->facts[8]);
    assert_int_equal(!strcmp(st_finding_text(&c->finding, "alpha_tag"), "experimental"), tail);
    assert_int_equal(st_finding_names(&c->finding, "tensors"), strcmp(net->name, "lstm") ? 0 : 2);
    for (int i = 0; i < st_finding_names(&c->finding, "tensors"); i++) {
        near_within("norm", i, array_of(&c->finding, "tensor_spectral_norm", 2)[i], lstm_matrices[2 * i],
                    1e-11);
        near_within("rank", i, array_of(&c->finding, "tensor_stable_rank", 2)[i], lstm_matrices[2 * i + 1],
                    1e-11);
    }
}

static void check_probe(Case *c, const Wanted *net) {
    const char *name = net->classes ? "accuracy" : "r2";
    found(c, "probe");
    is_array_of(c, name, net->probe, net->bytes[7], 1e-9);
    if (net->classes) is_array_of(c, "log_loss", net->log_loss, net->bytes[8], 1e-9);
    is_fact_within(&c->finding, "chance", *net->chance, 1e-12);
    assert_int_equal(st_finding_names(&c->finding, "layers"), c->lens->layers + 1);
    assert_string_equal(st_finding_name_at(&c->finding, "layers", 0), "input");
    /* Beside it the network that the run began with, which is looked at the same way. */
    double before[16];
    int64_t count = c->lens->layers + 1;
    memcpy(before, array_of(&c->finding, "untrained", count), (size_t)count * sizeof *before);
    if (!ask(c, "probe", c->lens->start)) fail_msg("%s", c->error.message);
    is_array_of(c, name, before, (size_t)count * sizeof *before, 0);
    is_array_of(c, "untrained", before, (size_t)count * sizeof *before, 0);
}

static void test_fixtures(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        const Wanted *net = &nets[i];
        Case *c = open_case(net->name, net->inputs, net->rows, net->classes, net->stack);
        check_pca(c, net);
        check_spectrum(c, net);
        found(c, "cka");
        is_array_of(c, "cka", net->cka, net->bytes[5], 1e-11);
        found(c, "cka_moments");
        is_array_of(c, "cka", net->moments, net->bytes[6], 1e-11);
        assert_string_equal(st_finding_text(&c->finding, "other"), "the start of the run");
        check_probe(c, net);
        close_case(c);
    }
}

/* ---- what can't be had, and what is the same everywhere ---- */

static void test_input_and_narrow_layers(void **unused) {
    (void)unused;
    Case *c = open_case("two", 2, 40, 2, "dense 3 relu\ndense 1 sigmoid\ncompile loss=binary_crossentropy");
    found(c, "pca_input");
    is_fact_within(&c->finding, "layer", 0, 0);
    assert_string_equal(st_finding_text(&c->finding, "layer_name"), "input");
    const StShape *shape = st_finding_shape(&c->finding, "scores");
    assert_true(shape->dim[0] == 40 && shape->dim[1] == 2); /* no third axis in two numbers */
    const double *share = array_of(&c->finding, "explained", 2);
    near_within("shares", 0, share[0] + share[1], 1, 1e-12);
    c->layer = 1;
    found(c, "pca");
    array_of(&c->finding, "scores", 40);
    near_within("shares", 0, array_of(&c->finding, "explained", 1)[0], 1, 1e-12);
    near_within("component", 0, array_of(&c->finding, "components", 1)[0], 1, 0); /* its sign */
    close_case(c);
}

static void test_dead_layers(void **unused) {
    (void)unused;
    Case *c = open_case("dead", 5, 40, 3, "dense 6 relu\ndense 3 softmax\n" SPARSE);
    for (int64_t i = 0; i < c->lens->total; i++)
        c->now[i] = 0;
    found(c, "pca"); /* nothing differs */
    assert_true(isnan(array_of(&c->finding, "explained", 6)[0]) &&
                array_of(&c->finding, "scores", 120)[0] == 0);
    assert_true(isnan(array_of(&c->finding, "components", 18)[0]));
    found(c, "cka");
    const double *cka = array_of(&c->finding, "cka", 9);
    near_within("itself", 0, cka[0], 1, 1e-12);
    assert_true(isnan(cka[1]) && isnan(cka[4]) && isnan(cka[8]));
    found(c, "spectrum");
    assert_true(isnan(st_finding_value(&c->finding, "stable_rank")));
    assert_true(isnan(st_finding_value(&c->finding, "effective_rank")));
    is_fact_within(&c->finding, "rank", 0, 0);
    found(c, "probe"); /* all that it knows is how frequent classes are */
    const double *accuracy = array_of(&c->finding, "accuracy", 3);
    assert_true(accuracy[1] <= st_finding_value(&c->finding, "chance") + 1e-12);
    close_case(c);
}

static void test_values_that_are_not_finite(void **unused) {
    (void)unused;
    Case *c = open_case("nan", 5, 40, 3, "dense 6 relu\ndense 3 softmax\n" SPARSE);
    c->now[0] = NAN;
    assert_false(ask(c, "pca", c->now));
    assert_int_equal(c->error.code, ST_ERR_NONFINITE);
    assert_non_null(strstr(c->error.message, "dense"));
    assert_false(ask(c, "spectrum", c->now));
    assert_non_null(strstr(c->error.message, "dense/kernel is not finite"));
    found(c, "cka");
    assert_true(isnan(array_of(&c->finding, "cka", 9)[1]) && !isnan(array_of(&c->finding, "cka", 9)[0]));
    found(c, "probe");
    assert_true(isnan(array_of(&c->finding, "accuracy", 3)[1]) &&
                !isnan(array_of(&c->finding, "accuracy", 3)[0]));
    close_case(c);
}

static void test_layers_without_a_matrix(void **unused) {
    (void)unused;
    Case *c = open_case("flat", 6, 30, 3, "reshape 3x2\nflatten\ndense 3 softmax\n" SPARSE);
    found(c, "spectrum");
    is_fact_within(&c->finding, "layer", 3, 0); /* the only one that has one */
    c->layer = 1;
    assert_false(ask(c, "spectrum", c->now));
    assert_non_null(strstr(c->error.message, "flatten has no weight matrix"));
    close_case(c);
    c = open_case("bare", 3, 30, 3, "softmax\n" SPARSE);
    assert_false(ask(c, "spectrum", c->now));
    assert_non_null(strstr(c->error.message, "no layer of the stack has a weight matrix"));
    found(c, "pca");
    close_case(c);
}

/* Wherever a study is told to stop it does. */
static void test_cancelling(void **unused) {
    (void)unused;
    static const char *const methods[] = {"pca", "cka", "cka_moments", "probe", "spectrum"};
    Case *c = open_case("stop", 5, 40, 3, "dense 6 relu\ndense 3 softmax\n" SPARSE);
    for (int i = 0; i < 5; i++) {
        c->most = 0;
        found(c, methods[i]);
        int turns = c->turns;
        assert_true(turns > 0);
        for (c->most = 1; c->most <= turns; c->most += 1 + turns / 16) {
            assert_false(ask(c, methods[i], c->now));
            assert_int_equal(c->error.code, ST_ERR_STOPPED);
        }
    }
    close_case(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fixtures),
                                       cmocka_unit_test(test_input_and_narrow_layers),
                                       cmocka_unit_test(test_dead_layers),
                                       cmocka_unit_test(test_values_that_are_not_finite),
                                       cmocka_unit_test(test_layers_without_a_matrix),
                                       cmocka_unit_test(test_cancelling)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
