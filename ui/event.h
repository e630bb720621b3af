/* Keys and events as values. */
#ifndef UI_EVENT_H
#define UI_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A codepoint, or one of the names below; UI_CTRL, UI_ALT, UI_SHIFT may be added. Ctrl goes with the lower
 * case letter ('r' | UI_CTRL); Shift only with names (UI_KEY_LEFT | UI_SHIFT). 0 is no key. */
typedef uint32_t UiKey;
enum { UI_CTRL = 1 << 24, UI_ALT = 1 << 25, UI_SHIFT = 1 << 26, UI_KEY_MASK = (1 << 24) - 1 };

/* id, name. Space is the codepoint ' ', and is written "space". */
#define UI_KEYS(ROW)                                                                                         \
    ROW(ENTER, "enter")                                                                                      \
    ROW(TAB, "tab")                                                                                          \
    ROW(ESCAPE, "esc")                                                                                       \
    ROW(BACKSPACE, "backspace")                                                                              \
    ROW(DELETE, "del")                                                                                       \
    ROW(INSERT, "ins") ROW(LEFT, "left") ROW(RIGHT, "right") ROW(UP, "up") ROW(DOWN, "down")                 \
        ROW(HOME, "home") ROW(END, "end") ROW(PGUP, "pgup") ROW(PGDN, "pgdn") ROW(F1, "f1") ROW(F2, "f2")    \
            ROW(F3, "f3") ROW(F4, "f4") ROW(F5, "f5") ROW(F6, "f6") ROW(F7, "f7") ROW(F8, "f8")              \
                ROW(F9, "f9") ROW(F10, "f10") ROW(F11, "f11") ROW(F12, "f12")

enum {
    UI_KEY_NAMED = 0x110000,
#define UI_KEY_ENUM(id, name) UI_KEY_##id,
    UI_KEYS(UI_KEY_ENUM)
#undef UI_KEY_ENUM
        UI_KEY_END_OF_NAMES
};

/* "ctrl-r", "alt-left", "shift-tab", "space", "pgdn", "+". Returns buffer. */
enum { UI_KEY_NAME = 32 };
char *ui_key_name(UiKey key, char buffer[UI_KEY_NAME]);
/* The other way; 0 where the word is not a key. */
UiKey ui_key_parse(const char *name);

typedef enum UiEventKind {
    UI_EVENT_NONE,   /* the time is up */
    UI_EVENT_KEY,    /* key */
    UI_EVENT_MOUSE,  /* mouse, x, y */
    UI_EVENT_RESIZE, /* x, y: the new size; resize the grid and draw */
    UI_EVENT_SIGNAL, /* signal: SIGINT, SIGTERM, SIGHUP, SIGTSTP */
    UI_EVENT_RESUME, /* back after a suspension: draw */
    UI_EVENT_WAKE,   /* the caller's descriptor can be read (it has been read) */
    UI_EVENT_LOG,    /* text: one line that somebody wrote to standard error */
    UI_EVENT_HANGUP  /* the terminal is gone */
} UiEventKind;

typedef enum UiMouse {
    UI_MOUSE_PRESS, /* left */
    UI_MOUSE_DRAG,  /* moved with the left button down */
    UI_MOUSE_RELEASE,
    UI_MOUSE_MIDDLE, /* pressed */
    UI_MOUSE_RIGHT,
    UI_MOUSE_WHEEL_UP,
    UI_MOUSE_WHEEL_DOWN
} UiMouse;

typedef struct UiEvent {
    UiEventKind kind;
    UiKey key;
    UiMouse mouse;
    int x, y, signal;
    const char *text; /* until the next wait */
} UiEvent;

#endif
