#include "session_inner.h"
#include "session_range.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Session *session_create(const SessionPlan *plan, StError *error) {
    Session *session = calloc(1, sizeof *session);
    if (!session) {
        st_fail_memory(error, "the session", sizeof *session);
        return NULL;
    }
    session->plan = *plan;
    session->revision = 1;
    recipe_init(&session->recipe);
    return session;
}

static void edits_clear(Edits *edits) {
    for (int i = 0; i < edits->count; i++) {
        recipe_free(&edits->edit[i].recipe);
        free(edits->edit[i].text);
    }
    edits->count = 0;
}

void session_destroy(Session *session) {
    if (!session) return;
    session_range_free(session->range);
    session_end_run(session);
    session_forget_loaded(session);
    session_forget_data(session);
    edits_clear(&session->undo);
    edits_clear(&session->redo);
    recipe_free(&session->recipe);
    st_text_free(&session->saved);
    st_text_free(&session->data_key);
    free(session->layers);
    free(session);
}

void session_set_hooks(Session *session, const SessionHooks *hooks) {
    session->plan.hooks = *hooks;
}

Place session_place(const Session *session) {
    return session->plan.place;
}

void session_say(Session *session, const char *format, ...) {
    if (!session->plan.hooks.say) return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    session->plan.hooks.say(session->plan.hooks.context, text);
}

void session_print(Session *session, const char *text) {
    if (session->plan.hooks.print) session->plan.hooks.print(session->plan.hooks.context, text);
}

void session_add_commands(Session *session, const Command *rows, void *context) {
    session->added = rows;
    session->added_context = context;
}

const Command *session_commands(const Session *session, void **context) {
    if (context) *context = session->added_context;
    return session->added;
}

/* ---- history ---- */

static void edits_push(Edits *edits, Edit edit) {
    if (edits->count == SESSION_HISTORY) {
        recipe_free(&edits->edit[0].recipe);
        free(edits->edit[0].text);
        memmove(edits->edit, edits->edit + 1, (SESSION_HISTORY - 1) * sizeof *edits->edit);
        edits->count--;
    }
    edits->edit[edits->count++] = edit;
}

bool session_remember(Session *session, const char *text, const WeightEdit *weight, StError *error) {
    char *copy = strdup(text);
    if (!copy) return st_fail_memory(error, "the history", strlen(text));
    Edit edit = {.text = copy, .weight = *weight};
    recipe_init(&edit.recipe);
    edits_push(&session->undo, edit);
    edits_clear(&session->redo);
    return true;
}

bool session_apply(Session *session, Recipe *draft, const char *text, StError *error) {
    if (text) {
        char *copy = strdup(text);
        if (!copy) return st_fail_memory(error, "the history", strlen(text));
        edits_push(&session->undo, (Edit){.recipe = session->recipe, .text = copy});
        edits_clear(&session->redo);
    } else {
        recipe_free(&session->recipe);
    }
    session->recipe = *draft;
    session->revision++;
    session_acts_on_run(session);
    return true;
}

/* Takes the last of `from`, and puts the present recipe on `to`. */
static void swap_edit(Session *session, Edits *from, Edits *to) {
    Edit last = from->edit[--from->count];
    edits_push(to, (Edit){.recipe = session->recipe, .text = last.text});
    session->recipe = last.recipe;
    session->revision++;
    session_acts_on_run(session);
}

void session_take_back(Session *session) {
    if (!session->undo.count) return;
    swap_edit(session, &session->undo, &session->redo);
    edits_clear(&session->redo);
}

const char *session_undo_text(const Session *session) {
    return session->undo.count ? session->undo.edit[session->undo.count - 1].text : NULL;
}

const char *session_redo_text(const Session *session) {
    return session->redo.count ? session->redo.edit[session->redo.count - 1].text : NULL;
}

/* The lines of the recipe, without its comment. */
static void print_lines(const Session *session, StText *out) {
    recipe_print(&session->recipe, RECIPE_ALL & ~(unsigned)RECIPE_COMMENT, NULL, out, NULL);
}

/* The first line of b that a lacks at this place; its length is 0 where b has lost lines alone. */
static const char *changed_line(const char *a, const char *b, int *length) {
    size_t head = 0, i = strlen(a), j = strlen(b);
    for (size_t k = 0; a[k] && a[k] == b[k]; k++)
        if (a[k] == '\n') head = k + 1;
    while (i > head && j > head && a[i - 1] == b[j - 1])
        i--, j--;
    bool whole = j == head && (i == head || a[i - 1] == '\n'); /* what remains of b stands in a */
    *length = whole ? 0 : (int)strcspn(b + head, "\n");
    return b + head;
}

/* "undone: rate back to 0.003": what is so again. */
static void say_undone(Session *session, const char *before) {
    StText text = {0};
    int back, gone;
    print_lines(session, &text);
    const char *now = changed_line(before, st_text_string(&text), &back);
    const char *then = changed_line(st_text_string(&text), before, &gone);
    if (strncmp(session_redo_text(session), "rate ", 5) == 0)
        session_say(session, "undone: rate back to %g", st_compile_learning_rate(&session->recipe.compile));
    else if (back && gone)
        session_say(session, "undone: back to %.*s", back, now);
    else if (back)
        session_say(session, "undone: %.*s is back", back, now);
    else
        session_say(session, "undone: %.*s is gone", gone, then);
    st_text_free(&text);
}

/* Where the last of `from` is an edit of a weight: takes it, and puts it on `to`; that of a run that has
 * ended is dropped, which is told. */
static bool swap_weight(Session *session, Edits *from, Edits *to, const char *verb) {
    Edit last = from->edit[from->count - 1];
    if (!last.weight.run) return false;
    from->count--;
    if (session_swap_weight(session, &last.weight, verb)) {
        edits_push(to, last);
        return true;
    }
    session_say(session, "%s: its run has ended, there is nothing to change any more", last.text);
    recipe_free(&last.recipe);
    free(last.text);
    return true;
}

bool session_undo(Session *session, StError *error) {
    if (!session->undo.count) return st_fail(error, ST_ERR_STATE, "there is no edit to undo");
    if (swap_weight(session, &session->undo, &session->redo, "undone")) return true;
    StText before = {0};
    print_lines(session, &before);
    swap_edit(session, &session->undo, &session->redo);
    say_undone(session, st_text_string(&before));
    st_text_free(&before);
    return true;
}

bool session_redo(Session *session, StError *error) {
    if (!session->redo.count) return st_fail(error, ST_ERR_STATE, "there is no edit to redo");
    if (swap_weight(session, &session->redo, &session->undo, "made again")) return true;
    swap_edit(session, &session->redo, &session->undo);
    session_say(session, "made again: %s", session_undo_text(session));
    return true;
}

uint64_t session_revision(const Session *session) {
    return session->revision;
}

/* ---- lines ---- */

static const char *place_words(Place place) {
    return place == PLACE_RECIPE   ? "a recipe"
           : place == PLACE_SCRIPT ? "a script"
           : place == PLACE_SHELL  ? "the shell"
                                   : "the workbench";
}

static bool refuse_place(const Command *row, Place place, StError *error) {
    StText fits = {0};
    for (int bit = PLACE_RECIPE; bit <= PLACE_WORKBENCH; bit <<= 1)
        if (row->where & (unsigned)bit)
            st_text_format(&fits, "%s%s", fits.length ? " or " : "", place_words((Place)bit));
    st_fail(error, ST_ERR_STATE, "%s cannot stand in %s, only in %s", row->name, place_words(place),
            st_text_string(&fits));
    st_text_free(&fits);
    return false;
}

/* The row of the line's verb, allowed in this place. */
static const Command *line_command(CommandCall *call, Place place, StError *error) {
    const char *verb = call->words[0].text;
    const Command *row = call->words[0].name ? NULL : command_find(call->session, verb, &call->context);
    if (!row) {
        command_unknown(call->session, verb, error);
        return NULL;
    }
    if (!(row->where & place)) {
        refuse_place(row, place, error);
        return NULL;
    }
    return row;
}

static void say_edit(Session *session, const StText *said) {
    if (!said->length) return;
    bool bench = session->plan.place == PLACE_WORKBENCH;
    bool pending = session_run(session) && session_pending(session, NULL);
    session_say(session, "%s%s%s%s", st_text_string(said), pending ? "; " : "",
                !pending ? ""
                : bench  ? session_next_words(session)
                         : "takes effect at the next start",
                bench ? "; u undoes" : "");
}

/* The edit, and, in scripts and shells, the act that belongs to it; where that fails the edit goes back. */
static bool run_edit(const Command *row, const CommandCall *call, StError *error) {
    Session *session = call->session;
    Recipe draft;
    StText said = {0};
    if (!recipe_copy(&draft, &session->recipe, error)) return false;
    bool done = row->edit(call, &draft, &said, error) && session_apply(session, &draft, call->line, error);
    if (!done) {
        recipe_free(&draft);
    } else if (row->act && (session->plan.place & (PLACE_SCRIPT | PLACE_SHELL))) {
        done = row->act(call, error);
        if (!done) session_take_back(session);
    } else {
        say_edit(session, &said);
    }
    st_text_free(&said);
    return done;
}

bool session_run_line(Session *session, const char *line, Source source, StError *error) {
    StWords *words = malloc(sizeof *words);
    if (!words) return st_fail_memory(error, "a line", sizeof *words);
    bool done = st_words_split(line, words, error);
    if (done && words->count > 0) {
        CommandCall call = {
            .session = session, .words = words->word, .count = words->count, .line = line, .source = source};
        const Command *row = line_command(&call, session->plan.place, error);
        done = row && (row->edit ? run_edit(row, &call, error) : row->act(&call, error));
    }
    free(words);
    if (!done && source.file) st_fail_at(error, "%s:%d", source.file, source.line);
    return done;
}

/* Copies the line at *text without its end into `line`; false at the end of the text. A NUL byte or a line
 * that is too long is left to the splitter to refuse. */
static bool next_line(const char **text, char line[ST_LINE_MAX + 1]) {
    if (!**text) return false;
    size_t length = strcspn(*text, "\n");
    size_t kept = length < ST_LINE_MAX ? length : ST_LINE_MAX;
    memcpy(line, *text, kept);
    line[kept] = '\0';
    *text += length + ((*text)[length] == '\n');
    return true;
}

/* Some editors put a byte order mark before a text in UTF-8. */
static const char *after_mark(const char *text) {
    return strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
}

bool session_run_text(Session *session, const char *text, const char *file, StError *error) {
    char line[ST_LINE_MAX + 1];
    text = after_mark(text);
    for (Source source = {file, 1}; next_line(&text, line); source.line++)
        if (!session_run_line(session, line, source, error)) return false;
    return true;
}

/* One line of a recipe, on a draft. */
static bool draft_line(Session *session, Recipe *draft, const char *line, Source source, StError *error) {
    StWords *words = malloc(sizeof *words);
    if (!words) return st_fail_memory(error, "a line", sizeof *words);
    bool done = st_words_split(line, words, error);
    if (done && words->count > 0) {
        CommandCall call = {
            .session = session, .words = words->word, .count = words->count, .line = line, .source = source};
        const Command *row = line_command(&call, PLACE_RECIPE, error);
        StText said = {0};
        done = row && row->edit && row->edit(&call, draft, &said, error);
        st_text_free(&said);
    }
    free(words);
    return done || (source.file ? st_fail_at(error, "%s:%d", source.file, source.line) : false);
}

/* The leading lines of comments, kept for saving. */
static void take_comment(Recipe *draft, const char *text) {
    size_t length = 0, taken = 0;
    for (const char *line = text; *line == '#' || *line == '\n'; line = text + taken) {
        taken += strcspn(line, "\n");
        if (text[taken] != '\n') break; /* the last line lacks its end */
        taken++;
        if (*line == '#') length = taken;
    }
    if (length >= sizeof draft->comment) return;
    memcpy(draft->comment, text, length);
    draft->comment[length] = '\0';
}

static bool read_recipe(Session *session, Recipe *draft, const char *text, const char *file, StError *error) {
    char line[ST_LINE_MAX + 1];
    text = after_mark(text);
    recipe_init(draft);
    take_comment(draft, text);
    for (Source source = {file, 1}; next_line(&text, line); source.line++)
        if (!draft_line(session, draft, line, source, error)) {
            recipe_free(draft);
            return false;
        }
    return true;
}

/* ---- the recipe and its file ---- */

const Recipe *session_recipe(const Session *session) {
    return &session->recipe;
}

const char *session_path(const Session *session) {
    return session->path;
}

const char *session_name(const Session *session) {
    const char *slash = strrchr(session->path, '/');
    return !*session->path ? "untitled" : slash ? slash + 1 : session->path;
}

static void remember_saved(Session *session) {
    st_text_clear(&session->saved);
    recipe_print(&session->recipe, RECIPE_ALL, *session->path ? session->path : NULL, &session->saved, NULL);
    session->dirty = false;
    session->dirty_revision = session->revision;
}

bool session_dirty(const Session *session) {
    if (session->dirty_revision == session->revision) return session->dirty;
    StText now = {0};
    recipe_print(&session->recipe, RECIPE_ALL, *session->path ? session->path : NULL, &now, NULL);
    bool dirty = strcmp(st_text_string(&now), st_text_string(&session->saved)) != 0;
    st_text_free(&now);
    Session *cache = (Session *)session;
    cache->dirty = dirty;
    cache->dirty_revision = session->revision;
    return dirty;
}

/* Everything anew with this recipe (moved) and file. */
static void begin(Session *session, Recipe *recipe, const char *path) {
    session_end_run(session);
    session_forget_loaded(session);
    session_forget_data(session);
    session->loaded_input = (StShape){0};
    edits_clear(&session->undo);
    edits_clear(&session->redo);
    recipe_free(&session->recipe);
    session->recipe = *recipe;
    session->revision++;
    snprintf(session->path, sizeof session->path, "%s", path);
    remember_saved(session);
}

bool session_open(Session *session, const char *path, StError *error) {
    StText text = {0};
    Recipe draft;
    if (strlen(path) >= sizeof session->path)
        return st_fail(error, ST_ERR_FILE, "path of %zu bytes, wanted at most %zu", strlen(path),
                       sizeof session->path - 1);
    if (!st_file_read(path, 1 << 20, &text, error)) return false;
    bool whole = strlen(st_text_string(&text)) == text.length;
    if (!whole) st_fail(error, ST_ERR_FORMAT, "%s: a NUL byte, wanted a recipe (text)", path);
    bool done = whole && read_recipe(session, &draft, st_text_string(&text), path, error);
    st_text_free(&text);
    if (!done) return false;
    begin(session, &draft, path);
    session_say(session, "opened %s", path);
    return true;
}

void session_new(Session *session) {
    Recipe empty;
    recipe_init(&empty);
    begin(session, &empty, "");
}

static bool fail_suffix(const char *path, StError *error) {
    return st_fail(error, ST_ERR_VALUE, "%s: wanted a name that ends in .strata or .safetensors", path);
}

static bool save_recipe(Session *session, const char *path, StError *error) {
    StText text = {0};
    bool done = recipe_print(&session->recipe, RECIPE_ALL, path, &text, error) &&
                st_file_write(path, st_text_string(&text), text.length, error);
    st_text_free(&text);
    if (!done) return false;
    snprintf(session->path, sizeof session->path, "%s", path);
    remember_saved(session);
    return true;
}

/* Equal models are equal files: the recipe without comments and pace, the preparation, the weights. */
static bool save_weights(Session *session, const char *path, StError *error) {
    StWeightSet set;
    if (!session_weights(session, &set, error)) return false;
    StText recipe = {0}, preparation = {0};
    const SessionRun *run = session_run(session);
    bool done = recipe_print(run ? run->recipe : &session->recipe, RECIPE_RUN, NULL, &recipe, error);
    if (done && run) st_preparation_print(st_dataset_preparation(run->dataset), &preparation);
    const char *kept =
        session->has_loaded && !run ? session->loaded.preparation : st_text_string(&preparation);
    done = done && st_weights_save(path, &set, st_text_string(&recipe), kept, error);
    st_text_free(&recipe);
    st_text_free(&preparation);
    return done;
}

bool session_save(Session *session, const char *path, StError *error) {
    if (!path || !*path) path = session->path;
    if (!*path) return st_fail(error, ST_ERR_STATE, "the recipe has no file yet; name one: save FILE.strata");
    if (strlen(path) >= sizeof session->path) return st_fail(error, ST_ERR_FILE, "too long a path");
    bool weights = st_path_ends(path, ".safetensors");
    if (!weights && !st_path_ends(path, ".strata")) return fail_suffix(path, error);
    char copy[RECIPE_PATH_MAX]; /* path may be the session's own */
    strcpy(copy, path);
    bool done = weights ? save_weights(session, copy, error) : save_recipe(session, copy, error);
    if (done) session_say(session, "saved %s", copy);
    return done;
}

/* Takes the recipe of a weights file, as one edit. */
static bool take_recipe(Session *session, const char *path, const char *text, StError *error) {
    Recipe draft;
    char label[RECIPE_PATH_MAX + 32];
    snprintf(label, sizeof label, "%s (recipe)", path);
    if (!read_recipe(session, &draft, text, label, error)) return false;
    if (draft.data.given) snprintf(draft.data_base, sizeof draft.data_base, "%s", path);
    snprintf(label, sizeof label, "load %s", path);
    if (session_apply(session, &draft, label, error)) return true;
    recipe_free(&draft);
    return false;
}

/* Whether the weights are right for the recipe's stack, as far as its shapes are known. */
static bool weights_fit(Session *session, const char *path, const StWeightSet *set, StError *error) {
    if (!session_stack(session, NULL, NULL, error)) return false;
    StNetworkPlan plan = {.input = &session->info.input, .rows = 1};
    StNetwork *network = st_network_create(&session->recipe.stack, &plan, error);
    if (!network) return false;
    int count;
    int64_t total;
    const StTensor *tensors = st_network_tensors(network, &count);
    float *values = st_network_weights(network, &total);
    bool fit = st_weights_match(path, set, tensors, count, values, error);
    st_network_destroy(network);
    return fit;
}

/* The rows that the preparation in a weights file makes; rank 0: it has none. */
static StShape prepared_shape(const StWeightFile *file) {
    StPreparation *preparation = *file->preparation ? st_preparation_parse(file->preparation, NULL) : NULL;
    StShape shape = preparation ? st_preparation_x_shape(preparation) : (StShape){0};
    st_preparation_destroy(preparation);
    return shape;
}

static void set_loaded_input(Session *session, StShape shape) {
    session->loaded_input = shape;
    session->stack_revision = 0;
}

static bool load_weights(Session *session, const char *path, StError *error) {
    StWeightFile file;
    if (!st_weights_load(path, &file, error)) return false;
    StShape before = session->loaded_input;
    bool take = session->recipe.stack.count == 0 && *file.recipe;
    if (take && !take_recipe(session, path, file.recipe, error)) {
        st_weights_free(&file);
        return false;
    }
    set_loaded_input(session, prepared_shape(&file));
    bool done = weights_fit(session, path, &file.set, error);
    bool now = session->run && !session_pending(session, NULL);
    if (done && now) done = st_trainer_set_weights(session->run->seen.trainer, &file.set, error);
    if (!done) {
        set_loaded_input(session, before);
        if (take) session_take_back(session);
        st_weights_free(&file);
        return false;
    }
    session_forget_loaded(session);
    session->has_loaded = !now; /* the run has them: what it makes of them is what a next one begins with */
    if (now)
        st_weights_free(&file);
    else
        session->loaded = file;
    return true;
}

bool session_load(Session *session, const char *path, StError *error) {
    if (st_path_ends_gz(path, ".strata")) return session_open(session, path, error);
    if (!st_path_ends_gz(path, ".safetensors")) return fail_suffix(path, error);
    if (!load_weights(session, path, error)) return false;
    session_say(session, "loaded %s", path);
    return true;
}

/* ---- data ---- */

void loaded_release(Loaded *loaded) {
    if (!loaded || --loaded->users > 0) return;
    st_dataset_destroy(loaded->dataset);
    free(loaded);
}

void session_forget_data(Session *session) {
    loaded_release(session->data);
    session->data = NULL;
    session->data_tried = false;
    session->stack_revision = 0;
}

static void data_key(const Recipe *recipe, StText *key) {
    st_text_format(key, "%s\n%llu\n", recipe->data_base, (unsigned long long)recipe->seed);
    recipe_print(recipe, RECIPE_DATA, NULL, key, NULL);
}

/* Whether what is kept (data or error) belongs to the recipe as it is. */
static bool data_is_current(const Session *session) {
    if (!session->data_tried) return false;
    if (session->current_revision == session->revision) return session->current;
    StText key = {0};
    data_key(&session->recipe, &key);
    Session *cache = (Session *)session;
    cache->current = !key.failed && strcmp(st_text_string(&key), st_text_string(&session->data_key)) == 0;
    cache->current_revision = session->revision;
    st_text_free(&key);
    return session->current;
}

static void load_data(Session *session) {
    const Recipe *recipe = &session->recipe;
    session_forget_data(session);
    session->data_tried = true;
    session->current_revision = 0; /* asked anew */
    session->data_error = (StError){0};
    st_text_clear(&session->data_key);
    data_key(recipe, &session->data_key);
    if (session->plan.no_data) {
        st_fail(&session->data_error, ST_ERR_STATE, "data is not loaded here");
        return;
    }
    Loaded *loaded = malloc(sizeof *loaded);
    StDataset *dataset = loaded
                             ? st_dataset_load(&recipe->data, recipe->split.given ? &recipe->split : NULL,
                                               recipe->prepare.count ? &recipe->prepare : NULL,
                                               recipe->features.count ? &recipe->features : NULL,
                                               recipe_data_base(recipe), recipe->seed, &session->data_error)
                             : NULL;
    if (!dataset) {
        if (!loaded) st_fail_memory(&session->data_error, "the data", sizeof *loaded);
        free(loaded);
        return;
    }
    *loaded = (Loaded){.dataset = dataset, .users = 1};
    session->data = loaded;
}

const StDataset *session_dataset(Session *session, StError *error) {
    if (!session->recipe.data.given) {
        st_fail(error, ST_ERR_STATE, "there is no data line; say where rows come from (data csv FILE)");
        return NULL;
    }
    if (!data_is_current(session)) load_data(session);
    if (session->data) return session->data->dataset;
    if (error) *error = session->data_error;
    return NULL;
}

const StDataset *session_dataset_loaded(const Session *session, const StError **failed) {
    bool current = session->recipe.data.given && data_is_current(session);
    if (failed) *failed = current && !session->data ? &session->data_error : NULL;
    return current && session->data ? session->data->dataset : NULL;
}

/* ---- the stack ---- */

static void infer(Session *session) {
    const Recipe *recipe = &session->recipe;
    size_t bytes = (size_t)(recipe->stack.count + 1) * sizeof *session->layers;
    StLayerInfo *layers = realloc(session->layers, bytes);
    session->stack_error = (StError){0};
    session->stack_fits = false;
    if (!layers) {
        st_fail_memory(&session->stack_error, "the stack's shapes", bytes);
        return;
    }
    session->layers = layers;
    StShape input = recipe->stack.input;
    StError missing = {0};
    if (input.rank == 0) {
        const StDataset *dataset = recipe->data.given ? session_dataset(session, &missing) : NULL;
        input = dataset ? st_dataset_x_shape(dataset) : session->loaded_input;
    }
    session->stack_fits =
        st_stack_infer(&recipe->stack, &input, layers, &session->info, &session->stack_error);
    if (missing.code && session->info.first_bad < 0) session->stack_error = missing;
    session->stack_revision = session->revision;
}

bool session_stack(Session *session, const StLayerInfo **layers, StStackInfo *info, StError *error) {
    if (session->stack_revision != session->revision) infer(session);
    if (layers) *layers = session->layers;
    if (info) *info = session->info;
    if (!session->stack_fits && error) *error = session->stack_error;
    return session->stack_fits;
}

/* Whether rows of the data can be taken as the input line says. */
static bool rows_fit(const StShape *input, const StDataset *dataset, StError *error) {
    StShape rows = st_dataset_x_shape(dataset);
    char got[ST_SHAPE_TEXT], wanted[ST_SHAPE_TEXT];
    if (input->rank == 0 || st_shape_size(input) == st_shape_size(&rows)) return true;
    return st_fail(error, ST_ERR_SHAPE,
                   "input %s holds %lld values a row, but the data's rows of %s hold %lld",
                   st_shape_print(input, wanted), (long long)st_shape_size(input), st_shape_print(&rows, got),
                   (long long)st_shape_size(&rows));
}

bool session_input_fits(const Session *session, const Recipe *recipe, StError *error) {
    const StError *failed = NULL;
    const StDataset *dataset = session_dataset_loaded(session, &failed);
    if (session->plan.no_data || !recipe_equal(recipe, &session->recipe, RECIPE_DATA)) return true;
    if (failed && error) *error = *failed;
    return dataset ? rows_fit(&recipe->stack.input, dataset, error) : !failed;
}

bool session_is_complete(Session *session, bool fit, StError *error) {
    const Recipe *recipe = &session->recipe;
    const StDataset *dataset = session_dataset(session, error);
    if (!dataset) return false;
    if (recipe->stack.count == 0)
        return st_fail(error, ST_ERR_STATE, "the stack has no layers; add one (dense 10 softmax)");
    if (!recipe->compile.given)
        return st_fail(error, ST_ERR_STATE,
                       "there is no compile line; choose an optimizer and a loss (compile optimizer=adam "
                       "loss=mean_squared_error)");
    if (fit && !recipe->fit.given)
        return st_fail(error, ST_ERR_STATE, "there is no fit line; say how long to train (fit epochs=5)");
    return rows_fit(&recipe->stack.input, dataset, error) && session_stack(session, NULL, NULL, error);
}

bool session_ready(Session *session, StError *error) {
    return session_is_complete(session, true, error);
}

int session_threads(const Session *session) {
    int most = st_processors() < 4 ? st_processors() : 4;
    return session->plan.threads > 0 ? session->plan.threads : most;
}
