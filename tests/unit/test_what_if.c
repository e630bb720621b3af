/* An example made by hand: cells and values by words, steps, strokes, and the way back. */
#include "what_if.h"

#include "views_rig.h"

static const char table[] =
    "size,island,weight,kind\n"
    "1.5,a,3000,x\n2.5,b,4000,y\n0.5,c,2000,x\n4.5,a,3500,y\n2.0,b,5000,x\n1.0,c,2500,y\n";

typedef struct Example {
    Session *session;
    const StDataset *dataset;
    Gaze gaze;
    WhatIf what;
    StError error;
    char path[64];
} Example;

static Example *open_lines(const char *lines) {
    Example *e = calloc(1, sizeof *e);
    assert_non_null(e);
    SessionPlan plan = {.place = PLACE_SCRIPT, .threads = 1, .wake_fd = -1};
    e->session = session_create(&plan, &e->error);
    assert_non_null(e->session);
    if (!session_run_text(e->session, lines, NULL, &e->error)) fail_msg("%s", e->error.message);
    e->dataset = session_dataset(e->session, &e->error);
    if (!e->dataset) fail_msg("%s", e->error.message);
    e->gaze = gaze_nothing;
    assert_true(what_if_take(&e->what, &e->gaze, e->dataset, &e->error));
    return e;
}

static Example *open_table(void) {
    char lines[160], path[64] = "/tmp/strata-what-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *out = fdopen(fd, "w");
    fputs(table, out);
    fclose(out);
    snprintf(lines, sizeof lines, "data csv %s\nprepare standardize\n", path);
    Example *e = open_lines(lines);
    snprintf(e->path, sizeof e->path, "%s", path);
    return e;
}

static void close_example(Example *e) {
    what_if_free(&e->what);
    gaze_make(&e->gaze, NULL, 0);
    session_destroy(e->session);
    if (*e->path) remove(e->path);
    free(e);
}

static int64_t cell(Example *e, const char *word) {
    int count;
    e->error = (StError){0};
    return what_if_cell(e->dataset, word, &count, &e->error);
}

static void says(const Example *e, const char *words) {
    if (!strstr(e->error.message, words)) fail_msg("'%s', wanted '%s'", e->error.message, words);
}

static void cells_and_values_by_words(void **state) {
    (void)state;
    Example *e = open_table();
    float value;
    char text[48];
    assert_int_equal(cell(e, "island"), 1);
    assert_int_equal(cell(e, "3"), 2);
    assert_int_equal(cell(e, "wieght"), -1);
    says(e, "did you mean 'weight'");
    assert_int_equal(cell(e, "9"), -1);
    assert_int_equal(cell(e, "1,2"), -1);
    says(e, "wanted a column");
    assert_true(what_if_value(e->dataset, 1, "c", &value, &e->error));
    assert_true(value == 2);
    assert_string_equal(what_if_text(e->dataset, 1, value, text), "c");
    assert_false(what_if_value(e->dataset, 1, "aa", &value, &e->error));
    says(e, "island");
    assert_false(what_if_value(e->dataset, 0, "tall", &value, &e->error));
    says(e, "wanted a number for size");
    assert_false(what_if_value(e->dataset, 0, "1e60", &value, &e->error));
    assert_true(what_if_value(e->dataset, 0, "-3.25", &value, &e->error));
    assert_true(value == -3.25f);
    close_example(e);
}

static void steps_stay_within_what_was_seen(void **state) {
    (void)state;
    Example *e = open_table();
    assert_true(fabsf(what_if_step(e->dataset, 0, 1.5f, 1) - 1.7f) < 1e-6f); /* 0.5 … 4.5 in twentieths */
    assert_true(what_if_step(e->dataset, 0, 4.4f, 1) == 4.5f);
    assert_true(what_if_step(e->dataset, 0, 0.5f, -1) == 0.5f);
    assert_true(what_if_step(e->dataset, 0, 9, 1) == 9); /* typed beyond: no step draws it back */
    assert_true(what_if_step(e->dataset, 1, 0, 1) == 1);
    assert_true(what_if_step(e->dataset, 1, 2, 1) == 2);
    assert_true(what_if_step(e->dataset, 1, 0, -1) == 0);
    close_example(e);
}

/* What is put is what the network would take of such a row; undo, and the row itself, are the way back. */
static void put_and_undone(void **state) {
    (void)state;
    Example *e = open_table();
    float wanted[8];
    assert_false(what_if_changed(&e->what, 0));
    what_if_remember(&e->what);
    e->what.raw[0] = 4.5f, e->what.raw[1] = 2;
    assert_true(what_if_put(&e->what, &e->gaze, &e->error));
    const float raw[3] = {4.5f, 2, 3000};
    st_dataset_prepare(e->dataset, raw, wanted);
    assert_int_equal(e->gaze.inputs, 5);
    assert_memory_equal(e->gaze.input, wanted, 5 * sizeof *wanted);
    assert_true(what_if_take(&e->what, &e->gaze, e->dataset, &e->error));
    assert_true(what_if_changed(&e->what, 0) && what_if_changed(&e->what, 1) &&
                !what_if_changed(&e->what, 2));
    assert_true(what_if_undo(&e->what, &e->gaze, &e->error));
    assert_true(e->what.raw[0] == 1.5f && e->what.raw[1] == 0);
    assert_false(what_if_undo(&e->what, &e->gaze, &e->error));
    e->gaze.row = 3;
    assert_true(gaze_make(&e->gaze, NULL, 0));
    assert_true(what_if_take(&e->what, &e->gaze, e->dataset, &e->error));
    assert_true(e->what.raw[0] == 4.5f && e->what.raw[2] == 3500);
    e->gaze.row = 60;
    assert_false(what_if_take(&e->what, &e->gaze, e->dataset, &e->error));
    close_example(e);
}

/* An example that another hand made comes back as far as its inputs say. */
static void made_elsewhere(void **state) {
    (void)state;
    Example *e = open_table();
    const float raw[3] = {2.0f, 1, 5000};
    float x[5];
    st_dataset_prepare(e->dataset, raw, x);
    assert_true(gaze_make(&e->gaze, x, 5));
    assert_true(what_if_take(&e->what, &e->gaze, e->dataset, &e->error));
    for (int i = 0; i < 3; i++)
        assert_true(fabsf(e->what.raw[i] - raw[i]) <= 1e-6f * fabsf(raw[i]));
    close_example(e);
}

static void pixels(void **state) {
    (void)state;
    Example *e = open_lines("data csv samples/data/digits.csv.gz target=digit task=classification\n"
                            "split train=0.8 test=0.2\nprepare scale=16\n");
    Canvas canvas;
    assert_true(canvas_of(e->dataset, &canvas));
    assert_true(canvas.height == 8 && canvas.width == 8 && canvas.channels == 1);
    assert_true(canvas.blank == 0 && canvas.ink == 16);
    assert_int_equal(cell(e, "3,5"), 29);
    assert_int_equal(cell(e, "p35"), 29);
    assert_int_equal(cell(e, "8,0"), -1);
    says(e, "wanted");
    close_example(e);
}

/* A stroke is full along its middle, lighter at its edge, and the same from either end. */
static void strokes(void **state) {
    (void)state;
    Canvas canvas = {.height = 28, .width = 28, .channels = 1, .blank = 0, .ink = 255};
    float one[28 * 28] = {0}, other[28 * 28] = {0};
    canvas_stroke(&canvas, one, 5, 10, 20, 10, false);
    canvas_stroke(&canvas, other, 20, 10, 5, 10, false);
    assert_memory_equal(one, other, sizeof one);
    for (int r = 5; r <= 20; r++) {
        assert_true(one[r * 28 + 10] == 255);
        assert_true(one[r * 28 + 9] > 50 && one[r * 28 + 9] < 255);
        assert_true(one[r * 28 + 11] == one[r * 28 + 9]);
        assert_true(one[r * 28 + 8] == 0 && one[r * 28 + 12] == 0);
    }
    canvas_stroke(&canvas, one, 12, 10, 12, 10, true);
    assert_true(one[12 * 28 + 10] == 0 && one[5 * 28 + 10] == 255);
    canvas_clear(&canvas, one);
    for (int i = 0; i < 28 * 28; i++)
        assert_true(one[i] == 0);
    Canvas colour = {.height = 8, .width = 8, .channels = 3, .blank = -1, .ink = 1};
    float rgb[8 * 8 * 3];
    canvas_clear(&colour, rgb);
    canvas_stroke(&colour, rgb, 3, 4, 3, 4, false);
    for (int i = 0; i < 8 * 8; i++)
        for (int k = 0; k < 3; k++)
            assert_true(rgb[i * 3 + k] == (i == 3 * 8 + 4 ? 1 : -1));
    canvas_stroke(&colour, rgb, -5, -5, -5, 30, false); /* beside the picture: nothing */
    assert_true(rgb[0] == -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_and_values_by_words),
        cmocka_unit_test(steps_stay_within_what_was_seen),
        cmocka_unit_test(put_and_undone),
        cmocka_unit_test(made_elsewhere),
        cmocka_unit_test(pixels),
        cmocka_unit_test(strokes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
