/* One unit, looked at closely: the sum that it is on one example, with every number in it; how it answers to
 * the data; its weights as a picture where its inputs are one; its response where inputs are a plane. */
#include "inspect/study.h"
#include "inspect/study_unit.h"
#include "layers/activation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CURVE = 81,       /* points of the activation's curve */
    BINS = 24,        /* of the histogram of outputs */
    ROWS = 512,       /* of the data, where nothing else is asked for */
    VALUES = 4 << 20, /* outputs kept for the histogram: fewer rows where a row has many */
    PLANE = 40        /* rows and columns of the response */
};

/* ---- the sum ---- */

typedef struct Sized {
    double size;
    int64_t index;
} Sized;

static int by_size(const void *a, const void *b) {
    const Sized *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Inputs by the size of their products, the largest first; those that are not finite before all others. */
static void say_order(StFinding *finding, const StUnit *u) {
    double *order = st_finding_vector(finding, "order", u->count);
    Sized *sized = malloc((size_t)(u->count ? u->count : 1) * sizeof *sized);
    if (!sized) finding->failed = true;
    for (int64_t i = 0; sized && i < u->count; i++) {
        double size = fabs(u->w[i] * u->x[i]);
        sized[i] = (Sized){isnan(size) ? INFINITY : size, i};
    }
    if (sized) qsort(sized, (size_t)u->count, sizeof *sized, by_size);
    for (int64_t i = 0; sized && order && i < u->count; i++)
        order[i] = (double)sized[i].index;
    free(sized);
}

static void say_vector(StFinding *finding, const char *name, const double *values, int64_t count) {
    double *to = st_finding_vector(finding, name, count);
    if (to) memcpy(to, values, (size_t)count * sizeof *to);
}

/* Which weights of the network these are, so that one can be changed. */
static void say_tensors(const StLens *lens, StFinding *finding, const StUnit *u) {
    if (u->own_bias >= 0) st_finding_note(finding, "bias_tensor", "%s", lens->tensor[u->own_bias].name);
    if (u->kernel < 0) return;
    const StShape *shape = &lens->tensor[u->kernel].shape;
    st_finding_note(finding, "weight_tensor", "%s", lens->tensor[u->kernel].name);
    double *extent = st_finding_vector(finding, "weight_shape", shape->rank);
    for (int i = 0; extent && i < shape->rank; i++)
        extent[i] = (double)shape->dim[i];
    double *at = st_finding_vector(finding, "weight_at", u->count);
    for (int64_t i = 0; at && i < u->count; i++)
        at[i] = (double)u->at[i];
}

/* Names of the inputs, where the data has them. */
static void say_names(const StLens *lens, StFinding *finding, const StUnit *u) {
    const StDataset *dataset = lens->plan.dataset;
    bool named = u->filter[0] == 0 && !u->derived && u->count == st_dataset_inputs(dataset);
    if (!named || !st_unit_sees_input(lens, u->step->layer)) return;
    for (int64_t i = 0; i < u->count; i++)
        st_finding_name(finding, "input_names", (int)i, st_dataset_input_name(dataset, (int)i));
}

static void say_sum(const StLens *lens, StFinding *finding, const StUnit *u) {
    if (u->why) {
        st_finding_note(finding, "no_sum", "%s", u->why);
        return;
    }
    st_finding_note(finding, "formula", u->count == 1 ? "%s(w x + b)" : "%s(sum w x + b)",
                    u->bends ? st_activations[u->activation.kind].name : "");
    if (u->derived)
        st_finding_note(finding, "weights_are", "d sum / d x, worked out from the layer's weights");
    double *from = u->from ? st_finding_vector(finding, "input_index", u->count) : NULL;
    for (int64_t i = 0; from && i < u->count; i++)
        from[i] = (double)u->from[i];
    say_vector(finding, "inputs", u->x, u->count);
    say_vector(finding, "weights", u->w, u->count);
    double *product = st_finding_vector(finding, "products", u->count);
    for (int64_t i = 0; product && i < u->count; i++)
        product[i] = u->w[i] * u->x[i];
    say_order(finding, u);
    say_names(lens, finding, u);
    say_tensors(lens, finding, u);
    int axes = u->filter[0] == 0 ? 0 : u->filter[2] ? 3 : 2;
    double *filter = axes ? st_finding_vector(finding, "filter", axes) : NULL;
    for (int i = 0; filter && i < axes; i++)
        filter[i] = (double)u->filter[i];
    st_finding_fact(finding, "bias", u->bias);
    st_finding_fact(finding, "sum", u->sum);
}

/* Where it stands: the place of its largest output, an index for each axis but the last. */
static void say_place(StFinding *finding, const StUnit *u) {
    const StShape *out = &u->step->out;
    int64_t place = u->place;
    double *position = out->rank > 1 ? st_finding_vector(finding, "position", out->rank - 1) : NULL;
    for (int i = out->rank - 2; position && i >= 0; i--) {
        position[i] = (double)(place % out->dim[i]);
        place /= out->dim[i];
    }
}

static bool say_curve(StLens *lens, StFinding *finding, const StUnit *u, StError *error) {
    if (u->why || !isfinite(u->sum)) return true;
    double *z = st_finding_vector(finding, "curve_x", CURVE),
           *y = st_finding_vector(finding, "curve_y", CURVE);
    if (!z || !y) return st_finding_done(finding, error);
    double reach = fmax(4, 1.3 * fabs(u->sum));
    for (int i = 0; i < CURVE; i++)
        z[i] = reach * (2.0 * i / (CURVE - 1) - 1);
    return st_unit_curve(lens, u, z, y, CURVE) || st_fail_memory(error, "the activation's curve", CURVE);
}

/* The weights as a picture: of what lies under a filter, or of the whole input. */
static void say_image(const StLens *lens, StFinding *finding, const StUnit *u) {
    int h = 0, w = 0, c = 0;
    const StShape *in = &st_network_info(lens->network)->input;
    if (u->why || u->derived || !st_unit_sees_input(lens, u->step->layer)) return;
    if (u->filter[2] > 0)
        h = (int)u->filter[0], w = (int)u->filter[1], c = (int)u->filter[2];
    else if (u->filter[0] > 0 || u->count != lens->in_size)
        return;
    else if (in->rank == 3)
        h = (int)in->dim[0], w = (int)in->dim[1], c = (int)in->dim[2];
    else if (!st_dataset_picture(lens->plan.dataset, &h, &w, &c) || (int64_t)h * w * c != u->count)
        return;
    double *image = st_finding_array(finding, "weight_image", &(StShape){.rank = 3, .dim = {h, w, c}});
    if (image) memcpy(image, u->w, (size_t)u->count * sizeof *image);
}

/* ---- its answers to the data ---- */

typedef struct Firing {
    int layer;
    int64_t unit, units, positions, rows, fired, fired_places;
    double *value; /* [rows · positions] */
    int64_t count;
} Firing;

static void take_firing(void *context, const StLens *lens, int64_t rows) {
    Firing *f = context;
    const double *y = st_lens_layer(lens, f->layer)->y + f->unit;
    for (int64_t r = 0; r < rows; r++) {
        bool fires = false;
        for (int64_t p = 0; p < f->positions; p++, y += f->units) {
            f->value[f->count++] = *y;
            f->fired_places += *y > 0;
            fires = fires || *y > 0;
        }
        f->fired += fires;
    }
    f->rows += rows;
}

/* Mean, least, greatest and their histogram; what is not finite is left out. */
static void say_firing(StFinding *finding, const Firing *f) {
    double low = INFINITY, high = -INFINITY, sum = 0;
    int64_t finite = 0;
    for (int64_t i = 0; i < f->count; i++) {
        if (!isfinite(f->value[i])) continue;
        low = fmin(low, f->value[i]);
        high = fmax(high, f->value[i]);
        sum += f->value[i];
        finite++;
    }
    st_finding_count(finding, "firing_rows", f->rows);
    st_finding_fact(finding, "firing_rate", f->rows ? (double)f->fired / (double)f->rows : NAN);
    if (f->positions > 1)
        st_finding_fact(finding, "firing_rate_positions", (double)f->fired_places / (double)f->count);
    st_finding_fact(finding, "output_mean", finite ? sum / (double)finite : NAN);
    st_finding_fact(finding, "output_min", finite ? low : NAN);
    st_finding_fact(finding, "output_max", finite ? high : NAN);
    if (!finite) return;
    if (high <= low) low -= 0.5, high += 0.5;
    double *counts = st_finding_vector(finding, "firing_counts", BINS);
    double *edges = st_finding_vector(finding, "firing_edges", BINS + 1);
    if (!counts || !edges) return;
    memset(counts, 0, BINS * sizeof *counts);
    for (int i = 0; i <= BINS; i++)
        edges[i] = i == BINS ? high : low + (high - low) * i / BINS;
    for (int64_t i = 0; i < f->count; i++) {
        int bin = isfinite(f->value[i]) ? (int)((f->value[i] - low) / (high - low) * BINS) : -1;
        if (bin >= 0) counts[bin < BINS ? bin : BINS - 1]++;
    }
}

static bool find_firing(StJob *job, const StUnit *u, StError *error) {
    StLens *lens = job->lens;
    Firing f = {.layer = u->step->layer, .unit = u->unit, .units = u->units, .positions = u->positions};
    StPart part = st_lens_part(lens, job->ask->part);
    int64_t wanted = st_unit_sample(job, f.layer, ROWS), most = VALUES / u->positions;
    if (wanted > most) wanted = most > 0 ? most : 1;
    int64_t have = st_dataset_rows(lens->plan.dataset, part);
    if (wanted > have) wanted = have;
    int64_t *index = malloc((size_t)(wanted ? wanted : 1) * sizeof *index);
    f.value = malloc((size_t)(wanted * u->positions + 1) * sizeof *f.value);
    bool done = index && f.value;
    if (!done) st_fail_memory(error, "a unit's outputs", (size_t)(wanted * u->positions) * sizeof *f.value);
    int64_t rows = done ? st_lens_sample(lens, part, wanted, index) : 0;
    done =
        done && st_unit_rows(job, part, index, rows, f.layer, take_firing, &f, (double[]){0.1, 0.6}, error);
    if (done) say_firing(job->finding, &f);
    double *which = done && rows < have ? st_finding_vector(job->finding, "firing_row_index", rows) : NULL;
    for (int64_t i = 0; which && i < rows; i++)
        which[i] = (double)index[i];
    free(index);
    free(f.value);
    return done;
}

typedef struct Response {
    int layer;
    int64_t unit, units, positions;
    double *at;
} Response;

static void take_response(void *context, const StLens *lens, int64_t rows) {
    Response *r = context;
    const double *y = st_lens_layer(lens, r->layer)->y + r->unit;
    for (int64_t i = 0; i < rows; i++) {
        double most = *y;
        for (int64_t p = 0; p < r->positions; p++, y += r->units)
            most = *y > most ? *y : most;
        *r->at++ = most;
    }
}

static bool find_response(StJob *job, const StUnit *u, StError *error) {
    const StDataset *dataset = job->lens->plan.dataset;
    if (!st_dataset_is_plane(dataset)) return true;
    StPlane plane = st_plane_of(dataset, PLANE, PLANE);
    st_plane_say(job->finding, &plane);
    Response r = {.layer = u->step->layer, .unit = u->unit, .units = u->units, .positions = u->positions};
    r.at = st_finding_matrix(job->finding, "response", PLANE, PLANE);
    return r.at && st_plane_rows(job, &plane, r.layer, take_response, &r, (double[]){0.6, 1}, error);
}

/* ---- the study ---- */

static bool choose(const StJob *job, int *layer, int64_t *unit, StError *error) {
    const StLens *lens = job->lens;
    *layer = job->ask->layer < 0 ? st_unit_layer(lens) : job->ask->layer;
    if (*layer >= lens->layers)
        return st_fail(error, ST_ERR_VALUE, "layer %d: the stack has %d", *layer + 1, lens->layers);
    int64_t units = st_unit_count(st_lens_layer(lens, *layer));
    *unit = job->ask->unit < 0 ? 0 : job->ask->unit;
    if (*unit >= units)
        return st_fail(error, ST_ERR_VALUE, "unit %lld: %s has %lld, counted from 0", (long long)*unit,
                       lens->layer[*layer].name, (long long)units);
    return true;
}

static void say_unit(const StJob *job, const StUnit *u) {
    const StLens *lens = job->lens;
    StFinding *finding = job->finding;
    int layer = u->step->layer;
    const char *ends = u->step->kind->activation ? u->step->kind->activation(u->step->options) : NULL;
    st_finding_note(finding, "layer", "%s", lens->layer[layer].name);
    st_finding_count(finding, "layer_index", layer);
    st_finding_note(finding, "kind", "%s", u->step->kind->name);
    st_finding_count(finding, "unit", u->unit);
    st_finding_count(finding, "units", u->units);
    bool classes = layer == lens->layers - 1 && lens->classes == u->units && u->units > 1 &&
                   u->unit < st_dataset_classes(lens->plan.dataset);
    if (classes)
        st_finding_note(finding, "unit_name", "%s", st_dataset_class_name(lens->plan.dataset, (int)u->unit));
    st_finding_note(finding, "activation", "%s", ends ? ends : "none");
}

static bool run(StJob *job, StError *error) {
    StLens *lens = job->lens;
    int layer = 0;
    int64_t unit = 0;
    StUnit u = {0};
    if (!choose(job, &layer, &unit, error) || !st_lens_example(job, error)) return false;
    st_lens_forward(lens, 1, false);
    bool done = st_unit_read(lens, layer, unit, &u, error);
    if (done) {
        say_unit(job, &u);
        say_place(job->finding, &u);
        say_sum(lens, job->finding, &u);
        st_finding_fact(job->finding, "output", u.output);
        done = say_curve(lens, job->finding, &u, error);
        say_image(lens, job->finding, &u);
    }
    done =
        done && st_job_go_on(job, 0.1, error) && find_firing(job, &u, error) && find_response(job, &u, error);
    st_unit_free(&u);
    return done;
}

const StStudy st_study_neuron = {
    .group = "neuron",
    .name = "formula",
    .title = "The formula card",
    .what = "one unit, one example: inputs times weights, their sum, and its output",
    .bad = "it never fires, or always puts out the same",
    .formula = "y = f(Σ wᵢxᵢ + b)",
    .plain = "y = f(sum w x + b)",
    .cost = "2 F",
    .tag = ST_MEASURED,
    .run = run,
};
