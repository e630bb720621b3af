/* What `strata bench` measures: ten networks, as recipes and as the matrix products that a step or a call of
 * them needs whatever else it does. */
#include "measure.h"

#include <stddef.h>

/* ---- products ---- */

static void grow(Products *all, Operand at, int64_t size) {
    if (at.from + size > all->size[at.buffer]) all->size[at.buffer] = at.from + size;
}

static void add(Products *all, Product p) {
    grow(all, p.a, (int64_t)p.m * p.k);
    grow(all, p.b, (int64_t)p.k * p.n);
    grow(all, p.c, (int64_t)p.m * p.n);
    if (all->count < PRODUCTS_MAX) all->product[all->count++] = p;
}

/* Y = X·W */
static void forward(Products *all, Operand x, Operand w, Operand y, int m, int n, int k) {
    add(all, (Product){.m = m, .n = n, .k = k, .a = x, .b = w, .c = y});
}

/* dW (+)= Xᵀ·dY */
static void weights_back(Products *all, Operand x, Operand dy, Operand dw, int rows, int in, int out,
                         bool more) {
    add(all, (Product){.ta = true, .add = more, .m = in, .n = out, .k = rows, .a = x, .b = dy, .c = dw});
}

/* dX = dY·Wᵀ */
static void back(Products *all, Operand dy, Operand w, Operand dx, int rows, int in, int out) {
    add(all, (Product){.tb = true, .m = rows, .n = in, .k = out, .a = dy, .b = w, .c = dx});
}

/* Buffers of layer i: x, w, and in training dw and dy; its output is the next layer's x. */
enum { X, W, DW, DY, BUFFERS };
static Operand of(int layer, int what, int64_t from) {
    return (Operand){layer * BUFFERS + what, from};
}

static void dense_forward(Products *all, int rows, int layers, const int *size, int first) {
    for (int i = 0; i < layers; i++)
        forward(all, of(first + i, X, 0), of(first + i, W, 0), of(first + i + 1, X, 0), rows, size[i + 1],
                size[i]);
}

/* down: dX of the first layer too. */
static void dense_back(Products *all, int rows, int layers, const int *size, int first, bool down) {
    for (int i = layers - 1; i >= 0; i--) {
        int at = first + i;
        weights_back(all, of(at, X, 0), of(at, DY, 0), of(at, DW, 0), rows, size[i], size[i + 1], false);
        if (i > 0 || down)
            back(all, of(at, DY, 0), of(at, W, 0), of(at - 1, DY, 0), rows, size[i], size[i + 1]);
    }
}

static const int article[] = {100, 64, 64, 10}, digits[] = {784, 128, 10}, wide[] = {784, 1024, 1024, 10};

static void article_step(Products *all, int rows) {
    dense_forward(all, rows, 3, article, 0);
    dense_back(all, rows, 3, article, 0, false);
}
static void article_call(Products *all, int rows) {
    dense_forward(all, rows, 3, article, 0);
}
static void digits_step(Products *all, int rows) {
    dense_forward(all, rows, 2, digits, 0);
    dense_back(all, rows, 2, digits, 0, false);
}
static void wide_step(Products *all, int rows) {
    dense_forward(all, rows, 3, wide, 0);
    dense_back(all, rows, 3, wide, 0, false);
}

/* Convolutions over the rows that im2col makes, four images at a time: 26x26 positions of 9 values, then
 * 11x11 of 288; their rows are made for every four anew, so they stay in one place. Layers 0 and 1; dense 2
 * and 3. */
enum { IMAGES = 4, POSITIONS_1 = 26 * 26, POSITIONS_2 = 11 * 11, UNITS_1 = 32, UNITS_2 = 64 };
static const int ends[] = {1600, 128, 10};

static void conv_call(Products *all, int rows) {
    for (int i = 0; i < rows; i += IMAGES) {
        int images = rows - i < IMAGES ? rows - i : IMAGES;
        forward(all, of(0, X, 0), of(0, W, 0), of(4, X, (int64_t)i * POSITIONS_1 * UNITS_1),
                images * POSITIONS_1, UNITS_1, 9);
        forward(all, of(1, X, 0), of(1, W, 0), of(4, DY, (int64_t)i * POSITIONS_2 * UNITS_2),
                images * POSITIONS_2, UNITS_2, 9 * UNITS_1);
    }
    dense_forward(all, rows, 2, ends, 2);
}

static void conv_step(Products *all, int rows) {
    conv_call(all, rows);
    dense_back(all, rows, 2, ends, 2, true);
    for (int i = 0; i < rows; i += IMAGES) {
        Operand dy = of(4, DY, (int64_t)i * POSITIONS_2 * UNITS_2);
        weights_back(all, of(1, X, 0), dy, of(1, DW, 0), IMAGES * POSITIONS_2, 9 * UNITS_1, UNITS_2, i > 0);
        back(all, dy, of(1, W, 0), of(1, X, 0), IMAGES * POSITIONS_2, 9 * UNITS_1, UNITS_2);
    }
    for (int i = 0; i < rows; i += IMAGES)
        weights_back(all, of(0, X, 0), of(4, X, (int64_t)i * POSITIONS_1 * UNITS_1), of(0, DW, 0),
                     IMAGES * POSITIONS_1, 9, UNITS_1, i > 0);
}

/* The input's product for all steps at once, then a product a step; back likewise. */
enum { TIMES = 128, INPUTS = 64, STATES = 128, GATES = 4 * STATES, CLASSES = 64 };

static void lstm_step(Products *all, int rows) {
    int every = rows * TIMES;
    Operand x = of(0, X, 0), w = of(0, W, 0), u = of(1, W, 0), h = of(1, X, 0), z = of(0, DY, 0);
    Operand v = of(2, W, 0), dy = of(2, DY, 0), dh = of(1, DY, 0);
    forward(all, x, w, z, every, GATES, INPUTS);
    for (int t = 0; t < TIMES; t++) {
        Operand before = {h.buffer, (int64_t)t * rows * STATES}, at = {z.buffer, (int64_t)t * rows * GATES};
        add(all, (Product){.add = true, .m = rows, .n = GATES, .k = STATES, .a = before, .b = u, .c = at});
    }
    forward(all, h, v, dy, every, CLASSES, STATES);
    weights_back(all, h, dy, of(2, DW, 0), every, STATES, CLASSES, false);
    back(all, dy, v, dh, every, STATES, CLASSES);
    for (int t = TIMES - 1; t > 0; t--) {
        Operand at = {z.buffer, (int64_t)t * rows * GATES},
                before = {dh.buffer, (int64_t)(t - 1) * rows * STATES};
        add(all,
            (Product){
                .tb = true, .add = true, .m = rows, .n = STATES, .k = GATES, .a = at, .b = u, .c = before});
    }
    weights_back(all, x, z, of(0, DW, 0), every, INPUTS, GATES, false);
    weights_back(all, h, z, of(1, DW, 0), every, STATES, GATES, false);
}

/* ---- recipes ---- */

#define ADAM(loss)     "compile optimizer=adam loss=" loss "\n"
#define SPARSE         ADAM("sparse_categorical_crossentropy")
#define ENDLESS(batch) "fit epochs=1000000 batch_size=" batch "\n"
#define ARTICLE        "dense 64 relu\ndense 64 relu\ndense 10 softmax\n"
#define CONV                                                                                                 \
    "input 28x28x1\nconv2d 32 3 activation=relu\nmax_pooling2d 2\nconv2d 64 3 activation=relu\n"             \
    "max_pooling2d 2\nflatten\ndense 128 relu\ndense 10 softmax\n"

const Workload workloads[] = {
    {"article", "train 100-64-64-10, batch 32", false, 32,
     "data synthetic random samples=10000 features=100 classes=10\n" ARTICLE SPARSE ENDLESS("32"),
     article_step, 0.6, 8, NULL},
    {"digits", "train 784-128-10, batch 128", false, 128,
     "data synthetic random samples=10000 features=784 classes=10\n"
     "dense 128 relu\ndense 10 softmax\n" SPARSE ENDLESS("128"),
     digits_step, 0.85, 1.7, NULL},
    {"wide", "train 784-1024-1024-10, batch 256", false, 256,
     "data synthetic random samples=5120 features=784 classes=10\n"
     "dense 1024 relu\ndense 1024 relu\ndense 10 softmax\n" SPARSE ENDLESS("256"),
     wide_step, 0.92, 1.2, NULL},
    {"conv", "train conv 32, 64, dense 128, batch 64", false, 64,
     "data synthetic random samples=2048 features=784 classes=10\n" CONV SPARSE ENDLESS("64"), conv_step, 0.8,
     1.4, NULL},
    {"playground", "train 2-8-8-1 tanh, SGD, batch 10", false, 10,
     "data synthetic circle samples=500\ndense 8 tanh\ndense 8 tanh\ndense 1 tanh\n"
     "compile optimizer=sgd loss=mean_squared_error learning_rate=0.03\n" ENDLESS("10"),
     NULL, 0, 100, NULL},
    {"lstm", "train LSTM 128 of 128x64, batch 32", false, 32,
     "data npy %s/x.npy %s/y.npy\nlstm 128 return_sequences=yes\ndense 64 softmax\n" SPARSE ENDLESS("32"),
     lstm_step, 0.8, 2, NULL},
    {"row", "predict 1 row of 100-64-64-10", true, 1, "input 100\n" ARTICLE, article_call, 0.5, 14, NULL},
    {"image", "predict 1 image, conv 32, 64", true, 1, CONV, conv_call, 0.8, 3, NULL},
    {"rows", "predict 1,024 rows of 100-64-64-10", true, 1024, "input 100\n" ARTICLE, article_call, 0.85, 1.3,
     NULL},
    {"images", "predict 1,024 images, conv 32, 64", true, 1024, CONV, conv_call, 0.9, 3, NULL},
    {0}};
