/* What the studies of the surface share, and the first of them: the loss along a line. */
#include "inspect/study_surface.h"

#include "math/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows, and the loss of them ---- */

static bool draw_rows(StSurface *surface, int64_t standard, StError *error) {
    const StAsk *ask = surface->job->ask;
    StFinding *finding = surface->job->finding;
    surface->part = ask->part < 0 ? ST_TRAIN : (StPart)ask->part;
    int64_t rows = st_dataset_rows(surface->lens->plan.dataset, surface->part);
    int64_t wanted = ask->count > 0 ? ask->count : standard;
    if (rows == 0)
        return st_fail(error, ST_ERR_STATE, "the %s part has no rows", st_part_name(surface->part));
    if (wanted > rows) wanted = rows;
    surface->index = malloc((size_t)wanted * sizeof *surface->index);
    if (!surface->index)
        return st_fail_memory(error, "rows of the surface", (size_t)wanted * sizeof(int64_t));
    surface->rows = st_lens_sample(surface->lens, surface->part, wanted, surface->index);
    if (surface->rows == 0) return st_fail_memory(error, "rows of the surface", (size_t)rows);
    st_finding_note(finding, "part", "%s", st_part_name(surface->part));
    st_finding_count(finding, "rows", surface->rows);
    double *index = st_finding_vector(finding, "row_index", surface->rows);
    for (int64_t i = 0; index && i < surface->rows; i++)
        index[i] = (double)surface->index[i];
    return true;
}

bool st_surface_begin(StSurface *surface, StJob *job, int64_t standard, StError *error) {
    *surface = (StSurface){.job = job, .lens = job->lens, .total = job->lens->total};
    StLens *lens = job->lens;
    for (int i = 0; i < lens->tensors; i++)
        if (lens->tensor[i].trainable) surface->trained += lens->tensor[i].size;
    if (surface->trained == 0)
        return st_fail(error, ST_ERR_STATE, "there is no weight that is trained, so no surface");
    if (!draw_rows(surface, standard, error)) return false;
    st_finding_count(job->finding, "weights", surface->trained);
    surface->center = st_surface_array(surface, error);
    if (!surface->center) return false;
    memcpy(surface->center, lens->weights, (size_t)lens->total * sizeof *lens->weights);
    return true;
}

void st_surface_end(StSurface *surface) {
    if (surface->center)
        memcpy(surface->lens->weights, surface->center, (size_t)surface->total * sizeof *surface->center);
    free(surface->center);
    free(surface->index);
}

double *st_surface_array(const StSurface *surface, StError *error) {
    size_t bytes = (size_t)surface->total * sizeof(double);
    double *array = calloc(1, bytes ? bytes : 1);
    if (!array) st_fail_memory(error, "a direction through the weights", bytes);
    return array;
}

void st_surface_move(StSurface *surface, const double *first, double a, const double *second, double b) {
    double *weights = surface->lens->weights;
    for (int64_t i = 0; i < surface->total; i++)
        weights[i] = surface->center[i] + (first ? a * first[i] : 0) + (second ? b * second[i] : 0);
}

void st_surface_difference(const StSurface *surface, const float *weights, double *to) {
    memset(to, 0, (size_t)surface->total * sizeof *to);
    for (int i = 0; i < surface->lens->tensors; i++) {
        const StTensor *tensor = &surface->lens->tensor[i];
        for (int64_t k = tensor->offset; tensor->trainable && k < tensor->offset + tensor->size; k++)
            to[k] = (double)weights[k] - surface->center[k];
    }
}

bool st_surface_gradient(StSurface *surface, double done, double *loss, double *gradient, StError *error) {
    StLens *lens = surface->lens;
    const double *part = st_network_gradients(lens->network);
    *loss = 0;
    if (gradient) memset(gradient, 0, (size_t)surface->total * sizeof *gradient);
    for (int64_t first = 0; first < surface->rows; first += ST_LENS_ROWS) {
        int64_t rows = surface->rows - first < ST_LENS_ROWS ? surface->rows - first : ST_LENS_ROWS;
        double share = (double)rows / (double)surface->rows;
        st_lens_gather(lens, surface->part, surface->index, first, rows);
        *loss += share * (gradient ? st_lens_loss_gradient(lens, rows) : st_lens_loss(lens, rows));
        for (int i = 0; gradient && i < lens->tensors; i++)
            if (lens->tensor[i].trainable)
                st_vector_axpy(gradient + lens->tensor[i].offset, share, part + lens->tensor[i].offset,
                               lens->tensor[i].size);
        if (!st_job_go_on(surface->job, done, error)) return false;
    }
    return true;
}

bool st_surface_loss(StSurface *surface, double done, double *loss, StError *error) {
    return st_surface_gradient(surface, done, loss, NULL, error);
}

/* ---- the way of the run ---- */

static void path_add(StSurfacePath *path, const StMoment *held, const float *weights, int64_t step,
                     double rate) {
    path->held[path->count] = held;
    path->weights[path->count] = weights;
    path->step[path->count] = step;
    path->rate[path->count++] = rate;
}

void st_surface_path_begin(StSurfacePath *path, const StJob *job, int most) {
    int64_t step[ST_SURFACE_PATH_MAX];
    const StSnapshot *now = job->snapshot;
    *path = (StSurfacePath){.moments = job->moments};
    int count = job->moments ? st_moments_steps(job->moments, step, NULL, most - 1) : 0;
    for (int i = 0; i < count; i++) {
        const StMoment *held = st_moments_hold(job->moments, step[i]);
        if (!held) continue;
        const StSnapshot *then = &held->snapshot;
        if (then->weights.total == now->weights.total)
            path_add(path, held, then->weights.values, then->step, then->rate);
        else
            st_moments_release(job->moments, held);
    }
    if (path->count == 0)
        path_add(path, NULL, job->other->values, job->ask->other < 0 ? 0 : job->ask->other, now->rate);
    if (path->count == 1 || now->step > path->step[path->count - 1])
        path_add(path, NULL, now->weights.values, now->step, now->rate);
}

void st_surface_path_end(StSurfacePath *path) {
    for (int i = 0; i < path->count; i++)
        if (path->held[i]) st_moments_release(path->moments, path->held[i]);
}

/* ---- eigenvalues of small matrices ---- */

/* Turns rows and columns p and q so that a[p][q] becomes 0. */
static void rotate(int n, double *a, double *vectors, int p, int q) {
    double apq = a[p * n + q];
    if (apq == 0) return;
    double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + hypot(theta, 1)), c = 1 / hypot(t, 1), s = t * c;
    for (int k = 0; k < n; k++) {
        double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq;
        a[k * n + q] = s * kp + c * kq;
    }
    for (int k = 0; k < n; k++) {
        double pk = a[p * n + k], qk = a[q * n + k], vp = vectors[k * n + p], vq = vectors[k * n + q];
        a[p * n + k] = c * pk - s * qk;
        a[q * n + k] = s * pk + c * qk;
        vectors[k * n + p] = c * vp - s * vq;
        vectors[k * n + q] = s * vp + c * vq;
    }
}

void st_surface_eigen(int n, double *matrix, double *values, double *vectors) {
    for (int i = 0; i < n * n; i++)
        vectors[i] = i % (n + 1) == 0;
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0, all = 0;
        for (int i = 0; i < n * n; i++) {
            all += matrix[i] * matrix[i];
            off += i % (n + 1) ? matrix[i] * matrix[i] : 0;
        }
        if (!(off > 1e-34 * all)) break;
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
                rotate(n, matrix, vectors, p, q);
    }
    for (int i = 0; i < n; i++)
        values[i] = matrix[i * n + i];
    for (int i = 0; i < n; i++) { /* the largest of what is left comes next */
        int best = i;
        for (int k = i + 1; k < n; k++)
            if (values[k] > values[best]) best = k;
        double held = values[i];
        values[i] = values[best], values[best] = held;
        for (int k = 0; k < n; k++) {
            held = vectors[k * n + i];
            vectors[k * n + i] = vectors[k * n + best], vectors[k * n + best] = held;
        }
    }
}

/* ---- the line ---- */

enum { POINTS = 31, PART = 20, START = 5, END = START + PART }; /* a = (i - START) / PART: -0.25 … 1.25 */

static double line_at(int i) {
    return (double)(i - START) / PART;
}

/* The share of rows answered rightly, where a row has one answer of several. Runs forward. */
static double accuracy_of(StSurface *surface, const int *label) {
    StLens *lens = surface->lens;
    int64_t right = 0;
    for (int64_t first = 0; first < surface->rows; first += ST_LENS_ROWS) {
        int64_t rows = surface->rows - first < ST_LENS_ROWS ? surface->rows - first : ST_LENS_ROWS;
        st_lens_gather(lens, surface->part, surface->index, first, rows);
        st_lens_forward(lens, rows, false);
        for (int64_t i = 0; i < rows; i++)
            right += st_lens_answer(lens, i) == label[first + i];
    }
    return (double)right / (double)surface->rows;
}

/* How far the loss climbs at most on the way from a = 0 to a = 1 (Lucas and others 2021, arXiv 2104.11044:
 * 0 where it falls all the way); where it is least. */
static void judge_line(StFinding *finding, const double *loss, double distance) {
    double low = loss[START], barrier = 0, at = NAN;
    int least = 0;
    for (int i = 0; i < POINTS; i++) {
        if (!isfinite(loss[i])) continue;
        if (!isfinite(loss[least]) || loss[i] < loss[least]) least = i;
        if (i < START || i > END) continue;
        if (loss[i] - low > barrier) barrier = loss[i] - low, at = line_at(i);
        if (!(loss[i] >= low)) low = loss[i];
    }
    bool level = barrier <= 1e-12 * fabs(loss[START]);
    st_finding_fact(finding, "barrier", barrier);
    st_finding_fact(finding, "barrier_at", level ? NAN : at);
    st_finding_count(finding, "monotone", level);
    st_finding_fact(finding, "minimum", loss[least]);
    st_finding_fact(finding, "minimum_at", line_at(least));
    if (distance == 0)
        st_finding_note(finding, "reading",
                        "both ends are the same weights: train, or choose another moment");
    else if (!isfinite(loss[START]) || !isfinite(loss[END]))
        st_finding_note(finding, "reading", "the loss at an end is not finite");
    else if (!level && at == 1)
        st_finding_note(finding, "reading", "now lies %.3g higher than the lowest place on the way", barrier);
    else if (!level)
        st_finding_note(finding, "reading", "on the way to now it climbs by %.4g: a barrier at a = %.2f",
                        barrier, at);
    else if (least > END)
        st_finding_note(finding, "reading",
                        "falls all the way, and goes on falling beyond now: lower at a = %.2f",
                        line_at(least));
    else
        st_finding_note(finding, "reading", "falls all the way from the other moment to now");
}

static bool walk(StSurface *surface, const double *direction, const int *label, double *loss,
                 StError *error) {
    StFinding *finding = surface->job->finding;
    double *a = st_finding_vector(finding, "a", POINTS), *shown = st_finding_vector(finding, "loss", POINTS);
    double *accuracy = label ? st_finding_vector(finding, "accuracy", POINTS) : NULL;
    if (!st_finding_done(finding, error)) return false;
    for (int i = 0; i < POINTS; i++)
        a[i] = line_at(i);
    for (int i = 0; i < POINTS; i++) {
        st_surface_move(surface, direction, line_at(i) - 1, NULL, 0);
        if (label) accuracy[i] = accuracy_of(surface, label);
        if (!st_surface_loss(surface, (double)i / POINTS, &loss[i], error)) return false;
        shown[i] = loss[i];
    }
    return true;
}

static int *labels_of(const StSurface *surface) {
    StLens *lens = surface->lens;
    bool one = lens->classes > 0 && (lens->out_size == 1 || lens->out_size == lens->classes);
    int *label = one ? malloc((size_t)surface->rows * sizeof *label) : NULL;
    for (int64_t i = 0; label && i < surface->rows; i++)
        label[i] = st_lens_label(lens, surface->part, surface->index[i]);
    return label;
}

static bool line(StJob *job, StError *error) {
    StSurface surface;
    double loss[POINTS], *direction = NULL;
    int *label = NULL;
    bool good = st_surface_begin(&surface, job, ST_SURFACE_ROWS, error) &&
                (direction = st_surface_array(&surface, error));
    if (good) {
        label = labels_of(&surface);
        st_surface_difference(&surface, job->other->values, direction);
        st_vector_scale(direction, direction, -1, surface.total); /* from the other moment to now */
        double distance = sqrt(st_vector_sum_squares(direction, surface.total));
        st_finding_fact(job->finding, "distance", distance);
        st_finding_count(job->finding, "other", job->ask->other < 0 ? 0 : job->ask->other);
        good = walk(&surface, direction, label, loss, error);
        if (good) judge_line(job->finding, loss, distance);
    }
    free(direction);
    free(label);
    st_surface_end(&surface);
    return good;
}

const StStudy st_study_surface_line = {
    .group = "surface",
    .name = "line",
    .title = "Line",
    .what = "the loss on the straight line from another moment (a = 0) to now (a = 1)",
    .bad = "a hump on the way, or lower ground beyond now",
    .formula = "L(θ₀ + a(θ₁ − θ₀)), moving means held (Goodfellow 2014, arXiv 1412.6544)",
    .plain = "L(w0 + a(w1 - w0)), moving means held (Goodfellow 2014, arXiv 1412.6544)",
    .cost = "31 F",
    .tag = ST_MEASURED,
    .asked = true,
    .run = line};
