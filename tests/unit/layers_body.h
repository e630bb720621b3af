/* The tests of every layer kind, driven by tests/oracle/layer_cases and the fixtures that
 * tests/oracle/layers.py made of them. Included by test_layers.c (float) and test_layers_f64.c (double, which
 * also compares with central differences). */
#include "layers/activation.h"
#include "layers/initializer.h"
#include "layers/regularizer.h"
#include "math/product.h"
#include "model/network.h"

#include <glob.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef ST_DOUBLE
#define TOLERANCE 1e-12
#else
#define TOLERANCE 2e-6
#endif

enum { ARRAYS_MAX = 24, CASES_MAX = 2000 };

typedef struct Array {
    char name[64];
    int64_t count;
    double *value;
} Array;

typedef struct Case {
    char line[256]; /* as layer_cases has it, single blanks */
    int rows;
    bool training;
    uint64_t seed, step;
    StShape input;
    char layer[232];
    int arrays;
    Array array[ARRAYS_MAX];
} Case;

static Case cases[CASES_MAX];
static int case_count;

static void read_case(Case *c, const char *line) {
    char mode[64], shape[64];
    int at = 0;
    StError error = {0};
    snprintf(c->line, sizeof c->line, "%s", line);
    assert_int_equal(sscanf(line, "%d %63s %63s %n", &c->rows, mode, shape, &at), 3);
    snprintf(c->layer, sizeof c->layer, "%s", line + at);
    c->training = sscanf(mode, "train:%" SCNu64 ":%" SCNu64, &c->seed, &c->step) == 2;
    assert_true(st_shape_parse(shape, &c->input, &error));
}

static void read_array(Array *array, char *line) {
    char *word = strtok(line, " ");
    snprintf(array->name, sizeof array->name, "%s", word);
    array->count = atoll(strtok(NULL, " "));
    array->value = calloc((size_t)array->count + 1, sizeof(double));
    for (int64_t i = 0; i < array->count; i++) {
        word = strtok(NULL, " \n");
        assert_non_null(word);
        array->value[i] = strtod(word, NULL);
    }
}

static void read_family(const char *path) {
    StText text = {0};
    StError error = {0};
    if (!st_file_read(path, 0, &text, &error)) fail_msg("%s", error.message);
    char *save = text.data, *line;
    while ((line = strsep(&save, "\n"))) {
        if (!*line || *line == '#') continue;
        if (strncmp(line, "case ", 5) == 0) {
            assert_in_range(case_count, 0, CASES_MAX - 1);
            read_case(&cases[case_count++], line + 5);
        } else {
            Case *c = &cases[case_count - 1];
            assert_in_range(c->arrays, 0, ARRAYS_MAX - 1);
            read_array(&c->array[c->arrays++], line);
        }
    }
    st_text_free(&text);
}

static int read_fixtures(void **state) {
    (void)state;
    glob_t files;
    assert_int_equal(glob("tests/oracle/fixtures/layers/*.txt", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        read_family(files.gl_pathv[i]);
    globfree(&files);
    return 0;
}

static int free_fixtures(void **state) {
    (void)state;
    for (int i = 0; i < case_count; i++)
        for (int a = 0; a < cases[i].arrays; a++)
            free(cases[i].array[a].value);
    return 0;
}

static const Array *find(const Case *c, const char *name) {
    for (int a = 0; a < c->arrays; a++)
        if (strcmp(c->array[a].name, name) == 0) return &c->array[a];
    fail_msg("%s: fixture without %s; run tests/oracle/layers.py", c->line, name);
    return NULL;
}

/* A network of the case's layer alone, with the fixture's weights, input and dy. */
static StNetwork *build(const Case *c) {
    StError error = {0};
    StWords words;
    StLayer layer;
    StStack stack;
    st_stack_init(&stack);
    stack.input = c->input;
    StNetworkPlan plan = {.rows = c->rows, .learns = true, .input_gradient = true};
    bool done = st_words_split(c->layer, &words, &error) &&
                st_layer_parse(&layer, words.word, words.count, &error) &&
                st_stack_insert(&stack, 0, &layer, &error);
    StNetwork *network = done ? st_network_create(&stack, &plan, &error) : NULL;
    if (!network) fail_msg("%s: %s", c->line, error.message);
    st_stack_free(&stack);
    return network;
}

static void copy_in(Real *to, const Array *from) {
    for (int64_t i = 0; i < from->count; i++)
        to[i] = (Real)from->value[i];
}

static void load(StNetwork *network, const Case *c) {
    int count;
    int64_t total;
    const StTensor *tensor = st_network_tensors(network, &count);
    Real *weights = st_network_weights(network, &total);
    for (int i = 0; i < count; i++) {
        const Array *fixture = find(c, strchr(tensor[i].name, '/') + 1);
        assert_int_equal(fixture->count, tensor[i].size);
        copy_in(weights + tensor[i].offset, fixture);
    }
    const StStep *step = st_network_step(network, 0);
    assert_int_equal(find(c, "input")->count, c->rows * step->in_size);
    copy_in(st_network_input(network), find(c, "input"));
}

static double penalty; /* of the regularizers of outputs, since it was last set to 0 */

static StPass pass_of(const Case *c, int lanes, int lane) {
    int64_t first = st_network_lane(c->rows, lanes, lane);
    return (StPass){.first = first,
                    .rows = st_network_lane(c->rows, lanes, lane + 1) - first,
                    .batch = c->rows,
                    .penalty = &penalty,
                    .lane = lane,
                    .lanes = lanes,
                    .training = c->training,
                    .seed = c->seed,
                    .step = c->step};
}

static void forward(StNetwork *network, const Case *c, int lanes) {
    for (int stage = 0; stage < st_network_stages(network, c->training); stage++)
        for (int lane = 0; lane < lanes; lane++) {
            StPass pass = pass_of(c, lanes, lane);
            st_network_forward_stage(network, &pass, stage);
        }
}

/* Forward and backward in so many lanes, then the gradients. */
static void sweep(StNetwork *network, const Case *c, int lanes) {
    forward(network, c, lanes);
    copy_in(st_network_step(network, 0)->dy, find(c, "dy"));
    for (int stage = 0; stage < st_network_stages_back(network, c->training); stage++)
        for (int lane = 0; lane < lanes; lane++) {
            StPass pass = pass_of(c, lanes, lane);
            st_network_backward_stage(network, &pass, stage, false);
        }
    for (int p = 0; p < st_network_parts(network); p++)
        st_network_gradient(network, c->rows, p, 0);
}

static void compare(const Case *c, const char *name, const Real *got) {
    const Array *want = find(c, name);
    double largest = 1e-3;
    for (int64_t i = 0; i < want->count; i++)
        largest = fmax(largest, fabs(want->value[i]));
    for (int64_t i = 0; i < want->count; i++)
        if (!(fabs((double)got[i] - want->value[i]) <= TOLERANCE * largest))
            fail_msg("%s: %s[%d] is %.17g, wanted %.17g", c->line, name, (int)i, (double)got[i],
                     want->value[i]);
}

static void compare_all(StNetwork *network, const Case *c) {
    const StStep *step = st_network_step(network, 0);
    assert_int_equal(find(c, "output")->count, c->rows * step->out_size);
    compare(c, "output", step->y);
    compare(c, "dx", st_network_input_gradient(network));
    int count;
    const StTensor *tensor = st_network_tensors(network, &count);
    for (int i = 0; i < count; i++) {
        char name[64];
        if (!tensor[i].trainable) continue;
        snprintf(name, sizeof name, "d/%.40s", strchr(tensor[i].name, '/') + 1);
        compare(c, name, st_network_gradients(network) + tensor[i].offset);
    }
}

/* What a training step makes of weights that are not trained: the fixture's after/WEIGHT. */
static void compare_update(StNetwork *network, const Case *c, int lanes) {
    int count;
    int64_t total;
    const StTensor *tensor = st_network_tensors(network, &count);
    Real *weights = st_network_weights(network, &total);
    StPass whole = pass_of(c, 1, 0);
    whole.lanes = lanes;
    if (c->training) st_network_update(network, &whole);
    for (int i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "after/%.40s", strchr(tensor[i].name, '/') + 1);
        for (int a = 0; a < c->arrays; a++)
            if (strcmp(c->array[a].name, name) == 0) compare(c, name, weights + tensor[i].offset);
    }
}

static void as_the_oracle(void **state) {
    (void)state;
    for (int i = 0; i < case_count; i++) {
        StNetwork *network = build(&cases[i]);
        load(network, &cases[i]);
        sweep(network, &cases[i], 1);
        compare_all(network, &cases[i]);
        compare_update(network, &cases[i], 1);
        st_network_destroy(network);
    }
}

static void in_lanes_as_whole(void **state) {
    (void)state;
    for (int i = 0; i < case_count; i++) {
        for (int lanes = 2; lanes <= ST_LANES_MAX; lanes++) {
            StNetwork *network = build(&cases[i]);
            load(network, &cases[i]);
            sweep(network, &cases[i], lanes);
            compare_all(network, &cases[i]);
            compare_update(network, &cases[i], lanes);
            st_network_destroy(network);
        }
    }
}

/* Rows one at a time: the same bits as together, since no element's value follows from where in a vector or
 * in a product it stands. Not so with OpenBLAS, whose products go by the number of rows. */
static void row_by_row_the_same_bits(void **state) {
    (void)state;
    if (st_product_kind() == ST_PRODUCT_NONE) skip();
    for (int i = 0; i < case_count; i++) {
        const Case *c = &cases[i];
        StNetwork *whole = build(c), *rows = build(c);
        load(whole, c);
        load(rows, c);
        if (st_network_stages(whole, c->training) == 1) {
            const StStep *one = st_network_step(whole, 0), *other = st_network_step(rows, 0);
            sweep(whole, c, 1);
            copy_in(other->dy, find(c, "dy"));
            for (int64_t row = 0; row < c->rows; row++) {
                StPass pass = pass_of(c, 1, 0);
                pass.first = row;
                pass.rows = 1;
                st_network_forward_stage(rows, &pass, 0);
                st_network_backward_stage(rows, &pass, 0, false);
            }
            size_t y = (size_t)(c->rows * one->out_size) * sizeof(Real);
            size_t dx = (size_t)(c->rows * one->in_size) * sizeof(Real);
            if (memcmp(one->y, other->y, y) != 0) fail_msg("%s: other outputs row by row", c->line);
            if (memcmp(st_network_input_gradient(whole), st_network_input_gradient(rows), dx) != 0)
                fail_msg("%s: another dx row by row", c->line);
        }
        st_network_destroy(whole);
        st_network_destroy(rows);
    }
}

/* A kernel's scratch, of the size that it asks for: its end is found by the sanitizer. */
static Real *scratch_of(const StStep *step) {
    int64_t size = step->kind->scratch ? step->kind->scratch(step->options, &step->in, &step->out) : 0;
    return malloc((size_t)size * sizeof(Real) + 1);
}

/* dx may be absent: the gradients are the same without it. */
static void without_dx(void **state) {
    (void)state;
    for (int i = 0; i < case_count; i++) {
        const Case *c = &cases[i];
        StNetwork *network = build(c);
        load(network, c);
        StStep step = *st_network_step(network, 0);
        const StCall *activity = step.kind->activity ? step.kind->activity(step.options) : NULL;
        if (activity && activity->kind) { /* the network adds its gradient, not the kind */
            st_network_destroy(network);
            continue;
        }
        step.dx = NULL;
        StPass pass = pass_of(c, 1, 0);
        pass.scratch = scratch_of(&step);
        forward(network, c, 1); /* shares of the batch, where rows have to know of each other */
        step.kind->forward(&step, &pass);
        copy_in(step.dy, find(c, "dy"));
        if (step.shared_size && c->training) step.kind->share_back(&step, &pass);
        step.kind->backward(&step, &pass);
        if (step.kind->gradient && step.trainable) step.kind->gradient(&step, c->rows, 0, 1, pass.scratch);
        int count;
        const StTensor *tensor = st_network_tensors(network, &count);
        for (int t = 0; t < count; t++) {
            char name[64];
            if (!tensor[t].trainable) continue;
            snprintf(name, sizeof name, "d/%.40s", strchr(tensor[t].name, '/') + 1);
            compare(c, name, st_network_gradients(network) + tensor[t].offset);
        }
        free(pass.scratch);
        st_network_destroy(network);
    }
}

/* However many pieces a gradient is cut in, every element is written once and rightly. */
static void in_pieces(void **state) {
    (void)state;
    for (int i = 0; i < case_count; i++) {
        const Case *c = &cases[i];
        StNetwork *network = build(c);
        load(network, c);
        sweep(network, c, 1);
        const StStep *step = st_network_step(network, 0);
        Real *scratch = scratch_of(step);
        for (int parts = 2; parts <= 5 && step->kind->gradient && step->trainable; parts++) {
            int64_t total;
            st_network_weights(network, &total);
            for (int64_t g = 0; g < total; g++)
                st_network_gradients(network)[g] = (Real)NAN;
            for (int p = parts - 1; p >= 0; p--)
                step->kind->gradient(step, c->rows, p, parts, scratch);
            compare_all(network, c);
        }
        free(scratch);
        st_network_destroy(network);
    }
}

#ifdef ST_DOUBLE

static double loss(StNetwork *network, const Case *c) {
    const StStep *step = st_network_step(network, 0);
    const Array *dy = find(c, "dy");
    penalty = 0;
    forward(network, c, 1);
    double sum = penalty / c->rows;
    for (int64_t i = 0; i < dy->count; i++)
        sum += (double)step->y[i] * dy->value[i];
    return sum;
}

typedef struct Differences {
    int compared, kinks;
} Differences;

/* Central differences by every element of v against its gradient g. Where the differences to either side
 * disagree, the function has a kink there: counted, not compared. */
static void differences(StNetwork *network, const Case *c, Real *v, const Real *g, int64_t n, double largest,
                        Differences *count) {
    const double h = 1e-5;
    double middle = loss(network, c);
    for (int64_t i = 0; i < n; i++) {
        Real held = v[i];
        v[i] = held + h;
        double above = loss(network, c);
        v[i] = held - h;
        double below = loss(network, c);
        v[i] = held;
        if (fabs((above - middle) - (middle - below)) > 1e-3 * h * largest) {
            count->kinks++;
            continue;
        }
        double slope = (above - below) / (2 * h);
        count->compared++;
        if (!(fabs(slope - g[i]) <= 1e-6 * largest))
            fail_msg("%s: gradient %d is %.12g, by differences %.12g", c->line, (int)i, g[i], slope);
    }
}

static double largest_of(const Real *g, int64_t n) {
    double largest = 1e-3;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(g[i]));
    return largest;
}

static bool whole_numbers(const Real *v, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (v[i] != rint(v[i])) return false;
    return true;
}

static void as_central_differences(void **state) {
    (void)state;
    Differences count = {0};
    for (int i = 0; i < case_count; i++) {
        const Case *c = &cases[i];
        if (c->training && strstr(c->layer, "renorm=yes")) continue; /* its corrections have no gradient */
        StNetwork *network = build(c);
        load(network, c);
        sweep(network, c, 1);
        const StStep *step = st_network_step(network, 0);
        int64_t total, size = c->rows * step->in_size;
        Real *weights = st_network_weights(network, &total), *dx = st_network_input_gradient(network);
        const Real *g = st_network_gradients(network);
        int tensors;
        const StTensor *tensor = st_network_tensors(network, &tensors);
        /* An in-place kind's input is its output: perturbing it is seen all the same. Where the input is
         * numbers of words it has no gradient. */
        if (!whole_numbers(st_network_input(network), size))
            differences(network, c, st_network_input(network), dx, size, largest_of(dx, size), &count);
        for (int t = 0; t < tensors; t++)
            if (tensor[t].trainable)
                differences(network, c, weights + tensor[t].offset, g + tensor[t].offset, tensor[t].size,
                            largest_of(g + tensor[t].offset, tensor[t].size), &count);
        st_network_destroy(network);
    }
    assert_true(count.compared > 2000);
    assert_true(count.kinks * 200 < count.compared);
}

#endif

/* ---- the registry ---- */

static void every_kind_is_complete(void **state) {
    (void)state;
    int k = 0;
    for (; st_layer_kinds[k]; k++) {
        const StLayerKind *kind = st_layer_kinds[k];
        bool tested = false;
        for (int i = 0; i < case_count && !tested; i++)
            tested = strncmp(cases[i].layer, kind->name, strlen(kind->name)) == 0 &&
                     strchr(" ", cases[i].layer[strlen(kind->name)]);
        if (!tested) fail_msg("%s has no case in tests/oracle/layer_cases", kind->name);
        if (!kind->help || !*kind->help) fail_msg("%s has no help", kind->name);
        if (!kind->formula || !*kind->formula) fail_msg("%s has no formula", kind->name);
        assert_non_null(kind->shape);
        assert_non_null(kind->forward);
        assert_non_null(kind->backward);
        assert_true(!kind->gradient || kind->weights);
        assert_true((kind->shared != NULL) == (kind->share && kind->share_back));
        assert_true((kind->adapt_sums != NULL) == (kind->adapt_add && kind->adapt_set));
        assert_in_range(kind->options_size, 0, ST_LAYER_OPTIONS_MAX);
        for (const StOption *row = kind->options; row->name; row++)
            if (!row->help || !*row->help) fail_msg("%s: option %s has no help", kind->name, row->name);
        assert_ptr_equal(st_layer_kind_find(kind->name), kind);
        assert_string_equal(st_layer_kind_name_at(NULL, k), kind->name);
    }
    assert_null(st_layer_kind_name_at(NULL, k));
    assert_null(st_layer_kind_find("nonesuch"));
}

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), wide = strlen(end);
    return length >= wide && strcmp(text + length - wide, end) == 0;
}

/* What a case says of an option: something else than its default. */
static bool case_sets(const Case *c, const StLayerKind *kind, const StOption *row) {
    StWords words;
    StLayer layer;
    size_t length = strlen(kind->name);
    if (strncmp(c->layer, kind->name, length) != 0 || c->layer[length] > ' ') return false;
    memset(&layer, 0, sizeof layer);
    assert_true(st_words_split(c->layer, &words, NULL));
    assert_true(st_layer_parse(&layer, words.word, words.count, NULL));
    return !st_option_is_default(row, layer.options);
}

/* Every option that shows in a kind's numbers is among its cases; how weights begin and what they are held to
 * and cost is not the kind's own. */
static void every_option_has_a_case(void **state) {
    (void)state;
    StText missing = {0};
    for (int k = 0; st_layer_kinds[k]; k++)
        for (const StOption *row = st_layer_kinds[k]->options; row->name; row++) {
            bool tested = ends_with(row->name, "_initializer") || ends_with(row->name, "_regularizer") ||
                          ends_with(row->name, "_constraint") || strcmp(row->name, "seed") == 0;
            for (int i = 0; i < case_count && !tested; i++)
                tested = case_sets(&cases[i], st_layer_kinds[k], row);
            if (!tested) st_text_format(&missing, " %s %s;", st_layer_kinds[k]->name, row->name);
        }
    if (missing.length) fail_msg("no case of tests/oracle/layer_cases sets%s", st_text_string(&missing));
    st_text_free(&missing);
}

static void every_choice_has_help(void **state) {
    (void)state;
    const StChoice *const lists[] = {st_activations, st_initializers, st_regularizers};
    for (int l = 0; l < 3; l++)
        for (const StChoice *choice = lists[l]; choice->name; choice++)
            if (!choice->help || !*choice->help) fail_msg("%s has no help", choice->name);
    for (int a = 0; st_activations[a].name; a++)
        assert_true(*st_activation_formula(a));
    assert_string_equal(st_activations[0].name, "linear");
    assert_string_equal(st_regularizers[0].name, "none");
}

/* Every activation as a layer is among the cases. */
static void every_activation_is_tested(void **state) {
    (void)state;
    for (int a = 0; st_activations[a].name; a++) {
        char layer[64];
        bool tested = false;
        snprintf(layer, sizeof layer, "activation %s", st_activations[a].name);
        for (int i = 0; i < case_count && !tested; i++)
            tested = strcmp(cases[i].layer, layer) == 0;
        if (!tested) fail_msg("no case '%s' in tests/oracle/layer_cases", layer);
    }
}

#define LAYER_TESTS                                                                                          \
    cmocka_unit_test(as_the_oracle), cmocka_unit_test(in_lanes_as_whole),                                    \
        cmocka_unit_test(row_by_row_the_same_bits), cmocka_unit_test(without_dx),                            \
        cmocka_unit_test(in_pieces), cmocka_unit_test(every_kind_is_complete),                               \
        cmocka_unit_test(every_option_has_a_case), cmocka_unit_test(every_choice_has_help),                  \
        cmocka_unit_test(every_activation_is_tested)
