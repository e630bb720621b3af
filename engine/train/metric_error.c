/* Metrics of regression: means over the outputs of a position of a function of target and output, and R²
 * (Keras' metrics/regression_metrics.py and losses/losses.py). */
#include "train/metric_family.h"

#include <limits.h>

static double squared(double t, double y) {
    return (t - y) * (t - y);
}

static double absolute(double t, double y) {
    return fabs(t - y);
}

static double percentage(double t, double y) {
    return 100 * fabs(t - y) / fmax(fabs(t), ST_METRIC_EPSILON);
}

/* NaN stays NaN, which fmax would hide. */
static double at_least(double y, double least) {
    return y < least ? least : y;
}

static double logarithmic(double t, double y) {
    double difference = log(at_least(y, ST_METRIC_EPSILON) + 1) - log(at_least(t, ST_METRIC_EPSILON) + 1);
    return difference * difference;
}

/* log(cosh(y - t)), which overflows nowhere when written so. */
static double log_cosh(double t, double y) {
    double size = fabs(y - t);
    return size + log1p(exp(-2 * size)) - log(2);
}

static inline __attribute__((always_inline)) double mean_of(const StMetricRows *rows, int64_t i,
                                                            double (*value)(double t, double y)) {
    double total = 0;
    for (int64_t j = i * rows->width; j < (i + 1) * rows->width; j++)
        total += value((double)rows->targets[j], (double)rows->y[j]);
    return total / (double)rows->width;
}

#define ERROR(name)                                                                                          \
    static double mean_##name(const StMetricRows *rows, int64_t i) {                                         \
        return mean_of(rows, i, name);                                                                       \
    }                                                                                                        \
    ST_ADD_MEAN(mean_##name)
ERROR(squared)
ERROR(absolute)
ERROR(percentage)
ERROR(logarithmic)
ERROR(log_cosh)

static double root(const StMetricUse *use, const double *sum) {
    return sqrt(st_metric_mean(use, sum));
}

/* ---- r2_score ---- */

enum { UNIFORM, VARIANCE };

static const StChoice aggregations[] = {
    {.name = "uniform_average", .help = "the mean of the outputs' scores"},
    {.name = "variance_weighted_average", .help = "weighted by how much each output's targets vary"},
    {.name = NULL}};

typedef struct ScoreOptions {
    int class_aggregation, num_regressors;
} ScoreOptions;

static const StOption score_options[] = {
    ST_OPTION(ScoreOptions, class_aggregation, ST_CHOICE, "uniform_average", .choices = aggregations,
              .help = "how the scores of several outputs make one figure"),
    ST_OPTION(ScoreOptions, num_regressors, ST_INT, "0", .low = 0, .high = INT_MAX,
              .help = "the adjusted score of so many independent inputs; 0 is the plain one"),
    {.name = NULL}};

/* sum[0]: rows; then for each output of each position these. */
enum { TARGETS, SQUARES, RESIDUAL, COUNT, EACH };

static int64_t outputs_of(const StMetricUse *use) {
    return use->positions * use->width;
}

static int64_t score_sums(const StMetricUse *use) {
    return 1 + EACH * outputs_of(use);
}

static void add_score(const StMetricRows *rows, double *sum) {
    for (int64_t r = 0; r < rows->rows; r++) {
        bool any = false;
        for (int64_t p = 0; p < rows->positions; p++) {
            int64_t i = r * rows->positions + p;
            double weight = st_metric_weight(rows, i);
            any = any || weight != 0;
            for (int64_t j = 0; weight != 0 && j < rows->width; j++) {
                double t = (double)rows->targets[i * rows->width + j],
                       y = (double)rows->y[i * rows->width + j];
                double *of = sum + 1 + EACH * (p * rows->width + j);
                of[TARGETS] += weight * t;
                of[SQUARES] += weight * t * t;
                of[RESIDUAL] += weight * (t - y) * (t - y);
                of[COUNT] += weight;
            }
        }
        sum[0] += any;
    }
}

/* 1 - residual / total; 0 for an output whose targets are all the same, as Keras. */
static double score(const StMetricUse *use, const double *sum) {
    const ScoreOptions *o = use->options;
    double scores = 0, weights = 0, rows = sum[0], regressors = o->num_regressors;
    if (rows == 0) return NAN;
    for (int64_t j = 0; j < outputs_of(use); j++) {
        const double *of = sum + 1 + EACH * j;
        double total = of[SQUARES] - of[TARGETS] * (of[TARGETS] / of[COUNT]);
        double r2 = 1 - of[RESIDUAL] / total, weight = o->class_aggregation == VARIANCE ? total : 1;
        scores += weight * (isinf(r2) ? 0 : r2);
        weights += weight;
    }
    double r2 = scores / weights;
    if (regressors == 0 || regressors >= rows - 1) return r2;
    return 1 - (1 - r2) * (rows - 1) / (rows - regressors - 1);
}

#define MEAN(word, full, function, sentence, equation)                                                       \
    {                                                                                                        \
        .kind = {.name = word, .alias_of = full, .help = sentence, .formula = equation}, .targets = true,    \
        .sums = st_metric_two_sums, .add = add_mean_##function, .result = st_metric_mean,                    \
    }
#define SQUARED(word, full)  MEAN(word, full, squared, "mean of the squared differences", "mean((t - y)^2)")
#define ABSOLUTE(word, full) MEAN(word, full, absolute, "mean of the absolute differences", "mean(|t - y|)")
#define PERCENTAGE(word, full)                                                                               \
    MEAN(word, full, percentage, "mean of the absolute differences in percent of the targets",               \
         "100 mean(|t - y| / max(|t|, 1e-7))")
#define LOGARITHMIC(word, full)                                                                              \
    MEAN(word, full, logarithmic, "mean of the squared differences of logarithms, for values above 0",       \
         "mean((log(1 + t) - log(1 + y))^2)")
#define LOG_COSH(word, full)                                                                                 \
    MEAN(word, full, log_cosh, "squared for small differences, absolute for large ones",                     \
         "mean(log(cosh(y - t)))")
#define ROOT(word, full)                                                                                     \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help = "root of the mean of the squared differences, in the targets' own unit",            \
                 .formula = "sqrt(mean((t - y)^2))"},                                                        \
        .targets = true, .sums = st_metric_two_sums, .add = add_mean_squared, .result = root,                \
    }

const StMetric st_metric_errors[] = {
    SQUARED("mean_squared_error", NULL),
    SQUARED("mse", "mean_squared_error"),
    SQUARED("MSE", "mean_squared_error"),
    ABSOLUTE("mean_absolute_error", NULL),
    ABSOLUTE("mae", "mean_absolute_error"),
    ABSOLUTE("MAE", "mean_absolute_error"),
    ROOT("root_mean_squared_error", NULL),
    ROOT("rmse", "root_mean_squared_error"),
    PERCENTAGE("mean_absolute_percentage_error", NULL),
    PERCENTAGE("mape", "mean_absolute_percentage_error"),
    PERCENTAGE("MAPE", "mean_absolute_percentage_error"),
    LOGARITHMIC("mean_squared_logarithmic_error", NULL),
    LOGARITHMIC("msle", "mean_squared_logarithmic_error"),
    LOGARITHMIC("MSLE", "mean_squared_logarithmic_error"),
    LOG_COSH("log_cosh_error", NULL),
    LOG_COSH("log_cosh", "log_cosh_error"),
    LOG_COSH("logcosh", "log_cosh_error"),
    {
        .kind = {.name = "r2_score",
                 .help = "share of the targets' variance that is explained, a mean over the outputs",
                 .formula = "1 - sum((t - y)^2) / sum((t - mean t)^2)",
                 .options = score_options,
                 .options_size = sizeof(ScoreOptions),
                 .higher_is_better = true},
        .targets = true,
        .sums = score_sums,
        .add = add_score,
        .result = score,
    },
    {.kind = {.name = NULL}},
};
