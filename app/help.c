/* Help from the tables: every topic is a row of one of them. */
#include "command.h"
#include "inspect/readings.h"
#include "program.h"
#include "view.h"
#include "workbench.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- lists of rows, all walked alike ---- */

typedef struct Topic {
    const char *name, *usage, *help, *formula;
    const StOption *options;
} Topic;

typedef bool (*TopicAt)(int index, Topic *topic);

static bool row_topic(const Command *row, Topic *topic) {
    *topic = (Topic){row->name, row->usage, row->help, NULL, row->options};
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
        *topic = (Topic){kind->name, kind->wraps ? "KIND …" : NULL, kind->help, kind->formula, kind->options};
    return kind != NULL;
}

static bool source_at(int index, Topic *topic) {
    const StSourceKind *kind = st_source_kinds[index];
    if (kind) *topic = (Topic){kind->name, NULL, kind->help, NULL, kind->options};
    return kind != NULL;
}

static bool kind_topic(const StKind *kind, Topic *topic) {
    if (kind) *topic = (Topic){kind->name, NULL, kind->help, kind->formula, kind->options};
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

static bool view_at(int index, Topic *topic) {
    const View *view = views[index];
    if (view) *topic = (Topic){view->name, NULL, view->help, NULL, NULL};
    return view != NULL;
}

static bool reading_at(int index, Topic *topic) {
    if (index >= ST_READING_COUNT) return false;
    const StReadingKind *kind = &st_reading_kinds[index];
    *topic = (Topic){kind->name, NULL, kind->help, kind->formula, NULL};
    return true;
}

static bool call_at(int index, Topic *topic) {
    const ProgramCall *call = &program_calls[index];
    *topic = (Topic){call->name, call->usage, call->help, NULL, NULL};
    return call->name != NULL;
}

/* name, what one of it is called, its list */
static const struct Group {
    const char *name, *one, *title;
    TopicAt at;
} groups[] = {{"commands", "command", "Commands of the language", command_at},
              {"verbs", "command of the workbench", "Commands of the workbench alone", verb_at},
              {"layers", "layer kind", "Kinds of layers", layer_at},
              {"losses", "loss", "Losses", loss_at},
              {"optimizers", "optimizer", "Optimizers", optimizer_at},
              {"schedules", "schedule of the learning rate", "Schedules of the learning rate", schedule_at},
              {"metrics", "metric", "Metrics", metric_at},
              {"sources", "data source", "Sources of data", source_at},
              {"views", "view", "Views", view_at},
              {"readings", "reading", "Readings of the weights", reading_at},
              {"calls", "call of the program", "Calls of the program", call_at},
              {0}};

/* ---- one topic ---- */

/* "units  a whole number from 1 up; must be given", then its sentence. */
static void print_option(const StOption *row, StText *out) {
    StText wants = {0};
    st_option_wants(row, &wants);
    st_text_format(out, "  %s", row->name);
    if (row->fallback) st_text_format(out, "=%s", *row->fallback ? row->fallback : "");
    st_text_format(out, "  (%s%s)\n      %s\n", st_text_string(&wants),
                   row->fallback ? "" : "; must be given", row->help ? row->help : "");
    st_text_free(&wants);
}

static void print_choices(const StOption *row, StText *out) {
    if (row->type != ST_CHOICE && row->type != ST_CALL) return;
    for (const StChoice *choice = row->choices; choice->name; choice++)
        if (choice->help) st_text_format(out, "        %s: %s\n", choice->name, choice->help);
}

static void option_switch(const StOption *row, char *out, size_t size) {
    int at = snprintf(out, size, "--%s", row->name);
    for (char *s = out; *s; s++)
        if (*s == '_') *s = '-';
    if (row->type != ST_SWITCH && at < (int)size - 8) strcat(out, " VALUE");
}

static const char set_switch[] = "--set 'COMMAND'";
static const char set_help[] = "runs a command after the recipe was read; may be repeated";

/* The options of a call as they are typed. */
static void print_switches(const ProgramCall *call, StText *out) {
    char name[80];
    if (program_call_has(call, "set")) st_text_format(out, "  %-20s %s\n", set_switch, set_help);
    for (const StOption *row = program_options; row->name; row++) {
        if (!program_call_has(call, row->name)) continue;
        option_switch(row, name, sizeof name);
        st_text_format(out, "  %-20s %s\n", name, row->help);
    }
}

static void print_topic(const struct Group *group, const Topic *topic, StText *out) {
    st_text_format(out, "%s%s%s (%s)\n  %s\n", topic->name, topic->usage && *topic->usage ? " " : "",
                   topic->usage ? topic->usage : "", group->one, topic->help);
    if (topic->formula) st_text_format(out, "  %s\n", topic->formula);
    for (const StOption *row = topic->options; row && row->name; row++) {
        print_option(row, out);
        print_choices(row, out);
    }
    if (group->at == metric_at && topic->options)
        st_text_format(out, "  options stand behind colons, by place or by name: metrics=%s:%s=…\n",
                       topic->name, topic->options->name);
    for (const ProgramCall *call = program_calls; group->at == call_at && call->name; call++)
        if (strcmp(call->name, topic->name) == 0) print_switches(call, out);
}

static void print_group(const struct Group *group, StText *out) {
    Topic topic;
    st_text_format(out, "%s\n", group->title);
    for (int i = 0; group->at(i, &topic); i++)
        st_text_format(out, "  %-32s %s\n", topic.name, topic.help);
}

/* Options of this name in any table, and choices of this name of any option. */
static bool print_mentions(const struct Group *group, const char *word, StText *out) {
    Topic topic;
    bool any = false;
    for (int i = 0; group->at(i, &topic); i++)
        for (const StOption *row = topic.options; row && row->name; row++) {
            if (strcmp(row->name, word) == 0) {
                st_text_format(out, "option of %s\n", topic.name);
                print_option(row, out);
                print_choices(row, out);
                any = true;
            }
            bool chooses = row->type == ST_CHOICE || row->type == ST_CALL;
            int choice = chooses ? st_choice_find(row->choices, word) : -1;
            if (choice < 0 || !row->choices[choice].help) continue;
            st_text_format(out, "%s of %s: %s\n", row->name, topic.name, row->choices[choice].help);
            any = true;
        }
    return any;
}

static void print_overview(StText *out) {
    st_text_add(out, "strata: a terminal workbench for neural networks\n\n"
                     "  strata                 the start page\n"
                     "  strata FILE.strata     the workbench; without a terminal, trains\n");
    for (const ProgramCall *call = program_calls; call->name; call++)
        st_text_format(out, "  strata %-15s %s\n", call->name, call->help);
    st_text_add(out, "\nstrata help TOPIC explains any word of the language. Lists:");
    for (const struct Group *group = groups; group->name; group++)
        st_text_format(out, " %s", group->name);
    st_text_add(out, "\n");
}

const char *help_topic_at(const void *unused, int index) {
    (void)unused;
    Topic topic;
    for (const struct Group *group = groups; group->name; group++)
        if (index-- == 0) return group->name;
    for (const struct Group *group = groups; group->name; group++)
        for (int i = 0; group->at(i, &topic); i++)
            if (index-- == 0) return topic.name;
    return NULL;
}

bool help_call(const char *name, StText *out) {
    Topic topic;
    for (int i = 0; call_at(i, &topic); i++)
        if (strcmp(topic.name, name) == 0) {
            st_text_format(out, "strata %s %s\n  %s\n", name, topic.usage, topic.help);
            print_switches(&program_calls[i], out);
            return true;
        }
    return false;
}

bool help_print(const char *word, StText *out, StError *error) {
    if (!word || !*word) {
        print_overview(out);
        return true;
    }
    bool any = false;
    Topic topic;
    for (const struct Group *group = groups; group->name; group++) {
        if (strcmp(group->name, word) == 0 || strcmp(group->one, word) == 0) {
            print_group(group, out);
            any = true;
        }
        for (int i = 0; group->at(i, &topic); i++)
            if (strcmp(topic.name, word) == 0) {
                print_topic(group, &topic, out);
                any = true;
            }
    }
    for (const struct Group *group = groups; group->name; group++)
        any |= print_mentions(group, word, out);
    const char *near = any ? NULL : st_nearest(word, help_topic_at, NULL);
    if (near) return st_fail(error, ST_ERR_NAME, "no help on '%.60s'; did you mean '%s'?", word, near);
    return any || st_fail(error, ST_ERR_NAME, "no help on '%.60s'; help alone lists the topics", word);
}

/* ---- the man page ---- */

/* Text for roff: backslashes doubled, minus signs kept, no dot or quote at the start of a line. */
static void roff(StText *out, const char *text) {
    for (const char *s = text; *s; s++) {
        bool start = s == text || s[-1] == '\n';
        if (start && (*s == '.' || *s == '\'')) st_text_add(out, "\\&");
        if (*s == '\\')
            st_text_add(out, "\\e");
        else if (*s == '-')
            st_text_add(out, "\\-");
        else
            st_text_add_bytes(out, s, 1);
    }
}

static void man_entry(StText *out, const char *name, const char *usage, const char *help) {
    st_text_add(out, ".TP\n\\fB");
    roff(out, name);
    st_text_add(out, "\\fR");
    if (usage && *usage) {
        st_text_add(out, " ");
        roff(out, usage);
    }
    st_text_add(out, "\n");
    roff(out, help ? help : "");
    st_text_add(out, "\n");
}

static void man_groups(StText *out) {
    Topic topic;
    for (const struct Group *group = groups; group->name; group++) {
        if (group->at == call_at) continue;
        st_text_add(out, ".SH ");
        for (const char *s = group->title; *s; s++)
            st_text_format(out, "%c", toupper((unsigned char)*s));
        st_text_add(out, "\n");
        for (int i = 0; group->at(i, &topic); i++) {
            man_entry(out, topic.name, topic.usage, topic.help);
            for (const StOption *row = topic.options; row && row->name; row++) {
                char usage[160];
                snprintf(usage, sizeof usage, "= %s", row->fallback ? row->fallback : "(must be given)");
                st_text_add(out, ".RS\n");
                man_entry(out, row->name, usage, row->help);
                st_text_add(out, ".RE\n");
            }
        }
    }
}

void help_man(StText *out) {
    st_text_add(out,
                ".TH STRATA 1 \"\" \"strata " STRATA_VERSION "\" \"User Commands\"\n"
                ".SH NAME\nstrata \\- a terminal workbench for neural networks\n"
                ".SH SYNOPSIS\n\\fBstrata\\fR [\\fB\\-\\-play\\fR] [\\fIFILE.strata\\fR]\n.br\n"
                "\\fBstrata\\fR \\fICALL\\fR [\\fIFILE\\fR] [\\fIoptions\\fR]\n"
                ".SH DESCRIPTION\nStack layers, train them on a background thread, watch the loss, the "
                "accuracy and the norms of the weights move, and look inside. A recipe (*.strata) is the "
                "whole experiment on one page, in the language described below.\n.SH CALLS\n");
    for (const ProgramCall *call = program_calls; call->name; call++)
        man_entry(out, call->name, call->usage, call->help);
    st_text_add(out, ".SH OPTIONS\n");
    man_entry(out, set_switch, "", set_help);
    for (const StOption *row = program_options; row->name; row++) {
        char name[80];
        option_switch(row, name, sizeof name);
        man_entry(out, name, "", row->help);
    }
    st_text_add(out, ".SH EXIT STATUS\n0 done, 1 it failed (and said why), 2 used wrongly.\n");
    man_groups(out);
}

/* ---- bash ---- */

static void bash_options(const ProgramCall *call, StText *out) {
    char name[80];
    for (const StOption *row = program_options; row->name; row++) {
        if (!program_call_has(call, row->name)) continue;
        option_switch(row, name, sizeof name);
        st_text_format(out, " %.*s", (int)strcspn(name, " "), name);
    }
}

/* After an option that takes a value its choices are offered, or files alone. */
static void bash_values(StText *out) {
    char name[80];
    st_text_add(out, "    case ${COMP_WORDS[COMP_CWORD-1]} in\n    --set");
    for (const StOption *row = program_options; row->name; row++) {
        if (row->type == ST_SWITCH || row->type == ST_CHOICE) continue;
        option_switch(row, name, sizeof name);
        st_text_format(out, "|%.*s", (int)strcspn(name, " "), name);
    }
    st_text_add(out, ") words= ;;\n");
    for (const StOption *row = program_options; row->name; row++) {
        if (row->type != ST_CHOICE) continue;
        option_switch(row, name, sizeof name);
        st_text_format(out, "    %.*s) words=\"", (int)strcspn(name, " "), name);
        for (const StChoice *choice = row->choices; choice->name; choice++)
            st_text_format(out, "%s ", choice->name);
        st_text_add(out, "\" ;;\n");
    }
    st_text_add(out, "    esac\n");
}

void help_completion(StText *out) {
    st_text_add(out, "# bash completion of strata, made by: strata help --completion\n_strata() {\n"
                     "    local word=${COMP_WORDS[COMP_CWORD]} call=${COMP_WORDS[1]} words=\n"
                     "    COMPREPLY=()\n    if [ \"$COMP_CWORD\" = 1 ]; then words=\"");
    for (const ProgramCall *call = program_calls; call->name; call++)
        st_text_format(out, "%s ", call->name);
    st_text_add(out, "--help --version --play\"; else\n    case $call in\n");
    for (const ProgramCall *call = program_calls; call->name; call++) {
        st_text_format(out, "    %s) words=\"", call->name);
        bash_options(call, out);
        if (program_call_has(call, "set")) st_text_add(out, " --set");
        if (strcmp(call->name, "show") == 0)
            for (int i = 0; views[i]; i++)
                st_text_format(out, " %s", views[i]->name);
        const char *topic;
        for (int i = 0; strcmp(call->name, "help") == 0 && (topic = help_topic_at(NULL, i)); i++)
            if (!strchr(topic, ' ') && !strchr(topic, '|')) st_text_format(out, " %s", topic);
        st_text_add(out, "\" ;;\n");
    }
    st_text_add(out, "    esac; fi\n");
    bash_values(out);
    st_text_add(out, "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\"))\n"
                     "    if [ ${#COMPREPLY[@]} = 1 ] && [ -d \"${COMPREPLY[0]}\" ]; then\n"
                     "        COMPREPLY[0]=${COMPREPLY[0]}/; compopt -o nospace 2>/dev/null\n    fi\n}\n"
                     "complete -F _strata strata\n");
}
