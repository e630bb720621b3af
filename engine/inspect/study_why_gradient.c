/* Why this answer, by gradients: saliency, integrated gradients, SmoothGrad. */
#include "inspect/study_why.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 50, SAMPLES = 25, MOST = 10000 };
static const double NOISE = 0.15; /* of the example's range */

/* How many steps or samples: asked for, or the default. */
static int64_t count_of(const Why *why, int64_t preset) {
    int64_t count = why->job->ask->count;
    return count <= 0 ? preset : count > MOST ? MOST : count;
}

/* ---- saliency ---- */

static bool saliency(Why *why, double *out, StError *error) {
    memcpy(st_lens_input(why->lens), why->x, (size_t)why->size * sizeof *why->x);
    const double *gradient = why_gradients(why, 1, NULL);
    double *signed_one = why->control ? NULL : st_finding_array(why->finding, "gradient", &why->shape);
    for (int64_t i = 0; i < why->size; i++)
        out[i] = fabs(gradient[i]);
    if (signed_one) memcpy(signed_one, gradient, (size_t)why->size * sizeof *gradient);
    return st_finding_done(why->finding, error);
}

static bool run_saliency(StJob *job, StError *error) {
    return why_explain(job, "saliency", saliency, error);
}

/* ---- integrated gradients ---- */

/* The Legendre polynomial of degree n at t, and its derivative (three-term recurrence). */
static double legendre(int64_t n, double t, double *slope) {
    double before = 1, value = t;
    for (int64_t k = 2; k <= n; k++) {
        double next = ((double)(2 * k - 1) * t * value - (double)(k - 1) * before) / (double)k;
        before = value;
        value = next;
    }
    *slope = (double)n * (t * value - before) / (t * t - 1);
    return value;
}

/* The i-th of n nodes of Gauss and Legendre on [0, 1], and its weight (they sum to 1). Newton's iteration
 * from cos(π (i + 3/4) / (n + 1/2)) (Numerical Recipes, 4.6). */
static void gauss(int64_t n, int64_t i, double *node, double *weight) {
    double t = cos(M_PI * ((double)i + 0.75) / ((double)n + 0.5)), slope = 1;
    if (n == 1) t = 0;
    for (int turn = 0; n > 1 && turn < 100; turn++) {
        double step = legendre(n, t, &slope) / slope;
        t -= step;
        if (fabs(step) < 1e-16) break;
    }
    if (n > 1) legendre(n, t, &slope);
    *node = (1 - t) / 2;
    *weight = n > 1 ? 1 / ((1 - t * t) * slope * slope) : 1;
}

static double score_of(Why *why, const double *x) {
    double *input = st_lens_input(why->lens), score;
    for (int64_t i = 0; i < why->size; i++)
        input[i] = x ? x[i] : 0;
    why_scores(why, 1, &score);
    return score;
}

/* Σ is the score's change from the baseline but for δ, what the steps miss of it. */
static void say_completeness(Why *why, const double *out, int64_t steps) {
    double sum = 0, baseline = score_of(why, NULL);
    for (int64_t i = 0; i < why->size; i++)
        sum += out[i];
    st_finding_count(why->finding, "steps", steps);
    st_finding_note(why->finding, "baseline", "zeros of the prepared input");
    st_finding_fact(why->finding, "baseline_score", baseline);
    st_finding_fact(why->finding, "sum", sum);
    st_finding_fact(why->finding, "completeness_gap", sum - (why->score - baseline));
}

static bool integrated(Why *why, double *out, StError *error) {
    int64_t steps = count_of(why, STEPS), block = why_rows(why), size = why->size;
    memset(out, 0, (size_t)size * sizeof *out);
    for (int64_t first = 0; first < steps; first += block) {
        int64_t rows = block < steps - first ? block : steps - first;
        double weight[ST_LENS_ROWS], node;
        for (int64_t r = 0; r < rows; r++) {
            gauss(steps, first + r, &node, &weight[r]);
            for (int64_t i = 0; i < size; i++)
                st_lens_input(why->lens)[r * size + i] = node * why->x[i];
        }
        const double *gradient = why_gradients(why, rows, NULL);
        for (int64_t r = 0; r < rows; r++)
            for (int64_t i = 0; i < size; i++)
                out[i] += weight[r] * gradient[r * size + i] * why->x[i];
        if (!why_go_on(why, (double)(first + rows) / (double)steps, error)) return false;
    }
    if (!why->control) say_completeness(why, out, steps);
    return true;
}

static bool run_integrated(StJob *job, StError *error) {
    return why_explain(job, "integrated_gradients", integrated, error);
}

/* ---- SmoothGrad ---- */

static double deviation_of(const Why *why) {
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < why->size; i++) {
        low = fmin(low, why->x[i]);
        high = fmax(high, why->x[i]);
    }
    return NOISE * (high - low);
}

static bool smooth(Why *why, double *out, StError *error) {
    int64_t samples = count_of(why, SAMPLES), block = why_rows(why), size = why->size;
    double deviation = deviation_of(why);
    st_finding_count(why->finding, "samples", samples);
    st_finding_fact(why->finding, "noise", deviation);
    memset(out, 0, (size_t)size * sizeof *out);
    for (int64_t first = 0; first < samples; first += block) {
        int64_t rows = block < samples - first ? block : samples - first;
        for (int64_t r = 0; r < rows; r++) {
            StRng rng = st_rng(why->lens->plan.seed, ST_STREAM_INSPECT, WHY_NOISE, (uint64_t)(first + r));
            for (int64_t i = 0; i < size; i++)
                st_lens_input(why->lens)[r * size + i] = why->x[i] + deviation * st_rng_normal(&rng);
        }
        const double *gradient = why_gradients(why, rows, NULL);
        for (int64_t r = 0; r < rows; r++)
            for (int64_t i = 0; i < size; i++)
                out[i] += fabs(gradient[r * size + i]) / (double)samples;
        if (!why_go_on(why, (double)(first + rows) / (double)samples, error)) return false;
    }
    return true;
}

static bool run_smooth(StJob *job, StError *error) {
    return why_explain(job, "smoothgrad", smooth, error);
}

/* ---- the rows ---- */

const StStudy st_study_why_saliency = {
    .group = "why",
    .name = "saliency",
    .title = "Saliency",
    .what = "how much each input moves the score of this class",
    .bad = "the same picture from random weights; or bright spots beside the thing",
    .formula = "|∂S/∂x|, S the logit (Simonyan 2013)",
    .plain = "|dS/dx|, S the logit (Simonyan 2013)",
    .cost = "1 FB",
    .missing = why_no_gradient,
    .run = run_saliency,
};

const StStudy st_study_why_integrated_gradients = {
    .group = "why",
    .name = "integrated_gradients",
    .title = "Integrated gradients",
    .what = "what each input adds to the score, counted from a blank input",
    .bad = "a gap that is not near 0; or the same picture from random weights",
    .formula = "(x−x′)·mean ∂S/∂x from x′ to x (Sundararajan 2017)",
    .plain = "(x-x')*mean dS/dx from x' to x (Sundararajan 2017)",
    .cost = "50 FB",
    .missing = why_no_gradient,
    .run = run_integrated,
};

const StStudy st_study_why_smoothgrad = {
    .group = "why",
    .name = "smoothgrad",
    .title = "SmoothGrad",
    .what = "saliency with its noise averaged out, over 25 noisy copies",
    .bad = "the same picture from random weights; or bright spots beside the thing",
    .formula = "mean |∂S/∂x| at x + N(0, (0.15·range)²) (Smilkov 2017)",
    .plain = "mean |dS/dx| at x + N(0, (0.15*range)^2) (Smilkov 2017)",
    .cost = "25 FB",
    .tag = ST_ESTIMATED,
    .missing = why_no_gradient,
    .run = run_smooth,
};
