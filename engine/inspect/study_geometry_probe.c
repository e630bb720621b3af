/* Linear probes (Alain and Bengio 2016): how well one linear map reads the answer off each layer's frozen
 * outputs. The rows are the probe's own: half of them fit it, the other half say how good it is.
 *
 * Classes: multinomial logistic regression, Σ log loss + ½‖W‖² (scikit-learn's C=1; for two classes its one
 * vector is the difference of the two here), the bias free, minimised to rounding by Newton's method with
 * conjugate gradients. Regression: ridge, Σ squares + ‖W‖². Both on outputs standardised by the first half.
 *
 * A layer's rows are first turned onto the axes of their cloud: what is minimised does not change, there are
 * never more coordinates than rows, and the Hessian is near its diagonal. */
#include "inspect/study_geometry.h"

#include "math/gemm.h"
#include "math/vector.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1024, NEWTON = 100, CONJUGATE = 500, HALVINGS = 40 };
static const double GRADIENT = 1e-11; /* of the first one */

/* Everything about one study. Rows 0 … fit-1 fit, the others are held out. */
typedef struct Probe {
    StJob *job;
    StPart part;
    int64_t rows, fit, width; /* width: of the widest layer */
    int64_t *index;           /* [rows] */
    int outputs;              /* classes among the rows that fit; or targets */
    int *klass;               /* [rows] as counted among those; -1: none of them; NULL: a regression */
    double *target;           /* [rows][outputs] of a regression, less the mean of those that fit */
    double *x;                /* [rows][width] */
    double *z;                /* [rows][at most fit] */
    double done;
} Probe;

/* ---- logistic regression ---- */

/* theta, gradient and the like: [rank + 1][outputs], the bias last. */
typedef struct Logistic {
    StJob *job;
    double done;
    const double *z; /* [n][r] */
    const int *klass;
    const double *scale; /* [r] Σ of squares of each coordinate: preconditions */
    int64_t n, r;
    int c;
    double penalty;
    double *theta, *next, *gradient, *step, *residual, *direction, *product; /* [r + 1][c] */
    double *p, *pv;                                                          /* [n][c] */
    double *memory;
} Logistic;

static bool logistic_create(Logistic *fit, StError *error) {
    int64_t size = (fit->r + 1) * fit->c, each = fit->n * fit->c;
    double **part[] = {&fit->theta,    &fit->next,      &fit->gradient, &fit->step,
                       &fit->residual, &fit->direction, &fit->product};
    fit->memory = calloc((size_t)(7 * size + 2 * each), sizeof *fit->memory);
    if (!fit->memory) return st_fail_memory(error, "a probe", (size_t)(7 * size + 2 * each) * 8);
    for (int i = 0; i < 7; i++)
        *part[i] = fit->memory + i * size;
    fit->p = fit->memory + 7 * size;
    fit->pv = fit->p + each;
    return true;
}

/* Scores of rows of z by theta. */
static void scores(const double *z, int64_t n, int64_t r, int c, const double *theta, double *out) {
    st_rows_fill(out, theta + r * c, n, c);
    if (r > 0) st_gemm(false, false, n, c, r, 1, z, r, theta, c, 1, out, c);
}

/* ZᵀM with the sums of M's columns below: [r + 1][c]. */
static void gather(const Logistic *fit, const double *m, double *out) {
    if (fit->r > 0)
        st_gemm(true, false, fit->r, fit->c, fit->n, 1, fit->z, fit->r, m, fit->c, 0, out, fit->c);
    st_columns_sum(out + fit->r * fit->c, m, fit->n, fit->c, 0, fit->c);
}

/* Of theta; p becomes the probabilities. */
static double objective(const Logistic *fit, const double *theta) {
    scores(fit->z, fit->n, fit->r, fit->c, theta, fit->p);
    double loss = 0;
    for (int64_t i = 0; i < fit->n; i++) {
        double *p = fit->p + i * fit->c, most = st_vector_max(p, fit->c), sum = 0;
        double own = p[fit->klass[i]] - most;
        for (int k = 0; k < fit->c; k++)
            sum += p[k] = exp(p[k] - most);
        st_vector_scale(p, p, 1 / sum, fit->c);
        loss += log(sum) - own;
    }
    return loss + 0.5 * fit->penalty * st_vector_sum_squares(theta, fit->r * fit->c);
}

static void find_gradient(const Logistic *fit) {
    for (int64_t i = 0; i < fit->n; i++)
        fit->p[i * fit->c + fit->klass[i]] -= 1;
    gather(fit, fit->p, fit->gradient);
    for (int64_t i = 0; i < fit->n; i++)
        fit->p[i * fit->c + fit->klass[i]] += 1;
    st_vector_axpy(fit->gradient, fit->penalty, fit->theta, fit->r * fit->c);
}

/* out = H v at the probabilities p. */
static void curve(const Logistic *fit, const double *v, double *out) {
    scores(fit->z, fit->n, fit->r, fit->c, v, fit->pv);
    for (int64_t i = 0; i < fit->n; i++) {
        const double *p = fit->p + i * fit->c;
        double *a = fit->pv + i * fit->c, mean = st_vector_dot(p, a, fit->c);
        for (int k = 0; k < fit->c; k++)
            a[k] = p[k] * (a[k] - mean);
    }
    gather(fit, fit->pv, out);
    st_vector_axpy(out, fit->penalty, v, fit->r * fit->c);
}

/* to = M⁻¹ from: H's diagonal where all classes are as likely. Its last row is alike for all biases, so that
 * directions that change nothing (all biases by as much) stay out. */
static void precondition(const Logistic *fit, const double *from, double *to) {
    double even = (1 - 1.0 / fit->c) / fit->c;
    for (int64_t j = 0; j <= fit->r; j++) {
        double d = j < fit->r ? even * fit->scale[j] + fit->penalty : even * (double)fit->n;
        for (int k = 0; k < fit->c; k++)
            to[j * fit->c + k] = from[j * fit->c + k] / d;
    }
}

/* step ≈ -H⁻¹ gradient, to a share of the gradient that shrinks with it. */
static bool newton_step(Logistic *fit, double first, StError *error) {
    int64_t size = (fit->r + 1) * fit->c;
    double norm = sqrt(st_vector_sum_squares(fit->gradient, size));
    double enough = norm * fmin(0.1, sqrt(norm / first)), *z = fit->next;
    memset(fit->step, 0, (size_t)size * sizeof *fit->step);
    st_vector_scale(fit->residual, fit->gradient, -1, size);
    precondition(fit, fit->residual, z);
    memcpy(fit->direction, z, (size_t)size * sizeof *z);
    double rz = st_vector_dot(fit->residual, z, size);
    for (int i = 0; i < CONJUGATE && st_vector_sum_squares(fit->residual, size) > enough * enough; i++) {
        curve(fit, fit->direction, fit->product);
        double bend = st_vector_dot(fit->direction, fit->product, size);
        if (!(bend > 0)) break;
        st_vector_axpy(fit->step, rz / bend, fit->direction, size);
        st_vector_axpy(fit->residual, -rz / bend, fit->product, size);
        precondition(fit, fit->residual, z);
        double again = st_vector_dot(fit->residual, z, size);
        st_vector_scale(fit->direction, fit->direction, again / rz, size);
        st_vector_axpy(fit->direction, 1, z, size);
        rz = again;
        if (!st_job_go_on(fit->job, fit->done, error)) return false;
    }
    return true;
}

static bool logistic_minimise(Logistic *fit, StError *error) {
    int64_t size = (fit->r + 1) * fit->c;
    double value = objective(fit, fit->theta), first = 0;
    for (int turn = 0; turn < NEWTON; turn++) {
        find_gradient(fit);
        double norm = sqrt(st_vector_sum_squares(fit->gradient, size)), share = 1, now = INFINITY;
        if (turn == 0) first = norm;
        if (!(norm > GRADIENT * first)) return true;
        if (!newton_step(fit, first, error)) return false;
        double slope = st_vector_dot(fit->gradient, fit->step, size);
        for (int i = 0; i < HALVINGS; i++, share /= 2) {
            memcpy(fit->next, fit->theta, (size_t)size * sizeof *fit->next);
            st_vector_axpy(fit->next, share, fit->step, size);
            now = objective(fit, fit->next);
            if (now <= value + 1e-4 * share * slope + 4 * DBL_EPSILON * fabs(value)) break;
        }
        if (!(now <= value + 4 * DBL_EPSILON * fabs(value))) return objective(fit, fit->theta), true;
        memcpy(fit->theta, fit->next, (size_t)size * sizeof *fit->next);
        value = now;
    }
    return true;
}

/* Accuracy and mean log loss of the rows held out. */
static void judge(const Probe *probe, const Logistic *fit, double *accuracy, double *loss) {
    int64_t held = probe->rows - probe->fit, right = 0;
    double sum = 0, *row = fit->pv; /* as many as fit, at least as many as are held out */
    scores(probe->z + probe->fit * fit->r, held, fit->r, fit->c, fit->theta, row);
    for (int64_t i = 0; i < held; i++, row += fit->c) {
        int klass = probe->klass[probe->fit + i];
        right += st_vector_argmax(row, fit->c) == klass;
        double most = st_vector_max(row, fit->c), all = 0;
        for (int k = 0; k < fit->c; k++)
            all += exp(row[k] - most);
        sum += klass < 0 ? NAN : log(all) + most - row[klass];
    }
    *accuracy = (double)right / (double)held;
    *loss = sum / (double)held;
}

static bool classify(const Probe *probe, const StAxes *axes, double *accuracy, double *loss, StError *error) {
    Logistic fit = {.job = probe->job,
                    .done = probe->done,
                    .z = probe->z,
                    .klass = probe->klass,
                    .scale = axes->value,
                    .n = probe->fit,
                    .r = axes->rank,
                    .c = probe->outputs,
                    .penalty = probe->outputs == 2 ? 2 : 1};
    if (!logistic_create(&fit, error)) return false;
    bool done = logistic_minimise(&fit, error);
    if (done) judge(probe, &fit, accuracy, loss);
    free(fit.memory);
    return done;
}

/* ---- ridge ---- */

/* On the axes ZᵀZ is the diagonal of their values: w = (ZᵀY) / (λ + 1). r2: of each target, and their mean
 * over those that vary. */
static bool regress(const Probe *probe, const StAxes *axes, double *r2, StError *error) {
    int64_t r = axes->rank, held = probe->rows - probe->fit;
    int t = probe->outputs, count = 0;
    double *w = malloc((size_t)((r + 1) * t + held * t) * sizeof *w), *y = w + (r + 1) * t, sum = 0;
    if (!w) return st_fail_memory(error, "a probe", (size_t)(held * t) * sizeof *w);
    memset(w + r * t, 0, (size_t)t * sizeof *w); /* targets are centred: no bias */
    if (r > 0) st_gemm(true, false, r, t, probe->fit, 1, probe->z, r, probe->target, t, 0, w, t);
    for (int64_t j = 0; j < r; j++)
        st_vector_scale(w + j * t, w + j * t, 1 / (axes->value[j] + 1), t);
    scores(probe->z + probe->fit * r, held, r, t, w, y);
    for (int k = 0; k < t; k++) {
        const double *target = probe->target + probe->fit * t + k;
        double mean = 0, error_squares = 0, squares = 0;
        for (int64_t i = 0; i < held; i++)
            mean += target[i * t] / (double)held;
        for (int64_t i = 0; i < held; i++) {
            error_squares += pow(target[i * t] - y[i * t + k], 2);
            squares += pow(target[i * t] - mean, 2);
        }
        if (squares > 0) sum += 1 - error_squares / squares, count++;
    }
    *r2 = count ? sum / count : NAN;
    free(w);
    return true;
}

/* ---- one layer ---- */

/* By mean and deviation of the rows that fit; what does not vary there is only centred. */
static void standardise(const Probe *probe, int64_t width) {
    double n = (double)probe->fit;
    for (int64_t j = 0; j < width; j++) {
        double *x = probe->x + j, mean = 0, squares = 0;
        for (int64_t i = 0; i < probe->fit; i++)
            mean += x[i * width];
        mean /= n;
        for (int64_t i = 0; i < probe->fit; i++)
            squares += (x[i * width] - mean) * (x[i * width] - mean);
        double variance = squares / n, noise = n * mean * DBL_EPSILON;
        double scale = variance <= n * DBL_EPSILON * variance + noise * noise ? 1 : 1 / sqrt(variance);
        for (int64_t i = 0; i < probe->rows; i++)
            x[i * width] = (x[i * width] - mean) * scale;
    }
}

static bool probe_layer(const Probe *probe, int layer, double *score, double *loss, StError *error) {
    StLens *lens = probe->job->lens;
    int64_t width = st_geometry_width(lens, layer);
    if (!st_geometry_collect(probe->job, layer, probe->part, probe->index, probe->rows, probe->x, probe->done,
                             error))
        return false;
    *score = *loss = NAN;
    if (!st_geometry_finite(probe->x, probe->rows * width)) return true;
    standardise(probe, width);
    StAxes axes;
    if (!st_axes_find(&axes, probe->x, probe->fit, width, error)) return false;
    bool done =
        axes.rank == 0 || st_axes_project(&axes, probe->x, probe->x, probe->rows, axes.rank, probe->z, error);
    done = done &&
           (probe->klass ? classify(probe, &axes, score, loss, error) : regress(probe, &axes, score, error));
    st_axes_free(&axes);
    return done;
}

/* Layer after layer with the weights that the lens has; the input first. */
static bool probe_all(Probe *probe, const char *name, const char *loss_name, double from, StError *error) {
    StFinding *finding = probe->job->finding;
    int count = probe->job->lens->layers + 1;
    for (int i = 0; i < count; i++) {
        double score, loss;
        probe->done = from + 0.5 * i / count;
        if (!probe_layer(probe, i - 1, &score, &loss, error)) return false;
        double *place = st_finding_vector(finding, name, count);
        if (place) place[i] = score;
        place = loss_name ? st_finding_vector(finding, loss_name, count) : NULL;
        if (place) place[i] = loss;
        if (!st_job_go_on(probe->job, from + 0.5 * (i + 1) / count, error)) return false;
    }
    return true;
}

/* ---- rows and their answers ---- */

/* In a random order by the seed; those without a class are left out. */
static bool draw_rows(Probe *probe, StError *error) {
    StJob *job = probe->job;
    const StLens *lens = job->lens;
    int64_t wanted = job->ask->count > 0 ? job->ask->count : ROWS, kept = 0;
    probe->index = st_geometry_rows(job, probe->part, wanted, probe->width, &probe->rows, error);
    if (!probe->index) return false;
    for (int64_t i = 0; i < probe->rows; i++)
        if (!lens->classes || st_lens_label(lens, probe->part, probe->index[i]) >= 0)
            probe->index[kept++] = probe->index[i];
    if (kept < 4)
        return st_fail(error, ST_ERR_STATE, "a probe wants at least 4 rows: the %s part has %lld",
                       st_part_name(probe->part), (long long)kept);
    StRng rng = st_rng(lens->plan.seed, ST_STREAM_INSPECT, (uint64_t)probe->part, 0);
    st_rng_shuffle(&rng, probe->index, kept);
    probe->rows = kept;
    probe->fit = (kept + 1) / 2;
    for (int half = 0; half < 2; half++) {
        int64_t first = half ? probe->fit : 0, count = half ? kept - probe->fit : probe->fit;
        double *place = st_finding_vector(job->finding, half ? "held_out_rows" : "fitted_rows", count);
        for (int64_t i = 0; place && i < count; i++)
            place[i] = (double)probe->index[first + i];
    }
    return true;
}

/* The classes that occur where it is fitted, counted anew; and the share of the most frequent one where it is
 * judged. */
static bool find_classes(Probe *probe, StError *error) {
    const StLens *lens = probe->job->lens;
    int *as = malloc((size_t)lens->classes * sizeof *as);
    int64_t *members = calloc((size_t)lens->classes, sizeof *members), most = 0;
    probe->klass = malloc((size_t)probe->rows * sizeof *probe->klass);
    bool room = as && members && probe->klass;
    for (int k = 0; room && k < lens->classes; k++)
        as[k] = -1;
    for (int64_t i = 0; room && i < probe->rows; i++) {
        int klass = st_lens_label(lens, probe->part, probe->index[i]);
        bool known = klass < lens->classes;
        if (known && i < probe->fit && as[klass] < 0) as[klass] = probe->outputs++;
        if (known && i >= probe->fit && ++members[klass] > most) most = members[klass];
        probe->klass[i] = known ? as[klass] : -1;
    }
    free(as);
    free(members);
    st_finding_fact(probe->job->finding, "chance", (double)most / (double)(probe->rows - probe->fit));
    return room || st_fail_memory(error, "a probe", (size_t)probe->rows * sizeof *probe->klass);
}

static bool find_targets(Probe *probe, StError *error) {
    StLens *lens = probe->job->lens;
    int64_t each = st_learner_target_size(lens->learner);
    probe->outputs = (int)each;
    probe->target = malloc((size_t)(probe->rows * each) * sizeof *probe->target);
    if (!probe->target) return st_fail_memory(error, "a probe", (size_t)(probe->rows * each) * 8);
    for (int64_t i = 0; i < probe->rows; i++) {
        st_lens_gather(lens, probe->part, probe->index, i, 1);
        memcpy(probe->target + i * each, st_learner_targets(lens->learner), (size_t)each * 8);
    }
    for (int64_t k = 0; k < each; k++) {
        double mean = 0;
        for (int64_t i = 0; i < probe->fit; i++)
            mean += probe->target[i * each + k] / (double)probe->fit;
        for (int64_t i = 0; i < probe->rows; i++)
            probe->target[i * each + k] -= mean;
    }
    st_finding_fact(probe->job->finding, "chance", 0); /* R² of a mean */
    return true;
}

static bool make_room(Probe *probe, StError *error) {
    size_t cloud = (size_t)(probe->rows * probe->width), axes = (size_t)(probe->rows * probe->fit);
    probe->x = malloc(cloud * sizeof *probe->x);
    probe->z = malloc(axes * sizeof *probe->z);
    return (probe->x && probe->z) || st_fail_memory(error, "a probe", (cloud + axes) * sizeof *probe->x);
}

/* The part asked for; else what the lens would take, or the training part where that is too small to say
 * anything. */
static StPart choose_part(const StJob *job) {
    const StDataset *dataset = job->lens->plan.dataset;
    StPart part = st_lens_part(job->lens, job->ask->part);
    bool few = st_dataset_rows(dataset, part) < 200;
    if (job->ask->part >= 0 || !few) return part;
    return st_dataset_rows(dataset, ST_TRAIN) > st_dataset_rows(dataset, part) ? ST_TRAIN : part;
}

static bool run(StJob *job, StError *error) {
    StLens *lens = job->lens;
    Probe probe = {.job = job, .part = choose_part(job), .width = lens->in_size};
    for (int i = 0; i < lens->layers; i++) {
        int64_t width = st_geometry_width(lens, i);
        if (width > probe.width) probe.width = width;
        st_finding_name(job->finding, "layers", i + 1, st_geometry_name(lens, i));
    }
    st_finding_name(job->finding, "layers", 0, st_geometry_name(lens, ST_LAYER_INPUT));
    StWeightSet start;
    bool classes = lens->classes > 0;
    bool done = draw_rows(&probe, error) && make_room(&probe, error) &&
                (classes ? find_classes(&probe, error) : find_targets(&probe, error)) &&
                probe_all(&probe, classes ? "accuracy" : "r2", classes ? "log_loss" : NULL, 0, error) &&
                st_lens_start(lens, &start, error) && st_lens_look(lens, &start, error) &&
                probe_all(&probe, "untrained", classes ? "untrained_log_loss" : NULL, 0.5, error) &&
                st_lens_look(lens, &job->snapshot->weights, error);
    free(probe.index);
    free(probe.klass);
    free(probe.target);
    free(probe.x);
    free(probe.z);
    return done;
}

const StStudy st_study_geometry_probe = {
    .group = "geometry",
    .name = "probe",
    .title = "Linear probe",
    .what = "how well one linear map reads the answer off each layer, and untrained ones",
    .bad = "no better than chance, or than untrained: the layer has learnt nothing",
    .formula =
        "least of Σ log loss + ½‖W‖² on standardised outputs, half of the rows; accuracy of the others",
    .plain =
        "least of sum log loss + |W|^2/2 on standardised outputs, half of the rows; accuracy of the rest",
    .cost = "2 short trainings a layer",
    .tag = ST_MEASURED,
    .run = run,
};
