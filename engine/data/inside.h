/* Inside the data room: what a data set is made of. */
#ifndef ST_DATA_INSIDE_H
#define ST_DATA_INSIDE_H

#include "data/dataset.h"
#include "data/fit.h"

struct StDataset {
    StDataSpec spec; /* where it came from, for its description */
    StTable table;   /* raw rows, part after part */
    StPreparation *preparation;
    int64_t start[ST_PARTS + 1]; /* first row of each part */
    int64_t width;               /* size of x_shape */
    float *x;                    /* [rows][width]; the table's own where nothing is to be done; NULL: bytes */
    float (*byte_value)[256];    /* what a byte becomes: [byte_tables], by channel where there are several */
    int byte_tables;
    float byte_divisor;  /* where it is not 0, a byte becomes byte / byte_divisor, to the same bits */
    int64_t label_count; /* labels or floats a row: size of y_shape */
    int columns;
    StColumnInfo *column;
    int64_t *category_count;        /* of all columns, one after another */
    int64_t *class_count[ST_PARTS]; /* [classes] */
    bool plane;
};

/* Columns, class counts and warnings, once rows are in their parts and prepared. */
bool st_dataset_look(StDataset *dataset, StError *error);

#endif
