#include "inspect/lens.h"
#include "session_inner.h"
#include "view.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The tabs, the views of the inside, and those behind them. */
#define VIEWS(ROW)                                                                                           \
    ROW(overview)                                                                                            \
    ROW(stack)                                                                                               \
    ROW(data)                                                                                                \
    ROW(train)                                                                                               \
    ROW(weights)                                                                                             \
    ROW(inside)                                                                                              \
    ROW(mistakes)                                                                                            \
    ROW(why)                                                                                                 \
    ROW(draw)                                                                                                \
    ROW(activations)                                                                                         \
    ROW(gradients)                                                                                           \
    ROW(neuron)                                                                                              \
    ROW(map)                                                                                                 \
    ROW(geometry)                                                                                            \
    ROW(surface)                                                                                             \
    ROW(time)                                                                                                \
    ROW(autopsy)                                                                                             \
    ROW(rates)                                                                                               \
    ROW(start)                                                                                               \
    ROW(log)                                                                                                 \
    ROW(help)

#define VIEW_EXTERN(name) extern const View view_##name;
#define VIEW_ROW(name)    &view_##name,
VIEWS(VIEW_EXTERN)
const View *const views[] = {VIEWS(VIEW_ROW) NULL};

const View *view_find(const char *name) {
    for (int i = 0; views[i]; i++) {
        if (!strcmp(views[i]->name, name)) return views[i];
    }
    return NULL;
}

bool view_is_inside(const View *view) {
    return view->inside || view == &view_inside;
}

const char *view_name_at(const void *unused, int index) {
    (void)unused;
    return views[index] ? views[index]->name : NULL;
}

/* Whether the gaze has an example made by hand, and of this data: not of what was there before. */
static bool made_of(const Gaze *gaze, const StDataset *dataset) {
    if (!gaze->input || !dataset) return false;
    StShape shape = st_dataset_x_shape(dataset);
    return st_shape_size(&shape) == gaze->inputs;
}

bool view_ask(ViewContext *context, const View *view, StAsk *ask) {
    int first = st_study_find(view->name, NULL);
    *ask = st_ask(first < 0 || *context->method < 0 ? first : *context->method);
    if (first < 0) return false;
    const Gaze *gaze = context->gaze;
    ask->any = *context->method < 0;
    ask->layer = gaze->layer, ask->unit = gaze->unit;
    ask->part = gaze->part, ask->row = gaze->row;
    ask->klass = gaze->klass, ask->column = gaze->column;
    if (made_of(gaze, session_dataset_loaded(context->session, NULL)))
        ask->input = gaze->input, ask->inputs = gaze->inputs;
    ask->made = gaze->made;
    ask->turn = context->turn[ask->study];
    if (view->ask) view->ask(context, ask);
    return true;
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
    Gaze gaze;
    int method;
    int64_t turn[STUDIES_MAX];
    StFound *found;
    StError trouble; /* why there is no look */
} Shown;

static void shown_free(Shown *shown) {
    if (shown->context.state && shown->view->close) shown->view->close(shown->context.state);
    free(shown->context.state);
    st_found_free(shown->found);
    gaze_make(&shown->gaze, NULL, 0);
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
        snapshot->before = session->held->before, snapshot->gradients = session->held->gradients;
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

/* --layer, --unit, --row, --part, --class, --column and --method, as `look` takes them. */
static bool shown_gaze(Session *session, const ViewSelect *select, Shown *shown, StError *error) {
    GazeWords words = {0};
    if (select->layer) snprintf(words.layer, sizeof words.layer, "%s", select->layer);
    if (select->part) snprintf(words.part, sizeof words.part, "%s", select->part);
    if (select->klass) snprintf(words.klass, sizeof words.klass, "%s", select->klass);
    if (select->column) snprintf(words.column, sizeof words.column, "%s", select->column);
    if (select->unit >= 0) snprintf(words.unit, sizeof words.unit, "%d", select->unit);
    if (select->row >= 0) snprintf(words.row, sizeof words.row, "%d", select->row);
    shown->gaze = gaze_nothing;
    if (st_study_find(shown->view->name, NULL) < 0) return true;
    const char *method = select->method ? select->method : "";
    if (*method && (shown->method = st_study_find(shown->view->name, method)) < 0)
        return st_fail_unknown(error, "method", method, st_study_name_at, shown->view->name);
    return !session_recipe(session)->data.given || gaze_look(&shown->gaze, session, NULL, &words, error);
}

/* What the view's study finds out; false with an error where it has one that can't be made. */
static bool shown_study(Session *session, const ViewSelect *select, Shown *shown, StError *error) {
    StAsk ask;
    ViewContext *context = &shown->context;
    if (!view_ask(context, shown->view, &ask)) return true;
    if (!shown->snapshot.weights.values) {
        *error = shown->trouble;
        return false;
    }
    const Recipe *recipe = session_recipe(session);
    const StDataset *dataset = session_dataset(session, error);
    if (!dataset) return false;
    if (select->count > 0) ask.count = select->count;
    if (!st_is_none(select->value)) ask.value = select->value;
    StLensPlan plan = {&recipe->stack, &recipe->compile, dataset, recipe->seed};
    StLens *lens = st_lens_create(&plan, error);
    if (!lens) return false;
    ask.turn = 1;
    context->found = shown->found = st_found_make(lens, &ask, &shown->snapshot, error);
    st_lens_destroy(lens);
    return shown->found || st_fail_at(error, shown->view->name);
}

const ViewSelect view_select_nothing = {.unit = -1, .row = -1, .value = NAN};

static bool shown_make(Session *session, const char *name, const ViewSelect *select, Shown *shown,
                       StError *error) {
    *shown = (Shown){.view = view_find(name), .method = -1};
    if (!shown->view) return st_fail_unknown(error, "view", name, view_name_at, NULL);
    if (!select) select = &view_select_nothing;
    if (!shown_gaze(session, select, shown, error)) return false;
    shown->history = history_create();
    shown->trends = trends_create();
    void *state = calloc(1, shown->view->state_size ? shown->view->state_size : 1);
    shown->context =
        (ViewContext){.view = shown->view,
                      .session = session,
                      .now = session_history(session) ? session_history(session) : shown->history,
                      .last = shown->history,
                      .trends = shown->trends,
                      .gaze = &shown->gaze,
                      .method = &shown->method,
                      .turn = shown->turn,
                      .state = state};
    shown->context.select = *select;
    if (!shown->history || !shown->trends || !state) {
        shown_free(shown);
        return st_fail_memory(error, "the view", sizeof *shown);
    }
    shown_look(session, shown);
    shown->context.trouble = shown->look ? "" : shown->trouble.message;
    if (shown_study(session, select, shown, error)) return true;
    shown_free(shown);
    return false;
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
    bool has = shown.view->json || shown.found;
    if (shown.view->json)
        shown.view->json(&shown.context, &text);
    else if (shown.found)
        st_found_json(shown.found, &text);
    bool done = has && !text.failed;
    if (done) fprintf(out, "%s\n", st_text_string(&text));
    st_text_free(&text);
    shown_free(&shown);
    if (!has) return st_fail(error, ST_ERR_STATE, "show %s: it has no readings to print as JSON", name);
    return done || st_fail_memory(error, "the readings", 0);
}
