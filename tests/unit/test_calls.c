/* Activations, regularizers, constraints and initializers in float. */
#include "unit/calls_body.h"

int main(void) {
    const struct CMUnitTest tests[] = {CALL_TESTS};
    return cmocka_run_group_tests_name("calls in float", tests, NULL, NULL);
}
