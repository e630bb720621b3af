/* The toolkit on a real terminal: this program starts itself as the thing to be tested, with ui/ alone. */
#include "screen/vt.h"

#include "chart.h"
#include "form.h"
#include "keymap.h"
#include "log.h"
#include "plot.h"
#include "prompt.h"
#include "screen.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- the program under test ---- */

typedef struct Demo {
    UiScreen *screen;
    UiGrid *grid;
    UiPrompt *prompt;
    UiHints hints;
    UiLog log;
    char said[200];
    int wake, wakes;
    bool done;
} Demo;

static const UiBinding KEYS[] = {{' ', "play", "play", "starts"},      {'+', "rate up", "rate", "faster"},
                                 {'-', "rate down", "rate", "slower"}, {':', "prompt", "command", "a line"},
                                 {'q', "quit", "quit", "ends"},        {0, NULL, NULL, NULL}};

static void demo_draw(Demo *demo) {
    UiRect rest = ui_grid_rect(demo->grid);
    UiPoint point[40];
    for (int i = 0; i < 40; i++)
        point[i] = (UiPoint){i, exp(-i / 9.0), exp(-i / 9.0), exp(-i / 9.0)};
    UiSeries series = {.name = "train", .ink = UI_TRAINING, .point = point, .count = 40};
    UiPlot plot = {.title = "LOSS", .x_name = "epoch", .series = &series, .count = 1};
    ui_grid_clear(demo->grid);
    UiRect foot = ui_cut_bottom(&rest, 1), line = ui_cut_bottom(&rest, 1);
    UiRect head = ui_cut_top(&rest, 1), log = ui_cut_bottom(&rest, 3);
    ui_print(demo->grid, head, 0, 0, UI_TITLE, "%dx%d %s", demo->grid->w, demo->grid->h, demo->said);
    ui_print_right(demo->grid, head, head.w, 0, UI_GOOD, "wakes %d", demo->wakes);
    ui_plot_draw(demo->grid, rest, &plot);
    ui_log_draw(demo->grid, log, &demo->log, 0);
    if (ui_prompt_is_open(demo->prompt)) {
        int cursor;
        const char *text = ui_prompt_line(demo->prompt, &cursor);
        const char *const *word = ui_prompt_candidates(demo->prompt);
        ui_print(demo->grid, line, 0, 0, UI_TEXT, ":%s", text);
        demo->grid->cursor_x = 1 + cursor, demo->grid->cursor_y = line.y;
        for (int x = 0; *word != NULL; word++)
            x += ui_text(demo->grid, foot, x, 0, UI_KEY, *word) + 2;
    } else
        ui_hints_draw(demo->grid, foot, 0, KEYS, NULL, &demo->hints);
    ui_screen_present(demo->screen, demo->grid);
}

static int dig(volatile int depth) { /* until the stack ends */
    volatile char big[4096];
    big[depth & 1023] = 0;
    return depth < 0 ? 0 : dig(depth + 1) + big[0];
}

static void *crash_thread(void *how) {
    ui_thread_ready();
    volatile uintptr_t nowhere = 0;
    if (strcmp(how, "null") == 0) *(volatile int *)nowhere = 1;
    if (strcmp(how, "deep") == 0) nowhere += (uintptr_t)dig(0);
    abort();
    return (void *)nowhere;
}

static void obey(Demo *demo, const char *line) {
    pthread_t thread;
    snprintf(demo->said, sizeof demo->said, "said [%s]", line);
    if (strcmp(line, "wake") == 0) {
        uint64_t one = 1;
        if (write(demo->wake, &one, sizeof one) != sizeof one) return;
    } else if (strcmp(line, "shout") == 0)
        fprintf(stderr, "a word on stderr\n");
    else if (strcmp(line, "leave") == 0) {
        fprintf(stderr, "last words\n");
        demo->done = true;
    } else if (strcmp(line, "mouse") == 0)
        ui_screen_set_mouse(demo->screen, !ui_screen_mouse(demo->screen));
    else if (strcmp(line, "ascii") == 0) {
        ui_screen_set_ladder(demo->screen, UI_ASCII);
        demo->grid->look = ui_screen_look(demo->screen);
    } else if (strcmp(line, "null") == 0 || strcmp(line, "deep") == 0 || strcmp(line, "abort") == 0) {
        fprintf(stderr, "words before a crash\n");
        pthread_create(&thread, NULL, crash_thread, (void *)(uintptr_t)line);
        pthread_join(thread, NULL);
    }
}

/* One event; a key is given back. */
static UiKey demo_step(Demo *demo) {
    demo_draw(demo);
    UiEvent event = ui_screen_wait(demo->screen, demo->wake, -1);
    switch (event.kind) {
    case UI_EVENT_KEY:
        return event.key;
    case UI_EVENT_MOUSE:
        snprintf(demo->said, sizeof demo->said, "mouse %d at %d,%d", event.mouse, event.x, event.y);
        return event.mouse == UI_MOUSE_PRESS ? ui_hints_at(&demo->hints, event.x, event.y) : 0;
    case UI_EVENT_RESIZE:
    case UI_EVENT_RESUME:
        ui_grid_resize(demo->grid, event.x, event.y);
        break;
    case UI_EVENT_SIGNAL:
        snprintf(demo->said, sizeof demo->said, "signal %d", event.signal);
        if (event.signal == SIGTSTP) ui_screen_suspend(demo->screen);
        demo->done = event.signal == SIGTERM || event.signal == SIGHUP;
        break;
    case UI_EVENT_WAKE:
        demo->wakes++;
        break;
    case UI_EVENT_LOG:
        ui_log_add(&demo->log, UI_TEXT, event.text);
        break;
    case UI_EVENT_HANGUP:
        demo->done = true;
        break;
    default:
        break;
    }
    return 0;
}

static UiKey demo_pump(void *context) {
    Demo *demo = context;
    while (!demo->done) {
        UiKey key = demo_step(demo);
        if (key != 0) return key;
    }
    return 0;
}

static void words(void *context, const char *line, int cursor, int *begin, UiCandidate add, void *to) {
    static const char *const word[] = {"wake", "shout", "leave", "learning_rate=", "dense", NULL};
    (void)context, (void)line, (void)cursor, (void)begin;
    for (int i = 0; word[i]; i++)
        add(to, word[i]);
}

static int demo_main(int argc, char **argv) {
    static Demo demo;
    UiScreenOptions options = {0};
    char message[200], name[UI_KEY_NAME];
    int w, h;
    ui_signals_block();
    for (int i = 2; i < argc; i++)
        if (ui_screen_option(&options, argv[i], message, sizeof message) != 1) return 2;
    demo.screen = ui_screen_open(&options, message, sizeof message);
    if (demo.screen == NULL) return fprintf(stderr, "%s\n", message), 1;
    void *token = ui_thread_ready();
    ui_screen_size(demo.screen, &w, &h);
    demo.grid = ui_grid_create(w, h, ui_screen_look(demo.screen));
    demo.prompt = ui_prompt_create("demo", getenv("DEMO_HISTORY"), words, NULL);
    demo.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    while (!demo.done) {
        UiKey key = demo_step(&demo);
        if (key == 'q') break;
        if (key == ':') {
            char *line = ui_prompt_read(demo.prompt, NULL, demo_pump, &demo);
            if (line != NULL)
                obey(&demo, line);
            else
                snprintf(demo.said, sizeof demo.said, "cancelled");
            free(line);
        } else if (key != 0)
            snprintf(demo.said, sizeof demo.said, "key %s", ui_key_name(key, name));
    }
    ui_prompt_free(demo.prompt);
    ui_screen_close(demo.screen);
    ui_grid_free(demo.grid);
    ui_thread_done(token);
    close(demo.wake);
    return 0;
}

/* The same editor without a screen. */
static int shell_main(void) {
    UiPrompt *prompt = ui_prompt_create("demo", NULL, words, NULL);
    for (char *line; (line = ui_prompt_plain(prompt, "demo> ")) != NULL; free(line))
        printf("got [%s]\n", line), fflush(stdout);
    ui_prompt_free(prompt);
    return 0;
}

/* ---- the tests ---- */

static Vt *start(int w, int h, const char *option, const char *const env[]) {
    const char *argv[] = {"/proc/self/exe", "--demo", option, NULL};
    static const char *const plain[] = {"EDITRC=/dev/null", NULL};
    Vt *vt = vt_start(w, h, argv, env ? env : plain);
    assert_non_null(vt);
    VT_WANT(vt, vt_shows(vt, "LOSS"));
    return vt;
}

static void say(Vt *vt, const char *line) {
    vt_key(vt, ":");
    vt_type(vt, line);
    vt_key(vt, "enter");
}

static void leave(Vt *vt) {
    vt_key(vt, "q");
    int status = vt_exit(vt);
    VT_WANT(vt, WIFEXITED(status) && WEXITSTATUS(status) == 0);
    VT_WANT(vt, vt_not_restored(vt) == NULL);
    vt_end(vt);
}

static void it_draws_and_leaves_the_terminal_as_it_was(void **state) {
    (void)state;
    Vt *vt = start(80, 24, NULL, NULL);
    int x, y;
    VT_WANT(vt, vt_mode(vt, 1049) && vt_mode(vt, 1000) && vt_mode(vt, 1002) && vt_mode(vt, 1006));
    VT_WANT(vt, !vt_mode(vt, 25));
    VT_WANT(vt, vt_row_shows(vt, 23, "space play   + - rate   : command   q quit"));
    VT_WANT(vt, vt_find(vt, "train ─", &x, &y) && vt_cell(vt, x, y).fg == 75);
    VT_WANT(vt, vt_find(vt, "LOSS", &x, &y) && vt_cell(vt, x, y).bold);
    VT_WANT(vt, vt_find(vt, "⣀", &x, &y) && vt_cell(vt, x, y).fg == 75);
    leave(vt);
}

static void keys_have_names(void **state) {
    static const char *const key[] = {"space", "+",         "enter",  "esc",         "tab",       "shift-tab",
                                      "up",    "pgdn",      "home",   "del",         "backspace", "ctrl-r",
                                      "alt-x", "ctrl-left", "alt-up", "shift-right", "f5",        "é"};
    (void)state;
    Vt *vt = start(80, 24, NULL, NULL);
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        char want[40];
        snprintf(want, sizeof want, "80x24 key %s ", key[i]);
        vt_key(vt, key[i]);
        want[strlen(want) - 1] = '\0';
        VT_WANT(vt, vt_row_shows(vt, 0, want));
    }
    leave(vt);
}

static void the_mouse_clicks_hints_drags_and_wheels(void **state) {
    (void)state;
    Vt *vt = start(80, 24, NULL, NULL);
    vt_click(vt, 1, 23);
    VT_WANT(vt, vt_row_shows(vt, 0, "mouse 2 at 1,23"));
    VT_WANT(vt, vt_frame(vt) > 1);
    vt_mouse(vt, 10, 5, 1, true);
    vt_mouse(vt, 12, 6, 0, true);
    VT_WANT(vt, vt_row_shows(vt, 0, "mouse 1 at 12,6"));
    vt_mouse(vt, 12, 6, 1, false);
    VT_WANT(vt, vt_row_shows(vt, 0, "mouse 2 at 12,6"));
    vt_mouse(vt, 3, 4, 4, true);
    VT_WANT(vt, vt_row_shows(vt, 0, "mouse 5 at 3,4"));
    vt_mouse(vt, 3, 4, 5, true);
    VT_WANT(vt, vt_row_shows(vt, 0, "mouse 6 at 3,4"));
    say(vt, "mouse");
    VT_WANT(vt, vt_row_shows(vt, 0, "said [mouse]") && !vt_mode(vt, 1000) && !vt_mode(vt, 1002));
    say(vt, "mouse");
    VT_WANT(vt, vt_shows(vt, "said [mouse]"));
    vt_click(vt, 50, 23); /* nothing there */
    VT_WANT(vt, vt_row_shows(vt, 0, "mouse 2 at 50,23"));
    int x, y;
    VT_WANT(vt, vt_find(vt, "q quit", &x, &y));
    vt_mouse(vt, x + 3, y, 1, true); /* the hint is the key */
    VT_WANT(vt, vt_exit(vt) == 0 && vt_not_restored(vt) == NULL);
    vt_end(vt);
}

static void a_storm_of_sizes_ends_in_the_last_one(void **state) {
    (void)state;
    Vt *vt = start(80, 24, NULL, NULL);
    for (int i = 0; i < 60; i++)
        vt_resize(vt, 1 + i * 37 % 200, 1 + i * 17 % 60);
    vt_resize(vt, 1, 1);
    vt_resize(vt, 100, 30);
    VT_WANT(vt, vt_row_shows(vt, 0, "100x30"));
    VT_WANT(vt, vt_row_shows(vt, 29, "space play"));
    vt_resize(vt, 9, 2);
    VT_WANT(vt, vt_row_shows(vt, 1, "+ - rate"));
    vt_resize(vt, 80, 24);
    VT_WANT(vt, vt_row_shows(vt, 23, "q quit"));
    leave(vt);
}

static void signals_wakes_and_stderr_are_events(void **state) {
    (void)state;
    Vt *vt = start(80, 24, NULL, NULL);
    vt_key(vt, "ctrl-c");
    VT_WANT(vt, vt_row_shows(vt, 0, "signal 2"));
    say(vt, "wake");
    VT_WANT(vt, vt_row_shows(vt, 0, "wakes 1"));
    say(vt, "shout");
    VT_WANT(vt, vt_shows(vt, "a word on stderr"));
    say(vt, "leave"); /* what was not read comes out at the end */
    VT_WANT(vt, vt_exit(vt) == 0 && vt_not_restored(vt) == NULL);
    VT_WANT(vt, vt_bytes_shown(vt, "\033[?1049l") && vt_shows(vt, "last words"));
    vt_end(vt);
}

static void it_ends_well_on_term_and_hangup(void **state) {
    static const int number[] = {SIGTERM, SIGHUP};
    (void)state;
    for (int i = 0; i < 2; i++) {
        Vt *vt = start(40, 10, NULL, NULL);
        vt_signal(vt, number[i]);
        VT_WANT(vt, vt_exit(vt) == 0 && vt_not_restored(vt) == NULL);
        vt_end(vt);
    }
}

static void a_crash_restores_the_terminal(void **state) {
    static const char *const how[] = {"null", "deep", "abort"};
    static const int by[] = {SIGSEGV, SIGSEGV, SIGABRT};
    (void)state;
    for (int i = 0; i < 3; i++) {
        Vt *vt = start(80, 24, NULL, NULL);
        say(vt, how[i]);
        int status = vt_exit(vt);
        VT_WANT(vt, WIFSIGNALED(status) && WTERMSIG(status) == by[i]);
        VT_WANT(vt, vt_not_restored(vt) == NULL);
        VT_WANT(vt, vt_shows(vt, "words before a crash"));
        vt_end(vt);
    }
}

static void it_is_suspended_and_resumed(void **state) {
    (void)state;
    Vt *vt = start(80, 24, NULL, NULL);
    vt_key(vt, "ctrl-z");
    VT_WANT(vt, vt_bytes_shown(vt, "\033[?1049l"));
    int status;
    assert_int_equal(waitpid(vt_pid(vt), &status, WUNTRACED), vt_pid(vt));
    assert_true(WIFSTOPPED(status));
    VT_WANT(vt, vt_not_restored(vt) == NULL);
    vt_signal(vt, SIGCONT);
    VT_WANT(vt, vt_row_shows(vt, 23, "space play"));
    VT_WANT(vt, vt_mode(vt, 1049) && vt_mode(vt, 1002));
    leave(vt);
}

static void the_prompt_edits_completes_and_remembers(void **state) {
    char folder[] = "/tmp/prompt-XXXXXX", variable[200], path[100];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a/b/history", folder);
    snprintf(variable, sizeof variable, "DEMO_HISTORY=%s", path);
    const char *env[] = {"EDITRC=/dev/null", variable, NULL};
    Vt *vt = start(80, 24, NULL, env);
    vt_key(vt, ":");
    vt_type(vt, "dénse 32");
    VT_WANT(vt, vt_row_shows(vt, 22, ":dénse 32") && vt_mode(vt, 25));
    vt_key(vt, "home");
    vt_type(vt, "x ");
    vt_key(vt, "end");
    vt_key(vt, "backspace");
    vt_key(vt, "left");
    vt_type(vt, "4");
    VT_WANT(vt, vt_row_shows(vt, 22, ":x dénse 43"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_row_shows(vt, 0, "said [x dénse 43]"));
    vt_key(vt, ":");
    vt_type(vt, "le");
    vt_key(vt, "tab");
    VT_WANT(vt, vt_row_shows(vt, 22, ":lea"));
    vt_key(vt, "tab");
    VT_WANT(vt, vt_row_shows(vt, 23, "leave  learning_rate="));
    vt_type(vt, "r");
    vt_key(vt, "tab");
    VT_WANT(vt, vt_row_shows(vt, 22, ":learning_rate="));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_row_shows(vt, 0, "cancelled") && vt_row_shows(vt, 23, "q quit"));
    vt_key(vt, ":");
    vt_key(vt, "up");
    VT_WANT(vt, vt_row_shows(vt, 22, ":x dénse 43"));
    vt_key(vt, "ctrl-g");
    VT_WANT(vt, vt_row_shows(vt, 23, "q quit"));
    vt_key(vt, ":");
    vt_key(vt, "ctrl-r");
    vt_type(vt, "dén");
    VT_WANT(vt, vt_row_shows(vt, 22, "dénse 43 bck:dén"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_row_shows(vt, 23, "q quit"));
    leave(vt);
    vt = start(80, 24, NULL, env); /* the next program remembers */
    vt_key(vt, ":");
    vt_key(vt, "up");
    VT_WANT(vt, vt_row_shows(vt, 22, ":x dénse 43"));
    vt_resize(vt, 60, 20); /* the screen lives on while one types */
    VT_WANT(vt, vt_row_shows(vt, 18, ":x dénse 43") && vt_row_shows(vt, 0, "60x20"));
    vt_key(vt, "esc");
    VT_WANT(vt, vt_shows(vt, "cancelled"));
    leave(vt);
    unlink(path);
    for (int i = 0; i < 2; i++) {
        *strrchr(path, '/') = '\0';
        rmdir(path);
    }
    rmdir(folder);
}

static void the_prompt_has_vi_keys(void **state) {
    char path[] = "/tmp/editrc-XXXXXX", variable[100];
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "bind -v\n", 8) == 8);
    close(fd);
    snprintf(variable, sizeof variable, "EDITRC=%s", path);
    const char *env[] = {variable, NULL};
    Vt *vt = start(80, 24, NULL, env);
    vt_key(vt, ":");
    vt_type(vt, "dense relu");
    VT_WANT(vt, vt_row_shows(vt, 22, ":dense relu"));
    vt_key(vt, "esc");
    vt_type(vt, "0x");
    VT_WANT(vt, vt_row_shows(vt, 22, ":ense relu"));
    vt_key(vt, "enter");
    VT_WANT(vt, vt_row_shows(vt, 0, "said [ense relu]"));
    leave(vt);
    unlink(path);
}

static void the_plain_prompt_edits_and_completes(void **state) {
    const char *argv[] = {"/proc/self/exe", "--shell", NULL}, *env[] = {"EDITRC=/dev/null", NULL};
    (void)state;
    Vt *vt = vt_start(60, 10, argv, env);
    VT_WANT(vt, vt_shows(vt, "demo>"));
    vt_type(vt, "de");
    vt_key(vt, "tab");
    vt_type(vt, "3é");
    vt_key(vt, "enter");
    VT_WANT(vt, vt_shows(vt, "got [dense 3é]"));
    vt_type(vt, "lea");
    vt_key(vt, "tab");
    VT_WANT(vt, vt_shows(vt, "leave  learning_rate="));
    vt_key(vt, "ctrl-u");
    vt_key(vt, "up");
    vt_key(vt, "enter");
    vt_type(vt, "end");
    VT_WANT(vt, vt_shows(vt, "demo> end"));
    vt_key(vt, "ctrl-u");
    vt_key(vt, "ctrl-d");
    VT_WANT(vt, vt_exit(vt) == 0 && vt_not_restored(vt) == NULL);
    vt_end(vt);
    const char *pipe[] = {"sh", "-c", "printf 'a b\\nlast' | $0 --shell", "", NULL};
    char self[4096] = "";
    self[readlink("/proc/self/exe", self, sizeof self - 1)] = '\0';
    pipe[3] = self;
    vt = vt_start(60, 10, pipe, NULL); /* lines of a pipe, without a prompt */
    VT_WANT(vt, vt_exit(vt) == 0);
    VT_WANT(vt, vt_row_shows(vt, 0, "got [a b]") && vt_row_shows(vt, 1, "got [last]"));
    vt_end(vt);
}

static void sequences_may_come_in_parts_and_noise_is_survived(void **state) {
    static const char *const part[] = {"\033[",   "<6", "5;4;",           "5M",
                                       "\033[1;", "5D", "\033[99;99;99~", "\033[?1;2c"};
    uint32_t random = 2463534242u;
    char noise[6000];
    (void)state;
    Vt *vt = start(80, 24, NULL, NULL);
    for (int i = 0; i < 4; i++)
        vt_bytes(vt, part[i], strlen(part[i]));
    VT_WANT(vt, vt_row_shows(vt, 0, "mouse 6 at 3,4"));
    for (size_t i = 4; i < sizeof part / sizeof *part; i++)
        vt_bytes(vt, part[i], strlen(part[i]));
    VT_WANT(vt, vt_row_shows(vt, 0, "key ctrl-left"));
    for (size_t i = 0; i < sizeof noise; i++) {
        random ^= random << 13, random ^= random >> 17, random ^= random << 5;
        noise[i] = (char)(random >> 8);
        /* not the keys that end or stop the program, nor the one that opens the prompt */
        if (strchr("q\x1a\x1c:", noise[i])) noise[i] = 'x';
    }
    vt_bytes(vt, noise, sizeof noise);
    vt_resize(vt, 50, 12);
    vt_key(vt, "esc");
    VT_WANT(vt, vt_row_shows(vt, 0, "50x12"));
    vt_key(vt, "esc");
    vt_key(vt, "f5");
    VT_WANT(vt, vt_row_shows(vt, 0, "key f5"));
    leave(vt);
}

static void it_degrades(void **state) {
    static const char *const c[] = {"LC_ALL=C", NULL}, *const none[] = {"NO_COLOR=1", NULL},
                             *const linux_[] = {"TERM=linux", NULL};
    int x, y;
    (void)state;
    Vt *vt = start(80, 24, NULL, c); /* no UTF-8: ASCII alone */
    for (const char *p = vt_text(vt); *p; p++)
        assert_true((unsigned char)*p < 0x80);
    leave(vt);
    vt = start(80, 24, NULL, none);
    for (y = 0; y < 24; y++)
        for (x = 0; x < 80; x++)
            VT_WANT(vt, vt_cell(vt, x, y).fg == VT_DEFAULT && vt_cell(vt, x, y).bg == VT_DEFAULT);
    leave(vt);
    vt = start(80, 24, NULL, linux_); /* 8 colours */
    VT_WANT(vt, vt_find(vt, "train ─", &x, &y) && vt_cell(vt, x, y).fg == 6);
    leave(vt);
    vt = start(80, 24, "--color=16", NULL);
    VT_WANT(vt, vt_find(vt, "train ─", &x, &y) && vt_cell(vt, x, y).fg == 12);
    say(vt, "ascii");
    VT_WANT(vt, vt_shows(vt, "train *"));
    leave(vt);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--demo") == 0) return demo_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], "--shell") == 0) return shell_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_draws_and_leaves_the_terminal_as_it_was),
        cmocka_unit_test(keys_have_names),
        cmocka_unit_test(the_mouse_clicks_hints_drags_and_wheels),
        cmocka_unit_test(a_storm_of_sizes_ends_in_the_last_one),
        cmocka_unit_test(signals_wakes_and_stderr_are_events),
        cmocka_unit_test(it_ends_well_on_term_and_hangup),
        cmocka_unit_test(a_crash_restores_the_terminal),
        cmocka_unit_test(it_is_suspended_and_resumed),
        cmocka_unit_test(the_prompt_edits_completes_and_remembers),
        cmocka_unit_test(the_prompt_has_vi_keys),
        cmocka_unit_test(the_plain_prompt_edits_and_completes),
        cmocka_unit_test(sequences_may_come_in_parts_and_noise_is_survived),
        cmocka_unit_test(it_degrades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
