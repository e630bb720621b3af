/* Moments: snapshots of the present run, kept in memory of a bounded size, at least so many steps apart. When
 * it is full that spacing is doubled (more than once, where little would go) and those that are nearer to
 * their predecessor go: they stay evenly spread over the run, however fast it went. The first and the newest
 * are always there, as long as the bound has room for two. Functions are for any thread. */
#ifndef ST_INSPECT_MOMENTS_H
#define ST_INSPECT_MOMENTS_H

#include "inspect/readings.h"

typedef struct StMoment {
    StSnapshot snapshot;              /* its own copy, optimizer state included; immutable */
    double probe_loss, gradient_norm; /* of the readings; NaN where they are not available */
} StMoment;

typedef struct StMoments StMoments;
StMoments *st_moments_create(size_t bytes, StError *error); /* bytes: the bound; 0: ST_MOMENTS_BYTES */
void st_moments_destroy(StMoments *moments);                /* all that are held must be released before */
enum { ST_MOMENTS_BYTES = 192 << 20 }; /* about 1,000 moments of a network of 10,000 weights under Adam */
void st_moments_set_bound(StMoments *moments, size_t bytes); /* acts at once; 0: ST_MOMENTS_BYTES */

/* Offers a snapshot of the run, in the order of its steps; it is copied. Left out are one of a step and with
 * weights that are there already, and one of a step before the newest. One of the newest step with other
 * weights (edited by hand) takes its place. Another run's clears all, but see st_moments_branch. Memory that
 * cannot be had is no error: fewer are kept. readings may be NULL: st_moments_read fills them in. */
void st_moments_add(StMoments *moments, const StSnapshot *snapshot, const StReadings *readings);
/* One that was added without readings and not read since, held; NULL: there is none. */
const StMoment *st_moments_unread(StMoments *moments);
/* What its probe loss is found to be. Moments that are held do not change: the next who hold it see it. */
void st_moments_read(StMoments *moments, const StMoment *moment, double probe_loss);
void st_moments_clear(StMoments *moments); /* a new run; those that are held stay with their holders */
/* The run of this number goes on from that step (or was taken back to it): later moments go, earlier ones are
 * its history too. */
void st_moments_branch(StMoments *moments, int64_t step, uint64_t run);

int st_moments_count(StMoments *moments);
/* Taken, and the bound (may be NULL). What was dropped but is still held by somebody is not counted. */
size_t st_moments_bytes(StMoments *moments, size_t *bound);
int64_t st_moments_spacing(StMoments *moments); /* steps that lie between two at least; the newest excepted */
/* Their steps in ascending order, at most `max` of them, evenly chosen where there are more, with their probe
 * losses (loss may be NULL). Returns how many. */
int st_moments_steps(StMoments *moments, int64_t *step, double *loss, int max);
/* The moment nearest to a step (-1: the newest), held until it is released; NULL where there is none. */
const StMoment *st_moments_hold(StMoments *moments, int64_t step);
/* By so many places behind a step (by > 0) or before it (by < 0; step -1: from the newest): its step, at most
 * the newest's and at least the first's; -1 where there are none. */
int64_t st_moments_next(StMoments *moments, int64_t step, int by);
/* The one to go back to after trouble at a step: the newest before it whose probe loss is finite and at most
 * twice the least one up to there; where there is none, the first. Its step, or -1 where there are no
 * moments. loss and least may be NULL: its loss, and the least one up to the trouble (NaN: not known). */
int64_t st_moments_good(StMoments *moments, int64_t before, double *loss, double *least);
void st_moments_release(StMoments *moments, const StMoment *moment);

#endif
