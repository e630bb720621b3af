#include "fit.h"
#include "run_log.h"
#include "session_inner.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- figures as text ---- */

const char *fit_score_name(const StCompile *compile, int metric) {
    return metric < 0 ? "loss" : compile->metric[metric].name;
}

double fit_score(const StScores *scores, int metric) {
    return metric < 0 ? scores->loss : scores->metric[metric];
}

void fit_scores(const StCompile *compile, const StScores *scores, const char *prefix, StText *out) {
    for (int m = -1; m < compile->metrics; m++) {
        double value = fit_score(scores, m);
        bool small = value != 0 && fabs(value) < 1e-3;
        st_text_format(out, " - %s%s: ", prefix, fit_score_name(compile, m));
        st_text_format(out, small ? "%.4e" : "%.4f", isnan(value) ? fabs(value) : value); /* never "-nan" */
    }
}

void fit_scores_lines(const StCompile *compile, const StScores *scores, StText *out) {
    for (int m = -1; m < compile->metrics; m++)
        st_text_format(out, "%s %.9g\n", fit_score_name(compile, m), fit_score(scores, m));
}

void json_number(StText *out, double value) {
    if (isfinite(value))
        st_text_number(out, value);
    else
        st_text_add(out, "null");
}

void fit_scores_json(const StCompile *compile, const StScores *scores, const char *prefix, StText *out) {
    for (int m = -1; m < compile->metrics; m++) {
        st_text_format(out, ", \"%s%s\": ", prefix, fit_score_name(compile, m));
        json_number(out, fit_score(scores, m));
    }
}

/* ---- training ---- */

typedef struct Watch {
    Session *session;
    StTrainer *trainer;
    const StCompile *compile;
    RunLog log;
    FitResult *result;
    int64_t announced; /* the epoch that has its head line */
    bool drawn;        /* a progress line stands */
} Watch;

static void say_head(Watch *watch, int64_t epoch, int64_t epochs) {
    if (watch->session->plan.quiet || epoch <= watch->announced) return;
    char line[64];
    snprintf(line, sizeof line, "Epoch %" PRId64 "/%" PRId64 "\n", epoch, epochs);
    session_print(watch->session, line);
    watch->announced = epoch;
}

/* That reduce_on_plateau has lowered the rate. */
static void say_rate(const Watch *watch, const StRecord *record) {
    const StCallbacks *callbacks = &session_run(watch->session)->recipe->callbacks;
    char line[192];
    if (!*callbacks->reduce_on_plateau || record->next_rate == record->rate) return;
    snprintf(line, sizeof line, "learning rate %g → %g: %s did not get better\n", record->rate,
             record->next_rate, callbacks->reduce_on_plateau);
    session_print(watch->session, line);
}

static void say_epoch(Watch *watch, const StRecord *record, const StTrainerStatus *status) {
    if (watch->session->plan.quiet) return;
    say_head(watch, record->epoch, status->epochs);
    StText line = {0};
    st_text_format(&line, "%s%" PRId64 "/%" PRId64 " - %.0fs", watch->drawn ? "\r\033[K" : "",
                   status->steps_per_epoch, status->steps_per_epoch, record->seconds);
    fit_scores(watch->compile, &record->train, "", &line);
    if (record->validated) fit_scores(watch->compile, &record->validation, "val_", &line);
    st_text_add(&line, "\n");
    session_print(watch->session, st_text_string(&line));
    st_text_free(&line);
    watch->drawn = false;
    say_rate(watch, record);
}

static void draw_progress(Watch *watch, const StTrainerStatus *status) {
    if (!watch->session->plan.progress || watch->session->plan.quiet || !status->has_last) return;
    if (status->steps_per_epoch <= 0 || status->epoch >= status->epochs) return;
    say_head(watch, status->epoch + 1, status->epochs);
    StText line = {0};
    st_text_format(&line, "\r%" PRId64 "/%" PRId64 " - %.0f rows/s", status->step % status->steps_per_epoch,
                   status->steps_per_epoch, status->samples_per_s);
    fit_scores(watch->compile, &status->last, "", &line);
    st_text_add(&line, "\033[K");
    session_print(watch->session, st_text_string(&line));
    st_text_free(&line);
    watch->drawn = true;
}

static void take_records(Watch *watch) {
    enum { CHUNK = 64 };
    StRecord records[CHUNK];
    StTrainerStatus status;
    int count;
    while ((count = st_trainer_read(watch->trainer, records, CHUNK)) > 0) {
        st_trainer_status(watch->trainer, &status);
        if (watch->session->history) history_add(watch->session->history, records, count);
        for (int i = 0; i < count; i++) {
            run_log_record(&watch->log, &records[i]);
            if (records[i].epoch_end) say_epoch(watch, &records[i], &status);
            if (records[i].epoch_end || !watch->result->has_fit) watch->result->fit = records[i].train;
            watch->result->has_fit |= records[i].epoch_end;
        }
    }
}

static bool is_over(StTrainerState state) {
    return state == ST_STATE_DONE || state == ST_STATE_DIVERGED || state == ST_STATE_STOPPED;
}

/* A signal handler can be told nothing, so this alone is not in a Watch. A handler and no signalfd: a library
 * may have made threads before main began (OpenBLAS does), in which nothing can be blocked. */
static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
    (void)number;
    interrupted = 1;
}

static void take_interrupt(Watch *watch) {
    if (!interrupted) return;
    interrupted = 0;
    watch->result->interrupted = true;
    st_trainer_stop(watch->trainer);
}

/* Waits for news from the trainer, at most some milliseconds. */
static void wait_for_news(const Watch *watch, int milliseconds) {
    struct pollfd news = {.fd = watch->session->plan.wake_fd, .events = POLLIN};
    uint64_t count;
    if (poll(&news, 1, milliseconds) > 0 && read(news.fd, &count, sizeof count) < 0) return;
}

/* News is awaited, then gathered for a few milliseconds, so that the trainer is not woken for every step. */
static void watch_run(Watch *watch) {
    enum { GATHER = 4, PROGRESS = 25 }; /* milliseconds; gatherings a progress line */
    StTrainerStatus *status = &watch->result->status;
    for (int turn = 1;; turn++) {
        wait_for_news(watch, 100);
        take_interrupt(watch);
        st_trainer_status(watch->trainer, status);
        take_records(watch);
        if (is_over(status->state)) {
            st_trainer_wait(watch->trainer);
            take_records(watch);
            st_trainer_status(watch->trainer, status);
            if (is_over(status->state)) break;
        }
        if (turn % PROGRESS == 0) draw_progress(watch, status);
        poll(NULL, 0, GATHER);
    }
    if (watch->drawn) session_print(watch->session, "\n");
}

static bool evaluate_parts(Watch *watch, StError *error) {
    const SessionRun *run = session_run(watch->session);
    for (int part = ST_VALIDATION; part < ST_PARTS; part++) {
        if (st_dataset_rows(run->dataset, (StPart)part) == 0) continue;
        if (!st_trainer_evaluate(watch->trainer, (StPart)part, &watch->result->scores[part], error))
            return false;
        watch->result->has[part] = true;
    }
    return true;
}

static void say_end(Watch *watch) {
    if (watch->session->plan.quiet) return;
    StText line = {0};
    if (*watch->result->status.reason) st_text_format(&line, "%s\n", watch->result->status.reason);
    if (watch->result->has[ST_TEST]) {
        StText scores = {0};
        fit_scores(watch->compile, &watch->result->scores[ST_TEST], "test_", &scores);
        st_text_format(&line, "%s\n", st_text_string(&scores) + 3);
        st_text_free(&scores);
    }
    session_print(watch->session, st_text_string(&line));
    st_text_free(&line);
}

void fit_autopsy(StTrainer *trainer, StText *out) {
    enum { STEPS = 32 };
    StAutopsyStep steps[STEPS];
    int tensors, count = st_trainer_autopsy(trainer, steps, STEPS);
    const StTensor *tensor = st_trainer_tensors(trainer, &tensors);
    if (count == 0) return;
    st_text_format(out, "%10s %12s %15s  largest |step|/|weight|\n", "step", "loss", "largest |w|");
    for (int i = 0; i < count; i++) {
        const StAutopsyStep *step = &steps[i];
        st_text_format(out, "%10" PRId64 " %12.4g %15.4g", step->step, step->loss, step->largest_weight);
        if (step->ratio_tensor >= 0)
            st_text_format(out, "  %.2g %s", step->update_ratio, tensor[step->ratio_tensor].name);
        st_text_add(out, "\n");
    }
}

static void say_autopsy(Watch *watch) {
    if (watch->session->plan.quiet) return;
    StText lines = {0};
    fit_autopsy(watch->trainer, &lines);
    session_print(watch->session, st_text_string(&lines));
    st_text_free(&lines);
}

static bool watch_all(Watch *watch, StError *error) {
    st_trainer_play(watch->trainer);
    watch_run(watch);
    const StTrainerStatus *status = &watch->result->status;
    if (status->state == ST_STATE_DIVERGED) {
        say_autopsy(watch);
        return st_fail(error, ST_ERR_NONFINITE, "%.600s", status->reason);
    }
    if (status->failed) return st_fail(error, ST_ERR_FILE, "%.600s", status->reason);
    if (!evaluate_parts(watch, error)) return false;
    say_end(watch);
    return true;
}

/* The present run goes on where the recipe is still the one that it was made from, with its optimizer's
 * state; else a new one begins with the weights that there are. */
static bool begin_fit(Session *session, const FitPlan *plan, StError *error) {
    if (session_run(session) && !session_pending(session, NULL)) return true;
    return session_start(
        session, &(SessionStart){.keep = true, .paused = true, .no_shuffle = plan->no_shuffle}, error);
}

/* Curves for `show train` in scripts and shells; short of memory, there are none. */
static void begin_history(Session *session) {
    const SessionRun *run = session_run(session);
    StTrainerStatus status;
    if (session->history || !(session_place(session) & (PLACE_SCRIPT | PLACE_SHELL))) return;
    if (!(session->history = history_create())) return;
    st_trainer_status(run->trainer, &status);
    history_begin_run(session->history, run->number, &run->recipe->compile, status.steps_per_epoch);
}

bool fit_train(Session *session, const FitPlan *plan, FitResult *result, StError *error) {
    *result = (FitResult){.fit = {.loss = NAN}};
    for (int m = 0; m < ST_METRICS_MAX; m++)
        result->fit.metric[m] = NAN; /* nothing was measured yet */
    Watch watch = {.session = session, .result = result};
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART}, before;
    interrupted = 0;
    sigaction(SIGINT, &action, &before);
    bool done = begin_fit(session, plan, error);
    if (done) {
        watch.trainer = session_run(session)->trainer;
        watch.compile = &session_run(session)->recipe->compile;
        begin_history(session);
        done = run_log_open(&watch.log, plan->log, plan->log_steps, watch.compile, error);
        done = done && watch_all(&watch, error);
        done = (run_log_close(&watch.log, done ? error : NULL) && done);
    }
    sigaction(SIGINT, &before, NULL);
    return done;
}

/* ---- commands ---- */

bool fit_act(const CommandCall *call, StError *error) {
    FitResult result;
    if (!fit_train(call->session, &(FitPlan){0}, &result, error)) return false;
    if (!result.interrupted || session_place(call->session) != PLACE_SCRIPT) return true;
    return st_fail(error, ST_ERR_STOPPED, "fit: interrupted at step %" PRId64, result.status.step);
}

bool evaluate_act(const CommandCall *call, StError *error) {
    StPart part = ST_TEST;
    if (call->count > 2)
        return st_fail(error, ST_ERR_VALUE, "evaluate: '%.60s' is one word too many, wanted a part",
                       call->words[2].text);
    if (call->count > 1 && !st_part_find(call->words[1].value, &part, error))
        return st_fail_at(error, "evaluate");
    StScores scores;
    if (!session_evaluate(call->session, part, &scores, error)) return st_fail_at(error, "evaluate");
    StText text = {0};
    fit_scores_lines(&session_run(call->session)->recipe->compile, &scores, &text);
    session_print(call->session, st_text_string(&text));
    st_text_free(&text);
    return true;
}
