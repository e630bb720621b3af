/* Training without a screen: what `strata train`, and `fit` and `evaluate` in scripts, do. */
#ifndef APP_FIT_H
#define APP_FIT_H

#include "command.h"

typedef struct FitPlan {
    bool no_shuffle;
    const char *log; /* a CSV file, or NULL */
    bool log_steps;  /* a row a step, else a row an epoch */
} FitPlan;

/* What came out: of the last epoch while weights moved ("fit"), and of the final weights now. */
typedef struct FitResult {
    StTrainerStatus status;
    bool interrupted; /* SIGINT: training stopped after the batch */
    bool has_fit;     /* fit is the last whole epoch's, else the last step's */
    StScores fit;
    bool has[ST_PARTS]; /* validation, test */
    StScores scores[ST_PARTS];
} FitResult;

/* Trains to the end, printing a line an epoch to the session's print hook. A run that diverged is an error
 * (with the result filled all the same). The session needs a wake_fd. */
bool fit_train(Session *session, const FitPlan *plan, FitResult *result, StError *error);

/* What happened in the last steps before a run diverged, a line each: loss, largest weight, largest relative
 * step with its tensor. Nothing where the run did not diverge. */
void fit_autopsy(StTrainer *trainer, StText *out);

/* Name and figure of the loss (metric -1) or of a metric, as compile lists them. */
const char *fit_score_name(const StCompile *compile, int metric);
double fit_score(const StScores *scores, int metric);
/* "loss: 0.1234 - accuracy: 0.9700", names prefixed. */
void fit_scores(const StCompile *compile, const StScores *scores, const char *prefix, StText *out);
/* "loss 0.123456789\naccuracy 0.97\n": nine digits. */
void fit_scores_lines(const StCompile *compile, const StScores *scores, StText *out);
/* "\"loss\": 0.5, \"accuracy\": null", names prefixed. */
void fit_scores_json(const StCompile *compile, const StScores *scores, const char *prefix, StText *out);
/* A number for JSON: null where it is not finite. */
void json_number(StText *out, double value);

/* Handlers of the table of commands. */
bool fit_act(const CommandCall *call, StError *error);
bool evaluate_act(const CommandCall *call, StError *error);

#endif
