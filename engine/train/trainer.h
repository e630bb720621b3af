/* The trainer: owns the engine thread, its pool, and the learner. The engine never waits for the screen and
 * the screen never waits for the engine: orders go in through a mailbox that is read at every batch, news
 * comes out as a ring of records and as snapshots, and one file descriptor is written to (with a pending
 * flag) when there is something new. All functions here are for one owning thread (the screen's, or main)
 * unless it says "any thread". */
#ifndef ST_TRAIN_TRAINER_H
#define ST_TRAIN_TRAINER_H

#include "train/callbacks.h"
#include "train/learner.h"
#include "train/snapshot.h"

/* id, word on the screen, what it means */
#define ST_TRAINER_STATES(ROW)                                                                               \
    ROW(IDLE, "idle", "nothing was trained yet")                                                             \
    ROW(TRAINING, "training", "steps are being made")                                                        \
    ROW(PAUSED, "paused", "waits between two steps")                                                         \
    ROW(DONE, "done", "made all its epochs, or a callback ended it")                                         \
    ROW(DIVERGED, "diverged", "a value became infinite or not a number; the weights before it are kept")     \
    ROW(STOPPED, "stopped", "ended on request")

typedef enum StTrainerState {
#define ST_STATE_ENUM(id, word, help) ST_STATE_##id,
    ST_TRAINER_STATES(ST_STATE_ENUM)
#undef ST_STATE_ENUM
} StTrainerState;
const char *st_trainer_state_word(StTrainerState state);

typedef struct StTrainer StTrainer;

struct StRecord;

/* What files are kept of a run: called at the end of every epoch on the engine's thread, before the next one
 * begins. checkpoint: its weights are to be written (callbacks checkpoint=…). False ends the run with the
 * error as its reason. */
typedef struct StKeeper {
    bool (*epoch)(void *context, const struct StRecord *record, const StWeightSet *weights, bool checkpoint,
                  StError *error);
    void *context; /* must outlive the trainer */
} StKeeper;

typedef struct StTrainerPlan {
    const StStack *stack; /* copied */
    const StCompile *compile;
    const StCallbacks *callbacks;
    const StFit *fit;
    const StDataset *dataset; /* borrowed; must outlive the trainer */
    uint64_t seed, run;
    int threads;
    const StWeightSet *weights; /* NULL, or weights to begin with: those of equal name and shape are
                                   taken, the rest drawn from the seed */
    /* NULL, or a moment of another run to go on from, with its weights, optimizer's state, step, epoch and
     * rate: the same recipe, data and seed end in the same bits as if that run had gone on, on any number of
     * threads. Copied; its tensors must be the network's. Where it is not whole, or the optimizer's state is
     * not wanted (from_anew), the optimizer begins anew. What begins anew in any case, and so may end
     * otherwise: the counters and best figures of early_stopping, reduce_on_plateau and checkpoint=best; and
     * the mean that an epoch half made is reported with is of the steps from here on. At an epoch's last
     * step, that epoch counts as ended. */
    const StSnapshot *from;
    bool from_anew;
    double from_rate; /* learning_rate to go on with; 0: the moment's own */
    bool paused;      /* wait for the first order */
    bool lossless;    /* every record is kept: the trainer waits for the reader when the ring is full
                         (headless logs). Else records that don't fit are merged, never lost spikes */
    bool snapshots;   /* publish them (the workbench); costs training under 1 % */
    int wake_fd;      /* eventfd, or -1 */
    StKeeper keeper;
} StTrainerPlan;

StTrainer *st_trainer_create(const StTrainerPlan *plan, StError *error);
void st_trainer_destroy(StTrainer *trainer); /* stops within one batch, joins */

/* Orders act within one batch. */
void st_trainer_play(StTrainer *trainer); /* after DONE: adds fit's epochs again */
void st_trainer_pause(StTrainer *trainer);
void st_trainer_one_step(StTrainer *trainer);
void st_trainer_one_epoch(StTrainer *trainer); /* to the end of the present epoch */
void st_trainer_stop(StTrainer *trainer);
/* Another learning_rate. A schedule goes on from it: what it would say had it begun so. */
void st_trainer_set_rate(StTrainer *trainer, double rate);
/* Steps a second (0: full speed); slows the trainer, never changes a number. per_epoch: epochs a second. */
void st_trainer_set_pace(StTrainer *trainer, double per_second, bool per_epoch);
/* New weights now, between two steps; same tensors as the network. Copied; returns once they are taken. A run
 * that had diverged is at rest then, and may go on. */
bool st_trainer_set_weights(StTrainer *trainer, const StWeightSet *weights, StError *error);
/* One element of one weight (an index of the weight table, and a place in it) between two steps, so that no
 * other number changes, not while it trains either. Returns what it was; once it is taken. */
float st_trainer_set_weight(StTrainer *trainer, int tensor, int64_t at, float value);
/* Blocks until the state is not TRAINING and no order is waiting; where the plan is lossless, also returns
 * as soon as the ring is full and must be read. So a headless run is
 *     do { st_trainer_wait(t); read all records; st_trainer_status(t, &s); } while (s.state == TRAINING). */
void st_trainer_wait(StTrainer *trainer);

/* One record: one step, or one epoch's end. Merged records stand for steps first … step. */
typedef struct StRecord {
    bool epoch_end; /* then train is the mean over the epoch while weights moved, dropout on ("fit loss") */
    bool validated; /* validation holds figures of now, dropout off */
    int64_t first, step; /* steps made, from 1 */
    int64_t epoch;       /* the epoch that it belongs to, from 1 */
    double seconds;      /* of training so far, pauses left out */
    double rate;         /* that the step was made with, by the schedule where there is one */
    double next_rate;    /* after an epoch's end: the same, or what reduce_on_plateau has made of it */
    StScores train, validation;
    double loss_low, loss_high; /* of a merged record; else both the loss */
} StRecord;

/* Takes up to max records in order; returns how many. */
int st_trainer_read(StTrainer *trainer, StRecord *records, int max);

/* The present state in one consistent copy. */
typedef struct StTrainerStatus {
    StTrainerState state;
    int64_t step, steps, epoch, epochs; /* made, and of how many */
    int64_t steps_per_epoch, samples;   /* samples: seen in training so far */
    double seconds, samples_per_s;      /* training alone; samples_per_s over the last second or so */
    double seconds_left;                /* at the present speed, evaluation included; -1 unknown */
    double rate, base_rate; /* of the newest step, else the first; that the schedule begins with */
    double pace;
    bool pace_per_epoch;
    int threads;
    StScores last, validation; /* the newest step's, the newest epoch's */
    bool has_last, has_validation;
    int64_t validation_epoch;
    bool failed;      /* STOPPED because the keeper could not write */
    int64_t restored; /* the epoch whose weights restore_best put back when training ended; 0: none */
    char reason[512]; /* DONE by a callback, DIVERGED: why, as a sentence */
    int culprit;      /* DIVERGED: the tensor that the reason names; -1: none */
} StTrainerStatus;
void st_trainer_status(StTrainer *trainer, StTrainerStatus *status); /* any thread */

/* The newest snapshot, counted; NULL before the first. want: also asks for a fresh one at the next batch
 * (snapshots cost nothing while nobody asks). Any thread. */
const StSnapshot *st_trainer_snapshot(StTrainer *trainer, bool want);
void st_trainer_release(StTrainer *trainer, const StSnapshot *snapshot);
/* Weights of exactly now: waits for the batch at hand. NULL where memory lacks. All snapshots must be
 * released before the trainer is destroyed. */
const StSnapshot *st_trainer_snapshot_now(StTrainer *trainer);

/* fd (an eventfd, or -1) is written to when a fresh snapshot that was asked for is there. Any thread. */
void st_trainer_notify(StTrainer *trainer, int fd);

/* The scores of a part with the present weights, while it is not training. */
bool st_trainer_evaluate(StTrainer *trainer, StPart part, StScores *scores, StError *error);

/* After DIVERGED: the last steps before it, oldest first (had by replaying from the last checkpoint). */
typedef struct StAutopsyStep {
    int64_t step;
    double loss, largest_weight, update_ratio; /* max|w|; max over tensors of |ΔW|/|W| */
    int ratio_tensor;                          /* which tensor has it */
} StAutopsyStep;
int st_trainer_autopsy(StTrainer *trainer, StAutopsyStep *steps, int max); /* at most 32 */

/* The weight table of the run's network. */
const StTensor *st_trainer_tensors(const StTrainer *trainer, int *count);

#endif
