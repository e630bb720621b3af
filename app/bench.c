/* `strata bench`: the engine against the bare matrix products of the same network, on this machine. */
#include "calls.h"
#include "fit.h"

#include "math/gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { BENCH_SIZES = 5 };

/* The networks that are measured: dense layers, relu, softmax at the end, Adam. */
static const struct Bench {
    const char *name;
    int batch, rows, epochs, layers, size[BENCH_SIZES]; /* size[0]: the inputs */
} benches[] = {{"100-64-64-10, batch 32", 32, 10000, 20, 3, {100, 64, 64, 10}},
               {"784-128-10, batch 128", 128, 10000, 10, 2, {784, 128, 10}},
               {"784-1024-1024-10, batch 256", 256, 5120, 2, 3, {784, 1024, 1024, 10}}};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* One training step's products: forward, then backward, the first layer's dX left out. */
static void bare_step(const struct Bench *bench, float *const *x, float *const *d, float *const *w,
                      float *const *g) {
    const int *size = bench->size;
    for (int i = 0; i < bench->layers; i++)
        st_gemm(false, false, bench->batch, size[i + 1], size[i], 1, x[i], size[i], w[i], size[i + 1], 0,
                x[i + 1], size[i + 1]);
    for (int i = bench->layers - 1; i >= 0; i--) {
        st_gemm(true, false, size[i], size[i + 1], bench->batch, 1, x[i], size[i], d[i + 1], size[i + 1], 0,
                g[i], size[i + 1]);
        if (i > 0)
            st_gemm(false, true, bench->batch, size[i], size[i + 1], 1, d[i + 1], size[i + 1], w[i],
                    size[i + 1], 0, d[i], size[i]);
    }
}

static float *noise(StArena *arena, int64_t count) {
    float *v = st_arena_take(arena, count, sizeof *v);
    StRng rng = st_rng(1, ST_STREAM_INSPECT, (uint64_t)count, 0);
    for (int64_t i = 0; v && i < count; i++)
        v[i] = (float)(0.2 * st_rng_uniform(&rng) - 0.1);
    return v;
}

/* Rows a second of the bare products, on one thread; 0 without memory. */
static double bare_speed(const struct Bench *bench) {
    enum { KINDS = 4 };
    StArena arena = {0};
    float *v[KINDS][BENCH_SIZES] = {{0}};
    for (int pass = 0; pass < 2; pass++) {
        if (pass && !st_arena_allocate(&arena, "the bench", NULL)) return 0;
        for (int i = 0; i <= bench->layers; i++) {
            int64_t rows = (int64_t)bench->batch * bench->size[i];
            int64_t weights = i < bench->layers ? (int64_t)bench->size[i] * bench->size[i + 1] : 1;
            v[0][i] = noise(&arena, rows), v[1][i] = noise(&arena, rows);
            v[2][i] = noise(&arena, weights), v[3][i] = noise(&arena, weights);
        }
    }
    double start = now(), warm = start + 0.1, end = start + 0.6, time = start;
    long steps = 0, warm_steps = 0;
    for (; time < end; time = now(), steps++) {
        if (!warm_steps && time >= warm) start = time, warm_steps = steps;
        bare_step(bench, v[0], v[1], v[2], v[3]);
    }
    st_arena_free(&arena);
    return (double)(steps - warm_steps) * bench->batch / (time - start);
}

static bool train_speed(const struct Bench *bench, int threads, double *speed, StError *error) {
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    SessionPlan plan = {
        .place = PLACE_RECIPE, .threads = threads, .lossless = true, .quiet = true, .wake_fd = wake_fd};
    Session *session = session_create(&plan, error);
    StText text = {0};
    st_text_format(&text, "data synthetic random samples=%d features=%d classes=%d\n", bench->rows,
                   bench->size[0], bench->size[bench->layers]);
    for (int i = 1; i <= bench->layers; i++)
        st_text_format(&text, "dense %d %s\n", bench->size[i], i < bench->layers ? "relu" : "softmax");
    st_text_format(&text,
                   "compile adam sparse_categorical_crossentropy metrics=accuracy\n"
                   "fit epochs=%d batch_size=%d\n",
                   bench->epochs, bench->batch);
    FitResult result;
    bool done = session && session_run_text(session, st_text_string(&text), NULL, error) &&
                fit_train(session, &(FitPlan){0}, &result, error);
    if (done) *speed = (double)result.status.samples / result.status.seconds;
    st_text_free(&text);
    session_destroy(session);
    close(wake_fd);
    return done;
}

int call_bench(ProgramArguments *arguments) {
    char blas[128];
    StError error = {0};
    int threads = arguments->threads ? arguments->threads : st_processors() < 4 ? st_processors() : 4;
    st_math_start();
    if (!arguments->json)
        printf("%s\n%-30s %14s %14s %8s\n", st_math_blas(blas, sizeof blas), "rows a second", "strata",
               "products", "of them");
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
        double bare = bare_speed(&benches[i]), speed;
        if (!train_speed(&benches[i], threads, &speed, &error)) {
            fprintf(stderr, "strata: bench: %s\n", error.message);
            return 1;
        }
        if (arguments->json)
            printf("{\"network\": \"%s\", \"threads\": %d, \"samples_per_s\": %.0f, \"bare\": %.0f}\n",
                   benches[i].name, threads, speed, bare);
        else
            printf("%-30s %14.0f %14.0f %7.0f%%\n", benches[i].name, speed, bare,
                   bare > 0 ? 100 * speed / bare : 0);
        fflush(stdout);
    }
    if (!arguments->json)
        printf("training on %d thread%s, the products on one\n", threads, threads == 1 ? "" : "s");
    return 0;
}
