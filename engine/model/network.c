#include "model/network.h"

#include "layers/initializer.h"
#include "layers/regularizer.h"
#include "math/gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUN_ROWS = 128,    /* rows of a lane of st_network_run outside training */
    BLOCK = 640 << 10, /* bytes of outputs that rows on their way through a run of layers may fill */
    PARTS_MAX = 4,     /* pieces of one layer's gradients */
    PILES = 4,         /* that they are dealt to */
    PART_ROWS = 6,     /* of a kernel, that a piece has at least */
    SPLIT_2 = 1 << 17, /* multiplies from which cutting in 2 pays for a second call of BLAS, … */
    SPLIT_4 = 1 << 21, /* … and in 4 */
};

typedef struct Part {
    int layer, part, parts;
    int64_t cost; /* to put large ones first */
    int place;    /* among all of them, in the order that they are handed out */
} Part;

struct StNetwork {
    StStackInfo info;
    int64_t rows, batch;
    bool learns, input_gradient;
    int layers, tensors, parts;
    int lowest;     /* backward stops above: the first layer with trainable weights, or 0 */
    int shares;     /* layers whose rows must know of each other */
    int *share;     /* [shares] in order */
    int64_t *block; /* [layers] rows that go through the run of layers from here on at a time; 0: not the
                       first of a run */
    int workers;
    int64_t scratch_size, states; /* elements: a worker's scratch, all states of training */
    StLayer *layer;               /* [layers] copies, for their options */
    StStep *step;                 /* [layers] */
    StTensor *tensor;             /* [tensors] */
    Part *part;                   /* [parts] */
    int64_t total;                /* elements of the flat arrays */
    Real *input, *weights, *gradients, *input_gradient_buffer, *scratch, *state[2];
    const Real *mask; /* of the output */
    int64_t mask_size;
    StArena arena;
};

static Real *take(StArena *arena, int64_t count) {
    return st_arena_take(arena, count, sizeof(Real));
}

/* What each layer reads and writes going forward. */
static void lay_out_forward(StNetwork *network, StArena *arena) {
    network->input = take(arena, st_times(network->rows, st_shape_size(&network->info.input)));
    Real *x = network->input;
    for (int i = 0; i < network->layers; i++) {
        StStep *step = &network->step[i];
        step->x = x;
        step->y = step->kind->in_place ? x : take(arena, st_times(network->rows, step->out_size));
        x = step->y;
        if (step->kept_size && (network->learns || step->shared_size)) /* shares may lie there */
            step->kept = take(arena, st_times(network->rows, step->kept_size));
    }
}

/* A mask goes on through the layers until one stops it. */
static void lay_out_masks(StNetwork *network, StArena *arena) {
    const Real *mask = NULL;
    int64_t size = 0;
    for (int i = 0; i < network->layers; i++) {
        StStep *step = &network->step[i];
        step->mask = mask;
        step->mask_size = size;
        StMaskRule rule = step->kind->mask ? step->kind->mask(step->options) : ST_MASK_STOPS;
        if (rule == ST_MASK_MAKES) {
            size = step->out_size / step->out.dim[step->out.rank - 1];
            mask = step->mask_out = take(arena, st_times(network->rows, size));
        } else if (rule == ST_MASK_STOPS) {
            mask = NULL;
            size = 0;
        }
    }
    network->mask = mask;
    network->mask_size = size;
}

/* What threads, lanes and batches keep for themselves. */
static void lay_out_rest(StNetwork *network, StArena *arena) {
    network->scratch = take(arena, st_times(network->workers, network->scratch_size));
    for (int training = 0; training < 2; training++) {
        Real *state = take(arena, network->states);
        network->state[training] = state;
        for (int i = 0; i < network->layers && arena->base; i++) {
            network->step[i].state[training] = network->step[i].state_size ? state : NULL;
            state += network->rows * network->step[i].state_size;
        }
    }
    for (int s = 0; s < network->shares; s++) {
        StStep *step = &network->step[network->share[s]];
        step->shared = st_arena_take(arena, st_times(ST_LANES_MAX, step->shared_size), sizeof *step->shared);
        step->shared_back =
            st_arena_take(arena, st_times(ST_LANES_MAX, step->shared_size), sizeof *step->shared);
    }
}

/* Every layer has a dy of its own, since the gradients are computed when all dZ are there; dx is the dy of
 * the layer before. */
static void lay_out_backward(StNetwork *network, StArena *arena) {
    StStep *last = &network->step[network->layers - 1];
    last->dy = take(arena, st_times(network->rows, last->out_size));
    for (int i = network->layers - 1; i >= network->lowest; i--) {
        StStep *step = &network->step[i];
        if (i == network->lowest && !network->input_gradient) break;
        step->dx = step->kind->in_place ? step->dy : take(arena, st_times(network->rows, step->in_size));
        if (i > 0)
            network->step[i - 1].dy = step->dx;
        else
            network->input_gradient_buffer = step->dx;
    }
}

static void lay_out(StNetwork *network, StArena *arena) {
    network->weights = take(arena, network->total);
    if (network->learns) network->gradients = take(arena, network->total);
    lay_out_forward(network, arena);
    if (network->learns) lay_out_backward(network, arena);
    lay_out_masks(network, arena);
    lay_out_rest(network, arena);
    for (int i = 0; i < network->tensors && arena->base; i++) {
        const StTensor *tensor = &network->tensor[i];
        StStep *step = &network->step[tensor->layer];
        step->weight[tensor->weight] = network->weights + tensor->offset;
        if (network->learns && tensor->trainable)
            step->gradient[tensor->weight] = network->gradients + tensor->offset;
    }
}

static void describe_tensors(StNetwork *network, const StLayerInfo *infos) {
    int count = 0;
    for (int i = 0; i < network->layers; i++) {
        for (int w = 0; w < infos[i].weights; w++) {
            const StWeight *weight = &infos[i].weight[w];
            StTensor *tensor = &network->tensor[count++];
            *tensor = (StTensor){.layer = i,
                                 .weight = w,
                                 .shape = weight->shape,
                                 .size = st_shape_size(&weight->shape),
                                 .offset = network->total,
                                 .trainable = weight->trainable && !network->layer[i].frozen,
                                 .initializer = weight->initializer,
                                 .regularizer = weight->regularizer,
                                 .constraint = weight->constraint,
                                 .fan_in = weight->fan_in,
                                 .fan_out = weight->fan_out,
                                 .ones_from = weight->ones_from,
                                 .ones_to = weight->ones_to};
            char name[ST_WEIGHT_NAME_MAX];
            snprintf(tensor->name, sizeof tensor->name, "%s/%s", infos[i].name, st_weight_name(weight, name));
            int64_t end = st_plus(network->total, st_plus(tensor->size, ST_TENSOR_ALIGNED - 1));
            network->total = end < 0 ? -1 : end / ST_TENSOR_ALIGNED * ST_TENSOR_ALIGNED;
        }
    }
}

static int larger_first(const void *a, const void *b) {
    const Part *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? 1 : -1;
    if (x->layer != y->layer) return x->layer < y->layer ? 1 : -1;
    return x->part - y->part;
}

/* Multiplies of a row's gradients: about those of forward, and at least one a parameter. */
static int64_t gradient_work(const StLayerInfo *info) {
    int64_t forward = info->flops / 2;
    return info->flops < 0 || info->trainable < 0 ? -1
           : forward > info->trainable            ? forward
                                                  : info->trainable;
}

/* Kinds cut their gradients by the rows of their kernels, of which a piece should not have few. */
static bool can_cut(const StLayerInfo *info, int parts) {
    const StShape *kernel = &info->weight[0].shape;
    return st_shape_size(kernel) / kernel->dim[kernel->rank - 1] >= (int64_t)parts * PART_ROWS;
}

static int by_place(const void *a, const void *b) {
    return ((const Part *)a)->place - ((const Part *)b)->place;
}

/* Parts, the largest first, dealt in turns to four piles, of which two and four threads take each as many: a
 * thread's share of a phase are neighbours (base/pool.h). */
static void deal(StNetwork *network) {
    static const int pile[PILES] = {0, 2, 1, 3};
    for (int i = 0; i < network->parts; i++)
        network->part[i].place = pile[i % PILES] * network->parts + i;
    qsort(network->part, (size_t)network->parts, sizeof *network->part, by_place);
}

static void describe_parts(StNetwork *network, const StLayerInfo *infos) {
    for (int i = 0; i < network->layers; i++) {
        if (infos[i].trainable == 0) continue;
        int64_t each = gradient_work(&infos[i]), work = st_times(each, network->batch);
        int parts = work < 0 || work >= SPLIT_4 ? PARTS_MAX : work >= SPLIT_2 ? 2 : 1;
        while (parts > 1 && !can_cut(&infos[i], parts))
            parts /= 2;
        for (int p = 0; p < parts; p++)
            network->part[network->parts++] = (Part){i, p, parts, each / parts, 0};
    }
    qsort(network->part, (size_t)network->parts, sizeof *network->part, larger_first);
    deal(network);
}

static int64_t size_of(int64_t (*hook)(const void *, const StShape *, const StShape *), const StStep *step) {
    return hook ? hook(step->options, &step->in, &step->out) : 0;
}

static void describe_steps(StNetwork *network, const StLayerInfo *infos) {
    network->lowest = network->layers;
    for (int i = 0; i < network->layers; i++) {
        const StLayer *layer = &network->layer[i];
        StStep *step = &network->step[i];
        *step =
            (StStep){.kind = st_layer_kind_find(layer->kind->name), /* the stack may know another precision */
                     .options = layer->options,
                     .layer = i,
                     .source = i - 1,
                     .trainable = !layer->frozen,
                     .in = infos[i].in,
                     .out = infos[i].out,
                     .in_size = st_shape_size(&infos[i].in),
                     .out_size = st_shape_size(&infos[i].out)};
        step->kept_size = size_of(step->kind->kept, step);
        step->state_size = size_of(step->kind->state, step);
        network->states = st_plus(network->states, st_times(network->rows, step->state_size));
        int64_t scratch = size_of(step->kind->scratch, step);
        if (scratch < 0 || (network->scratch_size >= 0 && scratch > network->scratch_size))
            network->scratch_size = scratch;
        step->shared_size = step->trainable ? size_of(step->kind->shared, step) : 0;
        if (step->shared_size) network->share[network->shares++] = i;
        if (network->lowest == network->layers && infos[i].trainable != 0) network->lowest = i;
    }
    network->scratch_size =
        st_plus(network->scratch_size, ST_TENSOR_ALIGNED - 1) / ST_TENSOR_ALIGNED * ST_TENSOR_ALIGNED;
    if (network->input_gradient) network->lowest = 0;
}

static bool starts_stage(const StNetwork *network, int layer) {
    for (int s = 0; s < network->shares; s++)
        if (network->share[s] == layer) return true;
    return false;
}

/* Runs of layers that a block of rows goes through before the next block does, so that it stays in the cache:
 * up to a kind that wants many rows, or to a layer whose rows wait for each other. */
static void describe_blocks(StNetwork *network) {
    for (int first = 0, next; first < network->layers; first = next) {
        int64_t bytes = 0;
        for (next = first; next < network->layers; next++) {
            const StStep *step = &network->step[next];
            if (next > first &&
                (step->kind->whole || network->step[first].kind->whole || starts_stage(network, next)))
                break;
            bytes += step->out_size * (int64_t)sizeof(Real);
        }
        int64_t block = network->step[first].kind->whole ? network->rows : BLOCK / (bytes + 1);
        network->block[first] = block < 1 ? 1 : block;
    }
}

/* The tables, whose size the stack alone decides. */
static bool allocate_tables(StNetwork *network, const StStack *stack, const StLayerInfo *infos,
                            StError *error) {
    size_t layers = (size_t)stack->count, tensors = 0;
    for (int i = 0; i < stack->count; i++)
        tensors += (size_t)infos[i].weights;
    network->layers = stack->count;
    network->tensors = (int)tensors;
    network->layer = aligned_alloc(_Alignof(StLayer), layers * sizeof *network->layer);
    network->step = calloc(layers, sizeof *network->step);
    network->tensor = calloc(tensors + 1, sizeof *network->tensor);
    network->part = calloc(layers * PARTS_MAX, sizeof *network->part);
    network->share = calloc(layers, sizeof *network->share);
    network->block = calloc(layers, sizeof *network->block);
    if (!network->layer || !network->step || !network->tensor || !network->part || !network->share ||
        !network->block)
        return st_fail_memory(error, "the network's tables", layers * sizeof *network->layer);
    memcpy(network->layer, stack->layers, layers * sizeof *network->layer);
    return true;
}

static bool build(StNetwork *network, const StStack *stack, const StNetworkPlan *plan, StLayerInfo *infos,
                  StError *error) {
    if (!st_stack_infer(stack, plan->input, infos, &network->info, error) ||
        !allocate_tables(network, stack, infos, error))
        return false;
    describe_tensors(network, infos);
    describe_steps(network, infos);
    if (network->learns) describe_parts(network, infos);
    StArena arena = {0};
    lay_out(network, &arena);
    int64_t beside = st_times(st_times(plan->copies, network->total), sizeof(Real));
    if (!st_arena_fits(&arena, beside, "the network", error) ||
        !st_arena_allocate(&arena, "the network", error))
        return false;
    lay_out(network, &arena);
    describe_blocks(network); /* of sizes that are known to fit */
    network->arena = arena;
    return true;
}

StNetwork *st_network_create(const StStack *stack, const StNetworkPlan *plan, StError *error) {
    st_math_start();
    if (stack->count == 0) {
        st_fail(error, ST_ERR_STATE, "the stack has no layers, wanted at least 1 (dense 10 adds one)");
        return NULL;
    }
    if (plan->rows < 1) {
        st_fail(error, ST_ERR_VALUE, "a batch of %lld rows, wanted at least 1", (long long)plan->rows);
        return NULL;
    }
    StNetwork *network = calloc(1, sizeof *network);
    StLayerInfo *infos = calloc((size_t)stack->count, sizeof *infos);
    bool done = network && infos;
    if (done) {
        network->rows = plan->rows;
        network->batch = plan->batch ? plan->batch : plan->rows;
        network->workers = plan->workers ? plan->workers : 1;
        network->input_gradient = plan->input_gradient;
        network->learns = plan->learns || plan->input_gradient;
        done = build(network, stack, plan, infos, error);
    } else {
        st_fail_memory(error, "the network's tables", (size_t)stack->count * sizeof *infos);
    }
    free(infos);
    if (done) return network;
    st_network_destroy(network);
    return NULL;
}

void st_network_destroy(StNetwork *network) {
    if (!network) return;
    st_arena_free(&network->arena);
    free(network->layer);
    free(network->step);
    free(network->tensor);
    free(network->part);
    free(network->share);
    free(network->block);
    free(network);
}

int st_network_layers(const StNetwork *network) {
    return network->layers;
}

int64_t st_network_rows(const StNetwork *network) {
    return network->rows;
}

const StStackInfo *st_network_info(const StNetwork *network) {
    return &network->info;
}

const StStep *st_network_step(const StNetwork *network, int layer) {
    return &network->step[layer];
}

const StTensor *st_network_tensors(const StNetwork *network, int *count) {
    *count = network->tensors;
    return network->tensor;
}

Real *st_network_weights(StNetwork *network, int64_t *total) {
    *total = network->total;
    return network->weights;
}

Real *st_network_gradients(StNetwork *network) {
    return network->gradients;
}

Real *st_network_input(StNetwork *network) {
    return network->input;
}

Real *st_network_output(StNetwork *network) {
    return network->step[network->layers - 1].y;
}

Real *st_network_input_gradient(StNetwork *network) {
    return network->input_gradient_buffer;
}

int64_t st_network_words(const StNetwork *network) {
    const StStep *first = &network->step[0];
    return first->kind->words ? first->kind->words(first->options) : 0;
}

bool st_network_input_fits(const StNetwork *network, int64_t base, int64_t rows, StError *error) {
    int64_t words = st_network_words(network), each = network->step[0].in_size;
    for (int64_t i = 0; words && i < rows * each; i++) {
        double x = (double)network->input[i];
        if (!(x > -1 && x < (double)words))
            return st_fail(
                error, ST_ERR_VALUE, "row %lld holds %.9g: layer 1 (%s) wants words from 0 to %lld",
                (long long)(base + i / each + 1), x, network->step[0].kind->name, (long long)words - 1);
    }
    return true;
}

bool st_network_initialize(StNetwork *network, uint64_t seed) {
    bool done = true;
    for (int i = 0; i < network->tensors; i++) {
        const StTensor *tensor = &network->tensor[i];
        StRng rng = st_rng(seed, ST_STREAM_INIT, (uint64_t)tensor->layer, (uint64_t)tensor->weight);
        StWeight weight = {.name = tensor->name,
                           .shape = tensor->shape,
                           .initializer = tensor->initializer,
                           .fan_in = tensor->fan_in,
                           .fan_out = tensor->fan_out,
                           .trainable = tensor->trainable};
        done = done && st_initializer_draw(&weight, network->weights + tensor->offset, &rng);
        for (int64_t j = tensor->ones_from; j < tensor->ones_to; j++)
            network->weights[tensor->offset + j] = 1;
    }
    return done;
}

/* ---- running ---- */

int st_network_lanes(int64_t rows) {
    return rows < 32 ? 1 : rows < 256 ? 2 : ST_LANES_MAX;
}

int64_t st_network_lane(int64_t rows, int lanes, int lane) {
    int64_t each = rows / lanes, longer = rows % lanes;
    return lane * each + (lane < longer ? lane : longer);
}

/* The pass as kernels see it. */
static StPass complete(const StNetwork *network, const StPass *pass) {
    StPass own = *pass;
    own.scratch = network->scratch + pass->worker * network->scratch_size;
    if (own.lanes == 0) own.lanes = 1;
    if (own.batch == 0) own.batch = own.rows;
    return own;
}

/* The regularizer of a layer's output; NULL: none. */
static const StCall *activity_of(const StStep *step) {
    const StCall *call = step->kind->activity ? step->kind->activity(step->options) : NULL;
    return call && call->kind != 0 ? call : NULL;
}

static void forward(const StStep *step, const StPass *pass) {
    const StCall *activity = pass->penalty ? activity_of(step) : NULL;
    step->kind->forward(step, pass);
    if (activity)
        *pass->penalty += st_regularizer_value(activity, step->y + pass->first * step->out_size,
                                               pass->rows * step->out_size);
}

/* Keras divides what an output's regularizer adds to the loss by the rows of the batch. */
static void backward(const StStep *step, const StPass *pass) {
    const StCall *activity = pass->score ? NULL : activity_of(step);
    int64_t at = pass->first * step->out_size;
    if (activity) {
        StCall share = *activity;
        for (int p = 0; p < ST_PARAMETERS_MAX; p++)
            share.parameter[p] /= (double)pass->batch;
        st_regularizer_add_gradient(&share, step->dy + at, step->y + at, pass->rows * step->out_size);
    }
    step->kind->backward(step, pass);
}

/* Layers [from, to), run by run and block by block. */
static void forward_layers(const StNetwork *network, const StPass *pass, int from, int to) {
    for (int first = from, next; first < to; first = next) {
        next = first + 1;
        while (next < to && network->block[next] == 0)
            next++;
        int64_t block = network->block[first] ? network->block[first] : pass->rows;
        for (int64_t row = 0; row < pass->rows; row += block) {
            StPass own = *pass;
            own.first = pass->first + row;
            own.rows = pass->rows - row < block ? pass->rows - row : block;
            for (int i = first; i < next; i++) {
                own.z = pass->z && i == network->layers - 1;
                forward(&network->step[i], &own);
            }
        }
    }
}

static void backward_layers(const StNetwork *network, const StPass *pass, int from, int to, bool logits) {
    for (int end = to, first; end > from; end = first) {
        first = end - 1;
        while (first > from && network->block[first] == 0)
            first--;
        int64_t block = network->block[first] ? network->block[first] : pass->rows;
        for (int64_t row = 0; row < pass->rows; row += block) {
            StPass own = *pass;
            own.first = pass->first + row;
            own.rows = pass->rows - row < block ? pass->rows - row : block;
            for (int i = end - 1; i >= first; i--) {
                own.dz = logits && i == network->layers - 1;
                backward(&network->step[i], &own);
            }
        }
    }
}

int st_network_stages(const StNetwork *network, bool training) {
    return training ? network->shares + 1 : 1;
}

/* Sharing layers that backward comes to. */
static int shares_back(const StNetwork *network) {
    int count = 0;
    for (int s = 0; s < network->shares; s++)
        count += network->share[s] >= network->lowest;
    return count;
}

int st_network_stages_back(const StNetwork *network, bool training) {
    return training ? shares_back(network) + 1 : 1;
}

void st_network_forward_stage(StNetwork *network, const StPass *pass, int stage) {
    StPass own = complete(network, pass);
    int stages = st_network_stages(network, pass->training);
    int from = stage == 0 ? 0 : network->share[stage - 1];
    int to = stage == stages - 1 ? network->layers : network->share[stage];
    forward_layers(network, &own, from, to);
    if (to < network->layers) network->step[to].kind->share(&network->step[to], &own);
}

void st_network_backward_stage(StNetwork *network, const StPass *pass, int stage, bool last_is_logits) {
    StPass own = complete(network, pass);
    int stages = st_network_stages_back(network, pass->training);
    int to = stage == 0 ? network->layers : network->share[network->shares - stage] + 1;
    int share = stage == stages - 1 ? -1 : network->share[network->shares - 1 - stage];
    backward_layers(network, &own, share < 0 ? network->lowest : share + 1, to, last_is_logits);
    if (share >= 0) network->step[share].kind->share_back(&network->step[share], &own);
}

void st_network_forward(StNetwork *network, const StPass *pass) {
    for (int stage = 0; stage < st_network_stages(network, pass->training); stage++)
        st_network_forward_stage(network, pass, stage);
}

void st_network_backward(StNetwork *network, const StPass *pass, bool last_is_logits) {
    for (int stage = 0; stage < st_network_stages_back(network, pass->training); stage++)
        st_network_backward_stage(network, pass, stage, last_is_logits);
}

void st_network_update(StNetwork *network, const StPass *pass) {
    for (int i = 0; i < network->layers; i++) {
        const StStep *step = &network->step[i];
        if (step->kind->update && step->trainable) step->kind->update(step, pass);
    }
}

static bool adapts(const StStep *step) {
    return step->kind->adapt_sums && step->kind->adapt_sums(step->options, &step->in) > 0;
}

int st_network_adapts(const StNetwork *network, int from) {
    for (int i = from; i < network->layers; i++)
        if (adapts(&network->step[i])) return i;
    return -1;
}

void st_network_until(StNetwork *network, const StPass *pass, int layer) {
    StPass own = complete(network, pass);
    forward_layers(network, &own, 0, layer);
}

void st_network_back_until(StNetwork *network, const StPass *pass, int layer, bool last_is_logits) {
    StPass own = complete(network, pass);
    own.score = true;
    backward_layers(network, &own, layer + 1, network->layers, last_is_logits);
}

void st_network_back(StNetwork *network, const StPass *pass, int layer, bool last_is_logits) {
    StPass own = complete(network, pass);
    backward_layers(network, &own, layer, layer + 1, last_is_logits);
}

const Real *st_network_mask(const StNetwork *network, int64_t *positions) {
    *positions = network->mask_size;
    return network->mask;
}

Real *st_network_state(StNetwork *network, int64_t *count) {
    *count = network->states;
    return network->states ? network->state[1] : NULL;
}

void st_network_forget(StNetwork *network, bool training) {
    if (network->states) memset(network->state[training], 0, (size_t)network->states * sizeof(Real));
}

int st_network_parts(const StNetwork *network) {
    return network->parts;
}

void st_network_gradient(StNetwork *network, int64_t rows, int part, int worker) {
    const Part *piece = &network->part[part];
    const StStep *step = &network->step[piece->layer];
    step->kind->gradient(step, rows, piece->part, piece->parts,
                         network->scratch + worker * network->scratch_size);
}

typedef struct Run {
    StNetwork *network;
    const StPass *pass;
    int64_t rows;
    int lanes;
} Run;

static void run_lane(void *context, StPoolTask task) {
    const Run *run = context;
    StPass pass = *run->pass;
    pass.batch = run->rows;
    pass.lane = task.index;
    pass.lanes = run->lanes;
    pass.worker = task.worker;
    pass.first = st_network_lane(run->rows, run->lanes, task.index);
    pass.rows = st_network_lane(run->rows, run->lanes, task.index + 1) - pass.first;
    st_network_forward_stage(run->network, &pass, task.what);
}

void st_network_run(StNetwork *network, int64_t rows, const StPass *pass, StPool *pool) {
    int lanes = pass->training ? st_network_lanes(rows) : (int)((rows + RUN_ROWS - 1) / RUN_ROWS);
    Run run = {network, pass, rows, lanes};
    for (int stage = 0; stage < st_network_stages(network, pass->training); stage++) {
        StPhase phase = {run_lane, lanes, stage};
        st_pool_run(lanes > 1 ? pool : NULL, &phase, 1, &run);
    }
}
