/* The engine's side: training as `strata train` does it, and calls of a loaded network. */
#include "measure.h"

#include "data/npy.h"
#include "session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- training ---- */

/* Reads the news as they come, as a headless run does, for so many seconds. */
static void watch(const SessionRun *run, int wake_fd, double seconds, StTrainerStatus *status) {
    enum { CHUNK = 64, GATHER = 4 };
    StRecord records[CHUNK];
    double end = measure_clock() + seconds;
    uint64_t count;
    do {
        struct pollfd news = {.fd = wake_fd, .events = POLLIN};
        if (poll(&news, 1, 100) > 0 && read(wake_fd, &count, sizeof count) < 0) continue;
        while (st_trainer_read(run->trainer, records, CHUNK) > 0)
            continue;
        st_trainer_status(run->trainer, status);
        poll(NULL, 0, GATHER);
    } while (measure_clock() < end && status->state == ST_STATE_TRAINING);
}

static double train(Session *session, int wake_fd, double seconds, StError *error) {
    if (!session_start(session, &(SessionStart){.paused = true}, error)) return 0;
    const SessionRun *run = session_run(session);
    StTrainerStatus from, to;
    st_trainer_play(run->trainer);
    watch(run, wake_fd, seconds / 3, &from);
    watch(run, wake_fd, seconds, &to);
    if (to.state == ST_STATE_TRAINING && to.seconds > from.seconds)
        return (double)(to.samples - from.samples) / (to.seconds - from.seconds);
    if (to.state == ST_STATE_DONE && to.seconds > 0) return (double)to.samples / to.seconds; /* a short one */
    st_fail(error, ST_ERR_STATE, "it stopped training: %.200s", to.reason);
    return 0;
}

/* ---- predicting ---- */

static double predict(Session *session, const Workload *workload, int threads, double seconds,
                      StError *error) {
    const Recipe *recipe = session_recipe(session);
    StNetworkPlan plan = {.rows = workload->rows, .workers = threads};
    StNetwork *network = st_network_create(&recipe->stack, &plan, error);
    StPool *pool = network ? st_pool_create(threads, error) : NULL;
    double start = measure_clock(), time = start, begun = 0;
    long calls = 0, warm = 0;
    if (pool) {
        st_network_initialize(network, recipe->seed);
        int64_t count = workload->rows * st_shape_size(&st_network_info(network)->input);
        StRng rng = st_rng(1, ST_STREAM_INSPECT, 0, 0);
        for (int64_t i = 0; i < count; i++)
            st_network_input(network)[i] = (float)st_rng_normal(&rng);
        for (; !begun || time < begun + seconds; time = measure_clock(), calls++) {
            if (!begun && time >= start + seconds / 3) begun = time, warm = calls;
            st_network_run(network, workload->rows, &(StPass){0}, pool);
        }
        st_pool_destroy(pool);
    }
    st_network_destroy(network);
    return pool ? (double)(calls - warm) * workload->rows / (time - begun) : 0;
}

/* ---- profiling ---- */

/* Steps of a learner as the trainer makes them, but here. */
static bool make_steps(StLearner *learner, const Recipe *recipe, int64_t rows, double seconds,
                       StProfile *profile, StError *error) {
    int64_t batch = recipe->fit.batch_size < rows ? recipe->fit.batch_size : rows, at = 0;
    int64_t *order = malloc((size_t)rows * sizeof *order);
    StRng rng = st_rng(recipe->seed, ST_STREAM_SHUFFLE, 0, 0);
    StScores scores;
    double start = measure_clock();
    bool done = order || st_fail_memory(error, "the order of the rows", (size_t)rows * sizeof *order),
         warm = true;
    for (int64_t i = 0; order && i < rows; i++)
        order[i] = i;
    for (int64_t step = 0; done && (warm || measure_clock() < start + seconds); step++, at += batch) {
        if (warm && measure_clock() > start + seconds / 3) {
            start = measure_clock();
            warm = false;
            done = st_learner_profile(learner, true) || st_fail_memory(error, "the profile", sizeof *profile);
        }
        if (step == 0 || at + batch > rows) {
            st_rng_shuffle(&rng, order, rows);
            at = 0;
        }
        StBatch rows_of = {.index = order + at, .rows = batch, .seed = recipe->seed, .step = (uint64_t)step};
        if (done && !st_learner_step(learner, &rows_of, &scores, NULL))
            done = st_fail(error, ST_ERR_NONFINITE, "a value became infinite or not a number");
    }
    if (done) *profile = st_learner_profile_read(learner);
    free(order);
    return done;
}

static bool profile_session(Session *session, int threads, double seconds, StProfile *profile,
                            StError *error) {
    const StDataset *dataset = session_dataset(session, error);
    const Recipe *recipe = session_recipe(session);
    StPool *pool = dataset ? st_pool_create(threads, error) : NULL;
    if (!pool) return false;
    StLearnerPlan plan = {.stack = &recipe->stack,
                          .compile = &recipe->compile,
                          .dataset = dataset,
                          .rows = recipe->fit.batch_size,
                          .pool = pool};
    StLearner *learner = st_learner_create(&plan, error);
    if (learner) st_network_initialize(st_learner_network(learner), recipe->seed);
    bool done =
        learner && make_steps(learner, recipe, st_dataset_rows(dataset, ST_TRAIN), seconds, profile, error);
    st_learner_destroy(learner);
    st_pool_destroy(pool);
    return done;
}

/* ---- both ---- */

/* Sequences with a class at every step, which no synthetic source makes. */
static bool write_sequences(const char *folder, StError *error) {
    enum { ROWS = 128, TIMES = 128, INPUTS = 64 };
    char path[512];
    float *x = malloc(sizeof *x * ROWS * TIMES * INPUTS);
    int32_t *y = malloc(sizeof *y * ROWS * TIMES);
    StRng rng = st_rng(1, ST_STREAM_INSPECT, 0, 0);
    for (int64_t i = 0; x && i < ROWS * TIMES * INPUTS; i++)
        x[i] = (float)st_rng_normal(&rng);
    for (int64_t i = 0; y && i < ROWS * TIMES; i++)
        y[i] = (int32_t)(64 * st_rng_uniform(&rng));
    bool done = (x && y) || st_fail_memory(error, "the sequences", sizeof *x * ROWS * TIMES * INPUTS);
    snprintf(path, sizeof path, "%s/x.npy", folder);
    done = done && st_npy_write(path, ST_NPY_F4, 3, (int64_t[]){ROWS, TIMES, INPUTS}, x, error);
    snprintf(path, sizeof path, "%s/y.npy", folder);
    done = done && st_npy_write(path, ST_NPY_I4, 2, (int64_t[]){ROWS, TIMES}, y, error);
    free(x);
    free(y);
    return done;
}

static void remove_sequences(const char *folder) {
    char path[512];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%c.npy", folder, "xy"[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* The text of the workload's recipe with its files of data; NULL with the error. folder: a template. */
static bool write_recipe(const Workload *workload, char *folder, StText *text, StError *error) {
    bool files = strstr(workload->recipe, "%s") != NULL;
    if (files && !mkdtemp(folder)) return st_fail(error, ST_ERR_FILE, "%s could not be made", folder);
    for (const char *at = workload->recipe; *at;) {
        bool place = strncmp(at, "%s", 2) == 0;
        st_text_format(text, "%.*s", place ? (int)strlen(folder) : 1, place ? folder : at);
        at += place ? 2 : 1;
    }
    return !files || write_sequences(folder, error);
}

static bool open_recipe(Session *session, const Workload *workload, char *folder, StError *error) {
    if (workload->file) return session_open(session, workload->file, error);
    StText text = {0};
    bool done = write_recipe(workload, folder, &text, error) &&
                session_run_text(session, st_text_string(&text), NULL, error);
    st_text_free(&text);
    return done;
}

/* profile NULL: the speed is returned. */
static double run(const Workload *workload, int threads, double seconds, StProfile *profile, StError *error) {
    char folder[] = "/tmp/strata-bench-XXXXXX";
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    SessionPlan plan = {
        .place = PLACE_RECIPE, .threads = threads, .lossless = true, .quiet = true, .wake_fd = wake_fd};
    Session *session = session_create(&plan, error);
    double speed = 0;
    if (!session || !open_recipe(session, workload, folder, error))
        speed = 0;
    else if (profile)
        speed = profile_session(session, threads, seconds, profile, error);
    else if (workload->predicts)
        speed = predict(session, workload, threads, seconds, error);
    else
        speed = train(session, wake_fd, seconds, error);
    session_destroy(session);
    if (strcmp(folder, "/tmp/strata-bench-XXXXXX") != 0) remove_sequences(folder);
    close(wake_fd);
    return speed;
}

double measure_engine(const Workload *workload, int threads, double seconds, StError *error) {
    return run(workload, threads, seconds, NULL, error);
}

bool measure_profile(const Workload *workload, int threads, double seconds, StProfile *profile,
                     StError *error) {
    return run(workload, threads, seconds, profile, error) > 0;
}
