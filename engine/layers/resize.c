/* What makes sequences and images larger or smaller without weights: zeros around them, borders cut off, and
 * pixels repeated or interpolated. */
#include "layers/window.h"

#include <math.h>
#include <string.h>

/* ---- zero_padding and cropping ---- */

/* One text for what Keras writes as numbers or pairs of them: "1", "1x2", "1,2,0,3". */
typedef struct Borders {
    char text[48];
} Borders;

static const StOption padding_1d[] = {
    {.name = "padding",
     .type = ST_TEXT,
     .size = sizeof(Borders),
     .fallback = "1",
     .place = true,
     .help = "Steps of zeros: 2 at either end, or 1x2 before and behind"},
    {0},
};
static const StOption padding_2d[] = {
    {.name = "padding",
     .type = ST_TEXT,
     .size = sizeof(Borders),
     .fallback = "1",
     .place = true,
     .help =
         "Zeros: 2 on every side, 1x2 rows x columns on either side, or 1,2,0,3 top, bottom, left, right"},
    {0},
};
static const StOption cropping_1d[] = {
    {.name = "cropping",
     .type = ST_TEXT,
     .size = sizeof(Borders),
     .fallback = "1",
     .place = true,
     .help = "Steps cut off: 2 at either end, or 1x2 before and behind"},
    {0},
};
static const StOption cropping_2d[] = {
    {.name = "cropping",
     .type = ST_TEXT,
     .size = sizeof(Borders),
     .fallback = "0",
     .place = true,
     .help =
         "Cut off: 2 on every side, 1x2 rows x columns on either side, or 1,2,0,3 top, bottom, left, right"},
    {0},
};

/* An image inside a larger one: so far from its top, bottom, left and right. */
typedef struct Frame {
    int64_t border[4];
    int64_t size[2], channels; /* of the inner one */
} Frame;

/* Up to four whole numbers between x or commas; their number, or -1. */
static int read_numbers(const char *text, int64_t number[4]) {
    int count = 0;
    for (const char *at = text;; at++) {
        size_t digits = strspn(at, "0123456789");
        if (digits < 1 || digits > 5 || count == 4) return -1;
        number[count] = 0;
        for (; digits; digits--)
            number[count] = number[count] * 10 + (*at++ - '0');
        if (number[count++] > ST_EXTENT_MAX) return -1;
        if (*at == '\0') return count;
        if (*at != 'x' && *at != ',') return -1;
    }
}

static bool read_borders(const Borders *borders, const char *name, int rank, int64_t border[4],
                         StError *error) {
    int64_t n[4];
    int count = read_numbers(borders->text, n);
    if (count < 1 || count == 3 || (rank == 1 && count == 4))
        return st_fail(error, ST_ERR_VALUE, "%s=%.40s: wanted %s of 0 to %d", name, borders->text,
                       rank == 1 ? "1 number or 2 (1x2)" : "1 number, 2 (1x2) or 4 (1,2,0,3)", ST_EXTENT_MAX);
    for (int side = 0; side < 4; side++)
        border[side] = count == 1 ? n[0] : count == 4 ? n[side] : rank == 1 ? n[side % 2] : n[side / 2];
    if (rank == 1) border[0] = border[1] = 0;
    return true;
}

/* The frame of zero_padding (the input is the inner image) or of cropping (it is the outer one). */
static bool frame_of(const void *values, bool crops, const StShape *in, int rank, Frame *frame,
                     StError *error) {
    const char *name = crops ? "cropping" : "padding";
    StWindow w;
    if (!st_window_image(&w, in, rank, error) || !read_borders(values, name, rank, frame->border, error))
        return false;
    frame->channels = w.channels;
    for (int axis = 0; axis < 2; axis++) {
        int64_t both = frame->border[2 * axis] + frame->border[2 * axis + 1];
        frame->size[axis] = crops ? w.size[axis] - both : w.size[axis];
        if (frame->size[axis] < 1)
            return st_fail(error, ST_ERR_SHAPE, "cropping cuts off %lld of %lld: nothing is left",
                           (long long)both, (long long)w.size[axis]);
    }
    return true;
}

static bool frame_shape(const void *values, bool crops, const StShape *in, int rank, StShape *out,
                        StError *error) {
    Frame f = {0};
    if (!frame_of(values, crops, in, rank, &f, error)) return false;
    StWindow w = {.out = {f.size[0], f.size[1]}};
    for (int axis = 0; axis < 2 && !crops; axis++)
        w.out[axis] = st_plus(f.size[axis], f.border[2 * axis] + f.border[2 * axis + 1]);
    *out = st_window_out(&w, in, f.channels);
    return true;
}

static bool padding_shape_1d(const void *values, const StShape *in, StShape *out, StError *error) {
    return frame_shape(values, false, in, 1, out, error);
}
static bool padding_shape_2d(const void *values, const StShape *in, StShape *out, StError *error) {
    return frame_shape(values, false, in, 2, out, error);
}
static bool cropping_shape_1d(const void *values, const StShape *in, StShape *out, StError *error) {
    return frame_shape(values, true, in, 1, out, error);
}
static bool cropping_shape_2d(const void *values, const StShape *in, StShape *out, StError *error) {
    return frame_shape(values, true, in, 2, out, error);
}

/* `rows` outer images from inner ones, with zeros around them. */
static void put_into_frame(const Frame *f, int64_t rows, const Real *inner, Real *outer) {
    int64_t line = f->size[1] * f->channels;
    int64_t left = f->border[2] * f->channels, right = f->border[3] * f->channels;
    int64_t top = f->border[0] * (left + line + right), bottom = f->border[1] * (left + line + right);
    for (int64_t row = 0; row < rows; row++) {
        memset(outer, 0, (size_t)top * sizeof *outer);
        outer += top;
        for (int64_t i = 0; i < f->size[0]; i++) {
            memset(outer, 0, (size_t)left * sizeof *outer);
            memcpy(outer + left, inner, (size_t)line * sizeof *outer);
            memset(outer + left + line, 0, (size_t)right * sizeof *outer);
            outer += left + line + right;
            inner += line;
        }
        memset(outer, 0, (size_t)bottom * sizeof *outer);
        outer += bottom;
    }
}

/* `rows` inner images from outer ones. */
static void take_out_of_frame(const Frame *f, int64_t rows, const Real *outer, Real *inner) {
    int64_t line = f->size[1] * f->channels, next = line + (f->border[2] + f->border[3]) * f->channels;
    int64_t height = f->border[0] + f->size[0] + f->border[1];
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0; i < f->size[0]; i++, inner += line)
            memcpy(inner, outer + (row * height + f->border[0] + i) * next + f->border[2] * f->channels,
                   (size_t)line * sizeof *inner);
}

static void frame_forward(const StStep *step, const StPass *pass, bool crops) {
    Frame f = {0};
    frame_of(step->options, crops, &step->in, step->in.rank - 1, &f, NULL);
    const Real *x = step->x + pass->first * step->in_size;
    Real *y = step->y + pass->first * step->out_size;
    (crops ? take_out_of_frame : put_into_frame)(&f, pass->rows, x, y);
}

static void frame_backward(const StStep *step, const StPass *pass, bool crops) {
    if (!step->dx) return;
    Frame f = {0};
    frame_of(step->options, crops, &step->in, step->in.rank - 1, &f, NULL);
    const Real *dy = step->dy + pass->first * step->out_size;
    Real *dx = step->dx + pass->first * step->in_size;
    (crops ? put_into_frame : take_out_of_frame)(&f, pass->rows, dy, dx);
}

static void padding_forward(const StStep *step, const StPass *pass) {
    frame_forward(step, pass, false);
}
static void padding_backward(const StStep *step, const StPass *pass) {
    frame_backward(step, pass, false);
}
static void cropping_forward(const StStep *step, const StPass *pass) {
    frame_forward(step, pass, true);
}
static void cropping_backward(const StStep *step, const StPass *pass) {
    frame_backward(step, pass, true);
}

#define PADDING  .options_size = sizeof(Borders), .forward = padding_forward, .backward = padding_backward
#define CROPPING .options_size = sizeof(Borders), .forward = cropping_forward, .backward = cropping_backward

const StLayerKind st_kind_zero_padding1d = {
    .name = "zero_padding1d",
    .help = "Adds steps of zeros before and behind a sequence",
    .formula = "y[t + padding, c] = x[t, c], else 0",
    .options = padding_1d,
    .shape = padding_shape_1d,
    PADDING,
};

const StLayerKind st_kind_zero_padding2d = {
    .name = "zero_padding2d",
    .help = "Adds rows and columns of zeros around an image",
    .formula = "y[r + top, q + left, c] = x[r, q, c], else 0",
    .options = padding_2d,
    .shape = padding_shape_2d,
    PADDING,
};

const StLayerKind st_kind_cropping1d = {
    .name = "cropping1d",
    .help = "Cuts steps off both ends of a sequence",
    .formula = "y[t, c] = x[t + cropping, c]",
    .options = cropping_1d,
    .shape = cropping_shape_1d,
    CROPPING,
};

const StLayerKind st_kind_cropping2d = {
    .name = "cropping2d",
    .help = "Cuts rows and columns off the borders of an image",
    .formula = "y[r, q, c] = x[r + top, q + left, c]",
    .options = cropping_2d,
    .shape = cropping_shape_2d,
    CROPPING,
};

/* ---- up_sampling ---- */

typedef struct Sampling {
    StSize size;
    int interpolation;
} Sampling;

enum { NEAREST, BILINEAR, BICUBIC, LANCZOS3, LANCZOS5 };
enum { TAPS_MAX = 11 };

static const StChoice interpolations[] = {
    {.name = "nearest", .help = "every pixel is repeated"},
    {.name = "bilinear", .help = "straight lines between the pixels' middles"},
    {.name = "bicubic", .help = "cubic curves through the pixels' middles (Keys 1981, a = -0.5)"},
    {.name = "lanczos3", .help = "a windowed sinc over six pixels"},
    {.name = "lanczos5", .help = "a windowed sinc over ten pixels"},
    {0},
};

static const StOption sampling_1d[] = {
    ST_SIZE_1D(Sampling, size, "2", .place = true, .help = "How often every step is repeated"),
    {0},
};

static const StOption sampling_2d[] = {
    ST_SIZE_2D(Sampling, size, "2", .place = true, .help = "How many times as many rows x columns"),
    ST_OPTION(Sampling, interpolation, ST_CHOICE, "nearest", .choices = interpolations,
              .help = "What stands between the pixels"),
    {0},
};

static bool sampling_shape(const void *values, const StShape *in, int rank, StShape *out, StError *error) {
    const Sampling *sampling = values;
    StWindow w;
    if (!st_window_image(&w, in, rank, error)) return false;
    if (rank == 2) w.out[0] = st_times(w.size[0], sampling->size.n[0]);
    w.out[1] = st_times(w.size[1], sampling->size.n[rank - 1]);
    *out = st_window_out(&w, in, w.channels);
    return true;
}

static bool sampling_shape_1d(const void *values, const StShape *in, StShape *out, StError *error) {
    return sampling_shape(values, in, 1, out, error);
}

static bool sampling_shape_2d(const void *values, const StShape *in, StShape *out, StError *error) {
    return sampling_shape(values, in, 2, out, error);
}

static double lanczos(double distance, double radius) {
    const double pi = 3.14159265358979323846;
    if (distance >= radius) return 0;
    if (distance < 1e-9) return 1;
    return radius * sin(pi * distance) * sin(pi * distance / radius) / (pi * pi * distance * distance);
}

/* What a pixel so far away counts. */
static double nearness(int interpolation, double distance) {
    double d = fabs(distance);
    switch (interpolation) {
    case BILINEAR:
        return d < 1 ? 1 - d : 0;
    case BICUBIC:
        return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
    case LANCZOS3:
        return lanczos(d, 3);
    default:
        return lanczos(d, 5);
    }
}

/* The pixels [first, first + count) of `size` that output `index` is made of, and their weights, which are 1
 * in sum: those of them that lie outside are left out. Middles of pixels stand at halves. */
typedef struct Taps {
    int64_t first;
    int count;
    Real weight[TAPS_MAX];
} Taps;

static Taps taps_of(int interpolation, int64_t size, int64_t factor, int64_t index) {
    static const int radii[] = {[BILINEAR] = 1, [BICUBIC] = 2, [LANCZOS3] = 3, [LANCZOS5] = 5};
    if (interpolation == NEAREST) return (Taps){index / factor, 1, {1}};
    Taps taps = {0};
    double at = ((double)index + 0.5) / (double)factor - 0.5, weight[TAPS_MAX], sum = 0;
    int radius = radii[interpolation];
    int64_t from = (int64_t)ceil(at - radius), to = (int64_t)floor(at + radius);
    taps.first = from < 0 ? 0 : from;
    for (int64_t i = taps.first; i <= to && i < size; i++)
        sum += weight[taps.count++] = nearness(interpolation, (double)i - at);
    for (int i = 0; i < taps.count; i++)
        taps.weight[i] = (Real)(weight[i] / sum);
    return taps;
}

/* One output pixel: y += Σ weights·x, or coming back x += weights·y. */
ST_CLONES static void blend(bool back, const Taps *down, const Taps *across, int64_t next, int64_t n, Real *x,
                            Real *y) {
    for (int a = 0; a < down->count; a++)
        for (int b = 0; b < across->count; b++) {
            const Real weight = down->weight[a] * across->weight[b];
            Real *from = x + a * next + b * n, *to = back ? from : y;
            if (back) from = y;
            ST_LOOP
            for (int64_t c = 0; c < n; c++)
                to[c] += weight * from[c];
        }
}

/* x and y are read or written as `back` says; what is written is 0 before. */
static void sample(const StStep *step, const StPass *pass, bool back, Real *x, Real *y) {
    const Sampling *sampling = step->options;
    StWindow w;
    int rank = step->in.rank - 1;
    st_window_image(&w, &step->in, rank, NULL);
    int64_t factor[2] = {rank == 1 ? 1 : sampling->size.n[0], sampling->size.n[rank - 1]};
    int64_t n = w.channels, next = w.size[1] * n;
    int kind = rank == 1 ? NEAREST : sampling->interpolation;
    for (int64_t row = 0; row < pass->rows; row++, x += step->in_size)
        for (int64_t i = 0; i < w.size[0] * factor[0]; i++) {
            Taps down = taps_of(kind, w.size[0], factor[0], i);
            for (int64_t j = 0; j < w.size[1] * factor[1]; j++, y += n) {
                Taps across = taps_of(kind, w.size[1], factor[1], j);
                blend(back, &down, &across, next, n, x + down.first * next + across.first * n, y);
            }
        }
}

static void sampling_forward(const StStep *step, const StPass *pass) {
    Real *y = step->y + pass->first * step->out_size;
    memset(y, 0, (size_t)(pass->rows * step->out_size) * sizeof *y);
    sample(step, pass, false, (Real *)step->x + pass->first * step->in_size, y);
}

static void sampling_backward(const StStep *step, const StPass *pass) {
    if (!step->dx) return;
    Real *dx = step->dx + pass->first * step->in_size;
    memset(dx, 0, (size_t)(pass->rows * step->in_size) * sizeof *dx);
    sample(step, pass, true, dx, step->dy + pass->first * step->out_size);
}

#define SAMPLING .options_size = sizeof(Sampling), .forward = sampling_forward, .backward = sampling_backward

const StLayerKind st_kind_up_sampling1d = {
    .name = "up_sampling1d",
    .help = "Repeats every step of a sequence",
    .formula = "y[t, c] = x[⌊t / size⌋, c]",
    .options = sampling_1d,
    .shape = sampling_shape_1d,
    SAMPLING,
};

const StLayerKind st_kind_up_sampling2d = {
    .name = "up_sampling2d",
    .help = "Makes an image larger by repeating its pixels or by interpolating between them",
    .formula = "y[r, q, c] = x[⌊r / size⌋, ⌊q / size⌋, c], or a mean of the pixels around",
    .options = sampling_2d,
    .shape = sampling_shape_2d,
    SAMPLING,
};
