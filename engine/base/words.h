/* One line of the language cut into words.
 *
 * Words are separated by blanks; '…' or "…" keeps blanks; # at the start of a
 * word begins a comment. A word is an option (name != NULL) only if a name
 * (a letter or _, then letters, digits, _) stands unquoted before an '='. */
#ifndef ST_BASE_WORDS_H
#define ST_BASE_WORDS_H

#include "base/error.h"

enum { ST_WORDS_MAX = 256, ST_LINE_MAX = 8192 };

typedef struct StWord {
    char *text;  /* the whole word without its quotes: "units=64" */
    char *name;  /* "units", or NULL where the word is not an option */
    char *value; /* "64"; equal to text where the word is not an option */
    int column;  /* where it began in the line, from 0 */
} StWord;

typedef struct StWords {
    int count;
    StWord word[ST_WORDS_MAX];
    char buffer[2 * ST_LINE_MAX + 2 * ST_WORDS_MAX];
} StWords;

/* Errors: an unfinished quote, too long a line, too many words, a control character. */
bool st_words_split(const char *line, StWords *words, StError *error);

/* True where text is a name as layers may carry it: a letter, then letters, digits, _ or -. */
bool st_is_name(const char *text);

#endif
