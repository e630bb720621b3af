/* The plain recurrent layer (Elman 1990): the output is the state. */
#include "layers/recurrent.h"

#include <string.h>

static const StOption options[] = {
    ST_RECURRENT_UNITS_OPTION,
    ST_ACTIVATION_OPTION(StRecurrent, activation, "tanh", "Function applied to every output"),
    ST_USE_BIAS_OPTION(StRecurrent),
    ST_RECURRENT_INITIALIZER_OPTIONS(StRecurrent),
    ST_RECURRENT_PENALTY_OPTIONS(StRecurrent),
    ST_RECURRENT_DROPOUT_OPTIONS,
    ST_RECURRENT_SEQUENCE_OPTIONS,
    ST_RECURRENT_SEED_OPTION,
    {0},
};

static void cell_forward(const StSweep *sweep, int64_t s) {
    Real *z = st_track(sweep, ST_TRACK_Z, s);
    size_t bytes = (size_t)(sweep->rows * sweep->units) * sizeof *z;
    st_recurrent_into(sweep, s, 0, 1, z);
    if (sweep->width[ST_TRACK_PRE]) memcpy(st_track(sweep, ST_TRACK_PRE, s), z, bytes);
    st_activation_forward(&sweep->options->activation, st_state_at(sweep, s + 1), z, sweep->rows,
                          sweep->units);
}

static void cell_backward(const StSweep *sweep, int64_t s) {
    int64_t n = sweep->units;
    const Real *pre = sweep->width[ST_TRACK_PRE] ? st_track(sweep, ST_TRACK_PRE, s) : NULL;
    Real *z = st_track(sweep, ST_TRACK_Z, s), *dh = sweep->track[ST_TRACK_DH];
    size_t bytes = (size_t)n * sizeof *z;
    for (int64_t at = 0, r = 0; r < sweep->rows; r++, at += n) {
        if (st_masked(sweep, s, r)) {
            memset(z + at, 0, bytes);
            continue;
        }
        st_activation_backward(&sweep->options->activation, z + at, dh + at, st_state_at(sweep, s + 1) + at,
                               pre ? pre + at : NULL, 1, n);
        memset(dh + at, 0, bytes);
    }
    st_recurrent_back(sweep, 0, 1, z);
}

static const StCell cell = {1, false, cell_forward, cell_backward};

ST_RECURRENT_KIND(
    simple_rnn, cell, options,
    "Reads a sequence step by step; each output sees the inputs of its step and the outputs before",
    "h = f(x·W + h₋·U + b)");
