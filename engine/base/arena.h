/* One aligned block, cut once. A layout function runs twice: first on an arena
 * without memory, where every take only adds up and returns NULL, then on the
 * allocated one. Every piece begins on a 64-byte line and starts as zeros.
 *
 *     StArena arena = {0};
 *     lay_out(thing, &arena);                              // measures
 *     if (!st_arena_allocate(&arena, "the network", error)) ...
 *     lay_out(thing, &arena);                              // cuts
 */
#ifndef ST_BASE_ARENA_H
#define ST_BASE_ARENA_H

#include "base/error.h"
#include <stdint.h>

typedef struct StArena {
    unsigned char *base; /* NULL while measuring */
    void *block;         /* what base lies in */
    size_t size, used;   /* used is SIZE_MAX once a request overflowed */
} StArena;

void *st_arena_take(StArena *arena, int64_t count, size_t each);
bool st_arena_allocate(StArena *arena, const char *what, StError *error);
/* False where what was measured, and as many bytes beside it, is more than the machine has. */
bool st_arena_fits(const StArena *arena, int64_t beside, const char *what, StError *error);
void st_arena_free(StArena *arena);

/* The most that may be asked for at once: the machine's memory (RAM, not swap). */
size_t st_memory_total(void);

#endif
