/* Why this answer, by places: occlusion, Grad-CAM. */
#include "inspect/study_why.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- occlusion: patches ---- */

enum { SIDE = 28, PATCH = 5, STRIDE = 2 }; /* of a picture of 28 x 28; others in proportion */

typedef struct Patches {
    int64_t height, width, channels; /* of the picture */
    int64_t patch, stride, down, across;
    double *sum, *covered; /* [height × width] drops of the patches over a pixel, and how many they are */
} Patches;

static int64_t in_proportion(int64_t of, int64_t side) {
    int64_t scaled = llround((double)(of * side) / SIDE);
    return scaled < 1 ? 1 : scaled;
}

static Patches patches_of(const Why *why) {
    Patches p = {why->picture.dim[0], why->picture.dim[1], why->picture.dim[2], 0, 0, 0, 0, NULL, NULL};
    int64_t side = p.height < p.width ? p.height : p.width;
    p.patch = in_proportion(PATCH, side);
    p.stride = in_proportion(STRIDE, side);
    p.down = (p.height - p.patch) / p.stride + 1;
    p.across = (p.width - p.patch) / p.stride + 1;
    return p;
}

/* The example with patch `at` blank. */
static void cover(const Why *why, const Patches *p, int64_t at, double *row) {
    int64_t y0 = at / p->across * p->stride, x0 = at % p->across * p->stride;
    memcpy(row, why->x, (size_t)why->size * sizeof *row);
    for (int64_t y = y0; y < y0 + p->patch; y++)
        for (int64_t i = 0; i < p->patch * p->channels; i++)
            row[(y * p->width + x0) * p->channels + i] = 0;
}

/* A pixel's value is the mean drop of the patches over it; of none, not available. */
static void uncover(const Patches *p, int64_t at, double drop, double *out) {
    int64_t y0 = at / p->across * p->stride, x0 = at % p->across * p->stride;
    for (int64_t y = y0; y < y0 + p->patch; y++)
        for (int64_t x = x0; x < x0 + p->patch; x++) {
            int64_t pixel = y * p->width + x;
            p->sum[pixel] += drop;
            p->covered[pixel]++;
            for (int64_t c = 0; c < p->channels; c++)
                out[pixel * p->channels + c] = p->sum[pixel] / p->covered[pixel];
        }
}

/* Fills in as it goes: what holds for the first patches may change with those beside them. */
static bool occlude(Why *why, const Patches *p, double *out, double *drops, double score, StError *error) {
    int64_t count = p->down * p->across, block = why_rows(why);
    double found[ST_LENS_ROWS];
    for (int64_t first = 0; first < count; first += block) {
        int64_t rows = block < count - first ? block : count - first;
        for (int64_t r = 0; r < rows; r++)
            cover(why, p, first + r, st_lens_input(why->lens) + r * why->size);
        why_scores(why, rows, found);
        for (int64_t r = 0; r < rows; r++) {
            uncover(p, first + r, score - found[r], out);
            if (drops) drops[first + r] = score - found[r];
        }
        if (!why_go_on(why, (double)(first + rows) / (double)count, error)) return false;
    }
    return true;
}

static bool occlude_patches(Why *why, double *out, double score, StError *error) {
    Patches p = patches_of(why);
    size_t pixels = (size_t)(p.height * p.width);
    st_finding_note(why->finding, "baseline", "zeros of the prepared input");
    st_finding_count(why->finding, "patch", p.patch);
    st_finding_count(why->finding, "stride", p.stride);
    double *drops = why->control ? NULL : st_finding_matrix(why->finding, "patches", p.down, p.across);
    p.sum = calloc(2 * pixels, sizeof *p.sum);
    p.covered = p.sum + pixels;
    bool done = p.sum ? st_finding_done(why->finding, error) && occlude(why, &p, out, drops, score, error)
                      : st_fail_memory(error, "the patches", 2 * pixels * sizeof *p.sum);
    free(p.sum);
    return done;
}

/* ---- occlusion: features of a table ---- */

/* Means of the inputs over the training part (of no rows: zeros); words have none, word 0 stands for it. */
static void find_means(Why *why, double *mean) {
    StLens *lens = why->lens;
    int64_t rows = st_dataset_rows(lens->plan.dataset, ST_TRAIN);
    if (st_network_words(lens->network)) rows = 0;
    memset(mean, 0, (size_t)why->size * sizeof *mean);
    for (int64_t first = 0; first < rows; first += ST_LENS_ROWS) {
        int64_t count = rows - first < ST_LENS_ROWS ? rows - first : ST_LENS_ROWS;
        st_lens_gather(lens, ST_TRAIN, NULL, first, count);
        for (int64_t r = 0; r < count; r++)
            for (int64_t i = 0; i < why->size; i++)
                mean[i] += st_lens_input(lens)[r * why->size + i];
    }
    for (int64_t i = 0; i < why->size && rows; i++)
        mean[i] /= (double)rows;
}

static bool occlude_features(Why *why, double *out, double score, StError *error) {
    bool words = st_network_words(why->lens->network) > 0;
    double *mean = st_finding_array(why->finding, "baseline_input", &why->shape);
    if (!mean) return st_finding_done(why->finding, error);
    st_finding_note(why->finding, "baseline", words ? "word 0" : "the feature's mean over the training part");
    if (!why->control) find_means(why, mean);
    int64_t block = why_rows(why), size = why->size;
    double found[ST_LENS_ROWS];
    for (int64_t first = 0; first < size; first += block) {
        int64_t rows = block < size - first ? block : size - first;
        for (int64_t r = 0; r < rows; r++) {
            double *row = st_lens_input(why->lens) + r * size;
            memcpy(row, why->x, (size_t)size * sizeof *row);
            row[first + r] = mean[first + r];
        }
        why_scores(why, rows, found);
        for (int64_t r = 0; r < rows; r++)
            out[first + r] = score - found[r];
        if (!why_go_on(why, (double)(first + rows) / (double)size, error)) return false;
    }
    return true;
}

static bool occlusion(Why *why, double *out, StError *error) {
    double score;
    memcpy(st_lens_input(why->lens), why->x, (size_t)why->size * sizeof *why->x);
    why_scores(why, 1, &score); /* of the weights at hand */
    return why->picture.rank ? occlude_patches(why, out, score, error)
                             : occlude_features(why, out, score, error);
}

static bool run_occlusion(StJob *job, StError *error) {
    return why_explain(job, "occlusion", occlusion, error);
}

/* ---- Grad-CAM ---- */

/* Whether a layer's output has places: a map of channels. */
static bool has_places(const StLens *lens, int layer) {
    return st_lens_layer(lens, layer)->out.rank >= 2;
}

static int last_convolution(const StLens *lens) {
    for (int i = lens->layers - 1; i >= 0; i--) {
        const char *family = st_layer_family(st_lens_layer(lens, i)->kind, NULL);
        if (family && !strcmp(family, "convolution") && has_places(lens, i)) return i;
    }
    return -1;
}

static const char *no_convolution(const StLens *lens) {
    return last_convolution(lens) < 0 ? "there is no convolution in the stack" : NULL;
}

typedef struct Map {
    int layer;
    int64_t height, width, channels;
    double *weight; /* [channels] */
    double *cam;    /* [height][width] */
} Map;

/* Channel weights and the map, of the snapshot's weights or the random ones. */
static bool find_map(Why *why, Map *map, StError *error) {
    StLens *lens = why->lens;
    const StStep *step = st_lens_layer(lens, map->layer);
    int64_t places = map->height * map->width;
    memcpy(st_lens_input(lens), why->x, (size_t)why->size * sizeof *why->x);
    st_lens_forward(lens, 1, true);
    memset(lens->seed, 0, (size_t)lens->out_size * sizeof *lens->seed);
    lens->seed[st_lens_output_of(lens, why->klass)] = why_sign(why);
    const double *gradient = st_lens_backward(lens, 1, lens->seed, map->layer);
    memset(map->weight, 0, (size_t)map->channels * sizeof *map->weight);
    for (int64_t p = 0; p < places; p++)
        for (int64_t c = 0; c < map->channels; c++)
            map->weight[c] += gradient[p * map->channels + c] / (double)places;
    for (int64_t p = 0; p < places; p++) {
        double sum = 0;
        for (int64_t c = 0; c < map->channels; c++)
            sum += map->weight[c] * step->y[p * map->channels + c];
        map->cam[p] = sum > 0 || isnan(sum) ? sum : 0;
    }
    return why_go_on(why, 1, error);
}

/* Where a pixel's middle lies in a map, and how far towards the next place (align_corners=false). */
static int64_t place_of(int64_t pixel, int64_t pixels, int64_t places, int64_t *next, double *share) {
    double at = ((double)pixel + 0.5) * (double)places / (double)pixels - 0.5;
    if (at < 0) at = 0;
    int64_t place = (int64_t)at;
    if (place > places - 1) place = places - 1;
    *next = place < places - 1 ? place + 1 : place;
    *share = at - (double)place;
    return place;
}

/* Lays the map over the picture, every channel alike. */
static void enlarge(const Why *why, const Map *map, double *out) {
    int64_t height = why->picture.dim[0], width = why->picture.dim[1], channels = why->picture.dim[2];
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) {
            int64_t below, right;
            double v, u;
            int64_t row = place_of(y, height, map->height, &below, &v);
            int64_t column = place_of(x, width, map->width, &right, &u);
            const double *here = map->cam + row * map->width, *under = map->cam + below * map->width;
            double value = (1 - v) * ((1 - u) * here[column] + u * here[right]) +
                           v * ((1 - u) * under[column] + u * under[right]);
            for (int64_t c = 0; c < channels; c++)
                out[(y * width + x) * channels + c] = value;
        }
}

static bool choose_layer(const Why *why, Map *map, StError *error) {
    const StLens *lens = why->lens;
    map->layer = why->job->ask->layer < 0 ? last_convolution(lens) : why->job->ask->layer;
    if (map->layer >= lens->layers)
        return st_fail(error, ST_ERR_VALUE, "layer %d: the stack has %d layers", map->layer + 1,
                       lens->layers);
    if (!has_places(lens, map->layer))
        return st_fail(error, ST_ERR_SHAPE,
                       "layer %d (%s) puts out no map (height, width, channels); choose a convolution",
                       map->layer + 1, lens->layer[map->layer].name);
    const StShape *out = &st_lens_layer(lens, map->layer)->out;
    map->channels = out->dim[out->rank - 1];
    map->height = out->dim[0];
    map->width = st_shape_size(out) / out->dim[0] / map->channels;
    return true;
}

/* The arrays of one of the two networks; enlarged where the input is a picture. */
static bool look_at(Why *why, Map *map, const char *const name[3], StError *error) {
    StFinding *finding = why->finding;
    map->cam = st_finding_matrix(finding, name[0], map->height, map->width);
    map->weight = st_finding_vector(finding, name[1], map->channels);
    double *out = why->picture.rank ? st_finding_array(finding, name[2], &why->shape) : NULL;
    if (!st_finding_done(finding, error) || !find_map(why, map, error)) return false;
    if (out) enlarge(why, map, out);
    return true;
}

static bool grad_cam(Why *why, StError *error) {
    static const char *const names[3] = {"cam", "weights", "attribution"};
    static const char *const control[3] = {"control_cam", "control_weights", "control"};
    StFinding *finding = why->finding;
    Map map;
    if (!choose_layer(why, &map, error)) return false;
    st_finding_count(finding, "layer", map.layer);
    st_finding_note(finding, "layer_name", "%s", why->lens->layer[map.layer].name);
    if (!look_at(why, &map, names, error)) return false;
    int64_t size = 0, maps = map.height * map.width;
    const double *attribution = st_finding_values(finding, "attribution", &size), *cam = map.cam;
    double *own = attribution ? st_finding_array(finding, "grad_cam", &why->shape) : NULL;
    if (own) memcpy(own, attribution, (size_t)size * sizeof *own);
    if (!why_randomize(why, error) || !look_at(why, &map, control, error)) return false;
    const double *other = st_finding_values(finding, "control", NULL);
    st_finding_fact(finding, "control_correlation",
                    attribution ? why_rank_correlation(attribution, other, size)
                                : why_rank_correlation(cam, map.cam, maps));
    return why_restore(why, error);
}

static bool run_grad_cam(StJob *job, StError *error) {
    Why why;
    bool done = why_begin(&why, job, error) && grad_cam(&why, error);
    why_end(&why);
    return done;
}

/* ---- the rows ---- */

const StStudy st_study_why_occlusion = {
    .group = "why",
    .name = "occlusion",
    .title = "Occlusion",
    .what = "how far the score falls when a patch of the input is blank",
    .bad = "it falls most where there is nothing of the thing",
    .formula = "S(x) − S(x with the patch blank) (Zeiler 2014)",
    .plain = "S(x) - S(x with the patch blank) (Zeiler 2014)",
    .cost = "1 F a patch",
    .asked = true,
    .run = run_occlusion,
};

const StStudy st_study_why_grad_cam = {
    .group = "why",
    .name = "grad_cam",
    .title = "Grad-CAM",
    .what = "where the last convolution found what speaks for this class",
    .bad = "it lies beside the thing; or as with random weights",
    .formula = "ReLU Σₖ (mean ∂S/∂Aᵏ)·Aᵏ (Selvaraju 2017)",
    .plain = "ReLU sum_k (mean dS/dA_k)*A_k (Selvaraju 2017)",
    .cost = "1 FB",
    .missing = no_convolution,
    .run = run_grad_cam,
};
