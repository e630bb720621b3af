/* Stack: every layer with what it takes, gives and costs; the place where it is edited. */
#include "forms.h"
#include "view.h"
#include "views/parts.h"

#include "layers/initializer.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { INPUT_ROW = -1, WIDE = 110, NARROW = 30, WORDS_MAX = 3 };
enum { NUMBER, LAYER, NAME, OUTPUT, PARAMETERS, FLOPS, BYTES, COLUMNS };

/* A row of the table: the input, a layer, or a line of words about the layer above it. */
typedef struct Row {
    int layer; /* INPUT_ROW: the input */
    int line;  /* 0: the layer itself; else the line of its words, from 1 */
} Row;

typedef struct State {
    UiTableState table;
    int layer;    /* selected; INPUT_ROW: the input */
    bool started; /* the selection was set once */
    Form *form;
    UiColumn column[COLUMNS]; /* of the last drawing */
    int width;
    int rows;
    Row row[(1 + WORDS_MAX) * (ST_LAYERS_MAX + 1)];
    bool added[ST_LAYERS_MAX]; /* not in the run; of this revision and run */
    bool adds;
    uint64_t revision, run;
} State;

/* What is drawn: the session's stack, or the one that the open form would make. */
typedef struct Shown {
    const Recipe *recipe;
    const StStack *stack;
    const StLayerInfo *layers;
    StStackInfo info;
    StError error;
    StError input;    /* what is wrong with the input line or the data, told at the input */
    char remark[256]; /* what fits but is hardly meant, told at the last layer; "" : nothing */
    bool fits;
    bool output; /* what is wrong is that the output does not fit loss or data: told at the last layer */
    State *state;
} Shown;

static void judge_ends(ViewContext *context, Shown *now) {
    if (!session_input_fits(context->session, now->recipe, &now->input)) {
        if (now->fits) now->error = now->input;
        now->fits = false;
    }
    StText remark = {0};
    if (now->fits) form_output_remark(context->session, now->recipe, &now->info, &remark);
    snprintf(now->remark, sizeof now->remark, "%s", st_text_string(&remark));
    st_text_free(&remark);
}

/* Which layers the run does not have, looked up once for every change. */
static void mark_added(ViewContext *context, State *state) {
    const SessionRun *run = session_run(context->session);
    uint64_t revision = session_revision(context->session), number = run ? run->number : 0;
    if (state->revision == revision && state->run == number) return;
    state->revision = revision, state->run = number;
    state->adds = run && !recipe_equal(run->recipe, session_recipe(context->session), RECIPE_STACK) &&
                  session_added_layers(context->session, state->added);
}

static Shown shown(ViewContext *context, State *state) {
    const FormTrial *trial = state->form ? form_trial(state->form) : NULL;
    Shown now = {.state = state};
    if (session_recipe(context->session)->data.given) session_dataset(context->session, NULL);
    mark_added(context, state);
    if (trial && trial->runs && trial->layers) {
        now.recipe = &trial->draft;
        now.layers = trial->layers;
        now.info = trial->info;
        now.error = trial->error;
        now.fits = trial->fits;
    } else {
        now.recipe = session_recipe(context->session);
        now.fits = session_stack(context->session, &now.layers, &now.info, &now.error);
        if (now.fits && now.recipe->stack.count > 0)
            now.fits = form_output_fits(context->session, now.recipe, &now.info, &now.error);
    }
    now.output =
        !now.fits && now.recipe->stack.count > 0 && now.info.first_bad < 0 && now.info.input.rank > 0;
    now.stack = &now.recipe->stack;
    judge_ends(context, &now);
    return now;
}

/* What is wrong at a layer or the input, or NULL. */
static const char *wrong_at(const Shown *now, int i) {
    if (i == INPUT_ROW) return now->input.code != ST_ERR_OK ? now->input.message : NULL;
    if (!now->layers) return NULL;
    if (now->layers[i].error.code != ST_ERR_OK) return now->layers[i].error.message;
    return now->output && i == now->stack->count - 1 ? now->error.message : NULL;
}

/* The words that stand under a layer: what is wrong, or a remark; NULL: none. */
static const char *words_at(const Shown *now, int i, UiInk *ink) {
    const char *wrong = wrong_at(now, i);
    *ink = wrong ? UI_BAD : UI_WARN;
    if (wrong) return wrong;
    if (i == INPUT_ROW && now->stack->count > 0 && now->info.input.rank == 0 && now->info.first_bad < 0)
        return now->error.message;
    return i >= 0 && i == now->stack->count - 1 && *now->remark ? now->remark : NULL;
}

/* The words are broken over the width behind their arrow. */
static UiRect words_place(UiRect row) {
    ui_cut_left(&row, row.w >= NARROW ? 9 : 3);
    return row;
}

static void list_row(State *state, const Shown *now, int layer) {
    UiInk ink;
    const char *words = words_at(now, layer, &ink);
    UiRect place = words_place(ui_rect(0, 0, state->width > 0 ? state->width : 80, 0));
    int lines = words ? ui_paragraph(NULL, place, ink, 0, words) : 0;
    for (int line = 0; line <= lines && line <= WORDS_MAX; line++)
        state->row[state->rows++] = (Row){layer, line};
}

static void list_rows(State *state, const Shown *now) {
    int count = now->stack->count;
    state->rows = 0;
    for (int i = INPUT_ROW; i < count; i++)
        list_row(state, now, i);
    if (!state->started) state->layer = count > 0 ? 0 : INPUT_ROW;
    state->started = true;
    if (state->layer >= count) state->layer = count - 1;
    if (state->layer < INPUT_ROW) state->layer = INPUT_ROW;
    state->table.sort_column = -1;
    bool adds = state->form && form_kind(state->form) == FORM_LAYER && form_trial(state->form)->runs;
    int marked = adds ? form_place(state->form) : state->layer;
    for (int i = 0; i < state->rows; i++)
        if (state->row[i].layer == marked && state->row[i].line == 0) state->table.selected = i;
}

/* The selection may have landed on the words under a layer: they belong to it, and are passed over. */
static void selection_moved(State *state, int before) {
    int at = state->table.selected;
    if (at < 0 || at >= state->rows) return;
    while (state->row[at].line > 0 && at > before && at + 1 < state->rows)
        at++;
    state->layer = state->row[at].layer;
}

/* ---- the table ------------------------------------------------------------------------------------------
 */

static const UiColumn columns[COLUMNS] = {
    [NUMBER] = {"#", 3, true, false, 0},         [LAYER] = {"layer", 13, false, true, 0},
    [NAME] = {"name", 12, false, false, 5},      [OUTPUT] = {"output", 9, true, false, 1},
    [PARAMETERS] = {"param", 7, true, false, 2}, [FLOPS] = {"FLOPs", 8, true, false, 3},
    [BYTES] = {"bytes", 9, true, false, 4},
};

static void copy_text(char text[UI_CELL_TEXT], const char *from) {
    snprintf(text, UI_CELL_TEXT, "%s", from);
}

/* "dense 16 relu", without the name, which has a column of its own. */
static void layer_line(const StLayer *layer, StText *out) {
    StLayer nameless = *layer;
    nameless.name[0] = '\0';
    st_layer_print(&nameless, out);
}

/* The column of layers is as wide as they need; what is over goes beside the table. Returns the width of
 * the table. Where it is narrow, the number stands before the layer and columns go. */
static int fit_columns(State *state, const Shown *now, int width) {
    memcpy(state->column, columns, sizeof columns);
    int need = columns[LAYER].width, others = 2 + 2; /* the marker, the arrow of what is out of sight */
    for (int i = 0; i < COLUMNS; i++)
        others += i == LAYER ? 0 : columns[i].width + 2;
    StText line = {0};
    for (int i = 0; i < now->stack->count; i++) {
        st_text_clear(&line);
        layer_line(&now->stack->layers[i], &line);
        if ((int)line.length > need) need = (int)line.length;
    }
    st_text_free(&line);
    if (need + others <= width) {
        state->column[LAYER].width = need;
        state->column[LAYER].stretch = false;
        return need + others;
    }
    /* Other columns go before a layer is cut: of an automatic name one learns less than of an option. */
    int most = width >= 2 * NARROW ? width - 36 : need > 22 ? 20 : 22; /* one that is cut leaves the shape */
    if (need > state->column[LAYER].width) state->column[LAYER].width = need < most ? need : most;
    return width;
}

static void input_cell(const Shown *now, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    char buffer[ST_SHAPE_TEXT];
    *ink = wrong_at(now, INPUT_ROW) ? UI_BAD : UI_DIM;
    switch (column) {
    case LAYER:
        copy_text(text, "input");
        return;
    case NAME:
        copy_text(text, now->stack->input.rank > 0 ? "given"
                        : now->info.input.rank > 0 ? "by the data"
                                                   : "not known");
        return;
    case OUTPUT:
        copy_text(text, st_shape_print(&now->info.input, buffer));
        return;
    case BYTES:
        if (now->info.input.rank > 0) {
            char number[UI_NUMBER];
            copy_text(text, parts_bytes(number, st_times(st_shape_size(&now->info.input), 4)));
        }
        return;
    default:
        return;
    }
}

static void layer_cell(const Shown *now, int i, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const StLayerInfo *info = &now->layers[i];
    char buffer[ST_SHAPE_TEXT], number[UI_NUMBER];
    bool known = info->out.rank > 0;
    const Form *form = now->state->form;
    bool edited = form && form_trial(form)->runs && form_place(form) == i &&
                  (form_kind(form) == FORM_LAYER || form_kind(form) == FORM_SET);
    bool added = now->state->adds && !form && now->state->added[i];
    if (wrong_at(now, i)) *ink = UI_BAD;
    switch (column) {
    case NUMBER:
        if (added && *ink == UI_TEXT) *ink = UI_WARN;
        snprintf(text, UI_CELL_TEXT, "%s%d", added ? "*" : "", i + 1);
        return;
    case LAYER: {
        StText line = {0};
        if (now->state->width < NARROW) st_text_format(&line, "%s%d ", added ? "*" : "", i + 1);
        layer_line(&now->stack->layers[i], &line);
        copy_text(text, st_text_string(&line));
        st_text_free(&line);
        if (edited) *ink |= UI_BOLD;
        return;
    }
    case NAME:
        copy_text(text, info->name);
        if (*ink == UI_TEXT) *ink = UI_DIM;
        return;
    case OUTPUT:
        copy_text(text, st_shape_print(&info->out, buffer));
        return;
    case PARAMETERS:
        copy_text(text, known ? parts_whole(number, info->parameters) : "?");
        return;
    case FLOPS:
        copy_text(text, known ? parts_whole(number, info->flops) : "?");
        return;
    case BYTES:
        copy_text(text, known ? parts_bytes(number, info->bytes) : "?");
        return;
    }
}

static void cell(void *context, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    const Shown *now = context;
    const Row *at = &now->state->row[row];
    if (at->line || (at->layer >= 0 && !now->layers)) return; /* the words are drawn over the row */
    if (at->layer == INPUT_ROW)
        input_cell(now, column, text, ink);
    else
        layer_cell(now, at->layer, column, text, ink);
}

static void narrow_cell(void *context, int row, int column, char text[UI_CELL_TEXT], UiInk *ink) {
    cell(context, row, column + LAYER, text, ink);
}

static UiTable table_of(const State *state, const Shown *now) {
    bool narrow = state->width < NARROW;
    return (UiTable){.column = narrow ? &state->column[LAYER] : state->column,
                     .columns = narrow ? 1 : COLUMNS,
                     .rows = state->rows,
                     .context = (void *)(uintptr_t)now,
                     .cell = narrow ? narrow_cell : cell};
}

/* What is said about a layer goes over the whole rows under it. */
static void draw_words(UiGrid *grid, const State *state, const Shown *now) {
    UiRect body = state->table.body;
    for (int y = 0; y < body.h && state->table.top + y < state->rows; y++) {
        const Row *at = &state->row[state->table.top + y];
        if (!at->line) continue;
        UiInk ink;
        const char *words = words_at(now, at->layer, &ink);
        UiRect line = ui_rect_clip(ui_rect(body.x, body.y + y, body.w, 1), ui_grid_rect(grid));
        UiRect place = words_place(line);
        if (at->line == 1) ui_put_glyph(grid, line, place.x - line.x - 2, 0, UI_GLYPH_UP, ink);
        ui_paragraph(grid, place, ink, at->line - 1, words ? words : "");
    }
}

static void draw_table(UiGrid *grid, UiRect area, State *state, const Shown *now) {
    state->width = area.w;
    list_rows(state, now);
    fit_columns(state, now, area.w);
    UiTable table = table_of(state, now);
    ui_table_draw(grid, area, &table, &state->table, !state->form);
    draw_words(grid, state, now);
    if (now->stack->count == 0 && state->table.body.h > 2) {
        UiRect rest = ui_inset(state->table.body, 2, 0);
        ui_cut_top(&rest, state->rows + 1);
        ui_paragraph(grid, rest, UI_DIM, 0,
                     "No layers yet. a adds one: choose its kind, then fill in its options. Or type a line, "
                     "such as :dense 16 relu");
    }
}

/* ---- under the table ------------------------------------------------------------------------------------
 */

typedef struct Note {
    StText text;
    UiInk ink;
    UiKey key; /* the key that changes it, 0: none */
    int rank;  /* the highest is left out first */
} Note;

enum { NOTES = 7 };

static int64_t weight_bytes(const StStackInfo *info) {
    return st_times(info->parameters, 4);
}

static void note_costs(ViewContext *context, const Shown *now, Note *notes, int *count) {
    const StStackInfo *info = &now->info;
    char a[UI_NUMBER], b[UI_NUMBER], c[UI_NUMBER], d[UI_NUMBER];
    bool told = info->first_bad >= 0 || info->input.rank == 0; /* by the table */
    if (told || now->stack->count == 0) return;
    Note *note = &notes[(*count)++];
    *note = (Note){.ink = UI_TEXT, .rank = 0};
    st_text_format(&note->text, "%s parameters, %s trainable · %s FLOPs a sample, forward",
                   parts_whole(a, info->parameters), parts_whole(b, info->trainable),
                   parts_whole(c, info->flops));
    note = &notes[(*count)++];
    *note = (Note){.ink = UI_DIM, .rank = 3};
    int batch = now->recipe->fit.given ? now->recipe->fit.batch_size : 32;
    const StKind *kind =
        now->recipe->compile.given ? st_optimizer_kind_at(now->recipe->compile.optimizer.kind) : NULL;
    st_text_format(&note->text, "weights %s · gradients %s", parts_bytes(a, weight_bytes(info)),
                   parts_bytes(b, st_times(info->trainable, 4)));
    if (kind)
        st_text_format(&note->text, " · %s's state %s", kind->name,
                       parts_bytes(d, session_optimizer_bytes(context->session)));
    st_text_format(&note->text, " · %d rows %s", batch, parts_bytes(c, st_times(info->bytes, batch)));
}

static void note_line(Note *notes, int *count, UiKey key, int rank, const StText *line, const char *missing) {
    Note *note = &notes[(*count)++];
    *note = (Note){.ink = line->length ? UI_TEXT : UI_DIM, .key = key, .rank = rank};
    st_text_add(&note->text, line->length ? st_text_string(line) : missing);
}

static int note_all(ViewContext *context, const Shown *now, Note notes[NOTES]) {
    int count = 0;
    note_costs(context, now, notes, &count);
    StText line = {0};
    st_compile_print(&now->recipe->compile, &line);
    note_line(notes, &count, 'O', 2, &line, "no optimizer and loss yet");
    st_text_clear(&line);
    st_fit_print(&now->recipe->fit, &line);
    note_line(notes, &count, 'F', 4, &line, "no epochs and batch size yet");
    st_text_clear(&line);
    st_callbacks_print(&now->recipe->callbacks, &line);
    note_line(notes, &count, 'C', 5, &line, "no callbacks: training makes all its epochs");
    st_text_clear(&line);
    const SessionRun *run = session_run(context->session);
    if (run && session_next_text(context->session, &line)) {
        Note *note = &notes[count++];
        *note = (Note){.ink = UI_WARN, .rank = 1};
        st_text_add(&note->text, st_text_string(&line));
        for (int i = 0; i < now->stack->count && now->state->adds; i++)
            if (now->state->added[i]) {
                st_text_add(&note->text, "; * is not in the run");
                break;
            }
    } else if (run) {
        Note *note = &notes[count++];
        *note = (Note){.ink = UI_DIM, .rank = 6};
        st_text_add(&note->text,
                    "edits are safe while it trains: a run goes on with the stack it began with");
    }
    st_text_free(&line);
    return count;
}

static int note_indent(const Note *note, int width) {
    return (width >= NARROW ? 2 : 0) + (note->key ? 2 : 0);
}

static int note_rows(const Note *note, int width) {
    UiRect none = {0, 0, width - note_indent(note, width), 0};
    int rows = ui_paragraph(NULL, none, note->ink, 0, st_text_string(&note->text));
    return rows < 1 ? 1 : rows;
}

static void draw_note(UiGrid *grid, UiRect area, const Note *note) {
    int indent = note_indent(note, area.w);
    if (note->key) ui_put_ink(grid, area, indent - 2, 0, note->key, UI_KEY);
    ui_cut_left(&area, indent);
    if (area.h > 1)
        ui_paragraph(grid, area, note->ink, 0, st_text_string(&note->text));
    else
        ui_text_in(grid, area, 0, 0, area.w, note->ink, st_text_string(&note->text));
}

/* Draws as many notes as there is room for under a table of `rows` rows; returns what is left above. */
static UiRect draw_notes(ViewContext *context, UiGrid *grid, UiRect area, const Shown *now, int rows) {
    Note notes[NOTES];
    int count = note_all(context, now, notes), kept = count;
    int least = area.h >= 12  ? 4
                : area.h >= 8 ? 2
                : area.h >= 6 ? 1
                              : 0; /* even where the table must scroll */
    int room = area.h - rows - 1 > least ? area.h - rows - 1 : least;
    for (int rank = 9; rank >= 0 && kept > room; rank--)
        for (int i = 0; i < count && kept > room; i++)
            if (notes[i].rank == rank) {
                notes[i].rank = -1;
                kept--;
            }
    int height[NOTES], all = kept; /* a long line takes more rows where there are some to spare */
    for (int i = 0; i < count; i++) {
        int more = notes[i].rank >= 0 ? note_rows(&notes[i], area.w) - 1 : 0;
        if (more > room - all) more = room - all;
        if (more < 0) more = 0;
        height[i] = 1 + more;
        all += more;
    }
    UiRect bottom = ui_cut_bottom(&area, kept > 0 ? all : 0);
    for (int i = 0; i < count; i++) {
        if (notes[i].rank >= 0) draw_note(grid, ui_cut_top(&bottom, height[i]), &notes[i]);
        st_text_free(&notes[i].text);
    }
    return area;
}

/* ---- the selected layer in words ------------------------------------------------------------------------
 */

static void describe_weights(const StLayerInfo *info, StText *out) {
    char shape[ST_SHAPE_TEXT], number[UI_NUMBER], name[ST_WEIGHT_NAME_MAX];
    for (int i = 0; i < info->weights; i++) {
        const StWeight *weight = &info->weight[i];
        st_text_format(
            out, "%s %s: %s values, begin as %s%s\n", st_weight_name(weight, name),
            st_shape_print(&weight->shape, shape), parts_whole(number, st_shape_size(&weight->shape)),
            st_initializers[weight->initializer.kind].name, weight->trainable ? "" : ", not trained");
    }
}

static void describe(const Shown *now, int layer, StText *out) {
    char in[ST_SHAPE_TEXT], to[ST_SHAPE_TEXT], a[UI_NUMBER], b[UI_NUMBER], c[UI_NUMBER];
    if (layer == INPUT_ROW || !now->layers) {
        if (now->info.input.rank == 0)
            st_text_add(out, "The shape of a row is not known: load data, or say it (enter).\n");
        else
            st_text_format(out, "The input: rows of shape %s. %s\n", st_shape_print(&now->info.input, in),
                           now->stack->input.rank > 0 ? "An input line says so."
                                                      : "The data says so; an input line would rule.");
        return;
    }
    const StLayer *at = &now->stack->layers[layer];
    const StLayerInfo *info = &now->layers[layer];
    st_text_format(out, "%s\n", at->kind->help);
    if (at->kind->formula) st_text_format(out, "%s\n", at->kind->formula);
    st_text_format(out, "%s → %s\n", st_shape_print(&info->in, in), st_shape_print(&info->out, to));
    if (wrong_at(now, layer)) st_text_format(out, "does not fit: %s\n", wrong_at(now, layer));
    describe_weights(info, out);
    if (info->out.rank > 0)
        st_text_format(out, "%s parameters, %s FLOPs and %s a sample\n", parts_whole(a, info->parameters),
                       parts_whole(b, info->flops), parts_bytes(c, info->bytes));
    StText value = {0};
    StLayer shown = *at;
    StLayerTable tables[ST_LAYER_TABLES];
    int count = st_layer_tables(&shown, tables);
    const StLayerKind *wrapped = st_layer_wrapped(at);
    if (wrapped) st_text_format(out, "\nwraps %s: %s", wrapped->name, wrapped->help);
    for (int t = 0; t < count; t++)
        for (const StOption *row = tables[t].rows; row->name; row++) {
            st_text_clear(&value);
            st_option_print(row, tables[t].values, &value);
            st_text_format(out, "%s%s=%s", row == tables[t].rows ? "\n" : "  ", row->name,
                           st_text_string(&value));
        }
    st_text_free(&value);
}

static void draw_side(UiGrid *grid, UiRect area, const State *state, const Shown *now) {
    char title[ST_LAYER_NAME_MAX + 32] = "input";
    if (state->layer >= 0 && now->layers)
        snprintf(title, sizeof title, "%d %s", state->layer + 1, now->layers[state->layer].name);
    ui_rule(grid, area, 0, title);
    ui_cut_top(&area, 1);
    StText text = {0};
    describe(now, state->layer, &text);
    ui_paragraph(grid, ui_inset(area, 1, 0), UI_TEXT, 0, st_text_string(&text));
    st_text_free(&text);
}

/* ---- drawing --------------------------------------------------------------------------------------------
 */

/* What is wrong first, from the input on; "fits" is said where nothing is. */
static UiInk verdict(const Shown *now, char text[80]) {
    int count = now->stack->count;
    if (now->input.code == ST_ERR_SHAPE)
        strcpy(text, "the input does not fit the data");
    else if (now->input.code != ST_ERR_OK)
        strcpy(text, "the data cannot be read");
    else if (now->info.first_bad >= 0)
        snprintf(text, 80, "layer %d does not fit", now->info.first_bad + 1);
    else if (now->output)
        strcpy(text, "the output does not fit");
    else if (now->info.input.rank > 0 || count == 0) {
        strcpy(text, count == 0 ? "nothing to train yet" : *now->remark ? "fits, with a remark" : "fits");
        return count == 0 ? UI_DIM : *now->remark ? UI_WARN : UI_GOOD;
    } else {
        strcpy(text, "the input is not known");
        return UI_WARN;
    }
    return UI_BAD;
}

static void draw_title(ViewContext *context, UiGrid *grid, UiRect area, const Shown *now) {
    char text[80];
    UiInk ink = verdict(now, text);
    int x = area.w >= NARROW ? 1 + ui_text(grid, area, 1, 0, UI_TITLE, "STACK") + 1 : 0;
    x += ui_print(grid, area, x, 0, UI_DIM, "%d layer%s · ", now->stack->count,
                  now->stack->count == 1 ? "" : "s");
    x += ui_text(grid, area, x, 0, ink, text);
    const SessionRun *run = session_run(context->session);
    if (!run || now->state->form || recipe_equal(run->recipe, now->recipe, RECIPE_STACK)) return;
    int count = run->recipe->stack.count;
    ui_print(grid, area, x, 0, UI_WARN, " · edited; the run has %d layer%s", count, count == 1 ? "" : "s");
}

/* Cuts the part of the area that an open form takes: the right side, or the bottom, or all. */
static UiRect cut_form(UiRect *area, Form *form, int rows) {
    if (area->w >= WIDE) {
        UiRect part = ui_cut_right(area, area->w / 2);
        ui_cut_left(&part, 2);
        return ui_cut_top(&part, form_height(form, part.w));
    }
    int least = area->h / 3 < rows + 1 ? area->h / 3 : rows + 1;
    int wanted = form_height(form, area->w);
    if (wanted > area->h - least && least > 5)
        least = 5; /* whether it fits, the selected layer and its neighbours */
    if (form_is_page(form)) least = 0;
    int most = area->h - least;
    if (area->h < 10) return ui_cut_bottom(area, area->h);
    UiRect part = ui_cut_bottom(area, wanted < most ? wanted : most);
    return part;
}

/* The words about the selected layer take what the table leaves. */
static UiRect cut_side(UiRect *area, State *state, const Shown *now) {
    int least = 34, most = 100, room = area->w - fit_columns(state, now, area->w - least) - 2;
    UiRect side = ui_cut_right(area, room < least ? least : room);
    ui_cut_left(&side, 2);
    if (side.w > most) side.w = most;
    if (side.h > 1) ui_cut_bottom(&side, 1);
    return side;
}

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    State *state = context->state;
    Shown now = shown(context, state);
    state->width = area.w;
    list_rows(state, &now);
    if (state->form && context->live) {
        UiRect part = cut_form(&area, state->form, state->rows + 1);
        if (area.h > 0 && part.w == area.w) {
            ui_rule(grid, part, 0, NULL);
            ui_cut_top(&part, 1);
        }
        form_draw(grid, part, state->form);
    }
    bool roomy = area.h >= (state->form ? 5 : 8);
    if (roomy || (area.h > 2 && area.h > state->rows + 1)) {
        draw_title(context, grid, area, &now);
        ui_cut_top(&area, 1);
    }
    bool beside = area.w >= WIDE && !state->form;
    if (!state->form || area.w >= WIDE / 2) {
        if (area.h > 3 && !(state->form && area.h < state->rows + 4))
            area = draw_notes(context, grid, area, &now, state->rows);
    }
    if (beside) draw_side(grid, cut_side(&area, state, &now), state, &now);
    int spare = area.h - state->rows - 1;
    if (!state->form && !beside && now.stack->count > 0 && spare >= 5 && area.w >= 30) {
        UiRect below = ui_cut_bottom(&area, spare - 1);
        ui_cut_bottom(&below, 1);
        draw_side(grid, below, state, &now);
    }
    draw_table(grid, area, state, &now);
}

/* ---- keys -----------------------------------------------------------------------------------------------
 */

static bool open_form(ViewContext *context, FormKind kind, int place, bool before) {
    State *state = context->state;
    if (!context->live) return false;
    form_close(state->form);
    StError error = {0};
    state->form = form_open(context->session, kind, place, NULL, &error);
    if (!state->form)
        session_say(context->session, "%s", error.message);
    else if (before)
        form_say_before(state->form);
    return true;
}

static bool run(ViewContext *context, int select, const char *format, int a, int b) {
    char line[64];
    State *state = context->state;
    snprintf(line, sizeof line, format, a, b);
    if (context->run(context->bench, line)) state->layer = select;
    return true;
}

static void finish_form(ViewContext *context, FormResult result) {
    State *state = context->state;
    if (result == FORM_ACCEPTED) {
        bool layer = form_kind(state->form) == FORM_LAYER;
        int place = form_place(state->form);
        if (!context->run(context->bench, form_line(state->form))) {
            form_refuse(state->form, "that was refused; the last line says why");
            return;
        }
        if (layer) state->layer = place;
    }
    if (result == FORM_ACCEPTED || result == FORM_CANCELLED) {
        form_close(state->form);
        state->form = NULL;
    }
}

static bool move(ViewContext *context, int by) {
    State *state = context->state;
    int from = state->layer, to = from + by, count = session_recipe(context->session)->stack.count;
    if (from < 0 || to < 0 || to >= count) return true;
    return run(context, to, "move %d %d", from + 1, to + 1);
}

static bool press_layer(ViewContext *context, UiKey key) {
    State *state = context->state;
    int layer = state->layer, count = session_recipe(context->session)->stack.count;
    switch (key) {
    case 'a':
        return open_form(context, FORM_LAYER, layer + 1 < count ? layer + 1 : count, false);
    case 'i':
        return open_form(context, FORM_LAYER, layer < 0 ? 0 : layer, true);
    case 'c':
    case UI_KEY_ENTER:
        return open_form(context, layer < 0 ? FORM_INPUT : FORM_SET, layer < 0 ? 0 : layer, false);
    case 'O':
        return open_form(context, FORM_COMPILE, 0, false);
    case 'F':
        return open_form(context, FORM_FIT, 0, false);
    case 'C':
        return open_form(context, FORM_CALLBACKS, 0, false);
    case 'd':
    case UI_KEY_DELETE:
        return layer < 0 || run(context, layer < count - 1 ? layer : count - 2, "remove %d", layer + 1, 0);
    case 'y':
        return layer < 0 || run(context, layer + 1, "copy %d", layer + 1, 0);
    case 'K':
    case UI_KEY_UP | UI_SHIFT:
        return move(context, -1);
    case 'J':
    case UI_KEY_DOWN | UI_SHIFT:
        return move(context, 1);
    default:
        return false;
    }
}

static bool press(ViewContext *context, UiKey key) {
    State *state = context->state;
    if (state->form) {
        FormResult result = form_key(state->form, key);
        finish_form(context, result);
        return result != FORM_IGNORED;
    }
    Shown now = shown(context, state);
    list_rows(state, &now);
    if (press_layer(context, key)) return true;
    UiTable table = table_of(state, &now);
    int before = state->table.selected;
    if (!ui_table_key(&table, &state->table, key)) return false;
    selection_moved(state, before);
    return true;
}

static bool mouse(ViewContext *context, const UiEvent *event) {
    State *state = context->state;
    if (state->form) {
        finish_form(context, form_mouse(state->form, event));
        return true;
    }
    Shown now = shown(context, state);
    list_rows(state, &now);
    UiTable table = table_of(state, &now);
    int before = state->table.selected;
    if (!ui_table_mouse(&table, &state->table, event)) return false;
    selection_moved(state, before);
    return true;
}

static const UiBinding *hints(ViewContext *context) {
    const State *state = context->state;
    return state->form ? form_hints(state->form) : NULL;
}

static void explain(ViewContext *context, StText *out) {
    State *state = context->state;
    Shown now = shown(context, state);
    list_rows(state, &now);
    if (state->layer >= 0 && now.layers)
        st_text_format(out, "Layer %d, %s\n", state->layer + 1, now.layers[state->layer].name);
    describe(&now, state->layer, out);
    st_text_add(out, "\n");
}

/* ---- readings -------------------------------------------------------------------------------------------
 */

static void json_layer(const Shown *now, int i, StText *out) {
    const StLayerInfo *info = &now->layers[i];
    StText line = {0};
    st_layer_print(&now->stack->layers[i], &line);
    parts_json_key(out, NULL);
    st_text_add(out, "{");
    parts_json_whole(out, "number", i + 1);
    parts_json_text(out, "name", info->name);
    parts_json_text(out, "kind", now->stack->layers[i].kind->name);
    parts_json_text(out, "line", st_text_string(&line));
    parts_json_shape(out, "input", &info->in);
    parts_json_shape(out, "output", &info->out);
    parts_json_whole(out, "parameters", info->parameters);
    parts_json_whole(out, "trainable", info->trainable);
    parts_json_whole(out, "flops", info->flops);
    parts_json_whole(out, "bytes", info->bytes);
    if (wrong_at(now, i)) parts_json_text(out, "error", wrong_at(now, i));
    st_text_add(out, "}");
    st_text_free(&line);
}

static void json(ViewContext *context, StText *out) {
    State *state = context->state;
    Shown now = shown(context, state);
    st_text_add(out, "{");
    parts_json_text(out, "view", "stack");
    parts_json_shape(out, "input", &now.info.input);
    parts_json_key(out, "layers");
    st_text_add(out, "[");
    for (int i = 0; i < now.stack->count && now.layers; i++)
        json_layer(&now, i, out);
    st_text_add(out, "]");
    parts_json_whole(out, "parameters", now.info.parameters);
    parts_json_whole(out, "trainable", now.info.trainable);
    parts_json_whole(out, "flops", now.info.flops);
    parts_json_whole(out, "bytes", now.info.bytes);
    parts_json_whole(out, "weight_bytes", weight_bytes(&now.info));
    parts_json_whole(out, "optimizer_bytes", session_optimizer_bytes(context->session));
    if (!now.fits) parts_json_text(out, "error", now.error.message);
    if (*now.remark) parts_json_text(out, "remark", now.remark);
    st_text_add(out, "}");
}

static void close_view(void *memory) {
    form_close(((State *)memory)->form);
}

static const UiBinding bindings[] = {
    {'a', "insert N KIND …", "add", "Adds a layer after the selected one: its kind, then its options"},
    {'d', "remove N", "remove", "Removes the selected layer"},
    {UI_KEY_ENTER, "set N key=value…", "change", "Changes the options of the selected layer, or the input"},
    {'i', "insert N KIND …", "insert", "Inserts a layer before the selected one"},
    {'K', "move N M", "up", "Moves the selected layer up; shift-up does too"},
    {'J', "move N M", "down", "Moves the selected layer down; shift-down does too"},
    {'y', "copy N", "copy", "Copies the selected layer behind itself"},
    {'c', "set N key=value…", NULL, "Changes the selected layer, as enter does"},
    {'O', "compile …", "compile", "Optimizer, loss and metrics, in a form"},
    {'F', "fit …", "fit", "Epochs and batch size, in a form"},
    {'C', "callbacks …", "callbacks", "What ends training before its time, in a form"},
    {0, NULL, NULL, NULL}};

const View view_stack = {.name = "stack",
                         .key = '2',
                         .title = "Stack",
                         .help = "Every layer with its shape, parameters and cost; add, change, move, remove",
                         .bindings = bindings,
                         .hints = hints,
                         .state_size = sizeof(State),
                         .draw = draw,
                         .press = press,
                         .mouse = mouse,
                         .explain = explain,
                         .json = json,
                         .close = close_view};
