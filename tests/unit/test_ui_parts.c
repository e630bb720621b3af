/* The toolkit's parts by themselves: text, figures, rectangles, ticks, smoothing, keys, tables, forms,
 * themes. */
#include "unit/ui_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const UiLook MONO = {UI_BRAILLE, UI_MONO, false};

static void check_row(int w, const char *want, void (*write)(UiGrid *grid, UiRect area)) {
    UiGrid *grid = ui_grid_create(w, 1, MONO);
    write(grid, ui_grid_rect(grid));
    char *text = ui_grid_string(grid);
    assert_string_equal(text, want);
    free(text);
    ui_grid_free(grid);
}

static void write_long(UiGrid *grid, UiRect area) {
    assert_int_equal(ui_text(grid, area, 2, 0, UI_TEXT, "sepal length"), 12);
}

static void write_wide(UiGrid *grid, UiRect area) {
    ui_text(grid, area, 0, 0, UI_TEXT, "ab神经网");
}

static void write_broken(UiGrid *grid, UiRect area) {
    ui_text(grid, area, 0, 0, UI_TEXT, "a\x80\xC3z\x1B[1m\te\xCC\x81.");
}

static void write_over_wide(UiGrid *grid, UiRect area) {
    ui_text(grid, area, 0, 0, UI_TEXT, "神经");
    ui_text_in(grid, area, 1, 0, 1, UI_TEXT, "x");
}

static void write_right(UiGrid *grid, UiRect area) {
    ui_print_right(grid, area, 8, 0, UI_TEXT, "%.3f", 1.5);
    ui_text_in(grid, area, 9, 0, 4, UI_TEXT, "verdict");
}

static void text_is_cut_and_never_wraps(void **state) {
    (void)state;
    check_row(10, "  sepal l…\n", write_long);
    check_row(14, "  sepal length\n", write_long);
    check_row(6, "ab神…\n", write_wide);
    check_row(8, "ab神经网\n", write_wide);
    check_row(20, "a\xEF\xBF\xBD\xEF\xBF\xBDz?[1m e.\n", write_broken);
    check_row(4, " x经\n", write_over_wide);
    check_row(14, "   1.500 ver…\n", write_right);
}

static void figures_keep_their_width(void **state) {
    static const struct {
        double value;
        int width, digits;
        const char *want;
    } row[] = {{0.21314, 6, 4, "0.2131"},   {2.31, 4, 3, "2.31"},   {0.9999, 4, 3, "1.00"},
               {12.345, 5, 4, "12.35"},     {1e-5, 6, 3, "1.0e-5"}, {123456, 6, 4, "123456"},
               {1234567, 6, 3, "1.23e6"},   {-0.5, 5, 3, "-0.500"}, {NAN, 6, 3, "–"},
               {INFINITY, 6, 3, "inf"},     {0, 5, 4, "0.000"},     {1e300, 2, 3, "##"},
               {-1.5e-12, 7, 2, "-1.5e-12"}};
    char text[UI_NUMBER];
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        ui_number(text, row[i].value, row[i].width, row[i].digits);
        assert_true(ui_text_width(text) <= row[i].width);
        if ((int)strlen(row[i].want) <= row[i].width || row[i].want[0] == '\xE2')
            assert_string_equal(text, row[i].want);
    }
    for (double v = 1e-30; v < 1e30; v *= -3.7)
        for (int width = 1; width < 12; width++)
            assert_true(ui_text_width(ui_number(text, v, width, 5)) <= width);
    assert_string_equal(ui_count(text, 412345), "412k");
    assert_string_equal(ui_count(text, 80), "80");
    assert_string_equal(ui_count(text, 1234567), "1.2M");
    assert_string_equal(ui_count(text, 999999), "1.0M");
    assert_string_equal(ui_count(text, 175e9), "175G");
}

static void ends_of_a_range_have_the_same_digits(void **state) {
    static const struct {
        double a, b;
        const char *low, *high;
    } row[] = {{-3e-3, 0.0035, "-0.0030", "0.0035"},
               {-1, 1, "-1.0", "1.0"},
               {-0.91, 0.872, "-0.91", "0.87"},
               {-1e-7, 9.04e-7, "-1.0e-7", "9.0e-7"},
               {0, 0, "0.0", "0.0"},
               {-2e-9, 4, "0.0", "4.0"},
               {0, 2.5e12, "0", "2.5e12"},
               {-120, 3, "-120", "3"},
               {NAN, 1, "–", "1.0"}};
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char low[UI_NUMBER], high[UI_NUMBER];
        ui_number_ends(low, high, row[i].a, row[i].b);
        assert_string_equal(low, row[i].low);
        assert_string_equal(high, row[i].high);
    }
}

/* In few colours the selected row is a reversed bar: what is written on it must not be blocks of its own. */
static void a_selected_row_is_one_bar(void **state) {
    (void)state;
    for (int depth = UI_MONO; depth <= UI_16; depth++) {
        UiGrid *grid = ui_grid_create(12, 2, (UiLook){UI_BRAILLE, (UiDepth)depth, false});
        ui_fill(grid, ui_rect(0, 0, 12, 1), UI_FOCUS);
        ui_text(grid, ui_grid_rect(grid), 0, 0, UI_GOOD, "healthy");
        ui_text(grid, ui_grid_rect(grid), 8, 0, UI_DIM, "dim");
        ui_text(grid, ui_grid_rect(grid), 0, 1, UI_GOOD, "healthy");
        ui_tint(grid, ui_rect(0, 1, 12, 1), UI_FOCUS);
        for (int i = 0; i < 24; i++) {
            assert_int_equal(grid->cell[i].style.flags, UI_REVERSE);
            assert_int_equal(grid->cell[i].style.fg, ui_style(&grid->look, UI_FOCUS).fg);
        }
        ui_grid_free(grid);
    }
}

static void rectangles_are_cut_and_shared(void **state) {
    UiRect rest = {2, 3, 10, 5}, part[3];
    (void)state;
    UiRect top = ui_cut_top(&rest, 2), right = ui_cut_right(&rest, 4), none = ui_cut_bottom(&rest, 99);
    assert_true(top.y == 3 && top.h == 2 && top.w == 10);
    assert_true(right.x == 8 && right.w == 4 && right.y == 5 && right.h == 3);
    assert_true(none.h == 3 && rest.h == 0 && rest.w == 6);
    ui_split_columns((UiRect){0, 0, 11, 1}, 3, (int[]){1, 2, 1}, 1, part);
    assert_true(part[0].x == 0 && part[0].w == 2 && part[1].x == 3 && part[1].w == 4 && part[2].x == 8 &&
                part[2].w == 3);
    ui_split_rows((UiRect){0, 0, 1, 1}, 3, NULL, 1, part);
    assert_true(part[0].h + part[1].h + part[2].h <= 1);
}

static void ticks_are_nice_and_line_up(void **state) {
    char text[UI_NUMBER];
    (void)state;
    UiTicks t = ui_ticks(0.02, 1.18, 4, false);
    assert_int_equal(t.count, 2);
    assert_string_equal(ui_tick_text(&t, t.tick[0], text), "0.5");
    assert_string_equal(ui_tick_text(&t, t.tick[1], text), "1.0");
    t = ui_ticks(0, 52000, 6, false);
    assert_string_equal(ui_tick_text(&t, t.tick[1], text), "10k");
    assert_string_equal(ui_tick_text(&t, 0, text), "0");
    t = ui_ticks(0, 5e38, 6, false);
    assert_string_equal(ui_tick_text(&t, -0.0, text), "0");
    t = ui_ticks(1e-6, 1, 3, true);
    assert_true(t.count >= 2 && t.count <= 3);
    for (int i = 0; i < t.count; i++)
        assert_true(fabs(log10(t.tick[i]) - round(log10(t.tick[i]))) < 1e-9);
    for (double low = -1e9; low < 9; low = low * 0.7 + 3)
        for (double size = 1e-9; size < 1e12; size *= 17) {
            t = ui_ticks(low, low + size, 7, false);
            assert_true(t.count <= 7);
            double slack = size * 1e-6 + fabs(low) * 1e-14;
            for (int i = 0; i < t.count; i++)
                assert_true(t.tick[i] >= low - slack && t.tick[i] <= low + size + slack);
        }
}

static void smoothing_is_debiased(void **state) {
    (void)state;
    UiSmooth s = ui_smooth(0.6);
    double x[] = {1, 3, 2, NAN, 5}, sum = 0, power = 1;
    for (int i = 0; i < 5; i++) {
        double shown = ui_smooth_next(&s, x[i]);
        if (isnan(x[i])) {
            assert_true(isnan(shown));
            continue;
        }
        sum = 0.6 * sum + 0.4 * x[i], power *= 0.6;
        assert_true(fabs(shown - sum / (1 - power)) < 1e-12);
    }
    s = ui_smooth(0.9);
    assert_true(ui_smooth_next(&s, 7) == 7.0 ||
                fabs(ui_smooth_next(&s, 7) - 7) < 1e-12); /* the first is itself */
}

static void a_plot_maps_columns_to_values_and_back(void **state) {
    UiPoint point[101];
    for (int i = 0; i <= 100; i++)
        point[i] = (UiPoint){i, i, i, i};
    UiSeries series = {.name = "a", .ink = UI_TRAINING, .point = point, .count = 101};
    UiPlot plot = {.series = &series, .count = 1, .x_name = "step"};
    (void)state;
    UiGrid *grid = ui_grid_create(80, 20, MONO);
    for (int turn = 0; turn < 2; turn++) {
        UiPlotView view = ui_plot_view(grid, ui_grid_rect(grid), &plot);
        for (int x = view.inner.x; x < view.inner.x + view.inner.w; x++)
            assert_int_equal(ui_plot_column(&view, ui_plot_x_at(&view, x)), x);
        assert_int_equal(ui_plot_column(&view, view.x0), view.inner.x);
        assert_int_equal(ui_plot_column(&view, view.x1), view.inner.x + view.inner.w - 1);
        plot.log_x = true;
    }
    assert_true(ui_series_near(&series, 41.4)->x == 41 && ui_series_near(&series, 1e9)->x == 100 &&
                ui_series_near(&series, -5)->x == 0);
    plot.log_x = false, plot.x0 = 20, plot.x1 = 30; /* y is fitted to what is visible */
    UiPlotView view = ui_plot_view(grid, ui_grid_rect(grid), &plot);
    assert_true(view.y0 > 19 && view.y1 < 31);
    for (int i = 0; i <= 100; i++)
        point[i].y = point[i].low = point[i].high = -1;
    plot.log_y = true;
    view = ui_plot_draw(grid, ui_grid_rect(grid), &plot);
    assert_true(!view.log_y && view.note != NULL);
    ui_grid_free(grid);
}

static int dots_in_column(const UiGrid *grid, int x) {
    int dots = 0;
    for (int y = 0; y < grid->h; y++) {
        uint32_t c = ui_grid_at(grid, x, y)->ch;
        if (c > 0x2800 && c < 0x2900) dots += __builtin_popcount(c & 0xFF);
    }
    return dots;
}

static void no_spike_is_lost(void **state) {
    static UiPoint point[100000];
    for (int i = 0; i < 100000; i++)
        point[i] = (UiPoint){i, 0.1, 0.1, 0.1};
    point[54321].y = point[54321].low = point[54321].high = 1;
    UiSeries series = {.name = "a", .ink = UI_TRAINING, .point = point, .count = 100000};
    UiPlot plot = {.series = &series, .count = 1, .bare = true};
    (void)state;
    UiGrid *grid = ui_grid_create(60, 10, MONO);
    UiPlotView view = ui_plot_draw(grid, ui_grid_rect(grid), &plot);
    int x = ui_plot_column(&view, 54321);
    assert_true(dots_in_column(grid, x) > 30 && dots_in_column(grid, x - 2) == 2);
    ui_grid_clear(grid);
    plot.ignore_outliers = true; /* fitted to the rest, and the spike reaches the edge */
    view = ui_plot_draw(grid, ui_grid_rect(grid), &plot);
    assert_true(view.y1 < 0.2 && dots_in_column(grid, x) > 10);
    ui_grid_free(grid);
}

static void plots_bear_any_numbers(void **state) {
    static const double odd[] = {0, -0.0, NAN, INFINITY, -INFINITY, 1e308, -1e308, 5e-324, 1, 1 + 1e-15};
    enum { N = sizeof odd / sizeof *odd };
    (void)state;
    UiGrid *grid = ui_grid_create(50, 12, MONO);
    for (int i = 0; i < N * N * N; i++) {
        double a = odd[i % N], b = odd[i / N % N], c = odd[i / N / N];
        UiPoint point[] = {{0, a, c, b}, {1, b, a, c}, {2, c, c, c}, {c, a, b, b}};
        UiSeries series = {
            .name = "a", .ink = UI_TRAINING, .point = point, .count = 4, .smooth = i % 2 ? 0.5 : 0};
        for (int mode = 0; mode < 8; mode++) {
            UiPlot plot = {.title = "t",
                           .series = &series,
                           .count = 1,
                           .log_x = mode & 1,
                           .log_y = mode & 2,
                           .ignore_outliers = mode & 4,
                           .x0 = a,
                           .x1 = b,
                           .y0 = b,
                           .y1 = c,
                           .has_cursor = true,
                           .cursor = c};
            ui_plot_draw(grid, ui_grid_rect(grid), &plot);
        }
    }
    ui_grid_free(grid);
}

static void keys_have_names_both_ways(void **state) {
    static const char *const name[] = {"ctrl-r",   "space",        "pgdn", "+",   "-", "shift-tab",
                                       "alt-left", "ctrl-alt-del", "é",    "f12", "?"};
    char text[UI_KEY_NAME];
    (void)state;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        assert_string_equal(ui_key_name(ui_key_parse(name[i]), text), name[i]);
    for (UiKey k = UI_KEY_NAMED + 1; k < UI_KEY_END_OF_NAMES; k++)
        assert_int_equal(ui_key_parse(ui_key_name(k, text)), k);
    assert_int_equal(ui_key_parse("nonsense"), 0);
    assert_int_equal(ui_key_parse(""), 0);
}

static void hints_fit_can_be_clicked_and_faults_are_found(void **state) {
    UiHints hints;
    (void)state;
    UiGrid *grid = ui_grid_create(40, 3, MONO);
    ui_hints_draw(grid, ui_grid_rect(grid), 2, HINTS, MORE, &hints);
    char *text = ui_grid_string(grid);
    assert_string_equal(text, "\n\nspace play   s step   + - rate   u undo\n");
    free(text);
    assert_int_equal(ui_hints_at(&hints, 7, 2), ' ');
    assert_int_equal(ui_hints_at(&hints, 22, 2), '+');
    assert_int_equal(ui_hints_at(&hints, 24, 2), '-');
    assert_int_equal(ui_hints_at(&hints, 28, 2), '-');
    assert_int_equal(ui_hints_at(&hints, 11, 2), 0);
    assert_int_equal(ui_hints_at(&hints, 7, 1), 0);
    ui_grid_free(grid);
    assert_int_equal(ui_keymap_fault(HINTS), -1);
    UiBinding twice[] = {
        {'a', "x", NULL, "h"}, {'b', "y", NULL, "h"}, {'a', "z", NULL, "h"}, {0, NULL, NULL, NULL}};
    assert_int_equal(ui_keymap_fault(twice), 2);
    twice[1].help = "";
    assert_int_equal(ui_keymap_fault(twice), 1);
}

static void tables_move_scroll_and_sort(void **state) {
    UiTable table = {.column = COLUMNS, .columns = 5, .rows = 50, .cell = table_cell};
    UiTableState s = {.sort_column = -1};
    (void)state;
    UiGrid *grid = ui_grid_create(80, 11, MONO);
    ui_table_draw(grid, ui_grid_rect(grid), &table, &s, true);
    assert_true(ui_table_key(&table, &s, UI_KEY_END) && s.selected == 49 && s.top == 40);
    assert_true(ui_table_key(&table, &s, UI_KEY_PGUP) && s.selected == 40);
    assert_true(ui_table_key(&table, &s, UI_KEY_UP) && s.selected == 39 && s.top == 39);
    assert_true(ui_table_key(&table, &s, UI_KEY_HOME) && s.selected == 0 && s.top == 0);
    assert_true(ui_table_key(&table, &s, UI_KEY_UP) && s.selected == 0);
    assert_false(ui_table_key(&table, &s, UI_KEY_ENTER));
    assert_true(ui_table_mouse(&table, &s, &(UiEvent){.kind = UI_EVENT_MOUSE, .x = 5, .y = 4}) &&
                s.selected == 3);
    int x = s.x[1];
    assert_true(ui_table_mouse(&table, &s, &(UiEvent){.kind = UI_EVENT_MOUSE, .x = x, .y = 0}) &&
                s.sort_column == 1);
    assert_true(ui_table_mouse(&table, &s, &(UiEvent){.kind = UI_EVENT_MOUSE, .x = x, .y = 0}) &&
                s.descending);
    table.rows = 0;
    table.empty = "no layers yet: a adds one";
    ui_grid_clear(grid);
    ui_table_draw(grid, ui_grid_rect(grid), &table, &s, true);
    assert_true(s.selected == 0 && s.top == 0);
    char *text = ui_grid_string(grid);
    assert_non_null(strstr(text, "a adds one"));
    free(text);
    ui_grid_free(grid);
}

static void type_into(UiForm *form, const char *letters) {
    for (; *letters; letters++)
        assert_int_not_equal(ui_form_key(form, (UiKey)*letters), UI_FORM_IGNORED);
}

/* What is typed into a form never reaches the program's keys, and letters choose as one would expect. */
static void forms_keep_what_is_typed(void **state) {
    static const char *const losses[] = {"sparse", "mean_squared", "mean_absolute", "binary", NULL};
    static const UiField fields[] = {{"loss", UI_FIELD_CHOICE, "sparse", "", "", losses},
                                     {"activation", UI_FIELD_TEXT, "binary", "", "", losses},
                                     {"bias", UI_FIELD_SWITCH, "yes", "", "", NULL},
                                     {"go", UI_FIELD_BUTTON, "", "", "", NULL}};
    (void)state;
    UiForm *form = ui_form_create("LOSS", fields, 4, NULL, NULL);
    ui_form_set_focus(form, 0);
    type_into(form, "mean_abs"); /* q, n, s are keys of the program */
    assert_string_equal(ui_form_value(form, 0), "mean_absolute");
    type_into(form, "qnr?:");
    assert_string_equal(ui_form_value(form, 0), "mean_absolute");
    ui_form_key(form, UI_KEY_TAB);
    type_into(form, "sparse"); /* another choice takes the place of the one that is there */
    assert_string_equal(ui_form_value(form, 1), "sparse");
    type_into(form, ":2");
    assert_string_equal(ui_form_value(form, 1), "sparse:2");
    ui_form_key(form, UI_KEY_TAB);
    type_into(form, "qx");
    assert_string_equal(ui_form_value(form, 2), "yes");
    ui_form_key(form, UI_KEY_TAB);
    type_into(form, "q");
    ui_form_key(form, UI_KEY_TAB);
    type_into(form, "m"); /* the next with this letter, and the next again */
    assert_string_equal(ui_form_value(form, 0), "mean_squared");
    type_into(form, "m");
    assert_string_equal(ui_form_value(form, 0), "mean_absolute");
    ui_form_free(form);
}

/* A default of 1 and the keys 16 are 16; whoever moves or erases first goes on with what is there. */
static void what_is_typed_first_replaces(void **state) {
    static const UiField fields[] = {{"scale", UI_FIELD_TEXT, "1", "", "", NULL},
                                     {"metrics", UI_FIELD_TEXT, "", "", "", NULL}};
    (void)state;
    UiForm *form = ui_form_create("PREPARE", fields, 2, NULL, NULL);
    type_into(form, "16");
    assert_string_equal(ui_form_value(form, 0), "16");
    ui_form_set(form, 1, "accuracy");
    ui_form_key(form, UI_KEY_TAB);
    type_into(form, ",mae");
    assert_string_equal(ui_form_value(form, 1), "accuracy,mae");
    ui_form_key(form, UI_KEY_TAB);
    ui_form_key(form, UI_KEY_END);
    type_into(form, "0");
    assert_string_equal(ui_form_value(form, 0), "160");
    ui_form_key(form, UI_KEY_TAB);
    type_into(form, "mse");
    assert_string_equal(ui_form_value(form, 1), "mse");
    ui_form_free(form);
}

static void forms_edit_check_and_accept(void **state) {
    char message[100];
    (void)state;
    UiForm *form = ui_form_create("ADD", FIELDS, 6, form_check, NULL);
    assert_int_equal(ui_form_focus(form), 1); /* a note cannot be entered */
    assert_int_equal(ui_form_key(form, UI_KEY_BACKSPACE), UI_FORM_CHANGED);
    assert_int_equal(ui_form_key(form, UI_KEY_BACKSPACE), UI_FORM_CHANGED);
    assert_int_equal(ui_form_key(form, UI_KEY_BACKSPACE), UI_FORM_USED);
    assert_int_equal(ui_form_fault(form, message, sizeof message), 1);
    assert_string_equal(message, "units is '', wanted 1 to 1e9");
    ui_form_key(form, UI_KEY_DOWN);
    assert_int_equal(ui_form_key(form, UI_KEY_ENTER), UI_FORM_USED); /* the focus goes to the fault */
    assert_int_equal(ui_form_focus(form), 1);
    ui_form_key(form, '3'), ui_form_key(form, 0xE9), ui_form_key(form, '2');
    ui_form_key(form, UI_KEY_LEFT), ui_form_key(form, UI_KEY_BACKSPACE);
    assert_string_equal(ui_form_value(form, 1), "32");
    assert_true(ui_form_changed(form, 1));
    ui_form_key(form, UI_KEY_TAB);
    assert_int_equal(ui_form_key(form, 't'), UI_FORM_CHANGED);
    assert_string_equal(ui_form_value(form, 2), "tanh");
    ui_form_key(form, UI_KEY_RIGHT);
    assert_string_equal(ui_form_value(form, 2), "linear");
    ui_form_key(form, UI_KEY_TAB), ui_form_key(form, ' ');
    assert_string_equal(ui_form_value(form, 3), "no");
    ui_form_key(form, UI_KEY_TAB | UI_SHIFT), ui_form_key(form, UI_KEY_TAB | UI_SHIFT);
    ui_form_key(form, UI_KEY_TAB | UI_SHIFT);
    assert_int_equal(ui_form_focus(form), 5); /* around, over the note */
    assert_int_equal(ui_form_key(form, UI_KEY_ENTER), UI_FORM_ACCEPT);
    assert_int_equal(ui_form_key(form, UI_KEY_ESCAPE), UI_FORM_CANCEL);
    UiGrid *grid = ui_grid_create(40, 3, MONO); /* the focus is in sight, whatever the size */
    ui_form_draw(grid, ui_grid_rect(grid), form, true);
    char *text = ui_grid_string(grid);
    assert_non_null(strstr(text, "[ Add ]"));
    free(text);
    ui_grid_free(grid);
    ui_form_free(form);
}

static void every_row_of_every_table_is_complete(void **state) {
    (void)state;
    for (int i = 0; i < UI_ROLE_COUNT; i++)
        assert_true(ui_role_name((UiRole)i)[0] && ui_role_help((UiRole)i)[0]);
    for (int i = 0; i < UI_GLYPH_COUNT; i++) {
        uint32_t c = ui_glyph(UI_BRAILLE, (UiGlyph)i);
        assert_true(ui_glyph_help((UiGlyph)i)[0] && ui_codepoint_width(c) == 1);
        assert_true(ui_glyph(UI_ASCII, (UiGlyph)i) > ' ' && ui_glyph(UI_ASCII, (UiGlyph)i) < 0x7F);
    }
    for (int a = 0; a < UI_CLASSES; a++) /* classes are told apart by glyph and by colour */
        for (int b = a + 1; b < UI_CLASSES; b++) {
            UiLook look = {UI_BRAILLE, UI_256, false};
            assert_true(ui_glyph_class(UI_BRAILLE, a) != ui_glyph_class(UI_BRAILLE, b));
            assert_true(ui_glyph_class(UI_ASCII, a) != ui_glyph_class(UI_ASCII, b));
            assert_true(ui_style(&look, ui_class_ink(a)).fg != ui_style(&look, ui_class_ink(b)).fg);
        }
}

static void mono_has_no_colour_and_roles_that_matter_an_attribute(void **state) {
    UiLook look = {UI_BRAILLE, UI_MONO, false};
    (void)state;
    for (int i = 0; i < UI_ROLE_COUNT; i++) {
        UiStyle s = ui_style(&look, i);
        assert_true(s.fg == UI_DEFAULT && s.bg == UI_DEFAULT);
    }
    assert_true(ui_style(&look, UI_FOCUS).flags & UI_REVERSE);
    assert_true(ui_style(&look, UI_BAD).flags & UI_BOLD);
    for (int depth = UI_8; depth <= UI_16; depth++) {
        look.depth = (UiDepth)depth;
        for (int i = 0; i < UI_ROLE_COUNT; i++)
            assert_true(ui_style(&look, i).fg < (depth == UI_8 ? 8 : 16));
        assert_true(ui_style(&look, UI_FOCUS).flags & UI_REVERSE);
    }
    look.depth = UI_256;
    assert_true(ui_ramp(&look, UI_RAMP_SIGNED, 0) != ui_ramp(&look, UI_RAMP_SIGNED, 1));
    assert_true(ui_ramp(&look, UI_RAMP_SIZE, NAN) == UI_DEFAULT);
    look.depth = UI_RGB;
    assert_true(ui_ramp(&look, UI_RAMP_SIZE, 5) == (UI_TRUE | 0xFEE838));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cut_and_never_wraps),
        cmocka_unit_test(figures_keep_their_width),
        cmocka_unit_test(ends_of_a_range_have_the_same_digits),
        cmocka_unit_test(a_selected_row_is_one_bar),
        cmocka_unit_test(rectangles_are_cut_and_shared),
        cmocka_unit_test(ticks_are_nice_and_line_up),
        cmocka_unit_test(smoothing_is_debiased),
        cmocka_unit_test(a_plot_maps_columns_to_values_and_back),
        cmocka_unit_test(no_spike_is_lost),
        cmocka_unit_test(plots_bear_any_numbers),
        cmocka_unit_test(keys_have_names_both_ways),
        cmocka_unit_test(hints_fit_can_be_clicked_and_faults_are_found),
        cmocka_unit_test(tables_move_scroll_and_sort),
        cmocka_unit_test(forms_keep_what_is_typed),
        cmocka_unit_test(forms_edit_check_and_accept),
        cmocka_unit_test(what_is_typed_first_replaces),
        cmocka_unit_test(every_row_of_every_table_is_complete),
        cmocka_unit_test(mono_has_no_colour_and_roles_that_matter_an_attribute)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
