/* The gradient check: every gradient against central differences of the loss, in double precision.
 *
 * The error of a gradient g against a difference d is |g - d| relative to the larger of both; both are taken
 * for at least 1e-4 of the tensor's largest gradient and of the loss, since a difference is no more exact.
 * Right gradients come out below 1e-6.
 *
 * Dropout's masks are fixed while it runs. Where a step crosses or touches a kink (relu, the absolute
 * error) there is no derivative to compare with: such entries are left out and counted. */
#ifndef ST_TRAIN_CHECK_H
#define ST_TRAIN_CHECK_H

#include "data/dataset.h"
#include "model/stack.h"
#include "train/compile.h"

/* Compiled in double only, so the name needs no suffix. */

typedef struct StCheckPlan {
    const StStack *stack;
    const StShape *input; /* as in StLearnerPlan */
    const StCompile *compile;
    const StDataset *dataset; /* its first training rows; NULL: rows and targets at random */
    int64_t rows;             /* of the batch; 0: 8, or as many as there are */
    int64_t samples;          /* entries looked at of a tensor, drawn by the seed where it has more; 0: 100 */
    uint64_t seed;
} StCheckPlan;

/* One layer, or the input (layer -1) where it has a gradient. */
typedef struct StCheckRow {
    int layer;
    char name[ST_LAYER_NAME_MAX + ST_WEIGHT_NAME_MAX];
    int64_t entries, checked, kinks; /* gradients that there are, compared, left out at a kink */
    double worst; /* the largest relative error |g - d| / max(|g|, |d|); NaN: none compared */
    char where[ST_LAYER_NAME_MAX + ST_WEIGHT_NAME_MAX]; /* the tensor that has it, and its entry */
    int64_t entry;
    double gradient, difference; /* both of that entry */
} StCheckRow;

typedef struct StCheckReport {
    double loss;
    int count;
    StCheckRow *rows; /* layers with weights in order, then the input; owned */
} StCheckReport;

/* The comparison itself, of any function of some numbers with what is said to be its gradient: adds to the
 * row, which begins with worst = NaN. */
typedef struct StCheckFunction {
    const char *name;
    double (*value)(void *context); /* of x as it is now */
    void *context;
    double *x;              /* [size] moved and put back */
    const double *gradient; /* [size] */
    int64_t size, samples;  /* entries looked at: as in StCheckPlan, at least 1 */
    uint64_t seed;
} StCheckFunction;
void st_check_function(const StCheckFunction *function, StCheckRow *row);

/* False where the stack, the loss and the data do not fit each other, or the loss is not finite. */
bool st_check(const StCheckPlan *plan, StCheckReport *report, StError *error);
void st_check_free(StCheckReport *report);

#endif
