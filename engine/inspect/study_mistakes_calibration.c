/* Calibration: is it right as often as it says? Ten equal bins of the confidence, (l, r], as in Guo et al.,
 * "On Calibration of Modern Neural Networks" (2017). */
#include "inspect/study_mistakes.h"

#include <math.h>

enum { BINS = 10 };

typedef struct Bins {
    double count[BINS], confidence[BINS], right[BINS];
} Bins;

/* The bin (b/10, (b+1)/10] of a confidence; the first has 0 too. */
static int bin_of(double confidence) {
    int bin = (int)ceil(confidence * BINS) - 1;
    return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
}

static bool bin_answer(StWalk *walk, const StAnswer *answer, StError *error) {
    (void)error;
    Bins *bins = walk->context;
    st_answer_probabilities(walk->lens, answer->at, answer->position, walk->p);
    double confidence = walk->p[answer->klass];
    int bin = bin_of(confidence);
    bins->count[bin]++;
    bins->confidence[bin] += confidence;
    bins->right[bin] += answer->klass == answer->label;
    return true;
}

static void verdict(StFinding *finding, double confidence, double accuracy, double ece) {
    double gap = confidence - accuracy;
    const char *word = gap > 0 ? "overconfident" : "underconfident";
    if (isnan(gap))
        st_finding_note(finding, "verdict", "no row has a class");
    else if (ece < 0.01)
        st_finding_note(finding, "verdict", "well calibrated: it is right as often as it says");
    else if (fabs(gap) < 0.005)
        st_finding_note(
            finding, "verdict",
            "right in %.1f %% as it says on average, but not bin by bin: some too high, some too low",
            100 * accuracy);
    else
        st_finding_note(finding, "verdict", "%s: it says %.1f %% on average and is right in %.1f %%", word,
                        100 * confidence, 100 * accuracy);
}

static bool bin_chunk(StWalk *walk, StError *error) {
    const Bins *bins = walk->context;
    StFinding *finding = walk->job->finding;
    double *count = st_finding_vector(finding, "bin_count", BINS);
    double *confidence = st_finding_vector(finding, "bin_confidence", BINS);
    double *accuracy = st_finding_vector(finding, "bin_accuracy", BINS);
    if (!st_finding_done(finding, error)) return false;
    double rows = 0, says = 0, right = 0, ece = 0, mce = NAN;
    for (int b = 0; b < BINS; b++) {
        count[b] = bins->count[b];
        confidence[b] = accuracy[b] = NAN;
        if (bins->count[b] == 0) continue;
        confidence[b] = bins->confidence[b] / bins->count[b];
        accuracy[b] = bins->right[b] / bins->count[b];
        double gap = fabs(accuracy[b] - confidence[b]);
        mce = isnan(mce) ? gap : fmax(mce, gap);
        ece += gap * bins->count[b];
        rows += bins->count[b], says += bins->confidence[b], right += bins->right[b];
    }
    ece = rows ? ece / rows : NAN;
    st_finding_fact(finding, "ece", ece);
    st_finding_fact(finding, "mce", mce);
    st_finding_fact(finding, "accuracy", rows ? right / rows : NAN);
    st_finding_fact(finding, "mean_confidence", rows ? says / rows : NAN);
    verdict(finding, rows ? says / rows : NAN, rows ? right / rows : NAN, ece);
    return true;
}

static bool run(StJob *job, StError *error) {
    Bins bins = {0};
    StWalk walk = {.answer = bin_answer, .chunk = bin_chunk, .context = &bins};
    double *edge = st_finding_vector(job->finding, "bin_edges", BINS + 1);
    if (!edge) return st_finding_done(job->finding, error);
    for (int b = 0; b <= BINS; b++)
        edge[b] = (double)b / BINS;
    return st_mistakes_walk(&walk, job, error);
}

static const char *missing(const StLens *lens) {
    if (lens->classes && !st_answers_are_probable(lens))
        return "the outputs are no probabilities: the stack does not end in softmax or sigmoid";
    return st_mistakes_unclassed(lens);
}

const StStudy st_study_mistakes_calibration = {
    .group = "mistakes",
    .name = "calibration",
    .title = "Calibration",
    .what = "how sure it says it is, and how often it is right when it says so",
    .bad = "gaps: what it says above what it is right is too sure",
    .formula = "ECE = Σ(|Bₘ|/n)·|acc − conf|, 10 bins (Guo 2017)",
    .plain = "ECE = sum (|Bm|/n) |acc - conf|, 10 bins (Guo 2017)",
    .cost = "1 F of the part",
    .tag = ST_MEASURED,
    .missing = missing,
    .run = run,
};
