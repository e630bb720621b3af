#include "train/compile.h"

#include "train/class_weight.h"
#include "train/loss.h"
#include "train/metric.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the registries as everybody sees them ---- */

const StKind *st_loss_kind_at(int index) {
    const StLoss *row = st_loss_at(index);
    return row ? &row->kind : NULL;
}

const StKind *st_optimizer_kind_at(int index) {
    const StOptimizer *row = st_optimizer_at(index);
    return row ? &row->kind : NULL;
}

const StKind *st_schedule_kind_at(int index) {
    const StSchedule *row = st_schedule_at(index);
    return row ? &row->kind : NULL;
}

const StKind *st_metric_kind_at(int index) {
    const StMetric *row = st_metric_at(index);
    return row ? &row->kind : NULL;
}

static const char *name_of(const StKind *kind) {
    return kind ? kind->name : NULL;
}

const char *st_loss_name_at(const void *unused, int index) {
    (void)unused;
    return name_of(st_loss_kind_at(index));
}

const char *st_optimizer_name_at(const void *unused, int index) {
    (void)unused;
    return name_of(st_optimizer_kind_at(index));
}

const char *st_schedule_name_at(const void *unused, int index) {
    (void)unused;
    return name_of(st_schedule_kind_at(index));
}

const char *st_metric_name_at(const void *unused, int index) {
    (void)unused;
    return name_of(st_metric_kind_at(index));
}

typedef struct Registry {
    const char *what; /* for messages, and the option of `compile` that chooses from it */
    const StKind *(*at)(int index);
} Registry;

static const Registry optimizers = {"optimizer", st_optimizer_kind_at};
static const Registry losses = {"loss", st_loss_kind_at};
static const Registry schedules = {"schedule", st_schedule_kind_at};
static const Registry metrics = {"metric", st_metric_kind_at};

static const char *registry_name_at(const void *registry, int index) {
    return name_of(((const Registry *)registry)->at(index));
}

/* -1 with an error that suggests the nearest. */
static int registry_find(const Registry *registry, const char *name, StError *error) {
    for (int i = 0; registry->at(i); i++)
        if (strcmp(registry->at(i)->name, name) == 0) return i;
    st_fail_unknown(error, registry->what, name, registry_name_at, registry);
    return -1;
}

/* ---- compile ---- */

static const StOption no_options[] = {{.name = NULL}};

static const StOption *options_of(const StKind *kind) {
    return kind && kind->options ? kind->options : no_options;
}

void st_compile_choose_optimizer(StCompile *compile, int kind) {
    memset(&compile->optimizer, 0, sizeof compile->optimizer);
    compile->optimizer.kind = kind;
    st_options_default(options_of(st_optimizer_kind_at(kind)), compile->optimizer.options);
}

void st_compile_choose_loss(StCompile *compile, int kind) {
    memset(&compile->loss, 0, sizeof compile->loss);
    compile->loss.kind = kind;
    st_options_default(options_of(st_loss_kind_at(kind)), compile->loss.options);
}

void st_compile_choose_schedule(StCompile *compile, int kind) {
    memset(&compile->schedule, 0, sizeof compile->schedule);
    compile->schedule.kind = kind;
    st_options_default(options_of(st_schedule_kind_at(kind)), compile->schedule.options);
}

StCompile st_compile_loss_alone(const StCompile *compile) {
    StCompile alone = *compile;
    alone.metrics = 0;
    st_compile_choose_optimizer(&alone, registry_find(&optimizers, "sgd", NULL));
    st_compile_choose_schedule(&alone, 0);
    return alone;
}

void st_compile_default(StCompile *compile) {
    memset(compile, 0, sizeof *compile);
    st_compile_choose_optimizer(compile, registry_find(&optimizers, "rmsprop", NULL)); /* as Keras does */
    st_compile_choose_loss(compile, -1);
}

/* Options of a metric, one after another: "0.7:class_id=1" behind "precision:". */
static bool metric_options_parse(const StKind *kind, StMetricSpec *metric, const char *list, StError *error) {
    const StOption *rows = options_of(kind);
    bool given[16] = {false};
    for (int place = 0; list; place++) {
        char word[ST_METRIC_NAME_MAX];
        size_t length = strcspn(list, ":");
        snprintf(word, sizeof word, "%.*s", (int)length, list);
        list = list[length] ? list + length + 1 : NULL;
        char *value = strchr(word, '='), *name = NULL;
        if (value) {
            *value++ = '\0';
            name = word;
        }
        const StOption *row = name ? st_option_find(rows, name) : rows + place;
        if (name && !row) return st_options_set(rows, kind->name, metric->options, name, value, error);
        if (!name && place >= st_option_count(rows))
            return st_fail(error, ST_ERR_VALUE, "%s: '%s' is one option too many, wanted at most %d",
                           metric->name, word, st_option_count(rows));
        if (!name && !*word) continue;
        if (given[row - rows])
            return st_fail(error, ST_ERR_VALUE, "%s: %s is given twice", metric->name, row->name);
        given[row - rows] = true;
        if (!st_option_set(row, metric->options, name ? value : word, error))
            return st_fail_at(error, "%s", kind->name);
    }
    for (int i = 0; rows[i].name; i++) {
        if (rows[i].fallback || given[i]) continue;
        StText wants = {0};
        st_option_wants(&rows[i], &wants);
        st_fail(error, ST_ERR_VALUE, "%s: %s is missing, wanted %s, as in %s:%s=…", kind->name, rows[i].name,
                st_text_string(&wants), kind->name, rows[i].name);
        st_text_free(&wants);
        return false;
    }
    return true;
}

bool st_metric_parse(StMetricSpec *metric, const char *text, StError *error) {
    StMetricSpec trial = {0};
    char name[ST_METRIC_NAME_MAX];
    size_t length = strcspn(text, ":");
    if (strlen(text) >= sizeof trial.name)
        return st_fail(error, ST_ERR_VALUE, "metrics: '%.20s…' has %zu bytes, wanted at most %zu", text,
                       strlen(text), sizeof trial.name - 1);
    strcpy(trial.name, text);
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    trial.kind = registry_find(&metrics, name, error);
    if (trial.kind < 0) return false;
    const StKind *kind = st_metric_kind_at(trial.kind);
    st_options_default(options_of(kind), trial.options);
    if (!metric_options_parse(kind, &trial, text[length] ? text + length + 1 : NULL, error)) return false;
    *metric = trial;
    return true;
}

static bool metrics_parse(StCompile *compile, const char *list, StError *error) {
    compile->metrics = 0;
    memset(compile->metric, 0, sizeof compile->metric);
    while (*list) {
        char text[2 * ST_METRIC_NAME_MAX];
        StMetricSpec metric;
        size_t length = strcspn(list, ",");
        snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text - 1), list);
        if (!st_metric_parse(&metric, text, error)) return false;
        for (int i = 0; i < compile->metrics; i++)
            if (strcmp(compile->metric[i].name, metric.name) == 0)
                return st_fail(error, ST_ERR_VALUE, "metrics: %s is given twice", metric.name);
        if (compile->metrics == ST_METRICS_MAX)
            return st_fail(error, ST_ERR_VALUE, "metrics: wanted at most %d", ST_METRICS_MAX);
        compile->metric[compile->metrics++] = metric;
        list += length;
        if (*list == ',' && !*++list)
            return st_fail(error, ST_ERR_VALUE, "metrics: nothing stands behind the last comma");
    }
    return true;
}

/* What a compile line chooses from; the first three also by place. */
typedef enum Choice { OPTIMIZER, LOSS, METRICS, SCHEDULE, CHOICES } Choice;
enum { NO_CHOICE = -1, BY_PLACE = 3 };
static const char *const choices[CHOICES] = {"optimizer", "loss", "metrics", "schedule"};

/* Which choice a word makes, or NO_CHOICE. */
static int choice_of(const StWord *word, int index) {
    if (!word->name) return index < BY_PLACE ? index : NO_CHOICE;
    for (int i = 0; i < CHOICES; i++)
        if (strcmp(word->name, choices[i]) == 0) return i;
    return NO_CHOICE;
}

static bool choose(StCompile *compile, int choice, const char *value, StError *error) {
    const Registry *registry = choice == OPTIMIZER ? &optimizers : choice == LOSS ? &losses : &schedules;
    if (choice == METRICS) return metrics_parse(compile, value, error);
    int kind = registry_find(registry, value, error);
    if (kind < 0) return false;
    if (choice == OPTIMIZER && kind != compile->optimizer.kind) st_compile_choose_optimizer(compile, kind);
    if (choice == LOSS && kind != compile->loss.kind) st_compile_choose_loss(compile, kind);
    if (choice == SCHEDULE && kind != compile->schedule.kind) st_compile_choose_schedule(compile, kind);
    return true;
}

/* First walk: what is chosen, wherever it stands. */
static bool choices_parse(StCompile *compile, const StWord *words, int count, StError *error) {
    bool given[CHOICES] = {false}, named = false;
    for (int i = 0; i < count; i++) {
        int choice = choice_of(&words[i], i);
        if (!words[i].name && (named || choice < 0))
            return st_fail(error, ST_ERR_VALUE, "compile: '%.60s' by place %s", words[i].text,
                           named ? "stands after an option by name"
                                 : "is one word too many, wanted optimizer, loss and metrics");
        named = named || words[i].name;
        if (choice < 0) continue;
        if (given[choice]) return st_fail(error, ST_ERR_VALUE, "compile: %s is given twice", choices[choice]);
        given[choice] = true;
        if (!choose(compile, choice, words[i].value, error)) return st_fail_at(error, "compile");
    }
    if (compile->loss.kind < 0) {
        StText known = {0};
        for (int i = 0; st_loss_kind_at(i); i++)
            if (!st_loss_kind_at(i)->alias_of)
                st_text_format(&known, "%s%s", known.length ? ", " : "", st_loss_kind_at(i)->name);
        st_fail(error, ST_ERR_VALUE, "compile: loss is missing, wanted %s", st_text_string(&known));
        st_text_free(&known);
        return false;
    }
    return true;
}

/* What was chosen and has options: its table, its values, and what it is chosen by. */
typedef struct Chosen {
    const StKind *kind;
    const StOption *rows;
    void *values;
    Choice by;
    const Registry *registry;
} Chosen;

enum { OWNERS = 3 };

static void chosen_of(StCompile *compile, Chosen chosen[OWNERS]) {
    chosen[0] = (Chosen){.kind = st_optimizer_kind_at(compile->optimizer.kind),
                         .values = compile->optimizer.options,
                         .by = OPTIMIZER,
                         .registry = &optimizers};
    chosen[1] = (Chosen){.kind = st_loss_kind_at(compile->loss.kind),
                         .values = compile->loss.options,
                         .by = LOSS,
                         .registry = &losses};
    chosen[2] = (Chosen){.kind = st_schedule_kind_at(compile->schedule.kind),
                         .values = compile->schedule.options,
                         .by = SCHEDULE,
                         .registry = &schedules};
    for (int i = 0; i < OWNERS; i++)
        chosen[i].rows = options_of(chosen[i].kind);
}

/* The names that may stand before an = here. */
static const char *names_at(const void *table, int index) {
    const Chosen *chosen = table;
    if (index < CHOICES) return choices[index];
    index -= CHOICES;
    for (int i = 0; i < OWNERS; i++) {
        int count = st_option_count(chosen[i].rows);
        if (index < count) return chosen[i].rows[index].name;
        index -= count;
    }
    return NULL;
}

/* "compile: momentum is an option of sgd, rmsprop, not of adam" where another kind has it. */
static bool refuse_foreign(const Chosen *chosen, const char *name, StError *error) {
    const Registry *registry = chosen->registry;
    StText owners = {0};
    for (int i = 0; registry->at(i); i++)
        if (!registry->at(i)->alias_of && st_option_find(options_of(registry->at(i)), name))
            st_text_format(&owners, "%s%s", owners.length ? ", " : "", registry->at(i)->name);
    bool foreign = owners.length > 0, without = chosen->by == SCHEDULE && chosen->rows == no_options;
    if (foreign && without)
        st_fail(error, ST_ERR_NAME, "compile: %.60s is an option of schedule=%s, there is no schedule", name,
                st_text_string(&owners));
    else if (foreign)
        st_fail(error, ST_ERR_NAME, "compile: %.60s is an option of %s, not of %s", name,
                st_text_string(&owners), chosen->kind->name);
    st_text_free(&owners);
    return foreign;
}

/* Whose option words[index] is: of several that have it, the one that was named last before it. NULL with an
 * error where nobody has it, or it cannot be told. */
static const Chosen *owner_of(const Chosen chosen[OWNERS], const StWord *words, int index, StError *error) {
    const char *name = words[index].name;
    const Chosen *owner = NULL, *other = NULL;
    for (int i = 0; i < OWNERS; i++) {
        if (!st_option_find(chosen[i].rows, name)) continue;
        other = owner;
        owner = &chosen[i];
    }
    if (!owner) {
        for (int i = 0; i < OWNERS; i++)
            if (refuse_foreign(&chosen[i], name, error)) return NULL;
        st_fail_unknown(error, "option of compile", name, names_at, chosen);
        return NULL;
    }
    for (int at = index - 1; other && at >= 0; at--)
        for (int i = 0; i < OWNERS; i++)
            if (choice_of(&words[at], at) == (int)chosen[i].by && st_option_find(chosen[i].rows, name))
                return &chosen[i];
    if (!other) return owner;
    st_fail(error, ST_ERR_VALUE, "compile: %s and %s both have %.60s; put it behind %s=%s or %s=%s",
            other->kind->name, owner->kind->name, name, choices[other->by], other->kind->name,
            choices[owner->by], owner->kind->name);
    return NULL;
}

/* Second walk: the options of what was chosen. `set` notes which rows were, as owner × 64 + row. */
static bool choice_options_parse(StCompile *compile, const StWord *words, int count, uint64_t set[OWNERS],
                                 StError *error) {
    Chosen chosen[OWNERS];
    chosen_of(compile, chosen);
    for (int i = 0; i < count; i++) {
        if (choice_of(&words[i], i) >= 0) continue;
        const Chosen *owner = owner_of(chosen, words, i, error);
        if (!owner) return false;
        const StOption *row = st_option_find(owner->rows, words[i].name);
        uint64_t bit = (uint64_t)1 << (row - owner->rows);
        if (set[owner - chosen] & bit)
            return st_fail(error, ST_ERR_VALUE, "compile: %.60s is given twice", words[i].name);
        set[owner - chosen] |= bit;
        if (!st_option_set(row, owner->values, words[i].value, error)) return st_fail_at(error, "compile");
    }
    return true;
}

/* A schedule that is new must be told what it has no default for. */
static bool schedule_check(const StCompile *compile, bool fresh, uint64_t set, StError *error) {
    const StSchedule *schedule = st_schedule_at(compile->schedule.kind);
    const StOption *rows = options_of(&schedule->kind);
    for (int i = 0; fresh && rows[i].name; i++) {
        if (rows[i].fallback || (set >> i & 1)) continue;
        StText wants = {0};
        st_option_wants(&rows[i], &wants);
        st_fail(error, ST_ERR_VALUE, "compile: %s: %s is missing, wanted %s", schedule->kind.name,
                rows[i].name, st_text_string(&wants));
        st_text_free(&wants);
        return false;
    }
    return !schedule->check || schedule->check(compile->schedule.options, error) ||
           st_fail_at(error, "compile: %s", schedule->kind.name);
}

/* Keras: "only one of clipnorm, clipvalue and global_clipnorm can be set". */
static bool clipping_check(const StCompile *compile, StError *error) {
    const StOptimizerCommon *common = (const void *)compile->optimizer.options;
    const struct {
        const char *name;
        double value;
    } clip[] = {{"clipnorm", common->clipnorm},
                {"clipvalue", common->clipvalue},
                {"global_clipnorm", common->global_clipnorm}};
    int first = -1;
    for (int i = 0; i < 3; i++) {
        if (!(clip[i].value > 0)) continue;
        if (first >= 0)
            return st_fail(error, ST_ERR_VALUE,
                           "compile: %s=%g and %s=%g: wanted one of clipnorm, clipvalue and "
                           "global_clipnorm at most; take one away with %s=none",
                           clip[first].name, clip[first].value, clip[i].name, clip[i].value,
                           clip[first].name);
        first = i;
    }
    return true;
}

bool st_compile_parse(StCompile *compile, const StWord *words, int count, StError *error) {
    StCompile trial = *compile;
    if (!trial.given) st_compile_default(&trial);
    int before = trial.schedule.kind;
    uint64_t set[OWNERS] = {0};
    if (!choices_parse(&trial, words, count, error) ||
        !choice_options_parse(&trial, words, count, set, error) ||
        !schedule_check(&trial, trial.schedule.kind != before, set[2], error) ||
        !clipping_check(&trial, error))
        return false;
    trial.given = true;
    *compile = trial;
    return true;
}

static void metrics_print(const StCompile *compile, StText *out) {
    for (int i = 0; i < compile->metrics; i++)
        st_text_format(out, "%s%s", i ? "," : "", compile->metric[i].name);
}

/* What differs from the defaults, by name. */
static void options_print(const StKind *kind, const void *values, StText *out) {
    StText value = {0};
    for (const StOption *row = options_of(kind); row->name; row++) {
        if (st_option_is_default(row, values)) continue;
        st_text_clear(&value);
        st_option_print(row, values, &value);
        st_text_add(out, " ");
        st_text_option(out, row->name, st_text_string(&value));
    }
    out->failed = out->failed || value.failed;
    st_text_free(&value);
}

/* Options stand behind all that is chosen; the schedule and its own come last, so that one of a name that
 * the loss has too is told apart by where it stands. */
void st_compile_print(const StCompile *compile, StText *out) {
    const StKind *optimizer = st_optimizer_kind_at(compile->optimizer.kind);
    const StKind *loss = st_loss_kind_at(compile->loss.kind);
    const StKind *schedule = st_schedule_kind_at(compile->schedule.kind);
    if (!compile->given || !optimizer || !loss) return;
    st_text_format(out, "compile optimizer=%s loss=%s", optimizer->name, loss->name);
    if (compile->metrics) st_text_add(out, " metrics=");
    metrics_print(compile, out);
    options_print(optimizer, compile->optimizer.options, out);
    options_print(loss, compile->loss.options, out);
    if (compile->schedule.kind > 0) st_text_format(out, " schedule=%s", schedule->name);
    options_print(schedule, compile->schedule.options, out);
}

/* Every optimizer's options begin with those that all have. */
double st_compile_learning_rate(const StCompile *compile) {
    const StOptimizerCommon *common = (const void *)compile->optimizer.options;
    return st_optimizer_kind_at(compile->optimizer.kind) ? common->learning_rate : 0;
}

void st_compile_set_learning_rate(StCompile *compile, double rate) {
    StOptimizerCommon *common = (void *)compile->optimizer.options;
    if (st_optimizer_kind_at(compile->optimizer.kind)) common->learning_rate = rate;
}

bool st_compile_uses_learning_rate(const StCompile *compile) {
    return !st_schedule_at(compile->schedule.kind)->absolute;
}

double st_compile_rate_at(const StCompile *compile, double learning_rate, int64_t step) {
    return st_schedule_rate(&compile->schedule, learning_rate, step);
}

/* A kind that was changed to is told against its defaults; its learning rate against the one before. */
void st_compile_print_changes(const StCompile *before, const StCompile *after, StText *out) {
    if (!before->given || !after->given) {
        st_compile_print(after, out);
        return;
    }
    const StKind *optimizer = st_optimizer_kind_at(after->optimizer.kind);
    const StKind *loss = st_loss_kind_at(after->loss.kind);
    const StKind *schedule = st_schedule_kind_at(after->schedule.kind);
    StCompile base = *before;
    if (base.optimizer.kind != after->optimizer.kind) {
        st_compile_choose_optimizer(&base, after->optimizer.kind);
        st_compile_set_learning_rate(&base, st_compile_learning_rate(before));
    }
    if (base.loss.kind != after->loss.kind) st_compile_choose_loss(&base, after->loss.kind);
    if (base.schedule.kind != after->schedule.kind) st_compile_choose_schedule(&base, after->schedule.kind);
    st_text_change(out, "optimizer", st_optimizer_kind_at(before->optimizer.kind)->name, optimizer->name);
    st_options_print_changes(options_of(optimizer), base.optimizer.options, after->optimizer.options, out);
    st_text_change(out, "loss", st_loss_kind_at(before->loss.kind)->name, loss->name);
    st_options_print_changes(options_of(loss), base.loss.options, after->loss.options, out);
    st_text_change(out, "schedule", st_schedule_kind_at(before->schedule.kind)->name, schedule->name);
    st_options_print_changes(options_of(schedule), base.schedule.options, after->schedule.options, out);
    StText old = {0}, now = {0};
    metrics_print(before, &old);
    metrics_print(after, &now);
    st_text_change(out, "metrics", st_text_string(&old), st_text_string(&now));
    out->failed = out->failed || old.failed || now.failed;
    st_text_free(&old);
    st_text_free(&now);
}

/* ---- what a run measures ---- */

bool st_monitor_find(const StCompile *compile, const char *name, bool *validation, int *metric) {
    *validation = strncmp(name, "val_", 4) == 0;
    if (*validation) name += 4;
    *metric = -1;
    if (strcmp(name, "loss") == 0) return true;
    for (int i = 0; i < compile->metrics; i++) {
        *metric = i;
        if (strcmp(name, compile->metric[i].name) == 0) return true;
    }
    return false;
}

bool st_monitor_higher_is_better(const StCompile *compile, int metric) {
    return metric >= 0 && st_metric_kind_at(compile->metric[metric].kind)->higher_is_better;
}

typedef struct Measured {
    int count;
    char name[2 * (ST_METRICS_MAX + 1)][ST_METRIC_NAME_MAX + 8];
} Measured;

static const char *measured_at(const void *table, int index) {
    const Measured *measured = table;
    return index < measured->count ? measured->name[index] : NULL;
}

bool st_monitor_check(const StCompile *compile, const char *what, const char *name, bool validation,
                      StError *error) {
    bool of_validation;
    int metric;
    if (st_monitor_find(compile, name, &of_validation, &metric)) {
        if (!of_validation || validation) return true;
        return st_fail(error, ST_ERR_STATE,
                       "callbacks: %s=%.48s: there is no validation part; add 'split validation=0.1'", what,
                       name);
    }
    Measured measured = {0};
    for (int v = 0; v <= (validation ? 1 : 0); v++)
        for (int i = -1; i < compile->metrics; i++)
            snprintf(measured.name[measured.count++], sizeof measured.name[0], "%s%s", v ? "val_" : "",
                     i < 0 ? "loss" : compile->metric[i].name);
    st_fail_unknown(error, "figure", name, measured_at, &measured);
    return st_fail_at(error, "callbacks: %s", what);
}

/* ---- fit ---- */

const StOption st_fit_options[] = {
    ST_OPTION(StFit, epochs, ST_INT, "1", .low = 1, .high = INT_MAX,
              .help = "how many times training goes through all its rows"),
    ST_OPTION(StFit, batch_size, ST_INT, "32", .low = 1, .high = INT_MAX,
              .help = "rows that one step takes the mean gradient of"),
    ST_OPTION(StFit, shuffle, ST_SWITCH, "yes", .help = "take the rows in a new random order every epoch"),
    ST_OPTION(StFit, class_weight, ST_TEXT, "",
              .help = "what classes weigh in the loss of a step: balanced, or as in 0:1,1:5 (others: 1)"),
    {.name = NULL},
};

void st_fit_default(StFit *fit) {
    fit->given = false;
    st_options_default(st_fit_options, fit);
}

bool st_fit_parse(StFit *fit, const StWord *words, int count, StError *error) {
    StFit trial = *fit;
    if (!st_options_change(st_fit_options, "fit", &trial, sizeof trial, words, count, error)) return false;
    if (!st_class_weight_check(trial.class_weight, error)) return st_fail_at(error, "fit");
    trial.given = true;
    *fit = trial;
    return true;
}

void st_fit_print(const StFit *fit, StText *out) {
    if (!fit->given) return;
    st_text_add(out, "fit");
    st_options_print(st_fit_options, fit, out);
}

void st_fit_print_changes(const StFit *before, const StFit *after, StText *out) {
    if (before->given)
        st_options_print_changes(st_fit_options, before, after, out);
    else
        st_fit_print(after, out);
}
