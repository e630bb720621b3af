#include "layers/constraint.h"

#include "math/scalar.h"

enum { BLOCK = 64 };

/* One call on one shape, as extents of rank ST_RANK_MAX with leading ones. */
typedef struct Projection {
    const double *p; /* the call's parameters */
    int64_t extent[ST_RANK_MAX], stride[ST_RANK_MAX];
    bool summed[ST_RANK_MAX]; /* the norm runs over this axis */
} Projection;

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

static Projection projection(const StCall *call, int bits, const StShape *shape) {
    Projection to = {.p = call->parameter};
    int64_t stride = 1;
    for (int i = ST_RANK_MAX - 1; i >= 0; i--) {
        int axis = i - (ST_RANK_MAX - shape->rank);
        to.extent[i] = axis < 0 ? 1 : shape->dim[axis];
        to.stride[i] = stride;
        stride *= to.extent[i];
        to.summed[i] = axis >= 0 && (bits & (ST_AXIS_BIT(axis) | ST_AXIS_BIT(axis - shape->rank)));
    }
    return to;
}

/* Steps through the axes that are summed (or those that are not), but for the last axis: the offset of the
 * next, or -1 behind the last. */
static int64_t next_place(const Projection *to, bool summed, int64_t place[ST_RANK_MAX]) {
    int64_t offset = 0;
    int i = ST_RANK_MAX - 2;
    for (; i >= 0; i--) {
        if (to->summed[i] != summed) continue;
        if (++place[i] < to->extent[i]) break;
        place[i] = 0;
    }
    if (i < 0) return -1;
    for (i = 0; i < ST_RANK_MAX - 1; i++)
        if (to->summed[i] == summed) offset += place[i] * to->stride[i];
    return offset;
}

/* Up to BLOCK norms side by side on the last axis (count of them), or, where that axis is summed too, one. */
static void project(const Projection *to, const Constraint *constraint, Real *w, int64_t count) {
    bool along = to->summed[ST_RANK_MAX - 1];
    int64_t length = to->extent[ST_RANK_MAX - 1], place[ST_RANK_MAX] = {0};
    double squares[BLOCK] = {0};
    Real scale[BLOCK];
    for (int64_t at = 0; at >= 0; at = next_place(to, true, place))
        for (int64_t i = 0; i < (along ? length : count); i++)
            squares[along ? 0 : i] += (double)w[at + i] * (double)w[at + i];
    for (int64_t i = 0; i < count; i++) {
        double norm = sqrt(squares[i]);
        scale[i] = (Real)(constraint->wanted(to->p, norm) / (1e-7 + norm));
    }
    for (int64_t at = 0; at >= 0; at = next_place(to, true, place))
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
    Projection to = projection(call, (int)call->parameter[constraint->axis], shape);
    int64_t last = to.summed[ST_RANK_MAX - 1] ? 1 : to.extent[ST_RANK_MAX - 1], place[ST_RANK_MAX] = {0};
    for (int64_t at = 0; at >= 0; at = next_place(&to, false, place))
        for (int64_t from = 0; from < last; from += BLOCK)
            project(&to, constraint, w + at + from, last - from < BLOCK ? last - from : BLOCK);
}
