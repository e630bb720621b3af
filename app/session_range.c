#include "session_range.h"
#include "session_inner.h"
#include "show.h"

#include <math.h>
#include <stdlib.h>

struct SessionRange {
    StRateTest *test;
    Recipe recipe; /* what the test was begun with */
    Loaded *data;
};

const StOption range_options[] = {RANGE_OPTIONS(RangePlan), {0}};

void session_range_free(SessionRange *range) {
    if (!range) return;
    st_rate_test_destroy(range->test);
    loaded_release(range->data);
    recipe_free(&range->recipe);
    free(range);
}

static bool start(Session *session, SessionRange *range, const RangePlan *plan, StError *error) {
    StWeightSet set;
    bool has = session_weights(session, &set, NULL);
    StRateTestPlan test = {.stack = &range->recipe.stack,
                           .compile = &range->recipe.compile,
                           .dataset = range->data->dataset,
                           .weights = has ? &set : NULL,
                           .seed = range->recipe.seed,
                           .batch_size = range->recipe.fit.batch_size,
                           .threads = session_threads(session),
                           .steps = plan->steps,
                           .low = plan->low,
                           .high = plan->high,
                           .wake_fd = session->plan.wake_fd};
    range->test = st_rate_test_start(&test, error);
    return range->test != NULL;
}

bool session_range_begin(Session *session, const RangePlan *plan, StError *error) {
    if (!session_is_complete(session, false, error)) return false;
    SessionRange *range = calloc(1, sizeof *range);
    if (!range) return st_fail_memory(error, "the range test", sizeof *range);
    if (!recipe_copy(&range->recipe, &session->recipe, error)) {
        free(range);
        return false;
    }
    range->data = session->data;
    range->data->users++;
    if (!start(session, range, plan, error)) {
        session_range_free(range);
        return false;
    }
    session_range_free(session->range);
    session->range = range;
    return true;
}

StRateTest *session_range(const Session *session) {
    return session->range ? session->range->test : NULL;
}

bool range_act(const CommandCall *call, StError *error) {
    RangePlan plan;
    if (!st_options_parse(range_options, "range_test", &plan, sizeof plan, call->words + 1, call->count - 1,
                          error) ||
        !session_range_begin(call->session, &plan, error))
        return st_fail_at(error, "range_test");
    if (session_place(call->session) == PLACE_WORKBENCH)
        return session_run_line(call->session, "view rates", (Source){0}, error);
    st_rate_test_wait(session_range(call->session));
    ShowPlan show = {.view = "rates", .unit = -1, .row = -1};
    return show_run(call->session, &show, error);
}
