#include "train/learner_profile.h"

#include "math/gemm.h"

#include <stdlib.h>
#include <time.h>

/* What one thread did; a cache line of its own. */
typedef struct Worker {
    _Alignas(64) double layers, optimizer; /* tasks, whole */
    double gemm, data;                     /* parts of them */
} Worker;

struct StClock {
    Worker worker[ST_THREADS_MAX];
    double wall;
    int64_t runs;
    int threads, optimizer;
    void *context;         /* of the tasks */
    const StPhase *phases; /* of the run at hand */
    StPhase *timed;        /* [phases of create] */
};

double st_clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

StClock *st_clock_create(int phases) {
    StClock *clock = aligned_alloc(64, sizeof *clock);
    StPhase *timed = calloc((size_t)phases, sizeof *timed);
    if (!clock || !timed) {
        free(clock);
        free(timed);
        return NULL;
    }
    *clock = (StClock){.timed = timed};
    return clock;
}

void st_clock_free(StClock *clock) {
    if (!clock) return;
    free(clock->timed);
    free(clock);
}

/* what: the phase's index, in the place of its own. */
static void timed_task(void *context, StPoolTask task) {
    StClock *clock = context;
    Worker *worker = &clock->worker[task.worker];
    const StPhase *phase = &clock->phases[task.what];
    bool optimizer = task.what >= clock->optimizer;
    task.what = phase->what;
    double begun = st_clock_now();
    st_gemm_seconds = &worker->gemm;
    phase->task(clock->context, task);
    st_gemm_seconds = NULL;
    *(optimizer ? &worker->optimizer : &worker->layers) += st_clock_now() - begun;
}

void st_clock_run(StClock *clock, StPool *pool, const StPhase *phases, int count, int optimizer,
                  void *context) {
    for (int p = 0; p < count; p++)
        clock->timed[p] = (StPhase){timed_task, phases[p].tasks, p};
    clock->context = context;
    clock->phases = phases;
    clock->optimizer = optimizer;
    clock->threads = pool ? st_pool_threads(pool) : 1;
    double begun = st_clock_now();
    st_pool_run(pool, clock->timed, count, clock);
    clock->wall += st_clock_now() - begun;
    clock->runs++;
}

void st_clock_data(StClock *clock, int worker, double seconds) {
    clock->worker[worker].data += seconds;
}

StProfile st_clock_read(const StClock *clock) {
    StProfile sum = {.wall = clock->wall, .steps = clock->runs, .threads = clock->threads};
    double layers = 0;
    for (int i = 0; i < clock->threads; i++) {
        const Worker *worker = &clock->worker[i];
        layers += worker->layers;
        sum.optimizer += worker->optimizer;
        sum.gemm += worker->gemm;
        sum.data += worker->data;
    }
    sum.elementwise = layers - sum.gemm - sum.data;
    sum.waiting = clock->wall * clock->threads - layers - sum.optimizer;
    return sum;
}
