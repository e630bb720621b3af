#include "inspect/studies.h"

#include "base/thread.h"
#include "inspect/lens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double LIVE = 0.003; /* of a processor, for live studies while training goes on */
static const double BURST = 0.1;  /* processor seconds that one may take at once, … */
static const double FILL = 0.02;  /* … and its share from then on, until it is whole */
static const double SHOW = 0.05;  /* seconds between two pictures of what is not yet whole */
static const double PATIENCE =
    0.06; /* seconds that a live study may finish in when its ask changes a little */

/* What is published: counted. */
typedef struct Held {
    StFound found; /* first: its address is its holder's */
    int holders;
} Held;

struct StStudies {
    StStudiesPlan plan;
    StLens *lens; /* the thread's alone */
    int bell;     /* an eventfd that wakes the thread */
    pthread_t thread;
    bool started;
    atomic_bool quit, pending;

    /* The thread's own. */
    double due;             /* when a live study may be made again */
    bool again;             /* what was wanted could not begin yet */
    const StSnapshot *seen; /* what the newest is of, held: no other has its address then; or NULL */
    double begun, begun_work, paused_work, shown; /* of the study at work: clocks */
    StAsk ask;                                    /* at work, with its own input */
    int64_t moment;
    float *input;

    /* Shared under lock. */
    pthread_mutex_t lock;
    StAsk want;
    float *want_input;
    int64_t want_moment;
    bool changed; /* the want, since it was last taken */
    double share;
    Held *newest;
    Held **kept; /* [studies] of the asked kind: the last whole one */
};

/* ---- publishing ---- */

/* Under the lock. */
static void release(Held *held) {
    if (!held || --held->holders > 0) return;
    st_finding_clear(&held->found.finding);
    free(held);
}

static void publish(StStudies *studies, const StFound *found) {
    Held *held = calloc(1, sizeof *held);
    if (!held) return; /* the picture of before stays */
    held->found = *found;
    held->found.ask.input = NULL;
    held->holders = 1;
    if (!st_finding_copy(&held->found.finding, &found->finding)) {
        free(held);
        return;
    }
    int study = found->ask.study;
    bool keep = st_studies[study]->asked && found->done >= 1 && !*found->trouble;
    pthread_mutex_lock(&studies->lock);
    release(studies->newest);
    studies->newest = held;
    if (keep) {
        release(studies->kept[study]);
        studies->kept[study] = held;
        held->holders++;
    }
    pthread_mutex_unlock(&studies->lock);
    studies->shown = st_seconds(CLOCK_MONOTONIC);
    if (studies->plan.wake_fd >= 0 && !atomic_exchange(&studies->pending, true))
        st_bell_ring(studies->plan.wake_fd);
}

/* ---- one study ---- */

static bool is_training(const StStudies *studies) {
    StTrainerStatus status;
    st_trainer_status(studies->plan.trainer, &status);
    return status.state == ST_STATE_TRAINING;
}

/* Whether what is at work is no longer what is wanted. */
static bool is_stale(StStudies *studies) {
    pthread_mutex_lock(&studies->lock);
    bool other = studies->want.study != studies->ask.study;
    bool differs =
        other || !st_ask_same(&studies->want, &studies->ask) || studies->want_moment != studies->moment;
    pthread_mutex_unlock(&studies->lock);
    double lasted = st_seconds(CLOCK_MONOTONIC) - studies->begun;
    return atomic_load(&studies->quit) || other || (differs && lasted > PATIENCE);
}

/* Sleeps so that the study keeps to its share of a core. */
static void keep_to_share(StStudies *studies) {
    double work = st_seconds(CLOCK_THREAD_CPUTIME_ID);
    bool asked = st_studies[studies->ask.study]->asked;
    if ((!asked && work - studies->begun_work < BURST) || !is_training(studies)) {
        studies->paused_work = work;
        return;
    }
    pthread_mutex_lock(&studies->lock);
    double share = asked ? studies->share : FILL;
    pthread_mutex_unlock(&studies->lock);
    double until = st_seconds(CLOCK_MONOTONIC) + (work - studies->paused_work) * (1 - share) / share;
    for (double left;
         (left = until - st_seconds(CLOCK_MONOTONIC)) > 0 && is_training(studies) && !is_stale(studies);)
        st_bell_wait(studies->bell, left);
    studies->paused_work = st_seconds(CLOCK_THREAD_CPUTIME_ID);
}

typedef struct Work {
    StStudies *studies;
    StFound found; /* being made */
} Work;

static bool go_on(StJob *job, double done, StError *error) {
    Work *work = job->context;
    StStudies *studies = work->studies;
    if (is_stale(studies)) return st_fail(error, ST_ERR_STOPPED, "stopped: something else was asked for");
    work->found.done = fmin(done, 0.999);
    work->found.cost_seconds = st_seconds(CLOCK_THREAD_CPUTIME_ID) - studies->begun_work;
    if (st_seconds(CLOCK_MONOTONIC) - studies->shown > SHOW) publish(studies, &work->found);
    keep_to_share(studies);
    return true;
}

/* The weights to compare with: of another moment, else those that the run started from. *moment is held. */
static bool find_other(StStudies *studies, StWeightSet *other, const StMoment **moment, StError *error) {
    StMoments *moments = studies->plan.moments;
    int64_t step = studies->ask.other;
    *moment = moments ? st_moments_hold(moments, step < 0 ? 0 : step) : NULL;
    if (*moment && (step >= 0 || (*moment)->snapshot.step == 0)) {
        *other = (*moment)->snapshot.weights;
        return true;
    }
    return st_lens_start(studies->lens, other, error);
}

/* Makes the study at work of one snapshot, and publishes it whole, or why it could not be made. */
static void make(StStudies *studies, const StSnapshot *snapshot) {
    StWeightSet other;
    const StMoment *moment;
    StError error = {0};
    studies->begun = st_seconds(CLOCK_MONOTONIC);
    studies->begun_work = studies->paused_work = st_seconds(CLOCK_THREAD_CPUTIME_ID);
    studies->shown = studies->begun;
    StAsk chosen = studies->ask;
    chosen.study = st_study_chosen(studies->lens, &studies->ask);
    Work work = {
        .studies = studies,
        .found = {.ask = chosen, .step = snapshot->step, .epoch = snapshot->epoch, .run = snapshot->run}};
    StJob job = {.lens = studies->lens,
                 .ask = &chosen,
                 .snapshot = snapshot,
                 .other = &other,
                 .moments = studies->plan.moments,
                 .finding = &work.found.finding,
                 .go_on = go_on,
                 .context = &work};
    bool done = find_other(studies, &other, &moment, &error) &&
                st_lens_look(studies->lens, &snapshot->weights, &error) && st_study_run(&job, &error);
    if (moment) st_moments_release(studies->plan.moments, moment);
    double cost = st_seconds(CLOCK_THREAD_CPUTIME_ID) - studies->begun_work;
    studies->due = st_seconds(CLOCK_MONOTONIC) + cost / LIVE;
    if (done || error.code != ST_ERR_STOPPED) {
        work.found.done = 1;
        work.found.cost_seconds = cost;
        if (!done) snprintf(work.found.trouble, sizeof work.found.trouble, "%s", error.message);
        publish(studies, &work.found);
    }
    st_finding_clear(&work.found.finding);
}

static void see(StStudies *studies, const StSnapshot *snapshot) {
    st_trainer_release(studies->plan.trainer, studies->seen);
    studies->seen = snapshot;
}

/* Takes over what is wanted; true where it is new and is to be made. */
static bool take_want(StStudies *studies) {
    bool changed = studies->again;
    studies->again = false;
    pthread_mutex_lock(&studies->lock);
    if (studies->changed) {
        free(studies->input);
        studies->input = studies->want_input;
        studies->want_input = NULL;
        studies->ask = studies->want;
        studies->ask.input = studies->input;
        studies->moment = studies->want_moment;
        studies->changed = false;
        changed = true;
    }
    int study = studies->ask.study;
    if (study >= 0 && st_studies[study]->asked) {
        const Held *kept = studies->kept[study];
        if (studies->ask.turn == 0 || (kept && kept->found.ask.turn >= studies->ask.turn)) changed = false;
    }
    pthread_mutex_unlock(&studies->lock);
    return changed;
}

static void make_of_moment(StStudies *studies) {
    const StMoment *moment = st_moments_hold(studies->plan.moments, studies->moment);
    if (moment) make(studies, &moment->snapshot);
    if (moment) st_moments_release(studies->plan.moments, moment);
}

/* One turn. Returns the seconds to sleep; below 0: until the bell. */
static double turn(StStudies *studies) {
    bool changed = take_want(studies);
    if (studies->ask.study < 0) return -1;
    if (changed) see(studies, NULL);
    if (!changed && (st_studies[studies->ask.study]->asked || studies->moment >= 0)) return -1;
    if (studies->moment >= 0 && studies->plan.moments) return make_of_moment(studies), 0;
    double left = studies->due - st_seconds(CLOCK_MONOTONIC);
    if (!changed && left > 0 && is_training(studies)) return left;
    const StSnapshot *snapshot = st_trainer_snapshot(studies->plan.trainer, false);
    if (snapshot && snapshot != studies->seen) {
        make(studies, snapshot);
        see(studies, snapshot);
        return 0;
    }
    st_trainer_release(studies->plan.trainer, snapshot);
    studies->again = changed; /* there is no snapshot yet: the news of the first one wakes */
    return -1;
}

static void *study(void *context) {
    StStudies *studies = context;
    while (!atomic_load(&studies->quit)) {
        double left = turn(studies);
        if (left != 0) st_bell_wait(studies->bell, left);
    }
    return NULL;
}

/* ---- making and ending it ---- */

static bool start(StStudies *studies, StError *error) {
    studies->bell = st_bell_create(error);
    if (studies->bell < 0) return false;
    if (!st_thread_start(&studies->thread, "strata-study", study, studies, error)) return false;
    return studies->started = true;
}

StStudies *st_studies_create(const StStudiesPlan *plan, StError *error) {
    StStudies *studies = calloc(1, sizeof *studies);
    size_t count = 0;
    while (st_studies[count])
        count++;
    if (studies) studies->kept = calloc(count + 1, sizeof(Held *));
    if (!studies || !studies->kept) {
        free(studies);
        st_fail_memory(error, "the studies", sizeof *studies);
        return NULL;
    }
    studies->plan = *plan;
    studies->bell = -1;
    studies->share = plan->share > 0 ? plan->share : ST_STUDIES_SHARE;
    studies->want = studies->ask = st_ask(-1);
    studies->moment = studies->want_moment = -1;
    pthread_mutex_init(&studies->lock, NULL);
    StLensPlan lens = {plan->stack, plan->compile, plan->dataset, plan->seed};
    studies->lens = st_lens_create(&lens, error);
    if (studies->lens && start(studies, error)) return studies;
    st_studies_destroy(studies);
    return NULL;
}

void st_studies_destroy(StStudies *studies) {
    if (!studies) return;
    if (studies->started) {
        atomic_store(&studies->quit, true);
        st_bell_ring(studies->bell);
        pthread_join(studies->thread, NULL);
    }
    see(studies, NULL);
    release(studies->newest);
    for (int i = 0; st_studies[i]; i++)
        release(studies->kept[i]);
    if (studies->bell >= 0) close(studies->bell);
    st_lens_destroy(studies->lens);
    pthread_mutex_destroy(&studies->lock);
    free(studies->kept);
    free(studies->input);
    free(studies->want_input);
    free(studies);
}

/* ---- what views do ---- */

/* Of the asked kind: the one made before is shown again. Under the lock. */
static void show_kept(StStudies *studies, int study) {
    Held *kept = study >= 0 ? studies->kept[study] : NULL;
    if (!kept || kept == studies->newest) return;
    release(studies->newest);
    studies->newest = kept;
    kept->holders++;
}

void st_studies_want(StStudies *studies, const StAsk *ask, int64_t moment) {
    pthread_mutex_lock(&studies->lock);
    bool changed = !st_ask_same(&studies->want, ask) || studies->want_moment != moment;
    if (changed) {
        size_t bytes = (size_t)ask->inputs * sizeof(float);
        free(studies->want_input);
        studies->want_input = ask->input ? malloc(bytes ? bytes : 1) : NULL;
        if (studies->want_input) memcpy(studies->want_input, ask->input, bytes);
        if (studies->want.study != ask->study) show_kept(studies, ask->study);
        studies->want = *ask;
        studies->want_moment = moment;
        studies->changed = true;
    }
    pthread_mutex_unlock(&studies->lock);
    if (changed) st_bell_ring(studies->bell);
}

void st_studies_news(StStudies *studies) {
    st_bell_ring(studies->bell);
}

void st_studies_set_share(StStudies *studies, double share) {
    pthread_mutex_lock(&studies->lock);
    studies->share = fmin(fmax(share, 0.01), 1);
    pthread_mutex_unlock(&studies->lock);
}

/* Whether what was found is of what is wanted: of another study of the group where any will do. */
static bool is_of(const StFound *found, const StAsk *want) {
    if (want->study < 0) return false;
    if (found->ask.study == want->study) return true;
    return want->any && !strcmp(st_studies[found->ask.study]->group, st_studies[want->study]->group);
}

const StFound *st_studies_found(StStudies *studies) {
    atomic_store(&studies->pending, false); /* before looking: what comes from now on wakes again */
    pthread_mutex_lock(&studies->lock);
    Held *held = studies->newest;
    if (held && !is_of(&held->found, &studies->want)) held = NULL;
    if (held) held->holders++;
    pthread_mutex_unlock(&studies->lock);
    return held ? &held->found : NULL;
}

void st_studies_release(StStudies *studies, const StFound *found) {
    if (!found) return;
    pthread_mutex_lock(&studies->lock);
    release((Held *)found);
    pthread_mutex_unlock(&studies->lock);
}
