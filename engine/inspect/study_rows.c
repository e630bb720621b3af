#include "inspect/study_rows.h"

#include <math.h>
#include <stdio.h>

static bool gather_probe(StJob *job, int otherwise, int64_t *rows, StError *error) {
    StLens *lens = job->lens;
    int part = job->ask->part;
    if (part < 0 && otherwise >= 0 && st_dataset_rows(lens->plan.dataset, (StPart)otherwise) > 0)
        part = otherwise;
    StPart from = st_lens_part(lens, part);
    int64_t index[ST_LENS_ROWS], wanted = job->ask->count;
    if (wanted <= 0 || wanted > ST_LENS_ROWS) wanted = ST_LENS_ROWS;
    *rows = st_lens_sample(lens, from, wanted, index);
    if (*rows == 0) return st_fail(error, ST_ERR_STATE, "the %s part has no rows", st_part_name(from));
    st_lens_gather(lens, from, index, 0, *rows);
    st_finding_note(job->finding, "part", "%s", st_part_name(from));
    double *out = st_finding_vector(job->finding, "row_index", *rows);
    for (int64_t i = 0; out && i < *rows; i++)
        out[i] = (double)index[i];
    return true;
}

bool st_study_rows(StJob *job, int otherwise, int64_t *rows, StError *error) {
    bool one = job->ask->row >= 0 || job->ask->input;
    *rows = 1;
    if (!(one ? st_lens_example(job, error) : gather_probe(job, otherwise, rows, error))) return false;
    st_finding_count(job->finding, "rows", *rows);
    return true;
}

const char *st_study_layer(const StLens *lens, int layer, char buffer[ST_LAYER_LABEL]) {
    snprintf(buffer, ST_LAYER_LABEL, "%d %s", layer + 1, lens->layer[layer].name);
    return buffer;
}

void st_study_say_layer(StJob *job, int layer) {
    st_finding_count(job->finding, "layer", layer + 1);
    st_finding_count(job->finding, "layer_index", layer);
    st_finding_note(job->finding, "layer_name", "%s", job->lens->layer[layer].name);
}

double st_study_norm(const double *values, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += values[i] * values[i];
    return sqrt(sum);
}
