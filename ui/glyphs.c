#include "glyphs.h"

#include <langinfo.h>
#include <string.h>
#include <wchar.h>

static const struct {
    uint32_t unicode;
    char ascii;
    const char *help;
} GLYPH[UI_GLYPH_COUNT] = {
#define GLYPH_ROW(id, u, a, h) {u, a, h},
    UI_GLYPHS(GLYPH_ROW)
#undef GLYPH_ROW
};

uint32_t ui_glyph(UiLadder ladder, UiGlyph glyph) {
    if ((unsigned)glyph >= UI_GLYPH_COUNT) return ' ';
    return ladder == UI_ASCII ? (uint32_t)GLYPH[glyph].ascii : GLYPH[glyph].unicode;
}

const char *ui_glyph_help(UiGlyph glyph) {
    return (unsigned)glyph < UI_GLYPH_COUNT ? GLYPH[glyph].help : "";
}

static int clamp(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

uint32_t ui_glyph_level(UiLadder ladder, int level) {
    level = clamp(level, 0, 8);
    if (ladder == UI_ASCII) return (uint32_t) " .:-=+*#@"[level];
    return level == 0 ? ' ' : 0x2580u + (uint32_t)level;
}

uint32_t ui_glyph_bar(UiLadder ladder, int level) {
    level = clamp(level, 0, 8);
    if (ladder == UI_ASCII) return level >= 6 ? '#' : level >= 3 ? '=' : level ? '-' : ' ';
    return level == 0 ? ' ' : 0x2590u - (uint32_t)level;
}

uint32_t ui_glyph_shade(UiLadder ladder, int level) {
    static const uint32_t shade[] = {' ', 0x2591, 0x2592, 0x2593, 0x2588};
    level = clamp(level, 0, 4);
    return ladder == UI_ASCII ? (uint32_t) " .:*#"[level] : shade[level];
}

uint32_t ui_glyph_class(UiLadder ladder, int k) {
    static const uint32_t shape[] = {0x25CF, 0x25B2, 0x25A0, 0x25C6, 0x25CB,
                                     0x25B3, 0x25A1, 0x25C7, 0x00D7, '+'};
    unsigned i = (unsigned)(k < 0 ? 0 : k) % (sizeof shape / sizeof *shape);
    return ladder == UI_ASCII ? (uint32_t) "o^#*O%@&x+"[i] : shape[i];
}

/* What people write in views and data, beyond the named glyphs. */
static const struct {
    uint32_t from, to; /* a range; every member becomes the next character of `ascii`, or its only one */
    const char *ascii;
} STAND_IN[] = {
    {0x00A0, 0x00A0, " "},
    {0x00AB, 0x00AB, "<"},
    {0x00B0, 0x00B0, "o"},
    {0x00B1, 0x00B1, "~"},
    {0x00B2, 0x00B3, "23"},
    {0x00B5, 0x00B5, "u"},
    {0x00B9, 0x00B9, "1"},
    {0x00BB, 0x00BB, ">"},
    {0x00C0, 0x00C6, "AAAAAAA"},
    {0x00C7, 0x00CF, "CEEEEIIII"},
    {0x00D1, 0x00D6, "NOOOOO"},
    {0x00D8, 0x00DD, "OUUUUY"},
    {0x00DF, 0x00E6, "saaaaaaa"},
    {0x00E7, 0x00EF, "ceeeeiiii"},
    {0x00F1, 0x00F6, "nooooo"},
    {0x00F8, 0x00FD, "ouuuuy"},
    {0x0394, 0x0394, "D"},
    {0x03A3, 0x03A3, "S"},
    {0x03B1, 0x03C9, "abgdezhqiklmnxoprsstufcyw"},
    {0x2010, 0x2015, "-"},
    {0x2018, 0x201B, "'"},
    {0x201C, 0x201F, "\""},
    {0x2070, 0x2071, "0i"},
    {0x2074, 0x207F, "456789+-=()n"},
    {0x2080, 0x208E, "0123456789+-=()"},
    {0x2190, 0x2193, "<^>v"},
    {0x2202, 0x2202, "d"},
    {0x221A, 0x221A, "V"},
    {0x2248, 0x2248, "~"},
    {0x2264, 0x2265, "<>"},
    {0x2500, 0x2501, "-"},
    {0x2502, 0x2503, "|"},
    {0x2504, 0x2505, "-"},
    {0x2506, 0x2507, "|"},
    {0x2508, 0x2509, "."},
    {0x250A, 0x250B, ":"},
    {0x250C, 0x254B, "+"},
    {0x2581, 0x2588, ".:-=+*#@"},
    {0x2589, 0x258B, "#"},
    {0x258C, 0x258D, "="},
    {0x258E, 0x258F, "-"},
    {0x2591, 0x2593, ".:*"},
    {0x2596, 0x259F, "#"},
    {0x25B2, 0x25B5, "^"},
    {0x25BC, 0x25BF, "v"},
    {0x25C6, 0x25C7, "*"},
    {0x25CB, 0x25CB, "o"},
    {0x2713, 0x2714, "v"},
    {0x2717, 0x2718, "x"},
    {0x2800, 0x2800, " "},
    {0x2801, 0x28FF, "."},
};

char ui_ascii(uint32_t c) {
    if (c >= ' ' && c < 0x7F) return (char)c;
    for (int i = 0; i < UI_GLYPH_COUNT; i++)
        if (GLYPH[i].unicode == c) return GLYPH[i].ascii;
    for (size_t i = 0; i < sizeof STAND_IN / sizeof *STAND_IN; i++)
        if (c >= STAND_IN[i].from && c <= STAND_IN[i].to)
            return STAND_IN[i].ascii[1] ? STAND_IN[i].ascii[c - STAND_IN[i].from] : STAND_IN[i].ascii[0];
    return '?';
}

UiLadder ui_ladder_detect(void) {
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || wcwidth(0x2588) != 1) return UI_ASCII;
    return wcwidth(0x28FF) == 1 ? UI_BRAILLE : UI_BLOCK;
}

uint32_t ui_utf8_next(const char **text) {
    const unsigned char *p = (const unsigned char *)*text;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    int more = p[0] < 0x80 ? 0 : (p[0] & 0xE0) == 0xC0 ? 1 : (p[0] & 0xF0) == 0xE0 ? 2 : 3;
    if (p[0] == 0) return 0;
    uint32_t c = more == 0 ? p[0] : p[0] & (0x3Fu >> more);
    bool good = p[0] < 0x80 || (p[0] >= 0xC2 && p[0] < 0xF5);
    for (int i = 1; good && i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80) good = false;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (!good || c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) {
        *text += 1;
        return 0xFFFD;
    }
    *text += more + 1;
    return c;
}

int ui_utf8_put(uint32_t c, char out[5]) {
    int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (int i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(lead[n] | c);
    out[n] = '\0';
    return n;
}

int ui_codepoint_width(uint32_t c) {
    static const uint32_t zero[][2] = {
        {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},  {0x1AB0, 0x1AFF},
        {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},  {0x20D0, 0x20FF},
        {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE01EF}};
    static const uint32_t wide[][2] = {
        {0x1100, 0x115F},   {0x231A, 0x231B},  {0x23E9, 0x23EC}, {0x2E80, 0x303E},   {0x3041, 0x33FF},
        {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},  {0xA960, 0xA97F}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
        {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
        {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    if (c < 0x300) return 1;
    for (size_t i = 0; i < sizeof zero / sizeof *zero; i++)
        if (c >= zero[i][0] && c <= zero[i][1]) return 0;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (c >= wide[i][0] && c <= wide[i][1]) return 2;
    return 1;
}

int ui_text_width(const char *text) {
    int width = 0;
    for (uint32_t c; (c = ui_utf8_next(&text)) != 0;)
        width += ui_codepoint_width(c);
    return width;
}
