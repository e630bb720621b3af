/* Option rows that many layer kinds share, in Keras' order: how a weight begins, what its size costs, what it
 * is held to. A kind with a kernel and a bias writes
 *
 *     typedef struct Dense {
 *         int units;
 *         StCall activation;
 *         bool use_bias;
 *         ST_KERNEL_FIELDS;
 *     } Dense;
 *     static const StOption options[] = {
 *         ST_OPTION(Dense, units, …),
 *         ST_ACTIVATION_OPTION(Dense, activation, "linear", "Function applied to every output"),
 *         ST_USE_BIAS_OPTION(Dense),
 *         ST_KERNEL_OPTIONS(Dense, "glorot_uniform"),
 *         {0},
 *     };
 *
 * and others put their rows together from the single ones below (fields are StCall). */
#ifndef ST_LAYERS_OPTIONS_H
#define ST_LAYERS_OPTIONS_H

#include "layers/activation.h"
#include "layers/constraint.h"
#include "layers/initializer.h"
#include "layers/regularizer.h"

#define ST_ACTIVATION_OPTION(Struct, field, standard, text)                                                  \
    ST_OPTION(Struct, field, ST_CALL, standard, .choices = st_activations, .place = true, .help = text)
#define ST_USE_BIAS_OPTION(Struct)                                                                           \
    ST_OPTION(Struct, use_bias, ST_SWITCH, "yes", .help = "Adds a learnt constant to every output")

/* whose: "the kernel", in the help. */
#define ST_INITIALIZER_OPTION(Struct, field, standard, whose)                                                \
    ST_OPTION(Struct, field, ST_CALL, standard, .choices = st_initializers, .help = "How " whose " begins")
#define ST_REGULARIZER_OPTION(Struct, field, whose)                                                          \
    ST_OPTION(Struct, field, ST_CALL, "none", .choices = st_regularizers,                                    \
              .help = "What the size of " whose " adds to the loss")
#define ST_CONSTRAINT_OPTION(Struct, field, whose)                                                           \
    ST_OPTION(Struct, field, ST_CALL, "none", .choices = st_constraints,                                     \
              .help = "What " whose " is held to after every step")
#define ST_ACTIVITY_OPTION(Struct)                                                                           \
    ST_OPTION(Struct, activity_regularizer, ST_CALL, "none", .choices = st_regularizers,                     \
              .help = "What the size of the outputs adds to the loss, over the rows of the batch")

/* Dense and the convolutions: everything behind use_bias. */
#define ST_KERNEL_FIELDS                                                                                     \
    StCall kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, \
        kernel_constraint, bias_constraint
#define ST_KERNEL_OPTIONS(Struct, standard)                                                                  \
    ST_INITIALIZER_OPTION(Struct, kernel_initializer, standard, "the kernel"),                               \
        ST_INITIALIZER_OPTION(Struct, bias_initializer, "zeros", "the bias"),                                \
        ST_REGULARIZER_OPTION(Struct, kernel_regularizer, "the kernel"),                                     \
        ST_REGULARIZER_OPTION(Struct, bias_regularizer, "the bias"), ST_ACTIVITY_OPTION(Struct),             \
        ST_CONSTRAINT_OPTION(Struct, kernel_constraint, "the kernel"),                                       \
        ST_CONSTRAINT_OPTION(Struct, bias_constraint, "the bias")

/* Recurrent kinds: everything behind use_bias, but for unit_forget_bias, which lstm has between the two
 * halves. */
#define ST_RECURRENT_FIELDS                                                                                  \
    StCall kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,                  \
        recurrent_regularizer, bias_regularizer, activity_regularizer, kernel_constraint,                    \
        recurrent_constraint, bias_constraint
#define ST_RECURRENT_INITIALIZER_OPTIONS(Struct)                                                             \
    ST_INITIALIZER_OPTION(Struct, kernel_initializer, "glorot_uniform", "the kernel"),                       \
        ST_INITIALIZER_OPTION(Struct, recurrent_initializer, "orthogonal", "the recurrent kernel"),          \
        ST_INITIALIZER_OPTION(Struct, bias_initializer, "zeros", "the bias")
#define ST_RECURRENT_PENALTY_OPTIONS(Struct)                                                                 \
    ST_REGULARIZER_OPTION(Struct, kernel_regularizer, "the kernel"),                                         \
        ST_REGULARIZER_OPTION(Struct, recurrent_regularizer, "the recurrent kernel"),                        \
        ST_REGULARIZER_OPTION(Struct, bias_regularizer, "the bias"), ST_ACTIVITY_OPTION(Struct),             \
        ST_CONSTRAINT_OPTION(Struct, kernel_constraint, "the kernel"),                                       \
        ST_CONSTRAINT_OPTION(Struct, recurrent_constraint, "the recurrent kernel"),                          \
        ST_CONSTRAINT_OPTION(Struct, bias_constraint, "the bias")

#endif
