#include "math/gemm.h"

#include "math/scalar.h"

#include <time.h>

#ifndef ST_PLAIN_BLAS
#include <cblas.h>
#endif

#include "math/product.h"

#ifndef ST_DOUBLE /* once, not twice */

_Thread_local double *st_gemm_seconds;

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic StProductKind kind; /* written by start alone; ST_PRODUCT_UNKNOWN before */

/* Where OpenBLAS and the engine's own product compete, the engine's was measured at twice the speed with
 * AVX-512 and at about the same with AVX2 (small ones faster, large ones a tenth slower). */
static StProductKind best_kind(void) {
#ifdef ST_PRODUCT_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return ST_PRODUCT_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ST_PRODUCT_AVX2;
#endif
    return ST_PRODUCT_NONE;
}

static void start(void) {
    const char *wish = getenv("STRATA_PRODUCT");
    StProductKind chosen = wish && strcmp(wish, "openblas") == 0 ? ST_PRODUCT_NONE : best_kind();
    atomic_store_explicit(&kind, chosen, memory_order_release);
#ifndef ST_PLAIN_BLAS
    openblas_set_num_threads(1);
#endif
}

void st_math_start(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
}

StProductKind st_product_kind(void) {
    StProductKind chosen = atomic_load_explicit(&kind, memory_order_acquire);
    if (chosen != ST_PRODUCT_UNKNOWN) return chosen;
    st_math_start();
    return kind;
}

void st_blas_threads(int threads) {
    st_math_start();
#ifdef ST_PLAIN_BLAS
    (void)threads;
#else
    openblas_set_num_threads(threads);
#endif
}

#ifdef ST_PLAIN_BLAS

static void describe_blas(char *buffer, size_t size) {
    snprintf(buffer, size, "plain C loops");
}

#else

static void describe_blas(char *buffer, size_t size) {
    static const char *const threading[] = {"serial", "pthreads", "OpenMP"};
    char config[128];
    snprintf(config, sizeof config, "%s", openblas_get_config()); /* "OpenBLAS 0.3.21 DYNAMIC_ARCH …" */
    char *second = strchr(config, ' ');
    char *third = second ? strchr(second + 1, ' ') : NULL;
    if (third) *third = '\0';
    int parallel = openblas_get_parallel();
    snprintf(buffer, size, "%s, %s kernels, %s, held to 1 thread", config, openblas_get_corename(),
             parallel >= 0 && parallel <= 2 ? threading[parallel] : "unknown threading");
}

#endif

char *st_math_blas(char *buffer, int size) {
    static const char *const own[] = {[ST_PRODUCT_AVX2] = "AVX2", [ST_PRODUCT_AVX512] = "AVX-512"};
    char blas[192];
    describe_blas(blas, sizeof blas);
    if (st_product_kind() == ST_PRODUCT_NONE)
        snprintf(buffer, (size_t)size, "%s", blas);
    else
        snprintf(buffer, (size_t)size, "own product, %s; beside it %s", own[st_product_kind()], blas);
    return buffer;
}

#endif

/* c = beta·c, with beta = 0 also over garbage. */
static inline void scale_row(Real *c, Real beta, int64_t n) {
    if (beta == 0)
        memset(c, 0, (size_t)n * sizeof *c);
    else if (beta != 1)
        for (int64_t j = 0; j < n; j++)
            c[j] *= beta;
}

/* c[j] = beta·c[j] + alpha·Σₖ a[k·step]·b[k, j]: rows of b are added up, four in one sweep. */
ST_CLONES static void combine(int64_t n, int64_t k, Real alpha, const Real *restrict a, int64_t step,
                              const Real *restrict b, int64_t ldb, Real beta, Real *restrict c) {
    scale_row(c, beta, n);
    int64_t p = 0;
    for (; p + 4 <= k; p += 4) {
        Real a0 = alpha * a[p * step], a1 = alpha * a[(p + 1) * step];
        Real a2 = alpha * a[(p + 2) * step], a3 = alpha * a[(p + 3) * step];
        const Real *b0 = b + p * ldb, *b1 = b0 + ldb, *b2 = b1 + ldb, *b3 = b2 + ldb;
        for (int64_t j = 0; j < n; j++)
            c[j] = st_fma(a3, b3[j], st_fma(a2, b2[j], st_fma(a1, b1[j], st_fma(a0, b0[j], c[j]))));
    }
    for (; p < k; p++) {
        Real a0 = alpha * a[p * step];
        const Real *b0 = b + p * ldb;
        for (int64_t j = 0; j < n; j++)
            c[j] = st_fma(a0, b0[j], c[j]);
    }
}

enum { LANES = 16 };

static inline Real dot(const Real *restrict a, const Real *restrict b, int64_t n) {
    Real lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            lane[l] = st_fma(a[i + l], b[i + l], lane[l]);
    for (int l = 0; i + l < n; l++)
        lane[l] = st_fma(a[i + l], b[i + l], lane[l]);
    for (int half = LANES / 2; half; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

/* c[i·step] = beta·c + alpha·Σₖ a[i, k]·b[k] */
ST_CLONES static void dots(int64_t m, int64_t k, Real alpha, const Real *a, int64_t lda, const Real *b,
                           Real beta, Real *c, int64_t step) {
    for (int64_t i = 0; i < m; i++) {
        Real sum = alpha * dot(a + i * lda, b, k);
        c[i * step] = beta == 0 ? sum : st_fma(beta, c[i * step], sum);
    }
}

/* c[i, j] = beta·c + alpha·a[i·step]·b[j] */
ST_CLONES static void outer(int64_t m, int64_t n, Real alpha, const Real *restrict a, int64_t step,
                            const Real *restrict b, Real beta, Real *restrict c, int64_t ldc) {
    for (int64_t i = 0; i < m; i++) {
        Real s = alpha * a[i * step], *row = c + i * ldc;
        scale_row(row, beta, n);
        for (int64_t j = 0; j < n; j++)
            row[j] = st_fma(s, b[j], row[j]);
    }
}

/* Products with a vector in them: BLAS would pack the matrix for a single use. */
static bool vector_product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, Real alpha, const Real *a,
                           int64_t lda, const Real *b, int64_t ldb, Real beta, Real *c, int64_t ldc) {
    if (m == 1 && !tb) {
        combine(n, k, alpha, a, ta ? lda : 1, b, ldb, beta, c);
    } else if (m == 1 && (!ta || lda == 1)) {
        dots(n, k, alpha, b, ldb, a, beta, c, 1);
    } else if (n == 1 && !ta && (tb || ldb == 1)) {
        dots(m, k, alpha, a, lda, b, beta, c, ldc);
    } else if (n == 1 && ta && ldc == 1) {
        combine(m, k, alpha, b, tb ? 1 : ldb, a, lda, beta, c);
    } else if (k == 1 && (!tb || ldb == 1)) {
        outer(m, n, alpha, a, ta ? 1 : lda, b, beta, c, ldc);
    } else {
        return false;
    }
    return true;
}

#ifdef ST_PLAIN_BLAS

static void matrix_product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, Real alpha, const Real *a,
                           int64_t lda, const Real *b, int64_t ldb, Real beta, Real *c, int64_t ldc) {
    for (int64_t i = 0; i < m; i++) {
        const Real *row = ta ? a + i : a + i * lda;
        if (!tb)
            combine(n, k, alpha, row, ta ? lda : 1, b, ldb, beta, c + i * ldc);
        else if (!ta)
            dots(n, k, alpha, b, ldb, row, beta, c + i * ldc, 1);
        else
            for (int64_t j = 0; j < n; j++) {
                Real sum = 0, *at = c + i * ldc + j;
                for (int64_t p = 0; p < k; p++)
                    sum = st_fma(row[p * lda], b[j * ldb + p], sum);
                *at = alpha * sum + (beta == 0 ? 0 : beta * *at);
            }
    }
}

#else

static void matrix_product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, Real alpha, const Real *a,
                           int64_t lda, const Real *b, int64_t ldb, Real beta, Real *c, int64_t ldc) {
#ifdef ST_DOUBLE
#define PRODUCT cblas_dgemm
#else
#define PRODUCT cblas_sgemm
#endif
    PRODUCT(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (int)m, (int)n,
            (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

#endif

/* alpha and beta are 1 or 0 but in a test: others are BLAS'. */
static bool own_product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, Real alpha, const Real *a,
                        int64_t lda, const Real *b, int64_t ldb, Real beta, Real *c, int64_t ldc) {
    StProductKind own = st_product_kind();
    if (own == ST_PRODUCT_NONE || alpha != 1 || (beta != 0 && beta != 1) || k <= 0) return false;
#ifdef ST_PRODUCT_X86
    StFactor left = {a, ta ? 1 : lda, ta ? lda : 1}, right = {b, tb ? ldb : 1, tb ? 1 : ldb};
    (own == ST_PRODUCT_AVX512 ? st_product_avx512 : st_product_avx2)(m, n, k, left, right, beta == 1, c, ldc);
#else
    (void)ta, (void)tb, (void)m, (void)n, (void)a, (void)lda, (void)b, (void)ldb, (void)c, (void)ldc;
#endif
    return true;
}

static void choose_product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, Real alpha, const Real *a,
                           int64_t lda, const Real *b, int64_t ldb, Real beta, Real *c, int64_t ldc) {
    if (!own_product(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) &&
        !vector_product(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc))
        matrix_product(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void st_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, Real alpha, const Real *a, int64_t lda,
             const Real *b, int64_t ldb, Real beta, Real *c, int64_t ldc) {
    if (m <= 0 || n <= 0) return;
    double begun = st_gemm_seconds ? seconds_now() : 0;
    choose_product(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    if (st_gemm_seconds) *st_gemm_seconds += seconds_now() - begun;
}

void st_blas_product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const Real *a, int64_t lda,
                     const Real *b, int64_t ldb, bool add, Real *c, int64_t ldc) {
#ifndef ST_PLAIN_BLAS
#ifdef ST_DOUBLE
#define VECTOR_PRODUCT cblas_dgemv
#else
#define VECTOR_PRODUCT cblas_sgemv
#endif
    if (m == 1 && !ta) {
        VECTOR_PRODUCT(CblasRowMajor, tb ? CblasNoTrans : CblasTrans, (int)(tb ? n : k), (int)(tb ? k : n), 1,
                       b, (int)ldb, a, 1, (Real)add, c, 1);
        return;
    }
#endif
    matrix_product(ta, tb, m, n, k, 1, a, lda, b, ldb, (Real)add, c, ldc);
}
