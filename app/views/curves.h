/* The curves of one series of the history, as the overview and the train view draw them: training solid,
 * validation dashed, the previous run dotted behind. */
#ifndef APP_VIEWS_CURVES_H
#define APP_VIEWS_CURVES_H

#include "view.h"

#include "plot.h"

enum { CURVES_MAX = 6 };

typedef struct Curves {
    UiSeries series[CURVES_MAX];
    int count;
} Curves;

/* One line a part: training by epoch ("fit") once there are a few epochs, by step before; validation; the
 * last run's. smooth is for steps. */
void curves_brief(const ViewContext *context, int series, HistoryAxis axis, Curves *out);
/* Everything: each batch, the epochs' means, validation, and the last run's two. */
void curves_full(const ViewContext *context, int series, HistoryAxis axis, double smooth, Curves *out);
bool curves_empty(const Curves *curves);

#endif
