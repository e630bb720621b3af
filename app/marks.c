#include "marks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    char letter;
} kinds[] = {
#define MARK_ROW(id, word, letter) {word, letter},
    MARK_KINDS(MARK_ROW)
#undef MARK_ROW
};

const char *mark_word(MarkKind kind) {
    return kinds[kind].word;
}

char mark_letter(MarkKind kind) {
    return kinds[kind].letter;
}

void marks_add(Marks *marks, int64_t step, MarkKind kind, const char *format, ...) {
    va_list list;
    if (marks->count == MARKS_MAX) {
        memmove(marks->mark, marks->mark + 1, (MARKS_MAX - 1) * sizeof *marks->mark);
        marks->count--;
    }
    int at = marks->count;
    for (; at > 0 && marks->mark[at - 1].step > step; at--)
        marks->mark[at] = marks->mark[at - 1];
    Mark *mark = &marks->mark[at];
    *mark = (Mark){.step = step, .kind = kind};
    va_start(list, format);
    vsnprintf(mark->text, sizeof mark->text, format, list);
    va_end(list);
    marks->count++;
}

void marks_cut(Marks *marks, int64_t step) {
    while (marks->count > 0 && marks->mark[marks->count - 1].step > step)
        marks->count--;
}
