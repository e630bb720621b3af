/* Examples: a list of rows, and the chosen one beside it: its picture or its columns, and what the network
 * thought that it might be. */
#include "views/mistakes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_W = 42, CHOSEN_W = 36, NAME_MOST = 12, BARS_MOST = 10 };

typedef struct List {
    const StFinding *finding;
    int rows, tops;
    const double *position; /* where a row has several answers, else NULL */
    const double *row, *truth, *answer, *confidence, *loss, *top_class, *top_probability;
} List;

static bool list_of(const ViewContext *context, List *list) {
    const StFinding *f = &context->found->finding;
    int64_t rows = 0, tops = 0;
    *list = (List){.finding = f,
                   .position = st_finding_values(f, "position", NULL),
                   .row = st_finding_values(f, "row", &rows),
                   .truth = st_finding_values(f, "true", NULL),
                   .answer = st_finding_values(f, "predicted", NULL),
                   .confidence = st_finding_values(f, "confidence", NULL),
                   .loss = st_finding_values(f, "loss", NULL),
                   .top_class = st_finding_values(f, "top_class", &tops),
                   .top_probability = st_finding_values(f, "top_probability", NULL)};
    list->rows = (int)rows;
    list->tops = rows ? (int)(tops / rows) : 0;
    return list->row && list->truth && list->answer && list->confidence && list->loss && list->top_class &&
           list->top_probability;
}

static const char *name_of(const List *list, double klass) {
    return klass >= 0 ? st_finding_name_at(list->finding, "classes", (int)klass) : "–";
}

static int64_t position_of(const List *list, int i) {
    return list->position ? (int64_t)list->position[i] : 0;
}

/* The chosen row wherever it now stands in the list; where it is gone, what took its place. */
static int chosen(MistakesList *state, const List *list) {
    for (int i = 0; state->chosen && i < list->rows; i++)
        if ((int64_t)list->row[i] == state->row && position_of(list, i) == state->position)
            return state->table.selected = i;
    if (state->table.selected >= list->rows) state->table.selected = list->rows ? list->rows - 1 : 0;
    return state->table.selected;
}

/* ---- the list ---- */

enum { ROW, TRUE, ANSWERED, SURE, LOSS, COLUMNS };

static void cell(void *context, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const List *list = context;
    char number[UI_NUMBER];
    text[0] = '\0';
    if (column == ROW && !list->position) snprintf(text, UI_CELL_TEXT, "%.0f", list->row[row]);
    if (column == ROW && list->position)
        snprintf(text, UI_CELL_TEXT, "%.0f:%lld", list->row[row], (long long)position_of(list, row));
    if (column == TRUE) snprintf(text, UI_CELL_TEXT, "%s", name_of(list, list->truth[row]));
    if (column == ANSWERED) {
        snprintf(text, UI_CELL_TEXT, "%s", name_of(list, list->answer[row]));
        *ink = list->answer[row] == list->truth[row] ? UI_GOOD : UI_BAD;
    }
    if (column == SURE) snprintf(text, UI_CELL_TEXT, "%s", ui_number(number, list->confidence[row], 6, 4));
    if (column == LOSS) snprintf(text, UI_CELL_TEXT, "%s", ui_number(number, list->loss[row], 6, 3));
}

/* What stands for a list without rows: training goes on while one looks. */
static const char *empty_words(const ViewContext *context) {
    const MistakesState *state = context->state;
    if (!context->live) return "no row is here";
    if (state->list.had && context->gaze->moment >= 0)
        return "none at this step: left and right go to when there were";
    if (state->list.had) return "none at this step any more: left goes back to when there were";
    return state->list.cell ? "no row is taken so at this step: c lists all mistakes, esc shows the matrix"
                            : "no mistakes at this step: v looks another way";
}

/* w: columns that there are for it. */
static UiTable table_of(List *list, int w, UiColumn columns[COLUMNS]) {
    bool narrow = w < 28;
    int name_w = 4;
    for (int k = 0; k < st_finding_names(list->finding, "classes"); k++) {
        int name = ui_text_width(st_finding_name_at(list->finding, "classes", k));
        if (name > name_w) name_w = name < NAME_MOST ? name : NAME_MOST;
    }
    columns[ROW] =
        list->position ? (UiColumn){"row:step", 9, true, false, 2} : (UiColumn){"row", 5, true, false, 2};
    columns[TRUE] = (UiColumn){"true", name_w, false, true, 0};
    columns[ANSWERED] = narrow ? (UiColumn){"said", name_w, false, true, 0}
                               : (UiColumn){"answered", name_w < 8 ? 8 : name_w, false, true, 0};
    columns[SURE] = (UiColumn){"sure", 6, true, false, 1};
    columns[LOSS] = (UiColumn){"loss", 6, true, false, 3};
    return (UiTable){.column = columns,
                     .columns = COLUMNS,
                     .rows = list->rows,
                     .gap = narrow ? 1 : 0,
                     .context = list,
                     .cell = cell};
}

/* ---- the chosen one ---- */

static StPart part_of(const List *list) {
    StPart part = ST_TEST;
    st_part_find(st_finding_text(list->finding, "part"), &part, NULL);
    return part;
}

/* Raw values of a row; NULL: no memory, or there is no such row (the data was changed). */
static double *raw_of(const StDataset *dataset, StPart part, int64_t row, int64_t *size) {
    StShape shape = st_dataset_raw_shape(dataset);
    *size = st_shape_size(&shape);
    if (row < 0 || row >= st_dataset_rows(dataset, part) || *size < 1) return NULL;
    float *raw = malloc((size_t)*size * sizeof *raw);
    double *values = malloc((size_t)*size * sizeof *values);
    if (raw && values) {
        st_dataset_raw(dataset, part, row, raw);
        for (int64_t i = 0; i < *size; i++)
            values[i] = (double)raw[i];
    }
    free(raw);
    return values;
}

/* Its columns by name, as many as there is room for. */
static void draw_columns(UiGrid *grid, UiRect area, const StDataset *dataset, StPart part, int64_t row) {
    int inputs = 0, shown = 0, widest = 0;
    for (int i = 0; i < st_dataset_columns(dataset); i++) {
        const StColumnInfo *column = st_dataset_column(dataset, i);
        int w = ui_text_width(column->name);
        inputs += !column->target;
        if (!column->target && w > widest) widest = w;
    }
    if (widest > area.w - 10) widest = area.w - 10;
    for (int i = 0; i < st_dataset_columns(dataset) && shown < area.h; i++) {
        const StColumnInfo *column = st_dataset_column(dataset, i);
        if (column->target) continue;
        if (shown == area.h - 1 && inputs > area.h) {
            ui_print(grid, area, 0, shown, UI_DIM, "… %d more", inputs - shown);
            return;
        }
        StText value = {0};
        st_dataset_cell(dataset, part, row, i, &value);
        ui_text_in(grid, area, 0, shown, widest, UI_DIM, column->name);
        ui_text_in(grid, area, widest + 2, shown, area.w - widest - 2, UI_TEXT, st_text_string(&value));
        st_text_free(&value);
        shown++;
    }
}

/* The picture, and beside it where there is room what the network looked at. */
static void draw_picture(UiGrid *grid, UiRect area, const List *list, int at, const double *values,
                         const int size[3]) {
    int64_t looked = 0, inputs = (int64_t)size[0] * size[1] * size[2];
    const double *saliency = st_finding_values(list->finding, "saliency", &looked);
    bool has = saliency && looked >= (at + 1) * inputs && !isnan(saliency[at * inputs]);
    const StShape *shape = st_finding_shape(list->finding, "saliency");
    has = has && shape->dim[1] == inputs && area.w >= 32 && area.h >= 5;
    UiRect part[2] = {area};
    if (has) ui_split_columns(area, 2, (int[]){1, 1}, 2, part);
    if (has) ui_cut_bottom(&part[0], 1);
    UiHeatView view =
        inside_draw_image(grid, part[0], values, size[0], size[1], size[2], (UiHeat){.ramp = UI_RAMP_SIZE});
    if (!has) return;
    UiRect right = area;
    ui_cut_left(&right, view.inner.x + view.inner.w + 3 - area.x);
    UiRect words = ui_cut_bottom(&right, 1);
    view = inside_draw_image(grid, right, saliency + at * inputs, size[0], size[1], size[2],
                             (UiHeat){.ramp = UI_RAMP_SIZE});
    words.y = view.inner.y + view.inner.h;
    ui_text_in(grid, words, 0, 0, words.w, UI_DIM, "what it looked at");
}

static void draw_subject(ViewContext *context, UiGrid *grid, UiRect area, const List *list, int at) {
    const StDataset *dataset = inside_dataset(context);
    int64_t row = (int64_t)list->row[at], count;
    StPart part = part_of(list);
    int size[3];
    if (!dataset || row >= st_dataset_rows(dataset, part)) return;
    StShape raw = st_dataset_raw_shape(dataset);
    if (raw.rank == 2) /* a sequence: its steps downwards */
        size[0] = (int)raw.dim[0], size[1] = (int)raw.dim[1], size[2] = 1;
    else if (!st_dataset_picture(dataset, &size[0], &size[1], &size[2])) {
        draw_columns(grid, area, dataset, part, row);
        return;
    }
    double *values = raw_of(dataset, part, row, &count);
    if (values && count == (int64_t)size[0] * size[1] * size[2])
        draw_picture(grid, area, list, at, values, size);
    free(values);
}

/* What it might have been: the probabilities as bars, the greatest first. */
static void draw_bars(UiGrid *grid, UiRect area, const List *list, int at) {
    int name_w = 3;
    for (int t = 0; t < list->tops; t++) {
        int w = ui_text_width(name_of(list, list->top_class[at * list->tops + t]));
        if (w > name_w) name_w = w < NAME_MOST ? w : NAME_MOST;
    }
    bool words = area.w >= name_w + 24;
    int number_w = 6, mark_w = words ? 10 : 2, bar_w = area.w - name_w - number_w - mark_w - 2;
    for (int t = 0; t < list->tops && t < area.h; t++) {
        double klass = list->top_class[at * list->tops + t], p = list->top_probability[at * list->tops + t];
        if (isnan(klass)) return; /* still to come */
        bool truth = klass == list->truth[at], answer = klass == list->answer[at];
        UiInk ink = truth ? UI_GOOD : answer ? UI_BAD : UI_DIM;
        char number[UI_NUMBER];
        const char *mark = truth && answer ? (words ? "right" : "=")
                           : truth         ? (words ? "true" : "t")
                           : answer        ? (words ? "answered" : "a")
                                           : "";
        ui_text_in(grid, area, 0, t, name_w, truth || answer ? ink : UI_TEXT, name_of(list, klass));
        if (bar_w > 0) ui_bar(grid, area, name_w + 1, t, bar_w, ink, p < 0 ? 0 : p > 1 ? 1 : p);
        if (fabs(p) < 1e-6) p = 0;
        ui_print_right(grid, area, area.w - mark_w, t, UI_TEXT, "%s", ui_number(number, p, number_w, 4));
        ui_text_in(grid, area, area.w - mark_w + 1, t, mark_w - 1, ink, mark);
    }
}

static void draw_title(UiGrid *grid, UiRect area, const List *list, int at) {
    char text[300], step[40] = "";
    const char *truth = name_of(list, list->truth[at]), *answer = name_of(list, list->answer[at]);
    bool right = list->truth[at] == list->answer[at];
    if (list->position) snprintf(step, sizeof step, ", step %lld", (long long)position_of(list, at));
    snprintf(text, sizeof text, "row %.0f%s: it is %s, %s%s", list->row[at], step, truth,
             right ? "as answered" : "answered ", right ? "" : answer);
    if (ui_text_width(text) > area.w && !right)
        snprintf(text, sizeof text, "row %.0f%s: %s, not %s", list->row[at], step, truth, answer);
    ui_text_in(grid, area, 0, 0, area.w, UI_TITLE, text);
}

/* Rows that the columns of a table take; 0: it is drawn as a picture, as large as there is room. */
static int rows_of_columns(const StDataset *dataset) {
    int inputs = 0;
    StShape raw = st_dataset_raw_shape(dataset);
    if (raw.rank == 2 || st_dataset_picture(dataset, NULL, NULL, NULL)) return 0;
    for (int i = 0; i < st_dataset_columns(dataset); i++)
        inputs += !st_dataset_column(dataset, i)->target;
    return inputs;
}

static void draw_chosen(ViewContext *context, UiGrid *grid, UiRect area, const List *list, int at) {
    const StDataset *dataset = inside_dataset(context);
    if (area.h >= 5) draw_title(grid, ui_cut_top(&area, 1), list, at);
    int bars = list->tops < BARS_MOST ? list->tops : BARS_MOST,
        inputs = dataset ? rows_of_columns(dataset) : 0;
    if (bars > area.h / 3) bars = area.h / 3;
    if (bars < 2 && area.h >= 4) bars = 2;
    int blank = area.h >= 8, high = area.h - bars - blank;
    UiRect subject = ui_cut_top(&area, inputs && inputs < high ? inputs : high);
    ui_cut_top(&area, blank);
    draw_subject(context, grid, subject, list, at);
    draw_bars(grid, area, list, at);
}

/* What the list needs, as long as the chosen example keeps half of the room or as much as it can use. */
static int list_width(List *list, int w) {
    UiColumn columns[COLUMNS];
    if (w < 24) return w;
    if (w < 60) return w * 9 / 20;
    UiTable table = table_of(list, LIST_W, columns);
    int need = 2;
    for (int i = 0; i < table.columns; i++)
        if (i != LOSS || w >= 100) need += columns[i].width + 2;
    return need < w - CHOSEN_W ? need : w - CHOSEN_W;
}

void mistakes_list_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    MistakesState *state = context->state;
    MistakesList *own = &state->list;
    UiColumn columns[COLUMNS];
    List list;
    if (!list_of(context, &list)) return;
    area = ui_inset(area, area.w >= 20, 0);
    int at = chosen(own, &list);
    if (area.h >= 5) {
        char text[300];
        double count = st_finding_value(list.finding, "count");
        snprintf(text, sizeof text, "%s: %.0f row%s", st_finding_text(list.finding, "cell"), count,
                 count == 1 ? "" : "s");
        if (list.rows > 0 && list.rows < count)
            snprintf(text + strlen(text), sizeof text - strlen(text), ", %d of them here", list.rows);
        if (count > 1)
            snprintf(text + strlen(text), sizeof text - strlen(text), ", the %s",
                     st_finding_text(list.finding, "order"));
        ui_text_in(grid, ui_cut_top(&area, 1), 0, 0, area.w, UI_WARN, text);
    }
    int left = list_width(&list, area.w);
    UiTable table = table_of(&list, left, columns);
    own->table.sort_column = -1;
    if (list.rows > 0) own->had = true;
    if (list.rows == 0) {
        table.empty = empty_words(context);
        ui_table_draw(grid, area, &table, &own->table, context->live);
        return;
    }
    ui_table_draw(grid, ui_cut_left(&area, left), &table, &own->table, context->live);
    ui_cut_left(&area, 2);
    draw_chosen(context, grid, area, &list, at);
}

/* ---- keys ---- */

/* The chosen row is what every view of the inside looks at. */
static void share_gaze(ViewContext *context, const List *list) {
    MistakesState *state = context->state;
    int at = chosen(&state->list, list);
    if (list->rows == 0) return;
    int64_t row = (int64_t)list->row[at];
    const StDataset *dataset = inside_dataset(context);
    state->list.chosen = true, state->list.row = row, state->list.position = position_of(list, at);
    bool same_part = dataset && gaze_part(context->gaze, dataset) == part_of(list);
    bool there = context->gaze->row == row && same_part;
    char line[80];
    snprintf(line, sizeof line, "look row=%lld%s%s", (long long)row,
             same_part ? "" : " part=", same_part ? "" : st_finding_text(list->finding, "part"));
    if (!there || context->gaze->input) context->run(context->bench, line);
}

bool mistakes_list_press(ViewContext *context, UiKey key) {
    MistakesState *state = context->state;
    UiColumn columns[COLUMNS];
    List list;
    if (key == UI_KEY_ESCAPE) return context->run(context->bench, "look method=confusion"), true;
    if (!list_of(context, &list)) return false;
    chosen(&state->list, &list);
    if (key == 'c') { /* all mistakes, or those of the cell under the matrix' cursor */
        bool cell_now = state->list.cell;
        state->list =
            (MistakesList){.cell = !cell_now, .from = state->matrix.row, .to = state->matrix.column};
        return true;
    }
    if (key == 'p') { /* rows of another part: from the first on */
        state->list.chosen = false, state->list.table.selected = 0;
        return false;
    }
    UiTable table = table_of(&list, LIST_W, columns);
    if (key == '.') key = UI_KEY_DOWN;
    if (key == ',') key = UI_KEY_UP;
    bool moves = key >= UI_KEY_NAMED && ui_table_key(&table, &state->list.table, key);
    if (moves) state->list.chosen = false; /* the one at the cursor becomes it */
    share_gaze(context, &list);
    return moves;
}

bool mistakes_list_mouse(ViewContext *context, const UiEvent *event) {
    MistakesState *state = context->state;
    UiColumn columns[COLUMNS];
    List list;
    if (!list_of(context, &list)) return false;
    chosen(&state->list, &list);
    UiTable table = table_of(&list, LIST_W, columns);
    if (!ui_table_mouse(&table, &state->list.table, event)) return false;
    state->list.chosen = false;
    share_gaze(context, &list);
    return true;
}
