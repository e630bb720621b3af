#include "prompt.h"
#include "glyphs.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

enum { LINE_MAX_BYTES = 8192, CANDIDATES = 256, QUEUE = 2 * LINE_MAX_BYTES, HISTORY = 1000 };

struct UiPrompt {
    char *program, *path;
    History *history;
    UiComplete complete;
    void *complete_context;
    /* Under a screen: the editor believes in a terminal of 1000 columns, and what it writes goes to
     * /dev/null; we draw from its line. */
    EditLine *live, *plain;
    FILE *null, *in;
    int master, slave;
    UiPump pump;
    void *pump_context;
    bool open, cancelled;
    wchar_t queue[QUEUE]; /* what one key becomes, or the preset */
    int queued, taken;
    char line[LINE_MAX_BYTES];
    char *candidate[CANDIDATES + 1];
    int candidates;
    const char *ask;
};

/* Candidates. */

static void forget_candidates(UiPrompt *prompt) {
    for (int i = 0; i < prompt->candidates; i++)
        free(prompt->candidate[i]);
    prompt->candidates = 0;
    prompt->candidate[0] = NULL;
}

static void add_candidate(void *to, const char *word) {
    UiPrompt *prompt = to;
    if (prompt->candidates >= CANDIDATES) return;
    for (int i = 0; i < prompt->candidates; i++)
        if (strcmp(prompt->candidate[i], word) == 0) return;
    char *copy = strdup(word);
    if (copy == NULL) return;
    prompt->candidate[prompt->candidates++] = copy;
    prompt->candidate[prompt->candidates] = NULL;
}

static void keep_matching(UiPrompt *prompt, const char *word, size_t length) {
    int kept = 0;
    for (int i = 0; i < prompt->candidates; i++) {
        if (strncmp(prompt->candidate[i], word, length) == 0)
            prompt->candidate[kept++] = prompt->candidate[i];
        else
            free(prompt->candidate[i]);
    }
    prompt->candidates = kept;
    prompt->candidate[kept] = NULL;
}

/* Bytes that all candidates begin with; characters are not cut. */
static size_t common_length(const UiPrompt *prompt) {
    size_t n = strlen(prompt->candidate[0]);
    for (int i = 1; i < prompt->candidates; i++) {
        size_t m = 0;
        while (m < n && prompt->candidate[i][m] == prompt->candidate[0][m])
            m++;
        n = m;
    }
    while (n > 0 && ((unsigned char)prompt->candidate[0][n] & 0xC0) == 0x80)
        n--;
    return n;
}

static void print_candidates(const UiPrompt *prompt) {
    fputc('\n', stdout);
    for (int i = 0; i < prompt->candidates; i++)
        printf("%s%s", prompt->candidate[i], i + 1 < prompt->candidates ? "  " : "\n");
}

/* The tab key: as much as all candidates share; a blank after the only one; else they are shown. */
static unsigned char complete_word(EditLine *el, wint_t key) {
    UiPrompt *prompt = NULL;
    (void)key;
    el_get(el, EL_CLIENTDATA, &prompt);
    const LineInfo *info = el_line(el);
    size_t length = (size_t)(info->lastchar - info->buffer);
    int cursor = (int)(info->cursor - info->buffer), begin = cursor;
    if (prompt == NULL || prompt->complete == NULL || length >= LINE_MAX_BYTES) return CC_ERROR;
    char line[LINE_MAX_BYTES], insert[LINE_MAX_BYTES];
    memcpy(line, info->buffer, length);
    line[length] = '\0';
    while (begin > 0 && line[begin - 1] != ' ')
        begin--;
    forget_candidates(prompt);
    prompt->complete(prompt->complete_context, line, cursor, &begin, add_candidate, prompt);
    if (begin < 0 || begin > cursor) begin = cursor;
    keep_matching(prompt, line + begin, (size_t)(cursor - begin));
    if (prompt->candidates == 0) return CC_ERROR;
    size_t typed = (size_t)(cursor - begin), common = common_length(prompt);
    bool only = prompt->candidates == 1;
    const char *word = prompt->candidate[0];
    bool blank = only && common > 0 && strchr("=:/", word[common - 1]) == NULL;
    if (common - typed + 2 > sizeof insert) return CC_ERROR;
    snprintf(insert, sizeof insert, "%.*s%s", (int)(common - typed), word + typed, blank ? " " : "");
    if (insert[0] != '\0' && el_insertstr(el, insert) != 0) return CC_ERROR;
    if (only)
        forget_candidates(prompt);
    else if (el == prompt->plain && common == typed) {
        print_candidates(prompt);
        return CC_REDISPLAY;
    }
    return CC_REFRESH;
}

/* Making and ending. */

static void make_folders(const char *path) {
    char copy[4096];
    if (strlen(path) >= sizeof copy) return;
    strcpy(copy, path);
    for (char *p = copy + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        mkdir(copy, 0700);
        *p = '/';
    }
}

static void save_history(const UiPrompt *prompt) {
    HistEvent event;
    if (prompt->path != NULL) history(prompt->history, &event, H_SAVE, prompt->path);
}

UiPrompt *ui_prompt_create(const char *program, const char *path, UiComplete complete, void *context) {
    HistEvent event;
    UiPrompt *prompt = calloc(1, sizeof *prompt);
    if (prompt == NULL) return NULL;
    prompt->master = prompt->slave = -1;
    prompt->complete = complete, prompt->complete_context = context;
    prompt->program = strdup(program);
    prompt->path = path ? strdup(path) : NULL;
    prompt->history = history_init();
    if (prompt->program == NULL || prompt->history == NULL || (path && prompt->path == NULL)) {
        ui_prompt_free(prompt);
        return NULL;
    }
    history(prompt->history, &event, H_SETSIZE, HISTORY);
    history(prompt->history, &event, H_SETUNIQUE, 1);
    if (path != NULL) {
        make_folders(path);
        history(prompt->history, &event, H_LOAD, path);
    }
    return prompt;
}

void ui_prompt_free(UiPrompt *prompt) {
    if (prompt == NULL) return;
    if (prompt->live) el_end(prompt->live);
    if (prompt->plain) el_end(prompt->plain);
    if (prompt->history) history_end(prompt->history);
    if (prompt->null) fclose(prompt->null);
    if (prompt->in) fclose(prompt->in);
    if (prompt->master >= 0) close(prompt->master);
    if (prompt->slave >= 0) close(prompt->slave);
    forget_candidates(prompt);
    free(prompt->program), free(prompt->path);
    free(prompt);
}

static char *prompt_text(EditLine *el) {
    UiPrompt *prompt = NULL;
    el_get(el, EL_CLIENTDATA, &prompt);
    return (char *)(uintptr_t)(prompt && prompt->ask ? prompt->ask : "");
}

static bool is_vi(EditLine *el) {
    const char *editor = "";
    return el_get(el, EL_EDITOR, &editor) == 0 && strcmp(editor, "vi") == 0;
}

/* Under vi keys ESC must stand alone in the map of inserting, so there the rest is bound in the map of
 * commands, as libedit does with the arrows. */
static void bind_sequences(EditLine *el) {
    static const struct {
        const char *emacs, *command;
    } row[] = {{"\\e[3~", "ed-delete-next-char"},
               {"\\e[1~", "ed-move-to-beg"},
               {"\\e[4~", "ed-move-to-end"},
               {"\\e[1;5D", "ed-prev-word"},
               {"\\e[1;5C", "em-next-word"}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        if (is_vi(el))
            el_set(el, EL_BIND, "-a", row[i].emacs + 2, row[i].command, NULL);
        else
            el_set(el, EL_BIND, row[i].emacs, row[i].command, NULL);
    }
}

/* What both editors share. The person's editrc comes before our own bindings: it may change to vi keys, which
 * binds everything anew. EL_TERMINAL is left alone: it would replace the terminal that curses uses. */
static void set_up(UiPrompt *prompt, EditLine *el) {
    el_set(el, EL_CLIENTDATA, prompt);
    el_set(el, EL_PROMPT, prompt_text);
    el_set(el, EL_EDITOR, "emacs");
    el_set(el, EL_HIST, history, prompt->history);
    el_wset(el, EL_ADDFN, L"ui-complete", L"complete the word", complete_word); /* el_set would lose a copy */
    el_source(el, NULL);
    el_set(el, EL_BIND, "^I", "ui-complete", NULL);
    el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
    bind_sequences(el);
}

/* Keys of the screen, as the characters that a terminal would send. */

static void queue_text(UiPrompt *prompt, const char *text) {
    for (uint32_t c; (c = ui_utf8_next(&text)) != 0 && prompt->queued < QUEUE;)
        prompt->queue[prompt->queued++] = (wchar_t)c;
}

/* False: the key cancels. */
static bool queue_key(UiPrompt *prompt, UiKey key) {
    static const struct {
        UiKey key;
        const char *text;
    } sequence[] = {
        {UI_KEY_ENTER, "\n"},
        {UI_KEY_TAB, "\t"},
        {UI_KEY_BACKSPACE, "\x7f"},
        {UI_KEY_UP, "\033[A"},
        {UI_KEY_DOWN, "\033[B"},
        {UI_KEY_RIGHT, "\033[C"},
        {UI_KEY_LEFT, "\033[D"},
        {UI_KEY_HOME, "\033[1~"},
        {UI_KEY_END, "\033[4~"},
        {UI_KEY_DELETE, "\033[3~"},
        {UI_KEY_ESCAPE, "\033"},
        {UI_KEY_LEFT | UI_CTRL, "\033[1;5D"},
        {UI_KEY_RIGHT | UI_CTRL, "\033[1;5C"},
    };
    prompt->queued = prompt->taken = 0;
    if (key == 0 || key == ('g' | UI_CTRL) || key == ('c' | UI_CTRL)) return false;
    if (key == UI_KEY_ESCAPE && !is_vi(prompt->live)) return false;
    for (size_t i = 0; i < sizeof sequence / sizeof *sequence; i++)
        if (sequence[i].key == key) return queue_text(prompt, sequence[i].text), true;
    UiKey base = key & UI_KEY_MASK;
    if (base >= UI_KEY_NAMED && base != UI_KEY_BACKSPACE)
        return true; /* a key that the editor has no use for */
    if (key & UI_ALT) prompt->queue[prompt->queued++] = 27;
    wchar_t c = base == UI_KEY_BACKSPACE ? 127 : (wchar_t)base;
    prompt->queue[prompt->queued++] = key & UI_CTRL ? c & 31 : c;
    return true;
}

/* The editor wants a character: the caller's loop runs until there is one. Once cancelled, always cancelled:
 * searching reads by itself and is left by the same end. */
static int next_character(EditLine *el, wchar_t *out) {
    UiPrompt *prompt = NULL;
    el_get(el, EL_CLIENTDATA, &prompt);
    while (!prompt->cancelled && prompt->taken >= prompt->queued) {
        UiKey key = prompt->pump(prompt->pump_context);
        forget_candidates(prompt);
        prompt->cancelled = !queue_key(prompt, key);
    }
    if (prompt->cancelled) return -1;
    *out = prompt->queue[prompt->taken++];
    return 1;
}

static bool open_live(UiPrompt *prompt) {
    struct winsize size = {.ws_row = 24, .ws_col = 1000};
    if (prompt->live != NULL) return true;
    if (prompt->slave < 0 && openpty(&prompt->master, &prompt->slave, NULL, NULL, &size) != 0) return false;
    if (prompt->null == NULL) prompt->null = fopen("/dev/null", "r+e");
    int copy = prompt->in == NULL ? dup(prompt->slave) : -1;
    if (copy >= 0) prompt->in = fdopen(copy, "r");
    if (prompt->null == NULL || prompt->in == NULL) return false;
    prompt->live = el_init_fd(prompt->program, prompt->in, prompt->null, prompt->null, prompt->slave,
                              prompt->slave, prompt->slave);
    if (prompt->live == NULL) return false;
    set_up(prompt, prompt->live);
    el_set(prompt->live, EL_SIGNAL, 0);
    el_set(prompt->live, EL_GETCFN, next_character);
    return true;
}

/* Without its line break; NULL for NULL. Remembered where it is not blank. */
static char *take_line(UiPrompt *prompt, const char *text, int length) {
    HistEvent event;
    if (text == NULL || length < 0) return NULL;
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    char *line = strndup(text, (size_t)length);
    if (line != NULL && line[strspn(line, " \t")] != '\0') {
        history(prompt->history, &event, H_ENTER, line);
        save_history(prompt);
    }
    return line;
}

char *ui_prompt_read(UiPrompt *prompt, const char *preset, UiPump pump, void *context) {
    int length = 0;
    if (prompt->open || !open_live(prompt)) return NULL;
    prompt->open = true, prompt->cancelled = false;
    prompt->pump = pump, prompt->pump_context = context;
    prompt->ask = "";
    prompt->queued = prompt->taken = 0;
    if (preset != NULL) queue_text(prompt, preset);
    const char *text = el_gets(prompt->live, &length);
    char *line = prompt->cancelled ? NULL : take_line(prompt, text, length);
    prompt->open = false;
    forget_candidates(prompt);
    return line;
}

bool ui_prompt_is_open(const UiPrompt *prompt) {
    return prompt->open;
}

const char *ui_prompt_line(UiPrompt *prompt, int *cursor) {
    *cursor = 0;
    prompt->line[0] = '\0';
    if (!prompt->open) return prompt->line;
    const LineInfo *info = el_line(prompt->live);
    size_t length = (size_t)(info->lastchar - info->buffer);
    if (length >= sizeof prompt->line) length = sizeof prompt->line - 1;
    memcpy(prompt->line, info->buffer, length);
    prompt->line[length] = '\0';
    *cursor = (int)(info->cursor - info->buffer);
    if (*cursor > (int)length) *cursor = (int)length;
    for (size_t i = 0; i < length; i++)
        if (prompt->line[i] == '\n') prompt->line[i] = ' ';
    return prompt->line;
}

const char *const *ui_prompt_candidates(const UiPrompt *prompt) {
    return (const char *const *)prompt->candidate;
}

/* Without a screen. */

char *ui_prompt_plain(UiPrompt *prompt, const char *ask) {
    int length = 0;
    if (!isatty(STDIN_FILENO)) {
        char *line = NULL;
        size_t size = 0;
        ssize_t n = getline(&line, &size, stdin);
        if (n < 0) {
            free(line);
            return NULL;
        }
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            line[--n] = '\0';
        return line;
    }
    prompt->ask = ask;
    if (prompt->plain == NULL) {
        setlocale(LC_CTYPE, "");
        prompt->plain = el_init(prompt->program, stdin, stdout, stderr);
        if (prompt->plain == NULL) return NULL;
        set_up(prompt, prompt->plain);
        el_set(prompt->plain, EL_SIGNAL, 1);
    }
    const char *text = el_gets(prompt->plain, &length);
    return take_line(prompt, text, length);
}
