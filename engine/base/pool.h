/* A small pool of threads that do the tasks of a job together.
 *
 * A job is a list of phases; a phase is a number of tasks, cut by a rule of the
 * work alone. Any thread may take any task of the phase at hand (its own share
 * first: the same neighbours at every job, for the sake of its cache), and a phase
 * begins when all tasks of the one before are done; so neither the pool's size
 * nor who did what shows in a result. The caller works too and never waits for
 * a thread that has taken nothing: on a machine that is busy with other things
 * a job goes on at the speed of the threads that do run. Waiting spins for a few
 * microseconds; idle threads then sleep and cost nothing. One job at a time. */
#ifndef ST_BASE_POOL_H
#define ST_BASE_POOL_H

#include "base/error.h"

typedef struct StPool StPool;

/* What a task is told. worker is for buffers that a thread keeps to itself; nothing else may follow from it.
 */
typedef struct StPoolTask {
    int what;   /* the phase's own */
    int index;  /* 0 … tasks − 1 */
    int worker; /* the thread that does it: 0 … threads − 1; 0 is the caller */
} StPoolTask;

typedef struct StPhase {
    void (*task)(void *context, StPoolTask task);
    int tasks;
    int what; /* handed to the task: one function may serve several phases */
} StPhase;

enum { ST_THREADS_MAX = 64 };

/* threads in 1 … ST_THREADS_MAX, the caller counted. */
StPool *st_pool_create(int threads, StError *error);
void st_pool_destroy(StPool *pool);
int st_pool_threads(const StPool *pool);

/* Does every task of every phase, in the order of the phases, of which there may be any number; what a phase
 * wrote is seen by the next, and by the caller. pool NULL: the caller alone. */
void st_pool_run(StPool *pool, const StPhase *phases, int count, void *context);

/* Processors that this process may run on. */
int st_processors(void);

#endif
