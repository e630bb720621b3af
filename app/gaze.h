/* The gaze: what is looked at, one for all views of the inside, so that an example or a unit chosen in one is
 * there in the next. Changed by the command `look layer=… unit=… part=… row=… class=… column=…`. */
#ifndef APP_GAZE_H
#define APP_GAZE_H

#include "base/option.h"
#include "inspect/finding.h"
#include "session.h"

typedef struct Gaze {
    int layer, unit; /* from 0; -1: the view's own choice */
    int part;        /* StPart of the example; -1: test, else validation, else train */
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

/* `look`: every word is a number from 0, a name where there are names, next, previous, or auto. found (may be
 * NULL): what the view shows, whose own choices next and previous go on from. */
extern const StOption gaze_options[];
typedef struct GazeWords {
    char again[16], layer[ST_LAYER_NAME_MAX], unit[16], part[16], row[24], klass[64], column[64], method[32];
} GazeWords;
bool gaze_look(Gaze *gaze, Session *session, const StFinding *found, const GazeWords *words, StError *error);

/* The part that the example is of. */
StPart gaze_part(const Gaze *gaze, const StDataset *dataset);

#endif
