/* Inside the data room: a reader of csv text, record by record.
 *
 * Cells are separated by one delimiter; records end at LF, CR LF or CR. A cell
 * that begins with a double quote is quoted: it may hold delimiters and line
 * ends, and "" stands for one quote. Blanks around an unquoted cell do not
 * count. Empty lines are passed over, a byte order mark too. Cells point into
 * the text (or into the reader's own memory) until the next record. */
#ifndef ST_DATA_CSV_H
#define ST_DATA_CSV_H

#include "data/table.h"

typedef struct StCell {
    const char *text; /* not ended by a zero */
    size_t length;
} StCell;

typedef enum StCellKind {
    ST_CELL_MISSING,
    ST_CELL_NUMBER,
    ST_CELL_INFINITE, /* inf, infinity: a number by its look, refused */
    ST_CELL_HUGE,     /* too large for a float, refused */
    ST_CELL_WORD
} StCellKind;

/* Empty, NA, nan, ? are missing. Fills *value for a number. The locale plays no part. */
StCellKind st_cell_read(StCell cell, double *value);

typedef struct StCsv {
    const char *name; /* in messages */
    const char *text;
    size_t size, at;
    char delimiter;
    int64_t line, record_line; /* of the next byte; where the record in `cell` began; from 1 */
    int cells;                 /* of the record */
    StCell *cell;
    int capacity;
    const char *hint; /* what to do about a missing cell, for its message */
    int wanted;       /* cells a record must have, 0: any */
    char *escaped;    /* room for cells with "" inside */
    size_t escaped_at;
    char *owned; /* the text as UTF-8, where it was not */
} StCsv;

/* delimiter 0: found in the text (comma, semicolon, tab, bar). The text stays the caller's; what is not UTF-8
 * is taken as Latin-1. Closed by the caller, also after a failure. */
bool st_csv_open(StCsv *csv, const char *name, const char *text, size_t size, char delimiter, StError *error);
void st_csv_close(StCsv *csv);
void st_csv_rewind(StCsv *csv);
/* The next record, or false with *end set (no error) after the last. */
bool st_csv_next(StCsv *csv, bool *end, StError *error);

/* What a file is asked for: columns of known names and types. */
typedef struct StCsvColumn {
    const StField *field;
    int at;     /* which cell of a record */
    bool fills; /* a missing cell becomes NaN; otherwise it is an error */
} StCsvColumn;

/* The record's values of those columns: numbers, categories by index, NaN for missing. *missing: how many. */
bool st_csv_values(const StCsv *csv, const StCsvColumn *column, int columns, float *value, int *missing,
                   StError *error);
/* "FILE:LINE: column 'x' " as the start of a message about a cell; false. */
bool st_csv_fail(const StCsv *csv, const char *column, StError *error, const char *format, ...)
    ST_PRINTF(4, 5);

/* Index of a sorted category, or -1. */
int st_category_find(char *const *category, int categories, StCell cell);

/* The csv source from memory; test_text may be NULL. Names stand in messages. */
bool st_csv_load_memory(const StCsvOptions *options, const char *name, const char *text, size_t size,
                        const char *test_name, const char *test_text, size_t test_size, StTable *table,
                        StError *error);

#endif
