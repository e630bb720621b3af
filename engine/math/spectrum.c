#include "math/spectrum.h"

#ifndef ST_DOUBLE /* once, not twice */

#include "math/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fortran's: everything by address, matrices by columns, the lengths of the letters behind. */
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);
void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u,
             const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork, int *iwork,
             int *info, size_t);

enum { MOST = 16384 }; /* so that work space stays below 2^31 numbers */

static bool check(int64_t rows, int64_t columns, const double *a, StError *error) {
    if (rows < 1 || columns < 1 || rows > INT32_MAX || columns > INT32_MAX || (rows > MOST && columns > MOST))
        return st_fail(error, ST_ERR_VALUE,
                       "a matrix of %lldx%lld: wanted at most %d rows or columns for its spectrum",
                       (long long)rows, (long long)columns, MOST);
    for (int64_t i = 0; i < rows * columns; i++)
        if (!isfinite(a[i]))
            return st_fail(error, ST_ERR_NONFINITE,
                           "a matrix with values that are not finite has no spectrum");
    st_math_start();
    return true;
}

static bool settled(int info, StError *error) {
    return info == 0 ||
           st_fail(error, ST_ERR_NONFINITE, "the spectrum of a matrix was not found (LAPACK: %d)", info);
}

/* What is by columns for LAPACK is by rows here: its lower half is the upper one, its columns are rows. */
static void turn_round(int n, double *a, double *value) {
    for (int low = 0, high = n - 1; low < high; low++, high--) {
        double held = value[low];
        value[low] = value[high], value[high] = held;
        double *x = a + (int64_t)low * n, *y = a + (int64_t)high * n;
        for (int i = 0; i < n; i++)
            held = x[i], x[i] = y[i], y[i] = held;
    }
}

bool st_symmetric_eigen(int64_t rows, double *a, double *value, StError *error) {
    if (!check(rows, rows, a, error)) return false;
    int n = (int)rows, info = 0, ask = -1, integers = 0;
    double numbers = 0;
    dsyevd_("V", "L", &n, a, &n, value, &numbers, &ask, &integers, &ask, &info, 1, 1);
    int lwork = (int)numbers, liwork = integers;
    double *work = malloc((size_t)lwork * sizeof *work);
    int *iwork = malloc((size_t)liwork * sizeof *iwork);
    bool room = work && iwork;
    if (room) dsyevd_("V", "L", &n, a, &n, value, work, &lwork, iwork, &liwork, &info, 1, 1);
    free(work);
    free(iwork);
    if (!room) return st_fail_memory(error, "eigenvalues", (size_t)lwork * sizeof *work);
    if (!settled(info, error)) return false;
    turn_round(n, a, value);
    return true;
}

bool st_singular_values(int64_t rows, int64_t columns, double *a, double *value, StError *error) {
    if (!check(rows, columns, a, error)) return false;
    int m = (int)columns, n = (int)rows, least = m < n ? m : n, info = 0, ask = -1, one = 1;
    double numbers = 0, none;
    int *iwork = malloc(8 * (size_t)least * sizeof *iwork);
    if (!iwork) return st_fail_memory(error, "singular values", 8 * (size_t)least * sizeof *iwork);
    dgesdd_("N", &m, &n, a, &m, value, &none, &one, &none, &one, &numbers, &ask, iwork, &info, 1);
    int lwork = (int)numbers;
    double *work = malloc((size_t)lwork * sizeof *work);
    bool room = work != NULL;
    if (room) dgesdd_("N", &m, &n, a, &m, value, &none, &one, &none, &one, work, &lwork, iwork, &info, 1);
    free(work);
    free(iwork);
    if (!room) return st_fail_memory(error, "singular values", (size_t)lwork * sizeof *work);
    return settled(info, error);
}

#endif
