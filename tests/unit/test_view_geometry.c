/* The view of geometry as `strata show` prints it: every method at every size, its words and its readings. */
#include "unit/views_rig.h"

static const char *const methods[] = {"pca", "pca_input", "cka", "cka_moments", "probe", "spectrum"};
enum { METHODS = sizeof methods / sizeof *methods };

static const char classes[] = "seed 3\ndata synthetic random samples=120 features=9 classes=4\n"
                              "dense 8 relu\ndropout 0.2\ndense 6 tanh\ndense 4 softmax\n"
                              "compile optimizer=adam loss=sparse_categorical_crossentropy\nfit epochs=5\n";
static const char regression[] = "seed 3\ndata synthetic plane samples=80\ndense 8 relu\ndense 1\n"
                                 "compile optimizer=adam loss=mse\nfit epochs=5\n";

static Session *session_of(const char *recipe) {
    StError error = {0};
    SessionPlan plan = {.place = PLACE_WORKBENCH, .threads = 1, .wake_fd = -1};
    Session *session = session_create(&plan, &error);
    assert_non_null(session);
    if (!session_run_text(session, recipe, "test.strata", &error)) fail_msg("%s", error.message);
    return session;
}

/* The picture (w > 0) or the readings; the caller frees. */
static char *shown(Session *session, const char *method, const char *layer, int w, int h) {
    StError error = {0};
    ViewSelect select = {.method = method, .layer = layer, .unit = -1, .row = -1, .value = NAN};
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    assert_non_null(file);
    bool done = w ? view_print(session, "geometry", w, h, &select, file, &error)
                  : view_print_json(session, "geometry", &select, file, &error);
    fclose(file);
    if (!done) fail_msg("%s: %s", method, error.message);
    return text;
}

static void has(const char *text, const char *wanted) {
    if (!strstr(text, wanted)) fail_msg("'%s' is not in\n%.4000s", wanted, text);
}

static void test_sizes(void **unused) {
    (void)unused;
    static const struct {
        int w, h;
    } sizes[] = {{80, 24}, {40, 10}, {120, 40}, {200, 60}, {13, 7}, {5, 2}, {1, 1}};
    for (int data = 0; data < 2; data++) {
        Session *session = session_of(data ? regression : classes);
        for (int i = 0; i < METHODS; i++)
            for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
                char *text = shown(session, methods[i], NULL, sizes[k].w, sizes[k].h);
                int rows = 0;
                for (const char *line = text; *line; line += strcspn(line, "\n") + 1, rows++)
                    assert_true(strcspn(line, "\n") <= (size_t)sizes[k].w); /* in ASCII here */
                assert_true(rows <= sizes[k].h);
                free(text);
            }
        session_destroy(session);
    }
}

static void test_words(void **unused) {
    (void)unused;
    static const char *const says[METHODS][3] = {{"3 dense_1 . 6 wide", "PC1 ", "share of the variance"},
                                                 {"input . 9 wide", "PC1 ", "share of the variance"},
                                                 {"4 dense_2", "changes least", "1.0"},
                                                 {"now against the start of the run", "3 dense_1", "1.00"},
                                                 {"chance 0.", "untrained", "input"},
                                                 {"dense_1/kernel as 8x6", "stable rank", "band of chance"}};
    Session *session = session_of(classes);
    for (int i = 0; i < METHODS; i++) {
        char *text = shown(session, methods[i], NULL, 80, 24);
        has(text, "bad: ");
        for (int k = 0; k < 3; k++)
            has(text, says[i][k]);
        if (strchr(text, '~')) fail_msg("cut at 80 columns:\n%s", text);
        free(text);
    }
    session_destroy(session);
}

/* What is on the screen is in the readings. */
static void test_readings(void **unused) {
    (void)unused;
    static const char *const names[METHODS][4] = {
        {"\"scores\":[[", "\"explained\":[", "\"components\":[[", "\"centroids\":[["},
        {"\"layer\":0,", "\"layer_name\":\"input\"", "\"scores\":[[", "\"labels\":["},
        {"\"cka\":[[1", "\"layers\":[\"input\",\"dense\"", "\"rows\":", "\"part\":\"train\""},
        {"\"cka\":[", "\"other\":\"the start of the run\"", "\"layers\":[\"dense\"", "\"rows\":"},
        {"\"accuracy\":[", "\"untrained\":[", "\"chance\":0.", "\"layers\":[\"input\""},
        {"\"singular_values\":[", "\"stable_rank\":", "\"mp_high\":", "\"alpha\":null"}};
    Session *session = session_of(classes);
    for (int i = 0; i < METHODS; i++) {
        char *text = shown(session, methods[i], NULL, 0, 0);
        for (int k = 0; k < 4; k++)
            has(text, names[i][k]);
        free(text);
    }
    char *text = shown(session, "pca", "dense", 0, 0);
    has(text, "\"layer\":1,\"layer_index\":0,\"layer_name\":\"dense\"");
    free(text);
    session_destroy(session);
    session = session_of(regression);
    text = shown(session, "probe", NULL, 0, 0);
    has(text, "\"r2\":[");
    free(text);
    text = shown(session, "pca", NULL, 80, 24);
    has(text, "the target of each row");
    free(text);
    session_destroy(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_readings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
