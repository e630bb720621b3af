#include "inspect/probe.h"

#include "base/rng.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t st_probe_rows(const StDataset *dataset, StPart part, uint64_t seed, int64_t count, int64_t *index) {
    int64_t rows = dataset ? st_dataset_rows(dataset, part) : 0, drawn = rows < count ? rows : count;
    int64_t *all = malloc((size_t)(rows ? rows : 1) * sizeof *all);
    if (!all) return -1;
    for (int64_t i = 0; i < rows; i++)
        all[i] = i;
    StRng rng = st_rng(seed, ST_STREAM_PROBE, 0, (uint64_t)part);
    for (int64_t i = 0; rows > drawn && i < drawn; i++) {
        int64_t j = i + (int64_t)st_rng_below(&rng, (uint64_t)(rows - i)), held = all[i];
        all[i] = all[j];
        all[j] = held;
    }
    for (int64_t i = 0; i < drawn; i++)
        index[i] = all[i];
    free(all);
    qsort(index, (size_t)drawn, sizeof *index, ascending);
    return drawn;
}

StPart st_probe_part(const StDataset *dataset, int part) {
    static const StPart order[] = {ST_TEST, ST_VALIDATION, ST_TRAIN};
    for (int i = 0; part < 0 && i < 3; i++)
        if (st_dataset_rows(dataset, order[i]) > 0) return order[i];
    return part < 0 ? ST_TRAIN : (StPart)part;
}
