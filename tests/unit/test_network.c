/* The compiled network in float: the same bits on any number of threads, no allocation while it runs, its
 * tables and buffers, and what it refuses. */
#include "unit/stacks.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "unit/allocations.h"

/* ---- a step on several threads ---- */

static const char *const deep = "dense 33 relu; dropout 0.3; dense 48 gelu; activation tanh; dense 7 softmax";
enum { ROWS = 75, LANE = 16 };

static void fill(float *v, int64_t n, uint64_t seed) {
    StRng rng = st_rng(seed, ST_STREAM_DATA, 0, 0);
    for (int64_t i = 0; i < n; i++)
        v[i] = (float)(2 * st_rng_uniform(&rng) - 1);
}

static void lane_task(void *context, StPoolTask task) {
    int lane = task.index;
    StNetwork *network = context;
    const StStep *last = st_network_step(network, st_network_layers(network) - 1);
    int64_t first = (int64_t)lane * LANE, rows = ROWS - first < LANE ? ROWS - first : LANE;
    StPass pass = {.first = first, .rows = rows, .training = true, .seed = 3, .step = 8};
    st_network_forward(network, &pass);
    for (int64_t i = first * last->out_size; i < (first + rows) * last->out_size; i++)
        last->dy[i] = last->y[i] - (i % 7 == 2);
    st_network_backward(network, &pass, true);
}

static void part_task(void *context, StPoolTask task) {
    st_network_gradient(context, ROWS, task.index, task.worker);
}

static void run_step(StNetwork *network, StPool *pool) {
    const StPhase phases[] = {{lane_task, (ROWS + LANE - 1) / LANE, 0},
                              {part_task, st_network_parts(network), 0}};
    st_pool_run(pool, phases, 2, network);
}

static void same_bits_on_any_threads(void **state) {
    (void)state;
    StNetworkPlan plan = {.rows = ROWS, .learns = true, .input_gradient = true};
    float *gradients = NULL, *output = NULL, *dx = NULL;
    int64_t total = 0, outputs = ROWS * 7, inputs = ROWS * 20;
    for (int threads = 1; threads <= 4; threads++) {
        StNetwork *network = network_of("20", deep, plan);
        StPool *pool = st_pool_create(threads, NULL);
        st_network_initialize(network, 5);
        fill(st_network_input(network), inputs, 1);
        st_network_weights(network, &total);
        run_step(network, pool);
        if (threads == 1) {
            gradients = malloc((size_t)total * sizeof(float));
            output = malloc((size_t)outputs * sizeof(float));
            dx = malloc((size_t)inputs * sizeof(float));
            memcpy(gradients, st_network_gradients(network), (size_t)total * sizeof(float));
            memcpy(output, st_network_output(network), (size_t)outputs * sizeof(float));
            memcpy(dx, st_network_input_gradient(network), (size_t)inputs * sizeof(float));
        }
        assert_memory_equal(gradients, st_network_gradients(network), (size_t)total * sizeof(float));
        assert_memory_equal(output, st_network_output(network), (size_t)outputs * sizeof(float));
        assert_memory_equal(dx, st_network_input_gradient(network), (size_t)inputs * sizeof(float));
        st_pool_destroy(pool);
        st_network_destroy(network);
    }
    free(gradients), free(output), free(dx);
}

static void running_is_the_same_on_any_threads(void **state) {
    (void)state;
    enum { MANY = 1000 };
    StNetworkPlan plan = {.rows = MANY};
    StPass pass = {.training = false};
    float *output = malloc(MANY * 7 * sizeof *output);
    for (int threads = 0; threads <= 4; threads++) { /* 0: without a pool */
        StNetwork *network = network_of("20", deep, plan);
        StPool *pool = threads ? st_pool_create(threads, NULL) : NULL;
        st_network_initialize(network, 5);
        fill(st_network_input(network), MANY * 20, 1);
        st_network_run(network, MANY, &pass, pool);
        if (threads == 0) memcpy(output, st_network_output(network), MANY * 7 * sizeof *output);
        assert_memory_equal(output, st_network_output(network), MANY * 7 * sizeof *output);
        for (int64_t row = 0; row < MANY; row++) {
            double sum = 0;
            for (int j = 0; j < 7; j++)
                sum += (double)output[row * 7 + j];
            assert_true(fabs(sum - 1) < 1e-6);
        }
        if (pool) st_pool_destroy(pool);
        st_network_destroy(network);
    }
    free(output);
}

static void a_step_allocates_nothing(void **state) {
    (void)state;
    StNetworkPlan plan = {.rows = ROWS, .learns = true};
    StNetwork *network = network_of("20", deep, plan);
    StPool *pool = st_pool_create(2, NULL);
    st_network_initialize(network, 5);
    StPass pass = {.training = false};
    run_step(network, pool); /* BLAS takes its buffers at its first call */
    st_network_run(network, ROWS, &pass, pool);
    long before = atomic_load(&allocations);
    for (int i = 0; i < 10; i++) {
        run_step(network, pool);
        st_network_run(network, ROWS, &pass, pool);
        st_network_initialize(network, 6);
    }
    assert_int_equal(atomic_load(&allocations), before);
#ifdef COUNTS_ALLOCATIONS
    void *volatile some = malloc(1);
    free(some);
    assert_int_equal(atomic_load(&allocations), before + 1); /* the counter counts */
#endif
    st_pool_destroy(pool);
    st_network_destroy(network);
}

/* ---- tables and buffers ---- */

static void weights_have_names_and_places(void **state) {
    (void)state;
    StNetworkPlan plan = {.rows = 4, .learns = true};
    StNetwork *network = network_of("5", "dense 3; dense 2 use_bias=no; dense 6 name=out", plan);
    const struct {
        const char *name;
        int layer, weight, size;
    } wanted[] = {{"dense/kernel", 0, 0, 15},
                  {"dense/bias", 0, 1, 3},
                  {"dense_1/kernel", 1, 0, 6},
                  {"out/kernel", 2, 0, 12},
                  {"out/bias", 2, 1, 6}};
    int count;
    int64_t total, end = 0;
    const StTensor *tensor = st_network_tensors(network, &count);
    float *weights = st_network_weights(network, &total);
    assert_int_equal(count, 5);
    st_network_initialize(network, 1);
    for (int i = 0; i < count; i++) {
        assert_string_equal(tensor[i].name, wanted[i].name);
        assert_int_equal(tensor[i].layer, wanted[i].layer);
        assert_int_equal(tensor[i].weight, wanted[i].weight);
        assert_int_equal(tensor[i].size, wanted[i].size);
        assert_int_equal(tensor[i].offset % 16, 0);
        assert_true(tensor[i].offset >= end && tensor[i].trainable);
        for (; end < tensor[i].offset; end++)
            assert_true(weights[end] == 0); /* gaps */
        end = tensor[i].offset + tensor[i].size;
        const StStep *step = st_network_step(network, tensor[i].layer);
        assert_ptr_equal(step->weight[tensor[i].weight], weights + tensor[i].offset);
        assert_ptr_equal(step->gradient[tensor[i].weight], st_network_gradients(network) + tensor[i].offset);
    }
    assert_true(total >= end && total < end + 16);
    assert_int_equal(st_network_rows(network), 4);
    assert_int_equal(st_network_info(network)->parameters, 15 + 3 + 6 + 12 + 6);
    st_network_destroy(network);
}

static void buffers_begin_on_cache_lines(void **state) {
    (void)state;
    StNetworkPlan plan = {.rows = 3, .learns = true, .input_gradient = true};
    StNetwork *network = network_of("3x3", "dense 5 silu; flatten; dropout 0.1; dense 1", plan);
    int64_t total;
    assert_int_equal((uintptr_t)st_network_weights(network, &total) % 64, 0);
    assert_int_equal((uintptr_t)st_network_gradients(network) % 64, 0);
    for (int i = 0; i < st_network_layers(network); i++) {
        const StStep *step = st_network_step(network, i);
        assert_int_equal((uintptr_t)step->x % 64, 0);
        assert_int_equal((uintptr_t)step->y % 64, 0);
        assert_int_equal((uintptr_t)step->dy % 64, 0);
        assert_int_equal((uintptr_t)step->dx % 64, 0);
        assert_int_equal((uintptr_t)step->kept % 64, 0);
    }
    const StStep *flatten = st_network_step(network, 1);
    assert_ptr_equal(flatten->x, flatten->y);
    assert_ptr_equal(flatten->dx, flatten->dy);
    assert_ptr_equal(flatten->dx, st_network_step(network, 0)->dy);
    assert_ptr_equal(st_network_output(network), st_network_step(network, 3)->y);
    st_network_destroy(network);
}

/* Nobody needs the gradient by what lies below the first weights; what does not learn has none at all. */
static void makes_only_what_is_needed(void **state) {
    (void)state;
    StNetworkPlan plan = {.rows = 3, .learns = true};
    StNetwork *network = network_of("8", "dropout 0.5; activation tanh; dense 4; dense 2", plan);
    assert_null(st_network_step(network, 0)->dy);
    assert_null(st_network_step(network, 2)->dx);
    assert_non_null(st_network_step(network, 3)->dx);
    assert_null(st_network_input_gradient(network));
    st_network_destroy(network);
    plan.learns = false;
    network = network_of("8", "dense 4 gelu; dropout 0.5; dense 2", plan);
    assert_null(st_network_gradients(network));
    assert_null(st_network_step(network, 2)->dy);
    assert_null(st_network_step(network, 0)->kept);
    assert_int_equal(st_network_parts(network), 0);
    StPass pass = {.training = true, .seed = 1}; /* training behaviour, without learning */
    fill(st_network_input(network), 24, 1);
    st_network_initialize(network, 1);
    st_network_run(network, 3, &pass, NULL);
    assert_true(st_network_output(network)[0] != 0);
    st_network_destroy(network);
}

static void input_gradient_through_flatten(void **state) {
    (void)state;
    StNetworkPlan plan = {.rows = 2, .input_gradient = true};
    StNetwork *network = network_of("2x2", "flatten; dense 1 kernel_initializer=constant:3", plan);
    st_network_initialize(network, 1);
    StPass pass = {.rows = 2};
    st_network_forward(network, &pass);
    float *dy = st_network_step(network, 1)->dy;
    dy[0] = 1, dy[1] = -2;
    st_network_backward(network, &pass, false);
    for (int i = 0; i < 8; i++)
        assert_true(st_network_input_gradient(network)[i] == (i < 4 ? 3 : -6));
    st_network_destroy(network);
}

/* Large layers are cut, small ones not, larger pieces come first; all pieces write all gradients. */
static void parts_cover_every_gradient(void **state) {
    (void)state;
    StNetworkPlan plan = {.rows = 32, .learns = true};
    StNetwork *network = network_of("100", "dense 64 relu; dense 64 relu; dense 10 softmax", plan);
    assert_int_equal(st_network_parts(network), 5);
    int count;
    int64_t total;
    const StTensor *tensor = st_network_tensors(network, &count);
    st_network_weights(network, &total);
    float *gradients = st_network_gradients(network);
    st_network_initialize(network, 1);
    fill(st_network_input(network), 3200, 2);
    StPass pass = {.rows = 32};
    st_network_forward(network, &pass);
    fill(st_network_step(network, 2)->dy, 320, 3);
    st_network_backward(network, &pass, false);
    for (int64_t i = 0; i < total; i++)
        gradients[i] = NAN;
    for (int part = st_network_parts(network) - 1; part >= 0; part--)
        st_network_gradient(network, 32, part, 0);
    for (int t = 0; t < count; t++)
        for (int64_t i = 0; i < tensor[t].size; i++)
            assert_true(isfinite(gradients[tensor[t].offset + i]));
    st_network_destroy(network);
}

/* ---- initial weights ---- */

static void weights_follow_seed_and_layer(void **state) {
    (void)state;
    StNetworkPlan plan = {.rows = 1};
    StNetwork *a = network_of("5", "dropout 0.1; flatten; dense 3; dense 3", plan);
    StNetwork *b = network_of("5", "dropout 0.1; flatten; dense 3 relu", plan);
    st_network_initialize(a, 7);
    st_network_initialize(b, 7);
    const float *wa = st_network_step(a, 2)->weight[0], *wb = st_network_step(b, 2)->weight[0];
    assert_memory_equal(wa, wb, 15 * sizeof(float));
    /* glorot_uniform from Philox with key and stream as base/rng.h says, computed apart in Python. */
    assert_true(wa[0] == -0.009285281f && wa[1] == 0.07416878f && wa[2] == -0.15069738f);
    assert_memory_not_equal(wa, st_network_step(a, 3)->weight[0], 9 * sizeof(float));
    st_network_initialize(b, 8);
    assert_memory_not_equal(wa, wb, 15 * sizeof(float));
    st_network_destroy(a);
    st_network_destroy(b);
}

/* ---- what is refused ---- */

static void refuses(void **state) {
    (void)state;
    const struct {
        const char *input, *layers;
        int64_t rows;
        StCode code;
        const char *says;
    } wanted[] = {
        {"4", "", 1, ST_ERR_STATE, "the stack has no layers, wanted at least 1 (dense 10 adds one)"},
        {"4", "dense 3", 0, ST_ERR_VALUE, "a batch of 0 rows, wanted at least 1"},
        {"", "dense 3", 1, ST_ERR_STATE, "the shape of the input is not known"},
        {"1000000", "dense 175000", 1, ST_ERR_MEMORY, "the network would take 700 GB, this machine has "},
        {"2000000000", "dense 2000000000", 1, ST_ERR_MEMORY, "the network would take 1.6e+10 GB, this"},
        {"2000000000x2000000000", "flatten; dense 2000000000", 9, ST_ERR_MEMORY,
         "the network would take more than 1.845e+10 GB, this"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        StError error = {0};
        StStack stack = stack_of(wanted[i].input, wanted[i].layers);
        StNetworkPlan plan = {.rows = wanted[i].rows, .learns = false};
        assert_null(st_network_create(&stack, &plan, &error));
        if (strncmp(error.message, wanted[i].says, strlen(wanted[i].says)) != 0)
            fail_msg("'%s', wanted '%s'", error.message, wanted[i].says);
        assert_int_equal(error.code, wanted[i].code);
        st_stack_free(&stack);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_on_any_threads),
        cmocka_unit_test(running_is_the_same_on_any_threads),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(weights_have_names_and_places),
        cmocka_unit_test(buffers_begin_on_cache_lines),
        cmocka_unit_test(makes_only_what_is_needed),
        cmocka_unit_test(input_gradient_through_flatten),
        cmocka_unit_test(parts_cover_every_gradient),
        cmocka_unit_test(weights_follow_seed_and_layer),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
