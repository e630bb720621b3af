/* Sets made from a seed: TensorFlow Playground's six (the same figures: radius
 * 5 or 6, its ways with noise), and six more. Classes alternate row by row, so
 * the order of the rows is no order of classes. Numbers are drawn in the order
 * of the rows from one stream: a longer set begins with the rows of a shorter
 * one (spiral apart, whose arms are as long as the set). */
#include "base/rng.h"
#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PI 3.14159265358979323846

typedef struct Maker Maker;
struct Maker {
    StRng rng;
    double noise;
    int64_t samples;
};

/* One row: fills x, returns the class or the target. */
typedef double (*MakeRow)(Maker *maker, int64_t row, double x[2]);

static double uniform(Maker *maker, double low, double high) {
    return low + (high - low) * st_rng_uniform(&maker->rng);
}

static void on_circle(Maker *maker, double radius, double x[2]) {
    double angle = uniform(maker, 0, 2 * PI);
    x[0] = radius * sin(angle);
    x[1] = radius * cos(angle);
}

/* Playground labels a shifted point: noise moves points across the border, not the points themselves. */
static double make_circle(Maker *maker, int64_t row, double x[2]) {
    on_circle(maker, row % 2 ? uniform(maker, 0, 2.5) : uniform(maker, 3.5, 5), x);
    double a = x[0] + uniform(maker, -5, 5) * maker->noise, b = x[1] + uniform(maker, -5, 5) * maker->noise;
    return sqrt(a * a + b * b) < 2.5;
}

static double make_xor(Maker *maker, int64_t row, double x[2]) {
    (void)row;
    for (int i = 0; i < 2; i++) {
        x[i] = uniform(maker, -5, 5);
        x[i] += x[i] > 0 ? 0.3 : -0.3;
    }
    double a = x[0] + uniform(maker, -5, 5) * maker->noise, b = x[1] + uniform(maker, -5, 5) * maker->noise;
    return a * b >= 0;
}

static double make_gauss(Maker *maker, int64_t row, double x[2]) {
    double deviation = sqrt(0.5 + maker->noise * 7); /* variance 0.5 to 4 */
    double centre = row % 2 ? 2 : -2;
    for (int i = 0; i < 2; i++)
        x[i] = centre + deviation * st_rng_normal(&maker->rng);
    return (double)(row % 2);
}

static double make_spiral(Maker *maker, int64_t row, double x[2]) {
    double along = (double)(row / 2) / ((double)maker->samples / 2);
    double angle = 1.75 * along * 2 * PI + (row % 2 ? 0 : PI);
    x[0] = 5 * along * sin(angle) + uniform(maker, -1, 1) * maker->noise;
    x[1] = 5 * along * cos(angle) + uniform(maker, -1, 1) * maker->noise;
    return (double)(row % 2);
}

/* Two half circles of radius 1 that hold each other, enlarged to -5 … 5. */
static double make_moons(Maker *maker, int64_t row, double x[2]) {
    double angle = uniform(maker, 0, PI), upper = row % 2 ? -1 : 1;
    x[0] = upper * cos(angle) + (row % 2 ? 1 : 0) - 0.5;
    x[1] = upper * sin(angle) + (row % 2 ? 0.5 : 0) - 0.25;
    for (int i = 0; i < 2; i++)
        x[i] = (x[i] + maker->noise * st_rng_normal(&maker->rng)) * 10 / 3;
    return (double)(row % 2);
}

/* Three rings one inside the other, a class each. */
static double make_rings(Maker *maker, int64_t row, double x[2]) {
    static const double radius[3] = {1, 2.75, 4.5};
    on_circle(maker, radius[row % 3] + uniform(maker, -0.5, 0.5), x);
    for (int i = 0; i < 2; i++)
        x[i] += 2 * maker->noise * st_rng_normal(&maker->rng);
    return (double)(row % 3);
}

static void in_square(Maker *maker, double x[2], double shifted[2]) {
    for (int i = 0; i < 2; i++)
        x[i] = uniform(maker, -6, 6);
    for (int i = 0; i < 2; i++)
        shifted[i] = x[i] + uniform(maker, -6, 6) * maker->noise;
}

static double make_plane(Maker *maker, int64_t row, double x[2]) {
    (void)row;
    double at[2];
    in_square(maker, x, at);
    return (at[0] + at[1]) / 10;
}

static double make_multi_gauss(Maker *maker, int64_t row, double x[2]) {
    static const double bump[6][3] = {{-4, 2.5, 1},   {0, 2.5, -1}, {4, 2.5, 1},
                                      {-4, -2.5, -1}, {0, -2.5, 1}, {4, -2.5, -1}};
    (void)row;
    double at[2], best = 0;
    in_square(maker, x, at);
    for (int i = 0; i < 6; i++) {
        double a = at[0] - bump[i][0], b = at[1] - bump[i][1];
        double height = 1 - sqrt(a * a + b * b) / 2;
        if (height > fabs(best)) best = bump[i][2] * height;
    }
    return best;
}

static double make_sine(Maker *maker, int64_t row, double x[2]) {
    (void)row;
    x[0] = uniform(maker, -6, 6);
    return sin(x[0]) + maker->noise * st_rng_normal(&maker->rng);
}

static double make_linear(Maker *maker, int64_t row, double x[2]) {
    (void)row;
    x[0] = uniform(maker, -5, 5);
    return 0.5 * x[0] + 1 + maker->noise * st_rng_normal(&maker->rng);
}

typedef struct Synthetic {
    int inputs, classes; /* classes 0: regression */
    MakeRow make;
} Synthetic;

/* In the order of `names`. */
static const Synthetic sets[] = {
    {2, 2, make_circle}, {2, 2, make_xor},    {2, 2, make_gauss}, {2, 2, make_spiral},
    {2, 2, make_moons},  {2, 3, make_rings},  {2, 0, make_plane}, {2, 0, make_multi_gauss},
    {1, 0, make_sine},   {1, 0, make_linear}, {0, 0, NULL},
};

static const StChoice names[] = {
    {.name = "circle", .help = "a disc inside a ring; 2 inputs, 2 classes"},
    {.name = "xor", .help = "opposite quarters of a square; 2 inputs, 2 classes"},
    {.name = "gauss", .help = "two round clouds; 2 inputs, 2 classes"},
    {.name = "spiral", .help = "two arms wound around each other; 2 inputs, 2 classes"},
    {.name = "moons", .help = "two half circles that hold each other; 2 inputs, 2 classes"},
    {.name = "rings", .help = "three rings one inside the other; 2 inputs, 3 classes"},
    {.name = "plane", .help = "regression: a tenth of the sum of 2 inputs"},
    {.name = "multi-gauss", .help = "regression: hills and hollows over 2 inputs"},
    {.name = "sine", .help = "regression: the sine of 1 input"},
    {.name = "linear", .help = "regression: half of 1 input, plus 1"},
    {.name = "random", .help = "rows at random, classes by a seeded linear teacher"},
    {0},
};

enum { RANDOM = sizeof sets / sizeof *sets - 1 };

static const StOption options[] = {
    ST_OPTION(StSyntheticOptions, name, ST_CHOICE, NULL, .choices = names, .place = true,
              .help = "which set is made"),
    ST_OPTION(StSyntheticOptions, samples, ST_INT, "500", .low = 1, .high = 1e8, .help = "rows"),
    ST_OPTION(StSyntheticOptions, noise, ST_NUMBER, "0", .low = 0, .high = 0.5,
              .help = "how far points or labels stray; for random the share of rows of any class"),
    ST_OPTION(StSyntheticOptions, features, ST_INT, "100", .low = 1, .high = 1e6,
              .help = "inputs of a row (random only)"),
    ST_OPTION(StSyntheticOptions, classes, ST_INT, "10", .low = 2, .high = 1e4,
              .help = "classes (random only)"),
    {0},
};

/* The teacher: the class is the largest of `classes` weighted sums of the row. */
static bool fill_random(const StSyntheticOptions *o, uint64_t seed, StTable *table, StError *error) {
    int64_t features = o->features, classes = o->classes;
    float *teacher = st_data_allocate(features * classes, sizeof *teacher, "the teacher of random", error);
    double *sum = st_data_allocate(classes, sizeof *sum, "the teacher of random", error);
    if (!teacher || !sum) {
        free(teacher), free(sum);
        return false;
    }
    StRng rng = st_rng(seed, ST_STREAM_DATA, RANDOM, 1);
    for (int64_t i = 0; i < features * classes; i++)
        teacher[i] = (float)st_rng_normal(&rng);
    rng = st_rng(seed, ST_STREAM_DATA, RANDOM, 0);
    for (int64_t row = 0; row < table->rows; row++) {
        float *x = table->x + row * features;
        memset(sum, 0, (size_t)classes * sizeof *sum);
        for (int64_t i = 0; i < features; i++) {
            x[i] = (float)(int32_t)(st_rng_next(&rng) >> 8) * 0x1p-23f - 1; /* [-1, 1) */
            for (int64_t c = 0; c < classes; c++)
                sum[c] += (double)x[i] * (double)teacher[i * classes + c];
        }
        int32_t best = 0;
        for (int32_t c = 1; c < classes; c++)
            if (sum[c] > sum[best]) best = c;
        bool stray = o->noise > 0 && st_rng_uniform(&rng) < o->noise;
        table->labels[row] = stray ? (int32_t)st_rng_below(&rng, (uint64_t)classes) : best;
    }
    free(teacher), free(sum);
    return true;
}

static void fill_rows(const StSyntheticOptions *o, uint64_t seed, StTable *table) {
    const Synthetic *set = &sets[o->name];
    Maker maker = {st_rng(seed, ST_STREAM_DATA, (uint64_t)o->name, 0), o->noise, o->samples};
    for (int64_t row = 0; row < table->rows; row++) {
        double x[2] = {0}, target = set->make(&maker, row, x);
        for (int i = 0; i < set->inputs; i++)
            table->x[row * set->inputs + i] = (float)x[i];
        if (table->labels)
            table->labels[row] = (int32_t)target;
        else
            table->y[row] = (float)target;
    }
}

static bool load(const void *values, const char *base_file, uint64_t seed, StTable *table, StError *error) {
    (void)base_file;
    const StSyntheticOptions *o = values;
    const Synthetic *set = &sets[o->name];
    bool random = o->name == RANDOM;
    if (!random && (o->features != 100 || o->classes != 10))
        return st_fail(error, ST_ERR_VALUE, "data synthetic %s: %s= is an option of random only",
                       names[o->name].name, o->features != 100 ? "features" : "classes");
    table->rows = o->samples;
    table->fields = random ? o->features : set->inputs;
    table->shape = st_shape(1, table->fields);
    table->classes = random ? o->classes : set->classes;
    table->task = table->classes ? ST_CLASSIFICATION : ST_REGRESSION;
    table->y_shape = st_shape(1, 1);
    table->x =
        st_data_allocate(st_times(table->rows, table->fields), sizeof(float), "the synthetic rows", error);
    if (!table->x || !st_table_name_fields(table, "x", error)) return false;
    if (table->classes)
        table->labels = st_data_allocate(table->rows, sizeof(int32_t), "the synthetic classes", error);
    else
        table->y = st_data_allocate(table->rows, sizeof(float), "the synthetic targets", error);
    if (!table->labels && !table->y) return false;
    if (table->classes && !st_table_number_classes(table, error)) return false;
    if (random) return fill_random(o, seed, table, error);
    fill_rows(o, seed, table);
    return true;
}

const StSourceKind st_source_synthetic = {
    .name = "synthetic",
    .help = "a set made from the seed: Playground's and others",
    .options = options,
    .options_size = sizeof(StSyntheticOptions),
    .load = load,
};
