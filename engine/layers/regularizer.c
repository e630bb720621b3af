#include "layers/regularizer.h"

#include "math/vector.h"

#include <math.h>

/* Which of a kind's parameters are λ₁ and λ₂; -1: has none. */
typedef struct Lambdas {
    int l1, l2;
} Lambdas;

#define LAMBDA(id)                                                                                           \
    { #id, "0.01", 0, INFINITY }

/* name, help, place of λ₁ and λ₂ among the parameters, the parameters */
#define REGULARIZERS(ROW)                                                                                    \
    ROW(none, "nothing is added to the loss", -1, -1, {0})                                                   \
    ROW(l1, "λ·Σ|w|: makes weights exactly 0", 0, -1, LAMBDA(l1))                                            \
    ROW(l2, "λ·Σw²: keeps weights small", -1, 0, LAMBDA(l2))                                                 \
    ROW(l1_l2, "λ₁·Σ|w| + λ₂·Σw²", 0, 1, LAMBDA(l1), LAMBDA(l2))

#define CHOICE(id, text, l1, l2, ...) {.name = #id, .help = text, .parameter = {__VA_ARGS__}},
const StChoice st_regularizers[] = {REGULARIZERS(CHOICE){0}};

#define PLACES(id, text, l1, l2, ...) {l1, l2},
static const Lambdas places[] = {REGULARIZERS(PLACES)};

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
