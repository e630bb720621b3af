#include "inspect/finding.h"

#include "data/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

static void empty(StEntry *entry) {
    for (int i = 0; i < entry->count; i++)
        free(entry->names[i]);
    free(entry->names);
    free(entry->values);
    free(entry->note);
    entry->names = NULL;
    entry->values = NULL;
    entry->note = NULL;
    entry->count = 0;
}

void st_finding_clear(StFinding *finding) {
    for (int i = 0; i < finding->count; i++)
        empty(&finding->entry[i]);
    free(finding->entry);
    *finding = (StFinding){0};
}

static bool copy_entry(StEntry *to, const StEntry *from) {
    *to = *from;
    to->values = NULL, to->names = NULL, to->note = NULL, to->count = 0;
    if (from->values) {
        size_t bytes = (size_t)st_shape_size(&from->shape) * sizeof *to->values;
        if (!(to->values = malloc(bytes ? bytes : 1))) return false;
        memcpy(to->values, from->values, bytes);
    }
    if (from->note && !(to->note = strdup(from->note))) return false;
    if (from->names && !(to->names = calloc((size_t)from->count, sizeof *to->names))) return false;
    for (; to->count < from->count; to->count++)
        if (!(to->names[to->count] = strdup(from->names[to->count]))) return false;
    return true;
}

bool st_finding_copy(StFinding *to, const StFinding *from) {
    *to = (StFinding){.failed = from->failed};
    if (from->count && !(to->entry = calloc((size_t)from->count, sizeof *to->entry))) return false;
    to->room = from->count;
    for (; to->count < from->count; to->count++) {
        if (copy_entry(&to->entry[to->count], &from->entry[to->count])) continue;
        empty(&to->entry[to->count]);
        st_finding_clear(to);
        return false;
    }
    return true;
}

/* ---- writing ---- */

static bool grow(StFinding *finding) {
    int room = finding->room ? 2 * finding->room : 16;
    StEntry *more = realloc(finding->entry, (size_t)room * sizeof *more);
    if (!more) return false;
    finding->entry = more;
    finding->room = room;
    return true;
}

/* The entry of that name, of that kind from now on; NULL where memory is short. */
static StEntry *entry_of(StFinding *finding, const char *name, StEntryKind kind) {
    StEntry *entry = (StEntry *)st_finding_find(finding, name);
    if (!entry) {
        if (finding->count == finding->room && !grow(finding)) {
            finding->failed = true;
            return NULL;
        }
        entry = &finding->entry[finding->count++];
        *entry = (StEntry){.kind = kind};
        snprintf(entry->name, sizeof entry->name, "%s", name);
    }
    if (entry->kind != kind) empty(entry);
    entry->kind = kind;
    return entry;
}

static void set_fact(StFinding *finding, const char *name, double value, bool whole) {
    StEntry *entry = entry_of(finding, name, ST_ENTRY_FACT);
    if (entry) entry->value = value, entry->whole = whole;
}

void st_finding_fact(StFinding *finding, const char *name, double value) {
    set_fact(finding, name, value, false);
}

void st_finding_count(StFinding *finding, const char *name, int64_t value) {
    set_fact(finding, name, value < 0 ? NAN : (double)value, true);
}

/* Unlike a shape of a tensor, an array's may be empty. */
static int64_t elements(const StShape *shape) {
    int64_t size = 1;
    for (int i = 0; i < shape->rank; i++)
        size = st_times(size, shape->dim[i]);
    return size;
}

static bool same_shape(const StShape *a, const StShape *b) {
    if (a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

double *st_finding_array(StFinding *finding, const char *name, const StShape *shape) {
    StEntry *entry = entry_of(finding, name, ST_ENTRY_ARRAY);
    int64_t size = elements(shape);
    if (entry && entry->values && same_shape(&entry->shape, shape)) return entry->values;
    double *values =
        entry && size >= 0 && size < INT64_MAX / 8 ? malloc((size_t)(size ? size : 1) * 8) : NULL;
    if (!values) {
        finding->failed = true;
        return NULL;
    }
    free(entry->values);
    entry->values = values;
    entry->shape = *shape;
    for (int64_t i = 0; i < size; i++)
        values[i] = NAN;
    return values;
}

double *st_finding_vector(StFinding *finding, const char *name, int64_t count) {
    return st_finding_array(finding, name, &(StShape){.rank = 1, .dim = {count}});
}

double *st_finding_matrix(StFinding *finding, const char *name, int64_t rows, int64_t columns) {
    return st_finding_array(finding, name, &(StShape){.rank = 2, .dim = {rows, columns}});
}

static bool widen(StEntry *entry, int count) {
    if (count <= entry->count) return true;
    char **names = realloc(entry->names, (size_t)count * sizeof *names);
    if (!names) return false;
    entry->names = names;
    for (; entry->count < count; entry->count++)
        if (!(names[entry->count] = strdup(""))) return false;
    return true;
}

void st_finding_name(StFinding *finding, const char *name, int index, const char *text) {
    StEntry *entry = entry_of(finding, name, ST_ENTRY_NAMES);
    char *own = strdup(text);
    if (!entry || !own || !widen(entry, index + 1)) {
        free(own);
        finding->failed = true;
        return;
    }
    free(entry->names[index]);
    entry->names[index] = own;
}

void st_finding_note(StFinding *finding, const char *name, const char *format, ...) {
    StEntry *entry = entry_of(finding, name, ST_ENTRY_NOTE);
    if (!entry) return;
    va_list arguments;
    char *note = NULL;
    va_start(arguments, format);
    if (vasprintf(&note, format, arguments) < 0) note = NULL;
    va_end(arguments);
    if (!note) finding->failed = true;
    free(entry->note);
    entry->note = note;
}

bool st_finding_done(const StFinding *finding, StError *error) {
    return !finding->failed || st_fail(error, ST_ERR_MEMORY, "out of memory for what was found");
}

/* ---- reading ---- */

const StEntry *st_finding_find(const StFinding *finding, const char *name) {
    for (int i = 0; i < finding->count; i++)
        if (strcmp(finding->entry[i].name, name) == 0) return &finding->entry[i];
    return NULL;
}

static const StEntry *find_kind(const StFinding *finding, const char *name, StEntryKind kind) {
    const StEntry *entry = st_finding_find(finding, name);
    return entry && entry->kind == kind ? entry : NULL;
}

double st_finding_value(const StFinding *finding, const char *name) {
    const StEntry *entry = find_kind(finding, name, ST_ENTRY_FACT);
    return entry ? entry->value : NAN;
}

const double *st_finding_values(const StFinding *finding, const char *name, int64_t *size) {
    const StEntry *entry = find_kind(finding, name, ST_ENTRY_ARRAY);
    if (size) *size = entry ? elements(&entry->shape) : 0;
    return entry ? entry->values : NULL;
}

double st_finding_at(const StFinding *finding, const char *name, int64_t index) {
    int64_t size = 0;
    const double *values = st_finding_values(finding, name, &size);
    return values && index >= 0 && index < size ? values[index] : (double)NAN;
}

const StShape *st_finding_shape(const StFinding *finding, const char *name) {
    const StEntry *entry = find_kind(finding, name, ST_ENTRY_ARRAY);
    return entry ? &entry->shape : NULL;
}

const char *st_finding_text(const StFinding *finding, const char *name) {
    const StEntry *entry = find_kind(finding, name, ST_ENTRY_NOTE);
    return entry && entry->note ? entry->note : "";
}

int st_finding_names(const StFinding *finding, const char *name) {
    const StEntry *entry = find_kind(finding, name, ST_ENTRY_NAMES);
    return entry ? entry->count : 0;
}

const char *st_finding_name_at(const StFinding *finding, const char *name, int index) {
    const StEntry *entry = find_kind(finding, name, ST_ENTRY_NAMES);
    return entry && index >= 0 && index < entry->count ? entry->names[index] : "";
}

/* ---- JSON ---- */

/* Nested brackets by the shape: one opens where an extent begins, and closes where it ends. */
static void json_array(const StEntry *entry, StText *out) {
    int rank = entry->shape.rank;
    int64_t size = elements(&entry->shape), block[ST_RANK_MAX + 2];
    block[rank] = 1;
    for (int axis = rank - 1; axis >= 0; axis--)
        block[axis] = block[axis + 1] * entry->shape.dim[axis];
    if (size == 0) st_text_add(out, "[]");
    for (int64_t i = 0; i < size; i++) {
        if (i) st_text_add(out, ",");
        for (int axis = 0; axis < rank; axis++)
            if (i % block[axis] == 0) st_text_add(out, "[");
        st_json_number(out, entry->values[i]);
        for (int axis = 0; axis < rank; axis++)
            if ((i + 1) % block[axis] == 0) st_text_add(out, "]");
    }
}

static void json_entry(const StEntry *entry, StText *out) {
    switch (entry->kind) {
    case ST_ENTRY_FACT:
        if (entry->whole && isfinite(entry->value))
            st_text_format(out, "%.0f", entry->value);
        else
            st_json_number(out, entry->value);
        break;
    case ST_ENTRY_ARRAY:
        json_array(entry, out);
        break;
    case ST_ENTRY_NAMES:
        st_json_names(out, entry->names, entry->count);
        break;
    case ST_ENTRY_NOTE:
        st_json_string(out, entry->note ? entry->note : "");
        break;
    }
}

void st_finding_json(const StFinding *finding, StText *out) {
    for (int i = 0; i < finding->count; i++) {
        st_text_format(out, ",\"%s\":", finding->entry[i].name);
        json_entry(&finding->entry[i], out);
    }
}
