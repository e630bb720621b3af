#include "data/idx.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool st_idx_read_memory(const char *name, const void *bytes, size_t size, int rank, StIdx *idx,
                        StError *error) {
    const uint8_t *b = bytes;
    const char *what = rank == 1 ? "labels" : "images";
    *idx = (StIdx){.rank = rank};
    size_t head = 4 + 4 * (size_t)rank;
    if (size < 4)
        return st_fail(error, ST_ERR_FORMAT, "%s: %zu bytes, too short for an idx file", name, size);
    if (b[0] || b[1] || b[2] != 8 || b[3] != rank)
        return st_fail(error, ST_ERR_FORMAT, "%s: magic %02x%02x%02x%02x, wanted 000008%02x (idx %s)", name,
                       b[0], b[1], b[2], b[3], (unsigned)rank, what);
    if (size < head) return st_fail(error, ST_ERR_FORMAT, "%s: the idx header is truncated", name);
    int64_t wanted = 1;
    for (int i = 0; i < rank; i++) {
        const uint8_t *e = b + 4 + 4 * i;
        idx->dim[i] = (int64_t)e[0] << 24 | e[1] << 16 | e[2] << 8 | e[3];
        if (idx->dim[i] == 0)
            return st_fail(error, ST_ERR_FORMAT, "%s: no %s", name, i == 0 ? what : "pixels in an image");
        if (idx->dim[i] > INT32_MAX)
            return st_fail(error, ST_ERR_FORMAT, "%s: an extent of %" PRId64, name, idx->dim[i]);
        wanted = st_times(wanted, idx->dim[i]);
    }
    if (wanted < 0)
        return st_fail(error, ST_ERR_FORMAT, "%s: its header tells of more bytes than any file holds", name);
    if ((uint64_t)wanted != size - head)
        return st_fail(error, ST_ERR_FORMAT, "%s: %zu bytes of data, wanted %" PRId64 " by its header (%s)",
                       name, size - head, wanted,
                       (uint64_t)wanted > size - head ? "truncated" : "trailing bytes");
    idx->data = b + head;
    return true;
}

static bool check_pair(const StIdxPair *pair, const StIdxPair *train, StError *error) {
    if (pair->images.dim[0] != pair->labels.dim[0])
        return st_fail(error, ST_ERR_SHAPE, "%s has %" PRId64 " images, %s has %" PRId64 " labels",
                       pair->images_name, pair->images.dim[0], pair->labels_name, pair->labels.dim[0]);
    const int64_t *a = pair->images.dim, *b = train->images.dim;
    if (a[1] != b[1] || a[2] != b[2])
        return st_fail(error, ST_ERR_SHAPE,
                       "%s: images of %" PRId64 "x%" PRId64 ", wanted %" PRId64 "x%" PRId64 " as in %s",
                       pair->images_name, a[1], a[2], b[1], b[2], train->images_name);
    return true;
}

/* Copies a pair behind the rows before it; returns the largest label. */
static int take_pair(StTable *table, const StIdxPair *pair, int64_t row) {
    int64_t pixels = st_shape_size(&table->shape), images = pair->images.dim[0];
    int largest = 0;
    memcpy(table->bytes + row * pixels, pair->images.data, (size_t)(images * pixels));
    for (int64_t i = 0; i < images; i++) {
        int label = pair->labels.data[i];
        table->labels[row + i] = label;
        if (label > largest) largest = label;
    }
    return largest;
}

bool st_idx_table(const StIdxPair *train, const StIdxPair *test, StTable *table, StError *error) {
    if (!check_pair(train, train, error) || (test && !check_pair(test, train, error))) return false;
    int64_t own = train->images.dim[0];
    table->own_test = test ? test->images.dim[0] : 0;
    table->rows = own + table->own_test;
    table->shape = st_shape(3, (int)train->images.dim[1], (int)train->images.dim[2], 1);
    table->y_shape = st_shape(1, 1);
    table->fields = 1;
    table->task = ST_CLASSIFICATION;
    int64_t pixels = st_times(table->rows, st_shape_size(&table->shape));
    table->bytes = st_data_allocate(pixels, 1, "the images", error);
    table->labels = st_data_allocate(table->rows, sizeof(int32_t), "the labels", error);
    if (!table->bytes || !table->labels || !st_table_name_fields(table, "pixel", error)) return false;
    int classes = take_pair(table, train, 0) + 1;
    int tested = test ? take_pair(table, test, own) + 1 : 0;
    if (tested > classes)
        return st_fail(error, ST_ERR_VALUE, "%s: class %d is not in %s", test->labels_name, tested - 1,
                       train->labels_name);
    table->classes = classes;
    return st_table_check_classes(table, train->labels_name, error) && st_table_number_classes(table, error);
}

static bool read_file(const char *path, const char *base_file, char name[4096], int rank, StText *file,
                      StIdx *idx, StError *error) {
    return st_path_join(base_file, path, name, 4096, error) &&
           st_file_read(name, (size_t)1 << 40, file, error) &&
           st_idx_read_memory(name, st_text_string(file), file->length, rank, idx, error);
}

static bool load(const void *values, const char *base_file, uint64_t seed, StTable *table, StError *error) {
    (void)seed;
    const StIdxOptions *o = values;
    StText file[4] = {0};
    StIdxPair train, test;
    bool with_test = *o->test_images;
    if (with_test != (*o->test_labels != 0))
        return st_fail(error, ST_ERR_VALUE, "data idx: %s is given and %s is not",
                       with_test ? "test_images" : "test_labels", with_test ? "test_labels" : "test_images");
    bool done =
        read_file(o->images, base_file, train.images_name, 3, &file[0], &train.images, error) &&
        read_file(o->labels, base_file, train.labels_name, 1, &file[1], &train.labels, error) &&
        (!with_test ||
         (read_file(o->test_images, base_file, test.images_name, 3, &file[2], &test.images, error) &&
          read_file(o->test_labels, base_file, test.labels_name, 1, &file[3], &test.labels, error))) &&
        st_idx_table(&train, with_test ? &test : NULL, table, error);
    for (int i = 0; i < 4; i++)
        st_text_free(&file[i]);
    return done;
}

static const StOption options[] = {
    ST_OPTION(StIdxOptions, images, ST_TEXT, NULL, .place = true, .help = "images, .gz or not"),
    ST_OPTION(StIdxOptions, labels, ST_TEXT, NULL, .place = true, .help = "their labels"),
    ST_OPTION(StIdxOptions, test_images, ST_TEXT, "", .help = "images of the test part"),
    ST_OPTION(StIdxOptions, test_labels, ST_TEXT, "", .help = "their labels"),
    {0},
};

const StSourceKind st_source_idx = {
    .name = "idx",
    .help = "images and labels as the MNIST release has them",
    .options = options,
    .options_size = sizeof(StIdxOptions),
    .load = load,
};
