/* The session's run: what it begins with, the orders it takes, and what is read of it. */
#include "keeper.h"
#include "session_inner.h"

#include "train/optimizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const SessionRun *session_run(const Session *session) {
    return session->run ? &session->run->seen : NULL;
}

const History *session_history(const Session *session) {
    return session->history;
}

void session_release_held(Session *session) {
    if (session->held) st_trainer_release(session->run->seen.trainer, session->held);
    session->held = NULL;
}

static void run_free(Run *run) {
    if (!run) return;
    if (run->seen.trainer) st_trainer_destroy(run->seen.trainer);
    if (run->probe) st_inspector_destroy(run->probe);
    keeper_free(run->keeper);
    loaded_release(run->data);
    recipe_free(&run->recipe);
    free(run->layers);
    free(run);
}

void session_end_run(Session *session) {
    const SessionHooks *hooks = &session->plan.hooks;
    session_release_held(session);
    if (session->run && hooks->run_ends) hooks->run_ends(hooks->context);
    run_free(session->run);
    history_free(session->history);
    session->run = NULL;
    session->history = NULL;
}

void session_forget_loaded(Session *session) {
    if (session->has_loaded) st_weights_free(&session->loaded);
    session->has_loaded = false;
}

/* ---- what a run begins with ---- */

/* How much a layer of the old stack is like one of the new: 3 the same, 1 the same kind and shapes, 0 not. */
static int likeness(const StLayer *a, const StLayerInfo *ia, const StLayer *b, const StLayerInfo *ib) {
    if (a->kind != b->kind || ia->weights != ib->weights) return 0;
    for (int w = 0; w < ia->weights; w++)
        if (!st_shape_equal(&ia->weight[w].shape, &ib->weight[w].shape)) return 0;
    return memcmp(a->options, b->options, sizeof a->options) == 0 ? 3 : 1;
}

/* from[j]: which layer of the old stack layer j of the new one continues, or -1: the longest common
 * subsequence, by likeness. */
static bool match_layers(const Run *old, const StStack *stack, const StLayerInfo *layers, int *from,
                         StError *error) {
    int n = old->recipe.stack.count, m = stack->count;
    size_t cells = (size_t)(n + 1) * (size_t)(m + 1);
    int *best = calloc(cells, sizeof *best);
    if (!best) return st_fail_memory(error, "comparing stacks", cells * sizeof *best);
#define BEST(i, j) best[(size_t)(i) * (size_t)(m + 1) + (size_t)(j)]
#define LIKE(i, j) likeness(&old->recipe.stack.layers[i], &old->layers[i], &stack->layers[j], &layers[j])
    for (int i = n - 1; i >= 0; i--)
        for (int j = m - 1; j >= 0; j--) {
            int like = LIKE(i, j), both = like ? like + BEST(i + 1, j + 1) : 0;
            int skip = BEST(i + 1, j) > BEST(i, j + 1) ? BEST(i + 1, j) : BEST(i, j + 1);
            BEST(i, j) = both > skip ? both : skip;
        }
    for (int j = 0; j < m; j++)
        from[j] = -1;
    for (int i = 0, j = 0; i < n && j < m;) {
        int like = LIKE(i, j);
        if (like && BEST(i, j) == like + BEST(i + 1, j + 1))
            from[j++] = i++;
        else if (BEST(i, j) == BEST(i + 1, j))
            i++;
        else
            j++;
    }
#undef LIKE
#undef BEST
    free(best);
    return true;
}

bool session_added_layers(Session *session, bool *added) {
    const StStack *stack = &session->recipe.stack;
    const Run *run = session->run;
    const StLayerInfo *layers;
    if (!run) return false;
    session_stack(session, &layers, NULL, NULL);
    int *from = layers ? calloc((size_t)stack->count + 1, sizeof *from) : NULL;
    bool done = from && match_layers(run, stack, layers, from, NULL);
    for (int j = 0; done && j < stack->count; j++)
        added[j] = from[j] < 0 || likeness(&run->recipe.stack.layers[from[j]], &run->layers[from[j]],
                                           &stack->layers[j], &layers[j]) != 3;
    free(from);
    return done;
}

/* The old run's weights under the names of the new stack, those alone of layers that go on. tensors [count
 * of the snapshot] is the caller's. Returns how many layers have kept weights. */
static int rename_kept(const StWeightSet *set, const int *from, const StStack *stack,
                       const StLayerInfo *layers, StTensor *tensors, int *count) {
    int kept = 0;
    *count = 0;
    for (int j = 0; j < stack->count; j++) {
        bool any = false;
        for (int t = 0; from[j] >= 0 && t < set->count; t++) {
            if (set->tensor[t].layer != from[j]) continue;
            StTensor *tensor = &tensors[(*count)++];
            *tensor = set->tensor[t];
            tensor->layer = j;
            const char *weight = strchr(set->tensor[t].name, '/');
            strcpy(tensor->name, layers[j].name);
            strncat(tensor->name, weight ? weight : "", sizeof tensor->name - strlen(tensor->name) - 1);
            any = true;
        }
        kept += any;
    }
    return kept;
}

/* ---- making a run ---- */

/* The optimizer of the moment's run is the recipe's, with as many numbers a weight. */
static bool same_optimizer(const Session *session, const StSnapshot *from) {
    const StOptimizerSpec *now = &session->recipe.compile.optimizer,
                          *then = &session->run->recipe.compile.optimizer;
    const StOptimizer *kind = now->kind == then->kind ? st_optimizer_at(now->kind) : NULL;
    return kind && st_optimizer_slots(kind, now->options) * from->weights.total == from->state_count;
}

/* The rate to go on with; 0: the moment's own, where the recipe's is no more what the run has. */
static double branch_rate(const Session *session) {
    double rate = st_compile_learning_rate(&session->recipe.compile);
    bool plateau = *session->run->recipe.callbacks.reduce_on_plateau != '\0';
    return plateau && rate != session_base_rate(session) ? 0 : rate;
}

static StTrainer *make_trainer(Session *session, Run *run, const SessionStart *start,
                               const StWeightSet *weights, StError *error) {
    StFit fit = run->recipe.fit;
    if (start->no_shuffle) fit.shuffle = false;
    if (!keeper_create(&run->recipe, run->data->dataset, session->path, &run->keeper, error)) return NULL;
    StTrainerPlan plan = {.stack = &run->recipe.stack,
                          .compile = &run->recipe.compile,
                          .callbacks = &run->recipe.callbacks,
                          .fit = &fit,
                          .dataset = run->data->dataset,
                          .seed = run->recipe.seed,
                          .run = session->runs + 1,
                          .threads = session_threads(session),
                          .weights = weights,
                          .from = start->from,
                          .paused = true,
                          .lossless = session->plan.lossless,
                          .snapshots = session->plan.snapshots,
                          .wake_fd = session->plan.wake_fd,
                          .keeper = keeper_hook(run->keeper)};
    if (start->from) {
        plan.from_anew = !same_optimizer(session, start->from);
        plan.from_rate = branch_rate(session);
    }
    return st_trainer_create(&plan, error);
}

/* With the weights of layers that go on from the present run. */
static bool make_kept(Session *session, Run *run, const SessionStart *start, StError *error) {
    StTrainer *old = session->run->seen.trainer;
    const StSnapshot *snapshot = st_trainer_snapshot_now(old);
    if (!snapshot) return st_fail(error, ST_ERR_STATE, "the weights of the present run are not to be had");
    const StWeightSet *set = &snapshot->weights;
    int *from = calloc((size_t)run->recipe.stack.count + 1, sizeof *from);
    StTensor *tensors = calloc((size_t)set->count + 1, sizeof *tensors);
    bool done = from && tensors;
    if (!done) st_fail_memory(error, "the kept weights", (size_t)set->count * sizeof *tensors);
    done = done && match_layers(session->run, &run->recipe.stack, run->layers, from, error);
    if (done) {
        StWeightSet kept = *set;
        kept.tensor = tensors;
        run->seen.kept = rename_kept(set, from, &run->recipe.stack, run->layers, tensors, &kept.count);
        run->seen.trainer = make_trainer(session, run, start, kept.count ? &kept : NULL, error);
        done = run->seen.trainer != NULL;
    }
    st_trainer_release(old, snapshot);
    free(from);
    free(tensors);
    return done;
}

static int layers_with_weights(const Run *run) {
    int count = 0;
    for (int i = 0; i < run->recipe.stack.count; i++)
        count += run->layers[i].weights > 0;
    return count;
}

static bool make_run(Session *session, const SessionStart *start, Run *run, StError *error) {
    const Recipe *recipe = &session->recipe;
    size_t bytes = (size_t)recipe->stack.count * sizeof *run->layers;
    run->layers = malloc(bytes ? bytes : 1);
    if (!run->layers) return st_fail_memory(error, "the run", bytes);
    if (!recipe_copy(&run->recipe, recipe, error)) return false;
    memcpy(run->layers, session->layers, bytes);
    run->data = session->data;
    run->data->users++;
    run->seen = (SessionRun){.recipe = &run->recipe,
                             .dataset = run->data->dataset,
                             .number = session->runs + 1,
                             .layers = run->layers,
                             .info = session->info};
    if (start->from) {
        run->seen.kept = layers_with_weights(run);
        run->seen.trainer = make_trainer(session, run, start, NULL, error);
        return run->seen.trainer != NULL;
    }
    if (start->keep && session->run && !session->has_loaded) return make_kept(session, run, start, error);
    const StWeightSet *weights = start->keep && session->has_loaded ? &session->loaded.set : NULL;
    if (weights) run->seen.kept = layers_with_weights(run);
    run->seen.trainer = make_trainer(session, run, start, weights, error);
    return run->seen.trainer != NULL;
}

/* What a new run begins with; a branch keeps what had happened before. */
static void begin_marks(Session *session, const SessionStart *start, int64_t branched) {
    Marks *marks = &session->marks;
    marks_cut(marks, start->from ? start->from->step : -1);
    if (start->from)
        marks_add(marks, start->from->step, MARK_BRANCH, "branched from step %lld of run %lld, rate %g",
                  (long long)start->from->step, (long long)branched, session_base_rate(session));
    else if (start->keep && session->run->seen.kept)
        marks_add(marks, 0, MARK_LAYERS, "a new run: kept the weights of %d of %d layers",
                  session->run->seen.kept, layers_with_weights(session->run));
}

static bool start_run(Session *session, const SessionStart *start, bool fit, StError *error) {
    if (!session_is_complete(session, fit, error)) return false;
    session_release_held(session);
    Run *run = calloc(1, sizeof *run);
    if (!run) return st_fail_memory(error, "the run", sizeof *run);
    if (!make_run(session, start, run, error)) {
        run_free(run);
        return false;
    }
    int64_t before = session->run ? (int64_t)session->run->seen.number : 0;
    session_end_run(session);
    session_forget_loaded(session);
    session->run = run;
    session->runs++;
    begin_marks(session, start, before);
    session_acts_on_run(session);
    const SessionHooks *hooks = &session->plan.hooks;
    if (hooks->run_begins) hooks->run_begins(hooks->context);
    if (!start->paused) st_trainer_play(run->seen.trainer);
    return true;
}

bool session_start(Session *session, const SessionStart *start, StError *error) {
    return start_run(session, start, true, error);
}

bool session_branch(Session *session, const StSnapshot *from, StError *error) {
    if (!session->run) return st_fail(error, ST_ERR_STATE, "branch: there is no run yet; space trains");
    StError why = {0};
    if (start_run(session, &(SessionStart){.from = from, .paused = true}, true, &why)) return true;
    if (error) *error = why;
    bool stack = why.code == ST_ERR_SHAPE || why.code == ST_ERR_NAME;
    return st_fail_at(error, stack ? "branch: the stack is not as it was (u undoes)" : "branch");
}

const Marks *session_marks(const Session *session) {
    return &session->marks;
}

/* ---- orders ---- */

static StTrainerState state_of(const Session *session) {
    StTrainerStatus status;
    st_trainer_status(session->run->seen.trainer, &status);
    return status.state;
}

/* Optimizer or loss of the run are others than the recipe's; the learning rate, which acts at once, aside. */
static bool compile_differs(const Session *session) {
    StCompile now = session->recipe.compile, then = session->run->recipe.compile;
    StText a = {0}, b = {0};
    now.metrics = then.metrics = 0;
    if (now.optimizer.kind == then.optimizer.kind)
        st_compile_set_learning_rate(&now, st_compile_learning_rate(&then));
    st_compile_print(&now, &a);
    st_compile_print(&then, &b);
    bool differs = strcmp(st_text_string(&a), st_text_string(&b)) != 0;
    st_text_free(&a);
    st_text_free(&b);
    return differs;
}

SessionNext session_next(const Session *session) {
    if (!session->run) return NEXT_BEGIN;
    StTrainerState state = state_of(session);
    if (state == ST_STATE_TRAINING) return NEXT_TRAINS;
    bool pending = session_pending(session, NULL);
    if (state == ST_STATE_DIVERGED && !session->has_loaded) return pending ? NEXT_ANEW : NEXT_REFUSES;
    if (!pending) return state == ST_STATE_DONE ? NEXT_MORE : NEXT_GO_ON;
    bool anew = state == ST_STATE_DONE && !session->has_loaded && compile_differs(session);
    return anew ? NEXT_ANEW : NEXT_KEEP;
}

const char *session_next_words(const Session *session) {
    unsigned layers = RECIPE_STACK | RECIPE_DATA;
    if (!session->run || !session_pending(session, NULL)) return "";
    switch (session_next(session)) {
    case NEXT_TRAINS:
        return "takes effect at the next start";
    case NEXT_ANEW:
        return "space starts anew, k keeps the weights";
    default:
        if (session->has_loaded) return "space begins with the loaded weights";
        return recipe_equal(&session->recipe, &session->run->recipe, layers)
                   ? "space trains on with the weights there are"
                   : "space keeps the weights of unchanged layers";
    }
}

bool session_next_text(const Session *session, StText *out) {
    if (!session_pending(session, NULL)) return false;
    SessionNext next = session_next(session);
    session_pending(session, out);
    st_text_format(out, " changed: %s%s", session_next_words(session),
                   next == NEXT_TRAINS ? "; r restarts"
                   : next == NEXT_KEEP ? " · r starts anew"
                                       : "");
    return true;
}

/* "kept the weights of 2 of 3 layers": of those that have some. */
static void say_kept(Session *session) {
    session_say(session, "a new run: kept the weights of %d of %d layers", session->run->seen.kept,
                layers_with_weights(session->run));
}

/* A run of the recipe as it is: the present one, or a new one, as session_next says. */
static bool current_run(Session *session, bool fit, bool keep, StError *error) {
    SessionNext next = session_next(session);
    bool anew = next == NEXT_ANEW && !keep, had = session->run != NULL, loaded = session->has_loaded;
    if (next == NEXT_REFUSES && !keep)
        return st_fail(error, ST_ERR_STATE, "the run diverged; reset it, or lower the rate and reset");
    if (next == NEXT_TRAINS) return true; /* an edit takes effect at the next start */
    if (had && next != NEXT_REFUSES && !session_pending(session, NULL)) return true;
    if (!start_run(session, &(SessionStart){.keep = !anew, .paused = true}, fit, error)) return false;
    if (anew)
        session_say(session, "started anew from seed %llu", (unsigned long long)session->recipe.seed);
    else if (had && loaded)
        session_say(session, "a new run: begins with the loaded weights");
    else if (had)
        say_kept(session);
    return true;
}

bool session_play(Session *session, bool keep, StError *error) {
    if (session_next(session) == NEXT_TRAINS) {
        session_say(session, "it is training already");
        return true;
    }
    if (!current_run(session, true, keep, error)) return false;
    st_trainer_play(session->run->seen.trainer);
    return true;
}

static bool needs_run(const Session *session, const char *verb, StError *error) {
    return session->run || st_fail(error, ST_ERR_STATE, "%s: nothing is training", verb);
}

bool session_pause(Session *session, StError *error) {
    if (!needs_run(session, "pause", error)) return false;
    st_trainer_pause(session->run->seen.trainer);
    return true;
}

bool session_stop(Session *session, StError *error) {
    if (!needs_run(session, "stop", error)) return false;
    st_trainer_stop(session->run->seen.trainer);
    return true;
}

bool session_one_step(Session *session, StError *error) {
    if (!current_run(session, true, false, error)) return false;
    st_trainer_one_step(session->run->seen.trainer);
    return true;
}

bool session_one_epoch(Session *session, StError *error) {
    if (!current_run(session, true, false, error)) return false;
    st_trainer_one_epoch(session->run->seen.trainer);
    return true;
}

bool session_reset(Session *session, bool new_seed, StError *error) {
    if (new_seed) {
        Recipe draft;
        char line[40];
        if (!recipe_copy(&draft, &session->recipe, error)) return false;
        draft.seed++;
        draft.seed_given = true;
        snprintf(line, sizeof line, "seed %llu", (unsigned long long)draft.seed);
        if (!session_apply(session, &draft, line, error)) {
            recipe_free(&draft);
            return false;
        }
    }
    if (!start_run(session, &(SessionStart){.paused = true}, true, error)) {
        if (new_seed) session_take_back(session);
        return false;
    }
    session_say(session, "new weights from seed %llu", (unsigned long long)session->recipe.seed);
    return true;
}

/* ---- what acts at once ---- */

void session_acts_on_run(Session *session) {
    Run *run = session->run;
    if (!run) return;
    const Recipe *recipe = &session->recipe;
    StTrainer *trainer = run->seen.trainer;
    if (session->plan.place == PLACE_WORKBENCH)
        st_trainer_set_pace(trainer, recipe->pace.per_second, recipe->pace.epochs);
    run->recipe.pace = recipe->pace;
    if (!recipe->compile.given || recipe->compile.optimizer.kind != run->recipe.compile.optimizer.kind)
        return;
    double rate = st_compile_learning_rate(&recipe->compile);
    if (rate == st_compile_learning_rate(&run->recipe.compile)) return;
    StCompile same = run->recipe.compile;
    st_compile_set_learning_rate(&same, rate);
    StText now = {0}, then = {0};
    st_compile_print(&recipe->compile, &now);
    st_compile_print(&same, &then);
    if (strcmp(st_text_string(&now), st_text_string(&then)) == 0) {
        StTrainerStatus status;
        st_trainer_status(trainer, &status);
        marks_add(&session->marks, status.step, MARK_RATE, "rate %g → %g", status.base_rate, rate);
        st_trainer_set_rate(trainer, rate);
        run->recipe.compile = same;
    }
    st_text_free(&now);
    st_text_free(&then);
}

double session_rate(const Session *session) {
    if (session->run) {
        StTrainerStatus status;
        st_trainer_status(session->run->seen.trainer, &status);
        return status.rate;
    }
    const StCompile *compile = &session->recipe.compile;
    return compile->given ? st_compile_rate_at(compile, st_compile_learning_rate(compile), 0) : NAN;
}

double session_base_rate(const Session *session) {
    if (session->run) {
        StTrainerStatus status;
        st_trainer_status(session->run->seen.trainer, &status);
        return status.base_rate;
    }
    return session->recipe.compile.given ? st_compile_learning_rate(&session->recipe.compile) : NAN;
}

bool session_set_rate(Session *session, double rate, StError *error) {
    Recipe draft;
    StText line = {0}, digits = {0};
    const StCompile *compile = &session->recipe.compile;
    if (!compile->given)
        return st_fail(error, ST_ERR_STATE, "rate: there is no compile line with an optimizer yet");
    if (!st_compile_uses_learning_rate(compile))
        return st_fail(error, ST_ERR_STATE,
                       "rate: %s says every rate itself; change its values, or take it away with 'compile "
                       "schedule=none'",
                       st_schedule_kind_at(compile->schedule.kind)->name);
    st_text_number(&digits, rate);
    const StKind *kind = st_optimizer_kind_at(compile->optimizer.kind);
    StOptimizerSpec trial = compile->optimizer;
    bool done = st_options_set(kind->options, "rate", trial.options, "learning_rate", st_text_string(&digits),
                               error) &&
                recipe_copy(&draft, &session->recipe, error);
    if (done) {
        draft.compile.optimizer = trial;
        st_text_format(&line, "rate %s", st_text_string(&digits));
        done = session_apply(session, &draft, st_text_string(&line), error);
        if (!done) recipe_free(&draft);
    }
    st_text_free(&line);
    st_text_free(&digits);
    return done;
}

bool session_pending(const Session *session, StText *what) {
    if (!session->run) return false;
    if (!what && session->pending_revision == session->revision && session->pending_run == session->runs)
        return session->pending;
    bool pending = recipe_differs(&session->recipe, &session->run->recipe, what);
    Session *cache = (Session *)session;
    cache->pending = pending;
    cache->pending_revision = session->revision;
    cache->pending_run = session->runs;
    return pending;
}

/* ---- readings ---- */

bool session_run_at_hand(Session *session, StError *error) {
    bool typed = session->plan.place == PLACE_WORKBENCH;
    bool there = session->run && (typed || !session_pending(session, NULL));
    return there || current_run(session, false, true, error);
}

bool session_evaluate(Session *session, StPart part, StScores *scores, StError *error) {
    if (!session_run_at_hand(session, error)) return false;
    if (st_dataset_rows(session->run->seen.dataset, part) == 0)
        return st_fail(error, ST_ERR_STATE, "the data has no %s part; a split line makes one (split %s=0.2)",
                       st_part_name(part), st_part_name(part));
    return st_trainer_evaluate(session->run->seen.trainer, part, scores, error);
}

bool session_weights(Session *session, StWeightSet *set, StError *error) {
    session_release_held(session);
    if (session->run) {
        session->held = st_trainer_snapshot_now(session->run->seen.trainer);
        if (!session->held) return st_fail(error, ST_ERR_STATE, "the weights of the run are not to be had");
        *set = session->held->weights;
        return true;
    }
    if (!session->has_loaded)
        return st_fail(error, ST_ERR_STATE, "there are no weights yet; train, or load a .safetensors file");
    *set = session->loaded.set;
    return true;
}
