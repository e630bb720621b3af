/* The matrix product with AVX2 and FMA: 6 rows of 2 vectors of 32 bytes are 12 accumulators of 16 registers.
 */
#include "math/product.h"

#ifdef ST_PRODUCT_X86

#include <immintrin.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define PRODUCT        st_product_avx2
#define TILE_ROWS      6
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6)
typedef __m256i Mask;

#ifdef ST_DOUBLE
enum { WIDTH = 4 };
typedef __m256d V;
#define LOAD(p)             _mm256_loadu_pd(p)
#define LOAD_PART(p, m)     _mm256_maskload_pd(p, m)
#define STORE(p, v)         _mm256_storeu_pd(p, v)
#define STORE_PART(p, m, v) _mm256_maskstore_pd(p, m, v)
#define EVERY(x)            _mm256_set1_pd(x)
#define NOTHING             _mm256_setzero_pd()
#define FMA(a, b, c)        _mm256_fmadd_pd(a, b, c)
static inline __attribute__((always_inline)) Mask first(int64_t count) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
}
#else
enum { WIDTH = 8 };
typedef __m256 V;
#define LOAD(p)             _mm256_loadu_ps(p)
#define LOAD_PART(p, m)     _mm256_maskload_ps(p, m)
#define STORE(p, v)         _mm256_storeu_ps(p, v)
#define STORE_PART(p, m, v) _mm256_maskstore_ps(p, m, v)
#define EVERY(x)            _mm256_set1_ps(x)
#define NOTHING             _mm256_setzero_ps()
#define FMA(a, b, c)        _mm256_fmadd_ps(a, b, c)
static inline __attribute__((always_inline)) Mask first(int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* to[q·stride + j] = from[j·ld + q], j < 8, q < 4: in each half of a vector a 4x4 turns. */
#define TURN                turn
static inline __attribute__((always_inline)) __m256 two_rows(const float *from, int64_t ld) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from)), _mm_loadu_ps(from + 4 * ld), 1);
}
static inline __attribute__((always_inline)) void turn(const float *from, int64_t ld, float *to,
                                                       int64_t stride) {
    __m256 r0 = two_rows(from, ld), r1 = two_rows(from + ld, ld);
    __m256 r2 = two_rows(from + 2 * ld, ld), r3 = two_rows(from + 3 * ld, ld);
    __m256d low01 = _mm256_castps_pd(_mm256_unpacklo_ps(r0, r1)),
            high01 = _mm256_castps_pd(_mm256_unpackhi_ps(r0, r1));
    __m256d low23 = _mm256_castps_pd(_mm256_unpacklo_ps(r2, r3)),
            high23 = _mm256_castps_pd(_mm256_unpackhi_ps(r2, r3));
    _mm256_storeu_ps(to, _mm256_castpd_ps(_mm256_unpacklo_pd(low01, low23)));
    _mm256_storeu_ps(to + stride, _mm256_castpd_ps(_mm256_unpackhi_pd(low01, low23)));
    _mm256_storeu_ps(to + 2 * stride, _mm256_castpd_ps(_mm256_unpacklo_pd(high01, high23)));
    _mm256_storeu_ps(to + 3 * stride, _mm256_castpd_ps(_mm256_unpackhi_pd(high01, high23)));
}
#endif

#include "math/product_body.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
