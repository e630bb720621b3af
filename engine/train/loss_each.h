/* Inside the losses: those that are a mean over the last axis of a function of one output and one target. */
#ifndef ST_TRAIN_LOSS_EACH_H
#define ST_TRAIN_LOSS_EACH_H

#include "math/scalar.h"
#include "math/vector.h"
#include "train/loss.h"

/* NAME is the run of a loss. value(y, t, o) and slope(y, t, o), its derivative by y, are of type Real; o is
 * what constants(rows) returns, of type Constants. The values go where the gradient will be, are added up,
 * and give way to it. */
#define ST_LOSS_EACH(name, Constants, constants, value, slope)                                               \
    static ST_CLONES double name(const StLossRows *rows) {                                                   \
        int64_t count = rows->rows * rows->positions * rows->width;                                          \
        const Real *y = rows->y, *t = rows->targets;                                                         \
        Real *dy = rows->dy, scale = (Real)(rows->scale / (double)rows->width);                              \
        Constants o = constants(rows);                                                                       \
        ST_LOOP                                                                                              \
        for (int64_t i = 0; i < count; i++)                                                                  \
            dy[i] = value(y[i], t[i], o);                                                                    \
        double sum = st_vector_sum(dy, count);                                                               \
        ST_LOOP                                                                                              \
        for (int64_t i = 0; i < count; i++)                                                                  \
            dy[i] = scale * slope(y[i], t[i], o);                                                            \
        return sum / (double)rows->width;                                                                    \
    }

/* Keras' epsilon() and the bounds of a probability. */
#define ST_LOSS_EPSILON ((Real)1e-7)
#define ST_LOSS_HIGHEST ((Real)(1 - 1e-7))

static inline bool st_loss_outside(Real p) { /* false for NaN, which is to be seen */
    return p < ST_LOSS_EPSILON || p > ST_LOSS_HIGHEST;
}

static inline Real st_loss_clipped(Real p) {
    return p < ST_LOSS_EPSILON ? ST_LOSS_EPSILON : p > ST_LOSS_HIGHEST ? ST_LOSS_HIGHEST : p;
}

/* Targets t become keep * t + add. */
typedef struct StSmoothing {
    Real keep, add;
} StSmoothing;

static inline StSmoothing st_loss_smoothing(double share, double evenly) {
    return (StSmoothing){(Real)(1 - share), (Real)(share * evenly)};
}

/* The options that several kinds have. axis may be said as Keras says it. */
#define ST_LOSS_FROM_LOGITS(Struct)                                                                          \
    ST_OPTION(Struct, from_logits, ST_SWITCH, "no",                                                          \
              .help = "the outputs are logits: the loss applies softmax or sigmoid itself")
#define ST_LOSS_SMOOTHING(Struct, sentence)                                                                  \
    ST_OPTION(Struct, label_smoothing, ST_NUMBER, "0", .low = 0, .high = 1, .help = sentence)
#define ST_LOSS_AXIS(Struct)                                                                                 \
    ST_OPTION(Struct, axis, ST_INT, "-1", .low = -1, .high = -1, .help = "the last axis, no other")

#endif
