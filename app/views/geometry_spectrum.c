/* The singular values of a weight matrix as a scree, the band of chance shaded, and what is read off them. */
#include "geometry.h"

#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PANEL = 30, PANEL_LEAST = 72 };

/* The row of the picture, from its top, on which a value lies. */
static int row_of(const UiPlotView *view, double value) {
    double t = (view->y1 - value) / (view->y1 - view->y0);
    return (int)floor(t * view->inner.h);
}

/* On what the curve left blank. */
static void shade_band(UiGrid *grid, const UiPlotView *view, double low, double high) {
    uint32_t shade = ui_glyph_shade(grid->look.ladder, 1);
    if (!(view->y1 > view->y0) || view->inner.w <= 0) return;
    for (int y = row_of(view, high); y <= row_of(view, low); y++)
        for (int x = 0; y >= 0 && y < view->inner.h && x < view->inner.w; x++) {
            const UiCell *cell = ui_grid_at(grid, view->inner.x + x, view->inner.y + y);
            if (cell && cell->ch == ' ') ui_put_ink(grid, view->inner, x, y, shade, UI_BAND);
        }
}

static void draw_scree(const StFinding *found, UiGrid *grid, UiRect area) {
    int64_t count = 0;
    const double *sigma = st_finding_values(found, "singular_values", &count);
    UiPoint *point = malloc((size_t)(count ? count : 1) * sizeof *point);
    if (!point || !sigma) {
        free(point);
        return;
    }
    for (int64_t k = 0; k < count; k++)
        point[k] = (UiPoint){(double)(k + 1), sigma[k], sigma[k], sigma[k]};
    double low = st_finding_value(found, "mp_sigma_low"), high = st_finding_value(found, "mp_sigma_high");
    UiSeries series = {
        .name = NULL, .ink = UI_TRAINING, .point = point, .count = (size_t)count, .focus = true};
    double top = fmax(sigma[0], isnan(high) ? 0 : high);
    UiPlot plot = {.title = "singular values",
                   .x_name = "number",
                   .series = &series,
                   .count = 1,
                   .x0 = 1,
                   .x1 = count > 1 ? (double)count : 2,
                   .y0 = 0,
                   .y1 = top > 0 ? 1.05 * top : 1};
    UiPlotView view = ui_plot_draw(grid, area, &plot);
    shade_band(grid, &view, low, high);
    free(point);
}

/* One figure a line: its name, the figure, what it is out of. */
static void draw_fact(UiGrid *grid, UiRect area, int y, const char *name, double value, const char *of) {
    char number[UI_NUMBER];
    ui_text_in(grid, area, 0, y, 14, UI_DIM, name);
    ui_print_right(grid, area, 21, y, isnan(value) ? UI_DIM : UI_TEXT, "%s", ui_number(number, value, 6, 3));
    ui_text_in(grid, area, 22, y, area.w - 22, UI_DIM, of);
}

static void draw_count(UiGrid *grid, UiRect area, int y, const char *name, double value, const char *of) {
    ui_text_in(grid, area, 0, y, 14, UI_DIM, name);
    ui_print_right(grid, area, 21, y, UI_TEXT, "%.0f", value);
    ui_text_in(grid, area, 22, y, area.w - 22, UI_DIM, of);
}

/* The other matrices of the layer, one a line. */
static void draw_others(const StFinding *found, UiGrid *grid, UiRect area) {
    const double *rank = st_finding_values(found, "tensor_stable_rank", NULL);
    char number[UI_NUMBER];
    for (int i = 0; rank && i < st_finding_names(found, "tensors"); i++) {
        const char *name = st_finding_name_at(found, "tensors", i), *slash = strchr(name, '/');
        if (i == 0) ui_text_in(grid, area, 0, 0, area.w, UI_DIM, "stable ranks of the layer");
        ui_text_in(grid, area, 1, i + 1, area.w - 8, UI_DIM, slash ? slash + 1 : name);
        ui_print_right(grid, area, area.w, i + 1, UI_TEXT, "%s", ui_number(number, rank[i], 6, 3));
    }
}

static void draw_facts(const StFinding *found, UiGrid *grid, UiRect area) {
    double rows = st_finding_value(found, "matrix_rows"), columns = st_finding_value(found, "matrix_columns");
    char of[32], low[UI_NUMBER], high[UI_NUMBER], error[40] = "";
    int y = 0;
    snprintf(of, sizeof of, "of %.0f", fmin(rows, columns));
    draw_fact(grid, area, y++, "largest σ₁", st_finding_value(found, "spectral_norm"), "");
    draw_fact(grid, area, y++, "norm |W|F", st_finding_value(found, "frobenius_norm"), "");
    draw_fact(grid, area, y++, "stable rank", st_finding_value(found, "stable_rank"), of);
    draw_fact(grid, area, y++, "effective rank", st_finding_value(found, "effective_rank"), of);
    draw_count(grid, area, y++, "rank", st_finding_value(found, "rank"), of);
    draw_count(grid, area, y++, "above band", st_finding_value(found, "above_band"), of);
    ui_text_in(grid, area, 0, y, 14, UI_DIM, "band of chance");
    ui_number_ends(low, high, st_finding_value(found, "mp_sigma_low"),
                   st_finding_value(found, "mp_sigma_high"));
    ui_print(grid, area, 15, y++, UI_TEXT, "%s to %s", low, high);
    double alpha = st_finding_value(found, "alpha");
    if (!isnan(alpha)) snprintf(error, sizeof error, "± %.2g", st_finding_value(found, "alpha_error"));
    draw_fact(grid, area, y++, "tail alpha", alpha, error);
    UiRect rest = ui_rect(area.x, area.y + y, area.w, area.h - y);
    ui_cut_top(&rest, 1 + ui_paragraph(grid, rest, UI_DIM, 0, st_finding_text(found, "alpha_tag")));
    draw_others(found, grid, rest);
}

/* "stable rank 12.4 · effective 38.1 of 64 · 5 above the band" */
static void draw_line(const StFinding *found, UiGrid *grid, UiRect row) {
    char text[160], a[UI_NUMBER], b[UI_NUMBER];
    snprintf(text, sizeof text,
             row.w < 48 ? "stable %s · effective %s of %.0f"
                        : "stable rank %s · effective %s of %.0f · %.0f above the band",
             ui_number(a, st_finding_value(found, "stable_rank"), 4, 3),
             ui_number(b, st_finding_value(found, "effective_rank"), 4, 3),
             fmin(st_finding_value(found, "matrix_rows"), st_finding_value(found, "matrix_columns")),
             st_finding_value(found, "above_band"));
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_TEXT, text);
}

void geometry_draw_spectrum(const ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *found = &context->found->finding;
    if (area.h >= 5) {
        UiRect row = ui_cut_top(&area, 1);
        char name[96], text[260];
        inside_layer(context, (int)st_finding_value(found, "layer") - 1, name);
        snprintf(text, sizeof text, " · %s as %.0fx%.0f · band by Marchenko and Pastur",
                 st_finding_text(found, "tensor"), st_finding_value(found, "matrix_rows"),
                 st_finding_value(found, "matrix_columns"));
        int x = 1 + ui_text_in(grid, row, 1, 0, row.w - 2, UI_TITLE, name);
        ui_text_in(grid, row, x, 0, row.w - x - 1, UI_DIM, text);
    }
    if (area.w >= PANEL_LEAST && area.h >= 9) {
        UiRect side = ui_cut_right(&area, PANEL + 2);
        draw_facts(found, grid, ui_inset(side, 1, 0));
    } else if (area.h >= 3) {
        draw_line(found, grid, ui_cut_bottom(&area, 1));
    }
    draw_scree(found, grid, ui_inset(area, 1, 0));
}
