/* The matrix product with AVX-512: 12 rows of 2 vectors of 64 bytes are 24 accumulators of 32 registers. */
#include "math/product.h"

#ifdef ST_PRODUCT_X86

#include <immintrin.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,fma")
#endif

#define PRODUCT        st_product_avx512
#define TILE_ROWS      12
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)

#ifdef ST_DOUBLE
enum { WIDTH = 8 };
typedef __m512d V;
typedef __mmask8 Mask;
#define LOAD(p)             _mm512_loadu_pd(p)
#define LOAD_PART(p, m)     _mm512_maskz_loadu_pd(m, p)
#define STORE(p, v)         _mm512_storeu_pd(p, v)
#define STORE_PART(p, m, v) _mm512_mask_storeu_pd(p, m, v)
#define EVERY(x)            _mm512_set1_pd(x)
#define NOTHING             _mm512_setzero_pd()
#define FMA(a, b, c)        _mm512_fmadd_pd(a, b, c)
#else
enum { WIDTH = 16 };
typedef __m512 V;
typedef __mmask16 Mask;
#define LOAD(p)             _mm512_loadu_ps(p)
#define LOAD_PART(p, m)     _mm512_maskz_loadu_ps(m, p)
#define STORE(p, v)         _mm512_storeu_ps(p, v)
#define STORE_PART(p, m, v) _mm512_mask_storeu_ps(p, m, v)
#define EVERY(x)            _mm512_set1_ps(x)
#define NOTHING             _mm512_setzero_ps()
#define FMA(a, b, c)        _mm512_fmadd_ps(a, b, c)

/* to[q·stride + j] = from[j·ld + q], j < 16, q < 4: in each quarter of a vector a 4x4 turns. */
#define TURN                turn
static inline __attribute__((always_inline)) __m512 four_rows(const float *from, int64_t ld) {
    __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(from));
    v = _mm512_insertf32x4(v, _mm_loadu_ps(from + 4 * ld), 1);
    v = _mm512_insertf32x4(v, _mm_loadu_ps(from + 8 * ld), 2);
    return _mm512_insertf32x4(v, _mm_loadu_ps(from + 12 * ld), 3);
}
static inline __attribute__((always_inline)) void turn(const float *from, int64_t ld, float *to,
                                                       int64_t stride) {
    __m512 r0 = four_rows(from, ld), r1 = four_rows(from + ld, ld);
    __m512 r2 = four_rows(from + 2 * ld, ld), r3 = four_rows(from + 3 * ld, ld);
    __m512d low01 = _mm512_castps_pd(_mm512_unpacklo_ps(r0, r1)),
            high01 = _mm512_castps_pd(_mm512_unpackhi_ps(r0, r1));
    __m512d low23 = _mm512_castps_pd(_mm512_unpacklo_ps(r2, r3)),
            high23 = _mm512_castps_pd(_mm512_unpackhi_ps(r2, r3));
    _mm512_storeu_ps(to, _mm512_castpd_ps(_mm512_unpacklo_pd(low01, low23)));
    _mm512_storeu_ps(to + stride, _mm512_castpd_ps(_mm512_unpackhi_pd(low01, low23)));
    _mm512_storeu_ps(to + 2 * stride, _mm512_castpd_ps(_mm512_unpacklo_pd(high01, high23)));
    _mm512_storeu_ps(to + 3 * stride, _mm512_castpd_ps(_mm512_unpackhi_pd(high01, high23)));
}
#endif

static inline __attribute__((always_inline)) Mask first(int64_t count) {
    return (Mask)((1u << count) - 1);
}

#include "math/product_body.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
