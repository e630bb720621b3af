#include "views/tensor.h"

#include "plot.h"
#include "views/filters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BAR_W = 26, HISTOGRAM_W = 24, HISTOGRAM_H = 8, MANY = 500000, CURVES = 10 };

const char *tensor_values_name(TensorValues values) {
    static const char *const names[] = {
#define TENSOR_NAME(id, name) name,
        TENSOR_VALUES(TENSOR_NAME)
#undef TENSOR_NAME
    };
    return names[values];
}

bool tensor_matrix(const StLook *look, int index, TensorValues values, TensorMatrix *matrix) {
    *matrix = (TensorMatrix){0};
    if (!look || !look->snapshot || index < 0 || index >= look->snapshot->weights.count) return false;
    const StSnapshot *snapshot = look->snapshot;
    const StTensor *tensor = &snapshot->weights.tensor[index];
    int64_t last = tensor->shape.rank > 0 ? tensor->shape.dim[tensor->shape.rank - 1] : 1;
    if (tensor->size <= 0 || tensor->size > INT32_MAX) return false;
    matrix->columns = (int)last;
    matrix->rows = (int)(tensor->size / last);
    const float *now = snapshot->weights.values + tensor->offset;
    if (values == TENSOR_WEIGHTS) {
        matrix->value = now;
    } else if (values == TENSOR_GRADIENT) {
        matrix->value = snapshot->gradients ? snapshot->gradients + tensor->offset : NULL;
    } else if (snapshot->before) {
        const float *before = snapshot->before + tensor->offset;
        matrix->own = malloc(sizeof *matrix->own * (size_t)tensor->size);
        for (int64_t i = 0; matrix->own && i < tensor->size; i++)
            matrix->own[i] = now[i] - before[i];
        matrix->value = matrix->own;
    }
    return matrix->value != NULL;
}

/* ---- words ----------------------------------------------------------------------------------------------
 */

/* The name of an input or of a class, where the tensor's rows are the network's inputs or its columns the
 * classes; NULL elsewhere. */
static const char *row_name(const ViewContext *context, const StTensor *tensor, int row) {
    const SessionRun *run = session_run(context->session);
    const StDataset *dataset = run ? run->dataset : session_dataset_loaded(context->session, NULL);
    if (!dataset || tensor->shape.rank != 2 || tensor->shape.dim[0] != st_dataset_inputs(dataset))
        return NULL;
    for (int i = 0; i < context->look->snapshot->weights.count; i++)
        if (context->look->snapshot->weights.tensor[i].layer < tensor->layer) return NULL;
    return st_dataset_input_name(dataset, row);
}

static const char *column_name(const ViewContext *context, const StTensor *tensor, int column) {
    const SessionRun *run = session_run(context->session);
    const StDataset *dataset = run ? run->dataset : session_dataset_loaded(context->session, NULL);
    if (!dataset || tensor->shape.rank < 1) return NULL;
    if (tensor->shape.dim[tensor->shape.rank - 1] != st_dataset_classes(dataset)) return NULL;
    for (int i = 0; i < context->look->snapshot->weights.count; i++)
        if (context->look->snapshot->weights.tensor[i].layer > tensor->layer) return NULL;
    return st_dataset_class_name(dataset, column);
}

void tensor_read(const ViewContext *context, int index, TensorValues values, const TensorCursor *cursor,
                 StText *out) {
    TensorMatrix matrix;
    if (!tensor_matrix(context->look, index, values, &matrix)) {
        free(matrix.own);
        st_text_add(out, "not available before the first step");
        return;
    }
    const StTensor *tensor = &context->look->snapshot->weights.tensor[index];
    Filters filters;
    if (!cursor->whole && filters_of(tensor, &filters)) {
        int last = filters.filters - 1;
        filters_read(&filters, matrix.value, cursor->filter < last ? cursor->filter : last, out);
        free(matrix.own);
        return;
    }
    if (cursor->row < matrix.rows && cursor->column < matrix.columns) {
        const char *from = row_name(context, tensor, cursor->row);
        const char *to = column_name(context, tensor, cursor->column);
        if (matrix.rows > 1 || tensor->shape.rank > 1) {
            st_text_format(out, "row %d", cursor->row + 1);
            if (from) st_text_format(out, " (%s)", from);
            st_text_add(out, " → ");
        }
        st_text_format(out, "unit %d", cursor->column + 1);
        if (to) st_text_format(out, " (%s)", to);
        st_text_format(
            out, ": %.4g",
            (double)matrix.value[(size_t)cursor->row * (size_t)matrix.columns + (size_t)cursor->column]);
    }
    free(matrix.own);
}

static void title_of(const StTensor *tensor, TensorValues values, char *out, size_t size) {
    char shape[ST_SHAPE_TEXT];
    snprintf(out, size, "%d %s %s%s%s", tensor->layer + 1, tensor->name,
             st_shape_print(&tensor->shape, shape), values == TENSOR_WEIGHTS ? "" : ": ",
             values == TENSOR_WEIGHTS ? "" : tensor_values_name(values));
}

/* ---- histograms -----------------------------------------------------------------------------------------
 */

static void bars(UiGrid *grid, UiRect area, UiInk ink, const StHistogram *from) {
    double count[64];
    for (int i = 0; i < from->bins && i < 64; i++)
        count[i] = (double)from->count[i];
    ui_histogram(grid, area, ink, count, from->bins, from->low, from->high);
}

/* One histogram with its caption; NULL or empty: not available. */
static void draw_histogram(UiGrid *grid, UiRect area, const char *title, UiInk ink, const StHistogram *from) {
    if (area.h < 2) return;
    UiRect head = ui_cut_top(&area, 1);
    int x = ui_text_in(grid, head, 0, 0, head.w, UI_TITLE, title);
    if (!from || from->bins <= 0) {
        ui_text_in(grid, area, 0, 0, area.w, UI_DIM, "not available before the first step");
        return;
    }
    char mean[UI_NUMBER], sd[UI_NUMBER], about[2 * UI_NUMBER + 16];
    int shown = ui_text_width(title);
    x = (x < shown ? x : shown) + 2;
    snprintf(about, sizeof about, "mean %s  sd %s", ui_number(mean, from->mean, 8, 3),
             ui_number(sd, from->deviation, 8, 3));
    int room = head.w - x - 5; /* for the mean alone */
    if (x + ui_text_width(about) > head.w)
        snprintf(about, sizeof about, "mean %s", ui_number(mean, from->mean, room < 8 ? room : 8, 3));
    ui_text(grid, head, x, 0, UI_DIM, about);
    if (from->nonfinite > 0) {
        ui_print_right(grid, head, head.w, 0, UI_BAD, "%lld not finite", (long long)from->nonfinite);
    }
    bars(grid, area, ink, from);
}

/* Small histograms of every tensor's weights. */
static void draw_all(const ViewContext *context, UiGrid *grid, UiRect area, int index) {
    const StWeightSet *set = &context->look->snapshot->weights;
    if (set->total > MANY) {
        ui_paragraph(grid, area, UI_DIM, 0, "too many values to show every layer at 30 frames a second");
        return;
    }
    int across = area.w / 24 < 1 ? 1 : area.w / 24, w = area.w / across;
    int down = (set->count + across - 1) / across;
    int h = down > 0 ? area.h / down : 0;
    h = h < 4 ? 4 : h > 8 ? 8 : h;
    int page = (area.h / h) * across, first = page > 0 ? index / page * page : 0;
    for (int i = first; i < set->count && i - first < page; i++) {
        int place = i - first;
        UiRect at = ui_rect(area.x + place % across * w, area.y + place / across * h, w - 2, h);
        at = ui_rect_clip(at, area);
        ui_text_in(grid, at, 0, 0, at.w, i == index ? UI_TITLE : UI_DIM, set->tensor[i].name);
        StHistogram histogram;
        st_histogram(set->values + set->tensor[i].offset, set->tensor[i].size, at.w < 64 ? at.w : 64,
                     &histogram);
        UiRect body = at;
        ui_cut_top(&body, 1);
        ui_cut_bottom(&body, h > 4 ? 1 : 0);
        bars(grid, body, i == index ? UI_TRAINING : UI_DIM, &histogram);
    }
}

void tensor_draw_histograms(const ViewContext *context, UiGrid *grid, UiRect area, int index) {
    const StLook *look = context->look;
    if (index < 0 || index >= look->snapshot->weights.count) return;
    const StTensor *tensor = &look->snapshot->weights.tensor[index];
    char title[160];
    title_of(tensor, TENSOR_WEIGHTS, title, sizeof title);
    if (area.h > 4) {
        ui_rule(grid, area, 0, title);
        ui_cut_top(&area, 1);
    }
    if (area.w >= 72) {
        UiRect side = ui_cut_right(&area, area.w >= 120 ? area.w * 3 / 5 : 26);
        ui_cut_left(&side, 2);
        draw_all(context, grid, side, index);
    }
    /* Made by the inspection for the tensor that was asked for; here for another one (`strata show`). */
    StHistogram made[TENSOR_KINDS] = {look->weights, look->gradients, look->update};
    if (look->want.tensor != index)
        for (int k = 0; k < TENSOR_KINDS; k++) {
            TensorMatrix matrix;
            made[k] = (StHistogram){0};
            if (tensor_matrix(look, index, (TensorValues)k, &matrix))
                st_histogram(matrix.value, tensor->size, 32, &made[k]);
            free(matrix.own);
        }
    static const UiInk inks[TENSOR_KINDS] = {UI_TRAINING, UI_VALIDATION, UI_GOOD};
    int panes = area.h >= 12 ? 3 : area.h >= 7 ? 2 : 1;
    UiRect part[TENSOR_KINDS];
    static const int weights[TENSOR_KINDS] = {1, 1, 1};
    ui_split_rows(ui_inset(area, 1, 0), panes, weights, area.h >= 16 ? 1 : 0, part);
    for (int k = 0; k < panes; k++)
        draw_histogram(grid, part[k], tensor_values_name((TensorValues)k), inks[k], &made[k]);
}

/* ---- the heat map ---------------------------------------------------------------------------------------
 */

/* Beside the matrix and as tall as it is. */
static void draw_side(UiGrid *grid, UiRect side, const TensorMatrix *matrix, int tall) {
    StHistogram histogram;
    st_histogram(matrix->value, (int64_t)matrix->rows * matrix->columns, side.w > 64 ? 64 : 32, &histogram);
    if (side.h > tall && tall >= HISTOGRAM_H + 1) side.h = tall;
    if (side.h > HISTOGRAM_H + 1 && tall < HISTOGRAM_H + 1) side.h = HISTOGRAM_H + 1;
    draw_histogram(grid, side, "histogram", UI_TRAINING, &histogram);
}

int tensor_filters(const StLook *look, int index, const TensorCursor *cursor) {
    Filters filters;
    if (cursor->whole || index < 0 || index >= look->snapshot->weights.count) return 0;
    return filters_of(&look->snapshot->weights.tensor[index], &filters) ? filters.filters : 0;
}

/* The colours' meaning, at the end of the title's line. */
static void draw_bar(UiGrid *grid, UiRect head, const char *title, double low, double high) {
    if (head.w >= ui_text_width(title) + BAR_W + 3)
        ui_ramp_bar(grid, head, head.w - BAR_W - 1, 0, BAR_W, UI_RAMP_SIGNED, low, high);
}

/* A convolution's kernel as pictures; the histogram beside them is of the whole of it. */
static void draw_filters(const ViewContext *context, UiGrid *grid, UiRect area, const Filters *filters,
                         const TensorMatrix *matrix, TensorCursor *cursor) {
    UiRect side = ui_rect(0, 0, 0, 0), foot = ui_cut_bottom(&area, area.h > 2 ? 1 : 0);
    if (area.w >= 66 && area.h >= 3) side = ui_cut_right(&area, HISTOGRAM_W + 1);
    TensorCursor standing = {.filter = context->select.unit > 0 ? context->select.unit : 0};
    if (!cursor) cursor = &standing;
    if (cursor->filter >= filters->filters) cursor->filter = filters->filters - 1;
    StText words = {0};
    filters_read(filters, matrix->value, cursor->filter, &words);
    int more = filters_draw(grid, area, filters, matrix->value, cursor);
    if (more > 0) st_text_format(&words, "   (%d more)", more);
    if (foot.h) ui_text_in(grid, foot, 1, 0, foot.w - 1, UI_TEXT, st_text_string(&words));
    st_text_free(&words);
    if (side.w > 0) draw_side(grid, ui_inset(side, 1, 0), matrix, area.h);
}

void tensor_draw_matrix(const ViewContext *context, UiGrid *grid, UiRect area, int index, TensorValues values,
                        TensorCursor *cursor) {
    const StWeightSet *set = &context->look->snapshot->weights;
    if (index < 0 || index >= set->count || area.h < 1) return;
    char title[160];
    title_of(&set->tensor[index], values, title, sizeof title);
    UiRect head = ui_cut_top(&area, 1);
    ui_text_in(grid, head, 1, 0, head.w - 1, UI_TITLE, title);
    TensorMatrix matrix;
    if (!tensor_matrix(context->look, index, values, &matrix)) {
        ui_text_in(grid, area, 1, 0, area.w - 1, UI_DIM, "not available before the first step");
        free(matrix.own);
        return;
    }
    Filters filters;
    if (!(cursor && cursor->whole) && filters_of(&set->tensor[index], &filters)) {
        double low, high;
        draw_filters(context, grid, area, &filters, &matrix, cursor);
        filters_range(&filters, matrix.value, &low, &high);
        draw_bar(grid, head, title, low, high);
        free(matrix.own);
        return;
    }
    UiRect foot = ui_cut_bottom(&area, cursor && area.h > 2 ? 1 : 0);
    UiRect side = ui_rect(0, 0, 0, 0), whole = area;
    if (area.w >= 66 && area.h >= 3) side = ui_cut_right(&area, HISTOGRAM_W);
    UiHeat heat = {.value = matrix.value,
                   .rows = matrix.rows,
                   .columns = matrix.columns,
                   .row_step = matrix.columns,
                   .column_step = 1,
                   .ramp = UI_RAMP_SIGNED};
    if (cursor) {
        cursor->row = cursor->row >= matrix.rows ? matrix.rows - 1 : cursor->row;
        cursor->column = cursor->column >= matrix.columns ? matrix.columns - 1 : cursor->column;
        heat.has_cursor = context->live;
        heat.cursor_row = cursor->row;
        heat.cursor_column = cursor->column;
    }
    UiHeatView view = ui_heat_draw(grid, ui_inset(area, area.w > 20 ? 1 : 0, 0), &heat);
    if (cursor) cursor->view = view;
    if (side.w > 0) { /* what the matrix leaves is the histogram's */
        int end = view.inner.x - whole.x + view.inner.w + 3;
        ui_cut_left(&whole, end < whole.w - HISTOGRAM_W + 2 ? end : whole.w - HISTOGRAM_W + 2);
        ui_cut_right(&whole, whole.w > 3 * HISTOGRAM_W ? whole.w - 3 * HISTOGRAM_W : 1);
        draw_side(grid, whole, &matrix, view.inner.h);
    }
    draw_bar(grid, head, title, view.low, view.high);
    free(matrix.own);
    if (foot.h == 0) return;
    StText text = {0};
    tensor_read(context, index, values, cursor, &text);
    if (view.reduced) st_text_add(&text, "   (each place: the largest of several)");
    ui_text_in(grid, foot, 1, 0, foot.w - 1, UI_TEXT, st_text_string(&text));
    st_text_free(&text);
}

/* ---- curves ---------------------------------------------------------------------------------------------
 */

static void band(UiSeries *series, UiPoint point[2], double from, double to, double y, const char *name) {
    point[0] = (UiPoint){from, y, y, y};
    point[1] = (UiPoint){to, y, y, y};
    *series = (UiSeries){.name = name, .ink = UI_BAND, .dash = UI_DOTTED, .point = point, .count = 2};
}

void tensor_draw_curves(const ViewContext *context, UiGrid *grid, UiRect area, StReading reading, int focus) {
    const StReadings *readings = &context->look->readings;
    int rows = readings->count < TRENDS_ROWS ? readings->count : TRENDS_ROWS;
    int first = rows > CURVES ? (focus / CURVES) * CURVES : 0;
    UiPoint *points = malloc(sizeof *points * TRENDS_POINTS * CURVES), limits[4];
    if (!points) return;
    UiSeries series[CURVES + 2];
    int count = 0;
    for (int row = first; row < rows && count < CURVES; row++) {
        UiPoint *own = points + (size_t)count * TRENDS_POINTS;
        size_t n = trends_points(context->trends, row, reading, own);
        series[count] = (UiSeries){.name = readings->health[row].name,
                                   .ink = ui_class_ink(count) | (row == focus ? UI_BOLD : 0),
                                   .dash = (UiDash)(count % 3),
                                   .point = own,
                                   .count = n,
                                   .focus = row == focus};
        count++;
    }
    bool ratio = reading == ST_READING_RATIO;
    if (ratio && trends_length(context->trends) > 1) {
        double from = points[0].x, to = points[trends_length(context->trends) - 1].x;
        band(&series[count++], limits, from, to, 1e-4, "healthy");
        band(&series[count++], limits + 2, from, to, 1e-2, NULL);
    }
    const StReadingKind *kind = &st_reading_kinds[reading];
    char title[96], about[200];
    snprintf(title, sizeof title, "%s %s", kind->name,
             grid->look.ladder == UI_ASCII ? kind->plain : kind->formula);
    snprintf(about, sizeof about, "%s · bad: %s", kind->help, kind->bad);
    area = ui_inset(area, area.w > 20 ? 1 : 0, 0);
    if (area.h > 6)
        ui_paragraph(grid, ui_cut_bottom(&area, ui_text_width(about) > area.w && area.h > 8 ? 2 : 1), UI_DIM,
                     0, about);
    if (trends_length(context->trends) == 0) {
        ui_paragraph(
            grid, ui_inset(area, 1, 0), UI_DIM, 0,
            "No readings over time yet: space trains, and every step that is looked at adds a point.");
    } else {
        UiPlot plot = {.title = title,
                       .x_name = "step",
                       .series = series,
                       .count = count,
                       .log_y = ratio || reading == ST_READING_GRADIENT};
        ui_plot_draw(grid, area, &plot);
    }
    free(points);
}
