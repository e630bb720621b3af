/* A terminal for tests: a program runs in a pseudo-terminal, and libvterm reads
 * what it writes. Nothing here sleeps: every wait is for something, ends as soon
 * as it holds, and gives up after a time that only a failing test sees.
 *
 * The program is started with STRATA_TEST_FRAMES=1: it then marks the end of each
 * frame, and conditions are only looked at on whole frames. */
#ifndef VT_H
#define VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Vt Vt;

enum { VT_PATIENCE = 10000 /* ms */, VT_DEFAULT = -1, VT_RGB = 0x1000000 };

typedef struct VtCell {
    uint32_t ch; /* ' ' where blank, 0: the right half of a wide character */
    int fg, bg;  /* VT_DEFAULT, 0 … 255, or VT_RGB | 0xrrggbb */
    bool bold, underline, reverse;
} VtCell;

/* argv[0] is looked up in PATH; env: "NAME=value" to set, "NAME" to unset, NULL-ended, or NULL. TERM is
 * xterm-256color and LC_ALL C.UTF-8 unless env says otherwise. NULL, having said why on standard error, where
 * it cannot be started. */
Vt *vt_start(int w, int h, const char *const argv[], const char *const env[]);
/* Kills what still runs. */
void vt_end(Vt *vt);

/* Input. Names: "enter" "esc" "tab" "backspace" "del" "ins" "up" "down" "left" "right" "home" "end" "pgup"
 * "pgdn" "f1" … "f12" "space" or one character, with "ctrl-", "alt-", "shift-" before them. After "esc" the next frame is waited for. */
void vt_key(Vt *vt, const char *name);
void vt_type(Vt *vt, const char *text);
void vt_bytes(Vt *vt, const char *bytes, size_t count); /* as they are */
void vt_mouse(Vt *vt, int x, int y, int button,
              bool pressed); /* 1 left 2 middle 3 right 4 5 wheel; 0: moves */
void vt_click(Vt *vt, int x, int y);
void vt_resize(Vt *vt, int w, int h);
void vt_signal(Vt *vt, int number);

/* Waits until the condition holds on a whole frame; false after VT_PATIENCE or where the program ended
 * before. */
bool vt_until(Vt *vt, bool (*holds)(Vt *vt, const void *context), const void *context);
bool vt_shows(Vt *vt, const char *text); /* somewhere in a row */
bool vt_hides(Vt *vt, const char *text); /* nowhere */
bool vt_row_shows(Vt *vt, int y, const char *text);
bool vt_frame_after(Vt *vt, long frame); /* a frame later than that was drawn */
bool vt_bytes_shown(Vt *vt,
                    const char *bytes); /* somewhere in all that was written, escape sequences included */
/* Waits for the end; the status of waitpid, or -1 where it does not end. */
int vt_exit(Vt *vt);

/* What is on the screen now. */
long vt_frame(const Vt *vt); /* number of the last frame; 0: none */
int vt_width(const Vt *vt);
int vt_height(const Vt *vt);
const char *vt_text(Vt *vt);       /* all rows, trailing blanks trimmed; until the next call */
const char *vt_row(Vt *vt, int y); /* until the next call */
bool vt_find(Vt *vt, const char *text, int *x, int *y); /* columns, not bytes */
VtCell vt_cell(Vt *vt, int x, int y);
bool vt_mode(const Vt *vt,
             int mode); /* a DEC private mode: 25 cursor, 1000 1002 1003 mouse, 1049 alternate screen */
void vt_cursor(Vt *vt, int *x, int *y);
pid_t vt_pid(const Vt *vt);

/* After the end: is the terminal as it was? Alternate screen left, cursor visible, mouse off, termios as
 * before. NULL: yes; else what is not. */
const char *vt_not_restored(Vt *vt);

/* The screen with its attributes, as C strings to paste into a test, on standard error. */
void vt_dump(Vt *vt, const char *why);

/* In a cmocka test: fails with a dump where the condition does not come to hold. */
#define VT_WANT(vt, condition)                                                                               \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            vt_dump(vt, #condition);                                                                         \
            fail_msg("%s", #condition);                                                                      \
        }                                                                                                    \
    } while (0)

#endif
