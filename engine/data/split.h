/* Inside the data room: which row goes to which part. */
#ifndef ST_DATA_SPLIT_H
#define ST_DATA_SPLIT_H

#include "data/dataset.h"
#include "data/table.h"

/* Fills order [table->rows] with old row numbers, part after part, each in the order of the source, and
 * size [ST_PARTS]; rows that no part takes are left out. */
bool st_split_table(const StSplitSpec *split, const StTable *table, uint64_t seed, int64_t *order,
                    int64_t size[ST_PARTS], StError *error);

#endif
