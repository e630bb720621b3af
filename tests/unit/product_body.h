/* The tests of the engine's own product: included by test_product.c (float) and test_product_f64.c (double).
 * What is wanted is known to the bit: one accumulator for an element, fma in the order of k. */
#include "base/rng.h"
#include "math/gemm.h"
#include "math/product.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef ST_DOUBLE
#define FMA fma
#else
#define FMA fmaf
#endif

/* Numbers in [-1, 1], and beside every row of a matrix some that do not belong to it. */
static Real *noise(int64_t count, uint64_t seed) {
    Real *v = malloc((size_t)count * sizeof *v);
    StRng rng = st_rng(seed, ST_STREAM_DATA, 0, 0);
    for (int64_t i = 0; i < count; i++)
        v[i] = (Real)(2 * st_rng_uniform(&rng) - 1);
    return v;
}

typedef struct Case {
    bool ta, tb, add;
    int m, n, k, slack; /* slack: elements between the end of a row and the next */
} Case;

static void wanted(const Case *t, StFactor a, StFactor b, Real *c, int64_t ldc) {
    for (int64_t i = 0; i < t->m; i++)
        for (int64_t j = 0; j < t->n; j++) {
            Real sum = t->add ? c[i * ldc + j] : 0;
            for (int64_t p = 0; p < t->k; p++)
                sum = FMA(a.v[i * a.row + p * a.step], b.v[j * b.row + p * b.step], sum);
            c[i * ldc + j] = sum;
        }
}

static StFactor factor(const Real *v, bool along_k, int64_t ld) {
    return along_k ? (StFactor){v, ld, 1} : (StFactor){v, 1, ld};
}

static void check(StProduct *product, const char *name, const Case *t) {
    int64_t lda = (t->ta ? t->m : t->k) + t->slack, ldb = (t->tb ? t->k : t->n) + t->slack;
    int64_t ldc = t->n + t->slack, size_a = (t->ta ? t->k : t->m) * lda;
    int64_t size_b = (t->tb ? t->n : t->k) * ldb, size_c = t->m * ldc;
    /* nothing behind the last element: a sanitizer sees what is read beyond it */
    Real *a = noise(size_a - t->slack, 1), *b = noise(size_b - t->slack, 2);
    Real *want = noise(size_c, 3), *got = noise(size_c, 3);
    for (int64_t i = 0; i < t->m && !t->add; i++)
        for (int64_t j = 0; j < t->n; j++)
            got[i * ldc + j] = (Real)NAN; /* need not be set before */
    StFactor left = factor(a, !t->ta, lda), right = factor(b, t->tb, ldb);
    wanted(t, left, right, want, ldc);
    product(t->m, t->n, t->k, left, right, t->add, got, ldc);
    for (int64_t i = 0; i < size_c; i++)
        if (memcmp(&want[i], &got[i], sizeof *got) != 0)
            fail_msg("%s %c%c%s of %dx%dx%d with %d between rows: element %d, %d is %.9g, wanted %.9g", name,
                     t->ta ? 'T' : 'N', t->tb ? 'T' : 'N', t->add ? "+" : "", t->m, t->n, t->k, t->slack,
                     (int)(i / ldc), (int)(i % ldc), (double)got[i], (double)want[i]);
    free(a), free(b), free(want), free(got);
}

static void each_kind(const Case *t) {
#ifdef ST_PRODUCT_X86
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) check(st_product_avx2, "AVX2", t);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
        check(st_product_avx512, "AVX-512", t);
#else
    (void)t;
#endif
}

/* Every height of a tile, every width of its last vector, every orientation. */
static void every_tile(void **state) {
    (void)state;
    for (int way = 0; way < 8; way++)
        for (int m = 1; m <= 14; m++)
            for (int n = 1; n <= 35; n++)
                each_kind(&(Case){way & 1, way & 2, way & 4, m, n, 1 + (m + n) % 7, (m * n) % 3});
}

/* More than is packed at a time, of rows, of columns and of k, and strides far and near. */
static void every_block(void **state) {
    (void)state;
    static const int shape[][3] = {{1, 300, 520},  {300, 1, 257},  {2, 513, 30},   {250, 261, 17},
                                   {303, 19, 600}, {13, 530, 258}, {16, 200, 300}, {70, 201, 70},
                                   {80, 400, 522}, {15, 50, 129}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
        for (int way = 0; way < 8; way++)
            each_kind(&(Case){way & 1, way & 2, way & 4, shape[s][0], shape[s][1], shape[s][2],
                              way % 3 == 0 ? 0 : 5});
    each_kind(&(Case){false, false, true, 295, 40, 300, 600});
}

/* What st_gemm gives does not depend on how its caller cuts the product, where there is an own one. */
static void cut_anywhere(void **state) {
    (void)state;
    enum { M = 37, N = 83, K = 90 };
    if (st_product_kind() == ST_PRODUCT_NONE) skip();
    Real *a = noise(M * K, 1), *b = noise(K * N, 2), *whole = noise(M * N, 3), *parts = noise(M * N, 3);
    for (int beta = 0; beta < 2; beta++) {
        st_gemm(false, false, M, N, K, 1, a, K, b, N, (Real)beta, whole, N);
        for (int i = 0, rows = 1; i < M; i += rows, rows = rows % 7 + 1)
            for (int j = 0, columns = 1; j < N; j += columns, columns = columns % 40 + 3) {
                int m = rows < M - i ? rows : M - i, n = columns < N - j ? columns : N - j;
                Real *at = parts + i * N + j;
                st_gemm(false, false, m, n, 40, 1, a + i * K, K, b + j, N, (Real)beta, at, N);
                st_gemm(false, false, m, n, K - 40, 1, a + i * K + 40, K, b + 40 * N + j, N, 1, at, N);
            }
        assert_memory_equal(whole, parts, M * N * sizeof *whole);
    }
    free(a), free(b), free(whole), free(parts);
}

static void nothing_to_do(void **state) {
    (void)state;
    Real one = 1, c[2] = {5, 5};
    st_gemm(false, false, 0, 1, 1, 1, &one, 1, &one, 1, 0, c, 1);
    st_gemm(false, false, 1, 0, 1, 1, &one, 1, &one, 1, 0, c, 1);
    st_gemm(false, false, 1, 2, 0, 1, &one, 1, &one, 2, 1, c, 2);
    assert_true(c[0] == 5 && c[1] == 5);
    st_gemm(false, false, 1, 2, 0, 1, &one, 1, &one, 2, 0, c, 2);
    assert_true(c[0] == 0 && c[1] == 0);
}

#define PRODUCT_TESTS                                                                                        \
    cmocka_unit_test(every_tile), cmocka_unit_test(every_block), cmocka_unit_test(cut_anywhere),             \
        cmocka_unit_test(nothing_to_do)
