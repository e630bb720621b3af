#include "inspect/study.h"

#include "base/thread.h"
#include "data/json.h"
#include "inspect/lens.h"
#include "inspect/studies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ST_STUDY_ROW(id) &st_study_##id,
const StStudy *const st_studies[] = {ST_STUDIES(ST_STUDY_ROW) NULL};
#undef ST_STUDY_ROW

const char *st_tag_word(StTag tag) {
    static const char *const words[] = {
        [ST_MEASURED] = "measured", [ST_ESTIMATED] = "estimated", [ST_EXPERIMENTAL] = "experimental"};
    return (size_t)tag < sizeof words / sizeof *words ? words[tag] : "";
}

StAsk st_ask(int study) {
    return (StAsk){.study = study,
                   .layer = -1,
                   .unit = -1,
                   .part = -1,
                   .row = -1,
                   .klass = -1,
                   .column = -1,
                   .value = NAN,
                   .other = -1};
}

bool st_ask_same(const StAsk *a, const StAsk *b) {
    bool value = a->value == b->value || (isnan(a->value) && isnan(b->value));
    return value && a->study == b->study && a->any == b->any && a->layer == b->layer && a->unit == b->unit &&
           a->part == b->part && a->row == b->row && a->klass == b->klass && a->column == b->column &&
           a->count == b->count && a->other == b->other && a->turn == b->turn && a->made == b->made;
}

bool st_job_go_on(StJob *job, double done, StError *error) {
    return !job->go_on || job->go_on(job, done, error);
}

/* ---- the table ---- */

int st_study_find(const char *group, const char *name) {
    for (int i = 0; st_studies[i]; i++) {
        if (strcmp(st_studies[i]->group, group)) continue;
        if (!name || !*name || !strcmp(st_studies[i]->name, name)) return i;
    }
    return -1;
}

int st_study_count(const char *group) {
    int count = 0;
    for (int i = 0; st_studies[i]; i++)
        count += !strcmp(st_studies[i]->group, group);
    return count;
}

int st_study_next(int study, int step) {
    const char *group = st_studies[study]->group;
    int first = st_study_find(group, NULL), count = st_study_count(group);
    return first + ((study - first + step) % count + count) % count;
}

const char *st_study_name_at(const void *group, int index) {
    int first = st_study_find(group, NULL);
    return first >= 0 && index < st_study_count(group) ? st_studies[first + index]->name : NULL;
}

static bool is_missing(const StLens *lens, int study) {
    return st_studies[study]->missing && st_studies[study]->missing(lens);
}

int st_study_chosen(const StLens *lens, const StAsk *ask) {
    if (!ask->any || !is_missing(lens, ask->study)) return ask->study;
    for (int i = 1; i < st_study_count(st_studies[ask->study]->group); i++) {
        int study = st_study_next(ask->study, i);
        if (!is_missing(lens, study)) return study;
    }
    return ask->study;
}

bool st_study_run(StJob *job, StError *error) {
    const StStudy *study = st_studies[job->ask->study];
    const char *missing = study->missing ? study->missing(job->lens) : NULL;
    if (missing) return st_fail(error, ST_ERR_STATE, "%s: %s", study->name, missing);
    return study->run(job, error) && st_finding_done(job->finding, error);
}

/* ---- one, here and now ---- */

StFound *st_found_make(StLens *lens, const StAsk *ask, const StSnapshot *snapshot, StError *error) {
    StFound *found = calloc(1, sizeof *found);
    if (!found) {
        st_fail_memory(error, "what is found", sizeof *found);
        return NULL;
    }
    double begun = st_seconds(CLOCK_THREAD_CPUTIME_ID);
    found->ask = *ask;
    found->ask.study = st_study_chosen(lens, ask);
    found->step = snapshot->step, found->epoch = snapshot->epoch, found->run = snapshot->run;
    StWeightSet start;
    StJob job = {
        .lens = lens, .ask = &found->ask, .snapshot = snapshot, .other = &start, .finding = &found->finding};
    bool done = st_lens_start(lens, &start, error) && st_lens_look(lens, &snapshot->weights, error) &&
                st_study_run(&job, error);
    found->ask.input = NULL;
    found->done = 1;
    found->cost_seconds = st_seconds(CLOCK_THREAD_CPUTIME_ID) - begun;
    if (done) return found;
    st_found_free(found);
    return NULL;
}

void st_found_free(StFound *found) {
    if (!found) return;
    st_finding_clear(&found->finding);
    free(found);
}

void st_found_json(const StFound *found, StText *out) {
    const StStudy *study = st_studies[found->ask.study];
    st_text_format(out, "{\"view\":\"%s\",\"method\":\"%s\",\"step\":", study->group, study->name);
    st_json_number(out, found->step < 0 ? NAN : (double)found->step);
    st_text_add(out, ",\"epoch\":");
    st_json_number(out, found->epoch < 0 ? NAN : (double)found->epoch);
    st_text_format(out, ",\"tag\":\"%s\",\"cost\":", st_tag_word(study->tag));
    st_json_string(out, study->cost);
    st_text_add(out, ",\"cost_seconds\":");
    st_json_number(out, found->cost_seconds);
    st_finding_json(&found->finding, out);
    st_text_add(out, "}");
}
