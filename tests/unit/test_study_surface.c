/* The studies of the surface against fixtures (tests/oracle/inside_surface.py), which draws the same rows,
 * weights and directions anew; and what they say where there is no surface to speak of. */
#define ST_DOUBLE
#include "inspect/moments.h"
#include "inspect/study_surface.h"
#include "trainer_setup.h"
#include "study_case.h"

#include "oracle/inside_surface.h"
#include <unistd.h>

enum { POINTS = 31, COLUMNS = 41, ROWS = 21, KEPT = 13, MOMENTS = 6 };

/* ---- the rows and weights of the fixtures ---- */

typedef struct Case {
    Setup setup;
    StLens *lens;
    float *now, *other;
    StFinding finding;
    StError error;
    StMoments *moments;
    double rate;
    int64_t count;
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
        for (int i = 0; i < inputs; i++)
            fprintf(out, "%.9g,", noise(&c->noise));
        double y = noise(&c->noise);
        if (classes)
            fprintf(out, "%d\n", (int)((y + 0.5) * classes));
        else
            fprintf(out, "%.9g\n", y);
    }
    fclose(out);
}

static void draw_weights(Case *c, const StWeightSet *set, float *to) {
    for (int i = 0; i < set->count; i++) {
        const StTensor *tensor = &set->tensor[i];
        bool variance = strstr(tensor->name, "variance");
        for (int64_t k = 0; k < tensor->size; k++) {
            double value = 2 * noise(&c->noise);
            to[tensor->offset + k] = (float)(variance ? fabs(value) + 0.5 : value);
        }
    }
}

static Case *open_case(const char *name, int inputs, int rows, int classes, const char *rest) {
    Case *c = calloc(1, sizeof *c);
    char text[1024];
    StWeightSet start;
    assert_non_null(c);
    c->noise = (uint32_t)(strlen(name) * 1000 + (unsigned)rows);
    c->count = 1000;
    snprintf(c->path, sizeof c->path, "/tmp/strata-surface-%d.csv", (int)getpid());
    draw_rows(c, inputs, rows, classes);
    snprintf(text, sizeof text, "data csv %s %s\n%s", c->path,
             classes ? "task=classification" : "task=regression", rest);
    setup_begin(&c->setup, text);
    c->lens = lens_of(&c->setup, 7);
    c->now = weights_of(c->lens, &start);
    c->other = weights_of(c->lens, &start);
    draw_weights(c, &start, c->now);
    draw_weights(c, &start, c->other);
    return c;
}

static void close_case(Case *c) {
    st_finding_clear(&c->finding);
    st_moments_destroy(c->moments);
    st_lens_destroy(c->lens);
    setup_end(&c->setup);
    free(c->now);
    free(c->other);
    unlink(c->path);
    free(c);
}

static StSnapshot snapshot_of(const Case *c, const float *values, int64_t step) {
    StWeightSet weights = {c->lens->tensor, c->lens->tensors, values, c->lens->total};
    return (StSnapshot){.weights = weights, .step = step, .epoch = step, .rate = c->rate};
}

static bool ask(Case *c, const char *method) {
    StAsk how = st_ask(st_study_find("surface", method));
    StSnapshot now = snapshot_of(c, c->now, 100), then = snapshot_of(c, c->other, 0);
    assert_true(how.study >= 0);
    how.count = c->count;
    c->error = (StError){0};
    st_finding_clear(&c->finding);
    assert_true(st_lens_look(c->lens, &now.weights, &c->error));
    StJob job = {.lens = c->lens,
                 .ask = &how,
                 .snapshot = &now,
                 .other = &then.weights,
                 .moments = c->moments,
                 .finding = &c->finding};
    bool done = st_study_run(&job, &c->error);
    for (int64_t i = 0; done && i < c->lens->total; i++) /* as they were laid on it */
        assert_true(c->lens->weights[i] == (double)c->now[i]);
    return done;
}

static void found(Case *c, const char *method) {
    if (!ask(c, method)) fail_msg("%s: %s", method, c->error.message);
}

/* ---- against the fixtures ---- */

typedef struct Wanted {
    const double *line, *accuracy, *distance, *direction_a, *direction_b, *plane, *path, *eigenvalues,
        *shares, *noise;
    const double *variance, *path_a, *path_b, *corners, *sharp;
    int64_t weights, trained; /* all of them; tensors that are trained */
} Wanted;

#define WANTED(net)                                                                                          \
    {                                                                                                        \
        net##_line, net##_accuracy, net##_distance, net##_direction_a, net##_direction_b, net##_plane,       \
            net##_path, net##_eigenvalues, net##_shares, net##_noise, net##_variance, net##_path_a,          \
            net##_path_b, net##_corners, net##_sharp, sizeof net##_direction_a / sizeof(double),             \
            sizeof net##_shares / sizeof(double)                                                             \
    }

static void check_line(Case *c, const Wanted *wanted, bool classes) {
    found(c, "line");
    is_array_within(&c->finding, "loss", wanted->line, POINTS, 1e-10);
    is_fact_within(&c->finding, "distance", *wanted->distance, 1e-12);
    assert_true(array_of(&c->finding, "a", POINTS)[5] == 0 && array_of(&c->finding, "a", POINTS)[25] == 1);
    if (classes)
        is_array_within(&c->finding, "accuracy", wanted->accuracy, POINTS, 1e-12);
    else
        assert_null(st_finding_find(&c->finding, "accuracy"));
}

static void check_plane(Case *c, const Wanted *wanted) {
    found(c, "plane");
    const double *loss = array_of(&c->finding, "loss", COLUMNS * ROWS);
    for (int i = 0; i * KEPT < COLUMNS * ROWS; i++)
        near_within("loss of the plane", i * KEPT, loss[i * KEPT], wanted->plane[i], 1e-9);
    is_array_within(&c->finding, "direction_a", wanted->direction_a, wanted->weights, 1e-11);
    is_array_within(&c->finding, "direction_b", wanted->direction_b, wanted->weights, 1e-11);
    near_within("path_a", 0, array_of(&c->finding, "path_a", 2)[0], wanted->path[0], 1e-9);
    near_within("path_b", 0, array_of(&c->finding, "path_b", 2)[0], wanted->path[1], 1e-9);
    assert_true(array_of(&c->finding, "path_a", 2)[1] == 0 &&
                array_of(&c->finding, "path_step", 2)[1] == 100);
    is_fact_within(&c->finding, "path_share", wanted->path[2], 1e-9);
    is_fact_within(&c->finding, "here", loss[COLUMNS * ROWS / 2], 1e-14); /* the middle */
}

static void check_hessian(Case *c, const Wanted *wanted) {
    c->rate = 0.5;
    found(c, "hessian");
    is_fact_within(&c->finding, "eigenvalue", wanted->eigenvalues[0], 1e-7);
    is_fact_within(&c->finding, "smallest", wanted->eigenvalues[1],
                   2e-3); /* only as well as there is need to */
    is_array_within(&c->finding, "eigenvector_share", wanted->shares, wanted->trained, 1e-5);
    is_fact_within(&c->finding, "two_over_rate", 4, 0);
    is_fact_within(&c->finding, "converged", 1, 0);
    assert_true(st_finding_value(&c->finding, "residual") < 1e-5);
}

static void check_noise(Case *c, const Wanted *wanted) {
    static const char *const names[] = {"small_batch",      "large_batch", "small_square", "large_square",
                                        "gradient_squared", "noise",       "noise_scale"};
    found(c, "noise");
    for (int i = 0; i < 7; i++)
        is_fact_within(&c->finding, names[i], wanted->noise[i], 1e-9);
    near_within("step_progress", 5, array_of(&c->finding, "step_progress", 18)[5],
                32 / (32 + wanted->noise[6]), 1e-9);
    near_within("row_efficiency", 5, array_of(&c->finding, "row_efficiency", 18)[5],
                wanted->noise[6] / (32 + wanted->noise[6]), 1e-9);
}

/* Moments on the way, each beside it by a draw of noise. */
static void add_moments(Case *c) {
    StError error = {0};
    c->moments = st_moments_create(0, &error);
    float *draw = calloc((size_t)c->lens->total, sizeof *draw);
    assert_true(c->moments && draw);
    for (int m = 0; m < MOMENTS; m++) {
        StSnapshot moment = snapshot_of(c, draw, 100 - 10 * (MOMENTS - 1 - m));
        draw_weights(c, &moment.weights, draw);
        double left = (MOMENTS - 1 - m) / 8.0;
        for (int64_t i = 0; i < c->lens->total; i++)
            draw[i] = (float)((double)c->now[i] + left * ((double)c->other[i] - (double)c->now[i]) +
                              (left > 0 ? (double)draw[i] / 4 : 0));
        st_moments_add(c->moments, &moment, NULL);
    }
    free(draw);
}

static void check_path(Case *c, const Wanted *wanted) {
    assert_false(ask(c, "path"));
    assert_non_null(strstr(c->error.message, "wanted 3"));
    add_moments(c);
    found(c, "path");
    is_array_within(&c->finding, "explained_variance", wanted->variance, 2, 1e-9);
    is_array_within(&c->finding, "path_a", wanted->path_a, MOMENTS, 1e-8);
    is_array_within(&c->finding, "path_b", wanted->path_b, MOMENTS, 1e-8);
    const double *loss = array_of(&c->finding, "loss", COLUMNS * ROWS);
    near_within("corner", 0, loss[0], wanted->corners[0], 1e-7);
    near_within("corner", 1, loss[COLUMNS - 1], wanted->corners[1], 1e-7);
    near_within("corner", 2, loss[COLUMNS * (ROWS - 1)], wanted->corners[2], 1e-7);
    near_within("corner", 3, loss[COLUMNS * ROWS - 1], wanted->corners[3], 1e-7);
    found(c, "plane");
    array_of(&c->finding, "path_a", MOMENTS);
    found(c, "sharpening");
    is_array_within(&c->finding, "moment_eigenvalue", wanted->sharp, MOMENTS, 1e-5);
    assert_true(array_of(&c->finding, "moment_step", MOMENTS)[1] == 60);
}

static void check_net(Case *c, Wanted wanted, bool classes) {
    check_line(c, &wanted, classes);
    check_plane(c, &wanted);
    check_hessian(c, &wanted);
    check_noise(c, &wanted);
    check_path(c, &wanted);
    close_case(c);
}

#define CLASSES "compile optimizer=sgd loss=sparse_categorical_crossentropy\n"

static void a_dense_net(void **state) {
    (void)state;
    Case *c = open_case("dense", 5, 300, 3,
                        "dense 6 tanh kernel_regularizer=l2:0.01\ndropout 0.5\ndense 3 softmax\n" CLASSES);
    check_net(c, (Wanted)WANTED(dense), true);
}

static void a_net_with_statistics(void **state) {
    (void)state;
    Case *c = open_case("conv", 16, 40, 2,
                        "reshape 4x4x1\nconv2d 3 2 activation=relu\nbatch_normalization\nflatten\n"
                        "dense 1 sigmoid\ncompile optimizer=adam loss=binary_crossentropy\n");
    check_net(c, (Wanted)WANTED(conv), true);
}

static void units_that_lie_elsewhere(void **state) {
    (void)state;
    Case *c = open_case("turned", 18, 60, 4,
                        "reshape 3x3x2\ndepthwise_conv2d 2 depth_multiplier=2 activation=tanh\n"
                        "conv2d_transpose 2 2 activation=tanh\nflatten\ndense 4 softmax\n" CLASSES);
    check_net(c, (Wanted)WANTED(turned), true);
}

static void a_regression_in_steps(void **state) {
    (void)state;
    Case *c = open_case("lstm", 8, 50, 0, "reshape 4x2\nlstm 3\ndense 1\ncompile optimizer=sgd loss=mse\n");
    check_net(c, (Wanted)WANTED(lstm), false);
}

/* ---- what can't be had, and what is said ---- */

#define LINEAR "dense 1\ncompile optimizer=sgd loss=mse\n"

static void a_line_of_no_length(void **state) {
    (void)state;
    Case *c = open_case("x", 3, 20, 0, LINEAR);
    memcpy(c->other, c->now, (size_t)c->lens->total * sizeof *c->other);
    found(c, "line");
    is_fact_within(&c->finding, "distance", 0, 0);
    is_fact_within(&c->finding, "barrier", 0, 0);
    assert_non_null(strstr(st_finding_text(&c->finding, "reading"), "same weights"));
    close_case(c);
}

/* Of a linear net with squared error the loss is a parabola, known from three of its points, and its Hessian
 * that of the data. */
static void a_bowl(void **state) {
    (void)state;
    Case *c = open_case("bowl", 1, 64, 0, LINEAR);
    found(c, "line");
    const double *loss = array_of(&c->finding, "loss", POINTS);
    for (int i = 0; i < POINTS - 3; i++)
        near_within("third difference", i, loss[i + 3] - 3 * loss[i + 2] + 3 * loss[i + 1] - loss[i], 0,
                    1e-9);
    double xx = 0, x = 0;
    for (int64_t r = 0; r < 64; r++) {
        float value;
        st_dataset_gather_x(c->setup.dataset, ST_TRAIN, NULL, r, 1, &value);
        xx += 2.0 / 64 * (double)value * (double)value;
        x += 2.0 / 64 * (double)value;
    }
    double middle = (xx + 2) / 2, spread = hypot((xx - 2) / 2, x);
    c->rate = 1.9 / (middle + spread);
    found(c, "hessian");
    is_fact_within(&c->finding, "eigenvalue", middle + spread, 1e-8);
    is_fact_within(&c->finding, "smallest", middle - spread, 1e-7);
    is_fact_within(&c->finding, "edge_share", 0.95, 1e-7);
    assert_non_null(strstr(st_finding_text(&c->finding, "reading"), "0.95 of the edge"));
    close_case(c);
}

/* More directions than the basis holds, close to each other: it is restarted. The Hessian is 2/n XᵀX. */
static void more_directions_than_fit(void **state) {
    (void)state;
    enum { SIZE = 120, COUNT = 200 };
    Case *c = open_case("wide", SIZE, COUNT, 0, "dense 1 use_bias=no\ncompile optimizer=sgd loss=mse\n");
    double *hessian = calloc(SIZE * SIZE, sizeof *hessian), *vectors = calloc(SIZE * SIZE, sizeof *vectors);
    double values[SIZE];
    for (int64_t r = 0; r < COUNT; r++) {
        float x[SIZE];
        st_dataset_gather_x(c->setup.dataset, ST_TRAIN, NULL, r, 1, x);
        for (int i = 0; i < SIZE * SIZE; i++)
            hessian[i] += 2.0 / COUNT * (double)x[i / SIZE] * (double)x[i % SIZE];
    }
    st_surface_eigen(SIZE, hessian, values, vectors);
    found(c, "hessian");
    is_fact_within(&c->finding, "eigenvalue", values[0], 1e-7);
    is_fact_within(&c->finding, "smallest", values[SIZE - 1], 1e-2);
    assert_true(st_finding_value(&c->finding, "residual") < 1e-6);
    assert_true(st_finding_value(&c->finding, "iterations") > 40); /* else it shows nothing */
    free(hessian);
    free(vectors);
    close_case(c);
}

static void weights_that_are_not_finite(void **state) {
    (void)state;
    Case *c = open_case("x", 3, 40, 0, "dense 4 relu\n" LINEAR);
    c->now[1] = NAN;
    static const char *const methods[] = {"line", "plane", "hessian", "noise"};
    for (int i = 0; i < 4; i++) {
        StAsk how = st_ask(st_study_find("surface", methods[i]));
        StSnapshot now = snapshot_of(c, c->now, 100), then = snapshot_of(c, c->other, 0);
        StJob job = {
            .lens = c->lens, .ask = &how, .snapshot = &now, .other = &then.weights, .finding = &c->finding};
        st_finding_clear(&c->finding);
        assert_true(st_lens_look(c->lens, &now.weights, &c->error));
        if (!st_study_run(&job, &c->error)) fail_msg("%s: %s", methods[i], c->error.message);
        assert_non_null(strstr(st_finding_text(&c->finding, "reading"), "finite"));
    }
    close_case(c);
}

static void momentum_moves_the_edge(void **state) {
    (void)state;
    Case *c =
        open_case("x", 3, 20, 0, "dense 1\ncompile optimizer=sgd loss=mse momentum=0.9 learning_rate=0.1\n");
    found(c, "hessian"); /* a rate of its own is not known: the recipe's */
    is_fact_within(&c->finding, "two_over_rate", 20, 1e-12);
    is_fact_within(&c->finding, "edge", 38, 1e-12);
    close_case(c);
    c = open_case("x", 3, 20, 0,
                  "dense 1\ncompile optimizer=sgd loss=mse momentum=0.9 nesterov=yes learning_rate=0.1\n");
    found(c, "hessian");
    is_fact_within(&c->finding, "edge", 38 / 2.8, 1e-12);
    close_case(c);
}

static void kinks_are_told(void **state) {
    (void)state;
    Case *c = open_case("x", 3, 20, 0, "dense 4 relu\ndense 1\ncompile optimizer=sgd loss=mse\n");
    for (int64_t i = 0; i < c->lens->tensor[2].offset; i++)
        c->now[i] = 0; /* every relu stands at 0 exactly */
    found(c, "hessian");
    assert_non_null(strstr(st_finding_text(&c->finding, "reading"), "not defined"));
    close_case(c);
}

static void where_there_is_none(void **state) {
    (void)state;
    Case *c = open_case("x", 3, 1, 0, LINEAR);
    assert_false(ask(c, "noise"));
    assert_non_null(strstr(c->error.message, "1 row"));
    found(c, "line"); /* of one row */
    close_case(c);
    c = open_case("x", 3, 20, 0,
                  "flatten\nreshape 3x1\nglobal_average_pooling1d\ncompile optimizer=sgd loss=mse\n");
    assert_false(ask(c, "line"));
    assert_non_null(strstr(c->error.message, "no weight"));
    assert_false(ask(c, "hessian"));
    close_case(c);
    c = open_case("x", 3, 20, 0, LINEAR);
    memset(c->now, 0, (size_t)c->lens->total * sizeof *c->now);
    assert_false(ask(c, "plane"));
    assert_non_null(strstr(c->error.message, "zero"));
    close_case(c);
}

/* ---- as it is made ---- */

typedef struct Watch {
    int64_t calls, stop_at;
    double last;
    int filled; /* of the plane, when it was stopped */
} Watch;

static bool watch(StJob *job, double done, StError *error) {
    Watch *seen = job->context;
    int64_t size = 0;
    const double *loss = st_finding_values(job->finding, "loss", &size);
    assert_true(done >= seen->last && done <= 1);
    seen->last = done;
    seen->filled = 0;
    for (int64_t i = 0; loss && i < size; i++)
        seen->filled += !isnan(loss[i]);
    if (++seen->calls < seen->stop_at) return true;
    return st_fail(error, ST_ERR_STOPPED, "stopped");
}

static void it_fills_in_and_can_be_stopped(void **state) {
    (void)state;
    Case *c = open_case("x", 3, 20, 0, LINEAR);
    StAsk how = st_ask(st_study_find("surface", "plane"));
    StSnapshot now = snapshot_of(c, c->now, 100), then = snapshot_of(c, c->other, 0);
    Watch seen = {.stop_at = 103};
    StJob job = {.lens = c->lens,
                 .ask = &how,
                 .snapshot = &now,
                 .other = &then.weights,
                 .finding = &c->finding,
                 .go_on = watch,
                 .context = &seen};
    assert_true(st_lens_look(c->lens, &now.weights, &c->error));
    assert_false(st_study_run(&job, &c->error));
    assert_int_equal(c->error.code, ST_ERR_STOPPED);
    assert_int_equal(seen.filled, 99); /* but for those of the path and of the weights themselves, one each */
    const double *loss = array_of(&c->finding, "loss", COLUMNS * ROWS);
    assert_false(isnan(loss[COLUMNS * ROWS / 2])); /* from the middle outwards */
    assert_true(isnan(loss[0]));
    close_case(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dense_net),
        cmocka_unit_test(a_net_with_statistics),
        cmocka_unit_test(units_that_lie_elsewhere),
        cmocka_unit_test(a_regression_in_steps),
        cmocka_unit_test(a_line_of_no_length),
        cmocka_unit_test(a_bowl),
        cmocka_unit_test(more_directions_than_fit),
        cmocka_unit_test(weights_that_are_not_finite),
        cmocka_unit_test(momentum_moves_the_edge),
        cmocka_unit_test(kinks_are_told),
        cmocka_unit_test(where_there_is_none),
        cmocka_unit_test(it_fills_in_and_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
