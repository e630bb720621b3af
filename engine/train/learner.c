#include "train/learner.h"

#include "layers/constraint.h"
#include "layers/regularizer.h"
#include "math/vector.h"
#include "train/class_weight.h"
#include "train/learner_fit.h"
#include "train/learner_profile.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RANGES_MAX = 64,
    RANGE_LEAST = 1024, /* weights; fewer are not worth a thread of their own */
    CHUNK = 256         /* rows that an evaluation takes at once, if the batch is not larger */
};

/* What one lane adds up; cache lines of its own. */
typedef struct Lane {
    _Alignas(64) double loss;
    double penalty;      /* Σ of the regularizers of outputs */
    StLossSurvey survey; /* where the loss or a mask asks for one */
    double *sum;         /* the metrics' accumulators, one metric's behind the other's */
} Lane;

/* Neighbouring trainable weights that are treated alike. */
typedef struct Piece {
    int64_t from, to; /* into the flat arrays */
    int tensor;       /* the first one that it is of */
    StCall regularizer;
    bool regular;
    double squares; /* Σ gradient², where gradients are clipped by a norm */
} Piece;

/* A fixed range of the flat arrays: what one thread examines and updates. */
typedef struct Range {
    _Alignas(64) int first, count; /* its pieces */
    double penalty;
    bool finite;
} Range;

/* What the pool is to do. */
typedef struct Job {
    const StBatch *batch; /* gathered from the training part; NULL: from `part`, or as it lies there */
    StPart part;
    int64_t from; /* first row within the part */
    bool gather, learn, update;
    int64_t rows;
    int lanes, forward; /* forward: stages that way */
    int optimizer;      /* the first phase that no layer has a part in */
    StPass pass;
    StUpdate constants;
} Job;

struct StLearner {
    StNetwork *network;
    StPool *pool;
    const StDataset *dataset;
    StCompile compile;
    const StLoss *loss;
    const StOptimizer *optimizer;
    const StMetric *metric[ST_METRICS_MAX];
    StMetricUse use[ST_METRICS_MAX];
    int64_t sums[ST_METRICS_MAX], all_sums;
    StLossForm form;
    int layers;
    int64_t in_size, positions, width, target_size;
    int64_t rows, chunk;  /* that fit; that an evaluation takes at once */
    const Real *mask;     /* of the output [rows, positions], or NULL */
    int64_t weights_each; /* that the data has a row: 0, 1 or one a position */
    int classes;          /* that have weights; 0: none have */
    bool surveys;         /* the loss has to know of the whole batch before its first row */
    int constraints, wholes;
    double rate;                      /* what the schedule begins with */
    double clipnorm, global_clipnorm; /* 0: none */
    int64_t iterations;
    int slots, ranges, pieces;
    int64_t total;             /* weights */
    Real *weights, *gradients; /* [total], the network's */

    StArena arena;
    char (*names)[ST_LAYER_NAME_MAX]; /* [layers] */
    int32_t *labels;                  /* [rows, target_size] where sparse */
    Real *targets;                    /* [rows, target_size] where not */
    Real *row_weights;                /* [rows, positions] where the data or classes have weights */
    double *class_weight;             /* [classes] */
    float *stage;                     /* double only: rows as the data set gives them */
    Real *state;                      /* [slots, total] */
    Lane *lane;                       /* [ST_LANES_MAX] */
    StPhase *phase;                   /* as many as a job can have */
    int *constrained;                 /* [constraints] tensors */
    int *whole;                       /* [wholes] tensors whose regularizer looks at all of them at once */
    double *whole_penalty;            /* [wholes] */
    double *adapting;                 /* [adapting_of] */
    Range *range;                     /* [ranges] */
    Piece *piece;                     /* [pieces] */
    Real *carried;                    /* [states] before the step, where layers carry states in training */

    StClock *clock; /* while a profile is taken */

    Job job;
    double data_loss, penalty; /* of the last job */
};

/* Doubles that the layers made from the data need, one after the other. */
static int64_t adapting_of(const StLearner *l) {
    int64_t most = 0;
    for (int i = st_network_adapts(l->network, 0); i >= 0; i = st_network_adapts(l->network, i + 1)) {
        const StStep *step = st_network_step(l->network, i);
        int64_t sums = step->kind->adapt_sums(step->options, &step->in);
        if (sums > most) most = sums;
    }
    return most;
}

/* ---- phase 1: one lane forward, its loss and metrics, and back ---- */

#ifdef ST_DOUBLE
static void widen(Real *to, const float *from, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        to[i] = from[i];
}
#endif

static void gather(StLearner *l, int64_t first, int64_t rows) {
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
static bool rows_weigh(const StLearner *l) {
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

static void weigh_rows(StLearner *l, int64_t first, int64_t rows) {
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
                        .weights = rows_weigh(l) ? l->row_weights + pass->first * l->positions : NULL,
                        .mask = l->mask ? l->mask + pass->first * l->positions : NULL,
                        .rows = pass->rows,
                        .positions = l->positions,
                        .width = l->width,
                        .options = l->compile.loss.options};
}

static void gather_timed(StLearner *l, const StPass *pass) {
    double begun = st_clock_now();
    gather(l, pass->first, pass->rows);
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
        if (l->job.gather && !l->clock) gather(l, pass->first, pass->rows);
        if (rows_weigh(l)) weigh_rows(l, pass->first, pass->rows);
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

/* What all regularizers add now, without gradients. */
static void weigh(StLearner *l) {
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

static bool all_finite(const StLearner *l) {
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
    if (all_finite(l)) range_update(l, &l->range[task.index]);
}

static void constrain_task(void *context, StPoolTask task) {
    StLearner *l = context;
    if (!all_finite(l)) return;
    const StTensor *tensor = &st_network_tensors(l->network, &(int){0})[l->constrained[task.index]];
    st_constraint_apply(&tensor->constraint, &tensor->shape, l->weights + tensor->offset);
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

/* Fills in what follows from the rest, runs, and leaves data_loss and penalty. */
static void run(StLearner *l, const Job *job) {
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
    run(l, &job);
    job_scores(l, scores);
    if (!all_finite(l)) {
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
    weigh(l);
    st_network_forget(l->network, false);
    for (int64_t from = 0; from < rows; from += l->chunk) {
        if (cancel && atomic_load(cancel)) return false;
        Job job = {.part = part,
                   .from = from,
                   .gather = true,
                   .rows = rows - from < l->chunk ? rows - from : l->chunk,
                   .pass = {.carry = true}};
        run(l, &job);
        tally_add(l, &tally);
    }
    st_learner_scores(l, &tally, scores);
    return true;
}

void st_learner_adapt(StLearner *l) {
    int64_t rows = st_dataset_rows(l->dataset, ST_TRAIN);
    for (int i = st_network_adapts(l->network, 0); i >= 0; i = st_network_adapts(l->network, i + 1)) {
        const StStep *step = st_network_step(l->network, i);
        memset(l->adapting, 0, (size_t)adapting_of(l) * sizeof(double));
        for (int64_t from = 0; from < rows; from += l->chunk) {
            int64_t count = rows - from < l->chunk ? rows - from : l->chunk;
            l->job = (Job){.part = ST_TRAIN, .from = from, .gather = true, .rows = count};
            gather(l, 0, count);
            st_network_until(l->network, &(StPass){.rows = count}, i);
            step->kind->adapt_add(step, count, l->adapting);
        }
        step->kind->adapt_set(step, l->adapting);
    }
}

double st_learner_gradients(StLearner *l, int64_t rows, bool training, uint64_t seed) {
    Job job = {.learn = true, .rows = rows, .pass = {.training = training, .seed = seed}};
    run(l, &job);
    return l->data_loss + l->penalty;
}

double st_learner_loss(StLearner *l, int64_t rows, bool training, uint64_t seed) {
    Job job = {.rows = rows, .pass = {.training = training, .seed = seed}};
    weigh(l);
    run(l, &job);
    return l->data_loss + l->penalty;
}

/* ---- making one ---- */

static int64_t ranges_of(int64_t total) {
    int64_t ranges = total / RANGE_LEAST;
    return ranges < 1 ? 1 : ranges > RANGES_MAX ? RANGES_MAX : ranges;
}

/* Cuts the trainable weights into ranges and these into pieces. Counts alone while l->piece is NULL. */
static void cut_pieces(StLearner *l) {
    int tensors;
    const StTensor *tensor = st_network_tensors(l->network, &tensors);
    int64_t each = (l->total / l->ranges + 15) / 16 * 16 + 16; /* whole vectors */
    l->pieces = 0;
    for (int r = 0; r < l->ranges; r++) {
        int first = l->pieces;
        int64_t low = r * each, high = low + each;
        for (int t = 0; t < tensors; t++) {
            Piece piece = {.from = tensor[t].offset > low ? tensor[t].offset : low,
                           .to = tensor[t].offset + tensor[t].size,
                           .tensor = t,
                           .regularizer = tensor[t].regularizer,
                           .regular = tensor[t].regularizer.kind != 0};
            if (piece.to > high) piece.to = high;
            if (!tensor[t].trainable || piece.from >= piece.to) continue;
            Piece *before = l->piece && l->pieces > first ? &l->piece[l->pieces - 1] : NULL;
            if (before && before->to == piece.from && !before->regular && !piece.regular && l->clipnorm == 0)
                before->to = piece.to;
            else if (l->piece)
                l->piece[l->pieces++] = piece;
            else
                l->pieces++;
        }
        if (l->range) l->range[r] = (Range){.first = first, .count = l->pieces - first};
    }
}

/* The tensors that are held to something, and those with a regularizer that looks at all of them at once.
 * Counts alone while l->constrained and l->whole are NULL. */
static void find_tensors(StLearner *l) {
    int tensors;
    const StTensor *tensor = st_network_tensors(l->network, &tensors);
    l->constraints = l->wholes = 0;
    for (int t = 0; t < tensors; t++) {
        if (tensor[t].trainable && tensor[t].constraint.kind != 0) {
            if (l->constrained) l->constrained[l->constraints] = t;
            l->constraints++;
        }
        if (tensor[t].trainable && st_regularizer_is_whole(&tensor[t].regularizer)) {
            if (l->whole) l->whole[l->wholes] = t;
            l->wholes++;
        }
    }
}

static int phases_most(const StLearner *l) {
    return 2 * st_network_stages(l->network, true) + 6;
}

static void lay_out(StLearner *l, StArena *arena) {
    int64_t targets = st_times(l->rows, l->target_size);
    l->names = st_arena_take(arena, l->layers, ST_LAYER_NAME_MAX);
    l->labels = l->loss->sparse ? st_arena_take(arena, targets, sizeof *l->labels) : NULL;
    l->targets = l->loss->sparse ? NULL : st_arena_take(arena, targets, sizeof *l->targets);
    bool weighed = l->weights_each || l->classes;
    l->row_weights =
        weighed ? st_arena_take(arena, st_times(l->rows, l->positions), sizeof *l->row_weights) : NULL;
    l->class_weight = l->classes ? st_arena_take(arena, l->classes, sizeof *l->class_weight) : NULL;
#ifdef ST_DOUBLE
    int64_t widest = l->in_size > l->target_size ? l->in_size : l->target_size;
    l->stage = st_arena_take(arena, st_times(l->rows, widest), sizeof *l->stage);
#endif
    l->state = st_arena_take(arena, st_times(l->slots, l->total), sizeof *l->state);
    l->lane = st_arena_take(arena, ST_LANES_MAX, sizeof *l->lane);
    for (int i = 0; i < ST_LANES_MAX; i++) {
        double *sum = st_arena_take(arena, l->all_sums, sizeof *sum);
        if (l->lane) l->lane[i].sum = sum;
    }
    l->phase = st_arena_take(arena, phases_most(l), sizeof *l->phase);
    l->constrained = st_arena_take(arena, l->constraints, sizeof *l->constrained);
    l->whole = st_arena_take(arena, l->wholes, sizeof *l->whole);
    l->whole_penalty = st_arena_take(arena, l->wholes, sizeof *l->whole_penalty);
    l->adapting = st_arena_take(arena, adapting_of(l), sizeof *l->adapting);
    l->range = st_arena_take(arena, l->ranges, sizeof *l->range);
    l->piece = st_arena_take(arena, l->pieces, sizeof *l->piece);
    int64_t states;
    st_network_state(l->network, &states);
    l->carried = st_arena_take(arena, states, sizeof *l->carried);
}

/* The shape of a row: what was asked for, what the stack says, or what the data has. */
static bool choose_input(const StLearnerPlan *plan, StShape *input, StError *error) {
    StShape data = plan->dataset ? st_dataset_x_shape(plan->dataset) : (StShape){0};
    *input = plan->input ? *plan->input : plan->stack->input.rank ? plan->stack->input : data;
    if (!plan->dataset || st_shape_size(input) == st_shape_size(&data)) return true;
    char wanted[ST_SHAPE_TEXT], got[ST_SHAPE_TEXT];
    return st_fail(error, ST_ERR_SHAPE, "input is %s, the data has rows of %s", st_shape_print(input, wanted),
                   st_shape_print(&data, got));
}

/* What the description alone decides: loss, metrics and optimizer against the output and the data. */
static bool choose_kinds(StLearner *l, const StLearnerPlan *plan, const StShape *output, StError *error) {
    l->compile = *plan->compile;
    l->loss = st_loss_at(l->compile.loss.kind);
    l->optimizer = st_optimizer_at(l->compile.optimizer.kind);
    if (!l->loss || !l->optimizer)
        return st_fail(error, ST_ERR_STATE, "there is no loss yet; add 'compile optimizer=… loss=…'");
    if (!st_loss_fits(&l->compile.loss, output, plan->dataset, error)) return false;
    for (int m = 0; m < l->compile.metrics; m++) {
        const StMetricSpec *spec = &l->compile.metric[m];
        l->metric[m] = st_metric_choose(spec, l->loss, output, plan->dataset, &l->use[m], error);
        if (!l->metric[m]) return false;
        l->sums[m] = l->metric[m]->sums(&l->use[m]);
        if (l->sums[m] > ST_METRIC_SUMS - l->all_sums)
            return st_fail(error, ST_ERR_VALUE,
                           "metrics: %s keeps %lld sums for %lld outputs, wanted at most %d for all metrics",
                           spec->name, (long long)l->sums[m], (long long)st_shape_size(output),
                           ST_METRIC_SUMS);
        l->all_sums += l->sums[m];
    }
    const StOptimizerCommon *common = (const void *)l->compile.optimizer.options;
    l->rate = st_compile_learning_rate(&l->compile);
    l->clipnorm = common->clipnorm > 0 ? common->clipnorm : 0;
    l->global_clipnorm = common->global_clipnorm > 0 ? common->global_clipnorm : 0;
    l->slots = st_optimizer_slots(l->optimizer, l->compile.optimizer.options);
    l->width = output->dim[output->rank - 1];
    l->positions = st_shape_size(output) / l->width;
    l->target_size = l->loss->sparse ? l->positions : l->positions * l->width;
    return true;
}

/* What the data and fit say of weights, against the output. */
static bool choose_weights(StLearner *l, const StLearnerPlan *plan, StError *error) {
    const StDataset *data = plan->dataset;
    l->weights_each = data ? st_dataset_weights_each(data) : 0;
    if (l->weights_each > 1 && l->weights_each != l->positions)
        return st_fail(error, ST_ERR_SHAPE,
                       "the data has %lld weights a row, wanted 1 or %lld (the positions of the output)",
                       (long long)l->weights_each, (long long)l->positions);
    if (!data || !plan->class_weight || !*plan->class_weight) return true;
    if (!st_dataset_has_labels(data) && !l->loss->classifies)
        return st_fail(error, ST_ERR_VALUE,
                       "class_weight=%.60s wants classes, the data has numbers as targets (regression)",
                       plan->class_weight);
    l->classes = st_dataset_has_labels(data) ? st_dataset_classes(data) : l->width > 1 ? (int)l->width : 2;
    return true;
}

static int64_t rows_wanted(const StLearnerPlan *plan) {
    int64_t most = 1;
    if (!plan->dataset) return plan->rows;
    for (int part = 0; part < ST_PARTS; part++) {
        int64_t rows = st_dataset_rows(plan->dataset, (StPart)part);
        if (rows > most) most = rows;
    }
    int64_t rows = plan->rows > CHUNK ? plan->rows : CHUNK;
    return rows < most ? rows : most;
}

/* Where the first layer wants words, every row of the data has to hold some. */
static bool data_fits(StLearner *l, StError *error) {
    for (int p = 0; l->dataset && st_network_words(l->network) && p < ST_PARTS; p++) {
        StPart part = (StPart)p;
        int64_t rows = st_dataset_rows(l->dataset, part);
        for (int64_t from = 0; from < rows; from += l->chunk) {
            int64_t count = rows - from < l->chunk ? rows - from : l->chunk;
            StError why = {0};
            l->job = (Job){.part = part, .from = from, .gather = true, .rows = count};
            gather(l, 0, count);
            if (!st_network_input_fits(l->network, from, count, &why))
                return st_fail(error, why.code, "the %s part's %s", st_part_name(part), why.message);
        }
    }
    return true;
}

/* How the loss is computed: by what the stack ends in. */
static StLossForm form_of(const StLearner *l) {
    if (st_loss_from_logits(&l->compile.loss)) return ST_LOSS_LOGITS;
    const StStep *last = st_network_step(l->network, l->layers - 1);
    const char *ends = last->kind->activation ? last->kind->activation(last->options) : NULL;
    const StCall *activity = last->kind->activity ? last->kind->activity(last->options) : NULL;
    if (activity && activity->kind != 0) return ST_LOSS_OUTPUTS; /* its gradient is by the output */
    return ends && l->loss->fuses && strcmp(ends, l->loss->fuses) == 0 ? ST_LOSS_FUSED : ST_LOSS_OUTPUTS;
}

static bool build(StLearner *l, const StLearnerPlan *plan, const StShape *input, StError *error) {
    StNetworkPlan network = {.input = input,
                             .rows = l->rows,
                             .batch = plan->rows,
                             .workers = plan->pool ? st_pool_threads(plan->pool) : 1,
                             .learns = true,
                             .input_gradient = plan->input_gradient,
                             .copies = l->slots + plan->copies};
    l->network = st_network_create(plan->stack, &network, error);
    if (!l->network) return false;
    l->layers = st_network_layers(l->network);
    int64_t positions, states;
    l->mask = st_network_mask(l->network, &positions);
    if (positions != l->positions) l->mask = NULL;
    l->surveys = l->mask || st_loss_surveys(l->loss, l->compile.loss.options);
    /* Means over the positions that count, and states, are of Keras' batches. */
    l->chunk = st_network_state(l->network, &states) || l->surveys ? plan->rows : l->rows;
    l->in_size = st_shape_size(input);
    l->form = form_of(l);
    l->weights = st_network_weights(l->network, &l->total);
    l->gradients = st_network_gradients(l->network);
    l->ranges = (int)ranges_of(l->total);
    cut_pieces(l);
    find_tensors(l);
    lay_out(l, &l->arena);
    if (!st_arena_allocate(&l->arena, "the optimizer's state and the targets", error)) return false;
    lay_out(l, &l->arena);
    cut_pieces(l);
    find_tensors(l);
    for (int s = 0; s < l->slots; s++)
        st_optimizer_start(l->optimizer, l->compile.optimizer.options, s, l->state + s * l->total, l->total);
    if (l->classes &&
        !st_class_weight_read(plan->class_weight, plan->dataset, l->classes, l->class_weight, error))
        return false;
    st_stack_names(plan->stack, l->names);
    return data_fits(l, error);
}

StLearner *st_learner_create(const StLearnerPlan *plan, StError *error) {
    StShape input;
    if (plan->stack->count == 0) {
        st_fail(error, ST_ERR_STATE, "the stack has no layers");
        return NULL;
    }
    StLearner *l = calloc(1, sizeof *l);
    StLayerInfo *layers = calloc((size_t)plan->stack->count, sizeof *layers);
    StStackInfo info;
    bool done = (l && layers) || st_fail_memory(error, "the learner", sizeof *l);
    done = done && choose_input(plan, &input, error) &&
           st_stack_infer(plan->stack, &input, layers, &info, error) &&
           choose_kinds(l, plan, &info.output, error) && choose_weights(l, plan, error);
    free(layers);
    if (done) {
        l->pool = plan->pool;
        l->dataset = plan->dataset;
        l->rows = rows_wanted(plan);
        done = build(l, plan, &input, error);
    }
    if (done) return l;
    st_learner_destroy(l);
    return NULL;
}

void st_learner_destroy(StLearner *l) {
    if (!l) return;
    st_clock_free(l->clock);
    st_network_destroy(l->network);
    st_arena_free(&l->arena);
    free(l);
}

/* ---- what others want to know ---- */

bool st_learner_profile(StLearner *l, bool on) {
    st_clock_free(l->clock);
    l->clock = on ? st_clock_create(phases_most(l)) : NULL;
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

/* ---- what went wrong ---- */

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
