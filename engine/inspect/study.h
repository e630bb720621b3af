/* Studies: the questions that can be asked of a network, one row of a table each. A study is a function of a
 * snapshot, the data and an ask; it fills a finding with named numbers (inspect/finding.h), bit by bit where
 * it takes long. Everything else follows from the row: the view that shows it and the key that cycles through
 * its fellows, `strata show VIEW --method NAME`, `--json`, help, the tag and cost on the screen, whether it
 * runs by itself while training goes on or is made when asked for.
 *
 * A study's file is compiled in double alone (as gradient checks are): weights are the floats of the
 * snapshot, everything computed from them is exact to about 1e-15. Files: engine/inspect/study_NAME.c. */
#ifndef ST_INSPECT_STUDY_H
#define ST_INSPECT_STUDY_H

#include "data/dataset.h"
#include "inspect/finding.h"
#include "model/stack.h"
#include "train/compile.h"
#include "train/snapshot.h"
#include <stdatomic.h>

/* How a reading was come by. */
typedef enum StTag { ST_MEASURED, ST_ESTIMATED, ST_EXPERIMENTAL } StTag;
const char *st_tag_word(StTag tag); /* "measured" … */

/* What is asked. Zero-initialise through st_ask(study); a study looks at what it is about. */
typedef struct StAsk {
    int study;       /* index into st_studies; -1: nothing */
    bool any;        /* that one, or where it is missing the first of its group that is not */
    int layer, unit; /* -1: the study's own choice (it says which in its finding) */
    int part;    /* StPart of the example, or of the rows looked at; -1: test, else validation, else train */
    int64_t row; /* of that part, from 0; -1: the study's own choice */
    int klass;   /* output whose score is explained; -1: the one that the network answers */
    int column;  /* input (feature), for what is of one; -1: the study's own choice */
    int64_t count; /* of rows, steps, samples or directions; 0: the study's own default, which it states */
    double value;  /* a threshold, a distance; NaN: the study's own default */
    int64_t other; /* step of another moment to compare with; -1: the start of the run */
    int64_t turn;  /* grows when the person asks for the same thing again */
    /* An example made by hand, in place of the row's x: [inputs] as the network takes them (prepared); NULL:
     * none. Borrowed by whoever asks, copied by who keeps the ask. made: changes with every edit of it. */
    const float *input;
    int64_t inputs, made;
} StAsk;
StAsk st_ask(int study);
bool st_ask_same(const StAsk *a, const StAsk *b); /* inputs are compared by `made` */

struct StLens;
struct StMoments;

/* One piece of work at hand. */
typedef struct StJob {
    struct StLens *lens; /* with the snapshot's weights laid on it; a study that lays others restores them
                            before it returns true (inspect/lens.h) */
    const StAsk *ask;
    const StSnapshot *snapshot;
    const StWeightSet *other;  /* weights of ask->other; the start's where that is -1 */
    struct StMoments *moments; /* of the run, or NULL (`strata show` has none) */
    StFinding *finding;        /* empty at first */
    /* Between pieces of work, none of which should take longer than some milliseconds: shows what the finding
     * holds so far where that is due, and sleeps where the study takes more than its share. done: 0 … 1.
     * False: cancelled; the study returns false at once (the error is set). NULL where nobody waits (tests).
     */
    bool (*go_on)(struct StJob *job, double done, StError *error);
    void *context;
} StJob;
bool st_job_go_on(StJob *job, double done, StError *error); /* true where go_on is NULL */

typedef struct StStudy {
    const char *group; /* the view that shows it: "why" */
    const char *name; /* "saliency": --method, unique within its group; the first of a group is its default */
    const char *title;           /* "Saliency" */
    const char *what;            /* one line: what one is looking at */
    const char *bad;             /* one line: what would be bad */
    const char *formula, *plain; /* with its source; plain: in ASCII */
    const char *cost;            /* "1 FB", "50 FB" (F: forward of the rows, FB: forward and backward) */
    StTag tag;
    bool asked; /* made when the person asks for it, at a share of a core; else live, at each new snapshot */
    /* NULL: can be made; else why it can't for this stack and data ("there is no convolution in the stack").
     */
    const char *(*missing)(const struct StLens *lens);
    bool (*run)(StJob *job, StError *error);
} StStudy;

/* All of them, those of a group one after the other, ended by a row without a group. One line a study here:
 * ROW(identifier of the row in its file). */
/* clang-format off */
#define ST_STUDIES(ROW) \
    ROW(neuron) ROW(map) \
    ROW(mistakes_confusion) ROW(mistakes_examples) ROW(mistakes_curve) ROW(mistakes_calibration) \
    ROW(mistakes_residuals) \
    ROW(activations_layers) ROW(activations_units) ROW(activations_maps) ROW(activations_filters) \
    ROW(activations_states) \
    ROW(gradients_flow) ROW(gradients_histogram) \
    ROW(why_saliency) ROW(why_integrated_gradients) ROW(why_smoothgrad) ROW(why_occlusion) \
    ROW(why_grad_cam) ROW(why_permutation_importance) ROW(why_partial_dependence) \
    ROW(draw_answer) ROW(draw_nearest) ROW(draw_counterfactual) \
    ROW(surface_line) ROW(surface_plane) ROW(surface_path) ROW(surface_hessian) \
    ROW(surface_sharpening) ROW(surface_noise) \
    ROW(geometry_pca) ROW(geometry_pca_input) ROW(geometry_cka) ROW(geometry_cka_moments) \
    ROW(geometry_probe) ROW(geometry_spectrum)
/* clang-format on */

#define ST_STUDY_EXTERN(id) extern const StStudy st_study_##id;
ST_STUDIES(ST_STUDY_EXTERN)
#undef ST_STUDY_EXTERN

extern const StStudy *const st_studies[]; /* ended by NULL */
/* Index of a group's study; name NULL or "": its first. -1: there is none such (st_studies_names for the
 * nearest word). */
int st_study_find(const char *group, const char *name);
int st_study_next(int study, int step); /* its neighbour within the group, round and round */
int st_study_count(const char *group);
/* For st_fail_unknown: names of a group (context). */
const char *st_study_name_at(const void *group, int index);

/* The study that an ask comes to for this stack and data. */
int st_study_chosen(const struct StLens *lens, const StAsk *ask);

/* Makes one here and now (`strata show`, tests). The lens has the weights. */
bool st_study_run(StJob *job, StError *error);

#endif
