/* The engine's own matrix product, for processors with fused multiply-add. Private to math/: others call
 * st_gemm (math/gemm.h), which chooses.
 *
 * Every element of C is one accumulator, to which fma adds a[i, p]·b[p, j] for p = 0, 1, 2, …: nothing else
 * is ever done to it. So its bits depend on row i of op(A), column j of op(B) and the old c[i, j] alone; not
 * on m, n, strides, how a caller cuts the product, the width of vectors, or the processor.
 *
 * One source (product_body.h) is compiled for each instruction set, in float and in double. */
#ifndef ST_MATH_PRODUCT_H
#define ST_MATH_PRODUCT_H

#include "base/real.h"
#include <stdbool.h>
#include <stdint.h>

/* Which one st_gemm takes: the best that the processor has, or none where the environment says
 * STRATA_PRODUCT=openblas or the processor has no fused multiply-add. */
typedef enum StProductKind {
    ST_PRODUCT_UNKNOWN,
    ST_PRODUCT_NONE,
    ST_PRODUCT_AVX2,
    ST_PRODUCT_AVX512
} StProductKind;
StProductKind st_product_kind(void);

/* An operand that is read as [extent, k] or [k, extent]: element (i, p) lies at v[i·row + p·step], where one
 * of the two is 1. */
#define StFactor ST_R(StFactor)
typedef struct StFactor {
    const Real *v;
    int64_t row, step;
} StFactor;

/* C [m, n] = A·B, or += with add; a's rows are the rows of op(A), b's rows are the columns of op(B).
 * m, n, k of at least 1. */
#define StProduct ST_R(StProduct)
typedef void StProduct(int64_t m, int64_t n, int64_t k, StFactor a, StFactor b, bool add, Real *c,
                       int64_t ldc);

#if defined(__x86_64__) && defined(__GNUC__)
#define ST_PRODUCT_X86
#define st_product_avx512 ST_R(st_product_avx512)
#define st_product_avx2   ST_R(st_product_avx2)
extern StProduct st_product_avx512, st_product_avx2;
#endif

#endif
