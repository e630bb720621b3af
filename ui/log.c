#include "log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void ui_log_add(UiLog *log, UiInk ink, const char *text) {
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(log->line[log->next].when, sizeof log->line[0].when, "%H:%M:%S", &local);
    log->line[log->next].ink = ink;
    snprintf(log->line[log->next].text, UI_LOG_LINE, "%s", text);
    log->next = (log->next + 1) % UI_LOG_LINES;
    if (log->count < UI_LOG_LINES) log->count++;
    log->total++;
}

static int place(const UiLog *log, int i) {
    return (log->next - 1 - i + 2 * UI_LOG_LINES) % UI_LOG_LINES;
}

const char *ui_log_text(const UiLog *log, int i) {
    return i >= 0 && i < log->count ? log->line[place(log, i)].text : NULL;
}

/* The rows that a line takes in so many columns. */
static int rows_of(UiGrid *grid, const char *text, int w) {
    int rows = ui_text_width(text) <= w ? 1 : ui_paragraph(grid, (UiRect){0, 0, w, 0}, UI_TEXT, 0, text);
    return rows < 1 ? 1 : rows;
}

void ui_log_draw(UiGrid *grid, UiRect area, const UiLog *log, int scroll) {
    int x = area.w >= 30 ? 9 : 0, used = 0, i = log->count;
    if (scroll < 0) scroll = 0;
    while (i > 0 && (used < area.h || i > scroll)) /* the oldest page is a full one */
        used += rows_of(grid, log->line[place(log, --i)].text, area.w - x);
    used = 0, scroll = i;
    while (i < log->count && used < area.h)
        used += rows_of(grid, log->line[place(log, i++)].text, area.w - x);
    for (int y = used < area.h ? used : area.h, at = scroll; at < i; at++) {
        const char *text = log->line[place(log, at)].text;
        int rows = rows_of(grid, text, area.w - x), skip = rows > y ? rows - y : 0;
        UiInk ink = log->line[place(log, at)].ink;
        y -= rows;
        UiRect to = {area.x + x, area.y + (y > 0 ? y : 0), area.w - x, rows - skip};
        if (rows == 1)
            ui_text(grid, to, 0, 0, ink, text);
        else
            ui_paragraph(grid, to, ink, skip, text);
        if (x && !skip) ui_text(grid, area, 0, y, UI_DIM, log->line[place(log, at)].when);
    }
}
