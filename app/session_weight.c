/* A weight changed by hand: found by its name, set in the run, measured by the loss of the probe set, and
 * kept for undo. */
#include "session_inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *tensor_name_at(const void *set, int index) {
    const StWeightSet *weights = set;
    return index < weights->count ? weights->tensor[index].name : NULL;
}

/* "dense/kernel", or "1/kernel" by the layer's number from 1. -1 with an error that suggests. */
static int find_tensor(const StWeightSet *set, const char *name, StError *error) {
    size_t digits = strspn(name, "0123456789");
    long layer = digits && digits < 6 && name[digits] == '/' ? strtol(name, NULL, 10) : 0;
    for (int i = 0; i < set->count; i++) {
        const StTensor *tensor = &set->tensor[i];
        const char *weight = strchr(tensor->name, '/');
        bool numbered = layer == tensor->layer + 1 && weight && strcmp(weight, name + digits) == 0;
        if (numbered || strcmp(tensor->name, name) == 0) return i;
    }
    st_fail_unknown(error, "weight", name, tensor_name_at, set);
    return -1;
}

/* "3,5": one index an axis, from 0; the place in the flat tensor, or -1. */
static int64_t find_place(const StTensor *tensor, const char *text, StError *error) {
    char shape[ST_SHAPE_TEXT];
    const char *rest = text;
    int64_t at = 0;
    for (int axis = 0; axis < tensor->shape.rank; axis++) {
        size_t digits = strspn(rest, "0123456789");
        bool last = axis == tensor->shape.rank - 1;
        if (digits == 0 || digits > 12 || rest[digits] != (last ? '\0' : ',')) {
            st_fail(error, ST_ERR_VALUE, "'%.60s': wanted %d %s from 0, as %s is %s", text,
                    tensor->shape.rank, tensor->shape.rank > 1 ? "indices with commas between them" : "index",
                    tensor->name, st_shape_print(&tensor->shape, shape));
            return -1;
        }
        int64_t index = strtoll(rest, NULL, 10);
        if (index >= tensor->shape.dim[axis]) {
            st_fail(error, ST_ERR_VALUE, "index %lld of axis %d: wanted 0 to %lld, as %s is %s",
                    (long long)index, axis + 1, (long long)tensor->shape.dim[axis] - 1, tensor->name,
                    st_shape_print(&tensor->shape, shape));
            return -1;
        }
        at = at * tensor->shape.dim[axis] + index;
        rest += digits + 1;
    }
    return at;
}

/* "3,5" again. */
static void print_place(const StTensor *tensor, int64_t at, StText *out) {
    int64_t index[ST_RANK_MAX + 1];
    for (int axis = tensor->shape.rank - 1; axis >= 0; axis--) {
        index[axis] = at % tensor->shape.dim[axis];
        at /= tensor->shape.dim[axis];
    }
    for (int axis = 0; axis < tensor->shape.rank; axis++)
        st_text_format(out, "%s%lld", axis ? "," : "", (long long)index[axis]);
}

/* The probe set's loss with the weights of now, one of them as `value`. NaN: not available. */
static double loss_with(Run *run, const StWeightSet *now, int64_t at, float value, int64_t *rows) {
    if (!run->probe)
        run->probe = st_inspector_create(&run->recipe.stack, &run->recipe.compile, run->seen.dataset,
                                         run->recipe.seed, NULL);
    float *values = run->probe ? malloc((size_t)now->total * sizeof *values) : NULL;
    if (!values) return NAN;
    memcpy(values, now->values, (size_t)now->total * sizeof *values);
    values[at] = value;
    StWeightSet changed = *now;
    changed.values = values;
    double loss = st_inspector_loss(run->probe, &changed, rows);
    free(values);
    return loss;
}

/* "dense/kernel 3,5: 0.412 → 0.7; loss 0.2131 → 0.2210 on 64 rows of train" */
static void say_change(Session *session, const char *verb, const StTensor *tensor, int64_t at, float before,
                       float after, const double loss[2], int64_t rows) {
    StText text = {0};
    if (*verb) st_text_format(&text, "%s: ", verb);
    st_text_format(&text, "%s ", tensor->name);
    print_place(tensor, at, &text);
    bool bench = session->plan.place == PLACE_WORKBENCH; /* one line of the screen */
    st_text_format(&text, bench ? ": %.4g → %.4g" : ": %.6g → %.6g", (double)before, (double)after);
    if (!isnan(loss[0]) && !isnan(loss[1])) {
        st_text_format(&text, "; loss %.5g → %.5g", loss[0], loss[1]);
        if (!bench) st_text_format(&text, " on %lld rows of train", (long long)rows);
    }
    if (bench && !*verb) st_text_add(&text, "; u undoes");
    if (session->plan.place ==
        PLACE_SCRIPT) { /* where nothing is said, what it does to the loss is a result */
        st_text_add(&text, "\n");
        session_print(session, st_text_string(&text));
    } else {
        session_say(session, "%s", st_text_string(&text));
    }
    st_text_free(&text);
}

/* Sets it in the present run, says so, and returns what it was. */
static float change(Session *session, const StTensor *tensor, int number, int64_t at, float value,
                    const char *verb) {
    Run *run = session->run;
    double loss[2] = {NAN, NAN};
    int64_t rows = 0, place = tensor->offset + at;
    const StSnapshot *now = st_trainer_snapshot_now(run->seen.trainer);
    if (now) {
        loss[0] = loss_with(run, &now->weights, place, now->weights.values[place], &rows);
        loss[1] = loss_with(run, &now->weights, place, value, &rows);
        st_trainer_release(run->seen.trainer, now);
    }
    run->seen.edits++;
    float before = st_trainer_set_weight(run->seen.trainer, number, at, value);
    StTrainerStatus status;
    st_trainer_status(run->seen.trainer, &status);
    marks_add(&session->marks, status.step, MARK_WEIGHT, "%.60s: %.6g → %.6g", tensor->name, (double)before,
              (double)value);
    say_change(session, verb, tensor, at, before, value, loss, rows);
    return before;
}

bool session_set_weight(Session *session, const char *name, const char *index, double value, const char *line,
                        StError *error) {
    float single = (float)value;
    if (!isfinite(single))
        return st_fail(error, ST_ERR_VALUE, "%g: wanted a number that a float can hold", value);
    if (!session_run_at_hand(session, error)) return false;
    session_release_held(session);
    StWeightSet set = {0};
    set.tensor = st_trainer_tensors(session->run->seen.trainer, &set.count);
    int number = find_tensor(&set, name, error);
    int64_t at = number < 0 ? -1 : find_place(&set.tensor[number], index, error);
    if (at < 0) return false;
    WeightEdit edit = {.run = session->run->seen.number, .tensor = number, .at = at};
    if (!session_remember(session, line, &edit, error)) return false;
    float before = change(session, &set.tensor[number], number, at, single, "");
    session->undo.edit[session->undo.count - 1].weight.value = before;
    return true;
}

bool session_swap_weight(Session *session, WeightEdit *edit, const char *verb) {
    if (!session->run || session->run->seen.number != edit->run) return false;
    int count;
    const StTensor *tensors = st_trainer_tensors(session->run->seen.trainer, &count);
    edit->value = change(session, &tensors[edit->tensor], edit->tensor, edit->at, edit->value, verb);
    return true;
}
