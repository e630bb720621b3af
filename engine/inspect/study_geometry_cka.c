/* Linear centred kernel alignment (Kornblith and others 2019, arXiv 1905.00414): how alike two layers see the
 * same rows, up to rotation and scale. By Gram matrices of the rows, K = XXᵀ of centred X, since
 * ‖YᵀX‖F² = Σ K∘L, which is as good for wide layers as for narrow ones. */
#include "inspect/study_geometry.h"

#include "math/gemm.h"
#include "math/vector.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 512, BLOCK = 1024 }; /* columns at a time: a piece of work of some milliseconds */

/* The Gram matrices of some layers: [count][n][n], and what a layer's outputs look like to the network. */
typedef struct Grams {
    StJob *job;
    int64_t n;
    double *outputs; /* [n][the widest layer's] */
    double *block;   /* [n][BLOCK] */
    double *gram;
    double *norm; /* [count] ‖K‖F; NaN: not finite, or the same for every row */
} Grams;

static void grams_free(Grams *grams) {
    free(grams->outputs);
    free(grams->block);
    free(grams->gram);
    free(grams->norm);
}

static int64_t widest(const StLens *lens) {
    int64_t most = lens->in_size;
    for (int i = 0; i < lens->layers; i++)
        if (st_geometry_width(lens, i) > most) most = st_geometry_width(lens, i);
    return most;
}

static bool grams_create(Grams *grams, StJob *job, int64_t n, int64_t count, StError *error) {
    size_t bytes = (size_t)(count * n * n) * sizeof(double);
    *grams = (Grams){.job = job,
                     .n = n,
                     .outputs = malloc((size_t)(n * widest(job->lens)) * sizeof(double)),
                     .block = malloc((size_t)(n * BLOCK) * sizeof(double)),
                     .gram = calloc(1, bytes),
                     .norm = malloc((size_t)count * sizeof(double))};
    if (grams->outputs && grams->block && grams->gram && grams->norm) return true;
    grams_free(grams);
    return st_fail_memory(error, "layers to compare", bytes);
}

static bool add_gram(Grams *grams, int64_t at, const double *y, int64_t width, double done, StError *error) {
    int64_t n = grams->n;
    double *gram = grams->gram + at * n * n, squares = st_vector_sum_squares(y, n * width), centred = 0;
    for (int64_t from = 0; from < width; from += BLOCK) {
        int64_t few = width - from < BLOCK ? width - from : BLOCK;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < few; j++)
                grams->block[i * few + j] = y[i * width + from + j];
        st_geometry_centre(grams->block, n, few, NULL);
        st_gemm(false, true, n, n, few, 1, grams->block, few, grams->block, few, 1, gram, n);
        if (!st_job_go_on(grams->job, done, error)) return false;
    }
    for (int64_t i = 0; i < n; i++)
        centred += gram[i * n + i];
    double norm = sqrt(st_vector_sum_squares(gram, n * n));
    grams->norm[at] = isfinite(norm) && centred > 1e-28 * squares ? norm : NAN; /* below: rounding alone */
    return true;
}

static double alignment(const Grams *grams, int64_t a, int64_t b) {
    int64_t size = grams->n * grams->n;
    if (a == b && !isnan(grams->norm[a])) return 1;
    return st_vector_dot(grams->gram + a * size, grams->gram + b * size, size) /
           (grams->norm[a] * grams->norm[b]);
}

/* Adds the layers' Gram matrices with the weights that the lens has now, from the layer `first` on (the input
 * may be one), to the places from `at` on. */
static bool add_layers(Grams *grams, int first, int64_t at, StPart part, const int64_t *index, double from,
                       double to, StError *error) {
    StLens *lens = grams->job->lens;
    for (int i = first; i < lens->layers; i++) {
        double done = from + (to - from) * (i - first) / (lens->layers - first);
        if (!st_geometry_collect(grams->job, i, part, index, grams->n, grams->outputs, done, error) ||
            !add_gram(grams, at++, grams->outputs, st_geometry_width(lens, i), done, error))
            return false;
    }
    return true;
}

static int64_t *some_rows(StJob *job, StPart *part, int64_t *rows, StError *error) {
    *part = st_lens_part(job->lens, job->ask->part);
    int64_t wanted = job->ask->count > 0 ? job->ask->count : ROWS;
    return st_geometry_rows(job, *part, wanted, widest(job->lens), rows, error);
}

/* ---- between layers ---- */

static bool run_layers(StJob *job, StError *error) {
    const StLens *lens = job->lens;
    StPart part;
    int64_t rows, count = lens->layers + 1, *index = some_rows(job, &part, &rows, error);
    Grams grams;
    if (!index) return false;
    bool done = grams_create(&grams, job, rows, count, error);
    if (done) {
        for (int i = 0; i < count; i++)
            st_finding_name(job->finding, "layers", i, st_geometry_name(lens, i - 1));
        done = add_layers(&grams, ST_LAYER_INPUT, 0, part, index, 0, 0.9, error);
        double *cka = done ? st_finding_matrix(job->finding, "cka", count, count) : NULL;
        for (int64_t a = 0; cka && a < count; a++)
            for (int64_t b = 0; b <= a; b++)
                cka[a * count + b] = cka[b * count + a] = alignment(&grams, a, b);
        grams_free(&grams);
    }
    free(index);
    return done && st_finding_done(job->finding, error);
}

const StStudy st_study_geometry_cka = {
    .group = "geometry",
    .name = "cka",
    .title = "CKA between layers",
    .what = "how alike two layers see the rows: 1 the same but turned and scaled, 0 unlike",
    .bad = "neighbours near 1 all the way: layers that change nothing",
    .formula = "‖YᵀX‖F² / (‖XᵀX‖F ‖YᵀY‖F), columns centred (Kornblith and others 2019)",
    .plain = "|Y'X|F^2 / (|X'X|F |Y'Y|F), columns centred (Kornblith and others 2019)",
    .cost = "1 F and n²·d a layer",
    .tag = ST_MEASURED,
    .run = run_layers,
};

/* ---- between moments ---- */

static bool run_moments(StJob *job, StError *error) {
    StLens *lens = job->lens;
    StPart part;
    int64_t rows, layers = lens->layers, *index = some_rows(job, &part, &rows, error);
    Grams grams;
    if (!index) return false;
    st_finding_note(job->finding, "other", job->ask->other < 0 ? "the start of the run" : "step %lld",
                    (long long)job->ask->other);
    bool done = grams_create(&grams, job, rows, 2 * layers, error);
    if (done) {
        for (int i = 0; i < layers; i++)
            st_finding_name(job->finding, "layers", i, st_geometry_name(lens, i));
        done = add_layers(&grams, 0, 0, part, index, 0, 0.5, error) &&
               st_lens_look(lens, job->other, error) &&
               add_layers(&grams, 0, layers, part, index, 0.5, 1, error) &&
               st_lens_look(lens, &job->snapshot->weights, error);
        double *cka = done ? st_finding_vector(job->finding, "cka", layers) : NULL;
        for (int64_t i = 0; cka && i < layers; i++)
            cka[i] = alignment(&grams, i, layers + i);
        grams_free(&grams);
    }
    free(index);
    return done && st_finding_done(job->finding, error);
}

const StStudy st_study_geometry_cka_moments = {
    .group = "geometry",
    .name = "cka_moments",
    .title = "CKA between moments",
    .what = "how alike each layer sees the rows now and then: 1 nothing has changed",
    .bad = "1 after long training in all but the last layer: only that one learns",
    .formula = "‖YᵀX‖F² / (‖XᵀX‖F ‖YᵀY‖F), X now, Y then (Kornblith and others 2019)",
    .plain = "|Y'X|F^2 / (|X'X|F |Y'Y|F), X now, Y then (Kornblith and others 2019)",
    .cost = "2 F and 2 n²·d a layer",
    .tag = ST_MEASURED,
    .run = run_moments,
};
