/* Inside the data room: arrays already in memory made a table. */
#ifndef ST_DATA_NPY_SOURCE_H
#define ST_DATA_NPY_SOURCE_H

#include "data/npy.h"
#include "data/table.h"

enum { ST_LABELS_MAX = 1 << 24 };

typedef struct StNpyPair {
    char x_name[4096], y_name[4096], weights_name[4096];
    StNpy x, y;
    StNpy weights; /* of rank 0 without an element where none are given */
} StNpyPair;

/* test may be NULL. The arrays stay the caller's. */
bool st_npy_table(const StNpyPair *train, const StNpyPair *test, StTable *table, StError *error);

#endif
