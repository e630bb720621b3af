#include "layers/axes.h"

#include <string.h>

static bool read_axis(double axis, const StShape *in, int *chosen, StError *error) {
    int at = (int)axis < 0 ? in->rank + (int)axis : (int)axis - 1;
    if (axis == 0) return st_fail(error, ST_ERR_SHAPE, "axis 0 is the batch, wanted axes of a row");
    if (axis != (int)axis || at < 0 || at >= in->rank) {
        char shape[ST_SHAPE_TEXT];
        return st_fail(error, ST_ERR_SHAPE, "no axis %g in rows of %s, wanted 1 to %d or -%d to -1", axis,
                       st_shape_print(in, shape), in->rank, in->rank);
    }
    *chosen = at;
    return true;
}

bool st_axis_read(int axis, const StShape *in, int *chosen, StError *error) {
    return read_axis(axis, in, chosen, error);
}

bool st_axes_read(const StNumbers *axes, const StShape *in, bool chosen[ST_RANK_MAX], StError *error) {
    memset(chosen, 0, ST_RANK_MAX * sizeof *chosen);
    for (int i = 0; i < axes->count; i++) {
        int at = 0;
        if (!read_axis(axes->n[i], in, &at, error)) return false;
        if (chosen[at]) return st_fail(error, ST_ERR_SHAPE, "axis %g is named twice", axes->n[i]);
        chosen[at] = true;
    }
    return true;
}

StOrder st_order(const StShape *in, const int order[ST_RANK_MAX]) {
    StOrder to = {.same = true, .size = st_shape_size(in)};
    int64_t stride[ST_RANK_MAX], behind = 1;
    int pad = ST_RANK_MAX - in->rank;
    for (int i = in->rank - 1; i >= 0; i--) {
        stride[i] = behind;
        behind *= in->dim[i];
    }
    for (int i = 0; i < pad; i++)
        to.extent[i] = 1;
    for (int i = 0; i < in->rank; i++) {
        to.extent[pad + i] = in->dim[order[i]];
        to.stride[pad + i] = stride[order[i]];
        to.same = to.same && order[i] == i;
    }
    return to;
}

StOrder st_order_chosen(const StShape *in, const bool chosen[ST_RANK_MAX], bool last) {
    int order[ST_RANK_MAX] = {0}, count = 0;
    for (int turn = 0; turn < 2; turn++)
        for (int i = 0; i < in->rank; i++)
            if (chosen[i] == ((turn == 1) == last)) order[count++] = i;
    return st_order(in, order);
}

/* Visits the lines of the new row: `body` sees where one begins in the new row and in the old. */
#define LINES(order, body)                                                                                   \
    do {                                                                                                     \
        const int64_t *e = (order)->extent, *s = (order)->stride;                                            \
        int64_t at = 0;                                                                                      \
        for (int64_t i = 0; i < e[0]; i++)                                                                   \
            for (int64_t j = 0; j < e[1]; j++)                                                               \
                for (int64_t k = 0; k < e[2]; k++, at += e[3]) {                                             \
                    int64_t old = i * s[0] + j * s[1] + k * s[2];                                            \
                    for (int64_t l = 0; l < e[3]; l++)                                                       \
                        body;                                                                                \
                }                                                                                            \
    } while (0)

_Static_assert(ST_RANK_MAX == 4, "LINES has four loops");

void st_order_forward(const StOrder *order, Real *to, const Real *from) {
    if (order->same)
        memcpy(to, from, (size_t)order->size * sizeof *to);
    else
        LINES(order, to[at + l] = from[old + l * s[3]]);
}

void st_order_back(const StOrder *order, Real *to, const Real *from) {
    if (order->same)
        memcpy(to, from, (size_t)order->size * sizeof *to);
    else
        LINES(order, to[old + l * s[3]] = from[at + l]);
}
