/* The studies of what if against fixtures (tests/oracle/inside_draw.py), and what cannot be had. */
#include "trainer_setup.h"
#include "study_case.h"

#include "oracle/inside_draw.h"
#include <unistd.h>

typedef struct Case {
    Setup setup;
    StLens *lens;
    float *weights;
    StFinding finding;
    StError error;
    char path[2][64];
} Case;

static void lay_weights(Case *c, const double *weights, int count) {
    StWeightSet set;
    c->weights = weights_of(c->lens, &set);
    assert_int_equal(lay_out(&set, c->weights, weights), count);
    assert_true(st_lens_look(c->lens, &set, &c->error));
}

static Case *open_case(const char *train, const char *test, const char *rest, const double *weights,
                       int count) {
    Case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    char text[1024];
    const char *const content[2] = {train, test};
    for (int i = 0; i < 2; i++) {
        snprintf(c->path[i], sizeof c->path[i], "/tmp/strata-draw-%d-%d.csv", (int)getpid(), i);
        FILE *out = fopen(c->path[i], "w");
        assert_non_null(out);
        fputs(content[i], out);
        fclose(out);
    }
    snprintf(text, sizeof text, "data csv %s test=%s %s", c->path[0], c->path[1], rest);
    setup_begin(&c->setup, text);
    c->lens = lens_of(&c->setup, 7);
    if (weights) lay_weights(c, weights, count);
    return c;
}

static void close_case(Case *c) {
    st_finding_clear(&c->finding);
    st_lens_destroy(c->lens);
    setup_end(&c->setup);
    free(c->weights);
    unlink(c->path[0]);
    unlink(c->path[1]);
    free(c);
}

static bool ask(Case *c, const char *method, StAsk how) {
    how.study = st_study_find("draw", method);
    assert_true(how.study >= 0);
    c->error = (StError){0};
    StSnapshot snapshot = {.step = -1, .epoch = -1};
    StJob job = {.lens = c->lens, .ask = &how, .snapshot = &snapshot, .finding = &c->finding};
    return st_study_run(&job, &c->error);
}

/* A reading of either kind as an array. */
static const double *reading(const Case *c, const char *name, int64_t *count) {
    const StEntry *entry = st_finding_find(&c->finding, name);
    if (!entry || (entry->kind != ST_ENTRY_FACT && entry->kind != ST_ENTRY_ARRAY)) return NULL;
    *count = 1;
    return entry->kind == ST_ENTRY_FACT ? &entry->value : st_finding_values(&c->finding, name, count);
}

static void same(const Case *c, const DrawCase *wanted) {
    for (int i = 0; i < wanted->entries; i++) {
        const DrawEntry *entry = &wanted->entry[i];
        int64_t count = -1;
        const double *got = reading(c, entry->name, &count);
        if (!got || count != entry->count)
            fail_msg("%s: %s has %lld values, wanted %d", wanted->name, entry->name, (long long)count,
                     entry->count);
        for (int k = 0; k < entry->count; k++) {
            double want = entry->value[k];
            if (isnan(want) ? !isnan(got[k]) : !(fabs(got[k] - want) <= 1e-9 * (1e-3 + fabs(want))))
                fail_msg("%s, row %d: %s %d is %.17g, wanted %.17g", wanted->name, wanted->row, entry->name,
                         k, got[k], want);
        }
    }
}

static void against_numpy(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof draw_cases / sizeof *draw_cases; i++) {
        const DrawCase *wanted = &draw_cases[i];
        Case *c = open_case(wanted->train, wanted->test, wanted->rest, wanted->weight, wanted->weights);
        StAsk how = st_ask(0);
        StPart part;
        assert_true(st_part_find(wanted->part, &part, &c->error));
        how.part = (int)part, how.row = wanted->row;
        if (wanted->by_hand) how.input = wanted->input, how.inputs = wanted->inputs, how.made = 1;
        bool classes = strstr(wanted->rest, "task=classification") != NULL;
        if (!ask(c, "answer", how)) fail_msg("%s", c->error.message);
        assert_string_equal(st_finding_text(&c->finding, "example"), wanted->by_hand ? "made by hand" : "");
        if (classes && (!ask(c, "nearest", how) || !ask(c, "counterfactual", how)))
            fail_msg("%s", c->error.message);
        same(c, wanted);
        close_case(c);
    }
}

static const char rows[] = "a,b,y\n1,2,0\n2,1,1\n3,3,0\n4,0,1\n";

static void fails(Case *c, const char *method, StAsk how, const char *message) {
    assert_false(ask(c, method, how));
    if (!strstr(c->error.message, message)) fail_msg("%s: wanted %s", c->error.message, message);
}

static void what_cannot_be_had(void **state) {
    (void)state;
    const float not_a_number[2] = {1, NAN}, one[1] = {1};
    Case *c =
        open_case(rows, rows, "\ndense 2 softmax\ncompile sgd loss=sparse_categorical_crossentropy", NULL, 0);
    StAsk how = st_ask(0);
    how.row = 4;
    fails(c, "answer", how, "row 4: the test part has 4 rows");
    how.row = 0;
    how.input = not_a_number, how.inputs = 2;
    fails(c, "answer", how, "input 2 of the example is no number");
    how.input = one, how.inputs = 1;
    fails(c, "nearest", how, "an example of 1 numbers, wanted 2");
    close_case(c);
    c = open_case(rows, rows, "task=regression\ndense 1\ncompile sgd loss=mean_squared_error", NULL, 0);
    fails(c, "nearest", st_ask(0), "not a class");
    fails(c, "counterfactual", st_ask(0), "not a class");
    assert_true(ask(c, "answer", st_ask(0)));
    assert_true(isnan(st_finding_value(&c->finding, "answer")));
    close_case(c);
    c = open_case(rows, rows,
                  "\nembedding 5 3\nflatten\ndense 2 softmax\n"
                  "compile sgd loss=sparse_categorical_crossentropy",
                  NULL, 0);
    const float beyond[2] = {1, 9};
    how.input = beyond, how.inputs = 2;
    fails(c, "answer", how, "9");
    fails(c, "counterfactual", st_ask(0), "numbers of words");
    assert_true(ask(c, "nearest", st_ask(0)));
    close_case(c);
}

/* A network that answers the same to everything has no other to be near to. */
static void no_other_answer(void **state) {
    (void)state;
    const double weights[6] = {0, 0, 0, 0, 0, 1}; /* the second class, by its bias */
    Case *c = open_case(rows, rows, "\ndense 2 softmax\ncompile sgd loss=sparse_categorical_crossentropy",
                        weights, 6);
    assert_true(ask(c, "nearest", st_ask(0)));
    assert_true(isnan(st_finding_value(&c->finding, "nearest_row")));
    assert_true(strstr(st_finding_text(&c->finding, "none"), "the same to every row") != NULL);
    assert_true(st_finding_value(&c->finding, "same_row") == 0);
    assert_true(st_finding_value(&c->finding, "same_distance") == 0);
    assert_true(ask(c, "counterfactual", st_ask(0)));
    assert_true(isnan(st_finding_value(&c->finding, "smallest_feature")));
    close_case(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_numpy),
        cmocka_unit_test(what_cannot_be_had),
        cmocka_unit_test(no_other_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
