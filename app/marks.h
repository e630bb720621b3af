/* Marks: what happened to the present run, and at which step: its rate or a weight changed by hand, layers
 * changed before it began, the moment that it goes on from. What follows from the records (ends of epochs, a
 * plateau's rate, a divergence) is not here. In the order of steps, bounded: the oldest ones go. */
#ifndef APP_MARKS_H
#define APP_MARKS_H

#include "base/error.h"

#include <stdint.h>

/* id, word, letter on a timeline */
#define MARK_KINDS(ROW)                                                                                      \
    ROW(RATE, "rate", 'r')                                                                                   \
    ROW(WEIGHT, "weight", 'w')                                                                               \
    ROW(LAYERS, "layers", 'l')                                                                               \
    ROW(BRANCH, "branch", 'b')                                                                               \
    ROW(EPOCH, "epoch", 'e')                                                                                 \
    ROW(DIVERGED, "diverged", 'x')

typedef enum MarkKind {
#define MARK_ENUM(id, word, letter) MARK_##id,
    MARK_KINDS(MARK_ENUM)
#undef MARK_ENUM
        MARK_KIND_COUNT
} MarkKind;
const char *mark_word(MarkKind kind);
char mark_letter(MarkKind kind);

enum { MARKS_MAX = 128, MARK_TEXT = 96 };

typedef struct Mark {
    int64_t step; /* made when it happened */
    MarkKind kind;
    char text[MARK_TEXT]; /* "rate 0.1 → 0.01" */
} Mark;

typedef struct Marks {
    int count;
    Mark mark[MARKS_MAX];
} Marks;

void marks_add(Marks *marks, int64_t step, MarkKind kind, const char *format, ...) ST_PRINTF(4, 5);
void marks_cut(Marks *marks, int64_t step); /* later ones go */

#endif
