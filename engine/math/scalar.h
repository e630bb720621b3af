/* Elementary functions of one Real, written so that a loop over them vectorises without fast-math.
 *
 * In float they are polynomials in plain C: the same bits in a vector body and in its scalar tail, on every
 * machine of one instruction set, about one ulp (tests/unit/test_math.c holds the bounds). In double, which
 * only checks, they are libm's. NaN goes through, overflow is infinity.
 *
 * Sources: exp, tanh: S. Moshier, Cephes; log: Sun's fdlibm; erf: N. Juffa (stackoverflow.com/a/35148199). */
#ifndef ST_MATH_SCALAR_H
#define ST_MATH_SCALAR_H

#include "base/real.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/* a·b + c in one rounding where the machine has it, in two elsewhere: fixed when the program is built. */
static inline Real st_fma(Real a, Real b, Real c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#ifdef ST_DOUBLE
    return __builtin_fma(a, b, c);
#else
    return __builtin_fmaf(a, b, c);
#endif
#else
    return a * b + c;
#endif
}

#ifdef ST_DOUBLE

static inline Real st_exp(Real x) {
    return exp(x);
}
static inline Real st_expm1(Real x) {
    return expm1(x);
}
static inline Real st_log(Real x) {
    return log(x);
}
static inline Real st_log1p(Real x) {
    return log1p(x);
}
static inline Real st_tanh(Real x) {
    return tanh(x);
}
static inline Real st_erf(Real x) {
    return erf(x);
}
static inline Real st_erfc(Real x) {
    return erfc(x);
}
static inline Real st_abs(Real x) {
    return fabs(x);
}
static inline Real st_sqrt(Real x) {
    return sqrt(x);
}

#else

static inline uint32_t st_float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float st_float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float st_abs(float x) {
    return __builtin_fabsf(x);
}

static inline float st_sqrt(float x) {
    return __builtin_sqrtf(x);
}

/* x = n·ln2 + r with |r| <= ln2/2: *n, and exp(r) - 1. Adding 1.5·2^23 rounds to a whole number that then
 * stands in the low bits. */
static inline float st_exp_reduce(float x, int32_t *n) {
    float shifted = st_fma(x, 1.44269504088896341f, 12582912.0f);
    float whole = shifted - 12582912.0f;
    *n = (int32_t)(st_float_bits(shifted) - st_float_bits(12582912.0f));
    float r = st_fma(whole, -0x1.62e4p-1f, x);
    r = st_fma(whole, -0x1.7f7d1cp-20f, r);
    float p = 1.9875691500e-4f;
    p = st_fma(p, r, 1.3981999507e-3f);
    p = st_fma(p, r, 8.3334519073e-3f);
    p = st_fma(p, r, 4.1665795894e-2f);
    p = st_fma(p, r, 1.6666665459e-1f);
    p = st_fma(p, r, 5.0000001201e-1f);
    return st_fma(p, r * r, r);
}

static inline float st_power_of_2(int32_t n) {
    return st_float_of(((uint32_t)n + 127u) << 23);
}

static inline float st_exp(float x) {
    int32_t n;
    x = x > 89.0f ? 89.0f : x;
    x = x < -104.0f ? -104.0f : x;
    float e = st_exp_reduce(x, &n) + 1.0f;
    int32_t half = n >> 1; /* in two steps, so that n may be below -126 and above 127 */
    return e * st_power_of_2(half) * st_power_of_2(n - half);
}

static inline float st_expm1(float x) {
    int32_t n;
    x = x > 89.0f ? 89.0f : x;
    x = x < -40.0f ? -40.0f : x;
    float e = st_exp_reduce(x, &n);
    int32_t half = n >> 1;
    float a = st_power_of_2(half), b = st_power_of_2(n - half);
    return st_fma(e * a, b, a * b - 1.0f);
}

static inline float st_log(float x) {
    int32_t tiny = x < 0x1p-126f;
    float scaled = tiny ? x * 0x1p23f : x;
    uint32_t bits = st_float_bits(scaled) + (0x3f800000u - 0x3f3504f3u);
    float k = (float)((int32_t)(bits >> 23) - 127 - (tiny ? 23 : 0));
    float f = st_float_of((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f; /* √½ - 1 … √2 - 1 */
    float s = f / (2.0f + f), z = s * s, w = z * z;
    float even = w * st_fma(w, 0xf89e26p-26f, 0xccce13p-25f);
    float odd = z * st_fma(w, 0x91e9eep-25f, 0xaaaaaap-24f);
    float half = 0.5f * f * f;
    float y = st_fma(s, half + (even + odd), k * 9.0580006145e-06f) - half + f;
    y = st_fma(k, 6.9313812256e-01f, y);
    y = x > 0.0f ? y : x == 0.0f ? -INFINITY : NAN;
    return x == INFINITY ? INFINITY : y;
}

/* For 0 <= x < infinity: log(u) and what 1 + x lost in rounding to u. */
static inline float st_log1p(float x) {
    float u = 1.0f + x;
    return st_log(u) - ((u - 1.0f) - x) / u;
}

static inline float st_tanh(float x) {
    float a = st_abs(x), z = x * x;
    float p = -5.70498872745e-3f;
    p = st_fma(p, z, 2.06390887954e-2f);
    p = st_fma(p, z, -5.37397155531e-2f);
    p = st_fma(p, z, 1.33314422036e-1f);
    p = st_fma(p, z, -3.33332819422e-1f);
    float near = st_fma(p * z, x, x);
    float far = 1.0f - 2.0f / (st_exp(2.0f * a) + 1.0f);
    return a < 0.625f ? near : __builtin_copysignf(far, x);
}

/* erf(x), s = x², for |x| <= 0.9277; and 1 - erf(t) for t above. */
static inline float st_erf_near(float x, float s) {
    float near = -5.96761703e-4f;
    near = st_fma(near, s, 4.99119423e-3f);
    near = st_fma(near, s, -2.67681349e-2f);
    near = st_fma(near, s, 1.12819925e-1f);
    near = st_fma(near, s, -3.76125336e-1f);
    near = st_fma(near, s, 1.28379166e-1f);
    return st_fma(near, x, x);
}
static inline float st_erf_rest(float t, float s) {
    float far = st_fma(-1.72853470e-5f, t, 3.83197126e-4f);
    far = st_fma(far, s, st_fma(-3.88396438e-3f, t, 2.42546219e-2f));
    far = st_fma(far, t, -1.06777877e-1f);
    far = st_fma(far, t, -6.34846687e-1f);
    far = st_fma(far, t, -1.28717512e-1f);
    return st_exp(st_fma(far, t, -t));
}

static inline float st_erf(float x) {
    float t = st_abs(x), s = x * x, near = st_erf_near(x, s);
    float far = __builtin_copysignf(1.0f - st_erf_rest(t, s), x);
    return t > 0.927734375f ? far : near;
}

/* 1 - erf(x), small where x is large: to 1e-4 of itself down to 1e-9. */
static inline float st_erfc(float x) {
    float t = st_abs(x), s = x * x;
    float rest = t > 0.927734375f ? st_erf_rest(t, s) : 1.0f - st_erf_near(t, s);
    return x < 0.0f ? 2.0f - rest : rest;
}

#endif

/* cos(2πt), 0 <= t < 1; in float by sin's series about the nearer zero, to 1e-7. */
static inline Real st_cos_turn(Real t) {
#ifdef ST_DOUBLE
    return cos(6.28318530717958647693 * t);
#else
    float quarter = st_abs(t - 0.5f) - 0.25f; /* cos(2πt) = sin(2π·quarter), quarter in [-1/4, 1/4] */
    float x = 6.28318530717958647693f * quarter, z = x * x;
    float p = 1.6059043837e-10f;
    p = st_fma(p, z, -2.5052108385e-8f);
    p = st_fma(p, z, 2.7557319224e-6f);
    p = st_fma(p, z, -1.9841269841e-4f);
    p = st_fma(p, z, 8.3333333333e-3f);
    p = st_fma(p, z, -1.6666666667e-1f);
    return st_fma(p * z, x, x);
#endif
}

/* 1 / (1 + exp(-x)), to full relative accuracy at both ends. */
static inline Real st_sigmoid(Real x) {
    Real e = st_exp(-st_abs(x));
    return (x < 0 ? e : (Real)1) / (1 + e);
}

/* log(1 + exp(x)) */
static inline Real st_softplus(Real x) {
    return (x > 0 ? x : 0) + st_log1p(st_exp(-st_abs(x)));
}

/* The standard normal's distribution function and density: gelu(x) = x·Φ(x). */
static inline Real st_normal_cdf(Real x) {
    return (Real)0.5 * st_erfc(x * (Real)-0.70710678118654752440);
}
static inline Real st_normal_pdf(Real x) {
    return (Real)0.39894228040143267794 * st_exp((Real)-0.5 * x * x);
}

#endif
