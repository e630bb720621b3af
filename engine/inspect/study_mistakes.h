/* What the studies of mistakes share: the way through all rows of a part, the probabilities of a row's
 * answers, and why a study cannot be made. Double only. */
#ifndef ST_INSPECT_STUDY_MISTAKES_H
#define ST_INSPECT_STUDY_MISTAKES_H

#include "inspect/lens.h"
#include "inspect/study.h"

/* One answer: of a row, or of one position of it where the network answers at every step of a sequence. */
typedef struct StAnswer {
    int64_t at;       /* the row within the lens */
    int64_t row;      /* within its part */
    int64_t position; /* 0 where a row has one */
    int label, klass; /* what it is, and what was answered; both -1 in a regression */
} StAnswer;

/* A way through all answers of a part, in chunks of which each is some milliseconds' work. Zero-initialise
 * but for the functions and the context. */
typedef struct StWalk {
    /* Of every answer that has a label; of every row in a regression. False: memory was short (the error is
     * set). */
    bool (*answer)(struct StWalk *walk, const StAnswer *answer, StError *error);
    /* After each chunk: brings the finding up to date. False as above. */
    bool (*chunk)(struct StWalk *walk, StError *error);
    void *context;
    double share; /* of the study's work that the walk is; 0: all of it */
    /* Filled in. */
    StJob *job;
    StLens *lens;
    StPart part;
    int64_t rows;       /* of the part */
    int64_t positions;  /* answers a row */
    int64_t unlabelled; /* answers so far without a class that the network knows: they are left out */
    int64_t seen;       /* rows so far, those left out included */
    double *p;          /* [classes] room for st_answer_probabilities */
} StWalk;
/* Says "part" and "rows" (those that were looked at so far) in the finding; "positions" where a row has more
 * than one; "unlabelled" where there are answers that are left out: those without a class, with the one that
 * the loss ignores, and those of masked steps. Errors: a part without rows, outputs that are not finite,
 * cancelled. */
bool st_mistakes_walk(StWalk *walk, StJob *job, StError *error);

/* Answers a row: the positions of the output, each with `width` values of its own (1: yes or no). */
int64_t st_answer_positions(const StLens *lens, int64_t *width);
/* Of the gathered rows and the last forward, whose position counts from 0. label: -1 where it is none. */
int st_answer_class(const StLens *lens, int64_t at, int64_t position);
int st_answer_label(const StLens *lens, int64_t at, int64_t position);

/* Whether what st_answer_probabilities gives are probabilities: the stack ends in softmax or sigmoid, or the
 * loss takes the outputs for probabilities or logits. Otherwise they are the outputs themselves. */
bool st_answers_are_probable(const StLens *lens);
/* Of a position of row `at` of the last forward, p[classes]. One output that says yes or no is p[1], its
 * complement (about the threshold where it is no probability) p[0]. Logits are put through the loss's own
 * softmax or sigmoid.
 */
void st_answer_probabilities(const StLens *lens, int64_t at, int64_t position, double *p);

/* The name of a class: the data's, or its number from 0. Returns buffer. */
const char *st_answer_name(const StLens *lens, int klass, char buffer[64]);
/* "classes" in the finding, as names. */
void st_answer_names(const StLens *lens, StFinding *finding);

/* For StStudy.missing. */
const char *st_mistakes_unclassed(const StLens *lens);

#endif
