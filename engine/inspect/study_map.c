/* The whole stack at a glance: what every unit puts out for one example, how much flows through every layer
 * over the data, which weights lie between them, and, where inputs are a plane, how every unit answers to
 * it. */
#include "inspect/study.h"
#include "inspect/study_unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 256,       /* of the data, where nothing else is asked for */
    OUTPUTS = 65536,  /* numbers of one layer's output that are told one by one */
    LINKS = 4096,     /* weights between two layers that are told one by one */
    STRONGEST = 12,   /* of the others */
    PIECE = 1 << 20,  /* weights looked at in a row */
    PLANE = 16,       /* rows and columns of a unit's response */
    RESPONSES = 64,   /* units of a layer that have one */
    NAMED_INPUTS = 64 /* inputs whose names are told */
};

/* "output:dense_1"; by the layer's number from 1 where its name is too long for that. Returns buffer. */
static const char *entry_name(const StLens *lens, const char *what, int layer,
                              char buffer[ST_ENTRY_NAME_MAX]) {
    int length = snprintf(buffer, ST_ENTRY_NAME_MAX, "%s:%s", what, lens->layer[layer].name);
    if (length >= ST_ENTRY_NAME_MAX) snprintf(buffer, ST_ENTRY_NAME_MAX, "%s:%d", what, layer + 1);
    return buffer;
}

/* ---- the stack ---- */

static void say_layers(const StLens *lens, StFinding *finding) {
    double *units = st_finding_vector(finding, "units", lens->layers);
    double *parameters = st_finding_vector(finding, "parameters", lens->layers);
    char shape[ST_SHAPE_TEXT];
    for (int i = 0; i < lens->layers; i++) {
        const StStep *step = st_lens_layer(lens, i);
        st_finding_name(finding, "layers", i, lens->layer[i].name);
        st_finding_name(finding, "kinds", i, step->kind->name);
        st_finding_name(finding, "shapes", i, st_shape_print(&step->out, shape));
        const char *ends = step->kind->activation ? step->kind->activation(step->options) : NULL;
        st_finding_name(finding, "activations", i, ends ? ends : "");
        if (units) units[i] = (double)st_unit_count(step);
        if (parameters) parameters[i] = (double)lens->layer[i].parameters;
    }
}

static void say_inputs(const StLens *lens, StFinding *finding) {
    const StDataset *dataset = lens->plan.dataset;
    const StShape *shape = &st_network_info(lens->network)->input;
    int64_t named = st_dataset_inputs(dataset) == lens->in_size ? lens->in_size : 0;
    char text[ST_SHAPE_TEXT];
    st_finding_note(finding, "input_shape", "%s", st_shape_print(shape, text));
    for (int i = 0; i < named && i < NAMED_INPUTS; i++)
        st_finding_name(finding, "input_names", i, st_dataset_input_name(dataset, i));
}

static void say_classes(const StLens *lens, StFinding *finding) {
    const StDataset *dataset = lens->plan.dataset;
    for (int k = 0; k < st_dataset_classes(dataset) && k < lens->classes; k++)
        st_finding_name(finding, "classes", k, st_dataset_class_name(dataset, k));
}

/* ---- one example ---- */

static void say_array(StFinding *finding, const char *name, const StShape *shape, const double *values) {
    double *to = st_finding_array(finding, name, shape);
    if (to) memcpy(to, values, (size_t)st_shape_size(shape) * sizeof *to);
}

/* What a layer puts out; and of units that stand at several positions the mean over them. */
static void say_outputs(StLens *lens, StFinding *finding) {
    char name[ST_ENTRY_NAME_MAX];
    if (lens->in_size <= OUTPUTS)
        say_array(finding, "input", &st_network_info(lens->network)->input, st_lens_input(lens));
    for (int i = 0; i < lens->layers; i++) {
        const StStep *step = st_lens_layer(lens, i);
        int64_t units = st_unit_count(step), positions = step->out_size / units;
        if (step->out_size <= OUTPUTS)
            say_array(finding, entry_name(lens, "output", i, name), &step->out, step->y);
        double *mean = positions > 1 && units <= OUTPUTS
                           ? st_finding_vector(finding, entry_name(lens, "unit_mean", i, name), units)
                           : NULL;
        for (int64_t u = 0; mean && u < units; u++) {
            double sum = 0;
            for (int64_t p = 0; p < positions; p++)
                sum += step->y[p * units + u];
            mean[u] = sum / (double)positions;
        }
    }
    st_finding_count(finding, "answer", st_lens_answer(lens, 0));
}

/* ---- links ---- */

typedef struct Link {
    int64_t from, to;
    double weight;
} Link;

/* Keeps the strongest in descending order. */
static void keep_link(Link *links, int *count, Link link) {
    int at = *count;
    if (at == STRONGEST && !(fabs(link.weight) > fabs(links[at - 1].weight))) return;
    if (at == STRONGEST) at--;
    for (; at > 0 && fabs(link.weight) > fabs(links[at - 1].weight); at--)
        links[at] = links[at - 1];
    links[at] = link;
    if (*count < STRONGEST) (*count)++;
}

/* The weight between an input (or a channel) and a unit; a filter's taps are added up. */
static double link_of(const StLens *lens, const StTensor *tensor, int64_t from, int64_t to) {
    int rank = tensor->shape.rank;
    int64_t inputs = tensor->shape.dim[rank - 2], units = tensor->shape.dim[rank - 1], sum_over = 1;
    const double *w = lens->weights + tensor->offset;
    for (int i = 0; i < rank - 2; i++)
        sum_over *= tensor->shape.dim[i];
    double sum = 0;
    for (int64_t t = 0; t < sum_over; t++)
        sum += w[(t * inputs + from) * units + to];
    return sum;
}

static bool say_links(StJob *job, const StTensor *tensor, StError *error) {
    const StLens *lens = job->lens;
    StFinding *finding = job->finding;
    int rank = tensor->shape.rank, kept = 0;
    int64_t inputs = tensor->shape.dim[rank - 2], units = tensor->shape.dim[rank - 1];
    char name[ST_ENTRY_NAME_MAX];
    Link strongest[STRONGEST];
    double *all =
        inputs * units <= LINKS
            ? st_finding_matrix(finding, entry_name(lens, "links", tensor->layer, name), inputs, units)
            : NULL;
    for (int64_t from = 0, weights = 0; from < inputs; from++) {
        for (int64_t to = 0; to < units; to++) {
            Link link = {from, to, link_of(lens, tensor, from, to)};
            if (all) all[from * units + to] = link.weight;
            keep_link(strongest, &kept, link);
        }
        weights += tensor->size / inputs;
        if (weights < PIECE) continue;
        weights = 0;
        if (!st_job_go_on(job, 0.1, error)) return false;
    }
    double *row = st_finding_matrix(finding, entry_name(lens, "strongest", tensor->layer, name), kept, 3);
    for (int i = 0; row && i < kept; i++, row += 3)
        row[0] = (double)strongest[i].from, row[1] = (double)strongest[i].to, row[2] = strongest[i].weight;
    return true;
}

/* Kernels that lie between the units of two layers: dense ones and convolutions over all channels. */
static bool say_all_links(StJob *job, StError *error) {
    const StLens *lens = job->lens;
    for (int i = 0; i < lens->tensors; i++) {
        const StTensor *tensor = &lens->tensor[i];
        const StStep *step = st_lens_layer(lens, tensor->layer);
        const char *weight = strchr(tensor->name, '/');
        int rank = tensor->shape.rank;
        bool between = weight && strcmp(weight, "/kernel") == 0 && rank >= 2 &&
                       tensor->shape.dim[rank - 1] == st_unit_count(step) &&
                       tensor->shape.dim[rank - 2] == step->in.dim[step->in.rank - 1] &&
                       !strstr(step->kind->name, "depthwise") && !strstr(step->kind->name, "transpose");
        if (between && !say_links(job, tensor, error)) return false;
    }
    return true;
}

/* ---- what flows ---- */

typedef struct Flow {
    double *size, *norm; /* [layers] sums over rows */
    int64_t rows;
} Flow;

static void take_flow(void *context, const StLens *lens, int64_t rows) {
    Flow *flow = context;
    for (int i = 0; i < lens->layers; i++) {
        const StStep *step = st_lens_layer(lens, i);
        for (int64_t r = 0; r < rows; r++) {
            const double *y = step->y + r * step->out_size;
            double sum = 0, squares = 0;
            for (int64_t k = 0; k < step->out_size; k++)
                sum += fabs(y[k]), squares += y[k] * y[k];
            flow->size[i] += sum / (double)step->out_size;
            flow->norm[i] += sqrt(squares);
        }
    }
    flow->rows += rows;
}

static bool find_flow(StJob *job, StError *error) {
    StLens *lens = job->lens;
    int64_t wanted = st_unit_sample(job, lens->layers - 1, ROWS);
    StPart part = st_lens_part(lens, job->ask->part);
    Flow flow = {.size = calloc((size_t)lens->layers, sizeof *flow.size),
                 .norm = calloc((size_t)lens->layers, sizeof *flow.norm)};
    int64_t *index = malloc((size_t)wanted * sizeof *index);
    bool done = flow.size && flow.norm && index;
    if (!done) st_fail_memory(error, "what flows", (size_t)wanted * sizeof *index);
    int64_t rows = done ? st_lens_sample(lens, part, wanted, index) : 0;
    done = done && st_unit_rows(job, part, index, rows, lens->layers - 1, take_flow, &flow,
                                (double[]){0.1, 0.6}, error);
    double *size = done ? st_finding_vector(job->finding, "mean_abs", lens->layers) : NULL;
    double *norm = size ? st_finding_vector(job->finding, "norm", lens->layers) : NULL;
    for (int i = 0; norm && flow.rows && i < lens->layers; i++) {
        size[i] = flow.size[i] / (double)flow.rows;
        norm[i] = flow.norm[i] / (double)flow.rows;
    }
    if (done) st_finding_count(job->finding, "flow_rows", flow.rows);
    free(flow.size);
    free(flow.norm);
    free(index);
    return done;
}

/* ---- responses ---- */

typedef struct Responses {
    StFinding *finding;
    int64_t first; /* of the plane's points */
} Responses;

/* Of the units of a vector. */
static bool responds(const StStep *step) {
    return step->out.rank == 1 && step->out_size <= RESPONSES;
}

static void take_responses(void *context, const StLens *lens, int64_t rows) {
    Responses *r = context;
    char name[ST_ENTRY_NAME_MAX];
    for (int i = -1; i < lens->layers; i++) {
        const StStep *step = i < 0 ? NULL : st_lens_layer(lens, i);
        int64_t units = step ? step->out_size : lens->in_size;
        if (step ? !responds(step) : units > RESPONSES) continue;
        const double *y = step ? step->y : st_lens_layer(lens, 0)->x;
        StShape shape = {.rank = 3, .dim = {units, PLANE, PLANE}};
        const char *entry = i < 0 ? "response:input" : entry_name(lens, "response", i, name);
        double *map = st_finding_array(r->finding, entry, &shape);
        for (int64_t row = 0; map && row < rows; row++)
            for (int64_t u = 0; u < units; u++)
                map[u * PLANE * PLANE + r->first + row] = y[row * units + u];
    }
    r->first += rows;
}

static bool find_responses(StJob *job, StError *error) {
    const StDataset *dataset = job->lens->plan.dataset;
    if (!st_dataset_is_plane(dataset)) return true;
    StPlane plane = st_plane_of(dataset, PLANE, PLANE);
    Responses r = {.finding = job->finding};
    st_plane_say(job->finding, &plane);
    return st_plane_rows(job, &plane, job->lens->layers - 1, take_responses, &r, (double[]){0.6, 1}, error);
}

/* ---- the study ---- */

static bool run(StJob *job, StError *error) {
    if (!st_lens_example(job, error)) return false;
    st_lens_forward(job->lens, 1, false);
    say_layers(job->lens, job->finding);
    say_inputs(job->lens, job->finding);
    say_classes(job->lens, job->finding);
    say_outputs(job->lens, job->finding);
    return say_all_links(job, error) && st_job_go_on(job, 0.1, error) && find_flow(job, error) &&
           find_responses(job, error);
}

const StStudy st_study_map = {
    .group = "map",
    .name = "network",
    .title = "The network",
    .what = "every layer, the weights between them, and what one example puts into it",
    .bad = "a layer through which nothing flows, or units that all do the same",
    .formula = "mean |y|, ‖y‖",
    .plain = "mean |y|, |y|",
    .cost = "2 F",
    .tag = ST_MEASURED,
    .run = run,
};
