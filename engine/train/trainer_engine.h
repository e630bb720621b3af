/* Inside the trainer: what the engine thread owns, and what it shares with others under one lock that nobody
 * holds for longer than it takes to copy a few numbers.
 *
 *     trainer.c            what others call: orders in, news out
 *     trainer_engine.c     the engine thread: orders taken, steps, ends of epochs
 *     trainer_callbacks.c  what ends a run early, and the best weights
 *     trainer_replay.c     checkpoints, and what happened before a run diverged
 *     trainer_ring.c       records
 *     trainer_slots.c      snapshots */
#ifndef ST_TRAIN_TRAINER_ENGINE_H
#define ST_TRAIN_TRAINER_ENGINE_H

#include "base/arena.h"
#include "train/trainer.h"
#include "train/trainer_ring.h"
#include "train/trainer_slots.h"

#include <pthread.h>

enum { ST_AUTOPSY_STEPS = 32, ST_RATES_MAX = 64 };

/* ---- callbacks ---- */

/* A figure that is watched for getting better. */
typedef struct StMonitor {
    bool on, validation, higher;
    int metric; /* -1: the loss */
    double best;
} StMonitor;

typedef struct StEarly {
    StMonitor monitor;
    int wait;           /* epochs since the best */
    int64_t first;      /* epoch that this fit began after */
    int64_t best_epoch; /* 0: none yet */
    float *weights;     /* [total] of the best epoch, or NULL where they are not restored */
} StEarly;

typedef struct StPlateau {
    StMonitor monitor;
    int wait, cooldown;
} StPlateau;

typedef struct StStopWhen {
    bool on, validation;
    int metric;
    StCondition condition;
} StStopWhen;

/* ---- checkpoints ---- */

/* Everything that a step depends on, as it was before step `step`; the shuffle follows from it. */
typedef struct StCheckpoint {
    int64_t step; /* -1: empty */
    double rate, taken;
    int64_t iterations;
    float *weights, *state, *carried; /* [total], [state_count], [carried_count] */
} StCheckpoint;

/* From step `step` on, this was the rate. */
typedef struct StRateChange {
    int64_t step;
    double rate;
} StRateChange;

typedef struct StReplay {
    bool on;
    StCheckpoint checkpoint[2];
    int newest;  /* index; its fellow is older */
    double cost; /* seconds that the last copy took */
    StRateChange change[ST_RATES_MAX];
    int changes;
    StAutopsyStep step[ST_AUTOPSY_STEPS];
    int steps;
    int culprit; /* tensor that the sentence names, or -1 */
} StReplay;

/* ---- orders ---- */

typedef enum StOrder { ST_NO_ORDER, ST_PLAY, ST_STEP, ST_EPOCH, ST_PAUSE, ST_STOP, ST_QUIT } StOrder;

typedef struct StMail {
    bool posted;
    StOrder order;
    int64_t count; /* of steps or epochs */
    bool rate, now, evaluate;
    double new_rate;
    float *weights; /* [total] malloc'd, or NULL */
    bool one;       /* one weight alone: */
    int64_t one_at; /* in the flat array */
    float one_value;
    StPart part;
} StMail;

struct StTrainer {
    /* Fixed once made. */
    StFit fit;
    StCallbacks callbacks;
    const StDataset *dataset;
    uint64_t seed, run;
    bool lossless, snapshots;
    StKeeper keeper;
    int threads, wake_fd;
    StPool *pool;
    StLearner *learner;
    StNetwork *network;
    StWeightSet shape; /* the weight table; values are the network's own, the engine thread's alone */
    float *weights, *gradients, *state;
    int64_t state_count, *iterations;
    float *carried; /* what stateful layers carry from batch to batch, or NULL */
    int64_t carried_count;
    int64_t rows, steps_per_epoch;
    bool validates, scheduled;
    StArena arena;
    pthread_t thread;
    bool started;

    /* The engine thread's own. */
    int64_t *order, order_epoch; /* [rows] the training rows as this epoch takes them; -1: none yet */
    int64_t step, epoch, epochs, samples; /* made, made, wanted, seen */
    int64_t limit;                        /* pause once so many steps are made */
    int64_t epoch_from;                   /* steps made before those that the epoch's tally is of */
    bool by_hand;                         /* steps asked for one by one are not paced */
    bool epoch_due;   /* its last step is made, its end is not: to be done before anything else */
    uint64_t version; /* of the weights: grows with every change */
    bool gradients_valid;
    StTally tally;
    double mark, seconds;   /* mark: until when time is accounted for */
    double rate, step_rate; /* what the schedule begins with; what the last step was made with */
    double pace, paced_at;  /* steps a second, 0: full speed; when the last one was due by it */
    double step_seconds, evaluation_seconds; /* the last one's */
    double look_cost, next_look;             /* of a snapshot; when one may be taken again */
    StEarly early;
    StPlateau plateau;
    StMonitor checkpoint; /* where the best is kept in a file */
    StStopWhen stop_when;
    StReplay replay;
    StRing ring; /* its far end is the owner's */

    /* Shared under lock. */
    pthread_mutex_t lock;
    pthread_cond_t orders, answers; /* to the engine; from it */
    StMail mail;
    bool busy;    /* mail was taken and is not yet wholly done */
    bool resting; /* the engine sleeps */
    bool holding; /* it does so with records held back: the owner may put them */
    bool blocked; /* likewise, and it may not train on before they are read */
    bool wanted;  /* somebody asked for a snapshot */
    StSlots slots;
    StTrainerStatus status; /* the engine alone writes its state */
    struct StSpeed {
        double seconds;
        int64_t samples;
    } speed[2];        /* the older, the newer beginning of the stretch that samples_per_s is of */
    double epoch_cost; /* seconds that the end of the last epoch took */
    StScores evaluated;
    float one_before;             /* what the one weight was */
    bool evaluation_done, served; /* what was asked for was done */
    int notify_fd;
    int autopsy_steps;
    StAutopsyStep autopsy[ST_AUTOPSY_STEPS];

    atomic_bool cancel;  /* ends an evaluation under way */
    atomic_bool pending; /* the owner was woken and has not read yet */
};

double st_trainer_clock(void);

/* ---- trainer.c ---- */
void st_trainer_wake(StTrainer *trainer);
/* Copies those tensors of the set that the table has by name and shape. all: each must be there. */
bool st_trainer_take_weights(const StWeightSet *shape, const StWeightSet *set, bool all, float *values,
                             StError *error);

/* ---- trainer_engine.c ---- */
void *st_trainer_engine(void *trainer);
/* The weights as they are between two steps, and those before the last one where they are known, unless the
 * newest snapshot has them already. */
void st_trainer_publish(StTrainer *trainer, const float *before);
void st_trainer_shuffle(StTrainer *trainer, int64_t epoch);
/* The batch that step number `step` (from 0) trains on. */
StBatch st_trainer_batch(StTrainer *trainer, int64_t step);

/* ---- trainer_callbacks.c ---- */
bool st_callbacks_init(StTrainer *trainer, const StCompile *compile, StError *error);
void st_callbacks_begin(StTrainer *trainer); /* a fit begins: forget */
/* At the end of `epoch` (from 1): true where training is to end, with the reason. */
bool st_early_ends(StTrainer *trainer, const StRecord *record, char *reason, size_t size);
/* The rate that is to be from now on: lower after a plateau. */
double st_plateau_rate(StTrainer *trainer, const StRecord *record);
/* Whether this epoch's weights are to go to a file. */
bool st_checkpoint_due(StTrainer *trainer, const StRecord *record);
bool st_stop_when_ends(const StStopWhen *stop, const StRecord *record, char *reason, size_t size);
/* Puts the best weights back where that was asked for; true where that changed them. Adds to reason. */
bool st_early_restore(StTrainer *trainer, char *reason, size_t size);

/* ---- trainer_replay.c ---- */
bool st_replay_init(StTrainer *trainer, StArena *arena);
/* Before a step: takes a checkpoint where one is due. */
void st_replay_step(StTrainer *trainer);
void st_replay_forget(StTrainer *trainer); /* weights changed by hand */
void st_replay_rate(StTrainer *trainer, double rate);
/* After a step that failed: says where and why, goes over the steps before it once more for the autopsy, and
 * leaves the weights, all finite, as they were before the failure. Returns the weights before the last good
 * step ([total]; valid until the next checkpoint), or NULL. */
const float *st_replay_diverged(StTrainer *trainer, char *reason, size_t size);

#endif
