/* `data csv`: what the columns of a file are, and the table that follows.
 *
 * The text is gone through three times: to count and to tell numbers from words,
 * to collect the categories of columns of words, and to read. A column is one of
 * numbers where at least 90 % of the cells that are not missing are numbers.
 *
 * task=auto: words are classes; so are whole numbers where there are at most two
 * different ones, or at most 20 and each occurs three times on average; all other
 * numbers are regression. */
#include "data/csv.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CLASSES_MAX = 10000, AUTO_CLASSES_MAX = 20 };

typedef struct Profile {
    int64_t numbers, words, missing; /* cells after the first record */
    StCellKind first;                /* the first record's cell */
} Profile;

typedef enum Role { LEFT_OUT, INPUT, TARGET, WEIGHT } Role;

typedef struct Loader {
    const StCsvOptions *options;
    StTable *table;
    StCsv csv;
    const char *test_name;
    int columns;
    StField *all;      /* [columns + 1] names and numbers of the file's columns */
    Profile *profile;  /* [columns] */
    Role *role;        /* [columns] */
    int64_t records;   /* rows of the main file, the header apart */
    StCsvColumn *used; /* [inputs + targets + weights] */
    int inputs, targets, weights;
    StField weight; /* where weights is 1 */
    float *row;     /* [inputs + targets + weights] */
    float *answer;  /* [rows][targets] */
    int64_t left_out, without_target;
} Loader;

/* ---- looking at the file ---- */

static void count_cell(Profile *profile, StCellKind kind) {
    profile->numbers += kind == ST_CELL_NUMBER || kind == ST_CELL_INFINITE || kind == ST_CELL_HUGE;
    profile->words += kind == ST_CELL_WORD;
    profile->missing += kind == ST_CELL_MISSING;
}

static bool take_first(Loader *l, StError *error) {
    StCsv *csv = &l->csv;
    bool end;
    if (!st_csv_next(csv, &end, error))
        return end ? st_fail(error, ST_ERR_FORMAT, "%s: there is nothing but empty lines", csv->name) : false;
    l->columns = csv->wanted = csv->cells;
    l->all = st_data_allocate((int64_t)l->columns + 1, sizeof *l->all, "columns", error);
    l->profile = st_data_allocate(l->columns, sizeof *l->profile, "columns", error);
    l->role = st_data_allocate(l->columns, sizeof *l->role, "columns", error);
    if (!l->all || !l->profile || !l->role) return false;
    for (int i = 0; i < l->columns; i++) {
        double value;
        l->all[i].number = i + 1;
        l->profile[i].first = st_cell_read(csv->cell[i], &value);
        if (!(l->all[i].name = st_data_copy(csv->cell[i].text, csv->cell[i].length, error))) return false;
    }
    return true;
}

static bool look(Loader *l, StError *error) {
    if (!take_first(l, error)) return false;
    bool end = false;
    double value;
    for (; st_csv_next(&l->csv, &end, error); l->records++)
        for (int i = 0; i < l->columns; i++)
            count_cell(&l->profile[i], st_cell_read(l->csv.cell[i], &value));
    return end;
}

static bool mostly_numbers(const Profile *profile) {
    return profile->numbers > 0 && profile->numbers * 10 >= (profile->numbers + profile->words) * 9;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A name of the first record that stands there twice, or NULL. */
static bool twice(const Loader *l, const char **name, StError *error) {
    char **sorted = st_data_allocate(l->columns, sizeof *sorted, "columns", error);
    if (!sorted) return false;
    for (int i = 0; i < l->columns; i++)
        sorted[i] = l->all[i].name;
    qsort(sorted, (size_t)l->columns, sizeof *sorted, by_name);
    *name = NULL;
    for (int i = 1; i < l->columns && !*name; i++)
        if (*sorted[i] && strcmp(sorted[i - 1], sorted[i]) == 0) *name = sorted[i];
    free(sorted);
    return true;
}

/* header=auto: the first record is names where no cell of it is a number and either a word stands above a
 * column of numbers, or all of them are there and different. */
static bool guess_header(const Loader *l, bool distinct) {
    bool above_numbers = false, all_words = true;
    for (int i = 0; i < l->columns; i++) {
        if (l->profile[i].first == ST_CELL_WORD)
            above_numbers |= mostly_numbers(&l->profile[i]);
        else if (l->profile[i].first != ST_CELL_MISSING)
            return false;
        else
            all_words = false;
    }
    return above_numbers || (all_words && distinct);
}

static bool settle_header(Loader *l, StError *error) {
    const char *doubled;
    if (!twice(l, &doubled, error)) return false;
    l->table->header = l->options->header == 0 ? guess_header(l, !doubled) : l->options->header == 1;
    if (l->table->header && doubled)
        return st_fail(error, ST_ERR_FORMAT, "%s:1: column '%.60s' stands in the header twice", l->csv.name,
                       doubled);
    for (int i = 0; i < l->columns; i++) {
        if (!l->table->header) count_cell(&l->profile[i], l->profile[i].first);
        if (l->table->header && *l->all[i].name) continue;
        char name[32];
        int length = snprintf(name, sizeof name, "column%d", i + 1);
        free(l->all[i].name);
        if (!(l->all[i].name = st_data_copy(name, (size_t)length, error))) return false;
    }
    l->records += !l->table->header;
    if (l->records == 0) return st_fail(error, ST_ERR_FORMAT, "%s: a header and no rows", l->csv.name);
    return true;
}

/* ---- which columns are what ---- */

static int find_column(const Loader *l, const char *what, const char *word, StError *error) {
    int place = st_field_find(l->all, l->columns, what, word, error);
    if (place < 0) st_fail_at(error, "%s", l->csv.name);
    return place;
}

static bool mark_targets(Loader *l, StError *error) {
    const char *list = l->options->target;
    int whole = *list ? st_field_place(l->all, l->columns, list) : l->columns - 1;
    char word[256];
    if (whole >= 0) l->role[whole] = TARGET, l->targets = 1;
    while (whole < 0 && st_list_next(&list, word)) {
        int place = find_column(l, "target", word, error);
        if (place < 0) return false;
        l->targets += l->role[place] != TARGET;
        l->role[place] = TARGET;
    }
    return true;
}

static bool clashes(const Loader *l, int place, const char *what, StError *error) {
    if (l->role[place] != TARGET) return false;
    st_fail(error, ST_ERR_VALUE, "%s: %s: column '%.60s' is the target%s", l->csv.name, what,
            l->all[place].name, *l->options->target ? "" : " (the last column, where target= names none)");
    return true;
}

static bool mark_weight(Loader *l, StError *error) {
    if (!*l->options->weight) return true;
    int place = find_column(l, "weight", l->options->weight, error);
    if (place < 0 || clashes(l, place, "weight", error)) return false;
    l->role[place] = WEIGHT;
    l->weights = 1;
    return true;
}

static bool settle_roles(Loader *l, StError *error) {
    if (!mark_targets(l, error)) return false;
    const char *list = l->options->only;
    char word[256];
    for (int i = 0; i < l->columns; i++)
        if (l->role[i] != TARGET) l->role[i] = *list ? LEFT_OUT : INPUT;
    if (!mark_weight(l, error)) return false;
    while (st_list_next(&list, word)) {
        int place = find_column(l, "only", word, error);
        if (place < 0) return false;
        if (l->role[place] == LEFT_OUT) l->role[place] = INPUT; /* naming the target as well does no harm */
    }
    for (list = l->options->drop; st_list_next(&list, word);) {
        int place = find_column(l, "drop", word, error);
        if (place < 0 || clashes(l, place, "drop", error)) return false;
        if (l->role[place] == WEIGHT)
            return st_fail(error, ST_ERR_VALUE, "%s: drop: column '%.60s' is the weight", l->csv.name,
                           l->all[place].name);
        l->role[place] = LEFT_OUT;
    }
    for (int i = 0; i < l->columns; i++)
        l->inputs += l->role[i] == INPUT;
    if (l->inputs == 0)
        return st_fail(error, ST_ERR_FORMAT,
                       "%s: no column is left as an input (%d column%s, %d of them target%s)", l->csv.name,
                       l->columns, l->columns == 1 ? "" : "s", l->targets, l->targets == 1 ? "" : "s");
    return true;
}

static bool make_field(Loader *l, int column, StField *field, StError *error) {
    *field = (StField){.number = column + 1, .categorical = !mostly_numbers(&l->profile[column])};
    const Profile *profile = &l->profile[column];
    if (profile->numbers + profile->words == 0)
        return st_fail(error, ST_ERR_FORMAT, "%s: column '%.60s': every cell is missing%s", l->csv.name,
                       l->all[column].name, l->role[column] == INPUT ? " (drop= leaves it out)" : "");
    field->name = st_data_copy(l->all[column].name, strlen(l->all[column].name), error);
    return field->name != NULL;
}

static int used_of(const Loader *l) {
    return l->inputs + l->targets + l->weights;
}

static bool settle_weight(Loader *l, int column, StError *error) {
    l->used[l->inputs + l->targets] =
        (StCsvColumn){.field = &l->weight, .at = column, .fills = l->options->missing != ST_MISSING_ERROR};
    if (!make_field(l, column, &l->weight, error)) return false;
    return !l->weight.categorical ||
           st_fail(error, ST_ERR_FORMAT, "%s: weight: column '%.60s' holds words, wanted numbers",
                   l->csv.name, l->weight.name);
}

/* Fields of the inputs and targets, and where their cells are. */
static bool settle_fields(Loader *l, StError *error) {
    StTable *t = l->table;
    t->field = st_data_allocate((int64_t)l->inputs + 1, sizeof *t->field, "columns", error);
    t->target = st_data_allocate((int64_t)l->targets + 1, sizeof *t->target, "columns", error);
    l->used = st_data_allocate(used_of(l), sizeof *l->used, "columns", error);
    l->row = st_data_allocate(used_of(l), sizeof *l->row, "columns", error);
    if (!t->field || !t->target || !l->used || !l->row) return false;
    for (int i = 0; i < l->columns; i++) {
        if (l->role[i] == WEIGHT && !settle_weight(l, i, error)) return false;
        if (l->role[i] == LEFT_OUT || l->role[i] == WEIGHT) continue;
        bool input = l->role[i] == INPUT;
        StField *field = input ? &t->field[t->fields] : &t->target[t->targets];
        l->used[input ? t->fields : l->inputs + t->targets] =
            (StCsvColumn){.field = field, .at = i, .fills = l->options->missing != ST_MISSING_ERROR};
        if (!make_field(l, i, field, error)) return false;
        *(input ? &t->fields : &t->targets) += 1;
    }
    t->shape = st_shape(1, t->fields);
    t->missing = (StMissing)l->options->missing;
    return true;
}

/* ---- categories ---- */

/* An open-addressed set of names; slots hold index + 1. */
typedef struct Names {
    char **name;
    int count, slots;
    int *slot;
} Names;

static uint64_t hash_cell(StCell cell) {
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    for (size_t i = 0; i < cell.length; i++)
        hash = (hash ^ (unsigned char)cell.text[i]) * 1099511628211u;
    return hash ^ hash >> 29;
}

static bool names_grow(Names *names, StError *error) {
    int slots = names->slots ? 2 * names->slots : 64;
    int *slot = st_data_allocate(slots, sizeof *slot, "categories", error);
    char **grown = slot ? realloc(names->name, (size_t)slots * sizeof *grown) : NULL;
    if (!grown) {
        free(slot);
        return st_fail_memory(error, "categories", (size_t)slots * sizeof *grown);
    }
    names->name = grown;
    for (int i = 0; i < names->count; i++) {
        unsigned at = (unsigned)hash_cell((StCell){grown[i], strlen(grown[i])});
        while (slot[at & (unsigned)(slots - 1)])
            at++;
        slot[at & (unsigned)(slots - 1)] = i + 1;
    }
    free(names->slot);
    names->slot = slot;
    names->slots = slots;
    return true;
}

static bool names_add(Names *names, StCell cell, StError *error) {
    if (2 * names->count >= names->slots && !names_grow(names, error)) return false;
    unsigned at = (unsigned)hash_cell(cell);
    for (int found; (found = names->slot[at & (unsigned)(names->slots - 1)]); at++) {
        const char *name = names->name[found - 1];
        if (strncmp(name, cell.text, cell.length) == 0 && !name[cell.length]) return true;
    }
    char *copy = st_data_copy(cell.text, cell.length, error);
    if (!copy) return false;
    names->name[names->count++] = copy;
    names->slot[at & (unsigned)(names->slots - 1)] = names->count;
    return true;
}

static bool collect_record(Loader *l, Names *names, StError *error) {
    double value;
    for (int i = 0; i < l->inputs + l->targets; i++) {
        const StField *field = l->used[i].field;
        StCell cell = l->csv.cell[l->used[i].at];
        if (!field->categorical || st_cell_read(cell, &value) == ST_CELL_MISSING) continue;
        if (!names_add(&names[i], cell, error)) return false;
        if (names[i].count > CLASSES_MAX)
            return st_fail(error, ST_ERR_FORMAT, "%s: column '%.60s': more than %d categories%s", l->csv.name,
                           field->name, CLASSES_MAX, i < l->inputs ? " (drop= leaves it out)" : "");
    }
    return true;
}

static bool start_reading(Loader *l, StError *error) {
    bool end;
    st_csv_rewind(&l->csv);
    return !l->table->header || st_csv_next(&l->csv, &end, error);
}

static bool collect_categories(Loader *l, StError *error) {
    int used = l->inputs + l->targets;
    bool any = false, end = false, done;
    for (int i = 0; i < used; i++)
        any |= l->used[i].field->categorical;
    if (!any) return true;
    Names *names = st_data_allocate(used, sizeof *names, "categories", error);
    done = names && start_reading(l, error);
    while (done && st_csv_next(&l->csv, &end, error))
        done = collect_record(l, names, error);
    for (int i = 0; names && i < used; i++) {
        StField *field = i < l->inputs ? &l->table->field[i] : &l->table->target[i - l->inputs];
        if (names[i].count) qsort(names[i].name, (size_t)names[i].count, sizeof(char *), by_name);
        field->category = names[i].name;
        field->categories = names[i].count;
        free(names[i].slot);
    }
    free(names);
    return done && end;
}

/* ---- rows ---- */

static bool grow_rows(Loader *l, int64_t rows, StError *error) {
    StTable *t = l->table;
    float *x = st_data_allocate(st_times(rows, l->inputs), sizeof *x, "the rows of the csv file", error);
    float *answer = st_data_allocate(st_times(rows, l->targets), sizeof *answer, "the targets", error);
    int64_t *origin = st_data_allocate(rows, sizeof *origin, "the rows of the csv file", error);
    float *weights = l->weights ? st_data_allocate(rows, sizeof *weights, "the weights", error) : NULL;
    if (!x || !answer || !origin || (l->weights && !weights)) {
        free(x), free(answer), free(origin), free(weights);
        return false;
    }
    if (t->rows) {
        memcpy(x, t->x, (size_t)t->rows * (size_t)l->inputs * sizeof *x);
        memcpy(answer, l->answer, (size_t)t->rows * (size_t)l->targets * sizeof *answer);
        memcpy(origin, t->origin, (size_t)t->rows * sizeof *origin);
        if (weights) memcpy(weights, t->weights, (size_t)t->rows * sizeof *weights);
    }
    free(t->x), free(l->answer), free(t->origin), free(t->weights);
    t->x = x, l->answer = answer, t->origin = origin, t->weights = weights;
    t->weights_each = l->weights;
    return true;
}

/* False where missing cells leave the row out. */
static bool row_stays(Loader *l, int missing) {
    if (!missing) return true;
    for (int i = l->inputs; i < used_of(l); i++) {
        if (!isnan(l->row[i])) continue;
        l->without_target++;
        return false;
    }
    if (l->options->missing != ST_MISSING_DROP) return true;
    l->left_out++;
    return false;
}

static bool take_weight(Loader *l, const StCsv *csv, StError *error) {
    float weight = l->weights ? l->row[l->inputs + l->targets] : 1;
    if (weight < 0)
        return st_fail(error, ST_ERR_VALUE, "%s:%" PRId64 ": column '%.60s': weight %g, wanted from 0 up",
                       csv->name, csv->record_line, l->weight.name, (double)weight);
    if (l->weights) l->table->weights[l->table->rows] = weight;
    return true;
}

static bool read_rows(Loader *l, StCsv *csv, const StCsvColumn *used, StError *error) {
    StTable *t = l->table;
    bool end = false;
    int missing;
    csv->hint = " (missing=drop, mean, median or mode says what to do)";
    while (st_csv_next(csv, &end, error)) {
        if (!st_csv_values(csv, used, used_of(l), l->row, &missing, error)) return false;
        if (!row_stays(l, missing)) continue;
        if (!take_weight(l, csv, error)) return false;
        memcpy(t->x + t->rows * l->inputs, l->row, (size_t)l->inputs * sizeof(float));
        memcpy(l->answer + t->rows * l->targets, l->row + l->inputs, (size_t)l->targets * sizeof(float));
        t->origin[t->rows++] = csv->record_line;
    }
    return end;
}

/* test=FILE: the same columns, in any order where they have names. */
static bool match_columns(Loader *l, StCsv *test, StCsvColumn *used, StError *error) {
    bool end;
    if (!st_csv_next(test, &end, error))
        return end ? st_fail(error, ST_ERR_FORMAT, "%s: there is nothing but empty lines", test->name)
                   : false;
    test->wanted = test->cells;
    if (!l->table->header) {
        if (test->cells != l->columns)
            return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": %d column%s, wanted %d as in %s",
                           test->name, test->record_line, test->cells, test->cells == 1 ? "" : "s",
                           l->columns, l->csv.name);
        st_csv_rewind(test);
        return true;
    }
    for (int i = 0; i < l->columns; i++) {
        size_t length = strlen(l->all[i].name);
        int at = 0;
        while (at < test->cells &&
               (test->cell[at].length != length || memcmp(test->cell[at].text, l->all[i].name, length) != 0))
            at++;
        bool used_here = l->role[i] != LEFT_OUT;
        if (at == test->cells && used_here)
            return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": column '%.60s' is missing, which %s has",
                           test->name, test->record_line, l->all[i].name, l->csv.name);
        for (int u = 0; used_here && u < used_of(l); u++)
            if (used[u].field->number == i + 1) used[u].at = at;
    }
    return true;
}

static bool read_test(Loader *l, StCsv *test, StError *error) {
    int used_count = used_of(l);
    StCsvColumn *used = st_data_allocate(used_count, sizeof *used, "columns", error);
    if (!used) return false;
    memcpy(used, l->used, (size_t)used_count * sizeof *used);
    int64_t own = l->table->rows, records = 0;
    bool end = false, done = match_columns(l, test, used, error);
    size_t at = test->at;
    int64_t line = test->line;
    while (done && st_csv_next(test, &end, error))
        records++;
    test->at = at, test->line = line;
    done = done && end && grow_rows(l, st_plus(own, records), error) && read_rows(l, test, used, error);
    free(used);
    l->table->own_test = l->table->rows - own;
    if (done && l->table->own_test == 0) return st_fail(error, ST_ERR_FORMAT, "%s: no rows", test->name);
    return done;
}

/* ---- targets ---- */

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The different values of a single target over the main file's rows, sorted, at most limit + 1 of them. */
static bool different_values(const Loader *l, float **values, int *count, bool *whole, StError *error) {
    int64_t rows = l->table->rows - l->table->own_test;
    float *sorted = st_data_allocate(rows, sizeof *sorted, "the targets", error);
    if (!sorted) return false;
    memcpy(sorted, l->answer, (size_t)rows * sizeof *sorted);
    qsort(sorted, (size_t)rows, sizeof *sorted, by_value);
    *count = 0;
    *whole = true;
    for (int64_t i = 0; i < rows; i++) {
        *whole = *whole && sorted[i] == truncf(sorted[i]);
        if (i && sorted[i] == sorted[*count - 1]) continue;
        if (*count > CLASSES_MAX) break;
        sorted[(*count)++] = sorted[i];
    }
    *values = sorted;
    return true;
}

static bool classes_of_values(Loader *l, float *values, int count, StError *error) {
    StTable *t = l->table;
    if (count > CLASSES_MAX)
        return st_fail(error, ST_ERR_FORMAT,
                       "%s: column '%.60s': more than %d different values, too many for classes", l->csv.name,
                       t->target[0].name, CLASSES_MAX);
    t->class_name = st_data_allocate(count, sizeof(char *), "class names", error);
    t->classes_numbers = true;
    for (int i = 0; t->class_name && i < count; i++) {
        StText name = {0};
        st_text_float(&name, values[i] == 0 ? 0 : values[i]); /* -0 is 0 */
        if (name.failed) return st_fail_memory(error, "class names", 16);
        t->class_name[t->classes++] = name.data;
    }
    for (int64_t row = 0; t->class_name && row < t->rows; row++) {
        const float *found = bsearch(&l->answer[row], values, (size_t)count, sizeof *values, by_value);
        if (!found)
            return st_fail(error, ST_ERR_FORMAT, "%s:%" PRId64 ": column '%.60s': class %g is not in %s",
                           l->test_name, t->origin[row], t->target[0].name, (double)l->answer[row],
                           l->csv.name);
        t->labels[row] = (int32_t)(found - values);
    }
    return t->class_name != NULL;
}

static bool classes_of_names(Loader *l, StError *error) {
    StTable *t = l->table;
    StField *target = &t->target[0];
    t->class_name = st_data_allocate(target->categories, sizeof(char *), "class names", error);
    for (int i = 0; t->class_name && i < target->categories; i++, t->classes++)
        if (!(t->class_name[i] = st_data_copy(target->category[i], strlen(target->category[i]), error)))
            return false;
    for (int64_t row = 0; row < t->rows; row++)
        t->labels[row] = (int32_t)l->answer[row];
    return t->class_name != NULL;
}

static bool few_enough(const Loader *l, int count, bool whole) {
    int64_t rows = l->table->rows - l->table->own_test;
    return whole && (count <= 2 || (count <= AUTO_CLASSES_MAX && (int64_t)count * 3 <= rows));
}

static const char *note_numbers(bool classes, bool asked, bool whole) {
    if (asked) return NULL;
    if (classes) return "the target holds few different whole numbers; task=regression takes them as numbers";
    return whole ? "the target holds many different whole numbers; task=classification takes them as classes"
                 : NULL;
}

static bool regression(Loader *l, StError *error) {
    StTable *t = l->table;
    for (int i = 0; i < t->targets; i++)
        if (t->target[i].categorical)
            return st_fail(error, ST_ERR_FORMAT, "%s: column '%.60s' holds words, regression wants numbers",
                           l->csv.name, t->target[i].name);
    t->task = ST_REGRESSION;
    t->y_shape = st_shape(1, t->targets);
    t->y = l->answer;
    l->answer = NULL;
    return true;
}

static bool settle_target(Loader *l, StError *error) {
    StTable *t = l->table;
    int asked = l->options->task, count = 0;
    bool words = t->target[0].categorical, whole = false, done = true;
    if (t->targets > 1 && asked == ST_CLASSIFICATION)
        return st_fail(error, ST_ERR_VALUE, "%s: %d targets, classification wants one", l->csv.name,
                       t->targets);
    if (t->targets > 1 || asked == ST_REGRESSION) return regression(l, error);
    float *values = NULL;
    if (!words && !different_values(l, &values, &count, &whole, error)) return false;
    bool classes = words || asked == ST_CLASSIFICATION || few_enough(l, count, whole);
    if (!words) t->task_note = note_numbers(classes, asked != ST_TASK_AUTO, whole);
    if (classes) {
        t->task = ST_CLASSIFICATION;
        t->y_shape = st_shape(1, 1);
        t->labels = st_data_allocate(t->rows, sizeof *t->labels, "the classes", error);
        done = t->labels && (words ? classes_of_names(l, error) : classes_of_values(l, values, count, error));
        if (done && t->classes < 2)
            done = st_fail(error, ST_ERR_FORMAT,
                           "%s: column '%.60s': one class only ('%.60s'), wanted at least two", l->csv.name,
                           t->target[0].name, t->class_name[0]);
    } else {
        done = regression(l, error);
    }
    free(values);
    return done;
}

/* ---- all of it ---- */

static bool warn_missing(Loader *l, StError *error) {
    if (l->left_out && !st_table_warn(l->table, error, "%" PRId64 " row%s with missing cells left out",
                                      l->left_out, l->left_out == 1 ? "" : "s"))
        return false;
    return !l->without_target ||
           st_table_warn(l->table, error, "%" PRId64 " row%s without a target%s left out", l->without_target,
                         l->without_target == 1 ? "" : "s", l->weights ? " or weight" : "");
}

static bool load_main(Loader *l, StError *error) {
    if (!look(l, error) || !settle_header(l, error) || !settle_roles(l, error) || !settle_fields(l, error) ||
        !collect_categories(l, error))
        return false;
    if (!st_fields_encode(l->table->field, l->inputs, l->options->encode, "", error))
        return st_fail_at(error, "%s", l->csv.name);
    if (!grow_rows(l, l->records, error) || !start_reading(l, error) ||
        !read_rows(l, &l->csv, l->used, error))
        return false;
    if (l->table->rows == 0)
        return st_fail(error, ST_ERR_FORMAT, "%s: every row has a missing cell, nothing is left",
                       l->csv.name);
    return true;
}

static char delimiter_of(const StCsvOptions *options) {
    static const char delimiters[] = {0, ',', ';', '\t', '|'};
    return delimiters[options->delimiter];
}

bool st_csv_load_memory(const StCsvOptions *options, const char *name, const char *text, size_t size,
                        const char *test_name, const char *test_text, size_t test_size, StTable *table,
                        StError *error) {
    Loader l = {.options = options, .table = table, .test_name = test_name};
    bool done = st_csv_open(&l.csv, name, text, size, delimiter_of(options), error) && load_main(&l, error);
    if (done && test_text) {
        StCsv test;
        done = st_csv_open(&test, test_name, test_text, test_size, delimiter_of(options), error) &&
               read_test(&l, &test, error);
        st_csv_close(&test);
    }
    done = done && settle_target(&l, error) && warn_missing(&l, error);
    st_csv_close(&l.csv);
    for (int i = 0; l.all && i < l.columns; i++)
        st_field_free(&l.all[i]);
    st_field_free(&l.weight);
    free(l.all), free(l.profile), free(l.role), free(l.used), free(l.row), free(l.answer);
    return done;
}

static bool load(const void *values, const char *base_file, uint64_t seed, StTable *table, StError *error) {
    (void)seed;
    const StCsvOptions *options = values;
    char path[4096], test_path[4096];
    StText text = {0}, test = {0};
    bool with_test = *options->test;
    bool done = st_path_join(base_file, options->file, path, sizeof path, error) &&
                st_path_join(base_file, options->test, test_path, sizeof test_path, error) &&
                st_file_read(path, 0, &text, error) &&
                (!with_test || st_file_read(test_path, 0, &test, error)) &&
                st_csv_load_memory(options, path, st_text_string(&text), text.length, test_path,
                                   with_test ? st_text_string(&test) : NULL, test.length, table, error);
    st_text_free(&text);
    st_text_free(&test);
    return done;
}

static const StChoice headers[] = {
    {.name = "auto", .help = "found in the file"},
    {.name = "yes", .help = "the first line holds the names"},
    {.name = "no", .help = "there are no names"},
    {0},
};
static const StChoice delimiters[] = {
    {.name = "auto", .help = "found in the file"},
    {.name = "comma", .help = ","},
    {.name = "semicolon", .help = ";"},
    {.name = "tab", .help = "a tabulator"},
    {.name = "bar", .help = "|"},
    {0},
};
static const StChoice missings[] = {
    {.name = "error", .help = "refuse the file, naming line and column"},
    {.name = "drop", .help = "leave such rows out"},
    {.name = "mean", .help = "the training part's mean (categories: the most frequent)"},
    {.name = "median", .help = "the training part's median (categories: the most frequent)"},
    {.name = "mode", .help = "the training part's most frequent value"},
    {0},
};
static const StChoice tasks[] = {
    {.name = "auto", .help = "words and few whole numbers are classes, other numbers are not"},
    {.name = "classification", .help = "the target's values are classes"},
    {.name = "regression", .help = "the target's values are numbers"},
    {0},
};

static const StOption options_of_csv[] = {
    ST_OPTION(StCsvOptions, file, ST_TEXT, NULL, .place = true, .help = "the table, .gz or not"),
    ST_OPTION(StCsvOptions, target, ST_TEXT, "",
              .help = "name or number of the column to predict, several with commas; the last where empty"),
    ST_OPTION(StCsvOptions, header, ST_CHOICE, "auto", .choices = headers,
              .help = "whether the first line holds the columns' names"),
    ST_OPTION(StCsvOptions, delimiter, ST_CHOICE, "auto", .choices = delimiters,
              .help = "what separates cells"),
    ST_OPTION(StCsvOptions, drop, ST_TEXT, "",
              .help = "names or numbers of columns to leave out, with commas"),
    ST_OPTION(StCsvOptions, only, ST_TEXT, "",
              .help = "names or numbers of the inputs, with commas; all where empty"),
    ST_OPTION(StCsvOptions, missing, ST_CHOICE, "error", .choices = missings,
              .help = "what is done about missing cells"),
    ST_OPTION(StCsvOptions, task, ST_CHOICE, "auto", .choices = tasks, .help = "what the target is"),
    ST_OPTION(StCsvOptions, test, ST_TEXT, "", .help = "a file of the same columns: the test part"),
    ST_OPTION(StCsvOptions, encode, ST_TEXT, "",
              .help = "how categories become numbers: onehot, ordinal, drop, or COLUMN:METHOD with commas"),
    ST_OPTION(StCsvOptions, weight, ST_TEXT, "",
              .help = "name or number of the column that says what each row weighs in the loss"),
    {0},
};

const StSourceKind st_source_csv = {
    .name = "csv",
    .help = "a table with a column to predict",
    .options = options_of_csv,
    .options_size = sizeof(StCsvOptions),
    .load = load,
};
