/* Eigenvalues and singular values against matrices whose own are known. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "math/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEAR(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static void test_small_symmetric(void **unused) {
    (void)unused;
    double a[] = {2, 1, 0, /**/ 1, 2, 0, /**/ 0, 0, -5}, value[3];
    StError error = {0};
    assert_true(st_symmetric_eigen(3, a, value, &error));
    NEAR(value[0], 3, 1e-14);
    NEAR(value[1], 1, 1e-14);
    NEAR(value[2], -5, 1e-14);
    NEAR(fabs(a[0]), sqrt(0.5), 1e-14); /* rows are the vectors */
    NEAR(a[0], a[1], 1e-14);
    NEAR(a[3], -a[4], 1e-14);
    NEAR(fabs(a[8]), 1, 1e-14);
}

/* A = Σ λ v vᵀ again, and the vectors are at right angles. */
static void test_vectors_make_the_matrix(void **unused) {
    (void)unused;
    enum { N = 40 };
    static double a[N * N], v[N * N], value[N];
    StRng rng = st_rng(5, ST_STREAM_DATA, 0, 0);
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++)
            a[i * N + j] = a[j * N + i] = st_rng_normal(&rng);
    memcpy(v, a, sizeof v);
    StError error = {0};
    assert_true(st_symmetric_eigen(N, v, value, &error));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0, product = 0;
            for (int k = 0; k < N; k++) {
                sum += value[k] * v[k * N + i] * v[k * N + j];
                product += v[i * N + k] * v[j * N + k];
            }
            NEAR(sum, a[i * N + j], 1e-12);
            NEAR(product, i == j, 1e-12);
        }
    for (int k = 1; k < N; k++)
        assert_true(value[k - 1] >= value[k]);
}

static void test_singular_values(void **unused) {
    (void)unused;
    StError error = {0};
    double wide[] = {3, 0, 0, 0, /**/ 0, -4, 0, 0}, tall[] = {3, 0, /**/ 0, -4, /**/ 0, 0, /**/ 0, 0},
           value[2];
    assert_true(st_singular_values(2, 4, wide, value, &error));
    NEAR(value[0], 4, 1e-14);
    NEAR(value[1], 3, 1e-14);
    assert_true(st_singular_values(4, 2, tall, value, &error));
    NEAR(value[0], 4, 1e-14);
    NEAR(value[1], 3, 1e-14);
    double one[] = {-7}, zero[4] = {0};
    assert_true(st_singular_values(1, 1, one, value, &error));
    NEAR(value[0], 7, 0);
    assert_true(st_singular_values(2, 2, zero, value, &error));
    NEAR(value[0], 0, 0);
}

static void test_refusals(void **unused) {
    (void)unused;
    StError error = {0};
    double a[] = {1, NAN, NAN, 1}, value[2];
    assert_false(st_symmetric_eigen(2, a, value, &error));
    assert_int_equal(error.code, ST_ERR_NONFINITE);
    assert_false(st_singular_values(2, 2, a, value, &error));
    assert_false(st_singular_values(20000, 20000, a, value, &error));
    assert_non_null(strstr(error.message, "20000x20000"));
    assert_false(st_symmetric_eigen(0, a, value, &error));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_symmetric), cmocka_unit_test(test_vectors_make_the_matrix),
        cmocka_unit_test(test_singular_values), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
