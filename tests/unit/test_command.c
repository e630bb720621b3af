/* The table of commands: every row whole, help on every word, suggestions, completion. */
#include "command.h"
#include "forms.h"
#include "help_topics.h"
#include "program.h"
#include "view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static Session *session;
static StError error;

static int begin(void **state) {
    (void)state;
    error = (StError){0};
    session = session_create(&(SessionPlan){.place = PLACE_SHELL, .wake_fd = -1, .no_data = true}, &error);
    return session ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    session_destroy(session);
    return 0;
}

static void run(const char *line) {
    if (!session_run_line(session, line, (Source){0}, &error)) fail_msg("%s: %s", line, error.message);
}

static void whole_options(const char *owner, const StOption *rows) {
    for (; rows && rows->name; rows++) {
        if (!rows->help || !*rows->help) fail_msg("%s: option %s lacks its help", owner, rows->name);
        size_t length = strlen(rows->help);
        if (rows->help[length - 1] == '.') fail_msg("%s: help of %s ends in a full stop", owner, rows->name);
    }
}

static void test_rows(void **state) {
    (void)state;
    for (const Command *row = commands; row->name; row++) {
        if (!row->help || !*row->help || !row->usage) fail_msg("%s lacks help or usage", row->name);
        if (!row->edit && !row->act) fail_msg("%s does nothing", row->name);
        if (!row->where) fail_msg("%s may stand nowhere", row->name);
        if (st_layer_kind_find(row->name)) fail_msg("%s is a layer kind too", row->name);
        whole_options(row->name, row->options);
        for (const Command *other = commands; other < row; other++)
            if (strcmp(row->name, other->name) == 0) fail_msg("%s stands twice", row->name);
    }
    for (int i = 0; st_layer_kinds[i]; i++) {
        assert_true(*st_layer_kinds[i]->help);
        whole_options(st_layer_kinds[i]->name, st_layer_kinds[i]->options);
    }
    for (int i = 0; st_source_kinds[i]; i++)
        whole_options(st_source_kinds[i]->name, st_source_kinds[i]->options);
    for (int i = 0; st_optimizer_kind_at(i); i++)
        whole_options(st_optimizer_kind_at(i)->name, st_optimizer_kind_at(i)->options);
    for (int i = 0; st_loss_kind_at(i); i++)
        whole_options(st_loss_kind_at(i)->name, st_loss_kind_at(i)->options);
}

static void test_calls(void **state) {
    (void)state;
    whole_options("strata", program_options);
    for (const ProgramCall *call = program_calls; call->name; call++) {
        assert_true(call->run && *call->help);
        char name[40];
        for (const char *s = call->options; *s; s += strspn(s, " ")) {
            size_t length = strcspn(s, " ");
            snprintf(name, sizeof name, "%.*s", (int)length, s);
            if (strcmp(name, "set") != 0 && !st_option_find(program_options, name))
                fail_msg("%s: no row of --%s", call->name, name);
            s += length;
        }
    }
}

/* Every word of every table can be asked about. */
static void test_help(void **state) {
    (void)state;
    const char *topic;
    for (int i = 0; (topic = help_topic_at(NULL, i)); i++) {
        StText text = {0};
        if (!help_print(topic, &text, &error)) fail_msg("%s: %s", topic, error.message);
        assert_true(text.length > strlen(topic));
        st_text_free(&text);
    }
    assert_false(help_print("dens", &(StText){0}, &error));
    assert_string_equal(error.message, "no help on 'dens'; did you mean 'dense'?");
}

static void test_man_and_completion(void **state) {
    (void)state;
    StText text = {0};
    help_man(&text);
    for (const Command *row = commands; row->name; row++)
        assert_non_null(strstr(st_text_string(&text), row->name));
    st_text_clear(&text);
    help_completion(&text);
    for (const ProgramCall *call = program_calls; call->name; call++)
        assert_non_null(strstr(st_text_string(&text), call->name));
    assert_non_null(strstr(st_text_string(&text), "--log-every"));
    st_text_free(&text);
}

static void test_unknown(void **state) {
    (void)state;
    assert_false(session_run_line(session, "sede 3", (Source){"x.strata", 4}, &error));
    assert_string_equal(error.message,
                        "x.strata:4: unknown command or layer kind 'sede'; did you mean 'seed'?");
    assert_false(session_run_line(session, "play", (Source){0}, &error));
    assert_string_equal(error.message, "play cannot stand in the shell, only in the workbench");
}

/* What is offered at the end of a line: "begin:word word …". */
static void collect(void *to, const char *word) {
    st_text_format(to, " %s", word);
}

static void offers(const char *line, int at, const char *wanted) {
    StText got = {0};
    int begins = -1;
    command_complete(session, line, (int)strlen(line), &begins, collect, &got);
    assert_string_equal(st_text_string(&got), wanted);
    assert_int_equal(begins, at);
    st_text_free(&got);
}

static void test_complete(void **state) {
    (void)state;
    run("input 4");
    run("dense 8 relu name=hidden");
    run("dropout 0.5");
    offers("spl", 0, " split");
    offers("dro", 0, " dropout");
    offers("dense 8 si", 8, " silu sigmoid");
    offers("dense 8 activation=ta", 19, " tanh tanh_shrink");
    offers("dense 8 use_bias=", 17, " yes no");
    offers("dense 8 kernel_r", 8, " kernel_regularizer=");
    offers("remove hi", 7, " hidden");
    offers("set hidden un", 11, " units=");
    offers("set 2 ra", 6, " rate=");
    offers("insert 1 flat", 9, " flatten");
    offers("compile optimizer=adamw lo", 24, " loss=");
    offers("compile optimizer=rms", 18, " rmsprop");
    offers("compile loss=mse metrics=accuracy,r2", 34, " r2_score");
    offers("compile optimizer=sgd nest", 22, " nesterov=");
    offers("data syn", 5, " synthetic");
    offers("data synthetic circle noi", 22, " noise=");
    offers("evaluate tr", 9, " train");
    offers("help dropo", 5, " dropout");
    offers("nonsense x", 9, "");
    run("bidirectional gru 4 name=both");
    offers("bidirectional ls", 14, " lstm");
    offers("bidirectional me", 14, " merge_mode=");
    offers("bidirectional lstm 8 ha", 21, " hard_sigmoid hard_silu hard_tanh hard_shrink hard_swish");
    offers("bidirectional lstm 8 me", 21, " merge_mode=");
    offers("bidirectional merge_mode=sum lstm unr", 34, "");
    offers("bidirectional merge_mode=", 25, " concat sum mul ave");
    offers("insert 1 bidirectional gru 3 reset", 29, " reset_after=");
    offers("time_distributed den", 17, " dense");
    offers("set both me", 9, " merge_mode=");
    offers("set both reset", 9, " reset_after=");
    offers("dense 'open", 6, "");
}

/* What help gives as an example can be typed. */
static void test_examples(void **state) {
    (void)state;
    StText line = {0};
    int files = 0;
    for (int i = 0; topic_example_at(i, &line); st_text_clear(&line), i++) {
        if (line.length == 0 || strncmp(st_text_string(&line), "data ", 5) == 0) {
            files++;
            continue;
        }
        FormTrial trial;
        form_try(session, st_text_string(&line), &trial);
        if (!trial.runs) fail_msg("%s: %s", st_text_string(&line), trial.error.message);
        form_trial_free(&trial);
    }
    assert_true(files < 12);
    st_text_free(&line);
}

/* Every kind belongs to a family, whose kinds stand together; their lists say so. */
static void test_families(void **state) {
    (void)state;
    StText text = {0};
    const char *help = NULL, *family = NULL;
    int families = 0;
    for (int i = 0; st_layer_kinds[i]; i++) {
        const char *of = st_layer_family(st_layer_kinds[i], &help);
        assert_non_null(of);
        assert_true(*help);
        families += of != family;
        family = of;
    }
    assert_int_equal(families, 9);
    assert_string_equal(st_layer_family(st_layer_kind_find("lstm"), NULL), "recurrent");
    assert_string_equal(st_layer_family(st_layer_kind_find("rescaling"), NULL), "preprocessing");
    assert_true(help_print("layers", &text, &error));
    assert_non_null(strstr(st_text_string(&text), "\nconvolution: "));
    st_text_clear(&text);
    assert_true(help_print("losses", &text, &error)); /* other words stand behind the kind's own */
    assert_non_null(strstr(st_text_string(&text), "(also mse"));
    assert_null(strstr(st_text_string(&text), "\n  mse "));
    st_text_clear(&text);
    assert_true(help_print("kernel_regularizer", &text, &error)); /* alike for many kinds: said once */
    assert_non_null(strstr(st_text_string(&text), "option of dense, conv1d, conv2d"));
    assert_non_null(strstr(st_text_string(&text), "help regularizers lists them"));
    st_text_free(&text);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_rows),    TEST(test_calls),    TEST(test_help),     TEST(test_man_and_completion),
        TEST(test_unknown), TEST(test_complete), TEST(test_examples), TEST(test_families)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
