/* Errors are values.
 *
 * A fallible function returns bool (or a pointer) and fills the StError that the
 * caller owns; on success the error is left alone. The message is one line
 * without a full stop at its end. It names the thing, what it got and what it
 * wanted, and, for a misspelt word, the nearest right one. Any function here
 * accepts a NULL error. */
#ifndef ST_BASE_ERROR_H
#define ST_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* code, name, what it means: one row an error code. */
#define ST_CODES(ROW)                                                                                        \
    ROW(OK, "ok", "nothing is wrong")                                                                        \
    ROW(NAME, "name", "a word that no table knows")                                                          \
    ROW(VALUE, "value", "a value out of its range, or of another type")                                      \
    ROW(SHAPE, "shape", "shapes that cannot follow each other")                                              \
    ROW(FILE, "file", "a file that cannot be opened, read or written")                                       \
    ROW(FORMAT, "format", "a file whose content is not what its format says")                                \
    ROW(STATE, "state", "something is missing before this can be done")                                      \
    ROW(MEMORY, "memory", "not enough memory")                                                               \
    ROW(NONFINITE, "nonfinite", "a value became infinite or not a number")                                   \
    ROW(STOPPED, "stopped", "stopped on request")

typedef enum StCode {
#define ST_CODE_ENUM(id, name, help) ST_ERR_##id,
    ST_CODES(ST_CODE_ENUM)
#undef ST_CODE_ENUM
        ST_ERR_COUNT
} StCode;

enum { ST_MESSAGE_MAX = 768 };

typedef struct StError {
    StCode code;
    char message[ST_MESSAGE_MAX];
} StError;

#define ST_PRINTF(at, first) __attribute__((format(printf, at, first)))

/* Fills the error; always returns false, so that `return st_fail(...)` reads well. */
bool st_fail(StError *error, StCode code, const char *format, ...) ST_PRINTF(3, 4);

/* Puts "PLACE: " before the message that is there, e.g. "iris.strata:3". Returns false. */
bool st_fail_at(StError *error, const char *format, ...) ST_PRINTF(2, 3);

/* "out of memory for WHAT (N bytes)". Returns false. */
bool st_fail_memory(StError *error, const char *what, size_t bytes);

/* The short name of a code ("shape"), for logs and tests. */
const char *st_code_name(StCode code);

/* The candidate nearest to word by edit distance (case ignored, a transposition
 * is one edit), or NULL where none is near enough to be worth suggesting.
 * Candidates are visited by index until next() gives NULL. */
typedef const char *(*StNameAt)(const void *table, int index);
const char *st_nearest(const char *word, StNameAt next, const void *table);

/* Fills `unknown WHAT 'word'; did you mean 'x'?` or, with nothing near,
 * `unknown WHAT 'word'; known: a, b, c`, or `…; there is none`. Returns false. */
bool st_fail_unknown(StError *error, const char *what, const char *word, StNameAt next, const void *table);

#endif
