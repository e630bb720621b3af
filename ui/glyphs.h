/* Glyphs: a ladder braille → block → ASCII, chosen once from the locale and
 * switchable at run time, and one table of named glyphs in pairs.
 *
 * Views may write any Unicode text: a grid on the ASCII rung translates what it
 * is given ("σ₁ −2.9 …" becomes "s1 -2.9 ~"). Names are for what is not text. */
#ifndef UI_GLYPHS_H
#define UI_GLYPHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum UiLadder { UI_ASCII, UI_BLOCK, UI_BRAILLE } UiLadder;

/* id, Unicode, ASCII, what it is for: one row a glyph. All are one column wide. */
#define UI_GLYPHS(ROW)                                                                                       \
    ROW(RULE, 0x2500, '-', "a horizontal rule")                                                              \
    ROW(UPRIGHT, 0x2502, '|', "a vertical rule, a plot's cursor")                                            \
    ROW(AXIS_Y, 0x2524, '+', "a tick of the y axis")                                                         \
    ROW(AXIS_X, 0x252C, '+', "a tick of the x axis")                                                         \
    ROW(AXIS_CORNER, 0x2514, '+', "where the axes meet")                                                     \
    ROW(LINE_SOLID, 0x2500, '*', "a series drawn solid (training)")                                          \
    ROW(LINE_DASHED, 0x2504, 'o', "a series drawn dashed (validation)")                                      \
    ROW(LINE_DOTTED, 0x00B7, '.', "a series drawn dotted (the last run)")                                    \
    ROW(LINE_DASH_DOT, 0x254C, '-', "a series drawn in dashes and dots (single steps)")                      \
    ROW(LINE_PAIRS, 0x2508, ':', "a series drawn in pairs of dots (the last run's validation)")              \
    ROW(LINE_FINE, 0x2591, ',', "what a smoothed series is the mean of")                                     \
    ROW(GAP, 0x00D7, 'x', "a place where values are not finite")                                             \
    ROW(ARROW, 0x2192, '>', "from, to")                                                                      \
    ROW(UP, 0x2191, '^', "sorted upwards, more above")                                                       \
    ROW(DOWN, 0x2193, 'v', "sorted downwards, more below")                                                   \
    ROW(LEFT, 0x25C2, '<', "the previous choice")                                                            \
    ROW(RIGHT, 0x25B8, '>', "the next choice, the selected row")                                             \
    ROW(PLAY, 0x25B6, '>', "running")                                                                        \
    ROW(PAUSE, 0x2016, '=', "paused")                                                                        \
    ROW(STOP, 0x25A0, '#', "stopped, done")                                                                  \
    ROW(BULLET, 0x2022, '*', "an item of a list")                                                            \
    ROW(DOT, 0x25CF, 'o', "a value on a strip")                                                              \
    ROW(MARK, 0x25C6, '*', "a reference on a strip")                                                         \
    ROW(ELLIPSIS, 0x2026, '~', "text that goes on")                                                          \
    ROW(NONE, 0x2013, '-', "not available")                                                                  \
    ROW(MINUS, 0x2212, '-', "the sign of a negative number")                                                 \
    ROW(HALF_UPPER, 0x2580, '"', "the upper half of a cell")                                                 \
    ROW(HALF_LOWER, 0x2584, '_', "the lower half of a cell")                                                 \
    ROW(FULL, 0x2588, '#', "a whole cell")

typedef enum UiGlyph {
#define UI_GLYPH_ENUM(id, unicode, ascii, help) UI_GLYPH_##id,
    UI_GLYPHS(UI_GLYPH_ENUM)
#undef UI_GLYPH_ENUM
        UI_GLYPH_COUNT
} UiGlyph;

/* The codepoint of a named glyph on this rung. */
uint32_t ui_glyph(UiLadder ladder, UiGlyph glyph);
const char *ui_glyph_help(UiGlyph glyph);

/* level 0 (blank) … 8 (full): vertical eighths; on the ASCII rung " .:-=+*#@". */
uint32_t ui_glyph_level(UiLadder ladder, int level);
/* level 0 … 8: horizontal eighths, filled from the left. */
uint32_t ui_glyph_bar(UiLadder ladder, int level);
/* level 0 … 4: blank ░▒▓█; on the ASCII rung " .:*#". */
uint32_t ui_glyph_shade(UiLadder ladder, int level);
/* A glyph for the k-th class, told apart without colour; repeats after UI_CLASSES. */
uint32_t ui_glyph_class(UiLadder ladder, int k);

/* A printable ASCII stand-in for any codepoint ('?' where there is none). */
char ui_ascii(uint32_t codepoint);

/* The best rung that the locale can show; call after setlocale(LC_ALL, ""). */
UiLadder ui_ladder_detect(void);

/* UTF-8. Decoding gives the codepoint at *text and steps over it; a bad byte is U+FFFD; 0 at the end. */
uint32_t ui_utf8_next(const char **text);
int ui_utf8_put(uint32_t codepoint, char out[5]); /* bytes written, with a NUL after them */
/* Columns: 0 (combining), 1 or 2 (East Asian wide, emoji). The locale plays no part. */
int ui_codepoint_width(uint32_t codepoint);
int ui_text_width(const char *text);

#endif
