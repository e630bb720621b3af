/* Losses. One row a word, registered in loss.c; families of kinds share a file (loss_crossentropy.c,
 * loss_focal.c, loss_error.c, loss_hinge.c, loss_divergence.c). Compiled in float and in double.
 *
 * A loss has one value for every position of every row (a position is what is left without the last axis:
 * one for a vector, the steps of a sequence), the mean of which over the batch is the loss that is
 * reported: Keras' reduction "sum_over_batch_size". Values and gradients are Keras 3's (losses/losses.py);
 * probabilities are clipped to [1e-7, 1 - 1e-7] as in backend/torch/nn.py, with gradient 0 outside.
 *
 * Weights of samples and classes multiply a position's value, and the mean is still by the number of
 * positions. Positions that do not count (masked, or of the class to be ignored) add nothing, have gradient
 * 0, and the mean is over those that do (Keras' losses/loss.py, reduce_weighted_values). */
#ifndef ST_TRAIN_LOSS_H
#define ST_TRAIN_LOSS_H

#include "base/real.h"
#include "train/compile.h"

/* What y holds. */
typedef enum StLossForm {
    ST_LOSS_OUTPUTS, /* what the loss is defined by: probabilities, predictions */
    ST_LOSS_LOGITS,  /* what softmax or sigmoid would make probabilities of */
    ST_LOSS_FUSED /* likewise, but y is wanted as probabilities: the last activation was left to the loss */
} StLossForm;

/* Rows of a batch, one lane's. */
#define StLossRows ST_R(StLossRows)
typedef struct StLossRows {
    StLossForm form;
    Real *y;               /* [rows, positions, width]; ST_LOSS_FUSED turns logits into probabilities */
    Real *dy;              /* [rows, positions, width] the gradient by y (FUSED: by the logits) */
    const int32_t *labels; /* [rows, positions] where the loss is sparse */
    const Real *targets;   /* [rows, positions, width] where it is not */
    const Real *weights;   /* [rows, positions] of samples and classes together; NULL: all are 1 */
    const Real *mask;      /* [rows, positions] 1 counts, 0 is left out; NULL: all count */
    int64_t rows, positions, width;
    double scale; /* of the gradient: 1 / (positions of the whole batch that count), 0 where none does */
    bool binary;  /* every target of the whole batch is 0 or 1; only where st_loss_surveys asks for it */
    const void *options;
} StLossRows;

#define StLoss ST_R(StLoss)
typedef struct StLoss {
    StKind kind;
    bool sparse;       /* targets are labels */
    bool exclusive;    /* the last axis is one distribution over at least two classes */
    bool classifies;   /* accuracy has a meaning whatever the targets are */
    bool signs;        /* targets of 0 and 1 are taken for -1 and 1 */
    const char *fuses; /* the activation that it is computed through exactly, or NULL */
    /* The label whose positions do not count, or ST_NO_INT; NULL: the kind has no such option. */
    int (*ignored)(const void *options);
    /* Options against the extent of the output's last axis; NULL: any will do. */
    bool (*fits)(const void *options, int64_t width, StError *error);
    /* The sum of the values of these rows, added up in the order of the rows; fills dy. Weights and mask are
     * none of its business: others call st_loss_run. */
    double (*run)(const StLossRows *rows);
} StLoss;

#define st_loss_at          ST_R(st_loss_at)
#define st_loss_from_logits ST_R(st_loss_from_logits)
#define st_loss_surveys     ST_R(st_loss_surveys)
#define st_loss_survey      ST_R(st_loss_survey)
#define st_loss_run         ST_R(st_loss_run)
const StLoss *st_loss_at(int index); /* NULL before the first and behind the last */
bool st_loss_from_logits(const StLossSpec *spec);

/* What has to be known of the whole batch before its first row. Zero-initialise, with binary = true, and go
 * over the rows in any cut; y, dy and scale are not looked at. count then makes scale, binary makes binary.
 * st_loss_surveys: false where count is all positions, unless there is a mask, and binary is not asked for.
 */
typedef struct StLossSurvey {
    int64_t count; /* positions that count */
    bool binary;
} StLossSurvey;
bool st_loss_surveys(const StLoss *loss, const void *options);
void st_loss_survey(const StLoss *loss, const StLossRows *rows, StLossSurvey *survey);

/* The weighted sum of the values of these rows; fills dy. */
double st_loss_run(const StLoss *loss, const StLossRows *rows);

/* The families' rows, for the registry. */
enum {
    ST_LOSS_CROSSENTROPIES = 5,
    ST_LOSS_FOCALS = 2,
    ST_LOSS_ERRORS = 15,
    ST_LOSS_HINGES = 3,
    ST_LOSS_DIVERGENCES = 6
};
#define st_loss_crossentropies ST_R(st_loss_crossentropies)
#define st_loss_focals         ST_R(st_loss_focals)
#define st_loss_errors         ST_R(st_loss_errors)
#define st_loss_hinges         ST_R(st_loss_hinges)
#define st_loss_divergences    ST_R(st_loss_divergences)
extern const StLoss st_loss_crossentropies[ST_LOSS_CROSSENTROPIES];
extern const StLoss st_loss_focals[ST_LOSS_FOCALS];
extern const StLoss st_loss_errors[ST_LOSS_ERRORS];
extern const StLoss st_loss_hinges[ST_LOSS_HINGES];
extern const StLoss st_loss_divergences[ST_LOSS_DIVERGENCES];

#endif
