/* A ring of lines with the time of day, for a log pane. */
#ifndef UI_LOG_H
#define UI_LOG_H

#include "grid.h"

enum { UI_LOG_LINES = 500, UI_LOG_LINE = 600 };

typedef struct UiLog {
    int count, next; /* count: lines held */
    long total;      /* ever added */
    struct {
        char when[9]; /* 12:34:56 */
        UiInk ink;
        char text[UI_LOG_LINE];
    } line[UI_LOG_LINES];
} UiLog;

void ui_log_add(UiLog *log, UiInk ink, const char *text);
/* i = 0: the newest. NULL beyond the oldest. */
const char *ui_log_text(const UiLog *log, int i);
/* The newest at the bottom; scroll: lines back from there. A line that is too long goes on below. */
void ui_log_draw(UiGrid *grid, UiRect area, const UiLog *log, int scroll);

#endif
