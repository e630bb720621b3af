/* Losses of regression: the mean over the last axis of a function of the difference. */
#include "train/loss_each.h"

typedef struct HuberOptions {
    double delta;
} HuberOptions;

static const StOption huber_options[] = {
    ST_OPTION(HuberOptions, delta, ST_NUMBER, "1", .low = 0, .high = INFINITY, .open_low = true,
              .help = "up to this difference it is squared, beyond it grows evenly"),
    {.name = NULL},
};

/* dy = y - targets; returns how many there are. */
static ST_CLONES int64_t differences(const StLossRows *rows) {
    int64_t count = rows->rows * rows->positions * rows->width;
    ST_LOOP
    for (int64_t i = 0; i < count; i++)
        rows->dy[i] = rows->y[i] - rows->targets[i];
    return count;
}

static double squared_error(const StLossRows *rows) {
    int64_t count = differences(rows);
    double sum = st_vector_sum_squares(rows->dy, count);
    st_vector_scale(rows->dy, rows->dy, (Real)(2 * rows->scale / (double)rows->width), count);
    return sum / (double)rows->width;
}

static ST_CLONES double absolute_error(const StLossRows *rows) {
    int64_t count = differences(rows);
    double sum = st_vector_sum_absolute(rows->dy, count);
    Real slope = (Real)(rows->scale / (double)rows->width);
    ST_LOOP
    for (int64_t i = 0; i < count; i++)
        rows->dy[i] = rows->dy[i] > 0 ? slope : rows->dy[i] < 0 ? -slope : 0 * rows->dy[i];
    return sum / (double)rows->width;
}

typedef struct Nothing {
    char unused;
} Nothing;

static Nothing nothing(const StLossRows *rows) {
    (void)rows;
    return (Nothing){0};
}

static inline Real sign_of(Real x) {
    return (Real)(x > 0) - (Real)(x < 0);
}

/* 100 |t - y| / max(|t|, epsilon) */
static inline Real percent_of(Real t) {
    Real size = st_abs(t);
    return 100 / (size < ST_LOSS_EPSILON ? ST_LOSS_EPSILON : size);
}
static inline Real percentage(Real y, Real t, Nothing o) {
    (void)o;
    return st_abs(t - y) * percent_of(t);
}
static inline Real percentage_slope(Real y, Real t, Nothing o) {
    (void)o;
    return sign_of(y - t) * percent_of(t);
}

/* (log(max(t, epsilon) + 1) - log(max(y, epsilon) + 1))^2 */
static inline Real raised(Real x) {
    return x < ST_LOSS_EPSILON ? ST_LOSS_EPSILON : x; /* NaN is to be seen */
}
static inline Real log_difference(Real y, Real t) {
    return st_log1p(raised(y)) - st_log1p(raised(t));
}
static inline Real logarithmic(Real y, Real t, Nothing o) {
    Real difference = log_difference(y, t);
    (void)o;
    return difference * difference;
}
static inline Real logarithmic_slope(Real y, Real t, Nothing o) {
    Real slope = 2 * log_difference(y, t) / (1 + raised(y));
    (void)o;
    return y < ST_LOSS_EPSILON ? 0 : slope;
}

static Real delta_of(const StLossRows *rows) {
    return (Real)((const HuberOptions *)rows->options)->delta;
}
static inline Real huber_value(Real y, Real t, Real delta) {
    Real size = st_abs(y - t);
    return size <= delta ? (Real)0.5 * size * size : delta * size - (Real)0.5 * delta * delta;
}
static inline Real huber_slope(Real y, Real t, Real delta) {
    Real x = y - t;
    return x > delta ? delta : x < -delta ? -delta : x;
}

/* log(cosh x): near 0 by log1p(cosh x - 1), where cosh x - 1 = expm1(|x|)^2 / (2 exp |x|), so that nothing
 * cancels. */
static inline Real cosh_value(Real y, Real t, Nothing o) {
    Real size = st_abs(y - t), bounded = size < 1 ? size : 1, e = st_expm1(bounded);
    Real near = st_log1p(e * e / (2 * (1 + e)));
    Real far = size + st_log1p(st_exp(-2 * size)) - (Real)0.69314718055994530942;
    (void)o;
    return size < 1 ? near : far;
}
static inline Real cosh_slope(Real y, Real t, Nothing o) {
    (void)o;
    return st_tanh(y - t);
}

ST_LOSS_EACH(percentage_error, Nothing, nothing, percentage, percentage_slope)
ST_LOSS_EACH(logarithmic_error, Nothing, nothing, logarithmic, logarithmic_slope)
ST_LOSS_EACH(huber, Real, delta_of, huber_value, huber_slope)
ST_LOSS_EACH(log_cosh, Nothing, nothing, cosh_value, cosh_slope)

/* A kind and the words that Keras has for it beside its own. */
#define ERROR(word, full, sentence, equation, function)                                                      \
    { .kind = {.name = word, .alias_of = full, .help = sentence, .formula = equation}, .run = function, }
#define SQUARED(word, full)                                                                                  \
    ERROR(word, full, "mean of the squared differences; large mistakes count most, for regression",          \
          "mean((t - y)^2)", squared_error)
#define ABSOLUTE(word, full)                                                                                 \
    ERROR(word, full, "mean of the absolute differences; outliers count little, for regression",             \
          "mean(|t - y|)", absolute_error)
#define PERCENTAGE(word, full)                                                                               \
    ERROR(word, full, "mean of the absolute differences in percent of the targets, for regression",          \
          "100 mean(|t - y| / max(|t|, 1e-7))", percentage_error)
#define LOGARITHMIC(word, full)                                                                              \
    ERROR(word, full, "mean of the squared differences of logarithms; for positive numbers of all sizes",    \
          "mean((log(t + 1) - log(y + 1))^2)", logarithmic_error)
#define COSH(word, full)                                                                                     \
    ERROR(word, full, "small differences count squared, large ones as they are, and all between smoothly",   \
          "mean(log(cosh(y - t)))", log_cosh)

const StLoss st_loss_errors[ST_LOSS_ERRORS] = {
    SQUARED("mean_squared_error", NULL),
    SQUARED("mse", "mean_squared_error"),
    SQUARED("MSE", "mean_squared_error"),
    ABSOLUTE("mean_absolute_error", NULL),
    ABSOLUTE("mae", "mean_absolute_error"),
    ABSOLUTE("MAE", "mean_absolute_error"),
    PERCENTAGE("mean_absolute_percentage_error", NULL),
    PERCENTAGE("mape", "mean_absolute_percentage_error"),
    PERCENTAGE("MAPE", "mean_absolute_percentage_error"),
    LOGARITHMIC("mean_squared_logarithmic_error", NULL),
    LOGARITHMIC("msle", "mean_squared_logarithmic_error"),
    LOGARITHMIC("MSLE", "mean_squared_logarithmic_error"),
    {
        .kind = {.name = "huber",
                 .help =
                     "differences count squared up to delta, as they are beyond it; for data with outliers",
                 .formula = "mean(e^2/2 where |e| <= delta, else delta |e| - delta^2/2), e = t - y",
                 .options = huber_options,
                 .options_size = sizeof(HuberOptions)},
        .run = huber,
    },
    COSH("log_cosh", NULL),
    COSH("logcosh", "log_cosh"),
};
