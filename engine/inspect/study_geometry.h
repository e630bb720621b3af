/* What the studies of geometry share: activations of a layer over some rows as a cloud of points, and the
 * axes along which such a cloud is widest. Double alone. */
#ifndef ST_INSPECT_STUDY_GEOMETRY_H
#define ST_INSPECT_STUDY_GEOMETRY_H

#include "inspect/lens.h"
#include "inspect/study.h"

enum { ST_LAYER_INPUT = -1 }; /* in place of a layer: what goes into the first one */

/* The weight matrices of a layer, its kernels or tables of embeddings, from 0; NULL: it has none (more). */
const StTensor *st_geometry_matrix(const StLens *lens, int layer, int n);
/* The layer of an ask. Its own choice is the last hidden one: the last but one that has a weight matrix, or
 * the only one, or the last layer. Said in the finding: layer (from 1; 0: the input), layer_index,
 * layer_name. */
int st_geometry_layer(StJob *job);
void st_geometry_say_layer(StJob *job, int layer);           /* the same of a layer that is given */
const char *st_geometry_name(const StLens *lens, int layer); /* "dense_1", "input" */
int64_t st_geometry_width(const StLens *lens, int layer);    /* numbers a row */

/* Rows to look at: `wanted` at most, fewer where a row is so wide that they would take more than 128 MB.
 * Drawn by the seed in ascending order; said in the finding: part, rows, row_index. NULL with an error: the
 * caller frees. */
int64_t *st_geometry_rows(StJob *job, StPart part, int64_t wanted, int64_t width, int64_t *count,
                          StError *error);

/* The layer's outputs for rows of a part: out [rows][width], flattened. Where there are several pieces of
 * work goes on between them as far as `done`. */
bool st_geometry_collect(StJob *job, int layer, StPart part, const int64_t *index, int64_t rows, double *out,
                         double done, StError *error);
bool st_geometry_finite(const double *x, int64_t count);
/* Takes the mean of each column off; mean [width] may be NULL. */
void st_geometry_centre(double *x, int64_t rows, int64_t width, double *mean);

/* Eigenvectors of XᵀX, the greatest first, by whichever of XᵀX and XXᵀ is smaller. Axes along which there is
 * nothing (below 1e-12 of the first) are left out. */
typedef struct StAxes {
    int64_t rows, width, rank;
    double *value; /* [min(rows, width)] eigenvalues: Σ of squares along each axis; rank of them have axes */
    double *basis; /* by columns of X: [rank][width] the axes; by rows: [rank][rows] their images */
    bool by_rows;
    double total; /* Σ of all squares */
} StAxes;
bool st_axes_find(StAxes *axes, const double *x, int64_t rows, int64_t width, StError *error);
void st_axes_free(StAxes *axes);
/* Where points lie along the first `count` axes, count <= rank: to [rows][count]. x is what the axes are of;
 * from [rows][width] may be x itself. */
bool st_axes_project(const StAxes *axes, const double *x, const double *from, int64_t rows, int64_t count,
                     double *to, StError *error);
void st_axes_component(const StAxes *axes, const double *x, int64_t k, double *to); /* unit vector [width] */

#endif
