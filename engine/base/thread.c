#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

int st_bell_create(StError *error) {
    int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell < 0) st_fail(error, ST_ERR_STATE, "eventfd: %s", strerror(errno));
    return bell;
}

void st_bell_ring(int bell) {
    uint64_t one = 1;
    ssize_t wrote = write(bell, &one, sizeof one);
    (void)wrote; /* a full one wakes as well */
}

void st_bell_wait(int bell, double seconds) {
    struct pollfd rung = {.fd = bell, .events = POLLIN};
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    if (ppoll(&rung, 1, seconds < 0 ? NULL : &time, NULL) <= 0) return;
    uint64_t count;
    ssize_t got = read(bell, &count, sizeof count);
    (void)got;
}

double st_seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
