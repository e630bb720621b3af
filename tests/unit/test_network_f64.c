/* The compiled network in double: whole stacks against central differences, and the same first weights as in
 * float. */
#define ST_DOUBLE
#include "unit/stacks.h"

#include <math.h>

enum { ROWS = 6 };

/* A loss with a different weight for every output: Σ cᵢ·yᵢ. */
static double weight_of(int64_t i) {
    return sin(1.7 * (double)i + 0.3);
}

static double loss(StNetwork *network) {
    StPass pass = {.rows = ROWS, .training = true, .seed = 4, .step = 2};
    st_network_forward(network, &pass);
    const StStep *last = st_network_step(network, st_network_layers(network) - 1);
    double sum = 0;
    for (int64_t i = 0; i < ROWS * last->out_size; i++)
        sum += weight_of(i) * last->y[i];
    return sum;
}

static void gradients(StNetwork *network) {
    StPass pass = {.rows = ROWS, .training = true, .seed = 4, .step = 2};
    const StStep *last = st_network_step(network, st_network_layers(network) - 1);
    st_network_forward(network, &pass);
    for (int64_t i = 0; i < ROWS * last->out_size; i++)
        last->dy[i] = weight_of(i);
    st_network_backward(network, &pass, false);
    for (int p = 0; p < st_network_parts(network); p++)
        st_network_gradient(network, ROWS, p, 0);
}

static void compare(StNetwork *network, Real *v, const Real *g, int64_t n) {
    const double h = 1e-6;
    double largest = 1e-3;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(g[i]));
    for (int64_t i = 0; i < n; i++) {
        Real held = v[i];
        v[i] = held + h;
        double above = loss(network);
        v[i] = held - h;
        double slope = (above - loss(network)) / (2 * h);
        v[i] = held;
        if (!(fabs(slope - g[i]) <= 1e-6 * largest))
            fail_msg("gradient %d is %.12g, by differences %.12g", (int)i, g[i], slope);
    }
}

static void whole_stacks_as_central_differences(void **state) {
    (void)state;
    /* Smooth activations alone, so that no kink is hit. */
    const char *const stacks[] = {
        "dense 7 tanh; dropout 0.4; dense 5 gelu; dense 3 softmax",
        "flatten; dense 6 silu; activation sigmoid; dense 1",
        "dense 4 softplus; flatten; dropout 0.2; dense 2; activation softmax; flatten",
        "dropout 0.3; activation tanh; flatten",
    };
    for (size_t s = 0; s < sizeof stacks / sizeof *stacks; s++) {
        StNetworkPlan plan = {.rows = ROWS, .learns = true, .input_gradient = true};
        StNetwork *network = network_of("2x3", stacks[s], plan);
        st_network_initialize(network, 3);
        int64_t total, inputs = ROWS * 6;
        Real *weights = st_network_weights(network, &total);
        for (int64_t i = 0; i < inputs; i++)
            st_network_input(network)[i] = 1.5 * cos(2.3 * (double)i);
        gradients(network);
        compare(network, st_network_input(network), st_network_input_gradient(network), inputs);
        compare(network, weights, st_network_gradients(network), total);
        st_network_destroy(network);
    }
}

static void first_weights_as_in_float(void **state) {
    (void)state;
    StNetworkPlan plan = {.rows = 1};
    StNetwork *network = network_of("5", "dropout 0.1; flatten; dense 3", plan);
    st_network_initialize(network, 7);
    const Real *w = st_network_step(network, 2)->weight[0];
    assert_true(w[0] == (Real)-0.009285281f && w[1] == (Real)0.07416878f && w[2] == (Real)-0.15069738f);
    st_network_destroy(network);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole_stacks_as_central_differences),
                                       cmocka_unit_test(first_weights_as_in_float)};
    return cmocka_run_group_tests_name("network in double", tests, NULL, NULL);
}
