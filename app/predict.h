/* The network on rows of a file: predictions, and the gradients of one batch. */
#ifndef APP_PREDICT_H
#define APP_PREDICT_H

#include "command.h"

/* `predict INPUT [OUTPUT] layer= training=`. */
typedef struct PredictPlan {
    char input[RECIPE_PATH_MAX];   /* .npy as it is, .csv through the preparation */
    char output[RECIPE_PATH_MAX];  /* .npy; "": the rows are printed */
    char layer[ST_LAYER_NAME_MAX]; /* "": the last */
    bool training;
} PredictPlan;
extern const StOption predict_options[];

/* With weights: of this file; NULL: those of the session. */
bool predict_run(Session *session, const char *weights, const PredictPlan *plan, StError *error);
bool predict_act(const CommandCall *call, StError *error);

typedef struct GradientsPlan {
    const char *weights, *input, *target, *output;
    bool training;
} GradientsPlan;
/* Prints "loss VALUE" and writes the gradient by every weight, and by the input. */
bool gradients_run(Session *session, const GradientsPlan *plan, StError *error);

#endif
