/* Readings against what was worked out by hand, and the thread that looks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inspect/inspection.h"
#include "trainer_setup.h"

#include <math.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NEAR(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

/* Two inputs, so that every kernel is small enough for a pencil. */
#define PLANE                                                                                                \
    "data synthetic gauss samples=300\n"                                                                     \
    "dense 4 relu name=a\n"                                                                                  \
    "dense 3 name=b\n"                                                                                       \
    "activation tanh\n"                                                                                      \
    "dense 2 softmax name=c\n"                                                                               \
    "compile optimizer=adam loss=sparse_categorical_crossentropy metrics=accuracy\n"                         \
    "fit epochs=2 batch_size=50\n"

/* An inspector and a snapshot whose arrays the test fills in. */
typedef struct Bench {
    Setup setup;
    StTrainer *trainer; /* for its weight table alone */
    StInspector *inspector;
    StSnapshot snapshot;
    float *weights, *before, *gradients;
} Bench;

static void bench_begin(Bench *bench, const char *text) {
    StError error = {0};
    setup_begin(&bench->setup, text);
    StTrainerPlan plan = setup_plan(&bench->setup);
    bench->trainer = setup_trainer(&plan);
    const StSnapshot *first = st_trainer_snapshot_now(bench->trainer);
    bench->snapshot = *first;
    size_t bytes = (size_t)first->weights.total * sizeof(float);
    bench->weights = malloc(bytes);
    bench->before = malloc(bytes);
    bench->gradients = calloc(1, bytes);
    memcpy(bench->weights, first->weights.values, bytes);
    memcpy(bench->before, first->weights.values, bytes);
    bench->snapshot.weights.values = bench->weights;
    st_trainer_release(bench->trainer, first);
    bench->inspector = st_inspector_create(&bench->setup.stack, &bench->setup.compile, bench->setup.dataset,
                                           bench->setup.seed, &error);
    assert_non_null(bench->inspector);
}

static void bench_end(Bench *bench) {
    st_inspector_destroy(bench->inspector);
    st_trainer_destroy(bench->trainer);
    free(bench->weights);
    free(bench->before);
    free(bench->gradients);
    setup_end(&bench->setup);
}

static float *tensor_of(const Bench *bench, float *values, const char *name) {
    for (int i = 0; i < bench->snapshot.weights.count; i++)
        if (strcmp(bench->snapshot.weights.tensor[i].name, name) == 0)
            return values + bench->snapshot.weights.tensor[i].offset;
    fail_msg("no tensor %s", name);
    return NULL;
}

static void fill(const Bench *bench, float *values, const char *name, int count, const float *from) {
    memcpy(tensor_of(bench, values, name), from, (size_t)count * sizeof *from);
}

static StReadings read_all(const Bench *bench) {
    StReadings readings;
    StError error = {0};
    if (!st_inspector_read(bench->inspector, &bench->snapshot, NULL, &readings, &error))
        fail_msg("%s", error.message);
    return readings;
}

static double value_of(const StReadings *readings, int row, StReading reading) {
    return readings->health[row].value[reading];
}

static void norms_of_a_matrix(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench, PLANE);
    /* Rows (3, 0, 0, 0) and (0, 4, 0, 0): σ = 4, 3. */
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){3, 0, 0, 0, 0, -4, 0, 0});
    StReadings readings = read_all(&bench);
    assert_int_equal(readings.count, 3); /* kernels, no biases */
    assert_string_equal(readings.health[0].name, "a/kernel");
    assert_int_equal(readings.health[2].layer, 3);
    NEAR(value_of(&readings, 0, ST_READING_NORM), 5, 1e-6);
    NEAR(value_of(&readings, 0, ST_READING_CHANGE), 0, 1e-12); /* it is the start itself */
    NEAR(value_of(&readings, 0, ST_READING_RMS), 5 / sqrt(8), 1e-6);
    NEAR(value_of(&readings, 0, ST_READING_LARGEST), 4, 0);
    NEAR(value_of(&readings, 0, ST_READING_SPECTRAL), 4, 1e-4);
    NEAR(value_of(&readings, 0, ST_READING_STABLE_RANK), 25.0 / 16, 1e-4);
    assert_true(isnan(value_of(&readings, 0, ST_READING_GRADIENT)));
    assert_true(isnan(value_of(&readings, 0, ST_READING_RATIO)));
    assert_true(isnan(readings.gradient_norm));
    assert_int_equal(readings.health[0].verdict, ST_UNTRAINED);
    assert_string_equal(readings.health[0].reason, "as it was drawn");
    st_readings_free(&readings);
    bench.snapshot.step = -1; /* of a file: nobody knows what was done to them */
    readings = read_all(&bench);
    assert_int_equal(readings.health[0].verdict, ST_UNKNOWN);
    assert_string_equal(readings.health[0].reason, "no step was observed yet");
    st_readings_free(&readings);
    bench.snapshot.step = 0;

    /* All ones, 2 x 4: one direction, σ = √8. And twice as much as at the start. */
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){6, 0, 0, 0, 0, 8, 0, 0});
    readings = read_all(&bench);
    NEAR(value_of(&readings, 0, ST_READING_CHANGE), 1, 1e-6);
    st_readings_free(&readings);
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){1, 1, 1, 1, 1, 1, 1, 1});
    readings = read_all(&bench);
    NEAR(value_of(&readings, 0, ST_READING_SPECTRAL), sqrt(8), 1e-5);
    NEAR(value_of(&readings, 0, ST_READING_STABLE_RANK), 1, 1e-5);
    st_readings_free(&readings);

    /* Nothing but zeros: no rank to speak of. */
    fill(&bench, bench.weights, "a/kernel", 8, (float[8]){0});
    readings = read_all(&bench);
    NEAR(value_of(&readings, 0, ST_READING_NORM), 0, 0);
    NEAR(value_of(&readings, 0, ST_READING_SPECTRAL), 0, 0);
    assert_true(isnan(value_of(&readings, 0, ST_READING_STABLE_RANK)));
    st_readings_free(&readings);
    bench_end(&bench);
}

static void gradients_and_steps(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench, PLANE);
    fill(&bench, bench.before, "a/kernel", 8, (float[]){3, 0, 0, 0, 0, -4, 0, 0});
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){3, 0.003f, 0, 0, 0, -4.004f, 0, 0});
    fill(&bench, bench.gradients, "a/kernel", 8, (float[]){0, 0, 2, 0, 0, 0, 0, 1});
    fill(&bench, bench.gradients, "c/kernel", 6, (float[]){0, 0, 2, 0, 0, 0});
    fill(&bench, bench.gradients, "c/bias", 2, (float[]){2, 0});
    bench.snapshot.before = bench.before;
    bench.snapshot.gradients = bench.gradients;
    StReadings readings = read_all(&bench);
    NEAR(value_of(&readings, 0, ST_READING_RATIO), 0.001, 1e-7); /* 0.005 / 5 */
    NEAR(value_of(&readings, 0, ST_READING_GRADIENT), sqrt(5), 1e-6);
    NEAR(value_of(&readings, 1, ST_READING_RATIO), 0, 0);
    NEAR(readings.gradient_norm, sqrt(5 + 4 + 4), 1e-6);
    assert_int_equal(readings.health[0].verdict, ST_HEALTHY);
    assert_string_equal(readings.health[0].reason, "changes by 0.1 % a step");
    assert_int_equal(readings.health[1].verdict, ST_VANISHING); /* no gradient at all */
    assert_int_equal(readings.health[2].verdict, ST_SLOW);
    st_readings_free(&readings);

    fill(&bench, bench.weights, "a/kernel", 8, (float[]){3.25f, 0, 0, 0, 0, -4, 0, 0});
    readings = read_all(&bench);
    assert_int_equal(readings.health[0].verdict, ST_FAST);
    assert_string_equal(readings.health[0].reason, "changes by 5 % a step, healthy is up to 1 %");
    st_readings_free(&readings);
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){9, 0, 0, 0, 0, -4, 0, 0});
    readings = read_all(&bench);
    assert_int_equal(readings.health[0].verdict, ST_EXPLODING);
    st_readings_free(&readings);
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){3.01f, 0, 0, 0, 0, -4, 0, 0});
    fill(&bench, bench.gradients, "a/kernel", 8, (float[]){0, 0, 3000, 0, 0, 0, 0, 0});
    readings = read_all(&bench);
    assert_int_equal(readings.health[0].verdict, ST_EXPLODING);
    assert_string_equal(readings.health[0].reason, "gradient 1.5e3 × the output layer's");
    st_readings_free(&readings);
    bench_end(&bench);
}

/* Units made dead by a bias that no input outweighs; a tanh driven to its ends through the linear layer
 * before it. */
static void dead_and_saturated_units(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench, PLANE);
    fill(&bench, bench.weights, "a/bias", 4, (float[]){-1e6f, 1e6f, -1e6f, -1e6f});
    fill(&bench, bench.weights, "b/kernel", 12, (float[12]){0});
    fill(&bench, bench.weights, "b/bias", 3, (float[]){5, -5, 0.1f}); /* two of three at an end */
    StReadings readings = read_all(&bench);
    assert_int_equal(readings.probe_rows, 256);
    NEAR(value_of(&readings, 0, ST_READING_DEAD), 0.75, 0);
    assert_true(isnan(value_of(&readings, 0, ST_READING_SATURATED)));
    assert_int_equal(readings.health[0].verdict, ST_DEAD);
    assert_string_equal(readings.health[0].reason, "75 % of its units never fire");
    NEAR(value_of(&readings, 1, ST_READING_SATURATED), 2.0 / 3, 1e-12);
    assert_int_equal(readings.health[1].verdict, ST_SATURATED);
    assert_string_equal(readings.health[1].reason, "67 % of its outputs are at their flat ends");
    assert_true(isnan(value_of(&readings, 2, ST_READING_DEAD))); /* softmax has neither */
    assert_true(isnan(value_of(&readings, 2, ST_READING_SATURATED)));
    assert_true(readings.probe_loss > 0);
    st_readings_free(&readings);
    bench_end(&bench);
}

/* A unit of a convolution is a channel: dead where it fires at no position of any row. A normalization
 * between the kernel and its relu makes no other units. */
static void dead_channels(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench,
                "data csv samples/data/digits.csv.gz target=digit task=classification\nprepare scale=16\n"
                "reshape 8x8x1\nconv2d 4 1 name=a\nbatch_normalization epsilon=0 name=n\nrelu\nflatten\n"
                "dense 10 softmax name=c\n"
                "compile optimizer=adam loss=sparse_categorical_crossentropy\nfit batch_size=50\n");
    fill(&bench, bench.weights, "a/kernel", 4, (float[]){0, 0, 1, -1});
    fill(&bench, bench.weights, "n/beta", 4, (float[]){-1, 1, -0.99f, -0.01f}); /* full ink alone; nothing */
    StReadings readings = read_all(&bench);
    NEAR(value_of(&readings, 0, ST_READING_DEAD), 0.5, 0);
    NEAR(value_of(&readings, 0, ST_READING_NORM), sqrt(2), 1e-6);
    assert_true(isnan(value_of(&readings, 1, ST_READING_DEAD)));
    assert_int_equal(readings.count, 2); /* the normalization has no matrix */
    st_readings_free(&readings);
    bench_end(&bench);
}

/* A row for every matrix: gru's bias has two extents and is none, nor is what prelu learns. */
static void matrices_have_rows(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench, "data csv samples/data/digits.csv.gz target=digit task=classification\n"
                        "reshape 8x8\ngru 4 name=g return_sequences=yes\nprelu\n"
                        "separable_conv1d 3 2 name=s\nlayer_normalization\nflatten\n"
                        "dense 10 softmax name=c\n"
                        "compile optimizer=adam loss=sparse_categorical_crossentropy\nfit batch_size=50\n");
    static const char *const names[] = {"g/kernel", "g/recurrent_kernel", "s/depthwise_kernel",
                                        "s/pointwise_kernel", "c/kernel"};
    StReadings readings = read_all(&bench);
    assert_int_equal(readings.count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(readings.health[i].name, names[i]);
    st_readings_free(&readings);
    bench_end(&bench);
}

static void verdict_is(const Bench *bench, int row, StVerdict verdict, const char *reason) {
    StReadings readings = read_all(bench);
    assert_string_equal(readings.health[row].reason, reason);
    assert_int_equal(readings.health[row].verdict, verdict);
    st_readings_free(&readings);
}

/* What a divergence leaves behind: huge weights, gradients that are no numbers, and no step to compare. */
static void weights_that_explode(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench, PLANE);
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){3, 0, 0, 0, 0, -4, 0, 0});
    StReadings first = read_all(&bench); /* norm 5 */
    st_readings_free(&first);
    bench.snapshot.step = 12;
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){3e4f, 0, 0, 0, 0, -4e4f, 0, 0});
    verdict_is(&bench, 0, ST_EXPLODING, "norm grew ×1e4");
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){1, 0, 0, 0, 0, INFINITY, 0, 0});
    verdict_is(&bench, 0, ST_EXPLODING, "weights that are not finite");
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){3, 0, 0, 0, 0, -4, 0, 0});
    bench.snapshot.gradients = bench.gradients;
    fill(&bench, bench.gradients, "a/kernel", 8, (float[]){0, NAN, 0, 0, 0, 0, 0, 0});
    verdict_is(&bench, 0, ST_EXPLODING, "a gradient that is not finite");
    bench_end(&bench);

    /* Of a file there is no start: the size alone tells. */
    bench_begin(&bench, PLANE);
    bench.snapshot.step = -1;
    fill(&bench, bench.weights, "c/kernel", 6, (float[]){2e9f, 1, 1, 1, 1, 1});
    verdict_is(&bench, 2, ST_EXPLODING, "largest weight 2e9");
    /* Weights that are sound by themselves, and outputs that are not. */
    fill(&bench, bench.weights, "c/kernel", 6, (float[]){1, 1, 1, 1, 1, 1});
    fill(&bench, bench.weights, "a/kernel", 8, (float[]){1, 1, 1, 1, 1, 1, 1, 1});
    fill(&bench, bench.weights, "a/bias", 4, (float[]){INFINITY, 0, 0, 0});
    verdict_is(&bench, 0, ST_EXPLODING, "outputs that are not finite");
    bench_end(&bench);
}

/* Behind a layer that never fires nothing is healthy, though a step may still move it. */
static void nothing_is_healthy_behind_the_dead(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench, PLANE);
    bench.snapshot.step = 9;
    bench.snapshot.before = bench.before;
    fill(&bench, bench.weights, "a/bias", 4, (float[]){-1e6f, -1e6f, -1e6f, -1e6f});
    for (int64_t i = 0; i < bench.snapshot.weights.total; i++)
        bench.before[i] = bench.weights[i] * 0.999f;
    verdict_is(&bench, 0, ST_DEAD, "100 % of its units never fire");
    verdict_is(&bench, 1, ST_DEAD, "its input is the same for every row: dead before it");
    verdict_is(&bench, 2, ST_DEAD, "its input is the same for every row: dead before it");
    bench_end(&bench);
}

static void sigmoid_has_flat_ends_too(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench, "data synthetic gauss samples=40\ndense 4 sigmoid\ndense 1\n"
                        "compile optimizer=sgd loss=mse\nfit epochs=1\n");
    fill(&bench, bench.weights, "dense/kernel", 8, (float[8]){0});
    fill(&bench, bench.weights, "dense/bias", 4, (float[]){-3, 3, 2.9f, 0}); /* .047 .953 .948 .5 */
    StReadings readings = read_all(&bench);
    assert_int_equal(readings.probe_rows, 40);
    NEAR(value_of(&readings, 0, ST_READING_SATURATED), 0.5, 0);
    st_readings_free(&readings);
    bench_end(&bench);
}

/* The probe loss of weights that make the network's answer certain beforehand: ln 2 for two classes. */
static void probe_loss_is_the_loss(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench, PLANE);
    fill(&bench, bench.weights, "c/kernel", 6, (float[6]){0});
    StReadings readings = read_all(&bench);
    NEAR(readings.probe_loss, log(2), 1e-6);
    st_readings_free(&readings);
    bench_end(&bench);
}

static void without_compile_there_are_still_norms(void **state) {
    (void)state;
    Bench bench;
    StError error = {0};
    bench_begin(&bench, PLANE);
    StInspector *plain = st_inspector_create(&bench.setup.stack, NULL, bench.setup.dataset, 1, &error);
    assert_non_null(plain);
    StReadings readings;
    assert_true(st_inspector_read(plain, &bench.snapshot, NULL, &readings, &error));
    assert_true(isnan(readings.probe_loss));
    assert_true(value_of(&readings, 0, ST_READING_DEAD) >= 0);
    st_readings_free(&readings);
    atomic_bool cancel = true;
    assert_false(st_inspector_read(plain, &bench.snapshot, &cancel, &readings, &error));
    assert_int_equal(error.code, ST_ERR_STOPPED);
    StSnapshot other = bench.snapshot;
    other.weights.count--;
    assert_false(st_inspector_read(plain, &other, NULL, &readings, &error));
    assert_string_equal(error.message, "the snapshot is of another network than the inspector's");
    st_inspector_destroy(plain);
    bench_end(&bench);
}

static void histograms_count(void **state) {
    (void)state;
    StHistogram h;
    st_histogram((float[]){0, 1, 1, 4, NAN, INFINITY}, 6, 4, &h);
    assert_int_equal(h.bins, 4);
    NEAR(h.low, 0, 0);
    NEAR(h.high, 4, 0);
    assert_int_equal(h.count[0], 1);
    assert_int_equal(h.count[1], 2);
    assert_int_equal(h.count[2], 0);
    assert_int_equal(h.count[3], 1); /* the last bin has its upper end */
    assert_int_equal(h.nonfinite, 2);
    NEAR(h.mean, 1.5, 1e-12);
    NEAR(h.deviation, 1.5, 1e-12);
    st_histogram((float[]){2, 2, 2}, 3, 8, &h);
    assert_int_equal(h.count[0], 3);
    NEAR(h.deviation, 0, 0);
    st_histogram(NULL, 0, 100, &h);
    assert_int_equal(h.bins, 64);
    assert_true(isnan(h.mean));
    st_histogram((float[]){-3e38f, 3e38f}, 2, 2, &h);
    assert_int_equal(h.count[0] + h.count[1], 2);
}

/* A network that puts out its first input: the map runs from left to right, its top row at the greater x2. */
static void the_map_lies_as_the_plane_does(void **state) {
    (void)state;
    Bench bench;
    bench_begin(&bench,
                "data synthetic plane samples=50\ndense 1\ncompile optimizer=sgd loss=mse\nfit epochs=1\n");
    fill(&bench, bench.weights, "dense/kernel", 2, (float[]){1, 10});
    float map[12];
    StError error = {0};
    assert_true(st_inspector_map(bench.inspector, &bench.snapshot, 0, 4, -3, 3, 4, 3, NULL, map, &error));
    for (int row = 0; row < 3; row++)
        for (int column = 0; column < 4; column++)
            NEAR((double)map[row * 4 + column], column + 0.5 + 10 * (2 - 2 * row), 1e-5);
    StWant want = {.tensor = 0, .bins = 4, .columns = 4, .rows = 3, .x1_high = 4, .x2_low = -3, .x2_high = 3};
    StLook *look = st_look_make(bench.inspector, &bench.snapshot, &want, NULL, &error);
    assert_non_null(look);
    assert_int_equal(look->outputs, 1);
    assert_memory_equal(look->map, map, sizeof map);
    assert_int_equal(look->weights.count[0] + look->weights.count[3], 2);
    assert_int_equal(look->gradients.bins, 0); /* there was no step */
    st_look_free(look);
    want.tensor = 99;
    look = st_look_make(bench.inspector, &bench.snapshot, &want, NULL, &error);
    assert_int_equal(look->want.tensor, -1);
    st_look_free(look);
    bench_end(&bench);
}

/* ---- the thread ---- */

static void wait_for(int fd) {
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&poller, 1, 20000), 1);
    uint64_t count;
    assert_int_equal(read(fd, &count, sizeof count), sizeof count);
}

/* Waits until the newest look is of this step (and, where wanted, has a map); it is held. */
static const StLook *look_of(StInspection *inspection, int fd, int64_t step, bool map) {
    for (;;) {
        const StLook *look = st_inspection_look(inspection);
        if (look && look->readings.step == step && (!map || look->map)) return look;
        st_inspection_release(inspection, look);
        wait_for(fd);
    }
}

static void the_thread_looks_at_what_is_new(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, PLANE);
    StTrainerPlan plan = setup_plan(&setup);
    plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    int fd = eventfd(0, 0);
    StInspectionPlan inspection_plan = {.trainer = trainer,
                                        .stack = &setup.stack,
                                        .compile = &setup.compile,
                                        .dataset = setup.dataset,
                                        .seed = setup.seed,
                                        .per_second = 1000,
                                        .wake_fd = fd};
    StError error = {0};
    StInspection *inspection = st_inspection_create(&inspection_plan, &error);
    assert_non_null(inspection);
    const StLook *first = look_of(inspection, fd, 0, false);
    assert_null(first->map);

    st_trainer_one_step(trainer);
    const StLook *second = look_of(inspection, fd, 1, false);
    assert_false(isnan(second->readings.health[0].value[ST_READING_RATIO]));
    assert_false(isnan(second->readings.gradient_norm));
    assert_int_equal(second->snapshot->step, 1);
    assert_int_equal(first->readings.step, 0); /* held ones stay */

    /* A view subscribes while the trainer rests. */
    StWant want = {
        .tensor = 0, .columns = 5, .rows = 4, .x1_low = -1, .x1_high = 1, .x2_low = -1, .x2_high = 1};
    st_inspection_want(inspection, &want);
    const StLook *third = look_of(inspection, fd, 1, true);
    assert_int_equal(third->outputs, 2);
    assert_int_equal(third->weights.bins, 32);
    assert_int_equal(third->gradients.bins, 32);
    assert_int_equal(third->update.bins, 32);
    st_inspection_release(inspection, third);
    st_inspection_release(inspection, first);
    st_inspection_release(inspection, second);

    st_trainer_play(trainer);
    st_trainer_wait(trainer);
    StTrainerStatus status;
    st_trainer_status(trainer, &status);
    const StLook *last = look_of(inspection, fd, status.steps, true);
    assert_int_equal(last->readings.epoch, 2);
    st_inspection_release(inspection, last);
    char trouble[64];
    st_inspection_trouble(inspection, trouble, sizeof trouble);
    assert_string_equal(trouble, "");
    st_inspection_destroy(inspection);
    st_trainer_destroy(trainer);
    close(fd);
    setup_end(&setup);
}

/* Waits for a look of that step, of the past or of the present; holds it. */
static const StLook *look_back(StInspection *inspection, int fd, int64_t step, bool past) {
    for (;;) {
        const StLook *look = st_inspection_look(inspection);
        if (look && look->readings.step == step && look->past == past) return look;
        st_inspection_release(inspection, look);
        struct pollfd news = {.fd = fd, .events = POLLIN};
        uint64_t count;
        assert_int_equal(poll(&news, 1, 20000), 1);
        assert_int_equal(read(fd, &count, sizeof count), sizeof count);
    }
}

static void looks_at_moments_too(void **state) {
    (void)state;
    Setup setup;
    setup_begin(&setup, PLANE);
    StTrainerPlan plan = setup_plan(&setup);
    plan.snapshots = true;
    StTrainer *trainer = setup_trainer(&plan);
    StMoments *moments = st_moments_create(0, NULL);
    int fd = eventfd(0, 0);
    StInspectionPlan inspection_plan = {.trainer = trainer,
                                        .stack = &setup.stack,
                                        .compile = &setup.compile,
                                        .dataset = setup.dataset,
                                        .moments = moments,
                                        .seed = setup.seed,
                                        .per_second = 1000,
                                        .wake_fd = fd};
    StError error = {0};
    StInspection *inspection = st_inspection_create(&inspection_plan, &error);
    assert_non_null(inspection);
    double norm[4];
    for (int step = 0; step <= 3; step++) {
        if (step) st_trainer_one_step(trainer);
        const StLook *look = look_back(inspection, fd, step, false);
        norm[step] = look->readings.health[0].value[ST_READING_NORM];
        assert_int_equal(st_moments_count(moments), step + 1);
        st_inspection_release(inspection, look);
    }
    for (int step = 2; step >= 0; step--) { /* every look is of that moment now */
        st_inspection_at(inspection, step);
        const StLook *look = look_back(inspection, fd, step, true);
        assert_true(look->readings.health[0].value[ST_READING_NORM] == norm[step]);
        st_inspection_release(inspection, look);
    }
    st_trainer_one_step(trainer); /* which goes into the history, and is not looked at */
    while (st_moments_count(moments) < 5)
        sched_yield();
    const StLook *still = st_inspection_look(inspection);
    assert_true(still->past && still->readings.step == 0);
    const StMoment *newest = st_moments_hold(moments, -1);
    assert_int_equal(newest->snapshot.step, 4);
    while (isnan(newest->probe_loss)) { /* read as the trainer rests */
        st_moments_release(moments, newest);
        newest = st_moments_hold(moments, -1);
        sched_yield();
    }
    st_moments_release(moments, newest);
    st_inspection_release(inspection, still);
    st_inspection_at(inspection, -1);
    st_inspection_release(inspection, look_back(inspection, fd, 4, false));
    st_inspection_destroy(inspection);
    st_trainer_destroy(trainer);
    st_moments_destroy(moments);
    close(fd);
    setup_end(&setup);
}

static void every_row_of_the_tables_has_its_words(void **state) {
    (void)state;
    for (int i = 0; i < ST_READING_COUNT; i++) {
        assert_true(st_reading_kinds[i].name[0] && st_reading_kinds[i].help[0]);
        assert_true(st_reading_kinds[i].formula[0] && st_reading_kinds[i].bad[0]);
    }
    for (int v = 0; v <= ST_UNKNOWN; v++)
        assert_true(st_verdict_word((StVerdict)v)[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_of_a_matrix),
        cmocka_unit_test(gradients_and_steps),
        cmocka_unit_test(dead_and_saturated_units),
        cmocka_unit_test(dead_channels),
        cmocka_unit_test(matrices_have_rows),
        cmocka_unit_test(weights_that_explode),
        cmocka_unit_test(nothing_is_healthy_behind_the_dead),
        cmocka_unit_test(sigmoid_has_flat_ends_too),
        cmocka_unit_test(probe_loss_is_the_loss),
        cmocka_unit_test(without_compile_there_are_still_norms),
        cmocka_unit_test(histograms_count),
        cmocka_unit_test(the_map_lies_as_the_plane_does),
        cmocka_unit_test(the_thread_looks_at_what_is_new),
        cmocka_unit_test(looks_at_moments_too),
        cmocka_unit_test(every_row_of_the_tables_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
