#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* How long an idle thread spins before it sleeps (a few times the longest gap between two jobs of a small
   step, a few times less than a scheduler's slice), and how long one waits for another's task before it
   offers its processor. */
enum { IDLE_SPINS = 4000, TASK_SPINS = 1000 };

enum { PHASES_MAX = 8 }; /* of one job; more are several jobs */

/* Every thread has a share of a phase's tasks, neighbours, and the same at every job, so that what it works
   on stays in its processor's cache from step to step. Who has done his share takes from the others'. A share
   is claimed by counting up `next`, whose upper half is the job's number: a thread that comes late, with an
   old job in mind, finds another number and takes nothing. */
typedef struct Share {
    _Alignas(64) atomic_uint_fast64_t next;
} Share;

typedef struct Phase {
    _Alignas(64) atomic_int done;
    atomic_int tasks, what;
    _Atomic(void (*)(void *, StPoolTask)) task;
    Share share[ST_THREADS_MAX];
} Phase;

static const uint32_t CLOSED = UINT32_MAX;

typedef struct Worker {
    StPool *pool;
    int number;
    pthread_t thread;
} Worker;

struct StPool {
    int threads, spins;
    Worker *worker;               /* [threads]; 0 is the caller, which has no thread of ours */
    _Alignas(64) atomic_uint job; /* number of the newest job */
    atomic_int phases;
    _Atomic(void *) context;
    atomic_bool quit;
    _Alignas(64) atomic_int sleepers;
    pthread_mutex_t mutex;
    pthread_cond_t begun;
    Phase phase[PHASES_MAX];
};

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* The index of a task of one thread's share that is now this thread's, or -1: none is left, or the job is
 * over. */
static int claim_of(Phase *phase, uint32_t job, int share, int threads) {
    atomic_uint_fast64_t *next = &phase->share[share].next;
    uint_fast64_t seen = atomic_load_explicit(next, memory_order_acquire);
    for (;;) {
        uint32_t turn = (uint32_t)seen;
        if ((uint32_t)(seen >> 32) != job || turn == CLOSED) return -1;
        int64_t tasks = atomic_load_explicit(&phase->tasks, memory_order_relaxed);
        int64_t index = tasks * share / threads + turn;
        if (index >= tasks * (share + 1) / threads) return -1;
        if (atomic_compare_exchange_weak_explicit(next, &seen, seen + 1, memory_order_acq_rel,
                                                  memory_order_acquire))
            return (int)index;
    }
}

/* The same, of its own share first. */
static int claim(StPool *pool, Phase *phase, uint32_t job, int worker) {
    for (int i = 0; i < pool->threads; i++) {
        int index = claim_of(phase, job, (worker + i) % pool->threads, pool->threads);
        if (index >= 0) return index;
    }
    return -1;
}

/* Waits until the phase's tasks are done; false where the job is over meanwhile. */
static bool phase_over(StPool *pool, Phase *phase, uint32_t job) {
    for (int i = 0;; i++) {
        if (atomic_load_explicit(&pool->job, memory_order_acquire) != job) return false;
        if (atomic_load_explicit(&phase->done, memory_order_acquire) ==
            atomic_load_explicit(&phase->tasks, memory_order_relaxed))
            return true;
        if (i < TASK_SPINS)
            relax();
        else
            sched_yield();
    }
}

/* Takes part in a job until nothing is left of it. */
static void take_part(StPool *pool, uint32_t job, int worker) {
    int phases = atomic_load_explicit(&pool->phases, memory_order_relaxed);
    for (int p = 0; p < phases; p++) {
        Phase *phase = &pool->phase[p];
        int index;
        while ((index = claim(pool, phase, job, worker)) >= 0) {
            void *context = atomic_load_explicit(&pool->context, memory_order_relaxed);
            StPoolTask task = {atomic_load_explicit(&phase->what, memory_order_relaxed), index, worker};
            atomic_load_explicit(&phase->task, memory_order_relaxed)(context, task);
            atomic_fetch_add_explicit(&phase->done, 1, memory_order_acq_rel);
        }
        if (!phase_over(pool, phase, job)) return;
    }
}

/* Waits for a job other than `seen`. The sleepers' count and the job's number are each written before the
   other is read (sequentially consistent), so one of the two sides sees the other. */
static void wait_for_job(StPool *pool, uint32_t seen) {
    for (int i = 0; i < pool->spins; i++) {
        if (atomic_load_explicit(&pool->job, memory_order_acquire) != seen) return;
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->job) == seen)
        pthread_cond_wait(&pool->begun, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *context) {
    const Worker *worker = context;
    StPool *pool = worker->pool;
    pthread_setname_np(pthread_self(), "strata-pool");
    for (uint32_t seen = 0;;) {
        wait_for_job(pool, seen);
        seen = atomic_load(&pool->job);
        if (atomic_load(&pool->quit))
            return NULL; /* looked at after the number: the last one is only for this */
        take_part(pool, seen, worker->number);
    }
}

static void publish(StPool *pool, uint32_t job) {
    atomic_store(&pool->job, job);
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->mutex);
}

static void run_alone(const StPhase *phases, int count, void *context) {
    for (int p = 0; p < count; p++)
        for (int i = 0; i < phases[p].tasks; i++)
            phases[p].task(context, (StPoolTask){phases[p].what, i, 0});
}

static void run_job(StPool *pool, const StPhase *phases, int count, void *context) {
    uint32_t job = atomic_load_explicit(&pool->job, memory_order_relaxed) + 1;
    /* Close what will be written under the new number first: then nobody can claim meanwhile. */
    for (int p = 0; p < count; p++)
        for (int t = 0; t < pool->threads; t++)
            atomic_store(&pool->phase[p].share[t].next, (uint64_t)job << 32 | CLOSED);
    atomic_store_explicit(&pool->context, context, memory_order_relaxed);
    atomic_store_explicit(&pool->phases, count, memory_order_relaxed);
    for (int p = 0; p < count; p++) {
        Phase *phase = &pool->phase[p];
        atomic_store_explicit(&phase->task, phases[p].task, memory_order_relaxed);
        atomic_store_explicit(&phase->what, phases[p].what, memory_order_relaxed);
        atomic_store_explicit(&phase->tasks, phases[p].tasks, memory_order_relaxed);
        atomic_store_explicit(&phase->done, 0, memory_order_relaxed);
        for (int t = 0; t < pool->threads; t++)
            atomic_store_explicit(&phase->share[t].next, (uint64_t)job << 32, memory_order_release);
    }
    publish(pool, job);
    take_part(pool, job, 0);
}

void st_pool_run(StPool *pool, const StPhase *phases, int count, void *context) {
    if (!pool || pool->threads == 1) {
        run_alone(phases, count, context);
        return;
    }
    for (int p = 0; p < count; p += PHASES_MAX)
        run_job(pool, phases + p, count - p < PHASES_MAX ? count - p : PHASES_MAX, context);
}

int st_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

int st_pool_threads(const StPool *pool) {
    return pool->threads;
}

StPool *st_pool_create(int threads, StError *error) {
    if (threads < 1 || threads > ST_THREADS_MAX) {
        st_fail(error, ST_ERR_VALUE, "threads %d, wanted 1 to %d", threads, ST_THREADS_MAX);
        return NULL;
    }
    StPool *pool = aligned_alloc(64, (sizeof *pool + 63) / 64 * 64);
    Worker *worker = calloc((size_t)threads, sizeof *worker);
    if (!pool || !worker) {
        free(pool);
        free(worker);
        st_fail_memory(error, "the thread pool", sizeof *pool);
        return NULL;
    }
    /* Spinning helps only while every thread has a processor of its own. */
    *pool = (StPool){.threads = 1, .worker = worker, .spins = threads <= st_processors() ? IDLE_SPINS : 1};
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->begun, NULL);
    for (int i = 1; i < threads; i++) {
        worker[i] = (Worker){.pool = pool, .number = i};
        if (pthread_create(&worker[i].thread, NULL, work, &worker[i]) != 0) {
            st_fail(error, ST_ERR_STATE, "thread %d of %d could not be started", i + 1, threads);
            st_pool_destroy(pool);
            return NULL;
        }
        pool->threads = i + 1;
    }
    return pool;
}

void st_pool_destroy(StPool *pool) {
    if (!pool) return;
    atomic_store(&pool->quit, true);
    publish(pool, atomic_load(&pool->job) + 1);
    for (int i = 1; i < pool->threads; i++)
        pthread_join(pool->worker[i].thread, NULL);
    pthread_cond_destroy(&pool->begun);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->worker);
    free(pool);
}
