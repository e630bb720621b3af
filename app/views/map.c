/* Map: the stack drawn as layers of units. Every unit shows what one example puts into it, or, of a 2-D set,
 * its response to the plane; lines are the weights. A cursor goes over the units, enter opens the unit's
 * card, p lets the example pass layer by layer. */
#include "inside.h"
#include "links.h"
#include "parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const View view_map; /* below */

enum {
    COLUMNS = 12,    /* layers drawn at once */
    PITCH = 13,      /* columns that a layer takes at least */
    ALL_LINKS = 100, /* between two layers, up to which all are drawn */
    FEW_LINKS = 12,  /* else the largest alone */
    LINKS = 2 * COLUMNS * ALL_LINKS
};

/* One layer as it is drawn; the first is the input. */
typedef struct Column {
    int layer; /* -1: the input */
    int64_t units;
    const double *value;    /* [units] of the example; NULL: too many to be told */
    const double *response; /* [units][side][side]; NULL: there is none */
    int side;
    double largest; /* of |value|, or of |response| */
    UiRect area;    /* of its units */
    bool boxes;     /* a row or more for each unit, one below the other; else a block of shades */
    int box;        /* rows of a unit */
    int names;      /* columns for the units' names, before them (input) or behind them (answers); 0: none */
    int across, down; /* units of a block */
    UiHeatView heat;  /* a block as it was drawn */
    bool reached;     /* by the pulse */
} Column;

typedef struct State {
    int pulse; /* layers that it has reached, from 1; 0: all */
    int count;
    Column column[COLUMNS]; /* as they were drawn: arrows go by them */
    float *shade;           /* [room] */
    int64_t room;
} State;

/* ---- what was found ---- */

static const double *layer_values(const StFinding *found, const char *what, int layer, int64_t *size,
                                  const StShape **shape) {
    char name[ST_LAYER_NAME_MAX + 32];
    snprintf(name, sizeof name, "%s:%s", what, st_finding_name_at(found, "layers", layer));
    if (strlen(name) >= ST_ENTRY_NAME_MAX) snprintf(name, sizeof name, "%s:%d", what, layer + 1);
    if (shape) *shape = st_finding_shape(found, name);
    return st_finding_values(found, name, size);
}

static int layers_of(const StFinding *found) {
    return st_finding_names(found, "layers");
}

/* Layers that only hand on what they get are left out of the picture. */
static bool is_drawn(const StFinding *found, int layer) {
    const StLayerKind *kind = st_layer_kind_find(st_finding_name_at(found, "kinds", layer));
    if (!kind) return true;
    return !kind->in_place && kind != &st_kind_masking &&
           strcmp(st_layer_family(kind, NULL), "regularization");
}

static double largest_of(const double *value, int64_t count) {
    double largest = 0;
    for (int64_t i = 0; value && i < count; i++)
        if (isfinite(value[i])) largest = fmax(largest, fabs(value[i]));
    return largest;
}

static Column column_of(const StFinding *found, int layer) {
    Column column = {.layer = layer};
    const StShape *shape = NULL;
    int64_t size = 0, responses = 0;
    if (layer < 0) {
        column.value = st_finding_values(found, "input", &size);
        column.units = column.value ? size : 0;
        column.response = st_finding_values(found, "response:input", &responses);
        shape = st_finding_shape(found, "response:input");
    } else {
        column.units = (int64_t)st_finding_values(found, "units", NULL)[layer];
        column.value = layer_values(found, "unit_mean", layer, &size, NULL);
        if (!column.value) column.value = layer_values(found, "output", layer, &size, NULL);
        if (size != column.units) column.value = NULL;
        column.response = layer_values(found, "response", layer, &responses, &shape);
    }
    column.side = shape ? (int)shape->dim[1] : 0;
    column.largest =
        column.response ? largest_of(column.response, responses) : largest_of(column.value, size);
    return column;
}

/* The layer that the cursor is on. */
static int chosen_layer(const ViewContext *context, const StFinding *found) {
    int layers = layers_of(found), layer = context->gaze->layer;
    if (layer < 0 || layer >= layers) layer = 0;
    for (int i = 0; i < layers && !is_drawn(found, layer); i++)
        layer = (layer + 1) % layers;
    return layer;
}

static int64_t chosen_unit(const ViewContext *context, const Column *column) {
    int64_t unit = context->gaze->unit;
    bool here = context->gaze->layer == column->layer;
    return here && unit >= 0 && unit < column->units ? unit : 0;
}

/* ---- where things stand ---- */

/* Which layers are drawn: all that have room, about the chosen one. Returns how many are left out before. */
static int choose_columns(const ViewContext *context, const StFinding *found, State *state, int width) {
    int layers = layers_of(found), drawn[ST_LAYERS_MAX + 1], count = 0, at = 0;
    int most = width / PITCH < 1 ? 1 : width / PITCH;
    if (most > COLUMNS) most = COLUMNS;
    if (st_finding_find(found, "input")) drawn[count++] = -1;
    for (int i = 0; i < layers && i < ST_LAYERS_MAX; i++) {
        if (!is_drawn(found, i)) continue;
        if (i == chosen_layer(context, found)) at = count;
        drawn[count++] = i;
    }
    int first = at - most / 2;
    if (first > count - most) first = count - most;
    if (first < 0) first = 0;
    state->count = count - first < most ? count - first : most;
    for (int i = 0; i < state->count; i++) {
        state->column[i] = column_of(found, drawn[first + i]);
        int layer = state->column[i].layer;
        state->column[i].reached = state->pulse == 0 || layer < state->pulse;
    }
    return first;
}

/* The picture that an input is: its extents; else about as wide as high, without holes where that can be. */
static void block_extents(const ViewContext *context, Column *column, UiRect area) {
    int h, w, channels;
    if (column->layer < 0 && inside_image(context, &h, &w, &channels) &&
        (int64_t)h * w * channels == column->units && channels == 1) {
        column->across = w, column->down = h;
        return;
    }
    int64_t root = (int64_t)ceil(sqrt((double)column->units)), across = root;
    while (across < column->units && (column->units + across - 1) / across > 2 * area.h)
        across++;
    for (int64_t whole = across; whole <= 3 * root && whole <= column->units; whole++)
        if (column->units % whole == 0) {
            across = whole;
            break;
        }
    column->across = (int)across;
    column->down = (int)((column->units + across - 1) / across);
}

static const char *unit_name(const StFinding *found, const Column *column, int64_t unit) {
    bool last = column->layer == layers_of(found) - 1;
    const char *list = last ? "classes" : column->layer < 0 ? "input_names" : "";
    return st_finding_names(found, list) == column->units ? st_finding_name_at(found, list, (int)unit) : "";
}

/* The columns that the names of a layer's units take, of those that there are. */
static int names_width(const StFinding *found, const Column *column, int most) {
    int width = 0;
    for (int64_t u = 0; u < column->units; u++) {
        int w = ui_text_width(unit_name(found, column, u));
        width = w > width ? w : width;
    }
    return width < most ? width : most > 2 ? most : 0;
}

/* One below the other: pictures where there is room for them, else a shade and a figure each. */
static void lay_out_boxes(const StFinding *found, Column *column, UiRect at, int pitch) {
    int units = column->units > 0 ? (int)column->units : 1;
    int each = at.h / units, figure = at.w < 10 ? at.w : 10;
    column->box = each > 8 ? 8 : each > 3 ? each - 1 : each; /* a blank between */
    if (column->box < 3) column->response = NULL;
    if (!column->response) column->box = 1;
    int own = column->response ? 2 * column->box + 1 : figure;
    if (column->layer < 0) {
        column->names = names_width(found, column, at.w - own - 1);
        ui_cut_left(&at, column->names ? column->names + 1 : 0);
    } else {
        column->names = names_width(found, column, pitch - own - 3);
    }
    at.w = own < at.w ? own : at.w;
    column->area = at;
}

static void lay_out(const ViewContext *context, const StFinding *found, State *state, UiRect area) {
    int pitch = state->count > 0 ? area.w / state->count : area.w, gap = pitch < 20 ? pitch / 4 : pitch / 3;
    if (gap > 22) gap = 22;
    for (int i = 0; i < state->count; i++) {
        Column *column = &state->column[i];
        UiRect at = ui_rect(area.x + i * pitch, area.y, pitch - gap, area.h);
        column->boxes = column->units <= area.h;
        column->area = at;
        if (column->boxes) {
            lay_out_boxes(found, column, at, pitch);
            continue;
        }
        if (column->area.w > 2 * at.h) column->area.w = 2 * at.h;
        block_extents(context, column, column->area);
    }
}

/* The rows that a unit's box has, spread over the height. */
static UiRect box_of(const Column *column, int64_t unit) {
    int units = (int)column->units, each = column->area.h / units;
    int spare = column->area.h - each * units;
    return ui_rect(column->area.x, column->area.y + spare / 2 + (int)unit * each, column->area.w,
                   column->box);
}

/* The middle of a unit: left or right edge of its layer, and its height. */
static void unit_place(const Column *column, int64_t unit, bool right, double *x, double *y) {
    *x = column->area.x + (right ? column->area.w : -1) + 0.5;
    if (column->boxes) {
        UiRect box = box_of(column, unit);
        *y = box.y + 0.5 * box.h;
        return;
    }
    double row = (double)(unit / column->across);
    *y = column->area.y + (row + 0.5) / column->down * column->area.h;
}

/* ---- units ---- */

static UiInk value_ink(double value) {
    return isnan(value) ? UI_DIM : value < 0 ? UI_TRAINING : UI_VALIDATION;
}

/* How strongly a unit speaks for the example. */
static uint32_t value_shade(const UiGrid *grid, const Column *column, int64_t unit) {
    double value = column->value ? column->value[unit] : NAN;
    double share = column->largest > 0 && isfinite(value) ? fabs(value) / column->largest : 0;
    return ui_glyph_shade(grid->look.ladder, (int)lround(4 * fmin(1, share)));
}

static void draw_response(const State *state, UiGrid *grid, UiRect box, const Column *column, int64_t unit) {
    int cells = column->side * column->side;
    const double *value = column->response + unit * cells;
    UiHeat heat = {.value = state->shade,
                   .rows = column->side,
                   .columns = column->side,
                   .row_step = column->side,
                   .column_step = 1,
                   .ramp = UI_RAMP_SIGNED,
                   .low = -1,
                   .high = 1,
                   .mean = true};
    double largest = largest_of(value, cells);
    for (int i = 0; i < cells; i++)
        state->shade[i] = (float)(largest > 0 ? value[i] / largest : 0);
    UiRect bar = ui_cut_right(&box, 1);
    ui_heat_draw(grid, box, &heat);
    for (int y = 0; y < bar.h; y++)
        ui_put_ink(grid, bar, 0, y, value_shade(grid, column, unit),
                   value_ink(column->value ? column->value[unit] : NAN));
}

/* A shade and the figure. */
static void draw_value(UiGrid *grid, UiRect box, const Column *column, int64_t unit) {
    double value = column->value ? column->value[unit] : NAN;
    char number[UI_NUMBER];
    uint32_t mark = value_shade(grid, column, unit);
    ui_put_ink(grid, box, 0, 0, mark, value_ink(value));
    ui_put_ink(grid, box, 1, 0, mark, value_ink(value));
    ui_print_right(grid, box, box.w - 1, 0, isnan(value) ? UI_DIM : UI_TEXT, "%s",
                   ui_number(number, value, box.w - 4, 3));
}

static void draw_name(const StFinding *found, UiGrid *grid, const Column *column, int64_t unit) {
    UiRect box = box_of(column, unit);
    double value = st_finding_value(found, "answer");
    int x = column->layer < 0 ? box.x - column->names - 1 : box.x + box.w + 1;
    bool answer = column->layer >= 0 && column->reached && value == (double)unit;
    ui_text_in(grid, ui_rect(x, box.y + box.h / 2, column->names, 1), 0, 0, column->names,
               answer ? UI_TITLE : UI_DIM, unit_name(found, column, unit));
}

static void draw_boxes(const StFinding *found, const State *state, UiGrid *grid, const Column *column) {
    for (int64_t unit = 0; unit < column->units; unit++) {
        UiRect box = box_of(column, unit);
        if (!column->reached)
            ui_put_glyph(grid, box, 0, box.h / 2, UI_GLYPH_LINE_DOTTED, UI_DIM);
        else if (column->response)
            draw_response(state, grid, box, column, unit);
        else
            draw_value(grid, box, column, unit);
        if (column->names) draw_name(found, grid, column, unit);
    }
}

/* Over the links: what the keys act on. */
static void draw_cursor(UiGrid *grid, const Column *column, int64_t unit) {
    if (!column->boxes || column->units == 0) return; /* a block draws its own */
    UiRect box = box_of(column, unit), mark = ui_rect(box.x - 1, box.y, 1, box.h);
    if (!column->response) ui_tint(grid, box, UI_FOCUS);
    for (int y = 0; y < mark.h; y++)
        ui_put_glyph(grid, mark, 0, y, UI_GLYPH_RIGHT, UI_KEY);
}

static void draw_block(const ViewContext *context, State *state, UiGrid *grid, Column *column,
                       int64_t cursor) {
    int64_t places = (int64_t)column->across * column->down;
    for (int64_t i = 0; i < places && i < state->room; i++)
        state->shade[i] = column->reached && column->value && i < column->units ? (float)column->value[i] : 0;
    if (places > state->room) return;
    UiHeat heat = {.value = state->shade,
                   .rows = column->down,
                   .columns = column->across,
                   .row_step = column->across,
                   .column_step = 1,
                   .ramp = UI_RAMP_SIGNED,
                   .low = -column->largest,
                   .high = column->largest > 0 ? column->largest : 1,
                   .has_cursor = context->live && cursor >= 0,
                   .cursor_row = (int)(cursor / column->across),
                   .cursor_column = (int)(cursor % column->across)};
    column->heat = ui_heat_draw(grid, column->area, &heat);
    column->area = column->heat.inner;
}

static bool make_room(State *state) {
    int64_t wanted = 1024;
    for (int i = 0; i < state->count; i++) {
        const Column *column = &state->column[i];
        int64_t places = column->boxes ? 0 : (int64_t)column->across * column->down;
        wanted = places > wanted ? places : wanted;
    }
    if (state->room >= wanted) return true;
    float *more = realloc(state->shade, (size_t)wanted * sizeof *more);
    if (!more) return false;
    state->shade = more;
    state->room = wanted;
    return true;
}

/* ---- links ---- */

/* Where an input of a layer comes from in the picture: a unit of the layer before, of which several
 * (positions, channels) may have become one. */
static int64_t source_of(const Column *before, int64_t from, int64_t inputs) {
    if (inputs > 0 && inputs < before->units) return before->units / 2; /* channels of a picture */
    return before->units > 0 ? from % before->units : 0;
}

static void add_link(Link *links, int *count, const Column *before, const Column *column, int64_t from,
                     int64_t to, int64_t inputs, double weight, bool focus) {
    if (*count == LINKS || !isfinite(weight)) return;
    Link *link = &links[(*count)++];
    unit_place(before, source_of(before, from, inputs), true, &link->x0, &link->y0);
    unit_place(column, to, false, &link->x1, &link->y1);
    link->weight = weight;
    link->focus = focus;
}

/* The largest weights into one unit, or out of one (the other index -1). */
static void add_largest(Link *links, int *count, const Column *before, const Column *column, const double *w,
                        int64_t inputs, int64_t from, int64_t to, double scale) {
    int64_t several = from < 0 ? inputs : column->units;
    double bar = INFINITY;
    for (int n = 0; n < FEW_LINKS && n < several; n++) {
        int64_t best = -1;
        double size = -1;
        for (int64_t i = 0; i < several; i++) {
            double value = fabs(from < 0 ? w[i * column->units + to] : w[from * column->units + i]);
            if (value < bar && value > size) size = value, best = i;
        }
        if (best < 0) return;
        bar = size;
        int64_t a = from < 0 ? best : from, b = from < 0 ? to : best;
        add_link(links, count, before, column, a, b, inputs, w[a * column->units + b] / scale, true);
    }
}

/* All weights between two layers where they are few; else the largest, and those of the chosen unit. */
static void add_links(const ViewContext *context, const StFinding *found, const State *state, int at,
                      Link *links, int *count) {
    const Column *before = &state->column[at - 1], *column = &state->column[at];
    int64_t size, kept;
    const StShape *shape, *rows;
    const double *w = layer_values(found, "links", column->layer, &size, &shape);
    const double *strongest = layer_values(found, "strongest", column->layer, &kept, &rows);
    if (!column->reached || before->units == 0 || !strongest || kept < 3) return;
    double scale = fabs(strongest[2]) > 0 ? fabs(strongest[2]) : 1;
    int layer = chosen_layer(context, found);
    bool into = context->live && column->layer == layer, out = context->live && before->layer == layer;
    int64_t inputs = w ? shape->dim[0] : before->units;
    if (w && size <= ALL_LINKS) {
        for (int64_t i = 0; i < size; i++) {
            int64_t from = i / column->units, to = i % column->units;
            bool focus =
                (into && to == chosen_unit(context, column)) || (out && from == chosen_unit(context, before));
            if (fabs(w[i]) > 0.04 * scale || focus)
                add_link(links, count, before, column, from, to, inputs, w[i] / scale, focus);
        }
        return;
    }
    if (w && into) {
        add_largest(links, count, before, column, w, inputs, -1, chosen_unit(context, column), scale);
    } else if (w && out && inputs == before->units) {
        add_largest(links, count, before, column, w, inputs, chosen_unit(context, before), -1, scale);
    } else {
        for (int i = 0; i < (int)rows->dim[0]; i++)
            add_link(links, count, before, column, (int64_t)strongest[3 * i], (int64_t)strongest[3 * i + 1],
                     w ? inputs : 0, strongest[3 * i + 2] / scale, false);
    }
}

static void draw_links(const ViewContext *context, const StFinding *found, const State *state, UiGrid *grid) {
    Link *links = malloc(LINKS * sizeof *links);
    for (int i = 1; links && i < state->count; i++) {
        const Column *before = &state->column[i - 1], *column = &state->column[i];
        int count = 0, left = before->area.x + before->area.w;
        add_links(context, found, state, i, links, &count);
        int top = before->area.y < column->area.y ? before->area.y : column->area.y;
        int ends = before->area.y + before->area.h, other = column->area.y + column->area.h;
        links_draw(grid, ui_rect(left, top, column->area.x - left, (ends > other ? ends : other) - top),
                   links, count);
    }
    free(links);
}

/* ---- words ---- */

/* The layer's name; and below it its shape, its weights, and what flows: the mean size of its outputs over
 * the data. */
static void draw_head(const StFinding *found, const Column *column, UiGrid *grid, UiRect area, bool chosen) {
    char words[160], count[UI_NUMBER], number[UI_NUMBER];
    UiRect row = ui_cut_top(&area, 1);
    if (column->layer < 0) {
        ui_text_in(grid, row, 0, 0, row.w, UI_DIM, "input");
        ui_text_in(grid, area, 0, 0, area.w, UI_DIM, st_finding_text(found, "input_shape"));
        return;
    }
    const char *ends = st_finding_name_at(found, "activations", column->layer);
    const char *shape = st_finding_name_at(found, "shapes", column->layer);
    double parameters = st_finding_values(found, "parameters", NULL)[column->layer];
    const double *mean = st_finding_values(found, "mean_abs", NULL);
    snprintf(words, sizeof words, "%d %s%s%s", column->layer + 1,
             st_finding_name_at(found, "layers", column->layer), *ends && strcmp(ends, "linear") ? " " : "",
             strcmp(ends, "linear") ? ends : "");
    ui_text_in(grid, row, 0, 0, row.w, chosen ? UI_TITLE : UI_TEXT, words);
    ui_number(number, mean ? mean[column->layer] : NAN, 6, 3);
    for (int form = parameters > 0 ? 0 : 1; form < 3; form++) {
        if (form == 0)
            snprintf(words, sizeof words, "%s · %s w · |y| %s", shape, ui_count(count, parameters), number);
        else
            snprintf(words, sizeof words, form == 1 ? "%s · |y| %s" : "%s", shape, number);
        if (ui_text_width(words) <= area.w) break;
    }
    bool dry = mean && mean[column->layer] == 0;
    ui_text_in(grid, area, 0, 0, area.w, dry ? UI_BAD : UI_DIM, words);
}

/* The same below, where layers stand too close for it. */
static void draw_flow(const StFinding *found, const Column *column, UiGrid *grid, UiRect row) {
    char number[UI_NUMBER];
    const double *mean = st_finding_values(found, "mean_abs", NULL);
    double flow = mean && column->layer >= 0 ? mean[column->layer] : NAN;
    ui_text_in(grid, row, 0, 0, row.w, flow == 0 ? UI_BAD : UI_DIM,
               column->layer < 0 ? "mean |y|" : ui_number(number, flow, 6, 3));
}

/* The unit under the cursor, in words. */
static void unit_words(const ViewContext *context, const StFinding *found, StText *out) {
    Column column = column_of(found, chosen_layer(context, found));
    int64_t unit = chosen_unit(context, &column);
    char layer[96], number[UI_NUMBER];
    const StShape *shape;
    const char *name = unit_name(found, &column, unit);
    st_text_format(out, "%s unit %lld", inside_layer(context, column.layer, layer), (long long)unit);
    if (*name) st_text_format(out, " (%s)", name);
    if (column.value) {
        bool mean = layer_values(found, "unit_mean", column.layer, NULL, NULL) != NULL;
        st_text_format(out, ": %s%s", ui_number(number, column.value[unit], 9, 5),
                       mean ? " in the mean" : "");
    }
    const double *w = layer_values(found, "links", column.layer, NULL, &shape);
    int64_t best = -1;
    for (int64_t i = 0; w && i < shape->dim[0]; i++)
        if (best < 0 || fabs(w[i * column.units + unit]) > fabs(w[best * column.units + unit])) best = i;
    if (best < 0) return;
    const char *input = st_finding_name_at(found, "input_names", (int)best);
    bool first = column.layer == 0 && shape->dim[0] == st_finding_names(found, "input_names");
    st_text_format(out, " · largest weight %s from ", ui_number(number, w[best * column.units + unit], 7, 3));
    if (first)
        st_text_add(out, input);
    else
        st_text_format(out, column.layer == 0 ? "input %lld" : "unit %lld before it", (long long)best);
}

/* How far the pulse is, with the numbers behind it. */
static void pulse_words(const ViewContext *context, const StFinding *found, const State *state, StText *out) {
    char layer[96], number[UI_NUMBER];
    Column column = column_of(found, state->pulse - 1);
    int64_t fires = 0, best = 0;
    for (int64_t i = 0; column.value && i < column.units; i++) {
        fires += column.value[i] > 0;
        if (column.value[i] > column.value[best]) best = i;
    }
    st_text_format(out, "pulse at %s", inside_layer(context, column.layer, layer));
    if (column.value)
        st_text_format(out, ": %lld of %lld above 0, largest unit %lld with %s", (long long)fires,
                       (long long)column.units, (long long)best, ui_number(number, column.value[best], 8, 4));
}

static void answer_words(const ViewContext *context, const StFinding *found, StText *out) {
    char answer[64], label[64];
    double klass = st_finding_value(found, "answer"), truth = st_finding_value(found, "label");
    if (isnan(klass)) return;
    st_text_format(out, "answers %s", inside_class(context, (int)klass, answer));
    if (!isnan(truth) && truth != klass)
        st_text_format(out, ", should be %s", inside_class(context, (int)truth, label));
}

static void draw_words(const ViewContext *context, const StFinding *found, const State *state, UiGrid *grid,
                       UiRect foot) {
    StText words = {0};
    if (state->pulse > 0 && foot.h < 2)
        pulse_words(context, found, state, &words);
    else
        unit_words(context, found, &words);
    ui_text_in(grid, ui_cut_top(&foot, 1), 1, 0, foot.w - 2, UI_TEXT, st_text_string(&words));
    st_text_clear(&words);
    if (state->pulse > 0) {
        pulse_words(context, found, state, &words);
        ui_text_in(grid, foot, 1, 0, foot.w - 2, UI_KEY, st_text_string(&words));
    } else {
        answer_words(context, found, &words);
        int taken = ui_text_in(grid, foot, 1, 0, foot.w - 2, UI_DIM, st_text_string(&words));
        links_legend(grid, foot, taken + 4, foot.w - taken - 5);
    }
    st_text_free(&words);
}

/* ---- the picture ---- */

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    state->count = 0;
    if (!inside_head(context, grid, &area)) return;
    const StFinding *found = &context->found->finding;
    UiRect foot = ui_cut_bottom(&area, area.h >= 7 ? 2 : area.h >= 3 ? 1 : 0);
    int before = choose_columns(context, found, state, area.w - 2);
    UiRect head = ui_cut_top(&area, area.h >= 6 ? 2 : 0);
    bool close = state->count > 0 && (area.w - 4) / state->count < 25;
    UiRect flow = ui_cut_bottom(&area, close && area.h >= 8 ? 1 : 0);
    area = ui_inset(area, 2, 0);
    lay_out(context, found, state, area);
    if (!make_room(state)) return;
    int chosen = chosen_layer(context, found), pitch = state->count ? area.w / state->count : area.w;
    for (int i = 0; i < state->count; i++) {
        Column *column = &state->column[i];
        int64_t cursor = column->layer == chosen ? chosen_unit(context, column) : -1;
        if (column->boxes)
            draw_boxes(found, state, grid, column);
        else
            draw_block(context, state, grid, column, cursor);
        UiRect over = ui_rect(column->area.x, head.y, pitch - 1, head.h);
        draw_head(found, column, grid, over, column->layer == chosen);
        if (flow.h) draw_flow(found, column, grid, ui_rect(column->area.x, flow.y, pitch - 1, 1));
    }
    draw_links(context, found, state, grid);
    for (int i = 0; context->live && i < state->count; i++)
        if (state->column[i].layer == chosen)
            draw_cursor(grid, &state->column[i], chosen_unit(context, &state->column[i]));
    if (before > 0) ui_put_glyph(grid, area, -1, 0, UI_GLYPH_LEFT, UI_DIM);
    int last = state->count ? state->column[state->count - 1].layer : 0;
    if (last < layers_of(found) - 1) ui_put_glyph(grid, area, area.w - 1, 0, UI_GLYPH_RIGHT, UI_DIM);
    if (foot.h) draw_words(context, found, state, grid, foot);
}

/* ---- keys ---- */

static int column_at(const State *state, int layer) {
    for (int i = 0; i < state->count; i++)
        if (state->column[i].layer == layer) return i;
    return -1;
}

static void look_at(const ViewContext *context, int layer, int64_t unit) {
    char line[64];
    snprintf(line, sizeof line, "look layer=%d unit=%lld", layer + 1, (long long)unit);
    context->run(context->bench, line);
}

/* To the layer beside: the unit that stands at about the same height. */
static void move_layer(ViewContext *context, const StFinding *found, int by) {
    State *state = context->state;
    int layer = chosen_layer(context, found), to = layer;
    do
        to += by;
    while (to >= 0 && to < layers_of(found) && !is_drawn(found, to));
    if (to < 0 || to >= layers_of(found)) return;
    int here = column_at(state, layer), there = column_at(state, to);
    int64_t unit = 0;
    if (here >= 0 && there >= 0) {
        double x, y, best = INFINITY, other;
        unit_place(&state->column[here], chosen_unit(context, &state->column[here]), false, &x, &y);
        for (int64_t u = 0; u < state->column[there].units; u++) {
            unit_place(&state->column[there], u, false, &x, &other);
            if (fabs(other - y) < best) best = fabs(other - y), unit = u;
        }
    }
    look_at(context, to, unit);
}

static void move(ViewContext *context, const StFinding *found, UiKey key) {
    State *state = context->state;
    int layer = chosen_layer(context, found), at = column_at(state, layer);
    if (at < 0) return;
    const Column *column = &state->column[at];
    int64_t unit = chosen_unit(context, column), across = column->boxes ? 1 : column->across;
    int by = key == UI_KEY_LEFT || key == UI_KEY_UP ? -1 : 1;
    if (key == UI_KEY_UP || key == UI_KEY_DOWN) {
        int64_t to = unit + by * across;
        if (to >= 0 && to < column->units) look_at(context, layer, to);
        return;
    }
    bool edge = by < 0 ? unit % across == 0 : unit % across == across - 1 || unit == column->units - 1;
    if (edge)
        move_layer(context, found, by);
    else
        look_at(context, layer, unit + by);
}

/* One layer further; behind the last, all of them again. */
static void step_pulse(State *state, const StFinding *found) {
    do
        state->pulse++;
    while (state->pulse <= layers_of(found) && !is_drawn(found, state->pulse - 1));
    if (state->pulse > layers_of(found)) state->pulse = 0;
}

static bool press(ViewContext *context, UiKey key) {
    State *state = context->state;
    if (!context->found || layers_of(&context->found->finding) == 0) return false;
    const StFinding *found = &context->found->finding;
    switch (key) {
    case UI_KEY_UP:
    case UI_KEY_DOWN:
    case UI_KEY_LEFT:
    case UI_KEY_RIGHT:
        return move(context, found, key), true;
    case UI_KEY_ENTER: {
        Column column = column_of(found, chosen_layer(context, found));
        look_at(context, column.layer, chosen_unit(context, &column));
        return context->run(context->bench, "view neuron"), true;
    }
    case 'p':
        return step_pulse(state, found), true;
    case UI_KEY_ESCAPE:
        if (state->pulse == 0) return false;
        return state->pulse = 0, true;
    default:
        return false;
    }
}

/* A click chooses a unit; one on the chosen unit opens its card. */
static bool mouse(ViewContext *context, const UiEvent *event) {
    const State *state = context->state;
    if (event->mouse != UI_MOUSE_PRESS || !context->found) return false;
    for (int i = 0; i < state->count; i++) {
        const Column *column = &state->column[i];
        int row, place;
        int64_t unit = -1;
        for (int64_t u = 0; column->boxes && u < column->units; u++)
            if (ui_rect_has(box_of(column, u), event->x, event->y)) unit = u;
        if (!column->boxes && ui_heat_at(&column->heat, event->x, event->y, &row, &place))
            unit = (int64_t)row * column->across + place;
        if (column->layer < 0 || unit < 0 || unit >= column->units) continue;
        bool again = column->layer == chosen_layer(context, &context->found->finding) &&
                     unit == chosen_unit(context, column);
        look_at(context, column->layer, unit);
        if (again) context->run(context->bench, "view neuron");
        return true;
    }
    return false;
}

static void explain(ViewContext *context, StText *out) {
    st_text_add(out,
                "Every column is a layer, every mark or field in it a unit: how strongly it speaks for this "
                "example, or, of sets with two inputs, its answer over the whole plane. Lines are weights. "
                "|y| is the mean size of a layer's outputs over the data. Bad: a layer through which "
                "nothing flows, or units that all show the same.\n");
    if (!context->found || layers_of(&context->found->finding) == 0) return;
    unit_words(context, &context->found->finding, out);
    st_text_add(out, "\n");
}

static void close_view(void *memory) {
    free(((State *)memory)->shade);
}

static int rows(const ViewContext *context) {
    (void)context;
    return 30;
}

static const UiBinding bindings[] = {
    {UI_KEY_DOWN, "press down", "unit", "The unit below"},
    {UI_KEY_UP, "press up", "unit", "The unit above"},
    {UI_KEY_LEFT, "press left", "layer", "The unit on the left, or the layer before"},
    {UI_KEY_RIGHT, "press right", "layer", "The unit on the right, or the layer behind"},
    {UI_KEY_ENTER, "press enter", "open", "The formula card of the unit under the cursor"},
    {'p', "press p", "pulse", "Lets the example pass one layer further"},
    INSIDE_PLACES,
    {0}};

const View view_map = {.name = "map",
                       .inside = 'M',
                       .question = "What flows through the network?",
                       .title = "Map",
                       .help =
                           "the stack as layers of units, the weights between them, and one example in it",
                       .bindings = bindings,
                       .state_size = sizeof(State),
                       .draw = draw,
                       .press = press,
                       .mouse = mouse,
                       .explain = explain,
                       .rows = rows,
                       .close = close_view};
