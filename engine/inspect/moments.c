#include "inspect/moments.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The weight table, which the trainer takes with it when it goes: one copy for all moments of a run. */
typedef struct Table {
    int holders, count;
    StTensor tensor[];
} Table;

typedef struct Kept {
    StMoment moment; /* first: a moment's address is its keeper's */
    int holders;     /* the ring's own hold included */
    bool read;       /* its readings were tried */
    size_t bytes;
    Table *table;
    float values[];
} Kept;

struct StMoments {
    pthread_mutex_t lock;
    size_t bound, bytes;
    int64_t spacing;
    uint64_t run;
    int count, room;
    Kept **kept;  /* [count] in the order of their steps */
    Table *table; /* of the run at hand; NULL before the first moment */
};

/* ---- one moment ---- */

static void release_table(Table *table) {
    if (table && --table->holders == 0) free(table);
}

static void release_kept(Kept *kept) {
    if (--kept->holders > 0) return;
    release_table(kept->table);
    free(kept);
}

static int64_t step_of(const StMoments *moments, int i) {
    return moments->kept[i]->moment.snapshot.step;
}

static size_t floats_of(const StSnapshot *snapshot) {
    size_t total = (size_t)snapshot->weights.total;
    return total * (1 + (snapshot->before != NULL) + (snapshot->gradients != NULL)) +
           (snapshot->state ? (size_t)snapshot->state_count : 0) +
           (snapshot->carried ? (size_t)snapshot->carried_count : 0);
}

static size_t bytes_of(const StSnapshot *snapshot) {
    return sizeof(Kept) + floats_of(snapshot) * sizeof(float);
}

/* Lays `from` at *at, which moves on; NULL stays NULL. */
static const float *lay(float **at, const float *from, int64_t count) {
    float *to = *at;
    if (!from) return NULL;
    if (count) memcpy(to, from, (size_t)count * sizeof *to);
    *at += count;
    return to;
}

/* Without its table and hold. */
static Kept *copy(const StSnapshot *snapshot, const StReadings *readings) {
    size_t bytes = bytes_of(snapshot);
    Kept *kept = malloc(bytes);
    if (!kept) return NULL;
    *kept = (Kept){.read = readings != NULL,
                   .moment = {.snapshot = *snapshot,
                              .probe_loss = readings ? readings->probe_loss : NAN,
                              .gradient_norm = readings ? readings->gradient_norm : NAN},
                   .bytes = bytes};
    StSnapshot *own = &kept->moment.snapshot;
    float *at = kept->values;
    own->weights.values = lay(&at, snapshot->weights.values, snapshot->weights.total);
    own->before = lay(&at, snapshot->before, snapshot->weights.total);
    own->gradients = lay(&at, snapshot->gradients, snapshot->weights.total);
    own->state = lay(&at, snapshot->state, snapshot->state_count);
    own->carried = lay(&at, snapshot->carried, snapshot->carried_count);
    return kept;
}

/* ---- the ring; all under the lock ---- */

static void drop(StMoments *moments, int i) {
    moments->bytes -= moments->kept[i]->bytes;
    release_kept(moments->kept[i]);
    moments->count--;
    memmove(moments->kept + i, moments->kept + i + 1, (size_t)(moments->count - i) * sizeof *moments->kept);
}

static void clear(StMoments *moments) {
    for (int i = 0; i < moments->count; i++)
        release_kept(moments->kept[i]);
    release_table(moments->table);
    moments->table = NULL;
    moments->count = 0;
    moments->bytes = 0;
    moments->spacing = 1;
}

/* How many go where those between the ends have to lie `spacing` apart; they do go where `now`. */
static int thin_to(StMoments *moments, int64_t spacing, bool now) {
    int gone = 0, to = 1;
    int64_t before = step_of(moments, 0);
    for (int i = 1; i < moments->count; i++) {
        Kept *kept = moments->kept[i];
        bool stays = i == moments->count - 1 || kept->moment.snapshot.step - before >= spacing;
        if (stays) before = kept->moment.snapshot.step;
        gone += !stays;
        if (!now) continue;
        if (stays) {
            moments->kept[to++] = kept;
        } else {
            moments->bytes -= kept->bytes;
            release_kept(kept);
        }
    }
    if (now) moments->count = to;
    return gone;
}

/* A good part of them goes; for more than two, at least one. */
static void thin(StMoments *moments) {
    int enough = (moments->count + 3) / 4;
    if (enough > moments->count - 2) enough = moments->count - 2;
    do
        moments->spacing *= 2;
    while (thin_to(moments, moments->spacing, false) < enough);
    thin_to(moments, moments->spacing, true);
}

/* False: the bound is too small for even this one. */
static bool make_room(StMoments *moments, size_t bytes) {
    if (bytes > moments->bound) return false;
    while (moments->bytes + bytes > moments->bound) {
        if (moments->count > 2)
            thin(moments);
        else
            drop(moments, moments->count - 1);
    }
    return true;
}

/* Whether the newest one says the same already. */
static bool is_there(const StMoments *moments, const StSnapshot *snapshot, double probe_loss) {
    if (moments->count == 0 || step_of(moments, moments->count - 1) != snapshot->step) return false;
    const StMoment *moment = &moments->kept[moments->count - 1]->moment;
    const StSnapshot *newest = &moment->snapshot;
    size_t bytes = (size_t)snapshot->weights.total * sizeof(float);
    if (isnan(moment->probe_loss) && !isnan(probe_loss)) return false; /* it was not read then */
    return newest->weights.total == snapshot->weights.total && newest->base_rate == snapshot->base_rate &&
           memcmp(newest->weights.values, snapshot->weights.values, bytes) == 0;
}

/* What the new one does away with, and room for it. False: it is not to be kept. */
static bool prepare(StMoments *moments, const StSnapshot *snapshot, double probe_loss) {
    if (moments->table && moments->run != snapshot->run) clear(moments);
    moments->run = snapshot->run;
    if (moments->count > 0 && step_of(moments, moments->count - 1) > snapshot->step) return false;
    if (is_there(moments, snapshot, probe_loss)) return false;
    int last = moments->count - 1;
    if (last >= 0 && step_of(moments, last) == snapshot->step)
        drop(moments, last);
    else if (last > 0 && step_of(moments, last) - step_of(moments, last - 1) < moments->spacing)
        drop(moments, last);
    return make_room(moments, bytes_of(snapshot));
}

static bool have_table(StMoments *moments, const StWeightSet *weights) {
    if (moments->table) return true;
    size_t bytes = (size_t)weights->count * sizeof(StTensor);
    Table *table = malloc(sizeof *table + bytes);
    if (!table) return false;
    *table = (Table){.holders = 1, .count = weights->count};
    if (bytes) memcpy(table->tensor, weights->tensor, bytes);
    moments->table = table;
    return true;
}

static bool have_place(StMoments *moments) {
    if (moments->count < moments->room) return true;
    int room = moments->room ? 2 * moments->room : 64;
    Kept **kept = realloc(moments->kept, (size_t)room * sizeof(Kept *));
    if (!kept) return false;
    moments->kept = kept;
    moments->room = room;
    return true;
}

static bool insert(StMoments *moments, Kept *kept) {
    const StSnapshot *snapshot = &kept->moment.snapshot;
    /* Somebody else may have been here since: then all of it is looked at anew. */
    if (!prepare(moments, snapshot, kept->moment.probe_loss) || !have_place(moments) ||
        !have_table(moments, &snapshot->weights))
        return false;
    kept->table = moments->table;
    kept->table->holders++;
    kept->moment.snapshot.weights.tensor = kept->table->tensor;
    kept->holders = 1;
    moments->bytes += kept->bytes;
    moments->kept[moments->count++] = kept;
    return true;
}

/* Index of the last one of at most that step; -1: all are of later ones. */
static int find(const StMoments *moments, int64_t step) {
    int low = 0, high = moments->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (step_of(moments, middle) <= step)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* ---- what others call ---- */

StMoments *st_moments_create(size_t bytes, StError *error) {
    StMoments *moments = calloc(1, sizeof *moments);
    if (!moments) {
        st_fail_memory(error, "the moments of a run", sizeof *moments);
        return NULL;
    }
    pthread_mutex_init(&moments->lock, NULL);
    moments->bound = bytes ? bytes : ST_MOMENTS_BYTES;
    moments->spacing = 1;
    return moments;
}

void st_moments_destroy(StMoments *moments) {
    if (!moments) return;
    clear(moments);
    free(moments->kept);
    pthread_mutex_destroy(&moments->lock);
    free(moments);
}

void st_moments_set_bound(StMoments *moments, size_t bytes) {
    pthread_mutex_lock(&moments->lock);
    moments->bound = bytes ? bytes : ST_MOMENTS_BYTES;
    while (moments->count > 0 && moments->bytes > moments->bound) {
        if (moments->count > 2)
            thin(moments);
        else
            drop(moments, moments->count - 1);
    }
    pthread_mutex_unlock(&moments->lock);
}

void st_moments_add(StMoments *moments, const StSnapshot *snapshot, const StReadings *readings) {
    pthread_mutex_lock(&moments->lock);
    bool wanted = prepare(moments, snapshot, readings ? readings->probe_loss : NAN);
    pthread_mutex_unlock(&moments->lock);
    Kept *kept = wanted ? copy(snapshot, readings) : NULL; /* nobody waits for it */
    if (!kept) return;
    pthread_mutex_lock(&moments->lock);
    bool done = insert(moments, kept);
    pthread_mutex_unlock(&moments->lock);
    if (!done) free(kept);
}

const StMoment *st_moments_unread(StMoments *moments) {
    Kept *found = NULL;
    pthread_mutex_lock(&moments->lock);
    for (int i = moments->count - 1; i >= 0 && !found; i--)
        if (!moments->kept[i]->read) found = moments->kept[i];
    if (found) found->holders++;
    pthread_mutex_unlock(&moments->lock);
    return found ? &found->moment : NULL;
}

/* A copy takes its place: others may be looking at it. */
void st_moments_read(StMoments *moments, const StMoment *moment, double probe_loss) {
    Kept *kept = copy(&moment->snapshot, NULL), *place = NULL;
    if (!kept) { /* no memory: its loss stays unknown, and it is not tried again */
        pthread_mutex_lock(&moments->lock);
        ((Kept *)moment)->read = true;
        pthread_mutex_unlock(&moments->lock);
        return;
    }
    kept->moment.probe_loss = probe_loss;
    kept->moment.gradient_norm = moment->gradient_norm;
    kept->read = true;
    kept->holders = 1;
    pthread_mutex_lock(&moments->lock);
    int at = find(moments, moment->snapshot.step);
    if (at >= 0 && moments->kept[at] == (const Kept *)moment) place = moments->kept[at];
    if (place) {
        kept->table = place->table;
        kept->table->holders++;
        moments->kept[at] = kept;
        release_kept(place);
    }
    pthread_mutex_unlock(&moments->lock);
    if (!place) free(kept); /* it went in the meantime */
}

void st_moments_clear(StMoments *moments) {
    pthread_mutex_lock(&moments->lock);
    clear(moments);
    pthread_mutex_unlock(&moments->lock);
}

void st_moments_branch(StMoments *moments, int64_t step, uint64_t run) {
    pthread_mutex_lock(&moments->lock);
    while (moments->count > 0 && step_of(moments, moments->count - 1) > step)
        drop(moments, moments->count - 1);
    moments->run = run;
    pthread_mutex_unlock(&moments->lock);
}

int st_moments_count(StMoments *moments) {
    pthread_mutex_lock(&moments->lock);
    int count = moments->count;
    pthread_mutex_unlock(&moments->lock);
    return count;
}

size_t st_moments_bytes(StMoments *moments, size_t *bound) {
    pthread_mutex_lock(&moments->lock);
    size_t bytes = moments->bytes;
    if (bound) *bound = moments->bound;
    pthread_mutex_unlock(&moments->lock);
    return bytes;
}

int64_t st_moments_spacing(StMoments *moments) {
    pthread_mutex_lock(&moments->lock);
    int64_t spacing = moments->spacing;
    pthread_mutex_unlock(&moments->lock);
    return spacing;
}

int st_moments_steps(StMoments *moments, int64_t *step, double *loss, int max) {
    pthread_mutex_lock(&moments->lock);
    int count = moments->count < max ? moments->count : max;
    for (int i = 0; i < count; i++) {
        int64_t at = count > 1 ? (int64_t)i * (moments->count - 1) / (count - 1) : moments->count - 1;
        step[i] = step_of(moments, (int)at);
        if (loss) loss[i] = moments->kept[at]->moment.probe_loss;
    }
    pthread_mutex_unlock(&moments->lock);
    return count;
}

const StMoment *st_moments_hold(StMoments *moments, int64_t step) {
    pthread_mutex_lock(&moments->lock);
    int last = moments->count - 1, at = step < 0 ? last : find(moments, step);
    if (at < 0) at = 0;
    if (step >= 0 && at < last && step_of(moments, at + 1) - step < step - step_of(moments, at)) at++;
    Kept *kept = last >= 0 ? moments->kept[at] : NULL;
    if (kept) kept->holders++;
    pthread_mutex_unlock(&moments->lock);
    return kept ? &kept->moment : NULL;
}

int64_t st_moments_next(StMoments *moments, int64_t step, int by) {
    pthread_mutex_lock(&moments->lock);
    int last = moments->count - 1, at = step < 0 ? last : find(moments, step);
    bool between = step >= 0 && (at < 0 || step_of(moments, at) != step);
    int64_t to = (int64_t)at + by + (by < 0 && between); /* from between two, the left one is one step back */
    to = to < 0 ? 0 : to > last ? last : to;
    int64_t found = last >= 0 ? step_of(moments, (int)to) : -1;
    pthread_mutex_unlock(&moments->lock);
    return found;
}

int64_t st_moments_good(StMoments *moments, int64_t before, double *loss, double *least) {
    double least_yet = NAN;
    int good = 0;
    pthread_mutex_lock(&moments->lock);
    for (int i = 0; i < moments->count && step_of(moments, i) < before; i++) {
        double now = moments->kept[i]->moment.probe_loss;
        if (!isfinite(now)) continue;
        least_yet = fmin(least_yet, now);
        if (now <= least_yet + fabs(least_yet)) good = i;
    }
    int64_t step = moments->count ? step_of(moments, good) : -1;
    if (loss) *loss = moments->count ? moments->kept[good]->moment.probe_loss : NAN;
    if (least) *least = least_yet;
    pthread_mutex_unlock(&moments->lock);
    return step;
}

void st_moments_release(StMoments *moments, const StMoment *moment) {
    if (!moment) return;
    pthread_mutex_lock(&moments->lock);
    release_kept((Kept *)moment);
    pthread_mutex_unlock(&moments->lock);
}
