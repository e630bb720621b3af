#include "session_inner.h"
#include "view.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const View view_overview, view_stack, view_data, view_train, view_weights, view_start, view_log,
    view_rates, view_help;

const View *const views[] = {&view_overview, &view_stack, &view_data, &view_train, &view_weights,
                             &view_rates,    &view_start, &view_log,  &view_help,  NULL};

const View *view_find(const char *name) {
    for (int i = 0; views[i]; i++) {
        if (!strcmp(views[i]->name, name)) return views[i];
    }
    return NULL;
}

const char *view_name_at(const void *unused, int index) {
    (void)unused;
    return views[index] ? views[index]->name : NULL;
}

/* ---- strata show ---- */

enum { ROWS = 30 }; /* where neither a size is given nor the view knows better */

/* Everything that one drawing needs, made here and now. */
typedef struct Shown {
    const View *view;
    ViewContext context;
    History *history;
    Trends *trends;
    StInspector *inspector;
    StNetwork *network;  /* of initial weights, where the session has none */
    StSnapshot snapshot; /* the look is of it */
    StLook *look;
    StError trouble; /* why there is no look */
} Shown;

static void shown_free(Shown *shown) {
    if (shown->context.state && shown->view->close) shown->view->close(shown->context.state);
    free(shown->context.state);
    if (shown->look) st_look_free(shown->look);
    if (shown->inspector) st_inspector_destroy(shown->inspector);
    if (shown->network) st_network_destroy(shown->network);
    trends_free(shown->trends);
    history_free(shown->history);
}

/* The weights of the run; without one, those that were loaded (a file has an order of its own) or else the
 * recipe's initial ones, in a network's order. */
static bool shown_weights(Session *session, Shown *shown, const StDataset *dataset, StWeightSet *set,
                          StError *error) {
    const Recipe *recipe = session_recipe(session);
    StWeightSet given;
    bool has = session_weights(session, &given, NULL);
    if (session_run(session)) {
        *set = given;
        return has;
    }
    StShape input = st_dataset_x_shape(dataset);
    StNetworkPlan plan = {.input = recipe->stack.input.rank ? &recipe->stack.input : &input, .rows = 1};
    shown->network = st_network_create(&recipe->stack, &plan, error);
    if (!shown->network) return false;
    if (!st_network_initialize(shown->network, recipe->seed))
        return st_fail(error, ST_ERR_MEMORY, "out of memory for the first weights");
    set->tensor = st_network_tensors(shown->network, &set->count);
    float *values = st_network_weights(shown->network, &set->total);
    set->values = values;
    if (has) shown->snapshot.step = shown->snapshot.epoch = -1; /* of a file: not known */
    return !has || st_weights_match("the weights", &given, set->tensor, set->count, values, error);
}

/* The look, where recipe and data allow one; else the trouble says why not. */
static void shown_look(Session *session, Shown *shown) {
    const Recipe *recipe = session_recipe(session);
    StWant want = {.tensor = -1};
    StSnapshot *snapshot = &shown->snapshot;
    StError *error = &shown->trouble;
    if (!session_is_complete(session, false, error)) return;
    const StDataset *dataset = session_dataset(session, error);
    const SessionRun *run = session_run(session);
    if (!dataset || !shown_weights(session, shown, dataset, &snapshot->weights, error)) return;
    if (run) {
        StTrainerStatus status;
        st_trainer_status(run->trainer, &status);
        snapshot->step = status.step, snapshot->epoch = status.epoch, snapshot->run = run->number;
    }
    shown->inspector = st_inspector_create(&recipe->stack, &recipe->compile, dataset, recipe->seed, error);
    if (!shown->inspector) return;
    /* The first look tells the view what there is; the second has what it then wants. */
    for (int turn = 0; turn < 2; turn++) {
        StWant before = want;
        if (shown->view->want) shown->view->want(&shown->context, &want);
        if (turn && !memcmp(&before, &want, sizeof want)) break;
        StLook *look = st_look_make(shown->inspector, snapshot, &want, NULL, error);
        if (!look) break;
        if (shown->look) st_look_free(shown->look);
        shown->context.look = shown->look = look;
    }
    if (shown->look) trends_add(shown->trends, &shown->look->readings);
}

static bool shown_make(Session *session, const char *name, const ViewSelect *select, Shown *shown,
                       StError *error) {
    *shown = (Shown){.view = view_find(name)};
    if (!shown->view) return st_fail_unknown(error, "view", name, view_name_at, NULL);
    shown->history = history_create();
    shown->trends = trends_create();
    void *state = calloc(1, shown->view->state_size ? shown->view->state_size : 1);
    shown->context =
        (ViewContext){.session = session,
                      .now = session_history(session) ? session_history(session) : shown->history,
                      .last = shown->history,
                      .trends = shown->trends,
                      .state = state};
    shown->context.select = select ? *select : (ViewSelect){.unit = -1, .row = -1};
    if (!shown->history || !shown->trends || !state) {
        shown_free(shown);
        return st_fail_memory(error, "the view", sizeof *shown);
    }
    shown_look(session, shown);
    shown->context.trouble = shown->look ? "" : shown->trouble.message;
    return true;
}

/* Takes blank lines off the end. */
static void trim(char *text) {
    size_t length = strlen(text), kept = length;
    while (kept > 0 && (text[kept - 1] == '\n' || text[kept - 1] == ' '))
        kept--;
    if (kept > 0 && kept < length) strcpy(text + kept, "\n");
}

bool view_print(Session *session, const char *name, int w, int h, const ViewSelect *select, FILE *out,
                StError *error) {
    Shown shown;
    bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
    UiLook look = {.ladder = utf8 ? UI_BRAILLE : UI_ASCII, .depth = UI_MONO};
    if (!shown_make(session, name, select, &shown, error)) return false;
    int rows = h > 0 ? h : shown.view->rows ? shown.view->rows(&shown.context) : ROWS;
    UiGrid *grid = ui_grid_create(w, rows, look);
    char *text = NULL;
    if (grid) {
        shown.view->draw(&shown.context, grid, ui_grid_rect(grid));
        text = ui_grid_string(grid);
        if (text && h == 0) trim(text);
    }
    if (text) fputs(text, out);
    bool done = text != NULL;
    free(text);
    ui_grid_free(grid);
    shown_free(&shown);
    return done || st_fail_memory(error, "the picture", (size_t)w * (size_t)rows);
}

bool view_print_json(Session *session, const char *name, const ViewSelect *select, FILE *out,
                     StError *error) {
    Shown shown;
    StText text = {0};
    if (!shown_make(session, name, select, &shown, error)) return false;
    bool has = shown.view->json != NULL;
    if (has) shown.view->json(&shown.context, &text);
    bool done = has && !text.failed;
    if (done) fprintf(out, "%s\n", st_text_string(&text));
    st_text_free(&text);
    shown_free(&shown);
    if (!has) return st_fail(error, ST_ERR_STATE, "show %s: it has no readings to print as JSON", name);
    return done || st_fail_memory(error, "the readings", 0);
}
