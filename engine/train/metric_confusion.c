/* Yes or no: how many outputs say yes where the target does, and shares of them (Keras'
 * metrics/confusion_metrics.py). All outputs of all positions are taken together. */
#include "train/metric_family.h"

#include <limits.h>

typedef struct ConfusionOptions {
    double thresholds;   /* NaN: none given */
    int top_k, class_id; /* ST_NO_INT: none */
} ConfusionOptions;

#define THRESHOLDS(standard, sentence)                                                                       \
    ST_OPTION(ConfusionOptions, thresholds, ST_NUMBER, standard, .low = 0, .high = 1, .optional = true,      \
              .help = sentence)

static const StOption share_options[] = {
    THRESHOLDS("none", "an output above it says yes; none is 0.5, and with top_k no threshold; 0 for logits"),
    ST_OPTION(ConfusionOptions, top_k, ST_INT, "none", .low = 1, .high = INT_MAX, .optional = true,
              .help = "only so many of the largest outputs of a row say yes"),
    ST_OPTION(ConfusionOptions, class_id, ST_INT, "none", .low = 0, .high = INT_MAX, .optional = true,
              .help = "count this output alone, from 0; none counts all"),
    {.name = NULL}};
static const StOption count_options[] = {
    THRESHOLDS("0.5", "an output above it says yes; 0 where the outputs are logits"), {.name = NULL}};

/* WEIGHT: of all positions, to know whether there was one. */
enum { TRUE_POSITIVES, FALSE_POSITIVES, TRUE_NEGATIVES, FALSE_NEGATIVES, WEIGHT, SUMS };

static int64_t confusion_sums(const StMetricUse *use) {
    (void)use;
    return SUMS;
}

static bool share_fits(const StMetricUse *use, StError *error) {
    const ConfusionOptions *o = use->options;
    if (o->top_k != ST_NO_INT && o->top_k > use->width)
        return st_fail(error, ST_ERR_SHAPE, "top_k=%d: wanted at most %lld, the outputs", o->top_k,
                       (long long)use->width);
    if (o->class_id != ST_NO_INT && o->class_id >= use->width)
        return st_fail(error, ST_ERR_SHAPE, "class_id=%d: wanted 0 to %lld, the outputs", o->class_id,
                       (long long)use->width - 1);
    return true;
}

/* The k-th of y in the order of size; of equals the first stands before. */
typedef struct Place {
    Real value;
    int64_t index;
} Place;

static bool is_before(Place a, Place b) {
    return a.value > b.value || (a.value == b.value && a.index < b.index);
}

static Place place_of(const Real *y, int64_t width, int k) {
    Place last = {.index = -1};
    for (int n = 0; n < k; n++) {
        Place next = {.index = -1};
        for (int64_t j = 0; j < width; j++) {
            Place here = {y[j], j};
            if (last.index >= 0 && !is_before(last, here)) continue;
            if (next.index < 0 || is_before(here, next)) next = here;
        }
        last = next;
    }
    return last;
}

static void confuse(const StMetricRows *rows, double *sum, const ConfusionOptions *o) {
    int64_t count = rows->rows * rows->positions, width = rows->width;
    int64_t from = o->class_id == ST_NO_INT ? 0 : o->class_id;
    int64_t to = o->class_id == ST_NO_INT ? width : from + 1;
    bool top = o->top_k != ST_NO_INT;
    Real threshold = (Real)(!st_is_none(o->thresholds) ? o->thresholds : top ? -1e10 : 0.5);
    for (int64_t i = 0; i < count; i++) {
        const Real *y = rows->y + i * width;
        double weight = st_metric_weight(rows, i);
        Place least = top ? place_of(y, width, o->top_k) : (Place){0};
        for (int64_t j = from; j < to; j++) {
            bool yes = y[j] > threshold && (!top || !is_before(least, (Place){y[j], j}));
            bool is = st_metric_target(rows, i, j) != 0;
            sum[yes ? (is ? TRUE_POSITIVES : FALSE_POSITIVES) : (is ? FALSE_NEGATIVES : TRUE_NEGATIVES)] +=
                weight;
        }
        sum[WEIGHT] += weight;
    }
}

static void add_share(const StMetricRows *rows, double *sum) {
    confuse(rows, sum, rows->options);
}

static void add_count(const StMetricRows *rows, double *sum) {
    ConfusionOptions all = {((const ConfusionOptions *)rows->options)->thresholds, ST_NO_INT, ST_NO_INT};
    confuse(rows, sum, &all);
}

static double share(const double *sum, double yes, double no) {
    if (sum[WEIGHT] == 0) return NAN;
    return yes + no > 0 ? yes / (yes + no) : 0;
}

static double precision(const StMetricUse *use, const double *sum) {
    (void)use;
    return share(sum, sum[TRUE_POSITIVES], sum[FALSE_POSITIVES]);
}

static double recall(const StMetricUse *use, const double *sum) {
    (void)use;
    return share(sum, sum[TRUE_POSITIVES], sum[FALSE_NEGATIVES]);
}

#define COUNTED(name, which)                                                                                 \
    static double name(const StMetricUse *use, const double *sum) {                                          \
        (void)use;                                                                                           \
        return sum[WEIGHT] > 0 ? sum[which] : (double)NAN;                                                   \
    }
COUNTED(true_positives, TRUE_POSITIVES)
COUNTED(false_positives, FALSE_POSITIVES)
COUNTED(true_negatives, TRUE_NEGATIVES)
COUNTED(false_negatives, FALSE_NEGATIVES)

#define KIND(function, sentence, equation, table, best, ...)                                                 \
    {                                                                                                        \
        .kind = {.name = #function,                                                                          \
                 .help = sentence,                                                                           \
                 .formula = equation,                                                                        \
                 .options = table,                                                                           \
                 .options_size = sizeof(ConfusionOptions),                                                   \
                 .higher_is_better = best},                                                                  \
        .accuracy = true, .labels = true, .targets = true, .sums = confusion_sums, .result = function,       \
        __VA_ARGS__                                                                                          \
    }
#define SHARE(function, sentence, equation)                                                                  \
    KIND(function, sentence, equation, share_options, true, .add = add_share, .fits = share_fits)
#define COUNT(function, sentence, equation, best)                                                            \
    KIND(function, sentence, equation, count_options, best, .add = add_count)

const StMetric st_metric_confusions[] = {
    SHARE(precision, "share of the outputs that say yes which are right", "TP / (TP + FP)"),
    SHARE(recall, "share of the targets that are yes which are found", "TP / (TP + FN)"),
    COUNT(true_positives, "outputs that say yes, rightly", "TP = count(y > threshold, t = 1)", true),
    COUNT(false_positives, "outputs that say yes, wrongly", "FP = count(y > threshold, t = 0)", false),
    COUNT(true_negatives, "outputs that say no, rightly", "TN = count(y <= threshold, t = 0)", true),
    COUNT(false_negatives, "outputs that say no, wrongly", "FN = count(y <= threshold, t = 1)", false),
    {.kind = {.name = NULL}},
};
