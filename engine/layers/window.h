/* A window that slides over images: what convolutions and poolings share. Images are channels-last,
 * [rows of the batch, size[0], size[1], channels]; a sequence is an image of one row, size[0] = 1.
 *
 * "Patch" is what lies under the window at one position, [kernel[0], kernel[1], channels], 0 where the window
 * lies outside the image; positions are counted through the batch: (row · out[0] + i) · out[1] + j.
 *
 * A convolution is the product of the patches, a matrix [positions, patch], with the kernel, a matrix [patch,
 * filters]. The matrix of patches is made in tiles that stay in the second cache and never as a whole. */
#ifndef ST_LAYERS_WINDOW_H
#define ST_LAYERS_WINDOW_H

#include "layers/options.h"

typedef struct StWindow {
    int64_t size[2], channels; /* of the image */
    int64_t kernel[2], stride[2], dilation[2];
    int64_t out[2];    /* positions */
    int64_t before[2]; /* so far before the image the first window begins */
} StWindow;

/* Keras' paddings, for ST_CHOICE options; causal (sequences only) is left out of the first. */
enum { ST_PADDING_VALID, ST_PADDING_SAME, ST_PADDING_CAUSAL };
#define st_paddings        ST_R(st_paddings)
#define st_paddings_causal ST_R(st_paddings_causal)
extern const StChoice st_paddings[], st_paddings_causal[];

#define ST_PADDING_HELP "What to do at the borders of the input"

/* Option rows of sizes along the axes: StSize fields, of which a sequence reads the first number. */
#define ST_SIZE_1D(Struct, field, standard, ...)                                                             \
    {                                                                                                        \
        .name = #field, .type = ST_INT, .offset = offsetof(Struct, field.n[0]), .size = sizeof(int),         \
        .fallback = standard, .low = 1, .high = ST_EXTENT_MAX, __VA_ARGS__                                   \
    }
#define ST_SIZE_2D(Struct, field, standard, ...)                                                             \
    ST_OPTION(Struct, field, ST_SIZE, standard, .low = 1, .high = ST_EXTENT_MAX, __VA_ARGS__)
#define ST_EXTENT_MAX 65536

/* The image of a row of the batch: a sequence (steps x channels) or rows x columns x channels, as `rank`, 1
 * or 2, says. Fails with what was got and wanted. */
#define st_window_image ST_R(st_window_image)
bool st_window_image(StWindow *window, const StShape *in, int rank, StError *error);
/* The shape of the output; the rank is that of the input. */
#define st_window_out ST_R(st_window_out)
StShape st_window_out(const StWindow *window, const StShape *in, int64_t channels);

/* Kernel, stride, dilation from options; in a sequence the first number is the one that counts. */
#define st_window_set ST_R(st_window_set)
void st_window_set(StWindow *window, const StShape *in, StSize kernel, StSize stride, StSize dilation);

/* out and before, as TensorFlow pads: "same" has ceil(size / stride) positions, and of the
 * (out - 1)·stride + (kernel - 1)·dilation + 1 - size that are missing half lies before the image, rounded
 * down. Fails where no window fits. */
#define st_window_fit ST_R(st_window_fit)
bool st_window_fit(StWindow *window, int padding, StError *error);

/* False where both move by more than 1, as in Keras. */
#define st_window_dilates ST_R(st_window_dilates)
bool st_window_dilates(const StShape *in, StSize stride, StSize dilation, StError *error);

/* The row of a kernel [taps…, inputs, outputs], with Keras' fans; of a bias [outputs]. */
typedef struct StWeightCalls {
    const StCall *initializer, *regularizer, *constraint;
} StWeightCalls;
#define st_window_weight ST_R(st_window_weight)
#define st_bias_weight   ST_R(st_bias_weight)
StWeight st_window_weight(const char *name, const StWindow *window, const StShape *in, int64_t inputs,
                          int64_t outputs, StWeightCalls calls);
StWeight st_bias_weight(int64_t outputs, StWeightCalls calls);
#define ST_WEIGHT_CALLS(options, whose)                                                                      \
    (StWeightCalls) {                                                                                        \
        &(options)->whose##_initializer, &(options)->whose##_regularizer, &(options)->whose##_constraint     \
    }

/* Elements of a patch of so many channels; positions of an image. -1 on overflow. */
#define st_window_patch     ST_R(st_window_patch)
#define st_window_positions ST_R(st_window_positions)
int64_t st_window_patch(const StWindow *window, int64_t channels);
int64_t st_window_positions(const StWindow *window);

/* Elements [from, to) of the patches of channels [channel, channel + channels), at `count` positions from
 * `first` on. image: of row 0. */
typedef struct StBand {
    int64_t first, count;
    int64_t channel, channels;
    int64_t from, to;
} StBand;

/* columns [count, to - from] = the patches; or the image += what the columns hold for it. */
#define st_window_gather  ST_R(st_window_gather)
#define st_window_scatter ST_R(st_window_scatter)
void st_window_gather(const StWindow *window, const StBand *band, const Real *image, Real *columns);
void st_window_scatter(const StWindow *window, const StBand *band, const Real *columns, Real *image);

/* Products of patches with a kernel [patch of channels / groups, width]: group g goes from its share of the
 * image's channels to its share of the kernel's columns. A matrix has `width` columns and a row for each
 * position. `scratch` holds st_filter_scratch elements; a call does at most st_filter_tile positions. */
typedef struct StFilter {
    StWindow window;
    int64_t groups, width;
} StFilter;

#define st_filter_scratch   ST_R(st_filter_scratch)
#define st_filter_tile      ST_R(st_filter_tile)
#define st_filter_apply     ST_R(st_filter_apply)
#define st_filter_turn_back ST_R(st_filter_turn_back)
#define st_filter_gradient  ST_R(st_filter_gradient)
int64_t st_filter_scratch(const StFilter *filter); /* -1 on overflow */
int64_t st_filter_tile(const StFilter *filter,
                       int64_t positions); /* of a tile, where so many are to be done */

/* matrix (+)= patches(image)·kernel at positions [first, first + count); matrix: of position 0. */
void st_filter_apply(const StFilter *filter, int64_t first, int64_t count, const Real *image,
                     const Real *kernel, bool add, Real *matrix, Real *scratch);
/* Images [row, row + rows) = where their patches came from, of matrix·kernelᵀ; added to what they hold with
 * `add`. Image and matrix: of row 0. Does all their positions. */
void st_filter_turn_back(const StFilter *filter, int64_t row, int64_t rows, const Real *matrix,
                         const Real *kernel, bool add, Real *image, Real *scratch);
/* Rows [from, to) of gradient = patches(image)ᵀ·matrix over all positions of `rows` rows; and, where it is
 * not NULL, sums [width] = the sums of the matrix' columns. */
void st_filter_gradient(const StFilter *filter, int64_t rows, int64_t from, int64_t to, const Real *image,
                        const Real *matrix, Real *gradient, Real *sums, Real *scratch);

#endif
