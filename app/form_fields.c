#include "form_fields.h"

#include "layers/constraint.h"
#include "layers/initializer.h"
#include "layers/regularizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef const StKind *(*KindAt)(int index);

/* Values of one table's options: the largest struct of them all. */
typedef struct Scratch {
    _Alignas(16) unsigned char bytes[ST_SOURCE_OPTIONS_MAX];
} Scratch;

void form_fields_free(FormFields *fields) {
    for (int i = 0; i < fields->count; i++) {
        free(fields->field[i].now);
        free(fields->field[i].wants);
        free(fields->field[i].choices);
    }
    fields->count = 0;
}

/* ---- making fields --------------------------------------------------------------------------------------
 */

/* What a field is made of; texts are borrowed but for now and wants, which are copied. */
typedef struct Made {
    const char *label, *help, *now, *wants, *fallback;
    const char **choices; /* taken over, also where it fails */
    UiFieldType type;
    const StOption *row, *table;
    StNameAt names;
    int selector, group;
} Made;

static bool add(FormFields *fields, const Made *made, StError *error) {
    if (fields->count >= FORM_FIELDS_MAX) {
        free(made->choices);
        return true; /* the line can still be typed */
    }
    FormField *field = &fields->field[fields->count];
    *field = (FormField){.row = made->row,
                         .table = made->table,
                         .names = made->names,
                         .selector = made->selector,
                         .group = made->group};
    field->now = strdup(made->now ? made->now : "");
    field->wants = strdup(made->wants ? made->wants : "");
    field->choices = made->choices;
    fields->ui[fields->count++] = (UiField){.label = made->label,
                                            .type = made->type,
                                            .fallback = made->fallback,
                                            .wants = field->wants,
                                            .help = made->help,
                                            .choices = made->choices};
    return (field->now && field->wants) || st_fail_memory(error, "a form", 0);
}

/* A heading between groups. */
static bool add_note(FormFields *fields, const char *label, const char *help, StError *error) {
    return add(fields, &(Made){.label = label, .help = help, .type = UI_FIELD_NOTE, .fallback = ""}, error);
}

/* Names by index until next gives NULL, as a list that NULL ends. Another word for one of them (mse) is left
 * out unless it is the one that the recipe has. */
static const char **names_of(StNameAt next, KindAt kind_at, int now, StError *error) {
    int count = 0, kept = 0;
    while (next(NULL, count))
        count++;
    const char **names = calloc((size_t)count + 1, sizeof *names);
    if (!names) st_fail_memory(error, "choices", 0);
    for (int i = 0; names && i < count; i++)
        if (i == now || !kind_at || !kind_at(i)->alias_of) names[kept++] = next(NULL, i);
    return names;
}

int form_fields_chosen(const FormFields *fields, int field, const char *value) {
    StNameAt next = fields->field[field].names;
    const char *const *choices = fields->ui[field].choices;
    for (int i = 0; next ? next(NULL, i) != NULL : choices && choices[i]; i++)
        if (strcmp(next ? next(NULL, i) : choices[i], value) == 0) return i;
    return -1;
}

static const char **choices_of(const StOption *row, StError *error) {
    int count = 0;
    while (row->choices[count].name)
        count++;
    const char **names = calloc((size_t)count + 1, sizeof *names);
    if (!names) st_fail_memory(error, "choices", 0);
    for (int i = 0; names && i < count; i++)
        names[i] = row->choices[i].name;
    return names;
}

typedef enum Which { EVERYDAY, SELDOM, ALL } Which;

/* What one hardly ever changes about a layer stands behind the rest. */
static bool is_seldom(const StOption *row) {
    static const char *const names[] = {"dilation_rate", "groups",           "recurrent_activation",
                                        "reset_after",   "unit_forget_bias", "zero_output_for_mask",
                                        "seed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(row->name, names[i]) == 0) return true;
    return row->type == ST_CALL && (row->choices == st_initializers || row->choices == st_regularizers ||
                                    row->choices == st_constraints);
}

/* The rows of a table, with the values that they have now. */
static bool add_options_of(FormFields *fields, Which which, int group, const StOption *rows,
                           const void *values, StError *error) {
    bool done = true;
    StText now = {0}, wants = {0};
    for (const StOption *row = rows; done && row->name; row++) {
        if (which != ALL && is_seldom(row) != (which == SELDOM)) continue;
        st_text_clear(&now);
        st_text_clear(&wants);
        if (row->fallback && st_option_is_default(row, values))
            st_text_add(&now, row->fallback); /* as it is written there: 1e-7 */
        else
            st_option_print(row, values, &now);
        st_option_wants(row, &wants);
        Made made = {.label = row->name,
                     .help = row->help,
                     .now = st_text_string(&now),
                     .wants = st_text_string(&wants),
                     .fallback = row->fallback,
                     .row = row,
                     .table = rows,
                     .group = group};
        made.type = row->type == ST_SWITCH   ? UI_FIELD_SWITCH
                    : row->type == ST_CHOICE ? UI_FIELD_CHOICE
                                             : UI_FIELD_TEXT;
        if (row->type == ST_CHOICE || row->type == ST_CALL)
            done = (made.choices = choices_of(row, error)) != NULL;
        /* A required number that was not given yet is an empty field, not a zero. */
        if (!row->fallback && row->type != ST_CHOICE && strcmp(made.now, "0") == 0) made.now = "";
        done = done && add(fields, &made, error);
    }
    st_text_free(&now);
    st_text_free(&wants);
    return done;
}

static bool add_options(FormFields *fields, int group, const StOption *rows, const void *values,
                        StError *error) {
    return add_options_of(fields, ALL, group, rows, values, error);
}

static bool add_selector(FormFields *fields, int which, const char *label, const char *help, StNameAt next,
                         KindAt kind_at, StError *error) {
    const char **names = names_of(next, kind_at, fields->choice[which], error);
    if (!names) return false;
    return add(fields,
               &(Made){.label = label,
                       .help = help,
                       .now = next(NULL, fields->choice[which]),
                       .fallback = next(NULL, fields->choice[which]),
                       .type = UI_FIELD_CHOICE,
                       .choices = names,
                       .names = next,
                       .selector = which + 1},
               error);
}

static bool add_text(FormFields *fields, const char *label, const char *help, const char *now,
                     const char *fallback, const char *wants, StError *error) {
    return add(fields,
               &(Made){.label = label,
                       .help = help,
                       .now = now,
                       .fallback = fallback,
                       .wants = wants,
                       .type = UI_FIELD_TEXT},
               error);
}

/* ---- the forms' own words -------------------------------------------------------------------------------
 */

static const char *source_name(const void *unused, int i) {
    (void)unused;
    return i < 0 ? NULL : st_source_name_at(st_source_kinds, i);
}

static const char *const pace_names[] = {"full", "steps", "epochs", NULL};

static const char *pace_name(const void *unused, int i) {
    (void)unused;
    return pace_names[i];
}

static const char name_label[] = "name", trainable_label[] = "trainable";
static const char trainable_help[] = "Training changes its weights; no keeps them as they are";
static const char name_help[] = "What the layer is called; Keras' automatic name where it is empty";
static const char metrics_help[] =
    "What is measured beside the loss, separated by commas; options behind colons: precision:0.7";
static const char seed_help[] = "Data, initial weights, shuffling and dropout are drawn from it";
static const char input_help[] = "Extents of one row, 784 or 28x28x1; the data says it where it is empty";
static const char rate_help[] = "So many a second; the numbers stay the same";

/* ---- what each form holds -------------------------------------------------------------------------------
 */

/* What a new wrapper is to wrap is the first thing to say: the rest follows from it. */
static bool add_wrapped(FormFields *fields, const StLayerKind *wrapper, StError *error) {
    int count = 0;
    while (st_layer_wrappable(wrapper, count))
        count++;
    const char **names = calloc((size_t)count + 1, sizeof *names);
    if (!names) return st_fail_memory(error, "choices", 0);
    for (int i = 0; i < count; i++)
        names[i] = st_layer_wrappable(wrapper, i)->name;
    const char *now = names[fields->choice[0]];
    return add(fields,
               &(Made){.label = "layer",
                       .help = st_layer_wrappable(wrapper, fields->choice[0])->help,
                       .now = now,
                       .fallback = now,
                       .type = UI_FIELD_CHOICE,
                       .choices = names,
                       .selector = 1},
               error);
}

/* Only a layer that has weights at all can keep them as they are. */
static bool add_trainable(FormFields *fields, const StLayer *layer, StError *error) {
    if (!layer->kind->gradient) return true;
    return add(fields,
               &(Made){.label = trainable_label,
                       .help = trainable_help,
                       .now = layer->frozen ? "no" : "yes",
                       .fallback = "yes",
                       .wants = "yes or no",
                       .type = UI_FIELD_SWITCH},
               error);
}

static void drop_last(FormFields *fields) {
    FormField *field = &fields->field[--fields->count];
    free(field->now);
    free(field->wants);
    free(field->choices);
}

static bool build_layer(FormFields *fields, const Recipe *recipe, StError *error) {
    const StStack *stack = &recipe->stack;
    bool done = true;
    StLayer layer;
    if (fields->kind == FORM_SET) {
        layer = stack->layers[fields->place];
    } else if (fields->layer->wraps) {
        if (fields->choice[0] < 0) fields->choice[0] = 0;
        st_layer_default(&layer, fields->layer, st_layer_wrappable(fields->layer, fields->choice[0]));
        done = add_wrapped(fields, fields->layer, error);
    } else {
        st_layer_default(&layer, fields->layer, NULL);
    }
    fields->at_end = fields->place >= stack->count;
    StLayerTable tables[ST_LAYER_TABLES];
    int count = st_layer_tables(&layer, tables);
    for (int t = 0; done && t < count; t++)
        done = add_options_of(fields, EVERYDAY, t + 1, tables[t].rows, tables[t].values, error);
    done = done && add_text(fields, name_label, name_help, layer.name, "",
                            "a letter, then letters, digits, _ or -", error);
    done = done && add_trainable(fields, &layer, error);
    int before = fields->count;
    done = done && add_note(fields, "less often", "", error);
    for (int t = 0; done && t < count; t++)
        done = add_options_of(fields, SELDOM, t + 1, tables[t].rows, tables[t].values, error);
    if (done && fields->count == before + 1) drop_last(fields);
    return done;
}

static bool build_input(FormFields *fields, const Recipe *recipe, StError *error) {
    char shape[ST_SHAPE_TEXT] = "";
    if (recipe->stack.input.rank > 0) st_shape_print(&recipe->stack.input, shape);
    return add_text(fields, "input", input_help, shape, NULL, "extents, such as 784 or 28x28x1", error);
}

static void list_metrics(const StCompile *compile, StText *out) {
    for (int i = 0; i < compile->metrics; i++)
        st_text_format(out, "%s%s", i ? "," : "", compile->metric[i].name);
}

/* The loss that people compile a stack with such an end with, for a form that is opened without one. */
static int likely_loss(const StStack *stack) {
    const StLayer *last = stack->count ? &stack->layers[stack->count - 1] : NULL;
    const char *ends = last && last->kind->activation ? last->kind->activation(last->options) : "softmax";
    if (!ends) ends = "linear";
    const char *name = strcmp(ends, "softmax") == 0   ? "sparse_categorical_crossentropy"
                       : strcmp(ends, "sigmoid") == 0 ? "binary_crossentropy"
                                                      : "mean_squared_error";
    for (int i = 0; st_loss_kind_at(i); i++)
        if (strcmp(st_loss_kind_at(i)->name, name) == 0) return i;
    return 0;
}

static bool build_compile(FormFields *fields, const Recipe *recipe, StError *error) {
    StCompile standard;
    st_compile_default(&standard);
    fields->fresh = !recipe->compile.given;
    const StCompile *now = recipe->compile.given ? &recipe->compile : &standard;
    fields->was[0] = now->optimizer.kind;
    fields->was[1] = now->loss.kind;
    fields->was[2] = now->schedule.kind;
    if (fields->choice[0] < 0) fields->choice[0] = now->optimizer.kind < 0 ? 0 : now->optimizer.kind;
    if (fields->choice[1] < 0)
        fields->choice[1] = now->loss.kind < 0 ? likely_loss(&recipe->stack) : now->loss.kind;
    if (fields->choice[2] < 0) fields->choice[2] = now->schedule.kind;
    const StKind *optimizer = st_optimizer_kind_at(fields->choice[0]);
    const StKind *loss = st_loss_kind_at(fields->choice[1]);
    const StKind *schedule = st_schedule_kind_at(fields->choice[2]);
    Scratch of_optimizer = {{0}}, of_loss = {{0}}, of_schedule = {{0}};
    if (optimizer->options) st_options_default(optimizer->options, of_optimizer.bytes);
    if (loss->options) st_options_default(loss->options, of_loss.bytes);
    if (schedule->options) st_options_default(schedule->options, of_schedule.bytes);
    if (fields->choice[2] == now->schedule.kind)
        memcpy(of_schedule.bytes, now->schedule.options, ST_SPEC_OPTIONS_MAX);
    if (fields->choice[0] == now->optimizer.kind)
        memcpy(of_optimizer.bytes, now->optimizer.options, ST_SPEC_OPTIONS_MAX);
    if (fields->choice[1] == now->loss.kind) memcpy(of_loss.bytes, now->loss.options, ST_SPEC_OPTIONS_MAX);
    StText metrics = {0};
    list_metrics(now, &metrics);
    bool done =
        add_selector(fields, 0, "optimizer", optimizer->help, st_optimizer_name_at, st_optimizer_kind_at,
                     error) &&
        add_selector(fields, 1, "loss", loss->help, st_loss_name_at, st_loss_kind_at, error) &&
        add_text(fields, "metrics", metrics_help, st_text_string(&metrics), "", "accuracy,mse, …", error) &&
        add_selector(fields, 2, "schedule", schedule->help, st_schedule_name_at, st_schedule_kind_at, error);
    st_text_free(&metrics);
    if (done && optimizer->options && optimizer->options->name)
        done = add_note(fields, optimizer->name, optimizer->help, error) &&
               add_options(fields, 1, optimizer->options, of_optimizer.bytes, error);
    if (done && loss->options && loss->options->name)
        done = add_note(fields, loss->name, loss->help, error) &&
               add_options(fields, 2, loss->options, of_loss.bytes, error);
    if (done && schedule->options)
        done = add_note(fields, schedule->name, schedule->help, error) &&
               add_options(fields, 3, schedule->options, of_schedule.bytes, error);
    return done;
}

static bool build_callbacks(FormFields *fields, const Recipe *recipe, StError *error) {
    return add_options(fields, 1, st_callbacks_options, &recipe->callbacks, error);
}

static bool build_fit(FormFields *fields, const Recipe *recipe, StError *error) {
    StFit standard;
    st_fit_default(&standard);
    fields->fresh = !recipe->fit.given;
    return add_options(fields, 1, st_fit_options, recipe->fit.given ? &recipe->fit : &standard, error);
}

/* The data line with its paths as they are found from the current folder, where the form's line is run. */
static bool data_from_here(const Recipe *recipe, StDataSpec *spec, StError *error) {
    StText text = {0};
    bool done = recipe_print(recipe, RECIPE_DATA, "here.strata", &text, error);
    const char *line = st_text_string(&text);
    while (done && line && strncmp(line, "data ", 5) != 0)
        line = (line = strchr(line, '\n')) ? line + 1 : NULL;
    char copy[ST_LINE_MAX];
    StWords *words = malloc(sizeof *words);
    done = done && (words || st_fail_memory(error, "a line", sizeof *words));
    if (done && line) {
        snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
        done = st_words_split(copy, words, error) &&
               st_data_parse(spec, words->word + 1, words->count - 1, error);
    }
    free(words);
    st_text_free(&text);
    return done;
}

/* "(random only)" at the end of an option's help: whether it is for a set of this name. */
static bool is_for(const StOption *row, const char *set) {
    const char *open = strrchr(row->help, '('), *only = open ? strstr(open, " only)") : NULL;
    return !only || ((size_t)(only - open - 1) == strlen(set) && strncmp(open + 1, set, strlen(set)) == 0);
}

/* The first option of a source that has one to choose (which made-up set) selects what else it takes. */
static void follow_set(FormFields *fields) {
    const char *set = fields->field[1].now;
    fields->field[1].selector = 2;
    fields->choice[1] = st_choice_find(fields->field[1].row->choices, set);
    int kept = 2;
    for (int i = 2; i < fields->count; i++) {
        if (is_for(fields->field[i].row, set)) {
            fields->field[kept] = fields->field[i];
            fields->ui[kept++] = fields->ui[i];
            continue;
        }
        free(fields->field[i].now);
        free(fields->field[i].wants);
        free(fields->field[i].choices);
    }
    fields->count = kept;
}

static bool build_data(FormFields *fields, const Recipe *recipe, StError *error) {
    StDataSpec *spec = calloc(1, sizeof *spec);
    if (!spec) return st_fail_memory(error, "a form", sizeof *spec);
    bool done = !recipe->data.given || data_from_here(recipe, spec, error);
    if (fields->choice[0] < 0) fields->choice[0] = recipe->data.given ? recipe->data.kind : 0;
    if (done && (!spec->given || spec->kind != fields->choice[0]))
        done = st_data_default(spec, source_name(NULL, fields->choice[0]), error);
    const StSourceKind *kind = st_source_kinds[fields->choice[0]];
    const StOption *set = kind->options->type == ST_CHOICE ? kind->options : NULL;
    if (done && set && fields->choice[1] >= 0)
        done = st_option_set(set, spec->options, set->choices[fields->choice[1]].name, error);
    done = done && add_selector(fields, 0, "source", kind->help, source_name, NULL, error) &&
           add_options(fields, 1, kind->options, spec->options, error);
    fields->fresh = !recipe->data.given;
    if (done && set) follow_set(fields);
    free(spec);
    return done;
}

static bool build_features(FormFields *fields, const Recipe *recipe, StError *error) {
    const StFeaturesSpec *now = &recipe->features;
    for (int i = 0; i < ST_FEATURES; i++) {
        bool on = now->count == 0 && (i == ST_X1 || i == ST_X2);
        for (int k = 0; k < now->count; k++)
            on = on || now->feature[k] == i;
        Made made = {.label = st_feature_name(i),
                     .help = "Whether the network is shown this input, made from the two columns",
                     .now = on ? "yes" : "no",
                     .wants = "yes or no",
                     .fallback = i == ST_X1 || i == ST_X2 ? "yes" : "no",
                     .type = UI_FIELD_SWITCH};
        if (!add(fields, &made, error)) return false;
    }
    return true;
}

static bool build_split(FormFields *fields, const Recipe *recipe, StError *error) {
    StSplitSpec now = recipe->split;
    if (!now.given) st_options_default(st_split_options, &now);
    return add_options(fields, 1, st_split_options, &now, error);
}

static bool build_prepare(FormFields *fields, const Recipe *recipe, StError *error) {
    StPrepareEntry now = {0};
    st_options_default(st_prepare_options, &now);
    if (recipe->prepare.count > 0) now = recipe->prepare.entry[recipe->prepare.count - 1];
    return add_options(fields, 1, st_prepare_options, &now, error);
}

static bool build_seed(FormFields *fields, const Recipe *recipe, StError *error) {
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)recipe->seed);
    return add_text(fields, "seed", seed_help, seed, "1", "a whole number from 0", error);
}

static bool build_pace(FormFields *fields, const Recipe *recipe, StError *error) {
    const Pace *pace = &recipe->pace;
    if (fields->choice[0] < 0) fields->choice[0] = pace->per_second <= 0 ? 0 : pace->epochs ? 2 : 1;
    bool done = add_selector(fields, 0, "pace", "Full speed, or so many steps or epochs a second", pace_name,
                             NULL, error);
    if (!done || fields->choice[0] == 0) return done;
    StText now = {0};
    st_text_number(&now, pace->per_second > 0 ? pace->per_second : fields->choice[0] == 1 ? 30 : 2);
    done = add_text(fields, "per second", rate_help, st_text_string(&now), NULL, "a number above 0", error);
    st_text_free(&now);
    return done;
}

/* ---- the lines ------------------------------------------------------------------------------------------
 */

/* What writes a line: the values by index. */
typedef struct Values {
    const FormFields *fields;
    FormValue value;
    const void *context;
} Values;

static const char *value_at(const Values *values, int i) {
    return values->value(values->context, i);
}

static void add_word(StText *out, const char *name, const char *value) {
    st_text_add(out, " ");
    st_text_option(out, name, value);
}

/* name=value for the options of a group that differ from their defaults. */
static void add_named(const Values *values, int group, StText *out) {
    for (int i = 0; i < values->fields->count; i++) {
        const FormField *field = &values->fields->field[i];
        const char *text = value_at(values, i);
        if (field->group != group || !text) continue;
        if (field->row->fallback ? strcmp(text, field->row->fallback) != 0 : *text != '\0')
            add_word(out, field->row->name, text);
    }
}

/* name=value for the options of a group that differ from what the recipe has. */
static void add_changed(const Values *values, int group, StText *out) {
    for (int i = 0; i < values->fields->count; i++) {
        const FormField *field = &values->fields->field[i];
        const char *text = value_at(values, i);
        if (field->group == group && text && strcmp(text, field->now) != 0)
            add_word(out, field->row->name, text);
    }
}

/* Puts the verb before what changed; where nothing did, no line is needed but for one that is new. */
static void close_changes(const Values *values, StText *line) {
    if (line->length == 0 && !values->fields->fresh) return;
    StText changes = *line;
    *line = (StText){0};
    st_text_format(line, "%s%s", form_name(values->fields->kind), st_text_string(&changes));
    st_text_free(&changes);
}

/* The options of a group as a recipe prints them, by place where it can be; by name where one is wrong. */
static void add_printed(const Values *values, int group, StText *out) {
    Scratch scratch = {{0}};
    const StOption *rows = NULL;
    bool right = true;
    for (int i = 0; i < values->fields->count; i++) {
        const FormField *field = &values->fields->field[i];
        if (field->group != group) continue;
        if (!rows) {
            rows = field->table;
            st_options_default(rows, scratch.bytes);
        }
        const char *text = value_at(values, i);
        right =
            right && (*text || field->row->fallback) &&
            ((!*text && field->row->type == ST_TEXT) || st_option_set(field->row, scratch.bytes, text, NULL));
    }
    if (rows && right)
        st_options_print(rows, scratch.bytes, out);
    else
        add_named(values, group, out);
}

static void line_layer(const Values *values, StText *line) {
    const FormFields *fields = values->fields;
    if (fields->at_end)
        st_text_add(line, fields->layer->name);
    else
        st_text_format(line, "insert %d %s", fields->place + 1, fields->layer->name);
    if (fields->layer->wraps) st_text_format(line, " %s", value_at(values, 0));
    for (int table = 1; table <= ST_LAYER_TABLES; table++)
        add_printed(values, table, line);
    for (int i = 0; i < fields->count; i++) {
        if (fields->field[i].group || fields->field[i].selector || !fields->ui[i].fallback) continue;
        if (strcmp(value_at(values, i), fields->ui[i].fallback) != 0)
            add_word(line, fields->ui[i].label, value_at(values, i));
    }
}

static void line_set(const Values *values, StText *line) {
    const FormFields *fields = values->fields;
    for (int i = 0; i < fields->count; i++) {
        if (strcmp(value_at(values, i), fields->field[i].now) == 0) continue;
        if (line->length == 0) st_text_format(line, "set %d", fields->place + 1);
        add_word(line, fields->ui[i].label, value_at(values, i));
    }
}

/* Whether an option of the group changed that one of another group has the name of too (alpha of a focal
 * loss and of a schedule): then the line must name what it belongs to. */
static bool shares_name(const Values *values, int group) {
    const FormFields *fields = values->fields;
    for (int i = 0; i < fields->count; i++) {
        const FormField *field = &fields->field[i];
        const char *text = value_at(values, i);
        if (field->group != group || !text || strcmp(text, field->now) == 0) continue;
        for (int k = 0; k < fields->count; k++)
            if (fields->field[k].group != group && fields->field[k].row &&
                strcmp(fields->field[k].row->name, field->row->name) == 0)
                return true;
    }
    return false;
}

/* A new line says everything that is no default; else what differs from the recipe's, which keeps the rest.
 */
static void line_compile(const Values *values, StText *line) {
    enum { LOSS = 1, METRICS = 2, SCHEDULE = 3 };
    const FormFields *fields = values->fields;
    for (int i = 0; i <= METRICS && i < fields->count; i++) {
        const char *text = value_at(values, i);
        bool changed =
            i < METRICS ? fields->choice[i] != fields->was[i] : strcmp(text, fields->field[i].now) != 0;
        if (i == LOSS) changed = changed || shares_name(values, 2);
        if (fields->fresh ? *text != '\0' : changed) add_word(line, fields->ui[i].label, text);
    }
    add_changed(values, 1, line);
    add_changed(values, 2, line);
    if (SCHEDULE < fields->count && (fields->choice[2] != fields->was[2] || shares_name(values, 3)))
        add_word(line, fields->ui[SCHEDULE].label, value_at(values, SCHEDULE));
    add_changed(values, 3, line);
    close_changes(values, line);
}

static void line_data(const Values *values, StText *line) {
    st_text_format(line, "data %s", source_name(NULL, values->fields->choice[0]));
    add_printed(values, 1, line);
}

static void line_features(const Values *values, StText *line) {
    st_text_add(line, "features");
    for (int i = 0; i < values->fields->count; i++)
        if (strcmp(value_at(values, i), "yes") == 0) st_text_format(line, " %s", st_feature_name(i));
}

static void line_named(const Values *values, StText *line) {
    st_text_add(line, form_name(values->fields->kind));
    add_named(values, 1, line);
}

static void line_changed(const Values *values, StText *line) {
    add_changed(values, 1, line);
    close_changes(values, line);
}

static void line_prepare(const Values *values, StText *line) {
    StText options = {0};
    add_printed(values, 1, &options);
    st_text_format(line, "prepare%s", options.length ? st_text_string(&options) : " none");
    st_text_free(&options);
}

/* An empty field leaves it to the data. */
static void line_input(const Values *values, StText *line) {
    st_text_add(line, "input ");
    st_text_word(line, *value_at(values, 0) ? value_at(values, 0) : "auto");
}

/* `seed 3`. */
static void line_word(const Values *values, StText *line) {
    st_text_format(line, "%s ", form_name(values->fields->kind));
    st_text_word(line, value_at(values, 0));
}

static void line_pace(const Values *values, StText *line) {
    int unit = values->fields->choice[0];
    if (unit == 0) {
        st_text_add(line, "pace full");
        return;
    }
    st_text_add(line, unit == 1 ? "pace " : "pace epochs=");
    st_text_word(line, value_at(values, 1));
}

/* ---- the table ------------------------------------------------------------------------------------------
 */

static const struct {
    bool (*build)(FormFields *fields, const Recipe *recipe, StError *error);
    void (*line)(const Values *values, StText *line);
} makers[FORM_KIND_COUNT] = {
    [FORM_LAYER] = {build_layer, line_layer},
    [FORM_SET] = {build_layer, line_set},
    [FORM_INPUT] = {build_input, line_input},
    [FORM_COMPILE] = {build_compile, line_compile},
    [FORM_CALLBACKS] = {build_callbacks, line_changed},
    [FORM_FIT] = {build_fit, line_changed},
    [FORM_DATA] = {build_data, line_data},
    [FORM_FEATURES] = {build_features, line_features},
    [FORM_SPLIT] = {build_split, line_named},
    [FORM_PREPARE] = {build_prepare, line_prepare},
    [FORM_SEED] = {build_seed, line_word},
    [FORM_PACE] = {build_pace, line_pace},
};

bool form_fields_build(FormFields *fields, const Recipe *recipe, StError *error) {
    return makers[fields->kind].build(fields, recipe, error);
}

void form_fields_line(const FormFields *fields, FormValue value, const void *context, StText *line) {
    Values values = {fields, value, context};
    makers[fields->kind].line(&values, line);
}

static bool check_metrics(const char *text, StError *error) {
    StMetricSpec *metric = malloc(sizeof *metric);
    bool right = metric || st_fail_memory(error, "a metric", sizeof *metric);
    while (right && *text) {
        char word[256];
        size_t length = strcspn(text, ",");
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        right = st_metric_parse(metric, word, error);
        text += length;
        if (*text == ',') text++;
    }
    free(metric);
    return right;
}

bool form_field_check(const FormFields *fields, int field, const char *text, StError *error) {
    const FormField *at = &fields->field[field];
    const char *label = fields->ui[field].label;
    if (!at->row)
        return fields->kind != FORM_COMPILE || strcmp(label, "metrics") != 0 || check_metrics(text, error);
    if (!*text && !at->row->fallback) return st_fail(error, ST_ERR_VALUE, "wanted %s", at->wants);
    Scratch scratch = {{0}};
    StError whole = {0};
    if (st_option_set(at->row, scratch.bytes, text, &whole)) return true;
    /* The name stands beside the message already: "units=0: wanted 1 to 9" becomes "wanted 1 to 9". */
    const char *message = whole.message;
    size_t name = strlen(label);
    const char *colon = strncmp(message, label, name) == 0 ? strstr(message, ": ") : NULL;
    return st_fail(error, whole.code, "%s", colon ? colon + 2 : message);
}
