/* Inside the session: shared by session.c (recipe, history, data), session_run.c (the run), and what fits and
 * shows it without a screen (fit.c, views/views.c). */
#ifndef APP_SESSION_INNER_H
#define APP_SESSION_INNER_H

#include "command.h"
#include "history.h"

#include "inspect/readings.h"

/* A dataset that the session and a run may share. */
typedef struct Loaded {
    StDataset *dataset;
    int users;
} Loaded;

/* One weight of a run, changed by hand. */
typedef struct WeightEdit {
    uint64_t run; /* its number; 0: the edit is one of the recipe */
    int tensor;
    int64_t at;  /* in the tensor */
    float value; /* on its other side */
} WeightEdit;

/* An edit that can be taken back, or made again: the recipe, or the weight, on its other side, and the line
 * that made it. */
typedef struct Edit {
    Recipe recipe; /* empty where it is one of a weight */
    char *text;
    WeightEdit weight;
} Edit;

typedef struct Edits {
    int count;
    Edit edit[SESSION_HISTORY];
} Edits;

typedef struct Run {
    SessionRun seen; /* what the outside sees; its pointers lead to what follows */
    Recipe recipe;
    Loaded *data;
    StLayerInfo *layers;
    struct Keeper *keeper; /* what callbacks keep in files; NULL: nothing */
    StInspector *probe;    /* says what a weight changed by hand does to the loss; NULL until one is */
} Run;

struct Session {
    SessionPlan plan;
    const Command *added;
    void *added_context;

    Recipe recipe;
    char path[RECIPE_PATH_MAX];
    StText saved;      /* the text in the recipe's file */
    uint64_t revision; /* counts changes of the recipe */
    Edits undo, redo;

    Loaded *data;
    StText data_key; /* what data, or data_error, was made from; failed: nothing was tried */
    bool data_tried;
    StError data_error;

    StLayerInfo *layers;
    StStackInfo info;
    StError stack_error;
    bool stack_fits;
    uint64_t stack_revision; /* of the recipe that was inferred; 0: none */
    uint64_t
        current_revision; /* the revision for which `current` was found: the loaded data is the recipe's */
    bool current;
    uint64_t dirty_revision, pending_revision, pending_run;
    bool dirty, pending;

    Run *run;
    Marks marks; /* of the run */
    uint64_t runs;
    History *history; /* of the run, where scripts and shells trained it; NULL: none */
    bool has_loaded;
    StWeightFile loaded;        /* weights for the next start, by `load` */
    StShape loaded_input;       /* the rows that the last file's preparation makes; rank 0: not known */
    const StSnapshot *held;     /* lent by session_weights */
    struct SessionRange *range; /* the newest range test; NULL: none */
};

/* The recipe changed: draft (moved) takes its place. text NULL: not for the history. */
bool session_apply(Session *session, Recipe *draft, const char *text, StError *error);
/* An edit that was applied and then failed: gone from recipe and history. */
void session_take_back(Session *session);
void session_acts_on_run(Session *session); /* rate and pace of the recipe, at once */
void session_end_run(Session *session);
/* The run that an order without a word of training acts on: the present one, else one at rest. */
bool session_run_at_hand(Session *session, StError *error);
bool session_remember(Session *session, const char *text, const WeightEdit *weight, StError *error);
/* The run's weight becomes what the edit holds, which then holds what it was. False: that run has ended. */
bool session_swap_weight(Session *session, WeightEdit *edit, const char *verb);
void session_release_held(Session *session);
void loaded_release(Loaded *loaded);
void session_forget_loaded(Session *session);
/* session_ready; without `fit` no fit line is wanted. */
bool session_is_complete(Session *session, bool fit, StError *error);

#endif
