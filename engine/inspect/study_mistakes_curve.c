/* ROC and precision-recall of one class against the rest: what every threshold of its probability would give.
 * The area is that of the ranks with ties counted half (Mann-Whitney), which the trapezoids under the curve
 * through all thresholds are. */
#include "inspect/study_mistakes.h"

#include <math.h>
#include <stdlib.h>

enum {
    POINTS_MOST = 10000,   /* of the curve; the areas are of all */
    SCORES_MOST = 1 << 23, /* that are kept so that every class gets its area */
    CLASSES_MOST = 100
};

typedef struct Scored {
    double score;
    bool positive;
} Scored;

typedef struct Curve {
    int klass;
    int64_t count;  /* rows with a class */
    int columns;    /* classes whose scores are kept: all, or the one */
    double *score;  /* [rows][columns] */
    int32_t *label; /* [rows] */
    Scored *sorted; /* [rows] */
    double threshold;
} Curve;

static bool keep_answer(StWalk *walk, const StAnswer *answer, StError *error) {
    (void)error;
    Curve *curve = walk->context;
    st_answer_probabilities(walk->lens, answer->at, answer->position, walk->p);
    double *score = curve->score + curve->count * curve->columns;
    for (int k = 0; k < curve->columns; k++)
        score[k] = walk->p[curve->columns == 1 ? curve->klass : k];
    curve->label[curve->count++] = answer->label;
    return true;
}

static int descending(const void *a, const void *b) {
    double x = ((const Scored *)a)->score, y = ((const Scored *)b)->score;
    return (x < y) - (x > y);
}

/* The rows by the score of a class, the greatest first. Returns how many are of the class. */
static int64_t sort_by(Curve *curve, int klass) {
    int column = curve->columns == 1 ? 0 : klass;
    int64_t positives = 0;
    for (int64_t i = 0; i < curve->count; i++) {
        bool positive = curve->label[i] == klass;
        curve->sorted[i] = (Scored){curve->score[i * curve->columns + column], positive};
        positives += positive;
    }
    qsort(curve->sorted, (size_t)curve->count, sizeof *curve->sorted, descending);
    return positives;
}

/* One threshold: all rows that score as much or more are answered yes. */
typedef struct Cut {
    int64_t at;                /* rows at or above it */
    double threshold, yes, no; /* of those, rows of the class and others */
} Cut;

/* The next lower threshold; false behind the last. */
static bool next_cut(const Curve *curve, Cut *cut) {
    if (cut->at >= curve->count) return false;
    cut->threshold = curve->sorted[cut->at].score;
    for (; cut->at < curve->count && curve->sorted[cut->at].score == cut->threshold; cut->at++)
        curve->sorted[cut->at].positive ? cut->yes++ : cut->no++;
    return true;
}

static double area(const Curve *curve, int64_t positives) {
    int64_t negatives = curve->count - positives;
    double twice = 0, before_yes = 0, before_no = 0;
    for (Cut cut = {0}; next_cut(curve, &cut);) {
        twice += (cut.no - before_no) * (cut.yes + before_yes);
        before_yes = cut.yes, before_no = cut.no;
    }
    return positives && negatives ? twice / 2 / ((double)positives * (double)negatives) : NAN;
}

/* Σ(Rₙ − Rₙ₋₁)·Pₙ */
static double average_precision(const Curve *curve, int64_t positives) {
    double sum = 0, before = 0;
    for (Cut cut = {0}; next_cut(curve, &cut);) {
        sum += (cut.yes - before) * cut.yes / (cut.yes + cut.no);
        before = cut.yes;
    }
    return positives ? sum / (double)positives : NAN;
}

static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : NAN;
}

/* ---- into the finding ---- */

/* The curve from the strictest threshold (infinity: nothing is answered yes) to the least. */
static bool write_points(const Curve *curve, int64_t positives, StFinding *finding, StError *error) {
    int64_t cuts = 0, negatives = curve->count - positives;
    for (Cut cut = {0}; next_cut(curve, &cut);)
        cuts++;
    int64_t points = cuts < POINTS_MOST ? cuts : POINTS_MOST;
    double *threshold = st_finding_vector(finding, "thresholds", points + 1);
    double *tpr = st_finding_vector(finding, "tpr", points + 1);
    double *fpr = st_finding_vector(finding, "fpr", points + 1);
    double *precision = st_finding_vector(finding, "precision", points + 1);
    double *recall = st_finding_vector(finding, "recall", points + 1);
    if (!st_finding_done(finding, error)) return false;
    threshold[0] = INFINITY;
    tpr[0] = recall[0] = ratio(0, (double)positives);
    fpr[0] = ratio(0, (double)negatives);
    precision[0] = NAN;
    int64_t i = 0, place = 1;
    for (Cut cut = {0}; next_cut(curve, &cut); i++) {
        if ((i + 1) * points / cuts == i * points / cuts) continue;
        threshold[place] = cut.threshold;
        tpr[place] = recall[place] = ratio(cut.yes, (double)positives);
        fpr[place] = ratio(cut.no, (double)negatives);
        precision[place++] = ratio(cut.yes, cut.yes + cut.no);
    }
    return true;
}

static void write_threshold(const Curve *curve, int64_t positives, StFinding *finding) {
    double tp = 0, fp = 0, p = (double)positives, n = (double)(curve->count - positives);
    for (int64_t i = 0; i < curve->count && curve->sorted[i].score >= curve->threshold; i++)
        curve->sorted[i].positive ? tp++ : fp++;
    st_finding_fact(finding, "threshold", curve->threshold);
    st_finding_count(finding, "tp", (int64_t)tp);
    st_finding_count(finding, "fp", (int64_t)fp);
    st_finding_count(finding, "tn", (int64_t)(n - fp));
    st_finding_count(finding, "fn", (int64_t)(p - tp));
    st_finding_fact(finding, "precision_at_threshold", ratio(tp, tp + fp));
    st_finding_fact(finding, "recall_at_threshold", ratio(tp, p));
    st_finding_fact(finding, "f1_at_threshold", tp > 0 ? 2 * tp / (tp + fp + p) : NAN);
    st_finding_fact(finding, "accuracy_at_threshold", ratio(tp + n - fp, p + n));
}

/* Every class against the rest, where all scores were kept. */
static bool write_classes(Curve *curve, int classes, StFinding *finding, StError *error) {
    if (curve->columns == 1 || classes == 2) return true;
    double *by_class = st_finding_vector(finding, "auc_by_class", classes), sum = 0, have = 0;
    if (!by_class) return st_finding_done(finding, error);
    for (int k = 0; k < classes; k++) {
        by_class[k] = area(curve, sort_by(curve, k));
        if (!isnan(by_class[k])) sum += by_class[k], have++;
    }
    st_finding_fact(finding, "macro_auc", ratio(sum, have));
    return true;
}

static void verdict(const Curve *curve, int64_t positives, const StLens *lens, StFinding *finding) {
    char name[64];
    double auc = st_finding_value(finding, "auc");
    st_answer_name(lens, curve->klass, name);
    if (isnan(auc))
        st_finding_note(finding, "verdict", "%s row is %s: there is nothing to tell apart",
                        positives ? "every" : "no", name);
    else
        st_finding_note(finding, "verdict",
                        "given a %s and another row, it scores the %s higher in %.1f %% of pairs", name, name,
                        100 * auc);
}

static bool write(Curve *curve, StJob *job, StError *error) {
    StFinding *finding = job->finding;
    if (!write_classes(curve, job->lens->classes, finding, error)) return false;
    int64_t positives = sort_by(curve, curve->klass);
    st_finding_count(finding, "positives", positives);
    st_finding_count(finding, "negatives", curve->count - positives);
    st_finding_fact(finding, "auc", area(curve, positives));
    st_finding_fact(finding, "average_precision", average_precision(curve, positives));
    write_threshold(curve, positives, finding);
    verdict(curve, positives, job->lens, finding);
    return write_points(curve, positives, finding, error);
}

/* ---- running ---- */

static bool begin(Curve *curve, StJob *job, StError *error) {
    const StLens *lens = job->lens;
    char name[64];
    int64_t rows = st_dataset_rows(lens->plan.dataset, st_lens_part(lens, job->ask->part));
    int64_t width;
    rows *= st_answer_positions(lens, &width);
    bool all = lens->classes <= CLASSES_MOST && rows <= SCORES_MOST / lens->classes;
    curve->klass = job->ask->klass >= 0 ? job->ask->klass : lens->classes == 2;
    if (curve->klass >= lens->classes)
        return st_fail(error, ST_ERR_VALUE, "class %d: there are %d, counted from 0", curve->klass,
                       lens->classes);
    curve->columns = all ? lens->classes : 1;
    curve->threshold = !isnan(job->ask->value)         ? job->ask->value
                       : st_answers_are_probable(lens) ? 0.5
                                                       : lens->threshold;
    size_t bytes = (size_t)(rows + 1) * (size_t)curve->columns * sizeof *curve->score;
    curve->score = malloc(bytes);
    curve->label = malloc((size_t)(rows + 1) * sizeof *curve->label);
    curve->sorted = malloc((size_t)(rows + 1) * sizeof *curve->sorted);
    if (!curve->score || !curve->label || !curve->sorted) return st_fail_memory(error, "the scores", bytes);
    st_answer_names(lens, job->finding);
    st_finding_count(job->finding, "class", curve->klass);
    st_finding_note(job->finding, "class_name", "%s", st_answer_name(lens, curve->klass, name));
    st_finding_note(job->finding, "score", "%s",
                    st_answers_are_probable(lens) ? "probability" : "output, which is no probability");
    return true;
}

static bool run(StJob *job, StError *error) {
    Curve curve = {0};
    StWalk walk = {.answer = keep_answer, .context = &curve};
    bool done = begin(&curve, job, error) && st_mistakes_walk(&walk, job, error) && write(&curve, job, error);
    free(curve.score);
    free(curve.label);
    free(curve.sorted);
    return done;
}

const StStudy st_study_mistakes_curve = {
    .group = "mistakes",
    .name = "curve",
    .title = "ROC and precision-recall",
    .what = "one class against the rest: found against false alarms, for every threshold",
    .bad = "a curve along the dotted line: that is guessing (AUC 0.5)",
    .formula = "AUC = P(score of a yes > score of a no), ties ½   AP = Σ(Rₙ − Rₙ₋₁)·Pₙ",
    .plain = "AUC = P(score of a yes > score of a no), ties 1/2   AP = sum (Rn - Rn-1) Pn",
    .cost = "1 F of the part",
    .tag = ST_MEASURED,
    .missing = st_mistakes_unclassed,
    .run = run,
};
