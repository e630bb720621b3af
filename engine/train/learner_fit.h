/* Whether an output, a loss, metrics and data fit each other: what a learner asks before it is made. */
#ifndef ST_TRAIN_LEARNER_FIT_H
#define ST_TRAIN_LEARNER_FIT_H

#include "data/dataset.h"
#include "train/loss.h"
#include "train/metric.h"

#define st_loss_fits     ST_R(st_loss_fits)
#define st_metric_choose ST_R(st_metric_choose)

/* dataset may be NULL. Errors say how many outputs are wanted and how the stack should end. */
bool st_loss_fits(const StLossSpec *spec, const StShape *output, const StDataset *dataset, StError *error);

/* The metric that computes what the word of `spec` means for these targets ("accuracy" is one of three), and
 * how it is used, with options that lie in *spec; NULL with an error that says what would fit instead. */
const StMetric *st_metric_choose(const StMetricSpec *spec, const StLoss *loss, const StShape *output,
                                 const StDataset *dataset, StMetricUse *use, StError *error);

#endif
