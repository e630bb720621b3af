/* Sharpness: the largest eigenvalue of the Hessian, against what the learning rate bears.
 *
 * Products Hv come from gradients on both sides (2 FB each); the ends of the spectrum from them by Lanczos'
 * method, wholly reorthogonalised and restarted thickly where the basis is full (Wu and Simon 2000): it finds
 * what power iteration finds in a fraction of the products, and both ends at once, so that a large negative
 * eigenvalue hides nothing. */
#include "inspect/study_surface.h"

#include "base/rng.h"
#include "math/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCTS_MAX = 100, BASIS_MAX = 40, BASIS_MIN = 8, HESSIAN_KEY = 7021 };
#define BASIS_BYTES 256e6

/* ---- Hv ---- */

typedef struct Curve {
    StSurface *surface;
    double *here, *ahead, *behind; /* gradients [total] */
    double scale;                  /* of the step: the weights' length, 1 at least */
    int products, kinks;
    double begun, part; /* how far the study was before, and what share of it this is */
} Curve;

/* Hv ≈ (g(θ + εv) − g(θ − εv)) / 2ε at one ε, for |v| = 1. Returns by how much the two sides differ, as a
 * share of the product: about ε where the loss is smooth, about 1 where a relu turns over within the step. */
static bool difference(Curve *curve, const double *v, double step, double *out, double *bend,
                       StError *error) {
    StSurface *surface = curve->surface;
    double loss, done = curve->begun + curve->part * curve->products / (PRODUCTS_MAX + 1), second = 0,
                 first = 0;
    st_surface_move(surface, v, step, NULL, 0);
    if (!st_surface_gradient(surface, done, &loss, curve->ahead, error)) return false;
    st_surface_move(surface, v, -step, NULL, 0);
    if (!st_surface_gradient(surface, done, &loss, curve->behind, error)) return false;
    for (int64_t i = 0; i < surface->total; i++) {
        double across = curve->ahead[i] - curve->behind[i];
        double turn = curve->ahead[i] - 2 * curve->here[i] + curve->behind[i];
        first += across * across;
        second += turn * turn;
        out[i] = across / (2 * step);
    }
    *bend = first > 0 ? sqrt(second / first) : 0;
    return true;
}

/* Takes shorter steps where one has crossed a kink, and the best of them. */
static bool multiply(Curve *curve, const double *v, double *out, StError *error) {
    enum { TRIES = 4 };
    double step = 1e-7 * curve->scale, best_step = step, best = INFINITY, bend = 0;
    for (int i = 0; i < TRIES; i++, step /= 8) {
        if (!difference(curve, v, step, out, &bend, error)) return false;
        if (bend < best) best = bend, best_step = step;
        if (bend < 1e-4) break;
    }
    if (bend != best && !difference(curve, v, best_step, out, &bend, error)) return false;
    curve->kinks += best > 0.1;
    curve->products++;
    return true;
}

/* ---- the ends of the spectrum ---- */

typedef struct Basis {
    int room, count;                 /* vectors that fit, and that are there */
    double *v[BASIS_MAX];            /* [total] each, orthonormal */
    double *next;                    /* [total] the product at hand */
    double t[BASIS_MAX * BASIS_MAX]; /* [count][count] of stride BASIS_MAX: vᵢ·Hvⱼ */
    double beta;                     /* how far the last product leads out of the basis */
} Basis;

typedef struct Ends {
    double high, low, high_residual, low_residual;
    int count;
    double value[BASIS_MAX], vector[BASIS_MAX * BASIS_MAX]; /* [count][count] */
} Ends;

static bool basis_begin(Basis *basis, const StSurface *surface, StError *error) {
    double fit = BASIS_BYTES / (8 * (double)surface->total);
    int room = fit < BASIS_MIN ? BASIS_MIN : fit > BASIS_MAX ? BASIS_MAX : (int)fit;
    *basis = (Basis){.room = surface->trained < room ? (int)surface->trained : room};
    basis->next = st_surface_array(surface, error);
    for (int i = 0; basis->next && i < basis->room; i++)
        if (!(basis->v[i] = st_surface_array(surface, error))) return false;
    return basis->next;
}

/* Empty again, but for a first vector: the same one every time. */
static void basis_reset(Basis *basis, const StSurface *surface) {
    StRng rng = st_rng(surface->lens->plan.seed, ST_STREAM_INSPECT, HESSIAN_KEY, 0);
    double *first = basis->v[0];
    basis->count = 0;
    memset(basis->t, 0, sizeof basis->t);
    memset(first, 0, (size_t)surface->total * sizeof *first);
    for (int i = 0; i < surface->lens->tensors; i++) {
        const StTensor *tensor = &surface->lens->tensor[i];
        for (int64_t k = 0; tensor->trainable && k < tensor->size; k++)
            first[tensor->offset + k] = st_rng_normal(&rng);
    }
    st_vector_scale(first, first, 1 / sqrt(st_vector_sum_squares(first, surface->total)), surface->total);
}

static void basis_end(Basis *basis) {
    for (int i = 0; i < basis->room; i++)
        free(basis->v[i]);
    free(basis->next);
}

/* Takes in the product of the last vector: its column of t, and what is left of it, at right angles to all.
 */
static void take(Basis *basis, int64_t total) {
    int last = basis->count++;
    for (int again = 0; again < 2; again++)
        for (int i = 0; i <= last; i++) {
            double along = st_vector_dot(basis->v[i], basis->next, total);
            basis->t[i * BASIS_MAX + last] += along;
            st_vector_axpy(basis->next, -along, basis->v[i], total);
        }
    for (int i = 0; i < last; i++)
        basis->t[last * BASIS_MAX + i] = basis->t[i * BASIS_MAX + last];
    basis->beta = sqrt(st_vector_sum_squares(basis->next, total));
}

static void look(const Basis *basis, Ends *ends) {
    double t[BASIS_MAX * BASIS_MAX];
    int n = ends->count = basis->count;
    for (int i = 0; i < n * n; i++)
        t[i] = basis->t[i / n * BASIS_MAX + i % n];
    st_surface_eigen(n, t, ends->value, ends->vector);
    ends->high = ends->value[0];
    ends->low = ends->value[n - 1];
    ends->high_residual = fabs(basis->beta * ends->vector[(n - 1) * n]);
    ends->low_residual = fabs(basis->beta * ends->vector[n * n - 1]);
}

/* The basis becomes the eigenvectors nearest to both ends: two thirds of the upper, one of the lower. */
static void restart(Basis *basis, const Ends *ends, int64_t total) {
    int n = basis->count, keep = n / 2, upper = (2 * keep + 2) / 3;
    double old[BASIS_MAX];
    for (int64_t k = 0; k < total; k++) {
        for (int i = 0; i < n; i++)
            old[i] = basis->v[i][k];
        for (int j = 0; j < keep; j++) {
            int from = j < upper ? j : n - keep + j;
            double sum = 0;
            for (int i = 0; i < n; i++)
                sum += old[i] * ends->vector[i * n + from];
            basis->v[j][k] = sum;
        }
    }
    memset(basis->t, 0, sizeof basis->t);
    for (int j = 0; j < keep; j++)
        basis->t[j * BASIS_MAX + j] = ends->value[j < upper ? j : n - keep + j];
    basis->count = keep;
}

/* The upper end to 1e-6 of itself, its value to the square of that; the lower so that one knows which is
 * larger, and as well where it is. Where `rough`, the upper end alone to 1e-3. */
static bool settled(const Ends *ends, bool rough) {
    double size = fmax(fabs(ends->high), fabs(ends->low));
    bool lower = fabs(ends->low) > fabs(ends->high);
    if (rough) return ends->high_residual <= 1e-3 * fabs(ends->high);
    return ends->high_residual <= 1e-6 * fabs(ends->high) &&
           ends->low_residual <= (lower ? 1e-6 : 1e-3) * size;
}

/* False: cancelled. Leaves the upper end's eigenvector in basis->next; ends early where there is a kink. */
static bool search(Curve *curve, Basis *basis, Ends *ends, bool rough, StError *error) {
    StFinding *finding = curve->surface->job->finding;
    int64_t total = curve->surface->total;
    for (;;) {
        if (!multiply(curve, basis->v[basis->count], basis->next, error)) return false;
        if (curve->kinks > 0) return true;
        double size = sqrt(st_vector_sum_squares(basis->next, total));
        take(basis, total);
        look(basis, ends);
        if (!rough) {
            st_finding_fact(finding, "eigenvalue", ends->high);
            st_finding_fact(finding, "residual", ends->high_residual);
            st_finding_count(finding, "iterations", curve->products);
        }
        bool whole = basis->count == curve->surface->trained || !(basis->beta > 1e-9 * size);
        if (whole || settled(ends, rough) || curve->products >= PRODUCTS_MAX) break;
        if (basis->count == basis->room) restart(basis, ends, total);
        st_vector_scale(basis->v[basis->count], basis->next, 1 / basis->beta, total);
    }
    memset(basis->next, 0, (size_t)total * sizeof *basis->next);
    for (int i = 0; i < ends->count; i++)
        st_vector_axpy(basis->next, ends->vector[i * ends->count], basis->v[i], total);
    return true;
}

/* The eigenvalue of the vector found, measured once more: λ = v·Hv, and |Hv − λv|. */
static bool verify(Curve *curve, const Basis *basis, Ends *ends, StError *error) {
    double *product = basis->v[0]; /* no longer needed */
    int64_t total = curve->surface->total;
    st_vector_scale(basis->next, basis->next, 1 / sqrt(st_vector_sum_squares(basis->next, total)), total);
    if (!multiply(curve, basis->next, product, error)) return false;
    ends->high = st_vector_dot(basis->next, product, total);
    st_vector_axpy(product, -ends->high, basis->next, total);
    ends->high_residual = sqrt(st_vector_sum_squares(product, total));
    return true;
}

/* Which weights the sharpest direction moves: the share of its squared length in each tensor that is trained.
 */
static bool tell_shares(const StSurface *surface, const double *direction, StError *error) {
    const StLens *lens = surface->lens;
    StFinding *finding = surface->job->finding;
    int count = 0;
    for (int i = 0; i < lens->tensors; i++)
        if (lens->tensor[i].trainable) st_finding_name(finding, "tensors", count++, lens->tensor[i].name);
    double *share = st_finding_vector(finding, "eigenvector_share", count);
    for (int i = count = 0; share && i < lens->tensors; i++)
        if (lens->tensor[i].trainable)
            share[count++] = st_vector_sum_squares(direction + lens->tensor[i].offset, lens->tensor[i].size);
    return st_finding_done(finding, error);
}

/* ---- against the learning rate ---- */

/* How sharp a valley the optimizer can walk without being thrown out of it (Cohen 2021, arXiv 2103.00065):
 * 2/η for plain descent, more with momentum; NaN where it is no such optimizer. */
static double edge_of(const StCompile *compile, double rate) {
    const StKind *kind = st_optimizer_kind_at(compile->optimizer.kind);
    if (!kind || strcmp(kind->name, "sgd") != 0 || !(rate > 0)) return NAN;
    const StOption *momentum = st_option_find(kind->options, "momentum");
    const StOption *nesterov = st_option_find(kind->options, "nesterov");
    const unsigned char *options = compile->optimizer.options;
    double beta = *(const double *)(const void *)(options + momentum->offset);
    bool ahead = *(const bool *)(options + nesterov->offset) && beta > 0;
    return (2 + 2 * beta) / (rate * (ahead ? 1 + 2 * beta : 1));
}

static void judge(const StJob *job, const Ends *ends, const Curve *curve) {
    StFinding *finding = job->finding;
    const StCompile *compile = job->lens->plan.compile;
    const StKind *optimizer = st_optimizer_kind_at(compile->optimizer.kind);
    double rate = job->snapshot->rate > 0 ? job->snapshot->rate : st_compile_learning_rate(compile);
    double two = rate > 0 ? 2 / rate : NAN, edge = edge_of(compile, rate), share = ends->high / two;
    bool rough = isnan(edge);
    st_finding_fact(finding, "learning_rate", rate > 0 ? rate : NAN);
    st_finding_fact(finding, "two_over_rate", two);
    st_finding_fact(finding, "edge", edge);
    if (!rough) share = ends->high / edge;
    st_finding_fact(finding, "edge_share", share);
    st_finding_note(finding, "optimizer", "%s", optimizer ? optimizer->name : "none");
    const char *what = rough || edge == two ? "2/rate" : "with momentum";
    if (curve->kinks > 0)
        st_finding_note(finding, "reading", "not defined: a relu stands at exactly 0, a kink; make a step");
    else if (!isfinite(ends->high))
        st_finding_note(finding, "reading", "the gradient is not finite here");
    else if (ends->high <= 0)
        st_finding_note(finding, "reading", "the loss curves upwards nowhere: no minimum is near");
    else if (isnan(share))
        st_finding_note(finding, "reading", "no learning rate is known to hold it against");
    else
        st_finding_note(finding, "reading", "%.2g of the edge %s: %s%s", share, what,
                        share > 1 ? "steps overshoot" : "steps hold",
                        rough ? " (for plain descent: a rule of thumb)" : "");
}

static void tell(const StJob *job, Ends *ends, const Curve *curve) {
    StFinding *finding = job->finding;
    if (curve->kinks > 0) ends->high = ends->low = ends->high_residual = ends->low_residual = NAN;
    bool lower = fabs(ends->low) > fabs(ends->high);
    st_finding_fact(finding, "eigenvalue", ends->high);
    st_finding_fact(finding, "residual", ends->high_residual);
    st_finding_fact(finding, "smallest", ends->low);
    st_finding_fact(finding, "smallest_residual", ends->low_residual);
    st_finding_fact(finding, "dominant", lower ? ends->low : ends->high);
    st_finding_count(finding, "iterations", curve->products);
    st_finding_count(finding, "converged",
                     ends->high_residual <= 1e-4 * fmax(fabs(ends->high), fabs(ends->low)));
    judge(job, ends, curve);
}

/* Everything that a search wants. */
typedef struct Search {
    StSurface surface;
    Basis basis;
    Ends ends;
    Curve curve;
} Search;

/* NULL with the error set; search_end also then takes NULL. */
static void search_end(Search *all) {
    if (!all) return;
    basis_end(&all->basis);
    st_surface_end(&all->surface);
    free(all->curve.here), free(all->curve.ahead), free(all->curve.behind);
    free(all);
}

static Search *search_begin(StJob *job, StError *error) {
    Search *all = calloc(1, sizeof *all);
    if (!all) {
        st_fail_memory(error, "eigenvalues", sizeof *all);
        return NULL;
    }
    all->curve = (Curve){.surface = &all->surface, .part = 1};
    if (st_surface_begin(&all->surface, job, ST_SURFACE_ROWS, error) &&
        (all->curve.here = st_surface_array(&all->surface, error)) &&
        (all->curve.ahead = st_surface_array(&all->surface, error)) &&
        (all->curve.behind = st_surface_array(&all->surface, error)) &&
        basis_begin(&all->basis, &all->surface, error))
        return all;
    search_end(all);
    return NULL;
}

/* The ends of the spectrum at the surface's centre. */
static bool search_here(Search *all, bool rough, double *loss, StError *error) {
    StSurface *surface = &all->surface;
    Curve *curve = &all->curve;
    curve->products = curve->kinks = 0;
    curve->scale = fmax(1, sqrt(st_vector_sum_squares(surface->center, surface->total)));
    basis_reset(&all->basis, surface);
    st_surface_move(surface, NULL, 0, NULL, 0);
    return st_surface_gradient(surface, curve->begun, loss, curve->here, error) &&
           search(curve, &all->basis, &all->ends, rough, error) &&
           (curve->kinks > 0 || verify(curve, &all->basis, &all->ends, error));
}

static bool sharpness(StJob *job, StError *error) {
    Search *all = search_begin(job, error);
    double loss;
    bool good = all && search_here(all, false, &loss, error);
    if (good) {
        double length = sqrt(st_vector_sum_squares(all->curve.here, all->surface.total));
        st_finding_fact(job->finding, "loss", loss);
        st_finding_fact(job->finding, "gradient_norm", length);
        good = all->curve.kinks > 0 || tell_shares(&all->surface, all->basis.next, error);
        tell(job, &all->ends, &all->curve);
    }
    search_end(all);
    return good;
}

const StStudy st_study_surface_hessian = {
    .group = "surface",
    .name = "hessian",
    .title = "Sharpness",
    .what = "the sharpest curvature of the loss, against what the learning rate bears",
    .bad = "above the edge: steps overshoot",
    .formula = "λ₁ of H, Hv ≈ (g(θ+εv) − g(θ−εv))/2ε, by Lanczos; edge 2/η (arXiv 2103.00065)",
    .plain = "eig 1 of H, Hv ~ (g(w+ev) - g(w-ev))/2e, by Lanczos; 2/rate (arXiv 2103.00065)",
    .cost = "2 FB a product, up to 100",
    .tag = ST_MEASURED,
    .asked = true,
    .run = sharpness};

/* ---- over the run ---- */

enum { MOMENTS = 12 };

/* Where it began, where it is, and how near it came to the edge. */
static void judge_run(StFinding *finding, const double *step, const double *sharp, const double *edge,
                      int count) {
    int first = -1, last = -1, nearest = -1;
    for (int i = 0; i < count; i++) {
        if (!isfinite(sharp[i])) continue;
        if (first < 0) first = i;
        last = i;
        if (isfinite(edge[i]) && (nearest < 0 || sharp[i] / edge[i] > sharp[nearest] / edge[nearest]))
            nearest = i;
    }
    st_finding_fact(finding, "edge_share", nearest < 0 ? NAN : sharp[nearest] / edge[nearest]);
    st_finding_fact(finding, "edge_share_step", nearest < 0 ? NAN : step[nearest]);
    if (first < 0)
        st_finding_note(finding, "reading", "not defined at any of these moments");
    else if (nearest < 0)
        st_finding_note(finding, "reading", "%.3g at first, %.3g at last; no learning rate is known",
                        sharp[first], sharp[last]);
    else
        st_finding_note(finding, "reading", "%.3g at first, %.3g at last; at most %.2g of the edge",
                        sharp[first], sharp[last], sharp[nearest] / edge[nearest]);
}

static bool look_at_moments(Search *all, const StSurfacePath *path, StError *error) {
    StSurface *surface = &all->surface;
    const StCompile *compile = surface->lens->plan.compile;
    StFinding *finding = surface->job->finding;
    int count = path->count;
    double *step = st_finding_vector(finding, "moment_step", count), loss;
    double *sharp = st_finding_vector(finding, "moment_eigenvalue", count);
    double *edge = st_finding_vector(finding, "moment_edge", count);
    if (!st_finding_done(finding, error)) return false;
    for (int i = 0; i < count; i++) {
        double rate = path->rate[i] > 0 ? path->rate[i] : st_compile_learning_rate(compile);
        double most = edge_of(compile, rate);
        step[i] = path->step[i] < 0 ? NAN : (double)path->step[i];
        edge[i] = isnan(most) && rate > 0 ? 2 / rate : most;
    }
    for (int i = 0; i < count; i++) {
        for (int64_t k = 0; k < surface->total; k++)
            surface->center[k] = (double)path->weights[i][k];
        all->curve.begun = (double)i / count, all->curve.part = 1.0 / count;
        if (!search_here(all, true, &loss, error)) return false;
        sharp[i] = all->curve.kinks > 0 ? NAN : all->ends.high;
    }
    for (int64_t k = 0; k < surface->total; k++) /* what end lays on the lens again */
        surface->center[k] = (double)surface->job->snapshot->weights.values[k];
    judge_run(finding, step, sharp, edge, count);
    return true;
}

static bool sharpening(StJob *job, StError *error) {
    Search *all = search_begin(job, error);
    StSurfacePath path = {0};
    bool good = all;
    if (good) {
        st_surface_path_begin(&path, job, MOMENTS);
        good = look_at_moments(all, &path, error);
        st_surface_path_end(&path);
    }
    search_end(all);
    return good;
}

const StStudy st_study_surface_sharpening = {
    .group = "surface",
    .name = "sharpening",
    .title = "Sharpening",
    .what = "the sharpest curvature at moments of the run, against what the rate bore then",
    .bad = "above the edge for long: the loss jumps about",
    .formula = "λ₁ of H at θₜ; edge 2/η, with momentum β (2 + 2β)/η (arXiv 2103.00065)",
    .plain = "eig 1 of H at w(t); edge 2/rate, (2 + 2b)/rate with momentum b (arXiv 2103.00065)",
    .cost = "2 FB a product, some 20 a moment, 12 moments",
    .tag = ST_MEASURED,
    .asked = true,
    .run = sharpening};
