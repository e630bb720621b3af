#include "autopsy.h"

#include "layers/recurrent.h"

#include "train/optimizer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the steps ---- */

enum { WEIGHTS_AT_ONCE = 4 << 20 }; /* that may be gone over within a frame */

static double ratio_of(const StSnapshot *snapshot, int t) {
    const StTensor *tensor = &snapshot->weights.tensor[t];
    const float *now = snapshot->weights.values + tensor->offset, *before = snapshot->before + tensor->offset;
    double change = 0, norm = 0;
    for (int64_t i = 0; i < tensor->size; i++) {
        double delta = (double)now[i] - before[i];
        change += delta * delta;
        norm += (double)before[i] * before[i];
    }
    return norm > 0 ? sqrt(change / norm) : NAN;
}

/* A moment as a row of the table. Weights of large networks are left alone. */
static StAutopsyStep row_of(const StMoment *moment, bool weights) {
    const StSnapshot *snapshot = &moment->snapshot;
    StAutopsyStep row = {.step = snapshot->step,
                         .loss = moment->probe_loss,
                         .largest_weight = NAN,
                         .update_ratio = NAN,
                         .ratio_tensor = -1};
    if (!weights) return row;
    row.largest_weight = 0;
    for (int64_t i = 0; i < snapshot->weights.total; i++)
        row.largest_weight = fmax(row.largest_weight, fabs((double)snapshot->weights.values[i]));
    for (int t = 0; snapshot->before && t < snapshot->weights.count; t++) {
        double ratio = ratio_of(snapshot, t);
        if (isnan(ratio) || ratio <= row.update_ratio) continue;
        row.update_ratio = ratio;
        row.ratio_tensor = t;
    }
    return row;
}

/* A script's run keeps no moments, but its losses. */
static void recent_batches(const ViewContext *context, Autopsy *autopsy) {
    size_t count;
    const UiPoint *point = history_points(context->now, 0, HISTORY_BATCH, HISTORY_STEP, &count);
    size_t shown = count < AUTOPSY_STEPS ? count : AUTOPSY_STEPS;
    for (size_t i = 0; i < shown; i++)
        autopsy->row[i] = (StAutopsyStep){.step = (int64_t)point[count - shown + i].x,
                                          .loss = point[count - shown + i].y,
                                          .largest_weight = NAN,
                                          .update_ratio = NAN,
                                          .ratio_tensor = -1};
    autopsy->steps = (int)shown;
}

/* The newest moments, where nothing had to be made again. */
static void recent_steps(const ViewContext *context, Autopsy *autopsy) {
    if (!context->moments) {
        recent_batches(context, autopsy);
        return;
    }
    int64_t step = context->gaze->moment;
    if (step < 0) step = st_moments_next(context->moments, -1, 0);
    StAutopsyStep row[AUTOPSY_STEPS];
    int count = 0;
    for (int64_t last = -1; count < AUTOPSY_STEPS && step >= 0 && step != last; count++) {
        const StMoment *moment = st_moments_hold(context->moments, step);
        if (!moment) break;
        int64_t all = moment->snapshot.weights.total;
        row[count] = row_of(moment, all * AUTOPSY_STEPS <= WEIGHTS_AT_ONCE);
        last = moment->snapshot.step;
        st_moments_release(context->moments, moment);
        step = st_moments_next(context->moments, last, -1);
    }
    for (int i = 0; i < count; i++)
        autopsy->row[i] = row[count - 1 - i];
    autopsy->steps = count;
}

static double largest_ratio(const Autopsy *autopsy) {
    double most = NAN;
    for (int i = 0; i < autopsy->steps; i++)
        most = fmax(most, autopsy->row[i].update_ratio);
    return most;
}

/* ---- what to try ---- */

double autopsy_input_scale(const ViewContext *context) {
    enum { ROWS = 128 };
    const SessionRun *run = session_run(context->session);
    if (!run || run->recipe->stack.count == 0) return NAN;
    if (st_layer_takes_words(&run->recipe->stack.layers[0])) return NAN; /* no magnitudes */
    StShape shape = st_dataset_x_shape(run->dataset);
    int64_t rows = st_dataset_rows(run->dataset, ST_TRAIN), size = st_shape_size(&shape);
    if (rows > ROWS) rows = ROWS;
    float *x = size > 0 && size < 1 << 20 ? malloc((size_t)(rows * size + 1) * sizeof *x) : NULL;
    if (!x) return NAN;
    double most = 0;
    st_dataset_gather_x(run->dataset, ST_TRAIN, NULL, 0, rows, x);
    for (int64_t i = 0; i < rows * size; i++)
        most = fmax(most, fabs((double)x[i]));
    free(x);
    return most;
}

/* Every rule adds one at most. */
static Advice *add(Autopsy *autopsy, double weight) {
    Advice *advice = &autopsy->advice[autopsy->advices++];
    *advice = (Advice){.weight = weight};
    return advice;
}

static void advise_rate(Autopsy *autopsy) {
    double ratio = largest_ratio(autopsy);
    Advice *advice = add(autopsy, ratio > 1e-2 ? 3 : 1);
    snprintf(advice->what, sizeof advice->what, "rate %.3g", autopsy->rate / 3);
    if (ratio > 1e-2)
        snprintf(advice->why, sizeof advice->why,
                 "steps of up to %.2g times a tensor's norm; healthy is under 0.01", ratio);
    else
        snprintf(advice->why, sizeof advice->why, "a third: too long steps are the usual cause");
}

static bool is_recurrent(const Recipe *recipe) {
    for (int i = 0; i < recipe->stack.count; i++)
        if (st_is_recurrent(recipe->stack.layers[i].kind, recipe->stack.layers[i].options)) return true;
    return false;
}

static void advise_clipping(Autopsy *autopsy, const Recipe *recipe) {
    const StOptimizerCommon *common = (const void *)recipe->compile.optimizer.options;
    bool clips = !st_is_none(common->clipnorm) || !st_is_none(common->clipvalue) ||
                 !st_is_none(common->global_clipnorm);
    if (clips) return;
    const StAutopsyStep *first = autopsy->row, *last = autopsy->row + autopsy->steps - 1;
    bool jumps = autopsy->steps > 1 && last->loss > 10 * fabs(first->loss), recurrent = is_recurrent(recipe);
    Advice *advice = add(autopsy, 0.5 + 1.5 * jumps + 1.5 * recurrent);
    snprintf(advice->what, sizeof advice->what, "clipnorm=1 in compile");
    if (jumps)
        snprintf(advice->why, sizeof advice->why, "the loss jumped from %.3g to %.3g within %d steps",
                 first->loss, last->loss, autopsy->steps);
    else if (recurrent)
        snprintf(advice->why, sizeof advice->why,
                 "gradients through recurrent layers can explode; clipped can't");
    else
        snprintf(advice->why, sizeof advice->why, "bounds what a single bad batch can do");
}

static void advise_start(Autopsy *autopsy) {
    double largest = autopsy->steps ? autopsy->row[0].largest_weight : NAN;
    if (autopsy->step > 10 && !(largest > 5)) return;
    Advice *advice = add(autopsy, largest > 5 ? 2.5 : 0.8);
    snprintf(advice->what, sizeof advice->what, "kernel_initializer=he_normal");
    if (largest > 5)
        snprintf(advice->why, sizeof advice->why, "weights were as large as %.3g at the first of these steps",
                 largest);
    else
        snprintf(advice->why, sizeof advice->why, "it went wrong within %" PRId64 " step%s of the start",
                 autopsy->step, autopsy->step == 1 ? "" : "s");
}

static void advise_scale(Autopsy *autopsy, const SessionRun *run, double scale) {
    if (!(scale > 10)) return;
    StShape raw = st_dataset_raw_shape(run->dataset);
    Advice *advice = add(autopsy, scale > 100 ? 3.5 : 1.5);
    snprintf(advice->what, sizeof advice->what, raw.rank == 3 ? "prepare scale=255" : "prepare standardize");
    snprintf(advice->why, sizeof advice->why, "inputs reach %.3g; networks want them about 1", scale);
}

static int by_weight(const void *a, const void *b) {
    double x = ((const Advice *)a)->weight, y = ((const Advice *)b)->weight;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* ---- all of it ---- */

static void read_divergence(const ViewContext *context, const StTrainerStatus *status, Autopsy *autopsy) {
    const SessionRun *run = session_run(context->session);
    autopsy->steps = st_trainer_autopsy(run->trainer, autopsy->row, AUTOPSY_STEPS);
    autopsy->step = status->step + 1;
    snprintf(autopsy->reason, sizeof autopsy->reason, "%s", status->reason);
    if (status->culprit >= 0) {
        const StTensor *tensor = &autopsy->tensor[status->culprit];
        snprintf(autopsy->culprit, sizeof autopsy->culprit, "%s", tensor->name);
        autopsy->layer = tensor->layer;
    }
}

int64_t autopsy_good(StMoments *moments, const StLook *look, bool diverged, int64_t step, double *loss,
                     double *least) {
    double found, lowest;
    if (!moments || (!diverged && (!look || look->past))) return -1;
    int64_t good = st_moments_good(moments, step + 1, &found, &lowest);
    if (!diverged && !(look->readings.probe_loss > 2 * lowest)) return -1;
    if (loss) *loss = found;
    if (least) *least = lowest;
    return good;
}

void autopsy_read(const ViewContext *context, double input_scale, Autopsy *autopsy) {
    const SessionRun *run = session_run(context->session);
    StTrainerStatus status;
    *autopsy = (Autopsy){.layer = -1, .good = -1, .good_loss = NAN, .good_least = NAN};
    if (!run) return;
    st_trainer_status(run->trainer, &status);
    autopsy->tensor = st_trainer_tensors(run->trainer, NULL);
    autopsy->trained = status.step > 0 || status.state == ST_STATE_DIVERGED;
    autopsy->diverged = status.state == ST_STATE_DIVERGED;
    autopsy->step = status.step;
    autopsy->rate = status.base_rate;
    autopsy->good = autopsy_good(context->moments, context->look, autopsy->diverged, status.step,
                                 &autopsy->good_loss, &autopsy->good_least);
    if (!autopsy->diverged) {
        recent_steps(context, autopsy);
        if (autopsy->good >= 0) advise_rate(autopsy);
        return;
    }
    read_divergence(context, &status, autopsy);
    advise_rate(autopsy);
    advise_clipping(autopsy, run->recipe);
    advise_start(autopsy);
    advise_scale(autopsy, run, input_scale);
    qsort(autopsy->advice, (size_t)autopsy->advices, sizeof *autopsy->advice, by_weight);
}

void autopsy_verdict(const ViewContext *context, const Autopsy *autopsy, char text[256]) {
    const StLook *look = context->look;
    for (int i = 0; look && i < look->readings.count; i++) {
        const StHealth *health = &look->readings.health[i];
        if (health->verdict == ST_HEALTHY || health->verdict >= ST_UNTRAINED) continue;
        snprintf(text, 256, "no value is infinite, but %d %s is %s: %s", health->layer + 1, health->name,
                 st_verdict_word(health->verdict), health->reason);
        return;
    }
    double ratio = largest_ratio(autopsy);
    int length = snprintf(text, 256, "nothing is wrong: ");
    if (look && isfinite(look->readings.probe_loss))
        length += snprintf(text + length, 256 - (size_t)length, "loss %.4g on the probe set, ",
                           look->readings.probe_loss);
    if (isfinite(ratio))
        length += snprintf(text + length, 256 - (size_t)length, "steps of at most %.2g of a tensor's norm, ",
                           ratio);
    snprintf(text + length, 256 - (size_t)length, "every layer healthy");
}
