/* What screen tests of views share: a folder with a recipe, and the program on it in a terminal. */
#ifndef TESTS_SCREEN_VIEWS_PLACE_H
#define TESTS_SCREEN_VIEWS_PLACE_H

#include "screen/vt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Colours of the inks in 256 colours on a dark ground: ui/theme.h. */
enum { FG_BAD = 203, FG_WARN = 220, FG_GOOD = 79, FG_DIM = 244, FG_TRAINING = 75, BG_FOCUS = 24 };

typedef struct Place {
    char folder[64], recipe[96], env[112];
} Place;

static inline int place_make_with(void **state, const char *text) {
    Place *place = calloc(1, sizeof *place);
    if (!place) return -1;
    strcpy(place->folder, "/tmp/strata-views-XXXXXX");
    if (!mkdtemp(place->folder)) return -1;
    snprintf(place->recipe, sizeof place->recipe, "%s/test.strata", place->folder);
    snprintf(place->env, sizeof place->env, "STRATA_HOME=%s/home", place->folder);
    FILE *file = fopen(place->recipe, "w");
    if (!file) return -1;
    fputs(text, file);
    fclose(file);
    *state = place;
    return 0;
}

static inline int place_remove(void **state) {
    Place *place = *state;
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s'", place->folder);
    int status = system(command);
    free(place);
    return status;
}

/* The workbench on the place's recipe, or on `recipe`; play: training; ascii: in the C locale. */
static inline Vt *place_start(Place *place, int w, int h, const char *recipe, bool play, bool ascii) {
    const char *program = getenv("STRATA") ? getenv("STRATA") : "build/strata";
    const char *file = recipe ? recipe : place->recipe;
    const char *const playing[] = {program, "--play", file, NULL}, *const resting[] = {program, file, NULL};
    const char *const env[] = {place->env, "NO_COLOR", "COLORTERM", ascii ? "LC_ALL=C" : NULL, NULL};
    Vt *vt = vt_start(w, h, play ? playing : resting, env);
    assert_non_null(vt);
    VT_WANT(vt, vt_frame_after(vt, 0));
    return vt;
}

/* Types a line at the prompt. */
static inline void place_line(Vt *vt, const char *line) {
    vt_key(vt, ":");
    vt_type(vt, line);
    vt_key(vt, "enter");
}

static inline bool all_ascii(Vt *vt) {
    for (const char *c = vt_text(vt); *c; c++)
        if ((*c < ' ' || *c > '~') && *c != '\n') return false;
    return true;
}

/* A hash of the colours of a part of the screen. */
static inline uint64_t colours(Vt *vt, int x0, int y0, int w, int h) {
    uint64_t hash = 1469598103934665603u;
    for (int y = y0; y < y0 + h; y++)
        for (int x = x0; x < x0 + w; x++) {
            VtCell cell = vt_cell(vt, x, y);
            hash = (hash ^ (uint64_t)(cell.fg * 1031 + cell.bg)) * 1099511628211u;
        }
    return hash;
}

#endif
