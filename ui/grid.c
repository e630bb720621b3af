#include "grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int clamp(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

static int at_least(int v, int low) {
    return v < low ? low : v;
}

static int at_most(int v, int high) {
    return v > high ? high : v;
}

UiGrid *ui_grid_create(int w, int h, UiLook look) {
    UiGrid *grid = calloc(1, sizeof *grid);
    if (grid == NULL) return NULL;
    grid->look = look;
    if (!ui_grid_resize(grid, w, h)) {
        free(grid);
        return NULL;
    }
    return grid;
}

void ui_grid_free(UiGrid *grid) {
    if (grid == NULL) return;
    free(grid->cell);
    free(grid);
}

bool ui_grid_resize(UiGrid *grid, int w, int h) {
    w = clamp(w, 1, UI_GRID_MAX_W), h = clamp(h, 1, UI_GRID_MAX_H);
    UiCell *cell = malloc((size_t)w * (size_t)h * sizeof *cell);
    if (cell == NULL) return false;
    free(grid->cell);
    grid->cell = cell, grid->w = w, grid->h = h;
    ui_grid_clear(grid);
    return true;
}

void ui_grid_clear(UiGrid *grid) {
    const UiCell blank = {' ', {UI_DEFAULT, UI_DEFAULT, 0}};
    for (int i = 0; i < grid->w * grid->h; i++)
        grid->cell[i] = blank;
    grid->cursor_x = grid->cursor_y = -1;
}

const UiCell *ui_grid_at(const UiGrid *grid, int x, int y) {
    return x >= 0 && y >= 0 && x < grid->w && y < grid->h ? &grid->cell[y * grid->w + x] : NULL;
}

char *ui_grid_string(const UiGrid *grid) {
    char *out = malloc((size_t)grid->h * ((size_t)grid->w * 4 + 1) + 1), *end = out;
    if (out == NULL) return NULL;
    for (int y = 0; y < grid->h; y++) {
        char *trimmed = end;
        for (int x = 0; x < grid->w; x++) {
            uint32_t c = grid->cell[y * grid->w + x].ch;
            if (c == 0) continue;
            end += ui_utf8_put(c, end);
            if (c != ' ') trimmed = end;
        }
        end = trimmed;
        *end++ = '\n';
    }
    *end = '\0';
    return out;
}

/* Rectangles. */

UiRect ui_rect(int x, int y, int w, int h) {
    return (UiRect){x, y, at_least(w, 0), at_least(h, 0)};
}

UiRect ui_grid_rect(const UiGrid *grid) {
    return ui_rect(0, 0, grid->w, grid->h);
}

UiRect ui_cut_top(UiRect *rest, int n) {
    n = clamp(n, 0, at_least(rest->h, 0));
    UiRect part = ui_rect(rest->x, rest->y, rest->w, n);
    rest->y += n, rest->h -= n;
    return part;
}

UiRect ui_cut_bottom(UiRect *rest, int n) {
    n = clamp(n, 0, at_least(rest->h, 0));
    rest->h -= n;
    return ui_rect(rest->x, rest->y + rest->h, rest->w, n);
}

UiRect ui_cut_left(UiRect *rest, int n) {
    n = clamp(n, 0, at_least(rest->w, 0));
    UiRect part = ui_rect(rest->x, rest->y, n, rest->h);
    rest->x += n, rest->w -= n;
    return part;
}

UiRect ui_cut_right(UiRect *rest, int n) {
    n = clamp(n, 0, at_least(rest->w, 0));
    rest->w -= n;
    return ui_rect(rest->x + rest->w, rest->y, n, rest->h);
}

UiRect ui_inset(UiRect rect, int dx, int dy) {
    return ui_rect(rect.x + dx, rect.y + dy, rect.w - 2 * dx, rect.h - 2 * dy);
}

UiRect ui_rect_clip(UiRect a, UiRect b) {
    int x0 = at_least(a.x, b.x), y0 = at_least(a.y, b.y);
    int x1 = at_most(a.x + a.w, b.x + b.w), y1 = at_most(a.y + a.h, b.y + b.h);
    return ui_rect(x0, y0, x1 - x0, y1 - y0);
}

bool ui_rect_has(UiRect r, int x, int y) {
    return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}

void ui_split_columns(UiRect rect, int count, const int *weights, int gap, UiRect *parts) {
    int all = 0;
    for (int i = 0; i < count; i++)
        all += weights ? weights[i] : 1;
    int room = at_least(rect.w - gap * (count - 1), 0), before = 0, x = 0;
    for (int i = 0; i < count; i++) {
        before += weights ? weights[i] : 1;
        int end = all > 0 ? (int)((int64_t)room * before / all) : 0;
        parts[i] = ui_rect_clip(ui_rect(rect.x + x + gap * i, rect.y, end - x, rect.h), rect);
        x = end;
    }
}

void ui_split_rows(UiRect rect, int count, const int *weights, int gap, UiRect *parts) {
    ui_split_columns(ui_rect(rect.y, rect.x, rect.h, rect.w), count, weights, gap, parts);
    for (int i = 0; i < count; i++)
        parts[i] = ui_rect(parts[i].y, parts[i].x, parts[i].h, parts[i].w);
}

/* Cells. */

/* Blanks the other half of a wide character that is about to be overwritten. */
static void split_wide(UiGrid *grid, int x, int y) {
    UiCell *row = &grid->cell[y * grid->w];
    if (row[x].ch == 0 && x > 0) row[x - 1].ch = ' ';
    if (x + 1 < grid->w && row[x + 1].ch == 0) row[x + 1].ch = ' ';
}

static uint32_t shown(const UiGrid *grid, uint32_t c) {
    if (c < ' ' || (c >= 0x7F && c < 0xA0)) return c == '\t' || c == 0 ? ' ' : '?';
    if (grid->look.ladder == UI_ASCII && c >= 0x7F) return (uint32_t)ui_ascii(c);
    return c == 0x2800 || c == 0xA0 ? ' ' : c; /* braille's blank; a blank that paragraphs do not break at */
}

void ui_put(UiGrid *grid, UiRect area, int x, int y, uint32_t c, UiStyle style) {
    UiRect clip = ui_rect_clip(area, ui_grid_rect(grid));
    x += area.x, y += area.y;
    if (!ui_rect_has(clip, x, y)) return;
    int width = ui_codepoint_width(c);
    if (width == 0) return;
    if (width == 2 && grid->look.ladder == UI_ASCII) c = '?';
    if (width == 2 && x + 1 >= clip.x + clip.w) c = ' ', width = 1;
    UiCell *cell = &grid->cell[y * grid->w + x];
    split_wide(grid, x, y);
    if (style.bg == UI_DEFAULT) style.bg = cell->style.bg;
    if (cell->style.flags & UI_REVERSE) { /* on a bar of reversed cells a colour would be a block in it */
        style.fg = cell->style.fg;
        style.flags = (style.flags & ~UI_FAINT) | UI_REVERSE;
    }
    *cell = (UiCell){shown(grid, c), style};
    if (width == 2) {
        split_wide(grid, x + 1, y);
        cell[1] = (UiCell){c == '?' ? ' ' : 0, style};
    }
}

void ui_put_ink(UiGrid *grid, UiRect area, int x, int y, uint32_t c, UiInk ink) {
    ui_put(grid, area, x, y, c, ui_style(&grid->look, ink));
}

void ui_put_glyph(UiGrid *grid, UiRect area, int x, int y, UiGlyph glyph, UiInk ink) {
    ui_put_ink(grid, area, x, y, ui_glyph(grid->look.ladder, glyph), ink);
}

/* Text. */

int ui_text_in(UiGrid *grid, UiRect area, int x, int y, int w, UiInk ink, const char *text) {
    UiStyle style = ui_style(&grid->look, ink);
    int width = ui_text_width(text), room = at_most(w, area.w - x), at = 0;
    if (room <= 0) return width;
    bool cut = width > room;
    for (uint32_t c; (c = ui_utf8_next(&text)) != 0;) {
        int wide = ui_codepoint_width(c);
        if (wide == 0) continue;
        if (at + wide > (cut ? room - 1 : room)) break;
        if (x + at >= 0) ui_put(grid, area, x + at, y, c, style);
        at += wide;
    }
    if (cut) ui_put(grid, area, x + at, y, ui_glyph(grid->look.ladder, UI_GLYPH_ELLIPSIS), style);
    return width;
}

int ui_text(UiGrid *grid, UiRect area, int x, int y, UiInk ink, const char *text) {
    return ui_text_in(grid, area, x, y, area.w - x, ink, text);
}

#define FORMATTED(buffer, format)                                                                            \
    char buffer[1024];                                                                                       \
    do {                                                                                                     \
        va_list list;                                                                                        \
        va_start(list, format);                                                                              \
        vsnprintf(buffer, sizeof buffer, format, list);                                                      \
        va_end(list);                                                                                        \
    } while (0)

int ui_print(UiGrid *grid, UiRect area, int x, int y, UiInk ink, const char *format, ...) {
    FORMATTED(buffer, format);
    return ui_text(grid, area, x, y, ink, buffer);
}

int ui_print_right(UiGrid *grid, UiRect area, int end, int y, UiInk ink, const char *format, ...) {
    FORMATTED(buffer, format);
    int width = ui_text_width(buffer), x = at_least(end - width, 0);
    ui_text_in(grid, area, x, y, end - x, ink, buffer);
    return width;
}

int ui_print_center(UiGrid *grid, UiRect area, int y, UiInk ink, const char *format, ...) {
    FORMATTED(buffer, format);
    return ui_text(grid, area, at_least((area.w - ui_text_width(buffer)) / 2, 0), y, ink, buffer);
}

/* The bytes of text that fit w columns, broken after a blank where there is one. */
static size_t line_length(const char *text, int w) {
    const char *p = text, *best = NULL;
    int width = 0;
    for (;;) {
        const char *before = p;
        uint32_t c = ui_utf8_next(&p);
        if (c == 0 || c == '\n') return (size_t)(before - text);
        if (c == ' ' && (best == NULL || before[-1] != ' ')) best = before; /* the first of several */
        width += ui_codepoint_width(c);
        if (width > w && c != ' ')
            return (size_t)((best != NULL && best > text ? best : before > text ? before : p) - text);
    }
}

int ui_paragraph(UiGrid *grid, UiRect area, UiInk ink, int skip, const char *text) {
    int row = 0;
    while (*text != '\0' && area.w > 0) {
        size_t length = line_length(text, area.w);
        char line[1024];
        size_t kept = length < sizeof line - 1 ? length : sizeof line - 1;
        memcpy(line, text, kept);
        line[kept] = '\0';
        if (row >= skip && row - skip < area.h) ui_text(grid, area, 0, row - skip, ink, line);
        row++;
        text += length;
        if (*text == '\n')
            text++;
        else
            while (*text == ' ')
                text++;
    }
    return row;
}

void ui_rule(UiGrid *grid, UiRect area, int y, const char *title) {
    for (int x = 0; x < area.w; x++)
        ui_put_glyph(grid, area, x, y, UI_GLYPH_RULE, UI_RULE);
    if (title == NULL || area.w < 6) return;
    int width = at_most(ui_text_width(title), area.w - 5);
    ui_put_ink(grid, area, 2, y, ' ', UI_RULE);
    ui_text_in(grid, area, 3, y, width, UI_TITLE, title);
    ui_put_ink(grid, area, 3 + width, y, ' ', UI_RULE);
}

void ui_fill(UiGrid *grid, UiRect area, UiInk ink) {
    UiRect clip = ui_rect_clip(area, ui_grid_rect(grid));
    UiStyle style = ui_style(&grid->look, ink);
    for (int y = clip.y; y < clip.y + clip.h; y++)
        for (int x = clip.x; x < clip.x + clip.w; x++) {
            split_wide(grid, x, y);
            grid->cell[y * grid->w + x] = (UiCell){' ', style};
        }
}

void ui_tint(UiGrid *grid, UiRect area, UiInk ink) {
    UiRect clip = ui_rect_clip(area, ui_grid_rect(grid));
    UiStyle style = ui_style(&grid->look, ink);
    for (int y = clip.y; y < clip.y + clip.h; y++)
        for (int x = clip.x; x < clip.x + clip.w; x++) {
            UiCell *cell = &grid->cell[y * grid->w + x];
            if (style.bg != UI_DEFAULT) cell->style.bg = style.bg;
            if (style.flags & UI_REVERSE) cell->style.fg = style.fg; /* else each ink is a block of its own */
            cell->style.flags |= style.flags;
        }
}

/* Figures. */

char *ui_number(char out[UI_NUMBER], double v, int width, int digits) {
    width = clamp(width, 1, UI_NUMBER - 1), digits = clamp(digits, 1, 17);
    if (isnan(v)) return strcpy(out, "–");
    if (isinf(v)) {
        const char *word = v > 0 ? "inf" : "-inf";
        return strcpy(out, (int)strlen(word) <= width ? word : v > 0 ? "+" : "-");
    }
    int power = v == 0 ? 0 : (int)floor(log10(fabs(v)));
    char text[400];
    if (power >= -5 && power < width) { /* as a plain decimal, where that says enough */
        for (int n = clamp(digits - 1 - power, 0, 20); n >= 0; n--) {
            int length = snprintf(text, sizeof text, "%.*f", n, v);
            bool says = v == 0 || n + power >= at_most(digits, 2) - 1 || n == 0;
            if (length <= width && says && (power >= 0 || n >= -power || v == 0)) return strcpy(out, text);
        }
    }
    for (int n = digits - 1; n >= 0; n--) {
        char sign;
        int exponent;
        snprintf(text, sizeof text, "%.*e", n, v);
        char *e = strchr(text, 'e');
        if (e == NULL || sscanf(e, "e%c%d", &sign, &exponent) != 2) break;
        int length = snprintf(e, 16, sign == '-' ? "e-%d" : "e%d", exponent) + (int)(e - text);
        if (length <= width) return strcpy(out, text);
    }
    /* Not even one digit with its exponent: the magnitude alone. */
    if (fabs(v) < 1) return strcpy(out, "0");
    memset(out, '#', (size_t)width);
    out[width] = '\0';
    return out;
}

void ui_number_ends(char low[UI_NUMBER], char high[UI_NUMBER], double a, double b) {
    double most = fmax(fabs(a), fabs(b));
    if (!isfinite(a) || !isfinite(b) || most == 0) {
        ui_number(low, a, 7, 2), ui_number(high, b, 7, 2);
        return;
    }
    int power = (int)floor(log10(most)), places = clamp(1 - power, 0, 4);
    bool plain = power >= -3 && power < 5;
    for (int i = 0; i < 2; i++) {
        double v = i ? b : a;
        if (plain && fabs(v) * pow(10, places) < 0.5) v = 0; /* never "-0.0" */
        if (!plain && v != 0) /* in the power of the larger end, so that the two can be compared */
            snprintf(i ? high : low, UI_NUMBER, "%.1fe%d", v / pow(10, power) + 0.0, power);
        else
            snprintf(i ? high : low, UI_NUMBER, "%.*f", plain ? places : 0, v);
    }
}

char *ui_count(char out[UI_NUMBER], double v) {
    static const char unit[] = " kMGTPE";
    if (!isfinite(v)) return ui_number(out, v, 5, 3);
    int i = 0;
    while (fabs(v) >= 999.5 && i < 6)
        v /= 1000, i++;
    if (i == 0)
        snprintf(out, UI_NUMBER, "%.0f", v);
    else
        snprintf(out, UI_NUMBER, fabs(v) < 9.95 ? "%.1f%c" : "%.0f%c", v, unit[i]);
    return out;
}
