/* The views neuron and map: what they say of a network, at every size; and weights changed by hand. */
#include "unit/views_rig.h"

#include "inspect/lens.h"

extern const View view_neuron, view_map;

static const char plane[] = "seed 3\n"
                            "data synthetic circle samples=60\n"
                            "dense 4 tanh\n"
                            "dense 1 sigmoid\n"
                            "compile adam binary_crossentropy\n"
                            "fit epochs=2 batch_size=10\n";
static const char table[] = "seed 3\n"
                            "data synthetic random samples=60 features=70 classes=3\n"
                            "dense 40 relu\n"
                            "dropout 0.5\n"
                            "dense 3 softmax\n"
                            "compile adam sparse_categorical_crossentropy\n"
                            "fit epochs=2 batch_size=10\n";
static const char deep[] = "seed 3\n"
                           "data synthetic random samples=60 features=64 classes=3\n"
                           "input 8x8x1\n"
                           "conv2d 6 3 activation=relu padding=same\n"
                           "max_pooling2d 2\n"
                           "batch_normalization\n"
                           "separable_conv2d 4 2\n"
                           "flatten\n"
                           "reshape 9x4\n"
                           "lstm 5\n"
                           "dense 3 softmax\n"
                           "compile adam sparse_categorical_crossentropy\n"
                           "fit epochs=2 batch_size=10\n";

/* A rig with what a view of the inside asks for. */
typedef struct Looking {
    Rig *rig;
    Gaze gaze;
    int method;
    int64_t turn[STUDIES_MAX];
    StLens *lens;
    StFound *found;
} Looking;

static void find(Looking *looking) {
    StAsk ask;
    StError error = {0};
    Rig *rig = looking->rig;
    rig_look_again(rig);
    if (looking->found) st_found_free(looking->found);
    rig->context.found = NULL;
    assert_true(view_ask(&rig->context, rig->view, &ask));
    looking->found = st_found_make(looking->lens, &ask, rig->snapshot, &error);
    if (!looking->found) fail_msg("%s", error.message);
    rig->context.found = looking->found;
}

static Looking *look(const View *view, const char *recipe) {
    Looking *looking = calloc(1, sizeof *looking);
    StError error = {0};
    looking->rig = rig_open(view, recipe);
    looking->gaze = gaze_nothing;
    looking->method = -1;
    ViewContext *context = &looking->rig->context;
    context->view = view;
    context->gaze = &looking->gaze;
    context->method = &looking->method;
    context->turn = looking->turn;
    context->trouble = "";
    rig_train(looking->rig, 2);
    const SessionRun *run = session_run(looking->rig->session);
    StLensPlan plan = {&run->recipe->stack, &run->recipe->compile, run->dataset, run->recipe->seed};
    looking->lens = st_lens_create(&plan, &error);
    if (!looking->lens) fail_msg("%s", error.message);
    find(looking);
    return looking;
}

static void close_look(Looking *looking) {
    st_found_free(looking->found);
    st_lens_destroy(looking->lens);
    rig_close(looking->rig);
    free(looking);
}

static void test_card(void **unused) {
    (void)unused;
    Looking *looking = look(&view_neuron, table);
    Rig *rig = looking->rig;
    rig_shows(rig, 80, 20, "1 dense · unit 0 of 40");
    rig_shows(rig, 80, 20, "y = relu(Σ wᵢxᵢ + b) = relu(");
    rig_shows(rig, 80, 20, "more");
    rig_shows(rig, 80, 20, "bias");
    rig_shows(rig, 80, 20, "fires on");
    rig_shows(rig, 40, 6, "y = relu(");
    looking->gaze.layer = 2, looking->gaze.unit = 1;
    find(looking);
    rig_shows(rig, 80, 20, "3 dense_1 · unit 1 of 3 (1)");
    rig_shows(rig, 80, 20, "softmax(");
    rig_shows(rig, 80, 20, "unit ");
    rig_all_sizes(rig, 150, 50);
    close_look(looking);
}

/* A unit or layer of a gaze that the network does not have is none, and not an error. */
static void test_gaze_of_another_network(void **unused) {
    (void)unused;
    Looking *looking = look(&view_neuron, table);
    looking->gaze.layer = 2, looking->gaze.unit = 39;
    find(looking);
    rig_shows(looking->rig, 80, 20, "unit 0 of 3");
    looking->gaze.layer = 30;
    find(looking);
    rig_shows(looking->rig, 80, 20, "1 dense · unit 0");
    close_look(looking);
}

static void test_every_kind(void **unused) {
    (void)unused;
    Looking *looking = look(&view_neuron, deep);
    for (int layer = 0; layer < 8; layer++) {
        looking->gaze.layer = layer, looking->gaze.unit = -1;
        find(looking);
        rig_all_sizes(looking->rig, 100, 30);
    }
    looking->gaze.layer = 6;
    find(looking);
    rig_shows(looking->rig, 80, 20, "three gates");
    looking->gaze.layer = 0;
    find(looking);
    rig_shows(looking->rig, 80, 20, "strongest at row");
    rig_shows(looking->rig, 80, 20, "weights");
    int r, c, ch, f;
    looking->gaze.unit = 2;
    find(looking);
    rig_keys(looking->rig, "enter down right");
    assert_int_equal(sscanf(looking->rig->line, "weight conv2d/kernel %d,%d,%d,%d ", &r, &c, &ch, &f), 4);
    int64_t at = (int64_t)st_finding_values(&looking->found->finding, "order", NULL)[1];
    assert_int_equal(3 * r + c, at);
    assert_int_equal(ch, 0);
    assert_int_equal(f, 2);
    assert_non_null(strstr(looking->rig->said, "loss"));
    close_look(looking);
}

static void test_by_hand(void **unused) {
    (void)unused;
    Looking *looking = look(&view_neuron, plane);
    Rig *rig = looking->rig;
    int64_t first = (int64_t)st_finding_values(&looking->found->finding, "order", NULL)[0];
    char wanted[80];
    rig_keys(rig, "enter right");
    snprintf(wanted, sizeof wanted, "weight dense/kernel %d,0 ", (int)first);
    assert_memory_equal(rig->line, wanted, strlen(wanted));
    assert_non_null(strstr(rig->said, "loss"));
    double value = strtod(rig->line + strlen(wanted), NULL);
    find(looking);
    assert_true(fabs(st_finding_values(&looking->found->finding, "weights", NULL)[first] - value) < 1e-6);
    rig_keys(rig, "enter");
    assert_true(rig->line[0] == ':');
    rig_keys(rig, "down down left");
    assert_memory_equal(rig->line, "weight dense/bias 0 ", 20);
    rig_all_sizes(rig, 90, 24);
    rig_shows(rig, 40, 7, "bias");
    rig_keys(rig, "down down up esc");
    assert_false(rig->view->press(&rig->context, UI_KEY_LEFT)); /* the moments' again */
    rig_run(rig, "undo");
    rig_run(rig, "undo");
    assert_non_null(strstr(rig->said, "undone: dense/kernel"));
    close_look(looking);
}

static void test_map(void **unused) {
    (void)unused;
    Looking *looking = look(&view_map, plane);
    Rig *rig = looking->rig;
    rig_shows(rig, 80, 20, "1 dense tanh");
    rig_shows(rig, 80, 20, "2 dense_1 sigmoid");
    rig_shows(rig, 80, 20, "1 dense unit 0: ");
    rig_shows(rig, 80, 20, "largest weight");
    rig_keys(rig, "down");
    assert_string_equal(rig->line, "look layer=1 unit=1");
    rig_keys(rig, "right");
    assert_string_equal(rig->line, "look layer=2 unit=0");
    looking->gaze.layer = 1, looking->gaze.unit = 0;
    rig_keys(rig, "right up");
    assert_string_equal(rig->line, "look layer=2 unit=0"); /* nothing there */
    rig_keys(rig, "enter");
    assert_string_equal(rig->line, "view neuron");
    UiEvent click = {.kind = UI_EVENT_MOUSE, .mouse = UI_MOUSE_PRESS, .x = 52, .y = 10};
    looking->gaze.layer = 0;
    ui_grid_free(rig_draw(rig, 80, 20, rig_look));
    assert_true(rig->view->mouse(&rig->context, &click));
    assert_string_equal(rig->line, "look layer=2 unit=0");
    looking->gaze.layer = 1; /* which is there now: once more opens it */
    assert_true(rig->view->mouse(&rig->context, &click));
    assert_string_equal(rig->line, "view neuron");
    rig_keys(rig, "p");
    rig_shows(rig, 80, 20, "pulse at 1 dense: ");
    rig_keys(rig, "p p");
    rig_shows(rig, 80, 20, "2 dense_1 unit 0: ");
    rig_all_sizes(rig, 150, 60);
    close_look(looking);
}

static void test_large_map(void **unused) {
    (void)unused;
    static const char *const recipes[] = {table, deep};
    for (int i = 0; i < 2; i++) {
        Looking *looking = look(&view_map, recipes[i]);
        rig_all_sizes(looking->rig, 150, 40);
        for (int key = 0; key < 60; key++) { /* through all units, wherever they are */
            rig_keys(looking->rig, key % 3 ? "right" : "down");
            int layer = 0, unit = 0;
            if (sscanf(looking->rig->line, "look layer=%d unit=%d", &layer, &unit) == 2)
                looking->gaze.layer = layer - 1, looking->gaze.unit = unit;
            ui_grid_free(rig_draw(looking->rig, 80, 20, rig_look));
        }
        assert_int_equal(looking->gaze.layer, i ? 7 : 2);
        close_look(looking);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_card),       cmocka_unit_test(test_gaze_of_another_network),
        cmocka_unit_test(test_every_kind), cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_map),        cmocka_unit_test(test_large_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
