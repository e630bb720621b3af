#include "base/rng.h"

#include <math.h>
#include <stdbool.h>

static void multiply(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low) {
    uint64_t product = (uint64_t)a * b;
    *high = (uint32_t)(product >> 32);
    *low = (uint32_t)product;
}

void st_philox(uint64_t key, uint64_t high, uint64_t low, uint32_t out[4]) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)low, c1 = (uint32_t)(low >> 32), c2 = (uint32_t)high, c3 = (uint32_t)(high >> 32);
    for (int round = 0; round < 10; round++) {
        uint32_t h0, l0, h1, l1;
        multiply(0xD2511F53u, c0, &h0, &l0);
        multiply(0xCD9E8D57u, c2, &h1, &l1);
        c0 = h1 ^ c1 ^ k0, c1 = l1, c2 = h0 ^ c3 ^ k1, c3 = l0;
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* splitmix64's finaliser: spreads small numbers over 64 bits. */
static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

StRng st_rng(uint64_t seed, StStream stream, uint64_t a, uint64_t b) {
    return (StRng){.key = mix(seed + 0x9E3779B97F4A7C15u * (uint64_t)stream),
                   .high = mix(mix(a + 0x632BE59BD9B4E019u) ^ (b + 0x9E3779B97F4A7C15u))};
}

uint32_t st_rng_next(StRng *rng) {
    unsigned lane = (unsigned)(rng->at & 3);
    if (lane == 0) st_philox(rng->key, rng->high, rng->at >> 2, rng->block);
    rng->at++;
    return rng->block[lane];
}

uint32_t st_rng_at(const StRng *stream, uint64_t position) {
    uint32_t block[4];
    st_philox(stream->key, stream->high, position >> 2, block);
    return block[position & 3];
}

enum { TOGETHER = 16 };

/* TOGETHER blocks from counter `low` on, side by side so that the loops vectorise. */
static void philox_blocks(uint64_t key, uint64_t high, uint64_t low, uint32_t *out) {
    uint32_t c0[TOGETHER], c1[TOGETHER], c2[TOGETHER], c3[TOGETHER];
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int l = 0; l < TOGETHER; l++) {
        c0[l] = (uint32_t)(low + (uint64_t)l), c1[l] = (uint32_t)((low + (uint64_t)l) >> 32);
        c2[l] = (uint32_t)high, c3[l] = (uint32_t)(high >> 32);
    }
    for (int round = 0; round < 10; round++) {
#ifdef __GNUC__
#pragma GCC unroll 1 /* unrolled first, gcc no longer vectorises it: four times as slow */
#endif
        for (int l = 0; l < TOGETHER; l++) {
            uint64_t a = (uint64_t)0xD2511F53u * c0[l], b = (uint64_t)0xCD9E8D57u * c2[l];
            c0[l] = (uint32_t)(b >> 32) ^ c1[l] ^ k0, c1[l] = (uint32_t)b;
            c2[l] = (uint32_t)(a >> 32) ^ c3[l] ^ k1, c3[l] = (uint32_t)a;
        }
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    for (int l = 0; l < TOGETHER; l++)
        out[4 * l] = c0[l], out[4 * l + 1] = c1[l], out[4 * l + 2] = c2[l], out[4 * l + 3] = c3[l];
}

void st_rng_fill(const StRng *stream, uint64_t position, uint32_t *out, int64_t n) {
    int64_t i = 0;
    for (; i < n && (position + (uint64_t)i) % 4; i++)
        out[i] = st_rng_at(stream, position + (uint64_t)i);
    for (; i + 4 * TOGETHER <= n; i += 4 * TOGETHER)
        philox_blocks(stream->key, stream->high, (position + (uint64_t)i) / 4, out + i);
    for (; i < n; i += 4) {
        uint32_t block[4];
        st_philox(stream->key, stream->high, (position + (uint64_t)i) / 4, block);
        for (int64_t j = 0; j < 4 && i + j < n; j++)
            out[i + j] = block[j];
    }
}

double st_rng_uniform(StRng *rng) {
    uint64_t high = st_rng_next(rng) >> 5, low = st_rng_next(rng) >> 6;
    return (double)(high << 26 | low) * 0x1p-53;
}

double st_rng_normal(StRng *rng) {
    double radius = sqrt(-2.0 * log(1.0 - st_rng_uniform(rng)));
    return radius * cos(2.0 * 3.14159265358979323846 * st_rng_uniform(rng));
}

/* Whether a number of 64 bits gives one below n without favouring any: those of the last, broken round of n
 * do. All but the last few are below every limit, which spares its division. */
static inline bool fair(uint64_t value, uint64_t n) {
    return value <= UINT64_MAX - n || value < UINT64_MAX - UINT64_MAX % n;
}

uint64_t st_rng_below(StRng *rng, uint64_t n) {
    if (n == 0) return 0;
    for (;;) {
        uint64_t value = (uint64_t)st_rng_next(rng) << 32;
        value |= st_rng_next(rng);
        if (fair(value, n)) return value % n;
    }
}

static void go_to(StRng *rng, uint64_t at) {
    rng->at = at;
    if (at % 4) st_philox(rng->key, rng->high, at / 4, rng->block);
}

/* Draws as st_rng_below does, but numbers by the hundred. */
void st_rng_shuffle(StRng *rng, int64_t *v, int64_t n) {
    enum { NUMBERS = 256 };
    uint32_t number[NUMBERS];
    uint64_t at = rng->at;
    int k = NUMBERS;
    for (int64_t i = n - 1; i > 0; k += 2, at += 2) {
        if (k == NUMBERS) st_rng_fill(rng, at, number, NUMBERS), k = 0;
        uint64_t value = (uint64_t)number[k] << 32 | number[k + 1], below = (uint64_t)i + 1;
        if (!fair(value, below)) continue;
        int64_t j = (int64_t)(value % below), held = v[i];
        v[i--] = v[j];
        v[j] = held;
    }
    go_to(rng, at);
}
