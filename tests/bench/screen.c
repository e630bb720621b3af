/* What the screen costs, measured from outside on the program as it runs in a pseudo-terminal:
 *   - time from the start to the first frame
 *   - time from a key to the frame that answers it, while a network trains at full speed (the worst of 40)
 *   - processor time of the screen's and the inspector's threads while it trains, and of all when idle
 *   - resident memory on iris, with what belongs to OpenBLAS' buffers told apart
 *   - training with each view open, nothing asked for, against `strata train`, by the wall clock of the same
 *     epochs in a terminal that only drains; there the time from a key to its frame
 *   - going back through 1,000 moments of the digits model, from the key to the frame of that moment
 *
 *     screen STRATA ENDLESS.strata IRIS.strata SECONDS.strata MOMENTS.strata
 *
 * MOMENTS.strata, if given alone (screen STRATA MOMENTS.strata), is measured alone. */
#include "screen/vt.h"

#include <dirent.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void rest(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

/* Seconds of processor time of the threads of this name (NULL: all). */
static double cpu_of(pid_t pid, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    double ticks = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", (int)pid, entry->d_name);
        FILE *file = fopen(path, "r");
        char line[1024] = "";
        if (file && fgets(line, sizeof line, file)) {
            char *open = strchr(line, '('), *close = strrchr(line, ')');
            unsigned long user = 0, system = 0;
            if (open && close) {
                *close = '\0';
                sscanf(close + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
                if (!name || strcmp(open + 1, name) == 0) ticks += (double)(user + system);
            }
        }
        if (file) fclose(file);
    }
    if (folder) closedir(folder);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

static Vt *start(const char *const argv[]) {
    Vt *vt = vt_start(80, 24, argv, NULL);
    if (!vt || !vt_frame_after(vt, 0)) {
        fprintf(stderr, "the program does not start\n");
        exit(1);
    }
    return vt;
}

static void first_frame(const char *strata, const char *recipe) {
    double best = 1e9, worst = 0;
    for (int i = 0; i < 5; i++) {
        double from = now();
        Vt *vt = start((const char *const[]){strata, "--play", recipe, NULL});
        double took = now() - from;
        if (took < best) best = took;
        if (took > worst) worst = took;
        vt_end(vt);
    }
    printf("first frame                 %6.1f ms (best of 5), %.1f ms (worst)\n", 1e3 * best, 1e3 * worst);
}

/* A key that changes the whole body; the answer is the frame in which the other view stands. */
static void key_answer(Vt *vt) {
    double sum = 0, worst = 0;
    for (int i = 0; i < 40; i++) {
        vt_key(vt, i % 2 ? "1" : "4");
        double from = now();
        if (!vt_shows(vt, i % 2 ? "STACK" : "outliers shown")) break;
        double took = now() - from;
        sum += took;
        if (took > worst) worst = took;
    }
    printf("key to answering frame      %6.1f ms (mean of 40), %.1f ms (worst), training at full speed\n",
           1e3 * sum / 40, 1e3 * worst);
}

static void while_training(const char *strata, const char *recipe) {
    Vt *vt = start((const char *const[]){strata, "--play", recipe, NULL});
    vt_shows(vt, "training");
    key_answer(vt);
    pid_t pid = vt_pid(vt);
    long frame = vt_frame(vt);
    double screen = cpu_of(pid, "strata"), look = cpu_of(pid, "strata-look"), from = now();
    while (now() < from + 5)
        vt_frame_after(vt, vt_frame(vt));
    double took = now() - from;
    printf("while training at full speed: %.1f frames/s, screen %.2f %%, inspector %.2f %% of a core\n",
           (double)(vt_frame(vt) - frame) / took, 100 * (cpu_of(pid, "strata") - screen) / took,
           100 * (cpu_of(pid, "strata-look") - look) / took);
    vt_end(vt);
}

static void idle(const char *strata, const char *recipe) {
    Vt *vt = start((const char *const[]){strata, recipe, NULL});
    vt_shows(vt, "idle");
    pid_t pid = vt_pid(vt);
    rest(0.5);
    double before = cpu_of(pid, NULL);
    rest(5);
    printf("idle                        %6.2f %% of a core\n", 100 * (cpu_of(pid, NULL) - before) / 5);
    vt_key(vt, "space");
    vt_shows(vt, "training");
    rest(2);
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmRSS", 5) == 0 || strncmp(line, "RssAnon", 7) == 0 ||
            strncmp(line, "RssFile", 7) == 0)
            printf("iris, training: %s", line);
    if (file) fclose(file);
    vt_end(vt);
}

enum { ROUNDS = 5 };

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double headless_seconds(const char *strata, const char *recipe) {
    char command[2048];
    snprintf(command, sizeof command, "'%s' train '%s' --quiet >/dev/null", strata, recipe);
    double from = now();
    if (system(command) != 0) exit(1);
    return now() - from;
}

/* A key that moves something, and the next frame; the worst of some, with a view open. */
static double worst_key(const char *strata, const char *recipe, const char *view) {
    double worst = 0;
    char line[64];
    Vt *vt = start((const char *const[]){strata, "--play", recipe, NULL});
    snprintf(line, sizeof line, "view %s", view);
    vt_key(vt, ":");
    vt_type(vt, line);
    vt_key(vt, "enter");
    for (int i = 0; i < 20; i++) {
        double from = now();
        long frame = vt_frame(vt);
        vt_key(vt, i % 2 ? "," : ".");
        vt_frame_after(vt, frame);
        double took = now() - from;
        if (took > worst) worst = took;
        rest(0.05);
    }
    vt_end(vt);
    return worst;
}

/* Seconds of the same training with a view open, in a terminal of 80x24 that only drains: what a terminal
 * takes to draw is not the program's. busy gets the processor time of the threads that do not train, over it.
 */
static double drained_seconds(const char *strata, const char *recipe, const char *view, double *busy) {
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    char line[64], bytes[65536];
    double from = now();
    int terminal, length = snprintf(line, sizeof line, ":view %s\r", view);
    pid_t pid = forkpty(&terminal, NULL, NULL, &size);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        execl(strata, strata, "--play", recipe, (char *)NULL);
        _exit(127);
    }
    bool typed = false, done = false;
    size_t kept = 0; /* of the bytes before: the word may be cut */
    for (ssize_t got; !done && (got = read(terminal, bytes + kept, sizeof bytes - kept)) > 0;) {
        if (!typed && write(terminal, line, (size_t)length) > 0) typed = true;
        size_t all = kept + (size_t)got;
        done = memmem(bytes, all, "done", 4) != NULL;
        kept = all < 3 ? all : 3;
        memmove(bytes, bytes + all - kept, kept);
    }
    double took = now() - from;
    *busy = (cpu_of(pid, "strata") + cpu_of(pid, "strata-look") + cpu_of(pid, "strata-study")) / took;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(terminal);
    return took;
}

/* Training with a view open and nothing asked for against `strata train`: the same epochs, from the start of
 * the program to the end of training, in turn. */
static void slowdown(const char *strata, const char *recipe) {
    static const char *const views[] = {"overview",    "mistakes",  "why",     "draw",
                                        "activations", "gradients", "neuron",  "map",
                                        "geometry",    "surface",   "autopsy", "time"};
    printf("the same training with a view open / strata train, wall clock; the threads that do not train;\n"
           "key to frame (the worst of 20), while it trains:\n");
    for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
        double ratio[ROUNDS], busy = 0;
        for (int i = 0; i < ROUNDS; i++) {
            double plain = headless_seconds(strata, recipe), one;
            ratio[i] = drained_seconds(strata, recipe, views[v], &one) / plain;
            busy += one / ROUNDS;
        }
        qsort(ratio, ROUNDS, sizeof *ratio, ascending);
        printf("  %-12s median %.3f (%.3f to %.3f)   %.1f %% of a core   %3.0f ms\n", views[v],
               ratio[ROUNDS / 2], ratio[0], ratio[ROUNDS - 1], 100 * busy,
               1e3 * worst_key(strata, recipe, views[v]));
    }
}

/* Of the line "1014 moments, …" of the view time. */
static int moments_kept(Vt *vt) {
    int count = 0;
    sscanf(vt_row(vt, 4), " %d moment", &count);
    return count;
}

/* From the key to the frame in which the step of the past is another one, and the view says so. */
static double moment_seconds(Vt *vt, const char *key) {
    char before[512];
    snprintf(before, sizeof before, "%s", vt_row(vt, 0));
    double from = now();
    vt_key(vt, key);
    while (strcmp(before, vt_row(vt, 0)) == 0 && now() < from + 5)
        vt_frame_after(vt, vt_frame(vt));
    return now() - from;
}

static void scrubbing(const char *strata, const char *recipe) {
    enum { MOMENTS = 1000, KEYS = 100 };
    static const char *const views[] = {"time", "overview", "weights", "activations"};
    Vt *vt = start((const char *const[]){strata, "--play", recipe, NULL});
    double from = now();
    const char *const lines[] = {"history 512MB", "view time"};
    for (int i = 0; i < 2; i++) {
        vt_key(vt, ":");
        vt_type(vt, lines[i]);
        vt_key(vt, "enter");
    }
    while (moments_kept(vt) < MOMENTS && now() < from + 120)
        vt_frame_after(vt, vt_frame(vt));
    vt_key(vt, "space");
    vt_row_shows(vt, 0, "paused");
    printf("scrubbing through %d moments of the digits model, from key to frame:\n", moments_kept(vt));
    for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
        double sum = 0, worst = 0;
        char line[64];
        snprintf(line, sizeof line, "view %s", views[v]);
        vt_key(vt, ":");
        vt_type(vt, line);
        vt_key(vt, "enter");
        rest(0.3);
        vt_key(vt, ":");
        vt_type(vt, "moment last");
        vt_key(vt, "enter");
        rest(0.3);
        for (int i = 0; i < KEYS; i++) {
            double took = moment_seconds(vt, "left");
            sum += took;
            if (took > worst) worst = took;
        }
        printf("  %-12s %6.1f ms (mean of %d), %.1f ms (worst)\n", views[v], 1e3 * sum / KEYS, KEYS,
               1e3 * worst);
    }
    vt_end(vt);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3) return scrubbing(argv[1], argv[2]), 0;
    if (argc != 6) return 2;
    first_frame(argv[1], argv[3]);
    while_training(argv[1], argv[2]);
    idle(argv[1], argv[3]);
    slowdown(argv[1], argv[4]);
    scrubbing(argv[1], argv[5]);
    return 0;
}
