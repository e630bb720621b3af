/* What there is help on: every topic is a row of one of the tables that the language is made of, and topics
 * of one table are a group. A part of help.c. */
#ifndef APP_HELP_TOPICS_H
#define APP_HELP_TOPICS_H

#include "session.h"

typedef struct Topic {
    const char *name, *usage, *help, *formula;
    const char *alias_of; /* another word for the topic of this name; NULL: its own */
    const StOption *options;
    const StParameter *parameters; /* behind its colons; NULL: none */
} Topic;

typedef struct TopicGroup {
    const char *name, *one, *title; /* "losses", what one of them is called, its heading */
    bool (*at)(int index, Topic *topic);
    /* The paragraph of a topic in the list of its group, and the paragraph's sentence; NULL: no paragraphs.
     */
    const char *(*family)(int index, const char **help);
    /* A line of the language that works, made of the row: adds nothing where there is none. */
    void (*example)(const Topic *topic, StText *out);
    const StChoice *choices; /* the group is this list, which options of many tables share */
} TopicGroup;

/* Ended by a row without a name. */
extern const TopicGroup topic_groups[];
/* The group that a list of choices is, or NULL. */
const TopicGroup *topic_group_of(const StChoice *choices);
/* The i-th line of all groups' examples, with the name of its topic; NULL behind the last. */
const char *topic_example_at(int index, StText *line);

/* What a view's studies say, or only this one (an index of st_studies, or -1: all): what one looks at, what would
 * be bad, formula, cost, tag, and how to ask for it. Nothing for a view without studies. */
void help_studies(const char *view, int only, StText *out);

#endif
