#include "gaze.h"

#include "inspect/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const Gaze gaze_nothing = {
    .layer = -1, .unit = -1, .part = -1, .row = -1, .klass = -1, .column = -1, .moment = -1};

#define WORD(field, word, text)                                                                              \
    {                                                                                                        \
        .name = word, .type = ST_TEXT, .offset = offsetof(GazeWords, field),                                 \
        .size = sizeof(((GazeWords *)0)->field), .fallback = "", .help = text                                \
    }
const StOption gaze_options[] = {
    {.name = "again",
     .type = ST_TEXT,
     .place = true,
     .offset = offsetof(GazeWords, again),
     .size = sizeof(((GazeWords *)0)->again),
     .fallback = "",
     .help = "the word again makes anew what is made when asked for"},
    WORD(layer, "layer", "the layer that is looked at: its number or name, next, previous or auto"),
    WORD(unit, "unit", "the unit of the layer, from 0, next, previous or auto"),
    WORD(part, "part", "the part that examples are of: train, validation, test, next or auto"),
    WORD(row, "row", "the example, counted from 0 in its part, next or previous"),
    WORD(klass, "class",
         "the class whose score is explained: its name or number from 0, next, previous or auto"),
    WORD(column, "column",
         "the feature that is looked at: its name or number from 0, next, previous or auto"),
    WORD(method, "method", "the way to look: its name, next or previous"),
    {0}};

bool gaze_make(Gaze *gaze, const float *input, int64_t inputs) {
    float *own = NULL;
    if (input) {
        own = malloc((size_t)(inputs ? inputs : 1) * sizeof *own);
        if (!own) return false;
        memcpy(own, input, (size_t)inputs * sizeof *own);
    }
    free(gaze->input);
    gaze->input = own;
    gaze->inputs = own ? inputs : 0;
    gaze->made++;
    return true;
}

StPart gaze_part(const Gaze *gaze, const StDataset *dataset) {
    return st_probe_part(dataset, gaze->part);
}

/* One thing that is counted from 0, as a word says it. */
typedef struct Counted {
    const char *what;
    int64_t now, count; /* now -1: the view's own choice; count 0: there is none */
    const char *fact;   /* the name under which a finding says what it chose */
    const char *(*name)(const void *context, int index); /* NULL: none have names */
    const void *context;
} Counted;

static bool take_number(const Counted *thing, const char *word, int64_t *to, StError *error) {
    double number;
    if (!st_number(word, &number) || number != floor(number))
        return st_fail(error, ST_ERR_VALUE, "look: %s=%.40s: wanted a number from 0, next, previous or auto",
                       thing->what, word);
    if (number < 0 || number >= (double)thing->count)
        return st_fail(error, ST_ERR_VALUE, "look: %s=%.40s: wanted 0 to %lld", thing->what, word,
                       (long long)thing->count - 1);
    *to = (int64_t)number;
    return true;
}

static bool take(const Counted *thing, const char *word, const StFinding *found, int64_t *to,
                 StError *error) {
    if (!*word) return true;
    if (thing->count <= 0)
        return st_fail(error, ST_ERR_STATE, "look: there is no %s to look at", thing->what);
    if (!strcmp(word, "auto")) return *to = -1, true;
    int step = !strcmp(word, "next") ? 1 : !strcmp(word, "previous") ? -1 : 0;
    for (int i = 0; !step && thing->name && i < thing->count; i++)
        if (!strcmp(thing->name(thing->context, i), word)) return *to = i, true;
    if (!step) return take_number(thing, word, to, error);
    double chosen = found ? st_finding_value(found, thing->fact) : NAN;
    int64_t now = thing->now >= 0 ? thing->now : isfinite(chosen) ? (int64_t)chosen : -1;
    if (now < 0) now = strcmp(thing->what, "layer") ? 0 : step > 0 ? -1 : thing->count;
    *to = ((now + step) % thing->count + thing->count) % thing->count;
    return true;
}

static bool take_part(Gaze *gaze, const StDataset *dataset, const char *word, StError *error) {
    StPart part = gaze_part(gaze, dataset);
    if (!*word) return true;
    if (!strcmp(word, "auto")) return gaze->part = -1, true;
    if (!strcmp(word, "next") || !strcmp(word, "previous")) {
        int step = *word == 'n' ? 1 : ST_PARTS - 1;
        do
            part = (StPart)(((int)part + step) % ST_PARTS);
        while (st_dataset_rows(dataset, part) == 0 && part != gaze_part(gaze, dataset));
    } else if (!st_part_find(word, &part, error)) {
        return st_fail_at(error, "look");
    } else if (st_dataset_rows(dataset, part) == 0) {
        return st_fail(error, ST_ERR_STATE, "look: the data has no %s part", st_part_name(part));
    }
    if (part != gaze_part(gaze, dataset)) gaze->row = -1;
    gaze->part = (int)part;
    return true;
}

static const char *class_name(const void *dataset, int index) {
    return st_dataset_class_name(dataset, index);
}

static const char *input_name(const void *dataset, int index) {
    return st_dataset_input_name(dataset, index);
}

static bool take_layer(Gaze *gaze, Session *session, const StFinding *found, const GazeWords *words,
                       StError *error) {
    const StLayerInfo *layers = NULL;
    const StStack *stack = &session_recipe(session)->stack;
    int64_t layer = gaze->layer, unit = gaze->unit;
    bool counted = !*words->layer || !strcmp(words->layer, "next") || !strcmp(words->layer, "previous") ||
                   !strcmp(words->layer, "auto");
    if (!counted) { /* its number from 1, or its name, as everywhere */
        layer = st_stack_find(stack, words->layer, error);
        if (layer < 0) return st_fail_at(error, "look");
    } else {
        Counted thing = {"layer", gaze->layer, stack->count, "layer_index", NULL, NULL};
        if (!take(&thing, words->layer, found, &layer, error)) return false;
    }
    if (*words->layer) unit = -1;
    if (*words->unit) {
        session_stack(session, &layers, NULL, NULL);
        double chosen = found ? st_finding_value(found, "layer_index") : NAN;
        int64_t of = layer >= 0 ? layer : isfinite(chosen) ? (int64_t)chosen : -1;
        const StShape *out = layers && of >= 0 && of < stack->count ? &layers[of].out : NULL;
        Counted thing = {"unit", unit, out && out->rank ? out->dim[out->rank - 1] : INT32_MAX,
                         "unit", NULL, NULL};
        if (!take(&thing, words->unit, found, &unit, error)) return false;
    }
    gaze->layer = (int)layer;
    gaze->unit = (int)unit;
    return true;
}

static int outputs_of(Session *session) {
    StStackInfo info;
    if (!session_stack(session, NULL, &info, NULL) || !info.output.rank) return 0;
    int64_t width = info.output.dim[info.output.rank - 1];
    return width == 1 ? 2 : (int)width;
}

bool gaze_look(Gaze *gaze, Session *session, const StFinding *found, const GazeWords *words, StError *error) {
    const StDataset *dataset = session_dataset(session, error);
    if (!dataset) return false;
    Gaze next = *gaze;
    if (!take_part(&next, dataset, words->part, error) || !take_layer(&next, session, found, words, error))
        return false;
    int64_t row = next.row, klass = next.klass, column = next.column;
    bool names = st_dataset_has_labels(dataset);
    Counted rows = {"row", row, st_dataset_rows(dataset, gaze_part(&next, dataset)), "row", NULL, NULL};
    Counted classes = {"class", klass, outputs_of(session), "class", NULL, dataset};
    if (names && classes.count == st_dataset_classes(dataset)) classes.name = class_name;
    Counted columns = {"column", column, st_dataset_inputs(dataset), "column", input_name, dataset};
    if (!take(&rows, words->row, found, &row, error) || !take(&classes, words->klass, found, &klass, error) ||
        !take(&columns, words->column, found, &column, error))
        return false;
    next.row = row, next.klass = (int)klass, next.column = (int)column;
    bool moved = next.row != gaze->row || next.part != gaze->part;
    *gaze = next;
    if (moved && gaze->input) gaze_make(gaze, NULL, 0);
    return true;
}
