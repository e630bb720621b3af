/* Forms that write one line of the language.
 *
 * A form is made from the option tables: every field is a row (its label, default, range and help), and what
 * is accepted is one line ("insert 3 dropout 0.2", "set 2 units=32", "compile optimizer=sgd …"), so whatever
 * is done with a form can be recorded and replayed. After every key the line is tried on a copy of the
 * recipe: a wrong value is told beside its field, a layer that does not fit is told with the shapes that it
 * wanted and got, and form_trial gives the recipe as it would be, for the view to draw. */
#ifndef APP_FORMS_H
#define APP_FORMS_H

#include "session.h"

#include "event.h"
#include "grid.h"
#include "keymap.h"

/* id, name, title, what it is for */
#define FORM_KINDS(ROW)                                                                                      \
    ROW(LAYER, "layer", "New layer", "a layer before the place given: its kind, then its options")           \
    ROW(SET, "set", "Layer", "the options of the layer at the place given")                                  \
    ROW(INPUT, "input", "Input", "the shape of one row, where the data does not say it")                     \
    ROW(COMPILE, "compile", "Compile", "optimizer, loss and metrics with their options")                     \
    ROW(CALLBACKS, "callbacks", "Callbacks", "what ends training before its time")                           \
    ROW(FIT, "fit", "Fit", "how many epochs, and rows a batch")                                              \
    ROW(DATA, "data", "Data", "where the rows come from")                                                    \
    ROW(FEATURES, "features", "Features", "what a set of two columns is shown to the network as")            \
    ROW(SPLIT, "split", "Split", "which share of the rows trains, validates and tests")                      \
    ROW(PREPARE, "prepare", "Prepare", "how numbers are scaled before the network sees them")                \
    ROW(SEED, "seed", "Seed", "the number that data, initial weights, shuffling and dropout are drawn from") \
    ROW(PACE, "pace", "Pace", "how fast the workbench trains; the numbers stay the same")

typedef enum FormKind {
#define FORM_ENUM(id, name, title, help) FORM_##id,
    FORM_KINDS(FORM_ENUM)
#undef FORM_ENUM
        FORM_KIND_COUNT
} FormKind;
const char *form_name(FormKind kind);
const char *form_help(FormKind kind);

/* What a line would do to the recipe, without doing it. */
typedef struct FormTrial {
    bool runs;           /* the line can be run: draft is the recipe after it */
    bool fits;           /* and every layer fits behind it, as far as the input is known */
    Recipe draft;        /* owned; empty where it does not run */
    StLayerInfo *layers; /* owned, [draft.stack.count] */
    StStackInfo info;
    StError error; /* why it does not run or fit */
} FormTrial;
/* Tries a line on a copy of the session's recipe. Free with form_trial_free in any case. */
void form_try(Session *session, const char *line, FormTrial *trial);
void form_trial_free(FormTrial *trial);
/* Whether what comes out of a recipe's stack fits its loss and its data, as far as these are known: "wanted
 * an output of 3 classes, got 1". The recipe's data lines must be the session's. */
bool form_output_fits(const Session *session, const Recipe *recipe, const StStackInfo *info, StError *error);
/* What fits but is hardly meant: "8 outputs for 2 classes"; nothing is added where all is well. */
void form_output_remark(const Session *session, const Recipe *recipe, const StStackInfo *info, StText *out);
/* In words, what accepting a draft does to the run: "data changes: takes effect at the next start; …". */
void form_effect(const Session *session, const Recipe *draft, StText *out);

typedef struct Form Form;

/* place: LAYER: the index from 0 that it goes before (the count: at the end); SET: the layer's index; others
 * 0. field: the option that has the focus at first, or NULL. The session is borrowed. NULL with an error
 * where there is no such layer or no memory. */
Form *form_open(Session *session, FormKind kind, int place, const char *field, StError *error);
void form_close(Form *form); /* NULL is fine */
/* A new layer is told as coming before the layer at its place, not after the one above it. */
void form_say_before(Form *form);

typedef enum FormResult {
    FORM_IGNORED,
    FORM_USED,
    FORM_ACCEPTED, /* run form_line, then close it; where that fails, form_refuse says why in the form */
    FORM_CANCELLED /* close it */
} FormResult;
FormResult form_key(Form *form, UiKey key);
FormResult form_mouse(Form *form, const UiEvent *event);
void form_refuse(Form *form, const char *message);

FormKind form_kind(const Form *form);
int form_place(const Form *form);
/* The line as the fields now say, and what it would do. A kind that is not chosen yet has an empty line. */
const char *form_line(const Form *form);
const FormTrial *form_trial(const Form *form);

/* The rows that it would like to have in an area of this width. */
int form_height(Form *form, int width);
/* True while it is a page to choose from, which may have all the room there is. */
bool form_is_page(const Form *form);
void form_draw(UiGrid *grid, UiRect area, Form *form);
/* What the keys do in a form, for the line of hints: of this one as it is now, or of one with fields. */
const UiBinding *form_hints(const Form *form);
extern const UiBinding form_bindings[];

#endif
