/* An activation function as a layer of its own. Softmax is over the last axis. */
#include "layers/activation.h"

#include <string.h>

typedef struct ActivationLayer {
    StCall activation;
} ActivationLayer;

static const StOption options[] = {
    ST_OPTION(ActivationLayer, activation, ST_CALL, NULL, .choices = st_activations, .place = true,
              .help = "Function applied to every input"),
    {0},
};

static const char *own_activation(const void *values) {
    return st_activations[((const ActivationLayer *)values)->activation.kind].name;
}

static void activation_forward(const StStep *step, const StPass *pass) {
    const ActivationLayer *layer = step->options;
    int64_t at = pass->first * step->in_size, width = step->in.dim[step->in.rank - 1];
    if (pass->z)
        memcpy(step->y + at, step->x + at, (size_t)(pass->rows * step->in_size) * sizeof *step->y);
    else
        st_activation_forward(&layer->activation, step->y + at, step->x + at,
                              pass->rows * (step->in_size / width), width);
}

/* dZ is by this layer's input: it is left in dy, and dx is the same. */
static void activation_backward(const StStep *step, const StPass *pass) {
    const ActivationLayer *layer = step->options;
    int64_t at = pass->first * step->in_size, width = step->in.dim[step->in.rank - 1];
    int64_t rows = pass->rows * (step->in_size / width);
    Real *dz = step->dy + at;
    if (!pass->dz)
        st_activation_backward(&layer->activation, dz, dz, step->y + at, step->x + at, rows, width);
    if (step->dx && step->dx != step->dy) memcpy(step->dx + at, dz, (size_t)(rows * width) * sizeof *dz);
}

const StLayerKind st_kind_activation = {
    .name = "activation",
    .help = "Applies an activation function, and nothing else",
    .formula = "y = f(x)",
    .options = options,
    .options_size = sizeof(ActivationLayer),
    .shape = st_shape_as_input,
    .activation = own_activation,
    .mask = st_mask_passes,
    .forward = activation_forward,
    .backward = activation_backward,
};
