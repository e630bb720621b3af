/* Areas under and points on the curves that a moving threshold draws (Keras' AUC and the metrics of
 * SensitivitySpecificityBase in metrics/confusion_metrics.py). All outputs of all positions are taken
 * together. Thresholds lie evenly on [0, 1]; an output counts in the bucket of the last one below it. */
#include "train/metric_family.h"

#include <limits.h>

enum { ROC, PR, PRGAIN, CURVES };
enum { INTERPOLATION, MAJORING, MINORING };

/* Both spellings, as Keras. */
static const StChoice curves[] = {{.name = "ROC", .help = "true positives' rate over false positives'"},
                                  {.name = "PR", .help = "precision over recall"},
                                  {.name = "PRGAIN", .help = "precision gain over recall gain"},
                                  {.name = "roc"},
                                  {.name = "pr"},
                                  {.name = "prgain"},
                                  {.name = NULL}};
static const StChoice methods[] = {
    {.name = "interpolation",
     .help = "the mean of an interval's ends; of precision as Davis and Goadrich do"},
    {.name = "majoring", .help = "the higher end of an interval"},
    {.name = "minoring", .help = "the lower end of an interval"},
    {.name = NULL}};

typedef struct CurveOptions {
    int num_thresholds, curve, summation_method;
    bool from_logits;
    double held;  /* sensitivity, specificity, precision or recall */
    int class_id; /* ST_NO_INT: all outputs */
} CurveOptions;

#define NUM_THRESHOLDS(least)                                                                                \
    ST_OPTION(CurveOptions, num_thresholds, ST_INT, "200", .low = least, .high = 2000,                       \
              .help = "how many points the curve is made of")
#define SUMMATION                                                                                            \
    ST_OPTION(CurveOptions, summation_method, ST_CHOICE, "interpolation", .choices = methods,                \
              .help = "the height of the curve between two points")
#define FROM_LOGITS                                                                                          \
    ST_OPTION(CurveOptions, from_logits, ST_SWITCH, "no",                                                    \
              .help = "the outputs are logits: the metric applies sigmoid itself")
#define CLASS_ID                                                                                             \
    ST_OPTION(CurveOptions, class_id, ST_INT, "none", .low = 0, .high = INT_MAX, .optional = true,           \
              .help = "count this output alone, from 0; none counts all")
#define HELD(word, sentence)                                                                                 \
    {                                                                                                        \
        .name = word, .type = ST_NUMBER, .offset = offsetof(CurveOptions, held), .size = sizeof(double),     \
        .low = 0, .high = 1, .help = sentence                                                                \
    }

static const StOption auc_options[] = {NUM_THRESHOLDS(2),
                                       ST_OPTION(CurveOptions, curve, ST_CHOICE, "ROC", .choices = curves,
                                                 .help = "which curve the area is taken of"),
                                       SUMMATION,
                                       FROM_LOGITS,
                                       {.name = NULL}};
static const StOption auc_pr_options[] = {NUM_THRESHOLDS(2), SUMMATION, FROM_LOGITS, {.name = NULL}};
#define POINT_OPTIONS(share, word)                                                                           \
    static const StOption share##_options[] = {                                                              \
        HELD(word, "what is at least asked of the " word), NUM_THRESHOLDS(1), CLASS_ID, {.name = NULL}}
POINT_OPTIONS(sensitivity, "sensitivity");
POINT_OPTIONS(specificity, "specificity");
POINT_OPTIONS(precision, "precision");
POINT_OPTIONS(recall, "recall");

/* sum[0] and sum[1]: negatives and positives that lie above no threshold; then those of each bucket. */
static int64_t curve_sums(const StMetricUse *use) {
    return 2 + 2 * (int64_t)((const CurveOptions *)use->options)->num_thresholds;
}

static bool point_fits(const StMetricUse *use, StError *error) {
    int class_id = ((const CurveOptions *)use->options)->class_id;
    return class_id == ST_NO_INT || class_id < use->width ||
           st_fail(error, ST_ERR_SHAPE, "class_id=%d: wanted 0 to %lld, the outputs", class_id,
                   (long long)use->width - 1);
}

/* Which bucket, -1 for none. A NaN makes the figure one. */
static int64_t bucket_of(double y, int thresholds, double *sum) {
    if (isnan(y)) {
        sum[0] = NAN;
        return -1;
    }
    y = y < 0 ? 0 : y > 1 ? 1 : y;
    if (thresholds == 1) return y > 0.5 ? 0 : -1;
    return (int64_t)ceil(y * (thresholds - 1)) - 1;
}

static void add_output(const StMetricRows *rows, double *sum, int64_t i, int64_t j, int64_t bucket) {
    sum[2 + 2 * bucket + (st_metric_target(rows, i, j) != 0)] += st_metric_weight(rows, i);
}

/* auc's first threshold lies below 0: everything is above it. */
static void add_area(const StMetricRows *rows, double *sum) {
    const CurveOptions *o = rows->options;
    int64_t count = rows->rows * rows->positions, width = rows->width;
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; st_metric_weight(rows, i) != 0 && j < width; j++) {
            double y = (double)rows->y[i * width + j];
            int64_t bucket = bucket_of(o->from_logits ? 1 / (1 + exp(-y)) : y, o->num_thresholds, sum);
            add_output(rows, sum, i, j, bucket < 0 ? 0 : bucket);
        }
}

static void add_point(const StMetricRows *rows, double *sum) {
    const CurveOptions *o = rows->options;
    int64_t count = rows->rows * rows->positions, width = rows->width;
    int64_t from = o->class_id == ST_NO_INT ? 0 : o->class_id;
    int64_t to = o->class_id == ST_NO_INT ? width : from + 1;
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = from; st_metric_weight(rows, i) != 0 && j < to; j++)
            add_output(rows, sum, i, j, bucket_of((double)rows->y[i * width + j], o->num_thresholds, sum));
}

/* What a threshold divides the outputs into. */
typedef struct Cut {
    double tp, fp, tn, fn;
} Cut;

static double divided(double a, double b) {
    return b != 0 ? a / b : 0;
}

/* The cut at one threshold from that at the next higher one; from the highest down, which begins with
 * `above` all zero. */
static Cut cut_below(const Cut *above, const double *sum, int threshold) {
    double negatives = sum[2 + 2 * threshold], positives = sum[3 + 2 * threshold];
    return (Cut){above->tp + positives, above->fp + negatives, above->tn - negatives, above->fn - positives};
}

static Cut cut_highest(const StMetricUse *use, const double *sum) {
    Cut cut = {0};
    for (int64_t s = 0; s < curve_sums(use); s += 2) {
        cut.tn += sum[s];
        cut.fn += sum[s + 1];
    }
    return cut;
}

static bool is_empty(const Cut *cut) {
    return cut->tp + cut->fp + cut->tn + cut->fn == 0;
}

/* A point of the curve. */
static void point_of(const Cut *cut, int curve, double *x, double *y) {
    double recall = divided(cut->tp, cut->tp + cut->fn);
    if (curve == ROC) {
        *x = divided(cut->fp, cut->fp + cut->tn);
        *y = recall;
    } else if (curve == PR) {
        *x = recall;
        *y = divided(cut->tp, cut->tp + cut->fp);
    } else {
        double scale = divided(cut->tp + cut->fn, cut->tn + cut->fp);
        double gain = cut->tp == 0 ? 0 : 1 - scale * divided(cut->fn, cut->tp);
        *x = gain > 0 ? gain : 0;
        *y = cut->tp == 0 ? 1 : 1 - scale * divided(cut->fp, cut->tp);
    }
}

/* Between two thresholds false positives grow in proportion to true ones, and precision with them:
 * Keras' interpolate_pr_auc. */
static double interpolated(const Cut *low, const Cut *high) {
    double tp = low->tp - high->tp, more = low->tp + low->fp, less = high->tp + high->fp;
    double slope = divided(tp, more > less ? more - less : 0);
    double intercept = high->tp - slope * less;
    double ratio = more > 0 && less > 0 ? more / less : 1;
    return divided(slope * (tp + intercept * log(ratio)), high->tp + high->fn);
}

static double strip(const CurveOptions *o, int curve, const Cut *low, const Cut *high) {
    double x0, y0, x1, y1;
    if (curve == PR && o->summation_method == INTERPOLATION) return interpolated(low, high);
    point_of(low, curve, &x0, &y0);
    point_of(high, curve, &x1, &y1);
    double least = y0 < y1 ? y0 : y1, most = y0 < y1 ? y1 : y0;
    return (x0 - x1) * (o->summation_method == INTERPOLATION ? (y0 + y1) / 2
                        : o->summation_method == MAJORING    ? most
                                                             : least);
}

static double area(const StMetricUse *use, const double *sum, int curve) {
    const CurveOptions *o = use->options;
    Cut cut = cut_highest(use, sum);
    double total = 0;
    if (is_empty(&cut) || isnan(cut.tn)) return NAN;
    cut = cut_below(&cut, sum, o->num_thresholds - 1);
    for (int threshold = o->num_thresholds - 2; threshold >= 0; threshold--) {
        Cut low = cut_below(&cut, sum, threshold);
        total += strip(o, curve, &low, &cut);
        cut = low;
    }
    return total;
}

static double auc(const StMetricUse *use, const double *sum) {
    return area(use, sum, ((const CurveOptions *)use->options)->curve % CURVES);
}

static double auc_pr(const StMetricUse *use, const double *sum) {
    return area(use, sum, PR);
}

/* The best of one share at the thresholds where another is as high as wanted; 0 where it nowhere is. */
typedef double (*Share)(const Cut *cut);

static double recall_of(const Cut *cut) {
    return divided(cut->tp, cut->tp + cut->fn);
}

static double precision_of(const Cut *cut) {
    return divided(cut->tp, cut->tp + cut->fp);
}

static double specificity_of(const Cut *cut) {
    return divided(cut->tn, cut->tn + cut->fp);
}

static double best_at(const StMetricUse *use, const double *sum, Share wanted, Share held) {
    const CurveOptions *o = use->options;
    Cut cut = cut_highest(use, sum);
    double best = 0;
    if (is_empty(&cut) || isnan(cut.tn)) return NAN;
    for (int threshold = o->num_thresholds - 1; threshold >= 0; threshold--) {
        cut = cut_below(&cut, sum, threshold);
        if (held(&cut) >= o->held && wanted(&cut) > best) best = wanted(&cut);
    }
    return best;
}

#define POINT(name, wanted, held)                                                                            \
    static double name(const StMetricUse *use, const double *sum) {                                          \
        return best_at(use, sum, wanted, held);                                                              \
    }
POINT(sensitivity_at_specificity, recall_of, specificity_of)
POINT(specificity_at_sensitivity, specificity_of, recall_of)
POINT(precision_at_recall, precision_of, recall_of)
POINT(recall_at_precision, recall_of, precision_of)

#define KIND(function, sentence, equation, table, adder, fitting)                                            \
    {                                                                                                        \
        .kind = {.name = #function,                                                                          \
                 .help = sentence,                                                                           \
                 .formula = equation,                                                                        \
                 .options = table,                                                                           \
                 .options_size = sizeof(CurveOptions),                                                       \
                 .higher_is_better = true},                                                                  \
        .accuracy = true, .labels = true, .targets = true, .fits = fitting, .sums = curve_sums,              \
        .add = adder, .result = function,                                                                    \
    }

const StMetric st_metric_curves[] = {
    KIND(auc, "area under the curve of all thresholds, by default the receiver's (ROC); 0.5 is guessing",
         "area of TP / (TP + FN) over FP / (FP + TN)", auc_options, add_area, NULL),
    KIND(auc_pr, "area under the curve of precision over recall: auc with curve=PR",
         "area of TP / (TP + FP) over TP / (TP + FN)", auc_pr_options, add_area, NULL),
    KIND(sensitivity_at_specificity, "the best sensitivity (recall) where specificity is as high as asked",
         "max TP / (TP + FN) where TN / (TN + FP) >= specificity", specificity_options, add_point,
         point_fits),
    KIND(specificity_at_sensitivity, "the best specificity where sensitivity (recall) is as high as asked",
         "max TN / (TN + FP) where TP / (TP + FN) >= sensitivity", sensitivity_options, add_point,
         point_fits),
    KIND(precision_at_recall, "the best precision where recall is as high as asked",
         "max TP / (TP + FP) where TP / (TP + FN) >= recall", recall_options, add_point, point_fits),
    KIND(recall_at_precision, "the best recall where precision is as high as asked",
         "max TP / (TP + FN) where TP / (TP + FP) >= precision", precision_options, add_point, point_fits),
    {.kind = {.name = NULL}},
};
