/* What the program asks of the views. They implement it in app/views/. */
#ifndef APP_VIEWS_H
#define APP_VIEWS_H

#include "session.h"

/* `strata show VIEW`: a view as plain text, width x height cells from 1x1 up, or its readings as one JSON
 * object. The session holds recipe, data and, where weights were asked for, a run at rest with them. */
typedef struct ViewsAsk {
    const char *view;
    int width, height;
    bool json;
    const char *layer; /* NULL: the first */
    int unit;          /* from 1; 0: not given */
    int64_t row;       /* from 1; 0: not given */
    StPart part;
    const char *method; /* NULL: the default */
} ViewsAsk;
bool views_print(Session *session, const ViewsAsk *ask, StText *out, StError *error);

/* Name and one-sentence help of view `index`; NULL behind the last. */
const char *views_name_at(const void *unused, int index);
const char *views_help_at(int index);

#endif
