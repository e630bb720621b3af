#include "command.h"
#include "fit.h"
#include "predict.h"
#include "program.h"
#include "session_range.h"
#include "show.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- helpers ---- */

static bool wants_words(const CommandCall *call, int least, int most, const char *usage, StError *error) {
    int given = call->count - 1;
    if (given >= least && given <= most) return true;
    const char *verb = call->words[0].text;
    if (given > most)
        return st_fail(error, ST_ERR_VALUE, "%s: '%.60s' is one word too many, wanted %s%s%s", verb,
                       call->words[most + 1].text, verb, *usage ? " " : "", usage);
    return st_fail(error, ST_ERR_VALUE, "%s: wanted %s %s", verb, verb, usage);
}

static bool read_seed(const char *verb, const char *text, uint64_t *seed, StError *error) {
    size_t length = strlen(text);
    bool digits = length > 0 && length <= 19 && strspn(text, "0123456789") == length;
    if (!digits)
        return st_fail(error, ST_ERR_VALUE,
                       "%s: '%.60s': wanted a whole number from 0 to 9999999999999999999", verb, text);
    *seed = strtoull(text, NULL, 10);
    return true;
}

/* The index that a new layer goes to: "3", or before a layer's name. */
static int find_place(const Recipe *draft, const char *word, StError *error) {
    char end[16];
    snprintf(end, sizeof end, "%d", draft->stack.count + 1);
    if (strcmp(word, end) == 0) return draft->stack.count;
    int at = st_stack_find(&draft->stack, word, error);
    if (at < 0 && error && word[strspn(word, "0123456789")] == '\0')
        st_fail(error, ST_ERR_VALUE, "place %.60s: wanted 1 to %d, or a layer's name", word,
                draft->stack.count + 1);
    return at;
}

static void said_layer(StText *said, const char *verb, int at, const StLayer *layer) {
    st_text_format(said, "%s %d ", verb, at + 1);
    st_layer_print(layer, said);
}

/* ---- the experiment ---- */

static bool edit_seed(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    if (!wants_words(call, 1, 1, "N", error) || !read_seed("seed", call->words[1].text, &draft->seed, error))
        return false;
    draft->seed_given = true;
    st_text_format(said, "seed %s", call->words[1].text);
    return true;
}

static bool edit_data(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    if (!st_data_parse(&draft->data, call->words + 1, call->count - 1, error)) return false;
    snprintf(draft->data_base, sizeof draft->data_base, "%s", call->source.file ? call->source.file : "");
    st_text_add(said, "data changed");
    return true;
}

static bool edit_features(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    st_text_add(said, "features changed");
    return st_features_parse(&draft->features, call->words + 1, call->count - 1, error);
}

static bool edit_split(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    st_text_add(said, "split changed");
    return st_split_parse(&draft->split, call->words + 1, call->count - 1, error);
}

static bool edit_prepare(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    st_text_add(said, "preparation changed");
    return st_prepare_parse(&draft->prepare, call->words + 1, call->count - 1, error);
}

static bool edit_input(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    StText joined = {0}; /* 28 28 is meant as 28x28 */
    bool extents = call->count > 2;
    for (int i = 1; i < call->count; i++) {
        const char *word = call->words[i].text;
        extents = extents && *word && word[strspn(word, "0123456789x")] == '\0';
        st_text_format(&joined, "%s%.20s", i > 1 ? "x" : "", word);
    }
    if (extents) st_fail(error, ST_ERR_VALUE, "input wants one shape: input %.60s", st_text_string(&joined));
    st_text_free(&joined);
    if (extents || !wants_words(call, 1, 1, "SHAPE", error)) return false;
    if (strcmp(call->words[1].text, "auto") == 0) {
        draft->stack.input = (StShape){0};
        st_text_add(said, "input as the data says");
        return true;
    }
    st_text_format(said, "input %s", call->words[1].text);
    return st_shape_parse(call->words[1].text, &draft->stack.input, error) || st_fail_at(error, "input");
}

/* A second line changes what it names, and says what that was. */
static void said_changes(StText *said, const char *verb) {
    if (!said->length) st_text_format(said, "%s: nothing changed", verb);
}

static bool edit_compile(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    StCompile before = draft->compile;
    if (!st_compile_parse(&draft->compile, call->words + 1, call->count - 1, error)) return false;
    st_compile_print_changes(&before, &draft->compile, said);
    said_changes(said, "compile");
    return true;
}

static bool edit_callbacks(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    StCallbacks before = draft->callbacks;
    if (!st_callbacks_parse(&draft->callbacks, call->words + 1, call->count - 1, error)) return false;
    st_callbacks_print_changes(&before, &draft->callbacks, said);
    said_changes(said, "callbacks");
    return true;
}

static bool edit_fit(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    StFit before = draft->fit;
    if (!st_fit_parse(&draft->fit, call->words + 1, call->count - 1, error)) return false;
    st_fit_print_changes(&before, &draft->fit, said);
    said_changes(said, "fit");
    return true;
}

static bool edit_pace(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    if (!wants_words(call, 1, 1, "full|STEPS|epochs=N", error)) return false;
    const StWord *word = &call->words[1];
    Pace pace = {0};
    bool named = word->name && (strcmp(word->name, "epochs") == 0 || strcmp(word->name, "steps") == 0);
    if (word->name && !named)
        return st_fail(error, ST_ERR_NAME, "pace: unknown option '%.60s'; known: steps, epochs", word->name);
    if (strcmp(word->text, "full") != 0) {
        if (!st_number(word->value, &pace.per_second) || pace.per_second <= 0 || pace.per_second > 1e9)
            return st_fail(error, ST_ERR_VALUE,
                           "pace: '%.60s': wanted full, or a number above 0 and at most 1e9", word->text);
        pace.epochs = named && *word->name == 'e';
    }
    draft->pace = pace;
    st_text_format(said, "pace %s", word->text);
    return true;
}

/* ---- the stack ---- */

static bool add_layer(Recipe *draft, int at, const StWord *words, int count, StText *said, StError *error) {
    StLayer layer;
    if (!st_layer_parse(&layer, words, count, error) || !st_stack_insert(&draft->stack, at, &layer, error))
        return false;
    said_layer(said, "added", at, &layer);
    return true;
}

static bool edit_append(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    return add_layer(draft, draft->stack.count, call->words, call->count, said, error);
}

static bool edit_insert(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    if (!wants_words(call, 2, ST_WORDS_MAX, "N KIND …", error)) return false;
    int at = find_place(draft, call->words[1].text, error);
    return (at >= 0 && add_layer(draft, at, call->words + 2, call->count - 2, said, error)) ||
           st_fail_at(error, "insert");
}

static bool edit_set(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    if (!wants_words(call, 2, ST_WORDS_MAX, "N|NAME key=value…", error)) return false;
    int at = st_stack_find(&draft->stack, call->words[1].text, error);
    if (at < 0 || !st_stack_set(&draft->stack, at, call->words + 2, call->count - 2, error))
        return st_fail_at(error, "set");
    said_layer(said, "changed", at, &draft->stack.layers[at]);
    return true;
}

static bool edit_remove(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    if (!wants_words(call, 1, 1, "N|NAME", error)) return false;
    int at = st_stack_find(&draft->stack, call->words[1].text, error);
    if (at < 0) return st_fail_at(error, "remove");
    said_layer(said, "removed", at, &draft->stack.layers[at]);
    return st_stack_remove(&draft->stack, at, error);
}

static bool edit_move(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    if (!wants_words(call, 2, 2, "N M", error)) return false;
    int from = st_stack_find(&draft->stack, call->words[1].text, error);
    int to = from < 0 ? -1 : st_stack_find(&draft->stack, call->words[2].text, error);
    if (to < 0) return st_fail_at(error, "move");
    said_layer(said, "moved", from, &draft->stack.layers[from]);
    st_text_format(said, " to %d", to + 1);
    return st_stack_move(&draft->stack, from, to, error);
}

static bool edit_copy(const CommandCall *call, Recipe *draft, StText *said, StError *error) {
    if (!wants_words(call, 1, 1, "N|NAME", error)) return false;
    int at = st_stack_find(&draft->stack, call->words[1].text, error);
    if (at < 0) return st_fail_at(error, "copy");
    StLayer twin = draft->stack.layers[at];
    *twin.name = '\0';
    said_layer(said, "copied to", at + 1, &twin);
    return st_stack_insert(&draft->stack, at + 1, &twin, error) || st_fail_at(error, "copy");
}

static bool act_undo(const CommandCall *call, StError *error) {
    return wants_words(call, 0, 0, "", error) && session_undo(call->session, error);
}

static bool act_redo(const CommandCall *call, StError *error) {
    return wants_words(call, 0, 0, "", error) && session_redo(call->session, error);
}

/* ---- files ---- */

/* The first word as a path, relative to the file that the line stands in. */
static bool read_path(const CommandCall *call, char path[RECIPE_PATH_MAX], StError *error) {
    return st_path_join(call->source.file, call->words[1].text, path, RECIPE_PATH_MAX, error) ||
           st_fail_at(error, "%s", call->words[0].text);
}

static bool act_save(const CommandCall *call, StError *error) {
    char path[RECIPE_PATH_MAX] = "";
    return wants_words(call, 0, 1, "FILE", error) && (call->count == 1 || read_path(call, path, error)) &&
           session_save(call->session, path, error);
}

static bool act_load(const CommandCall *call, StError *error) {
    char path[RECIPE_PATH_MAX];
    return wants_words(call, 1, 1, "FILE", error) && read_path(call, path, error) &&
           session_load(call->session, path, error);
}

static bool act_help(const CommandCall *call, StError *error) {
    if (!wants_words(call, 0, 1, "[TOPIC]", error)) return false;
    StText text = {0};
    bool done = help_print(call->count > 1 ? call->words[1].text : NULL, &text, error);
    if (done) session_print(call->session, st_text_string(&text));
    st_text_free(&text);
    return done;
}

/* ---- the run ---- */

static bool act_play(const CommandCall *call, StError *error) {
    if (!wants_words(call, 0, 1, "[keep]", error)) return false;
    bool keep = call->count > 1;
    if (keep && strcmp(call->words[1].text, "keep") != 0)
        return st_fail(error, ST_ERR_VALUE, "play: '%.60s': wanted nothing or keep", call->words[1].text);
    return session_play(call->session, keep, error);
}

static bool act_pause(const CommandCall *call, StError *error) {
    return wants_words(call, 0, 0, "", error) && session_pause(call->session, error);
}

static bool act_step(const CommandCall *call, StError *error) {
    return wants_words(call, 0, 0, "", error) && session_one_step(call->session, error);
}

static bool act_epoch(const CommandCall *call, StError *error) {
    return wants_words(call, 0, 0, "", error) && session_one_epoch(call->session, error);
}

static bool act_stop(const CommandCall *call, StError *error) {
    return wants_words(call, 0, 0, "", error) && session_stop(call->session, error);
}

static bool act_reset(const CommandCall *call, StError *error) {
    if (!wants_words(call, 0, 1, "[new]", error)) return false;
    bool fresh = call->count > 1;
    if (fresh && strcmp(call->words[1].text, "new") != 0)
        return st_fail(error, ST_ERR_VALUE, "reset: '%.60s': wanted nothing (the same seed) or new",
                       call->words[1].text);
    return session_reset(call->session, fresh, error);
}

static bool act_rate(const CommandCall *call, StError *error) {
    if (!wants_words(call, 1, 1, "VALUE|up|down", error)) return false;
    const char *word = call->words[1].text;
    bool up = strcmp(word, "up") == 0, down = strcmp(word, "down") == 0;
    double old = session_base_rate(call->session), rate;
    if (!session_recipe(call->session)->compile.given)
        return st_fail(error, ST_ERR_STATE, "rate: there is no compile line with an optimizer yet");
    if (up || down)
        rate = up ? old * 2 : old / 2; /* so that one takes the other back, from any rate */
    else if (!st_number(word, &rate))
        return st_fail(error, ST_ERR_VALUE, "rate: '%.60s': wanted a number, up or down", word);
    if (!session_set_rate(call->session, rate, error)) return false;
    session_say(call->session, "rate %g → %g", old, rate);
    return true;
}

static bool act_weight(const CommandCall *call, StError *error) {
    double value;
    if (!wants_words(call, 3, 3, "LAYER/WEIGHT INDEX VALUE", error)) return false;
    if (!st_number(call->words[3].text, &value))
        return st_fail(error, ST_ERR_VALUE, "weight: '%.60s': wanted a finite number", call->words[3].text);
    return session_set_weight(call->session, call->words[1].text, call->words[2].text, value, call->line,
                              error) ||
           st_fail_at(error, "weight");
}

static bool act_new(const CommandCall *call, StError *error) {
    if (!wants_words(call, 0, 0, "", error)) return false;
    session_new(call->session);
    session_say(call->session, "a new, empty recipe");
    return true;
}

/* The rest of the line, whose failure is a result like another. */
static bool act_try(const CommandCall *call, StError *error) {
    StError why = {0};
    const char *rest = strstr(call->line, call->words[0].text) + strlen(call->words[0].text);
    if (call->count < 2)
        return st_fail(error, ST_ERR_VALUE, "try: wanted a line that may fail: try fit epochs=3");
    if (session_run_line(call->session, rest, call->source, &why)) return true;
    StText text = {0};
    st_text_format(&text, "%s\n", why.message);
    session_print(call->session, st_text_string(&text));
    st_text_free(&text);
    return true;
}

/* ---- the table ---- */

enum {
    EVERYWHERE = PLACE_ALL,
    DOING = PLACE_SCRIPT | PLACE_SHELL | PLACE_WORKBENCH,
    BENCH = PLACE_WORKBENCH
};

static const StOption no_options[] = {{0}};

const Command commands[] = {
    {"seed", "N", "seeds everything: data, initial weights, shuffling, dropout; 1 where none is given",
     EVERYWHERE, .edit = edit_seed},
    {"data", "KIND …", "where rows come from: csv, idx, npy or synthetic, with its options", EVERYWHERE,
     .takes = TAKES_SOURCE, .edit = edit_data},
    {"features", "x1 x2 …", "which derived inputs a set of two columns is shown as", EVERYWHERE,
     .words = "x1 x2 x1^2 x2^2 x1*x2 sin(x1) sin(x2)", .edit = edit_features},
    {"split", "train=0.8 validation=0.1 test=0.1", "the shares of the rows; without it every row trains",
     EVERYWHERE, .options = st_split_options, .edit = edit_split},
    {"prepare", "standardize|minmax|scale=N|none",
     "what is done to numbers, fitted on the training part only", EVERYWHERE, .options = st_prepare_options,
     .edit = edit_prepare},
    {"input", "SHAPE", "the shape of one row (784, 28x28x1), or auto: as the data says", EVERYWHERE,
     .words = "auto", .edit = edit_input},
    {"insert", "N KIND …", "puts a layer before layer N", EVERYWHERE, .takes = TAKES_LAYER | TAKES_KIND,
     .edit = edit_insert},
    {"set", "N|NAME key=value…", "changes options of a layer", EVERYWHERE, .takes = TAKES_LAYER,
     .edit = edit_set},
    {"remove", "N|NAME", "takes a layer away", EVERYWHERE, .takes = TAKES_LAYER, .edit = edit_remove},
    {"move", "N M", "puts layer N at place M", EVERYWHERE, .takes = TAKES_LAYER, .edit = edit_move},
    {"copy", "N|NAME", "puts a copy of a layer behind it", EVERYWHERE, .takes = TAKES_LAYER,
     .edit = edit_copy},
    {"undo", "", "takes the last edit back", DOING, .act = act_undo},
    {"redo", "", "makes the edit again that was undone", DOING, .act = act_redo},
    {"compile", "optimizer=… loss=… metrics=… schedule=…",
     "the optimizer, the loss, the metrics and the schedule, with every option of the chosen ones (help "
     "adam, "
     "help cosine_decay); what is not named stays",
     EVERYWHERE, .words = "optimizer= loss= metrics= schedule=", .edit = edit_compile},
    {"callbacks", "early_stopping=… stop_when=… | none", "what may end training early; none takes all away",
     EVERYWHERE, .words = "none", .options = st_callbacks_options, .edit = edit_callbacks},
    {"fit", "epochs=N batch_size=32", "how long to train and in what batches; in a script it trains",
     EVERYWHERE, .options = st_fit_options, .edit = edit_fit, .act = fit_act},
    {"pace", "full|STEPS|epochs=N",
     "so many steps or epochs a second: slows the workbench, never the numbers", EVERYWHERE,
     .words = "full epochs=", .edit = edit_pace},
    {"evaluate", "[train|validation|test]", "loss and metrics of a part with the weights of now", DOING,
     .takes = TAKES_PART, .act = evaluate_act},
    {"predict", "INPUT [OUTPUT] layer=NAME", "the network's output for the rows of an .npy or .csv file",
     DOING, .takes = TAKES_FILE, .options = predict_options, .act = predict_act},
    {"save", "[FILE]", "writes the recipe (.strata) or the weights (.safetensors), by suffix", DOING,
     .takes = TAKES_FILE, .act = act_save},
    {"load", "FILE", "reads a recipe (.strata) or weights (.safetensors), by suffix", DOING,
     .takes = TAKES_FILE, .act = act_load},
    {"try", "COMMAND …", "runs a line that may fail: says why, and the script goes on",
     PLACE_SCRIPT | PLACE_SHELL, .act = act_try},
    {"show", "VIEW", "prints a view as text", PLACE_SCRIPT | PLACE_SHELL, .takes = TAKES_VIEW,
     .options = show_options, .act = show_act},
    {"help", "[TOPIC]", "explains a command, layer kind, option, loss, optimizer, metric, source or view",
     DOING, .takes = TAKES_TOPIC, .act = act_help},
    {"rate", "VALUE|up|down", "the learning rate, at once and in the recipe; a schedule goes on from it",
     DOING, .words = "up down", .act = act_rate},
    {"weight", "LAYER/WEIGHT INDEX VALUE",
     "one weight of the network by hand, at once: weight dense/kernel 3,5 0.7 (indices from 0); undo takes "
     "it "
     "back",
     DOING, .takes = TAKES_WEIGHT, .act = act_weight},
    {"range_test", "low=1e-6 high=1 steps=100",
     "trains a copy of the network at growing learning rates and shows where the loss falls fastest", DOING,
     .options = range_options, .act = range_act},
    {"new", "", "begins an empty recipe", DOING, .act = act_new},
    {"play", "[keep]", "starts training, or goes on; keep: with the weights of unchanged layers", BENCH,
     .words = "keep", .act = act_play},
    {"pause", "", "waits after the present batch", BENCH, .act = act_pause},
    {"step", "", "makes one step (one batch)", BENCH, .act = act_step},
    {"epoch", "", "trains to the end of the epoch", BENCH, .act = act_epoch},
    {"reset", "[new]", "draws new weights from the seed, or from a new one", BENCH, .words = "new",
     .act = act_reset},
    {"stop", "", "ends the run; its weights stay", BENCH, .act = act_stop},
    {0}};

/* The row of every layer kind: a kind's name appends one. */
static const Command append = {"KIND",
                               "…",
                               "appends a layer",
                               EVERYWHERE,
                               .takes = TAKES_KIND,
                               .options = no_options,
                               .edit = edit_append};

const Command *command_find(const Session *session, const char *name, void **context) {
    void *of_added = NULL;
    const Command *added = session ? session_commands(session, &of_added) : NULL;
    if (context) *context = NULL;
    for (const Command *row = added; row && row->name; row++)
        if (strcmp(row->name, name) == 0) {
            if (context) *context = of_added;
            return row;
        }
    for (const Command *row = commands; row->name; row++)
        if (strcmp(row->name, name) == 0) return row;
    return st_layer_kind_find(name) ? &append : NULL;
}

/* Every word that may begin a line: added rows, the table, layer kinds. */
const char *command_name_at(const void *session, int index) {
    const Command *added = session ? session_commands(session, NULL) : NULL;
    for (; added && added->name; added++)
        if (index-- == 0) return added->name;
    for (const Command *row = commands; row->name; row++)
        if (index-- == 0) return row->name;
    return st_layer_kind_name_at(NULL, index);
}

/* What is a call of the program, and no command: what does it here, where something does. */
static bool fail_call(const char *name, StError *error) {
    static const struct { const char *call, *here; } hints[] = {{"summary", "show stack"}, {"train", "fit"}};
    for (int i = 0; program_call_at(NULL, i); i++) {
        if (strcmp(program_call_at(NULL, i), name) != 0) continue;
        for (size_t h = 0; h < sizeof hints / sizeof *hints; h++)
            if (strcmp(hints[h].call, name) == 0)
                return st_fail(error, ST_ERR_NAME, "'%s' is no command; '%s' does it here", name,
                               hints[h].here);
        return st_fail(error, ST_ERR_NAME, "'%s' is no command but a call of the program: strata %s", name,
                       name);
    }
    return true;
}

bool command_unknown(const Session *session, const char *name, StError *error) {
    if (!fail_call(name, error)) return false;
    const char *near = st_nearest(name, command_name_at, session);
    if (near)
        return st_fail(error, ST_ERR_NAME, "unknown command or layer kind '%.60s'; did you mean '%s'?", name,
                       near);
    return st_fail(error, ST_ERR_NAME, "unknown command or layer kind '%.60s'; help lists them", name);
}
