/* What the tests of the data room share: a folder of their own, and data sets loaded from lines of the
 * language. Include after cmocka. */
#ifndef TEST_DATA_H
#define TEST_DATA_H

#include "data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Lines {
    StDataSpec data;
    StSplitSpec split;
    StPrepareSpec prepare;
    StFeaturesSpec features;
} Lines;

static char folder[] = "/tmp/strata-data-XXXXXX";
static char made[64][256];
static int made_count;

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    for (int i = 0; i < made_count; i++)
        unlink(made[i]);
    return rmdir(folder);
}

static const char *path_of(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_bytes(const char *name, const void *bytes, size_t count) {
    const char *path = path_of(name);
    int known = 0;
    while (known < made_count && strcmp(made[known], path) != 0)
        known++;
    if (known == made_count) snprintf(made[made_count++], sizeof *made, "%s", path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

static inline void put(const char *name, const char *text) {
    put_bytes(name, text, strlen(text));
}

/* One line of the language into the descriptions. */
static bool take_line(Lines *lines, const char *line, StError *error) {
    StWords *words = malloc(sizeof *words);
    assert_non_null(words);
    bool done = st_words_split(line, words, error);
    const char *command = done ? words->word[0].text : "";
    const StWord *rest = words->word + 1;
    int count = words->count - 1;
    if (done && strcmp(command, "data") == 0)
        done = st_data_parse(&lines->data, rest, count, error);
    else if (done && strcmp(command, "split") == 0)
        done = st_split_parse(&lines->split, rest, count, error);
    else if (done && strcmp(command, "prepare") == 0)
        done = st_prepare_parse(&lines->prepare, rest, count, error);
    else if (done && strcmp(command, "features") == 0)
        done = st_features_parse(&lines->features, rest, count, error);
    free(words);
    return done;
}

/* Lines separated by \n; files are in the folder. */
static StDataset *try_load(const char *text, uint64_t seed, StError *error) {
    Lines *lines = calloc(1, sizeof *lines);
    char *copy = strdup(text), *rest = copy;
    assert_non_null(lines);
    bool done = true;
    for (char *line; done && (line = strsep(&rest, "\n"));)
        done = take_line(lines, line, error);
    StDataset *set = done ? st_dataset_load(&lines->data, &lines->split, &lines->prepare, &lines->features,
                                            path_of("recipe.strata"), seed, error)
                          : NULL;
    free(copy);
    free(lines);
    return set;
}

static inline StDataset *load_seed(const char *text, uint64_t seed) {
    StError error = {0};
    StDataset *set = try_load(text, seed, &error);
    if (!set) print_error("%s\n%s\n", text, error.message);
    assert_non_null(set);
    return set;
}

static inline StDataset *load(const char *text) {
    return load_seed(text, 1);
}

/* The message without the folder's name. */
static char *plain(const StError *error) {
    static char out[ST_MESSAGE_MAX];
    size_t length = strlen(folder) + 1, at = 0;
    for (const char *s = error->message; *s;) {
        if (strncmp(s, folder, length - 1) == 0 && s[length - 1] == '/')
            s += length;
        else
            out[at++] = *s++;
    }
    out[at] = '\0';
    return out;
}

static inline void refuses(const char *text, const char *message) {
    StError error = {0};
    StDataset *set = try_load(text, 1, &error);
    if (set) print_error("%s\nwas not refused\n", text);
    assert_null(set);
    assert_int_not_equal(error.code, ST_ERR_OK);
    assert_string_equal(plain(&error), message);
}

/* A csv file of this content, loaded with these options. */
static inline void refuses_csv(const char *content, const char *options, const char *message) {
    char line[512];
    put("a.csv", content);
    snprintf(line, sizeof line, "data csv a.csv %s", options);
    refuses(line, message);
}

static inline StDataset *load_csv(const char *content, const char *more) {
    char line[2048];
    put("a.csv", content);
    snprintf(line, sizeof line, "data csv a.csv %s", more);
    return load(line);
}

/* Row i of a part as x, at most 64 numbers. */
static inline const float *x_of(const StDataset *set, StPart part, int64_t row) {
    static float x[64];
    st_dataset_gather_x(set, part, NULL, row, 1, x);
    return x;
}

static inline int label_of(const StDataset *set, StPart part, int64_t row) {
    int32_t label;
    st_dataset_gather_labels(set, part, NULL, row, 1, &label);
    return label;
}

static inline float y_of(const StDataset *set, StPart part, int64_t row) {
    float y;
    st_dataset_gather_y(set, part, NULL, row, 1, 1, &y);
    return y;
}

static inline void has_row(const StDataset *set, StPart part, int64_t row, int count, const float *wanted) {
    const float *x = x_of(set, part, row);
    for (int i = 0; i < count; i++)
        assert_true(x[i] == wanted[i]);
}

/* True where a warning contains the words. */
static inline bool warns(const StDataset *set, const char *words) {
    for (int i = 0; i < st_dataset_warnings(set); i++)
        if (strstr(st_dataset_warning(set, i), words)) return true;
    return false;
}

#define ROW(set, part, row, ...)                                                                             \
    has_row(set, part, row, (int)(sizeof((float[]){__VA_ARGS__}) / sizeof(float)), (float[]){__VA_ARGS__})

#endif
