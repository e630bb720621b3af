/* How alike the outputs of a position and their targets are as vectors (Keras' CosineSimilarity in
 * metrics/regression_metrics.py, and metrics/correlation_metrics.py). */
#include "train/metric_family.h"

typedef struct SimilarityOptions {
    int axis;
} SimilarityOptions;

static const StOption options[] = {ST_METRIC_AXIS(SimilarityOptions), {.name = NULL}};

/* Sums over the outputs of one position. */
typedef struct Moments {
    double t, y, tt, yy, ty;
} Moments;

/* Of t and y less these. */
static Moments moments(const StMetricRows *rows, int64_t i, double less_t, double less_y) {
    Moments m = {0};
    for (int64_t j = i * rows->width; j < (i + 1) * rows->width; j++) {
        double t = (double)rows->targets[j] - less_t, y = (double)rows->y[j] - less_y;
        m.t += t;
        m.y += y;
        m.tt += t * t;
        m.yy += y * y;
        m.ty += t * y;
    }
    return m;
}

static double length(double squares) {
    return sqrt(squares < ST_METRIC_EPSILON * ST_METRIC_EPSILON ? ST_METRIC_EPSILON * ST_METRIC_EPSILON
                                                                : squares);
}

static double cosine(const StMetricRows *rows, int64_t i) {
    Moments m = moments(rows, i, 0, 0);
    return m.ty / (length(m.tt) * length(m.yy));
}

static Moments centred(const StMetricRows *rows, int64_t i, double *t, double *y) {
    Moments m = moments(rows, i, 0, 0);
    *t = m.t / (double)rows->width;
    *y = m.y / (double)rows->width;
    return moments(rows, i, *t, *y);
}

static double pearson(const StMetricRows *rows, int64_t i) {
    double t, y;
    Moments m = centred(rows, i, &t, &y);
    return m.ty / sqrt(m.tt * m.yy);
}

static double concordance(const StMetricRows *rows, int64_t i) {
    double t, y, n = (double)rows->width;
    Moments m = centred(rows, i, &t, &y);
    return 2 * (m.ty / n) / (m.tt / n + m.yy / n + (t - y) * (t - y) + ST_METRIC_EPSILON);
}

ST_ADD_MEAN(cosine)
ST_ADD_MEAN(pearson)
ST_ADD_MEAN(concordance)

static bool several(const StMetricUse *use, StError *error) {
    return use->width > 1 || st_fail(error, ST_ERR_SHAPE, "wanted at least 2 outputs to compare, got 1");
}

#define KIND(word, function, fitting, sentence, equation)                                                    \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .help = sentence,                                                                           \
                 .formula = equation,                                                                        \
                 .options = options,                                                                         \
                 .options_size = sizeof(SimilarityOptions),                                                  \
                 .higher_is_better = true},                                                                  \
        .targets = true, .fits = fitting, .sums = st_metric_two_sums, .add = add_##function,                 \
        .result = st_metric_mean,                                                                            \
    }

const StMetric st_metric_similarities[] = {
    KIND("cosine_similarity", cosine, NULL, "cosine of the angle between outputs and targets, row by row",
         "mean(sum(t y) / (|t| |y|))"),
    KIND("pearson_correlation", pearson, several, "correlation of the outputs with the targets of a row",
         "mean(cov(t, y) / (sd(t) sd(y)))"),
    KIND("concordance_correlation", concordance, several,
         "correlation of the outputs with the targets of a row, less where level or spread differ",
         "mean(2 cov(t, y) / (var(t) + var(y) + (mean t - mean y)^2))"),
    {.kind = {.name = NULL}},
};
