/* The loss over a plane through the weights: one spanned by two random directions, normalised unit by unit
 * (Li and others 2018, arXiv 1712.09913, section 4), or the one in which the run went (section 7). */
#include "inspect/study_surface.h"

#include "base/rng.h"
#include "math/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 41, ROWS = 21, CELLS = COLUMNS * ROWS };

/* ---- the path of the run ---- */

static bool path_arrays(const StSurfacePath *path, StFinding *finding, double **a, double **b,
                        StError *error) {
    double *step = st_finding_vector(finding, "path_step", path->count);
    *a = st_finding_vector(finding, "path_a", path->count);
    *b = st_finding_vector(finding, "path_b", path->count);
    if (!st_finding_done(finding, error)) return false;
    for (int i = 0; i < path->count; i++)
        step[i] = path->step[i] < 0 ? NAN : (double)path->step[i];
    return true;
}

/* The nearest point of the plane to each moment: least squares by the 2x2 normal equations. How much of all
 * the squared distances the plane holds is said as path_share. */
static bool project(const StSurface *surface, const StSurfacePath *path, const double *const direction[2],
                    StError *error) {
    StFinding *finding = surface->job->finding;
    double *a, *b, *way = st_surface_array(surface, error), all = 0, within = 0;
    bool good = way && path_arrays(path, finding, &a, &b, error);
    double g00 = st_vector_sum_squares(direction[0], surface->total);
    double g11 = st_vector_sum_squares(direction[1], surface->total);
    double g01 = st_vector_dot(direction[0], direction[1], surface->total);
    double det = g00 * g11 - g01 * g01;
    for (int i = 0; good && i < path->count; i++) {
        st_surface_difference(surface, path->weights[i], way);
        double r0 = st_vector_dot(way, direction[0], surface->total);
        double r1 = st_vector_dot(way, direction[1], surface->total);
        a[i] = (g11 * r0 - g01 * r1) / det;
        b[i] = (g00 * r1 - g01 * r0) / det;
        within += a[i] * r0 + b[i] * r1;
        all += st_vector_sum_squares(way, surface->total);
        good = st_job_go_on(surface->job, 0, error);
    }
    if (good) st_finding_fact(finding, "path_share", all > 0 ? within / all : NAN);
    free(way);
    return good;
}

/* ---- the loss over the plane ---- */

typedef struct Cell {
    int index;
    double distance;
} Cell;

static int nearer(const void *left, const void *right) {
    const Cell *a = left, *b = right;
    if (a->distance != b->distance) return a->distance < b->distance ? -1 : 1;
    return a->index - b->index;
}

/* Says where the plane is least, beside the loss at the weights themselves. */
static void judge_plane(StFinding *finding, const double *a, const double *b, const double *loss,
                        double here) {
    int least = -1, most = -1, above = 0;
    for (int i = 0; i < CELLS; i++) {
        if (!isfinite(loss[i])) continue;
        if (least < 0 || loss[i] < loss[least]) least = i;
        if (most < 0 || loss[i] > loss[most]) most = i;
        above += loss[i] > here;
    }
    st_finding_fact(finding, "minimum", least < 0 ? NAN : loss[least]);
    st_finding_fact(finding, "minimum_a", least < 0 ? NAN : a[least % COLUMNS]);
    st_finding_fact(finding, "minimum_b", least < 0 ? NAN : b[least / COLUMNS]);
    st_finding_fact(finding, "maximum", most < 0 ? NAN : loss[most]);
    if (least < 0)
        st_finding_note(finding, "reading", "the loss is nowhere finite");
    else if (loss[least] >= here)
        st_finding_note(finding, "reading", "nowhere on this plane is it lower than here: %.4g", here);
    else
        st_finding_note(finding, "reading",
                        "%.4g here; %d of %d places are lower, least %.4g at (%.2f, %.2f)", here,
                        CELLS - above, CELLS, loss[least], a[least % COLUMNS], b[least / COLUMNS]);
}

/* Columns are steps along the first direction from low[0] to high[0], rows along the second. Made from the
 * middle outwards. */
static bool fill(StSurface *surface, const double *const direction[2], const double low[2],
                 const double high[2], StError *error) {
    StFinding *finding = surface->job->finding;
    double *a = st_finding_vector(finding, "a", COLUMNS), *b = st_finding_vector(finding, "b", ROWS), here;
    double *loss = st_finding_matrix(finding, "loss", ROWS, COLUMNS);
    if (!st_finding_done(finding, error)) return false;
    for (int i = 0; i < COLUMNS; i++)
        a[i] = (low[0] * (COLUMNS - 1 - i) + high[0] * i) / (COLUMNS - 1);
    for (int i = 0; i < ROWS; i++)
        b[i] = (low[1] * (ROWS - 1 - i) + high[1] * i) / (ROWS - 1);
    Cell order[CELLS];
    for (int i = 0; i < CELLS; i++) {
        double x = (double)(i % COLUMNS) / (COLUMNS - 1) - 0.5, y = (double)(i / COLUMNS) / (ROWS - 1) - 0.5;
        order[i] = (Cell){i, x * x + y * y};
    }
    qsort(order, CELLS, sizeof *order, nearer);
    st_surface_move(surface, NULL, 0, NULL, 0);
    if (!st_surface_loss(surface, 0, &here, error)) return false;
    st_finding_fact(finding, "here", here);
    for (int i = 0; i < CELLS; i++) {
        int cell = order[i].index;
        double value;
        st_surface_move(surface, direction[0], a[cell % COLUMNS], direction[1], b[cell / COLUMNS]);
        if (!st_surface_loss(surface, (double)i / CELLS, &value, error)) return false;
        loss[cell] = value;
    }
    judge_plane(finding, a, b, loss, here);
    return true;
}

/* ---- random directions ---- */

/* One unit's row is all that goes into one output: what shares the last index of a kernel, the last but one
 * of a transposed convolution's, the last two of a depthwise one's, a word of an embedding. inner: values
 * that follow each other within a unit; units; the unit of element k is k / inner % units. 0 units: a bias,
 * a gain or an offset. */
typedef struct Units {
    int64_t units, inner;
} Units;

static bool ends_in(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static Units units_of(const StLens *lens, const StTensor *tensor) {
    const StShape *shape = &tensor->shape;
    int last = shape->rank - 1;
    const char *kind = st_lens_layer(lens, tensor->layer)->kind->name;
    if (ends_in(tensor->name, "embeddings")) return (Units){shape->dim[0], tensor->size / shape->dim[0]};
    if (!ends_in(tensor->name, "kernel") || shape->rank < 2) return (Units){0, 1};
    if (ends_in(tensor->name, "depthwise_kernel") || strncmp(kind, "depthwise", 9) == 0)
        return (Units){shape->dim[last] * shape->dim[last - 1], 1};
    if (strstr(kind, "_transpose")) return (Units){shape->dim[last - 1], shape->dim[last]};
    return (Units){shape->dim[last], 1};
}

/* d ← d ‖w‖ / (‖d‖ + 1e-10), unit by unit. */
static void normalise(double *d, const double *w, int64_t size, Units of) {
    for (int64_t unit = 0; unit < of.units; unit++) {
        double long_d = 0, long_w = 0;
        for (int64_t from = unit * of.inner; from < size; from += of.units * of.inner)
            for (int64_t k = from; k < from + of.inner; k++)
                long_d += d[k] * d[k], long_w += w[k] * w[k];
        double scale = sqrt(long_w) / (sqrt(long_d) + 1e-10);
        for (int64_t from = unit * of.inner; from < size; from += of.units * of.inner)
            for (int64_t k = from; k < from + of.inner; k++)
                d[k] *= scale;
    }
}

/* A tensor's numbers are those of the stream (seed, ST_STREAM_INSPECT, PLANE_KEY + direction, index of the
 * tensor), in the order of its elements. */
enum { PLANE_KEY = 7001 };

static double *random_direction(const StSurface *surface, int which, StError *error) {
    const StLens *lens = surface->lens;
    double *direction = st_surface_array(surface, error);
    for (int i = 0; direction && i < lens->tensors; i++) {
        const StTensor *tensor = &lens->tensor[i];
        Units of = units_of(lens, tensor);
        if (!tensor->trainable || of.units == 0) continue;
        StRng rng = st_rng(lens->plan.seed, ST_STREAM_INSPECT, PLANE_KEY + (uint64_t)which, (uint64_t)i);
        for (int64_t k = 0; k < tensor->size; k++)
            direction[tensor->offset + k] = st_rng_normal(&rng);
        normalise(direction + tensor->offset, surface->center + tensor->offset, tensor->size, of);
    }
    return direction;
}

/* What others recompute the plane from: the directions as one row of all weights in the order of `tensors`,
 * where they are few enough to be read. */
enum { TOLD_MAX = 8192 };

static void tell_direction(const StSurface *surface, const char *name, const double *direction) {
    const StLens *lens = surface->lens;
    int64_t size = 0, at = 0;
    for (int i = 0; i < lens->tensors; i++) {
        st_finding_name(surface->job->finding, "tensors", i, lens->tensor[i].name);
        size += lens->tensor[i].size;
    }
    double *told = size <= TOLD_MAX ? st_finding_vector(surface->job->finding, name, size) : NULL;
    for (int i = 0; told && i < lens->tensors; i++) {
        memcpy(told + at, direction + lens->tensor[i].offset, (size_t)lens->tensor[i].size * sizeof *told);
        at += lens->tensor[i].size;
    }
}

static bool plane(StJob *job, StError *error) {
    StSurface surface;
    StSurfacePath path = {0};
    double *direction[2] = {NULL, NULL}, low[2] = {-1, -1}, high[2] = {1, 1};
    bool good = st_surface_begin(&surface, job, ST_SURFACE_ROWS, error);
    for (int i = 0; good && i < 2; i++)
        good = (direction[i] = random_direction(&surface, i, error));
    for (int i = 0; good && i < 2; i++)
        if (st_vector_sum_squares(direction[i], surface.total) == 0)
            good =
                st_fail(error, ST_ERR_STATE, "every kernel is zero: there is no plane through such weights");
    const double *const spanned[2] = {direction[0], direction[1]};
    if (good) {
        st_surface_path_begin(&path, job, ST_SURFACE_PATH_MAX);
        good = project(&surface, &path, spanned, error);
        st_surface_path_end(&path);
    }
    good = good && fill(&surface, spanned, low, high, error);
    for (int i = 0; good && i < 2; i++)
        tell_direction(&surface, i ? "direction_b" : "direction_a", direction[i]);
    free(direction[0]);
    free(direction[1]);
    st_surface_end(&surface);
    return good;
}

const StStudy st_study_surface_plane = {
    .group = "surface",
    .name = "plane",
    .title = "Plane",
    .what = "the loss over two random directions, scaled unit by unit as the weights are",
    .bad = "steep walls close by, or lower ground beside",
    .formula = "L(θ + a·d₁ + b·d₂), d ← d‖w‖/(‖d‖ + 1e-10) a unit (Li 2018, arXiv 1712.09913)",
    .plain = "L(w + a*d1 + b*d2), d <- d|w|/(|d| + 1e-10) a unit (Li 2018, arXiv 1712.09913)",
    .cost = "861 F",
    .tag = ST_MEASURED,
    .asked = true,
    .run = plane};

/* ---- the plane of the path ---- */

/* gram[i][j] = (θᵢ − θ)·(θⱼ − θ) over what is trained, made in blocks so that no copy of all is wanted. */
static bool path_products(const StSurface *surface, const StSurfacePath *path, double *gram, StError *error) {
    enum { BLOCK = 2048 };
    const StLens *lens = surface->lens;
    int n = path->count;
    double *way = malloc((size_t)n * BLOCK * sizeof *way);
    if (!way) return st_fail_memory(error, "the path of the run", (size_t)n * BLOCK * sizeof *way);
    bool good = true;
    memset(gram, 0, (size_t)(n * n) * sizeof *gram);
    for (int t = 0; good && t < lens->tensors; t++) {
        const StTensor *tensor = &lens->tensor[t];
        int64_t end = tensor->offset + (tensor->trainable ? tensor->size : 0);
        for (int64_t from = tensor->offset; good && from < end; from += BLOCK) {
            int64_t count = end - from < BLOCK ? end - from : BLOCK;
            for (int i = 0; i < n; i++)
                for (int64_t k = 0; k < count; k++)
                    way[i * BLOCK + k] = (double)path->weights[i][from + k] - surface->center[from + k];
            for (int i = 0; i < n; i++)
                for (int j = 0; j <= i; j++)
                    gram[i * n + j] += st_vector_dot(way + i * BLOCK, way + j * BLOCK, count);
            good = st_job_go_on(surface->job, 0, error);
        }
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            gram[j * n + i] = gram[i * n + j];
    free(way);
    return good;
}

/* Principal components of the points whose products are known: share[2] of the variance that the first two
 * hold, mix[2][n], so that Σ mix (θᵢ − θ) is a direction of length 1, and where each point lies along it. */
static bool components(int n, const double *gram, double share[2], double *mix, double *where,
                       StError *error) {
    size_t square = (size_t)n * (size_t)n;
    double *centred = malloc((2 * square + 2 * (size_t)n) * sizeof *centred), all = 0, mean = 0;
    if (!centred) return st_fail_memory(error, "the path of the run", 2 * square * sizeof *centred);
    double *vectors = centred + square, *value = vectors + square, *row = value + n;
    for (int i = 0; i < n; i++) {
        row[i] = st_vector_sum(gram + (size_t)i * (size_t)n, n) / n;
        mean += row[i] / n;
    }
    for (int i = 0; i < n * n; i++)
        centred[i] = gram[i] - row[i / n] - row[i % n] + mean;
    for (int i = 0; i < n; i++)
        all += centred[i * n + i];
    st_surface_eigen(n, centred, value, vectors);
    bool flat = n < 3 || !(value[1] > 1e-12 * value[0]);
    for (int d = 0; !flat && d < 2; d++) {
        share[d] = value[d] / all;
        double *of = mix + (size_t)d * (size_t)n;
        for (int i = 0; i < n; i++) /* the centring of the points is that of an eigenvector: Σ is 0 already */
            of[i] = vectors[i * n + d] / sqrt(value[d]);
        for (int j = 0; j < n; j++)
            where[d * n + j] = st_vector_dot(of, gram + (size_t)j * (size_t)n, n);
    }
    free(centred);
    return !flat || st_fail(error, ST_ERR_STATE, "the run went straight so far: its path spans no plane");
}

/* The directions from the mixture; pointed so that the run began on the left and below. */
static double *mixture(const StSurface *surface, const StSurfacePath *path, double *mix, double *where,
                       StError *error) {
    int n = path->count;
    double *way = st_surface_array(surface, error), *sum = way ? st_surface_array(surface, error) : NULL;
    double sign = where[0] > 0 ? -1 : 1;
    for (int i = 0; sum && i < n; i++) {
        mix[i] *= sign, where[i] *= sign;
        st_surface_difference(surface, path->weights[i], way);
        st_vector_axpy(sum, mix[i], way, surface->total);
    }
    free(way);
    return sum;
}

/* All of the path and the present, with a fifth around. */
static void range_of(const double *where, int n, double *low, double *high) {
    *low = *high = 0;
    for (int i = 0; i < n; i++) {
        *low = fmin(*low, where[i]);
        *high = fmax(*high, where[i]);
    }
    double margin = 0.2 * (*high - *low);
    *low -= margin, *high += margin;
}

static bool look_along(StSurface *surface, const StSurfacePath *path, StError *error) {
    StFinding *finding = surface->job->finding;
    int n = path->count;
    double *gram = malloc((size_t)(n * n + 4 * n) * sizeof *gram), *direction[2] = {NULL, NULL};
    if (!gram) return st_fail_memory(error, "the path of the run", (size_t)(n * n) * sizeof *gram);
    double *mix = gram + n * n, *where = mix + 2 * n, share[2], low[2], high[2], *a, *b;
    bool good = path_products(surface, path, gram, error) && components(n, gram, share, mix, where, error) &&
                path_arrays(path, finding, &a, &b, error);
    for (int d = 0; good && d < 2; d++) {
        good = (direction[d] = mixture(surface, path, mix + d * n, where + d * n, error));
        if (!good) break;
        memcpy(d ? b : a, where + d * n, (size_t)n * sizeof *where);
        range_of(where + d * n, n, &low[d], &high[d]);
        tell_direction(surface, d ? "direction_b" : "direction_a", direction[d]);
    }
    if (good) {
        double *told = st_finding_vector(finding, "explained_variance", 2);
        if (told) memcpy(told, share, sizeof share);
        st_finding_fact(finding, "path_share", share[0] + share[1]);
        good = fill(surface, (const double *const[2]){direction[0], direction[1]}, low, high, error);
    }
    free(direction[0]);
    free(direction[1]);
    free(gram);
    return good;
}

static bool way_of_the_run(StJob *job, StError *error) {
    StSurface surface;
    StSurfacePath path = {0};
    bool good = st_surface_begin(&surface, job, ST_SURFACE_ROWS, error);
    if (good) {
        st_surface_path_begin(&path, job, ST_SURFACE_PATH_MAX);
        if (path.count < 3)
            good =
                st_fail(error, ST_ERR_STATE,
                        "the path of a run is kept while it is trained: there are %d moments of it, wanted 3",
                        path.moments ? path.count : 0);
        good = good && look_along(&surface, &path, error);
        st_surface_path_end(&path);
    }
    st_surface_end(&surface);
    return good;
}

const StStudy st_study_surface_path = {
    .group = "surface",
    .name = "path",
    .title = "Path",
    .what = "the loss over the plane that the run went in: two components of its moments",
    .bad = "a path along a wall, or back and forth",
    .formula = "PCA of θₜ − θ over the moments t (Li 2018, arXiv 1712.09913, section 7)",
    .plain = "PCA of w(t) - w over the moments t (Li 2018, arXiv 1712.09913, section 7)",
    .cost = "861 F",
    .tag = ST_MEASURED,
    .asked = true,
    .run = way_of_the_run};
