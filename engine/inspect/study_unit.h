/* One unit of a layer on the example that lies in row 0 of a lens: what goes into it, what it is weighed by,
 * what it adds up to and what it puts out. Dense layers, convolutions of every kind, normalization with
 * moving statistics, averages and activations are such sums; for others `why` says what they are instead. */
#ifndef ST_INSPECT_STUDY_UNIT_H
#define ST_INSPECT_STUDY_UNIT_H

#include "inspect/lens.h"

typedef struct StUnit {
    const StStep *step;
    int64_t unit, units; /* along the last axis of the output */
    int64_t positions; /* places at which the layer puts all its units out: 1 where the output is a vector */
    int64_t place;     /* the one where this unit's output is greatest, counted through them */
    double output;     /* there */
    const char *why;   /* NULL: it is f(Σ wᵢxᵢ + b), as follows; else why it is not */

    int64_t count; /* [count] inputs x and weights w at that place */
    double *x, *w;
    double bias, sum; /* bias 0 where there is none; sum = Σ wᵢxᵢ + bias, in the order of the inputs */
    bool has_bias;    /* there is a weight of that name */
    bool derived;     /* w is not a weight of the layer itself, but ∂sum/∂x worked out from several */
    int kernel, own_bias; /* index into the lens's tensors; -1: none that could be named */
    int64_t *from;        /* [count] which elements of the layer's input x are, where derived; else NULL */
    int64_t *at;          /* [count] which element of the kernel each w is; NULL without a kernel */
    int64_t filter[3];    /* extents of a convolution's window, and its channels; 0: it has none */
    StCall activation;
    bool bends; /* there is an activation, and it is not linear */
} StUnit;

int64_t st_unit_count(const StStep *step); /* extent of the output's last axis */
/* After a forward pass of the lens. False: no memory. Free it in any case. */
bool st_unit_read(StLens *lens, int layer, int64_t unit, StUnit *out, StError *error);
void st_unit_free(StUnit *unit);
/* f(z) of the unit at its place, the sums of its neighbours held still (softmax). z, y [count]. False: no
 * memory. */
bool st_unit_curve(StLens *lens, const StUnit *unit, const double *z, double *y, int64_t count);

/* The first layer whose units are sums of their own weights; without one the first with weights, or 0. */
int st_unit_layer(const StLens *lens);
/* Whether the elements of the layer's input are the network's, one by one and in their order. */
bool st_unit_sees_input(const StLens *lens, int layer);

/* How many rows of the data to look at: those asked for; else `standard`, and fewer (but 32) of a large
 * network while somebody waits on the screen. */
struct StJob;
int64_t st_unit_sample(const struct StJob *job, int layer, int64_t standard);
/* Outputs of `layer` over rows of a part, some at a time: calls `take` with y [rows][out_size] for each lot.
 * Index [count], or NULL: the first `count` rows. done: how much of the job is done before and after. */
typedef void (*StTakeOutputs)(void *context, const StLens *lens, int64_t rows);
bool st_unit_rows(struct StJob *job, StPart part, const int64_t *index, int64_t count, int layer,
                  StTakeOutputs take, void *context, double done[2], StError *error);

/* The plane of a 2-D set: its ranges with a margin; and the outputs of the layers up to `layer` over the
 * middles of rows x columns cells, row 0 at x2's high end, likewise. */
typedef struct StPlane {
    double x1_low, x1_high, x2_low, x2_high;
    int rows, columns;
} StPlane;
StPlane st_plane_of(const StDataset *dataset, int rows, int columns);
bool st_plane_rows(struct StJob *job, const StPlane *plane, int layer, StTakeOutputs take, void *context,
                   double done[2], StError *error);
struct StFinding;
void st_plane_say(struct StFinding *finding, const StPlane *plane); /* x1_low … x2_high */

#endif
