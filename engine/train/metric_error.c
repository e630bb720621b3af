/* Metrics of regression. */
#include "train/metric.h"

#include <math.h>

static int two_sums(int64_t outputs) {
    (void)outputs;
    return 2;
}

static double mean(const double *sum, int64_t outputs) {
    (void)outputs;
    return sum[1] > 0 ? sum[0] / sum[1] : NAN;
}

static void add_squared(const StMetricRows *rows, double *sum) {
    int64_t count = rows->rows * rows->positions * rows->width;
    double total = 0;
    for (int64_t i = 0; i < count; i++) {
        double difference = (double)rows->y[i] - (double)rows->targets[i];
        total += difference * difference;
    }
    sum[0] += total;
    sum[1] += (double)count;
}

static void add_absolute(const StMetricRows *rows, double *sum) {
    int64_t count = rows->rows * rows->positions * rows->width;
    double total = 0;
    for (int64_t i = 0; i < count; i++)
        total += fabs((double)rows->y[i] - (double)rows->targets[i]);
    sum[0] += total;
    sum[1] += (double)count;
}

/* sum[0]: rows; then for each output the sums of t, t^2 and (t - y)^2. */
static int score_sums(int64_t outputs) {
    return (int)(1 + 3 * outputs);
}

static void add_score(const StMetricRows *rows, double *sum) {
    int64_t outputs = rows->positions * rows->width;
    for (int64_t r = 0; r < rows->rows; r++)
        for (int64_t o = 0; o < outputs; o++) {
            double t = (double)rows->targets[r * outputs + o], y = (double)rows->y[r * outputs + o];
            double *of = sum + 1 + 3 * o;
            of[0] += t;
            of[1] += t * t;
            of[2] += (t - y) * (t - y);
        }
    sum[0] += (double)rows->rows;
}

/* The mean over outputs of 1 - residual/total; 0 for an output whose targets are all the same, as Keras. */
static double score(const double *sum, int64_t outputs) {
    double scores = 0;
    if (sum[0] == 0) return NAN;
    for (int64_t o = 0; o < outputs; o++) {
        const double *of = sum + 1 + 3 * o;
        double total = of[1] - of[0] * (of[0] / sum[0]);
        double r2 = 1 - of[2] / total;
        scores += isinf(r2) ? 0 : r2;
    }
    return scores / (double)outputs;
}

#define SQUARED(word, full)                                                                                  \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help = "mean of the squared differences",                                                  \
                 .formula = "mean((t - y)^2)"},                                                              \
        .targets = true, .sums = two_sums, .add = add_squared, .result = mean,                               \
    }
#define ABSOLUTE(word, full)                                                                                 \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help = "mean of the absolute differences",                                                 \
                 .formula = "mean(|t - y|)"},                                                                \
        .targets = true, .sums = two_sums, .add = add_absolute, .result = mean,                              \
    }

const StMetric st_metric_errors[ST_ERRORS] = {
    SQUARED("mean_squared_error", NULL),
    SQUARED("mse", "mean_squared_error"),
    SQUARED("MSE", "mean_squared_error"),
    ABSOLUTE("mean_absolute_error", NULL),
    ABSOLUTE("mae", "mean_absolute_error"),
    ABSOLUTE("MAE", "mean_absolute_error"),
    {
        .kind = {.name = "r2_score",
                 .help = "share of the targets' variance that is explained, a mean over the outputs",
                 .formula = "1 - sum((t - y)^2) / sum((t - mean t)^2)",
                 .higher_is_better = true},
        .targets = true,
        .outputs_max = ST_SCORE_OUTPUTS_MAX,
        .sums = score_sums,
        .add = add_score,
        .result = score,
    },
};
