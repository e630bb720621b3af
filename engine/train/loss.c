#include "train/loss.h"

#include <string.h>

/* Adding a loss: a row in its family's file; a new family: its line here. */
static const struct {
    const StLoss *rows;
    int count;
} families[] = {
    {st_loss_crossentropies, ST_LOSS_CROSSENTROPIES},
    {st_loss_focals, ST_LOSS_FOCALS},
    {st_loss_errors, ST_LOSS_ERRORS},
    {st_loss_hinges, ST_LOSS_HINGES},
    {st_loss_divergences, ST_LOSS_DIVERGENCES},
};

const StLoss *st_loss_at(int index) {
    for (size_t f = 0; index >= 0 && f < sizeof families / sizeof *families; f++) {
        if (index < families[f].count) return &families[f].rows[index];
        index -= families[f].count;
    }
    return NULL;
}

bool st_loss_from_logits(const StLossSpec *spec) {
    const StLoss *loss = st_loss_at(spec->kind);
    const StOption *row =
        loss && loss->kind.options ? st_option_find(loss->kind.options, "from_logits") : NULL;
    bool from_logits = false;
    if (row) memcpy(&from_logits, spec->options + row->offset, sizeof from_logits);
    return from_logits;
}

/* ---- what counts, and how much ---- */

static int ignored_by(const StLoss *loss, const void *options) {
    return loss->ignored ? loss->ignored(options) : ST_NO_INT;
}

static bool counts(const StLossRows *rows, int ignored, int64_t position) {
    return (!rows->mask || rows->mask[position] != 0) &&
           (ignored == ST_NO_INT || rows->labels[position] != ignored);
}

bool st_loss_surveys(const StLoss *loss, const void *options) {
    return loss->signs || ignored_by(loss, options) != ST_NO_INT;
}

void st_loss_survey(const StLoss *loss, const StLossRows *rows, StLossSurvey *survey) {
    int64_t positions = rows->rows * rows->positions;
    int ignored = ignored_by(loss, rows->options);
    for (int64_t i = 0; i < positions; i++)
        survey->count += counts(rows, ignored, i);
    for (int64_t i = 0; loss->signs && survey->binary && i < positions * rows->width; i++)
        survey->binary = rows->targets[i] == 0 || rows->targets[i] == 1;
}

/* Positions [from, to) as if they were all. */
static StLossRows stretch_of(const StLossRows *rows, int64_t from, int64_t to) {
    StLossRows stretch = *rows;
    stretch.y += from * rows->width;
    stretch.dy += from * rows->width;
    if (rows->labels) stretch.labels += from;
    if (rows->targets) stretch.targets += from * rows->width;
    stretch.rows = to - from;
    stretch.positions = 1;
    return stretch;
}

/* Neighbouring positions that count and weigh the same are run together. */
double st_loss_run(const StLoss *loss, const StLossRows *rows) {
    int64_t positions = rows->rows * rows->positions;
    int ignored = ignored_by(loss, rows->options);
    if (!rows->weights && !rows->mask && ignored == ST_NO_INT) return loss->run(rows);
    double sum = 0;
    for (int64_t from = 0, to; from < positions; from = to) {
        bool counted = counts(rows, ignored, from);
        Real weight = rows->weights ? rows->weights[from] : 1;
        for (to = from + 1; to < positions && counts(rows, ignored, to) == counted &&
                            (!rows->weights || rows->weights[to] == weight);)
            to++;
        StLossRows stretch = stretch_of(rows, from, to);
        stretch.scale *= (double)weight;
        double value = loss->run(&stretch); /* where nothing counts too: fused outputs become probabilities */
        if (counted)
            sum += (double)weight * value;
        else
            memset(stretch.dy, 0, (size_t)((to - from) * rows->width) * sizeof *stretch.dy);
    }
    return sum;
}
