#include "form_kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAMILY_W = 15, BESIDE = 56, GAP = 2, ABOUT_ROWS = 2, LEFT = 2 };

/* ---- what fits ------------------------------------------------------------------------------------------
 */

/* Options that must be given get the smallest that will do; false: there is none for every shape. */
static bool fill_required(StLayer *layer) {
    StLayerTable table[ST_LAYER_TABLES];
    int count = st_layer_tables(layer, table);
    for (int t = 0; t < count; t++)
        for (const StOption *row = table[t].rows; row && row->name; row++) {
            if (row->fallback) continue;
            if (row->type == ST_SHAPES || row->type == ST_NUMBERS || row->type == ST_TEXT) return false;
            if (row->type == ST_CHOICE || row->type == ST_CALL || row->type == ST_SWITCH) continue;
            const char *value = row->type == ST_NUMBER ? "0.5" : "1";
            if (!st_option_set(row, table[t].values, value, NULL)) return false;
        }
    return true;
}

/* Whether a kind fits behind rows of a shape; of a wrapper, whether one of those that it can wrap does. */
static bool kind_fits(const StLayerKind *kind, const StShape *in, StError *error) {
    const StLayerKind *wrapped = NULL;
    StLayer *layer = malloc(sizeof *layer);
    bool fits = !layer;
    for (int i = 0; layer && !fits; i++) {
        if (kind->wraps && !(wrapped = st_layer_wrappable(kind, i))) break;
        StShape out = {0};
        st_layer_default(layer, kind, wrapped);
        fits = fill_required(layer) ? kind->shape(layer->options, in, &out, i == 0 ? error : NULL) : !wrapped;
        if (!kind->wraps) break;
    }
    free(layer);
    return fits;
}

/* The shape of a row at a place of the stack, as far as it is known. */
static StShape shape_at(Session *session, int place) {
    const StLayerInfo *layers = NULL;
    StStackInfo info = {0};
    session_stack(session, &layers, &info, NULL);
    if (place <= 0 || !layers) return info.input;
    return layers[place - 1].out;
}

/* ---- finding --------------------------------------------------------------------------------------------
 */

/* A name as it is compared: without underscores and blanks, so that MaxPooling2D finds max_pooling2d. */
static const char *squeeze(const char *name, char bare[80]) {
    int n = 0;
    for (; *name && n < 79; name++)
        if (*name != '_' && *name != ' ') bare[n++] = *name;
    bare[n] = '\0';
    return bare;
}

/* How well a kind answers to what was typed: 0 the name, 1 begins with it, 2 holds it, 3 the family or the
 * help does; -1: not at all. */
static int found_in(const StLayerKind *kind, const char *typed) {
    if (!*typed) return 0;
    char bare[80], sought[80];
    squeeze(kind->name, bare);
    squeeze(typed, sought);
    if (strcasecmp(bare, sought) == 0) return 0;
    if (strncasecmp(bare, sought, strlen(sought)) == 0) return 1;
    if (*sought && strcasestr(bare, sought)) return 2;
    return strcasestr(st_layer_family(kind, NULL), typed) || strcasestr(kind->help, typed) ? 3 : -1;
}

/* The best answer comes under the cursor. */
static void find(FormKinds *kinds) {
    int best = 4;
    kinds->chosen = -1;
    kinds->top = 0;
    kinds->width = 0;
    for (int i = 0; i < kinds->count; i++) {
        int found = found_in(kinds->at[i].kind, kinds->filter.text);
        if (found < 0 || found >= best) continue;
        best = found;
        kinds->chosen = i;
    }
}

void form_kinds_open(FormKinds *kinds, Session *session, int place) {
    *kinds = (FormKinds){.input = shape_at(session, place)};
    ui_edit_set(&kinds->filter, "");
    for (int i = 0; st_layer_kinds[i] && i < FORM_KINDS_MAX; i++) {
        StError error = {0};
        kinds->at[i].kind = st_layer_kinds[i];
        kinds->at[i].fits = kinds->input.rank == 0 || kind_fits(st_layer_kinds[i], &kinds->input, &error);
        snprintf(kinds->at[i].why, sizeof kinds->at[i].why, "%s", error.message);
        kinds->count = i + 1;
    }
    find(kinds);
}

const StLayerKind *form_kinds_chosen(const FormKinds *kinds) {
    return kinds->chosen < 0 ? NULL : kinds->at[kinds->chosen].kind;
}

/* ---- the page -------------------------------------------------------------------------------------------
 */

/* Families stand beside their kinds, or above them where it is narrow. */
static int left_of(int width) {
    return width >= BESIDE ? FAMILY_W : LEFT;
}

/* Gives every kind that answers its place: names run on like words, every family from a new row. */
static void lay_out(FormKinds *kinds, int width) {
    if (kinds->width == width) return;
    const char *family = NULL;
    int left = left_of(width), x = left, y = -1;
    for (int i = 0; i < kinds->count; i++) {
        const StLayerKind *kind = kinds->at[i].kind;
        int w = (int)strlen(kind->name);
        kinds->at[i].y = -1;
        if (found_in(kind, kinds->filter.text) < 0) continue;
        if (st_layer_family(kind, NULL) != family) {
            family = st_layer_family(kind, NULL);
            y += left == LEFT ? 2 : 1;
            x = left;
        } else if (x + w > width) {
            y++;
            x = left;
        }
        kinds->at[i].x = x;
        kinds->at[i].y = y;
        x += w + GAP;
    }
    kinds->rows = y + 1;
    kinds->width = width;
}

int form_kinds_height(FormKinds *kinds, int width) {
    lay_out(kinds, width);
    return kinds->rows + 1 + ABOUT_ROWS;
}

/* ---- keys -----------------------------------------------------------------------------------------------
 */

static void step(FormKinds *kinds, int by, int times) {
    for (int i = kinds->chosen + by; times > 0 && i >= 0 && i < kinds->count; i += by)
        if (kinds->at[i].y >= 0) {
            kinds->chosen = i;
            times--;
        }
}

/* The nearest kind that stands so many rows further down. */
static void step_rows(FormKinds *kinds, int by) {
    if (kinds->chosen < 0) return;
    int from_x = kinds->at[kinds->chosen].x, from_y = kinds->at[kinds->chosen].y, best = -1;
    long least = 0;
    for (int i = 0; i < kinds->count; i++) {
        int rows = kinds->at[i].y - from_y;
        if (kinds->at[i].y < 0 || (by > 0 ? rows <= 0 : rows >= 0)) continue;
        long far = labs((long)rows - by) * 1000 + labs((long)kinds->at[i].x - from_x);
        if (best >= 0 && far >= least) continue;
        best = i;
        least = far;
    }
    if (best >= 0) kinds->chosen = best;
}

bool form_kinds_key(FormKinds *kinds, UiKey key) {
    int page = kinds->body.h > 1 ? kinds->body.h : 1;
    lay_out(kinds, kinds->width > 0 ? kinds->width : 80);
    switch (key) {
    case UI_KEY_LEFT:
    case UI_KEY_TAB | UI_SHIFT:
        step(kinds, -1, 1);
        return true;
    case UI_KEY_RIGHT:
    case UI_KEY_TAB:
        step(kinds, 1, 1);
        return true;
    case UI_KEY_UP:
        step_rows(kinds, -1);
        return true;
    case UI_KEY_DOWN:
        step_rows(kinds, 1);
        return true;
    case UI_KEY_PGUP:
        step_rows(kinds, -page);
        return true;
    case UI_KEY_PGDN:
        step_rows(kinds, page);
        return true;
    case UI_KEY_HOME:
        step(kinds, -1, kinds->count);
        return true;
    case UI_KEY_END:
        step(kinds, 1, kinds->count);
        return true;
    default:
        if (!ui_edit_key(&kinds->filter, key)) return false;
        find(kinds);
        return true;
    }
}

bool form_kinds_mouse(FormKinds *kinds, const UiEvent *event) {
    if (event->mouse == UI_MOUSE_WHEEL_UP) step_rows(kinds, -1);
    if (event->mouse == UI_MOUSE_WHEEL_DOWN) step_rows(kinds, 1);
    if (event->mouse != UI_MOUSE_PRESS || !ui_rect_has(kinds->body, event->x, event->y)) return false;
    int x = event->x - kinds->body.x, y = event->y - kinds->body.y + kinds->top;
    for (int i = 0; i < kinds->count; i++) {
        if (kinds->at[i].y != y || x < kinds->at[i].x) continue;
        if (x >= kinds->at[i].x + (int)strlen(kinds->at[i].kind->name)) continue;
        bool again = kinds->chosen == i;
        kinds->chosen = i;
        return again;
    }
    return false;
}

/* ---- drawing --------------------------------------------------------------------------------------------
 */

static void draw_kinds(UiGrid *grid, UiRect area, const FormKinds *kinds) {
    const char *family = NULL;
    bool beside = left_of(kinds->width) != LEFT;
    for (int i = 0; i < kinds->count; i++) {
        const StLayerKind *kind = kinds->at[i].kind;
        if (kinds->at[i].y < 0) continue;
        int x = kinds->at[i].x, y = kinds->at[i].y - kinds->top, above = beside ? y : y - 1;
        const char *of = st_layer_family(kind, NULL);
        if (of != family && above >= 0 && above < area.h)
            ui_text_in(grid, area, 0, above, beside ? FAMILY_W - 1 : area.w, UI_TITLE, of);
        family = of;
        if (y < 0 || y >= area.h) continue;
        bool here = i == kinds->chosen;
        int w = ui_text_in(grid, area, x, y, area.w - x, kinds->at[i].fits || here ? UI_TEXT : UI_DIM,
                           kind->name);
        if (!kinds->at[i].fits && !here) ui_put_ink(grid, area, x - 1, y, 0x00B7, UI_DIM);
        if (!here) continue;
        ui_put_glyph(grid, area, x - 1, y, UI_GLYPH_RIGHT, UI_KEY);
        ui_tint(grid, ui_rect(area.x + x, area.y + y, w, 1), UI_FOCUS);
    }
    if (kinds->chosen < 0)
        ui_print(grid, area, LEFT, 0, UI_DIM, "no kind has '%s' in it", kinds->filter.text);
}

/* What the kind under the cursor is for, then why it does not fit, or its formula. */
static void draw_about(UiGrid *grid, UiRect about, const FormKinds *kinds) {
    if (kinds->chosen < 0) return;
    const StLayerKind *kind = kinds->at[kinds->chosen].kind;
    bool fits = kinds->at[kinds->chosen].fits;
    StText why = {0};
    if (!fits) st_text_format(&why, "does not fit here: %s", kinds->at[kinds->chosen].why);
    if (fits && kind->formula) st_text_add(&why, kind->formula);
    if (about.h > 1) ui_text_in(grid, about, 0, 0, about.w, UI_TEXT, kind->help);
    if (about.h > 1)
        ui_text_in(grid, about, 0, 1, about.w, fits ? UI_DIM : UI_BAD, st_text_string(&why));
    else
        ui_text_in(grid, about, 0, 0, about.w, fits ? UI_TEXT : UI_BAD,
                   fits ? kind->help : st_text_string(&why));
    st_text_free(&why);
}

/* "New layer after 3 dense · rows of 28x28x1     type to find ____" */
static void draw_head(UiGrid *grid, UiRect head, FormKinds *kinds, const char *title) {
    static const char ask[] = "type to find ";
    int typed = kinds->filter.length + 1 < 12 ? 12 : kinds->filter.length + 1;
    int asks = (int)strlen(ask) + typed;
    if (asks > head.w - 8) asks = head.w;
    UiRect right = ui_cut_right(&head, asks);
    if (right.w > 24) ui_text(grid, right, 0, 0, UI_DIM, ask);
    int x = right.w > 24 ? (int)strlen(ask) : 0;
    ui_edit_draw(grid, right, x, 0, right.w - x, &kinds->filter, true);
    if (head.w > 0) ui_cut_right(&head, 2);
    char shape[ST_SHAPE_TEXT];
    int w = ui_text_in(grid, head, 0, 0, head.w, UI_TITLE, title);
    if (kinds->input.rank > 0 && w + 18 < head.w)
        ui_print(grid, head, w, 0, UI_DIM, " · gets %s", st_shape_print(&kinds->input, shape));
}

void form_kinds_draw(UiGrid *grid, UiRect area, FormKinds *kinds, const char *title) {
    ui_cut_left(&area, area.w > 24 ? 1 : 0);
    draw_head(grid, ui_cut_top(&area, 1), kinds, title);
    UiRect about = ui_cut_bottom(&area, area.h >= 5 ? ABOUT_ROWS : area.h >= 2 ? 1 : 0);
    lay_out(kinds, area.w);
    int y = kinds->chosen < 0 ? 0 : kinds->at[kinds->chosen].y, first = y;
    if (left_of(area.w) == LEFT && area.h > 1) first--; /* with the family above it */
    if (first < kinds->top) kinds->top = first;
    if (y >= kinds->top + area.h) kinds->top = y - area.h + 1;
    if (kinds->top > kinds->rows - area.h) kinds->top = kinds->rows - area.h;
    if (kinds->top < 0) kinds->top = 0;
    kinds->body = area;
    draw_kinds(grid, area, kinds);
    draw_about(grid, about, kinds);
    if (kinds->top > 0) ui_put_glyph(grid, area, area.w - 1, 0, UI_GLYPH_UP, UI_KEY);
    if (kinds->top + area.h < kinds->rows)
        ui_put_glyph(grid, area, area.w - 1, area.h > 0 ? area.h - 1 : 0, UI_GLYPH_DOWN, UI_KEY);
}
