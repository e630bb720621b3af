/* The CSV file of a run: epoch, step, learning_rate, loss, the metrics, then the val_ ones (empty where they
 * were not measured), each with enough digits to read back the same float. */
#ifndef APP_RUN_LOG_H
#define APP_RUN_LOG_H

#include "train/trainer.h"

#include <stdio.h>

typedef struct RunLog {
    FILE *file; /* NULL: none */
    const char *path;
    const StCompile *compile;
    bool steps, held; /* held: a step's row that waits for its epoch's validation */
    StRecord row;
} RunLog;

/* path NULL: no log, and the rest does nothing. steps: a row a step, else a row an epoch. path and compile
 * must outlive it. */
bool run_log_open(RunLog *log, const char *path, bool steps, const StCompile *compile, StError *error);
void run_log_record(RunLog *log, const StRecord *record);
bool run_log_close(RunLog *log, StError *error);

#endif
