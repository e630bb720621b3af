/* The inspection: a thread that looks at the network while it trains. It asks the trainer for a snapshot as
 * often as the plan says (less where its own work would take more than about 1.5 % of a processor), works
 * out the readings and everything that a view subscribed to, and publishes it as one immutable, counted look.
 * While the trainer rests it sleeps. Functions are for any thread, creation and destruction excepted.
 *
 * Where it was given the moments of the run, it copies snapshots to them, more often than it looks (but for
 * less than half a percent of a processor), and reads those that were only copied once the trainer rests. It
 * can look at one of them instead of the present: what it publishes is then of that moment, until it is told
 * otherwise.
 *
 * A new run: release all looks, destroy the inspection, then the trainer; create both anew. */
#ifndef ST_INSPECT_INSPECTION_H
#define ST_INSPECT_INSPECTION_H

#include "inspect/moments.h"
#include "train/trainer.h"

enum { ST_MAP_MAX = 1024 }; /* columns, rows */

/* What is wanted beside the readings; NULL for one of these: nothing. */
typedef struct StWant {
    int tensor;        /* histograms of this one: index in the weight table, or -1 */
    int bins;          /* of the histograms, at most 64; 0: 32 */
    int columns, rows; /* of the output map of a 2-D set; 0: none */
    double x1_low, x1_high, x2_low, x2_high;
} StWant;

/* Everything known about one snapshot. */
typedef struct StLook {
    const StSnapshot
        *snapshot; /* all weights, gradients, weights before the step; held as long as the look */
    StReadings readings;
    bool past;   /* of a moment, not of the newest snapshot */
    StWant want; /* what it was made for: histograms and map below are of this */
    /* Of the tensor's weights, of its gradient, of its change in the step; bins 0: not available. */
    StHistogram weights, gradients, update;
    int outputs;      /* values a point of the map */
    const float *map; /* [rows][columns][outputs], row 0 at x2_high; NULL: none wanted, or no 2-D set */
} StLook;

/* Works everything out for one snapshot, on this thread (`strata show`, tests). The snapshot stays the
 * caller's and must outlive the look. NULL on error or cancel. */
StLook *st_look_make(StInspector *inspector, const StSnapshot *snapshot, const StWant *want,
                     const atomic_bool *cancel, StError *error);
void st_look_free(StLook *look); /* of st_look_make only */

/* ---- the thread ---- */

typedef struct StInspectionPlan {
    StTrainer *trainer; /* borrowed, as is the dataset; must outlive the inspection; made with snapshots */
    const StStack *stack;
    const StCompile *compile;
    const StDataset *dataset;
    StMoments *moments; /* borrowed; NULL: none are kept */
    uint64_t seed;      /* of the recipe: draws the probe set */
    double per_second;  /* looks a second at most; 0: 30 */
    int wake_fd;        /* eventfd written to when a look is new, or -1 */
} StInspectionPlan;

typedef struct StInspection StInspection;
StInspection *st_inspection_create(const StInspectionPlan *plan, StError *error);
void st_inspection_destroy(StInspection *inspection); /* cancels what is at work, joins */

/* What the views want to see from now on; acts at once, also while the trainer rests. NULL: nothing. */
void st_inspection_want(StInspection *inspection, const StWant *want);
/* Looks at the moment nearest to a step from now on; -1: at the present again. */
void st_inspection_at(StInspection *inspection, int64_t step);
void st_inspection_set_rate(StInspection *inspection, double per_second);

/* The newest look, counted (NULL before the first), and giving it back. Taking clears the wake flag. */
const StLook *st_inspection_look(StInspection *inspection);
void st_inspection_release(StInspection *inspection, const StLook *look);

/* Why there is no newer look, as a sentence; "" where all is well. */
void st_inspection_trouble(StInspection *inspection, char *out, size_t size);

#endif
