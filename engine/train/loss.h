/* Losses. One row a kind, registered in loss.c; families of kinds share a file (loss_crossentropy.c,
 * loss_error.c). Compiled in float and in double.
 *
 * A loss has one value for every position of every row (a position is what is left without the last axis:
 * one for a vector, the steps of a sequence), the mean of which over the batch is the loss that is
 * reported: Keras' reduction "sum_over_batch_size". Values and gradients are Keras 3's (losses/losses.py);
 * probabilities are clipped to [1e-7, 1 - 1e-7] as in backend/torch/nn.py, with gradient 0 outside. */
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
    int64_t rows, positions, width;
    double scale; /* of the gradient: 1 / (rows of the whole batch * positions) */
    const void *options;
} StLossRows;

#define StLoss ST_R(StLoss)
typedef struct StLoss {
    StKind kind;
    bool sparse;       /* targets are labels */
    bool exclusive;    /* the last axis is one distribution over at least two classes */
    bool classifies;   /* cross-entropies: accuracy has a meaning whatever the targets are */
    const char *fuses; /* the activation that it is computed through exactly, or NULL */
    /* The sum of the values of these rows, added up in the order of the rows; fills dy. */
    double (*run)(const StLossRows *rows);
} StLoss;

#define st_loss_at          ST_R(st_loss_at)
#define st_loss_from_logits ST_R(st_loss_from_logits)
const StLoss *st_loss_at(int index); /* NULL before the first and behind the last */
bool st_loss_from_logits(const StLossSpec *spec);

/* The families' rows, for the registry. */
#define st_loss_sparse_categorical_crossentropy ST_R(st_loss_sparse_categorical_crossentropy)
#define st_loss_categorical_crossentropy        ST_R(st_loss_categorical_crossentropy)
#define st_loss_binary_crossentropy             ST_R(st_loss_binary_crossentropy)
#define st_loss_mean_squared_error              ST_R(st_loss_mean_squared_error)
#define st_loss_mean_absolute_error             ST_R(st_loss_mean_absolute_error)
extern const StLoss st_loss_sparse_categorical_crossentropy, st_loss_categorical_crossentropy,
    st_loss_binary_crossentropy;
extern const StLoss st_loss_mean_squared_error[3], st_loss_mean_absolute_error[3]; /* name, mse, MSE */

#endif
