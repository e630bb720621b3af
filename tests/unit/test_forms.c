/* Forms: the line that each writes, what it says while one types, and what it would do. */
#include "unit/views_rig.h"

#include "forms.h"

static const char recipe[] =
    "seed 3\n"
    "data synthetic circle samples=60 noise=0.1\n"
    "dense 8 tanh\n"
    "dropout 0.2\n"
    "dense 2 softmax\n"
    "compile optimizer=adam loss=sparse_categorical_crossentropy learning_rate=0.01\n"
    "fit epochs=5\n";

static Form *open_form(Rig *rig, FormKind kind, int place) {
    StError error = {0};
    Form *form = form_open(rig->session, kind, place, NULL, &error);
    if (!form) fail_msg("%s", error.message);
    return form;
}

static void type(Form *form, const char *text) {
    for (; *text; text++)
        form_key(form, (UiKey)*text);
}

static void press(Form *form, UiKey key, int times) {
    while (times-- > 0)
        form_key(form, key);
}

static void test_new_layer(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    Form *form = open_form(rig, FORM_LAYER, 1);
    assert_string_equal(form_line(form), "");
    type(form, "drop");
    assert_int_equal(form_key(form, UI_KEY_ENTER), FORM_USED);
    press(form, UI_KEY_END, 1);
    press(form, UI_KEY_BACKSPACE, 10);
    type(form, "0.5");
    assert_string_equal(form_line(form), "insert 2 dropout 0.5");
    assert_true(form_trial(form)->runs && form_trial(form)->fits);
    assert_int_equal(form_trial(form)->draft.stack.count, 4);
    assert_int_equal(session_recipe(rig->session)->stack.count, 3);
    assert_int_equal(form_key(form, UI_KEY_ENTER), FORM_ACCEPTED);
    assert_true(rig_run(rig, form_line(form)));
    assert_int_equal(session_recipe(rig->session)->stack.count, 4);
    form_close(form);
    rig_close(rig);
}

static void test_new_layer_at_the_end(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    Form *form = open_form(rig, FORM_LAYER, 3);
    type(form, "dense");
    form_key(form, UI_KEY_ENTER);
    assert_false(form_trial(form)->runs); /* units is missing */
    assert_int_equal(form_key(form, UI_KEY_ENTER), FORM_USED);
    type(form, "4");
    press(form, UI_KEY_DOWN, 1);
    press(form, UI_KEY_RIGHT, 1);
    assert_string_equal(form_line(form), "dense 4 relu");
    assert_int_equal(form_key(form, UI_KEY_ESCAPE), FORM_USED); /* back to the kinds */
    assert_string_equal(form_line(form), "");
    assert_int_equal(form_key(form, UI_KEY_ESCAPE), FORM_CANCELLED);
    form_close(form);
    rig_close(rig);
}

/* A wrapper's form asks first what it wraps, then for the options of both. */
static void test_wrappers(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, "input 5x3\nbidirectional gru 4 merge_mode=sum\n");
    Form *form = open_form(rig, FORM_LAYER, 1);
    type(form, "bidir");
    form_key(form, UI_KEY_ENTER);
    press(form, UI_KEY_RIGHT, 1);
    press(form, UI_KEY_DOWN, 1);
    type(form, "8");
    assert_string_equal(form_line(form), "bidirectional lstm 8");
    assert_true(form_trial(form)->runs);
    press(form, UI_KEY_UP, 1);
    press(form, UI_KEY_RIGHT, 1);
    assert_string_equal(form_line(form), "bidirectional gru 8");
    form_close(form);
    form = open_form(rig, FORM_SET, 0);
    press(form, UI_KEY_END, 1);
    press(form, UI_KEY_BACKSPACE, 1);
    type(form, "6");
    assert_string_equal(form_line(form), "set 1 units=6");
    assert_true(form_trial(form)->fits);
    form_close(form);
    rig_close(rig);
}

static void test_set_says_only_what_differs(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    Form *form = open_form(rig, FORM_SET, 0);
    assert_string_equal(form_line(form), "");
    assert_int_equal(form_key(form, UI_KEY_ENTER), FORM_CANCELLED);
    press(form, UI_KEY_END, 1);
    press(form, UI_KEY_BACKSPACE, 1);
    type(form, "32");
    press(form, UI_KEY_DOWN, 1);
    press(form, UI_KEY_LEFT, 1);
    assert_non_null(strstr(form_line(form), "set 1 units=32 activation="));
    assert_true(form_trial(form)->fits);
    form_close(form);
    rig_close(rig);
}

static void test_mistakes_are_told_while_typing(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    Form *form = open_form(rig, FORM_SET, 2);
    press(form, UI_KEY_BACKSPACE, 3);
    type(form, "0");
    assert_false(form_trial(form)->runs);
    assert_non_null(strstr(form_trial(form)->error.message, "units=0"));
    assert_int_equal(form_key(form, UI_KEY_ENTER), FORM_USED); /* not accepted */
    UiGrid *grid = ui_grid_create(80, 20, rig_look);
    form_draw(grid, ui_grid_rect(grid), form);
    char *text = ui_grid_string(grid);
    assert_non_null(strstr(text, "wanted a whole number from 1"));
    free(text);
    ui_grid_free(grid);
    form_close(form);
    rig_close(rig);
}

/* The data is loaded: an output that does not fit its classes is told. */
static void test_output_that_does_not_fit(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    assert_non_null(session_dataset(rig->session, NULL));
    Form *form = open_form(rig, FORM_SET, 2);
    press(form, UI_KEY_BACKSPACE, 3);
    type(form, "1");
    assert_string_equal(form_line(form), "set 3 units=1");
    assert_true(form_trial(form)->runs);
    assert_false(form_trial(form)->fits);
    assert_non_null(strstr(form_trial(form)->error.message, "wants an output for every class"));
    form_close(form);
    rig_close(rig);
}

static void test_compile_follows_its_optimizer(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    Form *form = open_form(rig, FORM_COMPILE, 0);
    assert_string_equal(form_line(form), ""); /* nothing is changed yet */
    for (int i = 0; i < 12 && !strstr(form_line(form), "=sgd"); i++)
        form_key(form, UI_KEY_RIGHT);
    assert_string_equal(form_line(form), "compile optimizer=sgd"); /* adam's rate is gone with it */
    press(form, UI_KEY_DOWN, 2);
    type(form, "accuracy");
    assert_non_null(strstr(form_line(form), "metrics=accuracy"));
    press(form, UI_KEY_DOWN, 2); /* past the schedule */
    press(form, UI_KEY_END, 1);
    press(form, UI_KEY_BACKSPACE, 8);
    type(form, "0.5");
    assert_string_equal(form_line(form), "compile optimizer=sgd metrics=accuracy learning_rate=0.5");
    assert_true(form_trial(form)->runs);
    press(form, UI_KEY_UP, 1);
    form_key(form, UI_KEY_RIGHT);
    assert_string_equal(form_line(form), "compile optimizer=sgd metrics=accuracy learning_rate=0.5 "
                                         "schedule=exponential_decay");
    assert_false(form_trial(form)->runs);
    assert_non_null(strstr(form_trial(form)->error.message, "decay_steps is missing"));
    form_close(form);
    rig_close(rig);
}

/* Lines keep what they do not name: a value put back to its default must be named. */
static void test_compile_back_to_a_default(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    StError error = {0};
    Form *form = form_open(rig->session, FORM_COMPILE, 0, "learning_rate", &error);
    press(form, UI_KEY_END, 1);
    press(form, UI_KEY_BACKSPACE, 4);
    type(form, "0.001");
    assert_string_equal(form_line(form), "compile learning_rate=0.001");
    assert_true(st_compile_learning_rate(&form_trial(form)->draft.compile) == 0.001);
    form_close(form);
    rig_close(rig);
}

static void test_lines_that_are_new(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, "data synthetic circle\ndense 1 sigmoid\n");
    Form *form = open_form(rig, FORM_FIT, 0);
    assert_string_equal(form_line(form), "fit");
    form_close(form);
    form = open_form(rig, FORM_COMPILE, 0);
    assert_string_equal(form_line(form),
                        "compile optimizer=rmsprop loss=binary_crossentropy"); /* by the stack's end */
    form_close(form);
    rig_close(rig);
}

static void test_data_and_its_treatment(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    StError error = {0};
    Form *form = form_open(rig->session, FORM_DATA, 0, "noise", &error);
    assert_non_null(form);
    assert_string_equal(form_line(form), "data synthetic circle samples=60 noise=0.1");
    press(form, UI_KEY_END, 1);
    press(form, UI_KEY_BACKSPACE, 3);
    type(form, "0.3");
    assert_string_equal(form_line(form), "data synthetic circle samples=60 noise=0.3");
    form_close(form);

    form = open_form(rig, FORM_FEATURES, 0);
    assert_string_equal(form_line(form), "features x1 x2");
    press(form, UI_KEY_DOWN, 2);
    form_key(form, ' ');
    assert_string_equal(form_line(form), "features x1 x2 x1^2");
    assert_true(form_trial(form)->runs);
    form_close(form);

    form = open_form(rig, FORM_SPLIT, 0);
    press(form, UI_KEY_END, 1);
    press(form, UI_KEY_BACKSPACE, 8);
    type(form, "0.8");
    assert_string_equal(form_line(form), "split train=0.8");
    form_close(form);

    form = open_form(rig, FORM_SEED, 0);
    press(form, UI_KEY_END, 1);
    type(form, "4");
    assert_string_equal(form_line(form), "seed 34");
    assert_int_equal(form_trial(form)->draft.seed, 34);
    form_close(form);
    rig_close(rig);
}

/* A path of a recipe in another folder is written as it is found from the current one. */
static void test_data_paths_are_found_from_here(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, "");
    StError error = {0};
    assert_true(
        session_run_line(rig->session, "data csv data/iris.csv", (Source){"samples/x.strata", 1}, &error));
    Form *form = open_form(rig, FORM_DATA, 0);
    assert_string_equal(form_line(form), "data csv samples/data/iris.csv");
    form_close(form);
    rig_close(rig);
}

static void test_fit_prepare_callbacks_pace_input(void **unused) {
    (void)unused;
    static const struct {
        FormKind kind;
        const char *line;
    } cases[] = {{FORM_FIT, ""}, {FORM_CALLBACKS, ""}, {FORM_PACE, "pace full"}, {FORM_PREPARE, "prepare"}};
    Rig *rig = rig_open(NULL, recipe);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Form *form = open_form(rig, cases[i].kind, 0);
        assert_memory_equal(form_line(form), cases[i].line, strlen(cases[i].line));
        form_close(form);
    }
    Form *form = open_form(rig, FORM_PACE, 0);
    press(form, UI_KEY_RIGHT, 1);
    assert_string_equal(form_line(form), "pace 30");
    press(form, UI_KEY_RIGHT, 1);
    assert_non_null(strstr(form_line(form), "pace epochs="));
    assert_true(form_trial(form)->runs);
    form_close(form);
    form = open_form(rig, FORM_FIT, 0);
    press(form, UI_KEY_END, 1);
    press(form, UI_KEY_BACKSPACE, 1);
    type(form, "1");
    assert_string_equal(form_line(form), "fit epochs=1");
    form_close(form);
    form = open_form(rig, FORM_INPUT, 0);
    type(form, "28x28x1");
    assert_string_equal(form_line(form), "input 28x28x1");
    form_close(form);
    assert_true(session_run_line(rig->session, "input 4", (Source){0}, NULL));
    form = open_form(rig, FORM_INPUT, 0);
    press(form, UI_KEY_BACKSPACE, 1);
    assert_string_equal(form_line(form), "input auto");
    assert_true(form_trial(form)->runs);
    form_close(form);
    rig_close(rig);
}

static void test_no_such_layer(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, "");
    StError error = {0};
    assert_null(form_open(rig->session, FORM_SET, 0, NULL, &error));
    assert_string_equal(error.message, "there is no layer 1; add one first");
    rig_close(rig);
}

static void test_effect_is_said(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    FormTrial trial;
    StText text = {0};
    form_try(rig->session, "set 1 units=9", &trial);
    assert_true(trial.runs);
    form_effect(rig->session, &trial.draft, &text);
    assert_string_equal(st_text_string(&text), "nothing is trained yet");
    StError error = {0};
    if (!session_start(rig->session, &(SessionStart){.paused = true}, &error)) fail_msg("%s", error.message);
    st_text_clear(&text);
    form_effect(rig->session, &trial.draft, &text);
    assert_string_equal(st_text_string(&text), "stack changes: takes effect at the next start; r restarts");
    form_trial_free(&trial);
    form_try(rig->session, "pace 30", &trial);
    st_text_clear(&text);
    form_effect(rig->session, &trial.draft, &text);
    assert_string_equal(st_text_string(&text), "acts at once; the numbers stay the same");
    form_trial_free(&trial);
    st_text_free(&text);
    rig_close(rig);
}

/* Every form from 1x1 on, in every look. */
static void test_every_size(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    for (int kind = 0; kind < FORM_KIND_COUNT; kind++) {
        Form *form = open_form(rig, (FormKind)kind, 0);
        for (int pass = 0; pass < (kind == FORM_LAYER ? 2 : 1); pass++) {
            for (int h = 1; h <= 30; h++)
                for (int w = 1; w <= 100; w += w < 30 ? 1 : 9) {
                    UiGrid *grid = ui_grid_create(w, h, (UiLook){(UiLadder)(w % 3), UI_256, false});
                    form_draw(grid, ui_grid_rect(grid), form);
                    ui_grid_free(grid);
                }
            form_key(form, UI_KEY_ENTER);
        }
        form_close(form);
    }
    rig_close(rig);
}

/* The form as text, w x h; the caller frees it. */
static char *drawn(Form *form, int w, int h) {
    UiGrid *grid = ui_grid_create(w, h, rig_look);
    form_draw(grid, ui_grid_rect(grid), form);
    char *text = ui_grid_string(grid);
    ui_grid_free(grid);
    return text;
}

static void shows(Form *form, int w, int h, const char *wanted) {
    char *text = drawn(form, w, h), picture[8192];
    bool has = strstr(text, wanted) != NULL;
    snprintf(picture, sizeof picture, "%s", text);
    free(text);
    if (!has) fail_msg("'%s' is not in\n%s", wanted, picture);
}

/* Opened and accepted as it is, a form writes no line, and is not wrong from the start. */
static void test_untouched_changes_nothing(void **unused) {
    (void)unused;
    static const FormKind kinds[] = {FORM_SPLIT, FORM_PREPARE,   FORM_DATA,    FORM_SEED, FORM_FEATURES,
                                     FORM_PACE,  FORM_CALLBACKS, FORM_COMPILE, FORM_FIT};
    Rig *rig = rig_open(NULL, recipe);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        Form *form = open_form(rig, kinds[i], 0);
        shows(form, 80, 24, "nothing is changed yet");
        *rig->said = '\0';
        assert_int_equal(form_key(form, UI_KEY_ENTER), FORM_CANCELLED);
        form_close(form);
    }
    Form *form = open_form(rig, FORM_PREPARE, 0);
    form_key(form, UI_KEY_RIGHT);
    assert_string_equal(form_line(form), "prepare standardize");
    form_key(form, UI_KEY_LEFT); /* there and back */
    assert_int_equal(form_key(form, UI_KEY_ENTER), FORM_CANCELLED);
    assert_string_equal(rig->said, "nothing changed");
    form_close(form);
    rig_close(rig);
}

/* What a field may be stays beside it, with its default where it has another value; choices all look alike.
 */
static void test_what_stands_beside_a_field(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    Form *form = open_form(rig, FORM_DATA, 0);
    shows(form, 80, 20, "samples  60                      1 to 100000000 · default 500");
    shows(form, 40, 20, "name     ◂ circle ▸");
    press(form, UI_KEY_DOWN, 2);
    shows(form, 40, 20, "1 to 100000000 · default 500"); /* under the fields where there is no room */
    form_close(form);
    form = open_form(rig, FORM_SET, 0);
    shows(form, 80, 24, "◂ tanh ▸");
    shows(form, 80, 24, "· default linear");
    shows(form, 80, 24, "kernel_initializer    ◂ glorot_uniform ▸");
    form_close(form);
    form = open_form(rig, FORM_COMPILE, 0);
    shows(form, 80, 24, "◂ sparse_categorical_crossentropy ▸");
    form_close(form);
    rig_close(rig);
}

/* What only `random` takes is asked for there alone. */
static void test_options_of_one_set(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    Form *form = open_form(rig, FORM_DATA, 0);
    char *text = drawn(form, 80, 24);
    assert_null(strstr(text, "classes"));
    free(text);
    press(form, UI_KEY_DOWN, 1);
    form_key(form, 'r');
    for (int i = 0; i < 12 && !strstr(form_line(form), "random"); i++)
        form_key(form, UI_KEY_RIGHT);
    assert_string_equal(form_line(form), "data synthetic random samples=60 noise=0.1");
    shows(form, 80, 24, "features  100");
    press(form, UI_KEY_DOWN, 3);
    type(form, "0.9");
    shows(form, 80, 24, "wanted a whole number, 1 to 1000000");
    form_close(form);
    rig_close(rig);
}

/* Other words for a loss are understood but not offered; a metric has options behind its colons; a layer's
 * weights can be kept; kinds are found by what is typed and walked through in rows. */
static void test_choices_of_a_form(void **unused) {
    (void)unused;
    Rig *rig = rig_open(NULL, recipe);
    Form *form = open_form(rig, FORM_COMPILE, 0);
    press(form, UI_KEY_DOWN, 1);
    bool huber = false;
    for (int i = 0; i < 40; i++) {
        press(form, UI_KEY_RIGHT, 1);
        huber = huber || strstr(form_line(form), "loss=huber");
        if (strstr(form_line(form), "loss=mse")) fail_msg("offered: %s", form_line(form));
    }
    assert_true(huber);
    press(form, UI_KEY_DOWN, 1);
    type(form, "precision:0.7");
    assert_true(form_trial(form)->runs);
    press(form, UI_KEY_UP, 2);
    type(form, "adamax"); /* its fields come anew with every optimizer on the way; the letters count on */
    assert_non_null(strstr(form_line(form), "optimizer=adamax"));
    press(form, UI_KEY_DOWN, 1);
    press(form, UI_KEY_UP, 1);
    type(form, "adam"); /* as before, and not adamw */
    assert_null(strstr(form_line(form), "optimizer=ada"));
    form_close(form);
    form = open_form(rig, FORM_LAYER, 0);
    shows(form, 80, 19, "preprocessing"); /* all families on one page */
    shows(form, 80, 19, "conv2d ");
    type(form, "lst");
    shows(form, 80, 19, "Reads a sequence step by step");
    press(form, UI_KEY_BACKSPACE, 3);
    type(form, "MaxPooling2D"); /* as Keras writes it */
    shows(form, 80, 19, "max_pooling2d");
    press(form, UI_KEY_BACKSPACE, 12);
    type(form, "lst");
    press(form, UI_KEY_ENTER, 1);
    type(form, "8");
    shows(form, 100, 40, "less often");
    press(form, UI_KEY_DOWN, 9);
    press(form, ' ', 1);
    assert_string_equal(form_line(form), "insert 1 lstm 8 trainable=no");
    form_close(form);
    rig_close(rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_layer),
        cmocka_unit_test(test_new_layer_at_the_end),
        cmocka_unit_test(test_wrappers),
        cmocka_unit_test(test_set_says_only_what_differs),
        cmocka_unit_test(test_mistakes_are_told_while_typing),
        cmocka_unit_test(test_output_that_does_not_fit),
        cmocka_unit_test(test_compile_follows_its_optimizer),
        cmocka_unit_test(test_compile_back_to_a_default),
        cmocka_unit_test(test_lines_that_are_new),
        cmocka_unit_test(test_data_and_its_treatment),
        cmocka_unit_test(test_data_paths_are_found_from_here),
        cmocka_unit_test(test_fit_prepare_callbacks_pace_input),
        cmocka_unit_test(test_no_such_layer),
        cmocka_unit_test(test_effect_is_said),
        cmocka_unit_test(test_untouched_changes_nothing),
        cmocka_unit_test(test_what_stands_beside_a_field),
        cmocka_unit_test(test_options_of_one_set),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_choices_of_a_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
