/* Drops units at random while training (Srivastava and others 2014), inverted as in Keras: what is left is
 * scaled up, so that nothing needs to be done outside training. spatial_dropout drops whole channels (Tompson
 * and others 2015).
 *
 * The mask is counter-based: its numbers are those of the stream (seed, DROPOUT, layer, step) in the order of
 * the mask, row by row, so it does not depend on who computes which rows. */
#include "layers/layer.h"
#include "layers/walk.h"
#include "math/vector.h"

#include <string.h>

typedef struct Dropout {
    double rate;
    char noise_shape[64]; /* "" in spatial ones */
    int seed;
} Dropout;

#define RATE_OPTION                                                                                          \
    ST_OPTION(Dropout, rate, ST_NUMBER, NULL, .low = 0, .high = 1, .open_high = true,                        \
              .help = "Share of the units dropped at each step")
#define SEED_OPTION                                                                                          \
    ST_OPTION(Dropout, seed, ST_INT, "none", .optional = true,                                               \
              .help = "What the masks are drawn from; none: the seed of the run")

static const StOption options[] = {
    RATE_OPTION,
    ST_OPTION(Dropout, noise_shape, ST_TEXT, "",
              .help =
                  "Shape of the mask, the batch first: none,1,8 drops the same of 8 channels at every step"),
    SEED_OPTION,
    {0},
};
static const StOption spatial_options[] = {RATE_OPTION, SEED_OPTION, {0}};

/* How the mask lies over a row. */
typedef struct Mask {
    StWalk noise;         /* extent 1 and stride 0 where the input's axis shares */
    bool whole;           /* shares nothing: one number an element */
    bool by_row;          /* every row of the batch has its own */
    int64_t numbers;      /* of one row */
    int64_t lines, width; /* of a row: along its last axis */
} Mask;

/* The mask's shape from that of a row and the axes along which it is shared. */
static Mask mask_of(const StShape *row, const bool shared[ST_RANK_MAX], bool by_row) {
    Mask mask = {.whole = by_row, .by_row = by_row, .numbers = 1};
    StWalk walk = st_walk(row, shared);
    mask.width = walk.extent[ST_AXIS_LAST];
    mask.lines = st_shape_size(row) / mask.width;
    mask.noise = walk;
    for (int i = ST_AXIS_LAST; i >= 0; i--) {
        mask.whole = mask.whole && !walk.over[i];
        mask.noise.stride[i] = walk.over[i] ? 0 : mask.numbers;
        if (!walk.over[i]) mask.numbers *= walk.extent[i];
    }
    return mask;
}

/* "none,1,8": one entry for the batch (none or 1) and one for every extent (none, 1 or the extent itself). */
static bool read_noise_shape(const char *text, const StShape *row, Mask *mask, StError *error) {
    int count = 0;
    bool by_row = true, shared[ST_RANK_MAX] = {false};
    for (const char *at = text; *text && at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL, count++) {
        char word[24] = "";
        double extent = 0;
        size_t length = strcspn(at, ",");
        if (length < sizeof word) memcpy(word, at, length);
        bool own = strcmp(word, "none") == 0, one = strcmp(word, "1") == 0;
        bool same = count > 0 && count <= row->rank && st_number(word, &extent) &&
                    extent == (double)row->dim[count - 1];
        if (count > row->rank || !(own || one || same))
            return st_fail(error, ST_ERR_SHAPE,
                           "noise_shape=%s: wanted none or 1 for the batch, then %d of none, 1 or the extent",
                           text, row->rank);
        if (one && count == 0) by_row = false;
        if (one && !same && count > 0) shared[count - 1] = true;
    }
    if (*text && count != row->rank + 1)
        return st_fail(error, ST_ERR_SHAPE, "noise_shape=%s: wanted %d entries, the batch's first", text,
                       row->rank + 1);
    *mask = mask_of(row, shared, by_row);
    return true;
}

static bool dropout_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    Mask mask;
    return st_shape_as_input(values, in, out, error) &&
           read_noise_shape(((const Dropout *)values)->noise_shape, in, &mask, error);
}

/* All axes but the last are shared. */
static bool spatial_shape(const StShape *in, StShape *out, int rank, const char *wanted, StError *error) {
    char text[ST_SHAPE_TEXT];
    if (in->rank != rank)
        return st_fail(error, ST_ERR_SHAPE, "wanted rows of %s, got %s", wanted, st_shape_print(in, text));
    *out = *in;
    return true;
}
static bool spatial1d_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    (void)values;
    return spatial_shape(in, out, 2, "2 extents (STEPSxCHANNELS)", error);
}
static bool spatial2d_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    (void)values;
    return spatial_shape(in, out, 3, "3 extents (HxWxCHANNELS)", error);
}

static Mask step_mask(const StStep *step) {
    const Dropout *dropout = step->options;
    Mask mask;
    bool shared[ST_RANK_MAX] = {false};
    if (step->kind == &st_kind_dropout) {
        read_noise_shape(dropout->noise_shape, &step->in, &mask, NULL); /* shape() has found it right */
        return mask;
    }
    for (int axis = 0; axis < step->in.rank - 1; axis++)
        shared[axis] = true;
    return mask_of(&step->in, shared, true);
}

/* The mask: 0 or the scale for every unit. */
static int64_t dropout_kept(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)out;
    return st_shape_size(in);
}

enum { CHUNK = 256 };

/* y = x·mask for n elements whose numbers stand from `position` of the stream on (each its own, or all the
 * one there); the mask is kept where wanted. */
ST_CLONES static void drop(double rate, const StRng *stream, uint64_t position, bool each, const Real *x,
                           Real *y, Real *mask, int64_t n) {
    uint32_t threshold = (uint32_t)(rate * 0x1p32), numbers[CHUNK];
    Real scale = (Real)(1 / (1 - rate)), factors[CHUNK];
    if (!each)
        for (int64_t i = 0, one = st_rng_at(stream, position); i < CHUNK; i++)
            numbers[i] = (uint32_t)one;
    for (int64_t at = 0; at < n; at += CHUNK) {
        int64_t count = n - at < CHUNK ? n - at : CHUNK;
        if (each) st_rng_fill(stream, position + (uint64_t)at, numbers, count);
        Real *factor = mask ? mask + at : factors;
        for (int64_t i = 0; i < count; i++)
            factor[i] = numbers[i] < threshold ? 0 : scale;
        st_vector_multiply(y + at, x + at, factor, count);
    }
}

/* Where line `line` of a row begins in the row's numbers. */
static int64_t line_numbers(const Mask *mask, int64_t line) {
    int64_t at = 0;
    for (int i = ST_AXIS_LAST - 1; i >= 0; i--) {
        at += line % mask->noise.extent[i] * mask->noise.stride[i];
        line /= mask->noise.extent[i];
    }
    return at;
}

static bool is_on(const StStep *step, const StPass *pass) {
    return pass->training && ((const Dropout *)step->options)->rate != 0;
}

static void dropout_forward(const StStep *step, const StPass *pass) {
    const Dropout *dropout = step->options;
    int64_t at = pass->first * step->in_size, n = pass->rows * step->in_size;
    if (!is_on(step, pass)) {
        memcpy(step->y + at, step->x + at, (size_t)n * sizeof(Real));
        return;
    }
    uint64_t seed = dropout->seed == ST_NO_INT ? pass->seed : (uint64_t)dropout->seed;
    StRng stream = st_rng(seed, ST_STREAM_DROPOUT, (uint64_t)step->layer, pass->step);
    Mask mask = step_mask(step);
    Real *kept = step->kept;
    uint64_t row = (uint64_t)(pass->row0 + pass->first);
    if (mask.whole) {
        drop(dropout->rate, &stream, row * (uint64_t)step->in_size, true, step->x + at, step->y + at,
             kept ? kept + at : NULL, n);
        return;
    }
    for (int64_t end = at + n; at < end; row++)
        for (int64_t line = 0; line < mask.lines; line++, at += mask.width) {
            uint64_t number = mask.by_row ? row * (uint64_t)mask.numbers : 0;
            drop(dropout->rate, &stream, number + (uint64_t)line_numbers(&mask, line),
                 !mask.noise.over[ST_AXIS_LAST], step->x + at, step->y + at, kept ? kept + at : NULL,
                 mask.width);
        }
}

static void dropout_backward(const StStep *step, const StPass *pass) {
    int64_t at = pass->first * step->in_size, n = pass->rows * step->in_size;
    if (!step->dx) return;
    if (is_on(step, pass))
        st_vector_multiply(step->dx + at, step->dy + at, step->kept + at, n);
    else
        memcpy(step->dx + at, step->dy + at, (size_t)n * sizeof(Real));
}

/* name, options, shape, help, formula */
#define KINDS(ROW)                                                                                           \
    ROW(dropout, options, dropout_shape,                                                                     \
        "While training, sets a share of the inputs to 0 at random, so that no unit is relied on alone",     \
        "y = x·m / (1 - rate), m = 0 with probability rate, else 1; outside training y = x")                 \
    ROW(spatial_dropout1d, spatial_options, spatial1d_shape,                                                 \
        "While training, sets a share of the channels to 0, each at all steps",                              \
        "y = x·m / (1 - rate), one m a row and channel, 0 with probability rate, else 1; outside training " \
        "y = x")                                                                                             \
    ROW(spatial_dropout2d, spatial_options, spatial2d_shape,                                                 \
        "While training, sets a share of the channels to 0, each in the whole image",                        \
        "y = x·m / (1 - rate), one m a row and channel, 0 with probability rate, else 1; outside training " \
        "y = x")

#define KIND(id, rows, shape_of, about, text)                                                                \
    const StLayerKind st_kind_##id = {                                                                       \
        .name = #id,                                                                                         \
        .help = about,                                                                                       \
        .formula = text,                                                                                     \
        .options = rows,                                                                                     \
        .options_size = sizeof(Dropout),                                                                     \
        .shape = shape_of,                                                                                   \
        .kept = dropout_kept,                                                                                \
        .mask = st_mask_passes,                                                                              \
        .forward = dropout_forward,                                                                          \
        .backward = dropout_backward,                                                                        \
    };
KINDS(KIND)
