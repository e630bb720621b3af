/* Option tables: every type, by place and by name, bounds, defaults, printing what reads back the same. */
#include "base/option.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct Options {
    int units;
    StCall activation;
    StSize kernel;
    bool use_bias;
    double rate;
    int padding;
    StShape shape;
    char file[16];
    StCall regularizer;
    int count;
    double any;
    int class;
    StSize strides;
    double most;
    StNumbers shares, steps;
} Options;

static const StChoice paddings[] = {{"valid", "", {{0}}}, {"same", "", {{0}}}, {0}};
static const StChoice activations[] = {{"linear", "", {{0}}},
                                       {"relu", "", {{0}}},
                                       {"leaky_relu", "", {{"negative_slope", "0.2", 0, INFINITY}}},
                                       {0}};
static const StChoice regularizers[] = {
    {"none", "", {{0}}},
    {"l1_l2", "", {{"l1", "0.01", 0, 1}, {"l2", "0.01", 0, 1}}},
    {"three", "", {{"a", "1", 0, 0}, {"b", "2", 0, 0}, {"c", "3", 0, 0}}},
    {"mixed", "", {{"mode", "rows|columns|all", 0, 0}, {"most", "none", 0, 9}, {"axis", "[0]", 0, 0}}},
    {0},
};

static const StOption table[] = {
    ST_OPTION(Options, units, ST_INT, NULL, .low = 1, .high = INT_MAX, .help = "u"),
    ST_OPTION(Options, activation, ST_CALL, "linear", .choices = activations, .place = true, .help = "a"),
    ST_OPTION(Options, kernel, ST_SIZE, "3", .low = 1, .high = 100, .help = "k"),
    ST_OPTION(Options, use_bias, ST_SWITCH, "yes", .help = "b"),
    ST_OPTION(Options, rate, ST_NUMBER, "0.5", .low = 0, .high = 1, .open_high = true, .help = "r"),
    ST_OPTION(Options, padding, ST_CHOICE, "valid", .choices = paddings, .help = "p"),
    ST_OPTION(Options, shape, ST_SHAPES, "", .help = "s"),
    ST_OPTION(Options, file, ST_TEXT, "", .help = "f"),
    ST_OPTION(Options, regularizer, ST_CALL, "none", .choices = regularizers, .help = "g"),
    ST_OPTION(Options, count, ST_INT, "-3", .low = -5, .high = 5, .help = "c"),
    ST_OPTION(Options, any, ST_NUMBER, "1e-07", .help = "n"),
    ST_OPTION(Options, class, ST_INT, "none", .optional = true, .help = "i"),
    ST_OPTION(Options, most, ST_NUMBER, "none", .optional = true, .low = 0, .high = INFINITY, .help = "m"),
    ST_OPTION(Options, shares, ST_NUMBERS, "0.25", .low = 0, .high = 1, .help = "l"),
    ST_OPTION(Options, steps, ST_NUMBERS, "", .help = "t"),
    ST_OPTION(Options, strides, ST_SIZE, "none", .optional = true, .low = 1, .high = 9, .help = "s"),
    {0},
};

static StWords words;

static bool parse(Options *options, const char *line, StError *error) {
    assert_true(st_words_split(line, &words, error));
    return st_options_parse(table, "thing", options, sizeof *options, words.word, words.count, error);
}

static void defaults(void **state) {
    (void)state;
    Options o;
    memset(&o, 0x55, sizeof o);
    st_options_default(table, &o);
    assert_int_equal(o.units, 0);
    assert_int_equal(o.activation.kind, 0);
    assert_true(o.kernel.n[0] == 3 && o.kernel.n[1] == 3 && o.use_bias && o.rate == 0.5);
    assert_int_equal(o.padding, 0);
    assert_int_equal(o.shape.rank, 0);
    assert_string_equal(o.file, "");
    assert_true(o.count == -3 && o.any == 1e-7);
    assert_true(o.class == ST_NO_INT && st_is_none(o.most) && o.shares.count == 1 && o.shares.n[0] == 0.25);
    for (const StOption *row = table; row->name; row++)
        assert_int_equal(st_option_is_default(row, &o), row->fallback != NULL);
    assert_int_equal(st_option_count(table), 16);
}

static void by_place_and_by_name(void **state) {
    (void)state;
    Options o;
    StError error = {0};
    assert_true(parse(&o, "64 relu 3x5 no 0.25 same 28x28x1 'a b' l1_l2:0.5:0.25 5 -1e10", &error));
    assert_true(o.units == 64 && o.activation.kind == 1 && o.kernel.n[0] == 3 && o.kernel.n[1] == 5);
    assert_true(!o.use_bias && o.rate == 0.25 && o.padding == 1 && o.shape.rank == 3 && o.shape.dim[2] == 1);
    assert_string_equal(o.file, "a b");
    assert_true(o.regularizer.kind == 1 && o.regularizer.parameter[0] == 0.5 &&
                o.regularizer.parameter[1] == 0.25 && o.count == 5 && o.any == -1e10);
    assert_true(parse(&o, "64 any=2 activation=leaky_relu units2=", &error) == false);
    assert_true(parse(&o, "64 any=2 activation=leaky_relu", &error));
    assert_true(o.any == 2 && o.activation.kind == 2 && o.activation.parameter[0] == 0.2 &&
                o.kernel.n[0] == 3);
    assert_true(parse(&o, "units=7", &error));
    assert_int_equal(o.units, 7);
    assert_true(parse(&o, "1 class=-1 most=6 shares=0.5,0,1 steps=-3", &error));
    assert_true(o.class == -1 && o.most == 6 && o.shares.count == 3 && o.shares.n[2] == 1 &&
                o.steps.n[0] == -3);
    assert_true(parse(&o, "1 strides=2x3", &error));
    assert_true(o.strides.n[0] == 2 && o.strides.n[1] == 3);
    assert_true(parse(&o, "1 class=none most=none steps= strides=none", &error));
    assert_true(o.strides.n[0] == ST_NO_INT && o.strides.n[1] == ST_NO_INT);
    assert_true(o.class == ST_NO_INT && st_is_none(o.most) && o.steps.count == 0);
    assert_true(parse(&o, "1 regularizer=three::5", &error) == false);
    assert_true(parse(&o, "1 regularizer=three:4", &error));
    assert_true(o.regularizer.parameter[0] == 4 && o.regularizer.parameter[1] == 2 &&
                o.regularizer.parameter[2] == 3);
}

/* Parameters that are words, none or axes; numbers that may be none. */
static void beyond_numbers(void **state) {
    (void)state;
    Options o;
    StError error = {0};
    assert_true(parse(&o, "1 regularizer=mixed", &error));
    assert_true(o.regularizer.parameter[0] == 0 && st_is_none(o.regularizer.parameter[1]));
    assert_true(o.regularizer.parameter[2] == ST_AXIS_BIT(0));
    const char *const same[] = {"mixed",        "mixed:columns",     "mixed:all:2.5",
                                "mixed:rows:0", "mixed:rows:none:1", "mixed:all:3:-4,0,3"};
    for (int i = 0; i < 6; i++) {
        StText text = {0};
        const StOption *row = st_option_find(table, "regularizer");
        if (!st_option_set(row, &o, same[i], &error)) fail_msg("%s", error.message);
        st_option_print(row, &o, &text);
        assert_string_equal(text.data, same[i]);
        st_text_free(&text);
    }
    assert_true(o.regularizer.parameter[0] == 2 && o.regularizer.parameter[1] == 3);
    assert_true(o.regularizer.parameter[2] == (ST_AXIS_BIT(-4) | ST_AXIS_BIT(0) | ST_AXIS_BIT(3)));
    const char *const bad[] = {
        "mixed:row",         "mixed:rows|columns", "mixed:all:10",    "mixed:all:1:4",
        "mixed:all:1:0,",    "mixed:all:1:",       "mixed:all:1:1.5", "mixed:all:1:0,,1",
        "mixed:rows:none:a", "mixed:none",         "mixed:all:1: 1"};
    for (int i = 0; i < 11; i++)
        if (st_option_set(st_option_find(table, "regularizer"), &o, bad[i], &error)) fail_msg("%s", bad[i]);
}

static void refuses(void **state) {
    (void)state;
    const struct {
        const char *line;
        StCode code;
        const char *says;
    } wanted[] = {
        {"", ST_ERR_VALUE, "thing: units is missing, wanted a whole number from 1 up"},
        {"relu", ST_ERR_VALUE, "thing: units=relu: wanted a whole number from 1 up"},
        {"0", ST_ERR_VALUE, "thing: units=0: wanted a whole number from 1 up"},
        {"1.5", ST_ERR_VALUE, "thing: units=1.5: wanted a whole number from 1 up"},
        {"2147483648", ST_ERR_VALUE, "thing: units=2147483648: wanted a whole number from 1 up"},
        {"99999999999999999999999999", ST_ERR_VALUE,
         "thing: units=99999999999999999999999999: wanted a whole number from 1 up"},
        {"0x10", ST_ERR_VALUE, "thing: units=0x10: wanted a whole number from 1 up"},
        {"units=", ST_ERR_VALUE, "thing: units=: wanted a whole number from 1 up"},
        {"1 rleu", ST_ERR_NAME, "thing: unknown activation 'rleu'; did you mean 'relu'?"},
        {"1 relu:3", ST_ERR_VALUE, "thing: activation=relu:3: too many numbers for relu"},
        {"1 leaky_relu:x", ST_ERR_VALUE,
         "thing: activation=leaky_relu:x: wanted a number from 0 up for leaky_relu's negative_slope"},
        {"1 leaky_relu:", ST_ERR_VALUE,
         "thing: activation=leaky_relu:: wanted a number from 0 up for leaky_relu's negative_slope"},
        {"1 regularizer=l1_l2:0:2", ST_ERR_VALUE,
         "thing: regularizer=l1_l2:0:2: wanted a number from 0 to 1 for l1_l2's l2"},
        {"1 regularizer=three:1:2:3:4", ST_ERR_VALUE,
         "thing: regularizer=three:1:2:3:4: too many numbers for three"},
        {"1 kernel=3x", ST_ERR_VALUE, "thing: kernel=3x: wanted 1 to 100, or two joined by x"},
        {"1 kernel=3x3x3", ST_ERR_VALUE, "thing: kernel=3x3x3: wanted 1 to 100, or two joined by x"},
        {"1 kernel=101", ST_ERR_VALUE, "thing: kernel=101: wanted 1 to 100, or two joined by x"},
        {"1 use_bias=true", ST_ERR_VALUE, "thing: use_bias=true: wanted yes or no"},
        {"1 rate=1", ST_ERR_VALUE, "thing: rate=1: wanted 0 to below 1"},
        {"1 rate=-0.1", ST_ERR_VALUE, "thing: rate=-0.1: wanted 0 to below 1"},
        {"1 rate=nan", ST_ERR_VALUE, "thing: rate=nan: wanted 0 to below 1"},
        {"1 any=1e999", ST_ERR_VALUE, "thing: any=1e999: wanted a number"},
        {"1 count=6", ST_ERR_VALUE, "thing: count=6: wanted -5 to 5"},
        {"1 class=x", ST_ERR_VALUE, "thing: class=x: wanted a whole number, or none"},
        {"1 most=-1", ST_ERR_VALUE, "thing: most=-1: wanted a number from 0 up, or none"},
        {"1 any=none", ST_ERR_VALUE, "thing: any=none: wanted a number"},
        {"1 shares=", ST_ERR_VALUE, "thing: shares=: wanted 0 to 1, or several with commas"},
        {"1 shares=0.5,2", ST_ERR_VALUE, "thing: shares=0.5,2: wanted 0 to 1, or several with commas"},
        {"1 shares=0.5,", ST_ERR_VALUE, "thing: shares=0.5,: wanted 0 to 1, or several with commas"},
        {"1 shares=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", ST_ERR_VALUE,
         "thing: shares: wanted at most 32 numbers"},
        {"1 padding=sam", ST_ERR_NAME, "thing: unknown padding 'sam'; did you mean 'same'?"},
        {"1 shape=4x", ST_ERR_SHAPE, "thing: shape: shape '4x' is not extents from 1 joined by x (28x28x1)"},
        {"1 file=0123456789abcdef", ST_ERR_VALUE, "thing: file: text of 16 bytes, wanted at most 15"},
        {"1 actvation=relu", ST_ERR_NAME, "unknown option of thing 'actvation'; did you mean 'activation'?"},
        {"1 relu activation=relu", ST_ERR_VALUE, "thing: activation is given twice"},
        {"1 any=1 any=2", ST_ERR_VALUE, "thing: any is given twice"},
        {"1 any=1 relu", ST_ERR_VALUE, "thing: 'relu' by place stands after an option by name"},
        {"1 relu 3 no 0.1 same 4 f none 1 1 none none 0 1,2 none more", ST_ERR_VALUE,
         "thing: 'more' is one word too many, wanted at most 16"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        Options o, before;
        StError error = {0};
        memset(&o, 0x11, sizeof o);
        before = o;
        if (parse(&o, wanted[i].line, &error)) fail_msg("'%s' was taken", wanted[i].line);
        assert_string_equal(error.message, wanted[i].says);
        assert_int_equal(error.code, wanted[i].code);
        assert_memory_equal(&o, &before, sizeof o); /* untouched */
    }
    Options o = {0};
    StError error = {0};
    assert_true(st_words_split("x", &words, &error));
    const StOption none[] = {{0}};
    assert_false(st_options_parse(none, "flatten", &o, sizeof o, words.word, 1, &error));
    assert_string_equal(error.message, "flatten: 'x' is one word too many, it takes none");
    assert_true(st_options_parse(none, "flatten", &o, 0, words.word, 0, &error));
}

static void prints_what_reads_back(void **state) {
    (void)state;
    const struct {
        const char *line, *printed;
    } wanted[] = {
        {"64", " 64"},
        {"units=64 activation=relu", " 64 relu"},
        {"64 linear any=100", " 64 any=100"},
        {"64 linear 4", " 64 kernel=4"},
        {"64 relu 4x4 no", " 64 relu kernel=4 use_bias=no"},
        {"64 leaky_relu:0.2", " 64 leaky_relu"},
        {"64 leaky_relu:0.30", " 64 leaky_relu:0.3"},
        {"64 kernel=3x5 shape=28x28x1", " 64 kernel=3x5 shape=28x28x1"},
        {"64 file='a b'", " 64 file='a b'"},
        {"64 file=\"it's\"", " 64 file=\"it's\""},
        {"64 file=a=b", " 64 file=a=b"},
        {"64 file=''", " 64"},
        {"64 regularizer=l1_l2:0.01:0.02", " 64 regularizer=l1_l2:0.01:0.02"},
        {"64 regularizer=l1_l2:0.02", " 64 regularizer=l1_l2:0.02"},
        {"64 rate=0.1 any=0.30000000000000004", " 64 rate=0.1 any=0.30000000000000004"},
        {"64 count=-3 padding=same", " 64 padding=same"},
        {"64 class=none most=6 shares=0.1,0.25 steps=1,-2", " 64 most=6 shares=0.1,0.25 steps=1,-2"},
        {"64 class=-1 shares=0.25 steps=", " 64 class=-1"},
        {"2147483647 any=1e-300", " 2147483647 any=1e-300"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        Options o, again;
        StError error = {0};
        StText printed = {0};
        memset(&o, 0, sizeof o);
        memset(&again, 0, sizeof again);
        if (!parse(&o, wanted[i].line, &error)) fail_msg("%s", error.message);
        st_options_print(table, &o, &printed);
        assert_string_equal(st_text_string(&printed), wanted[i].printed);
        if (!parse(&again, printed.data, &error)) fail_msg("%s", error.message);
        assert_memory_equal(&o, &again, sizeof o);
        st_text_free(&printed);
    }
}

static void one_at_a_time(void **state) {
    (void)state;
    Options o;
    StError error = {0};
    st_options_default(table, &o);
    assert_true(st_options_set(table, "thing", &o, "rate", "0.75", &error));
    assert_true(o.rate == 0.75);
    assert_false(st_options_set(table, "thing", &o, "rate", "2", &error));
    assert_string_equal(error.message, "thing: rate=2: wanted 0 to below 1");
    assert_true(o.rate == 0.75);
    assert_false(st_options_set(table, "thing", &o, "raet", "2", &error));
    assert_string_equal(error.message, "unknown option of thing 'raet'; did you mean 'rate'?");
    StText text = {0};
    st_option_print(st_option_find(table, "rate"), &o, &text);
    assert_string_equal(text.data, "0.75");
    st_text_free(&text);
    assert_null(st_option_find(table, "nonesuch"));
    assert_int_equal(st_choice_find(activations, "relu"), 1);
    assert_int_equal(st_choice_find(activations, "rel"), -1);
}

static void says_what_it_wants(void **state) {
    (void)state;
    const struct {
        const char *name, *wants;
    } wanted[] = {
        {"units", "a whole number from 1 up"},
        {"activation", "linear, relu, leaky_relu:negative_slope"},
        {"kernel", "1 to 100, or two joined by x"},
        {"use_bias", "yes or no"},
        {"rate", "0 to below 1"},
        {"padding", "valid, same"},
        {"shape", "extents joined by x (28x28x1)"},
        {"file", "text"},
        {"regularizer", "none, l1_l2:l1:l2, three:a:b:c, mixed:rows|columns|all:most:axis"},
        {"count", "-5 to 5"},
        {"any", "a number"},
        {"class", "a whole number, or none"},
        {"shares", "0 to 1, or several with commas"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        StText text = {0};
        st_option_wants(st_option_find(table, wanted[i].name), &text);
        assert_string_equal(text.data, wanted[i].wants);
        st_text_free(&text);
    }
    const struct {
        StOption row;
        const char *wants;
    } ranges[] = {
        {{.type = ST_NUMBER, .low = 0, .high = INFINITY}, "a number from 0 up"},
        {{.type = ST_NUMBER, .low = 0, .high = INFINITY, .open_low = true}, "a number above 0"},
        {{.type = ST_NUMBER, .low = 0, .high = 1, .open_low = true}, "above 0 and at most 1"},
        {{.type = ST_NUMBER, .low = 0, .high = 1, .open_low = true, .open_high = true},
         "above 0 and below 1"},
        {{.type = ST_INT}, "a whole number"},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        StText text = {0};
        st_option_wants(&ranges[i].row, &text);
        assert_string_equal(text.data, ranges[i].wants);
        st_text_free(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(by_place_and_by_name),
        cmocka_unit_test(beyond_numbers),
        cmocka_unit_test(refuses),
        cmocka_unit_test(prints_what_reads_back),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(says_what_it_wants),
    };
    return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
