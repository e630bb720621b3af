#include "base/words.h"

#include <ctype.h>
#include <string.h>

bool st_is_name(const char *text) {
    if (!isalpha((unsigned char)*text) && *text != '_') return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_' && *text != '-') return false;
    return true;
}

/* The length of a name that ends at an '=', else 0. */
static size_t option_name(const char *s) {
    size_t n = 0;
    if (!isalpha((unsigned char)*s) && *s != '_') return 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_')
        n++;
    return s[n] == '=' ? n : 0;
}

bool st_words_split(const char *line, StWords *words, StError *error) {
    words->count = 0;
    size_t length = strlen(line);
    if (length >= ST_LINE_MAX)
        return st_fail(error, ST_ERR_VALUE, "line of %zu bytes, wanted at most %d", length, ST_LINE_MAX - 1);
    char *out = words->buffer;
    const char *s = line;
    for (;;) {
        while (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n')
            s++;
        if (!*s || *s == '#') return true;
        if (words->count == ST_WORDS_MAX)
            return st_fail(error, ST_ERR_VALUE, "more than %d words in one line", ST_WORDS_MAX);
        StWord *word = &words->word[words->count++];
        size_t name = option_name(s);
        *word = (StWord){.text = out, .column = (int)(s - line)};
        if (name) { /* a copy of the name of its own, so that text stays whole */
            word->name = out;
            memcpy(out, s, name);
            out[name] = '\0';
            out += name + 1;
            word->text = out;
        }
        char quote = 0;
        for (; *s && (quote || !strchr(" \t\r\n", *s)); s++) {
            if (quote ? *s == quote : *s == '\'' || *s == '"')
                quote = quote ? 0 : *s;
            else if ((unsigned char)*s < ' ' && *s != '\t')
                return st_fail(error, ST_ERR_VALUE, "control character \\x%02x in the line",
                               (unsigned char)*s);
            else
                *out++ = *s;
        }
        if (quote) return st_fail(error, ST_ERR_VALUE, "quote %c is opened and not closed", quote);
        *out++ = '\0';
        word->value = name ? word->text + name + 1 : word->text;
    }
}
