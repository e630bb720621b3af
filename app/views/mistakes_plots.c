/* What is drawn as a plot: ROC and precision-recall with a threshold to move, calibration, residuals. */
#include "views/mistakes.h"

#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 100 }; /* of the threshold from end to end */

static UiPoint point(double x, double y) {
    return (UiPoint){x, y, y, y};
}

/* ---- ROC and precision-recall ---- */

typedef struct Curve {
    const StFinding *finding;
    int64_t count;
    const double *threshold, *tpr, *fpr, *precision, *recall; /* [count], from the strictest down */
    double positives, negatives, low, high;                   /* ends of the threshold */
} Curve;

static bool curve_of(const ViewContext *context, Curve *c) {
    const StFinding *f = &context->found->finding;
    *c = (Curve){.finding = f,
                 .threshold = st_finding_values(f, "thresholds", &c->count),
                 .tpr = st_finding_values(f, "tpr", NULL),
                 .fpr = st_finding_values(f, "fpr", NULL),
                 .precision = st_finding_values(f, "precision", NULL),
                 .recall = st_finding_values(f, "recall", NULL),
                 .positives = st_finding_value(f, "positives"),
                 .negatives = st_finding_value(f, "negatives"),
                 .high = 1};
    st_finding_values(f, "thresholds", &c->count);
    if (!c->threshold || !c->tpr || !c->fpr || !c->precision || !c->recall || c->count < 1) return false;
    if (c->count < 2) return true;
    c->high = fmax(c->high, c->threshold[1]);
    c->low = fmin(c->low, c->threshold[c->count - 1]);
    return true;
}

static double threshold_of(const ViewContext *context, const Curve *c) {
    const MistakesState *state = context->state;
    return state->has_threshold ? state->threshold : st_finding_value(c->finding, "threshold");
}

/* The last point of the curve whose threshold is not below: what is answered yes at this threshold. */
static int64_t point_at(const Curve *c, double threshold) {
    int64_t low = 0, high = c->count - 1;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (c->threshold[middle] >= threshold)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* A curve, what guessing would give, and the point of the threshold. */
static void draw_one(UiGrid *grid, UiRect area, const Curve *c, int64_t at, bool roc) {
    const double *x = roc ? c->fpr : c->recall, *y = roc ? c->tpr : c->precision;
    UiPoint *points = malloc((size_t)c->count * sizeof *points);
    size_t count = 0;
    for (int64_t i = 0; points && i < c->count; i++)
        if (isfinite(x[i]) && isfinite(y[i])) points[count++] = point(x[i], y[i]);
    double guess = c->positives / (c->positives + c->negatives);
    UiPoint chance[2] = {point(0, roc ? 0 : guess), point(1, roc ? 1 : guess)};
    UiPoint here = point(x[at], y[at]);
    bool has = isfinite(here.x) && isfinite(here.y);
    UiSeries series[] = {{.ink = UI_KEY, .point = &here, .count = has, .focus = true},
                         {.ink = UI_TRAINING, .point = points, .count = count},
                         {.name = "guess", .ink = UI_DIM, .dash = UI_DOTTED, .point = chance, .count = 2}};
    char title[60];
    double value = st_finding_value(c->finding, roc ? "auc" : "average_precision");
    char number[UI_NUMBER];
    snprintf(title, sizeof title, "%s %s", roc ? "recall by false alarms, AUC" : "precision by recall, AP",
             ui_number(number, value, 6, 4));
    UiPlot plot = {.title = title,
                   .x_name = roc ? "false alarms" : "recall",
                   .series = series,
                   .count = 3,
                   .x0 = 0,
                   .x1 = 1,
                   .y0 = 0,
                   .y1 = 1};
    ui_plot_draw(grid, area, &plot);
    free(points);
}

/* Three places always, so that a figure that changes does not shift its neighbours. */
static const char *places(double value, char text[UI_NUMBER]) {
    if (isnan(value)) return "–";
    snprintf(text, UI_NUMBER, "%.3f", value);
    return text;
}

static void draw_threshold(UiGrid *grid, UiRect area, const Curve *c, double threshold, int64_t at) {
    char text[240], p[UI_NUMBER], r[UI_NUMBER], f[UI_NUMBER], t[UI_NUMBER];
    double tp = c->positives > 0 ? round(c->tpr[at] * c->positives) : 0;
    double fp = c->negatives > 0 ? round(c->fpr[at] * c->negatives) : 0;
    double precision = c->precision[at], recall = c->recall[at];
    double f1 = tp > 0 ? 2 * tp / (tp + fp + c->positives) : NAN;
    const char *class_name = st_finding_text(c->finding, "class_name");
    snprintf(text, sizeof text, "threshold %s: precision %s  recall %s  F1 %s", places(threshold, t),
             places(precision, p), places(recall, r), places(f1, f));
    UiRect row = ui_cut_top(&area, 1);
    ui_text_in(grid, row, 0, 0, row.w, UI_KEY, text);
    row = ui_cut_top(&area, 1);
    snprintf(text, sizeof text,
             "of %.0f rows of %s %.0f are found, %.0f missed; %.0f of %.0f others taken for it", c->positives,
             class_name, tp, c->positives - tp, fp, c->negatives);
    ui_text_in(grid, row, 0, 0, row.w, UI_TEXT, text);
    row = ui_cut_top(&area, 1);
    ui_text_in(grid, row, 0, 0, row.w, UI_DIM, st_finding_text(c->finding, "verdict"));
}

void mistakes_curve_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    Curve c;
    area = ui_inset(area, area.w >= 20, 0);
    if (!curve_of(context, &c)) {
        ui_text_in(grid, area, 0, 0, area.w, UI_DIM, "looking …");
        return;
    }
    double threshold = threshold_of(context, &c);
    int64_t at = point_at(&c, threshold);
    int words = area.h >= 12 ? 3 : area.h >= 8 ? 2 : area.h >= 3;
    UiRect below = ui_cut_bottom(&area, words), part[2] = {area};
    if (area.h >= 12) ui_cut_bottom(&area, 1);
    if (area.w >= 56)
        ui_split_columns(area, 2, (int[]){1, 1}, 3, part);
    else
        part[0] = area;
    draw_one(grid, part[0], &c, at, true);
    if (area.w >= 56) draw_one(grid, part[1], &c, at, false);
    draw_threshold(grid, below, &c, threshold, at);
}

bool mistakes_curve_press(ViewContext *context, UiKey key) {
    MistakesState *state = context->state;
    Curve c;
    if (!curve_of(context, &c)) return false;
    double step = (c.high - c.low) / STEPS, now = threshold_of(context, &c);
    switch (key) {
    case UI_KEY_LEFT:
        now -= step;
        break;
    case UI_KEY_RIGHT:
        now += step;
        break;
    case UI_KEY_PGUP:
        now += 10 * step;
        break;
    case UI_KEY_PGDN:
        now -= 10 * step;
        break;
    case UI_KEY_HOME: /* as the network answers */
        state->has_threshold = false;
        return true;
    case UI_KEY_UP:
        return context->run(context->bench, "look class=previous"), true;
    case UI_KEY_DOWN:
        return context->run(context->bench, "look class=next"), true;
    default:
        return false;
    }
    double places = 1e3 / (c.high - c.low); /* 0.51, not 0.51000000000000001 */
    state->threshold = round(fmin(fmax(now, c.low), c.high) * places) / places;
    return state->has_threshold = true;
}

/* ---- calibration ---- */

typedef struct Bins {
    int64_t bins;
    const double *count, *confidence, *accuracy;
} Bins;

static void fill_cells(UiGrid *grid, UiRect area, int x, int w, int from, int to, uint32_t ch, UiInk ink) {
    for (int y = from; y < to; y++)
        for (int i = 0; i < w; i++)
            ui_put_ink(grid, area, x + i, area.h - 1 - y, ch, ink);
}

/* How often it was right as a column, how sure it was as a rule; between the two the gap, hatched. */
static void draw_bin(UiGrid *grid, UiRect area, int x, int w, double accuracy, double confidence) {
    int right = (int)lround(accuracy * area.h), says = (int)lround(confidence * area.h);
    bool over = says > right;
    fill_cells(grid, area, x, w, 0, over ? right : says, ui_glyph(grid->look.ladder, UI_GLYPH_FULL),
               UI_TRAINING);
    fill_cells(grid, area, x, w, right, says, 0x2591, UI_BAD);
    fill_cells(grid, area, x, w, says, right, 0x2592, UI_WARN);
    fill_cells(grid, area, x, w, says > 0 ? says - 1 : 0, says > 0 ? says : 1,
               ui_glyph(grid->look.ladder, UI_GLYPH_RULE), UI_KEY | UI_BOLD);
}

static void draw_bins(UiGrid *grid, UiRect area, const Bins *b, bool figures) {
    enum { LABEL_W = 9 };
    static const char *const names[] = {"says", "is right", "rows"};
    int w = (area.w - LABEL_W) / (int)b->bins, rows = figures ? 3 : 0;
    if (w < 1) return;
    if (figures && w < 5) rows = 0;
    UiRect below = ui_cut_bottom(&area, rows + 1);
    UiRect plot = area;
    plot.x += LABEL_W, plot.w = w * (int)b->bins;
    for (int i = 0; i <= 4; i++) {
        int y = (int)lround((1 - i / 4.0) * (area.h - 1));
        if (i % 2 == 0 || area.h >= 9) ui_print_right(grid, area, LABEL_W - 1, y, UI_DIM, "%d %%", 25 * i);
    }
    for (int k = 0; k < b->bins; k++) {
        int x = k * w;
        char number[UI_NUMBER];
        if (w >= 4) ui_print_right(grid, below, LABEL_W + x + w - 1, 0, UI_DIM, "%d", (k + 1) * 10);
        if (b->count[k] > 0) draw_bin(grid, plot, x, w > 2 ? w - 1 : w, b->accuracy[k], b->confidence[k]);
        const double *value[] = {b->confidence, b->accuracy, b->count};
        for (int r = 0; r < rows; r++) {
            double v = value[r][k];
            UiInk ink = r == 0 ? UI_KEY : r == 1 ? UI_TRAINING : UI_DIM;
            if (r < 2 && isfinite(v)) snprintf(number, sizeof number, "%.0f%%", 100 * v);
            if (r < 2 && !isfinite(v)) snprintf(number, sizeof number, "–");
            if (r == 2)
                v<1e5 && w> 5 ? (void)snprintf(number, sizeof number, "%.0f", v) : (void)ui_count(number, v);
            ui_print_right(grid, below, LABEL_W + x + w - 1, r + 1, ink, "%s", number);
        }
    }
    ui_text(grid, below, 0, 0, UI_DIM, w >= 4 ? "to %" : "0 … 100 %");
    for (int r = 0; r < rows; r++)
        ui_text_in(grid, below, 0, r + 1, LABEL_W - 1, UI_DIM, names[r]);
}

void mistakes_calibration_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *f = &context->found->finding;
    Bins b = {.count = st_finding_values(f, "bin_count", &b.bins)};
    char text[160], ece[UI_NUMBER], mce[UI_NUMBER];
    st_finding_values(f, "bin_count", &b.bins);
    b.confidence = st_finding_values(f, "bin_confidence", NULL);
    b.accuracy = st_finding_values(f, "bin_accuracy", NULL);
    if (!b.count || !b.confidence || !b.accuracy) return;
    area = ui_inset(area, area.w >= 20, 0);
    snprintf(text, sizeof text, "ECE %s  worst bin %s", ui_number(ece, st_finding_value(f, "ece"), 6, 3),
             ui_number(mce, st_finding_value(f, "mce"), 6, 3));
    UiRect head = ui_cut_top(&area, area.h >= 4);
    int used = 2 + ui_text_in(grid, head, 0, 0, head.w, UI_TITLE, text);
    const char *verdict = st_finding_text(f, "verdict");
    bool warns = *verdict == 'o' || *verdict == 'u';
    if (area.h >= 12 && used + ui_text_width(verdict) > head.w) head = ui_cut_top(&area, 1), used = 0;
    ui_text_in(grid, head, used, 0, head.w - used, warns ? UI_WARN : UI_GOOD, verdict);
    if (area.h >= 8) { /* what the marks are */
        UiRect words = ui_cut_top(&area, 1);
        int x = 0;
        ui_put_glyph(grid, words, x, 0, UI_GLYPH_FULL, UI_TRAINING);
        x += 2 + ui_text_in(grid, words, 2, 0, words.w - 2, UI_DIM, "right so often") + 2;
        ui_put_glyph(grid, words, x, 0, UI_GLYPH_RULE, UI_KEY | UI_BOLD);
        x += 2 + ui_text_in(grid, words, x + 2, 0, words.w - x - 2, UI_DIM, "says so (confidence)") + 2;
        ui_put_ink(grid, words, x, 0, 0x2591, UI_BAD);
        x += 2 + ui_text_in(grid, words, x + 2, 0, words.w - x - 2, UI_DIM, "too sure") + 2;
        ui_put_ink(grid, words, x, 0, 0x2592, UI_WARN);
        ui_text_in(grid, words, x + 2, 0, words.w - x - 2, UI_DIM, "not sure enough");
    }
    draw_bins(grid, area, &b, area.h >= 8);
}

/* ---- residuals ---- */

static void draw_scatter(UiGrid *grid, UiRect area, const double *x, const double *y, int64_t count) {
    UiPoint *points = malloc((size_t)(count ? count : 1) * sizeof *points);
    double low = INFINITY, high = -INFINITY, most = 0;
    size_t used = 0;
    for (int64_t i = 0; points && i < count; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i])) continue; /* still to come */
        points[used++] = point(x[i], y[i]);
        low = fmin(low, x[i]), high = fmax(high, x[i]), most = fmax(most, fabs(y[i]));
    }
    if (!(high > low)) low -= 1, high += 1;
    if (!(most > 0)) most = 1;
    UiPoint zero[2] = {point(low, 0), point(high, 0)};
    UiSeries series[] = {{.ink = UI_TRAINING, .point = points, .count = used, .apart = true, .focus = true},
                         {.name = "no error", .ink = UI_DIM, .dash = UI_DASHED, .point = zero, .count = 2}};
    ui_plot_draw(grid, area,
                 &(UiPlot){.title = "target − prediction",
                           .x_name = "prediction",
                           .series = series,
                           .count = 2,
                           .x0 = low,
                           .x1 = high,
                           .y0 = -1.05 * most,
                           .y1 = 1.05 * most});
    free(points);
}

/* The rows that are furthest off. */
static void draw_largest(UiGrid *grid, UiRect area, const StFinding *f) {
    int64_t count = 0;
    const double *row = st_finding_values(f, "largest_row", &count);
    const double *residual = st_finding_values(f, "largest_residual", NULL);
    ui_text_in(grid, area, 0, 0, area.w, UI_TITLE, "furthest off");
    for (int i = 0; row && residual && i < count && i + 1 < area.h; i++) {
        char number[UI_NUMBER];
        ui_print(grid, area, 0, i + 1, UI_TEXT, "row %-6.0f", row[i]);
        ui_print_right(grid, area, area.w, i + 1, UI_WARN, "%s", ui_number(number, residual[i], 8, 3));
    }
}

/* Another output, where there are several. */
bool mistakes_residuals_press(ViewContext *context, UiKey key) {
    if (!(st_finding_value(&context->found->finding, "outputs") > 1)) return false;
    if (key != UI_KEY_UP && key != UI_KEY_DOWN) return false;
    return context->run(context->bench, key == UI_KEY_UP ? "look class=previous" : "look class=next"), true;
}

void mistakes_residuals_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    const StFinding *f = &context->found->finding;
    int64_t count = 0, bins = 0;
    const double *x = st_finding_values(f, "prediction", &count), *y = st_finding_values(f, "residual", NULL);
    const double *bin = st_finding_values(f, "bin_count", &bins),
                 *edge = st_finding_values(f, "bin_edges", NULL);
    char text[240], a[UI_NUMBER], b[UI_NUMBER], c[UI_NUMBER], d[UI_NUMBER], e[UI_NUMBER];
    if (!x || !y) return;
    area = ui_inset(area, area.w >= 20, 0);
    UiRect head = ui_cut_top(&area, area.h >= 4);
    char of[80] = "";
    double outputs = st_finding_value(f, "outputs");
    const char *name = st_finding_text(f, "target_name");
    if (outputs > 1)
        snprintf(of, sizeof of, " output %.0f of %.0f", st_finding_value(f, "class") + 1, outputs);
    snprintf(text, sizeof text, "%s%s%sR² %s  RMSE %s  MAE %s  mean %s ± %s", name, of,
             *name || *of ? ": " : "", ui_number(a, st_finding_value(f, "r2"), 6, 3),
             ui_number(b, st_finding_value(f, "rmse"), 7, 3), ui_number(c, st_finding_value(f, "mae"), 7, 3),
             ui_number(d, st_finding_value(f, "mean"), 8, 3),
             ui_number(e, st_finding_value(f, "deviation"), 7, 3));
    ui_text_in(grid, head, 0, 0, head.w, UI_TITLE, text);
    UiRect line = ui_cut_bottom(&area, area.h >= 6);
    const char *verdict = st_finding_text(f, "verdict");
    snprintf(text, sizeof text, "%s, in the target's own units", verdict);
    if (ui_text_width(text) > area.w - 2) snprintf(text, sizeof text, "%s, in its units", verdict);
    if (ui_text_width(text) > area.w - 2) snprintf(text, sizeof text, "%s", verdict);
    ui_text_in(grid, line, 0, 0, line.w, UI_TEXT, *st_finding_text(f, "verdict") ? text : "looking …");
    UiRect right = ui_cut_right(&area, area.w >= 60 ? 24 : 0);
    if (right.w) ui_cut_right(&area, 2);
    draw_scatter(grid, area, x, y, count);
    if (right.w == 0) return;
    UiRect top = ui_cut_top(&right, right.h / 2);
    ui_text_in(grid, ui_cut_top(&top, 1), 0, 0, top.w, UI_TITLE, "how many");
    if (bin && edge) ui_histogram(grid, top, UI_TRAINING, bin, (int)bins, edge[0], edge[bins]);
    draw_largest(grid, right, f);
}
