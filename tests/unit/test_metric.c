/* Metrics against fixtures (tests/oracle/metrics.py), added up whole and in cuts.
 * Built in float, and in double by test_metric_f64.c. */
#include "train/metric.h"

#include "oracle/metrics.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#ifdef ST_DOUBLE
static const double tolerance = 1e-12;
#else
static const double tolerance = 1e-6;
#endif

enum { CASES = sizeof metric_cases / sizeof *metric_cases, MOST = METRIC_ROWS * 12 };

static const StMetric *find(const char *name, bool sparse, int width) {
    for (int i = 0; st_metric_at(i); i++) {
        const StMetric *metric = st_metric_at(i);
        if (strcmp(metric->kind.name, name) == 0)
            return metric->resolve ? metric->resolve(sparse, width) : metric;
    }
    fail_msg("there is no metric %s", name);
    return NULL;
}

/* Adds the rows up, `cut` at a time. */
static double measure(const MetricCase *c, int cut) {
    Real y[MOST], targets[MOST];
    int32_t labels[METRIC_ROWS * 3];
    double sum[ST_METRIC_SUMS] = {0};
    int outputs = c->positions * c->width;
    for (int i = 0; i < METRIC_ROWS * outputs; i++) {
        y[i] = (Real)c->y[i];
        targets[i] = (Real)c->targets[i];
    }
    for (int i = 0; i < METRIC_ROWS * c->positions; i++)
        labels[i] = c->labels[i];
    const StMetric *metric = find(c->name, c->sparse, c->width);
    assert_true(metric->sums(outputs) <= ST_METRIC_SUMS);
    assert_true(c->sparse ? metric->labels : metric->targets);
    for (int from = 0; from < METRIC_ROWS; from += cut) {
        StMetricRows rows = {.y = y + from * outputs,
                             .labels = c->sparse ? labels + from * c->positions : NULL,
                             .targets = c->sparse ? NULL : targets + from * outputs,
                             .rows = METRIC_ROWS - from < cut ? METRIC_ROWS - from : cut,
                             .positions = c->positions,
                             .width = c->width};
        metric->add(&rows, sum);
    }
    return metric->result(sum, outputs);
}

static void test_values(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        double whole = measure(&metric_cases[c], METRIC_ROWS), cut = measure(&metric_cases[c], 5);
        if (!(fabs(whole - metric_cases[c].value) <= tolerance))
            fail_msg("%s (case %d) is %.17g, wanted %.17g", metric_cases[c].name, c, whole,
                     metric_cases[c].value);
        if (!(fabs(cut - metric_cases[c].value) <= tolerance))
            fail_msg("%s (case %d) in cuts is %.17g, wanted %.17g", metric_cases[c].name, c, cut,
                     metric_cases[c].value);
    }
}

static void test_every_metric_has_a_fixture(void **state) {
    (void)state;
    for (int i = 0; st_metric_at(i); i++) {
        bool found = false;
        for (int c = 0; c < CASES && !found; c++)
            found = strcmp(metric_cases[c].name, st_metric_at(i)->kind.name) == 0;
        if (!found) fail_msg("%s has no fixture", st_metric_at(i)->kind.name);
    }
}

static void test_no_rows_no_figure(void **state) {
    (void)state;
    for (int i = 0; st_metric_at(i); i++) {
        double sum[ST_METRIC_SUMS] = {0};
        if (st_metric_at(i)->result) assert_true(isnan(st_metric_at(i)->result(sum, 1)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_every_metric_has_a_fixture),
        cmocka_unit_test(test_no_rows_no_figure),
    };
    return cmocka_run_group_tests_name("metric in " ST_REAL_NAME, tests, NULL, NULL);
}
