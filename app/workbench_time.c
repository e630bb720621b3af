/* The moments of the run: going back and forth through them, branching from one, rewinding after a
 * divergence, and how much memory they may take. */
#include "session_inner.h"
#include "autopsy.h"
#include "workbench_inside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Bench *of(const CommandCall *call) {
    return call->context;
}

/* ---- the ring ---- */

void bench_moments_begin(Bench *bench) {
    const SessionRun *run = session_run(bench->session);
    bench->gaze.moment = bench->moment_step = -1;
    if (!bench->moments)
        bench->moments = st_moments_create(bench->moments_bytes, NULL); /* NULL: none are kept */
    if (!bench->moments) return;
    if (bench->branching >= 0)
        st_moments_branch(bench->moments, bench->branching, run->number);
    else
        st_moments_clear(bench->moments);
}

static bool has_moments(const Bench *bench, const char *verb, StError *error) {
    bool has = bench->has_run && bench->moments && st_moments_count(bench->moments) > 0;
    return has || st_fail(error, ST_ERR_STATE, "%s: no moments are kept yet; space trains", verb);
}

static int64_t newest(const Bench *bench) {
    return st_moments_next(bench->moments, -1, 0);
}

/* ---- going through them ---- */

int64_t bench_moment(const Bench *bench) {
    if (bench->gaze.moment < 0) return -1;
    return bench->look && bench->look->past ? bench->look->readings.step : bench->gaze.moment;
}

bool bench_past(const Bench *bench, char text[ST_MESSAGE_MAX]) {
    int64_t step = bench_moment(bench);
    if (step < 0) return false;
    snprintf(text, ST_MESSAGE_MAX, "step %lld of %lld: → forward, end: the present, B branches from here",
             (long long)step, (long long)bench->status.step);
    return true;
}

static void look_at(Bench *bench, int64_t step) {
    bench->gaze.moment = step >= newest(bench) ? -1 : step;
    if (bench->inspection) st_inspection_at(bench->inspection, bench->gaze.moment);
    bench->changed = true;
}

static bool read_step(const char *verb, const char *word, int64_t *step, StError *error) {
    double number;
    if (!st_number(word, &number) || number != floor(number) || number < 0 || number > 1e15)
        return st_fail(error, ST_ERR_VALUE, "%s: '%.40s': wanted the number of a step", verb, word);
    *step = (int64_t)number;
    return true;
}

/* The nearest moment to a step that was named. */
static int64_t nearest(const Bench *bench, int64_t step) {
    const StMoment *moment = st_moments_hold(bench->moments, step);
    int64_t found = moment ? moment->snapshot.step : -1;
    st_moments_release(bench->moments, moment);
    return found;
}

bool bench_act_moment(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    const char *word = call->count > 1 ? call->words[1].text : "";
    int64_t now = bench->gaze.moment, places = 1, step = -1;
    int by = !strcmp(word, "back") ? -1 : !strcmp(word, "forward") ? 1 : 0;
    if (call->count < 2 || call->count > 2 + (by != 0))
        return st_fail(error, ST_ERR_VALUE, "moment: wanted back, forward, first, last or a step");
    if (!has_moments(bench, "moment", error)) return false;
    if (call->count == 3 && !read_step("moment", call->words[2].text, &places, error)) return false;
    if (places > 100000) places = 100000;
    if (by)
        step = now < 0 && by > 0 ? newest(bench) : st_moments_next(bench->moments, now, by * (int)places);
    else if (!strcmp(word, "first"))
        step = st_moments_next(bench->moments, 0, 0);
    else if (!strcmp(word, "last"))
        step = newest(bench);
    else if (read_step("moment", word, &step, error))
        step = nearest(bench, step);
    else
        return false;
    look_at(bench, step);
    if (bench->gaze.moment == now && (by || !strcmp(word, "last")))
        bench_say(bench, UI_DIM, now < 0 ? "this is the present; ← goes back" : "this is the first moment");
    return true;
}

/* ---- going on from one ---- */

/* From the moment nearest to a step. */
static bool branch_from(Bench *bench, int64_t step, int64_t *from, StError *error) {
    const StMoment *moment = st_moments_hold(bench->moments, step);
    if (!moment) return st_fail(error, ST_ERR_STATE, "branch: no moments are kept");
    *from = bench->branching = moment->snapshot.step;
    bool done = session_branch(bench->session, &moment->snapshot, error);
    bench->branching = -1;
    st_moments_release(bench->moments, moment);
    return done;
}

bool bench_act_branch(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    int64_t step = bench->gaze.moment;
    char text[160];
    bool there = step >= 0 || !strcmp(views[bench->focus]->name, "time");
    if (call->count > 2) return st_fail(error, ST_ERR_VALUE, "branch: wanted one step, or nothing");
    if (call->count == 2 && !read_step("branch", call->words[1].text, &step, error)) return false;
    if (!has_moments(bench, "branch", error)) return false;
    if (call->count < 2 && !there)
        return st_fail(error, ST_ERR_STATE,
                       "branch: look at a moment first (← goes back), or name one: branch 812");
    if (!branch_from(bench, step, &step, error)) return false;
    snprintf(text, sizeof text, "branched from step %lld, rate %g: space trains on", (long long)step,
             session_base_rate(bench->session));
    bench_say(bench, UI_GOOD, text);
    return true;
}

/* Back to where it was well, with a third of the rate. */
bool bench_act_rewind(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    char text[300], digits[40];
    double rate = session_base_rate(bench->session), loss;
    if (call->count > 1) return st_fail(error, ST_ERR_VALUE, "rewind: wanted nothing after it");
    if (!has_moments(bench, "rewind", error)) return false;
    bool diverged = bench->status.state == ST_STATE_DIVERGED;
    int64_t step = autopsy_good(bench->moments, bench->look, diverged, bench->status.step, &loss, NULL);
    if (step < 0)
        return st_fail(error, ST_ERR_STATE, "rewind: nothing is wrong; ← goes back, B branches from there");
    snprintf(digits, sizeof digits, "%.3g", rate / 3);
    if (!session_set_rate(bench->session, strtod(digits, NULL), error)) return st_fail_at(error, "rewind");
    if (!branch_from(bench, step, &step, error)) {
        session_take_back(bench->session);
        return false;
    }
    char good[40] = "the first moment";
    if (isfinite(loss)) snprintf(good, sizeof good, "newest good, loss %.3g", loss);
    snprintf(text, sizeof text, "rewound to step %lld (%s): rate %g → %s, space trains on", (long long)step,
             good, rate, digits);
    bench_say(bench, UI_GOOD, text);
    return true;
}

/* ---- how much ---- */

/* "64MB", "0.5 GB", "64" (megabytes). */
static bool read_size(const char *word, size_t *bytes, StError *error) {
    static const struct {
        const char *unit;
        double bytes;
    } units[] = {{"kB", 1 << 10}, {"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}, {"", 1 << 20}};
    char *end;
    double number = strtod(word, &end);
    for (size_t i = 0; end > word && i < sizeof units / sizeof *units; i++) {
        double size = number * units[i].bytes;
        if (strcmp(end, units[i].unit) || !(size >= 1 << 10 && size <= 1e12)) continue;
        *bytes = (size_t)size;
        return true;
    }
    return st_fail(error, ST_ERR_VALUE, "history: '%.40s': wanted a size from 1kB up, such as 64MB", word);
}

bool bench_act_history(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    char text[160];
    size_t bytes = bench->moments_bytes;
    if (call->count > 2) return st_fail(error, ST_ERR_VALUE, "history: wanted one size, such as 64MB");
    if (call->count == 2 && !read_size(call->words[1].text, &bytes, error)) return false;
    bench->moments_bytes = bytes;
    if (bench->moments) st_moments_set_bound(bench->moments, bytes);
    if (bench->gaze.moment >= 0) look_at(bench, nearest(bench, bench->gaze.moment));
    int count = bench->moments ? st_moments_count(bench->moments) : 0;
    snprintf(text, sizeof text, "the moments of a run take at most %.4g MB; %d %s there",
             (double)bytes / (1 << 20), count, count == 1 ? "is" : "are");
    bench_say(bench, UI_TEXT, text);
    return true;
}
