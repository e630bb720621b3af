/* A course: some numbers of every snapshot that a view has seen, in the order of the steps. Views keep one in
 * their state, so that what a study finds now can be drawn over time; scrubbing through the moments of a run
 * fills it in. Bounded: when it is full, every second one goes. Zero-initialise; one thread. */
#ifndef APP_VIEWS_COURSE_H
#define APP_VIEWS_COURSE_H

#include "inspect/studies.h"

enum { COURSE_MOST = 256 };

typedef struct Course {
    int width, count;
    int64_t step[COURSE_MOST];
    double *value; /* [COURSE_MOST][width] */
    uint64_t run;  /* what they are of: a run, and the rows that were asked for */
    StAsk of;
    bool known;
} Course;

/* Adds values[width] of what was found (again: in place of what there was of that step). Another run, another
 * part or example, or another width begin anew. */
void course_add(Course *course, const StFound *found, const double *values, int width);
const double *course_at(const Course *course, int index); /* [width] of the index-th step */
/* The one nearest to a step; -1: there is none. */
int course_near(const Course *course, double step);
void course_free(Course *course);

#endif
