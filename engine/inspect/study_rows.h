/* What the studies of many rows share: which rows those are. Compiled in double alone. */
#ifndef ST_INSPECT_STUDY_ROWS_H
#define ST_INSPECT_STUDY_ROWS_H

#include "inspect/lens.h"
#include "inspect/study.h"

/* Gathers what is asked for on the lens: the one example where a row was given or made by hand, else the
 * probe set (ask->count rows, at most and by default ST_LENS_ROWS) of the part asked for; of `otherwise`
 * where none was (-1: st_lens_part's choice). Says in the finding which: `part`, `rows`, `row_index` (from
 * 0, within the part), of an example `row` and `label`. False: there are no such rows. */
bool st_study_rows(StJob *job, int otherwise, int64_t *rows, StError *error);

/* "2 dense_1": the layer's place, from 1, and its name. Returns buffer. */
enum { ST_LAYER_LABEL = ST_LAYER_NAME_MAX + 16 };
const char *st_study_layer(const StLens *lens, int layer, char buffer[ST_LAYER_LABEL]);
/* Of the layer that a study is about: `layer` (from 1, as the language counts), `layer_index` (from 0) and
 * `layer_name`. */
void st_study_say_layer(StJob *job, int layer);
/* √Σv² */
double st_study_norm(const double *values, int64_t count);

#endif
