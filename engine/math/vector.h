/* Loops over arrays: elementwise functions and reductions. Every function gives the same bits wherever an
 * array begins and however it is cut (elementwise), or depends on the values and the count alone
 * (reductions: 16 accumulators, element i goes to i % 16, then a fixed tree).
 *
 * Arrays of n elements; y may be x. n = 0 is allowed. */
#ifndef ST_MATH_VECTOR_H
#define ST_MATH_VECTOR_H

#include "base/real.h"
#include <stdbool.h>
#include <stdint.h>

#define st_vector_exp             ST_R(st_vector_exp)
#define st_vector_log             ST_R(st_vector_log)
#define st_vector_tanh            ST_R(st_vector_tanh)
#define st_vector_sigmoid         ST_R(st_vector_sigmoid)
#define st_vector_erf             ST_R(st_vector_erf)
#define st_vector_softplus        ST_R(st_vector_softplus)
#define st_vector_scale           ST_R(st_vector_scale)
#define st_vector_multiply        ST_R(st_vector_multiply)
#define st_vector_axpy            ST_R(st_vector_axpy)
#define st_vector_sum             ST_R(st_vector_sum)
#define st_vector_sum_absolute    ST_R(st_vector_sum_absolute)
#define st_vector_sum_squares     ST_R(st_vector_sum_squares)
#define st_vector_dot             ST_R(st_vector_dot)
#define st_vector_max             ST_R(st_vector_max)
#define st_vector_max_absolute    ST_R(st_vector_max_absolute)
#define st_vector_argmax          ST_R(st_vector_argmax)
#define st_vector_finite          ST_R(st_vector_finite)
#define st_vector_count_nonfinite ST_R(st_vector_count_nonfinite)
#define st_rows_softmax           ST_R(st_rows_softmax)
#define st_rows_log_sum_exp       ST_R(st_rows_log_sum_exp)
#define st_rows_fill              ST_R(st_rows_fill)
#define st_columns_sum            ST_R(st_columns_sum)

void st_vector_exp(Real *y, const Real *x, int64_t n);
void st_vector_log(Real *y, const Real *x, int64_t n); /* log 0 = -infinity, below 0 NaN */
void st_vector_tanh(Real *y, const Real *x, int64_t n);
void st_vector_sigmoid(Real *y, const Real *x, int64_t n);
void st_vector_erf(Real *y, const Real *x, int64_t n);
void st_vector_softplus(Real *y, const Real *x, int64_t n); /* log(1 + exp x) */

void st_vector_scale(Real *y, const Real *x, Real a, int64_t n);           /* y = a·x */
void st_vector_multiply(Real *y, const Real *a, const Real *b, int64_t n); /* y = a·b; y may be a or b */
void st_vector_axpy(Real *y, Real a, const Real *x, int64_t n);            /* y += a·x */

/* Accumulated in double. */
double st_vector_sum(const Real *x, int64_t n);
double st_vector_sum_absolute(const Real *x, int64_t n);
double st_vector_sum_squares(const Real *x, int64_t n);
double st_vector_dot(const Real *a, const Real *b, int64_t n);

Real st_vector_max(const Real *x, int64_t n);          /* -infinity for n = 0; NaN is passed over */
Real st_vector_max_absolute(const Real *x, int64_t n); /* 0 for n = 0; NaN is passed over */
int64_t st_vector_argmax(const Real *x, int64_t n);    /* the first of the largest; 0 where all are NaN */

bool st_vector_finite(const Real *x, int64_t n); /* no infinity, no NaN */
int64_t st_vector_count_nonfinite(const Real *x, int64_t n);

/* Each of `rows` rows of `width`, contiguous. */
void st_rows_softmax(Real *y, const Real *x, int64_t rows, int64_t width);       /* y may be x */
void st_rows_log_sum_exp(Real *out, const Real *x, int64_t rows, int64_t width); /* out[rows] */
void st_rows_fill(Real *y, const Real *row, int64_t rows, int64_t width);        /* every row = row */

/* out[j] = Σ over rows of x[row, from + j] for j < count; x [rows, width]; rows are added in their order. */
void st_columns_sum(Real *out, const Real *x, int64_t rows, int64_t width, int64_t from, int64_t count);

#endif
