/* The weights view: the table of health, its order, the closer looks, words and readings. */
#include "unit/views_rig.h"

extern const View view_weights;

static const char recipe[] =
    "seed 3\n"
    "data csv data/iris.csv\n"
    "split train=0.8 validation=0.1 test=0.1\n"
    "prepare standardize\n"
    "dense 16 relu\n"
    "dropout 0.2\n"
    "dense 3 softmax\n"
    "compile optimizer=adam loss=sparse_categorical_crossentropy learning_rate=0.01\n"
    "fit epochs=50 batch_size=16\n";

static Rig *open_trained(int steps) {
    Rig *rig = rig_open(&view_weights, "");
    StError error = {0};
    if (!session_run_text(rig->session, recipe, "samples/test.strata", &error)) fail_msg("%s", error.message);
    rig_train(rig, steps);
    rig_look_again(rig);
    return rig;
}

/* The value of a reading as the table prints it, for a row that starts with the layer's name. */
static void assert_row(Rig *rig, const char *layer, const char *verdict) {
    char *text = rig_text(rig, 80, 19), *at = strstr(text, layer);
    assert_non_null(at);
    *strchr(at, '\n') = '\0';
    assert_non_null(strstr(at, verdict));
    free(text);
}

static void test_health_on_80_columns(void **unused) {
    (void)unused;
    Rig *rig = open_trained(20);
    rig_shows(rig, 80, 19, "WEIGHTS at step 20 · probe: ");
    rig_shows(rig, 80, 19, "rows of train, seed 3 · measured, ~ estimated");
    rig_shows(rig, 80, 19, "  layer       shape  norm start  rms max w  ~σ₁ ~rank   grad dead  sat verdict");
    rig_shows(rig, 80, 19, "▸ 1 dense      4x16");
    rig_shows(rig, 80, 19, "  3 dense_1    16x3");
    rig_shows(rig, 80, 19, "step/w ──");
    rig_shows(rig, 80, 19, "▒"); /* the healthy band of the strip */
    char word[32];
    const StHealth *health = &rig->look->readings.health[0];
    snprintf(word, sizeof word, "%s", st_verdict_word(health->verdict));
    assert_row(rig, "1 dense ", word);
    char norm[UI_NUMBER];
    assert_row(rig, "1 dense ", ui_number(norm, health->value[ST_READING_NORM], 5, 3));
    rig_shows(rig, 80, 19, "1 dense/kernel 4x16"); /* the matrix under the table */
    char *text = rig_text(rig, 80, 19);
    assert_null(strstr(text, "…"));
    free(text);
    rig_shows(rig, 40, 8, "1 dense");
    rig_shows(rig, 200, 50, "because");
    rig_close(rig);
}

/* From 110 columns on a tensor has one line with everything, reason and step/weight in figures included; the
 * histogram stands beside the matrix, as tall. */
static void test_one_line_where_it_is_wide(void **unused) {
    (void)unused;
    static const int widths[] = {110, 120, 200};
    Rig *rig = open_trained(20);
    for (int i = 0; i < 3; i++) {
        char *text = rig_text(rig, widths[i], 36), *at = strstr(text, "▸ 1 dense");
        assert_non_null(at);
        *strchr(at, '\n') = '\0';
        assert_non_null(strstr(at, "changes by "));
        assert_non_null(strstr(at, "▒"));
        char number[UI_NUMBER];
        ui_number(number, rig->look->readings.health[0].value[ST_READING_RATIO], 6, 2);
        assert_non_null(strstr(at, number));
        assert_null(strstr(text, "histor…"));
        at += strlen(at) + 1;
        assert_true(strncmp(at, "  3 dense_1", 11) == 0); /* the very next line */
        free(text);
    }
    UiGrid *grid = rig_draw(rig, 120, 36, rig_look);
    int rows = 0;
    for (int y = 5; y < 36; y++)
        rows += ui_grid_at(grid, 2, y)->ch == 0x2580;
    assert_true(rows >= 16);
    ui_grid_free(grid);
    rig_close(rig);
}

static int line_of(Rig *rig, int w, int h, const char *wanted) {
    char *text = rig_text(rig, w, h), *at = strstr(text, wanted);
    int line = 0;
    for (char *c = text; at && c < at; c++)
        line += *c == '\n';
    free(text);
    return at ? line : -1;
}

/* A reason that is longer than its place goes to a line of its own; where there is no room for one it stands
 * in full for the selected tensor. */
static void test_long_reasons(void **unused) {
    (void)unused;
    Rig *rig = open_trained(20);
    StHealth *health = rig->look->readings.health;
    const char *reason = "changes by 3.4 % a step, healthy is up to 1 %";
    snprintf(health[0].reason, sizeof health[0].reason, "%s", reason);
    snprintf(health[1].reason, sizeof health[1].reason, "short");
    int first = line_of(rig, 80, 19, "1 dense ");
    assert_int_equal(line_of(rig, 80, 19, reason), first + 2);
    assert_int_equal(line_of(rig, 80, 19, "3 dense_1 "), first + 3);
    /* A click on any line of a tensor selects it. */
    const int y = first + 4;
    UiEvent click = {.kind = UI_EVENT_MOUSE, .mouse = UI_MOUSE_PRESS, .x = 5, .y = y};
    assert_true(rig->view->mouse(&rig->context, &click));
    rig_shows(rig, 80, 19, "▸ 3 dense_1");
    rig_keys(rig, "up");
    rig_shows(rig, 80, 19, "▸ 1 dense ");
    rig_shows(rig, 120, 30, reason);
    rig_shows(rig, 60, 19, "dense/kernel: fast, changes by 3.4 % a step, healthy is up");
    rig_close(rig);
}

/* A screen without other characters than ASCII has formulas that can be read. */
static void test_plain_formulas(void **unused) {
    (void)unused;
    Rig *rig = open_trained(3);
    rig_keys(rig, "c");
    UiGrid *grid = rig_draw(rig, 80, 19, (UiLook){UI_ASCII, UI_MONO, false});
    char *text = ui_grid_string(grid);
    assert_non_null(strstr(text, " norm sqrt(sum w^2)"));
    free(text);
    ui_grid_free(grid);
    StText words = {0};
    rig->view->explain(&rig->context, &words);
    assert_non_null(strstr(st_text_string(&words), "norm = sqrt(sum w^2) = "));
    st_text_free(&words);
    rig_keys(rig, "right"); /* the words under the curves are wrapped, not cut */
    rig_shows(rig, 80, 19, "near 0 after many steps: the layer");
    rig_shows(rig, 80, 19, "learn");
    rig_close(rig);
}

static void test_change_is_from_the_start(void **unused) {
    (void)unused;
    Rig *rig = open_trained(0);
    assert_true(fabs(rig->look->readings.health[0].value[ST_READING_CHANGE]) < 1e-9);
    rig_shows(rig, 80, 19, "WEIGHTS at step 0");
    rig_shows(rig, 100, 19, "WEIGHTS at step 0, not trained yet");
    rig_shows(rig, 80, 19, "untrained");
    rig_shows(rig, 80, 19, "~ estimated");
    rig_shows(rig, 80, 19, "+0%");
    rig_close(rig);
}

static void test_order(void **unused) {
    (void)unused;
    Rig *rig = open_trained(5);
    free(rig_text(rig, 80, 19));
    rig_keys(rig, "> o"); /* the first column, the other way round */
    rig_shows(rig, 80, 19, "layer↓");
    char *text = rig_text(rig, 80, 19);
    assert_true(strstr(text, "3 dense_1") < strstr(text, "1 dense "));
    assert_non_null(strstr(text, "▸ 1 dense ")); /* the selection stays with its tensor */
    free(text);
    rig_keys(rig, "up");
    rig_shows(rig, 80, 19, "▸ 3 dense_1");
    rig_close(rig);
}

static void test_matrix(void **unused) {
    (void)unused;
    Rig *rig = open_trained(10);
    free(rig_text(rig, 80, 19));
    rig_keys(rig, "enter down down right right right right");
    char wanted[96];
    const StTensor *tensor = &rig->look->snapshot->weights.tensor[0];
    assert_string_equal(tensor->name, "dense/kernel");
    double w = (double)rig->look->snapshot->weights.values[tensor->offset + 2 * 16 + 4];
    snprintf(wanted, sizeof wanted, "row 3 (petal_length) → unit 5: %.4g", w);
    rig_shows(rig, 80, 19, wanted);
    rig_keys(rig, "] ]"); /* the bias, then the last kernel, whose columns are the classes */
    rig_shows(rig, 80, 19, "3 dense_1/kernel 16x3");
    rig_shows(rig, 80, 19, "(virginica)");
    rig_keys(rig, "v");
    rig_shows(rig, 80, 19, "dense_1/kernel 16x3: gradient");
    rig_keys(rig, "v");
    rig_shows(rig, 80, 19, "16x3: change in the step");
    rig_keys(rig, "esc");
    rig_shows(rig, 80, 19, "verdict");
    rig_close(rig);
}

/* A cell of the heat map has the colour of its value on the signed ramp. */
static void test_heat_colours(void **unused) {
    (void)unused;
    Rig *rig = open_trained(10);
    rig->context.live = false; /* no cursor */
    free(rig_text(rig, 80, 19));
    rig_keys(rig, "w");
    UiGrid *grid = rig_draw(rig, 80, 19, rig_look);
    const StTensor *tensor = &rig->look->snapshot->weights.tensor[0];
    const float *values = rig->look->snapshot->weights.values + tensor->offset;
    double most = 0;
    for (int i = 0; i < 64; i++)
        most = fmax(most, fabs((double)values[i]));
    UiColor wanted = ui_ramp(&rig_look, UI_RAMP_SIGNED, ((double)values[0] / most + 1) / 2);
    assert_int_equal(ui_grid_at(grid, 1, 2)->ch, 0x2580);
    assert_int_equal(ui_grid_at(grid, 1, 2)->style.fg, wanted);
    ui_grid_free(grid);
    rig_close(rig);
}

static void test_histograms(void **unused) {
    (void)unused;
    Rig *rig = open_trained(3);
    rig_keys(rig, "g");
    rig_look_again(rig); /* with the histograms that the view wants now */
    assert_int_equal(rig->look->want.tensor, 0);
    rig_shows(rig, 80, 19, "weights  mean");
    rig_shows(rig, 80, 19, "gradient  mean");
    rig_shows(rig, 80, 19, "change in the step  mean");
    rig_shows(rig, 80, 19, "dense_1/bias");
    rig_keys(rig, "down");
    rig_shows(rig, 80, 19, "1 dense/bias 16");
    rig_close(rig);
}

static void test_no_step_yet(void **unused) {
    (void)unused;
    Rig *rig = open_trained(0);
    rig_keys(rig, "g");
    rig_look_again(rig);
    rig_shows(rig, 80, 19, "not available before the first step");
    rig_keys(rig, "w v");
    rig_shows(rig, 80, 19, "not available before the first step");
    rig_close(rig);
}

static void test_curves(void **unused) {
    (void)unused;
    Rig *rig = open_trained(1);
    for (int i = 0; i < 20; i++) {
        st_trainer_one_step(session_run(rig->session)->trainer);
        st_trainer_wait(session_run(rig->session)->trainer);
        rig_look_again(rig);
    }
    rig_keys(rig, "c");
    rig_shows(rig, 80, 19, "norm √Σw²");
    rig_shows(rig, 80, 19, "dense_1/kernel");
    rig_keys(rig, "left left left");
    rig_shows(rig, 80, 19, "step/weight ‖ΔW‖/‖W‖");
    rig_shows(rig, 80, 19, "healthy");
    rig_keys(rig, "right");
    rig_shows(rig, 80, 19, "dead P(max a ≤ 0)");
    rig_close(rig);
}

static void test_nothing_yet(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_weights, "");
    rig_shows(rig, 80, 19, "Nothing is trained yet. space trains the network");
    rig_keys(rig, "c g w enter down");
    StText text = {0};
    rig->view->explain(&rig->context, &text);
    assert_true(text.length > 0);
    st_text_clear(&text);
    rig->view->json(&rig->context, &text);
    assert_string_equal(st_text_string(&text), "{\"view\":\"weights\",\"error\":\"there are no readings\"}");
    st_text_free(&text);
    rig_all_sizes(rig, 50, 12);
    rig_close(rig);
}

static void test_explain_and_json(void **unused) {
    (void)unused;
    Rig *rig = open_trained(5);
    free(rig_text(rig, 80, 19));
    StText text = {0}, wanted = {0};
    rig->view->explain(&rig->context, &text);
    assert_non_null(strstr(st_text_string(&text), "dense/kernel at step 5: "));
    assert_non_null(strstr(st_text_string(&text), "norm = √Σw² = "));
    assert_non_null(strstr(st_text_string(&text), "Bad: "));
    st_text_clear(&text);
    rig->view->json(&rig->context, &text);
    st_text_add(&wanted, "{\"name\":\"dense/kernel\",\"layer\":1,\"shape\":[4,16],\"norm\":");
    st_text_number(&wanted, rig->look->readings.health[0].value[ST_READING_NORM]);
    st_text_add(&wanted, ",\"change\":");
    assert_non_null(strstr(st_text_string(&text), st_text_string(&wanted)));
    assert_non_null(strstr(st_text_string(&text), "\"saturated\":null")); /* relu: not zero, not available */
    st_text_free(&text);
    st_text_free(&wanted);
    rig_close(rig);
}

static void test_every_size(void **unused) {
    (void)unused;
    static const char *const modes[] = {"h", "c", "g", "w"};
    Rig *rig = open_trained(2);
    for (int i = 0; i < 4; i++) {
        rig_keys(rig, "esc");
        rig_keys(rig, modes[i]);
        rig_all_sizes(rig, 120, 50);
    }
    rig_close(rig);
}

static void test_bindings(void **unused) {
    (void)unused;
    assert_int_equal(ui_keymap_fault(view_weights.bindings), -1);
}

/* A convolution's kernel is its filters: of one channel all of them, of more the chosen one's. */
static void test_filters(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_weights, "");
    StError error = {0};
    if (!session_run_text(rig->session,
                          "data csv data/digits.csv.gz target=digit task=classification\nprepare scale=16\n"
                          "input 8x8x1\nconv2d 4 3 activation=relu\nconv2d 6 3 activation=relu\nflatten\n"
                          "dense 10 softmax\ncompile optimizer=adam loss=sparse_categorical_crossentropy\n"
                          "fit epochs=1 batch_size=64\n",
                          "samples/test.strata", &error))
        fail_msg("%s", error.message);
    rig_train(rig, 3);
    rig_look_again(rig);
    rig_shows(rig, 80, 19, " 3x3x1x4"); /* whole, in a column of its own */
    rig_shows(rig, 80, 19, "filter 1 of 4: norm ");
    rig_keys(rig, "enter right");
    rig_shows(rig, 80, 19, "filter 2 of 4: norm ");
    char *text = rig_text(rig, 80, 19);
    assert_null(strstr(text, "of channel"));
    free(text);
    rig_keys(rig, "left left"); /* the first is the first */
    rig_shows(rig, 40, 8, "filter 1 of 4: norm ");
    rig_keys(rig, "] ] end"); /* past the bias */
    rig_shows(rig, 80, 19, "2 conv2d_1/kernel 3x3x4x6");
    rig_shows(rig, 80, 19, "filter 6 of 6: norm ");
    rig_shows(rig, 80, 19, " of 4");
    rig_keys(rig, "f");
    rig_shows(rig, 80, 19, "unit 1: ");
    rig_keys(rig, "f v");
    for (int w = 1; w < 130; w += 7)
        for (int h = 1; h < 30; h += 3) {
            text = rig_text(rig, w, h);
            free(text);
        }
    rig_close(rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health_on_80_columns),
        cmocka_unit_test(test_one_line_where_it_is_wide),
        cmocka_unit_test(test_long_reasons),
        cmocka_unit_test(test_plain_formulas),
        cmocka_unit_test(test_change_is_from_the_start),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_matrix),
        cmocka_unit_test(test_heat_colours),
        cmocka_unit_test(test_histograms),
        cmocka_unit_test(test_no_step_yet),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_nothing_yet),
        cmocka_unit_test(test_explain_and_json),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_bindings),
        cmocka_unit_test(test_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
