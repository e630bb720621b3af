/* Going through a tensor along some of its axes: norms over axis 0 of a kernel, softmax over any axis of a
 * row.
 *
 * The last axis is left to the caller's inner loop, so that it runs over neighbours whether it is among the
 * axes or not. */
#ifndef ST_LAYERS_WALK_H
#define ST_LAYERS_WALK_H

#include "base/option.h"
#include "base/real.h"

enum { ST_AXIS_LAST = ST_RANK_MAX - 1 };

/* A shape as ST_RANK_MAX extents, ones before the first. */
typedef struct StWalk {
    int64_t extent[ST_RANK_MAX], stride[ST_RANK_MAX];
    bool over[ST_RANK_MAX]; /* this axis is among those named */
} StWalk;

#define st_walk      ST_R(st_walk)
#define st_walk_next ST_R(st_walk_next)

/* named: which axes of the shape, from 0. */
StWalk st_walk(const StShape *shape, const bool named[ST_RANK_MAX]);

/* Steps place (zeros at first) through the axes named (over), or through the others, but for the last axis.
 * Returns the offset of the place, or -1 behind the last, place then being zeros again. */
int64_t st_walk_next(const StWalk *walk, bool over, int64_t place[ST_RANK_MAX]);

#endif
