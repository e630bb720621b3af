#include "workbench_inside.h"

#include "places.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_seconds(void) {
    return seconds_of(CLOCK_MONOTONIC);
}

/* ---- saying and running ---- */

void bench_say(Bench *bench, UiInk ink, const char *text) {
    snprintf(bench->message, sizeof bench->message, "%s", text);
    bench->message_ink = ink;
    bench->changed = true;
    if (*text) ui_log_add(&bench->log, ink, text);
}

bool bench_run_line(void *context, const char *line) {
    Bench *bench = context;
    StError error = {0};
    bench->changed = true;
    if (*line == ':') {
        free(bench->preset);
        bench->preset = strdup(line + 1);
        return true;
    }
    if (session_run_line(bench->session, line, (Source){0}, &error)) return true;
    bench_say(bench, UI_BAD, error.message);
    return false;
}

/* ---- views ---- */

int bench_view_index(const char *name) {
    for (int i = 0; views[i]; i++) {
        if (!strcmp(views[i]->name, name)) return i;
    }
    return -1;
}

/* What was found, where it is of the view that is asked about. */
static const StFound *bench_found_of(const Bench *bench, int view) {
    bool own = bench->found && !strcmp(st_studies[bench->found->ask.study]->group, views[view]->name);
    return own ? bench->found : NULL;
}

ViewContext bench_context(Bench *bench, int view) {
    if (!bench->state[view]) {
        size_t size = views[view]->state_size;
        bench->state[view] = calloc(1, size ? size : 1);
    }
    return (ViewContext){.view = views[view],
                         .session = bench->session,
                         .now = bench->now,
                         .last = bench->last,
                         .look = bench->look,
                         .inspection = bench->inspection,
                         .found = bench_found_of(bench, view),
                         .gaze = &bench->gaze,
                         .method = &bench->method[view],
                         .share = bench->share,
                         .turn = bench->turn,
                         .moments = bench->moments,
                         .trouble = "",
                         .trends = bench->trends,
                         .state = bench->state[view],
                         .live = true,
                         .select = view_select_nothing,
                         .run = bench_run_line,
                         .bench = bench};
}

/* From one view of the inside to another the way is kept, so that esc goes it back. */
static void keep_way(Bench *bench, int view) {
    if (!views[view]->inside || !views[bench->focus]->inside) {
        bench->came_count = 0;
        return;
    }
    if (view == bench->focus) return;
    if (bench->came_count == BENCH_CAME)
        memmove(bench->came, bench->came + 1, (size_t)--bench->came_count * sizeof *bench->came);
    bench->came[bench->came_count++] = bench->focus;
}

void bench_look_back(Bench *bench) {
    int left = bench->came_count - 1, view = left >= 0 ? bench->came[left] : bench_view_index("inside");
    bench_look_at(bench, view);
    bench->came_count = left > 0 ? left : 0;
}

void bench_look_at(Bench *bench, int view) {
    if (view < 0) return;
    keep_way(bench, view);
    bench->focus = view;
    bench->changed = true;
    if (!strcmp(views[view]->name, "log")) bench->errors_seen = bench->errors;
}

/* The capital of a view of the inside opens it from any other. */
static bool bench_open_inside(Bench *bench, UiKey key) {
    for (int i = 0; views[i]; i++) {
        if (!views[i]->inside || views[i]->inside != key) continue;
        bench_look_at(bench, i);
        return true;
    }
    return false;
}

/* ---- keys ---- */

/* The first ctrl-c stops training, the next asks, y ends the program. */
static void interrupt(Bench *bench) {
    if (bench->has_run && bench->status.state == ST_STATE_TRAINING && bench->ask == ASK_NOTHING) {
        if (bench_run_line(bench, "pause"))
            bench_say(bench, UI_TEXT, "training is paused; ctrl-c again asks to leave");
        return;
    }
    bench->ask = ASK_END;
    bench->changed = true;
}

/* What has the focus gets the key first, then its bindings, then the common ones. */
void bench_key(Bench *bench, UiKey key) {
    bench->changed = bench->pressed = true;
    if (key == ('c' | UI_CTRL)) {
        interrupt(bench);
        return;
    }
    if (bench->ask != ASK_NOTHING) {
        bench_answer(bench, key);
        return;
    }
    bench->message[0] = '\0';
    int at = bench->helping ? bench_view_index("help") : bench->focus;
    const View *view = views[at];
    ViewContext context = bench_context(bench, at);
    if (!context.state) return;
    bool held = bench->helping || (view->hints && view->hints(&context));
    if (key == 'k' && !held && session_next(bench->session) == NEXT_ANEW) { /* said in the last lines */
        bench_run_line(bench, "play keep");
        return;
    }
    if (key == 'X' && !held && bench->has_run && bench->status.state == ST_STATE_DIVERGED) { /* likewise */
        bench_run_line(bench, "view autopsy");
        return;
    }
    if (view->press && view->press(&context, key)) return;
    if (bench->helping) {
        if (key == UI_KEY_ESCAPE || key == '?' || key == 'q' || key == ':') bench->helping = false;
        if (key == ':') bench_run_line(bench, ":");
        return;
    }
    if (view_is_inside(view) && bench_open_inside(bench, key)) return;
    const UiBinding *row = ui_keymap_find(view->bindings, key);
    if (!row) row = ui_keymap_find(bench->common, key);
    /* "press left" of a view that had no use for it now says what the key is for, and no more */
    bool itself = row && !strncmp(row->command, "press ", 6) && ui_key_parse(row->command + 6) == key;
    if (row && !itself) bench_run_line(bench, row->command);
}

static void mouse(Bench *bench, const UiEvent *event) {
    bench->changed = true;
    if (bench->ask != ASK_NOTHING) {
        UiKey answer = event->mouse == UI_MOUSE_PRESS ? ui_hints_at(&bench->hints, event->x, event->y) : 0;
        if (answer) bench_answer(bench, answer);
        return;
    }
    int at = bench->helping ? bench_view_index("help") : bench->focus;
    if (event->mouse == UI_MOUSE_PRESS) {
        UiKey key = ui_hints_at(&bench->hints, event->x, event->y);
        if (!key) key = ui_hints_at(&bench->tabs, event->x, event->y);
        if (key) {
            if (bench->helping && key != UI_KEY_ESCAPE) bench->helping = false;
            bench_key(bench, key);
            return;
        }
    }
    ViewContext context = bench_context(bench, at);
    if (context.state && views[at]->mouse && views[at]->mouse(&context, event)) bench->pressed = true;
}

/* ---- the loop ---- */

static void signalled(Bench *bench, int number) {
    if (number == SIGINT && ui_prompt_is_open(bench->prompt))
        bench->cancel = true;
    else if (number == SIGINT)
        interrupt(bench);
    else if (number == SIGTSTP)
        ui_screen_suspend(bench->screen);
    else {
        bench->quit = true;
        bench->status_code = 128 + number;
    }
}

/* Anything but a key. */
static void happened(Bench *bench, const UiEvent *event) {
    switch (event->kind) {
    case UI_EVENT_MOUSE:
        if (!ui_prompt_is_open(bench->prompt)) mouse(bench, event);
        break;
    case UI_EVENT_RESIZE:
        ui_grid_resize(bench->grid, event->x, event->y);
        ui_screen_redraw(bench->screen); /* what was on its way may have met the other size */
        bench->changed = bench->pressed = true;
        break;
    case UI_EVENT_SIGNAL:
        signalled(bench, event->signal);
        break;
    case UI_EVENT_RESUME:
        bench->changed = bench->pressed = true;
        break;
    case UI_EVENT_WAKE:
        bench->changed = true;
        if (bench->awaited > bench_seconds()) bench->pressed = true;
        break;
    case UI_EVENT_LOG:
        ui_log_add(&bench->log, UI_WARN, event->text);
        bench->errors++;
        if (!strcmp(views[bench->focus]->name, "log")) bench->errors_seen = bench->errors;
        bench->changed = true;
        break;
    case UI_EVENT_HANGUP:
        bench->quit = true;
        bench->status_code = 128 + SIGHUP;
        break;
    case UI_EVENT_KEY:
    case UI_EVENT_NONE:
        break;
    }
}

/* Of a processor, at most, for frames; with what the inspector takes (engine/inspect/inspection.c) under 2 %.
 */
static const double SHARE = 0.011;

/* Frames that news ask for keep to 30 a second and to their share of a processor; those that a key asks for
 * to 30. */
static double frame_wait(const Bench *bench) {
    double least = bench->pressed ? 0.02 : fmin(fmax(1.0 / 30, bench->cost / SHARE), 0.5);
    return bench->drawn + least - seconds_of(CLOCK_MONOTONIC);
}

/* Data is read between two frames: the first says so. */
static void load_data(Bench *bench) {
    if (!bench->loading) return;
    session_dataset(bench->session, NULL);
    bench->loading = false;
    bench->changed = bench->pressed = true;
}

static void frame(Bench *bench) {
    double before = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    UiLook look = ui_screen_look(bench->screen);
    bench->grid->look = look;
    bench_news(bench);
    bench_draw(bench);
    ui_screen_present(bench->screen, bench->grid);
    bench->drawn = seconds_of(CLOCK_MONOTONIC);
    bench->changed = bench->pressed = false;
    double cost = seconds_of(CLOCK_THREAD_CPUTIME_ID) - before;
    bench->cost += 0.2 * (cost - bench->cost);
    load_data(bench);
    if (bench->play && !bench->loading) {
        bench->play = false;
        bench_run_line(bench, "play");
    }
}

/* Runs until there is a key (true) or the program is to end. */
static bool wait_for_key(Bench *bench, UiKey *key) {
    while (!bench->quit && !bench->cancel) {
        double wait = bench->changed ? frame_wait(bench) : -1;
        if (bench->changed && wait <= 0) {
            UiEvent event = ui_screen_wait(bench->screen, bench->wake_fd, 0);
            if (event.kind == UI_EVENT_NONE || event.kind == UI_EVENT_WAKE) {
                frame(bench);
                continue;
            }
            if (event.kind == UI_EVENT_KEY) return *key = event.key, true;
            happened(bench, &event);
            continue;
        }
        UiEvent event = ui_screen_wait(bench->screen, bench->wake_fd, wait < 0 ? -1 : (int)ceil(wait * 1000));
        if (event.kind == UI_EVENT_KEY) return *key = event.key, true;
        happened(bench, &event);
    }
    return false;
}

UiKey bench_pump(void *context) {
    Bench *bench = context;
    UiKey key;
    bench->changed = bench->pressed = true;
    bool pressed = wait_for_key(bench, &key);
    bench->cancel = false;
    return pressed && key != ('c' | UI_CTRL) ? key : 0;
}

/* ---- from start to end ---- */

static bool bench_begin(Bench *bench, Session *session, const UiScreenOptions *options, int wake_fd) {
    char message[200], path[PLACE_PATH];
    int w, h;
    *bench = (Bench){.session = session, .wake_fd = wake_fd, .want = {.tensor = -1}, .asked_from = -1};
    bench->gaze = gaze_nothing;
    bench->share = ST_STUDIES_SHARE;
    bench->moments_bytes = ST_MOMENTS_BYTES;
    bench->branching = -1;
    for (int i = 0; i < BENCH_VIEWS; i++)
        bench->method[i] = -1;
    bench->now = history_create();
    bench->last = history_create();
    bench->trends = trends_create();
    bool place = place_state("history", path, sizeof path);
    bench->prompt = ui_prompt_create("strata", place ? path : NULL, bench_complete, bench);
    if (!bench->now || !bench->last || !bench->trends || !bench->prompt) {
        fprintf(stderr, "strata: not enough memory for the workbench\n");
        return false;
    }
    bench->screen = ui_screen_open(options, message, sizeof message);
    if (!bench->screen) {
        fprintf(stderr, "strata: %s\n", message);
        return false;
    }
    ui_screen_size(bench->screen, &w, &h);
    bench->grid = ui_grid_create(w, h, ui_screen_look(bench->screen));
    return bench->grid != NULL;
}

static void bench_end(Bench *bench) {
    session_set_hooks(bench->session, &(SessionHooks){0});
    session_add_commands(bench->session, NULL, NULL);
    bench_run_ends(bench);
    if (bench->screen) ui_screen_close(bench->screen);
    for (int i = 0; views[i]; i++) {
        if (bench->state[i] && views[i]->close) views[i]->close(bench->state[i]);
        free(bench->state[i]);
    }
    if (bench->prompt) ui_prompt_free(bench->prompt);
    ui_grid_free(bench->grid);
    st_moments_destroy(bench->moments);
    trends_free(bench->trends);
    history_free(bench->now);
    history_free(bench->last);
    gaze_make(&bench->gaze, NULL, 0);
    free(bench->preset);
}

int workbench_run(Session *session, const UiScreenOptions *options, int wake_fd, bool play) {
    Bench *bench = malloc(sizeof *bench);
    int status = 1;
    UiKey key;
    if (!bench) return fprintf(stderr, "strata: not enough memory for the workbench\n"), 1;
    if (bench_begin(bench, session, options, wake_fd)) {
        bench_hooks(bench);
        bench_add_commands(bench);
        bool fresh = !*session_path(session) && !session_dirty(session) && !session_run(session);
        bench->focus = bench_view_index(fresh ? "start" : "overview");
        bench->play = play && !fresh;
        if (*session_path(session)) place_recent_add(session_path(session));
        memcpy(bench->common, bench_bindings, sizeof(UiBinding) * bench_binding_count());
        frame(bench);
        bench->changed = true;
        while (wait_for_key(bench, &key)) {
            bench_key(bench, key);
            if (bench->preset && !bench->quit) bench_prompt(bench);
        }
        status = bench->status_code;
    }
    bench_end(bench);
    free(bench);
    return status;
}
