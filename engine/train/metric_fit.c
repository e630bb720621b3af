/* Whether a metric fits an output, a loss and data. */
#include "train/learner_fit.h"

#include <stdio.h>
#include <string.h>

/* sparse_categorical_accuracy for categorical_accuracy and the other way round; else what counts in general.
 */
static const char *would_fit(const char *name, bool sparse, bool classes) {
    static const char prefix[] = "sparse_";
    bool has = strncmp(name, prefix, sizeof prefix - 1) == 0;
    char other[ST_METRIC_NAME_MAX];
    snprintf(other, sizeof other, "%s%s", has ? "" : prefix, has ? name + sizeof prefix - 1 : name);
    for (int i = 0; has != sparse && st_metric_at(i); i++)
        if (strcmp(st_metric_at(i)->kind.name, other) == 0) return st_metric_at(i)->kind.name;
    return classes ? "accuracy" : "mean_absolute_error or r2_score";
}

const StMetric *st_metric_choose(const StMetricSpec *spec, const StLoss *loss, const StShape *output,
                                 const StDataset *dataset, StMetricUse *use, StError *error) {
    const StMetric *metric = st_metric_at(spec->kind);
    const char *name = metric->kind.name;
    int64_t width = output->dim[output->rank - 1];
    bool classes = loss->classifies || !dataset || st_dataset_has_labels(dataset);
    if (metric->accuracy && !classes) {
        st_fail(error, ST_ERR_VALUE,
                "metrics: %s counts right classes, the data has numbers as targets (regression); use "
                "mean_absolute_error or r2_score",
                name);
        return NULL;
    }
    if (metric->resolve) metric = metric->resolve(loss->sparse, width);
    if (loss->sparse ? !metric->labels : !metric->targets) {
        st_fail(error, ST_ERR_VALUE, "metrics: %s wants %s, %s is given %s; use %s", name,
                loss->sparse ? "targets shaped as the output" : "labels", loss->kind.name,
                loss->sparse ? "labels" : "targets shaped as the output",
                would_fit(name, loss->sparse, classes));
        return NULL;
    }
    *use = (StMetricUse){spec->options, st_shape_size(output) / width, width};
    if (metric->fits && !metric->fits(use, error)) {
        st_fail_at(error, "metrics: %s", spec->name);
        return NULL;
    }
    return metric;
}
