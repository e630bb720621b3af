/* What the studies of "why" share: the example, its score, the control. */
#include "inspect/study_why.h"

#include "train/loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double PIECE_FLOPS = 6e6; /* of one piece of work: some milliseconds */
enum { PIECE_ROWS = 64 };

const char *why_no_gradient(const StLens *lens) {
    return st_network_words(lens->network) ? "the inputs are words, which have no gradient (try occlusion)"
                                           : NULL;
}

/* ---- the example ---- */

static int64_t last_extent(const StShape *shape) {
    return shape->dim[shape->rank - 1];
}

/* Rows as pictures: the input's own shape, or the one that layers which only reshape give it, or, of loose
 * numbers, the one that the data has. */
static StShape picture_of(const StLens *lens) {
    const StStackInfo *info = st_network_info(lens->network);
    StShape shape = info->input;
    for (int i = 0; shape.rank != 3 && i < lens->layers && st_lens_layer(lens, i)->kind->in_place; i++)
        shape = st_lens_layer(lens, i)->out;
    if (shape.rank == 3) return shape;
    int height, width, channels;
    if (st_dataset_picture(lens->plan.dataset, &height, &width, &channels) &&
        (int64_t)height * width * channels == lens->in_size)
        return st_shape(3, height, width, channels);
    if (info->input.rank == 2) return st_shape(3, (int)info->input.dim[0], (int)info->input.dim[1], 1);
    return (StShape){0};
}

static void say_shape(StFinding *finding, const char *name, const StShape *shape) {
    double *extent = st_finding_vector(finding, name, shape->rank);
    for (int i = 0; extent && i < shape->rank; i++)
        extent[i] = (double)shape->dim[i];
}

const char *why_input_name(const Why *why, int64_t input, char buffer[96]) {
    const StDataset *dataset = why->lens->plan.dataset;
    int64_t named = st_dataset_inputs(dataset), across = why->picture.rank ? last_extent(&why->shape) : 1;
    if (named == why->size)
        snprintf(buffer, 96, "%s", st_dataset_input_name(dataset, (int)input));
    else if (why->shape.rank == 2 && named == across) /* a feature at a time */
        snprintf(buffer, 96, "%.60s at %lld", st_dataset_input_name(dataset, (int)(input % across)),
                 (long long)(input / across));
    else if (why->picture.rank) {
        int64_t pixel = input / why->picture.dim[2];
        snprintf(buffer, 96, "pixel %lld,%lld", (long long)(pixel / why->picture.dim[1]),
                 (long long)(pixel % why->picture.dim[1]));
    } else
        snprintf(buffer, 96, "input %lld", (long long)input);
    return buffer;
}

/* Outputs that a class can be chosen from: those of the last position. */
static int64_t outputs_of(const StLens *lens) {
    return last_extent(&st_lens_layer(lens, lens->layers - 1)->out);
}

/* Whether probability() gives some; else scores or predictions, as the loss takes them. */
static bool gives_probabilities(const StLens *lens) {
    return lens->logits || st_loss_from_logits(&lens->plan.compile->loss);
}

/* Of output k of y [width]; where the loss takes logits they are no probabilities yet. */
static double probability(const StLens *lens, const double *y, int64_t width, int64_t k) {
    const StLossSpec *spec = &lens->plan.compile->loss;
    if (lens->logits || !st_loss_from_logits(spec)) return y[k];
    if (width == 1 || !st_loss_at(spec->kind)->exclusive) return 1 / (1 + exp(-y[k]));
    double sum = 0;
    for (int64_t i = 0; i < width; i++)
        sum += exp(y[i] - y[k]);
    return 1 / sum;
}

double why_answer(const Why *why, int64_t row) {
    const StLens *lens = why->lens;
    int64_t width = outputs_of(lens);
    const double *y = st_network_output(lens->network) + (row + 1) * lens->out_size - width;
    if (width > 1) return probability(lens, y, width, why->klass);
    double p = probability(lens, y, 1, 0);
    if (lens->classes == 0 || why->klass == 1) return p;
    return gives_probabilities(lens) ? 1 - p : -p;
}

static bool choose_class(Why *why, StError *error) {
    const StLens *lens = why->lens;
    int64_t count = lens->classes ? lens->classes : outputs_of(lens);
    int answer = st_lens_answer(lens, 0);
    why->klass = why->job->ask->klass >= 0 ? why->job->ask->klass : answer < 0 ? 0 : answer;
    if (why->klass >= count)
        return st_fail(error, ST_ERR_VALUE, "class %d: the network has %lld %s, counted from 0", why->klass,
                       (long long)count, lens->classes ? "classes" : "outputs");
    st_finding_count(why->finding, "class", why->klass);
    st_finding_count(why->finding, "answer", answer);
    const char *name = lens->classes && st_dataset_has_labels(lens->plan.dataset) &&
                               why->klass < st_dataset_classes(lens->plan.dataset)
                           ? st_dataset_class_name(lens->plan.dataset, why->klass)
                           : NULL;
    if (name) st_finding_note(why->finding, "class_name", "%s", name);
    return true;
}

/* Answer and probabilities, by the network as it is; then the score. */
static bool look_at_answer(Why *why, StError *error) {
    StLens *lens = why->lens;
    int64_t width = outputs_of(lens);
    const double *y = st_lens_forward(lens, 1, false) + lens->out_size - width;
    if (!choose_class(why, error)) return false;
    st_finding_fact(why->finding, "score", NAN);
    double *p = st_finding_vector(why->finding, "probabilities", width);
    if (!p) return st_finding_done(why->finding, error);
    for (int64_t k = 0; k < width; k++)
        p[k] = probability(lens, y, width, k);
    st_finding_note(why->finding, "outputs_are",
                    gives_probabilities(lens) ? "probabilities"
                    : lens->classes           ? "scores"
                                              : "predictions");
    why_scores(why, 1, &why->score);
    st_finding_fact(why->finding, "score", why->score);
    if (lens->classes == 0)
        st_finding_fact(why->finding, "target",
                        st_learner_targets(lens->learner)[st_lens_output_of(lens, why->klass)]);
    return true;
}

static bool say_input(Why *why, StError *error) {
    StFinding *finding = why->finding;
    char name[96];
    double *input = st_finding_array(finding, "input", &why->shape);
    if (input) memcpy(input, why->x, (size_t)why->size * sizeof *input);
    say_shape(finding, "input_shape", &why->shape);
    if (why->picture.rank) say_shape(finding, "picture", &why->picture);
    for (int64_t i = 0; st_dataset_inputs(why->lens->plan.dataset) == why->size && i < why->size; i++)
        st_finding_name(finding, "input_names", (int)i, why_input_name(why, i, name));
    return st_finding_done(finding, error);
}

bool why_begin(Why *why, StJob *job, StError *error) {
    StLens *lens = job->lens;
    *why = (Why){.job = job,
                 .lens = lens,
                 .finding = job->finding,
                 .part = st_lens_part(lens, job->ask->part),
                 .size = lens->in_size,
                 .shape = st_network_info(lens->network)->input,
                 .picture = picture_of(lens)};
    size_t bytes = (size_t)why->size * sizeof *why->x;
    if (!(why->x = malloc(bytes))) return st_fail_memory(error, "the example", bytes);
    if (!st_lens_example(job, error)) return false;
    memcpy(why->x, st_lens_input(lens), bytes);
    return look_at_answer(why, error) && say_input(why, error);
}

void why_end(Why *why) {
    free(why->x);
    why->x = NULL;
}

/* ---- running ---- */

int64_t why_rows(const Why *why) {
    int64_t flops = st_network_info(why->lens->network)->flops;
    double rows = PIECE_FLOPS / (double)(flops > 0 ? flops : 1);
    return rows < 1 ? 1 : rows > PIECE_ROWS ? PIECE_ROWS : (int64_t)rows;
}

double why_sign(const Why *why) {
    return outputs_of(why->lens) == 1 && why->lens->classes == 2 && why->klass == 0 ? -1 : 1;
}

void why_scores(Why *why, int64_t rows, double *score) {
    const StLens *lens = why->lens;
    const double *y = st_lens_forward(why->lens, rows, true);
    for (int64_t i = 0; i < rows; i++)
        score[i] = why_sign(why) * y[i * lens->out_size + st_lens_output_of(lens, why->klass)] + 0.0;
}

const double *why_gradients(Why *why, int64_t rows, double *score) {
    int klass[ST_LENS_ROWS];
    for (int64_t i = 0; i < rows; i++)
        klass[i] = why->klass;
    return st_lens_score_gradient(why->lens, rows, klass, score);
}

bool why_go_on(const Why *why, double done, StError *error) {
    return st_job_go_on(why->job, why->control ? 0.5 + done / 2 : done / 2, error);
}

bool why_randomize(Why *why, StError *error) {
    why->control = true;
    return st_lens_random(why->lens, why->lens->plan.seed + 1, error);
}

bool why_restore(Why *why, StError *error) {
    why->control = false;
    return st_lens_look(why->lens, &why->job->snapshot->weights, error);
}

static bool explain(Why *why, const char *name, WhyMethod method, StError *error) {
    StFinding *finding = why->finding;
    double *own = st_finding_array(finding, name, &why->shape);
    double *attribution = st_finding_array(finding, "attribution", &why->shape);
    double *control = st_finding_array(finding, "control", &why->shape);
    if (!own || !attribution || !control) return st_finding_done(finding, error);
    st_finding_fact(finding, "control_correlation", NAN);
    if (!method(why, attribution, error)) return false;
    memcpy(own, attribution, (size_t)why->size * sizeof *own);
    if (!why_go_on(why, 1, error)) return false;
    if (!why_randomize(why, error) || !method(why, control, error)) return false;
    st_finding_fact(finding, "control_correlation", why_rank_correlation(attribution, control, why->size));
    return why_restore(why, error);
}

bool why_explain(StJob *job, const char *name, WhyMethod method, StError *error) {
    Why why;
    bool done = why_begin(&why, job, error) && explain(&why, name, method, error);
    why_end(&why);
    return done;
}

/* ---- rank correlation ---- */

typedef struct Ranked {
    double value;
    int64_t at;
} Ranked;

static int by_value(const void *a, const void *b) {
    double x = ((const Ranked *)a)->value, y = ((const Ranked *)b)->value;
    return (x > y) - (x < y);
}

/* Ranks from 1 to rank [count]; equal values share the mean of theirs. */
static void ranks_of(Ranked *sorted, int64_t count, double *rank) {
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    for (int64_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && sorted[end].value == sorted[i].value;)
            end++;
        for (int64_t k = i; k < end; k++)
            rank[sorted[k].at] = (double)(i + end + 1) / 2;
    }
}

static double correlation(const double *a, const double *b, int64_t count) {
    double mean = (double)(count + 1) / 2, ab = 0, aa = 0, bb = 0; /* of ranks, ties or not */
    for (int64_t i = 0; i < count; i++) {
        ab += (a[i] - mean) * (b[i] - mean);
        aa += (a[i] - mean) * (a[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

double why_rank_correlation(const double *a, const double *b, int64_t count) {
    size_t room = (size_t)(count ? count : 1);
    Ranked *first = malloc(room * sizeof *first), *second = malloc(room * sizeof *second);
    double *rank = malloc(2 * room * sizeof *rank), result = NAN;
    int64_t pairs = 0;
    for (int64_t i = 0; first && second && rank && i < count; i++) {
        if (!isfinite(a[i]) || !isfinite(b[i])) continue;
        first[pairs] = (Ranked){a[i], pairs};
        second[pairs] = (Ranked){b[i], pairs};
        pairs++;
    }
    if (first && second && rank) {
        ranks_of(first, pairs, rank);
        ranks_of(second, pairs, rank + count);
        result = correlation(rank, rank + count, pairs);
    }
    free(first);
    free(second);
    free(rank);
    return result;
}
