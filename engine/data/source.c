#include "data/source.h"
#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const StSourceKind *const st_source_kinds[] = {
    &st_source_csv, &st_source_idx, &st_source_npy, &st_source_synthetic, NULL,
};

const char *st_source_name_at(const void *table, int index) {
    const StSourceKind *kind = ((const StSourceKind *const *)table)[index];
    return kind ? kind->name : NULL;
}

static int find_kind(const char *name, StError *error) {
    for (int i = 0; st_source_kinds[i]; i++)
        if (strcmp(st_source_kinds[i]->name, name) == 0) return i;
    st_fail_unknown(error, "data source", name, st_source_name_at, st_source_kinds);
    return -1;
}

const StSourceKind *st_data_kind(const StDataSpec *spec) {
    return spec->given ? st_source_kinds[spec->kind] : NULL;
}

bool st_data_default(StDataSpec *spec, const char *name, StError *error) {
    int kind = find_kind(name, error);
    if (kind < 0) return false;
    *spec = (StDataSpec){.given = true, .kind = kind};
    st_options_default(st_source_kinds[kind]->options, spec->options);
    return true;
}

bool st_data_parse(StDataSpec *spec, const StWord *words, int count, StError *error) {
    if (count == 0 || words[0].name)
        return st_fail(error, ST_ERR_VALUE, "data: the source is missing, wanted csv, idx, npy or synthetic");
    StDataSpec trial;
    char what[48];
    if (!st_data_default(&trial, words[0].text, error)) return st_fail_at(error, "data");
    const StSourceKind *kind = st_data_kind(&trial);
    snprintf(what, sizeof what, "data %s", kind->name);
    if (!st_options_parse(kind->options, what, trial.options, kind->options_size, words + 1, count - 1,
                          error))
        return false;
    memcpy(spec, &trial, sizeof trial);
    return true;
}

void st_data_print(const StDataSpec *spec, StText *out) {
    const StSourceKind *kind = st_data_kind(spec);
    if (!kind) return;
    st_text_format(out, "data %s", kind->name);
    st_options_print(kind->options, spec->options, out);
    st_text_add(out, "\n");
}

/* ---- split ---- */

const StOption st_split_options[] = {
    ST_OPTION(StSplitSpec, train, ST_NUMBER, "0", .low = 0, .high = 1,
              .help = "share of the rows that train; 0 is what the other parts leave"),
    ST_OPTION(StSplitSpec, validation, ST_NUMBER, "0", .low = 0, .high = 1, .open_high = true,
              .help = "share of the rows that measure while training goes on"),
    ST_OPTION(StSplitSpec, test, ST_NUMBER, "0", .low = 0, .high = 1, .open_high = true,
              .help = "share of the rows kept for the end"),
    ST_OPTION(StSplitSpec, stratify, ST_SWITCH, "yes",
              .help = "keep the shares of the classes in every part"),
    ST_OPTION(StSplitSpec, shuffle, ST_SWITCH, "yes",
              .help = "draw the parts at random; no cuts them one after another in the order of the file"),
    {0},
};

bool st_split_parse(StSplitSpec *spec, const StWord *words, int count, StError *error) {
    StSplitSpec trial = {0};
    if (!st_options_parse(st_split_options, "split", &trial, sizeof trial, words, count, error)) return false;
    double sum = trial.train + trial.validation + trial.test;
    if (sum > 1 + 1e-9) {
        StText shares = {0};
        st_text_number(&shares, round(sum * 1e9) / 1e9);
        st_fail(error, ST_ERR_VALUE, "split: the shares add up to %s, wanted at most 1",
                st_text_string(&shares));
        st_text_free(&shares);
        return false;
    }
    if (trial.train == 0 && trial.validation + trial.test > 1 - 1e-9)
        return st_fail(error, ST_ERR_VALUE,
                       "split: validation and test take every row, nothing is left to train");
    trial.given = true;
    memset(spec, 0, sizeof *spec); /* padding too: descriptions may be compared bytewise */
    spec->train = trial.train, spec->validation = trial.validation, spec->test = trial.test;
    spec->stratify = trial.stratify, spec->shuffle = trial.shuffle, spec->given = true;
    return true;
}

void st_split_print(const StSplitSpec *spec, StText *out) {
    if (!spec->given) return;
    st_text_add(out, "split");
    st_options_print(st_split_options, spec, out);
    st_text_add(out, "\n");
}

/* ---- prepare ---- */

static const StChoice methods[] = {
    {.name = "none", .help = "the numbers as they are"},
    {.name = "standardize", .help = "mean 0 and deviation 1"},
    {.name = "minmax", .help = "smallest 0, largest 1"},
    {0},
};

const StChoice st_encode_choices[] = {
    {.name = "onehot", .help = "an input a category, 1 where it is the row's"},
    {.name = "ordinal", .help = "one input: the index of the category, from 0"},
    {.name = "drop", .help = "no input"},
    {0},
};

const StOption st_prepare_options[] = {
    ST_OPTION(StPrepareEntry, method, ST_CHOICE, "none", .choices = methods, .place = true,
              .help = "what is done to numbers, fitted on the training part"),
    ST_OPTION(StPrepareEntry, scale, ST_NUMBER, "1", .low = 0, .high = INFINITY, .open_low = true,
              .help = "divide by this number"),
    ST_OPTION(StPrepareEntry, columns, ST_TEXT, "",
              .help = "names or numbers of the columns meant, with commas; all where empty"),
    ST_OPTION(StPrepareEntry, encode, ST_TEXT, "",
              .help = "how categories become numbers: onehot, ordinal, drop, or COLUMN:METHOD with commas"),
    {0},
};

bool st_prepare_rules_numbers(const StPrepareEntry *entry) {
    return entry->method != ST_PREPARE_NONE || entry->scale != 1 || !*entry->encode;
}

/* Takes out of the older entries what a new one replaces whole: later entries rule. */
static void replace_entries(StPrepareSpec *spec, const StPrepareEntry *by) {
    int kept = 0;
    for (int i = 0; i < spec->count; i++) {
        StPrepareEntry entry = spec->entry[i];
        bool covered = !*by->columns || strcmp(by->columns, entry.columns) == 0;
        bool same_encode = *by->encode && (!strchr(by->encode, ':') || strcmp(by->encode, entry.encode) == 0);
        bool numbers = st_prepare_rules_numbers(&entry) && !(covered && st_prepare_rules_numbers(by));
        bool encode = *entry.encode && !(covered && same_encode);
        if (!numbers && !encode) continue;
        if (!numbers) entry.method = ST_PREPARE_NONE, entry.scale = 1;
        if (!encode) memset(entry.encode, 0, sizeof entry.encode);
        spec->entry[kept++] = entry;
    }
    memset(spec->entry + kept, 0, (size_t)(spec->count - kept) * sizeof *spec->entry);
    spec->count = kept;
}

bool st_prepare_parse(StPrepareSpec *spec, const StWord *words, int count, StError *error) {
    if (count == 0)
        return st_fail(error, ST_ERR_VALUE,
                       "prepare: wanted standardize, minmax, scale=NUMBER, encode= or none");
    StPrepareEntry entry = {0};
    if (!st_options_parse(st_prepare_options, "prepare", &entry, sizeof entry, words, count, error))
        return false;
    if (entry.method != ST_PREPARE_NONE && entry.scale != 1)
        return st_fail(error, ST_ERR_VALUE, "prepare: %s and scale in one line, wanted one of them",
                       methods[entry.method].name);
    bool none = entry.method == ST_PREPARE_NONE && entry.scale == 1 && !*entry.encode;
    if (none && !*entry.columns) {
        memset(spec, 0, sizeof *spec);
        return true;
    }
    StPrepareSpec trial = *spec;
    replace_entries(&trial, &entry);
    if (trial.count == ST_PREPARE_MAX)
        return st_fail(error, ST_ERR_VALUE, "prepare: more than %d lines", ST_PREPARE_MAX);
    trial.entry[trial.count++] = entry;
    *spec = trial;
    return true;
}

void st_prepare_print(const StPrepareSpec *spec, StText *out) {
    for (int i = 0; i < spec->count; i++) {
        const StPrepareEntry *entry = &spec->entry[i];
        st_text_add(out, "prepare");
        st_options_print(st_prepare_options, entry, out);
        st_text_add(out, "\n");
    }
}

/* ---- features ---- */

static const char *const feature_names[] = {"x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)", NULL};

const char *st_feature_name(int feature) {
    return feature >= 0 && feature < ST_FEATURES ? feature_names[feature] : NULL;
}

static const char *feature_name_at(const void *table, int index) {
    return ((const char *const *)table)[index];
}

double st_feature_value(int feature, double x1, double x2) {
    switch (feature) {
    case ST_X1:
        return x1;
    case ST_X2:
        return x2;
    case ST_X1_SQUARED:
        return x1 * x1;
    case ST_X2_SQUARED:
        return x2 * x2;
    case ST_X1_X2:
        return x1 * x2;
    case ST_SIN_X1:
        return sin(x1);
    case ST_SIN_X2:
        return sin(x2);
    }
    return 0;
}

static bool add_feature(StFeaturesSpec *spec, const char *word, StError *error) {
    int feature = 0;
    while (feature < ST_FEATURES && strcmp(feature_names[feature], word) != 0)
        feature++;
    if (feature == ST_FEATURES) {
        st_fail_unknown(error, "feature", word, feature_name_at, feature_names);
        return st_fail_at(error, "features");
    }
    for (int i = 0; i < spec->count; i++)
        if (spec->feature[i] == feature)
            return st_fail(error, ST_ERR_VALUE, "features: %s is given twice", word);
    spec->feature[spec->count++] = feature;
    return true;
}

bool st_features_parse(StFeaturesSpec *spec, const StWord *words, int count, StError *error) {
    StFeaturesSpec trial = {0};
    for (int i = 0; i < count; i++) {
        const char *list = words[i].text;
        char word[256];
        while (st_list_next(&list, word))
            if (!add_feature(&trial, word, error)) return false;
    }
    *spec = trial;
    return true;
}

void st_features_print(const StFeaturesSpec *spec, StText *out) {
    if (!spec->count) return;
    st_text_add(out, "features");
    for (int i = 0; i < spec->count; i++)
        st_text_format(out, " %s", feature_names[spec->feature[i]]);
    st_text_add(out, "\n");
}
