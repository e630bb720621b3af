/* The data view: its words and figures, the picture of a 2-D set, forms and empty states. */
#include "unit/views_rig.h"

#include <unistd.h>

extern const View view_data;

static const char iris[] = "seed 3\n"
                           "data csv data/iris.csv\n"
                           "split train=0.8 validation=0.1 test=0.1\n"
                           "prepare standardize\n";
static const char circle[] =
    "seed 2\n"
    "data synthetic circle samples=200 noise=0.1\n"
    "split train=0.7 test=0.3\n"
    "dense 6 tanh\n"
    "dense 2 softmax\n"
    "compile optimizer=adam loss=sparse_categorical_crossentropy learning_rate=0.05\n"
    "fit epochs=100\n";

/* A recipe whose file stands in samples. */
static Rig *open_iris(void) {
    Rig *rig = rig_open(&view_data, "");
    StError error = {0};
    if (!session_run_text(rig->session, iris, "samples/test.strata", &error)) fail_msg("%s", error.message);
    return rig;
}

static void test_table(void **unused) {
    (void)unused;
    Rig *rig = open_iris();
    rig_shows(rig, 80, 19, "150 rows · 4 → 3 classes");
    rig_shows(rig, 80, 19, "train 120  validation 15  test 15");
    rig_shows(rig, 80, 19, "split train=0.8 validation=0.1 test=0.1 · prepare standardize · seed 3");
    rig_shows(rig, 80, 19, "● setosa     █████    50  ▲ versicolor █████    50");
    rig_shows(rig, 80, 19, "number       0   4.30   7.90   5.84  0.825   0.00   1.00");
    rig_shows(rig, 80, 19, "3 classes");
    rig_shows(rig, 40, 8, "train 120");
    rig_keys(rig, "v");
    rig_shows(rig, 80, 19, "line  part");
    rig_shows(rig, 80, 19, "2  train           5.1");
    rig_keys(rig, "G");
    rig_shows(rig, 80, 19, "test");
    rig_keys(rig, "right esc");
    rig_shows(rig, 100, 40, "── rows ──"); /* both, where there is room */
    rig_close(rig);
}

static void test_ascii(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_data, circle);
    UiGrid *grid = rig_draw(rig, 80, 19, (UiLook){UI_ASCII, UI_MONO, false});
    char *text = ui_grid_string(grid);
    for (char *c = text; *c; c++)
        assert_true((*c >= ' ' && *c <= '~') || *c == '\n');
    free(text);
    ui_grid_free(grid);
    rig_close(rig);
}

/* The cells of the picture at one column, whose grounds say what the network answers there. */
static uint64_t picture_hash(Rig *rig) {
    UiGrid *grid = rig_draw(rig, 80, 19, rig_look);
    uint64_t hash = 1469598103934665603u;
    for (int y = 6; y < 18; y++)
        for (int x = 2; x < 28; x++) {
            const UiCell *cell = ui_grid_at(grid, x, y);
            hash = (hash ^ (uint64_t)(uint32_t)cell->style.bg) * 1099511628211u;
        }
    ui_grid_free(grid);
    return hash;
}

static void test_picture_moves_as_it_trains(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_data, circle);
    rig_shows(rig, 80, 19, "no output yet: space trains");
    rig_train(rig, 1);
    rig_look_again(rig);
    rig_shows(rig, 80, 19, "output at step 1");
    uint64_t before = picture_hash(rig);
    for (int i = 0; i < 60; i++) {
        st_trainer_one_step(session_run(rig->session)->trainer);
        st_trainer_wait(session_run(rig->session)->trainer);
    }
    rig_look_again(rig);
    rig_shows(rig, 80, 19, "output at step 61");
    uint64_t after = picture_hash(rig);
    assert_true(before != after);
    rig_keys(rig, "d");
    rig_shows(rig, 80, 19, "output at step 61, decided");
    assert_true(picture_hash(rig) != after);
    rig_close(rig);
}

/* Decided, the middle of the circle is of one class and its rim of the other. */
static void test_picture_is_right(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_data, circle);
    rig_train(rig, 600);
    rig_keys(rig, "d");
    rig_look_again(rig);
    UiGrid *grid = rig_draw(rig, 80, 19, rig_look);
    UiColor inside = ui_class_ground(&rig_look, 1, 1), outside = ui_class_ground(&rig_look, 0, 1);
    int in = 0, out = 0;
    for (int x = 14; x < 18; x++)
        in += ui_grid_at(grid, x, 11)->style.bg == inside;
    for (int y = 5; y < 19; y++)
        out += ui_grid_at(grid, 1, y)->style.bg == outside || ui_grid_at(grid, 1, y)->style.fg == outside;
    assert_true(in >= 3);
    assert_true(out >= 10);
    ui_grid_free(grid);
    rig_close(rig);
}

static void test_points_of_the_test_part(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_data, circle);
    rig_shows(rig, 80, 19, "train 140  test 60");
    char *with = rig_text(rig, 80, 19);
    rig_keys(rig, "t");
    char *without = rig_text(rig, 80, 19);
    assert_string_not_equal(with, without);
    free(with);
    free(without);
    rig_close(rig);
}

/* Other data than the run's: the run's output is not drawn behind the new points. */
static void test_edited_data(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_data, circle);
    rig_train(rig, 1);
    rig_look_again(rig);
    rig_shows(rig, 80, 19, "output at step 1");
    rig_keys(rig, "N");
    rig_shows(rig, 80, 19, ": data synthetic circle samples=200 noise=0.1");
    rig_keys(rig, "end backspace 3");
    rig_shows(rig, 80, 19, "data changes: takes effect at the next start");
    rig_keys(rig, "enter");
    assert_string_equal(rig->line, "data synthetic circle samples=200 noise=0.3");
    rig_shows(rig, 80, 19, "data changed: space keeps the weights of unchanged layers");
    char *text = rig_text(rig, 80, 19);
    assert_null(strstr(text, "output at step"));
    free(text);
    rig_close(rig);
}

static void test_regression_picture(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_data, "data synthetic plane samples=100\ndense 4 tanh\ndense 1\n"
                                    "compile optimizer=sgd loss=mean_squared_error\nfit epochs=5\n");
    rig_train(rig, 2);
    rig_look_again(rig);
    rig_shows(rig, 80, 19, "output at step 2");
    rig_shows(rig, 80, 19, "→ a number");
    rig_all_sizes(rig, 60, 20);
    rig_close(rig);
}

static void test_nothing_and_mistakes(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_data, "");
    rig_shows(rig, 80, 19, "No data yet. D chooses where the rows come from");
    rig_keys(rig, "v t d j");
    rig_close(rig);
    rig = rig_open(&view_data, "data csv nowhere/none.csv\n");
    rig_shows(rig, 80, 19, "none.csv");
    rig_shows(rig, 80, 19, "D changes where the rows come from.");
    rig_close(rig);
}

static void test_explain_and_json(void **unused) {
    (void)unused;
    Rig *rig = open_iris();
    free(rig_text(rig, 80, 19));
    StText text = {0};
    rig->view->explain(&rig->context, &text);
    assert_non_null(strstr(st_text_string(&text), "from 4.3 to 7.9, mean 5.8433"));
    assert_non_null(strstr(st_text_string(&text), "As the network sees it: mean"));
    st_text_clear(&text);
    rig->view->json(&rig->context, &text);
    assert_int_equal(st_text_string(&text)[0], '{');
    st_text_free(&text);
    rig_close(rig);
}

/* Where a figure stands on the screen: the first cell of a text; false: nowhere. */
static bool find(const UiGrid *grid, const char *word, int *x, int *y) {
    for (*y = 0; *y < grid->h; (*y)++)
        for (*x = 0; *x + (int)strlen(word) <= grid->w; (*x)++) {
            int i = 0;
            while (word[i] && ui_grid_at(grid, *x + i, *y)->ch == (uint32_t)word[i])
                i++;
            if (!word[i]) return true;
        }
    return false;
}

/* The columns and rows from the first to the last dot of the picture, left of column `w`. */
static void dots(const UiGrid *grid, int w, int *across, int *down, int *left) {
    int x0 = w, x1 = -1, y0 = grid->h, y1 = -1;
    for (int y = 4; y < grid->h; y++)
        for (int x = 0; x < w; x++) {
            uint32_t c = ui_grid_at(grid, x, y)->ch;
            if (c != 0x25CF && c != 0x25B2) continue;
            x0 = x < x0 ? x : x0, x1 = x > x1 ? x : x1, y0 = y < y0 ? y : y0, y1 = y > y1 ? y : y1;
        }
    *across = x1 - x0 + 1, *down = y1 - y0 + 1, *left = x0;
}

/* Whatever form is open, the picture keeps its place and its proportions, and the heading stays. */
static void test_forms_beside_the_picture(void **unused) {
    (void)unused;
    Rig *rig = rig_open(&view_data, circle);
    static const char *const keys[] = {"D", "N", "X", "S", "P", "E"};
    static const struct { int w, h, picture; } sizes[] = {{80, 19, 32}, {120, 35, 62}, {200, 55, 102}};
    for (int i = 0; i < 3; i++) {
        int w = sizes[i].w, h = sizes[i].h, half = sizes[i].picture, across, down, left;
        UiGrid *grid = rig_draw(rig, w, h, rig_look);
        dots(grid, half, &across, &down, &left);
        ui_grid_free(grid);
        assert_in_range(across, down * 2 - 6, down * 2 + 6);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            int across_now, down_now, left_now, x, y;
            rig_keys(rig, keys[k]);
            grid = rig_draw(rig, w, h, rig_look);
            dots(grid, half, &across_now, &down_now, &left_now);
            assert_int_equal(across_now, across);
            assert_int_equal(down_now, down);
            assert_int_equal(left_now, left);
            assert_true(find(grid, "DATA synthetic circle", &x, &y) && y == 0 && x == 1);
            ui_grid_free(grid);
            rig_keys(rig, "esc");
        }
    }
    rig_shows(rig, 40, 8, " train 140  test 60"); /* a small one has its words beside it */
    rig_shows(rig, 40, 8, "no output yet: space");
    rig_shows(rig, 40, 8, "▲ 1");
    rig_close(rig);
}

/* Figures are rounded to their place, never cut, and nothing is less than nothing. */
static void test_figures(void **unused) {
    (void)unused;
    char path[] = "/tmp/strata-figures-XXXXXX.csv", line[96];
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    static const char rows[] = "a,b,c,t\n0.70345678,-0.00088123,-0,x\n-1.06512345,0.00088123,0.5,y\n"
                               "1.5,0.00012345,1,x\n";
    assert_int_equal(write(fd, rows, strlen(rows)), (ssize_t)strlen(rows));
    close(fd);
    Rig *rig = rig_open(&view_data, "");
    snprintf(line, sizeof line, "data csv %s", path);
    assert_true(rig_run(rig, line));
    char *text = rig_text(rig, 80, 30);
    assert_null(strstr(text, "-0 "));
    rig_shows(rig, 80, 30, "  -9e-4   9e-4 "); /* as many digits with a sign as without */
    free(text);
    rig_keys(rig, "v");
    text = rig_text(rig, 80, 19);
    const char *table = strstr(text, "line");
    assert_non_null(table);
    assert_null(strstr(table, "…"));
    assert_null(strstr(table, "-0 "));
    assert_non_null(strstr(table, "0.70346"));
    assert_non_null(strstr(table, "-1.0651"));
    free(text);
    unlink(path);
    rig_close(rig);
}

static void test_every_size(void **unused) {
    (void)unused;
    Rig *rig = open_iris();
    rig_all_sizes(rig, 120, 50);
    rig_keys(rig, "v");
    rig_all_sizes(rig, 120, 50);
    rig_keys(rig, "D");
    rig_all_sizes(rig, 120, 50);
    rig_close(rig);
    rig = rig_open(&view_data, circle);
    rig_train(rig, 1);
    rig_look_again(rig);
    rig_all_sizes(rig, 120, 50);
    rig_keys(rig, "S");
    rig_all_sizes(rig, 120, 50);
    rig_close(rig);
    rig = rig_open(&view_data, "");
    rig_all_sizes(rig, 60, 20);
    rig_close(rig);
}

static void test_bindings(void **unused) {
    (void)unused;
    assert_int_equal(ui_keymap_fault(view_data.bindings), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_picture_moves_as_it_trains),
        cmocka_unit_test(test_picture_is_right),
        cmocka_unit_test(test_points_of_the_test_part),
        cmocka_unit_test(test_edited_data),
        cmocka_unit_test(test_regression_picture),
        cmocka_unit_test(test_nothing_and_mistakes),
        cmocka_unit_test(test_explain_and_json),
        cmocka_unit_test(test_forms_beside_the_picture),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_bindings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
