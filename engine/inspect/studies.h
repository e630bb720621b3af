/* The thread of studies: makes what the view that is looked at asks for, on snapshots, with a lens of its
 * own. Live studies are made anew for every new snapshot, at about 0.3 % of a processor while
 * training goes on (a long one takes a tenth of a second at once and then fills in at 2 %); those that are
 * asked for once for each ask, at `share` of a core while training goes on. Where it rests both take what
 * they need. Both show what they have so far as they go, and end at once where something else is wanted. What
 * was asked for is kept until its like is asked for again, so that coming back to a view costs nothing.
 *
 * Functions are for any thread, creation and destruction excepted. A new run: release what was found,
 * destroy, create anew. */
#ifndef ST_INSPECT_STUDIES_H
#define ST_INSPECT_STUDIES_H

#include "inspect/moments.h"
#include "inspect/study.h"
#include "train/trainer.h"

typedef struct StStudiesPlan {
    StTrainer *trainer; /* borrowed, as all here; must outlive the studies; made with snapshots */
    const StStack *stack;
    const StCompile *compile;
    const StDataset *dataset;
    uint64_t seed;
    StMoments *moments; /* NULL: none are kept */
    double share;       /* of a core, for what is asked for; 0: ST_STUDIES_SHARE */
    int wake_fd;        /* eventfd written to when there is something new, or -1 */
} StStudiesPlan;
#define ST_STUDIES_SHARE 0.25

/* What was found: immutable and counted. */
typedef struct StFound {
    StAsk ask;         /* its input is NULL here */
    StFinding finding; /* what there is so far */
    int64_t step, epoch;
    uint64_t run;
    double done;                  /* 0 … 1: the whole of it */
    double cost_seconds;          /* of a processor, so far */
    char trouble[ST_MESSAGE_MAX]; /* why there is no more; "" where all is well */
} StFound;

typedef struct StStudies StStudies;
StStudies *st_studies_create(const StStudiesPlan *plan, StError *error);
void st_studies_destroy(StStudies *studies); /* cancels what is at work, joins */

/* What is wanted from now on (ask.study -1: nothing), at a moment (a step of the ring; -1: the present). A
 * study of the `asked` kind begins only where turn is not 0. */
void st_studies_want(StStudies *studies, const StAsk *ask, int64_t moment);
/* There is a new snapshot: live studies may be due. */
void st_studies_news(StStudies *studies);
void st_studies_set_share(StStudies *studies, double share);
/* The newest of the study that is wanted, counted; NULL before the first. It may be of an earlier ask or
 * snapshot while the new one is made. */
const StFound *st_studies_found(StStudies *studies);
void st_studies_release(StStudies *studies, const StFound *found);

/* Makes one on this thread, for `strata show` and tests. NULL with an error; st_found_free. */
StFound *st_found_make(struct StLens *lens, const StAsk *ask, const StSnapshot *snapshot, StError *error);
void st_found_free(StFound *found);
/* `{"view":"why","method":"saliency","step":…,"epoch":…,"tag":"measured","cost_seconds":…,…}`: all of it. */
void st_found_json(const StFound *found, StText *out);

#endif
