/* The same tests on the double build. */
#define ST_DOUBLE
#include "test_learner.c"
