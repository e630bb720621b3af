/* Checkpoints and the autopsy. While it trains, the trainer keeps two copies of everything that a step
 * depends on, at a rate that costs less than 1 % of training, the older one always at least 32 steps old.
 * Steps are deterministic: what happened before a run diverged is found by making those steps again. */
#include "train/trainer_engine.h"

#include "math/vector.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COST_PART = 100 }; /* at most one part in so many of the time goes into copies */

static size_t bytes_of(int64_t count) {
    return (size_t)count * sizeof(float);
}

/* Lays the copies out where that takes at most an eighth of the memory; else there is no autopsy. */
bool st_replay_init(StTrainer *trainer, StArena *arena) {
    StReplay *replay = &trainer->replay;
    size_t each = bytes_of(trainer->shape.total + trainer->state_count + trainer->carried_count);
    replay->on = each < st_memory_total() / 16;
    for (int i = 0; i < 2 && replay->on; i++) {
        replay->checkpoint[i].step = -1;
        replay->checkpoint[i].weights = st_arena_take(arena, trainer->shape.total, sizeof(float));
        replay->checkpoint[i].state = st_arena_take(arena, trainer->state_count, sizeof(float));
        replay->checkpoint[i].carried = st_arena_take(arena, trainer->carried_count, sizeof(float));
    }
    return replay->on;
}

/* All but the weights. */
static void copy_state_to(StTrainer *trainer, StCheckpoint *checkpoint) {
    if (trainer->state_count) memcpy(checkpoint->state, trainer->state, bytes_of(trainer->state_count));
    if (trainer->carried) memcpy(checkpoint->carried, trainer->carried, bytes_of(trainer->carried_count));
    checkpoint->iterations = *trainer->iterations;
}

static void copy_state_from(StTrainer *trainer, const StCheckpoint *checkpoint) {
    if (trainer->state_count) memcpy(trainer->state, checkpoint->state, bytes_of(trainer->state_count));
    if (trainer->carried) memcpy(trainer->carried, checkpoint->carried, bytes_of(trainer->carried_count));
    *trainer->iterations = checkpoint->iterations;
}

static void copy_to(StTrainer *trainer, StCheckpoint *checkpoint) {
    memcpy(checkpoint->weights, trainer->weights, bytes_of(trainer->shape.total));
    copy_state_to(trainer, checkpoint);
    checkpoint->step = trainer->step;
    checkpoint->rate = trainer->rate;
}

static void copy_from(StTrainer *trainer, const StCheckpoint *checkpoint) {
    memcpy(trainer->weights, checkpoint->weights, bytes_of(trainer->shape.total));
    copy_state_from(trainer, checkpoint);
}

/* Changes of the rate that came before the older checkpoint are not needed any more. */
static void drop_changes(StReplay *replay, int64_t before) {
    int kept = 0;
    for (int i = 0; i < replay->changes; i++)
        if (replay->change[i].step >= before) replay->change[kept++] = replay->change[i];
    replay->changes = kept;
}

void st_replay_step(StTrainer *trainer) {
    StReplay *replay = &trainer->replay;
    if (!replay->on) return;
    const StCheckpoint *newest = &replay->checkpoint[replay->newest];
    if (newest->step >= 0 && (trainer->step - newest->step < ST_AUTOPSY_STEPS ||
                              trainer->mark - newest->taken < COST_PART * replay->cost))
        return;
    int next = newest->step >= 0 ? 1 - replay->newest : replay->newest;
    StCheckpoint *checkpoint = &replay->checkpoint[next];
    double begun = st_trainer_clock();
    copy_to(trainer, checkpoint);
    checkpoint->taken = st_trainer_clock();
    replay->cost = checkpoint->taken - begun;
    replay->newest = next;
    drop_changes(replay, replay->checkpoint[1 - next].step >= 0 ? replay->checkpoint[1 - next].step
                                                                : checkpoint->step);
}

void st_replay_forget(StTrainer *trainer) {
    trainer->replay.checkpoint[0].step = trainer->replay.checkpoint[1].step = -1;
    trainer->replay.changes = 0;
}

void st_replay_rate(StTrainer *trainer, double rate) {
    StReplay *replay = &trainer->replay;
    if (replay->changes == ST_RATES_MAX) st_replay_forget(trainer);
    replay->change[replay->changes++] = (StRateChange){trainer->step, rate};
}

/* ---- going over the steps again ---- */

static double rate_at(const StReplay *replay, const StCheckpoint *from, int64_t step) {
    double rate = from->rate;
    for (int i = 0; i < replay->changes; i++)
        if (replay->change[i].step <= step && replay->change[i].step >= from->step)
            rate = replay->change[i].rate;
    return rate;
}

/* ‖now − before‖ / ‖before‖ */
static double update_ratio(const float *before, const float *now, int64_t count) {
    double change = 0, norm = 0;
    for (int64_t i = 0; i < count; i++) {
        double delta = (double)now[i] - before[i];
        change += delta * delta;
        norm += (double)before[i] * before[i];
    }
    return norm > 0 ? sqrt(change / norm) : NAN;
}

static void note_step(StTrainer *trainer, const float *before, double loss) {
    StAutopsyStep step = {.step = trainer->step,
                          .loss = loss,
                          .largest_weight = st_learner_largest_weight(trainer->learner),
                          .update_ratio = NAN,
                          .ratio_tensor = -1};
    for (int i = 0; i < trainer->shape.count; i++) {
        const StTensor *tensor = &trainer->shape.tensor[i];
        double ratio = update_ratio(before + tensor->offset, trainer->weights + tensor->offset, tensor->size);
        if (isnan(ratio) || ratio <= step.update_ratio) continue;
        step.update_ratio = ratio;
        step.ratio_tensor = i;
    }
    StReplay *replay = &trainer->replay;
    if (replay->steps == ST_AUTOPSY_STEPS) {
        memmove(replay->step, replay->step + 1, (ST_AUTOPSY_STEPS - 1) * sizeof *replay->step);
        replay->steps--;
    }
    replay->step[replay->steps++] = step;
}

/* The first tensor, in the order of layers, with a weight that is not finite, or -1. */
static int bad_weight(const StTrainer *trainer) {
    for (int t = 0; t < trainer->shape.count; t++) {
        const StTensor *tensor = &trainer->shape.tensor[t];
        if (!st_vector_finite(trainer->weights + tensor->offset, tensor->size)) return t;
    }
    return -1;
}

/* The checkpoint to begin at: the newest that is 32 steps old, else the oldest. */
static StCheckpoint *choose(StReplay *replay, int64_t step) {
    StCheckpoint *newer = &replay->checkpoint[replay->newest],
                 *older = &replay->checkpoint[1 - replay->newest];
    if (newer->step >= 0 && (step - newer->step >= ST_AUTOPSY_STEPS || older->step < 0)) return newer;
    return older->step >= 0 ? older : NULL;
}

/* Makes the steps from the checkpoint up to `last` again. before: [total], filled with the weights before the
 * newest one; fellow: so with everything else. Stops where an update spoils the weights and takes it back.
 * False: a step failed that had not, or the owner wants to leave. */
static bool repeat(StTrainer *trainer, const StCheckpoint *from, int64_t last, float *before,
                   StCheckpoint *fellow, int *spoilt) {
    copy_from(trainer, from);
    *spoilt = -1;
    for (trainer->step = from->step; trainer->step < last;) {
        memcpy(before, trainer->weights, bytes_of(trainer->shape.total));
        copy_state_to(trainer, fellow);
        StBatch batch = st_trainer_batch(trainer, trainer->step);
        StScores scores;
        st_learner_set_rate(trainer->learner, rate_at(&trainer->replay, from, trainer->step));
        if (atomic_load(&trainer->cancel) || !st_learner_step(trainer->learner, &batch, &scores, NULL))
            return false;
        *spoilt = bad_weight(trainer);
        if (*spoilt >= 0) {
            memcpy(trainer->weights, before, bytes_of(trainer->shape.total));
            copy_state_from(trainer, fellow);
            return true;
        }
        trainer->step++;
        note_step(trainer, before, scores.loss);
    }
    return true;
}

/* ---- saying where ---- */

/* The tensor that a sentence speaks of: by its own name, else the first one of a layer that it names, or of
 * the nearest layer before that. -1: none. */
static int tensor_named(const StTrainer *trainer, const char *sentence) {
    for (int i = 0; i < trainer->shape.count; i++) {
        const char *name = trainer->shape.tensor[i].name, *at = strstr(sentence, name);
        size_t length = strlen(name);
        if (at && (at == sentence || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return i;
    }
    const char *at = strstr(sentence, "layer ");
    int layer = 0, found = -1;
    if (!at || sscanf(at + 6, "%d", &layer) != 1) return -1;
    for (int i = 0; i < trainer->shape.count; i++) {
        bool first = found < 0 || trainer->shape.tensor[found].layer != trainer->shape.tensor[i].layer;
        if (trainer->shape.tensor[i].layer < layer && first) found = i;
    }
    return found;
}

static void say(StTrainer *trainer, int tensor, const char *sentence, char *reason, size_t size) {
    int64_t step = trainer->step + 1;
    trainer->replay.culprit = tensor;
    if (tensor < 0)
        snprintf(reason, size, "diverged at step %" PRId64 ": %s", step, sentence);
    else
        snprintf(reason, size, "diverged at step %" PRId64 " in %d %s: %s", step,
                 trainer->shape.tensor[tensor].layer + 1, trainer->shape.tensor[tensor].name, sentence);
}

const float *st_replay_diverged(StTrainer *trainer, char *reason, size_t size) {
    StReplay *replay = &trainer->replay;
    StText culprit = {0};
    st_learner_culprit(trainer->learner, &culprit);
    say(trainer, tensor_named(trainer, st_text_string(&culprit)), st_text_string(&culprit), reason, size);
    st_text_free(&culprit);

    replay->steps = 0;
    StCheckpoint *from = replay->on ? choose(replay, trainer->step) : NULL;
    if (!from) return NULL;
    /* The fellow of the chosen checkpoint keeps the weights as they are now, to compare with. */
    int64_t made = trainer->step;
    double rate = trainer->rate;
    StCheckpoint *fellow = from == replay->checkpoint ? from + 1 : from - 1;
    float *now = fellow->weights, *before = from->weights;
    memcpy(now, trainer->weights, bytes_of(trainer->shape.total));
    int spoilt = -1;
    bool good = repeat(trainer, from, made, before, fellow, &spoilt);
    if (good && spoilt >= 0) {
        say(trainer, spoilt, "the step made its weights infinite or not a number", reason, size);
    } else if (!good || memcmp(now, trainer->weights, bytes_of(trainer->shape.total)) != 0) {
        replay->steps = 0; /* what was repeated is not what happened: nothing is claimed */
        memcpy(trainer->weights, now, bytes_of(trainer->shape.total));
        trainer->step = made;
        good = false;
    }
    bool stepped = good && trainer->step > from->step && spoilt < 0;
    st_learner_set_rate(trainer->learner, rate);
    st_replay_forget(trainer);
    return stepped ? before : NULL;
}
