/* Any text, line by line, to a session that opens no file: it must neither crash nor be changed by a line
 * that fails, what it prints must read back as the same recipe, and undo and redo must lead there and back.
 */
#include "command.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(Session *session, StText *out) {
    if (!recipe_print(session_recipe(session), RECIPE_ALL, NULL, out, NULL)) abort();
}

static void same(const StText *a, const StText *b) {
    if (strcmp(st_text_string(a), st_text_string(b)) != 0) abort();
}

static Session *open_session(void) {
    Session *session = session_create(
        &(SessionPlan){.place = PLACE_RECIPE, .threads = 1, .wake_fd = -1, .no_data = true}, NULL);
    if (!session) abort();
    return session;
}

/* Every line; one that fails leaves the recipe as it was. */
static void run_lines(Session *session, char *text) {
    StText before = {0}, after = {0};
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        st_text_clear(&before);
        print(session, &before);
        if (session_run_line(session, line, (Source){"fuzz", 1}, NULL)) continue;
        st_text_clear(&after);
        print(session, &after);
        same(&before, &after);
    }
    st_text_free(&before);
    st_text_free(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 20000) return 0;
    char *text = malloc(size + 1);
    if (!text) abort();
    memcpy(text, data, size);
    text[size] = '\0';
    Session *session = open_session(), *again = open_session();
    StText written = {0}, read = {0};
    StError error = {0};
    run_lines(session, text);
    print(session, &written);
    if (!session_run_text(again, st_text_string(&written), "again", &error)) abort();
    print(again, &read);
    same(&written, &read);
    const StLayerInfo *layers;
    StStackInfo info;
    session_stack(session, &layers, &info, &error);
    while (session_undo_text(session))
        session_undo(session, NULL);
    while (session_redo_text(session))
        session_redo(session, NULL);
    st_text_clear(&read);
    print(session, &read);
    same(&written, &read);
    session_destroy(session);
    session_destroy(again);
    st_text_free(&written);
    st_text_free(&read);
    free(text);
    return 0;
}
