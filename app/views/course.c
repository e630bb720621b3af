#include "views/course.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *place(Course *course, int index) {
    return course->value + (size_t)index * (size_t)course->width;
}

const double *course_at(const Course *course, int index) {
    return course->value + (size_t)index * (size_t)course->width;
}

void course_free(Course *course) {
    free(course->value);
    *course = (Course){0};
}

static bool is_of(const Course *course, const StFound *found, int width) {
    const StAsk *a = &course->of, *b = &found->ask;
    return course->known && course->width == width && course->run == found->run && a->part == b->part &&
           a->row == b->row && a->made == b->made && a->count == b->count;
}

static bool begin(Course *course, const StFound *found, int width) {
    if (course->width != width) course_free(course);
    if (!course->value) course->value = malloc(sizeof(double) * COURSE_MOST * (size_t)width);
    course->width = width;
    course->count = 0;
    course->run = found->run;
    course->of = found->ask;
    course->known = course->value != NULL;
    return course->known;
}

static void thin(Course *course) {
    int kept = 0;
    for (int i = 0; i < course->count; i += 2, kept++) {
        course->step[kept] = course->step[i];
        memmove(place(course, kept), place(course, i), sizeof(double) * (size_t)course->width);
    }
    course->count = kept;
}

void course_add(Course *course, const StFound *found, const double *values, int width) {
    if (width <= 0 || found->step < 0 || (!is_of(course, found, width) && !begin(course, found, width)))
        return;
    if (course->count == COURSE_MOST) thin(course);
    int at = course->count;
    while (at > 0 && course->step[at - 1] >= found->step)
        at--;
    size_t bytes = sizeof(double) * (size_t)width;
    if (at == course->count || course->step[at] != found->step) {
        memmove(place(course, at) + width, place(course, at), bytes * (size_t)(course->count - at));
        memmove(course->step + at + 1, course->step + at,
                sizeof *course->step * (size_t)(course->count - at));
        course->count++;
    }
    course->step[at] = found->step;
    memcpy(place(course, at), values, bytes);
}

int course_near(const Course *course, double step) {
    int best = -1;
    for (int i = 0; i < course->count; i++)
        if (best < 0 || fabs((double)course->step[i] - step) < fabs((double)course->step[best] - step))
            best = i;
    return best;
}
