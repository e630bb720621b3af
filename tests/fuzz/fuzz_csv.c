/* Any bytes as a csv file. The first byte chooses options; a 0xFF byte cuts a test file off. What is read
 * must be whole: finite numbers or missing cells, indices inside their categories. */
#include "data/csv.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const StTable *t, const StCsvOptions *options) {
    if (t->rows < 1 || t->fields < 1 || t->own_test >= t->rows) abort();
    for (int64_t i = 0; i < t->rows * t->fields; i++) {
        const StField *field = &t->field[i % t->fields];
        float v = t->x[i];
        if (isnan(v) ? options->missing < ST_MISSING_MEAN : !isfinite(v)) abort();
        if (!isnan(v) && field->categorical && !((int)v >= 0 && (int)v < field->categories)) abort();
    }
    for (int64_t i = 0; t->labels && i < t->rows; i++)
        if (t->labels[i] < 0 || t->labels[i] >= t->classes) abort();
    for (int64_t i = 0; t->y && i < t->rows * t->targets; i++)
        if (!isfinite(t->y[i])) abort();
    if ((t->weights != NULL) != (*options->weight != 0)) abort();
    for (int64_t i = 0; t->weights && i < t->rows; i++)
        if (!(t->weights[i] >= 0 && isfinite(t->weights[i]))) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    StCsvOptions options = {.header = data[0] % 3,
                            .delimiter = data[0] / 3 % 5,
                            .missing = data[0] / 15 % 5,
                            .task = data[0] / 75 % 3};
    const char *text = (const char *)data + 1, *cut = memchr(text, 0xFF, size - 1);
    size_t length = cut ? (size_t)(cut - text) : size - 1;
    for (int weighs = 0; weighs < 2; weighs++) { /* the first column may be the rows' weights */
        StTable table = {0};
        StError error = {0};
        strcpy(options.weight, weighs ? "1" : "");
        if (st_csv_load_memory(&options, "a.csv", text, length, "b.csv", cut ? cut + 1 : NULL,
                               cut ? size - 2 - length : 0, &table, &error))
            check(&table, &options);
        else if (error.code == ST_ERR_OK || !error.message[0])
            abort();
        st_table_free(&table);
    }
    return 0;
}
