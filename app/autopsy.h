/* The autopsy of a run: where it went wrong, the steps before, what to try. What the view shows, and
 * `strata show autopsy --json` prints. */
#ifndef APP_AUTOPSY_H
#define APP_AUTOPSY_H

#include "view.h"

enum { AUTOPSY_STEPS = 32, AUTOPSY_ADVICE = 4 };

typedef struct Advice {
    char what[80]; /* a line of the language, or what to write into one */
    char why[160];
    double weight; /* the heavier, the more is said for it; they are sorted by it */
} Advice;

typedef struct Autopsy {
    bool trained, diverged;
    int64_t step; /* DIVERGED: the step that failed, from 1; else the newest */
    char reason[512];
    char culprit[ST_LAYER_NAME_MAX + ST_WEIGHT_NAME_MAX]; /* the tensor that is named; "" where none is */
    int layer;                                            /* its layer, from 0; -1 */
    /* The last steps, oldest first: all of them made again after a divergence; else those of which moments
     * are kept, whose loss is the probe set's, or, in a script, the newest batches. A figure that is not
     * known is NaN. */
    int steps;
    StAutopsyStep row[AUTOPSY_STEPS];
    const StTensor *tensor; /* that ratio_tensor counts in */
    int64_t good;           /* the moment that rewind goes back to; -1: there is none, or no need */
    double good_loss, good_least;
    double rate; /* the present learning_rate */
    int advices;
    Advice advice[AUTOPSY_ADVICE];
} Autopsy;

/* input_scale: the largest magnitude among the inputs, autopsy_input_scale. */
void autopsy_read(const ViewContext *context, double input_scale, Autopsy *autopsy);
/* The moment that rewind goes back to (st_moments_good): after a divergence, or where the probe loss is now
 * more than twice the least that there was. -1: none; loss and least may be NULL. */
int64_t autopsy_good(StMoments *moments, const StLook *look, bool diverged, int64_t step, double *loss,
                     double *least);
/* Of some rows of the training part; NaN where it does not matter (words) or there is no data. */
double autopsy_input_scale(const ViewContext *context);
/* "nothing is wrong: …", or which layer cannot learn. */
void autopsy_verdict(const ViewContext *context, const Autopsy *autopsy, char text[256]);

#endif
