/* Shapes: the extents of one row (one sample) of a tensor, without the batch.
 * Channels-last: an image is HxWxC, a sequence is STEPSxFEATURES. */
#ifndef ST_BASE_SHAPE_H
#define ST_BASE_SHAPE_H

#include "base/error.h"
#include <stdint.h>

enum { ST_RANK_MAX = 4, ST_SHAPE_TEXT = 96 };

typedef struct StShape {
    int rank;                     /* 0: unknown */
    int64_t dim[ST_RANK_MAX + 1]; /* one more, so that rows of the largest rank can stand in an array */
} StShape;

StShape st_shape(int rank, ...); /* rank int64_t-compatible ints follow as `int` */

/* Product of the extents; 0 for rank 0; -1 where it overflows int64_t. */
int64_t st_shape_size(const StShape *shape);
bool st_shape_equal(const StShape *a, const StShape *b);

/* "28x28x1". Every extent at least 1. Errors say what was got. */
bool st_shape_parse(const char *text, StShape *shape, StError *error);
/* The same, where one extent may be left open: "-1x7" has dim[0] = -1. */
bool st_shape_parse_open(const char *text, StShape *shape, StError *error);
/* "28x28x1"; "?" for rank 0. Returns buffer. */
char *st_shape_print(const StShape *shape, char buffer[ST_SHAPE_TEXT]);

/* a*b in int64_t, or -1 where either is negative or it overflows: sizes that are too large stay too large. */
int64_t st_times(int64_t a, int64_t b);
int64_t st_plus(int64_t a, int64_t b);

#endif
