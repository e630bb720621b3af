/* .npy arrays, versions 1 to 3, little-endian f4 f8 i4 i8 u1, C order
 * (numpy.lib.format). A reader of hostile files: every size is checked before
 * it is believed, what is not finite is refused, and so are trailing bytes. */
#ifndef ST_DATA_NPY_H
#define ST_DATA_NPY_H

#include "base/shape.h"

enum { ST_NPY_RANK_MAX = ST_RANK_MAX + 1 }; /* rows, then the shape of one */

typedef enum StNpyType { ST_NPY_F4, ST_NPY_F8, ST_NPY_I4, ST_NPY_I8, ST_NPY_U1, ST_NPY_TYPES } StNpyType;

typedef struct StNpy {
    StNpyType type;
    int rank; /* 0: a single number */
    int64_t dim[ST_NPY_RANK_MAX];
    int64_t count; /* product of dim; 1 for rank 0; may be 0 */
    void *data;    /* [count] of type, owned */
} StNpy;

/* `name` stands in messages. On failure *array is {0}. */
bool st_npy_read(const char *path, StNpy *array, StError *error);
bool st_npy_read_memory(const char *name, const void *bytes, size_t size, StNpy *array, StError *error);
void st_npy_free(StNpy *array);

/* Element i as a double (i8 beyond 2^53 are rounded). */
double st_npy_value(const StNpy *array, int64_t i);
/* The whole as floats into out [count]; an f8 or i8 too large for a float is refused. */
bool st_npy_floats(const StNpy *array, const char *name, float *out, StError *error);
/* "float32" … */
const char *st_npy_type_name(StNpyType type);
size_t st_npy_type_size(StNpyType type);

/* Version 1.0, written beside and renamed. */
bool st_npy_write(const char *path, StNpyType type, int rank, const int64_t *dim, const void *data,
                  StError *error);

#endif
