/* The floor: the bare sgemm calls of one training step of a dense network, in order, and nothing else.
 *
 *     bare THREADS BATCH IN UNITS UNITS…   prints samples a second
 *
 * Forward Y = X·W for each layer; backward dW = Xᵀ·dY for each and dX = dY·Wᵀ for all but the first. Runs for
 * about a second after a warm-up. THREADS are OpenBLAS' own. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static float *noise(size_t count) {
    float *v = aligned_alloc(64, (count * sizeof *v + 63) / 64 * 64);
    if (!v) exit(1);
    for (size_t i = 0; i < count; i++)
        v[i] = (float)(rand() % 2001 - 1000) * 1e-4f;
    return v;
}

enum { LAYERS_MAX = 16 };

int main(int argc, char **argv) {
    if (argc < 5 || argc > 4 + LAYERS_MAX) {
        fprintf(stderr, "usage: bare THREADS BATCH IN UNITS [UNITS…]\n");
        return 2;
    }
    int batch = atoi(argv[2]), layers = argc - 4, size[LAYERS_MAX + 1];
    float *x[LAYERS_MAX + 1], *d[LAYERS_MAX + 1], *w[LAYERS_MAX], *g[LAYERS_MAX];
    openblas_set_num_threads(atoi(argv[1]));
    for (int i = 0; i <= layers; i++) {
        size[i] = atoi(argv[3 + i]);
        x[i] = noise((size_t)batch * (size_t)size[i]);
        d[i] = noise((size_t)batch * (size_t)size[i]);
    }
    for (int i = 0; i < layers; i++) {
        w[i] = noise((size_t)size[i] * (size_t)size[i + 1]);
        g[i] = noise((size_t)size[i] * (size_t)size[i + 1]);
    }
    long steps = 0;
    double start = 0, now = seconds();
    for (double warm = now + 0.3, end = now + 1.3; now < end; now = seconds()) {
        if (!start && now >= warm) start = now, steps = 0;
        for (int repeat = 0; repeat < 20; repeat++, steps++) {
            for (int i = 0; i < layers; i++)
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch, size[i + 1], size[i], 1, x[i], size[i],
                            w[i], size[i + 1], 0, x[i + 1], size[i + 1]);
            for (int i = layers - 1; i >= 0; i--) {
                cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, size[i], size[i + 1], batch, 1, x[i], size[i],
                            d[i + 1], size[i + 1], 0, g[i], size[i + 1]);
                if (i > 0)
                    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch, size[i], size[i + 1], 1, d[i + 1],
                                size[i + 1], w[i], size[i + 1], 0, d[i], size[i]);
            }
        }
    }
    printf("%.0f\n", (double)steps * batch / (now - start));
    return 0;
}
