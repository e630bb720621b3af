#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* How long a waiting thread spins before it sleeps: a few times the longest gap between two phases of a
   small step, a few times less than a scheduler's slice. */
enum { SPINS = 4000 };

typedef struct Gate { /* a number that only grows, and a place to sleep until it has */
    _Alignas(64) atomic_uint now;
    atomic_int sleepers;
} Gate;

typedef struct Worker {
    StPool *pool;
    pthread_t thread;
    int index;
} Worker;

struct StPool {
    int threads, spins;
    StJob job;
    void *context;
    atomic_bool quit;
    Gate start, round;               /* jobs begun; barriers passed */
    _Alignas(64) atomic_int waiting; /* threads that have reached the barrier */
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    Worker worker[];
};

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Returns once the gate no longer shows `seen`. */
static void gate_wait(StPool *pool, Gate *gate, unsigned seen) {
    for (int i = 0; i < pool->spins; i++) {
        if (atomic_load_explicit(&gate->now, memory_order_acquire) != seen) return;
        relax();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&gate->sleepers, 1);
    while (atomic_load(&gate->now) == seen)
        pthread_cond_wait(&pool->moved, &pool->mutex);
    atomic_fetch_sub(&gate->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

/* Sequential consistency orders this store before the look at the sleepers, as gate_wait orders its
   count before its look at the gate: one of the two sees the other. */
static void gate_open(StPool *pool, Gate *gate) {
    atomic_fetch_add(&gate->now, 1);
    if (atomic_load(&gate->sleepers) == 0) return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->moved);
    pthread_mutex_unlock(&pool->mutex);
}

void st_pool_barrier(StPool *pool) {
    if (pool->threads == 1) return;
    unsigned seen = atomic_load_explicit(&pool->round.now, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&pool->waiting, 1, memory_order_acq_rel) + 1 == pool->threads) {
        atomic_store_explicit(&pool->waiting, 0, memory_order_relaxed);
        gate_open(pool, &pool->round);
    } else {
        gate_wait(pool, &pool->round, seen);
    }
}

static void *work(void *context) {
    Worker *self = context;
    StPool *pool = self->pool;
    for (unsigned seen = 0;; seen++) {
        gate_wait(pool, &pool->start, seen);
        if (atomic_load(&pool->quit)) return NULL;
        pool->job(pool->context, self->index, pool->threads);
        st_pool_barrier(pool);
    }
}

void st_pool_run(StPool *pool, StJob job, void *context) {
    if (pool->threads > 1) {
        pool->job = job;
        pool->context = context;
        gate_open(pool, &pool->start);
    }
    job(context, 0, pool->threads);
    st_pool_barrier(pool);
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
    size_t size = sizeof(StPool) + (size_t)threads * sizeof(Worker);
    size = (size + 63) / 64 * 64;
    StPool *pool = aligned_alloc(64, size);
    if (!pool) {
        st_fail_memory(error, "the thread pool", size);
        return NULL;
    }
    /* Spinning helps only while every thread has a processor of its own. */
    *pool = (StPool){.threads = 1, .spins = threads <= st_processors() ? SPINS : 1};
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->moved, NULL);
    for (int i = 1; i < threads; i++) {
        pool->worker[i] = (Worker){.pool = pool, .index = i};
        if (pthread_create(&pool->worker[i].thread, NULL, work, &pool->worker[i]) != 0) {
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
    gate_open(pool, &pool->start);
    for (int i = 1; i < pool->threads; i++)
        pthread_join(pool->worker[i].thread, NULL);
    pthread_cond_destroy(&pool->moved);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}
