/* Which rows readings are of: a fixed set, drawn by the seed, so that numbers of two moments compare. */
#ifndef ST_INSPECT_PROBE_H
#define ST_INSPECT_PROBE_H

#include "data/dataset.h"

/* Up to `count` rows of a part, drawn without repetition, in ascending order. The same every time for one
 * seed; index [count]. Returns how many (as many as the part has, at most), -1 where memory is short. */
int64_t st_probe_rows(const StDataset *dataset, StPart part, uint64_t seed, int64_t count, int64_t *index);

/* The part that is looked at: that one, or where part is below 0 test, validation or train, the first that
 * has rows. */
StPart st_probe_part(const StDataset *dataset, int part);

#endif
