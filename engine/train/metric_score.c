/* F-scores: precision and recall of every class in one figure (Keras' metrics/f_score_metrics.py). */
#include "train/metric_family.h"

enum { MACRO, MICRO, WEIGHTED };

static const StChoice averages[] = {
    {.name = "macro", .help = "the mean of the classes' scores"},
    {.name = "micro", .help = "the score of all classes taken together"},
    {.name = "weighted", .help = "the mean of the classes' scores, weighted by how often each is the target"},
    {.name = NULL}};

typedef struct ScoreOptions {
    int average;
    double beta, threshold;
} ScoreOptions;

#define AVERAGE                                                                                              \
    ST_OPTION(ScoreOptions, average, ST_CHOICE, "macro", .choices = averages,                                \
              .help =                                                                                        \
                  "how several outputs make one figure (Keras' None, a figure an output, is macro here)")
#define BETA                                                                                                 \
    ST_OPTION(ScoreOptions, beta, ST_NUMBER, "1", .low = 0, .high = INFINITY, .open_low = true,              \
              .help = "how many times more recall counts than precision")
#define THRESHOLD                                                                                            \
    ST_OPTION(                                                                                               \
        ScoreOptions, threshold, ST_NUMBER, "none", .low = 0, .high = 1, .open_low = true, .optional = true, \
        .help = "an output above it says yes; none: the largest of a row says yes, one alone above 0.5")

static const StOption f1_options[] = {AVERAGE, THRESHOLD, {.name = NULL}};
static const StOption fbeta_options[] = {AVERAGE, BETA, THRESHOLD, {.name = NULL}};

/* sum[0]: positions; then for each output these. The targets' sum is that of the first and the last. */
enum { TRUE_POSITIVES, FALSE_POSITIVES, FALSE_NEGATIVES, EACH };

static int64_t score_sums(const StMetricUse *use) {
    return 1 + EACH * use->width;
}

static void add_score(const StMetricRows *rows, double *sum) {
    const ScoreOptions *o = rows->options;
    int64_t count = rows->rows * rows->positions, width = rows->width;
    bool largest = st_is_none(o->threshold) && width > 1;
    for (int64_t i = 0; i < count; i++) {
        const Real *y = rows->y + i * width;
        double weight = st_metric_weight(rows, i);
        Real most = y[0], threshold = (Real)(st_is_none(o->threshold) ? 0.5 : o->threshold);
        for (int64_t j = 1; j < width; j++)
            if (y[j] > most) most = y[j];
        for (int64_t j = 0; j < width; j++) {
            bool yes = largest ? y[j] >= most && fabs((double)y[j]) > 1e-9 : y[j] > threshold;
            double t = st_metric_target(rows, i, j), *of = sum + 1 + EACH * j;
            of[TRUE_POSITIVES] += yes ? weight * t : 0;
            of[FALSE_POSITIVES] += yes ? weight * (1 - t) : 0;
            of[FALSE_NEGATIVES] += yes ? 0 : weight * t;
        }
        sum[0] += weight;
    }
}

static double fbeta(const double of[EACH], double beta) {
    const double epsilon = ST_METRIC_EPSILON;
    double precision = of[TRUE_POSITIVES] / (of[TRUE_POSITIVES] + of[FALSE_POSITIVES] + epsilon);
    double recall = of[TRUE_POSITIVES] / (of[TRUE_POSITIVES] + of[FALSE_NEGATIVES] + epsilon);
    return precision * recall / (beta * beta * precision + recall + epsilon) * (1 + beta * beta);
}

static double average_of(const StMetricUse *use, const double *sum, int average, double beta) {
    double all[EACH] = {0}, scores = 0, weighted = 0;
    if (sum[0] == 0) return NAN;
    for (int64_t j = 0; j < use->width; j++) {
        const double *of = sum + 1 + EACH * j;
        for (int e = 0; e < EACH; e++)
            all[e] += of[e];
        scores += fbeta(of, beta);
        weighted += fbeta(of, beta) * (of[TRUE_POSITIVES] + of[FALSE_NEGATIVES]);
    }
    if (average == MICRO) return fbeta(all, beta);
    if (average == MACRO) return scores / (double)use->width;
    return weighted / (all[TRUE_POSITIVES] + all[FALSE_NEGATIVES] + ST_METRIC_EPSILON);
}

static double f1_score(const StMetricUse *use, const double *sum) {
    return average_of(use, sum, ((const ScoreOptions *)use->options)->average, 1);
}

static double fbeta_score(const StMetricUse *use, const double *sum) {
    const ScoreOptions *o = use->options;
    return average_of(use, sum, o->average, o->beta);
}

#define KIND(word, full, function, sentence, equation, table)                                                \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help = sentence,                                                                           \
                 .formula = equation,                                                                        \
                 .options = table,                                                                           \
                 .options_size = sizeof(ScoreOptions),                                                       \
                 .higher_is_better = true},                                                                  \
        .accuracy = true, .labels = true, .targets = true, .sums = score_sums, .add = add_score,             \
        .result = function,                                                                                  \
    }
#define FBETA(word, full)                                                                                    \
    KIND(word, full, fbeta_score, "precision and recall in one figure, recall beta times as important",      \
         "(1 + beta^2) P R / (beta^2 P + R)", fbeta_options)

const StMetric st_metric_scores[] = {
    KIND("f1_score", NULL, f1_score,
         "precision and recall in one figure; of several classes the mean of theirs (average=macro)",
         "2 P R / (P + R)", f1_options),
    FBETA("fbeta_score", NULL),
    FBETA("f_beta_score", "fbeta_score"),
    {.kind = {.name = NULL}},
};
