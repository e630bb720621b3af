/* What the files of metrics share: their rows for the registry, and metrics that are the mean of something
 * over all positions. */
#ifndef ST_TRAIN_METRIC_FAMILY_H
#define ST_TRAIN_METRIC_FAMILY_H

#include "train/metric.h"
#include <math.h>

/* Each family ends in a row without a name. */
#define st_metric_accuracies     ST_R(st_metric_accuracies)
#define st_metric_confusions     ST_R(st_metric_confusions)
#define st_metric_scores         ST_R(st_metric_scores)
#define st_metric_curves         ST_R(st_metric_curves)
#define st_metric_errors         ST_R(st_metric_errors)
#define st_metric_similarities   ST_R(st_metric_similarities)
#define st_metric_crossentropies ST_R(st_metric_crossentropies)
#define st_metric_hinges         ST_R(st_metric_hinges)
extern const StMetric st_metric_accuracies[], st_metric_confusions[], st_metric_scores[], st_metric_curves[],
    st_metric_errors[], st_metric_similarities[], st_metric_crossentropies[], st_metric_hinges[];

/* Means: sum[0] is the sum of the values, sum[1] of how many positions. */
#define st_metric_two_sums ST_R(st_metric_two_sums)
#define st_metric_mean     ST_R(st_metric_mean)
int64_t st_metric_two_sums(const StMetricUse *use);
double st_metric_mean(const StMetricUse *use, const double *sum);

/* Keras' backend.epsilon(). */
#define ST_METRIC_EPSILON 1e-7

/* axis may be said as Keras says it. */
#define ST_METRIC_AXIS(Struct)                                                                               \
    ST_OPTION(Struct, axis, ST_INT, "-1", .low = -1, .high = -1, .help = "the last axis, no other")

/* How much a position counts. */
static inline double st_metric_weight(const StMetricRows *rows, int64_t position) {
    return rows->mask ? (double)rows->mask[position] : 1;
}

/* The target of an output; a label counts as a row of zeros with a one. */
static inline double st_metric_target(const StMetricRows *rows, int64_t position, int64_t output) {
    if (rows->labels) return rows->labels[position] == output ? 1 : 0;
    return (double)rows->targets[position * rows->width + output];
}

/* Adds the mean of value(rows, position); inlined with it. */
static inline __attribute__((always_inline)) void st_metric_add_mean(const StMetricRows *rows, double *sum,
                                                                     double (*value)(const StMetricRows *rows,
                                                                                     int64_t position)) {
    int64_t count = rows->rows * rows->positions;
    double total = 0, weight = 0;
    for (int64_t i = 0; i < count; i++) {
        double counts = st_metric_weight(rows, i);
        if (counts == 0) continue;
        total += counts * value(rows, i);
        weight += counts;
    }
    sum[0] += total;
    sum[1] += weight;
}

/* add_VALUE, for a row's `add`, of a static function VALUE that gives one position's. */
#define ST_ADD_MEAN(value)                                                                                   \
    static void add_##value(const StMetricRows *rows, double *sum) {                                         \
        st_metric_add_mean(rows, sum, value);                                                                \
    }

#endif
