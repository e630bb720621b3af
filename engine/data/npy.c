#include "data/npy.h"
#include "data/table.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays are read as they stand, little-endian");

/* In the order of StNpyType. */
static const struct {
    const char *descr, *name;
    size_t size;
} types[ST_NPY_TYPES] = {
    {"<f4", "float32", 4}, {"<f8", "float64", 8}, {"<i4", "int32", 4},
    {"<i8", "int64", 8},   {"|u1", "uint8", 1},
};

const char *st_npy_type_name(StNpyType type) {
    return types[type].name;
}

size_t st_npy_type_size(StNpyType type) {
    return types[type].size;
}

void st_npy_free(StNpy *array) {
    free(array->data);
    *array = (StNpy){0};
}

/* ---- the header: a Python dict of three known keys ---- */

typedef struct Header {
    const char *name; /* of the file */
    const char *at, *end;
    StNpy *array;
    bool descr, order, shape; /* seen */
    StError *error;
} Header;

static bool wrong(Header *h, const char *what) {
    return st_fail(h->error, ST_ERR_FORMAT, "%s: the .npy header %s", h->name, what);
}

static void blanks(Header *h) {
    while (h->at < h->end && (*h->at == ' ' || *h->at == '\t' || *h->at == '\n' || *h->at == '\r'))
        h->at++;
}

static bool eat(Header *h, char c) {
    blanks(h);
    if (h->at == h->end || *h->at != c) return false;
    h->at++;
    return true;
}

static bool eat_word(Header *h, const char *word) {
    size_t length = strlen(word);
    blanks(h);
    if ((size_t)(h->end - h->at) < length || memcmp(h->at, word, length) != 0) return false;
    h->at += length;
    return true;
}

/* A string in either quote, without escapes. */
static bool string(Header *h, char out[32]) {
    blanks(h);
    if (h->at == h->end || (*h->at != '\'' && *h->at != '"')) return false;
    char quote = *h->at++;
    const char *close = memchr(h->at, quote, (size_t)(h->end - h->at));
    if (!close || close - h->at >= 32) return false;
    memcpy(out, h->at, (size_t)(close - h->at));
    out[close - h->at] = '\0';
    h->at = close + 1;
    return true;
}

static bool read_descr(Header *h) {
    char word[32];
    if (!string(h, word)) return wrong(h, "has no plain type under 'descr'");
    if (strcmp(word, "<u1") == 0 || strcmp(word, "u1") == 0) strcpy(word, "|u1");
    for (int i = 0; i < ST_NPY_TYPES; i++) {
        if (strcmp(types[i].descr, word) != 0) continue;
        h->array->type = (StNpyType)i;
        h->descr = true;
        return true;
    }
    return st_fail(h->error, ST_ERR_FORMAT, "%s: type '%s', wanted <f4, <f8, <i4, <i8 or |u1", h->name, word);
}

static bool read_shape(Header *h) {
    StNpy *array = h->array;
    if (!eat(h, '(')) return wrong(h, "has no tuple under 'shape'");
    while (!eat(h, ')')) {
        int64_t extent = 0;
        const char *start = h->at;
        for (; h->at < h->end && *h->at >= '0' && *h->at <= '9'; h->at++)
            extent = st_plus(st_times(extent, 10), *h->at - '0');
        if (h->at == start || extent < 0)
            return wrong(h, "has an extent in 'shape' that is no number or too large");
        if (array->rank == ST_NPY_RANK_MAX)
            return st_fail(h->error, ST_ERR_SHAPE, "%s: more than %d dimensions", h->name, ST_NPY_RANK_MAX);
        array->dim[array->rank++] = extent;
        if (eat(h, 'L')) continue; /* old Pythons: 3L */
        if (!eat(h, ',') && (blanks(h), h->at == h->end || *h->at != ')'))
            return wrong(h, "has a 'shape' that is no tuple of numbers");
    }
    h->shape = true;
    return true;
}

static bool read_entry(Header *h) {
    char key[32];
    if (!string(h, key) || !eat(h, ':')) return wrong(h, "is not a dict of descr, fortran_order and shape");
    if (strcmp(key, "descr") == 0 && !h->descr) return read_descr(h);
    if (strcmp(key, "shape") == 0 && !h->shape) return read_shape(h);
    if (strcmp(key, "fortran_order") == 0 && !h->order) {
        if (eat_word(h, "True"))
            return st_fail(h->error, ST_ERR_FORMAT, "%s: is in Fortran order, wanted C order", h->name);
        h->order = eat_word(h, "False");
        return h->order || wrong(h, "has a fortran_order that is neither True nor False");
    }
    return st_fail(h->error, ST_ERR_FORMAT, "%s: the .npy header has an unknown or a second '%s'", h->name,
                   key);
}

static bool read_header(Header *h) {
    if (!eat(h, '{')) return wrong(h, "is not a dict");
    while (!eat(h, '}')) {
        if (!read_entry(h)) return false;
        if (!eat(h, ',') && (blanks(h), h->at == h->end || *h->at != '}')) return wrong(h, "is not a dict");
    }
    blanks(h);
    if (h->at != h->end) return wrong(h, "goes on after its dict");
    return (h->descr && h->order && h->shape) || wrong(h, "lacks descr, fortran_order or shape");
}

/* ---- the data ---- */

static bool all_finite(const char *name, const StNpy *array, StError *error) {
    for (int64_t i = 0; i < array->count; i++) {
        double v = array->type == ST_NPY_F4 ? (double)((const float *)array->data)[i]
                                            : ((const double *)array->data)[i];
        if (!isfinite(v))
            return st_fail(error, ST_ERR_NONFINITE, "%s: element %" PRId64 " is %s, wanted finite numbers",
                           name, i,
                           isnan(v) ? "nan"
                           : v > 0  ? "inf"
                                    : "-inf");
    }
    return true;
}

static bool take_data(const char *name, const char *bytes, size_t size, StNpy *array, StError *error) {
    array->count = 1;
    for (int i = 0; i < array->rank; i++) /* a zero extent must not hide an overflow */
        array->count = st_times(array->count, array->dim[i]);
    int64_t wanted = st_times(array->count, (int64_t)types[array->type].size);
    if (wanted < 0) return st_fail(error, ST_ERR_FORMAT, "%s: the shape is larger than any file", name);
    if ((uint64_t)wanted != size)
        return st_fail(error, ST_ERR_FORMAT, "%s: %zu bytes of data, wanted %" PRId64 " by its shape (%s)",
                       name, size, wanted, size < (uint64_t)wanted ? "truncated" : "trailing bytes");
    array->data = st_data_allocate(wanted, 1, name, error);
    if (!array->data) return false;
    memcpy(array->data, bytes, size);
    return array->type > ST_NPY_F8 || all_finite(name, array, error);
}

bool st_npy_read_memory(const char *name, const void *bytes, size_t size, StNpy *array, StError *error) {
    const unsigned char *b = bytes;
    *array = (StNpy){0};
    if (size < 10 || memcmp(b, "\x93NUMPY", 6) != 0)
        return st_fail(error, ST_ERR_FORMAT, "%s: is not a .npy file (its first bytes are not \\x93NUMPY)",
                       name);
    if (b[6] < 1 || b[6] > 3)
        return st_fail(error, ST_ERR_FORMAT, "%s: .npy version %d, wanted 1 to 3", name, b[6]);
    size_t start = b[6] == 1 ? 10 : 12, length = (size_t)b[8] | (size_t)b[9] << 8;
    if (b[6] > 1 && size >= 12) length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (size < start || length > size - start)
        return st_fail(error, ST_ERR_FORMAT,
                       "%s: the .npy header of %zu bytes does not fit in the file (%zu bytes)", name, length,
                       size);
    const char *text = (const char *)b + start;
    Header header = {.name = name, .at = text, .end = text + length, .array = array, .error = error};
    bool done = read_header(&header) && take_data(name, text + length, size - start - length, array, error);
    if (!done) st_npy_free(array);
    return done;
}

bool st_npy_read(const char *path, StNpy *array, StError *error) {
    StText file = {0};
    *array = (StNpy){0};
    bool done = st_file_read(path, (size_t)1 << 40, &file, error) &&
                st_npy_read_memory(path, st_text_string(&file), file.length, array, error);
    st_text_free(&file);
    return done;
}

double st_npy_value(const StNpy *array, int64_t i) {
    switch (array->type) {
    case ST_NPY_F4:
        return (double)((const float *)array->data)[i];
    case ST_NPY_F8:
        return ((const double *)array->data)[i];
    case ST_NPY_I4:
        return ((const int32_t *)array->data)[i];
    case ST_NPY_I8:
        return (double)((const int64_t *)array->data)[i];
    case ST_NPY_U1:
    case ST_NPY_TYPES:
        break;
    }
    return ((const uint8_t *)array->data)[i];
}

bool st_npy_floats(const StNpy *array, const char *name, float *out, StError *error) {
    for (int64_t i = 0; i < array->count; i++) {
        out[i] = (float)st_npy_value(array, i);
        if (!isfinite(out[i]))
            return st_fail(error, ST_ERR_NONFINITE, "%s: element %" PRId64 " is %g, too large for a float",
                           name, i, st_npy_value(array, i));
    }
    return true;
}

bool st_npy_write(const char *path, StNpyType type, int rank, const int64_t *dim, const void *data,
                  StError *error) {
    int64_t count = 1;
    StText file = {0};
    st_text_format(&file, "{'descr': '%s', 'fortran_order': False, 'shape': (", types[type].descr);
    for (int i = 0; i < rank; i++) {
        st_text_format(&file, "%" PRId64 "%s", dim[i], rank == 1 ? "," : i + 1 < rank ? ", " : "");
        count = st_times(count, dim[i]);
    }
    st_text_add(&file, "), }");
    while ((10 + file.length + 1) % 64) /* as numpy pads: the data begins on a 64-byte line */
        st_text_add(&file, " ");
    st_text_add(&file, "\n");
    int64_t bytes = st_times(count, (int64_t)types[type].size);
    StText whole = {0};
    st_text_add_bytes(&whole, "\x93NUMPY\x01\x00", 8);
    unsigned char length[2] = {(unsigned char)file.length, (unsigned char)(file.length >> 8)};
    st_text_add_bytes(&whole, length, 2);
    st_text_add_bytes(&whole, st_text_string(&file), file.length);
    if (bytes >= 0) st_text_add_bytes(&whole, data, (size_t)bytes);
    bool done = bytes >= 0 && !file.failed && !whole.failed
                    ? st_file_write(path, whole.data, whole.length, error)
                    : st_fail_memory(error, path, bytes < 0 ? SIZE_MAX : (size_t)bytes);
    st_text_free(&file);
    st_text_free(&whole);
    return done;
}
