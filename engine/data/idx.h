/* Inside the data room: idx files, the format of the MNIST release. Big-endian:
 * two zero bytes, the type (8: bytes), the rank, an int32 for each extent, data. */
#ifndef ST_DATA_IDX_H
#define ST_DATA_IDX_H

#include "data/table.h"

typedef struct StIdx {
    int rank; /* 1 to 3 */
    int64_t dim[3];
    const uint8_t *data; /* inside the bytes that were read */
} StIdx;

/* rank: 3 for images, 1 for labels; `name` stands in messages. */
bool st_idx_read_memory(const char *name, const void *bytes, size_t size, int rank, StIdx *idx,
                        StError *error);

typedef struct StIdxPair {
    char images_name[4096], labels_name[4096];
    StIdx images, labels;
} StIdxPair;

bool st_idx_table(const StIdxPair *train, const StIdxPair *test, StTable *table, StError *error);

#endif
