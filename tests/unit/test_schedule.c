/* Schedules against fixtures (tests/oracle/schedules.py), and how compile lines name them. */
#include "train/schedule.h"

#include "oracle/schedules.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { CASES = sizeof schedule_cases / sizeof *schedule_cases };

static void read_line(const char *line, StCompile *compile) {
    static StWords split;
    StError error = {0};
    assert_true(st_words_split(line, &split, NULL));
    if (!st_compile_parse(compile, split.word, split.count, &error)) fail_msg("%s: %s", line, error.message);
}

static void refused(const char *before, const char *line, const char *message) {
    static StWords split;
    StError error = {0};
    StCompile compile;
    st_compile_default(&compile);
    read_line(before, &compile);
    StCompile same = compile;
    assert_true(st_words_split(line, &split, NULL));
    if (st_compile_parse(&compile, split.word, split.count, &error)) fail_msg("'%s' was taken", line);
    assert_string_equal(error.message, message);
    assert_memory_equal(&compile, &same, sizeof same);
}

static void test_rates(void **state) {
    (void)state;
    for (int c = 0; c < CASES; c++) {
        StCompile compile;
        st_compile_default(&compile);
        read_line(schedule_cases[c].words, &compile);
        double base = st_compile_learning_rate(&compile);
        for (int step = 0; step < SCHEDULE_STEPS; step++) {
            double got = st_compile_rate_at(&compile, base, step), wanted = schedule_cases[c].rate[step];
            if (!(fabs(got - wanted) <= 1e-12 * base))
                fail_msg("%s: step %d has %.17g, wanted %.17g", schedule_cases[c].words, step, got, wanted);
        }
    }
}

static void test_every_schedule_has_a_fixture_and_explains_itself(void **state) {
    (void)state;
    assert_null(st_schedule_at(-1));
    for (int i = 0; st_schedule_at(i); i++) {
        const StKind *kind = &st_schedule_at(i)->kind;
        bool found = false;
        for (int c = 0; c < CASES && !found; c++) {
            StCompile compile;
            st_compile_default(&compile);
            read_line(schedule_cases[c].words, &compile);
            found = compile.schedule.kind == i;
        }
        if (!found) fail_msg("%s has no fixture", kind->name);
        assert_true(strlen(kind->help) > 10 && kind->help[strlen(kind->help) - 1] != '.');
        assert_true(kind->formula && *kind->formula);
        assert_true(kind->options_size <= ST_SPEC_OPTIONS_MAX);
        for (const StOption *row = kind->options; row && row->name; row++)
            assert_true(row->help && strlen(row->help) > 10 && row->help[strlen(row->help) - 1] != '.');
    }
}

/* Each line in turn, then what is printed; that reads back as the same. */
static void then(const char *const *lines, const char *wanted) {
    StCompile compile, again;
    StText text = {0};
    st_compile_default(&compile);
    st_compile_default(&again);
    for (; *lines; lines++)
        read_line(*lines, &compile);
    st_compile_print(&compile, &text);
    assert_string_equal(st_text_string(&text), wanted);
    read_line(wanted + strlen("compile "), &again);
    assert_memory_equal(&compile, &again, sizeof again);
    st_text_free(&text);
}

static void test_lines(void **state) {
    (void)state;
    const char *decay = "sgd mse learning_rate=0.1 schedule=exponential_decay decay_steps=100 decay_rate=0.9 "
                        "staircase=yes";
    const char *decay_printed = "compile optimizer=sgd loss=mse learning_rate=0.1 schedule=exponential_decay "
                                "decay_steps=100 decay_rate=0.9 staircase=yes";
    then((const char *[]){decay, NULL}, decay_printed);
    then((const char *[]){decay, "schedule=exponential_decay", NULL}, decay_printed);
    then((const char *[]){decay, "momentum=0.5 staircase=no", NULL},
         "compile optimizer=sgd loss=mse learning_rate=0.1 momentum=0.5 schedule=exponential_decay "
         "decay_steps=100 decay_rate=0.9");
    then((const char *[]){decay, "optimizer=adam metrics=mae", NULL},
         "compile optimizer=adam loss=mse metrics=mae schedule=exponential_decay decay_steps=100 "
         "decay_rate=0.9 staircase=yes");
    then((const char *[]){decay, "decay_rate=0", NULL},
         "compile optimizer=sgd loss=mse learning_rate=0.1 schedule=exponential_decay decay_steps=100 "
         "decay_rate=0 staircase=yes");
    then((const char *[]){decay, "schedule=none", NULL}, "compile optimizer=sgd loss=mse learning_rate=0.1");
    then((const char *[]){"boundaries=10,20 values=1,0.5,0.01 schedule=piecewise_constant_decay loss=mse",
                          NULL},
         "compile optimizer=rmsprop loss=mse schedule=piecewise_constant_decay boundaries=10,20 "
         "values=1,0.5,0.01");
}

/* A name that two of them have is of the one that was named last before it. */
static void test_shared_names(void **state) {
    (void)state;
    const char *both = "sgd schedule=cosine_decay decay_steps=9 alpha=0.2 loss=binary_focal_crossentropy "
                       "alpha=0.3";
    const char *printed = "compile optimizer=sgd loss=binary_focal_crossentropy alpha=0.3 "
                          "schedule=cosine_decay decay_steps=9 alpha=0.2";
    then((const char *[]){both, NULL}, printed);
    then((const char *[]){both, "momentum=0.5", "momentum=0", NULL}, printed);
    then((const char *[]){both, "schedule=cosine_decay alpha=0.4", NULL},
         "compile optimizer=sgd loss=binary_focal_crossentropy alpha=0.3 schedule=cosine_decay decay_steps=9 "
         "alpha=0.4");
    refused(both, "alpha=0.5",
            "compile: binary_focal_crossentropy and cosine_decay both have alpha; put it behind "
            "loss=binary_focal_crossentropy or schedule=cosine_decay");
}

static void test_refusals(void **state) {
    (void)state;
    const char *plain = "sgd mse";
    refused(plain, "schedule=exponential_decay decay_steps=10",
            "compile: exponential_decay: decay_rate is missing, wanted a number from 0 up");
    refused(plain, "schedule=exponential_decay decay_steps=0 decay_rate=1",
            "compile: decay_steps=0: wanted a number above 0");
    refused(plain, "schedule=cosine", "compile: unknown schedule 'cosine'; did you mean 'cosine_decay'?");
    refused(plain, "decay_steps=10",
            "compile: decay_steps is an option of schedule=exponential_decay, inverse_time_decay, "
            "polynomial_decay, cosine_decay, there is no schedule");
    refused("sgd mse schedule=cosine_decay decay_steps=5", "t_mul=2",
            "compile: t_mul is an option of cosine_decay_restarts, not of cosine_decay");
    refused(plain, "schedule=piecewise_constant_decay boundaries=1,2 values=1,2",
            "compile: piecewise_constant_decay: values: 2 of them, wanted 3, one more than boundaries");
    refused(plain, "schedule=piecewise_constant_decay boundaries=2,2 values=1,2,3",
            "compile: piecewise_constant_decay: boundaries: number 2 is 2, wanted a whole number larger than "
            "the one before");
    refused(plain, "schedule=piecewise_constant_decay boundaries= values=1",
            "compile: piecewise_constant_decay: boundaries: none, wanted at least one number");
    refused(plain, "clipnorm=1 clipvalue=0.5",
            "compile: clipnorm=1 and clipvalue=0.5: wanted one of clipnorm, clipvalue and global_clipnorm at "
            "most; take one away with clipnorm=none");
    refused(plain, "optimizer=ftrl learning_rate_power=0.5",
            "compile: learning_rate_power=0.5: wanted a number up to 0");
    refused(plain, "optimizer=adamw weight_decay=none", /* as Keras does */
            "compile: weight_decay=none: wanted a number from 0 up");
    refused(plain, "use_ema=yes ema_momentum=1.5", "compile: ema_momentum=1.5: wanted 0 to 1");
    refused(plain, "optimizer=lion beta_1=0", "compile: beta_1=0: wanted above 0 and at most 1");
    refused("sgd mse global_clipnorm=2", "clipvalue=0.5",
            "compile: clipvalue=0.5 and global_clipnorm=2: wanted one of clipnorm, clipvalue and "
            "global_clipnorm at most; take one away with clipvalue=none");
}

/* Sets every option that has two values to another one than its default. */
static void change_all(const StOption *rows, void *values) {
    for (; rows && rows->name; rows++) {
        if (strncmp(rows->name, "clip", 4) == 0) continue;
        const char *const tries[] = {"yes", "0.5", "-0.25", "3", "1,2", "1,2,3"};
        for (int i = 0; i < 6 && (st_option_is_default(rows, values) || !rows->fallback); i++)
            if ((rows->type != ST_NUMBERS || (strcmp(rows->name, "values") == 0 ? i == 5 : i == 4)) &&
                st_option_set(rows, values, tries[i], NULL))
                break;
    }
}

/* Whatever is chosen together, with every option said: what is printed is what is read. */
static void test_all_of_them_read_back(void **state) {
    (void)state;
    static StWords split;
    for (int o = 0; st_optimizer_kind_at(o); o++)
        for (int l = 0; st_loss_kind_at(l); l++)
            for (int s = 0; st_schedule_kind_at(s); s++) {
                StCompile compile, again;
                StText text = {0};
                StError error = {0};
                st_compile_default(&compile);
                st_compile_default(&again);
                compile.given = true;
                st_compile_choose_optimizer(&compile, o);
                st_compile_choose_loss(&compile, l);
                st_compile_choose_schedule(&compile, s);
                change_all(st_optimizer_kind_at(o)->options, compile.optimizer.options);
                change_all(st_loss_kind_at(l)->options, compile.loss.options);
                change_all(st_schedule_kind_at(s)->options, compile.schedule.options);
                st_compile_print(&compile, &text);
                assert_true(st_words_split(st_text_string(&text), &split, NULL));
                if (!st_compile_parse(&again, split.word + 1, split.count - 1, &error))
                    fail_msg("%s: %s", st_text_string(&text), error.message);
                if (memcmp(&compile, &again, sizeof again) != 0) fail_msg("%s", st_text_string(&text));
                st_text_free(&text);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_every_schedule_has_a_fixture_and_explains_itself),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_shared_names),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_all_of_them_read_back),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
