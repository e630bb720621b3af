/* What gives rows another shape or order, or more of them: reshape, permute, repeat_vector. None of them
 * passes a mask on, as in Keras. */
#include "layers/axes.h"
#include "layers/layer.h"
#include "math/vector.h"

#include <string.h>

/* ---- reshape ---- */

typedef struct Reshape {
    StShape target_shape;
} Reshape;

static const StOption reshape_options[] = {
    ST_OPTION(Reshape, target_shape, ST_SHAPES, NULL, .low = -1,
              .help = "Extents of a row of the output; one of them may be -1 and follows from the others"),
    {0},
};

static bool reshape_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const Reshape *reshape = values;
    StShape target = reshape->target_shape;
    int64_t size = st_shape_size(in), known = 1;
    char got[ST_SHAPE_TEXT], wanted[ST_SHAPE_TEXT];
    int open = -1;
    if (in->rank < 1) return st_fail(error, ST_ERR_SHAPE, "wanted rows of at least 1 extent, got none");
    for (int i = 0; i < target.rank; i++) {
        if (target.dim[i] < 0)
            open = i;
        else
            known = st_times(known, target.dim[i]);
    }
    bool fits = size > 0 && known > 0 && (open < 0 ? known == size : size % known == 0);
    if (!fits)
        return st_fail(error, ST_ERR_SHAPE, "rows of %s have %lld elements, which does not make %s",
                       st_shape_print(in, got), (long long)size, st_shape_print(&target, wanted));
    if (open >= 0) target.dim[open] = size / known;
    *out = target;
    return true;
}

static void nothing(const StStep *step, const StPass *pass) {
    (void)step, (void)pass;
}

const StLayerKind st_kind_reshape = {
    .name = "reshape",
    .help = "Gives every row another shape of the same size; nothing moves",
    .formula = "y = x, in other extents",
    .options = reshape_options,
    .options_size = sizeof(Reshape),
    .in_place = true,
    .shape = reshape_shape,
    .forward = nothing,
    .backward = nothing,
};

/* ---- permute ---- */

typedef struct Permute {
    StNumbers dims;
} Permute;

static const StOption permute_options[] = {
    ST_OPTION(Permute, dims, ST_NUMBERS, NULL, .low = 1, .high = ST_RANK_MAX,
              .help = "The axes of a row in their new order, counted from 1: 2,1 turns a sequence's"),
    {0},
};

static bool permute_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const StNumbers *dims = &((const Permute *)values)->dims;
    bool chosen[ST_RANK_MAX];
    char got[ST_SHAPE_TEXT];
    if (dims->count != in->rank)
        return st_fail(error, ST_ERR_SHAPE, "dims has %d axes, wanted every one of the %d of %s once",
                       dims->count, in->rank, st_shape_print(in, got));
    if (!st_axes_read(dims, in, chosen, error)) return st_fail_at(error, "dims");
    out->rank = in->rank;
    for (int i = 0; i < in->rank; i++)
        out->dim[i] = in->dim[(int)dims->n[i] - 1];
    return true;
}

static StOrder order_of(const StStep *step) {
    const StNumbers *dims = &((const Permute *)step->options)->dims;
    int order[ST_RANK_MAX] = {0};
    for (int i = 0; i < step->in.rank; i++)
        order[i] = (int)dims->n[i] - 1;
    return st_order(&step->in, order);
}

static void permute_forward(const StStep *step, const StPass *pass) {
    StOrder order = order_of(step);
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++)
        st_order_forward(&order, step->y + row * order.size, step->x + row * order.size);
}

static void permute_backward(const StStep *step, const StPass *pass) {
    StOrder order = order_of(step);
    for (int64_t row = pass->first; step->dx && row < pass->first + pass->rows; row++)
        st_order_back(&order, step->dx + row * order.size, step->dy + row * order.size);
}

const StLayerKind st_kind_permute = {
    .name = "permute",
    .help = "Puts the axes of every row in another order",
    .formula = "y[i, j] = x[j, i] for dims 2,1",
    .options = permute_options,
    .options_size = sizeof(Permute),
    .shape = permute_shape,
    .forward = permute_forward,
    .backward = permute_backward,
};

/* ---- repeat_vector ---- */

typedef struct Repeat {
    int n;
} Repeat;

static const StOption repeat_options[] = {
    ST_OPTION(Repeat, n, ST_INT, NULL, .low = 1, .high = INT32_MAX,
              .help = "How often every row is repeated"),
    {0},
};

static bool repeat_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    char got[ST_SHAPE_TEXT];
    if (in->rank != 1)
        return st_fail(error, ST_ERR_SHAPE, "wanted rows of 1 extent, got %s%s", st_shape_print(in, got),
                       in->rank > 1 ? "; put flatten before it" : "");
    *out = (StShape){2, {((const Repeat *)values)->n, in->dim[0]}};
    return true;
}

static void repeat_forward(const StStep *step, const StPass *pass) {
    int64_t width = step->in_size, n = step->out_size / width;
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++)
        for (int64_t i = 0; i < n; i++)
            memcpy(step->y + (row * n + i) * width, step->x + row * width, (size_t)width * sizeof(Real));
}

static void repeat_backward(const StStep *step, const StPass *pass) {
    int64_t width = step->in_size, n = step->out_size / width;
    for (int64_t row = pass->first; step->dx && row < pass->first + pass->rows; row++)
        st_columns_sum(step->dx + row * width, step->dy + row * n * width, n, width, 0, width);
}

const StLayerKind st_kind_repeat_vector = {
    .name = "repeat_vector",
    .help = "Repeats every row as the steps of a sequence",
    .formula = "y[i] = x for i below n",
    .options = repeat_options,
    .options_size = sizeof(Repeat),
    .shape = repeat_shape,
    .forward = repeat_forward,
    .backward = repeat_backward,
};
