/* Choosing the kind of a new layer: all kinds on one page, a family a paragraph; typing finds, and what does
 * not fit at the place says why. A part of forms.c. */
#ifndef APP_FORM_KINDS_H
#define APP_FORM_KINDS_H

#include "session.h"

#include "form.h"

enum { FORM_KINDS_MAX = 128 };

typedef struct FormKinds {
    UiEdit filter;
    int count;
    struct {
        const StLayerKind *kind;
        bool fits;                /* as far as one can say with common options */
        char why[ST_MESSAGE_MAX]; /* not */
        int x, y;                 /* of the last layout, y from the first row; y -1: not shown */
    } at[FORM_KINDS_MAX];
    StShape input; /* of a row at the place; rank 0: not known */
    int chosen;    /* index into at */
    int width;     /* of the last layout */
    int rows, top;
    UiRect body; /* of the last drawing */
} FormKinds;

/* For a layer that goes before the one at `place` (from 0). */
void form_kinds_open(FormKinds *kinds, Session *session, int place);
/* The kind under the cursor, or NULL: nothing is found. */
const StLayerKind *form_kinds_chosen(const FormKinds *kinds);
/* Arrows, tab, page keys and what is typed; false: the key is not for it. */
bool form_kinds_key(FormKinds *kinds, UiKey key);
/* True: a click on the kind that the cursor was on already. */
bool form_kinds_mouse(FormKinds *kinds, const UiEvent *event);
/* The rows that it would like to have. */
int form_kinds_height(FormKinds *kinds, int width);
void form_kinds_draw(UiGrid *grid, UiRect area, FormKinds *kinds, const char *title);

#endif
