/* A stack: the description of a Sequential network. Pure data: no weights, no
 * memory of their size; a stack of 175 billion parameters can be described and
 * costed. Layers count from 1 in the language and from 0 here; the input is not
 * a layer. An edit that fails changes nothing. */
#ifndef ST_MODEL_STACK_H
#define ST_MODEL_STACK_H

#include "layers/layer.h"

enum { ST_LAYERS_MAX = 1000 };

typedef struct StLayer {
    const StLayerKind *kind;
    char name[ST_LAYER_NAME_MAX]; /* "" where none was given: then Keras' automatic one (dense, dense_1, …) */
    bool frozen;                  /* trainable=no: its weights stay as they are */
    _Alignas(16) unsigned char options[ST_LAYER_OPTIONS_MAX];
} StLayer;

typedef struct StStack {
    StShape input; /* rank 0: the data says it */
    int count;
    StLayer *layers; /* owned */
} StStack;

/* The tables of options of a layer, and where the values lie: of its kind; of a wrapper that of what it
 * wraps, and then its own. Who shows, sets or completes options goes through here and need not know what a
 * wrapper is. name= and trainable= are in no table. */
enum { ST_LAYER_TABLES = 2 };
typedef struct StLayerTable {
    const StLayerKind *kind; /* whose options they are */
    const StOption *rows;
    void *values;
    size_t size; /* of their struct */
} StLayerTable;
int st_layer_tables(StLayer *layer, StLayerTable tables[ST_LAYER_TABLES]);
/* Where an option is, by its name; NULL: there is none. */
const StOption *st_layer_option(StLayer *layer, const char *name, StLayerTable *table);

/* A layer with the defaults of its options (required ones are 0). wrapped: what a wrapper wraps; NULL: the
 * first kind that it can. */
void st_layer_default(StLayer *layer, const StLayerKind *kind, const StLayerKind *wrapped);
/* What a wrapper's layer wraps, or NULL: it is none. */
const StLayerKind *st_layer_wrapped(const StLayer *layer);
/* Whether the rows of a stack that begins with this layer are numbers of words (embedding). */
bool st_layer_takes_words(const StLayer *layer);
/* The n-th kind that a wrapper can wrap, from 0, or NULL. */
const StLayerKind *st_layer_wrappable(const StLayerKind *wrapper, int n);

void st_stack_init(StStack *stack);
bool st_stack_copy(StStack *to, const StStack *from, StError *error); /* `to` uninitialised or freed */
void st_stack_free(StStack *stack);

/* "KIND words…" without insert/set: words[0] is the kind's name. name= and trainable= are understood for
 * every kind. */
bool st_layer_parse(StLayer *layer, const StWord *words, int count, StError *error);
/* "dense 64 relu name=hidden", no newline: reads back as the same layer. */
void st_layer_print(const StLayer *layer, StText *out);

bool st_stack_insert(StStack *stack, int at, const StLayer *layer, StError *error); /* at in 0 … count */
bool st_stack_remove(StStack *stack, int at, StError *error);
bool st_stack_move(StStack *stack, int from, int to, StError *error);
/* "3" (from 1) or a layer's name, given or automatic: its index from 0, or -1 with an error that suggests. */
int st_stack_find(const StStack *stack, const char *word, StError *error);
/* key=value words on one layer; name= (unique, st_is_name) and trainable= too. */
bool st_stack_set(StStack *stack, int at, const StWord *words, int count, StError *error);

/* "input 4\ndense 64 relu\n…" */
void st_stack_print(const StStack *stack, StText *out);

/* What inference finds out about one layer. */
typedef struct StLayerInfo {
    char name[ST_LAYER_NAME_MAX]; /* given or automatic; unique */
    StShape in, out;
    int weights;
    StWeight weight[ST_WEIGHTS_MAX];
    int64_t parameters, trainable; /* -1: more than int64_t holds */
    int64_t flops;                 /* forward, one row */
    int64_t bytes;                 /* of its output for one row, float32 */
    StError error;                 /* code ST_ERR_OK, or why the layer does not fit here */
} StLayerInfo;

typedef struct StStackInfo {
    StShape input, output;
    int64_t parameters, trainable, flops, bytes;
    int first_bad; /* index of the first layer that does not fit, or -1 */
} StStackInfo;

/* Automatic names alone, without shapes. names[count]. */
void st_stack_names(const StStack *stack, char (*names)[ST_LAYER_NAME_MAX]);

/* Infers every layer for rows of shape `input` (NULL: the stack's own). layers[count] is filled for every
 * layer, also behind a bad one (unknown shapes, rank 0). Returns false with "layer 2 (dense): wanted …"
 * where a layer does not fit, names are not unique, or there is no input shape. */
bool st_stack_infer(const StStack *stack, const StShape *input, StLayerInfo *layers, StStackInfo *info,
                    StError *error);

#endif
