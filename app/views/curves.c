#include "curves.h"

static void add(Curves *out, const char *name, UiInk ink, UiDash dash, double smooth, const UiPoint *point,
                size_t count) {
    out->series[out->count++] =
        (UiSeries){.name = name, .ink = ink, .dash = dash, .smooth = smooth, .point = point, .count = count};
}

/* The series of the same name in the run before. */
static const UiPoint *last_points(const ViewContext *context, int series, HistoryKind kind, HistoryAxis axis,
                                  size_t *count) {
    const char *name = history_name(context->now, series);
    int same = *name ? history_find(context->last, name) : series;
    return history_points(context->last, same, kind, axis, count);
}

enum { FEW_EPOCHS = 4, MANY_BATCHES = 8 };

void curves_brief(const ViewContext *context, int series, HistoryAxis axis, Curves *out) {
    size_t fits, batches, checks, last;
    const UiPoint *fit = history_points(context->now, series, HISTORY_FIT, axis, &fits);
    const UiPoint *batch = history_points(context->now, series, HISTORY_BATCH, axis, &batches);
    const UiPoint *check = history_points(context->now, series, HISTORY_VALIDATION, axis, &checks);
    const UiPoint *old = last_points(context, series, HISTORY_FIT, axis, &last);
    if (last < FEW_EPOCHS) old = last_points(context, series, HISTORY_BATCH, axis, &last);
    *out = (Curves){0};
    if (fits >= FEW_EPOCHS)
        add(out, "train", UI_TRAINING, UI_SOLID, 0, fit, fits);
    else
        add(out, "train", UI_TRAINING, UI_SOLID, batches > MANY_BATCHES ? 0.9 : 0, batch, batches);
    if (checks) add(out, "val", UI_VALIDATION, UI_DASHED, 0, check, checks);
    if (last) add(out, "last", UI_LAST, UI_DOTTED, 0, old, last);
}

void curves_full(const ViewContext *context, int series, HistoryAxis axis, double smooth, Curves *out) {
    size_t count;
    const UiPoint *point = history_points(context->now, series, HISTORY_FIT, axis, &count);
    *out = (Curves){0};
    if (count) add(out, "fit", UI_TRAINING, UI_SOLID, 0, point, count);
    point = history_points(context->now, series, HISTORY_VALIDATION, axis, &count);
    if (count) add(out, "val", UI_VALIDATION, UI_DASHED, 0, point, count);
    point = history_points(context->now, series, HISTORY_BATCH, axis, &count);
    if (count) add(out, "batch", UI_TRAINING | UI_FAINT, UI_DASH_DOT, smooth, point, count);
    point = last_points(context, series, HISTORY_FIT, axis, &count);
    if (count < 2) point = last_points(context, series, HISTORY_BATCH, axis, &count);
    if (count) add(out, "last", UI_LAST, UI_DOTTED, 0, point, count);
    point = last_points(context, series, HISTORY_VALIDATION, axis, &count);
    if (count > 1) add(out, "last val", UI_LAST, UI_PAIRS, 0, point, count);
}

bool curves_empty(const Curves *curves) {
    for (int i = 0; i < curves->count; i++) {
        if (curves->series[i].count) return false;
    }
    return true;
}
