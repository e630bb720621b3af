/* The matrix product, and the only door to BLAS.
 *
 * Where the processor has fused multiply-add, the engine's own product does the work (math/product.h): an
 * element's bits depend on its row of op(A), its column of op(B) and its old value alone, so they are the
 * same on every such machine and however a caller cuts a product. Elsewhere, for an alpha other than 1 or a
 * beta other than 0 and 1, and where the environment says STRATA_PRODUCT=openblas, it is OpenBLAS, held to
 * one thread (decision 5: the same bits on any number of threads); a call's bits then depend on its arguments
 * alone. Any thread may call. -DST_PLAIN_BLAS compiles plain C loops in OpenBLAS' place, for sanitizers that
 * cannot see into the library. */
#ifndef ST_MATH_GEMM_H
#define ST_MATH_GEMM_H

#include "base/real.h"
#include <stdbool.h>
#include <stdint.h>

/* Pins BLAS to one thread and chooses the product; may be called often and from any thread (creating a
 * network does). */
void st_math_start(void);

/* "own product, AVX-512; beside it OpenBLAS 0.3.21, Haswell kernels, pthreads, held to 1 thread". Where there
 * is no own product, results are the same only for the same kernels of OpenBLAS. Written into buffer, which
 * is returned. */
char *st_math_blas(char *buffer, int size);

/* C [m, n] = alpha·op(A)·op(B) + beta·C, row-major; op(A) [m, k] is A or, with ta, its transpose (A [k, m]);
 * op(B) [k, n] likewise. lda, ldb, ldc: elements from row to row as stored. C is apart from A and B.
 * beta = 0: C need not be set before. Extents below 2^31. */
#define st_gemm ST_R(st_gemm)
void st_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, Real alpha, const Real *a, int64_t lda,
             const Real *b, int64_t ldb, Real beta, Real *c, int64_t ldc);

/* Where this thread's products add the seconds that they take; NULL, as it begins: they are not timed. */
extern _Thread_local double *st_gemm_seconds;

/* For `strata bench`, which compares with BLAS as it is, in a process of its own: BLAS' product whatever
 * st_gemm would take (m = 1: BLAS' product of a matrix and a vector), on so many threads of BLAS' own. C (+)=
 * op(A)·op(B). */
#define st_blas_product ST_R(st_blas_product)
void st_blas_product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const Real *a, int64_t lda,
                     const Real *b, int64_t ldb, bool add, Real *c, int64_t ldc);
void st_blas_threads(int threads);

#endif
