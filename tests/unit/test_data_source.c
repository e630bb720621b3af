/* The lines of the language that describe data: what is read is printed the same, what is wrong is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_data.h"

static void prints(const char *text, const char *wanted) {
    Lines lines = {0};
    StError error = {0};
    StText out = {0};
    char *copy = strdup(text), *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (!take_line(&lines, line, &error)) fail_msg("%s: %s", line, error.message);
    st_data_print(&lines.data, &out);
    st_split_print(&lines.split, &out);
    st_prepare_print(&lines.prepare, &out);
    st_features_print(&lines.features, &out);
    assert_string_equal(st_text_string(&out), wanted);
    st_text_free(&out);
    free(copy);
}

static void rejects(const char *line, const char *message) {
    Lines lines = {0}, before = {0};
    StError error = {0};
    assert_false(take_line(&lines, line, &error));
    assert_string_equal(error.message, message);
    assert_memory_equal(&lines, &before, sizeof lines);
}

static void data_lines_read_back(void **state) {
    (void)state;
    prints("data csv iris.csv", "data csv iris.csv\n");
    prints("data csv iris.csv species", "data csv iris.csv target=species\n");
    prints("data csv file=iris.csv target=species header=auto", "data csv iris.csv target=species\n");
    prints("data csv 'my file.csv' drop=a,b missing=median task=regression test=b.csv encode=k:ordinal",
           "data csv 'my file.csv' drop=a,b missing=median task=regression test=b.csv encode=k:ordinal\n");
    prints("data idx a b test_images=c test_labels=d", "data idx a b test_images=c test_labels=d\n");
    prints("data npy x.npy y.npy", "data npy x.npy y.npy\n");
    prints("data synthetic spiral samples=1000 noise=0.1", "data synthetic spiral samples=1000 noise=0.1\n");
    prints("data synthetic random samples=10000 features=100 classes=10",
           "data synthetic random samples=10000\n");
}

static void data_lines_tell_what_is_wrong(void **state) {
    (void)state;
    rejects("data", "data: the source is missing, wanted csv, idx, npy or synthetic");
    rejects("data cvs a", "data: unknown data source 'cvs'; did you mean 'csv'?");
    rejects("data csv", "data csv: file is missing, wanted text");
    rejects("data csv a.csv taget=x", "unknown option of data csv 'taget'; did you mean 'target'?");
    rejects("data csv a.csv missing=mean2", "data csv: unknown missing 'mean2'; did you mean 'mean'?");
    rejects("data synthetic circel", "data synthetic: unknown name 'circel'; did you mean 'circle'?");
    rejects("data synthetic xor samples=0", "data synthetic: samples=0: wanted 1 to 100000000");
    rejects("data synthetic xor samples=100000001",
            "data synthetic: samples=100000001: wanted 1 to 100000000");
    rejects("data synthetic xor noise=0.6", "data synthetic: noise=0.6: wanted 0 to 0.5");
}

static void split_lines(void **state) {
    (void)state;
    prints("split 0.8 0.1 0.1", "split train=0.8 validation=0.1 test=0.1\n");
    prints("split validation=0.2", "split validation=0.2\n");
    prints("split", "split\n");
    prints("split test=0.25 stratify=no shuffle=no", "split test=0.25 stratify=no shuffle=no\n");
    rejects("split train=0.8 validation=0.2 test=0.1", "split: the shares add up to 1.1, wanted at most 1");
    rejects("split validation=0.5 test=0.5",
            "split: validation and test take every row, nothing is left to train");
    rejects("split train=1.5", "split: train=1.5: wanted 0 to 1");
    rejects("split validation=-0.1", "split: validation=-0.1: wanted 0 to below 1");
}

static void prepare_lines(void **state) {
    (void)state;
    prints("prepare standardize", "prepare standardize\n");
    prints("prepare scale=255", "prepare scale=255\n");
    prints("prepare minmax columns=a,b\nprepare scale=16 columns=c",
           "prepare minmax columns=a,b\nprepare scale=16 columns=c\n");
    prints("prepare encode=ordinal", "prepare encode=ordinal\n");
    rejects("prepare", "prepare: wanted standardize, minmax, scale=NUMBER, encode= or none");
    rejects("prepare standardise", "prepare: unknown method 'standardise'; did you mean 'standardize'?");
    rejects("prepare standardize scale=2", "prepare: standardize and scale in one line, wanted one of them");
    rejects("prepare scale=0", "prepare: scale=0: wanted a number above 0");
}

static void later_preparations_rule(void **state) {
    (void)state;
    prints("prepare standardize\nprepare scale=255\nprepare minmax", "prepare minmax\n");
    prints("prepare standardize columns=a\nprepare minmax columns=a", "prepare minmax columns=a\n");
    prints("prepare minmax columns=a\nprepare standardize", "prepare standardize\n");
    prints("prepare standardize\nprepare none columns=a", "prepare standardize\nprepare columns=a\n");
    prints("prepare standardize encode=ordinal\nprepare minmax", "prepare encode=ordinal\nprepare minmax\n");
    prints("prepare encode=ordinal\nprepare encode=drop", "prepare encode=drop\n");
    prints("prepare standardize\nprepare none", "");
}

static void the_list_of_preparations_is_finite(void **state) {
    (void)state;
    Lines lines = {0};
    StError error = {0};
    char line[64];
    for (int i = 0; i < ST_PREPARE_MAX; i++) {
        snprintf(line, sizeof line, "prepare minmax columns=c%d", i);
        assert_true(take_line(&lines, line, &error));
    }
    assert_false(take_line(&lines, "prepare minmax columns=x", &error));
    assert_string_equal(error.message, "prepare: more than 16 lines");
    assert_int_equal(lines.prepare.count, ST_PREPARE_MAX);
}

static void features_lines(void **state) {
    (void)state;
    prints("features x1 x2 x1^2 x2^2 x1*x2 sin(x1) sin(x2)",
           "features x1 x2 x1^2 x2^2 x1*x2 sin(x1) sin(x2)\n");
    prints("features sin(x2),x1", "features sin(x2) x1\n");
    prints("features", "");
    rejects("features x3", "features: unknown feature 'x3'; did you mean 'x1'?");
    rejects("features x1 x1", "features: x1 is given twice");
    assert_true(st_feature_value(ST_X1_SQUARED, 3, 2) == 9 && st_feature_value(ST_X1_X2, 3, 2) == 6);
}

static void every_option_has_help(void **state) {
    (void)state;
    for (int k = 0; st_source_kinds[k]; k++) {
        assert_true(st_source_kinds[k]->options_size <= ST_SOURCE_OPTIONS_MAX);
        assert_true(*st_source_kinds[k]->help);
        for (const StOption *row = st_source_kinds[k]->options; row->name; row++) {
            assert_non_null(row->help);
            for (const StChoice *choice = row->choices; choice && choice->name; choice++)
                assert_non_null(choice->help);
        }
    }
    for (const StOption *row = st_split_options; row->name; row++)
        assert_non_null(row->help);
    for (const StOption *row = st_prepare_options; row->name; row++)
        assert_non_null(row->help);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_lines_read_back),
        cmocka_unit_test(data_lines_tell_what_is_wrong),
        cmocka_unit_test(split_lines),
        cmocka_unit_test(prepare_lines),
        cmocka_unit_test(later_preparations_rule),
        cmocka_unit_test(the_list_of_preparations_is_finite),
        cmocka_unit_test(features_lines),
        cmocka_unit_test(every_option_has_help),
    };
    return cmocka_run_group_tests_name("data/source", tests, make_folder, remove_folder);
}
