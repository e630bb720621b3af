/* The gradient check: every gradient against central differences of the loss, in double precision.
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
    char name[ST_LAYER_NAME_MAX];
    int64_t entries, checked, kinks; /* gradients that there are, compared, left out at a kink */
    double worst; /* the largest relative error |g - d| / max(|g|, |d|); NaN: none compared */
    char where[ST_LAYER_NAME_MAX + 24]; /* the tensor that has it, and its entry */
    int64_t entry;
    double gradient, difference; /* both of that entry */
} StCheckRow;

typedef struct StCheckReport {
    double loss;
    int count;
    StCheckRow *rows; /* layers with weights in order, then the input; owned */
} StCheckReport;

/* False where the stack, the loss and the data do not fit each other, or the loss is not finite. */
bool st_check(const StCheckPlan *plan, StCheckReport *report, StError *error);
void st_check_free(StCheckReport *report);

#endif
