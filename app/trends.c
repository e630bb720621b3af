#include "trends.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Mark {
    float value, low, high;
} Mark;

struct Trends {
    uint64_t run;
    int rows;
    size_t length;
    double *step;            /* [TRENDS_POINTS] */
    Mark *mark;              /* [rows][ST_READING_COUNT][TRENDS_POINTS] */
    int64_t stride, waiting; /* looks a point; looks that the last point has taken */
};

Trends *trends_create(void) {
    Trends *trends = calloc(1, sizeof *trends);
    if (trends) trends->step = calloc(TRENDS_POINTS, sizeof *trends->step);
    if (trends && trends->step) return trends;
    free(trends);
    return NULL;
}

void trends_free(Trends *trends) {
    if (!trends) return;
    free(trends->step);
    free(trends->mark);
    free(trends);
}

void trends_clear(Trends *trends) {
    trends->length = 0;
    trends->stride = 1;
    trends->waiting = 0;
}

static Mark *series(const Trends *trends, int row, int reading) {
    return trends->mark + ((size_t)row * ST_READING_COUNT + (size_t)reading) * TRENDS_POINTS;
}

/* What two marks that become one stand for: the later value, and the extremes of both. */
static Mark join(Mark a, Mark b) {
    if (!isfinite(a.value)) return b;
    if (!isfinite(b.value)) return a;
    return (Mark){b.value, fminf(a.low, b.low), fmaxf(a.high, b.high)};
}

static void halve(Trends *trends) {
    for (int row = 0; row < trends->rows; row++)
        for (int reading = 0; reading < ST_READING_COUNT; reading++) {
            Mark *mark = series(trends, row, reading);
            for (size_t i = 0; i < trends->length / 2; i++)
                mark[i] = join(mark[2 * i], mark[2 * i + 1]);
        }
    for (size_t i = 0; i < trends->length / 2; i++)
        trends->step[i] = trends->step[2 * i + 1];
    trends->length /= 2;
    trends->stride *= 2;
}

static bool begin(Trends *trends, const StReadings *readings) {
    int rows = readings->count < TRENDS_ROWS ? readings->count : TRENDS_ROWS;
    if (rows != trends->rows) {
        size_t marks = (size_t)rows * ST_READING_COUNT * TRENDS_POINTS;
        Mark *mark = calloc(marks ? marks : 1, sizeof *mark);
        if (!mark) return false;
        free(trends->mark);
        trends->mark = mark;
        trends->rows = rows;
    }
    trends->run = readings->run;
    trends_clear(trends);
    return true;
}

void trends_add(Trends *trends, const StReadings *readings) {
    bool same = trends->mark && trends->run == readings->run &&
                trends->rows == (readings->count < TRENDS_ROWS ? readings->count : TRENDS_ROWS);
    double last = trends->length ? trends->step[trends->length - 1] : -1;
    if (same && (double)readings->step < last) same = false;
    if (!same && !begin(trends, readings)) return;
    bool again = same && trends->length && (double)readings->step == last;
    bool fresh = !again && (trends->length == 0 || trends->waiting >= trends->stride);
    if (fresh && trends->length == TRENDS_POINTS) halve(trends);
    if (fresh) {
        trends->length++;
        trends->waiting = 0;
    }
    if (!again) trends->waiting++;
    size_t at = trends->length - 1;
    trends->step[at] = (double)readings->step;
    for (int row = 0; row < trends->rows; row++)
        for (int reading = 0; reading < ST_READING_COUNT; reading++) {
            float value = (float)readings->health[row].value[reading];
            Mark *mark = series(trends, row, reading);
            Mark now = {value, value, value};
            mark[at] = fresh ? now : join(mark[at], now);
        }
}

size_t trends_length(const Trends *trends) {
    return trends->length;
}

size_t trends_points(const Trends *trends, int row, StReading reading, UiPoint points[TRENDS_POINTS]) {
    if (row < 0 || row >= trends->rows) return 0;
    const Mark *mark = series(trends, row, reading);
    for (size_t i = 0; i < trends->length; i++)
        points[i] = (UiPoint){trends->step[i], mark[i].value, mark[i].low, mark[i].high};
    return trends->length;
}

int trends_levels(const Trends *trends, int row, StReading reading, int w, float *levels) {
    if (row < 0 || row >= trends->rows || w <= 0 || trends->length == 0) return 0;
    const Mark *mark = series(trends, row, reading);
    size_t n = trends->length, columns = n < (size_t)w ? n : (size_t)w;
    for (size_t i = 0; i < columns; i++)
        levels[i] = mark[(i + 1) * n / columns - 1].value;
    return (int)columns;
}
