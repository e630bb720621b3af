#include "train/schedule.h"

#include <math.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

static double least(double a, double b) {
    return a < b ? a : b;
}

/* ---- none ---- */

static double none_rate(const void *values, double learning_rate, int64_t step) {
    (void)values;
    (void)step;
    return learning_rate;
}

/* ---- exponential_decay, inverse_time_decay ---- */

typedef struct Decay {
    double decay_steps, decay_rate;
    bool staircase;
} Decay;

#define DECAY_STEPS(sentence)                                                                                \
    ST_OPTION(Decay, decay_steps, ST_NUMBER, NULL, .low = 0, .open_low = true, .high = INFINITY,             \
              .help = sentence)
#define STAIRCASE                                                                                            \
    ST_OPTION(Decay, staircase, ST_SWITCH, "no",                                                             \
              .help = "hold the rate between whole multiples of decay_steps")

static const StOption exponential_options[] = {
    DECAY_STEPS("steps in which the rate is multiplied by decay_rate once"),
    ST_OPTION(Decay, decay_rate, ST_NUMBER, NULL, .low = 0, .high = INFINITY,
              .help = "what the rate is multiplied by in decay_steps steps"),
    STAIRCASE,
    {.name = NULL},
};

static const StOption inverse_options[] = {
    DECAY_STEPS("steps in which the divisor grows by decay_rate"),
    ST_OPTION(Decay, decay_rate, ST_NUMBER, NULL, .low = 0, .high = INFINITY,
              .help = "what the divisor grows by in decay_steps steps"),
    STAIRCASE,
    {.name = NULL},
};

static double decays(const Decay *o, int64_t step) {
    double p = (double)step / o->decay_steps;
    return o->staircase ? floor(p) : p;
}

static double exponential_rate(const void *values, double learning_rate, int64_t step) {
    const Decay *o = values;
    return learning_rate * pow(o->decay_rate, decays(o, step));
}

static double inverse_rate(const void *values, double learning_rate, int64_t step) {
    const Decay *o = values;
    return learning_rate / (1 + o->decay_rate * decays(o, step));
}

/* ---- polynomial_decay ---- */

typedef struct Polynomial {
    double decay_steps, end_learning_rate, power;
    bool cycle;
} Polynomial;

static const StOption polynomial_options[] = {
    ST_OPTION(Polynomial, decay_steps, ST_NUMBER, NULL, .low = 0, .open_low = true, .high = INFINITY,
              .help = "steps that the way to end_learning_rate takes"),
    ST_OPTION(Polynomial, end_learning_rate, ST_NUMBER, "0.0001", .low = 0, .high = INFINITY,
              .help = "the rate at the end"),
    ST_OPTION(Polynomial, power, ST_NUMBER, "1", .low = 0, .high = INFINITY,
              .help = "power of the way that is left; 1 is a straight line"),
    ST_OPTION(Polynomial, cycle, ST_SWITCH, "no",
              .help = "begin again at the end, each time with a longer way and from lower"),
    {.name = NULL},
};

static double polynomial_rate(const void *values, double learning_rate, int64_t step) {
    const Polynomial *o = values;
    double at = (double)step, steps = o->decay_steps;
    if (o->cycle)
        steps *= step == 0 ? 1 : ceil(at / steps);
    else
        at = least(at, steps);
    double span = learning_rate - o->end_learning_rate;
    return span * pow(1 - at / steps, o->power) + o->end_learning_rate;
}

/* ---- piecewise_constant_decay ---- */

typedef struct Piecewise {
    StNumbers boundaries, values;
} Piecewise;

static const StOption piecewise_options[] = {
    ST_OPTION(Piecewise, boundaries, ST_NUMBERS, NULL, .low = 0, .high = INFINITY,
              .help = "numbers of the last steps, from 0, that a rate holds for, separated by commas"),
    ST_OPTION(Piecewise, values, ST_NUMBERS, NULL, .low = 0, .high = INFINITY,
              .help = "the rates, one more than boundaries; learning_rate plays no part"),
    {.name = NULL},
};

static double piecewise_rate(const void *options, double learning_rate, int64_t step) {
    (void)learning_rate;
    const Piecewise *o = options;
    int i = 0;
    while (i < o->boundaries.count && (double)step > o->boundaries.n[i])
        i++;
    return o->values.n[i];
}

static bool piecewise_check(const void *options, StError *error) {
    const Piecewise *o = options;
    for (int i = 0; i < o->boundaries.count; i++) {
        double now = o->boundaries.n[i];
        if (now != floor(now) || (i > 0 && now <= o->boundaries.n[i - 1]))
            return st_fail(error, ST_ERR_VALUE,
                           "boundaries: number %d is %g, wanted a whole number larger than the one before",
                           i + 1, now);
    }
    int wanted = o->boundaries.count + 1;
    if (wanted < 2) return st_fail(error, ST_ERR_VALUE, "boundaries: none, wanted at least one number");
    return o->values.count == wanted ||
           st_fail(error, ST_ERR_VALUE, "values: %d of them, wanted %d, one more than boundaries",
                   o->values.count, wanted);
}

/* ---- cosine_decay ---- */

typedef struct Cosine {
    double decay_steps, alpha, warmup_target;
    int warmup_steps;
} Cosine;

static const StOption cosine_options[] = {
    ST_OPTION(Cosine, decay_steps, ST_NUMBER, NULL, .low = 0, .open_low = true, .high = INFINITY,
              .help = "steps that the way down takes, behind those of the warm-up"),
    ST_OPTION(Cosine, alpha, ST_NUMBER, "0", .low = 0, .high = 1,
              .help = "share of the highest rate that is left at the end"),
    ST_OPTION(Cosine, warmup_target, ST_NUMBER, "none", .optional = true, .low = 0, .high = INFINITY,
              .help = "the rate that a warm-up climbs to from learning_rate"),
    ST_OPTION(Cosine, warmup_steps, ST_INT, "0", .low = 0, .high = INT_MAX,
              .help = "steps that the warm-up takes, with warmup_target"),
    {.name = NULL},
};

/* From 1 at 0 down to 0 at 1, along half a cosine. */
static double half_cosine(double fraction) {
    return 0.5 * (1 + cos(PI * fraction));
}

static double cosine_rate(const void *values, double learning_rate, int64_t step) {
    const Cosine *o = values;
    double at = (double)step, top = learning_rate, warmup = 0;
    if (o->warmup_target > 0) {
        top = o->warmup_target;
        warmup = o->warmup_steps;
    }
    if (at < warmup) return (top - learning_rate) * (at / warmup) + learning_rate;
    at = least(at - warmup, o->decay_steps);
    return top * ((1 - o->alpha) * half_cosine(at / o->decay_steps) + o->alpha);
}

/* ---- cosine_decay_restarts ---- */

typedef struct Restarts {
    double first_decay_steps, t_mul, m_mul, alpha;
} Restarts;

static const StOption restarts_options[] = {
    ST_OPTION(Restarts, first_decay_steps, ST_NUMBER, NULL, .low = 0, .open_low = true, .high = INFINITY,
              .help = "steps that the first way down takes"),
    ST_OPTION(Restarts, t_mul, ST_NUMBER, "2", .low = 1, .high = INFINITY,
              .help = "how many times longer every way down is than the one before"),
    ST_OPTION(Restarts, m_mul, ST_NUMBER, "1", .low = 0, .high = INFINITY,
              .help = "how many times higher every way down begins than the one before"),
    ST_OPTION(Restarts, alpha, ST_NUMBER, "0", .low = 0, .high = 1,
              .help = "share of learning_rate that is left at the end of a way down"),
    {.name = NULL},
};

static double restarts_rate(const void *values, double learning_rate, int64_t step) {
    const Restarts *o = values;
    double fraction = (double)step / o->first_decay_steps, restart;
    if (o->t_mul == 1) {
        restart = floor(fraction);
        fraction -= restart;
    } else {
        restart = floor(log(1 - fraction * (1 - o->t_mul)) / log(o->t_mul));
        double length = pow(o->t_mul, restart), begun = (1 - length) / (1 - o->t_mul);
        fraction = (fraction - begun) / length;
    }
    return learning_rate * ((1 - o->alpha) * (pow(o->m_mul, restart) * half_cosine(fraction)) + o->alpha);
}

/* ---- one_cycle ---- */

typedef struct OneCycle {
    int total_steps;
    double max_learning_rate, pct_start, final_div_factor;
} OneCycle;

static const StOption one_cycle_options[] = {
    ST_OPTION(OneCycle, total_steps, ST_INT, NULL, .low = 1, .high = INT_MAX,
              .help = "steps of the whole cycle: epochs times steps an epoch"),
    ST_OPTION(OneCycle, max_learning_rate, ST_NUMBER, NULL, .low = 0, .open_low = true, .high = INFINITY,
              .help = "the rate that is climbed to from learning_rate (PyTorch begins at a 25th of it)"),
    ST_OPTION(OneCycle, pct_start, ST_NUMBER, "0.3", .low = 0, .high = 1,
              .help = "share of the steps that the way up takes"),
    ST_OPTION(OneCycle, final_div_factor, ST_NUMBER, "10000", .low = 0, .open_low = true, .high = INFINITY,
              .help = "the rate at the end is learning_rate divided by this"),
    {.name = NULL},
};

static double between(double from, double to, double at, double begin, double end) {
    double fraction = end > begin ? (at - begin) / (end - begin) : 1;
    return to + (from - to) * half_cosine(least(fraction, 1));
}

static double one_cycle_rate(const void *values, double learning_rate, int64_t step) {
    const OneCycle *o = values;
    double top = o->pct_start * o->total_steps - 1, at = (double)step;
    if (at <= top) return between(learning_rate, o->max_learning_rate, at, 0, top);
    return between(o->max_learning_rate, learning_rate / o->final_div_factor, at, top, o->total_steps - 1);
}

/* ---- the rows ---- */

static const StSchedule rows[] = {
    {.kind = {.name = "none", .help = "the learning rate stays as it is", .formula = "rate(t) = rate"},
     .rate = none_rate},
    {.kind = {.name = "exponential_decay",
              .help = "multiplies the learning rate by the same factor again and again",
              .formula = "rate(t) = rate decay_rate^(t / decay_steps)",
              .options = exponential_options,
              .options_size = sizeof(Decay)},
     .rate = exponential_rate},
    {.kind = {.name = "inverse_time_decay",
              .help = "divides the learning rate by a number that grows with time",
              .formula = "rate(t) = rate / (1 + decay_rate t / decay_steps)",
              .options = inverse_options,
              .options_size = sizeof(Decay)},
     .rate = inverse_rate},
    {.kind = {.name = "polynomial_decay",
              .help =
                  "goes from the learning rate to end_learning_rate along a power of the way that is left",
              .formula = "rate(t) = (rate - end)(1 - min(t, decay_steps) / decay_steps)^power + end",
              .options = polynomial_options,
              .options_size = sizeof(Polynomial)},
     .rate = polynomial_rate},
    {.kind = {.name = "piecewise_constant_decay",
              .help = "takes one rate after the other, each up to a step that is given",
              .formula = "rate(t) = values_i for boundaries_{i-1} < t <= boundaries_i",
              .options = piecewise_options,
              .options_size = sizeof(Piecewise)},
     .absolute = true,
     .rate = piecewise_rate,
     .check = piecewise_check},
    {.kind = {.name = "cosine_decay",
              .help = "lowers the learning rate along half a cosine, behind a straight warm-up where wanted",
              .formula = "rate(t) = rate ((1 - alpha)(1 + cos(pi t / decay_steps))/2 + alpha)",
              .options = cosine_options,
              .options_size = sizeof(Cosine)},
     .rate = cosine_rate},
    {.kind = {.name = "cosine_decay_restarts",
              .help = "lowers the learning rate along half a cosine, then begins again, with a longer way",
              .formula = "rate(t) = rate ((1 - alpha) m_mul^i (1 + cos(pi t_i / T_i))/2 + alpha), T_i = "
                         "first_decay_steps t_mul^i",
              .options = restarts_options,
              .options_size = sizeof(Restarts)},
     .rate = restarts_rate},
    {.kind = {.name = "one_cycle",
              .help =
                  "climbs from the learning rate to max_learning_rate, then falls far below, along cosines",
              .formula = "up in pct_start total_steps steps, then down to rate / final_div_factor",
              .options = one_cycle_options,
              .options_size = sizeof(OneCycle)},
     .rate = one_cycle_rate},
};

const StSchedule *st_schedule_at(int index) {
    return index >= 0 && index < (int)(sizeof rows / sizeof *rows) ? &rows[index] : NULL;
}

double st_schedule_rate(const StScheduleSpec *schedule, double learning_rate, int64_t step) {
    const StSchedule *row = st_schedule_at(schedule->kind);
    return row ? row->rate(schedule->options, learning_rate, step) : learning_rate;
}
