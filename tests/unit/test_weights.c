/* Weights files: what is written, what is read back, and everything that is refused, by its exact words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static StTensor tensor_of(const char *name, StShape shape, int64_t offset) {
    StTensor tensor = {.shape = shape, .size = st_shape_size(&shape), .offset = offset, .trainable = true};
    snprintf(tensor.name, sizeof tensor.name, "%s", name);
    return tensor;
}

/* A network of a 2x3 kernel and a bias, in the network's order (not the file's). */
static const float values[9] = {1, -2, 3.5f, 4e-38f, -0.0f, 6, 7, 8, 9};
static void two_tensors(StTensor out[2]) {
    out[0] = tensor_of("dense/kernel", st_shape(2, 2, 3), 0);
    out[1] = tensor_of("dense/bias", st_shape(1, 3), 6);
}

static char path[] = "/tmp/strata-weights-XXXXXX";
static int make_path(void **state) {
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}
static int remove_path(void **state) {
    (void)state;
    return unlink(path);
}

static void read_back_is_the_same(void **state) {
    (void)state;
    StTensor tensors[2];
    two_tensors(tensors);
    StWeightSet set = {tensors, 2, values, 9};
    StError error = {0};
    assert_true(
        st_weights_save(path, &set, "seed 7\ndense 3\n# ünïcode \"quoted\"\n", "standardize", &error));

    StWeightFile file;
    assert_true(st_weights_load(path, &file, &error));
    assert_string_equal(file.recipe, "seed 7\ndense 3\n# ünïcode \"quoted\"\n");
    assert_string_equal(file.preparation, "standardize");
    assert_int_equal(file.set.count, 2);
    assert_int_equal(file.set.total, 9);
    assert_string_equal(file.set.tensor[0].name, "dense/bias"); /* the order of names */
    assert_string_equal(file.set.tensor[1].name, "dense/kernel");

    float got[9] = {0};
    assert_true(st_weights_match(path, &file.set, tensors, 2, got, &error));
    assert_memory_equal(got, values, sizeof values);
    st_weights_free(&file);
    assert_null(file.owned);
}

/* Byte for byte what the reference writer makes: metadata, tensors by name, blanks up to a multiple of 8. */
static void bytes_are_those_of_the_format(void **state) {
    (void)state;
    StTensor tensors[2];
    two_tensors(tensors);
    StWeightSet set = {tensors, 2, values, 9};
    StError error = {0};
    assert_true(st_weights_save(path, &set, "", NULL, &error));
    StText bytes = {0};
    assert_true(st_file_read(path, 0, &bytes, &error));
    const char *header = "{\"__metadata__\":{\"format\":\"strata\"},"
                         "\"dense/bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
                         "\"dense/kernel\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[12,36]}}";
    size_t length = (unsigned char)bytes.data[0], padded = (strlen(header) + 7) / 8 * 8;
    assert_int_equal(length, padded);
    assert_memory_equal(bytes.data + 8, header, strlen(header));
    for (size_t i = strlen(header); i < padded; i++)
        assert_int_equal(bytes.data[8 + i], ' ');
    assert_int_equal(bytes.length, 8 + padded + 36);
    assert_memory_equal(bytes.data + 8 + padded, values + 6, 12);
    assert_memory_equal(bytes.data + 8 + padded + 12, values, 24);
    st_text_free(&bytes);
}

static void no_tensors_is_a_file_too(void **state) {
    (void)state;
    StWeightSet none = {0};
    StWeightFile file;
    StError error = {0};
    assert_true(st_weights_save(path, &none, "flatten", "", &error));
    assert_true(st_weights_load(path, &file, &error));
    assert_int_equal(file.set.count, 0);
    assert_true(st_weights_match(path, &file.set, NULL, 0, NULL, &error));
    st_weights_free(&file);
}

static void saving_refuses_what_could_not_be_loaded(void **state) {
    (void)state;
    StTensor tensors[2];
    two_tensors(tensors);
    float bad[9] = {0};
    bad[7] = NAN;
    StWeightSet set = {tensors, 2, bad, 9};
    StError error = {0};
    assert_false(st_weights_save("w", &set, "", "", &error));
    assert_string_equal(error.message,
                        "w: tensor dense/bias: value 2 of 3 is not a number, wanted finite numbers");
    tensors[1].name[0] = 0;
    strcpy(tensors[1].name, "dense/kernel");
    set.values = values;
    assert_false(st_weights_save("w", &set, "", "", &error));
    assert_string_equal(error.message, "w: two tensors are named dense/kernel");
    two_tensors(tensors);
    assert_false(st_weights_save("w", &set, "\xff", "", &error));
    assert_string_equal(error.message, "w: the recipe or the preparation is not UTF-8 text");
    assert_false(st_weights_save("/nowhere/at/all", &set, "", "", &error));
    assert_string_equal(error.message, "/nowhere/at/all: No such file or directory");
}

/* ---- bad files ---- */

/* A header and so many bytes of data behind it, each 0. */
typedef struct Bad {
    const char *header;
    int data;
    const char *message;
} Bad;

#define T(dtype, shape, offsets) "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const Bad bad[] = {
    {"[1]", 0, "w: not a safetensors file: its header does not begin with '{'"},
    {" {}", 0, "w: not a safetensors file: its header does not begin with '{'"},
    {"", 0, "w: not a safetensors file: its header does not begin with '{'"},
    {"{", 0, "w: its header is not JSON: string or '}' expected near end of file"},
    {"{}x", 0, "w: its header is not JSON: end of file expected near 'x'"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") ",\"a\":" T("F32", "[1]", "[4,8]") "}", 8,
     "w: its header is not JSON: duplicate object key near '\"a\"'"},
    {"{\"\\u0000\":1}", 0,
     "w: its header is not JSON: NUL byte in object key not supported near '\"\\u0000\"'"},
    {"{\"a\":1}", 0, "w: tensor a is not described by an object"},
    {"{\"\":" T("F32", "[1]", "[0,4]") "}", 4, "w: a tensor's name has 0 bytes, wanted 1 to 111"},
    {"{\"a\\u001b[2J\":" T("F32", "[1]", "[0,4]") "}", 4, "w: a tensor's name holds a control character"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "w: tensor a has no 'dtype'"},
    {"{\"a\":" T("F16", "[2]", "[0,4]") "}", 4, "w: tensor a has dtype 'F16', wanted F32 or F64"},
    {"{\"a\":" T("I64", "[1]", "[0,8]") "}", 8, "w: tensor a has dtype 'I64', wanted F32 or F64"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "w: tensor a has no list 'shape'"},
    {"{\"a\":" T("F32", "[]", "[0,4]") "}", 4, "w: tensor a has 0 axes, wanted 1 to 4"},
    {"{\"a\":" T("F32", "[1,1,1,1,1]", "[0,4]") "}", 4, "w: tensor a has 5 axes, wanted 1 to 4"},
    {"{\"a\":" T("F32", "[0]", "[0,0]") "}", 0, "w: axis 1 of tensor a wanted a whole number from 1"},
    {"{\"a\":" T("F32", "[1,-2]", "[0,8]") "}", 8, "w: axis 2 of tensor a wanted a whole number from 1"},
    {"{\"a\":" T("F32", "[1.5]", "[0,8]") "}", 8, "w: axis 1 of tensor a wanted a whole number from 1"},
    {"{\"a\":" T("F32", "[1]", "[0]") "}", 4, "w: tensor a wanted two whole numbers as 'data_offsets'"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4,
     "w: tensor a wanted two whole numbers as 'data_offsets'"},
    {"{\"a\":" T("F32", "[1]", "[-4,0]") "}", 4, "w: tensor a lies at bytes -4 to 0, but the data has 4"},
    {"{\"a\":" T("F32", "[1]", "[4,0]") "}", 4, "w: tensor a lies at bytes 4 to 0, but the data has 4"},
    {"{\"a\":" T("F32", "[2]", "[0,8]") "}", 4, "w: tensor a lies at bytes 0 to 8, but the data has 4"},
    {"{\"a\":" T("F32", "[3]", "[0,8]") "}", 8, "w: tensor a of shape 3 has 8 bytes, wanted 12"},
    {"{\"a\":" T("F32", "[4611686018427387904,4]", "[0,0]") "}", 0,
     "w: tensor a of shape 4611686018427387904x4 has 0 bytes, wanted more than 9223372036854775807"},
    {"{\"a\":" T("F32", "[4611686018427387904]", "[0,0]") "}", 0,
     "w: tensor a of shape 4611686018427387904 has 0 bytes, wanted more than 9223372036854775807"},
    {"{\"a\":" T("F32", "[2]", "[0,8]") ",\"b\":" T("F32", "[1]", "[4,8]") "}", 8,
     "w: tensor b overlaps tensor a (it begins at byte 4, the other ends at 8)"},
    {"{\"a\":" T("F32", "[1]", "[4,8]") "}", 8, "w: a hole of 4 bytes before tensor a, wanted none"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") ",\"b\":" T("F32", "[1]", "[8,12]") "}", 12,
     "w: a hole of 4 bytes before tensor b, wanted none"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") "}", 5, "w: bytes after the last tensor: 1, wanted none"},
    {"{}", 3, "w: bytes after the last tensor: 3, wanted none"},
    {"{\"__metadata__\":[]}", 0, "w: __metadata__ is not an object"},
    {"{\"__metadata__\":{\"recipe\":3}}", 0, "w: __metadata__ holds 'recipe' that is not a string"},
};

/* header and data as a file in *bytes (freed by the caller); returns its size. */
static size_t assemble(const char *header, const void *data, size_t count, unsigned char **bytes) {
    size_t length = strlen(header);
    *bytes = calloc(1, 8 + length + count + 1);
    assert_non_null(*bytes);
    for (int i = 0; i < 8; i++)
        (*bytes)[i] = (unsigned char)(length >> (8 * i));
    memcpy(*bytes + 8, header, length);
    if (data) memcpy(*bytes + 8 + length, data, count);
    return 8 + length + count;
}

static void bad_files_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unsigned char *bytes;
        size_t size = assemble(bad[i].header, NULL, (size_t)bad[i].data, &bytes);
        StWeightFile file;
        StError error = {0};
        assert_false(st_weights_read("w", bytes, size, &file, &error));
        assert_string_equal(error.message, bad[i].message);
        assert_int_equal(error.code, ST_ERR_FORMAT);
        assert_null(file.owned);
        free(bytes);
    }
}

static void refused(const void *bytes, size_t size, const char *message) {
    StWeightFile file;
    StError error = {0};
    assert_false(st_weights_read("w", bytes, size, &file, &error));
    assert_string_equal(error.message, message);
}

static void broken_lengths_are_refused(void **state) {
    (void)state;
    refused("", 0, "w: 0 bytes are too few for a safetensors file");
    refused("\2\0\0\0\0\0\0", 7, "w: 7 bytes are too few for a safetensors file");
    refused("\3\0\0\0\0\0\0\0{}", 10,
            "w: not a safetensors file: its header would take 3 bytes, wanted at most 2");
    refused("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10,
            "w: not a safetensors file: its header would take 18446744073709551615 bytes, wanted at most 2");
}

static void values_that_are_not_finite_are_refused(void **state) {
    (void)state;
    const float numbers[3] = {1, INFINITY, 2};
    const double large[1] = {1e300};
    unsigned char *bytes;
    size_t size = assemble("{\"a/b\":" T("F32", "[3]", "[0,12]") "}", numbers, sizeof numbers, &bytes);
    refused(bytes, size,
            "w: tensor a/b: value 2 of 3 is infinite (or too large for float32), wanted finite numbers");
    free(bytes);
    size = assemble("{\"a\":" T("F64", "[1]", "[0,8]") "}", large, sizeof large, &bytes);
    refused(bytes, size,
            "w: tensor a: value 1 of 1 is infinite (or too large for float32), wanted finite numbers");
    free(bytes);
}

static void doubles_become_floats(void **state) {
    (void)state;
    const double numbers[2] = {0.1, -1e-300};
    unsigned char *bytes;
    size_t size = assemble("{\"a\":" T("F64", "[2]", "[0,16]") "}", numbers, sizeof numbers, &bytes);
    StWeightFile file;
    StError error = {0};
    assert_true(st_weights_read("w", bytes, size, &file, &error));
    assert_true(file.set.values[0] == 0.1f);
    assert_true(file.set.values[1] == 0.0f);
    st_weights_free(&file);
    free(bytes);
}

static void match_names_what_does_not_fit(void **state) {
    (void)state;
    StTensor have[2], want[2];
    two_tensors(have);
    StWeightSet set = {have, 2, values, 9};
    StError error = {0};
    float out[9] = {0};

    two_tensors(want);
    strcpy(want[1].name, "dense_1/bias");
    assert_false(st_weights_match("w", &set, want, 2, out, &error));
    assert_string_equal(error.message, "w: tensor dense_1/bias is missing, wanted one of shape 3");
    two_tensors(want);
    want[0].shape = st_shape(2, 3, 2);
    assert_false(st_weights_match("w", &set, want, 2, out, &error));
    assert_string_equal(error.message, "w: tensor dense/kernel has shape 2x3, wanted 3x2");
    two_tensors(want);
    assert_false(st_weights_match("w", &set, want, 1, out, &error));
    assert_string_equal(error.message, "w: tensor dense/bias belongs to no layer");
    strcpy(have[1].name, "dense/kernal");
    assert_false(st_weights_match("w", &set, want, 1, out, &error));
    assert_string_equal(error.message,
                        "w: tensor dense/kernal belongs to no layer; did you mean dense/kernel?");
    strcpy(have[1].name, "optimizer/m/dense/kernel"); /* training state is not a weight */
    assert_true(st_weights_match("w", &set, want, 1, out, &error));
    float bad_values[9] = {-INFINITY};
    set.values = bad_values;
    assert_false(st_weights_match("w", &set, want, 1, out, &error));
    assert_string_equal(error.message, "w: tensor dense/kernel: value 1 of 6 is infinite (or too large for "
                                       "float32), wanted finite numbers");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_back_is_the_same),
        cmocka_unit_test(bytes_are_those_of_the_format),
        cmocka_unit_test(no_tensors_is_a_file_too),
        cmocka_unit_test(saving_refuses_what_could_not_be_loaded),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(broken_lengths_are_refused),
        cmocka_unit_test(values_that_are_not_finite_are_refused),
        cmocka_unit_test(doubles_become_floats),
        cmocka_unit_test(match_names_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
