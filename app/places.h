/* Where the program keeps what lasts: $XDG_STATE_HOME/strata (or ~/.local/state/strata); STRATA_HOME, where
 * it is set, stands for all such folders. */
#ifndef APP_PLACES_H
#define APP_PLACES_H

#include <stdbool.h>
#include <stddef.h>

/* The path of a file of the state folder; folders on the way are made. False where there is no home or the
 * path is too long. */
bool place_state(const char *file, char *out, size_t size);

/* Recently used recipes, newest first: absolute paths of files that still exist. Returns how many. */
enum { RECENT_MAX = 10, PLACE_PATH = 1024 };
int place_recent(char (*paths)[PLACE_PATH], int most);
void place_recent_add(const char *path);

/* The folder of samples: ./samples, else beside the executable, else the installed share. False: none. */
bool place_samples(char *out, size_t size);

#endif
