/* Any bytes as a weights file: it is refused, or what was read can be saved and read back the same. */
#include "store/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    StWeightFile file;
    StError error = {0};
    if (!st_weights_read("input", data, size, &file, &error)) {
        if (error.code == ST_ERR_OK || !error.message[0] || file.owned) abort();
        return 0;
    }
    float *copy = calloc((size_t)file.set.total + 1, sizeof *copy);
    if (!copy) abort();
    if (!st_weights_match("input", &file.set, file.set.tensor, file.set.count, copy, &error)) abort();
    if (file.set.total && memcmp(copy, file.set.values, (size_t)file.set.total * sizeof *copy) != 0) abort();
    for (int64_t i = 0; i < file.set.total; i++)
        if (!isfinite(copy[i])) abort();
    free(copy);
    st_weights_free(&file);
    return 0;
}
