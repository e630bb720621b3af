/* Every layer kind in double: against the oracle, and gradients against central differences. */
#define ST_DOUBLE
#include "unit/layers_body.h"

static bool (*const draw_wide)(const StWeight *, double *, StRng *) = st_initializer_draw;
#undef st_initializer_draw
bool st_initializer_draw(const StWeight *weight, float *w, StRng *rng); /* the one in float */

static void initializers_draw_the_same_in_float(void **state) {
    (void)state;
    for (int i = 0; st_initializers[i].name; i++) {
        StWeight weight = {.shape = {2, {12, 7}}, .initializer = {i, {0.3, 0.7}}, .fan_in = 12, .fan_out = 7};
        double wide[12 * 7];
        float narrow[12 * 7];
        StRng a = st_rng(3, ST_STREAM_INIT, 1, 0), b = a;
        draw_wide(&weight, wide, &a);
        st_initializer_draw(&weight, narrow, &b);
        for (int j = 0; j < 12 * 7; j++)
            if (wide[j] != (double)narrow[j])
                fail_msg("%s: %d is %.17g and %.17g", st_initializers[i].name, j, wide[j], (double)narrow[j]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {LAYER_TESTS, cmocka_unit_test(as_central_differences),
                                       cmocka_unit_test(initializers_draw_the_same_in_float)};
    return cmocka_run_group_tests_name("layers in double", tests, read_fixtures, free_fixtures);
}
