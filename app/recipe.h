/* A recipe: everything that the language sets, as pure data. Copying it copies
 * the experiment; two recipes are the same where they print the same text. */
#ifndef APP_RECIPE_H
#define APP_RECIPE_H

#include "data/dataset.h"
#include "model/stack.h"
#include "train/callbacks.h"

enum { RECIPE_PATH_MAX = 1024, RECIPE_COMMENT_MAX = 4096 };

/* `pace`: slows the workbench, never the numbers. */
typedef struct Pace {
    double per_second; /* 0: full speed */
    bool epochs;       /* per_second counts epochs, else steps */
} Pace;

typedef struct Recipe {
    bool seed_given;
    uint64_t seed; /* 1 where none is given */
    StDataSpec data;
    char data_base[RECIPE_PATH_MAX]; /* the file that the data line stood in; "": the current folder */
    StFeaturesSpec features;
    StSplitSpec split;
    StPrepareSpec prepare;
    StStack stack;
    StCompile compile;
    StCallbacks callbacks;
    StFit fit;
    Pace pace;
    char comment[RECIPE_COMMENT_MAX]; /* the leading comment lines of its file, with their # and newlines */
} Recipe;

void recipe_init(Recipe *recipe);
bool recipe_copy(Recipe *to, const Recipe *from, StError *error); /* `to` uninitialised or freed */
void recipe_free(Recipe *recipe);

/* What a part of the text is for. */
typedef enum RecipePart {
    RECIPE_COMMENT = 1,
    RECIPE_DATA = 2,  /* seed, data, features, split, prepare: what the dataset is made from */
    RECIPE_STACK = 4, /* input and layers */
    RECIPE_TRAIN = 8, /* compile, callbacks, fit */
    RECIPE_PACE = 16,
    RECIPE_ALL = 31,
    RECIPE_RUN = RECIPE_DATA | RECIPE_STACK | RECIPE_TRAIN /* what a run is made from */
} RecipePart;

/* The canonical text: only what was given, one command a line, in the order of the contract's table. file:
 * where the text will stand; paths of the data line are then written so that they are found from there. NULL:
 * as they were typed. */
bool recipe_print(const Recipe *recipe, unsigned parts, const char *file, StText *out, StError *error);
bool recipe_equal(const Recipe *a, const Recipe *b, unsigned parts);
/* Whether runs of the two differ; what (may be NULL) gets in what: "data, stack". */
bool recipe_differs(const Recipe *a, const Recipe *b, StText *what);

/* The file that relative paths of the data line start from, or NULL: the current folder. */
const char *recipe_data_base(const Recipe *recipe);

#endif
