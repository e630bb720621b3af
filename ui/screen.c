#define NCURSES_WIDECHAR 1
#include "screen.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

enum { LOG_MAX = 4096, STACK_SIZE = 64 * 1024 };

struct UiScreen {
    SCREEN *curses;
    WINDOW *input; /* a pad: reading from a window would refresh it */
    UiLook look;
    UiLadder best;
    int colors; /* that the terminal has */
    bool mouse, pressed, frames, all_dirty, cursor_shown, gone;
    long frame;
    int signals; /* signalfd */
    UiGrid *shown;
    FILE *out; /* curses' own way to the terminal; while a frame is made it leads into `made` */
    int made;  /* memory in which a frame is gathered */
    char *frame_bytes;
    size_t frame_room;
    int log[2], own_stderr;
    char text[LOG_MAX], line[LOG_MAX]; /* caught and not cut yet; the line given out */
    size_t text_length;
    int unread; /* a byte or key of curses that was read too far; ERR: none */
};

/* What a crash needs. A signal handler can be told nothing, so this is the one thing that is not in a
 * UiScreen; it is written before the handlers are installed. */
static struct Crash {
    volatile sig_atomic_t armed;
    struct termios before;
    char bytes[512];
    size_t length;
    int log, own_stderr;
    struct sigaction old[8], unwatched[8];
    pthread_t owner; /* the screen's thread */
} crash;

static const int WATCHED[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT};
enum { WATCHED_COUNT = sizeof WATCHED / sizeof *WATCHED };

static const int DEADLY[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
enum { DEADLY_COUNT = sizeof DEADLY / sizeof *DEADLY };

static void write_all(int fd, const char *bytes, size_t n) {
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return;
        bytes += done, n -= (size_t)done;
    }
}

static void write_text(const char *text) {
    write_all(STDOUT_FILENO, text, strlen(text));
}

/* Signals. */

static sigset_t watched(void) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaddset(&set, WATCHED[i]);
    return set;
}

/* A library may have made threads before main began, in which nothing is blocked (OpenBLAS does). What such a
 * thread is given goes on to the screen's, where it is blocked, and so is read. */
static void pass_on(int number) {
    if (!pthread_equal(pthread_self(), crash.owner)) pthread_kill(crash.owner, number);
}

static void watch_signals(void) {
    struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    crash.owner = pthread_self();
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaction(WATCHED[i], &action, &crash.unwatched[i]);
}

static void unwatch_signals(void) {
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaction(WATCHED[i], &crash.unwatched[i], NULL);
}

void ui_signals_block(void) {
    sigset_t set = watched();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

typedef struct Token {
    stack_t before;
    char memory[STACK_SIZE];
} Token;

void *ui_thread_ready(void) {
    Token *token = malloc(sizeof *token);
    if (token == NULL) return NULL;
    stack_t stack = {.ss_sp = token->memory, .ss_size = STACK_SIZE};
    if (sigaltstack(&stack, &token->before) == 0) return token;
    free(token);
    return NULL;
}

void ui_thread_done(void *token) {
    if (token == NULL) return;
    sigaltstack(&((Token *)token)->before, NULL);
    free(token);
}

/* Only write, read, dup2 and tcsetattr: all of them may be called here. */
static void on_crash(int number) {
    if (crash.armed) {
        crash.armed = 0;
        write_all(STDOUT_FILENO, crash.bytes, crash.length);
        tcsetattr(STDIN_FILENO, TCSANOW, &crash.before);
        if (crash.own_stderr >= 0) {
            char chunk[512];
            ssize_t n;
            while ((n = read(crash.log, chunk, sizeof chunk)) > 0)
                write_all(crash.own_stderr, chunk, (size_t)n);
            dup2(crash.own_stderr, STDERR_FILENO);
        }
    }
    raise(number); /* by now the default again */
}

/* Appends a string of terminfo without its paddings ("$<5>"). */
static void add_capability(const char *name) {
    const char *p = tigetstr(name);
    if (p == NULL || p == (char *)-1) return;
    while (*p != '\0' && crash.length < sizeof crash.bytes) {
        const char *end = p[0] == '$' && p[1] == '<' ? strchr(p, '>') : NULL;
        if (end != NULL)
            p = end + 1;
        else
            crash.bytes[crash.length++] = *p++;
    }
}

static void arm_crash(UiScreen *screen) {
    static const char off[] = "\033[?2026l\033[?1003l\033[?1002l\033[?1000l\033[?1006l\033[?2004l";
    static const char *const name[] = {"sgr0", "cnorm", "rmkx", "rmcup"};
    memcpy(crash.bytes, off, sizeof off - 1);
    crash.length = sizeof off - 1;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        add_capability(name[i]);
    crash.log = screen->log[0], crash.own_stderr = screen->own_stderr;
    crash.armed = 1;
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < DEADLY_COUNT; i++)
        sigaction(DEADLY[i], &action, &crash.old[i]);
}

static void disarm_crash(void) {
    crash.armed = 0;
    for (int i = 0; i < DEADLY_COUNT; i++)
        sigaction(DEADLY[i], &crash.old[i], NULL);
}

/* Options. */

int ui_screen_option(UiScreenOptions *options, const char *word, char *message, size_t size) {
    static const char *const color[] = {"auto", "none", "8", "16", "256", "rgb"};
    if (strcmp(word, "--ascii") == 0)
        options->ascii = true;
    else if (strcmp(word, "--light") == 0)
        options->light = true;
    else if (strcmp(word, "--no-mouse") == 0)
        options->no_mouse = true;
    else if (strncmp(word, "--color=", 8) == 0) {
        for (int i = 0; i < 6; i++)
            if (strcmp(word + 8, color[i]) == 0) return options->color = (UiColorChoice)i, 1;
        snprintf(message, size, "--color is '%s', wanted auto, none, 8, 16, 256 or rgb", word + 8);
        return -1;
    } else
        return 0;
    return 1;
}

static UiDepth depth_of(UiColorChoice choice, int colors, bool rgb) {
    UiDepth have = colors >= 256 ? UI_256 : colors >= 16 ? UI_16 : colors >= 8 ? UI_8 : UI_MONO;
    if (rgb && colors >= 1 << 24) have = UI_RGB;
    const char *none = getenv("NO_COLOR");
    if (choice == UI_COLOR_AUTO) return none != NULL && none[0] != '\0' ? UI_MONO : have;
    UiDepth wanted = (UiDepth)(choice - UI_COLOR_NONE);
    return wanted < have ? wanted : have;
}

/* Opening and closing. */

static void catch_stderr(UiScreen *screen) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return; /* nobody is to wait for us to read */
    int own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (own < 0 || dup2(ends[1], STDERR_FILENO) < 0) {
        if (own >= 0) close(own);
        close(ends[0]), close(ends[1]);
        return;
    }
    close(ends[1]);
    screen->log[0] = ends[0], screen->own_stderr = own;
}

static void release_stderr(UiScreen *screen) {
    if (screen->own_stderr < 0) return;
    char chunk[LOG_MAX];
    ssize_t n;
    fflush(stderr);
    dup2(screen->own_stderr, STDERR_FILENO);
    write_all(STDERR_FILENO, screen->text, screen->text_length);
    while ((n = read(screen->log[0], chunk, sizeof chunk)) > 0)
        write_all(STDERR_FILENO, chunk, (size_t)n);
    close(screen->own_stderr), close(screen->log[0]);
    screen->own_stderr = screen->log[0] = -1;
}

/* curses would gather presses that come together into clicks and lose what lies between, so we ask for
 * reports and read them ourselves: 1000 buttons, 1002 movements with a button down, 1006 in decimal digits.
 */
void ui_screen_set_mouse(UiScreen *screen, bool on) {
    screen->mouse = on;
    screen->pressed = false;
    write_text(on ? "\033[?1000h\033[?1002h\033[?1006h" : "\033[?1006l\033[?1002l\033[?1000l");
}

bool ui_screen_mouse(const UiScreen *screen) {
    return screen->mouse;
}

static void set_modes(UiScreen *screen) {
    struct termios now;
    cbreak(), noecho(), nonl();
    meta(NULL, TRUE), intrflush(NULL, FALSE), typeahead(-1);
    set_escdelay(25);
    keypad(screen->input, TRUE), nodelay(screen->input, TRUE);
    keyok(KEY_MOUSE, FALSE);
    if (tcgetattr(STDIN_FILENO, &now) == 0) { /* ctrl-s is a key, not a brake */
        now.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
        tcsetattr(STDIN_FILENO, TCSANOW, &now);
        def_prog_mode();
    }
}

static void set_look(UiScreen *screen, const UiScreenOptions *options) {
    if (has_colors()) {
        start_color();
        use_default_colors();
        screen->colors = COLORS;
    }
    screen->best = ui_ladder_detect();
    const char *term = getenv("TERM");
    bool console =
        term && strcmp(term, "linux") == 0; /* its fonts rarely have braille; it can be switched on */
    screen->look.ladder = options->ascii                       ? UI_ASCII
                          : console && screen->best > UI_BLOCK ? UI_BLOCK
                                                               : screen->best;
    screen->look.depth = depth_of(options->color, screen->colors, tigetflag("RGB") > 0);
    screen->look.light = options->light;
}

/* A terminal that is known and can move its cursor. */
static bool terminal_serves(char *message, size_t size) {
    const char *term = getenv("TERM"), *move = NULL;
    int found;
    bool known = setupterm(NULL, STDOUT_FILENO, &found) == OK;
    if (known) move = tigetstr("cup");
    if (move != NULL && move != (const char *)-1) return true;
    snprintf(message, size, "%s terminal '%s' (set TERM, e.g. to xterm-256color)",
             known ? "no cursor can be moved on the" : "unknown", term ? term : "");
    return false;
}

UiScreen *ui_screen_open(const UiScreenOptions *options, char *message, size_t size) {
    const char *frames = getenv("STRATA_TEST_FRAMES");
    setlocale(LC_CTYPE, "");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &crash.before) != 0) {
        snprintf(message, size, "standard input and output must be a terminal");
        return NULL;
    }
    if (!terminal_serves(message, size)) return NULL;
    UiScreen *screen = calloc(1, sizeof *screen);
    if (screen == NULL) return snprintf(message, size, "not enough memory for the screen"), NULL;
    screen->log[0] = screen->own_stderr = screen->signals = -1;
    screen->unread = ERR;
    use_env(TRUE), use_tioctl(TRUE); /* the terminal's own word on its size */
    int out = dup(STDOUT_FILENO);
    screen->made = memfd_create("strata-frame", MFD_CLOEXEC);
    screen->out = out >= 0 ? fdopen(out, "w") : NULL;
    screen->curses = screen->out != NULL ? newterm(NULL, screen->out, stdin) : NULL;
    if (screen->curses == NULL) {
        if (screen->out != NULL) fclose(screen->out);
        if (screen->made >= 0) close(screen->made);
        free(screen);
        return snprintf(message, size, "the terminal could not be set up"), NULL;
    }
    watch_signals(); /* ncurses' own handlers would end the program from within */
    sigset_t set = watched();
    screen->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    screen->input = newpad(1, 1);
    screen->shown = ui_grid_create(COLS, LINES, screen->look);
    screen->frames = frames != NULL && strcmp(frames, "1") == 0;
    screen->all_dirty = true;
    set_modes(screen);
    set_look(screen, options);
    curs_set(0);
    if (!options->keep_stderr) catch_stderr(screen);
    arm_crash(screen);
    if (screen->signals < 0 || screen->input == NULL || screen->shown == NULL) {
        ui_screen_close(screen);
        return snprintf(message, size, "not enough memory or file descriptors for the screen"), NULL;
    }
    ui_screen_set_mouse(screen, !options->no_mouse);
    return screen;
}

static void leave_terminal(UiScreen *screen) {
    bool mouse = screen->mouse;
    ui_screen_set_mouse(screen, false);
    screen->mouse = mouse;
    curs_set(1);
    endwin();
}

void ui_screen_close(UiScreen *screen) {
    if (screen == NULL) return;
    leave_terminal(screen);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &crash.before);
    disarm_crash();
    unwatch_signals();
    release_stderr(screen);
    if (screen->signals >= 0) close(screen->signals);
    if (screen->input != NULL) delwin(screen->input);
    delscreen(screen->curses);
    fclose(screen->out);
    if (screen->made >= 0) close(screen->made);
    free(screen->frame_bytes);
    ui_grid_free(screen->shown);
    free(screen);
}

void ui_screen_size(const UiScreen *screen, int *w, int *h) {
    (void)screen;
    *w = getmaxx(stdscr), *h = getmaxy(stdscr);
}

UiLook ui_screen_look(const UiScreen *screen) {
    return screen->look;
}

void ui_screen_set_ladder(UiScreen *screen, UiLadder ladder) {
    screen->look.ladder = ladder < screen->best ? ladder : screen->best;
}

void ui_screen_set_light(UiScreen *screen, bool light) {
    screen->look.light = light;
}

/* Showing. */

/* A colour as this terminal's curses numbers it. */
static int curses_color(const UiScreen *screen, UiColor color) {
    static const int step[] = {0, 95, 135, 175, 215, 255};
    if (color < 0) return -1;
    if (color & UI_TRUE) return color & 0xFFFFFF;
    if (screen->look.depth < UI_RGB) return color < screen->colors ? color : -1;
    if (color < 16) return color < 8 ? color : -1;
    if (color >= 232) return (8 + 10 * (color - 232)) * 0x10101;
    color -= 16;
    return step[color / 36] << 16 | step[color / 6 % 6] << 8 | step[color % 6];
}

static attr_t curses_attributes(int flags) {
    return (flags & UI_BOLD ? A_BOLD : 0) | (flags & UI_FAINT ? A_DIM : 0) |
           (flags & UI_UNDERLINE ? A_UNDERLINE : 0) | (flags & UI_REVERSE ? A_REVERSE : 0);
}

static void show_cell(const UiScreen *screen, const UiCell *cell, int x, int y) {
    wchar_t text[2] = {(wchar_t)cell->ch, 0};
    cchar_t out;
    int pair = 0;
    if (cell->ch == 0) return; /* drawn with its left half */
    if (wcwidth(text[0]) != ui_codepoint_width(cell->ch)) text[0] = '?';
    if (screen->look.depth > UI_MONO && (cell->style.fg != UI_DEFAULT || cell->style.bg != UI_DEFAULT)) {
        pair = alloc_pair(curses_color(screen, cell->style.fg), curses_color(screen, cell->style.bg));
        if (pair < 0) pair = 0;
    }
    attr_t attributes = curses_attributes(cell->style.flags);
    if (setcchar(&out, text, attributes, 0, &pair) == ERR && setcchar(&out, text, attributes, 0, NULL) == ERR)
        return;
    mvadd_wch(y, x, &out); /* ERR in the last cell of all, where it is drawn nevertheless */
}

static bool same(const UiCell *a, const UiCell *b) {
    return a->ch == b->ch && ui_style_same(a->style, b->style);
}

/* A row is written from its first changed cell to its last, from the start of a wide character. */
static bool show_row(UiScreen *screen, const UiGrid *grid, int y, int w) {
    const UiCell *new = &grid->cell[y * grid->w];
    UiCell *old = &screen->shown->cell[y * screen->shown->w];
    int first = 0, last = w - 1;
    if (!screen->all_dirty) {
        while (first < w && same(&new[first], &old[first]))
            first++;
        while (last > first && same(&new[last], &old[last]))
            last--;
        while (first > 0 && first < w && (new[first].ch == 0 || old[first].ch == 0))
            first--;
        if (last + 1 < w && new[last + 1].ch == 0) last++;
    }
    for (int x = first; x <= last && x < w; x++)
        show_cell(screen, &new[x], x, y);
    if (first >= w) return false;
    memcpy(old, new, (size_t)w * sizeof *new);
    return true;
}

static void show_cursor(UiScreen *screen, const UiGrid *grid) {
    bool on = grid->cursor_x >= 0 && grid->cursor_x < COLS && grid->cursor_y >= 0 && grid->cursor_y < LINES;
    if (on) move(grid->cursor_y, grid->cursor_x);
    if (on != screen->cursor_shown) curs_set(on);
    screen->cursor_shown = on;
}

/* The bytes gathered in `made`, or NULL: no memory. */
static char *gathered(UiScreen *screen, size_t count) {
    if (count > screen->frame_room) {
        char *bytes = realloc(screen->frame_bytes, count);
        if (bytes == NULL) return NULL;
        screen->frame_bytes = bytes, screen->frame_room = count;
    }
    return pread(screen->made, screen->frame_bytes, count, 0) == (ssize_t)count ? screen->frame_bytes : NULL;
}

/* doupdate writes to the terminal after every move of the cursor, some twenty times a frame, and each write
 * wakes the terminal. Here a frame is gathered in memory and goes out as one. */
static void put_frame(UiScreen *screen, const char *mark) {
    static const char begin[] = "\033[?2026h", end[] = "\033[?2026l"; /* shown at once, where that is known */
    int out = fileno(screen->out);
    bool redirected =
        lseek(screen->made, (off_t)strlen(begin), SEEK_SET) >= 0 && dup2(screen->made, out) >= 0;
    doupdate();
    if (!redirected) {
        write_text(mark);
        return;
    }
    dup2(STDOUT_FILENO, out);
    off_t count = lseek(screen->made, 0, SEEK_CUR);
    bool whole = count >= 0 && pwrite(screen->made, begin, strlen(begin), 0) > 0 &&
                 write(screen->made, end, strlen(end)) > 0 && write(screen->made, mark, strlen(mark)) >= 0;
    count = lseek(screen->made, 0, SEEK_CUR);
    const char *bytes = whole ? gathered(screen, (size_t)count) : NULL;
    if (bytes != NULL)
        write_all(STDOUT_FILENO, bytes, (size_t)count);
    else
        ui_screen_redraw(screen); /* the next frame is a whole one */
}

void ui_screen_present(UiScreen *screen, const UiGrid *grid) {
    int w = grid->w < COLS ? grid->w : COLS, h = grid->h < LINES ? grid->h : LINES;
    if (screen->gone) return;
    if (screen->shown->w != grid->w || screen->shown->h != grid->h) {
        if (!ui_grid_resize(screen->shown, grid->w, grid->h)) return;
        screen->all_dirty = true;
    }
    bool changed = screen->all_dirty || grid->cursor_x != screen->shown->cursor_x ||
                   grid->cursor_y != screen->shown->cursor_y;
    if (screen->all_dirty) erase();
    for (int y = 0; y < h; y++)
        changed |= show_row(screen, grid, y, w);
    screen->shown->cursor_x = grid->cursor_x, screen->shown->cursor_y = grid->cursor_y;
    screen->all_dirty = false;
    char mark[40] = "";
    if (screen->frames) snprintf(mark, sizeof mark, "\033]7777;frame=%ld\a", ++screen->frame);
    if (changed) {
        show_cursor(screen, grid);
        wnoutrefresh(stdscr);
        put_frame(screen, mark);
    } else {
        write_text(mark);
    }
}

void ui_screen_redraw(UiScreen *screen) {
    screen->all_dirty = true;
    redrawwin(stdscr);
    redrawwin(curscr);
}

/* Keys. */

static const struct {
    int curses;
    UiKey key;
} NAMED[] = {
    {KEY_UP, UI_KEY_UP},
    {KEY_DOWN, UI_KEY_DOWN},
    {KEY_LEFT, UI_KEY_LEFT},
    {KEY_RIGHT, UI_KEY_RIGHT},
    {KEY_HOME, UI_KEY_HOME},
    {KEY_END, UI_KEY_END},
    {KEY_A1, UI_KEY_HOME},
    {KEY_C1, UI_KEY_END},
    {KEY_PPAGE, UI_KEY_PGUP},
    {KEY_NPAGE, UI_KEY_PGDN},
    {KEY_A3, UI_KEY_PGUP},
    {KEY_C3, UI_KEY_PGDN},
    {KEY_IC, UI_KEY_INSERT},
    {KEY_DC, UI_KEY_DELETE},
    {KEY_BACKSPACE, UI_KEY_BACKSPACE},
    {KEY_ENTER, UI_KEY_ENTER},
    {KEY_BTAB, UI_KEY_TAB | UI_SHIFT},
    {KEY_SLEFT, UI_KEY_LEFT | UI_SHIFT},
    {KEY_SRIGHT, UI_KEY_RIGHT | UI_SHIFT},
    {KEY_SR, UI_KEY_UP | UI_SHIFT},
    {KEY_SF, UI_KEY_DOWN | UI_SHIFT},
    {KEY_SHOME, UI_KEY_HOME | UI_SHIFT},
    {KEY_SEND, UI_KEY_END | UI_SHIFT},
    {KEY_SPREVIOUS, UI_KEY_PGUP | UI_SHIFT},
    {KEY_SNEXT, UI_KEY_PGDN | UI_SHIFT},
    {KEY_SDC, UI_KEY_DELETE | UI_SHIFT},
};

/* The modifiers of xterm's parameter: 1 + shift 1 + alt 2 + ctrl 4. */
static UiKey modifiers(int parameter) {
    int bits = parameter > 1 ? parameter - 1 : 0;
    return (bits & 1 ? UI_SHIFT : 0) | (bits & 2 ? UI_ALT : 0) | (bits & 4 ? UI_CTRL : 0);
}

static UiKey function_key(int code) {
    static const struct {
        const char *name;
        UiKey key;
    } extended[] = {{"kUP", UI_KEY_UP},     {"kDN", UI_KEY_DOWN},  {"kLFT", UI_KEY_LEFT},
                    {"kRIT", UI_KEY_RIGHT}, {"kHOM", UI_KEY_HOME}, {"kEND", UI_KEY_END},
                    {"kPRV", UI_KEY_PGUP},  {"kNXT", UI_KEY_PGDN}, {"kDC", UI_KEY_DELETE}};
    for (size_t i = 0; i < sizeof NAMED / sizeof *NAMED; i++)
        if (NAMED[i].curses == code) return NAMED[i].key;
    if (code > KEY_F0 && code <= KEY_F0 + 12) return UI_KEY_F1 + (UiKey)(code - KEY_F0 - 1);
    const char *name = keyname(code);
    for (size_t i = 0; name != NULL && i < sizeof extended / sizeof *extended; i++) {
        size_t n = strlen(extended[i].name);
        if (strncmp(name, extended[i].name, n) == 0 && name[n] >= '2' && name[n] <= '8' &&
            name[n + 1] == '\0')
            return extended[i].key | modifiers(name[n] - '0');
    }
    return 0;
}

static UiKey plain_key(int c) {
    switch (c) {
    case 0:
        return ' ' | UI_CTRL;
    case 8:
    case 127:
        return UI_KEY_BACKSPACE;
    case 9:
        return UI_KEY_TAB;
    case 13:
        return UI_KEY_ENTER;
    case 27:
        return UI_KEY_ESCAPE;
    default:
        break;
    }
    if (c < 27) return (UiKey)(c + 'a' - 1) | UI_CTRL;
    return c < 32 ? (UiKey)(c + '@') | UI_CTRL : (UiKey)c;
}

/* A byte, a key of curses (above 255), or ERR. Bytes, because wget_wch swallows up to 16 of them after one
 * that is not UTF-8. */
static int next_input(UiScreen *screen) {
    int c = screen->unread;
    screen->unread = ERR;
    return c != ERR ? c : wgetch(screen->input);
}

/* One more of a sequence; it may come in two parts over a slow line. */
static int next_of_sequence(UiScreen *screen) {
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    int c = next_input(screen);
    return c == ERR && poll(&fd, 1, 50) > 0 ? next_input(screen) : c;
}

/* The character that begins with this byte; 0 where it is none, and what came instead is read next. */
static UiKey character(UiScreen *screen, int first) {
    char bytes[5] = {(char)first};
    int more = first < 0xC2 || first > 0xF4 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    for (int i = 1; i <= more; i++) {
        int c = next_of_sequence(screen);
        if (c < 0x80 || c > 0xBF) {
            screen->unread = c;
            return 0;
        }
        bytes[i] = (char)c;
    }
    const char *p = bytes;
    uint32_t c = ui_utf8_next(&p);
    return c == 0xFFFD || c < 0xA0 ? 0 : c;
}

/* A report of the mouse: the code holds button, modifiers (4, 8, 16), movement (32) and wheel (64). */
static bool mouse_event(UiScreen *screen, UiEvent *event, int code, int x, int y, bool released) {
    static const UiMouse button[] = {UI_MOUSE_PRESS, UI_MOUSE_MIDDLE, UI_MOUSE_RIGHT};
    int which = code & 3;
    *event = (UiEvent){.kind = UI_EVENT_MOUSE, .x = x - 1, .y = y - 1};
    if (code & 64) {
        event->mouse = which == 0 ? UI_MOUSE_WHEEL_UP : UI_MOUSE_WHEEL_DOWN;
        return which < 2 && !released;
    }
    if (code & 32) {
        event->mouse = UI_MOUSE_DRAG;
        return screen->pressed;
    }
    if (released || which == 3) {
        bool was = screen->pressed;
        event->mouse = UI_MOUSE_RELEASE;
        screen->pressed = false;
        return was;
    }
    event->mouse = button[which];
    if (which == 0) screen->pressed = true;
    return true;
}

/* The rest of a sequence that curses did not know, after ESC [: a report of the mouse, or a key with
 * modifiers. It is read to its end in any case, so that no part of it is taken for keys. */
static bool control_sequence(UiScreen *screen, UiEvent *event) {
    static const char letter[] = "ABCDHF";
    static const UiKey named[] = {UI_KEY_UP, UI_KEY_DOWN, UI_KEY_RIGHT, UI_KEY_LEFT, UI_KEY_HOME, UI_KEY_END};
    int number[3] = {0, 0, 0}, at = 0, read = 0;
    bool mouse = false;
    for (int c; (c = next_of_sequence(screen)) != ERR; read++) {
        if (c == '<')
            mouse = true;
        else if (c >= '0' && c <= '9')
            number[at] = number[at] < 10000 ? number[at] * 10 + (c - '0') : number[at];
        else if (c == ';')
            at = at < 2 ? at + 1 : 2;
        else if (c >= 0x40 && c <= 0x7E) {
            if (mouse) return mouse_event(screen, event, number[0], number[1], number[2], c == 'm');
            const char *p = strchr(letter, c);
            if (c == 'Z')
                event->key = UI_KEY_TAB | UI_SHIFT;
            else if (p != NULL)
                event->key = named[p - letter] | modifiers(number[1]);
            return event->key != 0;
        } else if (c < ' ' || c > 0x7E) { /* broken off */
            screen->unread = c;
            return false;
        }
    }
    if (read == 0) event->key = '[' | UI_ALT;
    return read == 0;
}

/* A key by its byte or its number in curses; 0: none. */
static UiKey key_of(UiScreen *screen, int c) {
    /* KEY_RESIZE is no key here: SIGWINCH tells us. */
    return c > 255 ? function_key(c) : c < 0x80 ? plain_key(c) : character(screen, c);
}

/* What comes after ESC: alone, with alt, or a sequence. */
static bool after_escape(UiScreen *screen, UiEvent *event) {
    int c = next_input(screen);
    if (c == '[') return control_sequence(screen, event);
    if (c == ERR || c == 27) {
        event->key = UI_KEY_ESCAPE;
        screen->unread = c;
    } else {
        UiKey key = key_of(screen, c);
        event->key = key ? key | UI_ALT : 0;
    }
    return event->key != 0;
}

/* One key or mouse event that has arrived; false where there is none. */
static bool read_input(UiScreen *screen, UiEvent *event) {
    for (int c; (c = next_input(screen)) != ERR;) {
        *event = (UiEvent){.kind = UI_EVENT_KEY};
        if (c == 27 && after_escape(screen, event)) return true;
        if (c != 27) event->key = key_of(screen, c);
        if (event->key != 0) return true;
    }
    return false;
}

/* Waiting. */

static void adopt_size(UiEvent *event) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
        resizeterm(size.ws_row, size.ws_col);
    event->x = COLS, event->y = LINES;
}

static void enter_terminal(UiScreen *screen) {
    reset_prog_mode();
    refresh();
    set_modes(screen);
    curs_set(screen->cursor_shown);
    if (screen->mouse) ui_screen_set_mouse(screen, true);
    ui_screen_redraw(screen);
}

void ui_screen_suspend(UiScreen *screen) {
    leave_terminal(screen);
    raise(SIGSTOP);
    enter_terminal(screen);
}

static bool read_signal(UiScreen *screen, UiEvent *event) {
    struct signalfd_siginfo info;
    if (read(screen->signals, &info, sizeof info) != sizeof info) return false;
    *event = (UiEvent){.kind = UI_EVENT_SIGNAL, .signal = (int)info.ssi_signo};
    if (event->signal == SIGWINCH) {
        event->kind = UI_EVENT_RESIZE;
        adopt_size(event);
        screen->all_dirty = true;
    } else if (event->signal == SIGCONT) {
        event->kind = UI_EVENT_RESUME;
        adopt_size(event);
        enter_terminal(screen);
    }
    return true;
}

/* The next whole line that was written to standard error; a very long one is cut. */
static bool read_log(UiScreen *screen, UiEvent *event) {
    if (screen->own_stderr < 0) return false;
    ssize_t n = read(screen->log[0], screen->text + screen->text_length, LOG_MAX - 1 - screen->text_length);
    if (n > 0) screen->text_length += (size_t)n;
    char *end = memchr(screen->text, '\n', screen->text_length);
    if (end == NULL && screen->text_length < LOG_MAX - 1) return false;
    size_t length = end != NULL ? (size_t)(end - screen->text) : screen->text_length;
    memcpy(screen->line, screen->text, length);
    screen->line[length] = '\0';
    if (end != NULL) length++;
    screen->text_length -= length;
    memmove(screen->text, screen->text + length, screen->text_length);
    *event = (UiEvent){.kind = UI_EVENT_LOG, .text = screen->line};
    return true;
}

/* True where the terminal will never send anything again. */
static bool hung_up(short events) {
    int bytes = 1;
    if (events & (POLLHUP | POLLERR | POLLNVAL)) return true;
    return (events & POLLIN) && ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 && bytes == 0;
}

UiEvent ui_screen_wait(UiScreen *screen, int wake_fd, int timeout_ms) {
    UiEvent event = {.kind = UI_EVENT_NONE};
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = screen->signals, .events = POLLIN},
                           {.fd = wake_fd, .events = POLLIN},
                           {.fd = screen->own_stderr >= 0 ? screen->log[0] : -1, .events = POLLIN}};
    if (read_input(screen, &event) || read_signal(screen, &event) || read_log(screen, &event)) return event;
    for (;;) {
        int ready = poll(fds, 4, timeout_ms);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return (UiEvent){.kind = UI_EVENT_NONE};
        if (fds[1].revents && read_signal(screen, &event)) return event;
        if (hung_up(fds[0].revents)) {
            screen->gone = true;
            return (UiEvent){.kind = UI_EVENT_HANGUP};
        }
        if (fds[0].revents && read_input(screen, &event)) return event;
        if (fds[2].revents) {
            uint64_t count;
            if (read(wake_fd, &count, sizeof count) > 0) return (UiEvent){.kind = UI_EVENT_WAKE};
        }
        if (fds[3].revents && read_log(screen, &event)) return event;
        if (timeout_ms >= 0) return (UiEvent){.kind = UI_EVENT_NONE}; /* half a key or line: ask again */
    }
}
