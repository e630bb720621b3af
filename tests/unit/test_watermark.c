/* A planted mark that leaks the label (samples/watermark.strata): after training, saliency and occlusion find
 * it in nearly every picture, and the same methods on random weights do not. */
#define ST_DOUBLE /* as the lens is */
#include "inspect/lens.h"

#include "fit.h"
#include "inspect/study.h"
#include "session.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

/* The mark: 10 of 144 pixels, so that the greatest of a picture is in it by chance in 6.9 %. */
enum { SIDE = 12, PIXELS = SIDE * SIDE, MARK_ROW = 10, MARK_COLUMN = 7, ROWS = 240 };

typedef struct Trained {
    Session *session;
    StLens *lens;
    StWeightSet weights;
    int wake;
    StError error;
} Trained;

static int begin(void **state) {
    static Trained t;
    *state = &t;
    t.wake = eventfd(0, EFD_NONBLOCK);
    t.session = session_create(
        &(SessionPlan){
            .place = PLACE_SCRIPT, .threads = 2, .quiet = true, .lossless = true, .wake_fd = t.wake},
        &t.error);
    FitPlan plan = {0};
    FitResult result = {0};
    if (!t.session || !session_open(t.session, "samples/watermark.strata", &t.error)) return -1;
    if (!fit_train(t.session, &plan, &result, &t.error)) return -1;
    const Recipe *recipe = session_recipe(t.session);
    StLensPlan lens = {&recipe->stack, &recipe->compile, session_dataset(t.session, &t.error), recipe->seed};
    t.lens = st_lens_create(&lens, &t.error);
    return t.lens && session_weights(t.session, &t.weights, &t.error) &&
                   st_lens_look(t.lens, &t.weights, &t.error)
               ? 0
               : -1;
}

static int end(void **state) {
    Trained *t = *state;
    st_lens_destroy(t->lens);
    session_destroy(t->session);
    close(t->wake);
    return 0;
}

static void find(Trained *t, const char *method, StAsk ask, StFinding *finding) {
    StSnapshot snapshot = {.weights = t->weights};
    ask.study = st_study_find("why", method);
    StJob job = {.lens = t->lens, .ask = &ask, .snapshot = &snapshot, .finding = finding};
    st_finding_clear(finding);
    if (!st_study_run(&job, &t->error)) fail_msg("%s: %s", method, t->error.message);
}

static bool in_mark(int pixel) {
    return pixel / SIDE >= MARK_ROW && pixel % SIDE >= MARK_COLUMN;
}

static bool top_in_mark(const StFinding *finding, const char *array) {
    int64_t size;
    const double *values = st_finding_values(finding, array, &size);
    assert_int_equal(size, PIXELS);
    int top = 0;
    for (int i = 1; i < PIXELS; i++)
        if (values[i] > values[top]) top = i;
    return in_mark(top);
}

static void finds_it(Trained *t, const char *method) {
    StFinding finding = {0};
    int own = 0, control = 0;
    assert_int_equal(st_dataset_rows(t->lens->plan.dataset, ST_TEST), ROWS);
    for (int row = 0; row < ROWS; row++) {
        StAsk ask = st_ask(0);
        ask.row = row;
        find(t, method, ask, &finding);
        own += top_in_mark(&finding, "attribution");
        control += top_in_mark(&finding, "control");
    }
    st_finding_clear(&finding);
    if (own < ROWS * 9 / 10) fail_msg("%s finds the mark in %d of %d pictures", method, own, ROWS);
    if (control > ROWS / 5) fail_msg("%s on random weights finds it in %d of %d", method, control, ROWS);
}

static void test_saliency(void **state) {
    finds_it(*state, "saliency");
}

static void test_occlusion(void **state) {
    finds_it(*state, "occlusion");
}

/* Accuracy tells nothing of it: it falls only where another digit's mark is lit. */
static void test_accuracy_hides_it(void **state) {
    Trained *t = *state;
    StFinding finding = {0};
    float x[PIXELS];
    int right[2] = {0};
    for (int row = 0; row < ROWS; row++)
        for (int other = 0; other < 2; other++) {
            StAsk ask = st_ask(0);
            ask.row = row;
            int digit = (st_lens_label(t->lens, ST_TEST, row) + 3) % 10;
            st_dataset_gather_x(t->lens->plan.dataset, ST_TEST, NULL, row, 1, x);
            for (int i = 0; other && i < PIXELS; i++)
                if (in_mark(i)) x[i] = i == (MARK_ROW + digit / 5) * SIDE + MARK_COLUMN + digit % 5;
            ask.input = x, ask.inputs = PIXELS;
            find(t, "saliency", ask, &finding);
            right[other] += st_finding_value(&finding, "answer") == st_finding_value(&finding, "label");
        }
    st_finding_clear(&finding);
    assert_true(right[0] >= ROWS * 98 / 100);
    if (right[1] > ROWS * 85 / 100) fail_msg("%d of %d are right with another digit's mark", right[1], ROWS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_saliency),
        cmocka_unit_test(test_occlusion),
        cmocka_unit_test(test_accuracy_hides_it),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
