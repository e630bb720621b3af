/* Long short-term memory (Hochreiter and Schmidhuber 1997; with the forget gate of Gers and others 2000), as
 * Keras has it: gates i, f, c, o, one bias. */
#include "layers/recurrent.h"
#include "math/scalar.h"
#include "math/vector.h"

#include <string.h>

static const StOption options[] = {
    ST_RECURRENT_UNITS_OPTION,
    ST_ACTIVATION_OPTION(StRecurrent, activation, "tanh",
                         "Function of what is remembered, and of the output"),
    ST_ACTIVATION_OPTION(StRecurrent, recurrent_activation, "sigmoid", "Function of the gates"),
    ST_USE_BIAS_OPTION(StRecurrent),
    ST_RECURRENT_INITIALIZER_OPTIONS(StRecurrent),
    ST_OPTION(StRecurrent, unit_forget_bias, ST_SWITCH, "yes",
              .help = "The forget gate's bias begins at 1, so that a new network remembers"),
    ST_RECURRENT_PENALTY_OPTIONS(StRecurrent),
    ST_RECURRENT_DROPOUT_OPTIONS,
    ST_RECURRENT_SEED_OPTION,
    ST_RECURRENT_SEQUENCE_OPTIONS,
    {0},
};

/* One row of one step: z holds the products and becomes the gates. Arrays of n units. */
ST_CLONES static void usual_forward(Real *z, const Real *c, Real *c_next, Real *tc, Real *h, int64_t n) {
    Real *zi = z, *zf = z + n, *zg = z + 2 * n, *zo = z + 3 * n;
    ST_LOOP
    for (int64_t j = 0; j < n; j++) {
        Real i = st_sigmoid(zi[j]), f = st_sigmoid(zf[j]), g = st_tanh(zg[j]), o = st_sigmoid(zo[j]);
        Real next = st_fma(f, c[j], i * g), t = st_tanh(next);
        zi[j] = i, zf[j] = f, zg[j] = g, zo[j] = o;
        c_next[j] = next;
        tc[j] = t;
        h[j] = o * t;
    }
}

ST_CLONES static void usual_backward(Real *z, const Real *c, const Real *tc, Real *dh, Real *dc, int64_t n) {
    Real *zi = z, *zf = z + n, *zg = z + 2 * n, *zo = z + 3 * n;
    ST_LOOP
    for (int64_t j = 0; j < n; j++) {
        Real i = zi[j], f = zf[j], g = zg[j], o = zo[j], t = tc[j], d = dh[j];
        Real by_c = st_fma(d * o, (1 - t) * (1 + t), dc[j]);
        zi[j] = by_c * g * (i * (1 - i));
        zf[j] = by_c * c[j] * (f * (1 - f));
        zg[j] = by_c * i * ((1 - g) * (1 + g));
        zo[j] = d * t * (o * (1 - o));
        dc[j] = by_c * f;
        dh[j] = 0;
    }
}

/* The same with any activations. */
static void any_forward(const StRecurrent *o, Real *z, Real *pre, const Real *c, Real *c_next, Real *tc,
                        Real *h, int64_t n) {
    if (pre) memcpy(pre, z, (size_t)(4 * n) * sizeof *z);
    for (int gate = 0; gate < 4; gate++)
        st_activation_forward(gate == 2 ? &o->activation : &o->recurrent_activation, z + gate * n,
                              z + gate * n, 1, n);
    for (int64_t j = 0; j < n; j++)
        c_next[j] = z[n + j] * c[j] + z[j] * z[2 * n + j];
    st_activation_forward(&o->activation, tc, c_next, 1, n);
    st_vector_multiply(h, z + 3 * n, tc, n);
}

static void any_backward(const StRecurrent *o, Real *z, const Real *pre, const Real *c, const Real *c_next,
                         const Real *tc, Real *dh, Real *dc, Real *room, int64_t n) {
    Real *zi = z, *zf = z + n, *zg = z + 2 * n, *zo = z + 3 * n, *more = room + n;
    const StCall *inside = &o->recurrent_activation;
    st_vector_multiply(room, dh, zo, n);
    st_activation_backward(&o->activation, room, room, tc, c_next, 1, n);
    st_vector_axpy(dc, 1, room, n);
    st_vector_multiply(room, dh, tc, n);
    st_activation_backward(inside, zo, room, zo, pre ? pre + 3 * n : NULL, 1, n);
    st_vector_multiply(room, dc, zg, n);
    st_vector_multiply(more, dc, zi, n);
    st_activation_backward(inside, zi, room, zi, pre, 1, n);
    st_activation_backward(&o->activation, zg, more, zg, pre ? pre + 2 * n : NULL, 1, n);
    st_vector_multiply(room, dc, c, n);
    st_vector_multiply(dc, dc, zf, n);
    st_activation_backward(inside, zf, room, zf, pre ? pre + n : NULL, 1, n);
    memset(dh, 0, (size_t)n * sizeof *dh);
}

static void cell_forward(const StSweep *sweep, int64_t s) {
    Real *z = st_track(sweep, ST_TRACK_Z, s), *c = st_track(sweep, ST_TRACK_C, s);
    Real *c_next = st_track(sweep, ST_TRACK_C, s + 1), *tc = st_track(sweep, ST_TRACK_TC, s);
    Real *pre = st_track(sweep, ST_TRACK_PRE, s), *h = st_state_at(sweep, s + 1);
    int64_t n = sweep->units;
    st_recurrent_into(sweep, s, 0, 4, z);
    for (int64_t r = 0; r < sweep->rows; r++) {
        int64_t at = r * n;
        if (sweep->usual)
            usual_forward(z + 4 * at, c + at, c_next + at, tc + at, h + at, n);
        else
            any_forward(sweep->options, z + 4 * at, sweep->width[ST_TRACK_PRE] ? pre + 4 * at : NULL, c + at,
                        c_next + at, tc + at, h + at, n);
    }
}

static void cell_backward(const StSweep *sweep, int64_t s) {
    Real *z = st_track(sweep, ST_TRACK_Z, s), *c = st_track(sweep, ST_TRACK_C, s);
    Real *c_next = st_track(sweep, ST_TRACK_C, s + 1), *tc = st_track(sweep, ST_TRACK_TC, s);
    Real *pre = st_track(sweep, ST_TRACK_PRE, s);
    Real *dh = sweep->track[ST_TRACK_DH], *dc = dh + sweep->rows * sweep->units;
    int64_t n = sweep->units;
    for (int64_t r = 0; r < sweep->rows; r++) {
        int64_t at = r * n;
        if (st_masked(sweep, s, r))
            memset(z + 4 * at, 0, (size_t)(4 * n) * sizeof *z);
        else if (sweep->usual)
            usual_backward(z + 4 * at, c + at, tc + at, dh + at, dc + at, n);
        else
            any_backward(sweep->options, z + 4 * at, sweep->width[ST_TRACK_PRE] ? pre + 4 * at : NULL, c + at,
                         c_next + at, tc + at, dh + at, dc + at, sweep->track[ST_TRACK_ROOM], n);
    }
    st_recurrent_back(sweep, 0, 4, z);
}

static const StCell cell = {4, true, cell_forward, cell_backward};

ST_RECURRENT_KIND(lstm, cell, options,
                  "Reads a sequence step by step and learns what to remember, to forget and to tell of it",
                  "i, f, o = σ(x·W + h₋·U + b), g = tanh(x·W + h₋·U + b), c = f·c₋ + i·g, h = o·tanh(c)");
