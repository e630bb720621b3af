/* The prompt: `:` opens it; the loop goes on while one types. */
#include "workbench_inside.h"

#include <stdlib.h>
#include <string.h>

typedef struct Adder {
    UiCandidate add;
    void *to;
} Adder;

static void add_word(void *to, const char *word) {
    const Adder *adder = to;
    adder->add(adder->to, word);
}

void bench_complete(void *context, const char *line, int cursor, int *begin, UiCandidate add, void *to) {
    Bench *bench = context;
    Adder adder = {add, to};
    command_complete(bench->session, line, cursor, begin, add_word, &adder);
}

void bench_prompt(Bench *bench) {
    char *preset = bench->preset;
    bench->preset = NULL;
    bench->message[0] = '\0';
    char *line = ui_prompt_read(bench->prompt, preset, bench_pump, bench);
    free(preset);
    bench->changed = bench->pressed = true;
    if (line && !bench->quit) bench_run_line(bench, line);
    free(line);
}
