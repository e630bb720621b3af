#include "layers/constraint.h"

#include "layers/walk.h"
#include "math/scalar.h"

enum { BLOCK = 64 };

#define AXIS                                                                                                 \
    { "axis", "[0]", 0, 0 }

/* name, help, formula, place of axis among the parameters (-1: it works by element), the norm wanted of n (or
 * the value of w), parameters */
#define CONSTRAINTS(ROW)                                                                                     \
    ROW(none, "held to nothing", "w", -1, n, {0})                                                            \
    ROW(max_norm, "no longer than max_value", "w·min(‖w‖, max_value) / ‖w‖", 1, n > p[0] ? p[0] : n,         \
        {"max_value", "2", 0, INFINITY}, AXIS)                                                               \
    ROW(non_neg, "never below 0", "max(0, w)", -1, n < 0 ? 0 : n, {0})                                       \
    ROW(unit_norm, "of length 1", "w / ‖w‖", 0, 1, AXIS)                                                     \
    ROW(min_max_norm, "no shorter than min_value and no longer than max_value, drawn there by rate a step",  \
        "w·(rate·clip(‖w‖, min_value, max_value) + (1 - rate)·‖w‖) / ‖w‖", 3,                                \
        p[2] * (n < p[0]   ? p[0]                                                                            \
                : n > p[1] ? p[1]                                                                            \
                           : n) +                                                                            \
            (1 - p[2]) * n,                                                                                  \
        {"min_value", "0", 0, INFINITY}, {"max_value", "1", 0, INFINITY}, {"rate", "1", 0, 1}, AXIS)

#define CHOICE(id, text, formula, axis, wanted, ...) {.name = #id, .help = text, .parameter = {__VA_ARGS__}},
const StChoice st_constraints[] = {CONSTRAINTS(CHOICE){0}};

#define WANTED(id, text, formula, axis, wanted, ...)                                                         \
    static double id##_wanted(const double *p, double n) {                                                   \
        (void)p, (void)n;                                                                                    \
        return wanted;                                                                                       \
    }
CONSTRAINTS(WANTED)

typedef struct Constraint {
    const char *formula;
    int axis;
    double (*wanted)(const double *p, double n);
} Constraint;

#define ROW_OF(id, text, formula, axis, wanted, ...) {formula, axis, id##_wanted},
static const Constraint constraints[] = {CONSTRAINTS(ROW_OF)};

const char *st_constraint_formula(int kind) {
    return constraints[kind].formula;
}

bool st_constraint_fits(const StCall *call, const StShape *shape, StError *error) {
    int place = constraints[call->kind].axis;
    if (place < 0) return true;
    for (int axis = -ST_RANK_MAX; axis < ST_RANK_MAX; axis++)
        if (((int)call->parameter[place] & ST_AXIS_BIT(axis)) && (axis >= shape->rank || axis < -shape->rank))
            return st_fail(error, ST_ERR_VALUE, "%s's axis %d: wanted %d to %d for a weight of %d axes",
                           st_constraints[call->kind].name, axis, -shape->rank, shape->rank - 1, shape->rank);
    return true;
}

static StWalk walk_of(const StShape *shape, int bits) {
    bool summed[ST_RANK_MAX] = {false};
    for (int axis = 0; axis < shape->rank; axis++)
        summed[axis] = bits & (ST_AXIS_BIT(axis) | ST_AXIS_BIT(axis - shape->rank));
    return st_walk(shape, summed);
}

/* Up to BLOCK norms side by side on the last axis (count of them), or, where that axis is summed too, one. */
static void project(const StWalk *walk, const StCall *call, Real *w, int64_t count) {
    const Constraint *constraint = &constraints[call->kind];
    bool along = walk->over[ST_AXIS_LAST];
    int64_t length = walk->extent[ST_AXIS_LAST], place[ST_RANK_MAX] = {0};
    double squares[BLOCK] = {0};
    Real scale[BLOCK];
    for (int64_t at = 0; at >= 0; at = st_walk_next(walk, true, place))
        for (int64_t i = 0; i < (along ? length : count); i++)
            squares[along ? 0 : i] += (double)w[at + i] * (double)w[at + i];
    for (int64_t i = 0; i < count; i++) {
        double norm = sqrt(squares[i]);
        scale[i] = (Real)(constraint->wanted(call->parameter, norm) / (1e-7 + norm));
    }
    for (int64_t at = 0; at >= 0; at = st_walk_next(walk, true, place))
        for (int64_t i = 0; i < (along ? length : count); i++)
            w[at + i] *= scale[along ? 0 : i];
}

void st_constraint_apply(const StCall *call, const StShape *shape, Real *w) {
    const Constraint *constraint = &constraints[call->kind];
    if (call->kind == 0) return;
    if (constraint->axis < 0) {
        for (int64_t i = 0, n = st_shape_size(shape); i < n; i++)
            w[i] = (Real)constraint->wanted(call->parameter, (double)w[i]);
        return;
    }
    StWalk walk = walk_of(shape, (int)call->parameter[constraint->axis]);
    int64_t last = walk.over[ST_AXIS_LAST] ? 1 : walk.extent[ST_AXIS_LAST], place[ST_RANK_MAX] = {0};
    for (int64_t at = 0; at >= 0; at = st_walk_next(&walk, false, place))
        for (int64_t from = 0; from < last; from += BLOCK)
            project(&walk, call, w + at + from, last - from < BLOCK ? last - from : BLOCK);
}
