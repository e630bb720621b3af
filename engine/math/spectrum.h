/* Eigenvalues of symmetric matrices and singular values, in double, by the LAPACK that OpenBLAS carries.
 *
 * Matrices are row-major. Any thread may call; LAPACK runs on the caller's thread alone. Both take time with
 * the cube of the size and cannot be interrupted: a symmetric matrix of 512 rows about 60 ms. Values that are
 * not finite are an error, as is a matrix too large for LAPACK's 32-bit sizes. Compiled once. */
#ifndef ST_MATH_SPECTRUM_H
#define ST_MATH_SPECTRUM_H

#include "base/error.h"
#include <stdint.h>

/* a [n][n], symmetric (its upper half is looked at), becomes its eigenvectors: row k is the unit vector of
 * value[k], the largest value first. The sign of a vector is LAPACK's. value [n]. */
bool st_symmetric_eigen(int64_t n, double *a, double *value, StError *error);

/* The singular values of a [rows][columns], the largest first: value [min(rows, columns)]. a is destroyed. */
bool st_singular_values(int64_t rows, int64_t columns, double *a, double *value, StError *error);

#endif
