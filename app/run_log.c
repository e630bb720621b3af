#include "run_log.h"
#include "fit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void log_cells(RunLog *log, const StScores *scores, StText *line) {
    for (int m = -1; m < log->compile->metrics; m++) {
        st_text_add(line, ",");
        if (scores) st_text_number(line, fit_score(scores, m));
    }
}

static void log_row(RunLog *log, const StRecord *row) {
    StText line = {0};
    st_text_format(&line, "%" PRId64 ",%" PRId64 ",", row->epoch, row->step);
    st_text_number(&line, row->rate);
    log_cells(log, &row->train, &line);
    log_cells(log, row->validated ? &row->validation : NULL, &line);
    st_text_add(&line, "\n");
    fputs(st_text_string(&line), log->file);
    if (row->validated || !log->steps) fflush(log->file); /* epoch by epoch for who watches the file */
    st_text_free(&line);
}

static void log_flush_row(RunLog *log) {
    if (log->held) log_row(log, &log->row);
    log->held = false;
}

void run_log_record(RunLog *log, const StRecord *record) {
    if (!log->file) return;
    if (!log->steps) {
        if (record->epoch_end) log_row(log, record);
        return;
    }
    if (record->epoch_end && log->held) { /* the last step's row of an epoch carries the validation */
        log->row.validated = record->validated;
        log->row.validation = record->validation;
    }
    log_flush_row(log);
    if (record->epoch_end) return;
    log->row = *record;
    log->held = true;
}

bool run_log_open(RunLog *log, const char *path, bool steps, const StCompile *compile, StError *error) {
    *log = (RunLog){.path = path, .compile = compile, .steps = steps};
    if (!path) return true;
    log->file = fopen(path, "w");
    if (!log->file) return st_fail(error, ST_ERR_FILE, "%s: %s", path, strerror(errno));
    fputs("epoch,step,learning_rate", log->file);
    for (int m = -1; m < compile->metrics; m++)
        fprintf(log->file, ",%s", fit_score_name(compile, m));
    for (int m = -1; m < compile->metrics; m++)
        fprintf(log->file, ",val_%s", fit_score_name(compile, m));
    fputs("\n", log->file);
    return true;
}

bool run_log_close(RunLog *log, StError *error) {
    if (!log->file) return true;
    log_flush_row(log);
    bool bad = ferror(log->file) != 0;
    bad = fclose(log->file) != 0 || bad;
    return !bad || st_fail(error, ST_ERR_FILE, "%s: %s", log->path, strerror(errno));
}
