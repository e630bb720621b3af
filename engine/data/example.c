/* Rows made by hand: from what a person types or draws to what the network takes, and back. */
#include "data/inside.h"

#include <math.h>

void st_dataset_prepare(const StDataset *d, const float *raw, float *x) {
    st_preparation_apply(d->preparation, raw, 1, x);
}

/* What one input says of its column's cell. */
static void take_back(const StInput *input, float x, float *cell) {
    double value = (double)x * input->divisor + input->shift;
    if (input->kind == ST_INPUT_COLUMN) *cell = (float)value;
    /* 0 or 1 before it was treated; all of them 0 is no category at all */
    if (input->kind == ST_INPUT_CATEGORY && value > 0.5) *cell = (float)input->category;
    if (input->kind == ST_INPUT_FEATURE && input->from <= ST_X2) cell[input->from] = (float)value;
}

bool st_dataset_unprepare(const StDataset *d, const float *x, float *raw) {
    const StPreparation *p = d->preparation;
    int64_t width = st_shape_size(&p->raw_shape), positions = width / p->fields;
    bool derived = p->inputs > 0 && p->input[0].kind == ST_INPUT_FEATURE;
    for (int64_t i = 0; i < width; i++)
        raw[i] = NAN;
    for (int64_t at = 0; at < positions; at++, raw += p->fields, x += p->inputs) {
        for (int i = 0; i < p->inputs; i++)
            take_back(&p->input[i], x[i], raw + (derived ? 0 : p->input[i].from));
        if (derived && (isnan(raw[0]) || isnan(raw[1]))) return false;
    }
    return true;
}

static bool like_pixels(const StDataset *d) {
    double greatest = 0;
    int columns = 0, reach = 0;
    for (int i = 0; i < d->columns && !d->column[i].target; i++, columns++) {
        const StColumnInfo *column = &d->column[i];
        if (column->categorical || column->missing || !(column->min >= 0)) return false;
        greatest = fmax(greatest, column->max);
    }
    for (int i = 0; i < columns; i++)
        reach += d->column[i].max == greatest;
    return greatest > 0 && reach * 3 >= columns;
}

bool st_dataset_picture(const StDataset *d, int *height, int *width, int *channels) {
    enum { LEAST = 4, MOST = 4096 };
    const StShape *shape = &d->table.shape;
    int64_t h = shape->dim[0], w = shape->rank > 1 ? shape->dim[1] : 1,
            c = shape->rank > 2 ? shape->dim[2] : 1;
    bool plain = d->preparation->plain && shape->rank >= 1 && shape->rank <= 3;
    if (shape->rank == 1) h = w = llround(sqrt((double)h));
    if (!plain || h > MOST || w > MOST || h * w * c != st_shape_size(shape)) return false;
    if (shape->rank < 3 && (h < LEAST || w < LEAST || !like_pixels(d))) return false;
    if (height) *height = (int)h;
    if (width) *width = (int)w;
    if (channels) *channels = (int)c;
    return true;
}
