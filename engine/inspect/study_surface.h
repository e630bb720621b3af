/* What the studies of the surface share: a fixed set of rows, the loss and the gradient of it at any weights,
 * and directions through the weights. Compiled in double alone; nobody but study_surface*.c includes it.
 *
 * The loss is the compiled one, regularisers included, dropout off, layers that keep statistics using those
 * they have kept; over more rows than ST_LENS_ROWS it is the mean of chunks, weighted by their rows. A point
 * of the surface is a flat array of `total` weights as the network's own. Directions are such arrays with
 * zeros where a weight is not trained: those are held at the snapshot's everywhere. */
#ifndef ST_INSPECT_STUDY_SURFACE_H
#define ST_INSPECT_STUDY_SURFACE_H

#include "inspect/lens.h"
#include "inspect/moments.h"
#include "inspect/study.h"

typedef struct StSurface {
    StJob *job;
    StLens *lens;
    StPart part;
    int64_t rows, *index; /* [rows] of the part */
    int64_t total, trained;
    double *center; /* [total] the snapshot's weights */
} StSurface;

enum { ST_SURFACE_ROWS = 256 };

/* Draws the rows: those of the part asked for, of training where none is; ask->count of them, else
 * `standard`. Says in the finding: part, rows, weights (that are trained), row_index. end lays the snapshot's
 * weights again; it may be called after begin failed. */
bool st_surface_begin(StSurface *surface, StJob *job, int64_t standard, StError *error);
void st_surface_end(StSurface *surface);

/* [total] zeros, or NULL with the error set; the caller frees it. */
double *st_surface_array(const StSurface *surface, StError *error);

/* Lays center + a·first + b·second on the lens; first and second may be NULL. */
void st_surface_move(StSurface *surface, const double *first, double a, const double *second, double b);
/* The loss there; with its gradient [total], zero where a weight is not trained. done: how far the study is,
 * for st_job_go_on, called after every chunk. False: cancelled. */
bool st_surface_loss(StSurface *surface, double done, double *loss, StError *error);
bool st_surface_gradient(StSurface *surface, double done, double *loss, double *gradient, StError *error);

/* to[total] = weights − center where they are trained, else 0. */
void st_surface_difference(const StSurface *surface, const float *weights, double *to);

/* The way of the run: moments, evenly chosen and held while they are looked at, and the present where it is
 * newer. Without moments: the weights that are compared with, and the present. Two points at least. */
enum { ST_SURFACE_PATH_MAX = 64 };
typedef struct StSurfacePath {
    StMoments *moments;
    int count;
    const StMoment *held[ST_SURFACE_PATH_MAX];
    const float *weights[ST_SURFACE_PATH_MAX]; /* [total] */
    int64_t step[ST_SURFACE_PATH_MAX];         /* -1: not known */
    double rate[ST_SURFACE_PATH_MAX];          /* of that step; 0: not known */
} StSurfacePath;
void st_surface_path_begin(StSurfacePath *path, const StJob *job,
                           int most); /* most: 3 … ST_SURFACE_PATH_MAX */
void st_surface_path_end(StSurfacePath *path);

/* Eigenvalues, descending, and eigenvectors (the columns of vectors [n][n]) of a symmetric matrix [n][n],
 * which is destroyed. Cyclic Jacobi (Golub and Van Loan, Matrix Computations, 8.5). For n below 100 or so. */
void st_surface_eigen(int n, double *matrix, double *values, double *vectors);

#endif
