/* Closer looks at one weight tensor: its values as a heat map, their histograms, and readings as curves over
 * time. Part of the weights view. */
#ifndef APP_VIEWS_TENSOR_H
#define APP_VIEWS_TENSOR_H

#include "view.h"

#include "chart.h"

/* Which numbers of a tensor are looked at. id, name */
#define TENSOR_VALUES(ROW) ROW(WEIGHTS, "weights") ROW(GRADIENT, "gradient") ROW(CHANGE, "change in the step")
typedef enum TensorValues {
#define TENSOR_ENUM(id, name) TENSOR_##id,
    TENSOR_VALUES(TENSOR_ENUM)
#undef TENSOR_ENUM
        TENSOR_KINDS
} TensorValues;
const char *tensor_values_name(TensorValues values);

/* The values of tensor `index` as a matrix: rank 2 as it is, a bias as one row, more extents with all but the
 * last folded. `own` (may hold NULL) gets memory to free. False where they are not available. */
typedef struct TensorMatrix {
    const float *value; /* [rows][columns] */
    int rows, columns;
    float *own;
} TensorMatrix;
bool tensor_matrix(const StLook *look, int index, TensorValues values, TensorMatrix *matrix);

typedef struct TensorCursor {
    int row, column;
    int filter;      /* of a kernel that is shown as pictures (views/filters.h) */
    bool whole;      /* as one matrix all the same */
    UiHeatView view; /* of the last drawing */
} TensorCursor;

/* "row 2 (petal length) → unit 5: 0.7731": what the cursor stands on. */
void tensor_read(const ViewContext *context, int index, TensorValues values, const TensorCursor *cursor,
                 StText *out);
/* Title with a colour bar, the heat map, the value under the cursor; a histogram beside it where there is
 * room. cursor NULL: none is drawn. */
void tensor_draw_matrix(const ViewContext *context, UiGrid *grid, UiRect area, int index, TensorValues values,
                        TensorCursor *cursor);
/* Whether tensor `index` is drawn as pictures, and of how many filters (0: it is not). */
int tensor_filters(const StLook *look, int index, const TensorCursor *cursor);
/* Weights, gradient and change of one tensor one under the other, and the weights of all beside them. */
void tensor_draw_histograms(const ViewContext *context, UiGrid *grid, UiRect area, int index);
/* One reading of every row over the steps; row `focus` in front. */
void tensor_draw_curves(const ViewContext *context, UiGrid *grid, UiRect area, StReading reading, int focus);

#endif
