/* The toolkit links and runs without the engine: a plot is drawn onto a grid and printed as text. */
#include "plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    UiPoint point[50];
    for (int i = 0; i < 50; i++)
        point[i] = (UiPoint){i, 1.0 / (1 + i), 1.0 / (1 + i), 1.0 / (1 + i)};
    UiSeries series = {.name = "loss", .ink = UI_TRAINING, .point = point, .count = 50};
    UiPlot plot = {.title = "LOSS", .x_name = "epoch", .series = &series, .count = 1};
    UiGrid *grid = ui_grid_create(60, 12, (UiLook){.ladder = UI_ASCII, .depth = UI_MONO});
    if (!grid) return 1;
    ui_plot_draw(grid, ui_grid_rect(grid), &plot);
    char *text = ui_grid_string(grid);
    bool drawn = text && strstr(text, "LOSS") && strstr(text, "epoch");
    free(text);
    ui_grid_free(grid);
    return drawn ? 0 : 1;
}
