#include "data/table.h"
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *st_data_allocate(int64_t count, size_t each, const char *what, StError *error) {
    size_t bytes;
    if (count < 0 || __builtin_mul_overflow((size_t)count, each, &bytes) || bytes > st_memory_total()) {
        st_fail(error, ST_ERR_MEMORY, "%s would take %.4g GB, this machine has %.4g GB", what,
                count < 0 ? 1e10 : (double)count * (double)each / 1e9, (double)st_memory_total() / 1e9);
        return NULL;
    }
    void *block = calloc(bytes ? bytes : 1, 1);
    if (!block) st_fail_memory(error, what, bytes);
    return block;
}

char *st_data_copy(const char *text, size_t length, StError *error) {
    char *copy = malloc(length + 1);
    if (!copy) {
        st_fail_memory(error, "a name", length + 1);
        return NULL;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void st_names_free(char **name, int count) {
    for (int i = 0; name && i < count; i++)
        free(name[i]);
    free(name);
}

void st_field_free(StField *field) {
    free(field->name);
    st_names_free(field->category, field->categories);
}

void st_table_free(StTable *table) {
    for (int i = 0; table->field && i < table->fields; i++)
        st_field_free(&table->field[i]);
    for (int i = 0; table->target && i < table->targets; i++)
        st_field_free(&table->target[i]);
    free(table->field);
    free(table->target);
    free(table->x);
    free(table->bytes);
    free(table->labels);
    free(table->y);
    free(table->weights);
    free(table->origin);
    st_names_free(table->class_name, table->classes);
    st_names_free(table->warning, table->warnings);
    *table = (StTable){0};
}

bool st_table_warn(StTable *table, StError *error, const char *format, ...) {
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    char **grown = realloc(table->warning, ((size_t)table->warnings + 1) * sizeof *grown);
    if (!grown) return st_fail_memory(error, "a warning", sizeof line);
    table->warning = grown;
    char *copy = st_data_copy(line, strlen(line), error);
    if (!copy) return false;
    table->warning[table->warnings++] = copy;
    return true;
}

bool st_table_name_fields(StTable *table, const char *stem, StError *error) {
    /* One more than there are: an entry without a name ends the list. */
    table->field = st_data_allocate((int64_t)table->fields + 1, sizeof *table->field, "columns", error);
    if (!table->field) return false;
    for (int i = 0; i < table->fields; i++) {
        char name[48];
        int length = table->fields == 1 && strcmp(stem, "x") != 0
                         ? snprintf(name, sizeof name, "%s", stem)
                         : snprintf(name, sizeof name, "%s%d", stem, i + 1);
        table->field[i].number = i + 1;
        if (!(table->field[i].name = st_data_copy(name, (size_t)length, error))) return false;
    }
    return true;
}

bool st_table_number_classes(StTable *table, StError *error) {
    table->class_name = st_data_allocate(table->classes, sizeof(char *), "class names", error);
    table->classes_numbers = true;
    for (int i = 0; table->class_name && i < table->classes; i++) {
        char name[16];
        int length = snprintf(name, sizeof name, "%d", i);
        if (!(table->class_name[i] = st_data_copy(name, (size_t)length, error))) return false;
    }
    return table->class_name != NULL;
}

bool st_table_check_classes(const StTable *table, const char *name, StError *error) {
    int64_t count = (table->rows - table->own_test) * st_shape_size(&table->y_shape);
    for (int64_t i = 1; i < count; i++)
        if (table->labels[i] != table->labels[0]) return true;
    return st_fail(error, ST_ERR_FORMAT, "%s: one class only (%d), wanted at least two", name,
                   (int)table->labels[0]);
}

const char *st_field_name_at(const void *table, int index) {
    return ((const StField *)table)[index].name;
}

int st_field_place(const StField *field, int fields, const char *word) {
    for (int i = 0; i < fields; i++)
        if (strcmp(field[i].name, word) == 0) return i;
    char *end;
    long number = *word >= '0' && *word <= '9' ? strtol(word, &end, 10) : 0;
    if (number < 1 || *end) return -1;
    for (int i = 0; i < fields; i++)
        if (field[i].number == number) return i;
    return -1;
}

bool st_list_next(const char **list, char word[256]) {
    const char *s = *list;
    while (*s == ',' || *s == ' ')
        s++;
    if (!*s) return false;
    size_t length = strcspn(s, ",");
    *list = s + length;
    while (length && s[length - 1] == ' ')
        length--;
    if (length > 255) length = 255;
    memcpy(word, s, length);
    word[length] = '\0';
    return true;
}

int st_field_find(const StField *field, int fields, const char *what, const char *word, StError *error) {
    int place = st_field_place(field, fields, word);
    if (place >= 0) return place;
    size_t digits = strspn(word, "0123456789");
    if (digits && !word[digits]) {
        st_fail(error, ST_ERR_NAME, "%s: there is no column %.20s, wanted a name or 1 to %d", what, word,
                fields ? field[fields - 1].number : 0);
    } else {
        st_fail_unknown(error, "column", word, st_field_name_at, field);
        st_fail_at(error, "%s", what);
    }
    return -1;
}

static bool encode_one(StField *field, int fields, const char *word, StEncode method, StError *error) {
    int place = st_field_find(field, fields, "encode", word, error);
    if (place < 0) return false;
    if (!field[place].categorical)
        return st_fail(error, ST_ERR_VALUE, "encode: column '%.60s' holds numbers, wanted categories",
                       field[place].name);
    field[place].encode = method;
    return true;
}

bool st_fields_encode(StField *field, int fields, const char *list, const char *only, StError *error) {
    char word[256], name[256];
    while (st_list_next(&list, word)) {
        char *colon = strrchr(word, ':');
        int method = st_choice_find(st_encode_choices, colon ? colon + 1 : word);
        if (method < 0) {
            st_fail_unknown(error, "encoding", colon ? colon + 1 : word, st_choice_name_at,
                            st_encode_choices);
            return st_fail_at(error, "encode");
        }
        if (colon) {
            *colon = '\0';
            if (!encode_one(field, fields, word, (StEncode)method, error)) return false;
            continue;
        }
        for (int i = 0; !*only && i < fields; i++)
            field[i].encode = (StEncode)method;
        for (const char *names = only; st_list_next(&names, name);)
            if (!encode_one(field, fields, name, (StEncode)method, error)) return false;
    }
    return true;
}
