#include "model/stack.h"

#include "layers/constraint.h"
#include "layers/wrapper.h"
#include "layers/initializer.h"
#include "layers/regularizer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

bool st_layer_takes_words(const StLayer *layer) {
    return layer->kind->words && layer->kind->words(layer->options) > 0;
}

const StLayerKind *st_layer_wrapped(const StLayer *layer) {
    return layer->kind && layer->kind->wraps ? st_wrapped_kind(layer->options) : NULL;
}

const StLayerKind *st_layer_wrappable(const StLayerKind *wrapper, int n) {
    for (int i = 0; st_layer_kinds[i]; i++)
        if (wrapper->wraps(st_layer_kinds[i]) && n-- == 0) return st_layer_kinds[i];
    return NULL;
}

int st_layer_tables(StLayer *layer, StLayerTable tables[ST_LAYER_TABLES]) {
    const StLayerKind *kind = layer->kind, *wrapped = st_layer_wrapped(layer);
    int count = 0;
    if (wrapped)
        tables[count++] = (StLayerTable){wrapped, wrapped->options, ((StWrapped *)layer->options)->options,
                                         wrapped->options_size};
    tables[count++] = (StLayerTable){kind, kind->options, layer->options, kind->options_size};
    return count;
}

const StOption *st_layer_option(StLayer *layer, const char *name, StLayerTable *table) {
    StLayerTable tables[ST_LAYER_TABLES];
    for (int t = st_layer_tables(layer, tables) - 1; t >= 0; t--) {
        const StOption *row = st_option_find(tables[t].rows, name);
        *table = tables[t];
        if (row) return row;
    }
    return NULL;
}

static void set_wrapped(StLayer *layer, const StLayerKind *wrapped) {
    StWrapped *in = (StWrapped *)layer->options;
    while (st_layer_kinds[in->kind] != wrapped)
        in->kind++;
}

void st_layer_default(StLayer *layer, const StLayerKind *kind, const StLayerKind *wrapped) {
    StLayerTable tables[ST_LAYER_TABLES];
    memset(layer, 0, sizeof *layer);
    layer->kind = kind;
    if (kind->wraps) set_wrapped(layer, wrapped ? wrapped : st_layer_wrappable(kind, 0));
    for (int t = st_layer_tables(layer, tables) - 1; t >= 0; t--)
        st_options_default(tables[t].rows, tables[t].values);
}

void st_stack_init(StStack *stack) {
    *stack = (StStack){0};
}

void st_stack_free(StStack *stack) {
    free(stack->layers);
    *stack = (StStack){0};
}

bool st_stack_copy(StStack *to, const StStack *from, StError *error) {
    StStack copy = {.input = from->input, .count = from->count};
    if (from->count > 0) {
        size_t bytes = (size_t)from->count * sizeof *copy.layers;
        copy.layers = malloc(bytes);
        if (!copy.layers) return st_fail_memory(error, "a copy of the stack", bytes);
        memcpy(copy.layers, from->layers, bytes);
    }
    *to = copy;
    return true;
}

static bool set_name(StLayer *layer, const char *name, StError *error) {
    if (*name && !st_is_name(name))
        return st_fail(error, ST_ERR_VALUE, "%s: name=%.60s: wanted a letter, then letters, digits, _ or -",
                       layer->kind->name, name);
    if (strlen(name) >= sizeof layer->name)
        return st_fail(error, ST_ERR_VALUE, "%s: name of %zu bytes, wanted at most %zu", layer->kind->name,
                       strlen(name), sizeof layer->name - 1);
    strcpy(layer->name, name);
    return true;
}

static bool set_trainable(StLayer *layer, const char *value, StError *error) {
    bool yes = strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "no") != 0)
        return st_fail(error, ST_ERR_VALUE, "%s: trainable=%.60s: wanted yes or no", layer->kind->name,
                       value);
    layer->frozen = !yes;
    return true;
}

/* What every kind understands, and no kind's own table has. */
typedef struct Common {
    const char *name;
    bool (*set)(StLayer *layer, const char *value, StError *error);
} Common;

static const Common commons[] = {{"name", set_name}, {"trainable", set_trainable}};
enum { COMMONS = sizeof commons / sizeof *commons };

/* Its index among them, or -1. */
static int common_of(const StWord *word) {
    for (int i = 0; word->name && i < COMMONS; i++)
        if (strcmp(commons[i].name, word->name) == 0) return i;
    return -1;
}

/* The first word by place behind a wrapper is the kind that it wraps: taken out of the words. */
static bool choose_wrapped(StLayer *layer, StWord *words, int *count, StError *error) {
    if (!layer->kind->wraps) return true;
    const char *example = st_layer_wrappable(layer->kind, 0)->name;
    int at = 0;
    while (at < *count && words[at].name)
        at++;
    if (at == *count)
        return st_fail(error, ST_ERR_VALUE, "%s: the layer that it wraps is missing: %s %s …",
                       layer->kind->name, layer->kind->name, example);
    const StLayerKind *wrapped = st_layer_kind_find(words[at].text);
    if (!wrapped) return st_fail_unknown(error, "layer kind", words[at].text, st_layer_kind_name_at, NULL);
    if (!layer->kind->wraps(wrapped)) {
        StText wanted = {0};
        for (int n = 0; !wrapped->wraps && st_layer_wrappable(layer->kind, n); n++)
            st_text_format(&wanted, "%s%s", n ? ", " : "; it wraps ",
                           st_layer_wrappable(layer->kind, n)->name);
        st_fail(error, ST_ERR_VALUE, "%s: %s cannot be wrapped%s", layer->kind->name, wrapped->name,
                wanted.length ? st_text_string(&wanted) : "");
        st_text_free(&wanted);
        return false;
    }
    set_wrapped(layer, wrapped);
    memmove(words + at, words + at + 1, (size_t)(--*count - at) * sizeof *words);
    return true;
}

static const char *option_name_at(const void *of, int index) {
    StLayer layer = *(const StLayer *)of;
    StLayerTable tables[ST_LAYER_TABLES];
    int count = st_layer_tables(&layer, tables);
    for (int t = 0; t < count; t++) {
        int rows = st_option_count(tables[t].rows);
        if (index < rows) return tables[t].rows[index].name;
        index -= rows;
    }
    return NULL;
}

/* An option by name that no table of the layer has. */
static bool refuse_option(const StLayer *layer, const char *name, StError *error) {
    const StLayerKind *wrapped = st_layer_wrapped(layer);
    char what[96];
    snprintf(what, sizeof what, "option of %s%s%s", layer->kind->name, wrapped ? " " : "",
             wrapped ? wrapped->name : "");
    return st_fail_unknown(error, what, name, option_name_at, layer);
}

/* A wrapper's own options are those of its table, by name; all other words are of what it wraps. */
static bool parse_tables(StLayer *layer, const StWord *words, int count, StError *error) {
    StLayerTable tables[ST_LAYER_TABLES];
    int last = st_layer_tables(layer, tables) - 1, kept[ST_LAYER_TABLES] = {0};
    StWord(*sorted)[ST_WORDS_MAX] = malloc(ST_LAYER_TABLES * sizeof *sorted);
    if (!sorted) return st_fail_memory(error, "a layer's options", ST_LAYER_TABLES * sizeof *sorted);
    bool done = true;
    for (int i = 0; done && i < count; i++) {
        StLayerTable unused;
        if (words[i].name && !st_layer_option(layer, words[i].name, &unused))
            done = refuse_option(layer, words[i].name, error);
        int t = last && words[i].name && st_option_find(tables[last].rows, words[i].name) ? last : 0;
        sorted[t][kept[t]++] = words[i];
    }
    for (int t = last; done && t >= 0; t--)
        done = st_options_parse(tables[t].rows, tables[t].kind->name, tables[t].values, tables[t].size,
                                sorted[t], kept[t], error);
    free(sorted);
    return done;
}

bool st_layer_parse(StLayer *layer, const StWord *words, int count, StError *error) {
    if (count < 1) return st_fail(error, ST_ERR_VALUE, "a layer's kind is missing");
    StLayer parsed = {.kind = words[0].name ? NULL : st_layer_kind_find(words[0].text)};
    if (!parsed.kind) return st_fail_unknown(error, "layer kind", words[0].text, st_layer_kind_name_at, NULL);
    StWord rest[ST_WORDS_MAX];
    int kept = 0, given[COMMONS] = {0};
    for (int i = 1; i < count; i++) {
        int common = common_of(&words[i]);
        if (common < 0) {
            rest[kept++] = words[i];
            continue;
        }
        if (given[common]++)
            return st_fail(error, ST_ERR_VALUE, "%s: %s is given twice", parsed.kind->name, words[i].name);
        if (!commons[common].set(&parsed, words[i].value, error)) return false;
    }
    if (!choose_wrapped(&parsed, rest, &kept, error) || !parse_tables(&parsed, rest, kept, error))
        return false;
    *layer = parsed;
    return true;
}

void st_layer_print(const StLayer *layer, StText *out) {
    StLayer shown = *layer;
    StLayerTable tables[ST_LAYER_TABLES];
    int count = st_layer_tables(&shown, tables);
    st_text_add(out, layer->kind->name);
    for (int t = 0; t < count; t++) {
        if (tables[t].kind != layer->kind) st_text_format(out, " %s", tables[t].kind->name);
        st_options_print(tables[t].rows, tables[t].values, out);
    }
    if (layer->frozen) st_text_add(out, " trainable=no");
    if (*layer->name) st_text_format(out, " name=%s", layer->name);
}

/* The layer, not `except`, that was given this name, or -1. */
static int given_name(const StStack *stack, const char *name, int except) {
    for (int i = 0; i < stack->count; i++)
        if (i != except && strcmp(stack->layers[i].name, name) == 0) return i;
    return -1;
}

static bool refuse_twin(const StStack *stack, const StLayer *layer, int except, StError *error) {
    int twin = *layer->name ? given_name(stack, layer->name, except) : -1;
    if (twin < 0) return true;
    return st_fail(error, ST_ERR_VALUE, "%s: name=%s is taken by layer %d", layer->kind->name, layer->name,
                   twin + 1);
}

bool st_stack_insert(StStack *stack, int at, const StLayer *layer, StError *error) {
    if (at < 0 || at > stack->count)
        return st_fail(error, ST_ERR_VALUE, "place %d: wanted 1 to %d", at + 1, stack->count + 1);
    if (stack->count >= ST_LAYERS_MAX)
        return st_fail(error, ST_ERR_VALUE, "more than %d layers", ST_LAYERS_MAX);
    if (!refuse_twin(stack, layer, -1, error)) return false;
    StLayer added = *layer; /* may lie in the array that is about to move */
    size_t bytes = (size_t)(stack->count + 1) * sizeof *stack->layers;
    StLayer *layers = realloc(stack->layers, bytes);
    if (!layers) return st_fail_memory(error, "the stack", bytes);
    memmove(layers + at + 1, layers + at, (size_t)(stack->count - at) * sizeof *layers);
    layers[at] = added;
    stack->layers = layers;
    stack->count++;
    return true;
}

static bool has_layer(const StStack *stack, int at, StError *error) {
    if (at >= 0 && at < stack->count) return true;
    if (stack->count == 0) return st_fail(error, ST_ERR_VALUE, "layer %d: the stack has no layers", at + 1);
    return st_fail(error, ST_ERR_VALUE, "layer %d: wanted 1 to %d", at + 1, stack->count);
}

bool st_stack_remove(StStack *stack, int at, StError *error) {
    if (!has_layer(stack, at, error)) return false;
    stack->count--;
    memmove(stack->layers + at, stack->layers + at + 1, (size_t)(stack->count - at) * sizeof *stack->layers);
    return true;
}

bool st_stack_move(StStack *stack, int from, int to, StError *error) {
    if (!has_layer(stack, from, error) || !has_layer(stack, to, error)) return false;
    StLayer moved = stack->layers[from];
    StLayer *layers = stack->layers;
    if (from < to)
        memmove(layers + from, layers + from + 1, (size_t)(to - from) * sizeof *layers);
    else
        memmove(layers + to + 1, layers + to, (size_t)(from - to) * sizeof *layers);
    layers[to] = moved;
    return true;
}

static bool set_option(StLayer *layer, const StWord *word, StError *error) {
    StLayerTable table;
    if (!st_layer_option(layer, word->name, &table)) return refuse_option(layer, word->name, error);
    return st_options_set(table.rows, table.kind->name, table.values, word->name, word->value, error);
}

bool st_stack_set(StStack *stack, int at, const StWord *words, int count, StError *error) {
    if (!has_layer(stack, at, error)) return false;
    StLayer trial = stack->layers[at];
    const StLayerKind *kind = trial.kind;
    if (count < 1)
        return st_fail(error, ST_ERR_VALUE, "%s: an option is missing, wanted key=value", kind->name);
    for (int i = 0; i < count; i++) {
        if (!words[i].name)
            return st_fail(error, ST_ERR_VALUE, "%s: '%.60s': wanted key=value", kind->name, words[i].text);
        for (int j = 0; j < i; j++)
            if (strcmp(words[j].name, words[i].name) == 0)
                return st_fail(error, ST_ERR_VALUE, "%s: %s is given twice", kind->name, words[i].name);
        int common = common_of(&words[i]);
        bool done = common >= 0 ? commons[common].set(&trial, words[i].value, error)
                                : set_option(&trial, &words[i], error);
        if (!done) return false;
    }
    if (!refuse_twin(stack, &trial, at, error)) return false;
    stack->layers[at] = trial;
    return true;
}

void st_stack_print(const StStack *stack, StText *out) {
    char shape[ST_SHAPE_TEXT];
    if (stack->input.rank > 0) st_text_format(out, "input %s\n", st_shape_print(&stack->input, shape));
    for (int i = 0; i < stack->count; i++) {
        st_layer_print(&stack->layers[i], out);
        st_text_add(out, "\n");
    }
}

/* Keras counts the layers of a kind that were given no name: dense, dense_1, … A number whose name was given
 * to another layer is passed over. number[i] keeps what layer i got. */
static void name_layer(const StStack *stack, int at, int *number, char name[ST_LAYER_NAME_MAX]) {
    const StLayer *layer = &stack->layers[at];
    number[at] = -1;
    if (*layer->name) {
        strcpy(name, layer->name);
        return;
    }
    int next = 0;
    for (int i = at - 1; i >= 0; i--)
        if (stack->layers[i].kind == layer->kind && number[i] >= 0) {
            next = number[i] + 1;
            break;
        }
    for (;; next++) {
        if (next == 0)
            snprintf(name, ST_LAYER_NAME_MAX, "%.48s", layer->kind->name);
        else
            snprintf(name, ST_LAYER_NAME_MAX, "%.48s_%d", layer->kind->name, next);
        if (given_name(stack, name, at) < 0) break;
    }
    number[at] = next;
}

void st_stack_names(const StStack *stack, char (*names)[ST_LAYER_NAME_MAX]) {
    int number[ST_LAYERS_MAX];
    for (int i = 0; i < stack->count; i++)
        name_layer(stack, i, number, names[i]);
}

typedef struct Names {
    int count;
    char (*name)[ST_LAYER_NAME_MAX];
} Names;

static const char *name_at(const void *table, int index) {
    const Names *names = table;
    return index < names->count ? names->name[index] : NULL;
}

/* A word of digits alone as an index from 0; -1 for other words, INT_MAX where it is too large. */
static int layer_number(const char *word) {
    if (!*word || word[strspn(word, "0123456789")]) return -1;
    if (strlen(word) > 8) return INT_MAX;
    return atoi(word) - 1 < 0 ? INT_MAX : atoi(word) - 1;
}

int st_stack_find(const StStack *stack, const char *word, StError *error) {
    if (stack->count == 0) {
        st_fail(error, ST_ERR_VALUE, "layer %.60s: the stack has no layers", word);
        return -1;
    }
    int number = layer_number(word);
    if (number >= 0 && number < stack->count) return number;
    if (number >= 0) {
        st_fail(error, ST_ERR_VALUE, "layer %.60s: wanted 1 to %d, or a name", word, stack->count);
        return -1;
    }
    Names names = {stack->count, malloc((size_t)stack->count * ST_LAYER_NAME_MAX)};
    if (!names.name) {
        st_fail_memory(error, "names of layers", (size_t)stack->count * ST_LAYER_NAME_MAX);
        return -1;
    }
    st_stack_names(stack, names.name);
    int found = -1;
    for (int i = 0; i < stack->count && found < 0; i++)
        if (strcmp(names.name[i], word) == 0) found = i;
    if (found < 0) st_fail_unknown(error, "layer", word, name_at, &names);
    free(names.name);
    return found;
}

/* Whether what the options say of a weight can be of its shape. */
static bool weight_fits(const StWeight *weight, StError *error) {
    return st_initializer_fits(&weight->initializer, &weight->shape, error) &&
           st_regularizer_fits(&weight->regularizer, &weight->shape, error) &&
           st_constraint_fits(&weight->constraint, &weight->shape, error);
}

/* Shapes, weights and costs of one layer whose input is known. */
static bool infer_layer(const StLayer *layer, StLayerInfo *info) {
    const StLayerKind *kind = layer->kind;
    if (!kind->shape(layer->options, &info->in, &info->out, &info->error)) {
        info->out = (StShape){0};
        return false;
    }
    int64_t size = st_shape_size(&info->out);
    if (size < 0) {
        info->out = (StShape){0};
        return st_fail(&info->error, ST_ERR_SHAPE, "its output has more values than can be counted");
    }
    if (kind->activity && !st_regularizer_fits(kind->activity(layer->options), NULL, &info->error))
        return st_fail_at(&info->error, "activity_regularizer");
    info->weights = kind->weights ? kind->weights(layer->options, &info->in, info->weight) : 0;
    for (int i = 0; i < info->weights; i++) {
        const StWeight *weight = &info->weight[i];
        if (!weight_fits(weight, &info->error)) return st_fail_at(&info->error, "%s", weight->name);
        int64_t count = st_shape_size(&weight->shape);
        info->parameters = st_plus(info->parameters, count);
        if (weight->trainable && !layer->frozen) info->trainable = st_plus(info->trainable, count);
    }
    info->flops = kind->flops ? kind->flops(layer->options, &info->in, &info->out) : 0;
    info->bytes = st_times(size, (int64_t)sizeof(float));
    return true;
}

bool st_stack_infer(const StStack *stack, const StShape *input, StLayerInfo *layers, StStackInfo *info,
                    StError *error) {
    StShape shape = input && input->rank > 0 ? *input : stack->input;
    StStackInfo total = {.input = shape, .first_bad = -1};
    int number[ST_LAYERS_MAX];
    for (int i = 0; i < stack->count; i++) {
        StLayerInfo *layer = &layers[i];
        *layer = (StLayerInfo){.in = shape};
        name_layer(stack, i, number, layer->name);
        int twin = *stack->layers[i].name ? given_name(stack, stack->layers[i].name, i) : -1;
        bool fits = shape.rank == 0 || infer_layer(&stack->layers[i], layer);
        if (fits && twin >= 0 && twin < i)
            fits =
                st_fail(&layer->error, ST_ERR_VALUE, "name=%s is taken by layer %d", layer->name, twin + 1);
        if (!fits && total.first_bad < 0) total.first_bad = i;
        shape = layer->out;
        total.parameters = st_plus(total.parameters, layer->parameters);
        total.trainable = st_plus(total.trainable, layer->trainable);
        total.flops = st_plus(total.flops, layer->flops);
        total.bytes = st_plus(total.bytes, layer->bytes);
    }
    total.output = shape;
    if (info) *info = total;
    if (total.first_bad >= 0) {
        const StLayerInfo *bad = &layers[total.first_bad];
        return st_fail(error, bad->error.code, "layer %d (%s): %.600s", total.first_bad + 1, bad->name,
                       bad->error.message);
    }
    if (total.input.rank == 0)
        return st_fail(error, ST_ERR_STATE,
                       "the shape of the input is not known; say it with input (input 4), "
                       "or load data");
    return true;
}
