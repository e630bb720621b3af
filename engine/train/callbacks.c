#include "train/callbacks.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const StOption st_callbacks_options[] = {
    ST_OPTION(StCallbacks, early_stopping, ST_TEXT, "",
              .help = "stop when this figure (val_loss, loss, val_accuracy, …) has stopped getting better"),
    ST_OPTION(StCallbacks, patience, ST_INT, "0", .low = 0, .high = INT_MAX,
              .help = "epochs without an improvement that early_stopping waits for"),
    ST_OPTION(StCallbacks, min_delta, ST_NUMBER, "0", .low = 0, .high = INFINITY,
              .help = "the least change that early_stopping counts as an improvement"),
    ST_OPTION(StCallbacks, baseline, ST_NUMBER, "none", .optional = true,
              .help = "waiting begins anew only for an improvement that is better than this too"),
    ST_OPTION(StCallbacks, start_from_epoch, ST_INT, "0", .low = 0, .high = INT_MAX,
              .help = "epochs that early_stopping lets go by before it looks"),
    ST_OPTION(StCallbacks, restore_best, ST_SWITCH, "no",
              .help = "end with the weights of the best epoch instead of the last one's"),
    ST_OPTION(StCallbacks, reduce_on_plateau, ST_TEXT, "",
              .help = "lower the learning rate when this figure has stopped getting better"),
    ST_OPTION(StCallbacks, factor, ST_NUMBER, "0.1", .low = 0, .high = 1, .open_high = true,
              .help = "what reduce_on_plateau multiplies the learning rate by"),
    ST_OPTION(StCallbacks, plateau_patience, ST_INT, "10", .low = 0, .high = INT_MAX,
              .help = "epochs without an improvement that reduce_on_plateau waits for; patience= where there "
                      "is no early_stopping"),
    ST_OPTION(StCallbacks, plateau_min_delta, ST_NUMBER, "0.0001", .low = 0, .high = INFINITY,
              .help = "the least change that reduce_on_plateau counts as an improvement; min_delta= where "
                      "there is no early_stopping"),
    ST_OPTION(StCallbacks, cooldown, ST_INT, "0", .low = 0, .high = INT_MAX,
              .help = "epochs that reduce_on_plateau does not look at after it lowered the rate"),
    ST_OPTION(StCallbacks, min_lr, ST_NUMBER, "0", .low = 0, .high = INFINITY,
              .help = "reduce_on_plateau goes no lower than this"),
    ST_OPTION(StCallbacks, stop_when, ST_TEXT, "",
              .help = "stop at the end of the first epoch where this holds, as in val_accuracy>0.97"),
    ST_OPTION(StCallbacks, checkpoint, ST_TEXT, "",
              .help = "write the weights to a file: best (whenever an epoch is the best so far) or every:N "
                      "epochs"),
    ST_OPTION(StCallbacks, checkpoint_monitor, ST_TEXT, "",
              .help = "the figure that best is about; val_loss where there is a validation part, else loss"),
    ST_OPTION(StCallbacks, checkpoint_file, ST_TEXT, "",
              .help = "the checkpoint's file, {epoch} in it stands for the epoch; RECIPE-best.safetensors or "
                      "RECIPE-{epoch}.safetensors where none is named"),
    ST_OPTION(StCallbacks, csv_log, ST_TEXT, "",
              .help = "write a line of figures an epoch to this file, as train --log does"),
    {.name = NULL},
};

/* A name, and behind a colon what a metric's options may hold. */
static bool is_figure(const char *name) {
    char word[sizeof((StCondition *)0)->name];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(name, ":"), name);
    return st_is_name(word) && !strpbrk(name, " ,");
}

bool st_condition_parse(const char *text, StCondition *condition, StError *error) {
    StCondition trial = {0};
    size_t length = strcspn(text, "<>"); /* a metric's name may hold : and = */
    const char *op = text + length;
    bool equal = op[0] && op[1] == '=';
    bool sound = length > 0 && length < sizeof trial.name && (*op == '<' || *op == '>');
    if (sound) {
        memcpy(trial.name, text, length);
        memcpy(trial.op, op, equal ? 2 : 1);
        sound = is_figure(trial.name) && st_number(op + (equal ? 2 : 1), &trial.value);
    }
    if (!sound)
        return st_fail(error, ST_ERR_VALUE,
                       "stop_when=%.64s: wanted a figure, one of > < >= <= and a number, as in "
                       "val_accuracy>0.97",
                       text);
    *condition = trial;
    return true;
}

bool st_condition_holds(const StCondition *condition, double value) {
    bool equal = condition->op[1] == '=' && value == condition->value;
    return equal || (condition->op[0] == '<' ? value < condition->value : value > condition->value);
}

int st_callbacks_checkpoint_every(const StCallbacks *callbacks) {
    double every = 0;
    if (strcmp(callbacks->checkpoint, "best") == 0) return -1;
    bool sound =
        strncmp(callbacks->checkpoint, "every:", 6) == 0 && st_number(callbacks->checkpoint + 6, &every);
    return sound && every >= 1 && every <= INT_MAX && every == floor(every) ? (int)every : 0;
}

void st_callbacks_default(StCallbacks *callbacks) {
    st_options_default(st_callbacks_options, callbacks);
}

static bool names(const StWord *words, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (words[i].name && strcmp(words[i].name, name) == 0) return true;
    return false;
}

/* What goes when its callback goes, and the words do not say otherwise. */
static void forget(StCallbacks *callbacks, const StWord *words, int count) {
    static const struct {
        const char *callback, *own[7];
    } families[] = {
        {"early_stopping", {"patience", "min_delta", "baseline", "start_from_epoch", "restore_best"}},
        {"reduce_on_plateau", {"factor", "plateau_patience", "plateau_min_delta", "cooldown", "min_lr"}},
        {"checkpoint", {"checkpoint_monitor", "checkpoint_file"}}};
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        const char *name = families[f].callback;
        const char *value = (const char *)callbacks + st_option_find(st_callbacks_options, name)->offset;
        if (*value || !names(words, count, name)) continue;
        for (int k = 0; families[f].own[k]; k++) {
            const StOption *row = st_option_find(st_callbacks_options, families[f].own[k]);
            if (!names(words, count, row->name)) st_option_set(row, callbacks, row->fallback, NULL);
        }
    }
}

/* patience= and min_delta=, Keras' names of both, are the plateau's where nothing else could be meant. */
static void rename_for_plateau(const StCallbacks *callbacks, const StWord *words, int count,
                               StWord *renamed) {
    bool early = names(words, count, "early_stopping") || *callbacks->early_stopping;
    bool plateau = names(words, count, "reduce_on_plateau") || *callbacks->reduce_on_plateau;
    for (int i = 0; i < count; i++) {
        renamed[i] = words[i];
        if (!plateau || early || !words[i].name) continue;
        if (strcmp(words[i].name, "patience") == 0) renamed[i].name = "plateau_patience";
        if (strcmp(words[i].name, "min_delta") == 0) renamed[i].name = "plateau_min_delta";
    }
}

static bool sound(const StCallbacks *callbacks, StError *error) {
    StCondition condition;
    if (*callbacks->stop_when && !st_condition_parse(callbacks->stop_when, &condition, error)) return false;
    if (*callbacks->checkpoint && !st_callbacks_checkpoint_every(callbacks))
        return st_fail(error, ST_ERR_VALUE,
                       "checkpoint=%.32s: wanted best or every:N (every:5: each 5 epochs)",
                       callbacks->checkpoint);
    const char *file = callbacks->checkpoint_file;
    if (*file && !st_path_ends(file, ".safetensors"))
        return st_fail(error, ST_ERR_VALUE, "checkpoint_file=%.60s: wanted a name that ends in .safetensors",
                       file);
    return true;
}

bool st_callbacks_parse(StCallbacks *callbacks, const StWord *words, int count, StError *error) {
    StCallbacks trial = *callbacks;
    if (count == 1 && !words[0].name && strcmp(words[0].text, "none") == 0) {
        st_callbacks_default(callbacks);
        return true;
    }
    StWord renamed[ST_WORDS_MAX];
    rename_for_plateau(callbacks, words, count, renamed);
    if (!st_options_change(st_callbacks_options, "callbacks", &trial, sizeof trial, renamed, count, error))
        return false;
    forget(&trial, renamed, count);
    if (!sound(&trial, error)) return st_fail_at(error, "callbacks");
    *callbacks = trial;
    return true;
}

void st_callbacks_print_changes(const StCallbacks *before, const StCallbacks *after, StText *out) {
    st_options_print_changes(st_callbacks_options, before, after, out);
}

void st_callbacks_print(const StCallbacks *callbacks, StText *out) {
    StText options = {0};
    st_options_print(st_callbacks_options, callbacks, &options);
    if (options.length) st_text_format(out, "callbacks%s", st_text_string(&options));
    out->failed = out->failed || options.failed;
    st_text_free(&options);
}

bool st_callbacks_check(const StCallbacks *callbacks, const StCompile *compile, bool validation,
                        StError *error) {
    StCondition condition = {.name = ""};
    if (*callbacks->reduce_on_plateau && compile->schedule.kind > 0)
        return st_fail(
            error, ST_ERR_STATE,
            "callbacks: reduce_on_plateau lowers a rate that the schedule sets at every step; take one "
            "of them away (schedule=none, reduce_on_plateau=)");
    if (*callbacks->stop_when && !st_condition_parse(callbacks->stop_when, &condition, error)) return false;
    const struct {
        const char *what, *name;
    } watched[] = {{"early_stopping", callbacks->early_stopping},
                   {"reduce_on_plateau", callbacks->reduce_on_plateau},
                   {"stop_when", condition.name},
                   {"checkpoint_monitor", *callbacks->checkpoint ? callbacks->checkpoint_monitor : ""}};
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        if (*watched[i].name &&
            !st_monitor_check(compile, watched[i].what, watched[i].name, validation, error))
            return false;
    return true;
}
