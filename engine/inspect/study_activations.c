/* What the layers put out: of all of them their spread, and what is dead or saturated; of one its units, its
 * feature maps, its filters, its states over time. */
#include "inspect/lens.h"
#include "inspect/percentiles.h"
#include "inspect/readings.h"
#include "inspect/study.h"
#include "inspect/study_rows.h"
#include "layers/recurrent.h"
#include "layers/wrapper.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERCENTILES = 9, BINS = 32 };
/* TensorBoard's distributions: the least, 1.5, 1 and a half standard deviation of a normal distribution below
 * the median, and so on. */
static const double percent[PERCENTILES] = {0, 6.68, 15.87, 30.85, 50, 69.15, 84.13, 93.32, 100};
static const double SIGMOID_LOW = 0.05, SIGMOID_HIGH = 0.95, TANH_HIGH = 0.95;

/* The function that a layer ends in; "" where it is none. */
static const char *ends_in(const StStep *step) {
    const char *name = step->kind->activation ? step->kind->activation(step->options) : NULL;
    return name ? name : "";
}

static int64_t units_of(const StStep *step) {
    return step->out.dim[step->out.rank - 1];
}

/* ---- layers ---- */

/* Where the readings of the layers go: [layers], [layers][PERCENTILES], [layers][BINS]. */
typedef struct Spread {
    double *mean, *deviation, *low, *high, *zeros, *nonfinite, *percentiles, *histogram;
    double *dead, *units, *flat, *flat_low, *flat_mid, *flat_high;
} Spread;

static bool is_recurrent(const StLens *lens, int layer);

/* The method that shows the most of one layer. */
static const char *closer(const StLens *lens, int layer) {
    if (is_recurrent(lens, layer)) return "states";
    return st_lens_layer(lens, layer)->out.rank > 1 ? "maps" : "units";
}

static bool make_spread(StJob *job, Spread *s, StError *error) {
    StLens *lens = job->lens;
    StFinding *to = job->finding;
    int64_t layers = lens->layers;
    for (int i = 0; i < lens->layers; i++) {
        const StStep *step = st_lens_layer(lens, i);
        char shape[ST_SHAPE_TEXT];
        st_finding_name(to, "layers", i, lens->layer[i].name);
        st_finding_name(to, "kinds", i, step->kind->name);
        st_finding_name(to, "shapes", i, st_shape_print(&step->out, shape));
        st_finding_name(to, "activations", i, ends_in(step));
        st_finding_name(to, "closer", i, closer(lens, i));
    }
    double *shares = st_finding_vector(to, "percent", PERCENTILES);
    if (shares) memcpy(shares, percent, sizeof percent);
    s->mean = st_finding_vector(to, "mean", layers);
    s->deviation = st_finding_vector(to, "deviation", layers);
    s->percentiles = st_finding_matrix(to, "percentiles", layers, PERCENTILES);
    s->zeros = st_finding_vector(to, "zero_share", layers);
    s->units = st_finding_vector(to, "units", layers);
    s->dead = st_finding_vector(to, "dead_share", layers);
    s->flat = st_finding_vector(to, "saturated_share", layers);
    s->flat_low = st_finding_vector(to, "saturation_low", layers);
    s->flat_mid = st_finding_vector(to, "saturation_mid", layers);
    s->flat_high = st_finding_vector(to, "saturation_high", layers);
    s->low = st_finding_vector(to, "low", layers);
    s->high = st_finding_vector(to, "high", layers);
    s->histogram = st_finding_matrix(to, "histogram", layers, BINS);
    s->nonfinite = st_finding_vector(to, "nonfinite", layers);
    return st_finding_done(to, error);
}

/* Counts what is finite in BINS equal bins of [low, high], the last one closed; a value on an edge is of the
 * bin above it (NumPy's). */
static void count_bins(const double *v, int64_t count, double low, double high, double bins[BINS]) {
    double width = (high - low) / BINS, scale = width > 0 ? 1 / width : 0, edge[BINS + 1];
    int64_t counted[BINS] = {0};
    for (int b = 0; b <= BINS; b++)
        edge[b] = low + b * width;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(v[i])) continue;
        int bin = width > 0 ? (int)((v[i] - low) * scale) : BINS / 2;
        if (bin > BINS - 1) bin = BINS - 1;
        if (width > 0) bin += (bin < BINS - 1 && v[i] >= edge[bin + 1]) - (v[i] < edge[bin]);
        counted[bin]++;
    }
    for (int b = 0; b < BINS; b++)
        bins[b] = (double)counted[b];
}

/* Mean, deviation (of the whole, not of a sample), range, percentiles: of the values that are finite. */
static bool spread_values(const Spread *s, int layer, const double *y, int64_t count, StError *error) {
    int64_t finite = 0, zeros = 0;
    double sum = 0, squares = 0, *percentile = s->percentiles + (ptrdiff_t)layer * PERCENTILES;
    for (int64_t i = 0; i < count; i++) {
        zeros += y[i] == 0;
        finite += isfinite(y[i]) != 0;
        sum += isfinite(y[i]) ? y[i] : 0;
    }
    s->nonfinite[layer] = (double)(count - finite);
    s->zeros[layer] = (double)zeros / (double)count;
    if (finite == 0) return true;
    double mean = sum / (double)finite;
    for (int64_t i = 0; i < count; i++)
        squares += isfinite(y[i]) ? (y[i] - mean) * (y[i] - mean) : 0;
    s->mean[layer] = mean;
    s->deviation[layer] = sqrt(squares / (double)finite);
    if (!st_percentiles(y, count, percent, PERCENTILES, percentile, error)) return false;
    s->low[layer] = percentile[0];
    s->high[layer] = percentile[PERCENTILES - 1];
    count_bins(y, count, s->low[layer], s->high[layer], s->histogram + (ptrdiff_t)layer * BINS);
    return true;
}

/* Whether a unit gives more than 0 anywhere. */
static bool fires(const StStep *step, int64_t rows, int64_t unit) {
    for (int64_t i = unit; i < rows * step->out_size; i += units_of(step))
        if (step->y[i] > 0) return true;
    return false;
}

static void spread_ends(const Spread *s, int layer, const StStep *step, int64_t rows) {
    const char *name = ends_in(step);
    bool sigmoid = strcmp(name, "sigmoid") == 0, tanh = strcmp(name, "tanh") == 0;
    int64_t units = units_of(step), count = rows * step->out_size;
    s->units[layer] = (double)units;
    if (strcmp(name, "relu") == 0) {
        int64_t dead = 0;
        for (int64_t unit = 0; unit < units; unit++)
            dead += !fires(step, rows, unit);
        s->dead[layer] = (double)dead / (double)units;
    }
    if (!sigmoid && !tanh) return;
    double low = sigmoid ? SIGMOID_LOW : -TANH_HIGH, high = sigmoid ? SIGMOID_HIGH : TANH_HIGH;
    int64_t under = 0, over = 0;
    for (int64_t i = 0; i < count; i++) {
        under += step->y[i] < low;
        over += step->y[i] > high;
    }
    s->flat_low[layer] = (double)under / (double)count;
    s->flat_high[layer] = (double)over / (double)count;
    s->flat[layer] = (double)(under + over) / (double)count;
    s->flat_mid[layer] = (double)(count - under - over) / (double)count;
}

static bool run_layers(StJob *job, StError *error) {
    StLens *lens = job->lens;
    Spread spread = {0};
    int64_t rows;
    if (!st_study_rows(job, -1, &rows, error)) return false;
    bool done = make_spread(job, &spread, error);
    if (done) st_lens_forward(lens, rows, false);
    for (int i = 0; done && i < lens->layers; i++) {
        const StStep *step = st_lens_layer(lens, i);
        spread_ends(&spread, i, step, rows);
        done = spread_values(&spread, i, step->y, rows * step->out_size, error) &&
               st_job_go_on(job, (double)(i + 1) / lens->layers, error);
    }
    if (!done) return false;
    st_finding_note(job->finding, "thresholds",
                    "dead: a relu unit whose greatest output is 0 or less; saturated: sigmoid below 0.05 or "
                    "above 0.95, tanh below -0.95 or above 0.95");
    return st_finding_done(job->finding, error);
}

const StStudy st_study_activations_layers = {
    .group = "activations",
    .name = "layers",
    .title = "Layers",
    .what = "how the outputs of each layer are spread",
    .bad = "units that never fire, outputs at flat ends, spread lost layer by layer",
    .formula = "percentiles 0 6.68 15.87 30.85 50 69.15 84.13 93.32 100 %; dead: max a ≤ 0; "
               "saturated: σ∉[.05,.95], |tanh|>.95",
    .plain = "percentiles 0 6.68 15.87 30.85 50 69.15 84.13 93.32 100 %; dead: max a <= 0; saturated: "
             "sigmoid a<.05, a>.95; tanh |a|>.95",
    .cost = "1 F",
    .tag = ST_MEASURED,
    .run = run_layers,
};

/* ---- the layer that is meant ---- */

typedef bool (*Fits)(const StLens *lens, int layer);

static int first_that(const StLens *lens, Fits fits) {
    for (int i = 0; i < lens->layers; i++)
        if (fits(lens, i)) return i;
    return -1;
}

/* The layer asked for, or the first that fits; -1 with "3 flatten has no …: 1 conv2d has". */
static int choose_layer(const StJob *job, Fits fits, const char *what, StError *error) {
    const StLens *lens = job->lens;
    int layer = job->ask->layer, first = first_that(lens, fits);
    char asked[ST_LAYER_LABEL], other[ST_LAYER_LABEL];
    if (layer < 0 && first >= 0) return first;
    if (layer >= 0 && layer < lens->layers && fits(lens, layer)) return layer;
    if (layer < 0 || layer >= lens->layers)
        st_fail(error, ST_ERR_VALUE, "layer %d: the stack has %d", layer + 1, lens->layers);
    else if (first < 0)
        st_fail(error, ST_ERR_STATE, "%s has no %s, and no other layer has",
                st_study_layer(lens, layer, asked), what);
    else
        st_fail(error, ST_ERR_STATE, "%s has no %s; %s has", st_study_layer(lens, layer, asked), what,
                st_study_layer(lens, first, other));
    return -1;
}

/* ---- units ---- */

static bool has_weights(const StLens *lens, int layer) {
    return lens->layer[layer].weights > 0;
}

static bool any_layer(const StLens *lens, int layer) {
    return layer < lens->layers;
}

typedef struct Units {
    double *rate, *max, *min, *mean, *deviation, *dead;
} Units;

static void read_unit(const Units *to, const StStep *step, int64_t rows, int64_t unit) {
    int64_t units = units_of(step), count = rows * step->out_size / units, fired = 0;
    double max = -INFINITY, min = INFINITY, sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        double a = step->y[i * units + unit];
        fired += a > 0;
        sum += a;
        max = a > max ? a : max;
        min = a < min ? a : min;
    }
    double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++)
        squares += (step->y[i * units + unit] - mean) * (step->y[i * units + unit] - mean);
    to->rate[unit] = (double)fired / (double)count;
    to->max[unit] = max;
    to->min[unit] = min;
    to->mean[unit] = mean;
    to->deviation[unit] = sqrt(squares / (double)count);
    if (strcmp(ends_in(step), "relu") == 0) to->dead[unit] = !(max > 0);
}

static bool run_units(StJob *job, StError *error) {
    StLens *lens = job->lens;
    StFinding *finding = job->finding;
    int64_t rows;
    bool own = job->ask->layer < 0 && first_that(lens, has_weights) >= 0;
    int layer = choose_layer(job, own ? has_weights : any_layer, "units", error);
    if (layer < 0 || !st_study_rows(job, -1, &rows, error)) return false;
    const StStep *step = st_lens_layer(lens, layer);
    int64_t units = units_of(step);
    st_study_say_layer(job, layer);
    st_finding_note(finding, "activation", "%s", ends_in(step));
    st_finding_count(finding, "units", units);
    st_finding_count(finding, "positions", step->out_size / units);
    Units to = {.rate = st_finding_vector(finding, "firing_rate", units),
                .max = st_finding_vector(finding, "max", units),
                .min = st_finding_vector(finding, "min", units),
                .mean = st_finding_vector(finding, "mean", units),
                .deviation = st_finding_vector(finding, "deviation", units),
                .dead = st_finding_vector(finding, "dead", units)};
    if (!st_finding_done(finding, error)) return false;
    st_lens_forward(lens, rows, false);
    int64_t dead = 0;
    for (int64_t unit = 0; unit < units; unit++) {
        read_unit(&to, step, rows, unit);
        dead += to.dead[unit] > 0;
        if (unit % 64 == 63 && !st_job_go_on(job, (double)unit / (double)units, error)) return false;
    }
    if (strcmp(ends_in(step), "relu") == 0) {
        st_finding_count(finding, "dead_units", dead);
        st_finding_fact(finding, "dead_share", (double)dead / (double)units);
    }
    return st_finding_done(finding, error);
}

const StStudy st_study_activations_units = {
    .group = "activations",
    .name = "units",
    .title = "Units",
    .what = "one cell a unit, the stronger the oftener it fires; a dot: it never does",
    .bad = "many dots: dead units, which learn nothing any more",
    .formula = "firing rate: P(a > 0) over rows and positions; dead: max a ≤ 0",
    .plain = "firing rate: P(a > 0) over rows and positions; dead: max a <= 0",
    .cost = "1 F",
    .tag = ST_MEASURED,
    .run = run_units,
};

/* ---- feature maps ---- */

static bool has_image(const StLens *lens, int layer) {
    return st_lens_layer(lens, layer)->out.rank == 3;
}

static bool has_map(const StLens *lens, int layer) {
    return st_lens_layer(lens, layer)->out.rank >= 2;
}

static const char *no_maps(const StLens *lens) {
    return first_that(lens, has_map) < 0 ? "no layer here puts out an image or a sequence (conv2d does)"
                                         : NULL;
}

/* An array of the shape, filled with values. */
static void say_values(StFinding *finding, const char *name, const StShape *shape, const double *values) {
    double *out = st_finding_array(finding, name, shape);
    if (out) memcpy(out, values, (size_t)st_shape_size(shape) * sizeof *out);
}

/* The example through the network; it becomes `input`. */
static bool run_example(StJob *job, StError *error) {
    if (!st_lens_example(job, error)) return false;
    st_finding_count(job->finding, "rows", 1);
    say_values(job->finding, "input", &st_network_info(job->lens->network)->input, st_lens_input(job->lens));
    st_lens_forward(job->lens, 1, false);
    st_finding_count(job->finding, "answer", st_lens_answer(job->lens, 0));
    return st_finding_done(job->finding, error);
}

static bool run_maps(StJob *job, StError *error) {
    StLens *lens = job->lens;
    StFinding *finding = job->finding;
    int layer =
        choose_layer(job, first_that(lens, has_image) >= 0 && job->ask->layer < 0 ? has_image : has_map,
                     "feature maps", error);
    if (layer < 0 || !run_example(job, error)) return false;
    const StStep *step = st_lens_layer(lens, layer);
    int64_t filters = units_of(step), places = step->out_size / filters;
    st_study_say_layer(job, layer);
    say_values(finding, "maps", &step->out, step->y);
    double *mean = st_finding_vector(finding, "mean", filters);
    double *max = st_finding_vector(finding, "max", filters);
    if (!st_finding_done(finding, error)) return false;
    for (int64_t f = 0; f < filters; f++) {
        double sum = 0, most = -INFINITY;
        for (int64_t i = 0; i < places; i++) {
            sum += step->y[i * filters + f];
            most = fmax(most, step->y[i * filters + f]);
        }
        mean[f] = sum / (double)places;
        max[f] = most;
    }
    return true;
}

const StStudy st_study_activations_maps = {
    .group = "activations",
    .name = "maps",
    .title = "Feature maps",
    .what = "what each filter of the layer makes of the example, as an image",
    .bad = "maps that are empty for every example, or all alike",
    .formula = "a[i, j, filter] of one row",
    .plain = "a[i, j, filter] of one row",
    .cost = "1 F of 1 row",
    .tag = ST_MEASURED,
    .missing = no_maps,
    .run = run_maps,
};

/* ---- filters ---- */

/* The kernel of a convolution that looks at windows; NULL: it has none. */
static const StTensor *kernel_of(const StLens *lens, int layer) {
    for (int t = 0; t < lens->tensors; t++)
        if (lens->tensor[t].layer == layer && lens->tensor[t].shape.rank >= 3 &&
            st_is_matrix(&lens->tensor[t]))
            return &lens->tensor[t];
    return NULL;
}

static bool has_kernel(const StLens *lens, int layer) {
    return kernel_of(lens, layer) != NULL;
}

static const char *no_kernels(const StLens *lens) {
    return first_that(lens, has_kernel) < 0 ? "there is no convolution in the stack" : NULL;
}

/* Kernels lie in as many ways as there are kinds; [kh, kw, in, filters] for all of them: depthwise ones
 * [kh, kw, in, multiplier] have a channel alone, transposed ones are [kh, kw, filters, in]. */
typedef struct Kernel {
    StShape shape;
    int64_t window, in, filters;
    bool turned;
} Kernel;

static Kernel shape_of(const StLens *lens, int layer, const StTensor *tensor) {
    const char *kind = st_lens_layer(lens, layer)->kind->name;
    Kernel k = {.shape = tensor->shape, .turned = strstr(kind, "transpose") != NULL};
    int last = k.shape.rank - 1;
    int64_t *dim = k.shape.dim, held = dim[last];
    if (strstr(kind, "depthwise") || strstr(tensor->name, "depthwise_kernel")) {
        dim[last] *= dim[last - 1];
        dim[last - 1] = 1;
    } else if (k.turned) {
        dim[last] = dim[last - 1];
        dim[last - 1] = held;
    }
    k.in = dim[last - 1], k.filters = dim[last];
    k.window = tensor->size / (k.in * k.filters);
    return k;
}

static bool run_filters(StJob *job, StError *error) {
    StLens *lens = job->lens;
    StFinding *finding = job->finding;
    int layer = choose_layer(job, has_kernel, "filters", error);
    if (layer < 0) return false;
    const StTensor *tensor = kernel_of(lens, layer);
    Kernel k = shape_of(lens, layer, tensor);
    const double *w = lens->weights + tensor->offset;
    st_study_say_layer(job, layer);
    st_finding_note(finding, "weight", "%s", tensor->name);
    double *out = st_finding_array(finding, "filters", &k.shape);
    double *norm = st_finding_vector(finding, "norm", k.filters);
    if (!st_finding_done(finding, error)) return false;
    for (int64_t f = 0; f < k.filters; f++)
        norm[f] = 0;
    for (int64_t i = 0; i < k.window * k.in; i++)
        for (int64_t f = 0; f < k.filters; f++) {
            int64_t from = k.turned ? (i / k.in * k.filters + f) * k.in + i % k.in : i * k.filters + f;
            out[i * k.filters + f] = w[from];
            norm[f] += w[from] * w[from];
        }
    for (int64_t f = 0; f < k.filters; f++)
        norm[f] = sqrt(norm[f]);
    return true;
}

const StStudy st_study_activations_filters = {
    .group = "activations",
    .name = "filters",
    .title = "Filters",
    .what = "the kernels of a convolution as images: what each filter looks for",
    .bad = "noise after long training, filters that are alike, or empty ones",
    .formula = "W[i, j, channel, filter]",
    .plain = "W[i, j, channel, filter]",
    .cost = "1 pass",
    .tag = ST_MEASURED,
    .missing = no_kernels,
    .run = run_filters,
};

/* ---- states ---- */

static bool is_recurrent(const StLens *lens, int layer) {
    const StStep *step = st_lens_layer(lens, layer);
    return step->in.rank == 2 && st_is_recurrent(step->kind, step->options);
}

static const char *no_states(const StLens *lens) {
    return first_that(lens, is_recurrent) < 0 ? "there is no recurrent layer in the stack (simple_rnn, lstm "
                                                "or gru; attention is not known yet)"
                                              : NULL;
}

static bool set_switch(StStack *stack, int layer, const char *name, const char *value, StError *error) {
    char text[64], names[64], values[8];
    snprintf(text, sizeof text, "%s=%s", name, value);
    snprintf(names, sizeof names, "%s", name);
    snprintf(values, sizeof values, "%s", value);
    StWord word = {.text = text, .name = names, .value = values};
    return st_stack_set(stack, layer, &word, 1, error);
}

/* The network up to the layer, which gives its outputs of all steps; with the lens's weights. A masked step
 * keeps the state of the one before. */
static StNetwork *make_twin(const StLens *lens, int layer, StError *error) {
    StStack stack;
    if (!st_stack_copy(&stack, lens->plan.stack, error)) return NULL;
    bool done = true;
    while (done && stack.count > layer + 1)
        done = st_stack_remove(&stack, stack.count - 1, error);
    done = done && set_switch(&stack, layer, "return_sequences", "yes", error) &&
           set_switch(&stack, layer, "zero_output_for_mask", "no", error);
    StNetworkPlan plan = {.input = &st_network_info(lens->network)->input, .rows = 1};
    StNetwork *twin = done ? st_network_create(&stack, &plan, error) : NULL;
    st_stack_free(&stack);
    if (!twin) return NULL;
    int64_t total;
    double *weights = st_network_weights(twin, &total);
    memcpy(weights, lens->weights, (size_t)total * sizeof *weights);
    memcpy(st_network_input(twin), st_lens_input((StLens *)lens), (size_t)lens->in_size * sizeof *weights);
    return twin;
}

/* One gate of an lstm at one step: f(x·W + h·U + b), [units]; its columns begin at gate · units. */
static void read_gate(const StStep *step, const StCall *call, int gate, const double *x, const double *h,
                      double *out) {
    int64_t units = step->out.dim[1], wide = 4 * units, features = step->in.dim[1];
    const StRecurrent *options = step->options;
    for (int64_t j = 0; j < units; j++)
        out[j] = options->use_bias ? step->weight[ST_BIAS][gate * units + j] : 0;
    for (int64_t i = 0; i < features; i++)
        for (int64_t j = 0; j < units; j++)
            out[j] += x[i] * step->weight[ST_KERNEL][i * wide + gate * units + j];
    for (int64_t i = 0; h && i < units; i++)
        for (int64_t j = 0; j < units; j++)
            out[j] += h[i] * step->weight[ST_RECURRENT_KERNEL][i * wide + gate * units + j];
    st_activation_forward(call, out, out, 1, units);
}

/* What an lstm's cells remember behind each step, from its outputs: c = f·c + i·g. cells [steps][units]; room
 * [3 units]. */
static void read_cells(const StStep *step, double *cells, double *room) {
    enum { INPUT, FORGET, NEW };
    int64_t steps = step->out.dim[0], units = step->out.dim[1];
    const StRecurrent *o = step->options;
    for (int64_t s = 0; s < steps; s++) {
        int64_t t = o->go_backwards ? steps - 1 - s : s;
        const double *x = step->x + t * step->in.dim[1], *h = s > 0 ? step->y + (s - 1) * units : NULL;
        double *c = cells + s * units;
        for (int gate = INPUT; gate <= NEW; gate++)
            read_gate(step, gate == NEW ? &o->activation : &o->recurrent_activation, gate, x, h,
                      room + gate * units);
        bool masked = step->mask && step->mask_size == steps && step->mask[t] == 0;
        for (int64_t j = 0; j < units; j++) {
            double before = s > 0 ? c[j - units] : 0;
            c[j] = masked
                       ? before
                       : room[FORGET * units + j] * before + room[INPUT * units + j] * room[NEW * units + j];
        }
    }
}

static bool say_cells(StFinding *finding, const StStep *step, StError *error) {
    if (strcmp(step->kind->name, "lstm") != 0) return true;
    double *cells = st_finding_array(finding, "cells", &step->out);
    double *room = malloc((size_t)(3 * step->out.dim[1]) * sizeof *room);
    if (cells && room) read_cells(step, cells, room);
    free(room);
    return room != NULL || st_fail_memory(error, "an lstm's gates", (size_t)step->out.dim[1]);
}

static bool run_states(StJob *job, StError *error) {
    StLens *lens = job->lens;
    StFinding *finding = job->finding;
    int layer = choose_layer(job, is_recurrent, "states", error);
    if (layer < 0 || !run_example(job, error)) return false;
    StNetwork *twin = make_twin(lens, layer, error);
    if (!twin) return false;
    const StStep *step = st_network_step(twin, layer);
    const StRecurrent *options = step->kind->wraps ? st_wrapped_options(step->options) : step->options;
    st_network_forward(twin, &(StPass){.rows = 1});
    st_study_say_layer(job, layer);
    st_finding_count(finding, "steps", step->out.dim[0]);
    st_finding_count(finding, "units", step->out.dim[1]);
    st_finding_note(finding, "order", "%s",
                    options->go_backwards ? "from the last step to the first" : "in time");
    say_values(finding, "states", &step->out, step->y);
    bool done = say_cells(finding, step, error);
    st_network_destroy(twin);
    return done && st_finding_done(finding, error);
}

const StStudy st_study_activations_states = {
    .group = "activations",
    .name = "states",
    .title = "States",
    .what = "what a recurrent layer puts out step by step as it reads the example",
    .bad = "units that never move, or stand at their ends from the first steps on",
    .formula = "hₜ of one row, t = 1 … steps; of an lstm cₜ too, what its cells remember",
    .plain = "h(t) of one row, t = 1 ... steps; of an lstm c(t) too, what its cells remember",
    .cost = "1 F of 1 row",
    .tag = ST_MEASURED,
    .missing = no_states,
    .run = run_states,
};
