/* Singular values of a weight matrix, and what is read off them. */
#include "inspect/study_geometry.h"

#include "math/spectrum.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_LEAST = 50 };       /* eigenvalues, for a tail exponent that means something */
static const double WORK = 3e9; /* M²·N of what is made while somebody waits: about a second */

static const char *missing(const StLens *lens) {
    for (int i = 0; i < lens->layers; i++)
        if (st_geometry_matrix(lens, i, 0)) return NULL;
    return "no layer of the stack has a weight matrix";
}

/* Stable rank ‖W‖F²/σ₁²; effective rank exp(-Σ p ln p), p = σ/Σσ (Roy and Vetterli 2007); rank as NumPy
 * counts it. */
static void give_ranks(StFinding *finding, const double *sigma, int64_t count, int64_t longer) {
    double squares = 0, sum = 0, entropy = 0;
    int64_t rank = 0;
    for (int64_t k = 0; k < count; k++) {
        squares += sigma[k] * sigma[k], sum += sigma[k];
        rank += sigma[k] > sigma[0] * (double)longer * DBL_EPSILON;
    }
    for (int64_t k = 0; k < count; k++)
        if (sigma[k] > 0) entropy -= sigma[k] / sum * log(sigma[k] / sum);
    st_finding_fact(finding, "frobenius_norm", sqrt(squares));
    st_finding_fact(finding, "spectral_norm", sigma[0]);
    st_finding_fact(finding, "stable_rank", sigma[0] > 0 ? squares / (sigma[0] * sigma[0]) : NAN);
    st_finding_fact(finding, "effective_rank", sum > 0 ? exp(entropy) : NAN);
    st_finding_count(finding, "rank", rank);
}

/* Where λ = σ²/N of a matrix of independent entries would lie: λ± = s²(1 ± √(M/N))², s² the variance of the
 * entries (Marchenko and Pastur 1967). */
static void give_band(StFinding *finding, const double *sigma, int64_t count, int64_t longer,
                      double variance) {
    double q = (double)longer / (double)count, n = (double)longer;
    double low = variance * pow(1 - sqrt(1 / q), 2), high = variance * pow(1 + sqrt(1 / q), 2);
    int64_t above = 0;
    for (int64_t k = 0; k < count; k++)
        above += sigma[k] * sigma[k] / n > high;
    st_finding_fact(finding, "mp_variance", variance);
    st_finding_fact(finding, "mp_q", q);
    st_finding_fact(finding, "mp_low", low);
    st_finding_fact(finding, "mp_high", high);
    st_finding_fact(finding, "mp_sigma_low", sqrt(n * low));
    st_finding_fact(finding, "mp_sigma_high", sqrt(n * high));
    st_finding_count(finding, "above_band", above);
    st_finding_note(finding, "mp_of", "eigenvalues σ²/%lld; s² is the variance of the entries",
                    (long long)longer);
}

/* The power law of the tail of λ = σ² (Clauset, Shalizi, Newman 2009): for each xmin the likeliest exponent,
 * and of these the one whose Kolmogorov-Smirnov distance is smallest. */
typedef struct Tail {
    double alpha, xmin, distance;
    int64_t count;
} Tail;

/* lambda descending: the first `count` of them are the tail, the last is xmin. */
static Tail fit_tail(const double *lambda, int64_t count) {
    Tail tail = {.xmin = lambda[count - 1], .count = count};
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += log(lambda[i] / tail.xmin);
    tail.alpha = 1 + (double)count / sum;
    for (int64_t i = 0; i < count; i++) { /* of the i-th from below: i of count lie under it */
        double below = (double)i / (double)count;
        double fit = 1 - pow(lambda[count - 1 - i] / tail.xmin, 1 - tail.alpha);
        tail.distance = fmax(tail.distance, fabs(fit - below));
    }
    return tail;
}

static void give_tail(StFinding *finding, const double *sigma, int64_t count) {
    Tail best = {.alpha = NAN, .xmin = NAN, .distance = NAN};
    double *lambda = malloc((size_t)count * sizeof *lambda);
    int64_t positive = 0;
    double rank = st_finding_value(finding, "rank");
    for (; lambda && positive < (int64_t)rank; positive++)
        lambda[positive] = sigma[positive] * sigma[positive];
    bool enough = lambda && positive >= TAIL_LEAST;
    for (int64_t tail = 2; enough && tail <= positive; tail++) {
        if (tail < positive && lambda[tail] == lambda[tail - 1]) continue; /* all of a value or none */
        if (lambda[tail - 1] == lambda[0]) continue;
        Tail fit = fit_tail(lambda, tail);
        if (isnan(best.alpha) || fit.distance <= best.distance) best = fit;
    }
    free(lambda);
    st_finding_fact(finding, "alpha", best.alpha);
    st_finding_fact(finding, "alpha_error", (best.alpha - 1) / sqrt((double)best.count));
    st_finding_fact(finding, "alpha_xmin", best.xmin);
    st_finding_fact(finding, "alpha_distance", best.distance);
    st_finding_count(finding, "alpha_count", isnan(best.alpha) ? -1 : best.count);
    if (enough)
        st_finding_note(finding, "alpha_tag", "experimental");
    else
        st_finding_note(finding, "alpha_tag", "not available: %lld eigenvalues, wanted at least %d",
                        (long long)positive, TAIL_LEAST);
}

static double variance_of(const double *w, int64_t count) {
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < count; i++)
        mean += w[i];
    mean /= (double)count;
    for (int64_t i = 0; i < count; i++)
        squares += (w[i] - mean) * (w[i] - mean);
    return squares / (double)count;
}

/* A kernel as a matrix: its last extent against all others. */
typedef struct Matrix {
    const StTensor *tensor;
    int64_t rows, columns, shorter, longer;
    double variance; /* of its entries */
    double *sigma;   /* [shorter] */
} Matrix;

static Matrix matrix_of(const StTensor *tensor) {
    int64_t columns = tensor->shape.dim[tensor->shape.rank - 1], rows = tensor->size / columns;
    return (Matrix){.tensor = tensor,
                    .rows = rows,
                    .columns = columns,
                    .shorter = rows < columns ? rows : columns,
                    .longer = rows < columns ? columns : rows};
}

/* Its singular values: the caller frees sigma. */
static bool decompose(StJob *job, Matrix *matrix, StError *error) {
    const StTensor *tensor = matrix->tensor;
    if (job->go_on && (double)matrix->shorter * (double)tensor->size > WORK)
        return st_fail(error, ST_ERR_STATE,
                       "%s, %lldx%lld: its singular values take too long to be made here; "
                       "strata show geometry --method spectrum makes them",
                       tensor->name, (long long)matrix->rows, (long long)matrix->columns);
    double *w = malloc((size_t)tensor->size * sizeof *w);
    matrix->sigma = malloc((size_t)matrix->shorter * sizeof *matrix->sigma);
    bool done =
        (w && matrix->sigma) || st_fail_memory(error, "a weight matrix", (size_t)tensor->size * sizeof *w);
    if (done) memcpy(w, job->lens->weights + tensor->offset, (size_t)tensor->size * sizeof *w);
    if (done && !st_geometry_finite(w, tensor->size))
        done = st_fail(error, ST_ERR_NONFINITE, "%s is not finite: it has no singular values", tensor->name);
    if (done) matrix->variance = variance_of(w, tensor->size);
    done = done && st_job_go_on(job, 0.1, error) &&
           st_singular_values(matrix->rows, matrix->columns, w, matrix->sigma, error);
    free(w);
    return done;
}

/* Layers with several matrices (recurrent, separable): what the others are like, beside the first. */
static bool give_others(StJob *job, int layer, StError *error) {
    StFinding *finding = job->finding;
    const StTensor *tensor;
    int count = 0;
    while (st_geometry_matrix(job->lens, layer, count))
        count++;
    for (int n = 0; count > 1 && (tensor = st_geometry_matrix(job->lens, layer, n)); n++) {
        Matrix matrix = matrix_of(tensor);
        bool done = decompose(job, &matrix, error);
        double squares = 0, largest = done ? matrix.sigma[0] : 0;
        for (int64_t k = 0; done && k < matrix.shorter; k++)
            squares += matrix.sigma[k] * matrix.sigma[k];
        free(matrix.sigma);
        if (!done) return false;
        double *norm = st_finding_vector(finding, "tensor_spectral_norm", count);
        if (norm) norm[n] = largest;
        double *rank = st_finding_vector(finding, "tensor_stable_rank", count);
        if (rank) rank[n] = largest > 0 ? squares / (largest * largest) : NAN;
        st_finding_name(finding, "tensors", n, tensor->name);
    }
    return true;
}

static bool run(StJob *job, StError *error) {
    int layer = st_geometry_layer(job);
    const StTensor *tensor = st_geometry_matrix(job->lens, layer, 0);
    if (!tensor)
        return st_fail(error, ST_ERR_STATE, "%s has no weight matrix: choose another layer with [ and ]",
                       st_geometry_name(job->lens, layer));
    Matrix matrix = matrix_of(tensor);
    StFinding *finding = job->finding;
    st_finding_note(finding, "tensor", "%s", tensor->name);
    st_finding_count(finding, "matrix_rows", matrix.rows);
    st_finding_count(finding, "matrix_columns", matrix.columns);
    bool done = decompose(job, &matrix, error);
    double *values = done ? st_finding_vector(finding, "singular_values", matrix.shorter) : NULL;
    if (values) memcpy(values, matrix.sigma, (size_t)matrix.shorter * sizeof *values);
    if (done) {
        give_ranks(finding, matrix.sigma, matrix.shorter, matrix.longer);
        give_band(finding, matrix.sigma, matrix.shorter, matrix.longer, matrix.variance);
        give_tail(finding, matrix.sigma, matrix.shorter);
        done = give_others(job, layer, error);
    }
    free(matrix.sigma);
    return done;
}

const StStudy st_study_geometry_spectrum = {
    .group = "geometry",
    .name = "spectrum",
    .title = "Singular values",
    .what = "how much the weights stretch each direction; shaded: what chance would do",
    .bad = "one far above the rest, or none above the shade after training",
    .formula = "stable rank ‖W‖F²/σ₁²; effective exp(−Σ p ln p), p = σ/Σσ; λ± = s²(1 ± √(M/N))², λ = σ²/N",
    .plain = "stable rank |W|F^2/s1^2; effective exp(-sum p ln p), p = s/sum s; s2(1 +- sqrt(M/N))^2, s^2/N",
    .cost = "M²·N",
    .tag = ST_MEASURED,
    .missing = missing,
    .run = run,
};
