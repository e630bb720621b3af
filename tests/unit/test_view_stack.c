/* The stack view: what it draws, what its keys do, and what it says where something is wrong. */
#include "unit/views_rig.h"

extern const View view_stack;

static const char recipe[] = "seed 3\n"
                             "data synthetic circle samples=60\n"
                             "dense 8 tanh\n"
                             "dropout 0.2\n"
                             "dense 2 softmax\n"
                             "compile optimizer=adam loss=sparse_categorical_crossentropy\n"
                             "fit epochs=5\n";

static void test_picture(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, recipe);
    rig_shows(rig, 80, 19, " STACK 3 layers · fits");
    rig_shows(rig, 80, 19, "input            by the data           2");
    rig_shows(rig, 80, 19, "▸   1  dense 8 tanh     dense                 8       24        32       32 B");
    rig_shows(rig, 80, 19, "2  dropout 0.2      dropout               8        0         0       32 B");
    rig_shows(rig, 120, 30, "1  dense 8 tanh     dense                 8       24        32       32 B");
    rig_shows(rig, 200, 50, "1  dense 8 tanh     dense                 8       24        32       32 B");
    rig_shows(rig, 80, 19, "42 parameters, 42 trainable · 64 FLOPs a sample, forward");
    rig_shows(rig, 80, 19, "weights 168 B · gradients 168 B · adam's state 336 B · 32 rows 2.30 kB");
    rig_shows(rig, 80, 19, "O compile optimizer=adam loss=sparse_categorical_crossentropy");
    rig_shows(rig, 80, 19, "F fit epochs=5");
    rig_shows(rig, 80, 19, "y = f(x·W + b)");
    rig_shows(rig, 40, 8, "1  dense 8 tanh");
    rig_shows(rig, 20, 4, "▸ 1 dense 8 tanh");
    rig_shows(rig, 20, 4, "↓"); /* more below */
    rig_shows(rig, 140, 30, "kernel 2x8: 16 values, begin as");
    rig_close(rig);
}

static void test_ascii(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, recipe);
    UiGrid *grid = rig_draw(rig, 80, 19, (UiLook){UI_ASCII, UI_MONO, false});
    char *text = ui_grid_string(grid);
    for (char *c = text; *c; c++)
        assert_true((*c >= ' ' && *c <= '~') || *c == '\n');
    assert_non_null(strstr(text, ">   1  dense 8 tanh"));
    free(text);
    ui_grid_free(grid);
    rig_close(rig);
}

static void test_keys_edit(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, recipe);
    free(rig_text(rig, 80, 19));
    rig_keys(rig, "j J");
    assert_string_equal(rig->line, "move 2 3");
    rig_shows(rig, 80, 19, "▸   3  dropout 0.2"); /* the selection goes with the layer */
    rig_keys(rig, "K");
    assert_string_equal(rig->line, "move 3 2");
    rig_keys(rig, "y");
    assert_string_equal(rig->line, "copy 2");
    rig_shows(rig, 80, 19, "▸   3  dropout 0.2");
    rig_keys(rig, "d");
    assert_string_equal(rig->line, "remove 3");
    rig_shows(rig, 80, 19, "▸   3  dense 2 softmax");
    rig_keys(rig, "d");
    rig_shows(rig, 80, 19, "▸   2  dropout 0.2");
    assert_true(rig_run(rig, "undo"));
    rig_shows(rig, 80, 19, "▸   2  dropout 0.2");
    rig_close(rig);
}

static void test_form_adds_a_layer(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, recipe);
    free(rig_text(rig, 80, 19));
    rig_keys(rig, "a");
    rig_shows(rig, 80, 19, "New layer after 1 dense 8 tanh");
    rig_type(rig, "drop");
    rig_keys(rig, "enter");
    rig_shows(rig, 80, 19, "insert: dropout: rate is missing"); /* said at once */
    rig_type(rig, "0.5");
    rig_shows(rig, 80, 19, "▸   2  dropout"); /* the stack as it would be */
    rig_shows(rig, 80, 19, ": insert 2 dropout 0.5");
    assert_int_equal(session_recipe(rig->session)->stack.count, 3);
    rig_keys(rig, "enter");
    assert_int_equal(session_recipe(rig->session)->stack.count, 4);
    assert_string_equal(rig->line, "insert 2 dropout 0.5");
    rig_shows(rig, 80, 19, "▸   2  dropout");
    rig_close(rig);
}

/* The words stand under the layer where the mistake lies, in the ink of what is wrong; and while one types.
 */
static void test_mistakes_at_the_layer(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, recipe);
    assert_true(rig_run(rig, "set 3 units=1"));
    assert_non_null(session_dataset(rig->session, NULL));
    UiGrid *grid = rig_draw(rig, 80, 19, rig_look);
    char *text = ui_grid_string(grid);
    assert_non_null(strstr(text, "↑ sparse_categorical_crossentropy wants an output for every class"));
    free(text);
    UiStyle bad = ui_style(&rig_look, UI_BAD);
    assert_int_equal(ui_grid_at(grid, 7, 5)->style.fg, bad.fg); /* row 5: dense 1 softmax */
    assert_int_equal(ui_grid_at(grid, 7, 6)->ch, 0x2191);
    assert_int_equal(ui_grid_at(grid, 9, 6)->style.fg, bad.fg);
    ui_grid_free(grid);
    rig_keys(rig, "j j enter backspace 2"); /* a form that puts it right shows the stack right */
    rig_shows(rig, 80, 19, "STACK 3 layers · fits");
    rig_keys(rig, "esc");
    rig_shows(rig, 80, 19, "the output does not fit");
    rig_close(rig);
}

static void test_layer_that_does_not_fit(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, "input 100000x100000x1\ndense 1000000000\ndense 5\n");
    rig_shows(rig, 80, 19, "layer 1 does not fit");
    rig_shows(rig, 80, 19, "↑ its output has more values than can be counted");
    rig_shows(rig, 80, 19, "2  dense 5           dense_1               ?        ?         ?          ?");
    rig_close(rig);
}

/* Nothing is said to fit where the data cannot be had or its rows are others: the input says why. */
static void test_input_that_does_not_fit(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, recipe);
    assert_true(rig_run(rig, "input 7"));
    rig_shows(rig, 80, 19, "STACK 3 layers · the input does not fit the data");
    rig_shows(rig, 80, 19, "↑ input 7 holds 7 values a row, but the data's rows of 2 hold 2");
    rig_keys(rig, "up enter backspace 2"); /* told at the place while one types */
    rig_shows(rig, 80, 19, "STACK 3 layers · fits");
    rig_keys(rig, "backspace 9");
    rig_shows(rig, 80, 19, "does not fit: input 9 holds 9 values a row");
    rig_close(rig);
    rig = rig_open(&view_stack, "data csv nofile.csv\ninput 7\ndense 2\n");
    rig_shows(rig, 80, 19, "STACK 1 layer · the data cannot be read");
    rig_shows(rig, 80, 19, "↑ nofile.csv: No such file");
    rig_close(rig);
}

/* What Keras takes but nobody means is remarked at the last layer. */
static void test_remarks(void **unused) {
    (void)unused;
    static const struct {
        const char *line, *remark;
    } cases[] = {
        {"set 3 units=5", "↑ 5 outputs for 2 classes"},
        {"set 3 activation=relu", "↑ the loss wants probabilities: end in softmax, or from_logits=yes"},
        {"compile optimizer=sgd loss=sparse_categorical_crossentropy from_logits=yes",
         "↑ from_logits=yes wants no softmax at the end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Rig *rig = rig_open(&view_stack, recipe);
        rig_shows(rig, 80, 19, "STACK 3 layers · fits\n");
        assert_true(rig_run(rig, cases[i].line));
        rig_shows(rig, 80, 19, "STACK 3 layers · fits, with a remark");
        rig_shows(rig, 80, 19, cases[i].remark);
        rig_close(rig);
    }
}

/* The stack may end in a wrapper of what has no activation: then it is the one before that counts. */
static void test_ends_in_a_wrapper(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, "input 3x2\ndense 2 softmax\ntime_distributed dropout 0.1\n"
                                     "compile adam sparse_categorical_crossentropy from_logits=yes\n");
    rig_shows(rig, 80, 19, "time_distributed dropout 0.1");
    rig_shows(rig, 80, 19, "↑ from_logits=yes wants no softmax at the end");
    rig_close(rig);
}

static void test_running_says_what_an_edit_does(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, recipe);
    rig_train(rig, 1);
    rig_shows(rig, 80, 24, "edits are safe while it trains");
    assert_true(rig_run(rig, "set 1 units=9"));
    rig_shows(rig, 80, 19, "STACK 3 layers · fits · edited; the run has 3 layers");
    rig_shows(rig, 80, 19, "*1  dense 9 tanh");
    rig_shows(rig, 80, 19, " 2  dropout 0.2");
    rig_shows(rig, 80, 19, "*3  dense 2 softmax"); /* its kernel is another */
    rig_shows(rig, 80, 19, "stack changed: space keeps the weights of unchanged layers · r starts anew");
    rig_shows(rig, 120, 30, "; * is not in the run");
    rig_close(rig);
}

static void test_empty(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, "");
    rig_shows(rig, 80, 19, "No layers yet. a adds one");
    rig_shows(rig, 80, 19, "STACK 0 layers · nothing to train yet");
    rig_keys(rig, "d K J y"); /* nothing to do it to */
    rig_keys(rig, "enter");
    rig_shows(rig, 80, 19, "Input");
    rig_keys(rig, "esc");
    rig_close(rig);
}

static void test_explain_and_json(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, recipe);
    StText text = {0};
    rig->view->explain(&rig->context, &text);
    assert_non_null(strstr(st_text_string(&text), "Layer 1, dense"));
    assert_non_null(strstr(st_text_string(&text), "24 parameters, 32 FLOPs"));
    st_text_clear(&text);
    rig->view->json(&rig->context, &text);
    assert_non_null(strstr(st_text_string(&text),
                           "{\"number\":1,\"name\":\"dense\",\"kind\":\"dense\",\"line\":"
                           "\"dense 8 tanh\",\"input\":[2],\"output\":[8],\"parameters\":24,"));
    assert_non_null(strstr(st_text_string(&text), "\"optimizer_bytes\":336}"));
    st_text_free(&text);
    rig_close(rig);
}

static void test_every_size(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_stack, recipe);
    rig_all_sizes(rig, 120, 50);
    rig_keys(rig, "a");
    rig_all_sizes(rig, 120, 50);
    rig_keys(rig, "enter");
    rig_all_sizes(rig, 120, 50);
    rig_keys(rig, "esc esc O");
    rig_all_sizes(rig, 120, 50);
    rig_close(rig);
}

static void test_bindings(void **unused) {
    (void)unused;
    assert_int_equal(ui_keymap_fault(view_stack.bindings), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_picture),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_keys_edit),
        cmocka_unit_test(test_form_adds_a_layer),
        cmocka_unit_test(test_mistakes_at_the_layer),
        cmocka_unit_test(test_layer_that_does_not_fit),
        cmocka_unit_test(test_input_that_does_not_fit),
        cmocka_unit_test(test_remarks),
        cmocka_unit_test(test_ends_in_a_wrapper),
        cmocka_unit_test(test_running_says_what_an_edit_does),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_explain_and_json),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_bindings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
