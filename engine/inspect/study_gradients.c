/* How the gradient comes back through the layers: absolute norms and ratios together, since either alone
 * misleads (a ratio near 1 says nothing where all norms are tiny), and in words what is wrong and why. */
#include "inspect/lens.h"
#include "inspect/readings.h"
#include "inspect/study.h"
#include "inspect/study_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which weights ---- */

/* A layer's W: its trainable matrices (kernels, tables of embeddings); all that is trainable where it has
 * none. */
static bool has_matrix(const StLens *lens, int layer) {
    for (int t = 0; t < lens->tensors; t++)
        if (lens->tensor[t].layer == layer && lens->tensor[t].trainable && st_is_matrix(&lens->tensor[t]))
            return true;
    return false;
}

static bool is_of(const StLens *lens, int tensor, int layer) {
    const StTensor *t = &lens->tensor[tensor];
    return t->layer == layer && t->trainable && (st_is_matrix(t) || !has_matrix(lens, layer));
}

/* The layers that learn, in the order of the stack; layer[lens->layers]. Returns how many. */
static int learning_layers(const StLens *lens, int *layer) {
    int count = 0;
    for (int t = 0; t < lens->tensors; t++)
        if (lens->tensor[t].trainable && (count == 0 || layer[count - 1] != lens->tensor[t].layer))
            layer[count++] = lens->tensor[t].layer;
    return count;
}

static const char *nothing_learns(const StLens *lens) {
    for (int t = 0; t < lens->tensors; t++)
        if (lens->tensor[t].trainable) return NULL;
    return "no layer of the stack has weights that train";
}

/* Σv² over the W of a layer; values lie as the weights do. float ones are the snapshot's. */
static double squares_of(const StLens *lens, int layer, bool all, const double *values, const float *floats,
                         int64_t *count) {
    double sum = 0;
    *count = 0;
    for (int t = 0; t < lens->tensors; t++) {
        const StTensor *tensor = &lens->tensor[t];
        if (!(all ? tensor->layer == layer && tensor->trainable : is_of(lens, t, layer))) continue;
        for (int64_t i = tensor->offset; i < tensor->offset + tensor->size; i++) {
            double v = floats ? (double)floats[i] : values[i];
            sum += v * v;
        }
        *count += tensor->size;
    }
    return sum;
}

/* ---- flow: numbers ---- */

typedef struct Flow {
    int count;  /* layers that learn */
    int *layer; /* [count] their places in the stack */
    double *norm, *rms, *weight_norm, *ratio, *relative, *all, *step_norm; /* [count] */
    double *signal;                                                        /* [layers of the stack] */
    double global, loss, spread; /* spread: how far the answers of the rows are apart; NaN for one row */
} Flow;

static bool make_flow(StJob *job, Flow *flow, StError *error) {
    StLens *lens = job->lens;
    StFinding *to = job->finding;
    flow->layer = calloc((size_t)lens->layers, sizeof *flow->layer);
    if (!flow->layer) return st_fail_memory(error, "the layers", (size_t)lens->layers);
    flow->count = learning_layers(lens, flow->layer);
    double *place = st_finding_vector(to, "layer_numbers", flow->count);
    for (int i = 0; i < flow->count; i++) {
        if (place) place[i] = flow->layer[i] + 1;
        st_finding_name(to, "layers", i, lens->layer[flow->layer[i]].name);
    }
    flow->norm = st_finding_vector(to, "norm", flow->count);
    flow->rms = st_finding_vector(to, "rms", flow->count);
    flow->weight_norm = st_finding_vector(to, "weight_norm", flow->count);
    flow->ratio = st_finding_vector(to, "ratio", flow->count);
    flow->relative = st_finding_vector(to, "relative", flow->count);
    flow->all = st_finding_vector(to, "layer_norm", flow->count);
    flow->step_norm = st_finding_vector(to, "step_norm", flow->count);
    for (int i = 0; i < lens->layers; i++)
        st_finding_name(to, "signal_layers", i, lens->layer[i].name);
    flow->signal = st_finding_vector(to, "signal", lens->layers);
    return st_finding_done(to, error);
}

static void read_weights(StJob *job, Flow *flow) {
    StLens *lens = job->lens;
    const double *g = st_network_gradients(lens->network);
    const float *step = job->snapshot ? job->snapshot->gradients : NULL;
    double squares = 0, steps = 0;
    int64_t count;
    for (int i = 0; i < flow->count; i++) {
        int layer = flow->layer[i];
        double all = squares_of(lens, layer, true, g, NULL, &count);
        squares += all;
        flow->all[i] = sqrt(all);
        flow->norm[i] = sqrt(squares_of(lens, layer, false, g, NULL, &count));
        flow->rms[i] = flow->norm[i] / sqrt((double)count);
        flow->weight_norm[i] = sqrt(squares_of(lens, layer, false, lens->weights, NULL, &count));
        flow->ratio[i] = flow->weight_norm[i] > 0 ? flow->norm[i] / flow->weight_norm[i] : NAN;
        if (!step) continue;
        flow->step_norm[i] = sqrt(squares_of(lens, layer, false, NULL, step, &count));
        steps += squares_of(lens, layer, true, NULL, step, &count);
    }
    double last = flow->norm[flow->count - 1];
    for (int i = 0; i < flow->count; i++)
        flow->relative[i] = last > 0 ? flow->norm[i] / last : NAN;
    flow->global = sqrt(squares);
    st_finding_fact(job->finding, "global_norm", flow->global);
    st_finding_fact(job->finding, "step_global_norm", step ? sqrt(steps) : NAN);
}

/* Every weight by its own name. */
static void read_tensors(StJob *job) {
    StLens *lens = job->lens;
    const double *g = st_network_gradients(lens->network);
    int learns = 0, at = 0;
    for (int t = 0; t < lens->tensors; t++)
        learns += lens->tensor[t].trainable;
    double *norm = st_finding_vector(job->finding, "gradient_norm", learns);
    double *weight = st_finding_vector(job->finding, "weight_norms", learns);
    for (int t = 0; norm && weight && t < lens->tensors; t++) {
        const StTensor *tensor = &lens->tensor[t];
        if (!tensor->trainable) continue;
        st_finding_name(job->finding, "weights", at, tensor->name);
        norm[at] = st_study_norm(g + tensor->offset, tensor->size);
        weight[at++] = st_study_norm(lens->weights + tensor->offset, tensor->size);
    }
}

/* The norms of the gradient by each layer's output, from the last one back. */
static bool read_signal(StJob *job, Flow *flow, int64_t rows, StError *error) {
    StLens *lens = job->lens;
    st_lens_loss(lens, rows);
    for (int i = lens->layers - 1; i >= 0; i--) {
        const StStep *step = st_lens_layer(lens, i);
        flow->signal[i] = st_study_norm(step->dy, rows * step->out_size);
        st_learner_back(lens->learner, rows, i);
        if (!st_job_go_on(job, 1 - 0.5 * i / lens->layers, error)) return false;
    }
    double input = NAN; /* words have no gradient */
    if (st_network_words(lens->network) == 0)
        input = st_study_norm(st_network_input_gradient(lens->network), rows * lens->in_size);
    st_finding_fact(job->finding, "input_signal", input);
    if (st_learner_fused(lens->learner))
        st_finding_note(job->finding, "last_signal",
                        "of the last layer: by what goes into its activation, with which the loss is one");
    return true;
}

/* How far the answers of the rows are apart: the largest range of an output. */
static double spread_of(const StLens *lens, int64_t rows) {
    const double *y = st_network_output(lens->network);
    double widest = 0;
    for (int64_t k = 0; k < lens->out_size; k++) {
        double low = INFINITY, high = -INFINITY;
        for (int64_t r = 0; r < rows; r++) {
            low = fmin(low, y[r * lens->out_size + k]);
            high = fmax(high, y[r * lens->out_size + k]);
        }
        widest = fmax(widest, high - low);
    }
    return rows > 1 ? widest : NAN;
}

/* ---- flow: words ---- */

static const double VANISHES = 1e-3, EXPLODES = 1e3; /* of the last layer's norm: those of the verdicts on
                                                        weights (inspect/readings.c) */
static const double TINY = 1e-4, ALIKE = 1e-3; /* a gradient's norm, a spread of answers: nothing is learnt */
static const double OVERSHOOTS = 100;          /* gradient over weight */

static const char *activation_of(const StLens *lens, int layer) {
    const StStep *step = st_lens_layer(lens, layer);
    const char *name = step->kind->activation ? step->kind->activation(step->options) : NULL;
    return name ? name : "";
}

/* "sigmoid " where all weight layers between two of them, without the last, end in it (or the layers behind
 * them do); "" where they differ. */
static const char *common_activation(const StLens *lens, const Flow *flow, int from, int to) {
    const char *common = NULL;
    for (int i = from; i < to; i++) {
        const char *name = "";
        for (int l = flow->layer[i]; l < flow->layer[i + 1]; l++)
            if (*activation_of(lens, l) && strcmp(activation_of(lens, l), "linear") != 0)
                name = activation_of(lens, l);
        if (common && strcmp(common, name) != 0) return "";
        common = name;
    }
    return common ? common : "";
}

/* What each layer does to the gradient on its way from one weight layer back to an earlier one. */
static double factor_of(const Flow *flow, int from, int to) {
    double a = flow->signal[flow->layer[from]], b = flow->signal[flow->layer[to]];
    return from < to && a > 0 && b > 0 ? pow(a / b, 1.0 / (to - from)) : NAN;
}

static double rms_of_weights(const StLens *lens, const Flow *flow, int at) {
    int64_t count;
    double squares = squares_of(lens, flow->layer[at], false, lens->weights, NULL, &count);
    return sqrt(squares / (double)count);
}

/* What He's initialisation gives the first matrix of a layer: √(2 / fan in). */
static double he_of(const StLens *lens, const Flow *flow, int at) {
    for (int t = 0; t < lens->tensors; t++)
        if (is_of(lens, t, flow->layer[at]) && lens->tensor[t].fan_in > 0)
            return sqrt(2 / (double)lens->tensor[t].fan_in);
    return NAN;
}

static const char *remedy(const char *activation, bool vanishes) {
    if (!vanishes)
        return "a smaller rate, clipnorm=1, smaller initial weights or batch_normalization holds it";
    if (strcmp(activation, "sigmoid") == 0)
        return "the slope of sigmoid is at most 0.25: relu or tanh lets more through";
    if (strcmp(activation, "tanh") == 0)
        return "tanh is flat at its ends: smaller inputs and weights, or batch_normalization, keep it off "
               "them";
    return "larger initial weights (he_normal for relu, glorot_uniform for tanh) or batch_normalization "
           "helps";
}

/* "layer 1's gradient is 10^-5.7 of the last one's; 7 sigmoid layers each shrink it by 0.2; …" */
static void say_ratio(StJob *job, const Flow *flow, int at, bool vanishes) {
    const StLens *lens = job->lens;
    int last = flow->count - 1;
    double factor = factor_of(flow, at, last);
    const char *activation = common_activation(lens, flow, at, last);
    char way[96] = "";
    if (isfinite(factor))
        snprintf(way, sizeof way, "%d %s%slayer%s %s it by %.2g; ", last - at, activation,
                 *activation ? " " : "", last - at == 1 ? "" : "s each", factor < 1 ? "shrink" : "grow",
                 factor);
    if (last - at == 1) snprintf(way, sizeof way, "the layer behind it makes %.2g of it; ", factor);
    st_finding_note(job->finding, "verdict",
                    "%s: the gradient of layer %d is 10^%.1f of the last one's; %s%s",
                    vanishes ? "vanishing" : "exploding", flow->layer[at] + 1, log10(flow->relative[at]), way,
                    remedy(activation, vanishes));
}

/* The first layer whose relu units are all dead, so that nothing goes on from it, forward or back; -1: there
 * is none. */
static int dead_layer(const StLens *lens, int64_t rows) {
    for (int l = 0; l < lens->layers; l++) {
        const StStep *step = st_lens_layer(lens, l);
        bool fires = strcmp(activation_of(lens, l), "relu") != 0;
        for (int64_t i = 0; !fires && i < rows * step->out_size; i++)
            fires = step->y[i] > 0;
        if (!fires) return l;
    }
    return -1;
}

static void say_zero(StJob *job, const Flow *flow, int at, int64_t rows) {
    int dead = dead_layer(job->lens, rows);
    char label[ST_LAYER_LABEL], why[200] = "";
    if (flow->weight_norm[0] == 0 && has_matrix(job->lens, flow->layer[0]))
        snprintf(why, sizeof why, ": the weights of layer %d are all 0", flow->layer[0] + 1);
    else if (dead >= 0)
        snprintf(why, sizeof why,
                 ": no relu unit of %s fires for any row; a smaller rate, or leaky_relu, keeps units alive",
                 st_study_layer(job->lens, dead, label));
    st_finding_note(job->finding, "verdict", "no gradient reaches layer %d%s", flow->layer[at] + 1, why);
}

static void say_tiny(StJob *job, const Flow *flow, double most) {
    int at = 0;
    double rms = rms_of_weights(job->lens, flow, at), he = he_of(job->lens, flow, at);
    char why[160] = "";
    if (rms < he / 3)
        snprintf(why, sizeof why,
                 "; its weights are too small: rms %.2g in layer %d, he_normal begins with %.2g", rms,
                 flow->layer[at] + 1, he);
    st_finding_note(
        job->finding, "verdict",
        "learns nothing: no layer's gradient is above 10^%.1f, and every row gets the same answer%s",
        log10(most), why);
}

enum { NO_GRADIENT = ST_UNKNOWN + 1, TINY_GRADIENT };
static const char *word_of(int verdict) {
    return verdict == NO_GRADIENT     ? "zero"
           : verdict == TINY_GRADIENT ? "tiny"
                                      : st_verdict_word((StVerdict)verdict);
}

static int judge_layer(const Flow *flow, int at, bool tiny) {
    double norm = flow->norm[at], relative = flow->relative[at];
    if (!isfinite(norm)) return ST_EXPLODING;
    if (norm == 0) return NO_GRADIENT;
    if (tiny) return TINY_GRADIENT;
    if (relative > EXPLODES || flow->ratio[at] > OVERSHOOTS) return ST_EXPLODING;
    return relative < VANISHES ? ST_VANISHING : ST_HEALTHY;
}

/* The layers furthest off: index of the least and of the largest of what is above zero and finite; -1. */
static int furthest(const double *value, int count, bool least) {
    int best = -1;
    for (int i = 0; i < count; i++)
        if (isfinite(value[i]) && value[i] > 0 &&
            (best < 0 || (least ? value[i] < value[best] : value[i] > value[best])))
            best = i;
    return best;
}

static void say_healthy(StJob *job, const Flow *flow) {
    int least = furthest(flow->norm, flow->count, true), most = furthest(flow->norm, flow->count, false);
    if (flow->count == 1 || least < 0)
        st_finding_note(job->finding, "verdict", "healthy: the gradient's norm is %.2g", flow->global);
    else
        st_finding_note(job->finding, "verdict",
                        "healthy: the layers' norms lie within a factor of %.2g, the least in layer %d",
                        flow->norm[most] / flow->norm[least], flow->layer[least] + 1);
}

/* One verdict a layer, and one sentence: the first that holds of what is worst. */
static void judge(StJob *job, const Flow *flow, int64_t rows) {
    int most = furthest(flow->norm, flow->count, false), zero = -1, broken = -1;
    bool tiny = most >= 0 && flow->norm[most] < TINY && flow->spread < ALIKE;
    for (int i = flow->count - 1; i >= 0; i--) {
        st_finding_name(job->finding, "verdicts", i, word_of(judge_layer(flow, i, tiny)));
        if (flow->norm[i] == 0 && zero < 0) zero = i;
        if (!isfinite(flow->norm[i])) broken = i;
    }
    int low = furthest(flow->relative, flow->count, true),
        high = furthest(flow->relative, flow->count, false);
    int over = furthest(flow->ratio, flow->count, false);
    if (broken >= 0)
        st_finding_note(
            job->finding, "verdict",
            "exploding: the gradient of layer %d is not finite; go back, and train on with a third "
            "of the rate",
            flow->layer[broken] + 1);
    else if (zero >= 0)
        say_zero(job, flow, zero, rows);
    else if (tiny)
        say_tiny(job, flow, flow->norm[most]);
    else if (high >= 0 && flow->relative[high] > EXPLODES)
        say_ratio(job, flow, high, false);
    else if (over >= 0 && flow->ratio[over] > OVERSHOOTS)
        st_finding_note(job->finding, "verdict",
                        "exploding: the gradient of layer %d is 10^%.1f times its weights; %s",
                        flow->layer[over] + 1, log10(flow->ratio[over]), remedy("", false));
    else if (low >= 0 && flow->relative[low] < VANISHES)
        say_ratio(job, flow, low, true);
    else
        say_healthy(job, flow);
}

static bool run_flow(StJob *job, StError *error) {
    StLens *lens = job->lens;
    Flow flow = {0};
    int64_t rows;
    if (!st_study_rows(job, ST_TRAIN, &rows, error)) return false;
    bool done = make_flow(job, &flow, error);
    if (done) {
        flow.loss = st_lens_loss_gradient(lens, rows);
        st_finding_fact(job->finding, "loss", flow.loss);
        read_weights(job, &flow);
        read_tensors(job);
        done = st_job_go_on(job, 0.5, error) && read_signal(job, &flow, rows, error);
    }
    if (done) {
        flow.spread = spread_of(lens, rows);
        st_finding_fact(job->finding, "answers_spread", flow.spread);
        judge(job, &flow, rows);
    }
    free(flow.layer);
    return done && st_finding_done(job->finding, error);
}

const StStudy st_study_gradients_flow = {
    .group = "gradients",
    .name = "flow",
    .title = "Gradient flow",
    .what = "how strong the loss's gradient is in each layer, and beside the last layer's",
    .bad = "norms that shrink or grow from layer to layer, or are tiny everywhere",
    .formula = "‖∂L/∂W‖ of each layer, regularisers included, dropout off; / ‖W‖; / that of the last layer",
    .plain = "|dL/dW| of each layer, regularisers included, dropout off; / |W|; / that of the last layer",
    .cost = "2 FB",
    .tag = ST_MEASURED,
    .missing = nothing_learns,
    .run = run_flow,
};

/* ---- histogram ---- */

enum {
    DECADES_LOW = -12,
    DECADES_HIGH = 3,
    PER_DECADE = 2,
    BINS = (DECADES_HIGH - DECADES_LOW) * PER_DECADE
};

/* Where the counts of a layer go. */
typedef struct Counts {
    double *bins, *zeros, *below, *above, *nonfinite;
} Counts;

static void count_one(const Counts *to, double g) {
    if (!isfinite(g)) {
        ++*to->nonfinite;
        return;
    }
    if (g == 0) {
        ++*to->zeros;
        return;
    }
    double at = (log10(fabs(g)) - DECADES_LOW) * PER_DECADE;
    if (at < 0)
        ++*to->below;
    else if (at >= BINS)
        ++*to->above;
    else
        to->bins[(int)at]++;
}

static bool run_histogram(StJob *job, StError *error) {
    StLens *lens = job->lens;
    StFinding *to = job->finding;
    int64_t rows;
    int *layer = calloc((size_t)lens->layers, sizeof *layer);
    if (!layer) return st_fail_memory(error, "the layers", (size_t)lens->layers);
    int count = learning_layers(lens, layer);
    bool done = st_study_rows(job, ST_TRAIN, &rows, error);
    double *edges = st_finding_vector(to, "exponents", BINS + 1),
           *place = st_finding_vector(to, "layer_numbers", count);
    double *bins = st_finding_matrix(to, "histogram", count, BINS);
    double *zeros = st_finding_vector(to, "zeros", count), *below = st_finding_vector(to, "below", count);
    double *above = st_finding_vector(to, "above", count);
    double *nonfinite = st_finding_vector(to, "nonfinite", count);
    done = done && st_finding_done(to, error);
    if (done) st_finding_fact(to, "loss", st_lens_loss_gradient(lens, rows));
    const double *g = st_network_gradients(lens->network);
    for (int b = 0; done && b <= BINS; b++)
        edges[b] = DECADES_LOW + (double)b / PER_DECADE;
    for (int i = 0; done && i < count; i++) {
        st_finding_name(to, "layers", i, lens->layer[layer[i]].name);
        place[i] = layer[i] + 1;
        zeros[i] = below[i] = above[i] = nonfinite[i] = 0;
        for (int b = 0; b < BINS; b++)
            bins[(ptrdiff_t)i * BINS + b] = 0;
        Counts counts = {bins + (ptrdiff_t)i * BINS, zeros + i, below + i, above + i, nonfinite + i};
        for (int t = 0; t < lens->tensors; t++)
            if (is_of(lens, t, layer[i]))
                for (int64_t w = 0; w < lens->tensor[t].size; w++)
                    count_one(&counts, g[lens->tensor[t].offset + w]);
        done = st_job_go_on(job, (double)(i + 1) / count, error);
    }
    free(layer);
    return done && st_finding_done(to, error);
}

const StStudy st_study_gradients_histogram = {
    .group = "gradients",
    .name = "histogram",
    .title = "Gradient histogram",
    .what = "how large the single gradients of each layer are, by powers of ten",
    .bad = "layers far to the left of the others, or many zeros",
    .formula = "log₁₀|∂L/∂w| of every w, half a decade a bin",
    .plain = "log10 |dL/dw| of every w, half a decade a bin",
    .cost = "1 FB",
    .tag = ST_MEASURED,
    .missing = nothing_learns,
    .run = run_histogram,
};
