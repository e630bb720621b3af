/* The phases of layers/layer.h as tasks of the pool, and the jobs that are made of them. */
#include "train/learner_inner.h"

#include "layers/constraint.h"
#include "layers/regularizer.h"
#include "math/vector.h"
#include <math.h>
#include <string.h>

/* ---- phase 1: one lane forward, its loss and metrics, and back ---- */

static void lane_measure(StLearner *l, Lane *lane, int64_t first, int64_t rows) {
    StMetricRows part = {.y = st_network_output(l->network) + first * l->positions * l->width,
                         .labels = l->labels ? l->labels + first * l->target_size : NULL,
                         .targets = l->targets ? l->targets + first * l->target_size : NULL,
                         .mask = l->mask ? l->mask + first * l->positions : NULL,
                         .rows = rows,
                         .positions = l->positions,
                         .width = l->width};
    double *sum = lane->sum;
    memset(sum, 0, (size_t)l->all_sums * sizeof(double));
    for (int m = 0; m < l->compile.metrics; sum += l->sums[m++]) {
        part.options = l->use[m].options;
        l->metric[m]->add(&part, sum);
    }
}

static StPass lane_pass(const StLearner *l, StPoolTask task) {
    const Job *job = &l->job;
    StPass pass = job->pass;
    pass.batch = job->rows;
    pass.lane = task.index;
    pass.lanes = job->lanes;
    pass.worker = task.worker;
    pass.first = st_network_lane(job->rows, job->lanes, task.index);
    pass.rows = st_network_lane(job->rows, job->lanes, task.index + 1) - pass.first;
    return pass;
}

/* A lane's rows as the loss sees them; what the whole batch decides is left out. */
static StLossRows loss_rows(const StLearner *l, const StPass *pass) {
    const StStep *last = st_network_step(l->network, l->layers - 1);
    int64_t at = pass->first * l->positions * l->width;
    return (StLossRows){.form = l->form,
                        .y = last->y + at,
                        .dy = last->dy + at,
                        .labels = l->labels ? l->labels + pass->first * l->target_size : NULL,
                        .targets = l->targets ? l->targets + pass->first * l->target_size : NULL,
                        .weights = st_learner_weighs(l) ? l->row_weights + pass->first * l->positions : NULL,
                        .mask = l->mask ? l->mask + pass->first * l->positions : NULL,
                        .rows = pass->rows,
                        .positions = l->positions,
                        .width = l->width,
                        .options = l->compile.loss.options};
}

static void gather_timed(StLearner *l, const StPass *pass) {
    double begun = st_clock_now();
    st_learner_gather(l, pass->first, pass->rows);
    st_clock_data(l->clock, pass->worker, st_clock_now() - begun);
}

/* One stage forward; what is needed before the first and after the last. */
static void lane_forward(StLearner *l, const StPass *pass, int stage) {
    Lane *lane = &l->lane[pass->lane];
    StPass own = *pass;
    own.penalty = &lane->penalty;
    if (stage == 0) {
        lane->penalty = 0;
        if (l->job.gather && l->clock) gather_timed(l, pass);
        if (l->job.gather && !l->clock) st_learner_gather(l, pass->first, pass->rows);
        if (st_learner_weighs(l)) st_learner_weigh_rows(l, pass->first, pass->rows);
    }
    st_network_forward_stage(l->network, &own, stage);
    if (stage == l->job.forward - 1 && l->surveys) {
        StLossRows rows = loss_rows(l, pass);
        lane->survey = (StLossSurvey){.binary = true};
        st_loss_survey(l->loss, &rows, &lane->survey);
    }
}

/* The mean over a batch is over the positions that count. */
static double mean_scale(const StLearner *l) {
    const Job *job = &l->job;
    int64_t counted = 0;
    if (!l->surveys) return 1 / ((double)job->rows * (double)l->positions);
    for (int i = 0; i < job->lanes; i++)
        counted += l->lane[i].survey.count;
    return counted ? 1 / (double)counted : 0;
}

static bool all_binary(const StLearner *l) {
    bool binary = l->surveys;
    for (int i = 0; i < l->job.lanes; i++)
        binary = binary && l->lane[i].survey.binary;
    return binary;
}

static void lane_loss(StLearner *l, const StPass *pass) {
    Lane *lane = &l->lane[pass->lane];
    StLossRows rows = loss_rows(l, pass);
    rows.scale = mean_scale(l);
    rows.binary = all_binary(l);
    lane->loss = st_loss_run(l->loss, &rows);
    lane_measure(l, lane, pass->first, pass->rows);
}

/* ---- phases 3 and 4: regularisers and a look at gradients and weights, then the update, by ranges ---- */

static void range_penalty(StLearner *l, Range *range) {
    range->penalty = 0;
    for (int p = range->first; p < range->first + range->count; p++) {
        const Piece *piece = &l->piece[p];
        if (piece->regular)
            range->penalty +=
                st_regularizer_value(&piece->regularizer, l->weights + piece->from, piece->to - piece->from);
    }
}

/* A regularizer that looks at a whole tensor. */
static void whole_penalty(StLearner *l, int index, bool gradient) {
    const StTensor *tensor = &st_network_tensors(l->network, &(int){0})[l->whole[index]];
    const Real *w = l->weights + tensor->offset;
    l->whole_penalty[index] = st_regularizer_whole_value(&tensor->regularizer, &tensor->shape, w);
    if (gradient)
        st_regularizer_whole_add_gradient(&tensor->regularizer, &tensor->shape, l->gradients + tensor->offset,
                                          w);
}

void st_learner_penalty(StLearner *l) {
    for (int i = 0; i < l->ranges; i++)
        range_penalty(l, &l->range[i]);
    for (int i = 0; i < l->wholes; i++)
        whole_penalty(l, i, false);
}

/* Weights are looked at too: relu may hide that the step before made them infinite. */
static void range_examine(StLearner *l, Range *range) {
    range_penalty(l, range);
    range->finite = true;
    for (int p = range->first; p < range->first + range->count; p++) {
        Piece *piece = &l->piece[p];
        int64_t count = piece->to - piece->from;
        if (piece->regular)
            st_regularizer_add_gradient(&piece->regularizer, l->gradients + piece->from,
                                        l->weights + piece->from, count);
        range->finite = range->finite && st_vector_finite(l->gradients + piece->from, count) &&
                        st_vector_finite(l->weights + piece->from, count);
        if (l->clipnorm > 0 || l->global_clipnorm > 0)
            piece->squares = st_vector_sum_squares(l->gradients + piece->from, count);
    }
}

/* What a piece's gradient is multiplied by: its pieces' sums are added in their order, whoever made them. */
static double clip_of(const StLearner *l, int piece) {
    double squares = 0;
    if (l->global_clipnorm > 0) {
        for (int p = 0; p < l->pieces; p++)
            squares += l->piece[p].squares;
        return st_optimizer_clip(sqrt(squares), l->global_clipnorm);
    }
    int tensor = l->piece[piece].tensor;
    while (piece > 0 && l->piece[piece - 1].tensor == tensor)
        piece--;
    for (; piece < l->pieces && l->piece[piece].tensor == tensor; piece++)
        squares += l->piece[piece].squares;
    return st_optimizer_clip(sqrt(squares), l->clipnorm);
}

static void range_update(StLearner *l, const Range *range) {
    StUpdate update = l->job.constants;
    for (int p = range->first; p < range->first + range->count; p++) {
        const Piece *piece = &l->piece[p];
        Real *slot[ST_SLOTS_MAX] = {NULL};
        for (int s = 0; s < l->slots; s++)
            slot[s] = l->state + s * l->total + piece->from;
        if (l->clipnorm > 0 || l->global_clipnorm > 0) {
            update.scale = (Real)clip_of(l, p);
            update.plain = l->job.constants.plain && update.scale == 1;
        }
        st_optimizer_apply(l->optimizer, &update, l->weights + piece->from, l->gradients + piece->from, slot,
                           piece->to - piece->from);
    }
}

/* ---- the job ---- */

static double lanes_loss(const StLearner *l) {
    double loss = 0, penalty = 0;
    for (int i = 0; i < l->job.lanes; i++) {
        loss += l->lane[i].loss;
        penalty += l->lane[i].penalty;
    }
    return loss * mean_scale(l) + penalty / (double)l->job.rows;
}

static double weights_penalty(const StLearner *l) {
    double penalty = 0;
    for (int i = 0; i < l->ranges; i++)
        penalty += l->range[i].penalty;
    for (int i = 0; i < l->wholes; i++)
        penalty += l->whole_penalty[i];
    return penalty;
}

bool st_learner_finite(const StLearner *l) {
    bool finite = isfinite(lanes_loss(l) + weights_penalty(l));
    for (int i = 0; finite && i < l->ranges; i++)
        finite = l->range[i].finite;
    return finite;
}

static void forward_task(void *context, StPoolTask task) {
    StLearner *l = context;
    StPass pass = lane_pass(l, task);
    lane_forward(l, &pass, task.what);
}

static void backward_task(void *context, StPoolTask task) {
    StLearner *l = context;
    StPass pass = lane_pass(l, task);
    st_network_backward_stage(l->network, &pass, task.what, l->form == ST_LOSS_FUSED);
}

/* From the last stage forward to the first one back. */
static void turn_task(void *context, StPoolTask task) {
    StLearner *l = context;
    StPass pass = lane_pass(l, task);
    if (!l->surveys) lane_forward(l, &pass, l->job.forward - 1);
    lane_loss(l, &pass);
    if (l->job.learn) st_network_backward_stage(l->network, &pass, 0, l->form == ST_LOSS_FUSED);
}

static void part_task(void *context, StPoolTask task) {
    StLearner *l = context;
    st_network_gradient(l->network, l->job.rows, task.index, task.worker);
}

static void whole_task(void *context, StPoolTask task) {
    StLearner *l = context;
    whole_penalty(l, task.index, true);
}

static void examine_task(void *context, StPoolTask task) {
    StLearner *l = context;
    range_examine(l, &l->range[task.index]);
}

/* Every task comes to the same verdict by itself. */
static void update_task(void *context, StPoolTask task) {
    StLearner *l = context;
    if (st_learner_finite(l)) range_update(l, &l->range[task.index]);
}

static void constrain_task(void *context, StPoolTask task) {
    StLearner *l = context;
    if (!st_learner_finite(l)) return;
    const StTensor *tensor = &st_network_tensors(l->network, &(int){0})[l->constrained[task.index]];
    st_constraint_apply(&tensor->constraint, &tensor->shape, l->weights + tensor->offset);
}

int st_learner_phases(const StLearner *l) {
    return 2 * st_network_stages(l->network, true) + 6;
}

/* The phases of the job. Where the loss has to know of the whole batch, all lanes have to be forward first.
 */
static int plan_phases(StLearner *l) {
    const Job *job = &l->job;
    int back = st_network_stages_back(l->network, job->pass.training), count = 0;
    for (int stage = 0; stage < job->forward - !l->surveys; stage++)
        l->phase[count++] = (StPhase){forward_task, job->lanes, stage};
    l->phase[count++] = (StPhase){turn_task, job->lanes, 0};
    if (!job->learn) return count;
    for (int stage = 1; stage < back; stage++)
        l->phase[count++] = (StPhase){backward_task, job->lanes, stage};
    l->phase[count++] = (StPhase){part_task, st_network_parts(l->network), 0};
    l->job.optimizer = count;
    if (l->wholes) l->phase[count++] = (StPhase){whole_task, l->wholes, 0};
    l->phase[count++] = (StPhase){examine_task, l->ranges, 0};
    if (!job->update) return count;
    l->phase[count++] = (StPhase){update_task, l->ranges, 0};
    if (l->constraints) l->phase[count++] = (StPhase){constrain_task, l->constraints, 0};
    return count;
}

void st_learner_run(StLearner *l, const Job *job) {
    l->job = *job;
    l->job.lanes = st_network_lanes(job->rows);
    l->job.forward = st_network_stages(l->network, job->pass.training);
    l->job.pass.z = l->form == ST_LOSS_FUSED;
    int phases = plan_phases(l);
    if (l->clock)
        st_clock_run(l->clock, l->pool, l->phase, phases, l->job.optimizer, l);
    else
        st_pool_run(l->pool, l->phase, phases, l);
    l->data_loss = lanes_loss(l);
    l->penalty = weights_penalty(l);
}
