#include "train/metric.h"

/* Adding a metric: a row in its family's file; a new family: its two lines here. */
const StMetric *st_metric_at(int index) {
    if (index >= 0 && index < ST_ACCURACIES) return &st_metric_accuracies[index];
    index -= ST_ACCURACIES;
    if (index >= 0 && index < ST_ERRORS) return &st_metric_errors[index];
    return NULL;
}
