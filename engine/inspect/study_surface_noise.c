/* The gradient noise scale: how large a batch is worth its cost. */
#include "inspect/study_surface.h"

#include "base/rng.h"
#include "math/vector.h"

#include <math.h>
#include <stdlib.h>

enum { SMALL = 32, NOISE_ROWS = 1024, NOISE_KEY = 7011 };

/* The size of the small batches: 32, or an eighth of the rows where that is less. Batches are disjoint, in an
 * order drawn by the seed (the rows are sorted, and with them, often, their classes); what is left over is
 * not looked at, so that the large batch is the mean of the small ones. */
static int64_t cut(StSurface *surface, StError *error) {
    int64_t small = surface->rows / 8 < 1 ? 1 : surface->rows / 8 > SMALL ? SMALL : surface->rows / 8;
    if (surface->rows < 2) {
        st_fail(error, ST_ERR_STATE, "the %s part has 1 row: noise wants 2 at least",
                st_part_name(surface->part));
        return 0;
    }
    StRng rng = st_rng(surface->lens->plan.seed, ST_STREAM_INSPECT, NOISE_KEY, 0);
    st_rng_shuffle(&rng, surface->index, surface->rows);
    surface->rows -= surface->rows % small;
    st_finding_count(surface->job->finding, "rows", surface->rows);
    double *index = st_finding_vector(surface->job->finding, "row_index", surface->rows);
    for (int64_t i = 0; index && i < surface->rows; i++)
        index[i] = (double)surface->index[i];
    return small;
}

/* The gradients of all small batches: |g|² of each, and their mean. */
static bool measure(StSurface *surface, int64_t small, double *squares, double *mean, StError *error) {
    StLens *lens = surface->lens;
    const double *gradient = st_network_gradients(lens->network);
    int64_t batches = surface->rows / small;
    for (int64_t batch = 0; batch < batches; batch++) {
        st_lens_gather(lens, surface->part, surface->index, batch * small, small);
        st_lens_loss_gradient(lens, small);
        squares[batch] = 0;
        for (int i = 0; i < lens->tensors; i++) {
            const StTensor *tensor = &lens->tensor[i];
            if (!tensor->trainable) continue;
            squares[batch] += st_vector_sum_squares(gradient + tensor->offset, tensor->size);
            st_vector_axpy(mean + tensor->offset, 1 / (double)batches, gradient + tensor->offset,
                           tensor->size);
        }
        if (!st_job_go_on(surface->job, (double)(batch + 1) / (double)batches, error)) return false;
    }
    return true;
}

/* What a batch of B rows is worth: its step makes 1/(1 + S/G²/B) of the progress that the whole gradient's
 * would, and a row of it 1/(1 + B/(S/G²)) of what it would in the smallest batch (arXiv 1812.06162,
 * section 2.2). */
static bool tell_worth(StFinding *finding, double scale, StError *error) {
    enum { SIZES = 18 }; /* 1 … 2^17 */
    double *size = st_finding_vector(finding, "batch_size", SIZES);
    double *step = st_finding_vector(finding, "step_progress", SIZES);
    double *row = st_finding_vector(finding, "row_efficiency", SIZES);
    if (!st_finding_done(finding, error)) return false;
    for (int i = 0; i < SIZES; i++) {
        size[i] = ldexp(1, i);
        step[i] = 1 / (1 + scale / size[i]);
        row[i] = 1 / (1 + size[i] / scale);
    }
    return true;
}

static void judge(StFinding *finding, double small, double large, double small_square, double large_square) {
    double signal = (large * large_square - small * small_square) / (large - small);
    double noise = (small_square - large_square) / (1 / small - 1 / large);
    double scale = signal > 0 ? noise / signal : NAN;
    st_finding_fact(finding, "small_square", small_square);
    st_finding_fact(finding, "large_square", large_square);
    st_finding_fact(finding, "gradient_squared", signal);
    st_finding_fact(finding, "noise", noise);
    st_finding_fact(finding, "noise_scale", scale);
    if (isfinite(scale))
        st_finding_note(finding, "reading",
                        "a batch far below %.3g rows is mostly noise, far above it mostly waste", scale);
    else if (!isfinite(signal))
        st_finding_note(finding, "reading", "the gradient is not finite here");
    else
        st_finding_note(finding, "reading",
                        "the gradient cannot be told from its noise with %.0f rows: not available", large);
}

static bool noise(StJob *job, StError *error) {
    StSurface surface;
    double *mean = NULL;
    int64_t small = 0;
    bool good = st_surface_begin(&surface, job, NOISE_ROWS, error) && (small = cut(&surface, error)) > 0 &&
                (mean = st_surface_array(&surface, error));
    if (good) {
        int64_t batches = surface.rows / small;
        st_finding_count(job->finding, "small_batch", small);
        st_finding_count(job->finding, "large_batch", surface.rows);
        st_finding_count(job->finding, "batches", batches);
        double *squares = st_finding_vector(job->finding, "squares", batches);
        good = st_finding_done(job->finding, error) && measure(&surface, small, squares, mean, error);
        if (good) {
            judge(job->finding, (double)small, (double)surface.rows,
                  st_vector_sum(squares, batches) / (double)batches,
                  st_vector_sum_squares(mean, surface.total));
            good = tell_worth(job->finding, st_finding_value(job->finding, "noise_scale"), error);
        }
    }
    free(mean);
    st_surface_end(&surface);
    return good;
}

const StStudy st_study_surface_noise = {
    .group = "surface",
    .name = "noise",
    .title = "Noise scale",
    .what = "the batch size at which the gradient's noise is as large as the gradient",
    .bad = "a batch size far from it: slow below, wasteful above",
    .formula = "S/G², G² = (B|g_B|²−b|g_b|²)/(B−b), S = (|g_b|²−|g_B|²)/(1/b−1/B) (1812.06162)",
    .plain = "S/G2, G2=(B|gB|^2-b|gb|^2)/(B-b), S=(|gb|^2-|gB|^2)/(1/b-1/B) (1812.06162)",
    .cost = "1 FB of up to 1024 rows",
    .tag = ST_ESTIMATED,
    .asked = true,
    .run = noise};
