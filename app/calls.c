#include "calls.h"
#include "fit.h"
#include "places.h"
#include "predict.h"
#include "session_range.h"
#include "show.h"
#include "workbench.h"

#include "prompt.h"
#include "train/check.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- a session for a call ---- */

static void print_out(void *context, const char *text) {
    (void)context;
    fputs(text, stdout);
    fflush(stdout);
}

static void say_err(void *context, const char *text) {
    (void)context;
    fprintf(stderr, "%s\n", text);
}

static int failed(const StError *error) {
    fflush(stdout);
    fprintf(stderr, "strata: %s\n", error->message);
    return 1;
}

static int misused(const char *message) {
    fprintf(stderr, "strata: %s\n", message);
    return 2;
}

static Session *make_session(const ProgramArguments *arguments, Place place, StError *error) {
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) {
        st_fail(error, ST_ERR_STATE, "eventfd: %s", strerror(errno));
        return NULL;
    }
    SessionPlan plan = {.place = place,
                        .threads = arguments->threads,
                        .lossless = true,
                        .wake_fd = wake_fd,
                        .quiet = arguments->quiet,
                        .progress = isatty(STDOUT_FILENO),
                        .hooks = {.print = print_out}};
    return session_create(&plan, error);
}

/* FILE: a recipe, or weights with the recipe in them, or a table. */
static bool open_file(Session *session, const char *file, StError *error) {
    if (st_path_ends_gz(file, ".safetensors")) return session_load(session, file, error);
    if (!st_path_ends_gz(file, ".csv")) return session_open(session, file, error);
    StText line = {0};
    st_text_add(&line, "data csv ");
    st_text_word(&line, file);
    bool done = session_run_line(session, st_text_string(&line), (Source){0}, error);
    st_text_free(&line);
    return done;
}

static bool run_words(Session *session, const char *verb, const char *value, StError *error) {
    char line[64];
    snprintf(line, sizeof line, "%s %s", verb, value);
    return session_run_line(session, line, (Source){0}, error);
}

/* --epochs: the fit line with another number of epochs. */
static bool set_epochs(Session *session, int epochs, StError *error) {
    StFit fit = session_recipe(session)->fit;
    fit.epochs = epochs;
    fit.given = true;
    StText line = {0};
    st_fit_print(&fit, &line);
    bool done = session_run_line(session, st_text_string(&line), (Source){0}, error);
    st_text_free(&line);
    return done;
}

/* --set, --seed and --epochs, in this order. */
static bool apply(Session *session, const ProgramArguments *arguments, StError *error) {
    for (int i = 0; i < arguments->sets; i++)
        if (!session_run_line(session, arguments->set[i], (Source){0}, error))
            return st_fail_at(error, "--set '%.80s'", arguments->set[i]);
    if (*arguments->seed && !run_words(session, "seed", arguments->seed, error))
        return st_fail_at(error, "--seed");
    return !arguments->epochs || set_epochs(session, arguments->epochs, error);
}

/* A session with the call's file and options, or NULL: then it failed and was said. */
static Session *begin(const ProgramArguments *arguments, int file) {
    StError error = {0};
    Session *session = make_session(arguments, PLACE_RECIPE, &error);
    if (session && open_file(session, arguments->file[file], &error) && apply(session, arguments, &error))
        return session;
    failed(&error);
    session_destroy(session);
    return NULL;
}

static int end(Session *session, bool done, const StError *error) {
    int status = done ? 0 : failed(error);
    session_destroy(session);
    return status;
}

/* What is wrong with the recipe as a whole is told with its file; other errors name their own. False. */
static bool in_file(const ProgramArguments *arguments, StError *error) {
    if (error->code == ST_ERR_STATE || error->code == ST_ERR_SHAPE)
        st_fail_at(error, "%s", arguments->file[0]);
    return false;
}

/* ---- train ---- */

static void warn_of_data(Session *session) {
    const StDataset *dataset = session_dataset(session, NULL);
    for (int i = 0; dataset && i < st_dataset_warnings(dataset); i++)
        fprintf(stderr, "strata: warning: %s\n", st_dataset_warning(dataset, i));
}

static void print_json(Session *session, const FitResult *result) {
    const SessionRun *run = session_run(session);
    const StCompile *compile = &run->recipe->compile;
    const StTrainerStatus *status = &result->status;
    StText line = {0};
    double speed = status->seconds > 0 ? (double)status->samples / status->seconds : NAN;
    st_text_format(
        &line, "{\"epochs\": %" PRId64 ", \"steps\": %" PRId64 ", \"samples\": %" PRId64 ", \"seconds\": ",
        status->epoch, status->step, status->samples);
    json_number(&line, status->seconds);
    st_text_add(&line, ", \"samples_per_s\": ");
    json_number(&line, speed);
    st_text_format(&line, ", \"threads\": %d, \"seed\": %" PRIu64 ", \"parameters\": %" PRId64,
                   status->threads, run->recipe->seed, run->info.parameters);
    st_text_format(&line, ", \"state\": \"%s\"", st_trainer_state_word(status->state));
    fit_scores_json(compile, &result->fit, "", &line);
    for (int part = ST_VALIDATION; part < ST_PARTS; part++)
        if (result->has[part])
            fit_scores_json(compile, &result->scores[part], part == ST_TEST ? "test_" : "val_", &line);
    st_text_add(&line, "}\n");
    fputs(st_text_string(&line), stdout);
    st_text_free(&line);
}

/* A file that cannot be written is told before the training, not after it. */
static bool can_write(const char *path, StError *error) {
    char folder[RECIPE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    return access(folder, W_OK) == 0 || st_fail(error, ST_ERR_FILE, "%s: %s", path, strerror(errno));
}

static bool train(Session *session, const ProgramArguments *arguments, StError *error) {
    if (*arguments->init && !session_load(session, arguments->init, error)) return false;
    if (!session_ready(session, error)) return in_file(arguments, error);
    if (*arguments->save && !can_write(arguments->save, error)) return false;
    if (!arguments->quiet) warn_of_data(session);
    FitPlan plan = {.no_shuffle = arguments->no_shuffle,
                    .log = *arguments->log ? arguments->log : NULL,
                    .log_steps = arguments->log_every == 1};
    FitResult result;
    bool done = fit_train(session, &plan, &result, error);
    StTrainerState state = result.status.state;
    bool trained = state == ST_STATE_DONE ||
                   state == ST_STATE_STOPPED || /* even where the log was not written */
                   (state == ST_STATE_DIVERGED && result.status.restored > 0);
    if (!trained && state != ST_STATE_DIVERGED) return false;
    if (trained && *arguments->save)
        done = session_save(session, arguments->save, done ? error : NULL) && done;
    if (arguments->json) print_json(session, &result);
    return done;
}

int call_train(ProgramArguments *arguments) {
    if (*arguments->save && !st_path_ends(arguments->save, ".safetensors"))
        return misused("train: --save: wanted a name that ends in .safetensors");
    StError error = {0};
    Session *session = begin(arguments, 0);
    return session ? end(session, train(session, arguments, &error), &error) : 1;
}

/* ---- readings ---- */

int call_summary(ProgramArguments *arguments) {
    StError error = {0};
    StText text = {0};
    Session *session = begin(arguments, 0);
    if (!session) return 1;
    bool done = summary_print(session, arguments->json, &text, &error) || in_file(arguments, &error);
    if (done) fputs(st_text_string(&text), stdout);
    st_text_free(&text);
    return end(session, done, &error);
}

/* The weights of --weights; where FILE holds weights itself, none need be named. */
static bool load_weights(Session *session, const ProgramArguments *arguments, StError *error) {
    return !*arguments->weights || session_load(session, arguments->weights, error);
}

static bool lacks_weights(const ProgramArguments *arguments) {
    return !*arguments->weights && !st_path_ends_gz(arguments->file[0], ".safetensors");
}

static const char *weights_file(const ProgramArguments *arguments) {
    return *arguments->weights ? arguments->weights : arguments->file[0];
}

static bool evaluate(Session *session, const ProgramArguments *arguments, StPart part, StError *error) {
    StScores scores;
    if (!load_weights(session, arguments, error)) return false;
    if (!session_evaluate(session, part, &scores, error)) return in_file(arguments, error);
    const SessionRun *run = session_run(session);
    StText text = {0};
    if (arguments->json) {
        st_text_format(&text, "{\"part\": \"%s\", \"rows\": %" PRId64, st_part_name(part),
                       st_dataset_rows(run->dataset, part));
        fit_scores_json(&run->recipe->compile, &scores, "", &text);
        st_text_add(&text, "}\n");
    } else {
        fit_scores_lines(&run->recipe->compile, &scores, &text);
    }
    fputs(st_text_string(&text), stdout);
    st_text_free(&text);
    return true;
}

int call_evaluate(ProgramArguments *arguments) {
    StError error = {0};
    StPart part = ST_TEST;
    if (*arguments->part && !st_part_find(arguments->part, &part, &error)) {
        st_fail_at(&error, "evaluate: --part");
        return misused(error.message);
    }
    if (lacks_weights(arguments)) return misused("evaluate: --weights is missing");
    Session *session = begin(arguments, 0);
    return session ? end(session, evaluate(session, arguments, part, &error), &error) : 1;
}

int call_predict(ProgramArguments *arguments) {
    StError error = {0};
    if (lacks_weights(arguments)) return misused("predict: --weights is missing");
    if (!*arguments->input) return misused("predict: --input is missing");
    PredictPlan plan = {.training = arguments->training};
    strcpy(plan.input, arguments->input);
    strcpy(plan.output, arguments->output);
    strcpy(plan.layer, arguments->layer);
    Session *session = begin(arguments, 0);
    if (!session) return 1;
    return end(session, predict_run(session, weights_file(arguments), &plan, &error), &error);
}

int call_gradients(ProgramArguments *arguments) {
    static const char *const names[] = {"input", "target", "output"};
    StError error = {0};
    if (lacks_weights(arguments)) return misused("gradients: --weights is missing");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const StOption *row = st_option_find(program_options, names[i]);
        char message[64];
        snprintf(message, sizeof message, "gradients: --%s is missing", names[i]);
        if (!*((const char *)arguments + row->offset)) return misused(message);
    }
    GradientsPlan plan = {.weights = weights_file(arguments),
                          .input = arguments->input,
                          .target = arguments->target,
                          .output = arguments->output,
                          .training = arguments->training};
    Session *session = begin(arguments, 0);
    return session ? end(session, gradients_run(session, &plan, &error), &error) : 1;
}

/* ---- check ---- */

static void print_check(const StCheckReport *report, bool json, StText *out) {
    if (json)
        st_text_add(out, "{\"loss\": "), json_number(out, report->loss), st_text_add(out, ", \"layers\": [");
    if (!json)
        st_text_format(out, "%-32s %9s %9s  %s\n", "layer", "entries", "compared", "worst relative error");
    for (int i = 0; i < report->count; i++) {
        const StCheckRow *row = &report->rows[i];
        if (json) {
            st_text_format(
                out, "%s{\"name\": \"%s\", \"entries\": %" PRId64 ", \"compared\": %" PRId64 ", \"worst\": ",
                i ? ", " : "", row->name, row->entries, row->checked);
            json_number(out, row->worst);
            st_text_add(out, "}");
        } else if (row->checked) {
            st_text_format(out, "%-32s %9" PRId64 " %9" PRId64 "  %.2e  %s[%" PRId64 "]\n", row->name,
                           row->entries, row->checked, row->worst, row->where, row->entry);
        } else {
            st_text_format(out, "%-32s %9" PRId64 " %9d  not available: every entry is at a kink\n",
                           row->name, row->entries, 0);
        }
    }
    if (json) st_text_add(out, "]}\n");
}

enum { CHECK_ROWS = 8 };
static const double check_limit = 1e-4; /* a right gradient in double is below 1e-6 with room to spare */

static bool check(Session *session, const ProgramArguments *arguments, StError *error) {
    const Recipe *recipe = session_recipe(session);
    const StDataset *dataset = NULL;
    if (!recipe->compile.given)
        return st_fail(error, ST_ERR_STATE, "there is no compile line; the check is of its loss");
    if (recipe->data.given && !(dataset = session_dataset(session, error))) return false;
    if (!session_stack(session, NULL, NULL, error)) return false;
    StCheckPlan plan = {.stack = &recipe->stack,
                        .compile = &recipe->compile,
                        .dataset = dataset,
                        .rows = CHECK_ROWS,
                        .seed = recipe->seed};
    StCheckReport report = {0};
    if (!st_check(&plan, &report, error)) return false;
    StText text = {0};
    print_check(&report, arguments->json, &text);
    fputs(st_text_string(&text), stdout);
    st_text_free(&text);
    const StCheckRow *bad = NULL;
    for (int i = 0; i < report.count; i++)
        if (report.rows[i].worst > check_limit && (!bad || report.rows[i].worst > bad->worst))
            bad = &report.rows[i];
    if (bad)
        st_fail(error, ST_ERR_VALUE, "the gradient of %s is off by %.2e: %.9g, differences give %.9g",
                bad->where, bad->worst, bad->gradient, bad->difference);
    st_check_free(&report);
    return !error->code;
}

int call_check(ProgramArguments *arguments) {
    StError error = {0};
    Session *session = begin(arguments, 0);
    if (!session) return 1;
    return end(session, check(session, arguments, &error) || in_file(arguments, &error), &error);
}

/* ---- show, data ---- */

int call_show(ProgramArguments *arguments) {
    StError error = {0};
    ShowPlan plan = {.unit = arguments->unit,
                     .row = arguments->row,
                     .count = arguments->count,
                     .value = arguments->value,
                     .json = arguments->json};
    snprintf(plan.view, sizeof plan.view, "%s", arguments->file[0]);
    strcpy(plan.size, arguments->size);
    strcpy(plan.layer, arguments->layer);
    strcpy(plan.part, arguments->part);
    strcpy(plan.method, arguments->method);
    strcpy(plan.klass, arguments->klass);
    strcpy(plan.column, arguments->column);
    if (!show_check(&plan, &error)) return misused(error.message);
    Session *session = begin(arguments, 1);
    if (!session) return 1;
    bool done = load_weights(session, arguments, &error) && show_run(session, &plan, &error);
    return end(session, done, &error);
}

static bool range_test(Session *session, const ProgramArguments *arguments, StError *error) {
    RangePlan plan = {.low = arguments->low, .high = arguments->high, .steps = arguments->steps};
    if (*arguments->init && !session_load(session, arguments->init, error)) return false;
    if (!session_range_begin(session, &plan, error)) return in_file(arguments, error);
    st_rate_test_wait(session_range(session));
    ShowPlan show = {.view = "rates", .unit = -1, .row = -1, .value = NAN, .json = arguments->json};
    return show_run(session, &show, error);
}

int call_range_test(ProgramArguments *arguments) {
    StError error = {0};
    Session *session = begin(arguments, 0);
    return session ? end(session, range_test(session, arguments, &error), &error) : 1;
}

int call_data(ProgramArguments *arguments) {
    StError error = {0};
    StText text = {0};
    Session *session = begin(arguments, 0);
    if (!session) return 1;
    const StDataset *dataset = session_dataset(session, &error);
    if (dataset && arguments->json)
        st_dataset_describe_json(dataset, &text);
    else if (dataset)
        st_dataset_describe(dataset, &text);
    fputs(st_text_string(&text), stdout);
    if (text.length && text.data[text.length - 1] != '\n') puts("");
    st_text_free(&text);
    return end(session, dataset != NULL || in_file(arguments, &error), &error);
}

/* ---- scripts ---- */

static bool read_script(const char *file, StText *text, StError *error) {
    char chunk[4096];
    size_t count;
    bool typed = strcmp(file, "-") == 0;
    if (!typed && !st_file_read(file, 16 << 20, text, error)) return false;
    while (typed && (count = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        st_text_add_bytes(text, chunk, count);
    if (text->failed) return st_fail_memory(error, "the script", text->length);
    return strlen(st_text_string(text)) == text->length ||
           st_fail(error, ST_ERR_FORMAT, "%s: a NUL byte, wanted a script (text)", file);
}

int call_run(ProgramArguments *arguments) {
    StError error = {0};
    StText text = {0};
    Session *session = make_session(arguments, PLACE_SCRIPT, &error);
    bool done = session && read_script(arguments->file[0], &text, &error) &&
                session_run_text(session, st_text_string(&text), arguments->file[0], &error);
    st_text_free(&text);
    return end(session, done, &error);
}

static bool act_quit(const CommandCall *call, StError *error) {
    (void)error;
    *(bool *)call->context = true;
    return true;
}

static void complete(void *context, const char *line, int cursor, int *begins, UiCandidate add, void *to) {
    command_complete(context, line, cursor, begins, add, to);
}

int call_shell(ProgramArguments *arguments) {
    StError error = {0};
    bool leave = false, typed = isatty(STDIN_FILENO), failed_line = false;
    const Command quit[] = {{"quit", "", "leaves the shell", PLACE_SHELL, .act = act_quit}, {0}};
    Session *session = make_session(arguments, PLACE_SHELL, &error);
    if (!session || (arguments->files && !open_file(session, arguments->file[0], &error)))
        return end(session, false, &error);
    session_set_hooks(session, &(SessionHooks){.say = say_err, .print = print_out});
    session_add_commands(session, quit, &leave);
    char history[RECIPE_PATH_MAX];
    bool has_history = place_state("history", history, sizeof history);
    UiPrompt *prompt = ui_prompt_create("strata", has_history ? history : NULL, complete, session);
    char *line;
    while (prompt && !leave && (line = ui_prompt_plain(prompt, "strata> "))) {
        if (!session_run_line(session, line, (Source){0}, &error)) {
            fprintf(stderr, "%s\n", error.message);
            failed_line = true;
        }
        free(line);
    }
    ui_prompt_free(prompt);
    int status =
        end(session, prompt != NULL || st_fail(&error, ST_ERR_MEMORY, "no memory for a prompt"), &error);
    return failed_line && !typed ? 1 : status; /* a person has seen it; what wrote into the pipe has not */
}

/* ---- help ---- */

int call_usage(const char *call) {
    StText text = {0};
    if (!call || !help_call(call, &text)) help_print(NULL, &text, NULL);
    fputs(st_text_string(&text), stdout);
    st_text_free(&text);
    return 0;
}

static int topic_help(const char *topic) {
    StError error = {0};
    StText text = {0};
    bool done = help_print(topic, &text, &error);
    if (done)
        fputs(st_text_string(&text), stdout);
    else
        failed(&error);
    st_text_free(&text);
    return done ? 0 : 2;
}

int call_help(ProgramArguments *arguments) {
    if (!arguments->man && !arguments->completion)
        return topic_help(arguments->files ? arguments->file[0] : NULL);
    StText text = {0};
    if (arguments->man) help_man(&text);
    if (arguments->completion) help_completion(&text);
    fputs(st_text_string(&text), stdout);
    st_text_free(&text);
    return 0;
}

/* ---- the workbench ---- */

static Session *begin_workbench(const ProgramArguments *arguments, int wake_fd, StError *error) {
    SessionPlan plan = {
        .place = PLACE_WORKBENCH, .threads = arguments->threads, .snapshots = true, .wake_fd = wake_fd};
    Session *session = session_create(&plan, error);
    bool done = session && (!arguments->files || open_file(session, arguments->file[0], error)) &&
                apply(session, arguments, error) &&
                (!*arguments->init || session_load(session, arguments->init, error));
    if (done) return session;
    session_destroy(session);
    return NULL;
}

int call_workbench(ProgramArguments *arguments) {
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (!terminal && arguments->files) return call_train(arguments);
    if (!terminal) return misused("without a terminal, name a file or a call; strata --help lists the calls");
    ui_signals_block();
    StError error = {0};
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    Session *session = begin_workbench(arguments, wake_fd, &error);
    if (!session) return failed(&error);
    int status = workbench_run(session, &arguments->screen, wake_fd, arguments->play);
    session_destroy(session);
    close(wake_fd);
    return status;
}
