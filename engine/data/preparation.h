/* What was fitted on the training part, kept with the weights so that a weights
 * file alone is a model: the raw columns and their categories, fillings for
 * missing cells, encodings, derived features, the shift and divisor of each
 * input, and the names of the classes.
 *
 * A number v of a column becomes (float)((v - shift) / divisor), computed in
 * double: so scale=255 gives exactly v/255.0f. Standardize takes the mean and
 * the population deviation (as Keras' Normalization), minmax the smallest value
 * and the range; both an axis of its own for each entry of the row's last axis
 * (Keras' axis=-1): columns of a table, channels of an image. A constant column
 * is only shifted. */
#ifndef ST_DATA_PREPARATION_H
#define ST_DATA_PREPARATION_H

#include "data/source.h"

typedef struct StPreparation StPreparation;

/* One line of JSON; equal preparations give equal text. NULL prints nothing. */
void st_preparation_print(const StPreparation *preparation, StText *out);
/* Reads what was printed. Errors say what is wrong with it. The caller destroys the result. */
StPreparation *st_preparation_parse(const char *text, StError *error);
void st_preparation_destroy(StPreparation *preparation);

StShape st_preparation_x_shape(const StPreparation *preparation);
StTask st_preparation_task(const StPreparation *preparation);
int st_preparation_classes(const StPreparation *preparation); /* 0 for regression */
/* NULL outside; classes of data without names are "0", "1", … */
const char *st_preparation_class_name(const StPreparation *preparation, int index);
int st_preparation_inputs(const StPreparation *preparation); /* entries of the last axis */
const char *st_preparation_input_name(const StPreparation *preparation, int index); /* "island=Biscoe" */

/* What an input (an entry of the last axis) was made of: x = (v − shift) / divisor. */
typedef struct StInputOrigin {
    int column;   /* v is of this input column of the source; -1: derived from two of them */
    int category; /* v is 1 where the cell is this category, else 0; -1: v is the cell */
    double shift, divisor;
} StInputOrigin;
bool st_preparation_origin(const StPreparation *preparation, int index,
                           StInputOrigin *origin); /* false: outside */

/* Rows read for a network that is trained already. Zero-initialise; st_rows_free. */
typedef struct StRows {
    int64_t rows;
    float *x;        /* [rows][x_shape] */
    int32_t *labels; /* [rows], or NULL: classification and targets asked for */
    float *y;        /* [rows][targets], or NULL: regression and targets asked for */
    int64_t targets;
} StRows;

/* Rows of a csv file with the columns that the model was trained on, found by the names in its header (by
 * place where the model's own data had no header, or where it has more than one axis: then one number a
 * column, in row-major order). Other columns are ignored. With targets the target columns must be there.
 * Errors name line and column: a missing cell without a filling, an unknown category, no number. */
bool st_preparation_read_csv(const StPreparation *preparation, const char *path, bool targets, StRows *rows,
                             StError *error);
bool st_preparation_apply_csv(const StPreparation *preparation, const char *path, float **x, int64_t *rows,
                              StError *error);
void st_rows_free(StRows *rows);

#endif
