/* Rows of any shape become rows of one extent. Nothing moves: rows are contiguous already. */
#include "layers/layer.h"

static const StOption options[] = {{0}};

static bool flatten_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    (void)values;
    int64_t size = st_shape_size(in);
    if (in->rank < 1) return st_fail(error, ST_ERR_SHAPE, "wanted rows of at least 1 extent, got none");
    if (size < 0) return st_fail(error, ST_ERR_SHAPE, "a row would have more elements than can be counted");
    *out = (StShape){1, {size}};
    return true;
}

static void nothing(const StStep *step, const StPass *pass) {
    (void)step, (void)pass;
}

const StLayerKind st_kind_flatten = {
    .name = "flatten",
    .help = "Lays out every row as one line of numbers, for the dense layers behind it",
    .formula = "y = x, its extents multiplied into one",
    .options = options,
    .options_size = 0,
    .in_place = true,
    .shape = flatten_shape,
    .forward = nothing,
    .backward = nothing,
};
