/* Why: what an answer was made of. Beside every attribution stands the same method on random weights, and a
 * sentence says whether the two differ. Pictures are drawn as such, tables as sorted bars. */
#include "inside.h"
#include "parts.h"

#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a rank correlation, from which on control and attribution are alike; and of how many numbers it says
 * something. */
static const double ALIKE = 0.5;
enum { RANKS_LEAST = 10 };

typedef struct State {
    int top;        /* of the table's rows, after sorting */
    int page;       /* rows that the last drawing had */
    double *pixels; /* [room] */
    int *order;     /* [room] */
    int64_t room;
} State;

/* What there is to draw. */
typedef struct Shown {
    const ViewContext *context;
    const StFinding *found;
    const StStudy *study;
    const double *input, *attribution, *control, *spread, *p; /* NULL: there is none */
    int64_t size, outputs;
    int height, width, channels; /* of a picture; height 0: it is none */
    bool has_sign;
    int klass, answer, label; /* -1: none */
    bool classes, likely;     /* answers are classes; the outputs are their probabilities */
} Shown;

static int whole(const StFinding *found, const char *name) {
    double value = st_finding_value(found, name);
    return isfinite(value) ? (int)value : -1;
}

static bool is(const Shown *now, const char *method) {
    return !strcmp(now->study->name, method);
}

static Shown shown_of(const ViewContext *context) {
    const StFinding *found = &context->found->finding;
    int64_t axes = 0, input = 0;
    Shown now = {.context = context,
                 .found = found,
                 .study = inside_study(context),
                 .klass = whole(found, "class"),
                 .answer = whole(found, "answer"),
                 .label = whole(found, "label")};
    now.classes = now.answer >= 0;
    now.likely = !strcmp(st_finding_text(found, "outputs_are"), "probabilities");
    now.input = st_finding_values(found, "input", &input);
    now.attribution = st_finding_values(found, "attribution", &now.size);
    now.control = st_finding_values(found, "control", NULL);
    now.spread = st_finding_values(found, "spread", NULL);
    now.p = st_finding_values(found, "probabilities", &now.outputs);
    now.has_sign = is(&now, "integrated_gradients") || is(&now, "occlusion");
    const double *extent = st_finding_values(found, "picture", &axes);
    if (axes == 3 && (!now.attribution || now.size == input))
        now.height = (int)extent[0], now.width = (int)extent[1], now.channels = (int)extent[2];
    if (now.height < 2 || now.width < 2 || is(&now, "permutation_importance")) now.height = 0;
    return now;
}

static bool make_room(State *state, int64_t room) {
    if (state->room >= room) return true;
    double *pixels = realloc(state->pixels, (size_t)room * sizeof *pixels);
    if (pixels) state->pixels = pixels;
    int *order = realloc(state->order, (size_t)room * sizeof *order);
    if (order) state->order = order;
    if (!pixels || !order) return false;
    state->room = room;
    return true;
}

/* ---- words ---- */

static const char *class_text(const Shown *now, int klass, char buffer[64]) {
    if (now->classes) return inside_class(now->context, klass, buffer);
    snprintf(buffer, 64, now->outputs > 1 ? "output %d" : "output", klass);
    return buffer;
}

/* "score of 8: 12.31", and "answers 8, and 8 it is". Returns whether the answer is wrong. */
static bool answer_words(const Shown *now, bool score, StText *out) {
    char klass[64], answer[64], label[64], number[UI_NUMBER];
    if (now->spread) return false; /* not about one example */
    class_text(now, now->klass, klass);
    bool wrong = now->label >= 0 && now->label != now->answer;
    if (score) {
        ui_number(number, st_finding_value(now->found, "score"), 8, 4);
        st_text_format(out, now->classes || now->likely ? "score of %s: %s" : "%s %s", klass, number);
    } else if (now->classes) {
        st_text_format(out, "answers %s", class_text(now, now->answer, answer));
        if (now->label >= 0)
            st_text_format(out, wrong ? ", but it is %s" : ", and %s it is",
                           class_text(now, now->label, label));
    } else {
        st_text_format(out, "target %s", ui_number(number, st_finding_value(now->found, "target"), 8, 4));
    }
    return wrong;
}

/* What the method itself has to say, for which there is `room`. */
static void fact_words(const Shown *now, int room, StText *out) {
    const StFinding *f = now->found;
    char a[UI_NUMBER], b[UI_NUMBER], c[UI_NUMBER], d[UI_NUMBER];
    if (is(now, "integrated_gradients")) {
        ui_number(a, st_finding_value(f, "completeness_gap"), 9, 2);
        ui_number(b, st_finding_value(f, "sum"), 7, 4);
        ui_number(c, st_finding_value(f, "score"), 7, 4);
        ui_number(d, st_finding_value(f, "baseline_score"), 7, 4);
        st_text_format(out, "gap δ %s = Σ %s − (S(x) %s − S(x′) %s)", a, b, c, d);
        const char *baseline = st_finding_text(f, "baseline");
        int taken = ui_text_width(st_text_string(out));
        if (taken + 7 + ui_text_width(baseline) <= room)
            st_text_format(out, " · x′: %s", baseline);
        else if (taken > room)
            st_text_clear(out), st_text_format(out, room < 30 ? "gap δ %s" : "gap δ %s of Σ %s", a, b);
    } else if (is(now, "smoothgrad")) {
        st_text_format(out, "mean of %d noisy copies, noise %s (15 %% of the range)", whole(f, "samples"),
                       ui_number(a, st_finding_value(f, "noise"), 7, 3));
    } else if (is(now, "occlusion")) {
        if (whole(f, "patch") > 0)
            st_text_format(out, "patch %d, stride %d · blank: ", whole(f, "patch"), whole(f, "stride"));
        else
            st_text_add(out, "left out: ");
        st_text_add(out, st_finding_text(f, "baseline"));
    } else if (is(now, "grad_cam")) {
        const StShape *cam = st_finding_shape(f, "cam");
        char layer[96];
        st_text_format(out, "%s", inside_layer(now->context, whole(f, "layer"), layer));
        if (cam) st_text_format(out, ", a map of %dx%d", (int)cam->dim[0], (int)cam->dim[1]);
    } else if (is(now, "permutation_importance")) {
        st_text_format(out, "error %s (%s) over %d rows of %s; ± over 5 repeats",
                       ui_number(a, st_finding_value(f, "error"), 7, 4), st_finding_text(f, "error_kind"),
                       whole(f, "rows"), st_finding_text(f, "part"));
    } else if (is(now, "partial_dependence")) {
        st_text_format(out, "over %d rows of %s; dotted: the least and the most; ( ) other columns",
                       whole(f, "rows"), st_finding_text(f, "part"));
    }
}

/* Whether what was found was learnt. */
static UiInk verdict_words(const Shown *now, int room, StText *out) {
    double r = st_finding_value(now->found, "control_correlation");
    if (isnan(r)) {
        st_text_add(out, now->context->found->done < 1 ? "control: the same on random weights comes next"
                                                       : "control: there are no ranks to compare");
        return UI_DIM;
    }
    if (now->size < RANKS_LEAST) {
        st_text_add(out, "few features: see the control's figures");
        if (room >= 70) st_text_format(out, " (rank correlation %.2f)", r);
        return UI_DIM;
    }
    bool alike = fabs(r) >= ALIKE, brief = room < 70;
    if (now->context->found->step == 0) { /* not the control's weights, but as random */
        st_text_add(out, "untrained: nothing was learnt yet");
        if (room >= 70) st_text_format(out, " (rank correlation with the control %.2f)", r);
        return UI_DIM;
    }
    const char *end = alike ? (brief ? "not learnt" : "it goes by the input alone")
                            : (brief ? "learnt" : "it goes by what was learnt");
    st_text_format(out, "%s random weights (rank correlation %.2f): %s", alike ? "like" : "unlike", r, end);
    if (ui_text_width(st_text_string(out)) > room) {
        st_text_clear(out);
        st_text_format(out, "%s control, r %.2f: %s", alike ? "like" : "unlike", r, end);
    }
    if (ui_text_width(st_text_string(out)) > room) {
        st_text_clear(out);
        st_text_format(out, "%s control: %s", alike ? "like" : "unlike", end);
    }
    return alike ? UI_WARN : UI_GOOD;
}

static void draw_text(UiGrid *grid, UiRect *area, UiInk ink, StText *text) {
    if (*st_text_string(text)) {
        UiRect row = ui_cut_top(area, 1);
        ui_text_in(grid, row, 1, 0, row.w - 2, ink, st_text_string(text));
    }
    st_text_clear(text);
}

/* The lines above the drawing, as many as there is room for. */
static void draw_words(const Shown *now, UiGrid *grid, UiRect *area) {
    StText text = {0};
    bool wrong = answer_words(now, true, &text);
    if (text.length) st_text_add(&text, now->classes ? " · " : ", ");
    answer_words(now, false, &text);
    bool gap = is(now, "integrated_gradients"); /* its own number comes first */
    if (area->h >= (gap ? 9 : 4)) draw_text(grid, area, wrong ? UI_WARN : UI_TITLE, &text);
    st_text_clear(&text);
    fact_words(now, area->w - 2, &text);
    if (area->h >= (gap ? 3 : 9)) draw_text(grid, area, UI_TEXT, &text);
    st_text_free(&text);
}

/* ---- probabilities ---- */

typedef struct Bars {
    double value[64];
    int klass[64], count;
    int more; /* that there was no room for */
} Bars;

/* One output that is the probability of the second of two classes is told as two. */
static bool is_two(const Shown *now) {
    return now->outputs == 1 && now->likely && now->classes;
}

static double probability(const Shown *now, int klass) {
    return !is_two(now) ? now->p[klass] : klass ? now->p[0] : 1 - now->p[0];
}

/* All in their order, or the greatest ones where there is room for so many. */
static Bars choose_bars(const Shown *now, int room) {
    Bars bars = {0};
    int all = is_two(now) ? 2 : (int)now->outputs;
    room = room > 64 ? 64 : room < 1 ? 1 : room;
    for (int k = 0; k < all; k++) {
        double value = probability(now, k);
        int at = bars.count;
        for (; all > room && at > 0 && bars.value[at - 1] < value; at--)
            if (at < room) bars.value[at] = bars.value[at - 1], bars.klass[at] = bars.klass[at - 1];
        if (at >= room) continue;
        bars.value[at] = value, bars.klass[at] = k;
        if (bars.count < room) bars.count++;
    }
    bars.more = all - bars.count;
    return bars;
}

/* One bar: a mark on the explained one, its name, the bar, the figure. */
static void draw_bar(const Shown *now, UiGrid *grid, UiRect area, int klass, double value, int label) {
    char name[64], number[UI_NUMBER];
    bool explained = klass == now->klass;
    if (explained) ui_put_glyph(grid, area, 0, 0, UI_GLYPH_RIGHT, UI_KEY);
    UiInk ink = klass == now->answer ? UI_TITLE : UI_TEXT;
    ui_text_in(grid, area, 2, 0, label, ink, class_text(now, klass, name));
    if (now->likely && area.w - label - 10 >= 2)
        ui_bar(grid, area, label + 3, 0, area.w - label - 10, klass == now->answer ? UI_TRAINING : UI_DIM,
               value);
    if (now->likely)
        snprintf(number, sizeof number, "%.3f", value);
    else
        ui_number(number, value, 8, 4);
    ui_print_right(grid, area, area.w, 0, ink, "%s", number);
}

static int label_width(const Shown *now, const Bars *bars, int most) {
    int label = 1;
    char name[64];
    for (int i = 0; i < bars->count; i++) {
        int w = ui_text_width(class_text(now, bars->klass[i], name));
        label = w > label ? w : label;
    }
    return label > most ? most : label;
}

enum { BAR_W = 19 };

/* Columns of bars, each read downwards. Returns the rows taken. */
static int draw_bars(const Shown *now, UiGrid *grid, UiRect area) {
    int columns = area.w >= 2 * BAR_W ? area.w / BAR_W : 1;
    int all = is_two(now) ? 2 : (int)now->outputs;
    if (!now->p || area.h < 1 || area.w < 8) return 0;
    if (columns > all) columns = all;
    Bars bars = choose_bars(now, columns * area.h);
    bool told = bars.more > 0 && bars.count > 1;
    if (told) bars.count--, bars.more++;
    int rows = (bars.count + told + columns - 1) / columns, each = area.w / columns;
    if (each > 40) each = 40;
    int label = label_width(now, &bars, each - 12 > 4 ? each - 12 : 4);
    for (int i = 0; i < bars.count + told; i++) {
        UiRect cell = ui_rect(area.x + i / rows * each, area.y + i % rows, each - 2, 1);
        if (i < bars.count)
            draw_bar(now, grid, cell, bars.klass[i], bars.value[i], label);
        else
            ui_print(grid, cell, 2, 0, UI_DIM, "%d less likely", bars.more);
    }
    return rows;
}

/* ---- pictures ---- */

/* Values that are not there yet, or never, are drawn as nothing. */
static UiHeatView draw_picture(const Shown *now, UiGrid *grid, UiRect area, const double *values,
                               UiHeat heat) {
    State *state = now->context->state;
    int64_t size = (int64_t)now->height * now->width * now->channels;
    for (int64_t i = 0; i < size; i++)
        state->pixels[i] = isfinite(values[i]) ? values[i] : 0;
    return inside_draw_image(grid, area, state->pixels, now->height, now->width, now->channels, heat);
}

typedef struct Pane {
    const char *title;
    const double *values;
    bool attribution; /* has a scale of its own; else the input */
} Pane;

static int draw_pane(const Shown *now, UiGrid *grid, UiRect area, const Pane *pane) {
    UiHeat heat = {.ramp = pane->attribution && now->has_sign ? UI_RAMP_SIGNED : UI_RAMP_SIZE};
    bool head = area.h >= 4;
    UiRect title = ui_cut_top(&area, head ? 1 : 0);
    double largest = 0;
    for (int64_t i = 0; pane->attribution && i < now->size; i++)
        if (isfinite(pane->values[i])) largest = fmax(largest, fabs(pane->values[i]));
    if (pane->attribution) heat.high = largest > 0 ? largest : 1, heat.low = now->has_sign ? -heat.high : 0;
    UiHeatView view = draw_picture(now, grid, area, pane->values, heat);
    if (head) {
        char scale[UI_NUMBER], number[UI_NUMBER];
        int taken = ui_text_width(pane->title);
        ui_text_in(grid, title, 0, 0, title.w, UI_TITLE, pane->title);
        snprintf(scale, sizeof scale, now->has_sign ? "±%s" : "0–%s", ui_number(number, largest, 6, 2));
        if (pane->attribution && taken + 1 + ui_text_width(scale) <= title.w)
            ui_text(grid, title, taken + 1, 0, UI_DIM, scale);
    }
    return head + view.inner.h;
}

static int choose_panes(const Shown *now, int w, Pane pane[3]) {
    Pane input = {"input", now->input, false}, own = {now->study->title, now->attribution, true};
    Pane control = {w >= 72 ? "random weights (control)" : "random weights", now->control, true};
    int count = 0;
    if (w >= 34) pane[count++] = input;
    pane[count++] = own;
    if (w >= 54 && now->control) pane[count++] = control;
    return count;
}

/* Pictures beside each other; the rows that the tallest takes. */
static int draw_panes(const Shown *now, UiGrid *grid, UiRect area) {
    Pane pane[3];
    UiRect part[3];
    static const int equal[3] = {1, 1, 1};
    int count = choose_panes(now, area.w, pane), rows = 0;
    ui_split_columns(area, count, equal, 2, part);
    for (int i = 0; i < count; i++) { /* all as large, so that pixels compare */
        part[i].w = part[count - 1].w < part[0].w ? part[count - 1].w : part[0].w;
        int taken = pane[i].values ? draw_pane(now, grid, part[i], &pane[i]) : 0;
        rows = taken > rows ? taken : rows;
    }
    return rows;
}

static void draw_verdict(const Shown *now, UiGrid *grid, UiRect *area) {
    StText text = {0};
    UiInk ink = verdict_words(now, area->w - 2, &text);
    if (area->h >= 1) draw_text(grid, area, ink, &text);
    st_text_free(&text);
}

/* On a small screen: the one picture that counts, and words and figures on its right. */
static void draw_small(const Shown *now, UiGrid *grid, UiRect area) {
    StText text = {0};
    UiHeat heat = {.ramp = now->has_sign ? UI_RAMP_SIGNED : UI_RAMP_SIZE};
    ui_cut_left(&area, 1);
    UiRect left = ui_rect(area.x, area.y, area.w * 3 / 5, area.h);
    UiHeatView view = draw_picture(now, grid, left, now->attribution, heat);
    ui_cut_left(&area, view.inner.w + 1);
    bool wrong = answer_words(now, true, &text);
    draw_text(grid, &area, UI_TITLE, &text);
    answer_words(now, false, &text);
    draw_text(grid, &area, wrong ? UI_WARN : UI_TEXT, &text);
    if (is(now, "integrated_gradients")) fact_words(now, area.w - 2, &text);
    draw_text(grid, &area, UI_TEXT, &text);
    UiInk ink = verdict_words(now, area.w - 2, &text);
    draw_text(grid, &area, ink, &text);
    st_text_free(&text);
    ui_cut_left(&area, 1);
    draw_bars(now, grid, area);
}

enum { SIDE_W = 31 };

/* Whether there is room for bars on the right that makes the pictures no smaller. */
static bool stands_beside(const Shown *now, UiRect area) {
    int wide[2] = {(area.w - 4) / 3, (area.w - SIDE_W - 4) / 3}, scale[2];
    for (int i = 0; i < 2; i++) {
        int across = wide[i] / now->width, down = 2 * (area.h - 3) / now->height;
        scale[i] = across < down ? across : down;
    }
    return area.w >= 110 && area.h >= 12 && scale[1] >= scale[0];
}

static void draw_image(const Shown *now, UiGrid *grid, UiRect area) {
    State *state = now->context->state;
    int64_t size = (int64_t)now->height * now->width * now->channels;
    if (!now->attribution || !now->input || !make_room(state, size)) return;
    ui_cut_left(&area, 1);
    bool beside = stands_beside(now, area);
    UiRect side = ui_cut_right(&area, beside ? SIDE_W : 0);
    int under = beside || area.h < 6 ? 0 : area.h < 10 ? 1 : area.h < 24 ? 2 : 3;
    UiRect pictures = area;
    ui_cut_bottom(&pictures, area.h < 6 ? 0 : under + (beside ? 1 : 0));
    int rows = draw_panes(now, grid, pictures);
    ui_cut_top(&area, rows);
    ui_cut_left(&side, 2);
    area.x--, area.w++; /* words stand a column from the edge by themselves */
    if (beside || under) draw_verdict(now, grid, &area);
    ui_cut_left(&area, 1);
    if (beside) {
        ui_text(grid, ui_cut_top(&side, 1), 0, 0, UI_TITLE, now->likely ? "probabilities" : "outputs");
        draw_bars(now, grid, side);
    } else if (under) {
        draw_bars(now, grid, area);
    }
}

/* ---- tables ---- */

/* The largest magnitudes first; what is not there last. */
static int by_size(const void *a, const void *b, void *values) {
    const double *v = values;
    double x = fabs(v[*(const int *)a]), y = fabs(v[*(const int *)b]);
    x = isnan(x) ? -1 : x, y = isnan(y) ? -1 : y;
    return x != y ? (x < y) - (x > y) : *(const int *)a - *(const int *)b;
}

static const char *row_name(const Shown *now, int i, char buffer[96]) {
    const char *list = is(now, "permutation_importance") ? "names" : "input_names";
    const char *name = st_finding_name_at(now->found, list, i);
    if (*name)
        snprintf(buffer, 96, "%s", name);
    else
        snprintf(buffer, 96, "input %d", i);
    return buffer;
}

/* An input as it was before it was prepared. */
static double raw_value(const Shown *now, int i) {
    const StDataset *dataset = inside_dataset(now->context);
    StInputOrigin origin = {.divisor = 1};
    if (dataset && st_dataset_inputs(dataset) == now->size)
        st_preparation_origin(st_dataset_preparation(dataset), i, &origin);
    double grain = 1e-6 * origin.divisor; /* what a float of the prepared input cannot tell apart */
    return round((now->input[i] * origin.divisor + origin.shift) / grain) * grain + 0.0;
}

/* Where the columns of the table stand; width 0: left out. */
typedef struct Columns {
    int name, value, own, bar, control, other; /* own, control: figures; bar, other: their bars */
    double low, high;                          /* ends of the bars */
} Columns;

static Columns columns_of(const Shown *now, int width) {
    Columns c = {.own = 9};
    char name[96];
    for (int i = 0; i < now->size; i++) {
        int w = ui_text_width(row_name(now, i, name));
        c.name = w > c.name ? w : c.name;
    }
    int most = width < 60 ? 14 : 28;
    c.name = c.name > most ? most : c.name < 7 ? 7 : c.name;
    int left = width - c.name - c.own - 1;
    if (!now->spread && left >= 26) c.value = 9, left -= 9;
    if (left >= 22) c.control = 9, left -= 9;
    c.bar = left > 4 ? left - 1 : 0;
    if (c.control && c.bar >= 40) c.other = c.bar * 2 / 5, c.bar -= c.other + 1;
    for (int i = 0; i < now->size; i++) {
        double s = now->spread && isfinite(now->spread[i]) ? now->spread[i] : 0;
        double other = now->control && isfinite(now->control[i]) ? now->control[i] : 0;
        if (isfinite(now->attribution[i]))
            c.low = fmin(c.low, now->attribution[i] - s), c.high = fmax(c.high, now->attribution[i] + s);
        c.low = fmin(c.low, other), c.high = fmax(c.high, other);
    }
    if (now->has_sign) c.high = fmax(c.high, -c.low), c.low = -c.high;
    if (!(c.high > c.low)) c.high = 1;
    return c;
}

/* From the mean less the spread to the mean and the spread, over the bar. */
static void draw_whisker(UiGrid *grid, UiRect row, int x, int w, const Columns *c, double mean,
                         double spread) {
    if (!isfinite(mean) || !(spread > 0)) return;
    double scale = w / (c->high - c->low);
    int from = (int)((mean - spread - c->low) * scale), to = (int)((mean + spread - c->low) * scale);
    from = from < 0 ? 0 : from, to = to >= w ? w - 1 : to;
    for (int i = from; i <= to; i++)
        ui_put_ink(grid, row, x + i, 0, i == from ? 0x251C : i == to ? 0x2524 : 0x2500, UI_KEY);
}

static void put_figure(UiGrid *grid, UiRect row, int end, UiInk ink, double value) {
    char number[UI_NUMBER];
    ui_print_right(grid, row, end, 0, ink, "%s", ui_number(number, value, 8, 4));
}

static void draw_row(const Shown *now, UiGrid *grid, UiRect row, const Columns *c, int i) {
    char name[96];
    int x = 1 + c->name;
    double value = now->attribution[i];
    ui_text_in(grid, row, 1, 0, c->name, UI_TEXT, row_name(now, i, name));
    if (c->value) put_figure(grid, row, x += c->value, UI_DIM, raw_value(now, i));
    put_figure(grid, row, x += c->own, UI_TEXT, value);
    if (c->bar) {
        parts_signed_bar(grid, row, x + 1, c->bar, value, c->low, c->high);
        if (now->spread) draw_whisker(grid, row, x + 1, c->bar, c, value, now->spread[i]);
        x += 1 + c->bar;
    }
    if (!c->control || !now->control) return;
    put_figure(grid, row, x += c->control, UI_DIM, now->control[i]);
    if (c->other) parts_signed_bar(grid, row, x + 1, c->other, now->control[i], c->low, c->high);
}

static void draw_titles(const Shown *now, UiGrid *grid, UiRect row, const Columns *c) {
    int x = 1 + c->name;
    const State *state = now->context->state;
    char rows[48];
    snprintf(rows, sizeof rows, now->spread ? "column" : "feature");
    if (now->size > state->page)
        snprintf(rows, sizeof rows, "%d–%d of %d", state->top + 1, state->top + state->page, (int)now->size);
    ui_text_in(grid, row, 1, 0, c->name, now->size > state->page ? UI_TEXT : UI_DIM, rows);
    if (c->value) ui_print_right(grid, row, x += c->value, 0, UI_DIM, "value");
    ui_print_right(grid, row, x += c->own, 0, UI_DIM,
                   now->spread     ? "more err"
                   : now->has_sign ? "adds"
                                   : "moves");
    if (c->bar) {
        ui_text_in(grid, row, x + 1, 0, c->bar, UI_TITLE, now->study->title);
        x += 1 + c->bar;
    }
    if (!c->control) return;
    ui_print_right(grid, row, x += c->control, 0, UI_DIM, "control");
    if (c->other) ui_text_in(grid, row, x + 1, 0, c->other, UI_TITLE, "random weights (control)");
}

static void draw_table(const Shown *now, UiGrid *grid, UiRect area) {
    State *state = now->context->state;
    int count = (int)now->size;
    if (!now->attribution || (!now->spread && !now->input) || !make_room(state, now->size)) return;
    UiRect foot = ui_cut_bottom(&area, area.h >= 12 ? 3 : area.h >= 8 ? 2 : area.h >= 5 ? 1 : 0);
    for (int i = 0; i < count; i++)
        state->order[i] = i;
    qsort_r(state->order, (size_t)count, sizeof *state->order, by_size, (void *)now->attribution);
    Columns c = columns_of(now, area.w - 1);
    UiRect titles = ui_cut_top(&area, area.h >= 3 ? 1 : 0);
    state->page = area.h;
    int last = count > state->page ? count - state->page : 0;
    state->top = state->top > last ? last : state->top < 0 ? 0 : state->top;
    draw_titles(now, grid, titles, &c);
    for (int r = 0; r < state->page && state->top + r < count; r++)
        draw_row(now, grid, ui_cut_top(&area, 1), &c, state->order[state->top + r]);
    draw_verdict(now, grid, &foot);
    ui_cut_left(&foot, 1);
    if (!now->spread) draw_bars(now, grid, foot);
}

/* ---- partial dependence ---- */

enum { CURVE = 200 };

static UiSeries series_of(const double *x, const double *y, int count, UiPoint *point, const char *name,
                          UiInk ink, UiDash dash) {
    for (int i = 0; i < count; i++)
        point[i] = (UiPoint){x[i], y[i], y[i], y[i]};
    return (UiSeries){.name = name, .ink = ink, .dash = dash, .point = point, .count = (size_t)count};
}

/* How far the column moves the answer, and how far it does by random weights. */
static void draw_spans(const Shown *now, UiGrid *grid, UiRect row) {
    static const char *const arrays[] = {"mean", "control"};
    char span[2][UI_NUMBER], words[160];
    for (int a = 0; a < 2; a++) {
        int64_t count;
        const double *y = st_finding_values(now->found, arrays[a], &count);
        double low = NAN, high = NAN;
        for (int64_t i = 0; y && i < count; i++)
            low = fmin(low, y[i]), high = fmax(high, y[i]);
        ui_number(span[a], high - low, 7, 3);
    }
    snprintf(words, sizeof words, "moves the answer by %s; with random weights by %s", span[0], span[1]);
    ui_text_in(grid, row, 1, 0, row.w - 2, UI_TEXT, words);
}

static void draw_curve(const Shown *now, UiGrid *grid, UiRect area) {
    static const struct {
        const char *array, *name;
        UiInk ink;
        UiDash dash;
    } lines[] = {{"low", "least, most", UI_DIM, UI_DOTTED},
                 {"high", NULL, UI_DIM, UI_DOTTED},
                 {"control", "control", UI_VALIDATION, UI_DASHED},
                 {"mean", "mean", UI_TRAINING, UI_SOLID}};
    UiPoint point[4][CURVE];
    UiSeries series[4];
    int64_t count;
    char title[200], klass[64];
    const double *x = st_finding_values(now->found, "values_raw", &count);
    if (!x || isnan(x[0])) x = st_finding_values(now->found, "values", &count);
    if (!x || count > CURVE) return;
    UiRect foot = ui_cut_bottom(&area, area.h >= 8 ? 1 : 0);
    for (int i = 0; i < 4; i++) {
        const double *y = st_finding_values(now->found, lines[i].array, NULL);
        series[i] =
            series_of(x, y ? y : x, y ? (int)count : 0, point[i], lines[i].name, lines[i].ink, lines[i].dash);
    }
    series[3].focus = true;
    snprintf(title, sizeof title, now->likely ? "probability of %s" : "%s",
             class_text(now, now->klass, klass));
    UiPlot plot = {.title = title,
                   .x_name = st_finding_text(now->found, "column_name"),
                   .series = series,
                   .count = 4,
                   .bare = area.h < 4};
    if (now->likely) plot.y0 = 0, plot.y1 = 1;
    ui_plot_draw(grid, area, &plot);
    draw_spans(now, grid, foot);
}

/* ---- the view ---- */

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    if (!inside_head(context, grid, &area)) return;
    Shown now = shown_of(context);
    State *state = context->state;
    int64_t pixels = (int64_t)now.height * now.width * now.channels;
    bool small = area.h >= 3 && area.h < 10 && area.w >= 24 && area.w < 60 && now.height && now.attribution;
    if (small && !is(&now, "partial_dependence") && make_room(state, pixels)) {
        draw_small(&now, grid, area);
        return;
    }
    draw_words(&now, grid, &area);
    if (is(&now, "partial_dependence"))
        draw_curve(&now, grid, area);
    else if (now.height)
        draw_image(&now, grid, area);
    else
        draw_table(&now, grid, area);
}

/* A layer that puts out no map was chosen for another view. */
static void ask(ViewContext *context, StAsk *wanted) {
    const StLayerInfo *layers = NULL;
    const StStack *stack = &session_recipe(context->session)->stack;
    session_stack(context->session, &layers, NULL, NULL);
    if (!context->live || wanted->layer < 0) return;
    if (!layers || wanted->layer >= stack->count || layers[wanted->layer].out.rank < 2) wanted->layer = -1;
}

static bool press(ViewContext *context, UiKey key) {
    State *state = context->state;
    int page = state->page > 1 ? state->page - 1 : 1;
    if (key != UI_KEY_PGDN && key != UI_KEY_PGUP) return false;
    state->top += key == UI_KEY_PGDN ? page : -page;
    if (state->top < 0) state->top = 0;
    return true;
}

static void explain(ViewContext *context, StText *out) {
    const StStudy *study = inside_study(context);
    st_text_format(
        out,
        "S is the score of the class that is explained: the number that goes into the last softmax "
        "or sigmoid. The same method on random weights is the control: where its picture is like "
        "this one (a rank correlation of %.1f and more, either way), the picture tells of the input "
        "and not of what was learnt.\n",
        ALIKE);
    if (study) st_text_format(out, "%s: %s\n", study->title, study->formula);
}

static void close_view(void *memory) {
    State *state = memory;
    free(state->pixels);
    free(state->order);
}

static int rows(const ViewContext *context) {
    (void)context;
    return 30;
}

static const UiBinding bindings[] = {
    INSIDE_BINDINGS,
    {UI_KEY_DOWN, "look class=next", "class", "Explains the next class"},
    {UI_KEY_UP, "look class=previous", "class", "Explains the previous class"},
    {'c', "look class=auto", NULL, "Explains the class that is answered"},
    {'(', "look column=previous", NULL, "The previous feature, for partial dependence"},
    {')', "look column=next", NULL, "The next feature, for partial dependence"},
    {UI_KEY_PGDN, "press pgdn", NULL, "More features"},
    {UI_KEY_PGUP, "press pgup", NULL, "The features before"},
    {0}};

const View view_why = {.name = "why",
                       .inside = 'W',
                       .question = "Why this answer?",
                       .title = "Why",
                       .help = "which inputs an answer was made of, beside the same on random weights",
                       .bindings = bindings,
                       .state_size = sizeof(State),
                       .draw = draw,
                       .ask = ask,
                       .press = press,
                       .explain = explain,
                       .rows = rows,
                       .close = close_view};
