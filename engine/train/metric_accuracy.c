/* Shares of positions that were told right (Keras' metrics/accuracy_metrics.py). */
#include "train/metric_family.h"

#include "math/vector.h"
#include <limits.h>

typedef struct BinaryOptions {
    double threshold;
} BinaryOptions;

typedef struct TopOptions {
    int k;
} TopOptions;

static const StOption binary_options[] = {
    ST_OPTION(BinaryOptions, threshold, ST_NUMBER, "0.5",
              .help = "an output above it says yes; 0 where the outputs are logits"),
    {.name = NULL}};
static const StOption top_options[] = {
    ST_OPTION(TopOptions, k, ST_INT, "5", .low = 1, .high = INT_MAX,
              .help = "how many of the largest outputs may hold the right one"),
    {.name = NULL}};

/* Adds how many positions are right, of how many; `right` is inlined, for this is on training's way. */
static inline __attribute__((always_inline)) void count_right(const StMetricRows *rows, double *sum,
                                                              bool (*right)(const StMetricRows *rows,
                                                                            int64_t position)) {
    int64_t count = rows->rows * rows->positions, yes = 0;
    if (rows->mask) {
        for (int64_t i = 0; i < count; i++) {
            sum[0] += right(rows, i) ? (double)rows->mask[i] : 0;
            sum[1] += (double)rows->mask[i];
        }
        return;
    }
    for (int64_t i = 0; i < count; i++)
        yes += right(rows, i);
    sum[0] += (double)yes;
    sum[1] += (double)count;
}

static int64_t largest(const Real *rows, const StMetricRows *of, int64_t i) {
    return st_vector_argmax(rows + i * of->width, of->width);
}

static bool right_sparse(const StMetricRows *rows, int64_t i) {
    return largest(rows->y, rows, i) == rows->labels[i];
}

static bool right_categorical(const StMetricRows *rows, int64_t i) {
    return largest(rows->y, rows, i) == largest(rows->targets, rows, i);
}

static void add_sparse(const StMetricRows *rows, double *sum) {
    count_right(rows, sum, right_sparse);
}

static void add_categorical(const StMetricRows *rows, double *sum) {
    count_right(rows, sum, right_categorical);
}

/* Right where fewer than k outputs are larger than the target's, as in_top_k; never by a NaN. */
static bool in_top(const StMetricRows *rows, int64_t i, int64_t target) {
    const Real *y = rows->y + i * rows->width;
    int64_t before = 0, strange = 0;
    if (target < 0 || target >= rows->width) return false;
    for (int64_t j = 0; j < rows->width; j++) {
        before += y[j] > y[target];
        strange += isnan(y[j]) != 0;
    }
    return before < ((const TopOptions *)rows->options)->k && strange == 0;
}

static bool right_sparse_top(const StMetricRows *rows, int64_t i) {
    return in_top(rows, i, rows->labels[i]);
}

static bool right_top(const StMetricRows *rows, int64_t i) {
    return in_top(rows, i, largest(rows->targets, rows, i));
}

static void add_sparse_top(const StMetricRows *rows, double *sum) {
    count_right(rows, sum, right_sparse_top);
}

static void add_top(const StMetricRows *rows, double *sum) {
    count_right(rows, sum, right_top);
}

/* Counted by outputs, each by itself. */
static void count_binary(const StMetricRows *rows, double *sum, Real threshold) {
    int64_t width = rows->width, count = rows->rows * rows->positions;
    if (rows->mask) {
        for (int64_t i = 0; i < count; i++) {
            int64_t right = 0;
            for (int64_t j = i * width; j < (i + 1) * width; j++)
                right += (rows->y[j] > threshold ? 1 : 0) == rows->targets[j];
            sum[0] += (double)rows->mask[i] * (double)right;
            sum[1] += (double)rows->mask[i] * (double)width;
        }
        return;
    }
    int64_t right = 0;
    for (int64_t i = 0; i < count * width; i++)
        right += (rows->y[i] > threshold ? 1 : 0) == rows->targets[i];
    sum[0] += (double)right;
    sum[1] += (double)(count * width);
}

static void add_binary(const StMetricRows *rows, double *sum) {
    count_binary(rows, sum, (Real)((const BinaryOptions *)rows->options)->threshold);
}

static void add_half(const StMetricRows *rows, double *sum) {
    count_binary(rows, sum, (Real)0.5);
}

#define MEAN(function) .sums = st_metric_two_sums, .add = function, .result = st_metric_mean

/* Keras' choice for the word accuracy, by shapes alone (trainers/compile_utils.py). */
static const StMetric *resolve(bool sparse, int64_t width) {
    static const StMetric chosen[] = {{.labels = true, MEAN(add_sparse)},
                                      {.targets = true, MEAN(add_categorical)},
                                      {.targets = true, MEAN(add_half)}};
    return &chosen[sparse ? 0 : width == 1 ? 2 : 1];
}

#define ACCURACY(word, full)                                                                                 \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help =                                                                                     \
                     "share that is told right; binary, categorical or sparse as output and targets are",    \
                 .formula = "mean(t = argmax y)",                                                            \
                 .higher_is_better = true},                                                                  \
        .accuracy = true, .labels = true, .targets = true, .resolve = resolve,                               \
    }
#define KIND(word, sentence, equation, of_labels, function, ...)                                             \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .help = sentence,                                                                           \
                 .formula = equation,                                                                        \
                 .higher_is_better = true,                                                                   \
                 __VA_ARGS__},                                                                               \
        .accuracy = true, .labels = of_labels, .targets = !of_labels, MEAN(function),                        \
    }
#define TOP    .options = top_options, .options_size = sizeof(TopOptions)
#define BINARY .options = binary_options, .options_size = sizeof(BinaryOptions)

const StMetric st_metric_accuracies[] = {
    ACCURACY("accuracy", NULL),
    ACCURACY("acc", "accuracy"),
    KIND("sparse_categorical_accuracy", "share of rows whose largest output is the label's",
         "mean(t = argmax y)", true, add_sparse, .options = NULL),
    KIND("categorical_accuracy", "share of rows whose largest output is where the target's largest is",
         "mean(argmax t = argmax y)", false, add_categorical, .options = NULL),
    KIND("binary_accuracy", "share of outputs that lie on the target's side of the threshold",
         "mean(t = (y > threshold))", false, add_binary, BINARY),
    KIND("sparse_top_k_categorical_accuracy", "share of rows whose label is among the k largest outputs",
         "mean(t in the k largest of y)", true, add_sparse_top, TOP),
    KIND("top_k_categorical_accuracy", "share of rows whose target's largest is among the k largest outputs",
         "mean(argmax t in the k largest of y)", false, add_top, TOP),
    {.kind = {.name = NULL}},
};
