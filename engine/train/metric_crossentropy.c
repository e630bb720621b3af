/* Surprise, in nats: cross-entropies, perplexity, and divergences of distributions (Keras'
 * metrics/probabilistic_metrics.py, losses/losses.py; perplexity as KerasHub has it). */
#include "train/metric_family.h"

#include <limits.h>

/* Of every kind the fields that its table has. */
typedef struct EntropyOptions {
    bool from_logits;
    double label_smoothing;
    int axis, ignore_class; /* ignore_class ST_NO_INT: none */
} EntropyOptions;

#define FROM_LOGITS(what)                                                                                    \
    ST_OPTION(EntropyOptions, from_logits, ST_SWITCH, "no",                                                  \
              .help = "the outputs are logits: the metric applies " what " itself")
#define LABEL_SMOOTHING(sentence)                                                                            \
    ST_OPTION(EntropyOptions, label_smoothing, ST_NUMBER, "0", .low = 0, .high = 1, .help = sentence)

static const StOption binary_options[] = {FROM_LOGITS("sigmoid"),
                                          LABEL_SMOOTHING("how far targets are drawn from 0 and 1 to a half"),
                                          {.name = NULL}};
static const StOption categorical_options[] = {
    FROM_LOGITS("softmax"),
    LABEL_SMOOTHING("share of every target that is spread evenly over all classes"),
    ST_METRIC_AXIS(EntropyOptions),
    {.name = NULL}};
static const StOption sparse_options[] = {
    FROM_LOGITS("softmax"),
    ST_METRIC_AXIS(EntropyOptions),
    ST_OPTION(EntropyOptions, ignore_class, ST_INT, "none", .low = INT_MIN + 1, .high = INT_MAX,
              .optional = true, .help = "a label whose positions count as 0 in the mean, as Keras has it"),
    {.name = NULL}};
static const StOption perplexity_options[] = {FROM_LOGITS("softmax"), {.name = NULL}};

static const EntropyOptions *options_of(const StMetricRows *rows) {
    return rows->options;
}

static double clipped(double p) {
    const double least = ST_METRIC_EPSILON, most = 1 - ST_METRIC_EPSILON;
    return p < least ? least : p > most ? most : p;
}

/* log of the sum of exp. */
static double log_sum(const Real *z, int64_t width) {
    double most = (double)z[0], sum = 0;
    for (int64_t j = 1; j < width; j++)
        if ((double)z[j] > most) most = (double)z[j];
    for (int64_t j = 0; j < width; j++)
        sum += exp((double)z[j] - most);
    return most + log(sum);
}

/* ---- binary ---- */

static double binary(const StMetricRows *rows, int64_t i) {
    double smoothing = options_of(rows)->label_smoothing, total = 0;
    for (int64_t j = i * rows->width; j < (i + 1) * rows->width; j++) {
        double y = (double)rows->y[j], t = (double)rows->targets[j] * (1 - smoothing) + 0.5 * smoothing;
        double p = clipped(y);
        total += options_of(rows)->from_logits ? (y > 0 ? y : 0) - y * t + log1p(exp(-fabs(y)))
                                               : -(t * log(p) + (1 - t) * log(1 - p));
    }
    return total / (double)rows->width;
}

/* ---- one class of several ---- */

/* -log of the probability of the label. */
static double surprise(const StMetricRows *rows, int64_t i) {
    const Real *y = rows->y + i * rows->width;
    int64_t label = rows->labels[i];
    if (label < 0 || label >= rows->width) return NAN;
    if (options_of(rows)->from_logits) return log_sum(y, rows->width) - (double)y[label];
    return -log(clipped((double)y[label]));
}

static double sparse(const StMetricRows *rows, int64_t i) {
    if (options_of(rows)->ignore_class != ST_NO_INT && rows->labels[i] == options_of(rows)->ignore_class)
        return 0;
    return surprise(rows, i);
}

static double categorical(const StMetricRows *rows, int64_t i) {
    const EntropyOptions *o = rows->options;
    const Real *y = rows->y + i * rows->width, *t = rows->targets + i * rows->width;
    double width = (double)rows->width, all = 0, total = 0;
    for (int64_t j = 0; j < rows->width; j++)
        all += (double)y[j];
    double log_all = o->from_logits ? log_sum(y, rows->width) : 0;
    for (int64_t j = 0; j < rows->width; j++) {
        double target = (double)t[j] * (1 - o->label_smoothing) + o->label_smoothing / width;
        double log_p = o->from_logits ? (double)y[j] - log_all : log(clipped((double)y[j] / all));
        if (target != 0) total -= target * log_p;
    }
    return total;
}

static double either(const StMetricRows *rows, int64_t i) {
    return rows->labels ? surprise(rows, i) : categorical(rows, i);
}

static double perplexity(const StMetricUse *use, const double *sum) {
    return exp(st_metric_mean(use, sum));
}

/* ---- distributions and counts ---- */

static double within(double p) {
    return p < ST_METRIC_EPSILON ? ST_METRIC_EPSILON : p > 1 ? 1 : p;
}

static double divergence(const StMetricRows *rows, int64_t i) {
    double total = 0;
    for (int64_t j = i * rows->width; j < (i + 1) * rows->width; j++) {
        double t = within((double)rows->targets[j]);
        total += t * log(t / within((double)rows->y[j]));
    }
    return total;
}

static double poisson(const StMetricRows *rows, int64_t i) {
    double total = 0;
    for (int64_t j = i * rows->width; j < (i + 1) * rows->width; j++) {
        double y = (double)rows->y[j];
        total += y - (double)rows->targets[j] * log(y + ST_METRIC_EPSILON);
    }
    return total / (double)rows->width;
}

ST_ADD_MEAN(binary)
ST_ADD_MEAN(sparse)
ST_ADD_MEAN(categorical)
ST_ADD_MEAN(either)
ST_ADD_MEAN(divergence)
ST_ADD_MEAN(poisson)

#define KIND(word, full, function, of_labels, of_targets, sentence, equation, table)                         \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help = sentence,                                                                           \
                 .formula = equation,                                                                        \
                 .options = table,                                                                           \
                 .options_size = sizeof(EntropyOptions)},                                                    \
        .labels = of_labels, .targets = of_targets, .sums = st_metric_two_sums, .add = add_##function,       \
        .result = st_metric_mean,                                                                            \
    }
#define BINARY(word, full)                                                                                   \
    KIND(word, full, binary, false, true, "surprise at yes or no, a mean over the outputs",                  \
         "-mean(t log y + (1 - t) log(1 - y))", binary_options)
#define DIVERGENCE(word, full)                                                                               \
    KIND(word, full, divergence, false, true, "how far the outputs are from the targets' distribution",      \
         "mean(sum(t log(t / y)))", NULL)

const StMetric st_metric_crossentropies[] = {
    BINARY("binary_crossentropy", NULL),
    BINARY("bce", "binary_crossentropy"),
    BINARY("BCE", "binary_crossentropy"),
    KIND("categorical_crossentropy", NULL, categorical, false, true,
         "surprise at the right class; targets are one-hot", "-mean(sum(t log y))", categorical_options),
    KIND("sparse_categorical_crossentropy", NULL, sparse, true, false,
         "surprise at the right class; targets are class numbers", "-mean(log y[t])", sparse_options),
    {
        .kind = {.name = "perplexity",
                 .help = "among how many equally likely classes the right one seems to hide",
                 .formula = "exp(-mean(log y[t]))",
                 .options = perplexity_options,
                 .options_size = sizeof(EntropyOptions)},
        .labels = true,
        .targets = true,
        .sums = st_metric_two_sums,
        .add = add_either,
        .result = perplexity,
    },
    DIVERGENCE("kl_divergence", NULL),
    DIVERGENCE("kullback_leibler_divergence", "kl_divergence"),
    DIVERGENCE("kld", "kl_divergence"),
    DIVERGENCE("KLD", "kl_divergence"),
    KIND("poisson", NULL, poisson, false, true, "how badly the outputs predict counts",
         "mean(y - t log(y + 1e-7))", NULL),
    {.kind = {.name = NULL}},
};
