/* The thread of studies: live ones follow the training, what is asked for is made once, what is no longer
 * wanted ends, and nothing is left held. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "inspect/studies.h"
#include "trainer_setup.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EXPERIMENT                                                                                           \
    "data synthetic random samples=600 features=5 classes=3\n"                                               \
    "split train=0.8 test=0.2\n"                                                                             \
    "dense 6 relu\n"                                                                                         \
    "dense 3 softmax\n"                                                                                      \
    "compile optimizer=adam loss=sparse_categorical_crossentropy metrics=accuracy\n"                         \
    "fit epochs=4 batch_size=20\n"

typedef struct Bench {
    Setup setup;
    StTrainer *trainer;
    StStudies *studies;
    int fd;
} Bench;

static void begin(Bench *bench) {
    StError error = {0};
    setup_begin(&bench->setup, EXPERIMENT);
    StTrainerPlan plan = setup_plan(&bench->setup);
    plan.snapshots = true;
    bench->trainer = setup_trainer(&plan);
    bench->fd = eventfd(0, EFD_NONBLOCK);
    StStudiesPlan studies = {.trainer = bench->trainer,
                             .stack = &bench->setup.stack,
                             .compile = &bench->setup.compile,
                             .dataset = bench->setup.dataset,
                             .seed = bench->setup.seed,
                             .wake_fd = bench->fd};
    bench->studies = st_studies_create(&studies, &error);
    if (!bench->studies) fail_msg("%s", error.message);
    const StSnapshot *first = st_trainer_snapshot_now(bench->trainer); /* there is something to look at */
    st_trainer_release(bench->trainer, first);
    st_studies_news(bench->studies);
}

static void end(Bench *bench) {
    st_studies_destroy(bench->studies);
    st_trainer_destroy(bench->trainer);
    close(bench->fd);
    setup_end(&bench->setup);
}

/* Waits for a whole finding of the wanted study, of this step at least. */
static const StFound *found_of(Bench *bench, int study, int64_t step) {
    for (int turn = 0; turn < 2000; turn++) {
        const StFound *found = st_studies_found(bench->studies);
        if (found && found->ask.study == study && found->step >= step && found->done >= 1) return found;
        st_studies_release(bench->studies, found);
        struct pollfd bell = {.fd = bench->fd, .events = POLLIN};
        poll(&bell, 1, 10);
        uint64_t count;
        ssize_t got = read(bench->fd, &count, sizeof count);
        (void)got;
    }
    fail_msg("nothing was found of %s", st_studies[study]->name);
    return NULL;
}

static void want(Bench *bench, const StAsk *ask) {
    st_studies_want(bench->studies, ask, -1);
}

static void a_live_study_follows_the_training(void **state) {
    (void)state;
    Bench bench;
    begin(&bench);
    StAsk ask = st_ask(st_study_find("mistakes", "confusion"));
    want(&bench, &ask);
    const StFound *first = found_of(&bench, ask.study, 0);
    assert_int_equal(first->step, 0);
    assert_true(st_finding_value(&first->finding, "rows") == 120);
    st_trainer_one_step(bench.trainer);
    st_trainer_wait(bench.trainer);
    st_trainer_release(bench.trainer, st_trainer_snapshot_now(bench.trainer));
    st_studies_news(bench.studies);
    const StFound *second = found_of(&bench, ask.study, 1);
    assert_int_equal(second->step, 1);
    assert_int_equal(first->step, 0); /* the held one stays what it was */
    st_studies_release(bench.studies, first);
    st_studies_release(bench.studies, second);
    end(&bench);
}

static void while_it_trains_the_last_word_is_of_the_last_step(void **state) {
    (void)state;
    Bench bench;
    StTrainerStatus status;
    begin(&bench);
    StAsk ask = st_ask(st_study_find("mistakes", "confusion"));
    want(&bench, &ask);
    st_trainer_play(bench.trainer);
    do {
        st_trainer_release(bench.trainer, st_trainer_snapshot(bench.trainer, true));
        st_studies_news(bench.studies);
        st_trainer_status(bench.trainer, &status);
    } while (status.state == ST_STATE_TRAINING || status.step == 0);
    st_trainer_release(bench.trainer, st_trainer_snapshot_now(bench.trainer));
    st_studies_news(bench.studies);
    const StFound *last = found_of(&bench, ask.study, status.steps);
    assert_int_equal(last->epoch, 4);
    st_studies_release(bench.studies, last);
    end(&bench);
}

static int first_asked(void) {
    for (int i = 0; st_studies[i]; i++)
        if (st_studies[i]->asked && !strcmp(st_studies[i]->group, "surface")) return i;
    return -1;
}

static void what_is_asked_for_is_made_once_and_kept(void **state) {
    (void)state;
    Bench bench;
    int asked = first_asked(), live = st_study_find("mistakes", "confusion");
    if (asked < 0) skip();
    begin(&bench);
    StAsk ask = st_ask(asked), other = st_ask(live);
    want(&bench, &ask); /* turn 0: nobody asked yet */
    want(&bench, &other);
    st_studies_release(bench.studies, found_of(&bench, live, 0));
    want(&bench, &ask);
    assert_null(st_studies_found(bench.studies));
    ask.turn = 1;
    want(&bench, &ask);
    const StFound *made = found_of(&bench, asked, 0);
    want(&bench, &other);
    st_studies_release(bench.studies, found_of(&bench, live, 0));
    want(&bench, &ask); /* back: it is there at once */
    const StFound *again = st_studies_found(bench.studies);
    assert_ptr_equal(again, made);
    st_studies_release(bench.studies, again);
    st_studies_release(bench.studies, made);
    end(&bench);
}

static void it_ends_in_the_middle(void **state) {
    (void)state;
    for (int turn = 0; turn < 5; turn++) {
        Bench bench;
        begin(&bench);
        StAsk ask = st_ask(first_asked() < 0 ? 0 : first_asked());
        ask.turn = 1;
        want(&bench, &ask);
        st_trainer_play(bench.trainer);
        end(&bench);
    }
}

static void what_cannot_be_made_says_why(void **state) {
    (void)state;
    Bench bench;
    begin(&bench);
    StAsk ask = st_ask(st_study_find("mistakes", "residuals"));
    want(&bench, &ask);
    const StFound *found = found_of(&bench, ask.study, 0);
    assert_true(*found->trouble != '\0');
    st_studies_release(bench.studies, found);
    ask.any = true; /* any of the group will do, that one first */
    want(&bench, &ask);
    found = NULL;
    for (int turn = 0; turn < 2000 && (!found || *found->trouble); turn++) {
        st_studies_release(bench.studies, found);
        struct pollfd bell = {.fd = bench.fd, .events = POLLIN};
        poll(&bell, 1, 10);
        found = st_studies_found(bench.studies);
    }
    assert_non_null(found);
    assert_string_equal(found->trouble, "");
    assert_int_not_equal(found->ask.study, ask.study);
    assert_string_equal(st_studies[found->ask.study]->group, "mistakes");
    st_studies_release(bench.studies, found);
    end(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_study_follows_the_training),
        cmocka_unit_test(while_it_trains_the_last_word_is_of_the_last_step),
        cmocka_unit_test(what_is_asked_for_is_made_once_and_kept),
        cmocka_unit_test(it_ends_in_the_middle),
        cmocka_unit_test(what_cannot_be_made_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
