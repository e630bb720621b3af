/* The batch of a job: its rows, their targets and what they weigh. */
#include "train/learner_inner.h"

#include "math/vector.h"
#include <math.h>

#ifdef ST_DOUBLE
static void widen(Real *to, const float *from, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        to[i] = from[i];
}
#endif

void st_learner_gather(StLearner *l, int64_t first, int64_t rows) {
    const Job *job = &l->job;
    const int64_t *index = job->batch ? job->batch->index : NULL;
    int64_t from = job->from + first, targets = l->target_size;
    Real *x = st_network_input(l->network) + first * l->in_size;
#ifdef ST_DOUBLE
    int64_t widest = l->in_size > targets ? l->in_size : targets;
    float *stage = l->stage + first * widest;
    st_dataset_gather_x(l->dataset, job->part, index, from, rows, stage);
    widen(x, stage, rows * l->in_size);
    if (!l->loss->sparse) {
        st_dataset_gather_y(l->dataset, job->part, index, from, rows, targets, stage);
        widen(l->targets + first * targets, stage, rows * targets);
    }
#else
    st_dataset_gather_x(l->dataset, job->part, index, from, rows, x);
    if (!l->loss->sparse)
        st_dataset_gather_y(l->dataset, job->part, index, from, rows, targets, l->targets + first * targets);
#endif
    if (l->loss->sparse)
        st_dataset_gather_labels(l->dataset, job->part, index, from, rows, l->labels + first * targets);
}

/* Sample weights of rows gathered from the data, class weights in steps that update. */
bool st_learner_weighs(const StLearner *l) {
    return (l->job.gather && l->weights_each) || (l->job.update && l->classes);
}

static void gather_weights(StLearner *l, int64_t first, int64_t rows, Real *weights) {
    const Job *job = &l->job;
    int64_t from = job->from + first;
#ifdef ST_DOUBLE
    int64_t widest = l->in_size > l->target_size ? l->in_size : l->target_size;
    float *stage = l->stage + first * widest;
#else
    float *stage = weights;
#endif
    st_dataset_gather_weights(l->dataset, job->part, job->batch ? job->batch->index : NULL, from, rows,
                              stage);
#ifdef ST_DOUBLE
    widen(weights, stage, rows * l->weights_each);
#endif
    if (l->weights_each == l->positions) return;
    for (int64_t r = rows - 1; r >= 0; r--) { /* one a row becomes one a position, from the end */
        Real weight = weights[r];
        for (int64_t p = 0; p < l->positions; p++)
            weights[r * l->positions + p] = weight;
    }
}

/* The class that a position's targets mean, as Keras takes them: the largest, or one rounded. */
static int64_t class_at(const StLearner *l, int64_t position) {
    if (l->labels) return l->labels[position];
    const Real *targets = l->targets + position * l->width;
    return l->width > 1 ? st_vector_argmax(targets, l->width) : (int64_t)rint((double)targets[0]);
}

void st_learner_weigh_rows(StLearner *l, int64_t first, int64_t rows) {
    Real *weights = l->row_weights + first * l->positions;
    if (l->job.gather && l->weights_each)
        gather_weights(l, first, rows, weights);
    else
        for (int64_t i = 0; i < rows * l->positions; i++)
            weights[i] = 1;
    for (int64_t i = 0; l->job.update && l->classes && i < rows * l->positions; i++) {
        int64_t c = class_at(l, first * l->positions + i);
        if (c >= 0 && c < l->classes) weights[i] *= (Real)l->class_weight[c];
    }
}
