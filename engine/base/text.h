/* StText: a growing string. Appending never fails at once: a failed allocation
 * is remembered in `failed` and later appends do nothing, so a writer checks
 * once at its end. `data` is always a valid C string once anything was
 * appended ("" for an untouched one by st_text_string). The owner frees it. */
#ifndef ST_BASE_TEXT_H
#define ST_BASE_TEXT_H

#include "base/error.h"

typedef struct StText {
    char *data;
    size_t length, capacity;
    bool failed;
} StText;

void st_text_add(StText *text, const char *string);
void st_text_add_bytes(StText *text, const void *bytes, size_t count);
void st_text_format(StText *text, const char *format, ...) ST_PRINTF(2, 3);

/* One word of the language that stands by place: quoted where blanks, quotes, # or = ask for it. */
void st_text_word(StText *text, const char *word);
/* name=value, the value quoted likewise. */
void st_text_option(StText *text, const char *name, const char *value);
/* "name before → after" where they differ, behind a comma where text stands before it; "" reads "none". */
void st_text_change(StText *text, const char *name, const char *before, const char *after);

/* The shortest decimal that reads back as the same double ("0.001", "1e-07", "250"). */
void st_text_number(StText *text, double value);
/* The same for a float: "0.1" for 0.1f. */
void st_text_float(StText *text, float value);

const char *st_text_string(const StText *text);
void st_text_clear(StText *text); /* length 0, memory kept */
void st_text_free(StText *text);

/* Reads a whole word as a finite double; false where anything is left over,
 * or it is empty or not finite. The locale plays no part. */
bool st_number(const char *word, double *value);

/* The whole of a file; `.gz` is understood whatever the name is. limit = the most
 * bytes taken after decompression (0: 2 GiB). Errors name the path. */
bool st_file_read(const char *path, size_t limit, StText *out, StError *error);

/* Writes beside and renames: the file is either the old one or wholly the new one. A link is followed; a
 * device or a pipe is written to as it is. */
bool st_file_write(const char *path, const void *bytes, size_t count, StError *error);

/* Whether a path ends in a suffix (".npy") with something before it; of a file to be read (gz) also in the
 * suffix and ".gz". */
bool st_path_ends(const char *path, const char *suffix);
bool st_path_ends_gz(const char *path, const char *suffix);

/* path as it stands, or joined to the folder of base where path is relative.
 * base may be NULL. "~" alone is not expanded. */
bool st_path_join(const char *base_file, const char *path, char *out, size_t size, StError *error);

#endif
