#include "history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Enough for every dot column of the widest screen twice over; then neighbours are merged. */
enum { HISTORY_POINTS = 4096, NAME_MAX_BYTES = 64 };

/* One line of points, the same in every axis. Each point is the mean of `stride` values, but for the last,
 * which may still be open and stands for `open` of them. */
typedef struct Track {
    UiPoint *point[HISTORY_AXIS_COUNT];
    size_t count, capacity;
    double stride, open;   /* weight that a whole point has; that the last one has so far */
    double sum, low, high; /* of the last point: Σ y·weight, and its range; written to it by track_settle */
    double x[HISTORY_AXIS_COUNT];
} Track;

struct History {
    uint64_t run;
    int series;
    int64_t steps_per_epoch;
    char name[1 + ST_METRICS_MAX][NAME_MAX_BYTES];
    Track track[1 + ST_METRICS_MAX][HISTORY_KINDS];
    Track rate;
    double last_rate; /* of the newest record: a point may be the mean of several */
    size_t changes;
    double change[HISTORY_CHANGES][HISTORY_AXIS_COUNT];
};

const char *history_axis_name(HistoryAxis axis) {
    static const char *const name[] = {
#define HISTORY_AXIS_NAME(id, word, title) word,
        HISTORY_AXES(HISTORY_AXIS_NAME)
#undef HISTORY_AXIS_NAME
    };
    return (unsigned)axis < HISTORY_AXIS_COUNT ? name[axis] : "?";
}

const char *history_axis_title(HistoryAxis axis) {
    static const char *const title[] = {
#define HISTORY_AXIS_TITLE(id, word, words) words,
        HISTORY_AXES(HISTORY_AXIS_TITLE)
#undef HISTORY_AXIS_TITLE
    };
    return (unsigned)axis < HISTORY_AXIS_COUNT ? title[axis] : "?";
}

History *history_create(void) {
    return calloc(1, sizeof(History));
}

static void track_free(Track *track) {
    for (int axis = 0; axis < HISTORY_AXIS_COUNT; axis++)
        free(track->point[axis]);
    *track = (Track){0};
}

static void history_forget(History *history) {
    for (int i = 0; i < 1 + ST_METRICS_MAX; i++) {
        for (int kind = 0; kind < HISTORY_KINDS; kind++)
            track_free(&history->track[i][kind]);
    }
    track_free(&history->rate);
    *history = (History){0};
}

void history_free(History *history) {
    if (!history) return;
    history_forget(history);
    free(history);
}

void history_begin(History *history, uint64_t run, int metrics, const char *const *names,
                   int64_t steps_per_epoch) {
    history_forget(history);
    if (metrics > ST_METRICS_MAX) metrics = ST_METRICS_MAX;
    history->run = run;
    history->series = 1 + metrics;
    history->steps_per_epoch = steps_per_epoch > 0 ? steps_per_epoch : 1;
    strcpy(history->name[0], "loss");
    for (int i = 0; i < metrics; i++) {
        strncpy(history->name[1 + i], names[i], NAME_MAX_BYTES - 1);
    }
}

void history_begin_run(History *history, uint64_t run, const StCompile *compile, int64_t steps_per_epoch) {
    const char *names[ST_METRICS_MAX];
    for (int i = 0; i < compile->metrics; i++)
        names[i] = compile->metric[i].name;
    history_begin(history, run, compile->metrics, names, steps_per_epoch);
}

/* A value that is not finite makes the merged point a gap: a gap is never averaged away. */
static UiPoint point_merge(UiPoint a, double weight_a, UiPoint b, double weight_b) {
    UiPoint both = {.x = b.x};
    if (!isfinite(a.y) || !isfinite(b.y)) {
        both.y = both.low = both.high = NAN;
        return both;
    }
    both.y = (a.y * weight_a + b.y * weight_b) / (weight_a + weight_b);
    both.low = fmin(a.low, b.low);
    both.high = fmax(a.high, b.high);
    return both;
}

/* Halves the points; the last, where it has no neighbour, becomes the open one. */
static void track_halve(Track *track) {
    size_t count = track->count, half = count / 2;
    for (int axis = 0; axis < HISTORY_AXIS_COUNT; axis++) {
        UiPoint *point = track->point[axis];
        for (size_t i = 0; i < half; i++) {
            double last = 2 * i + 1 == count - 1 ? track->open : track->stride;
            point[i] = point_merge(point[2 * i], track->stride, point[2 * i + 1], last);
        }
        if (count % 2) point[half] = point[count - 1];
    }
    if (count % 2 == 0) track->open += track->stride;
    track->count = half + count % 2;
    track->stride *= 2;
    const UiPoint *last = &track->point[0][track->count - 1];
    track->sum = last->y * track->open, track->low = last->low, track->high = last->high;
}

static bool track_grow(Track *track) {
    size_t capacity = track->capacity ? 2 * track->capacity : 64;
    for (int axis = 0; axis < HISTORY_AXIS_COUNT; axis++) {
        UiPoint *point = realloc(track->point[axis], capacity * sizeof *point);
        if (!point) return false;
        track->point[axis] = point;
    }
    track->capacity = capacity;
    return true;
}

/* The last point gets what was added to it. */
static void track_settle(Track *track) {
    if (!track->count) return;
    double y = track->sum / track->open;
    UiPoint point = {.y = y, .low = track->low, .high = track->high};
    if (!isfinite(y)) point.y = point.low = point.high = NAN;
    for (int axis = 0; axis < HISTORY_AXIS_COUNT; axis++) {
        point.x = track->x[axis];
        track->point[axis][track->count - 1] = point;
    }
}

/* Makes room for one more point; false where there is no memory. */
static bool track_begin_point(Track *track) {
    track_settle(track);
    if (track->count == HISTORY_POINTS) track_halve(track);
    if (track->count && track->open < track->stride) return true; /* the halves left one open */
    if (track->count == track->capacity && !track_grow(track)) return false;
    track->count++;
    if (track->stride == 0) track->stride = 1;
    track->sum = track->open = 0;
    track->low = INFINITY, track->high = -INFINITY;
    return true;
}

/* Adds a value that stands for `weight` steps; track_settle shows it. */
static void track_add(Track *track, const double *x, UiPoint value, double weight) {
    if ((!track->count || track->open >= track->stride) && !track_begin_point(track)) return;
    track->sum += value.y * weight;
    track->open += weight;
    if (value.low < track->low) track->low = value.low;
    if (value.high > track->high) track->high = value.high;
    memcpy(track->x, x, sizeof track->x);
}

static UiPoint point_of(double y, double low, double high) {
    if (!isfinite(y)) low = high = y;
    return (UiPoint){.y = y, .low = low, .high = high};
}

static void add_scores(History *history, HistoryKind kind, const StScores *scores, const double *x,
                       double weight, double low, double high) {
    track_add(&history->track[0][kind], x, point_of(scores->loss, low, high), weight);
    for (int i = 1; i < history->series; i++) {
        double y = scores->metric[i - 1];
        track_add(&history->track[i][kind], x, point_of(y, y, y), weight);
    }
}

static void add_rate(History *history, const double *x, double rate, double weight) {
    Track *track = &history->rate;
    if (track->count && history->last_rate != rate) {
        if (history->changes == HISTORY_CHANGES) {
            memmove(history->change[0], history->change[1],
                    (HISTORY_CHANGES - 1) * sizeof history->change[0]);
            history->changes--;
        }
        memcpy(history->change[history->changes++], x, sizeof history->change[0]);
    }
    history->last_rate = rate;
    track_add(track, x, point_of(rate, rate, rate), weight);
}

void history_add(History *history, const StRecord *records, int count) {
    for (int i = 0; i < count && history->series; i++) {
        const StRecord *record = &records[i];
        double x[HISTORY_AXIS_COUNT] = {
            [HISTORY_STEP] = (double)record->step,
            [HISTORY_EPOCH] = record->epoch_end ? (double)record->epoch
                                                : (double)record->step / (double)history->steps_per_epoch,
            [HISTORY_SECOND] = record->seconds,
        };
        double loss = record->train.loss;
        if (record->epoch_end) {
            add_scores(history, HISTORY_FIT, &record->train, x, 1, loss, loss);
        } else {
            double weight = (double)(record->step - record->first + 1);
            if (weight < 1) weight = 1;
            add_scores(history, HISTORY_BATCH, &record->train, x, weight, record->loss_low,
                       record->loss_high);
            add_rate(history, x, record->rate, weight);
        }
        if (record->validated) {
            double now = record->validation.loss;
            add_scores(history, HISTORY_VALIDATION, &record->validation, x, 1, now, now);
        }
    }
    for (int i = 0; i < history->series; i++)
        for (int kind = 0; kind < HISTORY_KINDS; kind++)
            track_settle(&history->track[i][kind]);
    track_settle(&history->rate);
}

uint64_t history_run(const History *history) {
    return history->run;
}

int history_series(const History *history) {
    return history->series;
}

const char *history_name(const History *history, int series) {
    return series >= 0 && series < history->series ? history->name[series] : "";
}

int history_find(const History *history, const char *name) {
    for (int i = 0; i < history->series; i++) {
        if (!strcmp(history->name[i], name)) return i;
    }
    return -1;
}

const UiPoint *history_points(const History *history, int series, HistoryKind kind, HistoryAxis axis,
                              size_t *count) {
    *count = 0;
    if (series < 0 || series >= history->series) return NULL;
    const Track *track = &history->track[series][kind];
    *count = track->count;
    return track->point[axis];
}

const UiPoint *history_rate(const History *history, HistoryAxis axis, size_t *count) {
    *count = history->rate.count;
    return history->rate.point[axis];
}

size_t history_rate_changes(const History *history, HistoryAxis axis, double *x, size_t most) {
    size_t count = history->changes < most ? history->changes : most, from = history->changes - count;
    for (size_t i = 0; i < count; i++)
        x[i] = history->change[from + i][axis];
    return count;
}
