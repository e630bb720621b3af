/* Option tables: an option is declared once, in one row, and everything else is
 * derived from the row: parsing by place and by name, validation, defaults,
 * printing, completion, the form on the screen, help and the man page.
 *
 * A table is an array of StOption ended by a row without a name. The values
 * live in a plain struct of the owner; a row knows the offset of its field. All
 * values are pure data: copying the struct copies the options.
 *
 * The field's C type follows from the row's type:
 *     ST_INT     int            ST_NUMBER  double        ST_SWITCH  bool
 *     ST_CHOICE  int            index into `choices`
 *     ST_CALL    StCall         a choice with numbers: "l1_l2:0.01:0.02"
 *     ST_SIZE    StSize         "3" or "3x2"; one number stands for all
 *     ST_SHAPES  StShape        "28x28x1"
 *     ST_TEXT    char[size]     a path, a column, a list with commas; "" is none
 *     ST_NUMBERS StNumbers      "0.1,0.2,0.7"; "" is none, where it is the default
 *
 * Where a row is `optional`, the word none may stand for a number, as Keras' None: an int is then ST_NO_INT,
 * and so are both of a size; a double is NaN (st_is_none), a list empty.
 *
 * A value of NULL fallback means the option must be given (by place or name). */
#ifndef ST_BASE_OPTION_H
#define ST_BASE_OPTION_H

#include "base/shape.h"
#include "base/text.h"
#include "base/words.h"
#include <limits.h>

typedef enum StOptionType {
    ST_INT,
    ST_NUMBER,
    ST_SWITCH,
    ST_CHOICE,
    ST_CALL,
    ST_SIZE,
    ST_SHAPES,
    ST_TEXT,
    ST_NUMBERS
} StOptionType;

enum { ST_PARAMETERS_MAX = 4, ST_NUMBERS_MAX = 32, ST_NO_INT = INT_MIN };

/* One parameter of a choice: its name, default (as printed) and range (both ends allowed; 0, 0: any). What it
 * may be follows from how its default is written; it is held in a double all the same:
 *     "0.01"           a number
 *     "none"           a number or none, held as NaN (st_is_none)
 *     "rows|columns"   one of these words, the first by default, held as its index
 *     "[0]"            a list of axes with commas, each -ST_RANK_MAX to ST_RANK_MAX - 1, held as a sum of
 *                      ST_AXIS_BIT */
typedef struct StParameter {
    const char *name, *fallback;
    double low, high;
} StParameter;

#define ST_AXIS_BIT(axis) (1 << ((axis) + ST_RANK_MAX))

/* The default; reading a word ("too large" and the like are false); printing so that it reads back. */
double st_parameter_default(const StParameter *parameter);
bool st_parameter_read(const StParameter *parameter, const char *word, double *value);
void st_parameter_print(const StParameter *parameter, double value, StText *out);

/* One word that a choice or a call may be. A list ends with a row without a name. */
typedef struct StChoice {
    const char *name, *help;
    StParameter parameter[ST_PARAMETERS_MAX]; /* calls only; ended by a NULL name */
} StChoice;

typedef struct StCall {
    int kind; /* index into the row's choices */
    double parameter[ST_PARAMETERS_MAX];
} StCall;

typedef struct StSize {
    int n[2]; /* both equal where one number was given */
} StSize;

typedef struct StNumbers {
    int count; /* 0: none */
    double n[ST_NUMBERS_MAX];
} StNumbers;

typedef struct StOption {
    const char *name;
    StOptionType type;
    bool open_low, open_high; /* the range leaves its low, high end out */
    bool place;               /* printed by place where it can be */
    bool optional;            /* an ST_INT, ST_SIZE, ST_NUMBER or ST_NUMBERS that may be none */
    size_t offset, size;      /* size: of the field, for ST_TEXT */
    const char *fallback;     /* the default as text, or NULL: must be given */
    double low, high; /* the range of numbers; 0, 0: any. A shape: low -1 where an extent may be open */
    const StChoice *choices;
    const char *help; /* one sentence without a full stop */
} StOption;

/* Rows are written with these: ST_OPTION(DenseOptions, units, ST_INT, NULL, .low = 1, .high = 1e9, .help =
 * "…") */
#define ST_OPTION(Struct, field, kind, standard, ...)                                                        \
    {                                                                                                        \
        .name = #field, .type = kind, .offset = offsetof(Struct, field),                                     \
        .size = sizeof(((Struct *)0)->field), .fallback = standard, __VA_ARGS__                              \
    }

/* Sets every field to its default (a required one to zero). */
void st_options_default(const StOption *rows, void *values);

/* Sets one option from its text. Errors name the option, what was got and what was wanted. */
bool st_option_set(const StOption *row, void *values, const char *text, StError *error);

/* By name; an unknown name suggests the nearest. */
bool st_options_set(const StOption *rows, const char *what, void *values, const char *name, const char *text,
                    StError *error);
const StOption *st_option_find(const StOption *rows, const char *name);
int st_option_count(const StOption *rows);

/* Words of a command after its first: by place, then by name; defaults first. Refuses doubles, too many
 * by place, and a required option that is missing. `what` names the owner in messages ("dense"). On failure
 * *values is untouched; values_size is the size of its struct. */
bool st_options_parse(const StOption *rows, const char *what, void *values, size_t values_size,
                      const StWord *words, int count, StError *error);

/* The same, but what the words do not name stays as it is. */
bool st_options_change(const StOption *rows, const char *what, void *values, size_t values_size,
                       const StWord *words, int count, StError *error);

/* One value as text, exactly as it would be read back. */
void st_option_print(const StOption *row, const void *values, StText *out);
/* " 64 relu use_bias=no": what differs from the defaults, each word preceded by a blank. */
void st_options_print(const StOption *rows, const void *values, StText *out);
/* What differs, for people: "epochs 5 → 9, shuffle yes → no", behind a comma where text stands before it. */
void st_options_print_changes(const StOption *rows, const void *before, const void *after, StText *out);
/* True where the field holds its default. */
bool st_option_is_default(const StOption *row, const void *values);
/* "1 to 1e9", "yes or no", "relu, tanh, …": what a field wants, for forms and help. */
void st_option_wants(const StOption *row, StText *out);

/* True for what the word none has left in an optional ST_NUMBER. */
static inline bool st_is_none(double value) {
    return value != value;
}

/* Index of a name in a list of choices, or -1. */
int st_choice_find(const StChoice *choices, const char *name);

/* The tables' iterators for st_nearest and st_fail_unknown. */
const char *st_option_name_at(const void *rows, int index);
const char *st_choice_name_at(const void *choices, int index);

#endif
