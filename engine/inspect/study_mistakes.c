/* The confusion matrix, and what all studies of mistakes share. */
#include "inspect/study_mistakes.h"

#include "train/loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MATRIX_MOST = 1000,   /* classes */
    PIECE_FLOPS = 1 << 27 /* of one chunk: some milliseconds of one core in double */
};

/* ---- answers ---- */

static const StLossSpec *loss_of(const StLens *lens) {
    return &lens->plan.compile->loss;
}

static bool loss_is(const StLens *lens, const char *part) {
    const StKind *kind = st_loss_kind_at(loss_of(lens)->kind);
    return kind && strstr(kind->name, part);
}

bool st_answers_are_probable(const StLens *lens) {
    return lens->logits || st_loss_from_logits(loss_of(lens)) || loss_is(lens, "crossentropy");
}

static double logistic(double z) {
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

static void normalise(double *p, int classes) {
    double most = p[0], sum = 0;
    for (int k = 1; k < classes; k++)
        most = fmax(most, p[k]);
    for (int k = 0; k < classes; k++)
        sum += p[k] = exp(p[k] - most);
    for (int k = 0; k < classes; k++)
        p[k] /= sum;
}

int64_t st_answer_positions(const StLens *lens, int64_t *width) {
    const StStep *last = st_lens_layer(lens, lens->layers - 1);
    *width = last->out.dim[last->out.rank - 1];
    return lens->out_size / *width;
}

static int greatest(const double *y, int64_t count) {
    int best = 0;
    for (int k = 1; k < count; k++)
        if (y[k] > y[best]) best = k;
    return best;
}

int st_answer_class(const StLens *lens, int64_t at, int64_t position) {
    int64_t width, positions = st_answer_positions(lens, &width);
    const double *y = st_network_output(lens->network) + (at * positions + position) * width;
    return width == 1 ? y[0] > lens->threshold : greatest(y, width);
}

int st_answer_label(const StLens *lens, int64_t at, int64_t position) {
    int64_t width, positions = st_answer_positions(lens, &width), masked = 0, i = at * positions + position;
    const double *mask = st_network_mask(lens->network, &masked);
    if (mask && masked == positions && mask[i] == 0) return -1;
    if (st_learner_sparse(lens->learner)) {
        int label = st_learner_labels(lens->learner)[i];
        return label < lens->classes && label != st_learner_ignored(lens->learner) ? label : -1;
    }
    const double *target = st_learner_targets(lens->learner) + i * width;
    if (width == 1) return target[0] > lens->threshold;
    int label = greatest(target, width);
    return target[label] > 0 ? label : -1; /* all 0: a row without a class */
}

void st_answer_probabilities(const StLens *lens, int64_t at, int64_t position, double *p) {
    int64_t width, positions = st_answer_positions(lens, &width);
    const double *y = st_network_output(lens->network) + (at * positions + position) * width;
    bool link = !lens->logits && st_loss_from_logits(loss_of(lens));
    if (width == 1) {
        double other = st_answers_are_probable(lens) ? 1 - y[0] : 2 * lens->threshold - y[0];
        p[1] = link ? logistic(y[0]) : y[0];
        p[0] = link ? logistic(-y[0]) : other;
        return;
    }
    memcpy(p, y, (size_t)width * sizeof *p);
    if (!link) return;
    if (!loss_is(lens, "binary")) {
        normalise(p, lens->classes);
        return;
    }
    for (int k = 0; k < lens->classes; k++)
        p[k] = logistic(p[k]);
}

const char *st_answer_name(const StLens *lens, int klass, char buffer[64]) {
    const StDataset *dataset = lens->plan.dataset;
    if (st_dataset_has_labels(dataset) && klass < st_dataset_classes(dataset))
        snprintf(buffer, 64, "%s", st_dataset_class_name(dataset, klass));
    else
        snprintf(buffer, 64, "%d", klass);
    return buffer;
}

void st_answer_names(const StLens *lens, StFinding *finding) {
    char name[64];
    for (int k = 0; k < lens->classes; k++)
        st_finding_name(finding, "classes", k, st_answer_name(lens, k, name));
}

const char *st_mistakes_unclassed(const StLens *lens) {
    return lens->classes ? NULL : "the targets are numbers, not classes: residuals show how far off it is";
}

/* ---- the walk ---- */

static int64_t rows_of_a_piece(const StLens *lens) {
    int64_t flops = st_network_info(lens->network)->flops, rows = flops > 0 ? PIECE_FLOPS / flops : 1;
    return rows < 1 ? 1 : rows > ST_LENS_ROWS ? ST_LENS_ROWS : rows;
}

static bool outputs_are_finite(const StWalk *walk, int64_t first, int64_t rows, StError *error) {
    const double *y = st_network_output(walk->lens->network);
    for (int64_t i = 0; i < rows * walk->lens->out_size; i++)
        if (!isfinite(y[i]))
            return st_fail(error, ST_ERR_NONFINITE, "the network's output for row %lld of %s is not a number",
                           (long long)(first + i / walk->lens->out_size), st_part_name(walk->part));
    return true;
}

static bool walk_answers(StWalk *walk, int64_t at, int64_t row, StError *error) {
    StAnswer answer = {.at = at, .row = row, .label = -1, .klass = -1};
    if (!walk->lens->classes) return walk->answer(walk, &answer, error);
    for (; answer.position < walk->positions; answer.position++) {
        answer.label = st_answer_label(walk->lens, at, answer.position);
        answer.klass = st_answer_class(walk->lens, at, answer.position);
        walk->unlabelled += answer.label < 0;
        if (answer.label >= 0 && !walk->answer(walk, &answer, error)) return false;
    }
    return true;
}

static bool walk_rows(StWalk *walk, int64_t first, int64_t rows, StError *error) {
    StLens *lens = walk->lens;
    st_lens_gather(lens, walk->part, NULL, first, rows);
    st_lens_forward(lens, rows, false);
    if (!outputs_are_finite(walk, first, rows, error)) return false;
    for (int64_t i = 0; i < rows; i++)
        if (!walk_answers(walk, i, first + i, error)) return false;
    walk->seen = first + rows;
    st_finding_count(walk->job->finding, "rows", walk->seen);
    if (walk->unlabelled) st_finding_count(walk->job->finding, "unlabelled", walk->unlabelled);
    return !walk->chunk || walk->chunk(walk, error);
}

bool st_mistakes_walk(StWalk *walk, StJob *job, StError *error) {
    StLens *lens = walk->lens = job->lens;
    walk->job = job;
    walk->part = st_lens_part(lens, job->ask->part);
    walk->rows = st_dataset_rows(lens->plan.dataset, walk->part);
    if (walk->rows < 1)
        return st_fail(error, ST_ERR_STATE, "the %s part has no rows", st_part_name(walk->part));
    st_finding_note(job->finding, "part", "%s", st_part_name(walk->part));
    int64_t width;
    walk->positions = lens->classes ? st_answer_positions(lens, &width) : 1;
    if (walk->positions > 1) st_finding_count(job->finding, "positions", walk->positions);
    size_t bytes = (size_t)(lens->classes + 1) * sizeof *walk->p;
    if (!(walk->p = malloc(bytes))) return st_fail_memory(error, "the probabilities", bytes);
    int64_t piece = rows_of_a_piece(lens);
    bool done = true;
    for (int64_t first = 0; done && first < walk->rows; first += piece) {
        int64_t rows = walk->rows - first < piece ? walk->rows - first : piece;
        double share = walk->share > 0 ? walk->share : 1;
        done = walk_rows(walk, first, rows, error) &&
               st_job_go_on(job, share * (double)walk->seen / (double)walk->rows, error);
    }
    free(walk->p);
    walk->p = NULL;
    return done;
}

/* ---- the matrix ---- */

typedef struct Matrix {
    int classes;
    double *count;                   /* [true][predicted] */
    double *truths, *answers;        /* [classes] totals of rows and columns */
    double *precision, *recall, *f1; /* [classes] */
} Matrix;

static bool matrix_begin(Matrix *matrix, StFinding *finding, int classes, StError *error) {
    matrix->classes = classes;
    matrix->count = st_finding_matrix(finding, "confusion", classes, classes);
    matrix->truths = st_finding_vector(finding, "row_totals", classes);
    matrix->answers = st_finding_vector(finding, "column_totals", classes);
    matrix->precision = st_finding_vector(finding, "precision", classes);
    matrix->recall = st_finding_vector(finding, "recall", classes);
    matrix->f1 = st_finding_vector(finding, "f1", classes);
    if (!st_finding_done(finding, error)) return false;
    memset(matrix->count, 0, (size_t)classes * (size_t)classes * sizeof *matrix->count);
    return true;
}

static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : NAN;
}

/* The mean of those that there are. */
static double mean_of(const double *value, int count) {
    double sum = 0, have = 0;
    for (int i = 0; i < count; i++)
        if (!isnan(value[i])) sum += value[i], have++;
    return ratio(sum, have);
}

static void margins(Matrix *m, StFinding *finding) {
    double right = 0, all = 0;
    for (int k = 0; k < m->classes; k++) {
        m->truths[k] = m->answers[k] = 0;
        for (int j = 0; j < m->classes; j++) {
            m->truths[k] += m->count[k * m->classes + j];
            m->answers[k] += m->count[j * m->classes + k];
        }
        double hit = m->count[k * m->classes + k];
        m->precision[k] = ratio(hit, m->answers[k]);
        m->recall[k] = ratio(hit, m->truths[k]);
        m->f1[k] = ratio(2 * m->precision[k] * m->recall[k], m->precision[k] + m->recall[k]);
        right += hit;
        all += m->truths[k];
    }
    st_finding_fact(finding, "accuracy", ratio(right, all));
    st_finding_count(finding, "wrong", (int64_t)(all - right));
    st_finding_fact(finding, "macro_precision", mean_of(m->precision, m->classes));
    st_finding_fact(finding, "macro_recall", mean_of(m->recall, m->classes));
    st_finding_fact(finding, "macro_f1", mean_of(m->f1, m->classes));
}

/* The pair that is confused most, the first of equals; -1 where nothing is wrong. missed: the class whose
 * rows are answered wrongly most often. */
static void worst_of(const Matrix *m, int *from, int *to, int *missed) {
    double most = 0, most_missed = 0;
    *from = *to = *missed = -1;
    for (int k = 0; k < m->classes; k++) {
        double wrong = m->truths[k] - m->count[k * m->classes + k];
        if (wrong > most_missed) most_missed = wrong, *missed = k;
        for (int j = 0; j < m->classes; j++)
            if (j != k && m->count[k * m->classes + j] > most)
                most = m->count[k * m->classes + j], *from = k, *to = j;
    }
}

static void verdict(const Matrix *m, const StLens *lens, StFinding *finding) {
    int from, to, missed;
    char a[64], b[64];
    worst_of(m, &from, &to, &missed);
    double most = from < 0 ? NAN : m->count[from * m->classes + to];
    double wrong = missed < 0 ? NAN : m->truths[missed] - m->count[missed * m->classes + missed];
    st_finding_count(finding, "worst_true", from);
    st_finding_count(finding, "worst_predicted", to);
    st_finding_count(finding, "worst_count", from < 0 ? 0 : (int64_t)most);
    st_finding_count(finding, "most_missed", missed);
    st_finding_count(finding, "most_missed_count", missed < 0 ? 0 : (int64_t)wrong);
    if (from < 0) {
        st_finding_note(finding, "verdict", "nothing is answered wrongly");
        return;
    }
    StText text = {0};
    st_text_format(&text, "%s is taken for %s most often: ", st_answer_name(lens, from, a),
                   st_answer_name(lens, to, b));
    if (most == 1)
        st_text_add(&text, "once");
    else
        st_text_format(&text, "%.0f times", most);
    st_text_format(&text, "; %s is missed most: %.0f of %.0f", st_answer_name(lens, missed, a), wrong,
                   m->truths[missed]);
    st_finding_note(finding, "verdict", "%s", st_text_string(&text));
    st_text_free(&text);
}

static bool count_answer(StWalk *walk, const StAnswer *answer, StError *error) {
    (void)error;
    Matrix *matrix = walk->context;
    matrix->count[answer->label * matrix->classes + answer->klass]++;
    return true;
}

static bool count_chunk(StWalk *walk, StError *error) {
    (void)error;
    margins(walk->context, walk->job->finding);
    verdict(walk->context, walk->lens, walk->job->finding);
    return true;
}

static bool run(StJob *job, StError *error) {
    Matrix matrix;
    StWalk walk = {.answer = count_answer, .chunk = count_chunk, .context = &matrix};
    st_answer_names(job->lens, job->finding);
    return matrix_begin(&matrix, job->finding, job->lens->classes, error) &&
           st_mistakes_walk(&walk, job, error);
}

static const char *missing(const StLens *lens) {
    if (lens->classes > MATRIX_MOST) return "there are more than 1000 classes: examples lists the mistakes";
    return st_mistakes_unclassed(lens);
}

const StStudy st_study_mistakes_confusion = {
    .group = "mistakes",
    .name = "confusion",
    .title = "Confusion matrix",
    .what = "what it is (a row) against what the network answers (a column)",
    .bad = "large numbers off the diagonal; a class of low recall or precision",
    .formula = "P = Cₖₖ/column   R = Cₖₖ/row   F1 = 2PR/(P+R)",
    .plain = "P = Ckk/column   R = Ckk/row   F1 = 2PR/(P+R)",
    .cost = "1 F of the part",
    .tag = ST_MEASURED,
    .missing = missing,
    .run = run,
};
