/* Numbers of words become vectors: row w of a table. Values are cut to whole numbers, as Keras does; one
 * outside the table gives NaN (the learner refuses data that holds one before it begins). */
#include "layers/options.h"
#include "math/vector.h"

#include <math.h>
#include <string.h>

typedef struct Embedding {
    int input_dim, output_dim;
    StCall embeddings_initializer, embeddings_regularizer, embeddings_constraint;
    bool mask_zero;
} Embedding;

static const StOption options[] = {
    ST_OPTION(Embedding, input_dim, ST_INT, NULL, .low = 1, .high = INT32_MAX,
              .help = "Number of words: the inputs are 0 to one below it"),
    ST_OPTION(Embedding, output_dim, ST_INT, NULL, .low = 1, .high = INT32_MAX,
              .help = "Values that stand for a word"),
    ST_INITIALIZER_OPTION(Embedding, embeddings_initializer, "uniform", "the table"),
    ST_REGULARIZER_OPTION(Embedding, embeddings_regularizer, "the table"),
    ST_CONSTRAINT_OPTION(Embedding, embeddings_constraint, "the table"),
    ST_OPTION(Embedding, mask_zero, ST_SWITCH, "no",
              .help = "Word 0 is padding: the layers behind leave its positions out"),
    {0},
};

static bool embedding_shape(const void *values, const StShape *in, StShape *out, StError *error) {
    const Embedding *embedding = values;
    if (in->rank < 1 || in->rank >= ST_RANK_MAX)
        return st_fail(error, ST_ERR_SHAPE, "wanted rows of 1 to %d extents, got %d", ST_RANK_MAX - 1,
                       in->rank);
    *out = *in;
    out->dim[out->rank++] = embedding->output_dim;
    return true;
}

static int embedding_weights(const void *values, const StShape *in, StWeight *weights) {
    const Embedding *embedding = values;
    (void)in;
    weights[0] = (StWeight){.name = "embeddings",
                            .shape = {2, {embedding->input_dim, embedding->output_dim}},
                            .initializer = embedding->embeddings_initializer,
                            .regularizer = embedding->embeddings_regularizer,
                            .constraint = embedding->embeddings_constraint,
                            .fan_in = embedding->input_dim,
                            .fan_out = embedding->output_dim,
                            .trainable = true};
    return 1;
}

static StMaskRule embedding_mask(const void *values) {
    return ((const Embedding *)values)->mask_zero ? ST_MASK_MAKES : ST_MASK_STOPS;
}

/* -1: there is no such word. */
static int64_t word_of(const Embedding *embedding, Real x) {
    return x > -1 && x < (Real)embedding->input_dim ? (int64_t)x : -1;
}

static int64_t embedding_words(const void *values) {
    return ((const Embedding *)values)->input_dim;
}

static void embedding_forward(const StStep *step, const StPass *pass) {
    const Embedding *embedding = step->options;
    int64_t width = embedding->output_dim, from = pass->first * step->in_size;
    Real *y = step->y + from * width;
    for (int64_t i = from; i < from + pass->rows * step->in_size; i++, y += width) {
        int64_t word = word_of(embedding, step->x[i]);
        if (step->mask_out) step->mask_out[i] = word != 0;
        if (word >= 0)
            memcpy(y, step->weight[0] + word * width, (size_t)width * sizeof *y);
        else
            for (int64_t j = 0; j < width; j++)
                y[j] = (Real)NAN;
    }
}

static void embedding_backward(const StStep *step, const StPass *pass) {
    if (!step->dx) return;
    memset(step->dx + pass->first * step->in_size, 0, (size_t)(pass->rows * step->in_size) * sizeof(Real));
}

/* In pieces of columns; rows are added in their order. */
static void embedding_gradient(const StStep *step, int64_t rows, int part, int parts, Real *scratch) {
    (void)scratch;
    const Embedding *embedding = step->options;
    int64_t width = embedding->output_dim, from = width * part / parts,
            count = width * (part + 1) / parts - from;
    Real *gradient = step->gradient[0] + from;
    for (int64_t w = 0; w < embedding->input_dim; w++)
        memset(gradient + w * width, 0, (size_t)count * sizeof *gradient);
    for (int64_t i = 0; i < rows * step->in_size; i++) {
        int64_t word = word_of(embedding, step->x[i]);
        if (word >= 0) st_vector_axpy(gradient + word * width, 1, step->dy + i * width + from, count);
    }
}

const StLayerKind st_kind_embedding = {
    .name = "embedding",
    .help = "Turns numbers of words into vectors that are learnt",
    .formula = "y = E[x]",
    .options = options,
    .options_size = sizeof(Embedding),
    .shape = embedding_shape,
    .weights = embedding_weights,
    .mask = embedding_mask,
    .words = embedding_words,
    .forward = embedding_forward,
    .backward = embedding_backward,
    .gradient = embedding_gradient,
};
