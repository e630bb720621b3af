/* Shares of positions that were told right. Sums: how many were right, of how many. */
#include "train/metric.h"

#include "math/vector.h"
#include <math.h>

static int two_sums(int64_t outputs) {
    (void)outputs;
    return 2;
}

static double share(const double *sum, int64_t outputs) {
    (void)outputs;
    return sum[1] > 0 ? sum[0] / sum[1] : NAN;
}

static void add_sparse(const StMetricRows *rows, double *sum) {
    int64_t count = rows->rows * rows->positions, right = 0;
    for (int64_t i = 0; i < count; i++)
        right += st_vector_argmax(rows->y + i * rows->width, rows->width) == rows->labels[i];
    sum[0] += (double)right;
    sum[1] += (double)count;
}

static void add_categorical(const StMetricRows *rows, double *sum) {
    int64_t count = rows->rows * rows->positions, right = 0;
    for (int64_t i = 0; i < count; i++)
        right += st_vector_argmax(rows->y + i * rows->width, rows->width) ==
                 st_vector_argmax(rows->targets + i * rows->width, rows->width);
    sum[0] += (double)right;
    sum[1] += (double)count;
}

static void add_binary(const StMetricRows *rows, double *sum) {
    int64_t count = rows->rows * rows->positions * rows->width, right = 0;
    for (int64_t i = 0; i < count; i++)
        right += (rows->y[i] > (Real)0.5 ? 1 : 0) == rows->targets[i];
    sum[0] += (double)right;
    sum[1] += (double)count;
}

/* Keras' choice for the word accuracy, by shapes alone (trainers/compile_utils.py). */
static const StMetric *resolve(bool sparse, int64_t width) {
    enum { SPARSE = 2, CATEGORICAL, BINARY };
    if (sparse) return &st_metric_accuracies[SPARSE];
    return &st_metric_accuracies[width == 1 ? BINARY : CATEGORICAL];
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
#define KIND(word, sentence, equation, of_labels, function)                                                  \
    {                                                                                                        \
        .kind = {.name = word, .help = sentence, .formula = equation, .higher_is_better = true},             \
        .accuracy = true, .labels = of_labels, .targets = !of_labels, .sums = two_sums, .add = function,     \
        .result = share,                                                                                     \
    }

const StMetric st_metric_accuracies[ST_ACCURACIES] = {
    ACCURACY("accuracy", NULL),
    ACCURACY("acc", "accuracy"),
    KIND("sparse_categorical_accuracy", "share of rows whose largest output is the label's",
         "mean(t = argmax y)", true, add_sparse),
    KIND("categorical_accuracy", "share of rows whose largest output is where the target's largest is",
         "mean(argmax t = argmax y)", false, add_categorical),
    KIND("binary_accuracy", "share of outputs that lie on the target's side of 0.5", "mean(t = (y > 0.5))",
         false, add_binary),
};
