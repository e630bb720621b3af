#include "forms.h"

#include "command.h"
#include "form.h"
#include "form_fields.h"
#include "form_kinds.h"
#include "train/learner_fit.h"
#include "train/loss.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const UiBinding form_bindings[] = {
    {UI_KEY_ENTER, "accept", "accept", "Runs the line that the form has written"},
    {UI_KEY_TAB, "next field", "next", "Goes to the next field; up, down and shift-tab go too"},
    {UI_KEY_LEFT, "previous choice", "choose", "Goes back through the choices of a field"},
    {UI_KEY_RIGHT, "next choice", "choose", "Goes through the choices of a field"},
    {UI_KEY_ESCAPE, "cancel", "cancel", "Leaves the form; nothing is changed"},
    {0, NULL, NULL, NULL}};

static const struct {
    const char *name, *title, *help;
} form_rows[] = {
#define FORM_ROW(id, name, title, help) {name, title, help},
    FORM_KINDS(FORM_ROW)
#undef FORM_ROW
};

const char *form_name(FormKind kind) {
    return form_rows[kind].name;
}

const char *form_help(FormKind kind) {
    return form_rows[kind].help;
}

struct Form {
    Session *session;
    FormKind kind;
    int place;
    FormFields fields;
    UiForm *ui;                /* NULL while the kind is being chosen */
    bool before;               /* the place is told by the layer that comes after it */
    int first[FORM_SELECTORS]; /* the choices that it opened with */
    char title[128];
    StText line, effect;
    FormTrial trial;
    FormKinds kinds;              /* of a new layer, while its kind is being chosen */
    char refused[ST_MESSAGE_MAX]; /* what running the line said */
};

/* ---- trying a line ---------------------------------------------------------------------------------------
 */

void form_trial_free(FormTrial *trial) {
    if (trial->runs) recipe_free(&trial->draft);
    free(trial->layers);
    *trial = (FormTrial){0};
}

/* The shape of a row for a draft: its input line, or what the data says where the data stays the same. */
static StShape draft_input(Session *session, const Recipe *draft) {
    if (draft->stack.input.rank > 0) return draft->stack.input;
    const StDataset *dataset = session_dataset_loaded(session, NULL);
    if (dataset && recipe_equal(draft, session_recipe(session), RECIPE_DATA))
        return st_dataset_x_shape(dataset);
    return (StShape){0};
}

static bool run_on_draft(Session *session, const char *line, Recipe *draft, StError *error) {
    StWords *words = malloc(sizeof *words);
    if (!words) return st_fail_memory(error, "a line", sizeof *words);
    void *context = NULL;
    bool done = st_words_split(line, words, error);
    const Command *command =
        done && words->count > 0 ? command_find(session, words->word[0].text, &context) : NULL;
    if (done && !command)
        done = words->count > 0 ? command_unknown(session, words->word[0].text, error)
                                : st_fail(error, ST_ERR_VALUE, "the line is empty");
    if (done && !command->edit)
        done = st_fail(error, ST_ERR_STATE, "%s does not edit the recipe", command->name);
    if (done) {
        StText said = {0};
        CommandCall call = {.session = session,
                            .context = context,
                            .words = words->word,
                            .count = words->count,
                            .line = line};
        done = command->edit(&call, draft, &said, error);
        st_text_free(&said);
    }
    free(words);
    return done;
}

void form_try(Session *session, const char *line, FormTrial *trial) {
    *trial = (FormTrial){0};
    if (!recipe_copy(&trial->draft, session_recipe(session), &trial->error)) return;
    if (!run_on_draft(session, line, &trial->draft, &trial->error)) {
        recipe_free(&trial->draft);
        trial->draft = (Recipe){0};
        return;
    }
    trial->runs = true;
    int count = trial->draft.stack.count;
    trial->layers = calloc((size_t)count + 1, sizeof *trial->layers);
    if (!trial->layers) {
        st_fail_memory(&trial->error, "layers", (size_t)count * sizeof *trial->layers);
        return;
    }
    StShape input = draft_input(session, &trial->draft);
    const StShape *before = &session_recipe(session)->stack.input;
    bool whole = st_stack_infer(&trial->draft.stack, &input, trial->layers, &trial->info, &trial->error);
    /* Without an input shape nothing can be said against the layers. */
    trial->fits = whole || (trial->info.first_bad < 0 && trial->info.input.rank == 0);
    if (trial->fits) trial->error = (StError){0};
    if (trial->fits && count > 0)
        trial->fits = form_output_fits(session, &trial->draft, &trial->info, &trial->error);
    /* What was wrong with the input before is not the line's doing. */
    if (trial->fits && !st_shape_equal(&trial->draft.stack.input, before))
        trial->fits = session_input_fits(session, &trial->draft, &trial->error);
}

bool form_output_fits(const Session *session, const Recipe *recipe, const StStackInfo *info, StError *error) {
    const StDataset *dataset = session_dataset_loaded(session, NULL);
    const StLoss *loss = recipe->compile.given ? st_loss_at(recipe->compile.loss.kind) : NULL;
    if (!dataset || !loss || info->first_bad >= 0 || info->output.rank == 0) return true;
    if (!recipe_equal(recipe, session_recipe(session), RECIPE_DATA)) return true;
    return st_loss_fits(&recipe->compile.loss, &info->output, dataset, error);
}

/* The activation that the stack ends in, layers without one of their own (dropout, flatten) passed over. */
static const char *last_activation(const StStack *stack) {
    for (int i = stack->count - 1; i >= 0; i--) {
        const StLayer *layer = &stack->layers[i];
        const char *name = layer->kind->activation ? layer->kind->activation(layer->options) : NULL;
        const StLayerKind *wrapped = st_layer_wrapped(layer);
        if (name) return name;
        if ((wrapped ? wrapped : layer->kind)->weights) return "linear";
    }
    return "linear";
}

void form_output_remark(const Session *session, const Recipe *recipe, const StStackInfo *info, StText *out) {
    const StDataset *dataset = session_dataset_loaded(session, NULL);
    const StLoss *loss = recipe->compile.given ? st_loss_at(recipe->compile.loss.kind) : NULL;
    if (!loss || !recipe->stack.count || info->first_bad >= 0 || info->output.rank == 0) return;
    const char *end = last_activation(&recipe->stack);
    bool chances = strcmp(end, "softmax") == 0 || strcmp(end, "sigmoid") == 0;
    bool logits = st_loss_from_logits(&recipe->compile.loss);
    int64_t width = info->output.dim[info->output.rank - 1];
    if (dataset && st_dataset_has_labels(dataset) &&
        recipe_equal(recipe, session_recipe(session), RECIPE_DATA) && width > st_dataset_classes(dataset) &&
        st_dataset_classes(dataset) > 0)
        st_text_format(out, "%lld outputs for %d classes", (long long)width, st_dataset_classes(dataset));
    if (!loss->fuses) return;
    const char *gap = out->length ? "; " : "";
    if (!logits && !chances)
        st_text_format(out, "%sthe loss wants probabilities: end in %s, or from_logits=yes", gap,
                       loss->fuses);
    else if (logits && chances)
        st_text_format(out, "%sfrom_logits=yes wants no %s at the end", gap, end);
    else if (width == 1 && strcmp(end, "softmax") == 0)
        st_text_format(out, "%ssoftmax of 1 output is always 1: end in sigmoid", gap);
}

void form_effect(const Session *session, const Recipe *draft, StText *out) {
    const SessionRun *run = session_run(session);
    if (recipe_equal(draft, session_recipe(session), RECIPE_RUN)) {
        st_text_add(out, recipe_equal(draft, session_recipe(session), RECIPE_PACE)
                             ? "changes nothing"
                             : "acts at once; the numbers stay the same");
        return;
    }
    if (!run) {
        st_text_add(out, "nothing is trained yet");
        return;
    }
    StText what = {0};
    recipe_differs(draft, run->recipe, &what);
    if (what.length == 0)
        st_text_add(out, "back to what the run was made of: it goes on");
    else
        st_text_format(out, "%s changes: takes effect at the next start; r restarts", st_text_string(&what));
    st_text_free(&what);
}

/* ---- the form -------------------------------------------------------------------------------------------
 */

static bool check_field(void *context, int field, const char *text, char *message, size_t size) {
    Form *form = context;
    StError error = {0};
    if (form_field_check(&form->fields, field, text, &error)) return true;
    snprintf(message, size, "%s", error.message);
    return false;
}

static const char *value_of(const void *context, int field) {
    const Form *form = context;
    return ui_form_value(form->ui, field);
}

/* Nothing was typed or chosen, or it comes to the same recipe; a line that is new is a change in itself. */
static bool is_untouched(const Form *form) {
    if (form->line.length == 0) return true;
    if (form->kind == FORM_LAYER || form->fields.fresh) return false;
    bool same = memcmp(form->first, form->fields.choice, sizeof form->first) == 0;
    for (int i = 0; same && i < form->fields.count; i++)
        same = form->fields.ui[i].type == UI_FIELD_NOTE ||
               strcmp(value_of(form, i), form->fields.field[i].now) == 0;
    return same ||
           (form->trial.runs && recipe_equal(&form->trial.draft, session_recipe(form->session), RECIPE_ALL));
}

/* The line, its trial and what it would do, after any change. */
static void renew(Form *form) {
    form_trial_free(&form->trial);
    st_text_clear(&form->line);
    st_text_clear(&form->effect);
    form->refused[0] = '\0';
    if (!form->ui) return;
    form_fields_line(&form->fields, value_of, form, &form->line);
    if (form->line.length == 0) return; /* nothing differs: a line is not needed */
    form_try(form->session, st_text_string(&form->line), &form->trial);
    if (!form->trial.runs) return;
    form_effect(form->session, &form->trial.draft, &form->effect);
}

/* Makes the fields for what the selectors now say, keeping what the person has typed. */
static bool build(Form *form, const char *focus, StError *error) {
    UiForm *old = form->ui;
    FormFields before = form->fields;
    FormFields fields = {.kind = form->kind, .place = form->place};
    memcpy(fields.choice, before.choice, sizeof fields.choice);
    fields.layer = before.layer;
    if (!form_fields_build(&fields, session_recipe(form->session), error)) {
        form_fields_free(&fields);
        return false;
    }
    form->fields = fields;
    UiForm *ui = ui_form_create(form->title, form->fields.ui, form->fields.count, check_field, form);
    if (!ui) {
        form_fields_free(&form->fields);
        form->fields = before;
        return st_fail_memory(error, "a form", 0);
    }
    int focused = -1;
    for (int i = 0; i < form->fields.count; i++) {
        const char *value = form->fields.field[i].now;
        for (int j = 0; old && j < before.count; j++)
            if (!form->fields.field[i].selector &&
                strcmp(before.ui[j].label, form->fields.ui[i].label) == 0 &&
                strcmp(ui_form_value(old, j), before.field[j].now) != 0)
                value = ui_form_value(old, j);
        ui_form_set(ui, i, value);
        if (focus && strcmp(form->fields.ui[i].label, focus) == 0) focused = i;
    }
    if (focused >= 0) ui_form_set_focus(ui, focused);
    if (focused >= 0 && old) ui_form_go_on(ui, old);
    form->ui = ui;
    ui_form_free(old);
    form_fields_free(&before);
    renew(form);
    return true;
}

static void set_title(Form *form) {
    const StStack *stack = &session_recipe(form->session)->stack;
    const char *kind = form->fields.layer ? form->fields.layer->name : "layer";
    if (form->kind == FORM_LAYER) {
        int beside = form->before && form->place < stack->count ? form->place : form->place - 1;
        StText layer = {0};
        if (beside >= 0) {
            st_text_format(&layer, "%d ", beside + 1);
            st_layer_print(&stack->layers[beside], &layer);
        }
        snprintf(form->title, sizeof form->title, "New %s %s %s", kind,
                 beside == form->place ? "before" : "after",
                 beside >= 0 ? st_text_string(&layer) : "the input");
        st_text_free(&layer);
    } else if (form->kind == FORM_SET)
        snprintf(form->title, sizeof form->title, "Layer %d %s", form->place + 1,
                 stack->layers[form->place].kind->name);
    else
        snprintf(form->title, sizeof form->title, "%s", form_rows[form->kind].title);
}

Form *form_open(Session *session, FormKind kind, int place, const char *field, StError *error) {
    const StStack *stack = &session_recipe(session)->stack;
    int last = kind == FORM_LAYER ? stack->count : kind == FORM_SET ? stack->count - 1 : 0;
    if (place < 0 || place > last) {
        st_fail(error, ST_ERR_STATE, "there is no layer %d; add one first", place + 1);
        return NULL;
    }
    Form *form = calloc(1, sizeof *form);
    if (!form) {
        st_fail_memory(error, "a form", sizeof *form);
        return NULL;
    }
    *form = (Form){.session = session, .kind = kind, .place = place};
    form->fields.place = place;
    for (int i = 0; i < FORM_SELECTORS; i++)
        form->fields.choice[i] = -1;
    set_title(form);
    if (kind == FORM_LAYER) form_kinds_open(&form->kinds, session, place);
    if (kind != FORM_LAYER && !build(form, field, error)) {
        form_close(form);
        return NULL;
    }
    memcpy(form->first, form->fields.choice, sizeof form->first);
    return form;
}

void form_say_before(Form *form) {
    form->before = true;
    set_title(form);
}

void form_close(Form *form) {
    if (!form) return;
    form_trial_free(&form->trial);
    ui_form_free(form->ui);
    form_fields_free(&form->fields);
    st_text_free(&form->line);
    st_text_free(&form->effect);
    free(form);
}

static const UiBinding page_bindings[] = {
    {UI_KEY_ENTER, "choose", "choose", "Takes the kind under the cursor and asks for its options"},
    {UI_KEY_ESCAPE, "cancel", "cancel", "Leaves the form; nothing is changed"},
    {UI_KEY_LEFT, "previous kind", "move", "The kind before"},
    {UI_KEY_RIGHT, "next kind", "move", "The next kind"},
    {UI_KEY_UP, "kind above", "move", "The nearest kind in the row above"},
    {UI_KEY_DOWN, "kind below", "move", "The nearest kind in the row below"},
    {0, NULL, NULL, NULL}};

const UiBinding *form_hints(const Form *form) {
    return form->ui ? form_bindings : page_bindings;
}

FormKind form_kind(const Form *form) {
    return form->kind;
}

int form_place(const Form *form) {
    return form->place;
}

const char *form_line(const Form *form) {
    return st_text_string(&form->line);
}

const FormTrial *form_trial(const Form *form) {
    return &form->trial;
}

void form_refuse(Form *form, const char *message) {
    snprintf(form->refused, sizeof form->refused, "%s", message);
}

/* The kind of a new layer was chosen: its fields. */
static FormResult choose(Form *form) {
    const StLayerKind *kind = form_kinds_chosen(&form->kinds);
    if (!kind) return FORM_USED;
    form->fields.layer = kind;
    set_title(form);
    StError error = {0};
    if (!build(form, NULL, &error)) form_refuse(form, error.message);
    return FORM_USED;
}

/* ---- keys and drawing -----------------------------------------------------------------------------------
 */

/* A selector went to another choice: other fields belong to it. */
static void follow_selector(Form *form) {
    int field = ui_form_focus(form->ui);
    if (field < 0 || !form->fields.field[field].selector) return;
    int which = form->fields.field[field].selector - 1;
    int chosen = form_fields_chosen(&form->fields, field, ui_form_value(form->ui, field));
    if (chosen >= 0) form->fields.choice[which] = chosen;
    if (form->kind == FORM_DATA && which == 0) form->fields.choice[1] = -1; /* of the other source */
    char label[64];
    snprintf(label, sizeof label, "%s", form->fields.ui[field].label);
    StError error = {0};
    if (!build(form, label, &error)) form_refuse(form, error.message);
}

static FormResult after(Form *form, UiFormResult result) {
    switch (result) {
    case UI_FORM_IGNORED:
        return FORM_IGNORED;
    case UI_FORM_USED:
        return FORM_USED;
    case UI_FORM_CHANGED:
        follow_selector(form);
        renew(form);
        return FORM_USED;
    case UI_FORM_CANCEL:
        if (form->kind != FORM_LAYER) return FORM_CANCELLED;
        ui_form_free(form->ui); /* one step out: another kind */
        form->ui = NULL;
        form_fields_free(&form->fields);
        form->fields.layer = NULL;
        set_title(form);
        renew(form);
        return FORM_USED;
    case UI_FORM_ACCEPT:
        if (is_untouched(form)) {
            session_say(form->session, "nothing changed");
            return FORM_CANCELLED;
        }
        return form->trial.runs ? FORM_ACCEPTED : FORM_USED;
    }
    return FORM_USED;
}

/* A value with numbers (l2:0.01) is typed, but left and right go through its choices as in other fields. */
static bool step_call(Form *form, UiKey key) {
    int field = ui_form_focus(form->ui);
    const StOption *row = field >= 0 ? form->fields.field[field].row : NULL;
    if (!row || row->type != ST_CALL || (key != UI_KEY_LEFT && key != UI_KEY_RIGHT)) return false;
    char word[64];
    const char *now = ui_form_value(form->ui, field);
    snprintf(word, sizeof word, "%.*s", (int)strcspn(now, ":"), now);
    int count = 0, at = st_choice_find(row->choices, word);
    while (row->choices[count].name)
        count++;
    if (at < 0)
        at = 0;
    else
        at = (at + (key == UI_KEY_RIGHT ? 1 : count - 1)) % count;
    ui_form_set(form->ui, field, row->choices[at].name);
    return true;
}

FormResult form_key(Form *form, UiKey key) {
    if (!form->ui && key == UI_KEY_ESCAPE) return FORM_CANCELLED;
    if (!form->ui && key == UI_KEY_ENTER) return choose(form);
    if (!form->ui) return form_kinds_key(&form->kinds, key) ? FORM_USED : FORM_IGNORED;
    if (step_call(form, key)) {
        renew(form);
        return FORM_USED;
    }
    return after(form, ui_form_key(form->ui, key));
}

FormResult form_mouse(Form *form, const UiEvent *event) {
    if (form->ui) return after(form, ui_form_mouse(form->ui, event));
    return form_kinds_mouse(&form->kinds, event) ? choose(form) : FORM_USED;
}

enum { FOOT = 3, FOOT_MOST = 6 }; /* the line; what it would do, or what is wrong, in 2 rows or more */

/* What stands under the line. */
static UiInk foot_words(const Form *form, StText *out) {
    const FormTrial *trial = &form->trial;
    bool wrong = form->line.length > 0 && !(trial->runs && trial->fits);
    if (form->refused[0])
        st_text_add(out, form->refused);
    else if (is_untouched(form))
        st_text_add(out, "nothing is changed yet");
    else if (wrong)
        st_text_format(out, "%s%s", trial->runs ? "does not fit: " : "", trial->error.message);
    else
        st_text_add(out, st_text_string(&form->effect));
    return form->refused[0] || (wrong && !is_untouched(form)) ? UI_BAD : UI_DIM;
}

/* A line that is longer than a row has two. */
static int line_rows(const Form *form, int width) {
    return 3 + ui_text_width(st_text_string(&form->line)) > width ? 2 : 1;
}

static int foot_rows(const Form *form, int width, int least) {
    StText text = {0};
    UiInk ink = foot_words(form, &text);
    int rows = line_rows(form, width) +
               ui_paragraph(NULL, ui_rect(0, 0, width - 1, 0), ink, 0, st_text_string(&text));
    st_text_free(&text);
    return rows < least ? least : rows > FOOT_MOST ? FOOT_MOST : rows;
}

int form_height(Form *form, int width) {
    if (form->ui) return form->fields.count + 3 + foot_rows(form, width, FOOT);
    return form_kinds_height(&form->kinds, width - 1) + 1; /* and the rule above it */
}

bool form_is_page(const Form *form) {
    return !form->ui;
}

static void draw_foot(UiGrid *grid, UiRect area, const Form *form) {
    int x = 1 + ui_text(grid, area, 1, 0, UI_DIM, ": ");
    UiRect line = ui_cut_top(&area, area.h > 2 ? line_rows(form, area.w) : 1);
    ui_cut_left(&line, x);
    if (line.h > 1)
        ui_paragraph(grid, line, UI_TEXT, 0, st_text_string(&form->line));
    else
        ui_text_in(grid, line, 0, 0, line.w, UI_TEXT, st_text_string(&form->line));
    ui_cut_left(&area, 1);
    StText text = {0};
    UiInk ink = foot_words(form, &text);
    ui_paragraph(grid, area, ink, 0, st_text_string(&text));
    st_text_free(&text);
}

void form_draw(UiGrid *grid, UiRect area, Form *form) {
    ui_fill(grid, area, UI_TEXT);
    if (!form->ui) {
        form_kinds_draw(grid, area, &form->kinds, form->title);
        return;
    }
    int least = form->fields.count + 4 + FOOT > area.h ? 2 : FOOT; /* a long form has its rows for fields */
    int rows = foot_rows(form, area.w, least);
    int foot = area.h >= 14 ? rows : area.h >= 9 ? least : area.h >= 6 ? 2 : area.h >= 4 ? 1 : 0;
    UiRect bottom = ui_cut_bottom(&area, foot);
    ui_cut_left(&area, area.w > 24 ? 1 : 0);
    ui_form_draw(grid, area, form->ui, true);
    if (foot == 1) { /* one row: what is wrong goes before the line itself */
        bool bad = form->refused[0] || (!is_untouched(form) && !form->trial.fits);
        ui_text_in(grid, bottom, 0, 0, bottom.w, bad ? UI_BAD : UI_DIM,
                   form->refused[0] ? form->refused
                   : bad            ? form->trial.error.message
                                    : st_text_string(&form->line));
        return;
    }
    if (foot) draw_foot(grid, bottom, form);
}
