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

void ui_log_draw(UiGrid *grid, UiRect area, const UiLog *log, int scroll) {
    int rows = log->count < area.h ? log->count : area.h;
    if (scroll > log->count - rows) scroll = log->count - rows;
    if (scroll < 0) scroll = 0;
    for (int y = 0; y < rows; y++) {
        int i = place(log, scroll + rows - 1 - y), x = 0;
        if (area.w >= 30) x = ui_text(grid, area, 0, y, UI_DIM, log->line[i].when) + 1;
        ui_text(grid, area, x, y, log->line[i].ink, log->line[i].text);
    }
}
