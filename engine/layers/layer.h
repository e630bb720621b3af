/* What a layer kind is: one file, ending in one StLayerKind row; registry.c lists the rows.
 *
 * A row has two halves. The description (shape, weights, flops) is pure: it works on options and
 * shapes alone, so a stack can be inferred and costed without allocating anything. The kernels
 * (forward, backward, gradient) work on a compiled StStep.
 *
 * How a training step is cut, for the same bits on any number of threads: phases of tasks (base/pool.h), each
 * begun when the one before is done, cut by the stack and the batch alone.
 *   1. rows:  each lane (a fixed cut of the batch's rows by the batch size alone) runs every layer
 *             forward, the loss, and every layer backward down to the first weights. backward turns dy
 *             into dZ in place and writes dx.
 *   2. parts: each weight gradient is computed in `parts` fixed pieces of the *output* (rows of the
 *             kernel), each over all rows of the batch: no lane needs a gradient buffer of its own and
 *             nothing is reduced between threads.
 *   3. ranges of the flat weights: regularizers, and a look whether everything is finite.
 *   4. ranges: where it is, the optimizer updates.
 *
 * This file is compiled in float and in double (base/real.h). */
#ifndef ST_LAYERS_LAYER_H
#define ST_LAYERS_LAYER_H

#include "base/option.h"
#include "base/real.h"
#include "base/rng.h"

enum { ST_WEIGHTS_MAX = 4, ST_LAYER_OPTIONS_MAX = 512, ST_LAYER_NAME_MAX = 64 };

/* One weight that a layer declares. */
typedef struct StWeight {
    const char *name;        /* Keras' name: "kernel", "bias" */
    StShape shape;           /* Keras' layout: dense/kernel [in, out] */
    StCall initializer;      /* index into st_initializers (layers/initializer.h) */
    StCall regularizer;      /* index into st_regularizers (layers/regularizer.h) */
    int64_t fan_in, fan_out; /* for variance scaling */
    bool trainable;
} StWeight;

/* One layer compiled. Buffers hold all rows of the batch; rows are contiguous. */
typedef struct StStep {
    const struct StLayerKind *kind;
    const void *options;
    int layer; /* index in the stack, from 0 */
    StShape in, out;
    int64_t in_size, out_size;    /* elements a row */
    Real *weight[ST_WEIGHTS_MAX]; /* shapes as declared */
    Real *gradient[ST_WEIGHTS_MAX];
    const Real *x;     /* [rows, in_size] */
    Real *y;           /* [rows, out_size]; may be x where the kind works in place */
    Real *dy;          /* [rows, out_size]: gradient of the loss by y; backward leaves dZ here */
    Real *dx;          /* [rows, in_size]; NULL where nobody needs it */
    Real *kept;        /* [rows, kept_size]: what backward needs beside x and y; NULL where nothing learns */
    int64_t kept_size; /* elements a row: kind->kept(…) */
} StStep;

/* One sweep over rows [first, first + rows) of the batch. */
typedef struct StPass {
    int64_t first, rows;
    bool training;       /* dropout on */
    uint64_t seed, step; /* key dropout's masks: the stream (seed, DROPOUT, layer, step) */
    int64_t row0;        /* position of row 0 of the batch in the mask's stream (0 in training) */
    bool z;              /* forward: the last layer leaves its activation to the loss, y is Z */
    bool dz;             /* backward: dy is by Z already, the activation's derivative is to be left out */
} StPass;

typedef struct StLayerKind {
    const char *name;    /* "dense" */
    const char *help;    /* one sentence */
    const char *formula; /* "y = f(Σ wᵢxᵢ + b)" */
    const StOption *options;
    size_t options_size; /* at most ST_LAYER_OPTIONS_MAX */
    bool in_place;       /* shape only: y is x, dx is dy */

    /* Description. shape fails with what was got and wanted ("wanted 1 extent, got 28x28x1; put flatten
     * before it"). weights fills at most ST_WEIGHTS_MAX rows and returns their number (NULL: none).
     * flops: forward, a row, a multiply and an add are two, activation functions are not counted (NULL:
     * none); -1 on overflow. */
    bool (*shape)(const void *options, const StShape *in, StShape *out, StError *error);
    int (*weights)(const void *options, const StShape *in, StWeight *weights);
    int64_t (*flops)(const void *options, const StShape *in, const StShape *out);
    int64_t (*kept)(const void *options, const StShape *in, const StShape *out); /* elements a row, NULL: 0 */
    /* Name of the activation that the layer ends in ("relu", "softmax", "linear"), or NULL: not an
     * activation's output. Inspection asks for dead and saturated units by it; the loss fuses by it. */
    const char *(*activation)(const void *options);

    /* Kernels. backward may be told dx == NULL. gradient computes piece `part` of `parts` of every trainable
     * weight's gradient (NULL: a kind without weights); the pieces together write every element once, and
     * leave regularizers to the learner. */
    void (*forward)(const StStep *step, const StPass *pass);
    void (*backward)(const StStep *step, const StPass *pass);
    void (*gradient)(const StStep *step, int64_t rows, int part, int parts);
} StLayerKind;

/* All kinds, ended by NULL. */
#define st_layer_kinds ST_R(st_layer_kinds)
extern const StLayerKind *const st_layer_kinds[];
#define st_layer_kind_find ST_R(st_layer_kind_find)
const StLayerKind *st_layer_kind_find(const char *name); /* or NULL */
#define st_layer_kind_name_at ST_R(st_layer_kind_name_at)
const char *st_layer_kind_name_at(const void *unused, int index); /* for st_nearest */

/* A shape() that several kinds share: the output is shaped as the input. */
#define st_shape_as_input ST_R(st_shape_as_input)
bool st_shape_as_input(const void *options, const StShape *in, StShape *out, StError *error);

/* One row a kind; its file defines it, registry.c lists it. */
#define st_kind_dense      ST_R(st_kind_dense)
#define st_kind_activation ST_R(st_kind_activation)
#define st_kind_dropout    ST_R(st_kind_dropout)
#define st_kind_flatten    ST_R(st_kind_flatten)
extern const StLayerKind st_kind_dense, st_kind_activation, st_kind_dropout, st_kind_flatten;

#endif
