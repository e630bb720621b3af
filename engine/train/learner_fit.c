#include "train/learner_fit.h"

static int64_t last_of(const StShape *shape) {
    return shape->dim[shape->rank - 1];
}

/* "1 output", "3 outputs" need no table. */
static const char *plural(int64_t count) {
    return count == 1 ? "" : "s";
}

static bool fits_labels(const StLoss *loss, int64_t width, int classes, StError *error) {
    const char *name = loss->kind.name;
    bool one_for_all = !loss->exclusive && width == 1; /* one output that says which of two */
    if (width >= classes || (one_for_all && classes <= 2)) return true;
    if (one_for_all)
        return st_fail(error, ST_ERR_SHAPE,
                       "%s with 1 output wants 2 classes, the data has %d; end the stack in 'dense %d "
                       "softmax' and compile with loss=sparse_categorical_crossentropy",
                       name, classes, classes);
    return st_fail(error, ST_ERR_SHAPE,
                   "%s wants %d outputs (the classes of the data), got %lld; end the stack in 'dense %d %s'",
                   name, classes, (long long)width, classes, loss->exclusive ? "softmax" : "sigmoid");
}

static bool fits_numbers(const StLoss *loss, const StShape *output, const StDataset *dataset,
                         StError *error) {
    StShape y = st_dataset_y_shape(dataset);
    int64_t wanted = st_shape_size(&y), got = st_shape_size(output);
    if (loss->sparse)
        return st_fail(error, ST_ERR_SHAPE,
                       "%s wants classes, the data has numbers as targets (regression); compile with "
                       "loss=mean_squared_error",
                       loss->kind.name);
    if (wanted == got) return true;
    return st_fail(
        error, ST_ERR_SHAPE,
        "%s wants %lld output%s (the target%s of the data), got %lld; end the stack in 'dense %lld'",
        loss->kind.name, (long long)wanted, plural(wanted), plural(wanted), (long long)got,
        (long long)(y.rank > 0 ? last_of(&y) : wanted));
}

bool st_loss_fits(const StLossSpec *spec, const StShape *output, const StDataset *dataset, StError *error) {
    const StLoss *loss = st_loss_at(spec->kind);
    int64_t width = last_of(output);
    bool labels = dataset && st_dataset_has_labels(dataset);
    int ignored = loss->ignored ? loss->ignored(spec->options) : ST_NO_INT;
    int classes = labels ? st_dataset_classes_but(dataset, ignored, error) : 0;
    if (classes < 0) return false;
    if (loss->fits && !loss->fits(spec->options, width, error))
        return st_fail_at(error, "%s", loss->kind.name);
    if (loss->exclusive && width < 2 && classes <= 2)
        return st_fail(error, ST_ERR_SHAPE,
                       "%s wants an output for every class, at least 2, got 1; end the stack in 'dense 2 "
                       "softmax', or in 'dense 1 sigmoid' and compile with loss=binary_crossentropy",
                       loss->kind.name);
    if (!dataset) return true;
    if (!(labels ? fits_labels(loss, width, classes, error) : fits_numbers(loss, output, dataset, error)))
        return false;
    return st_dataset_accepts(dataset, output, loss->sparse, classes, error) ||
           st_fail_at(error, "%s", loss->kind.name);
}
