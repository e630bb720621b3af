#include "data/split.h"
#include "base/rng.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static int64_t nearest(double share, int64_t rows) {
    return (int64_t)floor(share * (double)rows + 0.5);
}

static bool empty_part(const char *part, double share, int64_t rows, StError *error) {
    StText number = {0};
    st_text_number(&number, share);
    st_fail(error, ST_ERR_VALUE, "split: %s=%s of %" PRId64 " row%s is no row", part, st_text_string(&number),
            rows, rows == 1 ? "" : "s");
    st_text_free(&number);
    return false;
}

/* Rows of each part, by the rule that data/source.h tells. */
static bool part_sizes(const StSplitSpec *split, int64_t rows, int64_t size[ST_PARTS], StError *error) {
    size[ST_VALIDATION] = nearest(split->validation, rows);
    size[ST_TEST] = nearest(split->test, rows);
    if (split->validation > 0 && size[ST_VALIDATION] == 0)
        return empty_part("validation", split->validation, rows, error);
    if (split->test > 0 && size[ST_TEST] == 0) return empty_part("test", split->test, rows, error);
    int64_t rest = rows - size[ST_VALIDATION] - size[ST_TEST];
    bool whole = split->train == 0 || split->train + split->validation + split->test > 1 - 1e-9;
    size[ST_TRAIN] = whole ? rest : nearest(split->train, rows);
    if (size[ST_TRAIN] > rest) size[ST_TRAIN] = rest;
    if (size[ST_TRAIN] > 0) return true;
    return st_fail(error, ST_ERR_VALUE,
                   "split: nothing is left to train (%" PRId64 " row%s, validation %" PRId64 ", test %" PRId64
                   ")",
                   rows, rows == 1 ? "" : "s", size[ST_VALIDATION], size[ST_TEST]);
}

/* Deals `wanted` rows out to classes in proportion to `count`, by largest remainder (the lower class first
 * where they are equal), never more than `left` of a class. */
static void deal(int64_t wanted, int64_t rows, int classes, const int64_t *count, const int64_t *left,
                 int64_t *share) {
    int64_t given = 0;
    for (int c = 0; c < classes; c++) {
        share[c] = (int64_t)((double)wanted * (double)count[c] / (double)rows);
        if (share[c] > left[c]) share[c] = left[c];
        given += share[c];
    }
    for (; given < wanted; given++) {
        int best = -1;
        double most = -INFINITY;
        for (int c = 0; c < classes; c++) {
            double rest = (double)wanted * (double)count[c] / (double)rows - (double)share[c];
            if (share[c] < left[c] && rest > most) best = c, most = rest;
        }
        share[best]++; /* there is one: less than `rows` are wanted in all */
    }
}

/* Marks the first rows of `drawn` per class with a part until its share is used up. */
static void mark(const StTable *table, const int64_t *drawn, int64_t rows, StPart part, int64_t *share,
                 int8_t *mark_of) {
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = drawn[i];
        int class = table->labels && table->classes ? table->labels[row] : 0;
        if (mark_of[row] >= 0 || share[class] == 0) continue;
        mark_of[row] = (int8_t)part;
        share[class]--;
    }
}

static bool stratified(const StTable *table, const int64_t *drawn, int64_t rows, const int64_t size[ST_PARTS],
                       int8_t *mark_of, StError *error) {
    int64_t *count = st_data_allocate((int64_t)table->classes * 3, sizeof *count, "the split", error);
    if (!count) return false;
    int64_t *left = count + table->classes, *share = left + table->classes;
    for (int64_t i = 0; i < rows; i++)
        count[table->labels[i]]++;
    memcpy(left, count, (size_t)table->classes * sizeof *left);
    static const StPart turns[] = {ST_VALIDATION, ST_TEST, ST_TRAIN};
    for (int t = 0; t < ST_PARTS; t++) {
        deal(size[turns[t]], rows, table->classes, count, left, share);
        for (int c = 0; c < table->classes; c++)
            left[c] -= share[c];
        mark(table, drawn, rows, turns[t], share, mark_of);
    }
    free(count);
    return true;
}

static void by_turns(const int64_t *drawn, const int64_t size[ST_PARTS], int8_t *mark_of) {
    int64_t at = 0;
    for (int part = 0; part < ST_PARTS; part++)
        for (int64_t i = 0; i < size[part]; i++)
            mark_of[drawn[at++]] = (int8_t)part;
}

static bool draw_parts(const StSplitSpec *split, const StTable *table, uint64_t seed, int64_t rows,
                       const int64_t size[ST_PARTS], int64_t *drawn, int8_t *mark_of, StError *error) {
    bool plain_labels = table->labels && !table->unlabelled && st_shape_size(&table->y_shape) == 1;
    for (int64_t i = 0; i < rows; i++)
        drawn[i] = i;
    if (split->shuffle) {
        StRng rng = st_rng(seed, ST_STREAM_SPLIT, 0, 0);
        st_rng_shuffle(&rng, drawn, rows);
    }
    memset(mark_of, -1, (size_t)rows);
    if (split->shuffle && split->stratify && plain_labels)
        return stratified(table, drawn, rows, size, mark_of, error);
    by_turns(drawn, size, mark_of);
    return true;
}

bool st_split_table(const StSplitSpec *split, const StTable *table, uint64_t seed, int64_t *order,
                    int64_t size[ST_PARTS], StError *error) {
    int64_t rows = table->rows - table->own_test, at = 0;
    if (split->test > 0 && table->own_test)
        return st_fail(error, ST_ERR_VALUE,
                       "split: the data brings a test part of its own (%" PRId64
                       " rows), wanted no test= here",
                       table->own_test);
    if (!part_sizes(split, rows, size, error)) return false;
    int64_t *drawn = st_data_allocate(rows, sizeof *drawn, "the split", error);
    int8_t *mark_of = st_data_allocate(rows, 1, "the split", error);
    bool done = drawn && mark_of && draw_parts(split, table, seed, rows, size, drawn, mark_of, error);
    for (int part = 0; done && part < ST_PARTS; part++)
        for (int64_t i = 0; i < rows; i++)
            if (mark_of[i] == part) order[at++] = i;
    for (int64_t i = 0; done && i < table->own_test; i++)
        order[at++] = rows + i;
    size[ST_TEST] += table->own_test;
    free(drawn);
    free(mark_of);
    return done;
}
