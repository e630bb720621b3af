/* The program's calls: `strata CALL FILE --option value`. One row a call and one row an option; parsing,
 * --help, the man page and the completion of bash are made from them. */
#ifndef APP_PROGRAM_H
#define APP_PROGRAM_H

#include "session.h"

#include "screen.h"

enum { PROGRAM_SETS = 64, PROGRAM_FILES = 4 };

/* Everything that the options of a call say. */
typedef struct ProgramArguments {
    const char *call; /* the row's name */
    int files;
    const char *file[PROGRAM_FILES]; /* words that are no options */
    int sets;
    const char *set[PROGRAM_SETS]; /* --set, in order */
    int epochs, threads, rounds;   /* 0: not given */
    char seed[24];                 /* "": not given */
    char init[RECIPE_PATH_MAX], save[RECIPE_PATH_MAX], log[RECIPE_PATH_MAX];
    int log_every; /* index into step, epoch */
    bool no_shuffle, json, quiet, training, play;
    char weights[RECIPE_PATH_MAX], input[RECIPE_PATH_MAX], target[RECIPE_PATH_MAX], output[RECIPE_PATH_MAX];
    char layer[ST_LAYER_NAME_MAX], part[16], method[32], size[16];
    char klass[64], column[64];
    int unit, row, count, steps;
    double value, low, high;
    bool man, completion, profile;
    UiScreenOptions screen; /* of the workbench */
} ProgramArguments;

typedef struct ProgramCall {
    const char *name, *usage, *help;
    int least, most;     /* words beside the options */
    const char *options; /* their names as in program_options, separated by blanks */
    int (*run)(ProgramArguments *arguments);
} ProgramCall;

extern const ProgramCall program_calls[]; /* ended by a row without a name */
extern const StOption program_options[];  /* --log-every is the row log_every */
bool program_call_has(const ProgramCall *call, const char *option);
const char *program_call_at(const void *unused, int index);

/* The whole program; returns its exit status: 0 done, 1 failed, 2 used wrongly. */
int program_run(int count, char **words);

#endif
