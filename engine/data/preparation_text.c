/* A preparation as one line of JSON, and back. */
#include "data/fit.h"
#include "data/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- printing ---- */

void st_json_string(StText *out, const char *text) {
    st_text_add(out, "\"");
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (*s == '"' || *s == '\\')
            st_text_format(out, "\\%c", *s);
        else if (*s < 0x20 || *s == 0x7F)
            st_text_format(out, "\\u%04x", *s);
        else
            st_text_add_bytes(out, s, 1);
    }
    st_text_add(out, "\"");
}

void st_json_names(StText *out, char *const *name, int count) {
    st_text_add(out, "[");
    for (int i = 0; i < count; i++) {
        if (i) st_text_add(out, ",");
        st_json_string(out, name[i]);
    }
    st_text_add(out, "]");
}

void st_json_shape(StText *out, const StShape *shape) {
    st_text_add(out, "[");
    for (int i = 0; i < shape->rank; i++)
        st_text_format(out, "%s%" PRId64, i ? "," : "", shape->dim[i]);
    st_text_add(out, "]");
}

void st_json_number(StText *out, double value) {
    if (isfinite(value))
        st_text_number(out, value);
    else
        st_text_add(out, "null");
}

static void print_field(StText *out, const StField *field, double fill) {
    st_text_add(out, "{\"name\":");
    st_json_string(out, field->name);
    st_text_format(out, ",\"number\":%d", field->number);
    if (field->categorical) {
        st_text_format(out, ",\"encode\":\"%s\",\"categories\":", st_encode_choices[field->encode].name);
        st_json_names(out, field->category, field->categories);
    }
    if (!isnan(fill)) {
        st_text_add(out, ",\"fill\":");
        st_text_number(out, fill);
    }
    st_text_add(out, "}");
}

/* x1, x2, …: such columns need only be counted. */
static bool counted_columns(const StPreparation *p) {
    for (int i = 0; i < p->fields; i++) {
        char name[16];
        snprintf(name, sizeof name, "x%d", i + 1);
        if (p->header || p->field[i].categorical || !isnan(p->fill[i]) || strcmp(p->field[i].name, name) != 0)
            return false;
    }
    return true;
}

static void print_columns(const StPreparation *p, StText *out) {
    if (counted_columns(p)) {
        st_text_format(out, "%d", p->fields);
        return;
    }
    st_text_add(out, "[");
    for (int i = 0; i < p->fields; i++) {
        if (i) st_text_add(out, ",");
        print_field(out, &p->field[i], p->fill[i]);
    }
    st_text_add(out, "]");
}

/* Inputs that are the columns as they are need not be listed. */
static bool untouched(const StPreparation *p) {
    for (int i = 0; i < p->inputs; i++)
        if (p->input[i].shift != 0 || p->input[i].divisor != 1) return false;
    return p->plain;
}

static void print_inputs(const StPreparation *p, StText *out) {
    if (untouched(p)) return;
    st_text_add(out, ",\"inputs\":[");
    for (int i = 0; i < p->inputs; i++) {
        const StInput *input = &p->input[i];
        st_text_add(out, i ? ",{" : "{");
        if (input->kind == ST_INPUT_FEATURE)
            st_text_format(out, "\"feature\":\"%s\"", st_feature_name(input->from));
        else
            st_text_format(out, "\"column\":%d", input->from);
        if (input->kind == ST_INPUT_CATEGORY) st_text_format(out, ",\"category\":%d", input->category);
        if (input->shift != 0 || input->divisor != 1) {
            st_text_add(out, ",\"shift\":");
            st_text_number(out, input->shift);
            st_text_add(out, ",\"divisor\":");
            st_text_number(out, input->divisor);
        }
        st_text_add(out, "}");
    }
    st_text_add(out, "]");
}

void st_preparation_print(const StPreparation *p, StText *out) {
    if (!p) return;
    st_text_add(out, "{\"preparation\":1,\"raw\":");
    st_json_shape(out, &p->raw_shape);
    st_text_format(out, ",\"header\":%s,\"columns\":", p->header ? "true" : "false");
    print_columns(p, out);
    print_inputs(p, out);
    if (p->classes) {
        st_text_format(out, ",\"numbers\":%s,\"classes\":", p->classes_numbers ? "true" : "false");
        st_json_names(out, p->class_name, p->classes);
    }
    st_text_add(out, ",\"targets\":[");
    for (int i = 0; i < p->targets; i++) {
        if (i) st_text_add(out, ",");
        st_text_add(out, "{\"name\":");
        st_json_string(out, p->target[i].name);
        st_text_format(out, ",\"number\":%d}", p->target[i].number);
    }
    st_text_add(out, "]}");
}

/* ---- parsing ---- */

static bool wrong(StError *error, const char *what) {
    return st_fail(error, ST_ERR_FORMAT, "the preparation kept with the weights is damaged: %s", what);
}

static bool read_names(const json_t *list, char ***name, int *count, const char *what, StError *error) {
    if (!json_is_array(list) || json_array_size(list) > INT32_MAX / 8) return wrong(error, what);
    int wanted = (int)json_array_size(list);
    if (!(*name = st_data_allocate(wanted, sizeof(char *), what, error))) return false;
    for (int i = 0; i < wanted; i++, ++*count) {
        const json_t *item = json_array_get(list, (size_t)i);
        if (!json_is_string(item)) return wrong(error, what);
        if (!((*name)[i] = st_data_copy(json_string_value(item), json_string_length(item), error)))
            return false;
    }
    return true;
}

static bool read_field(const json_t *object, StField *field, StError *error) {
    const json_t *name = json_object_get(object, "name"), *number = json_object_get(object, "number");
    const json_t *categories = json_object_get(object, "categories"),
                 *encode = json_object_get(object, "encode");
    if (!json_is_string(name) || !json_is_integer(number) || json_integer_value(number) < 1 ||
        json_integer_value(number) > INT32_MAX)
        return wrong(error, "a column");
    field->number = (int)json_integer_value(number);
    if (!(field->name = st_data_copy(json_string_value(name), json_string_length(name), error))) return false;
    if (!categories) return true;
    field->categorical = true;
    int method = json_is_string(encode) ? st_choice_find(st_encode_choices, json_string_value(encode)) : -1;
    if (method < 0) return wrong(error, "an encoding");
    field->encode = (StEncode)method;
    if (!read_names(categories, &field->category, &field->categories, "categories", error)) return false;
    for (int i = 1; i < field->categories; i++) /* they are found by bisection */
        if (strcmp(field->category[i - 1], field->category[i]) >= 0) return wrong(error, "categories");
    return true;
}

static bool read_shape(const json_t *list, StShape *shape, StError *error) {
    if (!json_is_array(list) || json_array_size(list) < 1 || json_array_size(list) > ST_RANK_MAX)
        return wrong(error, "a shape");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *extent = json_array_get(list, i);
        if (!json_is_integer(extent) || json_integer_value(extent) < 1 ||
            json_integer_value(extent) > INT32_MAX)
            return wrong(error, "a shape");
        shape->dim[shape->rank++] = json_integer_value(extent);
    }
    return st_shape_size(shape) > 0 || wrong(error, "a shape");
}

static bool read_columns(const json_t *list, StPreparation *p, StError *error) {
    bool counted = json_is_integer(list);
    if (!counted && !json_is_array(list)) return wrong(error, "columns");
    int64_t count = counted ? json_integer_value(list) : (int64_t)json_array_size(list);
    if (count < 1 || count > ST_FIELDS_MAX || count != p->raw_shape.dim[p->raw_shape.rank - 1])
        return wrong(error, "columns");
    p->field = st_data_allocate(count + 1, sizeof *p->field, "columns", error);
    p->fill = st_data_allocate(count, sizeof *p->fill, "columns", error);
    if (!p->field || !p->fill) return false;
    for (int i = 0; i < count; i++) {
        p->fields++;
        p->fill[i] = NAN;
        char name[16];
        int length = snprintf(name, sizeof name, "x%d", i + 1);
        p->field[i].number = i + 1;
        if (counted) {
            if (!(p->field[i].name = st_data_copy(name, (size_t)length, error))) return false;
            continue;
        }
        const json_t *object = json_array_get(list, (size_t)i), *fill = json_object_get(object, "fill");
        if (!read_field(object, &p->field[i], error)) return false;
        if (fill && !json_is_number(fill)) return wrong(error, "a filling");
        if (fill) p->fill[i] = json_number_value(fill);
        if (p->field[i].categorical && p->raw_shape.rank != 1) return wrong(error, "columns");
    }
    return true;
}

static bool read_input(const json_t *object, const StPreparation *p, StInput *input, StError *error) {
    const json_t *feature = json_object_get(object, "feature"), *column = json_object_get(object, "column");
    const json_t *category = json_object_get(object, "category");
    const json_t *shift = json_object_get(object, "shift"), *divisor = json_object_get(object, "divisor");
    input->kind = feature ? ST_INPUT_FEATURE : category ? ST_INPUT_CATEGORY : ST_INPUT_COLUMN;
    if (feature) {
        while (input->from < ST_FEATURES &&
               (!json_is_string(feature) ||
                strcmp(st_feature_name(input->from), json_string_value(feature)) != 0))
            input->from++;
        if (input->from == ST_FEATURES || p->fields != 2) return wrong(error, "a feature");
    } else {
        json_int_t from = json_is_integer(column) ? json_integer_value(column) : -1;
        if (from < 0 || from >= p->fields) return wrong(error, "an input");
        input->from = (int)from;
    }
    if (category) {
        json_int_t index = json_is_integer(category) ? json_integer_value(category) : -1;
        if (index < 0 || index >= p->field[input->from].categories) return wrong(error, "a category");
        input->category = (int)index;
    }
    input->shift = json_number_value(shift);
    input->divisor = divisor ? json_number_value(divisor) : 1;
    return (isfinite(input->shift) && isfinite(input->divisor) && input->divisor > 0) ||
           wrong(error, "an input");
}

static bool read_inputs(const json_t *list, StPreparation *p, StError *error) {
    if (list && !json_is_array(list)) return wrong(error, "inputs");
    int64_t count = list ? (int64_t)json_array_size(list) : p->fields;
    if (count < 1 || count > INT32_MAX || (p->raw_shape.rank > 1 && count != p->fields))
        return wrong(error, "inputs");
    if (!(p->input = st_data_allocate(count, sizeof *p->input, "inputs", error))) return false;
    for (; p->inputs < count; p->inputs++) {
        StInput *input = &p->input[p->inputs];
        *input = (StInput){.kind = ST_INPUT_COLUMN, .from = p->inputs, .divisor = 1};
        if (!list) continue;
        *input = (StInput){.divisor = 1};
        if (!read_input(json_array_get(list, (size_t)p->inputs), p, input, error)) return false;
    }
    return true;
}

static bool read_targets(const json_t *root, StPreparation *p, StError *error) {
    const json_t *classes = json_object_get(root, "classes"), *targets = json_object_get(root, "targets");
    p->task = classes ? ST_CLASSIFICATION : ST_REGRESSION;
    p->classes_numbers = json_is_true(json_object_get(root, "numbers"));
    if (classes && !read_names(classes, &p->class_name, &p->classes, "classes", error)) return false;
    if (!json_is_array(targets) || json_array_size(targets) > 1000000) return wrong(error, "targets");
    int count = (int)json_array_size(targets);
    if (!(p->target = st_data_allocate((int64_t)count + 1, sizeof *p->target, "targets", error)))
        return false;
    for (int i = 0; i < count; i++) {
        p->targets++;
        if (!read_field(json_array_get(targets, (size_t)i), &p->target[i], error)) return false;
    }
    return true;
}

static bool read_all(const json_t *root, StPreparation *p, StError *error) {
    const json_t *version = json_object_get(root, "preparation");
    if (!json_is_integer(version) || json_integer_value(version) != 1) return wrong(error, "its version");
    p->header = json_is_true(json_object_get(root, "header"));
    return read_shape(json_object_get(root, "raw"), &p->raw_shape, error) &&
           read_columns(json_object_get(root, "columns"), p, error) &&
           read_inputs(json_object_get(root, "inputs"), p, error) && read_targets(root, p, error) &&
           st_preparation_finish(p, error);
}

StPreparation *st_preparation_parse(const char *text, StError *error) {
    json_error_t where;
    json_t *root = json_loads(text, 0, &where);
    if (!root) {
        wrong(error, "it is not JSON");
        return NULL;
    }
    StPreparation *p = st_data_allocate(1, sizeof *p, "the preparation", error);
    if (p && !read_all(root, p, error)) {
        st_preparation_destroy(p);
        p = NULL;
    }
    json_decref(root);
    return p;
}
