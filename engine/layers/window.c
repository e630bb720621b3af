#include "layers/window.h"

#include "math/gemm.h"

#include <string.h>

enum {
    TILE = 64 << 10,     /* elements of the patches made at a time: a quarter of a megabyte of floats */
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

static void gather_line(const Run *run, const Line *line, const Real *image, Real *to) {
    const StWindow *w = run->window;
    int64_t row = image_row(run, line), width = w->size[1] * w->channels, step = w->stride[1] * w->channels;
    int64_t at = line->first * step - w->before[1] * w->channels + run->offset;
    const int64_t wanted = run->wanted;
    for (int64_t i = 0; i < line->count; i++, at += step, to += run->columns) {
        if (row >= 0 && at >= 0 && at + wanted <= width) {
            const Real *from = image + row + at;
            if (wanted >= 16)
                memcpy(to, from, (size_t)wanted * sizeof *to);
            else
                for (int64_t e = 0; e < wanted; e++)
                    to[e] = from[e];
            continue;
        }
        int64_t left = row < 0 ? wanted : clip(-at, wanted), right = clip(width - at, wanted);
        if (right < left) right = left;
        memset(to, 0, (size_t)left * sizeof *to);
        memcpy(to + left, image + (right > left ? row + at + left : 0), (size_t)(right - left) * sizeof *to);
        memset(to + right, 0, (size_t)(wanted - right) * sizeof *to);
    }
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

void st_window_scatter(const StWindow *w, const StBand *band, const Real *columns, Real *image) {
    bool merged;
    int64_t runs = run_count(w, band, &merged);
    for (Line line = {0}; line_next(w, band, &line);) {
        for (int64_t r = 0; r < runs; r++) {
            Run run;
            if (run_of(w, band, merged, r, &run))
                scatter_line(&run, &line, columns + line.done * run.columns + run.at, image);
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

/* Positions whose patches, of so many elements, make a tile. */
static int64_t tile_of(int64_t elements) {
    int64_t rows = elements > 0 ? TILE / elements : TILE_ROWS_MAX;
    return rows < 1 ? 1 : rows > TILE_ROWS_MAX ? TILE_ROWS_MAX : rows;
}

int64_t st_filter_tile(const StFilter *filter) {
    return tile_of(patch_of(filter));
}

int64_t st_filter_scratch(const StFilter *filter) {
    int64_t patch = patch_of(filter);
    if (patch < 0) return -1;
    return patch > TILE ? patch : TILE;
}

static StBand band_of(const StFilter *filter, int64_t group, int64_t first, int64_t count) {
    int64_t channels = filter->window.channels / filter->groups;
    return (StBand){first, count, group * channels, channels, 0, patch_of(filter)};
}

void st_filter_apply(const StFilter *filter, int64_t first, int64_t count, const Real *image,
                     const Real *kernel, bool add, Real *matrix, Real *scratch) {
    const StWindow *w = &filter->window;
    bool plain = is_plain(w);
    int64_t each = filter->width / filter->groups, patch = patch_of(filter);
    for (int64_t g = 0; g < filter->groups; g++) {
        StBand band = band_of(filter, g, first, count);
        const Real *patches = plain ? image + first * w->channels + band.channel : scratch;
        if (!plain) st_window_gather(w, &band, image, scratch);
        st_gemm(false, false, count, each, patch, 1, patches, plain ? w->channels : patch, kernel + g * each,
                filter->width, add, matrix + first * filter->width + g * each, filter->width);
    }
}

void st_filter_turn_back(const StFilter *filter, int64_t row, int64_t rows, const Real *matrix,
                         const Real *kernel, bool add, Real *image, Real *scratch) {
    const StWindow *w = &filter->window;
    bool plain = is_plain(w);
    int64_t size = w->size[0] * w->size[1] * w->channels, positions = st_window_positions(w);
    int64_t each = filter->width / filter->groups, patch = patch_of(filter), tile = st_filter_tile(filter);
    if (!plain && !add) memset(image + row * size, 0, (size_t)(rows * size) * sizeof *image);
    for (int64_t done = 0; done < rows * positions; done += tile) {
        int64_t first = row * positions + done, left = rows * positions - done;
        for (int64_t g = 0; g < filter->groups; g++) {
            StBand band = band_of(filter, g, first, left < tile ? left : tile);
            Real *patches = plain ? image + first * w->channels + band.channel : scratch;
            st_gemm(false, true, band.count, patch, each, 1, matrix + first * filter->width + g * each,
                    filter->width, kernel + g * each, filter->width, plain && add, patches,
                    plain ? w->channels : patch);
            if (!plain) st_window_scatter(w, &band, scratch, image);
        }
    }
}

void st_filter_gradient(const StFilter *filter, int64_t rows, int64_t from, int64_t to, const Real *image,
                        const Real *matrix, Real *gradient, Real *scratch) {
    const StWindow *w = &filter->window;
    bool plain = is_plain(w);
    int64_t positions = rows * st_window_positions(w), each = filter->width / filter->groups;
    int64_t tile = tile_of(to - from);
    for (int64_t first = 0; first < positions && from < to; first += tile) {
        for (int64_t g = 0; g < filter->groups; g++) {
            StBand band = band_of(filter, g, first, positions - first < tile ? positions - first : tile);
            band.from = from, band.to = to;
            const Real *patches = plain ? image + first * w->channels + band.channel + from : scratch;
            if (!plain) st_window_gather(w, &band, image, scratch);
            st_gemm(true, false, to - from, each, band.count, 1, patches, plain ? w->channels : to - from,
                    matrix + first * filter->width + g * each, filter->width, first > 0,
                    gradient + from * filter->width + g * each, filter->width);
        }
    }
}
