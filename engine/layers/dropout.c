/* Drops units at random while training (Srivastava and others 2014), inverted as in Keras: what is left is
 * scaled up, so that nothing needs to be done outside training.
 *
 * The mask is counter-based: the unit's number is drawn from the stream (seed, DROPOUT, layer, step) at
 * position row · width + unit, so it does not depend on who computes which rows. */
#include "layers/layer.h"
#include "math/vector.h"

#include <string.h>

typedef struct Dropout {
    double rate;
} Dropout;

static const StOption options[] = {
    ST_OPTION(Dropout, rate, ST_NUMBER, NULL, .low = 0, .high = 1, .open_high = true,
              .help = "Share of the units dropped at each step"),
    {0},
};

/* The mask: 0 or the scale for every unit. */
static int64_t dropout_kept(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)out;
    return st_shape_size(in);
}

enum { CHUNK = 256 };

/* y = x·mask for n elements whose numbers stand at `position` of the stream; the mask is kept where wanted.
 */
ST_CLONES static void drop(double rate, const StRng *stream, uint64_t position, const Real *x, Real *y,
                           Real *mask, int64_t n) {
    uint32_t threshold = (uint32_t)(rate * 0x1p32), numbers[CHUNK];
    Real scale = (Real)(1 / (1 - rate)), factors[CHUNK];
    for (int64_t at = 0; at < n; at += CHUNK) {
        int64_t count = n - at < CHUNK ? n - at : CHUNK;
        st_rng_fill(stream, position + (uint64_t)at, numbers, count);
        Real *factor = mask ? mask + at : factors;
        for (int64_t i = 0; i < count; i++)
            factor[i] = numbers[i] < threshold ? 0 : scale;
        st_vector_multiply(y + at, x + at, factor, count);
    }
}

static void dropout_forward(const StStep *step, const StPass *pass) {
    const Dropout *dropout = step->options;
    int64_t at = pass->first * step->in_size, n = pass->rows * step->in_size;
    if (!pass->training || dropout->rate == 0) {
        memcpy(step->y + at, step->x + at, (size_t)n * sizeof(Real));
        return;
    }
    StRng stream = st_rng(pass->seed, ST_STREAM_DROPOUT, (uint64_t)step->layer, pass->step);
    uint64_t position = (uint64_t)(pass->row0 + pass->first) * (uint64_t)step->in_size;
    drop(dropout->rate, &stream, position, step->x + at, step->y + at, step->kept ? step->kept + at : NULL,
         n);
}

static void dropout_backward(const StStep *step, const StPass *pass) {
    const Dropout *dropout = step->options;
    int64_t at = pass->first * step->in_size, n = pass->rows * step->in_size;
    Real *dz = step->dy + at;
    if (pass->training && dropout->rate != 0) st_vector_multiply(dz, dz, step->kept + at, n);
    if (step->dx && step->dx != step->dy) memcpy(step->dx + at, dz, (size_t)n * sizeof(Real));
}

const StLayerKind st_kind_dropout = {
    .name = "dropout",
    .help = "While training, sets a share of the inputs to 0 at random, so that no unit is relied on alone",
    .formula = "y = x·m / (1 - rate), m = 0 with probability rate, else 1; outside training y = x",
    .options = options,
    .options_size = sizeof(Dropout),
    .shape = st_shape_as_input,
    .kept = dropout_kept,
    .mask = st_mask_passes,
    .forward = dropout_forward,
    .backward = dropout_backward,
};
