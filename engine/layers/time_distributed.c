/* The same layer at every time step: to the wrapped kind a row of so many steps is as many rows. */
#include "layers/wrapper.h"

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
    return kind->weights ? kind->weights(st_wrapped_options(values), &each, weights) : 0;
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

static int64_t distributed_kept(const void *values, const StShape *in, const StShape *out) {
    return st_times(in->dim[0], of_step(st_wrapped_kind(values)->kept, values, in, out));
}

static int64_t distributed_state(const void *values, const StShape *in, const StShape *out) {
    return st_times(in->dim[0], of_step(st_wrapped_kind(values)->state, values, in, out));
}

static int64_t distributed_scratch(const void *values, const StShape *in, const StShape *out) {
    return of_step(st_wrapped_kind(values)->scratch, values, in, out);
}

static int64_t distributed_shared(const void *values, const StShape *in, const StShape *out) {
    return of_step(st_wrapped_kind(values)->shared, values, in, out);
}

static const char *distributed_activation(const void *values) {
    const StLayerKind *kind = st_wrapped_kind(values);
    return kind->activation ? kind->activation(st_wrapped_options(values)) : NULL;
}

static int64_t distributed_words(const void *values) {
    const StLayerKind *kind = st_wrapped_kind(values);
    return kind->words ? kind->words(st_wrapped_options(values)) : 0;
}

/* The step and the pass as the wrapped kind sees them. A mask says of each of its rows whether it counts. */
static StStep inner_step(const StStep *step) {
    StStep inner = *step;
    int64_t times = step->in.dim[0];
    inner.kind = st_wrapped_kind(step->options);
    inner.options = st_wrapped_options(step->options);
    inner.in = without_time(&step->in);
    inner.out = without_time(&step->out);
    inner.in_size = step->in_size / times;
    inner.out_size = step->out_size / times;
    inner.kept_size = step->kept_size / times;
    inner.state_size = step->state_size / times;
    inner.mask = step->mask_size == times ? step->mask : NULL;
    inner.mask_size = inner.mask ? 1 : 0;
    inner.mask_out = NULL;
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

static void distributed_forward(const StStep *step, const StPass *pass) {
    StStep inner = inner_step(step);
    StPass rows = inner_pass(step, pass);
    if (inner.kind->in_place)
        memcpy(step->y + pass->first * step->out_size, step->x + pass->first * step->in_size,
               (size_t)(pass->rows * step->in_size) * sizeof *step->y);
    else
        inner.kind->forward(&inner, &rows);
}

static void distributed_backward(const StStep *step, const StPass *pass) {
    StStep inner = inner_step(step);
    StPass rows = inner_pass(step, pass);
    if (!inner.kind->in_place)
        inner.kind->backward(&inner, &rows);
    else if (step->dx)
        memcpy(step->dx + pass->first * step->in_size, step->dy + pass->first * step->out_size,
               (size_t)(pass->rows * step->in_size) * sizeof *step->dx);
}

static void distributed_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    StStep inner = inner_step(step);
    if (inner.kind->gradient) inner.kind->gradient(&inner, rows * step->in.dim[0], part, parts, scratch);
}

static void distributed_share(const StStep *step, const StPass *pass) {
    StStep inner = inner_step(step);
    StPass rows = inner_pass(step, pass);
    inner.kind->share(&inner, &rows);
}

static void distributed_share_back(const StStep *step, const StPass *pass) {
    StStep inner = inner_step(step);
    StPass rows = inner_pass(step, pass);
    inner.kind->share_back(&inner, &rows);
}

static void distributed_update(const StStep *step, const StPass *pass) {
    StStep inner = inner_step(step);
    StPass rows = inner_pass(step, pass);
    if (inner.kind->update) inner.kind->update(&inner, &rows);
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
