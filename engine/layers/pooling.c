/* Pooling: the largest or the mean number of each channel under a window. What 'same' padding adds does not
 * take part: the largest is never a padded 0, and the mean is over the numbers that are there.
 *
 * The gradient of a largest number goes to the first of the window that equals it. */
#include "layers/window.h"
#include "math/vector.h"

#include <string.h>

typedef struct Pooling {
    StSize pool_size, strides;
    int padding;
} Pooling;

#define POOL_SIZE "Extent of the window"
#define STRIDES   "How far the window moves from position to position; none: by its own extent"

#define PADDING                                                                                              \
    ST_OPTION(Pooling, padding, ST_CHOICE, "valid", .choices = st_paddings, .help = ST_PADDING_HELP)
#define ROWS_1D(standard)                                                                                    \
    ST_SIZE_1D(Pooling, pool_size, standard, .place = true, .help = POOL_SIZE " in steps"),                  \
        ST_SIZE_1D(Pooling, strides, "none", .optional = true, .help = STRIDES), PADDING
#define ROWS_2D(standard)                                                                                    \
    ST_SIZE_2D(Pooling, pool_size, standard, .place = true, .help = POOL_SIZE ", rows x columns"),           \
        ST_SIZE_2D(Pooling, strides, "none", .optional = true, .help = STRIDES), PADDING

/* As in Keras, the averages have no standard size. */
static const StOption max_options_1d[] = {ROWS_1D("2"), {0}};
static const StOption max_options_2d[] = {ROWS_2D("2"), {0}};
static const StOption average_options_1d[] = {ROWS_1D(NULL), {0}};
static const StOption average_options_2d[] = {ROWS_2D(NULL), {0}};

static bool pooling_window(const Pooling *pooling, const StShape *in, int rank, StWindow *window,
                           StError *error) {
    StSize strides = pooling->strides.n[0] == ST_NO_INT ? pooling->pool_size : pooling->strides;
    if (!st_window_image(window, in, rank, error)) return false;
    st_window_set(window, in, pooling->pool_size, strides, (StSize){{1, 1}});
    return st_window_fit(window, pooling->padding, error);
}

static bool pooling_shape(const void *values, const StShape *in, int rank, StShape *out, StError *error) {
    StWindow window;
    if (!pooling_window(values, in, rank, &window, error)) return false;
    *out = st_window_out(&window, in, window.channels);
    return true;
}

static bool shape_1d(const void *values, const StShape *in, StShape *out, StError *error) {
    return pooling_shape(values, in, 1, out, error);
}

static bool shape_2d(const void *values, const StShape *in, StShape *out, StError *error) {
    return pooling_shape(values, in, 2, out, error);
}

/* One window's part inside the image: `taps` rows of `width` taps. */
typedef struct Pool {
    int64_t at;          /* first element, in the image */
    int64_t rows, width; /* taps inside */
    int64_t next;        /* elements from row to row */
    int64_t channels;
} Pool;

static Pool pool_at(const StWindow *w, int64_t i, int64_t j) {
    int64_t position[2] = {i, j}, from[2], to[2];
    for (int axis = 0; axis < 2; axis++) {
        int64_t first = position[axis] * w->stride[axis] - w->before[axis];
        to[axis] = first + w->kernel[axis] < w->size[axis] ? first + w->kernel[axis] : w->size[axis];
        from[axis] = first > 0 ? first : 0;
    }
    return (Pool){.at = (from[0] * w->size[1] + from[1]) * w->channels,
                  .rows = to[0] - from[0],
                  .width = to[1] - from[1],
                  .next = w->size[1] * w->channels,
                  .channels = w->channels};
}

/* x, dx: of the window's image; y, dy: of the position. `left` is room for the channels. */
typedef void Forward(const Pool *pool, const Real *x, Real *y);
typedef void Backward(const Pool *pool, const Real *x, const Real *y, const Real *dy, Real *dx, Real *left);

static inline void max_two(const Real *a, const Real *b, Real *y, int64_t n) {
    ST_LOOP
    for (int64_t c = 0; c < n; c++)
        y[c] = b[c] > a[c] ? b[c] : a[c];
}

ST_CLONES static void max_forward(const Pool *pool, const Real *x, Real *y) {
    const int64_t n = pool->channels;
    const Real *first = x + pool->at;
    memcpy(y, first, (size_t)n * sizeof *y);
    for (int64_t r = 0; r < pool->rows; r++)
        for (int64_t t = 0; t < pool->width; t++)
            max_two(y, first + r * pool->next + t * n, y, n);
}

/* left: what of dy has not found its largest yet. */
ST_CLONES static void max_backward(const Pool *pool, const Real *x, const Real *y, const Real *dy, Real *dx,
                                   Real *left) {
    const int64_t n = pool->channels;
    memcpy(left, dy, (size_t)n * sizeof *left);
    for (int64_t r = 0; r < pool->rows; r++) {
        for (int64_t t = 0; t < pool->width; t++) {
            int64_t at = pool->at + r * pool->next + t * n;
            const Real *from = x + at;
            Real *to = dx + at;
            ST_LOOP
            for (int64_t c = 0; c < n; c++) {
                to[c] += from[c] == y[c] ? left[c] : 0;
                left[c] = from[c] == y[c] ? 0 : left[c];
            }
        }
    }
}

ST_CLONES static void average_forward(const Pool *pool, const Real *x, Real *y) {
    const int64_t n = pool->channels;
    memset(y, 0, (size_t)n * sizeof *y);
    for (int64_t r = 0; r < pool->rows; r++) {
        for (int64_t t = 0; t < pool->width; t++) {
            const Real *from = x + pool->at + r * pool->next + t * n;
            ST_LOOP
            for (int64_t c = 0; c < n; c++)
                y[c] += from[c];
        }
    }
    st_vector_scale(y, y, 1 / (Real)(pool->rows * pool->width), n);
}

ST_CLONES static void average_backward(const Pool *pool, const Real *x, const Real *y, const Real *dy,
                                       Real *dx, Real *left) {
    (void)x, (void)y, (void)left;
    const int64_t n = pool->channels;
    const Real share = 1 / (Real)(pool->rows * pool->width);
    for (int64_t r = 0; r < pool->rows; r++) {
        for (int64_t t = 0; t < pool->width; t++) {
            Real *to = dx + pool->at + r * pool->next + t * n;
            ST_LOOP
            for (int64_t c = 0; c < n; c++)
                to[c] += share * dy[c];
        }
    }
}

/* The usual pooling, two by two without a gap, a line of positions at a time. */
static bool by_two(const StWindow *w) {
    return w->kernel[0] == 2 && w->kernel[1] == 2 && w->stride[0] == 2 && w->stride[1] == 2 &&
           w->before[0] == 0 && w->before[1] == 0 && 2 * w->out[0] <= w->size[0] &&
           2 * w->out[1] <= w->size[1];
}

ST_CLONES static void max_line(const Real *x, int64_t next, int64_t positions, int64_t n, Real *y) {
    for (int64_t j = 0; j < positions; j++, x += 2 * n, y += n) {
        const Real *below = x + next;
        ST_LOOP
        for (int64_t c = 0; c < n; c++) {
            Real a = x[n + c] > x[c] ? x[n + c] : x[c];
            Real b = below[n + c] > below[c] ? below[n + c] : below[c];
            y[c] = b > a ? b : a;
        }
    }
}

ST_CLONES static void max_line_back(const Real *x, int64_t next, int64_t positions, int64_t n, const Real *y,
                                    const Real *dy, Real *dx) {
    for (int64_t j = 0; j < positions; j++, x += 2 * n, dx += 2 * n, y += n, dy += n) {
        const Real *below = x + next;
        Real *to = dx + next;
        ST_LOOP
        for (int64_t c = 0; c < n; c++) {
            Real most = y[c], left = dy[c];
            dx[c] = x[c] == most ? left : 0;
            left = x[c] == most ? 0 : left;
            dx[n + c] = x[n + c] == most ? left : 0;
            left = x[n + c] == most ? 0 : left;
            to[c] = below[c] == most ? left : 0;
            left = below[c] == most ? 0 : left;
            to[n + c] = below[n + c] == most ? left : 0;
        }
    }
}

/* Image `row`; what no window covers has no gradient. */
static void max_by_two(const StStep *step, const StWindow *w, int64_t row, bool back) {
    int64_t n = w->channels, next = w->size[1] * n, wide = 2 * w->out[1] * n;
    int64_t in = row * step->in_size, out = row * step->out_size;
    for (int64_t i = 0; i < w->out[0]; i++, in += 2 * next, out += w->out[1] * n) {
        if (!back) {
            max_line(step->x + in, next, w->out[1], n, step->y + out);
            continue;
        }
        max_line_back(step->x + in, next, w->out[1], n, step->y + out, step->dy + out, step->dx + in);
        memset(step->dx + in + wide, 0, (size_t)(next - wide) * sizeof(Real));
        memset(step->dx + in + next + wide, 0, (size_t)(next - wide) * sizeof(Real));
    }
    if (back) memset(step->dx + in, 0, (size_t)((row + 1) * step->in_size - in) * sizeof(Real));
}

static void pool_forward(const StStep *step, const StPass *pass, Forward *forward) {
    StWindow w;
    pooling_window(step->options, &step->in, step->in.rank - 1, &w, NULL);
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++) {
        const Real *x = step->x + row * step->in_size;
        Real *y = step->y + row * step->out_size;
        for (int64_t i = 0; i < w.out[0]; i++)
            for (int64_t j = 0; j < w.out[1]; j++, y += w.channels) {
                Pool pool = pool_at(&w, i, j);
                forward(&pool, x, y);
            }
    }
}

static void pool_backward(const StStep *step, const StPass *pass, Backward *backward) {
    if (!step->dx) return;
    StWindow w;
    pooling_window(step->options, &step->in, step->in.rank - 1, &w, NULL);
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++) {
        const Real *x = step->x + row * step->in_size;
        Real *dx = step->dx + row * step->in_size;
        int64_t at = row * step->out_size;
        memset(dx, 0, (size_t)step->in_size * sizeof *dx);
        for (int64_t i = 0; i < w.out[0]; i++)
            for (int64_t j = 0; j < w.out[1]; j++, at += w.channels) {
                Pool pool = pool_at(&w, i, j);
                backward(&pool, x, step->y + at, step->dy + at, dx, pass->scratch);
            }
    }
}

static void max_pool(const StStep *step, const StPass *pass) {
    StWindow w;
    pooling_window(step->options, &step->in, step->in.rank - 1, &w, NULL);
    if (!by_two(&w)) {
        pool_forward(step, pass, max_forward);
        return;
    }
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++)
        max_by_two(step, &w, row, false);
}

static void max_pool_back(const StStep *step, const StPass *pass) {
    StWindow w;
    pooling_window(step->options, &step->in, step->in.rank - 1, &w, NULL);
    if (!by_two(&w) || !step->dx) {
        pool_backward(step, pass, max_backward);
        return;
    }
    for (int64_t row = pass->first; row < pass->first + pass->rows; row++)
        max_by_two(step, &w, row, true);
}

static void average_pool(const StStep *step, const StPass *pass) {
    pool_forward(step, pass, average_forward);
}

static void average_pool_back(const StStep *step, const StPass *pass) {
    pool_backward(step, pass, average_backward);
}

/* A channel's rest of dy. */
static int64_t max_scratch(const void *values, const StShape *in, const StShape *out) {
    (void)values, (void)out;
    return in->dim[in->rank - 1];
}

#define MAX                                                                                                  \
    .options_size = sizeof(Pooling), .scratch = max_scratch, .forward = max_pool, .backward = max_pool_back
#define AVERAGE .options_size = sizeof(Pooling), .forward = average_pool, .backward = average_pool_back

const StLayerKind st_kind_max_pooling1d = {
    .name = "max_pooling1d",
    .help = "The largest number of each channel under a window that slides over the steps",
    .formula = "y[t, c] = max x[t·s + i, c], i below pool_size",
    .options = max_options_1d,
    .shape = shape_1d,
    MAX,
};

const StLayerKind st_kind_max_pooling2d = {
    .name = "max_pooling2d",
    .help = "The largest number of each channel under a window that slides over the image",
    .formula = "y[r, q, c] = max x[r·s + i, q·s + j, c], i, j below pool_size",
    .options = max_options_2d,
    .shape = shape_2d,
    MAX,
};

const StLayerKind st_kind_average_pooling1d = {
    .name = "average_pooling1d",
    .help = "The mean of each channel under a window that slides over the steps",
    .formula = "y[t, c] = mean x[t·s + i, c], i below pool_size",
    .options = average_options_1d,
    .shape = shape_1d,
    AVERAGE,
};

const StLayerKind st_kind_average_pooling2d = {
    .name = "average_pooling2d",
    .help = "The mean of each channel under a window that slides over the image",
    .formula = "y[r, q, c] = mean x[r·s + i, q·s + j, c], i, j below pool_size",
    .options = average_options_2d,
    .shape = shape_2d,
    AVERAGE,
};
