/* Threads that leave signals to the screen's. */
#ifndef ST_BASE_THREAD_H
#define ST_BASE_THREAD_H

#include "base/error.h"

#include <pthread.h>

/* Begins one, of which tools see the name (at most 15 bytes). Signals but faults are blocked in it. */
bool st_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *context,
                     StError *error);

#endif
