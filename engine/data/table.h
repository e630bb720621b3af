/* Inside the data room: what a source read, before parts and preparation. */
#ifndef ST_DATA_TABLE_H
#define ST_DATA_TABLE_H

#include "data/source.h"
#include <stdlib.h>

enum { ST_FIELDS_MAX = 10000000 }; /* columns of one source */

/* One raw input: a column of a table, a channel of an image. */
typedef struct StField {
    char *name;
    int number; /* its place in the file, from 1 */
    bool categorical;
    int categories;
    char **category; /* sorted; cells hold indices of it */
    StEncode encode; /* categorical ones */
} StField;

typedef struct StTable {
    int64_t rows, own_test; /* the last own_test rows are the source's own test part */
    StShape shape;          /* of one raw row; its last extent is `fields` */
    int fields;
    StField *field;
    float *x;       /* [rows][shape], missing cells NaN; or */
    uint8_t *bytes; /* [rows][shape] */
    StTask task;
    StShape y_shape;
    int32_t *labels; /* [rows][y_shape], or */
    float *y;        /* [rows][y_shape] */
    int64_t weights_each;
    float *weights;  /* [rows][weights_each] of the samples, or of each position of them; NULL: all 1 */
    bool unlabelled; /* some labels are -1: of no class */
    int classes;
    char **class_name;     /* [classes] */
    bool classes_numbers;  /* class names are numbers, matched by value */
    int targets;           /* named target columns, 0 where the source has no names for them */
    StField *target;       /* [targets] */
    int64_t *origin;       /* [rows] line of the file, from 1; NULL: counted */
    bool header;           /* the columns' names stood in the file */
    StMissing missing;     /* what fills missing inputs; MEAN, MEDIAN, MODE, else there are none */
    const char *task_note; /* why this task was taken; NULL where it needs no reason */
    int warnings;
    char **warning;
} StTable;

void st_table_free(StTable *table);
/* Adds a line to the warnings; false without memory. */
bool st_table_warn(StTable *table, StError *error, const char *format, ...) ST_PRINTF(3, 4);
/* Names fields x1, x2, … or channel1 …; the table's fields count is set. */
bool st_table_name_fields(StTable *table, const char *stem, StError *error);
/* Class names "0" … of a table whose classes are set. */
bool st_table_number_classes(StTable *table, StError *error);

/* Refuses labels of the source's own training rows that are all the same. */
bool st_table_check_classes(const StTable *table, const char *name, StError *error);

/* count * each zeroed bytes (at least one), or an error that names what and how much. */
void *st_data_allocate(int64_t count, size_t each, const char *what, StError *error);
char *st_data_copy(const char *text, size_t length, StError *error);
void st_names_free(char **name, int count);
void st_field_free(StField *field);
int st_field_place(const StField *field, int fields, const char *word); /* by name, then number; -1 */
const char *st_field_name_at(const void *table, int index); /* table: StField list ended by a NULL name */

/* Calls each word of a list with commas; a word is at most 255 bytes. */
bool st_list_next(const char **list, char word[256]);

/* True where an entry says something about numbers, and not only how to encode categories. */
bool st_prepare_rules_numbers(const StPrepareEntry *entry);

/* Sets how categorical fields are encoded from a list of METHOD and COLUMN:METHOD; a bare METHOD is for the
 * fields that `only` lists, or for all where it is empty. */
bool st_fields_encode(StField *field, int fields, const char *list, const char *only, StError *error);
/* Index of the field that a word names or numbers, or -1 and an error that suggests the nearest. */
int st_field_find(const StField *field, int fields, const char *what, const char *word, StError *error);

extern const StSourceKind st_source_csv, st_source_idx, st_source_npy, st_source_synthetic;
extern const StChoice st_encode_choices[];

#endif
