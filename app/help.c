/* Help from the tables: every topic is a row of one of them. */
#include "command.h"
#include "help_topics.h"
#include "program.h"
#include "view.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- one topic ---- */

enum { LINE = 78 };

/* What an option may be; a list that many options share is named alone, and has help of its own. */
static void print_wants(const StOption *row, StText *out) {
    const TopicGroup *group = topic_group_of(row->choices);
    if (group)
        st_text_format(out, "help %s lists them", group->name);
    else
        st_option_wants(row, out);
    if (!row->fallback) st_text_add(out, "; must be given");
}

/* "units  (a whole number from 1 up; must be given)", then its sentence. */
static void print_option(const StOption *row, StText *out) {
    st_text_format(out, "  %s", row->name);
    if (row->fallback) st_text_format(out, "=%s", *row->fallback ? row->fallback : "");
    st_text_add(out, "  (");
    print_wants(row, out);
    st_text_format(out, ")\n      %s\n", row->help ? row->help : "");
}

static void print_choices(const StOption *row, StText *out) {
    if (row->type != ST_CHOICE && row->type != ST_CALL) return;
    if (topic_group_of(row->choices)) return;
    for (const StChoice *choice = row->choices; choice->name; choice++)
        if (choice->help) st_text_format(out, "        %s: %s\n", choice->name, choice->help);
}

/* Numbers behind colons, by place, with their defaults and ranges. */
static void print_parameters(const StParameter *parameter, StText *out) {
    for (int i = 0; parameter && i < ST_PARAMETERS_MAX && parameter[i].name; i++) {
        const StParameter *at = &parameter[i];
        st_text_format(out, "  :%s=", at->name);
        st_parameter_print(at, st_parameter_default(at), out);
        if (strchr(at->fallback, '|'))
            st_text_format(out, "  (%s)", at->fallback);
        else if (at->low != 0 || at->high != 0)
            st_text_format(out, isfinite(at->high) ? "  (%g to %g)" : "  (a number from %g up)", at->low,
                           at->high);
        st_text_add(out, "\n");
    }
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

static void print_topic(const TopicGroup *group, const Topic *topic, StText *out) {
    st_text_format(out, "%s%s%s (%s)\n  %s\n", topic->name, topic->usage && *topic->usage ? " " : "",
                   topic->usage ? topic->usage : "", group->one, topic->help);
    if (topic->formula) st_text_format(out, "  %s\n", topic->formula);
    for (const StOption *row = topic->options; row && row->name; row++) {
        print_option(row, out);
        print_choices(row, out);
    }
    print_parameters(topic->parameters, out);
    if (strcmp(group->name, "metrics") == 0 && topic->options)
        st_text_format(out, "  options stand behind colons, by place or by name: metrics=%s:%s=…\n",
                       topic->name, topic->options->name);
    bool calls = strcmp(group->name, "calls") == 0;
    for (const ProgramCall *call = program_calls; calls && call->name; call++)
        if (strcmp(call->name, topic->name) == 0) print_switches(call, out);
    if (strcmp(group->one, "view") == 0) help_studies(topic->name, -1, out);
    StText example = {0};
    if (group->example) group->example(topic, &example);
    if (example.length) st_text_format(out, "  for example:  %s\n", st_text_string(&example));
    st_text_free(&example);
}

/* Another word for a topic stands behind it, not in a line of its own. */
static void print_aliases(const TopicGroup *group, const char *name, StText *out) {
    Topic topic;
    bool any = false;
    for (int i = 0; group->at(i, &topic); i++) {
        if (!topic.alias_of || strcmp(topic.alias_of, name) != 0) continue;
        st_text_format(out, "%s%s", any ? ", " : " (also ", topic.name);
        any = true;
    }
    if (any) st_text_add(out, ")");
}

static void print_group(const TopicGroup *group, StText *out) {
    Topic topic;
    const char *family = NULL, *about = NULL;
    int width = 0;
    for (int i = 0; group->at(i, &topic); i++)
        if (!topic.alias_of && (int)strlen(topic.name) > width) width = (int)strlen(topic.name);
    st_text_format(out, "%s\n", group->title);
    for (int i = 0; group->at(i, &topic); i++) {
        if (topic.alias_of) continue;
        const char *of = group->family ? group->family(i, &about) : NULL;
        if (of && of != family) st_text_format(out, "\n%s: %s\n", of, about);
        family = of;
        st_text_format(out, "  %-*s  %s", width, topic.name, topic.help);
        print_aliases(group, topic.name, out);
        st_text_add(out, "\n");
    }
}

/* ---- words that stand in many tables ---- */

/* Where a word was found: an option of that name, or a choice of it of some option. */
typedef struct Mention {
    const TopicGroup *group;
    const char *topic;
    const StOption *row;
    const StChoice *choice; /* NULL: the option itself */
} Mention;

typedef bool (*MentionSeen)(const Mention *mention, void *to);

static bool says(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether two mentions would print the same words. */
static bool same_words(const Mention *a, const Mention *b) {
    if (!a->choice != !b->choice) return false;
    if (a->choice) return says(a->row->name, b->row->name) && says(a->choice->help, b->choice->help);
    return a->row->type == b->row->type && says(a->row->help, b->row->help) &&
           says(a->row->fallback, b->row->fallback) && a->row->choices == b->row->choices &&
           a->row->low == b->row->low && a->row->high == b->row->high && a->row->optional == b->row->optional;
}

/* Calls seen for every mention in the tables, until it says false. */
static void each_mention(const char *word, MentionSeen seen, void *to) {
    Topic topic;
    for (const TopicGroup *group = topic_groups; group->name; group++)
        for (int i = 0; group->at(i, &topic); i++)
            for (const StOption *row = topic.options; !topic.alias_of && row && row->name; row++) {
                Mention mention = {group, topic.name, row, NULL};
                if (strcmp(row->name, word) == 0 && !seen(&mention, to)) return;
                bool chooses = row->type == ST_CHOICE || row->type == ST_CALL;
                int choice =
                    chooses && !topic_group_of(row->choices) ? st_choice_find(row->choices, word) : -1;
                if (choice < 0 || !row->choices[choice].help) continue;
                mention.choice = &row->choices[choice];
                if (!seen(&mention, to)) return;
            }
}

/* Looks for the first that says the same; the rest are listed with it. */
typedef struct Search {
    const char *word;
    const Mention *like;
    const char *first; /* the topic of the first like it */
    const StOption *first_row;
    int column, listed;
    bool any;
    StText *out;
} Search;

static bool find_first(const Mention *mention, void *to) {
    Search *search = to;
    if (!same_words(mention, search->like)) return true;
    search->first = mention->topic;
    search->first_row = mention->row;
    return false;
}

static bool list_topic(const Mention *mention, void *to) {
    Search *search = to;
    if (!same_words(mention, search->like)) return true;
    int w = (int)strlen(mention->topic) + 2;
    if (search->listed++) st_text_add(search->out, ",");
    bool breaks = search->column + w > LINE;
    st_text_format(search->out, "%s%s", breaks ? "\n    " : " ", mention->topic);
    search->column = breaks ? 4 + w : search->column + w;
    return true;
}

static bool print_mention(const Mention *mention, void *to) {
    Search *whole = to, search = {.word = whole->word, .like = mention, .out = whole->out};
    each_mention(search.word, find_first, &search);
    whole->any = true;
    if (search.first_row != mention->row || strcmp(search.first, mention->topic) != 0) return true;
    size_t begun = search.out->length;
    if (mention->choice)
        st_text_format(search.out, "%s of", mention->row->name);
    else
        st_text_add(search.out, "option of");
    search.column = (int)(search.out->length - begun);
    each_mention(search.word, list_topic, &search);
    if (mention->choice) {
        st_text_format(search.out, ": %s\n", mention->choice->help);
        return true;
    }
    st_text_add(search.out, "\n");
    print_option(mention->row, search.out);
    print_choices(mention->row, search.out);
    return true;
}

/* Options of this name in any table, and choices of this name of any option; alike ones together. */
static bool print_mentions(const char *word, StText *out) {
    Search search = {.word = word, .out = out};
    each_mention(word, print_mention, &search);
    return search.any;
}

static void print_overview(StText *out) {
    st_text_add(out, "strata: a terminal workbench for neural networks\n\n"
                     "  strata                 the start page\n"
                     "  strata FILE.strata     the workbench; without a terminal, trains\n");
    for (const ProgramCall *call = program_calls; call->name; call++)
        st_text_format(out, "  strata %-15s %s\n", call->name, call->help);
    st_text_add(out, "\nstrata help TOPIC explains any word of the language. Lists:");
    for (const TopicGroup *group = topic_groups; group->name; group++)
        st_text_format(out, " %s", group->name);
    st_text_add(out, "\n");
}

const char *help_topic_at(const void *unused, int index) {
    (void)unused;
    Topic topic;
    for (const TopicGroup *group = topic_groups; group->name; group++)
        if (index-- == 0) return group->name;
    for (const TopicGroup *group = topic_groups; group->name; group++)
        for (int i = 0; group->at(i, &topic); i++)
            if (index-- == 0) return topic.name;
    return NULL;
}

bool help_call(const char *name, StText *out) {
    for (const ProgramCall *call = program_calls; call->name; call++)
        if (strcmp(call->name, name) == 0) {
            st_text_format(out, "strata %s %s\n  %s\n", name, call->usage, call->help);
            print_switches(call, out);
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
    for (const TopicGroup *group = topic_groups; group->name; group++) {
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
    any |= print_mentions(word, out);
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
    for (const TopicGroup *group = topic_groups; group->name; group++) {
        if (strcmp(group->name, "calls") == 0) continue;
        st_text_add(out, ".SH ");
        for (const char *s = group->title; *s; s++)
            st_text_format(out, "%c", toupper((unsigned char)*s));
        st_text_add(out, "\n");
        const char *family = NULL, *about = NULL;
        for (int i = 0; group->at(i, &topic); i++) {
            if (topic.alias_of) continue;
            const char *of = group->family ? group->family(i, &about) : NULL;
            if (of && of != family) st_text_format(out, ".SS %s: %s\n", of, about);
            family = of;
            StText help = {0};
            st_text_add(&help, topic.help);
            print_aliases(group, topic.name, &help);
            man_entry(out, topic.name, topic.usage, st_text_string(&help));
            st_text_free(&help);
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
