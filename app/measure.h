/* The three sides of `strata bench`: the engine, the bare products of the same network, PyTorch. Each is
 * timed in a process of its own, so that no side meets another's threads or memory, and prints samples a
 * second. */
#ifndef APP_MEASURE_H
#define APP_MEASURE_H

#include "base/error.h"
#include "train/learner_profile.h"
#include <stdbool.h>
#include <stdint.h>

/* ---- what is measured ---- */

/* One matrix product of a network: C [m, n] (+)= op(A)·op(B). Operands are buffers of their own number, from
 * an element on. m = 1 is a product of a matrix and a vector, for BLAS' sgemv. */
typedef struct Operand {
    int buffer;
    int64_t from;
} Operand;

typedef struct Product {
    bool ta, tb, add;
    int m, n, k;
    Operand a, b, c;
} Product;

enum { PRODUCT_BUFFERS = 24, PRODUCTS_MAX = 1024 };

typedef struct Products {
    int count;
    Product product[PRODUCTS_MAX];
    int64_t size[PRODUCT_BUFFERS]; /* elements of each buffer */
} Products;

typedef struct Workload {
    const char *word, *title;
    bool predicts;      /* else it trains */
    int rows;           /* of a batch, or of a call */
    const char *recipe; /* in training with its data, compile and fit; %s: a folder for files of data */
    void (*products)(Products *products, int rows); /* NULL: too small to speak of */
    double of_bare, of_torch;                       /* what is to be reached; 0: nothing */
    const char *file;   /* a recipe of one's own in its place; NULL */
} Workload;

extern const Workload workloads[]; /* ended by a row without a word */

/* ---- the sides ---- */

/* seconds are measured after a third as many that warm up. Samples a second; 0 with the error. */
double measure_engine(const Workload *workload, int threads, double seconds, StError *error);
/* Where the time of its training steps goes. False with the error. */
bool measure_profile(const Workload *workload, int threads, double seconds, StProfile *profile,
                     StError *error);
double measure_bare(const Workload *workload, int threads, double seconds, StError *error);

/* PyTorch in a process that is stopped while others are measured. start: false where there is no PyTorch. */
typedef struct Torch {
    int pid, to, from;
} Torch;
bool torch_start(Torch *torch, int threads, bool active);
double measure_torch(const Torch *torch, const Workload *workload, double seconds);
void torch_end(Torch *torch);

/* Seconds since some moment. */
double measure_clock(void);

#endif
