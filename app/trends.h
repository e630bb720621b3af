/* Trends: the readings of a run over time, for sparklines and curves, in bounded memory. The workbench adds
 * every new look; when a series is full, neighbours are merged with their least and greatest value, so no
 * spike is lost. One thread. */
#ifndef APP_TRENDS_H
#define APP_TRENDS_H

#include "inspect/readings.h"

#include "plot.h"

enum { TRENDS_POINTS = 256, TRENDS_ROWS = 256 }; /* points a series at most; rows followed at most */

typedef struct Trends Trends;
Trends *trends_create(void); /* NULL: no memory */
void trends_free(Trends *trends);
void trends_clear(Trends *trends);

/* Adds the readings of one snapshot. Those of another run, or an earlier step, begin anew; those of the step
 * that was added last take its place. */
void trends_add(Trends *trends, const StReadings *readings);

size_t trends_length(const Trends *trends); /* points that every series has */
/* Fills points of one row (index into StReadings.health) and reading by step, oldest first; returns how many
 * (at most TRENDS_POINTS). A value that was not available is NaN. */
size_t trends_points(const Trends *trends, int row, StReading reading, UiPoint points[TRENDS_POINTS]);
/* The same as levels for a sparkline of w columns: shares of the whole run, oldest first; returns how many
 * (at most w; fewer where there are fewer points). */
int trends_levels(const Trends *trends, int row, StReading reading, int w, float *levels);

#endif
