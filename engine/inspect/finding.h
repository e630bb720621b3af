/* A finding: what a study has found out, as named numbers. One number is a fact; a vector, matrix or more an
 * array; names of things a list; a sentence a note. Views draw them by name, `strata show VIEW --json` prints
 * all of them, and tests read them: whoever adds a reading adds one line here and nothing elsewhere.
 *
 * Numbers are doubles; NaN is "not available" (null in JSON), never zero. Names are in snake case, unique
 * within a finding and stand in JSON in the order in which they were first set. Setting one again replaces
 * its value, so a study that fills in as it goes sets names early and values as they come. */
#ifndef ST_INSPECT_FINDING_H
#define ST_INSPECT_FINDING_H

#include "base/shape.h"
#include "base/text.h"

typedef enum StEntryKind { ST_ENTRY_FACT, ST_ENTRY_ARRAY, ST_ENTRY_NAMES, ST_ENTRY_NOTE } StEntryKind;

enum { ST_ENTRY_NAME_MAX = 48 };

typedef struct StEntry {
    char name[ST_ENTRY_NAME_MAX];
    StEntryKind kind;
    double value;   /* a fact */
    StShape shape;  /* an array; row-major. An extent may be 0 */
    double *values; /* [size] */
    int count;      /* names */
    char **names;   /* [count] */
    char *note;
    bool whole; /* a fact that counts: printed without a point */
} StEntry;

typedef struct StFinding {
    int count, room;
    StEntry *entry; /* [count] */
    bool failed;    /* memory was short: what was set since is missing */
} StFinding;

void st_finding_clear(StFinding *finding);                  /* frees everything; zeroed again */
bool st_finding_copy(StFinding *to, const StFinding *from); /* `to` zeroed before; false: no memory */

/* ---- writing ---- */

void st_finding_fact(StFinding *finding, const char *name, double value);
void st_finding_count(StFinding *finding, const char *name, int64_t value); /* negative: not available */
/* A new array filled with NaN, or the present one where it has this shape (its values stay). NULL where
 * memory is short: studies then return false with st_finding_failed. Valid until the array is set anew. */
double *st_finding_array(StFinding *finding, const char *name, const StShape *shape);
double *st_finding_vector(StFinding *finding, const char *name, int64_t count);
double *st_finding_matrix(StFinding *finding, const char *name, int64_t rows, int64_t columns);
/* One of a list of names; the list grows with empty ones up to it. */
void st_finding_name(StFinding *finding, const char *name, int index, const char *text);
void st_finding_note(StFinding *finding, const char *name, const char *format, ...) ST_PRINTF(3, 4);
/* ST_ERR_MEMORY where the finding failed; otherwise true. `return st_finding_done(finding, error);` */
bool st_finding_done(const StFinding *finding, StError *error);

/* ---- reading ---- */

const StEntry *st_finding_find(const StFinding *finding, const char *name); /* NULL: there is none */
double st_finding_value(const StFinding *finding, const char *name);        /* a fact; NaN: there is none */
/* An array of so many values in all, or NULL; size may be NULL. */
const double *st_finding_values(const StFinding *finding, const char *name, int64_t *size);
/* The index-th of an array's values; NaN: there is none. */
double st_finding_at(const StFinding *finding, const char *name, int64_t index);
const StShape *st_finding_shape(const StFinding *finding, const char *name); /* of an array, or NULL */
const char *st_finding_text(const StFinding *finding, const char *name); /* a note; "" where there is none */
/* One of a list of names; "" where there is none. */
const char *st_finding_name_at(const StFinding *finding, const char *name, int index);
int st_finding_names(const StFinding *finding, const char *name); /* how many */

/* Every entry as members of a JSON object, each with a comma before it: `,"ece":0.067,"bins":[…]`. Numbers
 * read back as the same doubles. */
void st_finding_json(const StFinding *finding, StText *out);

#endif
