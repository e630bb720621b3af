/* Metrics. One row a word, registered in metric.c; families of kinds share a file (metric_accuracy.c, …).
 * Compiled in float and in double.
 *
 * A metric adds rows up in accumulators of its own (doubles), which are added together in the order of the
 * rows, and makes its figure of them at the end: over the batches of an epoch as over the lanes of a batch.
 * Definitions, options and their order are Keras 3's (metrics/). A position that the mask leaves out counts
 * for nothing. Where Keras divides 0 by 0 its answer is given (0 for precision of no positives); without a
 * row there is no figure (NaN). */
#ifndef ST_TRAIN_METRIC_H
#define ST_TRAIN_METRIC_H

#include "base/real.h"
#include "train/compile.h"

/* Accumulators of all metrics at most: auc keeps two a threshold, f1_score three and r2_score four an output.
 */
enum { ST_METRIC_SUMS = 4096 };

/* What is measured: of every row [positions, width], with the options of the metric's StMetricSpec. */
#define StMetricUse ST_R(StMetricUse)
typedef struct StMetricUse {
    const void *options;
    int64_t positions, width;
} StMetricUse;

#define StMetricRows ST_R(StMetricRows)
typedef struct StMetricRows {
    const Real *y;         /* [rows, positions, width] as the network gives it */
    const int32_t *labels; /* [rows, positions], or NULL */
    const Real *targets;   /* [rows, positions, width], or NULL */
    const Real *mask;      /* [rows, positions], 1 counts and 0 is left out; NULL: all count */
    const void *options;
    int64_t rows, positions, width;
} StMetricRows;

#define StMetric ST_R(StMetric)
typedef struct StMetric {
    StKind kind;
    bool accuracy;        /* needs classes */
    bool labels, targets; /* which targets it can be computed from; labels count as one-hot targets */
    /* "accuracy" is another metric for every shape of targets, and it alone has this. */
    const struct StMetric *(*resolve)(bool sparse, int64_t width);
    /* Whether the options suit the shape; NULL: they always do. */
    bool (*fits)(const StMetricUse *use, StError *error);
    int64_t (*sums)(const StMetricUse *use); /* accumulators used; of all metrics at most ST_METRIC_SUMS */
    void (*add)(const StMetricRows *rows, double *sum);
    double (*result)(const StMetricUse *use, const double *sum); /* NaN without rows */
} StMetric;

#define st_metric_at ST_R(st_metric_at)
const StMetric *st_metric_at(int index); /* NULL before the first and behind the last */

#endif
