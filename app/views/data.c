/* Data: what the rows hold, how they are shared out and prepared, and for sets of two columns the picture of
 * the points with the network's output behind them. */
#include "forms.h"
#include "view.h"
#include "views/parts.h"
#include "views/plane.h"

#include "chart.h"
#include "table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLE_ROWS = 2048,
    SAMPLE_VALUES = 1 << 21,
    SMALL_W = 50, /* with less, or SMALL_H rows, the picture of a plane is what it is about */
    SMALL_H = 8,
    BESIDE_W = 64, /* from which on a form stands beside the picture */
    FIGURE_W = 6,
    NAMES_W = 40
};

/* One prepared input over the training part. */
typedef struct After {
    double mean, sd, min, max;
    int column; /* the raw column of the same name, or -1: derived, or one of several that a column became */
} After;

typedef struct State {
    UiTableState columns, rows;
    bool by_rows, hide_test, discrete;
    int first; /* the first column shown in the table of rows */
    Form *form;
    Plane plane;
    /* What preparation made of the training part; of this dataset. */
    const StDataset *dataset;
    uint64_t revision;
    After *after; /* [inputs] */
    int inputs;
    int64_t sampled;
    int name_w; /* of the longest name */
    int *line;  /* rows of the table of columns: a column, or -1 - an input without a column */
    int lines;
} State;

/* ---- what is shown --------------------------------------------------------------------------------------
 */

static void forget(State *state) {
    free(state->after);
    free(state->line);
    state->after = NULL;
    state->line = NULL;
    state->inputs = state->lines = 0;
    state->dataset = NULL;
}

static void measure(State *state, const StDataset *dataset, float *x, int64_t rows, int64_t size) {
    int inputs = state->inputs;
    st_dataset_gather_x(dataset, ST_TRAIN, NULL, 0, rows, x);
    for (int k = 0; k < inputs; k++) {
        double sum = 0, squares = 0, low = INFINITY, high = -INFINITY;
        int64_t count = rows * size / inputs;
        for (int64_t i = k; i < rows * size; i += inputs) {
            double v = (double)x[i];
            sum += v;
            low = fmin(low, v);
            high = fmax(high, v);
        }
        double mean = count ? sum / (double)count : NAN;
        for (int64_t i = k; i < rows * size; i += inputs)
            squares += ((double)x[i] - mean) * ((double)x[i] - mean);
        state->after[k] = (After){mean, count ? sqrt(squares / (double)count) : NAN, count ? low : NAN,
                                  count ? high : NAN, -1};
    }
}

/* The rows of the table of columns: every column, then inputs that are no column of the same name. */
static void list_lines(State *state, const StDataset *dataset) {
    int columns = st_dataset_columns(dataset);
    for (int i = 0; i < columns; i++) {
        const StColumnInfo *column = st_dataset_column(dataset, i);
        state->line[state->lines++] = i;
        for (int k = 0; k < state->inputs && !column->target; k++)
            if (state->after[k].column < 0 && strcmp(st_dataset_input_name(dataset, k), column->name) == 0)
                state->after[k].column = i;
    }
    for (int k = 0; k < state->inputs; k++)
        if (state->after[k].column < 0) state->line[state->lines++] = -1 - k;
    state->name_w = 0;
    for (int i = 0; i < state->lines; i++) {
        int at = state->line[i];
        int w = ui_text_width(at < 0 ? st_dataset_input_name(dataset, -1 - at)
                                     : st_dataset_column(dataset, at)->name);
        if (w > state->name_w) state->name_w = w;
    }
}

/* Looks at the data once for every change of it; a sample of the training part is enough for the means. */
static void study(State *state, const StDataset *dataset, uint64_t revision) {
    if (state->dataset == dataset && state->revision == revision) return;
    forget(state);
    StShape shape = st_dataset_x_shape(dataset);
    int64_t size = st_shape_size(&shape), rows = st_dataset_rows(dataset, ST_TRAIN);
    int inputs = st_dataset_inputs(dataset), columns = st_dataset_columns(dataset);
    if (rows > SAMPLE_ROWS) rows = SAMPLE_ROWS;
    if (size > 0 && rows > SAMPLE_VALUES / size) rows = SAMPLE_VALUES / size;
    state->after = calloc((size_t)inputs + 1, sizeof *state->after);
    state->line = calloc((size_t)inputs + (size_t)columns + 1, sizeof *state->line);
    float *x = malloc(sizeof *x * (size_t)(rows * size + 1));
    if (state->after && state->line && x) {
        state->inputs = inputs;
        state->sampled = rows;
        measure(state, dataset, x, rows, size);
        list_lines(state, dataset);
        state->dataset = dataset;
        state->revision = revision;
    }
    free(x);
}

static const StDataset *present(ViewContext *context, StError *error) {
    State *state = context->state;
    const StDataset *dataset = session_dataset(context->session, error);
    if (!dataset) {
        forget(state);
        return NULL;
    }
    uint64_t revision = session_revision(context->session);
    study(state, dataset, revision);
    if (st_dataset_is_plane(dataset)) plane_points(&state->plane, dataset, revision);
    return dataset;
}

/* The look is of the run's data: while the recipe's differs, its map would lie behind other points. */
static const StLook *look_of(const ViewContext *context) {
    const SessionRun *run = session_run(context->session);
    if (run && !recipe_equal(run->recipe, session_recipe(context->session), RECIPE_DATA)) return NULL;
    return context->look;
}

/* ---- the table of columns -------------------------------------------------------------------------------
 */

enum { NAME, KIND, MISSING, MIN, MAX, MEAN, SD, A_MEAN, A_SD, A_MIN, A_MAX, COLUMNS };

static const UiColumn columns[COLUMNS] = {
    [NAME] = {"column", 12, false, true, 0}, [KIND] = {"type", 9, false, false, 2},
    [MISSING] = {"miss", 4, true, false, 7}, [MIN] = {"min", 6, true, false, 1},
    [MAX] = {"max", 6, true, false, 1},      [MEAN] = {"mean", 6, true, false, 3},
    [SD] = {"sd", 6, true, false, 4},        [A_MEAN] = {"→ mean", 6, true, false, 5},
    [A_SD] = {"→ sd", 6, true, false, 6},    [A_MIN] = {"→ min", 6, true, false, 8},
    [A_MAX] = {"→ max", 6, true, false, 8},
};

typedef struct Shown {
    const StDataset *dataset;
    State *state;
} Shown;

/* A figure of at most `digits` digits in `width` columns. size: of the values that it belongs to; what is
 * next to nothing beside them is 0, and a power of ten has as many digits with a sign as without. */
static void number(char text[UI_CELL_TEXT], double value, double size, int width, int digits) {
    char buffer[UI_NUMBER];
    if (fabs(value) < 1e-5 * size) value = 0;
    if (fabs(value) >= 0.5 && fabs(value - round(value)) < 1e-5 * fmax(1, fabs(value)))
        value = round(value); /* 1, not 1.0000 */
    ui_number(buffer, value == 0 ? 0 : value, width, digits);
    if (value > 0 && strchr(buffer, 'e')) ui_number(buffer, value, width - 1, digits);
    snprintf(text, UI_CELL_TEXT, "%s", buffer);
}

static void after_cell(const After *after, int column, char text[UI_CELL_TEXT]) {
    double value = column == A_MEAN  ? after->mean
                   : column == A_SD  ? after->sd
                   : column == A_MIN ? after->min
                                     : after->max;
    if (column >= A_MEAN) number(text, value, fmax(fabs(after->min), fabs(after->max)), FIGURE_W, 3);
}

static void column_cell(const Shown *now, int i, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const StColumnInfo *info = st_dataset_column(now->dataset, i);
    if (info->target && column == KIND) *ink = UI_KEY;
    if (column == MISSING && info->missing > 0) *ink = UI_WARN;
    switch (column) {
    case NAME:
        snprintf(text, UI_CELL_TEXT, "%s", info->name);
        return;
    case KIND:
        if (info->categorical)
            snprintf(text, UI_CELL_TEXT, "%d %s", info->categories, info->target ? "classes" : "words");
        else
            snprintf(text, UI_CELL_TEXT, "%s", info->target ? "target" : "number");
        return;
    case MISSING:
        snprintf(text, UI_CELL_TEXT, "%lld", (long long)info->missing);
        return;
    case MIN:
    case MAX:
    case MEAN:
    case SD:
        if (!info->categorical)
            number(text,
                   column == MIN    ? info->min
                   : column == MAX  ? info->max
                   : column == MEAN ? info->mean
                                    : info->sd,
                   fmax(fabs(info->min), fabs(info->max)), FIGURE_W, 3);
        return;
    default:
        for (int k = 0; k < now->state->inputs; k++)
            if (now->state->after[k].column == i) after_cell(&now->state->after[k], column, text);
        return;
    }
}

static void cell(void *context, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const Shown *now = context;
    int line = now->state->line[row];
    if (column >= A_MEAN) *ink = UI_TRAINING;
    if (line >= 0) {
        column_cell(now, line, column, text, ink);
        return;
    }
    int input = -1 - line;
    if (column == NAME) snprintf(text, UI_CELL_TEXT, "%s", st_dataset_input_name(now->dataset, input));
    if (column == KIND) {
        snprintf(text, UI_CELL_TEXT, "made");
        *ink = UI_DIM;
    }
    if (column >= A_MEAN) after_cell(&now->state->after[input], column, text);
}

/* list [COLUMNS]: the columns as wide as they need be. */
static UiTable columns_table(Shown *now, UiColumn list[COLUMNS]) {
    memcpy(list, columns, sizeof columns);
    int w = now->state->name_w;
    list[NAME].width = w < columns[NAME].width ? columns[NAME].width : w > NAMES_W ? NAMES_W : w;
    list[NAME].stretch = false;
    return (UiTable){.column = list,
                     .columns = COLUMNS,
                     .rows = now->state->lines,
                     .gap = 1,
                     .context = now,
                     .cell = cell,
                     .empty = "No columns."};
}

/* ---- the table of rows ----------------------------------------------------------------------------------
 */

enum { LINE, PART, CELLS };

static StPart part_of(const StDataset *dataset, int64_t *row) {
    for (int part = 0; part < ST_PARTS; part++) {
        int64_t rows = st_dataset_rows(dataset, (StPart)part);
        if (*row < rows) return (StPart)part;
        *row -= rows;
    }
    *row = 0;
    return ST_TRAIN;
}

/* Whether rows are pictures. */
static bool is_picture(const StDataset *dataset) {
    return st_dataset_raw_shape(dataset).rank == 3 && st_dataset_raw_shape(dataset).dim[2] <= 4;
}

/* The first column that stands in the table of rows: the channels of a picture have no words. */
static int first_column(const Shown *now) {
    int first = now->state->first, count = st_dataset_columns(now->dataset);
    if (!is_picture(now->dataset)) return first;
    while (first < count - 1 && !st_dataset_column(now->dataset, first)->target)
        first++;
    return first;
}

static void row_cell(void *context, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const Shown *now = context;
    int64_t at = row;
    StPart part = part_of(now->dataset, &at);
    *ink = part == ST_TRAIN ? UI_TEXT : part == ST_VALIDATION ? UI_VALIDATION : UI_DIM;
    if (column == LINE)
        snprintf(text, UI_CELL_TEXT, "%lld", (long long)st_dataset_origin(now->dataset, part, at));
    else if (column == PART)
        snprintf(text, UI_CELL_TEXT, "%s", part == ST_VALIDATION ? "val" : st_part_name(part));
    else {
        StText word = {0};
        st_dataset_cell(now->dataset, part, at, first_column(now) + column - CELLS, &word);
        double value;
        int width = now->state->rows.w[column];
        const StColumnInfo *info = st_dataset_column(now->dataset, first_column(now) + column - CELLS);
        bool figure = info && !info->categorical && st_number(st_text_string(&word), &value);
        if (figure && value == 0)
            strcpy(text, "0"); /* not -0 */
        else if (figure && width > 0 && (int)word.length >= width)
            number(text, value, 0, width, width > 3 ? width - 2 : 1); /* rounded to the room there is */
        else
            snprintf(text, UI_CELL_TEXT, "%s", st_text_string(&word));
        st_text_free(&word);
    }
}

static UiTable rows_table(Shown *now, UiColumn column_list[UI_COLUMNS_MAX]) {
    int count = st_dataset_columns(now->dataset);
    int64_t rows = st_dataset_rows_total(now->dataset);
    column_list[LINE] = (UiColumn){"line", 6, true, false, 1};
    column_list[PART] = (UiColumn){"part", 5, false, false, 1};
    int shown = CELLS, most = now->state->rows.body.w >= 120 ? 20 : 12;
    for (int i = first_column(now); i < count && shown < UI_COLUMNS_MAX; i++) {
        const StColumnInfo *column = st_dataset_column(now->dataset, i);
        int w = ui_text_width(column->name), priority = column->target ? 2 : i - now->state->first + 3;
        column_list[shown++] = (UiColumn){column->name,
                                          w < 7      ? 7
                                          : w > most ? most
                                                     : w,
                                          true, false, priority};
    }
    return (UiTable){.column = column_list,
                     .columns = shown,
                     .rows = (int)(rows > 1000000 ? 1000000 : rows),
                     .context = now,
                     .cell = row_cell,
                     .empty = "No rows."};
}

/* The selected row as a picture. */
static void draw_picture(UiGrid *grid, UiRect area, Shown *now) {
    StShape shape = st_dataset_raw_shape(now->dataset);
    int64_t row = now->state->rows.selected, size = st_shape_size(&shape);
    StPart part = part_of(now->dataset, &row);
    float *raw = malloc(sizeof *raw * (size_t)(size > 0 ? size : 1));
    if (!raw || row >= st_dataset_rows(now->dataset, part)) {
        free(raw);
        return;
    }
    st_dataset_raw(now->dataset, part, row, raw);
    UiHeat heat = {.value = raw,
                   .rows = (int)shape.dim[0],
                   .columns = (int)shape.dim[1],
                   .row_step = (ptrdiff_t)(shape.dim[1] * shape.dim[2]),
                   .column_step = (ptrdiff_t)shape.dim[2],
                   .ramp = UI_RAMP_SIZE,
                   .mean = true};
    if (st_dataset_has_labels(now->dataset)) {
        int32_t label = 0;
        st_dataset_gather_labels(now->dataset, part, NULL, row, 1, &label);
        ui_print(grid, area, 0, 0, UI_TITLE, "%s",
                 label < 0 ? "-1" : st_dataset_class_name(now->dataset, label));
        ui_cut_top(&area, 1);
    }
    ui_heat_draw(grid, area, &heat);
    free(raw);
}

/* ---- head and balance -----------------------------------------------------------------------------------
 */

static void data_line(const ViewContext *context, StText *out) {
    StText text = {0};
    st_data_print(&session_recipe(context->session)->data, &text);
    const char *line = st_text_string(&text);
    st_text_format(out, "%.*s", (int)strcspn(line, "\n"), strncmp(line, "data ", 5) == 0 ? line + 5 : line);
    while (out->length > 0 && out->data[out->length - 1] == '\n')
        out->data[--out->length] = '\0';
    st_text_free(&text);
}

/* "train 120 · validation 15 · test 15", in the colours of the parts. */
static void draw_parts(UiGrid *grid, UiRect area, int y, const StDataset *dataset) {
    static const UiInk inks[ST_PARTS] = {UI_TRAINING, UI_VALIDATION, UI_TEXT};
    int x = 1;
    for (int part = 0; part < ST_PARTS; part++) {
        int64_t rows = st_dataset_rows(dataset, (StPart)part);
        if (rows == 0 && part != ST_TRAIN) continue;
        x += 2 +
             ui_print(grid, area, x, y, inks[part], "%s %lld", st_part_name((StPart)part), (long long)rows);
    }
    if (st_dataset_rows(dataset, ST_VALIDATION) + st_dataset_rows(dataset, ST_TEST) == 0)
        ui_text(grid, area, x, y, UI_DIM, "every row trains; S splits");
}

/* How the rows are treated: the recipe's own lines, with commas. */
static void treatment(const ViewContext *context, StText *out) {
    const Recipe *recipe = session_recipe(context->session);
    StText text = {0};
    st_features_print(&recipe->features, &text);
    st_split_print(&recipe->split, &text);
    st_prepare_print(&recipe->prepare, &text);
    for (const char *line = st_text_string(&text); *line;) {
        size_t length = strcspn(line, "\n");
        st_text_format(out, "%.*s · ", (int)length, line);
        line += length + (line[length] == '\n');
    }
    if (recipe->prepare.count == 0) st_text_add(out, "not prepared · ");
    st_text_format(out, "seed %llu", (unsigned long long)recipe->seed);
    st_text_free(&text);
}

static int draw_head(ViewContext *context, UiGrid *grid, UiRect area, const StDataset *dataset) {
    char a[UI_NUMBER], in[ST_SHAPE_TEXT];
    StText text = {0};
    int y = 0, x = 1 + ui_text(grid, area, 1, 0, UI_TITLE, "DATA");
    data_line(context, &text);
    StShape shape = st_dataset_x_shape(dataset);
    int64_t rows = st_dataset_rows_total(dataset);
    char what[160];
    if (st_dataset_classes(dataset) > 0)
        snprintf(what, sizeof what, "%s rows · %s → %d classes", parts_whole(a, rows),
                 st_shape_print(&shape, in), st_dataset_classes(dataset));
    else
        snprintf(what, sizeof what, "%s rows · %s → a number", parts_whole(a, rows),
                 st_shape_print(&shape, in));
    int w = ui_text_width(what);
    bool beside = x + 12 + w < area.w;
    ui_text_in(grid, area, x + 1, y, area.w - x - 2 - (beside ? w + 2 : 0), UI_TEXT, st_text_string(&text));
    if (!beside) y++;
    ui_text_in(grid, area, beside ? area.w - w - 1 : 1, y, w, UI_TEXT, what);
    y++;
    draw_parts(grid, area, y, dataset);
    st_text_clear(&text);
    treatment(context, &text);
    w = ui_text_width(st_text_string(&text));
    if (area.w >= 48 + w)
        ui_text_in(grid, area, area.w - w - 1, y, w, UI_DIM, st_text_string(&text));
    else if (area.h > 8)
        ui_text_in(grid, area, 1, ++y, area.w - 2, UI_DIM, st_text_string(&text));
    y++;
    int warnings = st_dataset_warnings(dataset);
    for (int i = 0; i < warnings && i < 3 && y < area.h / 3; i++) {
        UiRect place = ui_rect(area.x + 1, area.y + y, area.w - 2, area.h >= 18 ? 2 : 1);
        int taken = ui_paragraph(NULL, ui_rect(0, 0, place.w, 0), UI_WARN, 0, st_dataset_warning(dataset, i));
        if (taken > place.h)
            ui_text_in(grid, place, 0, 0, place.w, UI_WARN, st_dataset_warning(dataset, i));
        else
            ui_paragraph(grid, place, UI_WARN, 0, st_dataset_warning(dataset, i));
        y += taken > place.h ? 1 : taken;
    }
    st_text_clear(&text);
    if (y < area.h / 2 && session_next_text(context->session, &text))
        ui_text(grid, area, 1, y++, UI_WARN, st_text_string(&text));
    st_text_free(&text);
    return y;
}

static int64_t class_rows(const StDataset *dataset, int k) {
    int64_t count = 0;
    for (int part = 0; part < ST_PARTS; part++) {
        const int64_t *counts = st_dataset_class_counts(dataset, (StPart)part);
        if (counts) count += counts[k];
    }
    return count;
}

/* Every class with its rows in all parts, against the largest. Returns the rows taken. */
static int draw_balance(UiGrid *grid, UiRect area, const StDataset *dataset) {
    int classes = st_dataset_classes(dataset);
    if (classes < 1 || area.w < 12) return 0;
    int across = area.w / 26 < 1 ? 1 : area.w / 26, w = area.w / across;
    int down = (classes + across - 1) / across, shown = down < area.h ? down : area.h;
    int64_t most = 1;
    for (int k = 0; k < classes; k++)
        if (class_rows(dataset, k) > most) most = class_rows(dataset, k);
    for (int k = 0; k < classes && k / across < shown; k++) {
        UiRect place = ui_rect_clip(ui_rect(area.x + k % across * w, area.y + k / across, w, 1), area);
        int64_t count = class_rows(dataset, k);
        ui_put_ink(grid, place, 1, 0, ui_glyph_class(grid->look.ladder, k), ui_class_ink(k));
        ui_text_in(grid, place, 3, 0, 10, UI_TEXT, st_dataset_class_name(dataset, k));
        ui_bar(grid, place, 14, 0, w - 14 - 7, ui_class_ink(k), (double)count / (double)most);
        ui_print_right(grid, place, w - 1, 0, UI_DIM, "%lld", (long long)count);
    }
    return shown;
}

/* ---- drawing --------------------------------------------------------------------------------------------
 */

static void draw_nothing(ViewContext *context, UiGrid *grid, UiRect area, const StError *error) {
    ui_text(grid, area, 1, 0, UI_TITLE, "DATA");
    UiRect rest = ui_inset(area, 1, 0);
    ui_cut_top(&rest, area.h > 3 ? 2 : 1);
    if (session_recipe(context->session)->data.given) {
        int rows = ui_paragraph(grid, rest, UI_BAD, 0, error->message);
        ui_cut_top(&rest, rows + 1);
        ui_paragraph(grid, rest, UI_DIM, 0, "D changes where the rows come from.");
        return;
    }
    ui_paragraph(grid, rest, UI_DIM, 0,
                 "No data yet. D chooses where the rows come from: a csv file, idx images, npy arrays, or a "
                 "made-up set. Or type a line, such as :data synthetic circle noise=0.1");
}

static void draw_rows(UiGrid *grid, UiRect area, Shown *now, bool focused) {
    State *state = now->state;
    const StDataset *dataset = now->dataset;
    UiColumn shown[UI_COLUMNS_MAX];
    if (is_picture(dataset) && area.w >= 60 && area.h >= 6) {
        StShape shape = st_dataset_raw_shape(dataset);
        int w = (int)shape.dim[1] + 2, most = area.w / 2;
        UiRect side = ui_cut_right(&area, w < 2 * area.h ? (w < most ? w : most) : 2 * area.h);
        draw_picture(grid, side, now);
    }
    UiTable table = rows_table(now, shown);
    state->rows.sort_column = -1;
    ui_table_draw(grid, area, &table, &state->rows, focused);
}

/* The columns, with the rows under them where there is room for both; or the rows alone. */
static void draw_table(ViewContext *context, UiGrid *grid, UiRect area, const StDataset *dataset) {
    State *state = context->state;
    Shown now = {dataset, state};
    if (state->by_rows) {
        draw_rows(grid, area, &now, !state->form);
        return;
    }
    int spare = area.h - state->lines - 1;
    if (spare >= 7) {
        UiRect below = ui_cut_bottom(&area, spare - 1);
        ui_rule(grid, below, 0, "rows");
        ui_cut_top(&below, 1);
        draw_rows(grid, below, &now, false);
    }
    UiColumn list[COLUMNS];
    UiTable table = columns_table(&now, list);
    state->columns.sort_column = -1;
    ui_table_draw(grid, area, &table, &state->columns, !state->form);
}

/* How the picture is drawn, in words. */
static void plane_words(ViewContext *context, bool behind, char what[96]) {
    const State *state = context->state;
    const StLook *look = look_of(context);
    if (behind && look->readings.step < 0)
        snprintf(what, 96, "output of a file's weights%s", state->discrete ? ", decided" : "");
    else if (behind)
        snprintf(what, 96, "output at step %lld%s", (long long)look->readings.step,
                 state->discrete ? ", decided" : "");
    else
        snprintf(what, 96, "%s",
                 session_run(context->session) ? "the picture is being made" : "no output yet: space trains");
}

/* What stands over the picture. */
static void plane_caption(ViewContext *context, UiGrid *grid, UiRect area, bool behind) {
    const State *state = context->state;
    char what[96];
    plane_words(context, behind, what);
    int w = ui_text_in(grid, area, 0, 0, area.w, UI_DIM, what);
    if (state->plane.dots > state->plane.train && w + 14 < area.w)
        ui_print_right(grid, area, area.w, 0, UI_DIM, state->hide_test ? "t test rows" : "test rows faint");
}

/* The part of an area that a picture takes whose sides look equal: a cell is twice as high as wide. */
static UiRect square_of(UiRect area) {
    if (area.w > 2 * area.h) area.w = 2 * area.h;
    if (area.h > (area.w + 1) / 2) area.h = (area.w + 1) / 2;
    return area;
}

static void draw_plane(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    UiRect caption = ui_cut_top(&area, area.h > 5 ? 1 : 0);
    bool behind = plane_draw(grid, square_of(area), &state->plane, look_of(context), !state->hide_test,
                             state->discrete);
    plane_caption(context, grid, caption, behind);
}

/* Little room: the picture, and its words and classes beside it or, where it is narrow, under it. */
static void draw_small_plane(ViewContext *context, UiGrid *grid, UiRect area, const StDataset *dataset) {
    State *state = context->state;
    char what[96];
    UiRect head = ui_cut_top(&area, area.h > 4 ? 1 : 0);
    if (head.h) draw_parts(grid, head, 0, dataset);
    ui_cut_left(&area, area.w >= 30 ? 1 : 0);
    UiRect square = square_of(area);
    bool right = area.w - square.w >= 12;
    if (!right && square.h > area.h - 2 && area.h > 6)
        square = square_of(ui_rect(area.x, area.y, area.w, area.h - 2));
    bool behind =
        plane_draw(grid, square, &state->plane, look_of(context), !state->hide_test, state->discrete);
    plane_words(context, behind, what);
    ui_cut_left(&area, right ? square.w + 1 : 0);
    ui_cut_top(&area, right ? 0 : square.h);
    int rows = ui_paragraph(grid, area, UI_DIM, 0, what);
    ui_cut_top(&area, rows + 1);
    draw_balance(grid, area, dataset);
}

static bool has_plane(const State *state, const StDataset *dataset) {
    return dataset && st_dataset_is_plane(dataset) && state->plane.dot && !state->by_rows;
}

static bool is_small(UiRect area) {
    return area.h < SMALL_H || area.w < SMALL_W;
}

/* The place of an open form: beside the picture, where there is one (draw sees to it); on the right; under
 * the head; or everything. */
static void draw_form(ViewContext *context, UiGrid *grid, UiRect *area) {
    State *state = context->state;
    int wanted = form_height(state->form, area->w), least = is_small(*area) ? 4 : 7;
    UiRect part;
    if (area->w >= 110) {
        part = ui_cut_right(area, area->w / 2);
        ui_cut_left(&part, 2);
        part = ui_cut_top(&part, form_height(state->form, part.w));
    } else if (area->h < 14) {
        part = ui_cut_bottom(area, area->h);
    } else {
        part = ui_cut_bottom(area, wanted < area->h - least ? wanted : area->h - least);
        ui_rule(grid, part, 0, NULL);
        ui_cut_top(&part, 1);
    }
    form_draw(grid, part, state->form);
}

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    StError error = {0};
    const StDataset *dataset = present(context, &error);
    bool plane = has_plane(state, dataset), form = state->form && context->live;
    bool beside = plane && form && area.w >= BESIDE_W && area.h >= 14;
    if (form && !beside) draw_form(context, grid, &area);
    if (area.h <= 0) return;
    if (!dataset) {
        draw_nothing(context, grid, area, &error);
        return;
    }
    if (plane && is_small(area)) {
        draw_small_plane(context, grid, area, dataset);
        return;
    }
    if (area.h <= 4) {
        draw_table(context, grid, area, dataset);
        return;
    }
    ui_cut_top(&area, draw_head(context, grid, area, dataset));
    if (plane) {
        int square = 2 * area.h, most = area.w * 11 / 20;
        UiRect left = ui_cut_left(&area, square < most ? square : most);
        ui_cut_left(&left, 1);
        draw_plane(context, grid, left);
        ui_cut_left(&area, 1);
    }
    if (beside) {
        form_draw(grid, area, state->form);
        return;
    }
    UiRect balance = ui_rect(area.x, area.y, area.w, area.h / 2);
    int taken = draw_balance(grid, balance, dataset);
    ui_cut_top(&area, taken + (taken > 0 && area.h > 8));
    draw_table(context, grid, area, dataset);
}

static void want(ViewContext *context, StWant *wanted) {
    const StDataset *dataset = present(context, NULL);
    const State *state = context->state;
    if (dataset && st_dataset_is_plane(dataset) && state->plane.dot) plane_want(&state->plane, wanted);
}

/* ---- keys -----------------------------------------------------------------------------------------------
 */

static bool open_form(ViewContext *context, FormKind kind, const char *field) {
    State *state = context->state;
    if (!context->live) return false;
    StError error = {0};
    form_close(state->form);
    state->form = form_open(context->session, kind, 0, field, &error);
    if (!state->form) session_say(context->session, "%s", error.message);
    return true;
}

static void finish_form(ViewContext *context, FormResult result) {
    State *state = context->state;
    if (result == FORM_ACCEPTED && !context->run(context->bench, form_line(state->form))) {
        form_refuse(state->form, "that was refused; the last line says why");
        return;
    }
    if (result == FORM_ACCEPTED || result == FORM_CANCELLED) {
        form_close(state->form);
        state->form = NULL;
    }
}

static bool press_form(ViewContext *context, UiKey key) {
    switch (key) {
    case 'D':
        return open_form(context, FORM_DATA, NULL);
    case 'N':
        return open_form(context, FORM_DATA, "noise");
    case 'X':
        return open_form(context, FORM_FEATURES, NULL);
    case 'S':
        return open_form(context, FORM_SPLIT, NULL);
    case 'P':
        return open_form(context, FORM_PREPARE, NULL);
    case 'E':
        return open_form(context, FORM_SEED, NULL);
    default:
        return false;
    }
}

static bool press_table(ViewContext *context, UiKey key) {
    State *state = context->state;
    const StDataset *dataset = session_dataset_loaded(context->session, NULL);
    if (!dataset || dataset != state->dataset) return false;
    Shown now = {dataset, state};
    UiColumn shown[UI_COLUMNS_MAX], list[COLUMNS];
    if (!state->by_rows) {
        UiTable table = columns_table(&now, list);
        return ui_table_key(&table, &state->columns, key);
    }
    int count = st_dataset_columns(dataset);
    if (key == UI_KEY_LEFT || key == UI_KEY_RIGHT) {
        state->first += key == UI_KEY_RIGHT ? 1 : -1;
        if (state->first >= count) state->first = count - 1;
        if (state->first < 0) state->first = 0;
        return true;
    }
    UiTable table = rows_table(&now, shown);
    return ui_table_key(&table, &state->rows, key);
}

static bool press(ViewContext *context, UiKey key) {
    State *state = context->state;
    if (state->form) {
        FormResult result = form_key(state->form, key);
        finish_form(context, result);
        return result != FORM_IGNORED;
    }
    switch (key) {
    case 't':
        state->hide_test = !state->hide_test;
        return true;
    case 'd':
        state->discrete = !state->discrete;
        return true;
    case 'v':
        state->by_rows = !state->by_rows;
        return true;
    case UI_KEY_ESCAPE:
        if (!state->by_rows) return false;
        state->by_rows = false;
        return true;
    default:
        return press_form(context, key) || press_table(context, key);
    }
}

static bool mouse(ViewContext *context, const UiEvent *event) {
    State *state = context->state;
    if (state->form) {
        finish_form(context, form_mouse(state->form, event));
        return true;
    }
    const StDataset *dataset = session_dataset_loaded(context->session, NULL);
    if (!dataset || dataset != state->dataset) return false;
    Shown now = {dataset, state};
    UiColumn shown[UI_COLUMNS_MAX], list[COLUMNS];
    UiTable table = state->by_rows ? rows_table(&now, shown) : columns_table(&now, list);
    return ui_table_mouse(&table, state->by_rows ? &state->rows : &state->columns, event);
}

static const UiBinding *hints(ViewContext *context) {
    return ((const State *)context->state)->form ? form_bindings : NULL;
}

static void explain_after(const State *state, int column, StText *out) {
    for (int k = 0; k < state->inputs; k++) {
        const After *after = &state->after[k];
        if (after->column != column) continue;
        st_text_format(out,
                       "As the network sees it: mean %.4g, sd %.4g, from %.4g to %.4g (first %lld rows of "
                       "train, measured). Far from mean 0 and sd 1 training is slower.\n",
                       after->mean, after->sd, after->min, after->max, (long long)state->sampled);
    }
}

static void explain(ViewContext *context, StText *out) {
    State *state = context->state;
    StError error = {0};
    const StDataset *dataset = present(context, &error);
    if (!dataset) {
        st_text_format(out, "%s\n", error.message);
        return;
    }
    int at = state->columns.selected;
    if (at < 0 || at >= state->lines) return;
    if (state->line[at] < 0) {
        int k = -1 - state->line[at];
        const After *after = &state->after[k];
        st_text_format(out,
                       "%s is made from the columns: mean %.4g, sd %.4g, from %.4g to %.4g (first %lld rows "
                       "of train, measured).\n",
                       st_dataset_input_name(dataset, k), after->mean, after->sd, after->min, after->max,
                       (long long)state->sampled);
        return;
    }
    const StColumnInfo *column = st_dataset_column(dataset, state->line[at]);
    st_text_format(out, "%s%s: %lld missing", column->name, column->target ? " (the target)" : "",
                   (long long)column->missing);
    if (column->categorical)
        st_text_format(out, ", %d categories. Each becomes an input of its own (one-hot).\n",
                       column->categories);
    else
        st_text_format(out, ", from %.5g to %.5g, mean %.5g, standard deviation %.5g, of all rows.\n",
                       column->min, column->max, column->mean, column->sd);
    explain_after(state, state->line[at], out);
}

static void json(ViewContext *context, StText *out) {
    StError error = {0};
    const StDataset *dataset = session_dataset(context->session, &error);
    if (dataset) {
        st_dataset_describe_json(dataset, out);
        return;
    }
    st_text_add(out, "{");
    parts_json_text(out, "error", error.message);
    st_text_add(out, "}");
}

static void close_view(void *memory) {
    State *state = memory;
    form_close(state->form);
    plane_free(&state->plane);
    forget(state);
}

static const UiBinding bindings[] = {
    {'D', "data KIND …", "source", "Where the rows come from, in a form"},
    {'N', "data synthetic NAME noise=…", "noise", "How noisy a made-up set is, in a form"},
    {'X', "features …", "features", "What a set of two columns is shown to the network as, in a form"},
    {'S', "split …", "split", "Which share of the rows trains, validates and tests, in a form"},
    {'P', "prepare …", "prepare", "How numbers are scaled before the network sees them, in a form"},
    {'E', "seed N", "seed", "The seed of data, weights and shuffling, in a form"},
    {'v', "columns or rows", "rows", "Goes from the table of columns to that of rows and back"},
    {'t', "test rows", "test", "Shows or hides rows of validation and test in the picture"},
    {'d', "decide", "decide", "Shows the class decided on in place of how sure the network is"},
    {0, NULL, NULL, NULL}};

const View view_data = {.name = "data",
                        .key = '3',
                        .title = "Data",
                        .help = "Rows, columns, classes, parts and preparation; the output map of 2-D sets",
                        .bindings = bindings,
                        .hints = hints,
                        .state_size = sizeof(State),
                        .draw = draw,
                        .want = want,
                        .press = press,
                        .mouse = mouse,
                        .explain = explain,
                        .json = json,
                        .close = close_view};
