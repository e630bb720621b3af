/* What a data set holds, as text and as JSON. */
#include "data/inside.h"
#include "data/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { COLUMNS_SHOWN = 64, TARGETS_SHOWN = 8, CLASSES_SHOWN = 64 };

static void number(StText *out, double value) {
    if (isfinite(value))
        st_text_format(out, " %11.6g", value);
    else
        st_text_format(out, " %11s", "-");
}

/* Characters, not bytes: names in a table line up. */
static int cells_of(const char *name) {
    int cells = 0;
    for (; *name; name++)
        cells += ((unsigned char)*name & 0xC0) != 0x80;
    return cells;
}

static void padded(StText *out, const char *name, int cells) {
    int length = cells_of(name);
    st_text_add(out, name);
    if (length < cells) st_text_format(out, "%*s", cells - length, "");
}

static void bytes(int64_t count, StText *out) {
    static const char *const unit[] = {"kB", "MB", "GB", "TB"};
    double value = (double)count / 1000;
    int i = 0;
    while (value >= 999.95 && i < 3)
        value /= 1000, i++;
    st_text_format(out, ", %.1f %s in memory\n", value, unit[i]);
}

/* The smallest and the largest weight. */
static void weights_range(const StTable *t, float *low, float *high) {
    *low = *high = t->weights[0];
    for (int64_t i = 1; i < t->rows * t->weights_each; i++) {
        *low = t->weights[i] < *low ? t->weights[i] : *low;
        *high = t->weights[i] > *high ? t->weights[i] : *high;
    }
}

static void title(const StDataset *d, StText *out) {
    const StTable *t = &d->table;
    st_data_print(&d->spec, out);
    st_text_format(out, "%" PRId64 " row%s: train %" PRId64, t->rows, t->rows == 1 ? "" : "s",
                   st_dataset_rows(d, ST_TRAIN));
    for (int part = ST_VALIDATION; part < ST_PARTS; part++)
        if (st_dataset_rows(d, (StPart)part))
            st_text_format(out, ", %s %" PRId64, st_part_name((StPart)part),
                           st_dataset_rows(d, (StPart)part));
    char raw[ST_SHAPE_TEXT], x[ST_SHAPE_TEXT], y[ST_SHAPE_TEXT];
    StShape shape = st_dataset_x_shape(d);
    st_shape_print(&t->shape, raw);
    st_shape_print(&shape, x);
    st_shape_print(&t->y_shape, y);
    st_text_format(out, "\ninput %s", x);
    if (strcmp(raw, x) != 0) st_text_format(out, " (raw %s)", raw);
    if (t->labels)
        st_text_format(out, ", classification in %d classes", t->classes);
    else
        st_text_format(out, ", regression of %s number%s", y, strcmp(y, "1") == 0 ? "" : "s");
    bytes(st_dataset_bytes(d), out);
    if (t->task_note) st_text_format(out, "%s\n", t->task_note);
    float low, high;
    if (!t->weights) return;
    weights_range(t, &low, &high);
    st_text_format(out, "rows weigh %g to %g in the loss\n", (double)low, (double)high);
}

static int name_width(const StDataset *d) {
    int widest = 6;
    for (int c = 0; c < d->columns && c < COLUMNS_SHOWN; c++) {
        int cells = cells_of(d->column[c].name);
        if (cells > widest) widest = cells;
    }
    return widest < 32 ? widest : 32;
}

static void column_line(const StColumnInfo *info, int width, StText *out) {
    padded(out, info->name, width);
    st_text_format(out, "  %-9s", info->target ? "target" : info->categorical ? "category" : "number");
    if (info->categorical) {
        st_text_format(out, " %d:", info->categories);
        for (int i = 0; i < info->categories && i < 6; i++)
            st_text_format(out, " %s (%" PRId64 ")", info->category[i], info->count[i]);
        if (info->categories > 6) st_text_add(out, " …");
    } else {
        number(out, info->min);
        number(out, info->max);
        number(out, info->mean);
        number(out, info->sd);
    }
    if (info->missing) st_text_format(out, "  %" PRId64 " missing", info->missing);
    st_text_add(out, "\n");
}

static void column_lines(const StDataset *d, int from, int to, int most, int width, StText *out) {
    int end = to - from > most ? from + most : to;
    for (int c = from; c < end; c++)
        column_line(&d->column[c], width, out);
    if (end < to) st_text_format(out, "… %d more\n", to - end);
}

static void class_table(const StDataset *d, StText *out) {
    const StTable *t = &d->table;
    if (!t->labels) return;
    st_text_format(out, "\n%-24s", "class");
    for (int part = 0; part < ST_PARTS; part++)
        if (st_dataset_rows(d, (StPart)part)) st_text_format(out, " %10s", st_part_name((StPart)part));
    st_text_add(out, "\n");
    for (int c = 0; c < t->classes && c < CLASSES_SHOWN; c++) {
        padded(out, t->class_name[c], 24);
        for (int part = 0; part < ST_PARTS; part++)
            if (st_dataset_rows(d, (StPart)part)) st_text_format(out, " %10" PRId64, d->class_count[part][c]);
        st_text_add(out, "\n");
    }
    if (t->classes > CLASSES_SHOWN) st_text_format(out, "… %d more\n", t->classes - CLASSES_SHOWN);
}

void st_dataset_describe(const StDataset *d, StText *out) {
    title(d, out);
    int width = name_width(d);
    st_text_add(out, "\n");
    padded(out, "column", width);
    st_text_format(out, "  %-9s %11s %11s %11s %11s\n", "type", "min", "max", "mean", "sd");
    column_lines(d, 0, d->table.fields, COLUMNS_SHOWN, width, out);
    column_lines(d, d->table.fields, d->columns, TARGETS_SHOWN, width, out);
    class_table(d, out);
    for (int i = 0; i < d->table.warnings; i++)
        st_text_format(out, "%swarning: %s\n", i ? "" : "\n", d->table.warning[i]);
}

/* ---- JSON ---- */

static void field_number(StText *out, const char *name, double value) {
    st_text_format(out, ",\"%s\":", name);
    st_json_number(out, value);
}

static void json_column(const StColumnInfo *info, StText *out) {
    st_text_add(out, "{\"name\":");
    st_json_string(out, info->name);
    st_text_format(out, ",\"role\":\"%s\",\"type\":\"%s\",\"number\":%d,\"missing\":%" PRId64,
                   info->target ? "target" : "input", info->categorical ? "category" : "number", info->number,
                   info->missing);
    if (info->categorical) {
        st_text_add(out, ",\"categories\":{");
        for (int i = 0; i < info->categories; i++) {
            if (i) st_text_add(out, ",");
            st_json_string(out, info->category[i]);
            st_text_format(out, ":%" PRId64, info->count[i]);
        }
        st_text_add(out, "}}");
        return;
    }
    field_number(out, "min", info->min);
    field_number(out, "max", info->max);
    field_number(out, "mean", info->mean);
    field_number(out, "sd", info->sd);
    st_text_add(out, "}");
}

static void json_parts(const StDataset *d, StText *out) {
    st_text_add(out, ",\"parts\":{");
    for (int part = 0; part < ST_PARTS; part++)
        st_text_format(out, "%s\"%s\":%" PRId64, part ? "," : "", st_part_name((StPart)part),
                       st_dataset_rows(d, (StPart)part));
    st_text_add(out, "}");
    if (!d->table.labels) return;
    st_text_add(out, ",\"classes\":");
    st_json_names(out, d->table.class_name, d->table.classes);
    st_text_add(out, ",\"balance\":{");
    for (int part = 0; part < ST_PARTS; part++) {
        st_text_format(out, "%s\"%s\":[", part ? "," : "", st_part_name((StPart)part));
        for (int c = 0; c < d->table.classes; c++)
            st_text_format(out, "%s%" PRId64, c ? "," : "", d->class_count[part][c]);
        st_text_add(out, "]");
    }
    st_text_add(out, "}");
}

void st_dataset_describe_json(const StDataset *d, StText *out) {
    const StTable *t = &d->table;
    StText line = {0};
    st_data_print(&d->spec, &line);
    if (line.length) line.data[line.length - 1] = '\0'; /* its line end */
    st_text_add(out, "{\"data\":");
    st_json_string(out, st_text_string(&line));
    if (line.failed) out->failed = true;
    st_text_free(&line);
    st_text_format(out, ",\"rows\":%" PRId64 ",\"task\":\"%s\",\"input\":", t->rows,
                   t->task == ST_CLASSIFICATION ? "classification" : "regression");
    StShape x = st_dataset_x_shape(d);
    st_json_shape(out, &x);
    st_text_add(out, ",\"raw\":");
    st_json_shape(out, &t->shape);
    st_text_add(out, ",\"target\":");
    st_json_shape(out, &t->y_shape);
    st_text_format(out, ",\"bytes\":%zu", st_dataset_bytes(d));
    json_parts(d, out);
    float low, high;
    if (t->weights) {
        weights_range(t, &low, &high);
        st_text_format(out, ",\"weights\":[%.9g,%.9g]", (double)low, (double)high);
    }
    st_text_add(out, ",\"columns\":[");
    for (int c = 0; c < d->columns; c++) {
        if (c) st_text_add(out, ",");
        json_column(&d->column[c], out);
    }
    st_text_add(out, "],\"inputs\":");
    st_json_names(out, d->preparation->input_name, d->preparation->inputs);
    st_text_add(out, ",\"warnings\":");
    st_json_names(out, t->warning, t->warnings);
    st_text_add(out, "}");
}
