/* Kernels of convolutions as pictures: those of one filter, a picture for each of its channels, or where a
 * filter has one channel alone those of all filters. Part of the closer looks at a tensor. */
#ifndef APP_VIEWS_FILTERS_H
#define APP_VIEWS_FILTERS_H

#include "views/tensor.h"

/* How a kernel falls into pictures. Its layout is [rows, columns, channels, filters]; of a rank of 3 [rows,
 * columns, filters], as conv1d has it: steps by channels. */
typedef struct Filters {
    int rows, columns, channels, filters;
    UiRamp ramp; /* UI_RAMP_SIZE where no value is below 0 */
} Filters;

/* False: it is no such kernel; windows of 1 are matrices. */
bool filters_of(const StTensor *tensor, Filters *filters);
/* The pictures; value is the whole tensor. The cursor's filter is shown (or marked among all); its row says
 * how many rows of pictures are above the area, and is kept within bounds. Returns how many pictures there is
 * no room for. */
int filters_draw(UiGrid *grid, UiRect area, const Filters *filters, const float *value, TensorCursor *cursor);
/* The ends of their common ramp. */
void filters_range(const Filters *filters, const float *value, double *low, double *high);
/* "filter 3 of 32: norm 0.81, largest 0.42 in channel 5 at 1, 2". */
void filters_read(const Filters *filters, const float *value, int filter, StText *out);

#endif
