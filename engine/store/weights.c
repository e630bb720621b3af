#include "store/weights.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The layout of the format: u64 little-endian N, N bytes of JSON, data. */
enum { LENGTH_BYTES = 8, HEADER_MAX = 100 * 1000 * 1000, ALIGNMENT = 8 };

/* Element types that are taken; all become float32. */
typedef struct Type {
    const char *name;
    size_t size;
} Type;
static const Type types[] = {{"F32", 4}, {"F64", 8}, {NULL, 0}};

/* One tensor as the header describes it. */
typedef struct Entry {
    StTensor tensor;
    const Type *type;
    int64_t begin, end; /* bytes, from the start of the data */
} Entry;

/* ---- numbers ---- */

static uint64_t read_u64(const unsigned char *bytes) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

static void write_u64(unsigned char *bytes, uint64_t value) {
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t read_u32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void write_u32(unsigned char *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
}

static bool all_finite(const char *path, const StTensor *tensor, const float *values, StError *error) {
    for (int64_t i = 0; i < tensor->size; i++)
        if (!isfinite(values[i]))
            return st_fail(error, ST_ERR_NONFINITE,
                           "%s: tensor %s: value %" PRId64 " of %" PRId64 " is %s, wanted finite numbers",
                           path, tensor->name, i + 1, tensor->size,
                           isnan(values[i]) ? "not a number" : "infinite (or too large for float32)");
    return true;
}

static void convert(const Entry *entry, const unsigned char *data, float *values) {
    const unsigned char *from = data + entry->begin;
    for (int64_t i = 0; i < entry->tensor.size; i++) {
        if (entry->type->size == 4) {
            uint32_t bits = read_u32(from + 4 * i);
            memcpy(&values[i], &bits, 4);
        } else {
            uint64_t bits = read_u64(from + 8 * i);
            double wide;
            memcpy(&wide, &bits, 8);
            values[i] = (float)wide;
        }
    }
}

/* ---- reading the header ---- */

static const Type *type_find(const char *name) {
    for (const Type *type = types; type->name; type++)
        if (strcmp(type->name, name) == 0) return type;
    return NULL;
}

static bool read_name(const char *path, const char *name, StTensor *tensor, StError *error) {
    size_t length = strlen(name);
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (*c < 0x20 || *c == 0x7f)
            return st_fail(error, ST_ERR_FORMAT, "%s: a tensor's name holds a control character", path);
    if (length == 0 || length >= sizeof tensor->name)
        return st_fail(error, ST_ERR_FORMAT, "%s: a tensor's name has %zu bytes, wanted 1 to %zu", path,
                       length, sizeof tensor->name - 1);
    memcpy(tensor->name, name, length + 1);
    return true;
}

static bool read_shape(const char *path, StTensor *tensor, const json_t *shape, StError *error) {
    if (!json_is_array(shape))
        return st_fail(error, ST_ERR_FORMAT, "%s: tensor %s has no list 'shape'", path, tensor->name);
    size_t rank = json_array_size(shape);
    if (rank < 1 || rank > ST_RANK_MAX)
        return st_fail(error, ST_ERR_FORMAT, "%s: tensor %s has %zu axes, wanted 1 to %d", path, tensor->name,
                       rank, ST_RANK_MAX);
    tensor->shape.rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *extent = json_array_get(shape, i);
        if (!json_is_integer(extent) || json_integer_value(extent) < 1)
            return st_fail(error, ST_ERR_FORMAT, "%s: axis %zu of tensor %s wanted a whole number from 1",
                           path, i + 1, tensor->name);
        tensor->shape.dim[i] = json_integer_value(extent);
    }
    return true;
}

static bool read_offsets(const char *path, Entry *entry, const json_t *offsets, int64_t data_bytes,
                         StError *error) {
    const char *name = entry->tensor.name;
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return st_fail(error, ST_ERR_FORMAT, "%s: tensor %s wanted two whole numbers as 'data_offsets'", path,
                       name);
    entry->begin = json_integer_value(begin);
    entry->end = json_integer_value(end);
    if (entry->begin < 0 || entry->end < entry->begin || entry->end > data_bytes)
        return st_fail(error, ST_ERR_FORMAT,
                       "%s: tensor %s lies at bytes %" PRId64 " to %" PRId64 ", but the data has %" PRId64,
                       path, name, entry->begin, entry->end, data_bytes);
    char shape[ST_SHAPE_TEXT];
    int64_t size = st_shape_size(&entry->tensor.shape);
    int64_t bytes = st_times(size, (int64_t)entry->type->size);
    if (bytes < 0 || bytes != entry->end - entry->begin)
        return st_fail(error, ST_ERR_FORMAT,
                       "%s: tensor %s of shape %s has %" PRId64 " bytes, wanted %s%" PRId64, path, name,
                       st_shape_print(&entry->tensor.shape, shape), entry->end - entry->begin,
                       bytes < 0 ? "more than " : "", bytes < 0 ? INT64_MAX : bytes);
    entry->tensor.size = size;
    return true;
}

static bool read_entry(const char *path, const char *name, const json_t *row, int64_t data_bytes,
                       Entry *entry, StError *error) {
    *entry = (Entry){.tensor = {.layer = -1, .weight = -1, .trainable = true}};
    if (!read_name(path, name, &entry->tensor, error)) return false;
    if (!json_is_object(row))
        return st_fail(error, ST_ERR_FORMAT, "%s: tensor %s is not described by an object", path, name);
    const char *dtype = json_string_value(json_object_get(row, "dtype"));
    if (!dtype) return st_fail(error, ST_ERR_FORMAT, "%s: tensor %s has no 'dtype'", path, name);
    entry->type = type_find(dtype);
    if (!entry->type)
        return st_fail(error, ST_ERR_FORMAT, "%s: tensor %s has dtype '%.16s', wanted F32 or F64", path, name,
                       dtype);
    return read_shape(path, &entry->tensor, json_object_get(row, "shape"), error) &&
           read_offsets(path, entry, json_object_get(row, "data_offsets"), data_bytes, error);
}

static bool read_metadata(const char *path, const json_t *metadata, StWeightFile *file, StError *error) {
    if (!json_is_object(metadata))
        return st_fail(error, ST_ERR_FORMAT, "%s: __metadata__ is not an object", path);
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)metadata, key, value) {
        if (!json_is_string(value))
            return st_fail(error, ST_ERR_FORMAT, "%s: __metadata__ holds '%.60s' that is not a string", path,
                           key);
        char **into = strcmp(key, "recipe") == 0        ? &file->recipe
                      : strcmp(key, "preparation") == 0 ? &file->preparation
                                                        : NULL;
        if (!into) continue;
        free(*into);
        *into = strdup(json_string_value(value));
        if (!*into) return st_fail_memory(error, path, json_string_length(value));
    }
    return true;
}

static int by_place(const void *a, const void *b) {
    const Entry *left = a, *right = b;
    return (left->begin > right->begin) - (left->begin < right->begin);
}

/* Sorted by place: the first begins at 0, each begins where the one before ended, the last ends the file. */
static bool check_places(const char *path, const Entry *entries, int count, int64_t data_bytes,
                         StError *error) {
    int64_t at = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i].tensor.name;
        if (entries[i].begin < at)
            return st_fail(error, ST_ERR_FORMAT,
                           "%s: tensor %s overlaps tensor %s (it begins at byte %" PRId64
                           ", the other ends at %" PRId64 ")",
                           path, name, entries[i - 1].tensor.name, entries[i].begin, at);
        if (entries[i].begin > at)
            return st_fail(error, ST_ERR_FORMAT,
                           "%s: a hole of %" PRId64 " bytes before tensor %s, wanted none", path,
                           entries[i].begin - at, name);
        at = entries[i].end;
    }
    if (at != data_bytes)
        return st_fail(error, ST_ERR_FORMAT, "%s: bytes after the last tensor: %" PRId64 ", wanted none",
                       path, data_bytes - at);
    return true;
}

/* Everything of the header into entries (owned by the caller) and the metadata. */
static bool read_header(const char *path, const json_t *header, int64_t data_bytes, Entry **entries,
                        int *count, StWeightFile *file, StError *error) {
    if (!json_is_object(header))
        return st_fail(error, ST_ERR_FORMAT, "%s: its header is not an object", path);
    *entries = calloc(json_object_size(header) + 1, sizeof **entries);
    if (!*entries) return st_fail_memory(error, path, json_object_size(header) * sizeof **entries);
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)header, key, value) {
        if (strcmp(key, "__metadata__") == 0) {
            if (!read_metadata(path, value, file, error)) return false;
        } else if (!read_entry(path, key, value, data_bytes, *entries + *count, error)) {
            return false;
        } else {
            ++*count;
        }
    }
    qsort(*entries, (size_t)*count, sizeof **entries, by_place);
    return check_places(path, *entries, *count, data_bytes, error);
}

/* One block: the tensors' table, then their values. */
static bool take_data(const char *path, const Entry *entries, int count, const unsigned char *data,
                      StWeightFile *file, StError *error) {
    int64_t total = 0; /* cannot overflow: no more than the bytes of the data */
    for (int i = 0; i < count; i++)
        total += entries[i].tensor.size;
    size_t bytes = (size_t)count * sizeof(StTensor) + (size_t)total * sizeof(float);
    StTensor *tensors = malloc(bytes ? bytes : 1);
    if (!tensors) return st_fail_memory(error, path, bytes);
    float *values = (float *)(tensors + count);
    file->owned = tensors;
    int64_t offset = 0;
    for (int i = 0; i < count; i++) {
        tensors[i] = entries[i].tensor;
        tensors[i].offset = offset;
        convert(&entries[i], data, values + offset);
        if (!all_finite(path, &tensors[i], values + offset, error)) return false;
        offset += tensors[i].size;
    }
    file->set = (StWeightSet){.tensor = tensors, .count = count, .values = values, .total = total};
    return true;
}

/* ---- reading ---- */

static json_t *parse_header(const char *path, const unsigned char *bytes, size_t count, size_t *data_at,
                            StError *error) {
    if (count < LENGTH_BYTES) {
        st_fail(error, ST_ERR_FORMAT, "%s: %zu bytes are too few for a safetensors file", path, count);
        return NULL;
    }
    uint64_t length = read_u64(bytes);
    if (length > HEADER_MAX || length > count - LENGTH_BYTES) {
        st_fail(error, ST_ERR_FORMAT,
                "%s: not a safetensors file: its header would take %" PRIu64 " bytes, wanted at most %zu",
                path, length, count - LENGTH_BYTES < HEADER_MAX ? count - LENGTH_BYTES : (size_t)HEADER_MAX);
        return NULL;
    }
    if (length == 0 || bytes[LENGTH_BYTES] != '{') {
        st_fail(error, ST_ERR_FORMAT, "%s: not a safetensors file: its header does not begin with '{'", path);
        return NULL;
    }
    json_error_t why;
    json_t *header =
        json_loadb((const char *)bytes + LENGTH_BYTES, (size_t)length, JSON_REJECT_DUPLICATES, &why);
    if (!header) {
        for (char *c = why.text; *c; c++)
            if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
        st_fail(error, ST_ERR_FORMAT, "%s: its header is not JSON: %s", path, why.text);
    }
    *data_at = LENGTH_BYTES + (size_t)length;
    return header;
}

bool st_weights_read(const char *name, const void *bytes, size_t count, StWeightFile *file, StError *error) {
    *file = (StWeightFile){0};
    size_t data_at = 0;
    json_t *header = parse_header(name, bytes, count, &data_at, error);
    if (!header) return false;
    Entry *entries = NULL;
    int tensors = 0;
    bool good = read_header(name, header, (int64_t)(count - data_at), &entries, &tensors, file, error) &&
                take_data(name, entries, tensors, (const unsigned char *)bytes + data_at, file, error);
    if (good && !file->recipe) file->recipe = strdup("");
    if (good && !file->preparation) file->preparation = strdup("");
    if (good && (!file->recipe || !file->preparation)) good = st_fail_memory(error, name, 1);
    if (!good) st_weights_free(file);
    free(entries);
    json_decref(header);
    return good;
}

bool st_weights_load(const char *path, StWeightFile *file, StError *error) {
    *file = (StWeightFile){0};
    StText bytes = {0};
    bool good = st_file_read(path, st_memory_total(), &bytes, error) &&
                st_weights_read(path, bytes.data, bytes.length, file, error);
    st_text_free(&bytes);
    return good;
}

void st_weights_free(StWeightFile *file) {
    free(file->recipe);
    free(file->preparation);
    free(file->owned);
    *file = (StWeightFile){0};
}

/* ---- writing ---- */

static int by_name(const void *a, const void *b) {
    const StTensor *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* The tensors as the reference writer orders them: by alignment (all float32 here), then by name. */
static const StTensor **in_order(const char *path, const StWeightSet *set, StError *error) {
    const StTensor **order = calloc((size_t)set->count + 1, sizeof *order);
    if (!order) {
        st_fail_memory(error, path, (size_t)set->count * sizeof *order);
        return NULL;
    }
    for (int i = 0; i < set->count; i++)
        order[i] = &set->tensor[i];
    qsort(order, (size_t)set->count, sizeof *order, by_name);
    for (int i = 1; i < set->count; i++)
        if (strcmp(order[i - 1]->name, order[i]->name) == 0) {
            st_fail(error, ST_ERR_VALUE, "%s: two tensors are named %s", path, order[i]->name);
            free(order);
            return NULL;
        }
    return order;
}

static bool add_metadata(json_t *header, const char *recipe, const char *preparation) {
    json_t *metadata = json_object();
    bool good = json_object_set_new(header, "__metadata__", metadata) == 0 &&
                json_object_set_new(metadata, "format", json_string("strata")) == 0;
    if (good && preparation && *preparation)
        good = json_object_set_new(metadata, "preparation", json_string(preparation)) == 0;
    if (good && recipe && *recipe) good = json_object_set_new(metadata, "recipe", json_string(recipe)) == 0;
    return good;
}

static bool add_tensor(json_t *header, const StTensor *tensor, int64_t begin) {
    json_t *shape = json_array();
    for (int i = 0; i < tensor->shape.rank; i++)
        json_array_append_new(shape, json_integer(tensor->shape.dim[i]));
    json_t *row = json_pack("{s:s,s:o,s:[I,I]}", "dtype", "F32", "shape", shape, "data_offsets",
                            (json_int_t)begin, (json_int_t)(begin + 4 * tensor->size));
    return json_object_set_new(header, tensor->name, row) == 0;
}

/* The header as text, or NULL: out of memory, or a text that is not UTF-8. */
static char *header_text(const StTensor **order, int count, const char *recipe, const char *preparation) {
    json_t *header = json_object();
    bool good = header && add_metadata(header, recipe, preparation);
    int64_t at = 0;
    for (int i = 0; good && i < count; i++) {
        good = add_tensor(header, order[i], at);
        at += 4 * order[i]->size;
    }
    char *text = good ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    return text;
}

/* The whole file in one block of *size bytes. */
static unsigned char *file_bytes(const StTensor **order, const StWeightSet *set, const char *header,
                                 size_t *size) {
    size_t length = strlen(header), padded = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *size = LENGTH_BYTES + padded;
    for (int i = 0; i < set->count; i++)
        *size += 4 * (size_t)order[i]->size;
    unsigned char *bytes = malloc(*size);
    if (!bytes) return NULL;
    unsigned char *at = bytes + LENGTH_BYTES + padded;
    write_u64(bytes, padded);
    memcpy(bytes + LENGTH_BYTES, header, length);
    memset(bytes + LENGTH_BYTES + length, ' ', padded - length);
    for (int t = 0; t < set->count; t++)
        for (int64_t i = 0; i < order[t]->size; i++, at += 4) {
            uint32_t bits;
            memcpy(&bits, &set->values[order[t]->offset + i], 4);
            write_u32(at, bits);
        }
    return bytes;
}

bool st_weights_save(const char *path, const StWeightSet *set, const char *recipe, const char *preparation,
                     StError *error) {
    for (int i = 0; i < set->count; i++)
        if (!all_finite(path, &set->tensor[i], set->values + set->tensor[i].offset, error)) return false;
    const StTensor **order = in_order(path, set, error);
    if (!order) return false;
    char *header = header_text(order, set->count, recipe, preparation);
    size_t size = 0;
    unsigned char *bytes = header ? file_bytes(order, set, header, &size) : NULL;
    bool good = bytes && st_file_write(path, bytes, size, error);
    if (!header)
        st_fail(error, ST_ERR_VALUE, "%s: the recipe or the preparation is not UTF-8 text", path);
    else if (!bytes)
        st_fail_memory(error, path, size);
    free(bytes);
    free(header);
    free(order);
    return good;
}

/* ---- matching ---- */

static const StTensor *tensor_find(const StTensor *tensors, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (strcmp(tensors[i].name, name) == 0) return &tensors[i];
    return NULL;
}

typedef struct Names {
    const StTensor *tensor;
    int count;
} Names;

static const char *name_at(const void *table, int index) {
    const Names *names = table;
    return index < names->count ? names->tensor[index].name : NULL;
}

/* A tensor of the file that the network has no place for. `optimizer/…` is training state, not a weight. */
static bool refuse_extra(const char *path, const StWeightSet *set, const StTensor *tensor, int count,
                         StError *error) {
    for (int i = 0; i < set->count; i++) {
        const char *name = set->tensor[i].name;
        if (tensor_find(tensor, count, name) || strncmp(name, "optimizer/", 10) == 0) continue;
        Names names = {tensor, count};
        const char *near = st_nearest(name, name_at, &names);
        if (near)
            return st_fail(error, ST_ERR_NAME, "%s: tensor %s belongs to no layer; did you mean %s?", path,
                           name, near);
        return st_fail(error, ST_ERR_NAME, "%s: tensor %s belongs to no layer", path, name);
    }
    return true;
}

bool st_weights_match(const char *path, const StWeightSet *set, const StTensor *tensor, int count,
                      float *values, StError *error) {
    char got[ST_SHAPE_TEXT], wanted[ST_SHAPE_TEXT];
    for (int i = 0; i < count; i++) {
        const StTensor *from = tensor_find(set->tensor, set->count, tensor[i].name);
        if (!from)
            return st_fail(error, ST_ERR_NAME, "%s: tensor %s is missing, wanted one of shape %s", path,
                           tensor[i].name, st_shape_print(&tensor[i].shape, wanted));
        if (!st_shape_equal(&from->shape, &tensor[i].shape))
            return st_fail(error, ST_ERR_SHAPE, "%s: tensor %s has shape %s, wanted %s", path, from->name,
                           st_shape_print(&from->shape, got), st_shape_print(&tensor[i].shape, wanted));
        if (!all_finite(path, from, set->values + from->offset, error)) return false;
    }
    if (!refuse_extra(path, set, tensor, count, error)) return false;
    for (int i = 0; i < count; i++) {
        const StTensor *from = tensor_find(set->tensor, set->count, tensor[i].name);
        if (tensor[i].size)
            memcpy(values + tensor[i].offset, set->values + from->offset,
                   (size_t)tensor[i].size * sizeof(float));
    }
    return true;
}
