/* The engine's own matrix product in double. */
#define ST_DOUBLE
#include "unit/product_body.h"

int main(void) {
    const struct CMUnitTest tests[] = {PRODUCT_TESTS};
    return cmocka_run_group_tests_name("product in double", tests, NULL, NULL);
}
