/* Mistakes: what is taken for what, the rows behind it, and how far the network's confidence can be trusted.
 */
#include "views/mistakes.h"

#include <stdio.h>
#include <string.h>

/* The ways to look, by the names of their studies. */
static const struct {
    const char *study;
    void (*draw)(ViewContext *context, UiGrid *grid, UiRect area);
    bool (*press)(ViewContext *context, UiKey key);
    bool (*mouse)(ViewContext *context, const UiEvent *event);
} ways[] = {
    {"confusion", mistakes_matrix_draw, mistakes_matrix_press, mistakes_matrix_mouse},
    {"examples", mistakes_list_draw, mistakes_list_press, mistakes_list_mouse},
    {"curve", mistakes_curve_draw, mistakes_curve_press, NULL},
    {"calibration", mistakes_calibration_draw, NULL, NULL},
    {"residuals", mistakes_residuals_draw, mistakes_residuals_press, NULL},
};

/* Index into ways of what is shown; -1: nothing yet. */
static int way_of(const ViewContext *context) {
    const StStudy *study = inside_study(context);
    for (int i = 0; study && i < (int)(sizeof ways / sizeof *ways); i++)
        if (!strcmp(ways[i].study, study->name)) return i;
    return -1;
}

static bool has_finding(const ViewContext *context) {
    return context->found && !*context->found->trouble && context->found->finding.count > 0;
}

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    int way = way_of(context);
    if (!inside_head(context, grid, &area) || way < 0) return;
    ways[way].draw(context, grid, area);
}

/* The whole part is looked at, so that layer, row and a made example change nothing; which cell's rows are
 * listed is the view's own in the workbench. */
static void ask(ViewContext *context, StAsk *ask) {
    const MistakesState *state = context->state;
    bool examples = !strcmp(st_studies[ask->study]->name, "examples");
    ask->layer = ask->column = -1;
    ask->input = NULL, ask->inputs = 0, ask->made = 0;
    if (!examples) ask->unit = -1;
    if (!context->live) return;
    ask->row = -1;
    if (!examples) return;
    ask->klass = state->list.cell ? state->list.from : -1;
    ask->unit = state->list.cell ? state->list.to : -1;
}

static bool press(ViewContext *context, UiKey key) {
    int way = way_of(context);
    if (key == UI_KEY_ESCAPE && way > 0 && strcmp(ways[way].study, "residuals"))
        return context->run(context->bench, "look method=confusion"), true;
    return has_finding(context) && way >= 0 && ways[way].press && ways[way].press(context, key);
}

static bool mouse(ViewContext *context, const UiEvent *event) {
    int way = way_of(context);
    return has_finding(context) && way >= 0 && ways[way].mouse && ways[way].mouse(context, event);
}

/* ---- what one may do ---- */

#define COMMON_HINTS                                                                                         \
    {'v', "look method=next", "method", "The next way to look"},                                             \
        {'p', "look part=next", "part", "Another part of the data"}, {                                       \
        UI_KEY_ESCAPE, "view back", "back", "One step back"                                                \
    }

static const UiBinding matrix_hints[] = {
    {UI_KEY_ENTER, "press enter", "its examples", "Lists the rows of the cell under the cursor"},
    {UI_KEY_UP, "press up", "cell", "Another cell"},
    {UI_KEY_DOWN, "press down", "cell", "Another cell"},
    {UI_KEY_LEFT, "press left", "cell", "Another cell"},
    {UI_KEY_RIGHT, "press right", "cell", "Another cell"},
    COMMON_HINTS,
    {' ', "play", "train", "Trains, or pauses"},
    {0}};

static const UiBinding list_hints[] = {{UI_KEY_UP, "press up", "example", "The example before"},
                                       {UI_KEY_DOWN, "press down", "example", "The next example"},
                                       {'W', "view why", "why", "Which inputs the answer came from"},
                                       {'c', "press c", "all / cell", "All mistakes, or those of the cell"},
                                       COMMON_HINTS,
                                       {' ', "play", "train", "Trains, or pauses"},
                                       {0}};

static const UiBinding curve_hints[] = {
    {UI_KEY_LEFT, "press left", "threshold", "A lower threshold"},
    {UI_KEY_RIGHT, "press right", "threshold", "A higher threshold"},
    {UI_KEY_UP, "press up", "class", "Another class against the rest"},
    {UI_KEY_DOWN, "press down", "class", "Another class against the rest"},
    COMMON_HINTS,
    {' ', "play", "train", "Trains, or pauses"},
    {0}};

static const UiBinding plot_hints[] = {COMMON_HINTS, {' ', "play", "train", "Trains, or pauses"}, {0}};

static const UiBinding *hints(ViewContext *context) {
    int way = way_of(context);
    static const UiBinding *const tables[] = {matrix_hints, list_hints, curve_hints, plot_hints, plot_hints};
    return has_finding(context) && way >= 0 ? tables[way] : NULL;
}

static void explain(ViewContext *context, StText *out) {
    const StStudy *study = inside_study(context);
    if (!study) return;
    st_text_format(out, "%s: %s. Bad: %s.\n%s\n", study->title, study->what, study->bad, study->formula);
    if (!has_finding(context)) return;
    const char *verdict = st_finding_text(&context->found->finding, "verdict");
    if (*verdict) st_text_format(out, "%s.\n", verdict);
}

static int rows(const ViewContext *context) {
    int classes = context->found ? st_finding_names(&context->found->finding, "classes") : 0;
    const StStudy *study = inside_study(context);
    bool matrix = study && !strcmp(study->name, "confusion");
    return matrix && classes ? classes + 10 : 30;
}

static const UiBinding bindings[] = {
    {UI_KEY_ENTER, "look again", "its examples", "Lists the rows of the cell under the cursor"},
    {'v', "look method=next", "method", "The next way to look: confusion, examples, curve, calibration"},
    {'V', "look method=previous", NULL, "The previous way to look"},
    {'p', "look part=next", "part", "Another part of the data: test, train, validation"},
    {UI_KEY_ESCAPE, "view back", "back", "One step back"},
    {'c', "look method=examples", NULL, "All mistakes, or those of one cell"},
    {'.', "look row=next", NULL, "The next example"},
    {',', "look row=previous", NULL, "The example before"},
    {UI_KEY_HOME, "press home", NULL,
     "Back to the pair that is confused most, or to the threshold of the answers"},
    {0}};

const View view_mistakes = {.name = "mistakes",
                            .inside = 'K',
                            .question = "What does it get wrong?",
                            .title = "Mistakes",
                            .help = "What is taken for what, the rows behind it, and how sure it was",
                            .bindings = bindings,
                            .state_size = sizeof(MistakesState),
                            .draw = draw,
                            .ask = ask,
                            .press = press,
                            .mouse = mouse,
                            .explain = explain,
                            .rows = rows,
                            .hints = hints};
