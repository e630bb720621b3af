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
/* Its rows, for any struct with these fields. */
#define RANGE_OPTIONS(Struct)                                                                                \
    ST_OPTION(Struct, low, ST_NUMBER, "1e-6", .low = 0, .high = 1e6, .open_low = true,                       \
              .help = "the learning rate of the first step"),                                                \
        ST_OPTION(Struct, high, ST_NUMBER, "1", .low = 0, .high = 1e6, .open_low = true,                     \
                  .help = "the learning rate of the last step"),                                             \
        ST_OPTION(Struct, steps, ST_INT, "100", .low = 2, .high = ST_RATE_TEST_MAX,                          \
                  .help = "steps, one batch each")
extern const StOption range_options[];

/* Begins one with the recipe as it is and the weights of now (those of a run, of a loaded file, else new
 * ones); the one before is forgotten. Needs data, a stack and a compile line. */
bool session_range_begin(Session *session, const RangePlan *plan, StError *error);
StRateTest *session_range(const Session *session); /* NULL: none yet */
void session_range_free(SessionRange *range);

/* Outside the workbench it waits until the test is over and prints the view `rates`; there it goes to the
 * view, which fills in as points come. */
bool range_act(const CommandCall *call, StError *error);

#endif
