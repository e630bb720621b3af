/* A recurrent layer and its twin that reads backwards, with weights of its own (Schuster and Paliwal 1997).
 * What the twin says is turned round in time before the two are merged. */
#include "layers/recurrent.h"
#include "layers/wrapper.h"
#include "math/vector.h"

#include <string.h>

enum { CONCAT, SUM, MUL, AVE };

typedef struct Bidirectional {
    StWrapped wrapped;
    int merge_mode;
} Bidirectional;

static const StChoice merges[] = {{.name = "concat", .help = "one behind the other: twice the units"},
                                  {.name = "sum", .help = "added"},
                                  {.name = "mul", .help = "multiplied"},
                                  {.name = "ave", .help = "their mean"},
                                  {0}};

static const StOption options[] = {
    ST_OPTION(Bidirectional, merge_mode, ST_CHOICE, "concat", .choices = merges,
              .help = "How the outputs of both directions become one"),
    {0},
};

enum {
    SIDES = 2,
    BLOCK = 32,    /* rows at once where nothing is kept */
    TWIN = 1 << 16 /* added to the layer's index: the twin's key of dropout */
};

static bool wraps(const StLayerKind *kind) {
    return kind->shape == st_recurrent_shape;
}

/* The sides' options: masked outputs are 0 in sequences, as Keras wants it here. */
static StRecurrent side_options(const void *values, int side) {
    StRecurrent o = *(const StRecurrent *)st_wrapped_options(values);
    o.go_backwards = side == 1;
    o.zero_output_for_mask = o.return_sequences;
    return o;
}

/* The shape of a side's output. */
static StShape side_shape(const void *values, const StShape *in) {
    StShape out = {0};
    StError unused = {0};
    st_recurrent_shape(st_wrapped_options(values), in, &out, &unused);
    return out;
}

static bool both_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const StRecurrent *o = st_wrapped_options(values);
    if (o->go_backwards)
        return st_fail(error, ST_ERR_SHAPE,
                       "goes both ways: wanted go_backwards=no in the layer that it wraps");
    if (!st_recurrent_shape(o, in, out, error)) return false;
    if (((const Bidirectional *)values)->merge_mode == CONCAT) out->dim[out->rank - 1] *= SIDES;
    return true;
}

static int both_weights(const void *values, const StShape *in, StWeight *weights) {
    const StLayerKind *kind = st_wrapped_kind(values);
    int each = kind->weights(st_wrapped_options(values), in, weights);
    for (int w = 0; w < each; w++) {
        weights[w].owner = kind->name;
        weights[w].side = "forward_";
        weights[each + w] = weights[w];
        weights[each + w].side = "backward_";
    }
    return SIDES * each;
}

static int64_t both_flops(const void *values, const StShape *in, const StShape *out) {
    return st_times(SIDES, st_wrapped_kind(values)->flops(st_wrapped_options(values), in, out));
}

static int64_t both_state(const void *values, const StShape *in, const StShape *out) {
    return st_times(SIDES, st_wrapped_kind(values)->state(st_wrapped_options(values), in, out));
}

/* What the sides need beside what a recurrent layer keeps: their outputs, and going back the gradients by
 * these and by the twin's input. Elements a row. */
typedef struct Sizes {
    int64_t kept, y, dx; /* of one side; of the twin */
} Sizes;

static Sizes sizes_of(const void *values, const StShape *in) {
    const StLayerKind *kind = st_wrapped_kind(values);
    StShape out = side_shape(values, in);
    return (Sizes){kind->kept(st_wrapped_options(values), in, &out), st_shape_size(&out), st_shape_size(in)};
}

static int64_t both_kept(const void *values, const StShape *in, const StShape *out) {
    (void)out;
    Sizes size = sizes_of(values, in);
    int64_t side = st_plus(size.kept, st_times(2, size.y));
    return st_plus(st_times(SIDES, side), size.dx);
}

static int64_t both_scratch(const void *values, const StShape *in, const StShape *out) {
    int64_t inner = st_wrapped_kind(values)->scratch(st_wrapped_options(values), in, out);
    return st_plus(inner, st_times(st_times(SIDES, BLOCK), sizes_of(values, in).y));
}

/* ---- the two sides ---- */

typedef struct Side {
    StRecurrent options;
    StStep step;
} Side;

/* A side as its kind sees it. Where things are kept they lie in the step's, one array of all rows of the
 * batch behind the other. */
static void make_side(Side *side, const StStep *step, int which, int64_t batch) {
    Sizes size = sizes_of(step->options, &step->in);
    const StLayerKind *kind = st_wrapped_kind(step->options);
    StWeight unused[ST_WEIGHTS_MAX];
    side->options = side_options(step->options, which);
    int weights = kind->weights(&side->options, &step->in, unused);
    side->step = *step;
    side->step.kind = kind;
    side->step.options = &side->options;
    side->step.layer = step->layer + which * TWIN;
    side->step.out = side_shape(step->options, &step->in);
    side->step.out_size = size.y;
    side->step.kept_size = size.kept;
    for (int w = 0; w < weights; w++) {
        side->step.weight[w] = step->weight[which * weights + w];
        side->step.gradient[w] = step->gradient[which * weights + w];
    }
    for (int t = 0; t < 2 && step->state_size; t++) /* the two states of a row lie beside each other */
        side->step.state[t] = step->state[t] + which * (step->state_size / SIDES);
    if (!step->kept) return;
    Real *at = step->kept + which * batch * (size.kept + 2 * size.y);
    side->step.kept = at;
    side->step.y = at + batch * size.kept;
    side->step.dy = side->step.y + batch * size.y;
    if (which == 1 && step->dx) side->step.dx = at + batch * (size.kept + 2 * size.y);
}

/* Where nothing is kept: rows from `first` on become the first ones, their outputs lie in scratch. */
static void move_side(Side *side, const StStep *step, int64_t first, Real *y) {
    side->step.x += first * step->in_size;
    side->step.y = y;
    if (step->mask) side->step.mask += first * step->mask_size;
    for (int t = 0; t < 2 && step->state_size; t++)
        side->step.state[t] += first * step->state_size;
}

/* ---- merging ---- */

/* Rows [first, first + rows) of y, from the sides' rows beginning at `from`: by time step, the twin's the
 * other way round. */
typedef struct Merge {
    int mode;
    int64_t first, from, rows, steps, units;
    bool turned; /* sequences: in the order of processing */
} Merge;

static Merge merge_of(const StStep *step, const Side *side, int64_t first, int64_t from, int64_t rows) {
    int64_t units = side->options.units;
    return (Merge){((const Bidirectional *)step->options)->merge_mode,
                   first,
                   from,
                   rows,
                   side->step.out_size / units,
                   units,
                   side->options.return_sequences};
}

/* Element of the first side's array, of the twin's, and of the merged one, where step t of a row begins. */
static int64_t there(const Merge *m, int64_t r, int64_t t) {
    return ((m->from + r) * m->steps + t) * m->units;
}
static int64_t turned(const Merge *m, int64_t r, int64_t t) {
    return there(m, r, m->turned ? m->steps - 1 - t : t);
}
static int64_t merged(const Merge *m, int64_t r, int64_t t) {
    return ((m->first + r) * m->steps + t) * (m->mode == CONCAT ? SIDES * m->units : m->units);
}

static void merge_step(const Merge *m, Real *y, const Real *a, const Real *b) {
    int64_t n = m->units;
    if (m->mode == CONCAT) {
        memcpy(y, a, (size_t)n * sizeof *y);
        memcpy(y + n, b, (size_t)n * sizeof *y);
    } else if (m->mode == MUL) {
        st_vector_multiply(y, a, b, n);
    } else {
        memcpy(y, a, (size_t)n * sizeof *y);
        st_vector_axpy(y, 1, b, n);
        if (m->mode == AVE) st_vector_scale(y, y, (Real)0.5, n);
    }
}

static void merge(const Merge *m, Real *y, const Real *a, const Real *b) {
    for (int64_t r = 0; r < m->rows; r++)
        for (int64_t t = 0; t < m->steps; t++)
            merge_step(m, y + merged(m, r, t), a + there(m, r, t), b + turned(m, r, t));
}

/* The gradients by a and b. */
static void part_step(const Merge *m, const Real *dy, const Real *a, const Real *b, Real *da, Real *db) {
    int64_t n = m->units;
    if (m->mode == MUL) {
        st_vector_multiply(da, dy, b, n);
        st_vector_multiply(db, dy, a, n);
    } else {
        Real share = m->mode == AVE ? (Real)0.5 : 1;
        st_vector_scale(da, dy, share, n);
        st_vector_scale(db, m->mode == CONCAT ? dy + n : dy, share, n);
    }
}

static void part(const Merge *m, const Real *dy, const StStep *a, const StStep *b) {
    for (int64_t r = 0; r < m->rows; r++)
        for (int64_t t = 0; t < m->steps; t++) {
            int64_t i = there(m, r, t), j = turned(m, r, t);
            part_step(m, dy + merged(m, r, t), a->y + i, b->y + j, a->dy + i, b->dy + j);
        }
}

/* ---- kernels ---- */

static int64_t batch_of(const StPass *pass) {
    return pass->batch ? pass->batch : pass->first + pass->rows;
}

/* The regularizer of the outputs sees each side's, as both are layers of their own. */
static void side_forward(const Side *side, const StPass *pass) {
    const StCall *activity = &side->options.activity_regularizer;
    side->step.kind->forward(&side->step, pass);
    if (pass->penalty && activity->kind != 0)
        *pass->penalty += st_regularizer_value(activity, side->step.y + pass->first * side->step.out_size,
                                               pass->rows * side->step.out_size);
}

static void side_backward(const Side *side, const StPass *pass) {
    StCall share = side->options.activity_regularizer;
    int64_t at = pass->first * side->step.out_size;
    for (int p = 0; p < ST_PARAMETERS_MAX; p++)
        share.parameter[p] /= (double)batch_of(pass);
    if (share.kind != 0)
        st_regularizer_add_gradient(&share, side->step.dy + at, side->step.y + at,
                                    pass->rows * side->step.out_size);
    side->step.kind->backward(&side->step, pass);
}

static void both_forward(const StStep *step, const StPass *pass) {
    int64_t block = step->kept ? pass->rows : BLOCK;
    for (int64_t at = 0; at < pass->rows; at += block) {
        int64_t first = pass->first + at, rows = pass->rows - at < block ? pass->rows - at : block;
        Side side[SIDES];
        StPass own = *pass;
        own.first = first;
        own.rows = rows;
        for (int s = 0; s < SIDES; s++)
            make_side(&side[s], step, s, batch_of(pass));
        if (!step->kept) {
            int64_t size = BLOCK * side[0].step.out_size;
            own.first = 0;
            own.batch = rows;
            own.row0 += first;
            own.scratch += SIDES * size;
            for (int s = 0; s < SIDES; s++)
                move_side(&side[s], step, first, pass->scratch + s * size);
        }
        for (int s = 0; s < SIDES; s++)
            side_forward(&side[s], &own);
        Merge m = merge_of(step, &side[0], first, own.first, rows);
        merge(&m, step->y, side[0].step.y, side[1].step.y);
    }
}

static void both_backward(const StStep *step, const StPass *pass) {
    Side side[SIDES];
    for (int s = 0; s < SIDES; s++)
        make_side(&side[s], step, s, batch_of(pass));
    Merge m = merge_of(step, &side[0], pass->first, pass->first, pass->rows);
    part(&m, step->dy, &side[0].step, &side[1].step);
    for (int s = 0; s < SIDES; s++)
        side_backward(&side[s], pass);
    int64_t at = pass->first * step->in_size;
    if (step->dx) st_vector_axpy(step->dx + at, 1, side[1].step.dx + at, pass->rows * step->in_size);
}

static void both_gradient(const StStep *step, int64_t rows, int piece, int pieces, Real *scratch) {
    for (int s = 0; s < SIDES; s++) {
        Side side;
        make_side(&side, step, s, rows);
        side.step.kind->gradient(&side.step, rows, piece, pieces, scratch);
    }
}

const StLayerKind st_kind_bidirectional = {
    .name = "bidirectional",
    .help = "Reads the sequence in both directions with two recurrent layers: bidirectional lstm 32",
    .formula = "y = merge(layer(x), layer'(x read backwards))",
    .options = options,
    .options_size = sizeof(Bidirectional),
    .whole = true,
    .wraps = wraps,
    .shape = both_shape,
    .weights = both_weights,
    .flops = both_flops,
    .kept = both_kept,
    .scratch = both_scratch,
    .state = both_state,
    .forward = both_forward,
    .backward = both_backward,
    .gradient = both_gradient,
};
