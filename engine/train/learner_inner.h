/* What the files of the learner share: learner.c (what others call), learner_create.c (making one),
 * learner_batch.c (its rows, targets and weights), learner_step.c (the phases of a job) and learner_blame.c
 * (what went wrong). Nobody else includes it. */
#ifndef ST_TRAIN_LEARNER_INNER_H
#define ST_TRAIN_LEARNER_INNER_H

#include "train/learner.h"
#include "train/learner_profile.h"
#include "train/loss.h"
#include "train/optimizer.h"

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
    int64_t adapting_sums;     /* doubles that the hungriest of the layers made from the data needs */
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
    double *adapting;                 /* [adapting_sums] */
    Range *range;                     /* [ranges] */
    Piece *piece;                     /* [pieces] */
    Real *carried;                    /* [states] before the step, where layers carry states in training */

    StClock *clock; /* while a profile is taken */

    Job job;
    double data_loss, penalty; /* of the last job */
};

/* ---- learner_batch.c ---- */

#define st_learner_gather     ST_R(st_learner_gather)
#define st_learner_weighs     ST_R(st_learner_weighs)
#define st_learner_weigh_rows ST_R(st_learner_weigh_rows)

/* Rows [first, first + rows) of the job's batch from the data into the network's input and the targets. */
void st_learner_gather(StLearner *learner, int64_t first, int64_t rows);
/* Whether rows of the job at hand have weights; and puts them to row_weights. */
bool st_learner_weighs(const StLearner *learner);
void st_learner_weigh_rows(StLearner *learner, int64_t first, int64_t rows);

/* ---- learner_step.c ---- */

#define st_learner_phases  ST_R(st_learner_phases)
#define st_learner_run     ST_R(st_learner_run)
#define st_learner_finite  ST_R(st_learner_finite)
#define st_learner_penalty ST_R(st_learner_penalty)

/* How many phases a job can have at most. */
int st_learner_phases(const StLearner *learner);
/* Makes a job of it: fills in what follows from the rest, runs, and leaves data_loss and penalty. */
void st_learner_run(StLearner *learner, const Job *job);
/* Whether loss, gradients and weights of the last job, one that learns, are. */
bool st_learner_finite(const StLearner *learner);
/* What all regularizers add now, left in the ranges for jobs that do not learn. */
void st_learner_penalty(StLearner *learner);

#endif
