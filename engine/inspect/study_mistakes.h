/* What the studies of mistakes share: the way through all rows of a part, the probabilities of a row's
 * answers, and why a study cannot be made. Double only. */
#ifndef ST_INSPECT_STUDY_MISTAKES_H
#define ST_INSPECT_STUDY_MISTAKES_H

#include "inspect/lens.h"
#include "inspect/study.h"

/* A way through all rows of a part, in chunks of which each is some milliseconds' work. Zero-initialise but
 * for the functions and the context. */
typedef struct StWalk {
    /* Of a row whose output is that of row `at` of the lens. label: its class, or -1: it has none that the
     * network knows. False: memory was short (the error is set). */
    bool (*row)(struct StWalk *walk, int64_t at, int64_t row, int label, StError *error);
    /* After each chunk: brings the finding up to date. False as above. */
    bool (*chunk)(struct StWalk *walk, StError *error);
    void *context;
    double share; /* of the study's work that the walk is; 0: all of it */
    /* Filled in. */
    StJob *job;
    StLens *lens;
    StPart part;
    int64_t rows;       /* of the part */
    int64_t unlabelled; /* rows so far without a class: they are left out */
    int64_t seen;       /* rows so far, those left out included */
    double *p;          /* [classes] room for st_answer_probabilities */
} StWalk;
/* Says "part" and "rows" (those that were looked at so far) in the finding; "unlabelled" where there are
 * such. Errors: a part without rows, outputs that are not finite, cancelled. */
bool st_mistakes_walk(StWalk *walk, StJob *job, StError *error);

/* Whether what st_answer_probabilities gives are probabilities: the stack ends in softmax or sigmoid, or the
 * loss takes the outputs for probabilities or logits. Otherwise they are the outputs themselves. */
bool st_answers_are_probable(const StLens *lens);
/* Of row `at` of the last forward, p[classes]. One output that says yes or no is p[1], its complement (about
 * the threshold where it is no probability) p[0]. Logits are put through the loss's own softmax or sigmoid.
 */
void st_answer_probabilities(const StLens *lens, int64_t at, double *p);

/* The name of a class: the data's, or its number from 0. Returns buffer. */
const char *st_answer_name(const StLens *lens, int klass, char buffer[64]);
/* "classes" in the finding, as names. */
void st_answer_names(const StLens *lens, StFinding *finding);

/* For StStudy.missing. */
const char *st_mistakes_unclassed(const StLens *lens);

#endif
