#include "base/shape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

StShape st_shape(int rank, ...) {
    StShape shape = {.rank = rank};
    va_list args;
    va_start(args, rank);
    for (int i = 0; i < rank; i++)
        shape.dim[i] = va_arg(args, int);
    va_end(args);
    return shape;
}

int64_t st_times(int64_t a, int64_t b) {
    int64_t product;
    if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product)) return -1;
    return product;
}

int64_t st_plus(int64_t a, int64_t b) {
    int64_t sum;
    if (a < 0 || b < 0 || __builtin_add_overflow(a, b, &sum)) return -1;
    return sum;
}

int64_t st_shape_size(const StShape *shape) {
    if (shape->rank == 0) return 0;
    int64_t size = 1;
    for (int i = 0; i < shape->rank; i++)
        size = st_times(size, shape->dim[i]);
    return size;
}

bool st_shape_equal(const StShape *a, const StShape *b) {
    if (a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

/* open: how many extents may be -1. */
static bool parse(const char *text, int open, StShape *shape, StError *error) {
    StShape read = {0};
    const char *s = text;
    for (;;) {
        if (read.rank == ST_RANK_MAX)
            return st_fail(error, ST_ERR_SHAPE, "shape '%.40s' has more than %d extents", text, ST_RANK_MAX);
        int64_t extent = 0;
        const char *start = s;
        if (open > 0 && strncmp(s, "-1", 2) == 0) {
            open--;
            extent = -1;
            s += 2;
        }
        for (; extent >= 0 && *s >= '0' && *s <= '9'; s++)
            extent = extent > INT32_MAX ? extent : extent * 10 + (*s - '0');
        if (s == start || extent == 0 || extent > INT32_MAX || (*s && *s != 'x'))
            return st_fail(error, ST_ERR_SHAPE, "shape '%.40s' is not extents from 1 joined by x (28x28x1)",
                           text);
        read.dim[read.rank++] = extent;
        if (!*s++) break;
    }
    *shape = read;
    return true;
}

bool st_shape_parse(const char *text, StShape *shape, StError *error) {
    return parse(text, 0, shape, error);
}

bool st_shape_parse_open(const char *text, StShape *shape, StError *error) {
    return parse(text, 1, shape, error);
}

char *st_shape_print(const StShape *shape, char buffer[ST_SHAPE_TEXT]) {
    if (shape->rank == 0) return strcpy(buffer, "?");
    int at = 0;
    for (int i = 0; i < shape->rank; i++)
        at += snprintf(buffer + at, ST_SHAPE_TEXT - (size_t)at, "%s%" PRId64, i ? "x" : "", shape->dim[i]);
    return buffer;
}
