/* Gated recurrent unit (Cho and others 2014) as Keras has it: gates z, r, h. The reset gate acts behind the
 * product with the recurrent kernel (reset_after, which has a second bias there), or before it. */
#include "layers/recurrent.h"
#include "math/gemm.h"
#include "math/vector.h"

#include <string.h>

static const StOption options[] = {
    ST_RECURRENT_UNITS_OPTION,
    ST_ACTIVATION_OPTION(StRecurrent, activation, "tanh", "Function of the candidate for the new state"),
    ST_ACTIVATION_OPTION(StRecurrent, recurrent_activation, "sigmoid", "Function of the gates"),
    ST_USE_BIAS_OPTION(StRecurrent),
    ST_RECURRENT_INITIALIZER_OPTIONS(StRecurrent),
    ST_RECURRENT_PENALTY_OPTIONS(StRecurrent),
    ST_RECURRENT_DROPOUT_OPTIONS,
    ST_RECURRENT_SEED_OPTION,
    ST_RECURRENT_SEQUENCE_OPTIONS,
    ST_OPTION(StRecurrent, reset_after, ST_SWITCH, "yes",
              .help = "The reset gate acts behind the product with the recurrent kernel, not before it"),
    {0},
};

enum { UPDATE, RESET, CANDIDATE, GATES };

/* One row of one step. */
typedef struct Row {
    Real *z, *r, *g;      /* [units] the gates and the candidate */
    Real *inner;          /* [gates, units] products with the state, or NULL */
    Real *pre;            /* [gates, units] what the activations saw, or NULL */
    Real *rh;             /* [units] what the reset gate leaves of the state, or NULL */
    const Real *h, *kept; /* [units] the state before; what dropout leaves of it for the candidate */
    const Real *factor;   /* [units] dropout's, or NULL */
    Real *next, *dh;      /* [units] the state behind; going back the gradients by the states */
    Real *room;           /* [units] */
    Real *by_rh;          /* [units] gradient by rh */
} Row;

static Row row_of(const StSweep *sweep, int64_t s, int64_t row) {
    int64_t n = sweep->units, wide = sweep->wide;
    Real *z = st_track(sweep, ST_TRACK_Z, s) + row * wide;
    const Real *h = st_state_at(sweep, s) + row * n;
    bool dropped = sweep->width[ST_TRACK_HD] > 0;
    return (Row){
        .z = z,
        .r = z + n,
        .g = z + 2 * n,
        .inner = sweep->width[ST_TRACK_INNER] ? st_track(sweep, ST_TRACK_INNER, s) + row * wide : NULL,
        .pre = sweep->width[ST_TRACK_PRE] ? st_track(sweep, ST_TRACK_PRE, s) + row * wide : NULL,
        .rh = sweep->width[ST_TRACK_RH] ? st_track(sweep, ST_TRACK_RH, s) + row * n : NULL,
        .h = h,
        .kept = dropped ? st_track(sweep, ST_TRACK_HD, s) + row * wide + 2 * n : h,
        .factor = dropped ? sweep->track[ST_TRACK_DROP_H] + row * wide + 2 * n : NULL,
        .next = st_state_at(sweep, s + 1) + row * n,
        .dh = sweep->track[ST_TRACK_DH] + row * n,
        .room = sweep->track[ST_TRACK_ROOM] + (sweep->rows + row) * n,
        .by_rh = sweep->track[ST_TRACK_ROOM] + row * n,
    };
}

static const StCall *activation_of(const StSweep *sweep, int gate) {
    return gate == CANDIDATE ? &sweep->options->activation : &sweep->options->recurrent_activation;
}

static void activate(const StSweep *sweep, const Row *row, int gate) {
    int64_t n = sweep->units;
    Real *z = row->z + gate * n;
    if (row->pre) memcpy(row->pre + gate * n, z, (size_t)n * sizeof *z);
    st_activation_forward(activation_of(sweep, gate), z, z, 1, n);
}

/* dz, in the gate's place, from the gradient by its value. */
static void deactivate(const StSweep *sweep, const Row *row, int gate, const Real *by_value) {
    int64_t n = sweep->units;
    Real *z = row->z + gate * n;
    st_activation_backward(activation_of(sweep, gate), z, by_value, z, row->pre ? row->pre + gate * n : NULL,
                           1, n);
}

/* next = z·h + (1 - z)·g */
ST_CLONES static void mix(const Row *row, int64_t n) {
    const Real *z = row->z, *g = row->g, *h = row->h;
    Real *next = row->next;
    ST_LOOP
    for (int64_t j = 0; j < n; j++)
        next[j] = z[j] * h[j] + (1 - z[j]) * g[j];
}

/* The gradient by z to room; by the candidate, to `by_candidate`; by the state before, to dh. */
ST_CLONES static void unmix(const Row *row, Real *by_candidate, int64_t n) {
    const Real *z = row->z, *g = row->g, *h = row->h;
    Real *dh = row->dh, *by_update = row->room;
    ST_LOOP
    for (int64_t j = 0; j < n; j++) {
        Real d = dh[j];
        by_update[j] = d * (h[j] - g[j]);
        by_candidate[j] = d * (1 - z[j]);
        dh[j] = d * z[j];
    }
}

/* ---- reset_after: z, r and the candidate from inner = h·U + b ---- */

static void after_forward(const StSweep *sweep, int64_t s) {
    int64_t n = sweep->units, wide = sweep->wide;
    Real *inner = st_track(sweep, ST_TRACK_INNER, s);
    if (sweep->options->use_bias)
        st_rows_fill(inner, sweep->step->weight[ST_BIAS] + wide, sweep->rows, wide);
    else
        memset(inner, 0, (size_t)(sweep->rows * wide) * sizeof *inner);
    st_recurrent_into(sweep, s, 0, GATES, inner);
    for (int64_t i = 0; i < sweep->rows; i++) {
        Row row = row_of(sweep, s, i);
        st_vector_axpy(row.z, 1, row.inner, 2 * n);
        activate(sweep, &row, UPDATE);
        activate(sweep, &row, RESET);
        st_vector_multiply(row.room, row.r, row.inner + 2 * n, n);
        st_vector_axpy(row.g, 1, row.room, n);
        activate(sweep, &row, CANDIDATE);
        mix(&row, n);
    }
}

static void after_backward(const StSweep *sweep, int64_t s) {
    int64_t n = sweep->units, wide = sweep->wide;
    for (int64_t i = 0; i < sweep->rows; i++) {
        Row row = row_of(sweep, s, i);
        if (st_masked(sweep, s, i)) {
            memset(row.z, 0, (size_t)wide * sizeof *row.z);
            memset(row.inner, 0, (size_t)wide * sizeof *row.inner);
            continue;
        }
        unmix(&row, row.by_rh, n);
        deactivate(sweep, &row, CANDIDATE, row.by_rh);
        deactivate(sweep, &row, UPDATE, row.room);
        st_vector_multiply(row.room, row.g, row.inner + 2 * n, n);
        st_vector_multiply(row.inner + 2 * n, row.g, row.r, n);
        deactivate(sweep, &row, RESET, row.room);
        memcpy(row.inner, row.z, (size_t)(2 * n) * sizeof *row.z);
    }
    st_recurrent_back(sweep, 0, GATES, st_track(sweep, ST_TRACK_INNER, s));
}

/* ---- before: the candidate sees (r·h)·U ---- */

static void before_forward(const StSweep *sweep, int64_t s) {
    int64_t n = sweep->units, wide = sweep->wide;
    Real *z = st_track(sweep, ST_TRACK_Z, s);
    st_recurrent_into(sweep, s, UPDATE, CANDIDATE, z);
    for (int64_t i = 0; i < sweep->rows; i++) {
        Row row = row_of(sweep, s, i);
        activate(sweep, &row, UPDATE);
        activate(sweep, &row, RESET);
        st_vector_multiply(row.rh, row.r, row.kept, n);
    }
    st_gemm(false, false, sweep->rows, n, n, 1, st_track(sweep, ST_TRACK_RH, s), n,
            sweep->step->weight[ST_RECURRENT_KERNEL] + CANDIDATE * n, wide, 1, z + CANDIDATE * n, wide);
    for (int64_t i = 0; i < sweep->rows; i++) {
        Row row = row_of(sweep, s, i);
        activate(sweep, &row, CANDIDATE);
        mix(&row, n);
    }
}

static void before_backward(const StSweep *sweep, int64_t s) {
    int64_t n = sweep->units, wide = sweep->wide;
    Real *z = st_track(sweep, ST_TRACK_Z, s);
    for (int64_t i = 0; i < sweep->rows; i++) {
        Row row = row_of(sweep, s, i);
        if (st_masked(sweep, s, i)) {
            memset(row.z, 0, (size_t)wide * sizeof *row.z);
            continue;
        }
        unmix(&row, row.by_rh, n);
        deactivate(sweep, &row, CANDIDATE, row.by_rh);
        deactivate(sweep, &row, UPDATE, row.room);
    }
    st_gemm(false, true, sweep->rows, n, n, 1, z + CANDIDATE * n, wide,
            sweep->step->weight[ST_RECURRENT_KERNEL] + CANDIDATE * n, wide, 0, sweep->track[ST_TRACK_ROOM],
            n);
    for (int64_t i = 0; i < sweep->rows; i++) {
        Row row = row_of(sweep, s, i);
        if (st_masked(sweep, s, i)) continue;
        st_vector_multiply(row.room, row.by_rh, row.kept, n);
        st_vector_multiply(row.by_rh, row.by_rh, row.r, n);
        if (row.factor) st_vector_multiply(row.by_rh, row.by_rh, row.factor, n);
        st_vector_axpy(row.dh, 1, row.by_rh, n);
        deactivate(sweep, &row, RESET, row.room);
    }
    st_recurrent_back(sweep, UPDATE, CANDIDATE, z);
}

static void cell_forward(const StSweep *sweep, int64_t s) {
    sweep->options->reset_after ? after_forward(sweep, s) : before_forward(sweep, s);
}

static void cell_backward(const StSweep *sweep, int64_t s) {
    sweep->options->reset_after ? after_backward(sweep, s) : before_backward(sweep, s);
}

static const StCell cell = {GATES, false, cell_forward, cell_backward};

ST_RECURRENT_KIND(
    gru, cell, options,
    "Reads a sequence step by step with a state of its own, of which two gates let go and renew",
    "z, r = σ(x·W + h₋·U + b), g = tanh(x·W + r·(h₋·U) + b), h = z·h₋ + (1 - z)·g");
