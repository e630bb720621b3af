/* Why answers are as they are, feature by feature and over many rows: permutation importance, partial
 * dependence. */
#include "inspect/study_why.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 5, ROWS = 4096, INPUTS = 256, VALUES = 10, VALUES_MOST = 200, SAMPLE = 256 };

/* ---- columns: inputs that stand for one thing ---- */

typedef struct Columns {
    int count;
    int64_t *first, *inputs; /* [count] neighbours: the categories of one column */
} Columns;

static bool find_columns(const Why *why, Columns *columns, StError *error) {
    const StDataset *dataset = why->lens->plan.dataset;
    const StPreparation *preparation = st_dataset_preparation(dataset);
    bool table = st_dataset_inputs(dataset) == why->size;
    columns->first = calloc(2 * (size_t)why->size, sizeof *columns->first);
    if (!columns->first) return st_fail_memory(error, "the columns", 2 * (size_t)why->size * 8);
    columns->inputs = columns->first + why->size;
    StInputOrigin before = {.column = -1, .category = -1};
    for (int64_t i = 0; i < why->size; i++) {
        StInputOrigin origin = {.column = -1, .category = -1};
        if (table) st_preparation_origin(preparation, (int)i, &origin);
        if (columns->count && origin.category >= 0 && before.category >= 0 && origin.column == before.column)
            columns->inputs[columns->count - 1]++;
        else
            columns->first[columns->count] = i, columns->inputs[columns->count++] = 1;
        before = origin;
    }
    return true;
}

/* "island" of "island=Biscoe" where its categories go together. */
static void name_columns(const Why *why, const Columns *columns, const char *list) {
    char name[96];
    for (int c = 0; c < columns->count; c++) {
        why_input_name(why, columns->first[c], name);
        char *category = columns->inputs[c] > 1 ? strchr(name, '=') : NULL;
        if (category) *category = '\0';
        st_finding_name(why->finding, list, c, name);
    }
}

/* ---- the error over the part ---- */

typedef struct Error {
    double sum, count;
} Error;

/* Adds what the gathered rows, whose inputs may have been changed, are wrong by. */
static void add_errors(Why *why, const int64_t *index, int64_t first, int64_t rows, Error *sum) {
    StLens *lens = why->lens;
    int64_t each = st_learner_target_size(lens->learner);
    const double *y = st_lens_forward(lens, rows, false);
    if (lens->classes == 0) {
        const double *target = st_learner_targets(lens->learner);
        for (int64_t i = 0; i < rows * each; i++)
            sum->sum += (y[i] - target[i]) * (y[i] - target[i]);
        sum->count += (double)(rows * each);
        return;
    }
    for (int64_t i = 0; i < rows; i++) {
        int label = st_lens_label(lens, why->part, index[first + i]);
        if (label < 0) continue;
        sum->sum += st_lens_answer(lens, i) != label;
        sum->count++;
    }
}

/* ---- permutation importance ---- */

typedef struct Shuffle {
    int64_t rows;
    int64_t *index; /* [rows] of the part */
    int64_t *order; /* [rows] whose values a row takes */
    float *x;       /* [rows][size] */
} Shuffle;

/* The rows of the part, or so many of them. */
static bool take_rows(Why *why, Shuffle *s, StError *error) {
    StLens *lens = why->lens;
    int64_t all = st_dataset_rows(lens->plan.dataset, why->part);
    int64_t most = why->job->ask->count > 0 ? why->job->ask->count : ROWS;
    if (most > all) most = all;
    size_t bytes = (size_t)(most * why->size) * sizeof *s->x;
    s->index = malloc(2 * (size_t)most * sizeof *s->index);
    s->x = malloc(bytes);
    if (!s->index || !s->x) return st_fail_memory(error, "the rows", bytes);
    s->order = s->index + most;
    s->rows = st_lens_sample(lens, why->part, most, s->index);
    st_dataset_gather_x(lens->plan.dataset, why->part, s->index, 0, s->rows, s->x);
    return true;
}

/* The error with inputs [first, first + count) of other rows; count 0: as it is. */
static double error_of(Why *why, const Shuffle *s, int64_t first, int64_t count) {
    Error sum = {0};
    for (int64_t row = 0; row < s->rows; row += ST_LENS_ROWS) {
        int64_t rows = s->rows - row < ST_LENS_ROWS ? s->rows - row : ST_LENS_ROWS;
        st_lens_gather(why->lens, why->part, s->index, row, rows);
        for (int64_t r = 0; r < rows && count; r++)
            for (int64_t i = first; i < first + count; i++)
                st_lens_input(why->lens)[r * why->size + i] = (double)s->x[s->order[row + r] * why->size + i];
        add_errors(why, s->index, row, rows, &sum);
    }
    return sum.count > 0 ? sum.sum / sum.count : NAN;
}

typedef struct Importance {
    double *mean, *spread, *each; /* [columns]; each [columns][REPEATS]; spread and each may be NULL */
} Importance;

static void shuffle_rows(const Why *why, Shuffle *s, int column, int repeat) {
    StRng rng = st_rng(why->lens->plan.seed, ST_STREAM_INSPECT, WHY_PERMUTE,
                       (uint64_t)repeat * 65536 + (uint64_t)column);
    for (int64_t i = 0; i < s->rows; i++)
        s->order[i] = i;
    st_rng_shuffle(&rng, s->order, s->rows);
}

static bool measure(Why *why, const Columns *columns, Shuffle *s, Importance *to, StError *error) {
    double whole = error_of(why, s, 0, 0);
    st_finding_fact(why->finding, why->control ? "control_error" : "error", whole);
    for (int c = 0; c < columns->count; c++) {
        double sum = 0, squares = 0, each[REPEATS];
        for (int r = 0; r < REPEATS; r++) {
            shuffle_rows(why, s, c, r);
            each[r] = error_of(why, s, columns->first[c], columns->inputs[c]) - whole;
            sum += each[r];
            if (to->each) to->each[c * REPEATS + r] = each[r];
            double done = (c * REPEATS + r + 1) / (double)(columns->count * REPEATS);
            if (!why_go_on(why, done, error)) return false;
        }
        to->mean[c] = sum / REPEATS;
        for (int r = 0; r < REPEATS; r++)
            squares += (each[r] - to->mean[c]) * (each[r] - to->mean[c]);
        if (to->spread) to->spread[c] = sqrt(squares / REPEATS);
    }
    return true;
}

static bool measure_both(Why *why, const Columns *columns, Shuffle *s, StError *error) {
    StFinding *finding = why->finding;
    int count = columns->count;
    Importance own = {.mean = st_finding_vector(finding, "importance", count),
                      .spread = st_finding_vector(finding, "spread", count),
                      .each = st_finding_matrix(finding, "repeats", count, REPEATS)};
    Importance control = {.mean = st_finding_vector(finding, "control", count)};
    double *named = st_finding_vector(finding, "permutation_importance", count);
    double *attribution = st_finding_vector(finding, "attribution", count);
    st_finding_fact(finding, "error", NAN);
    st_finding_fact(finding, "control_error", NAN);
    st_finding_fact(finding, "control_correlation", NAN);
    if (!st_finding_done(finding, error) || !measure(why, columns, s, &own, error)) return false;
    memcpy(named, own.mean, (size_t)count * sizeof *named);
    memcpy(attribution, own.mean, (size_t)count * sizeof *named);
    if (!why_randomize(why, error) || !measure(why, columns, s, &control, error)) return false;
    st_finding_fact(finding, "control_correlation", why_rank_correlation(own.mean, control.mean, count));
    return why_restore(why, error);
}

static bool permutation(Why *why, Columns *columns, Shuffle *s, StError *error) {
    StFinding *finding = why->finding;
    if (!find_columns(why, columns, error) || !take_rows(why, s, error)) return false;
    name_columns(why, columns, "names");
    st_finding_count(finding, "rows", s->rows);
    st_finding_note(finding, "error_kind", "%s", why->lens->classes ? "1 - accuracy" : "mean squared error");
    st_finding_note(finding, "spread_kind", "population standard deviation over %d repeats", REPEATS);
    return measure_both(why, columns, s, error);
}

static bool run_permutation(StJob *job, StError *error) {
    Why why;
    Columns columns = {0};
    Shuffle shuffle = {0};
    bool done = why_begin(&why, job, error) && permutation(&why, &columns, &shuffle, error);
    free(shuffle.index);
    free(shuffle.x);
    free(columns.first);
    why_end(&why);
    return done;
}

static const char *too_many(const StLens *lens) {
    return lens->in_size > INPUTS
               ? "it takes each input for itself, and there are more than 256 (try occlusion)"
               : NULL;
}

/* ---- partial dependence ---- */

typedef struct Dependence {
    int64_t rows, values, column;
    int64_t index[SAMPLE];
} Dependence;

/* The input that the score goes by most: the mean of |∂S/∂x| over the rows. */
static bool choose_column(Why *why, Dependence *d, StError *error) {
    d->column = why->job->ask->column;
    if (d->column >= why->size)
        return st_fail(error, ST_ERR_VALUE, "column %lld: the network has %lld inputs, counted from 0",
                       (long long)d->column, (long long)why->size);
    if (d->column >= 0) return true;
    double *sum = calloc((size_t)why->size, sizeof *sum);
    if (!sum) return st_fail_memory(error, "the gradients", (size_t)why->size * sizeof *sum);
    st_lens_gather(why->lens, why->part, d->index, 0, d->rows);
    const double *gradient = why_gradients(why, d->rows, NULL);
    for (int64_t i = 0; i < d->rows * why->size; i++)
        sum[i % why->size] += fabs(gradient[i]);
    d->column = 0;
    for (int64_t i = 1; i < why->size; i++)
        if (sum[i] > sum[d->column]) d->column = i;
    free(sum);
    return true;
}

/* Values from the least to the greatest of the part, evenly, as prepared and as they were. */
static void choose_values(Why *why, const Dependence *d, double *value, double *raw) {
    StLens *lens = why->lens;
    const StDataset *dataset = lens->plan.dataset;
    int64_t all = st_dataset_rows(dataset, why->part);
    double low = INFINITY, high = -INFINITY;
    for (int64_t first = 0; first < all; first += ST_LENS_ROWS) {
        int64_t rows = all - first < ST_LENS_ROWS ? all - first : ST_LENS_ROWS;
        st_lens_gather(lens, why->part, NULL, first, rows);
        for (int64_t r = 0; r < rows; r++) {
            double x = st_lens_input(lens)[r * why->size + d->column];
            low = fmin(low, x);
            high = fmax(high, x);
        }
    }
    StInputOrigin origin;
    bool known = st_preparation_origin(st_dataset_preparation(dataset),
                                       (int)(d->column % st_dataset_inputs(dataset)), &origin);
    for (int64_t v = 0; v < d->values; v++) {
        double share = d->values > 1 ? (double)v / (double)(d->values - 1) : 0;
        value[v] = v == d->values - 1 && v ? high : low + share * (high - low);
        raw[v] = known ? value[v] * origin.divisor + origin.shift : NAN;
    }
}

/* Over the rows with the column set to each value: the mean answer, and between what it lies. */
static bool depend(Why *why, const Dependence *d, const double *value, double *mean, double *low,
                   double *high, StError *error) {
    for (int64_t v = 0; v < d->values; v++) {
        st_lens_gather(why->lens, why->part, d->index, 0, d->rows);
        for (int64_t r = 0; r < d->rows; r++)
            st_lens_input(why->lens)[r * why->size + d->column] = value[v];
        st_lens_forward(why->lens, d->rows, false);
        double sum = 0, least = INFINITY, most = -INFINITY;
        for (int64_t r = 0; r < d->rows; r++) {
            double answer = why_answer(why, r);
            sum += answer;
            least = answer < least ? answer : least;
            most = answer > most ? answer : most;
        }
        mean[v] = sum / (double)d->rows;
        if (low) low[v] = least;
        if (high) high[v] = most;
        if (!why_go_on(why, (double)(v + 1) / (double)d->values, error)) return false;
    }
    return true;
}

static void say_choice(const Why *why, const Dependence *d) {
    char name[96];
    st_finding_count(why->finding, "column", d->column);
    st_finding_note(why->finding, "column_name", "%s", why_input_name(why, d->column, name));
    st_finding_count(why->finding, "rows", d->rows);
    double *index = st_finding_vector(why->finding, "row_index", d->rows);
    for (int64_t i = 0; index && i < d->rows; i++)
        index[i] = (double)d->index[i];
    st_finding_note(why->finding, "response", "%s",
                    why->lens->classes ? "answer for the class" : "prediction");
}

static bool dependence(Why *why, Dependence *d, StError *error) {
    StFinding *finding = why->finding;
    int64_t asked = why->job->ask->count;
    d->values = asked <= 0 ? VALUES : asked > VALUES_MOST ? VALUES_MOST : asked;
    d->rows = st_lens_sample(why->lens, why->part, SAMPLE, d->index);
    if (!choose_column(why, d, error)) return false;
    say_choice(why, d);
    double *value = st_finding_vector(finding, "values", d->values);
    double *raw = st_finding_vector(finding, "values_raw", d->values);
    double *mean = st_finding_vector(finding, "mean", d->values);
    double *low = st_finding_vector(finding, "low", d->values);
    double *high = st_finding_vector(finding, "high", d->values);
    double *control = st_finding_vector(finding, "control", d->values);
    double *named = st_finding_vector(finding, "partial_dependence", d->values);
    st_finding_fact(finding, "control_correlation", NAN);
    if (!st_finding_done(finding, error)) return false;
    choose_values(why, d, value, raw);
    if (!depend(why, d, value, mean, low, high, error)) return false;
    memcpy(named, mean, (size_t)d->values * sizeof *named);
    if (!why_randomize(why, error) || !depend(why, d, value, control, NULL, NULL, error)) return false;
    st_finding_fact(finding, "control_correlation", why_rank_correlation(mean, control, d->values));
    return why_restore(why, error);
}

static bool run_dependence(StJob *job, StError *error) {
    Why why;
    Dependence d = {0};
    bool done = why_begin(&why, job, error) && dependence(&why, &d, error);
    why_end(&why);
    return done;
}

/* ---- the rows ---- */

const StStudy st_study_why_permutation_importance = {
    .group = "why",
    .name = "permutation_importance",
    .title = "Permutation importance",
    .what = "how much more is wrong when a column's values go to other rows",
    .bad = "a column that should not matter, or would not be known, on top",
    .formula = "err(column permuted) − err, 5 repeats (Breiman 2001)",
    .plain = "err(column permuted) - err, 5 repeats (Breiman 2001)",
    .cost = "5 F of the part a column",
    .tag = ST_ESTIMATED,
    .asked = true,
    .missing = too_many,
    .run = run_permutation,
};

static const char *no_values(const StLens *lens) {
    return st_network_words(lens->network)
               ? "the inputs are numbers of words, between which nothing lies (try permutation_importance)"
               : NULL;
}

const StStudy st_study_why_partial_dependence = {
    .group = "why",
    .name = "partial_dependence",
    .title = "Partial dependence",
    .what = "how the answer goes with one column, the others as they are",
    .bad = "jumps or turns that the thing does not have",
    .formula = "meanᵢ f(xᵢ with xⱼ = v), 10 values (Friedman 2001)",
    .plain = "mean_i f(x_i with x_j = v), 10 values (Friedman 2001)",
    .cost = "10 F of 256 rows",
    .tag = ST_ESTIMATED,
    .asked = true,
    .missing = no_values,
    .run = run_dependence,
};
