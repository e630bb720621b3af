/* What tests of views share: a session from a recipe's text, a view drawn onto a grid, keys pressed. */
#ifndef TESTS_UNIT_VIEWS_RIG_H
#define TESTS_UNIT_VIEWS_RIG_H

#include "view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Rig {
    Session *session;
    const View *view;
    ViewContext context;
    History *now, *last;
    Trends *trends;
    StInspector *inspector;
    const StSnapshot *snapshot;
    StLook *look;
    char line[1024]; /* the last line that was run */
    char said[1024];
} Rig;

static inline bool rig_run(void *bench, const char *line) {
    Rig *rig = bench;
    StError error = {0};
    snprintf(rig->line, sizeof rig->line, "%s", line);
    bool done = session_run_line(rig->session, line, (Source){0}, &error);
    if (!done) snprintf(rig->said, sizeof rig->said, "%s", error.message);
    return done;
}

static inline void rig_say(void *context, const char *text) {
    Rig *rig = context;
    snprintf(rig->said, sizeof rig->said, "%s", text);
}

static inline Rig *rig_open(const View *view, const char *recipe) {
    Rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    StError error = {0};
    SessionPlan plan = {.place = PLACE_WORKBENCH,
                        .threads = 1,
                        .snapshots = true,
                        .wake_fd = -1,
                        .hooks = {.context = rig, .say = rig_say}};
    rig->session = session_create(&plan, &error);
    assert_non_null(rig->session);
    if (!session_run_text(rig->session, recipe, "test.strata", &error)) fail_msg("%s", error.message);
    rig->now = history_create();
    rig->last = history_create();
    rig->trends = trends_create();
    rig->view = view;
    rig->context = (ViewContext){.session = rig->session,
                                 .now = rig->now,
                                 .last = rig->last,
                                 .trends = rig->trends,
                                 .state = view ? calloc(1, view->state_size) : NULL,
                                 .live = true,
                                 .select = {.unit = -1, .row = -1},
                                 .run = rig_run,
                                 .bench = rig};
    return rig;
}

/* Makes a run, `steps` steps of it, and a look at its weights with what the view wants. */
static inline void rig_train(Rig *rig, int steps) {
    StError error = {0};
    if (!session_start(rig->session, &(SessionStart){.paused = true}, &error)) fail_msg("%s", error.message);
    const SessionRun *run = session_run(rig->session);
    rig->inspector = st_inspector_create(&run->recipe->stack, &run->recipe->compile, run->dataset,
                                         run->recipe->seed, &error);
    if (!rig->inspector) fail_msg("%s", error.message);
    const StSnapshot *first = st_trainer_snapshot_now(run->trainer);
    st_inspector_set_start(rig->inspector, first);
    st_trainer_release(run->trainer, first);
    for (int i = 0; i < steps; i++) {
        st_trainer_one_step(run->trainer);
        st_trainer_wait(run->trainer);
    }
}

/* Another look, of now. */
static inline void rig_look_again(Rig *rig) {
    StError error = {0};
    const SessionRun *run = session_run(rig->session);
    if (rig->look) st_look_free(rig->look);
    if (rig->snapshot) st_trainer_release(run->trainer, rig->snapshot);
    rig->snapshot = st_trainer_snapshot_now(run->trainer);
    StWant want = {.tensor = -1};
    if (rig->view->want) rig->view->want(&rig->context, &want);
    rig->look = st_look_make(rig->inspector, rig->snapshot, &want, NULL, &error);
    if (!rig->look) fail_msg("%s", error.message);
    rig->context.look = rig->look;
    trends_add(rig->trends, &rig->look->readings);
}

static inline void rig_close(Rig *rig) {
    if (rig->look) st_look_free(rig->look);
    if (rig->snapshot) st_trainer_release(session_run(rig->session)->trainer, rig->snapshot);
    st_inspector_destroy(rig->inspector);
    if (rig->view && rig->view->close) rig->view->close(rig->context.state);
    free(rig->context.state);
    history_free(rig->now);
    history_free(rig->last);
    trends_free(rig->trends);
    session_destroy(rig->session);
    free(rig);
}

/* Keys by name, separated by blanks: "a d e n enter". */
static inline void rig_keys(Rig *rig, const char *names) {
    char copy[512], *rest = copy;
    snprintf(copy, sizeof copy, "%s", names);
    for (char *name; (name = strsep(&rest, " "));)
        if (*name) rig->view->press(&rig->context, ui_key_parse(name));
}

static inline void rig_type(Rig *rig, const char *text) {
    for (; *text; text++)
        rig->view->press(&rig->context, (UiKey)*text);
}

static inline UiGrid *rig_draw(Rig *rig, int w, int h, UiLook look) {
    UiGrid *grid = ui_grid_create(w, h, look);
    assert_non_null(grid);
    rig->context.look = rig->look;
    rig->view->draw(&rig->context, grid, ui_grid_rect(grid));
    return grid;
}

static const UiLook rig_look = {UI_BRAILLE, UI_256, false};

/* The picture as text; the caller frees it. */
static inline char *rig_text(Rig *rig, int w, int h) {
    UiGrid *grid = rig_draw(rig, w, h, rig_look);
    char *text = ui_grid_string(grid);
    ui_grid_free(grid);
    return text;
}

static inline void rig_shows(Rig *rig, int w, int h, const char *wanted) {
    char *text = rig_text(rig, w, h);
    if (!strstr(text, wanted)) {
        char picture[8192];
        snprintf(picture, sizeof picture, "%s", text);
        free(text);
        fail_msg("'%s' is not in\n%s", wanted, picture);
    }
    free(text);
}

/* Every size from 1x1 on, in every rung and depth by turns: nothing may crash. */
static inline void rig_all_sizes(Rig *rig, int most_w, int most_h) {
    static const UiLook looks[] = {
        {UI_BRAILLE, UI_RGB, false}, {UI_ASCII, UI_MONO, false}, {UI_BLOCK, UI_8, true}};
    int turn = 0;
    for (int h = 1; h <= most_h; h += h < 24 ? 1 : 5)
        for (int w = 1; w <= most_w; w += w < 40 ? 1 : 7)
            ui_grid_free(rig_draw(rig, w, h, looks[turn++ % 3]));
}

#endif
