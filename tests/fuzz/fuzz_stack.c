/* Any text as a recipe whose stack, where it is a small one, is compiled and run: no shape and no option may
 * lead a kernel outside its buffers, nor make a step whose bits are others the second time.
 */
#include "command.h"
#include "train/learner.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 3 };

static const Source source = {"fuzz", 1};

static void run_lines(Session *session, char *text) {
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        session_run_line(session, line, source, NULL);
    }
}

/* Not more than a moment's work: a fuzzer wants many inputs, not large ones. */
static bool is_small(const StStack *stack, const StLayerInfo *layers, const StStackInfo *info) {
    int64_t inputs = st_shape_size(&info->input);
    for (int i = 0; i < stack->count; i++)
        if (layers[i].flops < 0 || layers[i].flops > 1 << 20 || layers[i].bytes > 1 << 16) return false;
    return stack->count <= 12 && inputs <= 1 << 14 && info->parameters >= 0 && info->parameters <= 1 << 14;
}

static StLearner *make(Session *session, const StShape *input) {
    const Recipe *recipe = session_recipe(session);
    StLearnerPlan plan = {.stack = &recipe->stack,
                          .input = input,
                          .compile = &recipe->compile,
                          .rows = ROWS,
                          .input_gradient = true};
    StLearner *learner = st_learner_create(&plan, NULL);
    if (learner || !session_run_line(session, "compile optimizer=sgd loss=mse metrics=mae", source, NULL))
        return learner;
    return st_learner_create(&plan, NULL);
}

/* Rows and targets that every first layer and every loss can do something with. */
static void fill(StLearner *learner) {
    StNetwork *network = st_learner_network(learner);
    int64_t words = st_network_words(network), targets = ROWS * st_learner_target_size(learner);
    int64_t inputs = ROWS * st_shape_size(&st_network_info(network)->input);
    for (int64_t i = 0; i < inputs; i++)
        st_network_input(network)[i] = words ? (float)(i * 7 % words) : (float)(i % 11 - 5) / 4;
    for (int64_t i = 0; i < targets; i++)
        if (st_learner_sparse(learner))
            st_learner_labels(learner)[i] = 0;
        else
            st_learner_targets(learner)[i] = (float)(i % 2);
}

/* Loss, weights and everything else after a step in each mode. */
static uint64_t run(Session *session, const StShape *input) {
    StLearner *learner = make(session, input);
    uint64_t hash = 14695981039346656037U;
    if (!learner) return 0;
    StNetwork *network = st_learner_network(learner);
    StScores scores;
    int64_t total;
    if (!st_network_initialize(network, 1)) abort();
    fill(learner);
    st_learner_gradients(learner, ROWS, false, 1);
    st_learner_gradients(learner, ROWS - 1, true, 1);
    st_learner_step(learner, &(StBatch){.rows = ROWS, .seed = 1}, &scores, NULL);
    st_learner_step(learner, &(StBatch){.rows = 1, .seed = 1, .step = 1}, &scores, NULL);
    st_network_run(network, ROWS, &(StPass){.carry = true}, NULL);
    const unsigned char *bytes = (const void *)st_network_weights(network, &total);
    for (size_t i = 0; i < (size_t)total * sizeof(float); i++)
        hash = (hash ^ bytes[i]) * 1099511628211U;
    st_learner_destroy(learner);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 2000) return 0;
    char *text = malloc(size + 1);
    Session *session = session_create(
        &(SessionPlan){.place = PLACE_RECIPE, .threads = 1, .wake_fd = -1, .no_data = true}, NULL);
    if (!text || !session) abort();
    memcpy(text, data, size);
    text[size] = '\0';
    run_lines(session, text);
    const StLayerInfo *layers;
    StStackInfo info;
    if (session_stack(session, &layers, &info, NULL) &&
        is_small(&session_recipe(session)->stack, layers, &info)) {
        StShape input = info.input;
        if (run(session, &input) != run(session, &input)) abort();
    }
    session_destroy(session);
    free(text);
    return 0;
}
