/* Principal components of a layer's activations. */
#include "inspect/study_geometry.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 512, COMPONENTS = 3, SHARES = 20, WIDE = 1 << 16 };

/* So that the sign is always the same: the entry of greatest magnitude, the first of several (to within 1e-9
 * of it), is positive. Returns +1, or -1 where all were turned. */
static double turn_positive(double *v, int64_t width) {
    double most = 0;
    for (int64_t j = 0; j < width; j++)
        if (fabs(v[j]) > most) most = fabs(v[j]);
    int64_t at = 0;
    while (at < width - 1 && fabs(v[at]) < most * (1 - 1e-9))
        at++;
    if (v[at] >= 0) return 1;
    for (int64_t j = 0; j < width; j++)
        v[j] = -v[j];
    return -1;
}

/* scores, components; those without any variance are 0, and not available. */
static bool give_scores(StJob *job, const StAxes *axes, const double *x, double *scores, int64_t count,
                        StError *error) {
    int64_t have = axes->rank < count ? axes->rank : count, width = axes->width;
    double *place = malloc((size_t)(axes->rows * (have ? have : 1)) * sizeof *place);
    double *component = malloc((size_t)width * sizeof *component);
    bool done = place && component;
    double *shown =
        done && width <= WIDE ? st_finding_matrix(job->finding, "components", count, width) : NULL;
    if (done && have) done = st_axes_project(axes, x, x, axes->rows, have, place, error);
    for (int64_t k = 0; done && k < count; k++) {
        double sign = 0;
        if (k < have) st_axes_component(axes, x, k, component), sign = turn_positive(component, width);
        for (int64_t i = 0; i < axes->rows; i++)
            scores[i * count + k] = k < have ? sign * place[i * have + k] : 0;
        for (int64_t j = 0; shown && j < width; j++)
            shown[k * width + j] = k < have ? component[j] : NAN;
    }
    if (!place || !component) st_fail_memory(error, "components", (size_t)width * sizeof *place);
    free(place);
    free(component);
    return done;
}

static void give_shares(StJob *job, const StAxes *axes) {
    int64_t most = axes->rows < axes->width ? axes->rows : axes->width;
    if (most > SHARES) most = SHARES;
    double *share = st_finding_vector(job->finding, "explained", most);
    for (int64_t k = 0; share && k < most; k++)
        share[k] = axes->total > 0 ? axes->value[k] / axes->total : NAN;
    st_finding_fact(job->finding, "total_variance", axes->total / (double)(axes->rows - 1));
}

/* Each row's class, or for a regression its (first) target. */
static double *give_labels(StJob *job, StPart part, const int64_t *index, int64_t rows) {
    StLens *lens = job->lens;
    double *label = st_finding_vector(job->finding, "labels", rows);
    double *target = lens->classes ? NULL : st_finding_vector(job->finding, "targets", rows);
    int64_t each = st_learner_target_size(lens->learner);
    for (int64_t i = 0; label && i < rows; i++) {
        int klass = st_lens_label(lens, part, index[i]);
        if (klass >= 0) label[i] = klass;
        if (!target) continue;
        st_lens_gather(lens, part, index, i, 1);
        target[i] = each > 0 ? st_learner_targets(lens->learner)[0] : NAN;
    }
    return label;
}

/* The mean of each class's scores; of a class without rows it is not available. */
static void give_centroids(StJob *job, const double *scores, const double *label, int64_t rows,
                           int64_t count) {
    int classes = job->lens->classes;
    if (classes == 0) return;
    double *centroid = st_finding_matrix(job->finding, "centroids", classes, count);
    for (int c = 0; centroid && label && c < classes; c++) {
        double sum[COMPONENTS] = {0};
        int64_t members = 0;
        for (int64_t i = 0; i < rows; i++) {
            if (label[i] != c) continue;
            members++;
            for (int64_t k = 0; k < count; k++)
                sum[k] += scores[i * count + k];
        }
        for (int64_t k = 0; k < count; k++)
            centroid[c * count + k] = members ? sum[k] / (double)members : NAN;
    }
}

static bool components(StJob *job, int layer, StPart part, const int64_t *index, int64_t rows, double *x,
                       StError *error) {
    int64_t width = st_geometry_width(job->lens, layer), least = rows < width ? rows : width;
    int64_t count = least < COMPONENTS ? least : COMPONENTS;
    if (!st_geometry_collect(job, layer, part, index, rows, x, 0.4, error)) return false;
    if (!st_geometry_finite(x, rows * width))
        return st_fail(error, ST_ERR_NONFINITE, "outputs of %s are not finite: there is no picture of them",
                       st_geometry_name(job->lens, layer));
    st_geometry_centre(x, rows, width, NULL);
    if (!st_job_go_on(job, 0.5, error)) return false;
    StAxes axes;
    if (!st_axes_find(&axes, x, rows, width, error)) return false;
    give_shares(job, &axes);
    double *scores = st_finding_matrix(job->finding, "scores", rows, count);
    bool done = scores && give_scores(job, &axes, x, scores, count, error);
    if (done) give_centroids(job, scores, give_labels(job, part, index, rows), rows, count);
    st_axes_free(&axes);
    return done || st_finding_done(job->finding, error);
}

static bool run_on(StJob *job, int layer, StError *error) {
    StPart part = st_lens_part(job->lens, job->ask->part);
    int64_t width = st_geometry_width(job->lens, layer), rows;
    int64_t *index =
        st_geometry_rows(job, part, job->ask->count > 0 ? job->ask->count : ROWS, width, &rows, error);
    if (!index) return false;
    st_finding_count(job->finding, "width", width);
    st_finding_note(job->finding, "signs", "the entry of greatest magnitude of each component is positive");
    double *x = malloc((size_t)(rows * width) * sizeof *x);
    bool done = x ? components(job, layer, part, index, rows, x, error)
                  : st_fail_memory(error, "outputs of a layer", (size_t)(rows * width) * sizeof *x);
    free(x);
    free(index);
    return done;
}

static bool run(StJob *job, StError *error) {
    return run_on(job, st_geometry_layer(job), error);
}

static bool run_input(StJob *job, StError *error) {
    st_geometry_say_layer(job, ST_LAYER_INPUT);
    return run_on(job, ST_LAYER_INPUT, error);
}

const StStudy st_study_geometry_pca = {
    .group = "geometry",
    .name = "pca",
    .title = "Principal components",
    .what = "each point is a row as the layer has it, where rows differ most",
    .bad = "classes in one heap at the last hidden layer: it can't tell them apart",
    .formula = "score = (x − mean)·v, v eigenvectors of the covariance; share = λ/Σλ (Pearson 1901)",
    .plain = "score = (x - mean).v, v eigenvectors of the covariance; share = lambda/sum (Pearson 1901)",
    .cost = "1 F, min(n, d)²·max(n, d)",
    .tag = ST_MEASURED,
    .run = run,
};

const StStudy st_study_geometry_pca_input = {
    .group = "geometry",
    .name = "pca_input",
    .title = "Components of the input",
    .what = "each point is a row as the network gets it: what the layers start from",
    .bad = "classes as far apart here as behind the layers: they would not be needed",
    .formula = "score = (x − mean)·v, v eigenvectors of the covariance; share = λ/Σλ (Pearson 1901)",
    .plain = "score = (x - mean).v, v eigenvectors of the covariance; share = lambda/sum (Pearson 1901)",
    .cost = "min(n, d)²·max(n, d)",
    .tag = ST_MEASURED,
    .run = run_input,
};
