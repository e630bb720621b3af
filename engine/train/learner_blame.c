/* What went wrong in a step that was not finite. */
#include "train/learner_inner.h"

#include "math/vector.h"
#include <math.h>
#include <stdio.h>

/* "WHAT has 4 of 320 values not finite"; false where all are. */
static bool blame(const Real *values, int64_t count, StText *out, const char *what, const char *name) {
    int64_t bad = values ? st_vector_count_nonfinite(values, count) : 0;
    if (bad)
        st_text_format(out, "%s%s has %lld of %lld value%s not finite", what, name, (long long)bad,
                       (long long)count, count == 1 ? "" : "s");
    return bad > 0;
}

static bool blame_forward(StLearner *l, StText *out) {
    int tensors;
    const StTensor *tensor = st_network_tensors(l->network, &tensors);
    if (blame(st_network_input(l->network), l->job.rows * l->in_size, out, "input", "")) return true;
    for (int i = 0, t = 0; i < l->layers; i++) {
        const StStep *step = st_network_step(l->network, i);
        char what[64];
        for (; t < tensors && tensor[t].layer == i; t++)
            if (blame(l->weights + tensor[t].offset, tensor[t].size, out, "weight ", tensor[t].name))
                return true;
        snprintf(what, sizeof what, "output of layer %d ", i + 1);
        if (blame(step->y, l->job.rows * step->out_size, out, what, l->names[i])) return true;
    }
    return false;
}

static bool blame_backward(StLearner *l, StText *out) {
    int tensors;
    const StTensor *tensor = st_network_tensors(l->network, &tensors);
    for (int i = l->layers - 1; i >= 0; i--) {
        const StStep *step = st_network_step(l->network, i);
        char what[64];
        snprintf(what, sizeof what, "gradient at the output of layer %d ", i + 1);
        if (blame(step->dy, l->job.rows * step->out_size, out, what, l->names[i])) return true;
    }
    for (int t = tensors - 1; t >= 0; t--)
        if (tensor[t].trainable &&
            blame(l->gradients + tensor[t].offset, tensor[t].size, out, "gradient of ", tensor[t].name))
            return true;
    return false;
}

void st_learner_culprit(StLearner *l, StText *out) {
    if (blame_forward(l, out)) return;
    if (!isfinite(l->data_loss)) {
        st_text_add(out, "loss is not finite");
    } else if (!isfinite(l->penalty)) {
        st_text_add(out, "penalty of the regularizers is not finite");
    } else if (!blame_backward(l, out)) {
        st_text_add(out, "nothing is wrong: every value is finite");
    }
}
