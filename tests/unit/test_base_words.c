/* Lines cut into words, and names. */
#include "base/text.h"
#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static StWords words;

/* The words as "text" or "name=value", joined by |. */
static const char *cut(const char *line) {
    static char joined[ST_LINE_MAX];
    StError error = {0};
    *joined = '\0';
    if (!st_words_split(line, &words, &error)) {
        snprintf(joined, sizeof joined, "error: %s", error.message);
        return joined;
    }
    for (int i = 0; i < words.count; i++) {
        size_t used = strlen(joined);
        const StWord *word = &words.word[i];
        if (word->name)
            snprintf(joined + used, sizeof joined - used, "%s{%s}{%s}", i ? "|" : "", word->name,
                     word->value);
        else
            snprintf(joined + used, sizeof joined - used, "%s%s", i ? "|" : "", word->value);
        assert_true(word->name != NULL || word->value == word->text);
    }
    return joined;
}

static void lines(void **state) {
    (void)state;
    const struct {
        const char *line, *words;
    } wanted[] = {
        {"", ""},
        {"   \t ", ""},
        {"# all comment", ""},
        {"dense 64 relu", "dense|64|relu"},
        {"  dense\t64\r\n", "dense|64"},
        {"dense 64 # of them", "dense|64"},
        {"dense 64#3", "dense|64#3"},
        {"dense units=64", "dense|{units}{64}"},
        {"a=b=c", "{a}{b=c}"},
        {"a=", "{a}{}"},
        {"=b", "=b"},
        {"1x=2", "1x=2"},
        {"x1^2=3", "x1^2=3"},
        {"_a1=2", "{_a1}{2}"},
        {"data csv 'my file.csv'", "data|csv|my file.csv"},
        {"data csv \"it's\"", "data|csv|it's"},
        {"target='a b'", "{target}{a b}"},
        {"'target=a b'", "target=a b"},
        {"'target'=b", "target=b"},
        {"a'b c'd", "ab cd"},
        {"''", ""},
        {"x '' y", "x||y"},
        {"'# no comment'", "# no comment"},
        {"stop_when=val_accuracy>0.97", "{stop_when}{val_accuracy>0.97}"},
        {"dröpout größe=ü", "dröpout|größe=ü"},
        {"dense 'open", "error: quote ' is opened and not closed"},
        {"dense \"open'", "error: quote \" is opened and not closed"},
        {"dense \x01", "error: control character \\x01 in the line"},
        {"dense \x1b[2J", "error: control character \\x1b in the line"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_string_equal(cut(wanted[i].line), wanted[i].words);
}

static void text_of_an_option_is_whole(void **state) {
    (void)state;
    cut("dense  units='6 4' relu");
    assert_int_equal(words.count, 3);
    assert_string_equal(words.word[1].text, "units=6 4");
    assert_string_equal(words.word[1].name, "units");
    assert_string_equal(words.word[1].value, "6 4");
    assert_int_equal(words.word[0].column, 0);
    assert_int_equal(words.word[1].column, 7);
    assert_int_equal(words.word[2].column, 19);
}

static void limits(void **state) {
    (void)state;
    static char line[2 * ST_LINE_MAX];
    memset(line, 'x', ST_LINE_MAX - 1);
    assert_int_equal(strlen(cut(line)), ST_LINE_MAX - 1);
    line[ST_LINE_MAX - 1] = 'x';
    assert_string_equal(cut(line), "error: line of 8192 bytes, wanted at most 8191");
    for (int words_wanted = ST_WORDS_MAX; words_wanted <= ST_WORDS_MAX + 1; words_wanted++) {
        memset(line, 0, sizeof line);
        for (int i = 0; i < words_wanted; i++)
            strcat(line, "a= ");
        const char *got = cut(line);
        if (words_wanted == ST_WORDS_MAX)
            assert_int_equal(words.count, ST_WORDS_MAX);
        else
            assert_string_equal(got, "error: more than 256 words in one line");
    }
    /* The longest line of nothing but options needs the most room. */
    memset(line, 0, sizeof line);
    for (int i = 0; i < ST_WORDS_MAX; i++)
        strcat(line, "abcdefghijklmnopqrstuvwxyzab=1 ");
    assert_true(strlen(line) < ST_LINE_MAX);
    cut(line);
    assert_int_equal(words.count, ST_WORDS_MAX);
    assert_string_equal(words.word[255].value, "1");
}

static void a_written_word_reads_back(void **state) {
    (void)state;
    const char *const texts[] = {"plain", "two words", "it's",     "say \"no\"", "#hash",
                                 "a#b",   "",          "tab\tbed", "a=b"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        StText line = {0};
        st_text_add(&line, "x ");
        st_text_word(&line, texts[i]);
        st_text_add(&line, " y");
        cut(line.data);
        assert_int_equal(words.count, 3);
        assert_null(words.word[1].name);
        assert_string_equal(words.word[1].text, texts[i]);
        st_text_clear(&line);
        st_text_option(&line, "name", texts[i]);
        cut(line.data);
        assert_int_equal(words.count, 1);
        assert_string_equal(words.word[0].name, "name");
        assert_string_equal(words.word[0].value, texts[i]);
        st_text_free(&line);
    }
}

static void names(void **state) {
    (void)state;
    const char *const good[] = {"dense", "dense_1", "a-b", "_x", "X9"};
    const char *const bad[] = {"", "1a", "-a", "a b", "a/b", "a=b", "a.b", "größe"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(st_is_name(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(st_is_name(bad[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),  cmocka_unit_test(text_of_an_option_is_whole),
        cmocka_unit_test(limits), cmocka_unit_test(a_written_word_reads_back),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
