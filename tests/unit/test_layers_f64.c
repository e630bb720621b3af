/* Every layer kind in double: against the oracle, and gradients against central differences. */
#define ST_DOUBLE
#include "unit/layers_body.h"

int main(void) {
    const struct CMUnitTest tests[] = {LAYER_TESTS, cmocka_unit_test(as_central_differences)};
    return cmocka_run_group_tests_name("layers in double", tests, read_fixtures, free_fixtures);
}
