/* The rows behind a cell of the confusion matrix, or all mistakes: the most confident first. Asked for by
 * class (the true one) and unit (of the output: the class that was answered); -1: any. */
#include "inspect/study_mistakes.h"

#include "train/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LISTED = 1000, /* unless asked for another number */
    ALTERNATIVES = 10,
    SALIENCY_MOST = 1 << 16 /* values: of the first rows of the list, where rows are pictures */
};

typedef struct Example {
    int64_t row, position;
    int label, answer;
    double confidence, true_probability;
} Example;

typedef struct Listing {
    int from, to; /* true, answered; -1: any */
    bool right;   /* a cell of the diagonal: answers that are right, the least confident first */
    int64_t most, count, found;
    Example *example; /* [most + ST_LENS_ROWS]; sorted, [count] */
    int tops;
    /* Of the finding, [count]; tops [count][tops]. */
    double *loss, *top_class, *top_probability;
    int64_t looked;   /* rows whose saliency is worked out */
    double *saliency; /* [looked][inputs] */
} Listing;

static int by_confidence(const Example *a, const Example *b) {
    int order = (a->confidence < b->confidence) - (a->confidence > b->confidence);
    if (order == 0) order = (a->row > b->row) - (a->row < b->row);
    return order ? order : (a->position > b->position) - (a->position < b->position);
}

static int most_confident(const void *a, const void *b) {
    return by_confidence(a, b);
}

static int least_confident(const void *a, const void *b) {
    const Example *x = a, *y = b;
    return x->confidence == y->confidence ? by_confidence(x, y) : by_confidence(y, x);
}

/* Keeps the first of the list, in their order. */
static void sort(Listing *list) {
    qsort(list->example, (size_t)list->count, sizeof *list->example,
          list->right ? least_confident : most_confident);
    if (list->count > list->most) list->count = list->most;
}

static bool list_answer(StWalk *walk, const StAnswer *a, StError *error) {
    (void)error;
    Listing *list = walk->context;
    if ((a->label == a->klass) != list->right) return true;
    if ((list->from >= 0 && a->label != list->from) || (list->to >= 0 && a->klass != list->to)) return true;
    st_answer_probabilities(walk->lens, a->at, a->position, walk->p);
    if (list->count == list->most + ST_LENS_ROWS) sort(list);
    list->example[list->count++] =
        (Example){a->row, a->position, a->label, a->klass, walk->p[a->klass], walk->p[a->label]};
    list->found++;
    return true;
}

/* As many as are listed, in their order; what is worked out about them later is not known yet. */
static bool write(Listing *list, int64_t positions, StFinding *finding, StError *error) {
    double *row = st_finding_vector(finding, "row", list->count);
    double *position = positions > 1 ? st_finding_vector(finding, "position", list->count) : NULL;
    double *truth = st_finding_vector(finding, "true", list->count);
    double *answer = st_finding_vector(finding, "predicted", list->count);
    double *confidence = st_finding_vector(finding, "confidence", list->count);
    double *probability = st_finding_vector(finding, "true_probability", list->count);
    list->loss = st_finding_vector(finding, "loss", list->count);
    list->top_class = st_finding_matrix(finding, "top_class", list->count, list->tops);
    list->top_probability = st_finding_matrix(finding, "top_probability", list->count, list->tops);
    if (!st_finding_done(finding, error)) return false;
    for (int64_t i = 0; i < list->count; i++) {
        const Example *example = &list->example[i];
        row[i] = (double)example->row;
        if (position) position[i] = (double)example->position;
        truth[i] = example->label, answer[i] = example->answer;
        confidence[i] = example->confidence, probability[i] = example->true_probability;
    }
    return true;
}

static bool list_chunk(StWalk *walk, StError *error) {
    Listing *list = walk->context;
    sort(list);
    st_finding_count(walk->job->finding, "count", list->found);
    return write(list, walk->positions, walk->job->finding, error);
}

/* ---- more about those that are listed ---- */

/* How the loss is computed of what the stack ends in, as the learner does it. */
static StLossForm form_of(const StLens *lens) {
    const StLossSpec *spec = &lens->plan.compile->loss;
    const StLoss *loss = st_loss_at(spec->kind);
    const StStep *last = st_lens_layer(lens, lens->layers - 1);
    const char *ends = last->kind->activation ? last->kind->activation(last->options) : NULL;
    if (st_loss_from_logits(spec)) return ST_LOSS_LOGITS;
    return ends && loss->fuses && !strcmp(ends, loss->fuses) ? ST_LOSS_FUSED : ST_LOSS_OUTPUTS;
}

/* The loss of one answer as compiled, regularisers left out. The last forward left out what the loss fuses.
 */
static double loss_of(StLens *lens, StLossForm form, int64_t at, int64_t position) {
    const StLossSpec *spec = &lens->plan.compile->loss;
    const StLoss *loss = st_loss_at(spec->kind);
    const StStep *last = st_lens_layer(lens, lens->layers - 1);
    int64_t width, positions = st_answer_positions(lens, &width), i = at * positions + position;
    bool sparse = st_learner_sparse(lens->learner);
    StLossRows rows = {.form = form,
                       .y = last->y + i * width,
                       .dy = last->dy + i * width,
                       .labels = sparse ? st_learner_labels(lens->learner) + i : NULL,
                       .targets = sparse ? NULL : st_learner_targets(lens->learner) + i * width,
                       .rows = 1,
                       .positions = 1,
                       .width = width,
                       .scale = 1,
                       .options = spec->options};
    StLossSurvey survey = {.binary = true};
    if (st_loss_surveys(loss, spec->options)) st_loss_survey(loss, &rows, &survey);
    rows.binary = survey.binary;
    return st_loss_run(loss, &rows);
}

/* The greatest of p[classes], in descending order; the first of equals comes first. */
static void find_tops(const Listing *list, const double *p, int classes, double *klass, double *probability) {
    for (int t = 0; t < list->tops; t++)
        klass[t] = -1;
    for (int k = 0; k < classes; k++) {
        int t = list->tops;
        while (t > 0 && (klass[t - 1] < 0 || probability[t - 1] < p[k]))
            t--;
        if (t == list->tops) continue;
        size_t behind = (size_t)(list->tops - 1 - t);
        memmove(klass + t + 1, klass + t, behind * sizeof *klass);
        memmove(probability + t + 1, probability + t, behind * sizeof *probability);
        klass[t] = k, probability[t] = p[k];
    }
}

/* What each input of the gathered rows moves the score of their answer by: the magnitude of its gradient. */
static void look_where(Listing *list, StLens *lens, int64_t first, int64_t count) {
    int klass[ST_LENS_ROWS];
    for (int64_t i = 0; i < count; i++)
        klass[i] = list->example[first + i].answer;
    const double *gradient = st_lens_score_gradient(lens, count, klass, NULL);
    for (int64_t i = 0; i < count && first + i < list->looked; i++)
        for (int64_t k = 0; k < lens->in_size; k++)
            list->saliency[(first + i) * lens->in_size + k] = fabs(gradient[i * lens->in_size + k]);
}

/* Alternatives and loss of the listed rows [first, first + count). p [classes] */
static void look_closer(Listing *list, StJob *job, StPart part, int64_t first, int64_t count, double *p) {
    StLens *lens = job->lens;
    int64_t index[ST_LENS_ROWS];
    StLossForm form = form_of(lens);
    for (int64_t i = 0; i < count; i++)
        index[i] = list->example[first + i].row;
    st_lens_gather(lens, part, index, 0, count);
    st_lens_forward(lens, count, false);
    for (int64_t i = 0; i < count; i++) {
        int64_t at = (first + i) * list->tops;
        st_answer_probabilities(lens, i, list->example[first + i].position, p);
        find_tops(list, p, lens->classes, list->top_class + at, list->top_probability + at);
    }
    if (form == ST_LOSS_FUSED) st_lens_forward(lens, count, true);
    for (int64_t i = 0; i < count; i++)
        list->loss[first + i] = loss_of(lens, form, i, list->example[first + i].position);
    if (first < list->looked) look_where(list, lens, first, count);
}

static bool look_closer_at_all(Listing *list, StJob *job, double *p, StError *error) {
    enum { PIECE = 32 };
    int64_t inputs = job->lens->in_size;
    bool picture = st_dataset_picture(job->lens->plan.dataset, NULL, NULL, NULL);
    list->looked = picture ? SALIENCY_MOST / inputs : 0;
    if (list->looked > list->count) list->looked = list->count;
    list->saliency = st_finding_matrix(job->finding, "saliency", list->looked, inputs);
    if (!list->saliency) return st_finding_done(job->finding, error);
    StPart part = st_lens_part(job->lens, job->ask->part);
    for (int64_t first = 0; first < list->count; first += PIECE) {
        int64_t count = list->count - first < PIECE ? list->count - first : PIECE;
        look_closer(list, job, part, first, count, p);
        if (!st_job_go_on(job, 0.9 + 0.1 * (double)(first + count) / (double)list->count, error))
            return false;
    }
    return true;
}

/* The row that was asked for (its last position), else the first of the list: what the network says of it. */
static bool write_chosen(const Listing *list, StJob *job, StError *error) {
    StLens *lens = job->lens;
    StPart part = st_lens_part(lens, job->ask->part);
    int64_t row = job->ask->row >= 0 ? job->ask->row : list->count ? list->example[0].row : -1;
    int64_t rows = st_dataset_rows(lens->plan.dataset, part);
    if (row >= rows)
        return st_fail(error, ST_ERR_VALUE, "row %lld: the %s part has %lld rows, counted from 0",
                       (long long)row, st_part_name(part), (long long)rows);
    if (row < 0) return true;
    double *p = st_finding_vector(job->finding, "probabilities", lens->classes);
    if (!p) return st_finding_done(job->finding, error);
    int64_t width, position = st_answer_positions(lens, &width) - 1;
    if (job->ask->row < 0) position = list->example[0].position;
    st_lens_gather(lens, part, NULL, row, 1);
    st_lens_forward(lens, 1, false);
    st_answer_probabilities(lens, 0, position, p);
    st_finding_count(job->finding, "chosen_row", row);
    st_finding_count(job->finding, "chosen_position", position);
    st_finding_count(job->finding, "chosen_true", st_answer_label(lens, 0, position));
    st_finding_count(job->finding, "chosen_predicted", st_answer_class(lens, 0, position));
    return true;
}

/* ---- running ---- */

/* What is listed, in words. */
static void name_cell(const Listing *list, const StLens *lens, StFinding *finding) {
    char a[64], b[64];
    if (list->from < 0 && list->to < 0)
        st_finding_note(finding, "cell", "all mistakes");
    else if (list->to < 0)
        st_finding_note(finding, "cell", "true %s, answered otherwise", st_answer_name(lens, list->from, a));
    else if (list->from < 0)
        st_finding_note(finding, "cell", "answered %s, wrongly", st_answer_name(lens, list->to, b));
    else
        st_finding_note(finding, "cell", "true %s, answered %s", st_answer_name(lens, list->from, a),
                        st_answer_name(lens, list->to, b));
    st_finding_note(finding, "order", list->right ? "least confident first" : "most confident first");
}

static bool begin(Listing *list, StJob *job, StError *error) {
    const StLens *lens = job->lens;
    list->from = job->ask->klass, list->to = job->ask->unit;
    if (list->from >= lens->classes || list->to >= lens->classes)
        return st_fail(error, ST_ERR_VALUE, "class %d: there are %d, counted from 0",
                       list->from > list->to ? list->from : list->to, lens->classes);
    list->right = list->from >= 0 && list->from == list->to;
    int64_t width, answers = st_dataset_rows(lens->plan.dataset, st_lens_part(lens, job->ask->part)) *
                             st_answer_positions(lens, &width);
    list->most = job->ask->count > 0 ? job->ask->count : LISTED;
    if (list->most > answers) list->most = answers;
    list->tops = lens->classes < ALTERNATIVES ? lens->classes : ALTERNATIVES;
    size_t bytes = (size_t)(list->most + ST_LENS_ROWS) * sizeof *list->example;
    list->example = malloc(bytes);
    if (!list->example) return st_fail_memory(error, "the list of examples", bytes);
    st_answer_names(lens, job->finding);
    st_finding_count(job->finding, "cell_true", list->from);
    st_finding_count(job->finding, "cell_predicted", list->to);
    name_cell(list, lens, job->finding);
    return true;
}

static bool run(StJob *job, StError *error) {
    Listing list = {0};
    StWalk walk = {.answer = list_answer, .chunk = list_chunk, .context = &list, .share = 0.9};
    double *p = malloc((size_t)(job->lens->classes + 1) * sizeof *p);
    bool done = (p || st_fail_memory(error, "the probabilities", 0)) && begin(&list, job, error) &&
                st_mistakes_walk(&walk, job, error) && look_closer_at_all(&list, job, p, error) &&
                write_chosen(&list, job, error);
    free(list.example);
    free(p);
    return done;
}

const StStudy st_study_mistakes_examples = {
    .group = "mistakes",
    .name = "examples",
    .title = "Examples",
    .what = "the rows behind a number of the matrix, and what else each might have been",
    .bad = "mistakes that it is sure of: a wrong label, or something never seen",
    .formula = "confidence = max pₖ   loss = as compiled, of the row alone",
    .plain = "confidence = max pk   loss = as compiled, of the row alone",
    .cost = "1 F of the part, 1 FB of those listed",
    .tag = ST_MEASURED,
    .missing = st_mistakes_unclassed,
    .run = run,
};
