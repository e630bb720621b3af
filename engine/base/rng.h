/* Counter-based random numbers: Philox4x32-10 (Salmon and others, "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011). A number depends on its seed,
 * its stream and its position alone, so any thread may draw any part of it. */
#ifndef ST_BASE_RNG_H
#define ST_BASE_RNG_H

#include <stdint.h>

/* What a stream is for; two numbers tell it further apart (layer, epoch, step, row). */
typedef enum StStream {
    ST_STREAM_DATA = 1, /* synthetic sets */
    ST_STREAM_SPLIT,
    ST_STREAM_INIT,    /* a = layer, b = weight of the layer */
    ST_STREAM_SHUFFLE, /* a = epoch */
    ST_STREAM_DROPOUT, /* a = layer, b = step; position = row * width + unit */
    ST_STREAM_PROBE,
    ST_STREAM_INSPECT
} StStream;

/* Four independent 32-bit numbers. */
void st_philox(uint64_t key, uint64_t high, uint64_t low, uint32_t out[4]);

/* A sequential reader of one stream. Copyable; no destructor. */
typedef struct StRng {
    uint64_t key, high, at; /* at: index of the next 32-bit number */
    uint32_t block[4];
} StRng;

StRng st_rng(uint64_t seed, StStream stream, uint64_t a, uint64_t b);
uint32_t st_rng_next(StRng *rng);
double st_rng_uniform(StRng *rng);                      /* [0, 1), 53 bits */
double st_rng_normal(StRng *rng);                       /* N(0, 1), Box and Muller */
uint64_t st_rng_below(StRng *rng, uint64_t n);          /* [0, n), unbiased; 0 for n = 0 */
void st_rng_shuffle(StRng *rng, int64_t *v, int64_t n); /* Fisher and Yates */

/* One 32-bit number of the stream at a position of its own, for masks drawn in any order. */
uint32_t st_rng_at(const StRng *stream, uint64_t position);
/* The n numbers from that position on: out[i] = st_rng_at(stream, position + i). */
void st_rng_fill(const StRng *stream, uint64_t position, uint32_t *out, int64_t n);

#endif
