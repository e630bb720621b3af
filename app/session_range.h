/* The learning-rate range test of a session: the newest one, at work or over. */
#ifndef APP_SESSION_RANGE_H
#define APP_SESSION_RANGE_H

#include "command.h"

#include "train/rate_test.h"

typedef struct SessionRange SessionRange;

/* `range_test low=1e-6 high=1 steps=100` */
typedef struct RangePlan {
    double low, high;
    int steps;
} RangePlan;
extern const StOption range_options[];

/* Begins one with the recipe as it is and the weights of now (those of a run, of a loaded file, else new
 * ones); the one before is forgotten. Needs data, a stack and a compile line. */
bool session_range_begin(Session *session, const RangePlan *plan, StError *error);
StRateTest *session_range(const Session *session); /* NULL: none yet */
void session_range_free(SessionRange *range);

/* Outside the workbench: waits until it is over, then prints the view `rates`. */
bool range_act(const CommandCall *call, StError *error);

#endif
