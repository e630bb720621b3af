#include "math/vector.h"

#include "math/scalar.h"

#define ELEMENTWISE(name, value)                                                                             \
    ST_CLONES void name(Real *y, const Real *x, int64_t n) {                                                 \
        ST_LOOP                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                                      \
            y[i] = value;                                                                                    \
    }

ELEMENTWISE(st_vector_exp, st_exp(x[i]))
ELEMENTWISE(st_vector_log, st_log(x[i]))
ELEMENTWISE(st_vector_tanh, st_tanh(x[i]))
ELEMENTWISE(st_vector_sigmoid, st_sigmoid(x[i]))
ELEMENTWISE(st_vector_erf, st_erf(x[i]))
ELEMENTWISE(st_vector_softplus, st_softplus(x[i]))

ST_CLONES void st_vector_scale(Real *y, const Real *x, Real a, int64_t n) {
    ST_LOOP
    for (int64_t i = 0; i < n; i++)
        y[i] = a * x[i];
}

ST_CLONES void st_vector_multiply(Real *y, const Real *a, const Real *b, int64_t n) {
    ST_LOOP
    for (int64_t i = 0; i < n; i++)
        y[i] = a[i] * b[i];
}

ST_CLONES void st_vector_axpy(Real *y, Real a, const Real *x, int64_t n) {
    ST_LOOP
    for (int64_t i = 0; i < n; i++)
        y[i] = st_fma(a, x[i], y[i]);
}

enum { LANES = 16 };

/* lane[l] = combine(lane[l], value) for element i with i % LANES == l. */
#define REDUCE(combine, value)                                                                               \
    do {                                                                                                     \
        int64_t i = 0;                                                                                       \
        for (; i + LANES <= n; i += LANES)                                                                   \
            for (int l = 0; l < LANES; l++)                                                                  \
                lane[l] = combine(lane[l], value);                                                           \
        for (int l = 0; i + l < n; l++)                                                                      \
            lane[l] = combine(lane[l], value);                                                               \
        for (int half = LANES / 2; half; half /= 2)                                                          \
            for (int l = 0; l < half; l++)                                                                   \
                lane[l] = combine(lane[l], lane[l + half]);                                                  \
    } while (0)
#define PLUS(a, b)   ((a) + (b))
#define LARGER(a, b) ((b) > (a) ? (b) : (a))

ST_CLONES double st_vector_sum(const Real *x, int64_t n) {
    double lane[LANES] = {0};
    REDUCE(PLUS, (double)x[i + l]);
    return lane[0];
}

ST_CLONES double st_vector_sum_absolute(const Real *x, int64_t n) {
    double lane[LANES] = {0};
    REDUCE(PLUS, (double)st_abs(x[i + l]));
    return lane[0];
}

ST_CLONES double st_vector_sum_squares(const Real *x, int64_t n) {
    double lane[LANES] = {0};
    REDUCE(PLUS, (double)x[i + l] * (double)x[i + l]);
    return lane[0];
}

ST_CLONES double st_vector_dot(const Real *a, const Real *b, int64_t n) {
    double lane[LANES] = {0};
    REDUCE(PLUS, (double)a[i + l] * (double)b[i + l]);
    return lane[0];
}

/* Rows shorter than the accumulators (a few classes) are taken one by one: which way is a rule of n alone. */
static inline Real row_max(const Real *x, int64_t n) {
    Real lane[LANES] = {-(Real)INFINITY};
    if (n < LANES) {
        for (int64_t i = 0; i < n; i++)
            lane[0] = LARGER(lane[0], x[i]);
        return lane[0];
    }
    for (int l = 1; l < LANES; l++)
        lane[l] = lane[0];
    REDUCE(LARGER, x[i + l]);
    return lane[0];
}

static inline Real row_sum(const Real *x, int64_t n) {
    Real lane[LANES] = {0};
    if (n < LANES) {
        for (int64_t i = 0; i < n; i++)
            lane[0] += x[i];
        return lane[0];
    }
    REDUCE(PLUS, x[i + l]);
    return lane[0];
}

ST_CLONES Real st_vector_max(const Real *x, int64_t n) {
    return row_max(x, n);
}

ST_CLONES Real st_vector_max_absolute(const Real *x, int64_t n) {
    Real lane[LANES] = {0};
    REDUCE(LARGER, st_abs(x[i + l]));
    return lane[0];
}

int64_t st_vector_argmax(const Real *x, int64_t n) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (x[i] > x[best] || (isnan(x[best]) && !isnan(x[i]))) best = i;
    return best;
}

/* Finite numbers times zero are zero, all others NaN. */
ST_CLONES bool st_vector_finite(const Real *x, int64_t n) {
    int bad = 0;
    for (int64_t i = 0; i < n; i++)
        bad |= !(x[i] * 0 == 0);
    return !bad;
}

ST_CLONES int64_t st_vector_count_nonfinite(const Real *x, int64_t n) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += !(x[i] * 0 == 0);
    return count;
}

/* The exponentials of all rows are one sweep, since rows may be short. */
ST_CLONES void st_rows_softmax(Real *y, const Real *x, int64_t rows, int64_t width) {
    for (int64_t r = 0; r < rows; r++) {
        Real most = row_max(x + r * width, width);
        ST_LOOP
        for (int64_t j = r * width; j < (r + 1) * width; j++)
            y[j] = x[j] - most;
    }
    st_vector_exp(y, y, rows * width);
    for (int64_t r = 0; r < rows; r++) {
        Real *row = y + r * width;
        Real sum = row_sum(row, width);
        for (int64_t j = 0; j < width; j++)
            row[j] /= sum;
    }
}

ST_CLONES void st_rows_log_sum_exp(Real *out, const Real *x, int64_t rows, int64_t width) {
    for (int64_t r = 0; r < rows; r++) {
        const Real *row = x + r * width;
        Real most = row_max(row, width), lane[LANES] = {0};
        int64_t n = width;
        REDUCE(PLUS, st_exp(row[i + l] - most));
        out[r] = most + st_log(lane[0]);
    }
}

void st_rows_fill(Real *y, const Real *row, int64_t rows, int64_t width) {
    for (int64_t r = 0; r < rows; r++)
        memcpy(y + r * width, row, (size_t)width * sizeof *y);
}

/* A block of columns whose sums stay in registers. */
#define BLOCK_SUM(block)                                                                                     \
    for (; count - j >= block; j += block) {                                                                 \
        Real sum[block] = {0};                                                                               \
        for (int64_t r = 0; r < rows; r++)                                                                   \
            for (int i = 0; i < block; i++)                                                                  \
                sum[i] += x[r * width + from + j + i];                                                       \
        memcpy(out + j, sum, sizeof sum);                                                                    \
    }

ST_CLONES void st_columns_sum(Real *out, const Real *x, int64_t rows, int64_t width, int64_t from,
                              int64_t count) {
    int64_t j = 0;
    BLOCK_SUM(64)
    BLOCK_SUM(32)
    BLOCK_SUM(16)
    BLOCK_SUM(8)
    BLOCK_SUM(4)
    BLOCK_SUM(1)
}
