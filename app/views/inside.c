#include "inside.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const StStudy *inside_study(const ViewContext *context) {
    if (context->found) return st_studies[context->found->ask.study];
    int study = *context->method >= 0 ? *context->method : st_study_find(context->view->name, NULL);
    return study >= 0 ? st_studies[study] : NULL;
}

const StDataset *inside_dataset(const ViewContext *context) {
    return session_dataset_loaded(context->session, NULL);
}

const char *inside_class(const ViewContext *context, int klass, char buffer[64]) {
    const StDataset *dataset = inside_dataset(context);
    int classes = dataset && st_dataset_has_labels(dataset) ? st_dataset_classes(dataset) : 0;
    if (klass >= 0 && klass < classes)
        snprintf(buffer, 64, "%s", st_dataset_class_name(dataset, klass));
    else
        snprintf(buffer, 64, klass < 0 ? "–" : "%d", klass);
    return buffer;
}

const char *inside_layer(const ViewContext *context, int layer, char buffer[96]) {
    const StLayerInfo *layers = NULL;
    const StStack *stack = &session_recipe(context->session)->stack;
    session_stack(context->session, &layers, NULL, NULL);
    if (layer < 0)
        snprintf(buffer, 96, "input");
    else if (layers && layer < stack->count)
        snprintf(buffer, 96, "%d %s", layer + 1, layers[layer].name);
    else
        snprintf(buffer, 96, "layer %d", layer + 1);
    return buffer;
}

bool inside_image(const ViewContext *context, int *height, int *width, int *channels) {
    StStackInfo info;
    if (!session_stack(context->session, NULL, &info, NULL) && !info.input.rank) return false;
    StShape shape = info.input;
    const StDataset *dataset = inside_dataset(context);
    if (shape.rank != 3 && dataset && st_dataset_picture(dataset, height, width, channels))
        /* rows of images that the stack takes flat */
        return st_shape_size(&shape) == (int64_t)*height * *width * *channels;
    if (shape.rank != 3 || shape.dim[0] < 2 || shape.dim[1] < 2) return false;
    *height = (int)shape.dim[0], *width = (int)shape.dim[1], *channels = (int)shape.dim[2];
    return true;
}

enum { IMAGE_MOST = 256 * 256 };

UiHeatView inside_draw_image(UiGrid *grid, UiRect area, const double *values, int height, int width,
                             int channels, UiHeat heat) {
    int step = 1; /* larger images lose rows and columns */
    while ((height / step) * (width / step) > IMAGE_MOST)
        step++;
    int rows = height / step, columns = width / step;
    float *pixel = malloc((size_t)rows * (size_t)columns * sizeof *pixel);
    if (!pixel) return (UiHeatView){0};
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            const double *at = values + ((int64_t)r * step * width + (int64_t)c * step) * channels;
            double sum = 0;
            for (int k = 0; k < channels; k++)
                sum += at[k];
            pixel[r * columns + c] = (float)(sum / channels);
        }
    heat.value = pixel;
    heat.rows = rows, heat.columns = columns;
    heat.row_step = columns, heat.column_step = 1;
    heat.square = true;
    UiHeatView view = ui_heat_draw(grid, area, &heat);
    free(pixel);
    return view;
}

/* ---- the head ---- */

/* "row 12 of test", "drawn by hand", of what is shown; nothing where it is not of one example. */
static void subject(const ViewContext *context, char text[96]) {
    const StFinding *finding = &context->found->finding;
    double row = st_finding_value(finding, "row");
    const char *part = st_finding_text(finding, "part");
    text[0] = '\0';
    if (*st_finding_text(finding, "example"))
        snprintf(text, 96, " · %.60s", st_finding_text(finding, "example"));
    else if (isfinite(row) && *part)
        snprintf(text, 96, " · row %.0f of %.30s", row, part);
    else if (*part && isfinite(st_finding_value(finding, "rows")))
        snprintf(text, 96, " · %.0f rows of %.30s", st_finding_value(finding, "rows"), part);
}

/* Step, tag and cost, on the right. Returns the columns taken. */
static int draw_source(const ViewContext *context, UiGrid *grid, UiRect row, int room) {
    const StFound *found = context->found;
    const StStudy *study = inside_study(context);
    char step[40] = "", text[120], cost[24];
    if (found->step >= 0) snprintf(step, sizeof step, "step %lld · ", (long long)found->step);
    double seconds = found->cost_seconds;
    snprintf(cost, sizeof cost,
             seconds < 0.0001   ? "< 0.1 ms"
             : seconds < 0.0095 ? "%.1f ms"
             : seconds < 0.95   ? "%.0f ms"
                                : "%.1f s",
             seconds < 0.95 ? 1000 * seconds : seconds);
    if (found->done < 1)
        snprintf(text, sizeof text, "%s%.0f %% made", step, 100 * found->done);
    else
        snprintf(text, sizeof text, "%s%s · %s", step, st_tag_word(study->tag), cost);
    if (ui_text_width(text) > room) snprintf(text, sizeof text, "%s%s", step, st_tag_word(study->tag));
    if (ui_text_width(text) > room) return 0;
    return ui_print_right(grid, row, row.w - 1, 0, found->done < 1 ? UI_WARN : UI_DIM, "%s", text) + 2;
}

static void draw_title(const ViewContext *context, UiGrid *grid, UiRect row) {
    const StStudy *study = inside_study(context);
    char title[200], of[96] = "";
    if (context->found) subject(context, of);
    bool several = study && st_study_count(study->group) > 1;
    char name[32];
    snprintf(name, sizeof name, "%s", context->view->title);
    for (char *c = name; *c; c++)
        *c = (char)toupper((unsigned char)*c); /* as all headings of views are */
    int x = 1 + ui_text(grid, row, 1, 0, UI_TITLE, name);
    snprintf(title, sizeof title, "%s%s%s", several ? " · " : "", several ? study->title : "", of);
    int taken = ui_text_width(title);
    int right = context->found ? draw_source(context, grid, row, row.w - x - taken - 3) : 0;
    ui_text_in(grid, row, x, 0, row.w - x - right, UI_TEXT, title);
}

static void draw_sentence(UiGrid *grid, UiRect *area, const char *text) {
    UiRect whole = ui_inset(*area, 1, 0);
    int rows = ui_paragraph(grid, ui_rect(whole.x, whole.y, whole.w, 0), UI_DIM, 0, text);
    UiRect place = ui_cut_top(area, rows);
    ui_paragraph(grid, ui_inset(place, 1, 0), UI_DIM, 0, text);
}

/* What one is looking at, and what would be bad: on one line where it fits, else on two or more where there
 * is room, else what can be said whole. */
static void draw_words(const StStudy *study, UiGrid *grid, UiRect *area) {
    char line[400];
    snprintf(line, sizeof line, "%s; bad: %s", study->what, study->bad);
    if (ui_text_width(line) <= area->w - 2) {
        draw_sentence(grid, area, line);
        return;
    }
    if (ui_text_width(study->what) <= area->w - 2 || area->h >= 16) draw_sentence(grid, area, study->what);
    snprintf(line, sizeof line, "bad: %s", study->bad);
    if (area->h >= 15) draw_sentence(grid, area, line);
}

/* Why there is nothing, and how to get it. */
static void nothing(const ViewContext *context, char text[ST_MESSAGE_MAX + 80]) {
    const StStudy *study = inside_study(context);
    if (context->found && *context->found->trouble)
        snprintf(text, ST_MESSAGE_MAX + 80, "%s%s", context->found->trouble,
                 study && st_study_count(study->group) > 1 && context->live ? "; v looks another way" : "");
    else if (*context->trouble)
        snprintf(text, ST_MESSAGE_MAX + 80, "%s", context->trouble);
    else if (!context->inspection)
        snprintf(text, ST_MESSAGE_MAX + 80,
                 "there is no network to look into yet: space trains, s makes one step");
    else if (study && study->asked && context->turn[st_study_find(study->group, study->name)] == 0)
        snprintf(text, ST_MESSAGE_MAX + 80, "enter makes it: %s%s, at %g of a core while training goes on",
                 study->cost, strchr(study->cost, 'F') ? " (F: a pass forward, B: one back)" : "",
                 context->share);
    else
        snprintf(text, ST_MESSAGE_MAX + 80, "looking …");
}

bool inside_head(ViewContext *context, UiGrid *grid, UiRect *area) {
    const StStudy *study = inside_study(context);
    if (area->h >= 4) draw_title(context, grid, ui_cut_top(area, 1));
    if (study && area->h >= 9) draw_words(study, grid, area);
    if (context->found && !*context->found->trouble && context->found->finding.count > 0) return true;
    char text[ST_MESSAGE_MAX + 80];
    nothing(context, text);
    UiRect words = ui_inset(*area, 2, 0);
    int skip = area->h >= 5 ? area->h / 3 : 0;
    ui_cut_top(&words, skip);
    ui_paragraph(grid, words, context->found && *context->found->trouble ? UI_WARN : UI_TEXT, 0, text);
    return false;
}
