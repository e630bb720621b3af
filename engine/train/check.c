#include "train/check.h"

#include "math/vector.h"
#include "train/learner.h"
#include "train/loss.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 8, SAMPLES = 100, FINER = 16 };

static const double step_size = 1e-5; /* truncation and rounding are then both about 1e-10 */
static const double suspicious = 1e-6;

typedef struct Check {
    StLearner *learner;
    int64_t rows, samples;
    uint64_t seed;
    double loss;
} Check;

/* ---- rows and targets ---- */

static bool fill_from_data(const Check *check, const StDataset *dataset, StError *error) {
    StNetwork *network = st_learner_network(check->learner);
    int64_t in = st_shape_size(&st_network_info(network)->input);
    int64_t targets = st_learner_target_size(check->learner), widest = in > targets ? in : targets;
    float *stage = malloc((size_t)(check->rows * widest) * sizeof *stage);
    if (!stage) return st_fail_memory(error, "the rows of the check", (size_t)(check->rows * widest) * 4);
    st_dataset_gather_x(dataset, ST_TRAIN, NULL, 0, check->rows, stage);
    for (int64_t i = 0; i < check->rows * in; i++)
        st_network_input(network)[i] = stage[i];
    if (st_learner_sparse(check->learner)) {
        st_dataset_gather_labels(dataset, ST_TRAIN, NULL, 0, check->rows, st_learner_labels(check->learner));
    } else {
        st_dataset_gather_y(dataset, ST_TRAIN, NULL, 0, check->rows, targets, stage);
        for (int64_t i = 0; i < check->rows * targets; i++)
            st_learner_targets(check->learner)[i] = stage[i];
    }
    free(stage);
    return true;
}

/* Normal inputs (words where the network wants some), and targets of the kind that the loss is for. */
static void fill_at_random(const Check *check, const StLoss *loss) {
    StNetwork *network = st_learner_network(check->learner);
    const StStackInfo *info = st_network_info(network);
    int64_t in = st_shape_size(&info->input), width = info->output.dim[info->output.rank - 1];
    int64_t targets = check->rows * st_learner_target_size(check->learner);
    StRng rng = st_rng(check->seed, ST_STREAM_PROBE, 0, 0);
    uint64_t words = (uint64_t)st_network_words(network);
    for (int64_t i = 0; i < check->rows * in; i++)
        st_network_input(network)[i] = words ? (Real)st_rng_below(&rng, words) : st_rng_normal(&rng);
    for (int64_t i = 0; loss->sparse && i < targets; i++)
        st_learner_labels(check->learner)[i] = (int32_t)st_rng_below(&rng, (uint64_t)width);
    if (loss->sparse) return;
    Real *t = st_learner_targets(check->learner);
    for (int64_t i = 0; i < targets; i++)
        t[i] = loss->exclusive ? 0 : loss->classifies ? (Real)st_rng_below(&rng, 2) : st_rng_normal(&rng);
    for (int64_t i = 0; loss->exclusive && i < targets; i += width)
        t[i + (int64_t)st_rng_below(&rng, (uint64_t)width)] = 1;
}

/* ---- differences ---- */

typedef struct Slope {
    const StCheckFunction *function;
    double now;   /* the function as it is */
    double floor; /* what an error is relative to at least */
} Slope;

static double value_at(const StCheckFunction *function, int64_t entry, double at) {
    double kept = function->x[entry];
    function->x[entry] = at;
    double value = function->value(function->context);
    function->x[entry] = kept;
    return value;
}

/* How much the slopes to the right and to the left differ over a step of h. Where the function is smooth
 * this falls with h as h does; at a kink it does not, and beyond one it falls faster. */
static double bend(const Slope *slope, int64_t entry, double h) {
    double x = slope->function->x[entry];
    return (value_at(slope->function, entry, x + h) - 2 * slope->now +
            value_at(slope->function, entry, x - h)) /
           h;
}

static bool is_kink(const Slope *slope, int64_t entry, double h) {
    double noise = 1e-14 * (1 + fabs(slope->now)) / (h / FINER);
    double wide = bend(slope, entry, h) / FINER, narrow = bend(slope, entry, h / FINER);
    return fabs(wide - narrow) > 0.5 * fabs(wide) + noise;
}

static void check_entry(const Slope *slope, int64_t entry, StCheckRow *row) {
    const StCheckFunction *function = slope->function;
    double x = function->x[entry], gradient = function->gradient[entry], h = step_size * fmax(1, fabs(x));
    double low = x - h, high = x + h; /* as they are rounded */
    double difference = (value_at(function, entry, high) - value_at(function, entry, low)) / (high - low);
    double scale = fmax(fmax(fabs(gradient), fabs(difference)), slope->floor);
    double wrong = fabs(gradient - difference) / scale;
    if (!(wrong <= suspicious) && is_kink(slope, entry, h)) {
        row->kinks++;
        return;
    }
    row->checked++;
    if (wrong <= row->worst) return; /* the first is worse than NaN */
    row->worst = wrong;
    row->entry = entry;
    row->gradient = gradient;
    row->difference = difference;
    snprintf(row->where, sizeof row->where, "%s", function->name);
}

/* Every entry, or one drawn from each of as many equal stretches as samples are wanted. */
void st_check_function(const StCheckFunction *function, StCheckRow *row) {
    Slope slope = {.function = function, .now = function->value(function->context)};
    slope.floor = 1e-4 * fmax(st_vector_max_absolute(function->gradient, function->size), fabs(slope.now));
    slope.floor = fmax(slope.floor, 1e-30); /* 0 against 0 is no error */
    int64_t count = function->size < function->samples ? function->size : function->samples;
    StRng rng = st_rng(function->seed, ST_STREAM_PROBE, 1, (uint64_t)row->layer);
    row->entries += function->size;
    for (int64_t i = 0; i < count; i++) {
        int64_t from = function->size * i / count, to = function->size * (i + 1) / count;
        check_entry(&slope, from + (int64_t)st_rng_below(&rng, (uint64_t)(to - from)), row);
    }
}

/* ---- the report ---- */

static double loss_now(void *context) {
    const Check *check = context;
    return st_learner_loss(check->learner, check->rows, true, check->seed);
}

static StCheckRow *add_row(StCheckReport *report, int layer, const char *name) {
    StCheckRow *row = &report->rows[report->count++];
    *row = (StCheckRow){.layer = layer, .worst = NAN};
    snprintf(row->name, sizeof row->name, "%.63s", name);
    return row;
}

static void check_part(Check *check, const char *name, Real *x, const Real *gradient, int64_t size,
                       StCheckRow *row) {
    StCheckFunction function = {.name = name,
                                .value = loss_now,
                                .context = check,
                                .x = x,
                                .gradient = gradient,
                                .size = size,
                                .samples = check->samples,
                                .seed = check->seed};
    st_check_function(&function, row);
}

static void check_weights(Check *check, const Real *gradients, StCheckReport *report) {
    StNetwork *network = st_learner_network(check->learner);
    int tensors;
    int64_t total;
    const StTensor *tensor = st_network_tensors(network, &tensors);
    Real *weights = st_network_weights(network, &total);
    StCheckRow *row = NULL;
    for (int i = 0; i < tensors; i++) {
        if (!tensor[i].trainable) continue;
        if (!row || row->layer != tensor[i].layer) {
            char name[sizeof tensor->name];
            snprintf(name, sizeof name, "%s", tensor[i].name);
            *strchr(name, '/') = '\0';
            row = add_row(report, tensor[i].layer, name);
        }
        check_part(check, tensor[i].name, weights + tensor[i].offset, gradients + tensor[i].offset,
                   tensor[i].size, row);
    }
}

static bool run(Check *check, StCheckReport *report, StError *error) {
    StNetwork *network = st_learner_network(check->learner);
    int64_t total, in = check->rows * st_shape_size(&st_network_info(network)->input);
    int tensors;
    st_network_weights(network, &total);
    st_network_tensors(network, &tensors);
    Real *kept = malloc((size_t)(total + in) * sizeof *kept);
    report->rows = calloc((size_t)tensors + 1, sizeof *report->rows);
    if (!kept || !report->rows) {
        free(kept);
        return st_fail_memory(error, "the gradients of the check", (size_t)(total + in) * sizeof *kept);
    }
    memcpy(kept, st_network_gradients(network), (size_t)total * sizeof *kept);
    memcpy(kept + total, st_network_input_gradient(network), (size_t)in * sizeof *kept);
    check_weights(check, kept, report);
    if (!st_network_words(network)) /* words have no gradient */
        check_part(check, "input", st_network_input(network), kept + total, in, add_row(report, -1, "input"));
    free(kept);
    return true;
}

static bool start(Check *check, const StCheckPlan *plan, StPool *pool, StError *error) {
    int64_t there = plan->dataset ? st_dataset_rows(plan->dataset, ST_TRAIN) : INT64_MAX;
    check->rows = plan->rows > 0 ? plan->rows : ROWS;
    if (check->rows > there) check->rows = there;
    check->samples = plan->samples > 0 ? plan->samples : SAMPLES;
    check->seed = plan->seed;
    StLearnerPlan learner = {.stack = plan->stack,
                             .input = plan->input,
                             .compile = plan->compile,
                             .dataset = plan->dataset,
                             .rows = check->rows,
                             .input_gradient = true,
                             .pool = pool};
    check->learner = st_learner_create(&learner, error);
    if (!check->learner) return false;
    if (!st_network_initialize(st_learner_network(check->learner), plan->seed))
        return st_fail(error, ST_ERR_MEMORY, "out of memory for the first weights");
    if (plan->dataset) st_learner_adapt(check->learner);
    if (!plan->dataset)
        fill_at_random(check, st_loss_at(plan->compile->loss.kind));
    else if (!fill_from_data(check, plan->dataset, error))
        return false;
    check->loss = st_learner_gradients(check->learner, check->rows, true, check->seed);
    if (isfinite(check->loss)) return true;
    StText culprit = {0};
    st_learner_culprit(check->learner, &culprit);
    st_fail(error, ST_ERR_NONFINITE, "there is nothing to compare: %s", st_text_string(&culprit));
    st_text_free(&culprit);
    return false;
}

bool st_check(const StCheckPlan *plan, StCheckReport *report, StError *error) {
    Check check = {0};
    *report = (StCheckReport){0};
    StPool *pool = st_pool_create(1, error);
    bool done = pool && start(&check, plan, pool, error) && run(&check, report, error);
    report->loss = check.loss;
    st_learner_destroy(check.learner);
    st_pool_destroy(pool);
    if (!done) st_check_free(report);
    return done;
}

void st_check_free(StCheckReport *report) {
    free(report->rows);
    report->rows = NULL;
    report->count = 0;
}
