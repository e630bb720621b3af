/* Pieces of JSON written into an StText. */
#ifndef ST_DATA_JSON_H
#define ST_DATA_JSON_H

#include "base/shape.h"
#include "base/text.h"

void st_json_string(StText *out, const char *text);
void st_json_names(StText *out, char *const *name, int count);
void st_json_shape(StText *out, const StShape *shape);
void st_json_number(StText *out, double value); /* null where not finite */

#endif
