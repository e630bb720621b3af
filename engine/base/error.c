#include "base/error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool st_fail(StError *error, StCode code, const char *format, ...) {
    if (!error) return false;
    error->code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    return false;
}

bool st_fail_at(StError *error, const char *format, ...) {
    if (!error) return false;
    char place[ST_MESSAGE_MAX], rest[ST_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(place, sizeof place, format, args);
    va_end(args);
    memcpy(rest, error->message, sizeof rest);
    size_t head = strlen(place);
    if (head > sizeof rest - 3) head = sizeof rest - 3;
    snprintf(error->message, sizeof error->message, "%.*s: %.*s", (int)head, place,
             (int)(sizeof rest - 3 - head), rest);
    return false;
}

bool st_fail_memory(StError *error, const char *what, size_t bytes) {
    return st_fail(error, ST_ERR_MEMORY, "out of memory for %s (%zu bytes)", what, bytes);
}

const char *st_code_name(StCode code) {
    static const char *const names[] = {
#define ST_CODE_NAME(id, name, help) name,
        ST_CODES(ST_CODE_NAME)
#undef ST_CODE_NAME
    };
    return (unsigned)code < ST_ERR_COUNT ? names[code] : "unknown";
}

enum { NEAR_MAX = 48 };

/* Edit distance with transpositions (optimal string alignment) between two words of at most NEAR_MAX. */
static int edit_distance(const char *a, const char *b) {
    int rows[3][NEAR_MAX + 1];
    int la = (int)strlen(a), lb = (int)strlen(b);
    if (la > NEAR_MAX || lb > NEAR_MAX) return NEAR_MAX;
    for (int j = 0; j <= lb; j++)
        rows[0][j] = j;
    for (int i = 1; i <= la; i++) {
        int *now = rows[i % 3], *last = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= lb; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            int best = last[j - 1] + (ca != cb);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                cb == tolower((unsigned char)a[i - 2]) && older[j - 2] + 1 < best)
                best = older[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[la % 3][lb];
}

const char *st_nearest(const char *word, StNameAt next, const void *table) {
    const char *best = NULL, *name;
    int length = (int)strlen(word), best_distance = length <= 2 ? 2 : length <= 5 ? 3 : 4;
    for (int i = 0; (name = next(table, i)); i++) {
        int distance = edit_distance(word, name);
        bool inside = length >= 3 && strncmp(name, word, (size_t)length) == 0; /* a word begun */
        if (inside && distance > 1) distance = 1;
        if (distance < best_distance) best = name, best_distance = distance;
    }
    return best;
}

bool st_fail_unknown(StError *error, const char *what, const char *word, StNameAt next, const void *table) {
    const char *near = st_nearest(word, next, table), *name;
    if (near) return st_fail(error, ST_ERR_NAME, "unknown %s '%.60s'; did you mean '%s'?", what, word, near);
    if (!next(table, 0)) return st_fail(error, ST_ERR_NAME, "unknown %s '%.60s'; there is none", what, word);
    char known[ST_MESSAGE_MAX / 2] = "";
    size_t used = 0;
    for (int i = 0; (name = next(table, i)); i++) {
        int wrote = snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", name);
        if (wrote < 0 || used + (size_t)wrote >= sizeof known - 4) {
            snprintf(known + used, sizeof known - used, "%s", i ? ", …" : "");
            break;
        }
        used += (size_t)wrote;
    }
    return st_fail(error, ST_ERR_NAME, "unknown %s '%.60s'; known: %s", what, word, known);
}
