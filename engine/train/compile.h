/* What `compile`, `callbacks` and `fit` say: pure data, from option tables. The registries of losses,
 * optimizers and metrics each are a list of rows; a kind is one row (and one file, or a family's file). */
#ifndef ST_TRAIN_COMPILE_H
#define ST_TRAIN_COMPILE_H

#include "base/option.h"

enum { ST_METRICS_MAX = 8, ST_SPEC_OPTIONS_MAX = 256 };

/* A loss: index into st_loss_kinds + options (from_logits, label_smoothing, …). */
typedef struct StLossSpec {
    int kind; /* -1: none chosen */
    _Alignas(16) unsigned char options[ST_SPEC_OPTIONS_MAX];
} StLossSpec;

/* An optimizer: index into st_optimizer_kinds + options (learning_rate, momentum, …). */
typedef struct StOptimizerSpec {
    int kind;
    _Alignas(16) unsigned char options[ST_SPEC_OPTIONS_MAX];
} StOptimizerSpec;

typedef struct StCompile {
    bool given;
    StOptimizerSpec optimizer;
    StLossSpec loss;
    int metrics;
    int metric[ST_METRICS_MAX]; /* indices into st_metric_kinds */
} StCompile;

/* callbacks early_stopping=val_loss patience=3 min_delta=0 restore_best=yes stop_when=val_accuracy>0.97 */
typedef struct StCallbacks {
    char early_stopping[48]; /* the monitored name; "" is none */
    int patience;
    double min_delta;
    bool restore_best;
    char stop_when[64]; /* "val_accuracy>0.97"; "" is none */
} StCallbacks;

typedef struct StFit {
    bool given;
    int epochs, batch_size;
    bool shuffle;
} StFit;

/* Words after `compile`: optimizer= loss= metrics=a,b and every option of the chosen optimizer and loss, in
 * any order. Words after `callbacks` and `fit`. On failure the spec is untouched. Printing gives the
 * whole line without its newline, reading back as the same. */
bool st_compile_parse(StCompile *compile, const StWord *words, int count, StError *error);
void st_compile_print(const StCompile *compile, StText *out);
bool st_callbacks_parse(StCallbacks *callbacks, const StWord *words, int count, StError *error);
void st_callbacks_print(const StCallbacks *callbacks, StText *out);
bool st_fit_parse(StFit *fit, const StWord *words, int count, StError *error);
void st_fit_print(const StFit *fit, StText *out);
void st_compile_default(StCompile *compile);
void st_callbacks_default(StCallbacks *callbacks);
void st_fit_default(StFit *fit);

/* The option tables, for forms, help and completion. */
extern const StOption st_callbacks_options[], st_fit_options[];

/* A kind of loss, optimizer or metric as everybody sees it; the numeric halves live in loss.h,
 * optimizer.h and metric.h. Lists end with a row whose name is NULL. */
typedef struct StKind {
    const char *name, *help, *formula;
    const StOption *options;
    size_t options_size;
    bool higher_is_better; /* metrics: accuracy yes, mse no */
} StKind;
const StKind *st_loss_kind_at(int index); /* NULL behind the last */
const StKind *st_optimizer_kind_at(int index);
const StKind *st_metric_kind_at(int index);

/* The learning rate inside the optimizer's options. */
double st_compile_learning_rate(const StCompile *compile);
void st_compile_set_learning_rate(StCompile *compile, double rate);

#endif
