/* PyTorch's side: tests/bench/torch_side.py in a process that is told what to measure line by line, and
 * stands still (SIGSTOP) in between, since OpenMP's threads may be told to wait actively. */
#include "measure.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The script: in the source tree, beside the executable's tree, or in the installed share. */
static bool find_script(char *out, size_t size) {
    static const char *const beside[] = {"../tests/bench", "../share/strata/bench", "../../tests/bench"};
    snprintf(out, size, "tests/bench/torch_side.py");
    if (access(out, R_OK) == 0) return true;
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0) return false;
    program[length] = '\0';
    *strrchr(program, '/') = '\0';
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        int written = snprintf(out, size, "%s/%s/torch_side.py", program, beside[i]);
        if (written > 0 && (size_t)written < size && access(out, R_OK) == 0) return true;
    }
    return false;
}

/* In the child: the first python3 that has PyTorch. The environment's choice of OpenBLAS kernels is for
 * OpenBLAS' users; PyTorch chooses for itself. */
static void become_python(const char *script, int threads, bool active) {
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    char number[16];
    snprintf(number, sizeof number, "%d", threads);
    setenv("OMP_WAIT_POLICY", active ? "active" : "passive", 1);
    unsetenv("OPENBLAS_CORETYPE");
    unsetenv("OPENBLAS_L2_SIZE");
    for (size_t i = 0; i < sizeof pythons / sizeof *pythons; i++) {
        char look[PATH_MAX];
        snprintf(look, sizeof look, "%s -c 'import torch' 2>/dev/null", pythons[i]);
        if (system(look) == 0) execlp(pythons[i], pythons[i], script, number, (char *)NULL);
    }
    _exit(127);
}

static bool read_line(int from, char *line, size_t size) {
    size_t length = 0;
    while (length + 1 < size && read(from, line + length, 1) == 1 && line[length] != '\n')
        length++;
    line[length] = '\0';
    return length > 0;
}

bool torch_start(Torch *torch, int threads, bool active) {
    char script[PATH_MAX], line[64];
    int to[2], from[2];
    *torch = (Torch){0};
    if (!find_script(script, sizeof script) || pipe(to) != 0 || pipe(from) != 0) return false;
    torch->pid = fork();
    if (torch->pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[0]), close(to[1]), close(from[0]), close(from[1]);
        become_python(script, threads, active);
    }
    close(to[0]);
    close(from[1]);
    torch->to = to[1];
    torch->from = from[0];
    if (torch->pid > 0 && read_line(torch->from, line, sizeof line) && strcmp(line, "ready") == 0) {
        kill(torch->pid, SIGSTOP);
        return true;
    }
    torch_end(torch);
    return false;
}

double measure_torch(const Torch *torch, const Workload *workload, double seconds) {
    char line[64];
    int length = snprintf(line, sizeof line, "%s %g\n", workload->word, seconds);
    if (torch->pid <= 0 || write(torch->to, line, (size_t)length) != length) return 0;
    kill(torch->pid, SIGCONT);
    double speed = read_line(torch->from, line, sizeof line) ? strtod(line, NULL) : 0;
    kill(torch->pid, SIGSTOP);
    return speed;
}

void torch_end(Torch *torch) {
    if (torch->pid <= 0) return;
    kill(torch->pid, SIGKILL);
    waitpid(torch->pid, NULL, 0);
    close(torch->to);
    close(torch->from);
    *torch = (Torch){0};
}
