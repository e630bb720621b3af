/* Geometry: what each layer makes of the data as a cloud of points, layers compared, what can be read off
 * them, and the spectrum of the weights. */
#include "geometry.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *method;
    void (*draw)(const ViewContext *context, UiGrid *grid, UiRect area);
} pictures[] = {{"pca", geometry_draw_scatter}, {"pca_input", geometry_draw_scatter},
                {"cka", geometry_draw_cka},     {"cka_moments", geometry_draw_moments},
                {"probe", geometry_draw_probe}, {"spectrum", geometry_draw_spectrum}};

enum { FORMULA_LEAST = 20 }; /* rows */

static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
    if (!inside_head(context, grid, &area)) return;
    const StStudy *study = inside_study(context);
    const char *formula = grid->look.ladder == UI_ASCII ? study->plain : study->formula;
    if (area.h >= FORMULA_LEAST && ui_text_width(formula) <= area.w - 2)
        ui_text(grid, ui_cut_bottom(&area, 1), 1, 0, UI_DIM, formula);
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        if (!strcmp(pictures[i].method, study->name)) pictures[i].draw(context, grid, area);
}

/* ---- turning ---- */

enum { TURN = 24 }; /* steps of 15 degrees */

static const struct {
    const char *word;
    UiKey key;
    int yaw, pitch;
} turns[] = {{"left", UI_KEY_LEFT, -1, 0},
             {"right", UI_KEY_RIGHT, 1, 0},
             {"up", UI_KEY_UP, 0, 1},
             {"down", UI_KEY_DOWN, 0, -1}};

static void turn_by(GeometryState *state, int yaw, int pitch) {
    state->yaw = (state->yaw + yaw + TURN) % TURN;
    state->pitch = (state->pitch + pitch + TURN) % TURN;
}

/* From above and aside, so that all three axes are seen. */
static void turn_on(GeometryState *state) {
    state->turned = true, state->yaw = 2, state->pitch = 1;
}

/* The first two components, the third towards whoever looks. */
static void look_ahead(GeometryState *state) {
    state->turned = true, state->yaw = state->pitch = 0;
}

static void lay_flat(GeometryState *state) {
    state->turned = false;
}

/* ---- another moment ---- */

static void ask(ViewContext *context, StAsk *what) {
    const GeometryState *state = context->state;
    if (!strcmp(st_studies[what->study]->name, "cka_moments")) what->other = state->from - 1;
}

/* `geometry from` (the moment that is looked at), `geometry from start`: compares with it. */
static bool compare_with(ViewContext *context, const StWord *words, int count, StError *error) {
    GeometryState *state = context->state;
    if (count > 1 && (count > 2 || strcmp(words[1].text, "start")))
        return st_fail(error, ST_ERR_VALUE, "geometry: wanted from, or from start");
    int64_t now = context->look ? context->look->snapshot->step : -1;
    state->from = count > 1 ? 0 : 1 + (context->gaze->moment >= 0 ? context->gaze->moment : now);
    *context->method = st_study_find("geometry", "cka_moments");
    return true;
}

static bool command(ViewContext *context, const StWord *words, int count, StError *error) {
    GeometryState *state = context->state;
    const char *word = count == 1 ? words[0].text : "";
    if (count > 0 && !strcmp(words[0].text, "from")) return compare_with(context, words, count, error);
    const StStudy *study = inside_study(context);
    if (study && strncmp(study->name, "pca", 3)) { /* what is turned is another picture than the one shown */
        *context->method = st_study_find("geometry", "pca");
        if (strcmp(word, "flat")) turn_on(state);
        return true;
    }
    if (strcmp(word, "flat") && !geometry_has_depth(context))
        return st_fail(error, ST_ERR_STATE, "geometry: there are no three components to turn here");
    if (!strcmp(word, "flat") || (!strcmp(word, "turn") && state->turned))
        lay_flat(state);
    else if (!strcmp(word, "turn"))
        turn_on(state);
    else if (!strcmp(word, "front"))
        look_ahead(state);
    else {
        for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
            if (!strcmp(word, turns[i].word)) {
                turn_by(state, turns[i].yaw, turns[i].pitch);
                state->turned = true;
                return true;
            }
        return st_fail(error, ST_ERR_VALUE,
                       "geometry: wanted turn, left, right, up, down, front, flat or from");
    }
    return true;
}

static bool press(ViewContext *context, UiKey key) {
    GeometryState *state = context->state;
    if (!geometry_has_depth(context)) return false;
    if (key == UI_KEY_ENTER) {
        if (!state->turned) turn_on(state);
        return true;
    }
    if (!state->turned) return false;
    if (key == UI_KEY_ESCAPE) lay_flat(state);
    if (key == UI_KEY_HOME) look_ahead(state);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
        if (key == turns[i].key) {
            turn_by(state, turns[i].yaw, turns[i].pitch);
            return true;
        }
    return key == UI_KEY_ESCAPE || key == UI_KEY_HOME;
}

static const UiBinding turned_bindings[] = {
    {UI_KEY_LEFT, "geometry left", "turn", "Turns the cloud by 15 degrees"},
    {UI_KEY_RIGHT, "geometry right", "turn", "Turns the cloud by 15 degrees"},
    {UI_KEY_UP, "geometry up", "tilt", "Tilts the cloud by 15 degrees"},
    {UI_KEY_DOWN, "geometry down", "tilt", "Tilts the cloud by 15 degrees"},
    {UI_KEY_HOME, "geometry front", "front", "The first two components again, the third towards you"},
    {UI_KEY_ESCAPE, "geometry flat", "2-D", "Two dimensions again"},
    {']', "look layer=next", "layer", "The next layer"},
    {'[', "look layer=previous", "layer", "The previous layer"},
    {0}};

static const UiBinding *hints(ViewContext *context) {
    const GeometryState *state = context->state;
    return state->turned && geometry_has_depth(context) ? turned_bindings : NULL;
}

/* ---- in words ---- */

static void explain(ViewContext *context, StText *out) {
    const StStudy *study = inside_study(context);
    if (!study) return;
    st_text_format(out, "%s: %s. Bad: %s. %s\n", study->title, study->what, study->bad, study->formula);
    if (!context->found) return;
    const StFinding *found = &context->found->finding;
    const char *of = st_finding_text(found, "mp_of");
    if (*of) st_text_format(out, "Shaded: Marchenko and Pastur's band of %s.\n", of);
}

static const UiBinding bindings[] = {
    INSIDE_BINDINGS,
    {'d', "geometry turn", "3-D", "Three components, turned by the arrows; again: two"},
    {'f', "geometry from", "from here", "Compares each layer with the moment that is looked at now"},
    {'F', "geometry from start", NULL, "Compares each layer with the start of the run"},
    {0}};

const View view_geometry = {.name = "geometry",
                            .inside = 'P',
                            .question = "How do the layers see the data?",
                            .title = "Geometry",
                            .help = "activations as points, layers compared, linear probes, singular values",
                            .bindings = bindings,
                            .state_size = sizeof(GeometryState),
                            .draw = draw,
                            .ask = ask,
                            .press = press,
                            .command = command,
                            .hints = hints,
                            .explain = explain};
