/* The inspection: a thread that looks at the network while it trains. It asks the trainer for a snapshot as
 * often as the plan says (less where its own work would take more than about 1.5 % of a processor), works
 * everything out that a view subscribed to, and publishes it as one immutable, counted look. While the
 * trainer rests it sleeps. Functions are for any thread, creation and destruction excepted.
 *
 * A new run: destroy the inspection, then the trainer; create both anew. */
#ifndef ST_INSPECT_INSPECTION_H
#define ST_INSPECT_INSPECTION_H

#include "inspect/readings.h"
#include "train/trainer.h"

enum { ST_SERIES_POINTS = 512 };

/* ---- one look ---- */

/* What is wanted beside the readings. Zeroes and tensor -1: nothing. */
typedef struct StWant {
    int tensor;        /* its histograms and a copy of its values; index in the weight table, or -1 */
    int bins;          /* of the histograms, at most 64; 0: 32 */
    int columns, rows; /* of the output map of a 2-D set, 0: none; both at most 1024 */
    double x1_low, x1_high, x2_low, x2_high;
} StWant;

/* Everything known about one snapshot. Owned by itself: outlives inspection and trainer until released. */
typedef struct StLook {
    StReadings readings; /* with step, epoch and run */
    StWant want;         /* what it was made for: map and tensor below are of this */

    StShape shape;         /* of the tensor; rank 0: none wanted */
    const float *values;   /* its weights, in its own order, [size]; NULL: none */
    const float *gradient; /* likewise; NULL where the snapshot has none */
    int64_t size;
    StHistogram weights, gradients, update; /* of the tensor; bins 0: not available */

    int outputs;      /* values a point of the map */
    const float *map; /* [rows][columns][outputs], row 0 at x2_high; NULL: none wanted, or no 2-D set */
} StLook;

/* Works everything out for one snapshot, on this thread (`strata show`, tests). NULL on error or cancel. */
StLook *st_look_make(StInspector *inspector, const StSnapshot *snapshot, const StWant *want,
                     const atomic_bool *cancel, StError *error);
void st_look_free(StLook *look); /* of st_look_make only */

/* ---- the thread ---- */

typedef struct StInspectionPlan {
    StTrainer *trainer; /* borrowed, as is the dataset; must outlive the inspection */
    const StStack *stack;
    const StCompile *compile;
    const StDataset *dataset;
    uint64_t seed;     /* of the recipe: draws the probe set */
    double per_second; /* looks a second at most; 0: 30 */
    int wake_fd;       /* eventfd written to when a look is new, or -1 */
} StInspectionPlan;

typedef struct StInspection StInspection;
StInspection *st_inspection_create(const StInspectionPlan *plan, StError *error);
void st_inspection_destroy(StInspection *inspection); /* cancels what is at work, joins */

/* What the views want to see from now on; acts at once, also while the trainer rests. */
void st_inspection_want(StInspection *inspection, const StWant *want);
void st_inspection_set_rate(StInspection *inspection, double per_second);

/* The newest look, counted (NULL before the first), and giving it back. Taking clears the wake flag. */
const StLook *st_inspection_look(StInspection *inspection);
void st_inspection_release(StInspection *inspection, const StLook *look);

/* Why there is no look ("" where all is well): e.g. out of memory for its network. */
void st_inspection_trouble(StInspection *inspection, char *out, size_t size);

/* The history of one reading of one row of the health table since the run began: at most
 * ST_SERIES_POINTS points in order of steps, evenly thinned so that each stretch keeps its least and its
 * greatest value. Points without a value are left out. Returns how many. */
typedef struct StPoint {
    int64_t step;
    float value;
} StPoint;
int st_inspection_history(StInspection *inspection, StReading reading, int row,
                          StPoint points[ST_SERIES_POINTS]);
/* The same for the global gradient norm and the probe loss. */
int st_inspection_gradient_history(StInspection *inspection, StPoint points[ST_SERIES_POINTS]);
int st_inspection_loss_history(StInspection *inspection, StPoint points[ST_SERIES_POINTS]);

#endif
