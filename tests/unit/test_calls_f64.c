/* Activations, regularizers, constraints and initializers in double. */
#define ST_DOUBLE
#include "unit/calls_body.h"

int main(void) {
    const struct CMUnitTest tests[] = {CALL_TESTS};
    return cmocka_run_group_tests_name("calls in double", tests, NULL, NULL);
}
