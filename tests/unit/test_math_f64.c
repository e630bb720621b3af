/* Vector loops and the matrix product in double. */
#define ST_DOUBLE
#include "unit/math_body.h"

int main(void) {
    const struct CMUnitTest tests[] = {MATH_TESTS};
    return cmocka_run_group_tests_name("math in double", tests, NULL, NULL);
}
