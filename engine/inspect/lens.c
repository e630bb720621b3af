#include "inspect/lens.h"

#include "inspect/probe.h"
#include "inspect/study.h"
#include "train/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- making one ---- */

static bool make_learner(StLens *lens, StError *error) {
    StCompile plain = st_compile_loss_alone(lens->plan.compile);
    StLearnerPlan plan = {.stack = lens->plan.stack,
                          .compile = &plain,
                          .dataset = lens->plan.dataset,
                          .rows = ST_LENS_ROWS,
                          .all_rows = true,
                          .input_gradient = true,
                          .pool = lens->pool};
    lens->learner = st_learner_create(&plan, error);
    if (!lens->learner) return false;
    lens->network = st_learner_network(lens->learner);
    lens->tensor = st_network_tensors(lens->network, &lens->tensors);
    lens->weights = st_network_weights(lens->network, &lens->total);
    lens->layers = st_network_layers(lens->network);
    const StStackInfo *info = st_network_info(lens->network);
    lens->in_size = st_shape_size(&info->input);
    lens->out_size = st_shape_size(&info->output);
    return true;
}

static bool make_tables(StLens *lens, StError *error) {
    int64_t targets = st_learner_target_size(lens->learner);
    int64_t widest = lens->in_size > targets ? lens->in_size : targets;
    lens->layer = calloc((size_t)lens->layers, sizeof *lens->layer);
    lens->stage = malloc((size_t)(ST_LENS_ROWS * widest) * sizeof *lens->stage);
    lens->seed = malloc((size_t)(ST_LENS_ROWS * lens->out_size) * sizeof *lens->seed);
    if (!lens->layer || !lens->stage || !lens->seed)
        return st_fail_memory(error, "the lens", (size_t)(ST_LENS_ROWS * widest) * sizeof *lens->stage);
    return st_stack_infer(lens->plan.stack, &st_network_info(lens->network)->input, lens->layer, NULL, error);
}

/* Values of a position of the output. */
static int64_t width_of(const StLens *lens) {
    const StStep *last = st_lens_layer(lens, lens->layers - 1);
    return last->out.dim[last->out.rank - 1];
}

/* What the answers are: by the targets, by the loss, and by what the stack ends in. */
static void find_answers(StLens *lens) {
    const StStep *last = st_lens_layer(lens, lens->layers - 1);
    const char *ends = last->kind->activation ? last->kind->activation(last->options) : NULL;
    bool softmax = ends && !strcmp(ends, "softmax"), sigmoid = ends && !strcmp(ends, "sigmoid");
    int64_t width = width_of(lens);
    const StLoss *loss = st_loss_at(lens->plan.compile->loss.kind);
    bool one = width == 1 && (loss->signs || strstr(loss->kind.name, "binary"));
    lens->logits = softmax || sigmoid;
    if (st_dataset_has_labels(lens->plan.dataset) || softmax || one || (width > 1 && loss->exclusive))
        lens->classes = width == 1 ? 2 : (int)width;
    bool zero = st_loss_from_logits(&lens->plan.compile->loss) || (ends && !strcmp(ends, "tanh"));
    lens->threshold = zero || (loss->signs && !sigmoid) ? 0 : 0.5;
}

StLens *st_lens_create(const StLensPlan *plan, StError *error) {
    if (!plan->dataset || !plan->compile || !plan->compile->given) {
        st_fail(error, ST_ERR_STATE, "looking inside wants data and a compile line");
        return NULL;
    }
    StLens *lens = calloc(1, sizeof *lens);
    if (!lens) {
        st_fail_memory(error, "the lens", sizeof *lens);
        return NULL;
    }
    lens->plan = *plan;
    lens->pool = st_pool_create(1, error);
    if (lens->pool && make_learner(lens, error) && make_tables(lens, error)) {
        find_answers(lens);
        return lens;
    }
    st_lens_destroy(lens);
    return NULL;
}

void st_lens_destroy(StLens *lens) {
    if (!lens) return;
    if (lens->learner) st_learner_destroy(lens->learner);
    st_pool_destroy(lens->pool);
    free(lens->layer);
    free(lens->stage);
    free(lens->start);
    free(lens->random);
    free(lens->seed);
    free(lens);
}

/* ---- weights ---- */

bool st_lens_look(StLens *lens, const StWeightSet *weights, StError *error) {
    bool same = weights->count == lens->tensors && weights->total == lens->total;
    for (int i = 0; same && i < weights->count; i++)
        same = strcmp(weights->tensor[i].name, lens->tensor[i].name) == 0 &&
               st_shape_equal(&weights->tensor[i].shape, &lens->tensor[i].shape);
    if (!same) return st_fail(error, ST_ERR_SHAPE, "the weights are of another network than the lens");
    for (int64_t i = 0; i < lens->total; i++)
        lens->weights[i] = (double)weights->values[i];
    return true;
}

/* The last ones drawn are kept, where memory allows: a control is wanted again and again. */
bool st_lens_random(StLens *lens, uint64_t seed, StError *error) {
    if (!lens->random || lens->random_seed != seed) {
        if (!st_network_initialize(lens->network, seed))
            return st_fail(error, ST_ERR_MEMORY, "out of memory for random weights");
        st_learner_adapt(lens->learner);
        for (int64_t i = 0; i < lens->total; i++)
            lens->weights[i] = (double)(float)lens->weights[i]; /* as those that train */
        if (!lens->random) lens->random = malloc((size_t)(lens->total + 1) * sizeof *lens->random);
        for (int64_t i = 0; lens->random && i < lens->total; i++)
            lens->random[i] = (float)lens->weights[i];
        lens->random_seed = seed;
        return true;
    }
    for (int64_t i = 0; i < lens->total; i++)
        lens->weights[i] = (double)lens->random[i];
    return true;
}

bool st_lens_start(StLens *lens, StWeightSet *start, StError *error) {
    size_t bytes = (size_t)lens->total * sizeof *lens->start;
    if (!lens->start) {
        lens->start = malloc(bytes ? bytes : 1);
        if (!lens->start) return st_fail_memory(error, "the first weights", bytes);
        if (!st_lens_random(lens, lens->plan.seed, error)) {
            free(lens->start);
            lens->start = NULL;
            return false;
        }
        for (int64_t i = 0; i < lens->total; i++)
            lens->start[i] = (float)lens->weights[i];
    }
    *start = (StWeightSet){lens->tensor, lens->tensors, lens->start, lens->total};
    return true;
}

/* ---- rows ---- */

int64_t st_lens_sample(const StLens *lens, StPart part, int64_t count, int64_t *index) {
    int64_t rows = st_probe_rows(lens->plan.dataset, part, lens->plan.seed, count, index);
    return rows < 0 ? 0 : rows;
}

StPart st_lens_part(const StLens *lens, int part) {
    return st_probe_part(lens->plan.dataset, part);
}

static void widen(const float *from, double *to, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        to[i] = (double)from[i];
}

void st_lens_gather(StLens *lens, StPart part, const int64_t *index, int64_t first, int64_t rows) {
    const StDataset *dataset = lens->plan.dataset;
    int64_t each = st_learner_target_size(lens->learner);
    st_dataset_gather_x(dataset, part, index, first, rows, lens->stage);
    widen(lens->stage, st_lens_input(lens), rows * lens->in_size);
    if (st_learner_sparse(lens->learner)) {
        st_dataset_gather_labels(dataset, part, index, first, rows, st_learner_labels(lens->learner));
        return;
    }
    st_dataset_gather_y(dataset, part, index, first, rows, each, lens->stage);
    widen(lens->stage, st_learner_targets(lens->learner), rows * each);
}

bool st_lens_example(StJob *job, StError *error) {
    StLens *lens = job->lens;
    const StAsk *ask = job->ask;
    StPart part = st_lens_part(lens, ask->part);
    int64_t rows = st_dataset_rows(lens->plan.dataset, part), row = ask->row < 0 ? 0 : ask->row;
    if (row >= rows)
        return st_fail(error, ST_ERR_VALUE, "row %lld: the %s part has %lld rows, counted from 0",
                       (long long)row, st_part_name(part), (long long)rows);
    if (ask->input && ask->inputs != lens->in_size)
        return st_fail(error, ST_ERR_SHAPE, "an example of %lld numbers, wanted %lld", (long long)ask->inputs,
                       (long long)lens->in_size);
    st_lens_gather(lens, part, NULL, row, 1);
    if (ask->input) widen(ask->input, st_lens_input(lens), lens->in_size);
    st_finding_note(job->finding, "part", "%s", st_part_name(part));
    st_finding_count(job->finding, "row", row);
    st_finding_count(job->finding, "label", st_lens_label(lens, part, row));
    if (ask->input) st_finding_note(job->finding, "example", "made by hand");
    return true;
}

int st_lens_label(const StLens *lens, StPart part, int64_t row) {
    const StDataset *dataset = lens->plan.dataset;
    int64_t each = st_learner_target_size(lens->learner);
    if (lens->classes == 0) return -1;
    if (st_dataset_has_labels(dataset)) {
        StShape shape = st_dataset_y_shape(dataset);
        int64_t count = st_shape_size(&shape);
        int32_t few[64], *label = count <= 64 ? few : malloc((size_t)count * sizeof *label);
        if (!label) return -1;
        st_dataset_gather_labels(dataset, part, NULL, row, 1, label);
        int last = label[count - 1];
        if (label != few) free(label);
        return last;
    }
    st_dataset_gather_y(dataset, part, NULL, row, 1, each, lens->stage);
    if (width_of(lens) == 1) return (double)lens->stage[each - 1] > lens->threshold;
    const float *y = lens->stage + each - lens->classes;
    int best = 0;
    for (int k = 1; k < lens->classes; k++)
        if (y[k] > y[best]) best = k;
    return best;
}

/* ---- running ---- */

static StPass pass_of(int64_t rows, bool scores) {
    return (StPass){.rows = rows, .z = scores};
}

const double *st_lens_forward(StLens *lens, int64_t rows, bool scores) {
    StPass pass = pass_of(rows, scores && lens->logits);
    st_network_forward(lens->network, &pass);
    return st_network_output(lens->network);
}

const double *st_lens_backward(StLens *lens, int64_t rows, const double *seed, int layer) {
    const StStep *last = st_lens_layer(lens, lens->layers - 1);
    memcpy(last->dy, seed, (size_t)(rows * lens->out_size) * sizeof *seed);
    StPass pass = pass_of(rows, false);
    st_network_back_until(lens->network, &pass, layer, lens->logits);
    return layer < 0 ? st_network_input_gradient(lens->network) : st_lens_layer(lens, layer)->dy;
}

int64_t st_lens_output_of(const StLens *lens, int klass) {
    int64_t width = width_of(lens);
    return lens->out_size - width + (width == 1 ? 0 : klass);
}

const double *st_lens_score_gradient(StLens *lens, int64_t rows, const int *klass, double *score) {
    const double *y = st_lens_forward(lens, rows, true);
    memset(lens->seed, 0, (size_t)(rows * lens->out_size) * sizeof *lens->seed);
    for (int64_t i = 0; i < rows; i++) {
        int64_t at = i * lens->out_size + st_lens_output_of(lens, klass[i]);
        double sign = width_of(lens) == 1 && lens->classes == 2 && klass[i] == 0 ? -1 : 1;
        lens->seed[at] = sign;
        if (score) score[i] = sign * y[at];
    }
    return st_lens_backward(lens, rows, lens->seed, -1);
}

int st_lens_answer(const StLens *lens, int64_t row) {
    if (lens->classes == 0) return -1;
    int64_t width = width_of(lens);
    const double *y = st_network_output(lens->network) + (row + 1) * lens->out_size - width;
    if (width == 1) return y[0] > lens->threshold;
    int best = 0;
    for (int k = 1; k < lens->classes; k++)
        if (y[k] > y[best]) best = k;
    return best;
}

double st_lens_loss(StLens *lens, int64_t rows) {
    return st_learner_loss(lens->learner, rows, false, 0);
}

double st_lens_loss_gradient(StLens *lens, int64_t rows) {
    return st_learner_gradients(lens->learner, rows, false, 0);
}
