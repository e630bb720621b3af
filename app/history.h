/* The history of one run: what the trainer's records said, kept for plots in bounded memory. Every series
 * holds points with the least and greatest value that they stand for; when a series is full, neighbours are
 * merged, so no spike is lost. */
#ifndef APP_HISTORY_H
#define APP_HISTORY_H

#include "train/trainer.h"

#include "plot.h"

/* What the x axis counts. id, name, title. Seconds leave pauses and the pace out. */
#define HISTORY_AXES(ROW)                                                                                    \
    ROW(STEP, "step", "step") ROW(EPOCH, "epoch", "epoch") ROW(SECOND, "second", "seconds of computing")
typedef enum HistoryAxis {
#define HISTORY_AXIS_ENUM(id, name, title) HISTORY_##id,
    HISTORY_AXES(HISTORY_AXIS_ENUM)
#undef HISTORY_AXIS_ENUM
        HISTORY_AXIS_COUNT
} HistoryAxis;
const char *history_axis_name(HistoryAxis axis);
const char *history_axis_title(HistoryAxis axis);

/* Series: 0 is the loss, then the metrics as compiled. Each has training values by step (of one batch), by
 * epoch ("fit": the mean over the epoch, while weights moved, dropout on) and validation values by epoch. */
typedef enum HistoryKind { HISTORY_BATCH, HISTORY_FIT, HISTORY_VALIDATION, HISTORY_KINDS } HistoryKind;

typedef struct History History;
History *history_create(void); /* NULL: no memory */
void history_free(History *history);
/* Forgets all; the series are then the loss and `metrics` more, with these names (copied). */
void history_begin(History *history, uint64_t run, int metrics, const char *const *names,
                   int64_t steps_per_epoch);
/* The same for a run of this compile line. */
void history_begin_run(History *history, uint64_t run, const StCompile *compile, int64_t steps_per_epoch);
/* Records in the order that the trainer gave them. Short of memory, they are left out. */
void history_add(History *history, const StRecord *records, int count);

uint64_t history_run(const History *history);
int history_series(const History *history);                   /* 1 + metrics; 0: nothing yet */
const char *history_name(const History *history, int series); /* "loss", "accuracy" */
int history_find(const History *history, const char *name);   /* -1: there is none */

/* The points by x of the chosen axis; valid until the next add. A point stands at the end of the steps that
 * it is the mean of. The points of all axes are parallel: the i-th by epoch is the i-th by step. */
const UiPoint *history_points(const History *history, int series, HistoryKind kind, HistoryAxis axis,
                              size_t *count);
const UiPoint *history_rate(const History *history, HistoryAxis axis, size_t *count);
/* Where the learning rate was changed, newest last, at most HISTORY_CHANGES; returns how many. */
enum { HISTORY_CHANGES = 64 };
size_t history_rate_changes(const History *history, HistoryAxis axis, double *x, size_t most);

#endif
