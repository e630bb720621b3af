#include "places.h"

#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef STRATA_SHARE
#define STRATA_SHARE "/usr/local/share/strata"
#endif

static bool is_folder(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* Makes every folder that the path goes through. */
static void make_folders(const char *path) {
    char part[PLACE_PATH];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0700);
        *slash = '/';
    }
}

bool place_state(const char *file, char *out, size_t size) {
    const char *home = getenv("STRATA_HOME"), *state = getenv("XDG_STATE_HOME"), *user = getenv("HOME");
    int written;
    if (home && *home)
        written = snprintf(out, size, "%s/%s", home, file);
    else if (state && *state == '/')
        written = snprintf(out, size, "%s/strata/%s", state, file);
    else if (user && *user)
        written = snprintf(out, size, "%s/.local/state/strata/%s", user, file);
    else
        return false;
    if (written < 0 || (size_t)written >= size || (size_t)written >= PLACE_PATH) return false;
    make_folders(out);
    return true;
}

int place_recent(char (*paths)[PLACE_PATH], int most) {
    char list[PLACE_PATH];
    StText text = {0};
    int count = 0;
    if (!place_state("recent", list, sizeof list) || access(list, R_OK) != 0) return 0;
    if (!st_file_read(list, 1 << 16, &text, NULL)) return 0;
    for (char *line = text.data, *next; line && *line && count < most; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        if (strlen(line) >= PLACE_PATH || access(line, R_OK) != 0) continue;
        strcpy(paths[count++], line);
        if (!next) break;
    }
    st_text_free(&text);
    return count;
}

void place_recent_add(const char *path) {
    char list[PLACE_PATH], real[PATH_MAX], paths[RECENT_MAX][PLACE_PATH];
    if (!realpath(path, real) || strlen(real) >= PLACE_PATH || !place_state("recent", list, sizeof list))
        return;
    int count = place_recent(paths, RECENT_MAX);
    StText text = {0};
    st_text_format(&text, "%s\n", real);
    for (int i = 0, kept = 1; i < count && kept < RECENT_MAX; i++) {
        if (!strcmp(paths[i], real)) continue;
        st_text_format(&text, "%s\n", paths[i]);
        kept++;
    }
    if (!text.failed)
        st_file_write(list, text.data, text.length, NULL); /* a convenience: may fail silently */
    st_text_free(&text);
}

bool place_samples(char *out, size_t size) {
    char program[PATH_MAX];
    snprintf(out, size, "samples");
    if (is_folder(out)) return true;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        /* build/strata in the source tree, or bin/strata under a prefix */
        static const char *const beside[] = {"samples", "../samples", "../share/strata/samples"};
        char *slash = strrchr(program, '/');
        if (slash) *slash = '\0';
        for (size_t i = 0; slash && i < sizeof beside / sizeof *beside; i++) {
            int written = snprintf(out, size, "%s/%s", program, beside[i]);
            if (written > 0 && (size_t)written < size && is_folder(out)) return true;
        }
    }
    snprintf(out, size, "%s/samples", STRATA_SHARE);
    return is_folder(out);
}
