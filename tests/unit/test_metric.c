/* Metrics against fixtures (tests/oracle/metrics.py), added up whole, batch after batch, and in lanes.
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

/* The data is exact in float and the sums are doubles in both builds. */
static const double tolerance = 1e-11;

enum { CASES = sizeof metric_cases / sizeof *metric_cases };

/* A metric by its word, and what it is used with. */
typedef struct Measure {
    StMetricSpec spec;
    const StMetric *metric;
    StMetricUse use;
    StMetricRows rows;
    Real y[METRIC_MOST], targets[METRIC_MOST], mask[METRIC_ROWS * 3];
    int32_t labels[METRIC_ROWS * 3];
} Measure;

static void begin(Measure *m, const MetricCase *c) {
    const MetricData *data = &metric_data[c->set];
    StError error;
    if (!st_metric_parse(&m->spec, c->name, &error)) fail_msg("%s: %s", c->name, error.message);
    m->metric = st_metric_at(m->spec.kind);
    assert_true(data->sparse ? m->metric->labels : m->metric->targets);
    if (m->metric->resolve) m->metric = m->metric->resolve(data->sparse, data->width);
    m->use = (StMetricUse){m->spec.options, data->positions, data->width};
    if (m->metric->fits && !m->metric->fits(&m->use, &error)) fail_msg("%s: %s", c->name, error.message);
    for (int i = 0; i < METRIC_ROWS * data->positions * data->width; i++) {
        m->y[i] = (Real)data->y[i];
        m->targets[i] = (Real)data->targets[i];
    }
    for (int i = 0; i < METRIC_ROWS * data->positions; i++) {
        m->labels[i] = data->labels[i];
        m->mask[i] = (Real)data->mask[i];
    }
}

static void add(const Measure *m, const MetricData *data, int from, int rows, double *sum) {
    int position = from * data->positions, at = position * data->width;
    m->metric->add(&(StMetricRows){.y = m->y + at,
                                   .labels = data->sparse ? m->labels + position : NULL,
                                   .targets = data->sparse ? NULL : m->targets + at,
                                   .mask = data->masked ? m->mask + position : NULL,
                                   .options = m->spec.options,
                                   .rows = rows,
                                   .positions = data->positions,
                                   .width = data->width},
                   sum);
}

/* Batches of `batch` rows, of `lanes` lanes each that add up by themselves. */
static double measure(const MetricCase *c, int batch, int lanes) {
    static Measure m;
    static double sum[ST_METRIC_SUMS], lane[ST_METRIC_SUMS];
    const MetricData *data = &metric_data[c->set];
    begin(&m, c);
    int64_t sums = m.metric->sums(&m.use);
    assert_in_range(sums, 1, ST_METRIC_SUMS);
    memset(sum, 0, sizeof sum);
    for (int from = 0; from < METRIC_ROWS; from += batch) {
        int rows = METRIC_ROWS - from < batch ? METRIC_ROWS - from : batch;
        for (int l = 0; l < lanes; l++) {
            int first = rows * l / lanes, next = rows * (l + 1) / lanes;
            memset(lane, 0, sizeof lane);
            add(&m, data, from + first, next - first, lane);
            for (int64_t s = 0; s < ST_METRIC_SUMS; s++) {
                assert_true(s < sums || lane[s] == 0);
                sum[s] += lane[s];
            }
        }
    }
    return m.metric->result(&m.use, sum);
}

static void test_values(void **state) {
    (void)state;
    static const int cuts[][2] = {{METRIC_ROWS, 1}, {5, 1}, {1, 1}, {METRIC_ROWS, 4}, {7, 3}};
    for (int i = 0; i < CASES; i++)
        for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++) {
            const MetricCase *c = &metric_cases[i];
            double value = measure(c, cuts[k][0], cuts[k][1]), off = fabs(value - c->value);
            if (isnan(c->value) ? !isnan(value) : !(off <= tolerance * fmax(1, fabs(c->value))))
                fail_msg("%s of %s by %d in %d lanes is %.17g, wanted %.17g", c->name, c->data, cuts[k][0],
                         cuts[k][1], value, c->value);
        }
}

static size_t word_length(const char *name) {
    return strcspn(name, ":");
}

static void test_every_metric_has_a_fixture(void **state) {
    (void)state;
    for (int i = 0; st_metric_at(i); i++) {
        const char *name = st_metric_at(i)->kind.name;
        bool found = false, masked = false;
        for (int c = 0; c < CASES; c++) {
            const char *given = metric_cases[c].name;
            bool same = word_length(given) == strlen(name) && strncmp(given, name, strlen(name)) == 0;
            found = found || same;
            masked = masked || (same && metric_data[metric_cases[c].set].masked);
        }
        if (!found) fail_msg("%s has no fixture", name);
        if (!masked && !st_metric_at(i)->kind.alias_of) fail_msg("%s has no fixture with a mask", name);
    }
}

/* Every option but axis, which may be nothing but -1, is set in a fixture: by name, or by the place that it
 * stands at. */
static void test_every_option_has_a_fixture(void **state) {
    (void)state;
    for (int i = 0; st_metric_at(i); i++) {
        const StKind *kind = &st_metric_at(i)->kind;
        for (int o = 0; kind->options && kind->options[o].name && !kind->alias_of; o++) {
            bool found = strcmp(kind->options[o].name, "axis") == 0;
            for (int c = 0; c < CASES && !found; c++) {
                const char *at = metric_cases[c].name;
                if (word_length(at) != strlen(kind->name) || strncmp(at, kind->name, word_length(at)) != 0)
                    continue;
                StMetricSpec given, standard;
                assert_true(st_metric_parse(&given, at, NULL));
                memset(&standard, 0, sizeof standard);
                st_options_default(kind->options, standard.options);
                StText a = {0}, b = {0};
                st_option_print(&kind->options[o], given.options, &a);
                st_option_print(&kind->options[o], standard.options, &b);
                found = strcmp(st_text_string(&a), st_text_string(&b)) != 0;
                st_text_free(&a);
                st_text_free(&b);
            }
            if (!found) fail_msg("%s has no fixture of its %s", kind->name, kind->options[o].name);
        }
    }
}

static void test_every_metric_explains_itself(void **state) {
    (void)state;
    for (int i = 0; st_metric_at(i); i++) {
        const StMetric *metric = st_metric_at(i);
        assert_true(strlen(metric->kind.help) > 10 && strlen(metric->kind.formula) > 4);
        assert_true(metric->labels || metric->targets);
        assert_true(metric->resolve || (metric->sums && metric->add && metric->result));
        assert_true(metric->kind.options_size <= ST_METRIC_OPTIONS_MAX);
        for (const StOption *row = metric->kind.options; row && row->name; row++)
            assert_true(row->help && strlen(row->help) > 10);
    }
}

/* An output that is not a number makes no figure look right. */
static void test_not_a_number(void **state) {
    (void)state;
    static const char *const words[] = {"accuracy", "sparse_top_k_categorical_accuracy:4", "precision",
                                        "recall"};
    Real y[4] = {(Real)NAN, (Real)NAN, (Real)NAN, (Real)NAN};
    int32_t label = 2;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        StMetricSpec spec;
        double sum[8] = {0};
        assert_true(st_metric_parse(&spec, words[i], NULL));
        const StMetric *metric = st_metric_at(spec.kind);
        if (metric->resolve) metric = metric->resolve(true, 4);
        metric->add(
            &(StMetricRows){
                .y = y, .labels = &label, .options = spec.options, .rows = 1, .positions = 1, .width = 4},
            sum);
        assert_true(metric->result(&(StMetricUse){spec.options, 1, 4}, sum) == 0);
    }
    StMetricSpec spec;
    double sum[402] = {0};
    assert_true(st_metric_parse(&spec, "auc", NULL));
    const StMetric *metric = st_metric_at(spec.kind);
    metric->add(
        &(StMetricRows){
            .y = y, .labels = &label, .options = spec.options, .rows = 1, .positions = 1, .width = 4},
        sum);
    assert_true(isnan(metric->result(&(StMetricUse){spec.options, 1, 4}, sum)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_every_metric_has_a_fixture),
        cmocka_unit_test(test_every_option_has_a_fixture),
        cmocka_unit_test(test_every_metric_explains_itself),
        cmocka_unit_test(test_not_a_number),
    };
    return cmocka_run_group_tests_name("metric in " ST_REAL_NAME, tests, NULL, NULL);
}
