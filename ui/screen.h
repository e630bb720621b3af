/* The terminal: the only file that includes ncurses.
 *
 * One thread only, the one that opened it. Before any other thread is created
 * (first thing in main) call ui_signals_block(). */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include "event.h"
#include "grid.h"
#include <stdio.h>

typedef enum UiColorChoice {
    UI_COLOR_AUTO, /* what terminfo says; none where NO_COLOR is set and not empty */
    UI_COLOR_NONE,
    UI_COLOR_8,
    UI_COLOR_16,
    UI_COLOR_256,
    UI_COLOR_RGB
} UiColorChoice;

typedef struct UiScreenOptions {
    bool ascii;
    UiColorChoice color;
    bool light;
    bool no_mouse;
    bool keep_stderr; /* do not catch what is written to standard error */
} UiScreenOptions;

/* Understands --ascii, --light, --no-mouse, --color=auto|none|8|16|256|rgb. 1: taken, 0: not one of them, -1:
 * a bad value (a message is in `message`). */
int ui_screen_option(UiScreenOptions *options, const char *word, char *message, size_t size);

/* Blocks WINCH INT TERM HUP TSTP CONT for this and all later threads; they are read by ui_screen_wait. (A
 * child inherits the mask: unblock before exec.) */
void ui_signals_block(void);
/* Each thread calls it once at its start, so that a crash by stack overflow still restores the terminal. The
 * memory is the thread's until it ends; ui_thread_done frees it. */
void *ui_thread_ready(void);
void ui_thread_done(void *token);

typedef struct UiScreen UiScreen;

/* NULL, with a message, where standard input or output is no terminal or TERM is unknown. Sets the locale's
 * LC_CTYPE alone: figures keep their points. */
UiScreen *ui_screen_open(const UiScreenOptions *options, char *message, size_t size);
/* Restores the terminal, then prints what was caught from standard error and not read. */
void ui_screen_close(UiScreen *screen);

void ui_screen_size(const UiScreen *screen, int *w, int *h);
UiLook ui_screen_look(const UiScreen *screen);
/* The ladder may be changed at any time; the grid is to carry the new look. */
void ui_screen_set_ladder(UiScreen *screen, UiLadder ladder);
void ui_screen_set_light(UiScreen *screen, bool light);
void ui_screen_set_mouse(UiScreen *screen, bool on);
bool ui_screen_mouse(const UiScreen *screen);

/* Shows the grid: only what changed is written. */
void ui_screen_present(UiScreen *screen, const UiGrid *grid);
/* Everything is written anew at the next present (ctrl-l). */
void ui_screen_redraw(UiScreen *screen);

/* Waits at most timeout_ms (-1: for ever, 0: not at all) for one event. wake_fd is an eventfd of the caller,
 * or -1; it is read here. Call until it gives UI_EVENT_NONE with timeout 0 before drawing, and a burst costs
 * one frame. */
UiEvent ui_screen_wait(UiScreen *screen, int wake_fd, int timeout_ms);
/* Gives the terminal back, stops the process, and takes it again when continued (the answer to SIGTSTP and
 * ctrl-z). */
void ui_screen_suspend(UiScreen *screen);

#endif
