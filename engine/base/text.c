#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Room for `more` bytes and the terminator. */
static bool grow(StText *text, size_t more) {
    if (text->failed) return false;
    if (more > SIZE_MAX / 2 - text->length - 1) return !(text->failed = true);
    size_t need = text->length + more + 1;
    if (need <= text->capacity) return true;
    size_t capacity = text->capacity ? text->capacity : 64;
    while (capacity < need)
        capacity *= 2;
    char *data = realloc(text->data, capacity);
    if (!data) return !(text->failed = true);
    text->data = data;
    text->capacity = capacity;
    return true;
}

void st_text_add_bytes(StText *text, const void *bytes, size_t count) {
    if (!grow(text, count)) return;
    if (count) memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void st_text_add(StText *text, const char *string) {
    st_text_add_bytes(text, string, strlen(string));
}

void st_text_format(StText *text, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int count = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (count >= 0 && grow(text, (size_t)count)) {
        vsnprintf(text->data + text->length, (size_t)count + 1, format, again);
        text->length += (size_t)count;
    }
    va_end(again);
}

/* Stretches of the word in quotes that do not occur in them: it's → "it's". */
static void add_quoted(StText *text, const char *word) {
    do {
        size_t single = strcspn(word, "'"), twofold = strcspn(word, "\"");
        char quote = single >= twofold ? '\'' : '"';
        size_t length = single >= twofold ? single : twofold;
        st_text_add_bytes(text, &quote, 1);
        st_text_add_bytes(text, word, length);
        st_text_add_bytes(text, &quote, 1);
        word += length;
    } while (*word);
}

void st_text_word(StText *text, const char *word) {
    if (*word && *word != '#' && !strpbrk(word, " \t'\"="))
        st_text_add(text, word);
    else
        add_quoted(text, word);
}

void st_text_option(StText *text, const char *name, const char *value) {
    st_text_add(text, name);
    st_text_add(text, "=");
    if (strpbrk(value, " \t'\""))
        add_quoted(text, value);
    else
        st_text_add(text, value);
}

void st_text_change(StText *text, const char *name, const char *before, const char *after) {
    if (strcmp(before, after) != 0)
        st_text_format(text, "%s%s %s → %s", text->length ? ", " : "", name, *before ? before : "none",
                       *after ? after : "none");
}

/* `precision` significant digits: plain ("250") where that is readable, else with an exponent ("1e-07"). */
static void print_digits(char *out, size_t size, int precision, double value) {
    snprintf(out, size, "%.*e", precision - 1, isnan(value) ? fabs(value) : value); /* never "-nan" */
    const char *e = strchr(out, 'e');
    int exponent = e ? atoi(e + 1) : 0;
    if (exponent >= precision && exponent < 16)
        snprintf(out, size, "%.0f", value);
    else if (!isnan(value))
        snprintf(out, size, "%.*g", precision, value);
}

void st_text_number(StText *text, double value) {
    char digits[40];
    for (int precision = 1; precision <= 17; precision++) {
        print_digits(digits, sizeof digits, precision, value);
        if (strtod(digits, NULL) == value || !isfinite(value)) break;
    }
    st_text_add(text, digits);
}

void st_text_float(StText *text, float value) {
    char digits[40];
    for (int precision = 1; precision <= 9; precision++) {
        print_digits(digits, sizeof digits, precision, (double)value);
        if (strtof(digits, NULL) == value || !isfinite(value)) break;
    }
    st_text_add(text, digits);
}

const char *st_text_string(const StText *text) {
    return text->data ? text->data : "";
}

void st_text_clear(StText *text) {
    text->length = 0;
    if (text->data) text->data[0] = '\0';
}

void st_text_free(StText *text) {
    free(text->data);
    *text = (StText){0};
}

bool st_number(const char *word, double *value) {
    if (!*word || strspn(word, "0123456789+-.eE") != strlen(word)) return false;
    char *end;
    double read = strtod(word, &end);
    if (*end || end == word || !isfinite(read)) return false;
    *value = read;
    return true;
}

bool st_file_read(const char *path, size_t limit, StText *out, StError *error) {
    if (!limit) limit = (size_t)2 << 30;
    struct stat info;
    if (stat(path, &info) != 0) return st_fail(error, ST_ERR_FILE, "%s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) return st_fail(error, ST_ERR_FILE, "%s: is a folder, wanted a file", path);
    gzFile file = gzopen(path, "rb");
    if (!file) return st_fail(error, ST_ERR_FILE, "%s: %s", path, strerror(errno ? errno : ENOMEM));
    gzbuffer(file, 1 << 17);
    st_text_clear(out);
    if (S_ISREG(info.st_mode) && info.st_size > 0 && (size_t)info.st_size < limit)
        grow(out, (size_t)info.st_size * (gzdirect(file) ? 1 : 3)); /* a guess; it grows where it must */
    int count = 0;
    while (grow(out, 1 << 16)) {
        size_t room = out->capacity - out->length - 1;
        count = gzread(file, out->data + out->length, room > 1 << 24 ? 1 << 24 : (unsigned)room);
        if (count <= 0) break;
        out->length += (size_t)count;
        out->data[out->length] = '\0';
        if (out->length > limit) {
            gzclose(file);
            return st_fail(error, ST_ERR_FILE, "%s: larger than %zu bytes", path, limit);
        }
    }
    int code = Z_OK;
    const char *why = gzerror(file, &code);
    /* zlib reports a truncated member only on closing: Z_BUF_ERROR. */
    char reason[128];
    snprintf(reason, sizeof reason, "%s", code == Z_ERRNO ? strerror(errno) : why);
    int closed = gzclose(file);
    if (out->failed) return st_fail_memory(error, path, out->length);
    if (code == Z_BUF_ERROR || closed == Z_BUF_ERROR)
        return st_fail(error, ST_ERR_FORMAT, "%s: the compressed data ends too soon (truncated .gz)", path);
    if (count < 0 || code != Z_OK)
        return st_fail(error, code == Z_ERRNO ? ST_ERR_FILE : ST_ERR_FORMAT, "%s: %s", path, reason);
    return true;
}

static bool write_all(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t wrote = write(fd, bytes, count);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        bytes += wrote;
        count -= (size_t)wrote;
    }
    return true;
}

/* A device or a pipe is written to as it is: there is nothing to rename over. */
static bool write_through(const char *path, const void *bytes, size_t count) {
    int fd = open(path, O_WRONLY);
    bool done = fd >= 0 && write_all(fd, bytes, count);
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && done) return false;
    errno = why;
    return done;
}

/* errno tells why not; nothing is left beside then. */
static bool write_beside(const char *path, mode_t mode, const void *bytes, size_t count, char *beside) {
    int fd = mkstemp(beside);
    if (fd < 0) return false;
    bool done = write_all(fd, bytes, count) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && done) done = false, why = errno;
    if (done && rename(beside, path) != 0) done = false, why = errno;
    if (!done) unlink(beside);
    errno = why;
    return done;
}

bool st_file_write(const char *path, const void *bytes, size_t count, StError *error) {
    struct stat old;
    bool exists = stat(path, &old) == 0, done = false;
    if (exists && !S_ISREG(old.st_mode)) {
        errno = EISDIR;
        done = !S_ISDIR(old.st_mode) && write_through(path, bytes, count);
    } else {
        mode_t mask = umask(0);
        umask(mask);
        char *real = exists ? realpath(path, NULL) : NULL; /* a link stays a link */
        StText beside = {0};
        st_text_format(&beside, "%s.XXXXXX", real ? real : path);
        errno = ENOMEM;
        done = !beside.failed && write_beside(real ? real : path, exists ? old.st_mode & 07777 : 0666 & ~mask,
                                              bytes, count, beside.data);
        int why = errno;
        st_text_free(&beside);
        free(real);
        errno = why;
    }
    return done || st_fail(error, ST_ERR_FILE, "%s: %s", path, strerror(errno));
}

static bool ends(const char *path, size_t length, const char *suffix) {
    size_t tail = strlen(suffix);
    return length > tail && memcmp(path + length - tail, suffix, tail) == 0;
}

bool st_path_ends(const char *path, const char *suffix) {
    return ends(path, strlen(path), suffix);
}

bool st_path_ends_gz(const char *path, const char *suffix) {
    size_t length = strlen(path);
    return ends(path, ends(path, length, ".gz") ? length - 3 : length, suffix);
}

bool st_path_join(const char *base_file, const char *path, char *out, size_t size, StError *error) {
    const char *slash = base_file && path[0] != '/' ? strrchr(base_file, '/') : NULL;
    int folder = slash ? (int)(slash - base_file + 1) : 0;
    int wrote = snprintf(out, size, "%.*s%s", folder, base_file ? base_file : "", path);
    if (wrote < 0 || (size_t)wrote >= size)
        return st_fail(error, ST_ERR_VALUE, "path of %d characters, wanted at most %zu", wrote, size - 1);
    return true;
}
