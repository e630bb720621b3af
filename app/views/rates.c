/* The learning-rate range test: loss against rate, where it falls fastest, and one key to take that rate. */
#include "parts.h"
#include "session_range.h"
#include "view.h"

#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct Points {
    int count;
    bool over;
    StRatePoint point[ST_RATE_TEST_MAX];
    UiPoint raw[ST_RATE_TEST_MAX], smooth[ST_RATE_TEST_MAX];
    StRateAdvice advice;
} Points;

static UiPoint point_of(double x, double y) {
    return (UiPoint){x, y, y, y};
}

static void read_points(const ViewContext *context, Points *points) {
    StRateTest *test = session_range(context->session);
    points->count = test ? st_rate_test_read(test, points->point, ST_RATE_TEST_MAX, &points->over) : 0;
    for (int i = 0; i < points->count; i++) {
        const StRatePoint *point = &points->point[i];
        points->raw[i] = point_of(point->rate, point->loss);
        points->smooth[i] = point_of(point->rate, st_rate_mean(points->point, points->count, i));
    }
    points->advice = st_rate_advice(points->point, points->count);
}

/* `strata show rates`: there is none yet, so it is made here and now. */
static void make_one(const ViewContext *context) {
    RangePlan plan;
    st_options_default(range_options, &plan);
    if (context->live || session_range(context->session)) return;
    if (session_range_begin(context->session, &plan, NULL))
        st_rate_test_wait(session_range(context->session));
}

static void draw_verdict(const Points *points, UiGrid *grid, UiRect row) {
    char line[160];
    const StRateAdvice *advice = &points->advice;
    if (!points->over)
        snprintf(line, sizeof line, "%d steps so far …", points->count);
    else if (isnan(advice->steepest))
        snprintf(line, sizeof line, "the loss never fell: try rates further up (range_test low=… high=…)");
    else
        snprintf(line, sizeof line, "falls fastest at %.2g; least at %.2g (estimated, %d batches)",
                 advice->steepest, advice->lowest, points->count);
    ui_text(grid, row, 1, 0, UI_TEXT, line);
}

/* What the plot is fitted to: behind the valley the loss may be anything. */
static double highest_before_lowest(const Points *points) {
    double highest = 0;
    for (int i = 0; i < points->count && !(points->point[i].rate > points->advice.lowest); i++)
        highest = fmax(highest, points->smooth[i].y);
    return highest;
}

static void rates_draw(ViewContext *context, UiGrid *grid, UiRect area) {
    Points points;
    make_one(context);
    read_points(context, &points);
    if (!session_range(context->session)) {
        ui_print_center(grid, area, area.h / 2, UI_DIM, "%s",
                        context->live ? "no range test yet: t makes one, on a copy of the network"
                                      : context->trouble);
        return;
    }
    if (area.h >= 6) {
        UiRect head = ui_cut_top(&area, 1);
        ui_text(grid, head, 1, 0, UI_TITLE, "LEARNING RATE");
        ui_text(grid, head, 16, 0, UI_DIM,
                "loss a step; good where it falls fast, bad where it rises");
    }
    draw_verdict(&points, grid, ui_cut_bottom(&area, 1));
    UiSeries series[] = {
        {.name = "loss", .ink = UI_DIM, .dash = UI_FINE, .point = points.raw, .count = (size_t)points.count},
        {.name = "mean around",
         .ink = UI_TRAINING,
         .point = points.smooth,
         .count = (size_t)points.count,
         .focus = true}};
    UiPlot plot = {.x_name = "rate",
                   .series = series,
                   .count = 2,
                   .log_x = true,
                   .y0 = 0,
                   .y1 = points.count ? 1.5 * highest_before_lowest(&points) : 0,
                   .has_cursor = points.over && !isnan(points.advice.steepest),
                   .cursor = points.advice.steepest,
                   .cursor_text = "steepest"};
    ui_plot_draw(grid, area, &plot);
}

static bool rates_press(ViewContext *context, UiKey key) {
    Points points;
    char line[64];
    if (key != UI_KEY_ENTER) return false;
    read_points(context, &points);
    if (!points.over || isnan(points.advice.steepest)) return true;
    snprintf(line, sizeof line, "rate %.2g", points.advice.steepest);
    context->run(context->bench, line);
    return true;
}

static void rates_explain(ViewContext *context, StText *out) {
    (void)context;
    st_text_add(
        out, "A copy of the network trains while the rate grows from step to step (Smith 2015). On the left "
             "the steps are too small to learn; where the mean of neighbouring losses falls fastest is a "
             "good rate to "
             "begin with; where it rises again the steps are too long. One batch a rate: an estimate, and "
             "bad where the curve is mostly noise.\n");
}

static void rates_json(ViewContext *context, StText *out) {
    Points points;
    make_one(context);
    read_points(context, &points);
    st_text_add(out, "{\"view\":\"rates\"");
    parts_json_number(out, "steepest", points.advice.steepest);
    parts_json_number(out, "lowest", points.advice.lowest);
    st_text_add(out, ",\"points\":[");
    for (int i = 0; i < points.count; i++) {
        parts_json_key(out, NULL);
        st_text_add(out, "{");
        parts_json_number(out, "rate", points.point[i].rate);
        parts_json_number(out, "loss", points.point[i].loss);
        parts_json_number(out, "mean", points.smooth[i].y);
        st_text_add(out, "}");
    }
    st_text_add(out, "]}");
}

static const UiBinding bindings[] = {
    {'t', "range_test", "test", "trains a copy of the network at growing rates"},
    {UI_KEY_ENTER, "press enter", "take", "takes the rate at which the loss falls fastest"},
    {UI_KEY_ESCAPE, "view train", "back", "goes to the curves"},
    {0}};

const View view_rates = {.name = "rates",
                         .title = "Rates",
                         .help = "the learning-rate range test: loss against rate",
                         .bindings = bindings,
                         .draw = rates_draw,
                         .press = rates_press,
                         .explain = rates_explain,
                         .json = rates_json};
