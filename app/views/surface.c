/* Surface: what the ground is like around the weights. The loss along a line and over planes, the largest
 * curvature against what the learning rate bears, the gradient's noise against the batch size. All of it is
 * made when asked for. */
#include "inside.h"
#include "surface_map.h"

#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS_MAX = 256, PANEL_W = 36 };

typedef struct SurfaceState {
    bool begun;
    bool cursor;      /* the arrows read values; else they go through time */
    int at, row, col; /* of the line; of the plane */
    bool log_y;
    UiRect picture;  /* of the last drawing, of a map or a line: for the mouse */
    UiPlotView view; /* of the line */
    int64_t from;    /* step of the moment that the line begins at; -1: the start of the run */
} SurfaceState;

static SurfaceState *state_of(const ViewContext *context) {
    SurfaceState *state = context->state;
    if (!state->begun) *state = (SurfaceState){.begun = true, .at = 25, .row = 10, .col = 20, .from = -1};
    return state;
}

static bool is_method(const ViewContext *context, const char *name) {
    const StStudy *study = inside_study(context);
    return study && !strcmp(study->name, name);
}

/* ---- facts, one beside the other ---- */

/* Words and a figure, "distance 5.77"; takes a new row where they do not fit. Rows wholly outside are lost,
 * which callers give room for. */
typedef struct Facts {
    UiGrid *grid;
    UiRect area;
    int x, y;
} Facts;

static void fact_text(Facts *facts, UiInk ink, const char *word, const char *text) {
    int w = (*word ? ui_text_width(word) + 1 : 0) + ui_text_width(text);
    if (facts->x > 0 && facts->x + w > facts->area.w) facts->x = 0, facts->y++;
    int x = facts->x;
    if (*word) x += ui_text_in(facts->grid, facts->area, x, facts->y, facts->area.w - x, UI_DIM, word) + 1;
    if (x < facts->area.w) ui_text_in(facts->grid, facts->area, x, facts->y, facts->area.w - x, ink, text);
    facts->x += w + 3;
}

static void fact(Facts *facts, const StFinding *finding, const char *word, const char *name) {
    char number[UI_NUMBER];
    fact_text(facts, UI_TEXT, word, ui_number(number, st_finding_value(finding, name), 9, 4));
}

static void fact_count(Facts *facts, const StFinding *finding, const char *word, const char *name) {
    char text[40];
    double value = st_finding_value(finding, name);
    snprintf(text, sizeof text, "%.0f", value);
    if (isnan(value)) snprintf(text, sizeof text, "–");
    fact_text(facts, UI_TEXT, word, text);
}

static void fact_row(Facts *facts) {
    if (facts->x > 0) facts->x = 0, facts->y++;
}

/* What it comes to, in a sentence; on several rows where it is narrow. */
static void draw_reading(UiGrid *grid, UiRect *area, const StFinding *finding) {
    const char *reading = st_finding_text(finding, "reading");
    if (area->h < 3) return;
    if (!*reading) reading = "being made …";
    UiRect none = ui_inset(ui_rect(area->x, area->y, area->w, 0), 1, 0);
    int rows = ui_paragraph(grid, none, UI_TEXT, 0, reading);
    if (rows > 1 && rows <= area->h - 5) {
        ui_paragraph(grid, ui_inset(ui_cut_top(area, rows), 1, 0), UI_TEXT, 0, reading);
        return;
    }
    UiRect row = ui_cut_top(area, 1);
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_TEXT, reading);
}

/* ---- the line ---- */

typedef struct Line {
    int count;
    const double *a, *loss, *accuracy; /* accuracy: or NULL */
} Line;

static Line line_of(const StFinding *finding) {
    int64_t a = 0, loss = 0, accuracy = 0;
    Line line = {.a = st_finding_values(finding, "a", &a),
                 .loss = st_finding_values(finding, "loss", &loss),
                 .accuracy = st_finding_values(finding, "accuracy", &accuracy)};
    if (accuracy != a) line.accuracy = NULL;
    line.count = line.a && line.loss && a == loss && a <= POINTS_MAX ? (int)a : 0;
    return line;
}

static void where_it_begins(const ViewContext *context, char text[40]) {
    int64_t other = context->found->ask.other;
    if (other < 0)
        snprintf(text, 40, "start");
    else
        snprintf(text, 40, "step %lld", (long long)other);
}

/* The row of the picture that a plot draws a value in, its dots several a cell; -1: outside. */
static int row_of(const UiGrid *grid, const UiPlotView *view, double y) {
    static const int dots[] = {[UI_ASCII] = 1, [UI_BLOCK] = 2, [UI_BRAILLE] = 4};
    double low = view->y0, high = view->y1;
    int each = dots[grid->look.ladder];
    if (view->log_y) y = log(y), low = log(low), high = log(high);
    double down = (high - y) / (high - low) * (each * view->inner.h - 1);
    return down >= -0.5 && down < each * view->inner.h - 0.5 ? (int)lround(down) / each : -1;
}

/* The two ends, above the curve and on it. */
static void draw_ends(const ViewContext *context, UiGrid *grid, UiRect labels, const UiPlotView *view,
                      const Line *line) {
    char begin[40];
    where_it_begins(context, begin);
    for (int end = 0; end < 2; end++) {
        int column = ui_plot_column(view, end), i = 0;
        const char *word = end ? "now" : begin, *mark = surface_mark(grid, end ? SURFACE_NOW : SURFACE_START);
        while (i < line->count - 1 && line->a[i] < end)
            i++;
        if (labels.h > 0) {
            int x = ui_text(grid, labels, column - labels.x, 0, UI_TITLE, mark) + 1;
            ui_text(grid, labels, column - labels.x + x, 0, UI_DIM, word);
        }
        int row = row_of(grid, view, line->loss[i]);
        if (row >= 0) ui_text(grid, view->inner, column - view->inner.x, row, UI_TITLE, mark);
    }
}

static void draw_curve(ViewContext *context, UiGrid *grid, UiRect area, const Line *line, bool accuracy) {
    SurfaceState *state = state_of(context);
    const double *y = accuracy ? line->accuracy : line->loss;
    UiPoint point[POINTS_MAX];
    size_t count = 0;
    for (int i = 0; i < line->count; i++)
        if (!isnan(y[i]) || context->found->done >= 1)
            point[count++] = (UiPoint){line->a[i], y[i], y[i], y[i]};
    UiSeries series = {
        .name = accuracy ? "accuracy" : "loss", .ink = UI_TRAINING, .point = point, .count = count};
    char place[40];
    snprintf(place, sizeof place, "a = %.2f", line->a[state->at]);
    UiPlot plot = {.x_name = "a",
                   .series = &series,
                   .count = 1,
                   .x0 = line->a[0],
                   .x1 = line->a[line->count - 1],
                   .log_y = state->log_y && !accuracy,
                   .label_w = 6,
                   .bare = area.h < 5 || area.w < 24,
                   .has_cursor = state->cursor,
                   .cursor = line->a[state->at],
                   .cursor_text = place};
    UiRect labels = accuracy || plot.bare ? (UiRect){0} : ui_cut_top(&area, 1);
    UiPlotView view = ui_plot_draw(grid, area, &plot);
    if (!accuracy) state->view = view, state->picture = view.inner;
    if (!accuracy && count > 0) draw_ends(context, grid, labels, &view, line);
}

static void draw_line(ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *finding = &context->found->finding;
    SurfaceState *state = state_of(context);
    Line line = line_of(finding);
    if (line.count < 2) return;
    if (state->at >= line.count) state->at = line.count - 1;
    if (area.h >= 7) {
        Facts facts = {grid, ui_inset(ui_cut_bottom(&area, area.w >= 76 || area.h < 10 ? 1 : 2), 1, 0), 0, 0};
        fact(&facts, finding, "distance", "distance");
        if (st_finding_value(finding, "monotone") == 1)
            fact_text(&facts, UI_TEXT, "barrier", "none");
        else
            fact(&facts, finding, "barrier", "barrier");
        fact(&facts, finding, "least", "minimum");
        fact(&facts, finding, "at a =", "minimum_at");
    }
    UiRect part[2] = {area};
    if (line.accuracy && area.h >= 14)
        ui_split_rows(area, 2, (int[]){3, 2}, 0, part);
    else if (line.accuracy && area.w >= 110)
        ui_split_columns(area, 2, (int[]){1, 1}, 2, part);
    draw_curve(context, grid, part[0], &line, false);
    if (part[1].h > 0) draw_curve(context, grid, part[1], &line, true);
}

/* ---- the planes ---- */

static void draw_legend(ViewContext *context, UiGrid *grid, UiRect area, const SurfaceMap *map) {
    const StFinding *finding = &context->found->finding;
    const SurfaceState *state = state_of(context);
    char text[80], number[UI_NUMBER];
    const double *share = st_finding_values(finding, "explained_variance", NULL);
    Facts facts = {grid, area, 0, 0};
    if (state->cursor) {
        double loss = map->loss[state->row * map->columns + state->col];
        snprintf(text, sizeof text, "%s at a %.3g, b %.3g", ui_number(number, loss, 9, 4), map->a[state->col],
                 map->b[state->row]);
        fact_text(&facts, UI_TITLE, "loss", text);
        fact_row(&facts);
    }
    fact(&facts, finding, "here", "here");
    fact(&facts, finding, "least", "minimum");
    fact_row(&facts);
    surface_map_scale(grid, area, facts.y++, area.w, map);
    if (map->points) {
        fact_text(&facts, UI_TITLE, "start", surface_mark(grid, SURFACE_START));
        if (map->points > 2) fact_text(&facts, UI_TITLE, "moments", surface_mark(grid, SURFACE_BETWEEN));
    }
    fact_text(&facts, UI_TITLE, "now", surface_mark(grid, SURFACE_NOW));
    fact_row(&facts);
    if (map->looked >= 0) {
        double step = st_finding_values(finding, "path_step", NULL)[map->looked];
        snprintf(text, sizeof text, "near step %.0f", step);
        fact_text(&facts, UI_TITLE, text, surface_mark(grid, SURFACE_LOOKED));
        fact_row(&facts);
    }
    snprintf(text, sizeof text, "%.3g %%", 100 * st_finding_value(finding, "path_share"));
    if (share) snprintf(text, sizeof text, "%.3g + %.3g %%", 100 * share[0], 100 * share[1]);
    fact_text(&facts, UI_TEXT, share ? "variance of the path" : "of the way in this plane", text);
}

/* The point of the path that is nearest to the moment that is looked at; -1: the present is. */
static int looked_at(const ViewContext *context, const SurfaceMap *map) {
    const double *step = st_finding_values(&context->found->finding, "path_step", NULL);
    double moment = (double)context->gaze->moment;
    int nearest = -1;
    for (int i = 0; step && moment >= 0 && i < map->points; i++)
        if (nearest < 0 || fabs(step[i] - moment) < fabs(step[nearest] - moment)) nearest = i;
    return nearest;
}

static void draw_plane(ViewContext *context, UiGrid *grid, UiRect area) {
    SurfaceState *state = state_of(context);
    SurfaceMap map;
    if (!surface_map_read(&context->found->finding, context->found->done >= 1, &map)) return;
    if (state->row >= map.rows) state->row = map.rows - 1;
    if (state->col >= map.columns) state->col = map.columns - 1;
    map.has_cursor = state->cursor;
    map.looked = looked_at(context, &map);
    map.cursor_row = state->row, map.cursor_column = state->col;
    if (isnan(map.low)) return;
    UiRect legend = {0};
    if (area.w >= 72)
        legend = ui_cut_right(&area, PANEL_W);
    else if (area.h >= 10)
        legend = ui_cut_bottom(&area, 5);
    else if (area.h >= 5)
        legend = ui_cut_bottom(&area, state->cursor ? 1 : 2);
    if (legend.h > 0) draw_legend(context, grid, ui_inset(legend, 1, 0), &map);
    state->picture = surface_map_draw(grid, ui_inset(area, area.w >= 24, 0), &map);
}

/* ---- rulers ---- */

/* A logarithmic ruler: a value on it, a band, and references below. */
typedef struct Ruler {
    int low, high; /* exponents of ten */
    double value;
    const char *word;           /* what the value is */
    double band_low, band_high; /* exponents; beyond the ruler: none */
    double mark;                /* a reference; NaN: none */
    const char *mark_word;
} Ruler;

static int ruler_column(const Ruler *ruler, int w, double value) {
    double t = (log10(value) - ruler->low) / (ruler->high - ruler->low);
    return (int)lround(fmax(0, fmin(1, t)) * (w - 1));
}

/* A word centred over a column, wholly within the row. */
static void ruler_word(UiGrid *grid, UiRect row, int column, UiInk ink, const char *text) {
    int w = ui_text_width(text), x = column - w / 2;
    if (x + w > row.w) x = row.w - w;
    if (x < 0) x = 0;
    ui_text_in(grid, row, x, 0, row.w - x, ink, text);
}

/* Four rows: the value, the strip, the reference, the decades. */
static void draw_ruler(UiGrid *grid, UiRect *area, const Ruler *ruler) {
    char text[120], number[UI_NUMBER];
    UiRect row = ui_inset(ui_cut_top(area, 1), 2, 0);
    bool has = isfinite(ruler->value) && ruler->value > 0;
    snprintf(text, sizeof text, "%s %s", ruler->word, ui_number(number, ruler->value, 9, 4));
    ruler_word(grid, row, has ? ruler_column(ruler, row.w, ruler->value) : 0, UI_TITLE, text);
    row = ui_inset(ui_cut_top(area, 1), 2, 0);
    ui_dot_strip(grid, row, 0, 0, row.w, UI_TITLE, has ? ruler->value : NAN, ruler->low, ruler->high,
                 ruler->band_low, ruler->band_high);
    row = ui_inset(ui_cut_top(area, 1), 2, 0);
    int every = 1, decades = ruler->high - ruler->low;
    while (decades / every * 6 > row.w)
        every++;
    for (int i = 0; i <= decades; i += every) {
        int column = ruler_column(ruler, row.w, pow(10, ruler->low + i));
        if (ruler->low + i < 0)
            snprintf(text, sizeof text, "1e%d", ruler->low + i);
        else
            ui_count(text, pow(10, ruler->low + i));
        ruler_word(grid, row, column, UI_DIM, text);
    }
    if (!isfinite(ruler->mark) || ruler->mark <= 0) return;
    row = ui_inset(ui_cut_top(area, 1), 2, 0);
    bool whole = ruler->mark == floor(ruler->mark) && ruler->mark < 1e6;
    snprintf(number, sizeof number, "%.0f", ruler->mark);
    if (!whole) ui_number(number, ruler->mark, 9, 4);
    snprintf(text, sizeof text, "↑ %s %s", ruler->mark_word, number);
    int column = ruler_column(ruler, row.w, ruler->mark), w = ui_text_width(text);
    bool left = column + w > row.w; /* the arrow stands under its place: the words go where there is room */
    if (left) snprintf(text, sizeof text, "%s %s ↑", ruler->mark_word, number);
    ui_text_in(grid, row, left ? column - w + 1 : column, 0, w, UI_WARN, text);
}

/* Decades around all values that are to be seen. */
static void ruler_fit(Ruler *ruler) {
    double low = INFINITY, high = -INFINITY, values[] = {ruler->value, ruler->mark};
    for (int i = 0; i < 2; i++) {
        if (!(isfinite(values[i]) && values[i] > 0)) continue;
        low = fmin(low, floor(log10(values[i])));
        high = fmax(high, ceil(log10(values[i])));
    }
    ruler->low = low <= high ? (int)low - 1 : -2;
    ruler->high = low <= high ? (int)high + 1 : 3;
}

/* The rows below what was said, a blank one between. */
static UiRect below(const Facts *facts, UiRect area) {
    ui_cut_top(&area, facts->y + (facts->x > 0) + 1);
    return area;
}

/* Which weights the sharpest direction is of: the largest shares first, as many as there is room for. */
static void draw_shares(UiGrid *grid, UiRect area, const StFinding *finding) {
    int64_t count = 0;
    const double *share = st_finding_values(finding, "eigenvector_share", &count);
    double above = INFINITY;
    if (!share || area.h < 2) return;
    UiRect row = ui_cut_top(&area, 1);
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_DIM, "it is steepest along the weights of");
    for (int y = 0; y < area.h; y++) {
        int next = -1; /* the largest that was not drawn yet; equal ones together */
        for (int i = 0; i < count; i++)
            if (share[i] < above && (next < 0 || share[i] > share[next])) next = i;
        if (next < 0) return;
        above = share[next];
        int name_w = area.w >= 60 ? 30 : area.w / 2 - 4, x = 1 + name_w + 1;
        ui_text_in(grid, area, 1, y, name_w, UI_TEXT, st_finding_name_at(finding, "tensors", next));
        ui_print_right(grid, area, x + 6, y, UI_TEXT, "%.1f %%", 100 * share[next]);
        ui_bar(grid, area, x + 7, y, area.w - x - 8 < 40 ? area.w - x - 8 : 40, UI_TRAINING, share[next]);
    }
}

static void draw_hessian(ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *finding = &context->found->finding;
    double edge = st_finding_value(finding, "edge"), two = st_finding_value(finding, "two_over_rate");
    if (area.h >= 8) ui_cut_top(&area, 1);
    Ruler ruler = {.value = st_finding_value(finding, "eigenvalue"),
                   .word = "largest eigenvalue",
                   .mark = isfinite(edge) ? edge : two,
                   .mark_word = isfinite(edge) && edge != two ? "edge, with momentum" : "edge 2/rate"};
    ruler_fit(&ruler);
    ruler.band_low = ruler.band_high = ruler.high + 9;
    if (isfinite(ruler.mark)) ruler.band_low = ruler.low, ruler.band_high = log10(ruler.mark);
    if (area.h >= 4) draw_ruler(grid, &area, &ruler);
    if (area.h >= 6) ui_cut_top(&area, 1);
    Facts facts = {grid, ui_inset(area, 1, 0), 0, 0};
    fact(&facts, finding, "smallest eigenvalue", "smallest");
    fact(&facts, finding, "|Hv - λv|", "residual");
    fact_count(&facts, finding, "products Hv", "iterations");
    fact(&facts, finding, "loss", "loss");
    fact(&facts, finding, "|g|", "gradient_norm");
    fact(&facts, finding, "rate", "learning_rate");
    fact_text(&facts, UI_TEXT, "optimizer", st_finding_text(finding, "optimizer"));
    draw_shares(grid, below(&facts, facts.area), finding);
}

/* Curvature and edge over the run; by their logarithms, as they lie far apart. */
static void draw_sharpening(ViewContext *context, UiGrid *grid, UiRect area) {
    static const struct {
        const char *name, *title;
    } curves[] = {{"moment_eigenvalue", "largest eigenvalue"}, {"moment_edge", "edge"}};
    const StFinding *finding = &context->found->finding;
    int64_t count = 0;
    const double *step = st_finding_values(finding, "moment_step", &count);
    UiPoint point[2][64];
    UiSeries series[2];
    if (!step || count > 64) return;
    for (int k = 0; k < 2; k++) {
        const double *y = st_finding_values(finding, curves[k].name, NULL);
        size_t shown = 0;
        for (int64_t i = 0; y && i < count; i++)
            if (isfinite(y[i])) {
                double x = isnan(step[i]) ? (double)i : step[i]; /* of a file: its step is not known */
                point[k][shown++] = (UiPoint){x, y[i], y[i], y[i]};
            }
        series[k] = (UiSeries){.name = curves[k].title,
                               .ink = k ? UI_WARN : UI_TRAINING,
                               .dash = k ? UI_DASHED : UI_SOLID,
                               .point = point[k],
                               .count = shown};
    }
    UiPlot plot = {.series = series,
                   .count = 2,
                   .x_name = isnan(step[count - 1]) ? "start, now" : "step",
                   .log_y = !state_of(context)->log_y,
                   .label_w = 6,
                   .bare = area.h < 5 || area.w < 24};
    ui_plot_draw(grid, area, &plot);
}

/* What a batch of each size is worth. */
static void draw_worth(UiGrid *grid, UiRect area, const StFinding *finding) {
    static const struct {
        const char *name, *title;
        UiDash dash;
    } curves[] = {{"step_progress", "progress of a step", UI_SOLID},
                  {"row_efficiency", "of a row", UI_DASHED}};
    const double *size = st_finding_values(finding, "batch_size", NULL);
    UiPoint point[2][64];
    UiSeries series[2] = {0};
    int64_t count = 0;
    if (!size || area.h < 6 || isnan(st_finding_value(finding, "noise_scale"))) return;
    for (int k = 0; k < 2; k++) {
        const double *y = st_finding_values(finding, curves[k].name, &count);
        if (!y || count > 64) return;
        for (int64_t i = 0; i < count; i++)
            point[k][i] = (UiPoint){size[i], y[i], y[i], y[i]};
        series[k] = (UiSeries){.name = curves[k].title,
                               .ink = k ? ui_class_ink(1) : UI_TRAINING,
                               .dash = curves[k].dash,
                               .point = point[k],
                               .count = (size_t)count};
    }
    UiPlot plot = {
        .series = series, .count = 2, .x_name = "batch_size", .log_x = true, .y0 = 0, .y1 = 1, .label_w = 4};
    ui_plot_draw(grid, area, &plot);
}

static void draw_noise(ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *finding = &context->found->finding;
    const StFit *fit = &session_recipe(context->session)->fit;
    if (area.h >= 8) ui_cut_top(&area, 1);
    Ruler ruler = {.high = 5,
                   .band_low = 9,
                   .band_high = 9,
                   .value = st_finding_value(finding, "noise_scale"),
                   .word = "noise scale",
                   .mark = fit->given ? fit->batch_size : NAN,
                   .mark_word = "batch_size"};
    if (isfinite(ruler.value) && ruler.value > 0)
        ruler.band_low = log10(ruler.value) - 0.5, ruler.band_high = log10(ruler.value) + 0.5;
    if (area.h >= 4) draw_ruler(grid, &area, &ruler);
    if (area.h >= 6) ui_cut_top(&area, 1);
    Facts facts = {grid, ui_inset(area, 1, 0), 0, 0};
    fact(&facts, finding, "G²", "gradient_squared");
    fact(&facts, finding, "S", "noise");
    fact_count(&facts, finding, "batches", "batches");
    fact_count(&facts, finding, "of rows", "small_batch");
    fact(&facts, finding, "mean |g_b|²", "small_square");
    fact(&facts, finding, "|g_B|²", "large_square");
    fact_count(&facts, finding, "B", "large_batch");
    draw_worth(grid, below(&facts, facts.area), finding);
}

/* ---- the view ---- */

/* The formula, where there is room below. */
static void draw_formula(ViewContext *context, UiGrid *grid, UiRect *area) {
    const StStudy *study = inside_study(context);
    if (area->h < 12 || !study) return;
    UiRect row = ui_cut_bottom(area, 1);
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_DIM,
               grid->look.ladder == UI_ASCII ? study->plain : study->formula);
}

/* What is shown was asked for at another moment than the one that is looked at, or from another beginning. */
static void draw_news(ViewContext *context, UiGrid *grid, UiRect *area) {
    const SurfaceState *state = state_of(context);
    int64_t moment = context->gaze->moment;
    char text[96], step[40] = "the start of the run";
    bool begins = is_method(context, "line") && context->found->ask.other != state->from;
    bool elsewhere = moment >= 0 && context->found->step != moment;
    if ((!begins && !elsewhere) || context->found->done < 1 || area->h < 4) return;
    if (state->from >= 0) snprintf(step, sizeof step, "step %lld", (long long)state->from);
    if (begins)
        snprintf(text, sizeof text, "the next line begins at %s: enter makes it", step);
    else
        snprintf(text, sizeof text, "this is of step %lld: enter makes it of step %lld",
                 (long long)context->found->step, (long long)moment);
    UiRect row = ui_cut_top(area, 1);
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_WARN, text);
}

static void surface_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    static const struct {
        const char *method;
        void (*draw)(ViewContext *context, UiGrid *grid, UiRect area);
    } methods[] = {{"line", draw_line},       {"plane", draw_plane},           {"path", draw_plane},
                   {"hessian", draw_hessian}, {"sharpening", draw_sharpening}, {"noise", draw_noise}};
    state_of(context)->picture = (UiRect){0};
    if (!inside_head(context, grid, &area)) return;
    draw_reading(grid, &area, &context->found->finding);
    draw_news(context, grid, &area);
    draw_formula(context, grid, &area);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (is_method(context, methods[i].method)) methods[i].draw(context, grid, area);
}

/* Of the whole of the training part: what else is looked at changes nothing here. */
static void surface_ask(ViewContext *context, StAsk *ask) {
    StAsk plain = st_ask(ask->study);
    *context->method = ask->study; /* every one can be asked for, so the first is the one that is shown */
    plain.turn = ask->turn;
    plain.part = context->live ? -1 : ask->part;
    plain.other = state_of(context)->from;
    *ask = plain;
}

static bool move_cursor(ViewContext *context, UiKey key) {
    SurfaceState *state = state_of(context);
    int dx = (key == UI_KEY_RIGHT) - (key == UI_KEY_LEFT), dy = (key == UI_KEY_UP) - (key == UI_KEY_DOWN);
    SurfaceMap map;
    if ((!dx && !dy) || !context->found) return false;
    if (surface_map_read(&context->found->finding, true, &map)) {
        state->col = state->col + dx < 0 || state->col + dx >= map.columns ? state->col : state->col + dx;
        state->row = state->row + dy < 0 || state->row + dy >= map.rows ? state->row : state->row + dy;
        return true;
    }
    Line line = line_of(&context->found->finding);
    if (dx && state->at + dx >= 0 && state->at + dx < line.count) state->at += dx;
    return line.count > 0;
}

/* A click puts the cursor there. */
static bool surface_mouse(ViewContext *context, const UiEvent *event) {
    SurfaceState *state = state_of(context);
    SurfaceMap map;
    bool press = event->mouse == UI_MOUSE_PRESS || event->mouse == UI_MOUSE_DRAG;
    if (!press || !context->found || !ui_rect_has(state->picture, event->x, event->y)) return false;
    Line line = line_of(&context->found->finding);
    state->cursor = true;
    if (surface_map_read(&context->found->finding, true, &map))
        surface_map_at(&map, state->picture, event->x, event->y, &state->row, &state->col);
    double a = line.count ? ui_plot_x_at(&state->view, event->x) : 0;
    for (int i = 0; i < line.count; i++)
        if (fabs(line.a[i] - a) < fabs(line.a[state->at] - a)) state->at = i;
    return true;
}

static bool surface_press(ViewContext *context, UiKey key) {
    SurfaceState *state = state_of(context);
    if (key == 'c') return state->cursor = !state->cursor, true;
    if (key == UI_KEY_ESCAPE && state->cursor) return state->cursor = false, true;
    return state->cursor && move_cursor(context, key);
}

/* `surface log`, `surface from` (this moment), `surface from start`. */
static bool surface_command(ViewContext *context, const StWord *words, int count, StError *error) {
    SurfaceState *state = state_of(context);
    if (count == 1 && !strcmp(words[0].text, "log")) return state->log_y = !state->log_y, true;
    if (count == 0 || count > 2 || strcmp(words[0].text, "from") != 0 ||
        (count == 2 && strcmp(words[1].text, "start") != 0))
        return st_fail(error, ST_ERR_NAME, "surface: wanted log, from or from start");
    if (count == 2) return state->from = -1, true;
    if (context->gaze->moment >= 0)
        state->from = context->gaze->moment;
    else if (context->look)
        state->from = context->look->snapshot->step;
    return true;
}

static void surface_explain(ViewContext *context, StText *out) {
    const StStudy *study = inside_study(context);
    if (!study) return;
    st_text_format(out, "%s: %s. Bad: %s. %s. Cost: %s.\n", study->title, study->what, study->bad,
                   study->formula, study->cost);
    if (context->found) st_text_format(out, "%s\n", st_finding_text(&context->found->finding, "reading"));
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "look again", "make", "Makes it, or makes it anew of the present weights"},
    {'c', "press c", "cursor", "A cursor on the line or map; arrows move it, esc lets go"},
    {'f', "surface from", "from here", "The line begins at the moment that is looked at"},
    {'F', "surface from start", NULL, "The line begins at the start of the run"},
    {'y', "surface log", "log", "By the logarithm, or not"},
    {'v', "look method=next", "method", "The next way to look: line, planes, sharpness, noise"},
    {'V', "look method=previous", NULL, "The previous way to look"},
    {UI_KEY_ESCAPE, "view back", "back", "Lets go of the cursor; where you came from"},
    {0}};

const View view_surface = {
    .name = "surface",
    .inside = 'S',
    .question = "How steep is it around the weights?",
    .title = "Surface",
    .help = "the loss along a line and over planes, the sharpest curvature, the gradient's noise",
    .bindings = bindings,
    .state_size = sizeof(SurfaceState),
    .draw = surface_draw,
    .ask = surface_ask,
    .press = surface_press,
    .mouse = surface_mouse,
    .command = surface_command,
    .explain = surface_explain};
