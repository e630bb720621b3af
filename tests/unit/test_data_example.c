/* Rows made by hand: prepared to the bits that gathering gives, taken back, and told from pictures. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_data.h"

#include <math.h>

/* Every raw row of every part becomes its own x, to the bit. */
static void same_as_gathered(const StDataset *set) {
    float raw[256], x[256], own[256];
    StShape shape = st_dataset_x_shape(set);
    size_t size = (size_t)st_shape_size(&shape) * sizeof(float);
    for (int part = 0; part < ST_PARTS; part++)
        for (int64_t row = 0; row < st_dataset_rows(set, (StPart)part); row++) {
            st_dataset_raw(set, (StPart)part, row, raw);
            st_dataset_gather_x(set, (StPart)part, NULL, row, 1, x);
            st_dataset_prepare(set, raw, own);
            assert_memory_equal(x, own, size);
        }
}

/* … and comes back to within a rounding. */
static void comes_back(const StDataset *set) {
    float raw[256], x[256], back[256];
    StShape shape = st_dataset_raw_shape(set);
    for (int64_t row = 0; row < st_dataset_rows(set, ST_TRAIN); row++) {
        st_dataset_raw(set, ST_TRAIN, row, raw);
        st_dataset_gather_x(set, ST_TRAIN, NULL, row, 1, x);
        assert_true(st_dataset_unprepare(set, x, back));
        for (int64_t i = 0; i < st_shape_size(&shape); i++)
            assert_true(fabsf(raw[i] - back[i]) <= 1e-5f * fmaxf(1, fabsf(raw[i])));
    }
}

static const char mixed[] = "size,island,weight,kind\n"
                            "1.5,a,3000,x\n2.25,b,4100.5,y\n0.1,c,2900,x\n7,a,3333,y\n-3,b,5000,x\n";

static void a_table_with_categories(void **state) {
    (void)state;
    StDataset *set = load_csv(mixed, "\nsplit train=0.6 test=0.4\nprepare standardize");
    same_as_gathered(set);
    comes_back(set);
    assert_false(st_dataset_picture(set, NULL, NULL, NULL));
    st_dataset_destroy(set);
    set = load_csv(mixed, "\nprepare minmax columns=weight encode=island:ordinal");
    same_as_gathered(set);
    comes_back(set);
    st_dataset_destroy(set);
}

static void missing_cells_take_their_filling(void **state) {
    (void)state;
    StDataset *set = load_csv("a,b,kind\n1,5,x\nNA,6,y\n4,7,x\n", "missing=mean\nprepare standardize");
    float raw[2] = {NAN, 6}, x[2];
    same_as_gathered(set);
    st_dataset_prepare(set, raw, x);
    assert_true(isfinite(x[0]));
    assert_true(st_dataset_unprepare(set, x, raw));
    assert_float_equal(raw[0], 2.5f, 1e-6f);
    st_dataset_destroy(set);
}

static void features_of_a_plane(void **state) {
    (void)state;
    float x[8], raw[2];
    StDataset *set = load("data synthetic circle samples=40\nfeatures x1 x2 x1^2 x1*x2 sin(x2)\n"
                          "prepare standardize");
    same_as_gathered(set);
    comes_back(set);
    st_dataset_destroy(set);
    set = load("data synthetic circle samples=40\nfeatures x1^2 x2^2");
    same_as_gathered(set);
    st_dataset_gather_x(set, ST_TRAIN, NULL, 0, 1, x);
    assert_false(st_dataset_unprepare(set, x, raw));
    st_dataset_destroy(set);
}

/* Bytes become floats by table as they are gathered: the same bits all the same. */
static void put_idx(const char *name, int rows, int height, int width) {
    unsigned char bytes[16 + 4096] = {0, 0, 8, 3,
                                      0, 0, 0, (unsigned char)rows,
                                      0, 0, 0, (unsigned char)height,
                                      0, 0, 0, (unsigned char)width};
    size_t count = (size_t)(rows * height * width);
    for (size_t i = 0; i < count; i++)
        bytes[16 + i] = (unsigned char)(i * 37 % 256);
    put_bytes(name, bytes, 16 + count);
}

static void pictures_of_bytes(void **state) {
    (void)state;
    static const char *const prepare[] = {"prepare scale=255", "prepare standardize", "prepare minmax",
                                          "prepare none"};
    const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 2, 0, 1, 2};
    char line[128];
    int height, width, channels;
    put_idx("images", 6, 5, 7);
    put_bytes("labels", labels, sizeof labels);
    for (int i = 0; i < 4; i++) {
        snprintf(line, sizeof line, "data idx images labels\n%s", prepare[i]);
        StDataset *set = load(line);
        same_as_gathered(set);
        comes_back(set);
        assert_true(st_dataset_picture(set, &height, &width, &channels));
        assert_int_equal(height * 100 + width * 10 + channels, 571);
        st_dataset_destroy(set);
    }
}

static void pictures_in_tables(void **state) {
    (void)state;
    int height = 0, width = 0, channels = 0;
    StError error = {0};
    Lines *lines = calloc(1, sizeof *lines);
    assert_non_null(lines);
    assert_true(take_line(lines, "data csv samples/data/digits.csv.gz", &error));
    StDataset *set = st_dataset_load(&lines->data, NULL, NULL, NULL, NULL, 1, &error);
    assert_non_null(set);
    assert_true(st_dataset_picture(set, &height, &width, &channels));
    assert_int_equal(height * 100 + width * 10 + channels, 881);
    st_dataset_destroy(set);
    free(lines);
    set = load("data synthetic random features=100 samples=200");
    assert_false(st_dataset_picture(set, NULL, NULL, NULL));
    st_dataset_destroy(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_with_categories), cmocka_unit_test(missing_cells_take_their_filling),
        cmocka_unit_test(features_of_a_plane),     cmocka_unit_test(pictures_of_bytes),
        cmocka_unit_test(pictures_in_tables),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
