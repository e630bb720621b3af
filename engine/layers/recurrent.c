#include "layers/recurrent.h"

#include "layers/wrapper.h"

#include "math/gemm.h"
#include "math/vector.h"

#include <string.h>

enum {
    CHUNK =
        256, /* rows of a product with the kernel: what it leaves is still in the cache when the steps come */
    BLOCK = 64 /* rows at once where nothing is kept */
};

/* ---- description ---- */

bool st_is_recurrent(const StLayerKind *kind, const void *options) {
    return (kind->wraps ? st_wrapped_kind(options) : kind)->shape == st_recurrent_shape;
}

bool st_recurrent_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const StRecurrent *o = values;
    char got[ST_SHAPE_TEXT];
    if (in->rank != 2)
        return st_fail(error, ST_ERR_SHAPE, "wanted 2 extents (time steps x features), got %s%s",
                       st_shape_print(in, got),
                       in->rank == 1 ? "; embedding or reshape before it makes two" : "");
    *out = o->return_sequences ? (StShape){2, {in->dim[0], o->units}} : (StShape){1, {o->units}};
    return true;
}

static bool resets_after(const StCell *cell, const StRecurrent *o) {
    return cell->gates == 3 && o->reset_after;
}

int st_recurrent_weights(const StCell *cell, const void *values, const StShape *in, StWeight *weights) {
    const StRecurrent *o = values;
    int64_t wide = (int64_t)cell->gates * o->units;
    weights[ST_KERNEL] = (StWeight){.name = "kernel",
                                    .shape = {2, {in->dim[1], wide}},
                                    .initializer = o->kernel_initializer,
                                    .regularizer = o->kernel_regularizer,
                                    .constraint = o->kernel_constraint,
                                    .fan_in = in->dim[1],
                                    .fan_out = wide,
                                    .trainable = true};
    weights[ST_RECURRENT_KERNEL] = (StWeight){.name = "recurrent_kernel",
                                              .shape = {2, {o->units, wide}},
                                              .initializer = o->recurrent_initializer,
                                              .regularizer = o->recurrent_regularizer,
                                              .constraint = o->recurrent_constraint,
                                              .fan_in = o->units,
                                              .fan_out = wide,
                                              .trainable = true};
    if (!o->use_bias) return 2;
    bool two = resets_after(cell, o);
    weights[ST_BIAS] = (StWeight){.name = "bias",
                                  .shape = two ? (StShape){2, {2, wide}} : (StShape){1, {wide}},
                                  .initializer = o->bias_initializer,
                                  .regularizer = o->bias_regularizer,
                                  .constraint = o->bias_constraint,
                                  .fan_in = two ? 2 : wide,
                                  .fan_out = wide,
                                  .trainable = true};
    if (cell->gates == 4 && o->unit_forget_bias) {
        weights[ST_BIAS].ones_from = o->units;
        weights[ST_BIAS].ones_to = 2 * (int64_t)o->units;
    }
    return 3;
}

int64_t st_recurrent_flops(const StCell *cell, const void *values, const StShape *in) {
    const StRecurrent *o = values;
    int64_t wide = (int64_t)cell->gates * o->units;
    return st_times(2, st_times(in->dim[0], st_times(wide, st_plus(in->dim[1], o->units))));
}

const StCall *st_recurrent_activity(const void *values) {
    return &((const StRecurrent *)values)->activity_regularizer;
}

int64_t st_recurrent_state(const StCell *cell, const void *values) {
    const StRecurrent *o = values;
    return o->stateful ? (int64_t)(cell->remembers ? 2 : 1) * o->units : 0;
}

/* ---- buffers ---- */

/* What the options and the shape say about a sweep. */
static StSweep describe(const StCell *cell, const StRecurrent *o, const StShape *in) {
    int64_t units = o->units, wide = cell->gates * units;
    bool each = o->recurrent_dropout > 0; /* a mask a gate */
    int copies = each ? cell->gates : 1;
    int64_t features = in->dim[1], dropped = st_times(copies, features);
    bool after = resets_after(cell, o);
    const char *inside = cell->gates > 1 ? st_activations[o->recurrent_activation.kind].name : "sigmoid";
    return (StSweep){.cell = cell,
                     .options = o,
                     .steps = in->dim[0],
                     .features = features,
                     .units = units,
                     .wide = wide,
                     .copies_x = copies,
                     .copies_h = copies,
                     .usual = strcmp(st_activations[o->activation.kind].name, "tanh") == 0 &&
                              strcmp(inside, "sigmoid") == 0,
                     .width = {[ST_TRACK_X] = dropped,
                               [ST_TRACK_Z] = wide,
                               [ST_TRACK_INNER] = after ? wide : 0,
                               [ST_TRACK_H] = units,
                               [ST_TRACK_HD] = each ? wide : 0,
                               [ST_TRACK_RH] = cell->gates == 3 && !after ? units : 0,
                               [ST_TRACK_C] = cell->remembers ? units : 0,
                               [ST_TRACK_TC] = cell->remembers ? units : 0,
                               [ST_TRACK_PRE] = st_activation_needs_z(o->activation.kind) ||
                                                        (cell->gates > 1 &&
                                                         st_activation_needs_z(o->recurrent_activation.kind))
                                                    ? wide
                                                    : 0,
                               [ST_TRACK_END] = units,
                               [ST_TRACK_DH] = cell->remembers ? 2 * units : units,
                               [ST_TRACK_ROOM] = 2 * units,
                               [ST_TRACK_DROP_X] = o->dropout > 0 ? dropped : 0,
                               [ST_TRACK_DROP_H] = each ? wide : 0}};
}

/* Steps that each track has room for: all of them, or as few as going forward needs. */
static void choose_slots(StSweep *sweep, bool all) {
    for (int t = 0; t < ST_TRACKS; t++)
        sweep->slots[t] = all && t < ST_TRACK_END ? sweep->steps : 1;
    if (all) {
        sweep->slots[ST_TRACK_C]++;
        return;
    }
    sweep->slots[ST_TRACK_X] = sweep->slots[ST_TRACK_Z] = CHUNK / sweep->rows;
    sweep->slots[ST_TRACK_H] = sweep->slots[ST_TRACK_C] = 2;
}

/* Elements a row. */
static int64_t tracks_size(const StSweep *sweep) {
    int64_t size = 0;
    for (int t = 0; t < ST_TRACKS; t++)
        size = st_plus(size, st_times(sweep->width[t], sweep->slots[t]));
    return size;
}

int64_t st_recurrent_kept(const StCell *cell, const void *values, const StShape *in) {
    StSweep sweep = describe(cell, values, in);
    choose_slots(&sweep, true);
    return tracks_size(&sweep);
}

int64_t st_recurrent_scratch(const StCell *cell, const void *values, const StShape *in) {
    StSweep sweep = describe(cell, values, in);
    sweep.rows = BLOCK;
    choose_slots(&sweep, false);
    int64_t forward = st_times(BLOCK, tracks_size(&sweep)), back = st_times(CHUNK, sweep.features);
    return forward < 0 || back < 0 ? -1 : forward > back ? forward : back;
}

/* Places of the tracks: of all rows of the batch, one track behind the other. */
static void lay_out(StSweep *sweep, Real *memory, int64_t batch, int64_t first) {
    for (int t = 0; t < ST_TRACKS; t++) {
        int64_t size = sweep->width[t] * sweep->slots[t];
        sweep->track[t] = memory + first * size;
        memory += batch * size;
    }
}

/* The sweep over rows [first, first + rows) of the batch, in what is kept or in scratch. */
static StSweep begin(const StCell *cell, const StStep *step, const StPass *pass, int64_t first,
                     int64_t rows) {
    StSweep sweep = describe(cell, step->options, &step->in);
    bool kept = step->kept != NULL;
    sweep.step = step;
    sweep.pass = pass;
    sweep.first = first;
    sweep.rows = rows;
    if (step->mask && step->mask_size == sweep.steps) sweep.mask = step->mask + first * sweep.steps;
    choose_slots(&sweep, kept);
    int64_t batch = pass->batch ? pass->batch : pass->first + pass->rows;
    lay_out(&sweep, kept ? step->kept : pass->scratch, kept ? batch : rows, kept ? first : 0);
    return sweep;
}

/* ---- forward ---- */

/* Numbers [from, from + count) of the stream as factors of what is left. */
static void draw(const StRng *stream, uint64_t from, double rate, Real *factor, int64_t count) {
    uint32_t threshold = (uint32_t)(rate * 0x1p32), number[CHUNK];
    Real scale = (Real)(1 / (1 - rate));
    for (int64_t at = 0; at < count; at += CHUNK) {
        int64_t n = count - at < CHUNK ? count - at : CHUNK;
        st_rng_fill(stream, from + (uint64_t)at, number, n);
        for (int64_t i = 0; i < n; i++)
            factor[at + i] = number[i] < threshold ? 0 : scale;
    }
}

static void draw_masks(const StSweep *sweep) {
    const StPass *pass = sweep->pass;
    int64_t inputs = sweep->width[ST_TRACK_DROP_X], states = sweep->width[ST_TRACK_DROP_H];
    int own = sweep->options->seed;
    uint64_t seed = own == ST_NO_INT ? pass->seed : (uint64_t)own;
    StRng stream = st_rng(seed, ST_STREAM_DROPOUT, (uint64_t)sweep->step->layer, pass->step);
    for (int64_t r = 0; r < sweep->rows; r++) {
        uint64_t at = (uint64_t)(pass->row0 + sweep->first + r) * (uint64_t)(inputs + states);
        Real *x = sweep->track[ST_TRACK_DROP_X] + r * inputs, *h = sweep->track[ST_TRACK_DROP_H] + r * states;
        if (pass->training) {
            draw(&stream, at, sweep->options->dropout, x, inputs);
            draw(&stream, at + (uint64_t)inputs, sweep->options->recurrent_dropout, h, states);
        } else {
            for (int64_t i = 0; i < inputs; i++)
                x[i] = 1;
            for (int64_t i = 0; i < states; i++)
                h[i] = 1;
        }
    }
}

/* Where time step s of a row begins in x and dx. */
static int64_t input_at(const StSweep *sweep, int64_t s, int64_t row) {
    int64_t t = sweep->options->go_backwards ? sweep->steps - 1 - s : s;
    return ((sweep->first + row) * sweep->steps + t) * sweep->features;
}

/* Inputs of steps [from, to) into their order, dropped, and their products with the kernel. */
static void project(const StSweep *sweep, int64_t from, int64_t to) {
    int64_t features = sweep->features, width = sweep->width[ST_TRACK_X], rows = (to - from) * sweep->rows;
    for (int64_t s = from; s < to; s++)
        for (int64_t r = 0; r < sweep->rows; r++) {
            const Real *x = sweep->step->x + input_at(sweep, s, r);
            Real *copy = st_track(sweep, ST_TRACK_X, s) + r * width;
            for (int k = 0; k < sweep->copies_x; k++, copy += features)
                if (sweep->width[ST_TRACK_DROP_X])
                    st_vector_multiply(copy, x, sweep->track[ST_TRACK_DROP_X] + r * width + k * features,
                                       features);
                else
                    memcpy(copy, x, (size_t)features * sizeof *copy);
        }
    Real *z = st_track(sweep, ST_TRACK_Z, from);
    bool bias = sweep->options->use_bias;
    int64_t columns = sweep->wide / sweep->copies_x;
    if (bias) st_rows_fill(z, sweep->step->weight[ST_BIAS], rows, sweep->wide);
    for (int k = 0; k < sweep->copies_x; k++)
        st_gemm(false, false, rows, columns, features, 1, st_track(sweep, ST_TRACK_X, from) + k * features,
                width, sweep->step->weight[ST_KERNEL] + k * columns, sweep->wide, bias, z + k * columns,
                sweep->wide);
}

/* The state before step s, dropped for every gate. */
static void drop_state(const StSweep *sweep, int64_t s) {
    if (!sweep->width[ST_TRACK_HD]) return;
    const Real *h = st_state_at(sweep, s), *factor = sweep->track[ST_TRACK_DROP_H];
    Real *out = st_track(sweep, ST_TRACK_HD, s);
    int64_t units = sweep->units;
    for (int64_t r = 0; r < sweep->rows; r++)
        for (int k = 0; k < sweep->copies_h; k++, out += units, factor += units)
            st_vector_multiply(out, h + r * units, factor, units);
}

void st_recurrent_into(const StSweep *sweep, int64_t s, int from, int to, Real *out) {
    const Real *kernel = sweep->step->weight[ST_RECURRENT_KERNEL];
    int64_t units = sweep->units, wide = sweep->wide;
    bool dropped = sweep->width[ST_TRACK_HD] > 0;
    const Real *h = dropped ? st_track(sweep, ST_TRACK_HD, s) : st_state_at(sweep, s);
    if (!dropped)
        st_gemm(false, false, sweep->rows, (to - from) * units, units, 1, h, units, kernel + from * units,
                wide, 1, out + from * units, wide);
    for (int k = from; dropped && k < to; k++)
        st_gemm(false, false, sweep->rows, units, units, 1, h + k * units, wide, kernel + k * units, wide, 1,
                out + k * units, wide);
}

/* The state that the sequences begin with, and the one that they leave. */
static void begin_states(const StSweep *sweep) {
    const StStep *step = sweep->step;
    size_t bytes = (size_t)sweep->units * sizeof(Real);
    const Real *held = sweep->pass->carry && step->state_size ? step->state[sweep->pass->training] : NULL;
    for (int64_t r = 0; r < sweep->rows; r++) {
        Real *h = st_state_at(sweep, 0) + r * sweep->units;
        const Real *from = held ? held + (sweep->first + r) * step->state_size : NULL;
        if (from)
            memcpy(h, from, bytes);
        else
            memset(h, 0, bytes);
        if (!sweep->cell->remembers) continue;
        Real *c = st_track(sweep, ST_TRACK_C, 0) + r * sweep->units;
        if (from)
            memcpy(c, from + sweep->units, bytes);
        else
            memset(c, 0, bytes);
    }
}

static void leave_states(const StSweep *sweep) {
    const StStep *step = sweep->step;
    if (!sweep->pass->carry || !step->state_size) return;
    size_t bytes = (size_t)sweep->units * sizeof(Real);
    for (int64_t r = 0; r < sweep->rows; r++) {
        Real *to = step->state[sweep->pass->training] + (sweep->first + r) * step->state_size;
        memcpy(to, st_state_at(sweep, sweep->steps) + r * sweep->units, bytes);
        if (sweep->cell->remembers)
            memcpy(to + sweep->units, st_track(sweep, ST_TRACK_C, sweep->steps) + r * sweep->units, bytes);
    }
}

/* The state behind step s is the one before it, where the step is masked. */
static void pass_masked(const StSweep *sweep, int64_t s) {
    if (!sweep->mask) return;
    int64_t units = sweep->units;
    size_t bytes = (size_t)units * sizeof(Real);
    for (int64_t r = 0; r < sweep->rows; r++) {
        if (!st_masked(sweep, s, r)) continue;
        memcpy(st_state_at(sweep, s + 1) + r * units, st_state_at(sweep, s) + r * units, bytes);
        if (sweep->cell->remembers)
            memcpy(st_track(sweep, ST_TRACK_C, s + 1) + r * units, st_track(sweep, ST_TRACK_C, s) + r * units,
                   bytes);
    }
}

/* The output of step s (of the last one alone where no sequences are given, but for the masked ones among
 * them: then it is that of the last step that counts). */
static void give_output(const StSweep *sweep, int64_t s) {
    bool all = sweep->options->return_sequences;
    if (!all && !sweep->mask && s < sweep->steps - 1) return;
    int64_t units = sweep->units, stride = all ? sweep->steps * units : units;
    size_t bytes = (size_t)units * sizeof(Real);
    Real *y = sweep->step->y + sweep->first * stride + (all ? s * units : 0);
    const Real *h = st_state_at(sweep, s + 1);
    for (int64_t r = 0; r < sweep->rows; r++, y += stride) {
        if (!st_masked(sweep, s, r))
            memcpy(y, h + r * units, bytes);
        else if (sweep->options->zero_output_for_mask || s == 0)
            memset(y, 0, bytes);
        else if (all)
            memcpy(y, y - units, bytes);
    }
}

static void run_forward(const StSweep *sweep) {
    int64_t chunk = sweep->rows < CHUNK ? CHUNK / sweep->rows : 1;
    if (chunk > sweep->slots[ST_TRACK_Z]) chunk = sweep->slots[ST_TRACK_Z];
    if (sweep->width[ST_TRACK_DROP_X] || sweep->width[ST_TRACK_DROP_H]) draw_masks(sweep);
    begin_states(sweep);
    for (int64_t s = 0; s < sweep->steps; s++) {
        if (s % chunk == 0) project(sweep, s, s + chunk < sweep->steps ? s + chunk : sweep->steps);
        drop_state(sweep, s);
        sweep->cell->forward(sweep, s);
        pass_masked(sweep, s);
        give_output(sweep, s);
    }
    leave_states(sweep);
}

void st_recurrent_forward(const StCell *cell, const StStep *step, const StPass *pass) {
    int64_t block = step->kept ? pass->rows : BLOCK;
    for (int64_t at = 0; at < pass->rows; at += block) {
        int64_t rows = pass->rows - at < block ? pass->rows - at : block;
        StSweep sweep = begin(cell, step, pass, pass->first + at, rows);
        run_forward(&sweep);
    }
}

/* ---- backward ---- */

void st_recurrent_back(const StSweep *sweep, int from, int to, const Real *dz) {
    const Real *kernel = sweep->step->weight[ST_RECURRENT_KERNEL];
    int64_t units = sweep->units, wide = sweep->wide;
    Real *dh = sweep->track[ST_TRACK_DH], *room = sweep->track[ST_TRACK_ROOM];
    if (!sweep->width[ST_TRACK_HD]) {
        st_gemm(false, true, sweep->rows, units, (to - from) * units, 1, dz + from * units, wide,
                kernel + from * units, wide, 1, dh, units);
        return;
    }
    for (int k = from; k < to; k++) {
        st_gemm(false, true, sweep->rows, units, units, 1, dz + k * units, wide, kernel + k * units, wide, 0,
                room, units);
        for (int64_t r = 0; r < sweep->rows; r++) {
            const Real *factor = sweep->track[ST_TRACK_DROP_H] + r * wide + k * units;
            for (int64_t j = 0; j < units; j++)
                dh[r * units + j] += room[r * units + j] * factor[j];
        }
    }
}

/* What the output of step s adds to the gradient by the state behind it. Where the step is masked the output
 * was an earlier one's, whose state this still is; or a constant zero. */
static void take_output(const StSweep *sweep, int64_t s) {
    bool all = sweep->options->return_sequences;
    if (!all && s < sweep->steps - 1) return;
    int64_t units = sweep->units, stride = all ? sweep->steps * units : units;
    const Real *dy = sweep->step->dy + sweep->first * stride + (all ? s * units : 0);
    for (int64_t r = 0; r < sweep->rows; r++, dy += stride)
        if (!sweep->options->zero_output_for_mask || !st_masked(sweep, s, r))
            st_vector_axpy(sweep->track[ST_TRACK_DH] + r * units, 1, dy, units);
}

/* dx of the steps, which lie one row behind the other, from the gates' gradients. */
static void back_to_inputs(const StSweep *sweep) {
    int64_t total = sweep->steps * sweep->rows, features = sweep->features;
    int64_t columns = sweep->wide / sweep->copies_x;
    Real *part = sweep->pass->scratch;
    for (int64_t at = 0; at < total; at += CHUNK) {
        int64_t rows = total - at < CHUNK ? total - at : CHUNK;
        for (int k = 0; k < sweep->copies_x; k++) {
            st_gemm(false, true, rows, features, columns, 1,
                    sweep->track[ST_TRACK_Z] + at * sweep->wide + k * columns, sweep->wide,
                    sweep->step->weight[ST_KERNEL] + k * columns, sweep->wide, 0, part, features);
            for (int64_t i = 0; i < rows; i++) {
                int64_t r = (at + i) % sweep->rows;
                Real *from = part + i * features,
                     *dx = sweep->step->dx + input_at(sweep, (at + i) / sweep->rows, r);
                if (sweep->width[ST_TRACK_DROP_X])
                    st_vector_multiply(from, from,
                                       sweep->track[ST_TRACK_DROP_X] + r * sweep->width[ST_TRACK_DROP_X] +
                                           k * features,
                                       features);
                if (k == 0)
                    memcpy(dx, from, (size_t)features * sizeof *dx);
                else
                    st_vector_axpy(dx, 1, from, features);
            }
        }
    }
}

void st_recurrent_backward(const StCell *cell, const StStep *step, const StPass *pass) {
    if (pass->rows == 0) return;
    StSweep sweep = begin(cell, step, pass, pass->first, pass->rows);
    memset(sweep.track[ST_TRACK_DH], 0, (size_t)(sweep.rows * sweep.width[ST_TRACK_DH]) * sizeof(Real));
    for (int64_t s = sweep.steps - 1; s >= 0; s--) {
        take_output(&sweep, s);
        cell->backward(&sweep, s);
    }
    if (step->dx) back_to_inputs(&sweep);
}

/* ---- gradients ---- */

/* A band of the columns of gates [first, last) of a kernel: what came in, as columns `offset` … of a track,
 * by the gates' gradients, which are many and are so read but once. */
typedef struct Product {
    StTrack in, out;
    int64_t offset, inputs;
    int first, last;
    int part, parts;
} Product;

static void product(const StSweep *sweep, const Product *p, Real *gradient) {
    int64_t columns = (p->last - p->first) * sweep->units, from = columns * p->part / p->parts;
    int64_t count = columns * (p->part + 1) / p->parts - from, at = p->first * sweep->units + from;
    st_gemm(true, false, p->inputs, count, sweep->steps * sweep->rows, 1, sweep->track[p->in] + p->offset,
            sweep->width[p->in], sweep->track[p->out] + at, sweep->wide, 0, gradient + at, sweep->wide);
}

static void kernel_gradient(const StSweep *sweep, int part, int parts) {
    int each = sweep->cell->gates / sweep->copies_x;
    for (int k = 0; k < sweep->copies_x; k++) {
        Product p = {ST_TRACK_X, ST_TRACK_Z, k * sweep->features, sweep->features, k * each, (k + 1) * each,
                     part,       parts};
        product(sweep, &p, sweep->step->gradient[ST_KERNEL]);
    }
}

static void recurrent_gradient(const StSweep *sweep, int part, int parts) {
    bool dropped = sweep->width[ST_TRACK_HD] > 0, reset = sweep->width[ST_TRACK_RH] > 0;
    int gates = sweep->cell->gates, straight = reset ? gates - 1 : gates, each = dropped ? 1 : straight;
    StTrack out = sweep->width[ST_TRACK_INNER] ? ST_TRACK_INNER : ST_TRACK_Z;
    Product p = {dropped ? ST_TRACK_HD : ST_TRACK_H, out, 0, sweep->units, 0, 0, part, parts};
    for (p.first = 0; p.first < straight; p.first = p.last) {
        p.last = p.first + each;
        p.offset = dropped ? p.first * sweep->units : 0;
        product(sweep, &p, sweep->step->gradient[ST_RECURRENT_KERNEL]);
    }
    if (!reset) return;
    p.in = ST_TRACK_RH;
    p.offset = 0;
    p.last = gates;
    product(sweep, &p, sweep->step->gradient[ST_RECURRENT_KERNEL]);
}

void st_recurrent_gradient(const StCell *cell, const StStep *step, int64_t rows, int part, int parts) {
    StPass pass = {.batch = rows, .rows = rows};
    StSweep sweep = begin(cell, step, &pass, 0, rows);
    kernel_gradient(&sweep, part, parts);
    recurrent_gradient(&sweep, part, parts);
    if (!sweep.options->use_bias) return;
    int64_t from = sweep.wide * part / parts, count = sweep.wide * (part + 1) / parts - from;
    Real *bias = step->gradient[ST_BIAS];
    st_columns_sum(bias + from, sweep.track[ST_TRACK_Z], rows * sweep.steps, sweep.wide, from, count);
    if (sweep.width[ST_TRACK_INNER])
        st_columns_sum(bias + sweep.wide + from, sweep.track[ST_TRACK_INNER], rows * sweep.steps, sweep.wide,
                       from, count);
}
