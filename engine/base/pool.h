/* A small pool of threads that run one job together.
 *
 * The caller is thread 0 and works too. Jobs cut their work by a rule of the
 * work alone and deal the parts out by (part % threads); so the pool's size
 * never shows in a result. Waiting spins for a few microseconds, then sleeps:
 * steps of a small network meet at a barrier without a system call, and an idle
 * pool costs nothing. One job at a time; not for use from several callers. */
#ifndef ST_BASE_POOL_H
#define ST_BASE_POOL_H

#include "base/error.h"

typedef struct StPool StPool;
typedef void (*StJob)(void *context, int thread, int threads);

enum { ST_THREADS_MAX = 64 };

/* threads in 1 … ST_THREADS_MAX, the caller counted. */
StPool *st_pool_create(int threads, StError *error);
void st_pool_destroy(StPool *pool);
int st_pool_threads(const StPool *pool);

/* Runs the job once on every thread; returns when all have returned. */
void st_pool_run(StPool *pool, StJob job, void *context);

/* Inside a job: all threads of the pool meet here; what was written before is seen after. */
void st_pool_barrier(StPool *pool);

/* Processors that this process may run on. */
int st_processors(void);

#endif
