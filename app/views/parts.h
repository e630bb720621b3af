/* Small things that several views write: sizes as text, JSON values. */
#ifndef APP_VIEWS_PARTS_H
#define APP_VIEWS_PARTS_H

#include "base/shape.h"
#include "base/text.h"

#include "grid.h"

/* "524 B", "1.05 kB", "2.4 MB" (thousands); "–" where negative (more than can be counted). Returns buffer. */
char *parts_bytes(char buffer[UI_NUMBER], int64_t bytes);
/* "55050" up to seven digits, then "12.3M"; "–" where negative. Returns buffer. */
char *parts_whole(char buffer[UI_NUMBER], int64_t count);

/* A bar of w columns from 0 to value on a scale from low <= 0 to high >= 0, with a rule at 0 where low < 0:
 * to the right above 0, to the left below, told apart without colour too. NaN: the rule alone. */
void parts_signed_bar(UiGrid *grid, UiRect row, int x, int w, double value, double low, double high);

/* One member of a JSON object, with a comma before it unless the text ends in '{' or '['. */
void parts_json_key(StText *out, const char *key);                  /* NULL: an element of an array */
void parts_json_number(StText *out, const char *key, double value); /* null where it is not finite */
void parts_json_whole(StText *out, const char *key, int64_t value); /* null where negative */
void parts_json_text(StText *out, const char *key, const char *value);
void parts_json_shape(StText *out, const char *key, const StShape *shape); /* [28,28,1] */

#endif
