/* idx and npy files: what is read, what is written, and every refusal by its exact words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_data.h"
#include "data/npy.h"

#include <math.h>

/* ---- idx ---- */

static void put_images(const char *name, uint32_t count, uint32_t height, uint32_t width) {
    unsigned char bytes[16 + 4096] = {0, 0, 8, 3};
    uint32_t extent[3] = {count, height, width};
    for (int i = 0; i < 12; i++)
        bytes[4 + i] = (unsigned char)(extent[i / 4] >> (24 - 8 * (i % 4)));
    for (uint32_t i = 0; i < count * height * width; i++)
        bytes[16 + i] = (unsigned char)(i * 7);
    put_bytes(name, bytes, 16 + count * height * width);
}

static void put_labels(const char *name, int count, const char *labels) {
    unsigned char bytes[8 + 256] = {0, 0, 8, 1, 0, 0, 0, (unsigned char)count};
    for (int i = 0; i < count; i++)
        bytes[8 + i] = (unsigned char)(labels[i] - '0');
    put_bytes(name, bytes, 8 + (size_t)count);
}

static void images_and_labels(void **state) {
    (void)state;
    put_images("i", 3, 4, 5);
    put_labels("l", 3, "021");
    StDataset *set = load("data idx i l\nprepare scale=255");
    StShape shape = st_dataset_x_shape(set), wanted = st_shape(3, 4, 5, 1);
    assert_true(st_shape_equal(&shape, &wanted));
    assert_int_equal(st_dataset_classes(set), 3);
    assert_string_equal(st_dataset_class_name(set, 2), "2");
    float x[60];
    const int64_t rows[] = {2, 1, 0};
    st_dataset_gather_x(set, ST_TRAIN, rows, 0, 3, x);
    for (int i = 0; i < 20; i++) {
        assert_true(x[i] == (float)((40 + i) * 7 % 256) / 255.0f);
        assert_true(x[40 + i] == (float)(i * 7 % 256) / 255.0f);
    }
    assert_int_equal(label_of(set, ST_TRAIN, 1), 2);
    st_dataset_destroy(set);
    put_images("i", 10, 20, 20);
    put_labels("l", 10, "0123456789");
    set = load("data idx i l\nprepare standardize");
    assert_true(st_dataset_bytes(set) < 10 * 20 * 20 * sizeof(float)); /* the pixels stay bytes */
    st_dataset_destroy(set);
}

static void images_are_standardized_by_channel(void **state) {
    (void)state;
    put_images("i", 3, 4, 5);
    put_labels("l", 3, "021");
    StDataset *set = load("data idx i l\nsplit validation=0.3 shuffle=no\nprepare standardize");
    float x[40];
    double sum = 0, square = 0;
    st_dataset_gather_x(set, ST_TRAIN, NULL, 0, 2, x);
    for (int i = 0; i < 40; i++)
        sum += (double)x[i], square += (double)x[i] * (double)x[i];
    assert_float_equal(sum / 40, 0, 1e-6);
    assert_float_equal(square / 40, 1, 1e-6);
    const StColumnInfo *pixel = st_dataset_column(set, 0);
    assert_string_equal(pixel->name, "pixel");
    assert_int_equal(st_dataset_columns(set), 2);
    st_dataset_destroy(set);
}

static void the_test_files_of_idx(void **state) {
    (void)state;
    put_images("i", 3, 4, 5);
    put_labels("l", 3, "021");
    put_images("ti", 2, 4, 5);
    put_labels("tl", 2, "11");
    StDataset *set = load("data idx i l test_images=ti test_labels=tl");
    assert_int_equal(st_dataset_rows(set, ST_TEST), 2);
    assert_int_equal(label_of(set, ST_TEST, 0), 1);
    st_dataset_destroy(set);
    put_labels("tl", 2, "13");
    refuses("data idx i l test_images=ti test_labels=tl", "tl: class 3 is not in l");
    refuses("data idx i l test_images=ti", "data idx: test_images is given and test_labels is not");
    put_images("ti", 2, 5, 5);
    refuses("data idx i l test_images=ti test_labels=tl", "ti: images of 5x5, wanted 4x5 as in i");
}

static void idx_files_that_are_wrong(void **state) {
    (void)state;
    put_images("i", 3, 4, 5);
    put_labels("l", 2, "01");
    refuses("data idx i l", "i has 3 images, l has 2 labels");
    put_labels("l", 3, "000");
    refuses("data idx i l", "l: one class only (0), wanted at least two");
    refuses("data idx l i", "l: magic 00000801, wanted 00000803 (idx images)");
    refuses("data idx i i", "i: magic 00000803, wanted 00000801 (idx labels)");
    put_labels("l", 3, "012");
    put_images("z", 0, 4, 5);
    refuses("data idx z l", "z: no images");
    put_images("z", 2, 0, 5);
    refuses("data idx z l", "z: no pixels in an image");
    put("z", "ab");
    refuses("data idx z l", "z: 2 bytes, too short for an idx file");
    put_bytes("z", "\0\0\x08\x03\0\0", 6);
    refuses("data idx z l", "z: the idx header is truncated");
    put_bytes("z",
              "\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x02"
              "1234567",
              23);
    refuses("data idx z l", "z: 7 bytes of data, wanted 8 by its header (truncated)");
    put_bytes("z",
              "\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x02"
              "123456789",
              25);
    refuses("data idx z l", "z: 9 bytes of data, wanted 8 by its header (trailing bytes)");
    put_bytes("z", "\0\0\x08\x03\xFF\xFF\xFF\xFF\0\0\0\x02\0\0\0\x02", 16);
    refuses("data idx z l", "z: an extent of 4294967295");
}

/* ---- npy ---- */

static void put_npy(const char *name, StNpyType type, int rank, const int64_t *dim, const void *data) {
    StError error = {0};
    put(name, "");
    if (!st_npy_write(path_of(name), type, rank, dim, data, &error)) fail_msg("%s", error.message);
}

#define DIM(...)                                                                                             \
    (const int64_t[]) {                                                                                      \
        __VA_ARGS__                                                                                          \
    }

static void arrays_read_back(void **state) {
    (void)state;
    const int64_t big[] = {1, -(INT64_C(1) << 40)};
    const double eight[] = {1.5, -2.5};
    const unsigned char one[] = {7, 255};
    const int32_t four[] = {-1, 1 << 30};
    const float f[] = {0.1f, 3e38f};
    const void *data[ST_NPY_TYPES] = {f, eight, four, big, one};
    for (int type = 0; type < ST_NPY_TYPES; type++) {
        StNpy array;
        StError error = {0};
        put_npy("a.npy", (StNpyType)type, 2, DIM(1, 2), data[type]);
        assert_true(st_npy_read(path_of("a.npy"), &array, &error));
        assert_int_equal(array.type, type);
        assert_int_equal(array.rank, 2);
        assert_int_equal(array.dim[1], 2);
        assert_memory_equal(array.data, data[type], 2 * st_npy_type_size((StNpyType)type));
        st_npy_free(&array);
    }
    StNpy array;
    StError error = {0};
    put_npy("a.npy", ST_NPY_F4, 1, DIM(0), f);
    assert_true(st_npy_read(path_of("a.npy"), &array, &error));
    assert_int_equal(array.count, 0);
    st_npy_free(&array);
    put_npy("a.npy", ST_NPY_F4, 0, DIM(0), f);
    assert_true(st_npy_read(path_of("a.npy"), &array, &error));
    assert_true(array.rank == 0 && array.count == 1 && (float)st_npy_value(&array, 0) == 0.1f);
    st_npy_free(&array);
}

static void wrong_header(const char *header, int version, const char *data, const char *message) {
    char bytes[512];
    StNpy array;
    StError error = {0};
    size_t length = strlen(header), head = version == 1 ? 10 : 12;
    memcpy(bytes, "\x93NUMPY\0\0\0\0\0\0", 12);
    bytes[6] = (char)version;
    bytes[8] = (char)length;
    memcpy(bytes + head, header, length);
    memcpy(bytes + head + length, data, strlen(data));
    assert_false(st_npy_read_memory("a", bytes, head + length + strlen(data), &array, &error));
    assert_string_equal(error.message, message);
    assert_null(array.data);
}

static void npy_files_that_are_wrong(void **state) {
    (void)state;
#define WANTS(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"
    wrong_header(WANTS("'<f4'", "False", "(2,)"), 1, "1234567",
                 "a: 7 bytes of data, wanted 8 by its shape (truncated)");
    wrong_header(WANTS("'<f4'", "False", "(2,)"), 2, "123456789",
                 "a: 9 bytes of data, wanted 8 by its shape (trailing bytes)");
    wrong_header(WANTS("'<f4'", "True", "(2,)"), 1, "", "a: is in Fortran order, wanted C order");
    wrong_header(WANTS("'>f4'", "False", "(2,)"), 1, "", "a: type '>f4', wanted <f4, <f8, <i4, <i8 or |u1");
    wrong_header(WANTS("'|O'", "False", "(2,)"), 3, "", "a: type '|O', wanted <f4, <f8, <i4, <i8 or |u1");
    wrong_header(WANTS("[('a', '<f4')]", "False", "(2,)"), 1, "",
                 "a: the .npy header has no plain type under 'descr'");
    wrong_header(WANTS("'<f4'", "False", "(4294967296, 4294967296)"), 1, "",
                 "a: the shape is larger than any file");
    wrong_header(WANTS("'<f4'", "False", "(0, 4294967296, 4294967296)"), 1, "x",
                 "a: 1 bytes of data, wanted 0 by its shape (trailing bytes)");
    wrong_header(WANTS("'<f4'", "False", "(99999999999999999999,)"), 1, "",
                 "a: the .npy header has an extent in 'shape' that is no number or too large");
    wrong_header(WANTS("'<f4'", "False", "(-1,)"), 1, "",
                 "a: the .npy header has an extent in 'shape' that is no number or too large");
    wrong_header(WANTS("'<f4'", "False", "(1,1,1,1,1,1)"), 1, "", "a: more than 5 dimensions");
    wrong_header(WANTS("'<f4'", "Maybe", "(1,)"), 1, "",
                 "a: the .npy header has a fortran_order that is neither True nor False");
    wrong_header("{'descr': '<f4'}", 1, "", "a: the .npy header lacks descr, fortran_order or shape");
    wrong_header("{'descr': '<f4', 'descr': '<f4'}", 1, "",
                 "a: the .npy header has an unknown or a second 'descr'");
    wrong_header("[1]", 1, "", "a: the .npy header is not a dict");
    wrong_header("", 9, "", "a: .npy version 9, wanted 1 to 3");
    StNpy array;
    StError error = {0};
    assert_false(st_npy_read_memory("a", "\x93NUMPY\1\0\xFF\xFF", 10, &array, &error));
    assert_string_equal(error.message,
                        "a: the .npy header of 65535 bytes does not fit in the file (10 bytes)");
    assert_false(st_npy_read_memory("a", "PK\3\4aaaaaaaaa", 13, &array, &error));
    assert_string_equal(error.message, "a: is not a .npy file (its first bytes are not \\x93NUMPY)");
}

static void numbers_must_be_finite(void **state) {
    (void)state;
    const float bad[] = {1, NAN, 2};
    const double worse[] = {1, 2, -INFINITY}, large[] = {1, 1e39, 2};
    const int32_t y[] = {0, 1, 0};
    put_npy("y.npy", ST_NPY_I4, 1, DIM(3), y);
    put_npy("x.npy", ST_NPY_F4, 2, DIM(3, 1), bad);
    refuses("data npy x.npy y.npy", "x.npy: element 1 is nan, wanted finite numbers");
    put_npy("x.npy", ST_NPY_F8, 2, DIM(3, 1), worse);
    refuses("data npy x.npy y.npy", "x.npy: element 2 is -inf, wanted finite numbers");
    put_npy("x.npy", ST_NPY_F8, 2, DIM(3, 1), large);
    refuses("data npy x.npy y.npy", "x.npy: element 1 is 1e+39, too large for a float");
}

static void arrays_as_data(void **state) {
    (void)state;
    float x[24];
    for (int i = 0; i < 24; i++)
        x[i] = (float)i;
    const int64_t labels[] = {0, 2, 1};
    put_npy("x.npy", ST_NPY_F4, 4, DIM(3, 2, 2, 2), x);
    put_npy("y.npy", ST_NPY_I8, 1, DIM(3), labels);
    StDataset *set = load("data npy x.npy y.npy");
    StShape shape = st_dataset_x_shape(set), wanted = st_shape(3, 2, 2, 2), out = st_shape(1, 3);
    assert_true(st_shape_equal(&shape, &wanted));
    assert_int_equal(st_dataset_inputs(set), 2); /* channels */
    assert_memory_equal(x_of(set, ST_TRAIN, 1), x + 8, 8 * sizeof(float));
    StError error = {0};
    assert_true(st_dataset_accepts(set, &out, true, st_dataset_classes(set), &error) &&
                st_dataset_accepts(set, &out, false, st_dataset_classes(set), &error));
    float y[9];
    const float onehot[9] = {1, 0, 0, 0, 0, 1, 0, 1, 0};
    st_dataset_gather_y(set, ST_TRAIN, NULL, 0, 3, 3, y);
    assert_memory_equal(y, onehot, sizeof y);
    out = st_shape(1, 2);
    assert_false(st_dataset_accepts(set, &out, true, st_dataset_classes(set), &error));
    assert_string_equal(error.message, "the output has shape 2, the data 3 classes: wanted 3 outputs");
    st_dataset_destroy(set);
}

static void labels_of_sequences_and_float_targets(void **state) {
    (void)state;
    const float x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const unsigned char labels[] = {0, 2, 1, 1, 0, 2};
    StError error = {0};
    put_npy("x.npy", ST_NPY_F4, 3, DIM(2, 3, 2), x);
    put_npy("y.npy", ST_NPY_U1, 2, DIM(2, 3), labels);
    StDataset *set = load("data npy x.npy y.npy");
    StShape out = st_shape(2, 3, 3), flat = st_shape(1, 3);
    assert_true(st_dataset_accepts(set, &out, true, st_dataset_classes(set), &error) &&
                !st_dataset_accepts(set, &flat, true, st_dataset_classes(set), &error));
    assert_string_equal(error.message, "the output has shape 3, the data labels of shape 3 in 3 classes");
    int32_t got[6];
    const int64_t rows[] = {9, 1, 0};
    st_dataset_gather_labels(set, ST_TRAIN, rows, 1, 2, got);
    assert_true(got[0] == 1 && got[2] == 2 && got[3] == 0 && got[5] == 1);
    st_dataset_destroy(set);
    put_npy("y.npy", ST_NPY_F4, 2, DIM(2, 3), x);
    set = load("data npy x.npy y.npy test_x=x.npy test_y=y.npy");
    assert_true(st_dataset_accepts(set, &flat, false, st_dataset_classes(set), &error) &&
                !st_dataset_accepts(set, &flat, true, st_dataset_classes(set), &error));
    assert_string_equal(error.message,
                        "the loss wants labels (whole numbers), the data has float targets of shape 3");
    assert_false(st_dataset_accepts(set, &out, false, st_dataset_classes(set), &error));
    assert_string_equal(error.message, "the output has shape 3x3, the data targets of shape 3");
    float y[3];
    st_dataset_gather_y(set, ST_TEST, NULL, 1, 1, 3, y);
    assert_memory_equal(y, x + 3, sizeof y);
    assert_int_equal(st_dataset_columns(set), 2 + 3);
    st_dataset_destroy(set);
}

static void arrays_that_do_not_fit(void **state) {
    (void)state;
    const float x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const int32_t labels[] = {0, 1, -2}, same[] = {1, 1, 1}, ok[] = {0, 1, 0};
    put_npy("x.npy", ST_NPY_F4, 2, DIM(3, 4), x);
    put_npy("y.npy", ST_NPY_I4, 1, DIM(2), labels);
    refuses("data npy x.npy y.npy", "x.npy has 3 rows, y.npy has 2");
    put_npy("y.npy", ST_NPY_I4, 1, DIM(3), labels);
    refuses("data npy x.npy y.npy",
            "y.npy: element 2 is -2, wanted labels from 0 below 16777216, or -1 for what has none");
    put_npy("y.npy", ST_NPY_I4, 1, DIM(3), ok);
    put_npy("t.npy", ST_NPY_F4, 2, DIM(3, 2), x);
    refuses("data npy x.npy y.npy test_x=t.npy test_y=y.npy", "t.npy: rows of shape 2, wanted 4 as in x.npy");
    refuses("data npy x.npy y.npy test_x=t.npy", "data npy: test_x is given and test_y is not");
    put_npy("u.npy", ST_NPY_F4, 1, DIM(3), x);
    refuses("data npy x.npy y.npy test_x=x.npy test_y=u.npy",
            "u.npy: type float32, wanted int32 as in y.npy");
    put_npy("y.npy", ST_NPY_I4, 1, DIM(3), same);
    refuses("data npy x.npy y.npy", "y.npy: one class only (1), wanted at least two");
    put_npy("x.npy", ST_NPY_F4, 2, DIM(0, 4), x);
    refuses("data npy x.npy y.npy", "x.npy: no rows");
    put_npy("x.npy", ST_NPY_F4, 0, DIM(0), x);
    refuses("data npy x.npy y.npy", "x.npy: a single number, wanted rows");
}

static void bytes_of_many_columns(void **state) {
    (void)state;
    unsigned char x[30];
    for (int i = 0; i < 30; i++)
        x[i] = (unsigned char)(i * 37);
    const int32_t y[] = {0, 1, 0};
    put_npy("x.npy", ST_NPY_U1, 2, DIM(3, 10), x);
    put_npy("y.npy", ST_NPY_I4, 1, DIM(3), y);
    StDataset *set = load("data npy x.npy y.npy\nprepare minmax"); /* a map for each column: floats */
    for (int row = 0; row < 3; row++)
        for (int i = 0; i < 10; i++) {
            int low = 255, high = 0;
            for (int r = 0; r < 3; r++) {
                low = x[r * 10 + i] < low ? x[r * 10 + i] : low;
                high = x[r * 10 + i] > high ? x[r * 10 + i] : high;
            }
            assert_true(x_of(set, ST_TRAIN, row)[i] ==
                        (float)((double)(x[row * 10 + i] - low) / (double)(high - low)));
        }
    st_dataset_destroy(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_and_labels),
        cmocka_unit_test(images_are_standardized_by_channel),
        cmocka_unit_test(the_test_files_of_idx),
        cmocka_unit_test(idx_files_that_are_wrong),
        cmocka_unit_test(arrays_read_back),
        cmocka_unit_test(npy_files_that_are_wrong),
        cmocka_unit_test(numbers_must_be_finite),
        cmocka_unit_test(arrays_as_data),
        cmocka_unit_test(labels_of_sequences_and_float_targets),
        cmocka_unit_test(arrays_that_do_not_fit),
        cmocka_unit_test(bytes_of_many_columns),
    };
    return cmocka_run_group_tests_name("data/idx, data/npy", tests, make_folder, remove_folder);
}
