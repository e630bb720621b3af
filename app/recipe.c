#include "recipe.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void recipe_init(Recipe *recipe) {
    memset(recipe, 0, sizeof *recipe);
    recipe->seed = 1;
    recipe->split.stratify = recipe->split.shuffle = true;
    st_stack_init(&recipe->stack);
    st_compile_default(&recipe->compile);
    st_callbacks_default(&recipe->callbacks);
    st_fit_default(&recipe->fit);
}

bool recipe_copy(Recipe *to, const Recipe *from, StError *error) {
    StStack stack;
    if (!st_stack_copy(&stack, &from->stack, error)) return false;
    *to = *from;
    to->stack = stack;
    return true;
}

void recipe_free(Recipe *recipe) {
    st_stack_free(&recipe->stack);
}

const char *recipe_data_base(const Recipe *recipe) {
    return *recipe->data_base ? recipe->data_base : NULL;
}

/* ---- paths of the data line, written so that they are found from another folder ---- */

/* The options of the sources that hold a path. */
static const char *const path_options[] = {"file",        "test", "images", "labels", "test_images",
                                           "test_labels", "x",    "y",      "test_x", "test_y"};

static bool is_path_option(const StOption *row) {
    for (size_t i = 0; i < sizeof path_options / sizeof *path_options; i++)
        if (row->type == ST_TEXT && strcmp(row->name, path_options[i]) == 0) return true;
    return false;
}

/* The real folder of a file ("" or NULL: the current one); false where there is none. */
static bool folder_of(const char *file, char out[PATH_MAX]) {
    char folder[RECIPE_PATH_MAX];
    const char *slash = file ? strrchr(file, '/') : NULL;
    if (!slash)
        strcpy(folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", slash == file ? 1 : (int)(slash - file), file);
    return realpath(folder, out) != NULL;
}

/* A relative path that starts from the folder `from`, as it has to be written in a file of the folder `to`:
 * up to the folder that both share, then down. */
static void rewrite_path(char *path, size_t size, const char *from, const char *to) {
    char whole[PATH_MAX + RECIPE_PATH_MAX], written[3 * PATH_MAX + RECIPE_PATH_MAX];
    snprintf(whole, sizeof whole, "%s/%s", strcmp(from, "/") == 0 ? "" : from, path);
    size_t shared = 0; /* length of the folders that both begin with, the last slash counted */
    for (size_t i = 0; to[i] == whole[i] || (!to[i] && whole[i] == '/'); i++) {
        if (whole[i] == '/') shared = i + 1;
        if (!to[i]) break;
    }
    size_t at = 0;
    *written = '\0';
    for (const char *s = strlen(to) < shared ? "" : to + shared; *s; s += strcspn(s, "/"), s += *s == '/')
        at += (size_t)snprintf(written + at, sizeof written - at, "../");
    snprintf(written + at, sizeof written - at, "%s", whole + shared);
    if (strlen(written) < size) strcpy(path, written);
}

static void rewrite_data(StDataSpec *data, const char *base, const char *file) {
    char from[PATH_MAX], to[PATH_MAX];
    if (!folder_of(base, from) || !folder_of(file, to) || strcmp(from, to) == 0) return;
    for (const StOption *row = st_data_kind(data)->options; row->name; row++) {
        char *path = (char *)data->options + row->offset;
        if (is_path_option(row) && *path && *path != '/') rewrite_path(path, row->size, from, to);
    }
}

/* ---- printing ---- */

static void print_data(const Recipe *recipe, const char *file, StText *out) {
    if (recipe->seed_given) st_text_format(out, "seed %llu\n", (unsigned long long)recipe->seed);
    if (recipe->data.given) {
        StDataSpec data = recipe->data;
        if (file) rewrite_data(&data, recipe->data_base, file);
        st_data_print(&data, out);
    }
    st_features_print(&recipe->features, out);
    st_split_print(&recipe->split, out);
    st_prepare_print(&recipe->prepare, out);
}

static void print_train(const Recipe *recipe, StText *out) {
    if (recipe->compile.given) {
        st_compile_print(&recipe->compile, out);
        st_text_add(out, "\n");
    }
    StText callbacks = {0};
    st_callbacks_print(&recipe->callbacks, &callbacks);
    if (strchr(st_text_string(&callbacks), '=')) st_text_format(out, "%s\n", st_text_string(&callbacks));
    if (callbacks.failed) out->failed = true;
    st_text_free(&callbacks);
    if (recipe->fit.given) {
        st_fit_print(&recipe->fit, out);
        st_text_add(out, "\n");
    }
}

static void print_pace(const Pace *pace, StText *out) {
    if (pace->per_second <= 0) return;
    st_text_add(out, pace->epochs ? "pace epochs=" : "pace ");
    st_text_number(out, pace->per_second);
    st_text_add(out, "\n");
}

bool recipe_print(const Recipe *recipe, unsigned parts, const char *file, StText *out, StError *error) {
    if (parts & RECIPE_COMMENT) st_text_add(out, recipe->comment);
    if (parts & RECIPE_DATA) print_data(recipe, file, out);
    if (parts & RECIPE_STACK) st_stack_print(&recipe->stack, out);
    if (parts & RECIPE_TRAIN) print_train(recipe, out);
    if (parts & RECIPE_PACE) print_pace(&recipe->pace, out);
    return !out->failed || st_fail_memory(error, "the text of the recipe", out->length);
}

bool recipe_equal(const Recipe *a, const Recipe *b, unsigned parts) {
    StText one = {0}, other = {0};
    bool same = recipe_print(a, parts, NULL, &one, NULL) && recipe_print(b, parts, NULL, &other, NULL) &&
                strcmp(st_text_string(&one), st_text_string(&other)) == 0;
    if (same && (parts & RECIPE_DATA) && a->data.given) same = strcmp(a->data_base, b->data_base) == 0;
    st_text_free(&one);
    st_text_free(&other);
    return same;
}

bool recipe_differs(const Recipe *a, const Recipe *b, StText *what) {
    static const struct {
        unsigned part;
        const char *word;
    } parts[] = {{RECIPE_DATA, "data"}, {RECIPE_STACK, "stack"}, {RECIPE_TRAIN, "training"}};
    bool differs = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (recipe_equal(a, b, parts[i].part)) continue;
        if (what) st_text_format(what, "%s%s", differs ? ", " : "", parts[i].word);
        differs = true;
    }
    return differs;
}
