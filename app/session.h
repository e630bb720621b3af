/* The session: the only mutable root of the program. A key, a `:` line, a script, a lesson and a test all do
 * the same thing: they run a line of the language on it (app/command.h is the table of the lines).
 *
 * It holds the recipe with its file and history, the loaded data, and the run: a trainer with its own copy
 * of the recipe. Editing while a run trains changes the recipe only; the run goes on with its copy until it
 * is started anew (session_pending says so). The learning rate alone acts on the run at once.
 *
 * All functions belong to one thread (the screen's, or main). Nothing here draws or knows curses. */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "marks.h"
#include "recipe.h"
#include "store/weights.h"
#include "train/trainer.h"

typedef struct Session Session;

/* Where a line may stand. */
typedef enum Place {
    PLACE_RECIPE = 1,    /* in a *.strata file that is opened */
    PLACE_SCRIPT = 2,    /* strata run, strata train --set */
    PLACE_SHELL = 4,     /* strata shell */
    PLACE_WORKBENCH = 8, /* keys and the : line */
    PLACE_ALL = 15
} Place;

/* What the session tells the outside. Any may be NULL. */
typedef struct SessionHooks {
    void *context;
    /* What just happened, in words, without newline: "added 3 dropout 0.2; u undoes". */
    void (*say)(void *context, const char *text);
    /* Results asked for (show, evaluate, help, …): text with its newlines. */
    void (*print)(void *context, const char *text);
    /* A run is about to be destroyed with its trainer and data: release snapshots, destroy inspectors. */
    void (*run_ends)(void *context);
    /* A run was made (session_run), possibly not playing yet. */
    void (*run_begins)(void *context);
} SessionHooks;

typedef struct SessionPlan {
    Place place;    /* where its lines come from by default */
    int threads;    /* 0: processors, at most 4 */
    bool lossless;  /* see StTrainerPlan: headless */
    bool snapshots; /* the workbench */
    int wake_fd;    /* -1: none */
    bool no_data;   /* never open a file of data (tests, fuzzing) */
    bool quiet;     /* fit prints no lines */
    bool progress;  /* fit draws a progress line over itself: standard output is a terminal */
    SessionHooks hooks;
} SessionPlan;

Session *session_create(const SessionPlan *plan, StError *error);
void session_destroy(Session *session);
void session_set_hooks(Session *session, const SessionHooks *hooks);
Place session_place(const Session *session);
void session_say(Session *session, const char *format, ...) ST_PRINTF(2, 3);
void session_print(Session *session, const char *text);

/* ---- lines ---- */

/* Where a line stands. file NULL: typed. Errors are then prefixed "FILE:LINE: ". */
typedef struct Source {
    const char *file;
    int line; /* from 1 */
} Source;

/* Runs one line; empty ones and comments do nothing. A line that fails changes nothing. */
bool session_run_line(Session *session, const char *line, Source source, StError *error);
/* Runs every line of a text (a script) until one fails. */
bool session_run_text(Session *session, const char *text, const char *file, StError *error);

/* Adds rows to the table of commands (the workbench's verbs); ended by a row without a name; borrowed.
 * `context` reaches their handlers as call->context. See app/command.h. */
struct Command;
void session_add_commands(Session *session, const struct Command *rows, void *context);
const struct Command *session_commands(const Session *session, void **context); /* the added ones, or NULL */

/* ---- the recipe and its file ---- */

const Recipe *session_recipe(const Session *session);
const char *session_path(const Session *session);                      /* "" where it has no file yet */
const char *session_name(const Session *session);                      /* "iris.strata", "untitled" */
bool session_dirty(const Session *session);                            /* differs from its file */
bool session_open(Session *session, const char *path, StError *error); /* reads a recipe; ends the run */
void session_new(Session *session);                                    /* an empty recipe; ends the run */
/* By suffix: .strata, or .safetensors (weights of the run, of now). "" or NULL: the recipe to its own file.
 */
bool session_save(Session *session, const char *path, StError *error);
/* By suffix: .strata opens; .safetensors loads weights (and, into an empty session, the recipe in it). */
bool session_load(Session *session, const char *path, StError *error);

/* ---- history of edits ---- */

enum { SESSION_HISTORY = 200 };

/* The command that undo takes back (redo makes again), or NULL where there is none. */
const char *session_undo_text(const Session *session);
const char *session_redo_text(const Session *session);
bool session_undo(Session *session, StError *error);
bool session_redo(Session *session, StError *error);
/* Counts every change of the recipe: the same number means the same recipe. */
uint64_t session_revision(const Session *session);

/* ---- what follows from the recipe ---- */

/* The dataset of the recipe's data lines, loaded when first asked for and kept while those lines stay the
 * same; so is the error. Lives until the recipe changes: do not keep it. NULL with an error. */
const StDataset *session_dataset(Session *session, StError *error);
/* The same without loading: NULL where it was not loaded. *failed (may be NULL): the kept error or NULL. */
const StDataset *session_dataset_loaded(const Session *session, const StError **failed);
/* Forgets the data, so that files are read anew. */
void session_forget_data(Session *session);

/* The stack inferred for the recipe's input (its input line, else the data, where that could be
 * loaded, else the preparation in the weights that were).
 * layers [recipe.stack.count] belong to the session and stay until the recipe changes; a layer that does
 * not fit carries its error. The result says whether everything fits; error then says why not (may be
 * NULL). */
bool session_stack(Session *session, const StLayerInfo **layers, StStackInfo *info, StError *error);
/* Whether the data can be had, and its rows fit the input line of a recipe (the session's, or a draft of
 * it). True where nothing can be said against it: no data line, data not loaded, other data lines. */
bool session_input_fits(const Session *session, const Recipe *recipe, StError *error);
/* Bytes of optimizer state for the compiled optimizer (0 without compile). */
int64_t session_optimizer_bytes(Session *session);
/* Everything that training needs is there, and fits. */
bool session_ready(Session *session, StError *error);

/* ---- the run ---- */

typedef struct SessionRun {
    const Recipe *recipe; /* the run's own copy; its learning rate follows the trainer's */
    const StDataset *dataset;
    StTrainer *trainer;
    uint64_t number;           /* counts runs of this session from 1 */
    const StLayerInfo *layers; /* [recipe->stack.count] */
    StStackInfo info;
    int kept;      /* layers whose weights were kept from before */
    int64_t edits; /* of weights by hand, undone ones counted too */
} SessionRun;

const SessionRun *session_run(const Session *session); /* NULL: none yet */

/* The records of what `fit` did in a script or a shell, for `show`; NULL: none. (The workbench keeps its
 * own.) */
struct History;
const struct History *session_history(const Session *session);

typedef struct SessionStart {
    bool keep;       /* start from the last run's (or loaded) weights where name and shape are equal */
    bool paused;     /* make the run without playing it */
    bool no_shuffle; /* --no-shuffle */
    /* NULL, or a moment of the present run that it goes on from (session_branch); keep is not looked at. */
    const StSnapshot *from;
} SessionStart;
/* A new run of the recipe as it now is. On failure the old run stays. */
bool session_start(Session *session, const SessionStart *start, StError *error);
/* A new run, at rest, that goes on from a moment of the present one with the recipe as it now is: with its
 * weights, step, and, where the optimizer is of the same kind, that one's state. Its rate is the recipe's;
 * the moment's own where a plateau had lowered that. The stack must have the same weights. */
bool session_branch(Session *session, const StSnapshot *from, StError *error);
/* What was done to the present run, by step. */
const Marks *session_marks(const Session *session);
/* What space (session_play, and a step or an epoch) does now. */
typedef enum SessionNext {
    NEXT_BEGIN, /* there is no run yet: makes one */
    NEXT_TRAINS,
    NEXT_GO_ON,
    NEXT_MORE,   /* it is done: fit's epochs again */
    NEXT_KEEP,   /* the recipe was changed: a new run that keeps the weights of unchanged layers */
    NEXT_ANEW,   /* optimizer or loss were changed at the end of a run, or it diverged: from the seed */
    NEXT_REFUSES /* it diverged, and nothing was changed */
} SessionNext;
SessionNext session_next(const Session *session);
/* The same in words, where the recipe was changed: "space starts anew, k keeps the weights";
 * else "". */
const char *session_next_words(const Session *session);
/* What is told of it everywhere: "stack changed: space keeps the weights of unchanged layers · r starts
 * anew". False, and nothing is added, where the recipe is the run's. */
bool session_next_text(const Session *session, StText *out);
/* keep: with the weights of unchanged layers, also where session_next is to start anew. */
bool session_play(Session *session, bool keep, StError *error);
bool session_pause(Session *session, StError *error);
bool session_one_step(Session *session, StError *error);
bool session_one_epoch(Session *session, StError *error);
bool session_stop(Session *session, StError *error);
/* New weights from the seed, at rest. new_seed: the recipe gets another seed first (an undoable edit). */
bool session_reset(Session *session, bool new_seed, StError *error);
/* One weight by hand: name LAYER/WEIGHT (or N/WEIGHT by the layer's number), one index an axis, from 0. Acts
 * on the run (one at rest is made where there is none), is undone and redone like an edit of the recipe, and
 * says what it does to the loss. `line` is what the history calls it. */
bool session_set_weight(Session *session, const char *name, const char *index, double value, const char *line,
                        StError *error);
/* Acts on the run at once and is an edit of the recipe. */
bool session_set_rate(Session *session, double rate, StError *error);
/* The run's, else the recipe's: that the newest step was made with, and learning_rate itself, which a
 * schedule begins with and session_set_rate sets. */
double session_rate(const Session *session);
double session_base_rate(const Session *session);

/* True where the recipe differs from what the run was made of; what (may be NULL) gets "data, stack". */
bool session_pending(const Session *session, StText *what);

/* The layers of the stack that the run does not have as they are: added or changed since it was made.
 * added [recipe.stack.count]. False, and nothing is filled in, where there is no run or no memory. */
bool session_added_layers(Session *session, bool *added);

/* Scores of a part with the weights of now; makes a run at rest where there is none. */
bool session_evaluate(Session *session, StPart part, StScores *scores, StError *error);
/* The weights of now: of the run, else those loaded. False where there are none. The set stays valid until
 * the next call on the session. */
bool session_weights(Session *session, StWeightSet *set, StError *error);
int session_threads(const Session *session);

#endif
