/* Losses of regression: the mean over the last axis of a function of the difference. */
#include "train/loss.h"

#include "math/vector.h"

/* dy = y - targets; returns how many there are. */
static int64_t differences(const StLossRows *rows) {
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

static double absolute_error(const StLossRows *rows) {
    int64_t count = differences(rows);
    double sum = st_vector_sum_absolute(rows->dy, count);
    Real slope = (Real)(rows->scale / (double)rows->width);
    ST_LOOP
    for (int64_t i = 0; i < count; i++)
        rows->dy[i] = rows->dy[i] > 0 ? slope : rows->dy[i] < 0 ? -slope : 0 * rows->dy[i];
    return sum / (double)rows->width;
}

#define SQUARED(word, full)                                                                                  \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help = "mean of the squared differences; large mistakes count most, for regression",       \
                 .formula = "mean((t - y)^2)"},                                                              \
        .run = squared_error,                                                                                \
    }
#define ABSOLUTE(word, full)                                                                                 \
    {                                                                                                        \
        .kind = {.name = word,                                                                               \
                 .alias_of = full,                                                                           \
                 .help = "mean of the absolute differences; outliers count little, for regression",          \
                 .formula = "mean(|t - y|)"},                                                                \
        .run = absolute_error,                                                                               \
    }

const StLoss st_loss_mean_squared_error[3] = {SQUARED("mean_squared_error", NULL),
                                              SQUARED("mse", "mean_squared_error"),
                                              SQUARED("MSE", "mean_squared_error")};
const StLoss st_loss_mean_absolute_error[3] = {ABSOLUTE("mean_absolute_error", NULL),
                                               ABSOLUTE("mae", "mean_absolute_error"),
                                               ABSOLUTE("MAE", "mean_absolute_error")};
