/* Hinge metrics, for outputs that are wanted beyond 1 on the target's side (Keras' losses/losses.py). */
#include "train/metric_family.h"

/* Targets of 0 and 1 stand for -1 and 1, but only where all are 0 or 1: both sums are kept, and how many
 * targets are neither. Keras looks at each batch by itself, here it is everything that was added up. */
enum { CONVERTED, PLAIN, WEIGHT, OTHERS, SUMS };

static int64_t hinge_sums(const StMetricUse *use) {
    (void)use;
    return SUMS;
}

static double hinge(double t, double y) {
    double v = 1 - t * y;
    return v < 0 ? 0 : v;
}

static inline __attribute__((always_inline)) void add_binary(const StMetricRows *rows, double *sum,
                                                             int power) {
    int64_t count = rows->rows * rows->positions, width = rows->width;
    for (int64_t i = 0; i < count; i++) {
        double weight = st_metric_weight(rows, i), converted = 0, plain = 0;
        if (weight == 0) continue;
        for (int64_t j = i * width; j < (i + 1) * width; j++) {
            double t = (double)rows->targets[j], y = (double)rows->y[j];
            double a = hinge(2 * t - 1, y), b = hinge(t, y);
            converted += power == 2 ? a * a : a;
            plain += power == 2 ? b * b : b;
            sum[OTHERS] += t != 0 && t != 1;
        }
        sum[CONVERTED] += weight * converted / (double)width;
        sum[PLAIN] += weight * plain / (double)width;
        sum[WEIGHT] += weight;
    }
}

static void add_hinge(const StMetricRows *rows, double *sum) {
    add_binary(rows, sum, 1);
}

static void add_squared(const StMetricRows *rows, double *sum) {
    add_binary(rows, sum, 2);
}

static double result(const StMetricUse *use, const double *sum) {
    (void)use;
    if (sum[WEIGHT] == 0) return NAN;
    return sum[sum[OTHERS] > 0 ? PLAIN : CONVERTED] / sum[WEIGHT];
}

/* The right output against the largest of the wrong ones. */
static double categorical(const StMetricRows *rows, int64_t i) {
    double right = 0, wrong = -INFINITY;
    for (int64_t j = 0; j < rows->width; j++) {
        double t = st_metric_target(rows, i, j), y = (double)rows->y[i * rows->width + j];
        right += t * y;
        if (!((1 - t) * y <= wrong)) wrong = (1 - t) * y;
    }
    double v = wrong - right + 1;
    return v < 0 ? 0 : v;
}

ST_ADD_MEAN(categorical)

const StMetric st_metric_hinges[] = {
    {
        .kind = {.name = "hinge",
                 .help = "how far outputs are from 1 on the target's side; targets are -1 and 1, or 0 and 1",
                 .formula = "mean(max(1 - t y, 0))"},
        .targets = true,
        .sums = hinge_sums,
        .add = add_hinge,
        .result = result,
    },
    {
        .kind = {.name = "squared_hinge",
                 .help = "hinge, squared; targets are -1 and 1, or 0 and 1",
                 .formula = "mean(max(1 - t y, 0)^2)"},
        .targets = true,
        .sums = hinge_sums,
        .add = add_squared,
        .result = result,
    },
    {
        .kind = {.name = "categorical_hinge",
                 .help = "how far the right output is from 1 above the largest wrong one",
                 .formula = "mean(max(max((1 - t) y) - sum(t y) + 1, 0))"},
        .targets = true,
        .sums = st_metric_two_sums,
        .add = add_categorical,
        .result = st_metric_mean,
    },
    {.kind = {.name = NULL}},
};
