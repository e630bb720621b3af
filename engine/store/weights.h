/* Weights files: safetensors. Names LAYER/WEIGHT; __metadata__ holds the recipe and the fitted preparation
 * as text, so that a weights file alone is a model. What is saved depends on recipe, preparation and weights
 * alone, so equal models are equal files. Written beside and renamed. */
#ifndef ST_STORE_WEIGHTS_H
#define ST_STORE_WEIGHTS_H

#include "train/snapshot.h"

typedef struct StWeightFile {
    StWeightSet set;            /* float32 tensors in the order of the file's data */
    char *recipe, *preparation; /* "" where the file has none */
    void *owned;                /* freed by st_weights_free */
} StWeightFile;

bool st_weights_save(const char *path, const StWeightSet *set, const char *recipe, const char *preparation,
                     StError *error);
/* Refuses what is not exactly a safetensors file, and missing nothing yet: see st_weights_match. */
bool st_weights_load(const char *path, StWeightFile *file, StError *error);
bool st_weights_read(const char *name, const void *bytes, size_t count, StWeightFile *file, StError *error);
void st_weights_free(StWeightFile *file);

/* Copies the file's tensors into `values` laid out as `tensor`; refuses a missing, extra, wrongly shaped
 * or non-finite tensor, naming file and tensor, what was got and wanted. */
bool st_weights_match(const char *path, const StWeightSet *set, const StTensor *tensor, int count,
                      float *values, StError *error);

#endif
