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
    if (bench->studies) {
        st_studies_release(bench->studies, bench->found);
        st_studies_destroy(bench->studies);
    }
    bench->studies = NULL;
    bench->found = NULL;
    bench->no_studies = false;
    memset(bench->turn, 0, sizeof bench->turn); /* nothing was asked of the next run */
    bench->inspection = NULL;
    bench->look = NULL;
    bench->sick = NULL;
    bench->gaze.moment = -1;
    bench->has_run = false;
    bench->diverged[0] = bench->ended[0] = '\0';
    bench->changed = true;
}

void bench_forget(Bench *bench) {
    history_begin(bench->now, 0, 0, NULL, 1);
    history_begin(bench->last, 0, 0, NULL, 1);
    trends_clear(bench->trends);
    if (bench->moments) st_moments_clear(bench->moments);
    bench->status = (StTrainerStatus){0};
    bench->asked_from = -1;
    gaze_make(&bench->gaze, NULL, 0); /* rows, layers and drawings were of another recipe */
    int64_t made = bench->gaze.made;
    bench->gaze = gaze_nothing;
    bench->gaze.made = made;
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
        bench->recent[i] = NAN;
    }
    bench->has_run = true;
    bench->told_sick = false;
    if (bench->asked_from >= 0) bench->asked_from = 0; /* the order made this run */
    bench_moments_begin(bench);
    StInspectionPlan plan = {.trainer = run->trainer,
                             .stack = &recipe->stack,
                             .compile = &recipe->compile,
                             .dataset = run->dataset,
                             .moments = bench->moments,
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

/* "made step 241: loss 0.0531, accuracy 0.94, rate …" for the one who asked for it. */
static void remember_record(Bench *bench, const StRecord *record) {
    char loss[UI_NUMBER], validation[UI_NUMBER];
    ui_number(loss, record->train.loss, 8, 4);
    if (!record->epoch_end) {
        snprintf(bench->last_step, sizeof bench->last_step, "made step %lld: loss %s",
                 (long long)record->step, loss);
        return;
    }
    int length = snprintf(bench->last_epoch, sizeof bench->last_epoch, "made epoch %lld: loss %s",
                          (long long)record->epoch, loss);
    if (record->validated)
        snprintf(bench->last_epoch + length, sizeof bench->last_epoch - (size_t)length, ", val %s",
                 ui_number(validation, record->validation.loss, 8, 4));
}

/* The header's figures: the mean over the steps of the present epoch, as Keras' progress line has it. */
static void take_means(Bench *bench, const StRecord *record, int metrics) {
    double weight = (double)(record->step - record->first + 1);
    if (bench->recent_epoch != record->epoch) bench->recent_weight = 0;
    bench->recent_epoch = record->epoch;
    bench->recent_weight += weight;
    double share = weight / bench->recent_weight;
    for (int i = 0; i <= metrics; i++) {
        double value = i ? record->train.metric[i - 1] : record->train.loss, *mean = &bench->recent[i];
        *mean = share == 1 ? value : *mean + share * (value - *mean);
    }
}

static void take_records(Bench *bench, StTrainer *trainer) {
    StRecord record[64];
    int count, metrics = session_run(bench->session)->recipe->compile.metrics;
    while ((count = st_trainer_read(trainer, record, 64)) > 0) {
        history_add(bench->now, record, count);
        for (int i = 0; i < count; i++) {
            if (bench->asked_from >= 0) remember_record(bench, &record[i]);
            if (record[i].epoch_end) continue;
            take_means(bench, &record[i], metrics);
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

/* "rate 0.01 (sgd's default)", or a third of the present one where that is smaller. */
static void advise_rate(const Bench *bench, char text[80]) {
    const StCompile *compile = &session_run(bench->session)->recipe->compile;
    const StKind *kind = st_optimizer_kind_at(compile->optimizer.kind);
    const StOption *option = kind ? st_option_find(kind->options, "learning_rate") : NULL;
    double third = bench->status.base_rate / 3, standard;
    if (option && option->fallback && st_number(option->fallback, &standard) && standard <= third)
        snprintf(text, 80, "rate %g (%.40s's default)", standard, kind->name);
    else
        snprintf(text, 80, "rate %.1g", third);
}

/* A run that ended says why. */
static void tell_end(Bench *bench, StTrainerState before) {
    const StTrainerStatus *status = &bench->status;
    char text[600], rate[80];
    if (status->state != ST_STATE_DIVERGED) bench->diverged[0] = '\0';
    if (status->state != ST_STATE_DONE) bench->ended[0] = '\0';
    if (status->state == before) return;
    if (status->state == ST_STATE_DIVERGED) {
        advise_rate(bench, rate);
        if (bench->moments) /* a step may have been taken back */
            st_moments_branch(bench->moments, status->step, session_run(bench->session)->number);
        snprintf(bench->diverged, sizeof bench->diverged,
                 "%s. X: autopsy; enter there rewinds. Or :%s, then r", status->reason, rate);
        log_autopsy(bench);
        if (strcmp(views[bench->focus]->name, "autopsy"))
            bench_say(bench, UI_BAD, bench->diverged);
        else /* which says it all */
            ui_log_add(&bench->log, UI_BAD, bench->diverged);
    } else if (status->state == ST_STATE_DONE) {
        snprintf(text, sizeof text, "%s; space trains on, w saves",
                 *status->reason ? status->reason : "all epochs are done");
        snprintf(bench->ended, sizeof bench->ended, "%s", status->reason);
        bench_say(bench, UI_GOOD, text);
    }
}

/* What `step` and `epoch` made, once it is made. */
static void tell_made(Bench *bench) {
    const StTrainerStatus *status = &bench->status;
    const char *made = bench->asked_epoch && *bench->last_epoch ? bench->last_epoch : bench->last_step;
    if (bench->asked_from < 0 || status->state == ST_STATE_TRAINING) return;
    bool begun = status->step > bench->asked_from || status->state == ST_STATE_DIVERGED;
    if (!begun) return;
    if (status->state == ST_STATE_PAUSED && *made) bench_say(bench, UI_TEXT, made);
    bench->asked_from = -1;
}

/* A run that ended with weights that cannot learn must not look fine. */
static void find_sick(Bench *bench) {
    const StReadings *readings = &bench->look->readings;
    bench->sick = NULL;
    for (int i = 0; i < readings->count && !bench->sick; i++) {
        StVerdict verdict = readings->health[i].verdict;
        if (verdict == ST_DEAD || verdict == ST_EXPLODING || verdict == ST_VANISHING)
            bench->sick = &readings->health[i];
    }
    bool ended = bench->status.state == ST_STATE_DONE && readings->step == bench->status.step;
    if (!ended || !bench->sick || bench->told_sick) return;
    char text[600];
    bench->told_sick = true;
    snprintf(text, sizeof text, "done, but %d %s is %s: %.300s; r starts anew", bench->sick->layer + 1,
             bench->sick->name, st_verdict_word(bench->sick->verdict), bench->sick->reason);
    bench_say(bench, UI_WARN, text);
}

static void take_look(Bench *bench) {
    const StLook *look = st_inspection_look(bench->inspection);
    if (!look) return;
    if (bench->look) st_inspection_release(bench->inspection, bench->look);
    bench->look = look;
    bench->sick = NULL;
    if (look->past) return;
    trends_add(bench->trends, &look->readings);
    find_sick(bench);
}

/* The thread of studies, from when a view first asks for one. */
static StStudies *studies_of(Bench *bench) {
    const SessionRun *run = session_run(bench->session);
    StError error = {0};
    if (bench->studies || bench->no_studies) return bench->studies;
    StStudiesPlan plan = {.trainer = run->trainer,
                          .stack = &run->recipe->stack,
                          .compile = &run->recipe->compile,
                          .dataset = run->dataset,
                          .seed = run->recipe->seed,
                          .moments = bench->moments,
                          .share = bench->share,
                          .wake_fd = bench->wake_fd};
    bench->studies = st_studies_create(&plan, &error);
    bench->no_studies = !bench->studies;
    if (!bench->studies) bench_say(bench, UI_BAD, error.message);
    return bench->studies;
}

/* A new ask's answer does not wait for the share of frames that news have. Where it takes long it is news. */
static void await_answer(Bench *bench, const StAsk *ask, const StFound *found) {
    static const double PATIENCE = 0.25; /* seconds */
    if (!st_ask_same(ask, &bench->asked)) bench->awaited = bench_seconds() + PATIENCE;
    bench->asked = *ask;
    bench->asked.input = NULL; /* the gaze's */
    if (!found) return;
    StAsk its = found->ask;
    its.study = ask->study; /* it may have been free to choose */
    if (st_ask_same(&its, ask)) bench->awaited = 0;
}

/* Asks for what the view wants to know, and takes what was found. */
static void take_found(Bench *bench, bool news) {
    StAsk ask = st_ask(-1); /* nothing */
    ViewContext context = bench_context(bench, bench->focus);
    bool asks = context.state && view_ask(&context, views[bench->focus], &ask);
    StStudies *studies = asks ? studies_of(bench) : bench->studies;
    if (!studies) return;
    st_studies_want(studies, &ask, bench->gaze.moment);
    if (news) st_studies_news(studies);
    const StFound *found = st_studies_found(studies);
    st_studies_release(studies, bench->found);
    bench->found = found;
    if (asks) await_answer(bench, &ask, found);
}

/* Where the run rests, its snapshot is a moment, however soon it goes on: a step made by hand can be gone
 * back to. */
static void keep_moment(Bench *bench, StTrainer *trainer) {
    const StTrainerStatus *status = &bench->status;
    if (!bench->moments || status->state == ST_STATE_TRAINING || bench->moment_step == status->step) return;
    const StSnapshot *snapshot = st_trainer_snapshot(trainer, false);
    if (snapshot) st_moments_add(bench->moments, snapshot, NULL);
    st_trainer_release(trainer, snapshot);
    bench->moment_step = status->step;
}

void bench_news(Bench *bench) {
    const SessionRun *run = session_run(bench->session);
    if (!run) return;
    StTrainerState before = bench->status.state;
    take_records(bench, run->trainer);
    st_trainer_status(run->trainer, &bench->status);
    if (bench->status.state != ST_STATE_TRAINING) take_records(bench, run->trainer); /* come in between */
    keep_moment(bench, run->trainer);
    tell_made(bench);
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
    st_inspection_at(bench->inspection, bench->gaze.moment);
    const StLook *before_look = bench->look;
    take_look(bench);
    take_found(bench, bench->look != before_look);
}
