#include "help_topics.h"

#include "command.h"
#include "inspect/readings.h"
#include "layers/activation.h"
#include "layers/constraint.h"
#include "layers/initializer.h"
#include "layers/regularizer.h"
#include "program.h"
#include "view.h"
#include "workbench.h"

#include <string.h>

/* ---- lists of rows, all walked alike --------------------------------------------------------------------
 */

static bool row_topic(const Command *row, Topic *topic) {
    *topic = (Topic){.name = row->name, .usage = row->usage, .help = row->help, .options = row->options};
    return row->name != NULL;
}

static bool command_at(int index, Topic *topic) {
    return row_topic(&commands[index], topic);
}

static bool verb_at(int index, Topic *topic) {
    return row_topic(&workbench_commands[index], topic);
}

static bool layer_at(int index, Topic *topic) {
    const StLayerKind *kind = st_layer_kinds[index];
    if (kind)
        *topic = (Topic){.name = kind->name,
                         .usage = kind->wraps ? "KIND …" : NULL,
                         .help = kind->help,
                         .formula = kind->formula,
                         .options = kind->options};
    return kind != NULL;
}

static const char *layer_family(int index, const char **help) {
    return st_layer_family(st_layer_kinds[index], help);
}

static bool source_at(int index, Topic *topic) {
    const StSourceKind *kind = st_source_kinds[index];
    if (kind) *topic = (Topic){.name = kind->name, .help = kind->help, .options = kind->options};
    return kind != NULL;
}

static bool kind_topic(const StKind *kind, Topic *topic) {
    if (kind)
        *topic = (Topic){.name = kind->name,
                         .help = kind->help,
                         .formula = kind->formula,
                         .alias_of = kind->alias_of,
                         .options = kind->options};
    return kind != NULL;
}

static bool loss_at(int index, Topic *topic) {
    return kind_topic(st_loss_kind_at(index), topic);
}

static bool optimizer_at(int index, Topic *topic) {
    return kind_topic(st_optimizer_kind_at(index), topic);
}

static bool schedule_at(int index, Topic *topic) {
    return kind_topic(st_schedule_kind_at(index), topic);
}

static bool metric_at(int index, Topic *topic) {
    return kind_topic(st_metric_kind_at(index), topic);
}

static bool choice_topic(const StChoice *choice, const char *formula, Topic *topic) {
    if (choice->name)
        *topic = (Topic){.name = choice->name,
                         .help = choice->help ? choice->help : "",
                         .formula = formula,
                         .parameters = choice->parameter[0].name ? choice->parameter : NULL};
    return choice->name != NULL;
}

static bool activation_at(int index, Topic *topic) {
    const StChoice *choice = &st_activations[index];
    return choice_topic(choice, choice->name ? st_activation_formula(index) : NULL, topic);
}

static bool initializer_at(int index, Topic *topic) {
    return choice_topic(&st_initializers[index], NULL, topic);
}

static bool regularizer_at(int index, Topic *topic) {
    return choice_topic(&st_regularizers[index], NULL, topic);
}

static bool constraint_at(int index, Topic *topic) {
    const StChoice *choice = &st_constraints[index];
    return choice_topic(choice, choice->name ? st_constraint_formula(index) : NULL, topic);
}

void help_studies(const char *view, int only, StText *out) {
    int first = st_study_find(view, NULL), count = st_study_count(view);
    for (int i = first; first >= 0 && i < first + count; i++) {
        const StStudy *study = st_studies[i];
        if (only >= 0 && i != only) continue;
        st_text_format(out, "  --method %s: %s\n      %s; bad: %s\n      %s\n      cost %s, %s%s\n",
                       study->name, study->title, study->what, study->bad, study->formula, study->cost,
                       st_tag_word(study->tag), study->asked ? ", made when asked for" : "");
    }
}

static bool view_at(int index, Topic *topic) {
    const View *view = views[index];
    if (view) *topic = (Topic){.name = view->name, .help = view->help};
    return view != NULL;
}

static bool reading_at(int index, Topic *topic) {
    if (index >= ST_READING_COUNT) return false;
    const StReadingKind *kind = &st_reading_kinds[index];
    *topic = (Topic){.name = kind->name, .help = kind->help, .formula = kind->formula};
    return true;
}

static bool call_at(int index, Topic *topic) {
    const ProgramCall *call = &program_calls[index];
    *topic = (Topic){.name = call->name, .usage = call->usage, .help = call->help};
    return call->name != NULL;
}

/* ---- examples -------------------------------------------------------------------------------------------
 */

/* What is usual for an option that must be given. */
static const char *usual(const char *option) {
    static const struct {
        const char *name, *value;
    } values[] = {{"units", "64"},
                  {"filters", "32"},
                  {"kernel_size", "3"},
                  {"pool_size", "2"},
                  {"rate", "0.2"},
                  {"stddev", "0.1"},
                  {"input_dim", "5000"},
                  {"output_dim", "32"},
                  {"n", "4"},
                  {"dims", "2,1"},
                  {"target_shape", "7x7x16"},
                  {"activation", "relu"},
                  {"scale", "0.00392156862745098"},
                  {"mask_value", "0"},
                  {"decay_steps", "1000"},
                  {"first_decay_steps", "1000"},
                  {"total_steps", "1000"},
                  {"decay_rate", "0.9"},
                  {"max_learning_rate", "0.01"},
                  {"boundaries", "100,200"},
                  {"values", "0.01,0.001,0.0001"}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strcmp(values[i].name, option) == 0) return values[i].value;
    return "0.5";
}

/* What must be given, by place or by name; the first option that need not be shows its default. */
static void add_required(const StOption *rows, bool by_place, StText *out) {
    for (const StOption *row = rows; row && row->name; row++) {
        if (row->fallback) {
            by_place = false;
            continue;
        }
        st_text_add(out, " ");
        if (!by_place) st_text_format(out, "%s=", row->name);
        st_text_add(out, usual(row->name));
    }
}

static void layer_example(const Topic *topic, StText *out) {
    const StLayerKind *kind = st_layer_kind_find(topic->name);
    st_text_add(out, topic->name);
    if (kind && kind->wraps) {
        const StLayerKind *wrapped = NULL;
        for (int i = 0; (wrapped = st_layer_wrappable(kind, i)); i++)
            if (strcmp(wrapped->name, "lstm") == 0 || strcmp(wrapped->name, "dense") == 0) break;
        if (!wrapped) wrapped = st_layer_wrappable(kind, 0);
        st_text_format(out, " %s", wrapped->name);
        add_required(wrapped->options, true, out);
        return;
    }
    add_required(topic->options, true, out);
}

static void source_example(const Topic *topic, StText *out) {
    static const struct {
        const char *source, *words;
    } words[] = {{"csv", " flowers.csv target=species"},
                 {"idx", " train-images.gz train-labels.gz"},
                 {"npy", " x.npy y.npy"},
                 {"synthetic", " spiral samples=500 noise=0.1"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].source, topic->name) == 0)
            st_text_format(out, "data %s%s", topic->name, words[i].words);
}

/* The options that it begins with beside those that must be given: one that one may want to change. */
static void add_first(const StOption *rows, StText *out) {
    for (const StOption *row = rows; row && row->name; row++)
        if (row->fallback && *row->fallback) {
            st_text_format(out, " %s=%s", row->name, row->fallback);
            return;
        }
}

static void loss_example(const Topic *topic, StText *out) {
    st_text_format(out, "compile optimizer=adam loss=%s", topic->name);
    add_required(topic->options, false, out);
    add_first(topic->options, out);
}

static void optimizer_example(const Topic *topic, StText *out) {
    st_text_format(out, "compile optimizer=%s loss=mean_squared_error", topic->name);
    add_first(topic->options, out);
}

static void schedule_example(const Topic *topic, StText *out) {
    st_text_format(out, "compile optimizer=sgd loss=mean_squared_error schedule=%s", topic->name);
    add_required(topic->options, false, out);
}

static void metric_example(const Topic *topic, StText *out) {
    st_text_format(out, "compile optimizer=adam loss=mean_squared_error metrics=%s", topic->name);
    for (const StOption *row = topic->options; row && row->name; row++) {
        if (row->fallback && (!*row->fallback || row != topic->options)) continue;
        st_text_format(out, ":%s=%s", row->name, row->fallback ? row->fallback : usual(row->name));
    }
}

/* "dense 64 kernel_initializer=truncated_normal:0:0.05": its parameters as they are without being given. */
static void choice_example(const char *option, const Topic *topic, StText *out) {
    st_text_format(out, "dense 64 %s=%s", option, topic->name);
    for (int i = 0; topic->parameters && i < ST_PARAMETERS_MAX && topic->parameters[i].name; i++) {
        st_text_add(out, ":");
        st_parameter_print(&topic->parameters[i], st_parameter_default(&topic->parameters[i]), out);
    }
}

static void activation_example(const Topic *topic, StText *out) {
    st_text_format(out, "dense 64 activation=%s", topic->name);
}

static void initializer_example(const Topic *topic, StText *out) {
    choice_example("kernel_initializer", topic, out);
}

static void regularizer_example(const Topic *topic, StText *out) {
    choice_example("kernel_regularizer", topic, out);
}

static void constraint_example(const Topic *topic, StText *out) {
    choice_example("kernel_constraint", topic, out);
}

/* ---- the groups -----------------------------------------------------------------------------------------
 */

/* clang-format off */
const TopicGroup topic_groups[] = {
    {"commands", "command", "Commands of the language", command_at, NULL, NULL, NULL},
    {"verbs", "command of the workbench", "Commands of the workbench alone", verb_at, NULL, NULL, NULL},
    {"layers", "layer kind", "Kinds of layers", layer_at, layer_family, layer_example, NULL},
    {"activations", "activation", "Activation functions", activation_at, NULL, activation_example, st_activations},
    {"losses", "loss", "Losses", loss_at, NULL, loss_example, NULL},
    {"optimizers", "optimizer", "Optimizers", optimizer_at, NULL, optimizer_example, NULL},
    {"schedules", "schedule of the learning rate", "Schedules of the learning rate", schedule_at, NULL, schedule_example, NULL},
    {"metrics", "metric", "Metrics", metric_at, NULL, metric_example, NULL},
    {"initializers", "initializer", "Initializers: how weights begin", initializer_at, NULL, initializer_example, st_initializers},
    {"regularizers", "regularizer", "Regularizers: what the size of weights adds to the loss", regularizer_at, NULL, regularizer_example, st_regularizers},
    {"constraints", "constraint", "Constraints: what weights are held to after every step", constraint_at, NULL, constraint_example, st_constraints},
    {"sources", "data source", "Sources of data", source_at, NULL, source_example, NULL},
    {"views", "view", "Views", view_at, NULL, NULL, NULL},
    {"readings", "reading", "Readings of the weights", reading_at, NULL, NULL, NULL},
    {"calls", "call of the program", "Calls of the program", call_at, NULL, NULL, NULL},
    {0}};
/* clang-format on */

const TopicGroup *topic_group_of(const StChoice *choices) {
    for (const TopicGroup *group = topic_groups; group->name; group++)
        if (group->choices && group->choices == choices) return group;
    return NULL;
}

const char *topic_example_at(int index, StText *line) {
    Topic topic;
    for (const TopicGroup *group = topic_groups; group->name; group++)
        for (int i = 0; group->example && group->at(i, &topic); i++) {
            if (index-- > 0) continue;
            group->example(&topic, line);
            return topic.name;
        }
    return NULL;
}
