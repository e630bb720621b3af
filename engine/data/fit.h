/* Inside the data room: what a preparation is made of. */
#ifndef ST_DATA_FIT_H
#define ST_DATA_FIT_H

#include "data/preparation.h"
#include "data/table.h"

typedef enum StInputKind { ST_INPUT_COLUMN, ST_INPUT_CATEGORY, ST_INPUT_FEATURE } StInputKind;

/* One number that the network takes (of one position, where a row has more than one axis). */
typedef struct StInput {
    StInputKind kind;
    int from;     /* the column, or the StFeature */
    int category; /* ST_INPUT_CATEGORY: 1 where the cell is this one, else 0 */
    double shift, divisor;
} StInput;

struct StPreparation {
    StShape raw_shape, x_shape;
    int fields;
    StField *field;    /* [fields + 1] */
    double *fill;      /* [fields], NaN: a missing cell is an error */
    int inputs;        /* extent of x_shape's last axis */
    StInput *input;    /* [inputs] */
    char **input_name; /* [inputs] */
    bool plain;        /* input i is column i: x has the raw row's shape */
    bool header;       /* columns are known by name */
    StTask task;
    int classes;
    char **class_name;
    bool classes_numbers;
    int targets;
    StField *target; /* [targets + 1] */
};

/* Fits on the table's first `rows` rows. prepare and features may be NULL. */
StPreparation *st_preparation_fit(const StTable *table, int64_t rows, const StPrepareSpec *prepare,
                                  const StFeaturesSpec *features, StError *error);

/* Raw rows [rows][raw_shape] to x [rows][x_shape]; missing cells must have fillings. */
void st_preparation_apply(const StPreparation *preparation, const float *raw, int64_t rows, float *x);

/* A table's row of raw numbers; bytes are converted into `held` [raw_shape]. */
const float *st_table_row(const StTable *table, int64_t row, int64_t width, float *held);

/* Names and x_shape, once fields and inputs are there. */
bool st_preparation_finish(StPreparation *preparation, StError *error);

#endif
