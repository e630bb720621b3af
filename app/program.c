/* The table of calls and options, and the words of the command line. What the calls do: calls.c. */
#include "program.h"
#include "calls.h"
#include "command.h"
#include "session_range.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const StChoice log_choices[] = {
    {"epoch", "a row an epoch", {{0}}}, {"step", "a row a step", {{0}}}, {0}};

#define ROW(field, type, standard, ...) ST_OPTION(ProgramArguments, field, type, standard, __VA_ARGS__)
const StOption program_options[] = {
    ROW(epochs, ST_INT, "", .low = 1, .high = 2147483647, .help = "so many epochs, whatever the recipe says"),
    ROW(seed, ST_TEXT, "", .help = "another seed than the recipe's"),
    ROW(threads, ST_INT, "", .low = 1, .high = ST_THREADS_MAX,
        .help = "threads that train, else one a processor, at most 4; never changes a bit of the result"),
    ROW(init, ST_TEXT, "", .help = "weights to begin with (.safetensors)"),
    ROW(save, ST_TEXT, "", .help = "writes the weights there (.safetensors)"),
    ROW(log, ST_TEXT, "", .help = "writes every epoch's or step's figures there, as CSV"),
    ROW(log_every, ST_CHOICE, "epoch", .choices = log_choices, .help = "what a row of the log is"),
    ROW(no_shuffle, ST_SWITCH, "no", .help = "takes rows in the order of the file"),
    ROW(json, ST_SWITCH, "no", .help = "ends standard output with one line of JSON"),
    ROW(quiet, ST_SWITCH, "no", .help = "prints no progress"),
    ROW(play, ST_SWITCH, "no", .help = "starts training at once"),
    ROW(weights, ST_TEXT, "", .help = "the weights (.safetensors)"),
    ROW(input, ST_TEXT, "", .help = "the rows: .npy as they are, .csv through the preparation"),
    ROW(target, ST_TEXT, "", .help = "the targets (.npy)"),
    ROW(output, ST_TEXT, "", .help = "where the result is written"),
    ROW(training, ST_SWITCH, "no", .help = "behaves as in training: dropout on; the file is one batch"),
    ROW(layer, ST_TEXT, "", .help = "the layer that is looked at, by name or number"),
    ROW(part, ST_TEXT, "", .help = "train, validation or test"),
    ROW(method, ST_TEXT, "", .help = "how a view works its reading out"),
    ROW(size, ST_TEXT, "",
        .help = "columns x rows of text, from 1x1 up; without it as many rows as there is to show"),
    ROW(unit, ST_INT, "-1", .low = -1, .high = 1e9, .help = "the unit, counted from 0"),
    ROW(row, ST_INT, "-1", .low = -1, .high = 2e9, .help = "the row of the data, counted from 0"),
    {.name = "class",
     .type = ST_TEXT,
     .offset = offsetof(ProgramArguments, klass),
     .size = sizeof(((ProgramArguments *)0)->klass),
     .fallback = "",
     .help = "the class that is looked at: its name, or its number from 0"},
    ROW(column, ST_TEXT, "", .help = "the feature that is looked at: its name, or its number from 0"),
    ROW(count, ST_INT, "0", .low = 0, .high = 1e9,
        .help = "rows, steps or samples that a reading is made of; 0 is the method's own number"),
    ROW(value, ST_NUMBER, "none", .optional = true, .help = "what a method is given beside it: a threshold"),
    ROW(rounds, ST_INT, "5", .low = 1, .high = 99, .help = "so many measurements, whose median counts"),
    RANGE_OPTIONS(ProgramArguments),
    ROW(profile, ST_SWITCH, "no",
        .help = "prints where a step's time goes: products, elementwise work, optimizer, waiting, data"),
    ROW(man, ST_SWITCH, "no", .help = "prints the man page"),
    ROW(completion, ST_SWITCH, "no", .help = "prints the completion of bash"),
    {0}};

/* --set is no row above: it may be repeated. */
#define TRAINING "set epochs seed threads init save log log_every no_shuffle json quiet"
const ProgramCall program_calls[] = {
    {"train", "FILE", "trains as the recipe says, a line an epoch", 1, 1, TRAINING, call_train},
    {"summary", "FILE",
     "layers, output shapes, parameters, FLOPs and bytes; needs no data where there is an input", 1, 1,
     "set json", call_summary},
    {"evaluate", "FILE --weights W", "loss and metrics of a part", 1, 1, "weights part set seed threads json",
     call_evaluate},
    {"predict", "FILE --weights W --input X --output Y.npy", "the network's output for rows of a file", 1, 1,
     "weights input output layer training set seed threads", call_predict},
    {"gradients", "FILE --weights W --input X.npy --target Y.npy --output G.safetensors",
     "the gradient of the loss for one batch, by every weight and the input", 1, 1,
     "weights input target output training set seed threads", call_gradients},
    {"check", "FILE", "compares every gradient with central differences in double precision", 1, 1,
     "set seed json", call_check},
    {"show", "VIEW FILE", "prints any view of the workbench as text", 2, 2,
     "weights size layer unit row part class column count value method set seed threads json", call_show},
    {"range_test", "FILE",
     "tries growing learning rates on a copy of the network: where the loss falls fastest", 1, 1,
     "low high steps set seed threads init json", call_range_test},
    {"data", "FILE", "what the data holds: rows, columns, ranges, missing, classes, warnings", 1, 1,
     "set seed json", call_data},
    {"run", "FILE|-", "runs a script of commands, fit included", 1, 1, "threads quiet", call_run},
    {"shell", "[FILE]", "the same language at a prompt", 0, 1, "threads quiet", call_shell},
    {"bench", "[WORKLOAD|FILE]",
     "the engine against the bare products of the same network and against PyTorch", 0, 1,
     "rounds profile threads json", call_bench},
    {"help", "[TOPIC]", "explains every command, layer kind, option and loss, from their tables", 0, 1,
     "man completion", call_help},
    {0}};

/* The workbench is what is left where no call is named. */
static const ProgramCall workbench = {"workbench", "[FILE]",         "opens the workbench", 0,
                                      1,           "play " TRAINING, call_workbench};

bool program_call_has(const ProgramCall *call, const char *option) {
    size_t length = strlen(option);
    for (const char *at = call->options; (at = strstr(at, option)); at++)
        if ((at == call->options || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return true;
    return false;
}

const char *program_call_at(const void *unused, int index) {
    (void)unused;
    return program_calls[index].name;
}

/* ---- the words of the command line ---- */

static const char *call_option_at(const void *call, int index) {
    for (const StOption *row = program_options; row->name; row++)
        if (program_call_has(call, row->name) && index-- == 0) return row->name;
    return index == 0 && program_call_has(call, "set") ? "set" : NULL;
}

/* --log-every as log_every, up to an '='. */
static bool option_name(const char *word, char name[40]) {
    size_t length = strcspn(word + 2, "=");
    if (length == 0 || length >= 40) return false;
    for (size_t i = 0; i < length; i++)
        name[i] = word[2 + i] == '-' ? '_' : word[2 + i];
    name[length] = '\0';
    return true;
}

static bool fail_unlisted(const ProgramCall *call, const char *word, StError *error) {
    if (call == &workbench)
        return st_fail(error, ST_ERR_NAME, "unknown option %.60s; strata --help lists calls and options",
                       word);
    return st_fail(error, ST_ERR_NAME, "%s: unknown option %.60s; strata %s --help lists them", call->name,
                   word, call->name);
}

static bool fail_option(const ProgramCall *call, const char *word, const char *name, StError *error) {
    const char *near = st_nearest(name, call_option_at, call);
    if (!near) return fail_unlisted(call, word, error);
    char dashed[40];
    snprintf(dashed, sizeof dashed, "%s", near);
    for (char *s = dashed; *s; s++)
        if (*s == '_') *s = '-';
    return st_fail(error, ST_ERR_NAME, "%s: unknown option %.60s; did you mean --%s?", call->name, word,
                   dashed);
}

static bool set_option(const ProgramCall *call, ProgramArguments *to, const char *word, const char *name,
                       const char *value, StError *error) {
    bool digits = *value && strlen(value) <= 19 && strspn(value, "0123456789") == strlen(value);
    if (strcmp(name, "seed") == 0 && !digits)
        return st_fail(error, ST_ERR_VALUE, "%s: --seed: '%.60s': wanted a whole number of at most 19 digits",
                       call->name, value);
    if (strcmp(name, "set") != 0)
        return st_option_set(st_option_find(program_options, name), to, value, error) ||
               st_fail_at(error, "%s: %.*s", call->name, (int)strcspn(word, "="), word);
    if (to->sets == PROGRAM_SETS)
        return st_fail(error, ST_ERR_VALUE, "%s: more than %d times --set", call->name, PROGRAM_SETS);
    to->set[to->sets++] = value;
    return true;
}

/* words[*at] is an option; takes its value too. */
static bool take_option(const ProgramCall *call, ProgramArguments *to, int count, char **words, int *at,
                        StError *error) {
    const char *word = words[*at], *equals = strchr(word, '='), *value = equals ? equals + 1 : NULL;
    char name[40];
    const StOption *row = option_name(word, name) ? st_option_find(program_options, name) : NULL;
    bool set = strcmp(word, "--set") == 0 || strncmp(word, "--set=", 6) == 0;
    if (!(row || set) || !program_call_has(call, name)) return fail_option(call, word, name, error);
    if (row && row->type == ST_SWITCH) {
        if (value) return st_fail(error, ST_ERR_VALUE, "%s: --%s takes no value", call->name, word + 2);
        value = "yes";
    } else if (!value) {
        if (*at + 1 >= count)
            return st_fail(error, ST_ERR_VALUE, "%s: %s: a value is missing", call->name, word);
        value = words[++*at];
    }
    return set_option(call, to, word, name, value, error);
}

/* Options of the screen, where it opens: 1 taken, 0 another option, -1 wrong. */
static int take_screen(const ProgramCall *call, ProgramArguments *to, const char *word, StError *error) {
    char message[256];
    if (call != &workbench) return 0;
    int taken = ui_screen_option(&to->screen, word, message, sizeof message);
    if (taken < 0) st_fail(error, ST_ERR_VALUE, "%s", message);
    return taken;
}

static bool take_words(const ProgramCall *call, ProgramArguments *to, int count, char **words,
                       StError *error) {
    bool only_words = false;
    for (int i = 0; i < count; i++) {
        if (!only_words && strcmp(words[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && strncmp(words[i], "--", 2) == 0) {
            int screen = take_screen(call, to, words[i], error);
            if (screen < 0 || (screen == 0 && !take_option(call, to, count, words, &i, error))) return false;
        } else if (!only_words && *words[i] == '-' && words[i][1]) {
            return fail_unlisted(call, words[i], error);
        } else if (to->files == call->most) {
            return st_fail(error, ST_ERR_VALUE, "%s: '%.60s' is one word too many", call->name, words[i]);
        } else {
            to->file[to->files++] = words[i];
        }
    }
    if (to->files < call->least)
        return st_fail(error, ST_ERR_VALUE, "%s: wanted strata %s %s", call->name, call->name, call->usage);
    return true;
}

static int misused(const StError *error) {
    fprintf(stderr, "strata: %s\n", error->message);
    return 2;
}

static const ProgramCall *find_call(const char *word) {
    for (const ProgramCall *call = program_calls; call->name; call++)
        if (strcmp(call->name, word) == 0) return call;
    return NULL;
}

static bool looks_like_file(const char *word) {
    return strchr(word, '.') || strchr(word, '/') || access(word, F_OK) == 0;
}

static int run_call(const ProgramCall *call, int count, char **words) {
    StError error = {0};
    ProgramArguments arguments = {0};
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
            return call_usage(call == &workbench ? NULL : call->name);
    st_options_default(program_options, &arguments);
    arguments.call = call->name;
    if (!take_words(call, &arguments, count, words, &error)) return misused(&error);
    return call->run(&arguments);
}

static int run_words(int count, char **words) {
    StError error;
    if (count > 1 && strcmp(words[1], "--version") == 0) {
        puts("strata " STRATA_VERSION);
        return 0;
    }
    const ProgramCall *call = count > 1 ? find_call(words[1]) : NULL;
    if (call) return run_call(call, count - 2, words + 2);
    if (count > 1 && *words[1] != '-' && !looks_like_file(words[1])) {
        st_fail_unknown(&error, "call", words[1], program_call_at, NULL);
        return misused(&error);
    }
    return run_call(&workbench, count - 1, words + 1);
}

int program_run(int count, char **words) {
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    int status = run_words(count, words);
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    fprintf(stderr, "strata: standard output: %s\n", strerror(errno));
    return 1;
}
