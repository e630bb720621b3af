#include "base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    LINE = 64,
    HUGE = 2 << 20 /* bytes of a large page */
};

void *st_arena_take(StArena *arena, int64_t count, size_t each) {
    size_t bytes;
    if (count < 0 || __builtin_mul_overflow((size_t)count, each, &bytes) || bytes > SIZE_MAX - LINE ||
        arena->used > SIZE_MAX - LINE - bytes) {
        arena->used = SIZE_MAX;
        return NULL;
    }
    size_t at = arena->used;
    arena->used += (bytes + LINE - 1) / LINE * LINE;
    return arena->base ? arena->base + at : NULL;
}

size_t st_memory_total(void) {
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX / 4;
}

bool st_arena_fits(const StArena *arena, int64_t beside, const char *what, StError *error) {
    StArena all = *arena;
    st_arena_take(&all, beside, 1);
    return all.used <= st_memory_total() ||
           st_fail(error, ST_ERR_MEMORY, "%s would take %s%.4g GB, this machine has %.4g GB", what,
                   all.used == SIZE_MAX ? "more than " : "", (double)all.used / 1e9,
                   (double)st_memory_total() / 1e9);
}

bool st_arena_allocate(StArena *arena, const char *what, StError *error) {
    size_t size = arena->used ? arena->used : LINE;
    if (!st_arena_fits(arena, 0, what, error)) return false;
    size_t line = size < 2 * HUGE ? LINE : HUGE;
    /* calloc and not memset: pages that nobody touches yet take no memory. */
    arena->block = calloc(1, size + line);
    if (!arena->block) return st_fail_memory(error, what, size);
    arena->base = (unsigned char *)arena->block + (line - (uintptr_t)arena->block % line) % line;
#ifdef MADV_HUGEPAGE
    /* A sweep over many megabytes waits for the addresses of small pages: a tenth of a convolutional step. */
    if (line == HUGE) madvise(arena->base, size / HUGE * HUGE, MADV_HUGEPAGE);
#endif
    arena->size = size;
    arena->used = 0;
    return true;
}

void st_arena_free(StArena *arena) {
    free(arena->block);
    *arena = (StArena){0};
}
