#include "vt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

enum { SEQUENCE = 64, MODES = 32 };

struct Vt {
    VTerm *term;
    VTermScreen *screen;
    VTermPos at;
    int w, h, master, slave, alive; /* alive: a pidfd */
    pid_t pid;
    bool ended;
    int status;
    struct termios before;
    /* We read escape sequences ourselves too: libvterm 0.1.4 honours only the first parameter of
     * "?1006;1000h", and the callback for others changes its type between versions. */
    char sequence[SEQUENCE];
    int length; /* 0: outside */
    struct {
        int number;
        bool on;
    } mode[MODES];
    int modes;
    long frame;
    bool whole; /* nothing was written since the last frame's end */
    char *text, *raw;
    size_t raw_length, raw_room;
};

/* Reading the program's output. */

static void set_mode(Vt *vt, int number, bool on) {
    for (int i = 0; i < vt->modes; i++)
        if (vt->mode[i].number == number) {
            vt->mode[i].on = on;
            return;
        }
    if (vt->modes == MODES) return;
    vt->mode[vt->modes].number = number;
    vt->mode[vt->modes++].on = on;
}

static void sequence_ends(Vt *vt) {
    char *p = vt->sequence, last = vt->sequence[vt->length - 1];
    vt->sequence[vt->length] = '\0';
    vt->length = 0;
    if (strncmp(p, "\033]7777;frame=", 13) == 0) {
        vt->frame = atol(p + 13);
        vt->whole = true;
    }
    if (strncmp(p, "\033[?", 3) != 0 || (last != 'h' && last != 'l')) return;
    for (p += 3; *p >= '0' && *p <= '9'; p += *p == ';')
        set_mode(vt, (int)strtol(p, &p, 10), last == 'h');
}

static void scan(Vt *vt, char c) {
    if (c == '\033')
        vt->length = 0;
    else if (vt->length == 0) {
        vt->whole = false;
        return;
    }
    vt->sequence[vt->length++] = c;
    if (vt->length == 1) return;
    char kind = vt->sequence[1];
    bool end = kind == ']'   ? c == '\a'
               : kind == '[' ? vt->length > 2 && c >= 0x40 && c <= 0x7E
                             : vt->length == 2;
    if (!end && vt->length < SEQUENCE - 1) return;
    bool frame = kind == ']';
    if (!frame) vt->whole = false;
    sequence_ends(vt);
}

static void keep_raw(Vt *vt, const char *bytes, size_t n) {
    if (vt->raw_length + n + 1 > vt->raw_room) {
        size_t room = 2 * (vt->raw_length + n) + 4096;
        char *raw = realloc(vt->raw, room);
        if (raw == NULL) return;
        vt->raw = raw, vt->raw_room = room;
    }
    memcpy(vt->raw + vt->raw_length, bytes, n);
    vt->raw_length += n;
    vt->raw[vt->raw_length] = '\0';
}

/* Up to the end of a frame at a time, so that each can be looked at. False: nothing to be had. */
static bool read_some(Vt *vt) {
    char chunk[4096];
    ssize_t n = read(vt->master, chunk, sizeof chunk);
    if (n <= 0) return false;
    for (ssize_t i = 0; i < n; i++)
        scan(vt, chunk[i]);
    keep_raw(vt, chunk, (size_t)n);
    vterm_input_write(vt->term, chunk, (size_t)n);
    vterm_screen_flush_damage(vt->screen);
    return true;
}

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void reap(Vt *vt) {
    if (!vt->ended && waitpid(vt->pid, &vt->status, WNOHANG) == vt->pid) vt->ended = true;
}

/* Waits for output or the end, until the deadline. False: the time is up, or there will be no more. */
static bool step(Vt *vt, long deadline) {
    struct pollfd fds[] = {{vt->master, POLLIN, 0}, {vt->ended ? -1 : vt->alive, POLLIN, 0}};
    long left = deadline - now_ms();
    int ready = poll(fds, 2, vt->ended ? 0 : left > 0 ? (int)left : 0);
    if (ready < 0 && errno == EINTR) return true;
    if (ready <= 0) return false;
    if (fds[0].revents && read_some(vt)) return true;
    if (fds[1].revents) reap(vt);
    return true;
}

/* A program that marks no frames is looked at whenever it has been silent for a moment. */
bool vt_until(Vt *vt, bool (*holds)(Vt *vt, const void *context), const void *context) {
    enum { SILENCE = 100 };
    long deadline = now_ms() + VT_PATIENCE;
    for (bool silent = false;; silent = false) {
        if ((vt->whole || vt->ended) && holds(vt, context)) return true;
        if (vt->frame == 0 && !vt->ended)
            silent = !step(vt, now_ms() + SILENCE);
        else if (!step(vt, deadline))
            return holds(vt, context);
        if (silent && holds(vt, context)) return true;
        if (now_ms() > deadline) return false;
    }
}

static bool has_text(Vt *vt, const void *text) {
    return strstr(vt_text(vt), text) != NULL;
}

static bool lacks_text(Vt *vt, const void *text) {
    return strstr(vt_text(vt), text) == NULL;
}

bool vt_shows(Vt *vt, const char *text) {
    return vt_until(vt, has_text, text);
}

bool vt_hides(Vt *vt, const char *text) {
    return vt_until(vt, lacks_text, text);
}

typedef struct Row {
    int y;
    const char *text;
} Row;

static bool row_has(Vt *vt, const void *context) {
    const Row *row = context;
    return strstr(vt_row(vt, row->y), row->text) != NULL;
}

bool vt_row_shows(Vt *vt, int y, const char *text) {
    return vt_until(vt, row_has, &(Row){y, text});
}

static bool is_after(Vt *vt, const void *frame) {
    return vt->frame > *(const long *)frame;
}

bool vt_frame_after(Vt *vt, long frame) {
    return vt_until(vt, is_after, &frame);
}

static bool wrote(const Vt *vt, const char *bytes) {
    return vt->raw != NULL && strstr(vt->raw, bytes) != NULL;
}

/* Frames play no part here: the terminal may just be given back. */
bool vt_bytes_shown(Vt *vt, const char *bytes) {
    long deadline = now_ms() + VT_PATIENCE;
    while (!wrote(vt, bytes))
        if (!step(vt, deadline)) return wrote(vt, bytes);
    return true;
}

static bool has_ended(Vt *vt, const void *context) {
    (void)context;
    return vt->ended;
}

int vt_exit(Vt *vt) {
    if (!vt_until(vt, has_ended, NULL)) return -1;
    while (step(vt, now_ms()))
        ;
    return vt->status;
}

/* Starting and ending. */

static void send_out(const char *bytes, size_t n, void *user) {
    vt_bytes(user, bytes, n);
}

static int moved(VTermPos pos, VTermPos old, int visible, void *user) {
    (void)old, (void)visible;
    ((Vt *)user)->at = pos;
    return 1;
}

static const VTermScreenCallbacks CALLBACKS = {.movecursor = moved};

static void child(const Vt *vt, const char *const argv[], const char *const env[]) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close(vt->master);
    login_tty(vt->slave);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("STRATA_TEST_FRAMES", "1", 1);
    static const char *const unset[] = {"NO_COLOR", "COLORTERM", "LINES", "COLUMNS"};
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        unsetenv(unset[i]);
    for (int i = 0; env != NULL && env[i] != NULL; i++) {
        if (strchr(env[i], '=') != NULL)
            putenv((char *)(uintptr_t)env[i]);
        else
            unsetenv(env[i]);
    }
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    dprintf(STDERR_FILENO, "cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

Vt *vt_start(int w, int h, const char *const argv[], const char *const env[]) {
    struct winsize size = {.ws_col = (unsigned short)w, .ws_row = (unsigned short)h};
    Vt *vt = calloc(1, sizeof *vt);
    if (vt == NULL || openpty(&vt->master, &vt->slave, NULL, NULL, &size) != 0) {
        perror("openpty");
        free(vt);
        return NULL;
    }
    vt->w = w, vt->h = h;
    set_mode(vt, 25, true);
    tcgetattr(vt->slave, &vt->before);
    fcntl(vt->master, F_SETFL, O_NONBLOCK);
    fcntl(vt->master, F_SETFD, FD_CLOEXEC);
    vt->term = vterm_new(h, w);
    vterm_set_utf8(vt->term, 1);
    vterm_output_set_callback(vt->term, send_out, vt);
    vt->screen = vterm_obtain_screen(vt->term);
    vterm_screen_set_callbacks(vt->screen, &CALLBACKS, vt);
    vterm_screen_enable_altscreen(vt->screen, 1);
    vterm_screen_reset(vt->screen, 1);
    vt->pid = fork();
    if (vt->pid == 0) child(vt, argv, env);
    vt->alive = (int)syscall(SYS_pidfd_open, vt->pid, 0);
    return vt;
}

void vt_end(Vt *vt) {
    if (vt == NULL) return;
    reap(vt);
    if (!vt->ended) {
        kill(vt->pid, SIGKILL);
        waitpid(vt->pid, NULL, 0);
    }
    close(vt->master), close(vt->slave), close(vt->alive);
    vterm_free(vt->term);
    free(vt->text), free(vt->raw);
    free(vt);
}

/* Input. */

void vt_bytes(Vt *vt, const char *bytes, size_t n) {
    long deadline = now_ms() + VT_PATIENCE;
    while (n > 0 && now_ms() < deadline) {
        ssize_t done = write(vt->master, bytes, n);
        if (done > 0)
            bytes += done, n -= (size_t)done;
        else if (!step(vt, deadline))
            return; /* full: the program must read, and may have to write first */
    }
}

static uint32_t next_character(const char **text) {
    const unsigned char *p = (const unsigned char *)*text;
    int more = p[0] < 0xC0 ? 0 : p[0] < 0xE0 ? 1 : p[0] < 0xF0 ? 2 : 3;
    uint32_t c = more ? p[0] & (0x3Fu >> more) : p[0];
    for (int i = 1; i <= more && p[i]; i++)
        c = c << 6 | (p[i] & 0x3F);
    *text += more + 1;
    return c;
}

void vt_type(Vt *vt, const char *text) {
    while (*text)
        vterm_keyboard_unichar(vt->term, next_character(&text), VTERM_MOD_NONE);
}

void vt_key(Vt *vt, const char *name) {
    static const struct {
        const char *name;
        VTermKey key;
    } named[] = {{"enter", VTERM_KEY_ENTER}, {"esc", VTERM_KEY_ESCAPE},
                 {"tab", VTERM_KEY_TAB},     {"backspace", VTERM_KEY_BACKSPACE},
                 {"del", VTERM_KEY_DEL},     {"ins", VTERM_KEY_INS},
                 {"up", VTERM_KEY_UP},       {"down", VTERM_KEY_DOWN},
                 {"left", VTERM_KEY_LEFT},   {"right", VTERM_KEY_RIGHT},
                 {"home", VTERM_KEY_HOME},   {"end", VTERM_KEY_END},
                 {"pgup", VTERM_KEY_PAGEUP}, {"pgdn", VTERM_KEY_PAGEDOWN}};
    int mod = 0, number;
    for (;; name = strchr(name, '-') + 1) {
        if (strncmp(name, "ctrl-", 5) == 0)
            mod |= VTERM_MOD_CTRL;
        else if (strncmp(name, "alt-", 4) == 0)
            mod |= VTERM_MOD_ALT;
        else if (strncmp(name, "shift-", 6) == 0)
            mod |= VTERM_MOD_SHIFT;
        else
            break;
    }
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(name, named[i].name) == 0) {
            long frame = vt->frame;
            vterm_keyboard_key(vt->term, named[i].key, (VTermModifier)mod);
            /* A key that follows at once would be taken for one with alt. */
            if (named[i].key == VTERM_KEY_ESCAPE && frame > 0) vt_frame_after(vt, frame);
            return;
        }
    if (sscanf(name, "f%d", &number) == 1) {
        vterm_keyboard_key(vt->term, (VTermKey)VTERM_KEY_FUNCTION(number), (VTermModifier)mod);
        return;
    }
    uint32_t c = strcmp(name, "space") == 0 ? ' ' : next_character(&name);
    if (mod == VTERM_MOD_CTRL && c >= 'a' && c <= 'z')
        vt_bytes(vt, &(char){(char)(c & 31)}, 1);
    else
        vterm_keyboard_unichar(vt->term, c, (VTermModifier)mod);
}

void vt_mouse(Vt *vt, int x, int y, int button, bool pressed) {
    /* Written by hand: libvterm would not know that SGR reports are on. */
    char bytes[40];
    int code = button == 0 ? 32 : button >= 4 ? 60 + button : button - 1;
    int n = snprintf(bytes, sizeof bytes, "\033[<%d;%d;%d%c", code, x + 1, y + 1,
                     pressed || button == 0 ? 'M' : 'm');
    vt_bytes(vt, bytes, (size_t)n);
}

void vt_click(Vt *vt, int x, int y) {
    vt_mouse(vt, x, y, 1, true);
    vt_mouse(vt, x, y, 1, false);
}

void vt_resize(Vt *vt, int w, int h) {
    struct winsize size = {.ws_col = (unsigned short)w, .ws_row = (unsigned short)h};
    vt->w = w, vt->h = h;
    vterm_set_size(vt->term, h, w);
    ioctl(vt->slave, TIOCSWINSZ, &size);
}

void vt_signal(Vt *vt, int number) {
    reap(vt);
    if (!vt->ended) kill(vt->pid, number);
}

/* What is on the screen. */

static int color_of(const VTermColor *color, bool ground) {
    if (ground ? VTERM_COLOR_IS_DEFAULT_BG(color) : VTERM_COLOR_IS_DEFAULT_FG(color)) return VT_DEFAULT;
    if (VTERM_COLOR_IS_INDEXED(color)) return color->indexed.idx;
    return VT_RGB | color->rgb.red << 16 | color->rgb.green << 8 | color->rgb.blue;
}

VtCell vt_cell(Vt *vt, int x, int y) {
    VTermScreenCell cell;
    VtCell out = {' ', VT_DEFAULT, VT_DEFAULT, false, false, false};
    if (x < 0 || y < 0 || x >= vt->w || y >= vt->h) return out;
    if (!vterm_screen_get_cell(vt->screen, (VTermPos){.row = y, .col = x}, &cell)) return out;
    out.ch = cell.chars[0] == 0 ? ' ' : cell.chars[0] == (uint32_t)-1 ? 0 : cell.chars[0];
    out.fg = color_of(&cell.fg, false), out.bg = color_of(&cell.bg, true);
    out.bold = cell.attrs.bold, out.underline = cell.attrs.underline != 0, out.reverse = cell.attrs.reverse;
    return out;
}

static char *put_utf8(char *out, uint32_t c) {
    if (c < 0x80)
        *out++ = (char)c;
    else if (c < 0x800)
        *out++ = (char)(0xC0 | c >> 6), *out++ = (char)(0x80 | (c & 63));
    else if (c < 0x10000)
        *out++ = (char)(0xE0 | c >> 12), *out++ = (char)(0x80 | (c >> 6 & 63)),
        *out++ = (char)(0x80 | (c & 63));
    else
        *out++ = (char)(0xF0 | c >> 18), *out++ = (char)(0x80 | (c >> 12 & 63)),
        *out++ = (char)(0x80 | (c >> 6 & 63)), *out++ = (char)(0x80 | (c & 63));
    return out;
}

static const char *rows_text(Vt *vt, int from, int to) {
    char *text = realloc(vt->text, (size_t)(to - from) * ((size_t)vt->w * 4 + 1) + 1), *end = text;
    if (text == NULL) return "";
    vt->text = text;
    for (int y = from; y < to; y++) {
        char *trimmed = end;
        for (int x = 0; x < vt->w; x++) {
            uint32_t c = vt_cell(vt, x, y).ch;
            if (c == 0) continue;
            end = put_utf8(end, c);
            if (c != ' ') trimmed = end;
        }
        end = trimmed;
        if (to - from > 1) *end++ = '\n';
    }
    *end = '\0';
    return text;
}

const char *vt_text(Vt *vt) {
    return rows_text(vt, 0, vt->h);
}

const char *vt_row(Vt *vt, int y) {
    return y >= 0 && y < vt->h ? rows_text(vt, y, y + 1) : "";
}

bool vt_find(Vt *vt, const char *text, int *x, int *y) {
    for (*y = 0; *y < vt->h; ++*y)
        for (*x = 0; *x < vt->w; ++*x) {
            const char *p = text;
            int at = *x;
            while (*p && at < vt->w) {
                const char *before = p;
                if (vt_cell(vt, at++, *y).ch != next_character(&p)) {
                    p = before;
                    break;
                }
            }
            if (*p == '\0') return true;
        }
    return false;
}

long vt_frame(const Vt *vt) {
    return vt->frame;
}

int vt_width(const Vt *vt) {
    return vt->w;
}

int vt_height(const Vt *vt) {
    return vt->h;
}

bool vt_mode(const Vt *vt, int number) {
    for (int i = 0; i < vt->modes; i++)
        if (vt->mode[i].number == number) return vt->mode[i].on;
    return false;
}

void vt_cursor(Vt *vt, int *x, int *y) {
    *x = vt->at.col, *y = vt->at.row;
}

pid_t vt_pid(const Vt *vt) {
    return vt->pid;
}

const char *vt_not_restored(Vt *vt) {
    static const int mouse[] = {1000, 1002, 1003, 1006, 2004, 2026};
    struct termios now;
    if (vt_mode(vt, 1049) || vt_mode(vt, 1047) || vt_mode(vt, 47)) return "the alternate screen was not left";
    if (!vt_mode(vt, 25)) return "the cursor is hidden";
    for (size_t i = 0; i < sizeof mouse / sizeof *mouse; i++)
        if (vt_mode(vt, mouse[i])) return "a mode of mouse, paste or synchronised output is still on";
    if (tcgetattr(vt->slave, &now) != 0) return "no termios";
    if (now.c_iflag != vt->before.c_iflag || now.c_oflag != vt->before.c_oflag ||
        now.c_cflag != vt->before.c_cflag || now.c_lflag != vt->before.c_lflag ||
        memcmp(now.c_cc, vt->before.c_cc, sizeof now.c_cc) != 0)
        return "termios differ";
    return NULL;
}

void vt_dump(Vt *vt, const char *why) {
    fprintf(stderr, "-- %s; %dx%d, frame %ld%s\n", why, vt->w, vt->h, vt->frame, vt->ended ? ", ended" : "");
    for (int y = 0; y < vt->h; y++) {
        VtCell before = {0};
        fprintf(stderr, "    \"%s\\n\"  //", vt_row(vt, y));
        for (int x = 0; x < vt->w; x++) { /* where the attributes change: column, colours, b u r */
            VtCell c = vt_cell(vt, x, y);
            bool changed = x == 0 || c.fg != before.fg || c.bg != before.bg || c.bold != before.bold ||
                           c.underline != before.underline || c.reverse != before.reverse;
            before = c;
            if (!changed || (x == 0 && c.fg < 0 && c.bg < 0 && !c.bold && !c.underline && !c.reverse))
                continue;
            fprintf(stderr, " %d:%d/%d%s%s%s", x, c.fg, c.bg, c.bold ? "b" : "", c.underline ? "u" : "",
                    c.reverse ? "r" : "");
        }
        fputc('\n', stderr);
    }
}
