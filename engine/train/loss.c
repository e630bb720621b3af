#include "train/loss.h"

#include <string.h>

/* Adding a loss: a row in its family's file, and its line here. */
static const StLoss *const rows[] = {
    &st_loss_sparse_categorical_crossentropy,
    &st_loss_categorical_crossentropy,
    &st_loss_binary_crossentropy,
    &st_loss_mean_squared_error[0],
    &st_loss_mean_squared_error[1],
    &st_loss_mean_squared_error[2],
    &st_loss_mean_absolute_error[0],
    &st_loss_mean_absolute_error[1],
    &st_loss_mean_absolute_error[2],
};

const StLoss *st_loss_at(int index) {
    return index >= 0 && index < (int)(sizeof rows / sizeof *rows) ? rows[index] : NULL;
}

bool st_loss_from_logits(const StLossSpec *spec) {
    const StLoss *loss = st_loss_at(spec->kind);
    const StOption *row =
        loss && loss->kind.options ? st_option_find(loss->kind.options, "from_logits") : NULL;
    bool from_logits = false;
    if (row) memcpy(&from_logits, spec->options + row->offset, sizeof from_logits);
    return from_logits;
}
