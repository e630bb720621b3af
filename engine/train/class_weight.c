#include "train/class_weight.h"

#include <stdlib.h>
#include <string.h>

enum { NAME = 128 };

typedef struct Entry {
    char name[NAME];
    double weight;
} Entry;

/* Takes one entry off the list; false with an error where it is none, at the end with *list NULL. */
static bool next_entry(const char **list, Entry *entry, StError *error) {
    char text[NAME + 40], *colon;
    size_t length = strcspn(*list, ",");
    bool sound = length < sizeof text;
    memcpy(text, *list, sound ? length : 0);
    text[sound ? length : 0] = '\0';
    colon = strrchr(text, ':');
    sound = sound && colon && colon > text && colon - text < NAME && st_number(colon + 1, &entry->weight) &&
            entry->weight >= 0;
    if (!sound)
        return st_fail(error, ST_ERR_VALUE,
                       "class_weight=%.*s: wanted balanced, or classes with weights from 0 up, as in 0:1,1:5",
                       (int)(length < 60 ? length : 60), *list);
    memcpy(entry->name, text, (size_t)(colon - text));
    entry->name[colon - text] = '\0';
    *list = (*list)[length] ? *list + length + 1 : NULL;
    return true;
}

static bool balanced(const char *text) {
    return strcmp(text, "balanced") == 0;
}

bool st_class_weight_check(const char *text, StError *error) {
    Entry entry;
    for (const char *list = *text && !balanced(text) ? text : NULL; list;)
        if (!next_entry(&list, &entry, error)) return false;
    return true;
}

static bool balance(const StDataset *dataset, int classes, double *weight, StError *error) {
    if (!st_dataset_has_labels(dataset))
        return st_fail(error, ST_ERR_VALUE,
                       "class_weight=balanced wants classes, the data has numbers as targets");
    const int64_t *count = st_dataset_class_counts(dataset, ST_TRAIN);
    double all = 0, present = 0;
    for (int c = 0; c < classes; c++) {
        all += (double)count[c];
        present += count[c] > 0;
    }
    for (int c = 0; c < classes; c++)
        weight[c] = count[c] ? all / (present * (double)count[c]) : 1;
    return true;
}

typedef struct Names {
    const StDataset *dataset;
    int classes;
} Names;

static const char *name_at(const void *table, int index) {
    const Names *names = table;
    return index < names->classes ? st_dataset_class_name(names->dataset, index) : NULL;
}

/* -1 with an error where there is no such class. */
static int find_class(const Names *names, const char *name, StError *error) {
    if (strspn(name, "0123456789") == strlen(name)) {
        long index = strlen(name) < 10 ? atol(name) : names->classes;
        if (index < names->classes) return (int)index;
        st_fail(error, ST_ERR_VALUE, "class_weight: class %s, wanted 0 to %d", name, names->classes - 1);
        return -1;
    }
    bool named = st_dataset_has_labels(names->dataset);
    for (int c = 0; named && c < names->classes; c++)
        if (strcmp(name_at(names, c), name) == 0) return c;
    if (named)
        st_fail_unknown(error, "class", name, name_at, names);
    else
        st_fail(error, ST_ERR_VALUE, "class %s: the data's classes have no names, wanted 0 to %d", name,
                names->classes - 1);
    st_fail_at(error, "class_weight");
    return -1;
}

bool st_class_weight_read(const char *text, const StDataset *dataset, int classes, double *weight,
                          StError *error) {
    Names names = {dataset, classes};
    Entry entry;
    if (balanced(text)) return balance(dataset, classes, weight, error);
    for (int c = 0; c < classes; c++)
        weight[c] = -1; /* not named yet */
    for (const char *list = *text ? text : NULL; list;) {
        int c = next_entry(&list, &entry, error) ? find_class(&names, entry.name, error) : -1;
        if (c < 0) return false;
        if (weight[c] >= 0)
            return st_fail(error, ST_ERR_VALUE, "class_weight: class %s is given twice", entry.name);
        weight[c] = entry.weight;
    }
    for (int c = 0; c < classes; c++)
        if (weight[c] < 0) weight[c] = 1;
    return true;
}
