/* Colour roles, ramps and the look of a screen.
 *
 * A view never names a colour: it writes with an ink, which is a role (or a
 * class) with flags added: UI_TITLE, UI_DIM | UI_BOLD, ui_class_ink(2). The
 * look (ladder, depth, ground) turns an ink into a style. Colour never carries
 * meaning alone: every role has an attribute in mono, every class a glyph,
 * every ramp a density. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "glyphs.h"

typedef enum UiDepth { UI_MONO, UI_8, UI_16, UI_256, UI_RGB } UiDepth;

/* How a screen can draw. Plain data; a grid carries one. */
typedef struct UiLook {
    UiLadder ladder;
    UiDepth depth;
    bool light; /* a light ground */
} UiLook;

/* -1: the terminal's own; 0 … 255: palette; UI_TRUE | 0xrrggbb: true colour */
typedef int32_t UiColor;
enum { UI_DEFAULT = -1, UI_TRUE = 0x1000000 };

/* An ink: a role in the low byte, flags above. */
typedef int UiInk;
enum { UI_BOLD = 0x100, UI_FAINT = 0x200, UI_UNDERLINE = 0x400, UI_REVERSE = 0x800, UI_FLAGS = 0xF00 };

typedef struct UiStyle {
    UiColor fg, bg;
    int flags; /* UI_BOLD … UI_REVERSE */
} UiStyle;

/* id, name, foreground (256 dark, 256 light, 16, 8), ground (256 dark, 256 light), flags, flags in mono,
 * help. Where a ground is given, 16 and 8 colours use UI_REVERSE. */
#define UI_ROLES(ROW)                                                                                        \
    ROW(TEXT, "text", -1, -1, -1, -1, -1, -1, 0, 0, "ordinary text")                                         \
    ROW(DIM, "dim", 244, 243, 8, -1, -1, -1, 0, UI_FAINT, "labels, axes, what is less important")            \
    ROW(TITLE, "title", 255, 232, 15, -1, -1, -1, UI_BOLD, UI_BOLD, "headings")                              \
    ROW(RULE, "rule", 240, 250, 8, -1, -1, -1, 0, UI_FAINT, "rules between parts")                           \
    ROW(FOCUS, "focus", 231, 16, -1, -1, 24, 153, 0, UI_REVERSE, "what the keys act on")                     \
    ROW(KEY, "key", 222, 130, 11, 3, -1, -1, UI_BOLD, UI_BOLD, "a key that can be pressed")                  \
    ROW(TRAINING, "training", 75, 25, 12, 6, -1, -1, 0, 0, "figures of the training part")                   \
    ROW(VALIDATION, "validation", 215, 130, 11, 3, -1, -1, 0, 0, "figures of the validation part")           \
    ROW(LAST, "last run", 245, 244, 8, -1, -1, -1, 0, UI_FAINT, "the previous run")                          \
    ROW(GOOD, "good", 79, 29, 10, 2, -1, -1, 0, 0, "as it should be")                                        \
    ROW(WARN, "warn", 220, 136, 11, 3, -1, -1, 0, UI_BOLD, "worth a look")                                   \
    ROW(BAD, "bad", 203, 160, 9, 1, -1, -1, UI_BOLD, UI_BOLD, "wrong")                                       \
    ROW(BAND, "band", 240, 250, 8, -1, -1, -1, 0, UI_FAINT, "the healthy range on a strip")                  \
    ROW(CURSOR, "cursor", 231, 16, 15, -1, -1, -1, UI_BOLD, UI_BOLD, "the cursor in a plot or a map")        \
    ROW(FIELD, "field", 252, 234, -1, -1, 236, 254, 0, UI_UNDERLINE, "a field to fill in")

typedef enum UiRole {
#define UI_ROLE_ENUM(id, ...) UI_##id,
    UI_ROLES(UI_ROLE_ENUM)
#undef UI_ROLE_ENUM
        UI_ROLE_COUNT,
    UI_CLASS = 128 /* + k: the k-th class */
} UiRole;

enum { UI_CLASSES = 10 };

const char *ui_role_name(UiRole role);
const char *ui_role_help(UiRole role);

/* The ink of the k-th class (colour-blind safe, after Okabe and Ito); repeats after UI_CLASSES. */
UiInk ui_class_ink(int k);

UiStyle ui_style(const UiLook *look, UiInk ink);
bool ui_style_same(UiStyle a, UiStyle b);

typedef enum UiRamp {
    UI_RAMP_SIGNED, /* blue – ground – orange: -1 … +1 as 0 … 1 */
    UI_RAMP_SIZE    /* cividis-like, perceptual: 0 … 1 */
} UiRamp;

/* True where a ramp is drawn in colour (256 and more); else density is used. */
bool ui_look_has_ramp(const UiLook *look);
/* t is clamped to 0 … 1 and quantised (13 or 9 levels in 256 colours, 65 in true colour); NaN gives
 * UI_DEFAULT. */
UiColor ui_ramp(const UiLook *look, UiRamp ramp, double t);
/* A colour of the k-th class, mixed with the ground: strength 0 (ground) … 1 (full). 256 and more only. */
UiColor ui_class_ground(const UiLook *look, int k, double strength);
/* The nearest of the 256 colours, or the true one: what the look can show of 0xrrggbb. */
UiColor ui_color(const UiLook *look, uint32_t rgb);

#endif
