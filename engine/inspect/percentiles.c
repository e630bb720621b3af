#include "inspect/percentiles.h"

#include <math.h>
#include <stdlib.h>

/* Values are counted into buckets first, which needs no order; only those of the few buckets that a
 * percentile falls into are then put in their places. */
enum { BUCKETS = 4096 };

typedef struct Buckets {
    double low, scale;
    int64_t finite, count[BUCKETS];
    bool wanted[BUCKETS];
} Buckets;

static int bucket_of(const Buckets *b, double value) {
    int at = (int)((value - b->low) * b->scale);
    return at < BUCKETS ? at : BUCKETS - 1;
}

static void count_values(Buckets *b, const double *v, int64_t count) {
    double low = INFINITY, high = -INFINITY;
    *b = (Buckets){0};
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(v[i])) continue;
        b->finite++;
        low = v[i] < low ? v[i] : low;
        high = v[i] > high ? v[i] : high;
    }
    double scale = BUCKETS / (high - low);
    b->low = low;
    b->scale = isfinite(scale) && isfinite(high - low) ? scale : 0; /* all in one */
    for (int64_t i = 0; i < count; i++)
        if (isfinite(v[i])) b->count[bucket_of(b, v[i])]++;
}

/* ---- places ---- */

static void swap(double *a, double *b) {
    double held = *a;
    *a = *b;
    *b = held;
}

/* What has place k of [low, high] in ascending order comes to stand there, no greater ones before it. */
static void place_one(double *v, int64_t low, int64_t high, int64_t k) {
    while (low < high) {
        double pivot = v[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i <= j) swap(&v[i++], &v[j--]);
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            return;
    }
}

/* The same for several places, ascending, the middle one first. */
static void place_all(double *v, int64_t low, int64_t high, const int64_t *k, int count) {
    if (count == 0 || low >= high) return;
    int middle = count / 2;
    place_one(v, low, high, k[middle]);
    place_all(v, low, k[middle] - 1, k, middle);
    place_all(v, k[middle] + 1, high, k + middle + 1, count - middle - 1);
}

/* Places among all values become places among those of the buckets that are wanted; the buckets are marked.
 * Returns how many values these have. */
static int64_t want_buckets(Buckets *b, int64_t *place, int places) {
    int64_t before = 0, left_out = 0;
    int at = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        for (; at < places && place[at] < before + b->count[bucket]; at++) {
            b->wanted[bucket] = true;
            place[at] -= left_out;
        }
        before += b->count[bucket];
        if (!b->wanted[bucket]) left_out += b->count[bucket];
    }
    return before - left_out;
}

bool st_percentiles(const double *values, int64_t count, const double *percent, int percents, double *out,
                    StError *error) {
    static _Thread_local Buckets buckets; /* too large for a stack */
    int64_t place[2 * ST_PERCENTILES_MAX];
    double part[ST_PERCENTILES_MAX];
    count_values(&buckets, values, count);
    for (int p = 0; p < percents; p++) {
        double last = (double)(buckets.finite - 1), at = percent[p] / 100 * last;
        int64_t below = at < last ? (int64_t)at : buckets.finite - 1;
        place[2 * p] = below;
        place[2 * p + 1] = below < buckets.finite - 1 ? below + 1 : below;
        part[p] = at - (double)below;
        out[p] = NAN;
    }
    if (buckets.finite == 0) return true;
    int64_t held = want_buckets(&buckets, place, 2 * percents), at = 0;
    double *room = malloc((size_t)held * sizeof *room);
    if (!room) return st_fail_memory(error, "percentiles", (size_t)held * sizeof *room);
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i]) && buckets.wanted[bucket_of(&buckets, values[i])]) room[at++] = values[i];
    place_all(room, 0, held - 1, place, 2 * percents);
    for (int p = 0; p < percents; p++) {
        double a = room[place[2 * p]], b = room[place[2 * p + 1]], t = part[p];
        out[p] = t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
    }
    free(room);
    return true;
}
