/* News: what the session, the trainer and the inspection tell the screen. */
#include "fit.h"
#include "workbench_inside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void hook_say(void *context, const char *text) {
    bench_say(context, UI_TEXT, text);
}

/* Results of several lines are shown where help is; one line is a message. */
static void hook_print(void *context, const char *text) {
    Bench *bench = context;
    size_t length = strcspn(text, "\n");
    if (length < sizeof bench->message && (text[length] == '\0' || text[length + 1] == '\0')) {
        char line[sizeof bench->message];
        memcpy(line, text, length);
        line[length] = '\0';
        bench_say(bench, UI_TEXT, line);
        return;
    }
    ViewContext help = bench_context(bench, bench_view_index("help"));
    if (!help.state) return;
    help_text(help.state, "Result", text);
    bench->helping = true;
}

void bench_run_ends(void *context) {
    Bench *bench = context;
    if (bench->inspection) {
        if (bench->look) st_inspection_release(bench->inspection, bench->look);
        st_inspection_destroy(bench->inspection);
    }
    bench->inspection = NULL;
    bench->look = NULL;
    bench->has_run = false;
    bench->changed = true;
}

void bench_forget(Bench *bench) {
    history_begin(bench->now, 0, 0, NULL, 1);
    history_begin(bench->last, 0, 0, NULL, 1);
    trends_clear(bench->trends);
    bench->status = (StTrainerStatus){0};
}

/* The history of the run before, if it had any, becomes the last one. */
static void hook_run_begins(void *context) {
    Bench *bench = context;
    const SessionRun *run = session_run(bench->session);
    const Recipe *recipe = run->recipe;
    size_t steps;
    history_points(bench->now, 0, HISTORY_BATCH, HISTORY_STEP, &steps);
    if (steps) {
        History *before = bench->last;
        bench->last = bench->now;
        bench->now = before;
    }
    st_trainer_status(run->trainer, &bench->status);
    history_begin_run(bench->now, run->number, &recipe->compile, bench->status.steps_per_epoch);
    for (int i = 0; i < 1 + ST_METRICS_MAX; i++) {
        bench->smooth[i] = ui_smooth(0.97);
        bench->recent[i] = NAN;
    }
    bench->has_run = true;
    StInspectionPlan plan = {.trainer = run->trainer,
                             .stack = &recipe->stack,
                             .compile = &recipe->compile,
                             .dataset = run->dataset,
                             .seed = recipe->seed,
                             .wake_fd = bench->wake_fd};
    StError error = {0};
    bench->inspection = st_inspection_create(&plan, &error);
    if (!bench->inspection) bench_say(bench, UI_BAD, error.message);
    if (bench->inspection) st_inspection_want(bench->inspection, &bench->want);
    bench->changed = true;
}

void bench_hooks(Bench *bench) {
    SessionHooks hooks = {.context = bench,
                          .say = hook_say,
                          .print = hook_print,
                          .run_ends = bench_run_ends,
                          .run_begins = hook_run_begins};
    session_set_hooks(bench->session, &hooks);
    if (session_run(bench->session)) hook_run_begins(bench);
}

static void take_records(Bench *bench, StTrainer *trainer) {
    StRecord record[64];
    int count, metrics = session_run(bench->session)->recipe->compile.metrics;
    while ((count = st_trainer_read(trainer, record, 64)) > 0) {
        history_add(bench->now, record, count);
        for (int i = 0; i < count; i++) {
            if (record[i].epoch_end) continue;
            bench->recent[0] = ui_smooth_next(&bench->smooth[0], record[i].train.loss);
            for (int m = 0; m < metrics; m++)
                bench->recent[1 + m] = ui_smooth_next(&bench->smooth[1 + m], record[i].train.metric[m]);
        }
    }
}

/* The last steps of a run that diverged, for the log. */
static void log_autopsy(Bench *bench) {
    StText lines = {0};
    fit_autopsy(session_run(bench->session)->trainer, &lines);
    char *rest = lines.data, *line;
    while (rest && (line = strsep(&rest, "\n")))
        if (*line) ui_log_add(&bench->log, UI_TEXT, line);
    st_text_free(&lines);
}

/* A run that ended says why. */
static void tell_end(Bench *bench, StTrainerState before) {
    const StTrainerStatus *status = &bench->status;
    char text[600];
    if (status->state == before) return;
    if (status->state == ST_STATE_DIVERGED) {
        snprintf(text, sizeof text, "%s. r begins anew; first try: rate %.3g; l shows its last steps",
                 status->reason, status->rate / 3);
        log_autopsy(bench);
        bench_say(bench, UI_BAD, text);
    } else if (status->state == ST_STATE_DONE) {
        snprintf(text, sizeof text, "%s; space trains on, w saves",
                 *status->reason ? status->reason : "all epochs are done");
        bench_say(bench, UI_GOOD, text);
    }
}

static void take_look(Bench *bench) {
    const StLook *look = st_inspection_look(bench->inspection);
    if (!look) return;
    if (bench->look) st_inspection_release(bench->inspection, bench->look);
    bench->look = look;
    trends_add(bench->trends, &look->readings);
}

void bench_news(Bench *bench) {
    const SessionRun *run = session_run(bench->session);
    if (!run) return;
    StTrainerState before = bench->status.state;
    take_records(bench, run->trainer);
    st_trainer_status(run->trainer, &bench->status);
    if (before == ST_STATE_TRAINING && bench->status.state != before) take_records(bench, run->trainer);
    tell_end(bench, before);
    if (!bench->inspection) return;
    const View *view = views[bench->focus];
    StWant want = {.tensor = -1};
    ViewContext context = bench_context(bench, bench->focus);
    if (view->want && context.state) view->want(&context, &want);
    if (memcmp(&want, &bench->want, sizeof want)) {
        bench->want = want;
        st_inspection_want(bench->inspection, &want);
    }
    take_look(bench);
}
