/* Parts of the view of mistakes: one file a way to look. */
#ifndef APP_VIEWS_MISTAKES_H
#define APP_VIEWS_MISTAKES_H

#include "views/inside.h"

#include "table.h"

/* The matrix: the cell under the cursor, and what of it is shown. Until it is moved the cursor stands on the
 * pair that is confused most. */
typedef struct MistakesMatrix {
    bool moved;
    int row, column, top, left;
    UiRect cells; /* of the last drawing */
    int cell_w;
} MistakesMatrix;

/* The list: the rows of a cell, or all mistakes; the chosen one stays chosen while the list changes. */
typedef struct MistakesList {
    bool cell;
    int from, to; /* where it is of a cell: true, answered */
    bool had; /* that there were rows, at whatever step; it may have no more */
    bool chosen;
    int64_t row, position;
    UiTableState table;
} MistakesList;

typedef struct MistakesState {
    MistakesMatrix matrix;
    MistakesList list;
    bool has_threshold;
    double threshold;
} MistakesState;

/* mistakes_matrix.c */
void mistakes_matrix_draw(ViewContext *context, UiGrid *grid, UiRect area);
bool mistakes_matrix_press(ViewContext *context, UiKey key);
bool mistakes_matrix_mouse(ViewContext *context, const UiEvent *event);

/* mistakes_list.c */
void mistakes_list_draw(ViewContext *context, UiGrid *grid, UiRect area);
bool mistakes_list_press(ViewContext *context, UiKey key);
bool mistakes_list_mouse(ViewContext *context, const UiEvent *event);

/* mistakes_plots.c */
void mistakes_curve_draw(ViewContext *context, UiGrid *grid, UiRect area);
bool mistakes_curve_press(ViewContext *context, UiKey key);
void mistakes_calibration_draw(ViewContext *context, UiGrid *grid, UiRect area);
void mistakes_residuals_draw(ViewContext *context, UiGrid *grid, UiRect area);
bool mistakes_residuals_press(ViewContext *context, UiKey key);

#endif
