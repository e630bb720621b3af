/* The tests of math/: included by test_math.c (float) and test_math_f64.c (double). */
#include "base/rng.h"
#include "math/gemm.h"
#include "math/scalar.h"
#include "math/vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TAIL_MAX = 40, GUARD = 8, LONGEST = TAIL_MAX + 2 * GUARD };

#ifdef ST_DOUBLE
#define EPSILON 0x1p-52
#else
#define EPSILON 0x1p-23
#endif

/* Numbers in [-3, 3], the same in both precisions. */
static void noise(Real *v, int64_t n, uint64_t seed) {
    StRng rng = st_rng(seed, ST_STREAM_DATA, 0, 0);
    for (int64_t i = 0; i < n; i++)
        v[i] = (Real)(float)(6 * st_rng_uniform(&rng) - 3);
}

/* ---- elementwise ---- */

typedef struct Function {
    const char *name;
    void (*vector)(Real *y, const Real *x, int64_t n);
    Real (*scalar)(Real x);
} Function;

static const Function functions[] = {
    {"exp", st_vector_exp, st_exp},    {"log", st_vector_log, st_log},
    {"tanh", st_vector_tanh, st_tanh}, {"sigmoid", st_vector_sigmoid, st_sigmoid},
    {"erf", st_vector_erf, st_erf},    {"softplus", st_vector_softplus, st_softplus},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static bool same_bits(Real a, Real b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* Every element of every length is what the scalar function gives: bodies and tails agree to the bit,
 * nothing is written beyond the end, and y may be x. */
static void body_is_tail(void **state) {
    (void)state;
    Real x[LONGEST], y[LONGEST];
    noise(x, LONGEST, 1);
    for (int f = 0; f < FUNCTIONS; f++) {
        for (int n = 0; n <= TAIL_MAX; n++) {
            for (int offset = 0; offset < 3; offset++) {
                for (int i = 0; i < LONGEST; i++)
                    y[i] = 77;
                functions[f].vector(y + offset, x + offset, n);
                for (int i = 0; i < LONGEST; i++) {
                    bool inside = i >= offset && i < offset + n;
                    if (!same_bits(y[i], inside ? functions[f].scalar(x[i]) : 77))
                        fail_msg("%s of %d elements from %d: element %d", functions[f].name, n, offset, i);
                }
            }
        }
        memcpy(y, x, sizeof y);
        functions[f].vector(y, y, LONGEST);
        for (int i = 0; i < LONGEST; i++)
            assert_true(same_bits(y[i], functions[f].scalar(x[i])));
    }
}

static void ends_of_the_line(void **state) {
    (void)state;
    const Real inf = (Real)INFINITY, nan = (Real)NAN;
    for (int f = 0; f < FUNCTIONS; f++)
        assert_true(isnan(functions[f].scalar(nan)));
    assert_true(st_exp(inf) == inf && st_exp(-inf) == 0 && st_exp(0) == 1 && st_exp(1000) == inf);
    assert_true(st_expm1(-inf) == -1 && st_expm1(0) == 0);
    assert_true(st_log(0) == -inf && isnan(st_log(-1)) && st_log(inf) == inf && st_log(1) == 0);
    assert_true(st_tanh(inf) == 1 && st_tanh(-inf) == -1 && st_tanh(0) == 0);
    assert_true(st_sigmoid(inf) == 1 && st_sigmoid(-inf) == 0 && st_sigmoid(0) == (Real)0.5);
    assert_true(st_erf(inf) == 1 && st_erf(-inf) == -1 && st_erf(0) == 0);
    assert_true(st_softplus(inf) == inf && st_softplus(-inf) == 0);
}

static void arithmetic_loops(void **state) {
    (void)state;
    Real a[LONGEST], b[LONGEST], y[LONGEST];
    noise(a, LONGEST, 1), noise(b, LONGEST, 2);
    for (int n = 0; n <= TAIL_MAX; n++) {
        memcpy(y, b, sizeof y);
        st_vector_axpy(y, (Real)0.5, a, n);
        for (int i = 0; i < LONGEST; i++)
            assert_true(y[i] == (i < n ? b[i] + (Real)0.5 * a[i] : b[i]));
        memcpy(y, b, sizeof y);
        st_vector_multiply(y, y, a, n);
        for (int i = 0; i < LONGEST; i++)
            assert_true(y[i] == (i < n ? b[i] * a[i] : b[i]));
        memcpy(y, b, sizeof y);
        st_vector_scale(y, a, 3, n);
        for (int i = 0; i < LONGEST; i++)
            assert_true(y[i] == (i < n ? 3 * a[i] : b[i]));
    }
}

/* ---- reductions ---- */

static void reductions_of_every_length(void **state) {
    (void)state;
    Real a[LONGEST], b[LONGEST];
    noise(a, LONGEST, 3), noise(b, LONGEST, 4);
    for (int n = 0; n <= TAIL_MAX; n++) {
        double sum = 0, absolute = 0, squares = 0, dot = 0, most = -INFINITY, largest = 0;
        int64_t where = 0;
        for (int i = 0; i < n; i++) {
            sum += (double)a[i], absolute += fabs((double)a[i]);
            squares += (double)a[i] * (double)a[i], dot += (double)a[i] * (double)b[i];
            if ((double)a[i] > most) most = (double)a[i], where = i;
            largest = fmax(largest, fabs((double)a[i]));
        }
        assert_true(fabs(st_vector_sum(a, n) - sum) < 1e-12);
        assert_true(fabs(st_vector_sum_absolute(a, n) - absolute) < 1e-12);
        assert_true(fabs(st_vector_sum_squares(a, n) - squares) < 1e-12);
        assert_true(fabs(st_vector_dot(a, b, n) - dot) < 1e-12);
        assert_true((double)st_vector_max(a, n) == most);
        assert_true((double)st_vector_max_absolute(a, n) == largest);
        assert_int_equal(st_vector_argmax(a, n), where);
    }
    Real ties[] = {1, 2, 2, 0};
    assert_int_equal(st_vector_argmax(ties, 4), 1);
    Real holes[] = {(Real)NAN, 2, (Real)NAN, 3};
    assert_int_equal(st_vector_argmax(holes, 4), 3);
}

static void finds_what_is_not_finite(void **state) {
    (void)state;
    const Real bad[] = {(Real)NAN, (Real)INFINITY, (Real)-INFINITY};
    Real x[LONGEST];
    for (int n = 0; n <= TAIL_MAX; n++) {
        noise(x, LONGEST, 5);
        for (int i = n; i < LONGEST; i++)
            x[i] = (Real)NAN; /* beyond the end does not count */
        assert_true(st_vector_finite(x, n));
        assert_int_equal(st_vector_count_nonfinite(x, n), 0);
        for (int i = 0; i < n; i++) {
            Real held = x[i];
            x[i] = bad[i % 3];
            assert_false(st_vector_finite(x, n));
            assert_int_equal(st_vector_count_nonfinite(x, n), 1);
            x[i] = held;
        }
    }
    Real large[2] = {(Real)3e38, (Real)3e38};
    assert_true(st_vector_finite(large, 2)); /* their sum is not */
}

static void softmax_rows(void **state) {
    (void)state;
    enum { ROWS = 3 };
    Real x[ROWS * TAIL_MAX], y[ROWS * TAIL_MAX], z[ROWS];
    for (int width = 1; width <= TAIL_MAX; width++) {
        noise(x, ROWS * width, (uint64_t)width);
        for (int i = 0; i < width; i++)
            x[i] += 1000; /* the first row would overflow without its maximum taken off */
        st_rows_softmax(y, x, ROWS, width);
        st_rows_log_sum_exp(z, x, ROWS, width);
        for (int r = 0; r < ROWS; r++) {
            double sum = 0, most = (double)st_vector_max(x + r * width, width);
            for (int i = 0; i < width; i++)
                sum += exp((double)x[r * width + i] - most);
            for (int i = 0; i < width; i++) {
                double want = exp((double)x[r * width + i] - most) / sum;
                assert_true(fabs((double)y[r * width + i] - want) <= 8 * EPSILON * want + EPSILON / 8);
            }
            assert_true(fabs((double)z[r] - (most + log(sum))) <=
                        2 * EPSILON * fabs(most + log(sum)) + EPSILON);
        }
        st_rows_softmax(x, x, ROWS, width);
        assert_memory_equal(x, y, (size_t)(ROWS * width) * sizeof *x);
    }
}

static void rows_and_columns(void **state) {
    (void)state;
    enum { ROWS = 7, WIDTH = 19 };
    Real x[ROWS * WIDTH], row[WIDTH], sums[WIDTH], piece[WIDTH];
    noise(row, WIDTH, 1);
    st_rows_fill(x, row, ROWS, WIDTH);
    for (int i = 0; i < ROWS * WIDTH; i++)
        assert_true(x[i] == row[i % WIDTH]);
    noise(x, ROWS * WIDTH, 2);
    st_columns_sum(sums, x, ROWS, WIDTH, 0, WIDTH);
    for (int j = 0; j < WIDTH; j++) {
        double sum = 0;
        for (int r = 0; r < ROWS; r++)
            sum += (double)x[r * WIDTH + j];
        assert_true(fabs((double)sums[j] - sum) < 20 * EPSILON);
        st_columns_sum(piece, x, ROWS, WIDTH, j, WIDTH - j);
        assert_memory_equal(piece, sums + j, (size_t)(WIDTH - j) * sizeof *sums);
    }
}

/* ---- the product ---- */

enum { EXTENT = 21, STRIDE = 23 };

static double element(bool transposed, const Real *v, int64_t ld, int64_t i, int64_t j) {
    return (double)(transposed ? v[j * ld + i] : v[i * ld + j]);
}

static void check_product(bool ta, bool tb, int m, int n, int k, Real alpha, Real beta, int slack) {
    static Real a[STRIDE * STRIDE], b[STRIDE * STRIDE], c[STRIDE * STRIDE], before[STRIDE * STRIDE];
    int lda = (ta ? m : k) + slack, ldb = (tb ? k : n) + slack, ldc = n + slack;
    noise(a, STRIDE * STRIDE, 1), noise(b, STRIDE * STRIDE, 2), noise(before, STRIDE * STRIDE, 3);
    memcpy(c, before, sizeof c);
    if (beta == 0)
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
                c[i * ldc + j] = (Real)NAN; /* need not be set before */
    st_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    for (int i = 0; i < STRIDE * STRIDE; i++) {
        int row = i / ldc, column = i % ldc;
        double want = (double)before[i], size = 0;
        if (row < m && column < n) {
            double sum = 0;
            for (int p = 0; p < k; p++) {
                double term = element(ta, a, lda, row, p) * element(tb, b, ldb, p, column);
                sum += term, size += fabs(term);
            }
            want = (double)alpha * sum + (beta == 0 ? 0 : (double)beta * (double)before[i]);
        }
        if (!(fabs((double)c[i] - want) <= 4 * EPSILON * (size + fabs(want))))
            fail_msg("product %d%d of %dx%dx%d alpha %g beta %g: element %d is %g, wanted %g", ta, tb, m, n,
                     k, (double)alpha, (double)beta, i, (double)c[i], want);
    }
}

static void products_of_every_kind(void **state) {
    (void)state;
    const int extents[] = {1, 2, 3, 16, 17, EXTENT};
    const Real scales[][2] = {{1, 0}, {1, 1}, {(Real)-0.5, 2}};
    st_math_start();
    for (int t = 0; t < 4; t++)
        for (int m = 0; m < 6; m++)
            for (int n = 0; n < 6; n++)
                for (int k = 0; k < 6; k++)
                    for (int s = 0; s < 3; s++)
                        for (int slack = 0; slack < 3; slack += 2)
                            check_product(t & 1, t & 2, extents[m], extents[n], extents[k], scales[s][0],
                                          scales[s][1], slack);
}

static void a_product_repeats_to_the_bit(void **state) {
    (void)state;
    enum { M = 50, N = 70, K = 400 };
    static Real a[M * K], b[K * N], c[M * N], again[M * N];
    noise(a, M * K, 1), noise(b, K * N, 2);
    st_gemm(false, false, M, N, K, 1, a, K, b, N, 0, c, N);
    for (int i = 0; i < 5; i++) {
        st_gemm(false, false, M, N, K, 1, a, K, b, N, 0, again, N);
        assert_memory_equal(c, again, sizeof c);
    }
}

static void says_which_blas(void **state) {
    (void)state;
    char text[160], cut[8];
    assert_ptr_equal(st_math_blas(text, sizeof text), text);
    assert_true(strlen(text) > 5);
    st_math_blas(cut, sizeof cut);
    assert_true(strncmp(cut, text, sizeof cut - 1) == 0 && strlen(cut) == sizeof cut - 1);
}

#define MATH_TESTS                                                                                           \
    cmocka_unit_test(body_is_tail), cmocka_unit_test(ends_of_the_line), cmocka_unit_test(arithmetic_loops),  \
        cmocka_unit_test(reductions_of_every_length), cmocka_unit_test(finds_what_is_not_finite),            \
        cmocka_unit_test(softmax_rows), cmocka_unit_test(rows_and_columns),                                  \
        cmocka_unit_test(products_of_every_kind), cmocka_unit_test(a_product_repeats_to_the_bit),            \
        cmocka_unit_test(says_which_blas)
