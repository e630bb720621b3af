/* What `compile` and `fit` say (callbacks.h has `callbacks`): pure data, from option tables.
 *
 * Losses, optimizers and metrics are each a list of rows (loss.h, optimizer.h, metric.h). A row holds the
 * description (StKind) and the numeric half side by side, in the file of its family, and is compiled in
 * float and in double as layer kinds are; what is here reads the description alone. A kind that Keras
 * knows by several words has a row for each, so that what was written is what is printed. */
#ifndef ST_TRAIN_COMPILE_H
#define ST_TRAIN_COMPILE_H

#include "base/option.h"

enum {
    ST_METRICS_MAX = 16,
    ST_SPEC_OPTIONS_MAX = 576,
    ST_METRIC_NAME_MAX = 96, /* of a metric as written with all its options by name, its end included */
    ST_METRIC_OPTIONS_MAX = 64
};

/* A loss: index for st_loss_kind_at + options (from_logits, label_smoothing, …). */
typedef struct StLossSpec {
    int kind; /* -1: none chosen */
    _Alignas(16) unsigned char options[ST_SPEC_OPTIONS_MAX];
} StLossSpec;

/* An optimizer: index for st_optimizer_kind_at + options (learning_rate, momentum, …). */
typedef struct StOptimizerSpec {
    int kind;
    _Alignas(16) unsigned char options[ST_SPEC_OPTIONS_MAX];
} StOptimizerSpec;

/* A schedule of the learning rate: index for st_schedule_kind_at + options (decay_steps, …). */
typedef struct StScheduleSpec {
    int kind; /* 0: none, the rate stays as it is */
    _Alignas(16) unsigned char options[ST_SPEC_OPTIONS_MAX];
} StScheduleSpec;

/* A metric: index for st_metric_kind_at + options (thresholds, k, …). It is known everywhere by the name that
 * was written. */
typedef struct StMetricSpec {
    int kind;
    char name[ST_METRIC_NAME_MAX]; /* "precision:0.7" */
    _Alignas(16) unsigned char options[ST_METRIC_OPTIONS_MAX];
} StMetricSpec;

typedef struct StCompile {
    bool given;
    StOptimizerSpec optimizer;
    StLossSpec loss;
    StScheduleSpec schedule;
    int metrics;
    StMetricSpec metric[ST_METRICS_MAX];
} StCompile;

typedef struct StFit {
    bool given;
    int epochs, batch_size;
    bool shuffle;
    char class_weight[256]; /* "balanced", "0:1,1:5" (train/class_weight.h); "" is none */
} StFit;

/* Words after `compile`: optimizer, loss and metrics=a,b by place or by name, schedule= by name, and every
 * option of the chosen optimizer, loss and schedule, in any order. Where two of these have an option of one
 * name (alpha of a focal loss and of cosine_decay), it is of the one that was named last before it. Words
 * after `fit`. What they do not name stays as it is in the spec; another optimizer, loss or
 * schedule begins with its defaults and leaves the others alone, schedule=none takes it away, and metrics=
 * replaces the list. On failure the spec is untouched. Printing gives the whole line without its newline,
 * reading back as the same; it gives nothing for a compile or fit that was not given. */
bool st_compile_parse(StCompile *compile, const StWord *words, int count, StError *error);
void st_compile_print(const StCompile *compile, StText *out);
bool st_fit_parse(StFit *fit, const StWord *words, int count, StError *error);
void st_fit_print(const StFit *fit, StText *out);
/* What differs, for people: "optimizer adam → sgd, learning_rate 0.001 → 0.01"; nothing where nothing does,
 * and the whole line where there was none before. */
void st_compile_print_changes(const StCompile *before, const StCompile *after, StText *out);
void st_fit_print_changes(const StFit *before, const StFit *after, StText *out);
void st_compile_default(StCompile *compile);
void st_fit_default(StFit *fit);

/* What measures the same loss without a thought of training: no metrics, no schedule, the cheapest optimizer.
 */
StCompile st_compile_loss_alone(const StCompile *compile);

/* One metric with its options behind colons, by place or by name, as Keras' constructor has them:
 * "top_k_categorical_accuracy:3", "precision:0.7", "auc:curve=PR"; an empty place keeps its default. */
bool st_metric_parse(StMetricSpec *metric, const char *text, StError *error);

/* Another optimizer, loss or schedule with its defaults. */
void st_compile_choose_optimizer(StCompile *compile, int kind);
void st_compile_choose_loss(StCompile *compile, int kind);
void st_compile_choose_schedule(StCompile *compile, int kind);

/* The option tables, for forms, help and completion. */
extern const StOption st_fit_options[];

/* Finds a measured name. metric: -1 for the loss, else the index in StCompile.metric. False where unknown. */
bool st_monitor_find(const StCompile *compile, const char *name, bool *validation, int *metric);
/* accuracy: yes; loss, mse: no. */
bool st_monitor_higher_is_better(const StCompile *compile, int metric);
/* Refuses a name that is not measured, for a callback: suggests the nearest, or asks for validation. */
bool st_monitor_check(const StCompile *compile, const char *what, const char *name, bool validation,
                      StError *error);

/* A kind of loss, optimizer, schedule or metric as everybody sees it. help is a sentence without a full stop.
 */
typedef struct StKind {
    const char *name, *help, *formula;
    const char *alias_of;    /* the kind's own name where this row is another word for it, else NULL */
    const StOption *options; /* NULL: none */
    size_t options_size;
    bool higher_is_better; /* metrics: accuracy yes, mse no */
} StKind;
const StKind *st_loss_kind_at(int index); /* NULL before the first and behind the last */
const StKind *st_optimizer_kind_at(int index);
const StKind *st_schedule_kind_at(int index);
const StKind *st_metric_kind_at(int index);
/* Their names, for st_nearest. */
const char *st_loss_name_at(const void *unused, int index);
const char *st_optimizer_name_at(const void *unused, int index);
const char *st_schedule_name_at(const void *unused, int index);
const char *st_metric_name_at(const void *unused, int index);

/* The learning rate inside the optimizer's options (0 where no optimizer was chosen): what a schedule
 * begins with. */
double st_compile_learning_rate(const StCompile *compile);
void st_compile_set_learning_rate(StCompile *compile, double rate);
/* Some schedules say all their rates themselves: then that one plays no part. */
bool st_compile_uses_learning_rate(const StCompile *compile);
/* The learning rate of a step (from 0), given that one, by the schedule. */
double st_compile_rate_at(const StCompile *compile, double learning_rate, int64_t step);

#endif
