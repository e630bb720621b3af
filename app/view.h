/* A view: one screen of the workbench, and what `strata show NAME` prints.
 *
 * A view is one file in app/views/ ending in one View row; views.c lists the rows. It draws the session onto
 * a grid and turns keys into lines of the language (bindings) or moves its own cursors (key). It never
 * changes the session but by running a command, and computes nothing that takes longer than a frame: what
 * it shows comes from the session, the history of records, and the inspector's newest results. */
#ifndef APP_VIEW_H
#define APP_VIEW_H

#include "gaze.h"
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
    const char *layer;          /* --layer NAME or number, or NULL */
    int unit, row;              /* --unit, --row from 0; -1: none */
    const char *klass, *column; /* --class, --column: name or number from 0; NULL: none */
    int count;                  /* --count of rows, steps or samples; 0: the study's own */
    double value;               /* --value: a threshold; NaN: the study's own */
    const char *part, *method;
} ViewSelect;
extern const ViewSelect view_select_nothing;
enum { STUDIES_MAX = 128 };

/* What a view is given. */
typedef struct ViewContext {
    const struct View *view;
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
    Gaze *gaze; /* never NULL */
    /* The view's chosen study, as an index of st_studies; -1: the first of its group that can be made. Never
     * NULL. */
    int *method;
    double share;         /* of a core that what is asked for may take while training goes on */
    int64_t *turn;        /* [studies] counted up to ask (again) for one of the asked kind; never NULL */
    StMoments *moments;   /* of the run; NULL: there are none */
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

/* What a view asks for now: preset from its method, the gaze and turn, then View.ask. False: it has no
 * studies.
 */
bool view_ask(ViewContext *context, const View *view, StAsk *ask);

/* All views in the order of their tabs, ended by NULL. Those without a key (start, log) and those of the
 * inside are behind the tabs.
 */
extern const View *const views[];
const View *view_find(const char *name); /* NULL: there is none */
bool view_is_inside(const View *view);   /* the page Inside, or a view that it leads to */
const char *view_name_at(const void *unused, int index);

/* `strata show`: prints a view as plain text, w x h cells from 1x1 up (h 0: rows for what there is to show,
 * without blank ones at the end); ASCII where the locale (set by the
 * caller) is not UTF-8. Readings are computed here and now, from the run's or loaded weights
 * (session_weights) or else from initial ones. json: the view's readings as one object instead. */
bool view_print(Session *session, const char *view, int w, int h, const ViewSelect *select, FILE *out,
                StError *error);
bool view_print_json(Session *session, const char *view, const ViewSelect *select, FILE *out, StError *error);

#endif
