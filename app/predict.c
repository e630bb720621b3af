#include "predict.h"

#include "data/npy.h"
#include "train/learner.h"

#include <stdlib.h>
#include <string.h>

const StOption predict_options[] = {
    ST_OPTION(PredictPlan, input, ST_TEXT, NULL, .place = true,
              .help = "rows: .npy as the network takes them, .csv through the preparation"),
    ST_OPTION(PredictPlan, output, ST_TEXT, "", .place = true,
              .help = "an .npy file for the result; without it the rows are printed"),
    ST_OPTION(PredictPlan, layer, ST_TEXT, "",
              .help = "the layer whose output is wanted; the last without it"),
    ST_OPTION(PredictPlan, training, ST_SWITCH, "no", .help = "behave as in training: dropout on"),
    {0}};

/* A network with weights, and the preparation that belongs to them. */
typedef struct Model {
    StNetwork *network;
    StShape input;
    StPreparation *own; /* read from the weights file */
    const StPreparation *preparation;
    StWeightFile file;
    bool has_file;
} Model;

static void model_free(Model *model) {
    st_network_destroy(model->network);
    st_preparation_destroy(model->own);
    if (model->has_file) st_weights_free(&model->file);
}

/* The weights' file; where the recipe has no layers, the recipe in it is taken. */
static bool model_file(Session *session, Model *model, const char *weights, StError *error) {
    if (!st_weights_load(weights, &model->file, error)) return false;
    model->has_file = true;
    if (session_recipe(session)->stack.count == 0 && *model->file.recipe &&
        !session_load(session, weights, error))
        return false;
    if (!*model->file.preparation) return true;
    model->own = st_preparation_parse(model->file.preparation, error);
    model->preparation = model->own;
    return model->own || st_fail_at(error, "%s: the preparation in it", weights);
}

/* The shape of a row: the recipe's input line, else the preparation's, else the data's. */
static bool model_input(Session *session, Model *model, StError *error) {
    model->input = session_recipe(session)->stack.input;
    if (model->input.rank == 0 && model->preparation)
        model->input = st_preparation_x_shape(model->preparation);
    if (model->input.rank > 0) return true;
    const StDataset *dataset = session_dataset(session, error);
    if (!dataset) return false;
    model->input = st_dataset_x_shape(dataset);
    model->preparation = st_dataset_preparation(dataset);
    return true;
}

/* Fills the network's weights, from the file or from the session. */
static bool model_fill(Session *session, Model *model, const char *weights, StError *error) {
    int count;
    int64_t total;
    const StTensor *tensors = st_network_tensors(model->network, &count);
    float *values = st_network_weights(model->network, &total);
    StWeightSet set = model->file.set;
    if (!model->has_file && !session_weights(session, &set, error)) return false;
    return st_weights_match(weights ? weights : "the weights", &set, tensors, count, values, error);
}

static bool model_open(Session *session, Model *model, const char *weights, StError *error) {
    *model = (Model){0};
    if (weights && !model_file(session, model, weights, error)) return false;
    if (!model_input(session, model, error)) return false;
    StNetworkPlan plan = {.input = &model->input, .rows = 1};
    model->network = st_network_create(&session_recipe(session)->stack, &plan, error);
    return model->network && model_fill(session, model, weights, error);
}

/* ---- rows ---- */

typedef struct Rows {
    int64_t count;
    float *x; /* [count][input] */
} Rows;

static bool rows_from_npy(const char *path, const StShape *input, Rows *rows, StError *error) {
    StNpy array;
    if (!st_npy_read(path, &array, error)) return false;
    int64_t size = st_shape_size(input), each = 1;
    for (int i = 1; i < array.rank; i++)
        each = st_times(each, array.dim[i]);
    bool done = array.rank > 0 && each == size;
    if (!done) {
        char wanted[ST_SHAPE_TEXT];
        st_fail(error, ST_ERR_SHAPE, "%s: rows of %lld values, wanted rows of %s (%lld values)", path,
                array.rank > 0 ? (long long)each : 0LL, st_shape_print(input, wanted), (long long)size);
    }
    if (done && array.count == 0) done = st_fail(error, ST_ERR_VALUE, "%s: it has no rows", path);
    if (done) {
        rows->count = array.dim[0];
        rows->x = malloc((size_t)array.count * sizeof *rows->x);
        done = rows->x ? st_npy_floats(&array, path, rows->x, error)
                       : st_fail_memory(error, path, (size_t)array.count * sizeof *rows->x);
    }
    st_npy_free(&array);
    return done;
}

static bool rows_read(Session *session, Model *model, const char *path, Rows *rows, StError *error) {
    if (st_path_ends_gz(path, ".npy")) return rows_from_npy(path, &model->input, rows, error);
    if (!st_path_ends_gz(path, ".csv"))
        return st_fail(error, ST_ERR_VALUE, "%s: wanted a name that ends in .npy or .csv", path);
    if (!model->preparation) {
        const StDataset *dataset = session_dataset(session, NULL);
        if (!dataset)
            return st_fail(error, ST_ERR_STATE,
                           "%s: neither the weights nor the recipe's data say how to prepare its columns",
                           path);
        model->preparation = st_dataset_preparation(dataset);
    }
    StShape prepared = st_preparation_x_shape(model->preparation);
    if (st_shape_size(&prepared) != st_shape_size(&model->input))
        return st_fail(error, ST_ERR_SHAPE,
                       "%s: the preparation makes %lld values a row, the network wants %lld", path,
                       (long long)st_shape_size(&prepared), (long long)st_shape_size(&model->input));
    return st_preparation_apply_csv(model->preparation, path, &rows->x, &rows->count, error);
}

/* ---- predicting ---- */

/* The stack up to a layer; its weights are the first of the whole's. Kinds may work in place, so a layer in
 * the middle of a network keeps no output of its own. */
static bool cut_stack(const StStack *whole, const char *layer, StStack *cut, StError *error) {
    if (!st_stack_copy(cut, whole, error)) return false;
    int last = *layer ? st_stack_find(whole, layer, error) : whole->count - 1;
    if (*layer && last < 0) {
        st_stack_free(cut);
        return false;
    }
    cut->count = last + 1;
    return true;
}

static bool compute(Session *session, const StNetwork *whole, StNetwork *network, const Rows *rows,
                    bool training, float *y, StError *error) {
    int64_t chunk = st_network_rows(network), total, all;
    const StStackInfo *info = st_network_info(network);
    int64_t in = st_shape_size(&info->input), out = st_shape_size(&info->output);
    float *weights = st_network_weights(network, &total);
    const float *source = st_network_weights((StNetwork *)whole, &all);
    memcpy(weights, source, (size_t)total * sizeof *weights);
    StPool *pool = st_pool_create(session_threads(session), error);
    if (!pool) return false;
    for (int64_t first = 0; first < rows->count; first += chunk) {
        int64_t n = rows->count - first < chunk ? rows->count - first : chunk;
        StPass pass = {.rows = n,
                       .training = training,
                       .carry = true,
                       .seed = session_recipe(session)->seed,
                       .row0 = first};
        memcpy(st_network_input(network), rows->x + first * in, (size_t)(n * in) * sizeof(float));
        if (!st_network_input_fits(network, first, n, error)) {
            st_pool_destroy(pool);
            return false;
        }
        st_network_run(network, n, &pass, pool);
        memcpy(y + first * out, st_network_output(network), (size_t)(n * out) * sizeof(float));
    }
    st_pool_destroy(pool);
    return true;
}

static void print_rows(Session *session, const float *y, int64_t rows, int64_t width) {
    StText text = {0};
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++) {
            st_text_float(&text, y[i * width + j]);
            st_text_add(&text, j + 1 < width ? " " : "\n");
        }
    session_print(session, st_text_string(&text));
    st_text_free(&text);
}

static bool write_rows(const char *path, const float *y, int64_t rows, const StShape *shape, StError *error) {
    if (!st_path_ends(path, ".npy"))
        return st_fail(error, ST_ERR_VALUE, "%s: wanted a name that ends in .npy", path);
    int64_t dim[ST_NPY_RANK_MAX] = {rows};
    memcpy(dim + 1, shape->dim, (size_t)shape->rank * sizeof *dim);
    return st_npy_write(path, ST_NPY_F4, shape->rank + 1, dim, y, error);
}

static bool predict_rows(Session *session, Model *model, const Rows *rows, const PredictPlan *plan,
                         StError *error) {
    StStack cut;
    if (!cut_stack(&session_recipe(session)->stack, plan->layer, &cut, error)) return false;
    int64_t chunk = plan->training || rows->count < 256 ? rows->count : 256; /* training: it is one batch */
    StNetworkPlan network_plan = {.input = &model->input, .rows = chunk, .workers = session_threads(session)};
    StNetwork *network = st_network_create(&cut, &network_plan, error);
    st_stack_free(&cut);
    if (!network) return false;
    StShape out = st_network_info(network)->output;
    int64_t count = st_times(rows->count, st_shape_size(&out));
    float *y = count > 0 ? malloc((size_t)count * sizeof *y) : NULL;
    bool done = y ? compute(session, model->network, network, rows, plan->training, y, error)
                  : st_fail_memory(error, "the output", (size_t)count * sizeof *y);
    if (done && *plan->output)
        done = write_rows(plan->output, y, rows->count, &out, error);
    else if (done)
        print_rows(session, y, rows->count, st_shape_size(&out));
    free(y);
    st_network_destroy(network);
    return done;
}

bool predict_run(Session *session, const char *weights, const PredictPlan *plan, StError *error) {
    Model model;
    Rows rows = {0};
    bool done = model_open(session, &model, weights, error) &&
                rows_read(session, &model, plan->input, &rows, error) &&
                predict_rows(session, &model, &rows, plan, error);
    free(rows.x);
    model_free(&model);
    return done;
}

bool predict_act(const CommandCall *call, StError *error) {
    PredictPlan plan = {0}, typed;
    if (!st_options_parse(predict_options, "predict", &plan, sizeof plan, call->words + 1, call->count - 1,
                          error))
        return false;
    typed = plan;
    return st_path_join(call->source.file, typed.input, plan.input, sizeof plan.input, error) &&
           (!*typed.output ||
            st_path_join(call->source.file, typed.output, plan.output, sizeof plan.output, error)) &&
           predict_run(call->session, NULL, &plan, error);
}

/* ---- gradients ---- */

/* The targets of the batch from an .npy file, into the learner's buffers. */
static bool read_targets(StLearner *learner, const char *path, int64_t rows, StError *error) {
    StNpy array;
    if (!st_npy_read(path, &array, error)) return false;
    bool sparse = st_learner_sparse(learner), floats = array.type == ST_NPY_F4 || array.type == ST_NPY_F8;
    int64_t each = st_learner_target_size(learner), count = st_times(rows, each);
    StShape out = st_network_info(st_learner_network(learner))->output;
    int64_t classes = out.dim[out.rank - 1];
    bool done = true;
    if (array.count != count || array.rank < 1 || array.dim[0] != rows)
        done = st_fail(error, ST_ERR_SHAPE, "%s: %lld targets, wanted %lld rows of %lld", path,
                       (long long)array.count, (long long)rows, (long long)each);
    else if (sparse && floats)
        done = st_fail(error, ST_ERR_VALUE, "%s: targets are %s, a sparse loss wants integers", path,
                       st_npy_type_name(array.type));
    for (int64_t i = 0; done && sparse && i < count; i++) {
        double label = st_npy_value(&array, i);
        bool ignored = label == st_learner_ignored(learner);
        if (!ignored && (label < 0 || label >= (double)classes))
            done = st_fail(error, ST_ERR_VALUE, "%s: target %lld is class %.0f, wanted 0 to %lld", path,
                           (long long)i + 1, label, (long long)classes - 1);
        else
            st_learner_labels(learner)[i] = (int32_t)label;
    }
    if (done && !sparse) done = st_npy_floats(&array, path, st_learner_targets(learner), error);
    st_npy_free(&array);
    return done;
}

/* The trainable weights' gradients under their names, and the input's, as one set. */
static bool write_gradients(StLearner *learner, int64_t rows, const char *path, StError *error) {
    StNetwork *network = st_learner_network(learner);
    const StShape *in = &st_network_info(network)->input;
    int count, kept = 0;
    int64_t total, inputs = rows * st_shape_size(in);
    const StTensor *tensors = st_network_tensors(network, &count);
    st_network_weights(network, &total);
    StTensor *named = calloc((size_t)count + 1, sizeof *named);
    float *values = malloc((size_t)(total + inputs) * sizeof *values);
    bool done = named && values;
    if (!done) st_fail_memory(error, "the gradients", (size_t)(total + inputs) * sizeof *values);
    if (done) {
        memcpy(values, st_network_gradients(network), (size_t)total * sizeof *values);
        memcpy(values + total, st_network_input_gradient(network), (size_t)inputs * sizeof *values);
        for (int i = 0; i < count; i++)
            if (tensors[i].trainable) named[kept++] = tensors[i];
        StTensor input = {.name = "input", .layer = -1, .size = inputs, .offset = total};
        input.shape.rank = in->rank + 1;
        input.shape.dim[0] = rows;
        memcpy(input.shape.dim + 1, in->dim, (size_t)in->rank * sizeof *in->dim);
        named[kept++] = input;
        StWeightSet set = {named, kept, values, total + inputs};
        done = st_weights_save(path, &set, "", "", error);
    }
    free(named);
    free(values);
    return done;
}

static bool gradients_of(Session *session, Model *model, const Rows *rows, const GradientsPlan *plan,
                         StPool *pool, StError *error) {
    const Recipe *recipe = session_recipe(session);
    StLearnerPlan learner_plan = {.stack = &recipe->stack,
                                  .input = &model->input,
                                  .compile = &recipe->compile,
                                  .rows = rows->count,
                                  .input_gradient = true,
                                  .pool = pool};
    StLearner *learner = st_learner_create(&learner_plan, error);
    if (!learner) return false;
    StNetwork *network = st_learner_network(learner);
    int64_t total, all;
    float *weights = st_network_weights(network, &total);
    memcpy(weights, st_network_weights(model->network, &all), (size_t)total * sizeof *weights);
    memcpy(st_network_input(network), rows->x,
           (size_t)(rows->count * st_shape_size(&model->input)) * sizeof(float));
    bool done = st_network_input_fits(network, 0, rows->count, error) &&
                read_targets(learner, plan->target, rows->count, error);
    if (done) {
        double loss = st_learner_gradients(learner, rows->count, plan->training, recipe->seed);
        done = write_gradients(learner, rows->count, plan->output, error);
        StText line = {0};
        st_text_format(&line, "loss %.9g\n", loss);
        if (done) session_print(session, st_text_string(&line));
        st_text_free(&line);
    }
    st_learner_destroy(learner);
    return done;
}

bool gradients_run(Session *session, const GradientsPlan *plan, StError *error) {
    Model model;
    Rows rows = {0};
    StPool *pool = st_pool_create(session_threads(session), error);
    bool done = pool && model_open(session, &model, plan->weights, error);
    if (done && !session_recipe(session)->compile.given)
        done = st_fail(error, ST_ERR_STATE, "there is no compile line; gradients are of its loss");
    done = done && rows_read(session, &model, plan->input, &rows, error) &&
           gradients_of(session, &model, &rows, plan, pool, error);
    free(rows.x);
    if (pool) {
        model_free(&model);
        st_pool_destroy(pool);
    }
    return done;
}
