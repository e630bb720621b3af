#include "train/metric_family.h"

/* Adding a metric: a row in its family's file; a new family: its line here. */
static const StMetric *const families[] = {
    st_metric_accuracies,     st_metric_confusions, st_metric_scores,       st_metric_curves,
    st_metric_crossentropies, st_metric_errors,     st_metric_similarities, st_metric_hinges,
};

const StMetric *st_metric_at(int index) {
    if (index < 0) return NULL;
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (const StMetric *row = families[f]; row->kind.name; row++)
            if (index-- == 0) return row;
    return NULL;
}

int64_t st_metric_two_sums(const StMetricUse *use) {
    (void)use;
    return 2;
}

double st_metric_mean(const StMetricUse *use, const double *sum) {
    (void)use;
    return sum[1] > 0 ? sum[0] / sum[1] : (double)NAN;
}
