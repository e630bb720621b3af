#include "base/thread.h"

#include <signal.h>
#include <string.h>

bool st_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *context,
                     StError *error) {
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t all, old;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* inherited by the thread */
    int why = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (why != 0) return st_fail(error, ST_ERR_STATE, "the thread %s did not start: %s", name, strerror(why));
    pthread_setname_np(*thread, name);
    return true;
}
