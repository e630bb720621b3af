/* What a learner is asked to do: a step, an evaluation, gradients; and what others want to know of it. */
#include "train/learner_inner.h"

#include "math/vector.h"
#include <math.h>
#include <string.h>

/* ---- figures ---- */

/* The lanes' sums, in their order, into the tally. */
static void tally_add(const StLearner *l, StTally *tally) {
    double rows = (double)l->job.rows;
    tally->samples += rows;
    tally->loss += (l->data_loss + l->penalty) * rows;
    for (int i = 0; i < l->job.lanes; i++)
        for (int64_t s = 0; s < l->all_sums; s++)
            tally->sum[s] += l->lane[i].sum[s];
}

void st_learner_scores(const StLearner *l, const StTally *tally, StScores *scores) {
    *scores = (StScores){.loss = tally->samples > 0 ? tally->loss / tally->samples : (double)NAN};
    const double *sum = tally->sum;
    for (int m = 0; m < l->compile.metrics; sum += l->sums[m++])
        scores->metric[m] = l->metric[m]->result(&l->use[m], sum);
}

/* The same of the last job alone. */
static void job_scores(const StLearner *l, StScores *scores) {
    *scores = (StScores){.loss = l->data_loss + l->penalty};
    double all[ST_METRIC_SUMS], *sum = all;
    memcpy(all, l->lane[0].sum, (size_t)l->all_sums * sizeof(double));
    for (int i = 1; i < l->job.lanes; i++)
        for (int64_t s = 0; s < l->all_sums; s++)
            all[s] += l->lane[i].sum[s];
    for (int m = 0; m < l->compile.metrics; sum += l->sums[m++])
        scores->metric[m] = l->metric[m]->result(&l->use[m], sum);
}

/* ---- steps, evaluation, gradients ---- */

bool st_learner_step(StLearner *l, const StBatch *batch, StScores *scores, StTally *tally) {
    Job job = {.batch = batch,
               .part = ST_TRAIN,
               .gather = batch->index != NULL,
               .learn = true,
               .update = true,
               .rows = batch->rows,
               .pass = {.training = true, .carry = true, .seed = batch->seed, .step = batch->step}};
    st_optimizer_prepare(l->optimizer, l->compile.optimizer.options, st_learner_rate(l), l->iterations + 1,
                         &job.constants);
    int64_t states;
    Real *state = st_network_state(l->network, &states);
    if (state) memcpy(l->carried, state, (size_t)states * sizeof *state);
    st_learner_run(l, &job);
    job_scores(l, scores);
    if (!st_learner_finite(l)) {
        if (state) memcpy(state, l->carried, (size_t)states * sizeof *state);
        return false;
    }
    StPass whole = l->job.pass;
    whole.rows = whole.batch = job.rows;
    whole.lanes = l->job.lanes;
    st_network_update(l->network, &whole);
    l->iterations++;
    if (tally) tally_add(l, tally);
    return true;
}

bool st_learner_average(StLearner *l) {
    const StOptimizerCommon *common = (const void *)l->compile.optimizer.options;
    if (!common->use_ema || l->iterations == 0) return false;
    const Real *average = l->state + (l->slots - 1) * l->total;
    for (int p = 0; p < l->pieces; p++) {
        const Piece *piece = &l->piece[p];
        memcpy(l->weights + piece->from, average + piece->from,
               (size_t)(piece->to - piece->from) * sizeof(Real));
    }
    return true;
}

bool st_learner_evaluate(StLearner *l, StPart part, const atomic_bool *cancel, StScores *scores) {
    int64_t rows = st_dataset_rows(l->dataset, part);
    StTally tally = {0};
    st_learner_penalty(l);
    st_network_forget(l->network, false);
    for (int64_t from = 0; from < rows; from += l->chunk) {
        if (cancel && atomic_load(cancel)) return false;
        Job job = {.part = part,
                   .from = from,
                   .gather = true,
                   .rows = rows - from < l->chunk ? rows - from : l->chunk,
                   .pass = {.carry = true}};
        st_learner_run(l, &job);
        tally_add(l, &tally);
    }
    st_learner_scores(l, &tally, scores);
    return true;
}

void st_learner_adapt(StLearner *l) {
    int64_t rows = st_dataset_rows(l->dataset, ST_TRAIN);
    for (int i = st_network_adapts(l->network, 0); i >= 0; i = st_network_adapts(l->network, i + 1)) {
        const StStep *step = st_network_step(l->network, i);
        memset(l->adapting, 0, (size_t)l->adapting_sums * sizeof(double));
        for (int64_t from = 0; from < rows; from += l->chunk) {
            int64_t count = rows - from < l->chunk ? rows - from : l->chunk;
            l->job = (Job){.part = ST_TRAIN, .from = from, .gather = true, .rows = count};
            st_learner_gather(l, 0, count);
            st_network_until(l->network, &(StPass){.rows = count}, i);
            step->kind->adapt_add(step, count, l->adapting);
        }
        step->kind->adapt_set(step, l->adapting);
    }
}

double st_learner_gradients(StLearner *l, int64_t rows, bool training, uint64_t seed) {
    Job job = {.learn = true, .rows = rows, .pass = {.training = training, .seed = seed}};
    st_learner_run(l, &job);
    return l->data_loss + l->penalty;
}

double st_learner_loss(StLearner *l, int64_t rows, bool training, uint64_t seed) {
    Job job = {.rows = rows, .pass = {.training = training, .seed = seed}};
    st_learner_penalty(l);
    st_learner_run(l, &job);
    return l->data_loss + l->penalty;
}

void st_learner_back(StLearner *l, int64_t rows, int layer) {
    StPass pass = {.rows = rows};
    st_network_back(l->network, &pass, layer, st_learner_fused(l));
}

/* ---- what others want to know ---- */

bool st_learner_fused(const StLearner *l) {
    return l->form == ST_LOSS_FUSED;
}

bool st_learner_profile(StLearner *l, bool on) {
    st_clock_free(l->clock);
    l->clock = on ? st_clock_create(st_learner_phases(l)) : NULL;
    return l->clock || !on;
}

StProfile st_learner_profile_read(const StLearner *l) {
    return l->clock ? st_clock_read(l->clock) : (StProfile){0};
}

StNetwork *st_learner_network(StLearner *l) {
    return l->network;
}

bool st_learner_sparse(const StLearner *l) {
    return l->loss->sparse;
}

int st_learner_ignored(const StLearner *l) {
    return l->loss->ignored ? l->loss->ignored(l->compile.loss.options) : ST_NO_INT;
}

int64_t st_learner_target_size(const StLearner *l) {
    return l->target_size;
}

int32_t *st_learner_labels(StLearner *l) {
    return l->labels;
}

Real *st_learner_targets(StLearner *l) {
    return l->targets;
}

void st_learner_set_rate(StLearner *l, double rate) {
    l->rate = rate;
}

double st_learner_rate(const StLearner *l) {
    return st_compile_rate_at(&l->compile, l->rate, l->iterations);
}

Real *st_learner_state(StLearner *l, int64_t *count, int64_t **iterations) {
    if (count) *count = l->slots * l->total;
    if (iterations) *iterations = &l->iterations;
    return l->state;
}

double st_learner_largest_weight(StLearner *l) {
    return (double)st_vector_max_absolute(l->weights, l->total);
}
