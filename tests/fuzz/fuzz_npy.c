/* Any bytes as a .npy file, and as the preparation that is kept with weights. */
#include "data/npy.h"
#include "data/preparation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_array(const uint8_t *data, size_t size) {
    StNpy array;
    StError error = {0};
    if (!st_npy_read_memory("input", data, size, &array, &error)) {
        if (error.code == ST_ERR_OK || !error.message[0] || array.data) abort();
        return;
    }
    for (int64_t i = 0; i < array.count; i++)
        if (!isfinite(st_npy_value(&array, i))) abort();
    st_npy_free(&array);
}

/* What can be read is printed the same as it is read again. */
static void check_preparation(const char *text) {
    StError error = {0};
    StPreparation *first = st_preparation_parse(text, &error);
    if (!first) {
        if (error.code == ST_ERR_OK) abort();
        return;
    }
    StText a = {0}, b = {0};
    st_preparation_print(first, &a);
    StPreparation *second = st_preparation_parse(st_text_string(&a), &error);
    st_preparation_print(second, &b);
    if (!second || strcmp(st_text_string(&a), st_text_string(&b)) != 0) abort();
    st_preparation_destroy(first);
    st_preparation_destroy(second);
    st_text_free(&a);
    st_text_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size && data[0] == '{') {
        char *text = malloc(size + 1);
        if (!text) return 0;
        memcpy(text, data, size);
        text[size] = '\0';
        check_preparation(text);
        free(text);
    } else {
        check_array(data, size);
    }
    return 0;
}
