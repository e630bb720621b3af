#include "data/csv.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- cells ---- */

static bool is_word(StCell cell, const char *word) {
    return strlen(word) == cell.length && strncasecmp(cell.text, word, cell.length) == 0;
}

static bool is_missing(StCell cell) {
    if (cell.length == 0) return true;
    if (cell.length == 1) return *cell.text == '?';
    if (cell.length == 2) return memcmp(cell.text, "NA", 2) == 0;
    return cell.length <= 4 && (is_word(cell, "nan") || is_word(cell, "-nan") || is_word(cell, "+nan"));
}

static bool is_infinite(StCell cell) {
    if (cell.length && (*cell.text == '-' || *cell.text == '+')) cell.text++, cell.length--;
    return is_word(cell, "inf") || is_word(cell, "infinity");
}

/* Up to 15 digits and a power of ten up to 22 are exact in double, and so is their product or quotient
 * after one rounding (Clinger 1990); everything else goes to strtod. */
static double assemble(uint64_t digits, int exponent, StCell cell) {
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits < (uint64_t)1e15 && exponent >= -22 && exponent <= 22)
        return exponent < 0 ? (double)digits / power[-exponent] : (double)digits * power[exponent];
    char copy[512];
    size_t length = cell.length < sizeof copy ? cell.length : sizeof copy - 1;
    memcpy(copy, cell.text, length);
    copy[length] = '\0';
    return strtod(copy, NULL);
}

/* [digits][.digits][e[sign]digits] after a sign; false where it is anything else. */
static bool read_number(StCell cell, double *value) {
    const char *s = cell.text, *end = s + cell.length;
    bool negative = s < end && *s == '-', any = false, cut = false;
    if (s < end && (*s == '-' || *s == '+')) s++;
    const char *begin = s;
    uint64_t digits = 0;
    int exponent = 0, written = 0;
    for (bool point = false; s < end && ((*s >= '0' && *s <= '9') || (*s == '.' && !point)); s++) {
        if (*s == '.') {
            point = true;
            continue;
        }
        any = true;
        if (digits < (uint64_t)1e15) {
            digits = digits * 10 + (uint64_t)(*s - '0');
            exponent -= point;
        } else {
            cut = true;
        }
    }
    if (!any) return false;
    if (s < end && (*s == 'e' || *s == 'E')) {
        bool minus = ++s < end && *s == '-';
        if (s < end && (*s == '-' || *s == '+')) s++;
        if (s == end) return false;
        for (; s < end && *s >= '0' && *s <= '9'; s++)
            if (written < 100000) written = written * 10 + (*s - '0');
        exponent += minus ? -written : written;
    }
    if (s != end) return false;
    StCell rest = {begin, (size_t)(end - begin)};
    double read = cut ? assemble(UINT64_MAX, 0, rest) : assemble(digits, exponent, rest);
    *value = negative ? -read : read;
    return true;
}

StCellKind st_cell_read(StCell cell, double *value) {
    if (is_missing(cell)) return ST_CELL_MISSING;
    if (read_number(cell, value))
        return fabs((double)(float)*value) <= FLT_MAX ? ST_CELL_NUMBER : ST_CELL_HUGE;
    return is_infinite(cell) ? ST_CELL_INFINITE : ST_CELL_WORD;
}

/* ---- records ---- */

/* Delimiters of a kind in the line from `at` (quotes respected); *next is where the next line begins. */
static int count_in_line(const StCsv *csv, size_t at, char delimiter, size_t *next) {
    int count = 0;
    bool quoted = false;
    for (; at < csv->size && (quoted || (csv->text[at] != '\n' && csv->text[at] != '\r')); at++) {
        if (csv->text[at] == '"') quoted = !quoted;
        count += !quoted && csv->text[at] == delimiter;
    }
    while (at < csv->size && (csv->text[at] == '\n' || csv->text[at] == '\r'))
        at++;
    *next = at;
    return count;
}

/* The delimiter that every one of the first lines has as often, most often; else the first line's most
 * frequent. A semicolon that fits beats the comma, which may then stand inside numbers. */
static char find_delimiter(const StCsv *csv) {
    static const char candidates[] = ",;\t|";
    char best = ',', steady_best = 0;
    int best_count = 0, steady_count = 0;
    for (const char *c = candidates; *c; c++) {
        size_t at = csv->at;
        int first = count_in_line(csv, at, *c, &at);
        bool steady = first > 0;
        for (int line = 1; steady && line < 20 && at < csv->size; line++)
            steady = count_in_line(csv, at, *c, &at) == first;
        if (steady && (first > steady_count || (*c == ';' && steady_best == ',')))
            steady_best = *c, steady_count = first;
        if (first > best_count) best = *c, best_count = first;
    }
    return steady_best ? steady_best : best;
}

void st_csv_rewind(StCsv *csv) {
    csv->at = csv->size >= 3 && memcmp(csv->text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    csv->line = csv->record_line = 1;
    csv->cells = 0;
}

static bool is_utf8(const char *text, size_t size) {
    const unsigned char *s = (const unsigned char *)text, *end = s + size;
    while (s < end) {
        int more = *s < 0x80 ? 0 : *s < 0xC2 ? -1 : *s < 0xE0 ? 1 : *s < 0xF0 ? 2 : *s < 0xF5 ? 3 : -1;
        if (more < 0 || end - s <= more) return false;
        bool wrong = more > 1 && ((*s == 0xE0 && s[1] < 0xA0) || (*s == 0xED && s[1] > 0x9F) ||
                                  (*s == 0xF0 && s[1] < 0x90) || (*s == 0xF4 && s[1] > 0x8F));
        for (int i = 1; i <= more; i++)
            wrong |= (s[i] & 0xC0) != 0x80;
        if (wrong) return false;
        s += more + 1;
    }
    return true;
}

/* Text that is not UTF-8 is taken as Latin-1, so that names are UTF-8 everywhere else. */
static bool from_latin1(StCsv *csv, StError *error) {
    char *out = csv->owned = st_data_allocate(st_times(2, (int64_t)csv->size), 1, csv->name, error);
    if (!out) return false;
    for (size_t i = 0; i < csv->size; i++) {
        unsigned char c = (unsigned char)csv->text[i];
        if (c >= 0x80) *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(c < 0x80 ? c : 0x80 | (c & 0x3F));
    }
    csv->text = csv->owned;
    csv->size = (size_t)(out - csv->owned);
    return true;
}

bool st_csv_open(StCsv *csv, const char *name, const char *text, size_t size, char delimiter,
                 StError *error) {
    *csv = (StCsv){.name = name, .text = text, .size = size};
    if (size == 0) return st_fail(error, ST_ERR_FORMAT, "%s: the file is empty", name);
    if (size >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return st_fail(error, ST_ERR_FORMAT, "%s: is UTF-16 text, wanted UTF-8", name);
    const char *zero = memchr(text, 0, size);
    if (zero) {
        int64_t line = 1;
        for (const char *s = text; s < zero; s++)
            line += *s == '\n';
        return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": a zero byte: this is not a csv file", name,
                       line);
    }
    if (!is_utf8(text, size) && !from_latin1(csv, error)) return false;
    st_csv_rewind(csv);
    csv->delimiter = delimiter ? delimiter : find_delimiter(csv);
    return true;
}

void st_csv_close(StCsv *csv) {
    free(csv->cell);
    free(csv->escaped);
    free(csv->owned);
    csv->cell = NULL;
    csv->escaped = csv->owned = NULL;
}

static bool add_cell(StCsv *csv, StCell cell, StError *error) {
    if (csv->cells == csv->capacity) {
        int capacity = csv->capacity ? 2 * csv->capacity : 64;
        if (capacity > 1 << 24)
            return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": more than %d cells in a record", csv->name,
                           csv->record_line, 1 << 24);
        StCell *grown = realloc(csv->cell, (size_t)capacity * sizeof *grown);
        if (!grown) return st_fail_memory(error, "the cells of a record", (size_t)capacity * sizeof *grown);
        csv->cell = grown;
        csv->capacity = capacity;
    }
    csv->cell[csv->cells++] = cell;
    return true;
}

/* Copies a quoted cell with each "" made one quote. All such cells of a record fit in the text's size. */
static bool unescape(StCsv *csv, StCell *cell, StError *error) {
    if (!csv->escaped && !(csv->escaped = malloc(csv->size)))
        return st_fail_memory(error, "quoted cells", csv->size);
    char *out = csv->escaped + csv->escaped_at, *start = out;
    for (size_t i = 0; i < cell->length; i++) {
        *out++ = cell->text[i];
        if (cell->text[i] == '"') i++;
    }
    csv->escaped_at += (size_t)(out - start);
    *cell = (StCell){start, (size_t)(out - start)};
    return true;
}

static bool at_end_of_cell(const StCsv *csv) {
    return csv->at == csv->size || csv->text[csv->at] == csv->delimiter || csv->text[csv->at] == '\n' ||
           csv->text[csv->at] == '\r';
}

static void skip_blanks(StCsv *csv) {
    while (csv->at < csv->size && !at_end_of_cell(csv) &&
           (csv->text[csv->at] == ' ' || csv->text[csv->at] == '\t'))
        csv->at++;
}

static bool quoted_cell(StCsv *csv, StError *error) {
    int64_t opened = csv->line;
    bool escapes = false;
    const char *start = csv->text + ++csv->at;
    for (;; csv->at++) {
        if (csv->at == csv->size)
            return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": the quote opened here is not closed",
                           csv->name, opened);
        csv->line += csv->text[csv->at] == '\n';
        if (csv->text[csv->at] != '"') continue;
        if (csv->at + 1 == csv->size || csv->text[csv->at + 1] != '"') break;
        escapes = true;
        csv->at++;
    }
    StCell cell = {start, (size_t)(csv->text + csv->at - start)};
    csv->at++;
    skip_blanks(csv);
    if (!at_end_of_cell(csv))
        return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": text after a closing quote", csv->name,
                       csv->line);
    return (!escapes || unescape(csv, &cell, error)) && add_cell(csv, cell, error);
}

static bool plain_cell(StCsv *csv, StError *error) {
    size_t start = csv->at;
    while (!at_end_of_cell(csv))
        csv->at++;
    size_t length = csv->at - start;
    while (length && (csv->text[start + length - 1] == ' ' || csv->text[start + length - 1] == '\t'))
        length--;
    return add_cell(csv, (StCell){csv->text + start, length}, error);
}

/* Passes one line end; false where there is none here. */
static bool line_end(StCsv *csv) {
    if (csv->at == csv->size) return false;
    char c = csv->text[csv->at];
    if (c != '\n' && c != '\r') return false;
    csv->at += c == '\r' && csv->at + 1 < csv->size && csv->text[csv->at + 1] == '\n' ? 2 : 1;
    csv->line++;
    return true;
}

bool st_csv_next(StCsv *csv, bool *end, StError *error) {
    csv->cells = 0;
    csv->escaped_at = 0;
    while (line_end(csv)) {
    }
    *end = csv->at == csv->size;
    if (*end) return false;
    csv->record_line = csv->line;
    for (;;) {
        skip_blanks(csv);
        bool quoted = csv->at < csv->size && csv->text[csv->at] == '"' && csv->delimiter != '"';
        if (!(quoted ? quoted_cell(csv, error) : plain_cell(csv, error))) return false;
        if (csv->at == csv->size || csv->text[csv->at] != csv->delimiter) break;
        csv->at++;
    }
    line_end(csv);
    if (csv->wanted && csv->cells != csv->wanted)
        return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": %d cell%s, wanted %d as in the first line",
                       csv->name, csv->record_line, csv->cells, csv->cells == 1 ? "" : "s", csv->wanted);
    return true;
}

/* ---- values of known columns ---- */

bool st_csv_fail(const StCsv *csv, const char *column, StError *error, const char *format, ...) {
    char words[ST_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": column '%.60s': %s", csv->name, csv->record_line,
                   column, words);
}

int st_category_find(char *const *category, int categories, StCell cell) {
    int low = 0, high = categories - 1;
    while (low <= high) {
        int middle = low + (high - low) / 2;
        int order = strncmp(category[middle], cell.text, cell.length);
        if (order == 0 && category[middle][cell.length]) order = 1;
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return -1;
}

static const char *category_name_at(const void *table, int index) {
    const StField *field = table;
    return index < field->categories ? field->category[index] : NULL;
}

static bool unknown_category(const StCsv *csv, const StField *field, StCell cell, StError *error) {
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(cell.length < 60 ? cell.length : 60), cell.text);
    st_fail_unknown(error, "category", word, category_name_at, field);
    char why[ST_MESSAGE_MAX];
    snprintf(why, sizeof why, "%s", error ? error->message : "");
    return st_csv_fail(csv, field->name, error, "%s", why);
}

bool st_csv_values(const StCsv *csv, const StCsvColumn *column, int columns, float *value, int *missing,
                   StError *error) {
    *missing = 0;
    for (int i = 0; i < columns; i++) {
        const StField *field = column[i].field;
        if (column[i].at < 0) continue; /* nobody needs it */
        StCell cell = csv->cell[column[i].at];
        double number = 0;
        StCellKind kind =
            field->categorical && !is_missing(cell) ? ST_CELL_WORD : st_cell_read(cell, &number);
        int length = cell.length < 40 ? (int)cell.length : 40;
        if (kind == ST_CELL_MISSING) {
            if (!column[i].fills)
                return st_csv_fail(csv, field->name, error, "the cell is missing%s",
                                   csv->hint ? csv->hint : "");
            number = NAN;
            ++*missing;
        } else if (kind == ST_CELL_INFINITE) {
            return st_csv_fail(csv, field->name, error, "'%.*s' is not finite", length, cell.text);
        } else if (kind == ST_CELL_HUGE) {
            return st_csv_fail(csv, field->name, error, "'%.*s' is too large for a float", length, cell.text);
        } else if (field->categorical) {
            int index = st_category_find(field->category, field->categories, cell);
            if (index < 0) return unknown_category(csv, field, cell, error);
            number = index;
        } else if (kind == ST_CELL_WORD) {
            return st_csv_fail(csv, field->name, error, "'%.*s' is not a number", length, cell.text);
        }
        value[i] = (float)number;
    }
    return true;
}
