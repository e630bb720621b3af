/* Growing strings, numbers as text, files read (also compressed) and written whole or not at all. */
#include "base/text.h"

#include <dirent.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

/* ---- strings ---- */

static void grows(void **state) {
    (void)state;
    StText text = {0};
    assert_string_equal(st_text_string(&text), "");
    st_text_clear(&text);
    size_t wanted = 0;
    for (int i = 0; i < 1000; i++) {
        st_text_format(&text, "%d,", i);
        wanted += i < 10 ? 2 : i < 100 ? 3 : 4;
        assert_int_equal(text.length, wanted);
        assert_int_equal(strlen(text.data), wanted);
    }
    st_text_clear(&text);
    assert_string_equal(st_text_string(&text), "");
    st_text_add_bytes(&text, "a\0b", 3);
    assert_int_equal(text.length, 3);
    st_text_add(&text, "");
    assert_int_equal(text.data[3], '\0');
    st_text_free(&text);
    assert_null(text.data);
}

static void a_failure_is_remembered(void **state) {
    (void)state;
    StText text = {0};
    st_text_add(&text, "kept");
    st_text_add_bytes(&text, "x", SIZE_MAX / 2);
    assert_true(text.failed);
    st_text_add(&text, "more");
    assert_string_equal(text.data, "kept");
    st_text_free(&text);
}

/* ---- numbers ---- */

static void numbers_are_short_and_exact(void **state) {
    (void)state;
    const struct {
        double value;
        const char *text;
    } wanted[] = {
        {0, "0"},
        {1, "1"},
        {-5, "-5"},
        {10, "10"},
        {250, "250"},
        {100000, "100000"},
        {1e9, "1000000000"},
        {0.1, "0.1"},
        {0.001, "0.001"},
        {1e-7, "1e-07"},
        {1.5e-5, "1.5e-05"},
        {0.00015, "0.00015"},
        {1e15, "1000000000000000"},
        {1e16, "1e+16"},
        {1e300, "1e+300"},
        {123456.789, "123456.789"},
        {0.1 + 0.2, "0.30000000000000004"},
        {-1234.5, "-1234.5"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        StText text = {0};
        st_text_number(&text, wanted[i].value);
        assert_string_equal(text.data, wanted[i].text);
        st_text_free(&text);
    }
    const struct {
        float value;
        const char *text;
    } floats[] = {{0.1f, "0.1"}, {16777216, "16777216"}, {1.0f / 3, "0.33333334"}, {1e-7f, "1e-07"}};
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        StText text = {0};
        st_text_float(&text, floats[i].value);
        assert_true(strtof(text.data, NULL) == floats[i].value);
        assert_string_equal(text.data, floats[i].text);
        st_text_free(&text);
    }
}

static void numbers_read_back(void **state) {
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        double value, again;
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        StText text = {0};
        st_text_number(&text, value);
        assert_true(st_number(text.data, &again));
        assert_true(again == value);
        st_text_clear(&text);
        st_text_float(&text, (float)value);
        assert_true(!isfinite((float)value) || strtof(text.data, NULL) == (float)value);
        st_text_free(&text);
    }
}

/* What is no number has no sign, whichever way the machine made it. */
static void nan_has_no_sign(void **state) {
    (void)state;
    StText text = {0};
    st_text_number(&text, -(double)NAN);
    st_text_add(&text, " ");
    st_text_float(&text, -NAN);
    st_text_add(&text, " ");
    st_text_number(&text, -INFINITY);
    assert_string_equal(text.data, "nan nan -inf");
    st_text_free(&text);
}

static void what_a_number_is(void **state) {
    (void)state;
    const char *const bad[] = {"",     " ",     "1 ",  " 1",  "x",  "1x", "0x10", "nan", "inf",
                               "-inf", "1e999", "1,5", "--1", "1e", "e5", ".",    "+",   "1.2.3"};
    double value = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (st_number(bad[i], &value)) fail_msg("'%s' was taken for a number", bad[i]);
    assert_true(value == 7);
    assert_true(st_number("-1.5e-3", &value) && value == -0.0015);
    assert_true(st_number("+2", &value) && value == 2);
    assert_true(st_number(".5", &value) && value == 0.5);
    assert_true(st_number("1e-320", &value) && value > 0);
}

/* ---- files ---- */

static char folder[] = "/tmp/strata-text-XXXXXX";

static const char *path(const char *name) {
    static char joined[256];
    snprintf(joined, sizeof joined, "%s/%s", folder, name);
    return joined;
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int entries(void) {
    int count = 0;
    DIR *listing = opendir(folder);
    for (struct dirent *entry; (entry = readdir(listing));)
        count += entry->d_name[0] != '.';
    closedir(listing);
    return count;
}

static int remove_folder(void **state) {
    (void)state;
    char name[600];
    DIR *listing = opendir(folder);
    for (struct dirent *entry; (entry = readdir(listing));) {
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && unlink(name) != 0) rmdir(name);
    }
    closedir(listing);
    return rmdir(folder);
}

static void writes_whole_files(void **state) {
    (void)state;
    StError error = {0};
    StText text = {0};
    assert_true(st_file_write(path("a"), "first", 5, &error));
    assert_true(st_file_write(path("a"), "a\0second", 8, &error));
    assert_true(st_file_read(path("a"), 0, &text, &error));
    assert_int_equal(text.length, 8);
    assert_memory_equal(text.data, "a\0second", 9);
    assert_true(st_file_write(path("empty"), "", 0, &error));
    assert_true(st_file_read(path("empty"), 0, &text, &error));
    assert_int_equal(text.length, 0);
    assert_int_equal(entries(), 2); /* nothing is left beside them */
    struct stat info;
    chmod(path("a"), 0640);
    assert_true(st_file_write(path("a"), "x", 1, &error));
    assert_int_equal(stat(path("a"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    st_text_free(&text);
}

static void tells_suffixes(void **state) {
    (void)state;
    assert_true(st_path_ends("a.npy", ".npy"));
    assert_false(st_path_ends("a.npy.gz", ".npy"));
    assert_true(st_path_ends_gz("a.npy.gz", ".npy"));
    assert_true(st_path_ends_gz("a.npy", ".npy"));
    assert_false(st_path_ends_gz(".npy.gz", ".npy"));
    assert_false(st_path_ends_gz("gz", ".npy"));
}

static void a_failed_write_leaves_nothing(void **state) {
    (void)state;
    StError error = {0};
    int before = entries();
    assert_false(st_file_write(path("no/such/folder"), "x", 1, &error));
    assert_int_equal(error.code, ST_ERR_FILE);
    assert_non_null(strstr(error.message, "/no/such/folder: No such file or directory"));
    mkdir(path("occupied"), 0700);
    assert_false(st_file_write(path("occupied"), "x", 1, &error)); /* a folder cannot be replaced */
    assert_int_equal(entries(), before + 1);
    rmdir(path("occupied"));
}

static void writes_through_links_and_devices(void **state) {
    (void)state;
    StError error = {0};
    StText text = {0};
    struct stat info;
    assert_true(st_file_write(path("real"), "old", 3, &error));
    char to[256];
    snprintf(to, sizeof to, "%s", path("real"));
    assert_int_equal(symlink(to, path("link")), 0);
    assert_true(st_file_write(path("link"), "new", 3, &error));
    assert_int_equal(lstat(path("link"), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_true(st_file_read(path("real"), 0, &text, &error));
    assert_string_equal(st_text_string(&text), "new");
    unlink(path("link"));
    assert_true(st_file_write("/dev/null", "x", 1, &error));
    assert_false(st_file_write("/dev/full", "x", 1, &error)); /* a full disk */
    assert_string_equal(error.message, "/dev/full: No space left on device");
    assert_int_equal(stat("/dev/full", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    st_text_free(&text);
}

static void compress_file(const char *name, const char *bytes, size_t count) {
    gzFile file = gzopen(path(name), "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)count), count);
    assert_int_equal(gzclose(file), Z_OK);
}

static void reads_compressed_files(void **state) {
    (void)state;
    enum { SIZE = 300000 };
    StError error = {0};
    StText text = {0};
    char *bytes = malloc(SIZE);
    uint32_t number = 1;
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (char)((number = number * 1664525 + 1013904223) >> 24);
    compress_file("x.gz", bytes, SIZE);
    char to[256];
    snprintf(to, sizeof to, "%s", path("x.csv"));
    assert_int_equal(rename(path("x.gz"), to), 0);
    assert_true(st_file_read(to, 0, &text, &error)); /* whatever its name */
    assert_int_equal(text.length, SIZE);
    assert_memory_equal(text.data, bytes, SIZE);
    assert_false(st_file_read(to, SIZE - 1, &text, &error));
    assert_non_null(strstr(error.message, "x.csv: larger than 299999 bytes"));
    assert_true(st_file_read(to, SIZE, &text, &error));
    /* Cut anywhere it is refused: no half of a data set is taken for the whole. */
    struct stat info;
    assert_int_equal(stat(to, &info), 0);
    const long cuts[] = {20, info.st_size / 2, info.st_size - 9, info.st_size - 4, info.st_size - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        compress_file("cut.gz", bytes, SIZE);
        assert_int_equal(truncate(path("cut.gz"), cuts[i]), 0);
        assert_false(st_file_read(path("cut.gz"), 0, &text, &error));
        assert_int_equal(error.code, ST_ERR_FORMAT);
        assert_non_null(strstr(error.message, "cut.gz"));
    }
    free(bytes);
    st_text_free(&text);
}

static void corrupted_data_is_refused(void **state) {
    (void)state;
    StError error = {0};
    StText text = {0};
    char bytes[5000];
    for (int i = 0; i < 5000; i++)
        bytes[i] = (char)("abcdefgh"[i % 8] + i / 900);
    compress_file("bad.gz", bytes, sizeof bytes);
    assert_true(st_file_read(path("bad.gz"), 0, &text, &error));
    size_t size = 0;
    FILE *file = fopen(path("bad.gz"), "r+b");
    fseek(file, 0, SEEK_END);
    size = (size_t)ftell(file);
    fseek(file, (long)size - 6, SEEK_SET); /* within the checksum */
    fputc(0x5a, file);
    fputc(0xa5, file);
    fclose(file);
    assert_false(st_file_read(path("bad.gz"), 0, &text, &error));
    assert_int_equal(error.code, ST_ERR_FORMAT);
    st_text_free(&text);
}

static void files_that_cannot_be_read(void **state) {
    (void)state;
    StError error = {0};
    StText text = {0};
    assert_false(st_file_read(path("missing"), 0, &text, &error));
    assert_int_equal(error.code, ST_ERR_FILE);
    assert_non_null(strstr(error.message, "/missing: No such file or directory"));
    assert_false(st_file_read(folder, 0, &text, &error));
    assert_non_null(strstr(error.message, ": is a folder, wanted a file"));
    st_text_free(&text);
}

static void paths_are_joined(void **state) {
    (void)state;
    char out[64];
    const struct {
        const char *base, *path, *joined;
    } wanted[] = {
        {NULL, "a.csv", "a.csv"},
        {"iris.strata", "a.csv", "a.csv"},
        {"samples/iris.strata", "data/a.csv", "samples/data/a.csv"},
        {"/s/iris.strata", "../a.csv", "/s/../a.csv"},
        {"samples/iris.strata", "/abs/a.csv", "/abs/a.csv"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_true(st_path_join(wanted[i].base, wanted[i].path, out, sizeof out, NULL));
        assert_string_equal(out, wanted[i].joined);
    }
    StError error = {0};
    assert_false(st_path_join("samples/iris.strata", "abcdefgh", out, 16, &error));
    assert_string_equal(error.message, "path of 16 characters, wanted at most 15");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(a_failure_is_remembered),
        cmocka_unit_test(numbers_are_short_and_exact),
        cmocka_unit_test(numbers_read_back),
        cmocka_unit_test(nan_has_no_sign),
        cmocka_unit_test(what_a_number_is),
        cmocka_unit_test(writes_whole_files),
        cmocka_unit_test(tells_suffixes),
        cmocka_unit_test(a_failed_write_leaves_nothing),
        cmocka_unit_test(writes_through_links_and_devices),
        cmocka_unit_test(reads_compressed_files),
        cmocka_unit_test(corrupted_data_is_refused),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(paths_are_joined),
    };
    return cmocka_run_group_tests_name("text", tests, make_folder, remove_folder);
}
