/* A frame: two lines of header that never move, tabs, the view, what just happened, what one may do. Where
 * there is little room the header is one line, and the picture keeps the rest. */
#include "workbench_inside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SMALL_W = 60, SMALL_H = 14, WIDE_W = 110 };

bool bench_is_small(const Bench *bench) {
    return bench->grid->w < SMALL_W || bench->grid->h < SMALL_H;
}

/* ---- header ---- */

typedef struct State {
    const char *word;
    UiGlyph glyph;
    UiInk ink;
} State;

static State state_now(const Bench *bench) {
    if (bench->loading) return (State){"loading", UI_GLYPH_ELLIPSIS, UI_WARN};
    if (!bench->has_run) return (State){"idle", UI_GLYPH_BULLET, UI_DIM};
    StTrainerState state = bench->status.state;
    State now = {st_trainer_state_word(state), UI_GLYPH_BULLET, UI_DIM};
    if (state == ST_STATE_TRAINING) now.glyph = UI_GLYPH_PLAY, now.ink = UI_GOOD | UI_BOLD;
    if (state == ST_STATE_PAUSED) now.glyph = UI_GLYPH_PAUSE, now.ink = UI_WARN;
    if (state == ST_STATE_DONE) now.glyph = UI_GLYPH_STOP, now.ink = bench->sick ? UI_WARN : UI_GOOD;
    if (state == ST_STATE_STOPPED) now.glyph = UI_GLYPH_STOP, now.ink = UI_DIM;
    if (state == ST_STATE_DIVERGED) now.glyph = UI_GLYPH_GAP, now.ink = UI_BAD;
    return now;
}

/* The epoch that is being made, from 1. */
static int64_t epoch_now(const Bench *bench) {
    const StTrainerStatus *status = &bench->status;
    if (!bench->has_run) return 0;
    bool within = status->steps_per_epoch > 0 && status->step % status->steps_per_epoch != 0;
    return status->epoch + (within ? 1 : 0);
}

static int64_t epochs_of(const Bench *bench) {
    if (bench->has_run) return bench->status.epochs;
    const StFit *fit = &session_recipe(bench->session)->fit;
    return fit->given ? fit->epochs : 0;
}

static void time_left(const Bench *bench, char text[24]) {
    double left =
        bench->has_run && bench->status.state == ST_STATE_TRAINING ? bench->status.seconds_left : -1;
    text[0] = '\0';
    if (left < 0 || !isfinite(left)) return;
    if (left < 99.5)
        snprintf(text, 24, "%.0f s left", left);
    else if (left < 5940)
        snprintf(text, 24, "%.0f min left", left / 60);
    else if (left < 359400)
        snprintf(text, 24, "%.0f h left", left / 3600);
    else
        snprintf(text, 24, "%.0f days left", fmin(left / 86400, 9999));
}

/* "epoch 7/40  step 241/1600" in so many columns; counts of steps are shortened where they must be. What fits
 * is told by the totals, so that it does not change while they count. Returns the columns that it may take,
 * or 0 where there are too few. */
static int place_text(const Bench *bench, int room, bool shorten, char text[80]) {
    const StTrainerStatus *status = &bench->status;
    char made[UI_NUMBER], all[UI_NUMBER], widest[160];
    long long epoch = epoch_now(bench), epochs = epochs_of(bench);
    long long step = bench->has_run ? status->step : 0, steps = bench->has_run ? status->steps : 0;
    if (steps == 0) return snprintf(text, 80, "epoch %lld/%lld", epoch, epochs);
    snprintf(made, sizeof made, "%lld", step);
    snprintf(all, sizeof all, "%lld", steps);
    if (shorten) ui_count(made, (double)step), ui_count(all, (double)steps);
    snprintf(text, 80, "epoch %lld/%lld  step %.19s/%.19s", epoch, epochs, made, all);
    int width = snprintf(widest, sizeof widest, "epoch %lld/%lld  step %s/%s", epochs, epochs,
                         shorten ? "9.99M" : all, all);
    return width <= room ? width : 0;
}

/* What is seen: with a pace its steps, else the rows of the machine. Returns the columns kept for it; the
 * word pace alone may be left out. */
static int speed_text(const Bench *bench, bool word, char text[48]) {
    const StTrainerStatus *status = &bench->status;
    char count[UI_NUMBER];
    text[0] = '\0';
    if (!bench->has_run || status->step <= 0) return 0;
    double batch = (double)status->samples / (double)status->step;
    double steps = status->pace * (status->pace_per_epoch ? (double)status->steps_per_epoch : 1);
    if (status->pace > 0 && (status->samples_per_s <= 0 || steps * batch < status->samples_per_s)) {
        snprintf(text, 48, "%s%.8s %s/s", word ? "pace " : "", ui_count(count, status->pace),
                 status->pace_per_epoch ? "epochs" : "steps");
        return word ? 15 : 10;
    }
    if (status->samples_per_s > 0) snprintf(text, 48, "%.8s rows/s", ui_count(count, status->samples_per_s));
    return 11;
}

/* Where the past is looked at, the header says that instead of where the run is. */
static bool past_text(const Bench *bench, int room, char text[80]) {
    long long step = (long long)bench_moment(bench);
    if (step < 0) return false;
    int width = snprintf(text, 80, "the past: step %lld/%lld", step, (long long)bench->status.step);
    if (width > room) width = snprintf(text, 80, "past: step %lld", step);
    if (width > room) snprintf(text, 80, "past");
    return true;
}

static void draw_header_state(Bench *bench, UiRect row) {
    UiGrid *grid = bench->grid;
    State state = state_now(bench);
    char name[64], place[80], speed[48], left[24];
    int name_w = row.w >= WIDE_W ? 30 : 13, x = name_w + 2;
    snprintf(name, sizeof name, "%s", session_name(bench->session));
    char *end = strrchr(name, '.');
    if (ui_text_width(name) > name_w && end && !strcmp(end, ".strata")) *end = '\0';
    int taken = ui_text_in(grid, row, 1, 0, name_w, UI_TITLE, name);
    if (session_dirty(bench->session))
        ui_text(grid, row, 1 + (taken < name_w ? taken : name_w), 0, UI_WARN, "*");
    ui_put_glyph(grid, row, x, 0, state.glyph, state.ink);
    ui_text(grid, row, x + 2, 0, state.ink, state.word);
    x += 11;
    bool timed = row.w >= 79;
    int right = timed ? row.w - 11 : row.w - 1, width = 0, speed_w = 0;
    for (int form = 0; form < 3 && !width; form++) {
        speed_w = speed_text(bench, form == 0, speed);
        width = place_text(bench, right - x - (timed ? speed_w + 1 : 0), form == 2, place);
    }
    if (!width)
        width = snprintf(place, sizeof place, "epoch %lld/%lld", (long long)epoch_now(bench),
                         (long long)epochs_of(bench));
    bool past = past_text(bench, width, place);
    ui_text(grid, row, x, 0, past ? UI_WARN | UI_BOLD : UI_TEXT, place);
    if (x + width + 1 + speed_w <= right) ui_print_right(grid, row, right, 0, UI_TEXT, "%s", speed);
    time_left(bench, left);
    if (timed) ui_print_right(grid, row, row.w, 0, UI_TEXT, "%s", left);
}

/* A metric's name where there is little room: "mae" for mean_absolute_error. */
static void short_name(char text[16], const char *name) {
    size_t head = strcspn(name, ":"), count = 0;
    char plain[ST_METRIC_NAME_MAX];
    snprintf(plain, sizeof plain, "%.*s", (int)head, name);
    if (head > 10 && strstr(plain, "accuracy") && !strstr(plain, "top_k"))
        snprintf(plain, sizeof plain, "accuracy");
    bool whole = strlen(plain) <= 10;
    for (const char *at = plain; *at && count < 15; at++)
        if (whole || at == plain || at[-1] == '_') text[count++] = *at;
    snprintf(text + count, 16 - count, "%s", name + head);
}

/* "loss 0.2131  val 0.2507": fields of a fixed width. Returns where to go on. */
static int draw_figure(Bench *bench, UiRect row, int x, const char *name, double value, bool validated,
                       double validation) {
    char number[UI_NUMBER];
    char label[16];
    short_name(label, name);
    x += ui_text(bench->grid, row, x, 0, UI_DIM, label) + 1;
    ui_text(bench->grid, row, x, 0, UI_TRAINING, ui_number(number, value, 6, 4));
    x += 8;
    x += ui_text(bench->grid, row, x, 0, UI_DIM, "val") + 1;
    ui_text(bench->grid, row, x, 0, UI_VALIDATION, ui_number(number, validated ? validation : NAN, 6, 4));
    return x + 9;
}

static void draw_header_figures(Bench *bench, UiRect row) {
    UiGrid *grid = bench->grid;
    const StTrainerStatus *status = &bench->status;
    bool seen = bench->has_run && status->step > 0;
    char number[UI_NUMBER];
    int right = row.w - 24;
    int x = draw_figure(bench, row, 1, "loss", seen ? bench->recent[0] : NAN,
                        bench->has_run && status->has_validation, status->validation.loss);
    const StCompile *compile =
        &(bench->has_run ? session_run(bench->session)->recipe : session_recipe(bench->session))->compile;
    x = x < 28 ? 28 : x;
    for (int i = 0; i < compile->metrics; i++) {
        const char *name = compile->metric[i].name;
        char label[16];
        short_name(label, name);
        int width = (int)strlen(label);
        if (x + width + 19 > right) break;
        x = draw_figure(bench, row, x, name, seen ? bench->recent[1 + i] : NAN,
                        bench->has_run && status->has_validation, status->validation.metric[i]);
    }
    ui_text(grid, row, right, 0, UI_DIM, "rate");
    double rate = session_rate(bench->session);
    if (isfinite(rate)) snprintf(number, sizeof number, "%.4g", rate);
    if (isfinite(rate) && strlen(number) > 7) ui_number(number, rate, 7, 4); /* at a schedule's end */
    ui_text_in(grid, row, right + 5, 0, 7, UI_TEXT, isfinite(rate) ? number : "–");
    char seed[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)session_recipe(bench->session)->seed);
    ui_text(grid, row, right + 13, 0, UI_DIM, "seed");
    ui_text_in(grid, row, right + 18, 0, 6, UI_TEXT, seed);
}

/* ".213" */
static char *short_number(char text[UI_NUMBER], double value) {
    if (isfinite(value) && fabs(value) < 0.9995 && value >= 0) {
        char digits[16];
        snprintf(digits, sizeof digits, "%.3f", value);
        snprintf(text, UI_NUMBER, "%s", digits + 1);
        return text;
    }
    return ui_number(text, value, 4, 3);
}

/* One line: "iris ▶ 12/50 loss .213 acc .952", less of it where there is less room. */
static void draw_header_small(Bench *bench, UiRect row) {
    UiGrid *grid = bench->grid;
    State state = state_now(bench);
    char name[64], number[UI_NUMBER];
    int x = row.w >= 30 ? 1 : 0;
    snprintf(name, sizeof name, "%s", session_name(bench->session));
    char *end = strrchr(name, '.');
    if (end && !strcmp(end, ".strata")) *end = '\0';
    if (row.w >= 30) {
        int width = row.w < 40 ? 6 : row.w - 32;
        int taken = ui_text_in(grid, row, x, 0, width, UI_TITLE, name);
        x += (taken < width ? taken : width) + 1;
    }
    ui_put_glyph(grid, row, x, 0, state.glyph, state.ink);
    x += 2;
    if (bench_moment(bench) >= 0)
        x += ui_print(grid, row, x, 0, UI_WARN | UI_BOLD, "past:%lld", (long long)bench_moment(bench)) + 1;
    else
        x += ui_print(grid, row, x, 0, UI_TEXT, "%lld/%lld", (long long)epoch_now(bench),
                      (long long)epochs_of(bench)) +
             1;
    if (row.w >= 24) x += ui_text(grid, row, x, 0, UI_DIM, "loss ");
    double loss = bench->has_run && bench->status.step ? bench->recent[0] : NAN;
    x += ui_text(grid, row, x, 0, UI_TRAINING, short_number(number, loss)) + 1;
    const Recipe *recipe = bench->has_run ? session_run(bench->session)->recipe : NULL;
    if (!recipe || recipe->compile.metrics == 0 || x + 8 > row.w) return;
    char label[16];
    short_name(label, recipe->compile.metric[0].name);
    snprintf(name, sizeof name, "%.3s ", label);
    x += ui_text(grid, row, x, 0, UI_DIM, name);
    ui_text(grid, row, x, 0, UI_TRAINING, short_number(number, bench->status.step ? bench->recent[1] : NAN));
}

static void draw_tabs(Bench *bench, UiRect row) {
    UiGrid *grid = bench->grid;
    int x = 0;
    bench->tabs = (UiHints){.y = row.y};
    for (int i = 0; views[i] && views[i]->key; i++) {
        const View *shown = views[i]; /* in the place of the tab Inside, the view that it led to */
        if (!strcmp(shown->name, "inside") && views[bench->focus]->inside) shown = views[bench->focus];
        int width = ui_text_width(shown->title) + 4;
        bool here = shown == views[bench->focus];
        UiRect tab = ui_rect(row.x + x, row.y, width, 1);
        if (here) ui_fill(grid, tab, UI_FOCUS);
        ui_print(grid, tab, 1, 0, here ? UI_FOCUS : UI_KEY, "%c", (int)views[i]->key);
        ui_text(grid, tab, 3, 0, here ? UI_FOCUS : UI_TEXT, shown->title);
        bench->tabs.at[bench->tabs.count].x0 = tab.x;
        bench->tabs.at[bench->tabs.count].x1 = tab.x + width;
        bench->tabs.at[bench->tabs.count++].key = views[i]->key;
        x += width;
    }
    static const UiBinding ends[] = {{'?', "help", "help", "help"}, {':', ":", "command", "command"}, {0}};
    UiHints more;
    UiRect right = row;
    right.x = row.x + row.w - 21, right.w = 20;
    if (right.x < row.x + x) return;
    ui_hints_draw(grid, right, 0, ends, NULL, &more);
    for (int i = 0; i < more.count; i++)
        bench->tabs.at[bench->tabs.count++] = more.at[i];
}

/* ---- the last two lines ---- */

static const UiBinding help_bindings[] = {{UI_KEY_ESCAPE, "close", "close", "closes the help"},
                                          {UI_KEY_UP, "up", "scroll", "goes up"},
                                          {UI_KEY_DOWN, "down", "scroll", "goes down"},
                                          {'/', "search", "search", "type to search"},
                                          {0}};

/* What one may do now: space first, then what the view does, then the rest. */
static void draw_hints(Bench *bench, UiRect row) {
    UiBinding all[96];
    const View *view = views[bench->focus];
    int count = 0;
    row.x += 1, row.w -= 1;
    if (bench->ask != ASK_NOTHING || bench->helping) {
        const UiBinding *table = bench->ask != ASK_NOTHING ? bench_ask_keys(bench) : help_bindings;
        ui_hints_draw(bench->grid, row, 0, table, NULL, &bench->hints);
        return;
    }
    ViewContext context = bench_context(bench, bench->focus);
    const UiBinding *held = view->hints && context.state ? view->hints(&context) : NULL;
    if (held) { /* what space does is of the moment */
        for (; held->key && count < 95; held++)
            all[count++] = held->key == ' ' ? bench->common[0] : *held;
        all[count] = (UiBinding){0};
        ui_hints_draw(bench->grid, row, 0, all, NULL, &bench->hints);
        return;
    }
    bool small = bench_is_small(bench), start = !strcmp(view->name, "start");
    SessionNext next = session_next(bench->session);
    UiKey first = start ? 0 : next == NEXT_REFUSES ? 'r' : ' ';
    if (first) all[count++] = *ui_keymap_find(bench->common, first);
    if (!start && next == NEXT_ANEW)
        all[count++] = (UiBinding){'k', "play keep", "keep weights", "keeps the weights of unchanged layers"};
    const UiBinding *own = view->bindings;
    static const UiKey beside[] = {'?', UI_KEY_TAB}; /* there are no tabs to see */
    for (int i = 0; small && i < 2; i++) {
        if (own && own->key) all[count++] = *own++;
        all[count++] = *ui_keymap_find(bench->common, beside[i]);
    }
    for (; own && own->key && count < 48; own++)
        all[count++] = *own;
    for (const UiBinding *one = bench->common + 1; one->key && count < 95; one++) {
        bool above = one->key == UI_KEY_TAB || one->key == '?' || one->key == ':';
        if (start && one->key == 'o') all[count++] = (UiBinding){'n', "new", "new", "begins an empty recipe"};
        bool idle = start && !strchr("oq?", (int)(one->key & 0x7f));
        bool refused = next == NEXT_REFUSES && (one->key == 's' || one->key == 'e');
        bool twice = ui_keymap_find(view->bindings, one->key) != NULL;
        if (!above && !idle && !refused && !twice && one->key != first) all[count++] = *one;
    }
    all[count] = (UiBinding){0};
    ui_hints_draw(bench->grid, row, 0, all, NULL, &bench->hints);
}

static bool pending_text(const Bench *bench, char text[ST_MESSAGE_MAX]) {
    StText what = {0};
    bool pending = session_next_text(bench->session, &what);
    if (pending) snprintf(text, ST_MESSAGE_MAX, "%s", st_text_string(&what));
    st_text_free(&what);
    return pending;
}

/* What stands above the hints: a question, what just happened, what a start would do, why it ended. */
static UiInk line_now(const Bench *bench, char text[ST_MESSAGE_MAX]) {
    text[0] = '\0';
    if (bench->ask != ASK_NOTHING) {
        bench_ask_text(bench, text);
        return UI_WARN;
    }
    if (*bench->message) {
        snprintf(text, ST_MESSAGE_MAX, "%s", bench->message);
        return bench->message_ink;
    }
    if (bench_past(bench, text)) return UI_WARN;
    if (pending_text(bench, text)) return UI_WARN;
    bool said = !strcmp(views[bench->focus]->name, "autopsy");
    snprintf(text, ST_MESSAGE_MAX, "%s", said ? "" : *bench->diverged ? bench->diverged : bench->ended);
    return *bench->diverged ? UI_BAD : UI_DIM;
}

static void draw_message(Bench *bench, UiRect row) {
    char text[ST_MESSAGE_MAX], more[64];
    UiInk ink = line_now(bench, text);
    ui_paragraph(bench->grid, ui_inset(row, 1, 0), ink, 0, text);
    if (bench->errors <= bench->errors_seen || row.h > 1) return;
    int width = snprintf(more, sizeof more, "%ld new in the log: l", bench->errors - bench->errors_seen);
    if (ui_text_width(text) + 3 + width < row.w)
        ui_print_right(bench->grid, row, row.w - 1, 0, UI_WARN, "%s", more);
}

/* In columns, over as many rows above the prompt as they need; where there is one row's worth, below it. */
static void draw_candidates(UiGrid *grid, int line_y, UiRect below, const char *const *word) {
    int count = 0, widest = 0;
    for (; word[count]; count++) {
        int width = ui_text_width(word[count]);
        if (width > widest) widest = width;
    }
    int across = (grid->w - 2) / (widest + 2);
    if (across < 1) across = 1;
    int rows = (count + across - 1) / across, most = line_y > 4 ? line_y - 3 : line_y;
    bool one = rows <= 1 && below.h > 0;
    int shown = rows < most ? rows : most;
    UiRect list = one ? below : ui_rect(0, line_y - shown, grid->w, shown);
    ui_fill(grid, list, UI_TEXT);
    for (int i = 0; i < count && i < shown * across; i++)
        ui_text(grid, list, 1 + i % across * (widest + 2), i / across, UI_DIM, word[i]);
    if (shown < rows)
        ui_print_right(grid, list, list.w, shown - 1, UI_KEY, " … %d more", count - shown * across);
}

/* What the verb that is typed wants; before there is one, the keys. */
static void draw_prompt_hint(Bench *bench, UiRect below, const char *line) {
    char verb[40];
    size_t length = strcspn(line, " ");
    snprintf(verb, sizeof verb, "%.*s", (int)(length < 39 ? length : 39), line);
    const Command *row = line[length] ? command_find(bench->session, verb, NULL) : NULL;
    if (!row) {
        ui_text(bench->grid, below, 1, 0, UI_DIM,
                "enter runs it   tab completes   up down history   esc leaves");
        return;
    }
    int x = 1 + ui_print(bench->grid, below, 1, 0, UI_TEXT, "%s %s", verb, row->usage) + 2;
    ui_text_in(bench->grid, below, x, 0, below.w - x, UI_DIM, row->help);
}

static void draw_prompt(Bench *bench, UiRect line, UiRect below) {
    UiGrid *grid = bench->grid;
    int cursor;
    const char *text = ui_prompt_line(bench->prompt, &cursor);
    char head[BENCH_LINE];
    snprintf(head, sizeof head, "%.*s", cursor, text);
    int before = ui_text_width(head), skip = before > line.w - 4 ? before - (line.w - 4) : 0;
    const char *from = text;
    for (int column = 0; column < skip && *from;)
        column += ui_codepoint_width(ui_utf8_next(&from));
    ui_fill(grid, line, UI_TEXT);
    ui_text(grid, line, 1, 0, UI_KEY, ":");
    ui_text(grid, line, 2, 0, UI_TEXT, from);
    grid->cursor_x = line.x + 2 + before - skip;
    grid->cursor_y = line.y;
    const char *const *word = ui_prompt_candidates(bench->prompt);
    if (word && *word)
        draw_candidates(grid, line.y, below, word);
    else if (below.h > 0)
        draw_prompt_hint(bench, below, text);
}

/* ---- the whole ---- */

enum { MESSAGE_ROWS = 4 };

/* A long line (why a run diverged) takes rows of the view for as long as it stands. */
static int message_rows(const Bench *bench, int width) {
    char text[ST_MESSAGE_MAX];
    if (ui_prompt_is_open(bench->prompt)) return 1;
    line_now(bench, text);
    int rows = ui_paragraph(bench->grid, (UiRect){0, 0, width - 2, 0}, UI_TEXT, 0, text);
    return rows < 1 ? 1 : rows > MESSAGE_ROWS ? MESSAGE_ROWS : rows;
}

/* Data that is not read yet is read after a frame that says so. */
static bool must_load(const Bench *bench) {
    const StError *failed = NULL;
    return session_recipe(bench->session)->data.given && !session_dataset_loaded(bench->session, &failed) &&
           !failed;
}

static void draw_body(Bench *bench, UiRect body) {
    int at = bench->helping ? bench_view_index("help") : bench->focus;
    ViewContext context = bench_context(bench, at);
    if (bench->loading && strcmp(views[at]->name, "start")) {
        ui_print_center(bench->grid, body, body.h / 2, UI_DIM, "reading the data …");
        return;
    }
    if (context.state) views[at]->draw(&context, bench->grid, body);
}

/* What space does now, in a word or two for the hints. */
static void bind_space(Bench *bench) {
    static const char *const words[] = {
        [NEXT_BEGIN] = "play",    [NEXT_TRAINS] = "pause",    [NEXT_GO_ON] = "play",  [NEXT_MORE] = NULL,
        [NEXT_KEEP] = "train on", [NEXT_ANEW] = "start anew", [NEXT_REFUSES] = "play"};
    SessionNext next = session_next(bench->session);
    int epochs = next == NEXT_MORE ? session_run(bench->session)->recipe->fit.epochs : 0;
    if (next == NEXT_MORE)
        snprintf(bench->space, sizeof bench->space, "%d more epoch%s", epochs, epochs == 1 ? "" : "s");
    else
        snprintf(bench->space, sizeof bench->space, "%s", words[next]);
    bench->common[0] = bench_bindings[0];
    if (next == NEXT_TRAINS) bench->common[0].command = "pause";
    bench->common[0].hint = bench->space;
}

void bench_draw(Bench *bench) {
    UiGrid *grid = bench->grid;
    ui_grid_clear(grid);
    grid->cursor_x = grid->cursor_y = -1;
    bench->hints = (UiHints){.y = -1};
    bench->tabs = (UiHints){.y = -1};
    bench->loading = must_load(bench);
    bind_space(bench);
    UiRect rest = ui_grid_rect(grid);
    bool small = bench_is_small(bench), prompt = ui_prompt_is_open(bench->prompt);
    UiRect head = ui_cut_top(&rest, small ? 1 : 2);
    if (small) {
        draw_header_small(bench, head);
    } else {
        UiRect first = ui_cut_top(&head, 1);
        draw_header_state(bench, first);
        draw_header_figures(bench, head);
        draw_tabs(bench, ui_cut_top(&rest, 1));
    }
    bool hints = rest.h >= 5 || !small;
    bool urgent = bench->ask != ASK_NOTHING || *bench->message;
    int tail = small && urgent && (hints || bench->ask) ? message_rows(bench, rest.w) : hints;
    UiRect last = ui_cut_bottom(&rest, tail);
    UiRect line = ui_cut_bottom(&rest, small ? 0 : message_rows(bench, rest.w));
    draw_body(bench, rest);
    if (prompt) {
        UiRect whole = ui_grid_rect(grid);
        draw_prompt(bench, small ? ui_cut_bottom(&whole, 1) : line, small ? (UiRect){0} : last);
        return;
    }
    if (!small) draw_message(bench, line);
    if (small && urgent && last.h)
        draw_message(bench, last);
    else
        draw_hints(bench, last);
}
