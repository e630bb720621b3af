/* Inside the studies of the view "why": what an answer was made of.
 *
 * S is the score that is explained: the logit of a class (where the stack ends in softmax or sigmoid what
 * goes into it, else the output itself); of the first class of one output that says yes or no its negative;
 * of a regression an output. x is the example as the network takes it (prepared), x' the baseline.
 *
 * Every method is made twice: with the snapshot's weights, and with random ones (st_lens_random, the recipe's
 * seed + 1) as a control after Adebayo and others, "Sanity checks for saliency maps", 2018: what looks alike
 * in both was not learnt. */
#ifndef ST_INSPECT_STUDY_WHY_H
#define ST_INSPECT_STUDY_WHY_H

#include "inspect/lens.h"
#include "inspect/study.h"

/* Streams of st_rng(seed, ST_STREAM_INSPECT, a, b): SmoothGrad's noise of sample s is (WHY_NOISE, s), one
 * st_rng_normal an input in their order; the order of rows in the r-th repeat of column j is (WHY_PERMUTE,
 * 65536 r + j), one st_rng_shuffle of 0, 1, …. */
enum { WHY_NOISE = 0x5347, WHY_PERMUTE = 0x5049 };

typedef struct Why {
    StJob *job;
    StLens *lens;
    StFinding *finding;
    StPart part;
    int64_t size;  /* numbers of an example */
    StShape shape; /* of the network's input */
    StShape
        picture; /* the example as a picture of rank 3 (time × features × 1 for a sequence); rank 0: none */
    int klass;   /* explained */
    double *x;   /* [size] the example */
    double score; /* S(x), of the snapshot's weights */
    bool control; /* the weights are random at the moment */
} Why;

/* Looks at the example and says about it what all methods say: part, row, label, class, answer, score,
 * probabilities, input, input_shape, input_names, picture. why_end in any case. */
bool why_begin(Why *why, StJob *job, StError *error);
void why_end(Why *why);

/* Fills out [size] for the weights that the lens has. Calls why_go_on as it goes; done 0 … 1. */
typedef bool (*WhyMethod)(Why *why, double *out, StError *error);
/* Runs a method with the snapshot's weights, to the arrays `name` and `attribution`, and with random ones, to
 * `control`; says how much the two agree (control_correlation). Begins and ends. */
bool why_explain(StJob *job, const char *name, WhyMethod method, StError *error);

/* The halves of that for methods whose result is no attribution: lays the random weights, or the snapshot's.
 */
bool why_randomize(Why *why, StError *error);
bool why_restore(Why *why, StError *error);
/* Progress within the present weights' half. */
bool why_go_on(const Why *why, double done, StError *error);

/* How many rows may go through the network at once, so that it takes a few milliseconds. */
int64_t why_rows(const Why *why);
/* What the explained output counts as in S: -1 for the first of two classes of one output, which is the less
 * likely the greater that output is; else 1. */
double why_sign(const Why *why);
/* Scores S of the rows of the lens's input. */
void why_scores(Why *why, int64_t rows, double *score);
/* ∂S/∂x of the rows of the lens's input [rows][size], as st_lens_backward. score may be NULL. */
const double *why_gradients(Why *why, int64_t rows, double *score);
/* The probability of the explained class, or the prediction, of a row of the last st_lens_forward(…, false).
 */
double why_answer(const Why *why, int64_t row);
/* What an input is called. */
const char *why_input_name(const Why *why, int64_t input, char buffer[96]);
/* Rank correlation of Spearman over the pairs that are both finite, ties with their mean rank; NaN where one
 * side is constant or memory is short. */
double why_rank_correlation(const double *a, const double *b, int64_t count);

/* missing() of those that take gradients by the input. */
const char *why_no_gradient(const StLens *lens);

#endif
