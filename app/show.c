#include "show.h"
#include "view.h"

#include "train/optimizer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const StOption show_options[] = {
    ST_OPTION(ShowPlan, view, ST_TEXT, NULL, .place = true, .help = "the view's name"),
    ST_OPTION(ShowPlan, size, ST_TEXT, "",
              .help = "columns x rows of text, from 1x1 up; without it as many rows as there is to show"),
    ST_OPTION(ShowPlan, layer, ST_TEXT, "", .help = "the layer that is looked at"),
    ST_OPTION(ShowPlan, unit, ST_INT, "-1", .low = -1, .high = 1e9, .help = "the unit, counted from 0"),
    ST_OPTION(ShowPlan, row, ST_INT, "-1", .low = -1, .high = 2e9, .help = "the row of the data, from 0"),
    ST_OPTION(ShowPlan, part, ST_TEXT, "", .help = "train, validation or test"),
    ST_OPTION(ShowPlan, method, ST_TEXT, "", .help = "how a view works its reading out"),
    {.name = "class",
     .type = ST_TEXT,
     .offset = offsetof(ShowPlan, klass),
     .size = sizeof(((ShowPlan *)0)->klass),
     .fallback = "",
     .help = "the class whose score is explained: its name, or its number from 0"},
    ST_OPTION(ShowPlan, column, ST_TEXT, "", .help = "a feature: its name, or its number from 0"),
    ST_OPTION(ShowPlan, count, ST_INT, "0", .low = 0, .high = 1e9,
              .help = "rows, steps or samples that a reading is made of; 0 is the method's own number"),
    ST_OPTION(ShowPlan, value, ST_NUMBER, "none", .optional = true,
              .help = "what a method is given beside it: a threshold"),
    ST_OPTION(ShowPlan, json, ST_SWITCH, "no", .help = "the readings at full precision, as one JSON object"),
    {0}};

/* Without a size: 100 columns, and rows for what there is to show. */
static bool read_size(const char *text, int *w, int *h, StError *error) {
    StShape size;
    *w = 100;
    *h = 0;
    if (!*text) return true;
    bool read =
        st_shape_parse(text, &size, NULL) && size.rank == 2 && size.dim[0] <= 1000 && size.dim[1] <= 400;
    if (!read)
        return st_fail(error, ST_ERR_VALUE, "show: size=%.40s: wanted 1x1 to 1000x400, such as 100x30", text);
    *w = (int)size.dim[0];
    *h = (int)size.dim[1];
    return true;
}

/* Runs the view into memory, then prints it through the session. */
static bool show_into(Session *session, const ShowPlan *plan, int w, int h, FILE *file, StError *error) {
    ViewSelect select = {.layer = *plan->layer ? plan->layer : NULL,
                         .unit = plan->unit,
                         .row = plan->row,
                         .part = *plan->part ? plan->part : NULL,
                         .method = *plan->method ? plan->method : NULL,
                         .klass = *plan->klass ? plan->klass : NULL,
                         .column = *plan->column ? plan->column : NULL,
                         .count = plan->count,
                         .value = plan->value};
    return plan->json ? view_print_json(session, plan->view, &select, file, error)
                      : view_print(session, plan->view, w, h, &select, file, error);
}

bool show_check(const ShowPlan *plan, StError *error) {
    int w, h;
    StPart part;
    if (!read_size(plan->size, &w, &h, error)) return false;
    if (!view_find(plan->view)) return st_fail_unknown(error, "view", plan->view, view_name_at, NULL);
    return !*plan->part || st_part_find(plan->part, &part, error) || st_fail_at(error, "show");
}

bool show_run(Session *session, const ShowPlan *plan, StError *error) {
    int w = 0, h = 0;
    if (!show_check(plan, error) || !read_size(plan->size, &w, &h, error)) return false;
    if (*plan->layer && st_stack_find(&session_recipe(session)->stack, plan->layer, error) < 0) return false;
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    if (!file) return st_fail_memory(error, "the view", (size_t)(w * h));
    bool done = show_into(session, plan, w, h, file, error);
    done = (fclose(file) == 0 || st_fail_memory(error, "the view", length)) && done;
    if (done) session_print(session, text);
    free(text);
    return done;
}

bool show_act(const CommandCall *call, StError *error) {
    ShowPlan plan = {0};
    return st_options_parse(show_options, "show", &plan, sizeof plan, call->words + 1, call->count - 1,
                            error) &&
           show_run(call->session, &plan, error);
}

/* ---- summary ---- */

int64_t session_optimizer_bytes(Session *session) {
    const StCompile *compile = &session_recipe(session)->compile;
    const StOptimizer *optimizer = compile->given ? st_optimizer_at(compile->optimizer.kind) : NULL;
    StStackInfo info;
    session_stack(session, NULL, &info, NULL);
    if (!optimizer) return 0;
    return st_times(st_times(info.trainable, st_optimizer_slots(optimizer, compile->optimizer.options)), 4);
}

/* 1234567 as "1,234,567"; -1 as what it stands for. */
static const char *grouped(int64_t value, char buffer[32]) {
    if (value < 0) return "too many";
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, value), at = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) buffer[at++] = ',';
        buffer[at++] = digits[i];
    }
    buffer[at] = '\0';
    return buffer;
}

static void summary_row(StText *out, int width, const char *number, const char *layer, const char *shape,
                        const char *parameters, const char *flops, const char *bytes) {
    char row[512];
    int length = snprintf(row, sizeof row, "%4s  %-*s  %-14s %15s %17s %15s", number, width, layer, shape,
                          parameters, flops, bytes);
    while (length > 0 && row[length - 1] == ' ')
        length--;
    st_text_format(out, "%.*s\n", length, row);
}

static void summary_layers(const StStack *stack, const StLayerInfo *layers, const StStackInfo *info,
                           int width, StText *out) {
    char number[16], shape[ST_SHAPE_TEXT], a[32], b[32], c[32], label[2 * ST_LAYER_NAME_MAX + 4];
    summary_row(out, width, "", "layer", "output", "parameters", "FLOPs a sample", "bytes a sample");
    summary_row(out, width, "", "input", st_shape_print(&info->input, shape), "", "", "");
    for (int i = 0; i < stack->count; i++) {
        snprintf(number, sizeof number, "%d", i + 1);
        bool same =
            strncmp(layers[i].name, stack->layers[i].kind->name, strlen(stack->layers[i].kind->name)) == 0;
        snprintf(label, sizeof label, same ? "%s" : "%s (%s)", layers[i].name, stack->layers[i].kind->name);
        summary_row(out, width, number, label, st_shape_print(&layers[i].out, shape),
                    grouped(layers[i].parameters, a), grouped(layers[i].flops, b),
                    grouped(layers[i].bytes, c));
    }
}

static int summary_width(const StStack *stack, const StLayerInfo *layers) {
    size_t width = 14;
    for (int i = 0; i < stack->count; i++) {
        size_t kind = strlen(stack->layers[i].kind->name), name = strlen(layers[i].name);
        size_t whole =
            strncmp(layers[i].name, stack->layers[i].kind->name, kind) == 0 ? name : name + kind + 3;
        if (whole > width) width = whole;
    }
    return (int)width;
}

static void summary_totals(Session *session, const StStackInfo *info, StText *out) {
    char a[32], b[32];
    const StCompile *compile = &session_recipe(session)->compile;
    st_text_format(out, "\nparameters            %s (%s bytes)\n", grouped(info->parameters, a),
                   grouped(st_times(info->parameters, 4), b));
    st_text_format(out, "trainable             %s\n", grouped(info->trainable, a));
    int64_t fixed = info->parameters < 0 ? -1 : info->parameters - info->trainable;
    st_text_format(out, "not trainable         %s\n", grouped(fixed, a));
    if (compile->given)
        st_text_format(out, "optimizer's state     %s bytes (%s)\n",
                       grouped(session_optimizer_bytes(session), a),
                       st_optimizer_kind_at(compile->optimizer.kind)->name);
    st_text_format(out, "FLOPs a sample        %s (forward; a multiply and an add are two)\n",
                   grouped(info->flops, a));
    st_text_format(out, "bytes a sample        %s (outputs of all layers)\n", grouped(info->bytes, a));
}

static void summary_json(Session *session, const StLayerInfo *layers, const StStackInfo *info, StText *out) {
    const StStack *stack = &session_recipe(session)->stack;
    char shape[ST_SHAPE_TEXT];
    st_text_format(out, "{\"input\": \"%s\", \"layers\": [", st_shape_print(&info->input, shape));
    for (int i = 0; i < stack->count; i++)
        st_text_format(out,
                       "%s{\"name\": \"%s\", \"kind\": \"%s\", \"output\": \"%s\", \"parameters\": %" PRId64
                       ", \"flops\": %" PRId64 ", \"bytes\": %" PRId64 "}",
                       i ? ", " : "", layers[i].name, stack->layers[i].kind->name,
                       st_shape_print(&layers[i].out, shape), layers[i].parameters, layers[i].flops,
                       layers[i].bytes);
    st_text_format(out,
                   "], \"parameters\": %" PRId64 ", \"trainable\": %" PRId64 ", \"optimizer_bytes\": %" PRId64
                   ", \"flops\": %" PRId64 ", \"bytes\": %" PRId64 "}\n",
                   info->parameters, info->trainable, session_optimizer_bytes(session), info->flops,
                   info->bytes);
}

bool summary_print(Session *session, bool json, StText *out, StError *error) {
    const StLayerInfo *layers;
    StStackInfo info;
    const StStack *stack = &session_recipe(session)->stack;
    if (!session_stack(session, &layers, &info, error)) return false;
    if (json) {
        summary_json(session, layers, &info, out);
        return true;
    }
    summary_layers(stack, layers, &info, summary_width(stack, layers), out);
    summary_totals(session, &info, out);
    return true;
}
