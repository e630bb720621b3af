#include "base/option.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

const char *st_option_name_at(const void *rows, int index) {
    return ((const StOption *)rows)[index].name;
}

const char *st_choice_name_at(const void *choices, int index) {
    return ((const StChoice *)choices)[index].name;
}

int st_choice_find(const StChoice *choices, const char *name) {
    for (int i = 0; choices[i].name; i++)
        if (strcmp(choices[i].name, name) == 0) return i;
    return -1;
}

const StOption *st_option_find(const StOption *rows, const char *name) {
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0) return rows;
    return NULL;
}

int st_option_count(const StOption *rows) {
    int count = 0;
    while (rows[count].name)
        count++;
    return count;
}

static bool has_range(const StOption *row) {
    return row->low != 0 || row->high != 0;
}

static bool in_range(const StOption *row, double v) {
    if (!has_range(row)) return true;
    return (row->open_low ? v > row->low : v >= row->low) &&
           (row->open_high ? v < row->high : v <= row->high);
}

/* What an integer is wanted to be, for messages. */
static void range_print(const StOption *row, StText *out) {
    bool whole = row->type == ST_INT || row->type == ST_SIZE;
    if (!has_range(row)) {
        st_text_add(out, whole ? "a whole number" : "a number");
        return;
    }
    if (row->low == row->high) {
        st_text_number(out, row->low);
        return;
    }
    bool unbounded = isinf(row->high) || (whole && row->high >= INT_MAX);
    if (unbounded) {
        st_text_add(out, whole ? "a whole number " : "a number ");
        st_text_add(out, row->open_low ? "above " : "from ");
        st_text_number(out, row->low);
        if (!row->open_low) st_text_add(out, " up");
        return;
    }
    if (isinf(row->low)) {
        st_text_add(out, row->open_high ? "a number below " : "a number up to ");
        st_text_number(out, row->high);
        return;
    }
    if (row->open_low) st_text_add(out, "above ");
    st_text_number(out, row->low);
    st_text_add(out, row->open_low ? (row->open_high ? " and below " : " and at most ")
                                   : (row->open_high ? " to below " : " to "));
    st_text_number(out, row->high);
}

void st_option_wants(const StOption *row, StText *out) {
    switch (row->type) {
    case ST_INT:
    case ST_NUMBER:
        range_print(row, out);
        if (row->optional) st_text_add(out, ", or none");
        return;
    case ST_NUMBERS:
        range_print(row, out);
        st_text_add(out, ", or several with commas");
        if (row->optional) st_text_add(out, ", or none");
        return;
    case ST_SIZE:
        range_print(row, out);
        st_text_add(out, ", or two joined by x");
        if (row->optional) st_text_add(out, ", or none");
        return;
    case ST_SWITCH:
        st_text_add(out, "yes or no");
        return;
    case ST_SHAPES:
        st_text_add(out, "extents joined by x (28x28x1)");
        if (row->low < 0) st_text_add(out, ", one of them may be -1");
        return;
    case ST_TEXT:
        st_text_add(out, "text");
        return;
    case ST_CHOICE:
    case ST_CALL:
        for (int i = 0; row->choices[i].name; i++) {
            const StChoice *choice = &row->choices[i];
            st_text_format(out, "%s%s", i ? ", " : "", choice->name);
            for (int p = 0; row->type == ST_CALL && p < ST_PARAMETERS_MAX && choice->parameter[p].name; p++) {
                const StParameter *parameter = &choice->parameter[p]; /* words stand for themselves */
                st_text_format(out, ":%s",
                               strchr(parameter->fallback, '|') ? parameter->fallback : parameter->name);
            }
        }
    }
}

/* "dense: units=0: wanted 1 to 1000000" without the owner's name, which callers put in front. */
static bool refuse(const StOption *row, const char *text, StError *error) {
    StText wants = {0};
    double value;
    st_option_wants(row, &wants);
    bool broken = row->type == ST_INT && st_number(text, &value) && value != floor(value);
    const char *whole = broken && *st_text_string(&wants) != 'a' ? "a whole number, " : "";
    st_fail(error, ST_ERR_VALUE, "%s=%.60s: wanted %s%s", row->name, text, whole, st_text_string(&wants));
    st_text_free(&wants);
    return false;
}

static bool read_int(const StOption *row, const char *text, size_t length, int *out) {
    char digits[24];
    if (length == 0 || length >= sizeof digits) return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    char *end;
    if (strspn(digits, "+-0123456789") != length) return false;
    long value = strtol(digits, &end, 10);
    if (*end || value < INT_MIN || value > INT_MAX || !in_range(row, (double)value)) return false;
    *out = (int)value;
    return true;
}

static bool read_size(const StOption *row, const char *text, StSize *out) {
    const char *x = strchr(text, 'x');
    StSize size;
    if (!read_int(row, text, x ? (size_t)(x - text) : strlen(text), &size.n[0])) return false;
    size.n[1] = size.n[0];
    if (x && !read_int(row, x + 1, strlen(x + 1), &size.n[1])) return false;
    *out = size;
    return true;
}

/* "[0,1]": a list of axes as bits. */
static bool read_axes(const char *word, double *value) {
    int bits = 0;
    for (const char *at = word;; at++) {
        char *end;
        long axis = strtol(at, &end, 10);
        if (end == at || !strchr("-0123456789", *at) || axis < -ST_RANK_MAX || axis >= ST_RANK_MAX)
            return false;
        bits |= ST_AXIS_BIT(axis);
        at = end;
        if (*at != ',') break;
    }
    *value = bits;
    return !strchr(word, ' ') && word[strspn(word, "-0123456789,")] == '\0';
}

static void print_axes(int bits, StText *out) {
    bool first = true;
    for (int axis = -ST_RANK_MAX; axis < ST_RANK_MAX; axis++) {
        if (!(bits & ST_AXIS_BIT(axis))) continue;
        st_text_format(out, first ? "%d" : ",%d", axis);
        first = false;
    }
}

/* Where a word is among "rows|columns": its index, or -1. */
static int word_among(const char *words, const char *word) {
    size_t length = strlen(word);
    for (int i = 0;; i++) {
        size_t wide = strcspn(words, "|");
        if (wide == length && strncmp(words, word, wide) == 0) return i;
        if (!words[wide]) return -1;
        words += wide + 1;
    }
}

double st_parameter_default(const StParameter *parameter) {
    const char *fallback = parameter->fallback;
    double value = 0;
    if (strcmp(fallback, "none") == 0) return NAN;
    if (*fallback == '[')
        read_axes((char[]){fallback[1], '\0'}, &value);
    else if (!strchr(fallback, '|'))
        value = strtod(fallback, NULL);
    return value;
}

bool st_parameter_read(const StParameter *parameter, const char *word, double *value) {
    double read;
    if (strcmp(parameter->fallback, "none") == 0 && strcmp(word, "none") == 0) {
        *value = NAN;
        return true;
    }
    if (*parameter->fallback == '[') return read_axes(word, value);
    if (strchr(parameter->fallback, '|')) {
        int index = word_among(parameter->fallback, word);
        if (index >= 0) *value = index;
        return index >= 0;
    }
    bool ranged = parameter->low != 0 || parameter->high != 0;
    if (!st_number(word, &read) || (ranged && (read < parameter->low || read > parameter->high)))
        return false;
    *value = read;
    return true;
}

void st_parameter_print(const StParameter *parameter, double value, StText *out) {
    const char *words = parameter->fallback;
    if (*words == '[') {
        print_axes((int)value, out);
    } else if (strchr(words, '|')) {
        for (int i = (int)value; i > 0; i--)
            words = strchr(words, '|') + 1;
        st_text_add_bytes(out, words, strcspn(words, "|"));
    } else if (st_is_none(value)) {
        st_text_add(out, "none");
    } else {
        st_text_number(out, value);
    }
}

static bool is_parameter_default(const StParameter *parameter, double value) {
    double standard = st_parameter_default(parameter);
    return value == standard || (st_is_none(value) && st_is_none(standard));
}

/* "…: wanted a number from 0 up for l2's factor". */
static bool refuse_parameter(const StOption *row, const char *text, const StChoice *choice, int p,
                             StError *error) {
    const StParameter *parameter = &choice->parameter[p];
    StText wants = {0};
    if (*parameter->fallback == '[') {
        st_text_format(&wants, "axes from %d to %d with commas", -ST_RANK_MAX, ST_RANK_MAX - 1);
    } else if (strchr(parameter->fallback, '|')) {
        for (const char *at = parameter->fallback; *at; at++)
            st_text_format(&wants, *at == '|' ? " or " : "%c", *at);
    } else {
        st_text_add(&wants, "a number");
        if (parameter->low != 0 || parameter->high != 0) {
            st_text_add(&wants, " from ");
            st_text_number(&wants, parameter->low);
            st_text_add(&wants, isinf(parameter->high) ? " up" : " to ");
            if (!isinf(parameter->high)) st_text_number(&wants, parameter->high);
        }
        if (strcmp(parameter->fallback, "none") == 0) st_text_add(&wants, " or none");
    }
    st_fail(error, ST_ERR_VALUE, "%s=%.60s: wanted %s for %s's %s", row->name, text, st_text_string(&wants),
            choice->name, parameter->name);
    st_text_free(&wants);
    return false;
}

static bool read_call(const StOption *row, const char *text, StCall *out, StError *error) {
    char name[64];
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    if (length >= sizeof name) return refuse(row, text, error);
    memcpy(name, text, length);
    name[length] = '\0';
    StCall call = {.kind = st_choice_find(row->choices, name)};
    if (call.kind < 0) return st_fail_unknown(error, row->name, name, st_choice_name_at, row->choices);
    const StChoice *choice = &row->choices[call.kind];
    for (int p = 0; p < ST_PARAMETERS_MAX && choice->parameter[p].name; p++)
        call.parameter[p] = st_parameter_default(&choice->parameter[p]);
    for (int p = 0; colon; p++) {
        const char *from = colon + 1;
        colon = strchr(from, ':');
        char word[40];
        length = colon ? (size_t)(colon - from) : strlen(from);
        if (p >= ST_PARAMETERS_MAX || !choice->parameter[p].name)
            return st_fail(error, ST_ERR_VALUE, "%s=%.60s: too many numbers for %s", row->name, text,
                           choice->name);
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : 0), from);
        if (!st_parameter_read(&choice->parameter[p], word, &call.parameter[p]))
            return refuse_parameter(row, text, choice, p, error);
    }
    *out = call;
    return true;
}

static bool read_numbers(const StOption *row, const char *text, StNumbers *out, StError *error) {
    StNumbers numbers = {0};
    if (!*text && row->fallback && *row->fallback) return refuse(row, text, error);
    for (const char *at = text; *text && at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        char word[40] = "";
        size_t length = strcspn(at, ",");
        double value;
        if (numbers.count == ST_NUMBERS_MAX)
            return st_fail(error, ST_ERR_VALUE, "%s: wanted at most %d numbers", row->name, ST_NUMBERS_MAX);
        if (length < sizeof word) memcpy(word, at, length);
        if (!st_number(word, &value) || !in_range(row, value)) return refuse(row, text, error);
        numbers.n[numbers.count++] = value;
    }
    *out = numbers;
    return true;
}

/* An optional number may be none. */
static bool set_none(const StOption *row, void *field, const char *text) {
    if (!row->optional || strcmp(text, "none") != 0) return false;
    if (row->type == ST_INT)
        *(int *)field = ST_NO_INT;
    else if (row->type == ST_SIZE)
        *(StSize *)field = (StSize){{ST_NO_INT, ST_NO_INT}};
    else if (row->type == ST_NUMBERS)
        *(StNumbers *)field = (StNumbers){0};
    else
        *(double *)field = NAN;
    return true;
}

bool st_option_set(const StOption *row, void *values, const char *text, StError *error) {
    void *field = (char *)values + row->offset;
    if (set_none(row, field, text)) return true;
    switch (row->type) {
    case ST_NUMBERS:
        return read_numbers(row, text, field, error);
    case ST_INT:
        return read_int(row, text, strlen(text), field) || refuse(row, text, error);
    case ST_SIZE:
        return read_size(row, text, field) || refuse(row, text, error);
    case ST_CALL:
        return read_call(row, text, field, error);
    case ST_NUMBER: {
        double value;
        if (!st_number(text, &value) || !in_range(row, value)) return refuse(row, text, error);
        *(double *)field = value;
        return true;
    }
    case ST_SWITCH: {
        bool yes = strcmp(text, "yes") == 0;
        if (!yes && strcmp(text, "no") != 0) return refuse(row, text, error);
        *(bool *)field = yes;
        return true;
    }
    case ST_CHOICE: {
        int index = st_choice_find(row->choices, text);
        if (index < 0) return st_fail_unknown(error, row->name, text, st_choice_name_at, row->choices);
        *(int *)field = index;
        return true;
    }
    case ST_SHAPES: {
        StShape shape;
        bool read =
            row->low < 0 ? st_shape_parse_open(text, &shape, error) : st_shape_parse(text, &shape, error);
        if (!read) return st_fail_at(error, "%s", row->name);
        *(StShape *)field = shape;
        return true;
    }
    case ST_TEXT:
        if (strlen(text) >= row->size)
            return st_fail(error, ST_ERR_VALUE, "%s: text of %zu bytes, wanted at most %zu", row->name,
                           strlen(text), row->size - 1);
        strcpy(field, text);
        return true;
    }
    return false;
}

bool st_options_set(const StOption *rows, const char *what, void *values, const char *name, const char *text,
                    StError *error) {
    const StOption *row = st_option_find(rows, name);
    if (!row) {
        char of[80];
        snprintf(of, sizeof of, "option of %.60s", what);
        return st_fail_unknown(error, of, name, st_option_name_at, rows);
    }
    return st_option_set(row, values, text, error) || st_fail_at(error, "%s", what);
}

static size_t field_size(const StOption *row) {
    switch (row->type) {
    case ST_INT:
    case ST_CHOICE:
        return sizeof(int);
    case ST_NUMBER:
        return sizeof(double);
    case ST_SWITCH:
        return sizeof(bool);
    case ST_CALL:
        return sizeof(StCall);
    case ST_SIZE:
        return sizeof(StSize);
    case ST_SHAPES:
        return sizeof(StShape);
    case ST_NUMBERS:
        return sizeof(StNumbers);
    case ST_TEXT:
        return row->size;
    }
    return 0;
}

void st_options_default(const StOption *rows, void *values) {
    for (; rows->name; rows++) {
        memset((char *)values + rows->offset, 0, field_size(rows));
        if (rows->fallback && *rows->fallback) st_option_set(rows, values, rows->fallback, NULL);
    }
}

/* `fresh`: what the words do not name gets its default, and must have one; else it stays as it is. */
static bool parse_words(const StOption *rows, const char *what, void *values, size_t values_size, bool fresh,
                        const StWord *words, int count, StError *error) {
    bool given[64] = {false};
    int known = st_option_count(rows);
    unsigned char *trial = malloc(values_size ? values_size : 1);
    if (!trial) return st_fail_memory(error, what, values_size);
    memcpy(trial, values, values_size);
    if (fresh) st_options_default(rows, trial);
    bool named = false, done = true;
    for (int i = 0; done && i < count; i++) {
        const StWord *word = &words[i];
        const StOption *row = NULL;
        if (word->name) {
            named = true;
            row = st_option_find(rows, word->name);
            if (!row) done = st_options_set(rows, what, trial, word->name, word->value, error);
        } else if (named) {
            done = st_fail(error, ST_ERR_VALUE, "%s: '%.60s' by place stands after an option by name", what,
                           word->text);
        } else if (i >= known) {
            done = known ? st_fail(error, ST_ERR_VALUE, "%s: '%.60s' is one word too many, wanted at most %d",
                                   what, word->text, known)
                         : st_fail(error, ST_ERR_VALUE, "%s: '%.60s' is one word too many, it takes none",
                                   what, word->text);
        } else {
            row = &rows[i];
        }
        if (!row) continue;
        if (given[row - rows])
            done = st_fail(error, ST_ERR_VALUE, "%s: %s is given twice", what, row->name);
        else
            done = st_option_set(row, trial, word->value, error) || st_fail_at(error, "%s", what);
        given[row - rows] = true;
    }
    for (int i = 0; fresh && done && i < known; i++) {
        if (rows[i].fallback || given[i]) continue;
        StText wants = {0};
        st_option_wants(&rows[i], &wants);
        done = st_fail(error, ST_ERR_VALUE, "%s: %s is missing, wanted %s", what, rows[i].name,
                       st_text_string(&wants));
        st_text_free(&wants);
    }
    if (done) memcpy(values, trial, values_size);
    free(trial);
    return done;
}

bool st_options_parse(const StOption *rows, const char *what, void *values, size_t values_size,
                      const StWord *words, int count, StError *error) {
    return parse_words(rows, what, values, values_size, true, words, count, error);
}

bool st_options_change(const StOption *rows, const char *what, void *values, size_t values_size,
                       const StWord *words, int count, StError *error) {
    return parse_words(rows, what, values, values_size, false, words, count, error);
}

void st_option_print(const StOption *row, const void *values, StText *out) {
    const void *field = (const char *)values + row->offset;
    switch (row->type) {
    case ST_INT:
        if (row->optional && *(const int *)field == ST_NO_INT)
            st_text_add(out, "none");
        else
            st_text_format(out, "%d", *(const int *)field);
        return;
    case ST_NUMBER:
        if (row->optional && st_is_none(*(const double *)field))
            st_text_add(out, "none");
        else
            st_text_number(out, *(const double *)field);
        return;
    case ST_NUMBERS: {
        const StNumbers *numbers = field;
        if (row->optional && numbers->count == 0) st_text_add(out, "none");
        for (int i = 0; i < numbers->count; i++) {
            if (i) st_text_add(out, ",");
            st_text_number(out, numbers->n[i]);
        }
        return;
    }
    case ST_SWITCH:
        st_text_add(out, *(const bool *)field ? "yes" : "no");
        return;
    case ST_CHOICE:
        st_text_add(out, row->choices[*(const int *)field].name);
        return;
    case ST_TEXT:
        st_text_add(out, field);
        return;
    case ST_SHAPES: {
        char buffer[ST_SHAPE_TEXT];
        st_text_add(out, st_shape_print(field, buffer));
        return;
    }
    case ST_SIZE: {
        const StSize *size = field;
        if (row->optional && size->n[0] == ST_NO_INT)
            st_text_add(out, "none");
        else
            st_text_format(out, size->n[0] == size->n[1] ? "%d" : "%dx%d", size->n[0], size->n[1]);
        return;
    }
    case ST_CALL: {
        const StCall *call = field;
        const StChoice *choice = &row->choices[call->kind];
        st_text_add(out, choice->name);
        int last = -1; /* the last parameter that differs from its default */
        for (int p = 0; p < ST_PARAMETERS_MAX && choice->parameter[p].name; p++)
            if (!is_parameter_default(&choice->parameter[p], call->parameter[p])) last = p;
        for (int p = 0; p <= last; p++) {
            st_text_add(out, ":");
            st_parameter_print(&choice->parameter[p], call->parameter[p], out);
        }
    }
    }
}

bool st_option_is_default(const StOption *row, const void *values) {
    if (!row->fallback) return false;
    StText now = {0};
    st_option_print(row, values, &now);
    StText standard = {0};
    StOption probe = *row;
    probe.offset = 0;
    union {
        double number;
        StShape shape;
        StCall call;
        StNumbers numbers;
    } small;
    void *field = row->type == ST_TEXT ? malloc(row->size) : &small;
    bool same = false;
    if (field) {
        memset(field, 0, field_size(row));
        if (*row->fallback) st_option_set(&probe, field, row->fallback, NULL);
        st_option_print(&probe, field, &standard);
        same = strcmp(st_text_string(&now), st_text_string(&standard)) == 0;
    }
    if (row->type == ST_TEXT) free(field);
    st_text_free(&now);
    st_text_free(&standard);
    return same;
}

void st_options_print(const StOption *rows, const void *values, StText *out) {
    bool by_place = true;
    StText value = {0};
    for (; rows->name; rows++) {
        bool standard = st_option_is_default(rows, values);
        by_place = by_place && (rows->place || !rows->fallback) && !standard;
        if (standard) continue;
        st_text_clear(&value);
        st_option_print(rows, values, &value);
        st_text_add(out, " ");
        if (by_place)
            st_text_word(out, st_text_string(&value));
        else
            st_text_option(out, rows->name, st_text_string(&value));
    }
    if (value.failed) out->failed = true;
    st_text_free(&value);
}

void st_options_print_changes(const StOption *rows, const void *before, const void *after, StText *out) {
    StText old = {0}, now = {0};
    for (; rows->name; rows++) {
        st_text_clear(&old);
        st_text_clear(&now);
        st_option_print(rows, before, &old);
        st_option_print(rows, after, &now);
        st_text_change(out, rows->name, st_text_string(&old), st_text_string(&now));
    }
    out->failed = out->failed || old.failed || now.failed;
    st_text_free(&old);
    st_text_free(&now);
}
