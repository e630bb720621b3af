/* Residuals of a regression: how far off it is, in the target's own units, against what it predicts. */
#include "inspect/study_mistakes.h"

#include <math.h>
#include <stdlib.h>

enum {
    POINTS_MOST = 100000, /* rows that are listed; all count in the figures */
    LARGEST = 20,
    BINS = 32
};

/* Sums about a shift, so that a mean far from 0 costs no digits. */
typedef struct Moments {
    double count, shift, sum, squares;
} Moments;

static void add(Moments *m, double value) {
    if (m->count++ == 0) m->shift = value;
    m->sum += value - m->shift;
    m->squares += (value - m->shift) * (value - m->shift);
}

static double mean(const Moments *m) {
    return m->shift + m->sum / m->count;
}

/* Σ(value − mean)² */
static double scatter(const Moments *m) {
    return fmax(0, m->squares - m->sum * m->sum / m->count);
}

typedef struct Residuals {
    int64_t output, listed, outputs;
    double *prediction, *target, *residual; /* [listed] of the finding */
    Moments error, truth;
    double squares, absolute;
    int64_t largest; /* how many */
    struct {
        double size;
        int64_t row;
        double residual;
    } most[LARGEST]; /* by size, descending */
} Residuals;

static void keep_largest(Residuals *r, int64_t row, double residual) {
    double size = fabs(residual);
    int64_t i = r->largest;
    if (i == LARGEST && size <= r->most[LARGEST - 1].size) return;
    if (i == LARGEST) i--;
    for (; i > 0 && r->most[i - 1].size < size; i--)
        r->most[i] = r->most[i - 1];
    r->most[i].size = size, r->most[i].row = row, r->most[i].residual = residual;
    if (r->largest < LARGEST) r->largest++;
}

static bool add_row(StWalk *walk, const StAnswer *answer, StError *error) {
    (void)error;
    int64_t at = answer->at, row = answer->row;
    Residuals *r = walk->context;
    double prediction = st_network_output(walk->lens->network)[at * walk->lens->out_size + r->output];
    double target = st_learner_targets(walk->lens->learner)[at * r->outputs + r->output];
    double residual = target - prediction;
    add(&r->error, residual);
    add(&r->truth, target);
    r->squares += residual * residual;
    r->absolute += fabs(residual);
    keep_largest(r, row, residual);
    if (row >= r->listed) return true;
    r->prediction[row] = prediction;
    r->target[row] = target;
    r->residual[row] = residual;
    return true;
}

static bool list_largest(const Residuals *r, StFinding *finding, StError *error) {
    double *row = st_finding_vector(finding, "largest_row", r->largest);
    double *value = st_finding_vector(finding, "largest_residual", r->largest);
    if (!st_finding_done(finding, error)) return false;
    for (int i = 0; i < r->largest; i++)
        row[i] = (double)r->most[i].row, value[i] = r->most[i].residual;
    return true;
}

static bool add_chunk(StWalk *walk, StError *error) {
    const Residuals *r = walk->context;
    StFinding *finding = walk->job->finding;
    double n = r->error.count, truth = scatter(&r->truth);
    st_finding_fact(finding, "mean", mean(&r->error));
    st_finding_fact(finding, "deviation", sqrt(scatter(&r->error) / n));
    st_finding_fact(finding, "rmse", sqrt(r->squares / n));
    st_finding_fact(finding, "mae", r->absolute / n);
    st_finding_fact(finding, "r2", truth > 0 ? 1 - r->squares / truth : NAN);
    return list_largest(r, finding, error);
}

/* Counts of the listed residuals in equal bins between the least and the greatest. */
static bool histogram(const Residuals *r, StFinding *finding, StError *error) {
    double low = INFINITY, high = -INFINITY;
    double *count = st_finding_vector(finding, "bin_count", BINS);
    double *edge = st_finding_vector(finding, "bin_edges", BINS + 1);
    if (!st_finding_done(finding, error)) return false;
    for (int64_t i = 0; i < r->listed; i++)
        low = fmin(low, r->residual[i]), high = fmax(high, r->residual[i]);
    if (!(high > low)) low -= 0.5, high += 0.5;
    for (int b = 0; b <= BINS; b++)
        edge[b] = low + (high - low) * b / BINS;
    for (int b = 0; b < BINS; b++)
        count[b] = 0;
    for (int64_t i = 0; i < r->listed; i++) {
        int bin = (int)((r->residual[i] - low) / (high - low) * BINS);
        count[bin >= BINS ? BINS - 1 : bin]++;
    }
    return true;
}

static void verdict(const Residuals *r, StFinding *finding) {
    double off = mean(&r->error), spread = sqrt(scatter(&r->error) / r->error.count);
    double r2 = st_finding_value(finding, "r2");
    if (fabs(off) > 0.25 * spread)
        st_finding_note(finding, "verdict", "its answers are too %s by %.3g on average",
                        off > 0 ? "low" : "high", fabs(off));
    else if (r2 <= 0)
        st_finding_note(finding, "verdict", "no better than always answering the targets' mean");
    else
        st_finding_note(finding, "verdict", "off by %.3g on average, to either side about equally",
                        r->absolute / r->error.count);
}

/* What the figures are of, in words: the target's column where the data has one for this output. */
static void name_target(const StLens *lens, int64_t output, StFinding *finding) {
    const StDataset *dataset = lens->plan.dataset;
    int64_t seen = 0;
    for (int i = 0; i < st_dataset_columns(dataset); i++) {
        const StColumnInfo *column = st_dataset_column(dataset, i);
        if (column->target && seen++ == output) st_finding_note(finding, "target_name", "%s", column->name);
    }
    st_finding_note(finding, "units", "the target's own: it is not scaled");
}

static bool begin(Residuals *r, StJob *job, StError *error) {
    StLens *lens = job->lens;
    int64_t rows = st_dataset_rows(lens->plan.dataset, st_lens_part(lens, job->ask->part));
    r->outputs = st_learner_target_size(lens->learner);
    r->output = job->ask->klass < 0 || r->outputs == 1 ? 0 : job->ask->klass;
    r->listed = rows < POINTS_MOST ? rows : POINTS_MOST;
    if (r->output >= r->outputs)
        return st_fail(error, ST_ERR_VALUE, "output %lld: there are %lld, counted from 0",
                       (long long)r->output, (long long)r->outputs);
    st_finding_count(job->finding, "class", r->output);
    st_finding_count(job->finding, "outputs", r->outputs);
    st_finding_count(job->finding, "listed", r->listed);
    name_target(lens, r->output, job->finding);
    r->prediction = st_finding_vector(job->finding, "prediction", r->listed);
    r->target = st_finding_vector(job->finding, "target", r->listed);
    r->residual = st_finding_vector(job->finding, "residual", r->listed);
    return st_finding_done(job->finding, error);
}

static bool run(StJob *job, StError *error) {
    Residuals residuals = {0};
    StWalk walk = {.answer = add_row, .chunk = add_chunk, .context = &residuals};
    if (!begin(&residuals, job, error) || !st_mistakes_walk(&walk, job, error)) return false;
    verdict(&residuals, job->finding);
    return histogram(&residuals, job->finding, error);
}

static const char *missing(const StLens *lens) {
    return lens->classes ? "the targets are classes, not numbers: confusion shows what is taken for what"
                         : NULL;
}

const StStudy st_study_mistakes_residuals = {
    .group = "mistakes",
    .name = "residuals",
    .title = "Residuals",
    .what = "how far each answer is off (target − prediction), against the answer",
    .bad = "a slope, a curve or a funnel; points far from the rest",
    .formula = "RMSE = √(Σr²/n)   MAE = Σ|r|/n   R² = 1 − Σr²/Σ(y − ȳ)²",
    .plain = "RMSE = sqrt(sum r^2/n)   MAE = sum |r|/n   R2 = 1 - sum r^2 / sum (y - mean y)^2",
    .cost = "1 F of the part",
    .tag = ST_MEASURED,
    .missing = missing,
    .run = run,
};
