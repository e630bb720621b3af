/* Global pooling: one number for each channel of a whole sequence or image.
 *
 * Where several numbers are the largest, they share its gradient evenly, as in Keras' backends. */
#include "layers/window.h"
#include "math/vector.h"

#include <string.h>

typedef struct Global {
    bool keepdims;
} Global;

static const StOption options[] = {
    ST_OPTION(Global, keepdims, ST_SWITCH, "no", .help = "Keeps the extents that are left as 1"),
    {0},
};

static bool global_shape(const void *values, const StShape *in, int rank, StShape *out, StError *error) {
    StWindow w;
    if (!st_window_image(&w, in, rank, error)) return false;
    w.out[0] = w.out[1] = 1;
    *out = (StShape){1, {w.channels}};
    if (((const Global *)values)->keepdims) *out = st_window_out(&w, in, w.channels);
    return true;
}

static bool shape_1d(const void *values, const StShape *in, StShape *out, StError *error) {
    return global_shape(values, in, 1, out, error);
}

static bool shape_2d(const void *values, const StShape *in, StShape *out, StError *error) {
    return global_shape(values, in, 2, out, error);
}

/* One row of the batch: x, dx [positions, channels], y, dy [channels]; mask [positions] or NULL. */
typedef struct Row {
    const Real *x, *y, *dy, *mask;
    Real *out, *dx; /* out: y, to be written */
    int64_t positions, channels;
    Real *scratch; /* [channels] */
} Row;
typedef void Work(const Row *row);

ST_CLONES static void max_forward(const Row *row) {
    const int64_t n = row->channels;
    Real *y = row->out;
    memcpy(y, row->x, (size_t)n * sizeof *y);
    for (int64_t p = 1; p < row->positions; p++) {
        const Real *x = row->x + p * n;
        ST_LOOP
        for (int64_t c = 0; c < n; c++)
            y[c] = x[c] > y[c] ? x[c] : y[c];
    }
}

ST_CLONES static void max_backward(const Row *row) {
    const int64_t n = row->channels;
    const Real *y = row->y;
    Real *share = row->scratch;
    memset(share, 0, (size_t)n * sizeof *share);
    for (int64_t p = 0; p < row->positions; p++) {
        const Real *x = row->x + p * n;
        ST_LOOP
        for (int64_t c = 0; c < n; c++)
            share[c] += x[c] == y[c] ? (Real)1 : (Real)0;
    }
    for (int64_t c = 0; c < n; c++)
        share[c] = row->dy[c] / (share[c] > 0 ? share[c] : 1);
    for (int64_t p = 0; p < row->positions; p++) {
        const Real *x = row->x + p * n;
        Real *dx = row->dx + p * n;
        ST_LOOP
        for (int64_t c = 0; c < n; c++)
            dx[c] = x[c] == y[c] ? share[c] : 0;
    }
}

/* What the sum is divided by; 0 where all is masked, which gives NaN as in Keras. */
static Real counted(const Row *row) {
    Real count = 0;
    for (int64_t p = 0; row->mask && p < row->positions; p++)
        count += row->mask[p] != 0;
    return row->mask ? count : (Real)row->positions;
}

ST_CLONES static void average_forward(const Row *row) {
    const int64_t n = row->channels;
    const Real count = counted(row);
    Real *y = row->out;
    memset(y, 0, (size_t)n * sizeof *y);
    for (int64_t p = 0; p < row->positions; p++) {
        const Real *x = row->x + p * n;
        if (row->mask && row->mask[p] == 0) continue;
        ST_LOOP
        for (int64_t c = 0; c < n; c++)
            y[c] += x[c];
    }
    for (int64_t c = 0; c < n; c++)
        y[c] /= count;
}

ST_CLONES static void average_backward(const Row *row) {
    const int64_t n = row->channels;
    const Real count = counted(row);
    for (int64_t c = 0; c < n; c++)
        row->scratch[c] = row->dy[c] / count;
    for (int64_t p = 0; p < row->positions; p++) {
        size_t bytes = (size_t)n * sizeof(Real);
        if (row->mask && row->mask[p] == 0)
            memset(row->dx + p * n, 0, bytes);
        else
            memcpy(row->dx + p * n, row->scratch, bytes);
    }
}

static void work(const StStep *step, const StPass *pass, const Real *mask, bool back, Work *what) {
    for (int64_t r = pass->first; r < pass->first + pass->rows; r++) {
        int64_t in = r * step->in_size, out = r * step->out_size;
        Row row = {.x = step->x + in,
                   .y = step->y + out,
                   .out = step->y + out,
                   .dy = back ? step->dy + out : NULL,
                   .dx = back ? step->dx + in : NULL,
                   .mask = mask ? mask + r * step->mask_size : NULL,
                   .positions = step->in_size / step->out_size,
                   .channels = step->out_size,
                   .scratch = pass->scratch};
        what(&row);
    }
}

static void global_max(const StStep *step, const StPass *pass) {
    work(step, pass, NULL, false, max_forward);
}

static void global_max_back(const StStep *step, const StPass *pass) {
    if (step->dx) work(step, pass, NULL, true, max_backward);
}

static void global_average(const StStep *step, const StPass *pass) {
    work(step, pass, step->mask, false, average_forward);
}

static void global_average_back(const StStep *step, const StPass *pass) {
    if (step->dx) work(step, pass, step->mask, true, average_backward);
}

/* A number for each channel. */
static int64_t global_scratch(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)in;
    return st_shape_size(out);
}

#define MAX                                                                                                  \
    .options = options, .options_size = sizeof(Global), .scratch = global_scratch, .forward = global_max,    \
    .backward = global_max_back
#define AVERAGE                                                                                              \
    .options = options, .options_size = sizeof(Global), .scratch = global_scratch,                           \
    .forward = global_average, .backward = global_average_back

const StLayerKind st_kind_global_max_pooling1d = {
    .name = "global_max_pooling1d",
    .help = "The largest number of each channel of a sequence",
    .formula = "y[c] = max over t of x[t, c]",
    .shape = shape_1d,
    MAX,
};

const StLayerKind st_kind_global_max_pooling2d = {
    .name = "global_max_pooling2d",
    .help = "The largest number of each channel of an image",
    .formula = "y[c] = max over r, q of x[r, q, c]",
    .shape = shape_2d,
    MAX,
};

const StLayerKind st_kind_global_average_pooling1d = {
    .name = "global_average_pooling1d",
    .help = "The mean of each channel of a sequence, over the steps that are not masked",
    .formula = "y[c] = mean over t of x[t, c]",
    .shape = shape_1d,
    AVERAGE,
};

const StLayerKind st_kind_global_average_pooling2d = {
    .name = "global_average_pooling2d",
    .help = "The mean of each channel of an image",
    .formula = "y[c] = mean over r, q of x[r, q, c]",
    .shape = shape_2d,
    AVERAGE,
};
