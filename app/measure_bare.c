/* The floor: the matrix products of a network in their order, and nothing else. */
#include "measure.h"

#include "base/arena.h"
#include "base/rng.h"
#include "math/gemm.h"

#include <stdlib.h>
#include <time.h>

double measure_clock(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void run(const Products *all, float *const *buffer) {
    for (int i = 0; i < all->count; i++) {
        const Product *p = &all->product[i];
        st_blas_product(p->ta, p->tb, p->m, p->n, p->k, buffer[p->a.buffer] + p->a.from, p->ta ? p->m : p->k,
                        buffer[p->b.buffer] + p->b.from, p->tb ? p->k : p->n, p->add,
                        buffer[p->c.buffer] + p->c.from, p->n);
    }
}

static double timed(const Products *all, float *const *buffer, double seconds) {
    double start = measure_clock(), time = start, begun = 0;
    long times = 0, warm = 0;
    for (; !begun || time < begun + seconds; time = measure_clock(), times++) {
        if (!begun && time >= start + seconds / 3) begun = time, warm = times;
        run(all, buffer);
    }
    return (double)(times - warm) / (time - begun);
}

/* Buffers hold small numbers: a product of them is added to nothing twice without end only where it is tiny.
 */
static void fill(float *v, int64_t count, uint64_t number) {
    StRng rng = st_rng(1, ST_STREAM_INSPECT, number, 0);
    for (int64_t i = 0; i < count; i++)
        v[i] = (float)(0.02 * st_rng_uniform(&rng) - 0.01);
}

double measure_bare(const Workload *workload, int threads, double seconds, StError *error) {
    Products *all = calloc(1, sizeof *all);
    StArena arena = {0};
    float *buffer[PRODUCT_BUFFERS] = {NULL};
    if (all) workload->products(all, workload->rows);
    for (int pass = 0; all && pass < 2; pass++) {
        if (pass && !st_arena_allocate(&arena, "the bare products", error)) break;
        for (int i = 0; i < PRODUCT_BUFFERS; i++)
            buffer[i] = st_arena_take(&arena, all->size[i], sizeof(float));
    }
    double speed = 0;
    if (all && arena.base) {
        for (int i = 0; i < PRODUCT_BUFFERS; i++)
            fill(buffer[i], all->size[i], (uint64_t)i);
        st_blas_threads(threads);
        speed = timed(all, buffer, seconds) * workload->rows;
        st_blas_threads(1);
    }
    st_arena_free(&arena);
    free(all);
    return speed;
}
