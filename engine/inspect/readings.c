#include "inspect/readings.h"

#include "base/pool.h"
#include "base/thread.h"
#include "inspect/probe.h"
#include "math/vector.h"
#include "train/learner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROBE_ROWS = 256,
    SWEEPS_FIRST = 200, /* power iteration: at most so many times over the matrix at first, … */
    SWEEPS_AGAIN = 20,  /* … and with the vector of the last snapshot to begin with */
    SWEEPS_LEAST = 3
};
static const double SWEEP_WORK = 4e7; /* multiplications that all of them may take, the least number apart */
static const double SWEEP_TOLERANCE = 1e-6; /* relative change of σ₁ at which it ends */
static const double SIGMOID_LOW = 0.05, SIGMOID_HIGH = 0.95, TANH_HIGH = 0.95;

const StReadingKind st_reading_kinds[ST_READING_COUNT] = {
#define ST_READING_KIND(id, name, help, formula, plain, bad) {name, help, formula, plain, bad},
    ST_READINGS(ST_READING_KIND)
#undef ST_READING_KIND
};

/* ---- verdicts ---- */

const char *st_verdict_word(StVerdict verdict) {
    static const char *const words[] = {
        [ST_HEALTHY] = "healthy",     [ST_FAST] = "fast",           [ST_SLOW] = "slow",
        [ST_DEAD] = "dead",           [ST_SATURATED] = "saturated", [ST_VANISHING] = "vanishing",
        [ST_EXPLODING] = "exploding", [ST_UNTRAINED] = "untrained", [ST_UNKNOWN] = "unknown",
    };
    return (size_t)verdict < sizeof words / sizeof *words ? words[verdict] : "unknown";
}

/* What the rules look at beside the readings; stands behind them. 1 is yes. */
enum {
    RELATIVE = ST_READING_COUNT, /* the gradient norm over that of the last row, the output layer's: what
                                    backpropagation made of it on its way */
    GROWTH,                      /* norm over that at the start */
    BROKEN_WEIGHTS,              /* a value that is not finite: in the weights, … */
    BROKEN_GRADIENT,             /* … in their gradient, … */
    BROKEN_OUTPUT,               /* … in what the probe rows give */
    SAME_INPUT,                  /* every probe row comes here as the same numbers */
    FACTS
};

/* The first rule that holds is the verdict. A value that is not available holds nowhere. */
typedef struct Rule {
    StVerdict verdict;
    int value;
    bool above;
    double bound;
    const char *reason; /* of value × scale */
    double scale;
} Rule;

static const Rule rules[] = {
    {ST_EXPLODING, BROKEN_WEIGHTS, true, 0, "weights that are not finite", 1},
    {ST_EXPLODING, BROKEN_GRADIENT, true, 0, "a gradient that is not finite", 1},
    {ST_EXPLODING, GROWTH, true, 1e3, "norm grew ×%.2g", 1},
    {ST_EXPLODING, ST_READING_LARGEST, true, 1e6, "largest weight %.2g", 1},
    {ST_EXPLODING, ST_READING_RATIO, true, 1, "one step changed it by %.2g %%", 100},
    {ST_EXPLODING, RELATIVE, true, 1e3, "gradient %.1e × the output layer's", 1},
    {ST_EXPLODING, BROKEN_OUTPUT, true, 0, "outputs that are not finite", 1},
    {ST_DEAD, SAME_INPUT, true, 0, "its input is the same for every row: dead before it", 1},
    {ST_DEAD, ST_READING_DEAD, true, 0.5, "%.0f %% of its units never fire", 100},
    {ST_SATURATED, ST_READING_SATURATED, true, 0.5, "%.0f %% of its outputs are at their flat ends", 100},
    {ST_VANISHING, RELATIVE, false, 1e-3, "gradient %.1e × the output layer's", 1},
    {ST_FAST, ST_READING_RATIO, true, 1e-2, "changes by %.2g %% a step, healthy is up to 1 %%", 100},
    {ST_SLOW, ST_READING_RATIO, false, 1e-4, "changes by %.2g %% a step, healthy is from 0.01 %%", 100},
    {ST_HEALTHY, ST_READING_RATIO, true, -1, "changes by %.2g %% a step", 100},
};

/* "2.4e+09" becomes "2.4e9". */
static void plain_exponents(char *text) {
    for (char *at = text; (at = strstr(at, "e+")); at++) {
        size_t zeros = 1 + strspn(at + 2, "0");
        memmove(at + 1, at + 1 + zeros, strlen(at + zeros));
    }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats stand in the table above */
static void judge(StHealth *health, const double fact[FACTS], bool untrained) {
    health->verdict = untrained ? ST_UNTRAINED : ST_UNKNOWN;
    snprintf(health->reason, sizeof health->reason,
             untrained ? "as it was drawn" : "no step was observed yet");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const Rule *rule = &rules[i];
        double value = fact[rule->value];
        if (!(rule->above ? value > rule->bound : value < rule->bound)) continue;
        health->verdict = rule->verdict;
        snprintf(health->reason, sizeof health->reason, rule->reason, value * rule->scale);
        plain_exponents(health->reason);
        return;
    }
}
#pragma GCC diagnostic pop

/* ---- the inspector ---- */

typedef enum Ends { NO_ENDS, RELU, SIGMOID, TANH } Ends;

/* One row of the health table. */
typedef struct Row {
    int tensor;
    int output;   /* the layer whose output the row's weights end in, after its activation */
    Ends ends;    /* what is flat or dead about that */
    double start; /* its norm at the start */
    int64_t m, n; /* the matrix: n is the last axis */
    float *u, *v; /* [m], [n]: kept between calls */
    bool warm;
    double fact[FACTS]; /* of the last snapshot: the readings, and what else the rules look at */
} Row;

struct StInspector {
    StPool *pool;
    StLearner *learner; /* NULL: nothing was compiled; then probe_loss is not available */
    StNetwork *network; /* the learner's, or its own */
    const StDataset *dataset;
    const StTensor *tensor;
    int tensors;
    float *weights; /* [total], the network's */
    int64_t total;
    int64_t probe;  /* rows of the probe set */
    int64_t *index; /* [probe] in the training part */
    int count;
    Row *row;       /* [count] */
    float *vectors; /* all u and v */
    bool started;
};

bool st_is_matrix(const StTensor *tensor) {
    static const char *const ends[] = {"kernel", "embeddings"};
    size_t length = strlen(tensor->name);
    for (size_t i = 0; tensor->shape.rank >= 2 && i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (length >= end && strcmp(tensor->name + length - end, ends[i]) == 0) return true;
    }
    return false;
}

static bool makes_units(const StInspector *inspector, int layer) {
    for (int i = 0; i < inspector->tensors; i++)
        if (inspector->tensor[i].layer == layer && st_is_matrix(&inspector->tensor[i])) return true;
    return false;
}

/* What the weights of a layer end in: its own activation or, where that is linear, the one of the next layers
 * up to those that make other units. */
static void find_output(const StInspector *inspector, Row *row) {
    static const struct {
        const char *name;
        Ends ends;
    } known[] = {{"relu", RELU}, {"sigmoid", SIGMOID}, {"tanh", TANH}};
    const StTensor *tensor = &inspector->tensor[row->tensor];
    for (int layer = tensor->layer; layer < st_network_layers(inspector->network); layer++) {
        const StStep *step = st_network_step(inspector->network, layer);
        if (layer > tensor->layer && makes_units(inspector, layer)) return;
        const char *name = step->kind->activation ? step->kind->activation(step->options) : NULL;
        if (!name || strcmp(name, "linear") == 0) continue;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (strcmp(known[i].name, name) == 0) row->ends = known[i].ends;
        row->output = layer;
        return;
    }
}

static bool make_rows(StInspector *inspector, uint64_t seed, StError *error) {
    inspector->row = calloc((size_t)inspector->tensors + 1, sizeof *inspector->row);
    if (!inspector->row) return st_fail_memory(error, "the inspector's rows", (size_t)inspector->tensors);
    int64_t vectors = 0;
    for (int i = 0; i < inspector->tensors; i++) {
        const StTensor *tensor = &inspector->tensor[i];
        if (!st_is_matrix(tensor)) continue;
        Row *row = &inspector->row[inspector->count++];
        *row = (Row){.tensor = i, .n = tensor->shape.dim[tensor->shape.rank - 1], .start = NAN};
        row->m = tensor->size / row->n;
        vectors += row->m + row->n;
        find_output(inspector, row);
    }
    inspector->vectors = calloc((size_t)vectors + 1, sizeof(float));
    if (!inspector->vectors) return st_fail_memory(error, "the inspector's vectors", (size_t)vectors * 4);
    float *at = inspector->vectors;
    for (int i = 0; i < inspector->count; i++) {
        Row *row = &inspector->row[i];
        row->u = at;
        row->v = at + row->m;
        at += row->m + row->n;
        StRng rng = st_rng(seed, ST_STREAM_INSPECT, (uint64_t)row->tensor, 0);
        for (int64_t j = 0; j < row->n; j++)
            row->v[j] = (float)st_rng_normal(&rng);
    }
    return true;
}

static bool draw_probe(StInspector *inspector, uint64_t seed, StError *error) {
    int64_t fit = st_network_rows(inspector->network), rows = fit < PROBE_ROWS ? fit : PROBE_ROWS;
    inspector->index = malloc((size_t)rows * sizeof *inspector->index);
    inspector->probe =
        inspector->index ? st_probe_rows(inspector->dataset, ST_TRAIN, seed, rows, inspector->index) : -1;
    return inspector->probe >= 0 || st_fail_memory(error, "the probe set", (size_t)rows);
}

/* A learner measures the loss too. */
static bool make_network(StInspector *inspector, const StStack *stack, const StCompile *compile,
                         StError *error) {
    if (compile && compile->given && inspector->dataset) {
        StCompile plain = st_compile_loss_alone(compile);
        StLearnerPlan plan = {.stack = stack,
                              .compile = &plain,
                              .dataset = inspector->dataset,
                              .rows = PROBE_ROWS,
                              .pool = inspector->pool};
        inspector->learner = st_learner_create(&plan, error);
        inspector->network = inspector->learner ? st_learner_network(inspector->learner) : NULL;
    } else {
        StShape data = inspector->dataset ? st_dataset_x_shape(inspector->dataset) : (StShape){0};
        StNetworkPlan plan = {.input = stack->input.rank || !data.rank ? NULL : &data, .rows = PROBE_ROWS};
        inspector->network = st_network_create(stack, &plan, error);
    }
    return inspector->network != NULL;
}

StInspector *st_inspector_create(const StStack *stack, const StCompile *compile, const StDataset *dataset,
                                 uint64_t seed, StError *error) {
    StInspector *inspector = calloc(1, sizeof *inspector);
    if (!inspector) {
        st_fail_memory(error, "the inspector", sizeof *inspector);
        return NULL;
    }
    inspector->dataset = dataset;
    inspector->pool = st_pool_create(1, error);
    bool made = inspector->pool && make_network(inspector, stack, compile, error);
    if (made) {
        inspector->tensor = st_network_tensors(inspector->network, &inspector->tensors);
        inspector->weights = st_network_weights(inspector->network, &inspector->total);
        made = make_rows(inspector, seed, error) && draw_probe(inspector, seed, error);
    }
    if (made) return inspector;
    st_inspector_destroy(inspector);
    return NULL;
}

void st_inspector_destroy(StInspector *inspector) {
    if (!inspector) return;
    if (inspector->learner)
        st_learner_destroy(inspector->learner);
    else
        st_network_destroy(inspector->network);
    st_pool_destroy(inspector->pool);
    free(inspector->index);
    free(inspector->row);
    free(inspector->vectors);
    free(inspector);
}

/* ---- readings of weights ---- */

static double norm_of(const float *values, int64_t count) {
    return sqrt(st_vector_sum_squares(values, count));
}

static double change_of(const float *before, const float *after, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        double delta = (double)after[i] - before[i];
        sum += delta * delta;
    }
    return sqrt(sum);
}

/* x = x / ‖x‖; returns ‖x‖. */
static double normalize(float *x, int64_t count) {
    double norm = norm_of(x, count);
    if (norm > 0 && isfinite(norm)) st_vector_scale(x, x, (float)(1 / norm), count);
    return norm;
}

/* σ₁ of W [m, n]: v = Wᵀu/‖·‖, u = Wv/‖·‖, over and over; ‖Wv‖ of a unit v is σ₁ from below. */
static double spectral_norm(Row *row, const float *w) {
    int most = row->warm ? SWEEPS_AGAIN : SWEEPS_FIRST;
    double allowed = SWEEP_WORK / (double)(row->m * row->n), sigma = 0;
    if (most > allowed) most = allowed < SWEEPS_LEAST ? SWEEPS_LEAST : (int)allowed;
    normalize(row->v, row->n);
    for (int sweep = 0; sweep < most; sweep++) {
        for (int64_t i = 0; i < row->m; i++)
            row->u[i] = (float)st_vector_dot(w + i * row->n, row->v, row->n);
        double last = sigma;
        sigma = normalize(row->u, row->m);
        if (!(sigma > 0) || !isfinite(sigma)) return NAN;
        memset(row->v, 0, (size_t)row->n * sizeof(float));
        for (int64_t i = 0; i < row->m; i++)
            st_vector_axpy(row->v, row->u[i], w + i * row->n, row->n);
        normalize(row->v, row->n);
        if (fabs(sigma - last) <= SWEEP_TOLERANCE * sigma) break;
    }
    row->warm = true;
    return sigma;
}

static void read_weights(Row *row, const StTensor *tensor, const StSnapshot *snapshot, double *value) {
    const float *w = snapshot->weights.values + tensor->offset;
    double norm = norm_of(w, tensor->size);
    value[ST_READING_NORM] = norm;
    value[ST_READING_CHANGE] = row->start > 0 ? norm / row->start - 1 : NAN;
    value[ST_READING_RMS] = norm / sqrt((double)tensor->size);
    value[ST_READING_LARGEST] = (double)st_vector_max_absolute(w, tensor->size);
    double sigma = spectral_norm(row, w);
    value[ST_READING_SPECTRAL] = norm == 0 ? 0 : sigma; /* of a matrix of zeros it is known */
    value[ST_READING_STABLE_RANK] = norm * norm / (sigma * sigma);
    if (snapshot->gradients)
        value[ST_READING_GRADIENT] = norm_of(snapshot->gradients + tensor->offset, tensor->size);
    if (snapshot->before) {
        const float *before = snapshot->before + tensor->offset;
        double old = norm_of(before, tensor->size);
        value[ST_READING_RATIO] = old > 0 ? change_of(before, w, tensor->size) / old : NAN;
    }
}

/* ---- readings of activations ---- */

/* Shares of units (entries of the last axis) that no probe row fires. */
static double dead_share(const StStep *step, int64_t rows) {
    int64_t units = step->out.dim[step->out.rank - 1], values = rows * step->out_size, dead = 0;
    for (int64_t unit = 0; unit < units; unit++) {
        bool fires = false;
        for (int64_t i = unit; i < values && !fires; i += units)
            fires = step->y[i] > 0;
        dead += !fires;
    }
    return (double)dead / (double)units;
}

static double saturated_share(const StStep *step, int64_t rows, Ends ends) {
    int64_t values = rows * step->out_size, flat = 0;
    for (int64_t i = 0; i < values; i++) {
        double a = (double)step->y[i];
        flat += ends == TANH ? fabs(a) > TANH_HIGH : a < SIGMOID_LOW || a > SIGMOID_HIGH;
    }
    return (double)flat / (double)values;
}

static void read_outputs(const StInspector *inspector, const Row *row, double *value) {
    if (row->ends == NO_ENDS || inspector->probe == 0) return;
    const StStep *step = st_network_step(inspector->network, row->output);
    if (row->ends == RELU)
        value[ST_READING_DEAD] = dead_share(step, inspector->probe);
    else
        value[ST_READING_SATURATED] = saturated_share(step, inspector->probe, row->ends);
}

static void find_facts(const StInspector *inspector, Row *row, const StSnapshot *snapshot,
                       const StHealth *health) {
    const StTensor *tensor = &inspector->tensor[row->tensor];
    double *fact = row->fact;
    for (int i = 0; i < FACTS; i++)
        fact[i] = i < ST_READING_COUNT ? health->value[i] : NAN;
    fact[GROWTH] = fact[ST_READING_CHANGE] + 1;
    fact[BROKEN_WEIGHTS] = !st_vector_finite(snapshot->weights.values + tensor->offset, tensor->size);
    if (snapshot->gradients)
        fact[BROKEN_GRADIENT] = !st_vector_finite(snapshot->gradients + tensor->offset, tensor->size);
    if (inspector->probe < 2) return; /* one row is always the same */
    const StStep *step = st_network_step(inspector->network, tensor->layer);
    fact[BROKEN_OUTPUT] = !st_vector_finite(step->y, inspector->probe * step->out_size);
    bool same = true;
    for (int64_t i = 1; same && i < inspector->probe; i++)
        same = memcmp(step->x, step->x + i * step->in_size, (size_t)step->in_size * sizeof *step->x) == 0;
    fact[SAME_INPUT] = same;
}

/* Runs the probe set through the network, dropout off; returns its loss or NaN. */
static double run_probe(StInspector *inspector) {
    int64_t rows = inspector->probe;
    if (rows == 0) return NAN;
    st_dataset_gather_x(inspector->dataset, ST_TRAIN, inspector->index, 0, rows,
                        st_network_input(inspector->network));
    if (!inspector->learner) {
        StPass pass = {.rows = rows};
        st_network_run(inspector->network, rows, &pass, NULL);
        return NAN;
    }
    if (st_learner_sparse(inspector->learner))
        st_dataset_gather_labels(inspector->dataset, ST_TRAIN, inspector->index, 0, rows,
                                 st_learner_labels(inspector->learner));
    else
        st_dataset_gather_y(inspector->dataset, ST_TRAIN, inspector->index, 0, rows,
                            st_learner_target_size(inspector->learner),
                            st_learner_targets(inspector->learner));
    return st_learner_loss(inspector->learner, rows, false, 0);
}

/* ---- a whole snapshot ---- */

static bool take_weights(StInspector *inspector, const StWeightSet *set, StError *error) {
    bool same = set->count == inspector->tensors && set->total == inspector->total;
    for (int i = 0; same && i < set->count; i++)
        same = strcmp(set->tensor[i].name, inspector->tensor[i].name) == 0 &&
               st_shape_equal(&set->tensor[i].shape, &inspector->tensor[i].shape);
    if (!same) return st_fail(error, ST_ERR_SHAPE, "the snapshot is of another network than the inspector's");
    memcpy(inspector->weights, set->values, (size_t)set->total * sizeof(float));
    return true;
}

double st_inspector_loss(StInspector *inspector, const StWeightSet *weights, int64_t *rows) {
    *rows = inspector->probe;
    return take_weights(inspector, weights, NULL) ? run_probe(inspector) : NAN;
}

void st_inspector_set_start(StInspector *inspector, const StSnapshot *start) {
    if (start->weights.count != inspector->tensors || start->weights.total != inspector->total) return;
    for (int i = 0; i < inspector->count; i++) {
        const StTensor *tensor = &inspector->tensor[inspector->row[i].tensor];
        inspector->row[i].start = norm_of(start->weights.values + tensor->offset, tensor->size);
    }
    inspector->started = true;
}

static void fill_health(StInspector *inspector, Row *row, const StSnapshot *snapshot, StHealth *health) {
    const StTensor *tensor = &inspector->tensor[row->tensor];
    *health = (StHealth){.tensor = row->tensor, .layer = tensor->layer, .shape = tensor->shape};
    memcpy(health->name, tensor->name, sizeof health->name);
    for (int r = 0; r < ST_READING_COUNT; r++)
        health->value[r] = NAN;
    read_weights(row, tensor, snapshot, health->value);
    read_outputs(inspector, row, health->value);
    find_facts(inspector, row, snapshot, health);
}

/* √Σg² over every weight, biases included. */
static double global_gradient(const StSnapshot *snapshot) {
    return snapshot->gradients ? norm_of(snapshot->gradients, snapshot->weights.total) : NAN;
}

bool st_inspector_read(StInspector *inspector, const StSnapshot *snapshot, const atomic_bool *cancel,
                       StReadings *readings, StError *error) {
    double begun = st_seconds(CLOCK_THREAD_CPUTIME_ID);
    *readings = (StReadings){.step = snapshot->step, .epoch = snapshot->epoch, .run = snapshot->run};
    if (!take_weights(inspector, &snapshot->weights, error)) return false;
    if (!inspector->started && snapshot->step == 0) st_inspector_set_start(inspector, snapshot);
    readings->health = calloc((size_t)inspector->count + 1, sizeof *readings->health);
    if (!readings->health) return st_fail_memory(error, "readings", (size_t)inspector->count);
    readings->probe_loss = run_probe(inspector);
    readings->probe_rows = inspector->probe;
    readings->gradient_norm = global_gradient(snapshot);
    for (int i = 0; i < inspector->count; i++) {
        if (cancel && atomic_load(cancel)) {
            st_readings_free(readings);
            return st_fail(error, ST_ERR_STOPPED, "stopped on request");
        }
        fill_health(inspector, &inspector->row[i], snapshot, &readings->health[i]);
        readings->count = i + 1;
    }
    for (int i = 0; i < readings->count; i++) {
        double last = readings->health[readings->count - 1].value[ST_READING_GRADIENT];
        double *fact = inspector->row[i].fact;
        fact[RELATIVE] = last > 0 ? fact[ST_READING_GRADIENT] / last : NAN;
        judge(&readings->health[i], fact, snapshot->step == 0 && !snapshot->before);
    }
    readings->cost_seconds = st_seconds(CLOCK_THREAD_CPUTIME_ID) - begun;
    return true;
}

void st_readings_free(StReadings *readings) {
    free(readings->health);
    *readings = (StReadings){0};
}

/* ---- histogram and map ---- */

int st_inspector_outputs(const StInspector *inspector) {
    return (int)st_shape_size(&st_network_info(inspector->network)->output);
}

bool st_inspector_is_plane(const StInspector *inspector) {
    return inspector->dataset && st_dataset_is_plane(inspector->dataset);
}

void st_histogram(const float *values, int64_t count, int bins, StHistogram *out) {
    *out = (StHistogram){.bins = bins < 1 ? 1 : bins > 64 ? 64 : bins, .mean = NAN, .deviation = NAN};
    double low = INFINITY, high = -INFINITY, sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        double value = (double)values[i];
        if (!isfinite(value)) {
            out->nonfinite++;
            continue;
        }
        low = value < low ? value : low;
        high = value > high ? value : high;
        sum += value;
    }
    int64_t finite = count - out->nonfinite;
    if (finite == 0) return;
    out->low = low;
    out->high = high;
    out->mean = sum / (double)finite;
    double scale = high > low ? out->bins / (high - low) : 0;
    for (int64_t i = 0; i < count; i++) {
        double value = (double)values[i];
        if (!isfinite(value)) continue;
        squares += (value - out->mean) * (value - out->mean);
        int bin = (int)((value - low) * scale);
        out->count[bin < out->bins ? bin : out->bins - 1]++;
    }
    out->deviation = sqrt(squares / (double)finite);
}

bool st_inspector_map(StInspector *inspector, const StSnapshot *snapshot, double x1_low, double x1_high,
                      double x2_low, double x2_high, int columns, int rows, const atomic_bool *cancel,
                      float *out, StError *error) {
    if (!st_inspector_is_plane(inspector))
        return st_fail(error, ST_ERR_STATE, "the map wants a data set of two numeric columns");
    if (!take_weights(inspector, &snapshot->weights, error)) return false;
    StNetwork *network = inspector->network;
    int64_t inputs = st_shape_size(&st_network_info(network)->input);
    int64_t outputs = st_shape_size(&st_network_info(network)->output);
    int64_t most = st_network_rows(network), points = (int64_t)columns * rows;
    for (int64_t first = 0; first < points; first += most) {
        if (cancel && atomic_load(cancel)) return st_fail(error, ST_ERR_STOPPED, "stopped on request");
        int64_t count = points - first < most ? points - first : most;
        for (int64_t i = 0; i < count; i++) {
            int column = (int)((first + i) % columns), row = (int)((first + i) / columns);
            /* The middle of each cell; row 0 is the highest. */
            double x1 = x1_low + (x1_high - x1_low) * (column + 0.5) / columns;
            double x2 = x2_high - (x2_high - x2_low) * (row + 0.5) / rows;
            st_dataset_point(inspector->dataset, x1, x2, st_network_input(network) + i * inputs);
        }
        StPass pass = {.rows = count};
        st_network_run(network, count, &pass, NULL);
        memcpy(out + first * outputs, st_network_output(network), (size_t)(count * outputs) * sizeof(float));
    }
    return true;
}
