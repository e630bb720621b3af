/* Questions that the next key answers: before something would be lost. */
#include "workbench_inside.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const UiBinding leave_keys[] = {{'s', "save", "save", "writes it first"},
                                       {'d', "discard", "discard", "goes on without saving"},
                                       {UI_KEY_ESCAPE, "stay", "stay", "stays here"},
                                       {0}};
static const UiBinding weights_keys[] = {{'w', "save", "save", "writes the weights first"},
                                         {'d', "discard", "discard", "goes on without saving"},
                                         {UI_KEY_ESCAPE, "stay", "stay", "stays here"},
                                         {0}};
static const UiBinding replace_keys[] = {{'y', "replace", "replace", "writes over the file"},
                                         {UI_KEY_ESCAPE, "keep", "keep", "leaves the file as it is"},
                                         {0}};
static const UiBinding end_keys[] = {
    {'y', "end", "end", "ends the program"}, {UI_KEY_ESCAPE, "stay", "stay", "stays here"}, {0}};

const UiBinding *bench_ask_keys(const Bench *bench) {
    static const UiBinding *const keys[] = {[ASK_LEAVE] = leave_keys,
                                            [ASK_WEIGHTS] = weights_keys,
                                            [ASK_REPLACE] = replace_keys,
                                            [ASK_END] = end_keys};
    return keys[bench->ask];
}

/* An epoch or more was trained, and these weights were not written. */
static bool weights_unsaved(const Bench *bench) {
    StTrainerStatus status;
    const SessionRun *run = session_run(bench->session);
    if (!run) return false;
    st_trainer_status(run->trainer, &status);
    bool kept =
        bench->kept_run == run->number && bench->kept_step == status.step && bench->kept_edits == run->edits;
    bool worth = status.state != ST_STATE_DIVERGED || status.restored > 0;
    return !kept && (status.epoch >= 1 || run->edits > 0) && worth;
}

void bench_ask_text(const Bench *bench, char text[ST_MESSAGE_MAX]) {
    bool dirty = session_dirty(bench->session), weights = weights_unsaved(bench);
    const char *slash = strrchr(bench->replaced, '/');
    switch (bench->ask) {
    case ASK_LEAVE:
        snprintf(text, ST_MESSAGE_MAX, "%s has unsaved changes%s", session_name(bench->session),
                 weights ? ", and the trained weights are not saved" : "");
        break;
    case ASK_WEIGHTS:
        snprintf(text, ST_MESSAGE_MAX, "trained weights are not saved: w saves, d discards, esc stays");
        break;
    case ASK_REPLACE:
        snprintf(text, ST_MESSAGE_MAX, "%.255s exists: y replaces it, esc keeps it",
                 slash ? slash + 1 : bench->replaced);
        break;
    case ASK_END:
        snprintf(text, ST_MESSAGE_MAX, "end strata%s%s%s? y ends it", dirty || weights ? " and lose " : "",
                 dirty ? "unsaved changes" : "",
                 weights ? dirty ? " and trained weights" : "trained weights" : "");
        break;
    case ASK_NOTHING:
        text[0] = '\0';
    }
}

bool bench_ask_leave(Bench *bench, const char *then) {
    if (bench->discard) return false;
    if (session_dirty(bench->session))
        bench->ask = ASK_LEAVE;
    else if (weights_unsaved(bench))
        bench->ask = ASK_WEIGHTS;
    else
        return false;
    bench->changed = true;
    snprintf(bench->then, sizeof bench->then, "%s", then);
    return true;
}

static bool same_file(const struct stat *a, const char *path) {
    struct stat b;
    return *path && stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

bool bench_ask_replace(Bench *bench, const char *path, const char *line) {
    struct stat there;
    if (bench->discard || !*path || stat(path, &there) != 0 || !S_ISREG(there.st_mode)) return false;
    if (same_file(&there, session_path(bench->session)) || same_file(&there, bench->own_weights))
        return false;
    bench->ask = ASK_REPLACE;
    bench->changed = true;
    snprintf(bench->replaced, sizeof bench->replaced, "%s", path);
    snprintf(bench->saving, sizeof bench->saving, "%s", line);
    return true;
}

void bench_saved(Bench *bench, const char *path) {
    StTrainerStatus status;
    const SessionRun *run = session_run(bench->session);
    if (!st_path_ends(path, ".safetensors")) return;
    snprintf(bench->own_weights, sizeof bench->own_weights, "%s", path);
    if (!run) return;
    st_trainer_status(run->trainer, &status);
    bench->kept_run = run->number;
    bench->kept_step = status.step;
    bench->kept_edits = run->edits;
}

/* ---- answers ---- */

static bool run_agreed(Bench *bench, const char *line) {
    bench->discard = true;
    bool done = bench_run_line(bench, line);
    bench->discard = false;
    return done;
}

static void leave(Bench *bench) {
    char line[BENCH_LINE];
    snprintf(line, sizeof line, "%s", bench->then);
    bench->then[0] = '\0';
    if (*line) run_agreed(bench, line);
}

/* The weights beside the recipe, under its name; where it has none, the prompt asks for one. */
static void save_weights(Bench *bench) {
    const char *path = session_path(bench->session);
    size_t stem = strlen(path);
    StText file = {0}, line = {0};
    if (st_path_ends(path, ".strata")) stem -= strlen(".strata");
    if (!*path) {
        bench->then[0] = '\0';
        bench_run_line(bench, ":save ");
        return;
    }
    st_text_format(&file, "%.*s.safetensors", (int)stem, path);
    st_text_add(&line, "save ");
    st_text_word(&line, st_text_string(&file));
    if (bench_run_line(bench, st_text_string(&line)) && bench->ask == ASK_NOTHING) leave(bench);
    st_text_free(&file);
    st_text_free(&line);
}

static void stay(Bench *bench) {
    bench->ask = ASK_NOTHING;
    bench->then[0] = '\0';
    bench_say(bench, UI_TEXT, "");
}

void bench_answer(Bench *bench, UiKey key) {
    Ask ask = bench->ask;
    UiKey low = key >= 'A' && key <= 'Z' ? key + 32 : key;
    bool cancel = low == UI_KEY_ESCAPE || low == ('g' | UI_CTRL) || low == 'q' || low == 'n';
    bool named = *session_path(bench->session) != '\0', leaving = ask == ASK_LEAVE || ask == ASK_WEIGHTS;
    if (cancel || (ask == ASK_END && low != 'y')) {
        stay(bench);
    } else if (ask == ASK_END) {
        bench->quit = true;
    } else if (ask == ASK_REPLACE && low == 'y') {
        bench->ask = ASK_NOTHING;
        if (run_agreed(bench, bench->saving)) leave(bench);
    } else if (leaving && low == 'd') {
        bench->ask = ASK_NOTHING;
        leave(bench);
    } else if (ask == ASK_LEAVE && low == 's') {
        bench->ask = ASK_NOTHING;
        if (!bench_run_line(bench, "save")) return;
        if (named) leave(bench); /* else the prompt asks for a name first */
    } else if (ask == ASK_WEIGHTS && (low == 'w' || low == 's')) {
        bench->ask = ASK_NOTHING;
        save_weights(bench);
    }
}
