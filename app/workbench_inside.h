/* Inside the workbench: shared by workbench*.c and by the views that show the workbench itself (help, log).
 */
#ifndef APP_WORKBENCH_INSIDE_H
#define APP_WORKBENCH_INSIDE_H

#include "command.h"
#include "view.h"
#include "workbench.h"

#include "log.h"
#include "plot.h"
#include "prompt.h"

enum { BENCH_VIEWS = 40, BENCH_CAME = 8, BENCH_LINE = ST_LINE_MAX };

/* A question that the next key answers. */
typedef enum Ask {
    ASK_NOTHING,
    ASK_LEAVE,   /* the recipe is not saved: s, d, esc; then runs `then` */
    ASK_WEIGHTS, /* trained weights are not saved: w, d, esc; then runs `then` */
    ASK_REPLACE, /* another file is there: y, esc; then runs `saving`, and `then` where there is one */
    ASK_END      /* after ctrl-c: y */
} Ask;

typedef struct Bench {
    Session *session;
    UiScreen *screen;
    UiGrid *grid;
    int wake_fd;

    /* the run as the screen knows it */
    History *now, *last;
    Trends *trends;
    StInspection *inspection;
    const StLook *look;
    StWant want;

    /* the look inside */
    StMoments *moments;   /* made with the first run; NULL: none are kept */
    size_t moments_bytes; /* that they may take */
    int64_t moment_step;  /* at which the run rested last, and which is a moment therefore; -1 */
    int64_t branching;    /* the run being made goes on from this step; -1: from none */
    StStudies *studies;   /* made when a view first asks for one; NULL: none yet, or it could not be */
    bool no_studies;      /* it could not */
    double share;         /* of a core, for what is asked for */
    const StFound *found;
    Gaze gaze;
    int method[BENCH_VIEWS];
    int64_t turn[STUDIES_MAX];
    double recent[1 + ST_METRICS_MAX]; /* the header's figures: means over the present epoch's steps so far */
    double recent_weight;
    int64_t recent_epoch;
    StTrainerStatus status; /* of the last frame; state IDLE without a run */
    bool has_run;

    /* what is looked at */
    int focus;                /* index into views */
    void *state[BENCH_VIEWS]; /* made when first looked at */
    int came[BENCH_CAME];     /* the views of the inside that one came through, the last one last */
    int came_count;
    bool helping; /* the help lies over the view */

    char message[ST_MESSAGE_MAX]; /* what just happened; gone with the next key */
    UiInk message_ink;
    char ended[ST_MESSAGE_MAX];    /* why training ended early, and which weights those are; stands like it */
    char diverged[ST_MESSAGE_MAX]; /* why, and what to try: stands wherever nothing else is said */
    const StHealth *sick;          /* of the newest look: a layer that cannot learn; NULL: none */
    bool told_sick;
    int64_t asked_from; /* `step` or `epoch` was ordered at this step, and is not told yet; -1: none */
    bool asked_epoch;
    char last_step[160], last_epoch[160]; /* "made step 241: loss 0.0531" */
    char space[40];                       /* the hint of space */
    UiLog log;
    long errors, errors_seen; /* lines caught from standard error */
    Ask ask;
    char then[BENCH_LINE], saving[BENCH_LINE];
    char replaced[RECIPE_PATH_MAX];    /* the file that the question is about */
    char own_weights[RECIPE_PATH_MAX]; /* written by the person here: may be written again */
    uint64_t kept_run;                 /* the weights that were written last, by run and step */
    int64_t kept_step, kept_edits;
    bool discard; /* the person said so: do not ask again */

    UiPrompt *prompt;
    bool cancel;  /* ctrl-c closes the prompt */
    char *preset; /* opens the prompt with this typed in, once the present line has run */

    UiHints hints;
    UiHints tabs;
    UiBinding common[64]; /* the common bindings; the first row says what space does now */
    bool changed;         /* a frame is due */
    bool pressed;         /* by a person: at once */
    StAsk asked;          /* of the studies, by the last frame */
    double awaited;       /* until when the answer to a new ask is shown as soon as it comes; 0: it came */
    double drawn;         /* when the last frame was shown, seconds */
    double cost;          /* processor seconds of a frame, smoothed */
    bool loading;         /* the frame says so; data is read after it */
    bool play;            /* as soon as data is there */
    bool quit;
    int status_code;
} Bench;

/* ---- workbench.c ---- */
bool bench_run_line(void *bench, const char *line);
void bench_say(Bench *bench, UiInk ink, const char *text);
ViewContext bench_context(Bench *bench, int view);
void bench_look_at(Bench *bench, int view);
void bench_look_back(Bench *bench);     /* where one came from within the inside; else its page */
int bench_view_index(const char *name); /* -1: there is none */
void bench_key(Bench *bench, UiKey key);
double bench_seconds(void); /* of a clock that only goes forward */

/* ---- workbench_run.c: news from trainer and inspection ---- */
void bench_hooks(Bench *bench);
void bench_news(Bench *bench);
void bench_run_ends(void *bench);
void bench_forget(Bench *bench); /* the curves: they are of another recipe */

/* ---- workbench_time.c: moments of the run ---- */
void bench_moments_begin(Bench *bench); /* a run was made */
/* Where the past is looked at: says so, and how to leave it. */
bool bench_past(const Bench *bench, char text[ST_MESSAGE_MAX]);
int64_t bench_moment(const Bench *bench); /* the step that is looked at; -1: the present */
bool bench_act_moment(const CommandCall *call, StError *error);
bool bench_act_branch(const CommandCall *call, StError *error);
bool bench_act_rewind(const CommandCall *call, StError *error);
bool bench_act_history(const CommandCall *call, StError *error);

/* ---- workbench_frame.c ---- */
void bench_draw(Bench *bench);
bool bench_is_small(const Bench *bench);

/* ---- workbench_prompt.c ---- */
UiKey bench_pump(void *bench); /* runs the loop until a key is wanted; 0: the program is to end */
void bench_prompt(Bench *bench);
void bench_complete(void *bench, const char *line, int cursor, int *begin, UiCandidate add, void *to);

/* ---- workbench_verbs.c: its rows of the table of commands, and its keys ---- */
void bench_add_commands(Bench *bench);
extern const UiBinding bench_bindings[];
size_t bench_binding_count(void); /* with the row that ends them */

/* ---- workbench_ask.c ---- */
/* True: there is something to ask first; the line is run again once it is answered. */
bool bench_ask_leave(Bench *bench, const char *then);
bool bench_ask_replace(Bench *bench, const char *path, const char *line);
void bench_saved(Bench *bench, const char *path);    /* the person had this file written */
void bench_answer(Bench *bench, UiKey key);          /* to a question */
const UiBinding *bench_ask_keys(const Bench *bench); /* what may be answered */
void bench_ask_text(const Bench *bench, char text[ST_MESSAGE_MAX]);

/* ---- views/help.c ---- */
void help_about(void *state, const View *of, const UiBinding *common, ViewContext *context);
void help_text(void *state, const char *title, const char *text);

#endif
