/* What the views of the inside share: the head that says what one looks at, the choice of a method, of an
 * example, a layer, a moment. A view of the inside is drawn like this:
 *
 *     static void draw(ViewContext *context, UiGrid *grid, UiRect area) {
 *         if (!inside_head(context, grid, &area)) return;   // said why there is nothing to draw
 *         const StFinding *found = &context->found->finding;
 *         …
 *     }
 *
 * and lists INSIDE_BINDINGS at the end of its bindings. Keys that mean the same in all of them:
 *     v V       the next, the previous method (a study of the view's group)
 *     enter     makes what is made when asked for (where the view has no better use for enter)
 *     , .       the previous, the next example          [ ]  the previous, the next layer
 *     ← →       back and forth through the moments of the run (where the view does not take them)
 *     { }       the same where a view takes ← and →
 *     6         the page Inside                          esc  back: out of a cursor, then where one came from
 *     N M A G K W D P S X T   the other views of the inside, by their capital: never used for anything else
 */
#ifndef APP_VIEWS_INSIDE_H
#define APP_VIEWS_INSIDE_H

#include "view.h"

#include "chart.h"

/* Cuts the head off: title, method, what it is of (part and row, step, moment), tag and cost; where there is
 * room a line that says what one is looking at and what would be bad; while something is made, how far it is.
 * Returns false where there is nothing to draw, having said why, and how to get it. */
bool inside_head(ViewContext *context, UiGrid *grid, UiRect *area);
/* The study that the view shows; NULL: it has none. */
const StStudy *inside_study(const ViewContext *context);

/* What was found; only where inside_head was true. */
static inline const StFinding *inside_finding(const ViewContext *context) {
    return &context->found->finding;
}

/* The rows that handle the common keys; a view's own come before them. MOVES: without enter, where the view
 * has a better use for it; PLACES: without those of the method, where there is one alone. */
#define INSIDE_PLACES                                                                                        \
    {'.', "look row=next", "example", "The next example"},                                                   \
        {',', "look row=previous", "example", "The previous example"},                                       \
        {']', "look layer=next", "layer", "The next layer"},                                                 \
        {'[', "look layer=previous", "layer", "The previous layer"}, {                                       \
        UI_KEY_ESCAPE, "view back", "back", "Where you came from, then all questions that can be asked"      \
    }
#define INSIDE_MOVES                                                                                         \
    {'v', "look method=next", "method", "The next way to look, where the view has several"},                 \
        {'V', "look method=previous", NULL, "The previous way to look"}, INSIDE_PLACES
#define INSIDE_BINDINGS                                                                                      \
    INSIDE_MOVES, {                                                                                          \
        UI_KEY_ENTER, "look again", NULL, "Makes it (anew), where it is made when asked for"                 \
    }

/* The data set and the names that views need; NULL where there is no data. */
const StDataset *inside_dataset(const ViewContext *context);
/* "8", "setosa", or the output's number from 1 where it is no class. Returns buffer. */
const char *inside_class(const ViewContext *context, int klass, char buffer[64]);
/* "2 dense_1": the layer as it is called everywhere. */
const char *inside_layer(const ViewContext *context, int layer, char buffer[96]);
/* Whether rows are images (height, width, channels of the network's input), to be drawn as such. */
bool inside_image(const ViewContext *context, int *height, int *width, int *channels);
/* Draws [height][width] doubles as an image within the area, with what a UiHeat can do besides (ramp, ends,
 * cursor); the heat's value, rows, columns and steps are set here. channels > 1: their mean. Returns where.
 */
UiHeatView inside_draw_image(UiGrid *grid, UiRect area, const double *values, int height, int width,
                             int channels, UiHeat heat);

#endif
