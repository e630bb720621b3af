/* Principal components as a scatter, flat or turned, with its legend. */
#include "geometry.h"

#include "scatter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERS = 52, PANEL = 22, LEGEND_LEAST = 66, LOW = 8 };

/* What is drawn, made anew for every frame. */
typedef struct Cloud {
    const ViewContext *context;
    const StFinding *found;
    int64_t rows, axes, classes;
    const double *score, *label, *target, *share;
    uint32_t letter[LETTERS];
    UiTag tag[LETTERS + 1];
    int tags;
    UiStroke stroke[3];
    int strokes;
    UiDot *dot;      /* [rows] */
    int64_t example; /* which of the rows is looked at; -1: none of them */
    double radius, low[2], high[2];
    double low_target, high_target;
} Cloud;

bool geometry_has_depth(const ViewContext *context) {
    const StStudy *study = inside_study(context);
    if (!context->found || !study || strncmp(study->name, "pca", 3)) return false;
    const StShape *shape = st_finding_shape(&context->found->finding, "scores");
    return shape && shape->dim[1] >= 3;
}

/* ---- letters ---- */

/* The first letter of each class's name where they all differ; else A, B, C … */
static void choose_letters(Cloud *cloud) {
    char name[64];
    int count = cloud->classes < LETTERS ? (int)cloud->classes : LETTERS;
    bool differ = cloud->classes <= LETTERS;
    for (int k = 0; k < count; k++) {
        const char *text = inside_class(cloud->context, k, name);
        cloud->letter[k] = ui_utf8_next(&text);
        differ = differ && cloud->letter[k] > ' ' && cloud->letter[k] < 0x7F;
        for (int j = 0; j < k; j++)
            differ = differ && cloud->letter[j] != cloud->letter[k];
    }
    for (int k = 0; !differ && k < count; k++)
        cloud->letter[k] = (uint32_t)(k < 26 ? 'A' + k : 'a' + k - 26);
}

/* ---- points ---- */

/* Where a point is seen, and how near. Two dimensions where the view is not turned; along one alone classes
 * stand above each other. */
static void place(const Cloud *cloud, const double *p, double klass, double to[3]) {
    const GeometryState *state = cloud->context->state;
    to[0] = p[0], to[1] = cloud->axes > 1 ? p[1] : 0.1 * cloud->radius * (isnan(klass) ? 0 : klass),
    to[2] = 0;
    if (!state->turned || cloud->axes < 3) return;
    double yaw = state->yaw * acos(-1) / 12, pitch = state->pitch * acos(-1) / 12;
    double z = p[2] * cos(yaw) - p[0] * sin(yaw);
    to[0] = p[0] * cos(yaw) + p[2] * sin(yaw);
    to[1] = p[1] * cos(pitch) - z * sin(pitch);
    to[2] = p[1] * sin(pitch) + z * cos(pitch);
}

static void find_extents(Cloud *cloud) {
    cloud->low_target = INFINITY, cloud->high_target = -INFINITY;
    for (int64_t i = 0; i < cloud->rows; i++) {
        double squares = 0;
        for (int64_t k = 0; k < cloud->axes; k++)
            squares += cloud->score[i * cloud->axes + k] * cloud->score[i * cloud->axes + k];
        cloud->radius = fmax(cloud->radius, sqrt(squares));
        if (!cloud->target) continue;
        cloud->low_target = fmin(cloud->low_target, cloud->target[i]);
        cloud->high_target = fmax(cloud->high_target, cloud->target[i]);
    }
}

static void place_dots(Cloud *cloud) {
    const GeometryState *state = cloud->context->state;
    bool turned = state->turned && cloud->axes >= 3;
    double middle = (cloud->low_target + cloud->high_target) / 2, at[3];
    double half = (cloud->high_target - cloud->low_target) / 2;
    for (int64_t i = 0; i < cloud->rows; i++) {
        double klass = cloud->label ? cloud->label[i] : NAN;
        place(cloud, cloud->score + i * cloud->axes, klass, at);
        cloud->dot[i] = (UiDot){.x = at[0], .y = at[1], .klass = isnan(klass) ? -1 : (int)klass};
        if (cloud->target && half > 0) cloud->dot[i].value = (float)((cloud->target[i] - middle) / half);
        cloud->dot[i].faint = turned && at[2] < 0;
        for (int k = 0; k < 2; k++) {
            cloud->low[k] = i ? fmin(cloud->low[k], at[k]) : at[k];
            cloud->high[k] = i ? fmax(cloud->high[k], at[k]) : at[k];
        }
    }
    if (!turned) return;
    for (int k = 0; k < 2; k++) /* so that nothing grows or shrinks while it turns */
        cloud->low[k] = -cloud->radius, cloud->high[k] = cloud->radius;
    for (int k = 0; k < 3; k++) {
        double axis[3] = {0};
        axis[k] = 0.9 * cloud->radius;
        place(cloud, axis, 0, at);
        cloud->stroke[cloud->strokes++] = (UiStroke){0, 0, at[0], at[1], (uint32_t)('x' + k)};
    }
}

/* Centroids, and the example that is looked at where it is among the rows. */
static void place_tags(Cloud *cloud) {
    const StFinding *found = cloud->found;
    const double *centroid = st_finding_values(found, "centroids", NULL), *row = NULL;
    double at[3];
    for (int k = 0; centroid && k < cloud->classes && k < LETTERS; k++) {
        const double *p = centroid + k * cloud->axes;
        if (isnan(p[0])) continue;
        place(cloud, p, k, at);
        cloud->tag[cloud->tags++] = (UiTag){at[0], at[1], k, cloud->letter[k]};
    }
    const Gaze *gaze = cloud->context->gaze;
    const StDataset *dataset = inside_dataset(cloud->context);
    row = st_finding_values(found, "row_index", NULL);
    if (!dataset || !row || gaze->row < 0 ||
        strcmp(st_part_name(gaze_part(gaze, dataset)), st_finding_text(found, "part")))
        return;
    for (int64_t i = 0; i < cloud->rows; i++)
        if ((int64_t)row[i] == gaze->row)
            cloud->example = i,
            cloud->tag[cloud->tags++] = (UiTag){cloud->dot[i].x, cloud->dot[i].y, -1, 0x25C6};
}

/* ---- words around it ---- */

static double share_of(const Cloud *cloud, int k) {
    int64_t size = 0;
    const double *share = st_finding_values(cloud->found, "explained", &size);
    return share && k < size ? 100 * share[k] : NAN;
}

/* "2 dense_1 · 64 wide · 61.2 % of what differs is in the picture" */
static void draw_layer(const Cloud *cloud, UiGrid *grid, UiRect row) {
    char name[96], number[UI_NUMBER], text[200];
    const GeometryState *state = cloud->context->state;
    bool turned = state->turned && cloud->axes >= 3;
    double sum = 0;
    for (int k = 0; k < (turned ? 3 : 2) && k < cloud->axes; k++)
        sum += share_of(cloud, k);
    inside_layer(cloud->context, (int)st_finding_value(cloud->found, "layer") - 1, name);
    int x = 1 + ui_text_in(grid, row, 1, 0, row.w - 2, UI_TITLE, name);
    snprintf(text, sizeof text,
             row.w < 60 ? " · %.0f wide · %s %% in %s" : " · %.0f wide · %s %% of the variance in %s",
             st_finding_value(cloud->found, "width"), ui_number(number, sum, 4, 3),
             turned            ? "3-D"
             : cloud->axes > 1 ? "2-D"
                               : "1-D");
    ui_text_in(grid, row, x, 0, row.w - x - 1, UI_DIM, text);
}

/* "◆ row 12: 8", where there is room for it. */
static void draw_example(const Cloud *cloud, UiGrid *grid, UiRect row, int x) {
    char text[120], name[64];
    const Gaze *gaze = cloud->context->gaze;
    double klass = cloud->example >= 0 && cloud->label ? cloud->label[cloud->example] : NAN;
    if (gaze->row < 0) return;
    if (cloud->example < 0)
        snprintf(text, sizeof text, "row %lld is not among these", (long long)gaze->row);
    else
        snprintf(text, sizeof text, isnan(klass) ? "◆ row %lld" : "◆ row %lld: %s", (long long)gaze->row,
                 isnan(klass) ? "" : inside_class(cloud->context, (int)klass, name));
    if (x + ui_text_width(text) < row.w) ui_text(grid, row, x, 0, UI_TEXT, text);
}

static void draw_axes(const Cloud *cloud, UiGrid *grid, UiRect row) {
    char text[256], a[UI_NUMBER], b[UI_NUMBER], c[UI_NUMBER];
    const GeometryState *state = cloud->context->state;
    ui_number(a, share_of(cloud, 0), 4, 3), ui_number(b, share_of(cloud, 1), 4, 3);
    ui_number(c, share_of(cloud, 2), 4, 3);
    if (state->turned && cloud->axes >= 3)
        snprintf(text, sizeof text, "x %s %%  y %s %%  z %s %% · turned %d° tilted %d°", a, b, c,
                 15 * state->yaw, 15 * state->pitch);
    else if (cloud->axes > 1)
        snprintf(text, sizeof text, "→ PC1 %s %%   ↑ PC2 %s %%", a, b);
    else
        snprintf(text, sizeof text, "→ PC1 %s %%   ↑ classes one above the other", a);
    int x = 1 + ui_text_in(grid, row, 1, 0, row.w - 2, UI_DIM, text);
    draw_example(cloud, grid, row, x + 2);
}

static int64_t members(const Cloud *cloud, int klass) {
    int64_t count = 0;
    for (int64_t i = 0; i < cloud->rows; i++)
        count += cloud->label[i] == klass;
    return count;
}

static void draw_class(const Cloud *cloud, UiGrid *grid, UiRect area, int y, int klass) {
    char name[64];
    UiScatter letters = {.letter = cloud->letter, .letters = LETTERS};
    ui_put_ink(grid, area, 0, y, ui_scatter_letter(grid, &letters, klass), ui_class_ink(klass) | UI_BOLD);
    ui_text_in(grid, area, 2, y, area.w - 8, UI_TEXT, inside_class(cloud->context, klass, name));
    ui_print_right(grid, area, area.w, y, UI_DIM, "%lld", (long long)members(cloud, klass));
}

static void draw_targets(const Cloud *cloud, UiGrid *grid, UiRect area) {
    char low[UI_NUMBER], high[UI_NUMBER];
    double third = (cloud->high_target - cloud->low_target) / 3;
    ui_text_in(grid, area, 0, 0, area.w, UI_DIM, "the target of each row");
    if (ui_look_has_ramp(&grid->look)) {
        ui_ramp_bar(grid, area, 0, 1, area.w, UI_RAMP_SIGNED, cloud->low_target, cloud->high_target);
        return;
    }
    ui_number_ends(low, high, cloud->low_target + third, cloud->high_target - third);
    ui_print(grid, area, 0, 1, UI_TEXT, "- below %s", low);
    ui_text(grid, area, 0, 2, UI_TEXT, "· between");
    ui_print(grid, area, 0, 3, UI_TEXT, "+ above %s", high);
}

/* Classes with their letters and rows, then the shares of the components. */
static void draw_panel(const Cloud *cloud, UiGrid *grid, UiRect area) {
    int64_t shares = 0;
    int shown = 0, room = area.h - (int)cloud->classes - 2, most = room < 2 ? 2 : room > 8 ? 8 : room;
    const double *share = st_finding_values(cloud->found, "explained", &shares);
    if (shares > most) shares = most;
    UiRect below = ui_cut_bottom(&area, (int)shares + 1);
    if (cloud->target) draw_targets(cloud, grid, area);
    for (; cloud->label && shown < cloud->classes && shown < area.h; shown++)
        if (shown == area.h - 1 && shown < cloud->classes - 1)
            ui_print(grid, area, 0, shown, UI_DIM, "… %d more", (int)cloud->classes - shown);
        else
            draw_class(cloud, grid, area, shown, shown);
    ui_text_in(grid, below, 0, 0, below.w, UI_DIM, "share of the variance");
    for (int k = 0; share && k < shares; k++) {
        char number[UI_NUMBER];
        ui_print(grid, below, 0, k + 1, UI_DIM, "%d", k + 1);
        ui_bar(grid, below, 2, k + 1, below.w - 10, UI_TRAINING, share[k]);
        ui_print_right(grid, below, below.w, k + 1, UI_TEXT, "%s %%",
                       ui_number(number, 100 * share[k], 4, 3));
    }
}

/* "0 1 2 3 …" on one line, where there is no room for a panel. */
static void draw_line(const Cloud *cloud, UiGrid *grid, UiRect row) {
    char name[64];
    int x = 1;
    for (int k = 0; k < cloud->classes && k < LETTERS; k++) {
        inside_class(cloud->context, k, name);
        int w = ui_text_width(name);
        bool plain = w == 1 && (uint32_t)name[0] == cloud->letter[k];
        int needs = plain ? 2 : w + 3, rest = k + 1 < cloud->classes ? 2 : 0;
        if (x + needs + rest > row.w) {
            ui_put_glyph(grid, row, x, 0, UI_GLYPH_ELLIPSIS, UI_DIM);
            return;
        }
        ui_put_ink(grid, row, x, 0, cloud->letter[k], ui_class_ink(k) | UI_BOLD);
        if (!plain) ui_text(grid, row, x + 2, 0, UI_DIM, name);
        x += needs;
    }
}

/* ---- all of it ---- */

static bool read_cloud(const ViewContext *context, Cloud *cloud) {
    const StFinding *found = &context->found->finding;
    const StShape *shape = st_finding_shape(found, "scores");
    int64_t classes = 0;
    *cloud = (Cloud){.context = context, .found = found, .example = -1};
    if (!shape || shape->dim[0] == 0 || shape->dim[1] == 0) return false;
    cloud->rows = shape->dim[0], cloud->axes = shape->dim[1];
    cloud->score = st_finding_values(found, "scores", NULL);
    cloud->target = st_finding_values(found, "targets", NULL);
    cloud->label = st_finding_values(found, "labels", NULL);
    if (st_finding_shape(found, "centroids")) classes = st_finding_shape(found, "centroids")->dim[0];
    cloud->classes = classes;
    cloud->dot = malloc((size_t)cloud->rows * sizeof *cloud->dot);
    if (!cloud->dot) return false;
    choose_letters(cloud);
    find_extents(cloud);
    place_dots(cloud);
    place_tags(cloud);
    return true;
}

void geometry_draw_scatter(const ViewContext *context, UiGrid *grid, UiRect area) {
    Cloud cloud;
    if (!read_cloud(context, &cloud)) {
        ui_print_center(grid, area, area.h / 2, UI_DIM, "looking …");
        return;
    }
    bool panel = area.w >= LEGEND_LEAST && area.h >= 9;
    if (area.h >= 4) draw_layer(&cloud, grid, ui_cut_top(&area, 1));
    if (panel) {
        UiRect side = ui_cut_right(&area, PANEL + 2);
        draw_panel(&cloud, grid, ui_inset(side, 1, 0));
    } else if (area.h >= 5 && cloud.classes > 0) {
        draw_line(&cloud, grid, ui_cut_bottom(&area, 1));
    }
    if (area.h >= 4) draw_axes(&cloud, grid, ui_cut_bottom(&area, 1));
    UiScatter scatter = {.x0 = cloud.low[0],
                         .x1 = cloud.high[0],
                         .y0 = cloud.low[1],
                         .y1 = cloud.high[1],
                         .stretch = area.h < LOW && !cloud.strokes,
                         .dot = cloud.dot,
                         .dots = (size_t)cloud.rows,
                         .letter = cloud.classes ? cloud.letter : NULL,
                         .letters = LETTERS,
                         .tag = cloud.tag,
                         .tags = cloud.tags,
                         .stroke = cloud.stroke,
                         .strokes = cloud.strokes};
    ui_scatter_draw(grid, ui_inset(area, 1, 0), &scatter);
    free(cloud.dot);
}
