/* What the toolkit draws, compared with pictures that were looked at by a person:
 * tests/unit/pictures/NAME.txt. After a change that is meant, PICTURES=write writes them anew, for looking at
 * and committing. */
#include "unit/ui_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { PICTURE = 1 << 16 };

static void append(char *out, const char *text) {
    strncat(out, text, PICTURE - strlen(out) - 1);
}

static void draw(char *out, int scene, UiLadder ladder, int w, int h) {
    static const char *const rung[] = {"ascii", "block", "braille"};
    char title[80];
    UiGrid *grid = ui_grid_create(w, h, (UiLook){ladder, UI_MONO, false});
    assert_non_null(grid);
    SCENES[scene].draw(grid, ui_grid_rect(grid));
    char *text = ui_grid_string(grid);
    snprintf(title, sizeof title, "-- %s %s %dx%d\n", SCENES[scene].name, rung[ladder], w, h);
    append(out, title);
    append(out, text);
    free(text);
    ui_grid_free(grid);
}

static void pictures_are_as_they_were(void **state) {
    static char got[PICTURE], want[PICTURE];
    (void)state;
    for (int i = 0; i < SCENE_COUNT; i++) {
        char path[100];
        if (SCENES[i].w == 0) continue;
        got[0] = '\0';
        for (int ladder = UI_BRAILLE; ladder >= UI_ASCII; ladder--)
            draw(got, i, (UiLadder)ladder, SCENES[i].w, SCENES[i].h);
        draw(got, i, UI_BRAILLE, 40, 10);
        draw(got, i, UI_BRAILLE, 20, 4);
        snprintf(path, sizeof path, "tests/unit/pictures/%s.txt", SCENES[i].name);
        bool writing = getenv("PICTURES") != NULL;
        FILE *file = fopen(path, writing ? "w" : "r");
        assert_non_null(file);
        if (writing)
            fputs(got, file);
        else
            want[fread(want, 1, PICTURE - 1, file)] = '\0';
        fclose(file);
        if (!writing && strcmp(got, want) != 0) fail_msg("%s\nis now\n%s", path, got);
    }
}

/* Every scene in every size from 1x1 to 200x60, on every rung and depth, inside a frame of marks that must
 * survive. */
static void no_size_is_refused_and_nothing_is_written_outside(void **state) {
    static const int widths[] = {0, 1, 2, 3, 5, 7, 8, 13, 16, 20, 23, 24, 31, 40, 64, 80, 133, 200};
    static const int heights[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 17, 24, 60};
    (void)state;
    UiGrid *grid = ui_grid_create(204, 64, (UiLook){UI_BRAILLE, UI_256, false});
    for (int scene = 0; scene < SCENE_COUNT; scene++)
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
            for (size_t j = 0; j < sizeof heights / sizeof *heights; j++) {
                static const UiDepth depth[] = {UI_MONO, UI_8, UI_16, UI_256, UI_RGB};
                int w = widths[i], h = heights[j], turn = (int)(i + j);
                grid->look = (UiLook){(UiLadder)(turn % 3), depth[turn % 5], turn % 2};
                ui_grid_clear(grid);
                for (int k = 0; k < grid->w * grid->h; k++)
                    grid->cell[k].ch = '@';
                SCENES[scene].draw(grid, ui_rect(2, 2, w, h));
                for (int y = 0; y < grid->h; y++)
                    for (int x = 0; x < grid->w; x++)
                        if (!ui_rect_has(ui_rect(2, 2, w, h), x, y) && ui_grid_at(grid, x, y)->ch != '@')
                            fail_msg("%s %dx%d wrote at %d,%d", SCENES[scene].name, w, h, x - 2, y - 2);
            }
    ui_grid_free(grid);
    for (int scene = 0; scene < SCENE_COUNT; scene++) /* areas larger than the grid, and beside it */
        for (int x = -30; x <= 30; x += 10) {
            grid = ui_grid_create(20, 6, (UiLook){UI_BRAILLE, UI_256, false});
            SCENES[scene].draw(grid, (UiRect){x, x / 4, 40, 12});
            SCENES[scene].draw(grid, (UiRect){x, x / 4, -3, -2});
            ui_grid_free(grid);
        }
}

static void ascii_is_ascii(void **state) {
    (void)state;
    for (int i = 0; i < SCENE_COUNT; i++) {
        UiGrid *grid = ui_grid_create(80, 24, (UiLook){UI_ASCII, UI_256, false});
        SCENES[i].draw(grid, ui_grid_rect(grid));
        for (int k = 0; k < 80 * 24; k++)
            assert_true(grid->cell[k].ch >= ' ' && grid->cell[k].ch < 0x7F);
        ui_grid_free(grid);
    }
}

static void heat_maps_have_colours_and_places(void **state) {
    float v[4] = {-1, 0, 0, 1};
    UiHeat heat = {.value = v, .rows = 2, .columns = 2, .row_step = 2, .column_step = 1};
    int row, column;
    (void)state;
    UiGrid *grid = ui_grid_create(2, 1, (UiLook){UI_BLOCK, UI_256, false});
    UiHeatView view = ui_heat_draw(grid, ui_grid_rect(grid), &heat);
    assert_int_equal(grid->cell[0].ch, 0x2580);
    assert_int_equal(grid->cell[0].style.fg, ui_ramp(&grid->look, UI_RAMP_SIGNED, 0));
    assert_int_equal(grid->cell[0].style.bg, ui_ramp(&grid->look, UI_RAMP_SIGNED, 0.5));
    assert_int_equal(grid->cell[1].style.bg, ui_ramp(&grid->look, UI_RAMP_SIGNED, 1));
    assert_true(ui_heat_at(&view, 1, 0, &row, &column) && row == 0 && column == 1);
    assert_false(ui_heat_at(&view, 2, 0, &row, &column));
    ui_grid_free(grid);
    float large[64] = {0}; /* reduced: the greatest magnitude survives */
    large[9] = -5;
    heat = (UiHeat){.value = large, .rows = 8, .columns = 8, .row_step = 8, .column_step = 1};
    grid = ui_grid_create(2, 1, (UiLook){UI_BLOCK, UI_256, false});
    view = ui_heat_draw(grid, ui_grid_rect(grid), &heat);
    assert_true(view.reduced && view.low == -5 && view.high == 5);
    assert_int_equal(grid->cell[0].style.fg, ui_ramp(&grid->look, UI_RAMP_SIGNED, 0));
    ui_grid_free(grid);
}

/* Without colours no character stands for both signs, in no size of a place, and the bar has the same ones.
 */
static void signs_have_characters_of_their_own(void **state) {
    static const UiLadder ladders[] = {UI_ASCII, UI_BLOCK, UI_BRAILLE};
    float v[8] = {-1, -0.75f, -0.5f, -0.25f, 0.25f, 0.5f, 0.75f, 1};
    UiHeat heat = {.value = v, .rows = 1, .columns = 8, .row_step = 8, .column_step = 1};
    (void)state;
    for (int i = 0; i < 3; i++)
        for (int w = 8; w <= 24; w += 8)
            for (int depth = UI_MONO; depth <= UI_16; depth++) {
                UiGrid *grid = ui_grid_create(40, 2, (UiLook){ladders[i], (UiDepth)depth, false});
                ui_heat_draw(grid, ui_rect(0, 0, w, 1), &heat);
                ui_ramp_bar(grid, ui_rect(0, 1, 40, 1), 0, 0, 40, UI_RAMP_SIGNED, -1, 1);
                for (int a = 0; a < 4; a++)
                    for (int b = 4; b < 8; b++)
                        assert_int_not_equal(ui_grid_at(grid, a * w / 8, 0)->ch,
                                             ui_grid_at(grid, b * w / 8, 0)->ch);
                for (int a = 0; a < 8; a++) {
                    bool found = false;
                    for (int x = 5; x < 36; x++)
                        found = found || ui_grid_at(grid, x, 1)->ch == ui_grid_at(grid, a * w / 8, 0)->ch;
                    assert_true(found);
                }
                ui_grid_free(grid);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pictures_are_as_they_were),
                                       cmocka_unit_test(no_size_is_refused_and_nothing_is_written_outside),
                                       cmocka_unit_test(ascii_is_ascii),
                                       cmocka_unit_test(signs_have_characters_of_their_own),
                                       cmocka_unit_test(heat_maps_have_colours_and_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
