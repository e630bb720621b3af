#include "views/plane.h"

#include "chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 80, ROWS = 80, DOTS_MAX = 4000 }; /* before the first drawing; points of a part drawn */

void plane_free(Plane *plane) {
    free(plane->dot);
    free(plane->value);
    free(plane->klass);
    *plane = (Plane){0};
}

static void take_part(Plane *plane, const StDataset *dataset, StPart part) {
    int64_t rows = st_dataset_rows(dataset, part);
    bool labels = st_dataset_has_labels(dataset);
    StShape target = st_dataset_y_shape(dataset);
    bool single = st_shape_size(&target) == 1;
    if (rows > DOTS_MAX) rows = DOTS_MAX;
    double scale = plane->y_high > plane->y_low ? 2 / (plane->y_high - plane->y_low) : 0;
    for (int64_t i = 0; i < rows; i++) {
        UiDot *dot = &plane->dot[plane->dots++];
        *dot = (UiDot){.klass = -1, .faint = part != ST_TRAIN};
        st_dataset_plane(dataset, part, i, &dot->x, &dot->y);
        if (labels) {
            int32_t label = 0;
            st_dataset_gather_labels(dataset, part, NULL, i, 1, &label);
            dot->klass = label;
        } else if (single) {
            float y = 0;
            st_dataset_gather_y(dataset, part, NULL, i, 1, 1, &y);
            dot->value = (float)(scale * (y - plane->y_low) - (scale > 0));
        }
    }
}

static void widen(double low, double high, double *from, double *to) {
    double margin = high > low ? 0.06 * (high - low) : 1;
    *from = low - margin;
    *to = high + margin;
}

static void take_ranges(Plane *plane, const StDataset *dataset) {
    int axis = 0;
    for (int i = 0; i < st_dataset_columns(dataset); i++) {
        const StColumnInfo *column = st_dataset_column(dataset, i);
        if (column->target) {
            plane->y_low = column->min;
            plane->y_high = column->max;
        } else if (axis++ == 0) {
            widen(column->min, column->max, &plane->x0, &plane->x1);
        } else if (axis == 2) {
            widen(column->min, column->max, &plane->y0, &plane->y1);
        }
    }
}

bool plane_points(Plane *plane, const StDataset *dataset, uint64_t revision) {
    if (plane->dataset == dataset && plane->revision == revision && plane->dot) return true;
    size_t most = 0;
    for (int part = 0; part < ST_PARTS; part++) {
        int64_t rows = st_dataset_rows(dataset, (StPart)part);
        most += (size_t)(rows < DOTS_MAX ? rows : DOTS_MAX);
    }
    UiDot *dot = calloc(most ? most : 1, sizeof *dot);
    if (!dot) return false;
    free(plane->dot);
    plane->dot = dot;
    plane->dataset = dataset;
    plane->revision = revision;
    plane->dots = 0;
    take_ranges(plane, dataset);
    take_part(plane, dataset, ST_TRAIN);
    plane->train = plane->dots;
    take_part(plane, dataset, ST_VALIDATION);
    take_part(plane, dataset, ST_TEST);
    return true;
}

void plane_want(const Plane *plane, StWant *want) {
    want->columns = plane->columns > 0 ? plane->columns : COLUMNS;
    want->rows = plane->rows > 0 ? plane->rows : ROWS;
    want->x1_low = plane->x0;
    want->x1_high = plane->x1;
    want->x2_low = plane->y0;
    want->x2_high = plane->y1;
}

/* The likeliest class and how far above chance it is, 0 … 1. Logits go through softmax or sigmoid first. */
static float judge_classes(const float *out, int outputs, bool discrete, unsigned char *klass) {
    if (outputs == 1) {
        float p = out[0] < 0 || out[0] > 1 ? 1 / (1 + expf(-out[0])) : out[0];
        *klass = p >= 0.5f;
        return discrete ? 1 : fabsf(2 * p - 1);
    }
    int best = 0;
    float sum = 0, least = 0, power = 0;
    for (int i = 0; i < outputs; i++) {
        if (out[i] > out[best]) best = i;
        sum += out[i];
        least = fminf(least, out[i]);
    }
    float p = out[best];
    if (least < 0 || fabsf(sum - 1) > 1e-3f) {
        for (int i = 0; i < outputs; i++)
            power += expf(out[i] - out[best]);
        p = 1 / power;
    }
    *klass = (unsigned char)best;
    float chance = 1.0f / (float)outputs;
    return discrete ? 1 : (p - chance) / (1 - chance);
}

static bool make_room(Plane *plane, size_t points) {
    if (plane->room >= points) return true;
    float *value = realloc(plane->value, points * sizeof *value);
    if (value) plane->value = value;
    unsigned char *klass = realloc(plane->klass, points);
    if (klass) plane->klass = klass;
    if (!value || !klass) return false;
    plane->room = points;
    return true;
}

/* Fills value and klass from the look's map. */
static bool take_map(Plane *plane, const StLook *look, bool labels, bool discrete, UiMap *map) {
    if (!look || !look->map || look->outputs < 1 || look->want.columns < 1 || look->want.rows < 1)
        return false;
    if (look->want.x1_low != plane->x0 || look->want.x1_high != plane->x1 || look->want.x2_low != plane->y0 ||
        look->want.x2_high != plane->y1)
        return false; /* made for other points */
    size_t points = (size_t)look->want.columns * (size_t)look->want.rows;
    if (!make_room(plane, points)) return false;
    double scale = plane->y_high > plane->y_low ? 2 / (plane->y_high - plane->y_low) : 1;
    for (size_t i = 0; i < points; i++) {
        const float *out = look->map + i * (size_t)look->outputs;
        if (labels) {
            plane->value[i] = judge_classes(out, look->outputs, discrete, &plane->klass[i]);
        } else {
            double v = scale * (out[0] - plane->y_low) - 1;
            plane->value[i] = (float)(discrete ? (v < 0 ? -1 : 1) : fmin(1, fmax(-1, v)));
        }
    }
    map->columns = look->want.columns;
    map->rows = look->want.rows;
    map->value = plane->value;
    map->klass = labels ? plane->klass : NULL;
    return true;
}

bool plane_draw(UiGrid *grid, UiRect area, Plane *plane, const StLook *look, bool test, bool discrete) {
    ui_map_size(grid, area, &plane->columns, &plane->rows);
    if (plane->columns > ST_MAP_MAX) plane->columns = ST_MAP_MAX;
    if (plane->rows > ST_MAP_MAX) plane->rows = ST_MAP_MAX;
    bool labels = plane->dots > 0 && plane->dot[0].klass >= 0;
    UiMap map = {.x0 = plane->x0,
                 .x1 = plane->x1,
                 .y0 = plane->y0,
                 .y1 = plane->y1,
                 .dot = plane->dot,
                 .dots = test ? plane->dots : plane->train};
    bool behind = take_map(plane, look, labels, discrete, &map);
    ui_map_draw(grid, area, &map);
    return behind;
}
