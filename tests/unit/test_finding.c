/* Findings: named numbers that are written as they come, copied, and printed as JSON; and the table of
 * studies. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inspect/study.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static StFinding some(void) {
    StFinding finding = {0};
    st_finding_fact(&finding, "ece", 0.1 + 0.2);
    st_finding_count(&finding, "rows", 360);
    st_finding_fact(&finding, "f1", NAN);
    double *matrix = st_finding_matrix(&finding, "confusion", 2, 3);
    for (int i = 0; i < 6; i++)
        matrix[i] = i == 4 ? NAN : i / 3.0;
    double *cube = st_finding_array(&finding, "maps", &(StShape){.rank = 3, .dim = {2, 1, 2}});
    for (int i = 0; i < 4; i++)
        cube[i] = i;
    st_finding_vector(&finding, "none", 0);
    st_finding_name(&finding, "classes", 1, "a \"b\"");
    st_finding_note(&finding, "verdict", "%d of %s", 3, "four");
    return finding;
}

static void what_was_written_is_read(void **state) {
    (void)state;
    StFinding finding = some();
    int64_t size;
    assert_true(st_finding_done(&finding, NULL));
    assert_true(st_finding_value(&finding, "ece") == 0.1 + 0.2);
    assert_true(isnan(st_finding_value(&finding, "f1")));
    assert_true(isnan(st_finding_value(&finding, "confusion"))); /* is no fact */
    assert_true(isnan(st_finding_value(&finding, "recall")));
    const double *matrix = st_finding_values(&finding, "confusion", &size);
    assert_int_equal(size, 6);
    assert_true(matrix[5] == 5 / 3.0 && isnan(matrix[4]));
    assert_null(st_finding_values(&finding, "ece", &size));
    assert_int_equal(st_finding_shape(&finding, "maps")->rank, 3);
    assert_int_equal(st_finding_names(&finding, "classes"), 2);
    assert_string_equal(st_finding_name_at(&finding, "classes", 0), "");
    assert_string_equal(st_finding_name_at(&finding, "classes", 1), "a \"b\"");
    assert_string_equal(st_finding_name_at(&finding, "classes", 2), "");
    assert_string_equal(st_finding_text(&finding, "verdict"), "3 of four");
    st_finding_clear(&finding);
    assert_int_equal(finding.count, 0);
}

static void an_array_is_nan_until_it_is_filled_and_stays_where_it_is_asked_for_again(void **state) {
    (void)state;
    StFinding finding = {0};
    double *values = st_finding_vector(&finding, "drop", 3);
    assert_true(isnan(values[0]) && isnan(values[2]));
    values[1] = 5;
    assert_true(st_finding_vector(&finding, "drop", 3)[1] == 5);
    assert_true(isnan(st_finding_vector(&finding, "drop", 4)[1])); /* of another shape it is new */
    st_finding_fact(&finding, "drop", 1);                          /* and may become something else */
    assert_true(st_finding_value(&finding, "drop") == 1);
    assert_int_equal(finding.count, 1);
    st_finding_clear(&finding);
}

static void a_copy_is_its_own(void **state) {
    (void)state;
    StFinding finding = some(), copy = {0};
    assert_true(st_finding_copy(&copy, &finding));
    ((double *)st_finding_values(&finding, "confusion", NULL))[0] = 77;
    st_finding_note(&finding, "verdict", "another");
    assert_true(st_finding_values(&copy, "confusion", NULL)[0] == 0);
    assert_string_equal(st_finding_text(&copy, "verdict"), "3 of four");
    st_finding_clear(&finding);
    assert_string_equal(st_finding_name_at(&copy, "classes", 1), "a \"b\"");
    st_finding_clear(&copy);
}

static void json_holds_every_number_to_the_last_bit(void **state) {
    (void)state;
    StFinding finding = some();
    StText text = {0};
    st_text_add(&text, "{\"view\":\"test\"");
    st_finding_json(&finding, &text);
    st_text_add(&text, "}");
    json_error_t error;
    json_t *root = json_loads(st_text_string(&text), 0, &error);
    if (!root) fail_msg("%s in %s", error.text, st_text_string(&text));
    assert_true(json_number_value(json_object_get(root, "ece")) == 0.1 + 0.2);
    assert_int_equal(json_integer_value(json_object_get(root, "rows")), 360);
    assert_true(json_is_null(json_object_get(root, "f1")));
    json_t *row = json_array_get(json_object_get(root, "confusion"), 1);
    assert_int_equal(json_array_size(row), 3);
    assert_true(json_number_value(json_array_get(row, 2)) == 5 / 3.0);
    assert_true(json_is_null(json_array_get(row, 1)));
    json_t *deep = json_array_get(json_array_get(json_object_get(root, "maps"), 1), 0);
    assert_true(json_number_value(json_array_get(deep, 1)) == 3);
    assert_int_equal(json_array_size(json_object_get(root, "none")), 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(root, "classes"), 1)), "a \"b\"");
    json_decref(root);
    st_text_free(&text);
    st_finding_clear(&finding);
}

static size_t columns_of(const char *text) {
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* A view, a key and JSON follow from the row alone: it must be whole, and a group in one piece. */
static void every_study_says_what_it_is(void **state) {
    (void)state;
    for (int i = 0; st_studies[i]; i++) {
        const StStudy *study = st_studies[i];
        const char *const words[] = {study->group, study->name,    study->title, study->what,
                                     study->bad,   study->formula, study->plain, study->cost};
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            if (!words[w] || !*words[w]) fail_msg("%s %s: word %zu is missing", study->group, study->name, w);
        for (const char *c = study->plain; *c; c++)
            if ((unsigned char)*c >= 0x80) fail_msg("%s %s: plain is not ASCII", study->group, study->name);
        /* Each is one line of 80 columns, a blank at both ends. */
        if (columns_of(study->what) > 78) fail_msg("%s %s: what is too long", study->group, study->name);
        if (columns_of(study->bad) > 78 - 5) fail_msg("%s %s: bad is too long", study->group, study->name);
        assert_non_null(study->run);
        assert_int_equal(st_study_find(study->group, study->name), i);
        int first = st_study_find(study->group, NULL), count = st_study_count(study->group);
        if (i < first || i >= first + count) fail_msg("the group %s is in pieces", study->group);
        assert_int_equal(st_study_next(st_study_next(i, 1), -1), i);
    }
    assert_int_equal(st_study_find("why", "no such"), -1);
    assert_int_equal(st_study_find("no such", NULL), -1);
}

static void asks_differ_in_what_they_ask(void **state) {
    (void)state;
    StAsk a = st_ask(3), b = st_ask(3);
    float one = 1;
    assert_true(st_ask_same(&a, &b)); /* NaN and all */
    b.row = 4;
    assert_false(st_ask_same(&a, &b));
    b = a, b.value = 0.5;
    assert_false(st_ask_same(&a, &b));
    b = a, b.input = &one, b.inputs = 1;
    assert_true(st_ask_same(&a, &b)); /* made says whether it is another */
    b.made = 1;
    assert_false(st_ask_same(&a, &b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(an_array_is_nan_until_it_is_filled_and_stays_where_it_is_asked_for_again),
        cmocka_unit_test(a_copy_is_its_own),
        cmocka_unit_test(json_holds_every_number_to_the_last_bit),
        cmocka_unit_test(every_study_says_what_it_is),
        cmocka_unit_test(asks_differ_in_what_they_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
