/* Keras' BatchNormalization, batch renormalization included.
 *
 * While training, statistics are those of the whole batch, biased, however it is cut into lanes. Every lane
 * leaves, channel by channel, how many elements it has, their mean and the sum of their squared deviations
 * from it, in two sweeps and in double; they are combined in lane order (Chan, Golub and LeVeque 1979). A
 * frozen layer works as outside training, as in Keras. Positions that a mask leaves out do not count, but are
 * normalized like the others; Keras adds 1e-7 to the number of those that count. */
#include "layers/axes.h"
#include "layers/options.h"
#include "math/scalar.h"

#include <string.h>

typedef struct BatchNormalization {
    int axis;
    double momentum, epsilon;
    bool center, scale;
    StCall beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer,
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint;
    bool renorm;
    StCall renorm_clipping;
    double renorm_momentum;
    bool synchronized;
} BatchNormalization;

enum { CLIP_NONE, CLIP_TO };
static const StChoice clippings[] = {
    {.name = "none", .help = "corrections of any size"},
    {.name = "clip",
     .help = "r between rmin and rmax, d between -dmax and dmax",
     .parameter = {{"rmax", "none", 0, INFINITY},
                   {"rmin", "none", 0, INFINITY},
                   {"dmax", "none", 0, INFINITY}}},
    {0},
};

static const StOption options[] = {
    ST_OPTION(BatchNormalization, axis, ST_INT, "-1", .low = -ST_RANK_MAX, .high = ST_RANK_MAX,
              .help =
                  "The axis of the channels, each of which has statistics of its own; 1 is a row's first"),
    ST_OPTION(BatchNormalization, momentum, ST_NUMBER, "0.99", .low = 0, .high = 1,
              .help = "Share of the moving averages that a step keeps"),
    ST_OPTION(BatchNormalization, epsilon, ST_NUMBER, "0.001", .low = 0, .high = INFINITY,
              .help = "Added to the variance"),
    ST_OPTION(BatchNormalization, center, ST_SWITCH, "yes", .help = "Adds beta, which is learnt"),
    ST_OPTION(BatchNormalization, scale, ST_SWITCH, "yes", .help = "Multiplies by gamma, which is learnt"),
    ST_INITIALIZER_OPTION(BatchNormalization, beta_initializer, "zeros", "beta"),
    ST_INITIALIZER_OPTION(BatchNormalization, gamma_initializer, "ones", "gamma"),
    ST_INITIALIZER_OPTION(BatchNormalization, moving_mean_initializer, "zeros", "the moving mean"),
    ST_INITIALIZER_OPTION(BatchNormalization, moving_variance_initializer, "ones", "the moving variance"),
    ST_REGULARIZER_OPTION(BatchNormalization, beta_regularizer, "beta"),
    ST_REGULARIZER_OPTION(BatchNormalization, gamma_regularizer, "gamma"),
    ST_CONSTRAINT_OPTION(BatchNormalization, beta_constraint, "beta"),
    ST_CONSTRAINT_OPTION(BatchNormalization, gamma_constraint, "gamma"),
    ST_OPTION(BatchNormalization, renorm, ST_SWITCH, "no",
              .help = "Corrects the batch's statistics towards moving ones while training (Ioffe 2017)"),
    ST_OPTION(BatchNormalization, renorm_clipping, ST_CALL, "none", .choices = clippings,
              .help = "Bounds of renorm's corrections"),
    ST_OPTION(BatchNormalization, renorm_momentum, ST_NUMBER, "0.99", .low = 0, .high = 1,
              .help = "Share of renorm's own moving averages that a step keeps"),
    ST_OPTION(BatchNormalization, synchronized, ST_SWITCH, "no",
              .help = "Statistics over all devices; on one machine they are the whole batch's either way"),
    {0},
};

/* ---- what it is ---- */

/* In the order of Keras' variables. */
enum { GAMMA, BETA, MOVING_MEAN, MOVING_VARIANCE, MOVING_STDDEV, RENORM_MEAN, RENORM_STDDEV, WEIGHTS };

/* The index of a weight in the layer's list, or -1. */
static int place_of(const BatchNormalization *layer, int weight) {
    if ((weight == GAMMA && !layer->scale) || (weight == BETA && !layer->center)) return -1;
    if (weight >= MOVING_STDDEV && !layer->renorm) return -1;
    return weight - (weight > GAMMA && !layer->scale) - (weight > BETA && !layer->center);
}

static Real *weight_of(const StStep *step, int weight) {
    int place = place_of(step->options, weight);
    return place < 0 ? NULL : step->weight[place];
}

/* A row as [outer, channels, inner]. */
typedef struct Plan {
    int64_t outer, channels, inner;
} Plan;

static Plan plan_of(const BatchNormalization *layer, const StShape *in) {
    int axis = 0;
    Plan plan = {1, 0, 1};
    st_axis_read(layer->axis, in, &axis, NULL);
    for (int i = 0; i < in->rank; i++) {
        if (i < axis) plan.outer *= in->dim[i];
        if (i == axis) plan.channels = in->dim[i];
        if (i > axis) plan.inner *= in->dim[i];
    }
    return plan;
}

/* The square root of what an initializer draws, where it is a number: renorm keeps deviations. */
static bool take_root(StCall *call) {
    const char *name = st_initializers[call->kind].name;
    if (strcmp(name, "constant") == 0 && call->parameter[0] >= 0)
        call->parameter[0] = sqrt(call->parameter[0]);
    else if (strcmp(name, "zeros") != 0 && strcmp(name, "ones") != 0)
        return false;
    return true;
}

static bool own_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const BatchNormalization *layer = values;
    const double *clip = layer->renorm_clipping.parameter; /* rmax, rmin, dmax */
    StCall root = layer->moving_variance_initializer;
    int axis;
    if (!st_shape_as_input(values, in, out, error)) return false;
    if (!st_axis_read(layer->axis, in, &axis, error)) return false;
    if (layer->renorm && !take_root(&root))
        return st_fail(error, ST_ERR_VALUE,
                       "renorm wants moving_variance_initializer zeros, ones or constant, got %s",
                       st_initializers[root.kind].name);
    if (layer->renorm_clipping.kind == CLIP_TO && clip[0] < clip[1])
        return st_fail(error, ST_ERR_VALUE, "renorm_clipping has rmax %g below rmin %g", clip[0], clip[1]);
    return true;
}

static int own_weights(const void *values, const StShape *in, StWeight *weights) {
    const BatchNormalization *layer = values;
    int64_t channels = plan_of(layer, in).channels;
    StCall root = layer->moving_variance_initializer;
    take_root(&root);
    const StWeight all[WEIGHTS] = {
        [GAMMA] = {.name = "gamma",
                   .initializer = layer->gamma_initializer,
                   .regularizer = layer->gamma_regularizer,
                   .constraint = layer->gamma_constraint,
                   .trainable = true},
        [BETA] = {.name = "beta",
                  .initializer = layer->beta_initializer,
                  .regularizer = layer->beta_regularizer,
                  .constraint = layer->beta_constraint,
                  .trainable = true},
        [MOVING_MEAN] = {.name = "moving_mean", .initializer = layer->moving_mean_initializer},
        [MOVING_VARIANCE] = {.name = "moving_variance", .initializer = layer->moving_variance_initializer},
        [MOVING_STDDEV] = {.name = "moving_stddev", .initializer = root},
        [RENORM_MEAN] = {.name = "renorm_mean", .initializer = layer->moving_mean_initializer},
        [RENORM_STDDEV] = {.name = "renorm_stddev", .initializer = root},
    };
    int count = 0;
    for (int w = 0; w < WEIGHTS; w++) {
        if (place_of(layer, w) < 0) continue;
        weights[count] = all[w];
        weights[count].shape = (StShape){1, {channels}};
        weights[count].fan_in = weights[count].fan_out = channels;
        count++;
    }
    return count;
}

/* Outside training y = a·x + b. */
static int64_t own_flops(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)in;
    return st_times(2, st_shape_size(out));
}

/* Tables of a number a channel, over and over until they are of a good length for vectors. */
enum { TABLES = 5, TABLE_LEAST = 64 };

static int64_t table_length(int64_t channels) {
    return channels >= TABLE_LEAST ? channels : channels * ((TABLE_LEAST + channels - 1) / channels);
}

static int64_t own_scratch(const void *values, const StShape *in, const StShape *out) {
    (void)out;
    int64_t channels = plan_of(values, in).channels;
    int64_t doubles = st_times(3, st_times(channels, (int64_t)(sizeof(double) / sizeof(Real))));
    int64_t tables = st_times(TABLES, table_length(channels));
    return doubles > tables ? doubles : tables;
}

/* Going forward: count, mean, sum of squared deviations [channels] each. Coming back: Σ dy, Σ dy·(x - mean)
 * [channels] each, and how many lanes there were. */
static int64_t own_shared(const void *values, const StShape *in, const StShape *out) {
    (void)out;
    return st_plus(st_times(3, plan_of(values, in).channels), 1);
}

/* ---- sums of a lane ---- */

ST_CLONES static void columns_sum(double *sum, const Real *x, int64_t lines, int64_t width) {
    for (int64_t line = 0; line < lines; line++, x += width)
        ST_LOOP
    for (int64_t c = 0; c < width; c++)
        sum[c] += (double)x[c];
}

ST_CLONES static void columns_squares(double *sum, const Real *x, const double *mean, int64_t lines,
                                      int64_t width) {
    for (int64_t line = 0; line < lines; line++, x += width)
        ST_LOOP
    for (int64_t c = 0; c < width; c++)
        sum[c] += ((double)x[c] - mean[c]) * ((double)x[c] - mean[c]);
}

ST_CLONES static void columns_products(double *sum, double *product, const Real *dy, const Real *x,
                                       const double *mean, int64_t lines, int64_t width) {
    for (int64_t line = 0; line < lines; line++, x += width, dy += width)
        ST_LOOP
    for (int64_t c = 0; c < width; c++) {
        sum[c] += (double)dy[c];
        product[c] += (double)dy[c] * ((double)x[c] - mean[c]);
    }
}

/* What one sweep adds up by channel. mean NULL: a += x. dy NULL: a += (x - mean)². Else a += dy and
 * b += dy·(x - mean). */
typedef struct Sweep {
    const Real *dy, *x;
    const double *mean;
    double *a, *b;
} Sweep;

static void columns(const Sweep *s, int64_t lines, int64_t width) {
    if (!s->mean)
        columns_sum(s->a, s->x, lines, width);
    else if (!s->dy)
        columns_squares(s->a, s->x, s->mean, lines, width);
    else
        columns_products(s->a, s->b, s->dy, s->x, s->mean, lines, width);
}

/* Channels last. Lines of few channels are taken several at a time, as one wider line. */
enum { WIDE = 16 };

static void sweep_lines(const Sweep *s, int64_t lines, int64_t channels) {
    int64_t fold = channels > WIDE / 2 ? 1 : WIDE / channels, wide = fold * channels;
    double a[WIDE] = {0}, b[WIDE] = {0}, mean[WIDE];
    if (fold == 1) {
        columns(s, lines, channels);
        return;
    }
    for (int64_t i = 0; s->mean && i < wide; i++)
        mean[i] = s->mean[i % channels];
    columns(&(Sweep){s->dy, s->x, s->mean ? mean : NULL, a, b}, lines / fold, wide);
    for (int64_t i = 0; i < wide; i++) {
        s->a[i % channels] += a[i];
        if (s->b) s->b[i % channels] += b[i];
    }
    int64_t done = lines / fold * wide;
    columns(&(Sweep){s->dy ? s->dy + done : NULL, s->x + done, s->mean, s->a, s->b}, lines % fold, channels);
}

/* Channels anywhere, some positions left out: mask [rows, positions] of `step`, or NULL. */
static void sweep_elements(const Sweep *s, const Plan *plan, int64_t rows, const Real *mask,
                           int64_t positions) {
    int64_t size = plan->outer * plan->channels * plan->inner;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t e = 0; e < size; e++) {
            int64_t i = row * size + e, c = e / plan->inner % plan->channels;
            double x = (double)s->x[i];
            if (mask && mask[row * positions + e / (size / positions)] == 0) continue;
            if (!s->mean) {
                s->a[c] += x;
            } else if (!s->dy) {
                s->a[c] += (x - s->mean[c]) * (x - s->mean[c]);
            } else {
                s->a[c] += (double)s->dy[i];
                s->b[c] += (double)s->dy[i] * (x - s->mean[c]);
            }
        }
}

/* The mask, if it is of all axes but the last, as Keras wants it. */
static const Real *mask_of(const StStep *step) {
    bool fits = step->mask && step->mask_size * step->in.dim[step->in.rank - 1] == step->in_size;
    return fits ? step->mask : NULL;
}

static void sweep(const StStep *step, const Plan *plan, int64_t first, int64_t rows, bool masked, Sweep s) {
    const Real *mask = masked ? mask_of(step) : NULL;
    s.x = step->x + first * step->in_size;
    if (s.dy) s.dy = step->dy + first * step->in_size;
    if (plan->inner == 1 && !mask)
        sweep_lines(&s, rows * plan->outer, plan->channels);
    else
        sweep_elements(&s, plan, rows, mask ? mask + first * step->mask_size : NULL, step->mask_size);
}

/* How many elements of each channel count. */
static void count_elements(const StStep *step, const Plan *plan, const StPass *pass, double *count) {
    const Real *mask = mask_of(step);
    int64_t last = step->in.dim[step->in.rank - 1];
    for (int64_t c = 0; c < plan->channels; c++)
        count[c] = mask ? 0 : (double)(pass->rows * plan->outer * plan->inner);
    for (int64_t row = pass->first; mask && row < pass->first + pass->rows; row++)
        for (int64_t e = 0; e < step->in_size; e++)
            if (mask[row * step->mask_size + e / last] != 0) count[e / plan->inner % plan->channels]++;
}

static void share(const StStep *step, const StPass *pass) {
    Plan plan = plan_of(step->options, &step->in);
    int64_t n = plan.channels;
    double *count = step->shared + pass->lane * step->shared_size, *mean = count + n, *squares = mean + n;
    memset(mean, 0, (size_t)(2 * n) * sizeof *mean);
    count_elements(step, &plan, pass, count);
    sweep(step, &plan, pass->first, pass->rows, true, (Sweep){.a = mean});
    for (int64_t c = 0; c < n; c++)
        if (count[c] > 0) mean[c] /= count[c];
    sweep(step, &plan, pass->first, pass->rows, true, (Sweep){.mean = mean, .a = squares});
}

/* ---- statistics of a channel ---- */

typedef struct Channel {
    double mean, inverse; /* of what it is normalized by: 1/√(variance + epsilon) */
    double variance;
    double count, spare; /* what sums are divided by, and how much of it was added to the number */
    double gamma, beta;  /* renorm's correction within */
    double r, d;
} Channel;

static double limit(double v, double low, double high) {
    return v < low ? low : v > high ? high : v; /* a bound that is NaN does not bind */
}

static void renormalize(const BatchNormalization *layer, const StStep *step, int64_t c, Channel *ch) {
    double deviation = sqrt(ch->variance + layer->epsilon), least = sqrt(layer->epsilon);
    double held = fmax((double)weight_of(step, RENORM_STDDEV)[c], least);
    ch->r = deviation / held;
    ch->d = (ch->mean - (double)weight_of(step, RENORM_MEAN)[c]) / held;
    if (layer->renorm_clipping.kind == CLIP_TO) {
        const double *clip = layer->renorm_clipping.parameter;
        ch->r = limit(ch->r, clip[1], clip[0]);
        ch->d = limit(ch->d, -clip[2], clip[2]);
    }
    ch->beta += ch->d * ch->gamma;
    ch->gamma *= ch->r;
}

/* lanes: of the batch; 0: as outside training. */
static Channel channel_of(const StStep *step, int lanes, int64_t channels, int64_t c) {
    const BatchNormalization *layer = step->options;
    const Real *gamma = weight_of(step, GAMMA), *beta = weight_of(step, BETA);
    Channel ch = {.gamma = gamma ? (double)gamma[c] : 1, .beta = beta ? (double)beta[c] : 0, .r = 1};
    if (lanes == 0) {
        ch.mean = (double)weight_of(step, MOVING_MEAN)[c];
        ch.variance = (double)weight_of(step, MOVING_VARIANCE)[c];
    } else {
        double squares = 0;
        for (int lane = 0; lane < lanes; lane++) {
            const double *own = step->shared + lane * step->shared_size;
            double count = own[c], all = ch.count + count, apart = own[channels + c] - ch.mean;
            if (count == 0) continue;
            squares += own[2 * channels + c] + apart * apart * (ch.count * count / all);
            ch.mean += apart * (count / all);
            ch.count = all;
        }
        if (mask_of(step)) { /* Keras' mean is of the sum by a number that is 1e-7 too large */
            double mean = ch.mean * (ch.count / (ch.count + 1e-7));
            squares += ch.count * (ch.mean - mean) * (ch.mean - mean);
            ch.mean = mean;
            ch.spare = 1e-7;
            ch.count += ch.spare;
        }
        ch.variance = squares / ch.count;
        if (layer->renorm) renormalize(layer, step, c, &ch);
    }
    ch.inverse = 1 / sqrt(ch.variance + layer->epsilon);
    return ch;
}

/* The lanes whose statistics a pass goes by; 0: the moving ones. */
static int lanes_of(const StStep *step, const StPass *pass) {
    return pass->training && step->trainable ? pass->lanes : 0;
}

/* ---- forward and backward ---- */

static void repeat(Real *table, int64_t channels, int64_t length) {
    for (int64_t i = channels; i < length; i++)
        table[i] = table[i - channels];
}

/* y = (x - center)·factor + offset, where center is the mean as a Real and the rest of it is in offset. */
ST_CLONES static void normalize(Real *y, const Real *x, const Real *center, const Real *factor,
                                const Real *offset, int64_t n) {
    ST_LOOP
    for (int64_t i = 0; i < n; i++)
        y[i] = st_fma(x[i] - center[i], factor[i], offset[i]);
}

static void forward(const StStep *step, const StPass *pass) {
    Plan plan = plan_of(step->options, &step->in);
    int64_t length = table_length(plan.channels), n = pass->rows * step->in_size;
    Real *center = pass->scratch, *factor = center + length, *offset = factor + length;
    Real *y = step->y + pass->first * step->in_size;
    const Real *x = step->x + pass->first * step->in_size;
    for (int64_t c = 0; c < plan.channels; c++) {
        Channel ch = channel_of(step, lanes_of(step, pass), plan.channels, c);
        center[c] = (Real)ch.mean;
        factor[c] = (Real)(ch.gamma * ch.inverse);
        offset[c] = (Real)(ch.beta - (ch.mean - (double)center[c]) * ch.gamma * ch.inverse);
    }
    for (int t = 0; t < 3; t++)
        repeat(pass->scratch + t * length, plan.channels, length);
    if (plan.inner == 1)
        for (int64_t at = 0; at < n; at += length)
            normalize(y + at, x + at, center, factor, offset, n - at < length ? n - at : length);
    else
        for (int64_t i = 0; i < n; i++) {
            int64_t c = i / plan.inner % plan.channels;
            y[i] = st_fma(x[i] - center[c], factor[c], offset[c]);
        }
}

static void share_back(const StStep *step, const StPass *pass) {
    Plan plan = plan_of(step->options, &step->in);
    int64_t n = plan.channels;
    double *sum = step->shared_back + pass->lane * step->shared_size, *product = sum + n, *mean = product + n;
    memset(sum, 0, (size_t)(2 * n) * sizeof *sum);
    for (int64_t c = 0; c < n; c++)
        mean[c] = channel_of(step, pass->lanes, n, c).mean;
    sweep(step, &plan, pass->first, pass->rows, false,
          (Sweep){.dy = step->dy, .mean = mean, .a = sum, .b = product});
    sum[3 * n] = pass->lanes;
}

/* Of all lanes, in their order. */
static double lanes_sum(const StStep *step, int lanes, int64_t at) {
    double sum = 0;
    for (int lane = 0; lane < lanes; lane++)
        sum += step->shared_back[lane * step->shared_size + at];
    return sum;
}

/* What backward needs of every channel; the means as Reals, and the rest of them in offset. */
enum { CENTER, CENTER_DY, FACTOR, SLOPE, OFFSET };

/* dx = factor·(dy - mean of dy) + slope·(x - mean), the means being the way through the batch's mean, slope
 * that through its variance. */
ST_CLONES static void differentiate(Real *dx, const Real *dy, const Real *x, const Real *const table[TABLES],
                                    int64_t n) {
    const Real *center = table[CENTER], *center_dy = table[CENTER_DY], *factor = table[FACTOR];
    const Real *slope = table[SLOPE], *offset = table[OFFSET];
    ST_LOOP
    for (int64_t i = 0; i < n; i++)
        dx[i] = st_fma(factor[i], dy[i] - center_dy[i], st_fma(slope[i], x[i] - center[i], offset[i]));
}

static void fill_tables(const StStep *step, int lanes, int64_t channels, Real *const table[TABLES]) {
    for (int64_t c = 0; c < channels; c++) {
        Channel ch = channel_of(step, lanes, channels, c);
        double factor = ch.gamma * ch.inverse, slope = 0, dy = 0;
        if (lanes > 0) {
            slope = -factor * ch.inverse * ch.inverse * lanes_sum(step, lanes, channels + c) / ch.count;
            dy = lanes_sum(step, lanes, c) / ch.count;
        }
        table[CENTER][c] = (Real)ch.mean;
        table[CENTER_DY][c] = (Real)dy;
        table[FACTOR][c] = (Real)factor;
        table[SLOPE][c] = (Real)slope;
        table[OFFSET][c] = (Real)(-slope * (ch.mean - (double)table[CENTER][c]) -
                                  factor * (dy - (double)table[CENTER_DY][c]));
        if (ch.spare != 0) table[OFFSET][c] -= (Real)(slope * ch.mean * ch.spare / ch.count);
    }
}

/* Positions that do not count have no part in the batch's statistics. */
static void backward_elements(const StStep *step, const StPass *pass, const Plan *plan, const Real *mask,
                              Real *const table[TABLES]) {
    int64_t last = step->in.dim[step->in.rank - 1];
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++)
        for (int64_t e = 0; e < step->in_size; e++) {
            int64_t i = row * step->in_size + e, c = e / plan->inner % plan->channels;
            Real rest = st_fma(table[SLOPE][c], step->x[i] - table[CENTER][c], table[OFFSET][c]);
            if (mask && mask[row * step->mask_size + e / last] == 0)
                step->dx[i] = table[FACTOR][c] * step->dy[i];
            else
                step->dx[i] = st_fma(table[FACTOR][c], step->dy[i] - table[CENTER_DY][c], rest);
        }
}

static void backward(const StStep *step, const StPass *pass) {
    Plan plan = plan_of(step->options, &step->in);
    int64_t length = table_length(plan.channels), n = pass->rows * step->in_size;
    int64_t from = pass->first * step->in_size;
    int lanes = lanes_of(step, pass);
    Real *table[TABLES];
    if (step->shared_back && lanes == 0) /* gradient asks for it */
        step->shared_back[pass->lane * step->shared_size + 3 * plan.channels] = 0;
    if (!step->dx) return;
    for (int t = 0; t < TABLES; t++)
        table[t] = pass->scratch + t * length;
    fill_tables(step, lanes, plan.channels, table);
    for (int t = 0; t < TABLES; t++)
        repeat(table[t], plan.channels, length);
    const Real *mask = lanes > 0 ? mask_of(step) : NULL;
    if (plan.inner != 1 || mask) {
        backward_elements(step, pass, &plan, mask, table);
        return;
    }
    for (int64_t at = 0; at < n; at += length)
        differentiate(step->dx + from + at, step->dy + from + at, step->x + from + at,
                      (const Real *const *)table, n - at < length ? n - at : length);
}

/* While training the lanes' shares are there already; otherwise this sweeps over the batch. */
static void gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    Plan plan = plan_of(step->options, &step->in);
    const BatchNormalization *layer = step->options;
    int64_t n = plan.channels;
    int lanes = (int)step->shared_back[3 * n];
    double *sum = (double *)scratch, *product = sum + n, *mean = product + n;
    if (lanes == 0) {
        memset(sum, 0, (size_t)(2 * n) * sizeof *sum);
        for (int64_t c = 0; c < n; c++)
            mean[c] = channel_of(step, 0, n, c).mean;
        sweep(step, &plan, 0, rows, false, (Sweep){.dy = step->dy, .mean = mean, .a = sum, .b = product});
    }
    for (int64_t c = n * part / parts; c < n * (part + 1) / parts; c++) {
        Channel ch = channel_of(step, lanes, n, c);
        double dy = lanes ? lanes_sum(step, lanes, c) : sum[c];
        double dyx = lanes ? lanes_sum(step, lanes, n + c) : product[c];
        if (layer->scale)
            step->gradient[place_of(layer, GAMMA)][c] = (Real)(dyx * ch.inverse * ch.r + dy * ch.d);
        if (layer->center) step->gradient[place_of(layer, BETA)][c] = (Real)dy;
    }
}

/* ---- what it keeps of a step ---- */

static void move(Real *average, double momentum, double value) {
    *average = (Real)((double)*average * momentum + value * (1 - momentum));
}

static void update(const StStep *step, const StPass *pass) {
    const BatchNormalization *layer = step->options;
    int64_t n = plan_of(layer, &step->in).channels;
    Real *mean = weight_of(step, MOVING_MEAN), *variance = weight_of(step, MOVING_VARIANCE);
    for (int64_t c = 0; c < n; c++) {
        Channel ch = channel_of(step, pass->lanes, n, c);
        move(&mean[c], layer->momentum, ch.mean);
        if (!layer->renorm) {
            move(&variance[c], layer->momentum, ch.variance);
            continue;
        }
        double deviation = sqrt(ch.variance + layer->epsilon);
        Real *moving = &weight_of(step, MOVING_STDDEV)[c];
        move(&weight_of(step, RENORM_MEAN)[c], layer->renorm_momentum, ch.mean);
        move(&weight_of(step, RENORM_STDDEV)[c], layer->renorm_momentum, deviation);
        move(moving, layer->momentum, deviation);
        variance[c] = (Real)fmax(0, (double)*moving * (double)*moving - layer->epsilon);
    }
}

const StLayerKind st_kind_batch_normalization = {
    .name = "batch_normalization",
    .help = "Gives every channel mean 0 and variance 1 over the batch while training, over what it has seen "
            "of the data otherwise",
    .formula = "y = γ·(x - μ) / √(σ² + ε) + β, μ and σ² of a channel in the batch; outside training moving "
               "averages of them",
    .options = options,
    .options_size = sizeof(BatchNormalization),
    .shape = own_shape,
    .weights = own_weights,
    .flops = own_flops,
    .scratch = own_scratch,
    .shared = own_shared,
    .mask = st_mask_passes,
    .forward = forward,
    .backward = backward,
    .gradient = gradient,
    .share = share,
    .share_back = share_back,
    .update = update,
};
