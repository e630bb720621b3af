/* The confusion matrix: what it is down the side, what it was taken for along the top, figures of each class
 * at the ends of its row and column. */
#include "views/mistakes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_MOST = 14, RECALL_W = 7, F1_W = 5, LIST_W = 34, WIDE = 120 };

typedef struct Matrix {
    const StFinding *finding;
    int classes;
    const double *count, *truths, *answers; /* [classes][classes], row and column totals */
    const double *precision, *recall, *f1;
    double most, all; /* the greatest off the diagonal; the sum */
    int name_w, digits;
} Matrix;

/* Counts are written out as far as five columns go. */
static const char *whole(double count, char text[UI_NUMBER]) {
    if (!isfinite(count)) return "–";
    if (count >= 1e5) return ui_count(text, count);
    snprintf(text, UI_NUMBER, "%.0f", count);
    return text;
}

static bool matrix_of(const ViewContext *context, Matrix *m) {
    const StFinding *f = &context->found->finding;
    *m = (Matrix){.finding = f,
                  .classes = st_finding_names(f, "classes"),
                  .count = st_finding_values(f, "confusion", NULL),
                  .truths = st_finding_values(f, "row_totals", NULL),
                  .answers = st_finding_values(f, "column_totals", NULL),
                  .precision = st_finding_values(f, "precision", NULL),
                  .recall = st_finding_values(f, "recall", NULL),
                  .f1 = st_finding_values(f, "f1", NULL),
                  .most = st_finding_value(f, "worst_count")};
    if (!m->classes || !m->count || !m->truths || !m->answers || !m->precision || !m->recall || !m->f1)
        return false;
    char text[UI_NUMBER];
    for (int k = 0; k < m->classes; k++) {
        if (!isnan(m->truths[k])) m->all += m->truths[k];
        int w = ui_text_width(st_finding_name_at(f, "classes", k));
        if (w > m->name_w) m->name_w = w;
    }
    m->digits = ui_text_width(whole(m->all, text));
    return true;
}

static const char *name_of(const Matrix *m, int klass) {
    return st_finding_name_at(m->finding, "classes", klass);
}

static const char *share(double value, char text[UI_NUMBER]) {
    if (isnan(value)) return "–";
    snprintf(text, UI_NUMBER, "%.2f", value);
    return text;
}

/* ---- what has room ---- */

typedef struct Layout {
    int label_w, cell_w, columns, rows; /* cells that are shown */
    int total_w, recall_w, f1_w;        /* 0: left out */
    bool verdict, precision, totals;
} Layout;

static void lay_columns(Layout *l, const Matrix *m, int w) {
    int least = m->digits + 1;
    l->label_w = m->name_w < 9 ? 9 : m->name_w;
    if (l->label_w > NAME_MOST) l->label_w = NAME_MOST;
    if (w < 60) l->label_w = m->name_w < 5 ? m->name_w : 5;
    l->total_w = least + 1, l->recall_w = RECALL_W, l->f1_w = F1_W;
    for (int left_out = 0; left_out < 4; left_out++) {
        if (left_out == 1) l->f1_w = 0;
        if (left_out == 2) l->total_w = 0;
        if (left_out == 3) l->recall_w = 0;
        l->columns = (w - l->label_w - 1 - l->total_w - l->recall_w - l->f1_w) / least;
        if (l->columns >= m->classes || (l->columns >= 8 && left_out == 0)) break;
    }
    if (l->columns > m->classes) l->columns = m->classes;
    if (l->columns < 1) l->columns = 1;
    int room = (w - l->label_w - 1 - l->total_w - l->recall_w - l->f1_w) / l->columns;
    l->cell_w = m->name_w + 2 < NAME_MOST ? m->name_w + 2 : NAME_MOST;
    if (l->cell_w < (w >= 70 ? 7 : 5)) l->cell_w = w >= 70 ? 7 : 5;
    if (l->cell_w > room) l->cell_w = room;
    if (l->cell_w < least) l->cell_w = least;
}

/* The head of the columns and the words under the matrix are there wherever there are rows for them. */
static Layout lay_out(const Matrix *m, UiRect area) {
    Layout l = {0};
    lay_columns(&l, m, area.w);
    int rest = area.h - (area.h >= 3) - (area.h >= 2);
    bool whole_one = rest > m->classes;
    l.verdict = whole_one ? true : rest >= 9;
    rest -= l.verdict;
    l.precision = rest > (whole_one ? m->classes : 4);
    rest -= l.precision;
    l.totals = rest > (whole_one ? m->classes : 6);
    rest -= l.totals;
    l.rows = rest < m->classes ? rest : m->classes;
    if (l.rows < 1) l.rows = 1;
    return l;
}

static int clamp(int v, int low, int high) {
    return v > high ? (high > low ? high : low) : v < low ? low : v;
}

/* The cursor within the matrix, and what is shown so that it can be seen. */
static void follow(MistakesMatrix *at, const Matrix *m, const Layout *l) {
    double row = st_finding_value(m->finding, "worst_true");
    double column = st_finding_value(m->finding, "worst_predicted");
    if (!at->moved) at->row = isfinite(row) ? (int)row : 0, at->column = isfinite(column) ? (int)column : 0;
    at->row = clamp(at->row, 0, m->classes - 1);
    at->column = clamp(at->column, 0, m->classes - 1);
    at->top = clamp(at->top, at->row - l->rows + 1, at->row);
    at->left = clamp(at->left, at->column - l->columns + 1, at->column);
    at->top = clamp(at->top, 0, m->classes - l->rows);
    at->left = clamp(at->left, 0, m->classes - l->columns);
}

/* ---- drawing ---- */

/* Off the diagonal the ground says how large the number is beside the largest. */
static void draw_cell(UiGrid *grid, UiRect cell, const Matrix *m, int row, int column, bool cursor) {
    char text[UI_NUMBER];
    double count = m->count[row * m->classes + column];
    bool right = row == column, ground = !right && count > 0 && ui_look_has_ramp(&grid->look);
    UiInk ink = right ? UI_GOOD : count == 0 ? UI_DIM : count == m->most ? UI_BAD : UI_WARN;
    double t = m->most > 0 ? count / m->most : 0;
    UiColor color = ground ? ui_ramp(&grid->look, UI_RAMP_SIZE, 0.15 + 0.85 * t) : UI_DEFAULT;
    for (int x = 0; ground && x < cell.w; x++)
        ui_put(grid, cell, x, 0, ' ', (UiStyle){UI_DEFAULT, color, 0});
    if (ground) ink = UI_TEXT;
    if (cursor) ui_fill(grid, cell, UI_FOCUS);
    const char *word = count == 0 && !right ? "·" : whole(count, text);
    if (cursor || !ground) {
        ui_print_right(grid, cell, cell.w - 1, 0, cursor ? UI_FOCUS | UI_BOLD : ink, "%s", word);
        return;
    }
    bool bright = t > 0.5;
    if (grid->look.light) bright = t <= 0.5;
    UiStyle style = {ui_color(&grid->look, bright ? 0x000000 : 0xffffff), color,
                     count == m->most ? UI_BOLD : 0};
    int w = ui_text_width(word), x = cell.w - 1 - w;
    for (const char *at = word; *at;)
        ui_put(grid, cell, x++, 0, ui_utf8_next(&at), style);
}

static UiRect row_rect(UiRect area, int y) {
    return ui_rect(area.x, area.y + y, area.w, 1);
}

/* Names of the columns, and of the figures behind them. */
static void draw_head(UiGrid *grid, UiRect row, const Matrix *m, const Layout *l, const MistakesMatrix *at) {
    int x = l->label_w + 1;
    if (l->label_w >= 4) ui_text(grid, row, 0, 0, UI_DIM, "true");
    if (at->left > 0) ui_put_glyph(grid, row, x - 1, 0, UI_GLYPH_LEFT, UI_KEY);
    for (int c = 0; c < l->columns; c++, x += l->cell_w) {
        const char *name = name_of(m, at->left + c);
        int w = ui_text_width(name), room = l->cell_w - 1;
        bool here = at->left + c == at->column;
        ui_text_in(grid, row, x + (w < room ? room - w : 0), 0, room, here ? UI_TITLE : UI_TEXT, name);
    }
    if (at->left + l->columns < m->classes) ui_put_glyph(grid, row, x, 0, UI_GLYPH_RIGHT, UI_KEY);
    if (l->total_w) ui_print_right(grid, row, x += l->total_w, 0, UI_DIM, "rows");
    if (l->recall_w) ui_print_right(grid, row, x += l->recall_w, 0, UI_DIM, "recall");
    if (l->f1_w) ui_print_right(grid, row, x += l->f1_w, 0, UI_DIM, "F1");
}

static void draw_row(UiGrid *grid, UiRect area, const Matrix *m, const Layout *l, const MistakesMatrix *at,
                     int row) {
    char text[UI_NUMBER];
    bool up = row == at->top && row > 0, down = row == at->top + l->rows - 1 && row < m->classes - 1;
    ui_text_in(grid, area, 0, 0, l->label_w, row == at->row ? UI_TITLE : UI_TEXT, name_of(m, row));
    if (up || down) ui_put_glyph(grid, area, l->label_w, 0, up ? UI_GLYPH_UP : UI_GLYPH_DOWN, UI_KEY);
    int x = l->label_w + 1;
    for (int c = 0; c < l->columns; c++, x += l->cell_w) {
        UiRect cell = ui_rect_clip(ui_rect(area.x + x, area.y, l->cell_w, 1), area);
        int column = at->left + c;
        draw_cell(grid, cell, m, row, column, row == at->row && column == at->column);
    }
    if (l->total_w) ui_print_right(grid, area, x += l->total_w, 0, UI_DIM, "%s", whole(m->truths[row], text));
    if (l->recall_w)
        ui_print_right(grid, area, x += l->recall_w, 0, UI_TEXT, "%s", share(m->recall[row], text));
    if (l->f1_w) ui_print_right(grid, area, x += l->f1_w, 0, UI_TEXT, "%s", share(m->f1[row], text));
}

/* A row of figures of the columns; the figure over all at its end. */
static void draw_margin(UiGrid *grid, UiRect area, const Matrix *m, const Layout *l, const MistakesMatrix *at,
                        const char *name, const double *value) {
    char text[UI_NUMBER];
    bool totals = value == m->answers;
    ui_text_in(grid, area, 0, 0, l->label_w, UI_DIM,
               l->label_w < ui_text_width(name) && !totals ? "P" : name);
    int x = l->label_w + 1;
    for (int c = 0; c < l->columns; c++, x += l->cell_w) {
        double v = value[at->left + c];
        const char *word = totals ? whole(v, text) : share(v, text);
        if (!totals && l->cell_w < 5 && !isnan(v)) /* 1.0 and .97 where four columns have no room */
            word = *text == '0' ? text + 1 : "1.0";
        ui_print_right(grid, area, x + l->cell_w - 1, 0, totals ? UI_DIM : UI_TEXT, "%s", word);
    }
    if (!totals) return;
    if (l->total_w) ui_print_right(grid, area, x += l->total_w, 0, UI_DIM, "%s", whole(m->all, text));
    if (l->recall_w)
        ui_print_right(grid, area, x += l->recall_w, 0, UI_TEXT, "%s",
                       share(st_finding_value(m->finding, "macro_recall"), text));
    if (l->f1_w)
        ui_print_right(grid, area, x += l->f1_w, 0, UI_TEXT, "%s",
                       share(st_finding_value(m->finding, "macro_f1"), text));
}

static void draw_verdict(UiGrid *grid, UiRect area, const Matrix *m) {
    double wrong = st_finding_value(m->finding, "wrong");
    ui_text_in(grid, area, 0, 0, area.w, wrong > 0 ? UI_WARN : UI_GOOD,
               st_finding_text(m->finding, "verdict"));
}

static void draw_accuracy(UiGrid *grid, UiRect area, const Matrix *m) {
    char text[160], number[UI_NUMBER];
    snprintf(text, sizeof text, "accuracy %.4f: %s of %s wrong   macro precision %.3f, F1 %.3f",
             st_finding_value(m->finding, "accuracy"), whole(st_finding_value(m->finding, "wrong"), number),
             whole(m->all, (char[UI_NUMBER]){0}), st_finding_value(m->finding, "macro_precision"),
             st_finding_value(m->finding, "macro_f1"));
    ui_text_in(grid, area, 0, 0, area.w, UI_DIM, text);
}

/* The cell under the cursor in words. */
static void draw_words(UiGrid *grid, UiRect area, const Matrix *m, const Layout *l, const MistakesMatrix *at,
                       bool live) {
    char text[400], shown[80] = "";
    double count = m->count[at->row * m->classes + at->column], of = m->truths[at->row];
    const char *enter = live && count > 0 ? ": enter lists them" : "";
    if (l->rows < m->classes || l->columns < m->classes)
        snprintf(shown, sizeof shown, "classes %d–%d by %d–%d of %d", at->top + 1, at->top + l->rows,
                 at->left + 1, at->left + l->columns, m->classes);
    if (at->row == at->column)
        snprintf(text, sizeof text, "true %s, answered so: %.0f of %.0f (%.0f %%)%s", name_of(m, at->row),
                 count, of, of > 0 ? 100 * count / of : 0, enter);
    else
        snprintf(text, sizeof text, "true %s, answered %s: %.0f of %.0f (%.0f %%)%s", name_of(m, at->row),
                 name_of(m, at->column), count, of, of > 0 ? 100 * count / of : 0, enter);
    int w = ui_text_width(shown), room = area.w - (w ? w + 2 : 0);
    if (room < 30) room = area.w;
    ui_text_in(grid, area, 0, 0, room, UI_TITLE, text);
    if (room < area.w && w) ui_print_right(grid, area, area.w, 0, UI_DIM, "%s", shown);
}

/* ---- the pairs beside it, where there is room ---- */

typedef struct Pair {
    int row, column;
    double count;
} Pair;

static int more_often(const void *a, const void *b) {
    const Pair *x = a, *y = b;
    if (x->count != y->count) return (x->count < y->count) - (x->count > y->count);
    return x->row != y->row ? x->row - y->row : x->column - y->column;
}

static void draw_pairs(UiGrid *grid, UiRect area, const Matrix *m) {
    Pair *pair = malloc(sizeof *pair * (size_t)m->classes * (size_t)m->classes);
    int count = 0;
    for (int r = 0; pair && r < m->classes; r++)
        for (int c = 0; c < m->classes; c++)
            if (r != c && m->count[r * m->classes + c] > 0)
                pair[count++] = (Pair){r, c, m->count[r * m->classes + c]};
    if (pair) qsort(pair, (size_t)count, sizeof *pair, more_often);
    ui_text_in(grid, area, 0, 0, area.w, UI_TITLE, "most confused pairs");
    for (int i = 0; pair && i < count && i + 1 < area.h; i++) {
        char text[160], number[UI_NUMBER];
        snprintf(text, sizeof text, "%s taken for %s", name_of(m, pair[i].row), name_of(m, pair[i].column));
        ui_print_right(grid, area, 5, i + 1, UI_TEXT, "%s", whole(pair[i].count, number));
        ui_print_right(grid, area, 11, i + 1, UI_DIM, "%.0f %%",
                       100 * pair[i].count / m->truths[pair[i].row]);
        bool more = i + 2 == area.h && i + 1 < count;
        ui_text_in(grid, area, 13, i + 1, area.w - 13, UI_TEXT, more ? "…" : text);
    }
    free(pair);
}

void mistakes_matrix_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    MistakesState *state = context->state;
    MistakesMatrix *at = &state->matrix;
    Matrix m;
    if (!matrix_of(context, &m)) return;
    area = ui_inset(area, area.w >= 20, 0);
    if (area.w < 1 || area.h < 1) return;
    UiRect room = area;
    ui_cut_right(&room, area.w >= WIDE ? LIST_W + 3 : 0);
    Layout l = lay_out(&m, room);
    follow(at, &m, &l);
    int used = l.label_w + 1 + l.columns * l.cell_w + l.total_w + l.recall_w + l.f1_w;
    if (l.verdict) draw_verdict(grid, ui_cut_top(&area, 1), &m);
    UiRect beside = ui_cut_right(&area, area.w - used >= LIST_W + 3 ? area.w - used - 3 : 0);
    UiRect whole_row = area;
    whole_row.w += beside.w;
    bool tall = area.w >= 60; /* the words find room beneath the matrix alone */
    if (!tall) beside.h = 1 + l.rows + l.precision + l.totals;
    if (tall) whole_row.w = area.w;
    if (beside.w > 0) draw_pairs(grid, beside, &m);
    int y = 0;
    if (area.h >= 3 || (l.verdict && area.h >= 2)) draw_head(grid, row_rect(area, y++), &m, &l, at);
    at->cells = ui_rect(area.x + l.label_w + 1, area.y + y, l.columns * l.cell_w, l.rows);
    at->cell_w = l.cell_w;
    for (int r = 0; r < l.rows; r++)
        draw_row(grid, ui_rect_clip(row_rect(area, y++), area), &m, &l, at, at->top + r);
    if (l.precision) draw_margin(grid, row_rect(area, y++), &m, &l, at, "precision", m.precision);
    if (l.totals) draw_margin(grid, row_rect(area, y++), &m, &l, at, "rows", m.answers);
    if (y + 1 < area.h) draw_accuracy(grid, row_rect(whole_row, y++), &m);
    if (y < area.h) draw_words(grid, row_rect(whole_row, y), &m, &l, at, context->live);
}

/* ---- keys ---- */

static bool move(MistakesMatrix *at, int rows, int columns) {
    at->row += rows, at->column += columns; /* drawing keeps it within the matrix */
    if (at->row < 0) at->row = 0;
    if (at->column < 0) at->column = 0;
    return at->moved = true;
}

static bool open_cell(ViewContext *context) {
    MistakesState *state = context->state;
    state->list = (MistakesList){.cell = true, .from = state->matrix.row, .to = state->matrix.column};
    return context->run(context->bench, "look method=examples"), true;
}

bool mistakes_matrix_press(ViewContext *context, UiKey key) {
    MistakesState *state = context->state;
    MistakesMatrix *at = &state->matrix;
    int page = at->cells.h > 1 ? at->cells.h - 1 : 1;
    switch (key) {
    case UI_KEY_UP:
        return move(at, -1, 0);
    case UI_KEY_DOWN:
        return move(at, 1, 0);
    case UI_KEY_LEFT:
        return move(at, 0, -1);
    case UI_KEY_RIGHT:
        return move(at, 0, 1);
    case UI_KEY_PGUP:
        return move(at, -page, 0);
    case UI_KEY_PGDN:
        return move(at, page, 0);
    case UI_KEY_HOME: /* back to the pair that is confused most */
        at->moved = false;
        return true;
    case UI_KEY_ENTER:
        return open_cell(context);
    default:
        return false;
    }
}

/* A click puts the cursor on a cell; another one on the same opens it. */
bool mistakes_matrix_mouse(ViewContext *context, const UiEvent *event) {
    MistakesState *state = context->state;
    MistakesMatrix *at = &state->matrix;
    if (event->mouse == UI_MOUSE_WHEEL_UP) return move(at, -1, 0);
    if (event->mouse == UI_MOUSE_WHEEL_DOWN) return move(at, 1, 0);
    if (event->mouse != UI_MOUSE_PRESS || !ui_rect_has(at->cells, event->x, event->y)) return false;
    int row = at->top + event->y - at->cells.y, column = at->left + (event->x - at->cells.x) / at->cell_w;
    if (row == at->row && column == at->column) return open_cell(context);
    at->row = row, at->column = column;
    return at->moved = true;
}
