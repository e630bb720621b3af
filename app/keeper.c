#include "keeper.h"
#include "run_log.h"

#include "store/weights.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct Keeper {
    RunLog log;
    char log_path[RECIPE_PATH_MAX], checkpoint[RECIPE_PATH_MAX]; /* checkpoint: with {epoch} in it */
    StText recipe, preparation;                                  /* what stands in a weights file */
};

/* "samples/iris.strata" → "samples/iris-best.safetensors". */
static void name_checkpoint(const StCallbacks *callbacks, const char *file, StText *out) {
    size_t stem = strlen(file);
    if (st_path_ends(file, ".strata")) stem -= strlen(".strata");
    st_text_format(out, "%.*s-%s.safetensors", stem ? (int)stem : 10, stem ? file : "checkpoint",
                   st_callbacks_checkpoint_every(callbacks) > 0 ? "{epoch}" : "best");
}

static bool find_paths(Keeper *keeper, const StCallbacks *callbacks, const char *file, StError *error) {
    const char *base = *file ? file : NULL;
    if (*callbacks->csv_log &&
        !st_path_join(base, callbacks->csv_log, keeper->log_path, sizeof keeper->log_path, error))
        return st_fail_at(error, "csv_log");
    if (!*callbacks->checkpoint) return true;
    if (*callbacks->checkpoint_file)
        return st_path_join(base, callbacks->checkpoint_file, keeper->checkpoint, sizeof keeper->checkpoint,
                            error) ||
               st_fail_at(error, "checkpoint_file");
    StText name = {0};
    name_checkpoint(callbacks, file, &name);
    bool done =
        st_path_join(NULL, st_text_string(&name), keeper->checkpoint, sizeof keeper->checkpoint, error);
    st_text_free(&name);
    return done || st_fail_at(error, "checkpoint");
}

bool keeper_create(const Recipe *recipe, const StDataset *dataset, const char *file, Keeper **keeper,
                   StError *error) {
    const StCallbacks *callbacks = &recipe->callbacks;
    *keeper = NULL;
    if (!*callbacks->csv_log && !*callbacks->checkpoint) return true;
    Keeper *made = calloc(1, sizeof *made);
    if (!made) return st_fail_memory(error, "what the callbacks keep", sizeof *made);
    bool done = find_paths(made, callbacks, file, error) &&
                recipe_print(recipe, RECIPE_RUN, NULL, &made->recipe, error);
    if (done) st_preparation_print(st_dataset_preparation(dataset), &made->preparation);
    done = done &&
           run_log_open(&made->log, *made->log_path ? made->log_path : NULL, false, &recipe->compile, error);
    if (done)
        *keeper = made;
    else
        keeper_free(made);
    return done;
}

void keeper_free(Keeper *keeper) {
    if (!keeper) return;
    run_log_close(&keeper->log, NULL);
    st_text_free(&keeper->recipe);
    st_text_free(&keeper->preparation);
    free(keeper);
}

static bool save(const Keeper *keeper, const StWeightSet *weights, int64_t epoch, StError *error) {
    StText path = {0};
    const char *at = keeper->checkpoint, *mark;
    while ((mark = strstr(at, "{epoch}"))) {
        st_text_format(&path, "%.*s%" PRId64, (int)(mark - at), at, epoch);
        at = mark + strlen("{epoch}");
    }
    st_text_add(&path, at);
    bool done = st_weights_save(st_text_string(&path), weights, st_text_string(&keeper->recipe),
                                st_text_string(&keeper->preparation), error);
    st_text_free(&path);
    return done || st_fail_at(error, "checkpoint");
}

static bool keep_epoch(void *context, const StRecord *record, const StWeightSet *weights, bool checkpoint,
                       StError *error) {
    Keeper *keeper = context;
    run_log_record(&keeper->log, record);
    if (keeper->log.file && ferror(keeper->log.file))
        return st_fail(error, ST_ERR_FILE, "csv_log: %s could not be written", keeper->log_path);
    return !checkpoint || save(keeper, weights, record->epoch, error);
}

StKeeper keeper_hook(Keeper *keeper) {
    return keeper ? (StKeeper){keep_epoch, keeper} : (StKeeper){0};
}
