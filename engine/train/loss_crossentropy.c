/* Cross-entropies (nats). Through softmax and sigmoid they are computed from the logits, by log-sum-exp and
 * log1p, where no logit is too large; a loss from probabilities clips them. */
#include "train/loss_each.h"

#include <string.h>

typedef struct SparseOptions {
    bool from_logits;
    int ignore_class;
    double label_smoothing;
    int axis;
} SparseOptions;

typedef struct SmoothOptions {
    bool from_logits;
    double label_smoothing;
    int axis;
} SmoothOptions;

#define OVER_CLASSES "share of every target that is spread evenly over all classes"

static const StOption sparse_options[] = {
    ST_LOSS_FROM_LOGITS(SparseOptions),
    ST_OPTION(SparseOptions, ignore_class, ST_INT, "none", .optional = true,
              .help = "positions of this class are left out of the loss"),
    ST_LOSS_AXIS(SparseOptions),
    ST_LOSS_SMOOTHING(SparseOptions, OVER_CLASSES),
    {.name = NULL},
};
static const StOption categorical_options[] = {
    ST_LOSS_FROM_LOGITS(SmoothOptions),
    ST_LOSS_SMOOTHING(SmoothOptions, OVER_CLASSES),
    ST_LOSS_AXIS(SmoothOptions),
    {.name = NULL},
};
static const StOption binary_options[] = {
    ST_LOSS_FROM_LOGITS(SmoothOptions),
    ST_LOSS_SMOOTHING(SmoothOptions, "how far targets are drawn from 0 and 1 towards a half"),
    ST_LOSS_AXIS(SmoothOptions),
    {.name = NULL},
};

static bool from_logits(const StLossRows *rows) {
    return rows->form != ST_LOSS_OUTPUTS;
}

/* Where the probabilities of logits go: FUSED keeps them as outputs, else the gradient's place serves. */
static Real *probabilities(const StLossRows *rows) {
    return rows->form == ST_LOSS_FUSED ? rows->y : rows->dy;
}

static int64_t positions_of(const StLossRows *rows) {
    return rows->rows * rows->positions;
}

/* Rows of few classes are too short for the sixteen lanes of math/vector.h: four do there, in a fixed order.
 */
enum { NARROW = 16 };

#define LARGER(a, b) ((b) > (a) ? (b) : (a))
#define PLUS(a, b)   ((a) + (b))
#define IN_FOUR_LANES(Type, start, combine)                                                                  \
    Type a = start, b = start, c = start, d = start;                                                         \
    int64_t j = 0;                                                                                           \
    for (; j + 4 <= width; j += 4) {                                                                         \
        a = combine(a, (Type)x[j]), b = combine(b, (Type)x[j + 1]);                                          \
        c = combine(c, (Type)x[j + 2]), d = combine(d, (Type)x[j + 3]);                                      \
    }                                                                                                        \
    for (; j < width; j++)                                                                                   \
        a = combine(a, (Type)x[j]);                                                                          \
    a = combine(a, b), c = combine(c, d);                                                                    \
    return combine(a, c)

static inline Real largest(const Real *x, int64_t width) {
    if (width >= NARROW) return st_vector_max(x, width);
    IN_FOUR_LANES(Real, -(Real)INFINITY, LARGER);
}

static inline double total(const Real *x, int64_t width) {
    if (width >= NARROW) return st_vector_sum(x, width);
    IN_FOUR_LANES(double, 0, PLUS);
}

/* to[width] = from[width] less its largest. */
static inline void shift(Real *to, const Real *from, int64_t width) {
    Real most = largest(from, width);
    ST_LOOP
    for (int64_t j = 0; j < width; j++)
        to[j] = from[j] - most;
}

/* p[width] = p / sum(p); returns sum(p). */
static inline double normalize(Real *p, int64_t width) {
    double sum = total(p, width);
    Real inverse = (Real)(1 / sum);
    ST_LOOP
    for (int64_t j = 0; j < width; j++)
        p[j] *= inverse;
    return sum;
}

/* The same to rows of shifted exponentials; returns the sum of the logs of their sums. These lie between 1
 * and the width, so that the log of the product of sixteen does for all of them. */
static ST_CLONES double normalize_rows(Real *p, int64_t rows, int64_t width) {
    double sum = 0;
    for (int64_t i = 0; i < rows;) {
        double product = 1;
        for (int64_t end = i + 16 < rows ? i + 16 : rows; i < end; i++)
            product *= normalize(p + i * width, width);
        sum += log(product);
    }
    return sum;
}

/* ---- sparse categorical ---- */

static bool in_range(int32_t label, int64_t width) {
    return label >= 0 && label < width;
}

static StSmoothing sparse_smoothing(const StLossRows *rows) {
    return st_loss_smoothing(((const SparseOptions *)rows->options)->label_smoothing,
                             1 / (double)rows->width);
}

static int ignored(const void *options) {
    return ((const SparseOptions *)options)->ignore_class;
}

/* The target is s.keep where the label is, and s.add everywhere:
 * -sum(target log softmax(z)) = log(sum(exp(z - most))) - sum(target (z - most)); its gradient by z is
 * p - target. */
static ST_CLONES double sparse_from_logits(const StLossRows *rows) {
    int64_t width = rows->width, count = positions_of(rows);
    StSmoothing s = sparse_smoothing(rows);
    Real *p = probabilities(rows), scale = (Real)rows->scale;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        Real *row = p + i * width;
        shift(row, rows->y + i * width, width);
        sum -= in_range(rows->labels[i], width) ? (double)s.keep * (double)row[rows->labels[i]] : (double)NAN;
        if (s.add != 0) sum -= (double)s.add * total(row, width);
    }
    st_vector_exp(p, p, count * width);
    sum += normalize_rows(p, count, width);
    st_vector_scale(rows->dy, p, scale, count * width);
    for (int64_t i = 0; s.add != 0 && i < count * width; i++)
        rows->dy[i] -= scale * s.add;
    for (int64_t i = 0; i < count; i++)
        if (in_range(rows->labels[i], width)) rows->dy[i * width + rows->labels[i]] -= scale * s.keep;
    return sum;
}

/* -target log y, clipped; returns it and adds its gradient by y. */
static double surprise(Real y, Real target, double scale, Real *dy) {
    if (!st_loss_outside(y)) *dy -= (Real)scale * target / y;
    return -(double)target * log((double)st_loss_clipped(y));
}

/* As Keras defines it, the sparse loss does not divide by the sum of the outputs first, the categorical one
 * does. */
static double sparse_from_probabilities(const StLossRows *rows) {
    int64_t width = rows->width, count = positions_of(rows);
    StSmoothing s = sparse_smoothing(rows);
    double sum = 0;
    memset(rows->dy, 0, (size_t)(count * width) * sizeof *rows->dy);
    for (int64_t i = 0; i < count; i++) {
        const Real *y = rows->y + i * width;
        Real *dy = rows->dy + i * width;
        int32_t label = rows->labels[i];
        sum += in_range(label, width) ? surprise(y[label], s.keep, rows->scale, &dy[label]) : (double)NAN;
        for (int64_t j = 0; s.add != 0 && j < width; j++)
            sum += surprise(y[j], s.add, rows->scale, &dy[j]);
    }
    return sum;
}

static double sparse_categorical(const StLossRows *rows) {
    return from_logits(rows) ? sparse_from_logits(rows) : sparse_from_probabilities(rows);
}

/* ---- categorical ---- */

static StSmoothing smoothing_of(const StLossRows *rows, double evenly) {
    return st_loss_smoothing(((const SmoothOptions *)rows->options)->label_smoothing, evenly);
}

/* -sum(t log softmax(z)); its gradient by z is p sum(t) - t. */
static ST_CLONES double categorical_from_logits(const StLossRows *rows) {
    int64_t width = rows->width, count = positions_of(rows);
    StSmoothing s = smoothing_of(rows, 1 / (double)width);
    Real *p = probabilities(rows), scale = (Real)rows->scale;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        Real *row = p + i * width;
        const Real *t = rows->targets + i * width;
        shift(row, rows->y + i * width, width);
        for (int64_t j = 0; j < width; j++) { /* a logit may be -infinity where nothing is asked of it */
            Real target = s.keep * t[j] + s.add;
            if (target != 0) sum -= (double)target * (double)row[j];
        }
    }
    st_vector_exp(p, p, count * width);
    for (int64_t i = 0; i < count; i++) {
        Real *row = p + i * width, *dy = rows->dy + i * width;
        const Real *t = rows->targets + i * width;
        double whole = (double)s.keep * total(t, width) + (double)s.add * (double)width;
        sum += whole * log(normalize(row, width));
        Real all = (Real)whole;
        ST_LOOP
        for (int64_t j = 0; j < width; j++)
            dy[j] = scale * (row[j] * all - (s.keep * t[j] + s.add));
    }
    return sum;
}

/* o = y / sum(y), clipped; -sum(t log o). With g = dL/do the gradient by y is (g - sum(g o)) / sum(y). */
static double categorical_from_probabilities(const StLossRows *rows) {
    int64_t width = rows->width, count = positions_of(rows);
    StSmoothing s = smoothing_of(rows, 1 / (double)width);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const Real *y = rows->y + i * width, *t = rows->targets + i * width;
        Real *dy = rows->dy + i * width;
        double whole = total(y, width), back = 0;
        for (int64_t j = 0; j < width; j++) {
            Real o = (Real)((double)y[j] / whole), target = s.keep * t[j] + s.add;
            sum -= (double)target * log((double)st_loss_clipped(o));
            dy[j] = st_loss_outside(o) ? 0 : -target / o;
            back += (double)dy[j] * (double)o;
        }
        for (int64_t j = 0; j < width; j++)
            dy[j] = (Real)(((double)dy[j] - back) / whole * rows->scale);
    }
    return sum;
}

static double categorical(const StLossRows *rows) {
    return from_logits(rows) ? categorical_from_logits(rows) : categorical_from_probabilities(rows);
}

/* ---- binary ---- */

/* The values go where the gradient will be, are added up, and give way to it. */
static ST_CLONES double binary_from_logits(const StLossRows *rows) {
    int64_t count = positions_of(rows) * rows->width;
    StSmoothing s = smoothing_of(rows, 0.5);
    Real *y = rows->y, *dy = rows->dy, scale = (Real)(rows->scale / (double)rows->width);
    const Real *t = rows->targets;
    ST_LOOP
    for (int64_t i = 0; i < count; i++) {
        Real z = y[i];
        dy[i] = (z > 0 ? z : 0) - z * (s.keep * t[i] + s.add) + st_log1p(st_exp(-st_abs(z)));
    }
    double sum = st_vector_sum(dy, count);
    st_vector_sigmoid(probabilities(rows), y, count);
    const Real *p = probabilities(rows);
    ST_LOOP
    for (int64_t i = 0; i < count; i++)
        dy[i] = scale * (p[i] - (s.keep * t[i] + s.add));
    return sum / (double)rows->width;
}

static ST_CLONES double binary_from_probabilities(const StLossRows *rows) {
    int64_t count = positions_of(rows) * rows->width;
    StSmoothing s = smoothing_of(rows, 0.5);
    Real *dy = rows->dy, scale = (Real)(rows->scale / (double)rows->width);
    const Real *y = rows->y, *t = rows->targets;
    ST_LOOP
    for (int64_t i = 0; i < count; i++) {
        Real p = st_loss_clipped(y[i]), target = s.keep * t[i] + s.add;
        dy[i] = -(target * st_log(p) + (1 - target) * st_log(1 - p));
    }
    double sum = st_vector_sum(dy, count);
    ST_LOOP
    for (int64_t i = 0; i < count; i++) {
        Real p = st_loss_clipped(y[i]), target = s.keep * t[i] + s.add;
        Real slope = scale * (p - target) / (p * (1 - p));
        dy[i] = st_loss_outside(y[i]) ? 0 : slope;
    }
    return sum / (double)rows->width;
}

static double binary(const StLossRows *rows) {
    return from_logits(rows) ? binary_from_logits(rows) : binary_from_probabilities(rows);
}

#define BINARY(word, full)                                                                                   \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help = "surprise at yes or no, for each output by itself; outputs end in sigmoid",         \
                 .formula = "-mean(t log y + (1 - t) log(1 - y))",                                           \
                 .options = binary_options,                                                                  \
                 .options_size = sizeof(SmoothOptions)},                                                     \
        .classifies = true, .fuses = "sigmoid", .run = binary,                                               \
    }

const StLoss st_loss_crossentropies[ST_LOSS_CROSSENTROPIES] = {
    {
        .kind = {.name = "sparse_categorical_crossentropy",
                 .help = "surprise at the right class; targets are class numbers, outputs end in softmax",
                 .formula = "-log y[t]",
                 .options = sparse_options,
                 .options_size = sizeof(SparseOptions)},
        .sparse = true,
        .exclusive = true,
        .classifies = true,
        .fuses = "softmax",
        .ignored = ignored,
        .run = sparse_categorical,
    },
    {
        .kind = {.name = "categorical_crossentropy",
                 .help = "surprise at the right class; targets are one-hot, outputs end in softmax",
                 .formula = "-sum(t log y)",
                 .options = categorical_options,
                 .options_size = sizeof(SmoothOptions)},
        .exclusive = true,
        .classifies = true,
        .fuses = "softmax",
        .run = categorical,
    },
    BINARY("binary_crossentropy", NULL),
    BINARY("bce", "binary_crossentropy"),
    BINARY("BCE", "binary_crossentropy"),
};
