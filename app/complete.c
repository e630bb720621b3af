/* Completion of a line: what may stand at the cursor, found in the tables that the language is made of. */
#include "command.h"
#include "program.h"
#include "view.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What is being completed. */
typedef struct Complete {
    Session *session;
    const char *prefix; /* what stands of the word, behind its = or last comma */
    CommandCandidate add;
    void *to;
} Complete;

static void offer(const Complete *complete, const char *word) {
    if (strncmp(word, complete->prefix, strlen(complete->prefix)) == 0) complete->add(complete->to, word);
}

static void offer_all(const Complete *complete, StNameAt next, const void *table) {
    const char *name;
    for (int i = 0; (name = next(table, i)); i++)
        offer(complete, name);
}

/* Kinds of a registry, without the other words for them. */
static void offer_kinds(const Complete *complete, const StKind *(*at)(int index)) {
    for (int i = 0; at(i); i++)
        if (!at(i)->alias_of) offer(complete, at(i)->name);
}

static void offer_words(const Complete *complete, const char *words) {
    char word[64];
    for (int used; words && sscanf(words, "%63s%n", word, &used) == 1; words += used)
        offer(complete, word);
}

/* Files that a session reads and writes. */
static bool is_ours(const char *name) {
    return st_path_ends_gz(name, ".strata") || st_path_ends_gz(name, ".safetensors");
}

/* Folders first, then files, each by name; ours: recipes and weights alone. */
static void offer_files(const Complete *complete, bool ours) {
    const char *slash = strrchr(complete->prefix, '/');
    int length = slash ? (int)(slash - complete->prefix) + 1 : 0;
    char folder[RECIPE_PATH_MAX], whole[2 * RECIPE_PATH_MAX];
    struct dirent **entry;
    snprintf(folder, sizeof folder, "%.*s", length, complete->prefix);
    int count = scandir(*folder ? folder : ".", &entry, NULL, alphasort);
    for (int files = 0; files < 2; files++) {
        for (int i = 0; i < count; i++) {
            const char *name = entry[i]->d_name;
            struct stat status;
            if (*name == '.' && (!slash || slash[1] != '.')) continue;
            snprintf(whole, sizeof whole, "%s%.255s", folder, name);
            bool inside = stat(whole, &status) == 0 && S_ISDIR(status.st_mode);
            if (inside == (files == 1) || (files && ours && !is_ours(name))) continue;
            if (inside) strcat(whole, "/");
            offer(complete, whole);
        }
    }
    for (int i = 0; i < count; i++)
        free(entry[i]);
    if (count >= 0) free(entry);
}

static void offer_layers(const Complete *complete) {
    const StStack *stack = &session_recipe(complete->session)->stack;
    char(*names)[ST_LAYER_NAME_MAX] = calloc((size_t)stack->count + 1, sizeof *names), number[16];
    if (!names) return;
    st_stack_names(stack, names);
    for (int i = 0; i < stack->count; i++) {
        snprintf(number, sizeof number, "%d", i + 1);
        offer(complete, number);
        offer(complete, names[i]);
    }
    free(names);
}

static void offer_weights(const Complete *complete) {
    const StLayerInfo *layers;
    StStackInfo info;
    char name[ST_LAYER_NAME_MAX + ST_WEIGHT_NAME_MAX + 1], weight[ST_WEIGHT_NAME_MAX];
    if (!session_stack(complete->session, &layers, &info, NULL)) return;
    for (int i = 0; i < session_recipe(complete->session)->stack.count; i++)
        for (int w = 0; w < layers[i].weights; w++) {
            snprintf(name, sizeof name, "%s/%s", layers[i].name,
                     st_weight_name(&layers[i].weight[w], weight));
            offer(complete, name);
        }
}

/* Of data that is there already: names of columns, and behind one its categories. */
static void offer_columns(const Complete *complete, const char *of) {
    const StDataset *dataset = session_dataset_loaded(complete->session, NULL);
    for (int i = 0; dataset && i < st_dataset_columns(dataset); i++) {
        const StColumnInfo *column = st_dataset_column(dataset, i);
        if (column->target) continue;
        if (!of) offer(complete, column->name);
        for (int k = 0; of && !strcmp(of, column->name) && k < column->categories; k++)
            offer(complete, column->category[k]);
    }
}

static void offer_choices(const Complete *complete, const StOption *row) {
    if (row->type == ST_SWITCH) offer_words(complete, "yes no");
    if (row->type == ST_CHOICE || row->type == ST_CALL)
        for (const StChoice *choice = row->choices; choice->name; choice++)
            offer(complete, choice->name);
    if (row->type == ST_TEXT) offer_files(complete, false);
}

static void offer_options(const Complete *complete, const StOption *rows) {
    char word[80];
    for (; rows && rows->name; rows++) {
        snprintf(word, sizeof word, "%s=", rows->name);
        offer(complete, word);
    }
}

static int index_of(StNameAt next, const char *word) {
    const char *name;
    for (int i = 0; word && (name = next(NULL, i)); i++)
        if (strcmp(name, word) == 0) return i;
    return -1;
}

/* The value of an option that stands in the line already. */
static const char *word_value(const StWords *words, const char *name) {
    for (int i = 1; i < words->count; i++)
        if (words->word[i].name && strcmp(words->word[i].name, name) == 0) return words->word[i].value;
    return NULL;
}

enum { TABLES = 3 };

/* What the line has a wrapper wrap: the kind that stands behind it, or in the stack that is set; or NULL. */
static const StLayerKind *wrapped_in(const Complete *complete, const StWords *words,
                                     const StLayerKind *kind) {
    const StStack *stack = &session_recipe(complete->session)->stack;
    if (!kind->wraps) return NULL;
    if (strcmp(words->word[0].text, "set") == 0)
        return st_layer_wrapped(&stack->layers[st_stack_find(stack, words->word[1].text, NULL)]);
    int at = strcmp(words->word[0].text, "insert") == 0 ? 3 : 1;
    while (at < words->count && words->word[at].name)
        at++;
    const StLayerKind *wrapped = at < words->count ? st_layer_kind_find(words->word[at].text) : NULL;
    return wrapped && kind->wraps(wrapped) ? wrapped : NULL;
}

/* The kind that the line is about, or NULL. */
static const StLayerKind *kind_in(const Complete *complete, const StWords *words) {
    const char *verb = words->word[0].text, *second = words->count > 1 ? words->word[1].text : NULL;
    const StStack *stack = &session_recipe(complete->session)->stack;
    if (strcmp(verb, "insert") == 0) return words->count > 2 ? st_layer_kind_find(words->word[2].text) : NULL;
    if (strcmp(verb, "set") != 0 || !second) return st_layer_kind_find(verb);
    int at = st_stack_find(stack, second, NULL);
    return at >= 0 ? stack->layers[at].kind : NULL;
}

/* The tables whose options may follow in this line. */
static void option_tables(const Complete *complete, const Command *row, const StWords *words,
                          const StOption *tables[TABLES]) {
    tables[0] = tables[1] = tables[2] = NULL;
    const char *verb = words->word[0].text, *second = words->count > 1 ? words->word[1].text : NULL;
    const StLayerKind *kind = kind_in(complete, words);
    if (kind) {
        StLayer layer;
        StLayerTable of[ST_LAYER_TABLES];
        const StLayerKind *wrapped = wrapped_in(complete, words, kind);
        st_layer_default(&layer, kind, wrapped);
        int count = st_layer_tables(&layer, of);
        for (int t = kind->wraps && !wrapped ? 1 : 0; t < count; t++)
            tables[t] = of[t].rows;
    } else if (strcmp(verb, "compile") == 0) {
        const StCompile *compile = &session_recipe(complete->session)->compile;
        const char *optimizer = word_value(words, "optimizer"), *loss = word_value(words, "loss");
        const StKind *a = st_optimizer_kind_at(optimizer ? index_of(st_optimizer_name_at, optimizer)
                                                         : compile->optimizer.kind);
        const StKind *b = st_loss_kind_at(loss ? index_of(st_loss_name_at, loss) : compile->loss.kind);
        tables[0] = a ? a->options : NULL;
        const char *schedule = word_value(words, "schedule");
        const StKind *c =
            st_schedule_kind_at(schedule ? index_of(st_schedule_name_at, schedule) : compile->schedule.kind);
        tables[1] = b ? b->options : NULL;
        tables[2] = c ? c->options : NULL;
    } else if (row->takes & TAKES_SOURCE) {
        for (int i = 0; second && st_source_kinds[i]; i++)
            if (strcmp(st_source_kinds[i]->name, second) == 0) tables[0] = st_source_kinds[i]->options;
    } else {
        tables[0] = row->options;
    }
}

/* A metric, or behind its colons its options: "auc:cur" gives "auc:curve=", and that "auc:curve=PR". */
static void offer_metrics(const Complete *complete) {
    const char *colon = strrchr(complete->prefix, ':'), *equals = colon ? strchr(colon, '=') : NULL;
    const StKind *metric = NULL;
    for (int i = 0; colon && (metric = st_metric_kind_at(i)); i++)
        if (strncmp(metric->name, complete->prefix, strcspn(complete->prefix, ":")) == 0 &&
            metric->name[strcspn(complete->prefix, ":")] == '\0')
            break;
    if (!colon) offer_kinds(complete, st_metric_kind_at);
    for (const StOption *row = metric ? metric->options : NULL; row && row->name; row++) {
        char word[256];
        int head = (int)(colon - complete->prefix) + 1;
        bool chosen = equals && strlen(row->name) == (size_t)(equals - colon - 1) &&
                      strncmp(row->name, colon + 1, (size_t)(equals - colon - 1)) == 0;
        if (!equals) {
            snprintf(word, sizeof word, "%.*s%s=", head, complete->prefix, row->name);
            offer(complete, word);
        }
        for (int i = 0; chosen && row->type == ST_CHOICE && row->choices[i].name; i++) {
            snprintf(word, sizeof word, "%.*s%s=%s", head, complete->prefix, row->name, row->choices[i].name);
            offer(complete, word);
        }
    }
}

static void complete_value(const Complete *complete, const char *name, const StOption *tables[TABLES]) {
    if (strcmp(name, "optimizer") == 0) offer_kinds(complete, st_optimizer_kind_at);
    if (strcmp(name, "loss") == 0) offer_kinds(complete, st_loss_kind_at);
    if (strcmp(name, "schedule") == 0) offer_kinds(complete, st_schedule_kind_at);
    if (strcmp(name, "metrics") == 0) offer_metrics(complete);
    for (int t = 0; t < TABLES; t++) {
        const StOption *row = tables[t] ? st_option_find(tables[t], name) : NULL;
        if (row) offer_choices(complete, row);
    }
}

/* A word by place, or the names of options. words: those before this one. */
static void complete_word(const Complete *complete, const Command *row, const StWords *words,
                          const StOption *tables[TABLES]) {
    int count = words->count;
    const StLayerKind *kind = (row->takes & TAKES_KIND) ? kind_in(complete, words) : NULL;
    bool wrapper = kind && kind->wraps, wraps = wrapper && wrapped_in(complete, words, kind);
    for (int n = 0; wrapper && !wraps && st_layer_wrappable(kind, n); n++)
        offer(complete, st_layer_wrappable(kind, n)->name);
    bool kind_here = (row->takes & TAKES_KIND) && (row->takes & TAKES_LAYER) && count == 2;
    if ((row->takes & TAKES_LAYER) && count == 1) offer_layers(complete);
    if (kind_here) offer_all(complete, st_layer_kind_name_at, NULL);
    if ((row->takes & TAKES_SOURCE) && count == 1) offer_all(complete, st_source_name_at, st_source_kinds);
    if ((row->takes & TAKES_VIEW) && count == 1) offer_all(complete, view_name_at, NULL);
    if ((row->takes & TAKES_TOPIC) && count == 1) offer_all(complete, help_topic_at, NULL);
    if ((row->takes & TAKES_WEIGHT) && count == 1) offer_weights(complete);
    if ((row->takes & TAKES_COLUMN) && (count == 1 || count == 2))
        offer_columns(complete, count == 2 ? words->word[1].text : NULL);
    if ((row->takes & TAKES_PART) && count == 1) offer_words(complete, "train validation test");
    if (row->takes & TAKES_FILE) offer_files(complete, strcmp(row->name, "predict") != 0);
    offer_words(complete, row->words);
    int place = count - 1 - ((row->takes & TAKES_SOURCE) ? 1 : 0) -
                (strcmp(row->name, "insert") == 0 ? 2 : 0) - wraps;
    if (tables[0] && place >= 0 && place < st_option_count(tables[0]) &&
        (row->takes & (TAKES_KIND | TAKES_SOURCE)))
        offer_choices(complete, &tables[0][place]);
    for (int t = 0; t < TABLES; t++)
        offer_options(complete, tables[t]);
    if (row->takes & TAKES_KIND || strcmp(row->name, "set") == 0) offer(complete, "name=");
}

void command_complete(Session *session, const char *line, int cursor, int *begin, CommandCandidate add,
                      void *to) {
    char head[ST_LINE_MAX];
    if (cursor < 0 || cursor >= ST_LINE_MAX) return;
    snprintf(head, sizeof head, "%.*s", cursor, line);
    int start = (int)strlen(head);
    while (start > 0 && !strchr(" \t", head[start - 1]))
        start--;
    char word[ST_LINE_MAX];
    strcpy(word, head + start);
    head[start] = '\0';
    StWords *words = malloc(sizeof *words);
    if (!words || !st_words_split(head, words, NULL)) {
        free(words);
        return;
    }
    char *equals = strchr(word, '='), *comma = equals ? strrchr(equals, ',') : NULL;
    char *prefix = comma ? comma + 1 : equals ? equals + 1 : word;
    *begin = start + (int)(prefix - word);
    Complete complete = {session, prefix, add, to};
    const Command *row = words->count ? command_find(session, words->word[0].text, NULL) : NULL;
    const StOption *tables[TABLES];
    if (words->count == 0) {
        offer_all(&complete, command_name_at, session);
    } else if (row) {
        option_tables(&complete, row, words, tables);
        if (equals) {
            *equals = '\0';
            complete_value(&complete, word, tables);
        } else {
            complete_word(&complete, row, words, tables);
        }
    }
    free(words);
}
