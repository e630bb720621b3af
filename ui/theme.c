#include "theme.h"

#include <math.h>

typedef struct Role {
    const char *name;
    int16_t dark, light, sixteen, eight, ground_dark, ground_light;
    int flags, mono;
    const char *help;
} Role;

static const Role ROLE[UI_ROLE_COUNT] = {
#define ROLE_ROW(id, name, dark, light, c16, c8, gd, gl, flags, mono, help)                                  \
    {name, dark, light, c16, c8, gd, gl, flags, mono, help},
    UI_ROLES(ROLE_ROW)
#undef ROLE_ROW
};

/* Okabe and Ito's eight, black as grey, and two more for ten classes. */
static const struct {
    uint32_t rgb;
    int16_t sixteen, eight;
} CLASS[UI_CLASSES] = {
    {0x56B4E9, 14, 6}, {0xE69F00, 11, 3}, {0x009E73, 10, 2}, {0xCC79A7, 13, 5}, {0xD55E00, 9, 1},
    {0x0072B2, 12, 4}, {0xF0E442, 3, 3},  {0x999999, 7, 7},  {0x882255, 5, 5},  {0x44AA99, 6, 6},
};

const char *ui_role_name(UiRole role) {
    return (unsigned)role < UI_ROLE_COUNT ? ROLE[role].name : "class";
}

const char *ui_role_help(UiRole role) {
    return (unsigned)role < UI_ROLE_COUNT ? ROLE[role].help : "one of the classes";
}

UiInk ui_class_ink(int k) {
    return UI_CLASS + (k < 0 ? 0 : k) % UI_CLASSES;
}

static int cube_level(int v) {
    return v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
}

static int distance(uint32_t a, int r, int g, int b) {
    int dr = (int)(a >> 16 & 255) - r, dg = (int)(a >> 8 & 255) - g, db = (int)(a & 255) - b;
    return dr * dr + dg * dg + db * db;
}

UiColor ui_color(const UiLook *look, uint32_t rgb) {
    static const int step[] = {0, 95, 135, 175, 215, 255};
    if (look->depth == UI_RGB) return UI_TRUE | (UiColor)(rgb & 0xFFFFFF);
    int r = cube_level(rgb >> 16 & 255), g = cube_level(rgb >> 8 & 255), b = cube_level(rgb & 255);
    int mean = (int)((rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255)) / 3;
    int gray = mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10, value = 8 + 10 * gray;
    bool nearer = distance(rgb, value, value, value) < distance(rgb, step[r], step[g], step[b]);
    return nearer ? 232 + gray : 16 + 36 * r + 6 * g + b;
}

static UiStyle class_style(const UiLook *look, int k) {
    UiStyle style = {UI_DEFAULT, UI_DEFAULT, 0};
    uint32_t rgb = CLASS[k].rgb;
    if (look->light) /* two thirds as bright, to stand out on white */
        rgb = (rgb >> 16 & 255) * 2 / 3 << 16 | (rgb >> 8 & 255) * 2 / 3 << 8 | (rgb & 255) * 2 / 3;
    if (look->depth >= UI_256)
        style.fg = ui_color(look, rgb);
    else if (look->depth == UI_16)
        style.fg = CLASS[k].sixteen;
    else if (look->depth == UI_8)
        style.fg = CLASS[k].eight;
    return style;
}

UiStyle ui_style(const UiLook *look, UiInk ink) {
    int id = ink & 0xFF, flags = ink & UI_FLAGS;
    UiStyle style = {UI_DEFAULT, UI_DEFAULT, 0};
    if (id >= UI_CLASS) {
        style = class_style(look, (id - UI_CLASS) % UI_CLASSES);
        style.flags |= flags;
        return style;
    }
    const Role *role = &ROLE[id < UI_ROLE_COUNT ? id : UI_TEXT];
    bool grounded = role->ground_dark >= 0;
    style.flags = flags | (look->depth == UI_MONO ? role->mono : role->flags);
    if (look->depth >= UI_256) {
        style.fg = look->light ? role->light : role->dark;
        style.bg = look->light ? role->ground_light : role->ground_dark;
    } else if (look->depth >= UI_8) {
        style.fg = look->depth == UI_16 ? role->sixteen : role->eight;
        /* Bright yellow and white cannot be read on a light ground. */
        if (look->light && style.fg == 11) style.fg = 3;
        if (look->light && style.fg == 15) style.fg = UI_DEFAULT;
        if (grounded) style.flags |= role->mono;
    }
    return style;
}

bool ui_style_same(UiStyle a, UiStyle b) {
    return a.fg == b.fg && a.bg == b.bg && a.flags == b.flags;
}

bool ui_look_has_ramp(const UiLook *look) {
    return look->depth >= UI_256;
}

static uint32_t mix(uint32_t a, uint32_t b, double t) {
    uint32_t out = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
        double u = a >> shift & 255, v = b >> shift & 255;
        out |= (uint32_t)lround(u + (v - u) * t) << shift;
    }
    return out;
}

static uint32_t along(const uint32_t *stop, int stops, double t) {
    double at = t * (stops - 1);
    int i = (int)at;
    return i >= stops - 1 ? stop[stops - 1] : mix(stop[i], stop[i + 1], at - i);
}

/* The 256 colours are too coarse for a mixture: its steps would jump in hue. These were picked so that
 * lightness goes one way from the middle, or from the start, to the end. */
static UiColor ramp_256(UiRamp ramp, bool light, double t) {
    static const uint8_t dark[13] = {117, 75, 39, 32, 25, 24, 235, 94, 130, 172, 208, 214, 222};
    static const uint8_t bright[13] = {24, 25, 32, 74, 117, 153, 255, 223, 215, 208, 172, 130, 94};
    static const uint8_t size[9] = {17, 18, 24, 60, 102, 143, 185, 221, 227};
    if (ramp == UI_RAMP_SIGNED) return (light ? bright : dark)[lround(t * 12)];
    return size[lround((light ? 1 - t : t) * 8)];
}

UiColor ui_ramp(const UiLook *look, UiRamp ramp, double t) {
    static const uint32_t dark[] = {0x66B8FF, 0x2C7FC4, 0x14406B, 0x1C1C1C, 0x6B3A0A, 0xC9701A, 0xFFB04D};
    static const uint32_t light[] = {0x08519C, 0x3D8EC9, 0xA6CEE8, 0xF5F5F5, 0xF7C998, 0xE0822A, 0x9C4A00};
    static const uint32_t size[] = {0x00224E, 0x123570, 0x3B496C, 0x575D6D, 0x707173,
                                    0x8A8678, 0xA59C74, 0xC3B369, 0xE1CC55, 0xFEE838};
    if (!(t == t)) return UI_DEFAULT;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    if (look->depth != UI_RGB) return ramp_256(ramp, look->light, t);
    t = round(t * 64) / 64; /* 65 levels, so that the middle is one of them, and pairs do not run out */
    if (ramp == UI_RAMP_SIGNED) return ui_color(look, along(look->light ? light : dark, 7, t));
    return ui_color(look, along(size, 10, look->light ? 1 - t : t));
}

/* Grounds of the classes in 256 colours, weak to strong, picked by hue: the nearest colours of a mixture jump
   from violet to green within one class. */
enum { GROUNDS = 4 };
static const unsigned char GROUND_DARK[UI_CLASSES][GROUNDS] = {
    {235, 237, 24, 31}, {235, 237, 94, 136}, {235, 237, 22, 29},   {235, 237, 53, 96}, {235, 237, 52, 88},
    {235, 237, 17, 18}, {235, 237, 58, 100}, {235, 237, 239, 241}, {235, 237, 52, 89}, {235, 237, 23, 30},
};
static const unsigned char GROUND_LIGHT[UI_CLASSES][GROUNDS] = {
    {255, 195, 159, 117}, {255, 230, 223, 215}, {255, 194, 158, 79},  {255, 225, 219, 176},
    {255, 224, 217, 209}, {255, 189, 153, 111}, {255, 230, 229, 227}, {255, 253, 250, 247},
    {255, 224, 181, 175}, {255, 195, 152, 116},
};

UiColor ui_class_ground(const UiLook *look, int k, double strength) {
    double t = strength < 0 || !(strength == strength) ? 0 : strength > 1 ? 1 : strength;
    int klass = (k < 0 ? 0 : k) % UI_CLASSES;
    if (look->depth != UI_RGB)
        return (look->light ? GROUND_LIGHT : GROUND_DARK)[klass][(int)round(t * (GROUNDS - 1))];
    return ui_color(look, mix(look->light ? 0xF5F5F5 : 0x1C1C1C, CLASS[klass].rgb, 0.6 * round(t * 8) / 8));
}
