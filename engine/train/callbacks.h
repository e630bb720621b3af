/* What `callbacks` says: what watches a run at the end of every epoch. Pure data, from an option table; the
 * trainer acts by it (trainer_callbacks.c). Keras 3's EarlyStopping, ReduceLROnPlateau, ModelCheckpoint and
 * CSVLogger. A run ends at the first value that is not finite without being asked (TerminateOnNaN). */
#ifndef ST_TRAIN_CALLBACKS_H
#define ST_TRAIN_CALLBACKS_H

#include "train/compile.h"

enum { ST_CALLBACK_PATH_MAX = 512 };

/* Names are of what a run measures (st_monitor_find); "" is none. */
typedef struct StCallbacks {
    char early_stopping[ST_METRIC_NAME_MAX + 8];
    int patience;
    double min_delta, baseline; /* baseline: NaN is none */
    int start_from_epoch;
    bool restore_best;
    char reduce_on_plateau[ST_METRIC_NAME_MAX + 8];
    double factor;
    int plateau_patience;
    double plateau_min_delta;
    int cooldown;
    double min_lr;
    char stop_when[ST_METRIC_NAME_MAX + 40]; /* "val_accuracy>0.97" */
    char checkpoint[32];                    /* best, every:N */
    char checkpoint_monitor[ST_METRIC_NAME_MAX + 8];
    char checkpoint_file[ST_CALLBACK_PATH_MAX], csv_log[ST_CALLBACK_PATH_MAX];
} StCallbacks;

extern const StOption st_callbacks_options[];

/* Words after `callbacks`. What they do not name stays as it is in the spec; `callbacks none` takes all away,
 * early_stopping=, reduce_on_plateau= and checkpoint= what belongs to them. patience= and min_delta= are the
 * plateau's where there is no early stopping. On failure the spec is untouched. Printing gives the whole line
 * without its newline, reading back as the same; nothing where all are default. */
bool st_callbacks_parse(StCallbacks *callbacks, const StWord *words, int count, StError *error);
void st_callbacks_print(const StCallbacks *callbacks, StText *out);
void st_callbacks_print_changes(const StCallbacks *before, const StCallbacks *after, StText *out);
void st_callbacks_default(StCallbacks *callbacks);

/* A run is refused where a callback names something that is not measured. */
bool st_callbacks_check(const StCallbacks *callbacks, const StCompile *compile, bool validation,
                        StError *error);

/* Every how many epochs a checkpoint is written: 0 none, -1 whenever one is the best so far. */
int st_callbacks_checkpoint_every(const StCallbacks *callbacks);

/* What stop_when says. */
typedef struct StCondition {
    char name[ST_METRIC_NAME_MAX + 8]; /* val_accuracy */
    char op[3];                        /* > < >= <= */
    double value;
} StCondition;
bool st_condition_parse(const char *text, StCondition *condition, StError *error);
/* False for a value that is not a number. */
bool st_condition_holds(const StCondition *condition, double value);

#endif
