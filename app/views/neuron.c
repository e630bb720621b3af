/* Neuron: the formula card of one unit. The sum with its numbers, the largest products as signed bars, the
 * activation's curve with the point on it, how the unit fires over the data, its weights as a picture or its
 * response as a map; and weights and bias changed by hand. */
#include "inside.h"
#include "parts.h"
#include "plane.h"

#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const View view_neuron; /* below */

enum { BIAS = -1 }; /* in the place of an input's index */

typedef struct State {
    bool editing;
    int64_t chosen; /* an input's index, or BIAS */
    double *order;  /* [ordered] while editing: rows keep their places although products change */
    int64_t ordered;
    int rows; /* of contributions that the last drawing had */
    Plane plane;
    float *response; /* [room] */
    int64_t room;
} State;

/* ---- what was found ---- */

/* The sum of one unit, as the finding has it. */
typedef struct Card {
    const StFinding *found;
    const double *x, *w, *product, *order, *at, *extent, *filter;
    int64_t count, axes, windows; /* inputs; of the kernel's shape; of the filter's */
    double bias, sum, output;
    int layer;
    const char *weights, *own_bias; /* tensors; "" where there is none */
} Card;

static Card card_of(const ViewContext *context) {
    const StFinding *found = &context->found->finding;
    Card card = {.found = found,
                 .bias = st_finding_value(found, "bias"),
                 .sum = st_finding_value(found, "sum"),
                 .output = st_finding_value(found, "output"),
                 .layer = (int)st_finding_value(found, "layer_index"),
                 .weights = st_finding_text(found, "weight_tensor"),
                 .own_bias = st_finding_text(found, "bias_tensor")};
    card.x = st_finding_values(found, "inputs", &card.count);
    card.w = st_finding_values(found, "weights", NULL);
    card.product = st_finding_values(found, "products", NULL);
    card.order = st_finding_values(found, "order", NULL);
    card.at = st_finding_values(found, "weight_at", NULL);
    card.extent = st_finding_values(found, "weight_shape", &card.axes);
    card.filter = st_finding_values(found, "filter", &card.windows);
    if (!card.x || !card.w || !card.product || !card.order) card.count = 0;
    return card;
}

/* Which input stands in a row of the table. */
static int64_t input_at(const Card *card, const State *state, int64_t row) {
    const double *order =
        state->editing && state->order && state->ordered == card->count ? state->order : card->order;
    return (int64_t)order[row];
}

/* "petal_length", "row 2 col 0", "unit 7": what an input is. */
static void input_text(const Card *card, int64_t i, char *text, size_t size) {
    const char *name = st_finding_name_at(card->found, "input_names", (int)i);
    if (*name) {
        snprintf(text, size, "%s", name);
    } else if (card->windows == 3) {
        int64_t channels = (int64_t)card->filter[2], width = (int64_t)card->filter[1], tap = i / channels;
        int used = snprintf(text, size, "%lld,%lld", (long long)(tap / width), (long long)(tap % width));
        if (channels > 1) snprintf(text + used, size - (size_t)used, " ch %lld", (long long)(i % channels));
    } else if (card->windows == 2) {
        int64_t channels = (int64_t)card->filter[1];
        int used = snprintf(text, size, "step %lld", (long long)(i / channels));
        if (channels > 1) snprintf(text + used, size - (size_t)used, " ch %lld", (long long)(i % channels));
    } else {
        const double *from = st_finding_values(card->found, "input_index", NULL);
        const char *what = card->count == 1 ? "its input" : card->layer > 0 && !from ? "unit" : "input";
        if (from) i = (int64_t)from[i];
        snprintf(text, size, card->count == 1 ? "%s" : "%s %lld", what, (long long)i);
    }
}

/* ---- the sum in words ---- */

static void unit_words(const ViewContext *context, const Card *card, StText *out) {
    char layer[96];
    const char *name = st_finding_text(card->found, "unit_name");
    st_text_format(out, "%s · unit %.0f of %.0f", inside_layer(context, card->layer, layer),
                   st_finding_value(card->found, "unit"), st_finding_value(card->found, "units"));
    if (*name) st_text_format(out, " (%s)", name);
    int64_t axes;
    const double *place = st_finding_values(card->found, "position", &axes);
    if (place && axes == 2)
        st_text_format(out, " · strongest at row %.0f, column %.0f", place[0], place[1]);
    else if (place && axes == 1)
        st_text_format(out, " · strongest at step %.0f", place[0]);
}

/* y = relu(Σ wᵢxᵢ + b) = relu(0.396 + 0.1) = 0.496, in the longest form that fits. */
static void formula_words(const Card *card, bool plain, int room, StText *out) {
    char sum[UI_NUMBER], bias[UI_NUMBER], whole[UI_NUMBER], y[UI_NUMBER];
    const char *f = st_finding_text(card->found, "activation");
    if (!strcmp(f, "linear") || !strcmp(f, "none")) f = "";
    ui_number(sum, card->sum - card->bias, 8, 4);
    ui_number(bias, fabs(card->bias), 8, 4);
    ui_number(whole, card->sum, 8, 4);
    ui_number(y, card->output, 8, 4);
    const char *sign = card->bias < 0 ? "−" : "+", *terms = plain ? "sum w x" : "Σ wᵢxᵢ";
    for (int form = 0; form < 4; form++) {
        st_text_clear(out);
        if (card->count == 0)
            st_text_format(out, "y = %s", y);
        else if (form == 0)
            st_text_format(out, "y = %s(%s + b) = %s(%s %s %s) = %s(%s) = %s", f, terms, f, sum, sign, bias,
                           f, whole, y);
        else if (form == 1)
            st_text_format(out, "y = %s(%s + b) = %s(%s %s %s) = %s", f, terms, f, sum, sign, bias, y);
        else if (form == 2)
            st_text_format(out, "y = %s(%s %s %s) = %s", f, sum, sign, bias, y);
        else
            st_text_format(out, "%s(%s) = %s", f, whole, y);
        if (ui_text_width(st_text_string(out)) <= room) return;
    }
}

/* ---- the table of products ---- */

/* Where the columns of the table stand; width 0: left out. */
typedef struct Columns {
    int name, x, w, product, bar; /* widths */
} Columns;

/* names: columns that the longest name takes. */
static Columns columns_of(int width, int names) {
    Columns c = {.name = names < 6 ? 6 : names > 14 ? 14 : names, .product = 8};
    int left = width - c.name - c.product - 1;
    if (left >= 19) c.w = 8, left -= c.w;
    if (left >= 17) c.x = 8, left -= c.x;
    c.bar = left > 4 ? left - 1 : 0;
    if (c.bar > 41) c.bar = 41;
    return c;
}

static void put_figure(UiGrid *grid, UiRect row, int end, int w, UiInk ink, double value) {
    char number[UI_NUMBER];
    if (w > 0) ui_print_right(grid, row, end, 0, ink, "%s", ui_number(number, value, w - 1, 4));
}

typedef struct Line {
    const char *name;
    double x, w, product;
    bool figures, bar; /* x and w stand there too; and a bar */
    UiInk ink;
} Line;

static void draw_line(UiGrid *grid, UiRect row, const Columns *c, const Line *line, double largest,
                      bool focus) {
    int end = 1 + c->name;
    ui_text_in(grid, row, 1, 0, c->name, line->ink, line->name);
    if (c->x && line->figures) put_figure(grid, row, end + c->x, c->x, UI_TEXT, line->x);
    if (c->w && line->figures) put_figure(grid, row, end + c->x + c->w, c->w, UI_TEXT, line->w);
    end += c->x + c->w + c->product;
    put_figure(grid, row, end, c->product, line->ink, line->product);
    if (c->bar && line->bar) parts_signed_bar(grid, row, end + 1, c->bar, line->product, -largest, largest);
    if (focus) ui_tint(grid, ui_rect(row.x, row.y, end + 1 < row.w ? end + 1 : row.w, 1), UI_FOCUS);
}

static void draw_titles(UiGrid *grid, UiRect row, const Columns *c) {
    int end = 1 + c->name;
    ui_text_in(grid, row, 1, 0, c->name, UI_DIM, "input");
    if (c->x) ui_print_right(grid, row, end + c->x, 0, UI_DIM, "x");
    if (c->w) ui_print_right(grid, row, end + c->x + c->w, 0, UI_DIM, "w");
    ui_print_right(grid, row, end + c->x + c->w + c->product, 0, UI_DIM, "w·x");
}

static double largest_of(const Card *card) {
    double largest = fabs(card->bias);
    for (int64_t i = 0; i < card->count; i++)
        if (isfinite(card->product[i])) largest = fmax(largest, fabs(card->product[i]));
    return largest;
}

/* The row that the first line of the table shows, so that the chosen one is among `rows`. */
static int64_t first_row(const Card *card, const State *state, int rows) {
    if (!state->editing || state->chosen == BIAS) return 0;
    for (int64_t r = 0; r < card->count; r++)
        if (input_at(card, state, r) == state->chosen) return r < rows ? 0 : r - rows + 1;
    return 0;
}

/* Bias, sum and output under the products; the last of them where there is less room. */
static void draw_foot(const Card *card, const State *state, UiGrid *grid, UiRect foot, const Columns *c,
                      double largest) {
    Line lines[] = {{"bias", NAN, NAN, card->bias, false, true, *card->own_bias ? UI_TEXT : UI_DIM},
                    {"sum", NAN, NAN, card->sum, false, false, UI_TITLE},
                    {"output", NAN, NAN, card->output, false, false, UI_TITLE}};
    bool bias = state->editing && state->chosen == BIAS;
    int first = foot.h < 3 ? 3 - foot.h : 0;
    if (bias && first > 0 && first < 3) lines[first] = lines[0]; /* what the keys act on is always there */
    for (int i = first; i < 3; i++)
        draw_line(grid, ui_cut_top(&foot, 1), c, &lines[i], largest, bias && i == first);
}

/* The columns that the longest of the first names takes. */
static int name_width(const Card *card, const State *state, int64_t first, int64_t shown) {
    int width = 7;
    char name[64];
    for (int64_t r = first; r < first + shown && r < card->count; r++) {
        input_text(card, input_at(card, state, r), name, sizeof name);
        int w = ui_text_width(name);
        width = w > width ? w : width;
    }
    return width;
}

static void draw_sum(const ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    Card card = card_of(context);
    double largest = largest_of(&card), rest = 0;
    UiRect head = ui_cut_top(&area, area.h >= 7 ? 1 : 0);
    int foot = area.h >= 6 ? 3 : area.h >= 4 ? 1 : 0;
    state->rows = area.h - foot;
    int64_t first = first_row(&card, state, state->rows), shown = card.count - first;
    bool more = shown > state->rows && state->rows > 2 && !state->editing;
    if (shown > state->rows) shown = state->rows - more;
    Columns c = columns_of(area.w - 1, name_width(&card, state, first, shown));
    draw_titles(grid, head, &c);
    for (int64_t r = first; r < first + shown; r++) {
        char name[64];
        int64_t i = input_at(&card, state, r);
        input_text(&card, i, name, sizeof name);
        Line line = {name, card.x[i], card.w[i], card.product[i] + 0.0, true, true, UI_TEXT};
        draw_line(grid, ui_cut_top(&area, 1), &c, &line, largest, state->editing && i == state->chosen);
    }
    for (int64_t r = shown; more && r < card.count; r++)
        rest += card.product[input_at(&card, state, r)];
    char words[48];
    snprintf(words, sizeof words, "%lld more", (long long)(card.count - shown));
    Line line = {words, NAN, NAN, rest, false, true, UI_DIM};
    if (more) draw_line(grid, ui_cut_top(&area, 1), &c, &line, largest, false);
    if (area.h > foot + 1) ui_cut_top(&area, 1);
    draw_foot(&card, state, grid, ui_cut_top(&area, foot), &c, largest);
}

/* ---- the pictures ---- */

static void draw_curve(const Card *card, UiGrid *grid, UiRect area) {
    int64_t count;
    const double *x = st_finding_values(card->found, "curve_x", &count);
    const double *y = st_finding_values(card->found, "curve_y", NULL);
    UiPoint point[128];
    char here[UI_NUMBER], there[UI_NUMBER], words[2 * UI_NUMBER + 8];
    if (!x || !y || area.h < 3 || area.w < 12 || count > 128) return;
    for (int64_t i = 0; i < count; i++)
        point[i] = (UiPoint){x[i], y[i], y[i], y[i]};
    const char *name = st_finding_text(card->found, "activation");
    UiSeries series = {.ink = UI_TRAINING, .point = point, .count = (size_t)count};
    snprintf(words, sizeof words, "%s(%s) = %s", !strcmp(name, "none") ? "" : name,
             ui_number(here, card->sum, 6, 3), ui_number(there, card->output, 6, 3));
    ui_text_in(grid, ui_cut_top(&area, 1), 0, 0, area.w, UI_TITLE, words);
    UiPlot plot = {.series = &series, .count = 1, .bare = area.h < 4};
    UiPlotView view = ui_plot_draw(grid, area, &plot);
    if (view.inner.w < 1 || view.inner.h < 1) return;
    double up = view.y1 > view.y0 ? (card->output - view.y0) / (view.y1 - view.y0) : 0;
    int row = view.inner.h - 1 - (int)(up * view.inner.h), column = ui_plot_column(&view, card->sum);
    row = row < 0 ? 0 : row >= view.inner.h ? view.inner.h - 1 : row;
    ui_put_glyph(grid, view.inner, column - view.inner.x, row, UI_GLYPH_MARK, UI_KEY);
}

static bool rectifies(const char *activation) {
    return strstr(activation, "relu") || !strcmp(activation, "sparsemax");
}

/* How many outputs are the 0 of a rectifier that does not fire. */
static double silent_of(const Card *card, const double *counts, int64_t bins) {
    double share = st_finding_value(card->found, "firing_rate_positions"), all = 0;
    if (isnan(share)) share = st_finding_value(card->found, "firing_rate");
    for (int64_t i = 0; i < bins; i++)
        all += counts[i];
    return round(all * (1 - share));
}

/* How it answers to the data: a histogram (of a rectifier that of what it says where it fires), and in words
 * what would be bad. */
static void draw_firing(const Card *card, UiGrid *grid, UiRect area) {
    int64_t bins, edges;
    const double *counts = st_finding_values(card->found, "firing_counts", &bins);
    const double *edge = st_finding_values(card->found, "firing_edges", &edges);
    double rate = st_finding_value(card->found, "firing_rate"),
           rows = st_finding_value(card->found, "firing_rows");
    if (!counts || !edge || area.h < 1) return;
    char words[120], mean[UI_NUMBER];
    UiInk ink = UI_TITLE;
    double low = st_finding_value(card->found, "output_min"),
           high = st_finding_value(card->found, "output_max");
    bool rectified = rectifies(st_finding_text(card->found, "activation")) && low == 0 && rate > 0;
    if (rectifies(st_finding_text(card->found, "activation"))) {
        snprintf(words, sizeof words, "fires on %.0f %% of %.0f rows%s", 100 * rate, rows,
                 rectified && area.w > 32 ? "; then:" : "");
        if (rate == 0) snprintf(words, sizeof words, "never fires on %.0f rows: dead", rows), ink = UI_BAD;
    } else {
        snprintf(words, sizeof words, "mean %s over %.0f rows",
                 ui_number(mean, st_finding_value(card->found, "output_mean"), 7, 3), rows);
        if (!(high > low)) snprintf(words, sizeof words, "the same on all %.0f rows", rows), ink = UI_WARN;
    }
    ui_text_in(grid, ui_cut_top(&area, 1), 0, 0, area.w, ink, words);
    double shown[64];
    bins = bins > 64 ? 64 : bins;
    memcpy(shown, counts, (size_t)bins * sizeof *shown);
    if (rectified) shown[0] = fmax(0, shown[0] - silent_of(card, counts, bins));
    ui_histogram(grid, area, UI_TRAINING, shown, (int)bins, edge[0], edge[edges - 1]);
}

/* Weights where the inputs are a picture; and, where all have room at their full size, the example before
 * them and what the two make together behind them. */
static void draw_images(const Card *card, UiGrid *grid, UiRect area) {
    const StShape *shape = st_finding_shape(card->found, "weight_image");
    if (!shape || area.h < 2 || st_shape_size(shape) != card->count) return;
    const double *values[] = {card->w, card->x, card->product};
    static const char *const titles[] = {"weights", "inputs", "w·x"};
    int cells = (int)shape->dim[1] > 7 ? (int)shape->dim[1] : 7, count = (area.w + 2) / (cells + 2);
    count = count > 3 ? 3 : count < 1 || 2 * (area.h - 1) < shape->dim[0] ? 1 : count;
    static const int weights[] = {1, 1, 1};
    UiRect part[3];
    ui_split_columns(area, count, weights, 2, part);
    for (int i = 0; i < count; i++) {
        UiRect head = ui_cut_top(&part[i], 1);
        UiHeatView view = inside_draw_image(grid, part[i], values[i], (int)shape->dim[0], (int)shape->dim[1],
                                            (int)shape->dim[2], (UiHeat){.ramp = UI_RAMP_SIGNED});
        int x = ui_text_in(grid, head, 0, 0, head.w, UI_TITLE, titles[i]) + 2, w = head.w - x;
        if (w >= 14) ui_ramp_bar(grid, head, x, 0, w < 26 ? w : 26, UI_RAMP_SIGNED, view.low, view.high);
    }
}

/* The response to the plane, with the data's points on it; values from the least to the greatest as -1 … 1
 * about 0. */
static void draw_response(const ViewContext *context, const Card *card, UiGrid *grid, UiRect area) {
    State *state = context->state;
    int64_t count;
    const double *value = st_finding_values(card->found, "response", &count);
    const StShape *shape = st_finding_shape(card->found, "response");
    const StDataset *dataset = inside_dataset(context);
    if (!value || !shape || area.h < 2) return;
    if (state->room < count) {
        float *more = realloc(state->response, (size_t)count * sizeof *more);
        if (!more) return;
        state->response = more, state->room = count;
    }
    double largest = 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(value[i])) largest = fmax(largest, fabs(value[i]));
    for (int64_t i = 0; i < count; i++)
        state->response[i] = (float)(largest > 0 ? value[i] / largest : 0);
    char top[UI_NUMBER];
    UiRect head = ui_cut_top(&area, 1);
    char words[64];
    snprintf(words, sizeof words, "response, ±%s", ui_number(top, largest, 6, 3));
    ui_text_in(grid, head, 0, 0, head.w, UI_TITLE, words);
    bool points = dataset && st_dataset_is_plane(dataset) &&
                  plane_points(&state->plane, dataset, session_revision(context->session));
    UiMap map = {.x0 = st_finding_value(card->found, "x1_low"),
                 .x1 = st_finding_value(card->found, "x1_high"),
                 .y0 = st_finding_value(card->found, "x2_low"),
                 .y1 = st_finding_value(card->found, "x2_high"),
                 .rows = (int)shape->dim[0],
                 .columns = (int)shape->dim[1],
                 .value = state->response,
                 .dot = points ? state->plane.dot : NULL,
                 .dots = points && area.h >= 12 ? state->plane.train : 0};
    ui_map_draw(grid, area, &map);
}

static bool has_picture(const Card *card) {
    return st_finding_find(card->found, "weight_image") || st_finding_find(card->found, "response");
}

static void draw_picture(const ViewContext *context, const Card *card, UiGrid *grid, UiRect area) {
    if (st_finding_find(card->found, "response"))
        draw_response(context, card, grid, area);
    else
        draw_images(card, grid, area);
}

/* Curve, picture and histogram, one under the other, or the picture beside the two where it is wide. */
static void draw_side(const ViewContext *context, const Card *card, UiGrid *grid, UiRect side) {
    bool picture = has_picture(card), curve = st_finding_find(card->found, "curve_x") != NULL;
    if (picture && side.w >= 64) {
        UiRect right = ui_cut_right(&side, side.w - 34 > 2 * side.h + 4 ? 2 * side.h + 4 : side.w - 34);
        draw_picture(context, card, grid, right);
        ui_cut_right(&side, 2);
        picture = false;
    }
    int weights[3] = {curve ? 4 : 0, picture ? 6 : 0, 3}, count = 0, which[3];
    for (int i = 0; i < 3; i++)
        if (weights[i] && (i != 1 || side.h >= 12)) weights[count] = weights[i], which[count++] = i;
    if (side.h < 9 && count > 1) count = 1;
    UiRect part[3];
    ui_split_rows(side, count, weights, 1, part);
    for (int i = 0; i < count; i++) {
        if (which[i] == 0) draw_curve(card, grid, part[i]);
        if (which[i] == 1) draw_picture(context, card, grid, part[i]);
        if (which[i] == 2) draw_firing(card, grid, part[i]);
    }
}

static void draw_words(const ViewContext *context, const Card *card, UiGrid *grid, UiRect *area) {
    StText words = {0};
    if (area->h >= 4) {
        unit_words(context, card, &words);
        ui_text_in(grid, ui_cut_top(area, 1), 1, 0, area->w - 2, UI_TITLE, st_text_string(&words));
    }
    formula_words(card, grid->look.ladder == UI_ASCII, area->w - 2, &words);
    ui_text_in(grid, ui_cut_top(area, 1), 1, 0, area->w - 2, UI_TEXT, st_text_string(&words));
    st_text_free(&words);
    const char *why = st_finding_text(card->found, card->count ? "weights_are" : "no_sum");
    UiRect row = ui_cut_top(area, area->h < 8 ? 0 : ui_text_width(why) > area->w - 2 ? 2 : 1);
    ui_paragraph(grid, ui_inset(row, 1, 0), UI_DIM, 0, why);
}

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    if (!inside_head(context, grid, &area)) return;
    Card card = card_of(context);
    draw_words(context, &card, grid, &area);
    UiRect side = ui_rect(area.x, area.y, 0, 0);
    if (card.count == 0) {
        side = area, area.h = 0;
        ui_cut_left(&side, 1);
    } else if (area.w >= 72) {
        side = ui_cut_right(&area, area.w >= 130 ? area.w - 62 : area.w * 3 / 8);
        ui_cut_left(&side, 2);
    } else if (area.h >= 18) {
        side = ui_cut_bottom(&area, area.h / 2);
        ui_cut_left(&side, 1);
    }
    ui_cut_right(&side, 1);
    draw_side(context, &card, grid, side);
    draw_sum(context, grid, area);
}

/* ---- by hand ---- */

static void stop_editing(State *state) {
    free(state->order);
    state->order = NULL;
    state->editing = false;
}

static bool begin_editing(ViewContext *context, const Card *card) {
    State *state = context->state;
    if (!*card->weights && !*card->own_bias) return false;
    state->order = card->count ? malloc((size_t)card->count * sizeof *state->order) : NULL;
    if (state->order) memcpy(state->order, card->order, (size_t)card->count * sizeof *state->order);
    state->ordered = state->order ? card->count : 0;
    state->chosen = *card->weights && card->count ? (int64_t)card->order[0] : BIAS;
    state->editing = true;
    return true;
}

/* The chosen weight as the language names it: "dense/kernel 3,5"; and its value of now. */
static bool chosen_words(ViewContext *context, const Card *card, StText *out, double *value) {
    const State *state = context->state;
    bool bias = state->chosen == BIAS;
    const char *tensor = bias ? card->own_bias : card->weights;
    int64_t at = bias ? (int64_t)st_finding_value(card->found, "unit") : (int64_t)card->at[state->chosen];
    StWeightSet set;
    if (!session_weights(context->session, &set, NULL)) return false;
    for (int t = 0; t < set.count; t++) {
        if (strcmp(set.tensor[t].name, tensor) != 0 || at >= set.tensor[t].size) continue;
        const StShape *shape = &set.tensor[t].shape;
        int64_t rest = at, place[ST_RANK_MAX + 1];
        *value = (double)set.values[set.tensor[t].offset + at];
        for (int a = shape->rank - 1; a >= 0; a--)
            place[a] = rest % shape->dim[a], rest /= shape->dim[a];
        st_text_format(out, "%s ", tensor);
        for (int a = 0; a < shape->rank; a++)
            st_text_format(out, "%s%lld", a ? "," : "", (long long)place[a]);
        return true;
    }
    return false;
}

/* One of 1, 2, 5 × 10ⁿ, about a twentieth of the unit's largest weight. */
static double nudge_of(const Card *card) {
    double largest = fabs(card->bias);
    for (int64_t i = 0; i < card->count; i++)
        if (isfinite(card->w[i])) largest = fmax(largest, fabs(card->w[i]));
    if (!(largest > 0)) return 0.1;
    double decade = pow(10, floor(log10(largest / 20))), lead = largest / 20 / decade;
    return decade * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

/* Runs, or (typed) opens the prompt with, the line that sets the chosen weight to its value + by. */
static void set_chosen(ViewContext *context, const Card *card, double by, bool typed) {
    StText line = {0};
    double value = 0;
    st_text_add(&line, typed ? ":weight " : "weight ");
    bool known = chosen_words(context, card, &line, &value);
    double next = by != 0 ? round((value + by) / (fabs(by) / 10)) * (fabs(by) / 10) : value;
    st_text_format(&line, " %.6g", next + 0.0);
    if (known) context->run(context->bench, st_text_string(&line));
    st_text_free(&line);
}

static void move_chosen(State *state, const Card *card, int by) {
    int64_t rows = *card->weights ? card->count : 0, row = rows;
    for (int64_t r = 0; r < rows && state->chosen != BIAS; r++)
        if (input_at(card, state, r) == state->chosen) row = r;
    int64_t last = *card->own_bias ? rows : rows - 1;
    row += by;
    row = row < 0 ? 0 : row > last ? last : row;
    state->chosen = row < rows ? input_at(card, state, row) : BIAS;
}

static bool press_editing(ViewContext *context, const Card *card, UiKey key) {
    State *state = context->state;
    double nudge = nudge_of(card);
    int page = state->rows > 1 ? state->rows - 1 : 1;
    switch (key) {
    case UI_KEY_UP:
    case UI_KEY_DOWN:
        return move_chosen(state, card, key == UI_KEY_UP ? -1 : 1), true;
    case UI_KEY_PGUP:
    case UI_KEY_PGDN:
        return move_chosen(state, card, key == UI_KEY_PGUP ? -page : page), true;
    case UI_KEY_LEFT:
    case UI_KEY_RIGHT:
        return set_chosen(context, card, key == UI_KEY_LEFT ? -nudge : nudge, false), true;
    case UI_KEY_LEFT | UI_SHIFT:
    case UI_KEY_RIGHT | UI_SHIFT:
        return set_chosen(context, card, key == (UI_KEY_LEFT | UI_SHIFT) ? -10 * nudge : 10 * nudge, false),
               true;
    case UI_KEY_ENTER:
        return set_chosen(context, card, 0, true), true;
    case UI_KEY_ESCAPE:
        return stop_editing(state), true;
    default:
        return false;
    }
}

static bool press(ViewContext *context, UiKey key) {
    State *state = context->state;
    if (!context->found || context->found->finding.count == 0) return false;
    Card card = card_of(context);
    bool gone = state->editing && (card.count != state->ordered || (!*card.weights && !*card.own_bias));
    if (gone) stop_editing(state); /* another unit, or another network */
    if (state->editing) return press_editing(context, &card, key);
    if (key != UI_KEY_ENTER || !begin_editing(context, &card)) return false;
    if (context->gaze->moment >= 0)
        context->run(context->bench, "moment last"); /* the past stays as it was */
    return true;
}

static const UiBinding editing_keys[] = {
    {UI_KEY_UP, "press up", "weight", "The weight above"},
    {UI_KEY_DOWN, "press down", "weight", "The weight below; the bias is the last"},
    {UI_KEY_LEFT, "press left", "change", "A little less (with shift: ten times as much)"},
    {UI_KEY_RIGHT, "press right", "change", "A little more (with shift: ten times as much)"},
    {UI_KEY_ENTER, "press enter", "type it", "Types a value"},
    {'u', "undo", "undo", "Takes the last change back"},
    {UI_KEY_ESCAPE, "press esc", "done", "Leaves the weights as they are"},
    {0}};

static const UiBinding *hints(ViewContext *context) {
    return ((State *)context->state)->editing ? editing_keys : NULL;
}

/* A unit that the layer does not have (the stack was changed) is none. */
static void ask(ViewContext *context, StAsk *wanted) {
    const SessionRun *run = session_run(context->session);
    const StLayerInfo *layers = run ? run->layers : NULL;
    int count = run ? run->recipe->stack.count : 0;
    if (!context->live || !layers) return;
    if (wanted->layer >= count) wanted->layer = wanted->unit = -1;
    const StShape *out = wanted->layer >= 0 ? &layers[wanted->layer].out : NULL;
    if (out && out->rank && wanted->unit >= out->dim[out->rank - 1]) wanted->unit = -1;
}

static void explain(ViewContext *context, StText *out) {
    st_text_add(out,
                "A unit multiplies every input by a weight of its own, adds the products and its bias, and "
                "puts the sum through its activation. Bars to the right push the sum up, bars to the left "
                "pull it down; the longest stand first. Bad: a unit that never fires (dead), or puts out "
                "the same for every row.\n");
    if (!context->found || context->found->finding.count == 0) return;
    Card card = card_of(context);
    if (card.count > 0)
        st_text_format(out, "sum %.9g, bias %.9g, output %.9g\n", card.sum, card.bias, card.output);
}

static void close_view(void *memory) {
    State *state = memory;
    free(state->order);
    free(state->response);
    plane_free(&state->plane);
}

static int rows(const ViewContext *context) {
    (void)context;
    return 30;
}

static const UiBinding bindings[] = {
    {UI_KEY_DOWN, "look unit=next", "unit", "The next unit of the layer"},
    {UI_KEY_UP, "look unit=previous", "unit", "The previous unit of the layer"},
    {UI_KEY_ENTER, "press enter", "edit", "Changes weights and bias by hand"},
    INSIDE_PLACES,
    {0}};

const View view_neuron = {.name = "neuron",
                          .inside = 'N',
                          .question = "What does this unit compute?",
                          .title = "Neuron",
                          .help =
                              "one unit: its inputs times its weights, the sum, the output, and how it fires",
                          .bindings = bindings,
                          .state_size = sizeof(State),
                          .draw = draw,
                          .ask = ask,
                          .press = press,
                          .explain = explain,
                          .rows = rows,
                          .hints = hints,
                          .close = close_view};
