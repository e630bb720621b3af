/* The same layer at every time step: to the wrapped kind a row of so many steps is as many rows.
 *
 * But for kinds whose rows must know of each other (batch_normalization), while training: Keras calls the
 * layer step by step, so their statistics are those of one step at a time. Then the steps lie apart, [steps,
 * rows, …], and each has shares of its own. */
#include "layers/wrapper.h"
#include "math/vector.h"

#include <string.h>

typedef struct TimeDistributed {
    StWrapped wrapped;
} TimeDistributed;

static const StOption options[] = {{0}};

static bool wraps(const StLayerKind *kind) {
    return !kind->wraps;
}

static StShape without_time(const StShape *shape) {
    StShape step = {.rank = shape->rank - 1};
    memcpy(step.dim, shape->dim + 1, (size_t)step.rank * sizeof *step.dim);
    return step;
}

static bool distributed_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const StLayerKind *kind = st_wrapped_kind(values);
    char got[ST_SHAPE_TEXT];
    if (in->rank < 2)
        return st_fail(error, ST_ERR_SHAPE, "wanted at least 2 extents (time steps first), got %s",
                       st_shape_print(in, got));
    StShape each = without_time(in), step;
    StError why = {0};
    if (!kind->shape(st_wrapped_options(values), &each, &step, &why))
        return st_fail(error, why.code, "at each time step, %s: %.600s", kind->name, why.message);
    if (step.rank >= ST_RANK_MAX)
        return st_fail(error, ST_ERR_SHAPE, "%s gives %s at each time step, wanted at most %d extents",
                       kind->name, st_shape_print(&step, got), ST_RANK_MAX - 1);
    *out = (StShape){.rank = step.rank + 1, .dim = {in->dim[0]}};
    memcpy(out->dim + 1, step.dim, (size_t)step.rank * sizeof *step.dim);
    return true;
}

static int distributed_weights(const void *values, const StShape *in, StWeight *weights) {
    const StLayerKind *kind = st_wrapped_kind(values);
    StShape each = without_time(in);
    int count = kind->weights ? kind->weights(st_wrapped_options(values), &each, weights) : 0;
    for (int w = 0; w < count; w++) { /* time_distributed/dense/kernel */
        weights[w].owner = kind->name;
        weights[w].side = "";
    }
    return count;
}

/* Sizes a row are those of a step, times the steps; others are as they are. */
static int64_t of_step(int64_t (*hook)(const void *, const StShape *, const StShape *), const void *values,
                       const StShape *in, const StShape *out) {
    StShape each = without_time(in), step = without_time(out);
    return st_size_of(hook, st_wrapped_options(values), &each, &step);
}

static int64_t distributed_flops(const void *values, const StShape *in, const StShape *out) {
    return st_times(in->dim[0], of_step(st_wrapped_kind(values)->flops, values, in, out));
}

static int64_t distributed_state(const void *values, const StShape *in, const StShape *out) {
    return st_times(in->dim[0], of_step(st_wrapped_kind(values)->state, values, in, out));
}

/* All extents of a step but the last: what a mask says something of. */
static int64_t positions_of(const StShape *each) {
    return st_shape_size(each) / each->dim[each->rank - 1];
}

/* What lies apart, step by step: x, y, their gradients, the mask. Elements of a row of one step; 0 where the
 * rows need not know of each other. */
static int64_t apart_size(const void *values, const StShape *in, const StShape *out) {
    StShape each = without_time(in), step = without_time(out);
    int64_t both = st_plus(st_shape_size(&each), st_shape_size(&step));
    return st_wrapped_kind(values)->shared ? st_plus(st_times(2, both), positions_of(&each)) : 0;
}

static int64_t distributed_kept(const void *values, const StShape *in, const StShape *out) {
    int64_t kept = of_step(st_wrapped_kind(values)->kept, values, in, out);
    return st_times(in->dim[0], st_plus(kept, apart_size(values, in, out)));
}

/* Elements of all weights: a step's gradients, before they are added up. */
static int64_t gradients_size(const void *values, const StShape *in) {
    StWeight weights[ST_WEIGHTS_MAX];
    int64_t size = 0;
    for (int w = distributed_weights(values, in, weights) - 1; w >= 0; w--)
        size = st_plus(size, st_shape_size(&weights[w].shape));
    return size;
}

static int64_t distributed_scratch(const void *values, const StShape *in, const StShape *out) {
    const StLayerKind *kind = st_wrapped_kind(values);
    return st_plus(of_step(kind->scratch, values, in, out), kind->shared ? gradients_size(values, in) : 0);
}

/* The lanes that there were, and the shares of every step. */
static int64_t distributed_shared(const void *values, const StShape *in, const StShape *out) {
    const StLayerKind *kind = st_wrapped_kind(values);
    return kind->shared ? st_plus(1, st_times(in->dim[0], of_step(kind->shared, values, in, out))) : 0;
}

static const char *distributed_activation(const void *values) {
    const StLayerKind *kind = st_wrapped_kind(values);
    return kind->activation ? kind->activation(st_wrapped_options(values)) : NULL;
}

static int64_t distributed_words(const void *values) {
    const StLayerKind *kind = st_wrapped_kind(values);
    return kind->words ? kind->words(st_wrapped_options(values)) : 0;
}

/* The step and the pass as the wrapped kind sees them: its rows have their share of the mask. */
static StStep inner_step(const StStep *step) {
    StStep inner = *step;
    int64_t times = step->in.dim[0];
    inner.kind = st_wrapped_kind(step->options);
    inner.options = st_wrapped_options(step->options);
    inner.in = without_time(&step->in);
    inner.out = without_time(&step->out);
    inner.in_size = step->in_size / times;
    inner.out_size = step->out_size / times;
    inner.kept_size = of_step(inner.kind->kept, step->options, &step->in, &step->out);
    inner.state_size = step->state_size / times;
    inner.mask_size = positions_of(&inner.in);
    inner.mask = step->mask_size == times * inner.mask_size ? step->mask : NULL;
    inner.mask_out = NULL;
    if (step->shared_size) {
        inner.shared++;
        inner.shared_back++;
        inner.shared_size = of_step(inner.kind->shared, step->options, &step->in, &step->out);
    }
    return inner;
}

static StPass inner_pass(const StStep *step, const StPass *pass) {
    StPass inner = *pass;
    int64_t times = step->in.dim[0];
    inner.first *= times;
    inner.rows *= times;
    inner.batch *= times;
    inner.row0 *= times;
    return inner;
}

/* ---- steps apart ---- */

static bool is_apart(const StStep *step, const StPass *pass) {
    return pass->training && step->shared_size > 0;
}

/* Step t alone, its rows those of the batch. */
static StStep step_alone(const StStep *step, int64_t t, int64_t batch, int lanes) {
    StStep alone = inner_step(step);
    int64_t times = step->in.dim[0], in = batch * alone.in_size, out = batch * alone.out_size;
    Real *at = step->kept + times * batch * alone.kept_size;
    alone.kept = step->kept + t * batch * alone.kept_size;
    alone.x = at + t * in;
    alone.y = at + times * in + t * out;
    alone.dx = step->dx ? at + times * (in + out) + t * in : NULL;
    alone.dy = at + times * (2 * in + out) + t * out;
    if (alone.mask) alone.mask = at + times * 2 * (in + out) + t * batch * alone.mask_size;
    alone.shared += t * lanes * alone.shared_size;
    alone.shared_back += t * lanes * alone.shared_size;
    return alone;
}

/* Rows of the pass between where they lie together, [rows, steps, size], and step t alone, [rows, size]. */
static void take_apart(const StStep *step, const StPass *pass, int64_t t, Real *alone, const Real *together,
                       int64_t size) {
    for (int64_t r = pass->first; r < pass->first + pass->rows; r++)
        memcpy(alone + r * size, together + (r * step->in.dim[0] + t) * size, (size_t)size * sizeof *alone);
}

static void put_together(const StStep *step, const StPass *pass, int64_t t, const Real *alone, Real *together,
                         int64_t size) {
    for (int64_t r = pass->first; r < pass->first + pass->rows; r++)
        memcpy(together + (r * step->in.dim[0] + t) * size, alone + r * size, (size_t)size * sizeof *alone);
}

static void distributed_share(const StStep *step, const StPass *pass) {
    for (int64_t t = 0; t < step->in.dim[0]; t++) {
        StStep alone = step_alone(step, t, pass->batch, pass->lanes);
        take_apart(step, pass, t, (Real *)alone.x, step->x, alone.in_size);
        if (alone.mask) take_apart(step, pass, t, (Real *)alone.mask, step->mask, alone.mask_size);
        alone.kind->share(&alone, pass);
    }
}

static void distributed_share_back(const StStep *step, const StPass *pass) {
    for (int64_t t = 0; t < step->in.dim[0]; t++) {
        StStep alone = step_alone(step, t, pass->batch, pass->lanes);
        take_apart(step, pass, t, alone.dy, step->dy, alone.out_size);
        alone.kind->share_back(&alone, pass);
    }
    if (pass->lane == 0) step->shared_back[0] = pass->lanes; /* gradient asks for it */
}

static void alone_forward(const StStep *step, const StPass *pass) {
    for (int64_t t = 0; t < step->in.dim[0]; t++) {
        StStep alone = step_alone(step, t, pass->batch, pass->lanes);
        alone.kind->forward(&alone, pass);
        put_together(step, pass, t, alone.y, step->y, alone.out_size);
    }
}

static void alone_backward(const StStep *step, const StPass *pass) {
    for (int64_t t = 0; t < step->in.dim[0]; t++) {
        StStep alone = step_alone(step, t, pass->batch, pass->lanes);
        alone.kind->backward(&alone, pass);
        if (step->dx) put_together(step, pass, t, alone.dx, step->dx, alone.in_size);
    }
}

/* The steps' gradients, added in their order: one piece, since they are small. */
static void alone_gradient(const StStep *step, int64_t rows, int lanes, Real *scratch) {
    StWeight weights[ST_WEIGHTS_MAX];
    int count = distributed_weights(step->options, &step->in, weights);
    for (int64_t t = 0; t < step->in.dim[0]; t++) {
        StStep alone = step_alone(step, t, rows, lanes);
        Real *part = scratch + of_step(alone.kind->scratch, step->options, &step->in, &step->out);
        for (int w = 0; w < count; part += st_shape_size(&weights[w++].shape))
            alone.gradient[w] = step->gradient[w] ? part : NULL;
        alone.kind->gradient(&alone, rows, 0, 1, scratch);
        for (int w = 0; w < count; w++) {
            int64_t size = st_shape_size(&weights[w].shape);
            if (!step->gradient[w]) continue;
            if (t == 0) memset(step->gradient[w], 0, (size_t)size * sizeof *part);
            st_vector_axpy(step->gradient[w], 1, alone.gradient[w], size);
        }
    }
}

static void distributed_update(const StStep *step, const StPass *pass) {
    StStep inner = inner_step(step);
    for (int64_t t = 0; inner.kind->update && t < step->in.dim[0]; t++) {
        StStep alone = step_alone(step, t, pass->batch, pass->lanes);
        inner.kind->update(&alone, pass);
    }
}

/* ---- all steps as rows ---- */

static void distributed_forward(const StStep *step, const StPass *pass) {
    StStep inner = inner_step(step);
    StPass rows = inner_pass(step, pass);
    if (is_apart(step, pass))
        alone_forward(step, pass);
    else if (inner.kind->in_place)
        memcpy(step->y + pass->first * step->out_size, step->x + pass->first * step->in_size,
               (size_t)(pass->rows * step->in_size) * sizeof *step->y);
    else
        inner.kind->forward(&inner, &rows);
}

static void distributed_backward(const StStep *step, const StPass *pass) {
    StStep inner = inner_step(step);
    StPass rows = inner_pass(step, pass);
    if (is_apart(step, pass)) {
        alone_backward(step, pass);
        return;
    }
    if (step->shared_size && pass->lane == 0) step->shared_back[0] = 0;
    if (!inner.kind->in_place)
        inner.kind->backward(&inner, &rows);
    else if (step->dx)
        memcpy(step->dx + pass->first * step->in_size, step->dy + pass->first * step->out_size,
               (size_t)(pass->rows * step->in_size) * sizeof *step->dx);
}

static void distributed_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    StStep inner = inner_step(step);
    int lanes = step->shared_size ? (int)step->shared_back[0] : 0;
    if (!inner.kind->gradient) return;
    if (lanes == 0)
        inner.kind->gradient(&inner, rows * step->in.dim[0], part, parts, scratch);
    else if (part == 0)
        alone_gradient(step, rows, lanes, scratch);
}

static int64_t distributed_adapt_sums(const void *values, const StShape *in) {
    const StLayerKind *kind = st_wrapped_kind(values);
    StShape each = without_time(in);
    return kind->adapt_sums ? kind->adapt_sums(st_wrapped_options(values), &each) : 0;
}

static void distributed_adapt_add(const StStep *step, int64_t rows, double *sums) {
    StStep inner = inner_step(step);
    if (inner.kind->adapt_add) inner.kind->adapt_add(&inner, rows * step->in.dim[0], sums);
}

static void distributed_adapt_set(const StStep *step, const double *sums) {
    StStep inner = inner_step(step);
    if (inner.kind->adapt_set) inner.kind->adapt_set(&inner, sums);
}

const StLayerKind st_kind_time_distributed = {
    .name = "time_distributed",
    .help = "Applies the layer that stands behind it to every time step alike: time_distributed dense 10",
    .formula = "yₜ = layer(xₜ) at every time step t",
    .options = options,
    .options_size = sizeof(TimeDistributed),
    .whole = true,
    .wraps = wraps,
    .shape = distributed_shape,
    .weights = distributed_weights,
    .flops = distributed_flops,
    .kept = distributed_kept,
    .scratch = distributed_scratch,
    .shared = distributed_shared,
    .state = distributed_state,
    .activation = distributed_activation,
    .words = distributed_words,
    .forward = distributed_forward,
    .backward = distributed_backward,
    .gradient = distributed_gradient,
    .share = distributed_share,
    .share_back = distributed_share_back,
    .update = distributed_update,
    .adapt_sums = distributed_adapt_sums,
    .adapt_add = distributed_adapt_add,
    .adapt_set = distributed_adapt_set,
};
