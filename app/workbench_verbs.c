/* What the workbench adds to the language, and which line each key runs. */
#include "workbench_inside.h"

#include "places.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first row is what space does at rest; while training it pauses. */
const UiBinding bench_bindings[] = {
    {' ', "play", "play", "starts training, goes on, or pauses"},
    {'s', "step", "step", "makes one step: one batch"},
    {'+', "rate up", "rate", "twice the learning rate, at once"},
    {'-', "rate down", "rate", "half the learning rate, at once"},
    {'a', "add", "add layer", "opens the form for a new layer"},
    {'u', "undo", "undo", "takes the last edit back"},
    {UI_KEY_TAB, "view next", "next", "the next view"},
    {'?', "help", "help", "the keys of this view, and what is under the cursor"},
    {'q', "quit", "quit", "leaves; asks where something is not saved"},
    {':', ":", "command", "takes any command"},
    {'e', "epoch", "epoch", "trains to the end of the epoch"},
    {'r', "reset", "reset", "new weights from the same seed"},
    {'k', "play keep", NULL, "where space would start anew: keeps the weights of unchanged layers"},
    {'R', "reset new", NULL, "new weights from a new seed"},
    {'=', "rate up", NULL, "twice the learning rate, at once"},
    {'<', "slower", "pace", "fewer steps a second; the numbers stay the same"},
    {'>', "faster", "pace", "more steps a second, up to full speed"},
    {'r' | UI_CTRL, "redo", NULL, "makes the edit again that was undone"},
    {'o', ":open ", "open", "opens a recipe"},
    {'w', "save", "save", "writes the recipe to its file"},
    {'s' | UI_CTRL, "save", NULL, "writes the recipe to its file"},
    {'n', "new", NULL, "begins an empty recipe"},
    {'0' + 1, "view overview", NULL, "the stack, the curves and the norms together"},
    {'0' + 2, "view stack", NULL, "every layer; add, change, move"},
    {'0' + 3, "view data", NULL, "what the data holds"},
    {'0' + 4, "view train", NULL, "every curve, to zoom and to read"},
    {'0' + 5, "view weights", NULL, "the health of every layer"},
    {'0' + 6, "view inside", NULL, "every question that can be asked of the network"},
    {UI_KEY_TAB | UI_SHIFT, "view previous", NULL, "the previous view"},
    {UI_KEY_LEFT, "moment back", NULL, "back through the moments of the run; every view follows"},
    {UI_KEY_RIGHT, "moment forward", NULL, "forward through the moments of the run"},
    {'{', "moment back", NULL, "the same where a view has its own use for left"},
    {'}', "moment forward", NULL, "the same where a view has its own use for right"},
    {UI_KEY_HOME, "moment first", NULL, "the first moment of the run"},
    {UI_KEY_END, "moment last", NULL, "back to the present"},
    {'B', "branch", NULL, "a new run that goes on from the moment that is looked at"},
    {'T', "view time", NULL, "the timeline of the run"},
    {'X', "view autopsy", NULL, "what went wrong, where, and what to try"},
    {'l', "log", NULL, "what was said and what was written to standard error"},
    {'m', "mouse", NULL, "lets go of the mouse, or takes it again"},
    {'g', "glyphs", NULL, "the next way to draw: braille, blocks, ASCII"},
    {'l' | UI_CTRL, "redraw", NULL, "draws the screen anew"},
    {'z' | UI_CTRL, "suspend", NULL, "gives the terminal back to the shell until fg"},
    {0}};

size_t bench_binding_count(void) {
    return sizeof bench_bindings / sizeof *bench_bindings;
}

static Bench *of(const CommandCall *call) {
    return call->context;
}

/* The single word after the verb, or "" where there is none. */
static bool one_word(const CommandCall *call, bool needed, const char *wanted, const char **word,
                     StError *error) {
    *word = call->count > 1 ? call->words[1].text : "";
    if (call->count > 2 || (needed && call->count < 2))
        return st_fail(error, ST_ERR_VALUE, "%s: wanted %s", call->words[0].text, wanted);
    return true;
}

static bool act_view(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    const char *word;
    if (!one_word(call, true, "the name of a view, next, previous or back", &word, error)) return false;
    if (!strcmp(word, "back")) return bench_look_back(bench), true;
    int tabs = 0, count = 0, place = 0, at[BENCH_VIEWS],
        step = !strcmp(word, "next")       ? 1
               : !strcmp(word, "previous") ? -1
                                           : 0;
    for (; views[tabs]; tabs++) { /* tabs, and the views of the inside behind theirs */
        if (tabs == bench->focus) place = count;
        if (views[tabs]->key || views[tabs]->inside) at[count++] = tabs;
    }
    bool among = views[bench->focus]->key || views[bench->focus]->inside;
    int to = step ? at[among ? (place + step + count) % count : 0] : bench_view_index(word);
    if (to < 0) return st_fail_unknown(error, "view", word, view_name_at, NULL);
    bench->helping = false;
    bench_look_at(bench, to);
    return true;
}

static bool act_log(const CommandCall *call, StError *error) {
    (void)error;
    Bench *bench = of(call);
    bool there = !strcmp(views[bench->focus]->name, "log");
    bench_look_at(bench, bench_view_index(there ? "overview" : "log"));
    return true;
}

/* A layer is added in the stack view, whose own key opens the form. */
static bool act_add(const CommandCall *call, StError *error) {
    (void)error;
    Bench *bench = of(call);
    bench_look_at(bench, bench_view_index("stack"));
    const View *view = views[bench->focus];
    ViewContext context = bench_context(bench, bench->focus);
    if (view->press) view->press(&context, 'a');
    return true;
}

static bool opened(Bench *bench, StError *error) {
    (void)error;
    bench_forget(bench);
    if (*session_path(bench->session)) place_recent_add(session_path(bench->session));
    bench_look_at(bench, bench_view_index("overview"));
    return true;
}

static bool act_open(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    const char *word;
    if (!one_word(call, true, "a file: open samples/iris.strata", &word, error)) return false;
    if (st_path_ends_gz(word, ".safetensors")) return session_load(call->session, word, error);
    if (bench_ask_leave(bench, call->line)) return true;
    return session_open(call->session, word, error) && opened(bench, error);
}

static bool act_new(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    const char *word;
    if (!one_word(call, false, "nothing after it", &word, error)) return false;
    if (bench_ask_leave(bench, call->line)) return true;
    session_new(call->session);
    bench_forget(bench);
    bench_look_at(bench, bench_view_index("stack"));
    bench_say(bench, UI_TEXT, "a new, empty recipe: 3 chooses data, a adds a layer, w saves");
    return true;
}

static bool act_save(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    const char *word;
    if (!one_word(call, false, "a file ending in .strata or .safetensors", &word, error)) return false;
    if (!*word && !*session_path(call->session)) return bench_run_line(bench, ":save ");
    if (bench_ask_replace(bench, word, call->line)) return true;
    if (!session_save(call->session, word, error)) return false;
    bench_saved(bench, word);
    if (*session_path(call->session)) place_recent_add(session_path(call->session));
    return true;
}

static bool act_quit(const CommandCall *call, StError *error) {
    (void)error;
    Bench *bench = of(call);
    if (!bench_ask_leave(bench, call->line)) bench->quit = true;
    return true;
}

static bool act_mouse(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    const char *word;
    if (!one_word(call, false, "on or off", &word, error)) return false;
    bool on = *word ? !strcmp(word, "on") : !ui_screen_mouse(bench->screen);
    if (*word && !on && strcmp(word, "off"))
        return st_fail(error, ST_ERR_VALUE, "mouse: '%.40s': wanted on or off", word);
    ui_screen_set_mouse(bench->screen, on);
    bench_say(bench, UI_TEXT,
              on ? "the mouse is the workbench's; m lets go of it"
                 : "the mouse is the terminal's; m takes it again");
    return true;
}

static bool act_glyphs(const CommandCall *call, StError *error) {
    static const char *const name[] = {[UI_ASCII] = "ascii", [UI_BLOCK] = "block", [UI_BRAILLE] = "braille"};
    Bench *bench = of(call);
    const char *word;
    if (!one_word(call, false, "braille, block or ascii", &word, error)) return false;
    int ladder = ((int)bench->grid->look.ladder + 2) % 3;
    for (int i = 0; i < 3; i++) {
        if (!strcmp(word, name[i])) ladder = i;
    }
    if (*word && strcmp(word, name[ladder]))
        return st_fail(error, ST_ERR_VALUE, "glyphs: '%.40s': wanted braille, block or ascii", word);
    ui_screen_set_ladder(bench->screen, (UiLadder)ladder);
    char text[64];
    snprintf(text, sizeof text, "drawing with %s", ladder == UI_BLOCK ? "blocks" : name[ladder]);
    bench_say(bench, UI_TEXT, text);
    return true;
}

static bool act_redraw(const CommandCall *call, StError *error) {
    (void)error;
    ui_screen_redraw(of(call)->screen);
    return true;
}

static bool act_suspend(const CommandCall *call, StError *error) {
    (void)error;
    ui_screen_suspend(of(call)->screen);
    return true;
}

static bool act_press(const CommandCall *call, StError *error) {
    if (call->count < 2)
        return st_fail(error, ST_ERR_VALUE, "press: wanted the names of keys: press a down ctrl-r");
    for (int i = 1; i < call->count; i++) {
        UiKey key = ui_key_parse(call->words[i].text);
        if (!key) return st_fail(error, ST_ERR_NAME, "press: '%.40s' is no key", call->words[i].text);
        bench_key(of(call), key);
    }
    return true;
}

static bool act_help(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    const char *word;
    if (!one_word(call, false, "one topic: help dense", &word, error)) return false;
    int help = bench_view_index("help");
    ViewContext context = bench_context(bench, help);
    if (!context.state) return st_fail_memory(error, "the help", sizeof(Bench));
    if (*word) {
        StText text = {0};
        bool found = help_print(word, &text, error);
        if (found) help_text(context.state, word, st_text_string(&text));
        st_text_free(&text);
        if (!found) return false;
    } else {
        ViewContext under = bench_context(bench, bench->focus);
        help_about(context.state, views[bench->focus], bench->common, &under);
    }
    bench->helping = true;
    return true;
}

/* The next of 1, 2, 5 × 10ⁿ above (+1) or below (−1). */
static double next_pace(double pace, int direction) {
    static const double steps[] = {1, 2, 5, 10};
    double decade = pow(10, floor(log10(pace) + 1e-9)), lead = pace / decade;
    if (direction > 0) {
        for (int i = 0; i < 4; i++)
            if (steps[i] > lead * (1 + 1e-6)) return steps[i] * decade;
        return 20 * decade;
    }
    for (int i = 3; i >= 0; i--)
        if (steps[i] < lead * (1 - 1e-6)) return steps[i] * decade;
    return decade / 2;
}

/* The next pace; slower from full speed begins below the present one. */
static bool change_pace(const CommandCall *call, int direction) {
    Bench *bench = of(call);
    const Pace *pace = &session_recipe(call->session)->pace;
    double now = pace->per_second;
    char line[64];
    if (now <= 0 && direction > 0) {
        bench_say(bench, UI_TEXT, "it runs at full speed");
        return true;
    }
    if (now <= 0) {
        int batch = session_recipe(call->session)->fit.batch_size;
        now = bench->has_run && batch > 0 ? bench->status.samples_per_s / batch : 0;
        now = now > 1 ? fmin(now, 1000) : 100;
    }
    double next = next_pace(now, direction);
    if (next > 1000)
        snprintf(line, sizeof line, "pace full");
    else
        snprintf(line, sizeof line, "pace %s%.3g", pace->epochs ? "epochs=" : "", fmax(next, 0.1));
    return bench_run_line(bench, line);
}

static bool act_slower(const CommandCall *call, StError *error) {
    (void)error;
    return change_pace(call, -1), true;
}

static bool act_faster(const CommandCall *call, StError *error) {
    (void)error;
    return change_pace(call, 1), true;
}

/* `step` and `epoch` say what they made, once the trainer has. */
static bool order(const CommandCall *call, bool epoch, StError *error) {
    Bench *bench = of(call);
    const char *word;
    if (!one_word(call, false, "nothing after it", &word, error)) return false;
    bench_news(bench);
    bench->asked_epoch = epoch;
    bench->asked_from = bench->has_run ? bench->status.step : 0;
    bench->last_step[0] = bench->last_epoch[0] = '\0';
    bool done = epoch ? session_one_epoch(call->session, error) : session_one_step(call->session, error);
    if (!done) bench->asked_from = -1;
    return done;
}

static bool act_step(const CommandCall *call, StError *error) {
    return order(call, false, error);
}

static bool act_epoch(const CommandCall *call, StError *error) {
    return order(call, true, error);
}

/* A line that is a view's own: "train log_y". */
static bool act_of_view(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    int at = bench_view_index(call->words[0].text);
    if (bench->focus != at) bench_look_at(bench, at);
    ViewContext context = bench_context(bench, at);
    if (!context.state) return st_fail_memory(error, "the view", views[at]->state_size);
    return call->count < 2 || views[at]->command(&context, call->words + 1, call->count - 1, error);
}

/* The method of the view: by name, next or previous. */
static bool choose_method(Bench *bench, const char *word, StError *error) {
    const char *group = views[bench->focus]->name;
    int first = st_study_find(group, NULL), *method = &bench->method[bench->focus];
    if (!*word) return true;
    if (first < 0) return st_fail(error, ST_ERR_STATE, "look: the view %s has one way to look", group);
    int now = bench->found ? bench->found->ask.study : first;
    if (*method >= 0) now = *method;
    if (!strcmp(word, "next") || !strcmp(word, "previous"))
        return *method = st_study_next(now, *word == 'n' ? 1 : -1), true;
    int to = st_study_find(group, word);
    if (to < 0) return st_fail_unknown(error, "method", word, st_study_name_at, group);
    return *method = to, true;
}

static bool act_look(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    GazeWords words;
    const View *view = views[bench->focus];
    if (!st_options_parse(gaze_options, "look", &words, sizeof words, call->words + 1, call->count - 1,
                          error))
        return false;
    if (*words.again && strcmp(words.again, "again"))
        return st_fail(error, ST_ERR_VALUE, "look: '%s': wanted again, or what=…: look row=12", words.again);
    ViewContext context = bench_context(bench, bench->focus);
    const StFinding *found = context.found ? &context.found->finding : NULL;
    if (!gaze_look(&bench->gaze, call->session, found, &words, error)) return false;
    if (!choose_method(bench, words.method, error)) return false;
    int study =
        bench->method[bench->focus] >= 0 ? bench->method[bench->focus] : st_study_find(view->name, NULL);
    if (*words.again && study >= 0) bench->turn[study]++;
    return true;
}

/* How much of a core what is asked for may take while training goes on. */
static bool act_share(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    const char *word;
    double share;
    char text[80];
    if (!one_word(call, true, "a share of a core from 0.01 to 1: share 0.25", &word, error)) return false;
    if (!st_number(word, &share) || share < 0.01 || share > 1)
        return st_fail(error, ST_ERR_VALUE, "share: '%.40s': wanted 0.01 to 1", word);
    bench->share = share;
    if (bench->studies) st_studies_set_share(bench->studies, share);
    snprintf(text, sizeof text, "what is asked for takes %g of a core while training goes on", share);
    bench_say(bench, UI_TEXT, text);
    return true;
}

/* An example made by hand: the view draw does it, for all views of the inside. */
static bool act_what_if(const CommandCall *call, StError *error) {
    Bench *bench = of(call);
    int at = bench_view_index("draw");
    if (!view_is_inside(views[bench->focus])) bench_look_at(bench, at);
    ViewContext context = bench_context(bench, at);
    if (!context.state) return st_fail_memory(error, "the view", views[at]->state_size);
    return views[at]->command(&context, call->words + 1, call->count - 1, error);
}

const Command workbench_commands[] = {
    {"view", "NAME|next|previous|back", "goes to a view", PLACE_WORKBENCH, .takes = TAKES_VIEW,
     .words = "next previous back", .act = act_view},
    {"open", "FILE", "opens a recipe, or weights (.safetensors)", PLACE_WORKBENCH, .takes = TAKES_FILE,
     .act = act_open},
    {"load", "FILE", "opens a recipe, or weights (.safetensors)", PLACE_WORKBENCH, .takes = TAKES_FILE,
     .act = act_open},
    {"save", "[FILE]", "writes the recipe (.strata) or the weights (.safetensors), by suffix",
     PLACE_WORKBENCH, .takes = TAKES_FILE, .act = act_save},
    {"new", "", "begins an empty recipe", PLACE_WORKBENCH, .act = act_new},
    {"step", "", "makes one step (one batch)", PLACE_WORKBENCH, .act = act_step},
    {"epoch", "", "trains to the end of the epoch", PLACE_WORKBENCH, .act = act_epoch},
    {"add", "", "opens the form for a new layer", PLACE_WORKBENCH, .act = act_add},
    {"slower", "", "fewer steps a second", PLACE_WORKBENCH, .act = act_slower},
    {"faster", "", "more steps a second", PLACE_WORKBENCH, .act = act_faster},
    {"train", "WORD …", "how the curves of the train view are shown", PLACE_WORKBENCH,
     .words = "x=step x=epoch x=second log_y log_x smooth=0.9 outliers follow freeze fit in out",
     .act = act_of_view},
    {"surface", "from|from start|log", "where the line of the view surface begins, and how it is drawn",
     PLACE_WORKBENCH, .words = "from start log", .act = act_of_view},
    {"geometry", "turn|left|right|up|down|front|flat|from [start]",
     "turns the cloud of points of the view geometry; from: the moment that layers are compared with",
     PLACE_WORKBENCH, .words = "turn left right up down front flat from start", .act = act_of_view},
    {"look", "[again] WHAT=… …", "chooses what the views of the inside look at: look layer=2 unit=5 row=12",
     PLACE_WORKBENCH, .words = "again", .options = gaze_options, .act = act_look},
    {"moment", "back|forward|first|last|STEP",
     "looks at another moment of the run: every view is then of that step", PLACE_WORKBENCH,
     .words = "back forward first last", .act = bench_act_moment},
    {"branch", "[STEP]", "a new run that goes on from a moment, with the recipe as it now is",
     PLACE_WORKBENCH, .act = bench_act_branch},
    {"rewind", "", "after a divergence: back to the last good moment, with a third of the learning rate",
     PLACE_WORKBENCH, .act = bench_act_rewind},
    {"history", "[SIZE]", "how much memory the moments of a run may take: history 64MB", PLACE_WORKBENCH,
     .act = bench_act_history},
    {"what_if", "COLUMN VALUE | ROW,COLUMN VALUE | clear|row|undo|pen",
     "changes a feature or a pixel of the example by hand; row goes back to the data's", PLACE_WORKBENCH,
     .takes = TAKES_COLUMN, .words = "clear row undo pen", .act = act_what_if},
    {"share", "NUMBER", "how much of a core a reading that is asked for takes while training goes on",
     PLACE_WORKBENCH, .act = act_share},
    {"help", "[TOPIC]", "the keys of this view; or explains a topic", PLACE_WORKBENCH, .takes = TAKES_TOPIC,
     .act = act_help},
    {"log", "", "what was said, and what was written to standard error", PLACE_WORKBENCH, .act = act_log},
    {"mouse", "[on|off]", "takes the mouse, or leaves it to the terminal", PLACE_WORKBENCH, .words = "on off",
     .act = act_mouse},
    {"glyphs", "[braille|block|ascii]", "how pictures are drawn", PLACE_WORKBENCH,
     .words = "braille block ascii", .act = act_glyphs},
    {"redraw", "", "draws the screen anew", PLACE_WORKBENCH, .act = act_redraw},
    {"suspend", "", "gives the terminal back to the shell until fg", PLACE_WORKBENCH, .act = act_suspend},
    {"press", "KEY …", "does what keys do: press a, press ctrl-r", PLACE_WORKBENCH, .act = act_press},
    {"quit", "", "leaves the workbench; asks where something is not saved", PLACE_WORKBENCH, .act = act_quit},
    {0}};

void bench_add_commands(Bench *bench) {
    session_add_commands(bench->session, workbench_commands, bench);
}
