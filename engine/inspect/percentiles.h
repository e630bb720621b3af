/* Percentiles of many values, exactly, without sorting them. */
#ifndef ST_INSPECT_PERCENTILES_H
#define ST_INSPECT_PERCENTILES_H

#include "base/error.h"
#include <stdint.h>

enum { ST_PERCENTILES_MAX = 32 };

/* out[p] is the value that percent[p] of 100 of the values are no greater than, between two of them in
 * proportion (NumPy's default). percent: ascending, at most ST_PERCENTILES_MAX. What is not finite is left
 * out; NaN where nothing else is there. False: no memory. */
bool st_percentiles(const double *values, int64_t count, const double *percent, int percents, double *out,
                    StError *error);

#endif
