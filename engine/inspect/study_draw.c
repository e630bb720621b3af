/* What if: the answer for an example that a person makes by hand (draws, or changes feature by feature), the
 * nearest example with another answer, and the smallest change of one feature that flips the answer. */
#include "inspect/lens.h"
#include "inspect/study.h"
#include "train/loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The batch that the studies here run: the row as the data has it, beside the example. Where nothing was made
 * by hand they are the same. */
enum { ROW, EXAMPLE, BOTH };

/* ---- what all of them say ---- */

static bool check_input(StLens *lens, StError *error) {
    const double *x = st_lens_input(lens);
    for (int64_t i = 0; i < lens->in_size; i++)
        if (!isfinite(x[i]))
            return st_fail(error, ST_ERR_NONFINITE, "input %lld of the example is no number",
                           (long long)(i + 1));
    return st_network_input_fits(lens->network, 0, 1, error);
}

/* Softmax of outputs that the loss takes as logits; in place. */
static void soften(double *p, int64_t count) {
    double most = -INFINITY, sum = 0;
    for (int64_t k = 0; k < count; k++)
        most = fmax(most, p[k]);
    for (int64_t k = 0; k < count; k++)
        sum += p[k] = exp(p[k] - most);
    for (int64_t k = 0; k < count; k++)
        p[k] /= sum;
}

/* Probabilities of the classes [classes] by a row's outputs, of the last position; NaN where the outputs are
 * none. */
static void probabilities_of(const StLens *lens, const double *y, double *p) {
    bool from_logits = !lens->logits && st_loss_from_logits(&lens->plan.compile->loss);
    const double *last = y + lens->out_size - (lens->out_size == 1 ? 1 : lens->classes);
    if (!lens->logits && !from_logits) {
        for (int k = 0; k < lens->classes; k++)
            p[k] = NAN;
    } else if (lens->out_size == 1) {
        double yes = from_logits ? 1 / (1 + exp(-last[0])) : last[0];
        p[0] = 1 - yes, p[1] = yes;
    } else {
        memcpy(p, last, (size_t)lens->classes * sizeof *p);
        if (from_logits) soften(p, lens->classes);
    }
}

static bool put_outputs(StJob *job, const char *outputs, const char *probabilities, int row) {
    const StLens *lens = job->lens;
    StShape shape = st_lens_layer(lens, lens->layers - 1)->out;
    const double *y = st_network_output(lens->network) + row * lens->out_size;
    double *to = st_finding_array(job->finding, outputs, &shape);
    double *p = lens->classes ? st_finding_vector(job->finding, probabilities, lens->classes) : NULL;
    if (to) memcpy(to, y, (size_t)lens->out_size * sizeof *y);
    if (p) probabilities_of(lens, y, p);
    return to && (p || !lens->classes);
}

/* Forward of both rows, and what comes out. The example stays in the batch. */
static bool answer_both(StJob *job, StError *error) {
    StLens *lens = job->lens;
    StFinding *finding = job->finding;
    const StDataset *dataset = lens->plan.dataset;
    double *x = st_lens_input(lens);
    if (!st_lens_example(job, error) || !check_input(lens, error)) return false;
    memcpy(x + EXAMPLE * lens->in_size, x, (size_t)lens->in_size * sizeof *x);
    st_lens_gather(lens, st_lens_part(lens, job->ask->part), NULL, job->ask->row < 0 ? 0 : job->ask->row, 1);
    st_lens_forward(lens, BOTH, false);
    double *input = st_finding_array(finding, "input", &st_network_info(lens->network)->input);
    if (!input || !put_outputs(job, "outputs", "probabilities", EXAMPLE) ||
        !put_outputs(job, "row_outputs", "row_probabilities", ROW))
        return st_finding_done(finding, error);
    memcpy(input, x + EXAMPLE * lens->in_size, (size_t)lens->in_size * sizeof *input);
    int answer = st_lens_answer(lens, EXAMPLE);
    int64_t size;
    const double *p = st_finding_values(finding, "probabilities", &size);
    st_finding_count(finding, "answer", answer);
    st_finding_fact(finding, "confidence", answer >= 0 && p ? p[answer] : NAN);
    st_finding_count(finding, "row_answer", st_lens_answer(lens, ROW));
    for (int k = 0; k < st_dataset_classes(dataset) && k < lens->classes; k++)
        st_finding_name(finding, "classes", k, st_dataset_class_name(dataset, k));
    return st_finding_done(finding, error);
}

/* ---- the answer ---- */

/* Of every layer, for the example: how much there is, and the share of values above zero. */
static bool put_layers(StJob *job) {
    const StLens *lens = job->lens;
    double *mean = st_finding_vector(job->finding, "activation", lens->layers);
    double *norm = st_finding_vector(job->finding, "activation_norm", lens->layers);
    double *firing = st_finding_vector(job->finding, "firing", lens->layers);
    if (!mean || !norm || !firing) return false;
    for (int i = 0; i < lens->layers; i++) {
        const StStep *step = st_lens_layer(lens, i);
        const double *y = step->y + EXAMPLE * step->out_size;
        double sum = 0, squares = 0, above = 0;
        for (int64_t k = 0; k < step->out_size; k++) {
            sum += fabs(y[k]);
            squares += y[k] * y[k];
            above += y[k] > 0;
        }
        mean[i] = sum / (double)step->out_size;
        norm[i] = sqrt(squares);
        firing[i] = above / (double)step->out_size;
        st_finding_name(job->finding, "layers", i, lens->layer[i].name);
    }
    return true;
}

/* |∂S/∂x|, S the score of the answered class (of the asked one), of one output of a regression. Numbers of
 * words have no slope. */
static bool put_saliency(StJob *job) {
    StLens *lens = job->lens;
    const StShape *out = &st_lens_layer(lens, lens->layers - 1)->out;
    int limit = lens->classes ? lens->classes : (int)out->dim[out->rank - 1];
    int answer = st_lens_answer(lens, EXAMPLE), asked = job->ask->klass;
    int klass = asked >= 0 && asked < limit ? asked : answer < 0 ? 0 : answer;
    int both[BOTH] = {klass, klass};
    double score[BOTH];
    const double *slope = st_lens_score_gradient(lens, BOTH, both, score) + EXAMPLE * lens->in_size;
    const double *y = st_network_output(lens->network) + EXAMPLE * lens->out_size;
    double *saliency = st_finding_array(job->finding, "saliency", &st_network_info(lens->network)->input);
    double *scores = st_finding_array(job->finding, "scores", out);
    if (!saliency || !scores) return false;
    for (int64_t i = 0; i < lens->in_size && !st_network_words(lens->network); i++)
        saliency[i] = fabs(slope[i]);
    memcpy(scores, y, (size_t)lens->out_size * sizeof *y);
    st_finding_count(job->finding, "class", klass);
    st_finding_fact(job->finding, "score", score[EXAMPLE]);
    return true;
}

static bool run_answer(StJob *job, StError *error) {
    return answer_both(job, error) && put_layers(job) && put_saliency(job) &&
           st_finding_done(job->finding, error);
}

/* ---- the nearest example ---- */

typedef struct Near {
    double square; /* of the distance */
    int64_t row;
} Near;

static int by_distance(const void *a, const void *b) {
    const Near *x = a, *y = b;
    if (x->square != y->square) return x->square < y->square ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Distances of all training rows to the example but its own, in ascending order. Returns how many; -1:
 * cancelled. */
static int64_t measure_distances(StJob *job, const double *x, Near *near, StError *error) {
    StLens *lens = job->lens;
    const StDataset *dataset = lens->plan.dataset;
    int64_t rows = st_dataset_rows(dataset, ST_TRAIN), count = 0;
    bool own = !job->ask->input && st_lens_part(lens, job->ask->part) == ST_TRAIN;
    int64_t own_row = own ? (int64_t)st_finding_value(job->finding, "row") : -1;
    for (int64_t first = 0; first < rows; first += ST_LENS_ROWS) {
        int64_t some = rows - first < ST_LENS_ROWS ? rows - first : ST_LENS_ROWS;
        st_dataset_gather_x(dataset, ST_TRAIN, NULL, first, some, lens->stage);
        for (int64_t r = 0; r < some; r++) {
            const float *other = lens->stage + r * lens->in_size;
            double square = 0;
            for (int64_t i = 0; i < lens->in_size; i++)
                square += ((double)other[i] - x[i]) * ((double)other[i] - x[i]);
            if (first + r != own_row) near[count++] = (Near){square, first + r};
        }
        if (!st_job_go_on(job, 0.5 * (double)(first + some) / (double)rows, error)) return -1;
    }
    qsort(near, (size_t)count, sizeof *near, by_distance);
    return count;
}

/* Writes PREFIX_row, _distance, _label, _answer (where it is known). */
static void put_near(StJob *job, const char *prefix, const Near *near, int answer) {
    char name[ST_ENTRY_NAME_MAX];
    snprintf(name, sizeof name, "%s_row", prefix);
    st_finding_count(job->finding, name, near ? near->row : -1);
    snprintf(name, sizeof name, "%s_distance", prefix);
    st_finding_fact(job->finding, name, near ? sqrt(near->square) : NAN);
    snprintf(name, sizeof name, "%s_label", prefix);
    st_finding_count(job->finding, name, near ? st_lens_label(job->lens, ST_TRAIN, near->row) : -1);
    snprintf(name, sizeof name, "%s_answer", prefix);
    st_finding_count(job->finding, name, near ? answer : -1);
}

/* What the nearest one is, value by value. x: the example. */
static bool put_nearest_input(StJob *job, const double *x, int64_t row, int batch_row) {
    StLens *lens = job->lens;
    const StShape *shape = &st_network_info(lens->network)->input;
    double *input = st_finding_array(job->finding, "nearest_input", shape);
    double *difference = st_finding_array(job->finding, "difference", shape);
    double *p = st_finding_vector(job->finding, "nearest_probabilities", lens->classes);
    if (!input || !difference || !p) return false;
    probabilities_of(lens, st_network_output(lens->network) + batch_row * lens->out_size, p);
    st_dataset_gather_x(lens->plan.dataset, ST_TRAIN, NULL, row, 1, lens->stage);
    for (int64_t i = 0; i < lens->in_size; i++) {
        input[i] = (double)lens->stage[i];
        difference[i] = input[i] - x[i];
    }
    return true;
}

/* Answers of the rows, the nearest first, until both one with this answer and one with another are found. */
static bool walk_outwards(StJob *job, const double *x, const Near *near, int64_t count, int answer,
                          StError *error) {
    enum { STEP = 64 };
    StLens *lens = job->lens;
    bool other = false, same = false;
    int64_t index[STEP];
    for (int64_t first = 0; first < count && !(other && same); first += STEP) {
        int some = count - first < STEP ? (int)(count - first) : STEP;
        for (int i = 0; i < some; i++)
            index[i] = near[first + i].row;
        st_lens_gather(lens, ST_TRAIN, index, 0, some);
        st_lens_forward(lens, some, false);
        for (int i = 0; i < some && !(other && same); i++) {
            int its = st_lens_answer(lens, i);
            bool *found = its == answer ? &same : &other;
            if (*found) continue;
            *found = true;
            put_near(job, its == answer ? "same" : "nearest", &near[first + i], its);
            if (its != answer && !put_nearest_input(job, x, index[i], i))
                return st_finding_done(job->finding, error);
        }
        if (!st_job_go_on(job, 0.5 + 0.5 * (double)(first + some) / (double)count, error)) return false;
    }
    if (!other)
        st_finding_note(job->finding, "none",
                        "the network answers the same to every row of the training part");
    return true;
}

/* The nearest row that is labelled otherwise than the network answers, whatever it says of that row. */
static void find_labelled(StJob *job, const Near *near, int64_t count, int answer) {
    for (int64_t i = 0; i < count; i++) {
        int label = st_lens_label(job->lens, ST_TRAIN, near[i].row);
        if (label < 0 || label == answer) continue;
        st_finding_count(job->finding, "labelled_row", near[i].row);
        st_finding_fact(job->finding, "labelled_distance", sqrt(near[i].square));
        st_finding_count(job->finding, "labelled_label", label);
        return;
    }
}

static bool run_nearest(StJob *job, StError *error) {
    StLens *lens = job->lens;
    int64_t rows = st_dataset_rows(lens->plan.dataset, ST_TRAIN);
    if (!answer_both(job, error)) return false;
    put_near(job, "nearest", NULL, -1);
    st_finding_note(job->finding, "nearest_part", "%s", st_part_name(ST_TRAIN));
    put_near(job, "same", NULL, -1);
    st_finding_count(job->finding, "labelled_row", -1);
    st_finding_fact(job->finding, "labelled_distance", NAN);
    st_finding_count(job->finding, "labelled_label", -1);
    st_finding_count(job->finding, "rows", rows);
    Near *near = malloc((size_t)(rows ? rows : 1) * sizeof *near);
    double *x = malloc((size_t)lens->in_size * sizeof *x);
    bool done = near && x;
    if (!done) st_fail_memory(error, "distances", (size_t)rows * sizeof *near);
    if (done) {
        int answer = st_lens_answer(lens, EXAMPLE);
        memcpy(x, st_lens_input(lens) + EXAMPLE * lens->in_size, (size_t)lens->in_size * sizeof *x);
        int64_t count = measure_distances(job, x, near, error);
        done = count >= 0;
        if (done) find_labelled(job, near, count, answer);
        done = done && walk_outwards(job, x, near, count, answer, error);
    }
    free(near);
    free(x);
    return done && st_finding_done(job->finding, error);
}

static const char *no_classes(const StLens *lens) {
    return lens->classes ? NULL : "the answer is a number, not a class, so there is no other class";
}

/* ---- the smallest change of one feature ---- */

enum { SWEEP = 50 }; /* steps from the least to the greatest value seen */

/* One example, raw and prepared, while one cell of it changes. */
typedef struct WhatIf {
    StJob *job;
    int columns, answer;
    float *raw, *row;   /* [columns] the example's cells; room for another row's */
    float *plain;       /* [in_size] what raw becomes */
    double *x;          /* [in_size] the example's own input */
    double *low, *high; /* [columns] seen in training */
} WhatIf;

static void see_ranges(WhatIf *w) {
    const StDataset *dataset = w->job->lens->plan.dataset;
    for (int c = 0; c < w->columns; c++)
        w->low[c] = w->high[c] = NAN;
    for (int64_t r = 0; r < st_dataset_rows(dataset, ST_TRAIN); r++) {
        st_dataset_raw(dataset, ST_TRAIN, r, w->row);
        for (int c = 0; c < w->columns; c++) {
            w->low[c] = fmin(w->low[c], (double)w->row[c]); /* fmin and fmax leave NaN out */
            w->high[c] = fmax(w->high[c], (double)w->row[c]);
        }
    }
}

/* The raw cells of the example: the row's own, or what the made input goes back to. */
static bool take_raw(WhatIf *w, StError *error) {
    StLens *lens = w->job->lens;
    const StDataset *dataset = lens->plan.dataset;
    const StAsk *ask = w->job->ask;
    for (int64_t i = 0; i < lens->in_size; i++)
        w->plain[i] = (float)w->x[i];
    bool known = st_dataset_unprepare(dataset, w->plain, w->raw);
    if (ask->input && !known)
        return st_fail(error, ST_ERR_STATE,
                       "counterfactual: features without x1 or x2 do not say what the example was");
    if (!ask->input) {
        st_dataset_raw(dataset, st_lens_part(lens, ask->part), ask->row < 0 ? 0 : ask->row, w->row);
        for (int c = 0; c < w->columns; c++)
            if (!isnan(w->row[c]) || !known)
                w->raw[c] = w->row[c]; /* a missing cell: what it was filled with */
    }
    st_dataset_prepare(dataset, w->raw, w->plain);
    return true;
}

static int candidates_of(const WhatIf *w, int column) {
    const StColumnInfo *info = st_dataset_column(w->job->lens->plan.dataset, column);
    if (info->categorical) return info->categories;
    return w->high[column] > w->low[column] ? SWEEP + 1 : 0;
}

static double candidate(const WhatIf *w, int column, int i) {
    const StColumnInfo *info = st_dataset_column(w->job->lens->plan.dataset, column);
    if (info->categorical) return i;
    return w->low[column] + (w->high[column] - w->low[column]) * i / SWEEP;
}

/* Row `row` of the batch: the example with one cell changed. Inputs that do not depend on it keep their bits.
 */
static void lay(WhatIf *w, int column, double value, int row) {
    StLens *lens = w->job->lens;
    double *x = st_lens_input(lens) + row * lens->in_size;
    float was = w->raw[column];
    w->raw[column] = (float)value;
    st_dataset_prepare(lens->plan.dataset, w->raw, lens->stage);
    w->raw[column] = was;
    for (int64_t i = 0; i < lens->in_size; i++)
        x[i] = lens->stage[i] == w->plain[i] ? w->x[i] : (double)lens->stage[i];
}

/* The candidate nearest to the present value that flips the answer: its place, or -1. */
static int sweep(WhatIf *w, int column, int *answer) {
    StLens *lens = w->job->lens;
    const StColumnInfo *info = st_dataset_column(lens->plan.dataset, column);
    int count = candidates_of(w, column), best = -1;
    double least = INFINITY, now = (double)w->raw[column];
    for (int first = 0; first < count; first += ST_LENS_ROWS) {
        int some = count - first < ST_LENS_ROWS ? count - first : ST_LENS_ROWS;
        for (int i = 0; i < some; i++)
            lay(w, column, candidate(w, column, first + i), i);
        st_lens_forward(lens, some, false);
        for (int i = 0; i < some; i++) {
            double away = info->categorical ? 0 : fabs(candidate(w, column, first + i) - now);
            int its = st_lens_answer(lens, i);
            if (its == w->answer || !(away < least)) continue;
            least = away, best = first + i, *answer = its;
        }
    }
    return best;
}

static bool sweep_all(WhatIf *w, StError *error) {
    StFinding *finding = w->job->finding;
    double *value = st_finding_vector(finding, "value", w->columns);
    double *low = st_finding_vector(finding, "low", w->columns);
    double *high = st_finding_vector(finding, "high", w->columns);
    double *needed = st_finding_vector(finding, "needed", w->columns);
    double *change = st_finding_vector(finding, "needed_change", w->columns);
    double *answers = st_finding_vector(finding, "needed_answer", w->columns);
    double least = INFINITY;
    if (!value || !low || !high || !needed || !change || !answers) return st_finding_done(finding, error);
    st_finding_count(finding, "smallest_feature", -1);
    st_finding_fact(finding, "smallest_share", NAN);
    for (int c = 0; c < w->columns; c++) {
        const StColumnInfo *info = st_dataset_column(w->job->lens->plan.dataset, c);
        int its = -1, at = sweep(w, c, &its);
        st_finding_name(finding, "features", c, info->name);
        value[c] = (double)w->raw[c];
        if (!info->categorical) low[c] = w->low[c], high[c] = w->high[c];
        if (at >= 0) {
            needed[c] = candidate(w, c, at), answers[c] = its;
            if (!info->categorical) change[c] = needed[c] - value[c];
            double share = fabs(change[c]) / (high[c] - low[c]);
            if (share < least) {
                least = share;
                st_finding_count(finding, "smallest_feature", c);
                st_finding_fact(finding, "smallest_share", share);
            }
        }
        if (!st_job_go_on(w->job, (double)(c + 1) / w->columns, error)) return false;
    }
    return st_finding_done(finding, error);
}

static bool run_counterfactual(StJob *job, StError *error) {
    StLens *lens = job->lens;
    StShape raw = st_dataset_raw_shape(lens->plan.dataset);
    WhatIf w = {.job = job, .columns = (int)raw.dim[0]};
    if (!answer_both(job, error)) return false;
    w.answer = st_lens_answer(lens, EXAMPLE);
    size_t columns = (size_t)w.columns, inputs = (size_t)lens->in_size;
    float *floats = malloc((2 * columns + inputs) * sizeof *floats);
    double *doubles = malloc((2 * columns + inputs) * sizeof *doubles);
    bool done = floats && doubles;
    if (!done) st_fail_memory(error, "the example", (2 * columns + inputs) * sizeof *doubles);
    if (done) {
        w.raw = floats, w.row = floats + columns, w.plain = floats + 2 * columns;
        w.low = doubles, w.high = doubles + columns, w.x = doubles + 2 * columns;
        memcpy(w.x, st_lens_input(lens) + EXAMPLE * lens->in_size, inputs * sizeof *w.x);
        see_ranges(&w);
        done = take_raw(&w, error) && sweep_all(&w, error);
    }
    free(floats);
    free(doubles);
    return done;
}

static const char *no_table(const StLens *lens) {
    const char *none = no_classes(lens);
    if (none) return none;
    if (st_dataset_raw_shape(lens->plan.dataset).rank != 1) return "rows are no table of features";
    return st_network_words(lens->network) ? "the inputs are numbers of words, between which nothing lies"
                                           : NULL;
}

/* ---- the table's rows ---- */

const StStudy st_study_draw_answer = {
    .group = "draw",
    .name = "answer",
    .title = "What if",
    .what = "the answer while the example is drawn or changed by hand",
    .bad = "a change that you hardly see flips it; it is sure of an empty canvas",
    .formula = "|∂S/∂x|, S the answer's score; firing: the share of a layer's values above 0",
    .plain = "|dS/dx|, S the answer's score; firing: the share of a layer's values above 0",
    .cost = "2 FB",
    .tag = ST_MEASURED,
    .run = run_answer,
};

const StStudy st_study_draw_nearest = {
    .group = "draw",
    .name = "nearest",
    .title = "Nearest other",
    .what = "the nearest training row with another answer, and where they differ",
    .bad = "it looks the same to you, or it is wrongly labelled",
    .formula = "argmin ‖x − xᵢ‖₂ over training rows i with answer(xᵢ) ≠ answer(x)",
    .plain = "argmin |x - x_i| over training rows i with answer(x_i) != answer(x)",
    .cost = "a distance to every training row, and F of the nearest",
    .tag = ST_MEASURED,
    .missing = no_classes,
    .run = run_nearest,
};

const StStudy st_study_draw_counterfactual = {
    .group = "draw",
    .name = "counterfactual",
    .title = "What it takes",
    .what = "the smallest change of one feature alone that changes the answer",
    .bad = "a feature that should not matter flips it with a small change",
    .formula = "min |v − xⱼ| over 51 values v from the least to the greatest seen in training",
    .plain = "min |v - x_j| over 51 values v from the least to the greatest seen in training",
    .cost = "51 F a feature",
    .tag = ST_MEASURED,
    .missing = no_table,
    .run = run_counterfactual,
};
