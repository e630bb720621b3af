/* The table of every verb of the language. Parsing, help, completion, the man page and suggestions are
 * derived from its rows. A kind of layer is a verb too (it appends itself): those come from the registry. */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include "session.h"

/* One line being run. */
typedef struct CommandCall {
    Session *session;
    void *context;       /* of session_add_commands, for its rows */
    const StWord *words; /* words[0] is the verb */
    int count;
    const char *line;
    Source source;
} CommandCall;

/* What a verb's words by place are, for completion. */
typedef enum CommandTakes {
    TAKES_FILE = 1,  /* a path */
    TAKES_KIND = 2,  /* a layer kind, then its options */
    TAKES_LAYER = 4, /* a number or name of a layer */
    TAKES_VIEW = 8,
    TAKES_TOPIC = 16,
    TAKES_SOURCE = 32, /* a kind of data, then its options */
    TAKES_PART = 64,
    TAKES_WEIGHT = 128, /* LAYER/WEIGHT */
    TAKES_COLUMN = 256  /* a column of the data, then one of its categories */
} CommandTakes;

typedef struct Command {
    const char *name;
    const char *usage; /* what follows the name: "N KIND …"; "" for nothing */
    const char *help;  /* one sentence without a full stop */
    unsigned where;    /* Places */
    unsigned takes;    /* CommandTakes */
    const char *words; /* other words that may follow, separated by blanks; NULL: none */
    /* The table of options that follow, for help and completion; NULL: none. */
    const StOption *options;
    /* An edit works on a draft of the recipe, which takes the recipe's place (and the old one
     * goes to the history) where it returns true; `said` gets what was done, in words ("added 3 dropout"). A
     * row with both edits, and acts too where the line stands in a script or a shell. */
    bool (*edit)(const CommandCall *call, Recipe *draft, StText *said, StError *error);
    bool (*act)(const CommandCall *call, StError *error);
} Command;

/* The table, ended by a row without a name. */
extern const Command commands[];

/* The row of a verb: the session's added rows first (session may be NULL), then the table. A layer kind gives
 * the row that appends it. NULL: unknown. */
const Command *command_find(const Session *session, const char *name, void **context);

/* The words that may begin a line, for st_nearest and completion; session may be NULL. */
const char *command_name_at(const void *session, int index);

/* "unknown command or layer kind 'xy'; did you mean 'z'?" among commands and layer kinds. Returns false. */
bool command_unknown(const Session *session, const char *name, StError *error);

/* Candidates for the word under the cursor (byte offset) of a line: commands, kinds, options of the kind,
 * choices, layers, files, views, topics. begin gets where the word (or the part after =) starts. `add` is
 * called for each. */
typedef void (*CommandCandidate)(void *to, const char *word);
void command_complete(Session *session, const char *line, int cursor, int *begin, CommandCandidate add,
                      void *to);

/* ---- help, from the tables ---- */

/* A topic: a command, layer kind, option (units), loss, optimizer, metric, data source, view, program call,
 * or a group (layers losses optimizers metrics data commands views calls readings). "" or NULL: the overview.
 * Unknown ones suggest. */
bool help_print(const char *topic, StText *out, StError *error);
/* A call of the program alone, as `strata CALL --help` says it. False: there is none. */
bool help_call(const char *name, StText *out);
/* The i-th topic's name, NULL behind the last. */
const char *help_topic_at(const void *unused, int index);
void help_man(StText *out);        /* roff */
void help_completion(StText *out); /* bash */

#endif
