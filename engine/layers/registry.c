#include "layers/layer.h"

#include <stdio.h>
#include <string.h>

/* In the order in which menus and help show them, a family a paragraph. */
/* clang-format off */
const StLayerKind *const st_layer_kinds[] = {
    &st_kind_dense,
    &st_kind_embedding,
    &st_kind_masking,

    &st_kind_conv1d,
    &st_kind_conv2d,
    &st_kind_conv1d_transpose,
    &st_kind_conv2d_transpose,
    &st_kind_depthwise_conv1d,
    &st_kind_depthwise_conv2d,
    &st_kind_separable_conv1d,
    &st_kind_separable_conv2d,

    &st_kind_max_pooling1d,
    &st_kind_max_pooling2d,
    &st_kind_average_pooling1d,
    &st_kind_average_pooling2d,
    &st_kind_global_max_pooling1d,
    &st_kind_global_max_pooling2d,
    &st_kind_global_average_pooling1d,
    &st_kind_global_average_pooling2d,

    &st_kind_simple_rnn,
    &st_kind_lstm,
    &st_kind_gru,
    &st_kind_bidirectional,
    &st_kind_time_distributed,

    &st_kind_batch_normalization,
    &st_kind_layer_normalization,
    &st_kind_group_normalization,
    &st_kind_rms_normalization,
    &st_kind_unit_normalization,

    &st_kind_dropout,
    &st_kind_spatial_dropout1d,
    &st_kind_spatial_dropout2d,
    &st_kind_gaussian_noise,
    &st_kind_gaussian_dropout,
    &st_kind_activity_regularization,

    &st_kind_activation,
    &st_kind_relu,
    &st_kind_leaky_relu,
    &st_kind_prelu,
    &st_kind_elu,
    &st_kind_softmax,

    &st_kind_flatten,
    &st_kind_reshape,
    &st_kind_permute,
    &st_kind_repeat_vector,
    &st_kind_cropping1d,
    &st_kind_cropping2d,
    &st_kind_zero_padding1d,
    &st_kind_zero_padding2d,
    &st_kind_up_sampling1d,
    &st_kind_up_sampling2d,

    &st_kind_normalization,
    &st_kind_rescaling,
    NULL,
};
/* clang-format on */

/* Each family reaches from its first kind to the next family's. */
static const struct {
    const char *name, *help;
    const StLayerKind *first;
} families[] = {
    {"core", "layers that everything is made of", &st_kind_dense},
    {"convolution", "filters that look at a small window everywhere alike", &st_kind_conv1d},
    {"pooling", "fewer positions: the largest or the mean of each window", &st_kind_max_pooling1d},
    {"recurrent", "layers that read a sequence step by step, and what wraps them", &st_kind_simple_rnn},
    {"normalization", "mean 0, variance 1 or length 1 while the network works", &st_kind_batch_normalization},
    {"regularization", "noise and dropout while training, and costs of size, against learning by heart",
     &st_kind_dropout},
    {"activation", "functions of each number, as layers of their own", &st_kind_activation},
    {"shape", "numbers in other places: laid out flat, turned, padded, cut, repeated", &st_kind_flatten},
    {"preprocessing", "scales of the inputs, known before training", &st_kind_normalization},
};

const char *st_layer_family(const StLayerKind *kind, const char **help) {
    const char *name = NULL;
    for (int i = 0; st_layer_kinds[i]; i++) {
        for (size_t f = 0; f < sizeof families / sizeof *families; f++)
            if (families[f].first == st_layer_kinds[i]) {
                name = families[f].name;
                if (help) *help = families[f].help;
            }
        if (st_layer_kinds[i] == kind) return name;
    }
    return NULL;
}

const StLayerKind *st_layer_kind_find(const char *name) {
    for (int i = 0; st_layer_kinds[i]; i++)
        if (strcmp(st_layer_kinds[i]->name, name) == 0) return st_layer_kinds[i];
    return NULL;
}

const char *st_layer_kind_name_at(const void *unused, int index) {
    (void)unused;
    return st_layer_kinds[index] ? st_layer_kinds[index]->name : NULL;
}

bool st_shape_as_input(const void *options, const StShape *in, StShape *out, StError *error) {
    (void)options;
    if (in->rank < 1) return st_fail(error, ST_ERR_SHAPE, "wanted rows of at least 1 extent, got none");
    *out = *in;
    return true;
}

StMaskRule st_mask_passes(const void *options) {
    (void)options;
    return ST_MASK_PASSES;
}

const char *st_weight_name(const StWeight *weight, char buffer[ST_WEIGHT_NAME_MAX]) {
    if (weight->owner)
        snprintf(buffer, ST_WEIGHT_NAME_MAX, "%s%s/%s", weight->side, weight->owner, weight->name);
    else
        snprintf(buffer, ST_WEIGHT_NAME_MAX, "%s", weight->name);
    return buffer;
}
