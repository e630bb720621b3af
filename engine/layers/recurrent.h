/* What the recurrent kinds (simple_rnn, lstm, gru) have in common: options, shapes, buffers, the way through
 * time and back. A kind adds a cell: how the gates of one time step make the next state, and back.
 *
 * Within a lane everything lies step after step, [steps, rows, …], in the order in which the cell sees the
 * steps (go_backwards: from the last one). So a step's rows lie together for its product with the recurrent
 * kernel, and the products with the kernel and for the gradients are one over all steps and rows: the inputs
 * are brought into that order once, the gradients need no order at all.
 *
 * A masked step leaves the state as it is and gives the output of the step before (zeros, where there is none
 * or zero_output_for_mask says so). Dropout draws one mask a sequence, for inputs and for states: one for all
 * gates, or with recurrent_dropout one a gate, as Keras does. Its numbers stand at row · width in the stream
 * (seed, DROPOUT, layer, step), the inputs' before the states'. */
#ifndef ST_LAYERS_RECURRENT_H
#define ST_LAYERS_RECURRENT_H

#include "layers/options.h"

typedef struct StRecurrent {
    int units;
    StCall activation, recurrent_activation;
    bool use_bias;
    ST_RECURRENT_FIELDS;
    bool unit_forget_bias;
    double dropout, recurrent_dropout;
    int seed;
    bool return_sequences, go_backwards, stateful, zero_output_for_mask, reset_after;
} StRecurrent;

/* Rows of the three option tables: how it begins, and what comes behind the constraints. */
#define ST_RECURRENT_UNITS_OPTION                                                                            \
    ST_OPTION(StRecurrent, units, ST_INT, NULL, .low = 1, .high = INT32_MAX / 4,                             \
              .help = "Number of outputs, and of values that the state remembers")
#define ST_RECURRENT_DROPOUT_OPTIONS                                                                         \
    ST_OPTION(StRecurrent, dropout, ST_NUMBER, "0", .low = 0, .high = 1, .open_high = true,                  \
              .help = "Share of the inputs dropped while training, the same ones at every time step"),       \
        ST_OPTION(StRecurrent, recurrent_dropout, ST_NUMBER, "0", .low = 0, .high = 1, .open_high = true,    \
                  .help = "Share of the state dropped on its way into the gates while training")
#define ST_RECURRENT_SEED_OPTION                                                                             \
    ST_OPTION(StRecurrent, seed, ST_INT, "none", .optional = true,                                           \
              .help = "What dropout's masks are drawn from; none: the seed of the run")
#define ST_RECURRENT_SEQUENCE_OPTIONS                                                                        \
    ST_OPTION(StRecurrent, return_sequences, ST_SWITCH, "no",                                                \
              .help = "Gives the outputs of all time steps, not of the last one alone"),                     \
        ST_OPTION(StRecurrent, go_backwards, ST_SWITCH, "no",                                                \
                  .help =                                                                                    \
                      "Reads the time steps from the last to the first, and gives outputs in that order"),   \
        ST_OPTION(StRecurrent, stateful, ST_SWITCH, "no",                                                    \
                  .help = "A row begins with the state that the same row of the batch before ended in"),     \
        ST_OPTION(StRecurrent, zero_output_for_mask, ST_SWITCH, "no",                                        \
                  .help = "The output of a masked time step is 0, not that of the step before")

/* What is remembered of each time step; sizes are of one row of one step. */
typedef enum StTrack {
    ST_TRACK_X,      /* inputs, dropped: [copies of them, features] */
    ST_TRACK_Z,      /* gates: products, then values; behind the way back their gradients [gates, units] */
    ST_TRACK_INNER,  /* gru, reset_after: the product with the state, then its gradient [gates, units] */
    ST_TRACK_H,      /* state before the step [units] */
    ST_TRACK_HD,     /* the same, dropped [gates, units]; only with recurrent_dropout */
    ST_TRACK_RH,     /* gru without reset_after: r·h [units] */
    ST_TRACK_C,      /* lstm: what the cell remembers, before the step; one more behind the last [units] */
    ST_TRACK_TC,     /* lstm: its activation, behind the step [units] */
    ST_TRACK_PRE,    /* gates before their activation, where that needs it [gates, units] */
    ST_TRACK_END,    /* once: the last state [units] */
    ST_TRACK_DH,     /* once: gradient by the state [units], by c [units] */
    ST_TRACK_ROOM,   /* once: for the cell's own use [2, units] */
    ST_TRACK_DROP_X, /* once: dropout's factors of the inputs */
    ST_TRACK_DROP_H, /* once: and of the state */
    ST_TRACKS
} StTrack;

/* The weights' places. */
enum { ST_KERNEL, ST_RECURRENT_KERNEL, ST_BIAS };

typedef struct StCell StCell;

/* Some rows of the batch on their way through time. */
typedef struct StSweep {
    const StCell *cell;
    const StStep *step;
    const StPass *pass;
    const StRecurrent *options;
    int64_t first, rows, steps, features, units, wide; /* wide: gates · units */
    int copies_x, copies_h;   /* dropped copies of inputs and states: 1, or one a gate */
    bool usual;               /* tanh and sigmoid, whose loops are fused */
    const Real *mask;         /* [rows, steps] of these rows, or NULL */
    int64_t width[ST_TRACKS]; /* elements of a row; 0: there is no such track */
    int64_t slots[ST_TRACKS]; /* steps that there is room for */
    Real *track[ST_TRACKS];
} StSweep;

struct StCell {
    int gates;
    bool remembers; /* has a state c beside h */
    /* One step: from the gates' products with the inputs (track Z) to the state behind it; and back, from the
     * gradients by that state (DH) to the gates' (Z, INNER) and by the state before (DH), without what
     * goes through the product with the recurrent kernel. Masked rows are left alone, their gates' gradients
     * set to 0. */
    void (*forward)(const StSweep *sweep, int64_t s);
    void (*backward)(const StSweep *sweep, int64_t s);
};

#define st_track              ST_R(st_track)
#define st_state_at           ST_R(st_state_at)
#define st_masked             ST_R(st_masked)
#define st_recurrent_into     ST_R(st_recurrent_into)
#define st_recurrent_back     ST_R(st_recurrent_back)
#define st_is_recurrent       ST_R(st_is_recurrent)
#define st_recurrent_shape    ST_R(st_recurrent_shape)
#define st_recurrent_weights  ST_R(st_recurrent_weights)
#define st_recurrent_flops    ST_R(st_recurrent_flops)
#define st_recurrent_kept     ST_R(st_recurrent_kept)
#define st_recurrent_scratch  ST_R(st_recurrent_scratch)
#define st_recurrent_state    ST_R(st_recurrent_state)
#define st_recurrent_activity ST_R(st_recurrent_activity)
#define st_recurrent_forward  ST_R(st_recurrent_forward)
#define st_recurrent_backward ST_R(st_recurrent_backward)
#define st_recurrent_gradient ST_R(st_recurrent_gradient)

/* ---- for cells ---- */

static inline Real *st_track(const StSweep *sweep, StTrack track, int64_t s) {
    return sweep->track[track] + s % sweep->slots[track] * sweep->rows * sweep->width[track];
}

/* The state before step s; behind the last one: s = steps. */
static inline Real *st_state_at(const StSweep *sweep, int64_t s) {
    return s < sweep->steps ? st_track(sweep, ST_TRACK_H, s) : sweep->track[ST_TRACK_END];
}

static inline bool st_masked(const StSweep *sweep, int64_t s, int64_t row) {
    if (!sweep->mask) return false;
    int64_t t = sweep->options->go_backwards ? sweep->steps - 1 - s : s;
    return sweep->mask[row * sweep->steps + t] == 0;
}

/* out += (dropped) state before step s · the recurrent kernel, for gates [from, to); out: [rows, gates,
 * units]. */
void st_recurrent_into(const StSweep *sweep, int64_t s, int from, int to, Real *out);
/* And back: DH += dz · the recurrent kernel's transpose, through the dropout. */
void st_recurrent_back(const StSweep *sweep, int from, int to, const Real *dz);

/* ---- for the kinds' rows ---- */

/* Whether a layer of this kind reads a sequence step by step, by itself or by what it wraps. */
bool st_is_recurrent(const StLayerKind *kind, const void *options);
bool st_recurrent_shape(const void *options, const StShape *in, StShape *out, StError *error);
int st_recurrent_weights(const StCell *cell, const void *options, const StShape *in, StWeight *weights);
int64_t st_recurrent_flops(const StCell *cell, const void *options, const StShape *in);
int64_t st_recurrent_kept(const StCell *cell, const void *options, const StShape *in);
int64_t st_recurrent_scratch(const StCell *cell, const void *options, const StShape *in);
int64_t st_recurrent_state(const StCell *cell, const void *options);
const StCall *st_recurrent_activity(const void *options);
void st_recurrent_forward(const StCell *cell, const StStep *step, const StPass *pass);
void st_recurrent_backward(const StCell *cell, const StStep *step, const StPass *pass);
void st_recurrent_gradient(const StCell *cell, const StStep *step, int64_t rows, int part, int parts);

/* Defines the kind's functions and row, around its cell and its options. */
#define ST_RECURRENT_KIND(id, cell, table, text, law)                                                        \
    static int id##_weights(const void *values, const StShape *in, StWeight *weights) {                      \
        return st_recurrent_weights(&cell, values, in, weights);                                             \
    }                                                                                                        \
    static int64_t id##_flops(const void *values, const StShape *in, const StShape *out) {                   \
        (void)out;                                                                                           \
        return st_recurrent_flops(&cell, values, in);                                                        \
    }                                                                                                        \
    static int64_t id##_kept(const void *values, const StShape *in, const StShape *out) {                    \
        (void)out;                                                                                           \
        return st_recurrent_kept(&cell, values, in);                                                         \
    }                                                                                                        \
    static int64_t id##_scratch(const void *values, const StShape *in, const StShape *out) {                 \
        (void)out;                                                                                           \
        return st_recurrent_scratch(&cell, values, in);                                                      \
    }                                                                                                        \
    static int64_t id##_state(const void *values, const StShape *in, const StShape *out) {                   \
        (void)in, (void)out;                                                                                 \
        return st_recurrent_state(&cell, values);                                                            \
    }                                                                                                        \
    static void id##_forward(const StStep *step, const StPass *pass) {                                       \
        st_recurrent_forward(&cell, step, pass);                                                             \
    }                                                                                                        \
    static void id##_backward(const StStep *step, const StPass *pass) {                                      \
        st_recurrent_backward(&cell, step, pass);                                                            \
    }                                                                                                        \
    static void id##_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {        \
        (void)scratch;                                                                                       \
        st_recurrent_gradient(&cell, step, rows, part, parts);                                               \
    }                                                                                                        \
    const StLayerKind st_kind_##id = {                                                                       \
        .name = #id,                                                                                         \
        .help = text,                                                                                        \
        .formula = law,                                                                                      \
        .options = table,                                                                                    \
        .options_size = sizeof(StRecurrent),                                                                 \
        .whole = true,                                                                                       \
        .shape = st_recurrent_shape,                                                                         \
        .weights = id##_weights,                                                                             \
        .flops = id##_flops,                                                                                 \
        .kept = id##_kept,                                                                                   \
        .scratch = id##_scratch,                                                                             \
        .state = id##_state,                                                                                 \
        .activity = st_recurrent_activity,                                                                   \
        .forward = id##_forward,                                                                             \
        .backward = id##_backward,                                                                           \
        .gradient = id##_gradient,                                                                           \
    }

#endif
