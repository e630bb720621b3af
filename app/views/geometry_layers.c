/* Layers beside each other: how alike they are, how alike to what they were, what can be read off them. */
#include "geometry.h"

#include <math.h>
#include <string.h>

/* What stands at a place of the lists `layers`: of those that begin with the input, place 0 is the input. */
static const char *layer_at(const ViewContext *context, int place, bool input, char buffer[96]) {
    return inside_layer(context, place - input, buffer);
}

static int name_width(const ViewContext *context, int count, bool input, int most) {
    int width = 5;
    char name[96];
    for (int i = 0; i < count; i++) {
        int w = ui_text_width(layer_at(context, i, input, name));
        if (w > width) width = w;
    }
    return width < most ? width : most;
}

/* Which `shown` of count to show, so that the layer that is looked at is among them. */
static int window(const ViewContext *context, int count, int shown, bool input) {
    int at = context->gaze->layer + input, first = at - shown / 2;
    if (context->gaze->layer < 0) return 0;
    return first < 0 ? 0 : first > count - shown ? count - shown : first;
}

static void draw_name(const ViewContext *context, UiGrid *grid, UiRect area, int y, int place, bool input,
                      int width) {
    char name[96];
    bool here = context->gaze->layer >= 0 && context->gaze->layer + input == place;
    if (here) ui_put_glyph(grid, area, 0, y, UI_GLYPH_RIGHT, UI_TITLE);
    ui_text_in(grid, area, 1, y, width, here ? UI_TITLE : UI_TEXT, layer_at(context, place, input, name));
}

/* Not made yet, or not to be had. */
static const char *missing_word(const ViewContext *context) {
    return context->found->done < 1 ? "…" : "–";
}

/* ---- between layers ---- */

/* Two digits on a ground by size; without colours on a shade. */
static void draw_cell(const ViewContext *context, UiGrid *grid, UiRect cell, double value) {
    char text[8];
    int x = (cell.w - 3) / 2, y = cell.h / 2;
    bool ramp = ui_look_has_ramp(&grid->look);
    if (isnan(value)) {
        ui_text(grid, cell, x + 1, y, UI_DIM, missing_word(context));
        return;
    }
    int hundredths = (int)lround(100 * value);
    snprintf(text, sizeof text, hundredths >= 100 ? "1.0" : ".%02d", hundredths < 0 ? 0 : hundredths);
    bool bright = grid->look.light ? value < 0.55 : value > 0.55;
    uint32_t fill = ramp ? ' ' : ui_glyph_shade(grid->look.ladder, (int)lround(4 * value));
    UiStyle style = ui_style(&grid->look, UI_DIM);
    if (ramp)
        style = (UiStyle){ui_color(&grid->look, bright ? 0x000000 : 0xFFFFFF),
                          ui_ramp(&grid->look, UI_RAMP_SIZE, value), 0};
    for (int i = 0; i < cell.w * cell.h; i++)
        ui_put(grid, cell, i % cell.w, i / cell.w, fill, style);
    if (!ramp) style = ui_style(&grid->look, UI_TEXT);
    if (!ramp && cell.w >= 5) ui_text(grid, cell, x - 1, y, UI_TEXT, "     ");
    for (int i = cell.w < 4 && !ramp; i < 3; i++)
        ui_put(grid, cell, x + i, y, (uint32_t)text[i], style);
}

/* Which neighbours differ least and most: where a layer does nothing, and where the work is done. */
static void draw_steps(const ViewContext *context, UiGrid *grid, UiRect row, const double *cka, int count) {
    int least = -1, most = -1;
    char text[300], a[96], b[96], c[96], d[96];
    for (int i = 0; i + 1 < count; i++) {
        double value = cka[i * count + i + 1];
        if (isnan(value)) continue;
        if (least < 0 || value > cka[least * count + least + 1]) least = i;
        if (most < 0 || value < cka[most * count + most + 1]) most = i;
    }
    if (least < 0) return;
    if (row.w < 60) {
        ui_print(grid, row, 1, 0, UI_TEXT, "%d → %d least %.2f, %d → %d most %.2f", least, least + 1,
                 cka[least * count + least + 1], most, most + 1, cka[most * count + most + 1]);
        return;
    }
    snprintf(text, sizeof text, "changes least %s → %s %.2f, most %s → %s %.2f",
             layer_at(context, least, true, a), layer_at(context, least + 1, true, b),
             cka[least * count + least + 1], layer_at(context, most, true, c),
             layer_at(context, most + 1, true, d), cka[most * count + most + 1]);
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_TEXT, text);
}

enum { LEAST_W = 4, MOST_W = 13 }; /* columns of a cell, the gap included */

void geometry_draw_cka(const ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *found = &context->found->finding;
    int count = st_finding_names(found, "layers");
    const double *cka = st_finding_values(found, "cka", NULL);
    if (!cka || count == 0) return;
    if (area.h >= 6) draw_steps(context, grid, ui_cut_bottom(&area, 1), cka, count);
    int names = name_width(context, count, true, area.w >= 60 ? 22 : area.w / 3);
    int across = (area.w - names - 2) / LEAST_W, shown = area.h - 1 < count ? area.h - 1 : count;
    if (across < shown) shown = across;
    if (shown < 1) return;
    int first = window(context, count, shown, true);
    int w = (area.w - names - 2) / shown, h = (area.h - 1) / shown;
    w = w > MOST_W ? MOST_W : w, h = h > w / 3 ? w / 3 : h;
    UiRect head = ui_cut_top(&area, 1);
    if (shown < count) ui_print(grid, head, 1, 0, UI_DIM, "%d to %d", first, first + shown - 1);
    for (int i = 0; i < shown; i++) {
        int x = names + 2 + w * i;
        ui_print_right(grid, head, x + (w - 3) / 2 + 3, 0, UI_DIM, first + i ? "%d" : "in", first + i);
        draw_name(context, grid, area, i * h + h / 2, first + i, true, names);
        for (int j = 0; j < shown; j++)
            draw_cell(context, grid, ui_rect(area.x + names + 2 + w * j, area.y + i * h, w - 1, h),
                      cka[(first + i) * count + first + j]);
    }
}

/* ---- bars ---- */

/* A bar from 0 to 1 with its figure; a mark where chance is. */
static void draw_bar(const ViewContext *context, UiGrid *grid, UiRect area, int x, int y, UiInk ink,
                     double value, double mark) {
    int w = area.w - x - 7;
    char number[UI_NUMBER];
    ui_bar(grid, area, x, y, w, ink, isnan(value) || value < 0 ? 0 : value);
    if (mark > 0 && w > 1)
        ui_put_glyph(grid, area, x + (int)lround(mark * (w - 1)), y, UI_GLYPH_UPRIGHT, UI_WARN);
    ui_print_right(grid, area, area.w - 1, y, isnan(value) ? UI_DIM : ink, "%s",
                   isnan(value) ? missing_word(context) : ui_number(number, value, 5, 3));
}

void geometry_draw_moments(const ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *found = &context->found->finding;
    int count = st_finding_names(found, "layers");
    const double *cka = st_finding_values(found, "cka", NULL);
    int names = name_width(context, count, false, area.w / 3);
    if (area.h > 3) {
        UiRect row = ui_cut_top(&area, 1);
        char text[120];
        snprintf(text, sizeof text, "now against %s", st_finding_text(found, "other"));
        ui_text_in(grid, row, 1, 0, row.w - 2, UI_DIM, text);
    }
    int shown = area.h < count ? area.h : count, first = window(context, count, shown, false);
    int step = area.h >= 2 * count ? 2 : 1;
    for (int i = 0; i < shown; i++) {
        draw_name(context, grid, area, i * step, first + i, false, names);
        draw_bar(context, grid, area, names + 2, i * step, UI_TRAINING, cka ? cka[first + i] : NAN, 0);
    }
    if (shown < count) ui_put_glyph(grid, area, area.w - 1, area.h - 1, UI_GLYPH_DOWN, UI_DIM);
}

/* ---- probes ---- */

static void draw_probe_words(const StFinding *found, UiGrid *grid, UiRect row, bool classes, bool marks) {
    int64_t fitted = 0, held = 0;
    char text[200];
    st_finding_values(found, "fitted_rows", &fitted);
    st_finding_values(found, "held_out_rows", &held);
    snprintf(text, sizeof text, "%s of %lld rows, fitted on %lld others", classes ? "accuracy" : "R²",
             (long long)held, (long long)fitted);
    int x = 1 + ui_text_in(grid, row, 1, 0, row.w - 2, UI_DIM, text);
    if (classes && x + 18 <= row.w) {
        ui_put_glyph(grid, row, x + 2, 0, UI_GLYPH_UPRIGHT, UI_WARN);
        x += 4 + ui_print(grid, row, x + 4, 0, UI_DIM, "chance %.3f", st_finding_value(found, "chance"));
    }
    if (!marks || x + 14 > row.w) return;
    ui_put_glyph(grid, row, x + 2, 0, UI_GLYPH_MARK, UI_LAST);
    ui_text(grid, row, x + 4, 0, UI_DIM, "untrained");
}

void geometry_draw_probe(const ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *found = &context->found->finding;
    int count = st_finding_names(found, "layers");
    bool classes = !st_finding_find(found, "r2");
    const double *value = st_finding_values(found, classes ? "accuracy" : "r2", NULL);
    const double *before = st_finding_values(found, "untrained", NULL);
    double chance = st_finding_value(found, "chance");
    bool marks = area.h - 1 < 2 * count;
    if (area.h > 3) draw_probe_words(found, grid, ui_cut_top(&area, 1), classes, marks);
    int names = name_width(context, count, true, area.w / 3), each = area.h >= 2 * count ? 2 : 1;
    int shown = area.h < count ? area.h : count, first = window(context, count, shown, true);
    if (area.h >= 3 * count) each = 3;
    if (each > 1 && names < 12) names = 12;
    for (int i = 0; i < shown; i++) {
        int y = i * each, place = first + i, x = names + 2;
        double then = before ? before[place] : NAN;
        draw_name(context, grid, area, y, place, true, names);
        draw_bar(context, grid, area, x, y, UI_TRAINING, value ? value[place] : NAN, chance);
        if (each > 1) {
            ui_text_in(grid, area, 3, y + 1, names - 2, UI_DIM, "untrained");
            draw_bar(context, grid, area, x, y + 1, UI_LAST, then, chance);
        } else if (then > 0) {
            int at = x + (int)lround(then * (area.w - x - 8));
            ui_put_glyph(grid, area, at, y, UI_GLYPH_MARK, UI_LAST);
        }
    }
    if (shown < count) ui_put_glyph(grid, area, area.w - 1, area.h - 1, UI_GLYPH_DOWN, UI_DIM);
}
