/* What if: an example made by hand. Raw cells, as the data has them, are changed one by one (or drawn), and
 * what the network would take of them goes to the gaze, so that every view of the inside looks at it. It
 * begins as the row that the gaze is on. */
#ifndef APP_WHAT_IF_H
#define APP_WHAT_IF_H

#include "gaze.h"

enum { WHAT_IF_PAST = 32 };

/* Zeroed at first; what_if_free. */
typedef struct WhatIf {
    float *raw;                /* [cells] */
    float *row;                /* [cells] of the row as the data has it */
    float *x;                  /* [inputs] scratch */
    int64_t cells, inputs;     /* 0: nothing was taken yet */
    int64_t made;              /* of the gaze whose example raw is; another: it is taken anew */
    float *past[WHAT_IF_PAST]; /* [cells] before the last changes, the newest last */
    int pasts;
    const StDataset *of;
} WhatIf;
void what_if_free(WhatIf *what);

/* raw and row become what the gaze is on. False, with an error, where there is no such row or no memory. */
bool what_if_take(WhatIf *what, const Gaze *gaze, const StDataset *dataset, StError *error);
/* Keeps raw, to come back to: before a change, or a whole stroke. */
void what_if_remember(WhatIf *what);
/* The gaze is on raw from now on. */
bool what_if_put(WhatIf *what, Gaze *gaze, StError *error);
bool what_if_undo(WhatIf *what, Gaze *gaze, StError *error);
bool what_if_changed(const WhatIf *what, int64_t cell); /* is another than the row's */

/* The cells that a word means: "petal_length" or its number from 1 in a table; "3,5" a pixel by row and
 * column from 0, of all channels, "3,5,1" of one. Returns the first; count: how many follow one another. -1
 * with an error. */
int64_t what_if_cell(const StDataset *dataset, const char *word, int *count, StError *error);
/* A cell's value by a word: a number, or the name of a category. */
bool what_if_value(const StDataset *dataset, int64_t cell, const char *word, float *value, StError *error);
/* A cell's value as text: "4.2", "Biscoe". Returns buffer. */
const char *what_if_text(const StDataset *dataset, int64_t cell, float value, char buffer[48]);
/* The column that a cell is of. */
const StColumnInfo *what_if_column(const StDataset *dataset, int64_t cell);
/* The value so many twentieths of the column's range farther, at most at its ends; the next category. */
float what_if_step(const StDataset *dataset, int64_t cell, float value, int steps);

/* ---- drawing ---- */

/* A picture's cells, and the values of an empty and of a full place. */
typedef struct Canvas {
    int height, width, channels;
    float blank, ink;
} Canvas;
bool canvas_of(const StDataset *dataset, Canvas *canvas); /* false: rows are no pictures */
/* A soft stroke from one place to another (row and column, of pixels' middles; the same: a dot): full along
 * its middle, lighter at its edge, as wide as strokes of digits are in pictures of this size. erase: back to
 * blank. */
void canvas_stroke(const Canvas *canvas, float *raw, double row0, double column0, double row1, double column1,
                   bool erase);
void canvas_clear(const Canvas *canvas, float *raw);

#endif
