/* Noise while training, as a regularizer: gaussian_noise adds, gaussian_dropout multiplies (Srivastava and
 * others 2014). Counter-based as dropout's masks are: element q of the batch takes the numbers 2q and 2q + 1
 * of the stream (seed, DROPOUT, layer, step), 24 bits of each, and makes a normal of them (Box and Muller).
 */
#include "layers/layer.h"
#include "math/scalar.h"

#include <string.h>

typedef struct Gaussian {
    double amount; /* stddev of the noise, or rate */
    int seed;
} Gaussian;

#define SEED_OPTION                                                                                          \
    ST_OPTION(Gaussian, seed, ST_INT, "none", .optional = true,                                              \
              .help = "What the noise is drawn from; none: the seed of the run")
static const StOption noise_options[] = {
    {.name = "stddev",
     .type = ST_NUMBER,
     .offset = offsetof(Gaussian, amount),
     .size = sizeof(double),
     .low = 0,
     .high = 1,
     .help = "Standard deviation of the noise"},
    SEED_OPTION,
    {0},
};
static const StOption dropout_options[] = {
    {.name = "rate",
     .type = ST_NUMBER,
     .offset = offsetof(Gaussian, amount),
     .size = sizeof(double),
     .low = 0,
     .high = 1,
     .open_high = true,
     .help = "The factors' standard deviation is √(rate / (1 - rate)), as dropout's"},
    SEED_OPTION,
    {0},
};

enum { CHUNK = 128 };

static const Real grain = (Real)0x1p-24;

/* out[i] = mean + deviation · the normal of element `from` + i. */
ST_CLONES static void draw(const StRng *stream, uint64_t from, Real mean, Real deviation, Real *out,
                           int64_t n) {
    uint32_t number[2 * CHUNK];
    for (int64_t at = 0; at < n; at += CHUNK) {
        int64_t count = n - at < CHUNK ? n - at : CHUNK;
        st_rng_fill(stream, 2 * (from + (uint64_t)at), number, 2 * count);
        ST_LOOP
        for (int64_t i = 0; i < count; i++) {
            Real share = (Real)(int32_t)((number[2 * i] >> 8) + 1) * grain; /* above 0, up to 1 */
            Real turn = (Real)(int32_t)(number[2 * i + 1] >> 8) * grain;
            out[at + i] = mean + deviation * (st_sqrt(-2 * st_log(share)) * st_cos_turn(turn));
        }
    }
}

/* This pass' elements; false where there is no noise. */
typedef struct Noise {
    StRng stream;
    uint64_t from; /* of the first element */
    int64_t at, n;
    Real amount;
} Noise;

static bool noise_of(const StStep *step, const StPass *pass, Noise *noise) {
    const Gaussian *gaussian = step->options;
    uint64_t seed = gaussian->seed == ST_NO_INT ? pass->seed : (uint64_t)gaussian->seed;
    *noise = (Noise){.stream = st_rng(seed, ST_STREAM_DROPOUT, (uint64_t)step->layer, pass->step),
                     .from = (uint64_t)(pass->row0 + pass->first) * (uint64_t)step->in_size,
                     .at = pass->first * step->in_size,
                     .n = pass->rows * step->in_size,
                     .amount = (Real)gaussian->amount};
    return pass->training && gaussian->amount != 0;
}

static void noise_forward(const StStep *step, const StPass *pass) {
    Noise noise;
    bool on = noise_of(step, pass, &noise);
    Real *y = step->y + noise.at;
    const Real *x = step->x + noise.at;
    if (!on) {
        memcpy(y, x, (size_t)noise.n * sizeof *y);
        return;
    }
    draw(&noise.stream, noise.from, 0, noise.amount, y, noise.n);
    for (int64_t i = 0; i < noise.n; i++)
        y[i] += x[i];
}

static void noise_backward(const StStep *step, const StPass *pass) {
    int64_t at = pass->first * step->in_size;
    if (step->dx) memcpy(step->dx + at, step->dy + at, (size_t)(pass->rows * step->in_size) * sizeof(Real));
}

/* The factors. */
static int64_t dropout_kept(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)out;
    return st_shape_size(in);
}

static void dropout_forward(const StStep *step, const StPass *pass) {
    Noise noise;
    bool on = noise_of(step, pass, &noise);
    Real *y = step->y + noise.at, *factor = step->kept ? step->kept + noise.at : y;
    const Real *x = step->x + noise.at;
    if (!on) {
        memcpy(y, x, (size_t)noise.n * sizeof *y);
        return;
    }
    draw(&noise.stream, noise.from, 1, st_sqrt(noise.amount / (1 - noise.amount)), factor, noise.n);
    for (int64_t i = 0; i < noise.n; i++)
        y[i] = factor[i] * x[i];
}

static void dropout_backward(const StStep *step, const StPass *pass) {
    Noise noise;
    bool on = noise_of(step, pass, &noise);
    for (int64_t i = noise.at; step->dx && i < noise.at + noise.n; i++)
        step->dx[i] = on ? step->kept[i] * step->dy[i] : step->dy[i];
}

const StLayerKind st_kind_gaussian_noise = {
    .name = "gaussian_noise",
    .help = "While training, adds noise to every input",
    .formula = "y = x + stddev·N(0, 1); outside training y = x",
    .options = noise_options,
    .options_size = sizeof(Gaussian),
    .shape = st_shape_as_input,
    .mask = st_mask_passes,
    .forward = noise_forward,
    .backward = noise_backward,
};

const StLayerKind st_kind_gaussian_dropout = {
    .name = "gaussian_dropout",
    .help = "While training, multiplies every input by noise about 1",
    .formula = "y = x·N(1, rate / (1 - rate)); outside training y = x",
    .options = dropout_options,
    .options_size = sizeof(Gaussian),
    .shape = st_shape_as_input,
    .kept = dropout_kept,
    .mask = st_mask_passes,
    .forward = dropout_forward,
    .backward = dropout_backward,
};
