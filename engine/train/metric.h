/* Metrics. One row a word, registered in metric.c. Compiled in float and in double.
 *
 * A metric adds rows up in accumulators of its own (doubles), which are added together in the order of the
 * rows, and makes its figure of them at the end. Definitions are Keras 3's (metrics/). */
#ifndef ST_TRAIN_METRIC_H
#define ST_TRAIN_METRIC_H

#include "base/real.h"
#include "train/compile.h"

/* r2_score keeps three sums an output, and one for all. */
enum { ST_SCORE_OUTPUTS_MAX = 64, ST_METRIC_SUMS = 1 + 3 * ST_SCORE_OUTPUTS_MAX };

#define StMetricRows ST_R(StMetricRows)
typedef struct StMetricRows {
    const Real *y;         /* [rows, positions, width] as the network gives it */
    const int32_t *labels; /* [rows, positions], or NULL */
    const Real *targets;   /* [rows, positions, width], or NULL */
    int64_t rows, positions, width;
} StMetricRows;

#define StMetric ST_R(StMetric)
typedef struct StMetric {
    StKind kind;
    bool accuracy;        /* needs classes */
    bool labels, targets; /* which targets it can be computed from */
    int64_t outputs_max;  /* the most outputs a row; 0: any */
    /* "accuracy" is another metric for every shape of targets, and it alone has this. */
    const struct StMetric *(*resolve)(bool sparse, int64_t width);
    int (*sums)(int64_t outputs); /* accumulators used, at most ST_METRIC_SUMS */
    void (*add)(const StMetricRows *rows, double *sum);
    double (*result)(const double *sum, int64_t outputs); /* NaN without rows */
} StMetric;

#define st_metric_at ST_R(st_metric_at)
const StMetric *st_metric_at(int index); /* NULL before the first and behind the last */

/* The families' rows, for the registry. */
#define st_metric_accuracies ST_R(st_metric_accuracies)
#define st_metric_errors     ST_R(st_metric_errors)
enum { ST_ACCURACIES = 5, ST_ERRORS = 7 };
extern const StMetric st_metric_accuracies[ST_ACCURACIES], st_metric_errors[ST_ERRORS];

#endif
