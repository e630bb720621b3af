/* csv files: what columns are, what cells are, and every refusal by its exact words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_data.h"
#include "data/csv.h"

#include <math.h>
#include <zlib.h>

static void a_table_with_a_header(void **state) {
    (void)state;
    StDataset *set = load_csv("a,b,kind\n1,2.5,x\n-3e1,+.5,y\n5.,4,x\n", "");
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 3);
    assert_int_equal(st_dataset_classes(set), 2);
    assert_string_equal(st_dataset_class_name(set, 1), "y");
    assert_string_equal(st_dataset_input_name(set, 1), "b");
    ROW(set, ST_TRAIN, 0, 1, 2.5f);
    ROW(set, ST_TRAIN, 1, -30, 0.5f);
    ROW(set, ST_TRAIN, 2, 5, 4);
    assert_int_equal(label_of(set, ST_TRAIN, 1), 1);
    assert_int_equal(st_dataset_origin(set, ST_TRAIN, 2), 4);
    st_dataset_destroy(set);
}

static void without_a_header(void **state) {
    (void)state;
    StDataset *set = load_csv("1,2,0\n3,4,1\n5,6,0\n", "");
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 3);
    assert_string_equal(st_dataset_input_name(set, 0), "column1");
    assert_int_equal(st_dataset_origin(set, ST_TRAIN, 0), 1);
    st_dataset_destroy(set);
    set = load_csv("n,y,yes\ny,n,no\nn,y,no\ny,n,yes\n", "header=no"); /* words only */
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 4);
    st_dataset_destroy(set);
    set = load_csv("n,n,yes\ny,n,no\n", ""); /* a doubled word is no header */
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 2);
    st_dataset_destroy(set);
}

static void quotes_delimiters_and_line_ends(void **state) {
    (void)state;
    StDataset *set = load_csv("\"a \"\"b\"\"\",\"c\nd\",t\r\n\"1\" , 2,\"x,y\"\r\n\r\n 3,\t4 , z \r\n", "");
    assert_string_equal(st_dataset_input_name(set, 0), "a \"b\"");
    assert_string_equal(st_dataset_input_name(set, 1), "c\nd");
    assert_string_equal(st_dataset_class_name(set, 0), "x,y");
    assert_string_equal(st_dataset_class_name(set, 1), "z");
    ROW(set, ST_TRAIN, 1, 3, 4);
    assert_int_equal(st_dataset_origin(set, ST_TRAIN, 0), 3);
    assert_int_equal(st_dataset_origin(set, ST_TRAIN, 1), 5);
    st_dataset_destroy(set);
    static const char *const same[] = {"a;b;t\n1;2;x\n3;4;y\n", "a\tb\tt\n1\t2\tx\n3\t4\ty\n",
                                       "a|b|t\n1|2|x\n3|4|y\n", "a,b,t\r1,2,x\r3,4,y\r",
                                       ("\xEF\xBB\xBF"
                                        "a,b,t\n1,2,x\n3,4,y")};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        set = load_csv(same[i], "");
        assert_string_equal(st_dataset_input_name(set, 0), "a");
        ROW(set, ST_TRAIN, 1, 3, 4);
        st_dataset_destroy(set);
    }
    set = load_csv("a;b,c\n1;x\n2;y\n", "delimiter=semicolon");
    assert_string_equal(st_dataset_column(set, 1)->name, "b,c");
    st_dataset_destroy(set);
}

static void gz_and_latin1(void **state) {
    (void)state;
    put("a.csv.gz", "");
    gzFile file = gzopen(path_of("a.csv.gz"), "wb");
    gzputs(file, "a,t\n1,x\n2,y\n");
    gzclose(file);
    StDataset *set = load("data csv a.csv.gz");
    ROW(set, ST_TRAIN, 1, 2);
    st_dataset_destroy(set);
    set = load_csv("a,t\n1,caf\xE9\n2,th\xE9\n", "");
    assert_string_equal(st_dataset_class_name(set, 0), "caf\xC3\xA9");
    st_dataset_destroy(set);
}

static void a_truncated_gz(void **state) {
    (void)state;
    char text[4000], packed[4000];
    size_t at = 0;
    for (int i = 0; i < 300; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%d,%d\n", i * 7919 % 1000, i % 2);
    put("c.csv.gz", "");
    gzFile file = gzopen(path_of("c.csv.gz"), "wb");
    gzwrite(file, text, (unsigned)at);
    gzclose(file);
    FILE *whole = fopen(path_of("c.csv.gz"), "rb");
    size_t size = fread(packed, 1, sizeof packed, whole);
    fclose(whole);
    put_bytes("c.csv.gz", packed, size / 2);
    refuses("data csv c.csv.gz", "c.csv.gz: the compressed data ends too soon (truncated .gz)");
}

static void numbers_are_exact(void **state) {
    (void)state;
    static const char *const text[] = {
        "0.1", "1e-7", "3.4028234e38",    "123456789012345678", "-2.5E+3", "1e-50", "0.30000000000000004",
        "007", "1e22", "9007199254740993"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        double value;
        assert_int_equal(st_cell_read((StCell){text[i], strlen(text[i])}, &value), ST_CELL_NUMBER);
        assert_true(value == strtod(text[i], NULL));
    }
    static const char *const words[] = {"1e",  "e5",  ".",   "-",   "1.2.3", "0x10",
                                        "1 2", "1e+", "--1", "1,2", "5%"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        double value;
        assert_int_equal(st_cell_read((StCell){words[i], strlen(words[i])}, &value), ST_CELL_WORD);
    }
    double value;
    assert_int_equal(st_cell_read((StCell){"-Infinity", 9}, &value), ST_CELL_INFINITE);
    assert_int_equal(st_cell_read((StCell){"3.5e38", 6}, &value), ST_CELL_HUGE);
    assert_int_equal(st_cell_read((StCell){"NaN", 3}, &value), ST_CELL_MISSING);
}

static void ninety_percent_are_numbers(void **state) {
    (void)state;
    refuses_csv("a,t\n1,x\n2,y\n3,x\n4,y\n5,x\n6,y\n7,x\n8,y\n9,x\noops,y\n", "",
                "a.csv:11: column 'a': 'oops' is not a number");
    StDataset *set = load_csv("a,t\n1,x\n2,y\n3,x\n4,y\n5,x\n6,y\n7,x\n8,y\noops,y\n", ""); /* 8 of 9 */
    assert_true(st_dataset_column(set, 0)->categorical);
    assert_int_equal(st_dataset_column(set, 0)->categories, 9);
    assert_int_equal(st_dataset_inputs(set), 9);
    st_dataset_destroy(set);
}

static void categories_become_inputs(void **state) {
    (void)state;
    const char *text = "k,a,t\nv,1,x\nu,2,y\nw,3,x\n";
    StDataset *set = load_csv(text, "");
    assert_string_equal(st_dataset_input_name(set, 0), "k=u");
    ROW(set, ST_TRAIN, 0, 0, 1, 0, 1);
    ROW(set, ST_TRAIN, 2, 0, 0, 1, 3);
    st_dataset_destroy(set);
    set = load_csv(text, "encode=ordinal");
    ROW(set, ST_TRAIN, 0, 1, 1);
    st_dataset_destroy(set);
    set = load_csv(text, "encode=k:drop");
    ROW(set, ST_TRAIN, 0, 1);
    st_dataset_destroy(set);
    set = load_csv(text, "\nprepare encode=ordinal columns=k");
    ROW(set, ST_TRAIN, 2, 2, 3);
    st_dataset_destroy(set);
    refuses_csv(text, "encode=a:ordinal", "a.csv: encode: column 'a' holds numbers, wanted categories");
    refuses_csv(text, "encode=onehto", "a.csv: encode: unknown encoding 'onehto'; did you mean 'onehot'?");
    refuses_csv("k,t\nv,x\nu,y\n", "encode=drop", "encode: every column is dropped, no input is left");
}

static void which_columns(void **state) {
    (void)state;
    const char *text = "t,a,b,c\nx,1,2,3\ny,4,5,6\n";
    StDataset *set = load_csv(text, "target=t");
    ROW(set, ST_TRAIN, 1, 4, 5, 6);
    st_dataset_destroy(set);
    set = load_csv(text, "target=1 drop=b");
    ROW(set, ST_TRAIN, 1, 4, 6);
    st_dataset_destroy(set);
    set = load_csv(text, "target=t only=c,2");
    ROW(set, ST_TRAIN, 1, 4, 6);
    st_dataset_destroy(set);
    refuses_csv(text, "target=d", "a.csv: target: unknown column 'd'; did you mean 't'?");
    refuses_csv(text, "target=5", "a.csv: target: there is no column 5, wanted a name or 1 to 4");
    refuses_csv("length,width,t\n1,2,x\n1,3,y\n", "drop=lenght",
                "a.csv: drop: unknown column 'lenght'; did you mean 'length'?");
    refuses_csv("length,width,t\n1,2,x\n1,3,y\n", "only=widht",
                "a.csv: only: unknown column 'widht'; did you mean 'width'?");
    refuses_csv(text, "target=t drop=t", "a.csv: drop: column 't' is the target");
    refuses_csv(text, "drop=c",
                "a.csv: drop: column 'c' is the target (the last column, where target= names none)");
    refuses_csv(text, "target=t drop=a,b,c",
                "a.csv: no column is left as an input (4 columns, 1 of them target)");
    refuses_csv("t\nx\ny\n", "header=yes",
                "a.csv: no column is left as an input (1 column, 1 of them target)");
}

static void missing_cells(void **state) {
    (void)state;
    const char *text = "a,k,t\n1,u,x\nNA,v,y\n3,?,x\n8,v,y\nnan,v,x\n4,v,\n";
    refuses_csv(
        text, "",
        "a.csv:3: column 'a': the cell is missing (missing=drop, mean, median or mode says what to do)");
    StDataset *set = load_csv(text, "missing=drop encode=ordinal");
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 2);
    assert_true(warns(set, "3 rows with missing cells left out"));
    assert_true(warns(set, "1 row without a target left out"));
    st_dataset_destroy(set);
    set = load_csv(text, "missing=mean encode=ordinal");
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 5);
    ROW(set, ST_TRAIN, 1, 4, 1); /* (1 + 3 + 8) / 3 */
    ROW(set, ST_TRAIN, 2, 3, 1); /* the most frequent category */
    assert_true(warns(set, "3 missing cells in 2 columns filled with the mean of the training part"));
    assert_int_equal(st_dataset_column(set, 0)->missing, 2);
    StText cell = {0};
    st_dataset_cell(set, ST_TRAIN, 1, 0, &cell); /* shown as it was */
    st_dataset_cell(set, ST_TRAIN, 1, 1, &cell);
    st_dataset_cell(set, ST_TRAIN, 1, 2, &cell);
    assert_string_equal(cell.data, "NAvy");
    st_text_free(&cell);
    st_dataset_destroy(set);
    set = load_csv(text, "missing=median encode=ordinal");
    ROW(set, ST_TRAIN, 1, 3, 1);
    st_dataset_destroy(set);
    set = load_csv("a,t\n5,x\n,y\n2,x\n5,y\n2,x\n", "missing=mode");
    ROW(set, ST_TRAIN, 1, 2); /* as frequent as 5, and smaller */
    st_dataset_destroy(set);
    set = load_csv("a,b,t\n1,NA,x\n2,NA,y\n", "drop=b"); /* what is left out may lack anything */
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 2);
    st_dataset_destroy(set);
    refuses_csv("a,b,t\n1,NA,x\n2,,y\n", "missing=mean",
                "a.csv: column 'b': every cell is missing (drop= leaves it out)");
    refuses_csv("a,t\nNA,x\n1,NA\n", "missing=drop", "a.csv: every row has a missing cell, nothing is left");
}

static void fillings_come_from_the_training_part(void **state) {
    (void)state;
    StDataset *set = load_csv("a,t\n1,x\n3,y\n100,x\n,y\n", "missing=mean\nsplit validation=0.5 shuffle=no");
    ROW(set, ST_VALIDATION, 0, 100);
    ROW(set, ST_VALIDATION, 1, 2);
    st_dataset_destroy(set);
    refuses("data csv a.csv missing=mean\nsplit validation=0.5 shuffle=no\nprepare minmax columns=b",
            "prepare: unknown column 'b'; did you mean 'a'?");
    put("a.csv", "a,t\n,x\n,y\n1,x\n2,y\n");
    refuses("data csv a.csv missing=mean\nsplit validation=0.5 shuffle=no",
            "column 'a': every cell of the training part is missing, nothing to fill with");
}

static void what_the_target_is(void **state) {
    (void)state;
    StDataset *set = load_csv("a,t\n1,0\n2,1\n3,0\n", "");
    assert_int_equal(st_dataset_task(set), ST_CLASSIFICATION);
    st_dataset_destroy(set);
    set = load_csv("a,t\n1,10\n2,9\n3,2\n4,10\n5,9\n6,2\n7,10\n8,2\n9,9\n", "");
    assert_int_equal(st_dataset_classes(set), 3);
    assert_string_equal(st_dataset_class_name(set, 0), "2"); /* by value, not by letters */
    assert_string_equal(st_dataset_class_name(set, 2), "10");
    assert_int_equal(label_of(set, ST_TRAIN, 0), 2);
    st_dataset_destroy(set);
    set = load_csv("a,t\n1,10\n2,9\n3,2\n4,11\n", ""); /* many whole numbers */
    assert_int_equal(st_dataset_task(set), ST_REGRESSION);
    assert_true(y_of(set, ST_TRAIN, 3) == 11);
    st_dataset_destroy(set);
    set = load_csv("a,t\n1,1.5\n2,2.5\n3,1.5\n4,2.5\n5,0.5\n6,0.5\n7,0.5\n", "");
    assert_int_equal(st_dataset_task(set), ST_REGRESSION);
    st_dataset_destroy(set);
    set = load_csv("a,t\n1,1.5\n2,2.5\n", "task=classification");
    assert_string_equal(st_dataset_class_name(set, 1), "2.5");
    st_dataset_destroy(set);
    set = load_csv("a,t\n1,0\n2,1\n", "task=regression");
    assert_int_equal(st_dataset_classes(set), 0);
    st_dataset_destroy(set);
    set = load_csv("a,u,v\n1,0.5,3\n2,1,4\n", "target=u,v");
    assert_int_equal(st_dataset_y_shape(set).dim[0], 2);
    float y[4];
    st_dataset_gather_y(set, ST_TRAIN, NULL, 0, 2, 2, y);
    assert_true(y[0] == 0.5f && y[1] == 3 && y[2] == 1 && y[3] == 4);
    st_dataset_destroy(set);
    refuses_csv("a,t\n1,x\n2,x\n", "", "a.csv: column 't': one class only ('x'), wanted at least two");
    refuses_csv("a,t\n1,0\n2,0\n", "", "a.csv: column 't': one class only ('0'), wanted at least two");
    refuses_csv("a,t\n1,x\n2,y\n", "task=regression",
                "a.csv: column 't' holds words, regression wants numbers");
    refuses_csv("a,u,v\n1,0,3\n2,1,4\n", "target=u,v task=classification",
                "a.csv: 2 targets, classification wants one");
}

static void files_that_are_wrong(void **state) {
    (void)state;
    refuses("data csv none.csv", "none.csv: No such file or directory");
    refuses("data csv ../", "../: is a folder, wanted a file");
    refuses_csv("", "", "a.csv: the file is empty");
    refuses_csv("\n\r\n\n", "", "a.csv: there is nothing but empty lines");
    refuses_csv("a,b\n", "header=yes", "a.csv: a header and no rows");
    refuses_csv("a,b,c\n1,2,3\n1,2\n", "", "a.csv:3: 2 cells, wanted 3 as in the first line");
    refuses_csv("a,b\n1,x\n1,2,3\n", "", "a.csv:3: 3 cells, wanted 2 as in the first line");
    refuses_csv("a,a,t\n1,2,x\n3,4,y\n", "", "a.csv:1: column 'a' stands in the header twice");
    refuses_csv("a,t\n1,\"x\n2,y\n", "", "a.csv:2: the quote opened here is not closed");
    refuses_csv("a,t\n1,\"x\"z\n2,y\n", "", "a.csv:2: text after a closing quote");
    refuses_csv("a,t\ninf,x\n2,y\n", "", "a.csv:2: column 'a': 'inf' is not finite");
    refuses_csv("a,t\n1,x\n1e39,y\n", "", "a.csv:3: column 'a': '1e39' is too large for a float");
    refuses_csv("a,t\n1,-Infinity\n1,2\n", "", "a.csv:2: column 't': '-Infinity' is not finite");
    refuses_csv("\xFF\xFE"
                "a",
                "", "a.csv: is UTF-16 text, wanted UTF-8");
    put_bytes("a.csv", "a,t\n1,\0\n", 8);
    refuses("data csv a.csv", "a.csv:2: a zero byte: this is not a csv file");
    refuses("split 0.5", "there is no data: wanted a data line");
}

static void a_test_file(void **state) {
    (void)state;
    put("b.csv", "t,k,a\ny,u,7\nx,v,8\n"); /* the same columns in another order */
    StDataset *set = load_csv("a,k,t\n1,u,x\n2,v,y\n3,u,x\n", "test=b.csv encode=ordinal");
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 3);
    assert_int_equal(st_dataset_rows(set, ST_TEST), 2);
    ROW(set, ST_TEST, 0, 7, 0);
    assert_int_equal(label_of(set, ST_TEST, 0), 1);
    assert_int_equal(st_dataset_origin(set, ST_TEST, 1), 3);
    st_dataset_destroy(set);
    refuses("data csv a.csv test=b.csv\nsplit test=0.5",
            "split: the data brings a test part of its own (2 rows), wanted no test= here");
    set = load("data csv a.csv test=b.csv\nsplit validation=0.3");
    assert_int_equal(st_dataset_rows(set, ST_TRAIN), 2);
    assert_int_equal(st_dataset_rows(set, ST_VALIDATION), 1);
    assert_int_equal(st_dataset_rows(set, ST_TEST), 2);
    st_dataset_destroy(set);
    put("b.csv", "a,t\n1,x\n");
    refuses("data csv a.csv test=b.csv", "b.csv:1: column 'k' is missing, which a.csv has");
    put("b.csv", "a,k,t\n1,w,x\n");
    refuses("data csv a.csv test=b.csv", "b.csv:2: column 'k': unknown category 'w'; did you mean 'u'?");
    put("b.csv", "a,k,t\n1,u,z\n");
    refuses("data csv a.csv test=b.csv", "b.csv:2: column 't': unknown category 'z'; did you mean 'x'?");
    put("b.csv", "a,k,t\n");
    refuses("data csv a.csv test=b.csv", "b.csv: no rows");
    put("b.csv", "3,7\n");
    put("a.csv", "1,0\n2,1\n");
    refuses("data csv a.csv test=b.csv", "b.csv:1: column 'column2': class 7 is not in a.csv");
    put("b.csv", "3\n");
    refuses("data csv a.csv test=b.csv", "b.csv:1: 1 column, wanted 2 as in a.csv");
}

static void warnings_and_readings(void **state) {
    (void)state;
    StDataset *set = load_csv("a,b,c,t\n1,5,1000,x\n2,5,9000,x\n1,5,1000,x\n3,5,4000,y\n", "");
    assert_true(warns(set, "column 'b' is always 5"));
    assert_true(warns(set, "1 row is the same as an earlier one, target included"));
    assert_true(warns(set, "2 classes with fewer than 5 rows ('y': 1)"));
    assert_true(warns(set, "inputs differ in size: 'c' spreads"));
    const StColumnInfo *c = st_dataset_column(set, 2);
    assert_true(c->min == 1000 && c->max == 9000 && c->mean == 3750 && !c->target && c->number == 3);
    assert_float_equal(c->sd, 3269.174, 1e-3);
    assert_int_equal(st_dataset_class_counts(set, ST_TRAIN)[0], 3);
    assert_int_equal(st_dataset_columns(set), 4);
    assert_true(st_dataset_column(set, 3)->target);
    st_dataset_destroy(set);
    set = load("data csv a.csv\nprepare standardize");
    assert_false(warns(set, "inputs differ in size"));
    st_dataset_destroy(set);
    set = load_csv("a,b,c,d,e,f,g,t\n1,2,3,4,5,6,1,x\n1,2,3,4,5,6,2,y\n", ""); /* one line for many */
    assert_true(warns(set, "6 columns are constant: a, b, c, d, e, …"));
    st_dataset_destroy(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_with_a_header),
        cmocka_unit_test(without_a_header),
        cmocka_unit_test(quotes_delimiters_and_line_ends),
        cmocka_unit_test(gz_and_latin1),
        cmocka_unit_test(a_truncated_gz),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(ninety_percent_are_numbers),
        cmocka_unit_test(categories_become_inputs),
        cmocka_unit_test(which_columns),
        cmocka_unit_test(missing_cells),
        cmocka_unit_test(fillings_come_from_the_training_part),
        cmocka_unit_test(what_the_target_is),
        cmocka_unit_test(files_that_are_wrong),
        cmocka_unit_test(a_test_file),
        cmocka_unit_test(warnings_and_readings),
    };
    return cmocka_run_group_tests_name("data/csv", tests, make_folder, remove_folder);
}
