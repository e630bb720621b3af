#include "layers/regularizer.h"

#include "math/gemm.h"
#include "math/vector.h"

#include <math.h>

/* Which of a kind's parameters are λ₁ and λ₂; -1: has none. */
typedef struct Lambdas {
    int l1, l2;
    bool whole;
} Lambdas;

/* As in Keras, a λ that l1_l2 is not given is 0. */
#define LAMBDA(id, usual)                                                                                    \
    { #id, usual, 0, INFINITY }
#define ORTHOGONAL                                                                                           \
    {"factor", "0.01", 0, INFINITY}, {                                                                       \
        "mode", "rows|columns", 0, 0                                                                         \
    }
enum { FACTOR, MODE };

/* name, help, place of λ₁ and λ₂ among the parameters, looks at the whole weight, the parameters */
#define REGULARIZERS(ROW)                                                                                    \
    ROW(none, "nothing is added to the loss", -1, -1, false, {0})                                            \
    ROW(l1, "λ·Σ|w|: makes weights exactly 0", 0, -1, false, LAMBDA(l1, "0.01"))                             \
    ROW(l2, "λ·Σw²: keeps weights small", -1, 0, false, LAMBDA(l2, "0.01"))                                  \
    ROW(l1_l2, "λ₁·Σ|w| + λ₂·Σw²", 0, 1, false, LAMBDA(l1, "0"), LAMBDA(l2, "0"))                            \
    ROW(orthogonal_regularizer, "factor times the mean |cos| between two rows (or columns) of the weight",   \
        -1, -1, true, ORTHOGONAL)                                                                            \
    ROW(orthogonal, "orthogonal_regularizer by a shorter name", -1, -1, true, ORTHOGONAL)

#define CHOICE(id, text, l1, l2, whole, ...) {.name = #id, .help = text, .parameter = {__VA_ARGS__}},
const StChoice st_regularizers[] = {REGULARIZERS(CHOICE){0}};

#define PLACES(id, text, l1, l2, whole, ...) {l1, l2, whole},
static const Lambdas places[] = {REGULARIZERS(PLACES)};

bool st_regularizer_is_whole(const StCall *call) {
    return places[call->kind].whole;
}

bool st_regularizer_fits(const StCall *call, const StShape *shape, StError *error) {
    const char *name = st_regularizers[call->kind].name;
    char text[ST_SHAPE_TEXT];
    if (!st_regularizer_is_whole(call)) return true;
    if (!shape)
        return st_fail(error, ST_ERR_VALUE, "%s is of weights, not of outputs; wanted l1, l2 or l1_l2", name);
    bool by_rows = call->parameter[MODE] == 0;
    if (shape->rank != 2)
        return st_fail(error, ST_ERR_VALUE, "%s: a weight of %s, wanted one of 2 extents", name,
                       st_shape_print(shape, text));
    if (shape->dim[by_rows ? 0 : 1] < 2)
        return st_fail(error, ST_ERR_VALUE, "%s: a weight of %s, wanted 2 %s or more", name,
                       st_shape_print(shape, text), by_rows ? "rows" : "columns");
    return true;
}

static double lambda(const StCall *call, int place) {
    return place < 0 ? 0 : call->parameter[place];
}

double st_regularizer_value(const StCall *call, const Real *w, int64_t n) {
    double l1 = lambda(call, places[call->kind].l1), l2 = lambda(call, places[call->kind].l2), value = 0;
    if (l1 != 0) value += l1 * st_vector_sum_absolute(w, n);
    if (l2 != 0) value += l2 * st_vector_sum_squares(w, n);
    return value;
}

ST_CLONES void st_regularizer_add_gradient(const StCall *call, Real *gradient, const Real *w, int64_t n) {
    Real l1 = (Real)lambda(call, places[call->kind].l1), l2 = (Real)lambda(call, places[call->kind].l2);
    if (l1 == 0 && l2 == 0) return;
    ST_LOOP
    for (int64_t i = 0; i < n; i++) {
        Real sign = w[i] > 0 ? l1 : w[i] < 0 ? -l1 : 0;
        gradient[i] += sign + 2 * l2 * w[i];
    }
}

/* ---- orthogonal: the vectors of a matrix, BLOCK at a time ---- */

enum { BLOCK = 32 };
static const double least_norm = 1e-7; /* Keras divides by no less */

/* `count` vectors of `length`, rows or columns of w [rows, columns]. */
typedef struct Vectors {
    const Real *w;
    bool by_rows;
    int64_t count, length, columns;
    double share; /* what one |cos| of an ordered pair adds */
} Vectors;

static Vectors vectors_of(const StCall *call, const StShape *shape, const Real *w) {
    bool by_rows = call->parameter[MODE] == 0;
    double n = (double)shape->dim[by_rows ? 0 : 1];
    return (Vectors){.w = w,
                     .by_rows = by_rows,
                     .count = shape->dim[by_rows ? 0 : 1],
                     .length = shape->dim[by_rows ? 1 : 0],
                     .columns = shape->dim[1],
                     .share = call->parameter[FACTOR] / (n * (n - 1))};
}

static const Real *vector_at(const Vectors *v, int64_t at) {
    return v->w + (v->by_rows ? at * v->columns : at);
}

static int64_t block_size(const Vectors *v, int64_t from) {
    return v->count - from < BLOCK ? v->count - from : BLOCK;
}

/* Lengths of the vectors [from, from + BLOCK). */
static void norms(const Vectors *v, int64_t from, double norm[BLOCK]) {
    int64_t n = block_size(v, from), next = v->by_rows ? v->columns : 1, stride = v->by_rows ? 1 : v->columns;
    const Real *w = vector_at(v, from);
    for (int64_t i = 0; i < n; i++)
        norm[i] = 0;
    for (int64_t k = 0; k < v->length; k++)
        for (int64_t i = 0; i < n; i++) {
            double x = (double)w[i * next + k * stride];
            norm[i] += x * x;
        }
    for (int64_t i = 0; i < n; i++)
        norm[i] = sqrt(norm[i]);
}

/* Products of the vectors of block i with those of block j, [BLOCK, BLOCK]. */
static void products(const Vectors *v, int64_t i, int64_t j, Real *product) {
    st_gemm(!v->by_rows, v->by_rows, block_size(v, i), block_size(v, j), v->length, 1, vector_at(v, i),
            v->columns, vector_at(v, j), v->columns, 0, product, BLOCK);
}

static double larger(double a, double b) {
    return b > a ? b : a;
}

/* Σ |cos| over the ordered pairs of block i with block j, added to each of i's. product becomes the factor of
 * vector j in the gradient of vector i: share·2·sign / (‖i‖·‖j‖). */
static void pair_up(const Vectors *v, int64_t i, int64_t j, const double *norm_i, const double *norm_j,
                    Real *product, double *sum) {
    for (int64_t a = 0; a < block_size(v, i); a++)
        for (int64_t b = 0; b < block_size(v, j); b++) {
            Real *at = &product[a * BLOCK + b];
            double both = larger(norm_i[a], least_norm) * larger(norm_j[b], least_norm);
            double dot = i + a == j + b ? 0 : (double)*at;
            sum[a] += fabs(dot) / both;
            *at = (Real)(2 * v->share * ((dot > 0) - (dot < 0)) / both);
        }
}

static double orthogonal_value(const Vectors *v) {
    Real product[BLOCK * BLOCK];
    double norm_i[BLOCK], norm_j[BLOCK], total = 0;
    for (int64_t i = 0; i < v->count; i += BLOCK) {
        double sum[BLOCK] = {0};
        norms(v, i, norm_i);
        for (int64_t j = 0; j < v->count; j += BLOCK) {
            norms(v, j, norm_j);
            products(v, i, j, product);
            pair_up(v, i, j, norm_i, norm_j, product, sum);
        }
        for (int64_t a = 0; a < block_size(v, i); a++)
            total += sum[a];
    }
    return v->share * total;
}

/* By vector i: 2·share·(Σⱼ sign(cos)·j/‖j‖ - i/‖i‖·Σⱼ|cos|) / ‖i‖; the second term is the norm's own. */
static void orthogonal_add_gradient(const Vectors *v, Real *gradient) {
    Real product[BLOCK * BLOCK];
    double norm_i[BLOCK], norm_j[BLOCK];
    for (int64_t i = 0; i < v->count; i += BLOCK) {
        int64_t n = block_size(v, i);
        Real *g = gradient + (vector_at(v, i) - v->w);
        double sum[BLOCK] = {0};
        norms(v, i, norm_i);
        for (int64_t j = 0; j < v->count; j += BLOCK) {
            norms(v, j, norm_j);
            products(v, i, j, product);
            pair_up(v, i, j, norm_i, norm_j, product, sum);
            if (v->by_rows)
                st_gemm(false, false, n, v->length, block_size(v, j), 1, product, BLOCK, vector_at(v, j),
                        v->columns, 1, g, v->columns);
            else
                st_gemm(false, true, v->length, n, block_size(v, j), 1, vector_at(v, j), v->columns, product,
                        BLOCK, 1, g, v->columns);
        }
        int64_t next = v->by_rows ? v->columns : 1, stride = v->by_rows ? 1 : v->columns;
        for (int64_t a = 0; a < n; a++) {
            if (norm_i[a] <= least_norm) continue;
            Real own = (Real)(2 * v->share * sum[a] / (norm_i[a] * norm_i[a]));
            for (int64_t k = 0; k < v->length; k++)
                g[a * next + k * stride] -= own * vector_at(v, i)[a * next + k * stride];
        }
    }
}

double st_regularizer_whole_value(const StCall *call, const StShape *shape, const Real *w) {
    if (!st_regularizer_is_whole(call)) return st_regularizer_value(call, w, st_shape_size(shape));
    Vectors v = vectors_of(call, shape, w);
    return orthogonal_value(&v);
}

void st_regularizer_whole_add_gradient(const StCall *call, const StShape *shape, Real *gradient,
                                       const Real *w) {
    if (!st_regularizer_is_whole(call)) {
        st_regularizer_add_gradient(call, gradient, w, st_shape_size(shape));
        return;
    }
    Vectors v = vectors_of(call, shape, w);
    orthogonal_add_gradient(&v, gradient);
}
