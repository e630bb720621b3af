/* Moments: snapshots of the present run, kept in memory of a bounded size. When it is full every second one
 * goes, and from then on only every second new one is kept: they stay evenly spread over the run. The first
 * and the newest are always there. Functions are for any thread. */
#ifndef ST_INSPECT_MOMENTS_H
#define ST_INSPECT_MOMENTS_H

#include "inspect/readings.h"

typedef struct StMoment {
    StSnapshot snapshot;              /* its own copy, optimizer state included; immutable */
    double probe_loss, gradient_norm; /* of the readings; NaN where they are not available */
} StMoment;

typedef struct StMoments StMoments;
StMoments *st_moments_create(size_t bytes, StError *error); /* bytes: the bound; 0: ST_MOMENTS_BYTES */
void st_moments_destroy(StMoments *moments);
enum { ST_MOMENTS_BYTES = 128 << 20 };

/* Offers a snapshot; copied where it is kept. One of a step that is there already is left out. Memory that
 * cannot be had is no error: fewer are kept. readings may be NULL. */
void st_moments_add(StMoments *moments, const StSnapshot *snapshot, const StReadings *readings);
void st_moments_clear(StMoments *moments); /* a new run; those that are held stay with their holders */

int st_moments_count(StMoments *moments);
size_t st_moments_bytes(StMoments *moments, size_t *bound); /* taken, and the bound */
/* Their steps in ascending order, at most `max` of them, evenly chosen where there are more, with their probe
 * losses (loss may be NULL). Returns how many. */
int st_moments_steps(StMoments *moments, int64_t *step, double *loss, int max);
/* The moment nearest to a step (-1: the newest), held until it is released; NULL where there is none. */
const StMoment *st_moments_hold(StMoments *moments, int64_t step);
/* The next one of a step (direction +1), or the one before it (-1), by so many places; its step, or -1. */
int64_t st_moments_next(StMoments *moments, int64_t step, int by);
void st_moments_release(StMoments *moments, const StMoment *moment);

#endif
