/* Cross-entropies (nats). Through softmax and sigmoid they are computed from the logits, by log-sum-exp and
 * log1p, where no logit is too large; a loss from probabilities clips them. */
#include "train/loss.h"

#include "math/scalar.h"
#include "math/vector.h"

typedef struct SparseOptions {
    bool from_logits;
} SparseOptions;

typedef struct SmoothOptions {
    bool from_logits;
    double label_smoothing;
} SmoothOptions;

#define FROM_LOGITS(Struct)                                                                                  \
    ST_OPTION(Struct, from_logits, ST_SWITCH, "no",                                                          \
              .help = "the outputs are logits: the loss applies softmax or sigmoid itself")
#define LABEL_SMOOTHING(sentence)                                                                            \
    ST_OPTION(SmoothOptions, label_smoothing, ST_NUMBER, "0", .low = 0, .high = 1, .help = sentence)

static const StOption sparse_options[] = {FROM_LOGITS(SparseOptions), {.name = NULL}};
static const StOption categorical_options[] = {
    FROM_LOGITS(SmoothOptions),
    LABEL_SMOOTHING("share of every target that is spread evenly over all classes"),
    {.name = NULL}};
static const StOption binary_options[] = {
    FROM_LOGITS(SmoothOptions),
    LABEL_SMOOTHING("how far targets are drawn from 0 and 1 towards a half"),
    {.name = NULL}};

static const Real lowest = (Real)1e-7, highest = (Real)(1 - 1e-7);

static inline bool outside(Real p) { /* false for NaN, which is to be seen */
    return p < lowest || p > highest;
}

static inline Real clipped(Real p) {
    return p < lowest ? lowest : p > highest ? highest : p;
}

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

/* to[width] = from[width] less its largest. */
static void shift(Real *to, const Real *from, int64_t width) {
    Real most = st_vector_max(from, width);
    ST_LOOP
    for (int64_t j = 0; j < width; j++)
        to[j] = from[j] - most;
}

/* p[width] = p / sum(p); returns log(sum(p)). */
static double normalize(Real *p, int64_t width) {
    double sum = st_vector_sum(p, width);
    Real inverse = (Real)(1 / sum);
    for (int64_t j = 0; j < width; j++)
        p[j] *= inverse;
    return log(sum);
}

/* ---- sparse categorical ---- */

static bool in_range(int32_t label, int64_t width) {
    return label >= 0 && label < width;
}

/* -log softmax(z)[t] = log(sum(exp(z - most))) - (z[t] - most); its gradient by z is p - onehot(t). */
static double sparse_from_logits(const StLossRows *rows) {
    int64_t width = rows->width, count = positions_of(rows);
    Real *p = probabilities(rows), scale = (Real)rows->scale;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        shift(p + i * width, rows->y + i * width, width);
        sum -= in_range(rows->labels[i], width) ? (double)p[i * width + rows->labels[i]] : (double)NAN;
    }
    st_vector_exp(p, p, count * width);
    for (int64_t i = 0; i < count; i++)
        sum += normalize(p + i * width, width);
    st_vector_scale(rows->dy, p, scale, count * width);
    for (int64_t i = 0; i < count; i++)
        if (in_range(rows->labels[i], width)) rows->dy[i * width + rows->labels[i]] -= scale;
    return sum;
}

/* -log of the label's probability, clipped. As Keras defines it, the sparse loss does not divide by the sum
   of the outputs first, the categorical one does. */
static double sparse_from_probabilities(const StLossRows *rows) {
    int64_t width = rows->width, count = positions_of(rows);
    double sum = 0;
    for (int64_t i = 0; i < count * width; i++)
        rows->dy[i] = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!in_range(rows->labels[i], width)) {
            sum = NAN;
            continue;
        }
        int64_t at = i * width + rows->labels[i];
        Real p = rows->y[at];
        sum -= log((double)clipped(p));
        rows->dy[at] = outside(p) ? 0 : -(Real)rows->scale / p;
    }
    return sum;
}

static double sparse_categorical(const StLossRows *rows) {
    return from_logits(rows) ? sparse_from_logits(rows) : sparse_from_probabilities(rows);
}

/* ---- categorical ---- */

/* Targets t become keep * t + add. */
typedef struct Smoothing {
    Real keep, add;
} Smoothing;

static Smoothing smoothing_of(const StLossRows *rows, double evenly) {
    double share = ((const SmoothOptions *)rows->options)->label_smoothing;
    return (Smoothing){(Real)(1 - share), (Real)(share * evenly)};
}

/* -sum(t log softmax(z)); its gradient by z is p sum(t) - t. */
static double categorical_from_logits(const StLossRows *rows) {
    int64_t width = rows->width, count = positions_of(rows);
    Smoothing s = smoothing_of(rows, 1 / (double)width);
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
        double total = (double)s.keep * st_vector_sum(t, width) + (double)s.add * (double)width;
        sum += total * normalize(row, width);
        Real all = (Real)total;
        ST_LOOP
        for (int64_t j = 0; j < width; j++)
            dy[j] = scale * (row[j] * all - (s.keep * t[j] + s.add));
    }
    return sum;
}

/* o = y / sum(y), clipped; -sum(t log o). With g = dL/do the gradient by y is (g - sum(g o)) / sum(y). */
static double categorical_from_probabilities(const StLossRows *rows) {
    int64_t width = rows->width, count = positions_of(rows);
    Smoothing s = smoothing_of(rows, 1 / (double)width);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const Real *y = rows->y + i * width, *t = rows->targets + i * width;
        Real *dy = rows->dy + i * width;
        double total = st_vector_sum(y, width), back = 0;
        for (int64_t j = 0; j < width; j++) {
            Real o = (Real)((double)y[j] / total), target = s.keep * t[j] + s.add;
            sum -= (double)target * log((double)clipped(o));
            dy[j] = outside(o) ? 0 : -target / o;
            back += (double)dy[j] * (double)o;
        }
        for (int64_t j = 0; j < width; j++)
            dy[j] = (Real)(((double)dy[j] - back) / total * rows->scale);
    }
    return sum;
}

static double categorical(const StLossRows *rows) {
    return from_logits(rows) ? categorical_from_logits(rows) : categorical_from_probabilities(rows);
}

/* ---- binary ---- */

/* The values go where the gradient will be, are added up, and give way to it. */
static double binary_from_logits(const StLossRows *rows) {
    int64_t count = positions_of(rows) * rows->width;
    Smoothing s = smoothing_of(rows, 0.5);
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

static double binary_from_probabilities(const StLossRows *rows) {
    int64_t count = positions_of(rows) * rows->width;
    Smoothing s = smoothing_of(rows, 0.5);
    Real *dy = rows->dy, scale = (Real)(rows->scale / (double)rows->width);
    const Real *y = rows->y, *t = rows->targets;
    ST_LOOP
    for (int64_t i = 0; i < count; i++) {
        Real p = clipped(y[i]), target = s.keep * t[i] + s.add;
        dy[i] = -(target * st_log(p) + (1 - target) * st_log(1 - p));
    }
    double sum = st_vector_sum(dy, count);
    ST_LOOP
    for (int64_t i = 0; i < count; i++) {
        Real p = clipped(y[i]), target = s.keep * t[i] + s.add;
        Real slope = scale * (p - target) / (p * (1 - p));
        dy[i] = outside(y[i]) ? 0 : slope;
    }
    return sum / (double)rows->width;
}

static double binary(const StLossRows *rows) {
    return from_logits(rows) ? binary_from_logits(rows) : binary_from_probabilities(rows);
}

const StLoss st_loss_sparse_categorical_crossentropy = {
    .kind = {.name = "sparse_categorical_crossentropy",
             .help = "surprise at the right class; targets are class numbers, outputs end in softmax",
             .formula = "-log y[t]",
             .options = sparse_options,
             .options_size = sizeof(SparseOptions)},
    .sparse = true,
    .exclusive = true,
    .classifies = true,
    .fuses = "softmax",
    .run = sparse_categorical,
};

const StLoss st_loss_categorical_crossentropy = {
    .kind = {.name = "categorical_crossentropy",
             .help = "surprise at the right class; targets are one-hot, outputs end in softmax",
             .formula = "-sum(t log y)",
             .options = categorical_options,
             .options_size = sizeof(SmoothOptions)},
    .exclusive = true,
    .classifies = true,
    .fuses = "softmax",
    .run = categorical,
};

const StLoss st_loss_binary_crossentropy = {
    .kind = {.name = "binary_crossentropy",
             .help = "surprise at yes or no, for each output by itself; outputs end in sigmoid",
             .formula = "-mean(t log y + (1 - t) log(1 - y))",
             .options = binary_options,
             .options_size = sizeof(SmoothOptions)},
    .classifies = true,
    .fuses = "sigmoid",
    .run = binary,
};
