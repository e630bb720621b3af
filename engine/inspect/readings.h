/* Readings: what the weights, gradients and activations of one snapshot say. Formulas: the table in each
 * field's comment; sources in parentheses. Computed on the inspector's thread from snapshots and a fixed,
 * seeded probe set, never on the trainer's. A reading that is not available is NaN, never zero. */
#ifndef ST_INSPECT_READINGS_H
#define ST_INSPECT_READINGS_H

#include "data/dataset.h"
#include "train/compile.h"
#include "train/snapshot.h"
#include <stdatomic.h>

/* One column of the health table. id, name, how it is shown, formula, formula in ASCII, what would be bad:
 * one row a reading. */
#define ST_READINGS(ROW)                                                                                     \
    ROW(NORM, "norm", "Frobenius norm", "√Σw²", "sqrt(sum w^2)",                                             \
        "grows without end: rate too high or no regulariser")                                                \
    ROW(CHANGE, "since start", "norm now / norm at the start − 1", "‖W‖/‖W₀‖ − 1", "|W|/|W0| - 1",           \
        "near 0 after many steps: the layer does not learn")                                                 \
    ROW(RMS, "rms", "root mean square", "‖W‖/√n", "|W|/sqrt(n)", "differs by far from its neighbours'")      \
    ROW(LARGEST, "max |w|", "largest weight", "max|w|", "max|w|", "many times the RMS")                      \
    ROW(SPECTRAL, "σ₁", "spectral norm (power iteration, estimated)", "max‖Wv‖/‖v‖", "max |Wv|/|v|",         \
        "above a few: signals explode")                                                                      \
    ROW(STABLE_RANK, "stable rank", "Frobenius² / spectral² (estimated)", "‖W‖²/σ₁²", "|W|^2/s1^2",          \
        "near 1: the layer has collapsed to one direction")                                                  \
    ROW(GRADIENT, "gradient", "gradient norm of the step's batch", "‖∂L/∂W‖", "|dL/dW|",                     \
        "tiny: vanishing; huge: exploding")                                                                  \
    ROW(RATIO, "step/weight", "actual update over weight", "‖ΔW‖/‖W‖", "|dW|/|W|",                           \
        "above 1e-2 fast, below 1e-4 slow")                                                                  \
    ROW(DEAD, "dead", "share of relu units that no probe row fires", "P(max a ≤ 0)", "P(max a <= 0)",        \
        "above a half")                                                                                      \
    ROW(SATURATED, "saturated", "share of activations at their flat ends",                                   \
        "sigmoid a∉[.05,.95]; tanh |a|>.95", "sigmoid a<.05, a>.95; tanh |a|>.95",                           \
        "above a half: gradients vanish")

typedef enum StReading {
#define ST_READING_ENUM(id, name, help, formula, plain, bad) ST_READING_##id,
    ST_READINGS(ST_READING_ENUM)
#undef ST_READING_ENUM
        ST_READING_COUNT
} StReading;

typedef struct StReadingKind {
    const char *name, *help, *formula, *plain, *bad; /* plain: the formula in ASCII */
} StReadingKind;
extern const StReadingKind st_reading_kinds[ST_READING_COUNT];

typedef enum StVerdict {
    ST_HEALTHY,
    ST_FAST,
    ST_SLOW,
    ST_DEAD,
    ST_SATURATED,
    ST_VANISHING,
    ST_EXPLODING,
    ST_UNTRAINED, /* nothing was trained yet */
    ST_UNKNOWN
} StVerdict;
const char *st_verdict_word(StVerdict verdict);

/* Kernels and tables of embeddings are matrices that make units of other numbers. What scales or shifts every
 * unit by itself is none, though it may have several extents (gru's bias, prelu's alpha). */
bool st_is_matrix(const StTensor *tensor);

/* One row a weight tensor of rank 2 and more (kernels); biases are left to the histogram view. */
typedef struct StHealth {
    int tensor, layer;
    char name[ST_LAYER_NAME_MAX + ST_WEIGHT_NAME_MAX]; /* dense/kernel */
    StShape shape;
    double value[ST_READING_COUNT]; /* NaN: not available */
    StVerdict verdict;
    char reason[96]; /* "12 % of units never fire" */
} StHealth;

typedef struct StReadings {
    int64_t step, epoch;
    uint64_t run;
    int count;
    StHealth *health;  /* [count] */
    double probe_loss; /* evaluated now, dropout off, on the probe set; NaN without targets */
    int64_t probe_rows;
    double gradient_norm; /* global: √Σ‖g‖² */
    double cost_seconds;  /* what it took to compute */
} StReadings;

/* The inspector: probe set, a network of its own, σ₁'s vectors kept between calls, the start's norms. */
typedef struct StInspector StInspector;
StInspector *st_inspector_create(const StStack *stack, const StCompile *compile, const StDataset *dataset,
                                 uint64_t seed, StError *error);
void st_inspector_destroy(StInspector *inspector);
/* Fills readings of a snapshot; its arrays are owned by `readings` (st_readings_free). cancel may be NULL. */
bool st_inspector_read(StInspector *inspector, const StSnapshot *snapshot, const atomic_bool *cancel,
                       StReadings *readings, StError *error);
void st_readings_free(StReadings *readings);
/* The probe set's loss alone, with any weights of the network; NaN where it is not available. rows: of the
 * probe set. */
double st_inspector_loss(StInspector *inspector, const StWeightSet *weights, int64_t *rows);
/* The norms that CHANGE is measured from (those of step 0); a snapshot of step 0 that is
 * read sets them where nothing has. Until then CHANGE is not available. */
void st_inspector_set_start(StInspector *inspector, const StSnapshot *start);

/* Values a row that the network puts out; whether its data can be mapped. */
int st_inspector_outputs(const StInspector *inspector);
bool st_inspector_is_plane(const StInspector *inspector);

/* Counts over `bins` equal bins of [low, high]; non-finite values are counted apart. */
typedef struct StHistogram {
    double low, high;
    int bins;
    int64_t count[64], below, above, nonfinite;
    double mean, deviation;
} StHistogram;
void st_histogram(const float *values, int64_t count, int bins, StHistogram *out); /* range: min … max */

/* The network's output over a grid of a 2-D set's raw inputs: out[rows*columns*outputs], row 0 at x2 = high.
 * Runs on the inspector's own network with the snapshot's weights. */
bool st_inspector_map(StInspector *inspector, const StSnapshot *snapshot, double x1_low, double x1_high,
                      double x2_low, double x2_high, int columns, int rows, const atomic_bool *cancel,
                      float *out, StError *error);

#endif
