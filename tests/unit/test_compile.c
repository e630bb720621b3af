/* compile, callbacks and fit: what is read is what is printed, and what is refused says why. */
#include "train/callbacks.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static StWords words; /* too large for a stack frame of every test */

static bool read_compile(const char *line, StCompile *compile, StError *error) {
    assert_true(st_words_split(line, &words, NULL));
    return st_compile_parse(compile, words.word + 1, words.count - 1, error);
}

/* Parses a whole line and prints it again. */
static void same(const char *line, const char *wanted) {
    StText text = {0};
    StError error = {0};
    assert_true(st_words_split(line, &words, NULL));
    bool done;
    if (strcmp(words.word[0].text, "compile") == 0) {
        StCompile compile;
        st_compile_default(&compile);
        done = st_compile_parse(&compile, words.word + 1, words.count - 1, &error);
        st_compile_print(&compile, &text);
    } else if (strcmp(words.word[0].text, "fit") == 0) {
        StFit fit;
        st_fit_default(&fit);
        done = st_fit_parse(&fit, words.word + 1, words.count - 1, &error);
        st_fit_print(&fit, &text);
    } else {
        StCallbacks callbacks;
        st_callbacks_default(&callbacks);
        done = st_callbacks_parse(&callbacks, words.word + 1, words.count - 1, &error);
        st_callbacks_print(&callbacks, &text);
    }
    if (!done) fail_msg("%s: %s", line, error.message);
    assert_string_equal(st_text_string(&text), wanted);
    st_text_free(&text);
}

static void refused(const char *line, const char *message) {
    StError error = {0};
    StCompile compile;
    StFit fit;
    StCallbacks callbacks;
    st_compile_default(&compile);
    st_fit_default(&fit);
    st_callbacks_default(&callbacks);
    StCompile before = compile;
    assert_true(st_words_split(line, &words, NULL));
    bool done;
    if (strncmp(line, "compile", 7) == 0)
        done = st_compile_parse(&compile, words.word + 1, words.count - 1, &error);
    else if (strncmp(line, "fit", 3) == 0)
        done = st_fit_parse(&fit, words.word + 1, words.count - 1, &error);
    else
        done = st_callbacks_parse(&callbacks, words.word + 1, words.count - 1, &error);
    if (done) fail_msg("'%s' was taken", line);
    assert_string_equal(error.message, message);
    assert_memory_equal(&compile, &before, sizeof compile);
    assert_false(fit.given);
}

static void test_round_trips(void **state) {
    (void)state;
    const char *lines[] = {
        "compile optimizer=adam loss=sparse_categorical_crossentropy metrics=accuracy",
        "compile optimizer=sgd loss=mse metrics=MAE,r2_score learning_rate=0.1 momentum=0.9 nesterov=yes",
        "compile optimizer=rmsprop loss=categorical_crossentropy rho=0.8 label_smoothing=0.1",
        "compile optimizer=rmsprop loss=binary_crossentropy centered=yes from_logits=yes",
        "compile optimizer=adamw loss=binary_crossentropy metrics=acc,binary_accuracy weight_decay=0.01",
        "callbacks early_stopping=val_loss patience=3 restore_best=yes stop_when=val_accuracy>0.97",
        "callbacks stop_when=loss<=0.01",
        "fit epochs=5",
        "fit batch_size=128 shuffle=no",
        "fit epochs=5 class_weight=balanced",
        "fit class_weight='big cat:0.5,2:3'",
        "fit",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        same(lines[i], lines[i]);
}

static void test_any_order_and_places(void **state) {
    (void)state;
    same("compile adam mse mae,mse", "compile optimizer=adam loss=mse metrics=mae,mse");
    same("compile momentum=0.5 metrics=mse loss=mse optimizer=sgd",
         "compile optimizer=sgd loss=mse metrics=mse momentum=0.5");
    same("compile loss=mse", "compile optimizer=rmsprop loss=mse");
    same("compile adam mse learning_rate=0.001", "compile optimizer=adam loss=mse");
    same("fit 3 64", "fit epochs=3 batch_size=64");
    same("fit epochs=1 batch_size=32", "fit");
    same("callbacks", "");
}

static void test_refusals(void **state) {
    (void)state;
    refused("compile optimizer=adma loss=mse", "compile: unknown optimizer 'adma'; did you mean 'adam'?");
    refused("compile adam loss=categorical_crosentropy",
            "compile: unknown loss 'categorical_crosentropy'; did you mean 'categorical_crossentropy'?");
    refused("compile adam mse metrics=acuracy",
            "compile: unknown metric 'acuracy'; did you mean 'accuracy'?");
    refused("compile adam mse metrics=mse,mse", "compile: metrics: mse is given twice");
    refused("compile adam mse metrics=mse,", "compile: metrics: nothing stands behind the last comma");
    refused("compile adam", "compile: loss is missing, wanted sparse_categorical_crossentropy, "
                            "categorical_crossentropy, binary_crossentropy, "
                            "categorical_focal_crossentropy, binary_focal_crossentropy, "
                            "mean_squared_error, mean_absolute_error, mean_absolute_percentage_error, "
                            "mean_squared_logarithmic_error, huber, log_cosh, hinge, squared_hinge, "
                            "categorical_hinge, kl_divergence, poisson, cosine_similarity");
    refused("compile adam mse momentum=0.9", "compile: momentum is an option of sgd, rmsprop, not of adam");
    refused("compile adam mse from_logits=yes",
            "compile: from_logits is an option of sparse_categorical_crossentropy, "
            "categorical_crossentropy, binary_crossentropy, categorical_focal_crossentropy, "
            "binary_focal_crossentropy, not of mse");
    refused("compile adam mse learning_rat=1",
            "unknown option of compile 'learning_rat'; did you mean 'learning_rate'?");
    refused("compile adam mse learning_rate=-1", "compile: learning_rate=-1: wanted a number from 0 up");
    refused("compile adam mse learning_rate=1 learning_rate=2", "compile: learning_rate is given twice");
    refused("compile adam mse loss=mae", "compile: loss is given twice");
    refused("compile loss=mse adam", "compile: 'adam' by place stands after an option by name");
    refused("compile adam mse mse mae",
            "compile: 'mae' by place is one word too many, wanted optimizer, loss and metrics");
    refused("compile adam mse beta_1=1", "compile: beta_1=1: wanted 0 to below 1");
    refused("fit epochs=0", "fit: epochs=0: wanted a whole number from 1 up");
    refused("fit class_weight=0:1,1", "fit: class_weight=1: wanted balanced, or classes with weights from 0 "
                                      "up, as in 0:1,1:5");
    refused("fit shuffle=maybe", "fit: shuffle=maybe: wanted yes or no");
    refused("callbacks stop_when=accuracy",
            "callbacks: stop_when=accuracy: wanted a figure, one of > < >= <= and a number, as in "
            "val_accuracy>0.97");
    refused("callbacks stop_when=accuracy>=high",
            "callbacks: stop_when=accuracy>=high: wanted a figure, one of > < >= <= and a number, as in "
            "val_accuracy>0.97");
}

/* Runs `first`, then `second`, and wants the line and the words about it. */
static void then(const char *first, const char *second, const char *line, const char *changes) {
    StText text = {0}, said = {0};
    StError error = {0};
    StCompile compile;
    st_compile_default(&compile);
    if (*first && !read_compile(first, &compile, &error)) fail_msg("%s: %s", first, error.message);
    StCompile before = compile;
    if (!read_compile(second, &compile, &error)) fail_msg("%s: %s", second, error.message);
    st_compile_print(&compile, &text);
    st_compile_print_changes(&before, &compile, &said);
    assert_string_equal(st_text_string(&text), line);
    assert_string_equal(st_text_string(&said), changes);
    st_text_free(&text);
    st_text_free(&said);
}

static void test_a_second_compile_keeps_the_rest(void **state) {
    (void)state;
    const char *full = "compile adam binary_crossentropy accuracy learning_rate=0.02 from_logits=yes";
    then(full, "compile loss=mse", "compile optimizer=adam loss=mse metrics=accuracy learning_rate=0.02",
         "loss binary_crossentropy → mse");
    then(full, "compile optimizer=sgd",
         "compile optimizer=sgd loss=binary_crossentropy metrics=accuracy from_logits=yes",
         "optimizer adam → sgd, learning_rate 0.02 → 0.01");
    then(full, "compile sgd momentum=0.9",
         "compile optimizer=sgd loss=binary_crossentropy metrics=accuracy momentum=0.9 from_logits=yes",
         "optimizer adam → sgd, learning_rate 0.02 → 0.01, momentum 0 → 0.9");
    then(full, "compile adam beta_1=0.5",
         "compile optimizer=adam loss=binary_crossentropy metrics=accuracy learning_rate=0.02 beta_1=0.5 "
         "from_logits=yes",
         "beta_1 0.9 → 0.5");
    then(full, "compile metrics= from_logits=no",
         "compile optimizer=adam loss=binary_crossentropy learning_rate=0.02",
         "from_logits yes → no, metrics accuracy → none");
    then(full, "compile metrics=mse,mae",
         "compile optimizer=adam loss=binary_crossentropy metrics=mse,mae learning_rate=0.02 from_logits=yes",
         "metrics accuracy → mse,mae");
    then(full, "compile optimizer=adam",
         "compile optimizer=adam loss=binary_crossentropy metrics=accuracy learning_rate=0.02 "
         "from_logits=yes",
         "");
    then("", "compile adam mse", "compile optimizer=adam loss=mse", "compile optimizer=adam loss=mse");
}

static void test_a_second_fit_keeps_the_rest(void **state) {
    (void)state;
    StFit fit, before;
    StText text = {0};
    st_fit_default(&fit);
    assert_true(st_words_split("epochs=9 shuffle=no", &words, NULL));
    assert_true(st_fit_parse(&fit, words.word, words.count, NULL));
    before = fit;
    assert_true(st_words_split("batch_size=64", &words, NULL));
    assert_true(st_fit_parse(&fit, words.word, words.count, NULL));
    st_fit_print(&fit, &text);
    assert_string_equal(st_text_string(&text), "fit epochs=9 batch_size=64 shuffle=no");
    st_text_clear(&text);
    st_fit_print_changes(&before, &fit, &text);
    assert_string_equal(st_text_string(&text), "batch_size 32 → 64");
    st_text_free(&text);
}

/* Each line in turn, then what the callbacks print. */
static void callbacks_then(const char *const *lines, const char *wanted) {
    StCallbacks callbacks;
    StText text = {0};
    StError error = {0};
    st_callbacks_default(&callbacks);
    for (; *lines; lines++) {
        assert_true(st_words_split(*lines, &words, NULL));
        if (!st_callbacks_parse(&callbacks, words.word, words.count, &error))
            fail_msg("%s: %s", *lines, error.message);
    }
    st_callbacks_print(&callbacks, &text);
    assert_string_equal(st_text_string(&text), wanted);
    st_text_free(&text);
}

static void test_callbacks_gather_and_are_cleared(void **state) {
    (void)state;
    const char *early = "early_stopping=val_loss patience=3 restore_best=yes", *when = "stop_when=loss<0.1";
    callbacks_then((const char *[]){early, when, NULL},
                   "callbacks early_stopping=val_loss patience=3 restore_best=yes stop_when=loss<0.1");
    callbacks_then((const char *[]){early, when, "stop_when=", NULL},
                   "callbacks early_stopping=val_loss patience=3 restore_best=yes");
    callbacks_then((const char *[]){early, when, "early_stopping=", NULL}, "callbacks stop_when=loss<0.1");
    callbacks_then((const char *[]){early, when, "early_stopping= stop_when=", NULL}, "");
    callbacks_then((const char *[]){early, when, "none", NULL}, "");
    callbacks_then((const char *[]){"patience=3", "early_stopping=val_loss", NULL},
                   "callbacks early_stopping=val_loss patience=3");
    callbacks_then((const char *[]){early, "early_stopping= patience=5", NULL}, "callbacks patience=5");
}

static void check_callbacks(const char *line, bool validation, const char *message) {
    StCompile compile;
    StCallbacks callbacks;
    StError error = {0};
    st_compile_default(&compile);
    assert_true(read_compile("compile adam mse metrics=mae,r2_score", &compile, NULL));
    st_callbacks_default(&callbacks);
    assert_true(st_words_split(line, &words, NULL));
    assert_true(st_callbacks_parse(&callbacks, words.word + 1, words.count - 1, NULL));
    bool done = st_callbacks_check(&callbacks, &compile, validation, &error);
    assert_int_equal(done, message == NULL);
    if (message) assert_string_equal(error.message, message);
}

static void test_callbacks_know_what_is_measured(void **state) {
    (void)state;
    check_callbacks("callbacks", false, NULL);
    check_callbacks("callbacks early_stopping=loss stop_when=r2_score>0.9", false, NULL);
    check_callbacks("callbacks early_stopping=val_mae", true, NULL);
    check_callbacks("callbacks early_stopping=val_mae", false,
                    "callbacks: early_stopping=val_mae: there is no validation part; add 'split "
                    "validation=0.1'");
    check_callbacks("callbacks early_stopping=val_los", true,
                    "callbacks: early_stopping: unknown figure 'val_los'; did you mean 'val_loss'?");
    check_callbacks("callbacks stop_when=accuracy>0.9", false,
                    "callbacks: stop_when: unknown figure 'accuracy'; known: loss, mae, r2_score");
}

static void test_conditions(void **state) {
    (void)state;
    StCondition c;
    assert_true(st_condition_parse("val_accuracy>=0.5", &c, NULL));
    assert_string_equal(c.name, "val_accuracy");
    assert_true(st_condition_holds(&c, 0.5));
    assert_false(st_condition_holds(&c, 0.4));
    assert_false(st_condition_holds(&c, NAN));
    assert_true(st_condition_parse("loss<1e-3", &c, NULL));
    assert_true(st_condition_holds(&c, 0));
    assert_false(st_condition_holds(&c, 1e-3));
    assert_false(st_condition_holds(&c, NAN));
    assert_false(st_condition_parse("loss=3", &c, NULL));
    assert_false(st_condition_parse(">3", &c, NULL));
    assert_false(st_condition_parse("loss>3x", &c, NULL));
}

static void test_monitors(void **state) {
    (void)state;
    StCompile compile;
    bool validation;
    int metric;
    st_compile_default(&compile);
    assert_true(read_compile("compile adam mse metrics=mae,r2_score", &compile, NULL));
    assert_true(st_monitor_find(&compile, "val_r2_score", &validation, &metric));
    assert_true(validation);
    assert_int_equal(metric, 1);
    assert_true(st_monitor_higher_is_better(&compile, metric));
    assert_false(st_monitor_higher_is_better(&compile, 0));
    assert_true(st_monitor_find(&compile, "loss", &validation, &metric));
    assert_int_equal(metric, -1);
    assert_false(st_monitor_higher_is_better(&compile, -1));
    assert_false(st_monitor_find(&compile, "accuracy", &validation, &metric));
}

static void test_learning_rate(void **state) {
    (void)state;
    StCompile compile;
    st_compile_default(&compile);
    assert_true(st_compile_learning_rate(&compile) == 0.001);
    for (int i = 0; st_optimizer_kind_at(i); i++) {
        st_compile_choose_optimizer(&compile, i);
        assert_true(st_compile_learning_rate(&compile) > 0);
        st_compile_set_learning_rate(&compile, 0.25);
        assert_true(st_compile_learning_rate(&compile) == 0.25);
    }
}

/* Every row of every registry explains itself, and its defaults are Keras'. */
static void walk(const StKind *(*at)(int)) {
    assert_null(at(-1));
    for (int i = 0; at(i); i++) {
        const StKind *kind = at(i);
        assert_true(kind->name && *kind->name && kind->help && strlen(kind->help) > 10);
        assert_true(kind->help[strlen(kind->help) - 1] != '.');
        assert_true(kind->formula && *kind->formula);
        assert_true(kind->options_size <= ST_SPEC_OPTIONS_MAX);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(kind->name, at(j)->name);
        for (const StOption *row = kind->options; row && row->name; row++)
            assert_true(row->help && strlen(row->help) > 10 && (row->fallback || at == st_metric_kind_at));
    }
}

static void test_every_row_explains_itself(void **state) {
    (void)state;
    walk(st_loss_kind_at);
    walk(st_optimizer_kind_at);
    walk(st_metric_kind_at);
    for (const StOption *row = st_callbacks_options; row->name; row++)
        assert_true(row->help && strlen(row->help) > 10);
    for (const StOption *row = st_fit_options; row->name; row++)
        assert_true(row->help && strlen(row->help) > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_any_order_and_places),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_a_second_compile_keeps_the_rest),
        cmocka_unit_test(test_a_second_fit_keeps_the_rest),
        cmocka_unit_test(test_callbacks_gather_and_are_cleared),
        cmocka_unit_test(test_callbacks_know_what_is_measured),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_monitors),
        cmocka_unit_test(test_learning_rate),
        cmocka_unit_test(test_every_row_explains_itself),
    };
    return cmocka_run_group_tests_name("compile", tests, NULL, NULL);
}
