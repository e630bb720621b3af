/* Making a learner: what the description alone decides, then the network and the buffers beside it. */
#include "train/learner_inner.h"

#include "layers/regularizer.h"
#include "train/class_weight.h"
#include "train/learner_fit.h"
#include <stdlib.h>
#include <string.h>

enum {
    RANGES_MAX = 64,
    RANGE_LEAST = 1024, /* weights; fewer are not worth a thread of their own */
    CHUNK = 256         /* rows that an evaluation takes at once, if the batch is not larger */
};

/* Doubles that the layers made from the data need, one after the other. */
static int64_t adapting_of(const StLearner *l) {
    int64_t most = 0;
    for (int i = st_network_adapts(l->network, 0); i >= 0; i = st_network_adapts(l->network, i + 1)) {
        const StStep *step = st_network_step(l->network, i);
        int64_t sums = step->kind->adapt_sums(step->options, &step->in);
        if (sums > most) most = sums;
    }
    return most;
}

static int64_t ranges_of(int64_t total) {
    int64_t ranges = total / RANGE_LEAST;
    return ranges < 1 ? 1 : ranges > RANGES_MAX ? RANGES_MAX : ranges;
}

/* Cuts the trainable weights into ranges and these into pieces: neighbours that are treated alike are one,
 * with the gap between them, which is 0 and stays so (network.h). Counts alone while l->piece is NULL. */
static void cut_pieces(StLearner *l) {
    int tensors;
    const StTensor *tensor = st_network_tensors(l->network, &tensors);
    int64_t each = (l->total / l->ranges + 15) / 16 * 16 + 16; /* whole vectors */
    l->pieces = 0;
    for (int r = 0; r < l->ranges; r++) {
        int first = l->pieces;
        int64_t low = r * each, high = low + each;
        for (int t = 0; t < tensors; t++) {
            Piece piece = {.from = tensor[t].offset > low ? tensor[t].offset : low,
                           .to = tensor[t].offset + tensor[t].size,
                           .tensor = t,
                           .regularizer = tensor[t].regularizer,
                           .regular = tensor[t].regularizer.kind != 0};
            if (piece.to > high) piece.to = high;
            if (!tensor[t].trainable || piece.from >= piece.to) continue;
            Piece *before = l->piece && l->pieces > first ? &l->piece[l->pieces - 1] : NULL;
            if (before && piece.from - before->to < ST_TENSOR_ALIGNED && !before->regular && !piece.regular &&
                l->clipnorm == 0)
                before->to = piece.to;
            else if (l->piece)
                l->piece[l->pieces++] = piece;
            else
                l->pieces++;
        }
        if (l->range) l->range[r] = (Range){.first = first, .count = l->pieces - first};
    }
}

/* The tensors that are held to something, and those with a regularizer that looks at all of them at once.
 * Counts alone while l->constrained and l->whole are NULL. */
static void find_tensors(StLearner *l) {
    int tensors;
    const StTensor *tensor = st_network_tensors(l->network, &tensors);
    l->constraints = l->wholes = 0;
    for (int t = 0; t < tensors; t++) {
        if (tensor[t].trainable && tensor[t].constraint.kind != 0) {
            if (l->constrained) l->constrained[l->constraints] = t;
            l->constraints++;
        }
        if (tensor[t].trainable && st_regularizer_is_whole(&tensor[t].regularizer)) {
            if (l->whole) l->whole[l->wholes] = t;
            l->wholes++;
        }
    }
}

static void lay_out(StLearner *l, StArena *arena) {
    int64_t targets = st_times(l->rows, l->target_size);
    l->names = st_arena_take(arena, l->layers, ST_LAYER_NAME_MAX);
    l->labels = l->loss->sparse ? st_arena_take(arena, targets, sizeof *l->labels) : NULL;
    l->targets = l->loss->sparse ? NULL : st_arena_take(arena, targets, sizeof *l->targets);
    bool weighed = l->weights_each || l->classes;
    l->row_weights =
        weighed ? st_arena_take(arena, st_times(l->rows, l->positions), sizeof *l->row_weights) : NULL;
    l->class_weight = l->classes ? st_arena_take(arena, l->classes, sizeof *l->class_weight) : NULL;
#ifdef ST_DOUBLE
    int64_t widest = l->in_size > l->target_size ? l->in_size : l->target_size;
    l->stage = st_arena_take(arena, st_times(l->rows, widest), sizeof *l->stage);
#endif
    l->state = st_arena_take(arena, st_times(l->slots, l->total), sizeof *l->state);
    l->lane = st_arena_take(arena, ST_LANES_MAX, sizeof *l->lane);
    for (int i = 0; i < ST_LANES_MAX; i++) {
        double *sum = st_arena_take(arena, l->all_sums, sizeof *sum);
        if (l->lane) l->lane[i].sum = sum;
    }
    l->phase = st_arena_take(arena, st_learner_phases(l), sizeof *l->phase);
    l->constrained = st_arena_take(arena, l->constraints, sizeof *l->constrained);
    l->whole = st_arena_take(arena, l->wholes, sizeof *l->whole);
    l->whole_penalty = st_arena_take(arena, l->wholes, sizeof *l->whole_penalty);
    l->adapting = st_arena_take(arena, l->adapting_sums, sizeof *l->adapting);
    l->range = st_arena_take(arena, l->ranges, sizeof *l->range);
    l->piece = st_arena_take(arena, l->pieces, sizeof *l->piece);
    int64_t states;
    st_network_state(l->network, &states);
    l->carried = st_arena_take(arena, states, sizeof *l->carried);
}

/* The shape of a row: what was asked for, what the stack says, or what the data has. */
static bool choose_input(const StLearnerPlan *plan, StShape *input, StError *error) {
    StShape data = plan->dataset ? st_dataset_x_shape(plan->dataset) : (StShape){0};
    *input = plan->input ? *plan->input : plan->stack->input.rank ? plan->stack->input : data;
    if (!plan->dataset || st_shape_size(input) == st_shape_size(&data)) return true;
    char wanted[ST_SHAPE_TEXT], got[ST_SHAPE_TEXT];
    return st_fail(error, ST_ERR_SHAPE, "input is %s, the data has rows of %s", st_shape_print(input, wanted),
                   st_shape_print(&data, got));
}

/* What the description alone decides: loss, metrics and optimizer against the output and the data. */
static bool choose_kinds(StLearner *l, const StLearnerPlan *plan, const StShape *output, StError *error) {
    l->compile = *plan->compile;
    l->loss = st_loss_at(l->compile.loss.kind);
    l->optimizer = st_optimizer_at(l->compile.optimizer.kind);
    if (!l->loss || !l->optimizer)
        return st_fail(error, ST_ERR_STATE, "there is no loss yet; add 'compile optimizer=… loss=…'");
    if (!st_loss_fits(&l->compile.loss, output, plan->dataset, error)) return false;
    for (int m = 0; m < l->compile.metrics; m++) {
        const StMetricSpec *spec = &l->compile.metric[m];
        l->metric[m] = st_metric_choose(spec, l->loss, output, plan->dataset, &l->use[m], error);
        if (!l->metric[m]) return false;
        l->sums[m] = l->metric[m]->sums(&l->use[m]);
        if (l->sums[m] > ST_METRIC_SUMS - l->all_sums)
            return st_fail(error, ST_ERR_VALUE,
                           "metrics: %s keeps %lld sums for %lld outputs, wanted at most %d for all metrics",
                           spec->name, (long long)l->sums[m], (long long)st_shape_size(output),
                           ST_METRIC_SUMS);
        l->all_sums += l->sums[m];
    }
    const StOptimizerCommon *common = (const void *)l->compile.optimizer.options;
    l->rate = st_compile_learning_rate(&l->compile);
    l->clipnorm = common->clipnorm > 0 ? common->clipnorm : 0;
    l->global_clipnorm = common->global_clipnorm > 0 ? common->global_clipnorm : 0;
    l->slots = st_optimizer_slots(l->optimizer, l->compile.optimizer.options);
    l->width = output->dim[output->rank - 1];
    l->positions = st_shape_size(output) / l->width;
    l->target_size = l->loss->sparse ? l->positions : l->positions * l->width;
    return true;
}

/* What the data and fit say of weights, against the output. */
static bool choose_weights(StLearner *l, const StLearnerPlan *plan, StError *error) {
    const StDataset *data = plan->dataset;
    l->weights_each = data ? st_dataset_weights_each(data) : 0;
    if (l->weights_each > 1 && l->weights_each != l->positions)
        return st_fail(error, ST_ERR_SHAPE,
                       "the data has %lld weights a row, wanted 1 or %lld (the positions of the output)",
                       (long long)l->weights_each, (long long)l->positions);
    if (!data || !plan->class_weight || !*plan->class_weight) return true;
    if (!st_dataset_has_labels(data) && !l->loss->classifies)
        return st_fail(error, ST_ERR_VALUE,
                       "class_weight=%.60s wants classes, the data has numbers as targets (regression)",
                       plan->class_weight);
    l->classes = st_dataset_has_labels(data) ? st_dataset_classes(data) : l->width > 1 ? (int)l->width : 2;
    return true;
}

static int64_t rows_wanted(const StLearnerPlan *plan) {
    int64_t most = 1;
    if (!plan->dataset) return plan->rows;
    for (int part = 0; part < ST_PARTS; part++) {
        int64_t rows = st_dataset_rows(plan->dataset, (StPart)part);
        if (rows > most) most = rows;
    }
    int64_t rows = plan->rows > CHUNK ? plan->rows : CHUNK;
    return rows < most || plan->all_rows ? rows : most;
}

/* Where the first layer wants words, every row of the data has to hold some. */
static bool data_fits(StLearner *l, StError *error) {
    for (int p = 0; l->dataset && st_network_words(l->network) && p < ST_PARTS; p++) {
        StPart part = (StPart)p;
        int64_t rows = st_dataset_rows(l->dataset, part);
        for (int64_t from = 0; from < rows; from += l->chunk) {
            int64_t count = rows - from < l->chunk ? rows - from : l->chunk;
            StError why = {0};
            l->job = (Job){.part = part, .from = from, .gather = true, .rows = count};
            st_learner_gather(l, 0, count);
            if (!st_network_input_fits(l->network, from, count, &why))
                return st_fail(error, why.code, "the %s part's %s", st_part_name(part), why.message);
        }
    }
    return true;
}

/* How the loss is computed: by what the stack ends in. */
static StLossForm form_of(const StLearner *l) {
    if (st_loss_from_logits(&l->compile.loss)) return ST_LOSS_LOGITS;
    const StStep *last = st_network_step(l->network, l->layers - 1);
    const char *ends = last->kind->activation ? last->kind->activation(last->options) : NULL;
    const StCall *activity = last->kind->activity ? last->kind->activity(last->options) : NULL;
    if (activity && activity->kind != 0) return ST_LOSS_OUTPUTS; /* its gradient is by the output */
    return ends && l->loss->fuses && strcmp(ends, l->loss->fuses) == 0 ? ST_LOSS_FUSED : ST_LOSS_OUTPUTS;
}

static bool build(StLearner *l, const StLearnerPlan *plan, const StShape *input, StError *error) {
    StNetworkPlan network = {.input = input,
                             .rows = l->rows,
                             .batch = plan->rows,
                             .workers = plan->pool ? st_pool_threads(plan->pool) : 1,
                             .learns = true,
                             .input_gradient = plan->input_gradient,
                             .copies = l->slots + plan->copies};
    l->network = st_network_create(plan->stack, &network, error);
    if (!l->network) return false;
    l->layers = st_network_layers(l->network);
    int64_t positions, states;
    l->mask = st_network_mask(l->network, &positions);
    if (positions != l->positions) l->mask = NULL;
    l->surveys = l->mask || st_loss_surveys(l->loss, l->compile.loss.options);
    /* Means over the positions that count, and states, are of Keras' batches. */
    l->chunk = st_network_state(l->network, &states) || l->surveys ? plan->rows : l->rows;
    l->in_size = st_shape_size(input);
    l->form = form_of(l);
    l->weights = st_network_weights(l->network, &l->total);
    l->gradients = st_network_gradients(l->network);
    l->ranges = (int)ranges_of(l->total);
    l->adapting_sums = adapting_of(l);
    cut_pieces(l);
    find_tensors(l);
    lay_out(l, &l->arena);
    if (!st_arena_allocate(&l->arena, "the optimizer's state and the targets", error)) return false;
    lay_out(l, &l->arena);
    cut_pieces(l);
    find_tensors(l);
    for (int s = 0; s < l->slots; s++)
        st_optimizer_start(l->optimizer, l->compile.optimizer.options, s, l->state + s * l->total, l->total);
    if (l->classes &&
        !st_class_weight_read(plan->class_weight, plan->dataset, l->classes, l->class_weight, error))
        return false;
    st_stack_names(plan->stack, l->names);
    return data_fits(l, error);
}

StLearner *st_learner_create(const StLearnerPlan *plan, StError *error) {
    StShape input;
    if (plan->stack->count == 0) {
        st_fail(error, ST_ERR_STATE, "the stack has no layers");
        return NULL;
    }
    StLearner *l = calloc(1, sizeof *l);
    StLayerInfo *layers = calloc((size_t)plan->stack->count, sizeof *layers);
    StStackInfo info;
    bool done = (l && layers) || st_fail_memory(error, "the learner", sizeof *l);
    done = done && choose_input(plan, &input, error) &&
           st_stack_infer(plan->stack, &input, layers, &info, error) &&
           choose_kinds(l, plan, &info.output, error) && choose_weights(l, plan, error);
    free(layers);
    if (done) {
        l->pool = plan->pool;
        l->dataset = plan->dataset;
        l->rows = rows_wanted(plan);
        done = build(l, plan, &input, error);
    }
    if (done) return l;
    st_learner_destroy(l);
    return NULL;
}

void st_learner_destroy(StLearner *l) {
    if (!l) return;
    st_clock_free(l->clock);
    st_network_destroy(l->network);
    st_arena_free(&l->arena);
    free(l);
}
