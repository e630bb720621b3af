/* A view: one screen of the workbench, and what `strata show NAME` prints.
 *
 * A view is one file in app/views/ ending in one View row; views.c lists the rows. It draws the session onto
 * a grid and turns keys into lines of the language (bindings) or moves its own cursors (key). It never
 * changes the session but by running a command, and computes nothing that takes longer than a frame: what
 * it shows comes from the session, the history of records, and the inspector's newest results. */
#ifndef APP_VIEW_H
#define APP_VIEW_H

#include "history.h"
#include "inspect/inspection.h"
#include "inspect/studies.h"
#include "session.h"
#include "trends.h"

#include "event.h"
#include "grid.h"
#include "keymap.h"

#include <stdio.h>

/* What `strata show` was asked for; the workbench leaves it at zero. */
typedef struct ViewSelect {
    const char *layer; /* --layer NAME, or NULL */
    int unit, row;     /* --unit, --row from 0; -1: none */
    const char *part, *method;
} ViewSelect;

/* What is looked at: one for all views of the inside, so that an example or a unit chosen in one is there in
 * the next. Changed by the command `look layer=… unit=… part=… row=… class=… column=…`. */
typedef struct Gaze {
    int layer, unit; /* -1: the view's own choice */
    int part;        /* of the example; -1: test, else validation, else train */
    int64_t row;
    int klass, column;
    int64_t moment; /* step of the moment that all views are of; -1: the present */
    /* An example made by hand in place of the row (drawn, or a row with changed features), prepared as the
     * network takes it; NULL: none. Set through gaze_make alone, which counts `made` up. */
    float *input;
    int64_t inputs, made;
} Gaze;
extern const Gaze gaze_nothing;
/* Takes a copy; NULL: back to the row. False: no memory. */
bool gaze_make(Gaze *gaze, const float *input, int64_t inputs);

/* What a view is given. */
typedef struct ViewContext {
    Session *session;
    const History *now, *last; /* records of the present and of the previous run; never NULL, may be empty */
    /* The newest look at the network: readings of the weights, and what the view wants beside them; NULL
     * before the first. In `strata show` it is of the run's, the loaded, or the initial weights. Valid in one
     * call of the view. */
    const StLook *look;
    const char
        *trouble; /* why `strata show` has no look; "" otherwise. In the workbench the inspection says */
    StInspection *inspection; /* NULL before the first run, and in `strata show` */
    /* What the view asked for (View.ask), or has so far; NULL before the first. It may be of an earlier ask
     * or snapshot while the new one is made: views/inside.h says so on the screen. */
    const StFound *found;
    Gaze *gaze;         /* never NULL */
    int *method;        /* the view's chosen study, as an index of st_studies; never NULL; -1: it has none */
    int64_t *turn;      /* counted up to ask (again) for a study of the asked kind; never NULL */
    StMoments *moments; /* of the run; NULL: there are none */
    const Trends *trends; /* readings over time; never NULL, may be empty. The workbench adds every look */
    void *state;          /* the view's own, zeroed at first, of state_size */
    bool live;            /* in the workbench: a cursor is drawn, forms may open */
    ViewSelect select;
    /* Runs a line of the language as if it were typed; messages and errors go to the message line. */
    bool (*run)(void *bench, const char *line);
    void *bench;
} ViewContext;

typedef struct View {
    const char *name;          /* "overview": `view overview`, `strata show overview` */
    UiKey key;                 /* '1': a tab; 0: none */
    UiKey inside;              /* 'W': one of the views behind the tab "Inside", by its capital; 0: is none */
    const char *question;      /* of those, on the page Inside: "Why this answer?" */
    const char *title;         /* "Overview" */
    const char *help;          /* one sentence: what it shows */
    const UiBinding *bindings; /* its keys, beside the common ones; ended by key 0; or NULL. A command that
                                  begins with ':' opens the prompt with the rest of it typed in. */
    size_t state_size;
    void (*draw)(ViewContext *context, UiGrid *grid, UiRect area);
    /* Fills what the view, being looked at, wants of the inspection beside the readings (preset to nothing);
     * called before every frame. NULL: nothing. */
    void (*want)(ViewContext *context, StWant *want);
    /* Views with studies (a group of st_studies of the view's name): adjusts what is asked for, which is
     * preset from method, gaze and turn. Called before every frame. NULL: as preset. */
    void (*ask)(ViewContext *context, StAsk *ask);
    bool (*press)(ViewContext *context, UiKey key);            /* true: used; runs before bindings */
    bool (*mouse)(ViewContext *context, const UiEvent *event); /* true: used */
    void (*explain)(ViewContext *context, StText *out);        /* what is under the cursor, with numbers */
    /* `strata show NAME` without a size: rows that show all there is; NULL: 30. */
    int (*rows)(const ViewContext *context);
    /* `strata show NAME --json`: an object of its readings at full precision; NULL: none. */
    void (*json)(ViewContext *context, StText *out);
    /* A line "NAME WORD…" of the workbench that is the view's own (`train log_y`); words[0] is the first
     * after the name. NULL: none. */
    bool (*command)(ViewContext *context, const StWord *words, int count, StError *error);
    /* What has the focus now, where that is not the view itself (an open form): its hints; or NULL. */
    const UiBinding *(*hints)(ViewContext *context);
    void (*close)(void *state); /* frees what the state owns; NULL: nothing */
} View;

/* All views in the order of their tabs, ended by NULL. Those without a key (start, log) are behind the tabs.
 */
extern const View *const views[];
const View *view_find(const char *name); /* NULL: there is none */
const char *view_name_at(const void *unused, int index);

/* `strata show`: prints a view as plain text, w x h cells from 1x1 up (h 0: rows for what there is to show,
 * without blank ones at the end); ASCII where the locale (set by the
 * caller) is not UTF-8. Readings are computed here and now, from the run's or loaded weights
 * (session_weights) or else from initial ones. json: the view's readings as one object instead. */
bool view_print(Session *session, const char *view, int w, int h, const ViewSelect *select, FILE *out,
                StError *error);
bool view_print_json(Session *session, const char *view, const ViewSelect *select, FILE *out, StError *error);

#endif
