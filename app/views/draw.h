/* Inside the view draw: what its keys (draw.c) and its picture (draw_panels.c) share. */
#ifndef APP_VIEWS_DRAW_H
#define APP_VIEWS_DRAW_H

#include "inside.h"
#include "what_if.h"

#include "table.h"

typedef struct DrawState {
    WhatIf what;
    double *pixels; /* [cells] scratch of the picture; NULL before it is drawn */
    int64_t pixels_size;
    UiTableState table;

    int row, column; /* the cursor on the picture */
    bool placed;     /* in its middle, at first */
    bool touched;    /* a key or the mouse was used: no need to say how */
    bool pen;        /* down: the keys draw as they move */
    bool held;       /* the mouse's button */
    bool stroking;   /* the next place goes on from the last one */
    double last_row, last_column;
    UiHeatView canvas; /* where it was drawn last, for the mouse */
} DrawState;

/* What one call of the view works on. */
typedef struct Sheet {
    ViewContext *context;
    DrawState *state;
    const StDataset *dataset;
    const StFinding *found; /* NULL: nothing was found yet */
    Canvas canvas;
    bool picture; /* the rows are pictures: canvas; else a table */
    bool by_hand; /* the example is not the row's */
    bool ready;
} Sheet;
Sheet draw_sheet(ViewContext *context, StError *error);

/* The columns of the table of features. */
enum { DRAW_NAME, DRAW_VALUE, DRAW_SCALE, DRAW_ROW, DRAW_MORE, DRAW_COLUMNS };
UiTable draw_table_of(Sheet *sheet);
/* "petal_length", or "3,5" of rows with more than one axis. Returns buffer. */
const char *draw_cell_name(const Sheet *sheet, int64_t cell, char buffer[80]);
void draw_view(ViewContext *context, UiGrid *grid, UiRect area);

#endif
