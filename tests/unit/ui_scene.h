/* Scenes for the toolkit's tests: each draws one thing from fixed numbers onto a grid, for pictures and for
 * fuzzing. */
#ifndef UI_SCENE_H
#define UI_SCENE_H

#include "chart.h"
#include "form.h"
#include "keymap.h"
#include "log.h"
#include "plot.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*Scene)(UiGrid *grid, UiRect area);

// X
static void scene_plot(UiGrid *grid, UiRect area) {
    static UiPoint train[400], val[20], last[20];
    for (int i = 0; i < 400; i++) {
        double x = i / 20.0, y = 1.2 * exp(-x / 4) + 0.1 + 0.04 * sin(i * 1.7);
        train[i] = (UiPoint){x, y, y, y};
    }
    train[240].high = 1.1; /* a spike of one step */
    train[320].y = NAN;
    for (int i = 0; i < 20; i++) {
        double a = 1.1 * exp(-(i + 1) / 5.0) + 0.2, b = 1.1 * exp(-(i + 1) / 8.0) + 0.3;
        val[i] = (UiPoint){i + 1, a, a, a}, last[i] = (UiPoint){i + 1, b, b, b};
    }
    UiSeries series[] = {{"train", UI_TRAINING, UI_SOLID, train, 400, 0, false},
                         {"val", UI_VALIDATION, UI_DASHED, val, 20, 0, false},
                         {"last", UI_LAST, UI_DOTTED, last, 20, 0, false}};
    UiPlot plot = {.title = "LOSS", .x_name = "epoch", .series = series, .count = 3};
    ui_plot_draw(grid, area, &plot);
}

static void scene_plot_everything(UiGrid *grid, UiRect area) {
    static UiPoint point[100];
    for (int i = 0; i < 100; i++) {
        double y = i % 17 == 3 ? INFINITY : i % 5 ? pow(10, -i / 20.0) : -1;
        point[i] = (UiPoint){i, y, y / 2, i == 50 ? 1e6 : y};
    }
    UiSeries series[] = {{"raw", UI_TRAINING, UI_SOLID, point, 100, 0.9, true},
                         {"none", UI_LAST, UI_DOTTED, NULL, 0, 0, false}};
    UiPlot plot = {.title = "RATE",
                   .x_name = "step",
                   .series = series,
                   .count = 2,
                   .log_x = true,
                   .log_y = true,
                   .ignore_outliers = true,
                   .has_cursor = true,
                   .cursor = 30,
                   .selected = true};
    ui_plot_draw(grid, area, &plot);
}

static void scene_small(UiGrid *grid, UiRect area) {
    static const float v[] = {1, 2, 3, NAN, 4, 6, 5, 9};
    ui_sparkline(grid, area, 0, 0, 10, UI_TRAINING, v, 8, 0, 0);
    ui_bar(grid, area, 12, 0, 10, UI_GOOD, 0.53);
    ui_dot_strip(grid, area, 0, 1, 15, UI_GOOD, 1.3e-3, -5, 0, -4, -2);
    ui_dot_strip(grid, area, 17, 1, 15, UI_BAD, 3, -5, 0, -4, -2);
    ui_ramp_bar(grid, area, 0, 2, 20, UI_RAMP_SIGNED, -1, 1);
    ui_rule(grid, area, 3, "WEIGHTS");
    ui_print_right(grid, area, area.w, 4, UI_DIM, "σ₁ %.2f → 3", 1.42);
}

static void scene_histogram(UiGrid *grid, UiRect area) {
    static const double count[] = {1, 0, 4, 9, 16, 20, 22, 15, 12, 7, 3, 1};
    ui_histogram(grid, area, UI_TRAINING, count, 12, -0.91, 0.87);
}

static void scene_heat(UiGrid *grid, UiRect area) {
    static float v[6 * 10];
    for (int i = 0; i < 60; i++)
        v[i] = (float)sin(i * 0.7) * (float)(i % 10) / 9;
    UiHeat heat = {.value = v,
                   .rows = 6,
                   .columns = 10,
                   .row_step = 10,
                   .column_step = 1,
                   .has_cursor = true,
                   .cursor_row = 2,
                   .cursor_column = 5};
    ui_heat_draw(grid, area, &heat);
}

static void scene_map(UiGrid *grid, UiRect area) {
    static float value[16 * 16];
    static unsigned char klass[16 * 16];
    for (int i = 0; i < 256; i++)
        value[i] = 0.8f, klass[i] = (unsigned char)((i % 16 > 7) + 2 * (i / 16 > 7)) % 3;
    UiDot dot[] = {
        {-0.5, 0.5, 0, 0, false}, {0.5, 0.5, 1, 0, false}, {-0.5, -0.5, 2, 0, true}, {9, 9, 1, 0, false}};
    UiMap map = {.x0 = -1,
                 .x1 = 1,
                 .y0 = -1,
                 .y1 = 1,
                 .columns = 16,
                 .rows = 16,
                 .value = value,
                 .klass = klass,
                 .dot = dot,
                 .dots = 4};
    ui_map_draw(grid, area, &map);
}

static void table_cell(void *context, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    static const char *const name[] = {"2 dense", "4 dense", "6 dense", "7 dense softmax"};
    (void)context;
    if (column == 0) snprintf(text, UI_CELL_TEXT, "%s", name[row % 4]);
    if (column == 1) ui_number(text, row == 2 ? NAN : 2.31 * (row + 1), 6, 3);
    if (column == 2) snprintf(text, UI_CELL_TEXT, "%d%%", 3 * row);
    if (column == 3 && row == 1) *ink = UI_WARN;
    if (column == 3) snprintf(text, UI_CELL_TEXT, row == 1 ? "fast: 1%% a step" : "healthy");
}

static bool table_draw(void *context, UiGrid *grid, UiRect cell, int row, int column) {
    (void)context;
    if (column != 4) return false;
    ui_dot_strip(grid, cell, 0, 0, cell.w, UI_GOOD, 1e-3 * (row + 1), -5, 0, -4, -2);
    return true;
}

static const UiColumn COLUMNS[] = {{"layer", 9, false, true, 0},
                                   {"norm", 6, true, false, 1},
                                   {"dead", 5, true, false, 3},
                                   {"verdict", 16, false, false, 2},
                                   {"step/weight", 13, false, false, 4}};

static void scene_table(UiGrid *grid, UiRect area) {
    UiTable table = {.column = COLUMNS, .columns = 5, .rows = 4, .cell = table_cell, .draw = table_draw};
    UiTableState state = {.selected = 1, .sort_column = 1, .descending = true};
    ui_table_draw(grid, area, &table, &state, true);
}

static const char *const ACTIVATIONS[] = {"linear", "relu", "tanh", NULL};
static const UiField FIELDS[] = {
    {"layer", UI_FIELD_NOTE, NULL, NULL, NULL, NULL},
    {"units", UI_FIELD_TEXT, "64", "1 to 1e9", "How many numbers the layer gives for each row", NULL},
    {"activation", UI_FIELD_CHOICE, "linear", "", "What is applied to each sum before it is passed on",
     ACTIVATIONS},
    {"use_bias", UI_FIELD_SWITCH, "yes", "yes or no", "Whether a constant is added", NULL},
    {"name", UI_FIELD_TEXT, "", "a word", "How the layer is called in files and readings", NULL},
    {"Add", UI_FIELD_BUTTON, NULL, NULL, "Adds the layer under the selected one", NULL}};

static bool form_check(void *context, int field, const char *text, char *message, size_t size) {
    (void)context;
    if (field != 1 || atoi(text) > 0) return true;
    snprintf(message, size, "units is '%s', wanted 1 to 1e9", text);
    return false;
}

static void scene_form(UiGrid *grid, UiRect area) {
    UiForm *form = ui_form_create("ADD DENSE", FIELDS, 6, form_check, NULL);
    if (form == NULL) return;
    ui_form_set(form, 1, "64x");
    ui_form_set(form, 2, "relu");
    ui_form_key(form, UI_KEY_HOME);
    ui_form_key(form, '-');
    ui_form_draw(grid, area, form, true);
    ui_form_free(form);
}

static const UiBinding HINTS[] = {{' ', "play", "play", "starts or pauses"},
                                  {'s', "step", "step", "one batch"},
                                  {'+', "rate up", "rate", "a higher learning rate"},
                                  {'-', "rate down", "rate", "a lower learning rate"},
                                  {'r' | UI_CTRL, "reset", NULL, "from the start"},
                                  {UI_KEY_ENTER, "open", "inspect", "opens what is selected"},
                                  {0, NULL, NULL, NULL}};

static const UiBinding MORE[] = {{'s', "stack", "stack", "shadowed by step"},
                                 {'u', "undo", "undo", "takes the last edit back"},
                                 {'q', "quit", "quit", "ends the program"},
                                 {0, NULL, NULL, NULL}};

static void scene_hints(UiGrid *grid, UiRect area) {
    UiHints hints;
    ui_hints_draw(grid, area, 0, HINTS, MORE, &hints);
}

static void scene_log(UiGrid *grid, UiRect area) {
    static UiLog log;
    if (log.count == 0)
        for (int i = 0; i < 5; i++)
            ui_log_add(&log, UI_TEXT, "a line that somebody wrote to standard error");
    ui_log_draw(grid, area, &log, 1);
}

static void scene_text(UiGrid *grid, UiRect area) {
    ui_fill(grid, area, UI_TEXT);
    ui_text(grid, area, 0, 0, UI_TITLE, "神经网络 is wide");
    ui_paragraph(grid, ui_inset(area, 1, 1), UI_TEXT, 0,
                 "A paragraph is broken at blanks,\nor where it says so: loooooooooooooong.");
    ui_print_center(grid, area, area.h - 1, UI_DIM, "centre");
}

/* A scene with the size of its picture; no picture where it holds the time of day. */
static const struct {
    const char *name;
    Scene draw;
    int w, h;
} SCENES[] = {{"plot", scene_plot, 60, 12},  {"plot-log", scene_plot_everything, 60, 12},
              {"small", scene_small, 34, 5}, {"histogram", scene_histogram, 24, 5},
              {"heat", scene_heat, 24, 7},   {"map", scene_map, 24, 8},
              {"table", scene_table, 70, 6}, {"form", scene_form, 70, 9},
              {"hints", scene_hints, 70, 1}, {"text", scene_text, 30, 6},
              {"log", scene_log, 0, 0}};
enum { SCENE_COUNT = sizeof SCENES / sizeof *SCENES };

#endif
