/* The matrix product, and the only door to BLAS.
 *
 * BLAS is held to one thread (decision 5: the same bits on any number of threads), so a call's bits depend on
 * its arguments alone; any thread may call. -DST_PLAIN_BLAS compiles a plain C product instead, for
 * sanitizers that cannot see into the library. */
#ifndef ST_MATH_GEMM_H
#define ST_MATH_GEMM_H

#include "base/real.h"
#include <stdbool.h>
#include <stdint.h>

/* Pins BLAS to one thread; may be called often and from any thread (creating a network does). */
void st_math_start(void);

/* "OpenBLAS 0.3.21, Haswell kernels, pthreads, held to 1 thread": results are the same only for the same
 * kernels. Written into buffer, which is returned. */
char *st_math_blas(char *buffer, int size);

/* C [m, n] = alpha·op(A)·op(B) + beta·C, row-major; op(A) [m, k] is A or, with ta, its transpose (A [k, m]);
 * op(B) [k, n] likewise. lda, ldb, ldc: elements from row to row as stored. C is apart from A and B.
 * beta = 0: C need not be set before. Extents below 2^31. */
#define st_gemm ST_R(st_gemm)
void st_gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, Real alpha, const Real *a, int64_t lda,
             const Real *b, int64_t ldb, Real beta, Real *c, int64_t ldc);

#endif
