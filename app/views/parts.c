#include "views/parts.h"

#include <math.h>
#include <stdio.h>

#define NBSP "\u00a0" /* a number and its unit stay on one line */

static char *scaled(char buffer[UI_NUMBER], double value, const char *const *units) {
    int unit = 0;
    while (value >= 999.5 && units[unit + 1])
        value /= 1000, unit++;
    int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    snprintf(buffer, UI_NUMBER, "%.*f%s", unit == 0 ? 0 : decimals, value, units[unit]);
    return buffer;
}

char *parts_bytes(char buffer[UI_NUMBER], int64_t bytes) {
    static const char *const units[] = {NBSP "B",  NBSP "kB", NBSP "MB", NBSP "GB",
                                        NBSP "TB", NBSP "PB", NBSP "EB", NULL};
    if (bytes >= 0) return scaled(buffer, (double)bytes, units);
    snprintf(buffer, UI_NUMBER, "–");
    return buffer;
}

char *parts_whole(char buffer[UI_NUMBER], int64_t count) {
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E", NULL};
    if (count >= 10000000) return scaled(buffer, (double)count, units);
    if (count < 0)
        snprintf(buffer, UI_NUMBER, "–");
    else
        snprintf(buffer, UI_NUMBER, "%lld", (long long)count);
    return buffer;
}

static void quote(StText *out, const char *text) {
    st_text_add(out, "\"");
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            st_text_format(out, "\\%c", *c);
        else if (*c < ' ')
            st_text_format(out, "\\u%04x", *c);
        else
            st_text_add_bytes(out, c, 1);
    }
    st_text_add(out, "\"");
}

void parts_signed_bar(UiGrid *grid, UiRect row, int x, int w, double value, double low, double high) {
    bool rule = low < 0, ascii = grid->look.ladder == UI_ASCII;
    if (w < 1 || !(high > low)) return;
    int zero = (int)lround(-low / (high - low) * (w - rule));
    if (rule) ui_put_glyph(grid, row, x + zero, 0, UI_GLYPH_UPRIGHT, UI_RULE);
    if (!isfinite(value)) return;
    int room = value < 0 ? zero : w - zero - rule, from = value < 0 ? x + zero - 1 : x + zero + rule;
    double length = fmin(fabs(value) / (high - low) * (w - rule), room);
    int full = (int)(ascii ? round(length) : length), part = ascii ? 0 : (int)((length - full) * 8);
    UiInk ink = value < 0 ? UI_TRAINING : UI_VALIDATION; /* as the signed ramp */
    for (int i = 0; i < full; i++)
        ui_put_ink(grid, row, value < 0 ? from - i : from + i, 0, ascii ? (value < 0 ? '=' : '#') : 0x2588,
                   ink);
    if (full >= room || part == 0) return;
    if (value > 0)
        ui_put_ink(grid, row, from + full, 0, ui_glyph_bar(grid->look.ladder, part), ink);
    else if (part >= 4)
        ui_put_ink(grid, row, from - full, 0, 0x2590, ink); /* the right half */
}

void parts_json_key(StText *out, const char *key) {
    const char *now = st_text_string(out);
    char last = out->length ? now[out->length - 1] : '{';
    if (last != '{' && last != '[' && last != ':') st_text_add(out, ",");
    if (!key) return;
    quote(out, key);
    st_text_add(out, ":");
}

void parts_json_number(StText *out, const char *key, double value) {
    parts_json_key(out, key);
    if (isfinite(value))
        st_text_number(out, value);
    else
        st_text_add(out, "null");
}

void parts_json_whole(StText *out, const char *key, int64_t value) {
    parts_json_key(out, key);
    if (value >= 0)
        st_text_format(out, "%lld", (long long)value);
    else
        st_text_add(out, "null");
}

void parts_json_text(StText *out, const char *key, const char *value) {
    parts_json_key(out, key);
    quote(out, value);
}

void parts_json_shape(StText *out, const char *key, const StShape *shape) {
    parts_json_key(out, key);
    st_text_add(out, "[");
    for (int i = 0; i < shape->rank; i++)
        st_text_format(out, "%s%lld", i ? "," : "", (long long)shape->dim[i]);
    st_text_add(out, "]");
}
