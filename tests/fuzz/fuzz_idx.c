/* Any bytes as idx files: the first two tell where the images end and the labels begin. */
#include "data/idx.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    size_t images = (size_t)data[0] << 8 | data[1];
    if (images > size - 2) images = size - 2;
    static StIdxPair pair;
    StTable table = {0};
    StError error = {0};
    strcpy(pair.images_name, "images");
    strcpy(pair.labels_name, "labels");
    bool done = st_idx_read_memory("images", data + 2, images, 3, &pair.images, &error) &&
                st_idx_read_memory("labels", data + 2 + images, size - 2 - images, 1, &pair.labels, &error) &&
                st_idx_table(&pair, NULL, &table, &error);
    if (!done && (error.code == ST_ERR_OK || !error.message[0])) abort();
    for (int64_t i = 0; done && i < table.rows; i++)
        if (table.labels[i] < 0 || table.labels[i] >= table.classes) abort();
    st_table_free(&table);
    return 0;
}
