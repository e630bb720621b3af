#include "layers/window.h"

#include "math/gemm.h"
#include "math/vector.h"

#include <string.h>

enum {
    TILE = 64 << 10, /* elements of the patches made at a time: a quarter of a megabyte of floats */
    WIDE_TILE = 2 * TILE,
    BAND = 384,          /* elements of a patch made at a time */
    ROUND = 12,          /* rows of a product go well together in twelves */
    TILE_ROWS_MAX = 4096 /* positions of a tile, however small the patch */
};

#define PADDINGS                                                                                             \
    {.name = "valid", .help = "only where the whole window lies inside"}, {                                  \
        .name = "same", .help = "zeros around the input, so that stride 1 keeps its size"                    \
    }
const StChoice st_paddings[] = {PADDINGS, {0}};
const StChoice st_paddings_causal[] = {
    PADDINGS, {.name = "causal", .help = "zeros before the input: no output sees a later step"}, {0}};

/* ---- geometry ---- */

bool st_window_image(StWindow *window, const StShape *in, int rank, StError *error) {
    char text[ST_SHAPE_TEXT];
    if (in->rank != rank + 1)
        return st_fail(error, ST_ERR_SHAPE, "wanted %s, got %s; put reshape before it",
                       rank == 1 ? "2 extents (steps x channels)" : "3 extents (rows x columns x channels)",
                       st_shape_print(in, text));
    *window = (StWindow){.size = {rank == 1 ? 1 : in->dim[0], in->dim[rank - 1]},
                         .channels = in->dim[rank],
                         .kernel = {1, 1},
                         .stride = {1, 1},
                         .dilation = {1, 1}};
    window->out[0] = window->size[0];
    window->out[1] = window->size[1];
    return true;
}

StShape st_window_out(const StWindow *window, const StShape *in, int64_t channels) {
    if (in->rank == 2) return (StShape){2, {window->out[1], channels}};
    return (StShape){3, {window->out[0], window->out[1], channels}};
}

void st_window_set(StWindow *window, const StShape *in, StSize kernel, StSize stride, StSize dilation) {
    int axis = in->rank == 2;
    for (int i = 0; axis < 2; axis++, i++) {
        window->kernel[axis] = kernel.n[i];
        window->stride[axis] = stride.n[i];
        window->dilation[axis] = dilation.n[i];
    }
}

bool st_window_fit(StWindow *window, int padding, StError *error) {
    for (int axis = 0; axis < 2; axis++) {
        int64_t size = window->size[axis], stride = window->stride[axis];
        int64_t extent = (window->kernel[axis] - 1) * window->dilation[axis] + 1;
        if (padding == ST_PADDING_VALID) {
            if (extent > size)
                return st_fail(error, ST_ERR_SHAPE,
                               "a window of %lld does not fit into %lld; take a smaller one or padding=same",
                               (long long)extent, (long long)size);
            window->before[axis] = 0;
            window->out[axis] = (size - extent) / stride + 1;
            continue;
        }
        window->out[axis] = (size - 1) / stride + 1;
        int64_t missing = (window->out[axis] - 1) * stride + extent - size;
        window->before[axis] = padding == ST_PADDING_CAUSAL ? extent - 1 : missing > 0 ? missing / 2 : 0;
    }
    return true;
}

bool st_window_dilates(const StShape *in, StSize stride, StSize dilation, StError *error) {
    int axes = in->rank == 2 ? 1 : 2, moves = 1, spreads = 1;
    for (int i = 0; i < axes; i++) {
        moves = stride.n[i] > moves ? stride.n[i] : moves;
        spreads = dilation.n[i] > spreads ? dilation.n[i] : spreads;
    }
    if (moves == 1 || spreads == 1) return true;
    return st_fail(error, ST_ERR_VALUE, "strides of %d with dilation_rate of %d: wanted 1 for one of the two",
                   moves, spreads);
}

StWeight st_window_weight(const char *name, const StWindow *window, const StShape *in, int64_t inputs,
                          int64_t outputs, StWeightCalls calls) {
    int64_t taps = st_times(window->kernel[0], window->kernel[1]);
    StShape sequence = {3, {window->kernel[1], inputs, outputs}};
    StShape image = {4, {window->kernel[0], window->kernel[1], inputs, outputs}};
    return (StWeight){.name = name,
                      .shape = in->rank == 2 ? sequence : image,
                      .initializer = *calls.initializer,
                      .regularizer = *calls.regularizer,
                      .constraint = *calls.constraint,
                      .fan_in = st_times(taps, inputs),
                      .fan_out = st_times(taps, outputs),
                      .trainable = true};
}

StWeight st_bias_weight(int64_t outputs, StWeightCalls calls) {
    return (StWeight){.name = "bias",
                      .shape = {1, {outputs}},
                      .initializer = *calls.initializer,
                      .regularizer = *calls.regularizer,
                      .constraint = *calls.constraint,
                      .fan_in = outputs,
                      .fan_out = outputs,
                      .trainable = true};
}

int64_t st_window_patch(const StWindow *window, int64_t channels) {
    return st_times(st_times(window->kernel[0], window->kernel[1]), channels);
}

int64_t st_window_positions(const StWindow *window) {
    return st_times(window->out[0], window->out[1]);
}

/* ---- patches ---- */

/* Elements of a patch that lie side by side in the image: a row of the kernel, or one tap of it where taps or
 * channels are left out between them. */
typedef struct Run {
    const StWindow *window;
    int64_t length;  /* elements of a whole run */
    int64_t offset;  /* first element wanted, in the image's row, when the window begins at column 0 */
    int64_t wanted;  /* elements wanted of it */
    int64_t row;     /* of the kernel, with dilation */
    int64_t at;      /* where they lie in a patch of the band */
    int64_t columns; /* elements from patch to patch: those of the band */
} Run;

static int64_t run_count(const StWindow *w, const StBand *band, bool *merged) {
    *merged = w->dilation[1] == 1 && band->channels == w->channels;
    return *merged ? w->kernel[0] : w->kernel[0] * w->kernel[1];
}

/* Run number `index`; false where the band wants nothing of it. */
static bool run_of(const StWindow *w, const StBand *band, bool merged, int64_t index, Run *run) {
    int64_t length = merged ? w->kernel[1] * band->channels : band->channels, begin = index * length;
    int64_t from = band->from > begin ? band->from : begin;
    int64_t to = band->to < begin + length ? band->to : begin + length;
    int64_t tap_row = merged ? index : index / w->kernel[1], tap = merged ? 0 : index % w->kernel[1];
    *run = (Run){.window = w,
                 .length = length,
                 .offset = tap * w->dilation[1] * w->channels + band->channel + (from - begin),
                 .wanted = to - from,
                 .row = tap_row * w->dilation[0],
                 .at = from - band->from,
                 .columns = band->to - band->from};
    return to > from;
}

/* Positions first … of one line of windows: row `line` of the outputs of image `image`. */
typedef struct Line {
    int64_t image, line, first, count;
    int64_t done; /* positions of the band before it */
} Line;

static bool line_next(const StWindow *w, const StBand *band, Line *line) {
    int64_t done = line->done + line->count;
    if (done >= band->count) return false;
    int64_t position = band->first + done, lines = position / w->out[1];
    line->first = position % w->out[1];
    line->line = lines % w->out[0];
    line->image = lines / w->out[0];
    line->count = w->out[1] - line->first;
    if (line->count > band->count - done) line->count = band->count - done;
    line->done = done;
    return true;
}

/* The row of the image under a run, in elements from image 0 on, or -1 outside. */
static int64_t image_row(const Run *run, const Line *line) {
    const StWindow *w = run->window;
    int64_t row = line->line * w->stride[0] - w->before[0] + run->row;
    if (row < 0 || row >= w->size[0]) return -1;
    return (line->image * w->size[0] + row) * w->size[1] * w->channels;
}

static inline int64_t clip(int64_t value, int64_t most) {
    return value < 0 ? 0 : value > most ? most : value;
}

/* n elements, without a call for the few of a run: whole vectors, and a last one that overlaps. */
static inline __attribute__((always_inline)) void copy(Real *to, const Real *from, int64_t n) {
#define CHUNKS(size)                                                                                         \
    for (int64_t e = 0; e + size <= n; e += size)                                                            \
        memcpy(to + e, from + e, size * sizeof *to);                                                         \
    memcpy(to + n - size, from + n - size, size * sizeof *to);                                               \
    return
    if (n >= 16) {
        CHUNKS(16);
    } else if (n >= 4) {
        CHUNKS(4);
    } else if (n >= 2) {
        memcpy(to, from, 2 * sizeof *to);
        to[n - 1] = from[n - 1];
    } else if (n == 1) {
        *to = *from;
    }
#undef CHUNKS
}

/* The positions [from, to) of a line whose run lies inside the image's row, when the first begins at element
 * `at` of its `width` and the next ones `step` further. */
static void inside(const Line *line, int64_t at, int64_t step, int64_t wanted, int64_t width, int64_t *from,
                   int64_t *to) {
    *from = clip(at < 0 ? (-at + step - 1) / step : 0, line->count);
    *to = at + wanted > width ? 0 : clip((width - wanted - at) / step + 1, line->count);
    if (*to < *from) *to = *from;
}

/* One run that lies partly outside. */
static void gather_clipped(const Real *row, int64_t at, int64_t wanted, int64_t width, Real *to) {
    int64_t left = clip(-at, wanted), right = clip(width - at, wanted);
    if (right < left) right = left;
    memset(to, 0, (size_t)left * sizeof *to);
    copy(to + left, row + (right > left ? at + left : 0), right - left);
    memset(to + right, 0, (size_t)(wanted - right) * sizeof *to);
}

ST_CLONES static void gather_line(const Run *run, const Line *line, const Real *image, Real *to) {
    const StWindow *w = run->window;
    int64_t row = image_row(run, line), width = w->size[1] * w->channels, step = w->stride[1] * w->channels;
    int64_t at = line->first * step - w->before[1] * w->channels + run->offset, i = 0, from, end;
    const int64_t wanted = run->wanted, columns = run->columns;
    if (row < 0) at = width; /* everything is outside */
    inside(line, at, step, wanted, width, &from, &end);
    const Real *source = image + (row < 0 ? 0 : row);
    for (; i < from; i++)
        gather_clipped(source, at + i * step, wanted, width, to + i * columns);
    for (; i < end; i++)
        copy(to + i * columns, source + at + i * step, wanted);
    for (; i < line->count; i++)
        gather_clipped(source, at + i * step, wanted, width, to + i * columns);
}

void st_window_gather(const StWindow *w, const StBand *band, const Real *image, Real *columns) {
    bool merged;
    int64_t runs = run_count(w, band, &merged);
    for (Line line = {0}; line_next(w, band, &line);) {
        for (int64_t r = 0; r < runs; r++) {
            Run run;
            if (run_of(w, band, merged, r, &run))
                gather_line(&run, &line, image, columns + line.done * run.columns + run.at);
        }
    }
}

ST_CLONES static void scatter_line(const Run *run, const Line *line, const Real *from, Real *image) {
    const StWindow *w = run->window;
    int64_t row = image_row(run, line), width = w->size[1] * w->channels, step = w->stride[1] * w->channels;
    if (row < 0) return;
    int64_t at = line->first * step - w->before[1] * w->channels + run->offset;
    for (int64_t i = 0; i < line->count; i++, at += step, from += run->columns) {
        int64_t left = clip(-at, run->wanted), right = clip(width - at, run->wanted);
        Real *to = image + row + at;
        ST_LOOP
        for (int64_t e = left; e < right; e++)
            to[e] += from[e];
    }
}

/* What an element of the image gets is added in the order of the positions that it comes from, however a
 * caller cuts them: of merged runs a line has only one for each element, others are taken position by
 * position.
 */
void st_window_scatter(const StWindow *w, const StBand *band, const Real *columns, Real *image) {
    bool merged;
    int64_t runs = run_count(w, band, &merged);
    for (Line line = {0}; line_next(w, band, &line);) {
        Line piece = line;
        piece.count = merged ? line.count : 1;
        for (; piece.first < line.first + line.count; piece.first += piece.count, piece.done += piece.count) {
            for (int64_t r = 0; r < runs; r++) {
                Run run;
                if (run_of(w, band, merged, r, &run))
                    scatter_line(&run, &piece, columns + piece.done * run.columns + run.at, image);
            }
        }
    }
}

/* Where the image has one channel and windows lie side by side, a tap of a line of windows is a piece of the
 * image's row: patches are then made as [elements of a patch, positions], by few long copies. */
static bool is_turned(const StWindow *w) {
    return w->channels == 1 && w->stride[1] == 1;
}

static void gather_turned(const StWindow *w, const StBand *band, const Real *image, Real *columns) {
    for (int64_t k = band->from; k < band->to; k++, columns += band->count) {
        StBand tap = {.first = band->first, .count = band->count, .channels = 1, .from = k, .to = k + 1};
        bool merged;
        Run run;
        run_count(w, &tap, &merged);
        run_of(w, &tap, merged, merged ? k / w->kernel[1] : k, &run);
        for (Line line = {0}; line_next(w, &tap, &line);) {
            int64_t row = image_row(&run, &line), at = line.first - w->before[1] + run.offset;
            gather_clipped(image + (row < 0 ? 0 : row), row < 0 ? w->size[1] : at, line.count, w->size[1],
                           columns + line.done);
        }
    }
}

/* ---- products with a kernel ---- */

/* A patch is one element of the image, every one of them: no need to move anything. */
static bool is_plain(const StWindow *w) {
    return w->kernel[0] == 1 && w->kernel[1] == 1 && w->stride[0] == 1 && w->stride[1] == 1 &&
           w->out[0] == w->size[0] && w->out[1] == w->size[1];
}

static int64_t patch_of(const StFilter *filter) {
    return st_window_patch(&filter->window, filter->window.channels / filter->groups);
}

/* Positions of a tile, whose patches are of so many elements: as many as fit, and all tiles about equal. */
static int64_t tile_of(int64_t fit, int64_t elements, int64_t positions) {
    int64_t most = elements > 0 ? fit / elements : TILE_ROWS_MAX;
    most = most < 1 ? 1 : most > TILE_ROWS_MAX ? TILE_ROWS_MAX : most;
    int64_t tiles = (positions + most - 1) / most;
    int64_t equal = (positions / tiles / ROUND + 1) * ROUND;
    return equal < most ? equal : most;
}

/* Long patches are worked on in bands, one behind the other: so that a tile has many positions all the same,
 * and what a band of the kernel is multiplied with is near. Band `index` of the `bands` of rows [from, to).
 */
static int64_t bands_of(const StFilter *filter, int64_t from, int64_t to) {
    return is_plain(&filter->window) ? 1 : (to - from + BAND - 1) / BAND;
}

static void band_set(StBand *band, int64_t from, int64_t to, int64_t bands, int64_t index) {
    band->from = from + (to - from) * index / bands;
    band->to = from + (to - from) * (index + 1) / bands;
}

int64_t st_filter_tile(const StFilter *filter, int64_t positions) {
    int64_t patch = patch_of(filter);
    return tile_of(TILE, patch < BAND ? patch : BAND, positions);
}

int64_t st_filter_scratch(const StFilter *filter) {
    return st_plus(WIDE_TILE, filter->width);
}

/* The patches of a band as a factor of a product. */
typedef struct Patches {
    const Real *v;
    int64_t next;
    bool turned; /* [elements, positions], else [positions, elements] */
} Patches;

static Patches patches_of(const StWindow *w, const StBand *band, const Real *image, Real *scratch) {
    if (is_plain(w))
        return (Patches){image + band->first * w->channels + band->channel + band->from, w->channels, false};
    if (is_turned(w)) {
        gather_turned(w, band, image, scratch);
        return (Patches){scratch, band->count, true};
    }
    st_window_gather(w, band, image, scratch);
    return (Patches){scratch, band->to - band->from, false};
}

static StBand band_of(const StFilter *filter, int64_t group, int64_t first, int64_t count) {
    int64_t channels = filter->window.channels / filter->groups;
    return (StBand){first, count, group * channels, channels, 0, patch_of(filter)};
}

/* Where no window reaches outside and a line of the window is many elements of a row of the image: the
 * patches of a line of windows then lie in that row as a matrix whose rows overlap, one for each line of the
 * window. The line's share of the kernel is read for every line of windows, so it has to stay near. */
static bool lies_in_rows(const StFilter *filter) {
    enum { ELEMENTS = 32, POSITIONS = 6 };
    const StWindow *w = &filter->window;
    bool inside = true;
    for (int i = 0; i < 2; i++)
        inside = inside && w->before[i] == 0 &&
                 (w->out[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] < w->size[i];
    int64_t elements = w->kernel[1] * w->channels;
    return inside && filter->groups == 1 && w->dilation[1] == 1 && elements >= ELEMENTS &&
           elements * filter->width <= TILE && w->out[1] >= POSITIONS;
}

/* Line by line of the window, whose share of the kernel stays in the cache; the order of the patch's
 * elements. */
static void apply_in_rows(const StFilter *filter, int64_t first, int64_t count, const Real *image,
                          const Real *kernel, bool add, Real *matrix) {
    const StWindow *w = &filter->window;
    StBand band = {.first = first, .count = count};
    int64_t elements = w->kernel[1] * w->channels;
    for (int64_t r = 0; r < w->kernel[0]; r++, kernel += elements * filter->width)
        for (Line line = {0}; line_next(w, &band, &line);) {
            int64_t row = line.image * w->size[0] + line.line * w->stride[0] + r * w->dilation[0];
            const Real *at = image + (row * w->size[1] + line.first * w->stride[1]) * w->channels;
            st_gemm(false, false, line.count, filter->width, elements, 1, at, w->stride[1] * w->channels,
                    kernel, filter->width, add || r > 0, matrix + (first + line.done) * filter->width,
                    filter->width);
        }
}

void st_filter_apply(const StFilter *filter, int64_t first, int64_t count, const Real *image,
                     const Real *kernel, bool add, Real *matrix, Real *scratch) {
    int64_t width = filter->width, each = width / filter->groups, patch = patch_of(filter);
    int64_t bands = bands_of(filter, 0, patch);
    if (lies_in_rows(filter) && !is_plain(&filter->window)) {
        apply_in_rows(filter, first, count, image, kernel, add, matrix);
        return;
    }
    for (int64_t g = 0; g < filter->groups; g++)
        for (int64_t b = 0; b < bands; b++) {
            StBand band = band_of(filter, g, first, count);
            band_set(&band, 0, patch, bands, b);
            Patches patches = patches_of(&filter->window, &band, image, scratch);
            st_gemm(patches.turned, false, count, each, band.to - band.from, 1, patches.v, patches.next,
                    kernel + band.from * width + g * each, width, add || b, matrix + first * width + g * each,
                    width);
        }
}

/* The product packs the kernel anew for each tile, so these are wide. */
void st_filter_turn_back(const StFilter *filter, int64_t row, int64_t rows, const Real *matrix,
                         const Real *kernel, bool add, Real *image, Real *scratch) {
    const StWindow *w = &filter->window;
    bool plain = is_plain(w);
    int64_t size = w->size[0] * w->size[1] * w->channels, positions = st_window_positions(w);
    int64_t width = filter->width, each = width / filter->groups, end = (row + rows) * positions;
    int64_t patch = patch_of(filter), bands = bands_of(filter, 0, patch);
    int64_t tile = tile_of(WIDE_TILE, patch < BAND ? patch : BAND, rows * positions);
    if (!plain && !add) memset(image + row * size, 0, (size_t)(rows * size) * sizeof *image);
    for (int64_t gb = 0; gb < filter->groups * bands; gb++) {
        for (int64_t first = row * positions; first < end; first += tile) {
            int64_t g = gb / bands;
            StBand band = band_of(filter, g, first, end - first < tile ? end - first : tile);
            band_set(&band, 0, patch, bands, gb % bands);
            Real *patches = plain ? image + first * w->channels + band.channel : scratch;
            int64_t columns = band.to - band.from;
            st_gemm(false, true, band.count, columns, each, 1, matrix + first * width + g * each, width,
                    kernel + band.from * width + g * each, width, plain && add, patches,
                    plain ? w->channels : columns);
            if (!plain) st_window_scatter(w, &band, scratch, image);
        }
    }
}

/* sums += the columns' sums of a tile, with room for them. */
static void add_sums(const Real *matrix, int64_t count, int64_t width, bool add, Real *sums, Real *room) {
    st_columns_sum(add ? room : sums, matrix, count, width, 0, width);
    if (add) st_vector_axpy(sums, 1, room, width);
}

void st_filter_gradient(const StFilter *filter, int64_t rows, int64_t from, int64_t to, const Real *image,
                        const Real *matrix, Real *gradient, Real *sums, Real *scratch) {
    int64_t width = filter->width, each = width / filter->groups, bands = bands_of(filter, from, to);
    int64_t positions = rows * st_window_positions(&filter->window);
    int64_t tile = tile_of(TILE, (to - from) / (bands ? bands : 1) + 1 + width, positions);
    for (int64_t b = 0; b < bands || (b == 0 && sums); b++)
        for (int64_t first = 0; first < positions; first += tile) {
            int64_t count = positions - first < tile ? positions - first : tile;
            for (int64_t g = 0; g < filter->groups && from < to; g++) {
                StBand band = band_of(filter, g, first, count);
                band_set(&band, from, to, bands, b);
                Patches patches = patches_of(&filter->window, &band, image, scratch + width);
                st_gemm(!patches.turned, false, band.to - band.from, each, count, 1, patches.v, patches.next,
                        matrix + first * width + g * each, width, first > 0,
                        gradient + band.from * width + g * each, width);
            }
            if (sums && b == 0) add_sums(matrix + first * width, count, width, first > 0, sums, scratch);
        }
}
