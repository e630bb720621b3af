#include "inspect/study_geometry.h"

#include "math/gemm.h"
#include "math/spectrum.h"
#include "math/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- layers ---- */

static bool is_matrix(const StTensor *tensor) {
    static const char *const ends[] = {"kernel", "embeddings"};
    size_t length = strlen(tensor->name);
    for (size_t i = 0; tensor->shape.rank >= 2 && i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (length >= end && strcmp(tensor->name + length - end, ends[i]) == 0) return true;
    }
    return false;
}

const StTensor *st_geometry_matrix(const StLens *lens, int layer, int n) {
    for (int i = 0; i < lens->tensors; i++)
        if (lens->tensor[i].layer == layer && is_matrix(&lens->tensor[i]) && n-- == 0)
            return &lens->tensor[i];
    return NULL;
}

static int last_hidden(const StLens *lens) {
    int last = -1, before = -1;
    for (int i = 0; i < lens->layers; i++)
        if (st_geometry_matrix(lens, i, 0)) before = last, last = i;
    return before >= 0 ? before : last >= 0 ? last : lens->layers - 1;
}

void st_geometry_say_layer(StJob *job, int layer) {
    st_finding_count(job->finding, "layer", layer < 0 ? 0 : layer + 1);
    st_finding_count(job->finding, "layer_index", layer);
    st_finding_note(job->finding, "layer_name", "%s", st_geometry_name(job->lens, layer));
}

int st_geometry_layer(StJob *job) {
    int asked = job->ask->layer, last = job->lens->layers - 1;
    int layer = asked < 0 ? last_hidden(job->lens) : asked > last ? last : asked;
    st_geometry_say_layer(job, layer);
    return layer;
}

const char *st_geometry_name(const StLens *lens, int layer) {
    return layer < 0 ? "input" : lens->layer[layer].name;
}

int64_t st_geometry_width(const StLens *lens, int layer) {
    return layer < 0 ? lens->in_size : st_lens_layer(lens, layer)->out_size;
}

/* ---- rows ---- */

enum { BYTES = 128 << 20, LEAST = 128 };

int64_t *st_geometry_rows(StJob *job, StPart part, int64_t wanted, int64_t width, int64_t *count,
                          StError *error) {
    int64_t most = BYTES / (8 * width), rows = st_dataset_rows(job->lens->plan.dataset, part);
    if (most < LEAST) most = LEAST;
    if (wanted > most) wanted = most;
    int64_t *index = malloc((size_t)wanted * sizeof *index);
    if (!index) {
        st_fail_memory(error, "rows", (size_t)wanted * sizeof *index);
        return NULL;
    }
    *count = rows > 0 ? st_lens_sample(job->lens, part, wanted, index) : 0;
    if (*count < 2) {
        st_fail(error, ST_ERR_STATE, "the %s part has %lld rows: wanted at least 2", st_part_name(part),
                (long long)rows);
        free(index);
        return NULL;
    }
    st_finding_note(job->finding, "part", "%s", st_part_name(part));
    st_finding_count(job->finding, "rows", *count);
    double *place = st_finding_vector(job->finding, "row_index", *count);
    for (int64_t i = 0; place && i < *count; i++)
        place[i] = (double)index[i];
    return index;
}

bool st_geometry_collect(StJob *job, int layer, StPart part, const int64_t *index, int64_t rows, double *out,
                         double done, StError *error) {
    StLens *lens = job->lens;
    int64_t width = st_geometry_width(lens, layer);
    for (int64_t first = 0; first < rows; first += ST_LENS_ROWS) {
        int64_t few = rows - first < ST_LENS_ROWS ? rows - first : ST_LENS_ROWS;
        st_lens_gather(lens, part, index, first, few);
        if (layer >= 0) st_network_until(lens->network, &(StPass){.rows = few}, layer + 1);
        const double *from = layer < 0 ? st_lens_input(lens) : st_lens_layer(lens, layer)->y;
        memcpy(out + first * width, from, (size_t)(few * width) * sizeof *out);
        if (!st_job_go_on(job, done, error)) return false;
    }
    return true;
}

bool st_geometry_finite(const double *x, int64_t count) {
    return st_vector_finite(x, count);
}

/* So many columns at a time, since a row's numbers lie side by side. */
enum { SIDE = 64 };

void st_geometry_centre(double *x, int64_t rows, int64_t width, double *mean) {
    for (int64_t from = 0; from < width; from += SIDE) {
        int64_t few = width - from < SIDE ? width - from : SIDE;
        double sum[SIDE] = {0};
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < few; j++)
                sum[j] += x[i * width + from + j];
        for (int64_t j = 0; j < few; j++)
            sum[j] /= (double)rows;
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < few; j++)
                x[i * width + from + j] -= sum[j];
        if (mean) memcpy(mean + from, sum, (size_t)few * sizeof *mean);
    }
}

/* ---- axes ---- */

bool st_axes_find(StAxes *axes, const double *x, int64_t rows, int64_t width, StError *error) {
    int64_t n = rows < width ? rows : width;
    *axes = (StAxes){.rows = rows, .width = width, .by_rows = rows < width};
    axes->value = malloc((size_t)n * sizeof *axes->value);
    axes->basis = malloc((size_t)(n * n) * sizeof *axes->basis);
    if (!axes->value || !axes->basis) {
        st_axes_free(axes);
        return st_fail_memory(error, "axes of a layer", (size_t)(n * n) * sizeof *axes->basis);
    }
    st_gemm(!axes->by_rows, axes->by_rows, n, n, axes->by_rows ? width : rows, 1, x, width, x, width, 0,
            axes->basis, n);
    if (!st_symmetric_eigen(n, axes->basis, axes->value, error)) {
        st_axes_free(axes);
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        if (axes->value[i] < 0) axes->value[i] = 0; /* by rounding */
        if (axes->value[i] > 1e-12 * axes->value[0]) axes->rank = i + 1;
    }
    axes->total = st_vector_sum_squares(x, rows * width);
    return true;
}

void st_axes_free(StAxes *axes) {
    free(axes->value);
    free(axes->basis);
    *axes = (StAxes){0};
}

bool st_axes_project(const StAxes *axes, const double *x, const double *from, int64_t rows, int64_t count,
                     double *to, StError *error) {
    if (!axes->by_rows) {
        st_gemm(false, true, rows, count, axes->width, 1, from, axes->width, axes->basis, axes->width, 0, to,
                count);
        return true;
    }
    double *product = malloc((size_t)(rows * axes->rows) * sizeof *product);
    if (!product) return st_fail_memory(error, "axes of a layer", (size_t)(rows * axes->rows) * 8);
    st_gemm(false, true, rows, axes->rows, axes->width, 1, from, axes->width, x, axes->width, 0, product,
            axes->rows);
    st_gemm(false, true, rows, count, axes->rows, 1, product, axes->rows, axes->basis, axes->rows, 0, to,
            count);
    free(product);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < count; k++)
            to[i * count + k] /= sqrt(axes->value[k]);
    return true;
}

void st_axes_component(const StAxes *axes, const double *x, int64_t k, double *to) {
    if (!axes->by_rows) {
        memcpy(to, axes->basis + k * axes->width, (size_t)axes->width * sizeof *to);
        return;
    }
    memset(to, 0, (size_t)axes->width * sizeof *to);
    for (int64_t i = 0; i < axes->rows; i++)
        st_vector_axpy(to, axes->basis[k * axes->rows + i] / sqrt(axes->value[k]), x + i * axes->width,
                       axes->width);
}
