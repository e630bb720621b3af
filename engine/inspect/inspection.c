#include "inspect/inspection.h"

#include "base/thread.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double SHARE = 0.004; /* of a processor, at most, for looking */
static const double PER_SECOND = 30;
static const double KEEP_SHARE = 0.003; /* of a processor, at most, for copying moments */
static const double KEEP_LEAST = 0.015; /* seconds between two: to wake costs more than to copy little */
static const double BEGINS = 0.02;      /* seconds of training before the first look */
static const double YOUNG = 0.5;        /* seconds of training, in which more may be spent */
static const double KEEP_SHARE_YOUNG = 0.04;
static const double TOLD = 0.1; /* seconds between two frames for the sake of losses that came in */

/* ---- one look ---- */

static void histograms(const StSnapshot *snapshot, StLook *look, float *scratch) {
    const StTensor *tensor = &snapshot->weights.tensor[look->want.tensor];
    const float *weights = snapshot->weights.values + tensor->offset;
    st_histogram(weights, tensor->size, look->want.bins, &look->weights);
    if (snapshot->gradients)
        st_histogram(snapshot->gradients + tensor->offset, tensor->size, look->want.bins, &look->gradients);
    if (!snapshot->before) return;
    for (int64_t i = 0; i < tensor->size; i++)
        scratch[i] = weights[i] - snapshot->before[tensor->offset + i];
    st_histogram(scratch, tensor->size, look->want.bins, &look->update);
}

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

static StWant sane(const StWant *want, const StSnapshot *snapshot) {
    StWant result = want ? *want : (StWant){.tensor = -1};
    if (result.tensor >= snapshot->weights.count) result.tensor = -1;
    result.bins = result.bins <= 0 ? 32 : clamp(result.bins, 1, 64);
    result.columns = clamp(result.columns, 0, ST_MAP_MAX);
    result.rows = clamp(result.rows, 0, ST_MAP_MAX);
    return result;
}

static bool make_map(StInspector *inspector, StLook *look, const atomic_bool *cancel, StError *error) {
    const StWant *want = &look->want;
    look->outputs = st_inspector_outputs(inspector);
    size_t points = (size_t)want->columns * (size_t)want->rows * (size_t)look->outputs;
    float *map = malloc((points ? points : 1) * sizeof *map);
    if (!map) return st_fail_memory(error, "the output map", points * sizeof *map);
    look->map = map;
    return st_inspector_map(inspector, look->snapshot, want->x1_low, want->x1_high, want->x2_low,
                            want->x2_high, want->columns, want->rows, cancel, map, error);
}

static bool fill_look(StLook *look, StInspector *inspector, const StSnapshot *snapshot, const StWant *want,
                      const atomic_bool *cancel, StError *error) {
    look->snapshot = snapshot;
    look->want = sane(want, snapshot);
    if (!st_inspector_read(inspector, snapshot, cancel, &look->readings, error)) return false;
    if (look->want.tensor >= 0) {
        int64_t size = snapshot->weights.tensor[look->want.tensor].size;
        float *scratch = malloc((size_t)(size ? size : 1) * sizeof *scratch);
        if (!scratch) return st_fail_memory(error, "histograms", (size_t)size * sizeof *scratch);
        histograms(snapshot, look, scratch);
        free(scratch);
    }
    bool map = look->want.columns > 0 && look->want.rows > 0 && st_inspector_is_plane(inspector);
    return !map || make_map(inspector, look, cancel, error);
}

static void empty_look(StLook *look) {
    st_readings_free(&look->readings);
    free((float *)look->map);
    look->map = NULL;
}

StLook *st_look_make(StInspector *inspector, const StSnapshot *snapshot, const StWant *want,
                     const atomic_bool *cancel, StError *error) {
    StLook *look = calloc(1, sizeof *look);
    if (!look) {
        st_fail_memory(error, "a look", sizeof *look);
        return NULL;
    }
    if (fill_look(look, inspector, snapshot, want, cancel, error)) return look;
    st_look_free(look);
    return NULL;
}

void st_look_free(StLook *look) {
    if (!look) return;
    empty_look(look);
    free(look);
}

/* ---- the thread ---- */

/* A look that is published: counted, and holding its snapshot. */
typedef struct Held {
    StLook look; /* first: a look's address is its holder's */
    int holders;
    const StMoment *moment; /* that it is of, held; NULL: of the trainer's snapshot, held likewise */
} Held;

struct StInspection {
    StTrainer *trainer;
    StInspector *inspector; /* the thread's alone */
    StMoments *moments;
    int wake_fd, bell; /* bell: an eventfd that wakes the thread */
    pthread_t thread;
    bool started;
    atomic_bool quit, pending;

    double due;            /* when the next look may be taken; the thread's own */
    double keep_due, told; /* when the next snapshot may be copied; when the screen was told of losses */
    double trains_since;   /* when it was first seen to train; 0: not yet */
    int64_t kept;          /* step of the newest that was copied, or -1 */

    /* Shared under lock. */
    pthread_mutex_t lock;
    StWant want;
    bool changed;   /* the want or the moment, since the last look */
    int64_t moment; /* step of the one that is looked at, or -1 */
    double interval;
    Held *newest;
    char trouble[ST_MESSAGE_MAX];
};

static void give_back(StInspection *inspection, const StSnapshot *snapshot, const StMoment *moment) {
    if (moment)
        st_moments_release(inspection->moments, moment);
    else
        st_trainer_release(inspection->trainer, snapshot);
}

/* Under the lock. */
static void release(StInspection *inspection, Held *held) {
    if (!held || --held->holders > 0) return;
    give_back(inspection, held->look.snapshot, held->moment);
    empty_look(&held->look);
    free(held);
}

static void publish(StInspection *inspection, Held *held, const char *trouble) {
    pthread_mutex_lock(&inspection->lock);
    if (held) {
        release(inspection, inspection->newest);
        inspection->newest = held;
    }
    snprintf(inspection->trouble, sizeof inspection->trouble, "%s", trouble);
    pthread_mutex_unlock(&inspection->lock);
    if (inspection->wake_fd >= 0 && !atomic_exchange(&inspection->pending, true))
        st_bell_ring(inspection->wake_fd);
}

static void reckon(StInspection *inspection, double begun, double interval) {
    double cost = st_seconds(CLOCK_THREAD_CPUTIME_ID) - begun;
    inspection->due = st_seconds(CLOCK_MONOTONIC) + (interval > cost / SHARE ? interval : cost / SHARE);
}

/* Looks at a snapshot, of that moment or of the trainer; its hold goes over to the look. */
static void look_at(StInspection *inspection, const StSnapshot *snapshot, const StMoment *moment,
                    const StWant *want) {
    StError error = {0};
    Held *held = calloc(1, sizeof *held);
    if (held)
        *held = (Held){.holders = 1, .moment = moment, .look = {.past = moment != NULL}};
    else
        st_fail_memory(&error, "a look", sizeof *held);
    if (held && fill_look(&held->look, inspection->inspector, snapshot, want, &inspection->quit, &error)) {
        if (!moment && inspection->moments)
            st_moments_add(inspection->moments, snapshot, &held->look.readings);
        publish(inspection, held, "");
    } else {
        if (held) empty_look(&held->look);
        free(held);
        give_back(inspection, snapshot, moment);
        publish(inspection, NULL, error.message);
    }
}

/* What is to be looked at, copied under the lock. */
typedef struct Turn {
    StWant want;
    double interval;
    bool changed;
    int64_t moment;
    const StSnapshot *seen;
} Turn;

static Turn next_turn(StInspection *inspection, bool due) {
    pthread_mutex_lock(&inspection->lock);
    Turn turn = {.want = inspection->want,
                 .interval = inspection->interval,
                 .changed = inspection->changed,
                 .moment = inspection->moments ? inspection->moment : -1,
                 .seen = inspection->newest ? inspection->newest->look.snapshot : NULL};
    if (turn.changed || due) inspection->changed = false;
    pthread_mutex_unlock(&inspection->lock);
    return turn;
}

static void ask_for_next(StInspection *inspection) {
    st_trainer_release(inspection->trainer, st_trainer_snapshot(inspection->trainer, true));
}

/* Seconds to wait after a copy that cost so much. A run that has just begun, and may be over soon, is copied
 * more often: it changes most in its first steps. */
static double keep_pause(const StInspection *inspection, double cost) {
    double trained = st_seconds(CLOCK_MONOTONIC) - inspection->trains_since;
    bool young = inspection->trains_since > 0 && trained < YOUNG;
    double least = young ? trained * KEEP_LEAST / YOUNG : KEEP_LEAST;
    double share = cost / (young ? KEEP_SHARE_YOUNG : KEEP_SHARE);
    return share > least ? share : least;
}

/* Seconds since it was first seen to train; infinite while it rests. */
static double trains_for(StInspection *inspection, const StTrainerStatus *status) {
    double now = st_seconds(CLOCK_MONOTONIC);
    if (status->state != ST_STATE_TRAINING) return INFINITY;
    if (inspection->trains_since == 0) inspection->trains_since = now;
    return now - inspection->trains_since;
}

/* Copies the newest snapshot to the moments where that is due; asks for one where there is none new. Returns
 * the seconds until the next may be copied; below 0: when the bell rings. */
static double keep(StInspection *inspection, bool rests) {
    double left = inspection->keep_due - st_seconds(CLOCK_MONOTONIC);
    if (left > 0 && !rests) return left;
    double begun = st_seconds(CLOCK_THREAD_CPUTIME_ID);
    const StSnapshot *snapshot = st_trainer_snapshot(inspection->trainer, false);
    bool fresh = snapshot && snapshot->step != inspection->kept;
    if (fresh) {
        st_moments_add(inspection->moments, snapshot, NULL);
        inspection->kept = snapshot->step;
        double cost = st_seconds(CLOCK_THREAD_CPUTIME_ID) - begun;
        inspection->keep_due = st_seconds(CLOCK_MONOTONIC) + keep_pause(inspection, cost);
    }
    st_trainer_release(inspection->trainer, snapshot);
    if (!fresh) ask_for_next(inspection);
    return fresh && !rests ? inspection->keep_due - st_seconds(CLOCK_MONOTONIC) : -1;
}

/* Finds the loss of one moment that was only copied. False: there is none left. */
static bool read_one(StInspection *inspection) {
    const StMoment *moment = st_moments_unread(inspection->moments);
    if (!moment) return false;
    double begun = st_seconds(CLOCK_THREAD_CPUTIME_ID);
    int64_t rows;
    double loss = st_inspector_loss(inspection->inspector, &moment->snapshot.weights, &rows);
    st_moments_read(inspection->moments, moment, loss);
    st_moments_release(inspection->moments, moment);
    reckon(inspection, begun, 0);
    double now = st_seconds(CLOCK_MONOTONIC);
    moment = st_moments_unread(inspection->moments);
    bool last = !moment;
    st_moments_release(inspection->moments, moment);
    if (!last && now - inspection->told < TOLD) return true;
    inspection->told = now;
    if (inspection->wake_fd >= 0 && !atomic_exchange(&inspection->pending, true))
        st_bell_ring(inspection->wake_fd);
    return true;
}

/* Between looks: the moments. left: seconds to the next look; at most 0: nothing new is there to look at. */
static double between(StInspection *inspection, const StTrainerStatus *status, bool past, double left) {
    if (!inspection->moments) {
        if (left <= 0) ask_for_next(inspection);
        return left > 0 ? left : -1;
    }
    bool rests = status->state != ST_STATE_TRAINING;
    double wait = keep(inspection, rests);
    if ((rests || (past && left <= 0)) && read_one(inspection)) return 0;
    if (left <= 0) return wait;
    return wait < 0 || left < wait ? left : wait;
}

/* One turn: looks where there is something new to look at, and it is time. Returns the seconds to sleep;
 * below 0: until the bell. */
static double take_turn(StInspection *inspection) {
    double left = inspection->due - st_seconds(CLOCK_MONOTONIC);
    Turn turn = next_turn(inspection, left <= 0);
    if (turn.changed && turn.moment >= 0) { /* what a key asks for is answered at once, and costs nothing */
        const StMoment *moment = st_moments_hold(inspection->moments, turn.moment);
        if (moment) look_at(inspection, &moment->snapshot, moment, &turn.want);
        return 0;
    }
    StTrainerStatus status;
    st_trainer_status(inspection->trainer, &status);
    /* In the first moments of a run a look would take as long as all of a small one. */
    bool begins = inspection->moments && trains_for(inspection, &status) < BEGINS;
    if (turn.moment < 0 && (turn.changed || (left <= 0 && !begins))) {
        double begun = st_seconds(CLOCK_THREAD_CPUTIME_ID);
        const StSnapshot *snapshot = st_trainer_snapshot(inspection->trainer, false);
        if (snapshot &&
            (turn.changed || snapshot != turn.seen)) { /* the seen one is held: alone of its address */
            look_at(inspection, snapshot, NULL, &turn.want);
            reckon(inspection, begun, turn.interval);
            return 0;
        }
        st_trainer_release(inspection->trainer, snapshot);
    }
    return between(inspection, &status, turn.moment >= 0, left);
}

static void *inspect(void *context) {
    StInspection *inspection = context;
    while (!atomic_load(&inspection->quit)) {
        double left = take_turn(inspection);
        if (left != 0) st_bell_wait(inspection->bell, left);
    }
    return NULL;
}

/* The norms that CHANGE is measured from: where the trainer still has its first weights, or goes on from a
 * moment of which the beginning is known too. */
static void find_start(StInspection *inspection) {
    StTrainerStatus status;
    st_trainer_status(inspection->trainer, &status);
    const StSnapshot *first = status.step == 0 ? st_trainer_snapshot_now(inspection->trainer) : NULL;
    if (first && first->step == 0) {
        st_inspector_set_start(inspection->inspector, first);
        if (inspection->moments) st_moments_add(inspection->moments, first, NULL);
    }
    st_trainer_release(inspection->trainer, first);
    if (status.step == 0 || !inspection->moments) return;
    const StMoment *oldest = st_moments_hold(inspection->moments, 0);
    if (oldest && oldest->snapshot.step == 0)
        st_inspector_set_start(inspection->inspector, &oldest->snapshot);
    st_moments_release(inspection->moments, oldest);
}

static bool start(StInspection *inspection, StError *error) {
    inspection->bell = st_bell_create(error);
    if (inspection->bell < 0) return false;
    st_trainer_notify(inspection->trainer, inspection->bell);
    if (!st_thread_start(&inspection->thread, "strata-look", inspect, inspection, error)) return false;
    return inspection->started = true;
}

StInspection *st_inspection_create(const StInspectionPlan *plan, StError *error) {
    StInspection *inspection = calloc(1, sizeof *inspection);
    if (!inspection) {
        st_fail_memory(error, "the inspection", sizeof *inspection);
        return NULL;
    }
    inspection->trainer = plan->trainer;
    inspection->moments = plan->moments;
    inspection->moment = inspection->kept = -1;
    inspection->wake_fd = plan->wake_fd;
    inspection->bell = -1;
    inspection->want.tensor = -1;
    inspection->interval = 1 / (plan->per_second > 0 ? plan->per_second : PER_SECOND);
    pthread_mutex_init(&inspection->lock, NULL);
    inspection->inspector = st_inspector_create(plan->stack, plan->compile, plan->dataset, plan->seed, error);
    if (inspection->inspector) find_start(inspection);
    if (inspection->inspector && start(inspection, error)) return inspection;
    st_inspection_destroy(inspection);
    return NULL;
}

void st_inspection_destroy(StInspection *inspection) {
    if (!inspection) return;
    st_trainer_notify(inspection->trainer, -1);
    if (inspection->started) {
        atomic_store(&inspection->quit, true);
        st_bell_ring(inspection->bell);
        pthread_join(inspection->thread, NULL);
    }
    release(inspection, inspection->newest);
    if (inspection->bell >= 0) close(inspection->bell);
    st_inspector_destroy(inspection->inspector);
    pthread_mutex_destroy(&inspection->lock);
    free(inspection);
}

/* ---- what views do ---- */

static bool same_want(const StWant *a, const StWant *b) {
    return a->tensor == b->tensor && a->bins == b->bins && a->columns == b->columns && a->rows == b->rows &&
           a->x1_low == b->x1_low && a->x1_high == b->x1_high && a->x2_low == b->x2_low &&
           a->x2_high == b->x2_high;
}

void st_inspection_want(StInspection *inspection, const StWant *want) {
    StWant nothing = {.tensor = -1}, wanted = want ? *want : nothing;
    pthread_mutex_lock(&inspection->lock);
    bool changed = !same_want(&inspection->want, &wanted);
    inspection->want = wanted;
    inspection->changed = inspection->changed || changed;
    pthread_mutex_unlock(&inspection->lock);
    if (changed) st_bell_ring(inspection->bell);
}

void st_inspection_at(StInspection *inspection, int64_t step) {
    pthread_mutex_lock(&inspection->lock);
    bool changed = inspection->moment != step;
    inspection->moment = step;
    inspection->changed = inspection->changed || changed;
    pthread_mutex_unlock(&inspection->lock);
    if (changed) st_bell_ring(inspection->bell);
}

void st_inspection_set_rate(StInspection *inspection, double per_second) {
    pthread_mutex_lock(&inspection->lock);
    inspection->interval = 1 / (per_second > 0 ? per_second : PER_SECOND);
    pthread_mutex_unlock(&inspection->lock);
}

const StLook *st_inspection_look(StInspection *inspection) {
    atomic_exchange(&inspection->pending, false); /* before looking: what comes from now on wakes again */
    pthread_mutex_lock(&inspection->lock);
    Held *held = inspection->newest;
    if (held) held->holders++;
    pthread_mutex_unlock(&inspection->lock);
    return held ? &held->look : NULL;
}

void st_inspection_release(StInspection *inspection, const StLook *look) {
    if (!look) return;
    pthread_mutex_lock(&inspection->lock);
    release(inspection, (Held *)look);
    pthread_mutex_unlock(&inspection->lock);
}

void st_inspection_trouble(StInspection *inspection, char *out, size_t size) {
    pthread_mutex_lock(&inspection->lock);
    snprintf(out, size, "%s", inspection->trouble);
    pthread_mutex_unlock(&inspection->lock);
}
