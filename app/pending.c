/* Stands in for parts that other rooms bring; goes when they are there. */
#include "inspect/inspection.h"
#include "train/check.h"
#include "view.h"
#include "workbench.h"

#define PENDING __attribute__((weak))

PENDING const View *const views[1] = {NULL};
PENDING const View *view_find(const char *name) {
    (void)name;
    return NULL;
}
PENDING const char *view_name_at(const void *unused, int index) {
    (void)unused, (void)index;
    return NULL;
}
PENDING bool view_print(Session *session, const char *view, int w, int h, const ViewSelect *select, FILE *out,
                        StError *error) {
    (void)session, (void)w, (void)h, (void)select, (void)out;
    return st_fail(error, ST_ERR_STATE, "view %s is not there yet", view);
}
PENDING bool view_print_json(Session *session, const char *view, const ViewSelect *select, FILE *out,
                             StError *error) {
    (void)session, (void)select, (void)out;
    return st_fail(error, ST_ERR_STATE, "view %s is not there yet", view);
}
PENDING int workbench_run(Session *session, const UiScreenOptions *options, int wake_fd, bool play) {
    (void)session, (void)options, (void)wake_fd, (void)play;
    return 1;
}
PENDING const StReadingKind st_reading_kinds[ST_READING_COUNT] = {
#define ROW(id, name, help, formula, bad) {name, help, formula, bad},
    ST_READINGS(ROW)};
PENDING bool st_check(const StCheckPlan *plan, StCheckReport *report, StError *error) {
    (void)plan, (void)report;
    return st_fail(error, ST_ERR_STATE, "the gradient check is not there yet");
}
PENDING void st_check_free(StCheckReport *report) {
    (void)report;
}
PENDING const char *st_verdict_word(StVerdict verdict) {
    (void)verdict;
    return "unknown";
}
PENDING void st_histogram(const float *values, int64_t count, int bins, StHistogram *out) {
    (void)values, (void)count, (void)bins;
    *out = (StHistogram){0};
}
PENDING void st_inspection_trouble(StInspection *inspection, char *out, size_t size) {
    (void)inspection;
    snprintf(out, size, "the inspection is not there yet");
}
