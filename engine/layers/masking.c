/* Time steps all of whose values are mask_value are padding: 0 from here on, and masked. */
#include "layers/layer.h"

#include <string.h>

typedef struct Masking {
    double mask_value;
} Masking;

static const StOption options[] = {
    ST_OPTION(Masking, mask_value, ST_NUMBER, "0",
              .help = "Positions that hold nothing but this value are left out by the layers behind"),
    {0},
};

static bool counts(const StStep *step, const Real *x, int64_t width) {
    Real padding = (Real)(float)((const Masking *)step->options)->mask_value; /* data is float */
    for (int64_t j = 0; j < width; j++)
        if (x[j] != padding) return true;
    return false;
}

static StMaskRule masking_mask(const void *values) {
    (void)values;
    return ST_MASK_MAKES;
}

/* to = from where x counts, else 0; all begin at position `first` of `positions`. */
static void keep(const StStep *step, const StPass *pass, Real *to, const Real *from, Real *mask) {
    int64_t width = step->in.dim[step->in.rank - 1], each = step->in_size / width;
    for (int64_t i = pass->first * each; i < (pass->first + pass->rows) * each; i++) {
        bool here = counts(step, step->x + i * width, width);
        if (mask) mask[i] = here;
        if (here)
            memcpy(to + i * width, from + i * width, (size_t)width * sizeof *to);
        else
            memset(to + i * width, 0, (size_t)width * sizeof *to);
    }
}

static void masking_forward(const StStep *step, const StPass *pass) {
    keep(step, pass, step->y, step->x, step->mask_out);
}

static void masking_backward(const StStep *step, const StPass *pass) {
    if (step->dx) keep(step, pass, step->dx, step->dy, NULL);
}

const StLayerKind st_kind_masking = {
    .name = "masking",
    .help = "Tells the layers behind which positions are padding, by their value",
    .formula = "y = x where any value at the position differs from mask_value, else 0 and masked",
    .options = options,
    .options_size = sizeof(Masking),
    .shape = st_shape_as_input,
    .mask = masking_mask,
    .forward = masking_forward,
    .backward = masking_backward,
};
