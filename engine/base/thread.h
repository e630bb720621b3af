/* Threads that leave signals to the screen's, the bells that wake them, and clocks. */
#ifndef ST_BASE_THREAD_H
#define ST_BASE_THREAD_H

#include "base/error.h"

#include <pthread.h>
#include <time.h>

/* Begins one, of which tools see the name (at most 15 bytes). Signals but faults are blocked in it. */
bool st_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *context,
                     StError *error);

/* A bell is an eventfd, which whoever made it closes. Ringing it before it is waited for counts as well. */
int st_bell_create(StError *error); /* -1 with an error */
void st_bell_ring(int bell);
/* Waits for it, at most so many seconds (below 0: without end), and takes the ringing off. */
void st_bell_wait(int bell, double seconds);

double st_seconds(clockid_t clock); /* CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID */

#endif
