/* What goes wrong outside: a crash in the trainer's thread, a full disk. The terminal is given back as it
 * was, and nothing is lost without a word. */
#include "screen/vt.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

typedef struct Place {
    char folder[64], env[96], full[96];
} Place;

static int place_make(void **state) {
    Place *place = calloc(1, sizeof *place);
    if (!place) return -1;
    strcpy(place->folder, "/tmp/strata-trouble-XXXXXX");
    if (!mkdtemp(place->folder)) return -1;
    snprintf(place->env, sizeof place->env, "STRATA_HOME=%s", place->folder);
    snprintf(place->full, sizeof place->full, "%s/full.strata", place->folder);
    *state = place;
    return symlink("/dev/full", place->full); /* what a full disk says to every write */
}

static int place_remove(void **state) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", ((Place *)*state)->folder);
    free(*state);
    return system(command);
}

static Vt *start(const Place *place) {
    const char *program = getenv("STRATA");
    const char *const argv[] = {program ? program : "build/strata", "--play", "samples/circle.strata", NULL};
    Vt *vt = vt_start(80, 24, argv, (const char *const[]){place->env, NULL});
    assert_non_null(vt);
    VT_WANT(vt, vt_row_shows(vt, 0, "training"));
    return vt;
}

/* The thread of this name, or -1. */
static pid_t thread_of(pid_t pid, const char *name) {
    char path[320], comm[64];
    pid_t found = -1;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/comm", (int)pid, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file && fgets(comm, sizeof comm, file) && strncmp(comm, name, strlen(name)) == 0)
            found = (pid_t)atoi(entry->d_name);
        if (file) fclose(file);
    }
    if (folder) closedir(folder);
    return found;
}

static void crash_in(const Place *place, const char *thread, int number) {
    Vt *vt = start(place);
    pid_t id = thread_of(vt_pid(vt), thread);
    assert_true(id > 0);
    assert_int_equal(syscall(SYS_tgkill, vt_pid(vt), id, number), 0);
    int status = vt_exit(vt);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == number);
    const char *wrong = vt_not_restored(vt);
    if (wrong) fail_msg("after %d in %s: %s", number, thread, wrong);
    vt_end(vt);
}

static void a_crash_in_a_thread(void **state) {
    crash_in(*state, "strata-train", SIGSEGV);
    crash_in(*state, "strata-train", SIGFPE);
    crash_in(*state, "strata-look", SIGBUS);
}

static void a_full_disk(void **state) {
    Place *place = *state;
    char line[128];
    struct stat info;
    Vt *vt = start(place);
    snprintf(line, sizeof line, ":save %s\r", place->full);
    vt_type(vt, line);
    VT_WANT(vt, vt_shows(vt, "No space left on device"));
    VT_WANT(vt, vt_row_shows(vt, 0, "circle.strata")); /* it goes on, under its own name */
    VT_WANT(vt, vt_row_shows(vt, 0, "training"));
    assert_int_equal(lstat(place->full, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    vt_end(vt);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(a_crash_in_a_thread), TEST(a_full_disk)};
    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
