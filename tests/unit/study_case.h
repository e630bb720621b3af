/* What the tests of studies share: rows and weights of fixtures laid on a lens, and what was found held
 * against what was wanted. Include after trainer_setup.h. */
#ifndef TESTS_UNIT_STUDY_CASE_H
#define TESTS_UNIT_STUDY_CASE_H

#include "inspect/lens.h"
#include "inspect/study.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* The numbers of tests/oracle/fixture.py, in [-0.5, 0.5). */
static inline double noise(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / 16777216.0 - 0.5;
}

/* A file of rows x1, x2, … and y, which is a label or, where label is NULL, a target. */
static inline void write_rows(const char *path, const double *x, int inputs, const int *label,
                              const double *target, int rows) {
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    for (int i = 0; i < inputs; i++)
        fprintf(out, "x%d,", i + 1);
    fprintf(out, "y\n");
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < inputs; i++)
            fprintf(out, "%.9g,", x[r * inputs + i]);
        if (label)
            fprintf(out, "%d\n", label[r]);
        else
            fprintf(out, "%.9g\n", target[r]);
    }
    fclose(out);
}

static inline StLens *lens_of(const Setup *setup, uint64_t seed) {
    StError error = {0};
    StLensPlan plan = {&setup->stack, &setup->compile, setup->dataset, seed};
    StLens *lens = st_lens_create(&plan, &error);
    if (!lens) fail_msg("%s", error.message);
    return lens;
}

/* Weights to fill in, those of the start at first, freed by the caller; set gets them with the lens's table.
 */
static inline float *weights_of(StLens *lens, StWeightSet *set) {
    StError error = {0};
    if (!st_lens_start(lens, set, &error)) fail_msg("%s", error.message);
    float *values = malloc((size_t)(set->total + 1) * sizeof *values);
    assert_non_null(values);
    memcpy(values, set->values, (size_t)set->total * sizeof *values);
    set->values = values;
    return values;
}

/* Into the same: tensor behind tensor without the gaps, as fixtures list them. Returns how many were taken.
 */
static inline int64_t lay_out(const StWeightSet *set, float *values, const double *from) {
    int64_t at = 0;
    for (int i = 0; i < set->count; i++)
        for (int64_t k = 0; k < set->tensor[i].size; k++)
            values[set->tensor[i].offset + k] = (float)from[at++];
    return at;
}

/* ---- what was found ---- */

static inline void near_within(const char *what, int64_t index, double got, double wanted, double tolerance) {
    if (isnan(wanted) ? !isnan(got) : !(fabs(got - wanted) <= tolerance * (1e-3 + fabs(wanted))))
        fail_msg("%s %lld is %.17g, wanted %.17g", what, (long long)index, got, wanted);
}

static inline void near(const char *what, int64_t index, double got, double wanted) {
    near_within(what, index, got, wanted, 1e-9);
}

static inline double fact(const StFinding *finding, const char *name) {
    assert_non_null(st_finding_find(finding, name));
    return st_finding_value(finding, name);
}

static inline void is_fact_within(const StFinding *finding, const char *name, double wanted,
                                  double tolerance) {
    near_within(name, 0, fact(finding, name), wanted, tolerance);
}

static inline void is_fact(const StFinding *finding, const char *name, double wanted) {
    near(name, 0, fact(finding, name), wanted);
}

static inline const double *array_of(const StFinding *finding, const char *name, int64_t count) {
    int64_t size = -1;
    const double *values = st_finding_values(finding, name, &size);
    if (!values || size != count)
        fail_msg("%s has %lld values, wanted %lld", name, (long long)size, (long long)count);
    return values;
}

static inline void is_array_within(const StFinding *finding, const char *name, const double *wanted,
                                   int64_t count, double tolerance) {
    const double *values = array_of(finding, name, count);
    for (int64_t i = 0; i < count; i++)
        near_within(name, i, values[i], wanted[i], tolerance);
}

static inline void is_array(const StFinding *finding, const char *name, const double *wanted, int64_t count) {
    is_array_within(finding, name, wanted, count, 1e-9);
}

static inline void is_note(const StFinding *finding, const char *name, const char *part) {
    if (!strstr(st_finding_text(finding, name), part))
        fail_msg("%s is '%s', wanted '%s'", name, st_finding_text(finding, name), part);
}

#endif
