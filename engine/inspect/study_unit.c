#include "inspect/study_unit.h"

#include "inspect/study.h"
#include "layers/activation.h"
#include "layers/window.h"
#include "layers/wrapper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t st_unit_count(const StStep *step) {
    return step->out.dim[step->out.rank - 1];
}

/* ---- what kind of layer it is ---- */

typedef enum Sum {
    NO_SUM,
    DENSE,     /* of the last axis */
    WINDOW,    /* a filter over all channels of its group */
    DEPTHWISE, /* over one channel */
    DERIVED,   /* linear in its inputs: weights are ∂sum/∂x */
    ONE        /* an activation alone: the sum is its input */
} Sum;

/* name, how its units come about, and why they are no sums where they are not */
static const struct {
    const char *name;
    Sum sum;
    const char *why;
} kinds[] = {
    {"dense", DENSE, NULL},
    {"conv1d", WINDOW, NULL},
    {"conv2d", WINDOW, NULL},
    {"depthwise_conv1d", DEPTHWISE, NULL},
    {"depthwise_conv2d", DEPTHWISE, NULL},
    {"separable_conv1d", DERIVED, NULL},
    {"separable_conv2d", DERIVED, NULL},
    {"conv1d_transpose", DERIVED, NULL},
    {"conv2d_transpose", DERIVED, NULL},
    {"batch_normalization", DERIVED, NULL},
    {"normalization", DERIVED, NULL},
    {"rescaling", DERIVED, NULL},
    {"average_pooling1d", DERIVED, NULL},
    {"average_pooling2d", DERIVED, NULL},
    {"global_average_pooling1d", DERIVED, NULL},
    {"global_average_pooling2d", DERIVED, NULL},
    {"activation", ONE, NULL},
    {"relu", ONE, NULL},
    {"leaky_relu", ONE, NULL},
    {"elu", ONE, NULL},
    {"softmax", ONE, NULL},
    {"prelu", NO_SUM, "prelu: its input where that is above 0, else a learnt slope times it"},
    {"embedding", NO_SUM, "an embedding looks its outputs up in a table, a row for each word"},
    {"simple_rnn", NO_SUM, "a recurrent unit sums over its inputs and its own past, step after step"},
    {"lstm", NO_SUM, "a unit of an LSTM is a cell with three gates, each a sum of its own at every step"},
    {"gru", NO_SUM, "a unit of a GRU mixes its past and a candidate by two gates, each a sum of its own"},
    {"bidirectional", NO_SUM, "its units are those of two recurrent layers, one forwards, one backwards"},
    {"max_pooling1d", NO_SUM, "the greatest of what lies under its window, not a sum"},
    {"max_pooling2d", NO_SUM, "the greatest of what lies under its window, not a sum"},
    {"global_max_pooling1d", NO_SUM, "the greatest of all positions, not a sum"},
    {"global_max_pooling2d", NO_SUM, "the greatest of all positions, not a sum"},
    {"layer_normalization", NO_SUM, "its inputs minus their mean over their deviation, new for every row"},
    {"group_normalization", NO_SUM, "its inputs minus their mean over their deviation, new for every row"},
    {"rms_normalization", NO_SUM, "its inputs over their root mean square, which is new for every row"},
    {"unit_normalization", NO_SUM, "its inputs over their norm, which is new for every row"},
};

static const StLayerKind *kind_of(const StStep *step, const void **options) {
    *options = step->options;
    if (strcmp(step->kind->name, "time_distributed") != 0) return step->kind;
    const StLayerKind *wrapped = st_wrapped_kind(step->options);
    *options = st_wrapped_options(step->options);
    return wrapped;
}

static Sum sum_of(const StStep *step, const char **why) {
    const void *options;
    const StLayerKind *kind = kind_of(step, &options);
    *why = "it passes its inputs on, moved or thinned out, without a sum of its own";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, kind->name) != 0) continue;
        *why = kinds[i].why;
        if (strcmp(kind->name, "softmax") == 0 && !kind->activation(options)) {
            *why = "a softmax over other axes than the last: positive, and 1 in sum over those";
            return NO_SUM;
        }
        bool inside = kind != step->kind && kinds[i].sum != DENSE && kinds[i].sum != ONE;
        return inside && kinds[i].sum != NO_SUM ? DERIVED : kinds[i].sum;
    }
    return NO_SUM;
}

/* ---- options, by their names ---- */

static const void *option_of(const StLayerKind *kind, const void *options, const char *name) {
    for (const StOption *row = kind->options; row && row->name; row++)
        if (strcmp(row->name, name) == 0) return (const char *)options + row->offset;
    return NULL;
}

static double number_of(const StLayerKind *kind, const void *options, const char *name) {
    const double *value = option_of(kind, options, name);
    return value ? *value : 0;
}

static StSize size_of(const StLayerKind *kind, const void *options, const char *name, int axes) {
    const int *value = option_of(kind, options, name);
    return (StSize){{value ? value[0] : 1, value ? value[axes - 1] : 1}};
}

/* The activation that the layer ends in, with its parameters. */
static bool activation_of(const StStep *step, StCall *call) {
    const void *options;
    const StLayerKind *kind = kind_of(step, &options);
    const StCall *given = option_of(kind, options, "activation");
    *call = (StCall){0};
    if (given) {
        *call = *given;
    } else if (strcmp(kind->name, "relu") == 0) {
        *call = (StCall){st_choice_find(st_activations, "relu"),
                         {number_of(kind, options, "negative_slope"), number_of(kind, options, "max_value"),
                          number_of(kind, options, "threshold")}};
    } else if (strcmp(kind->name, "leaky_relu") == 0) {
        *call = (StCall){st_choice_find(st_activations, "leaky_relu"),
                         {number_of(kind, options, "negative_slope")}};
    } else if (strcmp(kind->name, "elu") == 0) {
        *call = (StCall){st_choice_find(st_activations, "elu"), {number_of(kind, options, "alpha")}};
    } else if (strcmp(kind->name, "softmax") == 0) {
        *call = (StCall){.kind = st_choice_find(st_activations, "softmax")};
    }
    return call->kind > 0;
}

/* ---- inputs and weights ---- */

static bool make_room(StUnit *u, int64_t count, bool kernel, StError *error) {
    size_t bytes = (size_t)(count ? count : 1) * sizeof *u->x;
    u->count = count;
    u->x = malloc(bytes);
    u->w = malloc(bytes);
    u->at = kernel ? malloc(bytes) : NULL;
    if (u->x && u->w && (u->at || !kernel)) return true;
    return st_fail_memory(error, "a unit's inputs", 3 * bytes);
}

/* The lens's tensor that is a layer's weight of this name; -1: none. */
static int tensor_of(const StLens *lens, int layer, const char *name) {
    size_t length = strlen(name);
    for (int i = 0; i < lens->tensors; i++) {
        size_t whole = strlen(lens->tensor[i].name);
        if (lens->tensor[i].layer == layer && whole > length &&
            strcmp(lens->tensor[i].name + whole - length, name) == 0)
            return i;
    }
    return -1;
}

static void take_bias(const StLens *lens, StUnit *u) {
    u->own_bias = tensor_of(lens, u->step->layer, "/bias");
    u->has_bias = u->own_bias >= 0;
    if (u->has_bias) u->bias = lens->weights[lens->tensor[u->own_bias].offset + u->unit];
}

static bool read_dense(const StLens *lens, StUnit *u, StError *error) {
    int64_t inputs = u->step->in.dim[u->step->in.rank - 1];
    u->kernel = tensor_of(lens, u->step->layer, "/kernel");
    if (!make_room(u, inputs, true, error)) return false;
    const double *kernel = lens->weights + lens->tensor[u->kernel].offset;
    for (int64_t i = 0; i < inputs; i++) {
        u->x[i] = u->step->x[u->place * inputs + i];
        u->at[i] = i * u->units + u->unit;
        u->w[i] = kernel[u->at[i]];
    }
    return true;
}

/* The window of a convolution; axes: 1 or 2. */
static StWindow window_of(const StStep *step, const StShape *kernel, int axes) {
    StWindow window;
    const int *padding = option_of(step->kind, step->options, "padding");
    StSize size = {{(int)kernel->dim[0], (int)kernel->dim[axes - 1]}};
    st_window_image(&window, &step->in, axes, NULL);
    st_window_set(&window, &step->in, size, size_of(step->kind, step->options, "strides", axes),
                  size_of(step->kind, step->options, "dilation_rate", axes));
    st_window_fit(&window, padding ? *padding : ST_PADDING_VALID, NULL);
    return window;
}

/* A filter's patch: all channels of its group, or of depthwise ones a single channel. */
static bool read_window(const StLens *lens, StUnit *u, bool depthwise, StError *error) {
    u->kernel = tensor_of(lens, u->step->layer, "/kernel");
    const StTensor *tensor = &lens->tensor[u->kernel];
    int axes = tensor->shape.rank - 2;
    StWindow window = window_of(u->step, &tensor->shape, axes);
    int64_t within = tensor->shape.dim[axes], last = tensor->shape.dim[axes + 1];
    int64_t channels = depthwise ? 1 : within, groups = window.channels / channels;
    int64_t channel = depthwise ? u->unit / last : u->unit / (u->units / groups) * channels;
    int64_t patch = window.kernel[0] * window.kernel[1] * channels;
    if (!make_room(u, patch, true, error)) return false;
    StBand band = {.first = u->place, .count = 1, .channel = channel, .channels = channels, .to = patch};
    st_window_gather(&window, &band, u->step->x, u->x);
    for (int64_t i = 0; i < patch; i++) {
        u->at[i] = depthwise ? (i * within + channel) * last + u->unit % last : i * last + u->unit;
        u->w[i] = lens->weights[tensor->offset + u->at[i]];
    }
    for (int a = 0; a < axes; a++)
        u->filter[a] = tensor->shape.dim[a];
    u->filter[axes] = channels;
    return true;
}

/* One pass of the layer alone over row 0. */
static bool run_alone(const StStep *step, bool back, StError *error) {
    int64_t size = step->kind->scratch ? step->kind->scratch(step->options, &step->in, &step->out) : 0;
    double *scratch = calloc((size_t)(size > 0 ? size : 1), sizeof *scratch);
    if (!scratch) return st_fail_memory(error, "a layer's scratch", (size_t)size * sizeof *scratch);
    StPass pass = {.rows = 1, .batch = 1, .lanes = 1, .z = !back, .dz = back, .scratch = scratch};
    (back ? step->kind->backward : step->kind->forward)(step, &pass);
    free(scratch);
    return true;
}

/* Of a layer that is linear in its inputs: the weights are the gradient of the sum, the bias is what it gives
 * for nothing but zeros. Inputs that do not count (weight 0) are left out. */
static bool read_derived(StUnit *u, StError *error) {
    const StStep *step = u->step;
    int64_t n = step->in_size, chosen = u->place * u->units + u->unit, count = 0;
    double *x = (double *)step->x, *kept = malloc((size_t)n * sizeof *kept);
    if (!kept || !step->dx) {
        free(kept);
        return st_fail_memory(error, "a unit's inputs", (size_t)n * sizeof *kept);
    }
    memcpy(kept, x, (size_t)n * sizeof *kept);
    memset(x, 0, (size_t)n * sizeof *x);
    bool done = run_alone(step, false, error);
    u->bias = step->y[chosen];
    memcpy(x, kept, (size_t)n * sizeof *kept);
    free(kept);
    memset(step->dy, 0, (size_t)step->out_size * sizeof *step->dy);
    step->dy[chosen] = 1;
    done = done && run_alone(step, true, error);
    for (int64_t i = 0; done && i < n; i++)
        count += step->dx[i] != 0;
    if (!done || !make_room(u, count, false, error)) return false;
    u->from = malloc((size_t)(count ? count : 1) * sizeof *u->from);
    if (!u->from) return st_fail_memory(error, "a unit's inputs", (size_t)count * sizeof *u->from);
    count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (step->dx[i] == 0) continue;
        u->x[count] = step->x[i];
        u->from[count] = i;
        u->w[count++] = step->dx[i];
    }
    u->derived = true;
    return true;
}

static bool read_one(StUnit *u, StError *error) {
    if (!make_room(u, 1, false, error)) return false;
    u->x[0] = u->step->x[u->place * u->units + u->unit];
    u->w[0] = 1;
    return true;
}

static void find_place(StUnit *u) {
    const double *y = u->step->y + u->unit;
    u->place = 0;
    for (int64_t p = 1; p < u->positions; p++)
        if (y[p * u->units] > y[u->place * u->units]) u->place = p;
    u->output = y[u->place * u->units];
}

bool st_unit_read(StLens *lens, int layer, int64_t unit, StUnit *u, StError *error) {
    const StStep *step = st_lens_layer(lens, layer);
    *u = (StUnit){
        .step = step, .unit = unit, .units = st_unit_count(step), .kernel = -1, .own_bias = -1, .sum = NAN};
    u->positions = step->out_size / u->units;
    find_place(u);
    u->bends = activation_of(step, &u->activation);
    Sum sum = sum_of(step, &u->why);
    if (sum == NO_SUM) return true;
    if (sum != ONE && sum != DERIVED) take_bias(lens, u);
    bool done = sum == DENSE     ? read_dense(lens, u, error)
                : sum == DERIVED ? read_derived(u, error)
                : sum == ONE     ? read_one(u, error)
                                 : read_window(lens, u, sum == DEPTHWISE, error);
    if (!done) return false;
    u->sum = u->bias;
    for (int64_t i = 0; i < u->count; i++)
        u->sum += u->w[i] * u->x[i];
    return true;
}

void st_unit_free(StUnit *unit) {
    free(unit->x);
    free(unit->w);
    free(unit->from);
    free(unit->at);
    *unit = (StUnit){0};
}

/* ---- its activation ---- */

static bool is_of_a_row(const StCall *call) {
    const char *name = st_activations[call->kind].name;
    return strstr(name, "softmax") || strcmp(name, "sparsemax") == 0;
}

bool st_unit_curve(StLens *lens, const StUnit *u, const double *z, double *y, int64_t count) {
    (void)lens;
    if (!is_of_a_row(&u->activation)) {
        st_activation_forward(&u->activation, y, z, count, 1);
        return true;
    }
    double *row = malloc((size_t)u->units * sizeof *row), *sums = malloc((size_t)u->units * sizeof *sums);
    bool done = row && sums && run_alone(u->step, false, NULL);
    if (done) memcpy(sums, u->step->y + u->place * u->units, (size_t)u->units * sizeof *sums);
    for (int64_t i = 0; done && i < count; i++) {
        memcpy(row, sums, (size_t)u->units * sizeof *row);
        row[u->unit] = z[i];
        st_activation_forward(&u->activation, row, row, 1, u->units);
        y[i] = row[u->unit];
    }
    free(row);
    free(sums);
    return done;
}

/* ---- which layer ---- */

int st_unit_layer(const StLens *lens) {
    int weighty = -1;
    for (int i = 0; i < lens->layers; i++) {
        const char *why;
        Sum sum = sum_of(st_lens_layer(lens, i), &why);
        if (sum == DENSE || sum == WINDOW || sum == DEPTHWISE) return i;
        if (weighty < 0 && lens->layer[i].weights > 0) weighty = i;
    }
    return weighty < 0 ? 0 : weighty;
}

bool st_unit_sees_input(const StLens *lens, int layer) {
    for (int i = 0; i < layer; i++) {
        const StStep *step = st_lens_layer(lens, i);
        bool mixes = strcmp(step->kind->name, "permute") == 0;
        for (int w = 0; w < lens->layer[i].weights; w++)
            mixes = mixes || lens->layer[i].weight[w].shape.rank > 1;
        if (mixes || step->out_size != lens->in_size || strstr(step->kind->name, "softmax")) return false;
    }
    return true;
}

/* ---- many rows ---- */

static bool run_lot(StJob *job, int64_t rows, int layer, StTakeOutputs take, void *context, double at,
                    StError *error) {
    StPass pass = {.rows = rows};
    st_network_until(job->lens->network, &pass, layer + 1);
    take(context, job->lens, rows);
    return st_job_go_on(job, at, error);
}

enum { PIECE_FLOPS = 1 << 26 /* of one lot: some milliseconds of one core in double */ };

/* Operations of a row on its way through the layers up to `layer`. */
static int64_t flops_of(const StLens *lens, int layer) {
    int64_t flops = 1;
    for (int i = 0; i <= layer; i++)
        flops = st_plus(flops, lens->layer[i].flops + st_lens_layer(lens, i)->out_size);
    return flops > 0 ? flops : INT64_MAX;
}

static int64_t lot_of(const StLens *lens, int layer) {
    int64_t rows = PIECE_FLOPS / flops_of(lens, layer);
    return rows < 1 ? 1 : rows > ST_LENS_ROWS ? ST_LENS_ROWS : rows;
}

int64_t st_unit_sample(const StJob *job, int layer, int64_t standard) {
    enum { LEAST = 32, LIVE_FLOPS = 1 << 28 };
    if (job->ask->count > 0) return job->ask->count;
    int64_t rows = job->go_on ? LIVE_FLOPS / flops_of(job->lens, layer) : standard;
    return rows < LEAST ? LEAST : rows > standard ? standard : rows;
}

bool st_unit_rows(StJob *job, StPart part, const int64_t *index, int64_t count, int layer, StTakeOutputs take,
                  void *context, double done[2], StError *error) {
    int64_t lot = lot_of(job->lens, layer);
    for (int64_t first = 0; first < count; first += lot) {
        int64_t rows = count - first < lot ? count - first : lot;
        double share = (double)(first + rows) / (double)count;
        st_lens_gather(job->lens, part, index, first, rows);
        if (!run_lot(job, rows, layer, take, context, done[0] + share * (done[1] - done[0]), error))
            return false;
    }
    return true;
}

static void widen(double low, double high, double *from, double *to) {
    double margin = high > low ? 0.06 * (high - low) : 1;
    *from = low - margin;
    *to = high + margin;
}

StPlane st_plane_of(const StDataset *dataset, int rows, int columns) {
    StPlane plane = {.rows = rows, .columns = columns};
    int axis = 0;
    for (int i = 0; i < st_dataset_columns(dataset); i++) {
        const StColumnInfo *column = st_dataset_column(dataset, i);
        if (column->target) continue;
        if (axis == 0) widen(column->min, column->max, &plane.x1_low, &plane.x1_high);
        if (axis == 1) widen(column->min, column->max, &plane.x2_low, &plane.x2_high);
        axis++;
    }
    return plane;
}

bool st_plane_rows(StJob *job, const StPlane *plane, int layer, StTakeOutputs take, void *context,
                   double done[2], StError *error) {
    StLens *lens = job->lens;
    int64_t points = (int64_t)plane->rows * plane->columns, lot = lot_of(lens, layer);
    for (int64_t first = 0; first < points; first += lot) {
        int64_t rows = points - first < lot ? points - first : lot;
        double share = (double)(first + rows) / (double)points;
        for (int64_t i = 0; i < rows; i++) {
            double column = (double)((first + i) % plane->columns),
                   row = (double)((first + i) / plane->columns);
            double x1 = plane->x1_low + (plane->x1_high - plane->x1_low) * (column + 0.5) / plane->columns;
            double x2 = plane->x2_high - (plane->x2_high - plane->x2_low) * (row + 0.5) / plane->rows;
            st_dataset_point(lens->plan.dataset, x1, x2, lens->stage + i * lens->in_size);
        }
        for (int64_t i = 0; i < rows * lens->in_size; i++)
            st_lens_input(lens)[i] = (double)lens->stage[i];
        if (!run_lot(job, rows, layer, take, context, done[0] + share * (done[1] - done[0]), error))
            return false;
    }
    return true;
}

void st_plane_say(StFinding *finding, const StPlane *plane) {
    st_finding_fact(finding, "x1_low", plane->x1_low);
    st_finding_fact(finding, "x1_high", plane->x1_high);
    st_finding_fact(finding, "x2_low", plane->x2_low);
    st_finding_fact(finding, "x2_high", plane->x2_high);
}
