#include "model/network.h"

#include "layers/initializer.h"
#include "math/gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGNED = 16,      /* elements: a cache line of floats */
    RUN_ROWS = 128,    /* rows of a chunk of st_network_run */
    PARTS_MAX = 4,     /* pieces of one layer's gradients */
    SPLIT_2 = 1 << 17, /* parameters times rows from which cutting in 2 pays for a second call of BLAS, … */
    SPLIT_4 = 1 << 21, /* … and in 4 */
};

typedef struct Part {
    int layer, part, parts;
    int64_t cost; /* to put large ones first */
} Part;

struct StNetwork {
    StStackInfo info;
    int64_t rows, batch;
    bool learns, input_gradient;
    int layers, tensors, parts;
    int lowest;       /* backward stops above: the first layer with trainable weights, or 0 */
    StLayer *layer;   /* [layers] copies, for their options */
    StStep *step;     /* [layers] */
    StTensor *tensor; /* [tensors] */
    Part *part;       /* [parts] */
    int64_t total;    /* elements of the flat arrays */
    Real *input, *weights, *gradients, *input_gradient_buffer;
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
        if (network->learns && step->kept_size)
            step->kept = take(arena, st_times(network->rows, step->kept_size));
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
                                 .trainable = weight->trainable,
                                 .initializer = weight->initializer,
                                 .regularizer = weight->regularizer,
                                 .fan_in = weight->fan_in,
                                 .fan_out = weight->fan_out};
            snprintf(tensor->name, sizeof tensor->name, "%s/%.20s", infos[i].name, weight->name);
            int64_t end = st_plus(network->total, st_plus(tensor->size, ALIGNED - 1));
            network->total = end < 0 ? -1 : end / ALIGNED * ALIGNED;
        }
    }
}

static int larger_first(const void *a, const void *b) {
    const Part *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? 1 : -1;
    if (x->layer != y->layer) return x->layer < y->layer ? 1 : -1;
    return x->part - y->part;
}

static void describe_parts(StNetwork *network, const StLayerInfo *infos) {
    for (int i = 0; i < network->layers; i++) {
        if (infos[i].trainable == 0) continue;
        int64_t work = st_times(infos[i].trainable, network->batch);
        int parts = work < 0 || work >= SPLIT_4 ? PARTS_MAX : work >= SPLIT_2 ? 2 : 1;
        for (int p = 0; p < parts; p++)
            network->part[network->parts++] = (Part){i, p, parts, infos[i].trainable / parts};
    }
    qsort(network->part, (size_t)network->parts, sizeof *network->part, larger_first);
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
                     .in = infos[i].in,
                     .out = infos[i].out,
                     .in_size = st_shape_size(&infos[i].in),
                     .out_size = st_shape_size(&infos[i].out)};
        if (step->kind->kept) step->kept_size = step->kind->kept(step->options, &step->in, &step->out);
        if (network->lowest == network->layers && infos[i].trainable != 0) network->lowest = i;
    }
    if (network->input_gradient) network->lowest = 0;
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
    if (!network->layer || !network->step || !network->tensor || !network->part)
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

void st_network_initialize(StNetwork *network, uint64_t seed) {
    for (int i = 0; i < network->tensors; i++) {
        const StTensor *tensor = &network->tensor[i];
        StRng rng = st_rng(seed, ST_STREAM_INIT, (uint64_t)tensor->layer, (uint64_t)tensor->weight);
        StWeight weight = {.name = tensor->name,
                           .shape = tensor->shape,
                           .initializer = tensor->initializer,
                           .fan_in = tensor->fan_in,
                           .fan_out = tensor->fan_out,
                           .trainable = tensor->trainable};
        st_initializer_draw(&weight, network->weights + tensor->offset, &rng);
    }
}

void st_network_forward(StNetwork *network, const StPass *pass) {
    StPass own = *pass;
    for (int i = 0; i < network->layers; i++) {
        own.z = pass->z && i == network->layers - 1;
        network->step[i].kind->forward(&network->step[i], &own);
    }
}

void st_network_backward(StNetwork *network, const StPass *pass, bool last_is_logits) {
    StPass own = *pass;
    own.dz = last_is_logits;
    for (int i = network->layers - 1; i >= network->lowest; i--) {
        network->step[i].kind->backward(&network->step[i], &own);
        own.dz = false;
    }
}

int st_network_parts(const StNetwork *network) {
    return network->parts;
}

void st_network_gradient(StNetwork *network, int64_t rows, int part) {
    const Part *piece = &network->part[part];
    const StStep *step = &network->step[piece->layer];
    step->kind->gradient(step, rows, piece->part, piece->parts);
}

typedef struct Run {
    StNetwork *network;
    const StPass *pass;
    int64_t rows;
} Run;

static void run_chunk(void *context, int index) {
    const Run *run = context;
    StPass pass = *run->pass;
    pass.first = (int64_t)index * RUN_ROWS;
    pass.rows = run->rows - pass.first < RUN_ROWS ? run->rows - pass.first : RUN_ROWS;
    st_network_forward(run->network, &pass);
}

void st_network_run(StNetwork *network, int64_t rows, const StPass *pass, StPool *pool) {
    Run run = {network, pass, rows};
    StPhase phase = {run_chunk, (int)((rows + RUN_ROWS - 1) / RUN_ROWS)};
    st_pool_run(rows > RUN_ROWS ? pool : NULL, &phase, 1, &run);
}
