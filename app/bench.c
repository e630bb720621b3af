/* `strata bench`: the engine against the bare products of the same network and against PyTorch, on this
 * machine, in one run. The sides take turns, round by round; medians are printed. */
#include "calls.h"
#include "measure.h"

#include "math/gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS_MAX = 99, SETTINGS_MAX = 4, TORCHES = 4 };
static const double SECONDS = 0.5; /* of one measurement, the warming up not counted */
static const double HOPELESS =
    0.8; /* a setting that came out below this part of its side's best is left out */

typedef enum Side { ENGINE, BARE, TORCH, SIDES } Side;

/* How a side can be set: 1 and 2 threads, for PyTorch with OpenMP's threads waiting actively and passively.
 */
static const struct Setting {
    int threads;
    bool active;
} settings[SETTINGS_MAX] = {{1, false}, {2, false}, {1, true}, {2, true}};
static const int settings_of[SIDES] = {2, 2, 4};

typedef struct BenchRun {
    int rounds, threads; /* threads: 0: 1 and 2 */
    bool json;
    Torch torch[TORCHES];
    bool has_torch;
} BenchRun;

/* ---- one measurement ---- */

typedef double Measure(const Workload *workload, int threads, double seconds, StError *error);

typedef struct Answer {
    double speed;
    StError error;
} Answer;

/* In a process of its own. */
static double apart(Measure *measure, const Workload *workload, int threads, StError *error) {
    int from[2];
    Answer answer = {0};
    if (pipe(from) != 0) return 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        answer.speed = measure(workload, threads, SECONDS, &answer.error);
        _exit(write(from[1], &answer, sizeof answer) != sizeof answer);
    }
    close(from[1]);
    if (pid < 0 || read(from[0], &answer, sizeof answer) != sizeof answer)
        st_fail(&answer.error, ST_ERR_STATE, "the measurement ended badly");
    close(from[0]);
    if (pid > 0) waitpid(pid, NULL, 0);
    if (answer.speed <= 0) *error = answer.error;
    return answer.speed;
}

static double measure(const BenchRun *run, Side side, const Workload *workload, int setting, StError *error) {
    int threads = settings[setting].threads;
    switch (side) {
    case ENGINE:
        return apart(measure_engine, workload, run->threads ? run->threads : threads, error);
    case BARE:
        return workload->products ? apart(measure_bare, workload, threads, error) : 0;
    default:
        return run->has_torch ? measure_torch(&run->torch[setting], workload, SECONDS) : 0;
    }
}

/* ---- one workload ---- */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int count) {
    qsort(v, (size_t)count, sizeof *v, ascending);
    return count % 2 ? v[count / 2] : (v[count / 2 - 1] + v[count / 2]) / 2;
}

/* The best of a side's settings, in medians of the rounds; 0: it could not be measured. */
typedef struct Result {
    double speed[SIDES];
    int threads[SIDES];
    StError error; /* of the engine */
} Result;

static void compare(const BenchRun *run, const Workload *workload, Result *result) {
    static double speed[SIDES][SETTINGS_MAX][ROUNDS_MAX];
    bool out[SIDES][SETTINGS_MAX] = {{false}};
    *result = (Result){0};
    for (int round = 0; round < run->rounds; round++)
        for (Side side = ENGINE; side < SIDES; side++) {
            double best = 0;
            for (int s = 0; s < settings_of[side]; s++) {
                if (side == ENGINE && run->threads && s > 0) out[side][s] = true;
                if (out[side][s]) continue;
                speed[side][s][round] = measure(run, side, workload, s, &result->error);
                if (speed[side][s][round] > best) best = speed[side][s][round];
            }
            for (int s = 0; round == 0 && s < settings_of[side]; s++)
                out[side][s] = speed[side][s][0] < HOPELESS * best || best == 0;
        }
    for (Side side = ENGINE; side < SIDES; side++)
        for (int s = 0; s < settings_of[side]; s++) {
            double middle = out[side][s] ? 0 : median(speed[side][s], run->rounds);
            if (middle <= result->speed[side]) continue;
            result->speed[side] = middle;
            result->threads[side] = side == ENGINE && run->threads ? run->threads : settings[s].threads;
        }
}

/* ---- printing ---- */

static void print_part(double value, double wanted, const char *format) {
    char text[2][16] = {"-", ""};
    if (value > 0) snprintf(text[0], sizeof text[0], format, value);
    if (wanted > 0) snprintf(text[1], sizeof text[1], format, wanted);
    printf(" %8s %7s", text[0], text[1]);
}

static void print_speed(double speed, int threads) {
    if (speed > 0)
        printf(" %10.0f/%d", speed, threads);
    else
        printf(" %12s", "-");
}

static double ratio(double a, double b) {
    return b > 0 ? a / b : 0;
}

static void print(const BenchRun *run, const Workload *workload, const Result *result) {
    const double *speed = result->speed;
    double bare = ratio(speed[ENGINE], speed[BARE]), torch = ratio(speed[ENGINE], speed[TORCH]);
    if (run->json) {
        printf("{\"network\": \"%s\", \"threads\": %d, \"samples_per_s\": %.0f, \"bare\": %.0f, \"torch\": "
               "%.0f}\n",
               workload->title, result->threads[ENGINE], speed[ENGINE], speed[BARE], speed[TORCH]);
        return;
    }
    printf("%-38s", workload->title);
    for (Side side = ENGINE; side < SIDES; side++)
        print_speed(speed[side], result->threads[side]);
    print_part(100 * bare, 100 * workload->of_bare, "%.0f %%");
    print_part(torch, workload->of_torch, "%.1f x");
    printf("\n");
    if (speed[ENGINE] <= 0 && *result->error.message) printf("    %s\n", result->error.message);
}

static void print_head(const BenchRun *run, bool alone) {
    char blas[256];
    printf(
        "%s\nsamples a second / threads, medians of %d; of every side the best of 1 and 2 threads counts\n",
        st_math_blas(blas, sizeof blas), run->rounds);
    if (!run->has_torch && !alone)
        printf("PyTorch is not installed (Debian: python3-torch): its column is left out\n");
    printf("%-38s %12s %12s %12s %8s %7s %8s %7s\n", "", "strata", "bare", "PyTorch", "of bare", "wanted",
           "of it", "wanted");
}

/* ---- all of them ---- */

static const Workload *find(const char *word) {
    for (const Workload *w = workloads; w->word; w++)
        if (strcmp(w->word, word) == 0) return w;
    return NULL;
}

static const char *word_at(const void *unused, int index) {
    (void)unused;
    return workloads[index].word;
}

static int run_all(BenchRun *run, const Workload *only) {
    int failed = 0;
    for (int i = 0; i < TORCHES && !(only && only->file); i++)
        run->has_torch = torch_start(&run->torch[i], settings[i].threads, settings[i].active) &&
                         (i == 0 || run->has_torch);
    if (!run->json) print_head(run, only && only->file);
    for (const Workload *w = only ? only : workloads; w->word; w++) {
        Result result;
        fflush(stdout);
        compare(run, w, &result);
        print(run, w, &result);
        failed += result.speed[ENGINE] <= 0;
        if (only) break;
    }
    for (int i = 0; i < TORCHES; i++)
        torch_end(&run->torch[i]);
    return failed > 0;
}

/* ---- the profile ---- */

static void print_profile(const BenchRun *run, const Workload *workload, const StProfile *p) {
    const struct {
        const char *name;
        double seconds;
    } parts[] = {{"gemm", p->gemm},
                 {"elementwise", p->elementwise},
                 {"optimizer", p->optimizer},
                 {"waiting", p->waiting},
                 {"data", p->data}};
    double steps = p->steps > 0 ? (double)p->steps : 1, all = p->wall * p->threads;
    if (run->json)
        printf("{\"network\": \"%s\", \"threads\": %d, \"step_us\": %.2f", workload->title, p->threads,
               1e6 * p->wall / steps);
    else
        printf("%-38s %7d %10.1f", workload->title, p->threads, 1e6 * p->wall / steps);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        double share = all > 0 ? 100 * parts[i].seconds / all : 0;
        if (run->json)
            printf(", \"%s\": %.1f", parts[i].name, share);
        else
            printf(" %9.1f %%", share);
    }
    printf(run->json ? "}\n" : "\n");
    fflush(stdout);
}

static int profile_all(const BenchRun *run, const Workload *only) {
    int failed = 0;
    if (!run->json)
        printf("where the time of a training step goes, of all threads together\n%-38s %7s %10s %11s %11s "
               "%11s %11s "
               "%11s\n",
               "", "threads", "us a step", "gemm", "elementwise", "optimizer", "waiting", "data");
    for (const Workload *w = only ? only : workloads; w->word; w++) {
        for (int threads = 1; threads <= 2 && !w->predicts; threads++) {
            StError error = {0};
            StProfile profile;
            int n = run->threads ? run->threads : threads;
            if (measure_profile(w, n, 2 * SECONDS, &profile, &error))
                print_profile(run, w, &profile);
            else
                failed = 1, fprintf(stderr, "strata: bench: %s: %s\n", w->title, error.message);
            if (run->threads) break;
        }
        if (only) break;
    }
    return failed;
}

/* ---- the call ---- */

int call_bench(ProgramArguments *arguments) {
    BenchRun run = {.rounds = arguments->rounds, .threads = arguments->threads, .json = arguments->json};
    const char *word = arguments->files ? arguments->file[0] : "";
    Workload own = {.word = word, .title = word, .file = word};
    const Workload *only = *word ? find(word) : NULL;
    if (*word && !only && !st_path_ends(word, ".strata")) {
        const char *near = st_nearest(word, word_at, NULL);
        fprintf(stderr, "strata: bench: '%.60s' is neither a recipe (.strata) nor a workload%s%s%s\n", word,
                near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        return 2;
    }
    if (*word && !only) only = &own;
    return arguments->profile ? profile_all(&run, only) : run_all(&run, only);
}
