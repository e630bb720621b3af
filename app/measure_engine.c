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

static double run_recipe(const Workload *workload, const char *text, int threads, double seconds,
                         StError *error) {
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    SessionPlan plan = {
        .place = PLACE_RECIPE, .threads = threads, .lossless = true, .quiet = true, .wake_fd = wake_fd};
    Session *session = session_create(&plan, error);
    double speed = 0;
    if (session && session_run_text(session, text, NULL, error))
        speed = workload->predicts ? predict(session, workload, threads, seconds, error)
                                   : train(session, wake_fd, seconds, error);
    session_destroy(session);
    close(wake_fd);
    return speed;
}

double measure_engine(const Workload *workload, int threads, double seconds, StError *error) {
    char folder[] = "/tmp/strata-bench-XXXXXX";
    if (!strstr(workload->recipe, "%s"))
        return run_recipe(workload, workload->recipe, threads, seconds, error);
    if (!mkdtemp(folder)) {
        st_fail(error, ST_ERR_FILE, "%s could not be made", folder);
        return 0;
    }
    StText text = {0};
    for (const char *at = workload->recipe; *at;) {
        bool place = strncmp(at, "%s", 2) == 0;
        st_text_format(&text, "%.*s", place ? (int)strlen(folder) : 1, place ? folder : at);
        at += place ? 2 : 1;
    }
    double speed = write_sequences(folder, error)
                       ? run_recipe(workload, st_text_string(&text), threads, seconds, error)
                       : 0;
    st_text_free(&text);
    remove_sequences(folder);
    return speed;
}
