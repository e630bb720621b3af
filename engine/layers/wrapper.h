/* Kinds that wrap another one (bidirectional, time_distributed). A wrapper's options begin with what it
 * wraps: the kind, as its index in st_layer_kinds (the same in float and in double), and that kind's own
 * options. So a wrapped layer is pure data too, and copied as such. */
#ifndef ST_LAYERS_WRAPPER_H
#define ST_LAYERS_WRAPPER_H

#include "layers/layer.h"

enum { ST_WRAPPED_OPTIONS_MAX = 1408 };

typedef struct StWrapped {
    _Alignas(16) unsigned char options[ST_WRAPPED_OPTIONS_MAX];
    int kind;
} StWrapped;

/* What the options of a wrapper wrap. */
static inline const StLayerKind *st_wrapped_kind(const void *options) {
    return st_layer_kinds[((const StWrapped *)options)->kind];
}
static inline const void *st_wrapped_options(const void *options) {
    return ((const StWrapped *)options)->options;
}

/* A size hook of the kind; 0 where it has none. */
static inline int64_t st_size_of(int64_t (*hook)(const void *, const StShape *, const StShape *),
                                 const void *options, const StShape *in, const StShape *out) {
    return hook ? hook(options, in, out) : 0;
}

#endif
